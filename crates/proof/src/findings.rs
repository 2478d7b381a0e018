//! Collects what does not match.
use std::collections::BTreeMap;

use crate::{
    item::Item,
    report::{Check, Finding, Report},
};

/// Findings, notes and counts of one verification.
#[derive(Debug, Default)]
pub struct Findings {
    pub topics: Vec<String>,
    pub listed: Vec<Finding>,
    pub further: u64,
    pub notes: Vec<String>,
    pub counts: BTreeMap<&'static str, u64>,
}

impl Findings {
    /// Something about a row does not match.
    pub fn add(&mut self, item: &Item, check: Check, what: impl Into<String>) {
        let about_office = item.name.starts_with("Day") || item.name.starts_with("Ro") || item.name.starts_with("Rule");
        self.push(Finding {
            office: item.office.clone(),
            topic: self.topics.get(usize::from(item.t)).cloned().unwrap_or_default(),
            stream: item.s,
            position: item.p,
            declaration: if about_office { String::new() } else { item.subject.clone() },
            check,
            what: what.into(),
        });
    }

    /// Something about an office, without a row.
    pub fn office(&mut self, office: &str, check: Check, what: impl Into<String>) {
        let finding = Finding {
            office: office.to_owned(),
            topic: self.topics.first().cloned().unwrap_or_default(),
            stream: 0,
            position: 0,
            declaration: String::new(),
            check,
            what: what.into(),
        };
        self.push(finding);
    }

    pub fn push(&mut self, finding: Finding) {
        if self.listed.len() < Report::MOST {
            self.listed.push(finding);
        } else {
            self.further += 1;
        }
    }

    pub fn note(&mut self, text: String) {
        if self.notes.len() < 100 {
            self.notes.push(text);
        }
    }

    pub fn count(&mut self, what: &'static str, n: u64) {
        *self.counts.entry(what).or_default() += n;
    }
}
