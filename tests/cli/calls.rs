//! Calls from the command line: judges, a ranking, and what came of it, on both databases.

use std::fs;

use acceptance::binary::{Said, run, set_clock};
use serde_json::{Map, Value, json};
use testkit::office::staff_email;
use testkit::{TestOffice, each_database};

const OPEN_CALL: &str = "sumida/field-test";

fn machine(said: &Said) -> Value {
    assert_eq!(said.code, 0, "{said:?}");
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

#[tokio::test]
async fn judges_are_appointed_and_a_call_is_ranked_and_reported() {
    each_database(async |database| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display().to_string();
        let office = TestOffice::of(database, &["sumida"]).await;
        let mut lives = [office.life(OPEN_CALL, 0).await, office.life(OPEN_CALL, 0).await];
        for _ in ["submit", "open_panel"] {
            for life in &mut lives {
                office.step(life).await;
            }
        }
        set_clock(folder.path(), office.service.now());
        let (officer, clerk) = (staff_email("sumida", "program_officer"), staff_email("sumida", "clerk"));
        let hojokin = |arguments: &[&str]| -> Said {
            let place = ["--database", &database.url, "--data", &data];
            run(&arguments.iter().copied().chain(place).collect::<Vec<_>>())
        };
        let calls = |who: &str, command: &str, arguments: &[&str]| -> Said {
            let named = ["calls", command, OPEN_CALL, "--year", "2026", "--as", who, "--json"].into_iter();
            hojokin(&named.chain(arguments.iter().copied()).collect::<Vec<_>>())
        };

        let emails = ["one@judges.example", "two@judges.example", "three@judges.example"];
        for email in emails {
            office.account(email, email).await;
            let from = ["--from", "2026-07-01", "--until", "2026-08-31"];
            let arguments: Vec<&str> = [email].into_iter().chain(from).collect();
            assert_eq!(calls(&clerk, "appoint", &arguments).code, 1);
            assert_eq!(machine(&calls(&officer, "appoint", &arguments))["judge"]["email"], email);
        }
        let invited = machine(&calls(&officer, "appoint", &["new@judges.example", "--from", "2026-07-01"]));
        assert_eq!(invited, json!({ "judge": null, "invited": true }));
        assert!(machine(&calls(&officer, "dismiss", &[emails[2]]))["dismissedAt"].is_string());
        assert_eq!(calls(&officer, "dismiss", &[emails[2]]).code, 1, "no judge any more");
        let number = async |life: &testkit::Life| {
            let viewer = office.staff("sumida", "program_officer");
            office.look(viewer, life.application).await.case.body.numbers["application"].clone()
        };
        let numbers = [number(&lives[0]).await, number(&lives[1]).await];
        let recused = calls(&officer, "recuse", &[emails[1], &numbers[0], "--reason", "取引先"]);
        assert_eq!(machine(&recused)["recusals"][0]["number"], json!(numbers[0]));
        assert_eq!(machine(&calls(&officer, "judges", &[])).as_array().unwrap().len(), 3);
        assert_eq!(calls(&officer, "rank", &["--window", "none"]).code, 1);
        assert_eq!(calls(&officer, "rank", &["--dry-run"]).code, 1, "nothing is scored yet");

        // One more for the case of which a judge keeps away.
        let call = office.look(&lives[0].party.owner, lives[0].application).await.case.call.id;
        let points = |novelty: u32| -> Map<String, Value> {
            serde_json::from_value(json!({ "novelty": novelty, "need": 7, "feasibility": 6 })).unwrap()
        };
        let fourth = office.judge("sumida", call, "panelist:four").await;
        let first = office.viewer(emails[0]).await;
        for (life, novelty) in lives.iter().zip([8, 9]) {
            for judge in [&first, &fourth] {
                office.act(judge, life.application, "score", points(novelty)).await.unwrap();
            }
            let viewer = office.staff("sumida", "program_officer");
            office.act(viewer, life.application, "close_panel", Map::new()).await.unwrap();
        }
        let order = |ranking: &Value| -> Vec<Value> {
            ranking["ranked"].as_array().unwrap().iter().map(|one| one["number"].clone()).collect()
        };
        let preview = machine(&calls(&officer, "rank", &["--dry-run"]));
        assert_eq!((&preview["recorded"], &preview["seed"]), (&json!(false), &Value::Null));
        assert_eq!(order(&preview), [json!(numbers[1]), json!(numbers[0])]);
        assert!(office.store.read().rankings(call).await.unwrap().is_empty());
        assert_eq!(calls(&clerk, "rank", &[]).code, 1);
        let ranking = machine(&calls(&officer, "rank", &[]));
        assert_eq!((order(&ranking), &ranking["recorded"]), (order(&preview), &json!(true)));
        assert_eq!(office.store.read().rankings(call).await.unwrap().len(), 1);
        let said = hojokin(&["calls", "rank", OPEN_CALL, "--year", "2026", "--as", &officer, "--dry-run", "--locale", "en"]);
        assert!(said.out.contains("Mean of the panel's totals: 73") && said.out.contains("A preview"), "{said:?}");

        // The table: on the screen, for machines, and as a file that a spreadsheet takes.
        let said = hojokin(&["calls", "export", "--municipality", "sumida", "--year", "2026"]);
        assert!(said.out.starts_with("制度,名称,年度,"), "{said:?}");
        let lines: Vec<&str> = said.out.lines().filter(|line| line.starts_with(OPEN_CALL)).collect();
        assert_eq!(
            lines,
            ["sumida/field-test,プロトタイプ実証実験支援事業,2026,year,2026-04-01,2026-06-30,3,件数（決定時）,3,0,2,2,0,0,0"]
        );
        let listed = machine(&hojokin(&["calls", "export", "--municipality", "sumida", "--json"]));
        let years = listed.as_array().unwrap().iter().filter(|call| call["program"] == OPEN_CALL);
        assert_eq!(years.map(|call| &call["fiscalYear"]).collect::<Vec<_>>(), [&json!(2027), &json!(2026)]);
        let path = folder.path().join("calls.csv");
        assert_eq!(hojokin(&["calls", "export", &path.display().to_string()]).code, 0);
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(&[0xef, 0xbb, 0xbf]) && bytes.ends_with(b"\n"));
    })
    .await;
}
