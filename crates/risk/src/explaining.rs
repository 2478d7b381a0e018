//! One decision explained from its trace, in the voice that the caller may hear.
use std::sync::Arc;

use contracts::risk::{Decided, ExplainRequest, ExplainResponse, TraceEvent, Traced, Voice, trace_event};
use platform::{callers::Caller, serving::Refusal};
use prost::Message;
use risk_domain::{Choice, Trace, digest, explain as told};
use sqlx::PgConnection;

use crate::{
    regime::InForce,
    store,
    wire::{wire_form, wire_lane},
};

/// Explains the version named, or the newest.
pub async fn explain(conn: &mut PgConnection, _: &Arc<InForce>, caller: &Caller, request: &ExplainRequest) -> Result<ExplainResponse, Refusal> {
    let voice = allowed(caller, request.voice())?;
    let (key, version) = (request.number.get(..11).unwrap_or(&request.number), request.number.get(11..).and_then(|v| v.parse::<u32>().ok()));
    let traced = newest(&store::traces(conn, key).await?, version).ok_or_else(|| Refusal::NotFound(format!("no decision on {}", request.number)))?;
    let trace = Trace::read(&traced.trace).map_err(|_| Refusal::Internal)?;
    may_hear(caller, voice, &trace, &request.number)?;
    let told = told(&trace, voice);
    let auditor = voice == risk_domain::Voice::Auditor;
    Ok(ExplainResponse {
        decision: Some(decided(&trace, &traced, voice)),
        text_vi: told.text_vi,
        text_en: told.text_en,
        trace: told.json,
        salt: if auditor { traced.salt } else { Vec::new() },
    })
}

fn newest(payloads: &[Vec<u8>], version: Option<u32>) -> Option<Traced> {
    let traced = payloads.iter().rev().filter_map(|payload| match TraceEvent::decode(payload.as_slice()).ok()?.fact? {
        trace_event::Fact::Traced(traced) => Some(traced),
        _ => None,
    });
    traced.into_iter().find(|t| version.is_none_or(|v| t.version == v))
}

fn allowed(caller: &Caller, voice: Voice) -> Result<risk_domain::Voice, Refusal> {
    let any = |roles: &[&str]| roles.iter().any(|r| caller.has(r));
    match voice {
        Voice::Auditor if any(&["auditor"]) => Ok(risk_domain::Voice::Auditor),
        Voice::Officer if any(&["officer", "supervisor", "head", "auditor"]) => Ok(risk_domain::Voice::Officer),
        Voice::Declarant | Voice::Unspecified => Ok(risk_domain::Voice::Declarant),
        _ => Err(Refusal::Denied("this voice is not for the caller".to_owned())),
    }
}

/// Officers hear of their own offices; a sender or declarant of its own declarations alone.
fn may_hear(caller: &Caller, voice: risk_domain::Voice, trace: &Trace, number: &str) -> Result<(), Refusal> {
    let inside = ["officer", "supervisor", "head", "auditor"].iter().any(|role| caller.has(role));
    if inside && caller.acts_for(&trace.office) {
        return Ok(());
    }
    if voice != risk_domain::Voice::Declarant {
        return Err(Refusal::other_office(&trace.office));
    }
    let own = caller.subject == trace.facts.sender || caller.subject == trace.facts.declarant || caller.subject == trace.facts.trader;
    // Whoever may not hear of it does not learn that it exists.
    if own { Ok(()) } else { Err(Refusal::NotFound(format!("no decision on {number}"))) }
}

fn decided(trace: &Trace, traced: &Traced, voice: risk_domain::Voice) -> Decided {
    let (officer, queue_reason) = match trace.pick.as_ref().map(|p| &p.assignment.choice) {
        Some(Choice::Officer(code)) => (code.clone(), String::new()),
        Some(Choice::Queued(reason)) => (String::new(), reason.clone()),
        None => (String::new(), String::new()),
    };
    let salt: Result<[u8; 16], _> = traced.salt.clone().try_into();
    let for_declarant = voice == risk_domain::Voice::Declarant;
    Decided {
        key: trace.declaration.clone(),
        version: trace.version,
        lane: wire_lane(trace.selection.lane).into(),
        form: wire_form(trace.selection.form).into(),
        legal_ground: trace.selection.ground.clone(),
        score: if for_declarant { 0 } else { trace.selection.score },
        day: trace.day.clone(),
        trace_digest: salt.map(|salt| digest(&salt, &traced.trace).to_vec()).unwrap_or_default(),
        officer: if for_declarant { String::new() } else { officer },
        queue_reason: if for_declarant { String::new() } else { queue_reason },
        points: if for_declarant { 0 } else { trace.points },
        rules: hex::decode(&trace.rules).unwrap_or_default(),
    }
}
