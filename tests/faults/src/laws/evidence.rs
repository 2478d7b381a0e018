//! Everything the checker looks at, read from the databases in one pass at rest.
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use futures::TryStreamExt as _;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{PgPool, Row as _};

use super::effects::{number, text};
use crate::{
    load::digest,
    site::{SERVICES, Site},
    wire,
};

/// One journal row, as small as the laws allow: ten millions of them must fit into memory.
#[derive(Debug, Clone)]
pub struct Row {
    pub position: i64,
    pub kind: Arc<str>,
    pub subject: String,
    pub office: Arc<str>,
    pub actor: Arc<str>,
    pub cause: String,
    pub recorded_us: i64,
    /// Id of the answer that the row is; else empty.
    pub answer: String,
    pub payload_digest: [u8; 32],
    pub hash: Vec<u8>,
    /// The fields of the payload that a law reads.
    pub fact: Option<Value>,
}

/// (topic, stream) → rows in the order of their positions.
pub type Journal = BTreeMap<(String, i32), Vec<Row>>;

/// Head of a stream: position, hash, published.
pub type Head = (i64, Vec<u8>, i64);

/// How far a reader is: position, hash.
pub type Read = (i64, Vec<u8>);

/// One service's database.
#[derive(Default)]
pub struct Books {
    pub journal: Journal,
    pub heads: BTreeMap<(String, i32), Head>,
    pub readers: BTreeMap<(String, i32), Read>,
    /// Dead letters that were not redriven, by code.
    pub letters: BTreeMap<String, u64>,
    pub parked: u64,
    pub awaiting: u64,
}

/// All four, and the rows of state that the laws compare.
#[derive(Default)]
pub struct Evidence {
    pub books: BTreeMap<&'static str, Books>,
    /// intake: (sender, reference) is unique there; reference → key, version, lane.
    pub declarations: BTreeMap<String, Declaration>,
    /// risk: key → version, lane, state, officer.
    pub files: BTreeMap<String, File>,
    /// risk: (office, officer) → open files as counted by the service.
    pub open_files: BTreeMap<(String, String), i64>,
    /// tracking: key → version.
    pub carried: BTreeMap<String, i32>,
    /// reporting: (key, version) → lane, registered.
    pub reported: BTreeMap<(String, i32), (String, bool)>,
}

#[derive(Debug, Clone)]
pub struct Declaration {
    pub key: String,
    pub version: i32,
    pub lane: String,
}

#[derive(Debug, Clone)]
pub struct File {
    pub version: i32,
    pub lane: String,
    pub state: String,
    pub officer: String,
    pub office: String,
}

/// Facts whose content a law reads: the message that holds them, and the fields. Of a declaration `content` is kept, the digest that the ledger has.
const READ: [(&str, &str, &[&str]); 9] = [
    ("customs.intake.v1.Lodged", "customs.intake.v1.IntakeEvent", &["declaration"]),
    ("customs.intake.v1.Amended", "customs.intake.v1.IntakeEvent", &["declaration"]),
    ("customs.intake.v1.Cleared", "customs.intake.v1.IntakeEvent", &["key", "version"]),
    ("customs.risk.v1.Decided", "customs.risk.v1.RiskEvent", &["key", "version", "lane"]),
    ("customs.risk.v1.Assigned", "customs.risk.v1.RiskEvent", &["key", "version", "round", "officer"]),
    ("customs.risk.v1.AssignmentClosed", "customs.risk.v1.RiskEvent", &["key"]),
    ("customs.risk.v1.Reassigned", "customs.risk.v1.RiskEvent", &["key", "to"]),
    ("customs.risk.v1.Concluded", "customs.risk.v1.RiskEvent", &["key"]),
    ("nsw.v1.Response", "nsw.v1.Response", &["function", "inReplyTo", "lane", "number", "version"]),
];

impl Evidence {
    pub async fn gather(site: &Site) -> Result<Self> {
        let mut evidence = Self::default();
        for service in SERVICES {
            let pool = site.database(service).await?;
            let books = Books::read(&pool).await.with_context(|| format!("reading {service}"))?;
            evidence.books.insert(service, books);
            match service {
                "intake" => evidence.read_intake(&pool).await?,
                "risk" => evidence.read_risk(&pool).await?,
                "tracking" => {
                    let rows: Vec<(String, i32)> = sqlx::query_as("SELECT key, version::int FROM carried").fetch_all(&pool).await?;
                    evidence.carried = rows.into_iter().collect();
                }
                _ => evidence.read_reporting(&pool).await?,
            }
            pool.close().await;
        }
        Ok(evidence)
    }

    pub fn of(&self, service: &str) -> Result<&Books> {
        self.books.get(service).with_context(|| format!("no books of {service}"))
    }

    /// Rows of a topic, stream after stream.
    pub fn rows<'e>(&'e self, service: &str, topic: &'e str) -> impl Iterator<Item = &'e Row> {
        let journal = self.books.get(service).map(|b| &b.journal);
        journal.into_iter().flatten().filter(move |((t, _), _)| t == topic).flat_map(|(_, rows)| rows)
    }

    async fn read_intake(&mut self, pool: &PgPool) -> Result<()> {
        let rows: Vec<(String, String, i32, String)> =
            sqlx::query_as("SELECT reference, key, version::int, lane FROM declarations").fetch_all(pool).await?;
        self.declarations = rows.into_iter().map(|(reference, key, version, lane)| (reference, Declaration { key, version, lane })).collect();
        Ok(())
    }

