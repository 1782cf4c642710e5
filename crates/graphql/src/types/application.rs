//! The application: one case as one viewer may see it. Everything that is not at hand is looked up only when selected.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object};
use casework::{DocumentRef, Submission as Snapshot};
use program::definition::Name;
use serde_json::{Map, Value};

use crate::enums::{Locale, Role};
use crate::fault::bad_input;
use crate::ids::Kind;
use crate::loaders::{ActionsOf, LettersOf, MessagesOf};
use crate::page::{Window, connection, page_cost};
use crate::scalars::{Date, Json, Yen};
use crate::scope::{Scope, say};
use crate::types::business::Business;
use crate::types::call::Panel;
use crate::types::case_parts::{
    Approval, Correction, Deadline, Document, Event, EventConnection, Letter, Message, State,
};
use crate::types::form::Form;
use crate::types::procedure::{AvailableAction, AwardAmount, Numbered, Procedure};
use crate::types::program_type::Program;

/// The form that every case begins with.
const FIRST_FORM: &str = "application";

#[derive(Clone)]
pub(crate) struct Application(pub Arc<service::Application>);

impl From<service::Application> for Application {
    fn from(application: service::Application) -> Self {
        Self(Arc::new(application))
    }
}

impl Application {
    fn form_named(&self, name: Option<&str>) -> Result<&program::Form, Error> {
        let name = name.unwrap_or(FIRST_FORM);
        self.0.program.form(name).ok_or_else(|| bad_input("form", "the program has no form of this name"))
    }

    fn submission(&self, form: &str) -> Option<&Snapshot> {
        self.0.case.body.forms.get(form)
    }

    /// The viewer's own draft, which only somebody who is signed in has.
    async fn draft_of(&self, ctx: &Context<'_>, form: &str) -> Result<Option<service::DraftView>, Error> {
        let scope = Scope::of(ctx)?;
        let draft = scope.service.draft_of(scope.viewer()?, &self.0, form).await;
        draft.map_err(|error| scope.fault(&error))
    }

    /// None for a form that the version does not have.
    pub(crate) fn draft_shown(&self, draft: service::DraftView) -> Option<Draft> {
        let service::DraftView { form, values, documents, kept, revision } = draft;
        let documents = Self::documents_of(self.0.program.form(&form)?, &values, &documents);
        Some(Draft { form, values, documents, kept, revision })
    }

    fn documents_of(
        form: &program::Form,
        values: &Map<String, Value>,
        files: &BTreeMap<Name, Vec<DocumentRef>>,
    ) -> Vec<Document> {
        let label = |slot: &Name| {
            let asked = form.documents.iter().find(|asked| asked.name == *slot);
            asked.map_or_else(|| vocabulary::Bilingual::new(slot, slot), |asked| asked.label.clone())
        };
        let documents = files.iter().flat_map(|(slot, files)| files.iter().map(move |file| (slot, file)));
        let document = |(slot, file): (&Name, &DocumentRef)| {
            let rows = form.rows_proved_by(slot, &file.file.to_string(), values);
            Document { slot: slot.clone(), label: label(slot), file: file.clone(), rows }
        };
        documents.map(document).collect()
    }
}

