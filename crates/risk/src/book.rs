//! The offices that one transaction decides for: locked and loaded once, decided in memory, saved once.
//!
//! `now` is read after the lock, so that decisions of one office are recorded in the order in which they were taken. Every step that a day
//! takes (commit, open, close, reveal) is journaled here, before the decision that needed it.
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use platform::{Entry, Failure, Instant, Work, clock};
use risk_domain::{DayCount, Ledger, Load, Past, Preferred};
use sqlx::PgConnection;
use values::{Day, local_day};

use crate::{
    by_code::ByCode,
    history::Asked,
    kept::{Hand, Write},
    office::{Office, month_of, place, read, rosters},
    place::Via,
    regime::{InForce, Regime},
    store::{self, FileRow, OfficeRow, OutcomeRow, OverrideRow},
};

/// What a transaction will look up.
#[derive(Debug, Default)]
pub struct Wanted {
    pub offices: Vec<String>,
    pub keys: Vec<String>,
    /// Codes whose history counts.
    pub history: Asked,
    /// Traders whose checks by sparing profiles count.
    pub traders: Vec<String>,
    /// Groups whose files belong to one officer.
    pub groups: Vec<String>,
}

impl Wanted {
    fn tidy(&mut self) {
        for list in [&mut self.offices, &mut self.keys, &mut self.traders, &mut self.groups] {
            list.sort_unstable();
            list.dedup();
        }
    }
}

/// The transaction's working set.
pub struct Book {
    pub regime: Arc<Regime>,
    in_force: Arc<InForce>,
    offices: BTreeMap<String, Office>,
    beacons: HashMap<NaiveDate, (String, String)>,
    files: HashMap<String, FileRow>,
    changed_files: BTreeSet<String>,
    /// Of these, files that the database does not have yet.
    new_files: BTreeSet<String>,
    history: Asked,
    /// Group → (officer, key).
    groups: HashMap<String, (String, String)>,
    /// (events, findings) of today.
    counted: ByCode<(i32, i32)>,
    today: NaiveDate,
    pub outcomes: Vec<OutcomeRow>,
    pub overrides: Vec<OverrideRow>,
    pub entries: Vec<Entry>,
}

impl Book {
    /// Locks the offices by code, then loads what they need.
    pub async fn open(conn: &mut PgConnection, in_force: &Arc<InForce>, mut wanted: Wanted) -> Result<Self, Failure> {
        wanted.tidy();
        let rows = store::lock_offices(conn, &wanted.offices, &wanted.keys).await?;
        let files = store::files(conn, &wanted.keys).await?;
        let clock = clock::now();
        let latest = rows.iter().filter_map(|r| r.last_at).max().map_or(clock, |last| last.max(clock));
        let today = local_day(latest);
        let oldest = rows.iter().filter_map(|r| r.open_day).min().map_or(today, |open| open.min(today));
        let groups = store::grouped(conn, &wanted.groups).await?;
        let regime = match rows.first() {
            Some(row) => in_force.at(conn, row.revision).await?,
            None => in_force.current(conn).await?,
        };
        for profile in regime.sparing() {
            let kind = format!("check:{profile}");
            wanted.traders.iter().for_each(|trader| wanted.history.put(&kind, trader, None));
        }
        in_force.history.answer(conn, &mut wanted.history, today, clock).await?;
        // A public value matters where a day is about to open.
        let opening = rows.iter().any(|r| r.open_day.is_none_or(|open| open < today));
        let beacons = if opening { store::beacons(conn, oldest).await? } else { HashMap::new() };
        Ok(Self {
            regime,
            in_force: Arc::clone(in_force),
            offices: offices(conn, in_force, rows, today, oldest).await?,
            beacons,
            history: wanted.history,
            files: files.into_iter().map(|f| (f.key.clone(), f)).collect(),
            changed_files: BTreeSet::new(),
            new_files: BTreeSet::new(),
            groups: groups.into_iter().map(|(group, officer, key)| (group, (officer, key))).collect(),
            counted: ByCode::default(),
            today,
            outcomes: Vec::new(),
            overrides: Vec::new(),
            entries: Vec::new(),
        })
    }

