//! What wakes the relay: rows that were committed here a moment ago, acknowledgements, or word that the journal holds something more.
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

use super::waiting::{Waiting, weight};
use crate::{journal::Row, kafka::group::lock};

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
    waiting: Waiting,
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
        if fresh.waiting.has_room(&rows) {
            rows.iter().for_each(|row| fresh.waiting.add(weight(row)));
            fresh.rows.extend(rows);
        } else {
            *fresh = Fresh::default();
            self.0.more.store(true, Ordering::Release);
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
