//! Sign-in by a provider of identities (OpenID Connect): GビズID, the directory of an office's staff. The provider says who
//! somebody is; what they may do here stays with their account.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use casework::Refusal;
use chrono::{DateTime, TimeDelta};
use notice::SystemMail;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Account, Identity, IdentityRequest, LinkKind, Tx};
use uuid::Uuid;
use vocabulary::{Bilingual, EmailAddress, Instant, Locale, digest};

use crate::once::Wish;
use crate::people::{grant_promise, limited};
use crate::provider::{CLOCK_SKEW_SECONDS, Challenge, Claims, Provider, ProviderFault};
use crate::secrets::{self, hashed};
use crate::service::Service;
use crate::throttle::Bucket;
use crate::view::{Device, Shown, SignIn, Viewer};
use crate::{Error, Result};

/// Whoever went to a provider is back within this time.
const REQUEST_MINUTES: i64 = 10;
/// Bytes of what waits for somebody meanwhile.
const LARGEST_KEPT: usize = 256 * 1024;

/// What came back with the browser.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brought<'a> {
    pub state: &'a str,
    pub code: &'a str,
    /// Instead of a code.
    pub error: &'a str,
}

/// Somebody is back: signed in or not, it goes on where they were.
#[derive(Debug)]
pub struct Returned {
    pub sign_in: Result<SignIn>,
    /// They were signed in, and went there so that it opens their account from now on.
    pub links: bool,
    pub next: String,
    pub kept: Vec<(String, String)>,
}

/// Somebody as a provider knows them.
struct Known {
    subject: String,
    /// Proven.
    email: Option<EmailAddress>,
    name: Option<String>,
    shown: Shown,
}

