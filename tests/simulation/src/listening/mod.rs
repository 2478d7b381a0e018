//! A reader: a member of a group and its consume loop, both around the platform's machines, one step at a time.
mod member;
mod watching;
mod writing;

use std::collections::{BTreeMap, VecDeque};

use platform::protocol::{
    owning::{Move, Owning},
    parts::Parts,
    plan::{Delivered, Obstacle, Plan, Unit},
    screen::Progress,
};

use self::member::claim;
pub use self::watching::read_to_the_end;
use crate::{
    row::{OUTSIDE, Place, Row},
    shared::{Shared, name},
};

/// Most rows that are fetched from a journal at once.
const PAGE: i64 = 4;
/// A stopped partition is tried again after so many steps.
const STOPPED_FOR: u64 = 40;

/// What the group tells the loop.
enum Signal {
    Delivered(Delivered<Place, Row>),
    Assigned(Vec<(Place, Progress)>),
    Revoked(Vec<Place>),
    Rewound(Place),
}

type Units = Vec<Unit<Place, Row>>;

/// Where the loop stands.
#[derive(Default)]
enum Stage {
    #[default]
    Idle,
    Plan,
    Next,
    Fence(u32, Units, Vec<Move<Place>>),
    Apply(u32, Units, Vec<Move<Place>>),
    Bury(u32, Unit<Place, Row>),
    Commit(u32, Vec<Move<Place>>),
    ClaimAgain(BTreeMap<Place, Progress>),
}

pub struct Listening {
    service: u8,
    owner: u32,
    /// What Kafka assigns, as far as this member knows, and the epoch of the member's last claim of each.
    owned: BTreeMap<Place, i64>,
    /// The offset that is fetched next.
    fetching: BTreeMap<Place, i64>,
    claiming: Vec<Place>,
    /// This consumer ends and another one joins.
    pub again: bool,
    queue: VecDeque<Signal>,
    owning: Owning<Place>,
    stopped: BTreeMap<Place, u64>,
    rewound: Vec<Place>,
    /// The batch in hand, and what of it is not planned yet.
    hand: Vec<Delivered<Place, Row>>,
    left: VecDeque<Delivered<Place, Row>>,
    parts: Parts<Unit<Place, Row>>,
    stage: Stage,
}

impl Listening {
    pub fn new(service: u8, owner: u32) -> Self {
        Self {
            service,
            owner,
            owned: BTreeMap::new(),
            fetching: BTreeMap::new(),
            claiming: Vec::new(),
            again: false,
            queue: VecDeque::new(),
            owning: Owning::default(),
            stopped: BTreeMap::new(),
            rewound: Vec::new(),
            hand: Vec::new(),
            left: VecDeque::new(),
            parts: Parts::new(Vec::new()),
            stage: Stage::Idle,
        }
    }

    /// The loop.
    pub fn step_loop(&mut self, shared: &mut Shared) {
        match std::mem::take(&mut self.stage) {
            Stage::Idle => self.gather(shared),
            Stage::Plan => self.plan(shared),
            Stage::Next => self.next(shared),
            Stage::Fence(transaction, units, moves) => self.fence(transaction, units, moves, shared),
            Stage::Apply(transaction, units, moves) => self.apply(transaction, units, moves, shared),
            Stage::Bury(transaction, unit) => self.bury(transaction, unit, shared),
            Stage::Commit(transaction, moves) => {
                if shared.commit(self.service, transaction) {
                    self.owning.moved(&moves);
                    shared.say(|| format!("{}{} has read {}", name(self.service), self.owner, led(&moves)));
                    self.stage = Stage::Next;
                } else {
                    self.retry();
                }
            }
            Stage::ClaimAgain(lost) => self.claim_again(lost, shared),
        }
    }

    fn claim_again(&mut self, mut lost: BTreeMap<Place, Progress>, shared: &mut Shared) {
        lost.retain(|place, _| self.owned.contains_key(place));
        let places: Vec<Place> = lost.keys().copied().collect();
        let Some(claimed) = claim(shared, self.service, &places) else { return self.stage = Stage::ClaimAgain(lost) };
        shared.say(|| format!("{}{} claims {} again", name(self.service), self.owner, list(&places)));
        self.again |= !self.owning.claimed_again(&lost, claimed.into_iter().collect(), |place| *place != OUTSIDE).is_empty();
        if !self.hand.is_empty() {
            self.retry();
        }
    }

