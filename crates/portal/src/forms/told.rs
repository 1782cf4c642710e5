//! What was refused, and where it is told.

use casework::Refusal;
use vocabulary::{Bilingual, Locale};

use super::award::explained;

/// All that was refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Vec<Refusal>);

/// A line of the summary at the top of a page.
pub(crate) struct Said {
    /// Leads to the field.
    pub anchor: Option<String>,
    /// The field's name, with a colon; empty for the whole.
    pub label: String,
    pub message: String,
    /// How a rule came to its value, as HTML.
    pub why: Option<String>,
}

impl Said {
    pub fn plain(message: &str) -> Self {
        Self { anchor: None, label: String::new(), message: message.to_owned(), why: None }
    }
}

impl Told {
    pub fn of(refusals: Vec<Refusal>) -> Self {
        Self(refusals)
    }

    pub fn one(path: Option<String>, message: Bilingual) -> Self {
        Self(vec![Refusal { code: String::new(), path, message, explanation: None }])
    }

    /// Beside the field of exactly this path. Paths of the API are written in another case than names of inputs.
    pub fn at(&self, path: &str, locale: Locale) -> Vec<String> {
        let here = self.0.iter().filter(|refusal| refusal.path.as_deref() == Some(path));
        here.map(|refusal| refusal.message.get(locale).to_owned()).collect()
    }

    /// Of exactly this path, or of something inside it: `documents.receipts[0]` of `documents.receipts`.
    pub fn within(&self, path: &str, locale: Locale) -> Vec<String> {
        let inside = |refusal: &&Refusal| {
            let rest = refusal.path.as_deref().and_then(|found| found.strip_prefix(path));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        };
        self.0.iter().filter(inside).map(|refusal| refusal.message.get(locale).to_owned()).collect()
    }

    /// All of it, each with a link to where it can be put right. `place` gives link and name for a path.
    pub fn summary(&self, place: impl Fn(&str) -> Option<(String, String)>, locale: Locale) -> Vec<Said> {
        let line = |refusal: &Refusal| {
            let found = refusal.path.as_deref().and_then(&place);
            let (anchor, label) = found.map_or((None, String::new()), |(href, label)| (Some(href), label));
            let label = if label.is_empty() { label } else { format!("{label}: ") };
            let message = refusal.message.get(locale).to_owned();
            Said { anchor, label, message, why: refusal.explanation.as_ref().map(|why| explained(why, locale)) }
        };
        self.0.iter().map(line).collect()
    }
}

/// What a path begins with: `costs` of `costs[0].net`, `documents.receipts` of `documents.receipts[0]`.
pub(crate) fn head(path: &str) -> &str {
    let in_a_name = if path.starts_with("documents.") { &['['][..] } else { &['[', '.'] };
    path.split(in_a_name).next().unwrap_or(path)
}
