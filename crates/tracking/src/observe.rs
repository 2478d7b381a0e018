//! Observe: a reading of a plate is judged, and the verdict carried out.
use contracts::tracking as wire;
use tracking_domain::{
    Announcement, Doubt, HoldReason, LastReading, OpenVisit, Reading, Sight, Verdict, Visit, confusable_plates, judge, vehicle_id,
};
use values::DeclarationKey;

use crate::{
    book::Book,
    event::{ADMITTED, Answer, DEPARTED, HELD, REPEAT, UNKNOWN, Via},
    load::natural_key,
    store::{Judged, ReadingRow, VisitRow},
    tell::texts,
};

/// Judges one reading. One that was seen before, under whatever message id, has no effect.
pub fn observe(book: &mut Book<'_>, reading: &Reading, via: &Via) -> Answer {
    let vehicle = vehicle_id(&book.rules.secret, &reading.plate, reading.country);
    if !book.seen.insert(natural_key(book.rules, reading)) {
        return Answer { outcome: REPEAT, vehicle, ..Answer::default() };
    }
    let sight = sight(book, &vehicle, reading);
    let verdict = judge(reading, &vehicle, &sight, &book.rules.limits, book.now);
    let passage = Passage { reading, vehicle: &vehicle, via };
    let answer = match verdict {
        Verdict::Repeat => answer(REPEAT, "", String::new()),
        Verdict::Arrived { visit, declarations } => passage.arrive(book, &sight, visit, &declarations),
        Verdict::Departed { visit, declarations } => passage.depart(book, &sight, visit, &declarations),
        Verdict::Held { visit, reason, declarations } => passage.hold(book, visit, reason, &declarations),
        Verdict::Unrecognised { reason } => passage.doubt(book, reason),
    };
    passage.keep(book, &answer);
    Answer { vehicle, ..answer }
}

fn answer(outcome: &'static str, reason: &'static str, visit: String) -> Answer {
    Answer { outcome, reason, visit, vehicle: String::new() }
}

fn sight(book: &Book<'_>, vehicle: &str, reading: &Reading) -> Sight {
    let row = book.vehicles.get(vehicle).map(|held| &held.row);
    let known = row.is_some();
    let announcement = row.and_then(|row| {
        let keys = row.announced.split_whitespace().filter_map(|key| DeclarationKey::parse(key).ok());
        Some(Announcement {
            gate: row.announced_gate.clone(),
            announced_at: row.announced_at?,
            declarations: keys.map(|key| book.carried(&key)).collect(),
        })
    });
    let stay = book.open_visit(vehicle);
    let visit = stay.map(|stay| OpenVisit {
        id: stay.row.id.clone(),
        gate: stay.row.gate.clone(),
        arrived_at: stay.row.arrived_at,
        declarations: book.visit(stay).carried,
    });
    let named = book.named.get(vehicle).into_iter().flatten().filter(|key| stay.is_none_or(|stay| !stay.keys.contains(*key)));
    let exists = |plate: &values::Plate| {
        let id = vehicle_id(&book.rules.secret, plate, reading.country);
        book.others.contains(&id) || book.vehicles.contains_key(&id)
    };
    Sight {
        known,
        announcement,
        visit,
        declarations: named.map(|key| book.carried(key)).collect(),
        look_out: book.rules.look_outs.get(vehicle).copied(),
        last: last(book, vehicle, reading, known),
        confusable: if known { Vec::new() } else { confusable_plates(&reading.plate).into_iter().filter(exists).collect() },
    }
}

/// The nearest earlier reading of the passage, those that proved something first.
fn last(book: &Book<'_>, vehicle: &str, reading: &Reading, known: bool) -> Option<LastReading> {
    let passage = (vehicle.to_owned(), reading.gate.code.clone(), reading.way.as_str().to_owned());
    let away = |judged: &Judged| (judged.observed_at - reading.observed_at).abs();
    let window = chrono::TimeDelta::seconds(i64::from(book.rules.limits.repeat_window_s));
    // A vehicle that has become known since it was unknown is looked at again at once: it stands at the gate.
    let weak = |judged: &Judged| judged.outcome == UNKNOWN && (known || judged.reason == Doubt::WeakReading.as_str());
    let near = book.judged.get(&passage)?.iter().filter(|judged| away(judged) <= window);
    near.min_by_key(|judged| (weak(judged), away(judged))).map(|judged| LastReading { observed_at: judged.observed_at, weak: weak(judged) })
}

/// One reading on its way to its effects.
struct Passage<'a> {
    reading: &'a Reading,
    vehicle: &'a str,
    via: &'a Via,
}

