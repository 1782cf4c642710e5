//! Hides how a municipality is put together from its own file and the fragments that it includes.

use serde_json::Value as Json;

use crate::definition::{Municipality, Name};

/// The fragments that a municipality's file names, in order.
pub(crate) fn included(municipality: &Json) -> Vec<Name> {
    let names = municipality.get("include").and_then(Json::as_array).into_iter().flatten();
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Adds what the fragment says and the municipality does not: whole sections, and entries of sections. What stands above
/// wins.
pub(crate) fn put_below(municipality: &mut Json, fragment: &Json) {
    let (Some(above), Some(below)) = (municipality.as_object_mut(), fragment.as_object()) else { return };
    for (section, below) in below {
        let own = above.entry(section.clone()).or_insert_with(|| below.clone());
        if let (Some(own), Some(below)) = (own.as_object_mut(), below.as_object()) {
            for (name, entry) in below {
                own.entry(name.clone()).or_insert_with(|| entry.clone());
            }
        }
    }
}

/// Puts the municipality's own names into the words that fragments leave open: `{name}` and `{issuer}`.
pub(crate) fn name_itself(municipality: &mut Municipality) {
    municipality.include.clear();
    let (name, head) = (&municipality.name, &mut municipality.letter_head);
    let Some(appeal) = &mut head.appeal else { return };
    for (text, name, issuer) in
        [(&mut appeal.ja, &name.ja, &head.issuer.ja), (&mut appeal.en, &name.en, &head.issuer.en)]
    {
        *text = text.replace("{name}", name).replace("{issuer}", issuer);
    }
}
