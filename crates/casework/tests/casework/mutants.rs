//! Single faults put into the machines of the catalogue: the check of the definition or a scenario must notice.
//!
//! `every_fault_is_noticed` tries all of them and takes minutes (`cargo xtask mutants`);
//! `a_sample_of_the_faults_is_noticed` tries every so many and runs with the other tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;

use casework::scenario;
use program::definition::{Action, Definition, Effect, HoldingAccount, Name, OneOrMany, Role, Scenarios, State};
use program::{Finding, Program};

use crate::desk::{catalogue, machines, place_of};

/// One fault, in the machine of the case (`None`) or of a procedure beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    machine: Option<Name>,
    /// The action or the state that is changed.
    at: Name,
    change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    DropTransition,
    Retarget(Option<Name>),
    SwapRole(Role, Role),
    DropLetter(usize),
    DropNeed(usize),
    DropApproval,
    DropNoneOpen,
    DropNotWho,
    DropUntil,
    DropDeadline,
    DropHolding(HoldingAccount),
}

impl Change {
    /// The kinds of faults that are counted apart.
    fn kind(&self) -> &'static str {
        match self {
            Self::DropTransition => "transition dropped",
            Self::Retarget(_) => "transition retargeted",
            Self::SwapRole(..) => "role swapped",
            Self::DropLetter(_) => "letter dropped",
            Self::DropNeed(_) | Self::DropApproval | Self::DropNoneOpen | Self::DropNotWho | Self::DropUntil => {
                "guard dropped"
            }
            Self::DropDeadline => "deadline dropped",
            Self::DropHolding(_) => "holding dropped",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(machine) = &self.machine {
            write!(f, "{machine}/")?;
        }
        write!(f, "{}: ", self.at)?;
        match &self.change {
            Change::Retarget(Some(state)) => write!(f, "leads to {state}"),
            Change::Retarget(None) => f.write_str("leads nowhere"),
            Change::SwapRole(from, to) => write!(f, "by {} instead of {}", to.as_str(), from.as_str()),
            Change::DropLetter(number) => write!(f, "without its letter {}", number + 1),
            Change::DropNeed(number) => write!(f, "without its need {}", number + 1),
            Change::DropTransition => f.write_str("dropped"),
            Change::DropApproval => f.write_str("without its approval"),
            Change::DropNoneOpen => f.write_str("without none_open"),
            Change::DropNotWho => f.write_str("without not_who"),
            Change::DropUntil => f.write_str("without until"),
            Change::DropDeadline => f.write_str("without its deadline"),
            Change::DropHolding(account) => write!(f, "without what is {account:?}"),
        }
    }
}

/// Who else might have been meant.
const ROLES: [Role; 6] =
    [Role::Applicant, Role::Clerk, Role::Reviewer, Role::Approver, Role::FinanceMaker, Role::ProgramOfficer];

/// Every single fault of these kinds.
pub fn faults(definition: &Definition) -> Vec<Fault> {
    let archetype = &definition.archetype;
    let mut faults = Vec::new();
    let case = (None, &archetype.states, &archetype.actions);
    let beside = archetype.procedures.iter().map(|(name, rule)| (Some(name), &rule.states, &rule.actions));
    for (machine, states, actions) in std::iter::once(case).chain(beside) {
        let mut fault = |at: &Name, change| faults.push(Fault { machine: machine.cloned(), at: at.clone(), change });
        for (name, action) in actions {
            for change in of_action(action, states.keys()) {
                fault(name, change);
            }
        }
        for (name, state) in states {
            for change in of_state(state) {
                fault(name, change);
            }
        }
    }
    faults
}

