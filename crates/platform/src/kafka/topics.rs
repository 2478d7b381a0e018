//! Creating topics in `migrate` and checking them at start: partitions are fixed when a topic is made.
use std::time::Duration;

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    types::RDKafkaErrorCode,
};

use crate::settings;

/// A topic that must exist.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// Logical name.
    pub name: &'static str,
    pub partitions: u32,
}

/// Why topics are not as they must be.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    #[error("broker {0} does not answer: {1}")]
    Unreachable(String, rdkafka::error::KafkaError),
    #[error(
        "topic {name} has {found} partitions, {wanted} are needed: the number is fixed when a topic is created; use another kafka.prefix or create it anew"
    )]
    Partitions { name: String, found: usize, wanted: u32 },
    #[error("topic {0} does not exist: run migrate")]
    Missing(String),
    #[error("topic {0} cannot be created: {1}")]
    Refused(String, RDKafkaErrorCode),
}

const PATIENCE: Duration = Duration::from_secs(15);

/// Creates what is missing; leaves what is there alone.
pub async fn create(settings: &settings::Kafka, topics: &[Topic]) -> Result<(), TopicError> {
    let unreachable = |e| TopicError::Unreachable(settings.brokers.clone(), e);
    let admin: AdminClient<DefaultClientContext> = super::client(settings).create().map_err(unreachable)?;
    let names: Vec<String> = topics.iter().map(|t| format!("{}{}", settings.prefix, t.name)).collect();
    let largest = settings.largest_message.saturating_add(65_536).to_string();
    let wanted: Vec<NewTopic<'_>> = names
        .iter()
        .zip(topics)
        .map(|(name, topic)| {
            NewTopic::new(name, i32::try_from(topic.partitions).unwrap_or(i32::MAX), TopicReplication::Fixed(settings.replication))
                .set("max.message.bytes", &largest)
                .set("retention.ms", "-1")
        })
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
    for result in admin.create_topics(&wanted, &options).await.map_err(unreachable)? {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => return Err(TopicError::Refused(name, code)),
        }
    }
    Ok(())
}

/// Compares the broker's partitions with what is needed. Blocks up to a few seconds; call it on a blocking thread.
pub fn check(settings: &settings::Kafka, topics: &[Topic]) -> Result<(), TopicError> {
    let config: ClientConfig = super::client(settings);
    let unreachable = |e| TopicError::Unreachable(settings.brokers.clone(), e);
    let client: BaseConsumer = config.create().map_err(unreachable)?;
    let metadata = client.fetch_metadata(None, Duration::from_secs(5)).map_err(unreachable)?;
    for topic in topics {
        let name = format!("{}{}", settings.prefix, topic.name);
        let found = metadata.topics().iter().find(|t| t.name() == name).ok_or_else(|| TopicError::Missing(name.clone()))?;
        if found.partitions().len() != topic.partitions as usize {
            return Err(TopicError::Partitions { name, found: found.partitions().len(), wanted: topic.partitions });
        }
    }
    Ok(())
}
