//! `cleargate model`: train, judge, describe and put in force the learned score.
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use contracts::risk::PutModelRequest;
use risk_domain::model::{Model as Artefact, Target};
use training::{Evaluation, Options, Row, card, evaluate, read_kcs, train};

use crate::{
    client::{Clients, explain},
    profile::{save, step},
    stack::{Stack, StackArgs},
};

/// Train, evaluate, describe and activate the learned score.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate model train --history train.csv --valid valid.csv --out risk.model
  cleargate model evaluate --model risk.model --rows test.csv --history train.csv --scores scores.csv
  cleargate model evaluate --model risk.model --rows test.csv --json | jq .
  cleargate model card --model risk.model --rows test.csv --out card
  cleargate model activate --model risk.model --by analyst-1 --second head-of-risk

The files have the columns of the Korea Customs Service's data set; see docs/model.md")]
pub struct Model {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Grow both forests from a history of checked declarations
    Train {
        #[arg(long)]
        history: PathBuf,
        /// Later declarations that set the thresholds.
        #[arg(long)]
        valid: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
    /// Judge a model on rows it has not seen, in two strata, with 95 % intervals
    Evaluate {
        #[arg(long)]
        model: PathBuf,
        #[arg(long)]
        rows: PathBuf,
        /// What counts as seen [default: what the model was trained on].
        #[arg(long)]
        history: Option<PathBuf>,
        /// Write id, score and critical score of every row.
        #[arg(long)]
        scores: Option<PathBuf>,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Write a model card: Markdown and curves as SVG
    Card {
        #[arg(long)]
        model: PathBuf,
        #[arg(long)]
        rows: PathBuf,
        /// Directory.
        #[arg(long, default_value = "model-card")]
        out: PathBuf,
    },
    /// Put a model in force with the thresholds it proposes; needs two persons
    Activate {
        #[arg(long)]
        model: PathBuf,
        #[arg(long, default_value = "analyst-1")]
        by: String,
        #[arg(long, default_value = "head-of-risk")]
        second: String,
    },
}

impl Model {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        match self.act {
            Act::Train { history, valid, out } => {
                let trained = grow(&rows(&history)?, &rows(&valid)?, &Options { source: history.display().to_string(), ..Options::default() })?;
                fs::write(&out, &trained).with_context(|| format!("{} cannot be written", out.display()))?;
                println!(
                    "{} bytes written to {}; next: cleargate model evaluate --model {} --rows FILE",
                    trained.len(),
                    out.display(),
                    out.display()
                );
            }
            Act::Evaluate { model, rows: file, history, scores, json } => {
                let history = history.as_deref().map(rows).transpose()?;
                let evaluation = evaluate(&open(&model)?, &rows(&file)?, history.as_deref(), SEED);
                if let Some(path) = scores {
                    write_scores(&path, &evaluation)?;
                }
                if json { println!("{}", serde_json::to_string_pretty(&evaluation)?) } else { print(&evaluation) }
            }
            Act::Card { model, rows: file, out } => {
                let model = open(&model)?;
                let name = file.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let evaluation = evaluate(&model, &rows(&file)?, None, SEED);
                let card = card(&model, &[(name.as_str(), &evaluation)]);
                fs::create_dir_all(&out)?;
                fs::write(out.join("card.md"), card.markdown)?;
                for curve in card.curves {
                    fs::write(out.join(format!("{}.svg", curve.name)), curve.svg)?;
                }
                println!("written to {}", out.join("card.md").display());
            }
            Act::Activate { model, by, second } => {
                let clients = Clients::new(&Stack::open(args)?)?;
                let bytes = fs::read(&model).with_context(|| format!("{} cannot be read", model.display()))?;
                let revision = activate(&clients, bytes, &by, &second).await?;
                println!("{} is in force; the rules have revision {revision}", model.display());
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Of the resampling.
const SEED: u64 = 1;

fn rows(file: &Path) -> Result<Vec<Row>> {
    read_kcs(file).map_err(|faults| anyhow::anyhow!("{}: {faults}", file.display()))
}

fn open(file: &Path) -> Result<Artefact> {
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Artefact::read(&bytes).with_context(|| format!("{} is not a model", file.display()))
}

/// Trains with a bar that tells how far it is.
pub fn grow(history: &[Row], valid: &[Row], options: &Options) -> Result<Vec<u8>> {
    let progress = crate::progress::Progress::new();
    let step = progress.step("model", "reading");
    let trained = train(history, valid, options, &mut |at| step.doing(&format!("{at:?}")))?;
    step.done(&format!("trained on {} checked declarations", history.len()));
    Ok(trained.bytes)
}

/// Stores a model and puts it in force with the thresholds it proposes; returns the revision of the rules.
pub async fn activate(clients: &Clients, bytes: Vec<u8>, by: &str, second: &str) -> Result<u32> {
    let model = Artefact::read(&bytes)?;
    let cuts = model.about().thresholds;
    let request = clients.request(by, "analyst", PutModelRequest { artefact: bytes })?;
    let digest = clients.risk().put_model(request).await.map_err(|s| explain(&s))?.into_inner().digest;
    let document = format!(
        "digest = \"{}\"\nyellow_at = {}\nred_at = {}\ncritical_red_at = {}\n",
        hex::encode(digest),
        cuts.fraud.yellow,
        cuts.fraud.red,
        cuts.critical.red
    );
    let (id, version) = save(clients, "model", document, by).await?;
    Ok(step(clients, "model", &id, version, "approve", second).await?.1)
}

fn write_scores(path: &Path, evaluation: &Evaluation) -> Result<()> {
    let mut out = csv::Writer::from_path(path).with_context(|| format!("{} cannot be written", path.display()))?;
    out.write_record(["id", "score", "critical_score"])?;
    for row in &evaluation.scores {
        out.write_record([row.id.to_string(), row.score.to_string(), row.critical_score.to_string()])?;
    }
    out.flush()?;
    Ok(())
}

fn print(evaluation: &Evaluation) {
    for target in [Target::Fraud, Target::Critical] {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header([target.name(), "all rows", "95 %", "unseen goods", "95 %"]);
        for name in MEASURES {
            let cells = ["all", "unseen"].map(|stratum| evaluation.measure(target, stratum, name));
            let text = cells.map(|cell| match cell {
                Some(m) => [format!("{:.3}", m.value), format!("{:.3} to {:.3}", m.low, m.high)],
                None => [String::new(), String::new()],
            });
            let [all, unseen] = text;
            table.add_row([name.to_owned(), all[0].clone(), all[1].clone(), unseen[0].clone(), unseen[1].clone()]);
        }
        println!("{table}");
    }
}

const MEASURES: [&str; 11] =
    ["auc", "ap", "precision_5", "precision_10", "precision_20", "recall_5", "recall_10", "recall_20", "f1", "brier", "calibration_error"];
