//! Kinds of check: what a row demands, how it is found broken, and how a good draft is made to break it.
use super::case::Case;
use super::form::Form;
use super::item::{At, Growth, Item};
use super::relation::{Relation, View};
use crate::draft::Draft;

/// A code of no list.
const UNLISTED: &str = "Q9";

/// What a row demands.
pub enum Check {
    /// The item is filled in this case.
    Required(&'static Item, &'static Case),
    /// The item is empty in this case.
    Blank(&'static Item, &'static Case),
    /// The item, when filled, has this form.
    Form(&'static Item, &'static Form),
    /// The item, when filled, is a code of this list that is valid today.
    Listed(&'static Item, &'static str),
    /// When the first item is filled, so is the second beside it.
    Needs(&'static Item, &'static Item),
    /// Members of a list are filled from the first on: none is empty in all these items before a filled one.
    Consecutive(&'static [&'static Item]),
    /// No value of a list comes twice.
    Distinct(&'static Item),
    /// Anything else, by a named function.
    Relation(&'static Relation),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.pattern())
    }
}

impl Check {
    /// Where faults point.
    pub fn pattern(&self) -> &'static str {
        match self {
            Self::Required(item, _) | Self::Blank(item, _) | Self::Form(item, _) | Self::Listed(item, _) => item.pattern,
            Self::Needs(_, item) | Self::Distinct(item) => item.pattern,
            Self::Consecutive(items) => items.first().map_or("", |item| item.pattern),
            Self::Relation(relation) => relation.pattern,
        }
    }

    /// Tells the pointer of every place where the demand is not met.
    pub fn find(&self, view: &View<'_>, found: &mut dyn FnMut(String)) {
        let draft = view.draft;
        match self {
            Self::Required(item, case) => each(item, draft, |at| item.get(draft, at).is_empty() && (case.holds)(view, at), found),
            Self::Blank(item, case) => each(item, draft, |at| !item.get(draft, at).is_empty() && (case.holds)(view, at), found),
            Self::Form(item, form) => {
                let wrong = |at| matches!(item.get(draft, at), text if !text.is_empty() && !(form.fits)(view, at, text));
                each(item, draft, wrong, found);
            }
            Self::Listed(item, list) => {
                each(item, draft, |at| matches!(item.get(draft, at), code if !code.is_empty() && !view.holds(list, code)), found);
            }
            Self::Needs(one, other) => {
                let given = |at| if other.is_of_head() { one.is_filled_somewhere(draft) } else { !one.get(draft, at).is_empty() };
                each(other, draft, |at| other.get(draft, at).is_empty() && given(at), found);
            }
            Self::Consecutive(items) => consecutive(items, draft, found),
            Self::Distinct(item) => {
                let places: Vec<At> = item.places(draft).filter(|at| !item.get(draft, *at).is_empty()).collect();
                for (i, at) in places.iter().enumerate() {
                    let beside = |other: &At| item.is_flat() || other.0 == at.0;
                    if places[..i].iter().any(|earlier| beside(earlier) && item.get(draft, *earlier) == item.get(draft, *at)) {
                        found(item.pointer(*at));
                    }
                }
            }
            Self::Relation(relation) => (relation.find)(view, found),
        }
    }

    /// Makes a good draft break the demand.
    pub fn spoil(&self, draft: &mut Draft) {
        match self {
            Self::Required(item, case) => {
                (case.stage)(draft);
                item.set(draft, "");
            }
            Self::Blank(item, case) => {
                (case.stage)(draft);
                item.set(draft, item.good);
            }
            Self::Form(item, form) => {
                (form.stage)(draft);
                item.set(draft, form.wrong);
            }
            Self::Listed(item, _) => item.set(draft, UNLISTED),
            Self::Needs(one, other) => {
                one.set(draft, one.good);
                other.set(draft, "");
            }
            Self::Consecutive(items) => {
                for item in *items {
                    item.set(draft, item.good);
                }
                if let Some(item) = items.first() {
                    item.grow(draft, Growth::Empty);
                }
            }
            Self::Distinct(item) => {
                item.set(draft, item.good);
                item.grow(draft, Growth::Copy);
            }
            Self::Relation(relation) => (relation.spoil)(draft),
        }
    }
}

fn each(item: &Item, draft: &Draft, wrong: impl Fn(At) -> bool, found: &mut dyn FnMut(String)) {
    for at in item.places(draft).filter(|at| wrong(*at)) {
        found(item.pointer(at));
    }
}

/// Within one list, and for lists of lines within each line.
fn consecutive(items: &[&Item], draft: &Draft, found: &mut dyn FnMut(String)) {
    let Some(first) = items.first() else { return };
    let places: Vec<At> = first.places(draft).collect();
    let is_filled = |at: &At| items.iter().any(|item| !item.get(draft, *at).is_empty());
    for (i, at) in places.iter().enumerate().filter(|(_, at)| !is_filled(at)) {
        if places[i + 1..].iter().any(|later| (first.is_flat() || later.0 == at.0) && is_filled(later)) {
            found(first.pointer(*at));
        }
    }
}
