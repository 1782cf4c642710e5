//! Signing in and out, and tokens for programs.

use chrono::TimeDelta;
use store::AccessKind;
use uuid::Uuid;
use vocabulary::{Bilingual, EmailAddress, Instant};

use crate::once::Wish;
use crate::people::limited;
use crate::secrets::{self, Shortest, hashed};
use crate::service::Service;
use crate::throttle::Bucket;
use crate::view::{Credential, Device, NewSession, SessionView, Shown, SignIn, Viewer};
use crate::{Error, Result};

/// Staff sign in each working day; applicants stay a day. Both end sooner when idle.
const STAFF_SESSION_HOURS: i64 = 12;
const APPLICANT_SESSION_HOURS: i64 = 24;
const STAFF_IDLE_MINUTES: i64 = 30;
const APPLICANT_IDLE_MINUTES: i64 = 60;
/// Seen is written down at most this often.
const SEEN_EVERY_SECONDS: i64 = 60;
const LONGEST_TOKEN_DAYS: i64 = 366;
/// Characters of what a browser calls itself that are kept.
const LONGEST_AGENT: usize = 200;

/// What an API token may be allowed to do.
pub const SCOPES: [&str; 4] = ["read", "apply", "act", "pay"];

impl Service {
    /// The first half, which is the whole for whoever has no second factor.
    ///
    /// # Errors
    /// `RateLimited` after too many tries; `Unauthenticated` for everything that is wrong, in the same time.
    pub async fn sign_in(&self, email: &str, password: &str, device: Device<'_>) -> Result<SignIn> {
        let account = match email.parse::<EmailAddress>() {
            Ok(email) => self.reader().account_by_email(&email).await?,
            Err(_) => None,
        };
        // Taken beforehand, so that many guesses at once are no more than one after the other.
        let tries = self.tries_of(account.as_ref().map(|account| account.id), email, device.address).await?;
        let known = account.as_ref().map(|account| account.id);
        self.take_tries_of_sign_in(&tries, known, device).await?;
        let stored = account.as_ref().and_then(|account| account.password_hash.clone());
        let right = self.verify_password(password.to_owned(), stored).await?;
        let admitted = |account: &store::Account| account.disabled_at.is_none() && account.email_verified_at.is_some();
        let Some(account) = account.filter(|account| right && admitted(account)) else {
            // Also of those whom nobody knows, so that time does not tell who has an account.
            self.note_failed_sign_in(known, AccessKind::SignInFailed, device).await?;
            return Err(Error::Unauthenticated);
        };
        if self.has_second_factor(account.id).await? {
            // Only the code makes it a place that the account is known to come from.
            self.was_right(&tries, account.id, None).await?;
            return self.begin_sign_in(account.id, self.now()).await.map(SignIn::HalfDone);
        }
        self.was_right(&tries, account.id, device.address).await?;
        self.open_session(account.id, self.shown_now(), device).await.map(|session| SignIn::Done(Box::new(session)))
    }

    /// As [`Service::take_tries`]; that there were too many is written down now and then.
    pub(crate) async fn take_tries_of_sign_in(
        &self,
        tries: &[Bucket],
        account: Option<Uuid>,
        device: Device<'_>,
    ) -> Result<()> {
        let taken = self.take_tries(tries).await;
        if matches!(taken, Err(Error::RateLimited { .. }))
            && self.take_tries(&[Bucket::notes(account, device.address)]).await.is_ok()
        {
            self.note_failed_sign_in(account, AccessKind::SignInThrottled, device).await?;
        }
        taken
    }

    /// A session for an account that has proven itself in some other way.
    pub(crate) async fn open_session(&self, account: Uuid, shown: Shown, device: Device<'_>) -> Result<NewSession> {
        let (session, opened) = self.new_session(account, shown, device).await?;
        let accesses = self.accesses_of(&opened.viewer, AccessKind::SignedIn, None, device);
        self.store()
            .write(|tx| {
                let (session, accesses) = (&session, &accesses);
                Box::pin(async move {
                    tx.log_access(accesses).await?;
                    Ok::<_, Error>(tx.open_session(session).await?)
                })
            })
            .await?;
        Ok(opened)
    }

