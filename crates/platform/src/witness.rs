//! Every reader is a witness: once a day a service journals the heads that it has read of every other, so no past can be rewritten unnoticed.
use std::time::Duration;

use async_trait::async_trait;
use contracts::common::{Head, HeadsWitnessed};
use sqlx::PgConnection;

use crate::{
    failure::Failure,
    streams::Class,
    timers::Timer,
    work::{Entry, Work},
};

/// How a service writes the fact down in its own event.
pub struct Witness {
    pub service: &'static str,
    pub topic: &'static str,
    pub kind: &'static str,
    pub encode: fn(HeadsWitnessed) -> Vec<u8>,
}

#[async_trait]
impl Timer for Witness {
    fn name(&self) -> &'static str {
        "witness"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(600)
    }

    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let date = work.now.date_naive().to_string();
        let heads = heads(work.conn).await?;
        if heads.is_empty() {
            return Ok(());
        }
        let first_today = sqlx::query!(
            "INSERT INTO commands (caller, method, key, digest, answer, at) VALUES ($1, 'timer:witness', $2, '', '', $3) ON CONFLICT DO NOTHING",
            self.service,
            date,
            work.now
        )
        .execute(&mut *work.conn)
        .await?
        .rows_affected()
            == 1;
        if !first_today {
            return Ok(());
        }
        work.entries.push(Entry {
            topic: self.topic,
            class: Class::Cargo,
            kind: self.kind.into(),
            subject: self.service.to_owned(),
            office: String::new(),
            actor: self.service.to_owned(),
            cause: format!("timer:witness:{date}"),
            recorded_at: work.now,
            trace: String::new(),
            payload: (self.encode)(HeadsWitnessed { date, heads }),
            headers: crate::cloudevent::Headers::default(),
            answer: false,
            answers: None,
        });
        Ok(())
    }
}

/// What this service has read of every stream.
pub async fn heads(conn: &mut PgConnection) -> Result<Vec<Head>, Failure> {
    let rows =
        sqlx::query!("SELECT topic, partition, position, hash FROM consumers WHERE position > 0 ORDER BY topic, partition").fetch_all(conn).await?;
    let head =
        rows.into_iter().map(|h| Head { topic: h.topic, stream: h.partition.unsigned_abs(), position: h.position.unsigned_abs(), hash: h.hash });
    Ok(head.collect())
}
