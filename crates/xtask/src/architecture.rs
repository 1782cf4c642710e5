//! Which room of the house may use what: the arrows of ARCHITECTURE.md as a check.
//!
//! Every rule is a row of a table. A finding says where, which rule, and why there is such a rule.

mod modules;
mod source;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::workspace::Workspace;
use source::{Source, contains};

/// No input or output: the same arguments give the same answer.
const PURE: &[&str] = &["vocabulary", "program", "casework", "treasury", "notice"];

/// Which of our rooms a room may use. Tests may also use `testkit`, except in the pure rooms.
const ARROWS: &[(&str, &[&str])] = &[
    ("vocabulary", &[]),
    ("program", &["vocabulary"]),
    ("treasury", &["vocabulary"]),
    ("notice", &["vocabulary"]),
    ("casework", &["program", "treasury", "vocabulary"]),
    ("migrations", &[]),
    ("preview", &[]),
    ("store", &["casework", "program", "treasury", "vocabulary", "migrations"]),
    ("service", &["store", "casework", "program", "treasury", "notice", "vocabulary"]),
    ("graphql", &["service", "casework", "program", "treasury", "vocabulary"]),
    ("portal", &["service", "casework", "program", "treasury", "vocabulary"]),
    (
        "server",
        &[
            "graphql",
            "portal",
            "preview",
            "service",
            "casework",
            "program",
            "treasury",
            "notice",
            "store",
            "vocabulary",
        ],
    ),
    ("xtask", &[]),
];

/// Rooms of the tests, which may use every other room.
const UNBOUND: &[&str] = &["testkit", "bench", "acceptance"];

enum Rooms {
    /// Nobody else may name the library.
    Only(&'static [&'static str]),
    /// Everybody else may.
    NotIn(&'static [&'static str]),
}

struct LibraryRule {
    /// A name, or the beginning of names when it ends with `*`.
    libraries: &'static [&'static str],
    rooms: Rooms,
    why: &'static str,
}

const LIBRARIES: &[LibraryRule] = &[
    LibraryRule {
        libraries: &["tokio*", "sea-orm*", "poem*", "async-graphql*", "lettre", "rand*", "getrandom", "reqwest"],
        rooms: Rooms::NotIn(PURE),
        why: "the pure rooms decide from their arguments alone, so that every decision can be replayed and simulated",
    },
    LibraryRule {
        libraries: &["sea-orm*", "sea-query*", "sqlx*", "rusqlite", "tokio-postgres"],
        rooms: Rooms::Only(&["store", "migrations"]),
        why: "all SQL is in one place, where both databases are tested",
    },
    LibraryRule {
        libraries: &["poem*"],
        rooms: Rooms::Only(&["server", "portal", "graphql", "testkit", "acceptance"]),
        why: "HTTP ends at the edge; use cases are called the same way from the API, the pages and the command line",
    },
    LibraryRule {
        libraries: &["hayro*", "image"],
        rooms: Rooms::Only(&["preview"]),
        why: "files of strangers are read in one place, which runs in a process of its own",
    },
    LibraryRule {
        libraries: &["lettre"],
        rooms: Rooms::Only(&["server"]),
        why: "only the SMTP adapter sends; everybody else writes into the outbox",
    },
];

enum Where {
    /// In `src` of the pure rooms, outside of tests.
    PureRooms,
    /// Everywhere, tests too, except in the adapter.
    OutsideAdapter,
    /// In `graphql`, except in this file of its `src`.
    GraphqlExcept(&'static str),
}

struct TextRule {
    /// Neighboring parts of a path.
    path: &'static [&'static str],
    place: Where,
    why: &'static str,
}

/// The one file (or folder of that name) that may ask the system for the time and for identifiers.
const ADAPTER: &str = "crates/server/src/adapters";

const NO_IO: &str = "the pure rooms do no input or output; hand the data in as an argument";
const NO_CLOCK: &str = "time is an argument in the pure rooms";
const ONE_CLOCK: &str = "the present comes from `vocabulary::Clock`, so that tests decide the time";
const ONE_SOURCE: &str = "identifiers come from `vocabulary::Ids`, so that tests foresee them and retries repeat them";

