//! Mail by the adapter of production, to a server that fails in every way there is: nothing is lost, nothing is silent,
//! and what had to be sent twice is recognizably the same.

use std::sync::Arc;

use chrono::TimeDelta;
use server::adapters::SmtpMail;
use service::Worker;
use testkit::{Fault, Mail, SmtpSink, TestOffice, each_database};

struct Post {
    sink: SmtpSink,
    worker: Worker,
}

impl Post {
    async fn of(office: &TestOffice) -> Self {
        let sink = SmtpSink::start().await;
        let transport = SmtpMail::new(&format!("smtp://{}", sink.address())).unwrap();
        Self { worker: Worker::new(office.service.clone(), Arc::new(transport)), sink }
    }

    async fn work_off(&self) {
        while self.worker.tick().await.unwrap() > 0 {}
    }

    fn mails(&self) -> Vec<Mail> {
        self.sink.mails()
    }
}

fn header<'a>(mail: &'a Mail, name: &str) -> &'a str {
    let text = std::str::from_utf8(&mail.bytes).unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {text}")).trim()
}

/// A case was received by the office: one mail to its applicant waits.
async fn one_waits(office: &TestOffice) -> testkit::Life {
    let mut life = office.submitted().await;
    office.work_off().await;
    office.step(&mut life).await;
    let depth = office.service.outbox().await.unwrap().0;
    assert_eq!((depth.waiting, depth.dead), (1, 0));
    life
}

