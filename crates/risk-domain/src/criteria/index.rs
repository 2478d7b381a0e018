//! Thousands of criteria at the cost of a few: tables by text, prefix and threshold name the criteria that can hold at all.
use std::{collections::BTreeMap, sync::Arc};

use super::{
    Criterion,
    anchor::{Anchor, Gauge, Trigger, anchor},
    fast::TextMap,
    first_match,
    lists::ListKind,
    predicate::{Test, Text, declared, of_line},
};
use crate::facts::{Facts, LineFacts};

/// Criteria with their numbers, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// Ascending by number. The tests are copied one after the other, so that those of one criterion lie together in memory.
    criteria: Vec<(usize, Box<[Test]>)>,
    /// One bit for each criterion without an anchor.
    always: Vec<u64>,
    declaration: Vec<TextTable>,
    line: Vec<TextTable>,
    gauges: Vec<GaugeTable>,
    /// Criteria (places in `criteria`) that each trigger wakes.
    wakes: Vec<Box<[u32]>>,
}

/// Triggers on one text fact.
#[derive(Debug, Clone)]
struct TextTable {
    fact: Text,
    whole: TextMap<Vec<u32>>,
    /// By length of the prefix, ascending.
    heads: Vec<(usize, TextMap<Vec<u32>>)>,
}

/// Thresholds on one number with the criteria that they wake.
#[derive(Debug, Clone)]
struct GaugeTable {
    gauge: Gauge,
    /// Ascending.
    at_least: Vec<(i64, u32)>,
    /// Descending.
    at_most: Vec<(i64, u32)>,
}

/// What asking an index needs; kept between declarations so that nothing is allocated for each.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    awake: Vec<u64>,
    found: Vec<(usize, u32)>,
}

impl Scratch {
    /// What the last question found.
    pub(crate) fn found_mut(&mut self) -> &mut [(usize, u32)] {
        &mut self.found
    }
}

impl Index {
    /// Builds the tables.
    pub fn new<'c>(criteria: impl IntoIterator<Item = (usize, &'c Criterion)>) -> Self {
        let mut criteria: Vec<(usize, Criterion)> = criteria.into_iter().map(|(number, c)| (number, c.clone())).collect();
        criteria.sort_by_key(|(number, _)| *number);
        let mut building = Building::default();
        let mut always = vec![0; criteria.len().div_ceil(64)];
        for (place, (_, criterion)) in (0_u32..).zip(&criteria) {
            let anchors = criterion.0.tests.iter().filter_map(anchor);
            match anchors.min_by_key(|a| a.share) {
                Some(anchor) => building.add(place, anchor),
                None => wake(&mut always, place),
            }
        }
        building.finish(criteria.into_iter().map(|(number, c)| (number, c.0.tests.clone())).collect(), always)
    }

    /// Numbers of the criteria that hold with their first matching lines, ascending: the same as asking
    /// [`Criterion::first_match`] of each.
    pub fn matches<'s>(&self, facts: &Facts, scratch: &'s mut Scratch) -> &'s [(usize, u32)] {
        self.matches_where(facts, scratch, |_| true)
    }

    /// The same among the numbers that `wanted` lets through, which is asked before a criterion is evaluated.
    pub fn matches_where<'s>(&self, facts: &Facts, scratch: &'s mut Scratch, wanted: impl Fn(usize) -> bool) -> &'s [(usize, u32)] {
        let Scratch { awake, found } = scratch;
        awake.clear();
        awake.extend_from_slice(&self.always);
        found.clear();
        self.wake(facts, awake);
        for (word, bits) in awake.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let place = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let (number, tests) = &self.criteria[place];
                if wanted(*number)
                    && let Some(line) = first_match(tests, facts)
                {
                    found.push((*number, line));
                }
            }
        }
        found
    }

    /// How many criteria a declaration makes the index evaluate.
    pub fn evaluated(&self, facts: &Facts) -> usize {
        let mut awake = self.always.clone();
        self.wake(facts, &mut awake);
        awake.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    fn wake(&self, facts: &Facts, awake: &mut [u64]) {
        for table in &self.declaration {
            self.wake_by(table, table.fact.of(facts, None), awake);
        }
        for table in &self.line {
            let mut before = None;
            for line in &facts.lines {
                let text = table.fact.of(facts, Some(line));
                // Neighbouring lines often repeat a value.
                if before != Some(text) {
                    self.wake_by(table, text, awake);
                }
                before = Some(text);
            }
        }
        for table in &self.gauges {
            table.wake(facts, awake);
        }
    }

    fn wake_by(&self, table: &TextTable, text: &str, awake: &mut [u64]) {
        let mut all = |triggers: Option<&Vec<u32>>| {
            for trigger in triggers.into_iter().flatten() {
                self.wakes[*trigger as usize].iter().for_each(|place| wake(awake, *place));
            }
        };
        if !table.whole.is_empty() {
            all(table.whole.get(text));
        }
        for (length, heads) in &table.heads {
            match text.get(..*length) {
                Some(head) => all(heads.get(head)),
                None if *length > text.len() => break,
                None => {}
            }
        }
    }
}

