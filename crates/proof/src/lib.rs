//! The proof of a day: one file that tells everything, and a verifier that needs nothing else (`docs/verification.md`).
//!
//! [`Writer`] streams a file from rows of the journal, [`verify`] recomputes chain, witnesses, commitments, draws and assignments, and for the
//! auditor every score and lane; [`Report`] names what does not match and where.

mod assigning;
mod auditing;
mod chain;
mod course;
mod day;
mod deciding;
mod fault;
mod file;
mod findings;
mod format;
mod item;
mod office;
mod report;
mod roster;
pub mod sample;
mod verify;
mod write;

pub use auditing::{Documents, NoDocuments};
pub use course::LAG;
pub use fault::Fault;
pub use format::{Document, FACTS, FORMAT, Header, Kind, OfficeKey, TRACES, Witness, is_public};
pub use report::{Check, Finding, Report};
pub use roster::{roster_of, roster_row};
pub use verify::verify;
pub use write::{JournalRow, Writer};
