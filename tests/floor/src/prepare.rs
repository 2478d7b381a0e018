//! Databases with the tables of the hot path, and topics: created and dropped.
use std::str::FromStr as _;

use anyhow::{Context as _, Result, anyhow};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, postgres::PgConnectOptions};

use crate::{
    Place,
    topology::{PARTITIONS, SERVICES, Service, TOPICS},
};

/// What the services read on the hot path and nothing else. Stock statistics and room on pages: the anchor stays what it was.
const BLOCK: &str = "
CREATE TABLE streams (
    topic text NOT NULL, stream int NOT NULL, position bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'), published bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, stream), CHECK (published <= position), CHECK (octet_length(hash) = 32)
) WITH (fillfactor = 50);
CREATE TABLE journal (
    topic text NOT NULL, stream int NOT NULL, position bigint NOT NULL, kind text NOT NULL, subject text NOT NULL, office text NOT NULL,
    actor text NOT NULL DEFAULT '', cause text NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now(), trace text NOT NULL,
    headers text NOT NULL DEFAULT '', payload bytea NOT NULL, hash bytea NOT NULL,
    PRIMARY KEY (topic, stream, position)
);
DO $$
BEGIN
    ALTER TABLE journal ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'built without lz4';
END $$;
CREATE TABLE consumers (
    topic text NOT NULL, partition int NOT NULL, epoch bigint NOT NULL DEFAULT 0, position bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'), next_offset bigint NOT NULL DEFAULT 0, owner text NOT NULL DEFAULT '',
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
CREATE TABLE inbox (
    source text NOT NULL, id text NOT NULL, digest bytea NOT NULL, answer_id text NOT NULL DEFAULT '',
    seen_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (source, id)
);
CREATE INDEX inbox_seen_at ON inbox USING brin (seen_at);";

const INTAKE: &str = "
CREATE TABLE declarations (
    number text NOT NULL PRIMARY KEY, state text NOT NULL, lane text NOT NULL DEFAULT '', sender text NOT NULL, reference text NOT NULL,
    office text NOT NULL, lines int NOT NULL, body bytea NOT NULL, lodged_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(), UNIQUE (sender, reference)
) WITH (fillfactor = 70);";

const RISK: &str = "
CREATE TABLE files (
    number text NOT NULL PRIMARY KEY, office text NOT NULL, lane text NOT NULL, state text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(), facts bytea NOT NULL
) WITH (fillfactor = 70);";

const TRACKING: &str = "
CREATE TABLE carried (
    number text NOT NULL PRIMARY KEY, vehicle text NOT NULL, direction text NOT NULL, cleared boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80);";

const REPORTING: &str = "
CREATE TABLE declarations (
    number text NOT NULL PRIMARY KEY, office text NOT NULL, sender text NOT NULL, lane text NOT NULL, lodged_at timestamptz,
    decided_at timestamptz, reported_at timestamptz
) WITH (fillfactor = 70);
CREATE TABLE stages (
    number text NOT NULL, topic text NOT NULL, stream int NOT NULL, position bigint NOT NULL, stage text NOT NULL, office text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (number, topic, stream, position)
);";

pub async fn prepare(place: &Place) -> Result<()> {
    let mut admin = connect(place, None).await?;
    for service in SERVICES {
        let database = database(&place.name, service);
        run(&mut admin, format!("CREATE DATABASE \"{database}\"")).await?;
        let mut conn = connect(place, Some(&database)).await?;
        let own = match service {
            Service::Intake => INTAKE,
            Service::Risk => RISK,
            Service::Tracking => TRACKING,
            Service::Reporting => REPORTING,
        };
        run(&mut conn, format!("{BLOCK}{own}")).await?;
        for topic in service.tells() {
            run(&mut conn, format!("INSERT INTO streams (topic, stream) SELECT '{topic}', generate_series(0, {PARTITIONS} - 1)")).await?;
        }
        for topic in service.reads() {
            run(&mut conn, format!("INSERT INTO consumers (topic, partition) SELECT '{topic}', generate_series(0, {PARTITIONS} - 1)")).await?;
        }
    }
    let topics: Vec<String> = TOPICS.iter().map(|t| topic(&place.name, t)).collect();
    let new: Vec<NewTopic<'_>> = topics.iter().map(|t| NewTopic::new(t, PARTITIONS, TopicReplication::Fixed(1))).collect();
    let created = kafka(place)?.create_topics(&new, &AdminOptions::new()).await?;
    created.into_iter().try_for_each(|one| one.map(drop).map_err(|(topic, code)| anyhow!("creating {topic}: {code}")))
}

/// Also when only a part is there.
pub async fn remove(place: &Place) -> Result<()> {
    let mut admin = connect(place, None).await?;
    for service in SERVICES {
        run(&mut admin, format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", database(&place.name, service))).await?;
    }
    let topics: Vec<String> = TOPICS.iter().map(|t| topic(&place.name, t)).collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    for gone in kafka(place)?.delete_topics(&topics, &AdminOptions::new()).await? {
        if let Err((topic, code)) = gone {
            eprintln!("{topic}: {code}");
        }
    }
    Ok(())
}

pub fn topic(name: &str, topic: &str) -> String {
    format!("{name}.{topic}")
}

pub fn database(name: &str, service: Service) -> String {
    format!("{name}_{}", service.name())
}

pub async fn connect(place: &Place, database: Option<&str>) -> Result<PgConnection> {
    let mut options = PgConnectOptions::from_str(&place.admin_url)?;
    if let Some(database) = database {
        options = options.database(database);
    }
    options.connect().await.context("connecting to PostgreSQL")
}

async fn run(conn: &mut PgConnection, statements: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(conn).await?;
    Ok(())
}

fn kafka(place: &Place) -> Result<AdminClient<DefaultClientContext>> {
    Ok(ClientConfig::new().set("bootstrap.servers", &place.brokers).create()?)
}
