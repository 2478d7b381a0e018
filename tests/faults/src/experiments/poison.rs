//! Rubbish among good messages, and what lies in the dead letters tried again.
use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use serde_json::json;

use crate::{
    canon::{canon, difference},
    clock,
    experiment::Bench,
    latency,
    laws::Expected,
    letters,
    load::{Demand, Standing},
    quiet,
    record::{Must, Record},
    scene::{Rest, Scene},
    site::{OFFICES, Plan, SERVICES, Site},
};

/// Microseconds from and to.
type Stretch = (i64, i64);

/// Every 500th message is poison; pure and poisoned stretches take turns, so that both see the same machine.
pub async fn poison(bench: &Bench, record: &mut Record) -> Result<()> {
    let messages: u64 = bench.scale.pick(10_000, 250_000);
    let scene = Scene::open(bench, Plan::default(), Demand { grpc: 0, ..Demand::at(500, bench.seed) }).await?;
    scene.accepted_at_least(1_500, Duration::from_secs(60)).await?;
    let mut rng = fastrand::Rng::with_seed(bench.seed);
    let (mut pure, mut poisoned, mut sent): (Vec<Stretch>, Vec<Stretch>, u64) = (Vec::new(), Vec::new(), 0);
    let begun = scene.load.ledger.count(Standing::Accepted);
    while scene.load.ledger.count(Standing::Accepted) < begun + messages {
        let began = clock::now().timestamp_micros();
        let from = scene.load.ledger.count(Standing::Accepted);
        scene.accepted_at_least(from + 1_000, Duration::from_secs(120)).await?;
        let turned = clock::now().timestamp_micros();
        // The poison of this stretch: one of 500 of all messages, so four of 2,000.
        for _ in 0..4 {
            let from = scene.load.ledger.count(Standing::Accepted);
            put_in(&scene, &mut rng, sent)?;
            sent += 1;
            scene.accepted_at_least(from + 250, Duration::from_secs(120)).await?;
        }
        pure.push((began, turned));
        poisoned.push((turned, clock::now().timestamp_micros()));
    }
    let rest = scene.rest(Duration::from_secs(120)).await?;
    let ways = latency::ways(&rest.site, &rest.ledger).await?;
    let within = |stretches: &[Stretch], at: i64| stretches.iter().any(|(a, z)| (*a..*z).contains(&at));
    let calm = latency::at(&ways, 990, |w| within(&pure, w.sent_us));
    let sick = latency::at(&ways, 990, |w| within(&poisoned, w.sent_us));
    record.figure("poison among them", sent as f64, "", None);
    record.figure("healthy p99 in pure stretches", calm, "ms", None);
    record.figure("healthy p99 in poisoned stretches", sick, "ms", None);
    record.figure("ratio", sick / calm.max(1.0), "", bench.in_full(Must::AtMost(1.1)));
    tried_again(&rest, record, sent).await?;
    rest.judge(record, Expected { poison: sent }).await
}

/// In turn: bytes without meaning, an event of a known kind that cannot be one, an event of a kind that nobody has.
fn put_in(scene: &Scene, rng: &mut fastrand::Rng, n: u64) -> Result<()> {
    let (office, publisher, topic) = (OFFICES[rng.usize(0..OFFICES.len())], scene.load.publisher(), "nsw.declarations.v1");
    let id = format!("{}-poison-{n}", scene.site.name);
    match n % 3 {
        0 => {
            let bytes: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(200).collect();
            publisher.raw(topic, office, &bytes)
        }
        1 => {
            // JSON, and yet no declaration: what would merely break a rule is refused with an answer and leaves no letter.
            let impossible = json!({"sender": "LAB", "reference": id, "office": office, "packages": {"boxes": -1}, "lines": "none"});
            publisher.publish(topic, "nsw.v1.Lodged", &id, office, &serde_json::to_vec(&impossible)?, "")
        }
        _ => {
            let wished = json!({"sender": "LAB", "reference": id, "office": office});
            publisher.publish(topic, "nsw.v1.Wished", &id, office, &serde_json::to_vec(&wished)?, "")
        }
    }
}

/// All of it is tried again, twice: what can never be applied lies there as before, once, and nobody is told anything new. What a redrive
/// can apply is the business of `unknown-arm`.
async fn tried_again(rest: &Rest, record: &mut Record, sent: u64) -> Result<()> {
    let site = &rest.site;
    let (before, answers, state) = (letters::open(site, "intake").await?, told(site).await?, canon(site, &SERVICES).await?);
    let (known, unknown) = (
        letters::of_code(site, "intake", "UNDECODABLE", "nsw.v1.Lodged", false).await?,
        letters::of_code(site, "intake", "UNDECODABLE", "nsw.v1.Wished", false).await?,
    );
    let mut applied = 0;
    for _ in 0..2 {
        applied += letters::redrive(site, "intake").await?.applied;
        quiet::wait(site, Duration::from_secs(120)).await?;
    }
    let after = letters::open(site, "intake").await?;
    let differing = difference(&state, &canon(site, &SERVICES).await?);
    record.figure("dead letters before", total(&before), "", Some(Must::AtLeast(sent as f64)));
    record.figure("of them well-formed and impossible", known as f64, "", Some(Must::AtLeast((sent / 3) as f64)));
    record.figure("of them of a kind that nobody has", unknown as f64, "", Some(Must::AtLeast((sent / 3) as f64)));
    record.figure("dead letters after two redrives", total(&after), "", Some(Must::AtMost(sent as f64)));
    record.figure("letters that are not there exactly once", not_once(&before, &after) as f64, "", Some(Must::AtMost(0.0)));
    record.figure("poison that was applied", applied as f64, "", Some(Must::AtMost(0.0)));
    record.figure("answers that redrives added", (told(site).await? - answers) as f64, "", Some(Must::AtMost(0.0)));
    record.figure("tables that redrives changed", differing.len() as f64, &differing.join(" "), Some(Must::AtMost(0.0)));
    Ok(())
}

/// Letters of which there is not the one from before, or that were never there.
fn not_once(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> usize {
    let lost_or_doubled = before.iter().filter(|(letter, times)| **times != 1 || after.get(*letter) != Some(&1)).count();
    lost_or_doubled + after.keys().filter(|letter| !before.contains_key(*letter)).count()
}

fn total(letters: &BTreeMap<String, i64>) -> f64 {
    letters.values().sum::<i64>() as f64
}

/// Rows that answer senders.
async fn told(site: &Site) -> Result<i64> {
    let intake = site.database("intake").await?;
    let rows = sqlx::query_scalar("SELECT count(*) FROM journal WHERE topic = 'nsw.responses.v1'").fetch_one(&intake).await?;
    intake.close().await;
    Ok(rows)
}
