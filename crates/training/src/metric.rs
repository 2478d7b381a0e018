//! Measures of a ranking, each over rows with whole-number weights, so that a resample is one pass and no sorting.

/// Shares of rows that could be examined, with the names of what is reported at each.
pub const SHARES: [(f64, &str, &str); 3] =
    [(0.05, "precision_5", "recall_5"), (0.10, "precision_10", "recall_10"), (0.20, "precision_20", "recall_20")];
/// Bins of equal width for calibration.
const BINS: usize = 10;
const MILLION: f64 = 1_000_000.0;

/// Points of a curve in the unit square.
pub type Points = Vec<(f64, f64)>;

/// Rows from the highest score down; ties stand in a random order.
pub struct Ranked {
    /// Place among the caller's rows, score in millionths, whether it is a case.
    rows: Vec<(usize, u32, bool)>,
}

/// All measures; NaN where one does not exist.
#[derive(Debug, Clone, Copy)]
pub struct Measures {
    pub auc: f64,
    pub ap: f64,
    pub precision: [f64; 3],
    pub recall: [f64; 3],
    pub f1: f64,
    pub brier: f64,
    pub ece: f64,
}

impl Measures {
    /// In the order of the tables.
    pub fn named(&self) -> [(&'static str, f64); 11] {
        let [a, b, c] = SHARES;
        let (p, r) = (self.precision, self.recall);
        [
            ("auc", self.auc),
            ("ap", self.ap),
            (a.1, p[0]),
            (b.1, p[1]),
            (c.1, p[2]),
            (a.2, r[0]),
            (b.2, r[1]),
            (c.2, r[2]),
            ("f1", self.f1),
            ("brier", self.brier),
            ("calibration_error", self.ece),
        ]
    }
}

impl Ranked {
    /// Of scores in millionths and whether each row is a case.
    pub fn new(rows: impl Iterator<Item = (u32, bool)>, seed: u64) -> Self {
        let mut rows: Vec<_> = rows.enumerate().map(|(index, (score, case))| (index, score, case)).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut rows);
        rows.sort_by_key(|(_, score, _)| std::cmp::Reverse(*score));
        Self { rows }
    }

    /// All measures with a weight for each of the caller's rows.
    pub fn measures(&self, weights: &[u32]) -> Measures {
        let weight = |index: usize| f64::from(weights[index]);
        let (mut total, mut cases) = (0.0, 0.0);
        for (index, _, case) in &self.rows {
            total += weight(*index);
            cases += if *case { weight(*index) } else { 0.0 };
        }
        let (auc, ap) = self.auc_and_ap(weights, total, cases);
        let caught = SHARES.map(|(share, ..)| self.caught(weights, (total * share).floor()));
        let (f1, brier, ece) = self.at_face_value(weights, total, cases);
        let precision = [0, 1, 2].map(|i| caught[i] / (total * SHARES[i].0).floor());
        Measures { auc, ap, precision, recall: caught.map(|c| c / cases), f1, brier, ece }
    }

    /// Area under the ROC curve, ties counted half, and average precision (Σ precision × gained recall over distinct scores).
    fn auc_and_ap(&self, weights: &[u32], total: f64, cases: f64) -> (f64, f64) {
        let (mut above_cases, mut above_others, mut pairs, mut ap) = (0.0, 0.0, 0.0, 0.0);
        for tied in self.rows.chunk_by(|a, b| a.1 == b.1) {
            let (mut new_cases, mut new_others) = (0.0, 0.0);
            for (index, _, case) in tied {
                *if *case { &mut new_cases } else { &mut new_others } += f64::from(weights[*index]);
            }
            pairs += new_others * (above_cases + new_cases / 2.0);
            above_cases += new_cases;
            above_others += new_others;
            if new_cases > 0.0 {
                ap += new_cases / cases * above_cases / (above_cases + above_others);
            }
        }
        (pairs / (cases * (total - cases)), if cases > 0.0 { ap } else { f64::NAN })
    }

    /// Cases among the first `room` rows by weight.
    fn caught(&self, weights: &[u32], room: f64) -> f64 {
        let (mut left, mut caught) = (room, 0.0);
        for (index, _, case) in &self.rows {
            let taken = f64::from(weights[*index]).min(left);
            caught += if *case { taken } else { 0.0 };
            left -= taken;
            if left <= 0.0 {
                break;
            }
        }
        caught
    }