impl Passage<'_> {
    fn visit_row(&self, id: &str) -> VisitRow {
        VisitRow {
            id: id.to_owned(),
            vehicle: self.vehicle.to_owned(),
            gate: self.reading.gate.code.clone(),
            office: self.reading.gate.office.to_string(),
            state: String::new(),
            reason: String::new(),
            arrived_at: self.reading.observed_at,
            departed_at: None,
        }
    }

    /// The announcement is used and no gate holds the vehicle any longer.
    fn pass(&self, book: &mut Book<'_>) {
        let used = book.vehicles.get(self.vehicle).is_some_and(|held| held.row.announced_gate == self.reading.gate.code);
        let row = book.vehicle(self.vehicle, self.reading.country);
        if used {
            row.announced_gate.clear();
            row.announced.clear();
            row.announced_at = None;
        }
        row.held_gate.clear();
        row.held_reason.clear();
        row.held_at = None;
    }

    fn arrive(&self, book: &mut Book<'_>, sight: &Sight, id: String, declarations: &[DeclarationKey]) -> Answer {
        let (visit, released) = Visit::begin(id, self.reading.gate.code.clone(), sight.carried(declarations));
        self.pass(book);
        book.begin(self.visit_row(&visit.id), &visit);
        let event = wire::Arrived {
            visit: visit.id.clone(),
            vehicle: book.seen_on_the_wire(self.vehicle, self.reading),
            gate: visit.gate.clone(),
            direction: self.reading.way.as_str().to_owned(),
            declarations: texts(declarations),
            observed_at: Some(self.reading.observed_at.into()),
        };
        self.tell(book, &visit.id, event);
        if let Some(released) = released {
            book.tell_released(self.via, &released);
        }
        answer(ADMITTED, "", visit.id)
    }

    fn depart(&self, book: &mut Book<'_>, sight: &Sight, id: String, declarations: &[DeclarationKey]) -> Answer {
        let mut visit = match book.open_visit(self.vehicle) {
            Some(stay) => book.visit(stay),
            // It was loaded inland and leaves with cleared exports: its visit begins and ends here.
            None => {
                let (visit, _) = Visit::begin(id.clone(), self.reading.gate.code.clone(), sight.carried(declarations));
                book.begin(self.visit_row(&id), &visit);
                visit
            }
        };
        for carried in sight.carried(declarations) {
            // Nothing that the verdict names holds, so nothing is released by it either.
            let _ = visit.link(carried);
        }
        if let Err(illegal) = visit.depart() {
            // The verdict rests on the same declarations; if it ever did not, the gate stays closed.
            tracing::error!(%illegal, "a verdict contradicts its visit");
            return self.hold(book, Some(id), HoldReason::NotCleared, &visit.holding());
        }
        book.keep(&visit, Some(self.reading.observed_at));
        for carried in &visit.carried {
            book.declaration(&carried.key).departed = true;
        }
        self.pass(book);
        let event = wire::Departed {
            visit: visit.id.clone(),
            vehicle: book.seen_on_the_wire(self.vehicle, self.reading),
            gate: self.reading.gate.code.clone(),
            direction: self.reading.way.as_str().to_owned(),
            declarations: texts(declarations),
            observed_at: Some(self.reading.observed_at.into()),
        };
        self.tell(book, &visit.id, event);
        answer(DEPARTED, "", visit.id)
    }

    fn hold(&self, book: &mut Book<'_>, id: Option<String>, reason: HoldReason, declarations: &[DeclarationKey]) -> Answer {
        let visit = id.as_deref().and_then(|id| book.visits.get(id)).map(|stay| book.visit(stay));
        if let Some(mut visit) = visit {
            if let Err(illegal) = visit.hold(reason) {
                tracing::error!(%illegal, "a verdict contradicts its visit");
            }
            book.keep(&visit, None);
        } else {
            let (gate, at) = (self.reading.gate.code.clone(), self.reading.observed_at);
            let row = book.vehicle(self.vehicle, self.reading.country);
            row.held_gate = gate;
            reason.as_str().clone_into(&mut row.held_reason);
            row.held_at = Some(at);
        }
        let event = wire::Held {
            visit: id.clone().unwrap_or_default(),
            vehicle: book.seen_on_the_wire(self.vehicle, self.reading),
            gate: self.reading.gate.code.clone(),
            direction: self.reading.way.as_str().to_owned(),
            reason: reason.as_str().to_owned(),
            declarations: texts(declarations),
            observed_at: Some(self.reading.observed_at.into()),
        };
        self.tell(book, id.as_deref().unwrap_or(self.vehicle), event);
        answer(HELD, reason.as_str(), id.unwrap_or_default())
    }

    fn doubt(&self, book: &mut Book<'_>, reason: Doubt) -> Answer {
        let event = wire::Unrecognised {
            vehicle: book.seen_on_the_wire(self.vehicle, self.reading),
            gate: self.reading.gate.code.clone(),
            direction: self.reading.way.as_str().to_owned(),
            reason: reason.as_str().to_owned(),
            observed_at: Some(self.reading.observed_at.into()),
        };
        self.tell(book, self.vehicle, event);
        answer(UNKNOWN, reason.as_str(), String::new())
    }

    fn tell(&self, book: &mut Book<'_>, subject: &str, event: impl Into<wire::TrackingEvent>) {
        book.tell(self.via, subject, self.reading.gate.office.as_str(), event);
    }

    fn keep(&self, book: &mut Book<'_>, answer: &Answer) {
        let (camera, observed_at, plate) = natural_key(book.rules, self.reading);
        let row = ReadingRow {
            camera,
            observed_at,
            plate,
            vehicle: self.vehicle.to_owned(),
            gate: self.reading.gate.code.clone(),
            direction: self.reading.way.as_str().to_owned(),
            confidence: i16::try_from(self.reading.confidence).unwrap_or(i16::MAX),
            image: self.reading.image.clone(),
            outcome: answer.outcome.to_owned(),
            reason: answer.reason.to_owned(),
            visit: answer.visit.clone(),
        };
        if answer.outcome != REPEAT {
            let judged = Judged {
                vehicle: row.vehicle.clone(),
                gate: row.gate.clone(),
                direction: row.direction.clone(),
                observed_at,
                outcome: row.outcome.clone(),
                reason: row.reason.clone(),
            };
            book.judged.entry((judged.vehicle.clone(), judged.gate.clone(), judged.direction.clone())).or_default().push(judged);
        }
        book.readings.push(row);
    }
}
