//! A service without its database or its broker: it says so, lives, and does what it can.
use anyhow::Result;
use contracts::intake::{LodgeRequest, intake_client::IntakeClient};
use system_tests::{Sandbox, process::Process, system::declaration, until};

/// An intake without a broker: nobody listens there.
fn start(database: &str) -> Result<Process> {
    Process::start("intake", &[("DATABASE__URL", database), ("DATABASE__ACQUIRE_MS", "500"), ("KAFKA__BROKERS", "127.0.0.1:1")])
}

#[tokio::test]
async fn without_its_database_a_service_lives_and_is_not_ready() -> Result<()> {
    let alone = start("postgres://nobody:nothing@127.0.0.1:1/none")?;
    until("it answers", async || Ok(alone.ask("/livez").await.is_ok())).await?;
    assert_eq!(alone.ask("/livez").await?, (200, "live\n".to_owned()));
    assert_eq!(alone.ask("/readyz").await?.0, 503);
    Ok(())
}

#[tokio::test]
async fn without_its_broker_a_service_is_live_and_ready_and_lodging_by_grpc_goes_on() -> Result<()> {
    let sandbox = Sandbox::new(&intake::MIGRATIONS, &[intake::FACTS, intake::RESPONSES]).await?;
    let alone = start(&sandbox.url)?;
    until("it is ready", async || Ok(alone.get("/readyz").await.is_ok())).await?;
    until("it says what is missing", async || Ok(alone.get("/status").await?.contains("broker away"))).await?;
    let mut client = IntakeClient::connect(alone.address()).await?;
    let request = alone.signed(LodgeRequest { declaration: Some(declaration()), class: 0 }, "TESTER", "sender")?;
    assert_eq!(client.lodge(request).await?.into_inner().number.len(), 12);
    assert!(alone.get("/livez").await.is_ok() && alone.get("/readyz").await.is_ok());
    until("its metrics tell what waits for the broker", async || {
        let metrics = alone.get("/metrics").await?;
        let says = |line: &str| metrics.lines().any(|l| l == line);
        Ok(says(r#"cleargate_health_broker{service="intake"} 0"#)
            && says(r#"cleargate_health_ready{service="intake"} 1"#)
            && metrics.lines().any(|l| l.starts_with("cleargate_journal_unpublished{") && !l.ends_with(" 0")))
    })
    .await
}
