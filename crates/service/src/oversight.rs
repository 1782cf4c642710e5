//! What auditors (監査) see, and nothing that they could change: the history of all cases of their municipality, whether
//! its chains are whole, and who had access to what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use casework::Head;
use casework::history::{Broken, Stage, verify};
use chrono::NaiveDate;
use program::definition::{Name, Role};
use store::{Access, AccessKind, Period};
use uuid::Uuid;
use vocabulary::{Bilingual, Instant, start_of_day};

use crate::desk::cursor;
use crate::offers::built_in_label;
use crate::service::Service;
use crate::view::{Device, Page, Viewer};
use crate::{Error, Result};

/// Which part of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// The name or address of a person, as a whole.
    pub person: Option<String>,
    /// 受付番号
    pub number: Option<String>,
    /// Of accesses.
    pub kind: Option<AccessKind>,
}

/// An event among those of all cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HappeningView {
    pub at: Instant,
    pub application: Uuid,
    pub number: Option<String>,
    pub sequence: i64,
    pub action: Bilingual,
    pub stage: Stage,
    /// None for a machine.
    pub actor: Option<String>,
    pub role: Role,
    /// Done by the office for an applicant whose application came on paper (代理入力).
    pub on_behalf: bool,
    pub from: Bilingual,
    pub to: Bilingual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessView {
    pub at: Instant,
    pub who: String,
    pub email: String,
    pub kind: AccessKind,
    /// The file or batch.
    pub subject: Option<Uuid>,
    /// What people know it by.
    pub named: Option<Accessed>,
    pub address: Option<String>,
}

/// What somebody had access to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accessed {
    File {
        name: String,
        /// The case that it belongs to, and its number, once it has one.
        application: Option<(Uuid, Option<String>)>,
    },
    /// By the day of its transfer.
    Batch { id: Uuid, transfer_date: NaiveDate },
}

/// What happened to one's own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAccess {
    pub at: Instant,
    pub kind: AccessKind,
    pub address: Option<String>,
}

/// What people are told of their own account.
const OWN_KINDS: [AccessKind; 4] =
    [AccessKind::SignedIn, AccessKind::SignInFailed, AccessKind::SignInThrottled, AccessKind::OwnDataExported];
const OWN_ROWS: u32 = 60;
const OWN_SHOWN: usize = 15;

/// A part of the chains, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub cases: i64,
    pub events: i64,
    /// Of the municipality.
    pub all_cases: i64,
    /// What is not whole.
    pub broken: Vec<Bilingual>,
    /// Where it goes on; none when all is checked.
    pub next: Option<Uuid>,
}

/// Chains that are read at once, and parts of that size that one request checks.
const CHAINS: u32 = 250;
const PARTS: u32 = 20;

impl Service {
    /// # Errors
    /// `NotFound` or `Forbidden` unless the viewer audits the municipality; `BadInput` for a cursor that is none.
    pub async fn happenings(
        &self,
        viewer: &Viewer,
        municipality: &str,
        sought: &Sought,
        (first, after): (usize, Option<&str>),
    ) -> Result<Page<HappeningView>> {
        require_auditor(viewer, municipality)?;
        let Some(period) = self.period(municipality, sought, first, after).await? else { return Ok(nothing()) };
        let mut found = self.reader().happenings(&period, sought.number.as_deref()).await?;
        let has_next = found.len() > first;
        found.truncate(first);
        let names = self.names(found.iter().map(|happening| happening.actor)).await?;
        let mut items = Vec::with_capacity(found.len());
        for happening in found {
            let (program, _) = self.compiled(self.reader(), &happening.program_hash).await?;
            let state = |name: &Name| {
                let found = program.any_state(name);
                found.map_or_else(|| Bilingual::new(name.as_str(), name.as_str()), |state| state.label.clone())
            };
            let action = built_in_label(&happening.action)
                .or_else(|| program.action(&happening.action).map(|action| action.rule.label.clone()))
                .unwrap_or_else(|| Bilingual::new(happening.action.as_str(), happening.action.as_str()));
            let at = format!("{}.{}", happening.at.timestamp_micros(), happening.id);
            let view = HappeningView {
                at: happening.at,
                application: happening.application,
                sequence: happening.sequence,
                action,
                stage: happening.stage,
                actor: names.get(&happening.actor).map(|(name, _)| name.clone()),
                role: happening.role,
                on_behalf: happening.on_paper && happening.role == Role::Applicant,
                from: state(&happening.from),
                to: state(&happening.to),
                number: happening.number,
            };
            items.push((at, view));
        }
        Ok(Page { items, has_next })
    }

