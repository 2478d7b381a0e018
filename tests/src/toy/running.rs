//! The toy as a member of its group.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use platform::{
    Handler,
    health::Health,
    kafka::{
        group::{Member, Owned},
        queue::queue,
    },
    peers::Journals,
    reader::{Source, drive::Loop, step::Reader},
    relay::Wake,
    settings,
    streams::Class,
};
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{NoPeers, SOURCES, reader};
use crate::Sandbox;

/// A toy service as far as Kafka goes: a member of the group on its own thread and the consume loop of each class.
pub struct Running {
    pub health: Health,
    stop: CancellationToken,
    tasks: TaskTracker,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    /// Joins the group under `owner`, as `platform::service` does it.
    pub fn start(sandbox: &Sandbox, owner: &str, handler: Arc<dyn Handler>, settings: settings::Reader) -> anyhow::Result<Self> {
        Self::with(sandbox, owner, handler, settings, &SOURCES, Arc::new(NoPeers))
    }

    /// The same under a health of the test's own.
    pub fn watched(sandbox: &Sandbox, owner: &str, handler: Arc<dyn Handler>, settings: settings::Reader, health: Health) -> anyhow::Result<Self> {
        Self::whole(sandbox, owner, handler, settings, &SOURCES, Arc::new(NoPeers), health)
    }

    /// The same with other sources, repaired by `journals`.
    pub fn with(
        sandbox: &Sandbox,
        owner: &str,
        handler: Arc<dyn Handler>,
        settings: settings::Reader,
        sources: &[Source],
        journals: Arc<dyn Journals>,
    ) -> anyhow::Result<Self> {
        Self::whole(sandbox, owner, handler, settings, sources, journals, Health::default())
    }

    #[expect(clippy::needless_pass_by_value, reason = "both are shared by the loops that this starts")]
    fn whole(
        sandbox: &Sandbox,
        owner: &str,
        handler: Arc<dyn Handler>,
        settings: settings::Reader,
        sources: &[Source],
        journals: Arc<dyn Journals>,
        health: Health,
    ) -> anyhow::Result<Self> {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (owned, client): (Owned, _) = (Owned::default(), Arc::new(Mutex::new(None)));
        let mut loops = BTreeMap::new();
        for class in [Class::Cargo, Class::Parcels] {
            let (sender, queue) = queue(settings.room(), settings.batch_bytes);
            loops.insert(class, sender);
            let reader = Reader { handler: Arc::clone(&handler), sources: sources.to_vec(), ..reader(sandbox, owner, Arc::clone(&journals)) };
            let consume = Loop::new(reader, queue, Arc::clone(&owned), Arc::clone(&client), Wake::default(), health.clone(), settings, class);
            tasks.spawn(consume.run(stop.clone()));
        }
        tasks.close();
        let member = Member {
            settings: sandbox.kafka.clone(),
            group: "toy",
            owner: owner.to_owned(),
            sources: sources.to_vec(),
            layout: sandbox.journal.layout,
            pool: sandbox.pool.clone(),
            health: health.clone(),
            loops,
        };
        let (runtime, cancelled) = (Handle::current(), stop.clone());
        let thread = std::thread::Builder::new().name("group".to_owned()).spawn(move || member.run(&runtime, &owned, &client, &cancelled))?;
        Ok(Self { health, stop, tasks, thread })
    }

    /// Finishes the batch in hand and leaves the group.
    pub async fn leave(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.tasks.wait().await;
        tokio::task::spawn_blocking(move || self.thread.join()).await?.map_err(|_| anyhow::anyhow!("the group's thread panicked"))
    }
}
