//! Simulated trucks: read by a camera on the way in, and on the way out when their goods are cleared.
use anyhow::Result;
use contracts::gate::v1::Observation;

use crate::{clock, load::window::Window};

/// A truck of the load.
struct Truck {
    gate: &'static str,
    plate: String,
    cleared: bool,
    office: String,
}

/// Publishes observations for at most `most` vehicles; returns how many came in and how many left.
pub fn pass(window: &Window, most: usize) -> Result<(usize, usize)> {
    let trucks: Vec<Truck> = {
        let ledger = window.ledger();
        let live = ledger.entries.values().filter(|e| !e.gate.is_empty() && !e.number.is_empty() && !e.invalidated);
        live.take(most).map(|e| Truck { gate: e.gate, plate: e.plate.clone(), cleared: e.cleared, office: e.office.clone() }).collect()
    };
    let mut left = 0;
    for truck in &trucks {
        observe(window, truck, "in")?;
        // Some try before they are cleared and are held.
        if truck.cleared || left % 20 == 19 {
            observe(window, truck, "out")?;
            left += 1;
        }
    }
    window.flush()?;
    Ok((trucks.len(), left))
}

fn observe(window: &Window, truck: &Truck, direction: &str) -> Result<()> {
    let micros = i64::try_from(clock::now_micros())?;
    let observation = Observation {
        camera: format!("CAM-{}-{direction}", truck.gate),
        gate: truck.gate.to_owned(),
        direction: direction.to_owned(),
        plate: truck.plate.clone(),
        country: "LAO".to_owned(),
        observed_at: chrono::DateTime::from_timestamp_micros(micros).map(Into::into),
        confidence: 985,
        image: String::new(),
    };
    let id = format!("{}/{micros}", observation.camera);
    window.publish("gate.observations.v1", "gate.v1.Observed", &id, &observation.camera, &truck.office, false, &observation)
}
