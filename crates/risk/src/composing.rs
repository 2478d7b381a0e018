//! From single rules, each with a life of its own, to the one document that decides, and back.
use chrono::Days;
use platform::Failure;
use risk_domain::rules::{
    CeilingDocument, ListDocument, ModelDocument, ProfileDocument, RuleFault, RulesDocument, SelectivityDocument, WeightsDocument,
};
use serde::{Serialize, de::DeserializeOwned};
use values::Day;

use crate::store::RuleRow;

/// What can be saved.
pub const KINDS: [&str; 6] = ["profile", "list", "selectivity", "ceiling", "weights", "model"];

/// One rule of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub kind: &'static str,
    pub id: String,
    pub version: u32,
    /// JSON.
    pub document: String,
}

/// One rule in words.
#[derive(Debug, Clone)]
pub enum Rule {
    Profile(ProfileDocument),
    List(ListDocument),
    Selectivity(SelectivityDocument),
    Ceiling(CeilingDocument),
    Weights(WeightsDocument),
    Model(ModelDocument),
}

impl Rule {
    /// Reads a rule of a kind from TOML.
    pub fn from_toml(kind: &str, text: &str) -> Result<Self, String> {
        fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
            toml::from_str(text).map_err(|e: toml::de::Error| e.to_string())
        }
        match kind {
            "profile" => ProfileDocument::from_toml(text).map(Self::Profile).map_err(|e| e.to_string()),
            "list" => ListDocument::from_toml(text).map(Self::List).map_err(|e| e.to_string()),
            "selectivity" => read(text).map(Self::Selectivity),
            "ceiling" => read(text).map(Self::Ceiling),
            "weights" => read(text).map(Self::Weights),
            "model" => read(text).map(Self::Model),
            _ => Err(format!("expected a kind: {}", KINDS.join(", "))),
        }
    }

    fn from_row(row: &RuleRow) -> Result<Self, Failure> {
        fn read<T: DeserializeOwned>(row: &RuleRow) -> Result<T, Failure> {
            serde_json::from_str(&row.document).map_err(|e| Failure::Retry(format!("{} {} version {}: {e}", row.kind, row.id, row.version)))
        }
        match row.kind.as_str() {
            "profile" => read(row).map(Self::Profile),
            "list" => read(row).map(Self::List),
            "selectivity" => read(row).map(Self::Selectivity),
            "ceiling" => read(row).map(Self::Ceiling),
            "weights" => read(row).map(Self::Weights),
            "model" => read(row).map(Self::Model),
            other => Err(Failure::Retry(format!("{other} is not a kind of rule"))),
        }
    }

    /// What names it among its kind.
    pub fn id(&self) -> String {
        let any = |text: &str| if text.is_empty() { "all".to_owned() } else { text.to_owned() };
        match self {
            Self::Profile(profile) => profile.id.clone(),
            Self::List(list) => list.name.clone(),
            Self::Selectivity(s) => format!("{}/{}", any(&s.office), any(&s.direction)),
            Self::Ceiling(ceiling) => ceiling.name.clone(),
            Self::Weights(_) => "weights".to_owned(),
            Self::Model(_) => "model".to_owned(),
        }
    }

    /// As a draft with this version.
    pub fn draft(mut self, version: u32) -> Draft {
        fn json(value: &impl Serialize) -> String {
            // Texts and integers always serialise.
            serde_json::to_string(value).unwrap_or_default()
        }
        let id = self.id();
        let (kind, document) = match &mut self {
            Self::Profile(profile) => {
                profile.version = version;
                ("profile", json(profile))
            }
            Self::List(list) => {
                list.version = version;
                ("list", json(list))
            }
            Self::Selectivity(selectivity) => ("selectivity", json(selectivity)),
            Self::Ceiling(ceiling) => ("ceiling", json(ceiling)),
            Self::Weights(weights) => ("weights", json(weights)),
            Self::Model(model) => ("model", json(model)),
        };
        Draft { kind, id, version, document }
    }

    /// (valid from, valid to), where it has them.
    fn span(&mut self) -> Option<(&mut String, &mut String)> {
        match self {
            Self::Profile(p) => Some((&mut p.valid_from, &mut p.valid_to)),
            Self::List(l) => Some((&mut l.valid_from, &mut l.valid_to)),
            Self::Selectivity(s) => Some((&mut s.valid_from, &mut s.valid_to)),
            Self::Ceiling(c) => Some((&mut c.valid_from, &mut c.valid_to)),
            Self::Weights(_) | Self::Model(_) => None,
        }
    }
}

