//! From what is written to what holds: options switched, the program's fields put into the archetype's forms.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::definition::{
    Action, Archetype, Criterion, Definition, Effect, Field, FieldType, Name, OneOrMany, PanelStep,
};
use crate::facts::{APPLICATION, Fields};
use crate::linear::without;
use crate::yaml::pointer_part;

/// Puts the states of an action's kinds among those that it starts from. A fragment does not know the names of the
/// states of the archetypes that include it.
pub(crate) fn name_states_of_kinds(archetype: &mut Archetype) {
    let mut machines = vec![(&archetype.states, &mut archetype.actions)];
    machines.extend(archetype.procedures.values_mut().map(|procedure| (&procedure.states, &mut procedure.actions)));
    for (states, actions) in machines {
        for action in actions.values_mut().filter(|action| !action.from_kinds.is_empty()) {
            let kinds = std::mem::take(&mut action.from_kinds);
            let mut from = action.from.as_slice().to_vec();
            let named = states.iter().filter(|(_, state)| kinds.contains(&state.kind)).map(|(name, _)| name.clone());
            from.extend(named.filter(|name| !action.from.as_slice().contains(name)));
            action.from = OneOrMany::Many(from);
        }
    }
}

/// Takes out the states, actions and procedures whose option is off, and what pointed to them. Resolving twice is
/// resolving once. Gives back the states that are gone.
pub(crate) fn switch_options(definition: &mut Definition) -> BTreeSet<Name> {
    let Definition { archetype, program } = definition;
    let defaults = archetype.options.iter().map(|(name, rule)| (name.clone(), rule.default));
    let mut on: BTreeMap<Name, bool> = defaults.collect();
    on.extend(program.options.iter().map(|(name, is_on)| (name.clone(), *is_on)));
    let is_on = |option: &Option<Name>| option.as_ref().is_none_or(|name| on.get(name).copied().unwrap_or(true));

    program.applicant.must.retain(|need| is_on(&need.option));
    let off: BTreeSet<Name> =
        archetype.procedures.iter().filter(|(_, p)| !is_on(&p.option)).map(|(name, _)| name.clone()).collect();
    archetype.procedures.retain(|_, procedure| is_on(&procedure.option));
    let no_amounts: BTreeSet<Name> =
        archetype.all_amounts().filter(|(_, rule)| !is_on(&rule.option)).map(|(name, _)| name.clone()).collect();
    let mut gone = BTreeSet::new();
    let mut closed_states = BTreeSet::new();
    let mut machines = vec![(&mut archetype.states, &mut archetype.actions)];
    machines.extend(archetype.procedures.values_mut().map(|p| (&mut p.states, &mut p.actions)));
    for (states, actions) in machines {
        let closed: BTreeSet<Name> =
            states.iter().filter(|(_, state)| !is_on(&state.option)).map(|(name, _)| name.clone()).collect();
        states.retain(|_, state| is_on(&state.option));
        actions.retain(|name, action| {
            let had_from = !action.from.as_slice().is_empty();
            trim(&mut action.from, &closed);
            action.or_wait = action.or_wait.take().filter(|state| !closed.contains(state));
            action.needs.retain(|need| is_on(&need.option));
            let stays = is_on(&action.option) && !(had_from && action.from.as_slice().is_empty());
            if !stays {
                gone.insert(name.clone());
            }
            stays
        });
        closed_states.extend(closed);
    }
    take_out_amounts(archetype, &no_amounts);
    for action in all_actions_mut(archetype) {
        action.none_open.retain(|procedure| !off.contains(procedure));
        action.not_who.retain(|name| !gone.contains(name));
        action.effects.retain(|effect| !matches!(effect, Effect::Open(procedure) if off.contains(procedure)));
    }
    closed_states
}

/// What a judge is asked for: the points of every criterion of the program's panel.
pub(crate) fn ask_criteria(definition: &mut Definition) {
    let Definition { archetype, program } = definition;
    let Some(panel) = &program.panel else { return };
    for action in all_actions_mut(archetype).filter(|action| action.effects.contains(&Effect::Panel(PanelStep::Score)))
    {
        for (name, criterion) in &panel.criteria {
            action.input.insert(name.clone(), points(criterion));
        }
    }
}

fn points(criterion: &Criterion) -> Field {
    Field {
        kind: FieldType::Number,
        label: criterion.label.clone(),
        hint: None,
        required: true,
        consent: false,
        when: None,
        max: Some(criterion.max.into()),
        min: Some(0),
        choices: IndexMap::new(),
        categories: IndexMap::new(),
        like: None,
        items: None,
        actual: false,
        evidence: None,
        personal: false,
    }
}

