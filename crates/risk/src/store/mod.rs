//! All SQL of risk: an office and what it needs loaded in sets, saved in sets.
mod counts;
mod files;
mod filing;
mod offices;
mod registers;
mod rules;

pub use counts::{add_counted, counts, fold_counted};
pub use files::{FileRow, files, grouped, held_by, holders, queued, queued_files, queues, worklist, worklist_of_all};
pub use filing::{add_files, save_files};
pub use offices::{
    LoadRow, OfficeRow, beacons, day_keys, loads, lock_offices, rosters, save_keys, save_loads, save_offices, save_rosters, set_beacon,
};
pub use registers::{OutcomeRow, OverrideRow, add_outcomes, add_overrides, outcomes, overrides, picks, save_note, shares, traces, unconcluded};
pub use rules::{RuleRow, approved, latest, list, model, put_model, raise, revision, save_rule, seed, step};
