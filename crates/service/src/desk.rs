//! The desk of the office: what waits for somebody, the lists of cases with their saved views, and one action in many cases.

use std::collections::{BTreeSet, HashMap};

use casework::Act;
use program::definition::{Name, Role};
use store::SavedView;
use uuid::Uuid;
use vocabulary::{Instant, day_in_japan};

use crate::service::Service;
use crate::view::{Application, Page, Performed, Task, Viewer};
use crate::{ApplicationFilter, ApplicationOrder, Error, Result};

/// Beyond that, nobody wants to know how many there are.
pub const MOST_COUNTED: u32 = 1_000;
/// Cases that one command moves.
pub const MOST_TOGETHER: usize = 100;
/// Letters of the name of a view, bytes of its query, views of an account.
const LONGEST_NAME: usize = 40;
const LONGEST_QUERY: usize = 2_000;
const MOST_VIEWS: usize = 30;

/// Somebody who may take care of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    pub id: Uuid,
    pub name: String,
    pub roles: Vec<Role>,
    /// 職
    pub positions: Vec<Name>,
}

impl Service {
    /// The viewer's applications: those of the offices they work for, or of their businesses.
    ///
    /// # Errors
    /// `BadInput` for a cursor that is none.
    pub async fn applications(
        &self,
        viewer: &Viewer,
        filter: ApplicationFilter,
        order: ApplicationOrder,
        first: usize,
        after: Option<&str>,
    ) -> Result<Page<Application>> {
        let municipalities = viewer.municipalities();
        let query = store::ListQuery {
            scope: scope(viewer, &municipalities),
            filter,
            order,
            after: after.map(cursor).transpose()?,
            first: u32::try_from(first).unwrap_or(u32::MAX),
        };
        let page = self.reader().list(&query).await?;
        self.page(page).await
    }

