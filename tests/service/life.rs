//! One grant from the first draft to the money in the bank, with everything that has to be there at each step.

use casework::FieldMark;
use casework::scenario::moment;
use serde_json::json;
use service::{Error, Viewer};
use testkit::office::{SALES_CHANNEL, staff_email};
use testkit::{Life, Sent, TestOffice, each_database};
use treasury::{BankMaster, LineOutcome, LineResult};

use crate::help::{assert_balanced, codes, events, none, values};

fn day(text: &str) -> chrono::NaiveDate {
    vocabulary::parse_day(text).unwrap()
}

/// Works off the outbox; whoever should have got mail has got it, and nobody else.
async fn mails(office: &TestOffice, expected: &[(&str, &str)]) -> Vec<Sent> {
    office.work_off().await;
    let mut sent = office.mail.take();
    sent.sort_by(|a, b| a.to.cmp(&b.to));
    let mut expected: Vec<_> = expected.to_vec();
    expected.sort_unstable();
    let found: Vec<&str> = sent.iter().map(|mail| mail.to.as_str()).collect();
    let wanted: Vec<&str> = expected.iter().map(|(to, _)| *to).collect();
    assert_eq!(found, wanted, "{sent:#?}");
    for (mail, (_, subject)) in sent.iter().zip(expected) {
        assert!(mail.subject.contains(subject), "{} is not about {subject}", mail.subject);
        for leftover in ["{{", "}}", "{%", "undefined", "none"] {
            assert!(!mail.text.contains(leftover) && !mail.subject.contains(leftover), "{mail:?}");
        }
        assert!(mail.message_id.starts_with('<') && mail.message_id.ends_with("@hojokin.example.jp>"), "{mail:?}");
    }
    sent
}

async fn act_at(
    office: &TestOffice,
    on: &str,
    viewer: &Viewer,
    life: &Life,
    action: &str,
    input: serde_json::Value,
) -> service::Result<service::Performed> {
    office.advance_to(moment(day(on))).await;
    office.act(viewer, life.application, action, values(input)).await
}

