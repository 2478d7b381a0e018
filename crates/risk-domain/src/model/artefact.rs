//! The artefact: key tables, trees of both targets and their description in one file with one digest.
use sha2::{Digest as _, Sha256};
use values::Digest;

use super::wire::{Cursor, put_varint};
use super::{About, COLUMNS, Column, Contribution, Counts, Forest, Goods, Key, ModelFault, Number, Priors, Reasons, Score, Table, Target, TreeNode};
use super::{encode::encode_known, score::millionths};
use crate::Facts;

const MAGIC: [u8; 8] = *b"CLGMODEL";
const VERSION: u32 = 1;
/// Paths are unfolded when read, so that a file may take some twenty times its size in memory.
const MAX_BYTES: usize = 32 << 20;
/// A hash and three one-byte counts.
const MIN_ENTRY: usize = 11;
/// Kind, cover and weight of a leaf.
const MIN_NODE: usize = 9;

/// What a model is assembled from.
#[derive(Debug)]
pub struct Parts {
    pub about: About,
    pub priors: Priors,
    /// Hash and counts of every key, ascending.
    pub entries: Vec<(u64, Counts)>,
    /// Base and trees.
    pub fraud: (f64, Vec<Vec<TreeNode>>),
    pub critical: (f64, Vec<Vec<TreeNode>>),
}

/// A model that was read and checked.
#[derive(Debug)]
pub struct Model {
    about: About,
    table: Table,
    /// What each key of the table is worth, and a key that was never seen: computed once instead of with every line.
    known: Vec<[f64; 3]>,
    unknown: [f64; 3],
    fraud: Forest,
    critical: Forest,
    bytes: Vec<u8>,
    digest: Digest,
}

impl Model {
    /// Reads an artefact; whatever the bytes are, the answer is a model that cannot fail or a fault.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelFault> {
        if bytes.len() > MAX_BYTES {
            return Err(ModelFault::TooLarge("bytes"));
        }
        let mut cursor = Cursor::new(bytes);
        if cursor.take(MAGIC.len(), "the mark").ok() != Some(&MAGIC) {
            return Err(ModelFault::Magic);
        }
        match cursor.u32("the version")? {
            VERSION => {}
            other => return Err(ModelFault::Version(other)),
        }
        let length = cursor.count(1, "the description")?;
        let about: About = serde_json::from_slice(cursor.take(length, "the description")?).map_err(|e| ModelFault::About(e.to_string()))?;
        about.check()?;
        if cursor.u64("the columns")? != columns_mark() {
            return Err(ModelFault::Columns);
        }
        let priors = priors(&mut cursor)?;
        let table = table(&mut cursor)?;
        let (fraud, critical) = (forest(&mut cursor)?, forest(&mut cursor)?);
        match cursor.left() {
            0 => {
                let known = table.all().iter().map(|counts| priors.columns(*counts)).collect();
                let unknown = priors.columns(Counts::default());
                Ok(Self { about, table, known, unknown, fraud, critical, bytes: bytes.to_vec(), digest: Sha256::digest(bytes).into() })
            }
            more => Err(ModelFault::Trailing(more)),
        }
    }

    /// Writes the parts down and reads them back, so that a model never differs from its file.
    pub fn assemble(parts: &Parts) -> Result<Self, ModelFault> {
        let about = serde_json::to_vec(&parts.about).map_err(|e| ModelFault::About(e.to_string()))?;
        let mut bytes = Vec::new();
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        put_count(&mut bytes, about.len(), "bytes of description")?;
        bytes.extend(about);
        bytes.extend(columns_mark().to_le_bytes());
        for prior in [parts.priors.smoothing, parts.priors.fraud, parts.priors.critical] {
            bytes.extend(prior.to_le_bytes());
        }
        put_count(&mut bytes, parts.entries.len(), "entries")?;
        for (hash, counts) in &parts.entries {
            bytes.extend(hash.to_le_bytes());
            for count in [counts.seen, counts.fraud, counts.critical] {
                put_varint(&mut bytes, count);
            }
        }
        for (base, trees) in [&parts.fraud, &parts.critical] {
            put_forest(&mut bytes, *base, trees)?;
        }
        Self::read(&bytes)
    }

    /// The artefact's bytes.
    pub fn write(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the artefact.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What the model says of itself.
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Number of keys in the tables.
    pub fn keys(&self) -> usize {
        self.table.len()
    }

    /// The columns of a goods line, as trained.
    pub fn columns(&self, goods: &Goods) -> [f64; COLUMNS] {
        encode_known(goods, |_, hash| self.table.place(hash).map_or(self.unknown, |place| self.known[place]))
    }

    /// Probabilities of a goods line.
    pub fn score(&self, goods: &Goods) -> Score {
        let columns = self.columns(goods);
        Score { fraud: millionths(self.fraud.log_odds(&columns)), critical: millionths(self.critical.log_odds(&columns)) }
    }

    /// Scores of a declaration's lines, in their order; see [`Score::of_declaration`].
    pub fn score_lines(&self, facts: &Facts) -> Vec<Score> {
        facts.lines.iter().map(|line| self.score(&Goods::of_line(facts, line))).collect()
    }

    /// Whether the very same goods line is in the history.
    pub fn knows(&self, goods: &Goods) -> bool {
        self.seen(Key::Tuple, goods).seen > 0
    }

    /// What the history holds of a key of this goods line.
    pub fn seen(&self, key: Key, goods: &Goods) -> Counts {
        self.table.get(key.hash(goods))
    }

    /// What speaks for and against fraud, the strongest first.
    pub fn contributions(&self, goods: &Goods) -> Vec<Contribution> {
        self.reasons(goods, Target::Fraud).contributions
    }

    /// The same for either target, with the base that the contributions start from.
    pub fn reasons(&self, goods: &Goods, target: Target) -> Reasons {
        let columns = self.columns(goods);
        let forest = self.forest(target);
        Reasons::of(self, goods, forest.expected(), forest.log_odds(&columns), &forest.contributions(&columns))
    }

    /// The trees of a target.
    pub const fn forest(&self, target: Target) -> &Forest {
        match target {
            Target::Fraud => &self.fraud,
            Target::Critical => &self.critical,
        }
    }
}

