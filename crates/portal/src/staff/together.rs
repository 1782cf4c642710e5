//! One action in many cases: chosen in a list, each shown with what stands in its way, and at the end what came of each.

use std::collections::BTreeSet;

use askama::Template;
use casework::Act;
use indexmap::IndexMap;
use poem::http::{Method, StatusCode};
use program::definition::{FieldType, Name};
use program::{FormField, Program};
use serde_json::Map;
use service::{Application, AvailableAction, Error, MOST_TOGETHER};
use uuid::Uuid;

use super::{assignee, must_be_staff};
use crate::cases::{self, ME, NOBODY, colleague_choice};
use crate::forms::{Choice, Drawing, FieldBox, Said, Told, VALUE, field, given, head, read};
use crate::listing::number;
use crate::standing::state_of;
use crate::text;
use crate::visit::{Frame, Page, Visit, Wrong, id};

/// What is written beside an action that asks for a reason.
const COMMENT: &str = "comment";
/// In place of an action: who takes care of the cases.
const ASSIGN: &str = "assign";

#[derive(Template)]
#[template(path = "staff/together.html")]
struct Choose {
    frame: Frame,
    chosen: Vec<Chosen>,
    /// Value and label of each button.
    actions: Vec<(String, String)>,
    colleagues: Vec<Choice>,
    key: String,
}

#[derive(Template)]
#[template(path = "staff/together_confirm.html")]
struct Confirm {
    frame: Frame,
    errors: Vec<Said>,
    back: String,
    action: String,
    chosen: Vec<Chosen>,
    fields: Vec<FieldBox>,
    button: String,
    key: String,
    possible: bool,
}

#[derive(Template)]
#[template(path = "staff/together_done.html")]
struct Done {
    frame: Frame,
    lead: String,
    outcomes: Vec<Outcome>,
    /// Where those that were not handled can be.
    rest: Option<String>,
}

/// A case among those that were chosen.
struct Chosen {
    id: String,
    version: i64,
    number: String,
    business: String,
    program: String,
    state: String,
    /// Why not; empty when the action can be taken.
    reasons: Vec<String>,
    /// HTML: what is signed.
    detail: String,
}

struct Outcome {
    id: String,
    number: String,
    business: String,
    done: bool,
    lines: Vec<String>,
}

/// An action that can be taken in several cases at once: it takes in no form and marks no fields.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Kind {
    name: Name,
    /// Its inputs are those of one version of one program; empty where it has none.
    program: String,
}

impl Kind {
    /// As it stands in an address.
    fn key(&self) -> String {
        format!("{}.{}", self.name, self.program)
    }

    fn of(application: &Application, action: &AvailableAction) -> Option<Self> {
        let rule = application.program.action(&action.name);
        let takes_form = rule.is_some_and(|rule| rule.rule.form.is_some());
        if takes_form || action.marks.is_some() || action.procedure.is_some() {
            return None;
        }
        let program = match inputs(&application.program, &action.name) {
            inputs if inputs.is_empty() => String::new(),
            _ => application.case.program_hash.clone(),
        };
        Some(Self { name: action.name.clone(), program })
    }
}

fn inputs(program: &Program, action: &str) -> IndexMap<Name, FormField> {
    program.action(action).map(|action| action.input.clone()).unwrap_or_default()
}

/// The cases that were chosen, as far as the visitor may know of them, each with what it offers.
async fn chosen(visit: &Visit<'_>, ids: &[Uuid]) -> Result<Vec<(Application, Vec<AvailableAction>)>, Wrong> {
    let viewer = visit.viewer()?;
    if ids.len() > MOST_TOGETHER {
        return Err(Error::bad_input(
            "case",
            "まとめて処理できるのは100件までです",
            "At most 100 cases can be handled together",
        )
        .into());
    }
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(visit.service.application(viewer, *id).await?);
    }
    let offered = visit.service.available_actions(viewer, &found).await?;
    Ok(found.into_iter().zip(offered).collect())
}

fn ids<'a>(pairs: impl Iterator<Item = &'a (String, String)>) -> Result<Vec<Uuid>, Wrong> {
    let mut ids =
        pairs.filter(|(name, _)| name == "case").map(|(_, value)| id(value)).collect::<Result<Vec<_>, _>>()?;
    ids.sort();
    ids.dedup();
    Ok(ids)
}

fn shown(visit: &Visit<'_>, application: &Application) -> Chosen {
    Chosen {
        id: application.case.id.to_string(),
        version: application.case.version,
        number: number(application),
        business: application.case.business.name.clone(),
        program: visit.say(&application.program.definition().program.title).to_owned(),
        state: state_of(visit, application),
        reasons: Vec::new(),
        detail: String::new(),
    }
}

