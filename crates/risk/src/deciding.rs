//! The lane of a declaration.
use contracts::{
    common,
    risk::{Decided, Superseded, Traced},
};
use platform::{Failure, Instant, clock, streams::Class};
use risk_domain::{Draw, Facts, Given, Hit, MatchOutcome, Preferred, RuleBook, Selection, Trace, digest, group, select};
use values::Lane;

use crate::{
    assigning::{self, close_assignment, take},
    book::Book,
    facts::facts,
    place::{Place, Via},
    store::FileRow,
    wire::{form_name, wire_form, wire_lane},
};

/// Decides a lodged or amended declaration.
pub fn decide(book: &mut Book, declaration: common::Declaration, class: Class, via: &Via) -> Result<(), Failure> {
    let now = book.at_work(&declaration.office, via)?;
    let earlier = book.file(&declaration.key).cloned();
    if let Some(file) = earlier.as_ref().filter(|f| u32::from(f.version.unsigned_abs()) >= declaration.version) {
        let place = Place { class, office: &declaration.office, subject: &declaration.key, via, now };
        let fact = Superseded {
            key: declaration.key.clone(),
            version: u32::from(file.version.unsigned_abs()),
            named: declaration.version,
            fact: "Amended".to_owned(),
        };
        book.entries.push(place.fact(fact));
        return Ok(());
    }
    if let Some(file) = &earlier {
        close_assignment(book, file, "amended", via, now)?;
    }
    let number = (declaration.key.clone(), declaration.version);
    let facts = facts(book, declaration, class, earlier.as_ref())?;
    let mut trace = selected(book, number, facts, earlier.as_ref(), now)?;
    let mut file = new_file(book, &trace, class, via, now)?;
    if trace.selection.lane != Lane::Green {
        let preferred = earlier.as_ref().and_then(returned).or_else(|| book.group(group(&trace.facts)));
        let pick = assigning::pick(book, &file, &trace.facts, trace.selection.lane, Vec::new(), preferred)?;
        take(book, &mut file, &pick)?;
        trace.pick = Some(pick);
    }
    let facts = &trace.facts;
    for (kind, code) in [("trader", &facts.trader), ("declarant", &facts.declarant), ("vehicle", &facts.plate)] {
        book.count(kind, code, 1, 0);
    }
    let place = Place { class, office: &trace.office, subject: &trace.declaration, via, now };
    tell(book, &trace, &file, &place)?;
    book.put(file);
    Ok(())
}

/// Selects for a version (key and amendment count), counts the decision, and begins its trace.
fn selected(book: &mut Book, (key, version): (String, u32), facts: Facts, earlier: Option<&FileRow>, now: Instant) -> Result<Trace, Failure> {
    let regime = std::sync::Arc::clone(&book.regime);
    let (hand, earlier_draws) = (book.office(&facts.office)?, earlier.map(draws).transpose()?.unwrap_or_default());
    let day = hand.day()?;
    let hits = regime.rules.hits(&facts, day);
    let scores = regime.scores(&facts);
    let capped: Vec<&str> = hits.iter().filter(|h| h.cap_per_day > 0).map(|h| h.profile).collect();
    let fruitless = |h: &&Hit<'_>| (h.profile.to_owned(), book.fruitless(&facts.trader, h.profile));
    let fruitless = hits.iter().filter(|h| h.spare_after > 0).map(|h| fruitless(&h)).collect();
    let counters = hand.ledger.counters(facts.direction, &capped, fruitless);
    let selection = select(&Given {
        hits: &hits,
        scores: &scores,
        thresholds: regime.rules.thresholds(),
        rates: regime.rules.rates(&facts.office, facts.direction, day),
        counters: &counters,
        earlier_lane: facts.history.earlier_lane,
        earlier: &earlier_draws,
        urn: hand.urn(&key, version)?,
    });
    let trace = Trace {
        office: facts.office.clone(),
        day: day.to_string(),
        now_us: now.timestamp_micros(),
        declaration: key,
        version,
        rules: hex::encode(hand.rules()),
        model: hex::encode(hand.model()),
        scores,
        counters,
        earlier: earlier_draws,
        points: regime.rules.weights().points(facts.lines.len(), selection.form),
        facts,
        selection,
        pick: None,
    };
    let hand = book.office_mut(&trace.office)?;
    hand.ledger.decided(trace.facts.direction, &trace.selection, &capped);
    hand.days.decisions += 1;
    Ok(trace)
}