const TEXTS: &[TextRule] = &[
    TextRule { path: &["std", "fs"], place: Where::PureRooms, why: NO_IO },
    TextRule { path: &["std", "env"], place: Where::PureRooms, why: NO_IO },
    TextRule { path: &["std", "net"], place: Where::PureRooms, why: NO_IO },
    TextRule { path: &["std", "process"], place: Where::PureRooms, why: NO_IO },
    TextRule { path: &["SystemTime"], place: Where::PureRooms, why: NO_CLOCK },
    TextRule { path: &["Instant", "now"], place: Where::PureRooms, why: NO_CLOCK },
    TextRule { path: &["Utc", "now"], place: Where::OutsideAdapter, why: ONE_CLOCK },
    TextRule { path: &["Local", "now"], place: Where::OutsideAdapter, why: ONE_CLOCK },
    TextRule { path: &["SystemTime", "now"], place: Where::OutsideAdapter, why: ONE_CLOCK },
    TextRule { path: &["Uuid", "now_v7"], place: Where::OutsideAdapter, why: ONE_SOURCE },
    TextRule { path: &["Uuid", "new_v4"], place: Where::OutsideAdapter, why: ONE_SOURCE },
    TextRule {
        path: &["poem"],
        place: Where::GraphqlExcept("endpoint.rs"),
        why: "the schema does not know HTTP: only the endpoint does",
    },
];

/// Lines of one source file: beyond it, nobody sees the whole any more.
const LONGEST_FILE_LINES: usize = 900;

#[derive(Debug, PartialEq, Eq)]
struct Finding {
    file: PathBuf,
    line: usize,
    rule: String,
    why: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}\n    why: {}", self.file.display(), self.line, self.rule, self.why)
    }
}

/// One crate of ours, with paths relative to the workspace.
struct Room {
    name: String,
    manifest: PathBuf,
    manifest_text: String,
    /// Name, and whether only tests use it.
    dependencies: Vec<(String, bool)>,
    sources: Vec<Source>,
}

pub fn run(workspace: &Workspace) -> Outcome {
    let rooms = read(workspace)?;
    let findings = check(&rooms);
    for finding in &findings {
        println!("{finding}");
    }
    let files: usize = rooms.iter().map(|room| room.sources.len()).sum();
    println!("{} rooms, {files} source files, {} findings", rooms.len(), findings.len());
    match findings.len() {
        0 => Ok(()),
        number => Err(format!("{number} findings against the architecture; see above").into()),
    }
}

fn read(workspace: &Workspace) -> Outcome<Vec<Room>> {
    let mut rooms = Vec::new();
    for package in &workspace.packages {
        let text =
            |path: &Path| fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()));
        let mut files = Vec::new();
        rust_files(package.manifest.parent().unwrap_or(&workspace.root), &mut files);
        files.sort();
        let mut sources = Vec::new();
        for file in &files {
            sources.push(Source::parse(workspace.relative(file), &text(file)?));
        }
        rooms.push(Room {
            name: package.name.clone(),
            manifest: workspace.relative(&package.manifest).to_owned(),
            manifest_text: text(&package.manifest)?,
            dependencies: package
                .dependencies
                .iter()
                .map(|dependency| (dependency.name.clone(), dependency.kind.as_deref() == Some("dev")))
                .collect(),
            sources,
        });
    }
    rooms.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rooms)
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                rust_files(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn check(rooms: &[Room]) -> Vec<Finding> {
    let ours: Vec<&str> = rooms.iter().map(|room| room.name.as_str()).collect();
    let mut findings = Vec::new();
    for room in rooms {
        check_arrows(room, &ours, &mut findings);
        check_libraries(room, &mut findings);
        for source in &room.sources {
            check_texts(room, source, &mut findings);
            check_length(source, &mut findings);
        }
        findings.extend(modules::circle(&room.sources).map(|circle| Finding {
            file: circle.file,
            line: circle.line,
            rule: format!("the modules of `{}` use each other in a circle: {}", room.name, circle.steps),
            why: "a module can be understood, tested and moved on its own only when what it uses does not use it",
        }));
    }
    findings
}

fn check_arrows(room: &Room, ours: &[&str], findings: &mut Vec<Finding>) {
    if UNBOUND.contains(&room.name.as_str()) {
        return;
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room.name) else {
        findings.push(Finding {
            file: room.manifest.clone(),
            line: 1,
            rule: format!(
                "`{}` is a room without a row in the table of arrows (crates/xtask/src/architecture.rs)",
                room.name
            ),
            why: "a crate border is drawn only where it enforces something; the table says what",
        });
        return;
    };
    let pure = PURE.contains(&room.name.as_str());
    for (name, for_tests) in &room.dependencies {
        let test_help = *for_tests && name == "testkit" && !pure;
        if ours.contains(&name.as_str()) && !allowed.contains(&name.as_str()) && !test_help {
            findings.push(Finding {
                file: room.manifest.clone(),
                line: line_of_dependency(&room.manifest_text, name),
                rule: format!("`{}` must not use `{name}`; it may use: {}", room.name, list(allowed)),
                why: "arrows point one way only, from the edge to the words everyone shares (ARCHITECTURE.md)",
            });
        }
    }
}

fn check_libraries(room: &Room, findings: &mut Vec<Finding>) {
    for (name, _) in &room.dependencies {
        let named = |pattern: &&str| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == *pattern,
        };
        for rule in LIBRARIES.iter().filter(|rule| rule.libraries.iter().any(named)) {
            let room_name = room.name.as_str();
            let (forbidden, rooms) = match rule.rooms {
                Rooms::Only(rooms) => (!rooms.contains(&room_name), format!("only {} may", list(rooms))),
                Rooms::NotIn(rooms) => (rooms.contains(&room_name), format!("none of {} may", list(rooms))),
            };
            if forbidden {
                findings.push(Finding {
                    file: room.manifest.clone(),
                    line: line_of_dependency(&room.manifest_text, name),
                    rule: format!("`{room_name}` must not use the library `{name}`; {rooms}"),
                    why: rule.why,
                });
            }
        }
    }
}

