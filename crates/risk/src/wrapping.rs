//! Day keys never lie in the database as they are: they are wrapped under a master key that the database does not hold.
use anyhow::{Context, bail};
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload},
};
use platform::{Failure, clock, secret::Secret};
use risk_domain::DayKey;
use values::Day;

/// Wraps and unwraps; a key service of the operator's can take the place of [`MasterKey`].
pub trait KeyService: Send + Sync {
    /// `place` is bound to the key, so that it cannot be moved to another office or day.
    fn wrap(&self, key: &DayKey, place: &Place<'_>) -> Result<Vec<u8>, Failure>;
    fn unwrap(&self, wrapped: &[u8], place: &Place<'_>) -> Result<DayKey, Failure>;
}

/// What a key is for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub office: &'a str,
    pub day: Day,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        format!("{}/{}", self.office, self.day).into_bytes()
    }
}

/// ChaCha20-Poly1305 (RFC 8439) under one key from a file or the environment.
pub struct MasterKey(ChaCha20Poly1305);

const NONCE: usize = 12;
const KEY: usize = 32;

impl MasterKey {
    /// From 64 hex digits, given directly or in a file.
    ///
    /// # Errors
    /// Neither is given, the file cannot be read, or there are not 64 hex digits.
    pub fn open(hex_key: &Secret, file: &str) -> anyhow::Result<Self> {
        let text = match (hex_key.expose(), file) {
            ("", "") => bail!(
                "no master key for day keys: set service.master_key_file (RISK__SERVICE__MASTER_KEY_FILE) to a file with 64 hex digits, \
                 e.g. made by `openssl rand -hex 32`"
            ),
            ("", file) => std::fs::read_to_string(file).with_context(|| format!("service.master_key_file {file}"))?,
            (text, _) => text.to_owned(),
        };
        let bytes = hex::decode(text.trim()).ok().filter(|bytes| bytes.len() == KEY).context("the master key must have 64 hex digits")?;
        Ok(Self(ChaCha20Poly1305::new_from_slice(&bytes)?))
    }
}

impl KeyService for MasterKey {
    fn wrap(&self, key: &DayKey, place: &Place<'_>) -> Result<Vec<u8>, Failure> {
        let nonce: [u8; NONCE] = clock::random().map_err(|e| Failure::Retry(e.to_string()))?;
        let payload = Payload { msg: key.bytes(), aad: &place.bytes() };
        let sealed = self.0.encrypt(&nonce.into(), payload).map_err(|_| Failure::Deterministic("a day key cannot be wrapped".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn unwrap(&self, wrapped: &[u8], place: &Place<'_>) -> Result<DayKey, Failure> {
        // Keys made before keys were wrapped.
        if let Ok(plain) = <[u8; KEY]>::try_from(wrapped) {
            return Ok(DayKey::new(plain));
        }
        let wrong = || Failure::Retry(format!("the master key does not open the key of {} on {}", place.office, place.day));
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE>().ok_or_else(wrong)?;
        let payload = Payload { msg: sealed, aad: &place.bytes() };
        let key = self.0.decrypt(&(*nonce).into(), payload).map_err(|_| wrong())?;
        Ok(DayKey::new(key.try_into().map_err(|_| wrong())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { office: "32BB", day: Day::MIN };

    fn master(digit: &str) -> MasterKey {
        MasterKey::open(&Secret::from(digit.repeat(64)), "").unwrap()
    }

    #[test]
    fn a_wrapped_key_opens_in_its_own_place_under_its_own_master_key_alone() {
        let key = DayKey::new([3; 32]);
        let wrapped = master("a").wrap(&key, &PLACE).unwrap();
        assert!(!wrapped.windows(8).any(|w| w == [3; 8]));
        assert_eq!(master("a").unwrap(&wrapped, &PLACE).unwrap(), key);
        assert!(master("b").unwrap(&wrapped, &PLACE).is_err());
        assert!(master("a").unwrap(&wrapped, &Place { office: "32BC", ..PLACE }).is_err());
        assert!(master("a").unwrap(&wrapped[..40], &PLACE).is_err());
    }

    #[test]
    fn without_a_master_key_nothing_starts_and_the_way_to_one_is_named() {
        let error = MasterKey::open(&Secret::from(String::new()), "").err().unwrap().to_string();
        assert!(error.contains("openssl rand -hex 32"), "{error}");
        assert!(MasterKey::open(&Secret::from("zz".to_owned()), "").is_err());
    }
}
