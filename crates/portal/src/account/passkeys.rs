//! Passkeys (パスキー): what the script asks the browser, and the forms that carry its answers.

use poem::Response;
use service::{Error, PasskeyAnswer, PasskeyAsked};

use super::security::{HERE, not_done};
use super::sign_in::{Waiting, opened, refused};
use crate::answer::Answer;
use crate::visit::{Page, Visit, id};

/// For the script: the token of the request, and what `navigator.credentials` is given.
fn for_script(asked: PasskeyAsked) -> Answer {
    let PasskeyAsked { request, options } = asked;
    let body = format!(r#"{{"request":"{request}","options":{options}}}"#);
    Answer::of(Response::builder().content_type("application/json").body(body))
}

pub(crate) async fn ask(visit: &Visit<'_>) -> Page {
    Ok(for_script(visit.service.ask_for_passkey(&visit.form_token(), visit.asked.device()).await?))
}

pub(crate) async fn sign_in(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    let token = visit.form_token();
    let signed_in =
        visit.service.sign_in_by_passkey(asked.visitor.viewer.as_ref(), answered(visit, &token), asked.device());
    match signed_in.await {
        Ok(session) => Ok(opened(visit, session, Waiting::of(visit))),
        Err(Error::Refused(reasons)) => {
            let reasons = reasons.iter().map(|reason| visit.say(&reason.message)).collect();
            Ok(refused(visit, "", reasons, Waiting::of(visit)))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn ask_to_make(visit: &Visit<'_>) -> Page {
    let (name, token) = (visit.asked.field("passkey_name"), visit.form_token());
    let asked = visit.service.ask_to_make_passkey(visit.viewer()?, (name, &token), visit.asked.device());
    Ok(for_script(asked.await?))
}

pub(crate) async fn add(visit: &Visit<'_>) -> Page {
    let (name, token) = (visit.asked.field("passkey_name"), visit.form_token());
    let added = visit.service.add_passkey(visit.viewer()?, name, answered(visit, &token)).await;
    done(visit, added, "passkey-added").await
}

pub(crate) async fn remove(visit: &Visit<'_>) -> Page {
    let passkey = id(visit.asked.field("passkey"))?;
    let removed = visit.service.remove_passkey(visit.viewer()?, passkey, visit.asked.field("key")).await;
    done(visit, removed, "passkey-removed").await
}

fn answered<'a>(visit: &Visit<'a>, token: &'a str) -> PasskeyAnswer<'a> {
    let field = |name| visit.asked.field(name);
    PasskeyAnswer { request: field("request"), visitor: token, answer: field("answer") }
}

async fn done(visit: &Visit<'_>, outcome: Result<(), Error>, notice: &str) -> Page {
    match outcome {
        Ok(()) => Ok(visit.done(HERE, notice)),
        Err(error) => not_done(visit, error).await,
    }
}
