//! One case on its way through a scenario of the catalogue, step by step through the service.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use casework::Act;
use casework::scenario::{self, ScenarioResult, moment, step_marks, step_values};
use program::definition::{Scenario, ScenarioStep, Scenarios};
use program::{LoadedProgram, Program};
use service::{Application, Error, Term, Viewer};
use treasury::{LineOutcome, LineResult, ReturnKind};
use uuid::Uuid;

use super::{Party, TestOffice, catalogue};

/// The program whose scenarios tests walk through most: ex ante, with a budget, signatures and payment.
pub const SALES_CHANNEL: &str = "hino/sales-channel";

/// A case, and the steps that are still before it.
#[derive(Clone, Debug)]
pub struct Life {
    pub program: Arc<Program>,
    pub party: Party,
    pub application: Uuid,
    pub scenario: &'static Scenario,
    scenarios: &'static Scenarios,
    /// Steps taken so far.
    pub taken: usize,
}

impl Life {
    /// The step that comes next.
    #[must_use]
    pub fn next(&self) -> Option<&'static ScenarioStep> {
        self.scenario.steps.get(self.taken)
    }

    #[must_use]
    pub fn municipality(&self) -> &str {
        self.program.municipality()
    }

    /// What is typed in a step.
    #[must_use]
    pub fn values(&self, step: &ScenarioStep) -> serde_json::Map<String, serde_json::Value> {
        step_values(self.scenarios, step)
    }
}

