//! Limits that turn a reading into evidence.
use chrono::TimeDelta;

/// Settings of [`crate::judge`]; every field has a default.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Readings of one plate at one gate in one direction that are at most this far apart are one, in seconds.
    pub repeat_window_s: u32,
    /// A reading below this confidence proves nothing, per mille.
    pub min_confidence: u16,
    /// A camera's clock may run ahead of ours by this, in seconds.
    pub clock_ahead_s: u32,
    /// How long an announcement admits its vehicle, in hours.
    pub announcement_h: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { repeat_window_s: 60, min_confidence: 800, clock_ahead_s: 300, announcement_h: 72 }
    }
}

/// A setting out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A wider window would swallow the next trip.
    #[error("repeat_window_s must be at most 3600")]
    RepeatWindow,
    /// Confidence is per mille.
    #[error("min_confidence must be at most 1000")]
    MinConfidence,
}

impl Settings {
    /// Refuses values out of range.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if self.repeat_window_s > 3600 {
            return Err(SettingsError::RepeatWindow);
        }
        if self.min_confidence > 1000 {
            return Err(SettingsError::MinConfidence);
        }
        Ok(())
    }

    pub(crate) fn repeat_window(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.repeat_window_s))
    }

    pub(crate) fn clock_ahead(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.clock_ahead_s))
    }

    pub(crate) fn announcement(&self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.announcement_h))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_wild_values_are_not() {
        assert_eq!(Settings::default().validate(), Ok(()));
        assert_eq!(Settings { repeat_window_s: 3601, ..Settings::default() }.validate(), Err(SettingsError::RepeatWindow));
        assert_eq!(Settings { min_confidence: 1001, ..Settings::default() }.validate(), Err(SettingsError::MinConfidence));
    }
}
