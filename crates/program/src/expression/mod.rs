//! The expression language of program definitions: small, total, typed when it is loaded, exact, and explained.
//!
#![doc = include_str!("written.md")]
//!
//! Bounds: [`LONGEST`] characters, 200 parts, 16 deep, rows not within rows, so the cost is linear in the facts.

mod check;
mod evaluate;
mod explain;
mod fault;
mod functions;
mod lexer;
mod node;
mod outlook;
mod parser;
#[cfg(test)]
mod tests;
mod types;
mod value;
mod wording;

use std::collections::BTreeSet;
use std::sync::Arc;

use vocabulary::Bilingual;

pub use explain::Explanation;
pub use fault::{Blocked, Fault, codes};
pub use functions::{Usage, usages};
pub use outlook::{Outlook, outlook};
pub use types::{ChoiceSet, RecordType, Scope, Type};
pub use value::{Facts, Record, RowOver, Value};

use evaluate::Context;
use node::Node;

/// Characters that an expression may have.
pub const LONGEST: usize = 1_000;

/// A compiled expression: its source and its typed tree. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Expression(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    source: String,
    root: Node,
    names: BTreeSet<String>,
    wording: wording::Wording,
}

impl Expression {
    /// Reads an expression that may use the names of `scope` and must come to `expected`.
    ///
    /// # Errors
    /// Every fault that can be found, in the order of the text.
    pub fn compile(source: &str, scope: &Scope, expected: &Type) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let compiled = compile(source, scope, expected, &mut faults);
        faults.sort_by_key(|fault| (fault.start, fault.end));
        faults.dedup();
        match compiled {
            Some(compiled) if faults.is_empty() => Ok(Self(Arc::new(compiled))),
            _ => Err(faults),
        }
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// As people read it: names by their labels, conditions as sentences.
    #[must_use]
    pub fn words(&self) -> Bilingual {
        wording::said(&self.0.root, &self.0.wording)
    }

    /// What it comes to: the expected type, or the one behind it when an optional value was expected and this one is
    /// always there.
    #[must_use]
    pub fn result_type(&self) -> &Type {
        &self.0.root.r#type
    }

    /// # Errors
    /// When a fact is missing or of another type than the scope said, or when a number is out of range.
    pub fn evaluate(&self, facts: &(impl Facts + ?Sized)) -> Result<Value, Blocked> {
        self.context(&facts).evaluate(&self.0.root)
    }

    /// # Errors
    /// As [`Expression::evaluate`]; also when this is no condition.
    pub fn is_true(&self, facts: &(impl Facts + ?Sized)) -> Result<bool, Blocked> {
        self.context(&facts).holds(&self.0.root)
    }

    /// How it comes to its value. What is missing is shown as missing.
    #[must_use]
    pub fn explain(&self, facts: &(impl Facts + ?Sized)) -> Explanation {
        self.context(&facts).explain(&self.0.root)
    }

    /// The dotted names that it reads, e.g. `applicant.size`; fields of rows as `costs.net`, beside `costs`.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.0.names.clone()
    }

    fn context<'a>(&'a self, facts: &'a dyn Facts) -> Context<'a> {
        Context { source: &self.0.source, wording: &self.0.wording, facts, row: None }
    }
}

fn compile(source: &str, scope: &Scope, expected: &Type, faults: &mut Vec<Fault>) -> Option<Compiled> {
    let length = source.chars().count();
    if length > LONGEST {
        faults.push(
            Fault::new(
                codes::TOO_LONG,
                LONGEST..length,
                format!("式は{LONGEST}文字までです"),
                format!("An expression may have {LONGEST} characters, and this one has {length}"),
            )
            .hint("式をいくつかに分けてください", "Split it into several expressions"),
        );
        return None;
    }
    let tokens = lexer::tokens(source, faults);
    let (tree, guessed) = parser::parse(&tokens, faults)?;
    let mut found = Vec::new();
    let checked = check::check(&tree, source, scope, expected, &mut found);
    // Where the shape is a guess, types are noise; names are not.
    found.retain(|fault| !guessed || matches!(fault.code, codes::UNKNOWN_NAME | codes::UNKNOWN_FUNCTION));
    faults.append(&mut found);
    let wording = wording::wording(source, scope);
    Some(Compiled { source: source.to_owned(), root: checked.node?, names: checked.names, wording })
}
