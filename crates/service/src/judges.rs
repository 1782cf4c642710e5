//! 審査員: people whom program officers appoint to judge the cases of a call, for a period. They belong to no office, see
//! what is before their panel, and keep away from cases in which they have an interest.

use chrono::NaiveDate;
use notice::SystemMail;
use program::definition::Role;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Judge, Recusal, StoredCall, Tx};
use uuid::Uuid;
use vocabulary::{Bilingual, EmailAddress, Instant};

use crate::once::Wish;
use crate::service::Service;
use crate::view::Viewer;
use crate::{Error, Result};

/// Characters of why a judge keeps away.
const LONGEST_REASON: usize = 1_000;

/// For how long somebody judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    pub from: NaiveDate,
    /// The last day; until the dismissal when absent.
    pub until: Option<NaiveDate>,
}

/// A judge of a call, for its office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgeView {
    pub id: Uuid,
    pub account: Uuid,
    pub name: String,
    pub email: String,
    pub term: Term,
    pub appointed_at: Instant,
    pub dismissed_at: Option<Instant>,
    /// 利害関係: what the judge keeps away from.
    pub recusals: Vec<Recusal>,
}

/// What an invitation to judge promises.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Promise {
    judge: Uuid,
    call: Uuid,
    term: Term,
    by: Uuid,
}

impl Promise {
    /// Whoever judges for the call already has what was promised.
    pub async fn keep(&self, tx: &Tx<'_>, account: Uuid, now: Instant) -> Result<()> {
        tx.appoint_judge(&appointment(self, account, now)).await?;
        Ok(())
    }
}

impl Service {
    /// All who were ever appointed for the call, in the order in which they were.
    ///
    /// # Errors
    /// `NotFound` for calls of other offices.
    pub async fn judges(&self, viewer: &Viewer, call: Uuid) -> Result<Vec<JudgeView>> {
        let stored = self.reader().call(call).await?.ok_or(Error::NotFound)?;
        if !viewer.person.is_staff_of(stored.municipality()) {
            return Err(Error::NotFound);
        }
        let judges = self.reader().judges_of_call(call).await?;
        let ids: Vec<Uuid> = judges.iter().map(|judge| judge.account).collect();
        let accounts = self.reader().accounts(&ids).await?;
        let recusals = self.reader().recusals_of_call(call).await?;
        let view = |judge: Judge| {
            let account = accounts.iter().find(|account| account.id == judge.account)?;
            Some(JudgeView {
                id: judge.id,
                account: judge.account,
                name: account.name.clone(),
                email: account.email.clone(),
                term: Term { from: judge.from_day, until: judge.until_day },
                appointed_at: judge.appointed_at,
                dismissed_at: judge.dismissed_at,
                recusals: recusals.iter().filter(|recusal| recusal.account == judge.account).cloned().collect(),
            })
        };
        Ok(judges.into_iter().filter_map(view).collect())
    }

    /// Appoints whoever has the address. Somebody without an account is invited, and is a judge from the moment when the
    /// invitation is accepted: then there is none yet.
    ///
    /// # Errors
    /// `Forbidden` but for program officers of the call's office, `BadInput` for an address or a period that is none,
    /// `Refused` when the person judges for the call already.
    pub async fn appoint_judge(
        &self,
        viewer: &Viewer,
        call: Uuid,
        (email, term): (&str, Term),
        key: &str,
    ) -> Result<Option<JudgeView>> {
        self.require_scope(viewer, "act")?;
        let address: EmailAddress = email.parse().map_err(|invalid| Error::invalid("email", invalid))?;
        if term.until.is_some_and(|until| until < term.from) {
            return Err(Error::bad_input(
                "until",
                "終了日は開始日以後にしてください",
                "The last day is not before the first",
            ));
        }
        let (judge, mail, now, by) = (self.inner.ids.next(), self.inner.ids.next(), self.now(), viewer.person.id);
        let wish = Wish::new(viewer, key, "appointJudge", &(call, address.as_str(), term), (judge, now))?;
        // Whoever is invited becomes another judge than the one who would be appointed now, so that a repeat is
        // answered as the first time.
        let promise = Promise { judge: self.inner.ids.next(), call, term, by };
        let (url, link) = self.invitation(&address, json!({ "judge": promise }));
        let judge = self
            .once(&wish, &|tx| {
                let (address, promise, url, link) = (&address, &promise, &url, &link);
                Box::pin(async move {
                    let stored = self.call_of_officer(tx, viewer, call).await?;
                    let place = self.municipality(tx, stored.municipality()).await?;
                    let program = tx.program(&stored.program, None).await?.ok_or(Error::NotFound)?;
                    let Some(account) = tx.account_by_email(address).await? else {
                        tx.create_link(link).await?;
                        let data = json!({
                            "organization": place.name, "role": judge_of(&program.title), "url": url,
                            "valid_until": link.expires_at,
                        });
                        let to = (address, vocabulary::Locale::Ja);
                        return self.queue_own_mail(tx, mail, SystemMail::Invitation, to, data, now).await;
                    };
                    let appointed = Promise { judge, ..*promise };
                    if !tx.appoint_judge(&appointment(&appointed, account.id, now)).await? {
                        return Err(Error::Refused(vec![casework::Refusal::new(
                            "judge.known",
                            "この方はすでにこの募集の審査員です。任期を変えるには、解任してから委嘱し直してください",
                            "This person judges for the call already; to change the term, dismiss and appoint again",
                        )]));
                    }
                    let data = json!({
                        "organization": place.name, "program": program.title, "from": term.from, "until": term.until,
                        "url": self.inner.settings.base_url,
                    });
                    self.queue_own_mail(tx, mail, SystemMail::Appointment, (address, account.locale), data, now).await
                })
            })
            .await?;
        Ok(self.judges(viewer, call).await?.into_iter().find(|view| view.id == judge))
    }

