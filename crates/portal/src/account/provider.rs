//! Signing in by a provider of identities: there, with what was being typed kept meanwhile, and back.

use askama::Template;
use service::{Brought, Error, SignIn};

use super::security::{HERE, not_done};
use super::sign_in::{Waiting, refused, shown};
use crate::answer::{Answer, Cookie};
use crate::visit::{Frame, Page, Visit, not_found};

/// Browsers hold a redirect that follows a form to the policy for forms, so that this page leads on by itself.
#[derive(Template)]
#[template(path = "account/onward.html")]
struct Onward {
    frame: Frame,
    to: String,
}

pub(crate) async fn begin(visit: &Visit<'_>, provider: &str) -> Page {
    let asked = visit.asked;
    let (next, kept) = Waiting::of(visit).parts();
    let viewer = asked.visitor.viewer.as_ref();
    let token = visit.service.begin_identity_request(provider, viewer, (&next, kept), asked.device()).await?;
    Ok(sent_on(visit, provider, &token))
}

fn sent_on(visit: &Visit<'_>, provider: &str, token: &str) -> Answer {
    let frame = visit.frame(visit.t.onward());
    let page = visit.page(&Onward { frame, to: format!("/sign-in/with/{provider}") });
    page.with_cookie(visit.asked, Cookie::Provider, token)
}

/// A provider is to open the account of whoever is signed in.
pub(crate) async fn link(visit: &Visit<'_>) -> Page {
    let (provider, asked) = (visit.asked.field("provider"), visit.asked);
    match visit.service.begin_linking(provider, visit.viewer()?, HERE, asked.device()).await {
        Ok(token) => Ok(sent_on(visit, provider, &token)),
        Err(error) => not_done(visit, error).await,
    }
}

/// It opens it no more.
pub(crate) async fn unlink(visit: &Visit<'_>) -> Page {
    let (provider, key) = (visit.asked.field("provider"), visit.asked.field("key"));
    match visit.service.unlink_identity(provider, visit.viewer()?, key).await {
        Ok(()) => Ok(visit.done(HERE, "provider-removed")),
        Err(error) => not_done(visit, error).await,
    }
}

pub(crate) async fn onward(visit: &Visit<'_>, provider: &str) -> Page {
    match visit.service.way_to_provider(provider, token(visit)).await {
        Ok(url) => Ok(Answer::see(&url)),
        Err(error) => said(visit, error, Waiting::new("/", Vec::new())),
    }
}

pub(crate) async fn back(visit: &Visit<'_>, provider: &str) -> Page {
    let asked = visit.asked;
    let parameter = |name| asked.parameter(name);
    let brought = Brought { state: parameter("state"), code: parameter("code"), error: parameter("error") };
    let returned = match visit.service.return_from_provider(provider, token(visit), brought, asked.device()).await {
        Ok(returned) => returned,
        Err(error) => return said(visit, error, Waiting::new("/", Vec::new())),
    };
    let waiting = Waiting::new(&returned.next, returned.kept);
    let answer = match returned.sign_in {
        Ok(signed_in) => {
            if let (Some(viewer), SignIn::Done(_)) = (&asked.visitor.viewer, &signed_in) {
                // The new session takes the place of this one.
                visit.service.sign_out(viewer).await?;
            }
            shown(visit, signed_in, waiting)
        }
        Err(error) if returned.links => not_done(visit, error).await?,
        Err(error) => said(visit, error, waiting)?,
    };
    Ok(answer.with_cookie(asked, Cookie::Provider, ""))
}

fn token<'a>(visit: &Visit<'a>) -> &'a str {
    visit.asked.cookie(Cookie::Provider.name(visit.asked.visitor.secure)).unwrap_or_default()
}

/// Why not, where another way in stands as well.
fn said(visit: &Visit<'_>, error: Error, waiting: Waiting) -> Page {
    match error {
        Error::Refused(reasons) => {
            let reasons = reasons.iter().map(|reason| visit.say(&reason.message)).collect();
            Ok(refused(visit, "", reasons, waiting))
        }
        Error::NotFound => Err(not_found()),
        error => Err(error.into()),
    }
}
