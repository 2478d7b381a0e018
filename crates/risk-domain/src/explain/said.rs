//! Sentences in two languages, and pages of them.
use serde::{Deserialize, Serialize};

/// Columns of a page of text.
pub const COLUMNS: usize = 100;

/// The same in Vietnamese and in English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub vi: String,
    pub en: String,
}

pub(super) fn said(vi: impl Into<String>, en: impl Into<String>) -> Said {
    Said { vi: vi.into(), en: en.into() }
}

/// The same text in both.
pub(super) fn both(text: impl Into<String>) -> Said {
    let text = text.into();
    said(text.clone(), text)
}

/// Paragraphs with their depth.
#[derive(Debug, Default)]
pub(super) struct Page(Vec<(usize, Said)>);

impl Page {
    pub(super) fn head(&mut self, said: Said) {
        self.0.push((0, said));
    }

    pub(super) fn item(&mut self, said: Said) {
        self.0.push((1, said));
    }

    pub(super) fn detail(&mut self, said: Said) {
        self.0.push((2, said));
    }

    /// A heading and what stands below it; nothing when that is nothing.
    pub(super) fn section(&mut self, heading: Said, items: impl IntoIterator<Item = Said>) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_some() {
            self.head(heading);
            items.for_each(|item| self.item(item));
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn text(&self, language: impl Fn(&Said) -> &str) -> String {
        let mut text = String::new();
        for (depth, said) in &self.0 {
            wrap(language(said), depth * 2, &mut text);
        }
        text
    }
}

/// Appends a paragraph in lines of at most [`COLUMNS`] characters; what continues is indented by two more.
fn wrap(paragraph: &str, indent: usize, text: &mut String) {
    let visible = paragraph.replace(char::is_control, " ");
    let (mut column, mut first) = (0, true);
    for word in visible.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        if column > 0 && column + 1 + rest.len() > COLUMNS {
            text.push('\n');
            column = 0;
        }
        // A word that is longer than a line is cut where the line ends.
        loop {
            if column == 0 {
                let margin = if first { indent } else { indent + 2 };
                text.extend(std::iter::repeat_n(' ', margin));
                (column, first) = (margin, false);
            } else {
                text.push(' ');
                column += 1;
            }
            let left = rest.split_off(rest.len().min(COLUMNS - column));
            column += rest.len();
            text.extend(rest);
            if left.is_empty() {
                break;
            }
            text.push('\n');
            (column, rest) = (0, left);
        }
    }
    if column > 0 {
        text.push('\n');
    }
}
