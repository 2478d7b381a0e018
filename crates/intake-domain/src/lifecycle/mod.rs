//! The life of an accepted declaration: states, transitions, and what each transition tells.
//!
//! ```text
//! REGISTERED -lane-> GREEN -------------------------------> CLEARED | TAX_DUE
//!            -lane-> YELLOW, RED -assigned-> UNDER_EXAMINATION -conform-> CLEARED | TAX_DUE
//!                                                              -not conform-> REFUSED
//! TAX_DUE -paid-> CLEARED        any but CLEARED -withdraw-> WITHDRAWN
//! any but CLEARED, WITHDRAWN -amend-> REGISTERED, next version
//! ```
//! Customs Law 54/2014/QH13 articles 23, 29 and 37; Circular 38/2015 articles 19, 20 and 22.
mod fact;
mod refusal;
mod standing;
mod state;
#[cfg(test)]
mod tests;

pub use fact::Fact;
pub use refusal::Refusal;
pub use standing::{NotYet, Standing, Step};
pub use state::State;
