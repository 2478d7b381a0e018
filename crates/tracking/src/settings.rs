//! What only tracking can be told, checked before anything is judged by it.
use std::collections::HashMap;

use anyhow::{Context as _, bail};
use platform::{Instant, secret::Secret};
use serde::{Deserialize, Serialize};
use tracking_domain::{Gates, LookOut, vehicle_id};
use values::{Plate, PlateCountry};

/// Section `[service]`; see `settings.toml` for the meaning of each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub repeat_window_s: u32,
    pub min_confidence: u16,
    pub clock_ahead_s: u32,
    pub announcement_h: u32,
    pub secret: Secret,
    pub gates: String,
    pub look_outs: Secret,
}

/// What every decision rests on besides facts.
pub struct Rules {
    pub gates: Gates,
    pub limits: tracking_domain::Settings,
    pub secret: [u8; 32],
    /// By vehicle id.
    pub look_outs: HashMap<String, LookOut>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookOuts {
    look_out: Vec<Order>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    plate: String,
    country: String,
    #[serde(default)]
    from: Option<Instant>,
    #[serde(default)]
    until: Option<Instant>,
}

impl Settings {
    /// The rules that the settings make; an error says which setting is wrong and never prints a secret one.
    pub fn rules(&self) -> anyhow::Result<Rules> {
        let limits = tracking_domain::Settings {
            repeat_window_s: self.repeat_window_s,
            min_confidence: self.min_confidence,
            clock_ahead_s: self.clock_ahead_s,
            announcement_h: self.announcement_h,
        };
        limits.validate().context("service")?;
        let mut gates = Gates::standard().context("the gates of Region IX")?;
        if !self.gates.trim().is_empty() {
            gates = gates.extended(Gates::load(&self.gates).context("service.gates")?).context("service.gates")?;
        }
        let secret = hex::decode(self.secret.expose()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let Some(secret) = secret else { bail!("service.secret must be 64 hexadecimal digits") };
        let look_outs = look_outs(self.look_outs.expose(), &secret)?;
        Ok(Rules { gates, limits, secret, look_outs })
    }
}

fn look_outs(text: &str, secret: &[u8; 32]) -> anyhow::Result<HashMap<String, LookOut>> {
    if text.trim().is_empty() {
        return Ok(HashMap::new());
    }
    // The parser's own message quotes the text, which names plates.
    let Ok(list) = toml::from_str::<LookOuts>(text) else {
        bail!("service.look_outs must be TOML: look_out = [{{ plate, country, from, until }}], times in quotes as in RFC 3339");
    };
    let mut orders = HashMap::with_capacity(list.look_out.len());
    for (n, order) in list.look_out.into_iter().enumerate() {
        let plate = Plate::parse(&order.plate).with_context(|| format!("service.look_outs, order {n}, plate"))?;
        let country = PlateCountry::parse(&order.country).with_context(|| format!("service.look_outs, order {n}, country"))?;
        let look_out = LookOut { from: order.from.unwrap_or_default(), until: order.until };
        orders.insert(vehicle_id(secret, &plate, country), look_out);
    }
    Ok(orders)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(gates: &str, look_outs: &str) -> Settings {
        Settings {
            repeat_window_s: 60,
            min_confidence: 800,
            clock_ahead_s: 300,
            announcement_h: 72,
            secret: Secret::from("11".repeat(32)),
            gates: gates.to_owned(),
            look_outs: Secret::from(look_outs.to_owned()),
        }
    }

    #[test]
    fn gates_and_look_outs_are_read_from_text() {
        let gates = "gate = [{ code = 'DAKRONG', office = '32ZZ', name_vi = 'Đakrông', name_en = 'Dakrong' }]";
        let order = "look_out = [{ plate = '74C-123.45', country = 'VN', until = '2026-01-01T00:00:00+07:00' }]";
        let rules = settings(gates, order).rules().unwrap();
        assert!(rules.gates.get("DAKRONG").is_some() && rules.gates.get("LAOBAO").is_some());
        let id = vehicle_id(&rules.secret, &Plate::parse("74C12345").unwrap(), PlateCountry::VietNam);
        assert!(rules.look_outs[&id].until.is_some());
    }

    #[test]
    fn a_wrong_order_is_refused_without_naming_its_plate() {
        let error = settings("", "look_out = [{ plate = '74C12345', country = 1 }]").rules().map(drop).unwrap_err();
        assert!(!format!("{error:#}").contains("74C12345"));
        assert!(settings("gate = 1", "").rules().is_err());
        let short = Settings { secret: Secret::from("11".to_owned()), ..settings("", "") };
        assert!(short.rules().is_err());
    }
}
