//! Timers: idle days are closed and keys stay committed ahead; queued files are drawn when somebody can take them.
use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::risk::{CloseDayRequest, SetBeaconRequest};
use platform::{Failure, Work, callers::Caller, serving::Refusal, timers::Timer};
use values::Day;

use crate::{
    assigning::assign_queued,
    book::{Book, Wanted},
    office::rosters,
    place::Via,
    regime::InForce,
    store,
};

/// Keeps every known office at the present day.
pub struct Days {
    pub in_force: Arc<InForce>,
    /// Offices that are known from the start.
    pub offices: Vec<String>,
}

#[async_trait]
impl Timer for Days {
    fn name(&self) -> &'static str {
        "days"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let mut offices: Vec<String> = sqlx::query_scalar!("SELECT office FROM offices ORDER BY office").fetch_all(&mut *work.conn).await?;
        offices.extend(self.offices.iter().cloned());
        offices.sort_unstable();
        offices.dedup();
        let via = Via::timer("days", values::local_day(work.now));
        let mut book = Book::open(work.conn, &self.in_force, Wanted { offices: offices.clone(), ..Wanted::default() }).await?;
        for office in &offices {
            book.at_work(office, &via)?;
        }
        book.close(work).await
    }
}

/// Draws queued files, oldest first, and alarms when one waits too long.
pub struct Queue {
    pub in_force: Arc<InForce>,
    /// Minutes after which a queued file alarms.
    pub alarm_minutes: u32,
}

/// Files of one office in one round.
const ROUND: i64 = 500;

#[async_trait]
impl Timer for Queue {
    fn name(&self) -> &'static str {
        "queue"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let queues = store::queues(work.conn).await?;
        self.watch(work, queues.iter().map(|(_, since)| *since).min()).await?;
        let waiting: Vec<String> = queues.into_iter().map(|(office, _)| office).collect();
        let rosters = rosters(work.conn, &waiting).await?;
        let now_us = work.now.timestamp_micros();
        // Where nobody is there, nothing is locked.
        let offices: Vec<String> = waiting.into_iter().filter(|office| rosters.get(office).is_some_and(|r| r.is_manned(now_us))).collect();
        if offices.is_empty() {
            return Ok(());
        }
        let via = Via::timer("queue", work.now.timestamp());
        let mut book = Book::open(work.conn, &self.in_force, Wanted { offices: offices.clone(), ..Wanted::default() }).await?;
        for office in &offices {
            draw_queue(work, &mut book, office, &via).await?;
        }
        book.close(work).await
    }
}

/// Queued files are counted up to here.
const MANY: i64 = 10_000;

impl Queue {
    async fn watch(&self, work: &mut Work<'_>, oldest: Option<platform::Instant>) -> Result<(), Failure> {
        let files = if oldest.is_some() { store::queued_files(work.conn, MANY).await? } else { 0 };
        let waited = oldest.map_or(0, |since| (work.now - since).num_seconds().max(0));
        crate::gauges::queue(files.unsigned_abs(), waited.unsigned_abs());
        if waited > i64::from(self.alarm_minutes) * 60 {
            tracing::warn!(files, oldest_seconds = waited, "files wait for an officer");
        }
        Ok(())
    }
}

/// Draws for the files that are queued at an office, until the round is done. Returns how many found an officer.
pub async fn draw_queue(work: &mut Work<'_>, book: &mut Book, office: &str, via: &Via) -> Result<u32, Failure> {
    let mut assigned = 0;
    for file in store::queued(work.conn, office, ROUND).await? {
        let (key, trace) = (file.key.clone(), file.trace.clone());
        book.add_loaded(file);
        let via = Via { trace, ..via.clone() };
        if assign_queued(book, &key, &via)? {
            assigned += 1;
        }
    }
    Ok(assigned)
}

/// Closes the open day of an office; `allowed` by the settings where a day may end early.
pub fn close_day(book: &mut Book, request: &CloseDayRequest, allowed: bool, caller: &Caller, via: &Via) -> Result<Result<String, Refusal>, Failure> {
    if !caller.acts_for(&request.office) {
        return Ok(Err(Refusal::other_office(&request.office)));
    }
    if !allowed {
        let text = "days end at midnight here: service.close_open_days is off";
        return Ok(Err(Refusal::conflict("DAYS_END_AT_MIDNIGHT", text)));
    }
    match book.close_day(&request.office, via)? {
        Some(day) => Ok(Ok(day.to_string())),
        None => Ok(Err(Refusal::conflict("NO_DAY_OPEN", "the office has no day open"))),
    }
}

/// Sets the public value of a day that no office has opened.
pub async fn set_beacon(work: &mut Work<'_>, request: &SetBeaconRequest) -> Result<Result<(), Refusal>, Failure> {
    let Ok(day) = request.date.parse::<Day>() else {
        return Ok(Err(Refusal::invalid("/date", "CG309", "Ngày không đúng", "expected a day as YYYY-MM-DD")));
    };
    if request.source.is_empty() || request.value.is_empty() {
        return Ok(Err(Refusal::invalid("/value", "CG310", "Thiếu giá trị công khai", "expected a source and a value")));
    }
    if store::set_beacon(work.conn, day, &request.source, &request.value).await? {
        Ok(Ok(()))
    } else {
        Ok(Err(Refusal::conflict("DAY_HAS_BEGUN", "an office has opened that day, or the day has a value")))
    }
}
