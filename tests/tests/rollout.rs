//! An old and a new version side by side: the old one starts on a newer schema, and lives through a migration.
use anyhow::Result;
use platform::{
    Failure,
    database::{self, SchemaError},
    settings,
};
use system_tests::{
    Sandbox,
    toy::{MIGRATIONS, TOPIC},
};

/// Notes down that somebody applied a migration.
async fn applied(sandbox: &Sandbox, version: i64) -> Result<()> {
    let note = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES ($1, 'newer', true, '', 0)";
    sqlx::query(note).bind(version).execute(&sandbox.pool).await?;
    Ok(())
}

#[tokio::test]
async fn a_version_starts_on_the_schema_of_a_newer_one() -> Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    applied(&sandbox, i64::MAX).await?;
    database::check(&sandbox.pool, &MIGRATIONS).await?;
    // Its own `migrate`, as a pod runs it that starts again in mid-rollout, has nothing to do.
    Ok(database::migrate(&sandbox.url, &MIGRATIONS, &[TOPIC], sandbox.journal.layout).await?)
}

#[tokio::test]
async fn a_schema_with_a_foreign_a_missing_or_a_changed_migration_is_refused() -> Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    applied(&sandbox, 0).await?;
    assert!(matches!(database::check(&sandbox.pool, &MIGRATIONS).await, Err(SchemaError::Unknown(0))));
    sqlx::query("UPDATE _sqlx_migrations SET checksum = '' WHERE version = 1").execute(&sandbox.pool).await?;
    assert!(matches!(database::check(&sandbox.pool, &MIGRATIONS).await, Err(SchemaError::Changed(1))));
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 1").execute(&sandbox.pool).await?;
    assert!(matches!(database::check(&sandbox.pool, &MIGRATIONS).await, Err(SchemaError::Pending(1))));
    Ok(())
}

#[tokio::test]
async fn a_plan_that_a_migration_made_stale_is_tried_again_and_heals() -> Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let settings = settings::Database { url: sandbox.url.clone().into(), connections: 1, acquire_ms: 3000 };
    let pool = database::pool(&settings, "old")?;
    sqlx::query("CREATE TABLE widening (a int)").execute(&sandbox.pool).await?;
    let read = async || sqlx::query("SELECT * FROM widening").fetch_all(&pool).await.map_err(Failure::from);
    read().await?;
    sqlx::query("ALTER TABLE widening ADD COLUMN b int").execute(&sandbox.pool).await?;
    let stale = read().await;
    assert!(matches!(stale, Err(Failure::Retry(_))), "{stale:?}");
    read().await?;
    Ok(())
}
