//! What wakes the relay: rows that were committed here a moment ago, acknowledgements, or word that the journal holds something more.
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

use crate::{journal::Row, kafka::group::lock};

/// Rows that wait in memory at most, and bytes of their payloads. What is beyond is read from the journal.
const MOST_ROWS: usize = 20_000;
const MOST_BYTES: usize = 16 << 20;

/// Wakes the relay of this process.
#[derive(Clone, Default)]
pub struct Wake(Arc<Inner>);

#[derive(Default)]
struct Inner {
    notify: Notify,
    fresh: Mutex<Fresh>,
    /// The journal holds rows that are not among the fresh ones.
    more: AtomicBool,
}

#[derive(Default)]
struct Fresh {
    rows: Vec<Row>,
    bytes: usize,
}

impl Wake {
    /// The journal holds something new; what, is for the relay to find out.
    pub fn wake(&self) {
        self.0.more.store(true, Ordering::Release);
        self.0.notify.notify_one();
    }

    /// These rows were committed here, in this order.
    pub fn committed(&self, rows: Vec<Row>) {
        let mut fresh = lock(&self.0.fresh);
        fresh.bytes += rows.iter().map(|row| row.payload.len()).sum::<usize>();
        if fresh.rows.len() + rows.len() > MOST_ROWS || fresh.bytes > MOST_BYTES {
            *fresh = Fresh::default();
            self.0.more.store(true, Ordering::Release);
        } else {
            fresh.rows.extend(rows);
        }
        drop(fresh);
        self.0.notify.notify_one();
    }

    /// The broker has acknowledged or refused something.
    pub(super) fn heard(&self) {
        self.0.notify.notify_one();
    }

    /// What was committed since the last time, and whether there is more in the journal.
    pub(super) fn take(&self) -> (Vec<Row>, bool) {
        let fresh = std::mem::take(&mut *lock(&self.0.fresh));
        (fresh.rows, self.0.more.swap(false, Ordering::AcqRel))
    }

    pub(super) async fn woken(&self) {
        self.0.notify.notified().await;
    }
}
