//! A desk at which cases of the shipped catalogue are acted out: it keeps the case, the time, the people and the history.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use casework::history::{Event, ROOT};
use casework::scenario::{self, call_of, granted_before, moment, step_documents, step_marks, step_values};
use casework::{
    Act, Actor, Body, Business, Call, CallStanding, Case, DocumentRef, Draft, FieldMark, Granted, Head, LinePostings,
    Partner, Person, Refusal, Step, World, clock_act, decide, needs, numbers, permit,
};
use chrono::NaiveDate;
use program::definition::{ApplicantFacts, FieldType, Municipality, Name, Role, Scenario, Scenarios};
use program::{Loaded, LoadedProgram, Program, SourceFile, load};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vocabulary::{FiscalYear, Instant, Yen};

pub fn files(folder: &Path, into: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            into.push(SourceFile {
                text: std::fs::read_to_string(&path).unwrap(),
                path: path.to_string_lossy().into_owned(),
            });
        }
    }
}

/// The shipped catalogue, loaded once.
pub fn catalogue() -> &'static Loaded {
    static LOADED: OnceLock<Loaded> = OnceLock::new();
    LOADED.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
        let mut found = Vec::new();
        for folder in ["archetypes", "municipalities", "programs"] {
            files(&root.join(folder), &mut found);
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        load(&found)
    })
}

/// Every program with its scenarios and the lives of its archetype, as they are played.
pub fn programs() -> impl Iterator<Item = (&'static Program, &'static Scenarios)> {
    static PLAYED: OnceLock<Vec<(&Program, Scenarios)>> = OnceLock::new();
    let played = PLAYED.get_or_init(|| {
        let loaded = catalogue();
        let found = |found: &'static LoadedProgram| Some((found.program.as_ref()?, found.scenarios.as_ref()?));
        let play = |(program, scenarios): (&'static Program, &'static Scenarios)| {
            let results = scenario::run(program, place_of(program), &loaded.calls, scenarios);
            (program, scenario::played(scenarios, &results))
        };
        loaded.programs.iter().filter_map(found).map(play).collect()
    });
    played.iter().map(|(program, scenarios)| (*program, scenarios))
}

/// One program for each machine: programs of one archetype with the same options differ in forms and figures only.
pub fn machines() -> impl Iterator<Item = (&'static Program, &'static Scenarios)> {
    let mut seen = BTreeSet::new();
    programs().filter(move |(program, _)| {
        let text = &program.definition().program;
        seen.insert((&text.archetype, text.options.iter().collect::<BTreeSet<_>>()))
    })
}

pub fn place_of(program: &Program) -> &'static Municipality {
    catalogue().municipalities.iter().find(|place| place.municipality == program.municipality()).unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    vocabulary::parse_day(text).unwrap()
}

pub fn codes(refusals: &[Refusal]) -> Vec<&str> {
    refusals.iter().map(|refusal| refusal.code.as_str()).collect()
}

pub fn values(json: Value) -> Map<String, Value> {
    json.as_object().cloned().unwrap()
}

pub fn mark(field: &str) -> FieldMark {
    FieldMark { field: field.to_owned(), remark: "ご確認ください".to_owned() }
}

/// Another case of the business that was granted.
pub fn granted(fiscal_year: i32, yen: i64) -> Granted {
    Granted { fiscal_year: FiscalYear(fiscal_year), yen: Yen::new(yen).unwrap(), answers: Map::new() }
}

/// The same word is always the same person.
pub fn person_id(name: &str) -> Uuid {
    let digest = vocabulary::digest(name.as_bytes());
    Uuid::from_u128(u128::from_str_radix(&digest[..32], 16).unwrap())
}

pub fn person(name: &str) -> Person {
    Person { id: person_id(name), name: name.to_owned(), ..Person::default() }
}

pub fn staff(place: &str, role: Role) -> Person {
    let mut person = person(role.as_str());
    person.roles.push((place.to_owned(), role));
    person
}

pub fn holder(place: &str, position: &str) -> Person {
    let mut person = person(position);
    person.roles.push((place.to_owned(), Role::Approver));
    person.positions.push((place.to_owned(), position.to_owned()));
    person
}

