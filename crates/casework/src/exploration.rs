//! The whole product of a program: its state, an approval that is pending, the procedures beside the case, and the
//! money. The check of a definition looks at one machine at a time; here they run together, by the code that serves
//! requests: from everything that the scenarios come to, whoever may do something does it.
//!
//! Bounded are three things: cases that look alike in a [`Situation`] may differ in what is over and in what was entered,
//! and a few of them are followed; not more than two procedures are open at once; and what is entered is what the
//! scenarios enter, or made up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use chrono::NaiveDate;
use program::Program;
use program::definition::{Call, Effect, Municipality, Name, Scenario, ScenarioStep, Scenarios};
use treasury::Account;
use uuid::Uuid;
use vocabulary::{Yen, day_in_japan};

use crate::act::{Act, Actor, CallStanding, Draft, Refusal, Step};
use crate::books::{Books, is_over};
use crate::case::{Case, Placing};
use crate::coverage::Evidence;
use crate::desk::{Desk, Possible, attached, moment, some_marks};
use crate::history::Stage;
use crate::money::BELOW_ZERO;
use crate::promotion;
use crate::scenario::{call_standing, desk_of, entered, run, step_values};

/// What tells two cases apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Situation {
    pub state: Name,
    /// The drafted action, and how many have signed.
    pub pending: Option<(Name, usize)>,
    /// Procedures that are open, and their states.
    pub open: Vec<(Name, Name)>,
    /// Amounts that are frozen, those of the open procedures included.
    pub amounts: BTreeSet<Name>,
    /// Accounts of which there is something, on any budget line.
    pub holds: BTreeSet<Account>,
}

impl Situation {
    fn of(case: &Case) -> Self {
        let body = &case.body;
        let open = || body.procedures.iter().filter(|beside| beside.open);
        let mut machines: Vec<_> = open().map(|beside| (beside.name.clone(), beside.state.clone())).collect();
        machines.sort();
        let held = std::iter::once(&body.holdings).chain(body.elsewhere.values());
        Self {
            state: case.state.clone(),
            pending: body.pending.as_ref().map(|pending| {
                (pending.action.clone(), pending.route.iter().filter(|signing| signing.signed.is_some()).count())
            }),
            open: machines,
            amounts: body.amounts.keys().chain(open().flat_map(|beside| beside.amounts.keys())).cloned().collect(),
            holds: held
                .flat_map(|held| held.iter())
                .filter(|(_, yen)| *yen != Yen::ZERO)
                .map(|(account, _)| account)
                .collect(),
        }
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.state)?;
        if let Some((action, signed)) = &self.pending {
            write!(f, ", `{action}` signed by {signed}")?;
        }
        for (procedure, state) in &self.open {
            write!(f, ", {procedure} `{state}`")?;
        }
        let held: Vec<&str> = self.holds.iter().map(|account| account.as_str()).collect();
        let frozen: Vec<&str> = self.amounts.iter().map(String::as_str).collect();
        write!(f, ", frozen [{}], holding [{}]", frozen.join(" "), held.join(" "))
    }
}

/// Of cases that look alike, what else decides how they can go on.
type Past = (BTreeSet<(Name, Name)>, usize, usize, bool, bool);

fn past(case: &Case) -> Past {
    let body = &case.body;
    let over = body.procedures.iter().filter(|beside| !beside.open);
    (
        over.map(|beside| (beside.name.clone(), beside.state.clone())).collect(),
        body.panel.as_ref().map_or(0, |panel| panel.scores.len()),
        body.panel.as_ref().map_or(0, |panel| panel.conflicts.len()),
        body.unlocked.is_some(),
        body.deadline.as_ref().is_some_and(|deadline| deadline.passed),
    )
}

/// What came of going everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exploration {
    pub situations: BTreeSet<Situation>,
    pub moves: BTreeSet<(Situation, Situation)>,
    /// Situations from which no case came to its end with everything beside it.
    pub dead: Vec<Situation>,
    pub states_never_reached: Vec<Name>,
    /// Procedure and state.
    pub procedure_states_never_reached: Vec<(Name, Name)>,
    pub actions_never_done: Vec<Name>,
    /// Action and code of what was refused, though it was permitted, with how often.
    pub refusals: BTreeMap<(Name, String), u64>,
    /// Promises that were broken: a case with which nobody can go on, money that does not add up, a clock that is
    /// refused.
    pub broken: BTreeSet<String>,
}

