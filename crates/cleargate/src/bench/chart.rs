//! A picture of the bench: each figure and its stretch as shares of its must.
#![expect(clippy::float_arithmetic, reason = "a drawing, not a decision")]
use std::{error::Error, path::Path};

use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;

use super::rows::{self, Row};

const WIDTH: u32 = 1_100;
/// Pixels of one row, and of names beside the bars.
const ROW: u32 = 26;
const NAMES: u32 = 540;
/// A bar beyond this share of its must is cut, with its number beside it.
const MOST: f64 = 3.0;

/// A row that can be drawn: name, stretch and measured over must, and whether more is better.
struct Bar {
    name: String,
    stretch: f64,
    measured: f64,
    more_is_better: bool,
}

impl Bar {
    fn of(row: &Row) -> Option<Self> {
        let (must, stretch, measured) = (row.must.filter(|must| *must > 0.0)?, row.stretch?, row.measured?);
        let sign = if stretch > must { "≥" } else { "≤" };
        let name = format!("{} ({sign} {} {})", row.name, rows::text(Some(must)), row.unit);
        Some(Self { name, stretch: stretch / must, measured: measured / must, more_is_better: stretch > must })
    }

    fn is_kept(&self) -> bool {
        if self.more_is_better { self.measured >= 1.0 } else { self.measured <= 1.0 }
    }
}

/// Draws `bench.json` into an SVG file. The same rows give the same bytes.
pub fn draw(json: &Path, svg: &Path) -> Result<()> {
    let bars: Vec<Bar> = rows::read(json)?.iter().filter_map(Bar::of).collect();
    let mut text = String::new();
    paint(&bars, &mut text).map_err(|error| anyhow!("the chart cannot be drawn: {error}"))?;
    std::fs::write(svg, text).with_context(|| format!("cannot write {}", svg.display()))
}

fn paint(bars: &[Bar], svg: &mut String) -> Result<(), Box<dyn Error>> {
    let count = u32::try_from(bars.len())?;
    let root = SVGBackend::with_string(svg, (WIDTH, 100 + ROW * count.max(1))).into_drawing_area();
    root.fill(&WHITE)?;
    let (head, body) = root.split_vertically(56);
    let style = |size: u32| ("sans-serif", size).into_font();
    head.draw(&Text::new("Measured as share of what it must be; green keeps it, red does not", (12, 8), style(18)))?;
    head.draw(&Text::new("Grey line: must. Blue mark: stretch. ≥: more is better. ≤: less is better.", (12, 32), style(14)))?;
    let mut chart = ChartBuilder::on(&body)
        .margin_right(60)
        .x_label_area_size(32)
        .y_label_area_size(NAMES)
        .build_cartesian_2d(0.0..MOST, 0.0..f64::from(count.max(1)))?;
    chart.configure_mesh().disable_y_mesh().disable_y_axis().x_labels(7).x_label_formatter(&|share| format!("{share:.1}")).draw()?;
    for (place, bar) in bars.iter().rev().enumerate() {
        let low = place as f64;
        let colour = if bar.is_kept() { RGBColor(46, 139, 87) } else { RGBColor(200, 50, 50) };
        let end = bar.measured.min(MOST);
        chart.draw_series([Rectangle::new([(0.0, low + 0.2), (end, low + 0.8)], colour.mix(0.75).filled())])?;
        let stretch = bar.stretch.min(MOST);
        chart.draw_series([PathElement::new([(stretch, low + 0.1), (stretch, low + 0.9)], BLUE.stroke_width(3))])?;
        let middle = low + 0.75;
        chart.draw_series([Text::new(format!("{:.2}", bar.measured), (end + 0.02, middle), style(13))])?;
        // Names stand left of the axis, where the mesh has no labels of its own.
        let (_, y) = chart.backend_coord(&(0.0, middle));
        root.draw(&Text::new(bar.name.clone(), (8, y), style(13)))?;
    }
    chart.draw_series([PathElement::new([(1.0, 0.0), (1.0, f64::from(count.max(1)))], BLACK.mix(0.5).stroke_width(2))])?;
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_a_bar_for_each_row_with_a_must_and_the_same_bytes_twice() {
        let rows = [
            Row::new("declarations/s", "1/s", 7_000.0).judged(6_000.0, Some(8_500.0)),
            Row::new("p99", "ms", 900.0).judged(200.0, Some(50.0)),
            Row::new("beside", "", 1.0),
        ];
        let bars: Vec<Bar> = rows.iter().filter_map(Bar::of).collect();
        assert_eq!(bars.iter().map(Bar::is_kept).collect::<Vec<_>>(), [true, false]);
        let painted = || {
            let mut svg = String::new();
            paint(&bars, &mut svg).unwrap();
            svg
        };
        assert!(painted().contains("declarations/s (≥ 6000 1/s)") && painted() == painted());
    }
}
