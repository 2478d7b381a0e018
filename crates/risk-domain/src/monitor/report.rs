//! The monitor's report: how much was tested, the alarms, and the points of a plot.
use serde::{Deserialize, Serialize};

use super::{
    Pair, counts,
    discovery::q_values,
    findings,
    observed::{Files, Observed},
    speed,
};

/// What is asked of a pair before it is tested, and how many false alarms are borne.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Share of reports with any alarm, if no pair is steered, at most; of false ones among the alarms otherwise.
    pub level: f64,
    /// A counterpart (for speed and findings: a pair, and the declarant's other files) with fewer files is not tested.
    pub least_files: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { level: 0.05, least_files: 10 }
    }
}

/// What a pair of officer and counterpart is tested for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// More files of a declarant than drawn.
    Declarant,
    /// More files of a trader than drawn.
    Trader,
    /// More files in an hour of the day than drawn.
    Hour,
    /// The declarant's files concluded faster than with others.
    Speed,
    /// Less found in the declarant's files than by others.
    Findings,
}

/// Pairs tested, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    pub declarant: usize,
    pub trader: usize,
    pub hour: usize,
    pub speed: usize,
    pub findings: usize,
}

impl Tested {
    /// All kinds.
    pub fn all(self) -> usize {
        self.declarant + self.trader + self.hour + self.speed + self.findings
    }

    fn count(&mut self, kind: Kind) {
        *match kind {
            Kind::Declarant => &mut self.declarant,
            Kind::Trader => &mut self.trader,
            Kind::Hour => &mut self.hour,
            Kind::Speed => &mut self.speed,
            Kind::Findings => &mut self.findings,
        } += 1;
    }
}

/// A pair that chance does not explain: a reason to look, not a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairAlarm {
    pub kind: Kind,
    pub officer: String,
    /// Declarant or trader as the files name it; an hour of the day as two digits.
    pub counterpart: String,
    /// Files; findings; for speed the mean rank of its conclusions among the declarant's, 0 to 1.
    pub observed: f64,
    /// The same, if chance alone decided.
    pub expected: f64,
    /// The counterpart's files for which the officer was a candidate; for speed and findings the pair's own.
    pub files: u32,
    /// Of the observed files those that a person gave to the officer.
    pub overrides: u32,
    /// Chance of this or more without any steering.
    pub p_value: f64,
    /// Smallest level at which it would be an alarm.
    pub q_value: f64,
}

/// A pair of the first three kinds in a plot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub kind: Kind,
    pub observed: f64,
    pub expected: f64,
    /// The counterpart's files for which the officer was a candidate.
    pub files: u32,
    /// None: certainly above the level, not computed.
    pub p_value: Option<f64>,
    pub alarm: bool,
}

impl Point {
    /// -log10 of the p-value, at most 150; 0 where it was not computed.
    #[expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]
    pub fn surprise(&self) -> f64 {
        self.p_value.map_or(0.0, |p| (-libm::log10(p)).clamp(0.0, 150.0))
    }
}

/// What the monitor found in a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub settings: Settings,
    pub files: usize,
    /// First and last day, days since 1970.
    pub days: Option<(i32, i32)>,
    /// Files that a person gave to an officer.
    pub overrides: usize,
    pub tested: Tested,
    /// The least p-value first.
    pub alarms: Vec<PairAlarm>,
    pub points: Vec<Point>,
}

/// Tests all pairs of the files seen. The same files in the same order give the same report on every machine.
pub fn examine<'a>(seen: impl IntoIterator<Item = &'a Observed<'a>>, settings: &Settings) -> Report {
    seen.into_iter().collect::<Files>().report(settings)
}

impl Files {
    /// Tests all pairs.
    pub fn report(&self, settings: &Settings) -> Report {
        let mut pairs = Vec::new();
        for kind in [Kind::Declarant, Kind::Trader, Kind::Hour] {
            pairs.extend(counts::pairs(self, kind, settings));
        }
        pairs.extend(speed::pairs(self, settings));
        pairs.extend(findings::pairs(self, settings));
        let told: Vec<(usize, f64)> = pairs.iter().enumerate().filter_map(|(index, pair)| Some((index, pair.p_value?))).collect();
        let q_values = q_values(&told.iter().map(|(_, p)| *p).collect::<Vec<_>>(), pairs.len() - told.len());
        let mut raised: Vec<(usize, f64, f64)> =
            told.into_iter().zip(q_values).filter(|(_, q)| *q <= settings.level).map(|((index, p), q)| (index, p, q)).collect();
        raised.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let mut tested = Tested::default();
        pairs.iter().for_each(|pair| tested.count(pair.kind));
        let mut points: Vec<Point> = pairs.iter().take_while(|p| p.kind <= Kind::Hour).map(point).collect();
        for (index, _, _) in &raised {
            if let Some(point) = points.get_mut(*index) {
                point.alarm = true;
            }
        }
        Report {
            settings: *settings,
            files: self.files.len(),
            days: self.days,
            overrides: self.overrides(),
            tested,
            alarms: raised.into_iter().map(|(index, p, q)| self.alarm(&pairs[index], p, q)).collect(),
            points,
        }
    }

