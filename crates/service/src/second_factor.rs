//! The second factor (二段階認証, TOTP): codes of an authenticator app beside the password, each taken once, and recovery
//! codes for whoever has lost the device. Also who it is, shown again, and another password.

use chrono::TimeDelta;
use notice::SystemMail;
use serde_json::json;
use store::{AccessKind, Account, HalfSignIn, Tx};
use totp_rs::{Builder, Totp};
use uuid::Uuid;
use vocabulary::{EmailAddress, Instant};

use crate::keys::Sealed;
use crate::once::Wish;
use crate::people::must_be_long_enough;
use crate::secrets::{self, Shortest, hashed};
use crate::service::Service;
use crate::throttle::Bucket;
use crate::view::{Device, Enrolment, NewSession, SecondFactorView, Shown, Viewer};
use crate::{Error, Result};

/// After the password the code has to come within this time.
const HALF_MINUTES: i64 = 10;
/// Bytes of a secret, as RFC 4226 recommends: 160 bits.
const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;
/// Hexadecimal digits of a recovery code: 80 bits, in groups of five.
const RECOVERY_DIGITS: usize = 20;
const RECOVERY_GROUP: usize = 5;

impl Service {
    // -----------------------------------------------------------------------------------------------------------
    // Signing in

    pub(crate) async fn has_second_factor(&self, account: Uuid) -> Result<bool> {
        Ok(self.reader().second_factor(account).await?.is_some_and(|factor| factor.confirmed_at.is_some()))
    }

    /// The token of a sign-in whose first half was done at that time.
    pub(crate) async fn begin_sign_in(&self, account: Uuid, authenticated_at: Instant) -> Result<String> {
        let (token, now) = (secrets::token(self.inner.ids.as_ref()), self.now());
        let expires_at = now + TimeDelta::minutes(HALF_MINUTES);
        let (hash, half) = (hashed(&token), HalfSignIn { account, authenticated_at, expires_at });
        self.store()
            .write(|tx| {
                let (hash, half) = (&hash, &half);
                Box::pin(async move { Ok::<_, Error>(tx.begin_sign_in(hash, half, now).await?) })
            })
            .await?;
        Ok(token)
    }

    /// The second half of a sign-in: a code of the app, or a recovery code, which is used up.
    ///
    /// # Errors
    /// `RateLimited` after too many tries; `Unauthenticated` when the first half is over; `BadInput` at `code` when the
    /// code is wrong or was used before.
    pub async fn complete_sign_in(&self, half: &str, code: &str, device: Device<'_>) -> Result<NewSession> {
        let (hash, now) = (hashed(half), self.now());
        let half = self.reader().half_signed_in(&hash, now).await?.ok_or(Error::Unauthenticated)?;
        let (account, shown) = (half.account, Shown { at: half.authenticated_at, strong: false });
        let tries = self.tries_of_codes(account, device.address).await?;
        self.take_tries_of_sign_in(&tries, Some(account), device).await?;
        let (session, opened) = self.new_session(account, shown, device).await?;
        let accesses = self.accesses_of(&opened.viewer, AccessKind::SignedIn, None, device);
        let done = self
            .store()
            .write(|tx| {
                let (hash, session, accesses) = (&hash, &session, &accesses);
                Box::pin(async move {
                    self.take_code(tx, account, code, now).await?;
                    if !tx.complete_sign_in(hash, now).await? {
                        return Err(Error::Unauthenticated);
                    }
                    tx.log_access(accesses).await?;
                    Ok(tx.open_session(session).await?)
                })
            })
            .await;
        if matches!(done, Err(Error::BadInput { .. })) {
            self.note_failed_sign_in(Some(account), AccessKind::SignInFailed, device).await?;
        }
        done?;
        self.was_right(&tries, account, device.address).await?;
        Ok(opened)
    }

