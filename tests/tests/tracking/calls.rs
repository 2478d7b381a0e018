//! Calls of a gate: what it announces, observes and sees on its board.
use std::sync::Arc;

use contracts::{
    common,
    intake::Lodged,
    tracking::{AnnounceRequest, BoardRequest, GetVisitRequest, ObserveRequest, tracking_server::Tracking as _},
};
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::{GATE, KEY, OFFICE, PLATE, cleared, declaration, house::House, lodged, request};

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
