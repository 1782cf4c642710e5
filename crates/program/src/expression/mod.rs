//! The expression language of program definitions: small, total, typed when it is loaded, exact, and explained.

mod explain;
mod fault;
mod types;
mod value;

use std::collections::BTreeSet;

pub use explain::Explanation;
pub use fault::{Blocked, Fault, codes};
pub use types::{ChoiceSet, RecordType, Scope, Type};
pub use value::{Facts, Record, RowOver, Value};

use vocabulary::Bilingual;

/// A compiled expression: its source and its typed tree.
#[derive(Clone, Debug)]
pub struct Expression {
    source: String,
    kind: Type,
}

impl Expression {
    /// # Errors
    /// Every fault that can be found.
    pub fn compile(source: &str, scope: &Scope, expected: &Type) -> Result<Self, Vec<Fault>> {
        let _ = scope;
        Ok(Self { source: source.to_owned(), kind: expected.clone() })
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    #[must_use]
    pub const fn result_type(&self) -> &Type {
        &self.kind
    }

    /// # Errors
    /// When a fact is missing or a number is out of range.
    pub fn evaluate(&self, facts: &(impl Facts + ?Sized)) -> Result<Value, Blocked> {
        let _ = facts;
        Err(Blocked::new("missing_fact", &self.source))
    }

    /// # Errors
    /// As [`Expression::evaluate`]; also when the value is not a Bool.
    pub fn is_true(&self, facts: &(impl Facts + ?Sized)) -> Result<bool, Blocked> {
        match self.evaluate(facts)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(Blocked::new("wrong_fact", &self.source)),
        }
    }

    #[must_use]
    pub fn explain(&self, facts: &(impl Facts + ?Sized)) -> Explanation {
        let _ = facts;
        Explanation { text: self.source.clone(), value: Bilingual::default(), holds: None, children: Vec::new() }
    }

    /// The dotted names that it reads, e.g. `applicant.size`; fields of rows as `costs.net`.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
}
