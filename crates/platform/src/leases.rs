//! A lease says who of several replicas fires a timer. Two by accident are harmless everywhere a lease is used.
//!
//! It is taken in the transaction that does the work, and counted by the database's clock, whatever a replica believes the time to be.
use sqlx::PgConnection;

use crate::failure::Failure;

/// Takes or renews a lease; false when somebody else holds it.
pub async fn hold(conn: &mut PgConnection, name: &str, owner: &str, seconds: u32) -> Result<bool, Failure> {
    let held = sqlx::query!(
        r#"INSERT INTO leases AS l (name, owner, until) VALUES ($1, $2, now() + make_interval(secs => $3))
           ON CONFLICT (name) DO UPDATE SET owner = $2, until = excluded.until WHERE l.owner = $2 OR l.until < now()"#,
        name,
        owner,
        f64::from(seconds)
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
