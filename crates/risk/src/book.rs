//! The offices that one transaction decides for: locked and loaded once, decided in memory, saved once.
//!
//! `now` is read after the lock, so that decisions of one office are recorded in the order in which they were taken. Every step that a day
//! takes (commit, open, close, reveal) is journaled here, before the decision that needed it.
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use contracts::{
    Event,
    risk::{DayClosed, DayCommitted, DayKeyRevealed, DayOpened, RiskEvent, RulesInForce, RulesPublished, TraceEvent},
};
use platform::{Entry, Failure, Instant, Work, clock, streams::Class};
use prost::Message;
use risk_domain::{DayKey, OfficeDays, Roster, Step, advance, commitment, days_to_commit};
use sqlx::PgConnection;
use values::{Day, local_day, local_month};

use crate::{
    FACTS, Rules, TRACES,
    store::{self, FileRow, OfficeRow},
};

/// What a transaction will look up.
#[derive(Debug, Default)]
pub struct Wanted {
    pub offices: Vec<String>,
    pub keys: Vec<String>,
    /// (kind, code) of counts.
    pub counts: Vec<(String, String)>,
}

/// Why and by whom something is written down.
#[derive(Debug, Clone)]
pub struct Via {
    pub cause: String,
    pub trace: String,
    pub actor: String,
}

/// An office in hand.
pub struct Office {
    pub code: String,
    pub days: OfficeDays,
    pub roster: Roster,
    rules: Vec<u8>,
    keys: BTreeMap<Day, DayKey>,
    /// Recorded time of what is being decided.
    pub now: Instant,
}

/// The transaction's working set.
pub struct Book {
    pub rules: Arc<Rules>,
    offices: BTreeMap<String, Office>,
    files: HashMap<String, FileRow>,
    changed_files: std::collections::BTreeSet<String>,
    pub loads: HashMap<(String, String), (i64, i32)>,
    changed_loads: std::collections::BTreeSet<(String, String)>,
    pub history: HashMap<(String, String), [i64; 4]>,
    new_counts: HashMap<(String, String), (i32, i32)>,
    new_keys: Vec<(String, NaiveDate, Vec<u8>)>,
    revealed: Vec<(String, NaiveDate)>,
    month: NaiveDate,
    today: NaiveDate,
    pub entries: Vec<Entry>,
}

impl Book {
    /// Locks the offices by code, then loads what they need.
    pub async fn open(conn: &mut PgConnection, rules: &Arc<Rules>, mut wanted: Wanted) -> Result<Self, Failure> {
        let files = store::files(conn, &wanted.keys).await?;
        // A declaration may have moved to another office by amendment: the office that holds its file is locked too.
        wanted.offices.extend(files.iter().map(|f| f.office.clone()));
        wanted.offices.sort_unstable();
        wanted.offices.dedup();
        let rows = store::lock_offices(conn, &wanted.offices).await?;
        let files = if wanted.keys.is_empty() { files } else { store::files(conn, &wanted.keys).await? };
        let clock = clock::now();
        let latest = rows.iter().filter_map(|r| r.last_at).max().map_or(clock, |last| last.max(clock));
        let (today, month) = (local_day(latest), local_month(latest));
        let selection_days: Vec<NaiveDate> = files.iter().map(|f| f.selection_day).collect();
        let mut keys: HashMap<String, BTreeMap<Day, DayKey>> = HashMap::new();
        let oldest = rows.iter().filter_map(|r| r.open_day).min().unwrap_or(today);
        for (office, day, key) in store::day_keys(conn, &wanted.offices, oldest, &selection_days).await? {
            let key: [u8; 32] = key.try_into().map_err(|_| Failure::Deterministic("a day key has not 32 bytes".to_owned()))?;
            keys.entry(office).or_default().insert(day, DayKey::new(key));
        }
        let mut offices = BTreeMap::new();
        for row in rows {
            let keys = keys.remove(&row.office).unwrap_or_default();
            offices.insert(row.office.clone(), Office::from_row(row, keys, clock)?);
        }
        Ok(Self {
            rules: Arc::clone(rules),
            loads: store::loads(conn, &wanted.offices, month).await?,
            history: store::counts(conn, &wanted.counts, today).await?,
            files: files.into_iter().map(|f| (f.key.clone(), f)).collect(),
            offices,
            changed_files: Default::default(),
            changed_loads: Default::default(),
            new_counts: HashMap::new(),
            new_keys: Vec::new(),
            revealed: Vec::new(),
            month,
            today,
            entries: Vec::new(),
        })
    }

