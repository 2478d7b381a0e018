//! How much is selected by chance and to keep a rate, and the bounds that the law sets.
use values::{Day, Direction, OfficeCode};

use super::{
    document::{CeilingDocument, SelectivityDocument},
    fault::RuleFault,
    reader::Reader,
};

/// Settings for an office and a direction; rates in millionths (Circular 81/2019/TT-BTC articles 19 and 22; ASYCUDA's selectivity).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selectivity {
    /// `None`: every office without settings of its own.
    pub office: Option<OfficeCode>,
    /// `None`: both.
    pub direction: Option<Direction>,
    pub valid_from: Day,
    /// Inclusive.
    pub valid_to: Day,
    pub random_documents: u32,
    pub random_scan: u32,
    pub expected_yellow: u32,
    pub expected_red: u32,
    /// The most likely that a single declaration is topped up.
    pub top_up_most: u32,
    pub explore_uncertain: u32,
    pub explore_random: u32,
}

/// Nothing is selected by chance where no settings are in force.
static NONE: Selectivity = Selectivity {
    office: None,
    direction: None,
    valid_from: Day::MIN,
    valid_to: Day::MAX,
    random_documents: 0,
    random_scan: 0,
    expected_yellow: 0,
    expected_red: 0,
    top_up_most: 0,
    explore_uncertain: 0,
    explore_random: 0,
};

/// A bound on the random scan.
#[derive(Debug, Clone)]
pub struct Ceiling {
    from: Day,
    to: Day,
    most: u32,
    ground: String,
}

impl Selectivity {
    fn specific(&self) -> (bool, bool) {
        (self.office.is_some(), self.direction.is_some())
    }

    fn covers(&self, day: Day) -> bool {
        self.valid_from <= day && day <= self.valid_to
    }
}

pub(super) fn choose<'s>(all: &'s [Selectivity], office: &str, direction: Direction, day: Day) -> &'s Selectivity {
    all.iter()
        .filter(|s| s.covers(day) && s.office.as_ref().is_none_or(|o| o.as_str() == office) && s.direction.is_none_or(|d| d == direction))
        .max_by_key(|s| s.specific())
        .unwrap_or(&NONE)
}

pub(super) fn scan(ceilings: &[Ceiling], day: Day) -> u32 {
    ceilings.iter().filter(|c| c.from <= day && day <= c.to).map(|c| c.most).min().unwrap_or(1_000_000)
}

pub(super) fn ceilings(documents: &[CeilingDocument], faults: &mut Vec<RuleFault>) -> Vec<Ceiling> {
    let mut read = |document: &CeilingDocument| {
        let mut reader = Reader::new(format!("ceiling {}", document.name), faults);
        reader.demand(document.name == "random_scan", "name", || "expected random_scan".to_owned());
        reader.text(&document.ground, "ground", 300);
        let (span, most) = (reader.span(&document.valid_from, &document.valid_to), reader.percent(&document.most, "most"));
        let ((from, to), most) = (span?, most?);
        Some(Ceiling { from, to, most, ground: document.ground.clone() })
    };
    documents.iter().filter_map(&mut read).collect()
}

pub(super) fn read(documents: &[SelectivityDocument], ceilings: &[Ceiling], faults: &mut Vec<RuleFault>) -> Vec<Selectivity> {
    let mut all: Vec<Selectivity> = Vec::with_capacity(documents.len());
    for document in documents {
        let name = |text: &'_ str, all: &'static str| if text.is_empty() { all.to_owned() } else { text.to_owned() };
        let subject = format!("selectivity {}/{}", name(&document.office, "all offices"), name(&document.direction, "both directions"));
        let mut reader = Reader::new(subject, faults);
        let Some(one) = one(document, &mut reader) else { continue };
        if all.iter().any(|o| o.office == one.office && o.direction == one.direction && o.valid_from <= one.valid_to && one.valid_from <= o.valid_to)
        {
            reader.complain("valid_from", "two settings for the same office and direction are valid on the same days");
        }
        for ceiling in ceilings.iter().filter(|c| c.from <= one.valid_to && one.valid_from <= c.to) {
            reader.demand(one.random_scan <= ceiling.most, "random_scan", || {
                format!("above the {} millionths of {} (from {} to {})", ceiling.most, ceiling.ground, ceiling.from, ceiling.to)
            });
        }
        all.push(one);
    }
    all
}

fn one(document: &SelectivityDocument, reader: &mut Reader<'_>) -> Option<Selectivity> {
    let office = if document.office.is_empty() { Some(None) } else { reader.office(&document.office, "office").map(Some) };
    let direction = reader.direction(&document.direction);
    let span = reader.span(&document.valid_from, &document.valid_to);
    let rates = [
        (&document.random_documents, "random_documents"),
        (&document.random_scan, "random_scan"),
        (&document.expected_yellow, "expected_yellow"),
        (&document.expected_red, "expected_red"),
        (&document.top_up_most, "top_up_most"),
        (&document.explore_uncertain, "explore_uncertain"),
        (&document.explore_random, "explore_random"),
    ]
    .map(|(text, field)| reader.percent(text, field));
    let [documents, scan, yellow, red, most, uncertain, random] = rates;
    let (valid_from, valid_to) = span?;
    let selectivity = Selectivity {
        office: office?,
        direction: direction?,
        valid_from,
        valid_to,
        random_documents: documents?,
        random_scan: scan?,
        expected_yellow: yellow?,
        expected_red: red?,
        top_up_most: most?,
        explore_uncertain: uncertain?,
        explore_random: random?,
    };
    reader.demand(selectivity.expected_yellow + selectivity.expected_red <= 1_000_000, "expected_red", || {
        "expected_yellow and expected_red together exceed 100".to_owned()
    });
    Some(selectivity)
}
