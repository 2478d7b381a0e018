//! Rows of one transaction: positions without a gap behind locked heads, one hash a row.
use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use crate::{reading::Fact, store, topology::stream};

/// A row before it is written; `topic` is the place among the topics that the service tells.
pub struct Row<'m> {
    pub topic: usize,
    pub stream: i32,
    pub position: i64,
    pub kind: &'static str,
    pub subject: String,
    pub office: &'m str,
    pub cause: String,
    pub trace: &'m str,
    pub payload: Vec<u8>,
    pub hash: [u8; 32],
}

pub struct Journal<'m> {
    heads: BTreeMap<(usize, i32), (i64, [u8; 32])>,
    pub rows: Vec<Row<'m>>,
}

impl<'m> Journal<'m> {
    /// Locks the heads of all streams that the facts' offices have.
    pub async fn lock(conn: &mut PgConnection, topics: &[&str], facts: &[Fact<'_>]) -> Result<Self> {
        let mut streams: Vec<i32> = facts.iter().map(|fact| stream(fact.office)).collect();
        streams.sort_unstable();
        streams.dedup();
        Ok(Self { heads: store::heads(conn, topics, &streams).await?, rows: Vec::with_capacity(facts.len() * 2) })
    }

    /// The position that the next row of an office takes.
    pub fn next(&self, topic: usize, office: &str) -> (i32, i64) {
        let stream = stream(office);
        (stream, self.heads.get(&(topic, stream)).map_or(0, |head| head.0) + 1)
    }

    pub fn append(&mut self, topic: usize, kind: &'static str, subject: String, fact: &Fact<'m>, payload: Vec<u8>) -> Result<()> {
        let stream = stream(fact.office);
        let (position, previous) = self.heads.get_mut(&(topic, stream)).context("a head that is not locked")?;
        *position += 1;
        let hash =
            Sha256::new().chain_update(*previous).chain_update(position.to_be_bytes()).chain_update(&subject).chain_update(&payload).finalize();
        *previous = hash.into();
        let cause = if fact.position == 0 {
            format!("{}/{}@{}", fact.topic, fact.partition, fact.offset)
        } else {
            format!("{}/{}/{}", fact.topic, fact.partition, fact.position)
        };
        let (position, hash) = (*position, *previous);
        self.rows.push(Row { topic, stream, position, kind, subject, office: fact.office, cause, trace: fact.trace, payload, hash });
        Ok(())
    }
}
