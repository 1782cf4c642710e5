//! Lists: each filter with each order gives the same as sorting everything, page by page; text finds parts of names.

use casework::{Case, Person};
use chrono::TimeDelta;
use program::definition::{Role, StateKind};
use store::{Cursor, ListFilter, ListOrder, ListQuery, Scope};
use uuid::Uuid;
use vocabulary::Instant;

use crate::fixture::{World, business, id, later, now, write};
use crate::postgres::each_database;

const STATES: [(&str, StateKind); 3] =
    [("draft", StateKind::Drafting), ("review", StateKind::WithOffice), ("correction", StateKind::WithApplicant)];
const ORDERS: [ListOrder; 3] = [ListOrder::Received, ListOrder::Deadline, ListOrder::Updated];

/// Sixty cases of three businesses, in which every filter divides differently and order values repeat.
async fn sixty(world: &World) -> Vec<(Case, Instant, Option<Uuid>)> {
    let others = [business("株式会社二葉", "フタバ", None), business("有限会社三好", "ミヨシ", None)];
    let made = &others;
    write!(world.store, tx => {
        for business in made {
            tx.create_business(business, now()).await?;
        }
        Ok::<_, store::StoreError>(())
    })
    .unwrap();
    let businesses = [world.business.clone(), others[0].clone(), others[1].clone()];
    let mut cases = Vec::new();
    for n in 0..60usize {
        let mut case = world.case();
        let (state, kind) = STATES[n % 3];
        case.state = state.to_owned();
        case.business = businesses[n / 2 % 3].clone();
        let standing = &mut case.body.standing;
        standing.kind = Some(kind);
        if kind != StateKind::Drafting {
            standing.received_at = Some(now() + TimeDelta::minutes(i64::try_from(n * 7 % 13).unwrap()));
            standing.deadline_at = (n % 4 != 0).then(|| now() + TimeDelta::days(i64::try_from(n * 5 % 7).unwrap()));
            standing.waits_on = Some(if n % 5 == 0 { "position:chief" } else { "clerk" }.to_owned());
            case.body.numbers.insert("application".to_owned(), format!("town-8-{n:03}"));
        }
        let updated = now() + TimeDelta::microseconds(i64::try_from(n * 11 % 17).unwrap());
        let assignee = (n % 7 == 1).then_some(world.clerk);
        let new = &case;
        write!(world.store, tx => {
            tx.create_case(new, updated).await?;
            tx.assign(new.id, assignee).await
        })
        .unwrap();
        cases.push((case, updated, assignee));
    }
    cases
}

fn filters(world: &World, cases: &[(Case, Instant, Option<Uuid>)]) -> Vec<ListFilter> {
    let none = ListFilter::default;
    vec![
        none(),
        ListFilter { program: Some("town/fair".to_owned()), ..none() },
        ListFilter { program: Some("town/none".to_owned()), ..none() },
        ListFilter { state: Some("review".to_owned()), ..none() },
        ListFilter { kind: Some(StateKind::WithApplicant), ..none() },
        ListFilter { assignee: Some(world.clerk), ..none() },
        ListFilter { fiscal_year: Some(2026), ..none() },
        ListFilter { business: Some(cases[2].0.business.id), ..none() },
        ListFilter { text: Some("二葉".to_owned()), ..none() },
        ListFilter { text: Some("town-8-01".to_owned()), ..none() },
        ListFilter { text: Some("ﾐﾖｼ".to_owned()), state: Some("review".to_owned()), ..none() },
        ListFilter { text: Some("' OR 1=1--%_".to_owned()), ..none() },
    ]
}

fn matches(filter: &ListFilter, case: &Case, assignee: Option<Uuid>) -> bool {
    let text = |text: &str| {
        let number = case.body.numbers.get("application").is_some_and(|number| number.starts_with(text));
        let normalized = vocabulary::normalized_for_search(text);
        let name = [&case.business.name, &case.business.name_kana]
            .iter()
            .any(|name| vocabulary::normalized_for_search(name).contains(&normalized));
        number || name
    };
    filter.program.as_ref().is_none_or(|program| *program == case.program)
        && filter.state.as_ref().is_none_or(|state| *state == case.state)
        && filter.kind.is_none_or(|kind| Some(kind) == case.body.standing.kind)
        && filter.assignee.is_none_or(|wanted| Some(wanted) == assignee)
        && filter.fiscal_year.is_none_or(|year| year == case.call.fiscal_year.0)
        && filter.business.is_none_or(|business| business == case.business.id)
        && filter.text.as_ref().is_none_or(|wanted| text(wanted))
}

