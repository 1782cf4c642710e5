//! Values as people read them.

use std::collections::BTreeMap;

use askama::Template;
use casework::DocumentRef;
use indexmap::IndexMap;
use program::definition::{Field, FieldType, Name};
use program::{Form, FormField, evidence_of, says_evidence};
use serde_json::{Map, Value as Json};
use treasury::BankMaster;
use vocabulary::{Locale, Yen};

use super::draw::total;
use crate::text::Text;

/// Letters of a digest that tell files apart on a page.
const TELLING: usize = 16;

#[derive(Template)]
#[template(path = "forms/facts.html")]
struct Facts {
    facts: Vec<Fact>,
}

pub(super) struct Fact {
    pub label: String,
    pub value: String,
    /// HTML
    pub table: Option<String>,
    files: Vec<FileShown>,
}

struct FileShown {
    id: String,
    name: String,
    short: String,
    /// The rows of costs that it proves, in words.
    proves: Option<String>,
}

#[derive(Template)]
#[template(path = "forms/table.html")]
struct Table {
    t: Text,
    heads: Vec<String>,
    rows: Vec<Vec<TableCell>>,
    /// Columns before the two that are summed up.
    before_sums: usize,
    after_sums: usize,
    net: String,
    tax: String,
    gross: String,
}

struct TableCell {
    head: String,
    text: String,
    figure: bool,
    /// Identifier and name of each.
    files: Vec<(String, String)>,
}

/// Everything that a form says, with its documents, as HTML.
pub(crate) fn facts(
    t: Text,
    form: &Form,
    values: &Map<String, Json>,
    documents: &BTreeMap<Name, Vec<DocumentRef>>,
) -> String {
    let fields = form
        .fields
        .iter()
        .filter(|(name, field)| field.when.is_none() || values.get(*name).is_some_and(|value| !value.is_null()));
    let mut facts: Vec<Fact> = fields.map(|(name, field)| fact(t, field, values.get(name), documents)).collect();
    facts.extend(form.documents.iter().filter_map(|asked| {
        let files = documents.get(&asked.name).filter(|files| !files.is_empty());
        if files.is_none() && asked.when.is_some() {
            return None;
        }
        let files = files.into_iter().flatten().map(|file| FileShown {
            id: file.file.to_string(),
            name: file.name.clone(),
            short: file.sha256.chars().take(TELLING).collect(),
            proves: proves(t, form, &asked.name, file, values),
        });
        let label = asked.label.get(t.0).to_owned();
        Some(Fact { label, value: t.not_attached().to_owned(), table: None, files: files.collect() })
    }));
    Facts { facts }.to_string()
}

/// Which rows of costs a file of this slot proves, in words; nothing where it is not about rows.
pub(crate) fn proves(
    t: Text,
    form: &Form,
    slot: &str,
    file: &DocumentRef,
    values: &Map<String, Json>,
) -> Option<String> {
    let (table, _) = form.proved_by(slot)?;
    let table = values.get(table)?.as_array()?;
    let rows = form.rows_proved_by(slot, &file.file.to_string(), values);
    let by_rows = table.iter().filter_map(Json::as_object).any(says_evidence);
    Some(match rows.len() {
        0 if by_rows => t.proves_none().to_owned(),
        0 => t.proves_all().to_owned(),
        count if count == table.len() && count > 1 => t.proves_all().to_owned(),
        _ => t.proves(&rows),
    })
}

/// One field, its table with all rows.
pub(super) fn fact(
    t: Text,
    field: &FormField,
    value: Option<&Json>,
    documents: &BTreeMap<Name, Vec<DocumentRef>>,
) -> Fact {
    let table = (field.rule.kind == FieldType::Costs).then(|| table(t, &field.rule, value, documents)).flatten();
    Fact { label: field.rule.label.get(t.0).to_owned(), value: shown(t, &field.rule, value), table, files: Vec::new() }
}

