//! What is public of the cases of a program.

use async_graphql::{Context, Object};
use program::PublishedField;
use service::RegistryEntry as Entry;

use crate::enums::Locale;
use crate::page::connection;
use crate::scope::say;

pub(crate) struct RegistryEntry(pub Entry);

/// 公開中の登録: what a business agreed to publish, and nothing else.
#[Object]
impl RegistryEntry {
    /// 受付番号, to be named in an enquiry.
    async fn number(&self) -> Option<&str> {
        self.0.number.as_deref()
    }
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn fields(&self) -> Vec<Published<'_>> {
        self.0.fields.iter().map(Published).collect()
    }
}

pub(crate) struct Published<'a>(&'a PublishedField);

/// A field that is public.
#[Object(name = "PublishedField")]
impl Published<'_> {
    async fn name(&self) -> &str {
        &self.0.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.label, locale)
    }
    /// As people read it.
    async fn value(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.value, locale)
    }
}

connection!(RegistryConnection, RegistryEdge, RegistryEntry);
