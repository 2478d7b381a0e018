//! Puts the rows of each office back into the order in which they were decided.
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
};

use values::Day;

use crate::{
    chain::Streams,
    findings::Findings,
    format::{Header, Kind, TRACES},
    item::Item,
    office::Office,
    report::Check,
};

/// Rows of one office that may be out of order by time in a file; beyond that it was not merged.
pub const LAG: usize = 10_000;

/// By time, then facts before traces, then stream and position.
type Order = (i64, bool, u32, u64);

struct Queued(Order, Box<Item>);

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

/// One office's rows on the way to being followed.
struct Lane {
    office: Office,
    waiting: BinaryHeap<Reverse<Queued>>,
    followed: i64,
    last: HashMap<(u8, u32), i64>,
}

/// All offices of a file.
pub struct Course {
    kind: Kind,
    day: Day,
    header: Header,
    traces: Option<u8>,
    offices: BTreeMap<String, Lane>,
}

impl Course {
    pub fn new(kind: Kind, day: Day, header: &Header) -> Self {
        let traces = header.topics.iter().position(|t| t == TRACES).and_then(|t| u8::try_from(t).ok());
        let mut course = Self { kind, day, header: header.clone(), traces, offices: BTreeMap::new() };
        for key in &header.keys {
            course.lane(&key.office);
        }
        course
    }

    fn lane(&mut self, office: &str) -> &mut Lane {
        let (kind, day, header) = (self.kind, self.day, &self.header);
        self.offices.entry(office.to_owned()).or_insert_with(|| Lane {
            office: Office::new(office, kind, day, header.keys.iter().find(|k| k.office == office).cloned()),
            waiting: BinaryHeap::new(),
            followed: i64::MIN,
            last: HashMap::new(),
        })
    }

    /// The next row of the file.
    pub fn take(&mut self, item: Box<Item>, findings: &mut Findings) {
        if item.office.is_empty() {
            return;
        }
        let traces = self.traces;
        if !self.offices.contains_key(&item.office) {
            let office = item.office.clone();
            self.lane(&office);
        }
        let Some(lane) = self.offices.get_mut(&item.office) else { return };
        let last = lane.last.entry((item.t, item.s)).or_insert(i64::MIN);
        if item.at < *last {
            findings.add(&item, Check::Order, "recorded before the office's row before it");
        }
        *last = item.at;
        let order = (item.at, Some(item.t) == traces, item.s, item.p);
        lane.waiting.push(Reverse(Queued(order, item)));
        if lane.waiting.len() > LAG {
            lane.follow(traces, findings);
        }
    }

    /// After the last row.
    pub fn end(&mut self, streams: &Streams, findings: &mut Findings) {
        for lane in self.offices.values_mut() {
            while !lane.waiting.is_empty() {
                lane.follow(self.traces, findings);
            }
            lane.office.end(streams, findings);
        }
    }
}

impl Lane {
    /// Follows the rows of the earliest moment.
    fn follow(&mut self, traces: Option<u8>, findings: &mut Findings) {
        let mut rows: Vec<Box<Item>> = Vec::new();
        let Some(Reverse(Queued((at, ..), first))) = self.waiting.pop() else { return };
        rows.push(first);
        while self.waiting.peek().is_some_and(|next| next.0.0.0 == at) {
            rows.extend(self.waiting.pop().map(|next| next.0.1));
        }
        if at <= self.followed {
            findings.add(&rows[0], Check::Order, "the file is not merged by time: later rows of this office came long before");
        }
        self.followed = self.followed.max(at);
        self.office.moment(&rows, traces, findings);
    }
}
