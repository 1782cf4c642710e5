//! The file that names providers of identities. What it says is checked at the start, its secrets are read from where it says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use service::{ClaimNames, Provider};
use vocabulary::Bilingual;

use crate::adapters::{OidcClient, OidcProvider};
use crate::cli::SiteArgs;
use crate::outcome::{Failure, Outcome};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    label: Bilingual,
    issuer: String,
    client_id: String,
    #[serde(default)]
    client_secret_file: Option<PathBuf>,
    #[serde(default)]
    client_secret_env: Option<String>,
    #[serde(default = "usual_scopes")]
    scopes: Vec<String>,
    #[serde(default)]
    claims: Names,
    #[serde(default)]
    sign_up: bool,
    #[serde(default)]
    trust_email: bool,
    #[serde(default)]
    second_factor: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Names {
    subject: String,
    email: String,
    name: String,
}

impl Default for Names {
    fn default() -> Self {
        Self { subject: "sub".to_owned(), email: "email".to_owned(), name: "name".to_owned() }
    }
}

fn usual_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

/// None without a file.
///
/// # Errors
/// When the file cannot be read, or says what would not be safe.
pub fn read(site: &SiteArgs) -> Outcome<Vec<Provider>> {
    let Some(path) = &site.providers else { return Ok(Vec::new()) };
    let wrong = |why: String| Failure::misuse(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let entries: Vec<Entry> = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let mut providers: Vec<Provider> = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = entry.name.clone();
        let taken = providers.iter().any(|known| known.name == name || known.issuer == entry.issuer);
        if taken {
            return Err(wrong(format!("`{name}`: each name and each issuer stands there once")));
        }
        providers.push(provider(entry, path).map_err(|why| wrong(format!("`{name}`: {why}")))?);
    }
    Ok(providers)
}

fn provider(entry: Entry, file: &Path) -> Result<Provider, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if entry.name.is_empty() || !entry.name.chars().all(plain) {
        return Err("a name has small letters, digits and hyphens only".to_owned());
    }
    if !entry.issuer.starts_with("https://") && !is_on_this_machine(&entry.issuer) {
        return Err("an issuer begins with https://".to_owned());
    }
    if !entry.scopes.iter().any(|scope| scope == "openid") {
        return Err("the scopes need `openid`".to_owned());
    }
    let us = OidcClient {
        client_secret: secret(&entry, file)?,
        issuer: entry.issuer.clone(),
        client_id: entry.client_id,
        scopes: entry.scopes,
        wanted: vec![entry.claims.subject.clone(), entry.claims.email.clone(), entry.claims.name.clone()],
    };
    Ok(Provider {
        name: entry.name,
        label: entry.label,
        issuer: entry.issuer,
        claims: ClaimNames { subject: entry.claims.subject, email: entry.claims.email, name: entry.claims.name },
        sign_up: entry.sign_up,
        trust_email: entry.trust_email,
        second_factor: entry.second_factor,
        client: Arc::new(OidcProvider::new(us)?),
    })
}

/// From a file beside the settings, or from the environment; public clients have none.
fn secret(entry: &Entry, file: &Path) -> Result<Option<String>, String> {
    let text = match (&entry.client_secret_file, &entry.client_secret_env) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err("the secret is in a file or in the environment, not in both".to_owned()),
        (Some(path), None) => {
            let path = file.parent().map_or_else(|| path.clone(), |folder| folder.join(path));
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?
        }
        (None, Some(name)) => std::env::var(name).map_err(|_| format!("{name} is not in the environment"))?,
    };
    match text.trim() {
        "" => Err("the secret is empty".to_owned()),
        secret => Ok(Some(secret.to_owned())),
    }
}

/// Plain HTTP never leaves the machine there.
fn is_on_this_machine(issuer: &str) -> bool {
    let host = url::Url::parse(issuer).ok().filter(|url| url.scheme() == "http");
    let host = host.as_ref().and_then(url::Url::host);
    match host {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Outcome<Vec<Provider>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("providers.json");
        std::fs::write(folder.path().join("secret"), "hush\n").unwrap();
        std::fs::write(&file, text).unwrap();
        let arguments = clap::Parser::try_parse_from(["hojokin", "doctor", "--providers", file.to_str().unwrap()]);
        let cli: crate::cli::Cli = arguments.unwrap();
        let crate::cli::Command::Doctor(site) = cli.command else { unreachable!("the command was given") };
        read(&site)
    }

    fn entry(more: &str) -> String {
        let label = r#""label": { "ja": "職員", "en": "Staff" }, "client_id": "hojokin""#;
        format!(r#"[{{ "name": "staff", "issuer": "https://id.example.jp", {label} {more} }}]"#)
    }

    #[test]
    fn what_would_not_be_safe_is_refused_at_the_start() {
        let read = given(&entry(r#", "client_secret_file": "secret", "second_factor": ["mfa"]"#)).unwrap();
        assert_eq!((read[0].name.as_str(), read[0].claims.email.as_str()), ("staff", "email"));
        assert!(!read[0].sign_up && !read[0].trust_email, "nobody is let in unless the file says so");
        for wrong in [
            entry(r#", "client_secret_file": "missing""#),
            entry(r#", "client_secret_env": "HOJOKIN_NOT_SET""#),
            entry(r#", "scopes": ["email"]"#),
            entry(r#", "sign_upp": true"#),
            entry("").replace("https://id", "http://id"),
            entry("").replace("\"staff\"", "\"Staff/1\""),
            entry("").replace(['[', ']'], ""),
        ] {
            assert!(given(&wrong).is_err(), "{wrong}");
        }
        let twice = entry("").replace(['[', ']'], "");
        assert!(given(&format!("[{twice}, {}]", twice.replace("\"staff\"", "\"other\""))).is_err(), "one issuer twice");
        assert!(given(&entry("").replace("https://id.example.jp", "http://127.0.0.1:9")).is_ok());
    }
}
