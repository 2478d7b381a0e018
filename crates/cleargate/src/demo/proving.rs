//! What an outsider can check: how files were assigned, one decision in three voices, and the proof of the day recomputed.
use std::path::Path;

use anyhow::Result;
use contracts::risk::{ExplainRequest, Voice};
use proof::Kind;

use crate::{
    client::{Clients, explain},
    day, proof as files, reports,
    stack::Stack,
};

/// Prints the shares by which files were assigned.
pub async fn shares(clients: &Clients) -> Result<()> {
    println!("\nHow files came to their officers:");
    reports::shares(&reports::recent(clients).await?);
    Ok(())
}

/// One decision in the three voices.
pub async fn voices(clients: &Clients, number: &str, sender: &str) -> Result<()> {
    println!("\nWhy {number}, in three voices:");
    for (voice, subject, role, who) in [
        (Voice::Declarant, sender, "sender", "declarant"),
        (Voice::Officer, "head-of-office", "head", "officer"),
        (Voice::Auditor, "auditor", "auditor", "auditor"),
    ] {
        let request = clients.request(subject, role, ExplainRequest { number: number.to_owned(), voice: voice.into() })?;
        let told = clients.risk().explain(request).await.map_err(|s| explain(&s))?.into_inner();
        println!("--- to the {who}");
        let lines = told.text_en.lines().count();
        for line in told.text_en.lines().take(MOST_LINES) {
            println!("  {line}");
        }
        if lines > MOST_LINES {
            println!("  ... {} more lines: cleargate show {number} --voice {who}", lines - MOST_LINES);
        }
    }
    Ok(())
}

/// Of one explanation in the demo.
const MOST_LINES: usize = 9;

/// Closes the day, writes its proof for the public and for the auditor, and verifies both; returns how much does not match.
pub async fn prove(clients: &Clients, stack: &Stack) -> Result<u64> {
    let closed = day::close(clients, None).await?;
    let Some((_, day)) = closed.first() else { return Ok(0) };
    println!("\nThe day {day} is closed at {} offices and its keys are revealed; do not trust us, recompute it:", closed.len());
    let mut wrong = 0;
    for (kind, name) in [(Kind::Public, "public"), (Kind::Auditor, "auditor")] {
        let path = stack.state.run().join(format!("proof-{day}-{name}.jsonl.gz"));
        let (path, rows) = files::write(clients, Some(day), kind, Some(path)).await?;
        wrong += verified(&path, rows)?;
    }
    Ok(wrong)
}

fn verified(path: &Path, rows: u64) -> Result<u64> {
    let report = files::read(path, 2)?;
    let count = |name: &str| report.counts.get(name).copied().unwrap_or(0);
    let wrong = report.findings.len() as u64 + report.further;
    let verdict = if wrong == 0 { "everything matches".to_owned() } else { format!("{wrong} of it does NOT match") };
    println!(
        "  {}: {rows} rows, {} decisions, {} assignments recomputed in {:.1} s: {verdict}",
        path.display(),
        count("decisions"),
        count("assignments"),
        report.seconds
    );
    for finding in report.findings.iter().take(5) {
        println!("    {finding}");
    }
    Ok(wrong)
}
