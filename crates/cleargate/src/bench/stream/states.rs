//! What became of every declaration of a run, in some twenty bytes each: whole runs of a million stay in memory.
use std::sync::{
    Arc,
    atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed},
};

use tokio::time::Instant;

use super::answer::Answer;
use crate::load::mix::Fate;

/// Bits of a declaration's state.
pub const ACCEPTED: u16 = 1;
pub const REFUSED: u16 = 1 << 1;
/// The lane of the version that counts was answered.
pub const LANE: u16 = 1 << 2;
/// The amendment was accepted.
pub const AMENDED: u16 = 1 << 3;
pub const WITHDRAWN: u16 = 1 << 4;
/// Amendment or withdrawal was answered, with yes or no.
const FOLLOWED: u16 = 1 << 5;
const TO_AMEND: u16 = 1 << 6;
const TO_WITHDRAW: u16 = 1 << 7;

/// What an answer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    Amend,
    Withdraw,
    Pay,
}

/// Times are ticks of 10 µs since the run began, from 1 on; 0: not yet.
pub struct States {
    begun: Instant,
    flags: Vec<AtomicU16>,
    /// Place in `codes`: payments name it.
    offices: Vec<AtomicU16>,
    codes: Arc<[String]>,
    published: Vec<AtomicU32>,
    answered: Vec<AtomicU32>,
    reported: Vec<AtomicU32>,
    /// The floor's number of each, under which its reporting keeps it; 0: not yet.
    numbers: Vec<AtomicU64>,
    /// Published so far.
    pub sent: AtomicU64,
    /// Of these with all answers that make them done.
    pub settled: AtomicU64,
    /// Of these known to be in reporting.
    pub shown: AtomicU64,
    /// Answers that were read.
    pub heard: AtomicU64,
}

impl States {
    /// `codes`: the offices to which declarations go.
    pub fn new(count: usize, codes: Arc<[String]>) -> Self {
        let ticks = || (0..count).map(|_| AtomicU32::new(0)).collect();
        Self {
            begun: Instant::now(),
            flags: (0..count).map(|_| AtomicU16::new(0)).collect(),
            offices: (0..count).map(|_| AtomicU16::new(0)).collect(),
            codes,
            published: ticks(),
            answered: ticks(),
            reported: ticks(),
            numbers: (0..count).map(|_| AtomicU64::new(0)).collect(),
            sent: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            shown: AtomicU64::new(0),
            heard: AtomicU64::new(0),
        }
    }

    pub fn count(&self) -> usize {
        self.flags.len()
    }

    fn tick(&self) -> u32 {
        u32::try_from(self.begun.elapsed().as_micros() / 10).unwrap_or(u32::MAX).max(1)
    }

    pub fn publish(&self, n: usize, fate: Fate, office: u16) {
        self.offices[n].store(office, Relaxed);
        let wish = match fate {
            Fate::Plain => 0,
            Fate::Amended => TO_AMEND,
            Fate::Withdrawn => TO_WITHDRAW,
        };
        self.flags[n].store(wish, Relaxed);
        self.published[n].store(self.tick(), Relaxed);
        self.sent.fetch_add(1, Relaxed);
    }

    /// The time of a declaration counts from the version that will be done.
    pub fn publish_again(&self, n: usize) {
        self.published[n].store(self.tick(), Relaxed);
    }

    pub fn office(&self, n: usize) -> &str {
        self.codes.get(usize::from(self.offices[n].load(Relaxed))).map_or("", String::as_str)
    }

    /// Only the floor's numbers are kept: ours are found by reference.
    pub fn name(&self, n: usize, number: &str) {
        if let (Some(slot), Ok(number)) = (self.numbers.get(n), number.parse()) {
            slot.store(number, Relaxed);
        }
    }

    /// The floor's number of a declaration, once accepted.
    pub fn number(&self, n: usize) -> Option<String> {
        let number = self.numbers.get(n)?.load(Relaxed);
        (number > 0).then(|| format!("{number:012}"))
    }

    pub fn flags(&self, n: usize) -> u16 {
        self.flags.get(n).map_or(0, |flags| flags.load(Relaxed))
    }

