//! The reader on a real PostgreSQL: every fact once and in order, whatever comes twice, late, wrong or from a stale owner.
use std::sync::Arc;

use platform::{
    Failure, dead_letters,
    health::Health,
    operations::{Desk, Told},
    protocol::heads::Compared,
    reader::step::{Halted, Reader},
    relay::Wake,
    unknown,
};
use system_tests::{
    Sandbox,
    toy::{self, ANSWERS, MIGRATIONS, NoPeers, Older, OwnJournal, TOPIC, Toy, message, partitions, reader},
};

async fn sandbox() -> anyhow::Result<Sandbox> {
    Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS]).await
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(s, b)| ((*s).to_owned(), (*b).to_owned())).collect()
}

fn desk(sandbox: &Sandbox) -> Desk {
    let told = Told { topic: TOPIC, discarded_kind: "customs.toy.v1.DeadLetterDiscarded", discarded: |_| Vec::new() };
    Desk { pool: sandbox.pool.clone(), handler: Arc::new(Toy), journal: sandbox.journal, wake: Wake::default(), told }
}

#[tokio::test]
async fn what_is_delivered_again_has_its_effect_once() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok"), ("OFF2", "c", "ok")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    assert_eq!(reader.step(deliveries.clone()).await?.applied, 3);
    // The same offsets again, and the same rows at later offsets, as a relay that crashed after the acknowledgement sends them.
    assert_eq!(reader.step(deliveries.clone()).await?.applied, 0);
    deliveries.iter_mut().for_each(|d| d.offset += 10);
    let report = reader.step(deliveries).await?;
    assert_eq!((report.applied, report.duplicates), (0, 3));
    assert_eq!(toy::effects(&sandbox).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_stale_owner_writes_nothing_while_the_new_one_goes_on() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok")]).await?;
    let (mut old, mut new) = (reader(&sandbox, "old", Arc::new(NoPeers)), reader(&sandbox, "new", Arc::new(NoPeers)));
    old.claim(&partitions()).await?;
    old.step(deliveries[..1].to_vec()).await?;
    new.claim(&partitions()).await?;
    let stale = old.step(deliveries[1..].to_vec()).await.unwrap_err();
    assert!(matches!(stale, Halted::Failure(Failure::Fenced)), "{stale}");
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok")]));
    new.step(deliveries.clone()).await?;
    // Still assigned after all, the old one claims again and finds nothing left to do.
    old.claim(&partitions()).await?;
    assert_eq!(old.step(deliveries).await?.applied, 0);
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok"), ("b", "ok")]));
    Ok(())
}

#[tokio::test]
async fn a_gap_that_nobody_can_fill_stops_the_partition_and_skips_nothing() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok"), ("OFF1", "c", "ok")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(vec![deliveries[0].clone()]).await?;
    reader.step(vec![deliveries[2].clone()]).await.unwrap_err();
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok")]));
    Ok(())
}

#[tokio::test]
async fn a_changed_past_is_a_fork_and_stops_the_partition() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok")]).await?;
    deliveries[1].payload = b"okay".to_vec().into();
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    let error = reader.step(deliveries).await.unwrap_err();
    assert!(matches!(error, Halted::Stopped { .. }), "{error}");
    assert!(toy::effects(&sandbox).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_fact_before_its_subject_waits_and_is_applied_when_the_subject_arrives() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "s", "await"), ("OFF1", "t", "ok"), ("OFF2", "s", "arrive")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(deliveries[..2].to_vec()).await?;
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("t", "ok")]));
    reader.step(deliveries[2..].to_vec()).await?;
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("t", "ok"), ("s", "arrive"), ("s", "await")]));
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM awaiting").fetch_one(&sandbox.pool).await?;
    assert_eq!(waiting, 0);
    Ok(())
}

