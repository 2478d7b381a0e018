//! The file format of the Korea Customs Service's synthetic declarations, read and written.
//!
//! Survived: HS6 codes that lost their leading zero, mass 0, price 0, float noise behind the decimals (rounded to the field's scale), and both
//! readings of "Critical Fraud" (2 is critical; 1 is fraud that is not).
use std::collections::HashSet;
use std::io::{Read, Write};
use std::path::Path;

use risk_domain::model::Goods;
use serde::{Deserialize, Serialize};

use crate::{Fault, Faults, Row};

#[derive(Default, Serialize, Deserialize)]
struct Record {
    #[serde(rename = "Declaration ID")]
    id: String,
    #[serde(rename = "Date")]
    date: String,
    #[serde(rename = "Process Type", default)]
    process: String,
    #[serde(rename = "Import Type", default)]
    import_type: String,
    #[serde(rename = "Import Use", default)]
    import_use: String,
    #[serde(rename = "Mode of Transport", default)]
    transport: String,
    #[serde(rename = "HS6 Code")]
    hs6: String,
    #[serde(rename = "Country of Departure")]
    departure: String,
    #[serde(rename = "Country of Origin")]
    origin: String,
    #[serde(rename = "Tax Rate")]
    tax_rate: String,
    #[serde(rename = "Tax Type")]
    tax_type: String,
    #[serde(rename = "Net Mass")]
    net_mass: String,
    #[serde(rename = "Item Price")]
    price: String,
    #[serde(rename = "Fraud")]
    fraud: String,
    #[serde(rename = "Critical Fraud")]
    critical: String,
}

/// Reads a file of the data set; either all rows or every fault, each with its line.
pub fn read_kcs(path: &Path) -> Result<Vec<Row>, Faults> {
    let file = std::fs::File::open(path).map_err(|e| whole(format!("{}: {e}", path.display())))?;
    read_kcs_from(file)
}

/// The same from any source.
pub fn read_kcs_from(source: impl Read) -> Result<Vec<Row>, Faults> {
    let mut reader = csv::Reader::from_reader(source);
    let (mut rows, mut faults, mut ids) = (Vec::new(), Vec::new(), HashSet::new());
    let headers = reader.headers().map_err(|e| whole(e.to_string()))?.clone();
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            // A row of another length or encoding; the reader goes on behind it.
            Err(e) if !e.is_io_error() => {
                faults.push(Fault { line, what: e.to_string() });
                continue;
            }
            Err(e) => return Err(whole(e.to_string())),
        }
        let read = record.deserialize::<Record>(Some(&headers)).map_err(|e| e.to_string()).and_then(|record| row(&record));
        match read {
            Ok(row) if !ids.insert(row.id.clone()) => faults.push(Fault { line, what: format!("id {} was there before", row.id) }),
            Ok(row) => rows.push(row),
            Err(what) => faults.push(Fault { line, what }),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(Faults(faults)) }
}

/// Rows as the command line lodges them with `load --kcs`: Viet Nam's declarations know no Korean tax type or procedure, so all come under table
/// B01, procedure A11 and transport 9. A model that is to score such declarations must be trained on such rows.
pub fn as_lodged(mut rows: Vec<Row>) -> Vec<Row> {
    for Row { goods, .. } in &mut rows {
        (goods.tax_type, goods.procedure, goods.transport) = ("B01".to_owned(), "A11".to_owned(), "9".to_owned());
    }
    rows
}

/// Writes rows so that [`read_kcs`] gives them back; columns that no model reads are left out.
pub fn write_kcs(rows: &[Row], target: impl Write) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(target);
    for row in rows {
        writer.serialize(Record {
            id: row.id.clone(),
            date: row.day.to_string(),
            process: row.goods.procedure.clone(),
            transport: row.goods.transport.clone(),
            hs6: row.goods.hs.clone(),
            departure: row.goods.departure.clone(),
            origin: row.goods.origin.clone(),
            tax_rate: decimal(row.goods.tax_rate, 4),
            tax_type: row.goods.tax_type.clone(),
            net_mass: decimal(row.goods.net_mass_g, 3),
            price: decimal(row.goods.price, 4),
            fraud: u8::from(row.fraud).to_string(),
            critical: (u8::from(row.fraud) + u8::from(row.critical)).to_string(),
            ..Record::default()
        })?;
    }
    writer.flush()?;
    Ok(())
}

fn whole(what: String) -> Faults {
    Faults(vec![Fault { line: 0, what }])
}

