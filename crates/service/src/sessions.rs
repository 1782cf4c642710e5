//! Signing in and out, and tokens for programs.

use chrono::TimeDelta;
use uuid::Uuid;
use vocabulary::{Bilingual, EmailAddress};

use crate::once::Wish;
use crate::people::limited;
use crate::secrets::{self, hashed};
use crate::service::Service;
use crate::view::{Credential, NewSession, Viewer};
use crate::{Error, Result};

/// Staff sign in each working day; applicants stay a day. Both end sooner when idle.
const STAFF_SESSION_HOURS: i64 = 12;
const APPLICANT_SESSION_HOURS: i64 = 24;
const STAFF_IDLE_MINUTES: i64 = 30;
const APPLICANT_IDLE_MINUTES: i64 = 60;
/// Seen is written down at most this often.
const SEEN_EVERY_SECONDS: i64 = 60;
const LONGEST_TOKEN_DAYS: i64 = 366;

/// What an API token may be allowed to do.
pub const SCOPES: [&str; 4] = ["read", "apply", "act", "pay"];

impl Service {
    /// # Errors
    /// `RateLimited` after too many tries; `Unauthenticated` for everything that is wrong, in the same time.
    pub async fn sign_in(&self, email: &str, password: &str, client: Option<&str>) -> Result<NewSession> {
        let account = match email.parse::<EmailAddress>() {
            Ok(email) => self.reader().account_by_email(&email).await?,
            Err(_) => None,
        };
        // Taken beforehand, so that many guesses at once are no more than one after the other.
        let tries = self.tries_of(account.as_ref().map(|account| account.id), email, client).await?;
        self.take_tries(&tries).await?;
        let stored = account.as_ref().and_then(|account| account.password_hash.clone());
        let right = self.verify_password(password.to_owned(), stored).await?;
        let account = account
            .filter(|account| right && account.disabled_at.is_none() && account.email_verified_at.is_some())
            .ok_or(Error::Unauthenticated)?;
        self.was_right(&tries, account.id, client).await?;
        self.open_session(account.id).await
    }

    /// A session for an account that has proven itself in some other way.
    pub(crate) async fn open_session(&self, account: Uuid) -> Result<NewSession> {
        let now = self.now();
        let found = self.reader().person_by_account(account, now).await?.ok_or(Error::Unauthenticated)?;
        let hours = if found.person.roles.is_empty() { APPLICANT_SESSION_HOURS } else { STAFF_SESSION_HOURS };
        let token = secrets::token(self.inner.ids.as_ref());
        let session =
            store::NewSession { token_hash: hashed(&token), account, now, expires_at: now + TimeDelta::hours(hours) };
        self.store()
            .write(|tx| {
                let session = &session;
                Box::pin(async move { Ok::<_, Error>(tx.open_session(session).await?) })
            })
            .await?;
        let viewer = viewer(found, Credential::of(&token));
        Ok(NewSession { token, expires_at: session.expires_at, viewer })
    }

    /// One-click sign-in of the demonstration; never on a production server.
    ///
    /// # Errors
    /// `NotFound` on a production server and for unknown addresses.
    pub async fn demo_sign_in(&self, email: &str) -> Result<NewSession> {
        if self.inner.settings.production {
            return Err(Error::NotFound);
        }
        let email: EmailAddress = email.parse().map_err(|_| Error::NotFound)?;
        let account = self.reader().account_by_email(&email).await?.ok_or(Error::NotFound)?;
        self.open_session(account.id).await
    }

    /// # Errors
    /// `Unauthenticated` when the session is unknown, over or idle for too long.
    pub async fn viewer_by_session(&self, token: &str) -> Result<Viewer> {
        let now = self.now();
        let hash = hashed(token);
        let found = self.reader().person_by_session(&hash, now).await?.ok_or(Error::Unauthenticated)?;
        let idle = if found.person.roles.is_empty() { APPLICANT_IDLE_MINUTES } else { STAFF_IDLE_MINUTES };
        if now - found.last_seen_at > TimeDelta::minutes(idle) {
            return Err(Error::Unauthenticated);
        }
        if now - found.last_seen_at > TimeDelta::seconds(SEEN_EVERY_SECONDS) {
            self.store()
                .write(|tx| {
                    let hash = &hash;
                    Box::pin(async move { Ok::<_, Error>(tx.session_seen(hash, now).await?) })
                })
                .await?;
        }
        Ok(viewer(found, Credential::of(token)))
    }

    /// # Errors
    /// `Unauthenticated` when the token is unknown, over or revoked.
    pub async fn viewer_by_token(&self, token: &str) -> Result<Viewer> {
        let now = self.now();
        let hash = hashed(token);
        let found = self.reader().person_by_token(&hash, now).await?.ok_or(Error::Unauthenticated)?;
        if now - found.last_seen_at > TimeDelta::seconds(SEEN_EVERY_SECONDS) {
            self.store()
                .write(|tx| {
                    let hash = &hash;
                    Box::pin(async move { Ok::<_, Error>(tx.token_used(hash, now).await?) })
                })
                .await?;
        }
        Ok(viewer(found, Credential::of(token)))
    }

    /// Someone by their address, for the command line, where the operating system has checked who it is.
    ///
    /// # Errors
    /// `NotFound` for unknown addresses.
    pub async fn viewer_by_email(&self, email: &str) -> Result<Viewer> {
        let email: EmailAddress = email.parse().map_err(|invalid| Error::invalid("email", invalid))?;
        let account = self.reader().account_by_email(&email).await?.ok_or(Error::NotFound)?;
        let found = self.reader().person_by_account(account.id, self.now()).await?.ok_or(Error::NotFound)?;
        Ok(viewer(found, Credential::default()))
    }

