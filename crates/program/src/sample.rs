//! A form filled in as an example: the start of a new program's scenarios, and what random lives hand in where nobody
//! wrote a sample.

use chrono::{Days, NaiveDate};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use crate::compiled::Program;
use crate::definition::{Field, FieldType};
use crate::parts::FormField;

/// Days between the dates of one form, in the order of its fields.
const STEP: u64 = 30;
/// Yen of each row of a cost table, without tax.
const NET: i64 = 100_000;
const TAX: i64 = 10_000;

impl Program {
    /// Values of the form's required fields, as somebody would enter them on `day`. Dates lie ahead, and behind where
    /// real costs are told.
    #[must_use]
    pub fn sample(&self, form: &str, day: NaiveDate) -> Map<String, Json> {
        self.form(form).map(|form| filled_in(&form.fields, day)).unwrap_or_default()
    }

    /// The same for the inputs of an action, which has no form.
    #[must_use]
    pub fn sample_input(&self, action: &str, day: NaiveDate) -> Map<String, Json> {
        self.action(action).map(|action| filled_in(action.input, day)).unwrap_or_default()
    }
}

fn filled_in(fields: &IndexMap<String, FormField>, day: NaiveDate) -> Map<String, Json> {
    let is_past = fields.values().any(|field| field.rule.actual);
    let dates = fields.values().filter(|field| field.rule.kind == FieldType::Date).count();
    let mut dates = Dates { day, is_past, left: u64::try_from(dates).unwrap_or_default(), told: 0 };
    let mut values = Map::new();
    for (name, field) in fields {
        let date = if field.rule.kind == FieldType::Date { dates.next() } else { day };
        let is_asked = (field.rule.required || field.rule.consent) && field.when.is_none();
        if let Some(value) = sample_of(&field.rule, date, day).filter(|_| is_asked) {
            values.insert(name.clone(), value);
        }
    }
    values
}

struct Dates {
    day: NaiveDate,
    is_past: bool,
    left: u64,
    told: u64,
}

impl Dates {
    fn next(&mut self) -> NaiveDate {
        self.told += 1;
        self.left = self.left.saturating_sub(1);
        let moved = if self.is_past {
            self.day.checked_sub_days(Days::new(self.left + 1))
        } else {
            self.day.checked_add_days(Days::new(self.told * STEP))
        };
        moved.unwrap_or(self.day)
    }
}

fn sample_of(field: &Field, date: NaiveDate, day: NaiveDate) -> Option<Json> {
    Some(match field.kind {
        FieldType::Text | FieldType::LongText => {
            let most = field.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
            json!("見本".chars().take(most).collect::<String>())
        }
        FieldType::Number => json!(field.min.unwrap_or(1)),
        FieldType::Yen => json!(field.min.unwrap_or(0)),
        FieldType::Date => json!(date.to_string()),
        FieldType::YesNo => json!(field.consent),
        FieldType::Choice => json!(field.choices.keys().next()),
        FieldType::Rate => json!("1/1"),
        FieldType::Costs => costs(field, day),
        FieldType::File => json!("sample.pdf"),
        FieldType::CorporateNumber => json!("1000000000001"),
        FieldType::BankAccount => {
            json!({ "bank": "0138", "branch": "200", "kind": "ordinary", "number": "1234567", "holder_kana": "カ）ミホン" })
        }
        FieldType::Business => json!("00000000-0000-0000-0000-00000000000c"),
        FieldType::FieldMarks => return None,
    })
}

/// A row for each category that always counts.
fn costs(field: &Field, day: NaiveDate) -> Json {
    let before = |days: u64| day.checked_sub_days(Days::new(days)).unwrap_or(day).to_string();
    let counts = field.categories.iter().filter(|(_, category)| category.when.is_none());
    let rows = counts.map(|(name, category)| {
        let mut row = Map::new();
        for (part, value) in [
            ("category", json!(name)),
            ("what", json!(category.label.ja)),
            ("supplier", json!("見本商店")),
            ("net", json!(NET)),
            ("tax", json!(TAX)),
        ] {
            row.insert(part.to_owned(), value);
        }
        if let Some(items) = &field.items {
            row.insert("item".to_owned(), json!(items.choices.keys().next().map_or("見本", String::as_str)));
        }
        if field.actual {
            for (part, days) in [("ordered_on", 20), ("delivered_on", 10), ("paid_on", 5)] {
                row.insert(part.to_owned(), json!(before(days)));
            }
        }
        Json::Object(row)
    });
    rows.collect()
}
