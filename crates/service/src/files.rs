//! Files: kept outside the database under their digest, known inside it.

use uuid::Uuid;

use crate::service::Service;
use crate::view::{FileView, Viewer};
use crate::{Error, Result};

/// Bytes of one file.
pub const LARGEST_FILE: usize = 20 * 1024 * 1024;
/// Bytes of all files of one application.
const LARGEST_APPLICATION: i64 = 200 * 1024 * 1024;
/// Bytes of a file's name in UTF-8.
const LONGEST_NAME: usize = 255;

/// What may be uploaded: extension, media type, and how its first bytes are told.
const KINDS: [(&str, &str); 9] = [
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("txt", "text/plain"),
    ("csv", "text/csv"),
];

impl Service {
    /// Takes a file in. The answer is a receipt: name, size and SHA-256 as they are kept.
    ///
    /// # Errors
    /// `BadInput` when it is empty, too large, or not what its name says.
    pub async fn upload(&self, viewer: &Viewer, name: &str, bytes: Vec<u8>) -> Result<FileView> {
        self.require_scope(viewer, "apply")?;
        let name = safe_name(name);
        let media_type = judge(&name, &bytes)?;
        let sha256 = vocabulary::digest(&bytes);
        let size = i64::try_from(bytes.len()).map_err(|error| Error::Fault(error.to_string()))?;
        self.inner.files.put(&sha256, &bytes).await.map_err(|error| {
            tracing::error!(%error, "a file could not be kept");
            Error::Unavailable
        })?;
        let stored = store::StoredFile {
            id: self.inner.ids.next(),
            owner: viewer.person.id,
            application: None,
            business: None,
            name,
            media_type: media_type.to_owned(),
            size,
            content_key: sha256.clone(),
            sha256,
            uploaded_at: self.now(),
        };
        self.store()
            .write(|tx| {
                let stored = &stored;
                Box::pin(async move { Ok::<_, Error>(tx.create_file(stored).await?) })
            })
            .await?;
        Ok(view(stored))
    }

    /// # Errors
    /// `NotFound` for whoever may not see the case that the file belongs to.
    pub async fn download(&self, viewer: &Viewer, id: Uuid) -> Result<(FileView, Vec<u8>)> {
        let stored = self.reader().file(id).await?.ok_or(Error::NotFound)?;
        let visible = match stored.application {
            None => stored.owner == viewer.person.id,
            // Once it belongs to a case, whoever may see the case may see it, and nobody else.
            Some(application) => self.application(viewer, application).await?.is_some(),
        };
        if !visible {
            return Err(Error::NotFound);
        }
        if stored.application.is_some() && !viewer.person.roles.is_empty() {
            self.note_access(viewer, store::AccessKind::Document, Some(id), viewer.device()).await?;
        }
        let bytes = self.inner.files.get(&stored.content_key).await.map_err(|error| {
            tracing::error!(%error, file = %id, "a file could not be read");
            Error::Unavailable
        })?;
        if vocabulary::digest(&bytes) != stored.sha256 {
            return Err(Error::Fault(format!("file {id} is not what was uploaded")));
        }
        Ok((view(stored), bytes))
    }

    /// A file that the viewer uploaded, or that belongs to one of the viewer's businesses already.
    pub(crate) async fn own_file(&self, viewer: &Viewer, id: Uuid, application: Uuid) -> Result<FileView> {
        let stored = self.reader().file(id).await?.ok_or(Error::NotFound)?;
        let own = stored.owner == viewer.person.id
            || stored.business.is_some_and(|business| viewer.person.memberships.contains(&business));
        if !own {
            return Err(Error::NotFound);
        }
        if self.reader().bytes_of_application(application).await? + stored.size > LARGEST_APPLICATION {
            return Err(Error::bad_input(
                "file",
                "この申請に添付できるのは合計200MBまでです",
                "An application takes 200 MB of files in all",
            ));
        }
        Ok(view(stored))
    }
}

