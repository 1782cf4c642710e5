//! The machine as a picture: Mermaid `stateDiagram-v2`.

use std::fmt::Write as _;

use indexmap::IndexMap;
use vocabulary::Locale;

use crate::compiled::Program;
use crate::definition::{Action, Name, State};

/// The states of the case and of its procedures, with the actions between them.
#[must_use]
pub fn mermaid(program: &Program, locale: Locale) -> String {
    let archetype = &program.definition().archetype;
    let mut out = String::from("stateDiagram-v2\n");
    machine(&mut out, "", &archetype.states, &archetype.actions, program.initial(), locale);
    for (name, procedure) in &archetype.procedures {
        let first = procedure.states.keys().next().map(String::as_str).unwrap_or_default();
        _ = writeln!(out, "    state \"{}\" as {name}_procedure {{", plain(procedure.label.get(locale)));
        machine(&mut out, &format!("{name}_procedure_"), &procedure.states, &procedure.actions, first, locale);
        out.push_str("    }\n");
    }
    out
}

fn machine(
    out: &mut String,
    prefix: &str,
    states: &IndexMap<Name, State>,
    actions: &IndexMap<Name, Action>,
    first: &str,
    locale: Locale,
) {
    for (name, state) in states {
        _ = writeln!(out, "    state \"{}\" as {prefix}{name}", plain(state.label.get(locale)));
    }
    _ = writeln!(out, "    [*] --> {prefix}{first}");
    for action in actions.values() {
        for from in action.from.as_slice() {
            let to = action.to.as_ref().unwrap_or(from);
            let roles: Vec<&str> = action.by.as_slice().iter().map(|role| role.as_str()).collect();
            let label = plain(action.label.get(locale));
            _ = writeln!(out, "    {prefix}{from} --> {prefix}{to}: {label} ({})", roles.join(", "));
        }
    }
    for (name, _) in states.iter().filter(|(_, state)| state.kind.is_end()) {
        _ = writeln!(out, "    {prefix}{name} --> [*]");
    }
}

/// Without the characters that Mermaid reads as its own.
fn plain(label: &str) -> String {
    label.chars().map(|c| if matches!(c, '"' | ':' | ';' | '\n' | '#') { ' ' } else { c }).collect()
}
