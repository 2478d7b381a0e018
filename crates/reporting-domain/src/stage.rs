//! The stages of one declaration's way, in the order in which they are told when they happen at the same time.

macro_rules! stages {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// A stage of a timeline. The order of the variants breaks ties of time: causes come before effects.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum StageKind {
            $($(#[$doc])* $variant,)+
        }

        impl StageKind {
            /// Every stage, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in a timeline.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Parses the name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
            }

            /// Place among the stages of one moment, from 0.
            pub const fn rank(self) -> u8 {
                self as u8
            }
        }
    };
}

stages! {
    /// A vehicle was announced with it.
    Announced = "announced",
    /// A message about it was refused.
    Refused = "refused",
    /// Lodged.
    Lodged = "lodged",
    /// Amended.
    Amended = "amended",
    /// Withdrawn.
    Withdrawn = "withdrawn",
    /// The lane was decided.
    Lane = "lane",
    /// An officer was drawn.
    Assigned = "assigned",
    /// No officer could be drawn.
    Queued = "queued",
    /// It went to another officer.
    Reassigned = "reassigned",
    /// A person changed the lane.
    LaneChanged = "lane changed",
    /// Amendment or withdrawal ended the assignment.
    AssignmentClosed = "assignment closed",
    /// The check is done.
    Concluded = "concluded",
    /// Tax is outstanding.
    TaxDue = "tax due",
    /// A payment was booked.
    Payment = "payment",
    /// Cleared.
    Cleared = "cleared",
    /// Clearance was refused.
    ClearanceRefused = "clearance refused",
    /// A fact about an older version changed nothing.
    Superseded = "superseded",
    /// Its vehicle was not recognised.
    Unrecognised = "unrecognised",
    /// Its vehicle was admitted.
    Arrived = "arrived",
    /// It was bound to a visit.
    Linked = "linked",
    /// Its vehicle was held.
    Held = "held",
    /// Its vehicle may leave.
    Released = "released",
    /// Its vehicle left.
    Departed = "departed",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_back_and_ranked_by_cause() {
        for kind in StageKind::ALL {
            assert_eq!(StageKind::parse(kind.as_str()), Some(*kind));
            assert_eq!(StageKind::ALL[usize::from(kind.rank())], *kind);
        }
        let way = [StageKind::Lodged, StageKind::Lane, StageKind::Assigned, StageKind::Concluded, StageKind::Cleared, StageKind::Departed];
        assert!(way.is_sorted());
    }
}