    /// Who is signed in shows it again: a new session takes the place of this one, as fresh as can be.
    ///
    /// # Errors
    /// `RateLimited` after too many tries; `BadInput` at `password` or `code`.
    pub async fn sign_in_again(
        &self,
        viewer: &Viewer,
        password: &str,
        code: &str,
        device: Device<'_>,
    ) -> Result<NewSession> {
        self.require_session(viewer)?;
        let (account, now) = (viewer.person.id, self.now());
        let tries = self.require_password(viewer, password, device).await?;
        let asks_for_code = self.has_second_factor(account).await?;
        let codes = self.tries_of_codes(account, device.address).await?;
        if asks_for_code {
            self.take_tries(&codes).await?;
        }
        let (session, opened) = self.new_session(account, self.shown_now(), device).await?;
        let before = viewer.credential.hash();
        self.store()
            .write(|tx| {
                let (session, before) = (&session, &before);
                Box::pin(async move {
                    if asks_for_code {
                        self.take_code(tx, account, code, now).await?;
                    }
                    tx.close_session(before).await?;
                    Ok::<_, Error>(tx.open_session(session).await?)
                })
            })
            .await?;
        let codes = if asks_for_code { codes } else { Vec::new() };
        self.was_right(&[tries, codes].concat(), account, device.address).await?;
        Ok(opened)
    }

    /// The tries that it took: they are given back when all is right.
    pub(crate) async fn require_password(
        &self,
        viewer: &Viewer,
        password: &str,
        device: Device<'_>,
    ) -> Result<Vec<Bucket>> {
        let account = Some(viewer.person.id);
        let tries = self.tries_of(account, &viewer.email, device.address).await?;
        self.take_tries_of_sign_in(&tries, account, viewer.device()).await?;
        let stored = self.reader().account(viewer.person.id).await?.and_then(|account| account.password_hash);
        if self.verify_password(password.to_owned(), stored).await? {
            return Ok(tries);
        }
        self.note_failed_sign_in(account, AccessKind::SignInFailed, viewer.device()).await?;
        Err(Error::bad_input("password", "パスワードが正しくありません", "The password is wrong"))
    }

    /// Takes a code, once.
    async fn take_code(&self, tx: &Tx<'_>, account: Uuid, code: &str, now: Instant) -> Result<()> {
        let factor = tx.second_factor(account).await?.filter(|factor| factor.confirmed_at.is_some());
        let factor = factor.ok_or_else(not_begun)?;
        let taken = match self.step_of(&self.opened(&factor)?, code, now)? {
            Some(step) => tx.take_code(account, step).await?,
            None => tx.take_recovery_code(account, &hashed_code(code), now).await?,
        };
        if taken { Ok(()) } else { Err(wrong_code()) }
    }

    /// The secret itself.
    fn opened(&self, factor: &store::SecondFactor) -> Result<Vec<u8>> {
        match factor.sealed_by.clone() {
            Some(key) => self.inner.keys.open(factor.account, &Sealed { key, bytes: factor.secret.clone() }),
            None => Ok(factor.secret.clone()),
        }
    }

    /// Before a server serves: it has the key that seals in this database, and whatever another key or none has sealed is
    /// sealed by its first one. Returns how many that were.
    ///
    /// # Errors
    /// `Refused` when it has another key.
    pub async fn settle_keys(&self) -> Result<usize> {
        let now = self.now();
        let first = self.inner.keys.names().next().map(str::to_owned).unwrap_or_default();
        self.store()
            .write(|tx| {
                let first = &first;
                Box::pin(async move {
                    if !first.is_empty() {
                        tx.name_installation_key(first, now).await?;
                    }
                    let before = tx.installation_key().await?.unwrap_or_default();
                    self.must_have_key(&before)?;
                    let others = tx.second_factors_not_sealed_by(first).await?;
                    for factor in &others {
                        self.must_have_key(factor.sealed_by.as_deref().unwrap_or(first))?;
                        let secret = self.opened(factor)?;
                        let sealed = self.inner.keys.seal(factor.account, &secret, self.inner.ids.as_ref())?;
                        tx.reseal(factor, &sealed.bytes, &sealed.key).await?;
                    }
                    if before != *first {
                        tx.change_installation_key(&before, first, now).await?;
                    }
                    Ok(others.len())
                })
            })
            .await
    }

    /// Whether this process has the key that seals in this database.
    ///
    /// # Errors
    /// `Refused` when it has another key, or none.
    pub async fn check_keys(&self) -> Result<()> {
        match self.reader().installation_key().await? {
            Some(key) => self.must_have_key(&key),
            None => Ok(()),
        }
    }

