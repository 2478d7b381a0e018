//! The journal on a real PostgreSQL: gapless, chained, and telling when somebody meddled.
use platform::{
    Entry, database,
    journal::{self, GENESIS, Hash, chain},
};
use sqlx::Row as _;
use system_tests::{
    LAYOUT, Sandbox,
    toy::{self, MIGRATIONS, TOPIC, entry},
};

/// First (stream, position) whose hash does not follow, read from genesis.
async fn first_fault(sandbox: &Sandbox) -> anyhow::Result<Option<(i32, i64)>> {
    let mut conn = sandbox.pool.acquire().await?;
    for head in journal::heads(&mut conn).await? {
        let mut previous: Hash = GENESIS;
        let mut expected = 1;
        for row in journal::read(&mut conn, &head.topic, head.stream, 1, i64::MAX).await? {
            let hash = row.link().hash(&previous);
            if row.position != expected || chain::hash(&row.hash) != Some(hash) {
                return Ok(Some((row.stream, expected)));
            }
            previous = hash;
            expected += 1;
        }
        if head.position + 1 != expected || head.hash != previous {
            return Ok(Some((head.stream, expected)));
        }
    }
    Ok(None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_concurrent_writers_leave_gapless_positions_and_an_unbroken_chain() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let writers = (0..8).map(|writer: usize| {
        let (pool, journal) = (sandbox.pool.clone(), sandbox.journal);
        tokio::spawn(async move {
            for round in 0..40_usize {
                let offices = (0..=(writer + round) % 5).map(|n| format!("OFF{}", (writer * 3 + round + n) % 12));
                let entries: Vec<_> = offices.map(|office| entry(TOPIC, &office, &office, "ok")).collect();
                let mut tx = pool.begin().await?;
                journal::append(&mut tx, journal, entries).await?;
                // Some transactions end without a trace; their positions must be taken by others.
                if (writer + round).is_multiple_of(7) { tx.rollback().await? } else { tx.commit().await? }
            }
            anyhow::Ok(())
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    assert_eq!(first_fault(&sandbox).await?, None);
    let rows: i64 = sqlx::query("SELECT count(*) FROM journal").fetch_one(&sandbox.pool).await?.get(0);
    assert!(rows > 700, "{rows} rows");
    Ok(())
}

#[tokio::test]
async fn many_rows_at_once_are_kept_as_they_were_told_and_so_are_few() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let mut tx = sandbox.pool.begin().await?;
    let mut told = Vec::new();
    for rows in [1_000, 3] {
        let varied = |n: usize| Entry { trace: format!("trace {n}"), payload: vec![b'a'; n * 7], ..entry(TOPIC, "OFF1", &format!("số {n}"), "") };
        told.extend(journal::append(&mut tx, sandbox.journal, (0..rows).map(varied).collect()).await?);
    }
    let kept = journal::read(&mut tx, TOPIC, told[0].stream, 1, i64::MAX).await?;
    tx.commit().await?;
    assert_eq!(format!("{kept:?}"), format!("{told:?}"));
    assert_eq!(first_fault(&sandbox).await?, None);
    Ok(())
}

#[tokio::test]
async fn one_flipped_byte_is_found_and_named() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let facts: Vec<(&str, &str, &str)> = (0..50).map(|_| ("OFF1", "s", "ok")).collect();
    toy::tell(&sandbox, &facts).await?;
    assert_eq!(first_fault(&sandbox).await?, None);
    sqlx::query("ALTER TABLE journal DISABLE TRIGGER journal_is_append_only").execute(&sandbox.pool).await?;
    sqlx::query("UPDATE journal SET payload = set_byte(payload, 0, 1) WHERE position = 17").execute(&sandbox.pool).await?;
    let stream = i32::try_from(sandbox.journal.layout.stream(platform::streams::Class::Cargo, "OFF1"))?;
    assert_eq!(first_fault(&sandbox).await?, Some((stream, 17)));
    Ok(())
}

#[tokio::test]
async fn a_row_cannot_be_changed_or_deleted_in_the_ordinary_way() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    toy::tell(&sandbox, &[("OFF1", "s", "ok")]).await?;
    for statement in ["UPDATE journal SET office = ''", "DELETE FROM journal", "TRUNCATE journal"] {
        let error = sqlx::query(statement).execute(&sandbox.pool).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{statement}: {error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_payload_above_the_limit_is_refused_before_it_is_written() -> anyhow::Result<()> {
    let mut sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    sandbox.journal.largest_payload = 10;
    let error = toy::tell(&sandbox, &[("OFF1", "s", "eleven byte")]).await.unwrap_err();
    assert!(error.to_string().contains("11 bytes"), "{error}");
    assert_eq!(first_fault(&sandbox).await?, None);
    Ok(())
}

#[tokio::test]
async fn columns_keep_a_tenth_of_the_usual_statistics_unless_somebody_has_set_them() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let kept = async || -> anyhow::Result<Vec<i32>> {
        let targets = "SELECT DISTINCT attstattarget::int FROM pg_attribute WHERE attrelid = 'journal'::regclass AND attnum > 0 ORDER BY 1";
        Ok(sqlx::query_scalar(targets).fetch_all(&sandbox.pool).await?)
    };
    assert_eq!(kept().await?, [10]);
    sqlx::query("ALTER TABLE journal ALTER COLUMN kind SET STATISTICS 200").execute(&sandbox.pool).await?;
    database::migrate(&sandbox.url, &MIGRATIONS, &[TOPIC], LAYOUT).await?;
    assert_eq!(kept().await?, [10, 200]);
    Ok(())
}