fn check_texts(room: &Room, source: &Source, findings: &mut Vec<Finding>) {
    let in_src = source.path.components().any(|part| part.as_os_str() == "src");
    for rule in TEXTS {
        let tests_too = match rule.place {
            Where::PureRooms if PURE.contains(&room.name.as_str()) && in_src => false,
            Where::OutsideAdapter if !is_adapter(&source.path) => true,
            Where::GraphqlExcept(file)
                if room.name == "graphql" && in_src && !source.path.ends_with(Path::new("src").join(file)) =>
            {
                false
            }
            _ => continue,
        };
        let found =
            source.paths.iter().filter(|path| (tests_too || !path.in_tests) && contains(&path.parts, rule.path));
        findings.extend(found.map(|path| Finding {
            file: source.path.clone(),
            line: path.line,
            rule: format!("`{}` must not be named here", rule.path.join("::")),
            why: rule.why,
        }));
    }
}

fn is_adapter(path: &Path) -> bool {
    path.starts_with(ADAPTER) || path == Path::new(ADAPTER).with_extension("rs")
}

fn check_length(source: &Source, findings: &mut Vec<Finding>) {
    if source.lines > LONGEST_FILE_LINES {
        findings.push(Finding {
            file: source.path.clone(),
            line: LONGEST_FILE_LINES + 1,
            rule: format!("{} lines; a source file has at most {LONGEST_FILE_LINES}", source.lines),
            why: "a file is read as a whole; split it where one part hides something from the other",
        });
    }
}

