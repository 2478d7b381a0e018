//! A producer of facts that answers calls on a real gRPC server: the toy's journal behind the platform's guards.
use std::{sync::Arc, time::Duration};

use contracts::common::{ReadJournalRequest, ReadJournalResponse, operations_client::OperationsClient, operations_server::OperationsServer};
use platform::{
    callers::Verifier,
    health::Health,
    limits::{Limits, bucket::Rate, share::Share},
    metrics::Metrics,
    operations::{Desk, Told},
    peers::{Journals, Peers},
    relay::Wake,
    serving, settings,
};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Status, service::Routes, transport::Channel};

use crate::{
    Sandbox,
    issuer::Issuer,
    toy::{ANSWERS, MIGRATIONS, TOPIC, Toy},
};

/// Restricted, as the traces of risk are.
pub const TRACES: &str = "customs.toy.traces.v1";

/// Limits that no test reaches by accident.
pub const LIMITS: settings::Limits = settings::Limits {
    calls: 1024,
    calls_for_queries: 512,
    queries: 256,
    commands_of_one: Rate { per_second: 5000, burst: 10_000 },
    queries_of_one: Rate { per_second: 5000, burst: 10_000 },
};

/// A producer that answers calls until it is dropped.
pub struct Producer {
    pub sandbox: Sandbox,
    pub issuer: Issuer,
    pub health: Health,
    pub share: Share,
    address: String,
    _stop: DropGuard,
}

impl Producer {
    pub async fn start() -> anyhow::Result<Self> {
        Self::limited(LIMITS, Duration::from_secs(10)).await
    }

    /// One that answers within limits of the test's own.
    pub async fn limited(limits: settings::Limits, longest: Duration) -> anyhow::Result<Self> {
        let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS, TRACES]).await?;
        let told = Told { topic: TOPIC, discarded_kind: "customs.toy.v1.DeadLetterDiscarded", discarded: |_| Vec::new() };
        let desk = Desk { pool: sandbox.pool.clone(), handler: Arc::new(Toy), journal: sandbox.journal, wake: Wake::default(), told };
        let (issuer, health, stop) = (Issuer::new()?, Health::default(), CancellationToken::new());
        let verifier = Arc::new(Verifier::new(&issuer.auth("")?, &[]));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let listen = listener.local_addr()?;
        let deadline_ms = u64::try_from(longest.as_millis())?;
        let settings =
            settings::Grpc { listen, deadline_ms, connection_age_s: 300, largest_message: 4 << 20, calls_of_connection: 1024, keepalive_s: 30 };
        let limits = Arc::new(Limits::new(limits, longest, Metrics::new("toy"))?);
        let share = limits.share.clone();
        let routes = Routes::new(OperationsServer::new(desk));
        tokio::spawn(serving::serve(listener, routes, verifier, limits, health.clone(), settings, stop.clone()));
        Ok(Self { sandbox, issuer, health, share, address: format!("http://{listen}"), _stop: stop.drop_guard() })
    }

    /// How another service reaches this one, with a token of this role.
    pub fn peers(&self, role: &str) -> anyhow::Result<Arc<dyn Journals>> {
        let token = self.issuer.token("reader", &[role])?;
        let addresses = settings::Peers { intake: self.address.clone(), risk: String::new(), tracking: String::new(), reporting: String::new() };
        Ok(Arc::new(Peers::new(&addresses, &self.issuer.auth(&token)?.token_file)?))
    }

    /// A connection to it.
    pub async fn channel(&self) -> anyhow::Result<Channel> {
        Ok(Channel::from_shared(self.address.clone())?.connect().await?)
    }

    /// The first rows of a topic, as the holder of a token asks for them.
    pub async fn read_journal(&self, topic: &str, token: Option<&str>) -> anyhow::Result<Result<ReadJournalResponse, Status>> {
        let mut request = Request::new(ReadJournalRequest { topic: topic.to_owned(), stream: 0, from: 1, limit: 10 });
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
        }
        Ok(OperationsClient::new(self.channel().await?).read_journal(request).await.map(tonic::Response::into_inner))
    }
}
