//! Close, sign off, correct: load, decide by the report's life cycle, keep the version, tell.
use contracts::{
    Event,
    reporting::{Closed, Corrected, ReportingEvent, SignedOff},
};
use platform::{Entry, Failure, Work, cloudevent::Headers, commands::Call, serving::Refusal, streams::Class, trace};
use prost::Message;
use reporting_domain::{Figure, Report, ReportError, Scope};
use values::{Day, local_day};

use crate::{
    REPORTING,
    decide::Command,
    report,
    store::{self, Heads},
};

type Answer = Result<Result<Vec<u8>, Refusal>, Failure>;

/// Freezes the figures of a day as version 1.
pub async fn close(work: &mut Work<'_>, call: &Call<Command>, scope: &Scope, day: Day, close_open_days: bool) -> Answer {
    if day >= local_day(work.now) && !close_open_days {
        return Ok(Err(Refusal::conflict("DAY_NOT_OVER", "the day is not over yet")));
    }
    let (heads, figures) = counted(work, scope, day).await?;
    let found = newest(work, scope, day).await?;
    let closed = match found.close(&figures, &call.caller.subject, work.now) {
        Ok(closed) => closed,
        Err(error) => return Ok(Err(refusal(&error))),
    };
    let fact = Closed { scope: scope.to_string(), day: day.to_string(), version: closed.version, digest: closed.digest.to_vec(), heads };
    keep(work, call, &closed, &figures, fact.into(), "reporting.close").await
}

/// Freezes the figures anew, with a reason; earlier versions stay.
pub async fn correct(work: &mut Work<'_>, call: &Call<Command>, scope: &Scope, day: Day, reason: &str) -> Answer {
    let (heads, figures) = counted(work, scope, day).await?;
    let found = newest(work, scope, day).await?;
    let corrected = match found.correct(&figures, reason, &call.caller.subject, work.now) {
        Ok(corrected) => corrected,
        Err(error) => return Ok(Err(refusal(&error))),
    };
    let fact = Corrected {
        scope: scope.to_string(),
        day: day.to_string(),
        version: corrected.version,
        digest: corrected.digest.to_vec(),
        reason: corrected.reason.clone(),
        heads,
    };
    keep(work, call, &corrected, &figures, fact.into(), "reporting.correct").await
}

/// Signs for the newest version.
pub async fn sign_off(work: &mut Work<'_>, call: &Call<Command>, scope: &Scope, day: Day, version: u32) -> Answer {
    let Some(kept) = store::lock_newest(work.conn, scope, day).await? else {
        return Ok(Err(refusal(&ReportError::NotClosed)));
    };
    let signed = match kept.report.sign_off(version, &call.caller.subject, work.now) {
        Ok(signed) => signed,
        Err(error) => return Ok(Err(refusal(&error))),
    };
    store::sign(work.conn, &signed).await?;
    let fact = SignedOff { scope: scope.to_string(), day: day.to_string(), version, digest: signed.digest.to_vec() };
    tell(work, call, &signed, &fact.into(), "reporting.sign-off");
    let frozen = report::decode(&kept.figures)?;
    let live = store::figures(work.conn, scope, day).await?;
    Ok(report::shown(&signed, &frozen, signed.correction_due(&live), false).map(|shown| shown.encode_to_vec()))
}

/// Heads before figures: while the heads are held no reader commits, so the figures are those of these heads.
async fn counted(work: &mut Work<'_>, scope: &Scope, day: Day) -> Result<(Heads, Vec<Figure>), Failure> {
    let heads = store::heads(work.conn).await?;
    let figures = store::figures(work.conn, scope, day).await?;
    Ok((heads, figures))
}

async fn newest(work: &mut Work<'_>, scope: &Scope, day: Day) -> Result<Report, Failure> {
    let kept = store::lock_newest(work.conn, scope, day).await?;
    Ok(kept.map_or_else(|| Report::open(scope.clone(), day), |kept| kept.report))
}

async fn keep(work: &mut Work<'_>, call: &Call<Command>, report: &Report, figures: &[Figure], event: ReportingEvent, verb: &'static str) -> Answer {
    store::insert(work.conn, report, &report::encode(figures), work.now).await?;
    tell(work, call, report, &event, verb);
    Ok(report::shown(report, figures, false, false).map(|shown| shown.encode_to_vec()))
}

fn tell(work: &mut Work<'_>, call: &Call<Command>, report: &Report, event: &ReportingEvent, verb: &'static str) {
    let cause = call.cause();
    let office = match &report.scope {
        Scope::Office(code) => code.to_string(),
        Scope::SubDepartment => String::new(),
    };
    work.entries.push(Entry {
        topic: REPORTING,
        class: Class::Cargo,
        kind: event.kind().into(),
        subject: format!("{}/{}", report.scope, report.day),
        office,
        actor: call.caller.subject.clone(),
        trace: trace::follow(&call.trace, verb, &cause, None),
        cause,
        recorded_at: work.now,
        payload: event.encode_to_vec(),
        headers: Headers::default(),
        answer: false,
        answers: None,
    });
}

fn refusal(error: &ReportError) -> Refusal {
    let code = match error {
        ReportError::AlreadyClosed(_) => "ALREADY_CLOSED",
        ReportError::NotClosed => "NOT_CLOSED",
        ReportError::AlreadySigned(_) => "ALREADY_SIGNED",
        ReportError::WrongVersion { .. } => "WRONG_VERSION",
        ReportError::SecondPersonNeeded => "SECOND_PERSON_NEEDED",
        ReportError::DayNotBegun => "DAY_NOT_BEGUN",
        ReportError::ReasonMissing => return report::wrong("/reason", &error.to_string()),
    };
    Refusal::conflict(code, &error.to_string())
}
