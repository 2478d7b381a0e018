//! A service without its database or its broker: it says so, lives, and does what it can.
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use anyhow::Result;
use contracts::intake::{LodgeRequest, intake_client::IntakeClient};
use system_tests::{
    Sandbox, binary, cleargate,
    system::{declaration, signed},
    until,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An intake process that ends with the test.
struct Alone {
    process: Child,
    grpc: u16,
    http: u16,
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(database: &str) -> Result<Alone> {
    let port = || -> Result<u16> { Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()) };
    let (grpc, http) = (port()?, port()?);
    let status: serde_json::Value = serde_json::from_slice(&Command::new(binary("cleargate")?).args(["status", "--json"]).output()?.stdout)?;
    let jwks = status["issuer"]["jwks"].as_str().unwrap_or_default().to_owned();
    let process = Command::new(binary("intake")?)
        .env("INTAKE__DATABASE__URL", database)
        .env("INTAKE__DATABASE__ACQUIRE_MS", "500")
        // Nobody listens there.
        .env("INTAKE__KAFKA__BROKERS", "127.0.0.1:1")
        .env("INTAKE__AUTH__JWKS", jwks)
        .env("INTAKE__GRPC__LISTEN", format!("127.0.0.1:{grpc}"))
        .env("INTAKE__HTTP__LISTEN", format!("127.0.0.1:{http}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(Alone { process, grpc, http })
}

/// Status line and body of a GET.
async fn get(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn without_its_database_a_service_lives_and_is_not_ready() -> Result<()> {
    cleargate(&["up", "--no-services"])?;
    let alone = start("postgres://nobody:nothing@127.0.0.1:1/none")?;
    until("it answers", async || Ok(get(alone.http, "/livez").await.is_ok())).await?;
    assert!(get(alone.http, "/livez").await?.starts_with("HTTP/1.1 200"));
    assert!(get(alone.http, "/readyz").await?.starts_with("HTTP/1.1 503"));
    Ok(())
}

#[tokio::test]
async fn without_its_broker_a_service_is_ready_and_lodging_by_grpc_goes_on() -> Result<()> {
    cleargate(&["up", "--no-services"])?;
    let sandbox = Sandbox::new(&intake::MIGRATIONS, &[intake::FACTS, intake::RESPONSES]).await?;
    let alone = start(&sandbox.url)?;
    until("it is ready", async || Ok(get(alone.http, "/readyz").await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")))).await?;
    until("it says what is missing", async || Ok(get(alone.http, "/status").await?.contains("broker away"))).await?;
    let mut client = IntakeClient::connect(format!("http://127.0.0.1:{}", alone.grpc)).await?;
    let request = signed(LodgeRequest { declaration: Some(declaration()), class: 0 }, "TESTER", "sender", "*")?;
    assert_eq!(client.lodge(request).await?.into_inner().number.len(), 12);
    Ok(())
}
