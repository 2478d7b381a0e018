//! A simulated year of an office of 20 officers: shifts, absence, declarants by Zipf's law, and one pair that may be steered.
#![expect(clippy::float_arithmetic, reason = "a simulation, not a decision")]
use fastrand::Rng;
use risk_domain::{
    Weight, chances,
    monitor::{Files, Observed},
};

pub const OFFICERS: usize = 20;
pub const DECLARANTS: usize = 400;
const FILES: usize = 50_000;
const DAYS: usize = 364;
/// Number of the declarant with 2 % of the files, and how many that is.
pub const SHADY: usize = 0;
const SHADY_FILES: usize = 1_000;
/// The officer to whom its files are steered.
pub const FAVOURITE: usize = 7;
/// Share of honest overrides: a person gives the file to anyone on shift.
const OVERRIDES: f64 = 0.01;

/// What the steered pair does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Steering {
    /// Files of the declarant that a person gives to the favourite, lodged while he or she is on shift.
    pub files: usize,
    /// They are concluded in half the time and nothing is found in them.
    pub bribed: bool,
}

/// One year; the same seed gives the same year. Draws come from `fastrand`: the monitor sees only chances and outcomes.
pub fn year(seed: u64, steering: Steering) -> Files {
    let mut rng = Rng::with_seed(seed);
    let duty = Duty::new(&mut rng);
    let moments = moments(&mut rng);
    let lodged = lodged(&moments, &duty, steering, &mut rng);
    let names = Names::new();
    let quick: Vec<f64> = (0..OFFICERS).map(|_| 0.75 + 0.5 * rng.f64()).collect();
    let keen: Vec<f64> = (0..OFFICERS).map(|_| 0.8 + 0.4 * rng.f64()).collect();
    let simple: Vec<f64> = (0..DECLARANTS).map(|_| 0.5 + rng.f64()).collect();
    let mut desk = Desk::default();
    let mut files = Files::default();
    for (moment, (declarant, steered)) in moments.into_iter().zip(lodged) {
        let (on, weights) = desk.weights(&duty, moment);
        let chances = chances(&weights);
        let by_hand = steered || rng.f64() < OVERRIDES;
        let place = if by_hand { rng.usize(..on.len()) } else { two_draws(&weights, &mut rng) };
        let officer = if steered { FAVOURITE } else { on[place] };
        let lines = 1 + (49.0 * rng.f64().powi(4)) as u64;
        desk.points[officer] += 10 + 5 * lines;
        let bribed = steered && steering.bribed;
        let ease = if bribed { 0.5 } else { 1.0 };
        let minutes = ease * quick[officer] * simple[declarant] * (10.0 + 4.0 * lines as f64) * (0.5 + rng.f64() + rng.f64());
        let found = rng.f64() < 0.1 * keen[officer] * simple[declarant] && !bribed;
        files.push(&Observed {
            officer: &names.officers[officer],
            declarant: &names.declarants[declarant],
            trader: &names.traders[declarant * TRADERS + rng.usize(..TRADERS).min(rng.usize(..TRADERS))],
            hour: moment.hour,
            day: 20_000 + moment.day as i32,
            candidates: on.iter().zip(chances).map(|(o, chance)| (names.officers[*o].as_str(), chance)).collect(),
            minutes_to_conclude: Some(minutes as u32 + 1),
            found: Some(found),
            automatic: !by_hand,
        });
    }
    files
}

/// Traders of each declarant; the first ones have more.
const TRADERS: usize = 5;

struct Names {
    officers: Vec<String>,
    declarants: Vec<String>,
    traders: Vec<String>,
}

impl Names {
    fn new() -> Self {
        let traders = (0..DECLARANTS * TRADERS).map(|number| format!("T{number:04}")).collect();
        Self { officers: (0..OFFICERS).map(officer).collect(), declarants: (0..DECLARANTS).map(declarant).collect(), traders }
    }
}

/// Code of an officer.
pub fn officer(number: usize) -> String {
    format!("O{number:04}")
}

/// Code of a declarant.
pub fn declarant(number: usize) -> String {
    format!("D{number:04}")
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    day: usize,
    hour: u8,
    minute: u16,
}

/// When files come: three quarters by day, in order.
fn moments(rng: &mut Rng) -> Vec<Moment> {
    let mut list: Vec<Moment> = (0..FILES)
        .map(|_| {
            let hour = if rng.f64() < 0.75 { rng.u8(7..19) } else { (19 + rng.u8(..12)) % 24 };
            Moment { day: rng.usize(..DAYS), hour, minute: rng.u16(..60) }
        })
        .collect();
    list.sort_by_key(|m| (m.day, m.hour, m.minute));
    list
}

