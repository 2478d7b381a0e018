//! Compiles `proto/` in pure Rust: protox parses, prost and tonic generate, pbjson adds the JSON mapping.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script its output directory by environment")]
use std::{env, error::Error, fs, path::Path, path::PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    // Relative, as cargo runs this in the crate's folder: a build directory that two checkouts share watches each one's own files.
    let root = PathBuf::from("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let files = proto_files(&root)?;
    let descriptors = protox::compile(&files, [&root])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let encoded = descriptors.encode_to_vec();
    fs::write(out.join("descriptors.bin"), &encoded)?;
    tonic_prost_build::configure()
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_well_known_types(true)
        .bytes(".customs.common.v1.JournalRow.payload")
        .compile_fds(descriptors)?;
    pbjson_build::Builder::new().register_descriptors(&encoded)?.build(&[".nsw", ".gate", ".customs"])?;
    Ok(())
}

fn proto_files(dir: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|e| e == "proto") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
