//! The style sheet and the script, under names that change with their content, so that browsers keep them for long.

use std::sync::LazyLock;

use crate::answer::Answer;

const STYLE: &str = include_str!("../assets/portal.css");
const SCRIPT: &str = include_str!("../assets/portal.js");
/// Of the one page on which definitions are written.
const STUDIO: &str = include_str!("../assets/studio.js");

/// Letters of the digest in a name.
const TELLING: usize = 16;

struct Asset {
    path: String,
    media_type: &'static str,
    text: String,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset("portal", "css", "text/css; charset=utf-8", STYLE),
        asset("portal", "js", "text/javascript; charset=utf-8", SCRIPT),
        asset("studio", "js", "text/javascript; charset=utf-8", STUDIO),
    ]
});

/// Without what is there for whoever reads the file: no line of ours goes on in a text or a comment that was begun before.
fn sent(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn asset(name: &str, ending: &str, media_type: &'static str, text: &str) -> Asset {
    let text = sent(text);
    let digest: String = vocabulary::digest(text.as_bytes()).chars().take(TELLING).collect();
    Asset { path: format!("/assets/{name}-{digest}.{ending}"), media_type, text }
}

pub(crate) fn style() -> &'static str {
    let [style, ..] = &*ASSETS;
    &style.path
}

pub(crate) fn script() -> &'static str {
    let [_, script, _] = &*ASSETS;
    &script.path
}

pub(crate) fn studio() -> &'static str {
    let [.., studio] = &*ASSETS;
    &studio.path
}

/// The asset of that path, under its present name only.
pub(crate) fn at(path: &str) -> Option<Answer> {
    let found = ASSETS.iter().find(|asset| asset.path == path)?;
    Some(Answer::asset(found.media_type, &found.text))
}