fn expected(cases: &[(Case, Instant, Option<Uuid>)], filter: &ListFilter, order: ListOrder, drafts: bool) -> Vec<Uuid> {
    let far: Instant = "9999-01-01T00:00:00Z".parse().unwrap();
    let mut rows: Vec<(Instant, Uuid)> = cases
        .iter()
        .filter(|(case, _, assignee)| matches(filter, case, *assignee))
        .filter(|(case, _, _)| drafts || case.body.standing.received_at.is_some())
        .map(|(case, updated, _)| {
            let standing = &case.body.standing;
            let at = match order {
                ListOrder::Received => standing.received_at.unwrap_or(far),
                ListOrder::Deadline => standing.deadline_at.unwrap_or(far),
                ListOrder::Updated => *updated,
            };
            (at, case.id)
        })
        .collect();
    rows.sort();
    if order != ListOrder::Deadline {
        rows.reverse();
    }
    rows.into_iter().map(|(_, id)| id).collect()
}

async fn all_pages(world: &World, scope: Scope<'_>, filter: &ListFilter, order: ListOrder, first: u32) -> Vec<Uuid> {
    let mut found = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let query = ListQuery { scope, filter: filter.clone(), order, after, first };
        let page = world.store.read().list(&query).await.unwrap();
        assert!(page.rows.len() <= usize::try_from(first).unwrap());
        found.extend(page.rows.iter().map(|row| row.stored.case.id));
        after = page.rows.last().map(|row| row.cursor);
        if !page.has_next {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_in_every_order_is_paged_without_gap_or_repeat() {
    each_database(async |database| {
        let world = World::new(database).await;
        let cases = sixty(&world).await;
        let town = ["town".to_owned()];
        let both = ["town".to_owned(), "village".to_owned()];
        let mut businesses: Vec<Uuid> = cases.iter().map(|(case, _, _)| case.business.id).collect();
        businesses.sort();
        businesses.dedup();
        for filter in filters(&world, &cases) {
            for order in ORDERS {
                let of_office = expected(&cases, &filter, order, false);
                for (scope, first) in [(&town[..], 7), (&both[..], 20), (&town[..], 100)] {
                    let found = all_pages(&world, Scope::Municipalities(scope), &filter, order, first).await;
                    assert_eq!(found, of_office, "{filter:?} {order:?}");
                }
                let of_applicant = expected(&cases, &filter, order, true);
                let found = all_pages(&world, Scope::Businesses(&businesses), &filter, order, 9).await;
                assert_eq!(found, of_applicant, "{filter:?} {order:?}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_listed_outside_of_the_scope() {
    each_database(async |database| {
        let world = World::new(database).await;
        let cases = sixty(&world).await;
        let other = cases[0].0.business.id;
        for filter in filters(&world, &cases) {
            for scope in
                [Scope::Municipalities(&[]), Scope::Municipalities(&["village".to_owned()]), Scope::Businesses(&[])]
            {
                assert!(all_pages(&world, scope, &filter, ListOrder::Updated, 50).await.is_empty());
            }
            let stranger = [id()];
            let found = all_pages(&world, Scope::Businesses(&stranger), &filter, ListOrder::Updated, 50).await;
            assert!(found.is_empty());
            let own = [other];
            let query = ListQuery {
                scope: Scope::Businesses(&own),
                filter,
                order: ListOrder::Received,
                after: None,
                first: 100,
            };
            let page = world.store.read().list(&query).await.unwrap();
            assert!(page.rows.iter().all(|row| row.stored.case.business.id == other));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_those_of_roles_positions_businesses_and_attention() {
    each_database(async |database| {
        let world = World::new(database).await;
        let cases = sixty(&world).await;
        let mut urgent = world.case();
        urgent.body.standing.kind = Some(StateKind::WithApplicant);
        urgent.body.standing.received_at = Some(now());
        urgent.body.standing.waits_on = Some("applicant".to_owned());
        urgent.body.standing.deadline_at = Some(later(-1));
        urgent.body.attention = Some(Role::Clerk);
        let new = &urgent;
        write!(world.store, tx => tx.create_case(new, now()).await).unwrap();
        let tasks = async |person: &Person| {
            let mut found = Vec::new();
            let mut after = None;
            loop {
                let page = world.store.read().tasks(person, after, 6).await.unwrap();
                after = page.rows.last().map(|row| row.cursor);
                found.extend(page.rows.into_iter().map(|row| row.stored.case));
                if !page.has_next {
                    return found;
                }
            }
        };
        let waits =
            |on: &str| cases.iter().filter(|(case, _, _)| case.body.standing.waits_on.as_deref() == Some(on)).count();
        let town = |role| vec![("town".to_owned(), role)];
        let clerk = tasks(&Person { roles: town(Role::Clerk), ..Person::default() }).await;
        assert_eq!(clerk.len(), waits("clerk") + 1);
        assert_eq!(clerk[0].id, urgent.id);
        let chief = vec![("town".to_owned(), "chief".to_owned())];
        let chief = Person { positions: chief, roles: town(Role::Clerk), ..Person::default() };
        assert_eq!(tasks(&chief).await.len(), waits("clerk") + waits("position:chief") + 1);
        let applicant = Person { memberships: vec![world.business.id], ..Person::default() };
        assert_eq!(tasks(&applicant).await, [urgent.clone()]);
        // Who is both is asked once.
        let both = Person { memberships: vec![world.business.id], roles: town(Role::Clerk), ..Person::default() };
        assert_eq!(tasks(&both).await.len(), waits("clerk") + 1);
        assert_eq!(tasks(&Person { roles: vec![("village".to_owned(), Role::Clerk)], ..Person::default() }).await, []);
        assert_eq!(tasks(&Person::default()).await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_japanese_names_are_found_in_any_spelling() {
    each_database(async |database| {
        let world = World::new(database).await;
        let named = &business("株式会社 山川ﾃﾞｻﾞｲﾝ工房100%", "ヤマカワデザインコウボウ", Some("4011001098993"));
        write!(world.store, tx => tx.create_business(named, now()).await).unwrap();
        let find = async |text: &str| world.store.read().find_businesses(text, 10).await.unwrap();
        for text in [
            "山川",
            "川デザ",
            "デザイン工房",
            "でざいん",
            "ﾃﾞｻﾞｲﾝ",
            "ﾔﾏｶﾜ",
            "１００％",
            "401100109899",
            "工",
            "会社山川",
            "%",
        ] {
            assert_eq!(find(text).await, [named.id], "{text}");
        }
        for text in ["川山", "デザート", "株式会社川", "_", "", "  ", "山川みずほ", "100%ヤマ", "50110010989931"]
        {
            assert_eq!(find(text).await, [] as [Uuid; 0], "{text}");
        }
        assert_eq!(find("ずほ製").await, [world.business.id]);
        let mut renamed = named.clone();
        renamed.name = "海野商店".to_owned();
        let renamed = &renamed;
        write!(world.store, tx => tx.update_business(renamed).await).unwrap();
        assert_eq!(find("海野").await, [named.id]);
        assert_eq!(find("山川").await, [] as [Uuid; 0]);
    })
    .await;
}

/// A text that very many businesses match is looked for on the way along the list; what is found is the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_common_text_finds_all_too() {
    each_database(async |database| {
        let world = World::new(database).await;
        let mut expected = Vec::new();
        for n in 0..260 {
            let business = business(&format!("株式会社{n}商店"), "ショウテン", None);
            let mut case = world.case();
            case.business = business.clone();
            case.body.standing.received_at = Some(later(n));
            let (case, business) = (&case, &business);
            write!(world.store, tx => {
                tx.create_business(business, now()).await?;
                tx.create_case(case, now()).await
            })
            .unwrap();
            expected.insert(0, case.id);
        }
        world.draft().await;
        let filter = ListFilter { text: Some("株式会社".to_owned()), ..ListFilter::default() };
        let town = ["town".to_owned()];
        let found = all_pages(&world, Scope::Municipalities(&town), &filter, ListOrder::Received, 30).await;
        assert_eq!(found, expected);
    })
    .await;
}
