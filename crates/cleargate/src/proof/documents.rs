//! Reads the rules and the model that an auditor's proof carries.
use proof::Documents;
use risk_domain::{RuleBook, Rules, Scorer, model::Model};

/// What governs decisions: canonical rules and a model's artefact.
pub struct Governing;

impl Documents for Governing {
    fn rules(&self, document: &[u8]) -> Result<Box<dyn RuleBook>, String> {
        let text = std::str::from_utf8(document).map_err(|e| e.to_string())?;
        let rules = Rules::load(text).map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        Ok(Box::new(rules))
    }

    fn model(&self, artefact: &[u8]) -> Result<Box<dyn Scorer>, String> {
        Ok(Box::new(Model::read(artefact).map_err(|e| e.to_string())?))
    }
}
