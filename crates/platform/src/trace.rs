//! One unbroken trace from the single window to the report: the context travels in messages and rows, never in memory alone.
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::{
    Context, KeyValue, global,
    trace::{SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer},
};
use sha2::{Digest, Sha256};

use crate::Instant;

/// Whether spans go anywhere. Making one that nobody sees would cost as much as the rest of a fact's way.
static EXPORTED: AtomicBool = AtomicBool::new(false);

/// From now on spans are made.
pub fn exported() {
    EXPORTED.store(true, Ordering::Relaxed);
}

/// A W3C traceparent that follows from `parent`, or begins a trace named by its cause when there is none.
///
/// When traces are exported this makes a span from `since` (when the fact was recorded) to now; otherwise the ids are derived from the cause,
/// so that the trace can be followed through topics and tables all the same.
pub fn follow(parent: &str, name: &'static str, cause: &str, since: Option<Instant>) -> String {
    let context = parse(parent).unwrap_or_else(|| derived(cause));
    if !EXPORTED.load(Ordering::Relaxed) {
        return format(&next(&context, cause));
    }
    let tracer = global::tracer("cleargate");
    let mut builder = tracer.span_builder(name).with_kind(SpanKind::Consumer).with_attributes([KeyValue::new("messaging.cause", cause.to_owned())]);
    if let Some(since) = since {
        builder = builder.with_start_time(std::time::UNIX_EPOCH + std::time::Duration::from_micros(since.timestamp_micros().unsigned_abs()));
    }
    let span = tracer.build_with_context(builder, &Context::new().with_remote_span_context(context.clone()));
    let made = opentelemetry::trace::Span::span_context(&span).clone();
    // A span that is not sampled may be its parent: then the next id is derived.
    if made.is_valid() && made.span_id() != context.span_id() { format(&made) } else { format(&next(&context, cause)) }
}

fn parse(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (_, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

fn derived(cause: &str) -> SpanContext {
    let digest = Sha256::digest(cause.as_bytes());
    let trace: [u8; 16] = std::array::from_fn(|i| digest[i]);
    let span: [u8; 8] = std::array::from_fn(|i| digest[16 + i]);
    SpanContext::new(TraceId::from_bytes(trace), SpanId::from_bytes(span), TraceFlags::SAMPLED, true, TraceState::default())
}

fn next(context: &SpanContext, cause: &str) -> SpanContext {
    let mut hash = Sha256::new();
    hash.update(context.span_id().to_bytes());
    hash.update(cause.as_bytes());
    let digest = hash.finalize();
    let span: [u8; 8] = std::array::from_fn(|i| digest[i]);
    SpanContext::new(context.trace_id(), SpanId::from_bytes(span), context.trace_flags(), true, TraceState::default())
}

fn format(context: &SpanContext) -> String {
    format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_keeps_its_id_from_hop_to_hop() {
        let start = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let first = follow(start, "a", "cause 1", None);
        let second = follow(&first, "b", "cause 2", None);
        assert!(first.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && second.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert!(first != start && second != first);
    }

    #[test]
    fn a_fact_without_a_trace_begins_one_that_its_cause_names() {
        assert_eq!(follow("", "a", "x/0@1", None), follow("rubbish", "a", "x/0@1", None));
        assert_ne!(follow("", "a", "x/0@1", None), follow("", "a", "x/0@2", None));
    }
}