    fn gather(&mut self, shared: &mut Shared) {
        if let Some(place) = self.rewound.last().copied() {
            return self.rewind(place, shared);
        }
        self.try_stopped_again(shared.now);
        let most = shared.rng.usize(1..=8);
        while self.hand.len() < most
            && self.rewound.is_empty()
            && let Some(signal) = self.queue.pop_front()
        {
            self.take(signal);
        }
        if !self.hand.is_empty() {
            return self.retry();
        }
        let curious = if shared.trouble { shared.rng.u8(..) < 8 } else { shared.rng.u8(..) < 64 };
        if curious {
            self.check_heads(shared);
        }
    }

    fn take(&mut self, signal: Signal) {
        match signal {
            Signal::Delivered(delivered) => self.hand.push(delivered),
            Signal::Assigned(claimed) => {
                self.stopped.retain(|place, _| claimed.iter().all(|(c, _)| c != place));
                let anew = self.owning.claimed(claimed);
                self.hand.retain(|d| !anew.contains(&d.partition));
            }
            Signal::Revoked(places) => {
                self.hand.retain(|d| !places.contains(&d.partition));
                self.owning.revoked(&places);
            }
            Signal::Rewound(place) => self.rewound.push(place),
        }
    }

    fn try_stopped_again(&mut self, now: u64) {
        let due: Vec<Place> = self.stopped.iter().filter(|(_, since)| *since + STOPPED_FOR < now).map(|(place, _)| *place).collect();
        for place in due {
            self.stopped.remove(&place);
            if let (Some(progress), Some(next)) = (self.owning.get(&place), self.fetching.get_mut(&place)) {
                *next = progress.next_offset;
            }
        }
    }

    /// The same deliveries once more, planned by what is known now.
    fn retry(&mut self) {
        self.hand.retain(|d| !self.stopped.contains_key(&d.partition));
        self.left = self.hand.iter().cloned().collect();
        self.stage = Stage::Plan;
    }

    fn plan(&mut self, shared: &mut Shared) {
        let mut plan = Plan::new(&self.owning, shared.laws);
        while let Some(delivered) = self.left.pop_front() {
            match plan.take(delivered) {
                Ok(()) => {}
                Err(Obstacle::Missing { delivered, from, to }) => {
                    if shared.fails() {
                        return self.retry();
                    }
                    let filled = plan.fill(&delivered.partition, self.missing(delivered.partition, from, to, shared));
                    if let Err(obstacle) = filled {
                        return self.stop(&obstacle, shared);
                    }
                    self.left.push_front(delivered);
                    if plan.repaired >= usize::try_from(PAGE).unwrap_or(0) {
                        break;
                    }
                }
                Err(Obstacle::Anew(place)) => return self.begin_anew(place, shared),
                Err(obstacle) => return self.stop(&obstacle, shared),
            }
        }
        self.parts = Parts::new(plan.units);
        self.stage = Stage::Next;
    }

    fn missing(&self, place: Place, from: i64, to: i64, shared: &Shared) -> Vec<Row> {
        let db = &shared.databases[usize::from(place.topic)];
        (from..to.min(from + PAGE)).filter_map(|position| db.row(place, position).copied()).collect()
    }

    /// No producer is restored here, so nothing may ever contradict what was read.
    fn stop(&mut self, obstacle: &Obstacle<Place, Row>, shared: &mut Shared) {
        if let Obstacle::Stop(place, contradiction) = obstacle {
            shared.violated(|| format!("{place} is stopped: {contradiction}"));
            self.stopped.insert(*place, shared.now);
        }
        self.retry();
    }
}

fn list(places: &[Place]) -> String {
    places.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn led(moves: &[Move<Place>]) -> String {
    moves.iter().map(|m| format!("{} to position {} and offset {}", m.partition, m.to.position, m.to.next_offset)).collect::<Vec<_>>().join(", ")
}
