//! The places under `.local/`: one function per file, so that nothing else spells a path.

use super::scale::Scale;
use super::settings::Ports;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Everything that `clean` may remove; a directory that somebody named with `--state` may hold other things too.
const KEPT: [&str; 9] = ["kafka", "postgres", "postgres.place", "run", "logs", "secrets", "issuer", "stack.json", "lock"];

/// What later commands need to know of the last `up`, in `stack.json`.
#[derive(Serialize, Deserialize)]
pub struct Recorded {
    #[serde(flatten)]
    pub ports: Ports,
    #[serde(flatten)]
    pub scale: Scale,
}

/// The directory of one stack's state.
pub struct State {
    dir: PathBuf,
}

impl State {
    pub fn at(dir: &Path) -> Result<Self> {
        Ok(Self { dir: std::path::absolute(dir).with_context(|| format!("{} is no usable path", dir.display()))? })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn create(&self) -> Result<()> {
        for dir in [self.dir.clone(), self.logs(), self.run()] {
            fs::create_dir_all(&dir).with_context(|| format!("cannot create {}; name another place with --state", dir.display()))?;
        }
        Ok(())
    }

    pub fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }

    pub fn log(&self, part: &str) -> PathBuf {
        self.logs().join(format!("{part}.log"))
    }

    pub fn run(&self) -> PathBuf {
        self.dir.join("run")
    }

    pub fn pid_file(&self, part: &str) -> PathBuf {
        self.run().join(format!("{part}.json"))
    }

    pub fn kafka(&self) -> PathBuf {
        self.dir.join("kafka")
    }

    pub fn issuer(&self) -> PathBuf {
        self.dir.join("issuer")
    }

    pub fn secrets(&self) -> PathBuf {
        self.dir.join("secrets")
    }

    /// How many huge pages were added to those of the machine.
    pub fn huge_pages(&self) -> PathBuf {
        self.run().join("huge-pages")
    }

    /// Where PostgreSQL's files go when its account can reach them.
    pub fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    /// Where PostgreSQL's files were put, once decided.
    pub fn postgres_place(&self) -> Option<PathBuf> {
        fs::read_to_string(self.dir.join("postgres.place")).ok().map(|place| PathBuf::from(place.trim()))
    }

    pub fn record_postgres_place(&self, place: &Path) -> Result<()> {
        Ok(fs::write(self.dir.join("postgres.place"), format!("{}\n", place.display()))?)
    }

    /// What the last `up` recorded.
    pub fn recorded(&self) -> Result<Option<Recorded>> {
        let file = self.dir.join("stack.json");
        match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map(Some).with_context(|| format!("{} is damaged; remove it", file.display())),
            Err(_) => Ok(None),
        }
    }

    pub fn record(&self, recorded: &Recorded) -> Result<()> {
        // Whole or not at all: another command may be reading it.
        write_private(&self.dir.join("stack.json"), &serde_json::to_vec_pretty(recorded)?)
    }

    /// Removes what the stack made here, and PostgreSQL's files wherever they are.
    pub fn remove(&self) -> Result<Vec<PathBuf>> {
        let outside = self.postgres_place().filter(|place| !place.starts_with(&self.dir)).and_then(|place| place.parent().map(Path::to_path_buf));
        let places = outside.into_iter().chain(KEPT.iter().map(|name| self.dir.join(name)));
        let mut removed = Vec::new();
        for place in places.filter(|place| place.symlink_metadata().is_ok()) {
            let outcome = if place.is_dir() { fs::remove_dir_all(&place) } else { fs::remove_file(&place) };
            outcome.with_context(|| format!("cannot remove {}", place.display()))?;
            removed.push(place);
        }
        // Only when nothing else is in it.
        let _ = fs::remove_dir(&self.dir);
        Ok(removed)
    }
}

/// Writes a file that only its owner may read.
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    if let Some(dir) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    // Of this process alone: two commands may write the same file at once, and either is right.
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    let _ = fs::remove_file(&fresh);
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).with_context(|| format!("cannot write {}", fresh.display()))?;
    file.write_all(content)?;
    fs::rename(&fresh, path).with_context(|| format!("cannot write {}", path.display()))
}
