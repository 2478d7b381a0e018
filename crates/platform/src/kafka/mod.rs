//! Kafka at the edge: client settings, topics, the group that delivers to the reader.
mod assignment;
pub mod group;
pub mod queue;
mod queues;
pub mod topics;

use rdkafka::ClientConfig;

use crate::settings;

/// Client properties that every client shares. Memory stays bounded whatever the broker sends.
pub fn client(settings: &settings::Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("client.id", "cleargate")
        .set("socket.nagle.disable", "true")
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "1000")
        .set("message.max.bytes", settings.largest_message.saturating_add(65_536).to_string());
    for (key, value) in &settings.properties {
        config.set(key, value.expose());
    }
    config
}

/// A producer that keeps the order and never gives up: idempotent, acknowledged by all, without a deadline.
pub fn ordered_producer(settings: &settings::Kafka) -> ClientConfig {
    let mut config = client(settings);
    config
        .set("enable.idempotence", "true")
        // A row that is refused ends the producer: nothing after it may be written, or the topic's last record would hide the gap.
        .set("enable.gapless.guarantee", "true")
        .set("acks", "all")
        .set("message.timeout.ms", "0")
        // Long enough for what is handed over at once; what comes while a piece is under way is gathered by the relay.
        .set("linger.ms", "1")
        .set("compression.type", "none")
        .set("queue.buffering.max.kbytes", settings.unsent_kb.to_string())
        .set("batch.size", "262144");
    config
}

/// A consumer that commits nothing by itself and never guesses where to start.
pub fn consumer(settings: &settings::Kafka, group: &str, instance: &str) -> ClientConfig {
    let mut config = client(settings);
    config
        .set("group.id", format!("{}{group}", settings.prefix))
        .set("client.id", instance)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "false")
        // A topic that the broker does not know yet when the group forms is noticed soon, even where nothing else is read.
        .set("topic.metadata.refresh.interval.ms", "5000")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.message.max.bytes", "262144")
        .set("queued.max.messages.kbytes", settings.fetched_kb.to_string())
        // Once that is full, the stock second of waiting would starve a reader that has worked it off long before.
        .set("fetch.queue.backoff.ms", "10")
        .set("max.poll.interval.ms", "300000");
    match settings.protocol {
        settings::GroupProtocol::Classic => {
            config.set("group.protocol", "classic").set("session.timeout.ms", settings.session_ms.to_string());
            // By the answer to its heartbeat a member hears that another one has left or come: until then partitions may have no owner.
            config.set("heartbeat.interval.ms", (settings.session_ms / 20).max(100).to_string());
        }
        settings::GroupProtocol::Consumer => {
            config.set("group.protocol", "consumer");
        }
    }
    config
}
