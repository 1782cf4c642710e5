//! Everything that is kept of the visitor, as one file that is written while it is sent.

use std::io;

use futures_util::stream;
use poem::http::header::CONTENT_DISPOSITION;
use poem::{Body, Response};
use service::{Error, OwnData, Service};

use crate::answer::Answer;
use crate::archive::Archive;
use crate::visit::{Page, Visit};

/// What there is to send.
struct Sending {
    service: Service,
    data: OwnData,
    /// None once its end was sent.
    archive: Option<Archive>,
    /// Of the files that were sent; the document itself comes first.
    sent: usize,
}

impl Sending {
    /// One file at a time is in memory.
    async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(archive) = self.archive.as_mut() else { return Ok(None) };
        let part = match self.sent.checked_sub(1).map(|index| self.data.files.get(index)) {
            None => {
                let document = serde_json::to_vec_pretty(&self.data.document).map_err(io::Error::other)?;
                archive.file("data.json", &document)?
            }
            Some(Some(file)) => {
                let bytes = self.service.own_file_of(&self.data, file).await.map_err(|error| broken(&error))?;
                archive.file(&file.path, &bytes)?
            }
            Some(None) => return self.archive.take().map(Archive::end).transpose(),
        };
        self.sent += 1;
        Ok(Some(part))
    }
}

/// The connection ends early, so that nobody takes a part for the whole.
fn broken(error: &Error) -> io::Error {
    tracing::error!(?error, "a file of somebody's own data could not be read");
    io::Error::other("a file could not be read")
}

pub(crate) async fn export(visit: &Visit<'_>) -> Page {
    let data = visit.service.own_data(visit.viewer()?).await?;
    let day = vocabulary::day_in_japan(data.made_at).format("%Y%m%d");
    let archive = Some(Archive::new(data.made_at));
    let sending = Sending { service: visit.service.clone(), data, archive, sent: 0 };
    let parts = stream::try_unfold(sending, async |mut sending| {
        let part = sending.next().await?;
        Ok::<_, io::Error>(part.map(|part| (part, sending)))
    });
    let response = Response::builder()
        .content_type("application/zip")
        .header(CONTENT_DISPOSITION, format!("attachment; filename=\"own-data-{day}.zip\""))
        .body(Body::from_bytes_stream(parts));
    Ok(Answer::of(response))
}
