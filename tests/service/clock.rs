//! Days end at midnight in Japan, by the server's clock, and a clock that goes wrong loses and doubles nothing.

use casework::scenario::moment;
use chrono::TimeDelta;
use serde_json::json;
use testkit::office::SALES_CHANNEL;
use testkit::{Life, TestOffice, each_database};
use vocabulary::{Instant, end_of_day, start_of_day};

use crate::help::{codes, events, none, values};

fn day(text: &str) -> chrono::NaiveDate {
    vocabulary::parse_day(text).unwrap()
}

fn just_before(instant: Instant) -> Instant {
    instant - TimeDelta::microseconds(1)
}

/// A complete draft, and what hands it in on a late day of the call.
async fn ready(office: &TestOffice) -> (Life, casework::Act) {
    let life = office.life(SALES_CHANNEL, 0).await;
    let step = life.scenario.steps[0].clone();
    let mut act = office.prepare(&life, &life.party.owner, &step).await.unwrap();
    for (field, value) in [
        ("starts_on", "2027-03-01"),
        ("held_from", "2027-03-10"),
        ("held_to", "2027-03-11"),
        ("completes_on", "2027-03-20"),
    ] {
        act.values.insert(field.to_owned(), json!(value));
    }
    (life, act)
}

#[tokio::test]
async fn a_call_is_open_from_its_first_instant_to_its_last() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let (last, opens) = (end_of_day(day("2027-02-26")), start_of_day(day("2026-04-01")));
        let (early, act) = ready(&office).await;
        office.clock.set(just_before(opens));
        let refused = office.service.act(&early.party.owner, early.application, act.clone(), "early").await;
        assert_eq!(codes(refused), ["call.not_open_yet"]);
        office.clock.set(opens);
        office.service.act(&early.party.owner, early.application, act, "opens").await.unwrap();

        let (in_time, act) = ready(&office).await;
        let (late, late_act) = ready(&office).await;
        office.clock.set(just_before(last));
        let done = office.service.act(&in_time.party.owner, in_time.application, act, "in-time").await.unwrap();
        assert_eq!(done.event.event.at, just_before(last));
        office.clock.set(last);
        let refused = office.service.act(&late.party.owner, late.application, late_act, "late").await;
        assert_eq!(codes(refused), ["call.closed"]);
        // No new draft either: the next call has not been announced for that year.
        let started =
            office.service.start_application(&late.party.owner, SALES_CHANNEL, late.party.business, "new").await;
        assert_eq!(started.unwrap().case.call.opens, day("2027-04-01"));
    })
    .await;
}

#[tokio::test]
async fn a_deadline_passes_at_midnight_in_japan() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.under_review().await;
        let (clerk, reviewer) = (office.staff("hino", "clerk"), office.staff("hino", "reviewer"));
        office.advance_to(moment(day("2026-05-13"))).await;
        let request = casework::Act {
            action: "request_correction".to_owned(),
            expected_version: office.look(reviewer, life.application).await.case.version,
            values: values(json!({ "message": "確認してください" })),
            marks: vec![casework::FieldMark { field: "venue".to_owned(), remark: "都市名".to_owned() }],
            comment: None,
            procedure: None,
        };
        let asked = office.service.act(reviewer, life.application, request, "correct").await.unwrap();
        let deadline = asked.application.case.body.deadline.unwrap();
        assert_eq!((deadline.day, deadline.due), (day("2026-05-27"), end_of_day(day("2026-05-27"))));

        let dismiss = || values(json!({ "reason": "補正がありません" }));
        office.advance_to(just_before(deadline.due)).await;
        let early = office.act(clerk, life.application, "dismiss_uncorrected", dismiss()).await;
        assert_eq!(codes(early), ["deadline.running"]);
        office.mail.take();
        office.advance_to(deadline.due).await;
        let sent = office.mail.take();
        assert_eq!(sent.iter().filter(|mail| mail.subject.contains("補正の期限が過ぎました")).count(), 1, "{sent:?}");
        // It rings once.
        office.advance_to(deadline.due + TimeDelta::hours(1)).await;
        assert!(office.mail.take().is_empty());
        office.act(clerk, life.application, "dismiss_uncorrected", dismiss()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_jumps_keeps_the_order_of_events_and_doubles_nothing() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let mut life = office.under_review().await;
        let before = events(&office, life.application).await.last().unwrap().at;
        // Two hours back: the next event stands at the time of the one before.
        office.clock.advance(TimeDelta::hours(-2));
        let drafted = office.act(office.staff("hino", "reviewer"), life.application, "grant", none()).await.unwrap();
        assert_eq!(drafted.event.event.at, before);
        office.clock.advance(TimeDelta::hours(2));
        let chief = office.staff("hino", "position:section_chief");
        office.act(chief, life.application, "sign", none()).await.unwrap();
        let manager = office.staff("hino", "position:manager");
        office.act(manager, life.application, "sign", none()).await.unwrap();
        life.taken += 3;

        // A month ahead and back again: what rang does not ring a second time.
        office.work_off().await;
        office.mail.take();
        let now = office.service.now();
        let due = office.look(&life.party.owner, life.application).await.case.body.deadline.unwrap().due;
        office.clock.set(due - TimeDelta::days(2));
        office.work_off().await;
        let rung = office.mail.take().len();
        assert!(rung >= 1);
        office.clock.set(now);
        office.work_off().await;
        office.clock.set(due - TimeDelta::days(2));
        office.work_off().await;
        assert_eq!(office.mail.take(), []);
        let events = events(&office, life.application).await;
        assert!(events.is_sorted_by_key(|event| event.at));
        let case = office.look(&life.party.owner, life.application).await.case;
        assert_eq!(casework::history::verify(life.application, &events, &[case.head]), []);
    })
    .await;
}
