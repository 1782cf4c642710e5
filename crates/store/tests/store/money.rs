//! Money: no line below zero, no yen twice, every movement in the ledger, every payment in one batch at most.

use std::sync::Arc;

use program::definition::StateKind;
use serde_json::json;
use store::{BatchFile, LineState, StoreError};
use treasury::{Account, Batch, BatchState, Holdings, Posting, balanced};
use uuid::Uuid;
use vocabulary::{BankAccount, FiscalYear};

use crate::fixture::{World, account, id, later, now, order, recording, step, write, yen};
use crate::postgres::each_database;

/// The ledger from nothing must give what the line says.
async fn assert_balanced(world: &World) {
    let entries = world.store.read().ledger(world.line, 0, 10_000).await.unwrap();
    for (entry, sequence) in entries.iter().zip(1..) {
        assert_eq!(entry.sequence, sequence, "no gap");
    }
    let appropriated: i64 = entries
        .iter()
        .map(|entry| match (entry.from, entry.to) {
            (None, Some(_)) => entry.amount.get(),
            (Some(_), None) => -entry.amount.get(),
            _ => 0,
        })
        .sum();
    let postings: Vec<Posting> = entries.iter().filter_map(store::StoredEntry::posting).collect();
    balanced(yen(appropriated), &postings, &world.line().await).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_parallel_commitments_the_line_allows_exactly_five() {
    each_database(async |database| {
        let world = Arc::new(World::new(database).await);
        world.appropriate(1_099).await.unwrap();
        let mut tasks = Vec::new();
        for _ in 0..200 {
            let case = world.draft().await;
            let world = world.clone();
            tasks.push(tokio::spawn(async move {
                let holdings = Holdings::of(Account::Committed, yen(200)).unwrap();
                world.record(&step(&case, "granted", StateKind::InProject, holdings, later(1))).await
            }));
        }
        let mut granted = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => granted += 1,
                Err(StoreError::Budget { available }) => assert!(available < yen(200)),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(granted, 5);
        assert_eq!(world.line().await.committed, yen(1_000));
        assert_eq!(world.line().await.available(true), yen(99));
        assert_balanced(&world).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_its_way_and_back() {
    each_database(async |database| {
        let world = World::new(database).await;
        world.appropriate(1_000).await.unwrap();
        let mut case = world.draft().await;
        let way = [
            (Account::Held, 900),
            (Account::Committed, 950),
            (Account::Finalized, 800),
            (Account::Ordered, 800),
            (Account::Paid, 800),
            (Account::Paid, 100),
        ];
        for (place, (account, amount)) in way.into_iter().enumerate() {
            let holdings = Holdings::of(account, yen(amount)).unwrap();
            let step = step(&case, &format!("s{place}"), StateKind::InProject, holdings, later(1));
            world.record(&step).await.unwrap();
            case = step.case;
            assert_eq!(world.line().await.get(account), yen(amount));
            assert_eq!(world.line().await.available(true), yen(1_000 - amount));
        }
        assert_balanced(&world).await;
        let newest = world.store.read().newest_entries(world.line, 1).await.unwrap();
        assert_eq!((newest[0].kind.as_str(), newest[0].application), ("return", Some(case.id)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn held_money_counts_as_used_only_where_the_call_says_so() {
    each_database(async |database| {
        let world = World::new(database).await;
        world.appropriate(1_000).await.unwrap();
        let hold = |amount| Holdings::of(Account::Held, yen(amount)).unwrap();
        let first = world.draft().await;
        world.record(&step(&first, "held", StateKind::WithOffice, hold(800), later(1))).await.unwrap();
        let case = world.draft().await;
        let second = &step(&case, "held", StateKind::WithOffice, hold(300), later(1));
        let error = world.record(second).await.unwrap_err();
        assert!(matches!(error, StoreError::Budget { available } if available == yen(200)));
        let mut freely = recording(now());
        freely.held_counts_as_used = false;
        write!(world.store, tx => tx.record(second, &freely).await).unwrap();
        assert_eq!(world.line().await.held, yen(1_100));
        assert_eq!(world.line().await.available(true), yen(-100));
        // Giving back passes although the line is over.
        world.record(&step(&second.case, "gone", StateKind::ClosedUnpaid, hold(0), later(2))).await.unwrap();
        assert_balanced(&world).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appropriation_is_cut_only_as_far_as_it_is_free() {
    each_database(async |database| {
        let world = World::new(database).await;
        world.appropriate(1_000).await.unwrap();
        let case = world.draft().await;
        let holdings = Holdings::of(Account::Committed, yen(700)).unwrap();
        world.record(&step(&case, "granted", StateKind::InProject, holdings, later(1))).await.unwrap();
        let error = world.appropriate(-301).await.unwrap_err();
        assert!(matches!(error, StoreError::Budget { available } if available == yen(300)));
        world.appropriate(-300).await.unwrap();
        world.appropriate(0).await.unwrap();
        assert_eq!(world.line().await.appropriated, yen(700));
        assert_balanced(&world).await;
        let lines = world.store.read().budget_lines("town", Some(FiscalYear(2026))).await.unwrap();
        assert_eq!(lines.len(), 1);
        let mut renamed = lines[0].line.clone();
        (renamed.id, renamed.path) = (id(), "other".to_owned());
        let renamed = &renamed;
        let kept = write!(world.store, tx => tx.put_budget_line(renamed).await).unwrap();
        assert_eq!(kept, world.line);
        assert_eq!(world.line().await.appropriated, yen(700));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_given_once_and_without_gaps() {
    each_database(async |database| {
        let world = Arc::new(World::new(database).await);
        let tasks: Vec<_> = (0..40)
            .map(|n| {
                let world = world.clone();
                tokio::spawn(async move {
                    let mut kinds = vec!["application".to_owned(), "decision".to_owned()];
                    if n % 2 == 0 {
                        kinds.reverse();
                    }
                    let kinds = &kinds;
                    write!(world.store, tx => tx.next_numbers("town", kinds, FiscalYear(2026)).await).unwrap()
                })
            })
            .collect();
        let mut given = Vec::new();
        for task in tasks {
            given.push(task.await.unwrap());
        }
        for kind in ["application", "decision"] {
            let mut numbers: Vec<i64> = given.iter().map(|numbers| numbers[kind]).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
        }
        let kinds = &["decision".to_owned()];
        let next = write!(world.store, tx => {
            let next = tx.next_numbers("town", kinds, FiscalYear(2027)).await?;
            assert!(tx.next_numbers("town", &[], FiscalYear(2027)).await?.is_empty());
            Ok::<_, StoreError>(next)
        });
        assert_eq!(next.unwrap()["decision"], 1);
    })
    .await;
}

fn bank_account() -> BankAccount {
    serde_json::from_value(json!({
        "bank": "0001", "branch": "001", "kind": "ordinary", "number": "1234567", "holder_kana": "ミズホ"
    }))
    .unwrap()
}

/// A case with an ordered payment.
async fn ordered(world: &World, amount: i64) -> (casework::Case, Uuid) {
    let case = world.draft().await;
    let holdings = Holdings::of(Account::Ordered, yen(amount)).unwrap();
    let mut step = step(&case, "ordered", StateKind::AwaitingPayment, holdings, later(1));
    let payment = id();
    step.payment = order(payment, amount, amount, bank_account());
    world.record(&step).await.unwrap();
    (step.case, payment)
}

fn batch(maker: Uuid, lines: &[Uuid]) -> Batch {
    let lines: Vec<_> = lines
        .iter()
        .map(|line| {
            json!({
                "id": line, "obligation": line, "fiscal_year": 2026, "application_number": "1",
                "payee": bank_account(), "payee_name_zengin": "ﾐｽﾞﾎ", "bank_name_zengin": "ﾐｽﾞﾎ",
                "branch_name_zengin": "ﾄｳｷﾖｳ", "amount": 100, "customer_code": 1
            })
        })
        .collect();
    serde_json::from_value(json!({
        "id": id(), "municipality": "132128", "transfer_date": "2026-05-01",
        "originator": { "code": "1234567890", "name_kana": "ﾏﾁ", "bank": "0001", "branch": "001",
            "kind": "ordinary", "number": "1234567" },
        "originator_bank_name_zengin": "ﾐｽﾞﾎ", "originator_branch_name_zengin": "ﾄｳｷﾖｳ",
        "lines": lines, "state": "drafted", "made_by": maker, "made_at": now(), "approved": null,
        "approved_digest": null, "exports_count": 0, "last_exported": null, "handed_over": null, "cancelled": null,
        "cancel_reason": null
    }))
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_in_one_batch_however_many_want_it() {
    each_database(async |database| {
        let world = Arc::new(World::new(database).await);
        world.appropriate(1_000).await.unwrap();
        let (_, line) = ordered(&world, 100).await;
        let (_, other) = ordered(&world, 100).await;
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (world, batch) = (world.clone(), batch(world.clerk, &[line]));
                tokio::spawn(async move {
                    let batch = &batch;
                    write!(world.store, tx => tx.create_batch(batch, "town").await).map(|()| batch.id)
                })
            })
            .collect();
        let mut made = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok(batch) => made.push(batch),
                Err(StoreError::Conflict) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(made.len(), 1);
        let read = world.store.read();
        let payable = read.payable("town", 10).await.unwrap();
        assert_eq!(payable.iter().map(|payment| payment.id).collect::<Vec<_>>(), [other]);
        // All lines or none.
        let both = &batch(world.clerk, &[other, line]);
        let refused = write!(world.store, tx => tx.create_batch(both, "town").await);
        assert!(matches!(refused, Err(StoreError::Conflict)));
        let elsewhere = &batch(world.clerk, &[other]);
        assert!(write!(world.store, tx => tx.create_batch(elsewhere, "village").await).is_err());
        assert_eq!(read.payable("town", 10).await.unwrap(), payable);
        assert_eq!(read.batches(&["town".to_owned()], None, 10).await.unwrap().len(), 1);

        // Cancelled, its line waits again.
        let cancelled = made[0];
        let released = write!(world.store, tx => tx.release_lines(cancelled).await);
        assert_eq!(released.unwrap(), 1);
        write!(world.store, tx => tx.create_batch(both, "town").await).unwrap();
        let cases = read.cases_of_batch(both.id).await.unwrap();
        assert!(cases.len() == 2 && cases.is_sorted());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_changes_by_version_and_its_file_never() {
    each_database(async |database| {
        let world = World::new(database).await;
        world.appropriate(1_000).await.unwrap();
        let (_, line) = ordered(&world, 100).await;
        let checker = account(&world.store, "checker@example.jp").await;
        let mut drafted = batch(world.clerk, &[line]);
        let new = &drafted.clone();
        write!(world.store, tx => tx.create_batch(new, "town").await).unwrap();

        // Nobody approves a batch of his or her own, whatever the code above says.
        drafted.state = BatchState::Approved;
        drafted.approved = Some(treasury::Trace { by: world.clerk, at: later(1) });
        let own = &drafted.clone();
        let refused = write!(world.store, tx => tx.save_batch(own, 1, None).await);
        assert!(matches!(&refused, Err(StoreError::Check { constraint }) if constraint == "payment_batch_two_persons"));

        drafted.approved = Some(treasury::Trace { by: checker, at: later(1) });
        let approved = &drafted.clone();
        write!(world.store, tx => tx.save_batch(approved, 1, None).await).unwrap();
        let stale = write!(world.store, tx => tx.save_batch(approved, 1, None).await);
        assert!(matches!(stale, Err(StoreError::Conflict)));

        let file = |bytes: &str| BatchFile { bytes: bytes.into(), sha256: vocabulary::digest(bytes.as_bytes()) };
        let (first, other) = (&file("one"), &file("two"));
        write!(world.store, tx => tx.save_batch(approved, 2, Some(first)).await).unwrap();
        write!(world.store, tx => tx.save_batch(approved, 3, Some(first)).await).unwrap();
        let changed = write!(world.store, tx => tx.save_batch(approved, 4, Some(other)).await);
        assert!(matches!(changed, Err(StoreError::Conflict)));
        let read = world.store.read();
        assert_eq!(read.batch_file(new.id).await.unwrap().as_ref(), Some(first));
        let stored = write!(world.store, tx => tx.batch(new.id, true).await).unwrap().unwrap();
        assert_eq!((stored.batch, stored.version), (approved.clone(), 4));

        write!(world.store, tx => tx.settle_line(line, false, later(2)).await).unwrap();
        let twice = write!(world.store, tx => tx.settle_line(line, false, later(2)).await);
        assert!(matches!(twice, Err(StoreError::Conflict)));
        write!(world.store, tx => tx.settle_line(line, true, later(3)).await).unwrap();
        assert_eq!(read.payments(&[line]).await.unwrap()[0].state, LineState::Returned);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payments_of_an_obligation_never_exceed_it() {
    each_database(async |database| {
        let world = World::new(database).await;
        world.appropriate(1_000).await.unwrap();
        let (case, _) = ordered(&world, 300).await;
        let mut next = step(&case, "more", StateKind::AwaitingPayment, case.body.holdings.clone(), later(2));
        next.payment = order(id(), 1, 300, bank_account());
        let error = world.record(&next).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Check { constraint } if constraint == "payment_line_within_obligation"),
            "{error}"
        );
        let holdings = Holdings::of(Account::Ordered, yen(500)).unwrap();
        let mut next = step(&case, "more", StateKind::AwaitingPayment, holdings, later(2));
        next.payment = order(id(), 200, 500, bank_account());
        world.record(&next).await.unwrap();
        assert_eq!(world.store.read().payments_of_case(case.id).await.unwrap().len(), 2);
    })
    .await;
}