#[tokio::test]
async fn what_fails_for_now_is_sent_later_once() {
    for fault in [Fault::RefuseConnection, Fault::Temporary450, Fault::CutAfterData] {
        each_database(async |database| {
            let office = TestOffice::of(database, &["hino"]).await;
            let post = Post::of(&office).await;
            let life = one_waits(&office).await;
            post.sink.set_fault(fault);
            post.work_off().await;
            assert_eq!(post.mails(), [], "{fault:?}");
            // Not at once again: the server is given time.
            post.sink.set_fault(Fault::None);
            post.work_off().await;
            assert_eq!(post.mails(), [], "{fault:?}");
            office.clock.advance(TimeDelta::minutes(5));
            post.work_off().await;
            let mails = post.mails();
            assert_eq!(mails.len(), 1, "{fault:?}");
            assert_eq!(mails[0].recipients, std::slice::from_ref(&life.party.owner.email));
            assert_eq!(mails[0].from, "no-reply@hojokin.example.jp");
            let depth = office.service.outbox().await.unwrap().0;
            assert_eq!((depth.waiting, depth.dead), (0, 0), "{fault:?}");
            // And never again.
            office.clock.advance(TimeDelta::days(1));
            post.work_off().await;
            assert_eq!(post.mails().len(), 1, "{fault:?}");
            let shown = office.service.messages_of(&life.party.owner, &[life.application]).await.unwrap();
            assert!(shown[&life.application].iter().all(|mail| mail.sent_at.is_some() && !mail.dead));
        })
        .await;
    }
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_is_sent_again_byte_for_byte() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let post = Post::of(&office).await;
        one_waits(&office).await;
        post.sink.set_fault(Fault::StoreThenCut);
        post.work_off().await;
        assert_eq!(post.mails().len(), 1);
        post.sink.set_fault(Fault::None);
        office.clock.advance(TimeDelta::minutes(5));
        post.work_off().await;
        let mails = post.mails();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0].bytes, mails[1].bytes);
        assert!(header(&mails[0], "Message-ID:").ends_with("@hojokin.example.jp>"));
        assert_eq!(office.service.outbox().await.unwrap().0.waiting, 0);
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_shown_and_can_be_sent_after_all() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let post = Post::of(&office).await;
        let life = one_waits(&office).await;
        post.sink.set_fault(Fault::Permanent550);
        post.work_off().await;
        let clerk = office.staff("hino", "clerk");
        let dead = office.service.dead_notices(clerk, 10).await.unwrap();
        assert_eq!(dead.len(), 1);
        assert!(dead[0].last_error.as_deref().is_some_and(|error| error.contains("550")), "{dead:?}");
        let shown = office.service.messages_of(clerk, &[life.application]).await.unwrap();
        let shown = shown[&life.application].iter().filter(|mail| mail.dead).count();
        assert_eq!(shown, 1);
        // Time alone does not bring it back; a person does.
        post.sink.set_fault(Fault::None);
        office.clock.advance(TimeDelta::days(10));
        post.work_off().await;
        assert_eq!(post.mails(), []);
        assert_eq!(office.service.retry_notices(None).await.unwrap(), 1);
        post.work_off().await;
        assert_eq!(post.mails().len(), 1);
        assert!(office.service.dead_notices(clerk, 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_away_for_five_days_loses_nothing() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let post = Post::of(&office).await;
        let lives = office.cases_in("submitted", 3).await;
        office.work_off().await;
        for life in &lives {
            let clerk = office.staff("hino", "clerk");
            office.act(clerk, life.application, "receive", serde_json::Map::new()).await.unwrap();
        }
        post.sink.set_fault(Fault::RefuseConnection);
        for _ in 0..5 * 24 {
            office.clock.advance(TimeDelta::hours(1));
            post.work_off().await;
        }
        let depth = office.service.outbox().await.unwrap().0;
        assert_eq!((depth.waiting, depth.dead), (3, 0));
        post.sink.set_fault(Fault::None);
        // The longest wait between two tries.
        office.clock.advance(TimeDelta::hours(7));
        post.work_off().await;
        let mut recipients: Vec<String> = post.mails().into_iter().flat_map(|mail| mail.recipients).collect();
        recipients.sort();
        let mut expected: Vec<String> = lives.iter().map(|life| life.party.owner.email.clone()).collect();
        expected.sort();
        assert_eq!(recipients, expected);
        let depth = office.service.outbox().await.unwrap().0;
        assert_eq!((depth.waiting, depth.dead), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_worker_had_taken_is_taken_over() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let post = Post::of(&office).await;
        one_waits(&office).await;
        let now = office.service.now();
        let claim = store::OutboxClaim {
            worker: uuid::Uuid::from_u128(77),
            kinds: &[store::Message::MAIL],
            now,
            until: now + TimeDelta::seconds(120),
            limit: 50,
        };
        let claimed = office.store.write(|tx| {
            let claim = &claim;
            Box::pin(async move { tx.claim_messages(claim).await })
        });
        assert_eq!(claimed.await.unwrap().len(), 1);
        post.work_off().await;
        assert_eq!(post.mails(), [], "the lease of the dead one still runs");
        office.clock.advance(TimeDelta::seconds(121));
        post.work_off().await;
        assert_eq!(post.mails().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn two_workers_send_each_mail_once() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let post = Post::of(&office).await;
        let lives = office.cases_in("submitted", 5).await;
        office.work_off().await;
        for life in &lives {
            let clerk = office.staff("hino", "clerk");
            office.act(clerk, life.application, "receive", serde_json::Map::new()).await.unwrap();
        }
        let address = post.sink.address();
        let others: Vec<Worker> = (0..3)
            .map(|_| {
                let transport = SmtpMail::new(&format!("smtp://{address}")).unwrap();
                Worker::new(office.service.clone(), Arc::new(transport))
            })
            .collect();
        let run = async |worker: &Worker| while worker.tick().await.unwrap() > 0 {};
        tokio::join!(run(&post.worker), run(&others[0]), run(&others[1]), run(&others[2]));
        assert_eq!(post.mails().len(), 5);
        let ids: std::collections::BTreeSet<String> =
            post.mails().iter().map(|mail| header(mail, "Message-ID:").to_owned()).collect();
        assert_eq!(ids.len(), 5);
    })
    .await;
}
