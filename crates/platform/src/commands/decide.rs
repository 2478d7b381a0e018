//! The loop that decides queued calls: many in one transaction, each once, none after its deadline.
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::{
    sync::{Semaphore, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    Asker, Call, Commands, Decide, Decision, Waiting,
    crowd::Crowd,
    stored::{Stored, key, remember, repeat, stored},
};
use crate::{
    clock, database,
    failure::Failure,
    health::Health,
    journal::{self, Journal, Row},
    laboratory,
    metrics::Metrics,
    reader::{
        Handler,
        settle::{Halt, settle},
    },
    relay::Wake,
    serving::Refusal,
    settings,
    work::Work,
};

/// Decides queued commands.
pub struct CommandLoop<D: Decide> {
    queue: mpsc::Receiver<Waiting<D::Command>>,
    pub pool: PgPool,
    pub decide: Arc<D>,
    pub handler: Arc<dyn Handler>,
    pub journal: Journal,
    pub wake: Wake,
    pub health: Health,
    pub metrics: Metrics,
    settings: settings::Commands,
    crowd: Crowd,
}

/// How often a call is tried before it is told to come back.
const PATIENCE: u32 = 8;
/// Whoever has less time is not kept waiting for others.
const HURRIED: Duration = Duration::from_millis(200);
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl<D: Decide> CommandLoop<D> {
    #[expect(clippy::too_many_arguments, reason = "the parts of one loop, named at the only call")]
    pub fn new(
        pool: PgPool,
        decide: Arc<D>,
        handler: Arc<dyn Handler>,
        journal: Journal,
        wake: Wake,
        health: Health,
        metrics: Metrics,
        settings: settings::Commands,
    ) -> (Commands<D::Command>, Self) {
        let (sender, queue) = mpsc::channel(settings.queue);
        let room = Arc::new(Semaphore::new(settings.queue_bytes));
        let commands = Commands { queue: sender, room, bytes: settings.queue_bytes, metrics: metrics.clone() };
        (commands, Self { queue, pool, decide, handler, journal, wake, health, metrics, settings, crowd: Crowd::new(Instant::now()) })
    }

    /// Decides until cancelled and the queue is empty.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut held: Vec<Waiting<D::Command>> = Vec::new();
        loop {
            self.health.progressed("commands");
            if held.is_empty() {
                let next = tokio::select! {
                    () = stop.cancelled() => self.queue.try_recv().ok(),
                    next = tokio::time::timeout(Duration::from_secs(30), self.queue.recv()) => match next {
                        Ok(next) => next,
                        Err(_) => continue,
                    },
                };
                let Some(next) = next else { return };
                held.push(next);
            }
            self.gather(&mut held, &stop).await;
            held = self.step(held).await;
        }
    }

    /// What waits already, and the rest of a crowd that comes back; not when one of them has little time, and not for callers that are sent away.
    async fn gather(&mut self, held: &mut Vec<Waiting<D::Command>>, stop: &CancellationToken) {
        let mut before = None;
        while held.len() < self.settings.batch {
            if let Ok(next) = self.queue.try_recv() {
                held.push(next);
                continue;
            }
            let hurried = |w: &Waiting<D::Command>| w.call.deadline.rest() < HURRIED;
            let waits = self.crowd.waits(held.len(), Instant::now());
            let Some(until) = waits.filter(|_| !stop.is_cancelled() && !held.iter().any(hurried)) else { return };
            let before = *before.get_or_insert(held.len());
            let Ok(Some(next)) = tokio::time::timeout_at(until, self.queue.recv()).await else {
                return self.crowd.timed_out(held.len(), held.len() - before);
            };
            held.push(next);
        }
    }

    /// Decides calls in one transaction and answers them. Returns those to be decided later: tried in vain, or with the key of another.
    async fn step(&mut self, waiting: Vec<Waiting<D::Command>>) -> Vec<Waiting<D::Command>> {
        let (now, mut later) = without_repeats(self.in_time(waiting));
        if now.is_empty() {
            return later;
        }
        let (calls, askers): (Vec<_>, Vec<_>) = now.into_iter().map(|w| (w.call, w.asker)).unzip();
        let begun = Instant::now();
        match self.transact(&calls).await {
            Ok((decisions, told)) => {
                self.crowd.decided(calls.len(), self.queue.len(), begun.elapsed(), Instant::now());
                self.wake.committed(told);
                self.metrics.decided(decisions.len());
                askers.into_iter().zip(decisions).for_each(|(asker, decision)| asker.tell(decision));
                later
            }
            Err(Failure::Deterministic(reason)) if calls.len() == 1 => {
                tracing::error!(reason, method = calls[0].method, "the database refuses a command");
                askers.into_iter().for_each(|asker| asker.tell(Err(Refusal::Internal)));
                later
            }
            Err(Failure::Deterministic(_)) => {
                for (call, asker) in calls.into_iter().zip(askers) {
                    later.extend(Box::pin(self.step(vec![Waiting { call, asker }])).await);
                }
                later
            }
            Err(failure) => {
                tracing::warn!(%failure, "commands will be tried again");
                let mut again = self.patient(calls, askers).await;
                again.append(&mut later);
                again
            }
        }
    }

    /// Answers those whose deadline has passed: nobody waits for them, and a late success would count as none.
    fn in_time(&self, waiting: Vec<Waiting<D::Command>>) -> Vec<Waiting<D::Command>> {
        let (late, in_time): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|w| w.call.deadline.passed());
        for waiting in late {
            self.metrics.turned_away("command", "late");
            waiting.asker.tell(Err(Refusal::Late));
        }
        in_time
    }

    /// Waits a moment with those that may be tried again, and tells the others to come back.
    async fn patient(&self, calls: Vec<Call<D::Command>>, askers: Vec<Asker>) -> Vec<Waiting<D::Command>> {
        self.health.retrying("commands");
        self.metrics.retried("commands");
        let mut again = Vec::with_capacity(calls.len());
        for (call, mut asker) in calls.into_iter().zip(askers) {
            asker.tries += 1;
            if asker.tries < PATIENCE {
                again.push(Waiting { call, asker });
            } else {
                asker.tell(Err(Refusal::Unavailable));
            }
        }
        let tries = again.iter().map(|w| w.asker.tries).max().unwrap_or(0);
        tokio::time::sleep(clock::jittered((FIRST_PAUSE * (1 << tries)).min(LONGEST_PAUSE))).await;
        again
    }

    async fn transact(&self, calls: &[Call<D::Command>]) -> Result<(Vec<Decision>, Vec<Row>), Failure> {
        let mut tx = self.pool.begin_with(begin(calls)).await?;
        let stored = stored(&mut tx, calls).await?;
        if stored.len() == calls.len() {
            return Ok((calls.iter().filter_map(|c| repeat(&stored, c)).collect(), Vec::new()));
        }
        if !stored.is_empty() {
            // Rare: answer the repeats from the table and decide the others by themselves.
            tx.rollback().await?;
            return self.around_repeats(calls, &stored).await;
        }
        let mut work = Work::new(&mut tx, clock::now());
        // One call that makes the service panic must not take the loop with it; it is found by deciding one by one.
        let decided = AssertUnwindSafe(self.decide.decide(&mut work, calls)).catch_unwind().await;
        let decisions = decided.unwrap_or_else(|_| Err(Failure::Deterministic("the decision panicked".to_owned())))?;
        if decisions.len() != calls.len() {
            return Err(Failure::Deterministic(format!("{} calls got {} decisions", calls.len(), decisions.len())));
        }
        match settle(self.handler.as_ref(), &mut work, &[]).await {
            Ok(_) => {}
            Err(Halt::Failure(failure)) => return Err(failure),
            Err(Halt::SplitAfter(_)) => return Err(Failure::Retry("an awaited fact was rejected".to_owned())),
        }
        let now = work.now;
        let entries = std::mem::take(&mut work.entries);
        remember(&mut tx, calls, &decisions, now).await?;
        let told = journal::append(&mut tx, self.journal, entries).await?;
        laboratory::point("commands::before-commit");
        self.metrics.commit("commands", tx.commit()).await?;
        laboratory::point("commands::after-commit");
        Ok((decisions, told))
    }

    async fn around_repeats(&self, calls: &[Call<D::Command>], stored: &Stored) -> Result<(Vec<Decision>, Vec<Row>), Failure> {
        let (mut decisions, mut told) = (Vec::with_capacity(calls.len()), Vec::new());
        for call in calls {
            match repeat(stored, call) {
                Some(decision) => decisions.push(decision),
                None => {
                    let (decided, rows) = Box::pin(self.transact(std::slice::from_ref(call))).await?;
                    decisions.extend(decided);
                    told.extend(rows);
                }
            }
        }
        Ok((decisions, told))
    }
}

/// No statement runs longer than the last of these callers waits; set in the same round trip that begins the transaction.
fn begin<C>(calls: &[Call<C>]) -> AssertSqlSafe<String> {
    let longest = calls.iter().map(|c| c.deadline.rest().as_millis()).max().unwrap_or(0);
    AssertSqlSafe(format!("{}; SET LOCAL statement_timeout = {}", database::BEGIN, longest.max(1)))
}

fn without_repeats<C>(waiting: Vec<Waiting<C>>) -> (Vec<Waiting<C>>, Vec<Waiting<C>>) {
    let mut keys = std::collections::HashSet::new();
    waiting.into_iter().partition(|w| keys.insert(key(&w.call)))
}
