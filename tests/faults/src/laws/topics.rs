//! L5 and the wire: every topic from offset 0 is its journal, in order, with nothing but repetitions added; every reader is at the head.
use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use rdkafka::{Message as _, message::Headers as _};
use sha2::{Digest as _, Sha256};

use super::{Evidence, Finding, Row};
use crate::{
    site::{HEARS, Site, TELLS},
    wires,
};

/// Returns the finding and how many messages repeated an earlier one.
pub async fn verify(site: &Site, evidence: &Evidence) -> Result<(Finding, u64)> {
    let mut finding = Finding::new("L5 every topic is its journal in order, all published");
    let mut duplicates = 0;
    for (service, topics) in TELLS {
        let books = evidence.of(service)?;
        for topic in topics {
            for ((_, stream), (position, _, published)) in books.heads.iter().filter(|((t, _), _)| t == topic) {
                finding.hold(position == published, || format!("{topic}/{stream} is published to {published} of {position}"));
            }
            let messages = read(site, topic).await?;
            for (stream, messages) in messages {
                let rows = books.journal.get(&((*topic).to_owned(), stream)).map(Vec::as_slice).unwrap_or_default();
                duplicates += compare(topic, stream, rows, &messages, &mut finding);
            }
        }
    }
    Ok((finding, duplicates))
}

/// What of a message is compared.
pub struct Seen {
    pub sequence: i64,
    chain: String,
    payload: [u8; 32],
}

fn compare(topic: &str, stream: i32, rows: &[Row], messages: &[Seen], finding: &mut Finding) -> u64 {
    let (mut next, mut duplicates) = (1_i64, 0);
    for message in messages {
        if message.sequence < next {
            duplicates += 1;
            continue;
        }
        let row = usize::try_from(message.sequence - 1).ok().and_then(|i| rows.get(i));
        let same = row.is_some_and(|r| hex::encode(&r.hash) == message.chain && r.payload_digest == message.payload);
        finding.hold(message.sequence == next && same, || {
            format!("{topic}/{stream}: message {} where {next} belongs, or with other content than its row", message.sequence)
        });
        next = message.sequence + 1;
    }
    let missing = i64::try_from(rows.len()).unwrap_or(i64::MAX) + 1 - next;
    finding.hold(missing == 0, || format!("{topic}/{stream}: the last {missing} rows never came"));
    duplicates
}

/// All messages of a topic from offset 0, by partition.
async fn read(site: &Site, logical: &'static str) -> Result<BTreeMap<i32, Vec<Seen>>> {
    wires::fold(site, logical, BTreeMap::new(), |mut seen: BTreeMap<i32, Vec<Seen>>, message| {
        let header = |name: &str| {
            let headers = message.headers()?;
            let found = headers.iter().find(|h| h.key == name)?.value?;
            Some(String::from_utf8_lossy(found).into_owned())
        };
        let sequence = header("ce_sequence").and_then(|s| s.parse().ok()).context("a message without ce_sequence")?;
        let payload = Sha256::digest(message.payload().unwrap_or_default()).into();
        seen.entry(message.partition()).or_default().push(Seen { sequence, chain: header("ce_chain").unwrap_or_default(), payload });
        Ok(seen)
    })
    .await
}

/// How many messages of a topic contradict the one that their position had before, and how many there are: a fork told twice.
pub async fn forks(site: &Site, topic: &'static str) -> Result<(u64, u64)> {
    let (mut forks, mut all) = (0, 0);
    for messages in read(site, topic).await?.into_values() {
        let mut first: BTreeMap<i64, String> = BTreeMap::new();
        for message in messages {
            all += 1;
            let known = first.entry(message.sequence).or_insert_with(|| message.chain.clone());
            forks += u64::from(*known != message.chain);
        }
    }
    Ok((forks, all))
}

/// Every reader remembers the head of what it reads, by position and hash.
pub fn readers(evidence: &Evidence) -> Finding {
    let mut finding = Finding::new("L4 every reader stands at the head that its producer has");
    for (producer, topics) in TELLS {
        let Ok(books) = evidence.of(producer) else { continue };
        for (reader, heard) in HEARS {
            let Ok(reading) = evidence.of(reader) else { continue };
            for ((topic, stream), (position, hash, _)) in
                books.heads.iter().filter(|((t, _), head)| topics.contains(&t.as_str()) && heard.contains(&t.as_str()) && head.0 > 0)
            {
                let read = reading.readers.get(&(topic.clone(), *stream));
                finding.hold(read.is_some_and(|(p, h)| p == position && h == hash), || {
                    format!("{reader} has read {topic}/{stream} to {:?} of {position}, or another past", read.map(|r| r.0))
                });
            }
        }
    }
    finding
}
