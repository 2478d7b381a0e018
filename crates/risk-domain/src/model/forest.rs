//! Gradient-boosted trees as flat arrays: built from checked nodes, walked without surprises.
mod tree;

pub(super) use self::tree::MAX_DEPTH;
pub use self::tree::TreeNode;
use self::tree::{check, within};
use super::shapley::Leaves;
use super::{COLUMNS, ModelFault};

const MAX_TREES: usize = 10_000;

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

#[cfg(test)]
pub(super) mod tests;
