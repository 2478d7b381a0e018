//! Journals by themselves: gapless, chained, witnessed, relayed.
use std::collections::HashMap;

use anyhow::Result;
use futures::TryStreamExt;
use platform::journal::{GENESIS, Hash, Row, chain};
use sqlx::Row as _;
use tokio::time::{Duration, Instant};

use super::{
    Finding,
    snapshot::{Memory, Snapshot},
};
use crate::stack::Stack;

/// Every row of every journal from genesis.
pub async fn verify_all(snapshots: [&mut Snapshot; 4]) -> Result<Finding> {
    let mut finding = Finding::new("journals are gapless and every hash follows");
    for snapshot in snapshots {
        verify_one(snapshot, &mut finding).await?;
    }
    Ok(finding)
}

async fn verify_one(snapshot: &mut Snapshot, finding: &mut Finding) -> Result<()> {
    let mut last: HashMap<(String, i32), (i64, Hash)> = HashMap::new();
    let mut rows = sqlx::query(
        "SELECT topic, stream, position, kind, subject, office, actor, cause, recorded_at, payload, hash FROM journal ORDER BY topic, stream, position",
    )
    .fetch(&mut snapshot.conn);
    while let Some(row) = rows.try_next().await? {
        let row = Row {
            topic: row.get(0),
            stream: row.get(1),
            position: row.get(2),
            kind: row.get(3),
            subject: row.get(4),
            office: row.get(5),
            actor: row.get(6),
            cause: row.get(7),
            recorded_at: row.get(8),
            trace: String::new(),
            headers: String::new(),
            payload: row.get(9),
            hash: row.get(10),
        };
        let place = (row.topic.to_string(), row.stream);
        let (position, previous) = last.get(&place).copied().unwrap_or((0, GENESIS));
        finding.checked += 1;
        if row.position != position + 1 {
            finding.fault(format!("{}: {}/{} has no row {}", snapshot.service, row.topic, row.stream, position + 1));
        }
        if chain::hash(&row.hash) != Some(row.link().hash(&previous)) {
            finding.fault(format!("{}: {}/{}/{} does not follow", snapshot.service, row.topic, row.stream, row.position));
        }
        // From here on the row's own hash counts, so that one fault is told once.
        last.insert(place, (row.position, chain::hash(&row.hash).unwrap_or(GENESIS)));
    }
    drop(rows);
    for ((topic, stream), (position, hash, published)) in &snapshot.heads {
        let (reached, tail) = last.get(&(topic.clone(), *stream)).copied().unwrap_or((0, GENESIS));
        if *position != reached || hash.as_slice() != tail || published > position {
            finding.fault(format!("{}: head of {topic}/{stream} says {position}, the journal ends at {reached}", snapshot.service));
        }
    }
    Ok(())
}

/// What a reader remembers of a producer's streams is what the producer has.
pub async fn witness(memory: &Memory, producer: &mut Snapshot, finding: &mut Finding) -> Result<()> {
    for ((topic, stream), (position, hash)) in &memory.read {
        if memory.service == producer.service || *position == 0 || !producer.heads.contains_key(&(topic.clone(), *stream)) {
            continue;
        }
        let stored: Option<Vec<u8>> = sqlx::query_scalar("SELECT hash FROM journal WHERE topic = $1 AND stream = $2 AND position = $3")
            .bind(topic)
            .bind(stream)
            .bind(position)
            .fetch_optional(&mut producer.conn)
            .await?;
        finding.checked += 1;
        if stored.as_ref() != Some(hash) {
            finding.fault(format!("{} saw another {topic}/{stream}/{position} than {} has", memory.service, producer.service));
        }
    }
    Ok(())
}

/// What was journaled at the moment of the snapshot reaches the broker soon after.
pub async fn relays(stack: &Stack, snapshots: [&Snapshot; 4]) -> Result<Finding> {
    let mut finding = Finding::new("relays are drained up to the heads audited");
    let until = Instant::now() + Duration::from_secs(10);
    for snapshot in snapshots {
        loop {
            let now = Snapshot::take(stack, snapshot.service).await?;
            let behind: Vec<_> =
                snapshot.heads.iter().filter(|(place, head)| now.heads.get(*place).is_none_or(|(_, _, published)| *published < head.0)).collect();
            if behind.is_empty() || Instant::now() > until {
                finding.checked += snapshot.heads.len() as u64;
                for ((topic, stream), head) in behind {
                    finding.fault(format!("{}: {topic}/{stream} is journaled to {}, less is published", snapshot.service, head.0));
                }
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(finding)
}
