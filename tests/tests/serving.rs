//! One service asks another on a real gRPC server: rows that never came are fetched, and nobody without a right gets an answer.
use std::sync::Arc;

use contracts::common::operations_client::OperationsClient;
use futures::stream;
use platform::{
    peers::Journals,
    reader::{Delivery, Origin, Source, SourceClass, step::Reader},
    settings,
};
use system_tests::{
    Sandbox,
    issuer::Issuer,
    producer::{Producer, TRACES},
    toy::{self, ANSWERS, MIGRATIONS, OUTSIDE, READING, Running, TOPIC, Toy, partitions},
    until,
};
use tonic::{Code, Request};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::{v1, v1alpha};

/// What the toy reads, told by a producer that has an address among the peers.
const SOURCES: [Source; 2] = [
    Source { topic: TOPIC, origin: Origin::Ours { producer: "intake" }, class: SourceClass::ByStream },
    Source { topic: OUTSIDE, origin: Origin::Outside { answers: None }, class: SourceClass::Cargo },
];

/// A reader of its own database.
async fn consumer(journals: Arc<dyn Journals>) -> anyhow::Result<(Sandbox, Reader)> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS]).await?;
    let mut reader = Reader { sources: SOURCES.to_vec(), ..toy::reader(&sandbox, "one", journals) };
    reader.claim(&partitions()).await?;
    Ok((sandbox, reader))
}

async fn tell(producer: &Producer, from: usize, to: usize) -> anyhow::Result<Vec<Delivery>> {
    let bodies: Vec<String> = (from..to).map(|n| n.to_string()).collect();
    toy::tell(&producer.sandbox, &bodies.iter().map(|body| ("OFF1", "s", body.as_str())).collect::<Vec<_>>()).await
}

async fn bodies(sandbox: &Sandbox) -> anyhow::Result<Vec<String>> {
    Ok(toy::effects(sandbox).await?.into_iter().map(|(_, body)| body).collect())
}

fn numbers(to: usize) -> Vec<String> {
    (0..to).map(|n| n.to_string()).collect()
}

#[tokio::test]
async fn rows_that_never_came_are_fetched_from_their_producer_and_applied_in_their_place() -> anyhow::Result<()> {
    let producer = Producer::start().await?;
    let (sandbox, mut reader) = consumer(producer.peers("service")?).await?;
    let mut deliveries = tell(&producer, 0, 50).await?;
    deliveries.drain(10..30);
    deliveries.remove(0);
    let report = reader.step(deliveries).await?;
    assert_eq!((report.applied, report.repaired), (50, 21));
    assert_eq!(bodies(&sandbox).await?, numbers(50));
    Ok(())
}

#[tokio::test]
async fn a_hole_of_more_rows_than_one_answer_holds_is_filled_by_several() -> anyhow::Result<()> {
    let producer = Producer::start().await?;
    let (sandbox, mut reader) = consumer(producer.peers("service")?).await?;
    let last = tell(&producer, 0, 4501).await?.split_off(4500);
    assert_eq!(reader.step(last).await?.repaired, 4500);
    assert_eq!(bodies(&sandbox).await?, numbers(4501));
    Ok(())
}

#[tokio::test]
async fn a_hole_stays_a_hole_while_the_producer_refuses_the_reader() -> anyhow::Result<()> {
    let producer = Producer::start().await?;
    let (sandbox, mut reader) = consumer(producer.peers("declarant")?).await?;
    let deliveries = tell(&producer, 0, 3).await?;
    let error = reader.step(deliveries[1..].to_vec()).await.unwrap_err();
    assert!(error.to_string().contains("no role of the caller"), "{error}");
    assert!(bodies(&sandbox).await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_reader_notices_published_rows_that_the_topic_lost() -> anyhow::Result<()> {
    let producer = Producer::start().await?;
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS]).await?;
    sandbox.create_topics(&[TOPIC, OUTSIDE]).await?;
    tell(&producer, 0, 20).await?;
    // Acknowledged once, and gone with the broker's disk.
    sqlx::query("UPDATE streams SET published = position").execute(&producer.sandbox.pool).await?;
    let settings = settings::Reader { idle_check_s: 1, ..READING };
    let member = Running::with(&sandbox, "one", Arc::new(Toy), settings, &SOURCES, producer.peers("service")?)?;
    until("the lost rows are there", async || Ok(bodies(&sandbox).await?.len() >= 20)).await?;
    assert_eq!(bodies(&sandbox).await?, numbers(20));
    member.leave().await
}

