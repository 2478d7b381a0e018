//! A picture of the pair monitor: every pair's files observed against those expected, with the line from which a pair is an alarm.
#![expect(clippy::float_arithmetic, reason = "a drawing, not a decision")]
use std::collections::BTreeSet;

use plotters::prelude::*;
use risk_domain::monitor::{Kind, Point, Report, upper_tail};

/// Width and height in pixels.
const SIZE: (u32, u32) = (900, 640);

/// An SVG of 900 by 640 pixels, both axes logarithmic; empty if there is nothing to draw. The same report gives the same bytes.
///
/// Points of no interest that fall on the same three pixels are drawn once. The alarm line is drawn for files whose chances all
/// are the average one, at the greatest p-value of an alarm or, without any, at the level divided by all tests.
pub fn pairs_svg(report: &Report) -> String {
    let mut svg = String::new();
    if report.points.is_empty() || draw(report, &mut svg).is_err() {
        return String::new();
    }
    svg
}

fn draw(report: &Report, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let most = report.points.iter().map(|p| p.observed.max(p.expected)).fold(10.0, f64::max) * 1.3;
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let title = format!("{} files, {} pairs tested, {} alarms", report.files, report.tested.all(), report.alarms.len());
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d((LEAST..most).log_scale(), (LEAST..most).log_scale())?;
    chart.configure_mesh().x_desc("files expected from the draws").y_desc("files observed").draw()?;
    chart.draw_series(LineSeries::new([(LEAST, LEAST), (most, most)], BLACK.mix(0.4)))?;
    chart.draw_series(LineSeries::new(alarm_line(report, most), RED.stroke_width(2)))?.label("alarm").legend(|at| Circle::new(at, 3, RED.filled()));
    for (kind, colour, label) in [(Kind::Declarant, BLUE, "declarant"), (Kind::Trader, GREEN, "trader"), (Kind::Hour, MAGENTA, "hour")] {
        let calm = thinned(report.points.iter().filter(|p| p.kind == kind && !p.alarm), most);
        chart
            .draw_series(calm.into_iter().map(|at| Circle::new(at, 2, colour.mix(0.35).filled())))?
            .label(label)
            .legend(move |at| Circle::new(at, 3, colour.filled()));
    }
    chart.draw_series(report.points.iter().filter(|p| p.alarm).map(|p| Circle::new(place(p), 5, RED.filled())))?;
    chart.configure_series_labels().position(SeriesLabelPosition::UpperLeft).border_style(BLACK).background_style(WHITE).draw()?;
    root.present()?;
    Ok(())
}

/// Smallest number on the axes: less is drawn there.
const LEAST: f64 = 0.5;

fn place(point: &Point) -> (f64, f64) {
    (point.expected.max(LEAST), point.observed.max(LEAST))
}

/// One of all points in a cell of about three pixels.
fn thinned<'a>(points: impl Iterator<Item = &'a Point>, most: f64) -> Vec<(f64, f64)> {
    let cell = |x: f64| ((x / LEAST).ln() / (most / LEAST).ln() * 270.0) as u32;
    let mut taken = BTreeSet::new();
    points.map(place).filter(|(x, y)| taken.insert((cell(*x), cell(*y)))).collect()
}

/// The least number of files that is an alarm, by files expected.
fn alarm_line(report: &Report, most: f64) -> Vec<(f64, f64)> {
    let greatest = report.alarms.iter().filter(|a| a.kind <= Kind::Hour).map(|a| a.p_value).fold(0.0, f64::max);
    let none = report.settings.level / (report.tested.all().max(1) as f64);
    let cut = if greatest > 0.0 { greatest } else { none };
    let sum = |of: fn(&Point) -> f64| report.points.iter().map(of).sum::<f64>();
    let chance = sum(|p| p.expected) / sum(|p| f64::from(p.files)).max(1.0);
    let step = (most / LEAST).ln() / 40.0;
    let expected = (0..=40).map(|i| LEAST * (step * f64::from(i)).exp()).filter(|x| *x <= most / 1.3);
    expected.map(|x| (x, least_alarm(x, chance, cut))).filter(|(_, y)| *y <= most).collect()
}

/// By halving: the tail falls as the number rises.
fn least_alarm(expected: f64, chance: f64, cut: f64) -> f64 {
    let trials = (expected / chance.clamp(0.01, 1.0)).ceil().max(20.0);
    let tail = |least: u32| upper_tail(&[(expected / trials, trials as u32)], least);
    let (mut low, mut high) = (0_u32, (expected * 3.0 + 60.0) as u32);
    while high - low > 1 {
        let middle = u32::midpoint(low, high);
        if tail(middle) <= cut { high = middle } else { low = middle }
    }
    f64::from(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pairs::steered_year;

    #[test]
    fn a_steered_year_is_drawn_with_its_alarms_and_stays_small() {
        let report = steered_year(1_001, 500);
        let svg = pairs_svg(&report);
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        let alarms = report.points.iter().filter(|p| p.alarm).count();
        assert!(alarms > 0 && svg.matches("r=\"5\"").count() == alarms && svg.len() < 2_000_000, "{alarms} {}", svg.len());
        assert_eq!(svg, pairs_svg(&report));
    }

    #[test]
    fn a_report_of_nothing_has_no_picture() {
        assert_eq!(pairs_svg(&risk_domain::monitor::examine(&[], &risk_domain::monitor::Settings::default())), "");
    }
}
