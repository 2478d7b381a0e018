//! The whole system on the local stack: one declaration's walk, bad input, killed services, the real-shaped file.
use anyhow::{Context as _, Result, ensure};
use contracts::{
    intake::{GetRequest, LodgeRequest, ValidateRequest, intake_client::IntakeClient},
    nsw::v1::{Declaration, Line, Payment},
    reporting::{TimelineRequest, reporting_client::ReportingClient},
    risk::{ExplainRequest, Voice, risk_client::RiskClient},
};
use system_tests::{
    cleargate,
    system::{System, audit, declaration, event, signed},
    unique, until,
};
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn one_declaration_walks_from_the_single_window_to_the_report_in_one_trace() -> Result<()> {
    let system = System::start().await?;
    let (declaration, id) = (declaration(), unique("walk"));
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let mut headers = event("nsw.v1.Lodged", &id).to_vec();
    headers.push(("traceparent", parent.as_str()));
    system.publish("nsw.declarations.v1", "32BB", &headers, &serde_json::to_vec(&declaration)?)?;
    let number = system.answers_to(std::slice::from_ref(&id))?[&id].number.clone();
    ensure!(number.len() == 12, "{number}");

    let timeline = async || -> Result<_> {
        let request = signed(TimelineRequest { number: number.clone() }, "head", "head", "*")?;
        Ok(ReportingClient::new(system.channel("reporting")?).timeline(request).await?.into_inner().stages)
    };
    until("the lane is in the timeline", async || Ok(timeline().await.is_ok_and(|stages| stages.iter().any(|s| s.stage == "lane")))).await?;
    let stages = timeline().await?;
    assert_eq!(stages[0].stage, "lodged");
    assert!(stages.iter().all(|s| s.trace.split('-').nth(1) == Some(trace)), "{stages:?}");

    let request = signed(ExplainRequest { number: number.clone(), voice: Voice::Auditor.into() }, "auditor", "auditor", "*")?;
    let why = RiskClient::new(system.channel("risk")?).explain(request).await?.into_inner();
    assert!(why.trace.contains(&number[..11]) && !why.salt.is_empty());
    let printed = cleargate(&["show", &number])?;
    assert!(printed.contains(&number) && printed.contains(trace), "{printed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_get_their_answers_and_good_ones_between_them_flow_on() -> Result<()> {
    let system = System::start().await?;
    let json = |d: &Declaration| serde_json::to_vec(d);
    let ids: Vec<String> = (0..9).map(|n| format!("{}-{n}", unique("bad"))).collect();
    let topic = "nsw.declarations.v1";
    let send = |id: usize, kind: &str, content_type: &str, payload: &[u8]| {
        let mut headers = event(kind, &ids[id]);
        headers[4].1 = content_type;
        system.publish(topic, "32BB", &headers, payload)
    };
    let json_type = "application/json";
    send(0, "nsw.v1.Lodged", json_type, b"{ not json")?;
    send(1, "nsw.v1.Lodged", "text/csv", &json(&declaration())?)?;
    send(2, "nsw.v1.Sung", json_type, &json(&declaration())?)?;
    send(3, "nsw.v1.Lodged", json_type, b"\xff\xfe\xfd")?;
    let many = Declaration { lines: vec![declaration().lines[0].clone(); 51], ..declaration() };
    send(4, "nsw.v1.Lodged", json_type, &json(&many)?)?;
    let unknown_number = Declaration { number: "12x".to_owned(), ..declaration() };
    send(5, "nsw.v1.Amended", json_type, &json(&unknown_number)?)?;
    let wrong = Declaration {
        gross_mass: "1.2345".to_owned(),
        lines: vec![Line { origin: String::new(), ..declaration().lines[0].clone() }],
        ..declaration()
    };
    send(6, "nsw.v1.Lodged", json_type, &json(&wrong)?)?;
    let good = declaration();
    send(7, "nsw.v1.Lodged", json_type, &json(&good)?)?;
    // The same reference with other content.
    let other = Declaration { packages: "11".to_owned(), ..good.clone() };
    send(8, "nsw.v1.Lodged", json_type, &json(&other)?)?;
    // Without attributes nobody can be answered: it lies in the dead letters.
    system.publish(topic, "32BB", &[], b"nothing said")?;

    let answers = system.answers_to(&ids)?;
    let functions: Vec<&str> = ids.iter().map(|id| answers[id].function.as_str()).collect();
    assert_eq!(functions, ["03", "03", "03", "03", "03", "03", "03", "01", "03"]);
    assert!(answers[&ids[6]].faults.len() >= 2, "every fault is told: {:?}", answers[&ids[6]].faults);
    assert!(answers[&ids[6]].faults.iter().any(|f| f.pointer == "/grossMass" && !f.text_vi.is_empty() && !f.text_en.is_empty()));
    let letters = cleargate(&["dead-letters", "list", "intake"])?;
    assert!(letters.contains("UNDECODABLE"), "{letters}");
    // A corrected declaration after a refused one simply passes.
    let mended = unique("mended");
    system.say(topic, "nsw.v1.Lodged", &mended, &Declaration { reference: wrong.reference.clone(), ..declaration() })?;
    assert_eq!(system.answers_to(std::slice::from_ref(&mended))?[&mended].function, "01");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_ten_times_is_one_declaration_with_one_answer_id() -> Result<()> {
    let system = System::start().await?;
    let (declaration, id) = (declaration(), unique("ten"));
    for _ in 0..10 {
        system.say("nsw.declarations.v1", "nsw.v1.Lodged", &id, &declaration)?;
    }
    let mut answers = Vec::new();
    system.listen(|response, answer| {
        if response.in_reply_to == id {
            answers.push((response.number, answer));
        }
        answers.len() == 10
    })?;
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // The same id with other content is refused.
    let other = Declaration { packages: "99".to_owned(), ..declaration };
    system.say("nsw.declarations.v1", "nsw.v1.Lodged", &id, &other)?;
    system.listen(|response, _| response.in_reply_to == id && response.function == "03")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_for_an_unknown_declaration_waits_and_is_listed() -> Result<()> {
    let system = System::start().await?;
    let reference = unique("pay");
    let payment = Payment {
        reference: reference.clone(),
        number: "199999999990".to_owned(),
        amount: "1000".to_owned(),
        currency: "VND".to_owned(),
        sender: "TREASURY".to_owned(),
        office: "32BB".to_owned(),
    };
    system.say("nsw.payments.v1", "nsw.v1.Paid", &reference, &payment)?;
    let intake = system.database("intake").await?;
    until("the payment waits", || async {
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM awaiting WHERE subject = '19999999999'").fetch_one(&intake).await?;
        Ok(waiting > 0)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_without_a_caller_or_for_another_office_are_refused_and_a_dry_run_stores_nothing() -> Result<()> {
    let system = System::start().await?;
    let mut intake = IntakeClient::new(system.channel("intake")?);
    let lodge = LodgeRequest { declaration: Some(declaration()), class: 0 };
    assert_eq!(intake.lodge(lodge.clone()).await.unwrap_err().code(), Code::Unauthenticated);
    let elsewhere = signed(lodge.clone(), "TESTER", "sender", "31BB")?;
    assert_eq!(intake.lodge(elsewhere).await.unwrap_err().code(), Code::PermissionDenied);
    let other_role = signed(lodge.clone(), "TESTER", "auditor", "*")?;
    assert_eq!(intake.lodge(other_role).await.unwrap_err().code(), Code::PermissionDenied);

    let bad = Declaration { mass_unit: "STONE".to_owned(), ..declaration() };
    let dry = signed(ValidateRequest { declaration: Some(bad.clone()) }, "TESTER", "sender", "32BB")?;
    let faults = intake.validate(dry).await?.into_inner().faults;
    assert!(faults.iter().any(|f| f.pointer == "/massUnit"), "{faults:?}");
    let refused = intake.lodge(signed(LodgeRequest { declaration: Some(bad), class: 0 }, "TESTER", "sender", "32BB")?).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("/massUnit"), "{}", refused.message());

    let first = intake.lodge(signed(lodge.clone(), "TESTER", "sender", "32BB")?).await?.into_inner().number;
    let again = intake.lodge(signed(lodge, "TESTER", "sender", "32BB")?).await?.into_inner().number;
    assert_eq!(first, again);
    let got = intake.get(signed(GetRequest { number: first.clone() }, "TESTER", "sender", "32BB")?).await?.into_inner();
    assert_eq!(got.summary.context("summary")?.number, first);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the data set is named by environment and not part of the project")]
async fn the_korean_test_file_goes_through_whole_and_what_is_refused_has_its_code() -> Result<()> {
    let Ok(directory) = std::env::var("KCS_DIR") else {
        eprintln!("KCS_DIR is not set: the file is not tested");
        return Ok(());
    };
    let _system = System::start().await?;
    let printed = cleargate(&["load", "--kcs", &format!("{directory}/test.csv"), "--json"])?;
    let outcome: serde_json::Value = serde_json::from_str(&printed)?;
    assert_eq!(outcome["totals"]["done"], outcome["totals"]["sent"], "{outcome}");
    let (accepted, refused) = (outcome["totals"]["accepted"].as_u64(), outcome["totals"]["refused"].as_u64());
    assert_eq!(accepted.zip(refused).map(|(a, r)| a + r), outcome["totals"]["sent"].as_u64());
    audit()?;
    Ok(())
}
