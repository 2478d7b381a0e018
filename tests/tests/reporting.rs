//! Reporting on a real PostgreSQL: facts in any order of topics, days that are closed, corrected and signed for, cells and timelines.
use std::sync::Arc;

use contracts::{
    Event,
    common::{Declaration, Direction, Head, Lane},
    intake::{Amended, Cleared, IntakeEvent, Lodged, PaymentReceived, Refused, TaxDue, Withdrawn},
    reporting::{
        CellRequest, CloseRequest, CorrectRequest, DailyReportRequest, IndicatorsRequest, Report, ReportingEvent, SignOffRequest, TimelineRequest,
        reporting_event::Fact as Told, reporting_server::Reporting as _,
    },
    risk::{Assigned, Concluded, Decided, Form, Reassigned, RiskEvent},
    tracking::{Arrived, Departed, Held, TrackingEvent, Vehicle},
};
use platform::{
    Fact, Handler, Instant, Outcome, Work, callers::Caller, cloudevent, commands::CommandLoop, health::Health, journal, metrics::Metrics,
    relay::Wake, settings,
};
use prost::Message;
use reporting::{Counter, Desk, INTAKE, MIGRATIONS, REPORTING, RISK, Reading, TRACKING};
use system_tests::Sandbox;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request};

const DAY: &str = "2026-07-06";
const KEYS: [&str; 3] = ["10900000001", "10900000002", "30900000003"];

/// A moment of the day, in seconds since local midnight.
fn moment(second: i64) -> Instant {
    Instant::UNIX_EPOCH + std::time::Duration::from_secs(1_783_270_800) + std::time::Duration::from_secs(second.unsigned_abs())
}