    async fn read_risk(&mut self, pool: &PgPool) -> Result<()> {
        let rows: Vec<(String, i32, String, String, String, String)> =
            sqlx::query_as("SELECT key, version::int, lane, state, officer, office FROM files").fetch_all(pool).await?;
        self.files =
            rows.into_iter().map(|(key, version, lane, state, officer, office)| (key, File { version, lane, state, officer, office })).collect();
        let open: Vec<(String, String, i64)> = sqlx::query_as("SELECT office, officer, files::bigint FROM open_files").fetch_all(pool).await?;
        self.open_files = open.into_iter().map(|(office, officer, files)| ((office, officer), files)).collect();
        Ok(())
    }

    async fn read_reporting(&mut self, pool: &PgPool) -> Result<()> {
        let rows: Vec<(String, i32, String, bool)> =
            sqlx::query_as("SELECT key, version::int, lane, lodged_at IS NOT NULL FROM declarations").fetch_all(pool).await?;
        self.reported = rows.into_iter().map(|(key, version, lane, lodged)| ((key, version), (lane, lodged))).collect();
        Ok(())
    }
}

impl Books {
    async fn read(pool: &PgPool) -> Result<Self> {
        let (mut books, mut texts) = (Self::default(), Texts::default());
        let mut rows = sqlx::query(
            "SELECT topic, stream, position, kind, subject, office, actor, cause, (extract(epoch FROM recorded_at) * 1000000)::bigint, headers, payload, hash
             FROM journal ORDER BY topic, stream, position",
        )
        .fetch(pool);
        while let Some(row) = rows.try_next().await? {
            let (kind, headers, payload): (&str, &str, &[u8]) = (row.get(3), row.get(9), row.get(10));
            let read = Row {
                position: row.get(2),
                kind: texts.one(kind),
                subject: row.get(4),
                office: texts.one(row.get(5)),
                actor: texts.one(row.get(6)),
                cause: row.get(7),
                recorded_us: row.get(8),
                answer: headers.lines().find_map(|l| l.strip_prefix("ce_answer=")).unwrap_or_default().to_owned(),
                payload_digest: Sha256::digest(payload).into(),
                hash: row.get(11),
                fact: fact(kind, headers, payload),
            };
            books.journal.entry((row.get(0), row.get(1))).or_default().push(read);
        }
        drop(rows);
        let heads: Vec<(String, i32, i64, Vec<u8>, i64)> =
            sqlx::query_as("SELECT topic, stream, position, hash, published FROM streams").fetch_all(pool).await?;
        books.heads = heads.into_iter().map(|(topic, stream, position, hash, published)| ((topic, stream), (position, hash, published))).collect();
        let readers: Vec<(String, i32, i64, Vec<u8>)> =
            sqlx::query_as("SELECT topic, partition, position, hash FROM consumers").fetch_all(pool).await?;
        books.readers = readers.into_iter().map(|(topic, partition, position, hash)| ((topic, partition), (position, hash))).collect();
        let letters: Vec<(String, i64)> =
            sqlx::query_as("SELECT code, count(*) FROM dead_letters WHERE redriven_at IS NULL GROUP BY code").fetch_all(pool).await?;
        books.letters = letters.into_iter().map(|(code, n)| (code, n.unsigned_abs())).collect();
        let (parked, awaiting): (i64, i64) =
            sqlx::query_as("SELECT (SELECT count(*) FROM parked), (SELECT count(*) FROM awaiting)").fetch_one(pool).await?;
        (books.parked, books.awaiting) = (parked.unsigned_abs(), awaiting.unsigned_abs());
        Ok(books)
    }
}

/// Texts of which there are few, each kept once.
#[derive(Default)]
struct Texts(HashSet<Arc<str>>);

impl Texts {
    fn one(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}

/// What the laws read of a fact: answers may travel as JSON.
fn fact(kind: &str, headers: &str, payload: &[u8]) -> Option<Value> {
    let (_, message, fields) = READ.iter().find(|(k, ..)| *k == kind)?;
    if headers.contains("application/json") {
        return kept(serde_json::from_slice(payload).ok()?, fields);
    }
    let event = wire::decode(message, payload).ok()?;
    if *message == kind {
        return kept(event, fields);
    }
    // The one arm that is set.
    kept(event.as_object()?.values().find(|v| v.is_object())?.clone(), fields)
}

fn kept(mut fact: Value, fields: &[&str]) -> Option<Value> {
    let fact = fact.as_object_mut()?;
    let field = |name: &&str| Some(((*name).to_owned(), fact.remove(*name)?));
    let mut kept: Map<String, Value> = fields.iter().filter_map(field).collect();
    if let Some(declaration) = kept.get_mut("declaration").filter(|d| d.is_object()) {
        *declaration = json!({
            "key": declaration["key"], "version": declaration["version"], "reference": declaration["reference"], "content": content(declaration),
        });
    }
    Some(Value::Object(kept))
}

/// The ledger's digest of what was registered.
fn content(declaration: &Value) -> String {
    let unsigned = |v: &Value| u64::try_from(number(v)).unwrap_or(0);
    digest(
        &text(&declaration["reference"]),
        u32::try_from(unsigned(&declaration["packages"])).unwrap_or(0),
        unsigned(&declaration["grossMassG"]),
        // Values travel at 10^-4, cents at 10^-2.
        unsigned(&declaration["value"]) / 100,
        declaration["lines"][0]["commodityCode"].as_str().unwrap_or_default(),
    )
}
