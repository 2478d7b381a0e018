//! `cleargate report`: the daily report of an office or of the sub-department, and its life.
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use contracts::reporting::{CellRequest, CloseRequest, CorrectRequest, DailyReportRequest, Report as Figures, SignOffRequest};

use crate::{
    client::{Clients, explain},
    clock,
    stack::{Stack, StackArgs},
};

/// Show, close, sign or correct a daily report.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate report                                today, whole sub-department
  cleargate report --office 32BC --day 2026-11-24
  cleargate report --cell lodged.total            the declarations behind a figure
  cleargate report --act close --day 2026-11-24   freeze; then --act sign by another person
  cleargate report --act correct --reason 'late examination'
  cleargate report --csv > report.csv")]
pub struct Report {
    /// Office code; the whole sub-department when left out.
    #[arg(long, default_value = "")]
    office: String,
    /// Local day, YYYY-MM-DD; today when left out.
    #[arg(long)]
    day: Option<String>,
    /// What to do with the report.
    #[arg(long, value_enum, default_value_t = Act::Show)]
    act: Act,
    /// Of a correction.
    #[arg(long, default_value = "")]
    reason: String,
    /// List the declarations behind this figure.
    #[arg(long)]
    cell: Option<String>,
    /// A closed version; the newest when left out.
    #[arg(long, default_value_t = 0)]
    version: u32,
    /// As CSV.
    #[arg(long)]
    csv: bool,
    /// For scripts.
    #[arg(long)]
    json: bool,
}

/// What to do with the report.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Act {
    Show,
    Close,
    Sign,
    Correct,
}

impl Report {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let clients = Clients::new(&Stack::open(args)?)?;
        let day = self.day.clone().unwrap_or_else(clock::today);
        if let Some(cell) = &self.cell {
            return self.list(&clients, &day, cell).await;
        }
        let mut reporting = clients.reporting();
        let (scope, version) = (self.office.clone(), self.version);
        let report = match self.act {
            Act::Show => {
                let request = DailyReportRequest { scope, day, version, csv: self.csv };
                reporting.daily_report(clients.request("cleargate", "head", request)?).await
            }
            Act::Close => reporting.close(clients.request("closer", "head", CloseRequest { scope, day })?).await,
            Act::Sign => {
                let version = if version == 0 { self.newest(&clients, &day).await? } else { version };
                reporting.sign_off(clients.request("signer", "head", SignOffRequest { scope, day, version })?).await
            }
            Act::Correct if self.reason.is_empty() => bail!("a correction needs --reason"),
            Act::Correct => reporting.correct(clients.request("closer", "head", CorrectRequest { scope, day, reason: self.reason.clone() })?).await,
        };
        let report = report.map_err(|s| explain(&s))?.into_inner();
        if self.csv {
            print!("{}", report.csv);
        } else if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            print(&report);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn newest(&self, clients: &Clients, day: &str) -> Result<u32> {
        let request = DailyReportRequest { scope: self.office.clone(), day: day.to_owned(), version: 0, csv: false };
        Ok(clients.reporting().daily_report(clients.request("cleargate", "head", request)?).await.map_err(|s| explain(&s))?.into_inner().version)
    }

    async fn list(&self, clients: &Clients, day: &str, cell: &str) -> Result<ExitCode> {
        let mut token = String::new();
        loop {
            let request = CellRequest { scope: self.office.clone(), day: day.to_owned(), cell: cell.to_owned(), limit: 1000, page_token: token };
            let page = clients.reporting().cell(clients.request("cleargate", "head", request)?).await.map_err(|s| explain(&s))?.into_inner();
            page.numbers.iter().for_each(|n| println!("{n}"));
            if page.next_page_token.is_empty() {
                return Ok(ExitCode::SUCCESS);
            }
            token = page.next_page_token;
        }
    }
}

/// A table that fits a terminal.
pub fn print(report: &Figures) {
    let scope = if report.scope.is_empty() { "sub-department" } else { &report.scope };
    let due = if report.correction_due { ", CORRECTION DUE" } else { "" };
    println!("{scope} {}  {} version {}{due}", report.day, report.state, report.version);
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(["figure", "value", "unit"]);
    for figure in &report.figures {
        table.add_row([figure.cell.as_str(), &figure.value.to_string(), &figure.unit]);
    }
    println!("{table}");
    if !report.closed_by.is_empty() {
        println!(
            "closed by {}{}",
            report.closed_by,
            if report.signed_by.is_empty() { String::new() } else { format!(", signed by {}", report.signed_by) }
        );
    }
}
