//! What is certainly there when something is written: the amounts and dates of every way that leads to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::Machine;
use crate::compiled::Program;
use crate::definition::{Action, Archetype, Effect, Name};

/// The amounts that are frozen and the dates that are put down, whichever way the case came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certain {
    pub amounts: BTreeSet<Name>,
    pub dates: BTreeSet<Name>,
}

/// What is certain in each state and after each action, conditions aside.
#[derive(Debug, Default)]
pub struct Certainty {
    /// By procedure and state.
    states: BTreeMap<(Option<Name>, Name), Certain>,
    actions: BTreeMap<Name, Certain>,
}

impl Certainty {
    /// In a state of the case, or of a procedure beside it.
    #[must_use]
    pub fn in_state(&self, procedure: Option<&str>, state: &str) -> Certain {
        self.states.get(&(procedure.map(str::to_owned), state.to_owned())).cloned().unwrap_or_default()
    }

    /// When an action has taken effect.
    #[must_use]
    pub fn after(&self, action: &str) -> Certain {
        self.actions.get(action).cloned().unwrap_or_default()
    }

    fn add(&mut self, machine: &Machine<'_>, start: BTreeSet<Name>) {
        let known = machine.on_every_way(start, |action, _| gained(action));
        for (name, action) in machine.actions {
            let befores = action.from.as_slice().iter().filter_map(|from| known.get(from.as_str()));
            let common = befores.cloned().reduce(|these, those| these.intersection(&those).cloned().collect());
            let after = common.unwrap_or_default().into_iter().chain(gained(action)).collect();
            self.actions.insert(name.clone(), certain(&after));
        }
        let procedure = machine.procedure.map(str::to_owned);
        self.states.extend(known.iter().map(|(state, set)| ((procedure.clone(), (*state).to_owned()), certain(set))));
    }
}

impl Program {
    /// What letters and mails can rely on.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        let archetype = &self.definition.archetype;
        let mut certainty = Certainty::default();
        // A procedure may be opened out of one that is declared later: each round knows at least one more from its opening.
        for _ in 0..=archetype.procedures.len() {
            for machine in Machine::all(archetype) {
                let start = match machine.procedure {
                    None => BTreeSet::new(),
                    Some(procedure) => at_opening(archetype, &certainty, procedure),
                };
                certainty.add(&machine, start);
            }
        }
        certainty
    }
}

/// What the case has when a procedure is opened, whichever of its actions opens it. It only becomes more.
fn at_opening(archetype: &Archetype, certainty: &Certainty, procedure: &str) -> BTreeSet<Name> {
    let opens = |action: &&Action| {
        action.effects.iter().any(|effect| matches!(effect, Effect::Open(name) if name == procedure))
    };
    let openers =
        Machine::all(archetype).flat_map(|machine| machine.actions.iter()).filter(|(_, action)| opens(action));
    let sets = openers.map(|(name, _)| keys(&certainty.after(name)));
    sets.reduce(|these, those| these.intersection(&those).cloned().collect()).unwrap_or_default()
}

const AMOUNT: &str = "amount ";
const DATE: &str = "date ";

/// Amounts and dates in one set, told apart by their first word.
fn gained(action: &Action) -> BTreeSet<Name> {
    let gained = action.effects.iter().filter_map(|effect| match effect {
        Effect::Freeze(amount) | Effect::FreezeFrom { amount, .. } | Effect::FreezeAs { amount, .. } => {
            Some(format!("{AMOUNT}{amount}"))
        }
        Effect::Record(fact) => Some(format!("{DATE}{fact}")),
        _ => None,
    });
    gained.collect()
}

fn certain(set: &BTreeSet<Name>) -> Certain {
    let of = |kind: &str| set.iter().filter_map(|name| name.strip_prefix(kind)).map(str::to_owned).collect();
    Certain { amounts: of(AMOUNT), dates: of(DATE) }
}

fn keys(certain: &Certain) -> BTreeSet<Name> {
    let amounts = certain.amounts.iter().map(|name| format!("{AMOUNT}{name}"));
    amounts.chain(certain.dates.iter().map(|name| format!("{DATE}{name}"))).collect()
}
