//! What services say about themselves: streams that `/status` names as stopped.
use crate::{fleet, scene::Scene};

/// How many of the streams are named by any replica of any service.
pub async fn named(scene: &Scene, streams: &[&(String, i32)]) -> usize {
    let mut told = String::new();
    for name in scene.fleet.names() {
        told += &fleet::get(scene.site.http(name.0, name.1), "/status").await.unwrap_or_default();
    }
    streams.iter().filter(|(topic, stream)| told.contains(&format!("{topic}/{stream} "))).count()
}
