//! The read models, whatever the order of topics and whatever a fact says.
use contracts::{common::Lane, intake::Cleared, reporting::KeptStages, risk::Assigned};
use platform::{Fact, Handler, Outcome, Work};
use prost::Message as _;
use reporting::Reading;

use crate::{
    KEYS, apply,
    facts::{a_day, decided, intake, lodged, risk},
    sandbox,
};

/// All rows of the read models as text, but for the time at which this service had a row complete, and each stage on them once.
async fn rows(conn: &mut sqlx::PgConnection) -> anyhow::Result<Vec<String>> {
    let rows = sqlx::query_scalar(
        "SELECT (to_jsonb(d) - 'reported_at' - 'stages')::text || (d.reported_at IS NOT NULL) FROM declarations d
         UNION ALL SELECT to_jsonb(s)::text FROM stages s UNION ALL SELECT to_jsonb(r)::text FROM refusals r
         UNION ALL SELECT to_jsonb(v)::text FROM visits v ORDER BY 1",
    );
    let mut rows: Vec<String> = rows.fetch_all(&mut *conn).await?;
    let kept: Vec<(String, i16, Vec<u8>)> = sqlx::query_as("SELECT key, version, stages FROM declarations").fetch_all(conn).await?;
    let mut stages = Vec::new();
    for (key, version, bytes) in kept {
        stages.extend(KeptStages::decode(&*bytes)?.stages.iter().map(|stage| format!("{key} {version} {stage:?}")));
    }
    stages.sort_unstable();
    stages.dedup();
    rows.append(&mut stages);
    Ok(rows)
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
