//! What the relay reads from the journal and writes to `streams`.
use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{Place, line::Gap};
use crate::{
    failure::Failure,
    journal::{Hash, Row, chain},
    protocol::start::Found,
};

/// How far a stream goes, and how far it is published.
pub(super) struct Ends {
    pub place: Place,
    pub position: i64,
    pub published: i64,
}

pub(super) async fn heads(conn: &mut PgConnection) -> Result<Vec<Ends>, Failure> {
    let rows = sqlx::query!("SELECT topic, stream, position, published FROM streams ORDER BY topic, stream").fetch_all(conn).await?;
    Ok(rows.into_iter().map(|r| Ends { place: (r.topic.into(), r.stream), position: r.position, published: r.published }).collect())
}

/// Rows of these gaps, at most `limit` of each.
pub(super) async fn missing(conn: &mut PgConnection, gaps: &[(&Place, Gap)], limit: i64) -> Result<Vec<Row>, Failure> {
    let topics: Vec<&str> = gaps.iter().map(|((topic, _), _)| topic.as_ref()).collect();
    let streams: Vec<i32> = gaps.iter().map(|((_, stream), _)| *stream).collect();
    let after: Vec<i64> = gaps.iter().map(|(_, gap)| gap.after).collect();
    let before: Vec<i64> = gaps.iter().map(|(_, gap)| gap.before).collect();
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT j.topic, j.stream, j.position, j.kind, j.subject, j.office, j.actor, j.cause, j.recorded_at, j.trace, j.headers, j.payload, j.hash
           FROM UNNEST($1::text[], $2::int[], $3::bigint[], $4::bigint[]) AS w (topic, stream, after, before)
           CROSS JOIN LATERAL (SELECT r.topic, r.stream, r.position, r.kind, r.subject, r.office, r.actor, r.cause, r.recorded_at, r.trace, r.headers,
                                      r.payload, r.hash FROM journal r
                               WHERE r.topic = w.topic AND r.stream = w.stream AND r.position > w.after AND r.position < w.before
                               ORDER BY r.position LIMIT $5) j"#,
        &topics as &[&str],
        &streams,
        &after,
        &before,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// The journal's own hashes at the positions that the last records claim.
pub(super) async fn hashes(conn: &mut PgConnection, found: &BTreeMap<Place, Found>) -> Result<BTreeMap<Place, Hash>, Failure> {
    let (mut topics, mut streams, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    for ((topic, stream), end) in found {
        if let Found::Last(last) = end {
            topics.push(topic.as_ref());
            streams.push(*stream);
            positions.push(last.position);
        }
    }
    let rows = sqlx::query!(
        r#"SELECT j.topic, j.stream, j.hash
           FROM UNNEST($1::text[], $2::int[], $3::bigint[]) AS w (topic, stream, position) JOIN journal j USING (topic, stream, position)"#,
        &topics as &[&str],
        &streams,
        &positions
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().filter_map(|r| Some(((r.topic.into(), r.stream), chain::hash(&r.hash)?))).collect())
}

/// Moves `published`, which only rises.
pub(super) async fn publish(conn: &mut PgConnection, reached: &[(Place, i64)]) -> Result<(), Failure> {
    let topics: Vec<&str> = reached.iter().map(|((t, _), _)| t.as_ref()).collect();
    let streams: Vec<i32> = reached.iter().map(|((_, s), _)| *s).collect();
    let positions: Vec<i64> = reached.iter().map(|(_, p)| *p).collect();
    sqlx::query!(
        r#"WITH locked AS (
               SELECT s.topic, s.stream, w.position
               FROM UNNEST($1::text[], $2::int[], $3::bigint[]) AS w (topic, stream, position) JOIN streams s USING (topic, stream)
               ORDER BY s.topic, s.stream FOR UPDATE OF s)
           UPDATE streams s SET published = l.position FROM locked l
           WHERE s.topic = l.topic AND s.stream = l.stream AND s.published < l.position"#,
        &topics as &[&str],
        &streams,
        &positions
    )
    .execute(conn)
    .await?;
    Ok(())
}
