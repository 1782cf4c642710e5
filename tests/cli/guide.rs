//! The guide to a first program: its commands are run as they stand, and say what it shows.

use std::fs;
use std::process::Command;

use acceptance::binary::{Said, command, path};

const PAGES: [&str; 2] =
    [include_str!("../../docs/guide/first-program.ja.md"), include_str!("../../docs/guide/first-program.en.md")];

/// What stands between ``` and ```, with the word behind the first.
fn blocks(page: &'static str) -> Vec<(&'static str, &'static str)> {
    let parts: Vec<&str> = page.split("```").collect();
    let inside = parts.iter().skip(1).step_by(2);
    inside.map(|block| block.split_once('\n').expect("a word behind the quotes")).collect()
}

#[test]
fn both_languages_show_the_same_commands() {
    let [ja, en] = PAGES.map(blocks);
    assert_eq!(ja, en);
    assert!(ja.iter().filter(|(kind, _)| *kind == "sh").count() > 10);
}

#[test]
fn every_command_of_the_guide_does_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let mut script = "exec 2>&1\n".to_owned();
    let mut shown: Vec<Vec<&str>> = Vec::new();
    for (kind, text) in blocks(PAGES[0]) {
        match kind {
            "sh" => {
                script.push_str(&format!("echo '{MARK}'\n{text}\n"));
                shown.push(Vec::new());
            }
            "text" => shown.last_mut().expect("a command before").extend(text.lines()),
            _ => {}
        }
    }
    let said = run_script(folder.path(), &data, &script);
    let parts: Vec<&str> = said.out.split(MARK).skip(1).collect();
    for (number, (lines, out)) in shown.iter().zip(&parts).enumerate() {
        let mut left = out.lines();
        for line in lines {
            assert!(left.any(|found| is_like(found, line)), "block {number} does not say `{line}`:\n{out}");
        }
    }
    assert_eq!((said.code, parts.len()), (0, shown.len()), "{}", said.out);
}

/// Before what each block says.
const MARK: &str = "@@@@@@@@";

fn run_script(folder: &std::path::Path, data: &std::path::Path, script: &str) -> Said {
    let own = path().canonicalize().unwrap();
    let inherited = std::env::var("PATH").unwrap_or_default();
    let places = format!("{}:{inherited}", own.parent().unwrap().display());
    let clean = command(&[]);
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", script]).current_dir(folder).stdin(std::process::Stdio::null());
    for (name, _) in clean.get_envs() {
        bash.env_remove(name);
    }
    bash.env("PATH", places).env("HOJOKIN_DATA", data).output().expect("bash runs").into()
}

/// `…` stands for anything.
fn is_like(found: &str, shown: &str) -> bool {
    let parts: Vec<&str> = shown.split('…').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    if parts.len() == 1 {
        return found == shown;
    }
    let Some(mut rest) = found.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    for part in &parts[1..parts.len() - 1] {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    true
}
