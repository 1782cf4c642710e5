//! Random lives of a program: random applicants, whatever is permitted, clocks that jump. What nobody thought of shows
//! here before an applicant finds it. The same seed gives the same lives.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use program::Program;
use program::definition::{
    Call, Effect, Municipality, Name, PanelStep, Role, Scenario, ScenarioStep, Scenarios, StateKind,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vocabulary::{FiscalYear, Instant, Yen, day_in_japan};

use crate::act::{Act, Actor, CallStanding, Draft, Step};
use crate::authority::SIGN;
use crate::books::{Books, is_over};
use crate::case::Placing;
use crate::desk::{Desk, Possible, attached, moment, some_marks};
use crate::history::{self, Event, Stage};
use crate::scenario::{granted_before, nobody, step_marks, step_values};
use crate::{clock_act, promotion};

/// What came of random lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub lives: u32,
    pub seed: u64,
    /// Acts that took effect.
    pub acts: u64,
    /// State → lives that ended there.
    pub ends: BTreeMap<Name, u32>,
    /// Lives that were given up after so many acts, where they could have gone on.
    pub unfinished: u32,
    /// Days from the first act to the end.
    pub days: Spread,
    /// Amount of the case → the yen at which it stood when the life was over.
    pub amounts: BTreeMap<Name, Spread>,
    /// Yen that the budget lines had paid when each life was over.
    pub paid: Spread,
    /// Code → refusals.
    pub refusals: BTreeMap<String, u64>,
    /// Reminders before deadlines.
    pub reminders: u64,
    /// What the clock did because a deadline had passed → how often.
    pub overdue: BTreeMap<Name, u64>,
    pub states_never_reached: Vec<Name>,
    pub actions_never_done: Vec<Name>,
    /// Promises that were broken: a life that could not go on, money that does not add up, a history that does not hold
    /// together. There should be none.
    pub broken: Vec<String>,
}

/// The smallest, the middle and the largest of several numbers, and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    pub count: u32,
    pub least: i64,
    pub middle: i64,
    pub most: i64,
    pub sum: i64,
}

impl Spread {
    fn of(mut values: Vec<i64>) -> Self {
        values.sort_unstable();
        Self {
            count: u32::try_from(values.len()).unwrap_or(u32::MAX),
            least: values.first().copied().unwrap_or_default(),
            middle: values.get(values.len() / 2).copied().unwrap_or_default(),
            most: values.last().copied().unwrap_or_default(),
            sum: values.iter().fold(0, |sum: i64, value| sum.saturating_add(*value)),
        }
    }
}

/// Acts after which a life is given up.
const LONGEST: u32 = 150;
/// Tries in a row that change nothing, after which the clock is moved on.
const PATIENCE: u32 = 12;

/// Lives so many lives. `scenarios` give applicants, and what people enter.
#[must_use]
pub fn simulate(
    program: &Program,
    municipality: &Municipality,
    calls: &[Call],
    scenarios: &Scenarios,
    lives: u32,
    seed: u64,
) -> Summary {
    let mut all = Lives { summary: Summary { lives, seed, ..Summary::default() }, ..Lives::default() };
    for number in 0..lives {
        let mut random = Random(seed ^ u64::from(number).wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut life = Life::new(program, municipality, calls, scenarios, &mut random);
        life.live(&mut all.summary);
        all.end(number, life);
    }
    let never = |known: Vec<&str>, seen: &BTreeSet<Name>| {
        known.into_iter().filter(|name| !seen.contains(*name)).map(str::to_owned).collect::<Vec<_>>()
    };
    let states = program.definition().archetype.states.keys().map(String::as_str).collect();
    let Lives { mut summary, days, paid, amounts, states: reached, actions } = all;
    summary.states_never_reached = never(states, &reached);
    summary.actions_never_done = never(program.actions().map(|action| action.name).collect(), &actions);
    summary.days = Spread::of(days);
    summary.paid = Spread::of(paid);
    summary.amounts = amounts.into_iter().map(|(name, values)| (name, Spread::of(values))).collect();
    summary
}

#[derive(Default)]
struct Lives {
    summary: Summary,
    days: Vec<i64>,
    paid: Vec<i64>,
    amounts: BTreeMap<Name, Vec<i64>>,
    states: BTreeSet<Name>,
    actions: BTreeSet<Name>,
}

impl Lives {
    fn end(&mut self, number: u32, life: Life<'_>) {
        let case = &life.desk.case;
        if life.is_stuck {
            self.summary.broken.push(format!("life {number}: nobody can do anything in `{}`", case.state));
        } else if is_over(life.desk.program, &life.desk.case) {
            *self.summary.ends.entry(case.state.clone()).or_default() += 1;
            self.days.push((life.desk.now - life.began).num_days());
        } else {
            self.summary.unfinished += 1;
        }
        for (name, frozen) in &case.body.amounts {
            self.amounts.entry(name.clone()).or_default().push(frozen.yen.get());
        }
        self.paid.push(life.books.paid());
        let unsound = history::verify(case.id, &life.events, std::slice::from_ref(&case.head));
        let broken = life.broken.iter().cloned().chain(unsound.iter().map(ToString::to_string));
        self.summary.broken.extend(broken.map(|what| format!("life {number}: {what}")));
        self.states.extend(life.states);
        self.actions.extend(life.actions);
    }
}

struct Life<'a> {
    desk: Desk<'a>,
    scenarios: &'a Scenarios,
    random: &'a mut Random,
    began: Instant,
    events: Vec<Event>,
    books: Books,
    states: BTreeSet<Name>,
    actions: BTreeSet<Name>,
    is_stuck: bool,
    broken: Vec<String>,
}

