//! All SQL of the hot path: sets in, one statement each.
mod positions;
mod rows;
mod state;

pub use self::{
    positions::{Progress, advance, heads, progress, publish},
    rows::{append, unsent},
    state::{Carried, File, Lodging, Reported, carry, clear, file, lodge, receive, report, stage},
};
