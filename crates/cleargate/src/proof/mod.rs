//! `cleargate proof` and `cleargate verify`: the proof of a day as one file, and a verifier that needs nothing else.
pub mod cursor;
mod documents;
mod export;
pub mod span;
mod witnesses;

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use proof::{Kind, Report};

use crate::{
    client::Clients,
    clock,
    stack::{Stack, StackArgs},
};

pub use documents::Governing;
pub use span::Span;

/// Export the proof of a day.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate proof export                                  the last closed day, for the public: proof-<day>-public.jsonl.gz
  cleargate proof export --day 2026-11-24 --auditor       with traces, rules and model
  cleargate verify proof-2026-11-24-auditor.jsonl.gz")]
pub struct Proof {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Write one self-contained file
    Export(Export),
}

#[derive(Args)]
struct Export {
    /// YYYY-MM-DD [default: the last day whose key was revealed].
    #[arg(long)]
    day: Option<String>,
    /// Traces, profiles, model and inputs too; without it only what everybody may see.
    #[arg(long)]
    auditor: bool,
    /// Where to [default: proof-<day>-<kind>.jsonl.gz]; without `.gz` it is not compressed.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Proof {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let Act::Export(export) = self.act;
        let clients = Clients::new(&Stack::open(args)?)?;
        let kind = if export.auditor { Kind::Auditor } else { Kind::Public };
        let (file, rows) = write(&clients, export.day.as_deref(), kind, export.out).await?;
        println!("{rows} rows written to {}\nverify them anywhere: cleargate verify {}", file.display(), file.display());
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the proof of a day; returns where and how many rows.
pub async fn write(clients: &Clients, day: Option<&str>, kind: Kind, out: Option<PathBuf>) -> Result<(PathBuf, u64)> {
    let span = span::find(clients, day).await?;
    let name = if kind == Kind::Public { "public" } else { "auditor" };
    let path = out.unwrap_or_else(|| PathBuf::from(format!("proof-{}-{name}.jsonl.gz", span.day)));
    let file = BufWriter::new(File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?);
    let rows = if path.extension().is_some_and(|e| e == "gz") {
        let mut out = GzEncoder::new(file, Compression::fast());
        let rows = export::write(clients, &span, kind, &mut out).await?;
        out.finish()?.flush()?;
        rows
    } else {
        let mut out = file;
        let rows = export::write(clients, &span, kind, &mut out).await?;
        out.flush()?;
        rows
    };
    Ok((path, rows))
}

/// Recompute the proof of a day: chain, witnesses, commitments, draws, assignments, and for auditors every lane and score.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate verify proof-2026-11-24-public.jsonl.gz
  cleargate verify proof.jsonl --json | jq .findings

Exit code 0: everything matches; 1: something does not; 2: the file cannot be read.")]
pub struct Verify {
    file: PathBuf,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// For scripts.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub fn run(self) -> ExitCode {
        let report = match read(&self.file, self.threads) {
            Ok(report) => report,
            Err(error) => {
                eprintln!("cleargate: {}: {error:#}", self.file.display());
                return ExitCode::from(2);
            }
        };
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
        } else {
            println!("{report}");
        }
        if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Verifies a file.
pub fn read(path: &Path, threads: usize) -> Result<Report> {
    let file = File::open(path).context("it cannot be opened")?;
    let zipped = path.extension().is_some_and(|e| e == "gz");
    let file: Box<dyn BufRead> = if zipped {
        Box::new(BufReader::with_capacity(1 << 20, MultiGzDecoder::new(file)))
    } else {
        Box::new(BufReader::with_capacity(1 << 20, file))
    };
    Ok(proof::verify(file, threads, &Governing)?)
}

/// RFC 3339.
fn made_at() -> String {
    let micros = i64::try_from(clock::now_micros()).unwrap_or(0);
    chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default().to_rfc3339()
}
