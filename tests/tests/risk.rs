//! Risk from outside: rules take two persons, files never lose their officer silently, and a day's proof names what was tampered with.
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use contracts::{
    common::Lane,
    nsw::v1::{Declaration, Line},
    reporting::{TimelineRequest, reporting_client::ReportingClient},
    risk::{
        ChangeLaneRequest, ListRulesRequest, Officer, RiskEvent, SaveRuleRequest, SetRosterRequest, Shift, StepRuleRequest, WorklistRequest,
        risk_client::RiskClient, risk_event::Fact,
    },
};
use platform::{
    handover::Replicas,
    journal::{Link, chain},
};
use prost::Message as _;
use sqlx::{Connection as _, PgConnection, Row as _};
use system_tests::{
    admin_url, binary, cleargate,
    system::{System, declaration, signed},
    token, unique, until,
};
use tonic::{Code, Request, metadata::MetadataValue};

const OFFICE: &str = "32BB";

fn client(system: &System) -> Result<RiskClient<Replicas>> {
    Ok(RiskClient::new(system.channel("risk")?))
}

fn officer(code: &str) -> Officer {
    let now = platform::clock::now().timestamp_micros();
    let week = 7 * 86_400_000_000;
    Officer { code: code.to_owned(), cap: 100_000, shifts: vec![Shift { from_us: now - week, to_us: now + week }], ..Officer::default() }
}

async fn roster(system: &System, officers: Vec<Officer>) -> Result<()> {
    let message = SetRosterRequest { office: OFFICE.to_owned(), officers, supervisors: vec![officer("32BB-S1"), officer("32BB-S2")] };
    client(system)?.set_roster(signed(message, "head-1", "head", OFFICE)?).await?;
    Ok(())
}

/// Tobacco: the shipped profile R001 sends all of it to the red lane.
fn tobacco() -> Declaration {
    let line = Line { commodity_code: "24022090".to_owned(), description: "Thuốc lá điếu".to_owned(), ..declaration().lines[0].clone() };
    Declaration { lines: vec![line], ..declaration() }
}

/// Lodges by the single window and waits until each is on the office's worklist; returns the numbers.
async fn lodged(system: &System, count: usize) -> Result<Vec<String>> {
    let ids: Vec<String> = (0..count).map(|n| format!("{}-{n}", unique("risk"))).collect();
    for id in &ids {
        system.say("nsw.declarations.v1", "nsw.v1.Lodged", id, &tobacco())?;
    }
    let numbers: Vec<String> = system.answers_to(&ids)?.into_values().map(|answer| answer.number).collect();
    until("every file is on the worklist", async || {
        let held = holders(system).await?;
        Ok(numbers.iter().all(|number| held.iter().any(|(n, _)| n == number)))
    })
    .await?;
    Ok(numbers)
}

/// (number, officer) of the open and queued files of the office.
async fn holders(system: &System) -> Result<Vec<(String, String)>> {
    let mut held = Vec::new();
    let mut page_token = String::new();
    loop {
        let message = WorklistRequest { office: OFFICE.to_owned(), officer: String::new(), limit: 1000, page_token };
        let page = client(system)?.worklist(signed(message, "head-1", "head", OFFICE)?).await?.into_inner();
        held.extend(page.files.into_iter().map(|f| (f.number, f.officer)));
        if page.next_page_token.is_empty() {
            return Ok(held);
        }
        page_token = page.next_page_token;
    }
}

