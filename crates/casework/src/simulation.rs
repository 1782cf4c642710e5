//! Random lives of a program: random applicants, whatever is permitted, clocks that jump. What nobody thought of shows
//! here before an applicant finds it. The same seed gives the same lives.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use program::Program;
use program::definition::{
    Call, Effect, FieldType, Municipality, Name, PanelStep, Role, Scenario, ScenarioStep, Scenarios, StateKind,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use treasury::Account;
use uuid::Uuid;
use vocabulary::{FiscalYear, Instant, Yen, day_in_japan};

use crate::act::{Act, Actor, CallStanding, Draft, Needs, Step};
use crate::authority::SIGN;
use crate::case::{FieldMark, Placing};
use crate::desk::{Desk, attached, moment};
use crate::history::{self, Event, Stage};
use crate::scenario::{granted_before, nobody, step_marks, step_values};
use crate::{candidates, clock_act, permit, promotion};

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
        } else if life.is_at_an_end() {
            *self.summary.ends.entry(case.state.clone()).or_default() += 1;
            self.days.push((life.desk.now - life.began).num_days());
        } else {
            self.summary.unfinished += 1;
        }
        for (name, frozen) in &case.body.amounts {
            self.amounts.entry(name.clone()).or_default().push(frozen.yen.get());
        }
        let paid = life.ledger.iter().filter(|((_, account), _)| *account == Account::Paid).map(|(_, yen)| yen);
        self.paid.push(paid.fold(0, |sum: i64, yen| sum.saturating_add(*yen)));
        let unsound = history::verify(case.id, &life.events, std::slice::from_ref(&case.head));
        let broken = life.broken.iter().cloned().chain(unsound.iter().map(ToString::to_string));
        self.summary.broken.extend(broken.map(|what| format!("life {number}: {what}")));
        self.states.extend(life.states);
        self.actions.extend(life.actions);
    }
}

/// What somebody may do: the action, where it starts when that is a procedure, and who.
struct Possible {
    action: Name,
    procedure: Option<Uuid>,
    actors: Vec<String>,
}

