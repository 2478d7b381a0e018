//! The laws, checked from outside: every database, every topic from offset 0, every report total, every hash chain, against the load's ledger.
mod answers;
mod chain;
mod deadlines;
mod effects;
mod evidence;
mod letters;
mod topics;
mod totals;

use anyhow::Result;
use serde::{Deserialize, Serialize};

pub use chain::link;
pub use evidence::{Evidence, Row};
pub use topics::forks;

use crate::{load::Ledger, site::Site};

/// What one law came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finding {
    pub law: String,
    pub checked: u64,
    pub broken: u64,
    /// The first few faults, told.
    pub faults: Vec<String>,
}

/// Faults that are told one by one; more are only counted.
const TOLD: usize = 8;

impl Finding {
    pub fn new(law: &str) -> Self {
        Self { law: law.to_owned(), checked: 0, broken: 0, faults: Vec::new() }
    }

    /// Counts one more thing that was looked at, and a fault when it does not hold.
    pub fn hold(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.broken += 1;
            if self.faults.len() < TOLD {
                self.faults.push(fault());
            }
        }
    }
}

/// What is expected beside the ledger.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected {
    /// Messages that were sent to be rejected: each is one dead letter of intake.
    pub poison: u64,
}

/// What the laws came to, and how many messages were twice on their topic.
#[derive(Debug, Default)]
pub struct Verdict {
    pub findings: Vec<Finding>,
    pub duplicates_on_topics: u64,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|f| f.broken == 0)
    }
}

/// Checks everything at rest.
pub async fn check(site: &Site, ledger: &Ledger, expected: Expected) -> Result<Verdict> {
    let evidence = Evidence::gather(site).await?;
    let mut verdict = Verdict::default();
    verdict.findings.push(chain::verify(&evidence));
    let (on_topics, duplicates) = topics::verify(site, &evidence).await?;
    verdict.findings.push(on_topics);
    verdict.duplicates_on_topics = duplicates;
    verdict.findings.push(topics::readers(&evidence));
    verdict.findings.extend(effects::verify(&evidence, ledger));
    verdict.findings.push(answers::verify(&evidence, ledger));
    verdict.findings.push(totals::verify(site, &evidence).await?);
    verdict.findings.push(letters::verify(&evidence, expected));
    verdict.findings.push(deadlines::verify(ledger));
    Ok(verdict)
}
