//! `program`: grant programs as files, checked, tried, shown and published.

use std::io::Write as _;
use std::path::PathBuf;

use program::{Finding, Loaded, LoadedProgram, catalogue_tables, explain, mermaid, svg, weight_of};
use serde_json::json;
use service::{CallTaken, Published};
use uuid::Uuid;
use vocabulary::Locale;

use super::{authors, tell, versions};
use crate::catalogue;
use crate::cli::{Common, DiagramFormat, ProgramCommand};
use crate::outcome::{Failure, Outcome, say};
use crate::startup::Installation;

pub async fn run(common: &Common, command: &ProgramCommand) -> Outcome {
    match command {
        ProgramCommand::Check(args) => check(common, &args.paths, args.notes),
        ProgramCommand::Test(args) => authors::test(common, args),
        ProgramCommand::Diagram(args) => show(&args.shown.paths, |program| match args.format {
            DiagramFormat::Mermaid => mermaid(program, args.shown.locale.into()),
            DiagramFormat::Svg => svg(program, args.shown.locale.into()),
        }),
        ProgramCommand::Explain(args) => show(&args.paths, |program| explain(program, args.locale.into())),
        ProgramCommand::Catalogue(args) => tables(&args.paths),
        ProgramCommand::Simulate(args) => authors::simulate(common, args),
        ProgramCommand::Explore(args) => authors::explore(common, args),
        ProgramCommand::New(args) => authors::new(common, args),
        ProgramCommand::Diff(args) => versions::diff(common, args).await,
        ProgramCommand::Publish(args) => publish(common, &args.paths, args.actor.as_deref()).await,
        ProgramCommand::Close(args) => versions::close(common, args).await,
        ProgramCommand::Migrate(args) => versions::migrate(common, args).await,
    }
}

fn check(common: &Common, paths: &[PathBuf], notes: bool) -> Outcome {
    let mut loaded = catalogue::read(paths)?;
    let notes = if notes { std::mem::take(&mut loaded.notes) } else { Vec::new() };
    let findings: Vec<Finding> = loaded.findings.iter().cloned().chain(notes).collect();
    tell(common, &findings, || said(&loaded, &findings))?;
    must_be_right(&loaded)
}

fn said(loaded: &Loaded, findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let warnings = loaded.findings.len() - errors;
    let mut lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    lines.push(format!("{} programs, {errors} errors, {warnings} warnings", loaded.programs.len()));
    lines.join("\n")
}

fn must_be_right(loaded: &Loaded) -> Outcome {
    if loaded.programs.is_empty() && loaded.findings.is_empty() {
        return Err(Failure::misuse("there is no program here; programs are …/programs/<municipality>/<slug>.yaml"));
    }
    match loaded.findings.iter().filter(|finding| finding.is_error()).count() {
        0 => Ok(()),
        errors => Err(Failure::Refused {
            message: format!("{errors} errors in the definition files"),
            details: serde_json::to_value(&loaded.findings).unwrap_or_default(),
        }),
    }
}

/// The programs that the paths name, of everything that had to be read to understand them.
pub fn named<'a>(loaded: &'a Loaded, paths: &'a [PathBuf]) -> impl Iterator<Item = &'a LoadedProgram> {
    loaded.programs.iter().filter(|program| catalogue::is_named(&program.path, paths))
}

/// # Errors
/// When something is wrong, after it was said.
pub fn right_or_printed(loaded: &Loaded) -> Outcome {
    let outcome = must_be_right(loaded);
    if outcome.is_err() {
        for finding in loaded.findings.iter().filter(|finding| finding.is_error()) {
            writeln!(std::io::stderr(), "{finding}").ok();
        }
    }
    outcome
}

fn show(paths: &[PathBuf], text: impl Fn(&program::Program) -> String) -> Outcome {
    let loaded = catalogue::read(paths)?;
    let mut shown = 0;
    for program in named(&loaded, paths).filter_map(|loaded| loaded.program.as_ref()) {
        if shown > 0 {
            say("")?;
        }
        say(text(program).trim_end())?;
        shown += 1;
    }
    if shown == 0 { right_or_printed(&loaded).and(Err(Failure::misuse("there is no program here"))) } else { Ok(()) }
}

