//! Named lists with their versions, and which of them is in force when.
use std::{collections::BTreeSet, sync::Arc};

use values::Day;

use super::{document::ListDocument, fault::RuleFault, overlaps, reader::Reader};
use crate::criteria::{List, ListKind, Lists, TextSet};

/// All versions of all lists.
#[derive(Debug, Clone, Default)]
pub struct Versions(Vec<Version>);

#[derive(Debug, Clone)]
struct Version {
    name: String,
    from: Day,
    to: Day,
    list: Arc<List>,
}

impl Versions {
    pub fn read(documents: &[ListDocument], faults: &mut Vec<RuleFault>) -> Self {
        let read: Vec<Option<Version>> = documents.iter().map(|d| version(d, faults)).collect();
        overlaps(documents.iter().zip(&read).map(|(d, v)| (d.name.as_str(), d.version, v.as_ref().map(|v| (v.from, v.to)))), faults);
        Self(read.into_iter().flatten().collect())
    }

    /// The lists in force on a day.
    pub fn on(&self, day: Day) -> Lists {
        let mut lists = Lists::default();
        for version in self.0.iter().filter(|v| (v.from..=v.to).contains(&day)) {
            lists.share(&version.name, Arc::clone(&version.list));
        }
        lists
    }

    /// Cuts a span at the days on which some list that the text may name changes, so that one set of lists is in force throughout each part.
    pub fn parts(&self, from: Day, to: Day, text: &str) -> Vec<(Day, Day)> {
        let named = self.0.iter().filter(|v| text.contains(&v.name));
        let begins = named.flat_map(|v| [Some(v.from), v.to.succ_opt()]).flatten().filter(|day| from < *day && *day <= to);
        let begins: Vec<Day> = begins.chain([from]).collect::<BTreeSet<_>>().into_iter().collect();
        let ends = begins.iter().skip(1).filter_map(Day::pred_opt).chain([to]);
        begins.iter().copied().zip(ends).collect()
    }
}

/// More entries than any list of law has.
const MOST_ENTRIES: usize = 100_000;

fn version(document: &ListDocument, faults: &mut Vec<RuleFault>) -> Option<Version> {
    let mut reader = Reader::new(&document.name, faults);
    let plain =
        !document.name.is_empty() && document.name.len() <= 60 && document.name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    reader.demand(plain, "name", || "expected up to 60 of a-z, 0-9 and _".to_owned());
    reader.demand(document.version > 0, "version", || "counts from 1".to_owned());
    let kind = match document.kind.as_str() {
        "commodity" => Some(ListKind::Commodity),
        "text" => Some(ListKind::Text),
        _ => None,
    };
    reader.demand(kind.is_some(), "kind", || "expected commodity or text".to_owned());
    let span = reader.span(&document.valid_from, &document.valid_to);
    reader.demand(!document.entries.is_empty(), "entries", || "the list is empty".to_owned());
    reader.demand(document.entries.len() <= MOST_ENTRIES, "entries", || format!("more than {MOST_ENTRIES} entries"));
    let mut seen = BTreeSet::new();
    for entry in &document.entries {
        reader.demand(seen.insert(entry), "entries", || format!("\"{entry}\" is there twice"));
        match kind {
            Some(ListKind::Commodity) => {
                let code = (2..=12).contains(&entry.len()) && entry.bytes().all(|b| b.is_ascii_digit());
                reader.demand(code, "entries", || format!("\"{entry}\": expected 2 to 12 digits of a commodity code"));
            }
            _ => reader.demand(!entry.trim().is_empty(), "entries", || "an entry is empty".to_owned()),
        }
    }
    let ((from, to), kind) = (span?, kind?);
    Some(Version { name: document.name.clone(), from, to, list: Arc::new(List { kind, entries: TextSet::new(&document.entries) }) })
}
