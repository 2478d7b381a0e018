//! Dead letters are applied once more, with what waits behind them.
use std::collections::{BTreeSet, HashSet};

use crate::{
    clock, database,
    dead_letters::{self, Letter, LetterId},
    failure::Failure,
    journal, laboratory,
    operations::Desk,
    reader::settle::{Halt, settle},
    serving::Refusal,
    work::Work,
};

/// Letters in one transaction.
const MOST: usize = 500;

/// What became of a redrive.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Redriven {
    pub applied: u32,
    pub left: u32,
    pub reason: String,
    /// The kinds that this version does not know, when that is why letters are left.
    pub unknown: BTreeSet<String>,
}

/// Why letters could not be applied.
struct Left {
    reason: String,
    unknown: bool,
}

impl From<Failure> for Left {
    fn from(failure: Failure) -> Self {
        Self { reason: failure.to_string(), unknown: false }
    }
}

impl Desk {
    /// Applies a dead letter and what is parked behind it.
    pub async fn redrive(&self, id: &LetterId) -> Result<Redriven, Refusal> {
        let letter = dead_letters::find(&mut *self.pool.acquire().await?, id).await?;
        self.redrive_all(&[letter.ok_or_else(|| Refusal::NotFound(format!("no dead letter {}/{}@{}", id.0, id.1, id.2)))?]).await
    }

    /// Applies dead letters and what is parked behind them, many in a transaction and in order within a subject.
    ///
    /// A transaction in which one is rejected again is taken apart until that one is alone; it and what waits behind it are left.
    pub async fn redrive_all(&self, letters: &[Letter]) -> Result<Redriven, Refusal> {
        let (mut redriven, mut stuck, mut most) = (Redriven::default(), HashSet::new(), MOST);
        loop {
            let asked: Vec<&Letter> = letters.iter().filter(|letter| !stuck.contains(&letter.queue())).collect();
            let mut tx = self.pool.begin_with(database::BEGIN).await?;
            let mut open = dead_letters::behind(&mut tx, &asked, most).await?;
            if open.is_empty() {
                break;
            }
            open.retain(|letter| {
                if redriven.unknown.contains(letter.fact.kind()) {
                    stuck.insert(letter.queue());
                }
                !stuck.contains(&letter.queue())
            });
            let [first, others @ ..] = open.as_slice() else { continue };
            match self.apply(&mut tx, &open).await {
                Ok(()) => {
                    laboratory::point("redrive::before-commit");
                    tx.commit().await?;
                    laboratory::point("redrive::after-commit");
                    redriven.applied += u32::try_from(open.len()).unwrap_or(u32::MAX);
                    most = MOST.min(most * 2);
                }
                Err(_) if !others.is_empty() => most = open.len() / 2,
                Err(left) => {
                    stuck.insert(first.queue());
                    redriven.reason = left.reason;
                    redriven.unknown.extend(left.unknown.then(|| first.fact.kind().to_owned()));
                }
            }
        }
        let all: Vec<&Letter> = letters.iter().collect();
        let left = dead_letters::behind(&mut *self.pool.acquire().await?, &all, usize::MAX).await?;
        redriven.left = u32::try_from(left.len()).unwrap_or(u32::MAX);
        self.wake.wake();
        Ok(redriven)
    }

    /// Applies letters inside the transaction; on an error the transaction must be dropped.
    async fn apply(&self, conn: &mut sqlx::PgConnection, letters: &[Letter]) -> Result<(), Left> {
        let now = clock::now();
        let facts: Vec<_> = letters.iter().map(|letter| letter.fact.clone()).collect();
        let mut work = Work::new(conn, now);
        match settle(self.handler.as_ref(), &mut work, &facts).await {
            Ok(settled) if settled.rejected == 0 => {}
            Ok(settled) => return Err(Left { reason: "rejected again".to_owned(), unknown: settled.unknown > 0 }),
            Err(Halt::Failure(failure)) => return Err(failure.into()),
            Err(Halt::SplitAfter(_)) => return Err(Left { reason: "rejected again".to_owned(), unknown: false }),
        }
        let entries = std::mem::take(&mut work.entries);
        journal::append(work.conn, self.journal, entries).await?;
        Ok(dead_letters::close(work.conn, &facts.iter().collect::<Vec<_>>(), now).await?)
    }
}