impl<'a> Life<'a> {
    /// Begins as one of the scenarios does, some days later.
    fn new(
        program: &'a Program,
        municipality: &'a Municipality,
        calls: &[Call],
        scenarios: &'a Scenarios,
        random: &'a mut Random,
    ) -> Self {
        let scenario = random.pick(&scenarios.scenarios);
        let day = first_day(scenarios, scenario);
        let day = day.checked_add_days(Days::new(random.below(20))).unwrap_or(day);
        let applicant =
            scenario.and_then(|scenario| scenarios.applicant(scenario)).or(scenarios.sample_applicant.as_ref());
        let applicant = applicant.cloned().unwrap_or_else(|| nobody(day));
        let mut desk = Desk::new(program, municipality, calls, applicant, day);
        desk.granted = scenario.map(granted_before).unwrap_or_default();
        desk.budget = scenario.and_then(|scenario| scenario.budget);
        let began = desk.now;
        let states = BTreeSet::from([desk.case.state.clone()]);
        Self {
            desk,
            scenarios,
            random,
            began,
            events: Vec::new(),
            books: Books::default(),
            states,
            actions: BTreeSet::new(),
            is_stuck: false,
            broken: Vec::new(),
        }
    }

    fn live(&mut self, summary: &mut Summary) {
        let (mut acts, mut idle) = (0, 0);
        while acts < LONGEST && !(is_over(self.desk.program, &self.desk.case) && self.random.below(3) > 0) {
            if idle > PATIENCE || self.random.below(8) == 0 {
                self.jump(summary);
                idle = 0;
            }
            self.desk.call = self.any_standing();
            let possible = self.desk.possible();
            let Some(chosen) = self.choose(&possible) else {
                if is_over(self.desk.program, &self.desk.case) {
                    return;
                }
                // Only the clock can go on; where it has nothing to do either, nobody can. A draft may outlive its call.
                if self.desk.case.body.standing.next_clock_at.is_none() {
                    self.is_stuck = self.desk.case.version > 0;
                    return;
                }
                self.jump(summary);
                acts += 1;
                continue;
            };
            let (actor, act, draft) = self.enter(chosen);
            match self.desk.take(&actor, &act, draft) {
                Ok(step) => {
                    self.note(&step, summary);
                    (acts, idle) = (acts + 1, 0);
                }
                Err(refusals) => {
                    idle += 1;
                    acts += u32::from(idle == 1);
                    for refusal in refusals {
                        *summary.refusals.entry(refusal.code).or_default() += 1;
                    }
                }
            }
        }
    }

    /// Some days on, or past the deadline; whoever waits in line may be taken on.
    fn jump(&mut self, summary: &mut Summary) {
        let today = day_in_japan(self.desk.now);
        let due = self.desk.case.body.deadline.as_ref().and_then(|deadline| deadline.day.succ_opt());
        let due = due.filter(|_| self.random.below(3) == 0);
        let days = 1 + self.random.below(45);
        let to = due.or_else(|| today.checked_add_days(Days::new(days))).unwrap_or(today);
        // A deadline may have been over when its state began.
        for step in self.desk.advance(moment(to).max(self.desk.now)) {
            self.note(&step, summary);
        }
        if let Some(act) = clock_act(&self.desk.case, self.desk.now)
            && let Err(refusals) = self.desk.clone().take(&Actor::Clock, &act, None)
        {
            let codes: Vec<&str> = refusals.iter().map(|refusal| refusal.code.as_str()).collect();
            let (state, codes) = (&self.desk.case.state, codes.join(", "));
            self.broken.push(format!("what the clock wants in `{state}`, `{}`, is refused: {codes}", act.action));
        }
        if let Some(act) = promotion(self.desk.program, &self.desk.case)
            && let Ok(step) = self.desk.take(&Actor::Clock, &act, None)
        {
            self.note(&step, summary);
        }
    }

    /// How the call may stand, as far as one case can know.
    fn any_standing(&mut self) -> CallStanding {
        let few = |random: &mut Random| i64::try_from(random.below(3)).unwrap_or_default();
        CallStanding {
            places_left: Some(few(self.random)),
            budget_left: (self.random.below(4) > 0).then(|| self.desk.budget.unwrap_or(Yen::MAX)),
            waiting: few(self.random) / 2,
            placing: (self.random.below(2) == 0).then(|| Placing {
                ranking: Uuid::nil(),
                place: 1 + few(self.random),
                within: self.random.below(3) > 0,
            }),
        }
    }

