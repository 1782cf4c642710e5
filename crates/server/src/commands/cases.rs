//! `apply` and `act`: an application begun, and one move of one case, by the same way as everybody's.

use std::path::Path;

use casework::{Act, FieldMark};
use serde_json::{Value, json};
use service::{Application, Error, Viewer};

use super::tell;
use crate::cli::{ActArgs, ApplyArgs, Common};
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

pub async fn apply(common: &Common, args: &ApplyArgs) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let service = &installation.service;
    let viewer = service.viewer_by_email(&args.actor).await?;
    let business = graphql::key_of(&args.business)
        .ok_or_else(|| Failure::misuse(format!("{} is no identifier of a business", args.business)))?;
    let values = values(args.values.as_deref())?;
    let started = service.start_application(&viewer, &args.program, business, &installation.fresh_key()).await?;
    service.save_draft(&viewer, started.case.id, None, values, None, None).await?;
    attach(&installation, &viewer, &started, None, &args.document).await?;
    tell(common, &json!({ "id": started.case.id, "state": started.case.state }), || started.case.id.to_string())
}

pub async fn act(common: &Common, args: &ActArgs) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let service = &installation.service;
    let viewer = service.viewer_by_email(&args.actor).await?;
    let found = match graphql::key_of(&args.number) {
        Some(id) => service.application(&viewer, id).await?,
        None => service.application_by_number(&viewer, &args.number).await?,
    };
    let application = found.ok_or_else(|| Failure::refused(format!("there is no application {}", args.number)))?;
    if !args.document.is_empty() {
        let form = application.program.action(&args.action).and_then(|action| action.rule.form.as_deref());
        let form = form.ok_or_else(|| Failure::misuse(format!("{} takes no documents", args.action)))?;
        attach(&installation, &viewer, &application, Some(form), &args.document).await?;
    }
    let act = Act {
        action: args.action.clone(),
        expected_version: args.expected_version.unwrap_or(application.case.version),
        values: values(args.values.as_deref())?,
        marks: args.mark.iter().map(|mark| field_mark(mark)).collect::<Outcome<_>>()?,
        comment: args.comment.clone(),
        procedure: args.procedure.as_deref().map(procedure).transpose()?,
    };
    let key = args.idempotency_key.clone().unwrap_or_else(|| installation.fresh_key());
    let performed = match service.act(&viewer, application.case.id, act, &key).await {
        Ok(performed) => performed,
        Err(Error::Stale(now)) => {
            return Err(Failure::Refused {
                message: format!("the case has moved on: it is {} at version {}", now.case.state, now.case.version),
                details: json!({ "code": "stale_version", "version": now.case.version, "state": now.case.state }),
            });
        }
        Err(error) => return Err(error.into()),
    };
    let case = &performed.application.case;
    let answer = json!({
        "number": case.body.numbers.get("application"), "id": case.id, "version": case.version, "state": case.state,
        "event": { "sequence": performed.event.event.sequence, "stage": performed.event.event.stage.as_str() },
    });
    tell(common, &answer, || {
        let label = performed.application.program.state(&case.state).map_or("", |state| state.label.ja.as_str());
        let next = next_signer(&performed.application).map(|next| format!("\nnext: {next}")).unwrap_or_default();
        format!("{}: {} → {} {label} (version {}){next}", args.number, args.action, case.state, case.version)
    })
}

/// The position whose turn it is to sign, e.g. `finance_manager 財政課長`.
fn next_signer(application: &Application) -> Option<String> {
    let position = application.case.body.standing.waits_on.as_deref()?.strip_prefix("position:")?;
    let title = application.municipality.positions.get(position).map_or("", |rule| rule.name.ja.as_str());
    Some(format!("{position} {title} signs"))
}

/// Puts files into the draft of a form.
async fn attach(
    installation: &Installation,
    viewer: &Viewer,
    application: &Application,
    form: Option<&str>,
    documents: &[String],
) -> Outcome {
    let service = &installation.service;
    for document in documents {
        let (slot, path) = document
            .split_once('=')
            .ok_or_else(|| Failure::misuse(format!("write a document as NAME=FILE, not `{document}`")))?;
        let path = Path::new(path);
        let bytes = std::fs::read(path).map_err(|error| Failure::misuse(format!("{}: {error}", path.display())))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let file = service.upload(viewer, &name, bytes).await?.id;
        service
            .attach_document(viewer, application.case.id, form, (slot, &[]), file, &installation.fresh_key())
            .await?;
    }
    Ok(())
}

fn values(text: Option<&str>) -> Outcome<serde_json::Map<String, Value>> {
    let file = text
        .and_then(|text| text.strip_prefix('@'))
        .map(|path| std::fs::read_to_string(path).map_err(|error| Failure::misuse(format!("{path}: {error}"))));
    let text = match file {
        Some(read) => Some(read?),
        None => text.map(str::to_owned),
    };
    match text.as_deref().map(serde_json::from_str).transpose() {
        Ok(None) => Ok(serde_json::Map::new()),
        Ok(Some(Value::Object(values))) => Ok(values),
        Ok(Some(_)) => Err(Failure::misuse("--values is a JSON object")),
        Err(error) => Err(Failure::misuse(format!("--values is no JSON: {error}"))),
    }
}

fn procedure(text: &str) -> Outcome<uuid::Uuid> {
    graphql::key_of(text).ok_or_else(|| Failure::misuse(format!("{text} is no identifier of a procedure")))
}

fn field_mark(text: &str) -> Outcome<FieldMark> {
    let (field, remark) = text.split_once('=').ok_or_else(|| Failure::misuse("write a mark as FIELD=REMARK"))?;
    Ok(FieldMark { field: field.to_owned(), remark: remark.to_owned() })
}
