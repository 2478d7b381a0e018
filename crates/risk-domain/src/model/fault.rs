//! Why bytes are not a model.

/// A file that is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelFault {
    #[error("not a model file")]
    Magic,
    #[error("format version {0} is not known")]
    Version(u32),
    #[error("the file ends within {0}")]
    Truncated(&'static str),
    #[error("{0} bytes behind the end")]
    Trailing(usize),
    #[error("the description: {0}")]
    About(String),
    #[error("too many {0}")]
    TooLarge(&'static str),
    #[error("the columns are not those of this encoder")]
    Columns,
    #[error("the keys are not in ascending order")]
    Unsorted,
    #[error("a key has more cases than rows")]
    Counts,
    #[error("{0} is not a number in its range")]
    Number(&'static str),
    #[error("tree {tree}, node {node}: {what}")]
    Tree { tree: usize, node: usize, what: &'static str },
    #[error("thresholds are not in order")]
    Thresholds,
}