    /// By action first, so that many signers do not crowd out the rest.
    fn choose<'p>(&mut self, possible: &'p [Possible]) -> Option<(&'p Possible, Actor)> {
        let weighted: Vec<&Possible> =
            possible.iter().flat_map(|one| std::iter::repeat_n(one, self.weight(&one.action))).collect();
        let chosen = *self.random.pick(&weighted)?;
        let by = self.random.pick(&chosen.actors)?;
        Some((chosen, self.desk.actor(by)))
    }

    /// What leads on is chosen more often than what leads nowhere, takes back, or ends without money: otherwise few lives
    /// would come far.
    fn weight(&self, action: &str) -> usize {
        const SELDOM: usize = 1;
        const NOW_AND_THEN: usize = 3;
        const OFTEN: usize = 12;
        let program = self.desk.program;
        let Some(action) = program.action(action) else { return if action == SIGN { OFTEN } else { SELDOM } };
        let scores = action.rule.effects.contains(&Effect::Panel(PanelStep::Score));
        let Some(to) = &action.rule.to else { return if scores { OFTEN } else { NOW_AND_THEN } };
        let state = match action.procedure {
            None => program.state(to),
            Some(procedure) => program.procedure(procedure).and_then(|rule| rule.states.get(to)),
        };
        if state.is_some_and(|state| state.kind == StateKind::ClosedUnpaid) { SELDOM } else { OFTEN }
    }

    /// What somebody enters: as a scenario does, or made up; sometimes with other figures, sometimes with a gap.
    fn enter(&mut self, (chosen, actor): (&Possible, Actor)) -> (Actor, Act, Option<Draft>) {
        let all = self.scenarios.scenarios.iter().flat_map(|scenario| &scenario.steps);
        let steps: Vec<&ScenarioStep> = all.filter(|step| step.action.as_ref() == Some(&chosen.action)).collect();
        let form = self.desk.program.action(&chosen.action).and_then(|action| action.rule.form.clone());
        let (mut values, mut marks) = match self.random.pick(&steps) {
            Some(step) => (step_values(self.scenarios, step), step_marks(step)),
            None => (self.desk.made_up(&chosen.action, self.scenarios), Vec::new()),
        };
        if marks.is_empty() && self.desk.asks_for_marks(&chosen.action) {
            marks = some_marks();
        }
        self.vary(&mut values);
        let draft = form.as_deref().map(|form| {
            let mut slots = self.desk.asked_documents(form, &values);
            if self.random.below(12) == 0 {
                slots.pop();
            }
            attached(&slots)
        });
        let act = Act {
            action: chosen.action.clone(),
            expected_version: self.desk.case.version,
            values,
            marks,
            comment: Some("ご確認ください".to_owned()),
            procedure: chosen.procedure,
        };
        (actor, act, draft)
    }

    /// Figures between nothing and three times as much; seldom, one value is missing.
    fn vary(&mut self, values: &mut Map<String, Value>) {
        if self.random.below(3) == 0 {
            for value in values.values_mut() {
                for row in value.as_array_mut().into_iter().flatten() {
                    for part in ["net", "tax"] {
                        let Some(figure) = row.get_mut(part) else { continue };
                        let yen = figure.as_i64().unwrap_or_default();
                        let tenths = i64::try_from(self.random.below(31)).unwrap_or_default();
                        *figure = json!(yen.saturating_mul(tenths) / 10);
                    }
                }
            }
        }
        if self.random.below(15) == 0 {
            let names: Vec<String> = values.keys().cloned().collect();
            if let Some(name) = self.random.pick(&names) {
                values.remove(name);
            }
        }
    }

    /// Counts what was done, and keeps books beside the case to compare them with what it says it holds.
    fn note(&mut self, step: &Step, summary: &mut Summary) {
        summary.acts += 1;
        match step.event.stage {
            Stage::Reminded => summary.reminders += 1,
            Stage::Performed if step.event.role == Role::Clock => {
                *summary.overdue.entry(step.event.action.clone()).or_default() += 1;
            }
            _ => {}
        }
        self.states.insert(step.case.state.clone());
        if step.event.stage == Stage::Performed {
            self.actions.insert(step.event.action.clone());
        }
        self.events.push(step.event.clone());
        self.books.enter(step);
        self.broken.extend(self.books.disagreements(self.desk.program, step));
    }
}

/// The day on which a scenario begins.
fn first_day(scenarios: &Scenarios, scenario: Option<&Scenario>) -> NaiveDate {
    let day_of = |step: &ScenarioStep| step.on.or_else(|| scenarios.days.get(step.sample.as_ref()?).copied());
    let own = scenario.and_then(|scenario| scenario.steps.iter().find_map(day_of));
    own.or_else(|| scenarios.days.values().min().copied()).unwrap_or_else(|| FiscalYear(2026).first_day())
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 up to, and without, `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        let count = u64::try_from(of.len()).ok().filter(|count| *count > 0)?;
        of.get(usize::try_from(self.below(count)).ok()?)
    }
}
