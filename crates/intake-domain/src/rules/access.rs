//! How an item is reached in a draft, by the kind of place that it has.
use super::item::{At, Growth};
use crate::draft::Draft;

type Access = (fn(&Draft) -> usize, fn(&Draft, usize) -> usize, fn(&Draft, At) -> &str, fn(&mut Draft, &str), fn(&mut Draft, Growth));

/// Gives an accessor the types that its closures are inferred from.
pub(super) const fn typed(access: Access) -> Access {
    access
}

/// Accessors of one place: `head` field, `part` of an optional message, `texts` of a list, `each` member of a list,
/// transit `stop`, `line_texts` of a list in each line, `other_tax` of each line.
macro_rules! access {
    (head $field:ident) => {
        typed((|_| 1, |_, _| 1, |d, _| &d.$field, |d, text| d.$field = text.to_owned(), |_, _| ()))
    };
    (part $part:ident . $field:ident) => {
        typed((
            |_| 1,
            |_, _| 1,
            |d, _| d.$part.as_ref().map_or("", |part| &part.$field),
            |d, text| d.$part.get_or_insert_default().$field = text.to_owned(),
            |_, _| (),
        ))
    };
    (texts $list:ident) => {
        typed((
            |d| d.$list.len(),
            |_, _| 1,
            |d, at| d.$list.get(at.0).map_or("", String::as_str),
            |d, text| text.clone_into(first(&mut d.$list)),
            |d, growth| grow(&mut d.$list, growth),
        ))
    };
    (each $list:ident . $field:ident) => {
        typed((
            |d| d.$list.len(),
            |_, _| 1,
            |d, at| d.$list.get(at.0).map_or("", |member| &member.$field),
            |d, text| first(&mut d.$list).$field = text.to_owned(),
            |d, growth| grow(&mut d.$list, growth),
        ))
    };
    (stop $field:ident) => {
        typed((
            |d| d.bonded_transport.as_ref().map_or(0, |transport| transport.stops.len()),
            |_, _| 1,
            |d, at| d.bonded_transport.as_ref().and_then(|transport| transport.stops.get(at.0)).map_or("", |stop| &stop.$field),
            |d, text| first(&mut d.bonded_transport.get_or_insert_default().stops).$field = text.to_owned(),
            |d, growth| grow(&mut d.bonded_transport.get_or_insert_default().stops, growth),
        ))
    };
    (line_texts $list:ident) => {
        typed((
            |d| d.lines.len(),
            |d, i| d.lines[i].$list.len(),
            |d, at| d.lines.get(at.0).and_then(|line| line.$list.get(at.1)).map_or("", String::as_str),
            |d, text| text.clone_into(first(&mut first(&mut d.lines).$list)),
            |d, growth| grow(&mut first(&mut d.lines).$list, growth),
        ))
    };
    (other_tax $field:ident) => {
        typed((
            |d| d.lines.len(),
            |d, i| d.lines[i].other_taxes.len(),
            |d, at| d.lines.get(at.0).and_then(|line| line.other_taxes.get(at.1)).map_or("", |tax| &tax.$field),
            |d, text| first(&mut first(&mut d.lines).other_taxes).$field = text.to_owned(),
            |d, growth| grow(&mut first(&mut d.lines).other_taxes, growth),
        ))
    };
}

/// A table of items: name, place, pointer, most characters (0: bounded by its form), Vietnamese, English, a good value.
macro_rules! items {
    ($($name:ident = $kind:ident $a:ident $(. $b:ident)?, $pattern:literal, $length:literal, $vi:literal, $en:literal, $good:literal;)*) => {
        $(pub static $name: Item = {
            let (outer, inner, get, set, grow) = access!($kind $a $(. $b)?);
            Item { pattern: $pattern, vi: $vi, en: $en, good: $good, length: $length, outer, inner, get, set, grow }
        };)*
        pub(super) static ALL: &[&Item] = &[$(&$name),*];
    };
}

pub(super) use {access, items};
