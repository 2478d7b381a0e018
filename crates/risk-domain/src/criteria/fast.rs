//! Hashing of short texts for tables that are built from profiles and only asked by declarations.
use std::hash::{BuildHasherDefault, Hasher};

/// A map by text.
pub type TextMap<V> = std::collections::HashMap<Box<str>, V, BuildHasherDefault<Fast>>;

/// Multiply and fold over eight bytes at a time. Keys come from approved rules alone, so nobody outside can fill a bucket.
#[derive(Debug, Default, Clone, Copy)]
pub struct Fast(u64);

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

impl Fast {
    fn take(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word ^ ODD) * u128::from(ODD);
        // Both halves of the product, folded.
        self.0 = (wide as u64) ^ ((wide >> 64) as u64);
    }
}

impl Hasher for Fast {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.take(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.take(u64::from_le_bytes(last) ^ ((bytes.len() as u64) << 56));
    }

    // The end mark of a text tells nothing here: its length is in the last word.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
