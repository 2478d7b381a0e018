//! Measurements of the pure core: timings beside their anchors, attackers, simulated years. Nothing here is part of a service.

pub mod attack;
pub mod criteria;
pub mod fairness;
mod figure;
pub mod model;
pub mod outcomes_plot;
pub mod pairs;
mod plot;
pub mod proof;
pub mod replay;
pub mod rivals;
mod year;

pub use figure::{Figure, median_ns};
pub use plot::pairs_svg;
pub use year::Steering;
