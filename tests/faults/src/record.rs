//! What an experiment came to: figures with what they must be, findings of the laws; kept as JSON and shown as the table of docs/reliability.md.
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::{
    clock,
    experiment::{Bench, Scale},
    ground,
    laws::{Finding, Verdict},
};

/// A number with its unit and what it must be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: String,
    pub must: Option<Must>,
}

/// A bound that a figure must keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Must {
    AtMost(f64),
    AtLeast(f64),
}

impl Figure {
    pub fn holds(&self) -> bool {
        match self.must {
            None => true,
            Some(Must::AtMost(bound)) => self.value <= bound,
            Some(Must::AtLeast(bound)) => self.value >= bound,
        }
    }

    fn told(&self) -> String {
        let bound = match self.must {
            None => String::new(),
            Some(Must::AtMost(bound)) => format!(" (at most {})", number(bound)),
            Some(Must::AtLeast(bound)) => format!(" (at least {})", number(bound)),
        };
        format!("{} {} {}{bound}", self.name, number(self.value), self.unit).trim().to_owned()
    }
}

/// One run of one experiment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    pub name: String,
    pub fault: String,
    pub full: bool,
    pub seed: u64,
    pub at: String,
    pub machine: String,
    /// Of the checkout that was built; `+` behind it when something was not committed.
    #[serde(default)]
    pub commit: String,
    pub seconds: u64,
    pub accepted: u64,
    pub duplicates_on_topics: u64,
    pub figures: Vec<Figure>,
    pub findings: Vec<Finding>,
    pub error: Option<String>,
}

impl Record {
    pub fn new(name: &str, fault: &str, bench: &Bench) -> Self {
        Self {
            name: name.to_owned(),
            fault: fault.to_owned(),
            full: bench.scale != Scale::Short,
            seed: bench.seed,
            at: clock::now().format("%Y-%m-%d %H:%M").to_string(),
            machine: machine(),
            commit: commit(),
            seconds: 0,
            accepted: 0,
            duplicates_on_topics: 0,
            figures: Vec::new(),
            findings: Vec::new(),
            error: None,
        }
    }

    /// Adds a figure; its bound decides with the laws whether the experiment holds.
    pub fn figure(&mut self, name: &str, value: f64, unit: &str, must: Option<Must>) {
        self.figures.push(Figure { name: name.to_owned(), value, unit: unit.to_owned(), must });
    }

    /// Nothing failed in n trials: the probability of failure is below 3/n with 95 % confidence.
    pub fn bound(&mut self, what: &str, trials: u64) {
        self.figure(&format!("bound on loss a {what}, 95 %"), 300.0 / trials.max(1) as f64, "%", None);
    }

    /// Takes the findings of a check in; the same laws of several checks are added up.
    pub fn judged(&mut self, verdict: Verdict, accepted: u64) {
        self.accepted += accepted;
        self.duplicates_on_topics += verdict.duplicates_on_topics;
        for finding in verdict.findings {
            match self.findings.iter_mut().find(|f| f.law == finding.law) {
                Some(known) => {
                    known.checked += finding.checked;
                    known.broken += finding.broken;
                    known.faults.extend(finding.faults);
                }
                None => self.findings.push(finding),
            }
        }
    }

    /// How many things the laws of these names were broken for.
    pub fn broken(&self, laws: &[&str]) -> u64 {
        self.findings.iter().filter(|f| laws.iter().any(|law| f.law.starts_with(law))).map(|f| f.broken).sum()
    }

    pub fn holds(&self) -> bool {
        self.error.is_none() && self.figures.iter().all(Figure::holds) && self.findings.iter().all(|f| f.broken == 0)
    }

    pub fn print(&self) {
        for figure in &self.figures {
            println!("  {} {}", if figure.holds() { "  " } else { "✗ " }, figure.told());
        }
        let (checked, broken) = (self.findings.iter().map(|f| f.checked).sum::<u64>(), self.findings.iter().map(|f| f.broken).sum::<u64>());
        println!(
            "     {} accepted, {checked} checks, {broken} broken, {} repeated on topics, {} s",
            self.accepted, self.duplicates_on_topics, self.seconds
        );
        for finding in self.findings.iter().filter(|f| f.broken > 0) {
            println!("  ✗ {}: {} of {}", finding.law, finding.broken, finding.checked);
            finding.faults.iter().for_each(|fault| println!("      {fault}"));
        }
        if let Some(error) = &self.error {
            println!("  ✗ {error}");
        }
    }

    /// Writes `docs/reliability/<name>.json`, from which the table is made; a short run, which never replaces a full one, `target/faults/<name>.json`.
    pub fn keep(&self) -> Result<()> {
        let place = if self.full { results() } else { short_results() };
        std::fs::create_dir_all(&place)?;
        Ok(std::fs::write(place.join(format!("{}.json", self.name)), serde_json::to_string_pretty(self)? + "\n")?)
    }

    /// What did not hold, in a line: the end of a long log is all that some readers see.
    pub fn broken_by(&self) -> String {
        let figures = self.figures.iter().filter(|f| !f.holds()).map(Figure::told);
        let findings = self.findings.iter().filter(|f| f.broken > 0);
        let findings = findings.map(|f| format!("{}: {} of {}, as {}", f.law, f.broken, f.checked, f.faults.first().map_or("", String::as_str)));
        let reasons: Vec<String> = figures.chain(findings).chain(self.error.clone()).collect();
        format!("  {}: {}", self.name, reasons.join("; ").replace('\n', " "))
    }

