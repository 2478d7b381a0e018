//! What changed between two versions of a profile.
use super::document::ProfileDocument;

/// Fields that differ, in the order of the document: name, old text, new text.
pub fn diff(old: &ProfileDocument, new: &ProfileDocument) -> Vec<(&'static str, String, String)> {
    let fields = fields(old).into_iter().zip(fields(new));
    fields.filter(|((_, was), (_, is))| was != is).map(|((field, was), (_, is))| (field, was, is)).collect()
}

fn fields(document: &ProfileDocument) -> [(&'static str, String); 18] {
    // Taken apart whole, so that a new field cannot be forgotten here.
    let ProfileDocument {
        id,
        version,
        owner,
        reason,
        title_vi,
        title_en,
        direction,
        offices,
        valid_from,
        valid_to,
        when,
        lane,
        form,
        share,
        weight,
        ground,
        cap_per_day,
        spare_after,
    } = document.clone();
    [
        ("id", id),
        ("version", version.to_string()),
        ("owner", owner),
        ("reason", reason),
        ("title_vi", title_vi),
        ("title_en", title_en),
        ("direction", direction),
        ("offices", offices.join(", ")),
        ("valid_from", valid_from),
        ("valid_to", valid_to),
        ("when", when),
        ("lane", lane),
        ("form", form),
        ("share", share),
        ("weight", weight.to_string()),
        ("ground", ground),
        ("cap_per_day", cap_per_day.to_string()),
        ("spare_after", spare_after.to_string()),
    ]
}
