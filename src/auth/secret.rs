//! Random secrets, their text forms and their comparison.
//!
//! An API key reads `rk_<id as 32 hex digits>_<43 base64url characters>`: the id finds the row, the rest is compared as a digest. The local
//! token reads `rl_<43 base64url characters>`, a widget token `rw_<43 base64url characters>`. The prefixes let secret scanners find leaked ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::domain::ApiKeyId;

/// What every API key begins with.
pub const API_KEY_PREFIX: &str = "rk_";
/// What every local token begins with.
pub const LOCAL_TOKEN_PREFIX: &str = "rl_";

/// What every widget token begins with.
pub const WIDGET_TOKEN_PREFIX: &str = "rw_";

const SECRET_BYTES: usize = 32;
const SECRET_CHARS: usize = 43;
const ID_CHARS: usize = 32;

/// The system gives no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the system's random numbers are not available")]
pub struct RandomError(#[from] getrandom::Error);

/// 256 random bits as 43 base64url characters.
pub(super) fn random_secret() -> Result<String, RandomError> {
    let mut bytes = [0u8; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Makes a local token: its text for the token file (mode 0600) and the digest for [`super::Authenticator::new`].
///
/// # Errors
/// When the system gives no random numbers.
pub fn local_token() -> Result<(String, [u8; 32]), RandomError> {
    let token = format!("{LOCAL_TOKEN_PREFIX}{}", random_secret()?);
    let digest = sha256(&token);
    Ok((token, digest))
}

pub(super) fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether two digests are equal, in a time that does not depend on where they differ.
pub(super) fn same_digest(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

pub(super) fn api_key_text(id: ApiKeyId, secret: &str) -> String {
    format!("{API_KEY_PREFIX}{}_{secret}", id.as_uuid().simple())
}

/// The id and the secret part of a key's text; `None` for anything of another form.
pub(super) fn parse_api_key(text: &str) -> Option<(ApiKeyId, &str)> {
    let rest = text.strip_prefix(API_KEY_PREFIX)?;
    // The secret may itself hold `_`, so the id's fixed length decides where it begins.
    let (id, secret) = (rest.get(..ID_CHARS)?, rest.get(ID_CHARS..)?.strip_prefix('_')?);
    let plain_hex = id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let base64url = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !plain_hex || !base64url || secret.len() != SECRET_CHARS {
        return None;
    }
    Some((ApiKeyId::from_uuid(uuid::Uuid::try_parse(id).ok()?), secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_reads_back_and_has_the_documented_form() {
        let id = ApiKeyId::new();
        let secret = random_secret().unwrap();
        let text = api_key_text(id, &secret);
        assert_eq!(text.len(), 3 + 32 + 1 + 43);
        assert!(text.starts_with("rk_"));
        assert_eq!(parse_api_key(&text), Some((id, secret.as_str())));
    }

    #[test]
    fn malformed_keys_are_refused() {
        let text = api_key_text(ApiKeyId::new(), &random_secret().unwrap());
        for bad in ["", "rk_", "rk__", &text[1..], &text[..text.len() - 1], &format!("{text}x"), &text.replace("rk_", "rl_"), "rk_文文文文"]
        {
            assert_eq!(parse_api_key(bad), None, "{bad}");
        }
        assert_eq!(parse_api_key(&text.to_uppercase()), None);
    }

    #[test]
    fn secrets_differ_and_digests_compare() {
        let (a, b) = (random_secret().unwrap(), random_secret().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), SECRET_CHARS);
        assert!(same_digest(&sha256(&a), &sha256(&a)));
        assert!(!same_digest(&sha256(&a), &sha256(&b)));
        assert!(!same_digest(&sha256(&a), &[]));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "(rk_)?\\PC{0,90}") {
            let _ = parse_api_key(&text);
        }
    }
}
