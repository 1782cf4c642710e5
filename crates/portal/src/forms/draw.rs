//! One field as HTML: its name, hint, remark, what is wrong, and the control that takes its value.

use std::collections::BTreeSet;

use askama::Template;
use casework::{FieldMark, Submission};
use program::definition::{Field, FieldType, Name};
use program::{Form, FormField, evidence_of, says_evidence};
use serde_json::{Map, Value as Json};
use treasury::BankMaster;
use vocabulary::Yen;

use super::facts::{columns, shown};
use super::told::{Told, head};
use super::{Choice, REMOVE_ROW, VALUE, anchor};
use crate::text::Text;

/// Choices that are all shown at once.
const FEW_CHOICES: usize = 5;
/// Empty rows below those that are filled in.
const SPARE_ROWS: usize = 2;
/// Characters of a date, a number, a code.
const SHORT: i64 = 40;
const TEXT: i64 = 2_000;
const LONG_TEXT: i64 = 10_000;

/// What a form is drawn from.
pub(crate) struct Drawing<'a> {
    pub t: Text,
    pub values: &'a Map<String, Json>,
    pub told: &'a Told,
    /// Remarks of the office on fields that have to be corrected.
    pub remarks: &'a [FieldMark],
    /// The fields that are asked for by what is filled in so far; all when absent.
    pub asked: Option<&'a [Name]>,
    /// The fields that may be changed; all when absent.
    pub open: Option<&'a BTreeSet<String>>,
    /// What may be marked for correction, where the form does that.
    pub marked: Option<(&'a Form, &'a Submission)>,
}

#[derive(Template)]
#[template(path = "forms/field.html")]
pub(crate) struct FieldBox {
    t: Text,
    id: String,
    field: String,
    label: String,
    hint: Option<String>,
    remark: Option<String>,
    errors: Vec<String>,
    required: bool,
    locked: bool,
    asked: bool,
    /// More than one control: a group with a legend.
    group: bool,
    /// The value in words, when it may not be changed.
    shown: String,
    /// HTML
    control: String,
    described: String,
}

#[derive(Template)]
#[template(path = "forms/input.html")]
struct Line<'a> {
    id: &'a str,
    name: &'a str,
    kind: &'static str,
    value: &'a str,
    class: &'static str,
    numeric: bool,
    longest: Option<i64>,
    adds: Option<&'a str>,
    unit: Option<&'static str>,
    required: bool,
    wrong: bool,
    described: &'a str,
    /// Where nothing visible names it.
    label: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "forms/long.html")]
struct Long<'a> {
    id: &'a str,
    name: &'a str,
    value: &'a str,
    longest: i64,
    required: bool,
    wrong: bool,
    described: &'a str,
}

#[derive(Template)]
#[template(path = "forms/select.html")]
struct Select<'a> {
    t: Text,
    id: &'a str,
    name: &'a str,
    options: Vec<Choice>,
    required: bool,
    wrong: bool,
    described: &'a str,
    label: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "forms/radios.html")]
struct Radios<'a> {
    name: &'a str,
    options: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "forms/consent.html")]
struct Consent<'a> {
    t: Text,
    name: &'a str,
    checked: bool,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "forms/costs.html")]
struct Costs {
    t: Text,
    heads: Vec<String>,
    rows: Vec<CostRow>,
    /// Columns before and after the two that are summed up.
    before_sums: usize,
    after_sums: usize,
    net: String,
    tax: String,
    gross: String,
    notes: Vec<String>,
}

struct CostRow {
    cells: Vec<Cell>,
    /// The files that prove it stay with it: name of the input, and their identifiers with spaces between.
    evidence: Option<(String, String)>,
    /// What the button that takes a filled row away sends, and which row it is.
    remove: Option<(String, String)>,
}

struct Cell {
    id: String,
    head: String,
    class: &'static str,
    /// HTML
    control: String,
    errors: Vec<String>,
}

/// The parts of an account, each with a name of its own.
#[derive(Template)]
#[template(path = "forms/parts.html")]
struct Parts {
    t: Text,
    parts: Vec<AccountPart>,
}

struct AccountPart {
    id: String,
    label: &'static str,
    hint: Option<&'static str>,
    required: bool,
    errors: Vec<String>,
    /// HTML
    control: String,
    /// Where the code of a bank or branch is typed: how it is called.
    called: Option<String>,
}

#[derive(Template)]
#[template(path = "forms/marks.html")]
struct Marks {
    t: Text,
    marks: Vec<Mark>,
}

struct Mark {
    name: String,
    label: String,
    value: String,
    remark: String,
}

/// What a control has to know about its place.
struct At<'a> {
    id: &'a str,
    name: &'a str,
    required: bool,
    wrong: bool,
    described: &'a str,
}

