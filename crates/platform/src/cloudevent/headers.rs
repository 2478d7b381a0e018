//! Headers of one message in two pieces of memory: a message has a dozen of them, and every reader of every topic keeps them.
use std::ops::Range;

/// Headers in the order in which they travel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Names and values, one behind the other.
    text: String,
    /// Where each name and each value ends.
    ends: Vec<(u32, u32)>,
}

impl Headers {
    /// Room for so many headers of so many bytes.
    pub fn with_capacity(headers: usize, bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(headers) }
    }

    /// Adds one. Headers beyond four gibibytes are none that a broker would carry.
    pub fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name_ends = self.end();
        self.text.push_str(value);
        self.ends.push((name_ends, self.end()));
    }

    fn end(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    /// Value of the first header of that name, or ''.
    pub fn get(&self, name: &str) -> &str {
        let bytes = self.text.as_bytes();
        self.places().find(|(n, _)| bytes[n.clone()] == *name.as_bytes()).map_or("", |(_, value)| &self.text[value])
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.places().map(|(name, value)| (&self.text[name], &self.text[value]))
    }

    /// Where each name and each value lies in the text.
    fn places(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let mut begin = 0;
        self.ends.iter().map(move |(name_ends, value_ends)| {
            let (name, value) = (begin..*name_ends as usize, *name_ends as usize..*value_ends as usize);
            begin = value.end;
            (name, value)
        })
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all names and values.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether PostgreSQL could not keep them as they are.
    pub fn has_nul(&self) -> bool {
        self.text.contains('\0')
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut all = Self::default();
        headers.into_iter().for_each(|(name, value)| all.push(name.as_ref(), value.as_ref()));
        all
    }
}

impl<N: AsRef<str>, V: AsRef<str>> Extend<(N, V)> for Headers {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, headers: I) {
        headers.into_iter().for_each(|(name, value)| self.push(name.as_ref(), value.as_ref()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out_in_its_order(given in prop::collection::vec((".{0,8}", ".{0,12}"), 0..8)) {
            let headers: Headers = given.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let back: Vec<(String, String)> = headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(headers.len(), given.len());
            if let Some((name, _)) = given.first() {
                prop_assert_eq!(headers.get(name), &given[0].1);
            }
            prop_assert_eq!(back, given);
        }
    }
}
