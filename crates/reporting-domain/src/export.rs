//! A report as CSV that spreadsheets open with its Vietnamese letters intact.
use crate::{Figure, Report, Unit};

/// Spreadsheets take a file for UTF-8 only when it begins with this mark.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A row could not be written.
    #[error("a row of the report cannot be written: {0}")]
    Row(#[from] ::csv::Error),
    /// The rows could not be taken out as text.
    #[error("the report cannot be written: {0}")]
    Text(String),
}

/// One row per figure: scope, day, version, state, cell, its names, unit, the integer, and the number as people write it
/// (money with 4 decimals, shares in percent). Comma-separated, RFC 4180, UTF-8 with byte order mark.
pub fn csv(report: &Report, figures: &[Figure]) -> Result<String, ExportError> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(["scope", "day", "version", "state", "cell", "chỉ tiêu", "indicator", "unit", "value", "shown"])?;
    let (day, version) = (report.day.to_string(), report.version.to_string());
    for figure in figures {
        let label = figure.cell.label();
        let fields = [
            report.scope.as_str(),
            &day,
            &version,
            report.state.as_str(),
            &figure.cell.to_string(),
            &label.vi,
            &label.en,
            &figure.unit.to_string(),
            &figure.value.to_string(),
            &shown(figure),
        ];
        writer.write_record(fields)?;
    }
    let bytes = writer.into_inner().map_err(|error| ExportError::Text(error.to_string()))?;
    let rows = String::from_utf8(bytes).map_err(|error| ExportError::Text(error.to_string()))?;
    Ok(format!("{BYTE_ORDER_MARK}{rows}"))
}

fn shown(figure: &Figure) -> String {
    let decimals = |scale: usize| {
        let one = 10_u64.pow(u32::try_from(scale).unwrap_or(0));
        let sign = if figure.value < 0 { "-" } else { "" };
        let units = figure.value.unsigned_abs();
        format!("{sign}{}.{:0scale$}", units / one, units % one)
    };
    match figure.unit {
        Unit::Money(_) => decimals(4),
        Unit::PerMille => format!("{} %", decimals(1)),
        _ => figure.value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cell, Scope, Tally};
    use values::Day;

    #[test]
    fn a_spreadsheet_gets_every_figure_with_its_names() {
        let mut tally = Tally::new();
        for (cell, value) in [("value.USD", 12_345_678), ("assigned.automatic", 2), ("assigned.queued.CAP", 1), ("lodged.import.A11.red", 3)] {
            tally.add(Cell::parse(cell).unwrap(), value);
        }
        let figures = tally.finish();
        let report = Report::open(Scope::SubDepartment, Day::from_ymd_opt(2026, 7, 5).unwrap());
        let text = csv(&report, &figures).unwrap();
        let rows = text.strip_prefix(BYTE_ORDER_MARK).unwrap();
        assert!(rows.starts_with("scope,day,version,state,cell,chỉ tiêu,indicator,unit,value,shown\r\n"));
        assert!(rows.contains("all,2026-07-05,0,OPEN,value.USD,Trị giá khai báo bằng USD,Value declared in USD,10^-4 USD,12345678,1234.5678\r\n"));
        assert!(rows.contains("\"Tờ khai nhập khẩu loại hình A11, luồng đỏ\""));
        assert!(rows.contains("assigned.share,Tỷ lệ phân công tự động,Share assigned automatically,per mille,666,66.6 %\r\n"));
        assert_eq!(::csv::Reader::from_reader(rows.as_bytes()).records().filter(Result::is_ok).count(), figures.len());
    }
}
