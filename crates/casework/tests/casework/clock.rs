//! Deadlines: when the clock rings, when it does not, and the days that practice asks for.

use casework::scenario::moment;
use casework::{Act, Actor, REMIND, clock_act};
use chrono::{TimeDelta, Weekday};
use program::definition::Role;
use serde_json::{Value, json};
use vocabulary::{FiscalYear, end_of_day, start_of_day, time_in_japan};

use crate::desk::{Desk, codes, day, mark};

const HINO: &str = "hino/sales-channel";

fn none() -> Value {
    json!({})
}

fn correcting() -> Desk {
    Desk::at(HINO, |desk| {
        desk.case.state == "correcting" && desk.case.body.deadline.as_ref().unwrap().remind.len() == 2
    })
}

fn rings(desk: &mut Desk, to: &str) -> Vec<(String, String)> {
    let rung = desk.advance(moment(day(to)));
    rung.into_iter().map(|(action, at)| (action, time_in_japan(at))).collect()
}

fn by_clock(desk: &Desk, action: &str) -> Vec<String> {
    let refused = desk.ask(&Actor::Clock, &desk.an_act(action, none()), None).err().unwrap_or_default();
    codes(&refused).into_iter().map(str::to_owned).collect()
}

#[test]
fn it_reminds_at_nine_and_rings_once_the_last_day_is_over() {
    let mut desk = correcting();
    assert_eq!(desk.case.body.deadline.as_ref().unwrap().day, day("2026-05-27"));
    let rung = rings(&mut desk, "2026-07-01");
    let rung: Vec<(&str, &str)> = rung.iter().map(|(action, at)| (action.as_str(), at.as_str())).collect();
    assert_eq!(
        rung,
        [(REMIND, "2026-05-20 09:00"), (REMIND, "2026-05-26 09:00"), ("remind_correction", "2026-05-28 00:00"),]
    );
    assert_eq!(desk.case.body.standing.next_clock_at, None);
    assert_eq!(clock_act(&desk.case, desk.now), None);
}

#[test]
fn a_microsecond_before_it_is_not_time_yet() {
    let mut desk = correcting();
    for (at, action) in [
        (start_of_day(day("2026-05-20")) + TimeDelta::hours(9), REMIND),
        (start_of_day(day("2026-05-26")) + TimeDelta::hours(9), REMIND),
        (end_of_day(day("2026-05-27")), "remind_correction"),
    ] {
        assert_eq!(desk.case.body.standing.next_clock_at, Some(at));
        desk.now = at - TimeDelta::microseconds(1);
        assert_eq!(clock_act(&desk.case, desk.now), None);
        assert_eq!(by_clock(&desk, REMIND), ["clock.nothing_due"]);
        assert_eq!(by_clock(&desk, "remind_correction"), ["clock.nothing_due"]);
        desk.now = at;
        assert_eq!(clock_act(&desk.case, at).map(|act| act.action).as_deref(), Some(action));
        let other = if action == REMIND { "remind_correction" } else { REMIND };
        assert_eq!(by_clock(&desk, other), ["clock.nothing_due"], "{other}");
        desk.act("clock", action, none()).unwrap();
        // Asked again, it does nothing.
        assert_eq!(by_clock(&desk, REMIND), ["clock.nothing_due"]);
        assert_eq!(by_clock(&desk, "remind_correction"), ["clock.nothing_due"]);
    }
}

#[test]
fn after_a_long_sleep_one_message_is_enough() {
    let mut desk = correcting();
    desk.now = start_of_day(day("2026-05-26")) + TimeDelta::hours(12);
    desk.act("clock", REMIND, none()).unwrap();
    assert_eq!(desk.case.body.standing.next_clock_at, Some(end_of_day(day("2026-05-27"))));

    let mut desk = correcting();
    desk.now = moment(day("2026-06-10"));
    assert_eq!(clock_act(&desk.case, desk.now).unwrap().action, "remind_correction");
    desk.act("clock", "remind_correction", none()).unwrap();
    assert_eq!(clock_act(&desk.case, desk.now), None);
    assert_eq!(desk.case.body.attention, Some(Role::Clerk));
}

