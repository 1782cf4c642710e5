//! What is wrong with an expression, and why one could not be evaluated: in words for a person, in both languages.

use std::ops::Range;

use serde::Serialize;
use vocabulary::Bilingual;

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

    /// Adds "did you mean" when a known word is close to what was written.
    pub(super) fn did_you_mean<'a>(self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(written, known) {
            Some(word) => self.hint(format!("「{word}」のことですか"), format!("Did you mean `{word}`?")),
            None => self,
        }
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

/// The known word that takes the fewest changes, if these are few for its length.
fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    let length = written.chars().count();
    if length > LONGEST {
        return None;
    }
    let close_enough = (length / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|word| word.chars().count() <= LONGEST)
        .map(|word| (distance(written, word), word))
        .filter(|(distance, _)| *distance <= close_enough)
        .min()
        .map(|(_, word)| word)
}

/// Insertions, deletions, replacements and swaps of neighbors that turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before_previous: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=to.len()).collect();
    let mut last: Option<char> = None;
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    for (i, c) in from.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let replaced = at(&previous, j) + usize::from(c != *other);
            let mut best = replaced.min(at(&previous, j + 1) + 1).min(at(&row, j) + 1);
            if j > 0 && last == Some(*other) && to.get(j - 1) == Some(&c) {
                best = best.min(at(&before_previous, j - 1) + 1);
            }
            row.push(best);
        }
        before_previous = std::mem::replace(&mut previous, row);
        last = Some(c);
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_single_changes() {
        for (from, to, expected) in
            [("", "", 0), ("", "abc", 3), ("net", "net", 0), ("nte", "net", 1), ("sme", "same", 1), ("abc", "xyz", 3)]
        {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
        assert_eq!(nearest("applicnat", ["received_on", "applicant"]), Some("applicant"));
        assert_eq!(nearest("xyz", ["received_on", "applicant"]), None);
    }
}
