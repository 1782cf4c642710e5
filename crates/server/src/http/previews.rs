//! Pictures of documents: made by a process of their own, which a document may bring down without harm.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use poem::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use poem::{Request, Response};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::Site;
use super::files::{NOTHING_RUNS, id};
use super::reply::{Problem, Reply};

/// Longer than the process gives itself.
const LONGEST: Duration = Duration::from_secs(20);

/// `GET /files/{id}/pages/{page}`: a page as PNG, the number of all in `X-Hojokin-Pages`. For whoever may see the file.
pub async fn page(site: Arc<Site>, request: Request) -> Reply {
    let viewer = site.signed_in(&request).await?;
    let page: usize =
        request.raw_path_param("page").and_then(|page| page.parse().ok()).ok_or_else(Problem::not_found)?;
    let (file, bytes) = site.service.download(&viewer, id(&request)?).await?;
    let _place = site.previews.acquire().await.map_err(|_| Problem::from(service::Error::Unavailable))?;
    let program = site.previewer.as_deref().ok_or(service::Error::Unavailable)?;
    let (pages, png) = picture(program, &file.media_type, page, &bytes).await?.ok_or_else(Problem::not_found)?;
    Ok(Response::builder()
        .content_type("image/png")
        .header("x-hojokin-pages", pages)
        .header(CONTENT_SECURITY_POLICY, NOTHING_RUNS)
        // The file never changes, but whoever may see it does.
        .header(CACHE_CONTROL, "private, max-age=300")
        .body(png))
}

/// None when there is no picture of it.
async fn picture(
    program: &Path,
    media_type: &str,
    page: usize,
    bytes: &[u8],
) -> Result<Option<(String, Vec<u8>)>, Problem> {
    let unavailable = |error: std::io::Error| {
        tracing::error!(%error, "no picture could be made");
        Problem::from(service::Error::Unavailable)
    };
    let mut child = Command::new(program)
        .args(["preview", media_type, &page.to_string()])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(unavailable)?;
    if let Some(mut input) = child.stdin.take() {
        // A process that has seen enough does not read on; its answer tells why.
        let _ = input.write_all(bytes).await;
    }
    let Ok(done) = timeout(LONGEST, child.wait_with_output()).await else { return Ok(None) };
    let output = done.map_err(unavailable)?;
    if !output.status.success() {
        return Ok(None);
    }
    let mut parts = output.stdout.splitn(2, |byte| *byte == b'\n');
    let pages = parts.next().map(|line| String::from_utf8_lossy(line).into_owned()).unwrap_or_default();
    Ok(parts.next().map(|png| (pages, png.to_vec())))
}