/// A fact as a reader hands it to the handler; the second is also its position.
fn fact<E: Event>(topic: &str, event: &E, office: &str, second: i64) -> Fact {
    let headers = cloudevent::Headers::from_iter([
        (cloudevent::TYPE, event.kind()),
        (cloudevent::OFFICE, office),
        (cloudevent::ACTOR, topic.trim_start_matches("customs.").trim_end_matches(".v1")),
        (cloudevent::TIME, &format!("{:?}", moment(second))),
        (cloudevent::TRACEPARENT, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ]);
    Fact::new(topic, 0, second, second, office, headers, event.encode_to_vec())
}

fn declaration(key: &str, version: u32) -> Declaration {
    Declaration {
        key: key.to_owned(),
        version,
        sender: "S1".to_owned(),
        reference: format!("R-{key}"),
        direction: if key.starts_with('1') { Direction::Import } else { Direction::Export }.into(),
        kind: if key.starts_with('1') { "A11" } else { "B11" }.to_owned(),
        office: "32BB".to_owned(),
        currency: "USD".to_owned(),
        value: 10_000_000 + i64::from(version),
        duty_vnd: 500_000,
        ..Default::default()
    }
}

fn intake(event: impl Into<IntakeEvent>, second: i64) -> Fact {
    fact(INTAKE, &event.into(), "32BB", second)
}

fn risk(event: impl Into<RiskEvent>, second: i64) -> Fact {
    fact(RISK, &event.into(), "32BB", second)
}

fn tracking(event: impl Into<TrackingEvent>, second: i64) -> Fact {
    fact(TRACKING, &event.into(), "32BB", second)
}

fn lodged(key: &str, second: i64) -> Fact {
    intake(Lodged { declaration: Some(declaration(key, 0)) }, second)
}

fn decided(key: &str, version: u32, lane: Lane, officer: &str, queue_reason: &str, second: i64) -> Fact {
    let form = if lane == Lane::Green { Form::Unspecified } else { Form::Documents };
    let (officer, queue_reason) = (officer.to_owned(), queue_reason.to_owned());
    risk(Decided { key: key.to_owned(), version, lane: lane.into(), form: form.into(), officer, queue_reason, ..Default::default() }, second)
}

fn arrived(keys: &[&str], second: i64) -> Fact {
    let declarations = keys.iter().map(|k| (*k).to_owned()).collect();
    tracking(Arrived { visit: "V1".to_owned(), gate: "LAOBAO".to_owned(), direction: "in".to_owned(), declarations, ..Default::default() }, second)
}

/// A day at the office: one declaration amended, assigned, concluded, paid and cleared; one withdrawn; one green; one message refused.
fn a_day() -> [Vec<Fact>; 3] {
    let key = |n: usize| KEYS[n].to_owned();
    let of_intake = vec![
        lodged(KEYS[0], 100),
        lodged(KEYS[1], 110),
        lodged(KEYS[2], 120),
        intake(Amended { declaration: Some(declaration(KEYS[0], 1)) }, 200),
        intake(Withdrawn { key: key(1), version: 0, reason: "ERROR".to_owned() }, 210),
        intake(Refused { attempt: "Lodged".to_owned(), sender: "S1".to_owned(), reference: "R-bad".to_owned(), ..Default::default() }, 220),
        intake(TaxDue { key: key(0), version: 1, amount_vnd: 500_000 }, 300),
        intake(PaymentReceived { key: key(0), version: 1, amount_vnd: 500_000, paid_vnd: 500_000, ..Default::default() }, 310),
        intake(Cleared { key: key(0), version: 1 }, 320),
    ];
    let of_risk = vec![
        decided(KEYS[0], 0, Lane::Yellow, "O-1", "", 101),
        decided(KEYS[1], 0, Lane::Red, "", "NO_ROSTER", 111),
        decided(KEYS[2], 0, Lane::Green, "", "", 121),
        decided(KEYS[0], 1, Lane::Yellow, "O-1", "", 201),
        risk(
            Reassigned { key: key(0), version: 1, from: "O-1".to_owned(), to: "O-2".to_owned(), reason: "LEAVE".to_owned(), ..Default::default() },
            250,
        ),
        risk(
            Concluded { key: key(0), version: 1, form: Form::Documents.into(), conform: true, officer: "O-2".to_owned(), ..Default::default() },
            290,
        ),
    ];
    let vehicle = Some(Vehicle { id: "abc".to_owned(), ..Default::default() });
    let gone = Departed { visit: "V1".to_owned(), gate: "LAOBAO".to_owned(), declarations: vec![key(0)], ..Default::default() };
    let of_tracking = vec![
        arrived(&[KEYS[0]], 150),
        tracking(Held { vehicle, gate: "LAOBAO".to_owned(), reason: "LOOK_OUT".to_owned(), ..Default::default() }, 160),
        tracking(gone, 400),
    ];
    [of_intake, of_risk, of_tracking]
}

async fn sandbox() -> anyhow::Result<Sandbox> {
    Sandbox::new(&MIGRATIONS, &[REPORTING]).await
}

async fn apply(sandbox: &Sandbox, facts: &[Fact]) -> anyhow::Result<Vec<Outcome>> {
    let mut tx = sandbox.pool.begin().await?;
    let outcomes = Reading.apply(&mut Work::new(&mut tx, platform::clock::now()), facts).await?;
    tx.commit().await?;
    Ok(outcomes)
}

fn counter(sandbox: &Sandbox, close_open_days: bool) -> Counter {
    let (commands, command_loop) = CommandLoop::new(
        sandbox.pool.clone(),
        Arc::new(Desk { close_open_days }),
        Arc::new(Reading),
        sandbox.journal,
        Wake::default(),
        Health::default(),
        Metrics::new("reporting"),
        settings::Commands { batch: 16, queue: 16, queue_bytes: 1 << 20 },
    );
    tokio::spawn(command_loop.run(CancellationToken::new()));
    Counter { pool: sandbox.pool.clone(), commands, sub_department: "IX".to_owned() }
}

fn by<M>(subject: &str, office: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller { subject: subject.to_owned(), roles: vec!["head".to_owned()], offices: vec![office.to_owned()] });
    request
}

fn close() -> CloseRequest {
    CloseRequest { scope: "32BB".to_owned(), day: DAY.to_owned() }
}

async fn report(counter: &Counter, version: u32) -> anyhow::Result<Report> {
    let request = DailyReportRequest { scope: "32BB".to_owned(), day: DAY.to_owned(), version, csv: true };
    Ok(counter.daily_report(by("an", "32BB", request)).await?.into_inner())
}

fn value(report: &Report, cell: &str) -> Option<i64> {
    report.figures.iter().find(|f| f.cell == cell).map(|f| f.value)
}

