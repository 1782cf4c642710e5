//! What a definition must pass before it is a program: lists of small checks, each with its own code.
//!
//! References are checked on what is written; machines, clocks and money on what remains when options are switched.

mod clocks;
mod fields;
mod letters;
mod machine;
mod money;
mod others;
mod payment;
mod people;
mod references;
mod rules;
mod unused;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use vocabulary::Bilingual;

use crate::definition::{Action, Archetype, Definition, Name, OneOrMany, State, StateKind};
use crate::finding::Finding;
use crate::resolve::Merged;
use crate::versions::check_renames;
use crate::yaml::pointer_part;

pub(crate) use rules::{Placed, Rules, check as check_rules};

/// Checks that need everything that is written, also what an option switches off.
pub(crate) fn as_written(definition: &Definition) -> Vec<Finding> {
    let mut findings = Vec::new();
    references::check(definition, &mut findings);
    words::check(definition, &mut findings);
    unused::check(definition, &mut findings);
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
    clocks::check(definition, &mut findings);
    people::check(definition, &mut findings);
    letters::check(definition, &mut findings);
    machine::check_options(definition, closed_states, &mut findings);
    if graph_is_known {
        machine::check_graph(definition, &mut findings);
        money::check(definition, &mut findings);
        payment::check(definition, &mut findings);
    }
    fields::check(definition, merged, &mut findings);
    check_renames(definition, merged, &mut findings);
    others::check(definition, merged, &mut findings);
    findings
}

/// The case's own machine, or the one of a procedure.
pub(crate) struct Machine<'a> {
    pub path: String,
    pub procedure: Option<&'a str>,
    pub states: &'a IndexMap<Name, State>,
    pub actions: &'a IndexMap<Name, Action>,
    /// State → the actions that may be taken there.
    from: BTreeMap<&'a str, Vec<(&'a Name, &'a Action)>>,
}

impl<'a> Machine<'a> {
    pub fn all(archetype: &'a Archetype) -> impl Iterator<Item = Machine<'a>> {
        let own = Machine::new("/archetype".to_owned(), None, &archetype.states, &archetype.actions);
        let beside = archetype.procedures.iter().map(|(name, procedure)| {
            let path = format!("/archetype/procedures/{}", pointer_part(name));
            Machine::new(path, Some(name), &procedure.states, &procedure.actions)
        });
        std::iter::once(own).chain(beside)
    }

    fn new(
        path: String,
        procedure: Option<&'a str>,
        states: &'a IndexMap<Name, State>,
        actions: &'a IndexMap<Name, Action>,
    ) -> Self {
        let mut from: BTreeMap<&str, Vec<(&Name, &Action)>> = BTreeMap::new();
        for (name, action) in actions {
            for state in action.from.as_slice() {
                from.entry(state).or_default().push((name, action));
            }
        }
        Machine { path, procedure, states, actions, from }
    }

    /// The procedures whose own names are seen in this machine, by an action of it perhaps one more.
    pub fn near(&self, action: Option<&'a Action>) -> Vec<&'a str> {
        self.procedure.into_iter().chain(action.and_then(Action::opens)).collect()
    }

    pub fn state_path(&self, name: &str) -> String {
        format!("{}/states/{}", self.path, pointer_part(name))
    }

    pub fn action_path(&self, name: &str) -> String {
        format!("{}/actions/{}", self.path, pointer_part(name))
    }

    /// The actions that may be taken in a state.
    pub fn actions_from(&self, state: &str) -> impl Iterator<Item = (&'a Name, &'a Action)> {
        self.from.get(state).into_iter().flatten().copied()
    }

    /// The actions that lead out of a state.
    pub fn leaving(&self, state: &str) -> impl Iterator<Item = (&'a Name, &'a Action)> {
        self.actions_from(state).filter(move |(_, action)| ways(action).any(|to| to != state))
    }

    /// Where a case stands when the machine starts.
    pub fn first(&self) -> Option<&'a Name> {
        match self.procedure {
            Some(_) => self.states.keys().next(),
            None => self.states.iter().find(|(_, state)| state.kind == StateKind::Drafting).map(|(name, _)| name),
        }
    }

    /// For each state that can be reached, what was gained on every way to it, whatever conditions say. `start` is there
    /// from the beginning; an action gains by what it does, and by the state to which it leads.
    pub fn on_every_way(
        &self,
        start: BTreeSet<Name>,
        gained: impl Fn(&'a Action, &'a str) -> BTreeSet<Name>,
    ) -> BTreeMap<&'a str, BTreeSet<Name>> {
        let mut known: BTreeMap<&'a str, BTreeSet<Name>> = BTreeMap::new();
        let mut open: Vec<&'a str> = self.first().map(String::as_str).into_iter().collect();
        known.extend(open.iter().map(|first| (*first, start.clone())));
        // A state is looked at again only when its set has shrunk, so each at most once for each name.
        while let Some(state) = open.pop() {
            let before = known.get(state).cloned().unwrap_or_default();
            for (_, action) in self.actions_from(state) {
                let stays = ways(action).next().is_none().then_some(state);
                for to in ways(action).chain(stays) {
                    let after: BTreeSet<Name> = before.union(&gained(action, to)).cloned().collect();
                    let next = match known.get(to) {
                        None => after,
                        Some(old) => old.intersection(&after).cloned().collect(),
                    };
                    if known.get(to) != Some(&next) {
                        known.insert(to, next);
                        open.push(to);
                    }
                }
            }
        }
        known
    }

    pub fn is_end(&self, state: &str) -> bool {
        self.states.get(state).is_some_and(|state| state.kind.is_end())
    }
}

/// The states to which an action leads, waiting in line included; none when the state stays.
pub(super) fn ways(action: &Action) -> impl Iterator<Item = &str> {
    action.to.iter().chain(&action.or_wait).map(String::as_str)
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
