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
            message,
            hint: None,
        }
    }

    #[must_use]
    pub fn warning(code: impl Into<String>, path: impl Into<String>, message: Bilingual) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, path, message) }
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
        let severity = if self.is_error() { "error" } else { "warning" };
        match (&self.file, self.line, self.column) {
            (Some(file), Some(line), Some(column)) => write!(f, "{file}:{line}:{column}: ")?,
            (Some(file), ..) => write!(f, "{file}: ")?,
            (None, ..) if self.path.is_empty() => {}
            (None, ..) => write!(f, "{}: ", self.path)?,
        }
        write!(f, "{severity}[{}]: {}", self.code, self.message.en)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  = help: {}", hint.en),
            None => Ok(()),
        }
    }
}
