//! Digests of figures: what a signature stands for, and how a later change shows.
use crate::{Figure, Scope};
use sha2::{Digest as _, Sha256};
use values::{Day, Digest, lp};

/// Digest of a version of a report:
/// SHA-256(lp(scope) ‖ lp(day as YYYY-MM-DD) ‖ u32 version ‖ u32 number of figures ‖ for each figure by cell: lp(cell) ‖ lp(unit) ‖ i64 value),
/// integers big-endian, `lp` = u32 length and the bytes, UTF-8, the scope as `32BB` or `all`.
pub fn digest(scope: &Scope, day: Day, version: u32, figures: &[Figure]) -> Digest {
    sealed(scope, day, Some(version), figures)
}

/// The same without the version: equal digests mean equal figures, whatever version they are in.
pub fn live_digest(scope: &Scope, day: Day, figures: &[Figure]) -> Digest {
    sealed(scope, day, None, figures)
}

/// Something arrived after closing: the [`live_digest`] kept with the closed version is not the one of the figures now.
pub fn correction_due(stored: &Digest, live: &Digest) -> bool {
    stored != live
}

fn sealed(scope: &Scope, day: Day, version: Option<u32>, figures: &[Figure]) -> Digest {
    let mut ordered: Vec<&Figure> = figures.iter().collect();
    ordered.sort();
    let mut hash = Sha256::new();
    lp(&mut hash, scope.as_str().as_bytes());
    lp(&mut hash, day.to_string().as_bytes());
    if let Some(version) = version {
        hash.update(version.to_be_bytes());
    }
    hash.update(u32::try_from(ordered.len()).unwrap_or(u32::MAX).to_be_bytes());
    for figure in ordered {
        lp(&mut hash, figure.cell.to_string().as_bytes());
        lp(&mut hash, figure.unit.to_string().as_bytes());
        hash.update(figure.value.to_be_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::tests::cell;
    use proptest::prelude::*;

    fn day() -> Day {
        Day::from_ymd_opt(2026, 7, 5).unwrap()
    }

    fn figure() -> impl Strategy<Value = Figure> {
        (cell(), any::<i64>()).prop_map(|(cell, value)| Figure { unit: cell.unit(), cell, value })
    }

    proptest! {
        #[test]
        fn the_order_of_figures_does_not_matter(
            (plain, shuffled) in prop::collection::vec(figure(), 0..9).prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle()))
        ) {
            prop_assert_eq!(digest(&Scope::SubDepartment, day(), 1, &plain), digest(&Scope::SubDepartment, day(), 1, &shuffled));
        }

        #[test]
        fn one_changed_number_changes_the_digest(figures in prop::collection::vec(figure(), 1..9), at: prop::sample::Index, by in 1_i64..9) {
            let mut changed = figures.clone();
            let slot = &mut changed[at.index(figures.len())];
            slot.value = slot.value.wrapping_add(by);
            // Two figures of one cell could trade places; a report has each cell once.
            prop_assume!(figures.iter().map(|f| &f.cell).collect::<std::collections::BTreeSet<_>>().len() == figures.len());
            let live = |figures: &[Figure]| live_digest(&Scope::SubDepartment, day(), figures);
            prop_assert!(correction_due(&live(&figures), &live(&changed)));
            prop_assert!(!correction_due(&live(&figures), &live(&figures)));
        }
    }

    #[test]
    fn the_digest_is_as_any_other_program_computes_it() {
        // python3: lp=lambda b: len(b).to_bytes(4,"big")+b; sha256(lp(b"32BB")+lp(b"2026-07-05")+b"\0\0\0\1"+b"\0\0\0\1"+lp(b"open")+lp(b"declarations")+b"\0\0\0\0\0\0\0\7")
        let cell = crate::Cell::Open;
        let figures = [Figure { unit: cell.unit(), cell, value: 7 }];
        let hex: String = digest(&Scope::parse("32BB").unwrap(), day(), 1, &figures).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "7cc02d55ea66e3689bb120bb7665cfa756ad981298f118d7444ad70d0c58d262");
    }

    #[test]
    fn scope_day_and_version_are_part_of_it() {
        let office = Scope::parse("32BB").unwrap();
        let one = digest(&office, day(), 1, &[]);
        assert_ne!(one, digest(&office, day(), 2, &[]));
        assert_ne!(one, digest(&office, day().succ_opt().unwrap(), 1, &[]));
        assert_ne!(one, digest(&Scope::SubDepartment, day(), 1, &[]));
        assert_ne!(one, live_digest(&office, day(), &[]));
    }
}
