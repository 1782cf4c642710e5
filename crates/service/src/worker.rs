//! The workers: deadlines that ring, letters that are rendered, mails that are sent. Each step is safe to repeat, and
//! several workers may run on one database.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use program::definition::{Audience, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{CaseKey, CaseLetter, CaseMail, Lock, Message, OutboxClaim, RenderedMail};
use uuid::Uuid;
use vocabulary::{EmailAddress, Instant, Locale, day_in_japan};

use crate::service::Service;
use crate::texts::letter_head;
use crate::{Error, Result};

/// A mail ready to be put into bytes.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The same each time it is tried: `<id@host>`.
    pub message_id: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub date: Instant,
}

/// Why a mail did not go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Try again later.
    Transient(String),
    /// Never: a person must look.
    Permanent(String),
}

pub type Sending<'a> = Pin<Box<dyn Future<Output = std::result::Result<(), Delivery>> + Send + 'a>>;

/// Real ones: SMTP, and a directory of `.eml` files for development.
pub trait MailTransport: Send + Sync + 'static {
    /// The message as it goes over the wire; the same for the same input.
    ///
    /// # Errors
    /// When it cannot be written as a mail at all.
    fn compose(&self, mail: &Outgoing) -> std::result::Result<Vec<u8>, Delivery>;
    /// Hands the bytes over; an answer that is lost counts as transient.
    fn send<'a>(&'a self, from: &'a str, to: &'a str, bytes: &'a [u8]) -> Sending<'a>;
}

/// A mail of our own, as the outbox keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OwnMail {
    pub name: String,
    pub to: String,
    pub locale: Locale,
    pub data: Value,
}

/// The kind of outbox messages that are an [`OwnMail`].
const OWN_MAIL: &str = "own_mail";
/// What this worker knows to do; other kinds wait for a newer one.
const KINDS: [&str; 3] = [Message::MAIL, Message::LETTER, OWN_MAIL];

/// Rows that one round takes.
const BATCH: u32 = 50;
/// A worker that dies is taken over after this.
const LEASE_SECONDS: i64 = 120;
/// How long a mail is tried: rather more than five days.
const LONGEST_WAIT_SECONDS: i64 = 6 * 60 * 60;
const MOST_ATTEMPTS: i32 = 36;
/// Keys of clients are known longer than the year of an application.
const KEY_DAYS: i64 = 400;
const POLL: Duration = Duration::from_secs(1);

/// Runs jobs of the outbox and deadlines of cases.
#[derive(Clone)]
pub struct Worker {
    service: Service,
    transport: Arc<dyn MailTransport>,
    name: Uuid,
    /// The day whose own work is done.
    tidied: Arc<Mutex<Option<NaiveDate>>>,
}

impl Worker {
    #[must_use]
    pub fn new(service: Service, transport: Arc<dyn MailTransport>) -> Self {
        let name = service.inner.ids.next();
        Self { service, transport, name, tidied: Arc::default() }
    }

