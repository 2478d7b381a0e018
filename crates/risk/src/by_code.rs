//! Values by kind and code, such as `trader` and a tax code.
use std::collections::HashMap;

/// One map for each kind, so that no text is made to look something up.
#[derive(Debug, Default)]
pub struct ByCode<T>(HashMap<String, HashMap<String, T>>);

impl<T: Default> ByCode<T> {
    pub fn get(&self, kind: &str, code: &str) -> Option<&T> {
        self.0.get(kind)?.get(code)
    }

    pub fn put(&mut self, kind: &str, code: &str, value: T) {
        self.change(kind, code, |old| *old = value);
    }

    /// Changes a value; one that is not there begins as the default.
    pub fn change(&mut self, kind: &str, code: &str, change: impl FnOnce(&mut T)) {
        if let Some(value) = self.0.get_mut(kind).and_then(|codes| codes.get_mut(code)) {
            change(value);
        } else {
            change(self.0.entry(kind.to_owned()).or_default().entry(code.to_owned()).or_default());
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &T)> {
        self.0.iter().flat_map(|(kind, codes)| codes.iter().map(move |(code, value)| (kind.as_str(), code.as_str(), value)))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &str, &mut T)> {
        self.0.iter_mut().flat_map(|(kind, codes)| codes.iter_mut().map(move |(code, value)| (kind.as_str(), code.as_str(), value)))
    }

    pub fn len(&self) -> usize {
        self.0.values().map(HashMap::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_counts_by_kind_and_begins_at_nothing() {
        let mut counts = ByCode::<i32>::default();
        for (kind, code) in [("trader", "A"), ("trader", "A"), ("vehicle", "A"), ("trader", "B")] {
            counts.change(kind, code, |n| *n += 1);
        }
        counts.put("vehicle", "A", 7);
        let mut all: Vec<_> = counts.iter().collect();
        all.sort_unstable();
        assert_eq!(all, [("trader", "A", &2), ("trader", "B", &1), ("vehicle", "A", &7)]);
        assert_eq!((counts.len(), counts.get("vehicle", "B"), counts.get("seal", "A")), (3, None, None));
        counts.iter_mut().for_each(|(_, _, n)| *n = 0);
        assert_eq!(counts.get("trader", "A"), Some(&0));
    }
}
