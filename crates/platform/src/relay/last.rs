//! What the broker holds at the end of each partition, read before a new producer adds to it.
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::{BorrowedMessage, Headers},
};

use super::Place;
use crate::{
    cloudevent,
    journal::chain,
    protocol::{chain::Tip, start::Found},
    settings,
};

/// A broker that needs longer is asked again by the next step.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the last record of each partition. Blocks up to ten seconds; call it on a blocking thread.
///
/// # Errors
/// The broker is away or slow, or a topic is missing: nothing is known, and nothing may be sent.
#[expect(clippy::disallowed_methods, reason = "a deadline on a thread that blocks")]
pub(super) fn read(kafka: &settings::Kafka, places: &[Place]) -> Result<BTreeMap<Place, Found>, KafkaError> {
    let deadline = Instant::now() + PATIENCE;
    let left = || deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let consumer: BaseConsumer = crate::kafka::client(kafka)
        .set("group.id", format!("{}relay-start", kafka.prefix))
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .set("fetch.wait.max.ms", "10")
        .create()?;
    let mut found = BTreeMap::new();
    let mut wanted = TopicPartitionList::new();
    for (topic, stream) in places {
        let physical = format!("{}{topic}", kafka.prefix);
        let (low, high) = consumer.fetch_watermarks(&physical, *stream, left())?;
        match (low, high) {
            (_, 0) => drop(found.insert((topic.clone(), *stream), Found::Empty)),
            (low, high) if low >= high => drop(found.insert((topic.clone(), *stream), Found::Emptied)),
            (_, high) => wanted.add_partition_offset(&physical, *stream, Offset::Offset(high - 1))?,
        }
    }
    consumer.assign(&wanted)?;
    while found.len() < places.len() {
        match consumer.poll(left().min(Duration::from_millis(200))) {
            Some(Ok(message)) => {
                let topic = message.topic().strip_prefix(&kafka.prefix).unwrap_or(message.topic());
                found.insert((topic.to_owned().into(), message.partition()), last(&message));
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {}
            Some(Err(error)) if error.rdkafka_error_code().is_some_and(|code| code == rdkafka::types::RDKafkaErrorCode::AllBrokersDown) => {}
            Some(Err(error)) => return Err(error),
            None if left() <= Duration::from_millis(1) => return Err(KafkaError::Canceled),
            None => {}
        }
    }
    Ok(found)
}

fn last(message: &BorrowedMessage<'_>) -> Found {
    let header = |name: &str| {
        let headers = message.headers()?;
        let value = headers.iter().find(|h| h.key == name)?.value?;
        std::str::from_utf8(value).ok()
    };
    let position = header(cloudevent::SEQUENCE).and_then(|text| text.parse().ok()).filter(|p| *p > 0);
    let hash = header(cloudevent::CHAIN).and_then(|text| hex::decode(text).ok()).and_then(|bytes| chain::hash(&bytes));
    match (position, hash) {
        (Some(position), Some(hash)) => Found::Last(Tip { position, hash }),
        _ => Found::Foreign,
    }
}
