//! Generated wire types of every topic and service, and the [`Event`] trait that journals understand.
#![allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs)]

use prost::Message;

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
