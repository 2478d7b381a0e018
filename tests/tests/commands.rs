//! Commands on a real PostgreSQL: once by their key, many to a commit, never a deadlock for the caller.
use std::sync::Arc;

use platform::{
    callers::Caller,
    commands::{Call, CommandLoop, Commands},
    health::Health,
    metrics::Metrics,
    relay::Wake,
    serving::Refusal,
    settings,
};
use system_tests::{
    Sandbox,
    toy::{self, Add, MIGRATIONS, NoPeers, TOPIC, Toy, partitions, reader},
};
use tokio_util::sync::CancellationToken;

fn call(key: &str, offices: &[&str], digest: &[u8]) -> Call<Add> {
    Call {
        caller: Caller { subject: "tester".to_owned(), roles: vec![], offices: vec!["*".to_owned()] },
        second: None,
        method: "Add",
        key: key.to_owned(),
        digest: digest.to_vec(),
        trace: String::new(),
        command: Add { offices: offices.iter().map(|o| (*o).to_owned()).collect() },
    }
}

fn start(sandbox: &Sandbox, stop: &CancellationToken) -> Commands<Add> {
    let (commands, command_loop) = CommandLoop::new(
        sandbox.pool.clone(),
        Arc::new(Toy),
        Arc::new(Toy),
        sandbox.journal,
        Wake::default(),
        Health::default(),
        Metrics::new("toy"),
        settings::Commands { batch: 128, queue: 1024 },
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
