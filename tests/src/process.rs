//! One service as a process of the test's own, on ports of its own, under an issuer of the test's own.
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{Request, metadata::MetadataValue};

use crate::{binary, issuer::Issuer};

/// A running process that ends with the test.
pub struct Process {
    child: Child,
    pub grpc: u16,
    pub http: u16,
    issuer: Issuer,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts `service` with further settings: (`DATABASE__URL`, value).
    pub fn start(service: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let port = || -> Result<u16> { Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()) };
        let (grpc, http, issuer) = (port()?, port()?, Issuer::new()?);
        let auth = issuer.auth(&issuer.token(service, &["service"])?)?;
        let mut command = self::command(service, settings)?;
        let own = [
            ("AUTH__JWKS", auth.jwks),
            ("AUTH__ISSUER", auth.issuer),
            ("AUTH__TOKEN_FILE", auth.token_file),
            ("GRPC__LISTEN", format!("127.0.0.1:{grpc}")),
            ("HTTP__LISTEN", format!("127.0.0.1:{http}")),
        ];
        command.envs(own.map(|(key, value)| (variable(service, key), value)));
        let child = command.spawn().with_context(|| format!("starting {service}"))?;
        Ok(Self { child, grpc, http, issuer })
    }

    /// Body of a GET that is answered with 200.
    pub async fn get(&self, path: &str) -> Result<String> {
        let (status, body) = self.ask(path).await?;
        ensure!(status == 200, "{path} says {status}: {body}");
        Ok(body)
    }

    /// Status and body of a GET.
    pub async fn ask(&self, path: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).await?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
        Ok((head.split(' ').nth(1).context("a status")?.parse()?, body.to_owned()))
    }

    /// Where its calls are answered.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.grpc)
    }

    /// A request in somebody's name.
    pub fn signed<M>(&self, message: M, subject: &str, role: &str) -> Result<Request<M>> {
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", self.issuer.token(subject, &[role])?);
        request.metadata_mut().insert("authorization", MetadataValue::try_from(bearer)?);
        Ok(request)
    }
}

/// Runs `<service> migrate` to its end.
pub fn migrate(service: &str, settings: &[(&str, &str)]) -> Result<()> {
    // Any issuer will do: nothing is called.
    let auth = ("AUTH__JWKS", "none");
    let status = command(service, settings)?.env(variable(service, auth.0), auth.1).arg("migrate").status()?;
    ensure!(status.success(), "{service} migrate: {status}");
    Ok(())
}

fn command(service: &str, settings: &[(&str, &str)]) -> Result<Command> {
    let mut command = Command::new(binary(service)?);
    command.envs(settings.iter().map(|(key, value)| (variable(service, key), value))).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

fn variable(service: &str, key: &str) -> String {
    format!("{}__{key}", service.to_uppercase())
}
