//! Selectivity: profiles first, then chance, and the most severe lane of all.
use serde::{Deserialize, Serialize};
use values::{Day, Lane};

use crate::{
    code::Form,
    criteria::Scratch,
    draw::{DayKey, Draw, chance},
    facts::Facts,
    rules::Rules,
};

/// Lane, form and everything they rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    pub lane: Lane,
    pub form: Form,
    pub ground: String,
    /// Millionths: over the lines, the highest sum of weights of the profiles that match.
    pub score: u32,
    /// Profiles whose clauses hold, selected or spared.
    pub matched: Vec<Match>,
    /// Selected by chance alone: `documents` or `scan`; '' otherwise.
    pub random: String,
    pub draws: Vec<Draw>,
}

/// A profile that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    pub profile: String,
    /// First line that matched; 0 when the profile looks at the declaration as a whole.
    pub line: u32,
    /// False when the draw spared it: its share is below 100 %.
    pub selected: bool,
}

const GREEN: &str = "Customs Law 54/2014/QH13 articles 17 and 32";
const RANDOM: &str = "Circular 81/2019/TT-BTC article 22 (random index)";
const AMENDED: &str = "Circular 38/2015/TT-BTC article 20 (amendment keeps the lane)";

/// Decides the lane. `day` is the open day, whose key is drawn from; selection draws use version 0, so that an amendment keeps them.
pub fn select(facts: &Facts, rules: &Rules, day: Day, key: &DayKey, declaration: &str) -> Selection {
    let mut matched = Vec::new();
    let mut draws = Vec::new();
    let mut best: (Lane, Form, &str) = (Lane::Green, Form::None, GREEN);
    let mut line_scores = vec![0_u32; facts.lines.len().max(1)];
    let mut scratch = Scratch::default();
    for (at, line) in rules.matches(facts, day, &mut scratch).iter().copied() {
        let profile = &rules.profiles[at];
        match profile.criterion(day) {
            Some(criterion) if !facts.lines.is_empty() => {
                criterion.each_line(facts, |at| line_scores[at] = (line_scores[at] + profile.weight).min(1_000_000));
            }
            _ => line_scores[0] = (line_scores[0] + profile.weight).min(1_000_000),
        }
        let mut selected = true;
        if profile.share < 1_000_000 {
            let (hit, draw) = chance(key, declaration, &format!("profile:{}", profile.id), 0, profile.share);
            selected = hit;
            draws.push(draw);
        }
        if selected && (profile.lane, profile.form) > (best.0, best.1) {
            best = (profile.lane, profile.form, &profile.ground);
        }
        matched.push(Match { profile: profile.id.clone(), line, selected });
    }
    let rates = rules.selectivity(&facts.office, facts.direction, day);
    let mut random = "";
    for (purpose, name, share, lane, form) in [
        ("random:documents", "documents", rates.random_documents, Lane::Yellow, Form::Documents),
        ("random:scan", "scan", rates.random_scan, Lane::Red, Form::Scanner),
    ] {
        let (hit, draw) = chance(key, declaration, purpose, 0, share);
        draws.push(draw);
        // Chance only ever makes a lane stricter.
        if hit && lane > best.0 {
            best = (lane, form, RANDOM);
            random = name;
        }
    }
    if let Some(earlier) = facts.history.earlier_lane.filter(|lane| *lane > best.0) {
        best = (earlier, Form::of(earlier), AMENDED);
    }
    let score = line_scores.into_iter().max().unwrap_or(0);
    Selection { lane: best.0, form: best.1, ground: best.2.to_owned(), score, matched, random: random.to_owned(), draws }
}
