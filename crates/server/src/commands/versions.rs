//! `program diff`, `close` and `migrate`: what a version changes, its end, and the cases that go on to it.

use std::path::Path;

use program::definition::Definition;
use program::{Difference, Weight, diff as differences, weight_of};
use serde_json::json;
use service::{MigrationOutcome, MigrationView, Viewer};
use uuid::Uuid;
use vocabulary::Locale;

use super::tell;
use crate::catalogue;
use crate::cli::{CloseArgs, Common, DiffArgs, MigrateArgs};
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

pub async fn diff(common: &Common, args: &DiffArgs) -> Outcome {
    let (old, new) = (named(common, &args.old).await?, named(common, &args.new).await?);
    let found = differences(&old, &new);
    let machine = json!({
        "old": args.old, "new": args.new, "weight": weight_of(&found), "differences": found,
    });
    tell(common, &machine, || said(&found, args.locale.into()))
}

/// One line for each difference, then what they weigh together.
pub fn said(found: &[Difference], locale: Locale) -> String {
    let mut lines: Vec<String> = found
        .iter()
        .map(|difference| {
            let weight = weight_word(difference.weight, locale);
            format!("{weight} {}\n      {}", difference.words.get(locale), difference.path)
        })
        .collect();
    lines.push(match (weight_of(found), locale) {
        (None, Locale::Ja) => "変更はありません".to_owned(),
        (None, Locale::En) => "nothing changes".to_owned(),
        (Some(weight), Locale::Ja) => format!("変更 {} 件（{}な変更）", found.len(), weight_word(weight, locale)),
        (Some(weight), Locale::En) => format!("{} differences: a {} change", found.len(), weight_word(weight, locale)),
    });
    lines.join("\n")
}

pub const fn weight_word(weight: Weight, locale: Locale) -> &'static str {
    match (weight, locale) {
        (Weight::Minor, Locale::Ja) => "軽微",
        (Weight::Major, Locale::Ja) => "重大",
        (Weight::Minor, Locale::En) => "minor",
        (Weight::Major, Locale::En) => "major",
    }
}

/// What stands in a file, or was published under that name.
async fn named(common: &Common, name: &str) -> Outcome<Definition> {
    if Path::new(name).exists() {
        return in_file(name);
    }
    let (slug, version) = slug_and_version(name)?;
    let installation = Installation::for_command(common).await?;
    match installation.service.program(slug, version).await {
        Ok(found) => Ok(found.program.definition().clone()),
        Err(service::Error::NotFound) => {
            Err(Failure::misuse(format!("there is neither a file nor a published program {name}")))
        }
        Err(error) => Err(error.into()),
    }
}

/// With its options switched when it can be understood, as a published one is.
fn in_file(name: &str) -> Outcome<Definition> {
    let paths = [name.into()];
    let loaded = catalogue::read(&paths)?;
    let mut programs = loaded.programs.into_iter().filter(|program| catalogue::is_named(&program.path, &paths));
    match (programs.next(), programs.next()) {
        (Some(found), None) => Ok(found.program.map_or(found.definition, |program| program.definition().clone())),
        (Some(_), Some(_)) => Err(Failure::misuse(format!("there are several programs in {name}; name one file"))),
        (None, _) => {
            for finding in &loaded.findings {
                eprintln!("{finding}");
            }
            Err(Failure::misuse(format!("there is no program that can be read in {name}")))
        }
    }
}

/// `hino/sales-channel@2`
fn slug_and_version(name: &str) -> Outcome<(&str, Option<i32>)> {
    match name.rsplit_once('@') {
        Some((slug, version)) => match version.parse() {
            Ok(version) => Ok((slug, Some(version))),
            Err(_) => Err(Failure::misuse(format!("`{version}` is no version"))),
        },
        None => Ok((name, None)),
    }
}

pub async fn close(common: &Common, args: &CloseArgs) -> Outcome {
    let (slug, version) = slug_and_version(&args.program)?;
    let installation = Installation::for_command(common).await?;
    let viewer = installation.service.viewer_by_email(&args.actor).await?;
    let closed = installation.service.close_program(&viewer, slug, version, &installation.fresh_key()).await?;
    let (version, hash) = (closed.version, closed.program.hash());
    tell(common, &json!({ "program": slug, "version": version, "hash": hash, "closed": true }), || {
        format!("{slug} version {version} takes no new applications any more")
    })
}

/// Cases that are looked at in one go.
const PART: u32 = 100;

