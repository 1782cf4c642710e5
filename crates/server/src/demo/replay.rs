//! Makes cases of the demonstration by real actions: scenarios of the catalogue are replayed through the service, each
//! up to the step that leaves it in a state that is still wanted, all on one moving clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use casework::Act;
use casework::scenario::{moment, step_marks, step_values};
use program::definition::{Call, Municipality, Role, Scenario, ScenarioStep, Scenarios, StateKind};
use program::{Loaded, Program};
use serde_json::Value;
use service::{Application, Service, Viewer, Worker};
use treasury::{LineOutcome, LineResult, ReturnKind};
use uuid::Uuid;
use vocabulary::{FiscalYear, Instant, day_in_japan};

use super::cast::{Cast, Player, sample_pdf};
use crate::adapters::MovingClock;
use crate::outcome::{Failure, Outcome};

/// One life to be lived: the first steps of a scenario.
struct Life<'a> {
    number: usize,
    program: Arc<Program>,
    scenarios: &'a Scenarios,
    scenario: Arc<Scenario>,
    steps: usize,
    player: usize,
    application: Option<Uuid>,
}

/// A life that could be lived, and where it would stand.
struct Candidate<'a> {
    program: Arc<Program>,
    scenarios: &'a Scenarios,
    scenario: Arc<Scenario>,
    steps: usize,
    state: String,
    /// A decision waits for signatures.
    pending: bool,
    /// Money was promised on the way.
    granted: bool,
}

impl Candidate<'_> {
    /// What makes it worth living: archetype, state, and whether it is being signed.
    fn shows(&self) -> (String, String, bool) {
        (self.program.definition().archetype.archetype.clone(), self.state.clone(), self.pending)
    }
}

pub struct Stage<'a> {
    pub service: &'a Service,
    pub worker: &'a Worker,
    pub clock: &'a MovingClock,
    pub cast: &'a Cast,
    pub begins: Instant,
    pub ends: Instant,
}

