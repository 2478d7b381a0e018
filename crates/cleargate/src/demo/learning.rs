//! The demo's learned score: trained in seconds, on real-shaped history where it is at hand, on made-up history otherwise.
use std::path::Path;

use anyhow::Result;
use training::{Options, Row, as_lodged, generate, read_kcs};

use crate::{
    client::Clients,
    model::{activate, grow},
    profile::{save, step},
};

/// Rows of a made-up history, the last sixth of which sets the thresholds.
const MADE_UP: usize = 30_000;

/// Trains a model and puts it in force by two persons, with a profile of the demo's own; returns the revision of the rules.
pub async fn prepare(clients: &Clients, kcs: Option<&Path>, seed: u64) -> Result<u32> {
    let (history, valid, options) = match kcs.and_then(history) {
        Some((history, valid)) => {
            (history, valid, Options { source: "Korea Customs Service, synthetic, 2020 (MIT)".to_owned(), ..Options::default() })
        }
        None => {
            let mut rows = generate(seed, MADE_UP);
            let valid = rows.split_off(MADE_UP - MADE_UP / 6);
            (rows, valid, Options { made_up: true, source: "made up for the demonstration".to_owned(), ..Options::default() })
        }
    };
    let model = grow(&history, &valid, &options)?;
    activate(clients, model, "analyst-1", "head-of-risk").await?;
    let (id, version) = save(clients, "profile", PROFILE.to_owned(), "analyst-1").await?;
    Ok(step(clients, "profile", &id, version, "approve", "head-of-risk").await?.1)
}

/// Train and valid files beside the test file.
fn history(test: &Path) -> Option<(Vec<Row>, Vec<Row>)> {
    let read = |name: &str| read_kcs(&test.with_file_name(name)).ok().map(as_lodged);
    Some((read("train.csv")?, read("valid.csv")?))
}

const PROFILE: &str = r#"
id = "D001"
owner = "analyst-1"
reason = "demonstration: many lines from a little-known firm"
title_vi = "Nhiều dòng hàng của doanh nghiệp ít hoạt động"
title_en = "Many lines from a firm with little record"
direction = "import"
valid_from = "2026-01-01"
valid_to = "2027-12-31"
when = "lines.size() >= 6 && trader_seen_365d < 5 && lines.exists(l, l.value_per_kg < 200000)"
lane = "yellow"
share = "40"
weight = 90000
ground = "Circular 81/2019/TT-BTC article 17 (record of the firm)"
cap_per_day = 200
spare_after = 6
"#;
