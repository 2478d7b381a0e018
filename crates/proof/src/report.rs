//! What a verification found, as a value and as text.
use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::format::Kind;

/// The check that failed; the second verifier uses the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A row's hash is not that of its fields and of the row before.
    Chain,
    /// Positions have a gap, or time falls.
    Order,
    /// A witness saw another hash.
    Witness,
    /// A row cannot be read, or is not what its kind says.
    Row,
    /// Missing, second, late or broken commitment.
    Commitment,
    /// The revealed key is not the one committed to, or was revealed too early.
    Key,
    /// Days that are not opened once, closed once, in order; decisions outside.
    Day,
    /// The number of decisions that the day was closed with.
    Count,
    /// The roster is not the one that the day was opened with, or that the trace names.
    Roster,
    /// A draw does not come from the key.
    Draw,
    /// Someone was left out, or not, against the roster.
    Candidates,
    /// Somebody else should have the file.
    Officer,
    Supervisor,
    /// A round was skipped or repeated.
    Round,
    /// Points of a file changed on its way.
    Points,
    /// Whoever gives a file up or concludes it does not have it.
    Holder,
    /// A decision without trace or assignment, a trace without decision.
    Missing,
    /// The trace is not the one that the public row names.
    TraceDigest,
    /// What the trace says is not what the public row says.
    Trace,
    /// Rules or model are not those in force, or not in the file.
    Rules,
    /// The lane does not come out again.
    Lane,
    /// The learned score does not come out again.
    Score,
    /// The counters of the day are not what was decided before.
    Counters,
}

/// One thing that does not match, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    pub office: String,
    pub topic: String,
    pub stream: u32,
    pub position: u64,
    /// Declaration key; '' where a finding is about none.
    pub declaration: String,
    pub check: Check,
    pub what: String,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub kind: Kind,
    pub day: String,
    /// rows, decisions, assignments, draws, retaken (decisions taken again), witnesses, ...
    pub counts: BTreeMap<String, u64>,
    /// In the order of the file; at most [`Report::MOST`], the rest is counted.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub further: u64,
    pub warnings: Vec<String>,
    pub seconds: f64,
}

impl Report {
    /// Findings that are listed.
    pub const MOST: usize = 1000;

    /// Nothing was found.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    /// What was found without looking at the witnesses.
    pub fn recomputed(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.check != Check::Witness)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check = serde_json::to_value(self.check).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        write!(f, "{check:<12} {:<6} {:<24} {:>3}/{:<8} {:<12} {}", self.office, self.topic, self.stream, self.position, self.declaration, self.what)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind == Kind::Public { "public" } else { "auditor's" };
        writeln!(f, "{kind} proof of {}", self.day)?;
        for (name, count) in &self.counts {
            writeln!(f, "  {name:<28} {count:>12}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  note: {warning}")?;
        }
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        if self.further > 0 {
            writeln!(f, "  ... and {} more", self.further)?;
        }
        let count = self.findings.len() as u64 + self.further;
        match count {
            0 => write!(f, "everything matches ({:.1} s)", self.seconds),
            n => write!(f, "{n} of it does NOT match ({:.1} s)", self.seconds),
        }
    }
}
