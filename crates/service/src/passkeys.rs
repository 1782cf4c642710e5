//! Passkeys (パスキー, WebAuthn): a device shows who its owner is, which is both factors at once. Their requests are kept with
//! the visitor they were made for, for one answer.

use chrono::TimeDelta;
use notice::SystemMail;
use serde_json::json;
use store::{AccessKind, Passkey, PasskeyRequest, StoreError, Tx};
use uuid::Uuid;
use vocabulary::{EmailAddress, Instant};

use crate::ceremony::{Begun, Claimed, Made, RelyingParty};
use crate::once::Wish;
use crate::people::limited;
use crate::secrets::{self, hashed};
use crate::service::Service;
use crate::throttle::Bucket;
use crate::view::{Device, NewSession, PasskeyAnswer, PasskeyAsked, PasskeyView, Shown, Viewer};
use crate::{Error, Result};

/// A browser answers within this time.
const REQUEST_MINUTES: i64 = 5;
/// Of one account.
const MOST: usize = 20;
/// Characters of a name.
const LONGEST_NAME: usize = 100;

impl Service {
    /// Whether browsers make passkeys for this installation: it needs a name to be reached by.
    #[must_use]
    pub fn takes_passkeys(&self) -> bool {
        RelyingParty::of(&self.inner.settings.base_url).is_some()
    }

    fn relying_party(&self) -> Result<RelyingParty> {
        RelyingParty::of(&self.inner.settings.base_url).ok_or(Error::NotFound)
    }

