//! The outbox: every message at least once, never by two workers at a time, never lost.

use std::collections::BTreeSet;

use store::{Message, NewMessage, OutboxClaim, RenderedMail, Store, StoreError};
use uuid::Uuid;
use vocabulary::Instant;

use crate::fixture::{id, later, now, open, write};
use crate::postgres::each_database;

async fn enqueue(store: &Store, count: usize) -> BTreeSet<Uuid> {
    let messages: Vec<NewMessage> =
        (0..count).map(|_| NewMessage::of(id(), Message::MAIL, id(), &"hello", now()).unwrap()).collect();
    let messages = &messages;
    write!(store, tx => tx.enqueue(messages).await).unwrap();
    messages.iter().map(|message| message.id).collect()
}

async fn claim(store: &Store, worker: Uuid, now: Instant, until: Instant, limit: u32) -> Vec<Message> {
    let claim = OutboxClaim { worker, kinds: &[Message::MAIL], now, until, limit };
    write!(store, tx => tx.claim_messages(&claim).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_never_claim_the_same_message() {
    each_database(async |database| {
        let store = open(database).await;
        let all = enqueue(&store, 200).await;
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    let worker = id();
                    let mut claimed = Vec::new();
                    loop {
                        let messages = claim(&store, worker, now(), later(5), 7).await;
                        if messages.is_empty() {
                            return claimed;
                        }
                        claimed.extend(messages.into_iter().map(|message| message.id));
                    }
                })
            })
            .collect();
        let mut claimed = Vec::new();
        for worker in workers {
            claimed.extend(worker.await.unwrap());
        }
        // A worker on PostgreSQL may have skipped what another one was just locking; nobody has it then.
        claimed.extend(claim(&store, id(), now(), later(5), 200).await.into_iter().map(|message| message.id));
        assert_eq!(claimed.len(), 200);
        assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), all);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ran_out_is_taken_over_and_lost_to_its_holder() {
    each_database(async |database| {
        let store = open(database).await;
        let message = enqueue(&store, 1).await.pop_first().unwrap();
        let (slow, next) = (id(), id());
        assert_eq!(claim(&store, slow, now(), later(5), 10).await.len(), 1);
        assert_eq!(claim(&store, next, later(4), later(9), 10).await.len(), 0);
        let taken = claim(&store, next, later(5), later(9), 10).await;
        assert_eq!(taken[0].attempts, 2);
        let late = write!(store, tx => tx.message_is_done(message, slow, later(6)).await);
        assert!(matches!(late, Err(StoreError::Conflict)));
        write!(store, tx => tx.message_is_done(message, next, later(6)).await).unwrap();
        assert_eq!(claim(&store, slow, later(60), later(61), 10).await.len(), 0);
        assert_eq!(store.read().outbox_depth().await.unwrap(), store::OutboxDepth::default());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_wait_and_the_dead_are_revived() {
    each_database(async |database| {
        let store = open(database).await;
        let message = enqueue(&store, 1).await.pop_first().unwrap();
        let worker = id();
        claim(&store, worker, now(), later(5), 10).await;
        write!(store, tx => tx.message_failed(message, worker, "421 later", later(30)).await).unwrap();
        assert_eq!(claim(&store, worker, later(29), later(35), 10).await.len(), 0);
        assert_eq!(store.read().next_message_at().await.unwrap(), Some(later(30)));
        assert_eq!(claim(&store, worker, later(30), later(35), 10).await.len(), 1);
        write!(store, tx => tx.message_is_dead(message, worker, "550 unknown", later(31)).await).unwrap();
        assert_eq!(claim(&store, worker, later(99), later(100), 10).await.len(), 0);
        let dead = store.read().dead_messages(10).await.unwrap();
        assert_eq!((dead[0].id, dead[0].last_error.as_deref()), (message, Some("550 unknown")));
        assert_eq!(write!(store, tx => tx.revive_messages(Some(id()), later(40)).await).unwrap(), 0);
        assert_eq!(write!(store, tx => tx.revive_messages(None, later(40)).await).unwrap(), 1);
        assert_eq!(claim(&store, worker, later(40), later(45), 10).await[0].attempts, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_kinds_wait_and_repeats_are_dropped() {
    each_database(async |database| {
        let store = open(database).await;
        let newer = NewMessage::of(id(), "telegram", id(), &1, now()).unwrap();
        let mut once = NewMessage::of(id(), Message::MAIL, id(), &1, now()).unwrap();
        once.dedupe_key = "only".to_owned();
        let mut again = once.clone();
        again.id = id();
        let messages = &[newer, once.clone(), again];
        write!(store, tx => tx.enqueue(messages).await).unwrap();
        let claimed = claim(&store, id(), now(), later(5), 10).await;
        assert_eq!(claimed.iter().map(|message| message.id).collect::<Vec<_>>(), [once.id]);
        assert_eq!(store.read().outbox_depth().await.unwrap().waiting, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rendered_first_is_what_is_sent() {
    each_database(async |database| {
        let store = open(database).await;
        let message = enqueue(&store, 1).await.pop_first().unwrap();
        let mail = |text: &str| RenderedMail {
            id: id(),
            outbox: message,
            application: None,
            recipient: "a@example.jp".to_owned(),
            subject: "s".to_owned(),
            text: text.to_owned(),
            bytes: text.into(),
            sha256: vocabulary::digest(text.as_bytes()),
            message_id: id().to_string(),
            created_at: now(),
            sent_at: None,
        };
        let (first, second) = (&mail("first"), &mail("second"));
        let kept = write!(store, tx => tx.keep_mails(message, vec![first.clone()]).await).unwrap();
        assert_eq!(kept, std::slice::from_ref(first));
        let kept = write!(store, tx => tx.keep_mails(message, vec![second.clone()]).await).unwrap();
        assert_eq!(kept, std::slice::from_ref(first));
        write!(store, tx => tx.mail_is_sent(first.id, later(1)).await).unwrap();
        write!(store, tx => tx.mail_is_sent(first.id, later(2)).await).unwrap();
        assert_eq!(store.read().mails_of_message(message).await.unwrap()[0].sent_at, Some(later(1)));
    })
    .await;
}
