//! A real metadata request, so that "ready" means a broker that clients can use and not merely an open port.

use std::io::{Error, Result};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Metadata request, version 1, correlation id 1, client id `up`, about no topic (Kafka protocol guide, "Metadata API").
const REQUEST: [u8; 20] = [0, 0, 0, 16, 0, 3, 0, 1, 0, 0, 0, 1, 0, 2, b'u', b'p', 0, 0, 0, 0];

/// Whether the broker names at least one live broker within a second.
pub async fn answers(address: SocketAddr) -> bool {
    matches!(tokio::time::timeout(Duration::from_secs(1), live_brokers(address)).await, Ok(Ok(count)) if count > 0)
}

async fn live_brokers(address: SocketAddr) -> Result<i32> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&REQUEST).await?;
    let length = stream.read_i32().await?;
    let correlation = stream.read_i32().await?;
    if length < 8 || correlation != 1 {
        return Err(Error::other("not a Kafka broker"));
    }
    stream.read_i32().await
}
