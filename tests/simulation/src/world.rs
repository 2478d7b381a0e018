//! One run: processes, callers and faults take turns as a seed says, then everything comes to rest and the laws are checked.
use platform::laboratory::Broken;

use crate::{
    deciding::Deciding,
    laws,
    listening::{Listening, read_to_the_end},
    row::{OUTSIDE, Row, SERVICES},
    shared::{Shared, hears, name, tells},
    telling::Telling,
};

/// Processes of each service.
const REPLICAS: u8 = 2;
/// Commands are numbered from 1, messages from outside from here.
const FIRST_MESSAGE: u32 = 1000;
/// Steps after which a run must have come to rest.
const PATIENCE: u64 = 60_000;

/// One replica: its threads take turns like everything else.
struct Process {
    service: u8,
    id: u32,
    /// Stopped, as by SIGSTOP, until this step.
    stopped_until: u64,
    telling: Telling,
    listening: Listening,
    deciding: Deciding,
}

impl Process {
    fn new(service: u8, id: u32) -> Self {
        Self {
            service,
            id,
            stopped_until: 0,
            telling: Telling::new(service, id),
            listening: Listening::new(service, id),
            deciding: Deciding::default(),
        }
    }
}

/// How often what fails, of 1024 steps; drawn for each run.
struct Weather {
    crash: u16,
    stop: u16,
    rebalance: u16,
    seek: u16,
    retention: u16,
    anew: u16,
}

pub struct World {
    shared: Shared,
    processes: Vec<Process>,
    weather: Weather,
    next_id: u32,
    commands: u32,
    messages: u32,
    published: u32,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The first law that did not hold.
    pub violation: Option<String>,
    pub steps: u64,
    pub schedule: Vec<String>,
}

/// Runs one seed, with one rule broken or none; `told` keeps the schedule.
pub fn run(seed: u64, broken: Option<Broken>, told: bool) -> Outcome {
    let mut world = World::new(seed, broken, told);
    let steps = world.shared.rng.u64(200..900);
    for _ in 0..steps {
        world.step();
        if world.shared.violation.is_some() {
            break;
        }
    }
    world.come_to_rest();
    if world.shared.violation.is_none()
        && let Some(broken) = laws::first_broken(&world.shared, world.commands, FIRST_MESSAGE..FIRST_MESSAGE + world.published)
    {
        world.shared.violated(|| broken);
    }
    Outcome { violation: world.shared.violation, steps: world.shared.now, schedule: world.shared.schedule.unwrap_or_default() }
}

impl World {
    fn new(seed: u64, broken: Option<Broken>, told: bool) -> Self {
        let mut shared = Shared::new(seed, broken, told);
        let rng = &mut shared.rng;
        // Some runs are quiet in one respect or another, so that rare things happen in all sorts of company.
        let mut often = |most: u16| if rng.bool() { rng.u16(0..=most) } else { 0 };
        let weather = Weather { crash: often(12), stop: often(12), rebalance: often(24), seek: often(24), retention: often(8), anew: often(5) };
        shared.failing = u8::try_from(often(24)).unwrap_or(0);
        let commands = shared.rng.u32(5..30);
        let messages = shared.rng.u32(0..12);
        let mut world = Self { shared, processes: Vec::new(), weather, next_id: 0, commands, messages, published: 0 };
        for service in 0..SERVICES {
            for _ in 0..REPLICAS {
                let process = world.fresh(service);
                world.processes.push(process);
            }
            world.rebalance(service);
        }
        world
    }

    fn fresh(&mut self, service: u8) -> Process {
        self.next_id += 1;
        Process::new(service, self.next_id)
    }

    fn step(&mut self) {
        self.shared.now += 1;
        match self.shared.rng.u8(..100) {
            0..70 => self.run_somebody(),
            70..92 => self.hear_producers(),
            92..98 => self.ask(),
            _ => self.publish(),
        }
        if self.shared.trouble {
            self.make_trouble();
        }
        if self.shared.now.is_multiple_of(16) {
            let now = self.shared.now;
            self.shared.databases.iter_mut().for_each(|db| db.tidy(now));
        }
    }

    fn run_somebody(&mut self) {
        let which = self.shared.rng.usize(..self.processes.len());
        let thread = self.shared.rng.u8(..8);
        let process = &mut self.processes[which];
        if process.stopped_until > self.shared.now {
            return;
        }
        match thread {
            0 | 1 => process.listening.step_group(&mut self.shared),
            2..5 => process.listening.step_loop(&mut self.shared),
            5 | 6 if process.service < 2 => process.telling.step(&mut self.shared),
            7 if process.service == 0 => process.deciding.step(&mut self.shared),
            _ => process.listening.step_loop(&mut self.shared),
        }
    }

    fn hear_producers(&mut self) {
        let mut rng = self.shared.rng.fork();
        let trouble = self.shared.trouble && self.shared.failing > 0;
        if let Some((producer, row, what)) = self.shared.broker.receive(&mut rng, trouble) {
            self.shared.say(|| format!("producer {producer}: {} position {} {what}", row.place, row.position));
        }
    }

    /// A caller who has no answer asks some replica, perhaps again.
    fn ask(&mut self) {
        let unanswered: Vec<u32> = (1..=self.commands).filter(|command| !self.shared.answered.contains(command)).collect();
        let Some(command) = self.shared.rng.choice(&unanswered).copied() else { return };
        let replicas: Vec<usize> = (0..self.processes.len()).filter(|n| self.processes[*n].service == 0).collect();
        if let Some(n) = self.shared.rng.choice(&replicas).copied() {
            self.processes[n].deciding.calls.push_back(command);
        }
    }

