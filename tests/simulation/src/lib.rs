//! A simulation of the journal's protocol: the platform's own decisions against a model of databases and a broker.
//!
//! Three services of two replicas each, in a chain: commands and messages from outside come in at the first, every service hears the one
//! before. A seed decides who takes the next step, which is as small as a lock, a record or a commit, and what fails: processes die or are
//! stopped at any step, commits end unknown, acknowledgements get lost, records arrive after their producer's death, groups have two owners,
//! messages come again, retention removes them, topics are created anew. When the run has come to rest, [`laws`] must hold.
//!
//! What is simulated is `platform::protocol`, the same code that the services run. What is modelled is everything around it.
mod appending;
mod broker;
mod database;
mod deciding;
pub mod laws;
mod listening;
mod row;
mod shared;
mod telling;
mod world;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

pub use self::world::{Outcome, run};
pub use platform::laboratory::Broken;

/// The first seed of a range that violates a law, and what it was; all seeds are run unless one does.
pub fn first_violation(from: u64, seeds: u64, broken: Option<Broken>) -> Option<(u64, String)> {
    let (next, found) = (AtomicU64::new(from), Mutex::new(None::<(u64, String)>));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds || found.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
                        return;
                    }
                    if let Some(violation) = run(seed, broken, false).violation {
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        if found.as_ref().is_none_or(|(earlier, _)| *earlier > seed) {
                            *found = Some((seed, violation));
                        }
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}
