//! Consistent days that never happened: for tests, benches and for anyone who writes a verifier.
//!
//! A sample drives the same pure core (`select`, `pick`, `Ledger`) in the way of the service, from a seed: the same parameters give the same bytes.
mod desk;
mod dice;
mod fields;
mod hands;
mod journal;
mod lodging;
mod office;
mod rules;
mod tamper;
mod world;

use std::io::{self, Write};

use values::{Day, Digest};

use crate::{
    format::{FACTS, FORMAT, Header, Kind, OfficeKey, TRACES, Witness},
    write::{JournalRow, Writer},
};

pub use dice::Dice;
pub use rules::{SampleDocuments, SampleModel, SampleRules};
pub use tamper::Deed;

/// How large a day, and from which seed.
#[derive(Debug, Clone)]
pub struct Sample {
    pub seed: u64,
    pub day: Day,
    pub offices: usize,
    pub officers: usize,
    /// First versions, in all offices together.
    pub declarations: usize,
    pub rules: SampleRules,
    pub model: Option<SampleModel>,
    /// Mixed into every key: (source, value).
    pub beacon: Option<(String, String)>,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            seed: 1,
            day: Day::from_ymd_opt(2026, 11, 24).unwrap_or_default(),
            offices: 3,
            officers: 12,
            declarations: 300,
            rules: SampleRules::default(),
            model: Some(SampleModel { seed: 7 }),
            beacon: Some(("drand".to_owned(), "5f".to_owned())),
        }
    }
}

/// The rows of a day and what is known beside them.
#[derive(Debug, Clone)]
pub struct SampleDay {
    pub day: Day,
    pub keys: Vec<OfficeKey>,
    pub witnesses: Vec<Witness>,
    pub rules: Vec<u8>,
    pub model: Option<Vec<u8>>,
    /// In the order of a file.
    pub rows: Vec<JournalRow>,
}

impl Sample {
    /// Makes the day.
    pub fn day(&self) -> SampleDay {
        let mut steps: Vec<journal::Step> = (0..self.offices).flat_map(|n| office::steps(self, n)).collect();
        steps.sort_by_key(|s| s.at);
        let rows = journal::rows(steps);
        let keys = (0..self.offices).map(|n| {
            let (beacon_source, beacon_value) = self.beacon.clone().unwrap_or_default();
            OfficeKey { office: office::name(n), key: hex::encode(office::key(self.seed, n)), beacon_source, beacon_value }
        });
        let (keys, witnesses) = (keys.collect(), journal::witnesses(&rows, self.day));
        let model = self.model.as_ref().map(SampleModel::document);
        SampleDay { day: self.day, keys, witnesses, rules: self.rules.document(), model, rows }
    }
}

impl SampleDay {
    /// The header of a file of one kind.
    pub fn header(&self, kind: Kind) -> Header {
        Header {
            format: FORMAT.to_owned(),
            kind,
            day: self.day.to_string(),
            made_at: "2026-11-25T00:00:00Z".to_owned(),
            topics: vec![FACTS.to_owned(), TRACES.to_owned()],
            keys: self.keys.clone(),
        }
    }

    /// Writes the file.
    pub fn write(&self, kind: Kind, out: impl Write) -> io::Result<()> {
        let mut writer = Writer::new(&self.header(kind), out)?;
        self.witnesses.iter().try_for_each(|w| writer.witness(w))?;
        writer.document("rules", &self.rules)?;
        self.model.iter().try_for_each(|m| writer.document("model", m))?;
        // Samples begin with the first rows of their journal.
        self.rows.iter().try_for_each(|row| writer.row(row, &Digest::default()))?;
        writer.finish().map(drop)
    }

    /// The file in memory.
    pub fn file(&self, kind: Kind) -> Vec<u8> {
        let mut file = Vec::new();
        // Memory takes every write.
        self.write(kind, &mut file).unwrap_or_default();
        file
    }
}