    /// The outside publishes a message, and sometimes one that it has published before.
    fn publish(&mut self) {
        if self.published < self.messages {
            self.shared.broker.publish(Row::new(OUTSIDE.topic, FIRST_MESSAGE + self.published).outside());
            self.published += 1;
        } else if self.shared.trouble && self.published > 0 && self.shared.rng.bool() {
            let again = FIRST_MESSAGE + self.shared.rng.u32(..self.published);
            self.shared.broker.publish(Row::new(OUTSIDE.topic, again).outside());
        }
    }

    /// Who has no answer sends again: the topic that held the message is gone.
    fn publish_missing(&mut self) {
        for message in FIRST_MESSAGE..FIRST_MESSAGE + self.published {
            let db = &self.shared.databases[0];
            if !db.inbox.contains(&message) && !db.letters.iter().any(|letter| letter.body == message) {
                self.shared.broker.publish(Row::new(OUTSIDE.topic, message).outside());
            }
        }
    }

    fn make_trouble(&mut self) {
        let mut now_and_then = |often: u16| often > 0 && self.shared.rng.u16(..1024) < often;
        let weather = &self.weather;
        let (crash, stop, rebalance) = (now_and_then(weather.crash), now_and_then(weather.stop), now_and_then(weather.rebalance));
        let (seek, retention, anew) = (now_and_then(weather.seek), now_and_then(weather.retention), now_and_then(weather.anew));
        let which = self.shared.rng.usize(..self.processes.len());
        if crash {
            self.crash(which);
        }
        if stop {
            let process = &mut self.processes[which];
            process.stopped_until = self.shared.now + self.shared.rng.u64(10..400);
            let (service, id, until) = (process.service, process.id, process.stopped_until);
            self.shared.say(|| format!("{}{id} is stopped until {until}", name(service)));
            self.rebalance(service);
        }
        if rebalance {
            let service = self.processes[which].service;
            self.rebalance(service);
        }
        if seek {
            self.processes[which].listening.seek_back(&mut self.shared);
        }
        if retention {
            self.retain();
        }
        if anew {
            self.recreate();
        }
    }

    fn crash(&mut self, which: usize) {
        let (service, id) = (self.processes[which].service, self.processes[which].id);
        self.shared.say(|| format!("{}{id} dies", name(service)));
        self.processes[which].telling.die(&mut self.shared);
        self.processes[which] = self.fresh(service);
        self.rebalance(service);
    }

    fn rebalance(&mut self, service: u8) {
        let members: Vec<u32> = self.processes.iter().filter(|p| p.service == service).map(|p| p.id).collect();
        let mut rng = self.shared.rng.fork();
        self.shared.broker.rebalance(service, &hears(service), &members, &mut rng);
        self.shared.say(|| format!("the group of {} is assigned anew", name(service)));
    }

    fn retain(&mut self) {
        let mut rng = self.shared.rng.fork();
        let places: Vec<_> = (0..2).flat_map(tells).chain([OUTSIDE]).collect();
        if let Some(place) = rng.choice(&places).copied() {
            self.shared.broker.retain(place, &mut rng);
            self.shared.say(|| format!("retention removes the beginning of {place}"));
        }
    }

    /// A consumer notices that a topic was missing for a while and begins again; a relay may notice, or not.
    fn recreate(&mut self) {
        let mut rng = self.shared.rng.fork();
        let topic = *rng.choice(&[0, 1, OUTSIDE.topic]).unwrap_or(&0);
        self.shared.broker.recreate(topic, &mut rng);
        self.shared.say(|| format!("topic {topic} is created anew"));
        for process in self.processes.iter_mut().filter(|p| hears(p.service).iter().any(|place| place.topic == topic)) {
            process.listening.again = true;
        }
        if topic == OUTSIDE.topic {
            self.publish_missing();
        }
    }

    fn come_to_rest(&mut self) {
        self.shared.trouble = false;
        self.shared.say(|| "no more trouble".to_owned());
        self.processes.iter_mut().for_each(|p| p.stopped_until = 0);
        (0..SERVICES).for_each(|service| self.rebalance(service));
        self.publish_missing();
        let until = self.shared.now + PATIENCE;
        while self.shared.violation.is_none() && !(self.shared.now.is_multiple_of(32) && self.rests()) {
            self.step();
            if self.shared.now > until {
                let waits = self.waits_for();
                self.shared.violated(|| format!("the run does not come to rest: {waits}"));
            }
        }
    }

    fn rests(&self) -> bool {
        self.waits_for().is_empty()
    }

    /// What has not come to rest.
    fn waits_for(&self) -> String {
        let shared = &self.shared;
        let mut waits = Vec::new();
        if shared.answered.len() < self.commands as usize || self.published < self.messages {
            waits.push("callers have no answers".to_owned());
        }
        for service in 0..2 {
            let db = &shared.databases[usize::from(service)];
            let untold = tells(service).into_iter().filter(|place| db.published(*place) < db.tip(*place).position);
            waits.extend(untold.map(|place| format!("{place} is told to {} of {}", db.published(place), db.tip(place).position)));
        }
        if shared.broker.busy() {
            waits.push("records are on their way".to_owned());
        }
        let behind = (0..SERVICES).filter(|service| !read_to_the_end(shared, *service));
        waits.extend(behind.map(|service| format!("{} has not read to the end", name(service))));
        waits.join(", ")
    }
}
