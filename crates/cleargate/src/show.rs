//! `cleargate show`: one number, its whole way with times, persons, places and reasons.
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use contracts::{
    intake::GetRequest,
    reporting::{Stage, TimelineRequest},
    risk::{ExplainRequest, Voice},
};

use crate::{
    client::{Clients, explain},
    stack::{Stack, StackArgs},
};

/// Show the whole way of one declaration.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  cleargate show 109000000010\n  cleargate show 10900000001 --voice declarant\n  cleargate show 109000000010 --json | jq .stages"
)]
pub struct Show {
    /// Declaration number: 12 digits, or 11 for its current version.
    number: String,
    /// In whose words the decision is explained: declarant, officer or auditor.
    #[arg(long, default_value = "officer")]
    voice: String,
    /// For scripts.
    #[arg(long)]
    json: bool,
}

impl Show {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let clients = Clients::new(&Stack::open(args)?)?;
        let get = clients.request("cleargate", "head", GetRequest { number: self.number.clone() })?;
        let found = clients.intake().get(get).await.map_err(|s| explain(&s))?.into_inner();
        let timeline = clients.request("cleargate", "head", TimelineRequest { number: self.number.clone() })?;
        let timeline = clients.reporting().timeline(timeline).await.map_err(|s| explain(&s))?.into_inner();
        let (voice, role) = match self.voice.as_str() {
            "declarant" => (Voice::Declarant, "sender"),
            "auditor" => (Voice::Auditor, "auditor"),
            _ => (Voice::Officer, "head"),
        };
        // A sender hears of its own declarations alone.
        let subject = found.summary.as_ref().filter(|_| voice == Voice::Declarant).map_or("cleargate", |s| s.sender.as_str());
        let why = clients.request(subject, role, ExplainRequest { number: self.number.clone(), voice: voice.into() })?;
        let why = clients.risk().explain(why).await.map(tonic::Response::into_inner).ok();
        if self.json {
            let whole = serde_json::json!({ "declaration": found, "stages": timeline.stages, "decision": why });
            println!("{}", serde_json::to_string_pretty(&whole)?);
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(summary) = &found.summary {
            println!("{}  {}  office {}  sender {} reference {}", summary.number, summary.state, summary.office, summary.sender, summary.reference);
            println!("duty {} VND, paid {} VND", summary.duty_vnd, summary.paid_vnd);
        }
        println!("{}", table(&timeline.stages));
        if let Some(why) = why {
            println!("{}\n{}", why.text_en, why.text_vi);
        }
        if let Some(trace) = timeline.stages.iter().find_map(|s| s.trace.split('-').nth(1)) {
            println!("trace {trace}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn table(stages: &[Stage]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["time", "stage", "v", "place", "person", "what"]);
    for stage in stages {
        let place = if stage.place.is_empty() { &stage.office } else { &stage.place };
        let version = stage.version.to_string();
        table.add_row([time(stage).as_str(), &stage.stage, &version, place, &stage.person, &stage.detail_en]);
    }
    table
}

fn time(stage: &Stage) -> String {
    let moment = stage.at.and_then(|t| chrono::DateTime::from_timestamp(t.seconds, t.nanos.unsigned_abs()));
    moment.map(|t| t.with_timezone(&values::ZONE).format("%d/%m %H:%M:%S%.3f").to_string()).unwrap_or_default()
}