#[tokio::test]
async fn a_grant_goes_from_the_first_draft_to_the_money() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        let owner = life.party.owner.clone();
        let (clerk, reviewer) = (office.staff("hino", "clerk"), office.staff("hino", "reviewer"));
        let (maker, checker) = (office.staff("hino", "finance_maker"), office.staff("hino", "finance_checker"));
        let staff = |who: &str| staff_email("hino", who);

        // Handed in. Nobody of the office knew of the draft.
        assert!(office.service.application(clerk, life.application).await.unwrap().is_none());
        let submitted = office.step(&mut life).await;
        let number = submitted.case.body.numbers["application"].clone();
        let sent = mails(&office, &[(&owner.email, "交付申請書が届きました"), (&staff("clerk"), "新規申請")]).await;
        for mail in &sent {
            assert!(mail.subject.contains(&number) && mail.text.contains(&number), "{mail:?}");
            let link = format!("https://hojokin.example.jp/applications/{}", life.application);
            assert!(mail.text.contains(&link), "{mail:?}");
        }
        assert_eq!(office.look(clerk, life.application).await.case.version, 1);

        office.step(&mut life).await;
        mails(&office, &[(&owner.email, "申請を受け付けました")]).await;

        // Corrected: only what was marked may change.
        office.advance_to(moment(day("2026-05-13"))).await;
        let version = office.look(reviewer, life.application).await.case.version;
        let request = casework::Act {
            action: "request_correction".to_owned(),
            expected_version: version,
            values: values(json!({ "message": "会場の名前を正確に書いてください" })),
            marks: vec![FieldMark { field: "venue".to_owned(), remark: "都市名も".to_owned() }],
            comment: None,
            procedure: None,
        };
        office.service.act(reviewer, life.application, request, "correct").await.unwrap();
        let sent = mails(&office, &[(&owner.email, "補正のお願い")]).await;
        assert!(sent[0].text.contains("会場の名前を正確に書いてください") && sent[0].text.contains("都市名も"));
        let submit = life.scenario.steps[0].clone();
        let mut again = office.prepare(&life, &owner, &submit).await.unwrap();
        again.action = "resubmit".to_owned();
        again.values.insert("venue".to_owned(), json!("東京ビッグサイト東館"));
        let mut too_much = again.clone();
        too_much.values.insert("purpose".to_owned(), json!("別の目的"));
        let refused = office.service.act(&owner, life.application, too_much, "too-much").await;
        assert!(codes(refused).contains(&"field.locked".to_owned()));
        let resubmitted = office.service.act(&owner, life.application, again, "again").await.unwrap();
        assert_eq!(resubmitted.application.case.state, "under_review");
        assert_eq!(
            resubmitted.application.case.body.forms["application"].values["venue"],
            json!("東京ビッグサイト東館")
        );
        mails(&office, &[(&owner.email, "書類が届きました"), (&staff("reviewer"), "再提出")]).await;

        // Granted: drafted by one, signed by two others, in order.
        office.step(&mut life).await;
        mails(&office, &[]).await;
        let early = office.act(office.staff("hino", "position:manager"), life.application, "sign", none()).await;
        assert_eq!(codes(early), ["approval.not_your_turn"]);
        office.step(&mut life).await;
        assert_eq!(office.look(&owner, life.application).await.case.state, "under_review");
        office.step(&mut life).await;
        let sent = mails(&office, &[(&owner.email, "交付決定のお知らせ")]).await;
        assert!(sent[0].text.contains("167,000円"), "{}", sent[0].text);
        assert_letters(&office, &owner, &life, &["grant_decision"]).await;

        // Reported, after a reminder; the amount fixed, claimed, ordered.
        office.step(&mut life).await;
        let reminder = (owner.email.as_str(), "実績報告の期限が近づいています");
        mails(&office, &[reminder, (&owner.email, "書類が届きました"), (&staff("reviewer"), "実績報告")]).await;
        for _ in 0..3 {
            office.step(&mut life).await;
        }
        let sent = mails(&office, &[(&owner.email, "額の確定のお知らせ")]).await;
        assert!(sent[0].text.contains("165,000円"), "{}", sent[0].text);
        assert_letters(&office, &owner, &life, &["grant_decision", "finalization_notice"]).await;
        office.step(&mut life).await;
        mails(&office, &[(&owner.email, "書類が届きました"), (&staff("finance_maker"), "請求")]).await;
        for _ in 0..3 {
            office.step(&mut life).await;
        }
        mails(&office, &[(&staff("finance_checker"), "支出命令")]).await;
        assert_balanced(&office, &[&life]).await;

        // Paid: made by one, approved by another; the file is the same however often it is made.
        let batch = office.draft_batch("hino", None).await.unwrap();
        assert_eq!(codes(office.service.export_payment_batch(maker, batch, "too-early").await).len(), 1);
        let own = office.service.approve_payment_batch(maker, batch, None, "own").await;
        assert!(matches!(own, Err(Error::Forbidden(_))), "{own:?}");
        let seen = office.service.payment_batch(checker, batch).await.unwrap().summary.content_digest;
        let other = office.service.approve_payment_batch(checker, batch, Some("0000"), "other").await;
        assert_eq!(codes(other), ["batch.content_changed"]);
        office.service.approve_payment_batch(checker, batch, Some(&seen), "approve").await.unwrap();
        let (view, first) = office.service.export_payment_batch(maker, batch, "export").await.unwrap();
        assert!(!first.repeated);
        assert_eq!(view.file_sha256.as_deref(), Some(&*vocabulary::digest(&first.bytes)));
        let (_, second) = office.service.export_payment_batch(maker, batch, "export-again").await.unwrap();
        assert!(second.repeated);
        assert_eq!((first.bytes.len(), &first.bytes), (second.bytes.len(), &second.bytes));
        let place = office.service.municipality_named("hino").await.unwrap();
        let today = vocabulary::day_in_japan(office.service.now());
        let report = treasury::zengin::read(&first.bytes, BankMaster::embedded(), &place.calendar, today);
        assert!(report.is_acceptable(), "{:#?}", report.findings);
        assert_eq!((report.count, report.total.get()), (1, 165_000));

        let early = office.service.record_transfer_results(maker, batch, Vec::new(), "early").await;
        assert_eq!(codes(early).len(), 1);
        office.service.hand_over_payment_batch(maker, batch, "hand-over").await.unwrap();
        let cancelled = office.service.cancel_payment_batch(maker, batch, "間違い".to_owned(), "cancel").await;
        assert_eq!(codes(cancelled).len(), 1);
        office.advance_to(moment(view.batch.transfer_date)).await;
        let results = || vec![LineResult { line: view.batch.lines[0].id, outcome: LineOutcome::Transferred }];
        let done = office.service.record_transfer_results(maker, batch, results(), "results").await.unwrap();
        assert_eq!(done.batch.state, treasury::BatchState::Confirmed);
        let again = office.service.record_transfer_results(maker, batch, results(), "results").await.unwrap();
        assert_eq!(again.version, done.version);
        let sent = mails(&office, &[(&owner.email, "振込のお知らせ")]).await;
        assert!(sent[0].text.contains("165,000円"), "{}", sent[0].text);

        let paid = office.look(&owner, life.application).await;
        assert_eq!(paid.case.state, "paid");
        assert_eq!(paid.case.body.holdings.get(treasury::Account::Paid).get(), 165_000);
        assert_balanced(&office, &[&life]).await;
        assert_history_is_in_order(&office, &life).await;
        assert_eq!(office.service.outbox().await.unwrap().0.waiting, 0);
    })
    .await;
}

