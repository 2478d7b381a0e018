//! Facts of `customs.risk.v1`: lanes, officers, conclusions.
use contracts::{
    common::Lane as WireLane,
    risk::{Assigned, Concluded, Decided, Form, LaneChanged, Reassigned, risk_event::Fact as Wire},
};
use reporting_domain::{Fact, Reason, StageKind};
use values::{Lane, OfficerCode};

use super::named;
use crate::book::{Book, Place, Stage, StageRow, Unfit};

/// Takes one fact in.
pub fn hear<'f>(book: &mut Book<'f>, place: &Place<'f>, fact: Wire) -> Result<(), Unfit> {
    match fact {
        Wire::Decided(f) => decide(book, place, f),
        Wire::Assigned(f) => assign(book, place, f),
        Wire::Reassigned(f) => reassign(book, place, f),
        Wire::LaneChanged(f) => change(book, place, f),
        Wire::AssignmentClosed(f) => {
            let (key, version) = named(&f.key, f.version)?;
            let stage = Stage { officer: f.officer, reason: f.reason, ..Stage::new(place, StageKind::AssignmentClosed) };
            book.row(place, key, version).tell(&Fact::AssignmentClosed, stage);
            Ok(())
        }
        Wire::Concluded(f) => conclude(book, place, f),
        Wire::Superseded(f) => {
            let (key, version) = named(&f.key, f.named)?;
            let stage = Stage { reason: f.fact, ..Stage::new(place, StageKind::Superseded) };
            book.stages.push(StageRow { key, version, stage });
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
    let officer = officer(&f.officer)?;
    let queue_reason = match f.queue_reason.as_str() {
        "" => None,
        text => Some(Reason::parse(text).ok_or_else(|| Unfit("expected a coded queue reason".to_owned()))?),
    };
    let form = form(f.form());
    let patch = book.row(place, key, version);
    patch.form = form;
    let stage = Stage { lane: lane.as_str(), form, officer: f.officer, reason: f.queue_reason, ..Stage::new(place, StageKind::Lane) };
    patch.tell(&Fact::Decided { lane, officer, queue_reason }, stage);
    Ok(())
}

/// The first assignment of a version is told by its decision; rows from before there was a `how` tell of the queue alone.
fn assign<'f>(book: &mut Book<'f>, place: &Place<'f>, f: Assigned) -> Result<(), Unfit> {
    if f.officer.is_empty() || (f.round == 0 && !f.how.is_empty()) {
        return Ok(());
    }
    let (key, version) = named(&f.key, f.version)?;
    let officer = OfficerCode::parse(&f.officer)?;
    let stage = Stage { officer: f.officer, ..Stage::new(place, StageKind::Assigned) };
    book.row(place, key, version).tell(&Fact::Assigned(officer), stage);
    Ok(())
}

/// Without an officer it went into the queue: the assignment that follows tells who takes it.
fn reassign<'f>(book: &mut Book<'f>, place: &Place<'f>, f: Reassigned) -> Result<(), Unfit> {
    let (key, version) = named(&f.key, f.version)?;
    let officer = officer(&f.to)?;
    let stage = Stage { officer: f.to, reason: f.reason, ..Stage::new(place, StageKind::Reassigned) };
    match officer {
        Some(officer) => book.row(place, key, version).tell(&Fact::Reassigned(officer), stage),
        None => book.stages.push(StageRow { key, version, stage }),
    }
    Ok(())
}

/// Reports count the lane that was decided; the timeline tells what a person made of it.
fn change<'f>(book: &mut Book<'f>, place: &Place<'f>, f: LaneChanged) -> Result<(), Unfit> {
    let (key, version) = named(&f.key, f.version)?;
    let (lane, form) = (lane(f.to())?, form(f.form()));
    let stage = Stage { lane: lane.as_str(), form, officer: f.officer, reason: f.reason, ..Stage::new(place, StageKind::LaneChanged) };
    book.stages.push(StageRow { key, version, stage });
    Ok(())
}

fn conclude<'f>(book: &mut Book<'f>, place: &Place<'f>, f: Concluded) -> Result<(), Unfit> {
    let (key, version) = named(&f.key, f.version)?;
    let (form, conform) = (form(f.form()), if f.conform { "yes" } else { "no" });
    let stage = Stage { form, conform, reason: f.code, officer: f.officer, ..Stage::new(place, StageKind::Concluded) };
    book.row(place, key, version).tell(&Fact::Concluded { conform: f.conform }, stage);
    Ok(())
}

fn officer(text: &str) -> Result<Option<OfficerCode>, Unfit> {
    if text.is_empty() { Ok(None) } else { Ok(Some(OfficerCode::parse(text)?)) }
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
