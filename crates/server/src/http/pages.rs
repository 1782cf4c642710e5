//! Pages: reads what a browser sends within bounds, says who sends it, and keeps the session's cookie. The pages
//! themselves are the portal's.

use std::sync::Arc;

use graphql::endpoint::{RequestId, Unread, accepted_locale, drain, read_bounded, session_token};
use poem::http::header::{CONTENT_TYPE, HeaderMap, SET_COOKIE};
use poem::http::{Method, StatusCode};
use poem::web::Form;
use poem::{Body, FromRequest as _, Request, RequestBody, Response};
use portal::{Answer, Asked, SentFile, Session, Visitor};
use service::{Error, Viewer};
use vocabulary::{Ids as _, digest};

use super::Site;
use super::files::receive;
use super::reply::{Problem, Reply};
use super::session::{closing_cookie, opening_cookie};

/// Bytes of a form without files: long tables in letters that take nine bytes each.
const MAXIMUM_FORM: usize = 2 * 1024 * 1024;
const MAXIMUM_FORM_MIB: usize = 2;

/// Whatever has no other path is a page.
pub async fn page(site: Arc<Site>, request: Request) -> Reply {
    let mut asked = asked(&site, &request).await?;
    let for_people = asked.wants_page();
    if !request.method().is_safe() && !for_people {
        drain(request.into_body()).await;
        return Err(Problem::not_found());
    }
    if let Err(problem) = read(&site, &mut asked, request).await {
        let Problem::Http { status, message, .. } = problem else { return Err(problem) };
        return Ok(dressed(&site, portal::failed(&site.service, &asked, status, Some(&message))));
    }
    let answer = portal::answer(&site.service, &asked).await;
    if answer.response.status() == StatusCode::NOT_FOUND && !for_people {
        return Err(Problem::not_found());
    }
    Ok(dressed(&site, answer))
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A form that a page sent; the API's commands take JSON.
pub fn is_form(request: &Request) -> bool {
    media_type(request.headers()) == FORM
}

fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What went wrong outside of the pages, as a page.
pub fn failed(site: &Site, headers: &HeaderMap, path: &str, request_id: &str, status: StatusCode) -> Option<Response> {
    let asked = Asked {
        method: Method::GET,
        path: path.to_owned(),
        headers: headers.clone(),
        query: Vec::new(),
        fields: Vec::new(),
        file: None,
        visitor: visitor(site, headers, None, request_id.to_owned(), true),
    };
    asked.wants_page().then(|| dressed(site, portal::failed(&site.service, &asked, status, None)))
}

async fn asked(site: &Site, request: &Request) -> Result<Asked, Problem> {
    let headers = request.headers();
    let viewer = match session_token(&site.policy, headers) {
        Some(token) => match site.service.viewer_by_session(token).await {
            Ok(viewer) => Some(viewer),
            Err(Error::Unauthenticated | Error::NotFound) => None,
            Err(error) => return Err(error.into()),
        },
        None => None,
    };
    let is_own_page = request.method().is_safe() || site.policy.is_same_origin(headers);
    let request_id = request.data::<RequestId>().map_or_else(String::new, |id| id.0.clone());
    let client = site.client_ip(request).map(|ip| ip.to_string());
    let viewer = viewer.map(|mut viewer| {
        viewer.address.clone_from(&client);
        viewer
    });
    let mut visitor = visitor(site, headers, viewer, request_id, is_own_page);
    visitor.client = client;
    Ok(Asked {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        headers: headers.clone(),
        query: request.params().unwrap_or_default(),
        fields: Vec::new(),
        file: None,
        visitor,
    })
}

fn visitor(site: &Site, headers: &HeaderMap, viewer: Option<Viewer>, request_id: String, is_own_page: bool) -> Visitor {
    Visitor {
        viewer,
        client: None,
        accepted: accepted_locale(headers),
        is_own_page,
        secure: site.policy.production,
        request_id,
        secret: digest(&site.ids.secret()),
    }
}

/// The fields of a form, and the file that came with it.
async fn read(site: &Site, asked: &mut Asked, request: Request) -> Result<(), Problem> {
    if request.method().is_safe() {
        return Ok(());
    }
    let (is_form, is_multipart) = match media_type(request.headers()).as_str() {
        FORM => (true, false),
        "multipart/form-data" => (false, true),
        _ => (false, false),
    };
    // A file costs more than a form: it is taken in from people who are signed in, and from our own pages.
    if is_multipart && asked.visitor.viewer.is_some() && asked.visitor.is_own_page {
        let received = receive(site, request).await?;
        asked.file = received
            .file
            .filter(|(name, bytes)| !name.is_empty() || !bytes.is_empty())
            .map(|(name, bytes)| SentFile { name, bytes });
        asked.fields = received.fields;
        return Ok(());
    }
    if !is_form {
        drain(request.into_body()).await;
        return Ok(());
    }
    let (parts, body) = request.into_parts();
    let bytes = read_bounded(body, MAXIMUM_FORM).await.map_err(|error| match error {
        Unread::TooLarge => Problem::too_large(MAXIMUM_FORM_MIB),
        Unread::Broken => broken(),
    })?;
    let request = Request::from_parts(parts, Body::empty());
    let mut body = RequestBody::new(Body::from_vec(bytes));
    asked.fields = Form::from_request(&request, &mut body).await.map_err(|_| broken())?.0;
    Ok(())
}

fn broken() -> Problem {
    Problem::http(StatusCode::BAD_REQUEST, "入力の形式が正しくありません", "The form could not be read")
}

fn dressed(site: &Site, answer: Answer) -> Response {
    let mut response = answer.response;
    let cookie = answer.session.map(|session| match session {
        Session::Opened(session) => opening_cookie(site, &session),
        Session::Closed => closing_cookie(site),
    });
    if let Some(cookie) = cookie.and_then(|cookie| cookie.parse().ok()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