impl TestOffice {
    /// A draft of the program's scenario of that place in the file, for a new business.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn life(&self, program: &str, scenario: usize) -> Life {
        let facts = scenario_of(program, scenario).1.applicant.as_ref();
        let party = self.party(facts.expect("who applies")).await;
        self.life_of(party, program, scenario).await
    }

    /// The same for a business that is there.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn life_of(&self, party: Party, program: &str, scenario: usize) -> Life {
        let (scenarios, scenario) = scenario_of(program, scenario);
        let key = format!("start-{}", self.count());
        let started = self.service.start_application(&party.owner, program, party.business, &key).await;
        let started = started.expect("a draft");
        Life { program: started.program, party, application: started.case.id, scenario, scenarios, taken: 0 }
    }

    /// Takes the next step, at its time or now if that has passed.
    ///
    /// # Panics
    /// When there is none left, or it goes another way than the scenario says.
    pub async fn step(&self, life: &mut Life) -> Application {
        let step = life.next().expect("a step");
        if let Some(day) = step.on {
            self.advance_to(moment(day)).await;
        }
        let place = format!("{}, {}, step {}", life.program.name(), life.scenario.name.en, life.taken + 1);
        match self.take(life, step).await {
            Ok(()) => assert!(step.expect.refused.is_empty(), "{place}: it was done"),
            Err(Error::Refused(reasons)) => {
                let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
                let expected = step.expect.refused.iter().all(|code| codes.contains(&code.as_str()));
                assert!(expected && !step.expect.refused.is_empty(), "{place}: refused: {reasons:?}");
            }
            Err(error) => panic!("{place}: {error:?}"),
        }
        life.taken += 1;
        let after = self.look(&life.party.owner, life.application).await;
        if let Some(state) = &step.expect.state {
            assert_eq!(after.case.state, *state, "{place}");
        }
        after
    }

    async fn take(&self, life: &Life, step: &ScenarioStep) -> service::Result<()> {
        let Some(action) = &step.action else { return Ok(()) };
        match step.by.as_str() {
            // What rings has rung when the clock moved.
            "clock" => Ok(()),
            "treasury" => self.pay(life, action).await,
            "applicant" => self.perform(life, &life.party.owner, step).await,
            judge if judge.starts_with("panelist") => {
                let call = self.look(&life.party.owner, life.application).await.case.call.id;
                let judge = self.judge(life.municipality(), call, judge).await;
                self.perform(life, &judge, step).await
            }
            by => self.perform(life, self.staff(life.municipality(), by), step).await,
        }
    }

    /// A judge of the call, by a name that tells judges apart; appointed now when there was none.
    ///
    /// # Panics
    /// When the appointment is refused.
    pub async fn judge(&self, municipality: &str, call: Uuid, name: &str) -> Viewer {
        let email = format!("{}@judges.example", name.replace(':', "-"));
        let officer = self.staff(municipality, "program_officer");
        let judges = self.service.judges(officer, call).await.expect("the judges of the call");
        if !judges.iter().any(|judge| judge.email == email && judge.dismissed_at.is_none()) {
            if self.service.viewer_by_email(&email).await.is_err() {
                self.account(&email, name).await;
            }
            let term = Term { from: vocabulary::day_in_japan(self.service.now()), until: None };
            let key = format!("appoint-{}", self.count());
            let appointed = self.service.appoint_judge(officer, call, (&email, term), &key).await;
            appointed.expect("an appointment").expect("a judge");
        }
        self.viewer(&email).await
    }

    async fn perform(&self, life: &Life, viewer: &Viewer, step: &ScenarioStep) -> service::Result<()> {
        let act = self.prepare(life, viewer, step).await?;
        let key = format!("step-{}", self.count());
        self.service.act(viewer, life.application, act, &key).await.map(|_| ())
    }

    /// The act of a step, its documents attached: what `Service::act` takes.
    ///
    /// # Errors
    /// What the service answers when documents are attached.
    pub async fn prepare(&self, life: &Life, viewer: &Viewer, step: &ScenarioStep) -> service::Result<Act> {
        let action = step.action.clone().unwrap_or_default();
        let values = step_values(life.scenarios, step);
        let form = life.program.action(&action).and_then(|action| action.rule.form.clone());
        if let Some(form) = &form {
            let slots = match &step.documents {
                Some(named) => {
                    self.empty_draft(viewer, life.application, form).await;
                    named.clone()
                }
                None => self.service.asked(viewer, life.application, form, &values).await?.documents,
            };
            // In a correction only what is marked may be another file; the rest stays as it was handed in.
            let case = self.look(viewer, life.application).await.case;
            let locked = case.body.unlocked.filter(|unlocked| unlocked.form == *form);
            let open = |slot: &str| {
                let path = format!("documents.{slot}");
                locked.as_ref().is_none_or(|locked| locked.marks.iter().any(|mark| mark.field == path))
            };
            for slot in slots.into_iter().filter(|slot| open(slot)) {
                let bytes = sample_pdf(&format!("{slot} {}", life.application));
                let file = self.service.upload(viewer, &format!("{slot}.pdf"), bytes).await?;
                let key = format!("attach-{}", file.id);
                self.service.attach_document(viewer, life.application, Some(form), (&slot, &[]), file.id, &key).await?;
            }
        }
        Ok(Act {
            action,
            expected_version: self.look(viewer, life.application).await.case.version,
            values,
            marks: step_marks(step),
            comment: step.comment.clone(),
            procedure: None,
        })
    }

    /// Forgets what earlier steps have attached.
    async fn empty_draft(&self, viewer: &Viewer, application: Uuid, form: &str) {
        let (now, account) = (self.service.now(), viewer.person.id);
        let saved = self.store.write(|tx| {
            let key = store::DraftKey { application, form, account };
            Box::pin(async move { tx.save_draft(key, &store::StoredDraft::default(), now).await })
        });
        saved.await.expect("a draft");
    }

    /// A whole batch for one payment: made, approved, exported, handed over, and what the bank said.
    async fn pay(&self, life: &Life, action: &str) -> service::Result<()> {
        let place = life.municipality();
        let (maker, checker) = (self.staff(place, "finance_maker"), self.staff(place, "finance_checker"));
        let case = self.look(maker, life.application).await.case;
        let line = case.body.payments.last().expect("an ordered payment").id;
        let key = || format!("pay-{}", self.count());
        let batch = self.draft_batch(place, Some(vec![line])).await?;
        self.service.approve_payment_batch(checker, batch, None, &key()).await?;
        self.service.export_payment_batch(maker, batch, &key()).await?;
        self.service.hand_over_payment_batch(maker, batch, &key()).await?;
        let day = self.service.payment_batch(maker, batch).await?.batch.transfer_date;
        self.advance_to(moment(day)).await;
        let action = life.program.action(action).expect("an action of the treasury");
        let outcome = if life.program.pays(action) {
            LineOutcome::Transferred
        } else {
            LineOutcome::Returned {
                kind: ReturnKind::TransferFailed, reason: "口座名義が一致しません".to_owned()
            }
        };
        let results = vec![LineResult { line, outcome }];
        self.service.record_transfer_results(maker, batch, results, &key()).await.map(|_| ())
    }

    /// A new batch of these lines, or of all that wait, for the second bank day from now.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn draft_batch(&self, municipality: &str, lines: Option<Vec<Uuid>>) -> service::Result<Uuid> {
        let maker = self.staff(municipality, "finance_maker");
        let place = self.service.municipality_named(municipality).await?;
        let today = vocabulary::day_in_japan(self.service.now());
        let day = place.calendar.bank_day_after(place.calendar.bank_day_after(today));
        let key = format!("batch-{}", self.count());
        Ok(self.service.create_payment_batch(maker, municipality, day, lines, &key).await?.batch.id)
    }

    /// Steps on until the case is in that state with nothing to be signed.
    ///
    /// # Panics
    /// When the scenario never gets there.
    pub async fn live_until(&self, life: &mut Life, state: &str) -> Application {
        loop {
            let now = self.step(life).await;
            if now.case.state == state && now.case.body.pending.is_none() {
                return now;
            }
        }
    }

    /// So many cases of the first scenario of Hino's sales channel program, of as many businesses, all in that state.
    /// They go side by side, so that the clock is where one case alone would have brought it.
    ///
    /// # Panics
    /// When the scenario never gets there.
    pub async fn cases_in(&self, state: &str, count: usize) -> Vec<Life> {
        let mut lives = Vec::with_capacity(count);
        for _ in 0..count {
            lives.push(self.life(SALES_CHANNEL, 0).await);
        }
        loop {
            let mut there = true;
            for life in &mut lives {
                let now = self.step(life).await;
                there &= now.case.state == state && now.case.body.pending.is_none();
            }
            if there {
                return lives;
            }
        }
    }

    /// For each state of the program that its scenarios reach, with and without a decision being signed, one case of a
    /// new business. All steps of all cases happen in the order of time.
    ///
    /// # Panics
    /// When a scenario goes another way than it says.
    pub async fn one_in_each_state(&self, program: &str) -> Vec<Life> {
        let mut lives: Vec<(Life, usize)> = Vec::new();
        for (scenario, steps) in ways_to_each_state(program) {
            lives.push((self.life(program, scenario).await, steps));
        }
        // Enough for all of them.
        for (life, _) in lives.iter().take(1) {
            let line = self.look(&life.party.owner, life.application).await.case.call.budget_line;
            if let Some(line) = line {
                self.appropriate(line, 100_000_000).await;
            }
        }
        let mut agenda = Vec::new();
        for (place, (life, steps)) in lives.iter().enumerate() {
            let mut day = None;
            for (number, step) in life.scenario.steps.iter().take(*steps).enumerate() {
                day = step.on.or(day);
                agenda.push((day, place, number));
            }
        }
        agenda.sort_unstable();
        for (_, place, _) in agenda {
            let (life, _) = lives.get_mut(place).expect("a life of the agenda");
            self.step(life).await;
        }
        self.work_off().await;
        lives.into_iter().map(|(life, _)| life).collect()
    }

    /// A case that was handed in.
    pub async fn submitted(&self) -> Life {
        self.one_in("submitted").await
    }

    /// A case with a reviewer.
    pub async fn under_review(&self) -> Life {
        self.one_in("under_review").await
    }

    /// A case that was granted.
    pub async fn granted(&self) -> Life {
        self.one_in("granted").await
    }

    /// A case whose payment was ordered.
    pub async fn ordered(&self) -> Life {
        self.one_in("ordered").await
    }

    async fn one_in(&self, state: &str) -> Life {
        let mut life = self.life(SALES_CHANNEL, 0).await;
        self.live_until(&mut life, state).await;
        life
    }
}

