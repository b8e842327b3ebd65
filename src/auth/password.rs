//! Argon2id hashes of passwords (the crate's default parameters: 19 MiB, two passes, one lane). Slow: call on a blocking thread.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher as _, PasswordVerifier as _};

/// What is verified for a name that does not exist, so that it takes as long as one that does. No password is known to fit.
pub(super) const UNKNOWN_NAME_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cmlwb3N0ZS11bmtub3du$bm8gcGFzc3dvcmQgaXMga25vd24gdG8gZml0IHRoaXM";

/// Hashes a password with a fresh salt; the result is a PHC string.
pub(super) fn hash(password: &str) -> Result<String, Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// Whether the password fits the hash.
pub(super) fn verify(password: &str, hash: &str) -> Result<bool, Error> {
    let parsed = PasswordHash::new(hash)?;
    match Argon2::default().verify_password(password.as_bytes(), &parsed) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_only() {
        let hashed = hash("correct horse battery").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse battery", &hashed).unwrap());
        assert!(!verify("correct horse batterz", &hashed).unwrap());
    }

    #[test]
    fn the_hash_for_unknown_names_costs_the_same_and_fits_nothing() {
        assert!(!verify("", UNKNOWN_NAME_HASH).unwrap());
        let parameters = |hash: &str| hash.split('$').nth(3).map(ToOwned::to_owned);
        assert_eq!(parameters(UNKNOWN_NAME_HASH), parameters(&hash("anything").unwrap()));
    }

    #[test]
    fn a_malformed_hash_is_an_error_and_not_a_wrong_password() {
        assert!(verify("anything", "not a hash").is_err());
    }
}
