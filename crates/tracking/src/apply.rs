//! Applies events in their order, whichever way they came.
use platform::{Failure, Work};

use crate::{
    announce::announce,
    declare,
    event::{Answer, Event, Told},
    load,
    observe::observe,
    settings::Rules,
};

/// One answer for each event. Everything is locked and loaded once, decided in memory, saved once.
pub async fn apply(work: &mut Work<'_>, rules: &Rules, told: &[&Told]) -> Result<Vec<Answer>, Failure> {
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let mut book = load::open(work, rules, told).await?;
    let mut answers = Vec::with_capacity(told.len());
    for Told { event, via } in told {
        answers.push(match event {
            Event::Observed(reading) => observe(&mut book, reading, via),
            Event::Announced(announced) => announce(&mut book, announced, via),
            Event::Declared(declared) => {
                declare::declared(&mut book, declared, via);
                Answer::default()
            }
            Event::Cleared { key, version } => {
                declare::cleared(&mut book, key, *version, via);
                Answer::default()
            }
            Event::Withdrawn { key } => {
                declare::withdrawn(&mut book, key, via);
                Answer::default()
            }
        });
    }
    load::close(work, book).await?;
    Ok(answers)
}