impl Stage<'_> {
    /// Plays so many lives that every state of each archetype is there once.
    pub async fn play(&self, loaded: &Loaded, places: &[Arc<Municipality>]) -> Outcome<Vec<(String, String)>> {
        let mut lives = self.choose(loaded, places)?;
        // All steps of all lives in the order of time, so that the clock never goes back.
        let mut agenda: Vec<(Instant, usize, usize)> = Vec::new();
        for (index, life) in lives.iter().enumerate() {
            let mut at = self.begins;
            for (number, step) in life.scenario.steps.iter().take(life.steps).enumerate() {
                at = step.on.map_or(at, moment).max(at);
                agenda.push((at, index, number));
            }
        }
        agenda.sort_unstable();
        for (at, index, number) in agenda {
            self.clock.advance_to(at);
            self.work_off().await?;
            let Some(life) = lives.get_mut(index) else { continue };
            let scenario = Arc::clone(&life.scenario);
            let Some(step) = scenario.steps.get(number) else { continue };
            let name = scenario.name.ja.clone();
            self.step(life, step, number)
                .await
                .map_err(|failure| during(failure, &format!("{name}, step {}", number + 1)))?;
        }
        self.clock.advance_to(self.ends);
        self.work_off().await?;
        for life in lives.iter_mut().filter(|life| life.application.is_none()) {
            self.leave_draft(life).await?;
        }
        self.summary(&lives).await
    }

    /// Numbers and states, in the order of the states.
    async fn summary(&self, lives: &[Life<'_>]) -> Outcome<Vec<(String, String)>> {
        let mut found = Vec::new();
        for life in lives {
            let Some(id) = life.application else { continue };
            let case = self.look(&self.player(life)?.owner, id).await?.case;
            let number = case.body.numbers.get("application").cloned().unwrap_or_else(|| id.to_string());
            let label = life.program.state(&case.state).map(|state| state.label.clone()).unwrap_or_default();
            let signing = if case.body.pending.is_some() { "（決裁中）" } else { "" };
            found.push((number, format!("{} {}{signing} {}", life.program.name(), label.ja, case.state)));
        }
        found.sort();
        Ok(found)
    }

    async fn work_off(&self) -> Outcome {
        while self.worker.tick().await? > 0 {}
        Ok(())
    }

    /// For each archetype and state the first life that ends there, spread over programs and businesses.
    fn choose<'a>(&self, loaded: &'a Loaded, places: &[Arc<Municipality>]) -> Outcome<Vec<Life<'a>>> {
        let mut lives: Vec<Life<'a>> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut taken: BTreeMap<String, BTreeMap<usize, bool>> = BTreeMap::new();
        let mut candidates = Vec::new();
        for found in &loaded.programs {
            let Some(scenarios) = &found.scenarios else { continue };
            let Some(place) = places
                .iter()
                .find(|place| found.definition.program.program.starts_with(&format!("{}/", place.municipality)))
            else {
                continue;
            };
            let program =
                Program::compile(found.definition.clone()).map_err(|_| Failure::fault("a program does not compile"))?;
            let program = Arc::new(program);
            // A draft is begun at the end, so there must be a call then.
            let year = FiscalYear::of(day_in_japan(self.ends)).0;
            let is_there =
                |call: &&Call| call.fiscal_year >= year && call.closes.is_none_or(|last| moment(last) >= self.ends);
            let drafts = loaded.calls.iter().filter(|call| call.program == program.name()).any(|call| is_there(&call));
            let results = casework::scenario::run(&program, place, &loaded.calls, scenarios);
            // What was granted before, or used of the budget, is not there in the demonstration.
            let stands_alone = |played: &Scenario| played.granted.is_empty() && played.budget.is_none();
            for result in results.into_iter().filter(|result| stands_alone(&result.played)) {
                let scenario = Arc::new(result.played);
                // Before the first step it is a draft.
                let draft = (program.initial().to_owned(), false);
                let standings = std::iter::once(draft).chain(result.standings);
                let mut granted = false;
                for (steps, (state, pending)) in standings.enumerate().filter(|(steps, _)| drafts || *steps > 0) {
                    let kind = program.state(&state).map(|state| state.kind);
                    granted |=
                        matches!(kind, Some(StateKind::InProject | StateKind::AwaitingPayment | StateKind::ClosedPaid));
                    let (program, scenario) = (Arc::clone(&program), Arc::clone(&scenario));
                    candidates.push(Candidate { program, scenarios, scenario, steps, state, pending, granted });
                }
            }
        }
        // Programs take turns, so that the states are spread over them.
        let mut turn: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            let best = candidates
                .iter()
                .enumerate()
                .filter(|(_, candidate)| !seen.contains(&candidate.shows()) && self.is_playable(candidate))
                .filter_map(|(index, candidate)| Some((index, candidate, self.free_player(candidate, &taken)?)))
                .min_by_key(|(_, candidate, _)| (turn.get(candidate.program.name()).copied(), candidate.steps))
                .map(|(index, _, player)| (index, player));
            let Some((index, player)) = best else { return Ok(lives) };
            let candidate = candidates.swap_remove(index);
            seen.insert(candidate.shows());
            let name = candidate.program.name().to_owned();
            *taken.entry(name.clone()).or_default().entry(player).or_default() |= candidate.granted;
            *turn.entry(name).or_default() += 1;
            let Candidate { program, scenarios, scenario, steps, .. } = candidate;
            let number = lives.len();
            lives.push(Life { number, program, scenarios, scenario, steps, player, application: None });
        }
    }

    /// A business of the scenario's kind and trade. One that is granted something by a program has no other case of it, so
    /// that no limit stands in the way of either. They take turns too.
    fn free_player(&self, candidate: &Candidate<'_>, taken: &BTreeMap<String, BTreeMap<usize, bool>>) -> Option<usize> {
        let used = taken.get(candidate.program.name());
        let wanted = candidate.scenario.applicant.as_ref()?;
        let fits = |index: &usize| {
            self.cast.players.get(*index).is_some_and(|player| {
                let free = used.and_then(|used| used.get(index)).is_none_or(|granted| !granted && !candidate.granted);
                player.kind == wanted.kind && player.trade == wanted.trade && free
            })
        };
        let count = self.cast.players.len();
        (0..count).map(|index| (index + candidate.steps) % count).find(fits)
    }

    /// Nothing happens before the demonstration's first day, or after its present; nobody acts by a link or as a judge,
    /// and the call stands as it is.
    fn is_playable(&self, candidate: &Candidate<'_>) -> bool {
        let here = |step: &ScenarioStep| {
            let outsider = [Role::Partner, Role::Panelist].iter().any(|role| step.by.starts_with(role.as_str()));
            let now = step.on.is_none_or(|day| (self.begins..=self.ends).contains(&moment(day)));
            now && !outsider && step.call.is_none() && step.rank.is_none()
        };
        candidate.scenario.steps.iter().take(candidate.steps).all(here)
    }

    /// Something typed, and not handed in.
    async fn leave_draft(&self, life: &mut Life<'_>) -> Outcome {
        let player = self.player(life)?;
        let application = self.begin(life, player).await?;
        let values = life.scenario.steps.first().map(|step| step_values(life.scenarios, step)).unwrap_or_default();
        self.service.save_draft(&player.owner, application, None, values, None, None).await?;
        Ok(())
    }

    fn player(&self, life: &Life<'_>) -> Outcome<&Player> {
        self.cast.players.get(life.player).ok_or_else(|| Failure::fault("no such business"))
    }

    async fn begin(&self, life: &mut Life<'_>, player: &Player) -> Outcome<Uuid> {
        if let Some(id) = life.application {
            return Ok(id);
        }
        let key = format!("demo-start-{}", life.number);
        let started = self.service.start_application(&player.owner, life.program.name(), player.business, &key).await?;
        life.application = Some(started.case.id);
        Ok(started.case.id)
    }

    async fn step(&self, life: &mut Life<'_>, step: &ScenarioStep, number: usize) -> Outcome {
        let player = self.player(life)?;
        let application = self.begin(life, player).await?;
        let Some(action) = &step.action else { return Ok(()) };
        // A step that is refused shows a rule; it leaves no trace.
        if !step.expect.refused.is_empty() {
            return Ok(());
        }
        match step.by.as_str() {
            // What rings has rung when the clock moved.
            "clock" => Ok(()),
            "treasury" => self.pay(life, application, action).await,
            by => {
                let municipality = life.program.municipality();
                let viewer = if by == "applicant" { Some(&player.owner) } else { self.cast.staff(municipality, by) };
                let viewer = viewer.ok_or_else(|| Failure::fault(format!("nobody is {by} of {municipality}")))?;
                self.act(life, player, viewer, application, step, number).await
            }
        }
    }

    async fn act(
        &self,
        life: &Life<'_>,
        player: &Player,
        viewer: &Viewer,
        application: Uuid,
        step: &ScenarioStep,
        number: usize,
    ) -> Outcome {
        let current = self.look(viewer, application).await?;
        let action = step.action.clone().unwrap_or_default();
        let mut values = step_values(life.scenarios, step);
        // Money goes to the account of whoever applies.
        for account in values.values_mut().filter_map(Value::as_object_mut) {
            if account.contains_key("holder_kana") {
                let (holder, number) = &player.account;
                account.insert("holder_kana".to_owned(), holder.as_str().into());
                account.insert("number".to_owned(), number.as_str().into());
            }
        }
        let form = life.program.action(&action).and_then(|action| action.rule.form.clone());
        if let Some(form) = &form {
            let asked: Vec<String> = match &step.documents {
                Some(named) => named.clone(),
                None => self.service.asked(viewer, application, form, &values).await?.documents,
            };
            // In a correction, what was handed in stays; only what is asked for anew is attached.
            let body = &current.case.body;
            let correcting = body.unlocked.as_ref().is_some_and(|unlocked| unlocked.form == *form);
            let there = body.forms.get(form).filter(|_| correcting);
            let there = there.map(|earlier| earlier.documents.clone()).unwrap_or_default();
            let marked = |slot: &String| step.marks.contains_key(&format!("documents.{slot}"));
            for slot in asked.into_iter().filter(|slot| !there.contains_key(slot) || marked(slot)) {
                let proves = life.program.form(form).and_then(|form| form.proved_by(&slot)).map(|(table, _)| table);
                let rows = proves.and_then(|table| values.get_mut(table)?.as_array_mut());
                let mut rows: Vec<_> = rows.into_iter().flatten().filter_map(Value::as_object_mut).collect();
                // A receipt for each row of what was paid, or one file.
                for number in 0..rows.len().max(1) {
                    let row = rows.get_mut(number);
                    let name = row.as_ref().map_or_else(String::new, |_| format!("-{}", number + 1));
                    let name = format!("{slot}{name}.pdf");
                    let bytes = sample_pdf(&format!("{application} {form} {name}"));
                    let file = self.service.upload(&player.owner, &name, bytes).await?;
                    let (key, place) = (format!("attach-{}", file.id), (slot.as_str(), &[][..]));
                    self.service.attach_document(&player.owner, application, Some(form), place, file.id, &key).await?;
                    if let Some(row) = row {
                        row.insert("evidence".to_owned(), vec![file.id.to_string()].into());
                    }
                }
            }
        }
        let act = Act {
            action,
            expected_version: current.case.version,
            values,
            marks: step_marks(step),
            comment: step.comment.clone(),
            procedure: None,
        };
        self.service.act(viewer, application, act, &format!("demo-{application}-{number}")).await?;
        Ok(())
    }

    async fn look(&self, viewer: &Viewer, application: Uuid) -> Outcome<Application> {
        let found = self.service.application(viewer, application).await?;
        found.ok_or_else(|| Failure::fault("a case of the demonstration has vanished"))
    }

    /// A whole batch for one payment, through maker, checker and bank.
    async fn pay(&self, life: &Life<'_>, application: Uuid, action: &str) -> Outcome {
        let municipality = life.program.municipality();
        let (maker, checker) = self.finance(municipality)?;
        let case = self.look(maker, application).await?.case;
        let line = case.body.payments.last().ok_or_else(|| Failure::fault("no payment was ordered"))?.id;
        let key = |what: &str| format!("demo-{what}-{line}");
        let service = self.service;
        let batch = self.draft_batch(municipality, Some(vec![line]), &key("batch")).await?;
        service.approve_payment_batch(checker, batch, None, &key("approve")).await?;
        service.export_payment_batch(maker, batch, &key("export")).await?;
        service.hand_over_payment_batch(maker, batch, &key("hand")).await?;
        let transfer = service.payment_batch(maker, batch).await?.batch.transfer_date;
        self.clock.advance_to(moment(transfer));
        let outcome = if life.program.action(action).is_some_and(|action| life.program.pays(action)) {
            LineOutcome::Transferred
        } else {
            LineOutcome::Returned {
                kind: ReturnKind::TransferFailed, reason: "口座名義が一致しません".to_owned()
            }
        };
        service.record_transfer_results(maker, batch, vec![LineResult { line, outcome }], &key("results")).await?;
        Ok(())
    }

    fn finance(&self, municipality: &str) -> Outcome<(&Viewer, &Viewer)> {
        let person = |role: &str| {
            self.cast
                .staff(municipality, role)
                .ok_or_else(|| Failure::fault(format!("nobody is {role} of {municipality}")))
        };
        Ok((person("finance_maker")?, person("finance_checker")?))
    }

    async fn draft_batch(&self, municipality: &str, lines: Option<Vec<Uuid>>, key: &str) -> Outcome<Uuid> {
        let (maker, _) = self.finance(municipality)?;
        let place = self.service.municipality_named(municipality).await?;
        let today = vocabulary::day_in_japan(self.service.now());
        let day = place.calendar.bank_day_after(place.calendar.bank_day_after(today));
        let batch = self.service.create_payment_batch(maker, municipality, day, lines, key).await?;
        Ok(batch.batch.id)
    }

    /// What still waits for payment goes into a batch that is exported and no more. Returns the file.
    pub async fn export_rest(&self, municipality: &str) -> Outcome<Option<(String, Vec<u8>)>> {
        let (maker, checker) = self.finance(municipality)?;
        if self.service.payables(maker, municipality).await?.is_empty() {
            return Ok(None);
        }
        let key = |what: &str| format!("demo-rest-{what}-{municipality}");
        let batch = self.draft_batch(municipality, None, &key("batch")).await?;
        self.service.approve_payment_batch(checker, batch, None, &key("approve")).await?;
        let (_, file) = self.service.export_payment_batch(maker, batch, &key("export")).await?;
        Ok(Some((file.name, file.bytes)))
    }
}

/// The failure, with where it happened.
fn during(failure: Failure, place: &str) -> Failure {
    match failure {
        Failure::Refused { message, details } => Failure::Refused { message: format!("{place}: {message}"), details },
        Failure::Misuse(message) => Failure::Misuse(format!("{place}: {message}")),
        Failure::Fault(message) => Failure::Fault(format!("{place}: {message}")),
        Failure::NobodyReads => Failure::NobodyReads,
    }
}
