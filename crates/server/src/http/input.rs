//! Small bodies: JSON, and for pages without a script also forms.

use graphql::endpoint::{Unread, drain, read_bounded};
use poem::http::StatusCode;
use poem::http::header::CONTENT_TYPE;
use poem::web::Form;
use poem::{Body, FromRequest as _, Request, RequestBody};
use serde::de::DeserializeOwned;

use super::reply::Problem;

/// Bytes.
const MAXIMUM_BODY: usize = 64 * 1024;

/// Which bodies are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    Json,
    /// Also a form, which a foreign page could send too: check where it comes from.
    JsonOrForm,
}

/// Reads the body and gives the rest of the request back.
///
/// # Errors
/// When it is too large, of another type, or does not fit.
pub async fn read<T: DeserializeOwned + Send>(request: Request, accepts: Accepts) -> Result<(Request, T), Problem> {
    let (parts, body) = request.into_parts();
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_form = accepts == Accepts::JsonOrForm && media_type == "application/x-www-form-urlencoded";
    if media_type != "application/json" && !is_form {
        drain(body).await;
        return Err(Problem::http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "application/json で送ってください",
            "Send application/json",
        ));
    }
    let bytes = read_bounded(body, MAXIMUM_BODY).await.map_err(|error| match error {
        Unread::TooLarge => Problem::too_large(1),
        Unread::Broken => wrong(),
    })?;
    let request = Request::from_parts(parts, Body::empty());
    let value = if is_form {
        let mut body = RequestBody::new(Body::from_vec(bytes));
        Form::<T>::from_request(&request, &mut body).await.map_err(|_| wrong())?.0
    } else {
        serde_json::from_slice(&bytes).map_err(|_| wrong())?
    };
    Ok((request, value))
}

fn wrong() -> Problem {
    Problem::http(StatusCode::BAD_REQUEST, "入力の形式が正しくありません", "The input has the wrong shape")
}