    /// How many there are, counted as far as [`MOST_COUNTED`]; none where only walking the whole list could tell.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count_applications(&self, viewer: &Viewer, filter: ApplicationFilter) -> Result<Option<u32>> {
        let municipalities = viewer.municipalities();
        let order = ApplicationOrder::default();
        let scope = scope(viewer, &municipalities);
        let query = store::ListQuery { scope, filter, order, after: None, first: MOST_COUNTED };
        Ok(self.reader().count(&query).await?)
    }

    pub(crate) async fn page(&self, page: store::Page) -> Result<Page<Application>> {
        let mut items = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            let cursor = format!("{}.{}", row.cursor.at.timestamp_micros(), row.cursor.id.simple());
            items.push((cursor, self.view(self.reader(), row.stored).await?));
        }
        Ok(Page { items, has_next: page.has_next })
    }

    /// What waits for the viewer: cases in their role's or position's turn, and for applicants their own.
    ///
    /// # Errors
    /// `BadInput` for a cursor that is none.
    pub async fn tasks(&self, viewer: &Viewer, first: usize, after: Option<&str>) -> Result<Page<Task>> {
        let after = after.map(cursor).transpose()?;
        let page = self.reader().tasks(&viewer.person, after, u32::try_from(first).unwrap_or(u32::MAX)).await?;
        let mut page = self.page(page).await?;
        // A judge with a conflict of interest does not look at the case.
        let actor = viewer.actor();
        page.items.retain(|(_, application)| casework::may_see(&actor, &application.case));
        let task = |application: Application| {
            let waits_on = application.case.body.standing.waits_on.clone().unwrap_or_default();
            let position = waits_on.strip_prefix("position:").map(str::to_owned);
            let role = Role::STAFF
                .into_iter()
                .chain([Role::Applicant])
                .find(|role| role.as_str() == waits_on)
                .or(application.case.body.attention);
            let deadline = application.case.body.deadline.as_ref().map(|deadline| deadline.day);
            Task { waits_on: role, position, deadline, application }
        };
        Ok(Page {
            items: page.items.into_iter().map(|(cursor, item)| (cursor, task(item))).collect(),
            has_next: page.has_next,
        })
    }

    /// How many cases wait for the viewer, counted as far as [`MOST_COUNTED`].
    ///
    /// # Errors
    /// Faults only.
    pub async fn count_tasks(&self, viewer: &Viewer) -> Result<u32> {
        Ok(self.reader().count_tasks(&viewer.person, MOST_COUNTED).await?)
    }

    /// The same action in several cases, each by itself: what one refuses keeps none of the others. With the same key
    /// again it is done no second time, and whatever was not done is tried again. Returns what came of each, in their order.
    ///
    /// # Errors
    /// `BadInput` for more than [`MOST_TOGETHER`] cases or a key of another shape; `SignInAgain` where a signature asks for
    /// it, `RateLimited` and faults. Whatever concerns one case is told with it.
    pub async fn act_in_each(
        &self,
        viewer: &Viewer,
        acts: Vec<(Uuid, Act)>,
        key: &str,
    ) -> Result<Vec<Result<Performed>>> {
        self.require_scope(viewer, "act")?;
        not_too_many(acts.len())?;
        let mut outcomes = Vec::with_capacity(acts.len());
        for (application, act) in acts {
            outcomes.push(of_one(self.act(viewer, application, act, &key_of_one(key, application)).await)?);
        }
        Ok(outcomes)
    }

    /// Gives several cases to a colleague, or to nobody; otherwise as [`Service::act_in_each`].
    ///
    /// # Errors
    /// As [`Service::act_in_each`].
    pub async fn assign_each(
        &self,
        viewer: &Viewer,
        applications: &[Uuid],
        assignee: Option<Uuid>,
        key: &str,
    ) -> Result<Vec<Result<Application>>> {
        self.require_scope(viewer, "act")?;
        not_too_many(applications.len())?;
        let mut outcomes = Vec::with_capacity(applications.len());
        for application in applications {
            let assigned = self.assign(viewer, *application, assignee, &key_of_one(key, *application)).await;
            outcomes.push(of_one(assigned)?);
        }
        Ok(outcomes)
    }

    /// Who may take care of a case of that office: its staff of today, by role and name, but not those who only look.
    ///
    /// # Errors
    /// `NotFound` for whoever does not work there.
    pub async fn colleagues(&self, viewer: &Viewer, municipality: &str) -> Result<Vec<Colleague>> {
        if !viewer.person.is_staff_of(municipality) {
            return Err(Error::NotFound);
        }
        let today = day_in_japan(self.now());
        let held = self.reader().positions(municipality).await?;
        let held = held.iter().filter(|held| held.from_day <= today && held.until_day.is_none_or(|last| today <= last));
        let held: Vec<_> = held.collect();
        let mut found: Vec<Colleague> = Vec::new();
        for role in Role::STAFF.into_iter().filter(|role| role.handles_cases()) {
            for account in self.reader().staff_with_role(municipality, role, today).await? {
                match found.iter_mut().find(|known| known.id == account.id) {
                    Some(known) => known.roles.push(role),
                    None => {
                        let own = held.iter().filter(|held| held.account == account.id);
                        let positions = own.map(|held| held.position.clone()).collect();
                        found.push(Colleague { id: account.id, name: account.name, roles: vec![role], positions });
                    }
                }
            }
        }
        Ok(found)
    }

    /// What people are called, for those who may see what they did.
    ///
    /// # Errors
    /// Faults only.
    pub async fn names_of(&self, accounts: BTreeSet<Uuid>) -> Result<HashMap<Uuid, String>> {
        let accounts: Vec<Uuid> = accounts.into_iter().collect();
        let found = self.reader().accounts(&accounts).await?;
        Ok(found.into_iter().map(|account| (account.id, account.name)).collect())
    }

    /// The viewer's own views of the list of cases, by name.
    ///
    /// # Errors
    /// Faults only.
    pub async fn saved_views(&self, viewer: &Viewer) -> Result<Vec<SavedView>> {
        Ok(self.reader().saved_views(viewer.person.id).await?)
    }

    /// Keeps a view under a name, in place of the one that has it.
    ///
    /// # Errors
    /// `BadInput` for a name that is empty or too long, and when there are too many.
    pub async fn save_view(&self, viewer: &Viewer, name: &str, query: &str) -> Result<()> {
        let name = name.trim();
        if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(Error::bad_input(
                "name",
                "名前を1～40文字で入力してください",
                "Give it a name of 1 to 40 letters",
            ));
        }
        if query.len() > LONGEST_QUERY {
            return Err(Error::bad_input("query", "条件が長すぎます", "These conditions are too long"));
        }
        let there = self.reader().saved_views(viewer.person.id).await?;
        if there.len() >= MOST_VIEWS && !there.iter().any(|view| view.name == name) {
            return Err(Error::bad_input(
                "name",
                "保存できるのは30件までです。使わないものを削除してください",
                "At most 30 views are kept; remove one that you do not use",
            ));
        }
        let view = SavedView {
            id: self.inner.ids.next(),
            account: viewer.person.id,
            name: name.to_owned(),
            query: query.to_owned(),
            saved_at: self.now(),
        };
        let view = &view;
        self.store().write(|tx| Box::pin(async move { Ok::<_, Error>(tx.save_view(view).await?) })).await
    }

    /// A view that is gone already is no error.
    ///
    /// # Errors
    /// Faults only.
    pub async fn drop_view(&self, viewer: &Viewer, id: Uuid) -> Result<()> {
        let account = viewer.person.id;
        self.store().write(|tx| Box::pin(async move { Ok::<_, Error>(tx.drop_view(account, id).await?) })).await
    }
}

fn not_too_many(cases: usize) -> Result<()> {
    if (1..=MOST_TOGETHER).contains(&cases) {
        return Ok(());
    }
    Err(Error::bad_input(
        "applications",
        "まとめて処理できるのは1～100件です",
        "One to 100 cases can be handled together",
    ))
}

/// What is done to one case of many is done once, as all of them are.
fn key_of_one(key: &str, application: Uuid) -> String {
    vocabulary::digest(format!("{key}\n{application}").as_bytes())
}

/// What concerns one case is told with it; the error of whatever concerns all of them.
fn of_one<T>(outcome: Result<T>) -> Result<Result<T>> {
    match outcome {
        Err(
            error @ (Error::SignInAgain
            | Error::Unauthenticated
            | Error::RateLimited { .. }
            | Error::Unavailable
            | Error::Fault(_)),
        ) => Err(error),
        outcome => Ok(outcome),
    }
}

/// The cases of the offices that somebody works for, or else of their businesses.
fn scope<'a>(viewer: &'a Viewer, municipalities: &'a [Name]) -> store::Scope<'a> {
    if municipalities.is_empty() {
        store::Scope::Businesses(&viewer.person.memberships)
    } else {
        store::Scope::Municipalities(municipalities)
    }
}

/// Opaque to clients: the value that the list is ordered by, and the id.
pub(crate) fn cursor(text: &str) -> Result<store::Cursor> {
    let parse = || {
        let (at, id) = text.split_once('.')?;
        let at = Instant::from_timestamp_micros(at.parse().ok()?)?;
        Some(store::Cursor { at, id: id.parse().ok()? })
    };
    parse()
        .ok_or_else(|| Error::bad_input("after", "位置の指定が正しくありません", "This is not a cursor of this list"))
}
