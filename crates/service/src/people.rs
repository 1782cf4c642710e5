//! People: accounts, businesses and their members, staff and their posts.

use casework::Business;
use chrono::{NaiveDate, TimeDelta};
use notice::SystemMail;
use program::definition::{Role, TRADES};
use serde_json::{Value, json};
use store::{Account, LinkKind, Membership, OneTimeLink, PositionHeld, StaffRole, StoreError, Tx};
use uuid::Uuid;
use vocabulary::{Bilingual, CorporateNumber, EmailAddress, Instant, Locale, day_in_japan};

use crate::judges::Promise;
use crate::once::Wish;
use crate::secrets::{self, Shortest, hashed};
use crate::service::Service;
use crate::throttle::Bucket;
use crate::view::{BusinessView, Device, Member, MemberRole, NewBusiness, Viewer};
use crate::{Error, Result};

/// Links in mails.
const RESET_MINUTES: i64 = 10;
const VERIFY_HOURS: i64 = 24;
const INVITATION_DAYS: i64 = 14;

impl Service {
    // -----------------------------------------------------------------------------------------------------------
    // Accounts

    /// Opens an account for an applicant. Tells nobody whether the address is known: the mail does. Whoever follows the
    /// link of the mail learns from [`Service::verify_email`] where it goes on: `next`, a page.
    ///
    /// # Errors
    /// `BadInput` for an address, name or password that does not do.
    pub async fn sign_up(
        &self,
        email: &str,
        name: &str,
        password: &str,
        locale: Locale,
        next: Option<&str>,
    ) -> Result<()> {
        let address: Result<EmailAddress> = email.parse().map_err(|invalid| Error::invalid("email", invalid));
        let called = limited("name", name, 100);
        let chosen = secrets::judge(password, &[email, name], Shortest::Alone);
        let chosen = chosen.map_err(|invalid| Error::invalid("password", invalid));
        let (email, name) = match (address, called, chosen) {
            (Ok(email), Ok(name), Ok(())) => (email, name),
            (email, name, password) => return Err(all_wrong([email.err(), name.err(), password.err()])),
        };
        self.take_tries(&[Bucket::mails("sign_up", email.as_str())]).await?;
        let password_hash = Some(self.hash_password(password, &[email.as_str(), &name], Shortest::Alone).await?);
        let account = Account {
            id: self.inner.ids.next(),
            email: email.as_str().to_owned(),
            name,
            locale,
            password_hash,
            email_verified_at: None,
            disabled_at: None,
            created_at: self.now(),
        };
        if self.reader().account_by_email(&email).await?.is_some() {
            // The owner of the address is told how to get in again; whoever asked learns nothing.
            return self.request_password_reset(email.as_str()).await;
        }
        let (token, mut link) =
            self.link(LinkKind::EmailVerification, Some(account.id), None, TimeDelta::hours(VERIFY_HOURS));
        link.payload = json!(next);
        let data = json!({ "url": self.url("verify-email", &token), "valid_until": link.expires_at });
        let mail = self.inner.ids.next();
        self.store()
            .write(|tx| {
                let (account, link, email, data) = (&account, &link, &email, &data);
                Box::pin(async move {
                    tx.create_account(account).await?;
                    tx.create_link(link).await?;
                    let to = (email, locale);
                    self.queue_own_mail(tx, mail, SystemMail::EmailVerification, to, data.clone(), link.created_at)
                        .await
                })
            })
            .await
    }

