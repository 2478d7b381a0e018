//! Selectivity in ASYCUDA's order: criteria and score, random quota, top-up to the expected rate; the most severe lane of all counts.
//!
//! Chance only ever makes a lane stricter, and the probability with which each declaration could be selected is recorded, so that rates
//! estimated from checked declarations can be weighed back to all of them (Horvitz and Thompson 1952).
mod given;

use serde::{Deserialize, Serialize};
use values::Lane;

pub use given::{Counters, Given, Hit, LineScore, Rates, Thresholds};

use crate::{code::Form, draw::Draw};

/// One million: certainty.
pub const WHOLE: u32 = 1_000_000;

/// Lane, form and everything they rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    pub lane: Lane,
    pub form: Form,
    pub ground: String,
    /// Millionths: the greater of the model's highest line and of the sum of the weights of the profiles that match.
    pub score: u32,
    /// Millionths: the model's highest line; 0 without a model.
    pub learned: u32,
    /// What decided: `profile:<id>`, `model`, `random:documents`, `random:scan`, `explore:uncertain`, `explore:random`, `top_up:red`,
    /// `top_up:yellow`, `amendment`; '' on the green lane.
    pub by: String,
    /// Profiles whose criteria hold, selected or not.
    pub matched: Vec<Match>,
    /// In the random stratum: selected by a draw that looks at nothing, whatever else selected it too.
    pub random: bool,
    /// Millionths: how likely it was to be in the random stratum.
    pub random_propensity: u32,
    /// Millionths: how likely it was to leave the green lane.
    pub propensity: u32,
    /// In the order of their purposes' first use; kept ones of earlier versions included.
    pub draws: Vec<Draw>,
}

/// A profile that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    pub profile: String,
    pub version: u32,
    /// First line that matched; 0 when the profile looks at the declaration as a whole.
    pub line: u32,
    pub outcome: MatchOutcome,
}

/// What became of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchOutcome {
    Selected,
    /// Its share is below 100 % and the draw passed it over.
    Share,
    /// The profile had its hits of the day.
    Cap,
    /// The trader was checked often enough with nothing found.
    Spared,
}

const GREEN: &str = "Customs Law 54/2014/QH13 articles 17 and 32";
const RANDOM: &str = "Circular 81/2019/TT-BTC article 22 (random index)";
pub(crate) const ASSESSED: &str = "Circular 81/2019/TT-BTC articles 17 and 22 (risk assessment)";
const AMENDED: &str = "Circular 38/2015/TT-BTC article 20 (amendment keeps the lane)";

/// Decides the lane.
pub fn select(given: &Given<'_>) -> Selection {
    let mut course = Course::new(given);
    course.criteria();
    course.score();
    course.quota();
    course.top_up();
    course.amendment();
    course.end()
}

/// A selection under way.
struct Course<'g, 'a> {
    given: &'g Given<'a>,
    lane: Lane,
    form: Form,
    ground: &'a str,
    by: String,
    matched: Vec<Match>,
    draws: Vec<Draw>,
    random: bool,
    /// Millionths not to be in the random stratum, and not to leave the green lane.
    not_random: u32,
    stays: u32,
}

impl<'g, 'a> Course<'g, 'a> {
    fn new(given: &'g Given<'a>) -> Self {
        Self {
            given,
            lane: Lane::Green,
            form: Form::None,
            ground: GREEN,
            by: String::new(),
            matched: Vec::with_capacity(given.hits.len()),
            draws: Vec::new(),
            random: false,
            not_random: WHOLE,
            stays: WHOLE,
        }
    }

    fn criteria(&mut self) {
        let given = self.given;
        for hit in given.hits {
            let outcome = self.outcome(hit);
            if outcome == MatchOutcome::Selected {
                self.raise(hit.lane, hit.form, hit.ground, || format!("profile:{}", hit.profile));
            }
            self.matched.push(Match { profile: hit.profile.to_owned(), version: hit.version, line: hit.line, outcome });
        }
    }

    fn outcome(&mut self, hit: &Hit<'_>) -> MatchOutcome {
        let counters = self.given.counters;
        if hit.spare_after > 0 && counted(&counters.fruitless, hit.profile) >= hit.spare_after {
            MatchOutcome::Spared
        } else if hit.cap_per_day > 0 && counted(&counters.hits, hit.profile) >= hit.cap_per_day {
            MatchOutcome::Cap
        } else if hit.share >= WHOLE {
            self.stays = 0;
            MatchOutcome::Selected
        } else if self.chance(&format!("profile:{}", hit.profile), hit.share) {
            MatchOutcome::Selected
        } else {
            MatchOutcome::Share
        }
    }