    /// Ends an appointment: from the very next request the person sees nothing of the call any more. Points that were
    /// given stay.
    ///
    /// # Errors
    /// `NotFound` for a judge of another office, `Forbidden` but for program officers.
    pub async fn dismiss_judge(&self, viewer: &Viewer, judge: Uuid, key: &str) -> Result<JudgeView> {
        self.require_scope(viewer, "act")?;
        let now = self.now();
        let wish = Wish::new(viewer, key, "dismissJudge", &judge, (judge, now))?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                let found = tx.judge(judge).await?.ok_or(Error::NotFound)?;
                self.call_of_officer(tx, viewer, found.call).await?;
                Ok(tx.dismiss_judge(judge, now, viewer.person.id).await?)
            })
        })
        .await?;
        self.judge(viewer, judge).await
    }

    /// 利害関係: the judge keeps away from the case from the very next request on; what they scored of it does not count.
    /// Declared by a program officer, as the judge said; a judge before whose panel the case is may also do it alone.
    ///
    /// # Errors
    /// `NotFound` for a judge or case of another call, `Forbidden` but for program officers, `Refused` when the panel is
    /// closed.
    pub async fn recuse_judge(
        &self,
        viewer: &Viewer,
        judge: Uuid,
        (application, reason): (Uuid, &str),
        key: &str,
    ) -> Result<JudgeView> {
        self.require_scope(viewer, "act")?;
        let reason = reason.trim().to_owned();
        if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
            return Err(Error::BadInput {
                path: Some("reason".to_owned()),
                message: Bilingual::new(
                    format!("利害関係の内容を{LONGEST_REASON}文字以内で入力してください"),
                    format!("Say what the interest is, in at most {LONGEST_REASON} characters"),
                ),
            });
        }
        let now = self.now();
        let wish = Wish::new(viewer, key, "recuseJudge", &(judge, application, &reason), (judge, now))?;
        self.once(&wish, &|tx| {
            let reason = &reason;
            Box::pin(async move {
                let found = tx.judge(judge).await?.ok_or(Error::NotFound)?;
                self.call_of_officer(tx, viewer, found.call).await?;
                // Locked, so that nobody scores or closes in between.
                let case = tx.load_case(store::CaseKey::Id(application), store::Lock::Case).await?;
                let case = case.map(|stored| stored.case).filter(|case| case.call.id == found.call);
                let case = case.filter(|case| casework::may_see(&viewer.actor(), case)).ok_or(Error::NotFound)?;
                if case.body.panel.is_some_and(|panel| panel.outcome.is_some()) {
                    return Err(Error::Refused(vec![casework::Refusal::new(
                        "panel.closed",
                        "審査会は終了しています。利害関係の申出はできません",
                        "The panel is closed; nobody can step aside any more",
                    )]));
                }
                let recusal = Recusal {
                    account: found.account,
                    application,
                    number: None,
                    reason: reason.clone(),
                    declared_by: viewer.person.id,
                    declared_at: now,
                };
                Ok(tx.recuse_judge(&recusal).await?)
            })
        })
        .await?;
        self.judge(viewer, judge).await
    }

    async fn judge(&self, viewer: &Viewer, judge: Uuid) -> Result<JudgeView> {
        let found = self.reader().judge(judge).await?.ok_or(Error::NotFound)?;
        let judges = self.judges(viewer, found.call).await?;
        judges.into_iter().find(|view| view.id == judge).ok_or(Error::NotFound)
    }

    /// The call, for a program officer of its office.
    ///
    /// # Errors
    /// `NotFound` for calls of other offices, `Forbidden` for colleagues in other roles.
    pub(crate) async fn call_of_officer(
        &self,
        reader: &store::Reader,
        viewer: &Viewer,
        call: Uuid,
    ) -> Result<StoredCall> {
        let stored = reader.call(call).await?.ok_or(Error::NotFound)?;
        let municipality = stored.municipality();
        if viewer.person.has_role(municipality, Role::ProgramOfficer) {
            return Ok(stored);
        }
        if viewer.person.is_staff_of(municipality) {
            return Err(Error::forbidden("制度所管課だけが行えます", "Only program officers do this"));
        }
        Err(Error::NotFound)
    }
}

fn appointment(promise: &Promise, account: Uuid, now: Instant) -> Judge {
    Judge {
        id: promise.judge,
        call: promise.call,
        account,
        from_day: promise.term.from,
        until_day: promise.term.until,
        appointed_by: Some(promise.by),
        appointed_at: now,
        dismissed_at: None,
    }
}

fn judge_of(program: &Bilingual) -> Bilingual {
    Bilingual::new(format!("審査員（{}）", program.ja), format!("judge ({})", program.en))
}