    /// Confirms an address: the one of a new account, or the one that an account is to have from now on, of which the
    /// one before is told. Returns the page on which it goes on, when one was named.
    ///
    /// # Errors
    /// `BadInput` when the link is unknown, used or over.
    pub async fn verify_email(&self, token: &str) -> Result<Option<String>> {
        let (now, hash, mail) = (self.now(), hashed(token), self.inner.ids.next());
        self.store()
            .write(|tx| {
                let hash = &hash;
                Box::pin(async move {
                    let link = tx.use_link(hash, LinkKind::EmailVerification, now).await?.ok_or_else(stale_link)?;
                    let mut account = linked_account(tx, &link).await?;
                    let next = link.payload.as_str().map(str::to_owned);
                    let Some(new) = link.email else {
                        account.email_verified_at = account.email_verified_at.or(Some(now));
                        tx.update_account(&account).await?;
                        return Ok::<_, Error>(next);
                    };
                    let url = format!("{}/account/security", self.inner.settings.base_url);
                    let data = json!({ "address": new, "at": now, "url": url });
                    self.queue_to_owner(tx, mail, SystemMail::EmailChanged, &account, data, now).await?;
                    // What was sent to the address before opens nothing any more.
                    tx.use_up_links(account.id, now).await?;
                    (account.email, account.email_verified_at) = (new, Some(now));
                    tx.update_account(&account).await.map_err(|error| match error {
                        // Somebody has opened an account with it since.
                        StoreError::Unique { .. } => stale_link(),
                        error => error.into(),
                    })?;
                    Ok(next)
                })
            })
            .await
    }

    /// Sends a link to the address that the account is to have; it has it when the link is confirmed. The answer is the
    /// same when the address has an account of its own, and then nothing is sent.
    ///
    /// # Errors
    /// `RateLimited`; `BadInput` at `password` when it is wrong, at `email` for something that is no other address.
    pub async fn change_email(&self, viewer: &Viewer, password: &str, email: &str, next: &str) -> Result<()> {
        self.require_session(viewer)?;
        let email: EmailAddress = email.parse().map_err(|invalid| Error::invalid("email", invalid))?;
        if email.as_str() == viewer.email {
            return Err(Error::bad_input("email", "今のメールアドレスと同じです", "This is the present address"));
        }
        self.take_tries(&[Bucket::mails("change", email.as_str())]).await?;
        let account = viewer.person.id;
        let tries = self.require_password(viewer, password, Device::default()).await?;
        self.was_right(&tries, account, None).await?;
        if self.reader().account_by_email(&email).await?.is_some() {
            return Ok(());
        }
        let life = TimeDelta::hours(VERIFY_HOURS);
        let (token, mut link) = self.link(LinkKind::EmailVerification, Some(account), Some(&email), life);
        link.payload = json!(next);
        let data = json!({ "url": self.url("verify-email", &token), "valid_until": link.expires_at });
        let mail = self.inner.ids.next();
        self.store()
            .write(|tx| {
                let (link, email, data) = (&link, &email, &data);
                Box::pin(async move {
                    let locale = tx.account(account).await?.ok_or(Error::NotFound)?.locale;
                    tx.create_link(link).await?;
                    let to = (email, locale);
                    self.queue_own_mail(tx, mail, SystemMail::EmailChange, to, data.clone(), link.created_at).await
                })
            })
            .await
    }

    /// Sends a link if the address is known; the answer is the same either way.
    ///
    /// # Errors
    /// `BadInput` for something that is no address.
    pub async fn request_password_reset(&self, email: &str) -> Result<()> {
        let email: EmailAddress = email.parse().map_err(|invalid| Error::invalid("email", invalid))?;
        self.take_tries(&[Bucket::mails("reset", email.as_str())]).await?;
        let Some(account) = self.reader().account_by_email(&email).await? else { return Ok(()) };
        let (token, link) =
            self.link(LinkKind::PasswordReset, Some(account.id), None, TimeDelta::minutes(RESET_MINUTES));
        let data = json!({ "url": self.url("password-reset", &token), "valid_until": link.expires_at });
        let mail = self.inner.ids.next();
        self.store()
            .write(|tx| {
                let (link, email, data) = (&link, &email, &data);
                let to = (email, account.locale);
                Box::pin(async move {
                    tx.create_link(link).await?;
                    self.queue_own_mail(tx, mail, SystemMail::PasswordReset, to, data.clone(), link.created_at).await
                })
            })
            .await
    }

