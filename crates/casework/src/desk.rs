//! An office in memory with one case on its desk: the people, the time, the numbers and the budget. What is decided there
//! is decided by the code that serves requests.

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use program::Program;
use program::definition::{ApplicantFacts, Call, FieldType, Municipality, Name, Role, Scenarios};
use serde_json::{Map, Value};
use treasury::{Account, Posting};
use uuid::Uuid;
use vocabulary::{FiscalYear, Instant, Yen, day_in_japan, start_of_day};

use crate::act::{
    Act, Actor, CallStanding, Draft, Granted, LinePostings, Needs, Partner, Person, Refusal, Step, World,
};
use crate::case::{self, Body, Business, Case, DocumentRef, FieldMark, Head};
use crate::coverage::Evidence;
use crate::{candidates, clock_act, decide, history, needs, numbers, permit};

/// The hour at which things happen, in Japan.
const HOUR: i64 = 10;

/// 10:00 in Japan on that day.
#[must_use]
pub fn moment(day: NaiveDate) -> Instant {
    start_of_day(day) + TimeDelta::hours(HOUR)
}

/// The window of the program that is open on the day, otherwise the first of the fiscal year.
#[must_use]
pub fn call_of<'c>(program: &Program, calls: &'c [Call], day: NaiveDate) -> Option<&'c Call> {
    let year = FiscalYear::of(day).0;
    let own = || calls.iter().filter(|call| call.program == program.name() && call.fiscal_year == year);
    own().find(|call| call.opens <= day && call.closes.is_none_or(|closes| day <= closes)).or_else(|| own().next())
}

/// One case in memory, and everything around it.
#[derive(Clone)]
pub(crate) struct Desk<'a> {
    pub program: &'a Program,
    pub municipality: &'a Municipality,
    pub case: Case,
    pub now: Instant,
    /// What the business was granted before.
    pub granted: Vec<Granted>,
    /// What the case's budget line has left; without end when absent.
    pub budget: Option<Yen>,
    /// How the call stands now.
    pub call: CallStanding,
    /// What was exercised so far.
    pub evidence: Evidence,
    next_id: Cell<u128>,
    counters: BTreeMap<(FiscalYear, Name), i64>,
    lines: BTreeMap<FiscalYear, Uuid>,
}

