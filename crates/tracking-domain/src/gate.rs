//! Gates as data: code, the office and team that guard it, its names.
use std::collections::BTreeMap;
use values::OfficeCode;

const STANDARD: &str = include_str!("gates.toml");

/// A place where vehicles pass the border or a supervision area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// 1 to 20 capital letters and digits, e.g. `LAOBAO`.
    pub code: String,
    /// The office whose facts its readings become.
    pub office: OfficeCode,
    /// The office's team at this gate, if it has its own.
    pub team: Option<OfficeCode>,
    /// Vietnamese name.
    pub name_vi: String,
    /// English name.
    pub name_en: String,
}

/// All gates that are known, by code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gates(BTreeMap<String, Gate>);

/// Why a list of gates was refused.
#[derive(Debug, thiserror::Error)]
pub enum GatesError {
    /// Not TOML of the expected shape.
    #[error("gates cannot be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// A gate with a wrong code.
    #[error("gate {0:?}: the code must have 1 to 20 capital letters and digits")]
    Code(String),
    /// A gate whose office or team is not an office code.
    #[error("gate {gate}: {source}")]
    Office {
        /// The gate's code.
        gate: String,
        /// What was expected.
        source: values::Malformed,
    },
    /// A gate without a name.
    #[error("gate {0}: a name is missing")]
    Name(String),
    /// One code twice.
    #[error("gate {0} is listed twice")]
    Twice(String),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    gate: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    office: String,
    #[serde(default)]
    team: String,
    name_vi: String,
    name_en: String,
}

impl Gates {
    /// Reads TOML with an array `gate` of `code`, `office`, `team` (may be absent), `name_vi`, `name_en`.
    pub fn load(toml: &str) -> Result<Self, GatesError> {
        let list: List = toml::from_str(toml)?;
        list.gate.into_iter().try_fold(Self::default(), |gates, entry| gates.with(entry.checked()?))
    }

    /// The gates of Region IX.
    pub fn standard() -> Result<Self, GatesError> {
        Self::load(STANDARD)
    }

    /// These gates and those of another list; a code may occur only once.
    pub fn extended(self, other: Self) -> Result<Self, GatesError> {
        other.0.into_values().try_fold(self, Self::with)
    }

    /// The gate of a code.
    pub fn get(&self, code: &str) -> Option<&Gate> {
        self.0.get(code)
    }

    /// All gates by code.
    pub fn iter(&self) -> impl Iterator<Item = &Gate> {
        self.0.values()
    }

    fn with(mut self, gate: Gate) -> Result<Self, GatesError> {
        if self.0.contains_key(&gate.code) {
            return Err(GatesError::Twice(gate.code));
        }
        self.0.insert(gate.code.clone(), gate);
        Ok(self)
    }
}

impl Entry {
    fn checked(self) -> Result<Gate, GatesError> {
        let well_formed = |code: &str| (1..=20).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !well_formed(&self.code) {
            return Err(GatesError::Code(self.code));
        }
        if self.name_vi.trim().is_empty() || self.name_en.trim().is_empty() {
            return Err(GatesError::Name(self.code));
        }
        let office = |text: &str| OfficeCode::parse(text).map_err(|source| GatesError::Office { gate: self.code.clone(), source });
        let team = if self.team.is_empty() { None } else { Some(office(&self.team)?) };
        Ok(Gate { office: office(&self.office)?, team, code: self.code, name_vi: self.name_vi, name_en: self.name_en })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: &str = "[[gate]]\ncode = 'DAKRONG'\noffice = '32ZZ'\nname_vi = 'Đakrông'\nname_en = 'Dakrong'\n";

    #[test]
    fn region_nine_has_its_gates() {
        let gates = Gates::standard().unwrap();
        for (code, office) in [("CHALO", "31BB"), ("CAROONG", "31BF"), ("LAOBAO", "32BB"), ("LALAY", "32BC"), ("ADOT", "33BA")] {
            assert_eq!(gates.get(code).unwrap().office.as_str(), office);
        }
        let hong_van = gates.get("HONGVAN").unwrap();
        assert_eq!((hong_van.office.as_str(), hong_van.team.as_ref().unwrap().as_str()), ("33BA", "33A2"));
    }

    #[test]
    fn more_gates_can_be_added_but_none_replaced() {
        let gates = Gates::standard().unwrap().extended(Gates::load(PORT).unwrap()).unwrap();
        assert!(gates.get("DAKRONG").is_some());
        assert!(matches!(gates.extended(Gates::load(PORT).unwrap()), Err(GatesError::Twice(code)) if code == "DAKRONG"));
    }

    #[test]
    fn a_faulty_list_is_refused_with_its_reason() {
        assert!(matches!(Gates::load("gate = 1"), Err(GatesError::Unreadable(_))));
        assert!(matches!(Gates::load(&PORT.replace("DAKRONG", "da")), Err(GatesError::Code(_))));
        assert!(matches!(Gates::load(&PORT.replace("32ZZ", "32zz")), Err(GatesError::Office { .. })));
        assert!(matches!(Gates::load(&PORT.replace("'Đakrông'", "' '")), Err(GatesError::Name(_))));
        assert!(matches!(Gates::load(&format!("{PORT}{PORT}")), Err(GatesError::Twice(_))));
    }
}
