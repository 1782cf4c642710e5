//! What is declared and used by nothing: a warning, because it may be meant for later, or be a slip of the pen.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use vocabulary::Bilingual;

use super::Machine;
use super::money::freezes;
use crate::definition::{Definition, DocumentSlot, Effect, Name, State};
use crate::facts::APPLICATION;
use crate::finding::Finding;
use crate::resolve::amount_path;
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
    let amounts = archetype.all_amounts().map(|(name, _)| (amount_path(archetype, name), name.as_str())).collect();
    let mut facts = within("/archetype", "facts", &archetype.facts);
    let mut forms = within("/archetype", "forms", &archetype.forms);
    for (name, procedure) in &archetype.procedures {
        let home = format!("/archetype/procedures/{}", pointer_part(name));
        facts.extend(within(&home, "facts", &procedure.facts));
        forms.extend(within(&home, "forms", &procedure.forms));
    }
    let sections = [
        ("unused.letter", ("通知書", "letter"), within("/archetype", "letters", &archetype.letters), &used.letters),
        ("unused.mail", ("メール", "mail"), within("/archetype", "mails", &archetype.mails), &used.mails),
        ("unused.amount", ("金額", "amount"), amounts, &used.amounts),
        ("unused.fact", ("日付", "fact"), facts, &used.facts),
        ("unused.form", ("様式", "form"), forms, &used.forms),
        ("unused.option", ("選択", "option"), within("/archetype", "options", &archetype.options), &used.options),
    ];
    for (code, what, declared, used) in sections {
        for (path, name) in declared.into_iter().filter(|(_, name)| !used.contains(name)) {
            findings.push(warning(code, path, what, name));
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

/// What a section declares, each with its place.
fn within<'a, T>(home: &str, section: &str, declared: &'a IndexMap<Name, T>) -> Vec<(String, &'a str)> {
    declared.keys().map(|name| (format!("{home}/{section}/{}", pointer_part(name)), name.as_str())).collect()
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
                used.options.extend(action.needs.iter().filter_map(|need| need.option.as_deref()));
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
