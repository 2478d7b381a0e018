//! `cleargate audit`: every hash chain from genesis, witnesses, relays, and the laws that hold between the services.
//!
//! It reads the four databases, each in one snapshot: reporting first, then the services it reads from, so that every producer is at least as
//! far as its readers. All laws are judged at that one vector of heads, while the services go on writing.
mod chains;
mod laws;
mod snapshot;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use comfy_table::{Cell, Color, ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};

use self::snapshot::Snapshot;
use crate::stack::{Stack, StackArgs};

/// Prove that nothing is lost, doubled or changed.
#[derive(Args)]
#[command(after_help = "Exit code 1 and the first offending rows if a law does not hold.\n\nExamples:\n  cleargate audit\n  cleargate audit --json")]
pub struct Audit {
    /// For scripts.
    #[arg(long)]
    json: bool,
}

/// One thing that was checked.
#[derive(Debug, serde::Serialize)]
pub struct Finding {
    pub law: &'static str,
    /// How many things were looked at.
    pub checked: u64,
    /// The first offending rows; empty when the law holds.
    pub offending: Vec<String>,
    /// How many offend in all.
    pub faults: u64,
    /// Told, but no fault: things that wait.
    pub note: String,
}

impl Finding {
    pub fn new(law: &'static str) -> Self {
        Self { law, checked: 0, offending: Vec::new(), faults: 0, note: String::new() }
    }

    /// Counts a fault and keeps the first few.
    pub fn fault(&mut self, row: String) {
        self.faults += 1;
        if self.offending.len() < 5 {
            self.offending.push(row);
        }
    }
}

impl Audit {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        let findings = findings(&stack).await?;
        let clean = findings.iter().all(|f| f.faults == 0);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&findings)?);
        } else {
            print(&findings);
        }
        Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Everything the audit finds.
pub async fn findings(stack: &Stack) -> Result<Vec<Finding>> {
    // Readers before those they read from.
    let reporting = Snapshot::take(stack, "reporting").await?;
    let intake_reads = Snapshot::take(stack, "intake").await?;
    let risk = Snapshot::take(stack, "risk").await?;
    let tracking = Snapshot::take(stack, "tracking").await?;
    let intake = Snapshot::take(stack, "intake").await?;
    let (mut reporting, mut risk, mut tracking, mut intake) = (reporting, risk, tracking, intake);
    let mut findings = vec![chains::verify_all([&mut reporting, &mut risk, &mut tracking, &mut intake]).await?];
    findings.push(witnessed(&reporting, &intake_reads, &mut risk, &mut tracking, &mut intake).await?);
    findings.push(chains::relays(stack, [&reporting, &risk, &tracking, &intake]).await?);
    findings.extend(laws::verify(&mut reporting, &mut risk, &mut intake).await?);
    findings.push(laws::waiting([&mut reporting, &mut risk, &mut tracking, &mut intake]).await?);
    Ok(findings)
}

async fn witnessed(
    reporting: &Snapshot,
    intake_reads: &Snapshot,
    risk: &mut Snapshot,
    tracking: &mut Snapshot,
    intake: &mut Snapshot,
) -> Result<Finding> {
    let mut finding = Finding::new("every reader saw the past that its producer has");
    let read = [reporting.memory(), intake_reads.memory(), risk.memory(), tracking.memory()];
    for producer in [risk, tracking, intake] {
        for memory in &read {
            chains::witness(memory, producer, &mut finding).await?;
        }
    }
    Ok(finding)
}

/// A table in green, or with what is wrong.
pub fn print(findings: &[Finding]) {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(["law", "checked", "faults", ""]);
    for finding in findings {
        let (mark, colour) = if finding.faults == 0 { ("holds", Color::Green) } else { ("BROKEN", Color::Red) };
        let note = if finding.note.is_empty() { mark.to_owned() } else { format!("{mark} ({})", finding.note) };
        table.add_row([Cell::new(finding.law), Cell::new(finding.checked), Cell::new(finding.faults), Cell::new(note).fg(colour)]);
    }
    println!("{table}");
    for row in findings.iter().flat_map(|f| &f.offending) {
        println!("  {row}");
    }
}
