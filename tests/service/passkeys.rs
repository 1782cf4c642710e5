//! Passkeys without a browser: whom a request is for, how long, and how often it is answered.

use chrono::TimeDelta;
use service::{Device, Error, PasskeyAnswer, PasskeyAsked, SignIn, Viewer};
use store::Passkey;
use testkit::office::PASSWORD;
use testkit::{TestOffice, each_database};
use uuid::Uuid;
use vocabulary::Clock as _;

/// As the forms of some visitor carry it.
const VISITOR: &str = "visitor";

#[track_caller]
fn is_refused<T: std::fmt::Debug>(outcome: Result<T, Error>, code: &str) {
    match outcome {
        Err(Error::Refused(refusals)) => assert_eq!(refusals[0].code, code),
        other => panic!("{code}: {other:?}"),
    }
}

fn given<'a>(asked: &'a PasskeyAsked, visitor: &'a str) -> PasskeyAnswer<'a> {
    PasskeyAnswer { request: &asked.request, visitor, answer: "{}" }
}

async fn signed_in(office: &TestOffice, who: &str) -> Viewer {
    let staff = office.staff("hino", who);
    office.service.set_password(staff.person.id, PASSWORD).await.unwrap();
    match office.service.sign_in(&staff.email, PASSWORD, Device::default()).await.unwrap() {
        SignIn::Done(session) => session.viewer,
        SignIn::HalfDone(_) => panic!("{who} has a second factor"),
    }
}

#[tokio::test]
async fn a_request_is_answered_once_in_time_and_by_whom_it_was_made_for() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let clerk = signed_in(&office, "clerk").await;
        let service = &office.service;
        let sign_in = async |answer| service.sign_in_by_passkey(None, answer, Device::default()).await;
        let asked = service.ask_for_passkey(VISITOR, Device::default()).await.unwrap();
        is_refused(sign_in(given(&asked, VISITOR)).await, "passkey.not_right");
        is_refused(sign_in(given(&asked, VISITOR)).await, "passkey.over");
        is_refused(sign_in(PasskeyAnswer::default()).await, "passkey.over");
        let asked = service.ask_for_passkey(VISITOR, Device::default()).await.unwrap();
        is_refused(sign_in(given(&asked, "somebody else")).await, "passkey.over");
        let asked = service.ask_for_passkey(VISITOR, Device::default()).await.unwrap();
        office.clock.advance(TimeDelta::minutes(5));
        is_refused(sign_in(given(&asked, VISITOR)).await, "passkey.over");

        // What asks for a new one opens nothing, and the other way round.
        let asked = service.ask_to_make_passkey(&clerk, ("鍵", VISITOR), Device::default()).await.unwrap();
        is_refused(sign_in(given(&asked, VISITOR)).await, "passkey.over");
        let asked = service.ask_for_passkey(VISITOR, Device::default()).await.unwrap();
        is_refused(service.add_passkey(&clerk, "鍵", given(&asked, VISITOR)).await, "passkey.over");
        let asked = service.ask_to_make_passkey(&clerk, ("鍵", VISITOR), Device::default()).await.unwrap();
        is_refused(service.add_passkey(&clerk, "鍵", given(&asked, VISITOR)).await, "passkey.not_made");
        let unnamed = service.ask_to_make_passkey(&clerk, (" ", VISITOR), Device::default()).await;
        assert!(matches!(unnamed, Err(Error::BadInput { .. })), "{unnamed:?}");
        office.clock.advance(TimeDelta::minutes(11));
        let stale = service.ask_to_make_passkey(&clerk, ("鍵", VISITOR), Device::default()).await;
        assert!(matches!(stale, Err(Error::SignInAgain)), "{stale:?}");
    })
    .await;
}

#[tokio::test]
async fn a_passkey_belongs_to_one_account_and_shows_each_use_once() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let (clerk, reviewer) = (signed_in(&office, "clerk").await, signed_in(&office, "finance_maker").await);
        let now = office.clock.now();
        let passkey = |id, account| Passkey {
            id: Uuid::from_u128(id),
            credential: vec![7; 16],
            account,
            name: "鍵".to_owned(),
            public_key: vec![1],
            state: vec![0],
            created_at: now,
            last_used_at: None,
        };
        let own = passkey(1, clerk.person.id);
        let add = async |passkey: &Passkey| {
            office.store.write(|tx| Box::pin(async move { tx.add_passkey(passkey).await })).await
        };
        add(&own).await.unwrap();
        assert!(add(&passkey(2, reviewer.person.id)).await.is_err(), "somebody has it already");
        let used = async |state: u8| {
            let own = &own;
            let write = office.store.write(|tx| Box::pin(async move { tx.passkey_used(own, &[state], now).await }));
            write.await.unwrap()
        };
        assert!(used(1).await);
        assert!(!used(2).await, "of two that were read at once, one is used");

        let others = office.service.remove_passkey(&reviewer, own.id, "r").await;
        assert!(matches!(others, Err(Error::NotFound)), "{others:?}");
        assert_eq!(office.service.passkeys(&clerk).await.unwrap()[0].last_used_at, Some(now));
        office.service.remove_passkey(&clerk, own.id, "r").await.unwrap();
        assert!(office.service.passkeys(&clerk).await.unwrap().is_empty());
        office.work_off().await;
        let told = office.mail.take().into_iter().any(|mail| mail.subject.contains("パスキーが削除"));
        assert!(told, "the owner hears of it");
    })
    .await;
}
