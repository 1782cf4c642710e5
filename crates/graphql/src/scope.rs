//! What belongs to one request: who asks, in which language, and the batches of its loaders.

use std::sync::OnceLock;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Error};
use service::{PartnerViewer, Service, Viewer};
use vocabulary::{Bilingual, Locale};

use crate::enums;
use crate::fault::{Code, coded, fault};
use crate::loaders::Batches;

/// Who sends a request.
pub(crate) enum Who {
    Nobody,
    Person(Viewer),
    /// The holder of a link to one case: nobody everywhere else.
    Partner(PartnerViewer),
}

pub(crate) struct Scope {
    pub(crate) service: Service,
    pub(crate) viewer: Option<Viewer>,
    partner: Option<PartnerViewer>,
    pub(crate) locale: Locale,
    pub(crate) request_id: String,
    loader: OnceLock<DataLoader<Batches>>,
}

impl Scope {
    pub(crate) fn new(service: Service, who: Who, locale: Locale, request_id: String) -> Self {
        let (viewer, partner) = match who {
            Who::Nobody => (None, None),
            Who::Person(viewer) => (Some(viewer), None),
            Who::Partner(partner) => (None, Some(partner)),
        };
        Self { service, viewer, partner, locale, request_id, loader: OnceLock::new() }
    }

    /// # Errors
    /// `INTERNAL` outside a request, which the endpoint makes impossible.
    pub(crate) fn of<'a>(ctx: &Context<'a>) -> Result<&'a Scope, Error> {
        ctx.data_opt::<Scope>().ok_or_else(|| coded(Code::Internal, Code::Internal.message().en))
    }

    /// # Errors
    /// `UNAUTHENTICATED` when nobody is signed in.
    pub(crate) fn viewer(&self) -> Result<&Viewer, Error> {
        self.viewer.as_ref().ok_or_else(|| self.fault(&service::Error::Unauthenticated))
    }

    /// # Errors
    /// `UNAUTHENTICATED` unless the request came with the token of a partner's link.
    pub(crate) fn partner(&self) -> Result<&PartnerViewer, Error> {
        self.partner.as_ref().ok_or_else(|| self.fault(&service::Error::Unauthenticated))
    }

    pub(crate) fn fault(&self, error: &service::Error) -> Error {
        fault(error, self.locale, &self.request_id)
    }

    /// Batches what many rows of the same list ask for.
    pub(crate) fn loader(&self) -> &DataLoader<Batches> {
        self.loader
            .get_or_init(|| DataLoader::new(Batches::new(self.service.clone(), self.viewer.clone()), tokio::spawn))
    }
}

/// The text in the language asked for, or else in that of the request.
pub(crate) fn say(ctx: &Context<'_>, text: &Bilingual, locale: Option<enums::Locale>) -> String {
    let locale = locale.map_or_else(|| ctx.data_opt::<Scope>().map_or(Locale::Ja, |scope| scope.locale), Locale::from);
    text.get(locale).to_owned()
}
