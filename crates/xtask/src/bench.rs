//! How fast it is, against a real server that really writes.

use std::process::Command;

use crate::Outcome;
use crate::setup::{self, Purpose};
use crate::throwaway::{self, ThrowawayPostgres, binary};
use crate::workspace::{Profile, Workspace, show};

const PACKAGE: &str = "bench";

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    setup::install(workspace, &[Purpose::Bench])?;
    let package = workspace.packages.iter().find(|package| package.name == PACKAGE);
    let package = package.ok_or("there is no benchmark in this workspace; it belongs into crates/bench")?;
    let target = package.targets.iter().find(|target| target.kind.iter().any(|kind| kind == "bin"));
    let target = target.ok_or("crates/bench has no program")?;
    // What is measured is the real server, which the benchmark starts from beside itself.
    show(&mut workspace.cargo(["build", "--release", "-p", PACKAGE, "-p", "server"]))?;

    let pgbench = binary("pgbench").ok_or("`pgbench` is not installed; run `cargo xtask setup`")?;
    let server = ThrowawayPostgres::start(throwaway::Purpose::Measurement)?;
    show(
        Command::new(workspace.program(Profile::Release, &target.name))
            .args(["--postgres-url", server.url()])
            .arg("--pgbench")
            .arg(pgbench)
            .args(arguments)
            .current_dir(&workspace.root),
    )
}
