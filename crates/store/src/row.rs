//! From rows to values and back: columns in their order, JSON as text, words of closed sets.

use sea_orm::{QueryResult, TryGetable};
use serde::Serialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use uuid::Uuid;
use vocabulary::Yen;

use crate::error::{Result, StoreError};

/// Takes the columns of a row one after the other.
pub struct Columns<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl<'a> Columns<'a> {
    pub fn of(row: &'a QueryResult) -> Self {
        Self { row, next: 0 }
    }

    pub fn take<T: TryGetable>(&mut self) -> Result<T> {
        let value = self.row.try_get_by_index(self.next)?;
        self.next += 1;
        Ok(value)
    }

    pub fn json<T: DeserializeOwned>(&mut self, what: &str) -> Result<T> {
        from_json(what, &self.take::<String>()?)
    }

    pub fn word<T: DeserializeOwned>(&mut self, what: &str) -> Result<T> {
        from_word(what, &self.take::<String>()?)
    }

    pub fn yen(&mut self) -> Result<Yen> {
        yen(self.take()?)
    }
}

pub fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(StoreError::fault)
}

pub fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::damaged(what, error))
}

/// The word that a unit variant has in JSON.
pub fn word<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::fault("not a word")),
    }
}

pub fn from_word<T: DeserializeOwned>(what: &str, word: &str) -> Result<T> {
    let deserializer: StrDeserializer<'_, WordError> = word.into_deserializer();
    T::deserialize(deserializer).map_err(|error| StoreError::damaged(what, error))
}

pub fn yen(amount: i64) -> Result<Yen> {
    Yen::new(amount).map_err(|error| StoreError::damaged("amount", error))
}

/// `($1, $2), ($3, $4)`: placeholders for many rows, the first of them numbered `first`.
pub fn placeholders(rows: usize, columns: usize, first: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(rows * columns * 5);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            let _ = write!(text, "{}${}", if column == 0 { "" } else { ", " }, first + row * columns + column);
        }
        text.push(')');
    }
    text
}

/// Filled up with the last id to one of few lengths, so that few different statements are prepared.
pub fn padded(ids: &[Uuid]) -> Vec<Uuid> {
    let mut padded = ids.to_vec();
    if let Some(last) = ids.last() {
        padded.resize(ids.len().next_power_of_two(), *last);
    }
    padded
}
