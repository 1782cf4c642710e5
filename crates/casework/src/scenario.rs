//! Sample applications, run through the same decisions that serve requests, in memory.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use program::definition::{
    ApplicantFacts, ApplicantKind, BusinessSize, Call, Expectation, Figure, HoldingAccount, Municipality, Name,
    RankGiven, Scenario, ScenarioStep, Scenarios, ScoreExpected,
};
use program::{Program, span_from};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vocabulary::{Bilingual, FiscalYear, Yen};

use crate::act::{Act, CallStanding, Draft, Granted, Needs, Refusal, Step, World};
use crate::case::{Case, FieldMark, Placing};
use crate::coverage::Evidence;
use crate::desk::{Desk, attached, line_of};
pub use crate::desk::{call_of, moment};
use crate::history;
use crate::money::ledger_account;

/// What came of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioResult {
    pub name: Bilingual,
    /// Where it went another way than expected; empty when it passed.
    pub failures: Vec<Mismatch>,
    /// Actions that took effect.
    pub covered: BTreeSet<Name>,
    /// What was exercised on the way.
    pub evidence: Evidence,
    /// States that the case passed through, in order.
    pub states: Vec<Name>,
    /// What was done, with a day and a person for every step and each signature a step of its own.
    pub played: Scenario,
    /// After each step of `played`: the state, and whether a decision was waiting for signatures.
    pub standings: Vec<(Name, bool)>,
}

/// One expectation that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Counted from 1.
    pub step: usize,
    pub what: String,
    pub expected: String,
    pub found: String,
    /// Of an amount, a sum that is held or a day: the JSON pointer below the step's `expect`, and what was found.
    pub figure: Option<(String, Value)>,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "step {}: {}: expected {}, found {}", self.step, self.what, self.expected, self.found)
    }
}

impl Mismatch {
    /// In words, with amounts and procedures as the program calls them.
    #[must_use]
    pub fn in_words(&self, program: &Program) -> Bilingual {
        let archetype = &program.definition().archetype;
        let amount = archetype.amounts.get(&self.what).map(|amount| amount.label.clone());
        let beside = || archetype.procedures.get(&self.what).map(|beside| beside.label.clone());
        let what = amount.or_else(beside).unwrap_or_else(|| expected_of(&self.what));
        let Self { step, expected, found, .. } = self;
        Bilingual::new(
            format!("{step}番目の手順: {}は{expected}のはずが、{found}でした", what.ja),
            format!("step {step}: {}: expected {expected}, found {found}", what.en),
        )
    }
}

/// What a scenario expects something of.
fn expected_of(what: &str) -> Bilingual {
    let (ja, en) = match what {
        "due" => ("期限", "deadline"),
        "holds.held" => ("留保額", "held"),
        "holds.committed" => ("負担行為額", "committed"),
        "holds.finalized" => ("確定額", "finalized"),
        "holds.ordered" => ("支出命令額", "ordered"),
        "holds.paid" => ("支払額", "paid"),
        "holds in all" => ("予算の使用額の合計", "held in all"),
        "holds_of_year" => ("その年度の予算の使用額", "held of that year"),
        "state" => ("状態", "state"),
        "outcome" => ("結果", "outcome"),
        "refused" => ("拒否の理由", "refused"),
        "waits_for" => ("次に署名する職", "next signature"),
        "mails" => ("メール", "mails"),
        "letters" => ("文書", "letters"),
        "score" => ("評点", "score"),
        name => (name, name),
    };
    Bilingual::new(ja, en)
}

/// The values of a step: its sample's, with its own over them.
#[must_use]
pub fn step_values(scenarios: &Scenarios, step: &ScenarioStep) -> Map<String, Value> {
    let mut values = step.sample.as_ref().and_then(|name| scenarios.samples.get(name)).cloned().unwrap_or_default();
    values.extend(step.values.clone());
    values
}

