//! Sample applications, run through the same decisions that serve requests, in memory.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use program::definition::{
    ApplicantFacts, Call, Expectation, Figure, HoldingAccount, Municipality, Name, RankGiven, Role, Scenario,
    ScenarioStep, Scenarios, ScoreExpected,
};
use program::{Program, span_from};
use serde_json::{Map, Value};
use treasury::{Account, Posting};
use uuid::Uuid;
use vocabulary::{Bilingual, FiscalYear, Instant, Yen, start_of_day};

use crate::act::CallStanding;
use crate::act::{Act, Actor, Draft, Granted, LinePostings, Needs, Partner, Person, Refusal, Step, World};
use crate::case::Placing;
use crate::case::{self, Body, Business, Case, DocumentRef, FieldMark, Head};
use crate::money::ledger_account;
use crate::{clock_act, decide, history, needs, numbers};

/// What came of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioResult {
    pub name: Bilingual,
    /// Where it went another way than expected; empty when it passed.
    pub failures: Vec<Mismatch>,
    /// Actions that took effect.
    pub covered: BTreeSet<Name>,
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
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "step {}: {}: expected {}, found {}", self.step, self.what, self.expected, self.found)
    }
}

/// The hour at which scenario steps happen, in Japan.
const HOUR: i64 = 10;

/// 10:00 in Japan on that day.
#[must_use]
pub fn moment(day: NaiveDate) -> Instant {
    start_of_day(day) + TimeDelta::hours(HOUR)
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
fn nobody(day: NaiveDate) -> ApplicantFacts {
    ApplicantFacts {
        kind: program::definition::ApplicantKind::Company,
        size: program::definition::BusinessSize::Sme,
        deemed_large: false,
        established_here_on: day,
        employees: 0,
        capital: Yen::ZERO,
        trade: String::new(),
    }
}

/// The window of the program that is open on the day, otherwise the first of the fiscal year.
#[must_use]
pub fn call_of<'c>(program: &Program, calls: &'c [Call], day: NaiveDate) -> Option<&'c Call> {
    let year = FiscalYear::of(day).0;
    let own = || calls.iter().filter(|call| call.program == program.name() && call.fiscal_year == year);
    own().find(|call| call.opens <= day && call.closes.is_none_or(|closes| day <= closes)).or_else(|| own().next())
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

