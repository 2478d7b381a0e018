//! The life of rules: saved as a draft, approved by a second person, suspended, resumed, retired; nothing is half-saved.
use contracts::risk::{PutModelRequest, RuleChanged, SaveRuleRequest, SaveRuleResponse, StepRuleRequest, StepRuleResponse};
use platform::{
    Failure, Work,
    callers::Caller,
    serving::{FieldFault, Refusal},
    streams::Class,
};
use risk_domain::{model::Model, rules::Rules};
use sha2::{Digest as _, Sha256};

use crate::{
    composing::{self, Rule},
    place::{Place, Via},
    regime,
    store::{self, RuleRow},
};

/// Checks a rule beside everything that is approved, and saves it as a draft.
pub async fn save(work: &mut Work<'_>, request: &SaveRuleRequest, caller: &Caller, via: &Via) -> Result<Result<SaveRuleResponse, Refusal>, Failure> {
    let rule = match Rule::from_toml(&request.kind, &request.document) {
        Ok(rule) => rule,
        Err(text) => return Ok(Err(Refusal::invalid("/document", "CG320", "Không đọc được nội dung", &text))),
    };
    let latest = store::latest(work.conn, &request.kind, &rule.id(), 0).await?;
    let version = latest.map_or(1, |row| row.version.unsigned_abs() + 1);
    let draft = rule.draft(version);
    let row = regime::row(&draft, &caller.subject, work.now);
    if let Err(faults) = checked(work, &row).await? {
        return Ok(Err(faults));
    }
    store::save_rule(work.conn, &row).await?;
    tell(work, &row, "saved", "", via);
    Ok(Ok(SaveRuleResponse { id: draft.id, version, digest: row.digest }))
}

/// Builds what would be in force with this rule approved: every fault of it.
async fn checked(work: &mut Work<'_>, row: &RuleRow) -> Result<Result<(), Refusal>, Failure> {
    let mut rows = store::approved(work.conn).await?;
    rows.retain(|other| (&other.kind, &other.id, other.version) != (&row.kind, &row.id, row.version));
    rows.push(row.clone());
    rows.sort_by(|a, b| (&a.kind, &a.id, a.version).cmp(&(&b.kind, &b.id, b.version)));
    let faults = match Rules::build(composing::compose(&rows, 0)?) {
        Ok(rules) => return model_stored(work, &rules).await,
        Err(faults) => faults,
    };
    let faults = faults.into_iter().map(|fault| FieldFault {
        field: format!("/{}/{}", row.kind, fault.field),
        code: "CG321".to_owned(),
        text_vi: "Quy tắc không hợp lệ".to_owned(),
        text_en: fault.to_string(),
    });
    Ok(Err(Refusal::Invalid(faults.collect())))
}

async fn model_stored(work: &mut Work<'_>, rules: &Rules) -> Result<Result<(), Refusal>, Failure> {
    let digest = hex::decode(&rules.model.digest).unwrap_or_default();
    if digest.is_empty() || store::model(work.conn, &digest).await?.is_some() {
        return Ok(Ok(()));
    }
    Ok(Err(Refusal::invalid("/model/digest", "CG322", "Chưa có mô hình này", "no model with this digest is stored; put it first")))
}

/// Moves a rule to another state.
pub async fn step(work: &mut Work<'_>, request: &StepRuleRequest, caller: &Caller, via: &Via) -> Result<Result<StepRuleResponse, Refusal>, Failure> {
    let version = i32::try_from(request.version).unwrap_or(i32::MAX);
    let Some(mut row) = store::latest(work.conn, &request.kind, &request.id, version).await? else {
        return Ok(Err(Refusal::NotFound(format!("no {} {} version {}", request.kind, request.id, request.version))));
    };
    if (request.step.as_str(), row.state.as_str()) == ("approve", "approved") {
        // Done before: nothing changes.
        let revision = store::revision(work.conn).await?.unsigned_abs();
        return Ok(Ok(StepRuleResponse { version: row.version.unsigned_abs(), revision }));
    }
    let (state, told) = match (request.step.as_str(), row.state.as_str()) {
        ("approve", "draft") => ("approved", "approved"),
        ("suspend", "approved") => ("suspended", "suspended"),
        ("resume", "suspended") => ("approved", "resumed"),
        ("retire", "draft" | "approved" | "suspended") => ("retired", "retired"),
        ("approve" | "suspend" | "resume" | "retire", state) => {
            return Ok(Err(Refusal::conflict("STEP", &format!("a rule that is {state} cannot be taken to `{}`", request.step))));
        }
        _ => return Ok(Err(Refusal::invalid("/step", "CG323", "Bước không đúng", "expected approve, suspend, resume or retire"))),
    };
    if state == "approved" {
        if row.saved_by == caller.subject {
            return Ok(Err(Refusal::Denied("a rule is approved by another person than the one who saved it".to_owned())));
        }
        if let Err(faults) = checked(work, &row).await? {
            return Ok(Err(faults));
        }
        (row.approved_by, row.approved_at) = (caller.subject.clone(), Some(work.now));
    }
    row.state = state.to_owned();
    store::step(work.conn, &row).await?;
    let revision = store::raise(work.conn).await?.unsigned_abs();
    let second = if state == "approved" { row.saved_by.clone() } else { String::new() };
    tell(work, &row, told, &second, via);
    Ok(Ok(StepRuleResponse { version: row.version.unsigned_abs(), revision }))
}

/// Stores a model's artefact; it decides nothing until thresholds that name it are approved.
pub async fn put_model(work: &mut Work<'_>, request: &PutModelRequest, caller: &Caller, via: &Via) -> Result<Result<Vec<u8>, Refusal>, Failure> {
    if let Err(fault) = Model::read(&request.artefact) {
        return Ok(Err(Refusal::invalid("/artefact", "CG324", "Không đọc được mô hình", &fault.to_string())));
    }
    let digest = Sha256::digest(&request.artefact).to_vec();
    store::put_model(work.conn, &digest, &request.artefact, &caller.subject, work.now).await?;
    let place = place(work, via);
    let fact = RuleChanged {
        kind: "model".to_owned(),
        id: hex::encode(&digest),
        step: "stored".to_owned(),
        digest: digest.clone(),
        ..RuleChanged::default()
    };
    let entry = place.trace(fact);
    work.entries.push(entry);
    Ok(Ok(digest))
}

fn tell(work: &mut Work<'_>, row: &RuleRow, step: &str, second_person: &str, via: &Via) {
    let fact = RuleChanged {
        kind: row.kind.clone(),
        id: row.id.clone(),
        version: row.version.unsigned_abs(),
        step: step.to_owned(),
        second_person: second_person.to_owned(),
        digest: row.digest.clone(),
        document: row.document.clone(),
    };
    let entry = place(work, via).trace(fact);
    work.entries.push(entry);
}

/// Rules belong to no office: stream 0.
fn place<'a>(work: &Work<'_>, via: &'a Via) -> Place<'a> {
    Place { class: Class::Cargo, office: "", subject: "rules", via, now: work.now }
}