#[tokio::test]
async fn a_call_without_a_good_token_is_unauthenticated_and_one_without_the_role_is_denied() -> anyhow::Result<()> {
    let producer = Producer::start().await?;
    let forged = Issuer::new()?.token("service", &["service"])?;
    let stale = producer.issuer.stale_token("service", &["service"])?;
    for token in [None, Some("nonsense"), Some(forged.as_str()), Some(stale.as_str())] {
        let status = producer.read_journal(TOPIC, token).await?.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{status}");
    }
    let declarant = producer.issuer.token("me", &["declarant"])?;
    assert_eq!(producer.read_journal(TOPIC, Some(&declarant)).await?.unwrap_err().code(), Code::PermissionDenied);
    for role in ["service", "operator", "auditor"] {
        assert!(producer.read_journal(TOPIC, Some(&producer.issuer.token("me", &[role])?)).await?.is_ok(), "{role}");
    }
    Ok(())
}

#[tokio::test]
async fn traces_are_read_by_auditors_alone() -> anyhow::Result<()> {
    let producer = Producer::start().await?;
    for role in ["service", "operator"] {
        let status = producer.read_journal(TRACES, Some(&producer.issuer.token("me", &[role])?)).await?.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{role}");
    }
    assert!(producer.read_journal(TRACES, Some(&producer.issuer.token("me", &["auditor"])?)).await?.is_ok());
    Ok(())
}

#[tokio::test]
async fn a_second_person_is_somebody_else_with_the_right_role() -> anyhow::Result<()> {
    let producer = Producer::start().await?;
    let token = |subject: &str, role: &str| producer.issuer.token(subject, &[role]);
    let call = async |second: Option<String>| {
        let id = contracts::common::DeadLetterId { topic: TOPIC.to_owned(), partition: 0, offset: 0 };
        let mut request = Request::new(contracts::common::DiscardRequest { id: Some(id), reason: "spoiled".to_owned() });
        request.metadata_mut().insert("authorization", format!("Bearer {}", token("me", "operator")?).parse()?);
        if let Some(second) = second {
            request.metadata_mut().insert("second-person", format!("Bearer {second}").parse()?);
        }
        anyhow::Ok(OperationsClient::new(producer.channel().await?).discard(request).await.unwrap_err().code())
    };
    assert_eq!(call(None).await?, Code::PermissionDenied);
    assert_eq!(call(Some(token("me", "operator")?)).await?, Code::PermissionDenied);
    assert_eq!(call(Some(token("you", "auditor")?)).await?, Code::PermissionDenied);
    assert_eq!(call(Some("nonsense".to_owned())).await?, Code::Unauthenticated);
    // Allowed, and there is no such letter.
    assert_eq!(call(Some(token("you", "operator")?)).await?, Code::NotFound);
    Ok(())
}

#[tokio::test]
async fn health_is_open_and_says_serving_only_when_the_database_is_there() -> anyhow::Result<()> {
    let producer = Producer::start().await?;
    let client = HealthClient::new(producer.channel().await?);
    let status = async || anyhow::Ok(client.clone().check(HealthCheckRequest { service: String::new() }).await?.into_inner().status());
    assert_eq!(status().await?, ServingStatus::NotServing);
    producer.health.migrated();
    producer.health.database(true);
    until("the service serves", async || Ok(status().await? == ServingStatus::Serving)).await?;
    producer.health.database(false);
    until("the service no longer serves", async || Ok(status().await? == ServingStatus::NotServing)).await
}

#[tokio::test]
async fn reflection_is_open_in_both_of_its_versions() -> anyhow::Result<()> {
    let producer = Producer::start().await?;
    let channel = producer.channel().await?;

    let request = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(String::new())),
    };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let answer = client.server_reflection_info(stream::iter([request])).await?.into_inner().message().await?;
    let Some(v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) = answer.and_then(|a| a.message_response) else {
        panic!("no list")
    };
    assert!(list.service.iter().any(|s| s.name == "customs.common.v1.Operations"), "{list:?}");

    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol("customs.common.v1.Operations".to_owned())),
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let answer = client.server_reflection_info(stream::iter([request])).await?.into_inner().message().await?;
    let found = answer.and_then(|a| a.message_response);
    assert!(matches!(found, Some(v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(_))), "{found:?}");
    Ok(())
}
