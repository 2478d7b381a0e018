//! The timer that keeps the figures of days that are over: it counts what the firing before announced, keeps what nobody has marked since, and announces
//! the next days, newest first.
//!
//! Counting locks nothing; batches wait for this only while it keeps and announces. It works a quarter of its time at most.
use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use platform::{Failure, Work, clock, kafka::group::lock, timers::Timer};
use values::{Day, local_day};

use crate::{
    report,
    store::{self, PastDay},
};

/// Announced at once; those that there was no time for wait for the next firing.
const ANNOUNCED: i64 = 32;
/// No further day is counted in a firing that has taken so long.
const ROUND: Duration = Duration::from_millis(200);
/// Days added, or taken back, in one firing.
const ADDED: i64 = 10_000;
/// Rest after a firing, in times of its own length.
const REST: u32 = 3;
/// Rest when there is nothing to do, when another replica does it, and after a doubt: who writes without marking goes on for a while.
const IDLE: Duration = Duration::from_secs(5);

/// Keeps figures.
#[derive(Debug, Default)]
pub struct Keeping {
    known: Mutex<Known>,
}

/// What a firing leaves for the next one; nothing is lost with it.
#[derive(Debug, Default, Clone, Copy)]
struct Known {
    /// The day on which nothing was found missing.
    complete_on: Option<Day>,
    /// Rest after a firing that has more to do.
    rest: Option<Duration>,
}

#[async_trait]
impl Timer for Keeping {
    fn name(&self) -> &'static str {
        "keeping"
    }

    fn period(&self) -> Duration {
        IDLE
    }

    fn rest(&self) -> Duration {
        lock(&self.known).rest.unwrap_or(IDLE)
    }

    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let today = local_day(work.now);
        if store::doubted(work.conn).await? {
            let more = start_over(work).await?;
            *lock(&self.known) = Known { complete_on: None, rest: more.then_some(Duration::ZERO) };
            return Ok(());
        }
        let mut known = *lock(&self.known);
        let begun = clock::now();
        // What is added here may be lost with the transaction; so the day is complete only when there is nothing to add.
        if known.complete_on != Some(today) && store::expect(work.conn, today, ADDED).await? == 0 {
            known.complete_on = Some(today);
        }
        let busy = round(work, begun).await? || known.complete_on.is_none();
        known.rest = busy.then(|| elapsed(begun) * REST);
        *lock(&self.known) = known;
        Ok(())
    }
}

/// Counts, keeps, announces; returns whether anything was to do.
async fn round(work: &mut Work<'_>, begun: platform::Instant) -> Result<bool, Failure> {
    let announced = store::announced(work.conn).await?;
    let mut counted = Vec::new();
    for past in &announced {
        if elapsed(begun) > ROUND && !counted.is_empty() {
            break;
        }
        let figures = store::figures_of(work.conn, &past.office, past.day).await?;
        counted.push((past.clone(), report::encode(&figures)));
    }
    let left = i64::try_from(announced.len() - counted.len()).unwrap_or(ANNOUNCED);
    let next: Vec<PastDay> = store::due(work.conn, (ANNOUNCED - left).max(0)).await?;
    if counted.is_empty() && next.is_empty() {
        return Ok(false);
    }
    store::alone(work.conn).await?;
    store::keep(work.conn, &counted).await?;
    store::announce(work.conn, &next).await?;
    Ok(true)
}

/// Takes everything back, and when nothing is kept any more, ends the doubt; the next firing looks for days that have appeared. Rows are taken back
/// without the lock, by firings of their own: who holds rows must not wait for it. Returns whether there is more to take back.
async fn start_over(work: &mut Work<'_>) -> Result<bool, Failure> {
    if store::withdraw(work.conn, ADDED).await? > 0 {
        return Ok(true);
    }
    store::alone(work.conn).await?;
    store::clear_doubt(work.conn).await?;
    Ok(false)
}

fn elapsed(begun: platform::Instant) -> Duration {
    (clock::now() - begun).to_std().unwrap_or_default()
}
