//! The smallest HTTP client that can ask `/readyz`.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Whether GET `path` answers 200 within a second.
pub async fn is_ok(address: SocketAddr, path: &str) -> bool {
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes()).await?;
        let mut status = [0; 12];
        stream.read_exact(&mut status).await?;
        std::io::Result::Ok(status.ends_with(b" 200"))
    };
    matches!(tokio::time::timeout(Duration::from_secs(1), asking).await, Ok(Ok(true)))
}
