//! `demo`: the data is made, what a person needs is printed, and it ends.

use std::fs;
use std::process::Stdio;

use acceptance::binary::{Server, command, run};
use serde_json::Value;
use testkit::each_database;

#[tokio::test]
async fn the_demonstration_is_made_and_can_be_served() {
    each_database(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display().to_string();
        let demo = || run(&["demo", "--no-serve", "--json", "--database", &database.url, "--data", &data]);
        let said = demo();
        assert_eq!(said.code, 0, "{said:?}");
        let made: Value = serde_json::from_str(&said.out).unwrap();
        let accounts = made["accounts"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        assert!(accounts.len() > 20, "{made}");
        assert!(
            accounts.iter().all(|account| text(&account["email"]).contains('@') && !text(&account["token"]).is_empty())
        );
        assert!(!made["applications"].as_array().unwrap().is_empty());
        let bank_file = text(&made["bankFile"]);
        assert_eq!(run(&["payments", "check", &bank_file]).code, 0);
        assert!(fs::metadata(&bank_file).unwrap().len() >= 4 * 120);

        // Made once: a second time says the same.
        let again: Value = serde_json::from_str(&demo().out).unwrap();
        assert_eq!(again["accounts"], made["accounts"]);

        // Its history is whole, and its tokens open the API.
        let file = folder.path().join("audit.jsonl").display().to_string();
        assert_eq!(run(&["audit", "export", &file, "--database", &database.url, "--data", &data]).code, 0);
        let said = run(&["audit", "verify", &file]);
        assert_eq!(said.code, 0, "{said:?}");
        let server = Server::start(&database.url, folder.path());
        let clerk =
            accounts.iter().find(|account| text(&account["email"]) == "clerk@hino.example").or(accounts.first());
        let token = text(&clerk.unwrap()["token"]);
        let body = serde_json::json!({ "query": "{ viewer { email } tasks(first: 5) { edges { cursor } } }" });
        let request = reqwest::Client::new().post(format!("http://{}/graphql", server.address));
        let answer: Value = request.bearer_auth(token).json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["data"]["viewer"]["email"], clerk.unwrap()["email"], "{answer}");
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_demonstration_is_made_anew() {
    each_database(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display().to_string();
        let arguments = ["demo", "--no-serve", "--json", "--database", &database.url, "--data", &data];
        let mut child = command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let settings = store::Settings { url: database.url.clone(), max_connections: 2 };
        // Killed as soon as there are cases.
        let left = loop {
            assert!(child.try_wait().unwrap().is_none(), "it was too fast");
            let Ok(store) = store::Store::connect(&settings).await else { continue };
            let begun = matches!(store.demonstration().await, Ok(Some(store::Demonstration::Begun)));
            if begun && store.read().heads_after(None, 1).await.is_ok_and(|heads| !heads.is_empty()) {
                break store;
            }
            store.close().await.unwrap();
        };
        child.kill().unwrap();
        child.wait().unwrap();
        left.close().await.unwrap();
        let said = run(&arguments);
        assert_eq!(said.code, 0, "{said:?}");
        let made: Value = serde_json::from_str(&said.out).unwrap();
        assert!(!made["applications"].as_array().unwrap().is_empty());
        let store = store::Store::connect(&settings).await.unwrap();
        assert_eq!(store.demonstration().await.unwrap(), Some(store::Demonstration::Finished));
        // What is finished is not made anew, from wherever it is asked for.
        let other = tempfile::tempdir().unwrap().path().display().to_string();
        let said = run(&["demo", "--no-serve", "--json", "--database", &database.url, "--data", &other]);
        assert_eq!(said.code, 1, "{said:?}");
        store.close().await.unwrap();
    })
    .await;
}

#[test]
fn a_database_in_use_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let other = tempfile::tempdir().unwrap().path().display().to_string();
    let database = format!("sqlite://{data}/used.db?mode=rwc");
    assert_eq!(run(&["migrate", "--database", &database, "--data", &data]).code, 0);
    let said = run(&["program", "publish", "--database", &database, "--data", &data]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = run(&["demo", "--no-serve", "--json", "--database", &database, "--data", &other]);
    assert_eq!(said.code, 1, "{said:?}");
}

#[test]
fn whoever_practices_has_a_day_of_their_own_that_never_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let other = tempfile::tempdir().unwrap().path().display().to_string();
    let database = format!("sqlite://{data}/practice.db?mode=rwc");
    let practice = |day: &str, data: &str| run(&["practice", day, "--database", &database, "--data", data]);
    assert_eq!(run(&["migrate", "--database", &database, "--data", &data]).code, 0);
    for (day, data, code, says) in [
        ("2026-06-01", &data, 0, "it is 2026-06-01 here now"),
        ("2026-06-01", &data, 2, "days do not come back"),
        ("2026-05-31", &data, 2, "days do not come back"),
        ("2026-06-02", &data, 0, "it is 2026-06-02 here now"),
        ("tomorrow", &data, 2, "invalid value"),
    ] {
        let said = practice(day, data);
        assert!(said.code == code && format!("{}{}", said.out, said.err).contains(says), "{day}: {said:?}");
    }
    let publish = ["program", "publish", "--database", &database, "--data", &data];
    assert_eq!(run(&publish).code, 0);
    // A database with programs, from a folder that does not practice.
    let said = practice("2026-07-01", &other);
    assert!(said.code == 1 && said.err.contains("in use"), "{said:?}");
}
