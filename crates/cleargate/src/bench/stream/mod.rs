//! A load that scales to a million declarations: bounded memory, little CPU, and never more than so many under way.
//!
//! The mix is that of `load/mix.rs`, and declarants react as in `load/window.rs`. Publishing waits while too many are not answered or not
//! yet reported, so what is measured is a rate that can go on and no backlog that is drained; the last tenth beside the mean shows it.
//! "Done": the lane of the version that counts is answered, and reporting shows it with lane and officer or queue entry.
mod answer;
mod flow;
mod listen;
mod shown;
mod states;
mod wire;

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use anyhow::{Result, bail};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::flow::Flow;
use self::{flow::Marks, shown::Shown, states::States, wire::Wire};
use super::{meter::Meter, site::Site, spread::Spread};
use crate::{clock, load, load::mix::Mix};

/// What to send.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub count: usize,
    /// Declarations a second; as fast as it goes when left out.
    pub rate: Option<u64>,
    pub seed: u64,
}

/// Declarations under way at most; reporting is counted in pieces, so it may seem twice as far behind.
const UNDER_WAY: u64 = 20_000;
/// Nothing has moved for so long: something is broken.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nothing has moved for so long: perhaps a process has ended.
const SUSPICION: Duration = Duration::from_secs(5);

impl Plan {
    /// Sends it all and waits until everything is done and no payment is on its way.
    pub async fn drive(self, site: &Site<'_>) -> Result<Flow> {
        let run = format!("R{}", clock::now_micros() / 1000 % 100_000_000_000);
        // A measurement of single declarations waits for nothing; one of throughput gathers as a busy client does.
        let hurried = self.rate.is_some_and(|rate| rate <= 1_000);
        let wire = Arc::new(Wire::new(&site.brokers, &site.prefix, &run, site.whole(), hurried)?);
        let states = Arc::new(States::new(self.count, site.spread.codes()));
        let stop = CancellationToken::new();
        let _ends_with_us = stop.clone().drop_guard();
        let listener = listen::listen(&site.brokers, &site.prefix, hurried, Arc::clone(&wire), Arc::clone(&states), stop.clone())?;
        let before = Meter::read(site);
        let publisher = {
            let (spread, wire, states, stop) = (site.spread.clone(), Arc::clone(&wire), Arc::clone(&states), stop.clone());
            tokio::task::spawn_blocking(move || publish(self, &spread, &wire, &states, &stop))
        };
        let shown = Shown::new(site.reporting.clone(), &run, site.whole());
        let marks = self.watch(site, &states, shown, hurried).await;
        if marks.is_err() {
            stop.cancel();
        }
        publisher.await??;
        let marks = marks?;
        let busy = before.busy();
        rest(&states).await;
        let spent = before.spent(site);
        stop.cancel();
        let _ = tokio::task::spawn_blocking(move || listener.join()).await;
        let flow = Flow::new(&states, &marks, spent, busy);
        // A refusal is quick and decides nothing: a load of refusals measures something else.
        if flow.refused * 50 > flow.sent {
            bail!("{}: {} of {} were refused: this is no load of declarations", site.name(), flow.refused, flow.sent);
        }
        Ok(flow)
    }

    async fn watch(self, site: &Site<'_>, states: &States, mut shown: Shown, single: bool) -> Result<Marks> {
        let mut marks = Marks::new();
        let mut moved = (0, Instant::now());
        let bar = load::progress(self.count as u64);
        let pause = Duration::from_millis(match self.rate {
            Some(rate) if rate <= 10 => 2,
            Some(_) => 10,
            None => 200,
        });
        loop {
            if single {
                shown.mark(states).await?;
            } else {
                shown.count(states).await?;
            }
            let done = states.shown.load(Relaxed);
            bar.set_position(done);
            marks.note(done, || site.memory_mb());
            if states.shown.load(Relaxed) >= self.count as u64 && states.settled.load(Relaxed) >= self.count as u64 {
                bar.finish_and_clear();
                marks.end(site.memory_mb());
                return Ok(marks);
            }
            let reached = done + states.settled.load(Relaxed) + states.sent.load(Relaxed);
            if reached > moved.0 {
                moved = (reached, Instant::now());
            } else if let Some(why) = given_up(site, moved.1.elapsed()) {
                bar.finish_and_clear();
                let (sent, settled) = (states.sent.load(Relaxed), states.settled.load(Relaxed));
                let logs = site.stack.state.logs();
                bail!("{}: of {sent} sent {settled} are answered and {done} reported; {why}; see {}", site.name(), logs.display());
            }
            // The end is looked at closely: it is part of the time.
            let left = self.count as u64 - states.settled.load(Relaxed).min(self.count as u64);
            tokio::time::sleep(if left == 0 { pause.min(Duration::from_millis(20)) } else { pause }).await;
        }
    }
}

/// Why a run that has not moved for a while will not move any more.
fn given_up(site: &Site<'_>, still: Duration) -> Option<String> {
    let gone = if still > SUSPICION { site.gone() } else { Vec::new() };
    match gone.as_slice() {
        [] => (still > PATIENCE).then(|| format!("nothing has moved for {} s", PATIENCE.as_secs())),
        gone => Some(format!("no process of {} lives", gone.join(", "))),
    }
}

fn publish(plan: Plan, spread: &Spread, wire: &Wire, states: &States, stop: &CancellationToken) -> Result<()> {
    let mut mix = Mix::new(plan.seed, &wire.run, clock::today_date());
    let mut rng = fastrand::Rng::with_seed(plan.seed);
    let begun = Instant::now();
    for n in 0..plan.count {
        if let Some(rate) = plan.rate {
            let due = begun + Duration::from_micros(n as u64 * 1_000_000 / rate.max(1));
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        let too_many = || n as u64 >= states.settled.load(Relaxed) + UNDER_WAY || n as u64 >= states.shown.load(Relaxed) + 2 * UNDER_WAY;
        while too_many() && !stop.is_cancelled() {
            std::thread::sleep(Duration::from_millis(2));
        }
        if stop.is_cancelled() {
            return Ok(());
        }
        let mut sample = mix.sample();
        let place = spread.send(&mut sample.declaration, &mut rng);
        wire.lodge(states, n, sample, place)?;
    }
    wire.flush()
}

/// Until no answer has come for a second: payments are settled too, and cost the next run nothing.
async fn rest(states: &States) {
    let mut heard = states.heard.load(Relaxed);
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = states.heard.load(Relaxed);
        if now == heard {
            return;
        }
        heard = now;
    }
}
