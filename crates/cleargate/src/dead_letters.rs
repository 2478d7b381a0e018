//! `cleargate dead-letters`: what could not be applied, and what to do about it.
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use contracts::common::{DeadLetter, DeadLetterId, DiscardRequest, ListDeadLettersRequest, RedriveRequest, ShowDeadLetterRequest};

use crate::{
    client::{Clients, explain},
    stack::{Stack, StackArgs},
};

/// List, show, apply again or give up what could not be applied.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate dead-letters list
  cleargate dead-letters show intake nsw.declarations.v1/3@1042
  cleargate dead-letters redrive intake nsw.declarations.v1/3@1042
  cleargate dead-letters redrive tracking --all
  cleargate dead-letters discard intake nsw.declarations.v1/3@1042 --reason 'test message' --by an --second binh")]
pub struct DeadLetters {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Open dead letters of one service or of all
    List {
        service: Option<String>,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// One dead letter, whole
    Show { service: String, id: String },
    /// Apply it again, with what is parked behind it
    Redrive {
        service: String,
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// Every open one of the service.
        #[arg(long)]
        all: bool,
    },
    /// Give it up; needs a reason and two persons
    Discard {
        service: String,
        id: String,
        #[arg(long)]
        reason: String,
        /// Who discards.
        #[arg(long, default_value = "operator-1")]
        by: String,
        /// Who confirms; another person.
        #[arg(long)]
        second: String,
    },
}

const SERVICES: [&str; 4] = ["intake", "risk", "tracking", "reporting"];

impl DeadLetters {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let clients = Clients::new(&Stack::open(args)?)?;
        match self.act {
            Act::List { service, json } => list(&clients, service, json).await,
            Act::Show { service, id } => show(&clients, &service, &id).await,
            Act::Redrive { service, id, all } => redrive(&clients, &service, id.filter(|_| !all)).await,
            Act::Discard { service, id, reason, by, second } => {
                let message = DiscardRequest { id: Some(parse(&id)?), reason };
                let request = clients.request_of_two(&by, &second, "operator", message)?;
                clients.operations(&service)?.discard(request).await.map_err(|s| explain(&s))?;
                println!("discarded {id}");
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// Every open dead letter of a service.
pub async fn open(clients: &Clients, service: &str) -> Result<Vec<DeadLetter>> {
    let (mut letters, mut token) = (Vec::new(), String::new());
    loop {
        let message = ListDeadLettersRequest { limit: 1000, page_token: token, with_applied: false };
        let request = clients.request("cleargate", "operator", message)?;
        let page = clients.operations(service)?.list_dead_letters(request).await.map_err(|s| explain(&s))?.into_inner();
        letters.extend(page.letters);
        if page.next_page_token.is_empty() {
            return Ok(letters);
        }
        token = page.next_page_token;
    }
}

async fn list(clients: &Clients, service: Option<String>, json: bool) -> Result<ExitCode> {
    let services: Vec<String> = service.map_or_else(|| SERVICES.iter().map(|s| (*s).to_owned()).collect(), |s| vec![s]);
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["service", "id", "subject", "code", "reason"]);
    let mut all = Vec::new();
    for service in services {
        for letter in open(clients, &service).await? {
            table.add_row([service.as_str(), &name(&letter), &letter.subject, &letter.code, &letter.reason]);
            all.push(serde_json::json!({ "service": service, "id": name(&letter), "letter": letter }));
        }
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else if all.is_empty() {
        println!("no open dead letters");
    } else {
        println!("{table}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(clients: &Clients, service: &str, id: &str) -> Result<ExitCode> {
    let request = clients.request("cleargate", "operator", ShowDeadLetterRequest { id: Some(parse(id)?) })?;
    let letter = clients.operations(service)?.show_dead_letter(request).await.map_err(|s| explain(&s))?.into_inner();
    println!("{}\n{}: {}", name(&letter), letter.code, letter.reason);
    let mut headers: Vec<_> = letter.headers.iter().collect();
    headers.sort();
    headers.iter().for_each(|(name, value)| println!("  {name}: {value}"));
    match std::str::from_utf8(&letter.payload) {
        Ok(text) => println!("{text}"),
        Err(_) => println!("{} bytes: {}", letter.payload.len(), hex::encode(&letter.payload)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn redrive(clients: &Clients, service: &str, id: Option<String>) -> Result<ExitCode> {
    let ids: Vec<DeadLetterId> = match id {
        Some(id) => vec![parse(&id)?],
        None => open(clients, service).await?.into_iter().filter_map(|l| l.id).collect(),
    };
    let (mut applied, mut left) = (0, 0);
    for id in ids {
        let request = clients.request("cleargate", "operator", RedriveRequest { id: Some(id) })?;
        let done = clients.operations(service)?.redrive(request).await.map_err(|s| explain(&s))?.into_inner();
        applied += done.applied;
        left += done.left;
        if done.left > 0 {
            println!("still rejected: {}", done.reason);
        }
    }
    println!("applied {applied}, left {left}");
    Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn name(letter: &DeadLetter) -> String {
    letter.id.as_ref().map(|id| format!("{}/{}@{}", id.topic, id.partition, id.offset)).unwrap_or_default()
}

fn parse(id: &str) -> Result<DeadLetterId> {
    let parsed = || {
        let (place, offset) = id.rsplit_once('@')?;
        let (topic, partition) = place.rsplit_once('/')?;
        Some(DeadLetterId { topic: topic.to_owned(), partition: partition.parse().ok()?, offset: offset.parse().ok()? })
    };
    parsed().with_context(|| format!("{id} is not an id; ids look like nsw.declarations.v1/3@1042, see `cleargate dead-letters list`"))
}
