//! Measurements of the pure core: timings beside their anchors, attackers, simulated years. Nothing here is part of a service.

mod figure;
pub mod proof;

pub use figure::{Figure, median_ns};
