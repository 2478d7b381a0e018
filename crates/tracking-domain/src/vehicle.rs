//! Vehicles by a keyed hash of plate and country, so that a plate need not travel.
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use values::{Plate, PlateCountry};

/// A vehicle as other services may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vehicle {
    /// [`vehicle_id`].
    pub id: String,
    /// Folded plate of a commercial vehicle; empty for any other.
    pub plate: String,
    /// Country sign.
    pub country: PlateCountry,
}

impl Vehicle {
    /// With its plate if it is commercial; private and unknown vehicles are known by their id alone.
    pub fn seen(secret: &[u8; 32], plate: &Plate, country: PlateCountry, commercial: bool) -> Self {
        let shown = if commercial { plate.as_str().to_owned() } else { String::new() };
        Self { id: vehicle_id(secret, plate, country), plate: shown, country }
    }
}

/// First 16 bytes of HMAC-SHA256(secret, lp(plate) ‖ lp(country sign)) as 32 hex digits; `lp` = u32 big-endian length and the bytes.
///
/// Without the secret a plate cannot be found by trying all of them, which is easy for a plain hash of so short a text.
pub fn vehicle_id(secret: &[u8; 32], plate: &Plate, country: PlateCountry) -> String {
    keyed(secret, &[plate.as_str(), country.as_str()])
}

/// The same of the plate alone, HMAC-SHA256(secret, lp(plate)): stands for the plate in the natural key of a reading.
pub fn plate_id(secret: &[u8; 32], plate: &Plate) -> String {
    keyed(secret, &[plate.as_str()])
}

fn keyed(secret: &[u8; 32], parts: &[&str]) -> String {
    // HMAC pads a key with zeros to the block of 64 bytes; doing so here makes the constructor infallible.
    let mut block = [0_u8; 64];
    block[..32].copy_from_slice(secret);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        mac.update(part.as_bytes());
    }
    hex::encode(&mac.finalize().into_bytes()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_depends_on_secret_plate_and_country_alone() {
        let id = |secret: u8, plate: &str, country| vehicle_id(&[secret; 32], &Plate::parse(plate).unwrap(), country);
        let one = id(1, "74C-123.45", PlateCountry::VietNam);
        assert_eq!(one.len(), 32);
        assert_eq!(one, id(1, "74c 12345", PlateCountry::VietNam));
        assert_ne!(one, id(2, "74C12345", PlateCountry::VietNam));
        assert_ne!(one, id(1, "74C12346", PlateCountry::VietNam));
        assert_ne!(one, id(1, "74C12345", PlateCountry::Laos));
    }

    #[test]
    fn the_hash_is_plain_hmac_as_any_other_program_computes_it() {
        // python3: hmac.new(bytes(range(32)), b"\0\0\0\x0874C12345\0\0\0\x02VN", "sha256").hexdigest()[:32]
        let secret: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        assert_eq!(vehicle_id(&secret, &Plate::parse("74C12345").unwrap(), PlateCountry::VietNam), "35804ef4b28890774b3d1a294744444e");
    }

    #[test]
    fn a_private_plate_does_not_travel() {
        let plate = Plate::parse("30A12345").unwrap();
        assert_eq!(Vehicle::seen(&[7; 32], &plate, PlateCountry::VietNam, false).plate, "");
        assert_eq!(Vehicle::seen(&[7; 32], &plate, PlateCountry::VietNam, true).plate, "30A12345");
    }
}
