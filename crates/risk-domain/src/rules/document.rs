//! Rules as they are written, kept and hashed: texts and integers alone, checked only by `Rules::build`.
use serde::{Deserialize, Serialize};

/// Everything that decides besides facts, draws and rosters. As JSON in the order of its fields, sorted by [`RulesDocument::sorted`], it is canonical.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesDocument {
    pub version: u32,
    #[serde(default, alias = "profile")]
    pub profiles: Vec<ProfileDocument>,
    #[serde(default, alias = "list")]
    pub lists: Vec<ListDocument>,
    #[serde(default)]
    pub selectivity: Vec<SelectivityDocument>,
    #[serde(default, alias = "ceiling")]
    pub ceilings: Vec<CeilingDocument>,
    pub weights: WeightsDocument,
    #[serde(default)]
    pub model: ModelDocument,
}

/// One version of a risk profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileDocument {
    pub id: String,
    #[serde(default = "one")]
    pub version: u32,
    /// Service code or unit that answers for it.
    #[serde(default)]
    pub owner: String,
    #[serde(default)]
    pub reason: String,
    pub title_vi: String,
    pub title_en: String,
    /// `import`, `export`, or '' for both.
    #[serde(default)]
    pub direction: String,
    /// Empty: all.
    #[serde(default)]
    pub offices: Vec<String>,
    /// YYYY-MM-DD.
    pub valid_from: String,
    /// YYYY-MM-DD, inclusive.
    pub valid_to: String,
    /// CEL, see `docs/criteria.md`.
    pub when: String,
    /// `green`, `yellow` or `red`.
    pub lane: String,
    /// `none`, `documents`, `scanner`, `direct`, `laboratory`; '': what the lane means when nothing else is said.
    #[serde(default)]
    pub form: String,
    /// Percent of the matches that are selected, up to 4 decimals.
    #[serde(default = "all")]
    pub share: String,
    /// Millionths that a match adds to the rule score.
    pub weight: u32,
    /// Article of law.
    pub ground: String,
    /// Selections per office and day; 0: without limit.
    #[serde(default)]
    pub cap_per_day: u32,
    /// Checks of one trader by this profile with nothing found after which it spares that trader; 0: never.
    #[serde(default)]
    pub spare_after: u32,
}

/// One version of a named list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListDocument {
    pub name: String,
    #[serde(default = "one")]
    pub version: u32,
    /// `commodity` or `text`.
    pub kind: String,
    pub valid_from: String,
    pub valid_to: String,
    #[serde(default)]
    pub owner: String,
    #[serde(default)]
    pub reason: String,
    pub entries: Vec<String>,
}

/// How much is selected by chance and to keep a rate, for an office and a direction. Rates are percent texts with up to 4 decimals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectivityDocument {
    /// '': every office without settings of its own.
    #[serde(default)]
    pub office: String,
    /// '': both.
    #[serde(default)]
    pub direction: String,
    pub valid_from: String,
    pub valid_to: String,
    #[serde(default = "nothing")]
    pub random_documents: String,
    #[serde(default = "nothing")]
    pub random_scan: String,
    /// Rate of the yellow lane that the top-up aims at, after rules and chance.
    #[serde(default = "nothing")]
    pub expected_yellow: String,
    #[serde(default = "nothing")]
    pub expected_red: String,
    /// The most likely that a single declaration is topped up.
    #[serde(default = "nothing")]
    pub top_up_most: String,
    /// Exploration: share given to declarations whose score is uncertain, and to any.
    #[serde(default = "nothing")]
    pub explore_uncertain: String,
    #[serde(default = "nothing")]
    pub explore_random: String,
}

/// A bound that the law sets, with the days on which it applies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeilingDocument {
    /// `random_scan`.
    pub name: String,
    pub valid_from: String,
    pub valid_to: String,
    /// Percent.
    pub most: String,
    pub ground: String,
}

/// Points of workload, and the cap of open files where the roster says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsDocument {
    pub declaration: u32,
    pub line: u32,
    /// Extra points by form of examination.
    #[serde(default)]
    pub documents: u32,
    #[serde(default)]
    pub scanner: u32,
    #[serde(default)]
    pub direct: u32,
    #[serde(default)]
    pub laboratory: u32,
    pub default_cap: u32,
}

/// The learned score that is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelDocument {
    /// SHA-256 of the model file in hex; '': none, the thresholds are not used.
    pub digest: String,
    /// Millionths from which the score makes a declaration yellow.
    pub yellow_at: u32,
    pub red_at: u32,
    /// Millionths of the score for critical fraud from which it is red.
    pub critical_red_at: u32,
}

fn one() -> u32 {
    1
}

fn all() -> String {
    "100".to_owned()
}

fn nothing() -> String {
    "0".to_owned()
}

impl RulesDocument {
    /// The rules that are shipped for Region IX.
    pub const STANDARD: &str = include_str!("standard.toml");

    /// Reads TOML.
    ///
    /// # Errors
    /// Where the text is not TOML or not of this shape.
    pub fn from_toml(text: &str) -> Result<Self, super::RuleFault> {
        toml::from_str(text).map_err(|e| super::fault::unreadable(text, &e))
    }

    /// Reads JSON, canonical or not.
    ///
    /// # Errors
    /// Where the text is not JSON or not of this shape.
    pub fn from_json(text: &str) -> Result<Self, super::RuleFault> {
        serde_json::from_str(text).map_err(|e| super::RuleFault {
            line: u32::try_from(e.line()).unwrap_or(0),
            column: u32::try_from(e.column()).unwrap_or(0),
            ..super::RuleFault::new("", "", e.to_string())
        })
    }

    /// The rules that are shipped.
    ///
    /// # Errors
    /// None: a test reads them.
    pub fn standard() -> Result<Self, super::RuleFault> {
        Self::from_toml(Self::STANDARD)
    }

    /// The same rules in canonical order: what comes earlier in a file means nothing.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.profiles.sort_by(|a, b| (&a.id, a.version).cmp(&(&b.id, b.version)));
        self.lists.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
        self.selectivity.sort_by(|a, b| (&a.office, &a.direction, &a.valid_from).cmp(&(&b.office, &b.direction, &b.valid_from)));
        self.ceilings.sort_by(|a, b| (&a.name, &a.valid_from).cmp(&(&b.name, &b.valid_from)));
        self
    }

    /// JSON in the order of the fields.
    pub fn to_json(&self) -> String {
        // Texts and integers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl ProfileDocument {
    /// Reads one profile from TOML.
    ///
    /// # Errors
    /// Where the text is not TOML or not of this shape.
    pub fn from_toml(text: &str) -> Result<Self, super::RuleFault> {
        toml::from_str(text).map_err(|e| super::fault::unreadable(text, &e))
    }
}

impl ListDocument {
    /// Reads one list from TOML.
    ///
    /// # Errors
    /// Where the text is not TOML or not of this shape.
    pub fn from_toml(text: &str) -> Result<Self, super::RuleFault> {
        toml::from_str(text).map_err(|e| super::fault::unreadable(text, &e))
    }
}
