//! Hit rates of profiles with their intervals beside the random stratum, as SVG.
#![expect(clippy::float_arithmetic, reason = "a picture, not a decision")]
use plotters::prelude::*;
use risk_domain::outcomes::{Rate, Report, Verdict};

/// Pixels of one profile's row.
const ROW: u32 = 22;

/// Draws the report; profiles with too few examinations have no rate and are left out.
///
/// # Errors
/// What the drawing library cannot draw.
pub fn svg(report: &Report) -> Result<String, String> {
    let mut rows: Vec<(String, Rate, RGBColor)> = report
        .profiles
        .iter()
        .filter_map(|p| Some((format!("{} v{}  n={}", p.id, p.version, p.record.examinations), p.record.rate?, colour(p.record.verdict))))
        .collect();
    rows.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
    rows.extend(report.model.rate.map(|rate| (format!("model  n={}", report.model.examinations), rate, colour(report.model.verdict))));
    let random = report.random.rate;
    rows.extend(random.map(|rate| (format!("random  n={}", report.random.concluded), rate, BLACK)));
    let height = 90 + ROW * u32::try_from(rows.len()).unwrap_or(u32::MAX / ROW / 2);
    let mut out = String::new();
    draw(&rows, random, SVGBackend::with_string(&mut out, (900, height))).map_err(|e| e.to_string())?;
    Ok(out)
}

/// Blue finds more than chance, red less, grey cannot be told apart.
fn colour(verdict: Verdict) -> RGBColor {
    match verdict {
        Verdict::Better => RGBColor(31, 119, 180),
        Verdict::Worse => RGBColor(214, 39, 40),
        Verdict::NoDifference | Verdict::TooFew | Verdict::NoStratum => RGBColor(127, 127, 127),
    }
}

fn draw<B: DrawingBackend>(rows: &[(String, Rate, RGBColor)], random: Option<Rate>, backend: B) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let root = backend.into_drawing_area();
    root.fill(&WHITE)?;
    let count = i32::try_from(rows.len()).unwrap_or(i32::MAX).max(1);
    let most = rows.iter().map(|r| r.1.high).fold(0.01, f64::max);
    let mut chart = ChartBuilder::on(&root)
        .caption("Hit rate with 95 % interval, beside the random stratum", ("sans-serif", 22))
        .margin(10)
        .x_label_area_size(36)
        .y_label_area_size(210)
        .build_cartesian_2d(0.0..most * 1.05, (0..count).into_segmented())?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(rows.len() + 1)
        .label_style(("sans-serif", 15))
        .x_desc("found / examinations")
        .x_label_formatter(&|x| format!("{:.1} %", x * 100.0))
        .y_label_formatter(&|y| match y {
            SegmentValue::CenterOf(i) | SegmentValue::Exact(i) => label(rows, *i),
            SegmentValue::Last => String::new(),
        })
        .draw()?;
    if let Some(rate) = random {
        let corners = [(rate.low, SegmentValue::Exact(0)), (rate.high, SegmentValue::Last)];
        chart.draw_series([Rectangle::new(corners, BLACK.mix(0.08).filled())])?;
    }
    for (i, (_, rate, colour)) in (0..count).zip(rows) {
        let at = |x: f64| (x, SegmentValue::CenterOf(i));
        chart.draw_series([PathElement::new(vec![at(rate.low), at(rate.high)], colour.stroke_width(2))])?;
        chart.draw_series([Circle::new(at(rate.value), 4, colour.filled())])?;
    }
    root.present()?;
    Ok(())
}

fn label(rows: &[(String, Rate, RGBColor)], index: i32) -> String {
    usize::try_from(index).ok().and_then(|i| rows.get(i)).map(|r| r.0.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use risk_domain::outcomes::{Outcome, report};
    use values::{Day, Lane};

    #[test]
    fn every_profile_with_a_rate_has_a_row_and_the_stratum_a_band() {
        let day = Day::from_ymd_opt(2026, 11, 25).unwrap();
        let outcome = |n: u32, id: &str| Outcome {
            profiles: if id.is_empty() { vec![] } else { vec![(id.to_owned(), 1)] },
            by: String::new(),
            random: id.is_empty(),
            random_propensity: 30_000,
            propensity: 1_000_000,
            score: 0,
            lane: Lane::Red,
            found: Some(n.is_multiple_of(10)),
            revenue_vnd: 0,
            day,
        };
        let rows = |count: u32, id: &'static str| (0..count).map(move |n| outcome(n, id));
        let outcomes: Vec<Outcome> = rows(200, "P1").chain(rows(50, "P2")).chain(rows(10, "FEW")).chain(rows(300, "")).collect();
        let svg = svg(&report(&outcomes, None, day)).unwrap();
        for text in ["P1 v1", "P2 v1", "random  n=300"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(!svg.contains("FEW") && svg.matches("<circle").count() == 3);
        let empty = super::svg(&report(&[], None, day)).unwrap();
        assert!(empty.starts_with("<svg"));
    }
}
