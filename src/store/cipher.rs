//! Encryption of customers' words at rest, and keyed hashes of what must be found without being readable.
//!
//! Envelope encryption: a master key (a file in the data folder, or a text from the environment) wraps random data keys, which are kept
//! wrapped in the store; data keys seal texts with XChaCha20-Poly1305. A sealed text names its data key, so keys can be rotated without
//! touching what is stored, and the master key can be changed by wrapping the data keys again.
//!
//! Invariants: a ciphertext opens only in the place it was made for (table, column and row are authenticated with it); keyed hashes depend
//! on the *oldest* data key, so they stay the same over rotations; no key material is printed, logged or put into an error.
//!
//! Layout of a sealed text: version (1 byte), data key id (4 bytes, big endian), nonce (24 bytes), ciphertext with its tag.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Result, StoreError};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 1 + 4;

/// Where the master key comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A file with the key as one line of base64; made (mode 0600) when nothing is encrypted yet.
    File(PathBuf),
    /// The key itself, in base64, from the settings.
    Text(SecretString),
}

impl KeySource {
    /// Loads the master key. A missing key file is made, unless `in_use` says that stored data needs the one that was there.
    ///
    /// # Errors
    /// `Key` when the key is missing though data needs it, unreadable, or not 32 bytes in base64.
    pub fn load(&self, in_use: bool) -> Result<MasterKey> {
        match self {
            Self::Text(text) => MasterKey::from_text(text, "the key in the settings"),
            Self::File(path) => match fs_err::read_to_string(path) {
                Ok(text) => MasterKey::from_text(&SecretString::from(text), &format!("key file {}", path.display())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && in_use => Err(StoreError::Key(format!(
                    "key file {} is missing, but the database holds texts encrypted with it; put the file back from your backup \
                     (a new key can't read them)",
                    path.display()
                ))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => MasterKey::create(path),
                Err(error) => Err(StoreError::Key(error.to_string())),
            },
        }
    }
}

/// The key that wraps data keys.
#[derive(Debug)]
pub struct MasterKey(SecretBox<[u8; KEY_BYTES]>);

impl MasterKey {
    /// Makes a random key.
    ///
    /// # Errors
    /// `Key` when the system gives no random numbers.
    pub fn generate() -> Result<Self> {
        Ok(Self(SecretBox::new(Box::new(random()?))))
    }

    /// Reads a key from base64 text; `origin` names it in the error.
    ///
    /// # Errors
    /// `Key` unless the text is 32 bytes in base64.
    pub fn from_text(text: &SecretString, origin: &str) -> Result<Self> {
        let malformed =
            || StoreError::Key(format!("{origin} must be {KEY_BYTES} bytes in base64, such as `openssl rand -base64 32` prints"));
        let bytes = BASE64.decode(text.expose_secret().trim()).map_err(|_secret_text| malformed())?;
        let key: [u8; KEY_BYTES] = bytes.try_into().map_err(|_secret_bytes| malformed())?;
        Ok(Self(SecretBox::new(Box::new(key))))
    }

    /// The key as base64 text, for writing it to a file.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        SecretString::from(BASE64.encode(self.0.expose_secret()))
    }

    /// Makes a key and its file. The file appears complete or not at all.
    fn create(path: &Path) -> Result<Self> {
        let key = Self::generate()?;
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".new");
        let mut options = fs_err::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use fs_err::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let write = || -> std::io::Result<()> {
            let mut file = options.open(&unfinished)?;
            writeln!(file, "{}", key.to_text().expose_secret())?;
            file.sync_all()?;
            fs_err::rename(&unfinished, path)?;
            // The new name must be on disk before anything is encrypted with the key.
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                fs_err::File::open(folder)?.sync_all()?;
            }
            Ok(())
        };
        write().map_err(|error| StoreError::Key(error.to_string()))?;
        Ok(key)
    }

    fn aead(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.expose_secret().into())
    }

    /// Makes a random data key, wrapped.
    ///
    /// # Errors
    /// `Key` when the system gives no random numbers.
    pub fn new_data_key(&self, id: u32) -> Result<WrappedKey> {
        self.wrap(id, &random()?)
    }

    fn wrap(&self, id: u32, data_key: &[u8; KEY_BYTES]) -> Result<WrappedKey> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload { msg: data_key, aad: &wrap_context(id) };
        let sealed = self.aead().encrypt(&XNonce::from(nonce), payload).expect("32 bytes are within the cipher's limit");
        let mut wrapped = vec![VERSION];
        wrapped.extend_from_slice(&nonce);
        wrapped.extend_from_slice(&sealed);
        Ok(WrappedKey { id, wrapped })
    }

    fn unwrap(&self, key: &WrappedKey) -> Result<SecretBox<[u8; KEY_BYTES]>> {
        let wrong = || {
            StoreError::Key(
                "the key does not fit this database: it was made with another one; use the key file (or the key setting) that belongs to this \
                 data folder"
                    .to_owned(),
            )
        };
        let (&[version], rest) = key.wrapped.split_first_chunk().ok_or_else(wrong)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(wrong)?;
        if version != VERSION {
            return Err(wrong());
        }
        let payload = Payload { msg: sealed, aad: &wrap_context(key.id) };
        let data_key = self.aead().decrypt(&XNonce::from(*nonce), payload).map_err(|_opaque| wrong())?;
        let data_key: [u8; KEY_BYTES] = data_key.try_into().map_err(|_secret_bytes| wrong())?;
        Ok(SecretBox::new(Box::new(data_key)))
    }
}

