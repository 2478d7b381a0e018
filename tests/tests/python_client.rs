//! A foreign client in Python, with stock libraries and no generated code, against the four running services.
use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use system_tests::{cleargate, token};

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{command:?}\n{said}\n{complained}");
    Ok(said.into_owned())
}

/// The interpreter of a virtual environment under `target/`, made when first needed.
fn python(folder: &Path) -> Result<PathBuf> {
    let target = std::env::current_exe()?.ancestors().nth(3).context("tests lie in target/<profile>/deps")?.to_owned();
    let environment = target.join("python");
    let python = environment.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(folder.join("requirements.txt")))?;
    Ok(python)
}

#[test]
fn a_python_client_lodges_a_declaration_reads_its_answers_and_its_way() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let python = python(&folder)?;
    cleargate(&["up"])?;
    let status: Value = serde_json::from_str(&cleargate(&["status", "--json"]).context("the local stack does not run: cleargate up")?)?;
    let text = |pointer: &str| status.pointer(pointer).and_then(Value::as_str).with_context(|| format!("status has no {pointer}"));
    let said = run(Command::new(python)
        .arg(folder.join("client.py"))
        .args(["--brokers", text("/kafka/address")?])
        .args(["--reporting", text("/services/reporting/address")?])
        .env("CLEARGATE_TOKEN", token("python", "officer", "*")?))?;
    let lines: Vec<Value> = said.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let all = |what: &str| lines.iter().filter_map(|line| line.get(what).cloned()).collect::<Vec<_>>();

    let (answers, stages) = (all("answer"), all("stage"));
    let accepted = answers.first().context("no answer")?;
    assert_eq!(accepted["function"], "01", "{said}");
    assert_eq!(accepted["number"].as_str().map(str::len), Some(12), "{said}");
    assert!(answers.iter().all(|a| a["number"] == accepted["number"] && a["recipient"] == "NSW001"), "{said}");
    let lane = answers.last().and_then(|a| a["lane"].as_str()).unwrap_or_default();
    assert!(["green", "yellow", "red"].contains(&lane), "{said}");

    let names: Vec<&str> = stages.iter().filter_map(|s| s["stage"].as_str()).collect();
    assert!(names.contains(&"lodged") && names.contains(&"lane"), "{said}");
    assert!(stages.iter().all(|s| s["office"] == "32BC"), "{said}");
    Ok(())
}
