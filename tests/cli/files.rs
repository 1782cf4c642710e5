//! Definitions as files: checked, tried, drawn, with findings that say where.

use std::fs;
use std::path::Path;

use acceptance::binary::run;
use serde_json::Value;
use testkit::office::schema_folder;

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_shipped_catalogue_has_no_findings_and_passes_its_scenarios() {
    let folder = schema_folder().canonicalize().unwrap();
    for paths in [vec![], vec![folder.join("programs").display().to_string()]] {
        let check: Vec<&str> = ["program", "check"].into_iter().chain(paths.iter().map(String::as_str)).collect();
        let said = run(&check);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("0 errors, 0 warnings"), "{said:?}");
        let json: Vec<&str> = check.iter().copied().chain(["--json"]).collect();
        assert_eq!(serde_json::from_str::<Value>(&run(&json).out).unwrap(), Value::Array(Vec::new()));
        let test: Vec<&str> = ["program", "test"].into_iter().chain(paths.iter().map(String::as_str)).collect();
        let said = run(&test);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.trim_end().ends_with(" 0 failed; 0 actions that none tries"), "{said:?}");
    }
}

#[test]
fn a_wrong_program_is_refused_with_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    copy(&schema_folder(), folder.path());
    let path = folder.path().join("programs/hino/sales-channel.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let wrong = text.replace("when: completes_on >= held_to\n", "when: completes_onn >= held_to\n");
    assert_ne!(wrong, text);
    let line = wrong.lines().position(|line| line.contains("completes_onn")).unwrap() + 1;
    fs::write(&path, &wrong).unwrap();
    let said = run(&["program", "check", &path.display().to_string()]);
    assert_eq!(said.code, 1, "{said:?}");
    let place = format!("sales-channel.yaml:{line}:");
    let found = said.out.lines().find(|text| text.contains(&place)).unwrap_or_else(|| panic!("{said:?}"));
    assert!(found.contains("completes_onn"), "{found}");
    assert!(found.contains("completes_on"), "{found}");
    let column = found.split(&place).nth(1).unwrap().split(':').next().unwrap();
    assert!(column.parse::<usize>().is_ok_and(|column| column > 1), "{found}");

    // For machines the same.
    let said = run(&["program", "check", &path.display().to_string(), "--json"]);
    assert_eq!(said.code, 1);
    let first = serde_json::Deserializer::from_str(&said.out).into_iter::<Value>().next().unwrap().unwrap();
    assert!(first.as_array().unwrap().iter().any(|finding| finding.to_string().contains("completes_onn")), "{first}");

    // A scenario that does not come out.
    fs::write(&path, text).unwrap();
    let scenarios = folder.path().join("programs/hino/sales-channel.scenarios.yaml");
    let text = fs::read_to_string(&scenarios).unwrap();
    fs::write(&scenarios, text.replacen("request: 167_000", "request: 168_000", 1)).unwrap();
    let said = run(&["program", "test", &path.display().to_string()]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.out.contains("expected 168000, found 167000") || said.out.contains("expected 168,000, found 167,000"),
        "{said:?}"
    );

    // What is no YAML, no UTF-8, and what is not there.
    for (bytes, code) in [(&b"program: [\n"[..], 1), (b"program: \xff\xfe\n", 1)] {
        fs::write(&path, bytes).unwrap();
        let said = run(&["program", "check", &path.display().to_string()]);
        assert_eq!(said.code, code, "{said:?}");
    }
}

#[test]
fn a_program_is_drawn_and_explained() {
    let path = schema_folder().join("programs/hino/sales-channel.yaml").canonicalize().unwrap().display().to_string();
    let said = run(&["program", "diagram", &path, "--locale", "en"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("stateDiagram") && said.out.contains("under_review"), "{said:?}");
    let said = run(&["program", "explain", &path]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("販路開拓支援事業補助金"), "{said:?}");
    let said = run(&["schema", "graphql"]);
    assert!(said.code == 0 && said.out.contains("type Query"), "{said:?}");
}