fn of_action<'a>(action: &Action, states: impl Iterator<Item = &'a Name>) -> Vec<Change> {
    let mut changes = vec![Change::DropTransition];
    let targets = states.cloned().map(Some).chain([None]).filter(|target| *target != action.to);
    changes.extend(targets.map(Change::Retarget));
    for role in action.by.as_slice() {
        let others = ROLES.into_iter().filter(|other| !action.by.as_slice().contains(other));
        changes.extend(others.map(|other| Change::SwapRole(*role, other)));
    }
    let letters = action.effects.iter().filter(|effect| matches!(effect, Effect::Letter(_))).count();
    changes.extend((0..letters).map(Change::DropLetter));
    changes.extend((0..action.needs.len()).map(Change::DropNeed));
    let guards = [
        (action.approval.is_some(), Change::DropApproval),
        (!action.none_open.is_empty(), Change::DropNoneOpen),
        (!action.not_who.is_empty(), Change::DropNotWho),
        (action.until.is_some(), Change::DropUntil),
    ];
    changes.extend(guards.into_iter().filter(|(is_there, _)| *is_there).map(|(_, change)| change));
    changes
}

fn of_state(state: &State) -> Vec<Change> {
    let deadline = state.deadline.iter().map(|_| Change::DropDeadline);
    deadline.chain(state.holds.keys().copied().map(Change::DropHolding)).collect()
}

/// The definition with the fault.
pub fn with_fault(definition: &Definition, fault: &Fault) -> Definition {
    let mut definition = definition.clone();
    let archetype = &mut definition.archetype;
    let (states, actions) = match &fault.machine {
        None => (&mut archetype.states, &mut archetype.actions),
        Some(name) => {
            let procedure = &mut archetype.procedures[name];
            (&mut procedure.states, &mut procedure.actions)
        }
    };
    match &fault.change {
        Change::DropTransition => _ = actions.shift_remove(&fault.at),
        Change::DropDeadline => states[&fault.at].deadline = None,
        Change::DropHolding(account) => _ = states[&fault.at].holds.shift_remove(account),
        change => change_action(&mut actions[&fault.at], change),
    }
    definition
}

fn change_action(action: &mut Action, change: &Change) {
    match change {
        Change::Retarget(state) => action.to.clone_from(state),
        Change::SwapRole(from, to) => {
            let swapped = action.by.as_slice().iter().map(|role| if role == from { *to } else { *role });
            action.by = OneOrMany::Many(swapped.collect());
        }
        Change::DropLetter(number) => {
            let letters = action.effects.iter().enumerate().filter(|(_, effect)| matches!(effect, Effect::Letter(_)));
            let at = letters.map(|(at, _)| at).nth(*number).expect("a letter that was counted");
            action.effects.remove(at);
        }
        Change::DropNeed(number) => _ = action.needs.remove(*number),
        Change::DropApproval => action.approval = None,
        Change::DropNoneOpen => action.none_open.clear(),
        Change::DropNotWho => action.not_who.clear(),
        Change::DropUntil => action.until = None,
        Change::DropTransition | Change::DropDeadline | Change::DropHolding(_) => {
            unreachable!("{change:?} is none of an action's parts")
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Noticed {
    ByTheCheck,
    ByAScenario,
    Not,
}

/// A machine, and what is said of it without any fault.
struct Sound {
    program: &'static Program,
    findings: BTreeMap<String, usize>,
    /// One by one, so that the first that fails is enough.
    scenarios: Vec<Scenarios>,
}

/// How often each code is said.
fn counted(findings: &[Finding]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for finding in findings {
        *counted.entry(finding.code.clone()).or_default() += 1;
    }
    counted
}

impl Sound {
    fn new(program: &'static Program, scenarios: &Scenarios) -> Self {
        let (checked, findings) = Program::check(program.definition().clone());
        assert!(checked.is_some(), "{}: {findings:#?}", program.name());
        let alone = |scenario| Scenarios { scenarios: vec![scenario], ..scenarios.clone() };
        let scenarios = scenarios.scenarios.iter().cloned().map(alone).collect();
        Self { program, findings: counted(&findings), scenarios }
    }

    /// `None` when the machine is that of the program, or of another fault that was tried.
    fn notices(&self, fault: &Fault, seen: &Mutex<BTreeSet<String>>) -> Option<Noticed> {
        let mutant = with_fault(self.program.definition(), fault);
        let canonical = program::canonical(&mutant);
        if canonical == program::canonical(self.program.definition()) || !seen.lock().unwrap().insert(canonical) {
            return None;
        }
        let (mutant, findings) = Program::check(mutant);
        let Some(mutant) = mutant else { return Some(Noticed::ByTheCheck) };
        if counted(&findings).iter().any(|(code, times)| self.findings.get(code).is_none_or(|before| times > before)) {
            return Some(Noticed::ByTheCheck);
        }
        let municipality = place_of(self.program);
        let fails = |scenarios: &Scenarios| {
            let results = scenario::run(&mutant, municipality, &catalogue().calls, scenarios);
            results.iter().any(|result| !result.failures.is_empty())
        };
        Some(if self.scenarios.iter().any(fails) { Noticed::ByAScenario } else { Noticed::Not })
    }
}

#[derive(Debug, Default)]
struct Count {
    by_the_check: usize,
    by_a_scenario: usize,
    survivors: BTreeSet<String>,
    by_kind: BTreeMap<&'static str, (usize, usize)>,
}

impl Count {
    fn missed(&self) -> usize {
        self.by_kind.values().map(|(_, not)| not).sum()
    }

    fn total(&self) -> usize {
        self.by_the_check + self.by_a_scenario + self.missed()
    }
}

/// Tries every `step`th fault of every machine.
fn try_faults(step: usize) -> Count {
    let sound: Vec<Sound> = machines().map(|(program, scenarios)| Sound::new(program, scenarios)).collect();
    let all: Vec<(&Sound, Fault)> = sound
        .iter()
        .flat_map(|sound| faults(sound.program.definition()).into_iter().map(move |fault| (sound, fault)))
        .step_by(step)
        .collect();
    let (seen, next, count) = (Mutex::default(), std::sync::atomic::AtomicUsize::new(0), Mutex::new(Count::default()));
    let work = || {
        while let Some((sound, fault)) = all.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            let Some(noticed) = sound.notices(fault, &seen) else { continue };
            let mut count = count.lock().unwrap();
            let of_kind = count.by_kind.entry(fault.change.kind()).or_default();
            of_kind.0 += 1;
            match noticed {
                Noticed::ByTheCheck => count.by_the_check += 1,
                Noticed::ByAScenario => count.by_a_scenario += 1,
                Noticed::Not => {
                    of_kind.1 += 1;
                    let archetype = &sound.program.definition().archetype.archetype;
                    count.survivors.insert(format!("{archetype}: {fault}"));
                }
            }
        }
    };
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            threads.spawn(work);
        }
    });
    count.into_inner().unwrap()
}