impl Service {
    /// Name and label of each, in the order of the settings.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &Bilingual)> {
        self.inner.providers.iter().map(|provider| (provider.name.as_str(), &provider.label))
    }

    /// Each of them, and since when it opens the viewer's account.
    ///
    /// # Errors
    /// Faults only.
    pub async fn providers_of(&self, viewer: &Viewer) -> Result<Vec<(&str, &Bilingual, Option<Instant>)>> {
        let known = self.reader().identities(viewer.person.id).await?;
        let since = |provider: &Provider| {
            known.iter().find(|identity| identity.issuer == provider.issuer).map(|identity| identity.linked_at)
        };
        let providers = self.inner.providers.iter();
        Ok(providers.map(|provider| (provider.name.as_str(), &provider.label, since(provider))).collect())
    }

    fn provider(&self, name: &str) -> Result<&Provider> {
        self.inner.providers.iter().find(|provider| provider.name == name).ok_or(Error::NotFound)
    }

    /// Somebody goes to a provider; whoever is signed in, to show there again who they are. Returns the token that the
    /// browser keeps meanwhile.
    ///
    /// # Errors
    /// `NotFound` for unknown providers; `RateLimited`; `Refused` when too much would have to wait.
    pub async fn begin_identity_request(
        &self,
        provider: &str,
        viewer: Option<&Viewer>,
        (next, kept): (&str, Vec<(String, String)>),
        device: Device<'_>,
    ) -> Result<String> {
        self.provider(provider)?;
        if kept.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > LARGEST_KEPT {
            return Err(refused(
                "identity.too_much",
                "入力した内容が多いため、ほかの画面でのログインの間は保持できません。パスワードでログインしてください",
                "What you typed is too long to wait for you meanwhile; please sign in with your password",
            ));
        }
        let account = viewer.map(|viewer| viewer.person.id);
        self.keep_identity_request(provider, (account, false), (next, kept), device).await
    }

    /// The viewer goes to a provider so that it opens their account from now on; otherwise as
    /// [`Service::begin_identity_request`]. Goes on at `next`.
    ///
    /// # Errors
    /// `SignInAgain`; `NotFound` for unknown providers; `RateLimited`; `Refused` when a passkey was to be shown.
    pub async fn begin_linking(
        &self,
        provider: &str,
        viewer: &Viewer,
        next: &str,
        device: Device<'_>,
    ) -> Result<String> {
        self.may_change_ways_in(viewer).await?;
        self.provider(provider)?;
        self.keep_identity_request(provider, (Some(viewer.person.id), true), (next, Vec::new()), device).await
    }

    /// A provider opens the viewer's account no more.
    ///
    /// # Errors
    /// `SignInAgain`; `NotFound` when it does not open it; `Refused` when a passkey was to be shown, and when it is the
    /// last way in.
    pub async fn unlink_identity(&self, provider: &str, viewer: &Viewer, key: &str) -> Result<()> {
        self.may_change_ways_in(viewer).await?;
        let (provider, account) = (self.provider(provider)?, viewer.person.id);
        let (now, mail) = (self.now(), self.inner.ids.next());
        let wish = Wish::new(viewer, key, "unlinkIdentity", &provider.name, (account, now))?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                if !tx.unlink_identity(account, &provider.issuer).await? {
                    return Err(Error::NotFound);
                }
                let account = tx.account(account).await?.ok_or(Error::NotFound)?;
                let others = !tx.identities(account.id).await?.is_empty() || !tx.passkeys(account.id).await?.is_empty();
                if account.password_hash.is_none() && !others {
                    return Err(refused(
                        "identity.last_way_in",
                        "ほかのログイン方法がありません。先に、ログイン画面の「パスワードを忘れたとき」からパスワードを設定してください",
                        "There is no other way in; first set a password by “Forgot your password?” on the sign-in page",
                    ));
                }
                self.tell_of_identity(tx, mail, (provider, false), &account, now).await
            })
        })
        .await
        .map(drop)
    }

    async fn keep_identity_request(
        &self,
        provider: &str,
        (account, links): (Option<Uuid>, bool),
        (next, kept): (&str, Vec<(String, String)>),
        device: Device<'_>,
    ) -> Result<String> {
        if let Some(address) = device.address {
            self.take_tries(&[Bucket::departures(address)]).await?;
        }
        let (token, now) = (secrets::token(self.inner.ids.as_ref()), self.now());
        let request = IdentityRequest {
            provider: provider.to_owned(),
            account,
            links,
            next: next.to_owned(),
            kept,
            created_at: now,
            expires_at: now + TimeDelta::minutes(REQUEST_MINUTES),
        };
        let hash = hashed(&token);
        self.store()
            .write(|tx| {
                let (hash, request) = (&hash, &request);
                Box::pin(async move { Ok::<_, Error>(tx.begin_identity_request(hash, request).await?) })
            })
            .await?;
        Ok(token)
    }

    /// Where that browser goes now.
    ///
    /// # Errors
    /// `NotFound` for unknown providers; `Refused` when it was not about to go there, or the provider is away.
    pub async fn way_to_provider(&self, provider: &str, token: &str) -> Result<String> {
        let provider = self.provider(provider)?;
        let request = self.reader().identity_request(&hashed(token), self.now()).await?;
        let request = request.filter(|request| request.provider == provider.name).ok_or_else(over)?;
        let challenge = self.challenge(provider, token, request.account.is_some());
        provider.client.authorization(&challenge).await.map_err(|fault| failed(provider, fault))
    }

    /// All of it is computed from the token that only this browser has.
    fn challenge(&self, provider: &Provider, token: &str, afresh: bool) -> Challenge {
        let secret = |what: &str| digest(format!("identity request {what}\n{token}").as_bytes());
        let verifier = secret("verifier");
        Challenge {
            state: secret("state"),
            nonce: secret("nonce"),
            code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())),
            verifier,
            redirect_uri: format!("{}/sign-in/from/{}", self.inner.settings.base_url, provider.name),
            afresh,
        }
    }

    /// Somebody is back from a provider, with the token that the browser kept.
    ///
    /// # Errors
    /// `NotFound` for unknown providers; `Refused` when this browser was not sent there, or is back already.
    pub async fn return_from_provider(
        &self,
        provider: &str,
        token: &str,
        brought: Brought<'_>,
        device: Device<'_>,
    ) -> Result<Returned> {
        let (provider, hash, now) = (self.provider(provider)?, hashed(token), self.now());
        // Digests of the same length are compared, so that time tells nothing.
        let state = self.challenge(provider, token, false).state;
        if digest(brought.state.as_bytes()) != digest(state.as_bytes()) {
            return Err(over());
        }
        let request = self
            .store()
            .write(|tx| {
                let hash = &hash;
                Box::pin(async move { Ok::<_, Error>(tx.take_identity_request(hash, now).await?) })
            })
            .await?;
        let request = request.filter(|request| request.provider == provider.name).ok_or_else(over)?;
        let sign_in = match brought.error {
            "" => self.sign_in_as_known(provider, token, (brought.code, &request), device).await,
            error => {
                tracing::info!(provider = provider.name, declined = error == "access_denied", "a provider said no");
                Err(refused(
                    "identity.declined",
                    "外部のログインが完了しませんでした。もう一度お試しください",
                    "The other site did not sign you in; please try again",
                ))
            }
        };
        Ok(Returned { sign_in, links: request.links, next: request.next, kept: request.kept })
    }

    async fn sign_in_as_known(
        &self,
        provider: &Provider,
        token: &str,
        (code, request): (&str, &IdentityRequest),
        device: Device<'_>,
    ) -> Result<SignIn> {
        let now = self.now();
        let challenge = self.challenge(provider, token, request.account.is_some());
        let claims = provider.client.claims(code, &challenge, now).await.map_err(|fault| failed(provider, fault))?;
        let known = known(provider, &claims, now)?;
        let account = match request.account {
            Some(account) if request.links => self.link_identity(provider, &known, account, now).await?,
            Some(account) => self.must_be(provider, &known, account, request.created_at).await?,
            None => self.account_of(provider, &known, now).await?,
        };
        if self.has_second_factor(account).await? && !known.shown.strong {
            return self.begin_sign_in(account, known.shown.at).await.map(SignIn::HalfDone);
        }
        self.was_right(&[], account, device.address).await?;
        self.open_session(account, known.shown, device).await.map(|session| SignIn::Done(Box::new(session)))
    }

    /// The account of whoever is signed in is theirs from now on, whatever address the provider knows them by.
    async fn link_identity(&self, provider: &Provider, known: &Known, account: Uuid, now: Instant) -> Result<Uuid> {
        let mail = self.inner.ids.next();
        self.store()
            .write(|tx| {
                Box::pin(async move {
                    if let Some(identity) = tx.identity(&provider.issuer, &known.subject).await? {
                        return if identity.account == account { Ok(account) } else { Err(taken()) };
                    }
                    let account = tx.account(account).await?.ok_or(Error::NotFound)?;
                    if account.disabled_at.is_some() {
                        return Err(disabled());
                    }
                    if tx.identities(account.id).await?.iter().any(|identity| identity.issuer == provider.issuer) {
                        return Err(other_subject());
                    }
                    let (issuer, subject) = (provider.issuer.clone(), known.subject.clone());
                    tx.link_identity(&Identity { issuer, subject, account: account.id, linked_at: now }).await?;
                    self.tell_of_identity(tx, mail, (provider, true), &account, now).await?;
                    Ok(account.id)
                })
            })
            .await
    }

    /// Whoever is signed in and shows it again is the same, and has shown it since.
    async fn must_be(&self, provider: &Provider, known: &Known, account: Uuid, since: Instant) -> Result<Uuid> {
        let found = self.reader().identity(&provider.issuer, &known.subject).await?;
        if found.is_none_or(|identity| identity.account != account) {
            return Err(refused(
                "identity.another_account",
                "ログイン中のアカウントとは別の方です。いったんログアウトしてからお試しください",
                "This is somebody else than who is signed in; please sign out first",
            ));
        }
        if known.shown.at < since - TimeDelta::seconds(CLOCK_SKEW_SECONDS) {
            return Err(refused(
                "identity.not_afresh",
                "外部のサイトで本人の確認が行われませんでした。パスワードで確認してください",
                "The other site did not ask who you are; please use your password",
            ));
        }
        Ok(account)
    }

    /// The account that a subject is known by; of a subject that is new here, the one with its proven address.
    async fn account_of(&self, provider: &Provider, known: &Known, now: Instant) -> Result<Uuid> {
        let (id, mail) = (self.inner.ids.next(), self.inner.ids.next());
        self.store()
            .write(|tx| {
                Box::pin(async move {
                    if let Some(identity) = tx.identity(&provider.issuer, &known.subject).await? {
                        let account = tx.account(identity.account).await?.ok_or(Error::NotFound)?;
                        return if account.disabled_at.is_none() { Ok(account.id) } else { Err(disabled()) };
                    }
                    let email = known.email.as_ref().ok_or_else(no_email)?;
                    let account = match tx.account_by_email(email).await? {
                        Some(account) => {
                            let account = self.adopted(tx, provider, account, now).await?;
                            self.tell_of_identity(tx, mail, (provider, true), &account, now).await?;
                            account.id
                        }
                        None => self.welcomed(tx, provider, known, (id, email), now).await?,
                    };
                    let (issuer, subject) = (provider.issuer.clone(), known.subject.clone());
                    tx.link_identity(&Identity { issuer, subject, account, linked_at: now }).await?;
                    Ok(account)
                })
            })
            .await
    }

    /// An account that is there: its address is what both agree on.
    async fn adopted(&self, tx: &Tx<'_>, provider: &Provider, mut account: Account, now: Instant) -> Result<Account> {
        if account.disabled_at.is_some() {
            return Err(disabled());
        }
        if tx.identities(account.id).await?.iter().any(|identity| identity.issuer == provider.issuer) {
            // The address may have been given to somebody else since.
            return Err(other_subject());
        }
        if account.email_verified_at.is_none() {
            // Whoever made it has not shown that the address is theirs: their password opens nothing from now on.
            account.email_verified_at = Some(now);
            account.password_hash = None;
            tx.update_account(&account).await?;
            tx.close_sessions(account.id, None).await?;
        }
        Ok(account)
    }

    /// An account for somebody who was invited, or for anybody where the provider may bring them.
    async fn welcomed(
        &self,
        tx: &Tx<'_>,
        provider: &Provider,
        known: &Known,
        (id, email): (Uuid, &EmailAddress),
        now: Instant,
    ) -> Result<Uuid> {
        let invitations = tx.open_invitations(Some(email.as_str()), now).await?;
        if invitations.is_empty() && !provider.sign_up {
            return Err(refused(
                "identity.unknown",
                "このメールアドレスのアカウントも招待もありません。職員の方は、管理者に招待を依頼してください",
                "There is no account and no invitation for your e-mail address; ask an administrator to invite you",
            ));
        }
        let account = Account {
            id,
            email: email.as_str().to_owned(),
            name: known.name.clone().unwrap_or_else(|| email.as_str().to_owned()),
            locale: Locale::Ja,
            password_hash: None,
            email_verified_at: Some(now),
            disabled_at: None,
            created_at: now,
        };
        tx.create_account(&account).await?;
        for invitation in invitations {
            if tx.use_link(&invitation.token_hash, LinkKind::Invitation, now).await?.is_some() {
                grant_promise(tx, &invitation.payload, id, now).await?;
            }
        }
        Ok(id)
    }

    /// Tells the owner of the account, in case it was not they.
    async fn tell_of_identity(
        &self,
        tx: &Tx<'_>,
        mail: Uuid,
        (provider, added): (&Provider, bool),
        account: &Account,
        now: Instant,
    ) -> Result<()> {
        let email: EmailAddress = account.email.parse().map_err(|_| Error::NotFound)?;
        let url = format!("{}/account/security", self.inner.settings.base_url);
        let data = json!({ "provider": provider.label, "added": added, "at": now, "url": url });
        self.queue_own_mail(tx, mail, SystemMail::IdentityChanged, (&email, account.locale), data, now).await
    }
}