    pub fn summary(run: usize, broken: usize) -> String {
        format!("{run} experiments, {} hold, {broken} do not", run - broken)
    }

    fn row(&self) -> String {
        let figures: Vec<String> = self.figures.iter().map(Figure::told).collect();
        let broken = self.findings.iter().map(|f| f.broken).sum::<u64>();
        let checked = self.findings.iter().map(|f| f.checked).sum::<u64>();
        let laws = if checked == 0 { "-".to_owned() } else { format!("{broken} broken of {checked}") };
        let verdict = match &self.error {
            _ if self.holds() => "holds".to_owned(),
            Some(error) => format!("**does not hold**: {}", error.replace('|', "/").replace('\n', " ")),
            None => "**does not hold**".to_owned(),
        };
        format!(
            "| {} | {} | {} | {} | {} | {laws} | {verdict} | {}, {} min, {}{} |",
            self.name,
            self.fault,
            figures.join("; "),
            self.accepted,
            self.duplicates_on_topics,
            self.at,
            self.seconds.div_ceil(60),
            self.commit,
            if self.full { "" } else { ", short" }
        )
    }
}

/// Kept with the code: hours of one machine, each with its commit and its day.
fn results() -> PathBuf {
    ground::home().join("docs/reliability")
}

fn short_results() -> PathBuf {
    ground::home().join("target/faults")
}

const BEGIN: &str = "<!-- figures: generated by `make faults`, do not edit -->";
const END: &str = "<!-- end of figures -->";

/// Puts the newest results between the marks of docs/reliability.md, the full run of an experiment before its short one.
pub fn write_table() -> Result<()> {
    let mut newest: BTreeMap<String, Record> = BTreeMap::new();
    let entries = [results(), short_results()].into_iter().filter_map(|place| std::fs::read_dir(place).ok()).flatten();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "json") || path.ends_with(SIMULATED) {
            continue;
        }
        let record: Record = serde_json::from_slice(&std::fs::read(&path)?).with_context(|| path.display().to_string())?;
        if newest.get(&record.name).is_none_or(|known| record.full || !known.full) {
            newest.insert(record.name.clone(), record);
        }
    }
    let mut table = String::new();
    let machines: BTreeSet<&str> = newest.values().map(|r| r.machine.as_str()).collect();
    writeln!(table, "Machine: {}.\n", machines.into_iter().collect::<Vec<_>>().join("; "))?;
    writeln!(table, "| experiment | fault | figures | accepted | repeated on topics | laws | verdict | run |\n|---|---|---|---|---|---|---|---|")?;
    for experiment in &crate::experiments::ALL {
        match newest.get(experiment.name) {
            Some(record) => writeln!(table, "{}", record.row())?,
            None => writeln!(table, "| {} | {} | not run | | | | | |", experiment.name, experiment.fault)?,
        }
    }
    writeln!(table, "\n{}", simulated()?)?;
    let file = ground::home().join("docs/reliability.md");
    let page = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let (head, rest) = page.split_once(BEGIN).context("docs/reliability.md has no mark for the figures")?;
    let (_, tail) = rest.split_once(END).context("docs/reliability.md has no mark for the end of the figures")?;
    std::fs::write(&file, format!("{head}{BEGIN}\n\n{table}\n{END}{tail}"))?;
    println!("{} experiments written into {}", newest.len(), file.display());
    Ok(())
}

/// What `simulate` leaves beside the results.
const SIMULATED: &str = "simulation.json";

/// What the simulation came to.
#[derive(Deserialize)]
struct Simulated {
    figures: Vec<SimulatedFigure>,
}

#[derive(Deserialize)]
struct SimulatedFigure {
    figure: String,
    value: String,
}

/// The figures of the simulation as a table of their own.
fn simulated() -> Result<String> {
    let file = results().join(SIMULATED);
    let Ok(bytes) = std::fs::read(&file) else { return Ok("The simulation was not run: `make simulate`.".to_owned()) };
    let simulated: Simulated = serde_json::from_slice(&bytes).with_context(|| file.display().to_string())?;
    let rows: Vec<String> = simulated.figures.iter().map(|f| format!("| {} | {} |", f.figure, f.value)).collect();
    Ok(format!("| simulation of the protocol | figure |\n|---|---|\n{}", rows.join("\n")))
}

/// The commit that is checked out, as `git` tells it; '' where there is none.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").arg("-C").arg(ground::home()).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no", "--", "crates", "proto", "tests"]).is_some_and(|changes| !changes.is_empty());
    git(&["rev-parse", "--short=10", "HEAD"]).map(|commit| commit + if changed { "+" } else { "" }).unwrap_or_default()
}

/// Cores, memory and kernel, for whoever compares.
fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = read("/proc/meminfo").split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1_048_576;
    format!("{cores} cores, {memory} GiB, Linux {}", read("/proc/sys/kernel/osrelease").trim())
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// Nearest-rank percentile, per mille.
pub fn percentile(values: &[u64], per_mille: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * per_mille).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}
