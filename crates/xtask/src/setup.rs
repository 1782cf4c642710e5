//! What the machine must have beside Rust, as Debian packages.

use std::process::{Command, Stdio};

use crate::throwaway::binary;
use crate::workspace::show;
use crate::{Failure, Outcome};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Demo,
    Test,
    Bench,
}

struct Requirement {
    present: fn() -> bool,
    packages: &'static [&'static str],
    needed_for: &'static str,
    purposes: &'static [Purpose],
}

/// Everything that is not a crate. Add a row rather than a call of `apt-get` elsewhere.
const REQUIREMENTS: &[Requirement] = &[Requirement {
    present: || ["initdb", "pg_ctl", "psql", "pgbench"].into_iter().all(|name| binary(name).is_some()),
    packages: &["postgresql"],
    needed_for: "tests and measurements on a real PostgreSQL server",
    purposes: &[Purpose::Test, Purpose::Bench],
}];

/// Installs what is missing, or says how when it may not.
pub fn install(purposes: &[Purpose]) -> Outcome {
    let missing = || {
        REQUIREMENTS.iter().filter(|requirement| {
            requirement.purposes.iter().any(|purpose| purposes.contains(purpose)) && !(requirement.present)()
        })
    };
    let packages: Vec<&str> = missing().flat_map(|requirement| requirement.packages).copied().collect();
    if packages.is_empty() {
        println!("nothing to install");
        return Ok(());
    }
    for requirement in missing() {
        println!("missing: {} ({})", requirement.packages.join(" "), requirement.needed_for);
    }

    let update = ["apt-get", "update"].as_slice();
    let install = [["apt-get", "install", "-y", "--no-install-recommends"].as_slice(), &packages].concat();
    let Some(prefix) = rights() else {
        return Err(Failure::needs_person(format!(
            "these packages need an administrator; run this, then the same command again:\n\n    \
             sudo {} && sudo {}\n\n(on a system without apt-get, install the same things its own way)",
            update.join(" "),
            install.join(" "),
        )));
    };
    for words in [update, &install] {
        let words = [prefix, words].concat();
        show(Command::new(words[0]).args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    match missing().next() {
        None => Ok(()),
        Some(requirement) => Err(format!("`{}` are installed, but not found", requirement.packages.join(" ")).into()),
    }
}

/// What to put before `apt-get`; `None` when it is absent or may not be used without a password.
fn rights() -> Option<&'static [&'static str]> {
    let succeeds = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stderr(Stdio::null());
        command.output().ok().filter(|output| output.status.success())
    };
    succeeds(&["apt-get", "--version"])?;
    if succeeds(&["id", "-u"])?.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    succeeds(&["sudo", "-n", "true"]).map(|_| ["sudo", "-n"].as_slice())
}
