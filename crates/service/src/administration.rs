//! What administrators do for the staff of their municipality: who works here, as what, and what becomes of an account
//! that nobody should use any more. People belong to the installation, so that whatever touches an account as a whole is
//! refused while its owner works for another municipality too.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use notice::SystemMail;
use program::definition::Role;
use serde_json::json;
use store::{Account, ApiToken, OpenInvitation, PositionHeld, StaffRole, Tx};
use uuid::Uuid;
use vocabulary::{EmailAddress, Instant, day_in_japan};

use crate::once::Wish;
use crate::service::Service;
use crate::sessions::session_id;
use crate::view::{SessionView, Viewer};
use crate::{Error, Result};

/// A member of staff in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffView {
    pub account: Uuid,
    pub name: String,
    pub email: String,
    /// Those that count today.
    pub roles: Vec<Role>,
    /// Those that are held today.
    pub positions: Vec<String>,
    /// Or a passkey.
    pub has_second_factor: bool,
    pub deactivated_at: Option<Instant>,
}

/// A member of staff with everything that an administrator looks after.
#[derive(Clone, Debug, PartialEq)]
pub struct StaffPerson {
    pub staff: StaffView,
    /// Past ones too, newest first.
    pub roles: Vec<StaffRole>,
    pub positions: Vec<PositionHeld>,
    pub sessions: Vec<SessionView>,
    pub tokens: Vec<ApiToken>,
}

/// An invitation that nobody has taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationView {
    /// Names it without opening it.
    pub id: String,
    pub email: String,
    pub roles: Vec<Role>,
    pub invited_at: Instant,
    pub expires_at: Instant,
}

/// What an administrator does to the account of a member of staff.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountAct {
    /// Nothing opens it any more: sessions end, tokens are revoked.
    Deactivate,
    Reactivate,
    EndSessions,
    RevokeToken(Uuid),
    /// For whoever has lost the device and the recovery codes, or their passkeys: a new password is to be chosen by mail as well.
    ResetSecondFactor,
}

impl Service {
    /// Everybody who works or worked for the municipality, by name.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` unless the viewer administers or audits the municipality.
    pub async fn staff(&self, viewer: &Viewer, municipality: &str) -> Result<Vec<StaffView>> {
        require_overseer(viewer, municipality)?;
        let roles = self.reader().staff_roles(municipality).await?;
        let positions = self.reader().positions(municipality).await?;
        let ids: BTreeSet<Uuid> =
            roles.iter().map(|role| role.account).chain(positions.iter().map(|held| held.account)).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut factors = self.reader().with_second_factor(&ids).await?;
        factors.append(&mut self.reader().with_passkey(&ids).await?);
        let today = day_in_japan(self.now());
        let view = |account: Account| {
            let has_second_factor = factors.contains(&account.id);
            staff_view(account, has_second_factor, (&roles, &positions), today)
        };
        let mut staff: Vec<StaffView> = self.reader().accounts(&ids).await?.into_iter().map(view).collect();
        staff.sort_by(|one, other| (&one.name, one.account).cmp(&(&other.name, other.account)));
        Ok(staff)
    }

    /// # Errors
    /// `NotFound` for somebody who does not work here, and as [`Service::staff`].
    pub async fn staff_person(&self, viewer: &Viewer, municipality: &str, account: Uuid) -> Result<StaffPerson> {
        require_overseer(viewer, municipality)?;
        let of_account = |id: &Uuid| *id == account;
        let mut roles = self.reader().staff_roles(municipality).await?;
        roles.retain(|role| of_account(&role.account));
        let mut positions = self.reader().positions(municipality).await?;
        positions.retain(|held| of_account(&held.account));
        if roles.is_empty() && positions.is_empty() {
            return Err(Error::NotFound);
        }
        roles.sort_by_key(|role| std::cmp::Reverse(role.from_day));
        positions.sort_by_key(|held| std::cmp::Reverse(held.from_day));
        let found = self.reader().account(account).await?.ok_or(Error::NotFound)?;
        let has_passkey = !self.reader().passkeys(account).await?.is_empty();
        let has_second_factor = has_passkey || self.has_second_factor(account).await?;
        let sessions = self.reader().sessions(account, self.now()).await?;
        Ok(StaffPerson {
            staff: staff_view(found, has_second_factor, (&roles, &positions), day_in_japan(self.now())),
            roles,
            positions,
            sessions: sessions.into_iter().map(|session| SessionView::of(session, &[])).collect(),
            tokens: self.reader().api_tokens(account).await?,
        })
    }