    /// Sets a new password and ends every session of the account.
    ///
    /// # Errors
    /// `BadInput` when the link is stale or the password does not do.
    pub async fn reset_password(&self, token: &str, password: &str) -> Result<()> {
        let (now, hash) = (self.now(), hashed(token));
        // Whose it is, and with that how long it has to be, is known when the link is used.
        let password_hash = self.hash_password(password, &[], Shortest::WithSecondFactor).await?;
        let url = format!("{}/password-reset", self.inner.settings.base_url);
        let mail = self.inner.ids.next();
        self.store()
            .write(|tx| {
                let (hash, password_hash, url) = (&hash, &password_hash, &url);
                Box::pin(async move {
                    let link = tx.use_link(hash, LinkKind::PasswordReset, now).await?.ok_or_else(stale_link)?;
                    let mut account = linked_account(tx, &link).await?;
                    must_be_long_enough(tx, account.id, password).await?;
                    account.password_hash = Some(password_hash.clone());
                    // Whoever reads the mail has the address.
                    account.email_verified_at = account.email_verified_at.or(Some(now));
                    tx.update_account(&account).await?;
                    tx.close_sessions(account.id, None).await?;
                    let email: EmailAddress = account.email.parse().map_err(|_| Error::NotFound)?;
                    let data = json!({ "at": now, "url": url });
                    self.queue_own_mail(tx, mail, SystemMail::PasswordChanged, (&email, account.locale), data, now)
                        .await
                })
            })
            .await
    }

    /// Takes an invitation: makes the account if there is none yet, and gives it what the invitation promised.
    ///
    /// # Errors
    /// `BadInput` when the link is stale, or a password is needed and missing.
    pub async fn accept_invitation(&self, token: &str, name: &str, password: Option<&str>) -> Result<()> {
        let (now, hash) = (self.now(), hashed(token));
        let password_hash = match password {
            Some(password) => Some(self.hash_password(password, &[name], Shortest::Alone).await?),
            None => None,
        };
        let name = limited("name", name, 100)?;
        let id = self.inner.ids.next();
        self.store()
            .write(|tx| {
                let (hash, password_hash, name) = (&hash, &password_hash, &name);
                Box::pin(async move {
                    let link = tx.use_link(hash, LinkKind::Invitation, now).await?.ok_or_else(stale_link)?;
                    let email: EmailAddress =
                        link.email.clone().unwrap_or_default().parse().map_err(|_| stale_link())?;
                    let known = tx.account_by_email(&email).await?;
                    let account = match known {
                        Some(mut account) => {
                            if account.password_hash.is_none() {
                                account.password_hash.clone_from(password_hash);
                            }
                            account.email_verified_at = account.email_verified_at.or(Some(now));
                            tx.update_account(&account).await?;
                            account.id
                        }
                        None => {
                            let Some(password_hash) = password_hash.clone() else {
                                return Err(Error::bad_input(
                                    "password",
                                    "パスワードを決めてください",
                                    "Please choose a password",
                                ));
                            };
                            let account = Account {
                                id,
                                email: email.as_str().to_owned(),
                                name: name.clone(),
                                locale: Locale::Ja,
                                password_hash: Some(password_hash),
                                email_verified_at: Some(now),
                                disabled_at: None,
                                created_at: now,
                            };
                            tx.create_account(&account).await?;
                            id
                        }
                    };
                    grant_promise(tx, &link.payload, account, now).await
                })
            })
            .await
    }

    fn link(
        &self,
        kind: LinkKind,
        account: Option<Uuid>,
        email: Option<&EmailAddress>,
        life: TimeDelta,
    ) -> (String, OneTimeLink) {
        let token = secrets::token(self.inner.ids.as_ref());
        let now = self.now();
        let link = OneTimeLink {
            token_hash: hashed(&token),
            kind,
            account,
            email: email.map(|email| email.as_str().to_owned()),
            payload: Value::Null,
            created_at: now,
            expires_at: now + life,
        };
        (token, link)
    }

    /// An invitation that promises something, and the page on which it is accepted.
    pub(crate) fn invitation(&self, email: &EmailAddress, payload: Value) -> (String, OneTimeLink) {
        let (token, mut link) = self.link(LinkKind::Invitation, None, Some(email), TimeDelta::days(INVITATION_DAYS));
        link.payload = payload;
        (self.url("invitations", &token), link)
    }

