//! Gradient-boosted trees as flat arrays: built from checked nodes, walked without surprises.
use super::shapley::Leaves;
use super::{COLUMNS, ModelFault};

/// A path may be this long.
pub(super) const MAX_DEPTH: usize = 32;
const MAX_TREES: usize = 10_000;
/// Log-odds of a base or a leaf stay within this, so that no sum of millionths overflows.
const MAX_LOG_ODDS: f64 = 1000.0;

/// A node of a tree in the artefact; the root is node 0, the right child stands behind the left one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TreeNode {
    /// Adds `weight` to the log-odds.
    Leaf {
        /// Sum of hessians of the training rows that came here.
        cover: f32,
        /// Log-odds.
        weight: f32,
    },
    /// Left if the column is below `threshold`, right if not.
    Split {
        /// Sum of hessians of the training rows that came here.
        cover: f32,
        /// Index of the column.
        column: u16,
        /// In the unit of the column.
        threshold: f64,
        /// Whether a missing value goes left.
        missing_left: bool,
        /// Index of the left child within the tree, above the node's own.
        left: u16,
    },
}

impl TreeNode {
    pub(super) const fn cover(&self) -> f32 {
        match self {
            Self::Leaf { cover, .. } | Self::Split { cover, .. } => *cover,
        }
    }
}

/// One step of a walk, 16 bytes. A leaf leads to itself, so a walk may take more steps than its tree has levels.
#[derive(Debug, Clone, Copy)]
struct Step {
    threshold: f64,
    /// Counts over all trees.
    left: u32,
    column: u16,
    missing_left: bool,
    /// 1 where the right child is another one than the left, 0 at a leaf.
    fork: u8,
}

/// Trees that are walked abreast: which way a step goes cannot be foreseen, so one walk alone would wait for memory most of the time.
const ABREAST: usize = 8;

#[derive(Debug)]
struct Group {
    /// Of fewer trees the first one fills the rest.
    roots: [u32; ABREAST],
    trees: usize,
    /// Steps to the lowest leaf.
    depth: usize,
}

/// The trees of one target.
#[derive(Debug)]
pub struct Forest {
    base: f64,
    trees: Vec<Vec<TreeNode>>,
    steps: Vec<Step>,
    /// Of the leaves, at their places among the steps.
    weights: Vec<f64>,
    groups: Vec<Group>,
    leaves: Leaves,
}

impl Forest {
    /// Checks everything that walking relies on: children lie ahead and have one parent each, numbers are finite, covers positive.
    pub fn new(base: f64, trees: Vec<Vec<TreeNode>>) -> Result<Self, ModelFault> {
        if !within(base) {
            return Err(ModelFault::Number("the base"));
        }
        if trees.len() > MAX_TREES {
            return Err(ModelFault::TooLarge("trees"));
        }
        let (mut steps, mut weights, mut roots) = (Vec::new(), Vec::new(), Vec::with_capacity(trees.len()));
        for (number, tree) in trees.iter().enumerate() {
            let depth = check(number, tree)?;
            let start = u32::try_from(steps.len()).map_err(|_| ModelFault::TooLarge("nodes"))?;
            roots.push((start, depth));
            steps.extend((start..).zip(tree).map(|(own, node)| step(node, own, start)));
            weights.extend(tree.iter().map(weight));
        }
        let groups = roots.chunks(ABREAST).map(group).collect();
        let leaves = Leaves::of(base, &trees);
        Ok(Self { base, trees, steps, weights, groups, leaves })
    }

    /// Log-odds where no tree says anything.
    pub const fn base(&self) -> f64 {
        self.base
    }

    /// The trees as they stand in the artefact.
    pub fn trees(&self) -> &[Vec<TreeNode>] {
        &self.trees
    }

    /// Log-odds: the base and the weight of one leaf a tree, added in the order of the trees.
    #[expect(clippy::float_arithmetic, reason = "a score is made of + - × ÷")]
    pub fn log_odds(&self, columns: &[f64; COLUMNS]) -> f64 {
        let mut sum = self.base;
        for group in &self.groups {
            let leaves = self.walk(group, columns);
            for leaf in &leaves[..group.trees] {
                sum += self.weights[*leaf as usize];
            }
        }
        sum
    }

    /// Log-odds of a row of which nothing is known.
    pub const fn expected(&self) -> f64 {
        self.leaves.expected
    }

    /// Shapley value of every column; they and [`Self::expected`] add up to the log-odds.
    pub fn contributions(&self, columns: &[f64; COLUMNS]) -> [f64; COLUMNS] {
        self.leaves.values(columns)
    }

