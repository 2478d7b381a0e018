//! `cleargate replay`: a day decided again, by the same rules or by others.
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use contracts::risk::{RiskEvent, TraceEvent, risk_event, trace_event};
use prost::Message;
use risk_domain::{
    DayKey, Load, Rules, Scorer, Trace, mixed,
    model::Model,
    replay::{Desk, Known, Replayed, Table as Moved, World, replay},
    rules::RulesDocument,
};
use values::Day;

use crate::{
    client::Clients,
    proof::{Span, cursor, span},
    stack::{Stack, StackArgs},
};

/// Decide a day again: with the same rules it comes out the same, with others the difference is told.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate replay --day 2026-11-24                              the same rules: every decision must come out the same
  cleargate replay --day 2026-11-24 --profiles tighter.toml      other profiles, lists and settings
  cleargate replay --model new.model --json")]
pub struct Replay {
    /// YYYY-MM-DD [default: the last day whose key was revealed].
    #[arg(long)]
    day: Option<String>,
    /// Rules to try instead: TOML, whole; start from `--print-rules`.
    #[arg(long)]
    profiles: Option<PathBuf>,
    /// Model to try instead.
    #[arg(long)]
    model: Option<PathBuf>,
    /// Print the rules that are shipped, as a start.
    #[arg(long)]
    print_rules: bool,
    /// For scripts.
    #[arg(long)]
    json: bool,
}

/// A day as it is in the journal.
struct Recorded {
    traces: Vec<Trace>,
    desks: BTreeMap<String, Desk>,
    known: HashMap<(String, u32), Known>,
    rules: Option<String>,
}

