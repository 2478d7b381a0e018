//! Tracking on a real PostgreSQL: what a camera saw, what intake said, and what a gate does about it.
use std::{sync::Arc, time::Duration};

use contracts::{
    Event as _, common,
    gate::v1::Observation,
    intake::{Amended, Cleared, IntakeEvent, Lodged, Withdrawn},
    tracking::{
        AnnounceRequest, BoardRequest, GetVisitRequest, ObserveRequest, TrackingEvent, tracking_event::Fact as Told, tracking_server::Tracking as _,
    },
};
use platform::{
    Entry, Instant,
    callers::Caller,
    clock,
    cloudevent::Headers,
    commands::CommandLoop,
    health::Health,
    journal,
    metrics::Metrics,
    operations::{self, Desk},
    reader::{Delivery, step::Reader},
    relay::Wake,
    secret::Secret,
    settings,
    streams::Class,
};
use prost::Message as _;
use system_tests::{
    Sandbox,
    toy::{NoPeers, delivery},
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request};
use tracking::{Calls, Deciding, FACTS, HEARS, Hearing, INTAKE, MIGRATIONS, OBSERVATIONS, RISK, Rules, Settings};

const OFFICE: &str = "32BB";
const GATE: &str = "LAOBAO";
const KEY: &str = "10900000001";
const PLATE: &str = "74C-123.45";

fn rules(gates: &str, look_outs: &str) -> Arc<Rules> {
    let settings = Settings {
        repeat_window_s: 60,
        min_confidence: 800,
        clock_ahead_s: 300,
        announcement_h: 72,
        secret: Secret::from("5a".repeat(32)),
        gates: gates.to_owned(),
        look_outs: Secret::from(look_outs.to_owned()),
    };
    #[expect(clippy::unwrap_used, reason = "a test that cannot build its rules has failed")]
    Arc::new(settings.rules().unwrap())
}

/// Tracking with its database, fed without Kafka.
struct House {
    sandbox: Sandbox,
    reader: Reader,
    rules: Arc<Rules>,
    offset: i64,
    start: Instant,
}

impl House {
    async fn new() -> anyhow::Result<Self> {
        Self::with(rules("", "")).await
    }