/// Where the manifest names it; 1 when it is hidden behind another name.
fn line_of_dependency(manifest: &str, name: &str) -> usize {
    let names = |line: &str| {
        let rest = line.trim_start().trim_start_matches('"').strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=', '"']))
    };
    manifest.lines().position(names).map_or(1, |index| index + 1)
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none of our rooms".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str, dependencies: &[(&str, bool)], sources: &[(&str, &str)]) -> Room {
        Room {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml").into(),
            manifest_text: "[dependencies]\nsea-orm-migration.workspace = true\nsea-orm.workspace = true\n".to_owned(),
            dependencies: dependencies.iter().map(|(name, dev)| ((*name).to_owned(), *dev)).collect(),
            sources: sources.iter().map(|(path, text)| Source::parse(Path::new(path), text)).collect(),
        }
    }

    fn found(rooms: &[Room]) -> Vec<String> {
        check(rooms)
            .iter()
            .map(|finding| format!("{}:{}: {}", finding.file.display(), finding.line, finding.rule))
            .collect()
    }

    #[test]
    fn arrows_point_one_way() {
        let rooms = [
            room("store", &[("casework", false), ("testkit", true)], &[]),
            room("casework", &[("store", false), ("testkit", true)], &[]),
            room("testkit", &[("store", false)], &[]),
        ];
        let findings = found(&rooms);
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings[0].contains("`casework` must not use `store`; it may use: program, treasury, vocabulary"));
        assert!(findings[1].contains("`casework` must not use `testkit`"));
    }

    #[test]
    fn a_new_room_needs_a_row() {
        assert!(found(&[room("helpers", &[], &[])])[0].contains("without a row"));
    }

    #[test]
    fn libraries_stay_where_they_belong() {
        let findings = found(&[room("service", &[("sea-orm", false), ("tokio", false)], &[])]);
        assert_eq!(
            findings,
            ["crates/service/Cargo.toml:3: `service` must not use the library `sea-orm`; only store, migrations may"]
        );
        assert_eq!(found(&[room("notice", &[("lettre", true)], &[])]).len(), 2);
        assert_eq!(found(&[room("store", &[("sea-orm-migration", false)], &[])]), [""; 0]);
    }

    #[test]
    fn pure_rooms_name_no_input_output_or_clock_outside_tests() {
        let text = "use std::{collections::BTreeMap, fs::{self, File}};\n\
                    fn f() { let _ = std::env::var(\"std::net\"); } // std::process\n\
                    #[cfg(test)]\nmod tests { use std::fs; }\n";
        assert_eq!(
            found(&[room("program", &[], &[("crates/program/src/a.rs", text)])]),
            [
                "crates/program/src/a.rs:1: `std::fs` must not be named here",
                "crates/program/src/a.rs:1: `std::fs` must not be named here",
                "crates/program/src/a.rs:2: `std::env` must not be named here",
            ]
        );
        assert_eq!(found(&[room("service", &[], &[("crates/service/src/a.rs", text)])]), [""; 0]);
    }

    #[test]
    fn only_the_adapter_asks_for_time_and_identifiers() {
        let text = "fn f() { let now = chrono::Utc::now(); }\n#[test]\nfn g() { Uuid::now_v7(); }";
        let findings = |path| found(&[room("server", &[], &[(path, text)])]).len();
        assert_eq!(findings("crates/server/src/http.rs"), 2);
        assert_eq!(findings("crates/server/src/adapters.rs"), 0);
        assert_eq!(findings("crates/server/src/adapters/system.rs"), 0);
        assert_eq!(findings("crates/server/src/adapters_old.rs"), 2);
    }

    #[test]
    fn only_the_endpoint_of_the_api_names_http() {
        let text = "use poem::Request;\nstruct Poem;\nuse crate::poem_of_mine;";
        let sources = [("crates/graphql/src/endpoint.rs", text), ("crates/graphql/src/schema.rs", text)];
        assert_eq!(
            found(&[room("graphql", &[], &sources)]),
            ["crates/graphql/src/schema.rs:1: `poem` must not be named here"]
        );
    }

    #[test]
    fn files_stay_short() {
        let path = "crates/portal/src/a.rs";
        assert_eq!(found(&[room("portal", &[], &[(path, &"\n".repeat(900))])]), [""; 0]);
        assert!(found(&[room("portal", &[], &[(path, &"\n".repeat(901))])])[0].contains("a.rs:901: 901 lines"));
    }

    #[test]
    fn circles_between_modules_are_shown() {
        let sources = [
            ("crates/portal/src/lib.rs", "mod a;\nmod b;\nmod c;\npub use b::Thing;"),
            ("crates/portal/src/a.rs", "\nuse crate::Thing;"),
            ("crates/portal/src/b.rs", "use super::c;"),
            ("crates/portal/src/c/inner.rs", "fn f() { crate::a::g(); }"),
        ];
        assert_eq!(
            found(&[room("portal", &[], &sources)]),
            ["crates/portal/src/a.rs:2: the modules of `portal` use each other in a circle: \
              a → b (crates/portal/src/a.rs:2) → c (crates/portal/src/b.rs:1) → a (crates/portal/src/c/inner.rs:1)"]
        );
        assert_eq!(found(&[room("portal", &[], &sources[..3])]), [""; 0]);
    }
}
