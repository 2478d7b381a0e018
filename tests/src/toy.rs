//! A toy service on the real platform: its facts are texts that say what should become of them.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use platform::{
    Entry, Fact, Failure, Handler, Outcome, Work,
    cloudevent::Headers,
    commands::{Call, Decide},
    health::Health,
    journal::{self, Row, chain},
    kafka::{
        group::{Member, Owned},
        queue::queue,
    },
    metrics::Metrics,
    peers::Journals,
    protocol::{heads, owning::Owning},
    reader::{Delivery, Origin, Source, SourceClass, drive::Loop, step::Reader},
    relay::{Relay, Wake},
    serving::Refusal,
    settings,
    streams::Class,
};
use sqlx::migrate::Migrator;
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::Sandbox;

pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Topic of the toy's producer; the same service reads it, as if it were another.
pub const TOPIC: &str = "customs.toy.v1";
/// Topic from outside.
pub const OUTSIDE: &str = "nsw.toy.v1";
/// Where outside messages are answered.
pub const ANSWERS: &str = "nsw.answers.v1";

pub const SOURCES: [Source; 2] = [
    Source { topic: TOPIC, origin: Origin::Ours { producer: "toy" }, class: SourceClass::ByStream },
    Source { topic: OUTSIDE, origin: Origin::Outside { answers: Some(ANSWERS) }, class: SourceClass::Cargo },
];

/// A version of the toy that does not know what `new` means.
pub struct Older;

#[async_trait]
impl Handler for Older {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        let mut outcomes = Vec::with_capacity(facts.len());
        for fact in facts {
            let unknown = *fact.payload == *b"new";
            outcomes.push(if unknown { Outcome::unknown_kind(fact.kind()) } else { apply(work, fact).await? });
        }
        Ok(outcomes)
    }
}

/// `ok`, `arrive`, `await` (until its subject has arrived), `reject` (until the subject `mended` exists), `impossible` (the database refuses it),
/// `panic`.
pub struct Toy;

#[async_trait]
impl Handler for Toy {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        let mut outcomes = Vec::with_capacity(facts.len());
        for fact in facts {
            outcomes.push(apply(work, fact).await?);
        }
        Ok(outcomes)
    }
}

async fn apply(work: &mut Work<'_>, fact: &Fact) -> Result<Outcome, Failure> {
    let body = String::from_utf8_lossy(&fact.payload).into_owned();
    let subject = fact.subject().to_owned();
    match body.as_str() {
        "await" if !known(work, &subject).await? => return Ok(Outcome::Await { subject }),
        "reject" if !known(work, "mended").await? => return Ok(Outcome::Reject { code: "TOY", reason: "told to".to_owned() }),
        "panic" => panic!("told to"),
        "arrive" => {
            sqlx::query("INSERT INTO subjects VALUES ($1) ON CONFLICT DO NOTHING").bind(&subject).execute(&mut *work.conn).await?;
            work.arrived.push(subject.clone());
        }
        _ => {}
    }
    sqlx::query("INSERT INTO effects (place, subject, body) VALUES ($1, $2, $3)")
        .bind(fact.place())
        .bind(&subject)
        .bind(&body)
        .execute(&mut *work.conn)
        .await?;
    if *fact.topic == *OUTSIDE {
        let answer = if fact.reused { "other content" } else { "answered" };
        let answer = entry(ANSWERS, fact.office(), &subject, answer);
        work.entries.push(answer.answering("sender", "application/json", (!fact.reused).then(|| fact.message_id())));
    }
    Ok(Outcome::Done)
}

async fn known(work: &mut Work<'_>, subject: &str) -> Result<bool, Failure> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM subjects WHERE subject = $1)").bind(subject).fetch_one(&mut *work.conn).await?)
}

/// Adds one to an office and tells so; panics over the office `panic`.
pub struct Add {
    pub offices: Vec<String>,
}

#[async_trait]
impl Decide for Toy {
    type Command = Add;

    async fn decide(&self, work: &mut Work<'_>, calls: &[Call<Add>]) -> Result<Vec<Result<Vec<u8>, Refusal>>, Failure> {
        let mut offices: Vec<String> = calls.iter().flat_map(|c| c.command.offices.clone()).collect();
        offices.sort_unstable();
        offices.dedup();
        assert!(!offices.iter().any(|office| office == "panic"), "told to");
        sqlx::query("SELECT office FROM offices WHERE office = ANY($1) ORDER BY office FOR UPDATE").bind(&offices).fetch_all(&mut *work.conn).await?;
        for call in calls {
            for office in &call.command.offices {
                sqlx::query("UPDATE offices SET total = total + 1 WHERE office = $1").bind(office).execute(&mut *work.conn).await?;
                work.entries.push(entry(TOPIC, office, office, "ok"));
            }
        }
        Ok(calls.iter().map(|c| Ok(c.key.clone().into_bytes())).collect())
    }
}

/// A fact of the toy.
pub fn entry(topic: &'static str, office: &str, subject: &str, body: &str) -> Entry {
    Entry {
        topic,
        class: Class::Cargo,
        kind: "customs.toy.v1.Said".into(),
        subject: subject.to_owned(),
        office: office.to_owned(),
        actor: "toy".to_owned(),
        cause: "grpc:test:toy:1".to_owned(),
        recorded_at: platform::clock::now(),
        trace: String::new(),
        payload: body.as_bytes().to_vec(),
        headers: Headers::default(),
        answer: false,
        answers: None,
    }
}