    async fn with(rules: Arc<Rules>) -> anyhow::Result<Self> {
        let sandbox = Sandbox::new(&MIGRATIONS, &[FACTS, INTAKE, RISK]).await?;
        let mut reader = Reader {
            pool: sandbox.pool.clone(),
            handler: Arc::new(Hearing { rules: Arc::clone(&rules) }),
            journal: sandbox.journal,
            sources: HEARS.to_vec(),
            journals: Arc::new(NoPeers),
            owner: "one".to_owned(),
            metrics: Metrics::new("tracking"),
            owning: Default::default(),
            told: Vec::new(),
        };
        let ours = [INTAKE, RISK].into_iter().flat_map(|topic| (0..8).map(move |n| (topic.into(), n)));
        reader.claim(&ours.chain([(OBSERVATIONS.into(), 0)]).collect::<Vec<_>>()).await?;
        Ok(Self { sandbox, reader, rules, offset: 0, start: clock::now() - Duration::from_secs(7200) })
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn observation(&self, way: &str, plate: &str, seconds: u64) -> Observation {
        Observation {
            camera: format!("LB-{way}"),
            gate: GATE.to_owned(),
            direction: way.to_owned(),
            plate: plate.to_owned(),
            country: "LAO".to_owned(),
            observed_at: Some(self.at(seconds).into()),
            confidence: 990,
            image: String::new(),
        }
    }

    fn message(&mut self, id: &str, kind: &str, content_type: &str, payload: Vec<u8>) -> Delivery {
        let headers = Headers::from_iter([
            ("ce_specversion", "1.0"),
            ("ce_source", "/gate/laobao"),
            ("ce_id", id),
            ("ce_type", kind),
            ("content-type", content_type),
        ]);
        self.offset += 1;
        Delivery {
            topic: OBSERVATIONS.into(),
            partition: 0,
            offset: self.offset,
            key: OFFICE.into(),
            headers: headers.into(),
            payload: payload.into(),
        }
    }

    fn seen(&mut self, observation: &Observation) -> Delivery {
        let id = format!("m{}", self.offset);
        self.message(&id, "gate.v1.Observed", "application/protobuf", observation.encode_to_vec())
    }

    async fn observe(&mut self, way: &str, plate: &str, seconds: u64) -> anyhow::Result<()> {
        let delivery = self.seen(&self.observation(way, plate, seconds));
        self.reader.step(vec![delivery]).await?;
        Ok(())
    }

    /// Facts of intake, as Kafka would deliver them.
    async fn say(&self, events: Vec<IntakeEvent>) -> anyhow::Result<Vec<Delivery>> {
        let entries: Vec<Entry> = events
            .into_iter()
            .map(|event| Entry {
                topic: INTAKE,
                class: Class::Cargo,
                kind: event.kind().into(),
                subject: KEY.to_owned(),
                office: OFFICE.to_owned(),
                actor: "intake".to_owned(),
                cause: "grpc:test:intake:1".to_owned(),
                recorded_at: clock::now(),
                trace: String::new(),
                payload: event.encode_to_vec(),
                headers: Headers::default(),
                answer: false,
                answers: None,
            })
            .collect();
        let mut tx = self.sandbox.pool.begin().await?;
        let mut deliveries = Vec::new();
        for told in journal::append(&mut tx, self.sandbox.journal, entries).await? {
            let row = journal::read(&mut tx, INTAKE, told.stream, told.position, 1).await?.remove(0);
            deliveries.push(delivery(&row));
        }
        tx.commit().await?;
        Ok(deliveries)
    }

    async fn hear(&mut self, events: Vec<IntakeEvent>) -> anyhow::Result<()> {
        let deliveries = self.say(events).await?;
        self.reader.step(deliveries).await?;
        Ok(())
    }

    /// What tracking has told so far.
    async fn told(&self) -> anyhow::Result<Vec<Told>> {
        let rows: Vec<(Vec<u8>,)> = sqlx::query_as("SELECT payload FROM journal WHERE topic = $1 ORDER BY stream, position")
            .bind(FACTS)
            .fetch_all(&self.sandbox.pool)
            .await?;
        rows.into_iter().map(|(payload,)| Ok(TrackingEvent::decode(payload.as_slice())?.fact.expect("every row has a fact"))).collect()
    }

    async fn names(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.told().await?.iter().map(name).collect())
    }

    async fn codes(&self) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar(r#"SELECT code FROM dead_letters WHERE redriven_at IS NULL ORDER BY topic, "offset""#)
            .fetch_all(&self.sandbox.pool)
            .await?)
    }

    fn calls(&self, stop: &CancellationToken) -> Calls {
        let (commands, command_loop) = CommandLoop::new(
            self.sandbox.pool.clone(),
            Arc::new(Deciding { rules: Arc::clone(&self.rules) }),
            Arc::new(Hearing { rules: Arc::clone(&self.rules) }),
            self.sandbox.journal,
            Wake::default(),
            Health::default(),
            Metrics::new("tracking"),
            settings::Commands { batch: 128, queue: 1024, queue_bytes: 1 << 26 },
        );
        tokio::spawn(command_loop.run(stop.clone()));
        Calls { pool: self.sandbox.pool.clone(), rules: Arc::clone(&self.rules), commands }
    }
}

/// A fact as `Kind` or `Kind REASON`.
fn name(fact: &Told) -> String {
    match fact {
        Told::Announced(_) => "Announced".to_owned(),
        Told::Arrived(_) => "Arrived".to_owned(),
        Told::Held(f) => format!("Held {}", f.reason),
        Told::Unrecognised(f) => format!("Unrecognised {}", f.reason),
        Told::Departed(_) => "Departed".to_owned(),
        Told::Linked(_) => "Linked".to_owned(),
        Told::Released(_) => "Released".to_owned(),
        Told::HeadsWitnessed(_) | Told::DeadLetterDiscarded(_) => "Platform".to_owned(),
    }
}

fn declaration(key: &str, version: u32, plate: &str, direction: common::Direction) -> common::Declaration {
    common::Declaration {
        key: key.to_owned(),
        version,
        direction: direction.into(),
        office: OFFICE.to_owned(),
        plate: plate.to_owned(),
        plate_country: "LAO".to_owned(),
        ..common::Declaration::default()
    }
}

