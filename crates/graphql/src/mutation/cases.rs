//! Applying, and moving cases.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject, Union};
use casework::{Act, FieldMark};
use serde_json::{Map, Value};

use super::people::DonePayload;
use super::{key, payload, refused};
use crate::fault::bad_input;
use crate::ids::{Kind, decode};
use crate::scalars::{Json, Yen};
use crate::scope::{Scope, say};
use crate::text::{Refusal, refusals};
use crate::types::application::{Application, Draft};
use crate::types::case_parts::Event;
use crate::types::procedure::{AwardStep, computation, steps};

#[derive(Default)]
pub(crate) struct Cases;

#[derive(InputObject)]
pub(crate) struct StartApplicationInput {
    /// `<municipality>/<slug>`
    program: String,
    /// The business that applies.
    business: ID,
    /// An earlier application of the business, whose answers and documents are taken over where the form asks for the
    /// same; never pledges, consents, and days in the past.
    reuse: Option<ID>,
    idempotency_key: String,
}

#[derive(SimpleObject)]
pub(crate) struct StartApplicationPayload {
    application: Option<Application>,
    /// What came of `reuse`.
    reused: Option<Reused>,
    /// Why nothing was done; empty when it was.
    refusals: Vec<Refusal>,
}

pub(crate) struct Reused(service::Reusable);

/// What was taken over from an earlier application.
#[Object]
impl Reused {
    /// Names of the fields.
    async fn fields(&self) -> Vec<&str> {
        self.0.values.keys().map(String::as_str).collect()
    }
    /// Names of the document slots.
    async fn documents(&self) -> Vec<&str> {
        self.0.documents.keys().map(String::as_str).collect()
    }
    async fn left_out(&self) -> Vec<LeftOut> {
        self.0.left_out.iter().cloned().map(LeftOut).collect()
    }
}

pub(crate) struct LeftOut(service::LeftOut);

/// A field or document that was not taken over, or not all of it.
#[Object]
impl LeftOut {
    async fn label(&self, ctx: &Context<'_>, locale: Option<crate::enums::Locale>) -> String {
        say(ctx, &self.0.label, locale)
    }
    async fn reason(&self, ctx: &Context<'_>, locale: Option<crate::enums::Locale>) -> String {
        say(ctx, &self.0.reason.message(), locale)
    }
}

#[derive(InputObject)]
pub(crate) struct SaveDraftInput {
    application_id: ID,
    /// The form; the one that the case waits for when absent.
    form: Option<String>,
    /// Everything typed so far; need not be right yet.
    values: Json,
    /// The draft's revision that the values were typed over, 0 where there was no draft. With another one now nothing is
    /// saved, and the answer has the draft as it is. The last save counts when absent.
    expected_revision: Option<i64>,
    idempotency_key: Option<String>,
}

#[derive(SimpleObject)]
pub(crate) struct SaveDraftPayload {
    application: Option<Application>,
    /// The draft as it is kept now, also when `stale_draft` is why nothing was saved.
    draft: Option<Draft>,
    /// What is stored now.
    values: Option<Json>,
    /// What was typed for fields that the version of the program does not have any more; kept with the draft.
    kept_values: Option<Json>,
    refusals: Vec<Refusal>,
}

#[derive(InputObject)]
pub(crate) struct DiscardDraftInput {
    application_id: ID,
    idempotency_key: String,
}

#[derive(InputObject)]
pub(crate) struct AttachDocumentInput {
    application_id: ID,
    /// The form; the one that the case waits for when absent.
    form: Option<String>,
    /// The name of the document slot.
    slot: String,
    /// The rows that the file proves, counted from 0, where the slot is the `evidence` of a table of real costs; the table
    /// as a whole when absent, while no row names a file.
    #[graphql(default)]
    rows: Vec<usize>,
    /// As `POST /files` answered.
    file_id: ID,
    idempotency_key: String,
}

payload!(AttachDocumentPayload { application: Application });

#[derive(InputObject)]
pub(crate) struct DetachDocumentInput {
    application_id: ID,
    /// The form; the one that the case waits for when absent.
    form: Option<String>,
    /// The name of the document slot.
    slot: String,
    file_id: ID,
    idempotency_key: String,
}

payload!(DetachDocumentPayload { application: Application });

/// A remark on a field that the applicant has to correct.
#[derive(InputObject)]
pub(crate) struct FieldMarkInput {
    /// A field, or `documents.<name>`.
    field: String,
    remark: String,
}

#[derive(InputObject)]
pub(crate) struct PerformActionInput {
    application_id: ID,
    action: String,
    expected_version: i64,
    /// Values of the action's form; over those of the draft.
    values: Option<Json>,
    marks: Option<Vec<FieldMarkInput>>,
    comment: Option<String>,
    /// Which procedure beside the case moves; needed only when the action could move more than one.
    procedure_id: Option<ID>,
    idempotency_key: String,
}

#[derive(InputObject)]
pub(crate) struct AssignApplicationInput {
    application_id: ID,
    /// Nobody when absent.
    assignee: Option<ID>,
    idempotency_key: String,
}

