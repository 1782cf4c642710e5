//! Cases: loaded as they were written, moved once per version, with everything that belongs to a move.

use std::collections::BTreeMap;

use casework::history::verify;
use casework::{Case, Draft, LetterIssued, MailOrdered, Submission};
use program::definition::{Audience, StateKind};
use serde_json::{Value, json};
use store::{CaseKey, CaseLetter, CaseMail, DraftKey, FieldSave, Lock, Message, StoreError, StoredDraft};
use treasury::{Account, Holdings};
use vocabulary::{BankAccount, FiscalYear, Yen};

use crate::fixture::{World, handed_in, id, later, now, order, recording, step, write, yen};
use crate::postgres::each_database;

async fn load(world: &World, case: &Case) -> Option<store::StoredCase> {
    world.store.read().load_case(CaseKey::Id(case.id), Lock::Nothing).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_comes_back_as_it_was_written() {
    each_database(async |database| {
        let world = World::new(database).await;
        let mut case = world.case();
        // What a jsonb column would reorder or refuse.
        let values = json!({ "z": "\u{0}", "a": 9_007_199_254_740_991_i64, "b": [{ "y": 1, "x": "展示会" }] });
        let submission = Submission {
            id: id(),
            at: later(3),
            by: world.clerk,
            values: values.as_object().unwrap().clone(),
            documents: BTreeMap::new(),
            changes: Vec::new(),
        };
        case.body.forms.insert("application".to_owned(), submission);
        let new = &case;
        write!(world.store, tx => tx.create_case(new, now()).await).unwrap();
        for lock in [Lock::Nothing, Lock::Case] {
            let loaded = write!(world.store, tx => tx.load_case(CaseKey::Id(new.id), lock).await).unwrap().unwrap();
            assert_eq!(loaded.case, case);
            let keys: Vec<_> = loaded.case.body.forms["application"].values.keys().collect();
            assert_eq!(keys, ["z", "a", "b"]);
            assert_eq!((loaded.created_at, loaded.updated_at, loaded.assignee), (now(), now(), None));
        }
        assert_eq!(world.store.read().load_case(CaseKey::Number("none"), Lock::Nothing).await.unwrap(), None);
        assert_eq!(world.store.read().cases(&[case.id, id()]).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_moves_on_one_version_one_is_stale() {
    each_database(async |database| {
        let world = World::new(database).await;
        let case = world.draft().await;
        let first = handed_in(&case, later(1));
        world.record(&first).await.unwrap();
        let second = handed_in(&case, later(2));
        assert!(matches!(world.record(&second).await, Err(StoreError::Conflict)));
        let loaded = load(&world, &case).await.unwrap();
        assert_eq!(loaded.case, first.case);
        let events = world.store.read().events(case.id, 0, 10).await.unwrap();
        assert_eq!(events, [first.event]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_events_verifies_and_cannot_be_changed() {
    each_database(async |database| {
        let world = World::new(database).await;
        let mut case = world.draft().await;
        for minute in 1..=5 {
            let step = handed_in(&case, later(minute));
            world.record(&step).await.unwrap();
            case = step.case;
        }
        let other = world.draft().await;
        world.record(&handed_in(&other, later(9))).await.unwrap();
        let read = world.store.read();
        let events = read.events(case.id, 0, 100).await.unwrap();
        assert_eq!(events.len(), 5);
        assert_eq!(verify(case.id, &events, std::slice::from_ref(&case.head)), []);
        assert_eq!(read.events(case.id, 3, 1).await.unwrap(), events[3..4]);
        assert_eq!(read.newest_event(case.id).await.unwrap().as_ref(), events.last());

        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = read.events_after(after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.application, last.sequence));
            paged.extend(page);
        }
        assert_eq!(paged.len(), 6);
        assert!(paged.is_sorted_by_key(|event| (event.application, event.sequence)));

        let heads = read.heads_after(None, 1).await.unwrap();
        assert_eq!(heads, [(case.id, case.head.clone())]);
        let heads = read.heads_after(Some(case.id), 5).await.unwrap();
        assert_eq!(heads.len(), 1);
    })
    .await;
}

fn account() -> BankAccount {
    serde_json::from_value(json!({
        "bank": "0001", "branch": "001", "kind": "ordinary", "number": "1234567", "holder_kana": "ミズホ"
    }))
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_writes_everything_that_belongs_to_it() {
    each_database(async |database| {
        let world = World::new(database).await;
        world.appropriate(1_000).await.unwrap();
        let case = world.draft().await;
        let key = DraftKey { application: case.id, form: "application", account: world.clerk };
        let values = |json: Value| json.as_object().unwrap().clone();
        let typed = &StoredDraft {
            typed: Draft { values: values(json!({ "z": 1, "a": "\u{0}" })), documents: BTreeMap::new() },
            kept: Draft { values: values(json!({ "b": 2 })), documents: BTreeMap::new() },
            program_hash: Some(case.program_hash.clone()),
            revision: 2,
            changed: BTreeMap::from([("a".to_owned(), FieldSave { revision: 2, page: Some("tab".to_owned()) })]),
        };
        write!(world.store, tx => {
            tx.save_draft(key, &StoredDraft::default(), now()).await?;
            tx.save_draft(key, typed, later(1)).await
        })
        .unwrap();
        let draft = world.store.read().draft(case.id, "application", world.clerk).await.unwrap();
        assert_eq!(draft.as_ref(), Some(typed));

        let holdings = Holdings::of(Account::Ordered, yen(600)).unwrap();
        let mut step = step(&case, "ordered", StateKind::AwaitingPayment, holdings, later(2));
        step.case.body.numbers.insert("application".to_owned(), "town-8-1".to_owned());
        step.case.body.numbers.insert("obligation".to_owned(), "支8-1".to_owned());
        let submission = Submission {
            id: id(),
            at: later(2),
            by: world.clerk,
            values: typed.typed.values.clone(),
            documents: BTreeMap::new(),
            changes: Vec::new(),
        };
        step.submission = Some(("application".to_owned(), submission.clone()));
        step.letters = vec![LetterIssued {
            id: id(),
            name: "grant".to_owned(),
            data: json!({ "number": "指8-1", "z": 1, "a": 2 }),
            template_hash: "t".to_owned(),
        }];
        step.mails =
            vec![MailOrdered { id: id(), name: "granted".to_owned(), to: Audience::Applicant, data: json!({}) }];
        step.payment = order(id(), 600, 600, account());
        world.record(&step).await.unwrap();

        let read = world.store.read();
        let loaded = read.load_case(CaseKey::Number("town-8-1"), Lock::Nothing).await.unwrap().unwrap();
        assert_eq!(loaded.case, step.case);
        assert_eq!(read.draft(case.id, "application", world.clerk).await.unwrap(), None);
        let stored = read.submissions(case.id).await.unwrap();
        assert_eq!((&stored[0].submission, stored[0].sequence, stored[0].salt.len()), (&submission, 1, 32));

        let letters = read.letters_of_case(case.id).await.unwrap();
        assert_eq!(
            (letters[0].data.clone(), letters[0].number.as_deref()),
            (step.letters[0].data.clone(), Some("指8-1"))
        );
        let letter = letters[0].id;
        assert!(write!(world.store, tx => tx.keep_letter(letter, "<p>", "hash").await).unwrap());
        assert!(!write!(world.store, tx => tx.keep_letter(letter, "<b>", "other").await).unwrap());
        assert_eq!(read.letter(letter).await.unwrap().unwrap().html.as_deref(), Some("<p>"));

        let claim = store::OutboxClaim {
            worker: id(),
            kinds: &[Message::MAIL, Message::LETTER],
            now: later(2),
            until: later(9),
            limit: 10,
        };
        let messages = write!(world.store, tx => tx.claim_messages(&claim).await).unwrap();
        let mail: Vec<CaseMail> =
            messages.iter().filter(|m| m.kind == Message::MAIL).map(|m| m.read().unwrap()).collect();
        assert_eq!(mail[0].mail, step.mails[0]);
        let letters: Vec<CaseLetter> =
            messages.iter().filter(|m| m.kind == Message::LETTER).map(|m| m.read().unwrap()).collect();
        assert_eq!(letters, [CaseLetter { application: case.id, event: step.event.id, letter }]);

        assert_eq!(world.line().await.ordered, yen(600));
        let payable = read.payable("town", 10).await.unwrap();
        assert_eq!(payable.len(), 1);
        assert_eq!(payable[0].application_number.as_deref(), Some("town-8-1"));
        assert_eq!((payable[0].amount, &payable[0].account), (yen(600), &account()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_halfway_leaves_nothing() {
    each_database(async |database| {
        let world = World::new(database).await;
        world.appropriate(100).await.unwrap();
        let case = world.draft().await;
        let holdings = Holdings::of(Account::Committed, yen(101)).unwrap();
        let mut step = step(&case, "granted", StateKind::InProject, holdings, later(1));
        step.mails =
            vec![MailOrdered { id: id(), name: "granted".to_owned(), to: Audience::Applicant, data: json!({}) }];
        let error = world.record(&step).await.unwrap_err();
        assert!(matches!(error, StoreError::Budget { available } if available == yen(100)), "{error}");
        assert_eq!(load(&world, &case).await.unwrap().case, case);
        let read = world.store.read();
        assert_eq!(read.events(case.id, 0, 10).await.unwrap(), []);
        assert_eq!(read.outbox_depth().await.unwrap().waiting, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_granted_elsewhere_is_counted_by_year() {
    each_database(async |database| {
        let world = World::new(database).await;
        world.appropriate(10_000).await.unwrap();
        let mut cases = Vec::new();
        for (account, amount) in
            [(Account::Committed, 100), (Account::Paid, 200), (Account::Held, 400), (Account::Finalized, 800)]
        {
            let mut case = world.draft().await;
            let values = json!({ "product": format!("品{amount}") }).as_object().unwrap().clone();
            let submission = Submission {
                id: id(),
                at: later(1),
                by: world.clerk,
                values,
                documents: BTreeMap::new(),
                changes: Vec::new(),
            };
            case.body.forms.insert("application".to_owned(), submission);
            let holdings = Holdings::of(account, yen(amount)).unwrap();
            world.record(&step(&case, "x", StateKind::InProject, holdings, later(1))).await.unwrap();
            cases.push(case);
        }
        let read = world.store.read();
        let fields = ["product".to_owned()];
        let granted = |except, fields| read.granted(world.business.id, "town/fair", except, fields);
        let others = granted(cases[3].id, &[]).await.unwrap();
        assert_eq!(others.iter().map(|other| other.fiscal_year).collect::<Vec<_>>(), [FiscalYear(2026); 2]);
        assert_eq!(Yen::total(others.iter().map(|other| other.yen)).unwrap(), yen(300));
        assert!(others.iter().all(|other| other.answers.is_empty()));
        let all = granted(id(), &fields).await.unwrap();
        let mut answers: Vec<_> = all.iter().map(|other| (other.yen.get(), json!(other.answers))).collect();
        answers.sort_by_key(|(yen, _)| *yen);
        assert_eq!(answers, [100, 200, 800].map(|yen| (yen, json!({ "product": format!("品{yen}") }))));
        assert!(read.granted(id(), "town/fair", id(), &fields).await.unwrap().is_empty());
    })
    .await;
}

/// The limit "once per business" must hold when two cases of one business are decided at once.
#[tokio::test(flavor = "multi_thread")]
async fn two_cases_of_one_business_are_decided_one_after_the_other() {
    each_database(async |database| {
        let world = std::sync::Arc::new(World::new(database).await);
        world.appropriate(10_000).await.unwrap();
        let mut tasks = Vec::new();
        for _ in 0..20 {
            let (world, case) = (world.clone(), world.draft().await);
            tasks.push(tokio::spawn(async move {
                let holdings = Holdings::of(Account::Committed, yen(100)).unwrap();
                let step = &step(&case, "granted", StateKind::InProject, holdings, later(1));
                let case = &case;
                write!(world.store, tx => {
                    tx.load_case(CaseKey::Id(case.id), Lock::Case).await?;
                    tx.lock_business(case.business.id).await?;
                    let granted = tx.granted(case.business.id, &case.program, case.id, &[]).await?;
                    if !granted.is_empty() {
                        return Ok(0);
                    }
                    tx.record(step, &recording(now())).await?;
                    Ok::<_, StoreError>(1)
                })
            }));
        }
        let mut decided = 0;
        for task in tasks {
            decided += task.await.unwrap().unwrap();
        }
        assert_eq!(decided, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_find_what_is_due() {
    each_database(async |database| {
        let world = World::new(database).await;
        let mut ids = Vec::new();
        for minute in [30, 10, 20] {
            let mut case = world.case();
            case.body.standing.next_clock_at = Some(later(minute));
            ids.push(case.id);
            let new = &case;
            write!(world.store, tx => tx.create_case(new, now()).await).unwrap();
        }
        world.draft().await;
        let due = |minute, limit| world.store.read().due_cases(later(minute), limit);
        assert!(due(9, 10).await.unwrap().is_empty());
        assert_eq!(due(20, 10).await.unwrap(), [ids[1], ids[2]]);
        assert_eq!(due(60, 2).await.unwrap(), [ids[1], ids[2]]);
    })
    .await;
}
