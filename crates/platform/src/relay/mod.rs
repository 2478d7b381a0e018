//! From the journal to Kafka: rows in order, each at least once, `published` only ever behind what the broker acknowledged.
//!
//! The relay asks each partition for its last record, sends what lies after it in large pieces without waiting, and moves `published` to the
//! contiguous acknowledged prefix. A crash between acknowledgement and move, or a second relay, may send rows twice; readers drop them by
//! position. A topic that contradicts the journal gets nothing more. No Kafka transactions.
mod last;
mod line;
mod session;
mod sql;
mod waiting;
mod wake;

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::session::Session;
pub use self::wake::Wake;
use crate::{
    failure::Failure,
    health::Health,
    journal::Row,
    laboratory,
    metrics::Metrics,
    pace::Pace,
    protocol::start::{Found, Start, start},
    seat::Seat,
    settings,
};

/// (topic, stream).
type Place = (Cow<'static, str>, i32);

/// How often the journal is looked at although nobody told of anything new: somebody may have died before he could.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// `published` follows the acknowledgements this often: it is a transaction. What is not told before a crash is found out from the topics.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// A refused stream is looked at again after this time, in case topic or journal was mended.
const REFUSED_FOR: Duration = Duration::from_secs(30);

/// Sends one service's journal.
pub struct Relay {
    pool: PgPool,
    kafka: settings::Kafka,
    settings: settings::Relay,
    seat: Seat,
    wake: Wake,
    health: Health,
    metrics: Metrics,
    session: Option<Session>,
    /// Streams whose topic contradicts the journal, and since when.
    refused: BTreeMap<Place, Instant>,
    /// Due as long as the journal may hold more than was read.
    looking: Pace,
    publishing: Pace,
}

/// What a step did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub leading: bool,
    pub sent: usize,
    pub in_flight: usize,
    pub advanced: u64,
    /// Streams that get nothing because their topic contradicts the journal.
    pub refused: usize,
}

impl Relay {
    pub fn new(pool: PgPool, kafka: settings::Kafka, settings: settings::Relay, owner: String, wake: Wake, health: Health, metrics: Metrics) -> Self {
        let seat = Seat::new(&pool, "relay", owner, settings.lease_s, wake.clone());
        let (looking, publishing) = (Pace::new(LOOK_EVERY), Pace::new(PUBLISH_EVERY));
        Self { pool, kafka, settings, seat, wake, health, metrics, session: None, refused: BTreeMap::new(), looking, publishing }
    }

    /// Holds the seat, sends what is new in the journal, moves `published`.
    pub async fn step(&mut self) -> Result<Step, Failure> {
        self.looking.at_once();
        self.publishing.at_once();
        self.pass().await
    }

    /// Sends what was committed here a moment ago, from memory; looks into the journal when there may be more, and now and then.
    async fn pass(&mut self) -> Result<Step, Failure> {
        let held_until = Instant::now() + Duration::from_secs(u64::from(self.settings.lease_s.max(1)));
        let (fresh, more) = self.wake.take();
        if more {
            self.looking.at_once();
        }
        if !self.seat.hold().await? {
            self.retire();
            return Ok(Step::default());
        }
        let mut session = match self.session.take() {
            Some(session) => session,
            None => {
                self.looking.at_once();
                Session::new(&self.kafka, self.wake.clone()).map_err(|e| Failure::Retry(e.to_string()))?
            }
        };
        let step = self.lead(&mut session, fresh, held_until).await;
        if session.relaying.failed() {
            tracing::warn!("a producer failed, a new one goes on from what the topics hold");
        } else {
            self.session = Some(session);
        }
        step
    }

    async fn lead(&mut self, session: &mut Session, fresh: Vec<Row>, held_until: Instant) -> Result<Step, Failure> {
        if !session.queue(fresh) {
            self.looking.at_once();
        }
        if self.looking.due() && session.is_starved() {
            self.look(session).await?;
        }
        session.hear();
        // A relay that was stopped for longer than its session may be silent has a successor, which has sent all this.
        let sent = session.send(&self.kafka.prefix, || Instant::now() < held_until).map_err(|e| Failure::Retry(e.to_string()))?;
        session.hear();
        let advanced = if self.publishing.due() { self.advance(session).await? } else { 0 };
        self.metrics.relayed(advanced);
        Ok(Step { leading: true, sent, in_flight: session.relaying.in_flight(), advanced, refused: self.refused.len() })
    }

