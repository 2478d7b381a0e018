//! The loop around the step: gathers deliveries, backs off in place, claims again when fenced, checks itself against producers when idle.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use rdkafka::consumer::{CommitMode, Consumer};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Delivery, Origin,
    claim::Partition,
    screen::Progress,
    step::{Halted, Reader},
};
use crate::{
    clock,
    failure::Failure,
    health::Health,
    kafka::{
        group::{Client, Owned, Signal, lock},
        queue::Queue,
    },
    relay::Wake,
    settings,
};

/// A consume loop of one traffic class.
pub struct Loop {
    pub reader: Reader,
    pub queue: Queue,
    pub owned: Owned,
    pub client: Arc<Mutex<Option<Arc<Client>>>>,
    pub wake: Wake,
    pub health: Health,
    pub settings: settings::Reader,
    pub name: &'static str,
    stopped: BTreeMap<Partition, Instant>,
    /// To be counted from the first offset again, once what was gathered before is worked off.
    rewound: Vec<Partition>,
    last_commit: Instant,
}

/// Facts closer together than this are worth waiting for.
const CLOSE: Duration = Duration::from_millis(20);
/// A stopped partition is tried again after this time, in case its producer was mended.
const STOPPED_FOR: Duration = Duration::from_secs(30);

impl Loop {
    #[expect(clippy::too_many_arguments, reason = "the parts of one loop, named at the only call")]
    pub fn new(
        reader: Reader,
        queue: Queue,
        owned: Owned,
        client: Arc<Mutex<Option<Arc<Client>>>>,
        wake: Wake,
        health: Health,
        settings: settings::Reader,
        name: &'static str,
    ) -> Self {
        health.watch(name, queue.load());
        Self {
            reader,
            queue,
            owned,
            client,
            wake,
            health,
            settings,
            name,
            stopped: BTreeMap::new(),
            rewound: Vec::new(),
            last_commit: Instant::now(),
        }
    }

    /// Runs until cancelled, finishing the batch in hand.
    pub async fn run(mut self, stop: CancellationToken) {
        let idle = Duration::from_secs(self.settings.idle_check_s);
        while !stop.is_cancelled() {
            let first = tokio::select! {
                () = stop.cancelled() => break,
                first = tokio::time::timeout(idle, self.queue.recv()) => first,
            };
            self.health.progressed(self.name);
            self.try_stopped_again();
            match first {
                Ok(Some(signal)) => {
                    let deliveries = self.gather(signal).await;
                    self.work_off(deliveries, &stop).await;
                    self.rewind();
                }
                Ok(None) => break,
                Err(_) => self.check_heads(&stop).await,
            }
        }
    }