    fn url(&self, page: &str, token: &str) -> String {
        format!("{}/{page}?token={token}", self.inner.settings.base_url)
    }

    // -----------------------------------------------------------------------------------------------------------
    // Businesses

    /// Registers a business; the viewer becomes its owner.
    ///
    /// # Errors
    /// `BadInput` for wrong numbers; `Refused` when the corporate number is registered already.
    pub async fn register_business(&self, viewer: &Viewer, new: NewBusiness, key: &str) -> Result<BusinessView> {
        self.require_scope(viewer, "apply")?;
        let business = self.checked_business(self.inner.ids.next(), new)?;
        let (account, now) = (viewer.person.id, self.now());
        let input = (&business.name, &business.name_kana, &business.address, &business.representative);
        let input = (input, &business.corporate_number, &business.facts);
        let wish = Wish::new(viewer, key, "registerBusiness", &input, (business.id, now))?;
        let id = self
            .once(&wish, &|tx| {
                let business = &business;
                Box::pin(async move {
                    must_be_free(tx, business).await?;
                    tx.create_business(business, now).await?;
                    let owner = Membership { account, business: business.id, role: MemberRole::Owner, ends_at: None };
                    Ok(tx.put_membership(&owner).await?)
                })
            })
            .await?;
        self.business_view(id).await
    }

    /// Puts right what is registered of a business. What was handed in before keeps the business as it was then.
    ///
    /// # Errors
    /// As [`Service::register_business`]; `NotFound` or `Forbidden` unless the viewer owns the business.
    pub async fn correct_business(
        &self,
        viewer: &Viewer,
        id: Uuid,
        corrected: NewBusiness,
        key: &str,
    ) -> Result<BusinessView> {
        self.require_owner(viewer, id).await?;
        let business = self.checked_business(id, corrected)?;
        let wish = Wish::new(viewer, key, "correctBusiness", &business, (id, self.now()))?;
        self.once(&wish, &|tx| {
            let business = &business;
            Box::pin(async move {
                tx.lock_business(id).await?;
                must_be_free(tx, business).await?;
                Ok(tx.update_business(business).await?)
            })
        })
        .await?;
        self.business_view(id).await
    }

    /// # Errors
    /// `BadInput` for what does not do.
    pub(crate) fn checked_business(&self, id: Uuid, new: NewBusiness) -> Result<Business> {
        if new.facts.capital.is_negative() {
            return Err(Error::bad_input(
                "capital",
                "資本金は0円以上で入力してください",
                "Capital is zero yen or more",
            ));
        }
        if new.facts.established_here_on > self.today() {
            return Err(Error::bad_input(
                "establishedHereOn",
                "今日より後の日付です。事業を始めた日を入力してください",
                "This day is after today; enter the day on which the business began",
            ));
        }
        let trade = new.facts.trade.as_str();
        if !trade.is_empty() && !TRADES.iter().any(|(known, ..)| *known == trade) {
            let known = TRADES.map(|(known, ..)| known).join(", ");
            return Err(Error::bad_input(
                "trade",
                &format!("業種は次の中から選んでください: {known}"),
                &format!("Choose the trade among these: {known}"),
            ));
        }
        if !is_reading(&new.name_kana) {
            return Err(Error::bad_input(
                "nameKana",
                "カタカナで入力してください（例: カブシキガイシャミホン）。漢字は使えません",
                "Write how the name is read, in kana, without kanji",
            ));
        }
        let corporate_number = new
            .corporate_number
            .as_deref()
            .filter(|number| !number.is_empty())
            .map(str::parse::<CorporateNumber>)
            .transpose()
            .map_err(|invalid| Error::invalid("corporateNumber", invalid))?;
        Ok(Business {
            id,
            name: limited("name", &new.name, 200)?,
            name_kana: limited("nameKana", &new.name_kana, 200)?,
            address: limited("address", &new.address, 300)?,
            representative: limited("representative", &new.representative, 100)?,
            corporate_number: corporate_number.as_ref().map(ToString::to_string),
            facts: new.facts,
        })
    }