impl<'a> Desk<'a> {
    /// A draft of that applicant, begun on that day.
    pub fn new(
        program: &'a Program,
        municipality: &'a Municipality,
        calls: &[Call],
        applicant: ApplicantFacts,
        first_day: NaiveDate,
    ) -> Self {
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
                facts: applicant,
            },
            state: program.initial().to_owned(),
            body: Body::default(),
            head: Head { sequence: 0, hash: history::ROOT.to_owned(), at: now },
        };
        Self {
            program,
            municipality,
            case,
            now,
            granted: Vec::new(),
            budget: None,
            call: CallStanding::default(),
            evidence: Evidence::default(),
            next_id: Cell::new(1_000),
            counters: BTreeMap::new(),
            lines,
        }
    }

    /// Moves the clock; what rings on the way takes effect at its time.
    pub fn advance(&mut self, to: Instant) -> Vec<Step> {
        let mut rung = Vec::new();
        while let Some(at) = self.case.body.standing.next_clock_at.filter(|at| *at <= to) {
            self.now = self.now.max(at);
            let Some(act) = clock_act(&self.case, self.now) else { break };
            let Ok(step) = self.take(&Actor::Clock, &act, None) else { break };
            rung.push(step);
        }
        self.now = self.now.max(to);
        rung
    }

    /// Decides, and keeps what was decided.
    pub fn take(&mut self, actor: &Actor, act: &Act, draft: Option<Draft>) -> Result<Step, Vec<Refusal>> {
        let before = self.case.clone();
        let taken = self.decided(actor, act, draft);
        match &taken {
            Ok(step) => self.evidence.add_step(self.program, &before, step),
            Err(refusals) => self.evidence.add_refusals(refusals),
        }
        taken
    }

    fn decided(&mut self, actor: &Actor, act: &Act, draft: Option<Draft>) -> Result<Step, Vec<Refusal>> {
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

    pub fn world<'w>(&'w self, ids: &'w dyn Fn() -> Uuid, draft: Option<Draft>, needs: &Needs) -> World<'w> {
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
            granted: self.granted.clone(),
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

    /// The last day of the state's deadline (`due`), or of one of the program's.
    pub fn last_day_of(&self, deadline: &str) -> Option<NaiveDate> {
        if deadline == "due" {
            return self.case.body.deadline.as_ref().map(|deadline| deadline.day);
        }
        let ids = || Uuid::nil();
        let facts = crate::case_facts(&self.world(&ids, None, &Needs::default()), &self.case);
        self.program.deadline(deadline, &facts, &self.municipality.calendar)
    }

    /// A role, `position:<name>`, `partner:<name>`, or `panelist` with whatever tells several apart.
    pub fn actor(&self, by: &str) -> Actor {
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

    /// The documents that a form asks for with these values.
    pub fn asked_documents(&self, form: &str, values: &Map<String, Value>) -> Vec<Name> {
        let ids = Uuid::nil;
        let facts = crate::case_facts(&self.world(&ids, None, &Needs::default()), &self.case);
        let (_, documents) = self.program.asked(form, values, &facts);
        documents.into_iter().map(|document| document.name.clone()).collect()
    }

    /// Who may do what now.
    pub fn possible(&self) -> Vec<Possible> {
        let case = &self.case;
        let roles = Role::STAFF.iter().chain(&[Role::Applicant, Role::Treasury]).map(|role| role.as_str().to_owned());
        let positions = self.municipality.positions.keys().map(|position| format!("position:{position}"));
        // Two more than must score, so that some may keep away.
        let judges = self.program.definition().program.panel.as_ref().map_or(0, |panel| panel.judges + 2);
        let judges = (1..=judges).map(|judge| format!("panelist:{judge}"));
        let partners = case.body.partners.keys().map(|partner| format!("partner:{partner}"));
        let actors: Vec<String> = roles.chain(positions).chain(judges).chain(partners).collect();
        let ids = Uuid::nil;
        let world = self.world(&ids, None, &Needs::default());
        // What the treasury does belongs to a life too, unlike to lists of what people may do.
        let by_treasury = self.program.actions().filter(|action| action.rule.by.as_slice() == [Role::Treasury]);
        let by_treasury = by_treasury.flat_map(|action| {
            let beside =
                case.body.procedures.iter().filter(move |beside| action.procedure == Some(beside.name.as_str()));
            let own = action.procedure.is_none().then_some(None);
            own.into_iter().chain(beside.map(|beside| Some(beside.id))).map(move |place| (action.name, place))
        });
        let may = |(name, procedure): (&str, Option<Uuid>)| {
            let is_permitted = |by: &&String| permit(&world, case, &self.actor(by), name, procedure).is_ok();
            let actors: Vec<String> = actors.iter().filter(is_permitted).cloned().collect();
            (!actors.is_empty()).then(|| Possible { action: name.to_owned(), procedure, actors })
        };
        candidates(&world, case).into_iter().chain(by_treasury).filter_map(may).collect()
    }

    /// What a scenario gives for the action's form, or what its fields would take.
    pub fn made_up(&self, action: &str, scenarios: &Scenarios) -> Map<String, Value> {
        let today = day_in_japan(self.now);
        let form = self.program.action(action).and_then(|action| action.rule.form.as_ref());
        match form {
            Some(form) => scenarios.samples.get(form).cloned().unwrap_or_else(|| self.program.sample(form, today)),
            None => self.program.sample_input(action, today),
        }
    }

    pub fn asks_for_marks(&self, action: &str) -> bool {
        let action = self.program.action(action);
        action.is_some_and(|action| action.input.values().any(|field| field.rule.kind == FieldType::FieldMarks))
    }
}

/// What an office might mark.
pub(crate) fn some_marks() -> Vec<FieldMark> {
    vec![FieldMark { field: "contact_name".to_owned(), remark: "ご確認ください".to_owned() }]
}

/// What somebody may do: the action, where it starts when that is a procedure, and who.
pub(crate) struct Possible {
    pub action: Name,
    pub procedure: Option<Uuid>,
    pub actors: Vec<String>,
}

/// A draft with a file in each of these slots.
pub(crate) fn attached(slots: &[Name]) -> Draft {
    let file = |slot: &Name| {
        let file = DocumentRef { file: Uuid::nil(), name: format!("{slot}.pdf"), sha256: history::ROOT.to_owned() };
        (slot.clone(), vec![file])
    };
    Draft { values: Map::new(), documents: slots.iter().map(file).collect() }
}

/// The budget line of a fiscal year.
pub(crate) fn line_of(year: FiscalYear) -> Uuid {
    Uuid::from_u128(u128::from(year.0.unsigned_abs()))
}

/// People are told apart by their role or position.
fn person_id(name: &str) -> Uuid {
    let digest = vocabulary::digest(name.as_bytes());
    u128::from_str_radix(digest.get(..32).unwrap_or_default(), 16).map_or(Uuid::nil(), Uuid::from_u128)
}