    /// Leaves of the group's trees for a row.
    fn walk(&self, group: &Group, columns: &[f64; COLUMNS]) -> [u32; ABREAST] {
        let mut places = group.roots;
        for _ in 0..group.depth {
            for place in &mut places {
                let step = &self.steps[*place as usize];
                let value = columns[usize::from(step.column)];
                // A missing value is a NaN and below nothing.
                let left = (value < step.threshold) | (step.missing_left & value.is_nan());
                *place = step.left + u32::from(u8::from(!left) & step.fork);
            }
        }
        places
    }
}

fn within(log_odds: f64) -> bool {
    log_odds.abs() <= MAX_LOG_ODDS
}

/// Sums of 32-bit hessians differ a little with their order.
#[expect(clippy::float_arithmetic, reason = "a check of a file, not a decision")]
fn covered(child: f32, parent: f32) -> bool {
    f64::from(child) <= f64::from(parent) * 1.001
}

fn step(node: &TreeNode, own: u32, start: u32) -> Step {
    match *node {
        TreeNode::Leaf { .. } => Step { threshold: 0.0, left: own, column: 0, missing_left: false, fork: 0 },
        TreeNode::Split { column, threshold, missing_left, left, .. } => {
            Step { threshold, left: start + u32::from(left), column, missing_left, fork: 1 }
        }
    }
}

fn weight(node: &TreeNode) -> f64 {
    match *node {
        TreeNode::Leaf { weight, .. } => f64::from(weight),
        TreeNode::Split { .. } => 0.0,
    }
}

fn group(trees: &[(u32, usize)]) -> Group {
    let root = |n: usize| trees.get(n).or(trees.first()).map_or(0, |(root, _)| *root);
    Group { roots: std::array::from_fn(root), trees: trees.len(), depth: trees.iter().map(|(_, depth)| *depth).max().unwrap_or(0) }
}

