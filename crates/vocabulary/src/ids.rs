//! Identifiers and digests.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The only source of identifiers, so that a test can foresee them.
pub trait Ids: Send + Sync + 'static {
    /// A fresh, time-ordered identifier (UUID version 7). Never a secret.
    fn next(&self) -> Uuid;
    /// 32 unforeseeable bytes: tokens, salts.
    fn secret(&self) -> [u8; 32];
}

/// SHA-256, written as 64 lower-case hexadecimal digits.
pub type Digest = String;

#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// One form for one value: keys sorted, no white space. What is hashed is this, never what a database gives back.
///
/// # Errors
/// When the value has no JSON form (a map with keys that are not text, a number that is not finite).
pub fn canonical_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    fn sorted(value: Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut entries: Vec<_> = map.into_iter().collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
            other => other,
        }
    }
    serde_json::to_string(&sorted(serde_json::to_value(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_form_sorts_keys_at_every_depth() {
        let value = serde_json::json!({"b": [{"y": 1, "x": 2}], "a": null});
        assert_eq!(canonical_json(&value).unwrap(), r#"{"a":null,"b":[{"x":2,"y":1}]}"#);
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