/// What can be done to the chosen cases; or, once an action is chosen, what it means for each of them.
pub(crate) async fn page(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let all = chosen(visit, &ids(visit.asked.query.iter())?).await?;
    match visit.asked.parameter("action") {
        "" => choose(visit, &all).await,
        action => confirm(visit, &all, action, StatusCode::OK, &Told::default()).await,
    }
}

async fn choose(visit: &Visit<'_>, all: &[(Application, Vec<AvailableAction>)]) -> Page {
    let t = visit.t;
    let programs: BTreeSet<&str> = all.iter().map(|(application, _)| application.program.name()).collect();
    let mut kinds: IndexMap<Kind, (String, usize, BTreeSet<&str>)> = IndexMap::new();
    for (application, offered) in all {
        for action in offered {
            let Some(kind) = Kind::of(application, action) else { continue };
            let (_, count, titles) =
                kinds.entry(kind).or_insert_with(|| (visit.say(&action.label).to_owned(), 0, BTreeSet::new()));
            if action.permitted {
                *count += 1;
                titles.insert(visit.say(&application.program.definition().program.title));
            }
        }
    }
    // Where the cases are of several programs, each action says of which.
    let actions = kinds.into_iter().filter(|(_, (_, count, _))| *count > 0).map(|(kind, (label, count, of))| {
        let of = of.into_iter().collect::<Vec<_>>().join(t.comma());
        let label = if programs.len() > 1 { format!("{label} — {of}") } else { label };
        (kind.key(), t.in_cases(&label, count))
    });
    let mut colleagues = Vec::new();
    if visit.handles_cases() {
        colleagues.extend([choice(ME, t.myself()), choice(NOBODY, t.nobody())]);
        let places: Vec<&Name> = all.iter().map(|(application, _)| &application.case.municipality).collect();
        if let Some(place) = places.first().filter(|first| places.iter().all(|place| place == *first)) {
            let found = visit.service.colleagues(visit.viewer()?, place).await?;
            let place = visit.service.municipality_named(place).await?;
            colleagues.extend(found.iter().map(|colleague| colleague_choice(visit, &place, colleague)));
        }
    }
    let page = Choose {
        frame: visit.frame(t.together()),
        chosen: all.iter().map(|(application, _)| shown(visit, application)).collect(),
        actions: actions.collect(),
        colleagues,
        key: visit.key(),
    };
    Ok(visit.page(&page))
}

fn choice(value: &str, label: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), chosen: false }
}

/// The action in one of the cases that offers it, and the action's inputs.
fn sample<'a>(
    all: &'a [(Application, Vec<AvailableAction>)],
    key: &str,
) -> Option<(&'a AvailableAction, IndexMap<Name, FormField>)> {
    let mut offering =
        all.iter().filter_map(|(application, offered)| Some((application, of_kind(application, offered, key)?)));
    let (application, action) = offering.next()?;
    let mut inputs = inputs(&application.program, &action.name);
    if action.needs_comment {
        inputs.insert(COMMENT.to_owned(), field(FieldType::LongText, text::reason(), true));
    }
    Some((action, inputs))
}

fn of_kind<'a>(application: &Application, offered: &'a [AvailableAction], key: &str) -> Option<&'a AvailableAction> {
    offered.iter().find(|action| Kind::of(application, action).is_some_and(|kind| kind.key() == key))
}

async fn confirm(
    visit: &Visit<'_>,
    all: &[(Application, Vec<AvailableAction>)],
    key: &str,
    status: StatusCode,
    told: &Told,
) -> Page {
    let t = visit.t;
    let found = sample(all, key);
    let label = found.as_ref().map(|(action, _)| visit.say(&action.label)).unwrap_or_default();
    let drafts = all.iter().any(|(application, _)| {
        let name = key.split('.').next().unwrap_or_default();
        application.program.action(name).is_some_and(|action| action.rule.approval.is_some())
    });
    let label = if drafts { t.draft_it(label) } else { label.to_owned() };
    let mut chosen = Vec::with_capacity(all.len());
    for (application, offered) in all {
        let action = of_kind(application, offered, key);
        let reasons = match action {
            Some(action) if action.permitted => Vec::new(),
            Some(action) => action.reasons.iter().map(|reason| visit.say(&reason.message).to_owned()).collect(),
            None => {
                let of_other = key
                    .split_once('.')
                    .is_some_and(|(_, hash)| !hash.is_empty() && hash != application.case.program_hash);
                vec![if of_other { t.other_program() } else { t.not_at_this_stage() }.to_owned()]
            }
        };
        let signs = action.is_some_and(|action| action.name == casework::SIGN) && reasons.is_empty();
        let detail = if signs { cases::approval(visit, application).await? } else { String::new() };
        chosen.push(Chosen { reasons, detail, ..shown(visit, application) });
    }
    let count = chosen.iter().filter(|case| case.reasons.is_empty()).count();
    let typed = match (&found, visit.asked.method == Method::POST) {
        (Some((_, inputs)), true) => read(inputs.iter(), &visit.asked.fields),
        _ => Map::new(),
    };
    let drawing = Drawing { t, values: &typed, told, remarks: &[], asked: None, open: None, marked: None };
    let fields = found.as_ref().map(|(_, inputs)| drawing.fields(inputs.iter())).unwrap_or_default();
    let place = |path: &str| {
        let (_, inputs) = found.as_ref()?;
        let label = visit.say(&inputs.get(head(path))?.rule.label).to_owned();
        Some((format!("#{}", crate::forms::anchor(head(path))), label))
    };
    let errors = told.summary(place, visit.locale);
    let query: Vec<String> = chosen.iter().map(|case| format!("case={}", case.id)).collect();
    let page = Confirm {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(label.clone()) },
        errors,
        back: format!("/cases/together?{}", query.join("&")),
        action: key.to_owned(),
        chosen,
        fields,
        button: t.in_cases(&label, count),
        key: visit.key(),
        possible: count > 0,
    };
    Ok(visit.page_with(status, &page))
}

