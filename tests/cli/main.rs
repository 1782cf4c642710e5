//! The command line as people and scripts use it: the real binary, its words, its exit codes.

mod authors;
mod calls;
mod demonstration;
mod files;
mod guide;
mod keys;
mod money;
mod versions;

use acceptance::binary::{command, run};

/// The command and all below it, by what `--help` lists.
fn helps(path: &[&str]) -> String {
    let arguments: Vec<&str> = path.iter().copied().chain(["--help"]).collect();
    let said = run(&arguments);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{path:?}");
    let mut text = format!("$ hojokin {}\n{}\n", arguments.join(" "), said.out);
    let listed = said.out.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let below = listed.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    for name in below.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        let deeper: Vec<&str> = path.iter().copied().chain([name]).collect();
        text.push_str(&helps(&deeper));
    }
    text
}

#[test]
fn the_help_is_as_it_was() {
    insta::assert_snapshot!("help", helps(&[]));
}

#[test]
fn misuse_is_told_from_refusal() {
    for arguments in [
        &["no-such-command"][..],
        &[],
        &["act"],
        &["act", "hino-2026-00001", "receive"],
        &["program", "check", "no/such/folder"],
        &["payments", "check", "no-such-file"],
        &["audit", "verify", "no-such-file"],
        &["serve", "--listen", "nowhere"],
        &["migrate", "--database", "mysql://x"],
        &["program", "simulate", "no/such/folder"],
    ] {
        let said = run(arguments);
        assert_eq!(said.code, 2, "{arguments:?}: {said:?}");
        assert!(!said.err.is_empty() && !said.err.contains("panicked"), "{said:?}");
    }
    let said = run(&["--version"]);
    assert_eq!(said.code, 0);
    assert!(said.out.starts_with("hojokin "), "{said:?}");
}

/// `hojokin … | head`: whoever reads has gone before anything is said.
#[test]
fn a_reader_that_leaves_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    assert_eq!(run(&["migrate", "--data", &data]).code, 0);
    for arguments in [
        &["schema", "program"][..],
        &["program", "check"],
        &["program", "check", "--json"],
        &["program", "check", "no/such/folder", "--json"],
        &["audit", "export", "--data", &data],
        &["migrate", "--data", &data],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(arguments).stdout(writer).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked") && !said.contains("fault"), "{arguments:?}: {said}");
        let expected = if arguments.contains(&"no/such/folder") { 2 } else { 141 };
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn a_fault_is_told_from_both() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    // Nobody listens there.
    let said = run(&["migrate", "--database", "postgres://nobody@127.0.0.1:1/nothing", "--data", &data]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.starts_with("fault: "), "{said:?}");
    // A database that was never made.
    let said = run(&["act", "x", "y", "--as", "a@example.jp", "--data", &data]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("hojokin migrate"), "{said:?}");
}
