//! Visits from arrival to departure: what is held, linked and released on the way.
use contracts::{
    common,
    intake::{Amended, Lodged, Withdrawn},
    tracking::tracking_event::Fact as Told,
};
use tracking::FACTS;

use crate::{
    KEY, OFFICE, PLATE, cleared, declaration,
    house::{House, rules},
    lodged,
};

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