    /// Gives a role to somebody who works here already; others are invited.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` unless the viewer administers the municipality and the person works for it; `BadInput`
    /// for a role that no staff has, or a period that ends before it begins.
    pub async fn assign_role(&self, viewer: &Viewer, given: StaffRole, key: &str) -> Result<()> {
        self.require_administrator(viewer, &given.municipality)?;
        self.staff_person(viewer, &given.municipality, given.account).await?;
        if !given.role.is_staff() {
            return Err(Error::bad_input("role", "役割を選んでください", "Choose a role"));
        }
        if given.until_day.is_some_and(|last| last < given.from_day) {
            return Err(Error::bad_input(
                "until",
                "終了日は開始日以後にしてください",
                "The last day is not before the first",
            ));
        }
        let input = (&given.municipality, given.account, given.role, given.from_day, given.until_day);
        let wish = Wish::new(viewer, key, "assignStaffRole", &input, (given.account, self.now()))?;
        self.once(&wish, &|tx| {
            let given = &given;
            Box::pin(async move { Ok(tx.put_staff_role(given).await?) })
        })
        .await
        .map(drop)
    }

    /// # Errors
    /// As [`Service::assign_role`]; `Refused` for one's own account, and for whoever works for another municipality too.
    pub async fn change_account(
        &self,
        viewer: &Viewer,
        (municipality, account): (&str, Uuid),
        act: &AccountAct,
        key: &str,
    ) -> Result<()> {
        self.require_administrator(viewer, municipality)?;
        self.staff_person(viewer, municipality, account).await?;
        if account == viewer.person.id {
            return Err(refused(
                "account.own",
                "ご自身のアカウントは、ほかの管理者に依頼してください",
                "Ask another administrator about your own account",
            ));
        }
        let (now, mail) = (self.now(), self.inner.ids.next());
        let wish = Wish::new(viewer, key, "changeAccount", &(municipality, account, act), (account, now))?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                let found = tx.person_by_account(account, now).await?;
                let elsewhere = |(place, role): &(String, Role)| place != municipality && role.is_staff();
                if found.is_some_and(|found| found.person.roles.iter().any(elsewhere)) {
                    return Err(refused(
                        "account.elsewhere",
                        "ほかの自治体の職員でもあるため、ここではできません。システムの運営者に依頼してください",
                        "This person works for another municipality too; ask whoever runs the installation",
                    ));
                }
                self.account_act(tx, account, act, (mail, now)).await
            })
        })
        .await
        .map(drop)
    }

    async fn account_act(
        &self,
        tx: &Tx<'_>,
        account: Uuid,
        act: &AccountAct,
        (mail, now): (Uuid, Instant),
    ) -> Result<()> {
        let mut stored = tx.account(account).await?.ok_or(Error::NotFound)?;
        match act {
            AccountAct::Deactivate => {
                stored.disabled_at = stored.disabled_at.or(Some(now));
                tx.update_account(&stored).await?;
                for token in tx.api_tokens(account).await? {
                    tx.revoke_api_token(account, token.id, now).await?;
                }
                tx.close_sessions(account, None).await?;
            }
            AccountAct::Reactivate => {
                stored.disabled_at = None;
                tx.update_account(&stored).await?;
            }
            AccountAct::EndSessions => {
                tx.close_sessions(account, None).await?;
            }
            AccountAct::RevokeToken(token) => {
                if !tx.revoke_api_token(account, *token, now).await? {
                    return Err(Error::NotFound);
                }
            }
            AccountAct::ResetSecondFactor => {
                let passkeys = tx.remove_passkeys(account, None).await?;
                if !tx.end_second_factor(account).await? && passkeys == 0 {
                    return Err(refused(
                        "second_factor.none",
                        "二段階認証は設定されていません",
                        "No second factor is set up",
                    ));
                }
                // The password may be too short to stand alone, and whoever asked may not be the owner.
                stored.password_hash = None;
                tx.update_account(&stored).await?;
                tx.close_sessions(account, None).await?;
                let email: EmailAddress = stored.email.parse().map_err(|_| Error::NotFound)?;
                let url = format!("{}/password-reset", self.inner.settings.base_url);
                let data = json!({ "on": false, "at": now, "url": url });
                let to = (&email, stored.locale);
                self.queue_own_mail(tx, mail, SystemMail::SecondFactorChanged, to, data, now).await?;
            }
        }
        Ok(())
    }

    /// Invitations of staff that nobody has taken yet, newest first.
    ///
    /// # Errors
    /// As [`Service::staff`].
    pub async fn invitations(&self, viewer: &Viewer, municipality: &str) -> Result<Vec<InvitationView>> {
        require_overseer(viewer, municipality)?;
        let open = self.reader().open_invitations(None, self.now()).await?;
        Ok(open.into_iter().filter_map(|found| invitation_view(found, municipality)).collect())
    }

    /// The link of the invitation leads nowhere any more.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` unless the viewer administers the municipality and the invitation is one of its.
    pub async fn withdraw_invitation(&self, viewer: &Viewer, municipality: &str, id: &str, key: &str) -> Result<()> {
        self.require_administrator(viewer, municipality)?;
        let now = self.now();
        let wish = Wish::new(viewer, key, "withdrawInvitation", &(municipality, id), (viewer.person.id, now))?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                let open = tx.open_invitations(None, now).await?;
                let is_meant = |found: &&OpenInvitation| {
                    session_id(&found.token_hash) == id && invitation_view((*found).clone(), municipality).is_some()
                };
                let meant = open.iter().find(is_meant).ok_or(Error::NotFound)?;
                Ok(tx.use_link(&meant.token_hash, store::LinkKind::Invitation, now).await.map(drop)?)
            })
        })
        .await
        .map(drop)
    }
}