    /// Brings an office to the present day: keys ahead, rules in force, the day open. Every decision begins with this.
    pub fn at_work(&mut self, office: &str, via: &Via) -> Result<Instant, Failure> {
        let mut entries = Vec::new();
        let missing = || Failure::Retry("an office was not locked".to_owned());
        let hand = self.offices.get_mut(office).ok_or_else(missing)?;
        let (now, steps) = advance(&mut hand.days, clock::now());
        hand.now = now;
        let today = local_day(now);
        let place = Place { class: Class::Cargo, office, subject: office, via, now };
        let committed: Vec<Day> = hand.keys.keys().copied().collect();
        for day in days_to_commit(today, &committed) {
            let key = DayKey::new(clock::random().map_err(|e| Failure::Retry(e.to_string()))?);
            let fact = DayCommitted { office: office.to_owned(), date: day.to_string(), commitment: commitment(office, day, &key).to_vec() };
            entries.push(place.fact(fact));
            self.new_keys.push((office.to_owned(), day, key.bytes().to_vec()));
            hand.keys.insert(day, key);
        }
        if hand.rules != self.rules.set.digest {
            hand.rules = self.rules.set.digest.to_vec();
            let profiles = u32::try_from(self.rules.set.profiles.len()).unwrap_or(u32::MAX);
            let digest = hand.rules.clone();
            entries.push(place.fact(RulesInForce { office: office.to_owned(), digest: digest.clone(), version: self.rules.set.version, profiles }));
            entries.push(place.trace(RulesPublished { office: office.to_owned(), digest, rules: self.rules.text.clone() }));
        }
        for step in steps {
            let entry = match step {
                Step::Close { day, decisions } => place.fact(DayClosed { office: office.to_owned(), date: day.to_string(), decisions }),
                Step::Reveal { day } => {
                    self.revealed.push((office.to_owned(), day));
                    let key = hand.keys.get(&day).map(|k| k.bytes().to_vec()).unwrap_or_default();
                    place.fact(DayKeyRevealed { office: office.to_owned(), date: day.to_string(), key })
                }
                Step::Open { day } => {
                    let key = hand.keys.get(&day).ok_or_else(|| Failure::Retry("the day has no key".to_owned()))?;
                    place.fact(DayOpened {
                        office: office.to_owned(),
                        date: day.to_string(),
                        commitment: commitment(office, day, key).to_vec(),
                        rules: hand.rules.clone(),
                        roster: hand.roster.digest().to_vec(),
                    })
                }
            };
            entries.push(entry);
        }
        self.entries.extend(entries);
        Ok(now)
    }

    pub fn office(&self, code: &str) -> Result<&Office, Failure> {
        self.offices.get(code).ok_or_else(|| Failure::Retry("an office was not locked".to_owned()))
    }

    pub fn office_mut(&mut self, code: &str) -> Result<&mut Office, Failure> {
        self.offices.get_mut(code).ok_or_else(|| Failure::Retry("an office was not locked".to_owned()))
    }

    pub fn file(&self, key: &str) -> Option<&FileRow> {
        self.files.get(key)
    }

    /// Files that are in hand because a queue was loaded.
    pub fn add_loaded(&mut self, file: FileRow) {
        self.files.insert(file.key.clone(), file);
    }

    pub fn put(&mut self, file: FileRow) {
        self.changed_files.insert(file.key.clone());
        self.files.insert(file.key.clone(), file);
    }

    /// Moves points and open files of an officer.
    pub fn load(&mut self, office: &str, officer: &str, points: i64, files: i32) {
        let place = (office.to_owned(), officer.to_owned());
        let load = self.loads.entry(place.clone()).or_default();
        load.0 = (load.0 + points).max(0);
        load.1 = (load.1 + files).max(0);
        self.changed_loads.insert(place);
    }

    /// Counts towards the history that tomorrow's decisions see.
    pub fn count(&mut self, kind: &str, code: &str, events: i32, nonconform: i32) {
        if !code.is_empty() {
            let count = self.new_counts.entry((kind.to_owned(), code.to_owned())).or_default();
            count.0 += events;
            count.1 += nonconform;
        }
    }

