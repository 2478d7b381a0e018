use proptest::prelude::*;

use super::*;

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