    /// Takes an answer about declaration `n`; only the listener calls it.
    pub fn hear(&self, n: usize, answer: &Answer<'_>) -> Option<Reaction> {
        let slot = self.flags.get(n)?;
        let before = slot.load(Relaxed);
        let mut flags = before;
        let first = before & ACCEPTED == 0;
        let mut reaction = None;
        match &*answer.function {
            "01" if first => {
                flags |= ACCEPTED;
                reaction = match before & (TO_AMEND | TO_WITHDRAW) {
                    0 => None,
                    TO_AMEND => Some(Reaction::Amend),
                    _ => Some(Reaction::Withdraw),
                };
            }
            // Lane and report of the version before no longer count.
            "01" if answer.is_amended() && before & AMENDED == 0 => {
                flags = (flags | AMENDED | FOLLOWED) & !LANE;
                self.reported[n].store(0, Relaxed);
            }
            "03" if first => flags |= REFUSED,
            "03" => flags |= FOLLOWED,
            "10" => flags |= WITHDRAWN | FOLLOWED,
            "13" if !answer.amount_due.is_empty() => reaction = Some(Reaction::Pay),
            _ => {}
        }
        if !answer.lane.is_empty() && answer.is_amended() == (flags & AMENDED != 0) && flags & LANE == 0 {
            flags |= LANE;
            self.answered[n].store(self.tick(), Relaxed);
        }
        slot.store(flags, Relaxed);
        if settled(flags) && !settled(before) {
            self.settled.fetch_add(1, Relaxed);
        }
        reaction
    }

    /// Reporting shows the version that counts.
    pub fn show(&self, n: usize) {
        if self.reported[n].load(Relaxed) == 0 {
            self.reported[n].store(self.tick(), Relaxed);
        }
    }

    /// Whether nothing more of it is waited for.
    pub fn is_done(&self, n: usize) -> bool {
        let flags = self.flags(n);
        settled(flags) && (flags & (REFUSED | WITHDRAWN) != 0 || self.reported[n].load(Relaxed) > 0)
    }

    pub fn settled(&self, n: usize) -> bool {
        settled(self.flags(n))
    }

    /// Declarations that have all of `bits`.
    pub fn having(&self, bits: u16) -> u64 {
        self.flags.iter().filter(|flags| flags.load(Relaxed) & bits == bits).count() as u64
    }

    /// Sorted microseconds from publishing to both the lane's answer and the row in reporting, of those that have both in the end.
    pub fn latencies(&self) -> Vec<u64> {
        let took = |n: usize| {
            if self.flags(n) & (REFUSED | WITHDRAWN) != 0 {
                return None;
            }
            let (answered, reported) = (self.answered[n].load(Relaxed), self.reported[n].load(Relaxed));
            (answered > 0 && reported > 0).then(|| u64::from(answered.max(reported).saturating_sub(self.published[n].load(Relaxed))) * 10)
        };
        let mut all: Vec<u64> = (0..self.count()).filter_map(took).collect();
        all.sort_unstable();
        all
    }
}

/// Refused; or accepted with every wish answered, and withdrawn or with the lane of its version.
fn settled(flags: u16) -> bool {
    let wish = flags & (TO_AMEND | TO_WITHDRAW) != 0;
    flags & REFUSED != 0 || (flags & ACCEPTED != 0 && (!wish || flags & FOLLOWED != 0) && flags & (LANE | WITHDRAWN) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(function: &'static str, number: &'static str, lane: &'static str) -> Answer<'static> {
        Answer { function: function.into(), number: number.into(), lane: lane.into(), ..Answer::default() }
    }

    fn offices() -> Arc<[String]> {
        ["32BC", "32BB"].map(str::to_owned).into()
    }

    #[test]
    fn an_amended_declaration_is_done_with_the_lane_of_its_amendment() {
        let states = States::new(1, offices());
        states.publish(0, Fate::Amended, 0);
        assert_eq!(states.hear(0, &answer("01", "109000000010", "")), Some(Reaction::Amend));
        states.hear(0, &answer("05", "109000000010", "red"));
        assert!(!states.settled(0));
        states.hear(0, &answer("01", "109000000011", ""));
        states.hear(0, &answer("06", "109000000010", "yellow"));
        assert!(!states.settled(0), "the lane of the version before");
        states.hear(0, &answer("06", "109000000011", "yellow"));
        assert!(states.settled(0) && !states.is_done(0));
        states.show(0);
        assert!(states.is_done(0));
    }

    #[test]
    fn refused_and_withdrawn_ones_need_no_row_in_reporting() {
        let states = States::new(2, offices());
        states.publish(0, Fate::Plain, 0);
        states.publish(1, Fate::Withdrawn, 1);
        assert_eq!((states.office(0), states.office(1)), ("32BC", "32BB"));
        states.hear(0, &answer("03", "", ""));
        assert_eq!(states.hear(1, &answer("01", "109000000020", "")), Some(Reaction::Withdraw));
        states.hear(1, &answer("10", "109000000020", ""));
        assert!(states.is_done(0) && states.is_done(1));
        assert_eq!((states.settled.load(Relaxed), states.latencies()), (2, Vec::new()));
    }
}