struct Run<'a> {
    program: &'a Program,
    municipality: &'a Municipality,
    scenarios: &'a Scenarios,
    scenario: &'a Scenario,
    case: Case,
    now: Instant,
    next_id: Cell<u128>,
    counters: BTreeMap<(FiscalYear, Name), i64>,
    lines: BTreeMap<FiscalYear, Uuid>,
    /// What the budget line has left.
    budget: Option<Yen>,
    /// How the call stands in this step.
    call: CallStanding,
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
        let day_of = |step: &ScenarioStep| step.on.or_else(|| scenarios.days.get(step.sample.as_ref()?).copied());
        let first_day = scenario.steps.iter().find_map(day_of).unwrap_or_else(|| FiscalYear(2026).first_day());
        let applicant = scenarios.applicant(scenario).cloned().unwrap_or_else(|| nobody(first_day));
        let now = moment(first_day);
        let year = FiscalYear::of(first_day);
        let call = call_of(program, calls, first_day);
        let own_calls = calls.iter().filter(|call| call.program == program.name());
        let lines = own_calls.map(|call| (FiscalYear(call.fiscal_year), line_of(FiscalYear(call.fiscal_year))));
        let lines = lines.collect();
        let case = Case {
            id: Uuid::from_u128(1),
            version: 0,
            municipality: program.municipality().to_owned(),
            program: program.name().to_owned(),
            program_hash: program.hash().to_owned(),
            call: case::Call {
                id: Uuid::from_u128(2),
                fiscal_year: year,
                opens: call.map_or(year.first_day(), |call| call.opens),
                closes: call.and_then(|call| call.closes),
                budget_line: Some(line_of(year)),
            },
            business: Business {
                id: Uuid::from_u128(4),
                name: "株式会社見本製作所".to_owned(),
                name_kana: "カブシキガイシャミホンセイサクショ".to_owned(),
                address: String::new(),
                representative: "見本 太郎".to_owned(),
                corporate_number: None,
                facts: applicant.clone(),
            },
            state: program.initial().to_owned(),
            body: Body::default(),
            head: Head { sequence: 0, hash: history::ROOT.to_owned(), at: now },
        };
        let result = ScenarioResult {
            name: scenario.name.clone(),
            failures: Vec::new(),
            covered: BTreeSet::new(),
            states: vec![case.state.clone()],
            played: Scenario { applicant: Some(applicant), steps: Vec::new(), ..scenario.clone() },
            standings: Vec::new(),
        };
        Self {
            program,
            municipality,
            scenarios,
            scenario,
            case,
            now,
            next_id: Cell::new(1_000),
            counters: BTreeMap::new(),
            call: CallStanding::default(),
            budget: scenario.budget,
            lines,
            result,
        }
    }

    fn play(mut self) -> ScenarioResult {
        for (step, number) in self.scenario.steps.iter().zip(1..) {
            let day = self.day_of(number, step);
            let mut told = Told { mails: self.advance(moment(day)), letters: Vec::new() };
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
        self.result
    }

    /// The day of a step: its own, or so long after the step before, past a deadline, or its sample's day; never back.
    fn day_of(&mut self, number: usize, step: &ScenarioStep) -> NaiveDate {
        let today = vocabulary::day_in_japan(self.now);
        let calendar = &self.municipality.calendar;
        let after = step.after.as_ref().and_then(|span| span_from(span, today, calendar));
        let past = step.past.as_ref().and_then(|name| match self.last_day_of(name) {
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

    fn last_day_of(&self, deadline: &str) -> Option<NaiveDate> {
        if deadline == "due" {
            return self.case.body.deadline.as_ref().map(|deadline| deadline.day);
        }
        let ids = || Uuid::nil();
        let facts = crate::case_facts(&self.world(&ids, None, &Needs::default()), &self.case);
        self.program.deadline(deadline, &facts, &self.municipality.calendar)
    }

    /// Everybody on the route, in turn.
    fn sign_all(&mut self, number: usize, day: NaiveDate, told: &mut Told) {
        while let Some(next) = self.case.body.pending.as_ref().and_then(|pending| pending.next()) {
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
        self.result.standings.push((self.case.state.clone(), self.case.body.pending.is_some()));
    }

    /// Moves the clock; what rings on the way takes effect at its time. Returns the mails.
    fn advance(&mut self, to: Instant) -> Vec<Name> {
        let mut mails = Vec::new();
        while let Some(at) = self.case.body.standing.next_clock_at.filter(|at| *at <= to) {
            self.now = self.now.max(at);
            let Some(act) = clock_act(&self.case, self.now) else { break };
            match self.decide(&Actor::Clock, &act, None) {
                Ok(step) => mails.extend(step.mails.into_iter().map(|mail| mail.name)),
                Err(_) => break,
            }
        }
        self.now = self.now.max(to);
        mails
    }

    fn act(&mut self, step: &ScenarioStep) -> Result<Step, Vec<Refusal>> {
        let values = step_values(self.scenarios, step);
        self.call = call_standing(step);
        let ids = || Uuid::nil();
        let world = self.world(&ids, None, &Needs::default());
        let slots = step_documents(self.program, &self.case, &world, &values, step);
        let file = |slot: &Name| {
            let file = DocumentRef { file: Uuid::nil(), name: format!("{slot}.pdf"), sha256: history::ROOT.to_owned() };
            (slot.clone(), vec![file])
        };
        let draft = Draft { values: Map::new(), documents: slots.iter().map(file).collect() };
        let act = Act {
            action: step.action.clone().unwrap_or_default(),
            expected_version: self.case.version,
            values,
            marks: step_marks(step),
            comment: step.comment.clone(),
            procedure: None,
        };
        self.decide(&self.actor(&step.by), &act, Some(draft))
    }

    fn decide(&mut self, actor: &Actor, act: &Act, draft: Option<Draft>) -> Result<Step, Vec<Refusal>> {
        let ids = || {
            self.next_id.set(self.next_id.get() + 1);
            Uuid::from_u128(self.next_id.get())
        };
        let wanted = needs(self.program, &self.case, act);
        let world = self.world(&ids, draft.filter(|_| wanted.draft.is_some()), &wanted);
        let step = decide(&world, &self.case, actor, act)?;
        self.budget = self.left_after(&step)?;
        let counted: BTreeMap<Name, i64> = step
            .numbers
            .iter()
            .map(|kind| (kind.clone(), self.counters.get(&(step.year, kind.clone())).copied().unwrap_or_default() + 1))
            .collect();
        let year = step.year;
        let step = step.numbered(&numbers::written(self.municipality, year, &counted));
        self.counters.extend(counted.into_iter().map(|(kind, count)| ((year, kind), count)));
        self.case = step.case.clone();
        if step.event.stage == history::Stage::Performed {
            self.result.covered.insert(step.event.action.clone());
        }
        if self.result.states.last() != Some(&self.case.state) {
            self.result.states.push(self.case.state.clone());
        }
        Ok(step)
    }

    /// What the step leaves of the case's budget line.
    fn left_after(&self, step: &Step) -> Result<Option<Yen>, Vec<Refusal>> {
        let Some(left) = self.budget else { return Ok(None) };
        let own = |moved: &&LinePostings| Some(moved.line) == self.case.call.budget_line;
        let entries: Vec<&Posting> = step.postings.iter().filter(own).flat_map(|moved| &moved.entries).collect();
        let (taken, given): (Vec<&Posting>, Vec<&Posting>) =
            entries.into_iter().partition(|posting| posting.from == Account::Available);
        let given = given.into_iter().filter(|posting| posting.to == Account::Available);
        let total = |postings: &mut dyn Iterator<Item = &Posting>| Yen::total(postings.map(|posting| posting.amount));
        let left = total(&mut taken.into_iter())
            .and_then(|taken| left.minus(taken))
            .and_then(|left| left.plus(total(&mut given.into_iter())?));
        match left {
            Ok(left) if !left.is_negative() => Ok(Some(left)),
            _ => Err(vec![Refusal::new(
                "budget.shortfall",
                "予算が足りません",
                "The budget line does not have this much left",
            )]),
        }
    }

    fn world<'w>(&'w self, ids: &'w dyn Fn() -> Uuid, draft: Option<Draft>, needs: &Needs) -> World<'w> {
        // Whoever is named succeeds; that there is such a business is the registry's to say.
        let successor = needs.successor.map(|id| Business {
            id,
            name: "株式会社承継製作所".to_owned(),
            name_kana: "カブシキガイシャショウケイセイサクショ".to_owned(),
            ..self.case.business.clone()
        });
        World {
            program: self.program,
            municipality: self.municipality,
            holders: self.municipality.positions.keys().map(|name| (name.clone(), vec![person_id(name)])).collect(),
            granted: granted_before(self.scenario),
            draft,
            call: self.call,
            lines: self.lines.clone(),
            successor,
            recusals: BTreeMap::new(),
            now: self.now,
            event: ids(),
            ids,
            salt: [7; 32],
        }
    }

    fn actor(&self, by: &str) -> Actor {
        match by {
            "clock" => return Actor::Clock,
            "treasury" => return Actor::Treasury,
            _ => {}
        }
        let place = self.case.municipality.clone();
        let mut person = Person { id: person_id(by), name: by.to_owned(), ..Person::default() };
        if let Some(partner) = by.strip_prefix("partner:") {
            return Actor::Partner(self.partner(partner));
        }
        if by == Role::Applicant.as_str() {
            person.memberships.push(self.case.business.id);
        } else if by.starts_with(Role::Panelist.as_str()) {
            person.panels.push(self.case.call.id);
        } else if let Some(position) = by.strip_prefix("position:") {
            person.id = person_id(position);
            person.positions.push((place.clone(), position.to_owned()));
            person.roles.push((place, Role::Approver));
        } else if let Some(role) = Role::STAFF.into_iter().find(|role| role.as_str() == by) {
            person.roles.push((place, role));
        }
        Actor::Person(person)
    }

    /// Whoever holds the partner's newest link.
    fn partner(&self, name: &str) -> Partner {
        let linked = self.case.body.partners.get(name);
        Partner {
            link: linked.map_or(Uuid::nil(), |linked| linked.link),
            case: self.case.id,
            partner: name.to_owned(),
            name: linked.map(|linked| linked.name.clone()).unwrap_or_default(),
        }
    }

    fn miss(&mut self, step: usize, what: &str, expected: String, found: String) {
        self.result.failures.push(Mismatch { step, what: what.to_owned(), expected, found });
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
        let beside = self.case.body.procedures.iter().rev().find_map(|beside| beside.amounts.get(name));
        self.case.body.amounts.get(name).or(beside).map(|frozen| frozen.yen)
    }

    fn yen(&self, figure: &Figure) -> Option<Yen> {
        match figure {
            Figure::Yen(yen) => Some(*yen),
            Figure::As(name) => self.amount(name),
        }
    }

    fn compare(&mut self, number: usize, expect: &Expectation, mails: &[Name], letters: &[Name]) {
        if let Some(state) = expect.state.as_ref().filter(|state| **state != self.case.state) {
            self.miss(number, "state", state.clone(), self.case.state.clone());
        }
        for (name, figure) in &expect.amounts {
            let (expected, found) = (self.yen(figure), self.amount(name));
            if found.is_none() || found != expected {
                self.miss(number, name, shown(expected), shown(found));
            }
        }
        let waits_for = self.case.body.pending.as_ref().and_then(|pending| pending.next()).map(|next| &next.position);
        if expect.waits_for.is_some() && expect.waits_for.as_ref() != waits_for {
            let found = waits_for.cloned().unwrap_or_default();
            self.miss(number, "waits_for", expect.waits_for.clone().unwrap_or_default(), found);
        }
        for (what, expected, found) in [("mails", &expect.mails, mails), ("letters", &expect.letters, letters)] {
            if !expected.iter().all(|name| found.contains(name)) {
                self.miss(number, what, format!("{expected:?}"), format!("{found:?}"));
            }
        }
        let due = self.case.body.deadline.as_ref().map(|deadline| deadline.day);
        if expect.due.is_some() && expect.due != due {
            self.miss(number, "due", format!("{:?}", expect.due), format!("{due:?}"));
        }
        let mut expected = Yen::ZERO;
        for (account, figure) in &expect.holds {
            let yen = self.yen(figure).unwrap_or(Yen::ZERO);
            expected = expected.plus(yen).unwrap_or(Yen::MAX);
            let found = self.case.body.holdings.get(ledger_account(*account));
            if found != yen {
                self.miss(number, "holds", format!("{account:?} {yen}"), found.to_string());
            }
        }
        if !expect.holds.is_empty() {
            let found = self.case.body.holdings.total().unwrap_or(Yen::MAX);
            if expected != found {
                self.miss(number, "holds in all", expected.to_string(), found.to_string());
            }
        }
        for (year, holds) in &expect.holds_of_year {
            let held = self.case.body.elsewhere.get(&line_of(FiscalYear(*year)));
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
            let newest = self.case.body.procedures.iter().rev().find(|beside| beside.name == *name);
            let due = newest.and_then(|beside| beside.deadline.as_ref()).map(|deadline| deadline.day);
            if due != Some(*day) {
                self.miss(number, name, day.to_string(), format!("{due:?}"));
            }
        }
        if let Some(expected) = &expect.score {
            let found = self.case.body.panel.as_ref().and_then(|panel| panel.outcome.as_ref());
            let found = found.map(|outcome| ScoreExpected { mean: outcome.mean, passed: outcome.passed });
            if found.as_ref() != Some(expected) {
                self.miss(number, "score", format!("{expected:?}"), format!("{found:?}"));
            }
        }
        for (name, state) in &expect.procedures {
            let newest = self.case.body.procedures.iter().rev().find(|beside| beside.name == *name);
            let found = newest.map(|beside| beside.state.clone()).unwrap_or_default();
            if found != *state {
                self.miss(number, name, state.clone(), found);
            }
        }
    }
}

/// What a step sent, its signatures included.
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

fn shown(yen: Option<Yen>) -> String {
    yen.map_or("none".to_owned(), |yen| yen.to_string())
}

/// The budget line of a fiscal year.
fn line_of(year: FiscalYear) -> Uuid {
    Uuid::from_u128(u128::from(year.0.unsigned_abs()))
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

/// People of a scenario are told apart by their role or position.
fn person_id(name: &str) -> Uuid {
    let digest = vocabulary::digest(name.as_bytes());
    u128::from_str_radix(digest.get(..32).unwrap_or_default(), 16).map_or(Uuid::nil(), Uuid::from_u128)
}
