//! What is wrong with an expression, and why one could not be evaluated: in words for a person, in both languages.

use std::ops::Range;

use serde::Serialize;
use vocabulary::Bilingual;

use crate::finding::suggested;

/// A mistake in an expression, found when it is compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code} at {start}: {}", .message.en)]
pub struct Fault {
    /// Stable, e.g. `expression.unknown_name`; all codes are listed in [`codes`].
    pub code: &'static str,
    /// First character of the faulty part, counted in characters from 0.
    pub start: usize,
    /// The character after the faulty part.
    pub end: usize,
    pub message: Bilingual,
    /// What to write instead.
    pub hint: Option<Bilingual>,
}

impl Fault {
    pub(super) fn new(code: &'static str, span: Range<usize>, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, start: span.start, end: span.end, message: Bilingual::new(ja, en), hint: None }
    }

    pub(super) fn hint(mut self, ja: impl Into<String>, en: impl Into<String>) -> Self {
        self.hint = Some(Bilingual::new(ja, en));
        self
    }

    /// Adds the known word that is close to what was written, or the known words.
    pub(super) fn suggest<'a>(mut self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.hint = suggested(written, known);
        self
    }
}

/// Every code that a [`Fault`] can have.
pub mod codes {
    pub const AMBIGUOUS_NAME: &str = "expression.ambiguous_name";
    pub const ARGUMENTS: &str = "expression.arguments";
    pub const DATE: &str = "expression.date";
    pub const NESTED_ROWS: &str = "expression.nested_rows";
    pub const NOT_A_LIST: &str = "expression.not_a_list";
    pub const NUMBER: &str = "expression.number";
    pub const OPTIONAL: &str = "expression.optional";
    pub const SYNTAX: &str = "expression.syntax";
    pub const TOO_DEEP: &str = "expression.too_deep";
    pub const TOO_LONG: &str = "expression.too_long";
    pub const TOO_MANY_NODES: &str = "expression.too_many_nodes";
    pub const TYPE_MISMATCH: &str = "expression.type_mismatch";
    pub const UNKNOWN_CHOICE: &str = "expression.unknown_choice";
    pub const UNKNOWN_FUNCTION: &str = "expression.unknown_function";
    pub const UNKNOWN_NAME: &str = "expression.unknown_name";
    pub const YEN_TIMES_RATE: &str = "expression.yen_times_rate";
}

/// Why an expression has no value here. The step that asked for it must not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {}", .message.en)]
pub struct Blocked {
    /// `missing_fact`, `wrong_fact`, `overflow`, `division_by_zero`, `no_such_day` or `unit`.
    pub code: &'static str,
    /// The fact (`applicant.size`) or the part of the expression that could not be computed.
    pub subject: String,
    pub message: Bilingual,
}

impl Blocked {
    pub(super) fn new(code: &'static str, subject: impl Into<String>) -> Self {
        let subject = subject.into();
        let (ja, en) = match code {
            "missing_fact" => ("まだ入力されていません", "is not known yet"),
            "overflow" => ("扱える範囲を超えています", "is out of range"),
            "division_by_zero" => ("0で割ることはできません", "divides by zero"),
            "no_such_day" => ("存在しない日付です", "is a day that does not exist"),
            "unit" => ("端数処理の単位は1円以上にしてください", "needs a rounding unit of at least 1 yen"),
            _ => ("値の種類が定義と合いません", "is not of the kind that the definition says"),
        };
        let message = Bilingual::new(format!("「{subject}」: {ja}"), format!("`{subject}` {en}"));
        Self { code, subject, message }
    }
}
