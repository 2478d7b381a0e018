//! What intake decides: is this declaration valid and complete, and what state is it in?
//!
//! A [`Draft`] is parsed against dated [`Tables`] into a [`Declaration`], or refused with every [`Fault`] at once; the rules
//! are rows of one table ([`catalogue`]). A [`Standing`] then moves through its life by typed transitions.

mod declaration;
mod draft;
mod fault;
mod lifecycle;
mod parse;
mod read;
mod response;
mod rules;
pub mod specimen;
mod tables;

pub use declaration::{Declaration, GoodsLine, SplitPart, TraderCode};
pub use draft::{Adjustment, Attachment, BondedTransport, Charge, Draft, Invoice, Line, OtherTax, Permit, Security, Split, Stop, Trader};
pub use fault::Fault;
pub use lifecycle::{Fact, NotYet, Refusal, Standing, State, Step};
pub use parse::parse;
pub use response::{ResponseCode, response_code};
pub use rules::{Family, Function, Rule, catalogue};
pub use tables::{Limits, Office, Tables, TablesError, Validity};
