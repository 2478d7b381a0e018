//! One decision explained from its trace, in the voice that the caller may hear.
use std::sync::Arc;

use contracts::risk::{Decided, ExplainRequest, ExplainResponse, TraceEvent, Traced, Voice, trace_event};
use platform::{callers::Caller, serving::Refusal};
use prost::Message;
use risk_domain::{
    Choice, MatchOutcome, PickTrace, Sources, Trace, digest,
    explain::{ContributionLine, MatchedClause, explain as tell},
    model::Goods,
};
use sqlx::PgConnection;
use values::Day;

use crate::{
    regime::{InForce, Regime},
    store,
    wire::{wire_form, wire_lane},
};

/// Explains the version named, or the newest.
pub async fn explain(
    conn: &mut PgConnection,
    in_force: &Arc<InForce>,
    caller: &Caller,
    request: &ExplainRequest,
) -> Result<ExplainResponse, Refusal> {
    let voice = allowed(caller, request.voice())?;
    let (key, version) = (request.number.get(..11).unwrap_or(&request.number), request.number.get(11..).and_then(|v| v.parse::<u32>().ok()));
    let rows = store::traces(conn, key).await?;
    let (traced, picks) = of_version(&rows, version).ok_or_else(|| Refusal::NotFound(format!("no decision on {}", request.number)))?;
    let trace = Trace::read(&traced.trace).map_err(|_| Refusal::Internal)?;
    may_hear(caller, voice, &trace, &request.number)?;
    let regime = in_force.current(conn).await?;
    let digest = salted(&traced);
    let (clauses, contributions) = (clauses(&trace, &regime), contributions(&trace, &regime));
    let recomputation = recomputed(&trace, &regime);
    let sources = Sources {
        picks: &picks,
        clauses: &clauses,
        contributions: &contributions,
        digest: &hex::encode(&digest),
        recomputation: &recomputation,
        ..Sources::of(&trace)
    };
    let told = tell(&sources, voice);
    let auditor = voice == risk_domain::Voice::Auditor;
    Ok(ExplainResponse {
        decision: Some(decided(&trace, digest, voice)),
        text_vi: told.text_vi,
        text_en: told.text_en,
        trace: told.json,
        salt: if auditor { traced.salt } else { Vec::new() },
    })
}

/// The decision on a version and the assignments that followed it.
fn of_version(payloads: &[Vec<u8>], version: Option<u32>) -> Option<(Traced, Vec<PickTrace>)> {
    let facts: Vec<trace_event::Fact> = payloads.iter().filter_map(|p| TraceEvent::decode(p.as_slice()).ok()?.fact).collect();
    let traced = facts.iter().rev().find_map(|fact| match fact {
        trace_event::Fact::Traced(traced) if version.is_none_or(|v| traced.version == v) => Some(traced.clone()),
        _ => None,
    })?;
    let picks = facts.iter().filter_map(|fact| match fact {
        trace_event::Fact::PickTraced(pick) if pick.version == traced.version => PickTrace::read(&pick.trace).ok(),
        _ => None,
    });
    let picks = picks.collect();
    Some((traced, picks))
}

/// Which clauses held; only under the rules that decided.
fn clauses(trace: &Trace, regime: &Regime) -> Vec<MatchedClause> {
    let Ok(day) = trace.day.parse::<Day>() else { return Vec::new() };
    if trace.rules != hex::encode(regime.rules_digest()) {
        return Vec::new();
    }
    let matched = trace.selection.matched.iter().filter(|m| m.outcome == MatchOutcome::Selected || m.outcome == MatchOutcome::Share);
    let clause = |profile: &str| {
        let profile = regime.rules.profile(profile, day)?;
        Some(MatchedClause {
            profile: profile.id.clone(),
            title_vi: profile.title_vi.clone(),
            title_en: profile.title_en.clone(),
            clauses: profile.criterion(day)?.clauses_matched(&trace.facts),
        })
    };
    matched.filter_map(|m| clause(&m.profile)).collect()
}

/// Strongest contributions told.
const STRONGEST: usize = 6;

/// What made the highest line's score; only under the model that decided.
fn contributions(trace: &Trace, regime: &Regime) -> Vec<ContributionLine> {
    let highest = trace.scores.iter().max_by_key(|s| s.fraud);
    let (Some(model), Some(highest)) = (regime.model.as_ref().filter(|m| hex::encode(m.digest()) == trace.model), highest) else { return Vec::new() };
    let Some(line) = trace.facts.lines.iter().find(|l| l.line == highest.line) else { return Vec::new() };
    let mut parts = model.contributions(&Goods::of_line(&trace.facts, line));
    parts.sort_by_key(|part| std::cmp::Reverse(part.log_odds.unsigned_abs()));
    let told = parts.into_iter().take(STRONGEST).map(|part| ContributionLine {
        line: highest.line,
        name_vi: part.name.to_string(),
        name_en: part.name.to_string(),
        value: part.value,
        millionths: part.log_odds,
    });
    told.collect()
}

/// Whether scores, profiles and rates give the same lane today; the draws are recomputed when the day's key is revealed.
fn recomputed(trace: &Trace, regime: &Regime) -> String {
    if trace.rules != hex::encode(regime.rules_digest()) || trace.model != hex::encode(regime.model_digest()) {
        return "rules or model have changed since; the proof of the day holds those that decided".to_owned();
    }
    let same = regime.scores(&trace.facts) == trace.scores;
    let scores = if same { "scores come out the same" } else { "SCORES COME OUT DIFFERENTLY" };
    format!("{scores}; draws are recomputed from the proof of the day once its key is revealed")
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
    let own = [&trace.facts.sender, &trace.facts.declarant, &trace.facts.trader].contains(&&caller.subject);
    // Whoever may not hear of it does not learn that it exists.
    if own { Ok(()) } else { Err(Refusal::NotFound(format!("no decision on {number}"))) }
}

fn salted(traced: &Traced) -> Vec<u8> {
    let salt: Result<[u8; 16], _> = traced.salt.clone().try_into();
    salt.map(|salt| digest(&salt, &traced.trace).to_vec()).unwrap_or_default()
}

fn decided(trace: &Trace, trace_digest: Vec<u8>, voice: risk_domain::Voice) -> Decided {
    let (officer, queue_reason) = match trace.pick.as_ref().map(|p| &p.assignment.choice) {
        Some(Choice::Officer(code)) => (code.clone(), String::new()),
        Some(Choice::Queued(reason)) => (String::new(), reason.clone()),
        None => (String::new(), String::new()),
    };
    let for_declarant = voice == risk_domain::Voice::Declarant;
    Decided {
        key: trace.declaration.clone(),
        version: trace.version,
        lane: wire_lane(trace.selection.lane).into(),
        form: wire_form(trace.selection.form).into(),
        legal_ground: trace.selection.ground.clone(),
        score: if for_declarant { 0 } else { trace.selection.score },
        day: trace.day.clone(),
        trace_digest,
        officer: if for_declarant { String::new() } else { officer },
        queue_reason: if for_declarant { String::new() } else { queue_reason },
        points: if for_declarant { 0 } else { trace.points },
        rules: hex::decode(&trace.rules).unwrap_or_default(),
    }
}
