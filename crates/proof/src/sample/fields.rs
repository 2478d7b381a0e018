//! One field of a row's content is changed; says which, and whether a decision depends on it.
use contracts::risk::{Assigned, Decided, Officer, Reassigned, TraceEvent, risk_event::Fact as Arm, trace_event::Fact as Trace};
use prost::Message as _;
use values::Day;

use super::Dice;
use crate::write::JournalRow;

/// Name of the field, and whether recomputation must find the change.
pub type Change = (&'static str, bool);

/// A change by the dice.
type Edit<'a, T> = (&'static str, bool, fn(&mut T, &mut Dice));

fn one_of<T>(target: &mut T, edits: &[Edit<'_, T>], dice: &mut Dice) -> Option<Change> {
    let (name, decisive, edit) = edits.get(dice.below(edits.len()))?;
    edit(target, dice);
    Some((name, *decisive))
}

fn bump(number: &mut u32, dice: &mut Dice) {
    *number += 1 + u32::try_from(dice.below(3)).unwrap_or(0);
}

fn text(text: &mut String, _: &mut Dice) {
    match text.pop() {
        Some('1') | None => text.push('2'),
        Some(_) => text.push('1'),
    }
}

fn bytes(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len());
    match bytes.get_mut(at) {
        Some(byte) => *byte ^= 1 << dice.below(8),
        None => bytes.push(1),
    }
}

/// Changes a fact.
pub fn fact(fact: &mut Arm, day: Day, auditor: bool, dice: &mut Dice) -> Option<Change> {
    let day = day.to_string();
    match fact {
        Arm::Decided(f) => decided(f, dice),
        Arm::Assigned(f) => assigned(f, auditor, dice),
        Arm::Reassigned(f) => reassigned(f, dice),
        Arm::AssignmentClosed(f) => {
            let held = !f.officer.is_empty();
            let (name, decisive) = one_of(
                f,
                &[
                    ("key", true, |f, d| text(&mut f.key, d)),
                    ("version", true, |f, d| bump(&mut f.version, d)),
                    ("officer", true, |f, d| text(&mut f.officer, d)),
                    ("reason", false, |f, d| text(&mut f.reason, d)),
                    ("points", true, |f, d| bump(&mut f.points, d)),
                ],
                dice,
            )?;
            Some((name, decisive && (held || name != "points")))
        }
        Arm::Concluded(f) => one_of(
            f,
            &[
                ("key", true, |f, d| text(&mut f.key, d)),
                ("version", true, |f, d| bump(&mut f.version, d)),
                ("officer", true, |f, d| text(&mut f.officer, d)),
                ("conform", false, |f, _| f.conform ^= true),
                ("code", false, |f, d| text(&mut f.code, d)),
                ("note_digest", false, |f, d| bytes(&mut f.note_digest, d)),
            ],
            dice,
        ),
        Arm::LaneChanged(f) => one_of(
            f,
            &[
                ("key", auditor, |f, d| text(&mut f.key, d)),
                ("version", auditor, |f, d| bump(&mut f.version, d)),
                ("from", auditor, |f, _| f.from = f.from % 3 + 1),
                ("to", auditor, |f, _| f.to = f.to % 3 + 1),
                ("reason", false, |f, d| text(&mut f.reason, d)),
                ("second_person", false, |f, d| text(&mut f.second_person, d)),
            ],
            dice,
        ),
        Arm::DayCommitted(f) => {
            let of_day = f.date == day;
            one_of(
                f,
                &[
                    ("office", of_day, |f, d| text(&mut f.office, d)),
                    ("date", of_day, |f, d| text(&mut f.date, d)),
                    ("commitment", of_day, |f, d| bytes(&mut f.commitment, d)),
                ],
                dice,
            )
        }
        Arm::DayOpened(f) => {
            let of_day = f.date == day;
            one_of(
                f,
                &[
                    ("office", of_day, |f, d| text(&mut f.office, d)),
                    ("date", of_day, |f, d| text(&mut f.date, d)),
                    ("commitment", of_day, |f, d| bytes(&mut f.commitment, d)),
                    ("rules", of_day, |f, d| bytes(&mut f.rules, d)),
                    ("roster", of_day, |f, d| bytes(&mut f.roster, d)),
                    ("model", of_day, |f, d| bytes(&mut f.model, d)),
                    ("balance", of_day, |f, d| {
                        let at = d.below(f.balances.len());
                        f.balances.iter_mut().skip(at).take(1).for_each(|b| if d.once_in(2) { b.points += 5 } else { b.open_files += 1 });
                    }),
                    ("beacon_value", of_day, |f, d| text(&mut f.beacon_value, d)),
                    ("default_cap", of_day, |f, d| bump(&mut f.default_cap, d)),
                ],
                dice,
            )
        }
        Arm::DayClosed(f) => {
            let of_day = f.date == day;
            one_of(f, &[("date", of_day, |f, d| text(&mut f.date, d)), ("decisions", of_day, |f, d| bump(&mut f.decisions, d))], dice)
        }
        Arm::DayKeyRevealed(f) => {
            let of_day = f.date == day;
            one_of(f, &[("date", of_day, |f, d| text(&mut f.date, d)), ("key", of_day, |f, d| bytes(&mut f.key, d))], dice)
        }
        Arm::RulesInForce(f) => one_of(
            f,
            &[
                ("digest", true, |f, d| bytes(&mut f.digest, d)),
                ("model", true, |f, d| bytes(&mut f.model, d)),
                ("default_cap", true, |f, d| bump(&mut f.default_cap, d)),
                ("version", false, |f, d| bump(&mut f.version, d)),
                ("profiles", false, |f, d| bump(&mut f.profiles, d)),
            ],
            dice,
        ),
        Arm::RosterSet(f) => one_of(
            f,
            &[
                ("office", true, |f, d| text(&mut f.office, d)),
                ("digest", true, |f, d| bytes(&mut f.digest, d)),
                ("officer", true, |f, d| {
                    let at = d.below(f.officers.len());
                    f.officers.iter_mut().skip(at).take(1).for_each(|o| officer(o, d));
                }),
                ("supervisor", true, |f, d| {
                    let at = d.below(f.supervisors.len());
                    f.supervisors.iter_mut().skip(at).take(1).for_each(|o| officer(o, d));
                }),
            ],
            dice,
        ),
        Arm::Superseded(_) | Arm::HeadsWitnessed(_) | Arm::DeadLetterDiscarded(_) => None,
    }
}

