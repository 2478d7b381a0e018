//! Plates that a camera can take for each other: one glyph apart, and that glyph of a pair that looks alike.
use values::Plate;

/// Glyphs that plate readers confuse.
const PAIRS: [(char, char); 3] = [('0', 'O'), ('1', 'I'), ('8', 'B')];

fn twin(glyph: char) -> Option<char> {
    PAIRS.iter().find_map(|&(a, b)| match glyph {
        g if g == a => Some(b),
        g if g == b => Some(a),
        _ => None,
    })
}

/// True when the plates differ in exactly one glyph and that glyph is of one pair (0/O, 1/I, 8/B).
pub fn confusable(one: &Plate, other: &Plate) -> bool {
    let (one, other) = (one.as_str(), other.as_str());
    if one.chars().count() != other.chars().count() {
        return false;
    }
    let mut differing = one.chars().zip(other.chars()).filter(|(a, b)| a != b);
    matches!((differing.next(), differing.next()), (Some((a, b)), None) if twin(a) == Some(b))
}

/// Every plate that is [`confusable`] with this one, in the order of the glyphs: what to look up among the known plates.
pub fn confusable_plates(plate: &Plate) -> Vec<Plate> {
    let glyphs: Vec<char> = plate.as_str().chars().collect();
    let swapped = |place: usize| {
        let mut text = glyphs.clone();
        let slot = text.get_mut(place)?;
        *slot = twin(*slot)?;
        Plate::parse(&text.into_iter().collect::<String>()).ok()
    };
    (0..glyphs.len()).filter_map(swapped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plate(text: &str) -> Plate {
        Plate::parse(text).unwrap()
    }

    #[test]
    fn one_glyph_of_a_pair_confuses_and_two_do_not() {
        assert!(confusable(&plate("74C12345"), &plate("74CI2345")));
        assert!(confusable(&plate("74B0001"), &plate("7480001")));
        assert!(!confusable(&plate("74C10000"), &plate("74CI000O")));
        assert!(!confusable(&plate("74C12345"), &plate("74C12346")));
        assert!(!confusable(&plate("74C12345"), &plate("74C12345")));
        assert!(!confusable(&plate("74C1234"), &plate("74C12345")));
    }

    proptest! {
        #[test]
        fn confusion_is_mutual_and_never_with_itself(a in "[018OIB7C]{5,7}", b in "[018OIB7C]{5,7}") {
            let (a, b) = (plate(&a), plate(&b));
            prop_assert_eq!(confusable(&a, &b), confusable(&b, &a));
            prop_assert!(!confusable(&a, &a));
        }

        #[test]
        fn the_listed_plates_are_exactly_the_confusable_ones(a in "[018OIB7C]{4}", b in "[018OIB7C]{4}") {
            let (a, b) = (plate(&a), plate(&b));
            prop_assert_eq!(confusable_plates(&a).contains(&b), confusable(&a, &b));
        }
    }
}