impl<'a> Drawing<'a> {
    pub fn fields<'f>(&self, fields: impl Iterator<Item = (&'f Name, &'f FormField)>) -> Vec<FieldBox> {
        fields.map(|(name, field)| self.field(name, &field.rule)).collect()
    }

    fn field(&self, name: &str, rule: &Field) -> FieldBox {
        let (t, id) = (self.t, anchor(name));
        let value = self.values.get(name);
        let errors = self.told.at(name, t.0);
        let remarks = self.remarks.iter().filter(|mark| head(&mark.field) == name);
        let remarks: Vec<&str> = remarks.map(|mark| mark.remark.as_str()).collect();
        let locked = self.open.is_some_and(|open| !open.contains(name));
        let hint = rule.hint.as_ref().map(|hint| hint.get(t.0).to_owned()).or_else(|| example(t, rule.kind));
        let described: Vec<String> =
            [("hint", hint.is_some()), ("remark", !remarks.is_empty()), ("error", !errors.is_empty())]
                .into_iter()
                .filter(|(_, there)| *there)
                .map(|(part, _)| format!("{id}-{part}"))
                .collect();
        let described = described.join(" ");
        let wrong = !errors.is_empty();
        let at = At { id: &id, name: &format!("{VALUE}{name}"), required: rule.required, wrong, described: &described };
        let few = rule.choices.len() <= FEW_CHOICES;
        let control = if locked { String::new() } else { self.control(name, rule, value, &at) };
        let group = !locked
            && match rule.kind {
                FieldType::YesNo | FieldType::Costs | FieldType::BankAccount | FieldType::FieldMarks => true,
                FieldType::Choice => few,
                _ => false,
            };
        FieldBox {
            t,
            field: name.to_owned(),
            label: rule.label.get(t.0).to_owned(),
            hint,
            remark: (!remarks.is_empty()).then(|| remarks.join("\n")),
            errors,
            required: rule.required || rule.consent,
            locked,
            asked: self.asked.is_none_or(|asked| asked.iter().any(|asked| asked == name)),
            group,
            shown: shown(t, rule, value),
            control,
            described: described.clone(),
            id,
        }
    }

    fn control(&self, name: &str, rule: &Field, value: Option<&Json>, at: &At<'_>) -> String {
        let t = self.t;
        let text = typed(value);
        match rule.kind {
            FieldType::LongText => {
                let longest = rule.max.unwrap_or(LONG_TEXT);
                let At { id, name, required, wrong, described } = *at;
                Long { id, name, value: &text, longest, required, wrong, described }.to_string()
            }
            FieldType::YesNo if rule.consent => {
                let checked = value.and_then(Json::as_bool).unwrap_or(false);
                Consent { t, name: at.name, checked, wrong: at.wrong }.to_string()
            }
            FieldType::YesNo => {
                let is = |wanted| value.and_then(Json::as_bool) == Some(wanted);
                let choice = |value: &str, label: &str, chosen| Choice {
                    value: value.to_owned(),
                    label: label.to_owned(),
                    chosen,
                };
                let options = vec![choice("yes", t.yes(), is(true)), choice("no", t.no(), is(false))];
                Radios { name: at.name, options }.to_string()
            }
            FieldType::Choice => {
                let choices = rule.choices.iter().map(|(value, label)| Choice {
                    value: value.clone(),
                    label: label.get(t.0).to_owned(),
                    chosen: *value == text,
                });
                let options: Vec<Choice> = choices.collect();
                if options.len() <= FEW_CHOICES {
                    return Radios { name: at.name, options }.to_string();
                }
                let At { id, name, required, wrong, described } = *at;
                Select { t, id, name, options, required, wrong, described, label: None }.to_string()
            }
            FieldType::Costs => self.costs(name, rule, value),
            FieldType::BankAccount => self.account(name, rule.required, value),
            FieldType::FieldMarks => self.marks(name, value),
            FieldType::Yen => line(at, "text", &text, "figure", true, Some(SHORT), Some(t.yen())),
            FieldType::Number => line(at, "text", &text, "figure", true, Some(SHORT), None),
            FieldType::Date => line(at, "date", &text, "", false, None, None),
            FieldType::CorporateNumber => line(at, "text", &text, "short", true, Some(SHORT), None),
            FieldType::Rate => line(at, "text", &text, "short", false, Some(SHORT), None),
            FieldType::Text | FieldType::File | FieldType::Business => {
                line(at, "text", &text, "", false, Some(rule.max.unwrap_or(TEXT)), None)
            }
        }
    }

    fn costs(&self, name: &str, rule: &Field, value: Option<&Json>) -> String {
        let t = self.t;
        let rows = value.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let columns = columns(t, rule);
        let place = |column: &str| columns.get_index_of(column).unwrap_or(0);
        // A row that is added says what proves it, where the others do.
        let by_rows = rows.iter().filter_map(Json::as_object).any(says_evidence);
        let cells = |number: usize| {
            let row = rows.get(number);
            let cell = |(column, head): (&&'static str, &String)| {
                let value = typed(row.and_then(|row| row.get(*column)));
                self.cost_cell(name, rule, (number, *column, head), &value)
            };
            let row_of = row.and_then(Json::as_object);
            let says = row_of.map_or(by_rows, says_evidence);
            let files: Vec<&str> = row_of.into_iter().flat_map(evidence_of).collect();
            let evidence = says.then(|| (format!("{VALUE}{name}.{number}.evidence"), files.join(" ")));
            let remove = row.map(|_| (format!("{REMOVE_ROW}{name}.{number}"), t.row_number(number + 1)));
            CostRow { cells: columns.iter().map(cell).collect(), evidence, remove }
        };
        let sum = |columns: &[&str]| total(rows, columns);
        let notes = rule.categories.values().filter_map(|category| {
            let cap = category.cap.map(|cap| t.at_most(&cap.to_string()));
            let hint = category.hint.as_ref().map(|hint| hint.get(t.0).to_owned());
            let said: Vec<String> = [hint, cap].into_iter().flatten().collect();
            (!said.is_empty()).then(|| format!("{}: {}", category.label.get(t.0), said.join(" / ")))
        });
        let page = Costs {
            t,
            rows: (0..rows.len() + SPARE_ROWS).map(cells).collect(),
            before_sums: place("net"),
            after_sums: columns.len().saturating_sub(place("tax")),
            net: sum(&["net"]),
            tax: sum(&["tax"]),
            gross: sum(&["net", "tax"]),
            notes: notes.collect(),
            heads: columns.values().cloned().collect(),
        };
        page.to_string()
    }

    fn cost_cell(&self, table: &str, rule: &Field, (row, column, head): (usize, &str, &str), value: &str) -> Cell {
        let t = self.t;
        let path = format!("{table}[{row}].{column}");
        let (id, name) = (anchor(&path), format!("{VALUE}{table}.{row}.{column}"));
        let errors = self.told.at(&path, t.0);
        let described = if errors.is_empty() { String::new() } else { format!("{id}-error") };
        let label = t.of_row(head, row + 1);
        let at = At { id: &id, name: &name, required: false, wrong: !errors.is_empty(), described: &described };
        let choices: Option<Vec<Choice>> =
            match column {
                "category" => {
                    let categories = rule.categories.iter();
                    Some(categories.map(|(name, category)| choice(name, category.label.get(t.0), value)).collect())
                }
                "item" => rule.items.as_ref().filter(|items| !items.choices.is_empty()).map(|items| {
                    items.choices.iter().map(|(name, label)| choice(name, label.get(t.0), value)).collect()
                }),
                _ => None,
            };
        let (class, kind, numeric) = match column {
            "category" | "item" => ("category", "text", false),
            "net" | "tax" => ("amount", "text", true),
            "ordered_on" | "delivered_on" | "paid_on" => ("day", "date", false),
            _ => ("", "text", false),
        };
        let control = match choices {
            Some(options) => {
                let At { id, name, required, wrong, described } = at;
                Select { t, id, name, options, required, wrong, described, label: Some(&label) }.to_string()
            }
            None => {
                let longest = if kind == "date" { None } else { Some(200) };
                let At { id, name, required, wrong, described } = at;
                let adds = numeric.then_some(column);
                let class = if numeric { "figure" } else { "" };
                let label = Some(label.as_str());
                let unit = None;
                Line { id, name, kind, value, class, numeric, longest, adds, unit, required, wrong, described, label }
                    .to_string()
            }
        };
        Cell { id, head: head.to_owned(), class, control, errors }
    }

    fn account(&self, name: &str, required: bool, value: Option<&Json>) -> String {
        let t = self.t;
        let rows = [
            ("bank", t.bank_code(), Some(t.bank_code_hint())),
            ("branch", t.branch_code(), Some(t.branch_code_hint())),
            ("kind", t.kind_of_account(), None),
            ("number", t.account_number(), Some(t.account_number_hint())),
            ("holder_kana", t.holder_kana(), Some(t.holder_kana_hint())),
        ];
        let parts = rows.into_iter().map(|(part, label, hint)| {
            let path = format!("{name}.{part}");
            let (id, input) = (anchor(&path), format!("{VALUE}{name}.{part}"));
            let errors = self.told.at(&path, t.0);
            let mut described: Vec<String> = hint.iter().map(|_| format!("{id}-hint")).collect();
            described.extend((!errors.is_empty()).then(|| format!("{id}-error")));
            let described = described.join(" ");
            let at = At { id: &id, name: &input, required, wrong: !errors.is_empty(), described: &described };
            let text = typed(value.and_then(|value| value.get(part)));
            let control = if part == "kind" {
                let kinds = ["ordinary", "checking", "savings", "other"];
                let options = kinds.into_iter().map(|kind| choice(kind, t.account_kind(kind), &text)).collect();
                let At { id, name, required, wrong, described } = at;
                Select { t, id, name, options, required, wrong, described, label: None }.to_string()
            } else {
                line(&at, "text", &text, if part == "holder_kana" { "" } else { "short" }, false, Some(100), None)
            };
            let called = called_by_code(t, part, value);
            AccountPart { id, label, hint, required, errors, control, called }
        });
        Parts { t, parts: parts.collect() }.to_string()
    }

    fn marks(&self, name: &str, value: Option<&Json>) -> String {
        let t = self.t;
        let remark = |path: &str| typed(value.and_then(|marks| marks.get(path)));
        let mark = |path: String, label: &str, shown: String| Mark {
            name: format!("{VALUE}{name}.{path}"),
            label: label.to_owned(),
            value: shown,
            remark: remark(&path),
        };
        let marks = self.marked.map(|(form, handed_in)| {
            let fields = form.fields.iter().map(|(field, found)| {
                let value = handed_in.values.get(field);
                let shown = match (found.rule.kind, value.and_then(Json::as_array)) {
                    (FieldType::Costs, Some(rows)) => t.rows_with_total(rows.len(), &total(rows, &["net", "tax"])),
                    _ => shown(t, &found.rule, value),
                };
                mark(field.clone(), found.rule.label.get(t.0), shown)
            });
            let documents = form.documents.iter().map(|document| {
                let files = handed_in.documents.get(&document.name).map(Vec::as_slice).unwrap_or_default();
                let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
                let names = if names.is_empty() { t.not_attached().to_owned() } else { names.join("\n") };
                mark(format!("documents.{}", document.name), document.label.get(t.0), names)
            });
            fields.chain(documents).collect()
        });
        Marks { t, marks: marks.unwrap_or_default() }.to_string()
    }
}

