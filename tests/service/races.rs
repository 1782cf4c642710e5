//! Many at once: what must happen once happens once, and the last yen is given to exactly as many as it is enough for.

use std::collections::BTreeMap;
use std::sync::Arc;

use casework::{Act, Draft};
use serde_json::{Map, Value, json};
use service::{Error, Service, Viewer};
use testkit::office::{SALES_CHANNEL, catalogue, staff_email};
use testkit::{Backend, Life, TestDatabase, TestOffice, each_database};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::help::{assert_line_balanced, codes, events, leave, none, values};

/// All at the same time, as far as that is possible. A call that never got a connection is made again with its key, as
/// clients do; every other answer counts.
async fn at_once<T: Send + 'static>(calls: Vec<impl AsyncCall<T>>) -> Vec<service::Result<T>> {
    let barrier = Arc::new(Barrier::new(calls.len()));
    let tasks: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let barrier = barrier.clone();
            tokio::spawn(async move {
                barrier.wait().await;
                loop {
                    match call.run().await {
                        Err(Error::Unavailable | Error::Contention) => {}
                        answer => return answer,
                    }
                }
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

trait AsyncCall<T>: Send + 'static {
    fn run(&self) -> impl Future<Output = service::Result<T>> + Send;
}

/// One `performAction`.
#[derive(Clone)]
struct Call {
    service: Service,
    viewer: Viewer,
    application: Uuid,
    act: Act,
    key: String,
}

impl AsyncCall<service::Performed> for Call {
    async fn run(&self) -> service::Result<service::Performed> {
        self.service.act(&self.viewer, self.application, self.act.clone(), &self.key).await
    }
}

fn sample(program: &str) -> Map<String, Value> {
    let found = catalogue().programs.iter().find(|found| found.definition.program.program == program).unwrap();
    found.scenarios.as_ref().unwrap().samples["application"].clone()
}

/// Complete drafts of one person's many businesses, one for each.
async fn drafts(office: &TestOffice, program: &str, count: usize) -> (Viewer, Vec<Uuid>) {
    let first = office.life(program, 0).await;
    let owner = first.party.owner.clone();
    let facts = first.scenario.applicant.as_ref().expect("who applies");
    let file = office.service.upload(&owner, "書類.pdf", testkit::office::sample_pdf("all")).await.unwrap();
    let reference = casework::DocumentRef { file: file.id, name: file.name, sha256: file.sha256 };
    let slots =
        office.service.asked(&owner, first.application, "application", &sample(program)).await.unwrap().documents;
    let documents: BTreeMap<_, _> = slots.into_iter().map(|slot| (slot, vec![reference.clone()])).collect();
    let draft = Draft { values: Map::new(), documents };
    let mut applications = Vec::with_capacity(count);
    for number in 0..count {
        let new = service::NewBusiness {
            name: format!("株式会社競争{number}"),
            name_kana: "カブシキガイシャキョウソウ".to_owned(),
            address: "東京都日野市".to_owned(),
            representative: "競争 花子".to_owned(),
            corporate_number: None,
            facts: facts.clone(),
        };
        let business = office.service.register_business(&owner, new, &format!("race-{number}")).await.unwrap();
        let everyone = office.viewer(&owner.email).await;
        let id = business.business.id;
        let started = office.service.start_application(&everyone, program, id, &format!("race-start-{number}")).await;
        applications.push(started.unwrap().case.id);
    }
    let (now, account) = (office.service.now(), owner.person.id);
    office
        .store
        .write(|tx| {
            let typed = store::StoredDraft { typed: draft.clone(), ..store::StoredDraft::default() };
            let applications = &applications;
            Box::pin(async move {
                for application in applications {
                    let key = store::DraftKey { application: *application, form: "application", account };
                    tx.save_draft(key, &typed, now).await?;
                }
                Ok::<_, store::StoreError>(())
            })
        })
        .await
        .unwrap();
    (office.viewer(&owner.email).await, applications)
}

fn submissions(services: &[Service], owner: &Viewer, applications: &[Uuid], program: &str) -> Vec<Call> {
    let act = Act { action: "submit".to_owned(), expected_version: 0, values: sample(program), ..Act::default() };
    let call = |(service, application): (&Service, &Uuid)| Call {
        service: service.clone(),
        viewer: owner.clone(),
        application: *application,
        act: act.clone(),
        key: format!("submit-{application}"),
    };
    services.iter().cycle().zip(applications).map(call).collect()
}

/// 167,000 yen each are reserved by a submission; there is enough for five, and some yen that are not enough for one.
async fn two_hundred_for_five(office: &TestOffice, services: &[Service]) {
    const CASES: usize = 200;
    let (owner, applications) = drafts(office, SALES_CHANNEL, CASES).await;
    office.advance_to(casework::scenario::moment(vocabulary::parse_day("2026-05-11").unwrap())).await;
    let line = office.look(&owner, applications[0]).await.case.call.budget_line.unwrap();
    crate::help::leave_line(office, line, 5 * 167_000 + 166_999).await;

    let answers = at_once(submissions(services, &owner, &applications, SALES_CHANNEL)).await;
    let mut taken = 0;
    for (answer, application) in answers.into_iter().zip(&applications) {
        match answer {
            Ok(performed) => {
                assert_eq!(performed.application.case.state, "submitted");
                assert_eq!(events(office, *application).await.len(), 1);
                taken += 1;
            }
            refused => {
                assert_eq!(codes(refused), ["budget.shortfall"]);
                assert_eq!(office.look(&owner, *application).await.case.version, 0);
                assert!(events(office, *application).await.is_empty());
            }
        }
    }
    assert_eq!(taken, 5);
    assert_line_balanced(office, line).await;
    let totals = office.store.read().budget_line(line).await.unwrap().unwrap().totals;
    assert_eq!(totals.available(true).get(), 166_999);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_parallel_requests_for_the_money_of_five_five_succeed() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        two_hundred_for_five(&office, std::slice::from_ref(&office.service)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_parallel_requests_at_three_servers_for_the_money_of_five_five_succeed() {
    let office = TestOffice::of(&TestDatabase::new(Backend::Postgres), &["hino"]).await;
    let services = [office.another(101).await, office.another(102).await, office.another(103).await];
    two_hundred_for_five(&office, &services).await;
}

/// Where nothing is reserved, the last signature commits the money.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_last_signatures_on_the_money_of_five_five_succeed() {
    const PROGRAM: &str = "izumo/dx-promotion";
    const CASES: usize = 30;
    each_database(async |database| {
        let office = TestOffice::of(database, &["izumo"]).await;
        let mut lives = Vec::new();
        for _ in 0..CASES {
            let mut life = office.life(PROGRAM, 1).await;
            // The first step shows a refusal.
            office.step(&mut life).await;
            office.step(&mut life).await;
            office.step(&mut life).await;
            let reviewer = office.staff("izumo", "reviewer");
            office.act(reviewer, life.application, "grant", none()).await.unwrap();
            let chief = office.staff("izumo", "position:section_chief");
            office.act(chief, life.application, "sign", none()).await.unwrap();
            lives.push(life);
        }
        leave(&office, &lives[0], 5 * 50_000 + 49_999).await;
        let manager = office.staff("izumo", "position:manager");
        let mut calls = Vec::new();
        for life in &lives {
            let expected_version = office.look(manager, life.application).await.case.version;
            calls.push(Call {
                service: office.service.clone(),
                viewer: manager.clone(),
                application: life.application,
                act: Act { action: "sign".to_owned(), expected_version, ..Act::default() },
                key: format!("sign-{}", life.application),
            });
        }
        let answers = at_once(calls).await;
        let granted = answers.iter().filter(|answer| answer.is_ok()).count();
        for answer in answers.into_iter().filter(|answer| answer.is_err()) {
            assert_eq!(codes(answer), ["budget.shortfall"]);
        }
        assert_eq!(granted, 5);
        crate::help::assert_balanced(&office, &lives.iter().collect::<Vec<_>>()).await;
    })
    .await;
}

/// Who is in, and who waits in line, the first first.
async fn places(office: &TestOffice, owner: &Viewer, applications: &[Uuid]) -> (Vec<Uuid>, Vec<Uuid>) {
    let (mut accepted, mut line) = (Vec::new(), Vec::new());
    for application in applications {
        let case = office.look(owner, *application).await.case;
        match case.state.as_str() {
            "accepted" => accepted.push(case.id),
            "waitlisted" => line.push((case.body.in_line_since.expect("since when it waits"), case.id)),
            "withdrawn" => {}
            other => panic!("{other}"),
        }
    }
    line.sort_unstable();
    (accepted, line.into_iter().map(|(_, id)| id).collect())
}

/// Two of five places are taken; sixteen register at once for the three that are left. Then places become free: one, and
/// two at once.
#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_registrations_as_many_are_in_as_there_are_places_and_the_rest_wait_in_line() {
    const PROGRAM: &str = "mizuho/succession-seminar";
    const PLACES: usize = 5;
    each_database(async |database| {
        let office = TestOffice::of(database, &["mizuho"]).await;
        let calls = catalogue().calls.iter().filter(|call| call.program == PROGRAM).cloned();
        let calls: Vec<_> =
            calls.map(|call| program::definition::Call { capacity: u32::try_from(PLACES).ok(), ..call }).collect();
        office.service.import_calls("mizuho", &calls).await.unwrap();
        let (owner, applications) = drafts(&office, PROGRAM, 18).await;
        office.advance_to(casework::scenario::moment(vocabulary::parse_day("2026-06-01").unwrap())).await;
        let servers = if database.backend == Backend::Postgres { 3 } else { 1 };
        let mut services = vec![office.service.clone()];
        for seed in 1..servers {
            services.push(office.another(300 + seed).await);
        }
        let (first, rest) = applications.split_at(2);
        for call in submissions(&services, &owner, first, PROGRAM) {
            assert_eq!(call.run().await.unwrap().application.case.state, "accepted");
        }
        for answer in at_once(submissions(&services, &owner, rest, PROGRAM)).await {
            assert!(["accepted", "waitlisted"].contains(&answer.unwrap().application.case.state.as_str()));
        }
        let call = office.look(&owner, applications[0]).await.case.call.id;
        let taken = async || office.store.read().call(call).await.unwrap().unwrap().taken;
        let (accepted, line) = places(&office, &owner, &applications).await;
        assert_eq!((accepted.len(), line.len(), taken().await), (PLACES, 13, 5));
        assert_eq!(office.store.read().first_in_line(call).await.unwrap(), Some(line[0]));
        for (place, application) in line.iter().enumerate() {
            let since = office.look(&owner, *application).await.case.body.in_line_since;
            let standing = office.store.read().call_standing(call, *application, since, true).await.unwrap();
            assert_eq!(standing.waiting, i64::try_from(place).unwrap(), "how many wait before it");
        }

        // One gives up: the first of the line comes up, and nobody else.
        office.act(&owner, accepted[0], "cancel", none()).await.unwrap();
        let (now, left) = places(&office, &owner, &applications).await;
        assert_eq!((now.len(), taken().await), (PLACES, 5));
        assert!(now.contains(&line[0]));
        assert_eq!(left, line[1..]);

        // Two give up at once, and somebody of the line with them: the next two that still wait come up.
        let act = |application: Uuid, version| Call {
            service: services[0].clone(),
            viewer: owner.clone(),
            application,
            act: Act { action: "cancel".to_owned(), expected_version: version, ..Act::default() },
            key: format!("cancel-{application}"),
        };
        let mut calls = Vec::new();
        for application in [accepted[1], accepted[2], *line.last().unwrap()] {
            calls.push(act(application, office.look(&owner, application).await.case.version));
        }
        for answer in at_once(calls).await {
            answer.unwrap();
        }
        let (now, left) = places(&office, &owner, &applications).await;
        assert_eq!((now.len(), taken().await), (PLACES, 5));
        assert!(now.contains(&line[1]) && now.contains(&line[2]));
        assert_eq!(left, line[3..line.len() - 1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_parallel_requests_with_one_key_have_one_effect() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let others = [office.another(201).await, office.another(202).await];
        let services: Vec<&Service> = std::iter::once(&office.service).chain(&others).collect();
        let life = office.submitted().await;
        let clerk = office.staff("hino", "clerk");
        let act = Act { action: "receive".to_owned(), expected_version: 1, ..Act::default() };
        let call = |service: &&Service| Call {
            service: (*service).clone(),
            viewer: clerk.clone(),
            application: life.application,
            act: act.clone(),
            key: "one-key".to_owned(),
        };
        // On SQLite one process serves; on PostgreSQL three.
        let used = if database.backend == Backend::Postgres { 3 } else { 1 };
        let calls: Vec<Call> = services.iter().take(used).cycle().take(64).map(call).collect();
        let answers = at_once(calls).await;
        let effects: Vec<Uuid> = answers.into_iter().map(|answer| answer.unwrap().event.event.id).collect();
        assert!(effects.iter().all(|event| *event == effects[0]), "{effects:?}");
        assert_eq!(events(&office, life.application).await.len(), 2);
        office.work_off().await;
        let received = office.mail.take().into_iter().filter(|mail| mail.subject.contains("申請を受け付けました"));
        assert_eq!(received.count(), 1);

        // Another input under the same key is no repetition.
        let mut other = act.clone();
        other.values = values(json!({ "received_on": "2026-05-10" }));
        let answer = office.service.act(clerk, life.application, other, "one-key").await;
        assert!(matches!(answer, Err(Error::IdempotencyConflict)), "{answer:?}");
        // Another person's key is another key.
        let reviewer = office.staff("hino", "reviewer");
        let answer = office.service.act(reviewer, life.application, act.clone(), "one-key").await;
        assert!(matches!(answer, Err(Error::Stale(_))), "{answer:?}");

        // Long after the case has moved on, the first answer is still the answer.
        office.act(reviewer, life.application, "grant", none()).await.unwrap();
        let replay = office.service.act(clerk, life.application, act, "one-key").await.unwrap();
        assert_eq!(replay.event.event.id, effects[0]);
        assert_eq!(events(&office, life.application).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_refused_key_may_be_used_again() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.submitted().await;
        let clerk = office.staff("hino", "clerk");
        let act = |version| Act { action: "receive".to_owned(), expected_version: version, ..Act::default() };
        let stale = office.service.act(clerk, life.application, act(0), "key").await;
        assert!(matches!(&stale, Err(Error::Stale(now)) if now.case.version == 1), "{stale:?}");
        let done = office.service.act(clerk, life.application, act(1), "key").await.unwrap();
        assert_eq!(done.application.case.version, 2);
    })
    .await;
}

fn drafting(office: &TestOffice, viewer: &Viewer, life: &Life, action: &str, version: i64, key: String) -> Call {
    let values = if action == "reject" { values(json!({ "reason": "対象外です" })) } else { none() };
    Call {
        service: office.service.clone(),
        viewer: viewer.clone(),
        application: life.application,
        act: Act { action: action.to_owned(), expected_version: version, values, ..Act::default() },
        key,
    }
}

/// Whoever comes second is told that the case has moved on, or that a decision is on its way.
fn assert_second(answer: service::Result<service::Performed>) {
    match answer {
        Err(Error::Stale(_)) => {}
        refused => {
            let codes = codes(refused);
            assert!(codes.iter().all(|code| code.starts_with("approval.") || code == "state.wrong"), "{codes:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_accepting_and_rejecting_at_once_one_wins_a_hundred_times() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.under_review().await;
        // A second reviewer.
        let account = office.account("second-reviewer@hino.example", "second").await;
        let today = vocabulary::day_in_japan(office.service.now());
        office.service.give_role(account, "hino", program::definition::Role::Reviewer, today).await.unwrap();
        let first = office.staff("hino", "reviewer").clone();
        let second = office.viewer("second-reviewer@hino.example").await;
        let mut wins = BTreeMap::new();
        for round in 0..100 {
            let before = office.look(&first, life.application).await.case;
            let count = events(&office, life.application).await.len();
            let calls = vec![
                drafting(&office, &first, &life, "grant", before.version, format!("grant-{round}")),
                drafting(&office, &second, &life, "reject", before.version, format!("reject-{round}")),
            ];
            let (won, lost): (Vec<_>, Vec<_>) = at_once(calls).await.into_iter().partition(Result::is_ok);
            assert_eq!((won.len(), lost.len()), (1, 1), "round {round}");
            lost.into_iter().for_each(assert_second);
            let after = office.look(&first, life.application).await.case;
            assert_eq!(after.version, before.version + 1);
            assert_eq!(events(&office, life.application).await.len(), count + 1);
            let pending = after.body.pending.unwrap();
            *wins.entry(pending.action.clone()).or_insert(0) += 1;
            let drafter = if pending.action == "grant" { &first } else { &second };
            office.act(drafter, life.application, "take_back", none()).await.unwrap();
        }
        println!("wins: {wins:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_signing_and_taking_back_at_once_one_wins_a_hundred_times() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.under_review().await;
        let reviewer = office.staff("hino", "reviewer").clone();
        let chief = office.staff("hino", "position:section_chief").clone();
        for round in 0..100 {
            let pending = office.act(&reviewer, life.application, "grant", none()).await.unwrap();
            let version = pending.application.case.version;
            let count = events(&office, life.application).await.len();
            let calls = vec![
                drafting(&office, &chief, &life, "sign", version, format!("sign-{round}")),
                drafting(&office, &reviewer, &life, "take_back", version, format!("back-{round}")),
            ];
            let (won, lost): (Vec<_>, Vec<_>) = at_once(calls).await.into_iter().partition(Result::is_ok);
            assert_eq!((won.len(), lost.len()), (1, 1), "round {round}");
            lost.into_iter().for_each(assert_second);
            assert_eq!(events(&office, life.application).await.len(), count + 1);
            if office.look(&reviewer, life.application).await.case.body.pending.is_some() {
                office.act(&reviewer, life.application, "take_back", none()).await.unwrap();
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_last_signature_and_taking_back_at_once_one_wins() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let lives = office.cases_in("under_review", 8).await;
        let reviewer = office.staff("hino", "reviewer").clone();
        let manager = office.staff("hino", "position:manager").clone();
        for life in &lives {
            office.act(&reviewer, life.application, "grant", none()).await.unwrap();
            let chief = office.staff("hino", "position:section_chief");
            let signed = office.act(chief, life.application, "sign", none()).await.unwrap();
            let version = signed.application.case.version;
            let calls = vec![
                drafting(&office, &manager, life, "sign", version, format!("sign-{}", life.application)),
                drafting(&office, &reviewer, life, "take_back", version, format!("back-{}", life.application)),
            ];
            let (won, lost): (Vec<_>, Vec<_>) = at_once(calls).await.into_iter().partition(Result::is_ok);
            assert_eq!((won.len(), lost.len()), (1, 1));
            lost.into_iter().for_each(assert_second);
            let case = office.look(&reviewer, life.application).await.case;
            assert!(case.body.pending.is_none());
            let committed = case.body.holdings.get(treasury::Account::Committed).get();
            assert_eq!(committed, if case.state == "granted" { 167_000 } else { 0 });
        }
        crate::help::assert_balanced(&office, &lives.iter().collect::<Vec<_>>()).await;
    })
    .await;
}

/// One `handOver` or `cancel`.
struct BatchCall {
    service: Service,
    viewer: Viewer,
    batch: Uuid,
    cancel: bool,
}

impl AsyncCall<service::BatchView> for BatchCall {
    async fn run(&self) -> service::Result<service::BatchView> {
        if self.cancel {
            let key = format!("cancel-{}", self.batch);
            self.service.cancel_payment_batch(&self.viewer, self.batch, "金額の誤り".to_owned(), &key).await
        } else {
            self.service.hand_over_payment_batch(&self.viewer, self.batch, &format!("hand-{}", self.batch)).await
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_handed_over_or_cancelled_and_its_line_is_never_in_two() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.ordered().await;
        let maker = office.staff("hino", "finance_maker");
        let checker = office.viewer(&staff_email("hino", "finance_checker")).await;
        let line = office.look(maker, life.application).await.case.body.payments[0].id;
        let mut cancelled = 0;
        for round in 0..10 {
            let batch = office.draft_batch("hino", Some(vec![line])).await.unwrap();
            // Nobody gets the line into a second batch.
            assert_eq!(codes(office.draft_batch("hino", Some(vec![line])).await), ["batch.line_taken"]);
            assert!(office.service.payables(maker, "hino").await.unwrap().is_empty());
            office.service.approve_payment_batch(&checker, batch, None, &format!("approve-{round}")).await.unwrap();
            office.service.export_payment_batch(maker, batch, &format!("export-{round}")).await.unwrap();
            let call = |cancel| BatchCall { service: office.service.clone(), viewer: maker.clone(), batch, cancel };
            let answers = at_once(vec![call(false), call(true)]).await;
            assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
            let state = office.service.payment_batch(maker, batch).await.unwrap().batch.state;
            if state == treasury::BatchState::HandedOver {
                break;
            }
            assert_eq!(state, treasury::BatchState::Cancelled);
            cancelled += 1;
        }
        println!("cancelled {cancelled} times");
    })
    .await;
}
