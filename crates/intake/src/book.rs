//! The declarations that one batch is about: loaded once, changed in memory in the order of the facts, saved once.
use std::collections::{HashMap, HashSet};

use intake_domain::{Standing, State};
use platform::{Entry, Failure, Instant, Work, streams::Class};
use sqlx::PgConnection;
use values::{DeclarationKey, DeclarationNumber, Lane, TrafficClass, Version, Vnd};

use crate::store::{self, DeclarationRow, PaymentRow, VersionRow};

/// A declaration in hand.
#[derive(Debug, Clone)]
pub struct Record {
    pub key: DeclarationKey,
    pub standing: Standing,
    pub officer: String,
    pub sender: String,
    pub reference: String,
    pub class: Class,
    pub office: String,
    /// Content type in which the sender is answered.
    pub wire: String,
    /// Digest of the content that made the current version.
    pub digest: Vec<u8>,
    /// The current version, encoded.
    pub body: Vec<u8>,
    pub lodged_at: Instant,
    pub changed_at: Instant,
    is_new: bool,
    changed: bool,
    /// By an amendment.
    replaced: bool,
}

/// What a batch will look up.
#[derive(Debug, Default)]
pub struct Wanted {
    pub keys: Vec<String>,
    /// (sender, reference).
    pub references: Vec<(String, String)>,
    /// Declarations of which earlier versions may matter.
    pub history: Vec<String>,
    pub payments: Vec<String>,
    pub serials: usize,
}

/// The batch's working set.
pub struct Book {
    records: HashMap<DeclarationKey, Record>,
    by_reference: HashMap<(String, String), DeclarationKey>,
    /// (key, version) → digest of superseded versions.
    superseded: HashMap<(String, u8), Vec<u8>>,
    payments: HashMap<String, PaymentRow>,
    serials: Vec<i64>,
    new_versions: Vec<VersionRow>,
    new_payments: Vec<PaymentRow>,
    arrived: Vec<String>,
    pub entries: Vec<Entry>,
    pub now: Instant,
}

impl Book {
    /// Locks and loads everything the batch is about.
    pub async fn open(conn: &mut PgConnection, wanted: Wanted, now: Instant) -> Result<Self, Failure> {
        let rows = store::lock(conn, &wanted.keys, &wanted.references, &wanted.history).await?;
        let mut book = Self {
            records: HashMap::with_capacity(rows.len()),
            by_reference: HashMap::with_capacity(rows.len()),
            superseded: HashMap::new(),
            payments: store::payments(conn, &wanted.payments).await?.into_iter().map(|p| (p.reference.clone(), p)).collect(),
            serials: if wanted.serials > 0 { store::serials(conn, wanted.serials).await? } else { Vec::new() },
            new_versions: Vec::new(),
            new_payments: Vec::new(),
            arrived: Vec::new(),
            entries: Vec::new(),
            now,
        };
        for row in rows {
            let record = Record::from_row(row)?;
            book.by_reference.insert((record.sender.clone(), record.reference.clone()), record.key);
            book.records.insert(record.key, record);
        }
        for version in store::versions(conn, &wanted.history).await? {
            book.superseded.insert((version.key, u8::try_from(version.version).unwrap_or(0)), version.digest);
        }
        Ok(book)
    }

    pub fn record(&self, key: &str) -> Option<&Record> {
        self.records.get(key)
    }

    pub fn by_reference(&self, sender: &str, reference: &str) -> Option<&Record> {
        self.records.get(self.by_reference.get(&(sender.to_owned(), reference.to_owned()))?)
    }

    pub fn payment(&self, reference: &str) -> Option<&PaymentRow> {
        self.payments.get(reference)
    }

    /// Digest of the content that made a version, current or superseded.
    pub fn digest(&self, key: &str, version: Version) -> Option<&[u8]> {
        let record = self.records.get(key)?;
        if record.standing.version == version {
            return Some(&record.digest);
        }
        self.superseded.get(&(key.to_owned(), version.count())).map(Vec::as_slice)
    }

    /// A serial number that nobody else has.
    pub fn serial(&mut self) -> Option<u32> {
        self.serials.pop().and_then(|s| u32::try_from(s).ok())
    }

    /// A new declaration.
    pub fn add(&mut self, record: Record) {
        self.arrived.push(record.key.to_string());
        self.by_reference.insert((record.sender.clone(), record.reference.clone()), record.key);
        self.records.insert(record.key, record);
    }

    /// What waited for this declaration can be applied now.
    pub fn arrived(&mut self, key: &str) {
        self.arrived.push(key.to_owned());
    }

    /// Another standing of a known declaration.
    pub fn change(&mut self, key: &str, standing: Standing) -> Option<&mut Record> {
        let now = self.now;
        let record = self.records.get_mut(key)?;
        record.standing = standing;
        record.changed_at = now;
        record.changed = true;
        Some(record)
    }

