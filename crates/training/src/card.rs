//! The model card (Mitchell et al., "Model cards for model reporting", 2019): what a model is, what it was measured on, what it must not be used for.
use std::fmt::Write as _;

use risk_domain::model::{Model, Target};

use crate::curve::{Line, draw};
use crate::{Curve, Evaluation, StratumReport};

/// A model card: its text and its pictures.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Card {
    /// Refers to the curves as `<name>.svg` beside it.
    pub markdown: String,
    pub curves: Vec<Curve>,
}

/// The card of a model with evaluations, each under a name of its own.
pub fn card(model: &Model, evaluations: &[(&str, &Evaluation)]) -> Card {
    let mut markdown = heading(model);
    let mut curves = Vec::new();
    for (name, evaluation) in evaluations {
        let _ = writeln!(markdown, "\n## Measured on {name} ({} rows)\n", evaluation.rows);
        let _ =
            writeln!(markdown, "Value and 95 % interval over resamples of whole goods tuples. A tuple is unseen if {} lacks it.", evaluation.seen_by);
        for target in &evaluation.targets {
            let _ = writeln!(markdown, "\n### {}\n", title(target.target));
            table(&mut markdown, &target.strata);
            for curve in pictures(name, target.target, &target.strata) {
                let _ = writeln!(markdown, "\n![{0}]({0}.svg)", curve.name);
                curves.push(curve);
            }
        }
    }
    markdown.push_str(LIMITS);
    Card { markdown, curves }
}

const LIMITS: &str = "
## Limits

- The rows are goods that were examined. Their share of frauds is not that of all traffic, so the scores order declarations; they are no
  probabilities of the live stream until exploration has measured it.
- The number over all rows is mostly memory: most goods lines were seen before, and the earlier outcome is the best forecast. The number over unseen
  tuples says how well the model judges new goods. Never quote the first without the second.
- The model sees goods, not persons or firms. It cannot find what the goods line does not show.
";

fn heading(model: &Model) -> String {
    let about = model.about();
    let warning =
        if about.made_up { "\n**The history is made up. The model is for demonstrations and says nothing about real goods.**\n" } else { "" };
    let cuts = about.thresholds;
    format!(
        "# Model {}\n{warning}\n| | |\n| --- | --- |\n| history | {} |\n| window | {} to {} |\n| rows | {}, frauds {}, critical {} |\n\
         | thresholds set on | {} rows |\n| data digest | {} |\n| trainer | {}, seed {} |\n| trees | {} fraud, {} critical |\n| keys | {} |\n| size | {} bytes |\n\
         | fraud score, millionths | uncertain from {}, yellow from {}, red from {} |\n| critical score, millionths | uncertain from {}, yellow from {}, red from {} |\n",
        hex::encode(model.digest()),
        about.source,
        about.from,
        about.to,
        about.rows,
        about.frauds,
        about.critical,
        about.valid_rows,
        about.data_digest,
        about.trainer,
        about.seed,
        model.forest(Target::Fraud).trees().len(),
        model.forest(Target::Critical).trees().len(),
        model.keys(),
        model.write().len(),
        cuts.fraud.uncertain,
        cuts.fraud.yellow,
        cuts.fraud.red,
        cuts.critical.uncertain,
        cuts.critical.yellow,
        cuts.critical.red,
    )
}

const fn title(target: Target) -> &'static str {
    match target {
        Target::Fraud => "Fraud",
        Target::Critical => "Critical fraud",
    }
}

fn table(markdown: &mut String, strata: &[StratumReport]) {
    let row =
        |name: &str, cell: &dyn Fn(&StratumReport) -> String| format!("| {name} | {} |\n", strata.iter().map(cell).collect::<Vec<_>>().join(" | "));
    markdown.push_str(&row("", &|s| s.stratum.to_owned()));
    markdown.push_str(&row("---", &|_| "---".to_owned()));
    markdown.push_str(&row("rows / tuples / cases", &|s| format!("{} / {} / {}", s.rows, s.tuples, s.cases)));
    let names = strata.first().map(|s| s.measures.iter().map(|(name, _)| *name).collect::<Vec<_>>()).unwrap_or_default();
    for (index, name) in names.into_iter().enumerate() {
        markdown.push_str(&row(&name.replace('_', " "), &|s| match s.measures[index].1 {
            Some(m) => format!("{:.3} [{:.3}, {:.3}]", m.value, m.low, m.high),
            None => "-".to_owned(),
        }));
    }
}

fn pictures(name: &str, target: Target, strata: &[StratumReport]) -> [Curve; 3] {
    let file = |what: &str| {
        let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        format!("{plain}-{}-{what}", target.name())
    };
    let label = |s: &StratumReport| format!("{}, n = {}", s.stratum, s.rows);
    let lines = |points: fn(&StratumReport) -> &[(f64, f64)]| strata.iter().map(|s| (label(s), points(s))).collect::<Vec<Line<'_>>>();
    let calibration: Vec<Vec<(f64, f64)>> = strata.iter().map(|s| s.calibration.iter().map(|(said, was, _)| (*said, *was)).collect()).collect();
    let calibrated: Vec<Line<'_>> = strata.iter().zip(&calibration).map(|(s, points)| (label(s), points.as_slice())).collect();
    let title = title(target);
    [
        draw(&file("roc"), &format!("{title}: ROC"), ["false positive rate", "recall"], &lines(|s| &s.roc), true),
        draw(&file("pr"), &format!("{title}: precision and recall"), ["recall", "precision"], &lines(|s| &s.precision_recall), false),
        draw(&file("calibration"), &format!("{title}: calibration"), ["score", "share of cases"], &calibrated, true),
    ]
}
