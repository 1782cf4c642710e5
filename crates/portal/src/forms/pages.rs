//! A form in parts that fit on a screen: a few fields each, every cost table by itself, the documents, the confirmation.

use program::Form;
use program::definition::{FieldType, Name};

/// Fields on one page at most.
const MOST_FIELDS: usize = 7;

/// A page of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Fields(Vec<Name>),
    Documents,
    Confirm,
}

pub(crate) fn parts(form: &Form) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut fields: Vec<Name> = Vec::new();
    let flush = |fields: &mut Vec<Name>, parts: &mut Vec<Part>| {
        if !fields.is_empty() {
            parts.push(Part::Fields(std::mem::take(fields)));
        }
    };
    for (name, field) in &form.fields {
        if field.rule.kind == FieldType::Costs {
            flush(&mut fields, &mut parts);
            parts.push(Part::Fields(vec![name.clone()]));
            continue;
        }
        if fields.len() == MOST_FIELDS {
            flush(&mut fields, &mut parts);
        }
        fields.push(name.clone());
    }
    flush(&mut fields, &mut parts);
    if !form.documents.is_empty() {
        parts.push(Part::Documents);
    }
    parts.push(Part::Confirm);
    parts
}
