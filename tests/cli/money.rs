//! Cases moved, bank files written and checked, the history exported and verified, on both databases.

use std::fs;

use acceptance::binary::{Said, run, set_clock};
use serde_json::Value;
use testkit::office::staff_email;
use testkit::{TestOffice, each_database};

#[tokio::test]
async fn a_case_is_moved_from_the_command_line() {
    each_database(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display().to_string();
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.submitted().await;
        let number = office.look(&life.party.owner, life.application).await.case.body.numbers["application"].clone();
        set_clock(folder.path(), office.service.now());
        let clerk = staff_email("hino", "clerk");
        let act = |arguments: &[&str]| -> Said {
            let all = ["act", &number].into_iter().chain(arguments.iter().copied());
            run(&all.chain(["--database", &database.url, "--data", &data, "--json"]).collect::<Vec<_>>())
        };
        let said = act(&["receive", "--as", &clerk, "--expected-version", "1", "--idempotency-key", "cli-1"]);
        assert_eq!(said.code, 0, "{said:?}");
        let first: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!((&first["state"], &first["version"]), (&"under_review".into(), &2.into()));
        // Sent twice, done once.
        let said = act(&["receive", "--as", &clerk, "--expected-version", "1", "--idempotency-key", "cli-1"]);
        assert_eq!(
            (said.code, serde_json::from_str::<Value>(&said.out).unwrap()["event"].clone()),
            (0, first["event"].clone())
        );

        let said = act(&["receive", "--as", &clerk, "--expected-version", "1"]);
        assert_eq!(said.code, 1, "{said:?}");
        assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap()["error"]["details"]["code"], "stale_version");
        let said = act(&["grant", "--as", &clerk]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("action.forbidden"), "{said:?}");
        for (arguments, code) in [
            (&["grant", "--as", "nobody@example.jp"][..], 1),
            (&["grant", "--as", "no address"], 2),
            (&["request_correction", "--as", &clerk, "--values", "["], 2),
            (&["request_correction", "--as", &clerk, "--values", "[]"], 2),
            (&["request_correction", "--as", &clerk, "--mark", "venue"], 2),
        ] {
            let said = act(arguments);
            assert_eq!(said.code, code, "{arguments:?}: {said:?}");
        }
        let said = act(&[
            "request_correction",
            "--as",
            &clerk,
            "--values",
            "{\"message\": \"確認してください\"}",
            "--mark",
            "venue=都市名も",
        ]);
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(office.look(&life.party.owner, life.application).await.case.state, "correcting");

        // A draft is the applicant's own, also here.
        let draft = office.life(testkit::office::SALES_CHANNEL, 0).await;
        let id = draft.application.to_string();
        let said = run(&["act", &id, "receive", "--as", &clerk, "--database", &database.url, "--data", &data]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("there is no application"), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn a_bank_file_is_checked_and_every_damage_is_found() {
    each_database(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let office = TestOffice::of(database, &["hino"]).await;
        office.ordered().await;
        let batch = office.draft_batch("hino", None).await.unwrap();
        let maker = office.staff("hino", "finance_maker");
        let checker = office.staff("hino", "finance_checker");
        office.service.approve_payment_batch(checker, batch, None, "approve").await.unwrap();
        let (_, file) = office.service.export_payment_batch(maker, batch, "export").await.unwrap();
        let path = folder.path().join("furikomi.txt");
        let shown = path.display().to_string();
        let check = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            run(&["payments", "check", &shown])
        };
        let said = check(&file.bytes);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("1 payments") && said.out.contains("0 errors"), "{said:?}");
        let said = run(&["payments", "check", &shown, "--json"]);
        assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap()["count"], 1);

        let bytes = &file.bytes;
        let record = 120 + usize::from(bytes.get(120) == Some(&b'\r')) * 2;
        let changed = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            bytes
        };
        let damages: [(&str, Vec<u8>); 8] = [
            ("cut in the middle", bytes[..bytes.len() / 2].to_vec()),
            ("without its last record", bytes[..bytes.len() - record].to_vec()),
            ("the first record twice", [&bytes[..record], bytes].concat()),
            ("another amount", changed(record + 89, if bytes[record + 89] == b'9' { b'8' } else { b'9' })),
            ("a letter in the amount", changed(record + 85, b'A')),
            ("a byte that is no kana", changed(record + 52, 0xff)),
            ("another kind of record", changed(record, b'7')),
            ("nothing", Vec::new()),
        ];
        for (damage, bytes) in damages {
            let said = check(&bytes);
            assert_eq!(said.code, 1, "{damage}: {said:?}");
            assert!(said.out.contains("Error"), "{damage}: {said:?}");
        }

        // Written again by the command line: the same bytes, and a warning.
        let data = folder.path().display().to_string();
        set_clock(folder.path(), office.service.now());
        let again = folder.path().join("again.txt").display().to_string();
        let said = run(&[
            "payments",
            "export",
            &again,
            "--batch",
            &batch.to_string(),
            "--as",
            &maker.email,
            "--database",
            &database.url,
            "--data",
            &data,
        ]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("AGAIN"), "{said:?}");
        assert_eq!(fs::read(&again).unwrap(), file.bytes);
    })
    .await;
}

#[tokio::test]
async fn the_history_is_exported_and_verified() {
    each_database(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display().to_string();
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.granted().await;
        let (file, seals) = (folder.path().join("audit.jsonl"), folder.path().join("seals.json"));
        let (shown, sealed) = (file.display().to_string(), seals.display().to_string());
        let said = run(&["audit", "export", &shown, "--seals", &sealed, "--database", &database.url, "--data", &data]);
        assert_eq!(said.code, 0, "{said:?}");
        let said = run(&["audit", "verify", &shown, "--seals", &sealed]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("whole"), "{said:?}");

        let whole = fs::read_to_string(&file).unwrap();
        let forged = whole.replacen("\"grant\"", "\"abandon\"", 1);
        assert_ne!(forged, whole);
        fs::write(&file, forged).unwrap();
        let said = run(&["audit", "verify", &shown]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.out.contains(&life.application.to_string()) && said.out.contains("event 3"), "{said:?}");
        fs::write(&file, "not json\n").unwrap();
        assert_eq!(run(&["audit", "verify", &shown]).code, 1);
        // To standard output it is the same export.
        let said = run(&["audit", "export", "--database", &database.url, "--data", &data]);
        assert_eq!((said.code, said.out), (0, whole));
    })
    .await;
}

#[tokio::test]
async fn the_doctor_says_what_is_ill() {
    each_database(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display().to_string();
        let doctor = || run(&["doctor", "--database", &database.url, "--data", &data, "--json"]);
        let said = doctor();
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.out.contains("hojokin migrate"), "{said:?}");
        let said = run(&["migrate", "--database", &database.url, "--data", &data]);
        assert_eq!(said.code, 0, "{said:?}");
        let said = doctor();
        assert_eq!(said.code, 0, "{said:?}");
        let findings: Value = serde_json::from_str(&said.out).unwrap();
        assert!(findings.as_array().unwrap().iter().all(|finding| finding["ok"] == true), "{findings}");
        let said = run(&["doctor", "--database", &database.url, "--data", &data, "--smtp-url", "smtp://127.0.0.1:1"]);
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.out.contains("FAIL mail"), "{said:?}");
    })
    .await;
}
