//! Commands on a real PostgreSQL: once by their key, many to a commit, never a deadlock for the caller.
use std::{sync::Arc, time::Duration};

use futures::poll;
use platform::{
    callers::Caller,
    commands::{Call, CommandLoop, Commands},
    health::Health,
    limits::Deadline,
    metrics::Metrics,
    relay::Wake,
    serving::Refusal,
    settings,
};
use system_tests::{
    Sandbox,
    toy::{self, Add, MIGRATIONS, NoPeers, TOPIC, Toy, partitions, reader},
    until,
};
use tokio_util::sync::CancellationToken;

fn call(key: &str, offices: &[&str], digest: &[u8]) -> Call<Add> {
    within(Duration::from_secs(60), key, offices, digest)
}

fn within(time: Duration, key: &str, offices: &[&str], digest: &[u8]) -> Call<Add> {
    Call {
        caller: Caller { subject: "tester".to_owned(), roles: vec![], offices: vec!["*".to_owned()] },
        second: None,
        method: "Add",
        key: key.to_owned(),
        digest: digest.to_vec(),
        trace: String::new(),
        bytes: digest.len(),
        deadline: Deadline::after(time),
        command: Add { offices: offices.iter().map(|o| (*o).to_owned()).collect() },
    }
}

fn start(sandbox: &Sandbox, stop: &CancellationToken) -> Commands<Add> {
    start_with(sandbox, stop, settings::Commands { batch: 128, queue: 1024, queue_bytes: 1 << 26 })
}

fn start_with(sandbox: &Sandbox, stop: &CancellationToken, settings: settings::Commands) -> Commands<Add> {
    let (commands, command_loop) = CommandLoop::new(
        sandbox.pool.clone(),
        Arc::new(Toy),
        Arc::new(Toy),
        sandbox.journal,
        Wake::default(),
        Health::default(),
        Metrics::new("toy"),
        settings,
    );
    tokio::spawn(command_loop.run(stop.clone()));
    commands
}

#[tokio::test]
async fn the_same_key_is_answered_as_the_first_time_and_refused_with_other_content() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let stop = CancellationToken::new();
    let commands = start(&sandbox, &stop);
    let first = commands.submit(call("k", &["OFF1"], b"x")).await;
    let (again, at_once) = tokio::join!(commands.submit(call("k", &["OFF1"], b"x")), commands.submit(call("k", &["OFF1"], b"x")));
    assert!(first.is_ok() && again == first && at_once == first);
    let other = commands.submit(call("k", &["OFF2"], b"y")).await;
    assert!(matches!(other, Err(Refusal::Conflict { ref code, .. }) if code == "KEY_REUSED"), "{other:?}");
    let total: i64 = sqlx::query_scalar("SELECT sum(total)::bigint FROM offices").fetch_one(&sandbox.pool).await?;
    assert_eq!(total, 1);
    stop.cancel();
    Ok(())
}

#[tokio::test]
async fn a_call_that_makes_the_service_panic_is_refused_alone() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let stop = CancellationToken::new();
    let commands = start(&sandbox, &stop);
    let (one, bad, two) = tokio::join!(
        commands.submit(call("k1", &["OFF1"], b"x")),
        commands.submit(call("k2", &["panic"], b"x")),
        commands.submit(call("k3", &["OFF2"], b"x"))
    );
    assert!(one.is_ok() && two.is_ok() && bad == Err(Refusal::Internal), "{bad:?}");
    assert!(commands.submit(call("k4", &["OFF1"], b"x")).await.is_ok());
    stop.cancel();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_callers_and_two_readers_never_see_a_deadlock() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let stop = CancellationToken::new();
    // Two loops, as two replicas have them, with commands that lock several offices in opposite orders.
    let loops = [start(&sandbox, &stop), start(&sandbox, &stop)];
    let mut deliveries = Vec::new();
    for n in 0..20 {
        deliveries.push(toy::tell(&sandbox, &[(format!("OFF{}", n % 8).as_str(), "s", "ok"), ("OFF1", "t", "ok")]).await?);
    }
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    let reading = tokio::spawn(async move {
        for batch in deliveries {
            reader.step(batch).await?;
        }
        anyhow::Ok(())
    });
    let callers: Vec<_> = (0..64_usize)
        .map(|n| {
            let commands = loops[n % 2].clone();
            tokio::spawn(async move {
                let (a, b) = (format!("OFF{}", n % 8), format!("OFF{}", (n + 3) % 8));
                let offices = if n % 2 == 0 { [a.as_str(), b.as_str()] } else { [b.as_str(), a.as_str()] };
                commands.submit(call(&format!("k{n}"), &offices, b"x")).await
            })
        })
        .collect();
    for caller in callers {
        let answer = caller.await?;
        assert!(answer.is_ok(), "{answer:?}");
    }
    reading.await??;
    let total: i64 = sqlx::query_scalar("SELECT sum(total)::bigint FROM offices").fetch_one(&sandbox.pool).await?;
    assert_eq!(total, 128);
    stop.cancel();
    Ok(())
}

