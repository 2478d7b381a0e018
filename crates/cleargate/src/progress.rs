//! Tells what a long command is doing: spinners on a terminal, plain lines elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;
use tokio::time::Instant;

/// The steps of one command; several may be under way at once.
pub struct Progress {
    bars: Option<MultiProgress>,
}

impl Progress {
    pub fn new() -> Self {
        Self { bars: std::io::stderr().is_terminal().then(MultiProgress::new) }
    }

    /// Begins the step of `part`, for instance `kafka`.
    pub fn step(&self, part: &str, doing: &str) -> Step {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("  {prefix:<10} {spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.set_prefix(part.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let step = Step { part: part.to_owned(), begun: Instant::now(), bar };
        step.doing(doing);
        step
    }
}

/// One part on its way up or down.
pub struct Step {
    part: String,
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl Step {
    /// Says what is happening now, for instance `fetching 45 jars`.
    pub fn doing(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None if what.is_empty() => {}
            None => eprintln!("  {:<10} {what} ...", self.part),
        }
    }

    /// Ends the step with its outcome and the time it took.
    pub fn done(self, outcome: &str) {
        let line = format!("  {:<10} {outcome} ({})", self.part, seconds(self.begun.elapsed()));
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }
}

impl Drop for Step {
    /// A step that failed leaves no spinner behind.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `1.8 s`, without floating point.
pub fn seconds(time: Duration) -> String {
    format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100)
}
