//! Streams: gapless positions, hashes that follow from each other, and what witnesses have seen.
use std::collections::BTreeMap;

use values::Digest;

use crate::{
    findings::Findings,
    format::{Witness, digest},
    item::{Item, Link},
    report::{Check, Finding},
};

/// Positions of one stream that follow each other.
#[derive(Debug)]
struct Range {
    from: u64,
    to: u64,
    hash: Digest,
    /// The last position whose hash a witness has seen too.
    witnessed: Option<u64>,
}

/// All streams of a file.
#[derive(Debug)]
pub struct Streams {
    ranges: BTreeMap<(u8, u32), Vec<Range>>,
    /// By topic, stream and position: hash and who saw it.
    seen: BTreeMap<(u8, u32, u64), Vec<(Digest, String)>>,
}

impl Streams {
    /// With what the witnesses saw.
    pub fn new(topics: &[String], witnesses: &[Witness]) -> Self {
        let mut seen: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for w in witnesses {
            let topic = topics.iter().position(|t| *t == w.topic).and_then(|t| u8::try_from(t).ok());
            if let (Some(t), Some(hash)) = (topic, digest(&w.hash)) {
                seen.entry((t, w.stream, w.position)).or_default().push((hash, format!("{} of {}", w.by, w.date)));
            }
        }
        Self { ranges: BTreeMap::new(), seen }
    }

    /// The next row of the file.
    pub fn pass(&mut self, item: &Item, topic: &str, findings: &mut Findings) {
        let ranges = self.ranges.entry((item.t, item.s)).or_default();
        let last = ranges.last_mut();
        let expected = last.as_ref().map(|r| (r.to + 1, r.hash));
        match (expected, item.before) {
            (Some((position, hash)), Some(before)) if position == item.p && before != hash => {
                findings.add(item, Check::Chain, "the row before has another hash than the one this range goes on from");
            }
            (Some((position, _)), Some(_)) if item.p < position => findings.add(item, Check::Order, format!("position {position} was next")),
            (Some((position, _)), None) if item.p != position => findings.add(item, Check::Order, format!("position {position} was next")),
            (None, None) => findings.add(item, Check::Chain, "the first row of a stream does not say what came before it"),
            (None, Some(before)) if item.p == 1 && before != Digest::default() => {
                findings.add(item, Check::Chain, "something comes before position 1");
            }
            _ => {}
        }
        let holds = match (&item.link, expected) {
            (Link::Holds, _) => true,
            (Link::Broken, _) | (Link::Pending(..), None) => false,
            (Link::Pending(row, payload), Some((_, hash))) => row.chained(topic, &hash, payload) == item.hash,
        };
        if !holds {
            findings.add(item, Check::Chain, "the hash is not that of this row and the one before");
        }
        match ranges.last_mut() {
            Some(range) if item.before.is_none() || range.to + 1 == item.p => (range.to, range.hash) = (item.p, item.hash),
            _ => ranges.push(Range { from: item.p, to: item.p, hash: item.hash, witnessed: None }),
        }
        for (hash, by) in self.seen.get(&(item.t, item.s, item.p)).into_iter().flatten() {
            findings.count("witnessed", 1);
            if *hash != item.hash {
                findings.add(item, Check::Witness, format!("{by} saw another hash: {}", hex::encode(hash)));
            } else if let Some(range) = ranges.last_mut() {
                range.witnessed = Some(item.p);
            }
        }
    }

    /// Whether a row's place in time is beyond the journal's owner: a witness has seen it or a later row of its range, or the range runs on to
    /// `with`, another row.
    pub fn anchored(&self, t: u8, s: u32, p: u64, with: Option<u64>) -> bool {
        let range = self.ranges.get(&(t, s)).into_iter().flatten().find(|r| (r.from..=r.to).contains(&p));
        range.is_some_and(|r| r.witnessed.is_some_and(|w| w >= p) || with.is_some_and(|w| (p..=r.to).contains(&w)))
    }

    /// What a witness saw must be in the file: its end cannot be cut off.
    fn unseen(&self, topics: &[String], findings: &mut Findings) {
        for ((t, s, p), by) in &self.seen {
            if self.ranges.get(&(*t, *s)).into_iter().flatten().any(|r| (r.from..=r.to).contains(p)) {
                continue;
            }
            let by = by.iter().map(|(_, by)| by.as_str()).collect::<Vec<_>>().join(", ");
            findings.push(Finding {
                office: String::new(),
                topic: topics.get(usize::from(*t)).cloned().unwrap_or_default(),
                stream: *s,
                position: *p,
                declaration: String::new(),
                check: Check::Witness,
                what: format!("{by} saw this position, which is not in the file"),
            });
        }
    }

    /// Notes what lies between ranges and what nobody has witnessed.
    pub fn end(&self, topics: &[String], findings: &mut Findings) {
        self.unseen(topics, findings);
        for ((t, s), ranges) in &self.ranges {
            let topic = topics.get(usize::from(*t)).cloned().unwrap_or_default();
            for pair in ranges.windows(2) {
                let missing = pair[1].from.saturating_sub(pair[0].to + 1);
                findings.note(format!("{topic}/{s}: {missing} rows between positions {} and {} are not in the file", pair[0].to, pair[1].from));
            }
            if let Some(last) = ranges.last().filter(|r| r.witnessed != Some(r.to)) {
                let from = last.witnessed.map_or(last.from, |w| w + 1);
                findings.note(format!("{topic}/{s}: unwitnessed from position {from} on (to {})", last.to));
            }
        }
    }
}
