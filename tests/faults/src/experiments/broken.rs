//! Builds that are broken on purpose: the checker must be able to fail.
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use crate::{
    experiment::Bench,
    laws::{self, Expected, Verdict},
    load::{Demand, Standing},
    quiet,
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES},
    wires,
};

/// A rule that is broken on purpose.
struct Mode {
    name: &'static str,
    /// The laws that its breach breaks; whatever else does not hold is no proof.
    laws: &'static [&'static str],
    /// What is merely late looks lost as well: only a system at rest counts.
    at_rest: bool,
}

const MODES: [Mode; 3] = [
    // What counted as read before it was written is missing for good.
    Mode { name: "offsets-first", laws: &["L1", "L4"], at_rest: true },
    // What comes twice is applied twice.
    Mode { name: "no-position-check", laws: &["L2 each message", "L3"], at_rest: false },
    // Two owners write the same, or one takes the other's position back.
    Mode { name: "no-fence", laws: &["L2 each message", "L2 each effect", "L3", "L4 every reader", "L7"], at_rest: false },
];

/// Every broken build must be caught by its own laws, and a sound one that goes through the same must come to rest with none broken.
pub async fn caught(bench: &Bench, record: &mut Record) -> Result<()> {
    let (verdict, quiet) = judged(bench, None).await?;
    let broken = told(&verdict, |_| true);
    record.figure("laws that the sound build breaks", broken.len() as f64, &broken.join(", "), Some(Must::AtMost(0.0)));
    record.figure("sound build came to rest", f64::from(u8::from(quiet)), "", Some(Must::AtLeast(1.0)));
    for mode in &MODES {
        let (verdict, quiet) = judged(bench, Some(mode)).await?;
        let by = told(&verdict, |law| (quiet || !mode.at_rest) && mode.laws.iter().any(|own| law.starts_with(own)));
        let rest = if quiet { "" } else { ", never quiet" };
        record.figure(
            &format!("{} caught", mode.name),
            f64::from(u8::from(!by.is_empty())),
            &format!("by {}{rest}", by.join(", ")),
            Some(Must::AtLeast(1.0)),
        );
    }
    Ok(())
}

/// Laws that are broken, each with how often.
fn told(verdict: &Verdict, counts: impl Fn(&str) -> bool) -> Vec<String> {
    let broken = verdict.findings.iter().filter(|f| f.broken > 0 && counts(&f.law));
    broken.map(|f| format!("{} ({})", f.law.split(' ').next().unwrap_or_default(), f.broken)).collect()
}

/// One build under the fault that shows its breach; the sound one under all of them.
async fn judged(bench: &Bench, mode: Option<&Mode>) -> Result<(Verdict, bool)> {
    let environment = mode.map(|mode| ("CLEARGATE_BROKEN".to_owned(), mode.name.to_owned())).into_iter().collect();
    let scene = Scene::open(bench, Plan { laboratory: true, environment, ..Plan::default() }, Demand::at(300, bench.seed)).await?;
    for script in MODES.iter().filter(|script| mode.is_none_or(|mode| mode.name == script.name)) {
        match script.name {
            // A sound build has no moment between position and effects: it dies before the commit of both.
            "offsets-first" => die(&scene, if mode.is_some() { "reader::offsets-first" } else { "reader::before-commit" }).await?,
            "no-position-check" => say_again(&scene).await?,
            _ => hold_up(&scene, bench.scale.pick(1, 3)).await?,
        }
    }
    // What is broken need not come to rest: the laws are asked all the same.
    let Scene { site, fleet, load } = scene;
    let ledger = load.finish().await?;
    let patience = Duration::from_secs(if mode.is_some() { 20 } else { 90 });
    let quiet = quiet::wait(&site, patience).await.is_ok();
    let verdict = laws::check(&site, &ledger, Expected::default()).await?;
    fleet.down().await?;
    site.remove().await?;
    Ok((verdict, quiet))
}

/// Processes die between the position and the effects, again and again, and then no more.
async fn die(scene: &Scene, point: &str) -> Result<()> {
    let names = scene.fleet.names();
    names.iter().for_each(|name| scene.fleet.environment(*name, "FAILPOINTS", &format!("{point}=3%return(abort)")));
    futures::future::try_join_all(names.iter().map(|name| scene.fleet.kill(*name))).await?;
    tokio::time::sleep(Duration::from_secs(10)).await;
    names.iter().for_each(|name| scene.fleet.environment(*name, "FAILPOINTS", ""));
    // One that has just died by itself starts without the point anyway.
    futures::future::join_all(names.iter().map(|name| scene.fleet.kill(*name))).await;
    Ok(())
}

/// Everything that was told so far is told once more.
async fn say_again(scene: &Scene) -> Result<()> {
    let from = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(from + 1_000, Duration::from_secs(60)).await?;
    for topic in ["customs.intake.v1", "customs.risk.v1"] {
        let messages = wires::read(&scene.site, topic).await?;
        wires::write(&scene.site, messages).await?;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    Ok(())
}

/// Stopped for longer than a session: the other replica takes over, and the zombie does not know it.
async fn hold_up(scene: &Scene, times: u32) -> Result<()> {
    for _ in 0..times {
        for service in SERVICES {
            scene.fleet.signal((service, 0), Signal::STOP);
        }
        tokio::time::sleep(Duration::from_secs(14)).await;
        for service in SERVICES {
            scene.fleet.signal((service, 0), Signal::CONT);
        }
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    Ok(())
}
