//! One stay of one vehicle, from the gate in to the gate out.
use crate::{Carried, HoldReason};
use sha2::{Digest as _, Sha256};
use values::{DeclarationKey, Instant, lp};

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitState {
    /// In the supervision area; something may still hold it.
    Inside,
    /// Stopped by a gate.
    Held(HoldReason),
    /// Everything that it carries is cleared.
    Released,
    /// Ended.
    Departed,
}

/// A visit with what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// [`visit_id`].
    pub id: String,
    /// Code of the gate by which the vehicle came.
    pub gate: String,
    /// What it carries, each key once, by key.
    pub carried: Vec<Carried>,
    /// Where it stands.
    pub state: VisitState,
}

/// Everything that the visit carries is cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Id of the visit.
    pub visit: String,
    /// What it carries, by key.
    pub declarations: Vec<DeclarationKey>,
}

/// A transition that the life of a visit does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The visit has ended.
    #[error("visit {0} has ended")]
    Ended(String),
    /// It carries what is not cleared.
    #[error("visit {visit} carries {} declarations that are not cleared", .declarations.len())]
    NotCleared {
        /// Id of the visit.
        visit: String,
        /// What holds it, by key.
        declarations: Vec<DeclarationKey>,
    },
}

/// First 8 bytes of SHA-256(lp(gate) ‖ lp(vehicle id) ‖ i64 big-endian microseconds) as 16 hex digits: the same passage, the same visit.
pub fn visit_id(gate: &str, vehicle: &str, observed_at: Instant) -> String {
    let mut hash = Sha256::new();
    lp(&mut hash, gate.as_bytes());
    lp(&mut hash, vehicle.as_bytes());
    hash.update(observed_at.timestamp_micros().to_be_bytes());
    hex::encode(&hash.finalize()[..8])
}

impl VisitState {
    /// `INSIDE`, `HELD`, `RELEASED` or `DEPARTED`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inside => "INSIDE",
            Self::Held(_) => "HELD",
            Self::Released => "RELEASED",
            Self::Departed => "DEPARTED",
        }
    }

    /// From what is stored: the state and, with `HELD`, the reason's code.
    pub fn parse(state: &str, reason: &str) -> Option<Self> {
        match state {
            "INSIDE" => Some(Self::Inside),
            "HELD" => HoldReason::parse(reason).map(Self::Held),
            "RELEASED" => Some(Self::Released),
            "DEPARTED" => Some(Self::Departed),
            _ => None,
        }
    }

    /// Code of the reason while held, else empty.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Held(reason) => reason.as_str(),
            Self::Inside | Self::Released | Self::Departed => "",
        }
    }
}

impl Visit {
    /// A visit begins; it is released at once if everything was cleared before arrival.
    pub fn begin(id: String, gate: String, carried: Vec<Carried>) -> (Self, Option<Released>) {
        let mut visit = Self { id, gate, carried: Vec::new(), state: VisitState::Inside };
        for declaration in carried {
            visit.put(declaration);
        }
        let released = visit.settle();
        (visit, released)
    }

    /// What stops it from leaving, by key.
    pub fn holding(&self) -> Vec<DeclarationKey> {
        self.carried.iter().filter(|c| c.holds()).map(|c| c.key).collect()
    }

    /// A declaration is bound to the visit. A released visit goes back inside if the newcomer is not cleared.
    pub fn link(&mut self, declaration: Carried) -> Result<Option<Released>, Illegal> {
        self.still_open()?;
        self.put(declaration);
        Ok(self.settle())
    }

    /// A declaration was cleared; `Some` when with it everything is. A fact about something it does not carry, or after its end, changes nothing.
    pub fn on_cleared(&mut self, key: &DeclarationKey) -> Option<Released> {
        self.mark(key, |carried| carried.cleared = true)
    }

    /// A declaration was withdrawn and holds the visit no longer; `Some` when all the others are cleared.
    pub fn on_withdrawn(&mut self, key: &DeclarationKey) -> Option<Released> {
        self.mark(key, |carried| carried.withdrawn = true)
    }

    /// A gate stopped it.
    pub fn hold(&mut self, reason: HoldReason) -> Result<(), Illegal> {
        self.still_open()?;
        self.state = VisitState::Held(reason);
        Ok(())
    }

    /// A gate let it out. Refused while anything that it carries is not cleared.
    pub fn depart(&mut self) -> Result<(), Illegal> {
        self.still_open()?;
        let declarations = self.holding();
        if !declarations.is_empty() {
            return Err(Illegal::NotCleared { visit: self.id.clone(), declarations });
        }
        self.state = VisitState::Departed;
        Ok(())
    }

    fn still_open(&self) -> Result<(), Illegal> {
        if self.state == VisitState::Departed { Err(Illegal::Ended(self.id.clone())) } else { Ok(()) }
    }

    fn put(&mut self, declaration: Carried) {
        match self.carried.binary_search_by(|c| c.key.cmp(&declaration.key)) {
            // Facts of different topics meet in any order: what was once heard is not unheard.
            Ok(at) => {
                let known = &mut self.carried[at];
                known.direction = known.direction.or(declaration.direction);
                known.cleared |= declaration.cleared;
                known.withdrawn |= declaration.withdrawn;
            }
            Err(at) => self.carried.insert(at, declaration),
        }
    }

    fn mark(&mut self, key: &DeclarationKey, change: impl FnOnce(&mut Carried)) -> Option<Released> {
        self.still_open().ok()?;
        change(self.carried.iter_mut().find(|c| c.key == *key)?);
        self.settle()
    }

    /// Released exactly while something is carried and nothing holds; only a hold for want of clearance ends by clearance.
    fn settle(&mut self) -> Option<Released> {
        let live: Vec<_> = self.carried.iter().filter(|c| c.is_live()).map(|c| c.key).collect();
        let free = !live.is_empty() && self.holding().is_empty();
        match self.state {
            VisitState::Inside | VisitState::Held(HoldReason::NotCleared) if free => {
                self.state = VisitState::Released;
                Some(Released { visit: self.id.clone(), declarations: live })
            }
            VisitState::Released if !free => {
                self.state = VisitState::Inside;
                None
            }
            // All was withdrawn: nothing holds it, but nothing was cleared either.
            VisitState::Held(HoldReason::NotCleared) if live.is_empty() => {
                self.state = VisitState::Inside;
                None
            }
            _ => None,
        }
    }
}
