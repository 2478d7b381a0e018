//! Stopping in order: not ready → serve until that is noticed → stop taking → finish what is in hand within a bound → leave the group → flush.
use tokio::signal::unix::{SignalKind, signal};

/// Ends when the process is asked to stop.
pub async fn requested() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => tracing::info!("asked to stop"),
        _ = interrupt.recv() => tracing::info!("interrupted"),
    }
    Ok(())
}