    fn must_have_key(&self, name: &str) -> Result<()> {
        if self.inner.keys.names().any(|key| key == name) {
            return Ok(());
        }
        let own: Vec<&str> = self.inner.keys.names().collect();
        let own = if own.is_empty() { "-".to_owned() } else { own.join(", ") };
        Err(Error::Refused(vec![casework::Refusal::new(
            "installation.key",
            format!(
                "このデータベースの秘密は鍵 {name} で封じられていますが、このサーバーの鍵は {own} です。導入時の鍵を指定してください"
            ),
            format!(
                "The secrets of this database are sealed by the key {name}, and this server has {own}; give it the key of the \
                 installation (--key-file, HOJOKIN_KEY_FILE or HOJOKIN_KEY)"
            ),
        )]))
    }

    /// The time step whose code this is, of the present one and its two neighbors.
    fn step_of(&self, secret: &[u8], code: &str, now: Instant) -> Result<Option<i64>> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).map(half_width).collect();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let step = self.totp(secret, None)?.check(&digits, seconds);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    fn totp(&self, secret: &[u8], email: Option<&str>) -> Result<Totp> {
        let secret: Box<[u8]> = secret.into();
        let builder = Builder::new().with_secret(secret).with_issuer(Some(self.issuer()));
        let builder = match email {
            Some(email) => builder.with_account_name(email),
            None => builder,
        };
        builder.build().map_err(|error| Error::Fault(error.to_string()))
    }

    /// What apps call the installation: the name of its host.
    fn issuer(&self) -> String {
        let base = &self.inner.settings.base_url;
        let host = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
        host.split([':', '/']).next().unwrap_or_default().to_owned()
    }

    // -----------------------------------------------------------------------------------------------------------
    // Setting it up

    /// # Errors
    /// Faults only.
    pub async fn second_factor(&self, viewer: &Viewer) -> Result<SecondFactorView> {
        let account = viewer.person.id;
        let Some(factor) = self.reader().second_factor(account).await? else {
            return Ok(SecondFactorView { since: None, recovery_codes_left: 0, enrolment: None });
        };
        // The secret opens the account: it is for a fresh sign-in, and for nobody once it is confirmed.
        let enrolment = match factor.confirmed_at {
            None if self.require_fresh(viewer).is_ok() => Some(self.enrolment(viewer, &self.opened(&factor)?)?),
            _ => None,
        };
        let recovery_codes_left = self.reader().recovery_codes_left(account).await?;
        Ok(SecondFactorView { since: factor.confirmed_at, recovery_codes_left, enrolment })
    }

    fn enrolment(&self, viewer: &Viewer, secret: &[u8]) -> Result<Enrolment> {
        let totp = self.totp(secret, Some(&viewer.email))?;
        let address = totp.to_url().map_err(|error| Error::Fault(error.to_string()))?;
        Ok(Enrolment { secret: totp.secret().to_base32(), address })
    }

    /// Makes a secret for an app; it counts once a code has confirmed it.
    ///
    /// # Errors
    /// `SignInAgain`; `Forbidden` for tokens; `Refused` when a factor is in force, or a passkey was to be
    /// shown.
    pub async fn begin_second_factor(&self, viewer: &Viewer, key: &str) -> Result<Enrolment> {
        self.require_session(viewer)?;
        self.require_fresh(viewer)?;
        self.must_have_shown_passkey(viewer).await?;
        let (account, now) = (viewer.person.id, self.now());
        let secret = self.inner.ids.secret();
        let secret = secret.get(..SECRET_BYTES).unwrap_or(&secret);
        let Sealed { key: by, bytes } = self.inner.keys.seal(account, secret, self.inner.ids.as_ref())?;
        let factor =
            store::SecondFactor { account, secret: bytes, sealed_by: Some(by), begun_at: now, confirmed_at: None };
        let wish = Wish::new(viewer, key, "beginSecondFactor", &account, (account, now))?;
        self.once(&wish, &|tx| {
            let factor = &factor;
            Box::pin(async move { if tx.begin_second_factor(factor).await? { Ok(()) } else { Err(in_force()) } })
        })
        .await?;
        self.second_factor(viewer).await?.enrolment.ok_or_else(in_force)
    }

    /// From now on a code is asked for. Returns the recovery codes: this once, and again in the same session with the
    /// same key.
    ///
    /// # Errors
    /// `SignInAgain`; `RateLimited`; `BadInput` at `code`; `Refused` when none was begun or the codes were shown before.
    pub async fn confirm_second_factor(&self, viewer: &Viewer, code: &str, key: &str) -> Result<Vec<String>> {
        self.require_session(viewer)?;
        self.require_fresh(viewer)?;
        let (account, now, id) = (viewer.person.id, self.now(), self.inner.ids.next());
        let tries = self.tries_of_codes(account, None).await?;
        self.take_tries(&tries).await?;
        let wish = Wish::new(viewer, key, "confirmSecondFactor", &code, (id, now))?;
        let (hashes, mail) = (hashes_of(&recovery_codes(viewer, id)), self.inner.ids.next());
        let made = self
            .once(&wish, &|tx| {
                let hashes = &hashes;
                Box::pin(async move {
                    let factor = tx.second_factor(account).await?.filter(|factor| factor.confirmed_at.is_none());
                    let factor = factor.ok_or_else(not_begun)?;
                    let step = self.step_of(&self.opened(&factor)?, code, now)?.ok_or_else(wrong_code)?;
                    if !tx.confirm_second_factor(account, step, now).await? {
                        return Err(not_begun());
                    }
                    tx.put_recovery_codes(account, hashes).await?;
                    self.tell_of_second_factor(tx, mail, account, true, now).await
                })
            })
            .await?;
        self.was_right(&tries, account, None).await?;
        self.codes_of(viewer, made).await
    }

    /// Other recovery codes in place of those of before.
    ///
    /// # Errors
    /// `SignInAgain`; `Refused` when no factor is in force or the codes were shown before.
    pub async fn renew_recovery_codes(&self, viewer: &Viewer, key: &str) -> Result<Vec<String>> {
        self.require_session(viewer)?;
        self.require_fresh(viewer)?;
        let (account, id) = (viewer.person.id, self.inner.ids.next());
        let hashes = hashes_of(&recovery_codes(viewer, id));
        let wish = Wish::new(viewer, key, "renewRecoveryCodes", &account, (id, self.now()))?;
        let made = self
            .once(&wish, &|tx| {
                let hashes = &hashes;
                Box::pin(async move {
                    let factor = tx.second_factor(account).await?;
                    factor.filter(|factor| factor.confirmed_at.is_some()).ok_or_else(not_begun)?;
                    Ok(tx.put_recovery_codes(account, hashes).await?)
                })
            })
            .await?;
        self.codes_of(viewer, made).await
    }

    /// The codes that were made under this id, if they are still the account's and this session made them.
    async fn codes_of(&self, viewer: &Viewer, made: Uuid) -> Result<Vec<String>> {
        let codes = recovery_codes(viewer, made);
        let first = codes.first().map(|code| hashed_code(code)).unwrap_or_default();
        if self.reader().has_recovery_code(viewer.person.id, &first).await? {
            return Ok(codes);
        }
        Err(Error::Refused(vec![casework::Refusal::new(
            "recovery_codes.shown_before",
            "この回復コードは表示済みで、もう表示できません。必要なら新しい回復コードを作成してください",
            "These recovery codes were shown before and cannot be shown any more; make new ones if you need them",
        )]))
    }

    /// The password alone is asked for again, so that it has to be long enough for that.
    ///
    /// # Errors
    /// `SignInAgain`; `RateLimited`; `BadInput` at `password` or `code`; `Refused` when there is none.
    pub async fn end_second_factor(&self, viewer: &Viewer, password: &str, code: &str, key: &str) -> Result<()> {
        self.require_session(viewer)?;
        self.require_fresh(viewer)?;
        let (account, now, mail) = (viewer.person.id, self.now(), self.inner.ids.next());
        // A digest of the password is kept nowhere: the wish is about the code.
        let wish = Wish::new(viewer, key, "endSecondFactor", &code, (account, now))?;
        let mut tries = self.require_password(viewer, password, Device::default()).await?;
        let codes = self.tries_of_codes(account, None).await?;
        self.take_tries(&codes).await?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                self.take_code(tx, account, code, now).await?;
                tx.end_second_factor(account).await?;
                must_be_long_enough(tx, account, password).await?;
                self.tell_of_second_factor(tx, mail, account, false, now).await
            })
        })
        .await?;
        tries.extend(codes);
        self.was_right(&tries, account, None).await
    }

    /// Tells the owner of the account, in case it was not they.
    async fn tell_of_second_factor(
        &self,
        tx: &Tx<'_>,
        mail: Uuid,
        account: Uuid,
        on: bool,
        now: Instant,
    ) -> Result<()> {
        let account = tx.account(account).await?.ok_or(Error::NotFound)?;
        let url = format!("{}/account/security", self.inner.settings.base_url);
        let data = json!({ "on": on, "at": now, "url": url });
        self.queue_to_owner(tx, mail, SystemMail::SecondFactorChanged, &account, data, now).await
    }

    pub(crate) async fn queue_to_owner(
        &self,
        tx: &Tx<'_>,
        id: Uuid,
        mail: SystemMail,
        account: &Account,
        data: serde_json::Value,
        now: Instant,
    ) -> Result<()> {
        let email: EmailAddress = account.email.parse().map_err(|_| Error::NotFound)?;
        self.queue_own_mail(tx, id, mail, (&email, account.locale), data, now).await
    }

    /// Another password; every other session of the account ends.
    ///
    /// # Errors
    /// `RateLimited`; `BadInput` at `password` when the present one is wrong, at `new_password` when the new one does
    /// not do.
    pub async fn change_password(&self, viewer: &Viewer, present: &str, new: &str) -> Result<()> {
        self.require_session(viewer)?;
        let (account, now, mail) = (viewer.person.id, self.now(), self.inner.ids.next());
        let tries = self.require_password(viewer, present, Device::default()).await?;
        let shortest =
            if self.has_second_factor(account).await? { Shortest::WithSecondFactor } else { Shortest::Alone };
        let hash = self.hash_password(new, &[&viewer.email, &viewer.person.name], shortest).await;
        let hash = hash.map_err(|error| match error {
            Error::BadInput { message, .. } => Error::BadInput { path: Some("new_password".to_owned()), message },
            other => other,
        })?;
        let (own, url) = (viewer.credential.hash(), format!("{}/password-reset", self.inner.settings.base_url));
        self.store()
            .write(|tx| {
                let (hash, own, url) = (&hash, &own, &url);
                Box::pin(async move {
                    let mut stored = tx.account(account).await?.ok_or(Error::NotFound)?;
                    stored.password_hash = Some(hash.clone());
                    tx.update_account(&stored).await?;
                    tx.close_sessions(account, Some(own)).await?;
                    let data = json!({ "at": now, "url": url });
                    self.queue_to_owner(tx, mail, SystemMail::PasswordChanged, &stored, data, now).await
                })
            })
            .await?;
        self.was_right(&tries, account, None).await
    }
}