    /// # Errors
    /// As [`Service::happenings`].
    pub async fn accesses(
        &self,
        viewer: &Viewer,
        municipality: &str,
        sought: &Sought,
        (first, after): (usize, Option<&str>),
    ) -> Result<Page<AccessView>> {
        require_auditor(viewer, municipality)?;
        let Some(period) = self.period(municipality, sought, first, after).await? else { return Ok(nothing()) };
        let mut found = self.reader().accesses(&period, sought.kind).await?;
        let has_next = found.len() > first;
        found.truncate(first);
        let names = self.names(found.iter().filter_map(|access| access.account)).await?;
        let things = self.accessed(&found).await?;
        let view = |access: Access| {
            let (who, email) = access.account.and_then(|account| names.get(&account).cloned()).unwrap_or_default();
            let at = format!("{}.{}", access.at.timestamp_micros(), access.id);
            let Access { kind, subject, address, .. } = access;
            let named = subject.and_then(|subject| things.get(&subject).cloned());
            (at, AccessView { at: access.at, who, email, kind, subject, named, address })
        };
        Ok(Page { items: found.into_iter().map(view).collect(), has_next })
    }

    /// Files and batches by their ids.
    async fn accessed(&self, accesses: &[Access]) -> Result<BTreeMap<Uuid, Accessed>> {
        let subjects: Vec<Uuid> = accesses.iter().filter_map(|access| access.subject).collect();
        if subjects.is_empty() {
            return Ok(BTreeMap::new());
        }
        let files = self.reader().files(&subjects).await?;
        let cases: Vec<Uuid> = files.iter().filter_map(|file| file.application).collect();
        let numbers = self.reader().application_numbers(&cases).await?;
        let dates = self.reader().transfer_dates(&subjects).await?;
        let files = files.into_iter().map(|file| {
            let application = file.application.map(|case| (case, numbers.get(&case).cloned()));
            (file.id, Accessed::File { name: file.name, application })
        });
        let batches = dates.into_iter().map(|(id, transfer_date)| (id, Accessed::Batch { id, transfer_date }));
        Ok(files.chain(batches).collect())
    }

    /// None when nobody is the person that is sought.
    async fn period(
        &self,
        municipality: &str,
        sought: &Sought,
        first: usize,
        after: Option<&str>,
    ) -> Result<Option<Period>> {
        let account = match &sought.person {
            None => None,
            Some(person) => {
                let staff = self.reader().staff_roles(municipality).await?;
                let ids: BTreeSet<Uuid> = staff.iter().map(|role| role.account).collect();
                let accounts = self.reader().accounts(&ids.into_iter().collect::<Vec<_>>()).await?;
                let found = accounts.into_iter().find(|account| account.name == *person || account.email == *person);
                let Some(found) = found else { return Ok(None) };
                Some(found.id)
            }
        };
        let day_after = sought.until.succ_opt().unwrap_or(sought.until);
        Ok(Some(Period {
            municipality: municipality.to_owned(),
            from: start_of_day(sought.from),
            until: start_of_day(day_after),
            account,
            after: after.map(cursor).transpose()?,
            limit: u32::try_from(first).unwrap_or(u32::MAX).saturating_add(1),
        }))
    }

