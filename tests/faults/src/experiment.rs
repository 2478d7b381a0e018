//! An experiment: one fault under load, its figures, and all laws afterwards.
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::{
    ground::Ground,
    record::{Must, Record},
};

/// How long and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// As in CI.
    Short,
    /// As the published table says.
    Full,
    /// The same, and a broker that stays away for two hours.
    Long,
}

impl Scale {
    pub fn pick<T>(self, short: T, full: T) -> T {
        match self {
            Self::Short => short,
            Self::Full | Self::Long => full,
        }
    }
}

/// What an experiment is given.
#[derive(Clone)]
pub struct Bench {
    pub ground: Arc<Ground>,
    pub scale: Scale,
    pub seed: u64,
}

impl Bench {
    /// A bound on time, or on what takes time to come about: short runs share a noisy machine and only show the figure.
    pub fn in_full(&self, must: Must) -> Option<Must> {
        self.scale.pick(None, Some(must))
    }
}

/// Fills the record; whatever happens the record comes back.
type Conduct = fn(Bench, Record) -> BoxFuture<'static, (Record, anyhow::Result<()>)>;

/// A fault with its name and what it does.
pub struct Experiment {
    pub name: &'static str,
    /// One line for the table: what is done to the system.
    pub fault: &'static str,
    /// Part of `faults short`.
    pub in_short: bool,
    pub run: Conduct,
}

impl Experiment {
    /// Runs it; whatever happens there is a record of it.
    pub async fn conduct(&self, bench: Bench) -> Record {
        println!("{}: {}", self.name, self.fault);
        let began = Instant::now();
        let record = Record::new(self.name, self.fault, &bench);
        // What the experiment before has broken and not mended is no fault of this one.
        let (mut record, outcome) = match bench.ground.up().await {
            Ok(()) => (self.run)(bench, record).await,
            Err(error) => (record, Err(error)),
        };
        if let Err(error) = outcome {
            record.error = Some(format!("{error:#}"));
        }
        record.seconds = began.elapsed().as_secs();
        record
    }
}

/// Gives an `async fn(&Bench, &mut Record) -> Result<()>` the shape that the list of experiments holds.
#[macro_export]
macro_rules! experiment {
    ($name:literal, $fault:literal, $short:literal, $run:path) => {
        $crate::experiment::Experiment {
            name: $name,
            fault: $fault,
            in_short: $short,
            run: |bench, mut record| {
                Box::pin(async move {
                    let outcome = $run(&bench, &mut record).await;
                    (record, outcome)
                })
            },
        }
    };
}

/// All experiments as a table.
pub fn table(all: &[Experiment]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["name", "short", "fault"]);
    for experiment in all {
        table.add_row([experiment.name, if experiment.in_short { "yes" } else { "" }, experiment.fault]);
    }
    table.to_string()
}
