//! Reports between their domain form and the wire.
use contracts::reporting as wire;
use platform::{Failure, Instant, serving::Refusal};
use prost::Message;
use reporting_domain::{Cell, Figure, Report, Scope, State, csv};
use values::Day;

/// Figures as a report version keeps them.
pub fn encode(figures: &[Figure]) -> Vec<u8> {
    wire::Report { figures: to_wire(figures), ..Default::default() }.encode_to_vec()
}

/// Figures of a kept version.
pub fn decode(bytes: &[u8]) -> Result<Vec<Figure>, Failure> {
    let kept = wire::Report::decode(bytes).map_err(|error| Failure::Deterministic(error.to_string()))?;
    let figure = |figure: wire::Figure| {
        let cell = Cell::parse(&figure.cell).map_err(|error| Failure::Deterministic(error.to_string()))?;
        Ok(Figure { unit: cell.unit(), cell, value: figure.value })
    };
    kept.figures.into_iter().map(figure).collect()
}

fn to_wire(figures: &[Figure]) -> Vec<wire::Figure> {
    figures.iter().map(|f| wire::Figure { cell: f.cell.to_string(), unit: f.unit.to_string(), value: f.value }).collect()
}

/// A report as callers get it.
pub fn shown(report: &Report, figures: &[Figure], correction_due: bool, with_csv: bool) -> Result<wire::Report, Refusal> {
    let csv = if with_csv {
        csv(report, figures).map_err(|error| {
            tracing::error!(%error, "export");
            Refusal::Internal
        })?
    } else {
        String::new()
    };
    Ok(wire::Report {
        scope: report.scope.to_string(),
        day: report.day.to_string(),
        version: report.version,
        state: report.state.as_str().to_owned(),
        figures: to_wire(figures),
        digest: if report.state == State::Open { Vec::new() } else { report.digest.to_vec() },
        correction_due,
        reason: report.reason.clone(),
        closed_by: report.closed_by.clone(),
        signed_by: report.signed_by.clone(),
        closed_at: report.closed_at.map(timestamp),
        signed_at: report.signed_at.map(timestamp),
        csv,
    })
}

/// A moment on the wire.
pub fn timestamp(at: Instant) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp { seconds: at.timestamp(), nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0) }
}

/// The scope that a caller names: an office, or all of them as '', `all` or the sub-department's own name.
pub fn scope(text: &str, sub_department: &str) -> Result<Scope, Refusal> {
    if text == sub_department {
        return Ok(Scope::SubDepartment);
    }
    Scope::parse(text).map_err(|error| wrong("/scope", &error.to_string()))
}

/// A day as YYYY-MM-DD.
pub fn day(field: &str, text: &str) -> Result<Day, Refusal> {
    text.parse().map_err(|_| wrong(field, "expected a day as YYYY-MM-DD"))
}

/// A field that cannot be read.
pub fn wrong(field: &str, text_en: &str) -> Refusal {
    Refusal::invalid(field, "MALFORMED", "giá trị không hợp lệ", text_en)
}
