//! Simulated officers: on roster around the clock, working off their lists.
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use chrono::{Datelike, NaiveDate, TimeDelta};
use contracts::risk::{ConcludeRequest, Officer, SetRosterRequest, Shift, WorklistRequest};
use futures::{StreamExt, stream};

use crate::{
    client::{Clients, explain},
    load::mix::OFFICES,
};

const SHIFT_US: i64 = 8 * 3_600_000_000;

/// Six officers an office, two a shift of eight hours, for this month and the next days of the following.
pub async fn roster(clients: &Clients, today: NaiveDate) -> Result<u32> {
    let month = today.with_day(1).unwrap_or(today);
    let mut officers = 0;
    for office in &OFFICES {
        let list: Vec<Officer> = (0..6)
            .map(|n| Officer {
                code: format!("{}-{:02}", office.code, n + 1),
                cap: 100_000,
                shifts: (0..40).map(|day| shift(month + TimeDelta::days(day), n / 2)).collect(),
                ..Officer::default()
            })
            .collect();
        officers += u32::try_from(list.len())?;
        let request = clients.request(
            "head-of-office",
            "head",
            SetRosterRequest { office: office.code.to_owned(), officers: list, supervisors: Vec::new() },
        )?;
        clients.risk().set_roster(request).await.map_err(|s| explain(&s))?;
    }
    Ok(officers)
}

/// The eight hours of a shift, 0 to 2, of a local day.
fn shift(day: NaiveDate, number: i64) -> Shift {
    let from = values::start_of(day).timestamp_micros() + number * SHIFT_US;
    Shift { from_us: from, to_us: from + SHIFT_US }
}

/// Concludes open files until `most` are done or none are left. Every fortieth does not conform.
pub async fn work_off(clients: &Clients, most: u64) -> Result<u64> {
    let concluded = AtomicU64::new(0);
    for office in &OFFICES {
        let mut token = String::new();
        while concluded.load(Ordering::Relaxed) < most {
            let message = WorklistRequest { office: office.code.to_owned(), officer: String::new(), limit: 500, page_token: token };
            let page = clients.risk().worklist(clients.request("head-of-office", "head", message)?).await.map_err(|s| explain(&s))?.into_inner();
            let open = page.files.into_iter().filter(|f| !f.officer.is_empty());
            stream::iter(open)
                .for_each_concurrent(48, async |file| {
                    let n = concluded.fetch_add(1, Ordering::Relaxed);
                    let message = ConcludeRequest {
                        number: file.number,
                        conform: n % 40 != 39,
                        code: if n % 40 == 39 { "NOTCONFORM" } else { "CONFORM" }.to_owned(),
                        note: String::new(),
                    };
                    // A file that was amended or withdrawn meanwhile is no longer this officer's: that is the right answer.
                    if let Ok(request) = clients.request(&file.officer, "officer", message) {
                        let _ = clients.risk().conclude(request).await;
                    }
                })
                .await;
            if page.next_page_token.is_empty() {
                break;
            }
            token = page.next_page_token;
        }
    }
    Ok(concluded.into_inner())
}