fn other_subject() -> Error {
    refused(
        "identity.other_subject",
        "このアカウントは、別の方の外部IDと結び付いています。窓口へご相談ください",
        "This account belongs to another identity; please ask the office",
    )
}

fn taken() -> Error {
    refused(
        "identity.taken",
        "この外部IDは、ほかのアカウントと結び付いています。そのアカウントで連携を解除してからお試しください",
        "This identity opens another account; remove it there first",
    )
}

/// What a provider's claims mean here.
fn known(provider: &Provider, claims: &Claims, now: Instant) -> Result<Known> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let subject = text(&provider.claims.subject).ok_or_else(|| {
        failed(provider, ProviderFault::Refused(format!("there is no claim `{}`", provider.claims.subject)))
    })?;
    let proven = provider.trust_email || claims.get("email_verified").is_some_and(is_true);
    let email = text(&provider.claims.email).filter(|_| proven).and_then(|email| email.parse().ok());
    let name = text(&provider.claims.name).and_then(|name| limited("name", name, 100).ok());
    // Where the provider does not say when, it may have been long ago.
    let at = claims.get("auth_time").and_then(Value::as_i64).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let at = at.unwrap_or(DateTime::UNIX_EPOCH).min(now);
    let methods = claims.get("amr").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let strong = methods.chain(text("acr")).any(|value| provider.second_factor.iter().any(|known| known == value));
    Ok(Known { subject: subject.to_owned(), email, name, shown: Shown { at, strong } })
}

