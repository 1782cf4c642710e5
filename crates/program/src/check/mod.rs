//! What a definition must pass before it is a program: lists of small checks, each with its own code.
//!
//! References are checked on what is written; machines, clocks and money on what remains when options are switched.

mod fields;
mod machine;
mod money;
mod references;
mod words;

use std::collections::BTreeSet;

use indexmap::IndexMap;
use vocabulary::Bilingual;

use crate::definition::{Action, Archetype, Definition, Name, OneOrMany, State};
use crate::finding::Finding;
use crate::resolve::Merged;
use crate::yaml::pointer_part;

/// Checks that need everything that is written, also what an option switches off.
pub(crate) fn as_written(definition: &Definition) -> Vec<Finding> {
    let mut findings = Vec::new();
    references::check(definition, &mut findings);
    words::check(definition, &mut findings);
    money::check_unused(&definition.archetype, &mut findings);
    findings
}

/// Checks of what holds for cases. The graph is only searched when every state that is named exists.
pub(crate) fn as_resolved(
    definition: &Definition,
    merged: &Merged,
    closed_states: &BTreeSet<Name>,
    graph_is_known: bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    references::check_deadlines(definition, &mut findings);
    machine::check(definition, &mut findings);
    machine::check_options(definition, closed_states, &mut findings);
    if graph_is_known {
        machine::check_graph(definition, &mut findings);
        money::check(definition, &mut findings);
    }
    fields::check(definition, merged, &mut findings);
    findings
}

/// The case's own machine, or the one of a procedure.
pub(super) struct Machine<'a> {
    pub path: String,
    pub procedure: Option<&'a str>,
    pub states: &'a IndexMap<Name, State>,
    pub actions: &'a IndexMap<Name, Action>,
}

impl<'a> Machine<'a> {
    pub fn all(archetype: &'a Archetype) -> impl Iterator<Item = Machine<'a>> {
        let own = Machine {
            path: "/archetype".to_owned(),
            procedure: None,
            states: &archetype.states,
            actions: &archetype.actions,
        };
        let beside = archetype.procedures.iter().map(|(name, procedure)| Machine {
            path: format!("/archetype/procedures/{}", pointer_part(name)),
            procedure: Some(name),
            states: &procedure.states,
            actions: &procedure.actions,
        });
        std::iter::once(own).chain(beside)
    }

    pub fn state_path(&self, name: &str) -> String {
        format!("{}/states/{}", self.path, pointer_part(name))
    }

    pub fn action_path(&self, name: &str) -> String {
        format!("{}/actions/{}", self.path, pointer_part(name))
    }

    /// The actions that may be taken in a state.
    pub fn actions_from(&self, state: &str) -> impl Iterator<Item = (&'a Name, &'a Action)> {
        self.actions.iter().filter(move |(_, action)| action.from.as_slice().iter().any(|from| from == state))
    }
}

/// The path of one of the words at `path`, which may stand alone or in a list.
pub(super) fn one_path<T>(path: &str, words: &OneOrMany<T>, i: usize) -> String {
    match words {
        OneOrMany::One(_) => path.to_owned(),
        OneOrMany::Many(_) => format!("{path}/{i}"),
    }
}

pub(super) fn error(code: &str, path: impl Into<String>, ja: impl Into<String>, en: impl Into<String>) -> Finding {
    Finding::error(code, path, Bilingual::new(ja, en))
}
