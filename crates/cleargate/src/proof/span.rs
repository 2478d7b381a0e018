//! Which rows of the journal prove a day: from the commitments to its keys to their revelation, and what was in force before.
use std::collections::BTreeMap;

use anyhow::{Result, bail};
use contracts::risk::{DayKeyRevealed, DayOpened, RiskEvent, risk_event::Fact};
use proof::{FACTS, OfficeKey, TRACES, Witness};
use prost::Message;

use super::{
    cursor::{Cursor, head},
    witnesses,
};
use crate::client::Clients;

/// Positions of a topic's stream from and to which, both inclusive, rows are wanted: ascending and apart.
pub type Ranges = Vec<StreamRanges>;
type StreamRanges = (&'static str, u32, Vec<(u64, u64)>);

/// The rows of a day.
pub struct Span {
    pub day: String,
    pub keys: Vec<OfficeKey>,
    /// Each stream with its ranges, both ends inclusive, ascending and apart.
    pub ranges: Ranges,
    /// Digests of rules and models that the day's decisions name.
    pub rules: Vec<Vec<u8>>,
    pub models: Vec<Vec<u8>>,
    /// Heads that other services have seen, each of a row within the ranges.
    pub witnesses: Vec<Witness>,
}

/// What one office did around the day.
#[derive(Default)]
struct Office {
    stream: u32,
    /// (position, recorded at) of the first row that matters, and of the last.
    committed: Option<(u64, i64)>,
    revealed: Option<(u64, i64)>,
    key: Vec<u8>,
    opened: DayOpened,
    /// Positions of the roster and the rules in force before the commitment.
    roster: Option<u64>,
    rules: Option<u64>,
}

/// Finds the rows of a day, or of the last one whose keys were revealed.
pub async fn find(clients: &Clients, day: Option<&str>) -> Result<Span> {
    let facts = streams(clients, FACTS).await?;
    let day = match day {
        Some(day) => day.to_owned(),
        None => last_revealed(clients, &facts).await?,
    };
    let mut offices: BTreeMap<String, Office> = BTreeMap::new();
    let (mut rules, mut models) = (Vec::new(), Vec::new());
    for (stream, last) in &facts {
        let mut cursor = Cursor::new(clients, FACTS, *stream, 1, *last);
        while let Some(row) = cursor.take().await? {
            if row.subject != row.office || row.office.is_empty() {
                continue;
            }
            let office = offices.entry(row.office.clone()).or_insert_with(|| Office { stream: *stream, ..Office::default() });
            let at = (row.position, row.recorded_at_us);
            match RiskEvent::decode(row.payload.as_ref())?.fact {
                Some(Fact::DayCommitted(f)) if f.date == day => office.committed = office.committed.or(Some(at)),
                Some(Fact::DayOpened(f)) if f.date == day => {
                    rules.push(f.rules.clone());
                    models.push(f.model.clone());
                    office.opened = f;
                }
                Some(Fact::DayKeyRevealed(DayKeyRevealed { date, key, .. })) if date == day => (office.revealed, office.key) = (Some(at), key),
                // The day after begins with the loads that this one ended with.
                Some(Fact::DayOpened(f)) if f.date > day && office.revealed.is_some_and(|(position, _)| row.position <= position + 4) => {
                    office.revealed = Some(at);
                }
                Some(Fact::RosterSet(_)) if office.committed.is_none() => office.roster = Some(row.position),
                Some(Fact::RulesInForce(f)) => {
                    if office.committed.is_none() {
                        office.rules = Some(row.position);
                    } else if office.revealed.is_none() {
                        rules.push(f.digest);
                        models.push(f.model);
                    }
                }
                _ => {}
            }
        }
    }
    offices.retain(|_, office| office.committed.is_some() && office.revealed.is_some() && !office.opened.date.is_empty());
    if offices.is_empty() {
        bail!(
            "no office has closed {day} and revealed its key; a day can be proved from the day after on (`cleargate day close` ends one early where that is allowed)"
        );
    }
    for list in [&mut rules, &mut models] {
        list.retain(|digest| !digest.is_empty());
        list.sort_unstable();
        list.dedup();
    }
    let mut ranges = ranges(clients, &facts, &offices).await?;
    let witnesses = witnesses::cover(witnesses::all(clients).await?, &mut ranges);
    let keys = offices.iter().map(|(code, office)| key(code, office)).collect();
    Ok(Span { day, keys, ranges, rules, models, witnesses })
}

fn key(code: &str, office: &Office) -> OfficeKey {
    OfficeKey {
        office: code.to_owned(),
        key: hex::encode(&office.key),
        beacon_source: office.opened.beacon_source.clone(),
        beacon_value: office.opened.beacon_value.clone(),
    }
}

/// (stream, head) of a topic, in order.
async fn streams(clients: &Clients, topic: &str) -> Result<Vec<(u32, u64)>> {
    let mut streams = Vec::new();
    while let Some(last) = head(clients, topic, u32::try_from(streams.len())?).await? {
        streams.push((u32::try_from(streams.len())?, last));
    }
    Ok(streams)
}

async fn last_revealed(clients: &Clients, facts: &[(u32, u64)]) -> Result<String> {
    let mut latest = String::new();
    for (stream, last) in facts {
        let mut cursor = Cursor::new(clients, FACTS, *stream, 1, *last);
        while let Some(row) = cursor.take().await? {
            if row.kind.ends_with(".DayKeyRevealed")
                && let Some(Fact::DayKeyRevealed(revealed)) = RiskEvent::decode(row.payload.as_ref())?.fact
            {
                latest = latest.max(revealed.date);
            }
        }
    }
    if latest.is_empty() {
        bail!("no day has been closed yet; a day can be proved from the day after on");
    }
    Ok(latest)
}

async fn ranges(clients: &Clients, facts: &[(u32, u64)], offices: &BTreeMap<String, Office>) -> Result<Ranges> {
    let from = offices.values().filter_map(|o| o.committed).map(|(_, at)| at).min().unwrap_or(0);
    let to = offices.values().filter_map(|o| o.revealed).map(|(_, at)| at).max().unwrap_or(0);
    let mut ranges: Ranges = Vec::new();
    for (topic, streams) in [(FACTS, facts.to_vec()), (TRACES, streams(clients, TRACES).await?)] {
        for (stream, last) in streams {
            let Some(within) = within(clients, topic, stream, last, (from, to)).await? else { continue };
            let before = offices.values().filter(|o| topic == FACTS && o.stream == stream).flat_map(|o| [o.roster, o.rules]).flatten();
            let mut list: Vec<(u64, u64)> = before.filter(|p| *p < within.0).map(|p| (p, p)).collect();
            list.sort_unstable();
            list.dedup();
            list.push(within);
            ranges.push((topic, stream, list));
        }
    }
    Ok(ranges)
}

/// First and last position recorded within a time; rows of several offices may overtake each other by a little.
async fn within(clients: &Clients, topic: &'static str, stream: u32, last: u64, (from, to): (i64, i64)) -> Result<Option<(u64, u64)>> {
    let mut found: Option<(u64, u64)> = None;
    let mut cursor = Cursor::new(clients, topic, stream, 1, last);
    while let Some(row) = cursor.take().await? {
        if (from..=to).contains(&row.recorded_at_us) {
            found = Some(found.map_or((row.position, row.position), |(first, _)| (first, row.position)));
        }
    }
    Ok(found)
}
