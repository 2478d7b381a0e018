//! One measured figure beside what it is judged by.
use std::time::Instant;

/// A row of `make bench` and of `target/bench.json`.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Figure {
    pub name: String,
    pub unit: &'static str,
    pub must: Option<f64>,
    pub stretch: Option<f64>,
    pub measured: f64,
    /// What others reach, in the same run where that is possible.
    pub anchor: Option<f64>,
}

impl Figure {
    /// A figure without anything to be judged by.
    pub fn new(name: impl Into<String>, unit: &'static str, measured: f64) -> Self {
        Self { name: name.into(), unit, must: None, stretch: None, measured, anchor: None }
    }

    /// The same with a bound that it must keep.
    #[must_use]
    pub fn must(self, must: f64) -> Self {
        Self { must: Some(must), ..self }
    }

    /// The same with an anchor.
    #[must_use]
    pub fn beside(self, anchor: f64) -> Self {
        Self { anchor: Some(anchor), ..self }
    }
}

/// Median over `runs` of the nanoseconds that `work` takes for each of its `items`.
#[expect(clippy::float_arithmetic, clippy::disallowed_methods, reason = "a measurement, not a decision")]
pub fn median_ns(runs: usize, items: usize, mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..runs.max(1))
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e9 / items.max(1) as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
