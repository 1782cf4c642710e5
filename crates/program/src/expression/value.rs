//! Values, the facts they come from, and how they are shown to people.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, Locale, Rate, Yen, wareki};

use super::types::Type;

/// The fields of one row or record.
pub type Record = BTreeMap<String, Value>;

/// A fact, or what an expression comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Value {
    Bool(bool),
    Int(i64),
    Yen(Yen),
    Rate(Rate),
    Text(String),
    Date(NaiveDate),
    Days(i64),
    /// The name of the option.
    Choice(String),
    List(Vec<Record>),
    Record(Record),
    /// An optional value that is missing.
    None,
}

impl Value {
    /// Whether it is of this type; inside records and rows only the fields that are read are looked at, when they are.
    #[must_use]
    pub fn fits(&self, kind: &Type) -> bool {
        if let (Self::Choice(name), Type::Choice(set)) = (self, kind) {
            return set.contains(name);
        }
        matches!(
            (self, kind),
            (Self::Bool(_), Type::Bool)
                | (Self::Int(_), Type::Int)
                | (Self::Yen(_), Type::Yen)
                | (Self::Rate(_), Type::Rate)
                | (Self::Text(_), Type::Text)
                | (Self::Date(_), Type::Date)
                | (Self::Days(_), Type::Days)
                | (Self::List(_), Type::List(_))
                | (Self::Record(_), Type::Record(_))
                | (Self::None, Type::Optional(_))
        ) || matches!(kind, Type::Optional(inner) if self.fits(inner))
    }

    /// As people read it: 30,000円 and ¥30,000, 令和8年4月1日 and 1 April 2026, はい and Yes.
    #[must_use]
    pub fn shown(&self) -> Bilingual {
        match self {
            Self::Bool(true) => Bilingual::new("はい", "Yes"),
            Self::Bool(false) => Bilingual::new("いいえ", "No"),
            Self::Int(number) => same(number),
            Self::Yen(yen) if yen.is_negative() => {
                Bilingual::new(format!("{yen}円"), format!("-¥{}", yen.to_string().trim_start_matches('-')))
            }
            Self::Yen(yen) => Bilingual::new(format!("{yen}円"), format!("¥{yen}")),
            Self::Rate(rate) if rate.denominator() == 1 => same(rate.numerator()),
            Self::Rate(rate) => same(rate),
            Self::Text(text) => Bilingual::new(format!("「{text}」"), format!("“{text}”")),
            Self::Date(day) => Bilingual::new(wareki(*day, Locale::Ja), wareki(*day, Locale::En)),
            Self::Days(days @ (1 | -1)) => Bilingual::new(format!("{days}日"), format!("{days} day")),
            Self::Days(days) => Bilingual::new(format!("{days}日"), format!("{days} days")),
            Self::Choice(name) => same(name),
            Self::List(rows) if rows.len() == 1 => Bilingual::new("1件", "1 row"),
            Self::List(rows) => Bilingual::new(format!("{}件", rows.len()), format!("{} rows", rows.len())),
            Self::Record(_) => Bilingual::new("あり", "Present"),
            Self::None => Bilingual::new("未入力", "Not given"),
        }
    }

    /// As [`Value::shown`], with the labels of choices.
    #[must_use]
    pub fn shown_as(&self, kind: &Type) -> Bilingual {
        match (self, kind.present()) {
            (Self::Choice(name), Type::Choice(set)) => set.label(name).cloned().unwrap_or_else(|| self.shown()),
            _ => self.shown(),
        }
    }
}

fn same(value: impl ToString) -> Bilingual {
    let text = value.to_string();
    Bilingual::new(text.clone(), text)
}

/// Where an expression reads its names.
pub trait Facts {
    /// The value of a root name; the parts of dotted names are read from its record.
    fn get(&self, name: &str) -> Option<&Value>;
}

impl Facts for Record {
    fn get(&self, name: &str) -> Option<&Value> {
        BTreeMap::get(self, name)
    }
}

impl<F: Facts + ?Sized> Facts for &F {
    fn get(&self, name: &str) -> Option<&Value> {
        (**self).get(name)
    }
}

/// One row over the facts of its case, for expressions that were compiled in [`Scope::with_row`](super::Scope::with_row).
#[derive(Clone, Copy, Debug)]
pub struct RowOver<'a, F: ?Sized> {
    pub row: &'a Record,
    pub facts: &'a F,
}

impl<F: Facts + ?Sized> Facts for RowOver<'_, F> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.row.get(name).or_else(|| self.facts.get(name))
    }
}
