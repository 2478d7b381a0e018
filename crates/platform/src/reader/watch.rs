//! A loop looks after its partitions: those that stand still are compared with their producers, those that stopped are tried again.
use std::{collections::BTreeMap, time::Duration};

use rdkafka::consumer::Consumer;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{claim::Partition, drive::Loop, step::Halted};
use crate::{kafka::group::lock, pace::Pace, protocol::heads::Compared};

/// A stopped partition is tried again after this time, in case its producer was mended.
const STOPPED_FOR: Duration = Duration::from_secs(30);

/// When partitions are compared with their producers, and where they stood the last time.
pub struct Watch {
    pace: Pace,
    stood: BTreeMap<Partition, (i64, i64)>,
}

impl Watch {
    pub(super) fn new(every: Duration) -> Self {
        Self { pace: Pace::new(every), stood: BTreeMap::new() }
    }

    /// The next comparison.
    pub(super) fn due(&self) -> Instant {
        self.pace.due_at()
    }
}

impl Loop {
    /// Whatever has not moved since the last time: was anything published that Kafka did not bring, and is the producer still the same?
    pub(super) async fn check_heads(&mut self, stop: &CancellationToken) {
        let stands = self.reader.owning.all().iter().map(|(p, progress)| (p.clone(), (progress.position, progress.next_offset)));
        let held: BTreeMap<Partition, (i64, i64)> = stands.collect();
        for (partition, read) in &held {
            let moved = self.watch.stood.get(partition) != Some(read);
            if !moved && !stop.is_cancelled() && !self.stopped.contains_key(partition) {
                self.check_head(partition).await;
            }
        }
        self.watch.stood = held;
        self.watch.pace.done();
    }

    async fn check_head(&mut self, partition: &Partition) {
        match self.reader.compare(partition).await {
            Ok(Some(Compared::Same)) => {}
            Ok(None) => self.check_offset(partition).await,
            Ok(Some(Compared::Fork(contradiction))) => self.stop_partition(partition.clone(), &contradiction.to_string()),
            Ok(Some(Compared::Behind(published))) => self.catch_up(partition, published).await,
            Err(error) => {
                tracing::warn!(topic = %partition.0, partition = partition.1, %error, "the producer's head could not be compared");
                self.reader.metrics.unchecked();
            }
        }
    }

    /// A topic from outside has no producer to ask. An offset beyond its end means that it was created anew while nobody looked.
    async fn check_offset(&mut self, partition: &Partition) {
        let (Some(client), Some(next)) = (lock(&self.client).clone(), self.reader.owning.get(partition).map(|p| p.next_offset)) else { return };
        let list = client.context().physical(partition);
        let asked = tokio::task::spawn_blocking(move || {
            let (topic, partition) = list.elements().first().map(|e| (e.topic().to_owned(), e.partition()))?;
            client.fetch_watermarks(&topic, partition, Duration::from_secs(2)).ok()
        });
        if let Ok(Some((_, high))) = asked.await
            && next > high
        {
            match self.reader.begin_anew(partition).await {
                Ok(()) => self.begin_anew(&partition.0, partition.1),
                Err(error) => tracing::warn!(topic = %partition.0, partition = partition.1, %error, "an offset beyond the end of its topic"),
            }
        }
    }

    async fn catch_up(&mut self, partition: &Partition, published: i64) {
        tracing::warn!(topic = %partition.0, partition = partition.1, published, "published rows did not come, fetching them");
        match self.reader.catch_up(partition, published).await {
            Ok(_) => self.wake.wake(),
            Err(Halted::Stopped { reason, .. }) => self.stop_partition(partition.clone(), &reason),
            // Retried by the next batch or the next comparison; a fence is noticed by the next batch.
            Err(error) => {
                tracing::warn!(%error, "fetching rows");
                self.health.retrying(self.name);
            }
        }
    }

    pub(super) fn stop_partition(&mut self, partition: Partition, reason: &str) {
        tracing::error!(topic = %partition.0, partition = partition.1, reason, "partition stopped");
        self.health.stopped(&partition.0, partition.1, reason);
        if let Some(client) = lock(&self.client).as_ref() {
            let _ = client.pause(&client.context().physical(&partition));
        }
        self.stopped.insert(partition, Instant::now());
    }

    pub(super) async fn try_stopped_again(&mut self) {
        let due: Vec<Partition> = self.stopped.iter().filter(|(_, since)| since.elapsed() > STOPPED_FOR).map(|(p, _)| p.clone()).collect();
        for place in due {
            // A producer with another past stays refused; one that cannot be asked is heard, and screened as ever.
            if let Ok(Some(Compared::Fork(contradiction))) = self.reader.compare(&place).await {
                self.stop_partition(place, &contradiction.to_string());
                continue;
            }
            self.stopped.remove(&place);
            self.health.resumed(&place.0, place.1);
            self.go_on(&place);
        }
    }

    /// Fetches a partition again from where it was left.
    fn go_on(&self, place: &Partition) {
        let Some(progress) = self.reader.owning.get(place) else { return };
        if let Some(client) = lock(&self.client).as_ref() {
            let list = client.context().physical(place);
            let offset = rdkafka::Offset::Offset(progress.next_offset);
            for element in list.elements() {
                let _ = client.seek(element.topic(), element.partition(), offset, Duration::from_secs(2));
            }
            let _ = client.resume(&list);
        }
    }
}
