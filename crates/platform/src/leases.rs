//! A lease says who does a job that one replica should do: the relay, a timer. Two by accident are harmless everywhere a lease is used.
use chrono::TimeDelta;
use sqlx::PgConnection;

use crate::{Instant, failure::Failure};

/// Takes or renews a lease; false when somebody else holds it.
pub async fn hold(conn: &mut PgConnection, name: &str, owner: &str, now: Instant, seconds: u32) -> Result<bool, Failure> {
    let until = now + TimeDelta::seconds(i64::from(seconds));
    let held = sqlx::query!(
        r#"INSERT INTO leases AS l (name, owner, until) VALUES ($1, $2, $3)
           ON CONFLICT (name) DO UPDATE SET owner = $2, until = $3 WHERE l.owner = $2 OR l.until < $4"#,
        name,
        owner,
        until,
        now
    )
    .execute(conn)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// Gives a lease up, so that another replica need not wait for it to run out.
pub async fn release(conn: &mut PgConnection, name: &str, owner: &str) -> Result<(), Failure> {
    sqlx::query!("DELETE FROM leases WHERE name = $1 AND owner = $2", name, owner).execute(conn).await?;
    Ok(())
}
