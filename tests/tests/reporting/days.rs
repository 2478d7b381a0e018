//! Days that are closed, corrected and signed for.
use contracts::{
    common::Head,
    reporting::{CloseRequest, CorrectRequest, ReportingEvent, SignOffRequest, reporting_event::Fact as Told, reporting_server::Reporting as _},
};
use platform::journal;
use prost::Message;
use reporting::{INTAKE, REPORTING, RISK};
use tonic::Code;

use crate::{
    DAY, apply, by, close, counter,
    facts::{a_day, lodged},
    report, sandbox, value,
};

#[tokio::test]
async fn what_arrives_after_closing_is_due_for_a_correction_that_keeps_the_first_version() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    for facts in a_day() {
        apply(&sandbox, &facts).await?;
    }
    sqlx::query("INSERT INTO consumers (topic, partition, position) VALUES ($1, 0, 320), ($2, 0, 290)")
        .bind(INTAKE)
        .bind(RISK)
        .execute(&sandbox.pool)
        .await?;
    let counter = counter(&sandbox, false);
    let closed = counter.close(by("an", "32BB", close())).await?.into_inner();
    assert_eq!((closed.state.as_str(), closed.version, closed.correction_due), ("CLOSED", 1, false));
    assert_eq!(counter.close(by("binh", "32BB", close())).await.unwrap_err().code(), Code::FailedPrecondition);
    assert!(!report(&counter, 0).await?.correction_due);

    apply(&sandbox, &[lodged("10900000009", 500)]).await?;
    let due = report(&counter, 0).await?;
    assert_eq!((due.version, due.correction_due, value(&due, "lodged.total")), (1, true, Some(3)));

    let correct = |reason: &str| CorrectRequest { scope: "32BB".to_owned(), day: DAY.to_owned(), reason: reason.to_owned() };
    assert_eq!(counter.correct(by("an", "32BB", correct(" "))).await.unwrap_err().code(), Code::InvalidArgument);
    let corrected = counter.correct(by("an", "32BB", correct("a late declaration"))).await?.into_inner();
    assert_eq!((corrected.version, corrected.state.as_str(), value(&corrected, "lodged.total")), (2, "CLOSED", Some(4)));
    let (first, newest) = (report(&counter, 1).await?, report(&counter, 0).await?);
    assert_eq!((&first.digest, value(&first, "lodged.total")), (&closed.digest, Some(3)));
    assert_eq!((newest.version, newest.correction_due, newest.reason.as_str()), (2, false, "a late declaration"));

    let mut conn = sandbox.pool.acquire().await?;
    let stream = i32::try_from(sandbox.journal.layout.stream(platform::streams::Class::Cargo, "32BB"))?;
    let told = journal::read(&mut conn, REPORTING, stream, 1, 10).await?;
    let facts: Vec<Told> = told.iter().filter_map(|row| ReportingEvent::decode(row.payload.as_slice()).ok()?.fact).collect();
    let [Told::Closed(one), Told::Corrected(two)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((one.version, &one.digest, two.version, &two.digest), (1, &closed.digest, 2, &newest.digest));
    assert_eq!(one.heads.iter().map(|h: &Head| h.position).collect::<Vec<_>>(), [320, 290]);
    assert_eq!((told[0].subject.as_str(), told[0].office.as_str(), told[0].actor.as_str()), ("32BB/2026-07-06", "32BB", "an"));
    Ok(())
}

#[tokio::test]
async fn only_a_second_person_signs_and_only_for_the_own_office() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let counter = counter(&sandbox, false);
    let sign = |version| SignOffRequest { scope: "32BB".to_owned(), day: DAY.to_owned(), version };
    assert_eq!(counter.sign_off(by("binh", "32BB", sign(1))).await.unwrap_err().code(), Code::FailedPrecondition);
    counter.close(by("an", "32BB", close())).await?;
    let same = counter.sign_off(by("an", "32BB", sign(1))).await.unwrap_err();
    assert!(same.message().contains("SECOND_PERSON_NEEDED"), "{same}");
    assert_eq!(counter.sign_off(by("binh", "33BA", sign(1))).await.unwrap_err().code(), Code::PermissionDenied);
    let signed = counter.sign_off(by("binh", "32BB", sign(1))).await?.into_inner();
    assert_eq!((signed.state.as_str(), signed.closed_by.as_str(), signed.signed_by.as_str()), ("SIGNED", "an", "binh"));
    assert_eq!(report(&counter, 0).await?.signed_by, "binh");
    // The whole sub-department is for those who act for all offices.
    let all = CloseRequest { scope: String::new(), day: DAY.to_owned() };
    assert_eq!(counter.close(by("an", "32BB", all.clone())).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(counter.close(by("an", "*", all)).await?.into_inner().scope, "all");
    Ok(())
}

#[tokio::test]
async fn a_running_day_is_closed_only_where_that_is_set() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let today = (platform::clock::now() + std::time::Duration::from_secs(7 * 3600)).date_naive().to_string();
    let running = CloseRequest { scope: "32BB".to_owned(), day: today };
    let refused = counter(&sandbox, false).close(by("an", "32BB", running.clone())).await.unwrap_err();
    assert!(refused.message().contains("DAY_NOT_OVER"), "{refused}");
    assert_eq!(counter(&sandbox, true).close(by("an", "32BB", running)).await?.into_inner().version, 1);
    Ok(())
}
