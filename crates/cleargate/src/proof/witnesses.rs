//! What the readers of risk have seen of its streams: today from their memory, on earlier days from their journals.
use anyhow::Result;
use contracts::{
    common::{Head, HeadsWitnessed, ReadJournalRequest, WitnessedRequest},
    intake::{IntakeEvent, intake_event},
    reporting::{ReportingEvent, reporting_event},
    tracking::{TrackingEvent, tracking_event},
};
use proof::{FACTS, Witness};
use prost::Message;

use super::span::Ranges;
use crate::{
    client::{Clients, explain},
    clock,
};

/// Services that read risk's topics, and the topics of their own journals.
const READERS: [(&str, &str); 3] = [("intake", "customs.intake.v1"), ("tracking", "customs.tracking.v1"), ("reporting", "customs.reporting.v1")];

/// Everything that anybody has seen of risk's facts.
pub async fn all(clients: &Clients) -> Result<Vec<Witness>> {
    let mut witnesses = Vec::new();
    for (reader, topic) in READERS {
        let mut add = |date: &str, heads: Vec<Head>| {
            let seen = heads.into_iter().filter(|h| h.topic == FACTS);
            witnesses.extend(seen.map(|h| Witness {
                by: reader.to_owned(),
                date: date.to_owned(),
                topic: h.topic,
                stream: h.stream,
                position: h.position,
                hash: hex::encode(h.hash),
            }));
        };
        let request = clients.request("auditor", "auditor", WitnessedRequest {})?;
        let now = clients.operations(reader)?.witnessed(request).await.map_err(|s| explain(&s))?.into_inner();
        add(&clock::today(), now.heads);
        for day in journaled(clients, reader, topic).await? {
            add(&day.date, day.heads);
        }
    }
    Ok(witnesses)
}

/// What a reader wrote down once a day: rows of no office, so of its first stream.
async fn journaled(clients: &Clients, reader: &str, topic: &str) -> Result<Vec<HeadsWitnessed>> {
    let mut found = Vec::new();
    let mut from = 1;
    loop {
        let request = ReadJournalRequest { topic: topic.to_owned(), stream: 0, from, limit: 2000 };
        let request = clients.request("auditor", "auditor", request)?;
        let page = clients.operations(reader)?.read_journal(request).await.map_err(|s| explain(&s))?.into_inner();
        let Some(last) = page.rows.last() else { return Ok(found) };
        from = last.position + 1;
        for row in page.rows.iter().filter(|row| row.kind.ends_with(".HeadsWitnessed")) {
            found.extend(witnessed(reader, row.payload.as_ref())?);
        }
    }
}

fn witnessed(reader: &str, payload: &[u8]) -> Result<Option<HeadsWitnessed>> {
    Ok(match reader {
        "intake" => match IntakeEvent::decode(payload)?.fact {
            Some(intake_event::Fact::HeadsWitnessed(fact)) => Some(fact),
            _ => None,
        },
        "tracking" => match TrackingEvent::decode(payload)?.fact {
            Some(tracking_event::Fact::HeadsWitnessed(fact)) => Some(fact),
            _ => None,
        },
        _ => match ReportingEvent::decode(payload)?.fact {
            Some(reporting_event::Fact::HeadsWitnessed(fact)) => Some(fact),
            _ => None,
        },
    })
}

/// Keeps the witnesses of rows within the ranges, and lengthens each stream to the first witness after its end, so that its end is seen too.
pub fn cover(witnesses: Vec<Witness>, ranges: &mut Ranges) -> Vec<Witness> {
    for (topic, stream, list) in ranges.iter_mut() {
        let Some(last) = list.last_mut() else { continue };
        let beyond = witnesses.iter().filter(|w| w.topic == *topic && w.stream == *stream && w.position >= last.1);
        if let Some(first) = beyond.map(|w| w.position).min() {
            last.1 = first;
        }
    }
    let within = |w: &Witness| {
        let own = ranges.iter().filter(|(topic, stream, _)| *topic == w.topic && *stream == w.stream);
        own.flat_map(|(_, _, list)| list).any(|(from, to)| (*from..=*to).contains(&w.position))
    };
    witnesses.into_iter().filter(within).collect()
}
