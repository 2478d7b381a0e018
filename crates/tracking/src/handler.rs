//! What tracking does with the facts it hears.
use std::sync::Arc;

use async_trait::async_trait;
use platform::{Fact, Failure, Handler, Outcome, Work};

use crate::{apply::apply, hear::hear, settings::Rules};

/// Hears cameras, intake and risk.
pub struct Hearing {
    pub rules: Arc<Rules>,
}

#[async_trait]
impl Handler for Hearing {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        let heard: Vec<_> = facts.iter().map(|fact| hear(fact, &self.rules.gates)).collect();
        let told: Vec<_> = heard.iter().filter_map(|told| told.as_ref().ok()?.as_ref()).collect();
        apply(work, &self.rules, &told).await?;
        Ok(heard.into_iter().map(|told| told.map_or_else(|outcome| outcome, |_| Outcome::Done)).collect())
    }
}
