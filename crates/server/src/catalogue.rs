//! The catalogue of programs: the one in the binary, or files of whoever writes programs.

use std::io::Read;
use std::path::{Path, PathBuf};

use program::{Loaded, SourceFile, load_checking};
use service::check_texts;

use crate::outcome::{Failure, Outcome};

const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// The files that are part of the binary.
#[must_use]
pub fn shipped() -> Vec<SourceFile> {
    SHIPPED.iter().map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
}

/// What programs stand on; what is not beside them comes from the binary.
const SHARED: [&str; 3] = ["archetypes", "municipalities", "catalogue.yaml"];

/// What the paths say. A program's file brings its neighbors: the municipality, the calls, the scenarios; archetypes,
/// fragments of municipalities and the catalogue of schemes come from the binary when they are not beside it.
///
/// # Errors
/// When a file cannot be read.
pub fn read(paths: &[PathBuf]) -> Outcome<Loaded> {
    if paths.is_empty() {
        return Ok(load_checking(&shipped(), check_texts));
    }
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
        if path.is_file() {
            neighbors(path, &mut files)?;
        }
    }
    Ok(load_checking(&with_shared(sources_of(files)?), check_texts))
}

/// What is in a folder of programs, with these files in it that are not written yet. Their paths are within the folder.
///
/// # Errors
/// When a file cannot be read.
pub fn read_with(folder: &Path, new: &[SourceFile]) -> Outcome<Loaded> {
    let mut files = Vec::new();
    for part in ["archetypes", "municipalities", "programs"].map(|part| folder.join(part)) {
        if part.is_dir() {
            collect(&part, &mut files)?;
        }
    }
    let mut sources = sources_of(files)?;
    sources.retain(|file| !new.iter().any(|new| Path::new(&file.path).ends_with(&new.path)));
    sources.extend(new.iter().cloned());
    Ok(load_checking(&with_shared(sources), check_texts))
}

fn sources_of(mut files: Vec<PathBuf>) -> Outcome<Vec<SourceFile>> {
    files.sort();
    files.dedup();
    files.iter().map(|file| source(file)).collect()
}

/// Archetypes and fragments of municipalities that are not there come from the binary.
fn with_shared(mut sources: Vec<SourceFile>) -> Vec<SourceFile> {
    let shared = |path: &str| SHARED.iter().find_map(|folder| Some((*folder, path.rsplit_once(folder)?.1.to_owned())));
    let present: Vec<_> = sources.iter().filter_map(|file| shared(&file.path)).collect();
    let missing = |file: &SourceFile| shared(&file.path).is_some_and(|name| !present.contains(&name));
    sources.extend(shipped().into_iter().filter(missing));
    sources
}

/// Only what the paths name themselves, of everything that was loaded.
#[must_use]
pub fn is_named(program: &str, paths: &[PathBuf]) -> bool {
    paths.is_empty()
        || paths.iter().any(|path| {
            path.canonicalize().is_ok_and(|path| {
                Path::new(program).canonicalize().is_ok_and(|program| program.starts_with(&path))
                    || path.file_name().is_some_and(|name| name == "calls.yaml" || name == "municipality.yaml")
            })
        })
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    if path.is_dir() {
        let entries = path.read_dir().map_err(|error| unreadable(path, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(path, &error))?.path();
            if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "yaml") {
                collect(&entry, files)?;
            }
        }
        return Ok(());
    }
    files.push(path.canonicalize().map_err(|error| unreadable(path, &error))?);
    Ok(())
}

/// The files that a program cannot be understood without: its municipality with all that it offers, and what both stand on.
fn neighbors(path: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    let path = path.canonicalize().map_err(|error| unreadable(path, &error))?;
    let Some(folder) = path.parent() else { return Ok(()) };
    collect(folder, files)?;
    let Some(schema) = folder.parent().and_then(Path::parent) else { return Ok(()) };
    SHARED.iter().map(|name| schema.join(name)).filter(|found| found.exists()).try_for_each(|it| collect(&it, files))
}

/// Bytes of a file that are read: more than a file may have, so that a longer one is still said to be too long.
const LONGEST_READ: u64 = 2 * 1_048_576;

fn source(path: &Path) -> Outcome<SourceFile> {
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut bytes = Vec::new();
    file.take(LONGEST_READ).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    let shown = here.as_deref().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
    Ok(SourceFile { path: shown.display().to_string(), text })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::misuse(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalogue_is_right() {
        let loaded = read(&[]).unwrap();
        let errors: Vec<_> = loaded.findings.iter().filter(|finding| finding.is_error()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        assert!(!loaded.programs.is_empty());
    }
}
