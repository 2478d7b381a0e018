//! Opens the book of a batch and closes it again.
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::TimeDelta;
use platform::{Failure, Instant, Work};
use tracking_domain::{Reading, VisitState, confusable_plates, plate_id, vehicle_id};
use values::DeclarationKey;

use crate::{
    book::{Book, Held, Stay, stored},
    event::{Event, Told},
    settings::Rules,
    store::{self, Bound, CarriedRow, NaturalKey, Span, VehicleRow, VisitRow},
};

/// What a batch will look up.
#[derive(Default)]
struct Wanted<'e> {
    vehicles: BTreeSet<String>,
    keys: BTreeSet<DeclarationKey>,
    readings: Vec<(&'e Reading, String)>,
}

fn wanted<'e>(rules: &Rules, told: &[&'e Told]) -> Wanted<'e> {
    let mut wanted = Wanted::default();
    for told in told {
        match &told.event {
            Event::Observed(reading) => {
                let vehicle = vehicle_id(&rules.secret, &reading.plate, reading.country);
                wanted.vehicles.insert(vehicle.clone());
                wanted.readings.push((reading, vehicle));
            }
            Event::Announced(announced) => {
                wanted.vehicles.insert(vehicle_id(&rules.secret, &announced.plate, announced.country));
                wanted.keys.extend(&announced.declarations);
            }
            Event::Declared(declared) => {
                wanted.vehicles.extend(declared.vehicle.iter().map(|(plate, country)| vehicle_id(&rules.secret, plate, *country)));
                wanted.keys.insert(declared.key);
            }
            Event::Cleared { key, .. } | Event::Withdrawn { key } => {
                wanted.keys.insert(*key);
            }
        }
    }
    wanted
}

/// The natural key of a reading, with its plate as keyed hash.
pub fn natural_key(rules: &Rules, reading: &Reading) -> NaturalKey {
    let (camera, at, plate) = reading.natural_key();
    (camera.to_owned(), at, plate_id(&rules.secret, plate))
}