fn view(stored: store::StoredFile) -> FileView {
    FileView {
        id: stored.id,
        name: stored.name,
        media_type: stored.media_type,
        size: stored.size,
        sha256: stored.sha256,
        uploaded_at: stored.uploaded_at,
    }
}

/// The last part of the name, without anything that a screen, a header or a disk could take amiss.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .filter(|c| {
            !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .map(|c| if matches!(c, '"' | ';' | ':' | '*' | '?' | '<' | '>' | '|') { '_' } else { c })
        .collect();
    let plain = plain.trim().trim_start_matches('.');
    let (stem, ending) = plain.rsplit_once('.').unwrap_or((plain, ""));
    let mut kept = String::new();
    for c in stem.chars() {
        if kept.len() + c.len_utf8() + ending.len() + 1 > LONGEST_NAME {
            break;
        }
        kept.push(c);
    }
    if ending.is_empty() { kept } else { format!("{kept}.{ending}") }
}

/// Extension and content must agree.
fn judge(name: &str, bytes: &[u8]) -> Result<&'static str> {
    let wrong = |ja: &str, en: &str| Error::bad_input("file", ja, en);
    if bytes.is_empty() {
        return Err(wrong("ファイルが空です", "The file is empty"));
    }
    if bytes.len() > LARGEST_FILE {
        return Err(wrong("ファイルは20MBまでです", "A file has at most 20 MB"));
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let Some((_, media_type)) = KINDS.iter().find(|(known, _)| *known == ending) else {
        return Err(wrong(
            "この種類のファイルは添付できません（PDF、PNG、JPEG、Word、Excel、PowerPoint、テキスト、CSVのみ）",
            "This kind of file cannot be attached (PDF, PNG, JPEG, Word, Excel, PowerPoint, text and CSV only)",
        ));
    };
    let sniffed = infer::get(bytes).map(|kind| kind.mime_type());
    let agrees = match *media_type {
        "text/plain" | "text/csv" => sniffed.is_none() && !bytes.contains(&0) && !looks_like_markup(bytes),
        expected => sniffed == Some(expected),
    };
    if agrees {
        Ok(media_type)
    } else {
        Err(wrong(
            "ファイルの中身が名前の種類と合っていません。元のソフトで保存し直してください",
            "The content is not what the file's name says; save it again with its own program",
        ))
    }
}

fn looks_like_markup(bytes: &[u8]) -> bool {
    let start: String = String::from_utf8_lossy(bytes.get(..512).unwrap_or(bytes)).to_lowercase();
    ["<html", "<!doctype", "<script", "<svg", "<?xml"].iter().any(|mark| start.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_could_harm() {
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\temp\\見積書.pdf"), "見積書.pdf");
        assert_eq!(safe_name("a\u{202e}fdp.exe\r\n"), "afdp.exe");
        assert_eq!(safe_name("x\"; filename=evil.pdf"), "x__ filename=evil.pdf");
        assert!(safe_name(&format!("{}.pdf", "あ".repeat(300))).len() <= LONGEST_NAME);
    }

    #[test]
    fn content_must_be_what_the_name_says() {
        assert_eq!(judge("a.pdf", b"%PDF-1.7\n").unwrap(), "application/pdf");
        assert_eq!(judge("a.txt", "見積り".as_bytes()).unwrap(), "text/plain");
        for (name, bytes) in [
            ("a.pdf", &b"MZ\x90\x00"[..]),
            ("a.txt", b"<html><script>alert(1)</script>"),
            ("a.svg", b"<svg/>"),
            ("a.png", b"%PDF-1.7"),
            ("a.txt", b"%PDF-1.7"),
            ("a.pdf", b""),
            ("a", b"%PDF-1.7"),
        ] {
            assert!(judge(name, bytes).is_err(), "{name}");
        }
    }
}
