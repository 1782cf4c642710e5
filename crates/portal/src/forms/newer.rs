//! Fields that another page of the same form has saved since this one was opened: both values, and the choice between
//! them. Until it is made neither takes the other's place.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use program::Form;
use program::definition::Name;
use serde_json::{Map, Value as Json};

use super::anchor;
use super::facts::{Fact, fact};
use crate::asked::Asked;
use crate::text::Text;

/// Before the names of fields between whose values there is a choice.
const DIFFERS: &str = "differs.";
/// Before the names of what was chosen.
const CHOICE: &str = "choice.";
const MINE: &str = "mine";
const KEPT: &str = "kept";

/// The choice as a part of the page's form. Empty when nothing differs.
#[derive(Template)]
#[template(path = "forms/newer.html")]
pub(crate) struct NewerBox {
    t: Text,
    fields: Vec<Differing>,
}

struct Differing {
    name: String,
    id: String,
    kept: Fact,
    typed: Fact,
}

impl NewerBox {
    /// Of the fields in `typed` those that are kept otherwise.
    pub fn of(t: Text, form: &Form, kept: &Map<String, Json>, typed: &Map<String, Json>) -> Self {
        let differing = typed.iter().filter_map(|(name, typed)| {
            let (field, kept) = (form.fields.get(name)?, kept.get(name).unwrap_or(&Json::Null));
            let shown = |value| fact(t, field, Some(value), &BTreeMap::new());
            let differing =
                || Differing { name: name.clone(), id: anchor(name), kept: shown(kept), typed: shown(typed) };
            (kept != typed).then(differing)
        });
        Self { t, fields: differing.collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// What was chosen on a page: takes the fields out of `sent` that are to stay as they are kept, and returns those for
/// which nothing is chosen yet. A page that saves by itself chooses nothing. `names` has what the fields of the page are
/// called now.
pub(crate) fn settle(
    sent: &mut Map<String, Json>,
    names: &BTreeMap<Name, Name>,
    asked: &Asked,
    by_itself: bool,
) -> BTreeSet<Name> {
    let differing = asked.fields.iter().filter_map(|(field, _)| field.strip_prefix(DIFFERS));
    let mut unsettled = BTreeSet::new();
    for (name, now) in differing.filter_map(|name| names.get_key_value(name)) {
        match asked.field(&format!("{CHOICE}{name}")) {
            MINE if !by_itself => {}
            KEPT if !by_itself => _ = sent.remove(now),
            _ => _ = unsettled.insert(now.clone()),
        }
    }
    unsettled
}