/// Some providers write it as a text.
fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

fn failed(provider: &Provider, fault: ProviderFault) -> Error {
    match fault {
        ProviderFault::Away(why) => {
            tracing::warn!(provider = provider.name, why, "a provider of identities is away");
            refused(
                "identity.away",
                "外部のログインに接続できません。しばらくしてからお試しいただくか、パスワードでログインしてください",
                "The other site cannot be reached; please try again later, or sign in with your password",
            )
        }
        ProviderFault::Refused(why) => {
            tracing::warn!(provider = provider.name, why, "what a provider of identities said does not hold");
            refused(
                "identity.refused",
                "外部のログインの結果を確認できませんでした。もう一度お試しください",
                "What the other site said could not be verified; please try again",
            )
        }
    }
}

fn refused(code: &'static str, ja: &str, en: &str) -> Error {
    Error::Refused(vec![Refusal::new(code, ja, en)])
}

fn over() -> Error {
    refused(
        "identity.over",
        "時間が過ぎたか、このブラウザーで始めたログインではありません。もう一度ログインしてください",
        "That took too long, or began in another browser; please sign in again",
    )
}

fn disabled() -> Error {
    refused("identity.disabled", "このアカウントは利用を停止しています", "This account is deactivated")
}

fn no_email() -> Error {
    refused(
        "identity.no_email",
        "確認済みのメールアドレスを外部のサイトから受け取れませんでした。先に新規登録か招待の手続を済ませてください",
        "The other site gave no confirmed e-mail address; please sign up here or take your invitation first",
    )
}