/// These columns of all rows together; nothing when it is out of range.
pub(super) fn total(rows: &[Json], columns: &[&str]) -> String {
    let figures = rows.iter().flat_map(|row| columns.iter().filter_map(|column| row.get(*column)?.as_i64()));
    let figures = figures.filter_map(|figure| Yen::new(figure).ok());
    Yen::total(figures).map_or_else(|_| String::new(), |yen| yen.to_string())
}

/// How the banks and branches of the accounts among these fields are called, each with the anchor under which it is shown.
pub(crate) fn names_of_banks<'f>(
    t: Text,
    fields: impl Iterator<Item = (&'f Name, &'f FormField)>,
    values: &Map<String, Json>,
) -> Vec<(String, String)> {
    let accounts = fields.filter(|(_, field)| field.rule.kind == FieldType::BankAccount);
    let named = accounts.flat_map(|(name, _)| {
        ["bank", "branch"].map(|part| {
            let called = called_by_code(t, part, values.get(name)).unwrap_or_default();
            (anchor(&format!("{name}.{part}")), called)
        })
    });
    named.collect()
}

/// Of a bank or branch its name, where the list of banks has its code; nothing for other parts of an account.
fn called_by_code(t: Text, part: &str, account: Option<&Json>) -> Option<String> {
    let code = |part: &str| account.and_then(|account| account.get(part)?.as_str()).unwrap_or_default();
    let banks = BankMaster::embedded();
    match part {
        "bank" => {
            Some(banks.bank(code("bank")).map_or_else(|| unknown(t, code("bank"), 4), |bank| bank.name.to_owned()))
        }
        "branch" => {
            let branch = banks.branch(code("bank"), code("branch"));
            Some(branch.map_or_else(|| unknown(t, code("branch"), 3), |branch| branch.name.to_owned()))
        }
        _ => None,
    }
}

/// What is said of a code that is whole and that nobody has; nothing while it is typed.
fn unknown(t: Text, code: &str, digits: usize) -> String {
    if code.len() == digits { t.no_such_code().to_owned() } else { String::new() }
}

fn choice(value: &str, label: &str, chosen: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), chosen: value == chosen }
}

fn line(
    at: &At<'_>,
    kind: &'static str,
    value: &str,
    class: &'static str,
    numeric: bool,
    longest: Option<i64>,
    unit: Option<&'static str>,
) -> String {
    let At { id, name, required, wrong, described } = *at;
    let (adds, label) = (None, None);
    Line { id, name, kind, value, class, numeric, longest, adds, unit, required, wrong, described, label }.to_string()
}

/// As it was typed.
fn typed(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// How a value of this type is written.
fn example(t: Text, kind: FieldType) -> Option<String> {
    let text = match kind {
        FieldType::CorporateNumber => t.corporate_number_hint(),
        FieldType::Rate => t.rate_hint(),
        _ => return None,
    };
    Some(text.to_owned())
}
