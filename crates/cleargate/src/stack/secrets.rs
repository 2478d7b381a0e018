//! Secrets of the local stack, passwords of the database roles above all: drawn once, one file each, readable by their owner alone.

use super::state::write_private;
use crate::entropy;
use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};

/// The password of `role`, if it was made before.
pub fn password(dir: &Path, role: &str) -> Option<String> {
    fs::read_to_string(dir.join(role)).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The password of `role`, made now if there is none: 24 random bytes in hex, so that it needs no quoting in SQL or in a URL.
pub fn password_or_new(dir: &Path, role: &str) -> Result<String> {
    if let Some(known) = password(dir, role) {
        return Ok(known);
    }
    let fresh = hex::encode(entropy::bytes::<24>()?);
    write_private(&dir.join(role), fresh.as_bytes())?;
    Ok(fresh)
}

/// The file with the key under which risk's day keys are wrapped, made now if there is none: 32 random bytes in hex.
pub fn master_key(dir: &Path) -> Result<PathBuf> {
    let file = dir.join("master.key");
    if !file.is_file() {
        write_private(&file, hex::encode(entropy::bytes::<32>()?).as_bytes())?;
    }
    Ok(file)
}
