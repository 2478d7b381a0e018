//! Who of several replicas relays: whoever holds an advisory lock in a database session of its own.
//!
//! When the holder dies its socket closes and the database frees the lock at once; when it is stopped, or cut off, the database ends the
//! silent session after `seconds` (`idle_session_timeout`). The same session carries a wake-up call from the others to the holder, because
//! what another replica commits is the holder's to send. Two holders by accident are harmless: readers drop what comes twice.
use std::{sync::Arc, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{failure::Failure, relay::Wake};

/// How often somebody without the seat tries to take it.
const TRY: Duration = Duration::from_millis(200);
/// After the session was lost.
const PAUSE: Duration = Duration::from_millis(200);

/// A place in line for the seat.
pub struct Seat {
    /// `None` where nobody is kept out.
    line: Option<Line>,
    options: PgConnectOptions,
    name: &'static str,
    /// Shown as the session's application.
    owner: String,
    seconds: u32,
    wake: Wake,
}

struct Line {
    task: JoinHandle<()>,
    /// `None` before the database has answered for the first time.
    holds: watch::Receiver<Option<bool>>,
    call: Arc<Notify>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seat {
    /// A seat in the database of `pool`; `wake` is woken when it was taken and when others have something for its holder.
    /// With 0 `seconds` nobody is kept out.
    pub fn new(pool: &PgPool, name: &'static str, owner: String, seconds: u32, wake: Wake) -> Self {
        let silent = format!("{seconds}s");
        // What only wakes somebody need not wait for the disk.
        let options = [("idle_session_timeout", silent.as_str()), ("synchronous_commit", "off")];
        let options = pool.connect_options().as_ref().clone().options(options);
        Self { line: None, options, name, owner, seconds, wake }
    }

    /// Whether this process holds the seat; if not, its holder is woken.
    pub async fn hold(&mut self) -> Result<bool, Failure> {
        if self.seconds == 0 {
            return Ok(true);
        }
        let line = self
            .line
            .get_or_insert_with(|| Line::join(self.options.clone().application_name(&self.owner), self.name, self.seconds, self.wake.clone()));
        let holds = line.holds.wait_for(Option::is_some).await.map_err(|_| Failure::Retry("nobody asks for the seat".to_owned()))?;
        let holds = *holds == Some(true);
        if !holds {
            line.call.notify_one();
        }
        Ok(holds)
    }

    /// Leaves it to the others.
    pub fn release(&mut self) {
        self.line = None;
    }
}

impl Line {
    fn join(options: PgConnectOptions, name: &'static str, seconds: u32, wake: Wake) -> Self {
        let (told, holds) = watch::channel(None);
        let call = Arc::new(Notify::new());
        let calls = Arc::clone(&call);
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = sit(&options, name, seconds, &told, &wake, &calls).await {
                    tracing::warn!(%error, name, "the session of a seat was lost, another follows");
                }
                told.send_replace(Some(false));
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { task, holds, call }
    }
}

/// One session, until it is lost.
async fn sit(
    options: &PgConnectOptions,
    name: &str,
    seconds: u32,
    told: &watch::Sender<Option<bool>>,
    wake: &Wake,
    calls: &Notify,
) -> Result<(), sqlx::Error> {
    let patience = Duration::from_secs(u64::from(seconds));
    let late = |_| sqlx::Error::PoolTimedOut;
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(patience).connect_with(options.clone()).await?;
    let mut session = PgListener::connect_with(&pool).await?;
    session.eager_reconnect(false);
    session.listen(name).await?;
    let mut ticks = interval(TRY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                // Asked again and again also by the holder, so that the session is never silent. A session locks the same key any number of times.
                let asked = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS "held!""#, name).fetch_one(&mut session);
                let holds = timeout(patience, asked).await.map_err(late)??;
                if told.send_replace(Some(holds)) != Some(holds) && holds {
                    tracing::info!(name, "took the seat");
                    wake.wake();
                }
            }
            () = calls.notified() => {
                let called = sqlx::query!("SELECT pg_notify($1, '')", name).execute(&mut session);
                timeout(patience, called).await.map_err(late)??;
            }
            heard = session.try_recv() => match heard? {
                // Who waits hears its own call too, and would call again for ever.
                Some(_) if *told.borrow() == Some(true) => wake.wake(),
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
}
