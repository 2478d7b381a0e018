//! Facts of `customs.risk.v1`: lanes, officers, conclusions.
use contracts::{
    common::Lane as WireLane,
    risk::{Assigned, Concluded, Decided, Form, LaneChanged, Reassigned, risk_event::Fact as Wire},
};
use reporting_domain::{Fact, Reason, StageKind};
use values::{Lane, OfficerCode};

use super::named;
use crate::book::{Book, Place, StageRow, Unfit};

/// Takes one fact in.
pub fn hear<'f>(book: &mut Book<'f>, place: &Place<'f>, fact: Wire) -> Result<(), Unfit> {
    match fact {
        Wire::Decided(f) => decide(book, place, f),
        Wire::Assigned(f) => assign(book, place, f),
        Wire::Reassigned(f) => reassign(book, place, f),
        Wire::LaneChanged(f) => change(book, place, f),
        Wire::AssignmentClosed(f) => {
            let (key, version) = named(&f.key, f.version)?;
            book.row(place, key, version).row.apply(place.stamp(), &Fact::AssignmentClosed);
            let stage = StageRow::new(place, key, version.count(), StageKind::AssignmentClosed);
            book.stages.push(StageRow { officer: f.officer, reason: f.reason, ..stage });
            Ok(())
        }
        Wire::Concluded(f) => conclude(book, place, f),
        Wire::Superseded(f) => {
            let (key, version) = named(&f.key, f.named)?;
            book.stages.push(StageRow { reason: f.fact, ..StageRow::new(place, key, version.count(), StageKind::Superseded) });
            Ok(())
        }
        // Ignored on purpose: days, rules and rosters of offices, and the platform's own facts, are about no declaration.
        Wire::DayCommitted(_)
        | Wire::DayOpened(_)
        | Wire::DayClosed(_)
        | Wire::DayKeyRevealed(_)
        | Wire::RulesInForce(_)
        | Wire::RosterSet(_)
        | Wire::HeadsWitnessed(_)
        | Wire::DeadLetterDiscarded(_) => Ok(()),
    }
}

fn decide<'f>(book: &mut Book<'f>, place: &Place<'f>, f: Decided) -> Result<(), Unfit> {
    let (key, version) = named(&f.key, f.version)?;
    let lane = lane(f.lane())?;
    let officer = if f.officer.is_empty() { None } else { Some(OfficerCode::parse(&f.officer)?) };
    let queue_reason = match f.queue_reason.as_str() {
        "" => None,
        text => Some(Reason::parse(text).ok_or_else(|| Unfit("expected a coded queue reason".to_owned()))?),
    };
    let form = form(f.form());
    let patch = book.row(place, key, version);
    patch.row.apply(place.stamp(), &Fact::Decided { lane, officer, queue_reason });
    patch.form = form;
    let stage = StageRow::new(place, key, version.count(), StageKind::Lane);
    book.stages.push(StageRow { lane: lane.as_str(), form, officer: f.officer, reason: f.queue_reason, ..stage });
    Ok(())
}

/// The first assignment of a version is told by its decision; rows from before there was a `how` tell of the queue alone.
fn assign<'f>(book: &mut Book<'f>, place: &Place<'f>, f: Assigned) -> Result<(), Unfit> {
    if f.officer.is_empty() || (f.round == 0 && !f.how.is_empty()) {
        return Ok(());
    }
    let (key, version) = named(&f.key, f.version)?;
    let officer = OfficerCode::parse(&f.officer)?;
    book.row(place, key, version).row.apply(place.stamp(), &Fact::Assigned(officer));
    book.stages.push(StageRow { officer: f.officer, ..StageRow::new(place, key, version.count(), StageKind::Assigned) });
    Ok(())
}

/// Without an officer it went into the queue: the assignment that follows tells who takes it.
fn reassign<'f>(book: &mut Book<'f>, place: &Place<'f>, f: Reassigned) -> Result<(), Unfit> {
    let (key, version) = named(&f.key, f.version)?;
    if !f.to.is_empty() {
        let officer = OfficerCode::parse(&f.to)?;
        book.row(place, key, version).row.apply(place.stamp(), &Fact::Reassigned(officer));
    }
    let stage = StageRow::new(place, key, version.count(), StageKind::Reassigned);
    book.stages.push(StageRow { officer: f.to, reason: f.reason, ..stage });
    Ok(())
}

/// Reports count the lane that was decided; the timeline tells what a person made of it.
fn change<'f>(book: &mut Book<'f>, place: &Place<'f>, f: LaneChanged) -> Result<(), Unfit> {
    let (key, version) = named(&f.key, f.version)?;
    let (lane, form) = (lane(f.to())?, form(f.form()));
    let stage = StageRow::new(place, key, version.count(), StageKind::LaneChanged);
    book.stages.push(StageRow { lane: lane.as_str(), form, officer: f.officer, reason: f.reason, ..stage });
    Ok(())
}

fn conclude<'f>(book: &mut Book<'f>, place: &Place<'f>, f: Concluded) -> Result<(), Unfit> {
    let (key, version) = named(&f.key, f.version)?;
    book.row(place, key, version).row.apply(place.stamp(), &Fact::Concluded { conform: f.conform });
    let (form, conform) = (form(f.form()), if f.conform { "yes" } else { "no" });
    let stage = StageRow::new(place, key, version.count(), StageKind::Concluded);
    book.stages.push(StageRow { form, conform, reason: f.code, officer: f.officer, ..stage });
    Ok(())
}

fn lane(lane: WireLane) -> Result<Lane, Unfit> {
    match lane {
        WireLane::Green => Ok(Lane::Green),
        WireLane::Yellow => Ok(Lane::Yellow),
        WireLane::Red => Ok(Lane::Red),
        WireLane::Unspecified => Err(Unfit("expected a lane".to_owned())),
    }
}

const fn form(form: Form) -> &'static str {
    match form {
        Form::Unspecified => "",
        Form::Documents => "documents",
        Form::Scanner => "scanner",
        Form::Direct => "direct",
        Form::Laboratory => "laboratory",
    }
}