/// One value in words.
pub(crate) fn shown(t: Text, field: &Field, value: Option<&Json>) -> String {
    let Some(value) = value.filter(|value| !value.is_null()) else { return t.nothing().to_owned() };
    match (field.kind, value) {
        (FieldType::Yen, Json::Number(_)) => match yen(value) {
            Some(yen) => format!("{yen} {}", t.yen()),
            None => plain(value),
        },
        (FieldType::Date, Json::String(text)) => day(text, t.0),
        (FieldType::YesNo, Json::Bool(true)) => t.yes().to_owned(),
        (FieldType::YesNo, Json::Bool(false)) => t.no().to_owned(),
        (FieldType::Choice, Json::String(name)) => {
            field.choices.get(name).map_or_else(|| name.clone(), |label| label.get(t.0).to_owned())
        }
        (FieldType::BankAccount, Json::Object(parts)) => {
            let part = |name: &str| parts.get(name).and_then(Json::as_str).unwrap_or_default();
            let kind = t.account_kind(part("kind"));
            let (bank, branch) = (part("bank"), part("branch"));
            // As people call them, where the list of banks has them.
            let banks = BankMaster::embedded();
            let named = |name: Option<&str>, code: &str| {
                name.map_or_else(|| code.to_owned(), |name| format!("{name} ({code})"))
            };
            let bank_name = named(banks.bank(bank).map(|bank| bank.name), bank);
            let branch_name = named(banks.branch(bank, branch).map(|branch| branch.name), branch);
            format!("{bank_name} {branch_name} {kind} {} {}", part("number"), part("holder_kana"))
        }
        (FieldType::Costs, Json::Array(rows)) => t.rows(rows.len()),
        (FieldType::FieldMarks, Json::Object(marks)) => {
            let lines = marks.iter().map(|(field, remark)| format!("{field}: {}", plain(remark)));
            lines.collect::<Vec<_>>().join("\n")
        }
        _ => plain(value),
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn yen(value: &Json) -> Option<Yen> {
    Yen::new(value.as_i64()?).ok()
}

fn day(text: &str, locale: Locale) -> String {
    vocabulary::parse_day(text).map_or_else(|| text.to_owned(), |day| vocabulary::wareki(day, locale))
}

/// The columns of a cost table, in the order in which they are asked.
pub(super) fn columns(t: Text, field: &Field) -> IndexMap<&'static str, String> {
    let mut columns = IndexMap::new();
    columns.insert("category", t.category().to_owned());
    if let Some(items) = &field.items {
        columns.insert("item", items.label.get(t.0).to_owned());
    }
    columns.insert("what", t.what_bought().to_owned());
    columns.insert("supplier", t.supplier().to_owned());
    columns.insert("net", t.net().to_owned());
    columns.insert("tax", t.tax().to_owned());
    if field.actual {
        columns.insert("ordered_on", t.ordered_on().to_owned());
        columns.insert("delivered_on", t.delivered_on().to_owned());
        columns.insert("paid_on", t.paid_on().to_owned());
        columns.insert("invoice_number", t.invoice_number().to_owned());
    }
    columns
}

/// Which part of a value a path names: row and column of a cost table (`costs[0].net`), or the part of an account.
pub(crate) fn cell_of(t: Text, field: &Field, path: &str) -> Option<String> {
    if field.kind == FieldType::BankAccount {
        return path.split_once('.').and_then(|(_, part)| t.account_part(part)).map(str::to_owned);
    }
    let (_, rest) = path.split_once('[')?;
    let (row, column) = rest.split_once(']')?;
    let row = row.parse::<usize>().ok()? + 1;
    let column = columns(t, field).get(column.strip_prefix('.')?)?.clone();
    Some(t.of_row(&column, row))
}

/// One cell of a cost table in words.
fn cell(t: Text, field: &Field, column: &str, value: &Json) -> String {
    let named = value.as_str().unwrap_or_default();
    let text = match column {
        "category" => field.categories.get(named).map(|category| category.label.get(t.0).to_owned()),
        "item" => field.items.as_ref().and_then(|items| Some(items.choices.get(named)?.get(t.0).to_owned())),
        "net" | "tax" => yen(value).map(|yen| yen.to_string()),
        "ordered_on" | "delivered_on" | "paid_on" if !named.is_empty() => Some(day(named, t.0)),
        _ => None,
    };
    text.unwrap_or_else(|| if value.is_null() { String::new() } else { plain(value) })
}

fn table(t: Text, field: &Field, value: Option<&Json>, documents: &BTreeMap<Name, Vec<DocumentRef>>) -> Option<String> {
    let rows = value?.as_array()?;
    let mut columns = columns(t, field);
    let proofs = field.evidence.as_ref().and_then(|slot| documents.get(slot));
    // While nothing is attached, there is nothing to say of it.
    columns.extend(proofs.filter(|files| !files.is_empty()).map(|_| ("evidence", t.evidence().to_owned())));
    let file = |id: &str| {
        let file = proofs.into_iter().flatten().find(|file| file.file.to_string() == id)?;
        Some((id.to_owned(), file.name.clone()))
    };
    let cell = |row: &Json, column: &str, head: &str| {
        let own = row.as_object().into_iter().filter(|_| column == "evidence").flat_map(evidence_of);
        let files: Vec<(String, String)> = own.filter_map(file).collect();
        let text = match column {
            "evidence" if row.as_object().is_some_and(says_evidence) && files.is_empty() => t.not_attached().to_owned(),
            "evidence" if files.is_empty() => t.with_all().to_owned(),
            "evidence" => String::new(),
            _ => cell(t, field, column, row.get(column).unwrap_or(&Json::Null)),
        };
        TableCell { head: head.to_owned(), text, figure: matches!(column, "net" | "tax"), files }
    };
    let place = |column: &str| columns.get_index_of(column).unwrap_or(0);
    let page = Table {
        t,
        before_sums: place("net"),
        after_sums: columns.len().saturating_sub(place("tax") + 1),
        net: total(rows, &["net"]),
        tax: total(rows, &["tax"]),
        gross: total(rows, &["net", "tax"]),
        rows: rows.iter().map(|row| columns.iter().map(|(column, head)| cell(row, column, head)).collect()).collect(),
        heads: columns.into_values().collect(),
    };
    Some(page.to_string())
}

/// Where two versions of a cost table differ, cell by cell: its row and column, before and after.
pub(crate) fn differing_cells(t: Text, field: &Field, before: &Json, after: &Json) -> Vec<(String, String, String)> {
    let columns = columns(t, field);
    let rows = |table: &Json| table.as_array().cloned().unwrap_or_default();
    let (before, after) = (rows(before), rows(after));
    let mut differing = Vec::new();
    for number in 0..before.len().max(after.len()) {
        let said = |rows: &[Json], column: &str| rows.get(number).and_then(|row| row.get(column)).cloned();
        for (column, head) in &columns {
            let (before, after) = (said(&before, column), said(&after, column));
            if before != after {
                let shown = |value: Option<Json>| match value {
                    Some(value) => cell(t, field, column, &value),
                    None => t.nothing().to_owned(),
                };
                differing.push((t.of_row(head, number + 1), shown(before), shown(after)));
            }
        }
    }
    differing
}