async fn total(sandbox: &Sandbox) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar("SELECT coalesce(sum(total), 0)::bigint FROM offices").fetch_one(&sandbox.pool).await?)
}

/// A transaction that holds an office, so that whatever is decided about it waits.
async fn hold(sandbox: &Sandbox, office: &str) -> anyhow::Result<sqlx::Transaction<'static, sqlx::Postgres>> {
    let mut held = sandbox.pool.begin().await?;
    sqlx::query("SELECT 1 FROM offices WHERE office = $1 FOR UPDATE").bind(office).fetch_all(&mut *held).await?;
    Ok(held)
}

/// Sessions of the sandbox that wait for a lock.
async fn waiting(sandbox: &Sandbox) -> anyhow::Result<i64> {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    Ok(sqlx::query_scalar(waiting).fetch_one(&sandbox.pool).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_whose_deadline_passes_in_the_queue_is_not_decided() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let stop = CancellationToken::new();
    let commands = start(&sandbox, &stop);
    let held = hold(&sandbox, "OFF1").await?;
    let first = tokio::spawn({
        let commands = commands.clone();
        async move { commands.submit(call("first", &["OFF1"], b"x")).await }
    });
    until("the first command is being decided", async || Ok(waiting(&sandbox).await? == 1)).await?;
    let late = within(Duration::from_millis(50), "late", &["OFF2"], b"x");
    let deadline = late.deadline;
    let second = tokio::spawn({
        let commands = commands.clone();
        async move { commands.submit(late).await }
    });
    until("its deadline has passed", async || Ok(deadline.passed())).await?;
    held.rollback().await?;
    assert!(first.await?.is_ok());
    assert_eq!(second.await?, Err(Refusal::Late));
    assert_eq!(total(&sandbox).await?, 1, "only the first was decided");
    // Its key is as good as new.
    assert!(commands.submit(call("late", &["OFF2"], b"x")).await.is_ok());
    stop.cancel();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_outlasts_the_callers_that_wait_for_it() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let stop = CancellationToken::new();
    let commands = start(&sandbox, &stop);
    // The role of the tests has no limit of its own: without the deadline this would wait for ever.
    let held = hold(&sandbox, "OFF1").await?;
    let answer = commands.submit(within(Duration::from_millis(300), "k", &["OFF1"], b"x")).await;
    assert_eq!(answer, Err(Refusal::Late));
    assert_eq!(waiting(&sandbox).await?, 0, "the statement has ended");
    held.rollback().await?;
    assert_eq!(total(&sandbox).await?, 0);
    stop.cancel();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_full_by_calls_or_by_bytes_turns_calls_away_at_once() -> anyhow::Result<()> {
    for (queue, queue_bytes) in [(1, 1 << 20), (1024, 10)] {
        let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
        let stop = CancellationToken::new();
        let commands = start_with(&sandbox, &stop, settings::Commands { batch: 1, queue, queue_bytes });
        let held = hold(&sandbox, "OFF1").await?;
        let mut first = Box::pin(commands.submit(call("first", &["OFF1"], b"12345")));
        assert!(poll!(&mut first).is_pending());
        until("the first is being decided", async || Ok(waiting(&sandbox).await? == 1)).await?;
        // One place is the second's, or ten bytes are both of theirs.
        let mut second = Box::pin(commands.submit(call("second", &["OFF1"], b"12345")));
        assert!(poll!(&mut second).is_pending());
        assert_eq!(commands.submit(call("third", &["OFF1"], b"12345")).await, Err(Refusal::Overloaded));
        held.rollback().await?;
        assert!(first.await.is_ok() && second.await.is_ok());
        stop.cancel();
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_were_answered_together_share_the_next_transaction() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let stop = CancellationToken::new();
    let commands = start(&sandbox, &stop);
    // On a machine with too much to do the caller may come back too late: then nobody is waited for in the next transaction.
    for round in 0..30 {
        let held = hold(&sandbox, "OFF1").await?;
        let submit = |caller: &str| {
            let (commands, key) = (commands.clone(), format!("{caller}{round}"));
            tokio::spawn(async move { commands.submit(call(&key, &["OFF1"], b"x")).await })
        };
        let first = submit("first");
        until("the first is being decided", async || Ok(waiting(&sandbox).await? == 1)).await?;
        let second = submit("second");
        // One that takes long is worth a wait.
        tokio::time::sleep(Duration::from_millis(100)).await;
        held.rollback().await?;
        assert!(first.await?.is_ok());
        // The second waits already, and the first comes back as a caller in a loop does.
        assert!(submit("again").await?.is_ok() && second.await?.is_ok());
        let times = "SELECT count(DISTINCT at) FROM commands WHERE key = ANY($1)";
        let apart: i64 =
            sqlx::query_scalar(times).bind([format!("second{round}"), format!("again{round}")].as_slice()).fetch_one(&sandbox.pool).await?;
        if apart == 1 {
            stop.cancel();
            return Ok(());
        }
    }
    anyhow::bail!("no round shared a transaction")
}
