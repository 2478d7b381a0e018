//! What one caller may ask for: a bucket for commands and one for queries, by the subject of its token.
use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

use super::{
    Kind,
    bucket::{Bucket, Rate},
};
use crate::kafka::group::lock;

/// Callers whose buckets are kept; full buckets are forgotten first, and whoever comes when all are in use shares one.
const MOST_CALLERS: usize = 10_000;

/// The buckets of all callers.
pub struct Quotas {
    commands: Rate,
    queries: Rate,
    buckets: Mutex<HashMap<String, Buckets>>,
}

#[derive(Default)]
struct Buckets {
    commands: Bucket,
    queries: Bucket,
}

impl Quotas {
    pub fn new(commands: Rate, queries: Rate) -> Self {
        Self { commands, queries, buckets: Mutex::default() }
    }

    /// Counts one call of `subject`, or tells after which time it may come again. Operations of services are not counted.
    pub fn take(&self, subject: &str, kind: Kind, now: Instant) -> Result<(), Duration> {
        let mut buckets = lock(&self.buckets);
        if !buckets.contains_key(subject) && buckets.len() >= MOST_CALLERS {
            buckets.retain(|_, b| !(b.commands.is_full(now) && b.queries.is_full(now)));
        }
        let name = if buckets.contains_key(subject) || buckets.len() < MOST_CALLERS { subject } else { "" };
        let known = match buckets.get_mut(name) {
            Some(known) => known,
            None => buckets.entry(name.to_owned()).or_default(),
        };
        match kind {
            Kind::Command => known.commands.take(self.commands, now),
            Kind::Query => known.queries.take(self.queries, now),
            Kind::Operation => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 2 };

    #[test]
    fn one_sender_that_floods_takes_nothing_from_another_nor_from_its_own_other_kind() {
        let (quotas, now) = (Quotas::new(RATE, RATE), Instant::now());
        let flood: Vec<_> = (0..100).map(|_| quotas.take("flood", Kind::Command, now)).collect();
        assert_eq!(flood.iter().filter(|taken| taken.is_ok()).count(), 2);
        assert_eq!(flood[99], Err(Duration::from_millis(100)));
        assert_eq!(quotas.take("other", Kind::Command, now), Ok(()));
        assert_eq!(quotas.take("flood", Kind::Query, now), Ok(()));
    }

    #[test]
    fn memory_is_bounded_however_many_callers_there_are() {
        let (quotas, now) = (Quotas::new(RATE, RATE), Instant::now());
        for n in 0..3 * MOST_CALLERS {
            let _ = quotas.take(&n.to_string(), Kind::Command, now);
        }
        assert!(lock(&quotas.buckets).len() <= MOST_CALLERS + 1);
        // Their buckets are full again, so the next caller finds room.
        assert_eq!(quotas.take("late", Kind::Command, now + Duration::from_secs(1)), Ok(()));
        assert_eq!(lock(&quotas.buckets).len(), 1);
    }
}
