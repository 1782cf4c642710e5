//! `preview`: one page of a document as a picture, in a process that ends whatever the document does.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use preview::{Font, NoPicture, picture};
use rlimit::Resource;

use crate::outcome::{Failure, Outcome};

/// Seconds of computing, and bytes of addresses.
const SECONDS: u64 = 10;
const MEMORY: u64 = 3 * 1024 * 1024 * 1024;

/// Fonts for Japanese text whose document brings none, where Debian and others keep them.
const FONTS: [&str; 2] =
    ["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"];

/// Reads the document from standard input; writes the number of its pages, a line end, and the picture.
///
/// # Errors
/// A refusal when there is no picture of it.
pub fn run(media_type: &str, page: usize) -> Outcome {
    let limited = Resource::CPU.set(SECONDS, SECONDS).and_then(|()| Resource::AS.set(MEMORY, MEMORY));
    limited.map_err(|error| Failure::fault(format!("no limits: {error}")))?;
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let font = || FONTS.iter().find_map(|path| std::fs::read(path).ok()).map(|bytes| -> Font { (Arc::new(bytes), 0) });
    let japanese = (media_type == "application/pdf").then(font).flatten();
    let found = picture(media_type, bytes, page, japanese).map_err(|why| {
        Failure::refused(match why {
            NoPicture::Kind => "no pictures are made of such files",
            NoPicture::Page => "there is no such page",
            NoPicture::Unreadable => "this file cannot be read",
        })
    })?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", found.pages)?;
    out.write_all(&found.png)?;
    Ok(out.flush()?)
}
