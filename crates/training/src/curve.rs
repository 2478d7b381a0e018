//! Curves as SVG: how a score orders rows and whether its probabilities come true.
use plotters::prelude::*;

/// A picture of a model card.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Curve {
    /// File name without its ending.
    pub name: String,
    /// The picture, an SVG document.
    pub svg: String,
}

/// Points of one line and what it is called.
pub type Line<'l> = (String, &'l [(f64, f64)]);

/// Draws lines in the unit square, `[x, y]` naming its axes; `diagonal` is what chance or perfect calibration would give.
pub fn draw(name: &str, title: &str, axes: [&str; 2], lines: &[Line<'_>], diagonal: bool) -> Curve {
    let mut svg = String::new();
    // Drawing into a string fails on bad geometry only; a curve that cannot be drawn is left out of the picture, not of the card.
    let drawn = onto(&mut svg, title, axes, lines, diagonal);
    Curve { name: name.to_owned(), svg: if drawn.is_some() { svg } else { String::new() } }
}

fn onto(svg: &mut String, title: &str, axes: [&str; 2], lines: &[Line<'_>], diagonal: bool) -> Option<()> {
    let area = SVGBackend::with_string(svg, (640, 480)).into_drawing_area();
    area.fill(&WHITE).ok()?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)
        .ok()?;
    chart.configure_mesh().x_desc(axes[0]).y_desc(axes[1]).label_style(("sans-serif", 16)).light_line_style(WHITE).draw().ok()?;
    if diagonal {
        chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], BLACK.mix(0.3))).ok()?;
    }
    for (number, (label, points)) in lines.iter().enumerate() {
        let style = Palette99::pick(number).stroke_width(2);
        let series = chart.draw_series(LineSeries::new(points.iter().copied(), style)).ok()?;
        series.label(label).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .label_font(("sans-serif", 16))
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()
        .ok()?;
    area.present().ok()
}
