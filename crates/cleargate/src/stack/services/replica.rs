//! One process of a service: its name among the parts of the stack and its addresses.

use crate::stack::Stack;
use crate::stack::ready::local;
use anyhow::{Result, bail};
use std::net::SocketAddr;

/// In the order of their ports.
pub const NAMES: [&str; 4] = ["intake", "risk", "tracking", "reporting"];
/// More would run out of the hundred ports between gRPC and HTTP.
pub const MOST: u16 = 10;
/// Replica k listens this much higher than replica k - 1.
const STRIDE: u16 = 10;

/// One process of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replica {
    pub service: &'static str,
    /// In [`NAMES`].
    place: u16,
    /// From 0; 0 has the fixed local addresses.
    pub number: u16,
}

impl Replica {
    /// Replica `number` of the service that somebody named.
    pub fn named(service: &str, number: u16) -> Result<Self> {
        if number >= MOST {
            bail!("there are at most {MOST} replicas, counted from 0");
        }
        match of_number(number).find(|replica| replica.service == service) {
            Some(replica) => Ok(replica),
            None => bail!("{service} is not a service; {} are", NAMES.join(", ")),
        }
    }

    /// Its name among the parts of the stack: `intake`, `intake-1`, ...
    pub fn part(self) -> String {
        match self.number {
            0 => self.service.to_owned(),
            number => format!("{}-{number}", self.service),
        }
    }

    /// Address of the gRPC calls.
    pub fn grpc(self, stack: &Stack) -> SocketAddr {
        self.address(stack.ports.grpc)
    }

    /// Address of health and metrics.
    pub fn health(self, stack: &Stack) -> SocketAddr {
        self.address(stack.ports.http)
    }

    fn address(self, first: u16) -> SocketAddr {
        local(first.saturating_add(self.place).saturating_add(self.number.saturating_mul(STRIDE)))
    }
}

fn of_number(number: u16) -> impl Iterator<Item = Replica> {
    (0..).zip(NAMES).map(move |(place, service)| Replica { service, place, number })
}

/// Replicas 0 to `count` - 1 of every service.
pub fn all(count: u16) -> impl Iterator<Item = Replica> {
    (0..count).flat_map(of_number)
}

/// Replicas 0 to `count` - 1 of one service.
pub fn of(service: &str, count: u16) -> impl Iterator<Item = Replica> {
    all(count).filter(move |replica| replica.service == service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_replicas_share_a_name() {
        let mut parts: Vec<String> = all(MOST).map(Replica::part).collect();
        parts.sort();
        parts.dedup();
        assert_eq!(parts.len(), NAMES.len() * usize::from(MOST));
        assert_eq!([Replica::named("risk", 0), Replica::named("risk", 2)].map(|r| r.unwrap().part()), ["risk", "risk-2"]);
    }
}
