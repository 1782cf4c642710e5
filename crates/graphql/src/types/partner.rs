//! 第三者: the one case that the holder of a link sees, and what may be done in it.

use async_graphql::{Context, Object};
use service::{AvailableAction, PartnerCase as View, PartnerDocument};

use crate::enums::Locale;
use crate::scalars::Date;
use crate::scope::say;
use crate::text::{Refusal, refusals};
use crate::types::form::Form;

pub(crate) struct PartnerCase(pub View);

/// All that a partner (金融機関, 専門家 …) sees of the case that its link is for.
#[Object]
impl PartnerCase {
    async fn municipality(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.municipality, locale)
    }
    async fn program_title(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.program, locale)
    }
    async fn number(&self) -> Option<&str> {
        self.0.number.as_deref()
    }
    async fn business_name(&self) -> &str {
        &self.0.business
    }
    async fn state(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.state, locale)
    }
    /// The last day for what is asked.
    async fn deadline(&self) -> Option<Date> {
        self.0.deadline.map(Date)
    }
    async fn version(&self) -> i64 {
        self.0.version
    }
    /// What the program calls the partner.
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.label, locale)
    }
    /// To whom the link was sent.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// When the link ends.
    async fn expires_at(&self) -> vocabulary::Instant {
        self.0.expires_at
    }
    /// Documents that are marked for the partner.
    async fn documents(&self) -> Vec<Document<'_>> {
        self.0.documents.iter().map(Document).collect()
    }
    /// What may be done now, or why not.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn actions(&self) -> Vec<PartnerAction<'_>> {
        self.0.actions.iter().map(PartnerAction).collect()
    }
}

pub(crate) struct Document<'a>(&'a PartnerDocument);

/// A document that is marked for the partner.
#[Object(name = "PartnerDocument")]
impl Document<'_> {
    async fn kind(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.kind, locale)
    }
    async fn name(&self) -> &str {
        &self.0.name
    }
    async fn sha256(&self) -> &str {
        &self.0.sha256
    }
}

pub(crate) struct PartnerAction<'a>(&'a AvailableAction);

/// Something that the partner may do, with the form that it asks for.
#[Object]
impl PartnerAction<'_> {
    async fn name(&self) -> &str {
        &self.0.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.label, locale)
    }
    async fn permitted(&self) -> bool {
        self.0.permitted
    }
    async fn reasons(&self) -> Vec<Refusal> {
        refusals(self.0.reasons.clone())
    }
    async fn form(&self) -> Option<Form<'_>> {
        self.0.form.as_ref().map(Form)
    }
}
