//! An authenticator app: what a person's phone shows.

use totp_rs::{Builder, Secret};
use vocabulary::Instant;

/// The code of that moment for a secret as it is typed.
///
/// # Panics
/// When it is no secret.
#[must_use]
pub fn code(secret: &str, now: Instant) -> String {
    let plain: String = secret.split_whitespace().collect();
    let secret = Secret::try_from_base32(plain).unwrap();
    let seconds = u64::try_from(now.timestamp()).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(seconds).to_string()
}
