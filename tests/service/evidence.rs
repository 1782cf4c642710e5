//! The history is evidence: whatever is done to an export is found, with the place where it was done.

use service::{AuditReport, Seal, verify_export};
use testkit::{TestOffice, each_database};
use uuid::Uuid;

async fn export(office: &TestOffice) -> Vec<String> {
    let mut bytes = Vec::new();
    office.service.audit_export(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

fn verify(lines: &[String], outside: &[Seal]) -> AuditReport {
    verify_export(lines.iter().cloned(), outside)
}

/// What a forger would do: the last line fits the others again.
fn closed_again(lines: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = lines.to_vec();
    let last = lines.pop().unwrap();
    let count = |kind: &str| lines.iter().filter(|line| line.starts_with(&format!("{{\"line\":\"{kind}\""))).count();
    let digest =
        lines.iter().fold(String::new(), |digest, line| vocabulary::digest(format!("{digest}{line}").as_bytes()));
    let mut end: serde_json::Value = serde_json::from_str(&last).unwrap();
    end["events"] = count("event").into();
    end["heads"] = count("head").into();
    end["digest"] = digest.into();
    lines.push(end.to_string());
    lines
}

fn is_event_of(line: &str, application: Uuid) -> bool {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    value["line"] == "event" && value["event"]["application"] == application.to_string()
}

fn mentions(report: &AuditReport, words: &[String]) -> bool {
    report.broken.iter().any(|text| words.iter().all(|word| text.contains(word.as_str())))
}

#[tokio::test]
async fn an_export_proves_itself_and_shows_where_it_was_changed() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let lives = office.cases_in("granted", 2).await;
        office.service.seal().await.unwrap();
        let outside = office.service.seals().await.unwrap();
        let lines = export(&office).await;
        let whole = verify(&lines, &[]);
        assert_eq!((whole.broken.clone(), whole.applications), (Vec::<String>::new(), 2), "{whole:?}");
        assert_eq!(whole.seals, outside.len() as u64);
        assert_eq!(verify(&lines, &outside), whole, "the same seals from outside change nothing");
        assert_eq!(whole.events, 10);

        let victim = lives[1].application;
        let places: Vec<usize> = (0..lines.len()).filter(|place| is_event_of(&lines[*place], victim)).collect();
        assert_eq!(places.len(), 5);

        // One changed byte, anywhere.
        for (place, sequence) in places.iter().zip(1..) {
            for at in (0..lines[*place].len()).step_by(13) {
                let mut bytes = lines[*place].clone().into_bytes();
                bytes[at] ^= 1;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                let mut forged = lines.clone();
                forged[*place] = changed;
                assert!(!verify(&forged, &[]).broken.is_empty(), "byte {at} of event {sequence}");
            }
            // A changed meaning is found in its place, also by whoever mends the end of the file.
            let mut value: serde_json::Value = serde_json::from_str(&lines[*place]).unwrap();
            value["event"]["actor"] = serde_json::json!(Uuid::from_u128(7));
            let mut forged = lines.clone();
            forged[*place] = value.to_string();
            let report = verify(&closed_again(&forged), &[]);
            assert!(mentions(&report, &[victim.to_string(), format!("event {sequence} ")]), "{report:?}");
        }

        // An event that is gone: the last one, and one from the middle.
        for (gone, word) in [(4, "event 4"), (2, "event 3")] {
            let mut forged = lines.clone();
            forged.remove(places[gone]);
            assert!(!verify(&forged, &[]).broken.is_empty());
            let report = verify(&closed_again(&forged), &[]);
            assert!(mentions(&report, &[victim.to_string(), word.to_owned()]), "{report:?}");
        }

        // A case that is gone, and then its head as well: the seal inside, or one kept outside, still knows it.
        let without = |lines: &[String], words: &[&str]| -> Vec<String> {
            let of_victim =
                |line: &String| line.contains(&victim.to_string()) && words.iter().any(|word| line.starts_with(word));
            closed_again(&lines.iter().filter(|line| !of_victim(line)).cloned().collect::<Vec<_>>())
        };
        let report = verify(&without(&lines, &["{\"line\":\"event\""]), &[]);
        assert!(mentions(&report, &[victim.to_string(), "all its events are missing".to_owned()]), "{report:?}");
        let no_trace = without(&lines, &["{\"line\":\"event\"", "{\"line\":\"head\""]);
        let report = verify(&no_trace, &[]);
        assert!(mentions(&report, &[victim.to_string(), "missing".to_owned()]), "{report:?}");
        let no_seal = without(&lines, &["{\"line\":\"event\"", "{\"line\":\"head\"", "{\"line\":\"seal\""]);
        assert!(verify(&no_seal, &[]).broken.is_empty(), "nothing inside can know it");
        let report = verify(&no_seal, &outside);
        assert!(mentions(&report, &[victim.to_string(), "missing".to_owned()]), "{report:?}");

        // A file that ends too soon.
        assert!(mentions(&verify(&lines[..lines.len() - 1], &[]), &["end is missing".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn a_chain_that_was_built_anew_differs_from_its_seal() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.under_review().await;
        office.service.seal().await.unwrap();
        // The documents outside are the seals.
        let mut keys: Vec<String> = office.files.keys().into_iter().filter(|key| key.starts_with("seal-")).collect();
        keys.sort();
        let read = |key: &String| serde_json::from_slice(&office.files.bytes(key).unwrap()).unwrap();
        let outside: Vec<Seal> = keys.iter().map(read).collect();
        assert_eq!(outside, office.service.seals().await.unwrap());

        let mut lines = export(&office).await;
        let mut previous = casework::history::ROOT.to_owned();
        for line in &mut lines {
            let Ok(service::AuditLine::Event { mut event }) = serde_json::from_str(line) else { continue };
            event.actor = Uuid::from_u128(7);
            event.previous.clone_from(&previous);
            event.hash = event.computed_hash();
            previous.clone_from(&event.hash);
            *line = serde_json::to_string(&service::AuditLine::Event { event }).unwrap();
        }
        // The forger holds the database too: its heads and seals fit the new chain.
        let is_kept =
            |line: &String| !line.starts_with("{\"line\":\"head\"") && !line.starts_with("{\"line\":\"seal\"");
        let forged = closed_again(&lines.into_iter().filter(is_kept).collect::<Vec<_>>());
        assert!(verify(&forged, &[]).broken.is_empty());
        let report = verify(&forged, &outside);
        assert!(mentions(&report, &[life.application.to_string(), "rebuilt".to_owned()]), "{report:?}");
    })
    .await;
}

#[tokio::test]
async fn seals_hold_what_has_moved_and_form_a_chain() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let lives = office.cases_in("submitted", 3).await;
        let all = office.service.seal().await.unwrap().unwrap();
        let sealed: Vec<Uuid> =
            office.service.seals().await.unwrap().iter().flat_map(|s| &s.heads).map(|h| h.application).collect();
        assert!(lives.iter().all(|life| sealed.contains(&life.application)));
        // Nothing has moved: an empty seal says so.
        let empty = office.service.seal().await.unwrap().unwrap();
        assert_eq!((empty.number, empty.heads.len()), (all.number + 1, 0));
        let document = serde_json::to_string(&all).unwrap();
        assert_eq!(empty.previous, Some(vocabulary::digest(document.as_bytes())));
        // One case moves: it alone is sealed.
        let clerk = office.staff("hino", "clerk");
        office.act(clerk, lives[1].application, "receive", serde_json::Map::new()).await.unwrap();
        let one = office.service.seal().await.unwrap().unwrap();
        assert_eq!(one.heads.iter().map(|head| head.application).collect::<Vec<_>>(), [lives[1].application]);

        let lines = export(&office).await;
        assert_eq!(verify(&lines, &[]).broken, Vec::<String>::new());
        let seals: Vec<usize> =
            (0..lines.len()).filter(|place| lines[*place].starts_with("{\"line\":\"seal\"")).collect();
        // A seal that is gone, and one that says something else, also when the file is mended.
        let mut gone = lines.clone();
        gone.remove(seals[seals.len() - 2]);
        let report = verify(&closed_again(&gone), &[]);
        assert!(mentions(&report, &[format!("seal {} is missing", empty.number)]), "{report:?}");
        let mut other = lines.clone();
        let mut value: serde_json::Value = serde_json::from_str(&lines[seals[seals.len() - 2]]).unwrap();
        value["seal"]["at"] = "2020-01-01T00:00:00Z".into();
        other[seals[seals.len() - 2]] = value.to_string();
        let report = verify(&closed_again(&other), &[]);
        assert!(mentions(&report, &[format!("seal {} does not follow", one.number)]), "{report:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_workers_seals_each_day() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        office.submitted().await;
        let before = office.service.seals().await.unwrap().len();
        let services = [office.another(7).await, office.another(8).await, office.another(9).await];
        for day in 1..=3 {
            office.clock.advance(chrono::TimeDelta::days(1));
            let mut workers = tokio::task::JoinSet::new();
            for service in services.clone() {
                let worker = service::Worker::new(service, office.mail.clone());
                workers.spawn(async move { while worker.tick().await.unwrap() > 0 {} });
            }
            workers.join_all().await;
            assert_eq!(office.service.seals().await.unwrap().len(), before + day, "once a day");
        }
        let numbers: Vec<i64> = office.service.seals().await.unwrap().iter().map(|seal| seal.number).collect();
        assert!(numbers.iter().zip(1..).all(|(number, expected)| *number == expected), "{numbers:?}");
        let kept = office.files.keys().into_iter().filter(|key| key.starts_with("seal-")).count();
        assert_eq!(kept, numbers.len(), "each is outside of the database");
    })
    .await;
}

#[tokio::test]
async fn another_process_sees_what_a_municipality_says_of_itself_now() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.submitted().await;
        let other = office.another(5).await;
        let viewer = &life.party.owner;
        let name =
            async || other.application(viewer, life.application).await.unwrap().unwrap().municipality.name.ja.clone();
        let mut place = (*other.municipality_named("hino").await.unwrap()).clone();
        assert_eq!(name().await, place.name.ja);
        place.name.ja = "新日野市".to_owned();
        office.service.import_municipality(&place).await.unwrap();
        assert_eq!(name().await, "新日野市");
        assert_eq!(other.municipality_named("hino").await.unwrap().name.ja, "新日野市");
    })
    .await;
}