    /// # Errors
    /// Faults only.
    pub async fn sign_out(&self, viewer: &Viewer) -> Result<()> {
        let hash = viewer.credential.hash();
        self.store()
            .write(|tx| {
                let hash = &hash;
                Box::pin(async move { Ok::<_, Error>(tx.close_session(hash).await?) })
            })
            .await
    }

    /// A token for programs. It is shown once, and again to whoever asks with the same key in the same session.
    ///
    /// # Errors
    /// `BadInput` for unknown scopes or a life that is too long; `Refused` when it cannot be shown again.
    pub async fn create_api_token(
        &self,
        viewer: &Viewer,
        name: &str,
        scopes: Vec<String>,
        days: i64,
        key: Option<&str>,
    ) -> Result<String> {
        if viewer.scopes.is_some() {
            return Err(Error::forbidden("トークンでトークンは作れません", "A token cannot make tokens"));
        }
        if scopes.is_empty() || !scopes.iter().all(|scope| SCOPES.contains(&scope.as_str())) {
            return Err(Error::bad_input(
                "scopes",
                "scopes は read, apply, act, pay から選んでください",
                "Scopes are read, apply, act and pay",
            ));
        }
        if !(1..=LONGEST_TOKEN_DAYS).contains(&days) {
            return Err(Error::bad_input("days", "有効期間は1日から366日までです", "A token lives 1 to 366 days"));
        }
        let now = self.now();
        let id = self.inner.ids.next();
        let wish = Wish::new(viewer, key, "createApiToken", &(name, &scopes, days), (id, now))?;
        // Nothing that is stored tells the secret: a repeat computes it again from what only the session's owner has.
        let secret_of = |id| viewer.credential.derived(id);
        let secret = if key.is_some() { secret_of(id) } else { secrets::token(self.inner.ids.as_ref()) };
        let token = store::ApiToken {
            id,
            account: viewer.person.id,
            name: limited("name", name, 100)?,
            scopes,
            created_at: now,
            expires_at: now + TimeDelta::days(days),
            last_used_at: None,
            revoked_at: None,
        };
        let hash = hashed(&secret);
        let made = self
            .once(&wish, &|tx| {
                let (token, hash) = (&token, &hash);
                Box::pin(async move { Ok(tx.create_api_token(token, hash).await?) })
            })
            .await?;
        if made == id {
            return Ok(secret);
        }
        let again = secret_of(made);
        let known = self.reader().person_by_token(&hashed(&again), now).await?;
        known.map(|_| again).ok_or_else(|| {
            Error::Refused(vec![casework::Refusal::new(
                "token.shown_before",
                "このトークンは作成済みで、もう表示できません。失効させて、新しいものを作成してください",
                "This token was made before and cannot be shown any more; revoke it and make another",
            )])
        })
    }

    /// # Errors
    /// Faults only.
    pub async fn api_tokens(&self, viewer: &Viewer) -> Result<Vec<store::ApiToken>> {
        Ok(self.reader().api_tokens(viewer.person.id).await?)
    }

    /// # Errors
    /// `NotFound` when it is not the viewer's.
    pub async fn revoke_api_token(&self, viewer: &Viewer, id: Uuid, key: Option<&str>) -> Result<()> {
        let (account, now) = (viewer.person.id, self.now());
        let wish = Wish::new(viewer, key, "revokeApiToken", &id, (id, now))?;
        self.once(&wish, &|tx| {
            Box::pin(
                async move { if tx.revoke_api_token(account, id, now).await? { Ok(()) } else { Err(Error::NotFound) } },
            )
        })
        .await
        .map(drop)
    }

    /// Refuses what a token's scopes do not hold. Sessions may do all that the person may.
    pub(crate) fn require_scope(&self, viewer: &Viewer, scope: &str) -> Result<()> {
        match &viewer.scopes {
            Some(scopes) if !scopes.iter().any(|held| held == scope) => Err(Error::Forbidden(Bilingual::new(
                format!("このトークンには「{scope}」の権限がありません"),
                format!("This token has no scope `{scope}`"),
            ))),
            _ => Ok(()),
        }
    }

    async fn verify_password(&self, password: String, stored: Option<String>) -> Result<bool> {
        let _permit = self.inner.hashing.acquire().await.map_err(|error| Error::Fault(error.to_string()))?;
        tokio::task::spawn_blocking(move || secrets::verify(&password, stored.as_deref()))
            .await
            .map_err(|error| Error::Fault(error.to_string()))
    }

    pub(crate) async fn hash_password(&self, password: &str, context: &[&str]) -> Result<String> {
        secrets::judge(password, context).map_err(|invalid| Error::invalid("password", invalid))?;
        let _permit = self.inner.hashing.acquire().await.map_err(|error| Error::Fault(error.to_string()))?;
        let (password, salt) = (password.to_owned(), self.inner.ids.secret());
        tokio::task::spawn_blocking(move || secrets::hash(&password, &salt))
            .await
            .map_err(|error| Error::Fault(error.to_string()))?
            .map_err(Error::Fault)
    }
}

fn viewer(found: store::SignedIn, credential: Credential) -> Viewer {
    Viewer { person: found.person, email: found.email, locale: found.locale, scopes: found.scopes, credential }
}
