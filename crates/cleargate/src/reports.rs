//! `cleargate outcomes`, `pairs` and `overrides`: what became of decisions, and who decided otherwise.
use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use contracts::{
    common::Lane,
    risk::{OverridesResponse, PeriodRequest, RiskEvent, RosterSet, SetRosterRequest, risk_event},
};
use prost::Message;
use risk_domain::{monitor, outcomes};

use crate::{
    client::{Clients, explain},
    clock,
    proof::cursor::{self, Cursor},
    stack::{Stack, StackArgs},
};

/// Days of one office or of all.
#[derive(Args)]
struct Period {
    /// Code of the office [default: all].
    #[arg(long, default_value = "")]
    office: String,
    /// YYYY-MM-DD [default: 30 days ago].
    #[arg(long)]
    from: Option<String>,
    /// YYYY-MM-DD, inclusive [default: a week ahead, for days that were closed early].
    #[arg(long)]
    to: Option<String>,
    /// For scripts.
    #[arg(long)]
    json: bool,
}

impl Period {
    fn request(&self) -> PeriodRequest {
        let today = clock::today_date();
        let day = |given: &Option<String>, days: i64| given.clone().unwrap_or_else(|| (today + chrono::TimeDelta::days(days)).to_string());
        PeriodRequest { office: self.office.clone(), from: day(&self.from, -30), to: day(&self.to, 7) }
    }
}

/// Hits, examinations and hit rates of profiles and model beside the random stratum.
#[derive(Args)]
#[command(after_help = "Examples:\n  cleargate outcomes\n  cleargate outcomes --office 32BB --from 2026-11-01 --plot rates.svg")]
pub struct Outcomes {
    #[command(flatten)]
    period: Period,
    /// Write a plot of the rates with their intervals.
    #[arg(long, value_name = "SVG")]
    plot: Option<PathBuf>,
}