    /// Brings an office to the present day and gives the time at which the next rows are recorded. Every use case begins with this, once.
    pub fn at_work(&mut self, office: &str, via: &Via) -> Result<Instant, Failure> {
        let regime = Arc::clone(&self.regime);
        let hand = self.offices.get_mut(office).ok_or_else(not_locked)?;
        self.entries.extend(hand.at_work(&regime, &self.beacons, via)?);
        Ok(hand.now)
    }

    /// Closes the open day of an office.
    pub fn close_day(&mut self, office: &str, via: &Via) -> Result<Option<Day>, Failure> {
        let regime = Arc::clone(&self.regime);
        let hand = self.offices.get_mut(office).ok_or_else(not_locked)?;
        let (day, entries) = hand.close_day(&regime, via)?;
        self.entries.extend(entries);
        Ok(day)
    }

    pub fn office(&self, code: &str) -> Result<&Office, Failure> {
        self.offices.get(code).ok_or_else(not_locked)
    }

    pub fn office_mut(&mut self, code: &str) -> Result<&mut Office, Failure> {
        self.offices.get_mut(code).ok_or_else(not_locked)
    }

    pub fn file(&self, key: &str) -> Option<&FileRow> {
        self.files.get(key)
    }

    /// Files that are in hand because a list was loaded.
    pub fn add_loaded(&mut self, file: FileRow) {
        self.files.insert(file.key.clone(), file);
    }

    pub fn put(&mut self, file: FileRow) {
        self.changed_files.insert(file.key.clone());
        if !self.files.contains_key(&file.key) {
            self.new_files.insert(file.key.clone());
        }
        if file.state == "OPEN" && !file.grp.is_empty() {
            self.groups.entry(file.grp.clone()).or_insert_with(|| (file.officer.clone(), file.key.clone()));
        }
        self.files.insert(file.key.clone(), file);
    }

    pub fn past(&self, kind: &str, code: &str) -> Past {
        self.history.get(kind, code).copied().flatten().unwrap_or_default()
    }

    /// Checks of a trader by a profile within a year with nothing found; 0 after a finding.
    pub fn fruitless(&self, trader: &str, profile: &str) -> u32 {
        let past = self.past(&format!("check:{profile}"), trader);
        if past.found_365d > 0 { 0 } else { u32::try_from(past.seen_365d).unwrap_or(u32::MAX) }
    }

    /// The officer who has a file of the group.
    pub fn group(&self, group: &str) -> Option<Preferred> {
        let (officer, key) = self.groups.get(group).filter(|(officer, _)| !officer.is_empty())?;
        Some(Preferred { officer: officer.clone(), how: "TOGETHER".to_owned(), from: key.clone() })
    }

    /// Counts towards the history that tomorrow's decisions see.
    pub fn count(&mut self, kind: &str, code: &str, events: i32, findings: i32) {
        // A row of zeros would say nothing.
        if !code.is_empty() && (events, findings) != (0, 0) {
            self.counted.change(kind, code, |count| {
                count.0 += events;
                count.1 += findings;
            });
        }
    }