fn lodged(key: &str, plate: &str) -> IntakeEvent {
    Lodged { declaration: Some(declaration(key, 0, plate, common::Direction::Import)) }.into()
}

fn cleared(key: &str, version: u32) -> IntakeEvent {
    Cleared { key: key.to_owned(), version }.into()
}

fn request<M>(message: M, role: &str, office: &str) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller { subject: format!("{role}-1"), roles: vec![role.to_owned()], offices: vec![office.to_owned()] });
    request
}

#[tokio::test]
async fn a_vehicle_arrives_is_held_until_its_goods_are_cleared_and_departs() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    house.hear(vec![lodged(KEY, PLATE), lodged("10900000002", "74C12345")]).await?;
    house.observe("in", PLATE, 0).await?;
    house.observe("out", "74c 12345", 100).await?;
    house.hear(vec![cleared(KEY, 0)]).await?;
    assert_eq!(house.names().await?, ["Arrived", "Held NOT_CLEARED"]);
    house.hear(vec![cleared("10900000002", 0)]).await?;
    house.observe("out", PLATE, 200).await?;
    assert_eq!(house.names().await?, ["Arrived", "Held NOT_CLEARED", "Released", "Departed"]);
    let told = house.told().await?;
    let (Told::Arrived(arrived), Told::Held(held), Told::Departed(departed)) = (&told[0], &told[1], &told[3]) else { panic!("{told:?}") };
    assert_eq!(arrived.declarations, [KEY, "10900000002"]);
    assert_eq!((held.visit.as_str(), held.declarations.len()), (arrived.visit.as_str(), 2));
    assert_eq!((&departed.visit, departed.vehicle.as_ref().unwrap().plate.as_str()), (&arrived.visit, "74C12345"));
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT subject, office, actor FROM journal WHERE topic = $1").bind(FACTS).fetch_all(&house.sandbox.pool).await?;
    assert!(rows.iter().all(|(subject, office, actor)| *subject == arrived.visit && office == OFFICE && actor == "tracking"));
    // The trip is over: what it carried admits nobody again.
    house.observe("in", PLATE, 400).await?;
    assert_eq!(house.names().await?.last().unwrap(), "Held NO_DECLARATION");
    Ok(())
}

#[tokio::test]
async fn the_whole_walk_in_one_batch_is_the_same_walk() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    let mut batch = house.say(vec![lodged(KEY, PLATE)]).await?;
    for n in 0..10 {
        batch.push(house.seen(&house.observation("in", PLATE, n)));
    }
    batch.push(house.seen(&house.observation("out", PLATE, 100)));
    batch.extend(house.say(vec![cleared(KEY, 0)]).await?);
    batch.push(house.seen(&house.observation("out", PLATE, 200)));
    house.reader.step(batch).await?;
    assert_eq!(house.names().await?, ["Arrived", "Held NOT_CLEARED", "Released", "Departed"]);
    // And once more in the next batch, with a second declaration.
    let mut batch = house.say(vec![lodged("10900000002", PLATE)]).await?;
    batch.push(house.seen(&house.observation("in", PLATE, 900)));
    house.reader.step(batch).await?;
    assert_eq!(house.names().await?.last().unwrap(), "Arrived");
    Ok(())
}

#[tokio::test]
async fn an_unknown_gate_goes_to_the_dead_letters_and_passes_once_the_gate_is_known() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    house.hear(vec![lodged(KEY, PLATE)]).await?;
    let strange = Observation { gate: "DAKRONG".to_owned(), ..house.observation("in", PLATE, 0) };
    let batch = vec![house.seen(&strange), house.seen(&house.observation("in", "74C99999", 0))];
    house.reader.step(batch).await?;
    assert_eq!((house.codes().await?, house.names().await?), (vec!["CG203".to_owned()], vec!["Unrecognised UNKNOWN_PLATE".to_owned()]));
    let told = operations::Told { topic: FACTS, discarded_kind: "", discarded: |_| Vec::new() };
    let desk = |rules| Desk {
        pool: house.sandbox.pool.clone(),
        handler: Arc::new(Hearing { rules }),
        journal: house.sandbox.journal,
        wake: Wake::default(),
        told,
    };
    let letter = (OBSERVATIONS.to_owned(), 0, 1);
    assert_eq!(desk(rules("", "")).redrive(&letter).await.unwrap().applied, 0);
    let known = rules("gate = [{ code = 'DAKRONG', office = '32BD', name_vi = 'Đakrông', name_en = 'Dakrong' }]", "");
    assert_eq!(desk(known).redrive(&letter).await.unwrap().applied, 1);
    assert!(house.codes().await?.is_empty());
    let office: String =
        sqlx::query_scalar("SELECT office FROM journal WHERE kind = 'customs.tracking.v1.Arrived'").fetch_one(&house.sandbox.pool).await?;
    assert_eq!(office, "32BD");
    Ok(())
}