    fn score(&mut self) {
        let at = self.given.thresholds;
        let (fraud, critical) = highest(self.given.scores);
        if fraud >= at.red_at || critical >= at.critical_red_at {
            self.stays = 0;
            self.raise(Lane::Red, Form::Direct, ASSESSED, || "model".to_owned());
        } else if fraud >= at.yellow_at {
            self.stays = 0;
            self.raise(Lane::Yellow, Form::Documents, ASSESSED, || "model".to_owned());
        } else if uncertain(fraud, at.yellow_at) && self.chance("explore:uncertain", self.given.rates.explore_uncertain) {
            self.raise(Lane::Yellow, Form::Documents, RANDOM, || "explore:uncertain".to_owned());
        }
    }

    fn quota(&mut self) {
        let rates = self.given.rates;
        for (purpose, share) in [("random:documents", rates.random_documents), ("explore:random", rates.explore_random)] {
            self.not_random = product(self.not_random, WHOLE - share.min(WHOLE));
            if self.chance(purpose, share) {
                self.random = true;
                self.raise(Lane::Yellow, Form::Documents, RANDOM, || purpose.to_owned());
            }
        }
        let counters = self.given.counters;
        let lawful = (u64::from(counters.scans) + 1) * u64::from(WHOLE) <= u64::from(rates.most_scan) * (u64::from(counters.decided) + 1);
        if lawful && self.chance("random:scan", rates.random_scan) {
            self.raise(Lane::Red, Form::Scanner, RANDOM, || "random:scan".to_owned());
        }
    }

    /// Red before yellow before green.
    fn top_up(&mut self) {
        let (rates, counters) = (self.given.rates, self.given.counters);
        for (purpose, lane, expected, so_far) in
            [("top_up:red", Lane::Red, rates.expected_red, counters.red), ("top_up:yellow", Lane::Yellow, rates.expected_yellow, counters.yellow)]
        {
            let wanted = u64::from(expected) * (u64::from(counters.decided) + 1);
            let missing = wanted.saturating_sub(u64::from(so_far) * u64::from(WHOLE));
            let share = u32::try_from(missing.min(u64::from(rates.top_up_most))).unwrap_or(WHOLE);
            if self.lane < lane && share > 0 && self.chance(purpose, share) {
                self.raise(lane, Form::of(lane), RANDOM, || purpose.to_owned());
            }
        }
    }

    fn amendment(&mut self) {
        if let Some(earlier) = self.given.earlier_lane {
            if earlier > Lane::Green {
                self.stays = 0;
            }
            self.raise(earlier, Form::of(earlier), AMENDED, || "amendment".to_owned());
        }
    }

    fn end(self) -> Selection {
        let rule = self.given.hits.iter().fold(0_u32, |sum, hit| sum.saturating_add(hit.weight)).min(WHOLE);
        let learned = highest(self.given.scores).0;
        Selection {
            lane: self.lane,
            form: self.form,
            ground: self.ground.to_owned(),
            score: rule.max(learned),
            learned,
            by: self.by,
            matched: self.matched,
            random: self.random,
            random_propensity: WHOLE - self.not_random,
            propensity: WHOLE - self.stays,
            draws: self.draws,
        }
    }

    fn chance(&mut self, purpose: &str, share: u32) -> bool {
        if share == 0 {
            return false;
        }
        self.stays = product(self.stays, WHOLE - share.min(WHOLE));
        let (hit, draw) = self.given.urn.chance(purpose, share, self.given.earlier);
        self.draws.push(draw);
        hit
    }

    fn raise(&mut self, lane: Lane, form: Form, ground: &'a str, by: impl FnOnce() -> String) {
        // Within a lane the form that looks closer counts; an amendment that kept its lane keeps its ground.
        let stricter = lane > self.lane || (lane == self.lane && form > self.form && lane > Lane::Green);
        if stricter {
            (self.lane, self.form, self.ground, self.by) = (lane, form, ground, by());
        }
    }
}

fn counted(list: &[(String, u32)], profile: &str) -> u32 {
    list.iter().find(|(id, _)| id == profile).map_or(0, |(_, n)| *n)
}

/// (fraud, critical fraud): a declaration's score is the maximum over its lines.
fn highest(scores: &[LineScore]) -> (u32, u32) {
    scores.iter().fold((0, 0), |(fraud, critical), s| (fraud.max(s.fraud), critical.max(s.critical)))
}

/// The model is unsure in the upper half of what stays below the yellow lane.
fn uncertain(fraud: u32, yellow_at: u32) -> bool {
    fraud > 0 && fraud < yellow_at && fraud >= yellow_at.min(WHOLE) / 2
}

/// Product of two probabilities in millionths, rounded down.
fn product(a: u32, b: u32) -> u32 {
    u32::try_from(u64::from(a) * u64::from(b) / u64::from(WHOLE)).unwrap_or(WHOLE)
}

#[cfg(test)]
mod tests;