#[derive(Clone)]
pub struct Desk {
    pub program: &'static Program,
    pub place: &'static Municipality,
    pub case: Case,
    pub now: Instant,
    pub holders: BTreeMap<Name, Vec<Uuid>>,
    pub granted: Vec<Granted>,
    pub call: CallStanding,
    pub events: Vec<Event>,
    pub postings: Vec<LinePostings>,
    /// The budget line of each fiscal year.
    pub lines: BTreeMap<FiscalYear, Uuid>,
    /// Who is registered to take a case over.
    pub successor: Option<Business>,
    /// What the step before sent.
    pub mails: Vec<Name>,
    /// Everything that took effect, with its time.
    pub taken: Vec<(Actor, Act, Option<Draft>, Instant)>,
    next_id: Arc<AtomicU64>,
    counters: BTreeMap<Name, i64>,
}

impl Desk {
    pub fn new(program: &'static Program, applicant: &ApplicantFacts, first_day: NaiveDate) -> Self {
        let now = moment(first_day);
        let year = FiscalYear::of(first_day);
        let call = call_of(program, &catalogue().calls, first_day);
        let place = place_of(program);
        let case = Case {
            id: Uuid::from_u128(1),
            version: 0,
            municipality: program.municipality().to_owned(),
            program: program.name().to_owned(),
            program_hash: program.hash().to_owned(),
            call: Call {
                id: Uuid::from_u128(2),
                fiscal_year: year,
                opens: call.map_or(year.first_day(), |call| call.opens),
                closes: call.and_then(|call| call.closes),
                budget_line: Some(Uuid::from_u128(3_000 + year.0 as u128)),
            },
            business: Business {
                id: Uuid::from_u128(4),
                name: "株式会社見本製作所".to_owned(),
                name_kana: "カブシキガイシャミホンセイサクショ".to_owned(),
                address: "見本町一丁目".to_owned(),
                representative: "見本 太郎".to_owned(),
                corporate_number: None,
                facts: applicant.clone(),
            },
            state: program.initial().to_owned(),
            body: Body::default(),
            head: Head { sequence: 0, hash: ROOT.to_owned(), at: now },
        };
        Self {
            program,
            place,
            case,
            now,
            holders: place.positions.keys().map(|name| (name.clone(), vec![person_id(name)])).collect(),
            granted: Vec::new(),
            call: CallStanding::default(),
            events: Vec::new(),
            postings: Vec::new(),
            lines: (2020..2050).map(|year| (FiscalYear(year), Uuid::from_u128(3_000 + year as u128))).collect(),
            successor: None,
            mails: Vec::new(),
            taken: Vec::new(),
            next_id: Arc::new(AtomicU64::new(1_000)),
            counters: BTreeMap::new(),
        }
    }

    /// The first moment, over all scenarios of the program, at which the case stands like this.
    pub fn at(program: &str, stands: impl Fn(&Desk) -> bool) -> Self {
        let (program, scenarios) = programs().find(|(found, _)| found.name() == program).unwrap();
        let mut found = None;
        for scenario in &scenarios.scenarios {
            play(program, scenarios, scenario, |desk| {
                if found.is_none() && stands(desk) {
                    found = Some(desk.clone());
                }
            });
        }
        found.expect("no scenario comes there")
    }

    pub fn in_state(program: &str, state: &str) -> Self {
        Self::at(program, |desk| desk.case.state == state && desk.case.body.pending.is_none())
    }

    /// 決裁中: the drafted action, before any signature.
    pub fn drafted(program: &str, action: &str) -> Self {
        Self::at(program, |desk| desk.case.body.pending.as_ref().is_some_and(|pending| pending.action == action))
    }

