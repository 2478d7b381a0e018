//! The reader on a real PostgreSQL: every fact once and in order, whatever comes twice, late, wrong or from a stale owner.
mod letters;
mod messages;
mod rows;

use std::sync::Arc;

use platform::{
    operations::{Desk, Told},
    relay::Wake,
};
use system_tests::{
    Sandbox,
    toy::{ANSWERS, MIGRATIONS, TOPIC, Toy},
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
