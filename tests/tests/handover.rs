//! A channel to several replicas: a dead address fails no call, a leaving one fails none, and an outage doubles none.
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use futures::Stream;
use platform::handover::{BALANCE, Replicas};
use system_tests::until;
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;
use tonic::{
    Code, Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_client::HealthClient,
    health_server::{Health, HealthServer},
};

/// Answers every call alike and counts them.
#[derive(Clone)]
struct Replica {
    code: Code,
    takes: Duration,
    calls: Arc<AtomicUsize>,
}

#[tonic::async_trait]
impl Health for Replica {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        self.calls.fetch_add(1, Ordering::AcqRel);
        tokio::time::sleep(self.takes).await;
        if self.code == Code::Ok { Ok(Response::new(HealthCheckResponse::default())) } else { Err(Status::new(self.code, "as told")) }
    }

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("not watched"))
    }
}

struct Serving {
    address: String,
    calls: Arc<AtomicUsize>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Serving {
    async fn start(code: Code, takes: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, stop) = (format!("http://{}", listener.local_addr()?), CancellationToken::new());
        let replica = Replica { code, takes, calls: Arc::default() };
        let calls = Arc::clone(&replica.calls);
        let server = Server::builder().add_service(HealthServer::new(replica));
        let task = tokio::spawn(server.serve_with_incoming_shutdown(TcpIncoming::from(listener), stop.clone().cancelled_owned()));
        Ok(Self { address, calls, stop, task })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Acquire)
    }
}

fn client(addresses: &[&str]) -> Result<HealthClient<Replicas>> {
    let limits = |endpoint: tonic::transport::Endpoint| endpoint.connect_timeout(Duration::from_secs(2)).timeout(Duration::from_millis(500));
    Ok(HealthClient::new(Replicas::new(&addresses.join(","), limits)?))
}

async fn nobody() -> Result<String> {
    Ok(format!("http://{}", TcpListener::bind("127.0.0.1:0").await?.local_addr()?))
}

#[tokio::test]
async fn a_dead_address_fails_no_call_while_another_lives() -> Result<()> {
    let (alive, dead) = (Serving::start(Code::Ok, Duration::ZERO).await?, nobody().await?);
    let mut client = client(&[&dead, &alive.address])?;
    for _ in 0..20 {
        client.check(HealthCheckRequest::default()).await?;
    }
    assert_eq!(alive.calls(), 20);
    Ok(())
}

#[tokio::test]
async fn calls_take_turns() -> Result<()> {
    let (one, two) = (Serving::start(Code::Ok, Duration::ZERO).await?, Serving::start(Code::Ok, Duration::ZERO).await?);
    let mut client = client(&[&one.address, &two.address])?;
    for _ in 0..20 {
        client.check(HealthCheckRequest::default()).await?;
    }
    assert_eq!((one.calls(), two.calls()), (10, 10));
    Ok(())
}

/// Calls of several callers that share one budget, while nobody can take any: one in ten is handed on, and one a second.
#[tokio::test]
async fn in_a_lasting_outage_calls_grow_by_a_tenth() -> Result<()> {
    let away = || Serving::start(Code::Unavailable, Duration::ZERO);
    let all = [away().await?, away().await?, away().await?];
    let client = client(&all.iter().map(|one| one.address.as_str()).collect::<Vec<_>>())?;
    let arrived = || all.iter().map(Serving::calls).sum::<usize>();
    let fail = async |calls: usize| {
        for _ in 0..calls {
            let refused = client.clone().check(HealthCheckRequest::default()).await.map_err(|status| status.code());
            assert_eq!(refused.err(), Some(Code::Unavailable));
        }
        anyhow::Ok(())
    };
    let balance = usize::try_from(BALANCE)?;
    fail(5).await?;
    assert_eq!(arrived(), 10, "while there is a balance each is tried twice, and no more");
    // What ten calls make is less than they use.
    fail(2 * balance).await?;
    let (before, began) = (arrived(), Instant::now());
    fail(2_000).await?;
    let (attempts, seconds) = (arrived() - before, usize::try_from(began.elapsed().as_secs())?);
    assert!(attempts * 10 <= 2_000 * 11 + (seconds + 1) * 10, "{attempts} attempts for 2,000 calls in {seconds} s");
    assert!(attempts > 2_000, "none was handed on");
    Ok(())
}

/// One replica of two is away for good: callers at a moderate rate never notice, however long it lasts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replica_that_stays_away_fails_no_call_in_the_long_run() -> Result<()> {
    let (away, alive) = (Serving::start(Code::Unavailable, Duration::ZERO).await?, Serving::start(Code::Ok, Duration::ZERO).await?);
    let client = client(&[&away.address, &alive.address])?;
    let callers = (0..8).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move {
            for _ in 0..100 {
                client.check(HealthCheckRequest::default()).await?;
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            anyhow::Ok(())
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await??;
    }
    assert_eq!(alive.calls(), 800);
    assert!(away.calls() <= 200, "{} calls went to the one that is away", away.calls());
    Ok(())
}

#[tokio::test]
async fn a_refusal_and_a_call_out_of_time_are_not_handed_on() -> Result<()> {
    for (code, takes) in [(Code::InvalidArgument, Duration::ZERO), (Code::ResourceExhausted, Duration::ZERO), (Code::Ok, Duration::from_secs(60))] {
        let (one, two) = (Serving::start(code, takes).await?, Serving::start(code, takes).await?);
        let refused = client(&[&one.address, &two.address])?.check(HealthCheckRequest::default()).await;
        assert!(refused.is_err());
        assert_eq!(one.calls() + two.calls(), 1, "{code:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_leaves_in_mid_load_fails_no_call() -> Result<()> {
    let (leaving, staying) = (Serving::start(Code::Ok, Duration::from_millis(1)).await?, Serving::start(Code::Ok, Duration::from_millis(1)).await?);
    let client = client(&[&leaving.address, &staying.address])?;
    let enough = CancellationToken::new();
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (mut client, enough) = (client.clone(), enough.clone());
            tokio::spawn(async move {
                while !enough.is_cancelled() {
                    client.check(HealthCheckRequest::default()).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    let Serving { calls, stop, task, .. } = leaving;
    until("both answer", async || Ok(calls.load(Ordering::Acquire) > 50 && staying.calls() > 50)).await?;
    stop.cancel();
    task.await??;
    let before = staying.calls();
    until("the other one answers all", async || Ok(staying.calls() > before + 100)).await?;
    enough.cancel();
    for caller in callers {
        caller.await??;
    }
    Ok(())
}
