//! Files up and down, letters, and the bank's file. All ask the same authority as the API.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use graphql::endpoint::{DRAINED_BYTES, drain};
use graphql::key_of;
use poem::http::StatusCode;
use poem::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY};
use poem::web::{Field, Multipart};
use poem::{Body, FromRequest as _, Request, RequestBody, Response};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::SemaphorePermit;
use uuid::Uuid;

use super::Site;
use super::reply::{Problem, Reply, html, json_with};

const MAXIMUM_MIB: usize = 20;
/// Bytes of one file.
const MAXIMUM_FILE: usize = MAXIMUM_MIB * 1024 * 1024;
/// Bytes of headers and boundaries around it.
const MAXIMUM_AROUND: usize = 64 * 1024;
const BUFFER: usize = 64 * 1024;
pub const NOTHING_RUNS: &str = "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
/// A letter brings its own style and may show images within itself.
const LETTER: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

/// `POST /files`: one file; its digest is the applicant's receipt.
pub async fn upload(site: Arc<Site>, request: Request) -> Reply {
    let viewer = match site.signed_in(&request).await {
        Ok(viewer) => viewer,
        Err(problem) => {
            drain(request.into_body()).await;
            return Err(problem);
        }
    };
    let received = receive(&site, request).await?;
    let (name, bytes) = received.file.ok_or_else(wrong)?;
    let file = site.service.upload(&viewer, &name, bytes).await?;
    let answer = json!({
        "id": file.id, "name": file.name, "size": file.size, "sha256": file.sha256, "mediaType": file.media_type,
    });
    Ok(json_with(StatusCode::CREATED, &answer))
}

/// What came as `multipart/form-data`, while it has its place in memory.
pub struct Received<'s> {
    pub fields: Vec<(String, String)>,
    /// Name and bytes.
    pub file: Option<(String, Vec<u8>)>,
    _room: SemaphorePermit<'s>,
}

/// Takes in plain fields and at most one file, within the limits of the whole site.
///
/// # Errors
/// When it is too large, not whole, or too much arrives at once.
pub async fn receive(site: &Site, request: Request) -> Result<Received<'_>, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAXIMUM_FILE + MAXIMUM_AROUND) {
        drain(request.into_body()).await;
        return Err(Problem::too_large(MAXIMUM_MIB));
    }
    let Ok(_place) = site.uploads.try_acquire() else {
        drain(request.into_body()).await;
        return Err(service::Error::Unavailable.into());
    };
    let (fields, file) = parts(request, &site.scratch).await?;
    // Senders may be slow, so that what they send waits on the disk; only whole files come into memory, a few at once.
    let room = site.uploads_in_memory.acquire().await.map_err(|_| Problem::from(service::Error::Unavailable))?;
    let file = match file {
        Some((name, kept)) => Some((name, kept.into_memory().await?)),
        None => None,
    };
    Ok(Received { fields, file, _room: room })
}

/// A file that has arrived, without a name on this disk.
struct Kept {
    file: tokio::fs::File,
    /// Bytes.
    size: usize,
}

impl Kept {
    async fn into_memory(mut self) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::with_capacity(self.size);
        self.file.rewind().await.map_err(|error| disk(&error))?;
        self.file.read_to_end(&mut bytes).await.map_err(|error| disk(&error))?;
        Ok(bytes)
    }
}

fn disk(error: &std::io::Error) -> Problem {
    tracing::error!(%error, "an upload could not be kept");
    service::Error::Unavailable.into()
}

fn wrong() -> Problem {
    Problem::http(
        StatusCode::BAD_REQUEST,
        "multipart/form-data でファイルを1つだけ送ってください",
        "Send exactly one file as multipart/form-data",
    )
}

type Fields = Vec<(String, String)>;

async fn parts(request: Request, scratch: &Path) -> Result<(Fields, Option<(String, Kept)>), Problem> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts, Body::empty());
    // However long the body says it is, no more than this is read.
    let limit = u64::try_from(MAXIMUM_FILE + MAXIMUM_AROUND).unwrap_or(u64::MAX).saturating_add(DRAINED_BYTES);
    let mut body = RequestBody::new(Body::from_async_read(body.into_async_read().take(limit)));
    let mut parts = Multipart::from_request(&request, &mut body).await.map_err(|error| match error.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "multipart/form-data で送ってください",
            "Send multipart/form-data",
        ),
        _ => wrong(),
    })?;
    let (mut fields, mut file) = (Vec::new(), None);
    while let Some(part) = parts.next_field().await.map_err(|_| wrong())? {
        let Some(name) = part.file_name().map(str::to_owned) else {
            fields.extend(plain_field(part).await?);
            continue;
        };
        if file.is_some() {
            return Err(wrong());
        }
        file = Some((name, content(part, scratch).await?));
    }
    Ok((fields, file))
}

