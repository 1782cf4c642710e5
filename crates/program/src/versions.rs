//! From one version of a program to the next: where states go, and what was typed for fields.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use vocabulary::Bilingual;

use crate::compiled::Program;
use crate::definition::{Definition, Name, Renames, State};
use crate::finding::{Finding, did_you_mean, suggested};
use crate::resolve::Merged;
use crate::yaml::pointer_part;

/// What was typed for a form, by field, and for fields that the form does not have any more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Typed {
    #[serde(default)]
    pub values: Map<String, Json>,
    /// Nothing that was typed is lost: a field that comes back finds its value again.
    #[serde(default)]
    pub kept: Map<String, Json>,
}

impl Typed {
    /// The same in the next version. A name that neither version knows stays where it is: it is a mistake of whoever
    /// typed it, and is told when the form is handed in.
    #[must_use]
    pub fn carried(mut self, form: &str, before: &Program, after: &Program) -> Self {
        let known =
            |program: &Program, name: &str| program.form(form).is_some_and(|form| form.fields.contains_key(name));
        let values = std::mem::take(&mut self.values);
        let (renamed, rest): (Vec<_>, Vec<_>) =
            values.into_iter().partition(|(name, _)| after.field_now(form, name).is_some());
        for (name, value) in rest {
            let goes = known(before, &name) && !known(after, &name);
            _ = if goes { &mut self.kept } else { &mut self.values }.insert(name, value);
        }
        for (name, value) in renamed {
            match after.field_now(form, &name).filter(|now| !self.values.contains_key(*now)) {
                Some(now) => _ = self.values.insert(now.to_owned(), value),
                None => _ = self.kept.insert(name, value),
            }
        }
        let kept = std::mem::take(&mut self.kept);
        for (name, value) in kept {
            let now = after.field_now(form, &name).map_or_else(|| name.clone(), ToOwned::to_owned);
            if known(after, &now) && !self.values.contains_key(&now) {
                self.values.insert(now, value);
            } else {
                self.kept.insert(name, value);
            }
        }
        self
    }
}

impl Program {
    /// The name in this version of a field of the version before, if this version gives it another.
    #[must_use]
    pub fn field_now(&self, form: &str, before: &str) -> Option<&str> {
        self.definition().program.renames.fields.get(form)?.get(before).map(String::as_str)
    }

    /// The name in this version of a state of the case in the version before; none when it is gone.
    #[must_use]
    pub fn state_now<'a>(&'a self, before: &'a str) -> Option<&'a str> {
        now(&self.definition().program.renames, &self.definition().archetype.states, before)
    }

    /// As [`Program::state_now`], of a procedure.
    #[must_use]
    pub fn procedure_state_now<'a>(&'a self, procedure: &str, before: &'a str) -> Option<&'a str> {
        now(&self.definition().program.renames, &self.procedure(procedure)?.states, before)
    }

    /// What stands in the way of publishing this as the version after `before`: every state must have a place in it, or
    /// be said to be gone.
    #[must_use]
    pub fn check_succession(&self, before: &Program) -> Vec<Finding> {
        let renames = &self.definition().program.renames;
        let mut findings = Vec::new();
        for (name, state) in &before.definition().archetype.states {
            if self.state_now(name).is_none() && !renames.gone.contains(name) {
                findings.push(unmapped(name, state, self.definition().archetype.states.keys()));
            }
        }
        for (procedure, rule) in &before.definition().archetype.procedures {
            let Some(after) = self.procedure(procedure) else { continue };
            for (name, state) in &rule.states {
                if self.procedure_state_now(procedure, name).is_none() && !renames.gone.contains(name) {
                    findings.push(unmapped(name, state, after.states.keys()));
                }
            }
        }
        let old_states: BTreeSet<&Name> = all_states(before.definition()).map(|(name, _)| name).collect();
        for name in renames.states.keys().chain(&renames.gone).filter(|name| !old_states.contains(name)) {
            findings.push(Finding::error(
                "versions.unknown_state",
                "/program/renames",
                Bilingual::new(
                    format!("前の版に状態「{name}」はありません"),
                    format!("The version before has no state `{name}`"),
                ),
            ));
        }
        for (form, fields) in &renames.fields {
            let known = |name: &Name| before.form(form).is_some_and(|form| form.fields.contains_key(name));
            for name in fields.keys().filter(|name| !known(name)) {
                findings.push(Finding::error(
                    "versions.unknown_field",
                    format!("/program/renames/fields/{}/{}", pointer_part(form), pointer_part(name)),
                    Bilingual::new(
                        format!("前の版の様式「{form}」に項目「{name}」はありません"),
                        format!("In the version before, the form `{form}` has no field `{name}`"),
                    ),
                ));
            }
        }
        findings
    }
}