#[test]
fn nothing_rings_while_a_decision_is_being_signed() {
    let mut desk = Desk::in_state(HINO, "granted").on("2026-09-01");
    let due = desk.case.body.deadline.clone().unwrap();
    desk.act("clerk", "abandon", json!({ "reason": "x" })).unwrap();
    assert_eq!(desk.case.body.standing.next_clock_at, None);
    assert_eq!(desk.case.body.standing.deadline_at, Some(due.due));
    desk.now = due.due + TimeDelta::days(3);
    assert_eq!(clock_act(&desk.case, desk.now), None);
    assert_eq!(by_clock(&desk, REMIND), ["approval.pending"]);
    assert_eq!(by_clock(&desk, "remind_report"), ["approval.pending"]);
    // Afterwards it rings for what passed meanwhile.
    desk.act("clerk", "take_back", none()).unwrap();
    assert_eq!(clock_act(&desk.case, desk.now).unwrap().action, "remind_report");
}

#[test]
fn a_deadline_that_rang_does_not_ring_again_when_the_state_comes_back() {
    let mut desk = Desk::in_state(HINO, "finalized");
    assert_eq!(rings(&mut desk, "2027-01-05").last().unwrap().0, "remind_claim");
    desk.hand_in("claim", none()).unwrap();
    desk.act("finance_maker", "return_claim", json!({ "message": "x" })).unwrap();
    assert_eq!(desk.case.state, "finalized");
    assert_eq!(rings(&mut desk, "2027-03-01"), []);
    // A deadline of another day does ring.
    let mut desk = correcting();
    assert_eq!(rings(&mut desk, "2026-06-05").last().unwrap().0, "remind_correction");
    desk.hand_in("resubmit", none()).unwrap();
    let again = Act { marks: vec![mark("venue")], ..desk.an_act("request_correction", json!({ "message": "x" })) };
    desk.take(&desk.actor("reviewer"), &again, None).unwrap();
    let rung = rings(&mut desk, "2026-07-30");
    assert_eq!(rung.last().unwrap(), &("remind_correction".to_owned(), "2026-06-20 00:00".to_owned()));
}

#[test]
fn other_steps_in_the_same_state_leave_the_clock_alone() {
    let mut desk = Desk::in_state(HINO, "granted").on("2026-10-01");
    desk.advance(start_of_day(day("2026-10-02")));
    let before = desk.case.body.deadline.clone().unwrap();
    desk.hand_in("request_change", none()).unwrap();
    assert_eq!(desk.case.body.deadline.as_ref(), Some(&before));
    assert_eq!(desk.case.body.standing.next_clock_at, before.next());
}

#[test]
fn completed_on_10_march_is_due_on_sunday_31_march() {
    let mut desk = Desk::in_state(HINO, "draft").on("2023-11-01");
    desk.case.call.fiscal_year = FiscalYear(2023);
    desk.case.call.opens = day("2023-04-01");
    desk.case.call.closes = None;
    let plan = json!({
        "starts_on": "2023-12-01", "held_from": "2024-03-08", "held_to": "2024-03-10", "completes_on": "2024-03-10",
    });
    let report_due = |desk: &mut Desk| {
        desk.act("clerk", "receive", none()).unwrap();
        desk.act("reviewer", "grant", none()).unwrap();
        desk.sign_all();
        desk.case.body.deadline.as_ref().unwrap().day
    };
    let mut late = desk.clone();
    late.hand_in("submit", plan).unwrap();
    let due = report_due(&mut late);
    assert_eq!(due, day("2024-03-31"));
    assert_eq!(chrono::Datelike::weekday(&due), Weekday::Sun);

    // 初日不算入: thirty days after 20 February of a leap year.
    let early = json!({
        "starts_on": "2023-12-01", "held_from": "2024-02-18", "held_to": "2024-02-20", "completes_on": "2024-02-20",
    });
    desk.hand_in("submit", early).unwrap();
    assert_eq!(report_due(&mut desk), day("2024-03-21"));
}

#[test]
fn ordered_a_day_before_the_notice_is_ineligible() {
    let mut desk = Desk::drafted(HINO, "grant").on("2026-06-03");
    desk.act("position:section_chief", "sign", none()).unwrap();
    desk.now = moment(day("2026-06-05"));
    desk.act("position:manager", "sign", none()).unwrap();
    assert_eq!(desk.case.body.dates["decision.notice_date"], day("2026-06-05"));
    desk.now = moment(day("2026-10-05"));
    let row = |ordered: &str| {
        json!({ "costs": [{
            "category": "booth_fee", "what": "x", "supplier": "y", "net": 240_000, "tax": 0,
            "ordered_on": ordered, "delivered_on": "2026-09-18", "paid_on": "2026-09-25",
        }] })
    };
    let refused = desk.clone().hand_in("report", row("2026-06-04")).unwrap_err();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code, "rule.failed");
    assert_eq!(refused[0].path.as_deref(), Some("costs[0].ordered_on"));
    assert!(desk.hand_in("report", row("2026-06-05")).is_ok());
}

