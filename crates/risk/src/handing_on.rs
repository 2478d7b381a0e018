//! Absence, end of shift and suspension hand open files on by the same rule as any assignment; nobody loses files silently.
use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use platform::{Failure, Work, timers::Timer};
use risk_domain::Roster;

use crate::{
    assigning::hand_on,
    book::{Book, Wanted},
    office::rosters,
    place::Via,
    regime::InForce,
    store,
};

/// Looks after files whose officers are not there.
pub struct HandOn {
    pub in_force: Arc<InForce>,
}

/// Files of one office in one round.
const ROUND: i64 = 500;

#[async_trait]
impl Timer for HandOn {
    fn name(&self) -> &'static str {
        "hand_on"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let holders = store::holders(work.conn).await?;
        if holders.is_empty() {
            return Ok(());
        }
        let offices: Vec<String> = holders.iter().map(|(office, _)| office.clone()).collect();
        let (rosters, now_us) = (rosters(work.conn, &offices).await?, work.now.timestamp_micros());
        let away = |office: &String, codes: &[String]| rosters.get(office).is_some_and(|r| codes.iter().any(|c| absence(r, c, now_us).is_some()));
        // Where everybody is there, nothing is locked.
        let holders: Vec<_> = holders.into_iter().filter(|(office, codes)| away(office, codes)).collect();
        if holders.is_empty() {
            return Ok(());
        }
        let offices: Vec<String> = holders.iter().map(|(office, _)| office.clone()).collect();
        let via = Via::timer("hand_on", work.now.timestamp());
        let mut book = Book::open(work.conn, &self.in_force, Wanted { offices, ..Wanted::default() }).await?;
        for (office, officers) in &holders {
            hand_on_from(work, &mut book, office, officers, &via).await?;
        }
        book.close(work).await
    }
}

async fn hand_on_from(work: &mut Work<'_>, book: &mut Book, office: &str, officers: &[String], via: &Via) -> Result<(), Failure> {
    let now_us = work.now.timestamp_micros();
    let roster = book.office(office)?.roster();
    let absent: Vec<(String, &'static str)> = officers.iter().filter_map(|code| Some((code.clone(), absence(roster, code, now_us)?))).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let codes: Vec<String> = absent.iter().map(|(code, _)| code.clone()).collect();
    for file in store::held_by(work.conn, office, &codes, ROUND).await? {
        let Some((_, reason)) = absent.iter().find(|(code, _)| *code == file.officer) else { continue };
        let (key, via) = (file.key.clone(), Via { trace: file.trace.clone(), ..via.clone() });
        book.add_loaded(file);
        hand_on(book, &key, reason, "", &via)?;
    }
    Ok(())
}

/// Why an officer cannot go on with open files; `None` for one who can, and for an office without any roster.
fn absence(roster: &Roster, code: &str, now_us: i64) -> Option<&'static str> {
    if roster.officers().is_empty() {
        return None;
    }
    match roster.officer(code) {
        None => Some("LEFT_ROSTER"),
        Some(officer) if officer.suspended => Some("SUSPENDED"),
        Some(officer) if officer.on_leave(now_us) => Some("LEAVE"),
        Some(officer) if !officer.on_shift(now_us) => Some("END_OF_SHIFT"),
        Some(_) => None,
    }
}
