//! `cleargate day`: ends an office's day early, or mixes a public value into one to come.
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use contracts::risk::{CloseDayRequest, SetBeaconRequest};

use crate::{
    client::{Clients, explain},
    stack::{Stack, StackArgs},
};

/// Close an office's day, or set the public value of a day to come.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  cleargate day close                    all offices of Region IX, where the settings allow it\n  cleargate day beacon 2026-12-01 drand:4512345 8f2c..."
)]
pub struct Day {
    #[command(subcommand)]
    act: DayAct,
}

#[derive(Subcommand)]
enum DayAct {
    /// End the open day before midnight and reveal its key
    Close {
        #[arg(long)]
        office: Option<String>,
    },
    /// Mix a public value, known only after the commitment, into the keys of a day
    Beacon { date: String, source: String, value: String },
}

impl Day {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let clients = Clients::new(&Stack::open(args)?)?;
        match self.act {
            DayAct::Close { office } => {
                for (office, date) in close(&clients, office).await? {
                    println!("{office}: {date} is closed, its key is revealed");
                }
            }
            DayAct::Beacon { date, source, value } => {
                let request = clients.request("operator", "operator", SetBeaconRequest { date: date.clone(), source, value })?;
                clients.risk().set_beacon(request).await.map_err(|s| explain(&s))?;
                println!("the keys of {date} will be mixed with it");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Offices whose days risk keeps from the start: `service.offices` of its settings.
const REGION_IX: [&str; 11] = ["31BB", "31BF", "31CD", "32BB", "32BC", "32BD", "32CD", "33BA", "33CC", "33CF", "33PD"];

/// Closes the open day of an office, or of all of Region IX that have one: (office, day).
pub async fn close(clients: &Clients, office: Option<String>) -> Result<Vec<(String, String)>> {
    let offices = office.map_or_else(|| REGION_IX.map(str::to_owned).to_vec(), |office| vec![office]);
    let mut closed = Vec::new();
    for office in offices {
        let request = clients.request("head-of-office", "head", CloseDayRequest { office: office.clone() })?;
        match clients.risk().close_day(request).await {
            Ok(answer) => closed.push((office, answer.into_inner().date)),
            Err(status) if status.message().contains("NO_DAY_OPEN") || status.message().contains("no day open") => {}
            Err(status) => return Err(explain(&status)),
        }
    }
    Ok(closed)
}