/// One application for a grant, from its first draft to its end.
#[Object]
impl Application {
    pub(crate) async fn id(&self) -> ID {
        Kind::Application.id(self.0.case.id)
    }
    /// 受付番号; none before submission.
    async fn number(&self) -> Option<&str> {
        self.0.case.body.numbers.get(FIRST_FORM).map(String::as_str)
    }
    /// Counts the recorded acts; a fresh draft has 0.
    async fn version(&self) -> i64 {
        self.0.case.version
    }
    async fn program(&self) -> Program {
        Program { program: self.0.program.clone(), version: self.0.program_version, published: None }
    }
    async fn business(&self) -> Business {
        Business::of(self.0.case.business.clone())
    }
    async fn municipality(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.municipality.name, locale)
    }
    async fn fiscal_year(&self) -> i32 {
        self.0.case.call.fiscal_year.0
    }
    async fn state(&self) -> State {
        State { program: self.0.program.clone(), name: self.0.case.state.clone() }
    }
    /// 決裁中: the decision that is being signed. Of the office only: an applicant learns what was decided, not drafts.
    async fn pending_approval(&self, ctx: &Context<'_>) -> Result<Option<Approval<'_>>, Error> {
        let viewer = Scope::of(ctx)?.viewer()?;
        let pending = self.0.case.body.pending.as_ref();
        let pending = pending.filter(|_| viewer.person.is_staff_of(&self.0.case.municipality));
        Ok(pending.map(|pending| Approval { pending, application: &self.0 }))
    }
    /// 審査会: what the panel found. Of the office only: judges see nobody else's points, and an applicant learns what was
    /// decided.
    async fn panel(&self, ctx: &Context<'_>) -> Result<Option<Panel<'_>>, Error> {
        let viewer = Scope::of(ctx)?.viewer()?;
        let panel = self.0.case.body.panel.as_ref();
        Ok(panel.filter(|_| viewer.person.is_staff_of(&self.0.case.municipality)).map(Panel))
    }
    /// What the applicant is asked to correct.
    async fn correction(&self) -> Option<Correction<'_>> {
        self.0.case.body.unlocked.as_ref().map(Correction)
    }
    /// What was last submitted with a form, or the viewer's draft when nothing was.
    #[graphql(complexity = 5)]
    async fn values(&self, ctx: &Context<'_>, form: Option<String>) -> Result<Json, Error> {
        let form = self.form_named(form.as_deref())?;
        let values = match self.submission(&form.name) {
            Some(submission) => submission.values.clone(),
            None => self.draft_of(ctx, &form.name).await?.map(|draft| draft.values).unwrap_or_default(),
        };
        Ok(async_graphql::Json(Value::Object(values)))
    }
    async fn form(&self, name: Option<String>) -> Result<Form<'_>, Error> {
        self.form_named(name.as_deref()).map(Form)
    }
    /// Of the last submission of a form, or of the viewer's draft when there was none.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn documents(&self, ctx: &Context<'_>, form: Option<String>) -> Result<Vec<Document>, Error> {
        let form = self.form_named(form.as_deref())?;
        match self.submission(&form.name) {
            Some(submission) => Ok(Self::documents_of(form, &submission.values, &submission.documents)),
            None => {
                let draft = self.draft_of(ctx, &form.name).await?;
                Ok(draft.map(|draft| Self::documents_of(form, &draft.values, &draft.documents)).unwrap_or_default())
            }
        }
    }
    /// What the viewer has typed into a form and not handed in yet.
    #[graphql(complexity = "5 + child_complexity")]
    async fn draft(&self, ctx: &Context<'_>, form: Option<String>) -> Result<Option<Draft>, Error> {
        let form = self.form_named(form.as_deref())?;
        Ok(self.draft_of(ctx, &form.name).await?.and_then(|draft| self.draft_shown(draft)))
    }
    /// What was typed for fields that the version of the program does not have any more: nothing typed is lost.
    #[graphql(complexity = 5)]
    async fn kept_values(&self, ctx: &Context<'_>, form: Option<String>) -> Result<Json, Error> {
        let form = self.form_named(form.as_deref())?;
        let mut kept = self.0.case.body.kept.get(&form.name).cloned().unwrap_or_default();
        kept.extend(self.draft_of(ctx, &form.name).await?.map(|draft| draft.kept).unwrap_or_default());
        Ok(async_graphql::Json(Value::Object(kept)))
    }
    /// The newest submission of each form.
    #[graphql(complexity = "1 + 4 * child_complexity")]
    async fn submissions(&self) -> Vec<Submission<'_>> {
        self.0.case.body.forms.iter().map(|(form, snapshot)| Submission { form, snapshot }).collect()
    }
    async fn award(&self) -> Award<'_> {
        Award(&self.0)
    }
    /// The actions that the viewer's part in the case knows, permitted or not, and why not.
    #[graphql(complexity = "10 + 8 * child_complexity")]
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<AvailableAction>, Error> {
        let scope = Scope::of(ctx)?;
        let actions = scope.loader().load_one(ActionsOf(self.0.clone())).await;
        let actions = actions.map_err(|error| scope.fault(&error))?;
        Ok(actions.iter().flat_map(|actions| actions.iter().cloned()).map(AvailableAction).collect())
    }
    #[graphql(complexity = "page_cost(first, child_complexity) + 10")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<EventConnection, Error> {
        let window = Window::new(first, after)?;
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let page = scope.service.history(viewer, self.0.case.id, window.first, window.after.as_deref()).await;
        let page = page.map_err(|error| scope.fault(&error))?;
        let program = &self.0.program;
        Ok(EventConnection(window.shown(page, |view| Event::new(program, view))))
    }
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn letters(&self, ctx: &Context<'_>) -> Result<Vec<Letter>, Error> {
        let scope = Scope::of(ctx)?;
        let letters = scope.loader().load_one(LettersOf(self.0.case.id)).await;
        let letters = letters.map_err(|error| scope.fault(&error))?;
        Ok(letters.iter().flat_map(|letters| letters.iter().cloned()).map(Letter).collect())
    }
    #[graphql(complexity = "5 + 10 * child_complexity")]
    async fn messages(&self, ctx: &Context<'_>) -> Result<Vec<Message>, Error> {
        let scope = Scope::of(ctx)?;
        let messages = scope.loader().load_one(MessagesOf(self.0.case.id)).await;
        let messages = messages.map_err(|error| scope.fault(&error))?;
        Ok(messages.iter().flat_map(|messages| messages.iter().cloned()).map(Message).collect())
    }
    /// The clocks that run.
    async fn deadlines(&self) -> Vec<Deadline> {
        let clock = self.0.case.body.deadline.clone();
        let clock = clock.map(|clock| (clock, self.0.program.clone(), self.0.case.state.clone()));
        clock.into_iter().map(|(clock, program, state)| Deadline { clock, program, state }).collect()
    }
    /// Procedures beside the case, in the order of opening.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn procedures(&self) -> Vec<Procedure<'_>> {
        let cases = self.0.case.body.procedures.iter();
        cases.map(|case| Procedure { application: &self.0, case }).collect()
    }
    /// Every number that the case has been given.
    async fn numbers(&self) -> Vec<Numbered<'_>> {
        self.0.case.body.numbers.iter().map(|(kind, number)| Numbered { kind, number }).collect()
    }
    /// The person who takes care of it.
    async fn assignee(&self) -> Option<ID> {
        self.0.assignee.map(|account| Kind::Account.id(account))
    }
    async fn created_at(&self) -> vocabulary::Instant {
        self.0.created_at
    }
    async fn received_at(&self) -> Option<vocabulary::Instant> {
        self.0.received_at
    }
    async fn updated_at(&self) -> vocabulary::Instant {
        self.0.updated_at
    }
}