struct Life<'a> {
    desk: Desk<'a>,
    scenarios: &'a Scenarios,
    random: &'a mut Random,
    began: Instant,
    events: Vec<Event>,
    /// Budget line and account → yen, as all postings so far leave it.
    ledger: BTreeMap<(Uuid, Account), i64>,
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
            ledger: BTreeMap::new(),
            states,
            actions: BTreeSet::new(),
            is_stuck: false,
            broken: Vec::new(),
        }
    }

    fn live(&mut self, summary: &mut Summary) {
        let (mut acts, mut idle) = (0, 0);
        while acts < LONGEST && !(self.is_at_an_end() && self.random.below(3) > 0) {
            if idle > PATIENCE || self.random.below(8) == 0 {
                self.jump(summary);
                idle = 0;
            }
            self.desk.call = self.any_standing();
            let possible = self.possible();
            let Some(chosen) = self.choose(&possible) else {
                if self.is_at_an_end() {
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

    /// The case is over, and so is everything beside it.
    fn is_at_an_end(&self) -> bool {
        let case = &self.desk.case;
        self.desk.program.state(&case.state).is_none_or(|state| state.kind.is_end())
            && case.body.pending.is_none()
            && case.body.procedures.iter().all(|beside| !beside.open)
    }

    /// Some days on, or past the deadline; whoever waits in line may be taken on.
    fn jump(&mut self, summary: &mut Summary) {
        let today = day_in_japan(self.desk.now);
        let due = self.desk.case.body.deadline.as_ref().and_then(|deadline| deadline.day.succ_opt());
        let due = due.filter(|_| self.random.below(3) == 0);
        let days = 1 + self.random.below(45);
        let to = due.or_else(|| today.checked_add_days(Days::new(days))).unwrap_or(today);
        for step in self.desk.advance(moment(to)) {
            self.note(&step, summary);
        }
        if clock_act(&self.desk.case, self.desk.now).is_some() {
            self.broken.push(format!("what the clock wants in `{}` is refused", self.desk.case.state));
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

    /// Who may do what now.
    fn possible(&self) -> Vec<Possible> {
        let case = &self.desk.case;
        let roles = Role::STAFF.iter().chain(&[Role::Applicant, Role::Treasury]).map(|role| role.as_str().to_owned());
        let positions = self.desk.municipality.positions.keys().map(|position| format!("position:{position}"));
        // Two more than must score, so that some may keep away.
        let judges = self.desk.program.definition().program.panel.as_ref().map_or(0, |panel| panel.judges + 2);
        let judges = (1..=judges).map(|judge| format!("panelist:{judge}"));
        let partners = case.body.partners.keys().map(|partner| format!("partner:{partner}"));
        let actors: Vec<String> = roles.chain(positions).chain(judges).chain(partners).collect();
        let ids = Uuid::nil;
        let world = self.desk.world(&ids, None, &Needs::default());
        // What the treasury does belongs to a life too, unlike to lists of what people may do.
        let by_treasury = self.desk.program.actions().filter(|action| action.rule.by.as_slice() == [Role::Treasury]);
        let by_treasury = by_treasury.flat_map(|action| {
            let beside =
                case.body.procedures.iter().filter(move |beside| action.procedure == Some(beside.name.as_str()));
            let own = action.procedure.is_none().then_some(None);
            own.into_iter().chain(beside.map(|beside| Some(beside.id))).map(move |place| (action.name, place))
        });
        let may = |(name, procedure): (&str, Option<Uuid>)| {
            let is_permitted = |by: &&String| permit(&world, case, &self.desk.actor(by), name, procedure).is_ok();
            let actors: Vec<String> = actors.iter().filter(is_permitted).cloned().collect();
            (!actors.is_empty()).then(|| Possible { action: name.to_owned(), procedure, actors })
        };
        candidates(&world, case).into_iter().chain(by_treasury).filter_map(may).collect()
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
        let rule = self.desk.program.action(&chosen.action);
        let form = rule.and_then(|action| action.rule.form.clone());
        let (mut values, mut marks) = match self.random.pick(&steps) {
            Some(step) => (step_values(self.scenarios, step), step_marks(step)),
            None => (self.made_up(&chosen.action, form.as_deref()), Vec::new()),
        };
        let wants_marks =
            rule.is_some_and(|action| action.input.values().any(|field| field.rule.kind == FieldType::FieldMarks));
        if wants_marks && marks.is_empty() {
            marks = vec![FieldMark { field: "contact_name".to_owned(), remark: "ご確認ください".to_owned() }];
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

    fn made_up(&self, action: &str, form: Option<&str>) -> Map<String, Value> {
        let today = day_in_japan(self.desk.now);
        match form {
            Some(form) => {
                self.scenarios.samples.get(form).cloned().unwrap_or_else(|| self.desk.program.sample(form, today))
            }
            None => self.desk.program.sample_input(action, today),
        }
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
        for moved in &step.postings {
            for posting in &moved.entries {
                let yen = posting.amount.get();
                *self.ledger.entry((moved.line, posting.from)).or_default() -= yen;
                *self.ledger.entry((moved.line, posting.to)).or_default() += yen;
            }
        }
        self.compare(step);
    }

    fn compare(&mut self, step: &Step) {
        let (case, action) = (&step.case, &step.event.action);
        let held = |line: &Uuid, account: Account| {
            let own = (case.call.budget_line.as_ref() == Some(line)).then_some(&case.body.holdings);
            own.or_else(|| case.body.elsewhere.get(line)).map_or(Yen::ZERO, |held| held.get(account)).get()
        };
        for ((line, account), yen) in self.ledger.iter().filter(|((_, account), _)| *account != Account::Available) {
            let (said, account_name) = (held(line, *account), account.as_str());
            if said != *yen || *yen < 0 {
                self.broken.push(format!("after `{action}` the ledger has {yen} {account_name}, the case {said}"));
            }
        }
        let kind = self.desk.program.state(&case.state).map(|state| state.kind);
        let is_over = kind.is_some_and(StateKind::is_end) && case.body.procedures.iter().all(|beside| !beside.open);
        let open = case.body.holdings.iter().find(|(account, yen)| *account != Account::Paid && *yen != Yen::ZERO);
        if let Some((account, yen)) = open.filter(|_| is_over) {
            self.broken.push(format!("a case that ended in `{}` still holds {yen} {}", case.state, account.as_str()));
        }
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