/// Who is on shift: 06-14, 14-22 or 22-06 by turns of a week, a fifth of the officers on a long day of 07-19, 8 % of all shifts missed.
struct Duty {
    /// By day and officer: first hour and length; 0 if absent.
    shifts: Vec<[(u8, u8); OFFICERS]>,
}

impl Duty {
    fn new(rng: &mut Rng) -> Self {
        let shift = |officer: usize, day: usize| match (officer % 5, (officer + day / 7) % 3) {
            (0, _) => (7, 12),
            (_, 0) => (6, 8),
            (_, 1) => (14, 8),
            _ => (22, 8),
        };
        let day = |day: usize| std::array::from_fn(|officer| if rng.f64() < 0.08 { (0, 0) } else { shift(officer, day) });
        Self { shifts: (0..DAYS).map(day).collect() }
    }

    /// Within a day; a night shift serves the first and the last hours of the same date.
    fn on(&self, officer: usize, moment: Moment) -> bool {
        let (from, long) = self.shifts[moment.day][officer];
        (moment.hour + 24 - from) % 24 < long
    }
}

/// Points and minutes of the month.
#[derive(Default)]
struct Desk {
    month: usize,
    points: [u64; OFFICERS],
    minutes: [u64; OFFICERS],
    /// Up to this hour of the period the minutes are counted.
    hours: usize,
}

impl Desk {
    /// Those on shift and what they carry; whole hours served this month count as minutes on roster.
    fn weights(&mut self, duty: &Duty, now: Moment) -> (Vec<usize>, Vec<Weight>) {
        let month = now.day / 30;
        if month != self.month {
            *self = Self { month, hours: month * 30 * 24, ..Self::default() };
        }
        while self.hours < now.day * 24 + usize::from(now.hour) {
            let hour = Moment { day: self.hours / 24, hour: (self.hours % 24) as u8, minute: 0 };
            for officer in 0..OFFICERS {
                self.minutes[officer] += 60 * u64::from(duty.on(officer, hour));
            }
            self.hours += 1;
        }
        let mut on: Vec<usize> = (0..OFFICERS).filter(|o| duty.on(*o, now)).collect();
        if on.is_empty() {
            // Someone is called in.
            on.push(now.day % OFFICERS);
        }
        let weights = on.iter().map(|o| Weight { points: self.points[*o], minutes: self.minutes[*o] + u64::from(now.minute) + 1 }).collect();
        (on, weights)
    }
}

/// The rule of assignment with draws of the simulation.
fn two_draws(weights: &[Weight], rng: &mut Rng) -> usize {
    if weights.len() < 2 {
        return 0;
    }
    let first = rng.usize(..weights.len());
    let other = rng.usize(..weights.len() - 1);
    let second = if other >= first { other + 1 } else { other };
    let load = |i: usize, j: usize| u128::from(weights[i].points) * u128::from(weights[j].minutes);
    if load(second, first) < load(first, second) { second } else { first }
}

/// Declarant of each file and whether it is steered.
fn lodged(moments: &[Moment], duty: &Duty, steering: Steering, rng: &mut Rng) -> Vec<(usize, bool)> {
    let mut order: Vec<usize> = (0..moments.len()).collect();
    rng.shuffle(&mut order);
    let mut lodged = vec![(usize::MAX, false); moments.len()];
    for index in order.iter().filter(|i| duty.on(FAVOURITE, moments[**i])).take(steering.files) {
        lodged[*index] = (SHADY, true);
    }
    for index in order.iter().filter(|i| !lodged[**i].1).take(SHADY_FILES - steering.files).copied().collect::<Vec<_>>() {
        lodged[index] = (SHADY, false);
    }
    let shares = Zipf::new(DECLARANTS - 1);
    for (declarant, _) in lodged.iter_mut().filter(|(d, _)| *d == usize::MAX) {
        *declarant = 1 + shares.draw(rng);
    }
    lodged
}

/// Shares falling as 1 ÷ rank.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(n: usize) -> Self {
        let mut sum = 0.0;
        Self(
            (1..=n)
                .map(|rank| {
                    sum += 1.0 / rank as f64;
                    sum
                })
                .collect(),
        )
    }

    fn draw(&self, rng: &mut Rng) -> usize {
        let at = rng.f64() * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|sum| *sum <= at).min(self.0.len() - 1)
    }
}
