//! To which offices the declarations of a load go: those of Region IX in their shares, or made-up ones alike, and one that gets more than its part.
#![expect(clippy::float_arithmetic, reason = "a share on the command line, not a decision")]
use std::{os::unix::process::CommandExt, process::Command, sync::Arc};

use anyhow::{Context, Result};
use contracts::nsw::v1::Declaration;
use fastrand::Rng;

use crate::load::mix::OFFICES;

/// Intake takes declarations for the offices of its table and for those of this setting, a list with commas.
const SETTING: &str = "INTAKE__SERVICE__OFFICES";
const MILLION: u32 = 1_000_000;

/// Offices with their shares.
#[derive(Debug, Clone)]
pub struct Spread {
    codes: Arc<[String]>,
    /// Weights of all offices up to and including each.
    sums: Arc<[u32]>,
    /// Millionths of all declarations that the first office gets; what its weight says when left out.
    hot: Option<u32>,
    made_up: bool,
}

impl Spread {
    /// So many made-up offices, or those of Region IX, whose first one is the busiest anyway.
    pub fn new(offices: Option<u16>, hot: Option<u32>) -> Self {
        let shares: Vec<(String, u32)> = match offices {
            Some(count) => (1..=count).map(|n| (format!("Z{n:03}"), 1)).collect(),
            None => OFFICES.iter().map(|office| (office.code.to_owned(), office.weight)).collect(),
        };
        let (codes, weights): (Vec<String>, Vec<u32>) = shares.into_iter().unzip();
        let sums = weights.iter().scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { codes: codes.into(), sums: sums.collect(), hot, made_up: offices.is_some() }
    }

    /// Codes of the offices; a place is an index into them.
    pub fn codes(&self) -> Arc<[String]> {
        Arc::clone(&self.codes)
    }

    /// As the mix draws offices: nothing is moved.
    pub fn is_usual(&self) -> bool {
        !self.made_up && self.hot.is_none()
    }

    /// Of all declarations those that the busiest office gets.
    pub fn busiest(&self) -> f64 {
        let all = self.sums.last().copied().unwrap_or(1);
        let first = self.sums.first().map_or(0.0, |first| f64::from(*first) / f64::from(all));
        self.hot.map_or(first, |hot| f64::from(hot) / f64::from(MILLION))
    }

    /// Sends a declaration to its office; returns the office's place.
    pub fn send(&self, declaration: &mut Declaration, rng: &mut Rng) -> u16 {
        let place = if self.is_usual() {
            self.codes.iter().position(|code| *code == declaration.office).unwrap_or(0)
        } else {
            let place = self.draw(rng);
            let code = &self.codes[place];
            declaration.warehouse = format!("{code}OZZ");
            declaration.unloading_name.clone_from(code);
            declaration.office.clone_from(code);
            place
        };
        u16::try_from(place).unwrap_or(0)
    }

    fn draw(&self, rng: &mut Rng) -> usize {
        let before = match self.hot {
            Some(hot) if rng.u32(0..MILLION) < hot => return 0,
            Some(_) => self.sums[0],
            None => 0,
        };
        let all = self.sums.last().copied().unwrap_or(0);
        if before >= all {
            return 0;
        }
        let drawn = rng.u32(before..all);
        self.sums.partition_point(|sum| *sum <= drawn)
    }

    /// Tells intake of made-up offices. Its processes inherit the environment of this one, so this command begins anew with them in it, once.
    #[expect(clippy::disallowed_methods, reason = "the caller's environment is the edge: settings of services come from it")]
    pub fn tell_intake(&self) -> Result<()> {
        let told = std::env::var(SETTING).unwrap_or_default();
        let known: Vec<&str> = told.split(',').filter(|code| !code.is_empty()).collect();
        if !self.made_up || self.codes.iter().all(|code| known.contains(&code.as_str())) {
            return Ok(());
        }
        let all: Vec<&str> = known.into_iter().chain(self.codes.iter().map(String::as_str)).collect();
        let own = std::env::current_exe().context("the place of this program is unknown")?;
        let failed = Command::new(own).args(std::env::args_os().skip(1)).env(SETTING, all.join(",")).exec();
        Err(failed).with_context(|| format!("cannot begin anew with {SETTING}"))
    }
}

impl Default for Spread {
    fn default() -> Self {
        Self::new(None, None)
    }
}

/// A share from 0 to 1 in millionths.
pub fn share(text: &str) -> Result<u32, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok((share * f64::from(MILLION)).round() as u32),
        _ => Err("expected a share from 0 to 1, for instance 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(spread: &Spread, declarations: u32) -> Vec<u32> {
        let (mut rng, mut counts) = (Rng::with_seed(1), vec![0; spread.codes.len()]);
        for _ in 0..declarations {
            let mut declaration = Declaration { office: "32BB".to_owned(), ..Declaration::default() };
            let place = usize::from(spread.send(&mut declaration, &mut rng));
            assert_eq!(declaration.office, spread.codes[place]);
            counts[place] += 1;
        }
        counts
    }

    #[test]
    fn a_share_is_a_number_from_0_to_1() {
        assert_eq!((share("0.5"), share("1"), share("0")), (Ok(500_000), Ok(MILLION), Ok(0)));
        assert!(["1.01", "-0.1", "half", "NaN"].iter().all(|wrong| share(wrong).is_err()));
    }

    #[test]
    fn without_options_a_declaration_stays_where_the_mix_has_put_it() {
        assert_eq!(counted(&Spread::default(), 10)[1], 10);
    }

    #[test]
    fn the_hot_office_gets_its_share_and_the_others_the_rest_alike() {
        let counts = counted(&Spread::new(Some(5), share("0.6").ok()), 10_000);
        assert!((5_800..6_200).contains(&counts[0]), "{counts:?}");
        assert!(counts[1..].iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        let of_region = counted(&Spread::new(None, Some(0)), 10_000);
        assert!(of_region[0] == 0 && of_region[1] > of_region[8], "{of_region:?}");
        assert_eq!(counted(&Spread::new(Some(1), Some(0)), 10), [10]);
    }
}
