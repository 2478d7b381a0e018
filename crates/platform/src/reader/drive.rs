//! The loop around the step: gathers deliveries, backs off in place, claims again when fenced.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use rdkafka::consumer::{CommitMode, Consumer};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Delivery,
    claim::Partition,
    measure::Measure,
    step::{Halted, Reader},
    watch::Watch,
};
use crate::{
    clock,
    failure::Failure,
    health::Health,
    kafka::{
        group::{Client, Owned, Signal, lock},
        queue::{Ahead, Queue},
    },
    pace::Pace,
    relay::Wake,
    settings,
    streams::Class,
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
    /// The loop whose facts go first.
    ahead: Option<Ahead>,
    pub(super) stopped: BTreeMap<Partition, Instant>,
    pub(super) watch: Watch,
    /// To be counted from the first offset again, once what was gathered before is worked off.
    rewound: Vec<Partition>,
    last_commit: Instant,
    measure: Measure,
    reporting: Pace,
    /// Whether there are offsets that were not reported.
    unreported: bool,
}

const REPORT_EVERY: Duration = Duration::from_secs(1);
/// Who goes first is given way to when it has been at work for longer.
const SOON: Duration = Duration::from_millis(50);

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
        class: Class,
    ) -> Self {
        let name = class.as_str();
        health.watch(name, queue.load());
        let measure = Measure::new(class, settings.batch, &reader.sources);
        Self {
            reader,
            queue,
            owned,
            client,
            wake,
            health,
            settings,
            name,
            ahead: None,
            stopped: BTreeMap::new(),
            watch: Watch::new(Duration::from_secs(settings.idle_check_s)),
            rewound: Vec::new(),
            last_commit: Instant::now(),
            measure,
            reporting: Pace::new(REPORT_EVERY),
            unreported: false,
        }
    }

    /// Gives way to another loop of the process: both may need the same rows and the same cores.
    pub fn behind(self, ahead: Option<Ahead>) -> Self {
        Self { ahead, ..self }
    }

    /// Runs until cancelled, finishing the batch in hand.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let first = tokio::select! {
                () = stop.cancelled() => break,
                first = tokio::time::timeout_at(self.due(), self.queue.recv()) => first,
            };
            self.report_offsets();
            self.health.progressed(self.name);
            self.try_stopped_again().await;
            if self.watch.due() <= Instant::now() {
                self.check_heads(&stop).await;
            }
            match first {
                Ok(Some(signal)) => {
                    if let (Some(ahead), Signal::Delivered(_)) = (&self.ahead, &signal) {
                        ahead.passed(SOON, self.measure.gives_way()).await;
                    }
                    let deliveries = self.gather(signal).await;
                    self.work_off(deliveries, &stop).await;
                    self.rewind(&stop).await;
                }
                Ok(None) => break,
                Err(_) => {}
            }
        }
    }

    /// Everything that is there, and what comes in a moment more when facts come close together.
    async fn gather(&mut self, first: Signal) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        self.take(first, &mut deliveries);
        self.measure.came(self.last_commit.elapsed());
        let mut parts = 0;
        while deliveries.len() < self.measure.deliveries() && !self.queue.hand_is_full() && self.rewound.is_empty() {
            match self.queue.try_recv() {
                Ok(signal) => self.take(signal, &mut deliveries),
                // Not message by message: each waking costs more than what it brings.
                Err(_) if !deliveries.is_empty() && self.measure.goes_on(parts, || self.hears_services(&deliveries)) => {
                    tokio::time::sleep(self.measure.part()).await;
                    parts += 1;
                }
                Err(_) => break,
            }
        }
        deliveries
    }

    fn hears_services(&self, deliveries: &[Delivery]) -> bool {
        deliveries.iter().any(|delivery| self.reader.origin(&delivery.topic).is_ours())
    }

    fn take(&mut self, signal: Signal, deliveries: &mut Vec<Delivery>) {
        match signal {
            Signal::Delivered(delivery) => deliveries.push(delivery),
            Signal::Assigned(claimed) => {
                self.stopped.retain(|partition, _| !claimed.contains_key(partition));
                forget(deliveries, &self.reader.owning.claimed(claimed));
            }
            Signal::Revoked(partitions) => {
                forget(deliveries, &partitions);
                self.reader.owning.revoked(&partitions);
            }
            Signal::Rewound(partitions) => self.rewound.extend(partitions),
        }
    }

    /// A topic that was created anew counts from 0. What comes next is looked at only when the database knows that too.
    async fn rewind(&mut self, stop: &CancellationToken) {
        while let Some(partition) = self.rewound.last().cloned()
            && !stop.is_cancelled()
        {
            match self.reader.rewind(&partition).await {
                Ok(()) => drop(self.rewound.pop()),
                Err(Failure::Fenced) => self.claim_again(stop).await,
                Err(failure) => {
                    tracing::warn!(%failure, "a partition whose offsets begin anew");
                    self.health.retrying(self.name);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn work_off(&mut self, deliveries: Vec<Delivery>, stop: &CancellationToken) {
        let mut deliveries = deliveries;
        let mut pause = Duration::from_millis(20);
        while !deliveries.is_empty() {
            deliveries.retain(|d| !self.stopped.contains_key(&(Arc::clone(&d.topic), d.partition)));
            let begun = Instant::now();
            match self.reader.step(deliveries.clone()).await {
                Ok(report) => {
                    self.health.database(true);
                    self.last_commit = Instant::now();
                    self.measure.took(deliveries.len(), begun.elapsed());
                    if report.transactions > 0 {
                        self.wake.committed(std::mem::take(&mut self.reader.told));
                    }
                    self.unreported = true;
                    return;
                }
                Err(Halted::Failure(Failure::Fenced)) => self.claim_again(stop).await,
                Err(Halted::Stopped { topic, partition, reason }) => self.stop_partition((topic, partition), &reason),
                Err(Halted::Anew { topic, partition }) => self.begin_anew(&topic, partition),
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

    /// Whatever Kafka still assigns to us is claimed anew, the rest is let go.
    async fn claim_again(&mut self, stop: &CancellationToken) {
        let newest = lock(&self.owned).clone();
        let mut lost = self.reader.owning.fenced(|partition| newest.get(partition).copied());
        tracing::warn!(consumer = self.name, partitions = lost.len(), "fenced: claiming what is still assigned");
        self.reader.metrics.fenced();
        while !stop.is_cancelled() {
            lost.retain(|partition, _| lock(&self.owned).contains_key(partition));
            if lost.is_empty() {
                return;
            }
            match self.reader.claim_again(&lost).await {
                Ok(anew) => {
                    anew.first().inspect(|(topic, partition)| self.begin_anew(topic, *partition));
                    return;
                }
                Err(error) => tracing::warn!(%error, "claiming partitions"),
            }
            self.health.retrying(self.name);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// The database says so already; the consumer must fetch from there.
    pub(super) fn begin_anew(&self, topic: &str, partition: i32) {
        if let Some(client) = lock(&self.client).as_ref() {
            client.context().begin_again(format!("{topic}/{partition} must be fetched anew"));
        }
    }

    /// When the loop has something to do although nothing comes.
    fn due(&self) -> Instant {
        if self.unreported { self.watch.due().min(self.reporting.due_at()) } else { self.watch.due() }
    }

    /// Offsets in Kafka are for watching lag alone: the broker need not write them down with every batch.
    fn report_offsets(&mut self) {
        if !self.unreported || !self.reporting.due() {
            return;
        }
        self.reporting.done();
        self.unreported = false;
        if let Some(client) = lock(&self.client).as_ref() {
            let _ = client.commit(&client.context().offsets(self.reader.owning.all()), CommitMode::Async);
        }
    }
}

/// What was gathered of partitions that were claimed or lost since comes again, here or elsewhere.
fn forget(deliveries: &mut Vec<Delivery>, partitions: &[Partition]) {
    deliveries.retain(|d| !partitions.iter().any(|(topic, partition)| d.topic == *topic && d.partition == *partition));
}
