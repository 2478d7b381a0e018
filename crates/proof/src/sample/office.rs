//! The days of one office: keys, roster and rules ahead, then the open day's work, then the key.
use contracts::risk::{
    Balance, DayClosed, DayCommitted, DayKeyRevealed, DayOpened, RulesInForce, RulesPublished, TraceEvent, risk_event, trace_event,
};
use risk_domain::{AHEAD, DayCount, DayKey, Ledger, Load, RuleBook as _, Scorer as _, commitment};
use sha2::{Digest as _, Sha256};
use values::{Day, start_of};

use super::{
    Sample,
    desk::Desk,
    dice::Dice,
    journal::{Draft, Step},
    world,
};
use crate::roster::roster_row;

const SECOND: i64 = 1_000_000;

/// Code of the n-th office.
pub fn name(n: usize) -> String {
    format!("3{}B{}", n % 10, char::from(b'A' + u8::try_from(n / 10 % 26).unwrap_or(0)))
}

/// The key of its day.
pub fn key(seed: u64, n: usize) -> [u8; 32] {
    Sha256::digest(format!("sample {seed} {n}")).into()
}

/// (cargo, parcels).
pub fn streams(n: usize) -> (u32, u32) {
    let n = u32::try_from(n).unwrap_or(0);
    (n % 2, 6 + n % 2)
}

/// Local midnight and `us` microseconds.
fn local(day: Day, us: i64) -> i64 {
    start_of(day).timestamp_micros() + us
}

/// Everything that the office writes.
pub fn steps(sample: &Sample, n: usize) -> Vec<Step> {
    let office = name(n);
    let (cargo, _) = streams(n);
    let mut dice = Dice(sample.seed ^ (n as u64).wrapping_mul(0x1234_5678_9abc));
    let offset = i64::try_from(n).unwrap_or(0);
    let day_key = DayKey::new(key(sample.seed, n));
    let (day, roster) = (sample.day, world::roster(sample.officers, sample.day, &mut dice));
    let fact = |fact: risk_event::Fact| Draft::fact(cargo, &office, &office, "risk", contracts::risk::RiskEvent { fact: Some(fact) });
    let before = day.pred_opt().unwrap_or(day);
    let early = day - chrono::Days::new(AHEAD);
    let (rules, model) = (sample.rules.digest().to_vec(), sample.model.as_ref().map(|m| m.digest().to_vec()).unwrap_or_default());

    let committed = risk_event::Fact::DayCommitted(DayCommitted {
        office: office.clone(),
        date: day.to_string(),
        commitment: commitment(&office, day, &day_key).to_vec(),
    });
    let in_force = risk_event::Fact::RulesInForce(RulesInForce {
        office: office.clone(),
        digest: rules.clone(),
        version: 1,
        profiles: 3,
        model: model.clone(),
        default_cap: sample.rules.default_cap,
    });
    let text = String::from_utf8(sample.rules.document()).unwrap_or_default();
    let published = trace_event::Fact::RulesPublished(RulesPublished { office: office.clone(), digest: rules.clone(), rules: text });
    let published = Draft::trace(cargo, &office, &office, TraceEvent { fact: Some(published) });
    let loads: Vec<(String, Load)> = roster.officers().iter().map(|o| (o.code.clone(), Load { points: dice.roll() % 400, open_files: 0 })).collect();
    let ledger = Ledger::new(loads, DayCount::default(), DayCount::default());
    let (beacon_source, beacon_value) = sample.beacon.clone().unwrap_or_default();
    let open = |date: Day, commitment: Vec<u8>, ledger: &Ledger| {
        let balances =
            ledger.balances().map(|(officer, load)| Balance { officer: officer.to_owned(), points: load.points, open_files: load.open_files });
        risk_event::Fact::DayOpened(DayOpened {
            office: office.clone(),
            date: date.to_string(),
            commitment,
            rules: rules.clone(),
            roster: roster.digest().to_vec(),
            model: model.clone(),
            balances: balances.collect(),
            beacon_source: beacon_source.clone(),
            beacon_value: beacon_value.clone(),
            default_cap: sample.rules.default_cap,
        })
    };
    let closed = |date: Day, decisions: u32| risk_event::Fact::DayClosed(DayClosed { office: office.clone(), date: date.to_string(), decisions });
    let revealed = |date: Day, key: Vec<u8>| risk_event::Fact::DayKeyRevealed(DayKeyRevealed { office: office.clone(), date: date.to_string(), key });

    let mut steps = vec![
        Step { at: local(early, 9 * world::HOUR + offset), rows: vec![fact(committed)] },
        Step {
            at: local(before, 8 * world::HOUR + offset),
            rows: vec![
                fact(in_force),
                published,
                fact(risk_event::Fact::RosterSet(roster_row(&office, &roster))),
                fact(open(before, vec![1; 32], &ledger)),
            ],
        },
    ];
    let opened = commitment(&office, day, &day_key).to_vec();
    steps.push(Step {
        at: local(day, 5 * SECOND + offset),
        rows: vec![fact(closed(before, 0)), fact(revealed(before, vec![2; 32])), fact(open(day, opened, &ledger))],
    });
    let mut desk = Desk::new(sample, n, roster.clone(), ledger, dice);
    let count = sample.declarations / sample.offices.max(1);
    let pace = 23 * world::HOUR / i64::try_from(count.max(1)).unwrap_or(1);
    for turn in 0..count {
        let at = local(day, 60 * SECOND + pace * i64::try_from(turn).unwrap_or(0)) / 16 * 16 + offset;
        steps.extend(desk.turn(at, pace));
    }
    let tomorrow = day.succ_opt().unwrap_or(day);
    steps.push(Step {
        at: local(tomorrow, 7 * world::HOUR + offset),
        rows: vec![fact(closed(day, desk.decisions)), fact(revealed(day, day_key.bytes().to_vec())), fact(open(tomorrow, vec![3; 32], &desk.ledger))],
    });
    steps
}
