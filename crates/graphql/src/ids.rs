//! Global identifiers: opaque to clients, `Type:key` in base64 to us. A bare UUID is understood as well.

use async_graphql::{Error, ID};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::fault::bad_input;

/// The types that a client can hold on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Application,
    Business,
    Program,
    PaymentBatch,
    PaymentLine,
    Letter,
    Message,
    File,
    Event,
    Account,
    Call,
    Procedure,
    Submission,
    ApiToken,
    Judge,
    Ranking,
}

impl Kind {
    const ALL: [Kind; 16] = [
        Self::Application,
        Self::Business,
        Self::Program,
        Self::PaymentBatch,
        Self::PaymentLine,
        Self::Letter,
        Self::Message,
        Self::File,
        Self::Event,
        Self::Account,
        Self::Call,
        Self::Procedure,
        Self::Submission,
        Self::ApiToken,
        Self::Judge,
        Self::Ranking,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "Application",
            Self::Business => "Business",
            Self::Program => "Program",
            Self::PaymentBatch => "PaymentBatch",
            Self::PaymentLine => "PaymentLine",
            Self::Letter => "Letter",
            Self::Message => "Message",
            Self::File => "File",
            Self::Event => "Event",
            Self::Account => "Account",
            Self::Call => "Call",
            Self::Procedure => "Procedure",
            Self::Submission => "Submission",
            Self::ApiToken => "ApiToken",
            Self::Judge => "Judge",
            Self::Ranking => "Ranking",
        }
    }

    /// The identifier that clients see.
    pub(crate) fn id(self, key: impl std::fmt::Display) -> ID {
        ID(URL_SAFE_NO_PAD.encode(format!("{}:{key}", self.as_str())))
    }

    /// # Errors
    /// `BAD_INPUT` when it is the identifier of something else, or of nothing.
    pub(crate) fn uuid(self, path: &str, id: &ID) -> Result<Uuid, Error> {
        let parsed = Uuid::try_parse(id).ok().or_else(|| match decode(id)? {
            (kind, key) if kind == self => Uuid::try_parse(&key).ok(),
            _ => None,
        });
        parsed.ok_or_else(|| bad_input(path, format!("this is no id of type {}", self.as_str())))
    }
}

/// What a global identifier names.
pub(crate) fn decode(id: &str) -> Option<(Kind, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(id.trim_end_matches('=')).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (kind, key) = text.split_once(':')?;
    let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
    Some((kind, key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_one_type_and_a_bare_uuid_any() {
        let uuid = Uuid::from_u128(7);
        let id = Kind::Application.id(uuid);
        assert_eq!(Kind::Application.uuid("id", &id).ok(), Some(uuid));
        assert_eq!(Kind::Application.uuid("id", &ID(uuid.to_string())).ok(), Some(uuid));
        assert!(Kind::Business.uuid("id", &id).is_err());
        assert!(Kind::Business.uuid("id", &ID("zzz".to_owned())).is_err());
        assert_eq!(decode(&Kind::Program.id("hino/x@2")), Some((Kind::Program, "hino/x@2".to_owned())));
    }
}
