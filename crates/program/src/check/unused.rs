//! What is declared and used by nothing: a warning, because it may be meant for later, or be a slip of the pen.

use std::collections::BTreeSet;

use vocabulary::Bilingual;

use super::Machine;
use super::money::freezes;
use crate::definition::{Definition, DocumentSlot, Effect, State};
use crate::facts::APPLICATION;
use crate::finding::Finding;
use crate::yaml::pointer_part;

/// Everything that a definition uses, by the section in which it is declared.
#[derive(Default)]
struct Used<'a> {
    letters: BTreeSet<&'a str>,
    mails: BTreeSet<&'a str>,
    amounts: BTreeSet<&'a str>,
    facts: BTreeSet<&'a str>,
    forms: BTreeSet<&'a str>,
    options: BTreeSet<&'a str>,
    documents: BTreeSet<&'a str>,
}

pub(super) fn check(definition: &Definition, findings: &mut Vec<Finding>) {
    let archetype = &definition.archetype;
    let used = Used::of(definition);
    let sections = [
        ("unused.letter", "letters", ("通知書", "letter"), names(archetype.letters.keys()), &used.letters),
        ("unused.mail", "mails", ("メール", "mail"), names(archetype.mails.keys()), &used.mails),
        ("unused.amount", "amounts", ("金額", "amount"), names(archetype.amounts.keys()), &used.amounts),
        ("unused.fact", "facts", ("日付", "fact"), names(archetype.facts.keys()), &used.facts),
        ("unused.form", "forms", ("様式", "form"), names(archetype.forms.keys()), &used.forms),
        ("unused.option", "options", ("選択", "option"), names(archetype.options.keys()), &used.options),
    ];
    for (code, section, what, declared, used) in sections {
        for name in declared.into_iter().filter(|name| !used.contains(name)) {
            findings.push(warning(code, format!("/archetype/{section}/{}", pointer_part(name)), what, name));
        }
    }
    // The documents of an archetype are a list for its programs to choose from.
    for name in archetype.documents.keys().filter(|name| !used.documents.contains(name.as_str())) {
        let path = format!("/archetype/documents/{}", pointer_part(name));
        let message = Bilingual::new(
            format!("この制度は書類「{name}」を求めません"),
            format!("This program asks for no document `{name}`"),
        );
        findings.push(Finding::note("unused.document", path, message));
    }
}

fn names<'a>(keys: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    keys.map(String::as_str).collect()
}

pub(super) fn warning(code: &str, path: String, what: (&str, &str), name: &str) -> Finding {
    let message = Bilingual::new(
        format!("{}「{name}」はどこからも使われていません", what.0),
        format!("The {} `{name}` is used by nothing", what.1),
    );
    Finding::warning(code, path, message)
}

impl<'a> Used<'a> {
    fn of(definition: &'a Definition) -> Self {
        let archetype = &definition.archetype;
        let mut used = Self::default();
        used.forms.insert(APPLICATION);
        used.forms.extend(archetype.all_amounts().filter_map(|(_, amount)| amount.from.as_deref()));
        for machine in Machine::all(archetype) {
            for state in machine.states.values() {
                used.add_state(state);
            }
            for action in machine.actions.values() {
                used.mails.extend(action.tells.values().map(String::as_str));
                used.forms.extend(action.form.as_deref());
                used.options.extend(action.option.as_deref());
                used.amounts.extend(freezes(action));
                for effect in &action.effects {
                    used.add_effect(effect);
                }
            }
        }
        used.options.extend(archetype.procedures.values().filter_map(|procedure| procedure.option.as_deref()));
        let slots = definition.program.documents.values().flatten();
        used.documents.extend(slots.map(|slot| match slot {
            DocumentSlot::Named(name) => name.as_str(),
            DocumentSlot::Full(rule) => rule.name.as_str(),
        }));
        used
    }

    fn add_state(&mut self, state: &'a State) {
        self.options.extend(state.option.as_deref());
        self.mails.extend(state.deadline.as_ref().and_then(|clock| clock.reminder.as_deref()));
    }

    fn add_effect(&mut self, effect: &'a Effect) {
        match effect {
            Effect::Letter(letter) => _ = self.letters.insert(letter),
            Effect::Record(fact) => _ = self.facts.insert(fact),
            Effect::FreezeFrom { form, .. } => _ = self.forms.insert(form),
            _ => {}
        }
    }
}