fn wake(awake: &mut [u64], place: u32) {
    awake[(place / 64) as usize] |= 1 << (place % 64);
}

impl GaugeTable {
    fn wake(&self, facts: &Facts, awake: &mut [u64]) {
        let Some((least, most)) = self.range(facts) else { return };
        self.at_least.iter().take_while(|(threshold, _)| *threshold <= most).for_each(|(_, place)| wake(awake, *place));
        self.at_most.iter().take_while(|(threshold, _)| *threshold >= least).for_each(|(_, place)| wake(awake, *place));
    }

    /// Smallest and largest value; `None` when there is none.
    fn range(&self, facts: &Facts) -> Option<(i64, i64)> {
        let one = match self.gauge {
            Gauge::Declaration(fact) => declared(fact, facts),
            Gauge::Lines => i64::try_from(facts.lines.len()).unwrap_or(i64::MAX),
            Gauge::Line(fact) => {
                let values = facts.lines.iter().filter_map(|line: &LineFacts| of_line(fact, line));
                return values.fold(None, |range, v| Some(range.map_or((v, v), |(least, most): (i64, i64)| (least.min(v), most.max(v)))));
            }
        };
        Some((one, one))
    }
}

/// Tables while they grow.
#[derive(Default)]
struct Building {
    tables: BTreeMap<Text, TextTable>,
    gauges: BTreeMap<Gauge, GaugeTable>,
    wakes: Vec<Vec<u32>>,
    /// Trigger of a shared list, by fact and address.
    shared: BTreeMap<(Text, usize), u32>,
    /// Triggers of single texts, by fact, whether whole, and text.
    single: BTreeMap<(Text, bool, Box<str>), u32>,
    /// Keeps shared lists alive, so that an address names one list alone.
    lists: Vec<Arc<super::List>>,
}

impl Building {
    fn add(&mut self, place: u32, anchor: Anchor) {
        for trigger in anchor.triggers {
            match trigger {
                Trigger::Equals(fact, text) => self.single(place, fact, text, true),
                Trigger::Starts(fact, head) => self.single(place, fact, head, false),
                Trigger::In(fact, set) => set.iter().for_each(|text| self.single(place, fact, text.into(), true)),
                Trigger::InList(fact, list) => {
                    let key = (fact, Arc::as_ptr(&list) as usize);
                    let trigger = match self.shared.get(&key) {
                        Some(trigger) => *trigger,
                        None => {
                            let trigger = self.trigger();
                            for entry in list.entries.iter() {
                                self.table(fact).insert(entry.into(), list.kind == ListKind::Text, trigger);
                            }
                            self.lists.push(list);
                            self.shared.insert(key, trigger);
                            trigger
                        }
                    };
                    self.wakes[trigger as usize].push(place);
                }
                Trigger::AtLeast(gauge, threshold) => self.gauge(gauge).at_least.push((threshold, place)),
                Trigger::AtMost(gauge, threshold) => self.gauge(gauge).at_most.push((threshold, place)),
            }
        }
    }

    fn single(&mut self, place: u32, fact: Text, text: Box<str>, whole: bool) {
        let key = (fact, whole, text);
        let trigger = match self.single.get(&key) {
            Some(trigger) => *trigger,
            None => {
                let trigger = self.trigger();
                self.table(fact).insert(key.2.clone(), whole, trigger);
                self.single.insert(key, trigger);
                trigger
            }
        };
        self.wakes[trigger as usize].push(place);
    }

    fn trigger(&mut self) -> u32 {
        self.wakes.push(Vec::new());
        u32::try_from(self.wakes.len() - 1).unwrap_or(u32::MAX)
    }

    fn table(&mut self, fact: Text) -> &mut TextTable {
        self.tables.entry(fact).or_insert_with(|| TextTable { fact, whole: TextMap::default(), heads: Vec::new() })
    }

    fn gauge(&mut self, gauge: Gauge) -> &mut GaugeTable {
        self.gauges.entry(gauge).or_insert_with(|| GaugeTable { gauge, at_least: Vec::new(), at_most: Vec::new() })
    }

    fn finish(self, criteria: Vec<(usize, Box<[Test]>)>, always: Vec<u64>) -> Index {
        let mut gauges: Vec<GaugeTable> = self.gauges.into_values().collect();
        for table in &mut gauges {
            table.at_least.sort_unstable();
            table.at_most.sort_unstable_by(|a, b| b.cmp(a));
        }
        let (declaration, line) = self.tables.into_values().partition(|t| matches!(t.fact, Text::Declaration(_)));
        Index { criteria, always, declaration, line, gauges, wakes: self.wakes.into_iter().map(Vec::into_boxed_slice).collect() }
    }
}

impl TextTable {
    fn insert(&mut self, text: Box<str>, whole: bool, trigger: u32) {
        let map = if whole {
            &mut self.whole
        } else {
            let length = text.len();
            let at = match self.heads.binary_search_by_key(&length, |(n, _)| *n) {
                Ok(at) => at,
                Err(at) => {
                    self.heads.insert(at, (length, TextMap::default()));
                    at
                }
            };
            &mut self.heads[at].1
        };
        map.entry(text).or_default().push(trigger);
    }
}
