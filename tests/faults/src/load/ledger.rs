//! What was sent and what was accepted, kept apart from everything that is tested.
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

use super::Lodging;

/// How a declaration travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Published by the single window; accepted when the broker acknowledged it.
    Topic,
    /// A call of `Lodge`; accepted when answered OK within its deadline.
    Call,
}

/// What is known of a declaration's acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Sent; may or may not have arrived.
    Unknown,
    /// Must never be lost.
    Accepted,
    /// Refused by rule or turned away for good: must not be there.
    Refused,
}

/// One declaration.
#[derive(Debug, Clone)]
pub struct Item {
    pub channel: Channel,
    pub standing: Standing,
    pub office: String,
    /// CloudEvents id, of those published.
    pub id: String,
    /// 12 digits, of those answered.
    pub number: String,
    pub version: u32,
    /// Of what makes the content, by version.
    pub digests: Vec<String>,
    /// Microseconds since 1970.
    pub sent_us: i64,
    pub parcel: bool,
}

/// How a call ended that was answered with a no by rule, e.g. an amendment after clearance.
pub const REFUSED: &str = "refused";

/// By the sender's reference, which is unique in a run.
#[derive(Default)]
pub struct Ledger {
    items: Mutex<HashMap<String, Item>>,
    /// Attempts of calls and how they ended, by status code.
    attempts: Mutex<HashMap<String, u64>>,
    /// Calls that were answered OK when their deadline had long passed, told.
    late: Mutex<Vec<String>>,
}

impl Ledger {
    pub fn items(&self) -> MutexGuard<'_, HashMap<String, Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn attempted(&self, how: &str) {
        *self.attempts.lock().unwrap_or_else(PoisonError::into_inner).entry(how.to_owned()).or_default() += 1;
    }

    /// Calls that were answered, be it with a no, and calls that failed.
    pub fn answered(&self) -> (u64, u64) {
        let attempts = self.attempts();
        let answered = attempts.iter().filter(|(how, _)| ["OK", REFUSED].contains(&how.as_str())).map(|(_, n)| n).sum();
        (answered, attempts.values().sum::<u64>() - answered)
    }

    /// Lodgings by call that were neither accepted nor refused so far, however often they were tried.
    pub fn unanswered(&self) -> u64 {
        self.items().values().filter(|i| i.channel == Channel::Call && i.standing == Standing::Unknown).count() as u64
    }

    /// A call that had counted as failed when this OK came.
    pub fn answered_late(&self, told: String) {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }

    pub fn late(&self) -> Vec<String> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn attempts(&self) -> HashMap<String, u64> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn sent(&self, lodging: &Lodging, id: &str) {
        let item = Item {
            channel: lodging.channel,
            standing: Standing::Unknown,
            office: lodging.office.clone(),
            id: id.to_owned(),
            number: String::new(),
            version: 0,
            digests: vec![digest(&lodging.reference, lodging.packages, lodging.grams, lodging.cents, lodging.commodity)],
            sent_us: crate::clock::now().timestamp_micros(),
            parcel: lodging.parcel,
        };
        self.items().insert(lodging.reference.clone(), item);
    }

    pub fn change(&self, reference: &str, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.items().get_mut(reference) {
            change(item);
        }
    }

    pub fn count(&self, standing: Standing) -> u64 {
        self.items().values().filter(|i| i.standing == standing).count() as u64
    }
}

/// Digest of what both sides can name: reference, packages, gross mass in grams, value in cents, commodity code.
pub fn digest(reference: &str, packages: u32, grams: u64, cents: u64, commodity: &str) -> String {
    hex::encode(Sha256::digest(format!("{reference}|{packages}|{grams}|{cents}|{commodity}")))
}