/// All rows of the read models as text, but for the time at which this service had a row complete.
async fn rows(conn: &mut sqlx::PgConnection) -> anyhow::Result<Vec<String>> {
    let rows = sqlx::query_scalar(
        "SELECT (to_jsonb(d) - 'reported_at')::text || (d.reported_at IS NOT NULL) FROM declarations d
         UNION ALL SELECT to_jsonb(s)::text FROM stages s UNION ALL SELECT to_jsonb(r)::text FROM refusals r
         UNION ALL SELECT to_jsonb(v)::text FROM visits v ORDER BY 1",
    );
    Ok(rows.fetch_all(conn).await?)
}

/// Every way to merge the topics, each in its own order.
fn merges(topics: &[&[Fact]]) -> Vec<Vec<Fact>> {
    if topics.iter().all(|t| t.is_empty()) {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for n in 0..topics.len() {
        let Some((first, rest)) = topics[n].split_first() else { continue };
        let mut left = topics.to_vec();
        left[n] = rest;
        all.extend(merges(&left).into_iter().map(|tail| [vec![first.clone()], tail].concat()));
    }
    all
}

#[tokio::test]
async fn every_order_of_topics_gives_the_same_rows() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let [of_intake, of_risk, of_tracking] = a_day();
    let of_intake = [of_intake[0].clone(), of_intake[3].clone(), of_intake[8].clone()];
    let of_risk = [of_risk[0].clone(), of_risk[3].clone(), of_risk[4].clone()];
    let of_tracking = [of_tracking[0].clone(), of_tracking[2].clone()];
    let orders = merges(&[&of_intake, &of_risk, &of_tracking]);
    assert_eq!(orders.len(), 560);
    let mut expected: Option<Vec<String>> = None;
    for (n, order) in orders.iter().enumerate() {
        let mut tx = sandbox.pool.begin().await?;
        let mut work = Work::new(&mut tx, platform::clock::now());
        // One fact at a time, in pairs, or all at once.
        for batch in order.chunks([1, 2, 8][n % 3]) {
            let outcomes = Reading.apply(&mut work, batch).await?;
            assert!(outcomes.iter().all(|o| *o == Outcome::Done), "{outcomes:?}");
        }
        // Applied once more, as after a redrive, nothing changes.
        if n % 50 == 0 {
            Reading.apply(&mut work, order).await?;
        }
        let found = rows(&mut tx).await?;
        assert_eq!(expected.get_or_insert_with(|| found.clone()), &found);
        tx.rollback().await?;
    }
    let rows = expected.unwrap_or_default();
    assert!(rows.iter().any(|r| r.contains(r#""officer": "O-2""#) && r.contains(r#""version": 1"#)), "{rows:?}");
    Ok(())
}

#[tokio::test]
async fn each_cell_lists_exactly_what_it_counts() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    for facts in a_day() {
        apply(&sandbox, &facts).await?;
    }
    let many: Vec<Fact> = (0..250_i64).map(|n| lodged(&format!("109{:08}", 1000 + n), 1000 + n)).collect();
    apply(&sandbox, &many).await?;
    let counter = counter(&sandbox, false);
    let report = report(&counter, 0).await?;
    let expected = [
        ("lodged.total", 253),
        ("lodged.import.A11.none", 250),
        ("lodged.import.A11.yellow", 1),
        ("lodged.export.B11.green", 1),
        ("amended", 1),
        ("withdrawn", 1),
        ("cleared", 1),
        ("refused.lodged", 1),
        ("assigned.automatic", 1),
        ("assigned.reassigned", 1),
        ("assigned.queued.NO_ROSTER", 1),
        ("assigned.share", 333),
        ("median.lane", 1000),
        ("p90.clearance", 120_000),
        ("duty.paid", 500_000),
        ("dutiable.paid", 1),
        ("value.USD", 253 * 10_000_000),
        ("vehicles.in", 1),
        ("vehicles.out", 1),
        ("vehicles.held", 1),
        ("open", 251),
    ];
    for (cell, number) in expected {
        assert_eq!(value(&report, cell), Some(number), "{cell} in {:?}", report.figures);
    }
    for figure in &report.figures {
        let (mut numbers, mut token) = (Vec::new(), String::new());
        let total = loop {
            let request = CellRequest { scope: "IX".to_owned(), day: DAY.to_owned(), cell: figure.cell.clone(), limit: 60, page_token: token };
            let page = counter.cell(by("an", "*", request)).await?.into_inner();
            numbers.extend(page.numbers);
            token = page.next_page_token;
            if token.is_empty() {
                break page.total;
            }
        };
        let mut distinct = numbers.clone();
        distinct.dedup();
        assert_eq!(i64::try_from(distinct.len())?, total, "{}", figure.cell);
        if ["declarations", "vehicles", "messages"].contains(&figure.unit.as_str()) {
            assert_eq!(total, figure.value, "{}", figure.cell);
        }
    }
    assert!(report.csv.contains("lodged.import.A11.none"));
    let elsewhere = CellRequest { scope: "33BA".to_owned(), day: DAY.to_owned(), cell: "lodged.total".to_owned(), ..Default::default() };
    assert_eq!(counter.cell(by("an", "33BA", elsewhere)).await?.into_inner().total, 0);
    let days = IndicatorsRequest { scope: String::new(), from: "2026-07-05".to_owned(), to: "2026-07-07".to_owned() };
    let indicators = counter.indicators(by("an", "*", days)).await?.into_inner().indicators;
    assert_eq!((indicators[0].numerator, indicators[0].denominator, indicators[0].per_mille), (1, 3, 333));
    Ok(())
}

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

#[tokio::test]
async fn a_timeline_tells_every_stage_in_order() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let [of_intake, of_risk, of_tracking] = a_day();
    for facts in [of_tracking, of_risk, of_intake] {
        apply(&sandbox, &facts).await?;
    }
    let counter = counter(&sandbox, false);
    let ask = |number: &str| TimelineRequest { number: number.to_owned() };
    let way = counter.timeline(by("an", "32BB", ask("109000000011"))).await?.into_inner();
    let stages: Vec<(&str, u32, &str)> = way.stages.iter().map(|s| (s.stage.as_str(), s.version, s.person.as_str())).collect();
    let expected = [
        ("lodged", 0, ""),
        ("lane", 0, ""),
        ("assigned", 0, "O-1"),
        ("arrived", 0, ""),
        ("amended", 1, ""),
        ("lane", 1, ""),
        ("assigned", 1, "O-1"),
        ("reassigned", 1, "O-2"),
        ("concluded", 1, "O-2"),
        ("tax due", 1, ""),
        ("payment", 1, ""),
        ("cleared", 1, ""),
        ("departed", 0, ""),
    ];
    assert_eq!(stages, expected);
    assert_eq!(way.stages[1].detail_en, "The lane was decided, yellow lane, document check.");
    assert_eq!((way.stages[3].place.as_str(), way.stages[3].source.as_str()), ("LAOBAO", "customs.tracking.v1/0/150"));
    assert!(way.stages.iter().all(|s| s.office == "32BB" && !s.detail_vi.is_empty() && s.trace.starts_with("00-4bf92f35")));
    assert_eq!(counter.timeline(by("an", "32BB", ask("S1/R-10900000001"))).await?.into_inner().key, KEYS[0]);
    assert_eq!(counter.timeline(by("an", "33BA", ask(KEYS[0]))).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(counter.timeline(by("an", "32BB", ask("10900000099"))).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(counter.timeline(by("an", "32BB", ask("lao bảo 12"))).await.unwrap_err().code(), Code::InvalidArgument);
    Ok(())
}

#[tokio::test]
async fn a_fact_that_says_what_cannot_be_is_rejected_and_leaves_nothing() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut unreadable = lodged(KEYS[0], 1);
    unreadable.payload = vec![0xff; 3].into();
    let mut unknown = lodged(KEYS[0], 2);
    unknown.payload = Vec::new().into();
    let tenth = intake(Cleared { key: KEYS[0].to_owned(), version: 10 }, 3);
    let no_lane = decided(KEYS[0], 0, Lane::Unspecified, "", "", 4);
    let assigned = risk(Assigned { key: KEYS[1].to_owned(), version: 0, officer: "O-1".to_owned(), ..Default::default() }, 5);
    let outcomes = apply(&sandbox, &[unreadable, unknown, tenth, no_lane, assigned]).await?;
    let codes: Vec<&str> = outcomes.iter().map(|o| if let Outcome::Reject { code, .. } = o { code } else { "" }).collect();
    assert_eq!(codes, ["UNDECODABLE", "UNKNOWN_KIND", "UNFIT", "UNFIT", ""]);
    let kept: Vec<String> = sqlx::query_scalar("SELECT key FROM declarations").fetch_all(&sandbox.pool).await?;
    assert_eq!(kept, [KEYS[1]]);
    Ok(())
}
