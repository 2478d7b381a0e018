//! gRPC `Lodge` in a closed loop of many callers: every answer is a committed declaration.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail};
use contracts::intake::{LodgeRequest, intake_client::IntakeClient};
use tokio::time::Instant;
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

use super::{Bench, rounds::median, rows::Row, site::Site};
use crate::{
    client::{Clients, explain},
    clock,
    load::{ledger::percentile, mix::Mix},
    progress::Progress,
    stack::Stack,
};

const CALLERS: usize = 64;
/// Callers share connections, as a gateway's do.
const CONNECTIONS: usize = 4;

type Token = MetadataValue<Ascii>;

pub async fn rows(bench: &Bench, stack: &Stack, progress: &Progress) -> Result<Vec<Row>> {
    let clients = Clients::new(stack)?;
    // Who signs once spends nothing on signatures while it measures.
    let token = |n: usize| -> Result<(String, Token)> {
        let sender = format!("NSW{n:03}");
        let bearer = format!("Bearer {}", clients.token(&sender, "sender")?);
        Ok((sender, bearer.parse().context("a token is no metadata")?))
    };
    let tokens: Arc<HashMap<String, Token>> = Arc::new((1..=40).map(token).collect::<Result<_>>()?);
    let address = stack.grpc_addresses("intake").into_iter().next().context("intake has no address")?;
    let endpoint = Endpoint::from_shared(address)?.connect_timeout(Duration::from_secs(3)).timeout(Duration::from_secs(30));
    let channels: Vec<Channel> = (0..CONNECTIONS).map(|_| endpoint.connect_lazy()).collect();
    let step = progress.step("lodge", "warming up");
    closed_loop(&channels, &tokens, bench.calls() / 4).await?;
    settle(stack).await?;
    let (mut rates, mut p99s) = (Vec::new(), Vec::new());
    for number in 0..bench.runs() {
        step.doing(&format!("run {} of {}: {} calls by {CALLERS} callers", number + 1, bench.runs(), bench.calls()));
        let (rate, p99) = closed_loop(&channels, &tokens, bench.calls()).await?;
        rates.push(rate);
        p99s.push(p99);
        settle(stack).await?;
    }
    let (rate, p99) = (median(rates), median(p99s));
    step.done(&format!("{rate:.0}/s, p99 {p99:.1} ms"));
    Ok(vec![
        Row::new("gRPC Lodge, 64 callers, durable", "1/s", rate)
            .judged(4_000.0, Some(8_000.0))
            .beside(Some(1_841.0), "single-declaration commits of bare PostgreSQL with 32 clients"),
        Row::new("gRPC Lodge, 64 callers, p99", "ms", p99).judged(40.0, Some(40.0)),
    ])
}

/// Calls a second, and the p99 of one in ms.
async fn closed_loop(channels: &[Channel], tokens: &Arc<HashMap<String, Token>>, calls: usize) -> Result<(f64, f64)> {
    let left = Arc::new(AtomicUsize::new(calls));
    let run = clock::now_micros() / 1000 % 1_000_000_000;
    let begun = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let client = IntakeClient::new(channels[caller % channels.len()].clone());
        let mix = Mix::new(run as u64 + caller as u64, &format!("G{run:09}{caller:02}"), clock::today_date());
        tokio::spawn(call(client, mix, Arc::clone(tokens), Arc::clone(&left)))
    });
    let mut took = Vec::with_capacity(calls);
    for caller in futures::future::join_all(callers).await {
        took.extend(caller??);
    }
    let seconds = begun.elapsed().as_secs_f64();
    took.sort_unstable();
    Ok((took.len() as f64 / seconds, percentile(&took, 990) as f64 / 1000.0))
}

/// Microseconds of each call of one caller.
async fn call(mut client: IntakeClient<Channel>, mut mix: Mix, tokens: Arc<HashMap<String, Token>>, left: Arc<AtomicUsize>) -> Result<Vec<u64>> {
    let mut took = Vec::new();
    while left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
        let declaration = mix.sample().declaration;
        let token = tokens.get(&declaration.sender).context("a sender without a token")?.clone();
        let mut request = Request::new(LodgeRequest { declaration: Some(declaration), ..LodgeRequest::default() });
        request.metadata_mut().insert("authorization", token);
        let begun = Instant::now();
        client.lodge(request).await.map_err(|status| explain(&status))?;
        took.push(u64::try_from(begun.elapsed().as_micros())?);
    }
    Ok(took)
}

/// Until reporting has seen nothing new for three seconds: what was lodged costs the next measurement nothing.
async fn settle(stack: &Stack) -> Result<()> {
    let site = Site::ours(stack).await?;
    let (mut before, mut quiet) = (-1, 0);
    for _ in 0..600 {
        let (read,): (i64,) = sqlx::query_as("SELECT COALESCE(sum(position), 0)::bigint FROM consumers").fetch_one(&site.reporting).await?;
        quiet = if read == before { quiet + 1 } else { 0 };
        if quiet == 3 {
            site.reporting.close().await;
            return Ok(());
        }
        before = read;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    bail!("reporting is still at work ten minutes after the last call")
}
