//! What is wrong with a definition: where, why, and what to write instead.

use std::fmt;

use serde::Serialize;
use vocabulary::Bilingual;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    Warning,
    /// Nothing is wrong: says what the check leaves open.
    Note,
}

impl Severity {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that is wrong, or at least strange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable, e.g. `yaml.duplicate_key`, `schema.unknown_key`, `reference.state`, `expression.unknown_name`.
    pub code: String,
    pub severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Counted in characters from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// JSON pointer into the file, or into the definition (`/archetype/…`, `/program/…`) as long as no file is known.
    pub path: String,
    /// Characters into the value at `path`, for expressions.
    #[serde(skip)]
    pub offset: Option<usize>,
    /// Line and character of the text at `path`, both counted from 1, for templates.
    #[serde(skip)]
    pub within: Option<(u32, u32)>,
    pub message: Bilingual,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Bilingual>,
}

impl Finding {
    #[must_use]
    pub fn error(code: impl Into<String>, path: impl Into<String>, message: Bilingual) -> Self {
        Self {
            code: code.into(),
            severity: Severity::Error,
            file: None,
            line: None,
            column: None,
            path: path.into(),
            offset: None,
            within: None,
            message,
            hint: None,
        }
    }

    #[must_use]
    pub fn warning(code: impl Into<String>, path: impl Into<String>, message: Bilingual) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, path, message) }
    }

    #[must_use]
    pub fn note(code: impl Into<String>, path: impl Into<String>, message: Bilingual) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, path, message) }
    }

    #[must_use]
    pub fn hint(mut self, hint: Option<Bilingual>) -> Self {
        self.hint = hint;
        self
    }

    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line, self.column) {
            (Some(file), Some(line), Some(column)) => write!(f, "{file}:{line}:{column}: ")?,
            (Some(file), ..) => write!(f, "{file}: ")?,
            (None, ..) if self.path.is_empty() => {}
            (None, ..) => write!(f, "{}: ", self.path)?,
        }
        write!(f, "{}[{}]: {}", self.severity.as_str(), self.code, self.message.en)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  = help: {}", hint.en),
            None => Ok(()),
        }
    }
}

/// "Did you mean", when a known word is close to what was written.
#[must_use]
pub(crate) fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Bilingual> {
    let word = nearest(written, known)?;
    Some(Bilingual::new(format!("「{word}」のことですか"), format!("Did you mean `{word}`?")))
}

/// "Did you mean", or else what there is to choose from; none when there is nothing.
#[must_use]
pub(crate) fn suggested<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Bilingual> {
    let known: Vec<&str> = known.into_iter().collect();
    did_you_mean(written, known.iter().copied()).or_else(|| one_of(&known))
}

/// All of what can be written, as far as a message can hold it.
fn one_of(known: &[&str]) -> Option<Bilingual> {
    const MOST: usize = 24;
    let shown = known.get(..MOST).unwrap_or(known);
    let list: Vec<String> = shown.iter().map(|word| format!("`{word}`")).collect();
    let more = if shown.len() < known.len() { ", …" } else { "" };
    let list = list.join(", ");
    (!known.is_empty()).then(|| Bilingual::new(format!("使えるもの: {list}{more}"), format!("One of: {list}{more}")))
}

/// The known word that takes the fewest changes, if these are few for its length.
fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    let length = written.chars().count();
    let close_enough = (length / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|word| length <= LONGEST && word.chars().count() <= LONGEST)
        .map(|word| (strsim::osa_distance(written, word), word))
        .filter(|(changes, _)| *changes <= close_enough)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_close() {
        assert_eq!(nearest("under_reveiw", ["under_review", "correcting"]), Some("under_review"));
        assert_eq!(nearest("x", ["under_review"]), None);
        assert_eq!(nearest("sme", ["same", "some_other"]), Some("same"));
    }

    #[test]
    fn reads_like_a_compiler() {
        let mut finding =
            Finding::error("reference.state", "/states/x", Bilingual::new("ありません", "There is no state `x`"));
        finding.hint = Some(Bilingual::new("「y」", "Did you mean `y`?"));
        (finding.file, finding.line, finding.column) = (Some("a.yaml".to_owned()), Some(3), Some(7));
        assert_eq!(
            finding.to_string(),
            "a.yaml:3:7: error[reference.state]: There is no state `x`\n  = help: Did you mean `y`?"
        );
    }
}