fn new_file(book: &Book, trace: &Trace, class: Class, via: &Via, now: Instant) -> Result<FileRow, Failure> {
    let write = |bytes: Result<Vec<u8>, serde_json::Error>| bytes.map_err(|e| Failure::Deterministic(e.to_string()));
    Ok(FileRow {
        key: trace.declaration.clone(),
        version: i16::try_from(trace.version).unwrap_or(i16::MAX),
        office: trace.office.clone(),
        class: class.as_str().to_owned(),
        lane: trace.selection.lane.as_str().to_owned(),
        form: form_name(trace.selection.form).to_owned(),
        state: "NONE".to_owned(),
        officer: String::new(),
        supervisor: String::new(),
        queue_reason: String::new(),
        how: String::new(),
        grp: group(&trace.facts).to_owned(),
        points: trace.points.cast_signed(),
        round: 0,
        selection_day: book.office(&trace.office)?.day()?,
        since: now,
        // A green file goes to nobody, so nobody asks for its facts again; the trace has them.
        facts: if trace.selection.lane == Lane::Green { Vec::new() } else { write(serde_json::to_vec(&trace.facts))? },
        selection: write(serde_json::to_vec(&kept(&trace.selection, &trace.earlier)))?,
        trace: via.trace.clone(),
    })
}

/// What a file keeps of its selection: what a finding is credited to, and every draw that was ever made for the declaration, since an amendment
/// keeps them. The trace has all of it.
fn kept(selection: &Selection, earlier: &[Draw]) -> Selection {
    let new = selection.draws.iter().filter(|draw| !earlier.contains(draw));
    Selection {
        ground: String::new(),
        by: selection.by.clone(),
        matched: selection.matched.iter().filter(|m| m.outcome == MatchOutcome::Selected).cloned().collect(),
        draws: earlier.iter().chain(new).cloned().collect(),
        ..*selection
    }
}

/// Journals the decision, its assignment and its trace.
fn tell(book: &mut Book, trace: &Trace, file: &FileRow, place: &Place<'_>) -> Result<(), Failure> {
    let salt: [u8; 16] = clock::random().map_err(|e| Failure::Retry(e.to_string()))?;
    let bytes = trace.bytes();
    let trace_digest = digest(&salt, &bytes).to_vec();
    let decided = Decided {
        key: file.key.clone(),
        version: trace.version,
        lane: wire_lane(trace.selection.lane).into(),
        form: wire_form(trace.selection.form).into(),
        legal_ground: trace.selection.ground.clone(),
        score: trace.selection.score,
        day: trace.day.clone(),
        trace_digest: trace_digest.clone(),
        officer: file.officer.clone(),
        queue_reason: file.queue_reason.clone(),
        points: trace.points,
        rules: book.office(&trace.office)?.rules().to_vec(),
    };
    book.entries.push(place.fact(decided));
    if let Some(pick) = &trace.pick {
        let roster = book.office(&trace.office)?.roster();
        let assigned = crate::wire::assigned(pick, roster, trace.points, &file.grp, trace_digest);
        book.entries.push(place.fact(assigned));
    }
    book.entries.push(place.trace(Traced { key: file.key.clone(), version: trace.version, salt: salt.to_vec(), trace: bytes }));
    Ok(())
}

/// An amendment returns to the officer who had the version before.
fn returned(file: &FileRow) -> Option<Preferred> {
    let had = !file.officer.is_empty() && (file.state == "OPEN" || file.state == "CONCLUDED");
    had.then(|| Preferred { officer: file.officer.clone(), how: "RETURNED".to_owned(), from: format!("{}{}", file.key, file.version) })
}

/// The selection as the file keeps it; none in files from before it was kept.
pub fn selection(file: &FileRow) -> Result<Option<Selection>, Failure> {
    if file.selection.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&file.selection).map(Some).map_err(|e| Failure::Deterministic(format!("selection of {}: {e}", file.key)))
}

fn draws(file: &FileRow) -> Result<Vec<Draw>, Failure> {
    Ok(selection(file)?.map(|s| s.draws).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use risk_domain::{Form, Match};
    use values::Day;

    use super::*;
    use crate::concluding::outcome;

    fn draw(purpose: &str, value: &str) -> Draw {
        Draw { purpose: purpose.to_owned(), version: 1, counter: 0, value: value.to_owned(), day: "2026-11-24".to_owned() }
    }

    #[test]
    fn a_file_keeps_every_draw_and_what_its_outcome_rests_on() {
        let hit = |profile: &str, outcome| Match { profile: profile.to_owned(), version: 2, line: 1, outcome };
        let selection = Selection {
            lane: Lane::Yellow,
            form: Form::Documents,
            ground: "Customs Law 54/2014/QH13 article 17".to_owned(),
            score: 300_000,
            learned: 200_000,
            by: "profile:R001".to_owned(),
            matched: vec![hit("R001", MatchOutcome::Selected), hit("R002", MatchOutcome::Spared)],
            random: true,
            random_propensity: 20_000,
            propensity: 1_000_000,
            draws: vec![draw("random:documents", "7"), draw("random:scan", "8")],
        };
        let kept = kept(&selection, &[draw("top_up:red", "9"), draw("random:documents", "7")]);
        assert_eq!(kept.draws, [draw("top_up:red", "9"), draw("random:documents", "7"), draw("random:scan", "8")]);
        let day = Day::from_ymd_opt(2026, 11, 24).unwrap();
        assert_eq!(outcome(kept, day), outcome(selection, day));
    }
}