    /// Works until `stop` resolves.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        tokio::pin!(stop);
        loop {
            match self.tick().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(?error, "the worker could not finish a round"),
            }
            tokio::select! {
                () = &mut stop => return,
                () = self.service.store().outbox_filled() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// One round. Returns how much there was to do.
    ///
    /// # Errors
    /// When the database is away; the next round takes up what is left.
    pub async fn tick(&self) -> Result<usize> {
        let rung = self.ring().await?;
        let sent = self.send_due().await?;
        let tidied = self.tidy_daily().await?;
        Ok(rung + sent + tidied)
    }

    /// Once a day: a seal over the history, and what is long over is forgotten.
    async fn tidy_daily(&self) -> Result<usize> {
        let service = &self.service;
        let now = service.now();
        let today = day_in_japan(now);
        if *self.tidied.lock().unwrap_or_else(PoisonError::into_inner) == Some(today) {
            return Ok(0);
        }
        let sealed = service.seal_daily().await?;
        if sealed.is_some() {
            let keys_before = now - TimeDelta::days(KEY_DAYS);
            service
                .store()
                .write(|tx| {
                    Box::pin(async move {
                        tx.forget_tries(now).await?;
                        Ok::<_, Error>(tx.clean_up(now, keys_before).await?)
                    })
                })
                .await?;
        }
        *self.tidied.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
        Ok(usize::from(sealed.is_some()))
    }

    /// Lets the clocks ring that are due.
    async fn ring(&self) -> Result<usize> {
        let service = &self.service;
        let now = service.now();
        let due = service.reader().due_cases(now, BATCH).await?;
        let mut rung = 0;
        for application in due {
            match service.ring_clock(application).await {
                Ok(()) => rung += 1,
                Err(Error::Refused(reasons)) => {
                    tracing::warn!(%application, code = reasons.first().map(|r| r.code.as_str()), "a clock was refused");
                    service.silence_clock(application).await?;
                }
                Err(Error::Stale(_) | Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(rung)
    }

    async fn send_due(&self) -> Result<usize> {
        let service = &self.service;
        let now = service.now();
        let claim = OutboxClaim {
            worker: self.name,
            kinds: &KINDS,
            now,
            until: now + TimeDelta::seconds(LEASE_SECONDS),
            limit: BATCH,
        };
        // The claim is committed before anything is done.
        let claimed = service
            .store()
            .write(|tx| Box::pin(async move { Ok::<_, Error>(tx.claim_messages(&claim).await?) }))
            .await?;
        let count = claimed.len();
        for message in claimed {
            let outcome = self.run_job(&message).await;
            self.settle(&message, outcome).await?;
        }
        Ok(count)
    }

    async fn settle(&self, message: &Message, outcome: std::result::Result<(), Failure>) -> Result<()> {
        let (id, worker, now) = (message.id, self.name, self.service.now());
        let outcome = match outcome {
            Err(Failure::Later(why)) if message.attempts >= MOST_ATTEMPTS => Err(Failure::Never(why)),
            other => other,
        };
        if let Err(Failure::Fault(error)) = outcome {
            return Err(error);
        }
        let again_at = now + wait(message.attempts, id);
        let settled = self
            .service
            .store()
            .write(|tx| {
                let outcome = &outcome;
                Box::pin(async move {
                    match outcome {
                        Ok(()) | Err(Failure::Fault(_)) => tx.message_is_done(id, worker, now).await?,
                        Err(Failure::Later(why)) => tx.message_failed(id, worker, why, again_at).await?,
                        Err(Failure::Never(why)) => tx.message_is_dead(id, worker, why, now).await?,
                    }
                    Ok::<_, Error>(())
                })
            })
            .await;
        match settled {
            // Another worker has taken the job over; it will settle it.
            Err(Error::Stale(_) | Error::Conflict) => Ok(()),
            other => other,
        }
    }

    async fn run_job(&self, message: &Message) -> std::result::Result<(), Failure> {
        match message.kind.as_str() {
            Message::LETTER => {
                let letter: CaseLetter = message.read().map_err(unreadable)?;
                self.service.render_letter(letter.letter).await
            }
            Message::MAIL => {
                let mail: CaseMail = message.read().map_err(unreadable)?;
                if mail.mail.to == Audience::Partner {
                    return self.write_to_partner(message, mail).await;
                }
                let (template, recipients) = self.service.case_mail(&mail).await?;
                let mut data = mail.mail.data;
                let url = format!("{}/applications/{}", self.service.inner.settings.base_url, mail.application);
                link_to(&mut data, &url);
                self.deliver(message, Some(mail.application), &template, &recipients, &data).await
            }
            _ => {
                let own: OwnMail = message.read().map_err(unreadable)?;
                let template = notice::SystemMail::named(&own.name)
                    .ok_or_else(|| Failure::Never(format!("there is no mail {}", own.name)))?;
                let recipient = Recipient { email: own.to, locale: own.locale };
                self.deliver(message, None, &template.text(), &[recipient], &own.data).await
            }
        }
    }

    /// Renders once for each recipient and keeps the bytes; then sends what has not been sent.
    async fn deliver(
        &self,
        message: &Message,
        application: Option<Uuid>,
        template: &notice::MailText,
        recipients: &[Recipient],
        data: &Value,
    ) -> std::result::Result<(), Failure> {
        let service = &self.service;
        let mut kept = service.reader().mails_of_message(message.id).await.map_err(Error::from)?;
        if kept.is_empty() {
            let fresh = recipients
                .iter()
                .map(|recipient| self.render(message, application, template, recipient, data))
                .collect::<std::result::Result<Vec<_>, _>>()?;
            kept = service
                .store()
                .write(|tx| {
                    let fresh = fresh.clone();
                    Box::pin(async move { Ok::<_, Error>(tx.keep_mails(message.id, fresh).await?) })
                })
                .await?;
        }
        let from = sender_address(&service.inner.settings.mail_from);
        let mut failure = None;
        for mail in kept.iter().filter(|mail| mail.sent_at.is_none()) {
            match self.transport.send(from, &mail.recipient, &mail.bytes).await {
                Ok(()) => service.mail_is_sent(mail.id).await?,
                Err(Delivery::Transient(why)) => failure = Some(Failure::Later(why)),
                Err(Delivery::Permanent(why)) => failure = failure.or(Some(Failure::Never(why))),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// A partner's mail carries the token of its link, so what is kept of it is the mail without the token. Each attempt
    /// makes another token: the newest mail is the one that counts.
    async fn write_to_partner(&self, message: &Message, mail: CaseMail) -> std::result::Result<(), Failure> {
        let service = &self.service;
        let (template, _) = service.case_mail(&mail).await?;
        let mut data = mail.mail.data;
        let partner = data.pointer("/partner/key").and_then(Value::as_str).unwrap_or_default().to_owned();
        // The link has ended in the meantime: nothing is asked any more.
        let Some((link, token)) = service.new_partner_token(mail.application, &partner).await? else { return Ok(()) };
        let recipient = Recipient { email: link.email, locale: Locale::Ja };
        // What follows the # stays with whoever opens the link: no server and no proxy writes it down.
        let page = format!("{}/partner#", service.inner.settings.base_url);
        link_to(&mut data, &format!("{page}…"));
        let shown = self.render(message, Some(mail.application), &template, &recipient, &data)?;
        let kept = service
            .store()
            .write(|tx| {
                let shown = vec![shown.clone()];
                Box::pin(async move { Ok::<_, Error>(tx.keep_mails(message.id, shown).await?) })
            })
            .await?;
        let Some(record) = kept.first().filter(|kept| kept.sent_at.is_none()) else { return Ok(()) };
        link_to(&mut data, &format!("{page}{token}"));
        let secret = self.render(message, Some(mail.application), &template, &recipient, &data)?;
        let from = sender_address(&service.inner.settings.mail_from);
        match self.transport.send(from, &secret.recipient, &secret.bytes).await {
            Ok(()) => Ok(service.mail_is_sent(record.id).await?),
            Err(Delivery::Transient(why)) => Err(Failure::Later(why)),
            Err(Delivery::Permanent(why)) => Err(Failure::Never(why)),
        }
    }

    fn render(
        &self,
        message: &Message,
        application: Option<Uuid>,
        template: &notice::MailText,
        recipient: &Recipient,
        data: &Value,
    ) -> std::result::Result<RenderedMail, Failure> {
        let service = &self.service;
        let rendered =
            notice::mail(template, recipient.locale, data).map_err(|fault| Failure::Never(format!("{fault:?}")))?;
        let host = service.inner.settings.mail_from.rsplit('@').next().unwrap_or("localhost").trim_end_matches('>');
        let id = service.inner.ids.next();
        let outgoing = Outgoing {
            message_id: format!("<{}@{host}>", id.simple()),
            from: service.inner.settings.mail_from.clone(),
            to: recipient.email.clone(),
            subject: rendered.subject,
            text: rendered.text,
            date: service.now(),
        };
        let bytes = self
            .transport
            .compose(&outgoing)
            .map_err(|(Delivery::Transient(why) | Delivery::Permanent(why))| Failure::Never(why))?;
        Ok(RenderedMail {
            id,
            outbox: message.id,
            application,
            recipient: outgoing.to,
            subject: outgoing.subject,
            text: outgoing.text,
            sha256: vocabulary::digest(&bytes),
            bytes,
            message_id: outgoing.message_id,
            created_at: outgoing.date,
            sent_at: None,
        })
    }
}

fn link_to(data: &mut Value, url: &str) {
    if let Value::Object(data) = data {
        data.insert("url".to_owned(), json!(url));
    }
}

/// `Name <address>` or the address alone.
fn sender_address(from: &str) -> &str {
    from.rsplit('<').next().unwrap_or(from).trim_end_matches('>')
}

/// One minute, doubled each time up to six hours, and spread so that workers do not come back all at once.
fn wait(attempts: i32, job: Uuid) -> TimeDelta {
    let doubled = 60_i64 << attempts.clamp(0, 12);
    let spread = i64::from(job.as_bytes().last().copied().unwrap_or(0)) % 30;
    TimeDelta::seconds(doubled.min(LONGEST_WAIT_SECONDS) + spread)
}

pub(crate) struct Recipient {
    pub email: String,
    pub locale: Locale,
}

pub(crate) enum Failure {
    Later(String),
    Never(String),
    Fault(Error),
}

fn unreadable(error: store::StoreError) -> Failure {
    Failure::Later(format!("this worker cannot read the message: {error}"))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable => Self::Later("the database or the disk is away".to_owned()),
            error => Self::Fault(error),
        }
    }
}

impl Service {
    /// The clock's act on one case, if it is still due.
    pub(crate) async fn ring_clock(&self, application: Uuid) -> Result<()> {
        let (now, event) = (self.now(), self.inner.ids.next());
        self.store()
            .write(|tx| {
                Box::pin(async move {
                    let Some(found) = tx.load_case(CaseKey::Id(application), Lock::Case).await? else {
                        return Ok::<_, Error>(());
                    };
                    match casework::clock_act(&found.case, now) {
                        None => Ok(()),
                        Some(act) => self.machine_act(tx, &casework::Actor::Clock, application, &act, now, event).await,
                    }
                })
            })
            .await
    }

    /// Stops a clock whose act the rules refuse, so that it does not ring for ever; a task for the office remains.
    async fn silence_clock(&self, application: Uuid) -> Result<()> {
        self.store().write(|tx| Box::pin(async move { Ok::<_, Error>(tx.silence_clock(application).await?) })).await
    }

    async fn mail_is_sent(&self, id: Uuid) -> Result<()> {
        let now = self.now();
        self.store().write(|tx| Box::pin(async move { Ok::<_, Error>(tx.mail_is_sent(id, now).await?) })).await
    }

    async fn case_mail(&self, mail: &CaseMail) -> std::result::Result<(notice::MailText, Vec<Recipient>), Failure> {
        let found = self.reader().load_case(CaseKey::Id(mail.application), Lock::Nothing).await.map_err(Error::from)?;
        let case = found.ok_or_else(|| Failure::Never("the case is not there".to_owned()))?.case;
        let (program, _) = self.compiled(self.reader(), &self.version_at(&case, mail.event).await?).await?;
        let mails = &program.definition().archetype.mails;
        let name = &mail.mail.name;
        let template = mails.get(name).ok_or_else(|| Failure::Never(format!("the program has no mail {name}")))?;
        let now = self.now();
        let people = match role_of(mail.mail.to) {
            None => self.reader().people_of_business(case.business.id, now).await,
            Some(role) => {
                let today = vocabulary::day_in_japan(now);
                self.reader().staff_with_role(&case.municipality, role, today).await
            }
        };
        let people = people.map_err(Error::from)?;
        let recipients =
            people.into_iter().map(|account| Recipient { email: account.email, locale: account.locale }).collect();
        Ok((notice::MailText { subject: template.subject.clone(), body: template.body.clone() }, recipients))
    }

    /// The version whose templates an event wrote by, also when the case has gone on to another one since.
    async fn version_at(&self, case: &casework::Case, event: Uuid) -> Result<String> {
        let left = self.reader().version_left_since(case.id, event).await?;
        Ok(left.unwrap_or_else(|| case.program_hash.clone()))
    }

    /// Renders a letter once and keeps page and digest.
    async fn render_letter(&self, id: Uuid) -> std::result::Result<(), Failure> {
        let letter = self.reader().letter(id).await.map_err(Error::from)?;
        let letter = letter.ok_or_else(|| Failure::Never("the letter is not there".to_owned()))?;
        if letter.html.is_some() {
            return Ok(());
        }
        let found =
            self.reader().load_case(CaseKey::Id(letter.application), Lock::Nothing).await.map_err(Error::from)?;
        let case = found.ok_or_else(|| Failure::Never("the case is not there".to_owned()))?.case;
        let (program, _) = self.compiled(self.reader(), &self.version_at(&case, letter.event).await?).await?;
        let rule = program.definition().archetype.letters.get(&letter.name);
        let rule = rule.ok_or_else(|| Failure::Never(format!("the program has no letter {}", letter.name)))?;
        let text = notice::LetterText { title: rule.title.clone(), body: rule.body.clone() };
        let issued_on = vocabulary::day_in_japan(letter.issued_at);
        let head = letter_head(&letter.data, letter.number.clone(), issued_on);
        let rendered = notice::letter(&text, Locale::Ja, &letter.data, &head)
            .map_err(|fault| Failure::Never(format!("{fault:?}")))?;
        let sha256 = vocabulary::digest(rendered.html.as_bytes());
        self.store()
            .write(|tx| {
                let (html, sha256) = (&rendered.html, &sha256);
                Box::pin(async move { Ok::<_, Error>(tx.keep_letter(id, html, sha256).await?) })
            })
            .await?;
        Ok(())
    }

    /// Puts a mail of our own into the outbox, inside a transaction.
    pub(crate) async fn queue_own_mail(
        &self,
        tx: &store::Tx<'_>,
        id: Uuid,
        mail: notice::SystemMail,
        to: (&EmailAddress, Locale),
        data: Value,
        now: Instant,
    ) -> Result<()> {
        let own = OwnMail { name: mail.name().to_owned(), to: to.0.as_str().to_owned(), locale: to.1, data };
        tx.enqueue(&[store::NewMessage::of(id, OWN_MAIL, id, &own, now)?]).await?;
        Ok(())
    }
}

const fn role_of(audience: Audience) -> Option<Role> {
    match audience {
        Audience::Applicant => None,
        Audience::Clerk => Some(Role::Clerk),
        Audience::Reviewer => Some(Role::Reviewer),
        Audience::Approver => Some(Role::Approver),
        Audience::FinanceMaker => Some(Role::FinanceMaker),
        Audience::FinanceChecker => Some(Role::FinanceChecker),
        Audience::ProgramOfficer => Some(Role::ProgramOfficer),
        Audience::Partner => Some(Role::Partner),
    }
}
