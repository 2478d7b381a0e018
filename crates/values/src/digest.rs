//! SHA-256 and the length-prefixed encoding under every hash of the platform.
use sha2::{Digest as _, Sha256};

/// 32 bytes of SHA-256.
pub type Digest = [u8; 32];

/// Appends `bytes` with their length as u32 big-endian, so that no two lists of fields encode alike.
pub fn lp(hash: &mut Sha256, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    hash.update(length.to_be_bytes());
    hash.update(bytes);
}
