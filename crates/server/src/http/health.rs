//! For whoever watches the process.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::http::header::AUTHORIZATION;
use poem::{Request, Response};
use serde_json::json;

use super::Site;
use super::reply::{Problem, Reply, json_with};

/// The process answers.
pub async fn live(_: Arc<Site>, _: Request) -> Reply {
    Ok(json_with(StatusCode::OK, &json!({ "status": "live" })))
}

/// The database answers too.
pub async fn ready(site: Arc<Site>, _: Request) -> Reply {
    match site.store.ping().await {
        Ok(()) => Ok(json_with(StatusCode::OK, &json!({ "status": "ready" }))),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Err(service::Error::Unavailable.into())
        }
    }
}

/// From this very machine, or with the token; a proxy's requests come from elsewhere.
pub async fn metrics(site: Arc<Site>, request: Request) -> Reply {
    let proxied = request.headers().contains_key("x-forwarded-for") || request.headers().contains_key("forwarded");
    let local = !proxied && site.client_ip(&request).is_some_and(|ip| ip.is_loopback());
    let shown = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = site.metrics_token.as_deref().zip(shown).is_some_and(|(token, shown)| same_secret(token, shown));
    if !local && !token {
        return Err(Problem::not_found());
    }
    let outbox = site.store.read().outbox_depth().await.ok().map(|depth| (depth.waiting, depth.dead));
    let text = site.metrics.text(outbox);
    Ok(Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

/// Compares digests, so that the time tells nothing about the secret.
fn same_secret(left: &str, right: &str) -> bool {
    vocabulary::digest(left.as_bytes()) == vocabulary::digest(right.as_bytes())
}