#[tokio::test]
async fn poison_is_isolated_its_subject_is_parked_and_a_redrive_applies_all_in_order() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = [("OFF1", "a", "ok"), ("OFF1", "bad", "reject"), ("OFF1", "b", "ok"), ("OFF1", "bad", "later"), ("OFF1", "c", "ok")];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let after = toy::tell(&sandbox, &[("OFF1", "bad", "last"), ("OFF1", "d", "ok")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(deliveries).await?;
    reader.step(after).await?;
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok"), ("b", "ok"), ("c", "ok"), ("d", "ok")]));

    let mut conn = sandbox.pool.acquire().await?;
    let letters = dead_letters::list(&mut conn, &(String::new(), 0, i64::MIN), 10, false).await?;
    let codes: Vec<&str> = letters.iter().map(|l| l.code.as_str()).collect();
    assert_eq!(codes, ["TOY", "PARKED", "PARKED"]);
    let first = (letters[0].fact.topic.to_string(), letters[0].fact.partition, letters[0].fact.offset);

    let desk = desk(&sandbox);
    let in_vain = desk.redrive(&first).await.unwrap();
    assert_eq!((in_vain.applied, in_vain.left), (0, 3));
    sqlx::query("INSERT INTO subjects VALUES ('mended')").execute(&sandbox.pool).await?;
    assert_eq!(desk.redrive(&first).await.unwrap().applied, 3);
    assert_eq!(desk.redrive(&first).await.unwrap().applied, 0);
    assert_eq!(toy::effects(&sandbox).await?[4..], pairs(&[("bad", "reject"), ("bad", "later"), ("bad", "last")]));
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM parked").fetch_one(&sandbox.pool).await?;
    assert_eq!(parked, 0);
    Ok(())
}

#[tokio::test]
async fn a_fact_that_the_database_refuses_goes_alone_to_the_dead_letters() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut facts = vec![("OFF1", "x", "ok"); 20];
    facts[7] = ("OFF1", "poison", "impossible");
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    let report = reader.step(deliveries).await?;
    assert_eq!((report.applied, report.rejected), (19, 1));
    let code: String = sqlx::query_scalar("SELECT code FROM dead_letters").fetch_one(&sandbox.pool).await?;
    assert_eq!(code, "DATABASE");
    Ok(())
}

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
async fn a_kind_that_was_unknown_is_applied_by_the_version_that_knows_it_with_all_that_waited_behind() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = [("OFF1", "a", "new"), ("OFF1", "b", "ok"), ("OFF1", "a", "later"), ("OFF2", "c", "new"), ("OFF2", "d", "reject")];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut older = Reader { handler: Arc::new(Older), ..reader(&sandbox, "one", Arc::new(NoPeers)) };
    older.claim(&partitions()).await?;
    older.step(deliveries).await?;
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("b", "ok")]));

    // The old version itself finds nothing that it could apply.
    let health = Health::default();
    assert_eq!(unknown::redrive(&Desk { handler: Arc::new(Older), ..desk(&sandbox) }, &health).await.unwrap(), 0);
    // Two replicas of the new version start at once.
    let (one, two) = (desk(&sandbox), desk(&sandbox));
    let (one, two) = tokio::join!(unknown::redrive(&one, &health), unknown::redrive(&two, &health));
    assert_eq!(one.unwrap() + two.unwrap(), 3);
    let mut effects = toy::effects(&sandbox).await?;
    effects.retain(|(subject, _)| subject == "a");
    assert_eq!(effects, pairs(&[("a", "new"), ("a", "later")]));
    assert_eq!(toy::effects(&sandbox).await?.len(), 4);
    let left: Vec<String> = sqlx::query_scalar("SELECT code FROM dead_letters WHERE redriven_at IS NULL").fetch_all(&sandbox.pool).await?;
    assert_eq!(left, ["TOY"]);
    Ok(())
}