    /// The viewer's own, oldest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn passkeys(&self, viewer: &Viewer) -> Result<Vec<PasskeyView>> {
        let found = self.reader().passkeys(viewer.person.id).await?;
        Ok(found.into_iter().map(PasskeyView::from).collect())
    }

    /// Where staff need a second factor, a password opens nothing that its owner's passkey protects.
    pub(crate) async fn must_have_shown_passkey(&self, viewer: &Viewer) -> Result<()> {
        if viewer.lacks_second_factor && !self.reader().passkeys(viewer.person.id).await?.is_empty() {
            return Err(refused(
                "passkey.not_shown",
                "先に、登録済みのパスキーでログインしてください",
                "Please sign in with your passkey first",
            ));
        }
        Ok(())
    }

    // -----------------------------------------------------------------------------------------------------------
    // Making and removing them

    /// What the viewer's browser is asked when it makes a passkey of that name. `visitor` is what the visitor's forms carry.
    ///
    /// # Errors
    /// `SignInAgain`; `BadInput` at `passkey_name`; `RateLimited`; `Refused` when there are too many, or one was to be
    /// shown; `NotFound` where there are none.
    pub async fn ask_to_make_passkey(
        &self,
        viewer: &Viewer,
        (name, visitor): (&str, &str),
        device: Device<'_>,
    ) -> Result<PasskeyAsked> {
        self.may_change_ways_in(viewer).await?;
        named(name)?;
        let had = self.reader().passkeys(viewer.person.id).await?;
        if had.len() >= MOST {
            return Err(refused(
                "passkey.too_many",
                "登録できるパスキーは20個までです。使わないものを削除してください",
                "An account has at most 20 passkeys; remove one that you do not use",
            ));
        }
        let had = had.into_iter().map(|passkey| passkey.credential).collect();
        let (account, person) = (viewer.person.id, (viewer.email.as_str(), viewer.person.name.as_str()));
        let begun = self.relying_party()?.ask_to_make(account, person, had).map_err(Error::Fault)?;
        self.keep_request(begun, (visitor, Some(account)), device).await
    }

    /// The viewer's browser has made a passkey. The session has shown it, too.
    ///
    /// # Errors
    /// `SignInAgain`; `BadInput` at `passkey_name`; `Refused` when the answer is not right, late, or there already.
    pub async fn add_passkey(&self, viewer: &Viewer, name: &str, answered: PasskeyAnswer<'_>) -> Result<()> {
        self.may_change_ways_in(viewer).await?;
        let (account, now, mail) = (viewer.person.id, self.now(), self.inner.ids.next());
        let name = named(name)?;
        let request = self.take_request(answered).await?;
        if request.account != Some(account) {
            return Err(over());
        }
        let made = self.relying_party()?.made(&request.state, answered.answer).map_err(|why| {
            tracing::warn!(%account, why, "a passkey was not made");
            not_made()
        })?;
        let Made { credential, public_key, state } = made;
        let id = self.inner.ids.next();
        let passkey = Passkey { id, credential, account, name, public_key, state, created_at: now, last_used_at: None };
        let session = viewer.credential.hash();
        self.store()
            .write(|tx| {
                let (passkey, session) = (&passkey, &session);
                Box::pin(async move {
                    tx.add_passkey(passkey).await.map_err(|error| match error {
                        StoreError::Unique { .. } => not_made(),
                        error => error.into(),
                    })?;
                    tx.strengthen_session(session).await?;
                    self.tell_of_passkey(tx, mail, passkey, true, now).await
                })
            })
            .await
    }

    /// It opens the account no more.
    ///
    /// # Errors
    /// `SignInAgain`; `NotFound` when it is not the viewer's; `Refused` when it was to be shown.
    pub async fn remove_passkey(&self, viewer: &Viewer, id: Uuid, key: &str) -> Result<()> {
        self.may_change_ways_in(viewer).await?;
        let (account, now, mail) = (viewer.person.id, self.now(), self.inner.ids.next());
        let wish = Wish::new(viewer, key, "removePasskey", &id, (id, now))?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                let found = tx.passkeys(account).await?.into_iter().find(|passkey| passkey.id == id);
                let passkey = found.ok_or(Error::NotFound)?;
                tx.remove_passkeys(account, Some(id)).await?;
                self.tell_of_passkey(tx, mail, &passkey, false, now).await
            })
        })
        .await
        .map(drop)
    }

    /// # Errors
    /// `SignInAgain`; `Refused` when a passkey was to be shown.
    pub(crate) async fn may_change_ways_in(&self, viewer: &Viewer) -> Result<()> {
        self.require_session(viewer)?;
        self.require_fresh(viewer)?;
        self.must_have_shown_passkey(viewer).await
    }

    /// Tells the owner of the account, in case it was not they.
    async fn tell_of_passkey(
        &self,
        tx: &Tx<'_>,
        mail: Uuid,
        passkey: &Passkey,
        added: bool,
        now: Instant,
    ) -> Result<()> {
        let account = tx.account(passkey.account).await?.ok_or(Error::NotFound)?;
        let email: EmailAddress = account.email.parse().map_err(|_| Error::NotFound)?;
        let url = format!("{}/account/security", self.inner.settings.base_url);
        let data = json!({ "name": passkey.name, "added": added, "at": now, "url": url });
        self.queue_own_mail(tx, mail, SystemMail::PasskeyChanged, (&email, account.locale), data, now).await
    }

    // -----------------------------------------------------------------------------------------------------------
    // Signing in

    /// What a browser is asked when somebody shows a passkey, whosever it is.
    ///
    /// # Errors
    /// `RateLimited`; `NotFound` where there are none.
    pub async fn ask_for_passkey(&self, visitor: &str, device: Device<'_>) -> Result<PasskeyAsked> {
        let begun = self.relying_party()?.ask_who().map_err(Error::Fault)?;
        self.keep_request(begun, (visitor, None), device).await
    }

    /// Signs its owner in, as fresh as can be and with both factors. Whoever is signed in shows it again: the new session
    /// takes the place of this one.
    ///
    /// # Errors
    /// `Refused` when the answer is not right or late, and when the passkey is somebody else's than the viewer's.
    pub async fn sign_in_by_passkey(
        &self,
        viewer: Option<&Viewer>,
        answered: PasskeyAnswer<'_>,
        device: Device<'_>,
    ) -> Result<NewSession> {
        let party = self.relying_party()?;
        let request = self.take_request(answered).await?;
        let found = self.shown_passkey(&party, &request, answered.answer).await;
        let (passkey, state) = match found? {
            Ok(shown) => shown,
            Err((account, why)) => {
                tracing::warn!(account = account.map(tracing::field::display), why, "a passkey was refused");
                self.note_failed_sign_in(account, AccessKind::SignInFailed, device).await?;
                return Err(not_right());
            }
        };
        if viewer.is_some_and(|viewer| viewer.person.id != passkey.account) {
            return Err(refused(
                "passkey.another_account",
                "ログイン中のアカウントとは別の方のパスキーです。いったんログアウトしてからお試しください",
                "This passkey is somebody else's than who is signed in; please sign out first",
            ));
        }
        let (account, now) = (passkey.account, self.now());
        let (session, opened) = self.new_session(account, Shown { at: now, strong: true }, device).await?;
        let accesses = self.accesses_of(&opened.viewer, AccessKind::SignedIn, None, device);
        let before = viewer.map(|viewer| viewer.credential.hash());
        self.store()
            .write(|tx| {
                let (passkey, state, session, accesses, before) = (&passkey, &state, &session, &accesses, &before);
                Box::pin(async move {
                    if !tx.passkey_used(passkey, state, now).await? {
                        return Err(not_right());
                    }
                    if let Some(before) = before {
                        tx.close_session(before).await?;
                    }
                    tx.log_access(accesses).await?;
                    Ok(tx.open_session(session).await?)
                })
            })
            .await?;
        self.was_right(&[], account, device.address).await?;
        Ok(opened)
    }

    /// The passkey that was shown and its state from now on; or whose it would be, and why it was not.
    async fn shown_passkey(
        &self,
        party: &RelyingParty,
        request: &PasskeyRequest,
        answer: &str,
    ) -> Result<std::result::Result<(Passkey, Vec<u8>), (Option<Uuid>, String)>> {
        if request.account.is_some() {
            return Err(over());
        }
        let claimed = match Claimed::read(answer) {
            Ok(claimed) => claimed,
            Err(why) => return Ok(Err((None, why))),
        };
        let Some(passkey) = self.reader().passkey(claimed.credential()).await? else {
            return Ok(Err((None, "nobody has this passkey".to_owned())));
        };
        let account = self.reader().account(passkey.account).await?;
        if account.is_none_or(|account| account.disabled_at.is_some() || account.email_verified_at.is_none()) {
            return Ok(Err((Some(passkey.account), "the account may not be used".to_owned())));
        }
        let shown = party.shown(&request.state, &claimed, &passkey);
        Ok(shown.map_err(|why| (Some(passkey.account), why)).map(|state| (passkey, state)))
    }

    // -----------------------------------------------------------------------------------------------------------
    // Requests

    async fn keep_request(
        &self,
        begun: Begun,
        (visitor, account): (&str, Option<Uuid>),
        device: Device<'_>,
    ) -> Result<PasskeyAsked> {
        if let Some(address) = device.address {
            self.take_tries(&[Bucket::passkeys(address)]).await?;
        }
        let token = secrets::token(self.inner.ids.as_ref());
        let expires_at = self.now() + TimeDelta::minutes(REQUEST_MINUTES);
        let Begun { state, options } = begun;
        let request = PasskeyRequest { visitor_hash: hashed(visitor), account, state, expires_at };
        let hash = hashed(&token);
        self.store()
            .write(|tx| {
                let (hash, request) = (&hash, &request);
                Box::pin(async move { Ok::<_, Error>(tx.begin_passkey_request(hash, request).await?) })
            })
            .await?;
        Ok(PasskeyAsked { request: token, options })
    }

    /// Whatever becomes of the answer: there is no other to the same request.
    async fn take_request(&self, answered: PasskeyAnswer<'_>) -> Result<PasskeyRequest> {
        let (hash, now) = (hashed(answered.request), self.now());
        let taken = self
            .store()
            .write(|tx| {
                let hash = &hash;
                Box::pin(async move { Ok::<_, Error>(tx.take_passkey_request(hash, now).await?) })
            })
            .await?;
        taken.filter(|request| request.visitor_hash == hashed(answered.visitor)).ok_or_else(over)
    }
}

fn named(name: &str) -> Result<String> {
    limited("passkey_name", name, LONGEST_NAME)
}

fn refused(code: &'static str, ja: &'static str, en: &'static str) -> Error {
    Error::Refused(vec![casework::Refusal::new(code, ja, en)])
}

fn over() -> Error {
    refused(
        "passkey.over",
        "パスキーの確認が終わっていないか、時間が過ぎました。もう一度ボタンを押してください",
        "The passkey was not shown, or that took too long; please press the button again",
    )
}

fn not_made() -> Error {
    refused(
        "passkey.not_made",
        "このパスキーは登録できませんでした。別の端末かセキュリティキーでお試しください",
        "This passkey could not be added; please try another device or security key",
    )
}

/// Of everything that may be wrong, so that nobody learns whose it is.
fn not_right() -> Error {
    refused(
        "passkey.not_right",
        "このパスキーではログインできません。ほかの方法でログインしてください",
        "This passkey does not open an account here; please sign in another way",
    )
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        let Passkey { id, name, created_at, last_used_at, .. } = passkey;
        Self { id, name, created_at, last_used_at }
    }
}
