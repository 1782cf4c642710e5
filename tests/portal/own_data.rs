//! Taking one's own data along: everything of it, and nothing of others.

use std::collections::BTreeMap;

use acceptance::site::Served;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::Value;
use testkit::office::PASSWORD;
use testkit::{TestOffice, each_database};

use crate::browser::Browser;

const HERE: &str = "/account/security/data";

/// What a ZIP archive says that is in it, by its list at the end, with the bytes as they are.
fn entries(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let number = |at: usize, bytes: usize| {
        archive[at..at + bytes].iter().rev().fold(0_usize, |number, byte| (number << 8) | usize::from(*byte))
    };
    let end = archive.len() - 22;
    assert_eq!(&archive[end..end + 4], b"PK\x05\x06");
    let mut at = number(end + 16, 4);
    let mut found = BTreeMap::new();
    for _ in 0..number(end + 10, 2) {
        assert_eq!(&archive[at..at + 4], b"PK\x01\x02");
        let (size, name, local) = (number(at + 24, 4), number(at + 28, 2), number(at + 42, 4));
        let name = String::from_utf8(archive[at + 46..at + 46 + name].to_vec()).unwrap();
        assert_eq!(&archive[local..local + 4], b"PK\x03\x04");
        let begins = local + 30 + number(local + 26, 2);
        found.insert(name.clone(), archive[begins..begins + size].to_vec());
        at += 46 + name.len();
    }
    assert_eq!(at, end, "nothing else is in the list");
    found
}

#[tokio::test]
async fn everything_of_ones_own_and_nothing_of_others() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let served = Served::start(&office).await;
        let life = office.ordered().await;
        let other = office.submitted().await;
        while office.worker.tick().await.unwrap() > 0 {}
        let email = life.party.owner.email.clone();
        let browser = Browser::signed_in(&served, &office, &email).await;
        let form = browser.get("/account/security").await.form(HERE);
        let archive = browser.bytes(&form).await;
        // Asked who they are, they press the button once more.
        office.clock.advance(TimeDelta::minutes(11));
        let asked = browser.submit(&form).await;
        asked.says("Please show who you are");
        let resumed = browser.submit(&asked.form("/sign-in/again").set("password", PASSWORD)).await;
        resumed.says("Go on where you were");
        assert!(browser.bytes(&resumed.form(HERE)).await.starts_with(b"PK"));
        let found = entries(&archive);
        let document: Value = serde_json::from_slice(&found["data.json"]).unwrap();
        assert_eq!(
            (&document["format"], &document["account"]["email"]),
            (&"hojokin/own-data".into(), &email.as_str().into())
        );
        let case = office.look(&life.party.owner, life.application).await.case;
        let application = &document["applications"][0];
        assert_eq!(application["numbers"]["application"], case.body.numbers["application"]);
        let submitted = application["submissions"].as_array().unwrap();
        assert!(submitted.len() > 1 && submitted.iter().all(|form| form["by_you"] == true), "{submitted:#?}");
        assert!(!application["history"].as_array().unwrap().is_empty());
        assert!(!application["mails"].as_array().unwrap().is_empty());
        // Each file is there, and is what it says.
        let files = document["files"].as_array().unwrap();
        let letters = application["letters"].as_array().unwrap();
        assert!(!files.is_empty() && !letters.is_empty());
        for file in files {
            let bytes = &found[file["path"].as_str().unwrap()];
            assert_eq!(vocabulary::digest(bytes), file["sha256"].as_str().unwrap());
        }
        for letter in letters {
            assert_eq!(
                vocabulary::digest(&found[letter["file"].as_str().unwrap()]),
                letter["sha256"].as_str().unwrap()
            );
        }
        assert_eq!(found.len(), 1 + files.len() + letters.len());
        // Of other businesses, and of people at the office, there is nothing.
        let text = String::from_utf8(found["data.json"].clone()).unwrap();
        for foreign in [&other.party.name, &other.party.owner.email, &other.application.to_string()] {
            assert!(!text.contains(foreign.as_str()), "{foreign}");
        }
        for (who, staff) in office.all_staff("hino") {
            assert!(!text.contains(&staff.email), "{who}");
        }
        assert!(!text.contains("password"), "{text}");
        browser.get("/account/security").await.says("Saved their own data");

        // What somebody sees at the office is not theirs; nor do others take it by an old sign-in.
        let clerk = Browser::signed_in(&served, &office, &office.staff("hino", "clerk").email).await;
        let form = clerk.get("/account/security").await.form(HERE);
        let text = String::from_utf8(entries(&clerk.bytes(&form).await)["data.json"].clone()).unwrap();
        let own: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((own["applications"].as_array().unwrap().len(), own["files"].as_array().unwrap().len()), (0, 0));
        assert!(!text.contains(&life.party.name));
        office.clock.advance(TimeDelta::minutes(11));
        let asked = clerk.submit(&form).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN);
        asked.says("Please show who you are");
        assert_eq!(Browser::new(&served).get(HERE).await.status, StatusCode::NOT_FOUND, "a form only");
    })
    .await;
}
