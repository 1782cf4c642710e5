//! From a fresh clone to a running hojokin.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::Outcome;
use crate::setup::{self, Purpose};
use crate::workspace::{Profile, Workspace, show};

/// Returns only when something fails: the demonstration takes this process's place, and with it Ctrl-C.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    setup::install(workspace, &[Purpose::Demo])?;
    println!("building hojokin (the first time takes some minutes)");
    show(&mut workspace.cargo(["build", "--release", "-p", "server"]))?;
    let program = workspace.program(Profile::Release, "hojokin");
    let error = Command::new(&program).arg("demo").args(arguments).exec();
    Err(format!("{} does not run: {error}", program.display()).into())
}