payload!(AssignApplicationPayload { application: Application });

#[derive(Union)]
pub(crate) enum PerformActionPayload {
    Performed(ActionPerformed),
    Refused(ActionRefused),
    Stale(StaleVersion),
}

/// It was done.
#[derive(SimpleObject)]
pub(crate) struct ActionPerformed {
    application: Application,
    event: Event,
}

/// The rules say no, and why.
#[derive(SimpleObject)]
pub(crate) struct ActionRefused {
    refusals: Vec<Refusal>,
}

/// Somebody else was faster.
#[derive(SimpleObject)]
pub(crate) struct StaleVersion {
    /// As it is now.
    application: Application,
}

#[derive(InputObject)]
pub(crate) struct PreviewAmountInput {
    application_id: ID,
    /// The form whose figures count; the application form when absent.
    form: Option<String>,
    values: Json,
    /// Nothing is stored, so it may be left out.
    idempotency_key: Option<String>,
}

pub(crate) struct PreviewAmountPayload {
    award: Option<program::Award>,
    refusals: Vec<casework::Refusal>,
}

/// The award that these values would give.
#[Object]
impl PreviewAmountPayload {
    async fn amount(&self) -> Option<Yen> {
        self.award.as_ref().map(|award| award.amount.into())
    }
    /// False when it is below the minimum, or nothing is left to grant.
    async fn eligible(&self) -> bool {
        self.award.as_ref().is_some_and(|award| award.eligible)
    }
    /// The computation as text, one line a step.
    async fn explanation(&self, ctx: &Context<'_>, locale: Option<crate::enums::Locale>) -> Option<String> {
        self.award.as_ref().map(|award| say(ctx, &computation(award), locale))
    }
    async fn steps(&self) -> Vec<AwardStep> {
        self.award.as_ref().map(steps).unwrap_or_default()
    }
    /// What submission would refuse as things stand.
    async fn refusals(&self) -> Vec<Refusal> {
        refusals(self.refusals.clone())
    }
}

/// # Errors
/// `BAD_INPUT` unless the values are an object.
fn object(values: Json) -> Result<Map<String, Value>, Error> {
    match values.0 {
        Value::Object(map) => Ok(map),
        _ => Err(bad_input("values", "values are an object: field → value")),
    }
}

/// Clients name a business by its global identifier; inside it is the bare one.
fn own_business_id(value: &mut Value) {
    if let Some((Kind::Business, key)) = value.as_str().and_then(decode) {
        *value = Value::String(key);
    }
}

fn stale_draft() -> casework::Refusal {
    casework::Refusal::new(
        "stale_draft",
        "別の画面で先に保存された内容があります。今の下書きを確認してください",
        "The draft was saved elsewhere in the meantime; please look at it as it is now",
    )
}

impl PerformActionInput {
    fn act(self) -> Result<Act, Error> {
        let marks = self.marks.unwrap_or_default().into_iter();
        let procedure = self.procedure_id.map(|id| Kind::Procedure.uuid("procedureId", &id)).transpose()?;
        let mut values = self.values.map(object).transpose()?.unwrap_or_default();
        values.values_mut().for_each(own_business_id);
        Ok(Act {
            action: self.action,
            expected_version: self.expected_version,
            values,
            marks: marks.map(|FieldMarkInput { field, remark }| FieldMark { field, remark }).collect(),
            comment: self.comment,
            procedure,
        })
    }
}