fn wrap_context(id: u32) -> Vec<u8> {
    [b"data_key\0wrapped\0".as_slice(), &id.to_be_bytes()].concat()
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Key(format!("the system gives no random numbers: {error}")))?;
    Ok(bytes)
}

/// A data key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Its number; part of every text sealed with it.
    pub id: u32,
    /// Version byte, nonce and the key under the master key.
    pub wrapped: Vec<u8>,
}

/// Where a sealed text belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// Row.
    pub row: Uuid,
}

impl Place {
    fn context(&self) -> Vec<u8> {
        let mut context = Vec::with_capacity(self.table.len() + self.column.len() + 18);
        context.extend_from_slice(self.table.as_bytes());
        context.push(0);
        context.extend_from_slice(self.column.as_bytes());
        context.push(0);
        context.extend_from_slice(self.row.as_bytes());
        context
    }
}

struct DataKey {
    secret: SecretBox<[u8; KEY_BYTES]>,
    aead: XChaCha20Poly1305,
}

/// Seals and opens texts, and hashes values with a key.
pub struct Cipher {
    keys: BTreeMap<u32, DataKey>,
    current: u32,
    blind: Hmac,
    fingerprint: Hmac,
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cipher").field("current", &self.current).finish_non_exhaustive()
    }
}

impl Cipher {
    /// Unwraps the data keys; the one with the highest number seals from now on.
    ///
    /// # Errors
    /// `Key` when the master key does not fit them, or there is none.
    pub fn unlock(master: &MasterKey, wrapped: &[WrappedKey]) -> Result<Self> {
        let mut keys = BTreeMap::new();
        for key in wrapped {
            let secret = master.unwrap(key)?;
            let aead = XChaCha20Poly1305::new(secret.expose_secret().into());
            keys.insert(key.id, DataKey { secret, aead });
        }
        let (Some((_, oldest)), Some((&current, _))) = (keys.first_key_value(), keys.last_key_value()) else {
            return Err(StoreError::Key("the database holds no data key".to_owned()));
        };
        let derive = |label: &[u8]| Hmac::new(&Hmac::new(oldest.secret.expose_secret()).digest(label));
        let (blind, fingerprint) = (derive(b"riposte blind index 1"), derive(b"riposte fingerprint 1"));
        Ok(Self { keys, current, blind, fingerprint })
    }

    /// Wraps every data key under another master key.
    ///
    /// # Errors
    /// `Key` when the system gives no random numbers.
    pub fn wrap_for(&self, master: &MasterKey) -> Result<Vec<WrappedKey>> {
        self.keys.iter().map(|(&id, key)| master.wrap(id, key.secret.expose_secret())).collect()
    }

    /// The number of the data key that seals.
    #[must_use]
    pub const fn current_key(&self) -> u32 {
        self.current
    }

