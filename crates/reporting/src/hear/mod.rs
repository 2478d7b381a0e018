//! What the facts of each owner mean to the read models; each function leaves no trace of a fact that it refuses.
pub mod intake;
pub mod risk;
pub mod tracking;

use values::{DeclarationKey, Version};

use crate::book::Unfit;

/// Key and version as facts name them.
fn named(key: &str, version: u32) -> Result<(DeclarationKey, Version), Unfit> {
    Ok((DeclarationKey::parse(key)?, Version::new(version)?))
}
