//! HTTP: which path leads where, and what every answer has in common.

mod accounts;
mod dev;
mod files;
mod guard;
mod health;
mod input;
mod metrics;
mod pages;
mod previews;
mod reply;
mod session;

use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use graphql::endpoint::{GraphQl, Policy, RequestId, accepted_locale, identify};
use poem::endpoint::make;
use poem::{Addr, Endpoint, Request, Response, Route, RouteMethod};
use service::{Service, Viewer};
use store::Store;
use tokio::sync::Semaphore;
use vocabulary::{Clock, Locale};

use crate::adapters::RandomIds;
use crate::cli::ServeArgs;
use crate::startup::Installation;
use guard::Guard;
use metrics::Metrics;
use reply::{Problem, Reply};

/// What every handler may use.
pub struct Site {
    pub service: Service,
    pub store: Store,
    pub ids: Arc<RandomIds>,
    pub clock: Arc<dyn Clock>,
    pub policy: Arc<Policy>,
    pub metrics: Metrics,
    pub metrics_token: Option<String>,
    pub trusted_proxies: Vec<IpAddr>,
    /// Where files wait while they arrive.
    pub scratch: PathBuf,
    /// Uploads that arrive at the same time …
    pub uploads: Semaphore,
    /// … and those of them that are whole and in memory.
    pub uploads_in_memory: Semaphore,
    /// Pictures of documents that are made at the same time, each by a process of its own.
    pub previews: Semaphore,
    /// The program that makes them: `hojokin` itself.
    pub previewer: Option<PathBuf>,
    /// Where the mails and the people of the demonstration are; in development only.
    pub development: Option<PathBuf>,
}

/// At most 1,280 MiB on the disk for files that arrive …
const UPLOADS_AT_ONCE: usize = 64;
/// … and 60 MiB in memory.
const UPLOADS_IN_MEMORY: usize = 3;
const PREVIEWS_AT_ONCE: usize = 2;

impl Site {
    pub fn new(installation: &Installation, args: &ServeArgs) -> Self {
        let secure = installation.base_url.starts_with("https://");
        Self {
            service: installation.service.clone(),
            store: installation.store.clone(),
            ids: installation.ids.clone(),
            clock: installation.clock.clone(),
            policy: Arc::new(Policy { origin: installation.base_url.clone(), production: secure }),
            metrics: Metrics::default(),
            metrics_token: args.metrics_token.clone(),
            trusted_proxies: args.trusted_proxy.clone(),
            scratch: installation.data.clone(),
            uploads: Semaphore::new(UPLOADS_AT_ONCE),
            uploads_in_memory: Semaphore::new(UPLOADS_IN_MEMORY),
            previews: Semaphore::new(PREVIEWS_AT_ONCE),
            previewer: std::env::current_exe().ok(),
            development: installation.development.then(|| installation.data.clone()),
        }
    }

    /// Who sends the request, if anybody is signed in.
    async fn viewer(&self, request: &Request) -> Result<Option<Viewer>, Problem> {
        let viewer = identify(&self.service, &self.policy, request.method(), request.headers()).await?;
        let address = self.client_ip(request).map(|ip| ip.to_string());
        Ok(viewer.map(|mut viewer| {
            viewer.address = address;
            viewer
        }))
    }

    /// # Errors
    /// `UNAUTHENTICATED` when nobody is signed in.
    async fn signed_in(&self, request: &Request) -> Result<Viewer, Problem> {
        self.viewer(request).await?.ok_or_else(|| service::Error::Unauthenticated.into())
    }

    /// The address of whoever asks. What a proxy says counts only when the proxy is ours.
    fn client_ip(&self, request: &Request) -> Option<IpAddr> {
        let Addr::SocketAddr(peer) = &request.remote_addr().0 else { return None };
        let peer = peer.ip();
        if !self.trusted_proxies.contains(&peer) {
            return Some(peer);
        }
        let forwarded = request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<IpAddr> =
            forwarded.flat_map(|hops| hops.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
        Some(hops.into_iter().rev().find(|hop| !self.trusted_proxies.contains(hop)).unwrap_or(peer))
    }
}

/// A handler as an endpoint: its problems become answers.
fn at<F, Answer>(site: &Arc<Site>, handler: F) -> impl Endpoint<Output = Response> + use<F, Answer>
where
    F: Fn(Arc<Site>, Request) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Reply> + Send + 'static,
{
    let site = site.clone();
    make(move |request: Request| {
        let locale = accepted_locale(request.headers()).unwrap_or(Locale::Ja);
        let id = request.data::<RequestId>().map_or_else(String::new, |id| id.0.clone());
        let answer = handler(site.clone(), request);
        async move { answer.await.unwrap_or_else(|problem| problem.response(locale, &id)) }
    })
}

/// The whole site.
pub fn app(site: Arc<Site>) -> impl Endpoint<Output = Response> {
    let graphql = GraphQl::new(site.service.clone(), site.policy.clone());
    let routes = Route::new()
        .at("/graphql", graphql)
        .at("/session", poem::post(at(&site, session::sign_in)).delete(at(&site, session::sign_out)))
        .at("/sign-up", page_and(&site, accounts::sign_up))
        .at("/verify-email", page_and(&site, accounts::verify_email))
        .at("/password-reset", page_and(&site, accounts::request_password_reset))
        .at("/password-reset/confirm", poem::post(at(&site, accounts::reset_password)))
        .at("/invitations/:token", poem::post(at(&site, accounts::accept_invitation)))
        .at("/files", poem::post(at(&site, files::upload)))
        .at("/files/:id", poem::get(at(&site, files::download)))
        .at("/files/:id/pages/:page", poem::get(at(&site, previews::page)))
        .at("/letters/:id", poem::get(at(&site, files::letter)))
        .at("/payment-batches/:id/file", poem::get(at(&site, files::payment_file)))
        .at("/health/live", poem::get(at(&site, health::live)))
        .at("/health/ready", poem::get(at(&site, health::ready)))
        .at("/metrics", poem::get(at(&site, health::metrics)));
    let routes = if site.development.is_some() { routes.nest("/dev", dev::routes(&site)) } else { routes };
    let routes = routes.nest("/", at(&site, pages::page));
    Guard::new(routes, site)
}

/// A page to look at, whose form has the path of a command.
fn page_and<F, Answer>(site: &Arc<Site>, command: F) -> RouteMethod
where
    F: Fn(Arc<Site>, Request) -> Answer + Copy + Send + Sync + 'static,
    Answer: Future<Output = Reply> + Send + 'static,
{
    let sent = move |site, request: Request| async move {
        match pages::is_form(&request) {
            true => pages::page(site, request).await,
            false => command(site, request).await,
        }
    };
    poem::get(at(site, pages::page)).post(at(site, sent))
}