#[tokio::test]
async fn of_many_subjects_redriven_together_only_what_is_rejected_again_is_left_with_what_waits_behind_it() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = [("OFF1", "a", "new"), ("OFF1", "b", "new"), ("OFF1", "b", "reject"), ("OFF1", "b", "later"), ("OFF1", "c", "new")];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut older = Reader { handler: Arc::new(Older), ..reader(&sandbox, "one", Arc::new(NoPeers)) };
    older.claim(&partitions()).await?;
    older.step(deliveries).await?;

    assert_eq!(unknown::redrive(&desk(&sandbox), &Health::default()).await.unwrap(), 3);
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "new"), ("b", "new"), ("c", "new")]));
    let left: Vec<i64> =
        sqlx::query_scalar("SELECT position FROM dead_letters WHERE redriven_at IS NULL ORDER BY position").fetch_all(&sandbox.pool).await?;
    assert_eq!(left, [3, 4]);
    let parked: Vec<String> = sqlx::query_scalar("SELECT subject FROM parked").fetch_all(&sandbox.pool).await?;
    assert_eq!(parked, ["b"]);
    Ok(())
}

#[tokio::test]
async fn a_letter_that_parks_nothing_is_applied_once_by_two_redrives_at_once() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(vec![message(0, "m1", "", "reject")]).await?;
    sqlx::query("INSERT INTO subjects VALUES ('mended')").execute(&sandbox.pool).await?;
    let id = (toy::OUTSIDE.into(), 0, 0);
    let desk = desk(&sandbox);
    let (one, two) = tokio::join!(desk.redrive(&id), desk.redrive(&id));
    assert_eq!(one.unwrap().applied + two.unwrap().applied, 1);
    assert_eq!(toy::effects(&sandbox).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_idle_reader_stops_when_its_producer_was_restored_or_rewritten() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok"), ("OFF1", "c", "ok")]).await?;
    let partition = (TOPIC.into(), deliveries[0].partition);
    let mut reader = reader(&sandbox, "one", Arc::new(OwnJournal(sandbox.pool.clone())));
    reader.claim(&partitions()).await?;
    reader.step(deliveries).await?;
    assert_eq!(reader.compare(&partition).await?, Some(Compared::Same));
    toy::restore(&sandbox, partition.1, 1).await?;
    assert!(matches!(reader.compare(&partition).await?, Some(Compared::Fork(_))));
    // The restored producer writes on, to the position that was read and beyond.
    toy::tell(&sandbox, &[("OFF1", "x", "ok"), ("OFF1", "y", "ok")]).await?;
    assert!(matches!(reader.compare(&partition).await?, Some(Compared::Fork(_))));
    let others = toy::tell(&sandbox, &[("OFF1", "z", "ok")]).await?;
    assert!(matches!(reader.step(others).await.unwrap_err(), Halted::Stopped { .. }));
    Ok(())
}

#[tokio::test]
async fn rows_fetched_from_their_producer_are_taken_apart_like_any_others() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = [("OFF1", "a", "ok"), ("OFF1", "bad", "reject"), ("OFF1", "bad", "later"), ("OFF1", "x", "impossible"), ("OFF1", "c", "ok")];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(OwnJournal(sandbox.pool.clone())));
    reader.claim(&partitions()).await?;
    let report = reader.catch_up(&(TOPIC.into(), deliveries[0].partition), 5).await?;
    assert_eq!((report.repaired, report.applied), (5, 2));
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok"), ("c", "ok")]));
    // What Kafka brings late is known.
    assert_eq!(reader.step(deliveries).await?.applied, 0);
    Ok(())
}

#[tokio::test]
async fn thousands_of_missing_rows_are_fetched_page_by_page() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = vec![("OFF1", "a", "ok"); 4500];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(OwnJournal(sandbox.pool.clone())));
    reader.claim(&partitions()).await?;
    let report = reader.step(deliveries[4499..].to_vec()).await?;
    assert_eq!((report.repaired, report.applied, report.transactions), (4499, 4500, 3));
    assert_eq!(toy::effects(&sandbox).await?.len(), 4500);
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
async fn a_table_that_is_missing_buries_nothing() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    sqlx::query("ALTER TABLE effects RENAME TO elsewhere").execute(&sandbox.pool).await?;
    assert!(matches!(reader.step(deliveries.clone()).await.unwrap_err(), Halted::Failure(Failure::Retry(_))));
    sqlx::query("ALTER TABLE elsewhere RENAME TO effects").execute(&sandbox.pool).await?;
    assert_eq!(reader.step(deliveries).await?.applied, 2);
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
