//! Which calls change nothing: the protocol says so (`idempotency_level = NO_SIDE_EFFECTS` in `proto/`).
use std::collections::HashSet;

use prost::{DecodeError, Message};
use prost_types::{FileDescriptorSet, method_options::IdempotencyLevel};

use super::Kind;
use crate::callers::Caller;

const OPERATIONS: &str = "/customs.common.v1.Operations/";

/// Paths of the calls that change nothing.
pub struct Methods(HashSet<String>);

impl Methods {
    /// Out of an encoded `FileDescriptorSet`.
    pub fn of(descriptors: &[u8]) -> Result<Self, DecodeError> {
        let mut queries = HashSet::new();
        for file in FileDescriptorSet::decode(descriptors)?.file {
            for service in &file.service {
                let reads =
                    service.method.iter().filter(|m| m.options.as_ref().is_some_and(|o| o.idempotency_level() == IdempotencyLevel::NoSideEffects));
                queries.extend(reads.map(|m| format!("/{}.{}/{}", file.package(), service.name(), m.name())));
            }
        }
        Ok(Self(queries))
    }

    /// What a caller asks for at this path. Services that repair and operators that mend are never in each other's way.
    pub fn kind(&self, path: &str, caller: &Caller) -> Kind {
        if path.starts_with(OPERATIONS) && (caller.has("service") || caller.has("operator")) {
            Kind::Operation
        } else if self.0.contains(path) {
            Kind::Query
        } else {
            Kind::Command
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_tells_queries_from_commands() {
        let methods = Methods::of(contracts::DESCRIPTORS).unwrap();
        let caller = |role: &str| Caller { subject: "x".to_owned(), roles: vec![role.to_owned()], offices: vec![] };
        let read = "/customs.common.v1.Operations/ReadJournal";
        let known = [
            ("/customs.intake.v1.Intake/Lodge", "sender", Kind::Command),
            ("/customs.intake.v1.Intake/Get", "sender", Kind::Query),
            ("/customs.risk.v1.Risk/Worklist", "officer", Kind::Query),
            ("/customs.tracking.v1.Tracking/Observe", "gate", Kind::Command),
            ("/customs.reporting.v1.Reporting/Indicators", "head", Kind::Query),
            (read, "service", Kind::Operation),
            (read, "auditor", Kind::Query),
            ("/customs.common.v1.Operations/Redrive", "operator", Kind::Operation),
        ];
        for (path, role, kind) in known {
            assert_eq!(methods.kind(path, &caller(role)), kind, "{path} by {role}");
        }
    }
}
