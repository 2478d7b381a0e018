//! One database as it was at one moment.
use std::collections::HashMap;

use anyhow::{Context, Result};
use sqlx::{Connection, PgConnection, Row};

use crate::stack::Stack;

/// A read-only transaction that sees one moment, and how far its service had read then.
pub struct Snapshot {
    pub service: &'static str,
    pub conn: PgConnection,
    /// (topic, partition) → (position, hash).
    pub read: HashMap<(String, i32), (i64, Vec<u8>)>,
    /// (topic, stream) → (position, hash, published).
    pub heads: HashMap<(String, i32), (i64, Vec<u8>, i64)>,
}

impl Snapshot {
    pub async fn take(stack: &Stack, service: &'static str) -> Result<Self> {
        let url = stack.database_url(service)?.context("no database yet; run `cleargate up`")?;
        let mut conn = PgConnection::connect(&url).await.with_context(|| format!("database of {service}"))?;
        for statement in
            ["SET statement_timeout = 0", "SET idle_in_transaction_session_timeout = 0", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
        {
            sqlx::query(statement).execute(&mut conn).await?;
        }
        let mut read = HashMap::new();
        for row in sqlx::query("SELECT topic, partition, position, hash FROM consumers").fetch_all(&mut conn).await? {
            read.insert((row.get(0), row.get(1)), (row.get(2), row.get(3)));
        }
        let mut heads = HashMap::new();
        for row in sqlx::query("SELECT topic, stream, position, hash, published FROM streams").fetch_all(&mut conn).await? {
            heads.insert((row.get(0), row.get(1)), (row.get(2), row.get(3), row.get(4)));
        }
        Ok(Self { service, conn, read, heads })
    }

    /// Position up to which this service had read a stream.
    pub fn read_to(&self, topic: &str, stream: i32) -> i64 {
        self.read.get(&(topic.to_owned(), stream)).map_or(0, |(position, _)| *position)
    }

    /// What this service remembers of the streams it reads.
    pub fn memory(&self) -> Memory {
        Memory { service: self.service, read: self.read.clone() }
    }
}

/// A reader's memory: (topic, partition) → (position, hash).
pub struct Memory {
    pub service: &'static str,
    pub read: HashMap<(String, i32), (i64, Vec<u8>)>,
}