connection!(ApplicationConnection, ApplicationEdge, Application);

/// What the viewer has typed and not handed in.
pub(crate) struct Draft {
    pub form: Name,
    pub values: serde_json::Map<String, Value>,
    pub documents: Vec<Document>,
    pub kept: serde_json::Map<String, Value>,
    pub revision: i64,
}

#[Object]
impl Draft {
    /// How often it was saved: what `saveDraft` takes as `expectedRevision`.
    async fn revision(&self) -> i64 {
        self.revision
    }
    async fn form(&self) -> &str {
        &self.form
    }
    async fn values(&self) -> Json {
        async_graphql::Json(Value::Object(self.values.clone()))
    }
    async fn documents(&self) -> &[Document] {
        &self.documents
    }
    /// What was typed for fields that the version of the program does not have any more.
    async fn kept_values(&self) -> Json {
        async_graphql::Json(Value::Object(self.kept.clone()))
    }
}

pub(crate) struct Submission<'a> {
    form: &'a str,
    snapshot: &'a Snapshot,
}

/// An immutable snapshot of a form.
#[Object]
impl<'a> Submission<'a> {
    async fn id(&self) -> ID {
        Kind::Submission.id(self.snapshot.id)
    }
    async fn form(&self) -> &str {
        self.form
    }
    async fn at(&self) -> vocabulary::Instant {
        self.snapshot.at
    }
    async fn values(&self) -> Json {
        async_graphql::Json(Value::Object(self.snapshot.values.clone()))
    }
    /// The fields that differ from the submission before.
    async fn changed(&self) -> Vec<&str> {
        self.snapshot.changes.iter().map(|change| change.path.as_str()).collect()
    }
}

