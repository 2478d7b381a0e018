//! Measurements of the pure core: timings beside their anchors, attackers, simulated years. Nothing here is part of a service.

pub mod criteria;
mod figure;

pub use figure::{Figure, median_ns};