/// Administrators look after staff, auditors look at them.
fn require_overseer(viewer: &Viewer, municipality: &str) -> Result<()> {
    let oversees = |role| viewer.person.has_role(municipality, role);
    if oversees(Role::Administrator) || oversees(Role::Auditor) {
        return Ok(());
    }
    if viewer.person.is_staff_of(municipality) {
        return Err(Error::forbidden("管理者だけが行えます", "Only an administrator does this"));
    }
    Err(Error::NotFound)
}

fn staff_view(
    account: Account,
    has_second_factor: bool,
    (roles, positions): (&[StaffRole], &[PositionHeld]),
    today: NaiveDate,
) -> StaffView {
    let counts = |from: NaiveDate, until: Option<NaiveDate>| from <= today && until.is_none_or(|last| last >= today);
    let own = |id: Uuid| id == account.id;
    let roles = roles.iter().filter(|role| own(role.account) && counts(role.from_day, role.until_day));
    let positions = positions.iter().filter(|held| own(held.account) && counts(held.from_day, held.until_day));
    let roles: BTreeSet<Role> = roles.map(|role| role.role).collect();
    let positions: BTreeSet<String> = positions.map(|held| held.position.clone()).collect();
    StaffView {
        account: account.id,
        name: account.name,
        email: account.email,
        roles: roles.into_iter().collect(),
        positions: positions.into_iter().collect(),
        has_second_factor,
        deactivated_at: account.disabled_at,
    }
}

/// None when it is not for staff of this municipality.
fn invitation_view(found: OpenInvitation, municipality: &str) -> Option<InvitationView> {
    let place = found.payload.get("municipality").and_then(serde_json::Value::as_str)?;
    let words = found.payload.get("roles").and_then(serde_json::Value::as_array)?;
    let is_named = |role: &Role| words.iter().any(|word| word.as_str() == Some(role.as_str()));
    (place == municipality).then(|| InvitationView {
        id: session_id(&found.token_hash),
        email: found.email,
        roles: Role::STAFF.into_iter().filter(is_named).collect(),
        invited_at: found.created_at,
        expires_at: found.expires_at,
    })
}

fn refused(code: &str, ja: &str, en: &str) -> Error {
    Error::Refused(vec![casework::Refusal::new(code, ja, en)])
}