fn profile(id: &str, when: &str) -> String {
    format!(
        "id = \"{id}\"\nreason = \"test\"\nowner = \"a\"\ntitle_vi = \"Thử\"\ntitle_en = \"Test\"\nvalid_from = \"2026-01-01\"\nvalid_to = \"2026-01-02\"\n\
         when = '''{when}'''\nlane = \"yellow\"\nweight = 1\nground = \"law\"\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_with_faults_is_refused_whole_and_a_good_one_needs_a_second_person() -> Result<()> {
    let system = System::start().await?;
    let id = format!("T{}", platform::clock::now().timestamp_micros());
    let save = |when: &str| SaveRuleRequest { kind: "profile".to_owned(), document: profile(&id, when) };
    let refused = client(&system)?.save_rule(signed(save("colour == 'red' && packages > 'three'"), "an", "analyst", "*")?).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let listed = ListRulesRequest { kind: "profile".to_owned(), id: id.clone() };
    let none = client(&system)?.list_rules(signed(listed.clone(), "an", "analyst", "*")?).await?.into_inner();
    assert!(none.rules.is_empty(), "half of it was saved");

    let saved = client(&system)?.save_rule(signed(save("packages > 3"), "an", "head", "*")?).await?.into_inner();
    let approve = StepRuleRequest { kind: "profile".to_owned(), id: id.clone(), version: saved.version, step: "approve".to_owned() };
    let alone = client(&system)?.step_rule(signed(approve.clone(), "an", "head", "*")?).await.unwrap_err();
    assert_eq!(alone.code(), Code::PermissionDenied);
    client(&system)?.step_rule(signed(approve, "binh", "head", "*")?).await?;
    let now = client(&system)?.list_rules(signed(listed, "an", "analyst", "*")?).await?.into_inner();
    assert_eq!((now.rules[0].state.as_str(), now.rules[0].approved_by.as_str()), ("approved", "binh"));
    let retire = StepRuleRequest { kind: "profile".to_owned(), id, version: 0, step: "retire".to_owned() };
    client(&system)?.step_rule(signed(retire, "binh", "head", "*")?).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_lane_needs_two_persons_and_reaches_intake_and_the_timeline() -> Result<()> {
    let system = System::start().await?;
    roster(&system, vec![officer("32BB-A"), officer("32BB-B")]).await?;
    let number = lodged(&system, 1).await?.remove(0);
    let change = || ChangeLaneRequest { number: number.clone(), lane: Lane::Green.into(), form: 0, reason: "DOCUMENTS".to_owned() };
    let alone = client(&system)?.change_lane(signed(change(), "sup-1", "supervisor", OFFICE)?).await.unwrap_err();
    assert_eq!(alone.code(), Code::PermissionDenied);
    let mut request: Request<ChangeLaneRequest> = signed(change(), "sup-1", "supervisor", OFFICE)?;
    request.metadata_mut().insert("second-person", MetadataValue::try_from(token("sup-2", "supervisor", OFFICE)?)?);
    client(&system)?.change_lane(request).await?;
    until("the change and the clearance are in the timeline", async || {
        let request = signed(TimelineRequest { number: number.clone() }, "head", "head", "*")?;
        let stages = ReportingClient::new(system.channel("reporting")?).timeline(request).await?.into_inner().stages;
        Ok(["lane changed", "cleared"].iter().all(|wanted| stages.iter().any(|s| s.stage == *wanted)))
    })
    .await?;
    ensure!(cleargate(&["overrides", "--office", OFFICE])?.contains(&number), "the change is not in the register");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_suspended_officer_go_on_to_another_and_wait_when_there_is_none() -> Result<()> {
    let system = System::start().await?;
    roster(&system, vec![officer("32BB-A"), officer("32BB-B")]).await?;
    let numbers = lodged(&system, 6).await?;
    let suspended = |code: &str| Officer { suspended: true, ..officer(code) };
    roster(&system, vec![suspended("32BB-A"), officer("32BB-B")]).await?;
    let all_with = async |wanted: &str| -> Result<bool> {
        let held = holders(&system).await?;
        Ok(numbers.iter().all(|number| held.iter().any(|(n, o)| n == number && o == wanted)))
    };
    until("officer B has every file", async || all_with("32BB-B").await).await?;
    roster(&system, vec![suspended("32BB-A"), suspended("32BB-B")]).await?;
    until("every file waits in the queue", async || all_with("").await).await?;
    roster(&system, vec![officer("32BB-A"), suspended("32BB-B")]).await?;
    until("officer A has every file", async || all_with("32BB-A").await).await
}

/// What `verify` says of a file: whether it holds, and its findings about the office as (check, declaration).
fn verified(file: &str) -> Result<(bool, Vec<(String, String)>)> {
    let output = Command::new(binary("cleargate")?).args(["verify", file, "--json"]).output()?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().context("no findings")?.iter();
    // Other offices have that day open still, and are told so.
    let findings = findings.filter(|f| f["office"] == OFFICE).map(|f| (text(&f["check"]), text(&f["declaration"])));
    Ok((output.status.success(), findings.collect()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proof_of_a_day_holds_until_a_decision_is_tampered_with_and_then_names_it() -> Result<()> {
    let system = System::start().await?;
    roster(&system, ["32BB-A", "32BB-B", "32BB-C"].map(officer).to_vec()).await?;
    let numbers = lodged(&system, 8).await?;
    let closed = cleargate(&["day", "close", "--office", OFFICE])?;
    let day = closed.split_whitespace().nth(1).context("no day was closed")?.to_owned();
    let folder = std::env::temp_dir().join(unique("proof"));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("auditor.jsonl").display().to_string();
    let export = || cleargate(&["proof", "export", "--day", &day, "--auditor", "--out", &file]);
    export()?;
    assert_eq!(verified(&file)?.1, [], "before anybody tampered");

    let (server, _) = admin_url()?.rsplit_once('/').map(|(s, d)| (s.to_owned(), d.to_owned())).context("a database URL has a path")?;
    let mut conn = PgConnection::connect(&format!("{server}/risk")).await?;
    let key = numbers[0][..11].to_owned();
    let originals = steer(&mut conn, &key).await?;
    let tampered = export().and_then(|_| verified(&file));
    restore(&mut conn, originals).await?;
    let (holds, findings) = tampered?;
    assert!(!holds && findings.iter().any(|(check, declaration)| check == "officer" && *declaration == key), "{findings:?}");

    export()?;
    assert_eq!(verified(&file)?.1, [], "after the original rows were put back");
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

type Original = (i32, i64, Vec<u8>, Vec<u8>);

/// Gives a file to another officer than was drawn, and writes every hash after it anew, as the owner of the database could.
async fn steer(conn: &mut PgConnection, key: &str) -> Result<Vec<Original>> {
    let found = sqlx::query(
        "SELECT stream, position FROM journal WHERE topic = 'customs.risk.v1' AND subject = $1 AND kind = 'customs.risk.v1.Assigned'
         ORDER BY recorded_at LIMIT 1",
    )
    .bind(key)
    .fetch_one(&mut *conn)
    .await?;
    let (stream, position): (i32, i64) = (found.get(0), found.get(1));
    let rows = sqlx::query(
        "SELECT position, kind, subject, office, actor, cause, recorded_at, payload, hash FROM journal
         WHERE topic = 'customs.risk.v1' AND stream = $1 AND position >= $2 - 1 ORDER BY position",
    )
    .bind(stream)
    .bind(position)
    .fetch_all(&mut *conn)
    .await?;
    let mut originals = Vec::new();
    let mut previous = if position == 1 { chain::GENESIS } else { chain::hash(rows[0].get::<Vec<u8>, _>("hash").as_slice()).context("no hash")? };
    unlock(conn, "DISABLE").await?;
    for row in rows.iter().filter(|row| row.get::<i64, _>("position") >= position) {
        let (at, payload, hash): (i64, Vec<u8>, Vec<u8>) = (row.get("position"), row.get("payload"), row.get("hash"));
        let new = if at == position { steered(&payload)? } else { payload.clone() };
        let link = Link {
            stream: stream.unsigned_abs(),
            position: at.unsigned_abs(),
            topic: "customs.risk.v1",
            kind: row.get("kind"),
            subject: row.get("subject"),
            office: row.get("office"),
            actor: row.get("actor"),
            cause: row.get("cause"),
            recorded_at: row.get("recorded_at"),
            payload: &new,
        };
        previous = link.hash(&previous);
        originals.push((stream, at, payload, hash));
        write(conn, &(stream, at, new, previous.to_vec())).await?;
    }
    Ok(originals)
}

fn steered(payload: &[u8]) -> Result<Vec<u8>> {
    let Some(Fact::Assigned(mut assigned)) = RiskEvent::decode(payload)?.fact else { anyhow::bail!("not an assignment") };
    assigned.officer = if assigned.officer == "32BB-A" { "32BB-B" } else { "32BB-A" }.to_owned();
    Ok(RiskEvent { fact: Some(Fact::Assigned(assigned)) }.encode_to_vec())
}

async fn restore(conn: &mut PgConnection, originals: Vec<Original>) -> Result<()> {
    for original in &originals {
        write(conn, original).await?;
    }
    unlock(conn, "ENABLE").await
}

async fn write(conn: &mut PgConnection, (stream, position, payload, hash): &Original) -> Result<()> {
    sqlx::query("UPDATE journal SET payload = $3, hash = $4 WHERE topic = 'customs.risk.v1' AND stream = $1 AND position = $2")
        .bind(stream)
        .bind(position)
        .bind(payload)
        .bind(hash)
        .execute(conn)
        .await?;
    Ok(())
}

async fn unlock(conn: &mut PgConnection, how: &str) -> Result<()> {
    let statement = if how == "DISABLE" {
        "ALTER TABLE journal DISABLE TRIGGER journal_is_append_only"
    } else {
        "ALTER TABLE journal ENABLE TRIGGER journal_is_append_only"
    };
    sqlx::query(statement).execute(conn).await?;
    Ok(())
}
