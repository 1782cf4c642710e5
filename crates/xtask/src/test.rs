//! Everything that must hold.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::setup::{self, Purpose};
use crate::steps::{self, Step};
use crate::throwaway::{self, ThrowawayPostgres};
use crate::workspace::{Profile, Workspace, show};
use crate::{Failure, Outcome, architecture, generate};

struct Run<'a> {
    workspace: &'a Workspace,
    filters: Vec<String>,
    /// Set once the server runs.
    database_url: Option<String>,
    /// Held so that it runs until the end.
    server: Option<ThrowawayPostgres>,
    tests: Tally,
}

/// With whether `--quick` leaves it out.
fn steps<'a>() -> [(bool, Step<Run<'a>>); 8] {
    [
        (false, Step { name: "system packages", run: |run| setup::install(run.workspace, &[Purpose::Test]) }),
        (true, Step { name: "formatting", run: |run| show(&mut run.workspace.cargo(["fmt", "--all", "--check"])) }),
        (false, Step { name: "architecture", run: |run| architecture::run(run.workspace) }),
        (true, Step { name: "lints", run: lint }),
        (false, Step { name: "build", run: build }),
        (false, Step { name: "throwaway PostgreSQL", run: start_postgres }),
        (false, Step { name: "tests", run: test }),
        (true, Step { name: "generated files", run: compare_generated }),
    ]
}

pub fn run(workspace: &Workspace, filters: Vec<String>, quick: bool) -> Outcome {
    let quick = quick || !filters.is_empty();
    let steps: Vec<_> = steps().into_iter().filter(|(slow, _)| !(quick && *slow)).map(|(_, step)| step).collect();
    let mut run = Run { workspace, filters, database_url: None, server: None, tests: Tally::default() };
    let outcome = steps::run(&steps, &mut run);
    // Before the last line: the server stops here.
    drop(run.server);
    if let Err(failure) = &outcome {
        println!("{}", failure.message);
    }
    println!("\ntests: {} passed, {} failed", run.tests.passed, run.tests.failed);
    outcome.map_err(Failure::already_shown)
}

fn lint(run: &mut Run<'_>) -> Outcome {
    show(&mut run.workspace.cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// Every program and every test in one go, so that no crate is compiled twice with different features.
fn build(run: &mut Run<'_>) -> Outcome {
    show(&mut run.workspace.cargo(["build", "--workspace", "--bins", "--tests"]))
}

fn start_postgres(run: &mut Run<'_>) -> Outcome {
    if let Some(url) = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty()) {
        println!("using TEST_DATABASE_URL");
        run.database_url = Some(url);
        return Ok(());
    }
    let server = ThrowawayPostgres::start(throwaway::Purpose::Tests)?;
    println!("{}", server.url());
    run.database_url = Some(server.url().to_owned());
    run.server = Some(server);
    Ok(())
}

fn test(run: &mut Run<'_>) -> Outcome {
    let mut command = run.workspace.cargo(["test", "--workspace", "--no-fail-fast", "--"]);
    command
        .args(&run.filters)
        .env("HOJOKIN_BIN", run.workspace.program(Profile::Dev, "hojokin"))
        .env("AXE_CORE", setup::axe(&run.workspace.target))
        .env("SMTP_SINK_BIN", run.workspace.program(Profile::Dev, "smtp-sink"))
        .envs(run.database_url.as_ref().map(|url| ("TEST_DATABASE_URL", url)))
        .stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cargo does not run: {error}"))?;
    if let Some(output) = child.stdout.take() {
        // Bytes, not text: a test may print anything.
        for line in BufReader::new(output).split(b'\n') {
            let line = line.map_err(|error| format!("cannot read the output of the tests: {error}"))?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            run.tests.add(&line);
        }
    }
    let status = child.wait().map_err(|error| format!("cannot wait for the tests: {error}"))?;
    match status.success() {
        true if run.tests.passed > 0 => Ok(()),
        true => Err("no test ran; is the filter right?".into()),
        false => Err(format!("{} tests failed ({status}); see `failures:` above", run.tests.failed).into()),
    }
}

fn compare_generated(run: &mut Run<'_>) -> Outcome {
    let url = run.database_url.as_deref().ok_or("the server was not started")?;
    generate::compare(run.workspace, Profile::Dev, url)
}

/// Every fault of every machine: the tests try only a sample. What decides is optimized in development too.
pub fn mutants(workspace: &Workspace) -> Outcome {
    let fault = ["mutants::every_fault_is_noticed", "--", "--ignored", "--nocapture"];
    show(workspace.cargo(["test", "--workspace", "--test", "casework"]).args(fault))
}

/// The pages as they are, in a browser, into `docs/pictures`.
pub fn pictures(workspace: &Workspace) -> Outcome {
    setup::install(workspace, &[setup::Purpose::Test])?;
    let taken = ["pictures::pictures", "--", "--ignored", "--nocapture"];
    show(workspace.cargo(["test", "--workspace", "--test", "browser"]).args(taken))
}

/// The sum of all `test result:` lines.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    fn add(&mut self, line: &str) {
        let Some(result) = line.trim_start().strip_prefix("test result:") else { return };
        let words: Vec<&str> = result.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_add_up_and_other_lines_do_not_count() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 14 passed; 0 failed; 3 ignored; 0 measured; 9 filtered out; finished in 2.37s",
            "test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test treasury::tests::result_7 passed ... ok",
            "",
        ] {
            tally.add(line);
        }
        assert_eq!(tally, Tally { passed: 19, failed: 2 });
    }
}
