//! The other services' journals over gRPC: where missing rows are fetched.
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use contracts::common::{ReadJournalRequest, ReadJournalResponse, operations_client::OperationsClient};
use tonic::{Request, metadata::MetadataValue, transport::Endpoint};

use crate::{
    failure::Failure,
    handover::{Repeat, Replicas},
    journal::{Row, chain},
    limits::deadline,
    metrics::Metrics,
    protocol::heads::Source,
    settings,
};

/// A call takes at most this long, less when it is made for a caller who waits less.
const LONGEST: Duration = Duration::from_secs(10);

/// Journals of producers, as a reader needs them.
#[async_trait]
pub trait Journals: Send + Sync {
    /// Rows from a position on, at most `limit`.
    async fn read(&self, producer: &str, topic: &str, stream: i32, from: i64, limit: i64) -> Result<Vec<Row>, Failure>;
    /// The stream's end, and the producer's hash at the position that was read (0: nothing was).
    async fn head(&self, producer: &str, topic: &str, stream: i32, read: i64) -> Result<Source, Failure>;
}

/// Journals behind gRPC; connections are made when first used.
pub struct Peers {
    channels: BTreeMap<String, Peer>,
    token_file: String,
    metrics: Option<Metrics>,
}

/// One other service; when its last call failed it is called again only within the budget that its replicas share.
struct Peer {
    replicas: Replicas,
    failed: AtomicBool,
}

impl Peers {
    pub fn new(peers: &settings::Peers, token_file: &str) -> Result<Self, tonic::transport::Error> {
        let named = [("intake", &peers.intake), ("risk", &peers.risk), ("tracking", &peers.tracking), ("reporting", &peers.reporting)];
        let mut channels = BTreeMap::new();
        for (name, addresses) in named.into_iter().filter(|(_, addresses)| !addresses.is_empty()) {
            let limits = |endpoint: Endpoint| endpoint.connect_timeout(Duration::from_secs(2)).timeout(LONGEST);
            channels.insert(name.to_owned(), Peer { replicas: Replicas::new(addresses, limits)?, failed: AtomicBool::new(false) });
        }
        Ok(Self { channels, token_file: token_file.to_owned(), metrics: None })
    }

    /// Counts its calls.
    pub fn counted_by(mut self, metrics: Metrics) -> Self {
        self.metrics = Some(metrics);
        self
    }

    fn count(&self, producer: &str, result: &'static str) {
        if let Some(metrics) = &self.metrics {
            metrics.peer(producer, result);
        }
    }

    async fn call(&self, producer: &str, request: ReadJournalRequest) -> Result<ReadJournalResponse, Failure> {
        let peer = self.channels.get(producer).ok_or_else(|| Failure::Retry(format!("peers.{producer} is not set")))?;
        let repeats = peer.failed.load(Ordering::Relaxed);
        if repeats && !peer.replicas.may_repeat() {
            self.count(producer, "held_back");
            return Err(Failure::Retry(format!("{producer} did not answer, and is not asked again yet")));
        }
        let mut request = Request::new(request);
        request.set_timeout(deadline::rest(LONGEST));
        if repeats {
            request.extensions_mut().insert(Repeat);
        }
        let token = tokio::fs::read_to_string(&self.token_file).await.unwrap_or_default();
        if let Ok(bearer) = MetadataValue::try_from(format!("Bearer {}", token.trim())) {
            request.metadata_mut().insert("authorization", bearer);
        }
        let mut client = OperationsClient::new(peer.replicas.clone()).max_decoding_message_size(64 << 20);
        let answer = client.read_journal(request).await;
        peer.failed.store(answer.is_err(), Ordering::Relaxed);
        self.count(producer, if answer.is_ok() { "answered" } else { "failed" });
        answer.map(tonic::Response::into_inner).map_err(|s| Failure::Retry(format!("{producer}: {s}")))
    }
}

#[async_trait]
impl Journals for Peers {
    async fn read(&self, producer: &str, topic: &str, stream: i32, from: i64, limit: i64) -> Result<Vec<Row>, Failure> {
        let request = ReadJournalRequest {
            topic: topic.to_owned(),
            stream: stream.unsigned_abs(),
            from: from.unsigned_abs(),
            limit: u32::try_from(limit.clamp(1, 2000)).unwrap_or(2000),
        };
        self.call(producer, request).await?.rows.into_iter().map(row).collect()
    }

    async fn head(&self, producer: &str, topic: &str, stream: i32, read: i64) -> Result<Source, Failure> {
        let limit = u32::from(read > 0);
        let request = ReadJournalRequest { topic: topic.to_owned(), stream: stream.unsigned_abs(), from: read.unsigned_abs().max(1), limit };
        let answer = self.call(producer, request).await?;
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let at_read = answer.rows.first().filter(|row| number(row.position) == read).and_then(|row| chain::hash(&row.hash));
        Ok(Source { position: number(answer.position), published: number(answer.published), at_read })
    }
}

fn row(row: contracts::common::JournalRow) -> Result<Row, Failure> {
    let out_of_range = || Failure::Deterministic("a journal row with a value out of range".to_owned());
    Ok(Row {
        topic: row.topic.into(),
        stream: i32::try_from(row.stream).map_err(|_| out_of_range())?,
        position: i64::try_from(row.position).map_err(|_| out_of_range())?,
        kind: row.kind.into(),
        subject: row.subject,
        office: row.office,
        actor: row.actor,
        cause: row.cause,
        recorded_at: chrono::DateTime::from_timestamp_micros(row.recorded_at_us).ok_or_else(out_of_range)?,
        trace: row.trace,
        headers: String::new(),
        payload: row.payload.to_vec(),
        hash: row.hash,
    })
}