impl Replay {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        if self.print_rules {
            print!("{}", RulesDocument::STANDARD);
            return Ok(ExitCode::SUCCESS);
        }
        let clients = Clients::new(&Stack::open(args)?)?;
        let span = span::find(&clients, self.day.as_deref()).await?;
        if self.profiles.is_none() && span.rules.len() > 1 {
            bail!("{} was decided under {} sets of rules, one after the other; name the one to try with --profiles", span.day, span.rules.len());
        }
        let recorded = record(&clients, &span).await?;
        let text = match &self.profiles {
            Some(file) => std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?,
            None => recorded.rules.clone().context("the day's rules were never published")?,
        };
        let rules =
            Rules::load(&text).map_err(|faults| anyhow::anyhow!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
        let model = match &self.model {
            Some(file) => {
                let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
                Some(Model::read(&bytes).with_context(|| format!("{} is not a model", file.display()))?)
            }
            None => None,
        };
        let keys = keys(&span)?;
        let key = |office: &str, day: Day| if day.to_string() == span.day { keys.get(office).cloned() } else { None };
        let known = |declaration: &str, version: u32| recorded.known.get(&(declaration.to_owned(), version)).copied();
        let scorer = model.as_ref().map(|m| m as &dyn Scorer);
        let world = World { book: &rules, scorer, key: &key, desks: &recorded.desks, known: &known };
        let replayed = replay(&recorded.traces, &world)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&replayed)?);
        } else {
            print(&span.day, &replayed);
        }
        let unchanged = self.profiles.is_none() && self.model.is_none();
        Ok(if unchanged && replayed.same != replayed.decided { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn keys(span: &Span) -> Result<HashMap<String, DayKey>> {
    let key = |k: &proof::OfficeKey| -> Result<(String, DayKey)> {
        let bytes: [u8; 32] = hex::decode(&k.key)?.try_into().ok().context("a key has 32 bytes")?;
        Ok((k.office.clone(), mixed(&DayKey::new(bytes), &k.beacon_source, &k.beacon_value)))
    };
    span.keys.iter().map(key).collect()
}

/// Reads the day's traces, in order of decision within each office, with the rosters and loads it began with and what checks found.
async fn record(clients: &Clients, span: &Span) -> Result<Recorded> {
    let mut recorded = Recorded { traces: Vec::new(), desks: BTreeMap::new(), known: HashMap::new(), rules: None };
    let mut duty: HashMap<(String, u32), i64> = HashMap::new();
    let mut found: Vec<(String, u32, bool)> = Vec::new();
    for (topic, stream, ranges) in &span.ranges {
        for (from, last) in ranges {
            let mut cursor = cursor::Cursor::new(clients, topic, *stream, *from, *last);
            while let Some(row) = cursor.take().await? {
                if *topic == proof::TRACES {
                    match TraceEvent::decode(row.payload.as_ref())?.fact {
                        Some(trace_event::Fact::Traced(traced)) => {
                            let trace = Trace::read(&traced.trace)?;
                            if trace.day == span.day {
                                duty.insert((trace.declaration.clone(), trace.version), trace.facts.duty_vnd);
                                recorded.traces.push(trace);
                            }
                        }
                        Some(trace_event::Fact::RulesPublished(published)) if span.rules.contains(&published.digest) => {
                            recorded.rules = Some(published.rules);
                        }
                        _ => {}
                    }
                } else {
                    fact(&row.office, &span.day, RiskEvent::decode(row.payload.as_ref())?, &mut recorded, &mut found);
                }
            }
        }
    }
    if recorded.traces.is_empty() {
        bail!("nothing was decided on {}", span.day);
    }
    for (key, version, found) in found {
        let revenue_vnd = if found { duty.get(&(key.clone(), version)).copied().unwrap_or(0) } else { 0 };
        recorded.known.insert((key, version), Known { found, revenue_vnd });
    }
    recorded.traces.sort_by(|a, b| (&a.office, a.now_us).cmp(&(&b.office, b.now_us)));
    if recorded.rules.is_none() {
        recorded.rules = published(clients, span).await?;
    }
    Ok(recorded)
}

fn fact(office: &str, day: &str, event: RiskEvent, recorded: &mut Recorded, found: &mut Vec<(String, u32, bool)>) {
    let desk = recorded.desks.entry(office.to_owned()).or_default();
    match event.fact {
        Some(risk_event::Fact::RosterSet(set)) => desk.roster = proof::roster_of(&set),
        Some(risk_event::Fact::DayOpened(opened)) if opened.date == day => {
            desk.loads = opened.balances.into_iter().map(|b| (b.officer, Load { points: b.points, open_files: b.open_files })).collect();
        }
        Some(risk_event::Fact::Concluded(concluded)) => found.push((concluded.key, concluded.version, !concluded.conform)),
        _ => {}
    }
}

/// Rules that were published before the day.
async fn published(clients: &Clients, span: &Span) -> Result<Option<String>> {
    for (topic, stream, ranges) in span.ranges.iter().filter(|(topic, _, _)| *topic == proof::TRACES) {
        let last = ranges.iter().map(|(_, last)| *last).max().unwrap_or(0);
        let mut cursor = cursor::Cursor::new(clients, topic, *stream, 1, last);
        while let Some(row) = cursor.take().await? {
            if row.kind.ends_with(".RulesPublished")
                && let Some(trace_event::Fact::RulesPublished(rules)) = TraceEvent::decode(row.payload.as_ref())?.fact
                && span.rules.contains(&rules.digest)
            {
                return Ok(Some(rules.rules));
            }
        }
    }
    Ok(None)
}

fn print(day: &str, replayed: &Replayed) {
    println!("{day}: {} decisions, {} of them the same to the last draw", replayed.decided, replayed.same);
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "office",
        "green to yellow",
        "green to red",
        "yellow to green",
        "yellow to red",
        "red to green",
        "red to yellow",
        "points before",
        "after",
    ]);
    let mut add = |name: &str, moved: &Moved| {
        let (moves, before, after) = (&moved.moves, &moved.recorded, &moved.replayed);
        let numbers = [moves.green.yellow, moves.green.red, moves.yellow.green, moves.yellow.red, moves.red.green, moves.red.yellow];
        let points = [before.yellow.points + before.red.points, after.yellow.points + after.red.points];
        let cells = numbers.iter().chain(&points).map(ToString::to_string);
        table.add_row(std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>());
    };
    for (office, of) in &replayed.offices {
        add(office, &of.table);
    }
    add("all", &replayed.total);
    println!("{table}");
    for (what, fate) in
        [("newly checked", &replayed.worth.won), ("no longer checked", &replayed.worth.lost), ("checked as before", &replayed.worth.kept)]
    {
        println!("{what}: {} files, outcome known of {}, found {}, {} VND", fate.files, fate.known, fate.found, fate.revenue_vnd);
    }
    println!("hit rate of the newly checked, from the random stratum: {:?}", replayed.worth.newly.estimate);
}
