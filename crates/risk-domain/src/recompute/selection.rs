//! The lane, the score and the points of one decision, taken again from its facts.
use values::Day;

use super::{Differences, Mismatch, RuleBook, Scorer, What};
use crate::{
    draw::{DayKey, Draw, Urn, draw},
    select::{Given, Hit, select},
    trace::Trace,
};

/// Selects again under the rules, the model and the (mixed) key of the day; the counters are taken as traced.
pub fn retake_selection(trace: &Trace, book: &dyn RuleBook, model: Option<&dyn Scorer>, key: &DayKey) -> Vec<Mismatch> {
    let mut found = Differences::default();
    found.compare(What::Office, trace.office.as_str(), trace.facts.office.as_str());
    found.compare(What::Rules, trace.rules.as_str(), hex::encode(book.digest()).as_str());
    found.compare(What::Model, trace.model.as_str(), model.map(|m| hex::encode(m.digest())).unwrap_or_default().as_str());
    let Ok(day) = trace.day.parse::<Day>() else {
        found.compare(What::Day, trace.day.as_str(), "YYYY-MM-DD");
        return found.0;
    };
    let facts = &trace.facts;
    found.compare(What::Scores, &trace.scores, &model.map(|m| m.score(facts)).unwrap_or_default());
    let hits = book.hits(facts, day);
    counted_profiles(trace, &hits, &mut found);
    earlier_draws(trace, day, key, &mut found);
    let given = Given {
        hits: &hits,
        scores: &trace.scores,
        thresholds: book.thresholds(),
        rates: book.rates(&facts.office, facts.direction, day),
        counters: &trace.counters,
        earlier_lane: facts.history.earlier_lane,
        earlier: &trace.earlier,
        urn: Urn { key, day, declaration: &trace.declaration, version: trace.version },
    };
    let (traced, again) = (&trace.selection, select(&given));
    found.compare(What::Lane, &traced.lane, &again.lane);
    found.compare(What::Form, &traced.form, &again.form);
    found.compare(What::Ground, &traced.ground, &again.ground);
    found.compare(What::Score, &traced.score, &again.score);
    found.compare(What::By, &traced.by, &again.by);
    found.compare(What::Matched, &traced.matched, &again.matched);
    found.compare(What::Random, &(traced.random, traced.random_propensity), &(again.random, again.random_propensity));
    found.compare(What::Propensity, &traced.propensity, &again.propensity);
    found.compare(What::Draws, &traced.draws, &again.draws);
    found.compare(What::Points, &trace.points, &book.weights().points(facts.lines.len(), traced.form));
    found.0
}

/// The counters name exactly the profiles that match and have a cap, or that spare.
fn counted_profiles(trace: &Trace, hits: &[Hit<'_>], found: &mut Differences) {
    let names = |list: &[(String, u32)]| list.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
    let of = |keep: fn(&Hit<'_>) -> bool| hits.iter().filter(|h| keep(h)).map(|h| h.profile.to_owned()).collect::<Vec<_>>();
    found.compare(What::CountedProfiles, &names(&trace.counters.hits), &of(|h| h.cap_per_day > 0));
    found.compare(What::CountedProfiles, &names(&trace.counters.fruitless), &of(|h| h.spare_after > 0));
}

/// Kept draws of this very day are draws of this key; those of other days need the proof of their day.
fn earlier_draws(trace: &Trace, day: Day, key: &DayKey, found: &mut Differences) {
    let today = day.to_string();
    for kept in trace.earlier.iter().filter(|d| d.day == today) {
        let value = draw(key, &trace.declaration, &kept.purpose, kept.version, kept.counter).to_string();
        found.compare(What::EarlierDraws, kept, &Draw { value, ..kept.clone() });
    }
}
