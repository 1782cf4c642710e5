//! People: credentials, and exactly the rights that count at that moment.

use program::definition::Role;
use store::{ApiToken, LinkKind, MemberRole, Membership, NewSession, OneTimeLink, PositionHeld, StaffRole, StoreError};
use uuid::Uuid;
use vocabulary::Locale;

use crate::fixture::{World, account, business, day, id, later, now, write};
use crate::postgres::each_database;

const TOKEN: [u8; 32] = [9; 32];

async fn sign_in(world: &World, account: Uuid) {
    let (address, agent) = (Some("192.0.2.7".to_owned()), Some("a browser".to_owned()));
    let token_hash = TOKEN.to_vec();
    let (authenticated_at, strong) = (now(), false);
    let session = &NewSession {
        token_hash,
        account,
        now: now(),
        authenticated_at,
        strong,
        expires_at: later(60),
        address,
        agent,
    };
    write!(world.store, tx => tx.open_session(session).await).unwrap();
}

fn role(account: Uuid, municipality: &str, role: Role, from: &str, until: Option<&str>) -> StaffRole {
    StaffRole { account, municipality: municipality.to_owned(), role, from_day: day(from), until_day: until.map(day) }
}

fn position(account: Uuid, position: &str, from: &str, until: Option<&str>, acting: bool) -> PositionHeld {
    PositionHeld {
        account,
        municipality: "town".to_owned(),
        position: position.to_owned(),
        from_day: day(from),
        until_day: until.map(day),
        acting,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_gives_the_person_with_what_counts_today() {
    each_database(async |database| {
        let world = World::new(database).await;
        let other = &business("別会社", "ベツガイシャ", None);
        let clerk = world.clerk;
        let own = world.business.id;
        sign_in(&world, clerk).await;
        write!(world.store, tx => {
            tx.create_business(other, now()).await?;
            for role in [
                role(clerk, "town", Role::Clerk, "2020-04-01", None),
                role(clerk, "town", Role::Clerk, "2026-01-01", Some("2026-12-31")),
                role(clerk, "village", Role::Auditor, "2026-04-01", Some("2026-04-01")),
                role(clerk, "town", Role::Approver, "2026-04-02", None),
                role(clerk, "town", Role::Reviewer, "2020-04-01", Some("2026-03-31")),
            ] {
                tx.put_staff_role(&role).await?;
            }
            tx.put_position(&position(clerk, "chief", "2020-04-01", None, false)).await?;
            tx.put_position(&position(clerk, "mayor", "2020-04-01", Some("2026-03-31"), false)).await?;
            let member = Membership { account: clerk, business: own, role: MemberRole::Owner, ends_at: None };
            tx.put_membership(&member).await?;
            let ended = Membership { business: other.id, role: MemberRole::Delegate, ends_at: Some(now()), ..member };
            tx.put_membership(&ended).await
        })
        .unwrap();
        let read = world.store.read();
        let found = read.person_by_session(&TOKEN, now()).await.unwrap().unwrap();
        assert_eq!((found.person.id, found.person.name.as_str()), (clerk, "clerk"));
        assert_eq!((found.email.as_str(), found.locale, &found.scopes), ("clerk@example.jp", Locale::Ja, &None));
        assert_eq!((found.created_at, found.expires_at), (now(), later(60)));
        let roles = vec![("town".to_owned(), Role::Clerk), ("village".to_owned(), Role::Auditor)];
        assert_eq!(found.person.roles, roles);
        assert_eq!(found.person.positions, [("town".to_owned(), "chief".to_owned())]);
        assert_eq!(found.person.memberships, [own]);
        assert_eq!(read.person_by_account(clerk, now()).await.unwrap().unwrap().person, found.person);

        let members = read.members(own).await.unwrap();
        assert_eq!((members.len(), members[0].email.as_str()), (1, "clerk@example.jp"));
        assert_eq!(read.people_of_business(own, now()).await.unwrap()[0].id, clerk);
        assert_eq!(read.people_of_business(other.id, now()).await.unwrap(), []);
        assert_eq!(read.staff_with_role("town", Role::Clerk, day("2026-04-01")).await.unwrap()[0].id, clerk);
        assert_eq!(read.staff_with_role("town", Role::Reviewer, day("2026-04-01")).await.unwrap(), []);

        // A role that is taken away does not count at the very next request.
        write!(world.store, tx => tx.end_staff_role(clerk, "town", Role::Clerk, day("2026-03-31")).await).unwrap();
        let found = read.person_by_session(&TOKEN, now()).await.unwrap().unwrap();
        assert_eq!(found.person.roles, roles[1..]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_in_each_of_its_ways() {
    each_database(async |database| {
        let world = World::new(database).await;
        let clerk = world.clerk;
        let by_session = |minute| world.store.read().person_by_session(&TOKEN, later(minute));
        sign_in(&world, clerk).await;
        write!(world.store, tx => tx.session_seen(&TOKEN, later(7)).await).unwrap();
        assert_eq!(by_session(8).await.unwrap().unwrap().last_seen_at, later(7));
        assert_eq!(by_session(60).await.unwrap(), None);
        assert_eq!(world.store.read().person_by_session(&[0; 32], now()).await.unwrap(), None);
        write!(world.store, tx => tx.close_session(&TOKEN).await).unwrap();
        assert_eq!(by_session(8).await.unwrap(), None);

        sign_in(&world, clerk).await;
        write!(world.store, tx => tx.close_sessions(clerk, Some(&TOKEN)).await).unwrap();
        assert!(by_session(8).await.unwrap().is_some());
        let mut account = world.store.read().account(clerk).await.unwrap().unwrap();
        account.disabled_at = Some(later(1));
        let disabled = &account;
        write!(world.store, tx => tx.update_account(disabled).await).unwrap();
        assert_eq!(by_session(8).await.unwrap(), None);
        assert_eq!(write!(world.store, tx => tx.clean_up(later(61), now()).await).unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_token_has_scopes_an_end_and_a_last_use() {
    each_database(async |database| {
        let world = World::new(database).await;
        let clerk = world.clerk;
        let token = &ApiToken {
            id: id(),
            account: clerk,
            name: "export".to_owned(),
            scopes: vec!["read".to_owned()],
            created_at: now(),
            expires_at: later(60),
            last_used_at: None,
            revoked_at: None,
        };
        write!(world.store, tx => tx.create_api_token(token, &TOKEN).await).unwrap();
        let read = world.store.read();
        let found = read.person_by_token(&TOKEN, later(1)).await.unwrap().unwrap();
        assert_eq!((found.person.id, found.scopes), (clerk, Some(vec!["read".to_owned()])));
        write!(world.store, tx => tx.token_used(&TOKEN, later(2)).await).unwrap();
        assert_eq!(read.api_tokens(clerk).await.unwrap()[0].last_used_at, Some(later(2)));
        assert_eq!(read.person_by_token(&TOKEN, later(60)).await.unwrap(), None);
        assert!(!write!(world.store, tx => tx.revoke_api_token(id(), token.id, later(3)).await).unwrap());
        assert!(write!(world.store, tx => tx.revoke_api_token(clerk, token.id, later(3)).await).unwrap());
        assert_eq!(read.person_by_token(&TOKEN, later(4)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_under_50_parallel_tries() {
    each_database(async |database| {
        let world = World::new(database).await;
        let link = &OneTimeLink {
            token_hash: TOKEN.to_vec(),
            kind: LinkKind::PasswordReset,
            account: Some(world.clerk),
            email: None,
            payload: serde_json::json!({ "z": 1, "a": 2 }),
            created_at: now(),
            expires_at: later(10),
        };
        write!(world.store, tx => tx.create_link(link).await).unwrap();
        let other = write!(world.store, tx => tx.use_link(&TOKEN, LinkKind::Invitation, now()).await);
        assert_eq!(other.unwrap(), None);
        assert_eq!(
            write!(world.store, tx => tx.use_link(&TOKEN, LinkKind::PasswordReset, later(10)).await).unwrap(),
            None
        );
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let store = world.store.clone();
                tokio::spawn(async move {
                    write!(store, tx => tx.use_link(&TOKEN, LinkKind::PasswordReset, later(1)).await).unwrap()
                })
            })
            .collect();
        let mut used = Vec::new();
        for task in tasks {
            used.extend(task.await.unwrap());
        }
        assert_eq!(used, std::slice::from_ref(link));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_corporate_numbers_are_registered_once() {
    each_database(async |database| {
        let world = World::new(database).await;
        let mut account = world.store.read().account(world.clerk).await.unwrap().unwrap();
        let email = "clerk@example.jp".parse().unwrap();
        assert_eq!(world.store.read().account_by_email(&email).await.unwrap(), Some(account.clone()));
        account.id = id();
        let again = &account;
        let error = write!(world.store, tx => tx.create_account(again).await).unwrap_err();
        assert!(matches!(&error, StoreError::Unique { what } if what == "account_email"), "{error}");

        let number = Some("4011001098993");
        let first = &business("一", "イチ", number);
        let second = &business("二", "ニ", number);
        write!(world.store, tx => tx.create_business(first, now()).await).unwrap();
        let error = write!(world.store, tx => tx.create_business(second, now()).await).unwrap_err();
        assert!(matches!(&error, StoreError::Unique { what } if what == "business_corporate_number"), "{error}");
        let found = world.store.read().business_by_corporate_number("4011001098993").await.unwrap();
        assert_eq!(found.as_ref(), Some(first));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn holders_of_positions_are_those_of_the_day() {
    each_database(async |database| {
        let world = World::new(database).await;
        let deputy = account(&world.store, "deputy@example.jp").await;
        let (clerk, store) = (world.clerk, &world.store);
        write!(store, tx => {
            tx.put_position(&position(deputy, "mayor", "2026-04-01", None, true)).await?;
            tx.put_position(&position(clerk, "mayor", "2026-04-01", Some("2026-04-30"), false)).await?;
            tx.put_position(&position(clerk, "chief", "2026-04-01", None, false)).await?;
            tx.put_position(&position(clerk, "chief", "2026-04-01", Some("2026-05-31"), false)).await
        })
        .unwrap();
        let holders = |text| store.read().holders("town", day(text));
        assert!(holders("2026-03-31").await.unwrap().is_empty());
        let april = holders("2026-04-30").await.unwrap();
        assert_eq!((&april["mayor"], &april["chief"]), (&vec![clerk, deputy], &vec![clerk]));
        assert_eq!(holders("2026-05-01").await.unwrap()["mayor"], [deputy]);
        assert!(!holders("2026-06-01").await.unwrap().contains_key("chief"));
        assert!(store.read().holders("village", day("2026-04-30")).await.unwrap().is_empty());
        assert_eq!(store.read().positions("town").await.unwrap().len(), 3);
    })
    .await;
}
