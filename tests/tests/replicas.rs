//! Two replicas of every service: killed, stopped and asked at once under load, they lose nothing, double nothing and fail no call.
use std::{
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, Result, ensure};
use contracts::intake::{LodgeRequest, intake_client::IntakeClient};
use system_tests::{
    binary, cleargate,
    system::{System, audit, declaration, signal, signed, status},
    until,
};

const SERVICES: [&str; 4] = ["intake", "risk", "tracking", "reporting"];

/// A load of its own process; its outcome is read at the end.
struct Load(Child);

impl Load {
    fn start(count: u32) -> Result<Self> {
        let mut command = Command::new(binary("cleargate")?);
        command.args(["load", "--rate", "400", "--count", &count.to_string(), "--json"]);
        Ok(Self(command.stdout(Stdio::piped()).spawn()?))
    }

    /// Every declaration that was sent is done.
    async fn done(self) -> Result<()> {
        let printed = tokio::task::spawn_blocking(move || self.0.wait_with_output()).await??;
        let outcome: serde_json::Value = serde_json::from_slice(&printed.stdout)?;
        ensure!(outcome["totals"]["done"] == outcome["totals"]["sent"], "{outcome}");
        Ok(())
    }
}

/// Waits until a service has told `more` facts than `before`.
async fn told_more(system: &System, service: &str, before: i64, more: i64) -> Result<()> {
    until(&format!("{service} tells {more} facts more"), async || Ok(system.told(service).await? >= before + more)).await
}

async fn ready(service: &str, replica: usize) -> Result<()> {
    until(&format!("{service} {replica} is ready"), async || Ok(status()?["services"][service]["replicas"][replica]["state"] == "running")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_killed_once_in_mid_load_loses_and_doubles_nothing() -> Result<()> {
    let system = System::start().await?;
    let before = system.told("intake").await?;
    let load = Load::start(8000)?;
    for (n, service) in (1..).zip(SERVICES) {
        // The kills fall into the load at even distances.
        told_more(&system, "intake", before, n * 1500).await?;
        for replica in [0, 1] {
            signal("-9", service, replica)?;
        }
        cleargate(&["up"])?;
    }
    load.done().await?;
    audit()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_replica_of_every_service_is_killed_and_the_other_goes_on() -> Result<()> {
    let system = System::start().await?;
    let before = system.told("intake").await?;
    let load = Load::start(6000)?;
    told_more(&system, "intake", before, 1500).await?;
    for service in SERVICES {
        signal("-9", service, 0)?;
    }
    // Nobody starts them again before all is done.
    load.done().await?;
    audit()?;
    cleargate(&["up"])?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_asked_to_stop_under_load_fails_no_call() -> Result<()> {
    let system = System::start().await?;
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let token = system_tests::token("TESTER", "sender", "32BB")?;
    let callers: Vec<_> = (0..8)
        .map(|_| -> Result<_> {
            let (mut intake, stop, answered) = (IntakeClient::new(system.channel("intake")?), Arc::clone(&stop), Arc::clone(&answered));
            let bearer: tonic::metadata::MetadataValue<tonic::metadata::Ascii> = format!("Bearer {token}").parse()?;
            Ok(tokio::spawn(async move {
                while !stop.load(Ordering::Acquire) {
                    let mut request = tonic::Request::new(LodgeRequest { declaration: Some(declaration()), class: 0 });
                    request.metadata_mut().insert("authorization", bearer.clone());
                    let number = intake.lodge(request).await.context("a call failed")?.into_inner().number;
                    ensure!(number.len() == 12, "{number}");
                    answered.fetch_add(1, Ordering::AcqRel);
                }
                Ok(())
            }))
        })
        .collect::<Result<_>>()?;
    for round in 0..3 {
        let seen = answered.load(Ordering::Acquire);
        until("calls are answered", async || Ok(answered.load(Ordering::Acquire) > seen + 100)).await?;
        let replica = round % 2;
        signal("-TERM", "intake", replica)?;
        until("it has gone", async || Ok(status()?["services"]["intake"]["replicas"][replica]["state"] == "down")).await?;
        cleargate(&["up"])?;
        ready("intake", replica).await?;
    }
    stop.store(true, Ordering::Release);
    for caller in callers {
        caller.await??;
    }
    audit()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_both_replicas_get_at_once_has_one_effect_and_one_answer() -> Result<()> {
    let system = System::start().await?;
    let before = system.told("intake").await?;
    for _ in 0..20 {
        let lodge = LodgeRequest { declaration: Some(declaration()), class: 0 };
        let ask = async |replica: usize| -> Result<String> {
            let request = signed(lodge.clone(), "TESTER", "sender", "32BB")?;
            Ok(IntakeClient::new(system.replica("intake", replica)?).lodge(request).await?.into_inner().number)
        };
        let (one, other) = tokio::try_join!(ask(0), ask(1))?;
        assert_eq!(one, other);
    }
    let lodged = "SELECT count(*) - count(DISTINCT subject) FROM journal WHERE topic = 'customs.intake.v1' AND kind = 'customs.intake.v1.Lodged'";
    let doubled: i64 = sqlx::query_scalar(lodged).fetch_one(&system.database("intake").await?).await?;
    assert_eq!(doubled, 0);
    assert!(system.told("intake").await? >= before + 20);
    audit()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_replicas_are_asked_for_and_the_surplus_is_stopped() -> Result<()> {
    let _system = System::start().await?;
    let pid = |status: &serde_json::Value, replica: usize| status["services"]["risk"]["replicas"][replica]["pid"].clone();
    let two = status()?;
    assert_eq!(two["services"]["risk"]["pid"], pid(&two, 0));
    cleargate(&["up", "--replicas", "1"])?;
    let one = status()?;
    assert_eq!(one["services"]["risk"]["replicas"].as_array().map(Vec::len), Some(1));
    assert_eq!(pid(&one, 0), pid(&two, 0), "replica 0 was left alone");
    assert_eq!(one["running"], true);
    // The count is remembered.
    cleargate(&["up"])?;
    assert_eq!(status()?["services"]["risk"]["replicas"].as_array().map(Vec::len), Some(1));
    cleargate(&["up", "--replicas", "2"])?;
    assert_eq!(status()?["services"]["risk"]["replicas"].as_array().map(Vec::len), Some(2));
    Ok(())
}
