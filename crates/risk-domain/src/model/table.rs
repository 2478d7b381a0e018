//! The key tables: how often each key was seen and what came of it.
use super::ModelFault;

/// What is known of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows with the key.
    pub seen: u32,
    /// Frauds among them.
    pub fraud: u32,
    /// Critical frauds among them.
    pub critical: u32,
}

/// Keys of a bucket that are looked through one by one.
const SHORT: usize = 8;

/// All keys' counts, sorted by hash, with an index over the leading bits.
///
/// Hashes of honest files are spread evenly, so a bucket holds less than one; a hostile file costs a binary search and no more.
#[derive(Debug)]
pub struct Table {
    hashes: Vec<u64>,
    counts: Vec<Counts>,
    starts: Vec<u32>,
    shift: u32,
}

impl Table {
    /// From entries in strictly ascending order of their hash, each seen at least once.
    pub fn new(entries: impl ExactSizeIterator<Item = (u64, Counts)>) -> Result<Self, ModelFault> {
        let size = u32::try_from(entries.len()).map_err(|_| ModelFault::TooLarge("entries"))?;
        let (mut hashes, mut counts) = (Vec::with_capacity(size as usize), Vec::with_capacity(size as usize));
        for (hash, count) in entries {
            if hashes.last().is_some_and(|last| *last >= hash) {
                return Err(ModelFault::Unsorted);
            }
            if count.seen == 0 || count.fraud > count.seen || count.critical > count.fraud {
                return Err(ModelFault::Counts);
            }
            hashes.push(hash);
            counts.push(count);
        }
        let bits = u32::BITS - size.leading_zeros() + 1;
        let shift = u64::BITS - bits;
        let starts = (0..=1_u64 << bits).map(|bucket| hashes.partition_point(|h| (h >> shift) < bucket) as u32).collect();
        Ok(Self { hashes, counts, starts, shift })
    }

    /// Counts of a key; zeros when it was never seen.
    pub fn get(&self, hash: u64) -> Counts {
        self.place(hash).map_or_else(Counts::default, |place| self.counts[place])
    }

    /// Place of a key among all; `None` when it was never seen.
    pub fn place(&self, hash: u64) -> Option<usize> {
        let bucket = (hash >> self.shift) as usize;
        let (start, end) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        let within = &self.hashes[start..end];
        let found = if within.len() <= SHORT { within.iter().position(|own| *own == hash) } else { within.binary_search(&hash).ok() };
        found.map(|found| start + found)
    }

    /// Counts of all keys, in the order of their places.
    pub fn all(&self) -> &[Counts] {
        &self.counts
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether nothing was ever seen.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn what_is_put_in_is_found_and_nothing_else(keys in proptest::collection::btree_map(any::<u64>(), 1_u32..9, 0..200), other in any::<u64>()) {
            let map: BTreeMap<u64, Counts> = keys.into_iter().map(|(k, seen)| (k, Counts { seen, fraud: 1, critical: 0 })).collect();
            let table = Table::new(map.clone().into_iter()).unwrap();
            for (hash, count) in &map {
                prop_assert_eq!(table.get(*hash), *count);
            }
            prop_assert_eq!(table.get(other), map.get(&other).copied().unwrap_or_default());
        }
    }

    #[test]
    fn counts_that_cannot_be_are_refused() {
        let one = |seen, fraud, critical| Table::new([(1, Counts { seen, fraud, critical })].into_iter()).err();
        assert_eq!(one(0, 0, 0), Some(ModelFault::Counts));
        assert_eq!(one(1, 2, 0), Some(ModelFault::Counts));
        assert_eq!(one(2, 1, 2), Some(ModelFault::Counts));
        let twice = Table::new([(1, Counts { seen: 1, fraud: 0, critical: 0 }); 2].into_iter());
        assert_eq!(twice.err(), Some(ModelFault::Unsorted));
    }
}