/// The letters that are there are rendered, and their digest is that of the page.
async fn assert_letters(office: &TestOffice, viewer: &Viewer, life: &Life, names: &[&str]) {
    let letters = office.service.letters_of(&[life.application]).await.unwrap().remove(&life.application).unwrap();
    let mut found: Vec<&str> = letters.iter().map(|letter| letter.name.as_str()).collect();
    let mut names = names.to_vec();
    found.sort_unstable();
    names.sort_unstable();
    assert_eq!(found, names);
    for letter in &letters {
        let html = letter.html.as_deref().expect("a rendered letter");
        assert_eq!(letter.sha256.as_deref(), Some(&*vocabulary::digest(html.as_bytes())));
        assert!(html.contains(&life.party.name), "{html}");
        assert!(letter.number.as_deref().is_some_and(|number| html.contains(number)), "{html}");
        let alone = office.service.letter(viewer, letter.id).await.unwrap();
        assert_eq!(alone.sha256, letter.sha256);
    }
}

/// Sequences without a gap, times that never go back, and one version an event.
async fn assert_history_is_in_order(office: &TestOffice, life: &Life) {
    let events = events(office, life.application).await;
    assert!(events.iter().zip(1..).all(|(event, sequence)| event.sequence == sequence));
    assert!(events.is_sorted_by_key(|event| event.at));
    let case = office.look(&life.party.owner, life.application).await.case;
    assert_eq!(case.version, i64::try_from(events.len()).unwrap());
    assert_eq!(casework::history::verify(life.application, &events, &[case.head]), []);
}

#[tokio::test]
async fn a_step_is_refused_by_whoever_did_the_other_half() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.under_review().await;
        let reviewer = office.staff("hino", "reviewer");
        let drafted = act_at(&office, "2026-05-20", reviewer, &life, "grant", json!({})).await.unwrap();
        assert!(drafted.application.case.body.pending.is_some());
        // The reviewer is now chief as well: the own draft stays closed to the reviewer.
        let held = service::PositionHeld {
            account: reviewer.person.id,
            municipality: "hino".to_owned(),
            position: "section_chief".to_owned(),
            from_day: day("2026-04-01"),
            until_day: None,
            acting: false,
        };
        office.service.put_position(held).await.unwrap();
        let both = office.viewer(&staff_email("hino", "reviewer")).await;
        assert!(both.person.holds("hino", "section_chief"));
        let own = office.act(&both, life.application, "sign", none()).await;
        assert_eq!(codes(own), ["approval.own_draft"]);
    })
    .await;
}