    /// Saves what changed and hands the facts over.
    pub async fn close(self, work: &mut Work<'_>) -> Result<(), Failure> {
        let (mut rows, mut rosters, mut loads, mut made, mut revealed, mut hands) = <(Vec<_>, Vec<_>, Vec<_>, Vec<_>, Vec<_>, Vec<_>)>::default();
        for office in self.offices.into_values() {
            for day in &office.made {
                let key = self.in_force.keys.wrap(office.key(*day)?, &place(&office.code, *day))?;
                made.push((office.code.clone(), *day, key));
            }
            revealed.extend(office.revealed.iter().map(|day| (office.code.clone(), *day)));
            let (saved, hand) = office.into_saved()?;
            rosters.extend(saved.roster.map(|roster| (saved.row.office.clone(), roster)));
            loads.extend(saved.loads);
            rows.push(saved.row);
            hands.push(hand);
        }
        store::save_rosters(work.conn, &rosters).await?;
        store::save_offices(work.conn, &mut rows).await?;
        store::save_keys(work.conn, &made, &revealed).await?;
        let changed = self.changed_files.iter().filter_map(|key| self.files.get(key));
        let (new, known): (Vec<&FileRow>, Vec<&FileRow>) = changed.partition(|file| self.new_files.contains(&file.key));
        store::save_files(work.conn, &known).await?;
        store::add_files(work.conn, &new).await?;
        store::save_loads(work.conn, &loads).await?;
        let counted: Vec<_> = self.counted.iter().map(|(kind, code, count)| (kind, code, *count)).collect();
        store::add_counted(work.conn, &counted, self.today).await?;
        store::add_outcomes(work.conn, &self.outcomes).await?;
        store::add_overrides(work.conn, &self.overrides).await?;
        work.entries.extend(self.entries);
        for (row, hand) in rows.into_iter().zip(hands) {
            let write = Write::of(&row);
            self.in_force.kept.leave(row.office, write, hand);
        }
        Ok(())
    }
}

/// Offices in hand: as this process left them, or loaded where another one has written since.
async fn offices(
    conn: &mut PgConnection,
    in_force: &InForce,
    rows: Vec<OfficeRow>,
    today: NaiveDate,
    oldest: NaiveDate,
) -> Result<BTreeMap<String, Office>, Failure> {
    let mut hands: HashMap<String, Hand> = HashMap::new();
    for row in &rows {
        let kept = in_force.kept.take(&row.office, &Write::of(row));
        hands.extend(kept.map(|hand| (row.office.clone(), hand)));
    }
    let others: Vec<&OfficeRow> = rows.iter().filter(|row| !hands.contains_key(&row.office)).collect();
    if !others.is_empty() {
        hands.extend(loaded(conn, in_force, &others, today, oldest).await?);
    }
    let office = |row: OfficeRow| {
        let hand = hands.remove(&row.office).unwrap_or_default();
        (row.office.clone(), Office::new(row, hand))
    };
    Ok(rows.into_iter().map(office).collect())
}

async fn loaded(
    conn: &mut PgConnection,
    in_force: &InForce,
    rows: &[&OfficeRow],
    today: NaiveDate,
    oldest: NaiveDate,
) -> Result<HashMap<String, Hand>, Failure> {
    let codes: Vec<String> = rows.iter().map(|r| r.office.clone()).collect();
    let mut keys: HashMap<String, BTreeMap<Day, risk_domain::DayKey>> = HashMap::new();
    for (office, day, wrapped) in store::day_keys(conn, &codes, oldest).await? {
        let key = in_force.keys.unwrap(&wrapped, &place(&office, day))?;
        keys.entry(office).or_default().insert(day, key);
    }
    let months: Vec<(String, NaiveDate)> = rows.iter().map(|r| (r.office.clone(), month_of(r, today))).collect();
    let mut loads: HashMap<String, Vec<(String, Load)>> = HashMap::new();
    for ((office, officer), (points, files)) in store::loads(conn, &months).await? {
        loads.entry(office).or_default().push((officer, Load { points: points.unsigned_abs(), open_files: files.unsigned_abs() }));
    }
    let mut rosters = rosters(conn, &codes).await?;
    let hand = |row: &&OfficeRow| {
        let [import, export]: [DayCount; 2] = read(&row.counts, "counts", &row.office)?;
        let ledger = Ledger::new(loads.remove(&row.office).unwrap_or_default(), import, export);
        let roster = Arc::new(rosters.remove(&row.office).unwrap_or_default());
        Ok((row.office.clone(), Hand { roster, keys: keys.remove(&row.office).unwrap_or_default(), ledger }))
    };
    rows.iter().map(hand).collect()
}

fn not_locked() -> Failure {
    Failure::Retry("an office was not locked".to_owned())
}
