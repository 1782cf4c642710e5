//! The schemes that planning documents name.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use super::Name;

/// `schema/catalogue.yaml`: every scheme that the planning documents name. A program says by its `catalogue` which of these
/// rows it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The planning documents, by a short name.
    pub documents: IndexMap<Name, String>,
    /// The kinds of schemes, by a code such as `G1`.
    pub kinds: IndexMap<String, SchemeKind>,
    /// The schemes, by a number such as `MZ-01`.
    pub rows: IndexMap<String, CatalogueRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemeKind {
    pub label: Bilingual,
    /// What its programs run on; absent for measures that are only evaluated, for which nobody applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archetype: Option<Name>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueRow {
    pub municipality: Name,
    /// One of `kinds`.
    pub kind: String,
    /// One of `documents`.
    pub document: Name,
    /// Where the document names the scheme.
    pub place: String,
    pub title: Bilingual,
}