fn tables(paths: &[PathBuf]) -> Outcome {
    let loaded = catalogue::read(paths)?;
    right_or_printed(&loaded)?;
    let tables = catalogue_tables(&loaded).ok_or_else(|| Failure::misuse("there is no catalogue.yaml here"))?;
    say(&tables)
}

async fn publish(common: &Common, paths: &[PathBuf], actor: Option<&str>) -> Outcome {
    let loaded = catalogue::read(paths)?;
    right_or_printed(&loaded)?;
    let installation = Installation::for_command(common).await?;
    let publisher = match actor {
        Some(email) => Some(installation.service.viewer_by_email(email).await?.person.id),
        None => None,
    };
    let wanted = |program: &LoadedProgram| catalogue::is_named(&program.path, paths);
    let (published, calls) = into(&installation, &loaded, publisher, wanted).await?;
    let mut machine: Vec<_> = published
        .iter()
        .map(|(name, published)| match published {
            Published::Version { version, differences } => json!({
                "program": name, "version": version, "new": true, "weight": weight_of(differences),
                "differences": differences,
            }),
            Published::Already(version) => json!({ "program": name, "version": version, "new": false }),
        })
        .collect();
    machine.extend(calls.iter().map(|CallTaken { before, now }| {
        json!({
            "program": now.program, "fiscalYear": now.fiscal_year.0, "window": now.window, "new": before.is_none(),
            "opens": now.opens, "closes": now.closes,
        })
    }));
    tell(common, &machine, || {
        let line = |(name, published): &(String, Published)| match published {
            Published::Version { version, differences } => {
                let line = format!("{name} is published as version {version}");
                match weight_of(differences) {
                    Some(weight) => {
                        let weight = versions::weight_word(weight, Locale::En);
                        let said = versions::said(differences, Locale::Ja);
                        format!("{line}: a {weight} change\n{said}")
                    }
                    None => line,
                }
            }
            Published::Already(version) => format!("{name} is published already, as version {version}"),
        };
        published.iter().map(line).chain(calls.iter().map(taken_in)).collect::<Vec<_>>().join("\n")
    })
}

/// `hino/shop-it 2026 year: 2026-04-01 – 2027-03-31 (until now – 2026-12-25)`
fn taken_in(CallTaken { before, now }: &CallTaken) -> String {
    let window = |call: &store::StoredCall| {
        let closes = call.closes.map(|day| format!(" – {day}")).unwrap_or_default();
        format!("{}{closes}", call.opens)
    };
    let change = match before {
        None => "a new call".to_owned(),
        Some(before) if window(before) != window(now) => format!("changed; it was {}", window(before)),
        Some(_) => "changed".to_owned(),
    };
    format!("call {} {} {}: {}, {change}", now.program, now.fiscal_year.0, now.window, window(now))
}

/// Takes in municipalities, programs and calls.
///
/// # Errors
/// When a scenario fails, or the database does.
pub async fn into(
    installation: &Installation,
    loaded: &Loaded,
    publisher: Option<Uuid>,
    wanted: impl Fn(&LoadedProgram) -> bool,
) -> Outcome<(Vec<(String, Published)>, Vec<CallTaken>)> {
    let service = &installation.service;
    let chosen: Vec<_> = loaded.programs.iter().filter(|program| wanted(program)).collect();
    let (mut published, mut taken) = (Vec::new(), Vec::new());
    for municipality in &loaded.municipalities {
        let of_place = |program: &&&LoadedProgram| {
            program.program.as_ref().is_some_and(|found| found.municipality() == municipality.municipality)
        };
        let programs: Vec<_> = chosen.iter().filter(of_place).collect();
        if programs.is_empty() {
            continue;
        }
        service.import_municipality(municipality).await?;
        for found in programs {
            let Some(program) = &found.program else { continue };
            let sources = loaded.sources(found);
            let outcome =
                service.publish(program, &loaded.calls, found.scenarios.as_ref(), &sources, publisher).await?;
            published.push((program.name().to_owned(), outcome));
        }
        let names: Vec<&String> = published.iter().map(|(name, _)| name).collect();
        let calls: Vec<_> = loaded.calls.iter().filter(|call| names.contains(&&call.program)).cloned().collect();
        let calls: Vec<_> = calls
            .into_iter()
            .filter(|call| call.program.split_once('/').is_some_and(|(place, _)| place == municipality.municipality))
            .collect();
        taken.extend(service.import_calls(&municipality.municipality, &calls).await?);
    }
    Ok((published, taken))
}
