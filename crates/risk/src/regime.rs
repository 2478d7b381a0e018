//! What is in force: rules and model, as approved, loaded once and again whenever somebody changed them.
use std::sync::{Arc, RwLock};

use platform::{Failure, clock};
use risk_domain::{
    Facts, LineScore, Scorer,
    model::Model,
    outcomes::Reference,
    rules::{Rules, RulesDocument},
};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use crate::{
    composing::{self, Draft},
    history::Remembered,
    kept::Kept,
    store::{self, RuleRow},
    wrapping::KeyService,
};

/// Rules and model that decide.
pub struct Regime {
    revision: u32,
    pub rules: Rules,
    pub model: Option<Model>,
    model_digest: Vec<u8>,
}

impl Regime {
    pub fn rules_digest(&self) -> &[u8] {
        &self.rules.digest
    }

    pub fn model_digest(&self) -> &[u8] {
        &self.model_digest
    }

    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// Profiles that spare a trader after a number of checks with nothing found.
    pub fn sparing(&self) -> impl Iterator<Item = &str> {
        self.rules.profiles.iter().filter(|p| p.spare_after > 0).map(|p| p.id.as_str())
    }

    pub fn profiles(&self) -> u32 {
        u32::try_from(self.rules.profiles.len()).unwrap_or(u32::MAX)
    }

    /// The learned score of each line; none without a model.
    pub fn scores(&self, facts: &Facts) -> Vec<LineScore> {
        self.model.as_ref().map(|model| Scorer::score(model, facts)).unwrap_or_default()
    }

    /// Canonical JSON of the rules.
    pub fn text(&self) -> &str {
        &self.rules.json
    }

    /// Scores of the model's training window, where the model tells them: what drift is measured against.
    pub fn reference(&self) -> Option<Reference> {
        let metrics = &self.model.as_ref()?.about().metrics;
        let tenth = |n: usize| u64::try_from(*metrics.get(&format!("valid.fraud.scores_{n}"))?).ok();
        let mut scores = [0; 10];
        for (n, count) in scores.iter_mut().enumerate() {
            *count = tenth(n)?;
        }
        Some(Reference { scores })
    }

    async fn load(conn: &mut PgConnection, revision: i32) -> Result<Self, Failure> {
        let document = composing::compose(&store::approved(conn).await?, revision.unsigned_abs())?;
        let rules = Rules::build(document).map_err(|faults| Failure::Retry(composing::told(&faults)))?;
        let model_digest = hex::decode(&rules.model.digest).unwrap_or_default();
        let model = if model_digest.is_empty() {
            None
        } else {
            let artefact = store::model(conn, &model_digest).await?;
            let artefact = artefact.ok_or_else(|| Failure::Retry(format!("the model {} in force is not stored", rules.model.digest)))?;
            Some(Model::read(&artefact).map_err(|e| Failure::Retry(format!("the model in force cannot be read: {e}")))?)
        };
        Ok(Self { revision: revision.unsigned_abs(), rules, model, model_digest })
    }
}

/// What transactions of a process share: the regime that they decide under, the keys' keeper, and what they remember.
pub struct InForce {
    held: RwLock<Option<Arc<Regime>>>,
    /// Rules with which an empty database begins.
    shipped: RulesDocument,
    pub keys: Box<dyn KeyService>,
    pub history: Remembered,
    pub kept: Kept,
}

impl InForce {
    pub fn new(shipped: RulesDocument, keys: Box<dyn KeyService>) -> Self {
        Self { held: RwLock::new(None), shipped, keys, history: Remembered::default(), kept: Kept::default() }
    }

    /// The regime as it is now.
    pub async fn current(&self, conn: &mut PgConnection) -> Result<Arc<Regime>, Failure> {
        let revision = store::revision(conn).await?;
        self.at(conn, revision).await
    }

    /// The regime of a revision that this transaction has seen; read anew when it rose.
    pub async fn at(&self, conn: &mut PgConnection, mut revision: i32) -> Result<Arc<Regime>, Failure> {
        if revision == 0 {
            self.seed(conn).await?;
            revision = store::revision(conn).await?;
        }
        let held = self.held.read().ok().and_then(|held| held.clone()).filter(|held| held.revision == revision.unsigned_abs());
        if let Some(held) = held {
            return Ok(held);
        }
        let loaded = Arc::new(Regime::load(conn, revision).await?);
        if let Ok(mut held) = self.held.write() {
            *held = Some(Arc::clone(&loaded));
        }
        Ok(loaded)
    }

    async fn seed(&self, conn: &mut PgConnection) -> Result<(), Failure> {
        let rows: Vec<_> = composing::drafts(&self.shipped)
            .into_iter()
            .map(|Draft { kind, id, version, document }| {
                let digest = Sha256::digest(document.as_bytes()).to_vec();
                (kind.to_owned(), id, i32::try_from(version).unwrap_or(1), document, digest)
            })
            .collect();
        store::seed(conn, &rows, clock::now()).await.map(|_| ())
    }
}

/// A rule as a row that is to be saved.
pub fn row(draft: &Draft, by: &str, now: platform::Instant) -> RuleRow {
    RuleRow {
        kind: draft.kind.to_owned(),
        id: draft.id.clone(),
        version: i32::try_from(draft.version).unwrap_or(i32::MAX),
        state: "draft".to_owned(),
        digest: Sha256::digest(draft.document.as_bytes()).to_vec(),
        document: draft.document.clone(),
        saved_by: by.to_owned(),
        saved_at: now,
        approved_by: String::new(),
        approved_at: None,
    }
}