#[tokio::test]
async fn the_same_observation_ten_times_is_one() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    let observation = house.observation("in", "74C99999", 0);
    for n in 0..5 {
        // Under new ids, and as JSON as well as protobuf.
        let json = house.message(&format!("json-{n}"), "gate.v1.Observed", "application/json; charset=utf-8", serde_json::to_vec(&observation)?);
        let batch = vec![house.seen(&observation), json];
        house.reader.step(batch).await?;
    }
    assert_eq!(house.names().await?, ["Unrecognised UNKNOWN_PLATE"]);
    let readings: i64 = sqlx::query_scalar("SELECT count(*) FROM readings").fetch_one(&house.sandbox.pool).await?;
    assert_eq!((readings, house.codes().await?.len()), (1, 0));
    // Another camera within the window is the same passage, a later reading is another.
    house.observe("in", "74C99999", 30).await?;
    house.observe("in", "74C99999", 100).await?;
    assert_eq!(house.names().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_plate_that_looks_like_a_known_one_never_opens_a_gate() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    house.hear(vec![lodged(KEY, PLATE), cleared(KEY, 0)]).await?;
    house.observe("in", "74CI2345", 0).await?;
    let weak = Observation { confidence: 799, ..house.observation("in", PLATE, 10) };
    let delivery = house.seen(&weak);
    house.reader.step(vec![delivery]).await?;
    house.observe("out", "74CI2345", 20).await?;
    assert_eq!(house.names().await?, ["Unrecognised CONFUSABLE_PLATE", "Unrecognised WEAK_READING", "Unrecognised CONFUSABLE_PLATE"]);
    // A better picture within the window is no repeat of the weak one.
    house.observe("in", PLATE, 40).await?;
    assert_eq!(house.names().await?[3..], ["Arrived", "Released"]);
    Ok(())
}

#[tokio::test]
async fn facts_may_come_in_any_order() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    // Unknown so far; then cleared and amended before it was lodged.
    house.observe("in", PLATE, 0).await?;
    house.hear(vec![cleared(KEY, 1)]).await?;
    house.hear(vec![Amended { declaration: Some(declaration(KEY, 1, PLATE, common::Direction::Import)) }.into(), lodged(KEY, "74C00000")]).await?;
    house.observe("in", PLATE, 10).await?;
    assert_eq!(house.names().await?, ["Unrecognised UNKNOWN_PLATE", "Arrived", "Released"]);
    // A reading out that is older than the arrival proves nothing.
    house.observe("out", PLATE, 5).await?;
    house.observe("out", PLATE, 100).await?;
    assert_eq!(house.names().await?[3..], ["Unrecognised WEAK_READING", "Departed"]);
    Ok(())
}

#[tokio::test]
async fn a_declaration_lodged_inside_is_linked_and_an_amendment_takes_the_release_back() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    house.hear(vec![lodged(KEY, PLATE), cleared(KEY, 0)]).await?;
    house.observe("in", PLATE, 0).await?;
    house.hear(vec![lodged("10900000002", PLATE)]).await?;
    house.observe("out", PLATE, 100).await?;
    house.hear(vec![Withdrawn { key: "10900000002".to_owned(), version: 0, reason: String::new() }.into()]).await?;
    assert_eq!(house.names().await?, ["Arrived", "Released", "Linked", "Held NOT_CLEARED", "Released"]);
    house.hear(vec![Amended { declaration: Some(declaration(KEY, 1, PLATE, common::Direction::Import)) }.into()]).await?;
    house.observe("out", PLATE, 200).await?;
    house.hear(vec![cleared(KEY, 1)]).await?;
    house.observe("out", PLATE, 300).await?;
    assert_eq!(house.names().await?[5..], ["Held NOT_CLEARED", "Released", "Departed"]);
    Ok(())
}