    pub fn world<R>(&self, draft: Option<Draft>, asks: impl FnOnce(&World<'_>) -> R) -> R {
        let ids = || Uuid::from_u128(self.next_id.fetch_add(1, Ordering::Relaxed).into());
        asks(&World {
            program: self.program,
            municipality: self.place,
            holders: self.holders.clone(),
            granted: self.granted.clone(),
            draft,
            call: self.call,
            lines: self.lines.clone(),
            successor: self.successor.clone(),
            recusals: BTreeMap::new(),
            now: self.now,
            event: ids(),
            ids: &ids,
            salt: [7; 32],
        })
    }

    /// The codes for which the actor may not; none when permitted.
    pub fn barred(&self, actor: &Actor, action: &str) -> Vec<String> {
        self.world(None, |world| {
            let refusals = permit(world, &self.case, actor, action, None).err().unwrap_or_default();
            refusals.into_iter().map(|refusal| refusal.code).collect()
        })
    }

    /// What would come of it; nothing is recorded.
    pub fn ask(&self, actor: &Actor, act: &Act, draft: Option<Draft>) -> Result<Step, Vec<Refusal>> {
        let wanted = needs(self.program, &self.case, act);
        self.world(draft.filter(|_| wanted.draft.is_some()), |world| decide(world, &self.case, actor, act))
    }

    pub fn take(&mut self, actor: &Actor, act: &Act, draft: Option<Draft>) -> Result<Step, Vec<Refusal>> {
        // Whoever an act names to take the case over is registered.
        let named = needs(self.program, &self.case, act).successor;
        self.successor = named.map(|id| Business { id, ..self.case.business.clone() }).or(self.successor.take());
        let step = self.ask(actor, act, draft.clone())?;
        self.taken.push((actor.clone(), act.clone(), draft, self.now));
        let counted: BTreeMap<Name, i64> = step
            .numbers
            .iter()
            .map(|kind| (kind.clone(), self.counters.get(kind).copied().unwrap_or_default() + 1))
            .collect();
        let year = step.year;
        let step = step.numbered(&numbers::written(self.place, year, &counted));
        self.counters.extend(counted);
        self.case = step.case.clone();
        self.events.push(step.event.clone());
        self.postings.extend(step.postings.iter().cloned());
        self.mails = step.mails.iter().map(|mail| mail.name.clone()).collect();
        Ok(step)
    }

    /// An act by who a scenario would name.
    pub fn act(&mut self, by: &str, action: &str, json: Value) -> Result<Step, Vec<Refusal>> {
        self.take(&self.actor(by), &self.an_act(action, json), None)
    }

    pub fn an_act(&self, action: &str, json: Value) -> Act {
        Act { action: action.to_owned(), expected_version: self.case.version, values: values(json), ..Act::default() }
    }

    pub fn on(mut self, date: &str) -> Self {
        self.now = moment(day(date));
        self
    }

    pub fn actor(&self, by: &str) -> Actor {
        let place = self.case.municipality.as_str();
        let role = Role::STAFF.into_iter().find(|role| role.as_str() == by);
        if let Some(partner) = by.strip_prefix("partner:") {
            return Actor::Partner(self.partner(partner));
        }
        if by.starts_with(Role::Panelist.as_str()) {
            return Actor::Person(Person { panels: vec![self.case.call.id], ..person(by) });
        }
        match (by, by.strip_prefix("position:"), role) {
            ("clock", _, _) => Actor::Clock,
            ("treasury", _, _) => Actor::Treasury,
            ("applicant", _, _) => {
                Actor::Person(Person { memberships: vec![self.case.business.id], ..person("applicant") })
            }
            (_, Some(position), _) => Actor::Person(holder(place, position)),
            (_, None, Some(role)) => Actor::Person(staff(place, role)),
            (name, None, None) => Actor::Person(person(name)),
        }
    }

    /// Whoever holds the partner's newest link.
    fn partner(&self, name: &str) -> Partner {
        let linked = self.case.body.partners.get(name).expect("a partner who was invited");
        Partner { link: linked.link, case: self.case.id, partner: name.to_owned(), name: linked.name.clone() }
    }

    /// A form as a sample of the scenarios fills it in, with some values changed, and every document it asks for.
    pub fn filled_in(&self, form: &str, changed: Value) -> (Map<String, Value>, Draft) {
        let (_, scenarios) = programs().find(|(program, _)| program.name() == self.program.name()).unwrap();
        let mut sample = scenarios.samples.get(form).cloned().unwrap_or_else(|| self.made_up(form, scenarios));
        sample.extend(values(changed));
        let slots: Vec<Name> = self.world(None, |world| {
            let facts = casework::case_facts(world, &self.case);
            let (_, documents) = self.program.asked(form, &sample, &facts);
            documents.into_iter().map(|document| document.name.clone()).collect()
        });
        (sample, attached(&slots))
    }

    /// For forms that the scenarios have no sample of: what the application says, and some words.
    fn made_up(&self, form: &str, scenarios: &Scenarios) -> Map<String, Value> {
        let application = &scenarios.samples["application"];
        let fields = self.program.form(form).unwrap().fields.iter().filter(|(_, field)| field.rule.required);
        let value = |name: &String| application.get(name).cloned().unwrap_or_else(|| json!("理由"));
        fields.map(|(name, _)| (name.clone(), value(name))).collect()
    }

    /// What an actor of good will would send with the action.
    pub fn guess(&self, action: &str) -> (Act, Draft) {
        let mut act = self.an_act(action, json!({}));
        let Some(found) = self.program.action(action) else { return (act, Draft::default()) };
        let mut draft = Draft::default();
        if let Some(form) = &found.rule.form {
            (act.values, draft) = self.filled_in(form, json!({}));
        }
        for (name, field) in &found.rule.input {
            match field.kind {
                FieldType::Text | FieldType::LongText => _ = act.values.insert(name.clone(), json!("理由")),
                FieldType::Date => _ = act.values.insert(name.clone(), json!(vocabulary::day_in_japan(self.now))),
                FieldType::FieldMarks => act.marks = vec![mark("costs")],
                _ => {}
            }
        }
        (act, draft)
    }

    /// Hands in the form of an action.
    pub fn hand_in(&mut self, action: &str, changed: Value) -> Result<Step, Vec<Refusal>> {
        let form = self.program.action(action).unwrap().rule.form.clone().unwrap();
        let (values, draft) = self.filled_in(&form, changed);
        let act = Act { values, ..self.an_act(action, json!({})) };
        self.take(&self.actor("applicant"), &act, Some(draft))
    }

    /// Signs until nothing is pending, each position by its holder.
    pub fn sign_all(&mut self) -> Step {
        loop {
            let next = self.case.body.pending.as_ref().and_then(|pending| pending.next()).unwrap().position.clone();
            let step = self.act(&format!("position:{next}"), "sign", json!({})).unwrap();
            if self.case.body.pending.is_none() {
                return step;
            }
        }
    }

    /// Moves the clock; what rings on the way takes effect at its time.
    pub fn advance(&mut self, to: Instant) -> Vec<(Name, Instant)> {
        let mut rung = Vec::new();
        while let Some(at) = self.case.body.standing.next_clock_at.filter(|at| *at <= to) {
            self.now = self.now.max(at);
            let act = clock_act(&self.case, self.now).expect("the clock was set to now");
            self.take(&Actor::Clock, &act, None).expect("what the clock wants is done");
            rung.push((act.action, self.now));
        }
        self.now = self.now.max(to);
        rung
    }
}

/// One file in each of these slots.
pub fn attached(slots: &[Name]) -> Draft {
    let file = |slot: &Name| {
        let file = DocumentRef { file: person_id(slot), name: format!("{slot}.pdf"), sha256: ROOT.to_owned() };
        (slot.clone(), vec![file])
    };
    Draft { values: Map::new(), documents: slots.iter().map(file).collect() }
}

/// Plays a scenario; `looks` sees the desk at the beginning and after every step.
pub fn play(
    program: &'static Program,
    scenarios: &'static Scenarios,
    scenario: &'static Scenario,
    mut looks: impl FnMut(&Desk),
) -> Desk {
    let first_day = scenario.steps.iter().find_map(|step| step.on).unwrap_or_else(|| FiscalYear(2026).first_day());
    let mut desk = Desk::new(program, scenario.applicant.as_ref().expect("who applies"), first_day);
    desk.granted = granted_before(scenario);
    looks(&desk);
    for step in &scenario.steps {
        if let Some(day) = step.on {
            desk.advance(moment(day));
        }
        desk.call = scenario::call_standing(step);
        if let Some(action) = &step.action {
            let values = step_values(scenarios, step);
            let slots = desk.world(None, |world| step_documents(program, &desk.case, world, &values, step));
            let act = Act {
                action: action.clone(),
                expected_version: desk.case.version,
                values,
                marks: step_marks(step),
                comment: step.comment.clone(),
                procedure: None,
            };
            let done = desk.take(&desk.actor(&step.by), &act, Some(attached(&slots)));
            assert_eq!(done.is_err(), !step.expect.refused.is_empty(), "{}: {action}: {done:?}", program.name());
        }
        looks(&desk);
    }
    desk
}
