//! Generated wire types of every topic and service, and the [`Event`] trait that journals understand.
#![allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs)]

macro_rules! package {
    ($($name:literal)*) => { $(tonic::include_proto!($name); include!(concat!(env!("OUT_DIR"), "/", $name, ".serde.rs"));)* };
}

pub mod customs {
    pub mod common {
        pub mod v1 {
            package!("customs.common.v1");
        }
    }
    pub mod intake {
        pub mod v1 {
            package!("customs.intake.v1");
        }
    }
    pub mod risk {
        pub mod v1 {
            package!("customs.risk.v1");
        }
    }
    pub mod tracking {
        pub mod v1 {
            package!("customs.tracking.v1");
        }
    }
    pub mod reporting {
        pub mod v1 {
            package!("customs.reporting.v1");
        }
    }
}
pub mod nsw {
    pub mod v1 {
        package!("nsw.v1");
    }
}
pub mod gate {
    pub mod v1 {
        package!("gate.v1");
    }
}

pub use customs::{common::v1 as common, intake::v1 as intake, reporting::v1 as reporting, risk::v1 as risk, tracking::v1 as tracking};

/// Encoded `FileDescriptorSet` of all of `proto/`, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// An event of one of our topics: a `oneof` of facts, each with its own CloudEvents type.
pub trait Event: prost::Message + Default {
    /// `ce_type` of the fact inside, e.g. `customs.intake.v1.Lodged`; '' when there is none.
    fn kind(&self) -> &'static str;
}

macro_rules! event {
    ($event:ty, $module:ident :: $oneof:ident, $package:literal, $($arm:ident),+) => {
        impl Event for $event {
            fn kind(&self) -> &'static str {
                match &self.fact {
                    $(Some($module::$oneof::Fact::$arm(_)) => concat!($package, ".", stringify!($arm)),)+
                    None => "",
                }
            }
        }

        $(impl From<event!(@payload $module $arm)> for $event {
            fn from(fact: event!(@payload $module $arm)) -> Self {
                Self { fact: Some($module::$oneof::Fact::$arm(fact)) }
            }
        })+
    };
    (@payload $module:ident HeadsWitnessed) => { common::HeadsWitnessed };
    (@payload $module:ident DeadLetterDiscarded) => { common::DeadLetterDiscarded };
    (@payload $module:ident $arm:ident) => { $module::$arm };
}

event!(
    intake::IntakeEvent,
    intake::intake_event,
    "customs.intake.v1",
    Lodged,
    Amended,
    Withdrawn,
    Refused,
    PaymentReceived,
    TaxDue,
    Cleared,
    ClearanceRefused,
    Superseded,
    HeadsWitnessed,
    DeadLetterDiscarded
);
event!(
    risk::RiskEvent,
    risk::risk_event,
    "customs.risk.v1",
    Decided,
    Assigned,
    Reassigned,
    AssignmentClosed,
    Concluded,
    Superseded,
    DayCommitted,
    DayOpened,
    DayClosed,
    DayKeyRevealed,
    RulesInForce,
    RosterSet,
    LaneChanged,
    HeadsWitnessed,
    DeadLetterDiscarded
);
event!(risk::TraceEvent, risk::trace_event, "customs.risk.v1", Traced, RulesPublished, PickTraced, RuleChanged, HeadsWitnessed);
event!(
    tracking::TrackingEvent,
    tracking::tracking_event,
    "customs.tracking.v1",
    Announced,
    Arrived,
    Held,
    Unrecognised,
    Departed,
    Linked,
    Released,
    HeadsWitnessed,
    DeadLetterDiscarded
);
event!(
    reporting::ReportingEvent,
    reporting::reporting_event,
    "customs.reporting.v1",
    Closed,
    SignedOff,
    Corrected,
    HeadsWitnessed,
    DeadLetterDiscarded
);
