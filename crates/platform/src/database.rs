//! The pool, and migrations: the block of the platform and the service's own tables under one lock and one history.
use std::{borrow::Cow, collections::BTreeMap, str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool,
    migrate::{Migrate, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{failure, laboratory, settings, streams::Layout};

/// The block of every service database.
pub static JOURNAL: Migrator = sqlx::migrate!("./migrations");

/// Why the schema is not as this version needs it.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("migration {0} is not applied: run `<service> migrate`")]
    Pending(i64),
    #[error("migration {0} is not known to this version and older than what it knows: start the version that applied it")]
    Unknown(i64),
    #[error("migration {0} was changed after it had been applied")]
    Changed(i64),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// A connection that was used less than this ago is taken to be alive. Where it is not, a loop tries its transaction again and a query is answered
/// `UNAVAILABLE`.
const UNTESTED: Duration = Duration::from_secs(1);

/// A pool that connects when first used, so that a service can live without its database.
pub fn pool(settings: &settings::Database, service: &str) -> Result<PgPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(settings.url.expose())?.application_name(service).statement_cache_capacity(200);
    Ok(PgPoolOptions::new()
        .max_connections(settings.connections)
        .min_connections(2)
        .acquire_timeout(Duration::from_millis(settings.acquire_ms))
        // A connection that was used a moment ago is not asked first whether it is still there: that would be a round trip for each transaction.
        .test_before_acquire(false)
        .before_acquire(|conn, used| {
            Box::pin(async move {
                if used.idle_for >= UNTESTED {
                    conn.ping().await?;
                }
                Ok(true)
            })
        })
        // A large batch leaves a large buffer in the connection that wrote it; without this every connection of the pool keeps one.
        .after_release(|conn, _| {
            Box::pin(async move {
                conn.shrink_buffers();
                Ok(!failure::met_stale_plan())
            })
        })
        .connect_lazy_with(options))
}

/// Begins a transaction that works on sets of rows by their keys, in one round trip.
///
/// Each statement is planned once on a connection, for few rows and by index. Left to itself, PostgreSQL plans a join with an array anew at every
/// execution as long as the array is short, which costs several times the work itself; and it reads a whole table while that is small, by a plan
/// that would stay when the table has grown.
///
/// Large rows that are written are unnested in the select list, which hands on each as it comes. `UNNEST` of several arrays in `FROM` first copies
/// every column into a store of its own, on disk when it is larger than `work_mem`.
pub const BEGIN: &str = "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL jit = off";

/// For a statement over whole days or tables in such a transaction: from here on plans are made for the values at hand.
pub async fn plan_for_values(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("SET LOCAL plan_cache_mode = auto; SET LOCAL enable_seqscan = on").execute(conn).await.map(drop)
}

/// A service's own migrations begin behind this number, the platform's stay below.
const OWN: i64 = 1000;

/// One migration more, of a version after this one.
#[cfg(feature = "laboratory")]
static NEXT: Migrator = sqlx::migrate!("./laboratory");

/// The platform's migrations and the service's, in order of their numbers.
fn all(service: &Migrator) -> Migrator {
    let mut migrations: Vec<_> = JOURNAL.iter().chain(service.iter()).cloned().collect();
    #[cfg(feature = "laboratory")]
    if laboratory::next_version() {
        migrations.extend(NEXT.iter().cloned());
    }
    migrations.sort_by_key(|m| m.version);
    // What a newer version has applied is judged by `check`.
    Migrator { migrations: Cow::Owned(migrations), ignore_missing: true, ..Migrator::DEFAULT }
}

/// One statement for each table of ours that has columns with the usual statistics.
///
/// A tenth of them is enough: transactions are planned for any values (see [`BEGIN`]), queries go by key. With all of them PostgreSQL reads,
/// uncompresses and sorts 30,000 rows of traces and payloads of each table, again and again while it grows. What somebody has set is left alone.
const COARSER: &str =
    "SELECT format('ALTER TABLE %s %s', a.attrelid::regclass, string_agg(format('ALTER COLUMN %I SET STATISTICS 10', a.attname), ', '))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE')
        AND a.attnum > 0 AND NOT a.attisdropped AND COALESCE(a.attstattarget, -1) < 0
    GROUP BY a.attrelid";

/// Each table by itself: reading and writing go on meanwhile, and no two are locked at once.
async fn coarsen_statistics(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let statements: Vec<String> = sqlx::query_scalar(COARSER).fetch_all(&mut *conn).await?;
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Applies what is pending, under an advisory lock, and creates the stream heads of the topics this service tells.
pub async fn migrate(url: &str, service: &Migrator, topics: &[&str], layout: Layout) -> Result<(), SchemaError> {
    let pool = PgPoolOptions::new().max_connections(1).connect(url).await?;
    all(service).run(&pool).await?;
    laboratory::point("migrate::before-streams");
    let mut conn = pool.acquire().await?;
    for topic in topics {
        create_streams(&mut conn, topic, layout).await?;
    }
    coarsen_statistics(&mut conn).await?;
    Ok(())
}

async fn create_streams(conn: &mut PgConnection, topic: &str, layout: Layout) -> Result<(), sqlx::Error> {
    let streams: Vec<i32> = (0..layout.streams()).filter_map(|s| i32::try_from(s).ok()).collect();
    sqlx::query!("INSERT INTO streams (topic, stream) SELECT $1, s FROM UNNEST($2::int[]) AS s ON CONFLICT DO NOTHING", topic, &streams)
        .execute(conn)
        .await?;
    Ok(())
}

/// Refuses pending and changed migrations, and unknown ones among those this version knows.
///
/// Unknown ones above all known belong to a newer version whose rollout is under way. Migrations only add (expand, then contract a version
/// later), so this version can go on, and start again, beside it.
pub async fn check(pool: &PgPool, service: &Migrator) -> Result<(), SchemaError> {
    let mut conn = pool.acquire().await?;
    let wanted = all(service);
    let applied: BTreeMap<i64, Vec<u8>> = match conn.list_applied_migrations(&wanted.table_name).await {
        Ok(applied) => applied.into_iter().map(|m| (m.version, m.checksum.to_vec())).collect(),
        // No table of migrations: nothing was ever applied.
        Err(sqlx::migrate::MigrateError::Execute(error)) if is_missing_table(&error) => BTreeMap::new(),
        Err(error) => return Err(error.into()),
    };
    for migration in wanted.iter() {
        match applied.get(&migration.version) {
            None => return Err(SchemaError::Pending(migration.version)),
            Some(checksum) if *checksum != *migration.checksum => return Err(SchemaError::Changed(migration.version)),
            Some(_) => {}
        }
    }
    // The platform's numbers and the service's rise side by side: each is newer than its own kind alone.
    let newest = |than: i64| wanted.iter().map(|m| m.version).filter(|known| (*known < OWN) == (than < OWN)).max().unwrap_or_default();
    let unknown: Vec<i64> = applied.keys().copied().filter(|version| !wanted.version_exists(*version)).collect();
    if let Some(version) = unknown.iter().find(|version| **version < newest(**version)) {
        return Err(SchemaError::Unknown(*version));
    }
    match unknown.first() {
        Some(version) => {
            tracing::warn!(version, "the schema is newer than this version; its migrations only add, so it goes on");
            Ok(())
        }
        None => Ok(()),
    }
}

fn is_missing_table(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "42P01")
}
