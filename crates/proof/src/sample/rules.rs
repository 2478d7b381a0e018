//! Rules and a model that are small enough to read, for samples and tests.
use risk_domain::{Facts, Form, Hit, LineScore, Rates, RuleBook, Scorer, Thresholds, WHOLE, Weights};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use values::{Day, Digest, Direction, Lane};

use crate::auditing::Documents;

/// Three profiles, rates and weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleRules {
    /// Tobacco is examined, so many times a day.
    pub tobacco_cap: u32,
    /// Share of the vehicles of a neighbour whose documents are checked, millionths.
    pub neighbour_share: u32,
    /// Fruitless checks after which a trader is spared.
    pub spare_after: u32,
    pub random_documents: u32,
    pub random_scan: u32,
    pub expected_yellow: u32,
    pub expected_red: u32,
    pub yellow_at: u32,
    pub red_at: u32,
    pub default_cap: u32,
}

impl Default for SampleRules {
    fn default() -> Self {
        Self {
            tobacco_cap: 20,
            neighbour_share: 300_000,
            spare_after: 5,
            random_documents: 20_000,
            random_scan: 8_000,
            expected_yellow: 250_000,
            expected_red: 60_000,
            yellow_at: 700_000,
            red_at: 960_000,
            default_cap: 12,
        }
    }
}

impl SampleRules {
    /// Canonical JSON.
    pub fn document(&self) -> Vec<u8> {
        // Integers always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

const fn hit(profile: &'static str, line: u32, lane: Lane) -> Hit<'static> {
    Hit {
        profile,
        version: 1,
        line,
        lane,
        form: Form::of(lane),
        share: WHOLE,
        weight: 100_000,
        ground: "Circular 81/2019/TT-BTC article 22",
        cap_per_day: 0,
        spare_after: 0,
    }
}

impl RuleBook for SampleRules {
    fn digest(&self) -> Digest {
        Sha256::digest(self.document()).into()
    }

    fn hits<'a>(&'a self, facts: &Facts, _: Day) -> Vec<Hit<'a>> {
        let mut hits = Vec::new();
        if let Some(line) = facts.lines.iter().find(|l| l.commodity.starts_with("2402")) {
            hits.push(Hit { cap_per_day: self.tobacco_cap, ..hit("TOBACCO", line.line, Lane::Red) });
        }
        if facts.plate_country == "LA" {
            hits.push(Hit { share: self.neighbour_share, ..hit("NEIGHBOUR", 0, Lane::Yellow) });
        }
        if facts.trader.ends_with('7') {
            hits.push(Hit { spare_after: self.spare_after, ..hit("TRADER", 0, Lane::Yellow) });
        }
        hits
    }

    fn rates(&self, _: &str, _: Direction, _: Day) -> Rates {
        Rates {
            random_documents: self.random_documents,
            random_scan: self.random_scan,
            most_scan: 10_000,
            expected_yellow: self.expected_yellow,
            expected_red: self.expected_red,
            top_up_most: 200_000,
            explore_uncertain: 30_000,
            explore_random: 2_000,
        }
    }

    fn thresholds(&self) -> Thresholds {
        Thresholds { yellow_at: self.yellow_at, red_at: self.red_at, critical_red_at: WHOLE }
    }

    fn weights(&self) -> Weights {
        Weights { declaration: 10, line: 5, documents: 0, scanner: 10, direct: 20, laboratory: 30 }
    }

    fn default_cap(&self) -> u32 {
        self.default_cap
    }
}

/// Scores by a formula instead of trees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleModel {
    pub seed: u64,
}

impl SampleModel {
    /// The artefact.
    pub fn document(&self) -> Vec<u8> {
        // An integer always serialises.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Scorer for SampleModel {
    fn digest(&self) -> Digest {
        Sha256::digest(self.document()).into()
    }

    fn score(&self, facts: &Facts) -> Vec<LineScore> {
        let score = |value: i64, shift: u32| {
            let mixed = (value.unsigned_abs() ^ self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift;
            u32::try_from(mixed % 1_000_000).unwrap_or(0)
        };
        facts.lines.iter().map(|l| LineScore { line: l.line, fraud: score(l.value, 33), critical: score(l.net_mass_g, 37) / 2 }).collect()
    }
}

/// Reads [`SampleRules`] and [`SampleModel`].
#[derive(Debug, Clone, Copy, Default)]
pub struct SampleDocuments;

impl Documents for SampleDocuments {
    fn rules(&self, document: &[u8]) -> Result<Box<dyn RuleBook>, String> {
        Ok(Box::new(serde_json::from_slice::<SampleRules>(document).map_err(|e| e.to_string())?))
    }

    fn model(&self, artefact: &[u8]) -> Result<Box<dyn Scorer>, String> {
        Ok(Box::new(serde_json::from_slice::<SampleModel>(artefact).map_err(|e| e.to_string())?))
    }
}
