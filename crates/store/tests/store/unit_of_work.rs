//! Work is done once or not at all, and again when another transaction was in the way.

use std::sync::atomic::{AtomicU32, Ordering};

use store::{Claim, KeyUse, Retryable as _, StoreError};
use uuid::Uuid;

use crate::fixture::{World, id, later, now, open, write};
use crate::postgres::each_database;

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_leaves_nothing_behind() {
    each_database(async |database| {
        let world = World::new(database).await;
        let case = &world.case();
        let result: Result<(), StoreError> = write!(world.store, tx => {
            tx.create_case(case, now()).await?;
            assert!(tx.load_case(store::CaseKey::Id(case.id), store::Lock::Case).await?.is_some());
            Err(StoreError::Conflict)
        });
        assert!(matches!(result, Err(StoreError::Conflict)));
        let found = world.store.read().load_case(store::CaseKey::Id(case.id), store::Lock::Nothing).await.unwrap();
        assert_eq!(found, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contention_is_tried_again_and_other_errors_are_not() {
    each_database(async |database| {
        let store = open(database).await;
        for (error, attempts) in [(StoreError::Contention, 6), (StoreError::Conflict, 1)] {
            let count = &AtomicU32::new(0);
            let retryable = error.is_retryable();
            let result: Result<(), StoreError> = write!(store, _tx => {
                count.fetch_add(1, Ordering::SeqCst);
                Err(if retryable { StoreError::Contention } else { StoreError::Conflict })
            });
            assert!(result.is_err());
            assert_eq!(count.load(Ordering::SeqCst), attempts);
        }
        let count = &AtomicU32::new(0);
        let result = write!(store, _tx => match count.fetch_add(1, Ordering::SeqCst) {
            0..3 => Err(StoreError::Contention),
            tried => Ok(tried),
        });
        assert_eq!(result.unwrap(), 3);
    })
    .await;
}

/// Two transactions that lock the same cases in opposite orders: a deadlock on PostgreSQL, which is tried again.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_survived() {
    each_database(async |database| {
        let world = World::new(database).await;
        let (a, b) = (world.draft().await.id, world.draft().await.id);
        let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(2));
        let tasks = [[a, b], [b, a]].map(|order| {
            let (store, barrier) = (world.store.clone(), barrier.clone());
            let meets = store::Store::clone(&store);
            tokio::spawn(async move {
                let first = &AtomicU32::new(0);
                let (barrier, order) = (&barrier, &order);
                // SQLite lets one writer in at a time, so nobody may wait for the other inside.
                let postgres = meets.schema_dump().await.unwrap().contains("FUNCTION");
                write!(store, tx => {
                    tx.load_case(store::CaseKey::Id(order[0]), store::Lock::Case).await?;
                    if postgres && first.fetch_add(1, Ordering::SeqCst) == 0 {
                        barrier.wait().await;
                    }
                    tx.load_case(store::CaseKey::Id(order[1]), store::Lock::Case).await?;
                    Ok::<_, StoreError>(())
                })
            })
        });
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    })
    .await;
}

fn key<'a>(subject: Uuid, digest: &'a str) -> KeyUse<'a> {
    KeyUse { account: Uuid::nil(), key: "k", operation: "performAction", input_digest: digest, subject, at: now() }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_parallel_requests_with_one_key_one_is_fresh() {
    each_database(async |database| {
        let store = open(database).await;
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    let subject = id();
                    let claim = write!(store, tx => tx.claim_idempotency(&key(subject, "digest")).await);
                    (subject, claim.unwrap())
                })
            })
            .collect();
        let mut claims = Vec::new();
        for task in tasks {
            claims.push(task.await.unwrap());
        }
        let fresh: Vec<_> = claims.iter().filter(|(_, claim)| *claim == Claim::Fresh).collect();
        assert_eq!(fresh.len(), 1);
        let first = fresh[0].0;
        for (subject, claim) in &claims {
            if *subject != first {
                assert_eq!(*claim, Claim::Repeated { subject: first, result: None });
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_keeps_its_answer_and_refuses_other_input() {
    each_database(async |database| {
        let store = open(database).await;
        let subject = id();
        let result = &serde_json::json!({ "version": 3, "a": null });
        write!(store, tx => {
            assert_eq!(tx.claim_idempotency(&key(subject, "one")).await?, Claim::Fresh);
            tx.set_idempotency_result(Uuid::nil(), "k", result).await
        })
        .unwrap();
        let again = write!(store, tx => tx.claim_idempotency(&key(id(), "one")).await).unwrap();
        assert_eq!(again, Claim::Repeated { subject, result: Some(result.clone()) });
        let other = write!(store, tx => tx.claim_idempotency(&key(id(), "two")).await).unwrap();
        assert_eq!(other, Claim::OtherInput);
        // A use that was rolled back leaves the key free.
        let failed: Result<Claim, StoreError> = write!(store, tx => {
            tx.claim_idempotency(&KeyUse { key: "free", ..key(subject, "one") }).await?;
            Err(StoreError::Conflict)
        });
        assert!(failed.is_err());
        let retried =
            write!(store, tx => tx.claim_idempotency(&KeyUse { key: "free", ..key(subject, "x") }).await).unwrap();
        assert_eq!(retried, Claim::Fresh);
        let gone = write!(store, tx => tx.clean_up(now(), later(1)).await).unwrap();
        assert_eq!(gone, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_filled_the_outbox_wakes_the_worker() {
    each_database(async |database| {
        let store = open(database).await;
        let message = &store::NewMessage::of(id(), "mail", id(), &"hello", now()).unwrap();
        let failed: Result<(), StoreError> = write!(store, tx => {
            tx.enqueue(std::slice::from_ref(message)).await?;
            Err(StoreError::Conflict)
        });
        assert!(failed.is_err());
        let mut woken = std::pin::pin!(store.outbox_filled());
        let at_once = std::future::poll_fn(|context| std::task::Poll::Ready(woken.as_mut().poll(context))).await;
        assert!(at_once.is_pending());
        write!(store, tx => tx.enqueue(std::slice::from_ref(message)).await).unwrap();
        woken.await;
    })
    .await;
}
