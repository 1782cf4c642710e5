//! What a case consists of besides itself: its state, events, letters, mails, documents, deadlines, procedures.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object};
use casework::{Deadline as StateClock, DocumentRef, FieldMark as Mark, Pending, Signing, Unlocked};
use program::definition::Name;
use service::{EventView, LetterView, MessageView};

use crate::enums::{Locale, Role, SignMode, SignedHow, Stage, StateKind};
use crate::fault::{Code, coded};
use crate::ids::Kind;
use crate::page::connection;
use crate::scalars::{Date, Yen};
use crate::scope::say;
use crate::text::Bilingual;

/// A state of the case or of one of its procedures.
pub(crate) struct State {
    pub program: Arc<program::Program>,
    pub name: Name,
}

impl State {
    fn rule(&self) -> Result<&program::definition::State, Error> {
        let procedures = &self.program.definition().archetype.procedures;
        self.program
            .state(&self.name)
            .or_else(|| procedures.values().find_map(|procedure| procedure.states.get(&self.name)))
            .ok_or_else(|| coded(Code::Internal, Code::Internal.message().en))
    }
}

#[Object]
impl State {
    async fn name(&self) -> &str {
        &self.name
    }
    async fn kind(&self) -> Result<StateKind, Error> {
        self.rule().map(|rule| rule.kind.into())
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Result<String, Error> {
        self.rule().map(|rule| say(ctx, &rule.label, locale))
    }
    async fn label_bilingual(&self) -> Result<Bilingual, Error> {
        self.rule().map(|rule| (&rule.label).into())
    }
    /// Whose turn it is; ends wait on nobody.
    async fn waits_on(&self) -> Result<Option<Role>, Error> {
        self.rule().map(|rule| rule.waits_on.map(Role::from))
    }
}

pub(crate) struct Event {
    program: Arc<program::Program>,
    view: Box<EventView>,
}

impl Event {
    pub(crate) fn new(program: &Arc<program::Program>, view: EventView) -> Self {
        Self { program: program.clone(), view: Box::new(view) }
    }
}

/// A link of the case's history.
#[Object]
impl Event {
    async fn id(&self) -> ID {
        Kind::Event.id(self.view.event.id)
    }
    /// From 1.
    async fn sequence(&self) -> i64 {
        self.view.event.sequence
    }
    async fn at(&self) -> vocabulary::Instant {
        self.view.event.at
    }
    async fn actor_name(&self) -> &str {
        &self.view.actor_name
    }
    async fn role(&self) -> Role {
        self.view.event.role.into()
    }
    async fn action(&self) -> &str {
        &self.view.event.action
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.view.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.view.label).into()
    }
    async fn stage(&self) -> Stage {
        self.view.event.stage.into()
    }
    async fn from(&self) -> State {
        State { program: self.program.clone(), name: self.view.event.from.clone() }
    }
    async fn to(&self) -> State {
        State { program: self.program.clone(), name: self.view.event.to.clone() }
    }
    async fn comment(&self) -> Option<&str> {
        self.view.event.comment.as_deref()
    }
    /// SHA-256 of the event before.
    async fn previous_hash(&self) -> &str {
        &self.view.event.previous
    }
    async fn hash(&self) -> &str {
        &self.view.event.hash
    }
}

connection!(EventConnection, EventEdge, Event);

pub(crate) struct Letter(pub LetterView);

/// 通知書
#[Object]
impl Letter {
    async fn id(&self) -> ID {
        Kind::Letter.id(self.0.id)
    }
    async fn name(&self) -> &str {
        &self.0.name
    }
    async fn title(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.title, locale)
    }
    async fn title_bilingual(&self) -> Bilingual {
        (&self.0.title).into()
    }
    /// 指令番号 and the like.
    async fn number(&self) -> Option<&str> {
        self.0.number.as_deref()
    }
    async fn issued_at(&self) -> vocabulary::Instant {
        self.0.issued_at
    }
    /// Whether it has been rendered.
    async fn ready(&self) -> bool {
        self.0.html.is_some()
    }
    async fn html(&self) -> Option<&str> {
        self.0.html.as_deref()
    }
    /// Of the rendered bytes.
    async fn sha256(&self) -> Option<&str> {
        self.0.sha256.as_deref()
    }
    async fn url(&self) -> String {
        format!("/letters/{}", self.0.id)
    }
}

pub(crate) struct Message(pub MessageView);

/// A mail that belongs to a case.
#[Object]
impl Message {
    async fn id(&self) -> ID {
        Kind::Message.id(self.0.id)
    }
    async fn recipient(&self) -> &str {
        &self.0.recipient
    }
    async fn subject(&self) -> &str {
        &self.0.subject
    }
    async fn text(&self) -> &str {
        &self.0.text
    }
    async fn queued_at(&self) -> vocabulary::Instant {
        self.0.queued_at
    }
    async fn sent_at(&self) -> Option<vocabulary::Instant> {
        self.0.sent_at
    }
    /// Given up after a permanent refusal.
    async fn dead(&self) -> bool {
        self.0.dead
    }
}

