//! Alarms and dashboard ask only for what a running service exports, and each alarm is shown to ring and to stay quiet.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use contracts::intake::{GetRequest, LodgeRequest, intake_client::IntakeClient};
use rdkafka::{
    ClientConfig,
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer as _},
};
use system_tests::{
    Sandbox,
    process::{self, Process},
    system::{declaration, event},
    until,
};

/// Words of the query language that the rules and the dashboard use; everything else in an expression must be known to a running service.
const LANGUAGE: [&str; 15] =
    ["and", "by", "changes", "count", "deriv", "histogram_quantile", "increase", "max", "min", "offset", "on", "rate", "sum", "unless", "without"];
/// What Prometheus itself adds.
const ADDED: [&str; 3] = ["up", "job", "instance"];

fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(path)
}

/// The rule files.
fn rules() -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(deploy("alarms"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "yml"));
    files.sort();
    Ok(files)
}

/// (name, expression) of every alarm; each lies on one line.
fn alarms() -> Result<Vec<(String, String)>> {
    let mut alarms = Vec::new();
    for file in rules()? {
        let text = fs::read_to_string(&file)?;
        let lines =
            |key: &str| text.lines().filter_map(|l| l.trim().trim_start_matches("- ").strip_prefix(key)).map(str::to_owned).collect::<Vec<_>>();
        let (names, expressions) = (lines("alert: "), lines("expr: "));
        ensure!(names.len() == expressions.len() && lines("runbook: ").len() == names.len(), "{}", file.display());
        alarms.extend(names.into_iter().zip(expressions));
    }
    Ok(alarms)
}

/// The expressions of the dashboard, with its variables gone.
fn panels() -> Result<Vec<(String, String)>> {
    let dashboard: serde_json::Value = serde_json::from_slice(&fs::read(deploy("dashboards/cleargate.json"))?)?;
    let mut found = Vec::new();
    for panel in dashboard["panels"].as_array().context("panels")? {
        let title = panel["title"].as_str().context("a title")?;
        for target in panel["targets"].as_array().into_iter().flatten() {
            found.push((title.to_owned(), target["expr"].as_str().context("an expression")?.to_owned()));
        }
    }
    Ok(found)
}

/// Every name in an expression: metrics, labels, words of the language. Texts, numbers and times such as 5m are none.
fn names(expression: &str) -> BTreeSet<String> {
    let outside_of_texts: String = expression.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let words = outside_of_texts.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())).map(str::to_owned).collect()
}

/// Names of metrics and of labels in what a service exports.
fn exported(metrics: &str) -> BTreeSet<String> {
    metrics.lines().filter(|line| !line.starts_with('#')).flat_map(names).collect()
}

/// Names that nobody knows, each with where it is asked for.
fn unknown(known: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut unknown = Vec::new();
    for (place, expression) in alarms()?.into_iter().chain(panels()?) {
        let strange =
            names(&expression).into_iter().filter(|n| !(known.contains(n) || LANGUAGE.contains(&n.as_str()) || ADDED.contains(&n.as_str())));
        unknown.extend(strange.map(|name| format!("{place}: {name}")));
    }
    Ok(unknown)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alarms_and_dashboard_ask_only_for_what_a_running_service_exports() -> Result<()> {
    let sandbox = Sandbox::new(&intake::MIGRATIONS, &[intake::FACTS, intake::RESPONSES]).await?;
    sandbox.create_topics(&[intake::RISK, intake::TRACKING]).await?;
    let settings = [
        ("DATABASE__URL", sandbox.url.as_str()),
        ("KAFKA__BROKERS", &sandbox.kafka.brokers),
        ("KAFKA__PREFIX", &sandbox.kafka.prefix),
        ("TELEMETRY__GAUGES_S", "1"),
        // Nobody answers there, and soon that is noticed.
        ("READER__IDLE_CHECK_S", "1"),
        ("PEERS__RISK", "http://127.0.0.1:1"),
    ];
    process::migrate("intake", &settings)?;
    let intake = Process::start("intake", &settings)?;
    until("it is ready", async || Ok(intake.get("/readyz").await.is_ok())).await?;

    let mut client = IntakeClient::connect(intake.address()).await?;
    let lodge = intake.signed(LodgeRequest { declaration: Some(declaration()), class: 0 }, "TESTER", "sender")?;
    let number = client.lodge(lodge).await?.into_inner().number;
    client.get(intake.signed(GetRequest { number }, "TESTER", "officer")?).await?;
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", &sandbox.kafka.brokers).create()?;
    let headers =
        event("nsw.v1.Lodged", "one").into_iter().fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(value) }));
    let (topic, payload) = (format!("{}{}", sandbox.kafka.prefix, intake::DECLARATIONS), serde_json::to_vec(&declaration())?);
    producer.send(BaseRecord::to(&topic).key("32BB").payload(&payload).headers(headers)).map_err(|(error, _)| error)?;
    producer.flush(std::time::Duration::from_secs(10))?;

    let mut missing = Vec::new();
    let waited = until("every name is exported", async || {
        missing = unknown(&exported(&intake.get("/metrics").await?))?;
        Ok(missing.is_empty())
    })
    .await;
    waited.with_context(|| format!("nobody exports: {missing:#?}"))
}

#[test]
fn a_name_that_nobody_exports_is_found() -> Result<()> {
    let all: BTreeSet<String> = alarms()?.into_iter().chain(panels()?).flat_map(|(_, expression)| names(&expression)).collect();
    assert!(unknown(&all)?.is_empty());
    let without: BTreeSet<String> = all.into_iter().filter(|name| name != "cleargate_relay_leading").collect();
    let found = unknown(&without)?;
    assert!(found.iter().any(|place| place == "CleargateNobodyRelays: cleargate_relay_leading"), "{found:?}");
    Ok(())
}

#[test]
fn every_alarm_is_shown_to_ring_and_to_stay_quiet_and_stands_in_the_operators_page() -> Result<()> {
    let tests = fs::read_to_string(deploy("alarms/tests/alarms.yml"))?;
    let page = fs::read_to_string(deploy("../docs/operations.md"))?;
    for (name, _) in alarms()? {
        let firing = tests.matches(&format!("{{alertname=\"{name}\"}}', value: 1")).count();
        let asked = tests.matches(&format!("ALERTS{{alertname=\"{name}\"")).count();
        ensure!(firing > 0, "{name} is never shown to ring");
        ensure!(asked > firing, "{name} is never shown to stay quiet");
        ensure!(page.contains(&format!("`{name}`")), "{name} is not in docs/operations.md");
    }
    Ok(())
}

#[test]
fn the_rules_pass_promtool() -> Result<()> {
    let run = |arguments: &[&str], files: Vec<PathBuf>| Command::new("promtool").args(arguments).args(files).output();
    let Ok(checked) = run(&["check", "rules"], rules()?) else {
        eprintln!("promtool is not installed: the rules are not checked here; deploy/local/prepare.sh installs it");
        return Ok(());
    };
    ensure!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let tested = run(&["test", "rules"], vec![deploy("alarms/tests/alarms.yml")])?;
    ensure!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));
    Ok(())
}
