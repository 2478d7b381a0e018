//! `/livez`, `/readyz`, `/status` and `/metrics` over plain HTTP.
use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus::{Encoder, Registry, TextEncoder};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use crate::health::{Condition, Health};

#[derive(Clone)]
struct Shared {
    health: Health,
    registry: Registry,
}

/// Serves until cancelled. Probes are always answered, of the longer answers `requests` at once.
pub async fn serve(listener: TcpListener, health: Health, registry: Registry, requests: usize, stop: CancellationToken) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .layer(from_fn_with_state(Arc::new(Semaphore::new(requests)), a_few_at_once))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(Shared { health, registry });
    axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await
}

async fn a_few_at_once(State(room): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match room.try_acquire() {
        Ok(_room) => next.run(request).await,
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "too many requests\n").into_response(),
    }
}

async fn livez(State(shared): State<Shared>) -> (StatusCode, String) {
    match shared.health.stuck() {
        stuck if stuck.is_empty() => (StatusCode::OK, "live\n".to_owned()),
        stuck => (StatusCode::SERVICE_UNAVAILABLE, format!("stuck: {}\n", stuck.join(", "))),
    }
}

async fn readyz(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    if shared.health.ready() { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") }
}

async fn status(State(shared): State<Shared>) -> impl IntoResponse {
    let condition: Condition = shared.health.condition();
    ([(CONTENT_TYPE, "application/json")], serde_json::to_string(&condition).unwrap_or_default())
}

async fn metrics(State(shared): State<Shared>) -> Result<String, StatusCode> {
    let mut text = Vec::new();
    TextEncoder::new().encode(&shared.registry.gather(), &mut text).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    String::from_utf8(text).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