/// Those that are known, with the reason of each.
const SURVIVORS: &str = include_str!("survivors.txt");

fn known_survivors() -> BTreeSet<&'static str> {
    SURVIVORS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Of a hundred faults, as many must be noticed.
const NOTICED_OF_100: usize = 98;

fn assert_noticed(count: &Count) {
    let (total, missed) = (count.total(), count.missed());
    println!("of {total} machines with one fault nothing notices {missed}");
    let known = known_survivors();
    let new: Vec<&String> = count.survivors.iter().filter(|fault| !known.contains(fault.as_str())).collect();
    assert!(new.is_empty(), "nothing notices, and survivors.txt says no reason: {new:#?}");
}

#[test]
fn a_sample_of_the_faults_is_noticed() {
    let count = try_faults(97);
    assert!(count.total() > 50, "{count:?}");
    assert_noticed(&count);
}

#[test]
#[ignore = "takes minutes; `cargo xtask mutants` runs it"]
fn every_fault_is_noticed() {
    let count = try_faults(1);
    println!("noticed by the check: {}, by a scenario: {}", count.by_the_check, count.by_a_scenario);
    for (kind, (tried, not)) in &count.by_kind {
        println!("{kind:24} {tried:6} tried {not:5} not noticed");
    }
    assert_noticed(&count);
    // Of all of them: a sample may hold more of the known ones by chance.
    let (total, missed) = (count.total(), count.missed());
    assert!(missed * 100 <= total * (100 - NOTICED_OF_100), "{missed} of {total} were not noticed");
    let gone: Vec<&str> = known_survivors().into_iter().filter(|fault| !count.survivors.contains(*fault)).collect();
    assert!(gone.is_empty(), "these are noticed now, or are no faults any more: {gone:#?}");
}
