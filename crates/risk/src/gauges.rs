//! What risk shows of itself besides the platform's metrics.
use std::sync::LazyLock;

use opentelemetry::{global, metrics::Gauge};

struct Gauges {
    queued: Gauge<u64>,
    oldest: Gauge<u64>,
}

static GAUGES: LazyLock<Gauges> = LazyLock::new(|| {
    let meter = global::meter("cleargate");
    Gauges {
        queued: meter.u64_gauge("cleargate.risk.queue.files").with_description("files that wait for an officer").build(),
        oldest: meter.u64_gauge("cleargate.risk.queue.oldest").with_unit("s").with_description("how long the oldest of them waits").build(),
    }
});

/// Files that wait for an officer, and seconds for which the oldest does.
pub fn queue(files: u64, oldest_seconds: u64) {
    GAUGES.queued.record(files, &[]);
    GAUGES.oldest.record(oldest_seconds, &[]);
}