    /// # Errors
    /// `NotFound` for whoever is no member.
    pub async fn business(&self, viewer: &Viewer, id: Uuid) -> Result<BusinessView> {
        if !viewer.person.memberships.contains(&id) {
            return Err(Error::NotFound);
        }
        self.business_view(id).await
    }

    /// The businesses that the viewer acts for.
    ///
    /// # Errors
    /// Faults only.
    pub async fn businesses(&self, viewer: &Viewer) -> Result<Vec<BusinessView>> {
        let mut views = Vec::with_capacity(viewer.person.memberships.len());
        for id in &viewer.person.memberships {
            views.push(self.business_view(*id).await?);
        }
        Ok(views)
    }

    async fn business_view(&self, id: Uuid) -> Result<BusinessView> {
        let business = self.reader().business(id).await?.ok_or(Error::NotFound)?;
        let members = self.reader().members(id).await?;
        let members = members
            .into_iter()
            .map(|shown| Member {
                account: shown.membership.account,
                name: shown.name,
                email: shown.email,
                role: shown.membership.role,
            })
            .collect();
        Ok(BusinessView { business, members })
    }

    async fn require_owner(&self, viewer: &Viewer, business: Uuid) -> Result<BusinessView> {
        self.require_scope(viewer, "apply")?;
        let view = self.business(viewer, business).await?;
        let owner = |member: &&Member| member.account == viewer.person.id && member.role == MemberRole::Owner;
        if view.members.iter().any(|member| owner(&member)) {
            return Ok(view);
        }
        Err(only_an_owner())
    }

    /// Invites somebody to act for the business.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` unless the viewer owns the business.
    pub async fn invite_member(
        &self,
        viewer: &Viewer,
        business: Uuid,
        email: &str,
        role: MemberRole,
        key: &str,
    ) -> Result<()> {
        let view = self.require_owner(viewer, business).await?;
        let email: EmailAddress = email.parse().map_err(|invalid| Error::invalid("email", invalid))?;
        let payload = json!({ "business": business, "member_role": member_role_word(role) });
        let labels = match role {
            MemberRole::Owner => Bilingual::new("管理者", "owner"),
            MemberRole::Member => Bilingual::new("メンバー", "member"),
            MemberRole::Delegate => Bilingual::new("代理人", "delegate"),
        };
        self.invite(viewer, &email, payload, (json!(view.business.name), json!(labels)), key).await
    }

    async fn invite(
        &self,
        viewer: &Viewer,
        email: &EmailAddress,
        payload: Value,
        (organization, role): (Value, Value),
        key: &str,
    ) -> Result<()> {
        let (mail, now) = (self.inner.ids.next(), self.now());
        let wish = Wish::new(viewer, key, "invite", &(email.as_str(), &payload), (mail, now))?;
        let (url, link) = self.invitation(email, payload);
        let data = json!({
            "organization": organization, "role": role, "url": url, "valid_until": link.expires_at,
        });
        self.once(&wish, &|tx| {
            let (link, data) = (&link, &data);
            Box::pin(async move {
                tx.create_link(link).await?;
                let to = (email, Locale::Ja);
                self.queue_own_mail(tx, mail, SystemMail::Invitation, to, data.clone(), link.created_at).await
            })
        })
        .await
        .map(drop)
    }