/// Name and text; a plain field is as small as what may stand around a file.
async fn plain_field(part: Field) -> Result<Option<(String, String)>, Problem> {
    let Some(name) = part.name().map(str::to_owned) else { return Ok(None) };
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAXIMUM_AROUND).unwrap_or(u64::MAX);
    part.into_async_read().take(limit).read_to_end(&mut bytes).await.map_err(|_| wrong())?;
    Ok(Some((name, String::from_utf8_lossy(&bytes).into_owned())))
}

async fn content(part: Field, scratch: &Path) -> Result<Kept, Problem> {
    let file = std::fs::create_dir_all(scratch).and_then(|()| tempfile::tempfile_in(scratch));
    let mut file = tokio::fs::File::from_std(file.map_err(|error| disk(&error))?);
    let mut reader = std::pin::pin!(part.into_async_read());
    let mut size = 0;
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = reader.read(&mut buffer).await.map_err(|_| wrong())?;
        if count == 0 {
            break;
        }
        size += count;
        // What is too much is read past, so that the sender comes to read the answer.
        if size <= MAXIMUM_FILE {
            file.write_all(buffer.get(..count).unwrap_or_default()).await.map_err(|error| disk(&error))?;
        }
    }
    if size > MAXIMUM_FILE {
        return Err(Problem::too_large(MAXIMUM_MIB));
    }
    file.flush().await.map_err(|error| disk(&error))?;
    Ok(Kept { file, size })
}

/// `GET /files/{id}`: always to be saved, never to be shown.
pub async fn download(site: Arc<Site>, request: Request) -> Reply {
    let viewer = site.signed_in(&request).await?;
    let (file, bytes) = site.service.download(&viewer, id(&request)?).await?;
    Ok(attachment(&file.name, &file.media_type, bytes))
}

/// `GET /letters/{id}`
pub async fn letter(site: Arc<Site>, request: Request) -> Reply {
    let viewer = site.signed_in(&request).await?;
    let letter = site.service.letter(&viewer, id(&request)?).await?;
    // Issued, and soon to be rendered by the worker.
    let text = letter.html.ok_or(service::Error::Unavailable)?;
    Ok(html(text).with_policy(LETTER))
}

/// `GET /payment-batches/{id}/file`: the same bytes each time.
pub async fn payment_file(site: Arc<Site>, request: Request) -> Reply {
    let viewer = site.signed_in(&request).await?;
    let file = site.service.payment_file(&viewer, id(&request)?).await?;
    let mut response = attachment(&file.name, "application/octet-stream", file.bytes);
    if file.repeated {
        // The file was handed out before: transferring it twice would pay twice.
        response.headers_mut().insert("x-hojokin-repeat", poem::http::HeaderValue::from_static("true"));
    }
    Ok(response)
}

pub fn id(request: &Request) -> Result<Uuid, Problem> {
    request.raw_path_param("id").and_then(key_of).ok_or_else(Problem::not_found)
}

trait WithPolicy {
    fn with_policy(self, policy: &'static str) -> Self;
}

impl WithPolicy for Response {
    fn with_policy(mut self, policy: &'static str) -> Self {
        self.headers_mut().insert(CONTENT_SECURITY_POLICY, poem::http::HeaderValue::from_static(policy));
        self
    }
}

fn attachment(name: &str, media_type: &str, bytes: Vec<u8>) -> Response {
    Response::builder()
        .content_type(media_type)
        .header(CONTENT_DISPOSITION, disposition(name))
        .body(bytes)
        .with_policy(NOTHING_RUNS)
}

/// RFC 6266: a plain name for old readers, and the whole one.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' })
        .take(100)
        .collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~') {
            whole.push(char::from(byte));
        } else {
            let _ = write!(whole, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_names() {
        assert_eq!(
            disposition("見積\"; filename=\"a.html\r\nX: y"),
            "attachment; filename=\"____ filename__a.html__X_ y\"; filename*=UTF-8''%E8%A6%8B%E7%A9%8D%22%3B%20\
             filename%3D%22a.html%0D%0AX%3A%20y"
        );
    }
}
