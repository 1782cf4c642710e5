//! E-mail addresses, parsed once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// `local@domain`, ASCII, in lower case (addresses that differ in case only are one person).
///
/// Stricter than the mail standards on purpose: no quotes, no comments, no IP literals, nothing that could become a
/// second header or recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EmailAddress {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let valid = text.len() <= 254
            && text.split_once('@').is_some_and(|(local, domain)| {
                let dots = |part: &str| part.split('.').all(|label| !label.is_empty());
                let local_ok = local.len() <= 64
                    && dots(local)
                    && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b));
                let domain_ok = dots(domain)
                    && domain.contains('.')
                    && domain.split('.').all(|label| {
                        label.len() <= 63
                            && !label.starts_with('-')
                            && !label.ends_with('-')
                            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    });
                local_ok && domain_ok
            });
        if valid {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Invalid::new(
                "email.format",
                "メールアドレスの形式が正しくありません（例：name@example.jp）",
                "This is not an e-mail address (example: name@example.jp)",
            ))
        }
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> String {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_addresses_and_nothing_that_could_break_a_header() {
        assert_eq!("Sato.Hanako+1@Example.JP".parse::<EmailAddress>().unwrap().as_str(), "sato.hanako+1@example.jp");
        for wrong in [
            "",
            "a@b",
            "a..b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "a b@example.com",
            "ä@example.se",
            "a@-x.jp",
            "a@@b.jp",
        ] {
            assert!(wrong.parse::<EmailAddress>().is_err(), "{wrong:?}");
        }
    }
}