fn recovery_codes(viewer: &Viewer, id: Uuid) -> Vec<String> {
    let grouped = |number| {
        let digits: Vec<char> = viewer.credential.derived_code(id, number).chars().take(RECOVERY_DIGITS).collect();
        let groups: Vec<String> = digits.chunks(RECOVERY_GROUP).map(|group| group.iter().collect()).collect();
        groups.join("-")
    };
    (0..RECOVERY_CODES).map(grouped).collect()
}

fn hashes_of(codes: &[String]) -> Vec<Vec<u8>> {
    codes.iter().map(|code| hashed_code(code)).collect()
}

/// However it was typed: without what separates groups, in lower case.
fn hashed_code(code: &str) -> Vec<u8> {
    let plain: String = code.chars().map(half_width).filter(char::is_ascii_alphanumeric).collect();
    hashed(&format!("recovery code:{}", plain.to_ascii_lowercase()))
}

/// Digits and letters as a Japanese keyboard may give them (全角).
fn half_width(c: char) -> char {
    let plain = u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32);
    plain.filter(|plain| plain.is_ascii_graphic()).unwrap_or(c)
}

fn wrong_code() -> Error {
    Error::bad_input(
        "code",
        "確認コードが正しくないか、使用済みです。アプリに表示されている新しいコードを入力してください",
        "The code is wrong or was used before; enter the one that your app shows now",
    )
}

fn in_force() -> Error {
    Error::Refused(vec![casework::Refusal::new(
        "second_factor.in_force",
        "二段階認証は設定済みです。別の端末に替えるときは、先に解除してください",
        "A second factor is set up already; end it first to use another device",
    )])
}

fn not_begun() -> Error {
    Error::Refused(vec![casework::Refusal::new(
        "second_factor.none",
        "二段階認証は設定されていません",
        "No second factor is set up",
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_however_they_are_typed() {
        assert_eq!(hashed_code("3F9A2-77c01 0abcd-12345"), hashed_code("３f9a277c010abcd12345"));
        assert_ne!(hashed_code("3f9a2-77c01-0abcd-12345"), hashed_code("3f9a2-77c01-0abcd-12346"));
        assert_eq!("１２３ ４５６".chars().map(half_width).collect::<String>(), "123 456");
    }
}