    /// Encrypts `text` for `place`.
    ///
    /// # Errors
    /// `Key` when the system gives no random numbers, or the text is beyond the cipher's limit of 256 GiB.
    pub fn seal(&self, place: Place, text: &str) -> Result<Vec<u8>> {
        let key = self.keys.get(&self.current).ok_or_else(|| StoreError::Key("the database holds no data key".to_owned()))?;
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload { msg: text.as_bytes(), aad: &place.context() };
        let too_long = |_opaque| StoreError::Key("a text is too long to be encrypted".to_owned());
        let sealed = key.aead.encrypt(&XNonce::from(nonce), payload).map_err(too_long)?;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + sealed.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.current.to_be_bytes());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Decrypts what [`Cipher::seal`] made for the same place.
    ///
    /// # Errors
    /// `Decrypt` when the text was sealed for another place or with a key that is not here, or is damaged.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<String> {
        let (&[version], rest) = sealed.split_first_chunk().ok_or(StoreError::Decrypt)?;
        let (id, rest) = rest.split_first_chunk().ok_or(StoreError::Decrypt)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(StoreError::Decrypt)?;
        let key = self.keys.get(&u32::from_be_bytes(*id)).filter(|_| version == VERSION).ok_or(StoreError::Decrypt)?;
        let payload = Payload { msg: ciphertext, aad: &place.context() };
        let text = key.aead.decrypt(&XNonce::from(*nonce), payload).map_err(|_opaque| StoreError::Decrypt)?;
        String::from_utf8(text).map_err(|_customer_text| StoreError::Decrypt)
    }

    /// Hashes a value so that equal values of one desk can be found, and nothing else be told (hex, 64 characters).
    #[must_use]
    pub fn blind_index(&self, desk: &str, value: &str) -> String {
        let hash = Fingerprint { hmac: self.blind.clone() }.text(desk).text(value).finish();
        hex(&hash)
    }

    /// Begins a keyed hash over several fields. `label` keeps different uses apart.
    pub fn fingerprint(&self, label: &str) -> Fingerprint {
        Fingerprint { hmac: self.fingerprint.clone() }.text(label)
    }
}

/// A keyed hash in the making. Fields are delimited, so `("ab", "c")` and `("a", "bc")` differ.
#[must_use]
pub struct Fingerprint {
    hmac: Hmac,
}

impl Fingerprint {
    /// Adds a text.
    pub fn text(mut self, text: &str) -> Self {
        self.hmac.update(&(text.len() as u64).to_le_bytes());
        self.hmac.update(text.as_bytes());
        self
    }

    /// Adds a number.
    pub fn number(mut self, number: i64) -> Self {
        self.hmac.update(&number.to_le_bytes());
        self
    }

    /// Adds a text that may be absent; absent differs from empty.
    pub fn optional_text(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.number(1).text(text),
            None => self.number(0),
        }
    }

    /// Adds a number that may be absent.
    pub fn optional_number(self, number: Option<i64>) -> Self {
        match number {
            Some(number) => self.number(1).number(number),
            None => self.number(0),
        }
    }

    /// Adds a list of texts.
    pub fn texts(self, texts: &[String]) -> Self {
        texts.iter().fold(self.number(texts.len() as i64), |hash, text| hash.text(text))
    }

    /// Ends the hash.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.hmac.finish()
    }
}

/// HMAC-SHA-256 (RFC 2104). Both halves are kept with their first block done: a key is used for many short messages.
#[derive(Clone)]
struct Hmac {
    inner: Sha256,
    outer: Sha256,
}

impl Hmac {
    const BLOCK_BYTES: usize = 64;

