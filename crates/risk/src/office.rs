//! One office in hand: its days, keys, roster and ledger, as one transaction sees them.
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{Datelike, NaiveDate};
use contracts::risk::{Balance, DayClosed, DayCommitted, DayKeyRevealed, DayOpened, RulesInForce, RulesPublished};
use platform::{Entry, Failure, Instant, clock};
use risk_domain::{DayKey, Ledger, Load, OfficeDays, Roster, RuleBook, Step, Urn, advance, close, commitment, days_to_commit, mixed};
use sqlx::PgConnection;
use values::{Day, Direction, local_day};

use crate::{
    kept::Hand,
    place::{Place, Via},
    regime::Regime,
    store::{self, LoadRow, OfficeRow},
    wrapping,
};

/// An office as it is to be saved, with the roster if it was set and the loads that changed.
pub struct Saved {
    pub row: OfficeRow,
    pub roster: Option<Vec<u8>>,
    pub loads: Vec<LoadRow>,
}

/// An office in hand.
pub struct Office {
    pub code: String,
    pub days: OfficeDays,
    roster: Arc<Roster>,
    /// It is another one than was loaded.
    roster_is_new: bool,
    pub ledger: Ledger,
    /// As it was loaded, to save what changed.
    before: Ledger,
    rules: Vec<u8>,
    model: Vec<u8>,
    keys: BTreeMap<Day, DayKey>,
    beacon: (String, String),
    /// The open day's key with its public value mixed in.
    open: Option<(Day, DayKey)>,
    /// Keys made now, and days whose keys were revealed now.
    pub made: Vec<Day>,
    pub revealed: Vec<Day>,
    /// Recorded time of what is being decided.
    pub now: Instant,
}

impl Office {
    pub fn new(row: OfficeRow, hand: Hand) -> Self {
        let Hand { roster, keys, ledger } = hand;
        let days = OfficeDays { open: row.open_day, closed: row.closed_day, decisions: row.decisions.unsigned_abs(), last: row.last_at };
        let mut office = Self {
            roster,
            roster_is_new: false,
            code: row.office,
            days,
            before: ledger.clone(),
            ledger,
            rules: row.rules,
            model: row.model,
            keys,
            beacon: (row.beacon_source, row.beacon_value),
            open: None,
            made: Vec::new(),
            revealed: Vec::new(),
            now: Instant::UNIX_EPOCH,
        };
        office.unlock();
        office
    }

    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    pub fn set_roster(&mut self, roster: Roster) {
        self.roster = Arc::new(roster);
        self.roster_is_new = true;
    }

    /// What is to be saved, and what is left in hand.
    pub fn into_saved(self) -> Result<(Saved, Hand), Failure> {
        let write = |text: Result<Vec<u8>, serde_json::Error>| text.map_err(|e| Failure::Deterministic(e.to_string()));
        let (month, kept_from) = (self.month(), self.days.open.or(self.days.closed));
        let load = |(officer, load): (&str, Load)| {
            (self.code.clone(), officer.to_owned(), month, i64::try_from(load.points).unwrap_or(i64::MAX), load.open_files.cast_signed())
        };
        let loads = self.ledger.changed(&self.before).map(load).collect();
        let roster = self.roster_is_new.then(|| write(serde_json::to_vec(&*self.roster))).transpose()?;
        let row = OfficeRow {
            open_day: self.days.open,
            closed_day: self.days.closed,
            decisions: self.days.decisions.cast_signed(),
            last_at: self.days.last,
            counts: write(serde_json::to_vec(&[self.ledger.day(Direction::Import), self.ledger.day(Direction::Export)]))?,
            office: self.code,
            rules: self.rules,
            model: self.model,
            beacon_source: self.beacon.0,
            beacon_value: self.beacon.1,
            revision: 0,
            writer: String::new(),
        };
        let mut keys = self.keys;
        keys.retain(|day, _| kept_from.is_none_or(|from| *day >= from));
        Ok((Saved { row, roster, loads }, Hand { roster: self.roster, keys, ledger: self.ledger }))
    }

    /// Brings the office to the present day: keys ahead, rules in force, the day open.
    pub fn at_work(&mut self, regime: &Regime, beacons: &HashMap<NaiveDate, (String, String)>, via: &Via) -> Result<Vec<Entry>, Failure> {
        let (now, steps) = advance(&mut self.days, clock::now());
        self.now = now;
        let mut entries = self.keys_ahead(via)?;
        entries.extend(self.in_force(regime, via));
        for step in steps {
            entries.push(self.step(step, regime, beacons, via)?);
        }
        Ok(entries)
    }

    /// Closes the open day before its time.
    pub fn close_day(&mut self, regime: &Regime, via: &Via) -> Result<(Option<Day>, Vec<Entry>), Failure> {
        let closed = self.days.open;
        let (now, steps) = close(&mut self.days, clock::now());
        self.now = now;
        let entries = steps.into_iter().map(|step| self.step(step, regime, &HashMap::new(), via)).collect::<Result<_, _>>()?;
        self.open = None;
        Ok((closed, entries))
    }

    fn keys_ahead(&mut self, via: &Via) -> Result<Vec<Entry>, Failure> {
        let committed: Vec<Day> = self.keys.keys().copied().collect();
        let mut entries = Vec::new();
        for day in days_to_commit(local_day(self.now), self.days.open, &committed) {
            let key = DayKey::new(clock::random().map_err(|e| Failure::Retry(e.to_string()))?);
            let commitment = commitment(&self.code, day, &key).to_vec();
            let place = Place::of_office(&self.code, via, self.now);
            entries.push(place.fact(DayCommitted { office: self.code.clone(), date: day.to_string(), commitment }));
            self.made.push(day);
            self.keys.insert(day, key);
        }
        Ok(entries)
    }