impl Exploration {
    /// Everything that is wrong, in words; nothing when the program is sound.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let dead = self.dead.iter().map(|situation| format!("no way leads to an end from {situation}"));
        let states = self.states_never_reached.iter().map(|state| format!("`{state}` is never reached"));
        let beside = &self.procedure_states_never_reached;
        let beside = beside.iter().map(|(procedure, state)| format!("{procedure} never comes to `{state}`"));
        let undone = self.actions_never_done.iter().map(|action| format!("`{action}` is never done"));
        self.broken.iter().cloned().chain(dead).chain(states).chain(beside).chain(undone).collect()
    }
}

/// Cases that look alike and are followed.
const ALIKE: usize = 4;
/// Procedures that are open at once: more show nothing new.
const BESIDE: usize = 2;
/// Of what scenarios enter for one action, so much is tried.
const ENTERED: usize = 4;

/// Goes everywhere from everything that the scenarios come to.
#[must_use]
pub fn explore(program: &Program, municipality: &Municipality, calls: &[Call], scenarios: &Scenarios) -> Exploration {
    let played: Vec<Scenario> =
        run(program, municipality, calls, scenarios).into_iter().map(|result| result.played).collect();
    let mut explorer = Explorer {
        scenarios,
        entered: entered_by(&played, scenarios),
        found: Exploration::default(),
        followed: BTreeMap::new(),
        over: BTreeSet::new(),
        procedure_states: BTreeSet::new(),
        done: BTreeSet::new(),
        open: VecDeque::new(),
    };
    for scenario in &played {
        explorer.live(desk_of(program, municipality, calls, scenarios, scenario), scenario);
    }
    while let Some(place) = explorer.open.pop_front() {
        explorer.go_on(&place);
    }
    explorer.finish(program)
}

/// What the scenarios enter for each action, different things only.
fn entered_by<'s>(played: &'s [Scenario], scenarios: &Scenarios) -> BTreeMap<&'s str, Vec<&'s ScenarioStep>> {
    let mut entered: BTreeMap<&str, Vec<&ScenarioStep>> = BTreeMap::new();
    for step in played.iter().flat_map(|scenario| &scenario.steps).filter(|step| step.expect.refused.is_empty()) {
        let Some(action) = &step.action else { continue };
        let known = entered.entry(action.as_str()).or_default();
        let same = |other: &&ScenarioStep| {
            step_values(scenarios, other) == step_values(scenarios, step) && other.marks == step.marks
        };
        if known.len() < ENTERED && !known.iter().any(same) {
            known.push(step);
        }
    }
    entered
}

/// A case with its books.
#[derive(Clone)]
struct Place<'a> {
    desk: Desk<'a>,
    books: Books,
}

struct Explorer<'a, 's> {
    scenarios: &'s Scenarios,
    entered: BTreeMap<&'s str, Vec<&'s ScenarioStep>>,
    found: Exploration,
    followed: BTreeMap<Situation, BTreeSet<Past>>,
    /// Situations in which everything is over.
    over: BTreeSet<Situation>,
    procedure_states: BTreeSet<(Name, Name)>,
    done: BTreeSet<Name>,
    open: VecDeque<Place<'a>>,
}

