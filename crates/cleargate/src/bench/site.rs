//! What a load drives: our stack, or the bare floor beside it on the same broker and the same PostgreSQL.
use std::{collections::BTreeMap, str::FromStr, time::Duration};

use anyhow::{Context, Result};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{floor::Floor, spread::Spread};
use crate::stack::{NAMES, Stack, procfs};

pub struct Site<'s> {
    pub stack: &'s Stack,
    floor: Option<&'s Floor>,
    pub brokers: String,
    /// Before the name of every topic.
    pub prefix: String,
    pub reporting: PgPool,
    /// To which offices the load goes.
    pub spread: Spread,
}

impl<'s> Site<'s> {
    pub async fn ours(stack: &'s Stack) -> Result<Self> {
        let url = stack.database_url("reporting")?.context("no database yet; run `cleargate up`")?;
        Self::open(stack, None, String::new(), &url).await
    }

    pub async fn floor(stack: &'s Stack, floor: &'s Floor) -> Result<Self> {
        Self::open(stack, Some(floor), format!("{}.", floor.name), &floor.database_url("reporting")).await
    }

    async fn open(stack: &'s Stack, floor: Option<&'s Floor>, prefix: String, url: &str) -> Result<Self> {
        // Whoever measures asks a hundred times a second: planning that anew would be a load of its own.
        let options = PgConnectOptions::from_str(url)?.options([("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")]);
        let reporting = PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(10)).connect_with(options).await?;
        Ok(Self { stack, floor, brokers: stack.brokers(), prefix, reporting, spread: Spread::default() })
    }

    /// The same with a load for other offices.
    pub fn spread(self, spread: Spread) -> Self {
        Self { spread, ..self }
    }

    pub fn name(&self) -> &'static str {
        if self.whole() { "ours" } else { "floor" }
    }

    /// Whether it knows all messages, and not only lodgings of cargo in JSON.
    pub fn whole(&self) -> bool {
        self.floor.is_none()
    }

    /// CPU milliseconds so far: of the four processes, Kafka, PostgreSQL, and this one.
    pub fn cpu_ms(&self) -> BTreeMap<&'static str, u64> {
        let service = |name: &'static str| self.floor.map_or_else(|| self.stack.cpu_ms(name), |floor| procfs::tree_cpu_ms(floor.pid(name)?));
        let services = NAMES.into_iter().map(|name| (name, service(name)));
        let others = ["kafka", "postgres"].into_iter().map(|part| (part, self.stack.cpu_ms(part)));
        let own = i32::try_from(std::process::id()).ok().and_then(procfs::cpu_ms);
        services.chain(others).chain([("load", own)]).filter_map(|(part, ms)| Some((part, ms?))).collect()
    }

    /// Streams of each topic of ours that reporting reads.
    pub async fn streams(&self) -> Result<i64> {
        let sql = "SELECT count(*) FROM consumers WHERE topic = 'customs.intake.v1'";
        Ok(sqlx::query_scalar(sql).fetch_one(&self.reporting).await?)
    }

    /// Services of which no process lives.
    pub fn gone(&self) -> Vec<&'static str> {
        let lives = |name: &&'static str| match self.floor {
            None => self.stack.memory_kb(name).is_some_and(|kb| kb > 0),
            Some(floor) => floor.pid(name).and_then(procfs::start_ticks).is_some(),
        };
        NAMES.into_iter().filter(|name| !lives(name)).collect()
    }

    /// Resident megabytes of the four processes together.
    pub fn memory_mb(&self) -> u64 {
        let service = |name: &'static str| self.floor.map_or_else(|| self.stack.memory_kb(name), |floor| procfs::tree_memory_kb(floor.pid(name)?));
        NAMES.into_iter().filter_map(service).sum::<u64>() / 1024
    }
}
