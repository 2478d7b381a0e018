//! Exact Shapley values of a forest's log-odds, leaf by leaf.
//!
//! The game is the path-dependent one of Lundberg, Erion and Lee ("Consistent individualized feature attribution for tree ensembles", 2018;
//! Nature Machine Intelligence 2, 2020): a column outside the coalition sends a row both ways, weighted by cover. A leaf of weight w, whose path
//! asks m distinct columns, is worth w·∏ over the columns of (passes? 1 : 0 inside the coalition, share outside). As "passes" is 0 or 1, one
//! polynomial over the columns that pass gives the values of all m: no recursion, no division by what may vanish.
use super::forest::MAX_DEPTH;
use super::{COLUMNS, TreeNode};

/// What a path demands of one column.
#[derive(Debug, Clone, Copy)]
struct Gate {
    /// Passes from here on.
    low: f64,
    /// Passes below.
    high: f64,
    /// Product of the covers' ratios along the path.
    share: f64,
    column: u16,
    /// Whether a missing value passes.
    missing: bool,
}

#[derive(Debug)]
struct Leaf {
    weight: f64,
    gates: std::ops::Range<u32>,
}

/// All leaves of a forest with the gates of their paths.
#[derive(Debug)]
pub struct Leaves {
    gates: Vec<Gate>,
    leaves: Vec<Leaf>,
    /// Log-odds of a row of which nothing is known.
    pub(super) expected: f64,
    /// `orders[m][s]` = s!(m-s-1)!/m!: share of the orders in which s given columns of m stand before a given other one.
    orders: Vec<Vec<f64>>,
}

#[expect(clippy::float_arithmetic, reason = "contributions explain a score, they decide nothing")]
impl Leaves {
    /// Of trees that were checked.
    pub(super) fn of(base: f64, trees: &[Vec<TreeNode>]) -> Self {
        let mut all = Self { gates: Vec::new(), leaves: Vec::new(), expected: base, orders: orders() };
        for tree in trees {
            all.descend(tree, 0, &[]);
        }
        all
    }

    fn descend(&mut self, tree: &[TreeNode], index: usize, path: &[Gate]) {
        match tree[index] {
            TreeNode::Leaf { weight, .. } => {
                let start = self.gates.len() as u32;
                self.gates.extend_from_slice(path);
                let weight = f64::from(weight);
                self.expected += path.iter().fold(weight, |product, gate| product * gate.share);
                self.leaves.push(Leaf { weight, gates: start..self.gates.len() as u32 });
            }
            TreeNode::Split { cover, column, threshold, missing_left, left } => {
                for (is_left, child) in [(true, usize::from(left)), (false, usize::from(left) + 1)] {
                    let share = f64::from(tree[child].cover()) / f64::from(cover);
                    let mut longer = path.to_vec();
                    let gate = entry(&mut longer, column);
                    gate.share *= share;
                    gate.missing &= missing_left == is_left;
                    if is_left {
                        gate.high = gate.high.min(threshold);
                    } else {
                        gate.low = gate.low.max(threshold);
                    }
                    self.descend(tree, child, &longer);
                }
            }
        }
    }

    /// Shapley value of every column; they and [`Self::expected`] add up to the log-odds.
    pub(super) fn values(&self, columns: &[f64; COLUMNS]) -> [f64; COLUMNS] {
        let mut values = [0.0; COLUMNS];
        // Two arrays on the stack for all leaves: the polynomial and, for each gate, whether it passes.
        let mut polynomial = [0.0; MAX_DEPTH + 1];
        let mut passes = [false; MAX_DEPTH];
        for leaf in &self.leaves {
            let gates = &self.gates[leaf.gates.start as usize..leaf.gates.end as usize];
            let mut degree = 0;
            let mut outside = leaf.weight;
            polynomial[0] = 1.0;
            for (gate, pass) in gates.iter().zip(&mut passes) {
                *pass = gate.admits(columns[usize::from(gate.column)]);
                if *pass {
                    multiply(&mut polynomial, degree, gate.share);
                    degree += 1;
                } else {
                    outside *= gate.share;
                }
            }
            let orders = &self.orders[gates.len()];
            let closed = outside * weighted(&polynomial[..=degree], orders);
            for (gate, pass) in gates.iter().zip(&passes) {
                values[usize::from(gate.column)] +=
                    if *pass { outside * (1.0 - gate.share) * without(&polynomial[..=degree], gate.share, orders) } else { -closed };
            }
        }
        values
    }
}

impl Gate {
    fn admits(&self, value: f64) -> bool {
        if value.is_nan() { self.missing } else { self.low <= value && value < self.high }
    }
}