/// A program's scenarios and the lives of its archetype, as they are played.
struct Played {
    program: &'static Program,
    scenarios: Scenarios,
    results: Vec<ScenarioResult>,
}

fn played(program: &str) -> &'static Played {
    static PLAYED: OnceLock<Vec<Played>> = OnceLock::new();
    let all = PLAYED.get_or_init(|| {
        let loaded = catalogue();
        let play = |found: &'static LoadedProgram| {
            let (program, scenarios) = (found.program.as_ref()?, found.scenarios.as_ref()?);
            let place = loaded.municipalities.iter().find(|place| place.municipality == program.municipality())?;
            let results = scenario::run(program, place, &loaded.calls, scenarios);
            Some(Played { program, scenarios: scenario::played(scenarios, &results), results })
        };
        loaded.programs.iter().filter_map(play).collect()
    });
    all.iter().find(|played| played.program.name() == program).expect("a program with scenarios")
}

fn scenario_of(program: &str, place: usize) -> (&'static Scenarios, &'static Scenario) {
    let scenarios = &played(program).scenarios;
    (scenarios, scenarios.scenarios.get(place).expect("a scenario of that place"))
}

/// The shortest way to each state, and to each in which a decision is being signed: a scenario, and so many steps. None by
/// which the call stands as no other case has made it.
fn ways_to_each_state(program: &str) -> Vec<(usize, usize)> {
    let played = played(program);
    let mut ways: BTreeMap<(String, bool), (usize, usize)> = BTreeMap::new();
    ways.insert((played.program.initial().to_owned(), false), (0, 0));
    for (scenario, result) in played.results.iter().enumerate() {
        let steps =
            played.scenarios.scenarios.get(scenario).map(|scenario| scenario.steps.as_slice()).unwrap_or_default();
        let open_call = steps.iter().take_while(|step| step.call.is_none()).count();
        for (step, standing) in result.standings.iter().enumerate().take(open_call) {
            let way = (scenario, step + 1);
            let known = ways.entry(standing.clone()).or_insert(way);
            if way.1 < known.1 {
                *known = way;
            }
        }
    }
    ways.into_values().collect()
}

/// Two empty pages; it differs by its mark.
#[must_use]
pub fn sample_pdf(mark: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n% {mark}\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
         2 0 obj<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>endobj\n\
         3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n\
         4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 842 595]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
    .into_bytes()
}
