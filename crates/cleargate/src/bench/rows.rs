//! Rows of the bench: what was measured beside what it is judged by, as a table and in `target/bench.json`.
use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{Cell, Color, ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use lab::Figure;
use serde::{Deserialize, Serialize};

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    pub unit: String,
    pub must: Option<f64>,
    pub stretch: Option<f64>,
    /// Absent when a part of the core had nothing to be measured on.
    pub measured: Option<f64>,
    pub anchor: Option<f64>,
    /// What the anchor is, and under which conditions the row was measured.
    pub beside: String,
}

impl Row {
    /// A figure without anything to be judged by.
    pub fn new(name: impl Into<String>, unit: &str, measured: f64) -> Self {
        let measured = measured.is_finite().then_some(measured);
        Self { name: name.into(), unit: unit.to_owned(), must: None, stretch: None, measured, anchor: None, beside: String::new() }
    }

    /// The same with what it must keep and what would be good. The better side is the one on which `stretch` lies.
    pub fn judged(self, must: f64, stretch: Option<f64>) -> Self {
        Self { must: Some(must), stretch, ..self }
    }

    /// The same with what others reach.
    pub fn beside(self, anchor: Option<f64>, what: impl Into<String>) -> Self {
        Self { anchor, beside: what.into(), ..self }
    }

    /// Whether the must is kept, where the row says which side is better.
    fn kept(&self) -> Option<bool> {
        let (must, stretch, measured) = (self.must?, self.stretch?, self.measured?);
        // A bound set by the floor may lie below the stretch and then is the stretch too: such bounds are upper ones.
        Some(if stretch > must { measured >= must } else { measured <= must })
    }
}

impl From<Figure> for Row {
    fn from(figure: Figure) -> Self {
        let row = Self::new(figure.name, figure.unit, figure.measured);
        Self { must: figure.must, stretch: figure.stretch, anchor: figure.anchor, ..row }
    }
}

/// What the last run wrote.
pub fn read(file: &Path) -> Result<Vec<Row>> {
    let text = std::fs::read(file).with_context(|| format!("{} is not there; run `cleargate bench`", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} has no rows of a bench", file.display()))
}

/// Writes the rows; those of an earlier run that were not measured now are kept when only some parts ran.
pub fn write(file: &Path, rows: &[Row], keep_others: bool) -> Result<()> {
    let mut all = if keep_others { read(file).unwrap_or_default() } else { Vec::new() };
    for row in rows {
        match all.iter_mut().find(|known| known.name == row.name) {
            Some(known) => *known = row.clone(),
            None => all.push(row.clone()),
        }
    }
    if let Some(dir) = file.parent() {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    std::fs::write(file, serde_json::to_string_pretty(&all)?).with_context(|| format!("cannot write {}", file.display()))
}

pub fn print(rows: &[Row]) {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["figure", "unit", "must", "stretch", "measured", "anchor", "beside"]);
    for row in rows {
        let measured = Cell::new(text(row.measured));
        let measured = match row.kept() {
            Some(true) => measured.fg(Color::Green),
            Some(false) => measured.fg(Color::Red),
            None => measured,
        };
        let plain = |text: &str| Cell::new(text);
        table.add_row([
            plain(&row.name),
            plain(&row.unit),
            plain(&text(row.must)),
            plain(&text(row.stretch)),
            measured,
            plain(&text(row.anchor)),
            plain(&row.beside),
        ]);
    }
    println!("{table}");
}

/// Whole numbers whole, small ones with as many digits as tell something.
pub fn text(number: Option<f64>) -> String {
    match number {
        None => String::new(),
        Some(number) if number.fract() == 0.0 || number.abs() >= 1000.0 => format!("{number:.0}"),
        Some(number) if number.abs() >= 10.0 => format!("{number:.1}"),
        Some(number) => format!("{number:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_side_is_the_one_of_the_stretch() {
        let row = |measured, stretch| Row::new("x", "1/s", measured).judged(10.0, Some(stretch)).kept();
        assert_eq!([row(11.0, 20.0), row(9.0, 20.0), row(9.0, 5.0), row(11.0, 5.0)], [Some(true), Some(false), Some(true), Some(false)]);
    }

    #[test]
    fn rows_of_other_parts_stay_when_only_some_were_measured() {
        let file = std::env::temp_dir().join(format!("cleargate-rows-{}.json", std::process::id()));
        let row = |name: &str, measured| Row::new(name, "ms", measured);
        write(&file, &[row("a", 1.0), row("b", f64::NAN)], false).unwrap();
        write(&file, &[row("a", 2.0)], true).unwrap();
        let read = read(&file).unwrap();
        assert_eq!(read.iter().map(|r| (r.name.as_str(), r.measured)).collect::<Vec<_>>(), [("a", Some(2.0)), ("b", None)]);
        std::fs::remove_file(&file).unwrap();
    }
}