fn entry(path: &mut Vec<Gate>, column: u16) -> &mut Gate {
    let found = path.iter().position(|gate| gate.column == column).unwrap_or_else(|| {
        path.push(Gate { low: f64::NEG_INFINITY, high: f64::INFINITY, share: 1.0, column, missing: true });
        path.len() - 1
    });
    &mut path[found]
}

/// Times (x + share), in place; coefficients from the constant up.
#[expect(clippy::float_arithmetic, reason = "contributions explain a score, they decide nothing")]
fn multiply(polynomial: &mut [f64], degree: usize, share: f64) {
    polynomial[degree + 1] = polynomial[degree];
    for power in (1..=degree).rev() {
        polynomial[power] = polynomial[power - 1] + share * polynomial[power];
    }
    polynomial[0] *= share;
}

/// The coefficient of x^s stands for the coalitions of s columns that pass.
#[expect(clippy::float_arithmetic, reason = "contributions explain a score, they decide nothing")]
fn weighted(polynomial: &[f64], orders: &[f64]) -> f64 {
    polynomial.iter().zip(orders).map(|(coefficient, order)| coefficient * order).sum()
}

/// The same of the quotient by (x + share): Horner's scheme from the top, stable as no share exceeds 1.
#[expect(clippy::float_arithmetic, reason = "contributions explain a score, they decide nothing")]
fn without(polynomial: &[f64], share: f64, orders: &[f64]) -> f64 {
    let (mut sum, mut quotient) = (0.0, 0.0);
    for power in (1..polynomial.len()).rev() {
        quotient = polynomial[power] - share * quotient;
        sum += quotient * orders[power - 1];
    }
    sum
}

#[expect(clippy::float_arithmetic, reason = "contributions explain a score, they decide nothing")]
fn orders() -> Vec<Vec<f64>> {
    let row = |m: usize| {
        // s = 0 gives 1/m; each further s multiplies by s / (m - s).
        let mut order = 1.0 / m.max(1) as f64;
        (0..m)
            .map(|s| {
                if s > 0 {
                    order *= s as f64 / (m - s) as f64;
                }
                order
            })
            .collect()
    };
    (0..=MAX_DEPTH).map(row).collect()
}

#[cfg(test)]
#[expect(clippy::float_arithmetic, reason = "a test of float arithmetic")]
mod tests {
    use super::super::Forest;
    use super::super::forest::tests::trees;
    use super::*;
    use proptest::prelude::*;

    /// Worth of a coalition, by the definition: down both ways, weighted by cover, where the column is not in it.
    fn worth(tree: &[TreeNode], index: usize, columns: &[f64; COLUMNS], coalition: u32) -> f64 {
        match tree[index] {
            TreeNode::Leaf { weight, .. } => f64::from(weight),
            TreeNode::Split { cover, column, threshold, missing_left, left } => {
                let (left, right) = (usize::from(left), usize::from(left) + 1);
                if coalition >> column & 1 == 1 {
                    let value = columns[usize::from(column)];
                    let goes_left = value < threshold || (value.is_nan() && missing_left);
                    worth(tree, if goes_left { left } else { right }, columns, coalition)
                } else {
                    let part = |child: usize| f64::from(tree[child].cover()) / f64::from(cover) * worth(tree, child, columns, coalition);
                    part(left) + part(right)
                }
            }
        }
    }

    fn by_definition(trees: &[Vec<TreeNode>], columns: &[f64; COLUMNS], of: u32) -> f64 {
        const M: u32 = 5;
        let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
        (0..1_u32 << M)
            .filter(|coalition| coalition >> of & 1 == 0)
            .map(|coalition| {
                let s = coalition.count_ones();
                let gain: f64 = trees.iter().map(|t| worth(t, 0, columns, coalition | 1 << of) - worth(t, 0, columns, coalition)).sum();
                factorial(s) * factorial(M - s - 1) / factorial(M) * gain
            })
            .sum()
    }

    proptest! {
        #[test]
        fn values_are_those_of_the_definition(trees in trees(), row in proptest::collection::vec(-5_i8..6, 5)) {
            let mut columns = [0.0; COLUMNS];
            for (column, value) in columns.iter_mut().zip(&row) {
                *column = if *value == 5 { f64::NAN } else { f64::from(*value) };
            }
            let forest = Forest::new(0.25, trees.clone()).unwrap();
            let values = forest.contributions(&columns);
            for of in 0..5 {
                prop_assert!((values[of as usize] - by_definition(&trees, &columns, of)).abs() < 1e-9);
            }
            let sum: f64 = values.iter().sum();
            prop_assert!((forest.expected() + sum - forest.log_odds(&columns)).abs() < 1e-9);
        }
    }
}