    /// Of whoever has shown here just now who they are.
    pub(crate) fn shown_now(&self) -> Shown {
        Shown { at: self.now(), strong: false }
    }

    /// A session to be stored, and as its owner gets it.
    pub(crate) async fn new_session(
        &self,
        account: Uuid,
        shown: Shown,
        device: Device<'_>,
    ) -> Result<(store::NewSession, NewSession)> {
        let now = self.now();
        let found = self.reader().person_by_account(account, now).await?.ok_or(Error::Unauthenticated)?;
        let hours = if found.person.roles.is_empty() { APPLICANT_SESSION_HOURS } else { STAFF_SESSION_HOURS };
        let (token, expires_at) = (secrets::token(self.inner.ids.as_ref()), now + TimeDelta::hours(hours));
        let kept = |text: Option<&str>| text.map(|text| text.chars().take(LONGEST_AGENT).collect());
        let (address, agent) = (kept(device.address), kept(device.agent));
        let (token_hash, Shown { at: authenticated_at, strong }) = (hashed(&token), shown);
        let viewer = viewer(found, Credential::of(&token), Some(authenticated_at));
        let viewer = if strong { viewer } else { self.admitted(viewer).await? };
        let stored =
            store::NewSession { token_hash, account, now, authenticated_at, strong, expires_at, address, agent };
        Ok((stored, NewSession { token, expires_at, viewer }))
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
        self.open_session(account.id, self.shown_now(), Device::default()).await
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
        let authenticated_at = Some(found.authenticated_at);
        self.admitted(viewer(found, Credential::of(token), authenticated_at)).await
    }

    /// Where staff need a second factor, whoever has none has no rights at an office either.
    async fn admitted(&self, mut viewer: Viewer) -> Result<Viewer> {
        let asked_for = self.inner.settings.staff_second_factor && !viewer.person.roles.is_empty();
        if asked_for
            && !self.has_second_factor(viewer.person.id).await?
            && !self.reader().session_is_strong(&viewer.credential.hash()).await?
        {
            viewer.person.roles.clear();
            viewer.person.positions.clear();
            viewer.lacks_second_factor = true;
        }
        Ok(viewer)
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
        Ok(viewer(found, Credential::of(token), None))
    }

    /// Someone by their address, for the command line, where the operating system has checked who it is.
    ///
    /// # Errors
    /// `NotFound` for unknown addresses.
    pub async fn viewer_by_email(&self, email: &str) -> Result<Viewer> {
        let email: EmailAddress = email.parse().map_err(|invalid| Error::invalid("email", invalid))?;
        let account = self.reader().account_by_email(&email).await?.ok_or(Error::NotFound)?;
        let found = self.reader().person_by_account(account.id, self.now()).await?.ok_or(Error::NotFound)?;
        Ok(viewer(found, Credential::default(), None))
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

    /// Signs the viewer out everywhere, here too.
    ///
    /// # Errors
    /// Faults only.
    pub async fn sign_out_everywhere(&self, viewer: &Viewer) -> Result<()> {
        let account = viewer.person.id;
        self.store()
            .write(|tx| Box::pin(async move { Ok::<_, Error>(tx.close_sessions(account, None).await.map(drop)?) }))
            .await
    }

    /// The viewer's sessions that have not ended, newest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn sessions(&self, viewer: &Viewer) -> Result<Vec<SessionView>> {
        let own = viewer.credential.hash();
        let found = self.reader().sessions(viewer.person.id, self.now()).await?;
        Ok(found.into_iter().map(|session| SessionView::of(session, &own)).collect())
    }

