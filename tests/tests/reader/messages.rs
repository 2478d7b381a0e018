//! Messages from outside: their answers, what no database can hold, and topics that begin anew.
use std::sync::Arc;

use platform::reader::step::Halted;
use system_tests::{
    Sandbox,
    toy::{self, ANSWERS, MIGRATIONS, NoPeers, TOPIC, message, partitions, reader},
};

use crate::sandbox;

#[tokio::test]
async fn a_message_sent_ten_times_gets_one_effect_and_the_stored_answer_each_time() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    // Five in one batch, five one by one.
    reader.step((0..5).map(|n| message(n, "m1", "s", "ok")).collect()).await?;
    for n in 5..10 {
        reader.step(vec![message(n, "m1", "s", "ok")]).await?;
    }
    assert_eq!(toy::effects(&sandbox).await?.len(), 1);
    let answers: Vec<String> =
        sqlx::query_scalar("SELECT headers FROM journal WHERE topic = $1 ORDER BY position").bind(ANSWERS).fetch_all(&sandbox.pool).await?;
    assert_eq!(answers.len(), 10);
    let ids: std::collections::BTreeSet<&str> = answers.iter().filter_map(|h| h.lines().find(|l| l.starts_with("ce_answer="))).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    Ok(())
}

#[tokio::test]
async fn an_id_that_comes_again_with_other_content_is_shown_to_the_handler_as_reused() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(vec![message(0, "m1", "s", "ok"), message(1, "m1", "s", "other")]).await?;
    let answers: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT payload FROM journal WHERE topic = $1 ORDER BY position").bind(ANSWERS).fetch_all(&sandbox.pool).await?;
    assert_eq!(answers, [b"answered".to_vec(), b"other content".to_vec()]);
    Ok(())
}

#[tokio::test]
async fn a_message_larger_than_any_may_be_goes_to_the_dead_letters_and_blocks_nothing() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    let huge = "x".repeat(sandbox.journal.largest_payload + 1);
    reader.step(vec![message(0, "a", "s", "ok"), message(1, "b", "s", &huge), message(2, "c", "s", "ok")]).await?;
    let letters: Vec<(String, i64)> = sqlx::query_as("SELECT code, \"offset\" FROM dead_letters").fetch_all(&sandbox.pool).await?;
    assert_eq!(letters, [("TOO_LARGE".to_owned(), 1)]);
    assert_eq!(toy::effects(&sandbox).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn what_a_database_cannot_hold_goes_to_the_dead_letters_and_the_rest_goes_on() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    // Longer than an index entry may be and not to be compressed, a NUL, and a handler that panics.
    let mut state = 1_u64;
    let long: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(33 + u8::try_from((state >> 33) % 90).unwrap_or(0))
    })
    .take(9000)
    .collect();
    let messages = [("m0", "s", "ok"), (long.as_str(), long.as_str(), "ok"), ("m\0", "\0", "ok"), ("m3", "p", "panic"), ("m4", "s", "ok")];
    let messages = messages.iter().zip(0..).map(|((id, subject, body), offset)| message(offset, id, subject, body)).collect();
    let report = reader.step(messages).await?;
    assert_eq!((report.applied, report.rejected), (3, 2));
    let codes: Vec<String> = sqlx::query_scalar("SELECT code FROM dead_letters").fetch_all(&sandbox.pool).await?;
    assert_eq!(codes, ["DATABASE", "DATABASE"]);
    Ok(())
}

#[tokio::test]
async fn facts_of_a_topic_created_anew_wait_and_are_buried_beside_those_of_the_same_offsets_before() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(vec![message(0, "m1", "s", "await"), message(1, "m2", "", "reject")]).await?;
    reader.rewind(&(toy::OUTSIDE.into(), 0)).await?;
    reader.step(vec![message(0, "n1", "t", "await"), message(1, "n2", "", "reject")]).await?;
    let letters: i64 = sqlx::query_scalar("SELECT count(*) FROM dead_letters").fetch_one(&sandbox.pool).await?;
    assert_eq!(letters, 2);
    reader.step(vec![message(2, "n3", "s", "arrive"), message(3, "n4", "t", "arrive")]).await?;
    let effects: Vec<String> = toy::effects(&sandbox).await?.into_iter().filter(|(_, body)| body == "await").map(|(subject, _)| subject).collect();
    assert_eq!(effects, ["s", "t"]);
    Ok(())
}

#[tokio::test]
async fn offsets_that_begin_anew_stay_known_when_another_owner_came_between() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let outside = (toy::OUTSIDE.into(), 0);
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step((0..3).map(|n| message(n, &format!("old{n}"), "s", "ok")).collect()).await?;
    reader.rewind(&outside).await?;
    // Fenced and claimed again before the first message of the new topic is read: it must not look like one that was read.
    reader.claim(&partitions()).await?;
    assert_eq!(reader.step(vec![message(0, "new0", "s", "ok")]).await?.applied, 1);
    Ok(())
}

#[tokio::test]
async fn another_message_where_the_last_one_was_means_another_topic_which_is_read_from_its_beginning() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step((0..3).map(|n| message(n, &format!("old{n}"), "s", "ok")).collect()).await?;
    assert_eq!(reader.step(vec![message(2, "old2", "s", "ok")]).await?.duplicates, 1);
    let anew: Vec<_> = (0..6).map(|n| message(n, &format!("new{n}"), "s", "ok")).collect();
    assert!(matches!(reader.step(anew[2..].to_vec()).await.unwrap_err(), Halted::Anew { .. }));
    // Nobody's until it is claimed again; then it begins with the first message.
    assert_eq!(reader.step(anew.clone()).await?.applied, 0);
    reader.claim(&partitions()).await?;
    assert_eq!(reader.owning.get(&(toy::OUTSIDE.into(), 0)).map(|p| p.next_offset), Some(0));
    assert_eq!(reader.step(anew).await?.applied, 6);
    Ok(())
}
