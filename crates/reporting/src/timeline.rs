//! One declaration's way, in order, told in two languages.
use contracts::reporting::{Stage, TimelineRequest, TimelineResponse};
use platform::{callers::Caller, serving::Refusal};
use reporting_domain::{Detail, Form, StageKind};
use sqlx::PgPool;
use values::{DeclarationKey, Lane};

use crate::{
    report,
    store::{self, Told},
};

/// Stages of a declaration by number (11 or 12 digits), or by `sender/reference`.
pub async fn way(pool: &PgPool, caller: &Caller, request: &TimelineRequest) -> Result<TimelineResponse, Refusal> {
    let mut conn = pool.acquire().await?;
    let missing = || Refusal::NotFound(format!("declaration {}", request.number));
    let key = match request.number.split_once('/') {
        Some((sender, reference)) => store::key_of(&mut conn, sender, reference).await?.ok_or_else(missing)?,
        None => parsed(&request.number)?.as_str().to_owned(),
    };
    let offices = store::offices(&mut conn, &key).await?;
    if offices.is_empty() {
        return Err(missing());
    }
    if !offices.iter().any(|office| caller.acts_for(office)) {
        return Err(Refusal::other_office(&offices.join(", ")));
    }
    let mut told = Vec::new();
    for row in store::way(&mut conn, &key).await? {
        tell(&row, &mut told);
    }
    told.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(TimelineResponse { key, stages: told.into_iter().map(|(_, stage)| stage).collect() })
}

fn parsed(number: &str) -> Result<DeclarationKey, Refusal> {
    let digits = match number.len() {
        12 if number.is_ascii() => &number[..11],
        _ => number,
    };
    match number.bytes().all(|b| b.is_ascii_digit()) {
        true => DeclarationKey::parse(digits).map_err(|_| malformed()),
        false => Err(malformed()),
    }
}

fn malformed() -> Refusal {
    report::wrong("/number", "expected a declaration number of 11 or 12 digits, or sender/reference")
}

/// Time, then cause before effect, then place in the journal.
type Order = (platform::Instant, u8, String, i64);

/// A lane is told together with the officer who was drawn for it, or the reason why none was: one fact, two stages.
fn tell(row: &Told, told: &mut Vec<(Order, Stage)>) {
    let Some(kind) = StageKind::parse(&row.stage) else {
        tracing::error!(stage = row.stage, "a stored stage has no name here");
        return;
    };
    let mut detail = Detail {
        lane: Lane::parse(&row.lane).ok(),
        form: form(&row.form),
        conform: match row.conform.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        amount_vnd: matches!(kind, StageKind::TaxDue | StageKind::Payment).then_some(row.amount_vnd),
        reason: row.reason.clone(),
        officer: row.officer.clone(),
        gate: row.place.clone(),
    };
    if kind == StageKind::Lane {
        let (officer, reason) = (std::mem::take(&mut detail.officer), std::mem::take(&mut detail.reason));
        if !officer.is_empty() {
            told.push(stage(row, StageKind::Assigned, &Detail { officer, ..Detail::default() }));
        } else if !reason.is_empty() {
            told.push(stage(row, StageKind::Queued, &Detail { reason, ..Detail::default() }));
        }
    }
    told.push(stage(row, kind, &detail));
}

fn stage(row: &Told, kind: StageKind, detail: &Detail) -> (Order, Stage) {
    let sentence = kind.sentence(detail);
    let person = if row.person.is_empty() { detail.officer.clone() } else { row.person.clone() };
    let stage = Stage {
        at: Some(report::timestamp(row.at)),
        stage: kind.as_str().to_owned(),
        version: u32::from(row.version.unsigned_abs()),
        office: row.office.clone(),
        person,
        place: row.place.clone(),
        detail_vi: sentence.vi,
        detail_en: sentence.en,
        source: format!("{}/{}/{}", row.topic, row.stream, row.position),
        trace: row.trace.clone(),
    };
    ((row.at, kind.rank(), row.topic.clone(), row.position), stage)
}

fn form(text: &str) -> Option<Form> {
    match text {
        "documents" => Some(Form::Documents),
        "scanner" => Some(Form::Scanner),
        "direct" => Some(Form::Direct),
        "laboratory" => Some(Form::Laboratory),
        _ => None,
    }
}
