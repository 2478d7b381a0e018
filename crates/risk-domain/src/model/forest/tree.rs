//! A tree as it stands in the artefact, and what makes it one that can be walked.
use crate::model::{COLUMNS, ModelFault};

/// A path may be this long.
pub const MAX_DEPTH: usize = 32;
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
    pub(in crate::model) const fn cover(&self) -> f32 {
        match self {
            Self::Leaf { cover, .. } | Self::Split { cover, .. } => *cover,
        }
    }
}

/// Steps from the root to the lowest leaf.
pub fn check(number: usize, tree: &[TreeNode]) -> Result<usize, ModelFault> {
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

pub fn within(log_odds: f64) -> bool {
    log_odds.abs() <= MAX_LOG_ODDS
}

/// Sums of 32-bit hessians differ a little with their order.
#[expect(clippy::float_arithmetic, reason = "a check of a file, not a decision")]
fn covered(child: f32, parent: f32) -> bool {
    f64::from(child) <= f64::from(parent) * 1.001
}
