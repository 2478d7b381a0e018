//! Relations: demands that span items, each a named function with its own counterexample.
use values::{Day, Direction};

use super::head_items::{KIND, TRANSPORT_MODE};
use crate::draft::Draft;
use crate::tables::Tables;

/// What rules look at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The draft.
    pub draft: &'a Draft,
    /// Code tables.
    pub tables: &'a Tables,
    /// The day of lodging.
    pub today: Day,
    /// Its direction.
    pub direction: Direction,
}

/// A demand that no other kind of check states.
pub struct Relation {
    /// Where faults point, `*` for any one step; `/**` for anywhere.
    pub pattern: &'static str,
    /// Vietnamese sentence.
    pub vi: &'static str,
    /// English sentence.
    pub en: &'static str,
    /// Tells the pointer of each fault.
    pub find: fn(&View<'_>, &mut dyn FnMut(String)),
    /// Makes a good draft break the demand.
    pub spoil: fn(&mut Draft),
}

impl View<'_> {
    /// Whether a list holds a code today.
    pub fn holds(&self, list: &str, code: &str) -> bool {
        self.tables.holds(list, code, self.today)
    }

    /// Whether the procedure code is in the import or the export list of a pair.
    pub fn kind_is_in(&self, import: &str, export: &str) -> bool {
        let list = match self.direction {
            Direction::Import => import,
            Direction::Export => export,
        };
        self.holds(list, KIND.text(self.draft))
    }

    /// Whether this is the declaration of a priority enterprise.
    pub fn is_aeo(&self) -> bool {
        KIND.text(self.draft) == "AEO"
    }

    /// Whether the goods travel by one of these modes.
    pub fn travels_by(&self, modes: &[&str]) -> bool {
        modes.contains(&TRANSPORT_MODE.text(self.draft))
    }
}