/// The marks of a step.
#[must_use]
pub fn step_marks(step: &ScenarioStep) -> Vec<FieldMark> {
    step.marks.iter().map(|(field, remark)| FieldMark { field: field.clone(), remark: remark.clone() }).collect()
}

/// The document slots that a step fills: those it names, or all that the form asks for.
#[must_use]
pub fn step_documents(
    program: &Program,
    case: &Case,
    world: &World<'_>,
    values: &Map<String, Value>,
    step: &ScenarioStep,
) -> Vec<Name> {
    if let Some(named) = &step.documents {
        return named.clone();
    }
    let form =
        step.action.as_ref().and_then(|name| program.action(name)).and_then(|action| action.rule.form.as_deref());
    let Some(form) = form else { return Vec::new() };
    let (_, documents) = program.asked(form, values, &crate::case_facts(world, case));
    documents.into_iter().map(|document| document.name.clone()).collect()
}

/// Runs every scenario of a program.
#[must_use]
pub fn run(
    program: &Program,
    municipality: &Municipality,
    calls: &[Call],
    scenarios: &Scenarios,
) -> Vec<ScenarioResult> {
    let run = |scenario| Run::new(program, municipality, calls, scenarios, scenario).play();
    scenarios.scenarios.iter().map(run).collect()
}

/// The scenarios as they were played, for whoever replays them step by step: a day and a person for every step, each
/// signature a step of its own, and everything that happens.
#[must_use]
pub fn played(scenarios: &Scenarios, results: &[ScenarioResult]) -> Scenarios {
    let scenarios = scenarios.clone();
    Scenarios { scenarios: results.iter().map(|result| result.played.clone()).collect(), ..scenarios }
}

/// Nobody in particular, for scenarios that say nothing of who applies; the definition check has refused those.
pub(crate) fn nobody(day: NaiveDate) -> ApplicantFacts {
    ApplicantFacts {
        kind: ApplicantKind::Company,
        size: BusinessSize::Sme,
        deemed_large: false,
        established_here_on: day,
        employees: 0,
        capital: Yen::ZERO,
        trade: String::new(),
    }
}

/// What the scenario says was granted before.
#[must_use]
pub fn granted_before(scenario: &Scenario) -> Vec<Granted> {
    let granted = scenario.granted.iter().map(|earlier| Granted {
        fiscal_year: FiscalYear(earlier.fiscal_year),
        yen: earlier.yen,
        answers: earlier.answers.clone(),
    });
    granted.collect()
}

/// The desk at which a scenario begins.
pub(crate) fn desk_of<'a>(
    program: &'a Program,
    municipality: &'a Municipality,
    calls: &[Call],
    scenarios: &Scenarios,
    scenario: &Scenario,
) -> Desk<'a> {
    let day_of = |step: &ScenarioStep| step.on.or_else(|| scenarios.days.get(step.sample.as_ref()?).copied());
    let first_day = scenario.steps.iter().find_map(day_of).unwrap_or_else(|| FiscalYear(2026).first_day());
    let applicant = scenarios.applicant(scenario).cloned().unwrap_or_else(|| nobody(first_day));
    let mut desk = Desk::new(program, municipality, calls, applicant, first_day);
    desk.granted = granted_before(scenario);
    desk.budget = scenario.budget;
    desk
}

/// What whoever takes the step enters and attaches.
pub(crate) fn entered(desk: &Desk<'_>, scenarios: &Scenarios, step: &ScenarioStep) -> (Act, Draft) {
    let values = step_values(scenarios, step);
    let ids = Uuid::nil;
    let world = desk.world(&ids, None, &Needs::default());
    let draft = attached(&step_documents(desk.program, &desk.case, &world, &values, step));
    let act = Act {
        action: step.action.clone().unwrap_or_default(),
        expected_version: desk.case.version,
        values,
        marks: step_marks(step),
        comment: step.comment.clone(),
        procedure: None,
    };
    (act, draft)
}

