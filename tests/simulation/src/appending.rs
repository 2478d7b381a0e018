//! The journal's append: heads locked, positions taken, rows chained.
use std::collections::BTreeMap;

use platform::protocol::chain::Tip;

use crate::{
    database::{Key, Lock, Write},
    row::{Place, Row},
    shared::Shared,
};

pub enum Appended {
    Written,
    Wait,
    Gone,
}

/// Appends rows to the journal of a service within a transaction.
pub fn append(shared: &mut Shared, service: u8, transaction: u32, rows: &[Row]) -> Appended {
    let now = shared.now;
    let mut tips: BTreeMap<Place, Tip> = BTreeMap::new();
    for row in rows {
        tips.insert(row.place, shared.db(service).tip(row.place));
    }
    for place in tips.keys() {
        match shared.db(service).lock(transaction, Key::Stream(*place), now) {
            Lock::Held => {}
            Lock::Wait => return Appended::Wait,
            Lock::Gone => return Appended::Gone,
        }
    }
    for row in rows {
        let Some(tip) = tips.get_mut(&row.place) else { continue };
        tip.append(|position, previous| row.behind(position, previous));
        let row = Row { position: tip.position, hash: tip.hash, ..*row };
        if !shared.db(service).write(transaction, Write::Append(row), now) {
            return Appended::Gone;
        }
    }
    Appended::Written
}