/// The document of what is approved: a newer version takes over on its first day.
pub fn compose(rows: &[RuleRow], revision: u32) -> Result<RulesDocument, Failure> {
    let mut document = RulesDocument { version: revision, ..RulesDocument::default() };
    for (at, row) in rows.iter().enumerate() {
        let newer = rows.get(at + 1).filter(|next| next.kind == row.kind && next.id == row.id);
        let mut rule = Rule::from_row(row)?;
        if let Some(newer) = newer {
            let mut newer = Rule::from_row(newer)?;
            if !cut(&mut rule, &mut newer) {
                continue;
            }
        }
        match rule {
            Rule::Profile(profile) => document.profiles.push(profile),
            Rule::List(list) => document.lists.push(list),
            Rule::Selectivity(selectivity) => document.selectivity.push(selectivity),
            Rule::Ceiling(ceiling) => document.ceilings.push(ceiling),
            Rule::Weights(weights) => document.weights = weights,
            Rule::Model(model) => document.model = model,
        }
    }
    Ok(document)
}

/// Ends a rule on the day before the newer one begins; false when nothing is left of it.
fn cut(rule: &mut Rule, newer: &mut Rule) -> bool {
    let (Some((from, to)), Some((next, _))) = (rule.span(), newer.span()) else { return false };
    let (Ok(first), Ok(last), Ok(next)) = (from.parse::<Day>(), to.parse::<Day>(), next.parse::<Day>()) else { return false };
    let Some(before) = next.checked_sub_days(Days::new(1)) else { return false };
    *to = last.min(before).to_string();
    first <= before
}

/// The rules of a document, one by one.
pub fn drafts(document: &RulesDocument) -> Vec<Draft> {
    let document = document.clone();
    let profiles = document.profiles.into_iter().map(|p| (p.version, Rule::Profile(p)));
    let lists = document.lists.into_iter().map(|l| (l.version, Rule::List(l)));
    let rest = document.selectivity.into_iter().map(Rule::Selectivity).chain(document.ceilings.into_iter().map(Rule::Ceiling));
    let rest = rest.chain([Rule::Weights(document.weights), Rule::Model(document.model)]).map(|rule| (1, rule));
    profiles.chain(lists).chain(rest).map(|(version, rule)| rule.draft(version)).collect()
}

/// Every fault, a line each.
pub fn told(faults: &[RuleFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use risk_domain::rules::Rules;

    fn row(draft: &Draft) -> RuleRow {
        RuleRow { state: "approved".to_owned(), ..crate::regime::row(draft, "shipped", platform::Instant::UNIX_EPOCH) }
    }

    #[test]
    fn the_shipped_rules_come_apart_and_together_again() {
        let shipped = RulesDocument::standard().unwrap();
        let mut rows: Vec<RuleRow> = drafts(&shipped).iter().map(row).collect();
        rows.sort_by(|a, b| (&a.kind, &a.id, a.version).cmp(&(&b.kind, &b.id, b.version)));
        assert_eq!(Rules::build(compose(&rows, shipped.version).unwrap()).unwrap().digest, Rules::build(shipped).unwrap().digest);
    }

    #[test]
    fn a_newer_version_takes_over_on_its_first_day() {
        let mut shipped = RulesDocument::standard().unwrap();
        shipped.profiles.truncate(1);
        let first = shipped.profiles[0].clone();
        let second = ProfileDocument { valid_from: "2026-12-01".to_owned(), ..first.clone() };
        let rows = [row(&Rule::Profile(first).draft(1)), row(&Rule::Profile(second.clone()).draft(2))];
        let profiles = compose(&rows, 1).unwrap().profiles;
        assert_eq!((profiles[0].valid_to.as_str(), profiles[1].valid_from.as_str()), ("2026-11-30", "2026-12-01"));
        let earlier = ProfileDocument { valid_from: "2020-01-01".to_owned(), ..second };
        let rows = [row(&Rule::Profile(profiles[0].clone()).draft(1)), row(&Rule::Profile(earlier).draft(2))];
        assert_eq!(compose(&rows, 1).unwrap().profiles.len(), 1);
    }
}
