//! What a run leaves on disk: write-ahead log, tables, the broker's log.
use std::{fs, os::unix::fs::MetadataExt, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use sqlx::{Connection, PgConnection};

use crate::stack::{NAMES, Stack};

/// Bytes that a declaration leaves in tables and topics, about: of ours, of the floor's, and of a copy in the tables alone.
pub const OURS: u64 = 20_000;
pub const FLOOR: u64 = 10_000;
pub const COPY: u64 = 6_000;

/// Bytes so far, or since another look.
#[derive(Debug, Clone, Copy)]
pub struct Disk {
    /// Written ahead by all databases together.
    pub wal: u64,
    /// Tables and indexes of the four services.
    pub tables: u64,
    pub kafka: u64,
}

impl Disk {
    pub async fn read(stack: &Stack) -> Result<Self> {
        let url = stack.database_url("admin")?.context("no database yet; run `cleargate up`")?;
        let mut admin = PgConnection::connect(&url).await?;
        let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint,
                       (SELECT sum(pg_database_size(datname)) FROM pg_database WHERE datname::text = ANY($1))::bigint";
        let (wal, tables): (i64, i64) = sqlx::query_as(sql).bind(NAMES.map(str::to_owned).to_vec()).fetch_one(&mut admin).await?;
        Ok(Self { wal: wal.unsigned_abs(), tables: tables.unsigned_abs(), kafka: allocated(&stack.state.kafka().join("data")) })
    }

    /// What came since an earlier look.
    pub fn since(self, before: Self) -> Self {
        Self {
            wal: self.wal.saturating_sub(before.wal),
            tables: self.tables.saturating_sub(before.tables),
            kafka: self.kafka.saturating_sub(before.kafka),
        }
    }
}

/// Of all files below, but not of topics that are about to be removed.
fn allocated(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() && entry.file_name().to_string_lossy().ends_with("-delete") => 0,
        Ok(found) if found.is_dir() => allocated(&entry.path()),
        // Blocks, since the broker's indexes are larger than what is in them.
        Ok(found) => found.blocks() * 512,
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(size).sum()
}

/// Refuses what would fill the disk.
pub fn has_room(dir: &Path, megabytes: u64) -> Result<()> {
    let Some(free) = free_mb(dir) else { return Ok(()) };
    let (wanted, free) = (megabytes / 1_000, free / 1_000);
    eprintln!("  disk       about {wanted} GB will be written, {free} GB are free");
    if wanted >= free {
        bail!("the disk would run full; measure less by --count, --runs, --stored or --only, and `cleargate clean --yes` between parts");
    }
    Ok(())
}

/// What `df` says of the place, or of the nearest directory above that exists; `None` when it says nothing.
fn free_mb(dir: &Path) -> Option<u64> {
    let place = dir.ancestors().find(|place| place.is_dir())?;
    let told = Command::new("df").arg("-Pk").arg(place).output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    let kilobytes: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kilobytes * 1_024 / 1_000_000)
}
