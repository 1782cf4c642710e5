//! What the machine must have beside Rust, as Debian packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::throwaway::binary;
use crate::workspace::{Workspace, show};
use crate::{Failure, Outcome};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Demo,
    Test,
    Generate,
    Bench,
}

struct Requirement {
    present: fn() -> bool,
    packages: &'static [&'static str],
    needed_for: &'static str,
    purposes: &'static [Purpose],
}

/// Everything that is not a crate. Add a row rather than a call of `apt-get` elsewhere.
const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        present: || all(&["initdb", "pg_ctl", "psql", "pgbench"]),
        packages: &["postgresql"],
        needed_for: "tests and measurements on a real PostgreSQL server",
        purposes: &[Purpose::Test, Purpose::Generate, Purpose::Bench],
    },
    Requirement {
        present: || all(&["chromium", "chromedriver"]),
        packages: &["chromium", "chromium-driver", "fonts-noto-cjk"],
        needed_for: "tests of the pages in a real browser",
        purposes: &[Purpose::Test],
    },
    Requirement {
        present: || all(&["npm"]),
        packages: &["npm"],
        needed_for: "the accessibility check in the tests of the pages",
        purposes: &[Purpose::Test],
    },
];

/// The accessibility check (MPL-2.0): used by tests alone, and no part of what is built.
const AXE: &str = "axe-core@4.14.1";

fn all(names: &[&str]) -> bool {
    names.iter().all(|name| binary(name).is_some())
}

/// Where it is.
pub fn axe(target: &Path) -> PathBuf {
    target.join("tools/node_modules/axe-core/axe.min.js")
}

/// Puts the accessibility check beside what is built, unless it is there.
fn fetch_axe(target: &Path) -> Outcome {
    if axe(target).exists() {
        return Ok(());
    }
    let folder = target.join("tools");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&folder).arg(AXE);
    show(&mut install)
}

/// Installs what is missing, or says how when it may not.
pub fn install(workspace: &Workspace, purposes: &[Purpose]) -> Outcome {
    install_packages(purposes)?;
    if purposes.contains(&Purpose::Test) { fetch_axe(&workspace.target) } else { Ok(()) }
}

fn install_packages(purposes: &[Purpose]) -> Outcome {
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
