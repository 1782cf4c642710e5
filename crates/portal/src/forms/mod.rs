//! Forms as pages: drawn from a program's compiled form and what was typed, read back from what a browser sent, with
//! every refusal beside its field.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use program::FormField;
use program::definition::{Field, FieldType};
use vocabulary::Bilingual;

mod award;
mod draw;
mod facts;
mod newer;
mod pages;
mod read;
mod told;

pub(crate) use award::{AwardBox, AwardShown};
pub(crate) use draw::{Drawing, FieldBox, names_of_banks};
pub(crate) use facts::{cell_of, differing_cells, facts, proves, shown};
pub(crate) use newer::{NewerBox, settle};
pub(crate) use pages::{Part, parts};
pub(crate) use read::{given, of, read, read_as};
pub(crate) use told::{Said, Told, head};

/// The identifier of the element that a path such as `costs[0].net` or `documents.quotation` means.
pub(crate) fn anchor(path: &str) -> String {
    let plain = path.chars().filter(|c| *c != ']').map(|c| if matches!(c, '[' | '.') { '-' } else { c });
    std::iter::once("f-".to_owned()).chain(plain.map(String::from)).collect()
}

/// Before the names of inputs that hold values.
pub(crate) const VALUE: &str = "v.";
/// Before table and row, in the step that takes a row away.
pub(crate) const REMOVE_ROW: &str = "remove-row.";

/// An entry of a list to choose from.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// A field of a form of our own.
pub(crate) fn field(kind: FieldType, label: Bilingual, required: bool) -> FormField {
    let rule = Field {
        kind,
        label,
        hint: None,
        required,
        consent: false,
        when: None,
        max: None,
        min: None,
        choices: IndexMap::new(),
        categories: IndexMap::new(),
        like: None,
        items: None,
        actual: false,
        evidence: None,
        personal: false,
    };
    FormField { rule, when: None, category_when: BTreeMap::new() }
}
