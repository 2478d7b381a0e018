//! Until when an answer is of use: the caller's `grpc-timeout`, passed on to whatever is done for it.
use std::{future::Future, time::Duration};

use axum::http::HeaderMap;
use tokio::time::Instant;

/// The moment after which nothing counts as success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub Instant);

tokio::task_local! {
    static CURRENT: Deadline;
}

impl Deadline {
    /// What the caller said, at most `longest` from now; whoever says nothing has `longest`. Of several values, as when something on the way
    /// adds its own, the shortest counts: after it somebody no longer waits.
    pub fn of(headers: &HeaderMap, longest: Duration, now: Instant) -> Self {
        let said = headers.get_all("grpc-timeout").iter().filter_map(|value| parse(value.to_str().ok()?)).min();
        Self(now + said.map_or(longest, |said| said.min(longest)))
    }

    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    pub fn passed(self) -> bool {
        self.0 <= Instant::now()
    }

    /// What is left of it; zero when it has passed.
    pub fn rest(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Work done for a caller: calls to other services made within ask [`rest`].
    pub async fn within<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }
}

/// What is left of the time of the caller that this task works for, at most `longest`.
pub fn rest(longest: Duration) -> Duration {
    CURRENT.try_with(|deadline| deadline.rest().min(longest)).unwrap_or(longest)
}

/// `<at most 8 digits><H|M|S|m|u|n>`, as gRPC writes it.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(n * 3600),
        "M" => Duration::from_secs(n * 60),
        "S" => Duration::from_secs(n),
        "m" => Duration::from_millis(n),
        "u" => Duration::from_micros(n),
        "n" => Duration::from_nanos(n),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_never_lengthens_the_time(text in "[ -~é]{0,12}", longest in 0_u64..100_000) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = text.parse() {
                headers.insert("grpc-timeout", value);
            }
            let (now, longest) = (Instant::now(), Duration::from_millis(longest));
            prop_assert!(Deadline::of(&headers, longest, now).0 <= now + longest);
        }
    }

    #[test]
    fn the_units_of_grpc_are_read() {
        let known = [("2H", 7_200_000_000), ("3M", 180_000_000), ("4S", 4_000_000), ("5m", 5_000), ("6u", 6)];
        for (text, micros) in known {
            assert_eq!(parse(text), Some(Duration::from_micros(micros)), "{text}");
        }
        for wrong in ["", "5", "m", "-1S", "+1S", "123456789S", "1.5S", "5s"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn of_several_deadlines_the_shortest_counts() {
        let mut headers = HeaderMap::new();
        for value in ["30S", "10S", "20S", "soon"] {
            headers.append("grpc-timeout", axum::http::HeaderValue::from_static(value));
        }
        let now = Instant::now();
        assert_eq!(Deadline::of(&headers, Duration::from_secs(60), now).0, now + Duration::from_secs(10));
    }

    #[tokio::test]
    async fn what_is_done_for_a_caller_has_the_rest_of_its_time() {
        let longest = Duration::from_secs(10);
        assert_eq!(rest(longest), longest, "for nobody");
        let (begun, time) = (Instant::now(), Duration::from_secs(3));
        let left = Deadline(begun + time).within(async { rest(longest) }).await;
        assert!(left <= time && left + begun.elapsed() >= time);
        assert_eq!(Deadline(begun).within(async { rest(longest) }).await, Duration::ZERO);
    }
}
