//! Reading a profile set from TOML: everything wrong with it is said at once.
use std::collections::BTreeSet;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use values::{Day, Decimal, Direction, Lane};

use crate::{
    code::Form,
    condition::{NUMBER_FACTS, NumberTest, Predicate, TEXT_FACTS, TextTest},
    profile::{Profile, ProfileFault, ProfileSet, RandomRates},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    default_cap: u32,
    random: Random,
    #[serde(default)]
    profile: Vec<Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Random {
    import: Rates,
    export: Rates,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rates {
    documents: String,
    scan: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: String,
    title_vi: String,
    title_en: String,
    #[serde(default)]
    direction: String,
    #[serde(default)]
    offices: Vec<String>,
    valid_from: String,
    valid_to: String,
    lane: String,
    #[serde(default)]
    form: Option<Form>,
    #[serde(default = "all")]
    share: String,
    weight: u32,
    ground: String,
    when: Vec<Clause>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clause {
    fact: String,
    op: String,
    #[serde(default)]
    value: Option<toml::Value>,
}

fn all() -> String {
    "100".to_owned()
}

/// One percent, in millionths.
const SCAN_CEILING: u32 = 10_000;

impl ProfileSet {
    /// Loads and validates; the digest covers the text as it is.
    ///
    /// # Errors
    /// Every fault of every profile.
    pub fn load(text: &str) -> Result<Self, Vec<ProfileFault>> {
        let document: Document = toml::from_str(text).map_err(|e| vec![fault("", e.to_string())])?;
        let mut faults = Vec::new();
        let import = rates(&document.random.import, &mut faults);
        let export = rates(&document.random.export, &mut faults);
        let mut ids = BTreeSet::new();
        let mut profiles = Vec::with_capacity(document.profile.len());
        for raw in document.profile {
            if !ids.insert(raw.id.clone()) {
                faults.push(fault(&raw.id, "the id is used twice".to_owned()));
            }
            profiles.extend(profile(raw, &mut faults));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let digest = Sha256::digest(text.as_bytes()).into();
        Ok(Self { version: document.version, digest, profiles, import, export, default_cap: document.default_cap })
    }
}

fn fault(profile: &str, fault: String) -> ProfileFault {
    ProfileFault { profile: profile.to_owned(), fault }
}

/// Percent with up to 4 decimals → millionths.
fn millionths(text: &str) -> Option<u32> {
    let units = Decimal::<4>::parse(text).ok()?.units();
    u32::try_from(units).ok().filter(|n| *n <= 1_000_000)
}

fn rates(raw: &Rates, faults: &mut Vec<ProfileFault>) -> RandomRates {
    let mut rate = |text: &str, ceiling: u32, name: &str| match millionths(text) {
        Some(n) if n <= ceiling => n,
        _ => {
            faults.push(fault("", format!("random rate {name}: expected a percentage of at most {}", Decimal::<4>::from_units(i64::from(ceiling)))));
            0
        }
    };
    RandomRates { documents: rate(&raw.documents, 1_000_000, "documents"), scan: rate(&raw.scan, SCAN_CEILING, "scan") }
}

fn profile(raw: Raw, faults: &mut Vec<ProfileFault>) -> Option<Profile> {
    let mut complain = |what: String| faults.push(fault(&raw.id, what));
    let direction = match raw.direction.as_str() {
        "" | "both" => Some(None),
        text => Direction::parse(text).map(Some).map_err(|_| complain("direction: expected import, export or both".to_owned())).ok(),
    };
    let mut day = |text: &str, name: &str| text.parse::<Day>().map_err(|_| complain(format!("{name}: expected a day as YYYY-MM-DD"))).ok();
    let (from, to) = (day(&raw.valid_from, "valid_from"), day(&raw.valid_to, "valid_to"));
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        complain("valid_to is before valid_from".to_owned());
    }
    let lane = Lane::parse(&raw.lane).map_err(|e| complain(format!("lane: {e}"))).ok();
    let share = millionths(&raw.share);
    if share.is_none() {
        complain("share: expected a percentage of at most 100".to_owned());
    }
    if raw.weight > 1_000_000 {
        complain("weight: expected at most 1000000 millionths".to_owned());
    }
    if raw.when.is_empty() {
        complain("when: at least one clause is needed".to_owned());
    }
    let mut clauses = Vec::with_capacity(raw.when.len());
    for (index, clause) in raw.when.iter().enumerate() {
        match predicate(clause) {
            Ok(predicate) => clauses.push(predicate),
            Err(what) => complain(format!("clause {}: {what}", index + 1)),
        }
    }
    let lane = lane?;
    Some(Profile {
        direction: direction?,
        valid_from: from?,
        valid_to: to?,
        share: share?,
        form: raw.form.unwrap_or(Form::of(lane)),
        lane,
        id: raw.id,
        title_vi: raw.title_vi,
        title_en: raw.title_en,
        offices: raw.offices,
        weight: raw.weight,
        ground: raw.ground,
        clauses,
    })
}

fn predicate(clause: &Clause) -> Result<Predicate, String> {
    if let Some((_, fact)) = TEXT_FACTS.iter().find(|(name, _)| *name == clause.fact) {
        return text_test(clause).map(|test| Predicate::Text(*fact, test));
    }
    if let Some((_, fact)) = NUMBER_FACTS.iter().find(|(name, _)| *name == clause.fact) {
        return number_test(clause).map(|test| Predicate::Number(*fact, test));
    }
    Err(format!("{} is not a fact", clause.fact))
}

fn text_test(clause: &Clause) -> Result<TextTest, String> {
    let list = || texts(clause.value.as_ref()).ok_or_else(|| format!("{} {} wants a text or a list of texts", clause.fact, clause.op));
    match clause.op.as_str() {
        "eq" | "in" => Ok(TextTest::In(list()?)),
        "ne" | "not_in" => Ok(TextTest::NotIn(list()?)),
        "prefix" => Ok(TextTest::Prefix(list()?)),
        "absent" => Ok(TextTest::Absent),
        "present" => Ok(TextTest::Present),
        other => Err(format!("{other} is not a test of a text: eq, ne, in, not_in, prefix, absent, present are")),
    }
}

fn number_test(clause: &Clause) -> Result<NumberTest, String> {
    let number = || clause.value.as_ref().and_then(toml::Value::as_integer).ok_or_else(|| format!("{} {} wants an integer", clause.fact, clause.op));
    match clause.op.as_str() {
        "lt" => Ok(NumberTest::Lt(number()?)),
        "le" => Ok(NumberTest::Le(number()?)),
        "gt" => Ok(NumberTest::Gt(number()?)),
        "ge" => Ok(NumberTest::Ge(number()?)),
        "eq" => Ok(NumberTest::Eq(number()?)),
        "ne" => Ok(NumberTest::Ne(number()?)),
        "absent" => Ok(NumberTest::Absent),
        "present" => Ok(NumberTest::Present),
        other => Err(format!("{other} is not a test of a number: lt, le, gt, ge, eq, ne, absent, present are")),
    }
}

fn texts(value: Option<&toml::Value>) -> Option<Vec<String>> {
    match value? {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Array(list) => list.iter().map(|v| v.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_set_is_valid_and_has_at_least_twenty_profiles() {
        let set = ProfileSet::load(ProfileSet::STANDARD).unwrap();
        assert!(set.profiles.len() >= 20, "{}", set.profiles.len());
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let text = r#"
            version = 1
            default_cap = 40
            random = { import = { documents = "2", scan = "1.5" }, export = { documents = "101", scan = "0" } }
            [[profile]]
            id = "X"
            title_vi = ""
            title_en = ""
            direction = "sideways"
            valid_from = "2026-13-01"
            valid_to = "2027-01-01"
            lane = "blue"
            share = "250"
            weight = 2000000
            ground = ""
            when = [{ fact = "colour", op = "eq", value = "red" }, { fact = "value", op = "prefix", value = 3 }, { fact = "origin", op = "in", value = 7 }]
            [[profile]]
            id = "X"
            title_vi = ""
            title_en = ""
            valid_from = "2027-01-02"
            valid_to = "2027-01-01"
            lane = "red"
            weight = 1
            ground = ""
            when = []
        "#;
        let faults = ProfileSet::load(text).unwrap_err();
        let all = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        for part in [
            "scan",
            "documents",
            "sideways",
            "valid_from",
            "lane",
            "share",
            "weight",
            "colour",
            "prefix",
            "origin",
            "used twice",
            "at least one clause",
            "before valid_from",
        ] {
            let found = all.contains(part) || (part == "sideways" && all.contains("direction"));
            assert!(found, "{part} is missing in\n{all}");
        }
    }
}
