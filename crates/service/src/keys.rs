//! Keys of the installation (鍵), which are outside of its database: what has to be read again, and would open accounts if the
//! database alone were stolen, is sealed by them (XChaCha20-Poly1305).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use uuid::Uuid;
use vocabulary::{Ids, digest};

use crate::{Error, Result};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Hexadecimal digits by which a key is named; they tell nothing of it.
const NAME_DIGITS: usize = 16;

/// The first seals, all of them open. Never printed.
#[derive(Clone, Default)]
pub struct Keyring(Vec<Key>);

#[derive(Clone)]
struct Key {
    name: String,
    bytes: [u8; KEY_BYTES],
}

/// What the database keeps of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// The key's.
    pub key: String,
    /// The nonce, then what is sealed, with its tag.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Keyring {
    /// A new key, as a line of a key file.
    #[must_use]
    pub fn new_line(ids: &dyn Ids) -> String {
        STANDARD.encode(ids.secret())
    }

    /// From the lines of a key file: 32 bytes in Base64 each, the one that seals first. Lines that begin with `#` are for
    /// people.
    ///
    /// # Errors
    /// When a line is no key, or there is none.
    pub fn read(text: &str) -> std::result::Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Vec<Key> = lines.map(Key::read).collect::<std::result::Result<_, _>>()?;
        if keys.is_empty() { Err("there is no key".to_owned()) } else { Ok(Self(keys)) }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.name.as_str())
    }

    /// For one account and nobody else's row.
    pub(crate) fn seal(&self, account: Uuid, secret: &[u8], ids: &dyn Ids) -> Result<Sealed> {
        let key =
            self.0.first().ok_or_else(|| Error::Fault("this process has no key of the installation".to_owned()))?;
        let random = ids.secret();
        let nonce = random.get(..NONCE_BYTES).and_then(|nonce| <[u8; NONCE_BYTES]>::try_from(nonce).ok());
        let nonce = nonce.unwrap_or_default();
        let payload = Payload { msg: secret, aad: &bound(account, &key.name) };
        let sealed = key.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::Fault("a secret could not be sealed".to_owned()))?;
        Ok(Sealed { key: key.name.clone(), bytes: [&nonce[..], &sealed].concat() })
    }

    pub(crate) fn open(&self, account: Uuid, sealed: &Sealed) -> Result<Vec<u8>> {
        let fault = |why: &str| Error::Fault(format!("the secret of a second factor {why} ({})", sealed.key));
        let key = self.0.iter().find(|key| key.name == sealed.key);
        let key = key.ok_or_else(|| fault("is sealed by a key that this process does not have"))?;
        let (nonce, bytes) = sealed.bytes.split_at_checked(NONCE_BYTES).ok_or_else(|| fault("is damaged"))?;
        let nonce = <[u8; NONCE_BYTES]>::try_from(nonce).map_err(|_| fault("is damaged"))?;
        let payload = Payload { msg: bytes, aad: &bound(account, &key.name) };
        key.cipher().decrypt(&XNonce::from(nonce), payload).map_err(|_| fault("was changed"))
    }
}

impl Key {
    fn read(line: &str) -> std::result::Result<Self, String> {
        let bytes =
            STANDARD_NO_PAD.decode(line.trim_end_matches('=')).map_err(|_| "a line is not Base64".to_owned())?;
        let bytes = <[u8; KEY_BYTES]>::try_from(bytes).map_err(|_| format!("a key has {KEY_BYTES} bytes"))?;
        let name = digest([b"key of the installation\n".as_slice(), &bytes].concat().as_slice());
        Ok(Self { name: name.chars().take(NAME_DIGITS).collect(), bytes })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.bytes.into())
    }
}

/// What is sealed for one account opens for no other, nor under the name of another key.
fn bound(account: Uuid, key: &str) -> Vec<u8> {
    format!("second factor\n{account}\n{key}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counted(std::sync::atomic::AtomicU8);

    impl Ids for Counted {
        fn next(&self) -> Uuid {
            Uuid::nil()
        }

        fn secret(&self) -> [u8; 32] {
            [self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed); 32]
        }
    }

    #[test]
    fn what_is_sealed_opens_by_its_key_for_its_account_only() {
        let ids = Counted(1.into());
        let (old, new) = (Keyring::new_line(&ids), Keyring::new_line(&ids));
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let before = Keyring::read(&old).unwrap();
        let sealed = before.seal(one, b"secret", &ids).unwrap();
        assert!(!sealed.bytes.windows(6).any(|part| part == b"secret"));
        assert_ne!(sealed, before.seal(one, b"secret", &ids).unwrap(), "a nonce of its own each time");
        // With another key before it, it still opens; what is sealed then has the new one.
        let both = Keyring::read(&format!("# since May\n{new}\n\n{old}\n")).unwrap();
        assert_eq!(both.open(one, &sealed).unwrap(), b"secret");
        assert_ne!(both.seal(one, b"secret", &ids).unwrap().key, sealed.key);
        assert!(both.open(other, &sealed).is_err());
        assert!(Keyring::read(&new).unwrap().open(one, &sealed).is_err());
        let mut damaged = sealed;
        damaged.bytes[30] ^= 1;
        assert!(both.open(one, &damaged).is_err());
        assert!(!format!("{both:?}").contains(&old[..8]));
    }

    #[test]
    fn a_file_without_a_key_is_none() {
        for wrong in ["", "# only words", "c2hvcnQ=", "not base64!"] {
            assert!(Keyring::read(wrong).is_err(), "{wrong}");
        }
        assert!(Keyring::default().seal(Uuid::nil(), b"x", &Counted(1.into())).is_err());
    }
}