/// Steps from the root to the lowest leaf.
fn check(number: usize, tree: &[TreeNode]) -> Result<usize, ModelFault> {
    let fault = |node, what| Err(ModelFault::Tree { tree: number, node, what });
    if tree.is_empty() {
        return fault(0, "a tree without nodes");
    }
    let mut depths: Vec<Option<usize>> = vec![None; tree.len()];
    depths[0] = Some(0);
    let mut deepest = 0;
    for (index, node) in tree.iter().enumerate() {
        // A child lies behind its parent, so the depth is known when its turn comes, unless nothing leads to it.
        let Some(depth) = depths[index] else {
            return fault(index, "nothing leads here");
        };
        deepest = deepest.max(depth);
        let cover = node.cover();
        if !(cover.is_finite() && cover > 0.0) {
            return fault(index, "cover is not positive");
        }
        match *node {
            TreeNode::Leaf { weight, .. } if !within(f64::from(weight)) => return fault(index, "weight is out of range"),
            TreeNode::Leaf { .. } => {}
            TreeNode::Split { column, threshold, left, .. } => {
                let left = usize::from(left);
                if usize::from(column) >= COLUMNS || !threshold.is_finite() {
                    return fault(index, "column or threshold is out of range");
                }
                if depth >= MAX_DEPTH || left <= index || left + 1 >= tree.len() {
                    return fault(index, "a child is out of range");
                }
                for child in [left, left + 1] {
                    if depths[child].replace(depth + 1).is_some() {
                        return fault(child, "two nodes lead here");
                    }
                    if !covered(tree[child].cover(), cover) {
                        return fault(child, "more cover than the parent");
                    }
                }
            }
        }
    }
    Ok(deepest)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn leaf(weight: f32) -> TreeNode {
        TreeNode::Leaf { cover: 1.0, weight }
    }

    const fn split(column: u16, threshold: f64, missing_left: bool, left: u16) -> TreeNode {
        TreeNode::Split { cover: 2.0, column, threshold, missing_left, left }
    }

    /// Random trees of at most 3 levels over the first 5 columns.
    pub fn trees() -> impl Strategy<Value = Vec<Vec<TreeNode>>> {
        let node = (0_u16..5, -4_i8..4, any::<bool>(), 1_u8..9, 1_u8..9, -50_i8..50);
        proptest::collection::vec(proptest::collection::vec(node, 15), 1..4).prop_map(|trees| trees.iter().map(|parts| full(parts)).collect())
    }

    #[expect(clippy::float_arithmetic, reason = "trees are made of floats")]
    fn full(parts: &[(u16, i8, bool, u8, u8, i8)]) -> Vec<TreeNode> {
        let mut covers = [100.0_f32; 15];
        parts
            .iter()
            .enumerate()
            .map(|(i, (column, threshold, missing_left, a, b, weight))| {
                if i >= 7 {
                    return TreeNode::Leaf { cover: covers[i], weight: f32::from(*weight) / 10.0 };
                }
                let share = f32::from(*a) / f32::from(*a + *b);
                covers[2 * i + 1] = covers[i] * share;
                covers[2 * i + 2] = covers[i] * (1.0 - share);
                let left = u16::try_from(2 * i + 1).unwrap();
                TreeNode::Split { cover: covers[i], column: *column, threshold: f64::from(*threshold), missing_left: *missing_left, left }
            })
            .collect()
    }

    #[test]
    fn a_missing_value_goes_where_the_node_says() {
        let at = |missing_left, value| {
            let mut columns = [0.0; COLUMNS];
            columns[3] = value;
            Forest::new(1.0, vec![vec![split(3, 0.5, missing_left, 1), leaf(10.0), leaf(20.0)]]).unwrap().log_odds(&columns)
        };
        assert_eq!(at(true, f64::NAN), 11.0);
        assert_eq!(at(false, f64::NAN), 21.0);
        assert_eq!(at(true, 0.4), 11.0);
        assert_eq!(at(true, 0.5), 21.0);
    }

    #[expect(clippy::float_arithmetic, reason = "trees are made of floats")]
    fn alone(base: f64, trees: &[Vec<TreeNode>], columns: &[f64; COLUMNS]) -> f64 {
        trees.iter().fold(base, |sum, tree| sum + leaf_of(tree, columns))
    }

    proptest! {
        #[test]
        fn trees_walked_abreast_end_where_each_ends_alone(
            trees in proptest::collection::vec(trees(), 0..12),
            row in proptest::collection::vec(prop_oneof![Just(f64::NAN), Just(f64::INFINITY), -5.0..5.0_f64], COLUMNS),
        ) {
            let trees: Vec<Vec<TreeNode>> = trees.into_iter().flatten().collect();
            let columns: [f64; COLUMNS] = row.try_into().unwrap();
            let expected = alone(0.5, &trees, &columns);
            prop_assert_eq!(Forest::new(0.5, trees).unwrap().log_odds(&columns), expected);
        }
    }

    /// The weight to which one tree leads, node by node.
    fn leaf_of(tree: &[TreeNode], columns: &[f64; COLUMNS]) -> f64 {
        let mut at = 0;
        loop {
            match tree[at] {
                TreeNode::Leaf { weight, .. } => return f64::from(weight),
                TreeNode::Split { column, threshold, missing_left, left, .. } => {
                    let value = columns[usize::from(column)];
                    let goes_left = if value.is_nan() { missing_left } else { value < threshold };
                    at = usize::from(left) + usize::from(!goes_left);
                }
            }
        }
    }

    #[test]
    fn crooked_trees_are_refused() {
        let refused = |tree: &[TreeNode]| match Forest::new(0.0, vec![tree.to_vec()]) {
            Err(ModelFault::Tree { what, .. }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(&[]), "a tree without nodes");
        assert_eq!(refused(&[split(0, 0.0, false, 0), leaf(1.0)]), "a child is out of range");
        assert_eq!(refused(&[split(0, 0.0, false, 1), leaf(1.0)]), "a child is out of range");
        assert_eq!(refused(&[split(999, 0.0, false, 1), leaf(1.0), leaf(1.0)]), "column or threshold is out of range");
        assert_eq!(refused(&[split(0, f64::NAN, false, 1), leaf(1.0), leaf(1.0)]), "column or threshold is out of range");
        assert_eq!(refused(&[leaf(f32::INFINITY)]), "weight is out of range");
        assert_eq!(refused(&[leaf(f32::NAN)]), "weight is out of range");
        let heavy = TreeNode::Leaf { cover: 3.0, weight: 1.0 };
        assert_eq!(refused(&[split(0, 0.0, false, 1), heavy, leaf(1.0)]), "more cover than the parent");
        assert_eq!(refused(&[leaf(1.0), leaf(1.0)]), "nothing leads here");
        let shared = [split(0, 0.0, false, 1), split(0, 0.0, false, 2), leaf(1.0), leaf(1.0)];
        assert_eq!(refused(&shared), "two nodes lead here");
    }
}