    /// Ends one of the viewer's sessions.
    ///
    /// # Errors
    /// `NotFound` when it is not theirs, or has ended.
    pub async fn end_session(&self, viewer: &Viewer, id: &str, key: &str) -> Result<()> {
        if viewer.scopes.is_some() {
            return Err(Error::forbidden("トークンではできません", "A token cannot do this"));
        }
        let (account, now) = (viewer.person.id, self.now());
        let wish = Wish::new(viewer, key, "endSession", &id, (account, now))?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                let sessions = tx.sessions(account, now).await?;
                let meant = sessions.iter().find(|session| session_id(&session.token_hash) == id);
                Ok(tx.close_session(&meant.ok_or(Error::NotFound)?.token_hash).await?)
            })
        })
        .await
        .map(drop)
    }

    /// A token for programs. It is shown once, and again to whoever asks with the same key in the same session.
    ///
    /// # Errors
    /// `BadInput` for unknown scopes or a life that is too long; `Refused` when it cannot be shown again; `SignInAgain`.
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
        self.require_fresh(viewer)?;
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

    /// Tokens work for programs: what opens the account is for its owner.
    pub(crate) fn require_session(&self, viewer: &Viewer) -> Result<()> {
        if viewer.authenticated_at.is_some() {
            return Ok(());
        }
        Err(Error::forbidden("ログインした本人だけが行えます", "Only the owner of the account does this, signed in"))
    }

    /// Asks for a fresh sign-in before money moves and before the account opens itself to others.
    pub(crate) fn require_fresh(&self, viewer: &Viewer) -> Result<()> {
        let oldest = self.now() - TimeDelta::minutes(i64::from(self.inner.settings.fresh_minutes));
        match viewer.authenticated_at {
            Some(at) if at < oldest => Err(Error::SignInAgain),
            _ => Ok(()),
        }
    }

    /// As [`Service::require_fresh`], where a signature is put to a decision about money.
    pub(crate) async fn require_fresh_to_sign(
        &self,
        tx: &store::Tx<'_>,
        viewer: &Viewer,
        application: Uuid,
        act: &casework::Act,
    ) -> Result<()> {
        if act.action != casework::SIGN || self.require_fresh(viewer).is_ok() {
            return Ok(());
        }
        let found = tx.load_case(store::CaseKey::Id(application), store::Lock::Nothing).await?;
        let pending = found.as_ref().and_then(|found| found.case.body.pending.as_ref());
        if pending.is_some_and(|pending| !pending.amount.is_zero()) { Err(Error::SignInAgain) } else { Ok(()) }
    }

    pub(crate) async fn verify_password(&self, password: String, stored: Option<String>) -> Result<bool> {
        let _permit = self.inner.hashing.acquire().await.map_err(|error| Error::Fault(error.to_string()))?;
        tokio::task::spawn_blocking(move || secrets::verify(&password, stored.as_deref()))
            .await
            .map_err(|error| Error::Fault(error.to_string()))
    }

    pub(crate) async fn hash_password(&self, password: &str, context: &[&str], shortest: Shortest) -> Result<String> {
        secrets::judge(password, context, shortest).map_err(|invalid| Error::invalid("password", invalid))?;
        let _permit = self.inner.hashing.acquire().await.map_err(|error| Error::Fault(error.to_string()))?;
        let (password, salt) = (password.to_owned(), self.inner.ids.secret());
        tokio::task::spawn_blocking(move || secrets::hash(&password, &salt))
            .await
            .map_err(|error| Error::Fault(error.to_string()))?
            .map_err(Error::Fault)
    }
}

fn viewer(found: store::SignedIn, credential: Credential, authenticated_at: Option<Instant>) -> Viewer {
    let store::SignedIn { person, email, locale, scopes, .. } = found;
    Viewer { person, email, locale, scopes, authenticated_at, lacks_second_factor: false, address: None, credential }
}

impl SessionView {
    /// `own` is the hash of the token of whoever asks.
    pub(crate) fn of(session: store::SessionShown, own: &[u8]) -> Self {
        Self {
            id: session_id(&session.token_hash),
            opened_at: session.created_at,
            last_seen_at: session.last_seen_at,
            address: session.address,
            agent: session.agent,
            is_this: session.token_hash == own,
        }
    }
}

/// What names a token's row to people; it opens nothing.
pub(crate) fn session_id(token_hash: &[u8]) -> String {
    vocabulary::digest(token_hash).chars().take(32).collect()
}
