//! Limits on a real gRPC server: quotas by caller, queries before commands, deadlines, and what is never turned away.
use std::time::Duration;

use anyhow::Result;
use contracts::common::{ReadJournalRequest, operations_client::OperationsClient};
use platform::limits::{Kind, bucket::Rate};
use system_tests::{
    producer::{LIMITS, Producer},
    toy::TOPIC,
    until,
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

const LONGEST: Duration = Duration::from_secs(10);

fn retry_after(status: &Status) -> Option<Duration> {
    status.get_details_retry_info().and_then(|info| info.retry_delay)
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again_and_others_do_not_notice() -> Result<()> {
    let slow = Rate { per_second: 1, burst: 3 };
    let producer = Producer::limited(platform::settings::Limits { queries_of_one: slow, ..LIMITS }, LONGEST).await?;
    let (flood, other) = (producer.issuer.token("flood", &["auditor"])?, producer.issuer.token("other", &["auditor"])?);
    for _ in 0..3 {
        assert!(producer.read_journal(TOPIC, Some(&flood)).await?.is_ok());
    }
    let mut turned_away = None;
    until("the quota is used up", async || {
        turned_away = producer.read_journal(TOPIC, Some(&flood)).await?.err();
        Ok(turned_away.is_some())
    })
    .await?;
    let status = turned_away.expect("it was turned away");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(retry_after(&status).is_some_and(|after| after <= Duration::from_millis(1_300)), "{status:?}");
    assert_eq!(status.get_details_error_info().map(|info| info.reason), Some("QUOTA".to_owned()));
    assert!(producer.read_journal(TOPIC, Some(&other)).await?.is_ok());
    Ok(())
}

#[tokio::test]
async fn under_overload_queries_are_turned_away_first_and_repair_never() -> Result<()> {
    let producer = Producer::limited(platform::settings::Limits { calls: 4, calls_for_queries: 2, queries: 2, ..LIMITS }, LONGEST).await?;
    let auditor = producer.issuer.token("auditor", &["auditor"])?;
    let service = producer.issuer.token("risk", &["service"])?;
    let operator = producer.issuer.token("operator", &["operator"])?;
    assert!(producer.read_journal(TOPIC, Some(&auditor)).await?.is_ok());

    let commands: Vec<_> = (0..2).map(|_| producer.share.enter(Kind::Command)).collect();
    let status = producer.read_journal(TOPIC, Some(&auditor)).await?.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(retry_after(&status).is_some());
    let more: Vec<_> = (0..2).map(|_| producer.share.enter(Kind::Command)).collect();
    assert!(commands.iter().chain(&more).all(Result::is_ok), "commands still come in");
    assert!(producer.share.enter(Kind::Command).is_err(), "until all places are taken");
    for token in [&service, &operator] {
        assert!(producer.read_journal(TOPIC, Some(token)).await?.is_ok());
    }
    drop((commands, more));
    assert!(producer.read_journal(TOPIC, Some(&auditor)).await?.is_ok());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_without_an_answer_in_time_ends_as_deadline_exceeded_and_gives_its_place_back() -> Result<()> {
    let producer = Producer::limited(LIMITS, Duration::from_millis(200)).await?;
    let auditor = producer.issuer.token("auditor", &["auditor"])?;
    let mut held = producer.sandbox.pool.begin().await?;
    sqlx::query("LOCK TABLE streams IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await?;
    let status = producer.read_journal(TOPIC, Some(&auditor)).await?.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert_eq!(producer.share.in_hand(), Default::default());
    held.rollback().await?;
    until("it answers again", async || Ok(producer.read_journal(TOPIC, Some(&auditor)).await?.is_ok())).await
}

#[tokio::test]
async fn a_request_larger_than_any_may_be_is_refused_and_the_connection_lives_on() -> Result<()> {
    let producer = Producer::start().await?;
    let auditor = producer.issuer.token("auditor", &["auditor"])?;
    let mut client = OperationsClient::new(producer.channel().await?);
    let mut call = async |topic: String| {
        let mut request = Request::new(ReadJournalRequest { topic, stream: 0, from: 1, limit: 1 });
        request.metadata_mut().insert("authorization", format!("Bearer {auditor}").parse()?);
        anyhow::Ok(client.read_journal(request).await.map(drop))
    };
    let status = call("x".repeat(5 << 20)).await?.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status}");
    assert!(call(TOPIC.to_owned()).await?.is_ok());
    Ok(())
}
