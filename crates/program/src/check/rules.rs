//! Rules: conditions that nothing can meet, that say nothing, or of which none may hold where one has to.

use std::collections::BTreeMap;

use vocabulary::Bilingual;

use super::{Machine, error};
use crate::definition::{Action, Archetype, Effect, Name};
use crate::expression::{Expression, Outlook, outlook};
use crate::finding::Finding;

type Findings = Vec<Finding>;

/// The conditions of a definition, each with its place; what is read for several forms is looked at once.
#[derive(Default)]
pub(crate) struct Rules {
    /// Each for itself: what is asked or counted only then.
    pub single: BTreeMap<String, Expression>,
    /// All of a group hold together: the rules of a form, or those of the rows of one of its tables.
    together: BTreeMap<(Name, Option<Name>), Vec<Placed>>,
    /// The needs of each action.
    pub needs: BTreeMap<Name, Vec<Placed>>,
    /// Lists of cases, of which the first that holds counts.
    pub first_of: BTreeMap<String, Vec<Placed>>,
}

pub(crate) type Placed = (String, Expression);

impl Rules {
    pub fn add_together(&mut self, form: &str, each: Option<&str>, rule: Placed) {
        self.together.entry((form.to_owned(), each.map(str::to_owned))).or_default().push(rule);
    }
}

pub(crate) fn check(archetype: &Archetype, rules: &Rules, findings: &mut Findings) {
    for (path, condition) in &rules.single {
        check_alone(path, condition, findings);
    }
    for group in rules.together.values().chain(rules.needs.values()) {
        check_together(group, findings);
    }
    for cases in rules.first_of.values() {
        check_cases(cases, findings);
    }
    for machine in Machine::all(archetype) {
        for state in machine.states.keys() {
            check_ways_out(&machine, state, rules, findings);
        }
    }
}

/// Whether it can hold, and can fail to.
fn check_alone(path: &str, condition: &Expression, findings: &mut Findings) -> bool {
    let (holds, fails) = (outlook(&[(condition, true)]), outlook(&[(condition, false)]));
    match (holds, fails) {
        (Outlook::Impossible, _) => findings.push(never(path)),
        (_, Outlook::Impossible) => findings.push(Finding::warning(
            "rule.always",
            path,
            Bilingual::new("この条件はいつも成り立ちます", "This condition always holds, so it says nothing"),
        )),
        (Outlook::NotDecided, _) | (_, Outlook::NotDecided) => findings.push(not_decided(path)),
        _ => {}
    }
    holds != Outlook::Impossible
}

fn check_together(group: &[Placed], findings: &mut Findings) {
    let mut each_may_hold = true;
    for (path, condition) in group {
        each_may_hold &= check_alone(path, condition, findings);
    }
    let all: Vec<_> = group.iter().map(|(_, condition)| (condition, true)).collect();
    if each_may_hold
        && let [.., (path, _)] = group
        && outlook(&all) == Outlook::Impossible
    {
        findings.push(error(
            "rule.contradiction",
            path,
            "この条件と同じところの他の条件がすべて成り立つことはありません",
            "This condition and those beside it never hold together",
        ));
    }
}

/// A later case is reached only when the earlier ones do not hold.
fn check_cases(cases: &[Placed], findings: &mut Findings) {
    let mut before: Vec<(&Expression, bool)> = Vec::new();
    for (path, condition) in cases {
        let alone = outlook(&[(condition, true)]);
        before.push((condition, true));
        let reached = outlook(&before);
        if alone == Outlook::Impossible {
            findings.push(never(path));
        } else if reached == Outlook::Impossible {
            findings.push(error(
                "rule.unreachable_case",
                path,
                "前の場合が必ず先に当てはまるため、この場合にはなりません",
                "An earlier case always holds where this one does, so it never counts",
            ));
        } else if reached == Outlook::NotDecided {
            findings.push(not_decided(path));
        }
        if let Some(last) = before.last_mut() {
            last.1 = false;
        }
    }
    if let Some((path, _)) = cases.last()
        && outlook(&before) == Outlook::Impossible
    {
        findings.push(error(
            "rule.unreachable_case",
            path.strip_suffix("/when").unwrap_or(path),
            "ここまでの場合のどれかが必ず当てはまるため、この後の場合にはなりません",
            "One of the cases up to here always holds, so what follows never counts",
        ));
    }
}

/// Whoever is waited on can always do something that leads out: unless each way has conditions that can fail together.
/// Conditions on what is filled in with the action itself are the actor's to meet, and so are those on ranks where the
/// actor may rank.
fn check_ways_out(machine: &Machine<'_>, state: &str, rules: &Rules, findings: &mut Findings) {
    let Some(role) = machine.states.get(state).and_then(|state| state.waits_on) else { return };
    let ways: Vec<(&Name, &Action)> =
        machine.leaving(state).filter(|(_, action)| action.by.as_slice().contains(&role)).collect();
    let may_rank = machine.actions_from(state).any(|(name, action)| {
        let is_open = rules.needs.get(name).is_none_or(Vec::is_empty);
        is_open && action.by.as_slice().contains(&role) && action.effects.contains(&Effect::Rank)
    });
    let needs = |(name, action): &(&Name, &Action)| -> Vec<Placed> {
        let own_form = action.form.is_some();
        let is_met = |name: &str| {
            name.starts_with("input.") || own_form && !is_of_the_case(name) || may_rank && name.starts_with("rank.")
        };
        let is_given = |(_, need): &&Placed| need.names().iter().all(|name| !is_met(name));
        rules.needs.get(*name).into_iter().flatten().filter(is_given).cloned().collect()
    };
    let guards: Vec<Vec<Placed>> = ways.iter().map(needs).collect();
    if guards.is_empty() || guards.iter().any(Vec::is_empty) {
        return;
    }
    // All ways are closed when of each at least one need fails: tried for every choice of one need of each.
    const MOST_CHOICES: usize = 64;
    let mut choices: Vec<Vec<(&Expression, bool)>> = vec![Vec::new()];
    for guard in &guards {
        choices = choices
            .iter()
            .flat_map(|chosen| guard.iter().map(|(_, need)| chosen.iter().copied().chain([(need, false)]).collect()))
            .take(MOST_CHOICES)
            .collect();
    }
    let outlooks: Vec<Outlook> = choices.iter().map(|choice| outlook(choice)).collect();
    let path = format!("{}/waits_on", machine.state_path(state));
    if outlooks.contains(&Outlook::Possible) {
        findings.push(error(
            "rule.stuck",
            path,
            format!("{} の手続の条件がどれも成り立たず、先へ進めないことがあります", role.as_str()),
            format!("It can be that no condition of what `{}` may do holds, and the case cannot go on", role.as_str()),
        ));
    } else if outlooks.contains(&Outlook::NotDecided) {
        findings.push(not_decided(&path));
    }
}

/// Read from the case, not from the form that the action hands in.
fn is_of_the_case(name: &str) -> bool {
    ["amount", "applicant", "today", "fiscal_year"].contains(&name.split('.').next().unwrap_or(name))
}

fn never(path: &str) -> Finding {
    error("rule.never", path, "この条件が成り立つことはありません", "This condition never holds")
}

fn not_decided(path: &str) -> Finding {
    let (ja, en) = ("この条件が成り立ちうるかは判定していません", "Whether this can hold, and fail, is not decided");
    Finding::note("rule.not_decided", path, Bilingual::new(ja, en))
}
