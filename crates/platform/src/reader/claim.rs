//! Owning partitions: a claim raises the epoch, a batch proves it still holds.
//!
//! What both mean is told by [`crate::protocol::owning`]; here is their SQL. The fence runs in the transaction that writes the effects.
use std::{collections::BTreeMap, sync::Arc};

use sqlx::PgConnection;

#[cfg(feature = "laboratory")]
use crate::laboratory;
use crate::{
    failure::Failure,
    journal::chain,
    protocol::{owning::Move, screen::Progress},
};

/// A partition of a logical topic.
pub type Partition = (Arc<str>, i32);

/// Takes partitions over: epoch + 1, reading position, hash and offset in the same statement.
pub async fn claim(conn: &mut PgConnection, partitions: &[Partition], owner: &str) -> Result<BTreeMap<Partition, Progress>, Failure> {
    let mut sorted = partitions.to_vec();
    sorted.sort_unstable();
    #[cfg(feature = "laboratory")]
    if laboratory::broken(laboratory::Broken::NoFence) {
        return super::broken::claim(conn, &sorted, owner).await;
    }
    let (topics, numbers): (Vec<String>, Vec<i32>) = sorted.into_iter().map(|(topic, number)| (topic.to_string(), number)).unzip();
    let rows = sqlx::query!(
        r#"INSERT INTO consumers AS c (topic, partition, epoch, owner)
           SELECT w.topic, w.partition, 1, $3 FROM UNNEST($1::text[], $2::int[]) AS w (topic, partition)
           ON CONFLICT (topic, partition) DO UPDATE SET epoch = c.epoch + 1, owner = $3
           RETURNING topic, partition, epoch, position, hash, next_offset"#,
        &topics,
        &numbers,
        owner
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|r| {
            let hash = chain::hash(&r.hash).ok_or_else(|| Failure::Deterministic("a reading position has no hash".to_owned()))?;
            Ok(((r.topic.into(), r.partition), Progress { epoch: r.epoch, position: r.position, hash, next_offset: r.next_offset }))
        })
        .collect()
}

/// Moves partitions from where this owner left them to where the batch leads, or fails as `Fenced`: [`Move::holds`] as one statement.
/// Returns whether any subject is blocked by a dead letter.
pub async fn fence(conn: &mut PgConnection, moves: &[Move<Partition>]) -> Result<bool, Failure> {
    #[cfg(feature = "laboratory")]
    if laboratory::broken(laboratory::Broken::NoFence) || laboratory::broken(laboratory::Broken::NoPositionCheck) {
        return super::broken::fence(conn, moves).await;
    }
    let topics: Vec<String> = moves.iter().map(|m| m.partition.0.to_string()).collect();
    let numbers: Vec<i32> = moves.iter().map(|m| m.partition.1).collect();
    let column = |pick: fn(&Move<Partition>) -> i64| moves.iter().map(pick).collect::<Vec<_>>();
    let hashes: Vec<Vec<u8>> = moves.iter().map(|m| m.to.hash.to_vec()).collect();
    let moved = sqlx::query_scalar!(
        r#"UPDATE consumers c SET position = w.position, hash = w.hash, next_offset = w.next_offset
           FROM UNNEST($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bigint[])
                AS w (topic, partition, epoch, was, position, hash, next_offset)
           WHERE c.topic = w.topic AND c.partition = w.partition AND c.epoch = w.epoch AND c.position = w.was
           RETURNING EXISTS (SELECT FROM parked) AS "parked!""#,
        &topics,
        &numbers,
        &column(|m| m.from.epoch),
        &column(|m| m.from.position),
        &column(|m| m.to.position),
        &hashes,
        &column(|m| m.to.next_offset)
    )
    .fetch_all(conn)
    .await?;
    if moved.len() == moves.len() { Ok(moved.contains(&true)) } else { Err(Failure::Fenced) }
}