fn officer(officer: &mut Officer, dice: &mut Dice) {
    match dice.below(8) {
        0 => officer.lists.push("export".to_owned()),
        1 => officer.skills.push("85".to_owned()),
        2 => officer.cap += 1,
        3 => officer.conflicts.push("3300000001".to_owned()),
        4 => officer.shifts.truncate(officer.shifts.len().saturating_sub(1)),
        5 => officer.leave.push(contracts::risk::Shift { from_us: 0, to_us: 1 }),
        6 => officer.suspended ^= true,
        _ => text(&mut officer.code, dice),
    }
}

fn decided(f: &mut Decided, dice: &mut Dice) -> Option<Change> {
    one_of(
        f,
        &[
            ("key", true, |f, d| text(&mut f.key, d)),
            ("version", true, |f, d| bump(&mut f.version, d)),
            ("lane", true, |f, _| f.lane = f.lane % 3 + 1),
            ("form", true, |f, _| f.form = (f.form + 1) % 5),
            ("legal_ground", true, |f, d| text(&mut f.legal_ground, d)),
            ("score", true, |f, d| bump(&mut f.score, d)),
            ("day", true, |f, d| text(&mut f.day, d)),
            ("trace_digest", true, |f, d| bytes(&mut f.trace_digest, d)),
            ("officer", true, |f, d| text(&mut f.officer, d)),
            ("queue_reason", true, |f, d| text(&mut f.queue_reason, d)),
            ("points", true, |f, d| bump(&mut f.points, d)),
            ("rules", true, |f, d| bytes(&mut f.rules, d)),
        ],
        dice,
    )
}

