//! Tables of lanes moved and of work.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use values::Lane;

/// One value a lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByLane<T> {
    pub green: T,
    pub yellow: T,
    pub red: T,
}

impl<T> ByLane<T> {
    pub const fn of(&self, lane: Lane) -> &T {
        match lane {
            Lane::Green => &self.green,
            Lane::Yellow => &self.yellow,
            Lane::Red => &self.red,
        }
    }

    pub const fn of_mut(&mut self, lane: Lane) -> &mut T {
        match lane {
            Lane::Green => &mut self.green,
            Lane::Yellow => &mut self.yellow,
            Lane::Red => &mut self.red,
        }
    }
}

/// Declarations by recorded lane, then by the lane under the other rules.
pub type Moves = ByLane<ByLane<u64>>;

/// Files and their points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    pub files: u64,
    pub points: u64,
}

impl Amount {
    pub(super) const fn add(&mut self, points: u32) {
        self.files += 1;
        self.points += points as u64;
    }
}

/// Lanes moved and the work of both worlds; the green lane has no points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub moves: Moves,
    pub recorded: ByLane<Amount>,
    pub replayed: ByLane<Amount>,
}

impl Table {
    pub(super) const fn add(&mut self, (from, recorded): (Lane, u32), (to, replayed): (Lane, u32)) {
        *self.moves.of_mut(from).of_mut(to) += 1;
        self.recorded.of_mut(from).add(recorded);
        self.replayed.of_mut(to).add(replayed);
    }
}

/// One office.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeTable {
    pub table: Table,
    /// By service code. A version that is amended later counts with the work it was.
    pub officers: BTreeMap<String, OfficerWork>,
    /// Files that nobody could take.
    pub queued: OfficerWork,
    /// Files that newly leave the green lane of an office whose roster or key is not known.
    pub unassigned: Amount,
}

/// Work of one officer in both worlds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficerWork {
    pub recorded: Amount,
    pub replayed: Amount,
}