fn now<'a>(renames: &'a Renames, states: &IndexMap<Name, State>, before: &'a str) -> Option<&'a str> {
    let name = renames.states.get(before).map_or(before, String::as_str);
    (states.contains_key(name) && !renames.gone.iter().any(|gone| gone == before)).then_some(name)
}

fn unmapped<'a>(name: &str, state: &State, known: impl Iterator<Item = &'a Name>) -> Finding {
    let label = &state.label;
    let hint = did_you_mean(name, known.map(String::as_str)).unwrap_or_else(|| {
        Bilingual::new(
            format!(
                "renames に states: {{ {name}: 新しい名前 }} と書くか、なくなったときは gone: [{name}] と書いてください"
            ),
            format!("Write states: {{ {name}: the_new_name }} under `renames`, or gone: [{name}] when it has no place"),
        )
    });
    Finding::error(
        "versions.state_unmapped",
        "/program/renames",
        Bilingual::new(
            format!("前の版の状態「{}」（{name}）がこの版のどの状態になるか書かれていません", label.ja),
            format!("It is not said what becomes of the state \"{}\" ({name}) of the version before", label.en),
        ),
    )
    .hint(Some(hint))
}

fn all_states(definition: &Definition) -> impl Iterator<Item = (&Name, &State)> {
    let archetype = &definition.archetype;
    archetype.states.iter().chain(archetype.procedures.values().flat_map(|procedure| &procedure.states))
}

/// What can be said of `renames` without the version before: new names exist, old ones do not, nothing is named twice.
pub(crate) fn check_renames(definition: &Definition, merged: &Merged, findings: &mut Vec<Finding>) {
    let renames = &definition.program.renames;
    let states: BTreeSet<&str> = all_states(definition).map(|(name, _)| name.as_str()).collect();
    check_names("/program/renames/states", &renames.states, &states, findings);
    for name in renames.gone.iter().filter(|name| states.contains(name.as_str())) {
        findings.push(still_there("/program/renames/gone", name));
    }
    for (form, names) in &renames.fields {
        let path = format!("/program/renames/fields/{}", pointer_part(form));
        // A form that is gone altogether has no fields left.
        let fields: BTreeSet<&str> =
            merged.fields.get(form).into_iter().flat_map(|fields| fields.keys().map(String::as_str)).collect();
        check_names(&path, names, &fields, findings);
    }
}

fn check_names(path: &str, names: &IndexMap<Name, Name>, known: &BTreeSet<&str>, findings: &mut Vec<Finding>) {
    let mut taken = BTreeSet::new();
    for (before, after) in names {
        let path = format!("{path}/{}", pointer_part(before));
        if known.contains(before.as_str()) {
            findings.push(still_there(&path, before));
        }
        if !known.contains(after.as_str()) {
            let message = Bilingual::new(
                format!("「{after}」はこの版にありません"),
                format!("There is no `{after}` in this version"),
            );
            findings.push(
                Finding::error("renames.unknown", path.clone(), message).hint(suggested(after, known.iter().copied())),
            );
        }
        if !taken.insert(after) {
            let message = Bilingual::new(
                format!("「{after}」が二度使われています"),
                format!("Two things cannot both have become `{after}`"),
            );
            findings.push(Finding::error("renames.twice", path, message));
        }
    }
}

fn still_there(path: &str, name: &str) -> Finding {
    let message =
        Bilingual::new(format!("「{name}」はこの版にもあります"), format!("`{name}` is still there in this version"));
    Finding::error("renames.still_there", path, message)
}
