//! The award with its reasons.

use askama::Template;
use program::{Award, Explanation};
use vocabulary::{Bilingual, Locale};

use crate::text::Text;

/// The award as it would be by what is typed so far.
#[derive(Template)]
#[template(path = "forms/award.html")]
pub(crate) struct AwardBox {
    pub t: Text,
    pub award: Option<AwardShown>,
    /// There is none yet because something of the costs is missing.
    pub unfinished: bool,
}

pub(crate) struct AwardShown {
    pub amount: String,
    pub eligible: bool,
    pub steps: Vec<StepShown>,
}

pub(crate) struct StepShown {
    pub label: String,
    pub value: String,
    pub amount: Option<String>,
    /// HTML
    pub why: Option<String>,
}

impl AwardShown {
    pub fn of(award: &Award, locale: Locale) -> Self {
        let steps = award.steps.iter().map(|step| StepShown {
            label: step.label.get(locale).to_owned(),
            value: step.value.get(locale).to_owned(),
            // Where the step's value is its amount, it is said once.
            amount: step.amount.map(|yen| yen.to_string()).filter(|yen| step.value.ja != format!("{yen}円")),
            why: step.explanation.as_ref().map(|why| explained(why, locale)),
        });
        Self { amount: award.amount.to_string(), eligible: award.eligible, steps: steps.collect() }
    }
}

struct Line {
    text: String,
    value: String,
    children: Vec<Line>,
}

impl Line {
    fn of(explanation: &Explanation, locale: Locale) -> Self {
        Self {
            text: explanation.words.get(locale).to_owned(),
            value: told(explanation, locale),
            children: explanation.children.iter().map(|child| Self::of(child, locale)).collect(),
        }
    }

    /// The children as HTML; expressions have at most 16 levels.
    fn nested(&self) -> String {
        listed(&self.children)
    }
}

#[derive(Template)]
#[template(path = "forms/explanation.html")]
struct Lines<'a> {
    lines: &'a [Line],
}

fn listed(lines: &[Line]) -> String {
    Lines { lines }.to_string()
}

/// Of a condition whether it applies, with the values that it looked at; other values as they are.
fn told(explanation: &Explanation, locale: Locale) -> String {
    let value = explanation.value.get(locale);
    let Some(holds) = explanation.holds else { return value.to_owned() };
    let said = if holds { Bilingual::new("はい", "Yes") } else { Bilingual::new("いいえ", "No") };
    let applies = match holds {
        true => Bilingual::new("当てはまります", "applies"),
        false => Bilingual::new("当てはまりません", "does not apply"),
    };
    match value.strip_prefix(said.get(locale)) {
        Some(looked_at) => format!("{}{looked_at}", applies.get(locale)),
        None => value.to_owned(),
    }
}

/// An explanation as HTML.
pub(super) fn explained(explanation: &Explanation, locale: Locale) -> String {
    listed(&[Line::of(explanation, locale)])
}