#[Object]
impl Cases {
    /// Begins a draft for a business that the viewer acts for.
    async fn start_application(
        &self,
        ctx: &Context<'_>,
        input: StartApplicationInput,
    ) -> Result<StartApplicationPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let business = Kind::Business.uuid("business", &input.business)?;
        let key = key(&input.idempotency_key)?;
        let earlier = input.reuse.map(|id| Kind::Application.uuid("reuse", &id)).transpose()?;
        let started = scope.service.start_from(viewer, &input.program, business, earlier, key).await;
        Ok(match refused(scope, started)? {
            Ok((application, reusable)) => StartApplicationPayload {
                application: Some(application.into()),
                reused: reusable.map(Reused),
                refusals: Vec::new(),
            },
            Err(reasons) => StartApplicationPayload { application: None, reused: None, refusals: refusals(reasons) },
        })
    }

    /// Takes an application away that was never handed in, with what was typed and uploaded for it.
    async fn discard_draft(&self, ctx: &Context<'_>, input: DiscardDraftInput) -> Result<DonePayload, Error> {
        let scope = Scope::of(ctx)?;
        let application = Kind::Application.uuid("applicationId", &input.application_id)?;
        let discarded = scope.service.discard_draft(scope.viewer()?, application, key(&input.idempotency_key)?).await;
        Ok(DonePayload::of(refused(scope, discarded)?))
    }

    /// Keeps what was typed, right or not; nothing typed is ever lost.
    async fn save_draft(&self, ctx: &Context<'_>, input: SaveDraftInput) -> Result<SaveDraftPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let application = Kind::Application.uuid("applicationId", &input.application_id)?;
        let key = input.idempotency_key.as_deref().map(key).transpose()?;
        let (values, expected, form) = (object(input.values)?, input.expected_revision, input.form.as_deref());
        let saved = match scope.service.save_draft(viewer, application, form, values, expected, key).await {
            Err(service::Error::Conflict) => {
                let current = scope.service.current_draft(viewer, application, form).await;
                let (application, draft) = current.map_err(|error| scope.fault(&error))?;
                let application = Application::from(application);
                return Ok(SaveDraftPayload {
                    draft: application.draft_shown(draft),
                    application: Some(application),
                    values: None,
                    kept_values: None,
                    refusals: refusals(vec![stale_draft()]),
                });
            }
            saved => saved,
        };
        Ok(match refused(scope, saved)? {
            Ok((application, draft)) => {
                let application = Application::from(application);
                SaveDraftPayload {
                    values: Some(async_graphql::Json(Value::Object(draft.values.clone()))),
                    kept_values: Some(async_graphql::Json(Value::Object(draft.kept.clone()))),
                    draft: application.draft_shown(draft),
                    application: Some(application),
                    refusals: Vec::new(),
                }
            }
            Err(reasons) => SaveDraftPayload {
                application: None,
                draft: None,
                values: None,
                kept_values: None,
                refusals: refusals(reasons),
            },
        })
    }

    /// Puts an uploaded file into a document slot of the draft.
    async fn attach_document(
        &self,
        ctx: &Context<'_>,
        input: AttachDocumentInput,
    ) -> Result<AttachDocumentPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let application = Kind::Application.uuid("applicationId", &input.application_id)?;
        let file = Kind::File.uuid("fileId", &input.file_id)?;
        let (key, form) = (key(&input.idempotency_key)?, input.form.as_deref());
        let attached =
            scope.service.attach_document(viewer, application, form, (&input.slot, &input.rows), file, key).await;
        Ok(AttachDocumentPayload::of(refused(scope, attached)?, |(application, _)| application.into()))
    }

    /// Takes a file out of a document slot of the draft, and with it what it proves.
    async fn detach_document(
        &self,
        ctx: &Context<'_>,
        input: DetachDocumentInput,
    ) -> Result<DetachDocumentPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let application = Kind::Application.uuid("applicationId", &input.application_id)?;
        let file = Kind::File.uuid("fileId", &input.file_id)?;
        let (key, form) = (Some(key(&input.idempotency_key)?), input.form.as_deref());
        let detached = scope.service.detach_document(viewer, application, form, &input.slot, file, key).await;
        Ok(DetachDocumentPayload::of(refused(scope, detached)?, Application::from))
    }

    /// The one way to move a case.
    async fn perform_action(
        &self,
        ctx: &Context<'_>,
        input: PerformActionInput,
    ) -> Result<PerformActionPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let application = Kind::Application.uuid("applicationId", &input.application_id)?;
        let idempotency_key = key(&input.idempotency_key)?.to_owned();
        match scope.service.act(viewer, application, input.act()?, &idempotency_key).await {
            Ok(performed) => {
                let event = Event::new(&performed.application.program, performed.event);
                let application = performed.application.into();
                Ok(PerformActionPayload::Performed(ActionPerformed { application, event }))
            }
            Err(service::Error::Refused(reasons)) => {
                Ok(PerformActionPayload::Refused(ActionRefused { refusals: refusals(reasons) }))
            }
            Err(service::Error::Stale(application)) => {
                Ok(PerformActionPayload::Stale(StaleVersion { application: (*application).into() }))
            }
            Err(error) => Err(scope.fault(&error)),
        }
    }

    /// Says which member of staff takes care of a case.
    async fn assign_application(
        &self,
        ctx: &Context<'_>,
        input: AssignApplicationInput,
    ) -> Result<AssignApplicationPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let application = Kind::Application.uuid("applicationId", &input.application_id)?;
        let assignee = input.assignee.map(|id| Kind::Account.uuid("assignee", &id)).transpose()?;
        let key = key(&input.idempotency_key)?;
        let assigned = scope.service.assign(viewer, application, assignee, key).await;
        Ok(AssignApplicationPayload::of(refused(scope, assigned)?, Application::from))
    }

    /// The award explained; nothing is stored.
    async fn preview_amount(
        &self,
        ctx: &Context<'_>,
        input: PreviewAmountInput,
    ) -> Result<PreviewAmountPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        input.idempotency_key.as_deref().map(key).transpose()?;
        let application = Kind::Application.uuid("applicationId", &input.application_id)?;
        let values = object(input.values)?;
        let preview = scope.service.preview_amount(viewer, application, input.form.as_deref(), &values).await;
        Ok(match refused(scope, preview)? {
            Ok((award, refusals)) => PreviewAmountPayload { award, refusals },
            Err(refusals) => PreviewAmountPayload { award: None, refusals },
        })
    }
}