pub(crate) struct Document {
    pub slot: Name,
    pub label: vocabulary::Bilingual,
    pub file: DocumentRef,
    pub rows: Vec<usize>,
}

/// A file in a document slot of a form.
#[Object]
impl Document {
    async fn id(&self) -> ID {
        Kind::File.id(self.file.file)
    }
    async fn slot(&self) -> &str {
        &self.slot
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.label).into()
    }
    /// The file's name as uploaded.
    async fn name(&self) -> &str {
        &self.file.name
    }
    async fn sha256(&self) -> &str {
        &self.file.sha256
    }
    /// Of the table of real costs whose evidence the slot is: the rows that it proves, counted from 0; while no
    /// row names any file, one that proves none stands for the table as a whole.
    async fn rows(&self) -> &[usize] {
        &self.rows
    }
    async fn url(&self) -> String {
        format!("/files/{}", self.file.file)
    }
}

pub(crate) struct Deadline {
    pub clock: StateClock,
    pub program: Arc<program::Program>,
    pub state: Name,
}

/// The clock of the present state.
#[Object]
impl Deadline {
    /// The last day, in Japan.
    async fn day(&self) -> Date {
        self.clock.day.into()
    }
    /// The first instant after it.
    async fn due(&self) -> vocabulary::Instant {
        self.clock.due
    }
    async fn state(&self) -> State {
        State { program: self.program.clone(), name: self.state.clone() }
    }
    /// The clock's action once it has passed.
    async fn action(&self) -> &str {
        &self.clock.then
    }
    /// Reminders still to come.
    async fn reminders(&self) -> &[vocabulary::Instant] {
        &self.clock.remind
    }
    async fn passed(&self) -> bool {
        self.clock.passed
    }
}

pub(crate) struct Approval<'a> {
    pub pending: &'a Pending,
    pub application: &'a service::Application,
}

/// 決裁中: a drafted decision on its way through its route.
#[Object(name = "PendingApproval")]
impl<'a> Approval<'a> {
    async fn action(&self) -> &str {
        &self.pending.action
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        let rule = self.application.program.action(&self.pending.action);
        rule.map_or_else(|| self.pending.action.clone(), |action| say(ctx, &action.rule.label, locale))
    }
    async fn drafted_by(&self) -> &str {
        &self.pending.drafted_by_name
    }
    async fn drafted_at(&self) -> vocabulary::Instant {
        self.pending.drafted_at
    }
    /// The amount that chose the route.
    async fn amount(&self) -> Yen {
        self.pending.amount.into()
    }
    async fn comment(&self) -> Option<&str> {
        self.pending.comment.as_deref()
    }
    /// SHA-256 over what the signers are shown.
    async fn digest(&self) -> &str {
        &self.pending.digest
    }
    /// The position whose signature is waited for.
    async fn waits_for(&self) -> Option<&str> {
        self.pending.next().map(|signing| signing.position.as_str())
    }
    #[graphql(complexity = "1 + 4 * child_complexity")]
    async fn route(&self) -> Vec<RouteStep<'_>> {
        self.pending.route.iter().map(|signing| RouteStep { signing, application: self.application }).collect()
    }
}

pub(crate) struct RouteStep<'a> {
    signing: &'a Signing,
    application: &'a service::Application,
}

#[Object]
impl<'a> RouteStep<'a> {
    async fn position(&self) -> &str {
        &self.signing.position
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        let position = self.application.municipality.positions.get(&self.signing.position);
        position.map_or_else(|| self.signing.position.clone(), |position| say(ctx, &position.name, locale))
    }
    async fn mode(&self) -> SignMode {
        self.signing.mode.into()
    }
    async fn signed_by(&self) -> Option<&str> {
        self.signing.signed.as_ref().map(|signature| signature.name.as_str())
    }
    async fn signed_at(&self) -> Option<vocabulary::Instant> {
        self.signing.signed.as_ref().map(|signature| signature.at)
    }
    async fn how(&self) -> Option<SignedHow> {
        self.signing.signed.as_ref().map(|signature| signature.how.into())
    }
}

pub(crate) struct Correction<'a>(pub &'a Unlocked);

/// What the applicant is asked to correct.
#[Object]
impl<'a> Correction<'a> {
    async fn form(&self) -> &str {
        &self.0.form
    }
    async fn message(&self) -> &str {
        &self.0.message
    }
    async fn marks(&self) -> Vec<FieldMark<'_>> {
        self.0.marks.iter().map(FieldMark).collect()
    }
}

pub(crate) struct FieldMark<'a>(&'a Mark);

#[Object]
impl<'a> FieldMark<'a> {
    /// A field, or `documents.<name>`.
    async fn field(&self) -> &str {
        &self.0.field
    }
    async fn remark(&self) -> &str {
        &self.0.remark
    }
}