    /// Takes keys of up to one block; ours have 32 bytes.
    fn new(key: &[u8; KEY_BYTES]) -> Self {
        let pad = |mask: u8| {
            let mut block = [mask; Self::BLOCK_BYTES];
            for (byte, key_byte) in block.iter_mut().zip(key) {
                *byte ^= key_byte;
            }
            Sha256::new_with_prefix(block)
        };
        Self { inner: pad(0x36), outer: pad(0x5c) }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    fn finish(mut self) -> [u8; 32] {
        self.outer.update(self.inner.finalize());
        self.outer.finalize().into()
    }

    fn digest(mut self, bytes: &[u8]) -> [u8; 32] {
        self.update(bytes);
        self.finish()
    }
}

/// Writes bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(column: &'static str, row: u128) -> Place {
        Place { table: "message", column, row: Uuid::from_u128(row) }
    }

    fn cipher() -> Cipher {
        let master = MasterKey::generate().unwrap();
        Cipher::unlock(&master, &[master.new_data_key(1).unwrap()]).unwrap()
    }

    #[test]
    fn a_sealed_text_opens_only_in_its_own_place() {
        let cipher = cipher();
        let sealed = cipher.seal(place("text", 1), "寄到朝阳区").unwrap();
        assert_eq!(cipher.open(place("text", 1), &sealed).unwrap(), "寄到朝阳区");
        assert!(matches!(cipher.open(place("text", 2), &sealed), Err(StoreError::Decrypt)));
        assert!(matches!(cipher.open(place("author", 1), &sealed), Err(StoreError::Decrypt)));
    }

    #[test]
    fn a_damaged_or_truncated_text_is_refused() {
        let cipher = cipher();
        let sealed = cipher.seal(place("text", 1), "hello").unwrap();
        for cut in 0..sealed.len() {
            assert!(matches!(cipher.open(place("text", 1), &sealed[..cut]), Err(StoreError::Decrypt)), "cut at {cut}");
        }
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(matches!(cipher.open(place("text", 1), &damaged), Err(StoreError::Decrypt)), "flipped at {at}");
        }
    }

    #[test]
    fn the_same_text_is_sealed_differently_every_time() {
        let cipher = cipher();
        assert_ne!(cipher.seal(place("text", 1), "hello").unwrap(), cipher.seal(place("text", 1), "hello").unwrap());
    }

    #[test]
    fn rotation_keeps_old_texts_readable_and_blind_indexes_equal() {
        let master = MasterKey::generate().unwrap();
        let first = master.new_data_key(1).unwrap();
        let before = Cipher::unlock(&master, std::slice::from_ref(&first)).unwrap();
        let sealed = before.seal(place("text", 1), "hello").unwrap();
        let after = Cipher::unlock(&master, &[master.new_data_key(2).unwrap(), first]).unwrap();
        assert_eq!(after.current_key(), 2);
        assert_eq!(after.open(place("text", 1), &sealed).unwrap(), "hello");
        assert_eq!(before.blind_index("shop", "c-1"), after.blind_index("shop", "c-1"));
        let newer = after.seal(place("text", 1), "hello").unwrap();
        assert!(matches!(before.open(place("text", 1), &newer), Err(StoreError::Decrypt)));
    }

    #[test]
    fn wrapping_for_another_master_key_keeps_the_data_keys() {
        let (old, new) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
        let before = Cipher::unlock(&old, &[old.new_data_key(1).unwrap()]).unwrap();
        let sealed = before.seal(place("text", 1), "hello").unwrap();
        let wrapped = before.wrap_for(&new).unwrap();
        assert!(matches!(Cipher::unlock(&old, &wrapped), Err(StoreError::Key(_))));
        assert_eq!(Cipher::unlock(&new, &wrapped).unwrap().open(place("text", 1), &sealed).unwrap(), "hello");
    }

    #[test]
    fn blind_indexes_depend_on_desk_value_and_key() {
        let cipher = cipher();
        let index = cipher.blind_index("shop", "c-1");
        assert_eq!(index.len(), 64);
        assert_eq!(index, cipher.blind_index("shop", "c-1"));
        assert_ne!(index, cipher.blind_index("other", "c-1"));
        assert_ne!(index, cipher.blind_index("shop", "c-2"));
        assert_ne!(index, cipher.blind_index("shopc", "-1"));
        assert_ne!(index, self::cipher().blind_index("shop", "c-1"));
    }

    #[test]
    fn hmac_equals_an_independent_implementation() {
        // HMAC-SHA-256 of "Hi There" under 32 bytes 0x0b (RFC 4231 §4.2 pads its 20-byte key with zeros, as any shorter key is padded).
        let mut key = [0u8; KEY_BYTES];
        key[..20].fill(0x0b);
        assert_eq!(hex(&Hmac::new(&key).digest(b"Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn a_key_file_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("riposte.key");
        let source = KeySource::File(path.clone());
        let made = source.load(false).unwrap();
        let read = source.load(true).unwrap();
        assert_eq!(made.to_text().expose_secret(), read.to_text().expose_secret());
        assert_eq!(fs_err::read_to_string(&path).unwrap().lines().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_lost_key_file_is_not_replaced_while_data_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("riposte.key");
        let error = KeySource::File(path.clone()).load(true).unwrap_err();
        assert!(error.to_string().contains("is missing"), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn a_malformed_key_is_refused_without_being_shown() {
        for text in ["", "c2hvcnQ=", "not base64 at all!"] {
            let error = KeySource::Text(SecretString::from(text)).load(false).unwrap_err();
            assert!(error.to_string().contains("32 bytes in base64"), "{error}");
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
    }
}
