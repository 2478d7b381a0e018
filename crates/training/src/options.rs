//! Settings of a training run.

/// How one target's trees grow.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeOptions {
    pub trees: usize,
    pub leaves: usize,
    pub depth: usize,
    pub learning_rate: f32,
    /// Least sum of hessians in a leaf.
    pub min_leaf_weight: f32,
    /// Share of rows a tree sees.
    pub rows: f32,
    /// Share of columns a tree sees.
    pub columns: f64,
    pub l2: f32,
}

/// Shares of the valid rows, in millionths, that the thresholds put into the lanes by one target alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutShares {
    pub red: u32,
    /// Red and yellow.
    pub yellow: u32,
    /// Red, yellow and the uncertain band.
    pub uncertain: u32,
}

/// Everything that a training run depends on beside its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The history in words, for the artefact.
    pub source: String,
    /// Whether the history was generated.
    pub made_up: bool,
    pub seed: u64,
    /// Random folds for the rates of training rows.
    pub folds: u8,
    /// Rows that a prior counts for.
    pub smoothing: f64,
    pub fraud: TreeOptions,
    pub critical: TreeOptions,
    pub fraud_cuts: CutShares,
    pub critical_cuts: CutShares,
}

impl Default for Options {
    /// As tuned on the Korean data: `docs/model.md` says on which part of it.
    fn default() -> Self {
        let fraud = TreeOptions { trees: 200, leaves: 31, depth: 8, learning_rate: 0.03, min_leaf_weight: 8.0, rows: 0.8, columns: 0.5, l2: 5.0 };
        Self {
            source: String::new(),
            made_up: false,
            seed: 0,
            folds: 10,
            smoothing: 20.0,
            critical: fraud.clone(),
            fraud,
            fraud_cuts: CutShares { red: 50_000, yellow: 200_000, uncertain: 300_000 },
            critical_cuts: CutShares { red: 10_000, yellow: 50_000, uncertain: 100_000 },
        }
    }
}