#[test]
fn a_way_that_is_open_until_a_day_is_open_all_that_day() {
    let mut desk = Desk::in_state(HINO, "granted");
    let notice = desk.case.body.dates["decision.notice_date"];
    let end = end_of_day(notice + TimeDelta::days(15));
    desk.now = end - TimeDelta::microseconds(1);
    assert!(desk.barred(&desk.actor("applicant"), "withdraw_after_decision").is_empty());
    desk.now = end;
    assert_eq!(desk.barred(&desk.actor("applicant"), "withdraw_after_decision"), ["deadline.passed"]);
}

#[test]
fn dismissal_for_want_of_correction_waits_for_the_whole_last_day() {
    let mut desk = correcting();
    desk.now = end_of_day(day("2026-05-27")) - TimeDelta::microseconds(1);
    assert_eq!(desk.barred(&desk.actor("clerk"), "dismiss_uncorrected"), ["deadline.running"]);
    desk.now = end_of_day(day("2026-05-27"));
    assert!(desk.barred(&desk.actor("clerk"), "dismiss_uncorrected").is_empty());
}

#[test]
fn an_approved_change_of_the_plan_moves_the_report() {
    let mut desk = Desk::in_state(HINO, "granted").on("2026-07-01");
    assert_eq!(desk.case.body.deadline.as_ref().unwrap().day, day("2026-10-30"));
    desk.hand_in("request_change", json!({ "completes_on": "2026-12-10" })).unwrap();
    assert_eq!(desk.case.body.deadline.as_ref().unwrap().day, day("2026-10-30"), "only requested");
    let mut refused = desk.clone();
    refused.act("reviewer", "refuse_change", json!({ "reason": "x" })).unwrap();
    refused.sign_all();
    assert_eq!(refused.case.body.deadline.as_ref().unwrap().day, day("2026-10-30"), "refused");

    desk.act("reviewer", "approve_change", none()).unwrap();
    desk.sign_all();
    let deadline = desk.case.body.deadline.clone().unwrap();
    assert_eq!(deadline.day, day("2027-01-09"));
    let reminders: Vec<String> = deadline.remind.iter().map(|at| time_in_japan(*at)).collect();
    assert_eq!(reminders, ["2026-12-10 09:00", "2027-01-02 09:00"]);
    // A later request that only asks changes nothing of what was approved.
    desk.hand_in("request_change", json!({ "completes_on": "2027-02-01" })).unwrap();
    assert_eq!(desk.case.body.deadline.as_ref().unwrap().day, day("2027-01-09"));
}

#[test]
fn a_change_without_a_new_date_keeps_the_old_one() {
    let mut desk = Desk::in_state(HINO, "granted").on("2026-07-01");
    desk.hand_in("request_change", none()).unwrap();
    desk.act("reviewer", "approve_change", none()).unwrap();
    desk.sign_all();
    assert_eq!(desk.case.body.deadline.as_ref().unwrap().day, day("2026-10-30"));
}

#[test]
fn a_task_stays_until_the_case_moves_on() {
    let desk = Desk::in_state(HINO, "transfer_failed");
    assert_eq!(desk.case.body.attention, Some(Role::FinanceMaker), "the step into a state brings its task with it");
    let mut desk = Desk::in_state(HINO, "granted").on("2026-07-01");
    assert_eq!(desk.case.body.attention, None);
    desk.hand_in("request_change", none()).unwrap();
    assert_eq!(desk.case.body.attention, Some(Role::Reviewer), "a procedure beside the case waits on the office");
    let mut withdrawn = desk.clone();
    withdrawn.act("applicant", "withdraw_change", none()).unwrap();
    assert_eq!(withdrawn.case.body.attention, None, "nothing is left to do");
    desk.act("reviewer", "approve_change", none()).unwrap();
    assert_eq!(desk.case.body.attention, Some(Role::Reviewer));
    desk.sign_all();
    assert_eq!(desk.case.body.attention, None);
}

#[test]
fn a_procedure_does_not_hide_the_task_of_the_clock() {
    let mut desk = Desk::in_state(HINO, "granted");
    desk.advance(moment(day("2026-11-05")));
    assert_eq!(desk.case.body.attention, Some(Role::Clerk));
    desk.hand_in("request_change", none()).unwrap();
    desk.act("applicant", "withdraw_change", none()).unwrap();
    assert_eq!(desk.case.body.attention, Some(Role::Clerk));
    desk.hand_in("report", json!({})).unwrap();
    assert_eq!(desk.case.body.attention, None);
}