/// Locks and loads everything that the events are about.
pub async fn open<'r>(work: &mut Work<'_>, rules: &'r Rules, told: &[&Told]) -> Result<Book<'r>, Failure> {
    let Wanted { mut vehicles, keys, readings } = wanted(rules, told);
    let conn = &mut *work.conn;
    let keys: Vec<&str> = keys.iter().map(DeclarationKey::as_str).collect();
    vehicles.extend(store::concerned(conn, &keys).await?);
    let ids: Vec<String> = vehicles.into_iter().collect();
    // Only a vehicle that is seen asks what names it; of thousands of declarations a day most vehicles are not at a gate right now.
    let seen: Vec<&str> = readings.iter().map(|(_, vehicle)| vehicle.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let vehicles: BTreeMap<String, Held<VehicleRow>> =
        store::lock_vehicles(conn, &ids).await?.into_iter().map(|row| (row.id.clone(), in_hand(row))).collect();
    let announced = vehicles.values().flat_map(|held| held.row.announced.split_whitespace());
    let with_announced: Vec<&str> = keys.iter().copied().chain(announced).collect();
    let carried = store::lock_carried(conn, &with_announced, &ids, &seen).await?;
    let mut book = Book {
        rules,
        now: work.now,
        vehicles,
        declarations: BTreeMap::new(),
        visits: BTreeMap::new(),
        open: HashMap::new(),
        carrying: HashMap::new(),
        named: HashMap::new(),
        seen: HashSet::new(),
        judged: HashMap::new(),
        others: HashSet::new(),
        readings: Vec::new(),
        entries: Vec::new(),
    };
    for row in carried {
        let key = stored(DeclarationKey::parse(&row.key).ok(), "declaration key")?;
        if !row.vehicle.is_empty() {
            book.named.entry(row.vehicle.clone()).or_default().insert(key);
        }
        book.declarations.insert(key, in_hand(row));
    }
    load_visits(conn, &mut book, &ids, &keys).await?;
    load_readings(conn, &mut book, &readings).await?;
    Ok(book)
}

async fn load_visits(conn: &mut sqlx::PgConnection, book: &mut Book<'_>, ids: &[String], keys: &[&str]) -> Result<(), Failure> {
    let visits = store::open_visits(conn, ids, keys).await?;
    if visits.iter().any(|v| !book.vehicles.contains_key(&v.vehicle)) {
        // Bound between finding out whom it concerns and locking them: the visit's other declarations are not locked.
        return Err(Failure::Retry("a declaration was bound to a visit meanwhile".to_owned()));
    }
    let names: Vec<String> = visits.iter().map(|v| v.id.clone()).collect();
    for row in visits {
        let state = stored(VisitState::parse(&row.state, &row.reason), "state of a visit")?;
        book.open.insert(row.vehicle.clone(), row.id.clone());
        book.visits.insert(row.id.clone(), Stay { row, state, keys: BTreeSet::new(), bound: Vec::new(), changed: false });
    }
    for Bound { visit, declaration } in store::bound(conn, &names).await? {
        let key = stored(DeclarationKey::parse(&declaration).ok(), "declaration key")?;
        book.carrying.entry(key).or_default().insert(visit.clone());
        if let Some(stay) = book.visits.get_mut(&visit) {
            stay.keys.insert(key);
        }
    }
    Ok(())
}

async fn load_readings(conn: &mut sqlx::PgConnection, book: &mut Book<'_>, readings: &[(&Reading, String)]) -> Result<(), Failure> {
    if readings.is_empty() {
        return Ok(());
    }
    let rules = book.rules;
    let natural: BTreeSet<NaturalKey> = readings.iter().map(|(reading, _)| natural_key(rules, reading)).collect();
    book.seen = store::seen(conn, &natural.into_iter().collect::<Vec<_>>()).await?.into_iter().collect();
    let window = TimeDelta::seconds(i64::from(rules.limits.repeat_window_s));
    let mut spans: BTreeMap<&str, (Instant, Instant)> = BTreeMap::new();
    for (reading, vehicle) in readings {
        let (from, to) = (reading.observed_at - window, reading.observed_at + window);
        let span = spans.entry(vehicle).or_insert((from, to));
        *span = (span.0.min(from), span.1.max(to));
    }
    let spans: Vec<Span> = spans.into_iter().map(|(vehicle, (from, to))| Span { vehicle: vehicle.to_owned(), from, to }).collect();
    for judged in store::judged(conn, &spans).await? {
        book.judged.entry((judged.vehicle.clone(), judged.gate.clone(), judged.direction.clone())).or_default().push(judged);
    }
    let unknown = readings.iter().filter(|(_, vehicle)| !book.vehicles.contains_key(vehicle));
    let similar: BTreeSet<String> = unknown
        .flat_map(|(reading, _)| confusable_plates(&reading.plate).into_iter().map(|plate| vehicle_id(&rules.secret, &plate, reading.country)))
        .collect();
    book.others = store::existing(conn, &similar.into_iter().collect::<Vec<_>>()).await?.into_iter().collect();
    Ok(())
}

/// Writes what changed, and leaves the facts in the work.
pub async fn close(work: &mut Work<'_>, book: Book<'_>) -> Result<(), Failure> {
    let conn = &mut *work.conn;
    for new in [true, false] {
        let rows: Vec<&VehicleRow> = book.vehicles.values().filter(|h| h.changed && h.new == new).map(|h| &h.row).collect();
        store::save_vehicles(conn, &rows, new).await?;
    }
    for new in [true, false] {
        let rows: Vec<&CarriedRow> = book.declarations.values().filter(|h| h.changed && h.new == new).map(|h| &h.row).collect();
        store::save_carried(conn, &rows, new).await?;
    }
    let mut visits: Vec<&VisitRow> = book.visits.values().filter(|s| s.changed).map(|s| &s.row).collect();
    // A vehicle may leave and come back within a batch, and has one open visit at most: what ended is written first.
    visits.sort_by_key(|row| row.departed_at.is_none());
    store::save_visits(conn, &visits).await?;
    let bound = book.visits.values().flat_map(|s| s.bound.iter().map(|key| Bound { visit: s.row.id.clone(), declaration: key.to_string() }));
    store::bind(conn, &bound.collect::<Vec<_>>()).await?;
    let mut readings = book.readings;
    readings.sort_unstable_by(|a, b| (&a.camera, a.observed_at, &a.plate).cmp(&(&b.camera, b.observed_at, &b.plate)));
    store::keep(conn, &readings, book.now).await?;
    work.entries.extend(book.entries);
    Ok(())
}

fn in_hand<T>(row: T) -> Held<T> {
    Held { row, new: false, changed: false }
}