pub async fn migrate(common: &Common, args: &MigrateArgs) -> Outcome {
    let installation = Installation::for_command(common).await?;
    // Looking needs nobody and moves nothing, whoever is named.
    let mover = match args.actor.as_deref().filter(|_| !args.dry_run) {
        Some(email) => Some(installation.service.viewer_by_email(email).await?),
        None => None,
    };
    let done = match args.only.as_slice() {
        [] => all_cases(&installation, args, mover.as_ref()).await?,
        numbers => named_cases(&installation, args, mover.as_ref(), numbers).await?,
    };
    let machine: Vec<_> = done.iter().map(shown).collect();
    let refused = done.iter().filter(|item| item.outcome == MigrationOutcome::Refused).count();
    tell(common, &machine, || {
        let mut lines: Vec<String> = done.iter().map(|item| line(item, args.locale.into())).collect();
        lines.push(format!("{} cases, {refused} stay", done.len()));
        lines.join("\n")
    })?;
    // Whoever named a case wants to know that it was not moved.
    if !args.only.is_empty() && !args.dry_run && refused > 0 {
        return Err(Failure::refused(format!("{refused} of {} cases were not moved", done.len())));
    }
    Ok(())
}

/// Looks at the cases of these numbers, one by one, and moves them when somebody does.
async fn named_cases(
    installation: &Installation,
    args: &MigrateArgs,
    mover: Option<&Viewer>,
    numbers: &[String],
) -> Outcome<Vec<MigrationView>> {
    let service = &installation.service;
    let key = installation.fresh_key();
    let mut done = Vec::with_capacity(numbers.len());
    for number in numbers {
        let seen = match service.migration_of_number(&args.program, args.to, number).await {
            Err(service::Error::NotFound) => Err(Failure::refused(format!(
                "there is no application {number} of {}, or no version {} of it",
                args.program, args.to
            ))),
            seen => Ok(seen?),
        }?;
        done.push(match mover {
            Some(viewer) => service.migrate_case(viewer, &args.program, args.to, seen.application, &key).await?,
            None => seen,
        });
        eprintln!("{} of {}", done.len(), numbers.len());
    }
    Ok(done)
}

/// Walks over all cases that are on other versions, part by part, and moves what can be moved unless it only looks.
async fn all_cases(
    installation: &Installation,
    args: &MigrateArgs,
    mover: Option<&Viewer>,
) -> Outcome<Vec<MigrationView>> {
    let service = &installation.service;
    let key = installation.fresh_key();
    let mut done: Vec<MigrationView> = Vec::new();
    let mut after: Option<Uuid> = None;
    loop {
        let part = service.migration_plan(&args.program, args.to, after, PART).await?;
        after = part.last().map(|last| last.application);
        if part.is_empty() {
            return Ok(done);
        }
        for item in part {
            done.push(match mover.filter(|_| item.outcome == MigrationOutcome::Possible) {
                Some(viewer) => service.migrate_case(viewer, &args.program, args.to, item.application, &key).await?,
                None => item,
            });
        }
        eprintln!("{} cases", done.len());
    }
}

fn shown(item: &MigrationView) -> serde_json::Value {
    json!({
        "application": item.application, "number": item.number, "version": item.version, "outcome": item.outcome,
        "refusals": item.refusals, "notes": item.notes,
    })
}

fn line(item: &MigrationView, locale: Locale) -> String {
    let number = item.number.clone().unwrap_or_else(|| item.application.to_string());
    let outcome = match (item.outcome, locale) {
        (MigrationOutcome::Possible, Locale::Ja) => "移せます",
        (MigrationOutcome::Moved, Locale::Ja) => "移しました",
        (MigrationOutcome::Already, Locale::Ja) => "移行済み",
        (MigrationOutcome::Refused, Locale::Ja) => "移せません",
        (MigrationOutcome::Possible, Locale::En) => "can be moved",
        (MigrationOutcome::Moved, Locale::En) => "moved",
        (MigrationOutcome::Already, Locale::En) => "is there already",
        (MigrationOutcome::Refused, Locale::En) => "stays",
    };
    let reasons = item.refusals.iter().map(|reason| {
        let path = reason.path.as_deref().map(|path| format!(" [{path}]")).unwrap_or_default();
        format!("\n      {}{path}: {}", reason.code, reason.message.get(locale))
    });
    let notes = item.notes.iter().map(|note| format!("\n      {}", note.get(locale)));
    format!("{number} (version {}): {outcome}{}", item.version, reasons.chain(notes).collect::<String>())
}