fn row(record: &Record) -> Result<Row, String> {
    let expected = |field: &str, value: &str, what: &str| format!("{field} {value:?}: expected {what}");
    let number = |field, value: &str, scale| {
        scaled(value, scale).ok_or_else(|| expected(field, value, "a decimal number of at most 12 digits before the point"))
    };
    let country = |field, value: &str| match value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase()) {
        true => Ok(value.to_owned()),
        false => Err(expected(field, value, "two capital letters")),
    };
    let digits = (4..=12).contains(&record.hs6.len()) && record.hs6.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(expected("HS6 Code", &record.hs6, "4 to 12 digits"));
    }
    if record.id.is_empty() {
        return Err(expected("Declaration ID", "", "an id"));
    }
    let (fraud, critical) = match (record.fraud.as_str(), record.critical.as_str()) {
        ("0", "0") => (false, false),
        ("1", "0" | "1") => (true, false),
        ("1", "2") => (true, true),
        (fraud, critical) => return Err(expected("Fraud and Critical Fraud", &format!("{fraud} {critical}"), "0 and 0, 1 and 1, or 1 and 2")),
    };
    let procedure = [&record.process, &record.import_type, &record.import_use];
    Ok(Row {
        id: record.id.clone(),
        day: record.date.parse().map_err(|_| expected("Date", &record.date, "a day as YYYY-MM-DD"))?,
        goods: Goods {
            hs: format!("{:0>6}", record.hs6),
            departure: country("Country of Departure", &record.departure)?,
            origin: country("Country of Origin", &record.origin)?,
            tax_rate: number("Tax Rate", &record.tax_rate, 4)?,
            tax_type: record.tax_type.clone(),
            net_mass_g: number("Net Mass", &record.net_mass, 3)?,
            price: number("Item Price", &record.price, 4)?,
            procedure: procedure.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("-"),
            transport: record.transport.clone(),
        },
        fraud,
        critical,
    })
}

/// Digits with at most one point as an integer at a scale, rounded half up.
fn scaled(text: &str, scale: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || whole.len() > 12 {
        return None;
    }
    let kept = whole.bytes().chain(fraction.bytes().chain(std::iter::repeat(b'0')).take(scale));
    let units = kept.fold(0_i64, |units, digit| units * 10 + i64::from(digit - b'0'));
    let next = fraction.as_bytes().get(scale).is_some_and(|digit| *digit >= b'5');
    Some(units + i64::from(next))
}

fn decimal(units: i64, scale: u32) -> String {
    let unit = 10_i64.pow(scale);
    format!("{}.{:0width$}", units / unit, units % unit, width = scale as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "Declaration ID,Date,HS6 Code,Country of Departure,Country of Origin,Tax Rate,Tax Type,Net Mass,Item Price,Fraud,Critical Fraud\n";

    fn read(rows: &str) -> Result<Vec<Row>, Faults> {
        read_kcs_from(format!("{HEADER}{rows}").as_bytes())
    }

    #[test]
    fn oddities_of_the_data_survive() {
        let rows = read("1,2020-01-01,71410,LA,LA,8.0,A,0.0,6534.839999999997,1,2\n").unwrap();
        let goods = &rows[0].goods;
        assert_eq!((goods.hs.as_str(), goods.net_mass_g, goods.price, goods.tax_rate), ("071410", 0, 65_348_400, 80_000));
        assert!(rows[0].fraud && rows[0].critical);
    }

    #[test]
    fn every_bad_row_is_named_with_its_line() {
        let faults = read(
            "1,2020-01-01,714100,LA,LA,8.0,A,1.0,1.0,0,0\n2,2020-01-01,x,LA,LA,8.0,A,1,1,0,0\n3,never\n1,2020-01-01,714100,LA,LA,8.0,A,1,-1,0,1\n",
        );
        let Faults(faults) = faults.unwrap_err();
        assert_eq!(faults.iter().map(|f| f.line).collect::<Vec<_>>(), [3, 4, 5], "{faults:?}");
    }

    #[test]
    fn a_repeated_id_is_a_fault() {
        let row = "1,2020-01-01,714100,LA,LA,8.0,A,1.0,1.0,0,0\n";
        assert_eq!(read(&row.repeat(2)).unwrap_err().0[0].line, 3);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let rows = crate::generate(3, 200);
        let mut file = Vec::new();
        write_kcs(&rows, &mut file).unwrap();
        assert_eq!(read_kcs_from(file.as_slice()).unwrap(), rows);
    }
}
