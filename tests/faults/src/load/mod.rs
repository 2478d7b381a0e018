//! The load: declarations at a rate, by Kafka and by gRPC, every accepted one written into a ledger of its own.
mod calls;
mod ledger;
mod publisher;
mod template;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use ledger::{Channel, Item, Ledger, REFUSED, Standing, digest};
pub use publisher::Publisher;
pub use template::{Lodging, Mix};

use crate::site::Site;
use calls::Calls;

/// What is sent and how fast.
#[derive(Debug, Clone)]
pub struct Demand {
    /// Declarations a second.
    pub rate: u32,
    /// Of a thousand, by gRPC.
    pub grpc: u32,
    /// Of a thousand, parcels.
    pub parcels: u32,
    /// Of a thousand that came by gRPC, amended once.
    pub amended: u32,
    /// Offices with their weights.
    pub offices: Vec<(String, u32)>,
    /// How long a caller waits for one answer.
    pub deadline: Duration,
    pub seed: u64,
}

impl Demand {
    pub fn at(rate: u32, seed: u64) -> Self {
        let offices = crate::site::OFFICES.iter().map(|o| ((*o).to_owned(), 1)).collect();
        Self { rate, grpc: 150, parcels: 100, amended: 200, offices, deadline: Duration::from_secs(10), seed }
    }
}

/// A load that runs until it is told to stop.
pub struct Load {
    pub ledger: Arc<Ledger>,
    publisher: Arc<Publisher>,
    calls: Arc<Calls>,
    stop: CancellationToken,
    pace: Arc<AtomicU32>,
    task: JoinHandle<Result<()>>,
    /// A load that is dropped sends nothing more, not even what was begun.
    _given_up: DropGuard,
}

impl Load {
    pub fn start(site: &Site, demand: &Demand) -> Result<Self> {
        let ledger = Arc::new(Ledger::default());
        let publisher = Arc::new(Publisher::new(site, Arc::clone(&ledger))?);
        let given_up = CancellationToken::new();
        let calls = Arc::new(Calls::new(site, Arc::clone(&ledger), demand.deadline, given_up.clone())?);
        let stop = given_up.child_token();
        let pace = Arc::new(AtomicU32::new(demand.rate));
        let mix = Mix::new(&site.name, demand);
        let task = tokio::spawn(drive(mix, Arc::clone(&publisher), Arc::clone(&calls), Arc::clone(&pace), stop.clone()));
        Ok(Self { ledger, publisher, calls, stop, pace, task, _given_up: given_up.drop_guard() })
    }

    /// Changes the rate, declarations a second.
    pub fn pace(&self, rate: u32) {
        self.pace.store(rate, Ordering::Relaxed);
    }

    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Stops sending and waits until everything sent was acknowledged or answered.
    pub async fn finish(self) -> Result<Arc<Ledger>> {
        self.stop.cancel();
        self.task.await??;
        self.calls.finish(Duration::from_secs(120)).await?;
        let publisher = Arc::clone(&self.publisher);
        tokio::task::spawn_blocking(move || publisher.flush(Duration::from_secs(120))).await??;
        Ok(self.ledger)
    }
}

const DECLARATION: u128 = 1_000_000;

/// Sends what is due every few milliseconds.
async fn drive(mut mix: Mix, publisher: Arc<Publisher>, calls: Arc<Calls>, pace: Arc<AtomicU32>, stop: CancellationToken) -> Result<()> {
    // Millionths of a declaration.
    let mut owed = 0;
    let mut last = Instant::now();
    while !stop.is_cancelled() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let now = Instant::now();
        owed += (now - last).as_micros() * u128::from(pace.load(Ordering::Relaxed));
        last = now;
        while owed >= DECLARATION {
            owed -= DECLARATION;
            let lodging = mix.next();
            match lodging.channel {
                Channel::Topic => publisher.lodge(&lodging)?,
                Channel::Call => calls.lodge(lodging),
            }
        }
    }
    Ok(())
}
