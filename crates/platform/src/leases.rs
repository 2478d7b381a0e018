//! A lease says who does a job that one replica should do: the relay, a timer. Two by accident are harmless everywhere a lease is used.
//!
//! Its time is the database's, so that a replica whose clock is ahead can neither take a lease that is held nor keep one when it is gone.
use sqlx::PgConnection;

use crate::failure::Failure;

/// Takes or renews a lease for so many seconds; false when somebody else holds it.
pub async fn hold(conn: &mut PgConnection, name: &str, owner: &str, seconds: u32) -> Result<bool, Failure> {
    let held = sqlx::query!(
        r#"INSERT INTO leases AS l (name, owner, until) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
           ON CONFLICT (name) DO UPDATE SET owner = $2, until = EXCLUDED.until WHERE l.owner = $2 OR l.until < clock_timestamp()"#,
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
