//! The decision at a gate, from one reading and what is known.
//!
//! The ladder, first rung that fits:
//! 1. another reading of the same plate, gate and direction within the window, before or after: a repeat;
//! 2. too low a confidence, a time that cannot be true, or a time before the visit it would end: nothing is proved;
//! 3. a look-out order: held, whatever else is known;
//! 4. a plate never heard of: an officer confirms. A known plate one glyph away is named as the doubt, but never opens a gate;
//! 5. `in`: a vehicle that is announced for this gate or carries a live declaration is admitted into the supervision area, cleared or not,
//!    and its visit begins. One that is inside already makes no second visit: at its own gate it is a repeat, at another it is held;
//! 6. `out` with a visit: the visit ends when nothing that the vehicle carries holds it, else the vehicle is held. A declaration that
//!    was lodged for the plate while it is inside counts as carried;
//! 7. `out` without a visit: an exporting vehicle passes when all its export declarations are cleared, an announced empty one passes.
//!    Import declarations do not hold it: they were lodged before arrival for goods that it will fetch.
use crate::{Announcement, Carried, OpenVisit, Reading, Settings, Sight, Way, visit_id};
use values::{DeclarationKey, Direction, Instant};

/// What a reading led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The same passage once more: nothing happens.
    Repeat,
    /// Admitted: a visit begins.
    Arrived {
        /// Id of the new visit.
        visit: String,
        /// What it carries, by key.
        declarations: Vec<DeclarationKey>,
    },
    /// Let out: the visit ends (for an exporting vehicle that had none it begins and ends at once).
    Departed {
        /// Id of the visit.
        visit: String,
        /// What it carried, by key.
        declarations: Vec<DeclarationKey>,
    },
    /// The gate must stay closed.
    Held {
        /// The open visit, if there is one.
        visit: Option<String>,
        /// Why.
        reason: HoldReason,
        /// The declarations that hold it, by key.
        declarations: Vec<DeclarationKey>,
    },
    /// The reading proves nothing: an officer confirms.
    Unrecognised {
        /// Why.
        reason: Doubt,
    },
}

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// Parses the code.
            pub fn parse(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

coded! {
    /// Why a vehicle is held.
    HoldReason {
        /// Something that it carries is not cleared.
        NotCleared = "NOT_CLEARED",
        /// An order to stop it stands.
        LookOut = "LOOK_OUT",
        /// It is known, but nothing is declared or announced for this passage.
        NoDeclaration = "NO_DECLARATION",
        /// It was announced for another gate.
        WrongGate = "WRONG_GATE",
        /// It came in by another gate and was not seen to leave.
        AlreadyInside = "ALREADY_INSIDE",
    }
}

coded! {
    /// Why a reading proves nothing.
    Doubt {
        /// Nothing is known of the plate.
        UnknownPlate = "UNKNOWN_PLATE",
        /// Low confidence or an impossible time.
        WeakReading = "WEAK_READING",
        /// Nothing is known of the plate, but of one that looks like it.
        ConfusablePlate = "CONFUSABLE_PLATE",
    }
}

/// Judges a reading; `vehicle` is its [`crate::vehicle_id`], `now` the clock of the service.
pub fn judge(reading: &Reading, vehicle: &str, sight: &Sight, settings: &Settings, now: Instant) -> Verdict {
    let weak = is_weak(reading, sight, settings, now);
    let near = |last: Instant| (reading.observed_at - last).abs() <= settings.repeat_window();
    if sight.last.is_some_and(|last| near(last.observed_at) && (weak || !last.weak)) {
        return Verdict::Repeat;
    }
    if weak {
        return Verdict::Unrecognised { reason: Doubt::WeakReading };
    }
    if sight.look_out.is_some_and(|order| order.stands(now)) {
        return held(sight, HoldReason::LookOut, Vec::new());
    }
    if !sight.is_known() {
        let reason = if sight.confusable.is_empty() { Doubt::UnknownPlate } else { Doubt::ConfusablePlate };
        return Verdict::Unrecognised { reason };
    }
    match (reading.way, &sight.visit) {
        (Way::In, None) => arriving(reading, vehicle, sight, settings, now),
        (Way::In, Some(visit)) if visit.gate == reading.gate.code => Verdict::Repeat,
        (Way::In, Some(_)) => held(sight, HoldReason::AlreadyInside, Vec::new()),
        (Way::Out, Some(visit)) => leaving(sight, visit),
        (Way::Out, None) => exporting(reading, vehicle, sight, settings, now),
    }
}

fn is_weak(reading: &Reading, sight: &Sight, settings: &Settings, now: Instant) -> bool {
    let from_the_future = reading.observed_at > now + settings.clock_ahead();
    let before_arrival = reading.way == Way::Out && sight.visit.as_ref().is_some_and(|visit| reading.observed_at < visit.arrived_at);
    reading.confidence < settings.min_confidence || from_the_future || before_arrival
}

fn arriving(reading: &Reading, vehicle: &str, sight: &Sight, settings: &Settings, now: Instant) -> Verdict {
    let announced = announced_here(reading, sight, settings, now);
    let carried = keys(all(sight, announced).filter(|c| c.is_live()));
    if announced.is_none() && carried.is_empty() {
        return unexpected(reading, sight, settings, now);
    }
    Verdict::Arrived { visit: visit_id(&reading.gate.code, vehicle, reading.observed_at), declarations: carried }
}

fn leaving(sight: &Sight, visit: &OpenVisit) -> Verdict {
    let carried = || visit.declarations.iter().chain(&sight.declarations).filter(|c| c.is_live());
    let holding = keys(carried().filter(|c| c.holds()));
    if !holding.is_empty() {
        return held(sight, HoldReason::NotCleared, holding);
    }
    Verdict::Departed { visit: visit.id.clone(), declarations: keys(carried()) }
}

fn exporting(reading: &Reading, vehicle: &str, sight: &Sight, settings: &Settings, now: Instant) -> Verdict {
    let announced = announced_here(reading, sight, settings, now);
    // A number that was announced but not heard of yet may be an export: it counts, and holds.
    let exports = || all(sight, announced).filter(|c| c.is_live() && c.direction != Some(Direction::Import));
    let holding = keys(exports().filter(|c| c.holds()));
    if !holding.is_empty() {
        return held(sight, HoldReason::NotCleared, holding);
    }
    let carried = keys(exports());
    if announced.is_none() && carried.is_empty() {
        return unexpected(reading, sight, settings, now);
    }
    Verdict::Departed { visit: visit_id(&reading.gate.code, vehicle, reading.observed_at), declarations: carried }
}

fn unexpected(reading: &Reading, sight: &Sight, settings: &Settings, now: Instant) -> Verdict {
    let elsewhere = announced(sight, settings, now).is_some_and(|a| a.gate != reading.gate.code);
    held(sight, if elsewhere { HoldReason::WrongGate } else { HoldReason::NoDeclaration }, Vec::new())
}

fn announced<'a>(sight: &'a Sight, settings: &Settings, now: Instant) -> Option<&'a Announcement> {
    sight.announcement.as_ref().filter(|a| now <= a.announced_at + settings.announcement())
}

fn announced_here<'a>(reading: &Reading, sight: &'a Sight, settings: &Settings, now: Instant) -> Option<&'a Announcement> {
    announced(sight, settings, now).filter(|a| a.gate == reading.gate.code)
}

fn all<'a>(sight: &'a Sight, announced: Option<&'a Announcement>) -> impl Iterator<Item = &'a Carried> {
    // What is known of a declaration counts more than its mention in an announcement.
    let unheard = |c: &&Carried| sight.declarations.iter().all(|known| known.key != c.key);
    sight.declarations.iter().chain(announced.into_iter().flat_map(|a| &a.declarations).filter(unheard))
}

fn held(sight: &Sight, reason: HoldReason, declarations: Vec<DeclarationKey>) -> Verdict {
    Verdict::Held { visit: sight.visit.as_ref().map(|visit| visit.id.clone()), reason, declarations }
}

fn keys<'a>(carried: impl Iterator<Item = &'a Carried>) -> Vec<DeclarationKey> {
    carried.map(|c| c.key).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}
