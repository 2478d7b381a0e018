//! What cameras send: the unknown, the repeated, the doubtful, the private and the unreadable.
use std::sync::Arc;

use contracts::{
    gate::v1::Observation,
    tracking::{ObserveRequest, tracking_server::Tracking as _},
};
use platform::{
    operations::{self, Desk},
    relay::Wake,
};
use prost::Message as _;
use tokio_util::sync::CancellationToken;
use tracking::{FACTS, Hearing, OBSERVATIONS};

use crate::{
    KEY, OFFICE, PLATE, cleared,
    house::{House, rules},
    lodged, request,
};

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
