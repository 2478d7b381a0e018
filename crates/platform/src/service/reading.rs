//! What reads: the member of the consumer group and its two consume loops.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Context, Definition};
use crate::{
    health::Health,
    kafka::{
        group::{Member, Owned},
        queue::queue,
    },
    metrics::Metrics,
    peers::Peers,
    protocol::owning::Owning,
    reader::{Handler, drive::Loop, step::Reader},
    relay::Wake,
    streams::Class,
};

/// The group member on its own thread and a consume loop for each class.
pub(super) struct Reading {
    thread: std::thread::JoinHandle<()>,
}

impl Reading {
    #[expect(clippy::too_many_arguments, reason = "the parts of the process, named at the only call")]
    pub(super) fn start<S>(
        definition: &Definition,
        context: &Context<S>,
        handler: &Arc<dyn Handler>,
        owner: &str,
        wake: &Wake,
        health: &Health,
        metrics: &Metrics,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let settings = &context.settings;
        let journals = Arc::new(Peers::new(&settings.peers, &settings.auth.token_file)?.counted_by(metrics.clone()));
        let owned = Owned::default();
        let client = Arc::new(Mutex::new(None));
        let (mut loops, mut ahead) = (BTreeMap::new(), None);
        // Cargo goes first.
        for class in [Class::Cargo, Class::Parcels] {
            let (sender, queue) = queue(settings.reader.room(), settings.reader.batch_bytes);
            loops.insert(class, sender);
            let to = ahead.replace(queue.ahead());
            let reader = Reader {
                pool: context.pool.clone(),
                handler: Arc::clone(handler),
                journal: context.journal,
                sources: definition.hears.to_vec(),
                journals: journals.clone(),
                owner: owner.to_owned(),
                metrics: metrics.clone(),
                owning: Owning::default(),
                told: Vec::new(),
            };
            let consume = Loop::new(reader, queue, Arc::clone(&owned), Arc::clone(&client), wake.clone(), health.clone(), settings.reader, class);
            tasks.spawn(consume.behind(to).run(stop.clone()));
        }
        let member = Member {
            settings: settings.kafka.clone(),
            group: definition.name,
            owner: owner.to_owned(),
            sources: definition.hears.to_vec(),
            layout: context.journal.layout,
            pool: context.pool.clone(),
            health: health.clone(),
            loops,
        };
        let (runtime, stop) = (Handle::current(), stop.clone());
        let thread = std::thread::Builder::new().name("group".to_owned()).spawn(move || member.run(&runtime, &owned, &client, &stop))?;
        Ok(Self { thread })
    }

    /// Dropping the consumer leaves the group at once, so that nobody waits for a session to run out.
    pub(super) async fn leave(self, bound: Duration) {
        let left = tokio::task::spawn_blocking(move || self.thread.join());
        let _ = tokio::time::timeout(bound, left).await;
    }
}
