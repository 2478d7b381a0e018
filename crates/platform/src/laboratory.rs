//! What a build for the fault laboratory can do besides (feature `laboratory`): die or stop at named points, break a rule on purpose,
//! go by a shifted clock, need one migration more, not know a kind of fact. Without the feature every function here is empty.
//!
//! | environment | is |
//! |---|---|
//! | `FAILPOINTS` | points and actions of the crate `fail`, e.g. `reader::after-commit=1%return(abort);relay::after-ack=5*off->return(stop)` |
//! | `CLEARGATE_BROKEN` | `offsets-first`, `no-position-check`, `no-fence` or `beyond-prefix` |
//! | `CLEARGATE_CLOCK` | a file with the microseconds that are added to the clock; read again after 100 ms |
//! | `CLEARGATE_NEXT` | `1`: migration 900 belongs to this version |
//! | `CLEARGATE_OLD` | kinds of facts, separated by commas, that this version does not know, e.g. `customs.intake.v1.Amended` |
//!
//! Actions besides those of `fail`: `return(abort)` ends the process at once, as `kill -9` does; `return(stop)` stops it as SIGSTOP does.

/// A rule that can be broken on purpose, to show that its breach is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A batch counts as read before its effects are written: positions are committed by a transaction of their own.
    OffsetsFirst,
    /// Duplicates are applied, and a batch does not compare the position that it starts from.
    NoPositionCheck,
    /// A claim does not raise the epoch, and a batch compares neither epoch nor position.
    NoFence,
    /// A stream counts as published as far as it was sent, as soon as anything of it is acknowledged.
    BeyondPrefix,
}

#[cfg(not(feature = "laboratory"))]
pub use self::switched_off::{Scenario, begin, broken, knows, next_version, point, shift};
#[cfg(feature = "laboratory")]
pub use self::switched_on::{Scenario, begin, broken, knows, next_version, point, shift};

#[cfg(not(feature = "laboratory"))]
mod switched_off {
    use super::Broken;

    /// No point is set.
    pub struct Scenario;

    /// Nothing to set up.
    #[inline]
    pub fn begin() -> Scenario {
        Scenario
    }

    /// No point does anything.
    #[inline]
    pub fn point(_: &'static str) {}

    /// No rule is broken.
    #[inline]
    pub fn broken(_: Broken) -> bool {
        false
    }

    /// The clock is right.
    #[inline]
    pub fn shift() -> i64 {
        0
    }

    /// This version is the newest.
    #[inline]
    pub fn next_version() -> bool {
        false
    }

    /// Handlers alone say which kinds they know.
    #[inline]
    pub fn knows(_: &str) -> bool {
        true
    }
}

#[cfg(feature = "laboratory")]
mod switched_on {
    use std::{
        sync::{LazyLock, Mutex, PoisonError},
        time::Duration,
    };

    use tokio::time::Instant;

    use super::Broken;

    /// The points are set as long as this lives.
    pub type Scenario = fail::FailScenario<'static>;

    /// Sets the points that `FAILPOINTS` names.
    pub fn begin() -> Scenario {
        let scenario = fail::FailScenario::setup();
        tracing::warn!(points = ?fail::list(), broken = ?*BROKEN, old = ?*OLD, "this build is for the laboratory");
        scenario
    }

    /// A named point at which the process may be told to die or to stop.
    pub fn point(name: &'static str) {
        fail::fail_point!(name, |action| act(name, action.as_deref()));
    }

    fn act(name: &str, action: Option<&str>) {
        match action {
            Some("abort") => std::process::abort(),
            Some("stop") => {
                let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
            }
            other => tracing::error!(name, ?other, "an action that the laboratory does not know"),
        }
    }

    static BROKEN: LazyLock<Option<Broken>> = LazyLock::new(|| match variable("CLEARGATE_BROKEN").as_deref() {
        Some("offsets-first") => Some(Broken::OffsetsFirst),
        Some("no-position-check") => Some(Broken::NoPositionCheck),
        Some("no-fence") => Some(Broken::NoFence),
        Some("beyond-prefix") => Some(Broken::BeyondPrefix),
        Some(other) => {
            tracing::error!(other, "CLEARGATE_BROKEN names a rule that cannot be broken");
            None
        }
        None => None,
    });

    /// Whether this process breaks the rule.
    pub fn broken(rule: Broken) -> bool {
        *BROKEN == Some(rule)
    }

    /// Microseconds that the clock is ahead.
    pub fn shift() -> i64 {
        static FILE: LazyLock<Option<String>> = LazyLock::new(|| variable("CLEARGATE_CLOCK"));
        static LAST: Mutex<Option<(Instant, i64)>> = Mutex::new(None);
        let Some(path) = FILE.as_deref() else { return 0 };
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((read, shift)) if read.elapsed() < Duration::from_millis(100) => shift,
            _ => {
                let shift = std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
                *last = Some((Instant::now(), shift));
                shift
            }
        }
    }

    /// Whether the migration of the version after this one is known and needed.
    pub fn next_version() -> bool {
        variable("CLEARGATE_NEXT").as_deref() == Some("1")
    }

    static OLD: LazyLock<Vec<String>> = LazyLock::new(|| {
        let kinds = variable("CLEARGATE_OLD").unwrap_or_default();
        kinds.split(',').map(str::trim).filter(|kind| !kind.is_empty()).map(str::to_owned).collect()
    });

    /// Whether this version has an arm for facts of the kind.
    pub fn knows(kind: &str) -> bool {
        !OLD.iter().any(|old| old == kind)
    }

    #[expect(clippy::disallowed_methods, reason = "the laboratory speaks to its processes by environment, past the settings")]
    fn variable(name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
}