fn assigned(f: &mut Assigned, auditor: bool, dice: &mut Dice) -> Option<Change> {
    let first = f.round == 0;
    one_of(
        f,
        &[
            ("key", true, |f, d| text(&mut f.key, d)),
            // To the public a version matters where something is drawn for it.
            ("version", auditor || !f.draws.is_empty(), |f, d| bump(&mut f.version, d)),
            ("officer", true, |f, d| text(&mut f.officer, d)),
            ("points", auditor || !f.officer.is_empty(), |f, d| bump(&mut f.points, d)),
            ("day", true, |f, d| text(&mut f.day, d)),
            ("trace_digest", auditor, |f, d| bytes(&mut f.trace_digest, d)),
            ("round", true, |f, d| bump(&mut f.round, d)),
            ("how", true, |f, d| text(&mut f.how, d)),
            ("list", auditor, |f, d| text(&mut f.list, d)),
            ("left_out", auditor, |f, d| {
                if f.left_out.is_empty() || d.once_in(2) {
                    f.left_out.push(contracts::risk::LeftOut { code: format!("HQ{:03}", d.below(12)), reason: "CONFLICT".to_owned() });
                } else {
                    f.left_out.pop();
                }
            }),
            ("draws", true, |f, d| {
                let at = d.below(f.draws.len());
                match f.draws.get_mut(at) {
                    Some(draw) => match d.below(5) {
                        0 => draw.value ^= 1 << d.below(64),
                        1 => draw.counter += 1,
                        2 => draw.version += 1,
                        3 => text(&mut draw.day, d),
                        _ => text(&mut draw.purpose, d),
                    },
                    None => f.draws.push(contracts::risk::Draw::default()),
                }
            }),
            ("queue_reason", true, |f, d| text(&mut f.queue_reason, d)),
            ("supervisor", auditor, |f, d| text(&mut f.supervisor, d)),
            ("group", auditor && first, |f, d| text(&mut f.group, d)),
            ("from", auditor, |f, d| text(&mut f.from, d)),
        ],
        dice,
    )
}

fn reassigned(f: &mut Reassigned, dice: &mut Dice) -> Option<Change> {
    let drawn = f.drawn;
    one_of(
        f,
        &[
            ("key", true, |f, d| text(&mut f.key, d)),
            ("version", true, |f, d| bump(&mut f.version, d)),
            ("from", true, |f, d| text(&mut f.from, d)),
            ("to", !drawn, |f, d| text(&mut f.to, d)),
            ("reason", false, |f, d| text(&mut f.reason, d)),
            ("second_person", false, |f, d| text(&mut f.second_person, d)),
            ("points", true, |f, d| bump(&mut f.points, d)),
            ("drawn", true, |f, _| f.drawn ^= true),
            ("round", drawn, |f, d| bump(&mut f.round, d)),
        ],
        dice,
    )
}

/// Changes a row of the restricted topic.
pub fn trace(row: &mut JournalRow, dice: &mut Dice) -> Option<Change> {
    let mut event = TraceEvent::decode(row.payload.as_slice()).ok()?;
    let change = match event.fact.as_mut()? {
        Trace::Traced(f) => one_of(
            f,
            &[
                ("key", true, |f, d| text(&mut f.key, d)),
                ("version", true, |f, d| bump(&mut f.version, d)),
                ("salt", true, |f, d| bytes(&mut f.salt, d)),
                ("trace", true, |f, d| bytes(&mut f.trace, d)),
                ("trace", true, |f, d| bytes(&mut f.trace, d)),
            ],
            dice,
        ),
        Trace::PickTraced(f) => one_of(
            f,
            &[
                ("key", true, |f, d| text(&mut f.key, d)),
                ("version", true, |f, d| bump(&mut f.version, d)),
                ("round", true, |f, d| bump(&mut f.round, d)),
                ("salt", true, |f, d| bytes(&mut f.salt, d)),
                ("trace", true, |f, d| bytes(&mut f.trace, d)),
            ],
            dice,
        ),
        Trace::RulesPublished(f) => {
            one_of(f, &[("digest", true, |f, d| bytes(&mut f.digest, d)), ("rules", true, |f, d| text(&mut f.rules, d))], dice)
        }
        Trace::RuleChanged(_) | Trace::HeadsWitnessed(_) => None,
    }?;
    row.payload = event.encode_to_vec();
    Some(change)
}
