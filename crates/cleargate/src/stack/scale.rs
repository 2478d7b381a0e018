//! How many replicas run, and further Kafka listeners: given to `up`, remembered with the ports.

use super::services::MOST;
use anyhow::{Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What `up` can be told beside the ports.
#[derive(Args, Clone, Default)]
pub struct ScaleArgs {
    /// Processes of each service; replica k listens 10 k ports above replica 0 [default: 2, or as many as last time]
    #[arg(long, env = "CLEARGATE_REPLICAS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST)))]
    pub replicas: Option<u16>,
    /// A further listener on 127.0.0.1:PORT that tells its clients to come back to 127.0.0.1:ADVERTISED_PORT, where a proxy may stand.
    #[arg(long, env = "CLEARGATE_KAFKA_LISTENERS", value_delimiter = ',', value_name = "NAME=PORT:ADVERTISED_PORT", hide = true)]
    pub kafka_listener: Vec<Listener>,
}

/// A further listener of the broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    pub name: String,
    pub port: u16,
    pub advertised: u16,
}

impl FromStr for Listener {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('=').and_then(|(name, ports)| Some((name, ports.split_once(':')?)));
        let Some((name, (port, advertised))) = parts else { bail!("say NAME=PORT:ADVERTISED_PORT, e.g. INTAKE=19192:19292") };
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !plain || ["PLAINTEXT", "CONTROLLER"].contains(&name) {
            bail!("`{name}` cannot name a listener: use capitals, digits and _, and neither PLAINTEXT nor CONTROLLER");
        }
        Ok(Self { name: name.to_owned(), port: port.parse()?, advertised: advertised.parse()? })
    }
}

/// How a stack is laid out beside its ports. A state directory from before replicas knew one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scale {
    pub replicas: u16,
    pub kafka_listeners: Vec<Listener>,
}

impl Default for Scale {
    fn default() -> Self {
        Self { replicas: 1, kafka_listeners: Vec::new() }
    }
}

impl Scale {
    /// Of a stack that was never up.
    pub fn fresh() -> Self {
        Self { replicas: 2, ..Self::default() }
    }

    /// Flags win over what was recorded.
    pub fn told(self, args: &ScaleArgs) -> Self {
        let listeners = if args.kafka_listener.is_empty() { self.kafka_listeners } else { args.kafka_listener.clone() };
        Self { replicas: args.replicas.unwrap_or(self.replicas), kafka_listeners: listeners }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_says_where_it_is_and_where_its_clients_find_it() {
        assert_eq!("INTAKE=1:2".parse::<Listener>().unwrap(), Listener { name: "INTAKE".into(), port: 1, advertised: 2 });
        for wrong in ["INTAKE", "INTAKE=1", "=1:2", "in-take=1:2", "PLAINTEXT=1:2", "A=1:x"] {
            assert!(wrong.parse::<Listener>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_state_directory_from_before_replicas_means_one() {
        let scale: Scale = serde_json::from_str(r#"{"kafka":19092,"postgres":15432,"grpc":7101,"http":7201}"#).unwrap();
        assert_eq!(scale.replicas, 1);
        assert_eq!(scale.told(&ScaleArgs { replicas: Some(3), ..ScaleArgs::default() }).replicas, 3);
        assert_eq!(Scale::fresh().told(&ScaleArgs::default()).replicas, 2);
    }
}