    pub fn month(&self) -> NaiveDate {
        self.month
    }

    /// Saves what changed and hands the facts over.
    pub async fn close(self, work: &mut Work<'_>) -> Result<(), Failure> {
        let offices: Vec<OfficeRow> = self.offices.into_values().map(Office::into_row).collect::<Result<_, _>>()?;
        store::save_offices(work.conn, &offices).await?;
        store::save_keys(work.conn, &self.new_keys, &self.revealed).await?;
        let files: Vec<&FileRow> = self.changed_files.iter().filter_map(|key| self.files.get(key)).collect();
        store::save_files(work.conn, &files).await?;
        let loads: Vec<(String, String, i64, i32)> = self
            .changed_loads
            .iter()
            .filter_map(|place| self.loads.get(place).map(|load| (place.0.clone(), place.1.clone(), load.0, load.1)))
            .collect();
        store::save_loads(work.conn, &loads, self.month).await?;
        store::add_counts(work.conn, &self.new_counts, self.today).await?;
        work.entries.extend(self.entries);
        Ok(())
    }
}

impl Office {
    /// The open day and its key.
    pub fn open(&self) -> Result<(Day, &DayKey), Failure> {
        let day = self.days.open.ok_or_else(|| Failure::Retry("no day is open".to_owned()))?;
        Ok((day, self.key(day)?))
    }

    pub fn key(&self, day: Day) -> Result<&DayKey, Failure> {
        self.keys.get(&day).ok_or_else(|| Failure::Deterministic(format!("office {} has no key of {day}", self.code)))
    }

    /// A key that was loaded later, for a file whose selection day lies in the past.
    pub fn add_key(&mut self, day: Day, key: &[u8]) -> Result<(), Failure> {
        let key: [u8; 32] = key.try_into().map_err(|_| Failure::Deterministic("a day key has not 32 bytes".to_owned()))?;
        self.keys.entry(day).or_insert(DayKey::new(key));
        Ok(())
    }

    pub fn rules(&self) -> &[u8] {
        &self.rules
    }

    fn from_row(row: OfficeRow, keys: BTreeMap<Day, DayKey>, now: Instant) -> Result<Self, Failure> {
        let roster = if row.roster.is_empty() {
            Roster::default()
        } else {
            serde_json::from_slice(&row.roster).map_err(|e| Failure::Deterministic(format!("roster of {}: {e}", row.office)))?
        };
        let days = OfficeDays { open: row.open_day, decisions: row.decisions.unsigned_abs(), last: row.last_at };
        Ok(Self { code: row.office, days, roster, rules: row.rules, keys, now })
    }

    fn into_row(self) -> Result<OfficeRow, Failure> {
        Ok(OfficeRow {
            office: self.code,
            open_day: self.days.open,
            decisions: i32::try_from(self.days.decisions).unwrap_or(i32::MAX),
            last_at: self.days.last,
            rules: self.rules,
            roster: serde_json::to_vec(&self.roster).map_err(|e| Failure::Deterministic(e.to_string()))?,
        })
    }
}

/// Where and why a row is written.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub class: Class,
    pub office: &'a str,
    pub subject: &'a str,
    pub via: &'a Via,
    pub now: Instant,
}

impl Place<'_> {
    /// A row of `customs.risk.v1`.
    pub fn fact(&self, event: impl Into<RiskEvent>) -> Entry {
        let event = event.into();
        self.entry(FACTS, event.kind(), event.encode_to_vec())
    }

    /// A row of `customs.risk.traces.v1`.
    pub fn trace(&self, event: impl Into<TraceEvent>) -> Entry {
        let event = event.into();
        self.entry(TRACES, event.kind(), event.encode_to_vec())
    }

    fn entry(&self, topic: &'static str, kind: &'static str, payload: Vec<u8>) -> Entry {
        Entry {
            topic,
            class: self.class,
            kind: kind.into(),
            subject: self.subject.to_owned(),
            office: self.office.to_owned(),
            actor: self.via.actor.clone(),
            cause: self.via.cause.clone(),
            recorded_at: self.now,
            trace: self.via.trace.clone(),
            payload,
            headers: Vec::new(),
            answer: false,
            answers: None,
        }
    }
}