    /// Everything that is there, and a few milliseconds more when facts come close together.
    async fn gather(&mut self, first: Signal) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        self.take(first, &mut deliveries);
        let close = self.last_commit.elapsed() < CLOSE;
        let until = Instant::now() + Duration::from_millis(self.settings.gather_ms);
        while deliveries.len() < self.settings.batch && !self.queue.hand_is_full() && self.rewound.is_empty() {
            match self.queue.try_recv() {
                Ok(signal) => self.take(signal, &mut deliveries),
                Err(_) if close && !deliveries.is_empty() => match tokio::time::timeout_at(until, self.queue.more()).await {
                    Ok(Some(signal)) => self.take(signal, &mut deliveries),
                    _ => break,
                },
                Err(_) => break,
            }
        }
        deliveries
    }

    fn take(&mut self, signal: Signal, deliveries: &mut Vec<Delivery>) {
        match signal {
            Signal::Delivered(delivery) => deliveries.push(delivery),
            Signal::Assigned(claimed) => {
                for (partition, progress) in claimed {
                    self.stopped.remove(&partition);
                    let newer = self.reader.progress.get(&partition).is_none_or(|known| known.epoch < progress.epoch);
                    if newer {
                        // What was gathered before this claim was fetched by an earlier assignment and comes again.
                        deliveries.retain(|d| (d.topic.as_str(), d.partition) != (partition.0.as_str(), partition.1));
                        self.reader.progress.insert(partition, progress);
                    }
                }
            }
            Signal::Revoked(partitions) => {
                for partition in partitions {
                    deliveries.retain(|d| (d.topic.as_str(), d.partition) != (partition.0.as_str(), partition.1));
                    self.reader.progress.remove(&partition);
                }
            }
            Signal::Rewound(partitions) => self.rewound.extend(partitions),
        }
    }

    /// A topic that was created anew counts from 0: an offset reached before would hide its first messages as read.
    fn rewind(&mut self) {
        for partition in std::mem::take(&mut self.rewound) {
            if let Some(progress) = self.reader.progress.get_mut(&partition) {
                progress.next_offset = 0;
            }
        }
    }

    async fn work_off(&mut self, deliveries: Vec<Delivery>, stop: &CancellationToken) {
        let mut deliveries = deliveries;
        let mut pause = Duration::from_millis(20);
        while !deliveries.is_empty() {
            deliveries.retain(|d| !self.stopped.contains_key(&(d.topic.clone(), d.partition)));
            match self.reader.step(deliveries.clone()).await {
                Ok(report) => {
                    self.health.database(true);
                    self.last_commit = Instant::now();
                    if report.transactions > 0 {
                        self.wake.wake();
                    }
                    self.report_offsets();
                    return;
                }
                Err(Halted::Failure(Failure::Fenced)) => self.claim_again().await,
                Err(Halted::Stopped { topic, partition, reason }) => self.stop_partition(topic, partition, &reason),
                Err(Halted::Failure(failure)) => {
                    tracing::warn!(%failure, consumer = self.name, "a batch will be tried again");
                    self.reader.metrics.retried(self.name);
                    self.health.retrying(self.name);
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(clock::jittered(pause)) => {}
                    }
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
            }
        }
    }

    /// Another owner has written: whatever Kafka still assigns to us is claimed anew, the rest is let go.
    async fn claim_again(&mut self) {
        let held: Vec<Partition> = {
            let owned = lock(&self.owned);
            self.reader.progress.keys().filter(|p| owned.contains(*p)).cloned().collect()
        };
        tracing::warn!(consumer = self.name, partitions = held.len(), "fenced: another owner has taken over, claiming what is still assigned");
        self.reader.metrics.fenced();
        self.reader.progress.clear();
        while !held.is_empty() {
            match self.reader.claim(&held).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "claiming partitions"),
            }
            self.health.retrying(self.name);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    fn stop_partition(&mut self, topic: String, partition: i32, reason: &str) {
        tracing::error!(%topic, partition, reason, "partition stopped");
        self.health.stopped(&topic, partition, reason);
        let place = (topic, partition);
        if let Some(client) = lock(&self.client).as_ref() {
            let _ = client.pause(&client.context().physical(&place));
        }
        self.stopped.insert(place, Instant::now());
    }

    fn report_offsets(&self) {
        if let Some(client) = lock(&self.client).as_ref() {
            let progress: &BTreeMap<Partition, Progress> = &self.reader.progress;
            let _ = client.commit(&client.context().offsets(progress), CommitMode::Async);
        }
    }

    /// Nothing came for a while: was anything published that Kafka did not bring?
    async fn check_heads(&mut self, stop: &CancellationToken) {
        let held: Vec<(Partition, Progress)> = self.reader.progress.iter().map(|(p, progress)| (p.clone(), *progress)).collect();
        for ((topic, partition), progress) in held {
            let Some(Origin::Ours { producer }) = self.reader.sources.iter().find(|s| s.topic == topic).map(|s| s.origin) else { continue };
            let Ok(published) = self.reader.journals.published(producer, &topic, partition).await else { continue };
            if published > progress.position && !stop.is_cancelled() {
                tracing::warn!(topic, partition, published, read = progress.position, "published rows did not come, fetching them");
                if let Err(error) = self.reader.catch_up(producer, &(topic, partition), published).await {
                    tracing::warn!(%error, "fetching rows");
                }
            }
        }
    }

    fn try_stopped_again(&mut self) {
        let due: Vec<Partition> = self.stopped.iter().filter(|(_, since)| since.elapsed() > STOPPED_FOR).map(|(p, _)| p.clone()).collect();
        for place in due {
            self.stopped.remove(&place);
            self.health.resumed(&place.0, place.1);
            let Some(progress) = self.reader.progress.get(&place) else { continue };
            if let Some(client) = lock(&self.client).as_ref() {
                let list = client.context().physical(&place);
                let offset = rdkafka::Offset::Offset(progress.next_offset);
                for element in list.elements() {
                    let _ = client.seek(element.topic(), element.partition(), offset, Duration::from_secs(2));
                }
                let _ = client.resume(&list);
            }
        }
    }
}
