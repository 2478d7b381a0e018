//! Items of a draft: what a rule can name, read and write, with the place that a fault points at.
use crate::draft::Draft;

/// One item, wherever it stands: in the head, in each line, in each member of a list.
pub struct Item {
    /// JSON pointer, `*` for each index on the way.
    pub pattern: &'static str,
    /// Name in Vietnamese, as it stands inside a sentence.
    pub vi: &'static str,
    /// Name in English, likewise.
    pub en: &'static str,
    /// A value of the right form.
    pub good: &'static str,
    /// Most characters; 0 where the form of the item bounds it.
    pub length: usize,
    pub(super) outer: fn(&Draft) -> usize,
    pub(super) inner: fn(&Draft, usize) -> usize,
    pub(super) get: fn(&Draft, At) -> &str,
    pub(super) set: fn(&mut Draft, &str),
    /// Puts one more member before the others of the list: a copy of the first, or an empty one.
    pub(super) grow: fn(&mut Draft, Growth),
}

/// What one more member of a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// A copy of the first member.
    Copy,
    /// An empty member.
    Empty,
}

/// Index of an item along the `*` of its pattern; 0 where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct At(pub usize, pub usize);

impl Item {
    /// The text at an index, empty where the draft has none.
    pub fn get<'a>(&self, draft: &'a Draft, at: At) -> &'a str {
        (self.get)(draft, at)
    }

    /// Text of an item of the head.
    pub fn text<'a>(&self, draft: &'a Draft) -> &'a str {
        self.get(draft, At(0, 0))
    }

    /// Writes the item, the first one of a list.
    pub fn set(&self, draft: &mut Draft, text: &str) {
        (self.set)(draft, text);
    }

    /// Puts one more member before the first one of the item's list.
    pub fn grow(&self, draft: &mut Draft, growth: Growth) {
        (self.grow)(draft, growth);
    }

    /// Whether the item stands in the head, once.
    pub fn is_of_head(&self) -> bool {
        !self.pattern.contains('*')
    }

    /// Whether the item stands in one list, not in a list of each line.
    pub fn is_flat(&self) -> bool {
        self.pattern.matches('*').count() < 2
    }

    /// Every place where the item stands in this draft.
    pub fn places(&self, draft: &Draft) -> impl Iterator<Item = At> {
        let (outer, inner) = ((self.outer)(draft), self.inner);
        (0..outer).flat_map(move |i| (0..inner(draft, i)).map(move |j| At(i, j)))
    }

    /// JSON pointer of one place.
    pub fn pointer(&self, at: At) -> String {
        pointer(self.pattern, at)
    }

    /// Whether some place of the item is filled.
    pub fn is_filled_somewhere(&self, draft: &Draft) -> bool {
        self.places(draft).any(|at| !self.get(draft, at).is_empty())
    }
}

/// Writes the indices into the `*` of a pattern, in order.
pub fn pointer(pattern: &str, at: At) -> String {
    let mut indices = [at.0, at.1].into_iter();
    let mut written = String::with_capacity(pattern.len() + 2);
    for part in pattern.split_inclusive('*') {
        match part.strip_suffix('*') {
            Some(before) => written.push_str(&format!("{before}{}", indices.next().unwrap_or_default())),
            None => written.push_str(part),
        }
    }
    written
}

/// The first member of a list, made when there is none.
pub fn first<T: Default>(list: &mut Vec<T>) -> &mut T {
    if list.is_empty() {
        list.push(T::default());
    }
    &mut list[0]
}

/// Puts one more member before the first.
pub fn grow<T: Default + Clone>(list: &mut Vec<T>, growth: Growth) {
    let member = match growth {
        Growth::Copy => first(list).clone(),
        Growth::Empty => T::default(),
    };
    list.insert(0, member);
}