#[tokio::test]
async fn a_look_out_holds_whatever_else_is_known_and_exports_leave_without_a_visit() -> anyhow::Result<()> {
    let mut house = House::with(rules("", "look_out = [{ plate = '74C-666.66', country = 'LAO' }]")).await?;
    house.hear(vec![lodged(KEY, "74C66666"), cleared(KEY, 0)]).await?;
    house.observe("in", "74C66666", 0).await?;
    let export = declaration("30900000001", 0, PLATE, common::Direction::Export);
    house.hear(vec![Lodged { declaration: Some(export) }.into()]).await?;
    house.observe("out", PLATE, 0).await?;
    house.hear(vec![cleared("30900000001", 0)]).await?;
    house.observe("out", PLATE, 100).await?;
    assert_eq!(house.names().await?, ["Held LOOK_OUT", "Held NOT_CLEARED", "Departed"]);
    Ok(())
}

#[tokio::test]
async fn a_private_plate_is_written_down_nowhere() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    house.observe("in", "30A-555.55", 0).await?;
    let stop = CancellationToken::new();
    let observation = Some(house.observation("out", "30A55555", 50));
    house.calls(&stop).observe(request(ObserveRequest { observation }, "officer", OFFICE)).await?;
    assert_eq!(house.names().await?.len(), 2);
    for table in ["journal", "readings", "vehicles", "commands", "inbox"] {
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t"))).fetch_all(&house.sandbox.pool).await?;
        let hex = hex_of("30A55555");
        assert!(rows.iter().all(|row| !row.contains("30A55555") && !row.contains("555.55") && !row.contains(&hex)), "{table}: {rows:?}");
    }
    stop.cancel();
    Ok(())
}

fn hex_of(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test]
async fn what_cannot_be_read_is_rejected_with_its_reason_and_the_rest_flows_on() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    let good = house.observation("in", "74C99999", 0);
    let bytes = good.encode_to_vec();
    let (json, protobuf, observed) = ("application/json", "application/protobuf", "gate.v1.Observed");
    let other = Observation { plate: "74C88888".to_owned(), ..good.clone() }.encode_to_vec();
    let late = Observation { observed_at: Some(pbjson_types::Timestamp { seconds: i64::MAX, nanos: 0 }), ..good.clone() }.encode_to_vec();
    let mut bare = house.message("a", observed, protobuf, bytes.clone());
    bare.headers = Arc::new(bare.headers.iter().filter(|(name, _)| *name != "ce_id").collect());
    let batch = vec![
        bare,
        house.message("b", observed, json, b"{".to_vec()),
        house.message("c", observed, protobuf, vec![0xff, 0xff]),
        house.message("d", observed, "text/plain", bytes.clone()),
        house.message("e", "gate.v1.Opened", protobuf, bytes.clone()),
        house.message("f", observed, protobuf, late),
        house.message("g", observed, protobuf, bytes),
        house.message("g", observed, protobuf, other),
    ];
    house.reader.step(batch).await?;
    assert_eq!(house.codes().await?, ["ATTRIBUTES", "UNDECODABLE", "UNDECODABLE", "UNDECODABLE", "UNKNOWN_KIND", "CG207", "ID_REUSED"]);
    assert_eq!(house.names().await?, ["Unrecognised UNKNOWN_PLATE"]);
    Ok(())
}