struct Run<'a> {
    scenarios: &'a Scenarios,
    scenario: &'a Scenario,
    desk: Desk<'a>,
    result: ScenarioResult,
}

impl<'a> Run<'a> {
    fn new(
        program: &'a Program,
        municipality: &'a Municipality,
        calls: &[Call],
        scenarios: &'a Scenarios,
        scenario: &'a Scenario,
    ) -> Self {
        let desk = desk_of(program, municipality, calls, scenarios, scenario);
        let result = ScenarioResult {
            name: scenario.name.clone(),
            failures: Vec::new(),
            covered: BTreeSet::new(),
            evidence: Evidence::default(),
            states: vec![desk.case.state.clone()],
            played: Scenario {
                applicant: Some(desk.case.business.facts.clone()),
                steps: Vec::new(),
                ..scenario.clone()
            },
            standings: Vec::new(),
        };
        Self { scenarios, scenario, desk, result }
    }

    fn play(mut self) -> ScenarioResult {
        for (step, number) in self.scenario.steps.iter().zip(1..) {
            let day = self.day_of(number, step);
            let mut told = Told::default();
            for rung in self.desk.advance(moment(day)) {
                self.done(&rung);
                told.add(&rung);
            }
            if step.action.is_some() {
                match self.act(step) {
                    Ok(done) => {
                        if !step.expect.refused.is_empty() {
                            let expected = format!("{:?}", step.expect.refused);
                            self.miss(number, "refused", expected, "it was done".to_owned());
                        }
                        told.add(&done);
                    }
                    Err(refusals) => self.compare_refusals(number, &step.expect.refused, &refusals),
                }
            }
            self.note(day, ScenarioStep { signed: false, ..step.clone() });
            if step.signed {
                self.sign_all(number, day, &mut told);
            }
            self.compare(number, &step.expect, &told.mails, &told.letters);
            if let Some(last) = self.result.played.steps.last_mut() {
                last.expect = step.expect.clone();
            }
        }
        self.result.evidence = self.desk.evidence;
        self.result
    }

    /// The day of a step: its own, or so long after the step before, past a deadline, or its sample's day; never back.
    fn day_of(&mut self, number: usize, step: &ScenarioStep) -> NaiveDate {
        let today = vocabulary::day_in_japan(self.desk.now);
        let calendar = &self.desk.municipality.calendar;
        let after = step.after.as_ref().and_then(|span| span_from(span, today, calendar));
        let past = step.past.as_ref().and_then(|name| match self.desk.last_day_of(name) {
            Some(day) => day.succ_opt(),
            None => {
                self.miss(number, "past", name.clone(), "there is no such deadline now".to_owned());
                None
            }
        });
        let sample = step.sample.as_ref().and_then(|name| self.scenarios.days.get(name)).copied();
        let sample = sample.filter(|_| step.on.is_none());
        [step.on, after, past, sample].into_iter().flatten().fold(today, NaiveDate::max)
    }

    /// Everybody on the route, in turn.
    fn sign_all(&mut self, number: usize, day: NaiveDate, told: &mut Told) {
        while let Some(next) = self.desk.case.body.pending.as_ref().and_then(|pending| pending.next()) {
            let by = format!("position:{}", next.position);
            let sign = ScenarioStep { by, action: Some("sign".to_owned()), ..ScenarioStep::default() };
            match self.act(&sign) {
                Ok(done) => told.add(&done),
                Err(refusals) => return self.compare_refusals(number, &[], &refusals),
            }
            self.note(day, sign);
        }
    }

    /// Remembers what was done; what must be so is said of the last step that belongs to a step of the scenario.
    fn note(&mut self, day: NaiveDate, step: ScenarioStep) {
        let expect = Expectation { refused: step.expect.refused.clone(), ..Expectation::default() };
        let played = ScenarioStep { on: Some(day), after: None, past: None, expect, ..step };
        self.result.played.steps.push(played);
        let case = &self.desk.case;
        self.result.standings.push((case.state.clone(), case.body.pending.is_some()));
    }

