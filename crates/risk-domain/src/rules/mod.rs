//! Rules in force: profiles, lists, selectivity, ceilings, weights and thresholds, checked as one and named by one digest.

mod book;
mod diff;
mod document;
mod fault;
mod list;
mod profile;
mod reader;
mod selectivity;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use values::{Day, Digest, Direction};

pub use self::{
    diff::diff,
    document::{CeilingDocument, ListDocument, ModelDocument, ProfileDocument, RulesDocument, SelectivityDocument, WeightsDocument},
    fault::RuleFault,
    profile::{InForce, Profile},
    selectivity::Selectivity,
};
use self::{list::Versions, reader::Reader, selectivity::Ceiling};
use crate::{
    criteria::{Index, Scratch},
    facts::Facts,
};

/// Checked rules.
#[derive(Debug, Clone)]
pub struct Rules {
    /// SHA-256 of `json`.
    pub digest: Digest,
    /// Canonical JSON: [`RulesDocument::from_json`] of it builds rules with the same digest.
    pub json: String,
    pub version: u32,
    /// Ascending by id and version.
    pub profiles: Vec<Profile>,
    pub weights: WeightsDocument,
    pub model: ModelDocument,
    selectivity: Vec<Selectivity>,
    ceilings: Vec<Ceiling>,
    lists: Versions,
    index: Index,
    /// For each criterion of the index: its profile, and its place among the profile's criteria.
    places: Vec<(usize, usize)>,
}

impl Rules {
    /// Checks a document.
    ///
    /// # Errors
    /// Every fault of everything in it.
    pub fn build(document: RulesDocument) -> Result<Self, Vec<RuleFault>> {
        let document = document.sorted();
        let json = document.to_json();
        let mut faults = Vec::new();
        let lists = Versions::read(&document.lists, &mut faults);
        let profiles: Vec<Profile> = document.profiles.iter().filter_map(|p| profile::read(p, &lists, &mut faults)).collect();
        profile::versions(&document.profiles, &mut faults);
        let ceilings = selectivity::ceilings(&document.ceilings, &mut faults);
        let selectivity = selectivity::read(&document.selectivity, &ceilings, &mut faults);
        weights(&document.weights, &mut faults);
        model(&document.model, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let places: Vec<(usize, usize)> =
            profiles.iter().enumerate().flat_map(|(at, p)| (0..p.criteria.len()).map(move |which| (at, which))).collect();
        let index = Index::new(places.iter().map(|(at, which)| &profiles[*at].criteria[*which].criterion).enumerate());
        Ok(Self {
            digest: Sha256::digest(json.as_bytes()).into(),
            json,
            version: document.version,
            profiles,
            weights: document.weights,
            model: document.model,
            selectivity,
            ceilings,
            lists,
            index,
            places,
        })
    }

    /// The rules that are shipped for Region IX.
    ///
    /// # Errors
    /// None: a test builds them.
    pub fn standard() -> Result<Self, Vec<RuleFault>> {
        Self::build(RulesDocument::standard().map_err(|fault| vec![fault])?)
    }

    /// Reads rules from TOML, or from JSON when the text begins with a brace, and checks them.
    ///
    /// # Errors
    /// Every fault.
    pub fn load(text: &str) -> Result<Self, Vec<RuleFault>> {
        let document = if text.trim_start().starts_with('{') { RulesDocument::from_json(text) } else { RulesDocument::from_toml(text) };
        Self::build(document.map_err(|fault| vec![fault])?)
    }

    /// Profiles that hold on a day for the office and direction of the facts: places in `profiles` with the first matching line (0: the
    /// declaration as a whole), ascending.
    pub fn matches<'s>(&self, facts: &Facts, day: Day, scratch: &'s mut Scratch) -> &'s [(usize, u32)] {
        self.index.matches_where(facts, scratch, |place| {
            let (at, which) = self.places[place];
            let profile = &self.profiles[at];
            profile.applies(facts, day) && profile.criteria[which].covers(day)
        });
        let found = scratch.found_mut();
        found.iter_mut().for_each(|(place, _)| *place = self.places[*place].0);
        found
    }

    /// Settings for an office and a direction on a day: those of the office before those of all, those of the direction before those of both;
    /// nothing at all where there are none.
    pub fn selectivity(&self, office: &str, direction: Direction, day: Day) -> &Selectivity {
        selectivity::choose(&self.selectivity, office, direction, day)
    }

    /// Most that may be scanned at random on a day, in millionths.
    pub fn ceiling_scan(&self, day: Day) -> u32 {
        selectivity::scan(&self.ceilings, day)
    }

    /// Whether a text is in a named list on a day; `None` when there is no such list in force.
    pub fn in_list(&self, name: &str, text: &str, day: Day) -> Option<bool> {
        self.lists.on(day).get(name).map(|list| list.holds(text))
    }

    /// The version of a profile that is valid on a day.
    pub fn profile(&self, id: &str, day: Day) -> Option<&Profile> {
        self.profiles.iter().find(|p| p.id == id && (p.valid_from..=p.valid_to).contains(&day))
    }

    /// Faults of one profile, as TOML, beside the lists of these rules.
    pub fn lint(&self, text: &str) -> Vec<RuleFault> {
        match ProfileDocument::from_toml(text) {
            Ok(document) => self.check(&document),
            Err(fault) => vec![fault],
        }
    }

    /// Faults of one profile beside the lists of these rules.
    pub fn check(&self, document: &ProfileDocument) -> Vec<RuleFault> {
        let mut faults = Vec::new();
        let _ = profile::read(document, &self.lists, &mut faults);
        faults
    }
}

