//! `cleargate profile`: the life of risk profiles, lists, settings and thresholds.
use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use contracts::risk::{ListRulesRequest, Rule, SaveRuleRequest, StepRuleRequest};
use risk_domain::{
    ProfileDocument, Rules,
    rules::{RulesDocument, diff},
};

use crate::{
    client::{Clients, explain},
    clock,
    stack::{Stack, StackArgs},
};

/// Check, save, approve, suspend, retire and compare risk profiles, lists and settings.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate profile lint smuggled-tobacco.toml                  every fault with line and column
  cleargate profile save smuggled-tobacco.toml --by analyst-1   a draft
  cleargate profile approve R040 --by head-of-risk              by another person; in force from its first day
  cleargate profile diff R040 1 2
  cleargate profile history R040
  cleargate profile suspend R040
  cleargate profile --kind list save goods.toml

The language of `when`: docs/criteria.md")]
pub struct Profile {
    /// profile, list, selectivity, ceiling, weights or model.
    #[arg(long, global = true, default_value = "profile")]
    kind: String,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Tell every fault of a profile's file, without any service
    Lint { file: PathBuf },
    /// Save a file as a draft
    Save {
        file: PathBuf,
        #[arg(long, default_value = "analyst-1")]
        by: String,
    },
    /// Put a draft in force; another person than the one who saved it
    Approve(Step),
    /// Take it out of force for a while
    Suspend(Step),
    /// Put a suspended one in force again
    Resume(Step),
    /// End it
    Retire(Step),
    /// What there is and in which state
    List {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Every version of one, who saved and who approved it
    History { id: String },
    /// What changed between two versions of a profile
    Diff { id: String, old: u32, new: u32 },
}

#[derive(Args)]
struct Step {
    id: String,
    /// The newest when not given.
    #[arg(long, default_value_t = 0)]
    version: u32,
    #[arg(long, default_value = "head-of-risk")]
    by: String,
}

impl Profile {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        if let Act::Lint { file } = &self.act {
            return lint(&read(file)?);
        }
        let clients = Clients::new(&Stack::open(args)?)?;
        match self.act {
            Act::Lint { .. } => {}
            Act::Save { file, by } => {
                let saved = save(&clients, &self.kind, read(&file)?, &by).await?;
                println!("{} {} version {} saved as a draft; next: cleargate profile approve {}", self.kind, saved.0, saved.1, saved.0);
            }
            Act::Approve(step) => tell(&clients, &self.kind, step, "approve", "in force").await?,
            Act::Suspend(step) => tell(&clients, &self.kind, step, "suspend", "suspended").await?,
            Act::Resume(step) => tell(&clients, &self.kind, step, "resume", "in force again").await?,
            Act::Retire(step) => tell(&clients, &self.kind, step, "retire", "retired").await?,
            Act::List { json } => list(&clients, &self.kind, json).await?,
            Act::History { id } => history(&clients, &self.kind, &id).await?,
            Act::Diff { id, old, new } => compare(&clients, &id, old, new).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn read(file: &std::path::Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn lint(text: &str) -> Result<ExitCode> {
    let shipped = RulesDocument::standard().map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let rules = Rules::build(shipped).map_err(|faults| anyhow::anyhow!("{} faults in the shipped rules", faults.len()))?;
    let faults = rules.lint(text);
    for fault in &faults {
        println!("{fault}");
    }
    if faults.is_empty() {
        println!("no faults");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} fault(s)", faults.len());
    Ok(ExitCode::FAILURE)
}

/// Saves a document; returns its id and version.
pub async fn save(clients: &Clients, kind: &str, document: String, by: &str) -> Result<(String, u32)> {
    let request = clients.request(by, "analyst", SaveRuleRequest { kind: kind.to_owned(), document })?;
    let saved = clients.risk().save_rule(request).await.map_err(|s| explain(&s))?.into_inner();
    Ok((saved.id, saved.version))
}

/// Takes a rule a step further; returns version and revision.
pub async fn step(clients: &Clients, kind: &str, id: &str, version: u32, step: &str, by: &str) -> Result<(u32, u32)> {
    let message = StepRuleRequest { kind: kind.to_owned(), id: id.to_owned(), version, step: step.to_owned() };
    let answer = clients.risk().step_rule(clients.request(by, "head", message)?).await.map_err(|s| explain(&s))?.into_inner();
    Ok((answer.version, answer.revision))
}

async fn tell(clients: &Clients, kind: &str, at: Step, how: &str, now: &str) -> Result<()> {
    let (version, revision) = step(clients, kind, &at.id, at.version, how, &at.by).await?;
    println!("{kind} {} version {version} is {now}; the rules have revision {revision}", at.id);
    Ok(())
}

async fn rules(clients: &Clients, kind: &str, id: &str) -> Result<(Vec<Rule>, u32)> {
    let request = clients.request("analyst-1", "analyst", ListRulesRequest { kind: kind.to_owned(), id: id.to_owned() })?;
    let answer = clients.risk().list_rules(request).await.map_err(|s| explain(&s))?.into_inner();
    Ok((answer.rules, answer.revision))
}

async fn list(clients: &Clients, kind: &str, json: bool) -> Result<()> {
    let (rules, revision) = rules(clients, kind, "").await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&rules)?);
        return Ok(());
    }
    let mut table = table(["id", "version", "state", "saved by", "approved by", "what"]);
    for rule in rules {
        let what = serde_json::from_str::<serde_json::Value>(&rule.document).ok().and_then(|d| d.get("title_en")?.as_str().map(str::to_owned));
        table.add_row([rule.id, rule.version.to_string(), rule.state, rule.saved_by, rule.approved_by, what.unwrap_or_default()]);
    }
    println!("{table}\nrevision {revision}");
    Ok(())
}

async fn history(clients: &Clients, kind: &str, id: &str) -> Result<()> {
    let mut table = table(["version", "state", "saved by", "saved at", "approved by", "approved at"]);
    let (rules, _) = rules(clients, kind, id).await?;
    if rules.is_empty() {
        bail!("no {kind} {id}; see `cleargate profile --kind {kind} list`");
    }
    let time = |at: Option<pbjson_types::Timestamp>| at.as_ref().map(clock::local).unwrap_or_default();
    for rule in rules {
        table.add_row([rule.version.to_string(), rule.state, rule.saved_by, time(rule.saved_at), rule.approved_by, time(rule.approved_at)]);
    }
    println!("{table}");
    Ok(())
}

async fn compare(clients: &Clients, id: &str, old: u32, new: u32) -> Result<()> {
    let (rules, _) = rules(clients, "profile", id).await?;
    let version = |n: u32| -> Result<ProfileDocument> {
        let rule = rules.iter().find(|r| r.version == n).with_context(|| format!("profile {id} has no version {n}"))?;
        Ok(serde_json::from_str(&rule.document)?)
    };
    let mut table = table(["field", &format!("version {old}"), &format!("version {new}")]);
    for (field, before, after) in diff(&version(old)?, &version(new)?) {
        table.add_row([field.to_owned(), before, after]);
    }
    println!("{table}");
    Ok(())
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}