impl<'a> Explorer<'a, '_> {
    /// Does what a scenario does; everything that it comes to is gone on from.
    fn live(&mut self, desk: Desk<'a>, scenario: &Scenario) {
        let mut place = Place { desk, books: Books::default() };
        self.arrive(None, place.clone());
        for step in &scenario.steps {
            let before = Situation::of(&place.desk.case);
            self.wait_until(&mut place, step.on);
            place.desk.call = call_standing(step);
            let (act, draft) = entered(&place.desk, self.scenarios, step);
            if step.action.is_some() {
                let actor = place.desk.actor(&step.by);
                // What a scenario expects to be refused changes nothing.
                let _ = self.take(&mut place, &actor, &act, Some(draft));
            }
            self.arrive(Some(before), place.clone());
        }
    }

    /// Everything that can happen next.
    fn go_on(&mut self, place: &Place<'a>) {
        let here = Situation::of(&place.desk.case);
        let mut is_stuck = true;
        for possible in place.desk.possible() {
            for next in self.ways(place, &possible) {
                is_stuck = false;
                self.arrive(Some(here.clone()), next);
            }
        }
        if let Some(at) = place.desk.case.body.standing.next_clock_at {
            let mut next = place.clone();
            let rung = next.desk.advance(at);
            self.note(&mut next.books, &next.desk, &rung);
            match rung.is_empty() {
                true => {
                    let state = &place.desk.case.state;
                    self.found.broken.insert(format!("what the clock wants in `{state}` is refused"));
                }
                false => {
                    is_stuck = false;
                    self.arrive(Some(here.clone()), next);
                }
            }
        }
        if let Some(act) = promotion(place.desk.program, &place.desk.case) {
            let mut next = place.clone();
            if self.take(&mut next, &Actor::Clock, &act, None).is_ok() {
                is_stuck = false;
                self.arrive(Some(here), next);
            }
        }
        let case = &place.desk.case;
        // A draft may outlive its call.
        if is_stuck && case.version > 0 && !is_over(place.desk.program, case) {
            self.found.broken.insert(format!("nobody can do anything in {}", Situation::of(case)));
        }
    }

    /// What one action may come to, with one thing entered or another, as the call stands one way or another.
    fn ways(&mut self, place: &Place<'a>, possible: &Possible) -> Vec<Place<'a>> {
        let steps = self.entered.get(possible.action.as_str()).cloned().unwrap_or_default();
        let mut ways = Vec::new();
        if steps.is_empty() {
            let desk = &place.desk;
            let values = desk.made_up(&possible.action, self.scenarios);
            let form = desk.program.action(&possible.action).and_then(|action| action.rule.form.clone());
            let slots = form.map(|form| desk.asked_documents(&form, &values)).unwrap_or_default();
            let act = Act { action: possible.action.clone(), values, ..Act::default() };
            ways.extend(self.way(place, possible, None, act, attached(&slots), None));
        }
        for step in steps {
            let (act, draft) = entered(&place.desk, self.scenarios, step);
            let told = Some(call_standing(step));
            let by = Some(step.by.as_str());
            let now = self.way(place, possible, by, act.clone(), draft.clone(), told);
            if now.is_empty() && step.on.is_some_and(|on| on > day_in_japan(place.desk.now)) {
                // On the day on which the scenario did it.
                let mut later = place.clone();
                self.wait_until(&mut later, step.on);
                ways.extend(self.way(&later, possible, by, act, draft, told));
            }
            ways.extend(now);
        }
        ways
    }

    fn way(
        &mut self,
        place: &Place<'a>,
        possible: &Possible,
        by: Option<&str>,
        act: Act,
        draft: Draft,
        told: Option<CallStanding>,
    ) -> Vec<Place<'a>> {
        let by = possible.actors.iter().find(|actor| Some(actor.as_str()) == by).or(possible.actors.first());
        let Some(by) = by else { return Vec::new() };
        let actor = place.desk.actor(by);
        let asks_for_marks = act.marks.is_empty() && place.desk.asks_for_marks(&act.action);
        let act = Act {
            expected_version: place.desk.case.version,
            comment: Some("ご確認ください".to_owned()),
            procedure: possible.procedure,
            marks: if asks_for_marks { some_marks() } else { act.marks.clone() },
            ..act
        };
        let waits = place.desk.program.action(&act.action).is_some_and(|action| action.rule.or_wait.is_some());
        let mut ways = Vec::new();
        for standing in told.into_iter().chain(standings()) {
            let mut next = place.clone();
            next.desk.call = standing;
            match self.take(&mut next, &actor, &act, Some(draft.clone())) {
                Ok(()) => {
                    ways.push(next);
                    if !waits {
                        break;
                    }
                }
                Err(refusals) => {
                    // Whoever fixes an amount may be told that it is too much; afterwards it is too late.
                    let takes_too_much = refusals.iter().any(|refusal| refusal.code == BELOW_ZERO);
                    if takes_too_much && !fixes_an_amount(place.desk.program, &act.action) {
                        let here = Situation::of(&place.desk.case);
                        self.found.broken.insert(format!("`{}` takes off more than there is in {here}", act.action));
                    }
                    for refusal in refusals {
                        *self.found.refusals.entry((act.action.clone(), refusal.code)).or_default() += 1;
                    }
                }
            }
        }
        ways
    }

    fn wait_until(&mut self, place: &mut Place<'a>, day: Option<NaiveDate>) {
        let Some(at) = day.map(moment) else { return };
        let rung = place.desk.advance(at);
        self.note(&mut place.books, &place.desk, &rung);
    }

    fn take(
        &mut self,
        place: &mut Place<'a>,
        actor: &Actor,
        act: &Act,
        draft: Option<Draft>,
    ) -> Result<(), Vec<Refusal>> {
        let step = place.desk.take(actor, act, draft)?;
        self.note(&mut place.books, &place.desk, std::slice::from_ref(&step));
        Ok(())
    }

    fn note(&mut self, books: &mut Books, desk: &Desk<'a>, steps: &[Step]) {
        for step in steps {
            if step.event.stage == Stage::Performed {
                self.done.insert(step.event.action.clone());
            }
            books.enter(step);
            self.found.broken.extend(books.disagreements(desk.program, step));
            self.procedure_states
                .extend(step.case.body.procedures.iter().map(|beside| (beside.name.clone(), beside.state.clone())));
        }
    }

    /// Remembers the way, and goes on from there if it is new.
    fn arrive(&mut self, from: Option<Situation>, mut place: Place<'a>) {
        let case = &place.desk.case;
        if case.body.procedures.iter().filter(|beside| beside.open).count() > BESIDE {
            return;
        }
        let here = Situation::of(case);
        if let Some(from) = from.filter(|from| *from != here) {
            self.found.moves.insert((from, here.clone()));
        }
        if is_over(place.desk.program, case) {
            self.over.insert(here.clone());
        }
        self.found.situations.insert(here.clone());
        let alike = self.followed.entry(here).or_default();
        if alike.len() < ALIKE && alike.insert(past(case)) {
            place.desk.evidence = Evidence::default();
            self.open.push_back(place);
        }
    }

    fn finish(self, program: &Program) -> Exploration {
        let Self { mut found, over, procedure_states, done, .. } = self;
        let mut before: BTreeMap<&Situation, Vec<&Situation>> = BTreeMap::new();
        for (from, to) in &found.moves {
            before.entry(to).or_default().push(from);
        }
        let mut open: Vec<&Situation> = over.iter().collect();
        let mut ending: BTreeSet<&Situation> = over.iter().collect();
        while let Some(situation) = open.pop() {
            for from in before.get(situation).into_iter().flatten().filter(|from| ending.insert(from)) {
                open.push(from);
            }
        }
        found.dead = found.situations.iter().filter(|situation| !ending.contains(situation)).cloned().collect();
        let archetype = &program.definition().archetype;
        let reached: BTreeSet<&Name> = found.situations.iter().map(|situation| &situation.state).collect();
        found.states_never_reached =
            archetype.states.keys().filter(|state| !reached.contains(state)).cloned().collect();
        let beside = archetype
            .procedures
            .iter()
            .flat_map(|(name, procedure)| procedure.states.keys().map(move |state| (name.clone(), state.clone())));
        found.procedure_states_never_reached = beside.filter(|state| !procedure_states.contains(state)).collect();
        let actions = program.actions().map(|action| action.name.to_owned());
        found.actions_never_done = actions.filter(|action| !done.contains(action)).collect();
        found
    }
}

fn fixes_an_amount(program: &Program, action: &str) -> bool {
    program.action(action).is_some_and(|action| {
        let mut effects = action.rule.effects.iter();
        effects.any(|effect| matches!(effect, Effect::Freeze(_) | Effect::FreezeAs { .. } | Effect::FreezeFrom { .. }))
    })
}

/// How a call may stand.
fn standings() -> [CallStanding; 4] {
    let free = CallStanding { places_left: Some(1), budget_left: Some(Yen::MAX), waiting: 0, placing: None };
    let placed = |within| CallStanding { placing: Some(Placing { ranking: Uuid::nil(), place: 1, within }), ..free };
    let full = CallStanding { places_left: Some(0), budget_left: Some(Yen::ZERO), waiting: 1, placing: None };
    [free, full, placed(true), placed(false)]
}
