//! One command at a time may change a stack: an advisory lock on a file, freed by the kernel however the command ends.

use anyhow::{Context, Result};
use std::fs::{File, TryLockError, create_dir_all};
use std::path::Path;

/// Held while a command changes the stack.
pub struct Lock {
    _file: File,
}

/// Waits for its turn, and says so.
pub fn take(path: &Path) -> Result<Lock> {
    if let Some(dir) = path.parent() {
        create_dir_all(dir).with_context(|| format!("cannot create {}; name another place with --state", dir.display()))?;
    }
    let file = File::create(path).with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("  waiting    another cleargate command is at work on this stack");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
    Ok(Lock { _file: file })
}
