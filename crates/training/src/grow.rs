//! Growing the trees with forust-ml and turning them into the artefact's nodes.
use std::collections::VecDeque;

use forust_ml::gradientbooster::GrowPolicy;
use forust_ml::sampler::SampleMethod;
use forust_ml::tree::Tree;
use forust_ml::{GradientBooster, Matrix};
use risk_domain::model::{COLUMNS, Column, Target, TreeNode};

use crate::{TrainFault, TreeOptions};

/// Base and trees of a target.
pub type Grown = (f64, Vec<Vec<TreeNode>>);

/// Grows one target's trees. `columns` holds a row's columns one after another; `cases` says which rows are cases, both kinds present.
///
/// One thread: sums are then taken in one order, and the same rows give the same trees.
pub fn grow(columns: &[[f64; COLUMNS]], cases: &[bool], target: Target, options: &TreeOptions, seed: u64) -> Result<Grown, TrainFault> {
    let used: Vec<usize> = (0..COLUMNS).filter(|index| is_used(*index, target)).collect();
    let data: Vec<f64> = used.iter().flat_map(|index| columns.iter().map(move |row| row[*index])).collect();
    let matrix = Matrix::new(&data, columns.len(), used.len());
    let labels: Vec<f64> = cases.iter().map(|case| f64::from(*case)).collect();
    let mut booster = GradientBooster::default()
        .set_iterations(options.trees)
        .set_learning_rate(options.learning_rate)
        .set_max_depth(options.depth)
        .set_max_leaves(options.leaves)
        .set_min_leaf_weight(options.min_leaf_weight)
        .set_l2(options.l2)
        .set_subsample(options.rows)
        .set_sample_method(if options.rows < 1.0 { SampleMethod::Random } else { SampleMethod::None })
        .set_colsample_bytree(options.columns)
        .set_initialize_base_score(true)
        .set_parallel(false)
        .set_seed(seed);
    booster.grow_policy = GrowPolicy::LossGuide;
    booster.fit_unweighted(&matrix, &labels, None)?;
    Ok((booster.base_score, relaid_all(&booster, &used)?))
}

fn relaid_all(booster: &GradientBooster, used: &[usize]) -> Result<Vec<Vec<TreeNode>>, TrainFault> {
    let trees = booster.trees.iter().map(|tree| relaid(tree, used)).collect::<Option<Vec<_>>>();
    trees.ok_or(TrainFault::Option("leaves", "so few that a tree has at most 65,535 nodes"))
}

/// The same tree level by level, so that siblings stand side by side, over the encoder's columns; `None` beyond 65,535 nodes.
fn relaid(tree: &Tree, used: &[usize]) -> Option<Vec<TreeNode>> {
    let mut nodes = Vec::with_capacity(tree.nodes.len());
    let mut queue = VecDeque::from([0]);
    let mut taken = 1;
    while let Some(index) = queue.pop_front() {
        let node = &tree.nodes[index];
        let cover = node.hessian_sum;
        if node.is_leaf {
            nodes.push(TreeNode::Leaf { cover, weight: node.weight_value });
            continue;
        }
        let column = u16::try_from(used[node.split_feature]).ok()?;
        let left = u16::try_from(taken).ok()?;
        nodes.push(TreeNode::Split { cover, column, threshold: node.split_value, missing_left: node.missing_node == node.left_child, left });
        queue.extend([node.left_child, node.right_child]);
        taken += 2;
    }
    Some(nodes)
}

/// Each target learns from its own rates; how often a key was seen and the numbers serve both.
fn is_used(index: usize, target: Target) -> bool {
    match Column::at(index) {
        Column::FraudRate(_) => target == Target::Fraud,
        Column::CriticalRate(_) => target == Target::Critical,
        Column::Seen(_) | Column::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use forust_ml::gradientbooster::ContributionsMethod;
    use risk_domain::model::Forest;

    use super::*;

    /// Rows with a few columns that matter, some of them missing.
    fn rows() -> (Vec<[f64; COLUMNS]>, Vec<bool>) {
        let mut rng = fastrand::Rng::with_seed(5);
        (0..3000)
            .map(|_| {
                let mut row = [0.0; COLUMNS];
                row.iter_mut().for_each(|value| *value = (rng.f64() * 20.0).floor());
                if rng.u8(0..5) == 0 {
                    row[COLUMNS - 8] = f64::NAN;
                }
                let risk = row[0] / 20.0 + if row[COLUMNS - 8].is_nan() { 0.4 } else { row[COLUMNS - 8] / 60.0 };
                (row, rng.f64() < risk / 1.5)
            })
            .unzip()
    }

    #[test]
    fn our_forest_says_what_the_trainer_s_own_says() {
        let (columns, cases) = rows();
        let used: Vec<usize> = (0..COLUMNS).collect();
        let data: Vec<f64> = used.iter().flat_map(|index| columns.iter().map(|row| row[*index])).collect();
        let labels: Vec<f64> = cases.iter().map(|case| f64::from(*case)).collect();
        let matrix = Matrix::new(&data, columns.len(), used.len());
        let mut booster = GradientBooster::default().set_iterations(40).set_max_leaves(31).set_max_depth(8).set_parallel(false);
        booster.fit_unweighted(&matrix, &labels, None).unwrap();
        let forest = Forest::new(booster.base_score, relaid_all(&booster, &used).unwrap()).unwrap();
        let theirs = booster.predict(&matrix, false);
        for (row, theirs) in columns.iter().zip(&theirs) {
            assert!((forest.log_odds(row) - theirs).abs() < 1e-12);
        }
        // The trainer computes Shapley values too, by the recursive algorithm and with 32 bits.
        let theirs = booster.predict_contributions(&matrix, ContributionsMethod::Shapley, false);
        for (row, theirs) in columns.iter().zip(theirs.chunks_exact(COLUMNS + 1)).take(200) {
            let ours = forest.contributions(row);
            assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-4));
            assert!((forest.expected() + ours.iter().sum::<f64>() - forest.log_odds(row)).abs() < 1e-9);
        }
    }

    #[test]
    fn the_same_rows_grow_the_same_trees() {
        let (columns, cases) = rows();
        let grown = || grow(&columns, &cases, Target::Fraud, &crate::Options::default().fraud, 3).unwrap();
        assert_eq!(grown(), grown());
    }
}