/// Digest of the names of all columns, so that an artefact of another encoder is refused rather than misread.
fn columns_mark() -> u64 {
    let names = (0..COLUMNS).map(|index| match Column::at(index) {
        Column::FraudRate(key) => format!("{}.fraud\n", key.name()),
        Column::CriticalRate(key) => format!("{}.critical\n", key.name()),
        Column::Seen(key) => format!("{}.seen\n", key.name()),
        Column::Number(number) => format!("{}\n", Number::name(number)),
    });
    let digest: Digest = Sha256::digest(names.collect::<String>()).into();
    u64::from_le_bytes(std::array::from_fn(|i| digest[i]))
}

fn priors(cursor: &mut Cursor<'_>) -> Result<Priors, ModelFault> {
    let priors = Priors { smoothing: cursor.f64("the priors")?, fraud: cursor.f64("the priors")?, critical: cursor.f64("the priors")? };
    let share = |value: f64| (0.0..=1.0).contains(&value);
    if priors.smoothing.is_finite() && priors.smoothing > 0.0 && share(priors.fraud) && share(priors.critical) {
        Ok(priors)
    } else {
        Err(ModelFault::Number("a prior"))
    }
}

fn table(cursor: &mut Cursor<'_>) -> Result<Table, ModelFault> {
    const WHAT: &str = "the key tables";
    let count = cursor.count(MIN_ENTRY, WHAT)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let hash = cursor.u64(WHAT)?;
        entries.push((hash, Counts { seen: cursor.varint(WHAT)?, fraud: cursor.varint(WHAT)?, critical: cursor.varint(WHAT)? }));
    }
    Table::new(entries.into_iter())
}

fn forest(cursor: &mut Cursor<'_>) -> Result<Forest, ModelFault> {
    const WHAT: &str = "the trees";
    let base = cursor.f64(WHAT)?;
    let count = cursor.count(4 + MIN_NODE, WHAT)?;
    let mut trees = Vec::with_capacity(count);
    for _ in 0..count {
        let nodes = cursor.count(MIN_NODE, WHAT)?;
        trees.push((0..nodes).map(|_| node(cursor)).collect::<Result<Vec<_>, _>>()?);
    }
    Forest::new(base, trees)
}

fn node(cursor: &mut Cursor<'_>) -> Result<TreeNode, ModelFault> {
    const WHAT: &str = "a node";
    let kind = cursor.u8(WHAT)?;
    let cover = cursor.f32(WHAT)?;
    match kind {
        0 => Ok(TreeNode::Leaf { cover, weight: cursor.f32(WHAT)? }),
        1 | 2 => {
            let (column, threshold) = (cursor.u16(WHAT)?, cursor.f64(WHAT)?);
            Ok(TreeNode::Split { cover, column, threshold, missing_left: kind == 2, left: cursor.u16(WHAT)? })
        }
        _ => Err(ModelFault::Number("the kind of a node")),
    }
}

fn put_forest(bytes: &mut Vec<u8>, base: f64, trees: &[Vec<TreeNode>]) -> Result<(), ModelFault> {
    bytes.extend(base.to_le_bytes());
    put_count(bytes, trees.len(), "trees")?;
    for tree in trees {
        put_count(bytes, tree.len(), "nodes")?;
        for node in tree {
            put_node(bytes, node);
        }
    }
    Ok(())
}

fn put_node(bytes: &mut Vec<u8>, node: &TreeNode) {
    match *node {
        TreeNode::Leaf { cover, weight } => {
            bytes.push(0);
            bytes.extend(cover.to_le_bytes());
            bytes.extend(weight.to_le_bytes());
        }
        TreeNode::Split { cover, column, threshold, missing_left, left } => {
            bytes.push(1 + u8::from(missing_left));
            bytes.extend(cover.to_le_bytes());
            bytes.extend(column.to_le_bytes());
            bytes.extend(threshold.to_le_bytes());
            bytes.extend(left.to_le_bytes());
        }
    }
}

fn put_count(bytes: &mut Vec<u8>, count: usize, what: &'static str) -> Result<(), ModelFault> {
    bytes.extend(u32::try_from(count).map_err(|_| ModelFault::TooLarge(what))?.to_le_bytes());
    Ok(())
}

#[cfg(test)]
#[path = "artefact_tests.rs"]
mod tests;
