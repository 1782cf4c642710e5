//! `program diff` and what else is done with versions of a program: what a new one changes.

use std::path::Path;

use program::definition::Definition;
use program::{Difference, Weight, diff as differences, weight_of};
use serde_json::json;
use vocabulary::Locale;

use super::tell;
use crate::catalogue;
use crate::cli::{Common, DiffArgs};
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
    let (slug, version) = match name.rsplit_once('@') {
        Some((slug, version)) => {
            let version = version.parse().map_err(|_| Failure::misuse(format!("`{version}` is no version")))?;
            (slug, Some(version))
        }
        None => (name, None),
    };
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