    /// Ends somebody's right to act for the business; the last owner stays.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` unless the viewer owns the business; `Refused` for the last owner.
    pub async fn remove_member(&self, viewer: &Viewer, business: Uuid, account: Uuid, key: &str) -> Result<()> {
        self.require_scope(viewer, "apply")?;
        let wish = Wish::new(viewer, key, "removeMember", &(business, account), (account, self.now()))?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                // Of two owners who remove each other at once, one stays.
                tx.lock_business(business).await?;
                let members = tx.members(business).await?;
                let mut owners =
                    members.iter().map(|shown| &shown.membership).filter(|member| member.role == MemberRole::Owner);
                if !owners.clone().any(|owner| owner.account == viewer.person.id) {
                    let is_member = viewer.person.memberships.contains(&business);
                    return Err(if is_member { only_an_owner() } else { Error::NotFound });
                }
                if owners.all(|owner| owner.account == account) {
                    return Err(Error::Refused(vec![casework::Refusal::new(
                        "business.last_owner",
                        "最後の管理者は外せません。先に別の方を管理者にしてください",
                        "The last owner stays; make somebody else an owner first",
                    )]));
                }
                tx.remove_membership(account, business).await?;
                Ok(())
            })
        })
        .await
        .map(drop)
    }

    // -----------------------------------------------------------------------------------------------------------
    // Staff

    pub(crate) fn require_administrator(&self, viewer: &Viewer, municipality: &str) -> Result<()> {
        self.require_scope(viewer, "act")?;
        if viewer.person.has_role(municipality, Role::Administrator) {
            return Ok(());
        }
        if viewer.person.is_staff_of(municipality) {
            return Err(Error::forbidden("管理者だけが行えます", "Only an administrator does this"));
        }
        Err(Error::NotFound)
    }

    /// Invites a colleague with roles.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` unless the viewer administers the municipality.
    pub async fn invite_staff(
        &self,
        viewer: &Viewer,
        municipality: &str,
        email: &str,
        roles: &[Role],
        key: &str,
    ) -> Result<()> {
        self.require_administrator(viewer, municipality)?;
        let email: EmailAddress = email.parse().map_err(|invalid| Error::invalid("email", invalid))?;
        let place = self.municipality(self.reader(), municipality).await?;
        let words: Vec<&str> = roles.iter().filter(|role| role.is_staff()).map(|role| role.as_str()).collect();
        if words.is_empty() {
            return Err(Error::bad_input("roles", "役割を1つ以上選んでください", "Choose at least one role"));
        }
        let payload = json!({ "municipality": municipality, "roles": words });
        let staff = json!(Bilingual::new("職員", "member of staff"));
        self.invite(viewer, &email, payload, (json!(place.name), staff), key).await
    }

    /// Lets somebody hold a position for a period.
    ///
    /// # Errors
    /// `BadInput` for positions that the municipality does not have.
    pub async fn hold_position(&self, viewer: &Viewer, held: PositionHeld, key: &str) -> Result<()> {
        self.require_administrator(viewer, &held.municipality)?;
        self.must_be_a_post(&held).await?;
        let input = (&held.municipality, held.account, &held.position, held.from_day, held.until_day, held.acting);
        let wish = Wish::new(viewer, key, "holdPosition", &input, (held.account, self.now()))?;
        self.once(&wish, &|tx| {
            let held = &held;
            Box::pin(async move {
                if tx.account(held.account).await?.is_none() {
                    return Err(Error::bad_input(
                        "accountId",
                        "そのアカウントはありません",
                        "There is no such account",
                    ));
                }
                Ok(tx.put_position(held).await?)
            })
        })
        .await
        .map(drop)
    }

    /// As [`Service::hold_position`], for the command line and the demonstration.
    ///
    /// # Errors
    /// `BadInput` for positions that the municipality does not have.
    pub async fn put_position(&self, held: PositionHeld) -> Result<()> {
        self.must_be_a_post(&held).await?;
        self.store()
            .write(|tx| {
                let held = &held;
                Box::pin(async move { Ok::<_, Error>(tx.put_position(held).await?) })
            })
            .await
    }

    async fn must_be_a_post(&self, held: &PositionHeld) -> Result<()> {
        let place = self.municipality(self.reader(), &held.municipality).await?;
        if !place.positions.contains_key(&held.position) {
            let known: Vec<String> =
                place.positions.iter().map(|(name, position)| format!("{name} {}", position.name.ja)).collect();
            let known = known.join(", ");
            return Err(Error::bad_input(
                "position",
                &format!("その職はありません。あるもの：{known}"),
                &format!("There is no such position; there are: {known}"),
            ));
        }
        if held.until_day.is_some_and(|last| last < held.from_day) {
            return Err(Error::bad_input(
                "until",
                "終了日は開始日以後にしてください",
                "The last day is not before the first",
            ));
        }
        Ok(())
    }

    /// Gives roles, beginning today. For the command line, and administrators.
    ///
    /// # Errors
    /// `NotFound` for unknown addresses.
    pub async fn give_role(&self, account: Uuid, municipality: &str, role: Role, from: NaiveDate) -> Result<()> {
        self.municipality(self.reader(), municipality).await?;
        let given = StaffRole { account, municipality: municipality.to_owned(), role, from_day: from, until_day: None };
        self.store()
            .write(|tx| {
                let given = &given;
                Box::pin(async move { Ok::<_, Error>(tx.put_staff_role(given).await?) })
            })
            .await
    }

    /// Takes a role away; it fails at the very next request.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` unless the viewer administers the municipality.
    pub async fn end_role(
        &self,
        viewer: &Viewer,
        account: Uuid,
        municipality: &str,
        role: Role,
        key: &str,
    ) -> Result<()> {
        self.require_administrator(viewer, municipality)?;
        let now = self.now();
        // A day counts as a whole, so that the last one is the day before.
        let last_day = day_in_japan(now).pred_opt().unwrap_or_default();
        let wish = Wish::new(viewer, key, "endStaffRole", &(account, municipality, role), (account, now))?;
        self.once(&wish, &|tx| {
            Box::pin(async move { Ok(tx.end_staff_role(account, municipality, role, last_day).await.map(drop)?) })
        })
        .await
        .map(drop)
    }

    /// An account made by whoever runs the server: verified, with a password or none.
    ///
    /// # Errors
    /// `Refused` when the address is known.
    pub async fn add_account(&self, email: &str, name: &str, password: Option<&str>, locale: Locale) -> Result<Uuid> {
        let email: EmailAddress = email.parse().map_err(|invalid| Error::invalid("email", invalid))?;
        if self.reader().account_by_email(&email).await?.is_some() {
            return Err(Error::Refused(vec![casework::Refusal::new(
                "account.known",
                "このメールアドレスのアカウントはすでにあります",
                "There is an account of this address already",
            )]));
        }
        let password_hash = match password {
            Some(password) => Some(self.hash_password(password, &[email.as_str()], Shortest::Alone).await?),
            None => None,
        };
        let now = self.now();
        let account = Account {
            id: self.inner.ids.next(),
            email: email.as_str().to_owned(),
            name: limited("name", name, 100)?,
            locale,
            password_hash,
            email_verified_at: Some(now),
            disabled_at: None,
            created_at: now,
        };
        self.store()
            .write(|tx| {
                let account = &account;
                Box::pin(async move { Ok::<_, Error>(tx.create_account(account).await?) })
            })
            .await?;
        Ok(account.id)
    }

    /// Sets a password from the command line; ends all sessions of the account.
    ///
    /// # Errors
    /// `BadInput` when the password does not do.
    pub async fn set_password(&self, account: Uuid, password: &str) -> Result<()> {
        self.replace_password(account, password, false).await
    }

    /// As [`Service::set_password`], for whoever has lost the second factor: it ends.
    ///
    /// # Errors
    /// `BadInput` when the password does not do alone.
    pub async fn recover_account(&self, account: Uuid, password: &str) -> Result<()> {
        self.replace_password(account, password, true).await
    }

    async fn replace_password(&self, account: Uuid, password: &str, ends_second_factor: bool) -> Result<()> {
        let password_hash = self.hash_password(password, &[], Shortest::WithSecondFactor).await?;
        self.store()
            .write(|tx| {
                let password_hash = &password_hash;
                Box::pin(async move {
                    let mut account = tx.account(account).await?.ok_or(Error::NotFound)?;
                    if ends_second_factor {
                        tx.end_second_factor(account.id).await?;
                        tx.remove_passkeys(account.id, None).await?;
                    }
                    must_be_long_enough(tx, account.id, password).await?;
                    account.password_hash = Some(password_hash.clone());
                    tx.update_account(&account).await?;
                    tx.close_sessions(account.id, None).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}

/// A short password does only beside a second factor.
pub(crate) async fn must_be_long_enough(tx: &Tx<'_>, account: Uuid, password: &str) -> Result<()> {
    let factor = tx.second_factor(account).await?;
    let confirmed = factor.is_some_and(|factor| factor.confirmed_at.is_some());
    let shortest = if confirmed { Shortest::WithSecondFactor } else { Shortest::Alone };
    secrets::judge(password, &[], shortest).map_err(|invalid| Error::invalid("password", invalid))
}

/// # Errors
/// `Refused` when another business has its corporate number.
pub(crate) async fn must_be_free(tx: &Tx<'_>, business: &Business) -> Result<()> {
    let Some(number) = &business.corporate_number else { return Ok(()) };
    match tx.business_by_corporate_number(number).await? {
        Some(registered) if registered.id != business.id => Err(Error::Refused(vec![
            casework::Refusal::new(
                "business.registered",
                "この法人番号の事業者は登録済みです。登録した方に、メンバーへの招待を依頼してください",
                "This corporate number is registered; ask whoever registered it to invite you",
            )
            .at("corporateNumber"),
        ])),
        _ => Ok(()),
    }
}

fn only_an_owner() -> Error {
    Error::forbidden(
        "メンバーを変えられるのは事業者の管理者だけです",
        "Only an owner of the business changes its members",
    )
}

fn stale_link() -> Error {
    Error::bad_input(
        "token",
        "このリンクは使用済みか期限切れです。もう一度お手続きください",
        "This link was used or has expired; please start again",
    )
}

/// Kana, letters, digits and signs: whatever says how a name is read.
fn is_reading(name: &str) -> bool {
    name.chars().all(|c| !matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '々'))
}

/// What is wrong with what was entered, said at once.
fn all_wrong(wrong: [Option<Error>; 3]) -> Error {
    let refusal = |error| match error {
        Error::BadInput { path, message } => {
            Some(casework::Refusal { path, message, ..casework::Refusal::new("input", "", "") })
        }
        _ => None,
    };
    Error::Refused(wrong.into_iter().flatten().filter_map(refusal).collect())
}

async fn linked_account(tx: &Tx<'_>, link: &OneTimeLink) -> Result<Account> {
    let id = link.account.ok_or_else(stale_link)?;
    tx.account(id).await?.ok_or_else(stale_link)
}

/// What the invitation said: a membership, roles, or to judge the cases of a call.
pub(crate) async fn grant_promise(tx: &Tx<'_>, payload: &Value, account: Uuid, now: Instant) -> Result<()> {
    let business = payload.get("business").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
    if let Some(business) = business {
        let role = match payload.get("member_role").and_then(Value::as_str) {
            Some("owner") => MemberRole::Owner,
            Some("delegate") => MemberRole::Delegate,
            _ => MemberRole::Member,
        };
        tx.put_membership(&Membership { account, business, role, ends_at: None }).await?;
    }
    if let Some(promise) = payload.get("judge").cloned() {
        let promise: Promise = serde_json::from_value(promise).map_err(|error| Error::Fault(error.to_string()))?;
        promise.keep(tx, account, now).await?;
    }
    let Some(municipality) = payload.get("municipality").and_then(Value::as_str) else { return Ok(()) };
    let words: Vec<&str> =
        payload.get("roles").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for role in Role::STAFF.into_iter().filter(|role| words.contains(&role.as_str())) {
        let given = StaffRole {
            account,
            municipality: municipality.to_owned(),
            role,
            from_day: day_in_japan(now),
            until_day: None,
        };
        tx.put_staff_role(&given).await?;
    }
    Ok(())
}

const fn member_role_word(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Owner => "owner",
        MemberRole::Member => "member",
        MemberRole::Delegate => "delegate",
    }
}

/// Trimmed text of 1 to `most` characters on one line.
pub(crate) fn limited(path: &str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(Error::BadInput {
            path: Some(path.to_owned()),
            message: Bilingual::new(
                format!("1～{most}文字で入力してください（改行などは使えません）"),
                format!("Please enter 1 to {most} characters on one line"),
            ),
        });
    }
    Ok(text.to_owned())
}
