//! Named lists as criteria see them: which texts are in them, by whole text or by HS prefix.
use std::{collections::BTreeMap, sync::Arc};

use super::fast::TextMap;

/// What the entries of a list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// Commodity codes or their first digits: a code is in the list when it begins with an entry.
    Commodity,
    /// Texts: a text is in the list when it equals an entry.
    Text,
}

/// A set of texts, asked by whole text or by prefix.
#[derive(Debug, Clone)]
pub struct TextSet {
    entries: TextMap<()>,
    /// Lengths of the entries in bytes, ascending, each once.
    lengths: Vec<usize>,
}

impl TextSet {
    pub fn new<T: AsRef<str>>(entries: impl IntoIterator<Item = T>) -> Self {
        let entries: TextMap<()> = entries.into_iter().map(|e| (e.as_ref().into(), ())).collect();
        let mut lengths: Vec<usize> = entries.keys().map(|e| e.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { entries, lengths }
    }

    pub fn contains(&self, text: &str) -> bool {
        self.entries.contains_key(text)
    }

    /// Whether the text begins with an entry.
    pub fn covers(&self, text: &str) -> bool {
        self.lengths.iter().take_while(|n| **n <= text.len()).filter_map(|n| text.get(..*n)).any(|head| self.entries.contains_key(head))
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(AsRef::as_ref)
    }
}

/// A named list in one version.
#[derive(Debug, Clone)]
pub struct List {
    pub kind: ListKind,
    pub entries: TextSet,
}

impl List {
    /// Whether a text is in the list, in the sense of its kind.
    pub fn holds(&self, text: &str) -> bool {
        match self.kind {
            ListKind::Commodity => self.entries.covers(text),
            ListKind::Text => self.entries.contains(text),
        }
    }
}

/// The lists that a criterion may name, each in the version that is valid.
#[derive(Debug, Clone, Default)]
pub struct Lists(BTreeMap<String, Arc<List>>);

impl Lists {
    /// Adds a list; a later one of the same name replaces the earlier.
    pub fn add<T: AsRef<str>>(&mut self, name: impl Into<String>, kind: ListKind, entries: impl IntoIterator<Item = T>) {
        self.share(name, Arc::new(List { kind, entries: TextSet::new(entries) }));
    }

    pub(crate) fn share(&mut self, name: impl Into<String>, list: Arc<List>) {
        self.0.insert(name.into(), list);
    }

    /// A list by its name.
    pub fn get(&self, name: &str) -> Option<&Arc<List>> {
        self.0.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