    /// F1 at one half, Brier score and expected calibration error: what the score is worth as a probability.
    fn at_face_value(&self, weights: &[u32], total: f64, cases: f64) -> (f64, f64, f64) {
        let (mut named, mut hits, mut brier) = (0.0, 0.0, 0.0);
        let mut bins = [(0.0, 0.0); BINS];
        for (index, score, case) in &self.rows {
            let (weight, probability) = (f64::from(weights[*index]), f64::from(*score) / MILLION);
            let outcome = f64::from(*case);
            brier += weight * (probability - outcome) * (probability - outcome);
            let bin = &mut bins[bin(*score)];
            *bin = (bin.0 + weight * probability, bin.1 + weight * outcome);
            if *score >= 500_000 {
                named += weight;
                hits += weight * outcome;
            }
        }
        let ece: f64 = bins.iter().map(|(said, was)| (said - was).abs()).sum();
        (2.0 * hits / (named + cases), brier / total, ece / total)
    }

    /// Points (false positive rate, recall) and (recall, precision), one a distinct score, thinned to about `points`.
    pub fn curves(&self, points: usize) -> (Points, Points) {
        let cases = self.rows.iter().filter(|r| r.2).count() as f64;
        let others = self.rows.len() as f64 - cases;
        let (mut roc, mut pr, mut tp, mut fp) = (vec![(0.0, 0.0)], Vec::new(), 0.0, 0.0);
        let step = (self.rows.len() / points.max(1)).max(1);
        for (number, (_, _, case)) in self.rows.iter().enumerate() {
            *if *case { &mut tp } else { &mut fp } += 1.0;
            let tied = self.rows.get(number + 1).is_some_and(|next| next.1 == self.rows[number].1);
            if (!tied && number % step == 0) || number + 1 == self.rows.len() {
                roc.push((fp / others, tp / cases));
                pr.push((tp / cases, tp / (tp + fp)));
            }
        }
        (roc, pr)
    }

    /// Mean probability, share of cases and number of rows of each bin that has rows.
    pub fn calibration(&self) -> Vec<(f64, f64, usize)> {
        let mut bins = [(0.0, 0.0, 0_usize); BINS];
        for (_, score, case) in &self.rows {
            let bin = &mut bins[bin(*score)];
            *bin = (bin.0 + f64::from(*score) / MILLION, bin.1 + f64::from(*case), bin.2 + 1);
        }
        bins.into_iter().filter(|(.., n)| *n > 0).map(|(said, was, n)| (said / n as f64, was / n as f64, n)).collect()
    }
}

const fn bin(score: u32) -> usize {
    let bin = score as usize * BINS / 1_000_000;
    if bin < BINS { bin } else { BINS - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[(u32, bool)]) -> Measures {
        Ranked::new(rows.iter().copied(), 0).measures(&vec![1; rows.len()])
    }

    #[test]
    fn a_perfect_order_has_area_one_and_a_reversed_one_zero() {
        let rows = [(900_000, true), (800_000, true), (200_000, false), (100_000, false)];
        let measures = of(&rows);
        assert_eq!((measures.auc, measures.ap, measures.f1), (1.0, 1.0, 1.0));
        assert_eq!(of(&rows.map(|(score, case)| (1_000_000 - score, case))).auc, 0.0);
    }

    #[test]
    fn ties_count_half_whatever_their_order() {
        let rows = [(5, true), (5, false), (5, false), (5, true)];
        assert_eq!(of(&rows).auc, 0.5);
        assert_eq!(of(&rows).ap, 0.5);
    }

    #[test]
    fn average_precision_is_that_of_the_textbook() {
        // Cases at ranks 1 and 3: (1/1 + 2/3) / 2.
        let measures = of(&[(9, true), (8, false), (7, true), (6, false)]);
        assert!((measures.ap - 5.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_weight_counts_like_repeated_rows() {
        let rows = [(900_000, true), (700_000, false), (600_000, true), (100_000, false)];
        let weighted = Ranked::new(rows.into_iter(), 0).measures(&[3, 1, 2, 4]);
        let repeated: Vec<_> = rows.into_iter().zip([3, 1, 2, 4]).flat_map(|(row, n)| std::iter::repeat_n(row, n)).collect();
        for ((name, a), (_, b)) in weighted.named().into_iter().zip(of(&repeated).named()) {
            assert!((a - b).abs() < 1e-12 || (a.is_nan() && b.is_nan()), "{name}: {a} {b}");
        }
    }

    #[test]
    fn a_forecast_that_comes_true_as_often_as_it_says_is_calibrated() {
        let rows: Vec<_> = (0..10).map(|n| (250_000, n % 4 == 0 && n < 8)).chain([(250_000, true), (250_000, false)]).collect();
        assert!(of(&rows).ece < 1e-9);
    }
}
