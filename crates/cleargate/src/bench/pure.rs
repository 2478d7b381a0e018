//! Figures of the pure core, each in a run of its own.
use std::path::Path;

use lab::Figure;

use super::rows::Row;
use crate::progress::Progress;

pub fn rows(kcs: Option<&Path>, progress: &Progress) -> Vec<Row> {
    let parts: [(&str, &dyn Fn() -> Vec<Figure>); 7] = [
        ("criteria", &lab::criteria::figures),
        ("model", &|| lab::model::figures(kcs)),
        ("fairness", &lab::fairness::figures),
        ("attack", &lab::attack::figures),
        ("pairs", &lab::pairs::figures),
        ("proof", &lab::proof::figures),
        ("replay", &lab::replay::figures),
    ];
    let measure = |(name, part): (&str, &dyn Fn() -> Vec<Figure>)| {
        let step = progress.step(name, "measuring");
        let figures = part();
        step.done(&format!("{} figures", figures.len()));
        figures
    };
    parts.into_iter().flat_map(measure).map(Row::from).collect()
}
