//! What is wrong with an expression, where, in a plain sentence.

/// One fault of an expression.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("line {line}, column {column}: {text}")]
pub struct LanguageFault {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    pub text: String,
}

/// The name that is most like a misspelt one, if any is like it at all.
pub fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let limit = (written.chars().count() / 3).max(1);
    names.into_iter().map(|name| (strsim::damerau_levenshtein(written, name), name)).filter(|(d, _)| *d <= limit).min().map(|(_, name)| name)
}

/// ": did you mean x?", or nothing.
pub fn suggestion<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(written, names).map_or_else(String::new, |name| format!(": did you mean {name}?"))
}
