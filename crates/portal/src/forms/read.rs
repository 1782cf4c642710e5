//! From what a browser sent back to the values that the service takes. Whatever cannot be understood stays as it was
//! typed: the check of the form says what is wrong with it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use program::FormField;
use program::definition::{FieldType, Name};
use serde_json::{Map, Value as Json};
use vocabulary::normalized_for_search;

use super::VALUE;
use crate::asked::value_of;

/// Rows of a table beyond this are not read; forms take fewer.
const MOST_ROWS: usize = 300;

/// The values of these fields as they were sent; null for what was left empty.
pub(crate) fn read<'f>(
    fields: impl Iterator<Item = (&'f Name, &'f FormField)>,
    sent: &[(String, String)],
) -> Map<String, Json> {
    fields.map(|(name, field)| (name.clone(), value(name, field, sent))).collect()
}

/// As [`read`], of a page that may know fields by earlier names: by those, what they are called now.
pub(crate) fn read_as<'f>(
    fields: impl Iterator<Item = (&'f Name, &'f FormField)>,
    names: &BTreeMap<Name, Name>,
    sent: &[(String, String)],
) -> Map<String, Json> {
    let on_page = |now: &Name| names.iter().find(|(_, name)| *name == now).map(|(before, _)| before);
    fields.filter_map(|(name, field)| Some((name.clone(), value(on_page(name)?, field, sent)))).collect()
}

fn value(name: &str, field: &FormField, sent: &[(String, String)]) -> Json {
    let typed = value_of(sent, &format!("{VALUE}{name}"));
    match field.rule.kind {
        FieldType::Number | FieldType::Yen => figure(typed),
        FieldType::YesNo => match typed {
            "yes" => Json::Bool(true),
            "no" => Json::Bool(false),
            _ => Json::Null,
        },
        FieldType::CorporateNumber => text(&digits(typed)),
        FieldType::Rate => text(&narrow(typed)),
        FieldType::Costs => rows(name, sent),
        FieldType::BankAccount => parts(name, sent),
        FieldType::FieldMarks => marks(name, sent),
        FieldType::Text
        | FieldType::LongText
        | FieldType::Date
        | FieldType::Choice
        | FieldType::File
        | FieldType::Business => text(typed),
    }
}

fn text(typed: &str) -> Json {
    if typed.trim().is_empty() { Json::Null } else { Json::from(typed) }
}

/// Full-width letters and figures become narrow ones.
fn narrow(typed: &str) -> String {
    normalized_for_search(typed)
}

fn digits(typed: &str) -> String {
    narrow(typed).chars().filter(|c| !matches!(c, '-' | '−' | '‐' | 'ー')).collect()
}

/// A whole number however people write it: 1,200円, １２００.
fn figure(typed: &str) -> Json {
    if typed.trim().is_empty() {
        return Json::Null;
    }
    let plain: String = narrow(typed).chars().filter(|c| !matches!(c, ',' | '円' | '¥' | '\\')).collect();
    plain.parse::<i64>().map_or_else(|_| Json::from(typed), Json::from)
}

/// Rows in the order of their numbers; those in which nothing is typed are none.
fn rows(name: &str, sent: &[(String, String)]) -> Json {
    let prefix = format!("{VALUE}{name}.");
    let mut rows: BTreeMap<usize, Map<String, Json>> = BTreeMap::new();
    for (field, typed) in sent {
        let place = field.strip_prefix(&prefix).and_then(|rest| rest.split_once('.'));
        let Some((number, part)) = place else { continue };
        let Some(number) = number.parse::<usize>().ok().filter(|number| *number < MOST_ROWS) else { continue };
        if typed.trim().is_empty() && part != "evidence" {
            continue;
        }
        let value = match part {
            "net" | "tax" => figure(typed),
            "evidence" => typed.split_whitespace().collect(),
            "invoice_number" => Json::from(narrow(typed).to_uppercase()),
            _ => Json::from(typed.as_str()),
        };
        rows.entry(number).or_default().insert(part.to_owned(), value);
    }
    // Files alone are no row.
    rows.retain(|_, row| row.keys().any(|part| part != "evidence"));
    match rows.is_empty() {
        true => Json::Null,
        false => Json::Array(rows.into_values().map(Json::Object).collect()),
    }
}

fn parts(name: &str, sent: &[(String, String)]) -> Json {
    let prefix = format!("{VALUE}{name}.");
    let typed = sent.iter().filter_map(|(field, typed)| Some((field.strip_prefix(&prefix)?, typed.trim())));
    let parts = typed.filter(|(_, typed)| !typed.is_empty()).map(|(part, typed)| {
        let value = if matches!(part, "bank" | "branch" | "number") { digits(typed) } else { typed.to_owned() };
        (part.to_owned(), Json::from(value))
    });
    object(parts.collect())
}

/// Fields with a remark are marked.
fn marks(name: &str, sent: &[(String, String)]) -> Json {
    let prefix = format!("{VALUE}{name}.");
    let remarks = sent.iter().filter_map(|(field, remark)| Some((field.strip_prefix(&prefix)?, remark)));
    let marked = remarks.filter(|(_, remark)| !remark.trim().is_empty());
    object(marked.map(|(field, remark)| (field.to_owned(), Json::from(remark.as_str()))).collect())
}

fn object(parts: Map<String, Json>) -> Json {
    if parts.is_empty() { Json::Null } else { Json::Object(parts) }
}

/// Without what was left empty: as an act takes values.
pub(crate) fn given(values: Map<String, Json>) -> Map<String, Json> {
    values.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// The fields of a form that were sent at all, whether filled in or not.
pub(crate) fn of<'f>(
    fields: &'f IndexMap<Name, FormField>,
    names: &'f [Name],
) -> impl Iterator<Item = (&'f Name, &'f FormField)> {
    names.iter().filter_map(|name| fields.get_key_value(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_people_write_them() {
        for typed in ["1200", "1,200", "１，２００円", " 1200 ", "¥1,200"] {
            assert_eq!(figure(typed), Json::from(1200), "{typed}");
        }
        assert_eq!(figure("千二百"), Json::from("千二百"));
        assert_eq!(figure("12.5"), Json::from("12.5"));
        assert_eq!(figure(" "), Json::Null);
        assert_eq!(digits("１２３-４５６"), "123456");
    }
}
