//! 代理入力: an application that comes on paper is typed in by a clerk, into the same case as every other.

use casework::{Business, Paper};
use chrono::NaiveDate;
use program::definition::Role;
use vocabulary::day_in_japan;

use crate::drafts;
use crate::once::Wish;
use crate::service::Service;
use crate::view::{Application, NewBusiness, Viewer};
use crate::{Error, Result};

/// Days that a paper may have waited before it is typed in.
const LONGEST_WAIT: i64 = 90;
/// Drafts that are shown to whoever types them in.
const MOST_DRAFTS: u32 = 100;

/// Whose paper it is.
#[derive(Clone, Debug)]
pub enum PaperApplicant {
    /// Registered under this corporate number.
    Registered(String),
    /// Not registered yet, or without a number.
    New(NewBusiness),
}

/// An application on paper.
#[derive(Clone, Debug)]
pub struct OnPaper {
    /// `<municipality>/<slug>`
    pub program: String,
    /// 収受日
    pub received_on: NaiveDate,
    pub applicant: PaperApplicant,
}

impl Service {
    /// Starts a draft for what came on paper; the viewer takes care of it. Nobody becomes a member of a business by that.
    ///
    /// # Errors
    /// `NotFound` for a program of an office whose clerk the viewer is not; `BadInput` for a day that cannot be, or a number
    /// that is not registered; `Refused` when there was no call on that day.
    pub async fn start_on_paper(&self, viewer: &Viewer, paper: OnPaper, key: &str) -> Result<Application> {
        self.require_scope(viewer, "act")?;
        let place = paper.program.split('/').next().unwrap_or_default();
        if !viewer.person.has_role(place, Role::Clerk) {
            return Err(Error::NotFound);
        }
        let fixed = self.fix();
        let waited = (day_in_japan(fixed.now) - paper.received_on).num_days();
        if !(0..=LONGEST_WAIT).contains(&waited) {
            return Err(Error::bad_input(
                "receivedOn",
                "収受日は、今日までの90日以内の日を入力してください",
                "The paper arrived today or at most 90 days ago",
            ));
        }
        let (business, is_new) = match paper.applicant {
            PaperApplicant::Registered(number) => (self.registered(&number).await?, false),
            PaperApplicant::New(new) => (self.checked_business(self.inner.ids.next(), new)?, true),
        };
        if viewer.person.memberships.contains(&business.id) {
            return Err(Error::Refused(vec![casework::conflict_of_interest()]));
        }
        let (version, mut new) = self.new_case(&paper.program, business, paper.received_on, &fixed).await?;
        if version.closed {
            return Err(Error::Refused(vec![drafts::closed()]));
        }
        new.body.paper = Some(Paper { received_on: paper.received_on });
        let told = (&new.business.name, &new.business.address, &new.business.corporate_number);
        let input = (&paper.program, paper.received_on, told);
        let wish = Wish::new(viewer, key, "startOnPaper", &input, (new.id, fixed.now))?;
        let account = viewer.person.id;
        let id = self
            .once(&wish, &|tx| {
                let new = &new;
                Box::pin(async move {
                    if is_new {
                        crate::people::must_be_free(tx, &new.business).await?;
                        tx.create_business(&new.business, new.head.at).await?;
                    }
                    tx.create_case(new, new.head.at).await?;
                    Ok(tx.assign(new.id, Some(account)).await?)
                })
            })
            .await?;
        self.application(viewer, id).await?.ok_or(Error::NotFound)
    }

    /// What the viewer is typing in, newest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn typed_in(&self, viewer: &Viewer) -> Result<Vec<Application>> {
        let mut found = Vec::new();
        for id in self.reader().typed_in(viewer.person.id, MOST_DRAFTS).await? {
            found.extend(self.application(viewer, id).await?);
        }
        Ok(found)
    }

    async fn registered(&self, number: &str) -> Result<Business> {
        let number: vocabulary::CorporateNumber =
            number.parse().map_err(|invalid| Error::invalid("corporateNumber", invalid))?;
        self.reader().business_by_corporate_number(number.as_str()).await?.ok_or_else(|| {
            Error::bad_input(
                "corporateNumber",
                "この法人番号の事業者は登録されていません。ほかの項目も入力してください",
                "No business is registered under this number; fill in the rest, too",
            )
        })
    }
}
