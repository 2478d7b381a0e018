//! What claim and fence must not be: the laboratory runs these to show that their faults are noticed.
use std::collections::BTreeMap;

use sqlx::{PgConnection, Row as _};

use super::claim::Partition;
use crate::{
    failure::Failure,
    journal::chain,
    laboratory::{Broken, broken},
    protocol::{owning::Move, screen::Progress},
};

/// A claim that leaves the epoch as it was.
pub async fn claim(conn: &mut PgConnection, partitions: &[Partition], owner: &str) -> Result<BTreeMap<Partition, Progress>, Failure> {
    let mut claimed = BTreeMap::new();
    for (topic, partition) in partitions {
        let row = sqlx::query(
            "INSERT INTO consumers AS c (topic, partition, epoch, owner) VALUES ($1, $2, 1, $3)
             ON CONFLICT (topic, partition) DO UPDATE SET owner = $3 RETURNING epoch, position, hash, next_offset",
        )
        .bind(topic)
        .bind(partition)
        .bind(owner)
        .fetch_one(&mut *conn)
        .await?;
        let hash = chain::hash(row.get("hash")).ok_or_else(|| Failure::Deterministic("a reading position has no hash".to_owned()))?;
        let progress = Progress { epoch: row.get("epoch"), position: row.get("position"), hash, next_offset: row.get("next_offset") };
        claimed.insert((topic.clone(), *partition), progress);
    }
    Ok(claimed)
}

/// A fence that lets everybody through whose epoch holds, or everybody.
pub async fn fence(conn: &mut PgConnection, moves: &[Move<Partition>]) -> Result<bool, Failure> {
    for Move { partition: (topic, partition), from, to } in moves {
        let moved =
            sqlx::query("UPDATE consumers SET position = $4, hash = $5, next_offset = $6 WHERE topic = $1 AND partition = $2 AND ($7 OR epoch = $3)")
                .bind(topic)
                .bind(partition)
                .bind(from.epoch)
                .bind(to.position)
                .bind(to.hash.to_vec())
                .bind(to.next_offset)
                .bind(broken(Broken::NoFence))
                .execute(&mut *conn)
                .await?;
        if moved.rows_affected() == 0 {
            return Err(Failure::Fenced);
        }
    }
    Ok(true)
}
