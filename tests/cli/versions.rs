//! A version published, gone on to by running cases, and closed, from the command line, on both databases.

use std::fs;

use acceptance::binary::{Said, run, set_clock};
use serde_json::{Value, json};
use testkit::office::{SALES_CHANNEL, schema_folder, staff_email};
use testkit::{TestOffice, each_database};

use crate::files::copy;

fn outcomes(said: &Said) -> Vec<(Value, Value)> {
    let shown: Vec<Value> = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    shown.iter().map(|item| (item["number"].clone(), item["outcome"].clone())).collect()
}

#[tokio::test]
async fn running_cases_go_on_to_a_version_and_it_is_closed() {
    each_database(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display().to_string();
        let office = TestOffice::of(database, &["hino"]).await;
        let lives = [office.under_review().await, office.under_review().await];
        let (officer, clerk) = (staff_email("hino", "program_officer"), staff_email("hino", "clerk"));
        let viewer = office.staff("hino", "program_officer");
        let versions = async || {
            let [one, two] = lives.each_ref().map(|life| office.look(viewer, life.application));
            [one.await.program_version, two.await.program_version]
        };
        let numbers = async |index: usize| {
            office.look(viewer, lives[index].application).await.case.body.numbers["application"].clone()
        };
        let (one, two) = (numbers(0).await, numbers(1).await);
        set_clock(folder.path(), office.service.now());
        let hojokin = |arguments: &[&str]| -> Said {
            let place = ["--database", &database.url, "--data", &data];
            run(&arguments.iter().copied().chain(place).collect::<Vec<_>>())
        };

        // One field more.
        let schema = folder.path().join("schema");
        copy(&schema_folder(), &schema);
        let path = schema.join("programs").join(SALES_CHANNEL).with_extension("yaml");
        let text = fs::read_to_string(&path).unwrap();
        let more = text.replace("\nform:\n", "\nform:\n  booth: { type: text, label: { ja: 小間番号, en: Booth } }\n");
        assert_ne!(more, text);
        fs::write(&path, more).unwrap();
        let said = hojokin(&["program", "publish", &path.display().to_string(), "--as", &officer]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("is published as version 2: a minor change"), "{said:?}");

        // Looking moves nothing, whoever is named.
        let migrate = |to: &str, arguments: &[&str]| -> Said {
            let all = ["program", "migrate", SALES_CHANNEL, "--to", to, "--json"].into_iter();
            hojokin(&all.chain(arguments.iter().copied()).collect::<Vec<_>>())
        };
        let possible = |number: &String| (json!(number), json!("possible"));
        let said = migrate("2", &["--dry-run"]);
        let mut found = outcomes(&said);
        found.sort_by_key(|(number, _)| number.to_string());
        assert_eq!((said.code, found), (0, vec![possible(&one), possible(&two)]), "{said:?}");
        for arguments in [&["--dry-run", "--only", &one][..], &["--only", &one, "--dry-run", "--as", &officer]] {
            let said = migrate("2", arguments);
            assert_eq!((said.code, outcomes(&said)), (0, vec![possible(&one)]), "{said:?}");
        }
        assert_eq!(outcomes(&migrate("2", &["--dry-run", "--all-possible", "--as", &officer])).len(), 2);
        assert_eq!(versions().await, [1, 1]);

        for (arguments, code) in [
            (&[][..], 2),
            (&["--as", &officer], 2),
            (&["--only", &one], 2),
            (&["--all-possible"], 2),
            (&["--only", &one, "--all-possible", "--as", &officer], 2),
            (&["--only", &one, "--as", &clerk], 1),
            (&["--all-possible", "--as", &clerk], 1),
            (&["--only", "no-such-number", "--as", &officer], 1),
            (&["--only", "no-such-number", "--dry-run"], 1),
        ] {
            let said = migrate("2", arguments);
            assert_eq!(said.code, code, "{arguments:?}: {said:?}");
        }
        assert_eq!(migrate("9", &["--dry-run"]).code, 1);
        assert_eq!(versions().await, [1, 1]);

        // The one that is named, once; then all the others.
        for outcome in ["moved", "already"] {
            let said = migrate("2", &["--only", &one, "--as", &officer]);
            assert_eq!((said.code, outcomes(&said)), (0, vec![(json!(one), json!(outcome))]), "{said:?}");
            assert_eq!(versions().await, [2, 1]);
        }
        let said = migrate("1", &["--only", &one, "--as", &officer]);
        assert_eq!((said.code, said.out.contains("migrate.older")), (1, true), "{said:?}");
        let said = migrate("2", &["--all-possible", "--as", &officer]);
        assert_eq!((said.code, outcomes(&said)), (0, vec![(json!(two), json!("moved"))]), "{said:?}");
        assert_eq!(versions().await, [2, 2]);

        // Closed by program officers only, and once.
        let close = |who: &str| hojokin(&["program", "close", SALES_CHANNEL, "--as", who, "--json"]);
        assert_eq!(close(&clerk).code, 1);
        for _ in 0..2 {
            let said = close(&officer);
            assert_eq!(said.code, 0, "{said:?}");
            let closed: Value = serde_json::from_str(&said.out).unwrap();
            assert_eq!((&closed["version"], &closed["closed"]), (&json!(2), &json!(true)));
        }
        let found = office.service.program_versions(None, SALES_CHANNEL).await.unwrap();
        let closed: Vec<_> = found.iter().map(|version| (version.version, version.closed)).collect();
        assert_eq!(closed, [(2, true), (1, false)]);
    })
    .await;
}
