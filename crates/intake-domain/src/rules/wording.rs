//! Sentences of the rules, Vietnamese and English, composed from the names of items, cases and forms.
use super::check::Check;

/// Vietnamese and English sentence of a check.
pub fn sentences(check: &Check) -> (String, String) {
    match check {
        Check::Required(item, case) => (format!("Phải khai {}{}.", item.vi, case.vi), format!("{} must be filled{}.", capital(item.en), case.en)),
        Check::Blank(item, case) => {
            (format!("Không được khai {}{}.", item.vi, case.vi), format!("{} must be left empty{}.", capital(item.en), case.en))
        }
        Check::Form(item, form) => (format!("{} phải là {}.", capital(item.vi), form.vi), format!("{} must be {}.", capital(item.en), form.en)),
        Check::Listed(item, _) => (
            format!("{} không có trong bảng mã đang có hiệu lực.", capital(item.vi)),
            format!("{} must be a code of the table in force.", capital(item.en)),
        ),
        Check::Needs(one, other) => {
            (format!("Đã khai {} thì phải khai {}.", one.vi, other.vi), format!("{} must be filled when {} is filled.", capital(other.en), one.en))
        }
        Check::Consecutive(items) => {
            let names = |of: fn(&&super::item::Item) -> &'static str, and: &str| items.iter().map(of).collect::<Vec<_>>().join(and);
            (
                format!("{} phải khai liên tục từ vị trí đầu tiên.", capital(&names(|item| item.vi, " và "))),
                format!("{} must be filled from the first position on, without a gap.", capital(&names(|item| item.en, " and "))),
            )
        }
        Check::Distinct(item) => {
            (format!("{} không được trùng nhau.", capital(item.vi)), format!("{} must not come twice with the same value.", capital(item.en)))
        }
        Check::Relation(relation) => (relation.vi.to_owned(), relation.en.to_owned()),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
