//! Circles between the top-level modules of a crate.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::source::{NamedPath, Source};

pub struct Circle {
    /// Where its first step is taken.
    pub file: PathBuf,
    pub line: usize,
    /// `a → b (file:line) → a (file:line)`
    pub steps: String,
}

/// Where one module first uses another.
type Uses<'a> = BTreeMap<&'a str, BTreeMap<&'a str, (&'a Path, usize)>>;

/// A shortest one, if there is any. What the root of the crate itself defines belongs to no module.
pub fn circle(sources: &[Source]) -> Option<Circle> {
    let sources: Vec<(Vec<&str>, &Source)> =
        sources.iter().filter_map(|source| module_of(&source.path).map(|module| (module, source))).collect();
    let modules: BTreeSet<&str> = sources.iter().filter_map(|(module, _)| module.first().copied()).collect();
    let shown_by_root = names_of_root(&sources, &modules);

    let mut uses = Uses::new();
    for (module, source) in &sources {
        let Some(user) = module.first().copied() else { continue };
        for path in source.paths.iter().filter(|path| !path.in_tests) {
            let Some(first) = first_below_root(module, path) else { continue };
            let used = modules.get(first).or_else(|| shown_by_root.get(first)).copied();
            if let Some(used) = used.filter(|used| *used != user) {
                uses.entry(user).or_default().entry(used).or_insert((&source.path, path.line));
            }
        }
    }

    let shortest = uses.keys().filter_map(|module| way_back(module, &uses)).min_by_key(Vec::len)?;
    let place = |from: &str, to: &str| uses[from][to];
    let mut steps = shortest[0].to_owned();
    for two in shortest.windows(2) {
        let (file, line) = place(two[0], two[1]);
        steps.push_str(&format!(" → {} ({}:{line})", two[1], file.display()));
    }
    let (file, line) = place(shortest[0], shortest[1]);
    Some(Circle { file: file.to_owned(), line, steps })
}

/// `src/a/b.rs` → `a, b`; nothing for the root. `None` for what is not part of the library or the main program.
fn module_of(path: &Path) -> Option<Vec<&str>> {
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    let inside = &parts[parts.iter().position(|part| *part == "src")? + 1..];
    let (file, folders) = inside.split_last()?;
    if folders.first() == Some(&"bin") {
        return None;
    }
    let mut module = folders.to_vec();
    match file.strip_suffix(".rs")? {
        "lib" | "main" if folders.is_empty() => {}
        "mod" => {}
        name => module.push(name),
    }
    Some(module)
}

/// What `crate::Name` reaches through an import in the root, with the module that it comes from.
fn names_of_root<'a>(
    sources: &[(Vec<&'a str>, &'a Source)],
    modules: &BTreeSet<&'a str>,
) -> BTreeMap<&'a str, &'a str> {
    let mut names = BTreeMap::new();
    let root = sources.iter().filter(|(module, _)| module.is_empty());
    for path in root.flat_map(|(_, source)| &source.paths).filter(|path| path.inside.is_empty() && !path.in_tests) {
        let Some(name) = &path.imported_as else { continue };
        let first = path.parts.iter().find(|part| !["crate", "self"].contains(&part.as_str()));
        let Some(module) = first.and_then(|first| modules.get(first.as_str())).copied() else { continue };
        if name == "*" {
            let of_module = sources.iter().filter(|(path, _)| path.first() == Some(&module));
            names.extend(of_module.flat_map(|(_, source)| &source.public_items).map(|item| (item.as_str(), module)));
        } else {
            names.insert(name, module);
        }
    }
    names
}

/// The part that follows the root in a path by `crate`, `self` or `super`.
fn first_below_root<'a>(module: &[&'a str], path: &'a NamedPath) -> Option<&'a str> {
    let mut base: Vec<&str> = module.iter().copied().chain(path.inside.iter().map(String::as_str)).collect();
    let mut parts = path.parts.iter().map(String::as_str).peekable();
    match parts.next()? {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            base.pop()?;
        }
        _ => return None,
    }
    while parts.next_if_eq(&"super").is_some() {
        base.pop()?;
    }
    base.into_iter().chain(parts).next()
}

/// A shortest way from a module to itself, both ends included.
fn way_back<'a>(start: &'a str, uses: &Uses<'a>) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for used in way.last().and_then(|last| uses.get(last)).into_iter().flat_map(BTreeMap::keys).copied() {
                let next = [way.as_slice(), &[used]].concat();
                if used == start {
                    return Some(next);
                }
                if seen.insert(used) {
                    longer.push(next);
                }
            }
        }
        ways = longer;
    }
    None
}
