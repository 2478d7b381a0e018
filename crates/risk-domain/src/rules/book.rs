//! Checked rules as a decision asks them.
use values::{Day, Digest, Direction};

use super::Rules;
use crate::{
    criteria::Scratch,
    facts::Facts,
    pick::Weights,
    rulebook::RuleBook,
    select::{Hit, Rates, Thresholds},
};

impl RuleBook for Rules {
    fn digest(&self) -> Digest {
        self.digest
    }

    fn hits<'a>(&'a self, facts: &Facts, day: Day) -> Vec<Hit<'a>> {
        let mut scratch = Scratch::default();
        let matches = self.matches(facts, day, &mut scratch);
        let hit = |(at, line): &(usize, u32)| {
            let profile = &self.profiles[*at];
            Hit {
                profile: &profile.id,
                version: profile.version,
                line: *line,
                lane: profile.lane,
                form: profile.form,
                share: profile.share,
                weight: profile.weight,
                ground: &profile.ground,
                cap_per_day: profile.cap_per_day,
                spare_after: profile.spare_after,
            }
        };
        matches.iter().map(hit).collect()
    }

    fn rates(&self, office: &str, direction: Direction, day: Day) -> Rates {
        let settings = self.selectivity(office, direction, day);
        Rates {
            random_documents: settings.random_documents,
            random_scan: settings.random_scan,
            most_scan: self.ceiling_scan(day),
            expected_yellow: settings.expected_yellow,
            expected_red: settings.expected_red,
            top_up_most: settings.top_up_most,
            explore_uncertain: settings.explore_uncertain,
            explore_random: settings.explore_random,
        }
    }

    fn thresholds(&self) -> Thresholds {
        if self.model.digest.is_empty() {
            return Thresholds::NEVER;
        }
        Thresholds { yellow_at: self.model.yellow_at, red_at: self.model.red_at, critical_red_at: self.model.critical_red_at }
    }

    fn weights(&self) -> Weights {
        let weights = &self.weights;
        Weights {
            declaration: weights.declaration,
            line: weights.line,
            documents: weights.documents,
            scanner: weights.scanner,
            direct: weights.direct,
            laboratory: weights.laboratory,
        }
    }

    fn default_cap(&self) -> u32 {
        self.weights.default_cap
    }
}