    fn act(&mut self, step: &ScenarioStep) -> Result<Step, Vec<Refusal>> {
        self.desk.call = call_standing(step);
        let (act, draft) = entered(&self.desk, self.scenarios, step);
        let step = self.desk.take(&self.desk.actor(&step.by), &act, Some(draft))?;
        self.done(&step);
        Ok(step)
    }

    fn done(&mut self, step: &Step) {
        if step.event.stage == history::Stage::Performed {
            self.result.covered.insert(step.event.action.clone());
        }
        if self.result.states.last() != Some(&step.case.state) {
            self.result.states.push(step.case.state.clone());
        }
    }

    fn miss(&mut self, step: usize, what: &str, expected: String, found: String) {
        self.result.failures.push(Mismatch { step, what: what.to_owned(), expected, found, figure: None });
    }

    /// What was missed last is a figure, which changes with rates, caps and deadlines.
    fn is_figure(&mut self, pointer: String, found: Value) {
        if let Some(missed) = self.result.failures.last_mut() {
            missed.figure = Some((pointer, found));
        }
    }

    fn compare_refusals(&mut self, number: usize, expected: &[String], found: &[Refusal]) {
        let codes: Vec<&str> = found.iter().map(|refusal| refusal.code.as_str()).collect();
        if expected.is_empty() || !expected.iter().all(|code| codes.contains(&code.as_str())) {
            let said: Vec<String> = found
                .iter()
                .map(|refusal| {
                    format!("{} {} {}", refusal.code, refusal.path.as_deref().unwrap_or(""), refusal.message.ja)
                })
                .collect();
            let expected = if expected.is_empty() { "done".to_owned() } else { format!("refused {expected:?}") };
            self.miss(number, "outcome", expected, said.join("; "));
        }
    }

    fn amount(&self, name: &str) -> Option<Yen> {
        let body = &self.desk.case.body;
        let beside = body.procedures.iter().rev().find_map(|beside| beside.amounts.get(name));
        body.amounts.get(name).or(beside).map(|frozen| frozen.yen)
    }

    fn yen(&self, figure: &Figure) -> Option<Yen> {
        match figure {
            Figure::Yen(yen) => Some(*yen),
            Figure::As(name) => self.amount(name),
        }
    }