    /// Keeps the current version as superseded before an amendment replaces it.
    pub fn supersede(&mut self, key: &str) {
        let Some(record) = self.records.get(key) else { return };
        let count = record.standing.version.count();
        self.superseded.insert((key.to_owned(), count), record.digest.clone());
        self.new_versions.push(VersionRow {
            key: key.to_owned(),
            version: i16::from(count),
            digest: record.digest.clone(),
            body: record.body.clone(),
            at: self.now,
        });
    }

    pub fn add_payment(&mut self, payment: PaymentRow) {
        self.payments.insert(payment.reference.clone(), payment.clone());
        self.new_payments.push(payment);
    }

    /// Saves what changed and hands the facts over.
    pub async fn close(self, work: &mut Work<'_>) -> Result<(), Failure> {
        let written = self.records.into_values().filter(|r| r.is_new || r.changed);
        let mut rows: Vec<(bool, bool, DeclarationRow)> = written.map(|r| (r.is_new, r.replaced, r.into_row())).collect();
        rows.sort_unstable_by(|a, b| a.2.key.cmp(&b.2.key));
        let pick = |wanted: fn(bool, bool) -> bool| -> Vec<&DeclarationRow> {
            rows.iter().filter(|(is_new, replaced, _)| wanted(*is_new, *replaced)).map(|(.., row)| row).collect()
        };
        store::insert(work.conn, &pick(|is_new, _| is_new)).await?;
        store::update(work.conn, &pick(|is_new, _| !is_new)).await?;
        store::replace(work.conn, &pick(|is_new, replaced| !is_new && replaced)).await?;
        store::keep_versions(work.conn, &self.new_versions).await?;
        store::keep_payments(work.conn, &self.new_payments).await?;
        work.entries.extend(self.entries);
        let subjects: HashSet<String> = self.arrived.into_iter().collect();
        work.arrived.extend(subjects);
        Ok(())
    }
}

impl Record {
    /// A declaration that has just been accepted.
    #[expect(clippy::too_many_arguments, reason = "a new record has all of its fields")]
    pub fn new(
        key: DeclarationKey,
        standing: Standing,
        sender: String,
        reference: String,
        class: Class,
        office: String,
        wire: String,
        digest: Vec<u8>,
        body: Vec<u8>,
        now: Instant,
    ) -> Self {
        Self {
            key,
            standing,
            officer: String::new(),
            sender,
            reference,
            class,
            office,
            wire,
            digest,
            body,
            lodged_at: now,
            changed_at: now,
            is_new: true,
            changed: false,
            replaced: false,
        }
    }

    /// 12 digits of the current version.
    pub fn number(&self) -> String {
        DeclarationNumber { key: self.key, version: self.standing.version }.to_string()
    }

    /// Replaces the content by that of an amendment.
    pub fn replace(&mut self, office: String, digest: Vec<u8>, body: Vec<u8>) {
        self.office = office;
        self.digest = digest;
        self.body = body;
        self.officer = String::new();
        self.replaced = true;
    }

    fn from_row(row: DeclarationRow) -> Result<Self, Failure> {
        let corrupt = |what: &str| Failure::Deterministic(format!("declaration {} has an unreadable {what}", row.key));
        let lane = if row.lane.is_empty() { None } else { Some(Lane::parse(&row.lane).map_err(|_| corrupt("lane"))?) };
        Ok(Self {
            key: DeclarationKey::parse(&row.key).map_err(|_| corrupt("key"))?,
            standing: Standing {
                version: u32::try_from(row.version).ok().and_then(|v| Version::new(v).ok()).ok_or_else(|| corrupt("version"))?,
                state: State::parse(&row.state).ok_or_else(|| corrupt("state"))?,
                lane,
                duty: Vnd::from_units(row.duty_vnd),
                guaranteed: row.guaranteed,
                paid: Vnd::from_units(row.paid_vnd),
            },
            class: match TrafficClass::parse(&row.class).map_err(|_| corrupt("class"))? {
                TrafficClass::Cargo => Class::Cargo,
                TrafficClass::Parcels => Class::Parcels,
            },
            officer: row.officer,
            sender: row.sender,
            reference: row.reference,
            office: row.office,
            wire: row.wire,
            digest: row.digest,
            body: row.body,
            lodged_at: row.lodged_at,
            changed_at: row.changed_at,
            is_new: false,
            changed: false,
            replaced: false,
        })
    }

    fn into_row(self) -> DeclarationRow {
        DeclarationRow {
            key: self.key.to_string(),
            version: i16::from(self.standing.version.count()),
            state: self.standing.state.as_str().to_owned(),
            lane: self.standing.lane.map(Lane::as_str).unwrap_or_default().to_owned(),
            officer: self.officer,
            sender: self.sender,
            reference: self.reference,
            class: self.class.as_str().to_owned(),
            office: self.office,
            wire: self.wire,
            digest: self.digest,
            body: self.body,
            duty_vnd: self.standing.duty.units(),
            paid_vnd: self.standing.paid.units(),
            guaranteed: self.standing.guaranteed,
            lodged_at: self.lodged_at,
            changed_at: self.changed_at,
        }
    }
}