/// Journals facts and returns them as Kafka would deliver them.
pub async fn tell(sandbox: &Sandbox, facts: &[(&str, &str, &str)]) -> anyhow::Result<Vec<Delivery>> {
    let entries: Vec<Entry> = facts.iter().map(|(office, subject, body)| entry(TOPIC, office, subject, body)).collect();
    let mut tx = sandbox.pool.begin().await?;
    let mut deliveries = Vec::new();
    for told in journal::append(&mut tx, sandbox.journal, entries).await? {
        let row = journal::read(&mut tx, TOPIC, told.stream, told.position, 1).await?.remove(0);
        deliveries.push(delivery(&row));
    }
    tx.commit().await?;
    Ok(deliveries)
}

/// A row as Kafka would deliver it, offsets one behind positions.
pub fn delivery(row: &Row) -> Delivery {
    Delivery {
        topic: (*row.topic).into(),
        partition: row.stream,
        offset: row.position - 1,
        key: row.office.as_str().into(),
        headers: row.wire_headers().into(),
        payload: row.payload.clone().into(),
    }
}

/// A message from outside.
pub fn message(offset: i64, id: &str, subject: &str, body: &str) -> Delivery {
    Delivery {
        topic: OUTSIDE.into(),
        partition: 0,
        offset,
        key: "OFF1".into(),
        headers: Headers::from_iter([
            ("ce_specversion", "1.0"),
            ("ce_source", "/sender"),
            ("ce_id", id),
            ("ce_type", "nsw.toy.v1.Said"),
            ("ce_subject", subject),
            ("content-type", "application/json"),
        ])
        .into(),
        payload: body.as_bytes().to_vec().into(),
    }
}

/// A reader that owns nothing yet.
pub fn reader(sandbox: &Sandbox, owner: &str, journals: Arc<dyn Journals>) -> Reader {
    Reader {
        pool: sandbox.pool.clone(),
        handler: Arc::new(Toy),
        journal: sandbox.journal,
        sources: SOURCES.to_vec(),
        journals,
        owner: owner.to_owned(),
        metrics: Metrics::new("toy"),
        owning: Owning::default(),
        told: Vec::new(),
    }
}

/// All partitions that the toy reads.
pub fn partitions() -> Vec<(Arc<str>, i32)> {
    (0..8).map(|n| (TOPIC.into(), n)).chain([(OUTSIDE.into(), 0)]).collect()
}

/// (subject, body) of every effect, in order.
pub async fn effects(sandbox: &Sandbox) -> anyhow::Result<Vec<(String, String)>> {
    Ok(sqlx::query_as("SELECT subject, body FROM effects ORDER BY id").fetch_all(&sandbox.pool).await?)
}

/// Nobody to ask: these tests must not need repair.
pub struct NoPeers;

#[async_trait]
impl Journals for NoPeers {
    async fn read(&self, _: &str, _: &str, _: i32, _: i64, _: i64) -> Result<Vec<Row>, Failure> {
        Err(Failure::Retry("no peer".to_owned()))
    }

    async fn head(&self, _: &str, _: &str, _: i32, _: i64) -> Result<heads::Source, Failure> {
        Err(Failure::Retry("no peer".to_owned()))
    }
}

/// The toy's own journal, as a reader of it would be served.
pub struct OwnJournal(pub sqlx::PgPool);

#[async_trait]
impl Journals for OwnJournal {
    async fn read(&self, _: &str, topic: &str, stream: i32, from: i64, limit: i64) -> Result<Vec<Row>, Failure> {
        journal::read(&mut *self.0.acquire().await?, topic, stream, from, limit).await
    }

    async fn head(&self, _: &str, topic: &str, stream: i32, read: i64) -> Result<heads::Source, Failure> {
        let mut conn = self.0.acquire().await?;
        let head = journal::head(&mut conn, topic, stream).await?.ok_or_else(|| Failure::Retry("no stream".to_owned()))?;
        let row = journal::read(&mut conn, topic, stream, read, 1).await?.pop().filter(|row| row.position == read);
        Ok(heads::Source { position: head.position, published: head.published, at_read: row.and_then(|row| chain::hash(&row.hash)) })
    }
}

/// What a restore from an older backup does to a producer: the last rows of a stream are gone.
pub async fn restore(sandbox: &Sandbox, stream: i32, position: i64) -> anyhow::Result<()> {
    let mut tx = sandbox.pool.begin().await?;
    sqlx::query("SET LOCAL session_replication_role = replica").execute(&mut *tx).await?;
    sqlx::query("DELETE FROM journal WHERE topic = $1 AND stream = $2 AND position > $3")
        .bind(TOPIC)
        .bind(stream)
        .bind(position)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE streams s SET position = $3, published = least(published, $3),
         hash = COALESCE((SELECT hash FROM journal WHERE topic = $1 AND stream = $2 AND position = $3), decode(repeat('00', 32), 'hex'))
         WHERE topic = $1 AND stream = $2",
    )
    .bind(TOPIC)
    .bind(stream)
    .bind(position)
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

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
            let (sender, queue) = queue(settings.batch * 2, settings.batch_bytes);
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

/// How the tests read: small batches, so that there are many of them.
pub const READING: settings::Reader = settings::Reader { batch: 50, batch_bytes: 1 << 24, idle_check_s: 30, inbox_days: 1 };

/// A relay of the toy's journal.
pub fn relay(sandbox: &Sandbox, owner: &str, lease_s: u32) -> Relay {
    let settings = settings::Relay { rows: 100, lease_s };
    Relay::new(sandbox.pool.clone(), sandbox.kafka.clone(), settings, owner.to_owned(), Wake::default(), Health::default(), Metrics::new("toy"))
}
