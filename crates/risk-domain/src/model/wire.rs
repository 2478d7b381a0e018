//! Reading and writing the artefact's bytes: little-endian, every length checked against what is left.
use super::ModelFault;

/// What has not been read yet.
pub struct Cursor<'b> {
    rest: &'b [u8],
}

impl<'b> Cursor<'b> {
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next `length` bytes of what is called `what`.
    pub fn take(&mut self, length: usize, what: &'static str) -> Result<&'b [u8], ModelFault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(ModelFault::Truncated(what))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], ModelFault> {
        self.take(N, what)?.try_into().map_err(|_| ModelFault::Truncated(what))
    }

    pub fn u8(&mut self, what: &'static str) -> Result<u8, ModelFault> {
        self.array(what).map(|[byte]| byte)
    }

    pub fn u16(&mut self, what: &'static str) -> Result<u16, ModelFault> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub fn u32(&mut self, what: &'static str) -> Result<u32, ModelFault> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub fn u64(&mut self, what: &'static str) -> Result<u64, ModelFault> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub fn f32(&mut self, what: &'static str) -> Result<f32, ModelFault> {
        self.u32(what).map(f32::from_bits)
    }

    pub fn f64(&mut self, what: &'static str) -> Result<f64, ModelFault> {
        self.u64(what).map(f64::from_bits)
    }

    /// A count whose elements take at least `size` bytes each, so that no length makes us allocate more than the file holds.
    pub fn count(&mut self, size: usize, what: &'static str) -> Result<usize, ModelFault> {
        let count = self.u32(what)? as usize;
        if count > self.left() / size { Err(ModelFault::Truncated(what)) } else { Ok(count) }
    }

    /// LEB128, at most 5 bytes for 32 bits.
    pub fn varint(&mut self, what: &'static str) -> Result<u32, ModelFault> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.u8(what)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).map_err(|_| ModelFault::Number(what));
            }
        }
        Err(ModelFault::Number(what))
    }
}

/// Appends LEB128.
pub fn put_varint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_varint_is_read_back(value in any::<u32>()) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            prop_assert_eq!(Cursor::new(&bytes).varint("v"), Ok(value));
        }
    }

    #[test]
    fn a_count_beyond_the_file_is_refused_before_anything_is_allocated() {
        assert_eq!(Cursor::new(&[255, 255, 255, 255, 0]).count(1, "rows"), Err(ModelFault::Truncated("rows")));
        assert_eq!(Cursor::new(&[255; 5]).varint("v"), Err(ModelFault::Number("v")));
    }
}