    /// Reads what each stream has and this process has not: what others wrote, or what there was no room for.
    async fn look(&mut self, session: &mut Session) -> Result<(), Failure> {
        let heads = sql::heads(&mut *self.pool.acquire().await?).await?;
        self.begin(session, &heads).await?;
        // Read after the heads: most of what was committed here before them is at hand by now.
        let (fresh, more) = self.wake.take();
        let unbroken = session.queue(fresh);
        let most = self.settings.rows;
        let gaps: Vec<_> =
            heads.iter().flat_map(|head| session.gaps(&head.place, head.position, most).into_iter().map(|gap| (&head.place, gap))).collect();
        let rows = sql::missing(&mut *self.pool.acquire().await?, &gaps, most).await?;
        // As long as there were rows there may be more of them.
        if rows.is_empty() && unbroken && !more {
            self.looking.done();
        }
        session.fill(rows);
        Ok(())
    }

    /// Asks the broker for the end of every partition that this producer has told nothing yet. A broker that is away only delays.
    async fn begin(&mut self, session: &mut Session, heads: &[sql::Ends]) -> Result<(), Failure> {
        self.refused.retain(|_, since| since.elapsed() < REFUSED_FOR);
        let unknown = heads.iter().map(|h| &h.place).filter(|place| !session.relaying.knows(place) && !self.refused.contains_key(*place));
        let places: Vec<Place> = unknown.cloned().collect();
        if places.is_empty() {
            return Ok(());
        }
        let kafka = self.kafka.clone();
        let found = tokio::task::spawn_blocking(move || last::read(&kafka, &places)).await.map_err(|e| Failure::Retry(e.to_string()))?;
        let found = found.map_err(|e| Failure::Retry(format!("the ends of the topics are not known: {e}")))?;
        let mut conn = self.pool.acquire().await?;
        let own = sql::hashes(&mut conn, &found).await?;
        // Read after the topics: another relay may have told rows that were not written when this step began.
        let heads = sql::heads(&mut conn).await?;
        drop(conn);
        for head in heads.iter().filter(|h| found.contains_key(&h.place)) {
            let Some(end) = found.get(&head.place).copied() else { continue };
            match start(head.position, head.published, end, own.get(&head.place).copied()) {
                Start::After(after) => {
                    if after < head.published {
                        tracing::error!(place = ?head.place, ?end, after, published = head.published, "the topic has lost rows, sending them again");
                    }
                    self.health.resumed(&told(&head.place), head.place.1);
                    session.relaying.begin(head.place.clone(), after, head.published);
                }
                Start::Refused(contradiction) => self.refuse(&head.place, &contradiction.to_string()),
            }
            if end == Found::Foreign {
                tracing::error!(place = ?head.place, "the last record of the topic is not a row of a journal");
            }
        }
        Ok(())
    }

    fn refuse(&mut self, place: &Place, reason: &str) {
        tracing::error!(topic = %place.0, stream = place.1, reason, "nothing more is sent to this partition");
        self.metrics.refused();
        self.health.stopped(&told(place), place.1, reason);
        self.refused.insert(place.clone(), Instant::now());
    }

    async fn advance(&mut self, session: &mut Session) -> Result<u64, Failure> {
        let reached = session.relaying.reached();
        if reached.is_empty() {
            return Ok(0);
        }
        self.publishing.done();
        laboratory::point("relay::after-ack");
        sql::publish(&mut *self.pool.acquire().await?, &reached).await?;
        laboratory::point("relay::after-advance");
        Ok(reached.iter().map(|(place, position)| session.relaying.published(place, *position)).sum())
    }

    /// Another replica leads.
    fn retire(&mut self) {
        self.session = None;
        for (place, _) in std::mem::take(&mut self.refused) {
            self.health.resumed(&told(&place), place.1);
        }
    }

    /// Steps until cancelled: woken by commits and acknowledgements, and once a second in case a wake was lost.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let wait = match self.pass().await {
                // More of what was looked for may lie in the journal.
                Ok(step) if step.sent > 0 && self.looking.due() => Duration::ZERO,
                Ok(step) if step.in_flight > 0 => PUBLISH_EVERY,
                Ok(_) => LOOK_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "relay");
                    Duration::from_millis(300)
                }
            };
            self.health.progressed("relay");
            if !wait.is_zero() {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.wake.woken() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
        self.last_pass().await;
    }

    /// What was committed before the stop still goes out, within a bound; the seat is given up.
    async fn last_pass(&mut self) {
        let pass = async {
            while let Ok(step) = self.step().await {
                if step.sent == 0 && step.in_flight == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(3), pass).await;
        self.seat.release();
        if let Some(session) = &self.session {
            session.purge();
        }
    }
}

/// Under which name a stream that is not told shows in the health.
fn told(place: &Place) -> String {
    format!("telling {}", place.0)
}
