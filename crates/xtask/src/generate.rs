//! The files that the program writes about itself, under `schema/` and `docs/reference/`: kept in the repository, never edited by hand.

use std::process::Command;
use std::{fs, process};

use crate::Outcome;
use crate::setup::{self, Purpose};
use crate::throwaway::{self, ThrowawayPostgres, create_database};
use crate::workspace::{Profile, Workspace, show};

/// File ← `hojokin …`. The program prints the file; `TEST_DATABASE_URL` holds the address of an empty PostgreSQL
/// database of its own.
const FILES: &[(&str, &[&str])] = &[
    ("schema/schema.graphql", &["schema", "graphql"]),
    ("schema/program.schema.json", &["schema", "program"]),
    ("schema/archetype.schema.json", &["schema", "archetype"]),
    ("schema/municipality.schema.json", &["schema", "municipality"]),
    ("schema/municipality_fragment.schema.json", &["schema", "municipality-fragment"]),
    ("schema/calls.schema.json", &["schema", "calls"]),
    ("schema/scenarios.schema.json", &["schema", "scenarios"]),
    ("schema/catalogue.schema.json", &["schema", "catalogue"]),
    ("schema/programs/README.md", &["program", "catalogue"]),
    ("docs/reference/findings.md", &["schema", "findings"]),
    ("docs/reference/language.md", &["schema", "language"]),
    ("docs/reference/archetypes.md", &["schema", "archetypes"]),
    ("schema/database/sqlite.sql", &["schema", "database", "--backend", "sqlite"]),
    ("schema/database/postgres.sql", &["schema", "database", "--backend", "postgres"]),
];

/// Builds first, and starts a server of its own unless `TEST_DATABASE_URL` is set.
pub fn run(workspace: &Workspace, check: bool) -> Outcome {
    setup::install(workspace, &[Purpose::Generate])?;
    show(&mut workspace.cargo(["build", "-p", "server"]))?;
    let given = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    let server = match given {
        Some(_) => None,
        None => Some(ThrowawayPostgres::start(throwaway::Purpose::Tests)?),
    };
    let url = given.as_deref().or(server.as_ref().map(ThrowawayPostgres::url)).unwrap_or_default();
    if check { compare(workspace, Profile::Dev, url) } else { write(workspace, url) }
}

fn write(workspace: &Workspace, server_url: &str) -> Outcome {
    for (file, arguments) in FILES {
        let text = generated(workspace, Profile::Dev, server_url, arguments)?;
        let path = workspace.root.join(file);
        if fs::read(&path).is_ok_and(|present| present == text) {
            println!("  unchanged  {file}");
            continue;
        }
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("cannot write {file}: {error}"))?;
        println!("  written    {file}");
    }
    Ok(())
}

/// Says of every file whether it is what would be written, and where the first difference is.
pub fn compare(workspace: &Workspace, profile: Profile, server_url: &str) -> Outcome {
    let mut stale = 0;
    for (file, arguments) in FILES {
        let wrong = match (generated(workspace, profile, server_url, arguments), fs::read(workspace.root.join(file))) {
            (Err(failure), _) => format!("  FAILED   {file}: {}", failure.message),
            (Ok(_), Err(error)) => format!("  MISSING  {file}: {error}"),
            (Ok(text), Ok(present)) if present == text => {
                println!("  same     {file}");
                continue;
            }
            (Ok(text), Ok(present)) => format!("  STALE    {file}\n{}", first_difference(&present, &text)),
        };
        println!("{wrong}");
        stale += 1;
    }
    match stale {
        0 => Ok(()),
        _ => Err(format!(
            "{stale} generated files are not what the program writes; run `cargo xtask generate`, look at `git diff`, \
             and commit it when the change is meant"
        )
        .into()),
    }
}

fn generated(workspace: &Workspace, profile: Profile, server_url: &str, arguments: &[&str]) -> Outcome<Vec<u8>> {
    let line = format!("hojokin {}", arguments.join(" "));
    let mut command = Command::new(workspace.program(profile, "hojokin"));
    command.args(arguments).current_dir(&workspace.root);
    if arguments.contains(&"postgres") {
        let name = format!("generate_{}_{}", process::id(), arguments.join("_"));
        command.env("TEST_DATABASE_URL", create_database(server_url, &name)?);
    }
    let output = command.output().map_err(|error| format!("`{line}` does not run: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{line}` failed: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    if output.stdout.is_empty() {
        return Err(format!("`{line}` printed nothing; it must print the generated file").into());
    }
    Ok(output.stdout)
}

fn first_difference(present: &[u8], generated: &[u8]) -> String {
    let (present, generated) = (String::from_utf8_lossy(present), String::from_utf8_lossy(generated));
    let (mut present, mut generated) = (present.split('\n'), generated.split('\n'));
    let mut number = 0;
    loop {
        number += 1;
        match (present.next(), generated.next()) {
            (None, None) => return "    the bytes differ where the text does not".to_owned(),
            (Some(old), Some(new)) if old == new => {}
            (old, new) => {
                let shown = |line: Option<&str>| line.map_or("(end of file)".to_owned(), str::to_owned);
                return format!("    line {number}:\n    - {}\n    + {}", shown(old), shown(new));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown_with_its_line() {
        assert_eq!(first_difference(b"a\nb\n", b"a\nc\n"), "    line 2:\n    - b\n    + c");
        assert_eq!(first_difference(b"a", b"a\nc"), "    line 2:\n    - (end of file)\n    + c");
    }
}