    fn alarm(&self, pair: &Pair, p_value: f64, q_value: f64) -> PairAlarm {
        PairAlarm {
            kind: pair.kind,
            officer: self.officers.name(pair.officer).to_owned(),
            counterpart: match pair.kind {
                Kind::Trader => self.traders.name(pair.counterpart).to_owned(),
                Kind::Hour => format!("{:02}", pair.counterpart),
                _ => self.declarants.name(pair.counterpart).to_owned(),
            },
            observed: pair.observed,
            expected: pair.expected,
            files: pair.files,
            overrides: pair.overrides,
            p_value,
            q_value,
        }
    }
}

fn point(pair: &Pair) -> Point {
    Point { kind: pair.kind, observed: pair.observed, expected: pair.expected, files: pair.files, p_value: pair.p_value, alarm: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chance;

    /// Four equal officers take turns; declarant D's files go to the first, by hand, concluded at once and without findings.
    fn seen(steered: bool) -> Vec<Observed<'static>> {
        let officers = ["A", "B", "C", "E"];
        let quarter = Chance { numerator: 1, denominator: 4 };
        (0..800_u32)
            .map(|n| {
                let of_d = n % 8 < 2;
                let by_hand = steered && of_d && n % 3 > 0;
                Observed {
                    officer: if by_hand { "A" } else { officers[(n * 7 / 3 % 4) as usize] },
                    declarant: if of_d { "D" } else { "others" },
                    trader: if of_d { "T" } else { "U" },
                    hour: 9,
                    day: 20_000 + (n / 10) as i32,
                    candidates: officers.map(|o| (o, quarter)).to_vec(),
                    minutes_to_conclude: Some(if by_hand { 5 + n % 3 } else { 30 + n * 11 % 60 }),
                    found: Some(!by_hand && n.wrapping_mul(2_654_435_761) >> 16 & 1 == 0),
                    automatic: !by_hand,
                }
            })
            .collect()
    }

    #[test]
    fn turns_taken_evenly_raise_no_alarm() {
        let report = examine(&seen(false), &Settings::default());
        assert_eq!(report.alarms, []);
        // Two declarants, two traders, one hour, four officers; the points are those of the first three kinds.
        assert_eq!((report.tested.declarant, report.tested.trader, report.tested.hour, report.points.len()), (8, 8, 4, 20));
        assert_eq!((report.files, report.days, report.overrides), (800, Some((20_000, 20_079)), 0));
    }

    #[test]
    fn steering_by_override_shows_in_number_speed_and_findings() {
        let report = examine(&seen(true), &Settings::default());
        for kind in [Kind::Declarant, Kind::Trader, Kind::Speed, Kind::Findings] {
            let alarm = report.alarms.iter().find(|a| a.kind == kind).unwrap_or_else(|| panic!("no alarm of {kind:?}"));
            assert_eq!(alarm.officer, "A");
            assert!(alarm.overrides > 100 && alarm.p_value < 1e-4 && alarm.q_value <= 0.05, "{alarm:?}");
        }
        assert!(report.alarms.iter().all(|a| a.officer == "A"));
        assert_eq!(report.points.iter().filter(|p| p.alarm).count(), report.alarms.iter().filter(|a| a.kind <= Kind::Hour).count());
    }

    #[test]
    fn one_override_to_somebody_without_a_chance_is_no_alarm_and_a_dozen_are() {
        let given_to_z = |files: usize| {
            let mut seen = seen(false);
            for file in seen.iter_mut().filter(|f| f.declarant == "D").take(files) {
                (file.officer, file.automatic) = ("Z", false);
            }
            examine(&seen, &Settings::default()).alarms
        };
        assert_eq!(given_to_z(1), []);
        assert!(given_to_z(12).iter().any(|a| a.officer == "Z" && a.kind == Kind::Declarant));
    }

    #[test]
    fn nothing_seen_is_a_report_of_nothing() {
        let report = examine(&[], &Settings::default());
        assert_eq!((report.files, report.tested.all(), report.alarms.len()), (0, 0, 0));
    }
}
