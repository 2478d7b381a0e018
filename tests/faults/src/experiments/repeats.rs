//! Messages that come twice, ten times, all again, and in another order of offices.
use std::collections::{BTreeMap, VecDeque};

use anyhow::Result;
use rdkafka::{Message as _, message::OwnedMessage};

use crate::{
    canon::{canon, difference},
    experiment::Bench,
    laws::Expected,
    load::Demand,
    quiet,
    record::{Must, Record},
    scene::Scene,
    site::{OUTSIDE, Plan, SERVICES, TELLS},
    wires,
};

/// How everything that was ever said is said once more.
#[derive(Debug, Clone, Copy)]
enum Again {
    Twice,
    TenTimes,
    WholeFromZero,
    Shuffled,
}

pub async fn repeats(bench: &Bench, record: &mut Record) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand::at(400, bench.seed)).await?;
    scene.accepted_at_least(bench.scale.pick(2_000, 20_000), std::time::Duration::from_secs(180)).await?;
    let rest = scene.rest(std::time::Duration::from_secs(60)).await?;
    let before = canon(&rest.site, &SERVICES).await?;
    let mut rng = fastrand::Rng::with_seed(bench.seed);
    let originals = futures::future::try_join_all(read_by_services().into_iter().map(|topic| wires::read(&rest.site, topic))).await?;
    let kinds: &[Again] = bench.scale.pick(&[Again::Twice, Again::Shuffled], &[Again::Twice, Again::TenTimes, Again::WholeFromZero, Again::Shuffled]);
    for again in kinds {
        let mut said = 0_usize;
        for messages in &originals {
            let messages = repeated(*again, messages, &mut rng);
            said += messages.len();
            wires::write(&rest.site, messages).await?;
        }
        quiet::wait(&rest.site, std::time::Duration::from_secs(300)).await?;
        let differing = difference(&before, &canon(&rest.site, &SERVICES).await?);
        record.figure(&format!("messages said again ({again:?})"), said as f64, "", None);
        record.figure("tables that differ", differing.len() as f64, &differing.join(" "), Some(Must::AtMost(0.0)));
    }
    rest.judge(record, Expected::default()).await
}

/// All but answers, which senders alone read.
fn read_by_services() -> Vec<&'static str> {
    let ours = TELLS.iter().flat_map(|(_, topics)| topics.iter().copied());
    OUTSIDE.into_iter().chain(ours).filter(|topic| *topic != "nsw.responses.v1").collect()
}

fn repeated(again: Again, messages: &[OwnedMessage], rng: &mut fastrand::Rng) -> Vec<OwnedMessage> {
    let times = |n| messages.iter().flat_map(|m| std::iter::repeat_n(m.clone(), n)).collect();
    match again {
        Again::Twice => times(2),
        Again::TenTimes => times(10),
        Again::WholeFromZero => times(1),
        Again::Shuffled => shuffled(messages, rng),
    }
}

/// Offices in any order, each one's messages in theirs.
fn shuffled(messages: &[OwnedMessage], rng: &mut fastrand::Rng) -> Vec<OwnedMessage> {
    let mut offices: BTreeMap<&[u8], VecDeque<&OwnedMessage>> = BTreeMap::new();
    for message in messages {
        offices.entry(message.key().unwrap_or_default()).or_default().push_back(message);
    }
    let mut order = Vec::with_capacity(messages.len());
    while let Some(office) = offices.keys().nth(rng.usize(0..offices.len().max(1))).copied() {
        let Some(queue) = offices.get_mut(office) else { break };
        order.extend(queue.pop_front().cloned());
        if queue.is_empty() {
            offices.remove(office);
        }
    }
    order
}