impl Outcomes {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let clients = Clients::new(&Stack::open(args)?)?;
        let request = clients.request("analyst-1", "analyst", self.period.request())?;
        let json = clients.risk().outcomes(request).await.map_err(|s| explain(&s))?.into_inner().json;
        let report: outcomes::Report = serde_json::from_str(&json)?;
        if let Some(path) = &self.plot {
            let svg = lab::outcomes_plot::svg(&report).map_err(anyhow::Error::msg)?;
            std::fs::write(path, svg).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        if self.period.json {
            println!("{json}");
        } else {
            rates(&report);
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[expect(clippy::float_arithmetic, reason = "percentages are for people")]
fn rates(report: &outcomes::Report) {
    let mut table = table(["profile", "hits", "checked", "found", "rate", "95 %", "days since", "verdict"]);
    let percent = |rate: &outcomes::Rate| [format!("{:.1} %", rate.value * 100.0), format!("{:.1} to {:.1}", rate.low * 100.0, rate.high * 100.0)];
    let mut add = |name: String, record: &outcomes::Record| {
        let [rate, interval] = record.rate.as_ref().map(percent).unwrap_or_default();
        let since = record.days_since_hit.map(|d| d.to_string()).unwrap_or_default();
        let verdict = format!("{:?}", record.verdict);
        table.add_row([name, record.hits.to_string(), record.examinations.to_string(), record.found.to_string(), rate, interval, since, verdict]);
    };
    for profile in &report.profiles {
        add(format!("{} v{}", profile.id, profile.version), &profile.record);
    }
    add("model".to_owned(), &report.model);
    println!("{table}");
    println!("random stratum: {:?}", report.random);
    let retire: Vec<String> = report.retire.iter().map(|(id, version)| format!("{id} v{version}")).collect();
    println!("proposed for retirement: {}", if retire.is_empty() { "none".to_owned() } else { retire.join(", ") });
    println!("drift of scores: {:?}; of the random stratum's hit rate: {:?}", report.drift.score, report.drift.rate_alarm);
}

/// Officers beside declarants, traders and hours, against what the draws predict.
#[derive(Args)]
#[command(after_help = "Examples:\n  cleargate pairs --office 32BB\n  cleargate pairs --from 2026-01-01 --plot pairs.svg --json")]
pub struct Pairs {
    #[command(flatten)]
    period: Period,
    /// Write a plot of observed against expected.
    #[arg(long, value_name = "SVG")]
    plot: Option<PathBuf>,
    /// Enter the declarants and traders of the alarms as learnt conflicts into the roster of this office: the officer gets no more of them.
    #[arg(long, value_name = "OFFICE")]
    learn: Option<String>,
}

impl Pairs {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let clients = Clients::new(&Stack::open(args)?)?;
        let request = clients.request("auditor", "auditor", self.period.request())?;
        let json = clients.risk().pairs(request).await.map_err(|s| explain(&s))?.into_inner().json;
        let report: monitor::Report = serde_json::from_str(&json)?;
        if let Some(path) = &self.plot {
            std::fs::write(path, lab::pairs_svg(&report)).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        if self.period.json {
            println!("{json}");
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = table(["kind", "officer", "with", "observed", "expected", "p", "q"]);
        for alarm in &report.alarms {
            let cells = [
                format!("{:.0}", alarm.observed),
                format!("{:.1}", alarm.expected),
                format!("{:.1e}", alarm.p_value),
                format!("{:.1e}", alarm.q_value),
            ];
            let [observed, expected, p, q] = cells;
            table.add_row([format!("{:?}", alarm.kind), alarm.officer.clone(), alarm.counterpart.clone(), observed, expected, p, q]);
        }
        if !report.alarms.is_empty() {
            println!("{table}");
        }
        println!("{} alarm(s); tested: {:?}", report.alarms.len(), report.tested);
        if let Some(office) = &self.learn {
            let learnt = learn(&clients, office, &report).await?;
            println!("{learnt} conflict(s) entered into the roster of {office}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Enters the counterparts of alarms into the roster in force; returns how many are new.
async fn learn(clients: &Clients, office: &str, report: &monitor::Report) -> Result<usize> {
    let Some(RosterSet { mut officers, supervisors, .. }) = roster(clients, office).await? else { bail!("no roster was ever set for {office}") };
    let mut learnt = 0;
    for alarm in report.alarms.iter().filter(|a| matches!(a.kind, monitor::Kind::Declarant | monitor::Kind::Trader)) {
        for officer in officers.iter_mut().filter(|o| o.code == alarm.officer && !o.learnt.contains(&alarm.counterpart)) {
            officer.learnt.push(alarm.counterpart.clone());
            learnt += 1;
        }
    }
    if learnt > 0 {
        let message = SetRosterRequest { office: office.to_owned(), officers, supervisors };
        clients.risk().set_roster(clients.request("head-of-office", "head", message)?).await.map_err(|s| explain(&s))?;
    }
    Ok(learnt)
}

/// The roster of an office as it was set last.
async fn roster(clients: &Clients, office: &str) -> Result<Option<RosterSet>> {
    let mut found = None;
    for stream in 0.. {
        let Some(last) = cursor::head(clients, proof::FACTS, stream).await? else { break };
        let mut rows = Cursor::new(clients, proof::FACTS, stream, 1, last);
        while let Some(row) = rows.take().await? {
            if row.office == office
                && row.kind.ends_with(".RosterSet")
                && let Some(risk_event::Fact::RosterSet(set)) = RiskEvent::decode(row.payload.as_ref())?.fact
            {
                found = Some(set);
            }
        }
    }
    Ok(found)
}

/// The public register of overrides, and the share assigned automatically.
#[derive(Args)]
#[command(after_help = "Examples:\n  cleargate overrides\n  cleargate overrides --office 32BB --json")]
pub struct Overrides {
    #[command(flatten)]
    period: Period,
}

impl Overrides {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let clients = Clients::new(&Stack::open(args)?)?;
        let answer = register(&clients, self.period.request()).await?;
        if self.period.json {
            println!("{}", serde_json::to_string_pretty(&answer)?);
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = table(["at", "office", "number", "what", "from", "to", "reason", "by", "with"]);
        for o in &answer.overrides {
            let at = o.at.as_ref().map(clock::local).unwrap_or_default();
            table.add_row([&at, &o.office, &o.number, &o.what, &o.from, &o.to, &o.reason, &o.by, &o.second_person]);
        }
        println!("{table}");
        shares(&answer);
        Ok(ExitCode::SUCCESS)
    }
}

/// The register of the days around today.
pub async fn recent(clients: &Clients) -> Result<OverridesResponse> {
    let period = Period { office: String::new(), from: None, to: None, json: false };
    register(clients, period.request()).await
}

async fn register(clients: &Clients, request: PeriodRequest) -> Result<OverridesResponse> {
    let request = clients.request("auditor", "auditor", request)?;
    Ok(clients.risk().overrides(request).await.map_err(|s| explain(&s))?.into_inner())
}

/// How files came to their officers, by lane.
pub fn shares(answer: &OverridesResponse) {
    for lane in [Lane::Yellow, Lane::Red] {
        let of_lane: Vec<_> = answer.shares.iter().filter(|s| s.lane() == lane).collect();
        let all: u64 = of_lane.iter().map(|s| s.files).sum();
        if all == 0 {
            continue;
        }
        let automatic: u64 = of_lane.iter().filter(|s| s.automatic).map(|s| s.files).sum();
        let parts: Vec<String> = of_lane.iter().map(|s| format!("{} {}", s.how, s.files)).collect();
        let tenths = automatic * 1000 / all;
        println!("{} lane: {}.{} % of {all} files assigned automatically ({})", name(lane), tenths / 10, tenths % 10, parts.join(", "));
    }
}

const fn name(lane: Lane) -> &'static str {
    match lane {
        Lane::Red => "red",
        Lane::Yellow => "yellow",
        Lane::Green => "green",
        Lane::Unspecified => "no",
    }
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}