    fn in_force(&mut self, regime: &Regime, via: &Via) -> Vec<Entry> {
        if self.rules == regime.rules_digest() && self.model == regime.model_digest() {
            return Vec::new();
        }
        let known = self.rules == regime.rules_digest();
        (self.rules, self.model) = (regime.rules_digest().to_vec(), regime.model_digest().to_vec());
        let place = Place::of_office(&self.code, via, self.now);
        let fact = RulesInForce {
            office: self.code.clone(),
            digest: self.rules.clone(),
            version: regime.revision(),
            profiles: regime.profiles(),
            model: self.model.clone(),
            default_cap: regime.rules.default_cap(),
        };
        let mut entries = vec![place.fact(fact)];
        if !known {
            let rules = regime.text().to_owned();
            entries.push(place.trace(RulesPublished { office: self.code.clone(), digest: self.rules.clone(), rules }));
        }
        entries
    }

    fn step(&mut self, step: Step, regime: &Regime, beacons: &HashMap<NaiveDate, (String, String)>, via: &Via) -> Result<Entry, Failure> {
        let office = self.code.clone();
        let fact = match step {
            Step::Close { day, decisions } => {
                return Ok(Place::of_office(&office, via, self.now).fact(DayClosed { office: office.clone(), date: day.to_string(), decisions }));
            }
            Step::Reveal { day } => {
                self.revealed.push(day);
                let key = self.key(day)?.bytes().to_vec();
                return Ok(Place::of_office(&office, via, self.now).fact(DayKeyRevealed { office: office.clone(), date: day.to_string(), key }));
            }
            Step::Open { day } => self.opened(day, regime, beacons)?,
        };
        Ok(Place::of_office(&office, via, self.now).fact(fact))
    }

    fn opened(&mut self, day: Day, regime: &Regime, beacons: &HashMap<NaiveDate, (String, String)>) -> Result<DayOpened, Failure> {
        self.ledger.new_day();
        if self.days.closed.is_some_and(|closed| (closed.year(), closed.month()) != (day.year(), day.month())) {
            self.ledger.new_month();
        }
        self.beacon = beacons.get(&day).cloned().unwrap_or_default();
        self.unlock();
        let balance = |(officer, load): (&str, Load)| Balance { officer: officer.to_owned(), points: load.points, open_files: load.open_files };
        Ok(DayOpened {
            office: self.code.clone(),
            date: day.to_string(),
            commitment: commitment(&self.code, day, self.key(day)?).to_vec(),
            rules: self.rules.clone(),
            roster: self.roster.digest().to_vec(),
            model: self.model.clone(),
            balances: self.ledger.balances().map(balance).collect(),
            beacon_source: self.beacon.0.clone(),
            beacon_value: self.beacon.1.clone(),
            default_cap: regime.rules.default_cap(),
        })
    }

    /// Makes the open day's key ready to draw from.
    fn unlock(&mut self) {
        let key = self.days.open.and_then(|day| Some((day, self.keys.get(&day)?)));
        self.open = key.map(|(day, key)| (day, mixed(key, &self.beacon.0, &self.beacon.1)));
    }

    /// The open day.
    pub fn day(&self) -> Result<Day, Failure> {
        self.open.as_ref().map(|(day, _)| *day).ok_or_else(|| Failure::Retry(format!("office {} has no day open", self.code)))
    }

    /// The declaration's draws under the key of the open day.
    pub fn urn<'a>(&'a self, declaration: &'a str, version: u32) -> Result<Urn<'a>, Failure> {
        let (day, key) = self.open.as_ref().ok_or_else(|| Failure::Retry(format!("office {} has no day open", self.code)))?;
        Ok(Urn { key, day: *day, declaration, version })
    }

    pub fn rules(&self) -> &[u8] {
        &self.rules
    }

    pub fn model(&self) -> &[u8] {
        &self.model
    }

    pub fn key(&self, day: Day) -> Result<&DayKey, Failure> {
        self.keys.get(&day).ok_or_else(|| Failure::Deterministic(format!("office {} has no key of {day}", self.code)))
    }

    /// Microseconds at which the open day's month began.
    pub fn month_start_us(&self) -> Result<i64, Failure> {
        Ok(risk_domain::month_start_us(self.day()?))
    }

    /// First of the month for which points count.
    pub fn month(&self) -> NaiveDate {
        let day = self.days.open.or(self.days.closed).unwrap_or_else(|| local_day(self.now));
        day.with_day(1).unwrap_or(day)
    }
}

/// What is bound to a wrapped key of the office.
pub fn place(office: &str, day: Day) -> wrapping::Place<'_> {
    wrapping::Place { office, day }
}

/// The month for which an office's points count, before it is in hand.
pub fn month_of(row: &OfficeRow, today: NaiveDate) -> NaiveDate {
    let day = row.open_day.or(row.closed_day).unwrap_or(today);
    day.with_day(1).unwrap_or(day)
}

/// Rosters of offices as they are, without a lock.
pub async fn rosters(conn: &mut PgConnection, offices: &[String]) -> Result<HashMap<String, Roster>, Failure> {
    let rows = store::rosters(conn, offices).await?;
    rows.into_iter().map(|(office, roster)| read(&roster, "roster", &office).map(|roster| (office, roster))).collect()
}

/// A column of an office; what was never written is the default.
pub fn read<T: serde::de::DeserializeOwned + Default>(bytes: &[u8], what: &str, office: &str) -> Result<T, Failure> {
    if bytes.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(bytes).map_err(|e| Failure::Deterministic(format!("{what} of {office}: {e}")))
}