/// Does it, case by case. Sent twice it is done once, and both see the same.
pub(crate) async fn perform(visit: &Visit<'_>) -> Page {
    must_be_staff(visit)?;
    let (asked, viewer) = (visit.asked, visit.viewer()?);
    let key = asked.field("key");
    let all = chosen(visit, &ids(asked.fields.iter())?).await?;
    if asked.field("action") == ASSIGN {
        return assign(visit, &all, key).await;
    }
    let action = asked.field("action");
    let (name, program) = action.split_once('.').unwrap_or_default();
    // Also when nothing is offered any more, because this very form was sent before.
    let of = all.iter().find(|(application, _)| application.case.program_hash == program);
    let inputs = of.map(|(application, _)| inputs(&application.program, name)).unwrap_or_default();
    let values = given(read(inputs.iter(), &asked.fields));
    let comment = asked.field(&format!("{VALUE}{COMMENT}")).trim();
    let act = |application: &Application| Act {
        action: name.to_owned(),
        expected_version: asked.field(&format!("version.{}", application.case.id)).parse().unwrap_or_default(),
        values: values.clone(),
        marks: Vec::new(),
        comment: (!comment.is_empty()).then(|| comment.to_owned()),
        procedure: None,
    };
    // What is typed once for all of them is wrong for all of them, or for none.
    let current = all.iter().find(|(application, offered)| {
        of_kind(application, offered, action).is_some_and(|action| action.permitted)
            && act(application).expected_version == application.case.version
    });
    if let Some((application, _)) = current {
        let mut refusals = visit.service.rehearse(viewer, application.case.id, &act(application)).await?;
        refusals.retain(|refusal| {
            refusal.path.as_deref().is_some_and(|path| head(path) == COMMENT || inputs.contains_key(head(path)))
        });
        if !refusals.is_empty() {
            return confirm(visit, &all, action, StatusCode::UNPROCESSABLE_ENTITY, &Told::of(refusals)).await;
        }
    }
    let acts = all.iter().map(|(application, _)| (application.case.id, act(application))).collect();
    let done = visit.service.act_in_each(viewer, acts, key).await?;
    let outcomes = all.iter().zip(done).map(|((application, _), outcome)| (application, outcome.map(|_| ())));
    Ok(told(visit, outcomes))
}

async fn assign(visit: &Visit<'_>, all: &[(Application, Vec<AvailableAction>)], key: &str) -> Page {
    let ids: Vec<Uuid> = all.iter().map(|(application, _)| application.case.id).collect();
    let outcomes = visit.service.assign_each(visit.viewer()?, &ids, assignee(visit)?, key).await?;
    let outcomes = all.iter().zip(outcomes).map(|((application, _), outcome)| (application, outcome.map(|_| ())));
    Ok(told(visit, outcomes))
}

fn told<'a>(
    visit: &Visit<'_>,
    outcomes: impl IntoIterator<Item = (&'a Application, Result<(), Error>)>,
) -> crate::answer::Answer {
    let t = visit.t;
    let outcomes: Vec<Outcome> = outcomes
        .into_iter()
        .map(|(application, outcome)| Outcome {
            id: application.case.id.to_string(),
            number: number(application),
            business: application.case.business.name.clone(),
            done: outcome.is_ok(),
            lines: outcome.err().map(|error| visit.why_not(&error)).unwrap_or_default(),
        })
        .collect();
    let done = outcomes.iter().filter(|outcome| outcome.done).count();
    let lead = t.handled_of(done, outcomes.len());
    let rest: Vec<String> =
        outcomes.iter().filter(|outcome| !outcome.done).map(|outcome| format!("case={}", outcome.id)).collect();
    let rest = (!rest.is_empty()).then(|| format!("/cases/together?{}", rest.join("&")));
    visit.page(&Done { frame: visit.frame(t.together()), lead, outcomes, rest })
}
