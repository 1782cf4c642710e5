//! Passwords and tokens: how they are judged, hashed and made.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vocabulary::{Ids, Invalid};

/// Characters that a password needs (NIST SP 800-63B-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortest {
    /// Nothing else is asked for.
    Alone,
    /// A second factor is asked for as well.
    WithSecondFactor,
}

impl Shortest {
    const fn characters(self) -> usize {
        match self {
            Self::Alone => 15,
            Self::WithSecondFactor => 8,
        }
    }
}

const LONGEST: usize = 256;

/// OWASP: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Length and commonness only; no rules of composition (NIST SP 800-63B-4).
///
/// # Errors
/// `password.too_short`, `password.too_long`, `password.common`.
pub(crate) fn judge(password: &str, context: &[&str], shortest: Shortest) -> Result<(), Invalid> {
    let (length, shortest) = (password.chars().count(), shortest.characters());
    if length < shortest {
        return Err(Invalid::new(
            "password.too_short",
            format!(
                "パスワードは{shortest}文字以上にしてください。文の形（例：朝の川沿いを歩く三匹の白い猫たち）でもかまいません"
            ),
            format!("A password needs at least {shortest} characters; a short sentence will do"),
        ));
    }
    if length > LONGEST {
        return Err(Invalid::new(
            "password.too_long",
            format!("パスワードは{LONGEST}文字以内にしてください"),
            format!("A password has at most {LONGEST} characters"),
        ));
    }
    if is_common(password, context) {
        return Err(Invalid::new(
            "password.common",
            "このパスワードは推測されやすいため使えません。別のものにしてください",
            "This password is too easy to guess; please choose another",
        ));
    }
    Ok(())
}

/// Repetitions, runs, well-known words, and words of the person's own context.
fn is_common(password: &str, context: &[&str]) -> bool {
    const WORDS: [&str; 12] = [
        "password",
        "passphrase",
        "qwertyuiop",
        "asdfghjkl",
        "1234567890",
        "abcdefghij",
        "letmein",
        "iloveyou",
        "administrator",
        "welcome",
        "パスワード",
        "hojokin",
    ];
    let plain: String = password.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let distinct: std::collections::BTreeSet<char> = plain.chars().collect();
    let own = context
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.chars().count() >= 4)
        .map(str::to_lowercase);
    let rest = WORDS.into_iter().map(str::to_owned).chain(own).fold(plain, |rest, word| rest.replace(&word, ""));
    let rest = rest.trim_matches(|c: char| c.is_ascii_digit());
    distinct.len() < 5 || rest.chars().count() < 6
}

/// A PHC string. Takes tens of milliseconds of processor: call it off the async threads.
pub(crate) fn hash(password: &str, salt: &[u8; 32]) -> Result<String, String> {
    let salt = SaltString::encode_b64(salt.get(..16).unwrap_or_default()).map_err(|error| error.to_string())?;
    argon2().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string()).map_err(|error| error.to_string())
}

/// Compares with a stored hash, or with a dummy when there is none, so that both take the same time.
pub(crate) fn verify(password: &str, stored: Option<&str>) -> bool {
    const DUMMY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Ok(parsed) = PasswordHash::new(stored.unwrap_or(DUMMY)) else { return false };
    argon2().verify_password(password.as_bytes(), &parsed).is_ok() && stored.is_some()
}

/// A token as the database keeps it.
pub(crate) fn hashed(token: &str) -> Vec<u8> {
    vocabulary::digest(token.as_bytes()).into_bytes()
}

/// A token that is shown once; the database keeps its digest only.
pub(crate) fn token(ids: &dyn Ids) -> String {
    URL_SAFE_NO_PAD.encode(ids.secret())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_length_and_commonness_only() {
        for good in ["朝の川沿いを歩く三匹の白い猫たち", "correct horse battery staple", "aaaaabbbbbcccccdddddeeeee"]
        {
            assert!(judge(good, &[], Shortest::Alone).is_ok(), "{good}");
        }
        for bad in ["short", "passwordpassword1", "aaaaaaaaaaaaaaaaaaaa", "123456789012345678", "hanako.sato12345"] {
            assert!(judge(bad, &["hanako.sato@example.jp"], Shortest::Alone).is_err(), "{bad}");
        }
        assert!(judge("川沿い三匹の白猫", &[], Shortest::WithSecondFactor).is_ok());
        assert!(judge("川沿い三匹の猫", &[], Shortest::WithSecondFactor).is_err());
    }

    #[test]
    fn verifies_what_it_hashed() {
        let stored = hash("correct horse battery staple", &[3; 32]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse battery staple", Some(&stored)));
        assert!(!verify("correct horse battery stable", Some(&stored)));
        assert!(!verify("anything at all", None));
    }
}