/// Takes out amounts, and with them what freezes, holds or pays them.
fn take_out_amounts(archetype: &mut Archetype, gone: &BTreeSet<Name>) {
    if gone.is_empty() {
        return;
    }
    archetype.amounts.retain(|name, _| !gone.contains(name));
    let procedures = archetype.procedures.values_mut();
    let mut states: Vec<_> = archetype.states.values_mut().collect();
    for procedure in procedures {
        procedure.amounts.retain(|name, _| !gone.contains(name));
        states.extend(procedure.states.values_mut());
    }
    for state in states {
        let held = std::mem::take(&mut state.holds);
        let left = held.into_iter().filter_map(|(account, source)| Some((account, without(&source, gone)?)));
        state.holds = left.collect();
    }
    for action in all_actions_mut(archetype) {
        let effects = std::mem::take(&mut action.effects).into_iter();
        let left = effects.filter_map(|effect| match effect {
            Effect::Freeze(amount) | Effect::FreezeFrom { amount, .. } | Effect::FreezeAs { amount, .. }
                if gone.contains(&amount) =>
            {
                None
            }
            Effect::Pay(source) => without(&source, gone).map(Effect::Pay),
            effect => Some(effect),
        });
        action.effects = left.collect();
    }
}

/// Where an amount of the case or of a procedure is declared.
pub(crate) fn amount_path(archetype: &Archetype, name: &str) -> String {
    let home = archetype.amount(name).and_then(|(home, _)| home);
    let home = home.map_or_else(String::new, |procedure| format!("/procedures/{}", pointer_part(procedure)));
    format!("/archetype{home}/amounts/{}", pointer_part(name))
}

fn trim(names: &mut OneOrMany<Name>, gone: &BTreeSet<Name>) {
    if names.as_slice().iter().any(|name| gone.contains(name)) {
        let left = names.as_slice().iter().filter(|name| !gone.contains(*name)).cloned();
        *names = OneOrMany::Many(left.collect());
    }
}

fn all_actions_mut(archetype: &mut Archetype) -> impl Iterator<Item = &mut Action> {
    let beside = archetype.procedures.values_mut().flat_map(|procedure| procedure.actions.values_mut());
    archetype.actions.values_mut().chain(beside)
}

/// The fields of all forms, and where in the definition each is written.
pub(crate) struct Merged {
    pub fields: Fields,
    paths: BTreeMap<(Name, Name), String>,
}

impl Merged {
    /// Archetype forms with the program's fields behind them; a field of the same name takes the place of the first.
    pub fn new(definition: &Definition) -> Self {
        let mut merged = Self { fields: Fields::new(), paths: BTreeMap::new() };
        for (form, rule) in &definition.archetype.forms {
            merged.fields.entry(form.clone()).or_default();
            merged.add(form, &rule.fields, &format!("/archetype/forms/{}/fields", pointer_part(form)));
        }
        for (procedure, rule) in &definition.archetype.procedures {
            let path = format!("/archetype/procedures/{}/forms", pointer_part(procedure));
            for (form, rule) in &rule.forms {
                merged.fields.entry(form.clone()).or_default();
                merged.add(form, &rule.fields, &format!("{path}/{}/fields", pointer_part(form)));
            }
        }
        merged.add(APPLICATION, &definition.program.form, "/program/form");
        for (form, fields) in &definition.program.forms {
            merged.add(form, fields, &format!("/program/forms/{}", pointer_part(form)));
        }
        merged.share_categories();
        merged
    }

    fn add(&mut self, form: &str, fields: &IndexMap<Name, Field>, path: &str) {
        let into = self.fields.entry(form.to_owned()).or_default();
        for (name, field) in fields {
            into.insert(name.clone(), field.clone());
            self.paths.insert((form.to_owned(), name.clone()), format!("{path}/{}", pointer_part(name)));
        }
    }

    fn share_categories(&mut self) {
        let application = self.fields.get(APPLICATION).cloned().unwrap_or_default();
        for field in self.fields.values_mut().flat_map(|fields| fields.values_mut()) {
            let shared = field.like.as_ref().and_then(|like| application.get(like));
            if let Some(shared) = shared.filter(|shared| shared.kind == FieldType::Costs && field.categories.is_empty())
            {
                field.categories = shared.categories.clone();
                field.items = shared.items.clone();
            }
        }
    }

    /// Where the rule of a field is written.
    pub fn path(&self, form: &str, field: &str) -> String {
        self.paths.get(&(form.to_owned(), field.to_owned())).cloned().unwrap_or_default()
    }
}
