//! The API: what `service` knows, as a GraphQL schema. Hides async-graphql from everybody else.

pub mod endpoint;
mod enums;
mod fault;
mod ids;
mod limits;
mod loaders;
mod mutation;
mod page;
mod query;
mod scalars;
mod scope;
mod text;
mod types;

use async_graphql::{EmptySubscription, SDLExportOptions};
use uuid::Uuid;

pub use fault::{Code, Described, describe};

use mutation::Mutation;
use query::Query;

pub(crate) type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// Builds once, serves every request; whatever belongs to a request travels in its [`scope::Scope`].
pub(crate) fn schema() -> Schema {
    async_graphql::Schema::build(Query, Mutation::default(), EmptySubscription)
        .register_output_type::<query::Node>()
        .extension(limits::ShowCost)
        .limit_complexity(limits::MAXIMUM_COMPLEXITY)
        .disable_suggestions()
        .finish()
}

/// The schema in its definition language, as `schema/schema.graphql` keeps it.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    let text = schema().sdl_with_options(options);
    format!("{}\n", text.trim_end())
}

/// The key behind an identifier as clients write it: a global one of any type, or a bare UUID.
#[must_use]
pub fn key_of(id: &str) -> Option<Uuid> {
    Uuid::try_parse(id).ok().or_else(|| Uuid::try_parse(&ids::decode(id)?.1).ok())
}