#[tokio::test]
async fn an_announced_vehicle_is_on_the_board_of_its_gate_until_it_leaves() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    let stop = CancellationToken::new();
    let calls = house.calls(&stop);
    let announcement = AnnounceRequest {
        gate: GATE.to_owned(),
        plate: PLATE.to_owned(),
        country: "LAO".to_owned(),
        declarations: vec![format!("{KEY}0"), KEY.to_owned()],
    };
    let vehicle = calls.announce(request(announcement.clone(), "sender", "")).await?.into_inner().vehicle;
    assert_eq!(calls.announce(request(announcement.clone(), "sender", "")).await?.into_inner().vehicle, vehicle);
    let denied = calls.announce(request(announcement.clone(), "officer", "31BB")).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let faulty = AnnounceRequest { declarations: vec!["1".to_owned()], ..AnnounceRequest::default() };
    let faults = calls.announce(request(faulty, "sender", "")).await.unwrap_err();
    assert!(faults.code() == Code::InvalidArgument && faults.message().starts_with("4 fault(s)"), "{faults}");

    let seen = |way: &str, seconds| ObserveRequest { observation: Some(house.observation(way, PLATE, seconds)) };
    let admitted = calls.observe(request(seen("in", 0), "officer", OFFICE)).await?.into_inner();
    assert_eq!(
        (admitted.outcome.as_str(), calls.observe(request(seen("in", 0), "officer", OFFICE)).await?.into_inner().visit),
        ("ADMITTED", admitted.visit.clone())
    );
    assert_eq!(calls.observe(request(seen("in", 0), "operator", "*")).await?.into_inner().outcome, "REPEAT");
    assert_eq!(calls.observe(request(seen("in", 0), "officer", "31BB")).await.unwrap_err().code(), Code::PermissionDenied);
    let held = calls.observe(request(seen("out", 100), "officer", OFFICE)).await?.into_inner();
    assert_eq!((held.outcome.as_str(), held.reason.as_str(), &held.visit), ("HELD", "NOT_CLEARED", &admitted.visit));

    let board = calls.board(request(BoardRequest { gate: GATE.to_owned() }, "officer", OFFICE)).await?.into_inner().visits;
    assert_eq!((board.len(), board[0].state.as_str(), board[0].declarations.len()), (1, "HELD", 1));
    assert_eq!(calls.board(request(BoardRequest { gate: GATE.to_owned() }, "officer", "31BB")).await.unwrap_err().code(), Code::PermissionDenied);
    house.hear(vec![lodged(KEY, PLATE), cleared(KEY, 0)]).await?;
    house.observe("out", PLATE, 200).await?;
    let visit = || request(GetVisitRequest { visit: admitted.visit.clone() }, "head", OFFICE);
    let left = calls.get_visit(visit()).await?.into_inner();
    assert_eq!((left.state.as_str(), left.declarations[0].cleared, left.departed_at.is_some()), ("DEPARTED", true, true));
    assert!(calls.board(request(BoardRequest { gate: GATE.to_owned() }, "officer", OFFICE)).await?.into_inner().visits.is_empty());
    let nobody = request(GetVisitRequest { visit: "x".to_owned() }, "head", OFFICE);
    assert_eq!(calls.get_visit(nobody).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(house.names().await?, ["Announced", "Arrived", "Held NOT_CLEARED", "Released", "Departed"]);
    stop.cancel();
    Ok(())
}

#[tokio::test]
async fn a_vehicle_that_is_held_without_a_visit_is_on_the_board_too() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    house.hear(vec![Lodged { declaration: Some(declaration("30900000001", 0, PLATE, common::Direction::Export)) }.into()]).await?;
    house.observe("out", PLATE, 0).await?;
    let stop = CancellationToken::new();
    let calls = house.calls(&stop);
    let board = calls.board(request(BoardRequest { gate: GATE.to_owned() }, "supervisor", OFFICE)).await?.into_inner().visits;
    assert_eq!((board.len(), board[0].visit.as_str(), board[0].reason.as_str()), (1, "", "NOT_CLEARED"));
    stop.cancel();
    Ok(())
}

#[tokio::test]
async fn two_loops_and_many_calls_about_one_vehicle_agree() -> anyhow::Result<()> {
    let mut house = House::new().await?;
    house.hear(vec![lodged(KEY, PLATE)]).await?;
    let stop = CancellationToken::new();
    let calls = Arc::new(house.calls(&stop));
    let other = Arc::new(house.calls(&stop));
    let mut tasks = Vec::new();
    for n in 0..32_u64 {
        let (calls, observation) = (Arc::clone(if n % 2 == 0 { &calls } else { &other }), house.observation("in", PLATE, n));
        tasks.push(tokio::spawn(async move { calls.observe(request(ObserveRequest { observation: Some(observation) }, "officer", OFFICE)).await }));
    }
    let batch = (0..32).map(|n| house.seen(&house.observation("in", PLATE, n))).collect();
    house.reader.step(batch).await?;
    for task in tasks {
        task.await??;
    }
    assert_eq!(house.names().await?, ["Arrived"]);
    stop.cancel();
    Ok(())
}