    /// Name and address of each.
    async fn names(&self, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, (String, String)>> {
        let ids: BTreeSet<Uuid> = ids.collect();
        let accounts = self.reader().accounts(&ids.into_iter().collect::<Vec<_>>()).await?;
        Ok(accounts.into_iter().map(|account| (account.id, (account.name, account.email))).collect())
    }

    /// Checks a part of the municipality's chains against themselves, the cases, and the seals; with the first part also
    /// the seals against each other and their copies outside of the database.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` unless the viewer audits the municipality.
    pub async fn check_chains(&self, viewer: &Viewer, municipality: &str, after: Option<Uuid>) -> Result<Checked> {
        require_auditor(viewer, municipality)?;
        let mut checked = Checked {
            cases: 0,
            events: 0,
            all_cases: self.reader().count_chains(municipality).await?,
            broken: Vec::new(),
            next: after,
        };
        if after.is_none() {
            checked.broken = self.check_seals().await?;
        }
        let mut sealed: HashMap<Uuid, Vec<Head>> = HashMap::new();
        for head in self.seals().await?.into_iter().flat_map(|seal| seal.heads) {
            let kept = Head { sequence: head.sequence, hash: head.hash, at: head.at };
            sealed.entry(head.application).or_default().push(kept);
        }
        for _ in 0..PARTS {
            let chains = self.reader().chains(municipality, checked.next, CHAINS).await?;
            let is_last = chains.len() < CHAINS as usize;
            checked.next = chains.last().map(|chain| chain.application).or(checked.next);
            for chain in chains {
                let mut heads = sealed.remove(&chain.application).unwrap_or_default();
                heads.push(chain.head);
                checked.cases += 1;
                checked.events += i64::try_from(chain.events.len()).unwrap_or_default();
                let name = chain.number.unwrap_or_else(|| chain.application.to_string());
                let mut broken = verify(chain.application, &chain.events, &heads);
                broken.dedup();
                checked.broken.extend(broken.iter().map(|broken| said(&name, broken)));
            }
            if is_last {
                checked.next = None;
                break;
            }
        }
        Ok(checked)
    }

    /// Writes down that somebody had access, for each municipality that they work for.
    ///
    /// # Errors
    /// Faults only.
    pub async fn note_access(
        &self,
        viewer: &Viewer,
        kind: AccessKind,
        subject: Option<Uuid>,
        device: Device<'_>,
    ) -> Result<()> {
        let accesses = self.accesses_of(viewer, kind, subject, device);
        self.store()
            .write(|tx| {
                let accesses = &accesses;
                Box::pin(async move { Ok::<_, Error>(tx.log_access(accesses).await?) })
            })
            .await
    }

    pub(crate) fn accesses_of(
        &self,
        viewer: &Viewer,
        kind: AccessKind,
        subject: Option<Uuid>,
        device: Device<'_>,
    ) -> Vec<Access> {
        self.accesses_at(Some(viewer.person.id), viewer.municipalities(), kind, (subject, device))
    }

    /// Writes down that somebody tried to sign in and did not get in, for each municipality that the account works for.
    ///
    /// # Errors
    /// Faults only.
    pub(crate) async fn note_failed_sign_in(
        &self,
        account: Option<Uuid>,
        kind: AccessKind,
        device: Device<'_>,
    ) -> Result<()> {
        // Asked for in any case, so that time does not tell who has an account.
        let found = self.reader().person_by_account(account.unwrap_or_default(), self.now()).await?;
        let mut places: Vec<Name> =
            found.into_iter().flat_map(|found| found.person.roles).map(|(place, _)| place).collect();
        places.dedup();
        let accesses = self.accesses_at(account, places, kind, (None, device));
        self.store()
            .write(|tx| {
                let accesses = &accesses;
                Box::pin(async move { Ok::<_, Error>(tx.log_access(accesses).await?) })
            })
            .await
    }

    /// What happened to the viewer's own account of late, newest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn own_accesses(&self, viewer: &Viewer) -> Result<Vec<OwnAccess>> {
        let found = self.reader().accesses_of_account(viewer.person.id, &OWN_KINDS, OWN_ROWS).await?;
        let own = |access: Access| OwnAccess { at: access.at, kind: access.kind, address: access.address };
        let mut found: Vec<OwnAccess> = found.into_iter().map(own).collect();
        // Whoever works for two municipalities has two rows of each.
        found.dedup();
        found.truncate(OWN_SHOWN);
        Ok(found)
    }

    /// One row for each municipality, or one that is none's.
    fn accesses_at(
        &self,
        account: Option<Uuid>,
        places: Vec<Name>,
        kind: AccessKind,
        (subject, device): (Option<Uuid>, Device<'_>),
    ) -> Vec<Access> {
        let at = self.now();
        let places: Vec<Option<Name>> =
            if places.is_empty() { vec![None] } else { places.into_iter().map(Some).collect() };
        let access = |municipality| Access {
            id: self.inner.ids.next(),
            at,
            municipality,
            account,
            kind,
            subject,
            address: device.address.map(str::to_owned),
        };
        places.into_iter().map(access).collect()
    }
}

fn nothing<T>() -> Page<T> {
    Page { items: Vec::new(), has_next: false }
}

fn require_auditor(viewer: &Viewer, municipality: &str) -> Result<()> {
    if viewer.person.has_role(municipality, Role::Auditor) {
        return Ok(());
    }
    if viewer.person.is_staff_of(municipality) {
        return Err(Error::forbidden("監査の担当者だけが見られます", "Only an auditor sees this"));
    }
    Err(Error::NotFound)
}

/// Where a case's chain is broken, in words.
fn said(case: &str, broken: &Broken) -> Bilingual {
    let (ja, en) = match broken {
        Broken::Changed { sequence, .. } => (
            format!("{case}: {sequence}番目の記録が書き換えられています"),
            format!("{case}: event {sequence} was changed"),
        ),
        Broken::Unlinked { sequence, .. } => (
            format!("{case}: {sequence}番目の記録が前の記録につながっていません"),
            format!("{case}: event {sequence} does not follow the one before it"),
        ),
        Broken::Missing { sequence, .. } => {
            (format!("{case}: {sequence}番目の記録がありません"), format!("{case}: event {sequence} is missing"))
        }
        Broken::CutOff { sealed, found, .. } => (
            format!("{case}: {sealed}番目まであったはずの記録が{found}番目で終わっています"),
            format!("{case}: the history ends at event {found}, but event {sealed} was there"),
        ),
        Broken::Rebuilt { sequence, .. } => (
            format!("{case}: {sequence}番目の記録が、封印したときのものと違います"),
            format!("{case}: event {sequence} is not the one that was sealed"),
        ),
    };
    Bilingual::new(ja, en)
}
