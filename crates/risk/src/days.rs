//! Timers: idle days are closed and keys stay committed ahead; queued files are drawn when somebody can take them.
use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use platform::{Failure, Work, timers::Timer};

use crate::{
    Rules,
    book::{Book, Via, Wanted},
    deciding::assign_queued,
    store,
};

/// Keeps every known office at the present day.
pub struct Days {
    pub rules: Arc<Rules>,
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
        let via = Via { cause: format!("timer:days:{}", values::local_day(work.now)), trace: String::new(), actor: "risk".to_owned() };
        let mut book = Book::open(work.conn, &self.rules, Wanted { offices: offices.clone(), ..Wanted::default() }).await?;
        for office in &offices {
            book.at_work(office, &via)?;
        }
        book.close(work).await
    }
}

/// Draws queued files, oldest first.
pub struct Queue {
    pub rules: Arc<Rules>,
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
        let offices = store::offices_with_queue(work.conn).await?;
        if offices.is_empty() {
            return Ok(());
        }
        let due = work.now.timestamp();
        let via = Via { cause: format!("timer:queue:{due}"), trace: String::new(), actor: "risk".to_owned() };
        let mut book = Book::open(work.conn, &self.rules, Wanted { offices: offices.clone(), ..Wanted::default() }).await?;
        for office in &offices {
            draw_queue(work, &mut book, office, &via).await?;
        }
        book.close(work).await
    }
}

/// Draws for the files that are queued at an office, until nobody can take the next. Returns how many found an officer.
pub async fn draw_queue(work: &mut Work<'_>, book: &mut Book, office: &str, via: &Via) -> Result<u32, Failure> {
    let mut assigned = 0;
    for file in store::queued(work.conn, office, ROUND).await? {
        let (key, trace) = (file.key.clone(), file.trace.clone());
        if book.office(office)?.key(file.selection_day).is_err() {
            for (code, day, bytes) in store::day_keys(work.conn, &[office.to_owned()], file.selection_day, &[]).await? {
                book.office_mut(&code)?.add_key(day, &bytes)?;
            }
        }
        book.add_loaded(file);
        let via = Via { trace, ..via.clone() };
        if assign_queued(book, &key, &via)? {
            assigned += 1;
        }
    }
    Ok(assigned)
}