    fn compare(&mut self, number: usize, expect: &Expectation, mails: &[Name], letters: &[Name]) {
        if let Some(state) = expect.state.as_ref().filter(|state| **state != self.desk.case.state) {
            self.miss(number, "state", state.clone(), self.desk.case.state.clone());
        }
        for (name, figure) in &expect.amounts {
            let (expected, found) = (self.yen(figure), self.amount(name));
            if found.is_none() || found != expected {
                self.miss(number, name, shown(expected), shown(found));
                if let (Figure::Yen(_), Some(found)) = (figure, found) {
                    self.is_figure(format!("amounts/{name}"), json!(found));
                }
            }
        }
        let waits_for =
            self.desk.case.body.pending.as_ref().and_then(|pending| pending.next()).map(|next| &next.position);
        if expect.waits_for.is_some() && expect.waits_for.as_ref() != waits_for {
            let found = waits_for.cloned().unwrap_or_default();
            self.miss(number, "waits_for", expect.waits_for.clone().unwrap_or_default(), found);
        }
        for (what, expected, found) in [("mails", &expect.mails, mails), ("letters", &expect.letters, letters)] {
            if !expected.iter().all(|name| found.contains(name)) {
                self.miss(number, what, format!("{expected:?}"), format!("{found:?}"));
            }
        }
        let due = self.desk.case.body.deadline.as_ref().map(|deadline| deadline.day);
        if expect.due.is_some() && expect.due != due {
            self.miss(number, "due", day_shown(expect.due), day_shown(due));
            if let Some(due) = due {
                self.is_figure("due".to_owned(), json!(due));
            }
        }
        let mut expected = Yen::ZERO;
        for (account, figure) in &expect.holds {
            let yen = self.yen(figure).unwrap_or(Yen::ZERO);
            expected = expected.plus(yen).unwrap_or(Yen::MAX);
            let found = self.desk.case.body.holdings.get(ledger_account(*account));
            if found != yen {
                let account = ledger_account(*account).as_str();
                self.miss(number, &format!("holds.{account}"), yen.to_string(), found.to_string());
                if let Figure::Yen(_) = figure {
                    self.is_figure(format!("holds/{account}"), json!(found));
                }
            }
        }
        if !expect.holds.is_empty() {
            let found = self.desk.case.body.holdings.total().unwrap_or(Yen::MAX);
            if expected != found {
                self.miss(number, "holds in all", expected.to_string(), found.to_string());
            }
        }
        for (year, holds) in &expect.holds_of_year {
            let held = self.desk.case.body.elsewhere.get(&line_of(FiscalYear(*year)));
            let found = held.and_then(|held| held.total().ok()).unwrap_or_default();
            let expected: Yen = holds.values().copied().sum();
            let each = |(account, yen): (&HoldingAccount, &Yen)| {
                held.is_some_and(|held| held.get(ledger_account(*account)) == *yen)
            };
            if !holds.iter().all(each) || found != expected {
                self.miss(number, "holds_of_year", format!("{year}: {holds:?}"), format!("{held:?}"));
            }
        }
        for (name, day) in &expect.procedures_due {
            let newest = self.desk.case.body.procedures.iter().rev().find(|beside| beside.name == *name);
            let due = newest.and_then(|beside| beside.deadline.as_ref()).map(|deadline| deadline.day);
            if due != Some(*day) {
                self.miss(number, name, day.to_string(), day_shown(due));
                if let Some(due) = due {
                    self.is_figure(format!("procedures_due/{name}"), json!(due));
                }
            }
        }
        if let Some(expected) = &expect.score {
            let found = self.desk.case.body.panel.as_ref().and_then(|panel| panel.outcome.as_ref());
            let found = found.map(|outcome| ScoreExpected { mean: outcome.mean, passed: outcome.passed });
            if found.as_ref() != Some(expected) {
                self.miss(number, "score", format!("{expected:?}"), format!("{found:?}"));
            }
        }
        for (name, state) in &expect.procedures {
            let newest = self.desk.case.body.procedures.iter().rev().find(|beside| beside.name == *name);
            let found = newest.map(|beside| beside.state.clone()).unwrap_or_default();
            if found != *state {
                self.miss(number, name, state.clone(), found);
            }
        }
    }
}

/// What a step sent, its signatures included.
#[derive(Default)]
struct Told {
    mails: Vec<Name>,
    letters: Vec<Name>,
}

impl Told {
    fn add(&mut self, done: &Step) {
        self.mails.extend(done.mails.iter().map(|mail| mail.name.clone()));
        self.letters.extend(done.letters.iter().map(|letter| letter.name.clone()));
    }
}

fn day_shown(day: Option<NaiveDate>) -> String {
    day.map_or("none".to_owned(), |day| day.to_string())
}

fn shown(yen: Option<Yen>) -> String {
    yen.map_or("none".to_owned(), |yen| yen.to_string())
}

/// How the call of a step stands.
#[must_use]
pub fn call_standing(step: &ScenarioStep) -> CallStanding {
    let given = step.call.clone().unwrap_or_default();
    let placing = |rank: &RankGiven| Placing { ranking: Uuid::nil(), place: rank.place.into(), within: rank.within };
    CallStanding {
        places_left: given.places_left.map(i64::from),
        budget_left: given.budget_left,
        waiting: given.waiting.into(),
        placing: step.rank.as_ref().map(placing),
    }
}
