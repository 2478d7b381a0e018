//! `/livez`, `/readyz`, `/status` and `/metrics` over plain HTTP.
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use prometheus::{Encoder, Registry, TextEncoder};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::health::{Condition, Health};

#[derive(Clone)]
struct Shared {
    health: Health,
    registry: Registry,
}

/// Serves until cancelled.
pub async fn serve(listener: TcpListener, health: Health, registry: Registry, stop: CancellationToken) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .with_state(Shared { health, registry });
    axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await
}

async fn livez(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    if shared.health.live() { (StatusCode::OK, "live\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "a loop is stuck\n") }
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