pub(crate) struct Award<'a>(&'a service::Application);

impl Award<'_> {
    fn frozen(&self, name: &'static str) -> Option<AwardAmount<'_>> {
        let frozen = self.0.case.body.amounts.get(name)?;
        Some(AwardAmount { name, frozen, application: self.0 })
    }
}

/// The amounts of the case, each with its reasons.
#[Object]
impl<'a> Award<'a> {
    /// 交付申請額
    async fn requested(&self) -> Option<AwardAmount<'_>> {
        self.frozen("request")
    }
    /// 交付決定額
    async fn decided(&self) -> Option<AwardAmount<'_>> {
        self.frozen("award")
    }
    /// 確定額
    async fn finalized(&self) -> Option<AwardAmount<'_>> {
        self.frozen("finalized")
    }
    /// 支払済額
    async fn paid(&self) -> Option<Paid> {
        let body = &self.0.case.body;
        let lines = std::iter::once(&body.holdings).chain(body.elsewhere.values());
        let paid: vocabulary::Yen = lines.map(|held| held.get(treasury::Account::Paid)).sum();
        (!paid.is_zero()).then_some(Paid(paid))
    }
    /// Every amount that is frozen, in the order in which they arise.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn amounts(&self) -> Vec<AwardAmount<'_>> {
        let rules = self.0.program.definition().archetype.amounts.keys();
        let frozen = rules.filter_map(|name| Some((name, self.0.case.body.amounts.get(name)?)));
        frozen.map(|(name, frozen)| AwardAmount { name, frozen, application: self.0 }).collect()
    }
}

pub(crate) struct Paid(vocabulary::Yen);

/// What was transferred.
#[Object(name = "PaidAmount")]
impl Paid {
    async fn amount(&self) -> Yen {
        self.0.into()
    }
    async fn explanation(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        let text = vocabulary::Bilingual::new("振込の結果が記録された額", "What was recorded as transferred");
        say(ctx, &text, locale)
    }
}

pub(crate) struct Task {
    application: Application,
    waits_on: Option<program::definition::Role>,
    position: Option<Name>,
    deadline: Option<chrono::NaiveDate>,
}

impl From<service::Task> for Task {
    fn from(task: service::Task) -> Self {
        let service::Task { application, waits_on, position, deadline } = task;
        Self { application: application.into(), waits_on, position, deadline }
    }
}

/// Something that waits for the viewer.
#[Object]
impl Task {
    async fn application(&self) -> &Application {
        &self.application
    }
    async fn waits_on(&self) -> Option<Role> {
        self.waits_on.map(Role::from)
    }
    /// A signature of this position.
    async fn position(&self) -> Option<&str> {
        self.position.as_deref()
    }
    async fn deadline(&self) -> Option<Date> {
        self.deadline.map(Date)
    }
}

connection!(TaskConnection, TaskEdge, Task);