/// Two rule sets are the same when their canonical texts are.
impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Rules {}

/// Highest number of points for one thing: sums over a month stay far below 32 bits.
const MOST_POINTS: u32 = 10_000;

fn weights(weights: &WeightsDocument, faults: &mut Vec<RuleFault>) {
    let mut reader = Reader::new("weights", faults);
    for (field, points) in [
        ("declaration", weights.declaration),
        ("line", weights.line),
        ("documents", weights.documents),
        ("scanner", weights.scanner),
        ("direct", weights.direct),
        ("laboratory", weights.laboratory),
    ] {
        reader.demand(points <= MOST_POINTS, field, || format!("at most {MOST_POINTS} points"));
    }
    reader.demand(weights.declaration + weights.line > 0, "declaration", || {
        "declaration and line cannot both be 0: nobody would ever be the lighter".to_owned()
    });
    reader.demand(weights.default_cap > 0, "default_cap", || "at least 1 open file".to_owned());
}

fn model(model: &ModelDocument, faults: &mut Vec<RuleFault>) {
    let mut reader = Reader::new("model", faults);
    let hex = model.digest.len() == 64 && model.digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    reader.demand(model.digest.is_empty() || hex, "digest", || "64 lower-case hex digits, or nothing".to_owned());
    for (field, at) in [("yellow_at", model.yellow_at), ("red_at", model.red_at), ("critical_red_at", model.critical_red_at)] {
        reader.demand(at <= 1_000_000, field, || "at most 1000000 millionths".to_owned());
    }
    reader.demand(model.yellow_at <= model.red_at, "red_at", || "not below yellow_at".to_owned());
}

/// First and last day; `None` where they cannot be read.
type Span = Option<(Day, Day)>;

/// No version of one name twice, no two versions valid on one day.
fn overlaps<'d>(spans: impl Iterator<Item = (&'d str, u32, Span)>, faults: &mut Vec<RuleFault>) {
    let mut by_name: BTreeMap<&str, Vec<(u32, Span)>> = BTreeMap::new();
    for (name, version, span) in spans {
        let earlier = by_name.entry(name).or_default();
        if earlier.iter().any(|(v, _)| *v == version) {
            faults.push(RuleFault::new(name, "version", format!("version {version} is there twice")));
        } else if let Some((from, to)) = span
            && let Some((other, _)) = earlier.iter().find(|(_, s)| s.is_some_and(|(f, t)| f <= to && from <= t))
        {
            faults.push(RuleFault::new(name, "valid_from", format!("versions {other} and {version} are valid on the same days")));
        }
        earlier.push((version, span));
    }
}
