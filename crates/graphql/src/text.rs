//! Text in two languages, refusals and explanations.

use async_graphql::{Context, Object};
use vocabulary::Bilingual as Both;

use crate::enums::Locale;
use crate::scope::say;

/// The same words in Japanese and English.
pub(crate) struct Bilingual(pub Both);

#[Object]
impl Bilingual {
    async fn ja(&self) -> &str {
        &self.0.ja
    }
    async fn en(&self) -> &str {
        &self.0.en
    }
}

impl From<&Both> for Bilingual {
    fn from(text: &Both) -> Self {
        Self(text.clone())
    }
}

/// A domain answer: why not, where, and what to do next.
pub(crate) struct Refusal(pub casework::Refusal);

#[Object]
impl Refusal {
    /// Stable.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// The field, e.g. `costs[0].net`.
    async fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }
    async fn message(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.message, locale)
    }
    async fn message_bilingual(&self) -> Bilingual {
        (&self.0.message).into()
    }
    /// How the rule came to its answer, as text with one line a part.
    async fn explanation(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Option<String> {
        self.0.explanation.as_ref().map(|explanation| say(ctx, &written(explanation), locale))
    }
    /// The same, as a tree.
    async fn explanation_tree(&self) -> Option<Explanation> {
        self.0.explanation.clone().map(Explanation)
    }
}

pub(crate) fn refusals(refusals: Vec<casework::Refusal>) -> Vec<Refusal> {
    refusals.into_iter().map(Refusal).collect()
}

/// A part of a rule with the value it had.
pub(crate) struct Explanation(pub program::Explanation);

#[Object]
impl Explanation {
    /// The part as the program's definition writes it.
    async fn text(&self) -> &str {
        &self.0.text
    }
    /// The same as people read it: names by their labels, operators in words.
    async fn words(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.words, locale)
    }
    async fn value(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.value, locale)
    }
    async fn value_bilingual(&self) -> Bilingual {
        (&self.0.value).into()
    }
    /// For a condition: whether it holds.
    async fn holds(&self) -> Option<bool> {
        self.0.holds
    }
    async fn children(&self) -> Vec<Explanation> {
        self.0.children.iter().cloned().map(Explanation).collect()
    }
}

/// An explanation as indented lines.
pub(crate) fn written(explanation: &program::Explanation) -> Both {
    fn add(lines: &mut Both, explanation: &program::Explanation, depth: usize) {
        let indent = "  ".repeat(depth);
        let program::Explanation { words, value, .. } = explanation;
        for (text, words, value) in [(&mut lines.ja, &words.ja, &value.ja), (&mut lines.en, &words.en, &value.en)] {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&indent);
            text.push_str(words);
            text.push_str(" = ");
            text.push_str(value);
        }
        for child in &explanation.children {
            add(lines, child, depth + 1);
        }
    }
    let mut lines = Both::default();
    add(&mut lines, explanation, 0);
    lines
}
