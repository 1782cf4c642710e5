//! The page of one case: where it stands, what comes next and until when, what the visitor can do, what has happened.

use askama::Template;
use casework::history::Stage;
use casework::{Pending, Unlocked};
use program::definition::{Municipality, Role, StateKind};
use program::{Form, Program};
use service::{Application, AvailableAction, Colleague, LineState, PaymentView};
use vocabulary::{Instant, day_in_japan};

use super::desk::{approval, href};
use super::review::{NoteShown, notes};
use crate::forms::{AwardShown, Choice, facts};
use crate::place::Inquiries;
use crate::standing::{office_due, role_name, waits_for};
use crate::visit::{Frame, Page, Visit, Wrong, id, not_found};

/// In place of a colleague that a case is given to.
pub(crate) const ME: &str = "me";
pub(crate) const NOBODY: &str = "nobody";

/// Before the name of the action that was done just now.
pub(super) const ACTED: &str = "acted.";

/// Mails on the page, the newest ones; all are shown when they are asked for.
const MAILS: usize = 8;

/// Events on the page.
const EVENTS: usize = 100;

#[derive(Template)]
#[template(path = "cases/one.html")]
struct One {
    frame: Frame,
    place: String,
    program: String,
    fiscal_year: String,
    business: String,
    number: Option<String>,
    state: String,
    steps: Vec<Step>,
    next: String,
    /// What the applicant does next, by its name.
    next_action: Option<String>,
    /// What was written with the last step.
    said: Option<String>,
    /// 収受日 of what came on paper.
    paper: Option<String>,
    /// 問合せ先, for the applicant.
    inquiries: Option<String>,
    deadlines: Vec<String>,
    correction: Option<Correction>,
    /// Who takes care of it; of the office only.
    care: Option<Care>,
    /// The office's notes; none for anybody else.
    notes: Vec<NoteShown>,
    /// Its address, and the key of the next note.
    case: String,
    key: String,
    /// The visitor handles the case, and does not only look at it.
    writes: bool,
    /// Nothing was handed in yet: it can be taken away.
    discards: bool,
    note: String,
    /// HTML; empty unless the visitor's office is deciding.
    approval: String,
    actions: Vec<Offered>,
    /// The first of them is what comes next: it waits for the visitor's side.
    yours: bool,
    amounts: Vec<Amount>,
    payments: Vec<Payment>,
    procedures: Vec<String>,
    letters: Vec<Letter>,
    forms: Vec<Submitted>,
    mails: Vec<Mail>,
    /// Mails before those.
    older_mails: Option<String>,
    events: Vec<Event>,
}

/// Who takes care of a case, and what the visitor can do about it.
struct Care {
    now: String,
    /// `me` or `nobody`
    to: &'static str,
    button: &'static str,
    colleagues: Vec<Choice>,
    action: String,
    key: String,
}

/// A step of the bar at the top.
struct Step {
    label: &'static str,
    past: bool,
    here: bool,
}

struct Correction {
    message: String,
    /// Field and remark.
    marks: Vec<(String, String)>,
}

struct Offered {
    label: String,
    href: String,
    permitted: bool,
    reasons: Vec<String>,
}

struct Amount {
    label: String,
    yen: String,
    award: AwardShown,
}

struct Payment {
    ordered: String,
    yen: String,
    state: String,
}

struct Letter {
    id: String,
    title: String,
    about: String,
    ready: bool,
}

pub(super) struct Submitted {
    pub label: String,
    pub at: String,
    /// HTML
    pub facts: String,
}

struct Mail {
    subject: String,
    at: String,
    text: String,
}

struct Event {
    at: String,
    label: String,
    comment: Option<String>,
    who: String,
    state: String,
}

pub(crate) async fn one(visit: &Visit<'_>, case: &str) -> Page {
    let viewer = visit.viewer()?;
    let application = visit.service.application(viewer, id(case)?).await?.ok_or_else(not_found)?;
    let (case, program) = (&application.case, &application.program);
    let mut offered = visit.service.available_actions(viewer, std::slice::from_ref(&application)).await?;
    let mut actions = offered.pop().unwrap_or_default();
    actions.sort_by_key(|action| aside(program, action));
    let letters = visit.service.letters_of(&[case.id]).await?.remove(&case.id).unwrap_or_default();
    let mut mails = visit.service.messages_of(viewer, &[case.id]).await?.remove(&case.id).unwrap_or_default();
    let older = mails.len().saturating_sub(MAILS);
    let older = if visit.asked.parameter("mails") == "all" { 0 } else { older };
    mails.drain(..older);
    let history = visit.service.history(viewer, case.id, EVENTS, None).await?;
    let state = program.state(&case.state);
    let state_label = state.map(|state| visit.say(&state.label).to_owned()).unwrap_or_default();
    let title = visit.say(&program.definition().program.title);
    let is_draft = state.is_some_and(|state| state.kind == StateKind::Drafting) && case.head.sequence == 0;
    let acted = visit.noted().and_then(|code| code.strip_prefix(ACTED));
    let mut frame = visit.frame(title);
    if let Some(name) = acted {
        frame.notice = Some(done(visit, &application, name));
    }
    let page = One {
        frame,
        place: visit.say(&application.municipality.name).to_owned(),
        program: visit.t.version(application.program_version),
        fiscal_year: case.call.fiscal_year.name(visit.locale),
        business: case.business.name.clone(),
        number: case.body.numbers.get("application").cloned(),
        state: state_label,
        steps: steps(visit, &application),
        next: what_next(visit, &application),
        next_action: next_action(visit, &application, &actions),
        said: history.items.last().and_then(|(_, newest)| newest.event.comment.clone()),
        paper: case.body.paper.as_ref().map(|paper| visit.day(paper.received_on)),
        inquiries: (!visit.is_staff())
            .then(|| Inquiries::of(visit, &application.municipality))
            .flatten()
            .map(|office| office.to_string()),
        deadlines: deadlines(visit, &application),
        correction: case.body.unlocked.as_ref().map(|unlocked| correction(visit, program, unlocked)),
        care: care(visit, &application).await?,
        notes: notes(visit, &application).await?,
        case: format!("/applications/{}", case.id),
        key: visit.key(),
        writes: visit.viewer()?.person.handles_cases_of(&case.municipality),
        discards: is_draft && casework::acting_role(&viewer.actor(), case, &[Role::Applicant]).is_some(),
        note: String::new(),
        approval: approval(visit, &application).await?,
        actions: actions.iter().map(|action| shown_action(visit, &application, action)).collect(),
        yours: visit.is_staff() || case.body.standing.waits_on.as_deref() == Some(Role::Applicant.as_str()),
        amounts: amounts(visit, &application),
        payments: payments(visit, &application).await?,
        procedures: procedures(visit, &application),
        letters: letters
            .into_iter()
            .map(|letter| Letter {
                id: letter.id.to_string(),
                title: visit.say(&letter.title).to_owned(),
                about: format!("{} {}", letter.number.unwrap_or_default(), date(visit, letter.issued_at)),
                ready: letter.html.is_some(),
            })
            .collect(),
        forms: submitted(visit, &application),
        mails: mails
            .into_iter()
            .map(|mail| Mail { subject: mail.subject, at: visit.time(mail.queued_at), text: mail.text })
            .collect(),
        older_mails: (older > 0).then(|| visit.t.older_mails(older)),
        events: history
            .items
            .into_iter()
            .rev()
            .map(|(_, view)| Event {
                at: visit.time(view.event.at),
                label: match view.event.stage {
                    Stage::Drafted => format!("{} ({})", visit.say(&view.label), visit.t.drafted()),
                    _ => visit.say(&view.label).to_owned(),
                },
                comment: view.event.comment,
                who: view.actor_name,
                state: state_named(visit, program, &view.event.to),
            })
            .collect(),
    };
    Ok(visit.page(&page))
}

/// Takes away what was never handed in.
pub(crate) async fn discard(visit: &Visit<'_>, case: &str) -> Page {
    visit.service.discard_draft(visit.viewer()?, id(case)?, visit.asked.field("key")).await?;
    Ok(visit.done("/applications", "discarded"))
}

/// That an action was done, or that a decision waits to be signed now.
fn done(visit: &Visit<'_>, application: &Application, action: &str) -> String {
    if action == casework::SIGN {
        let next = application.case.body.pending.as_ref().and_then(Pending::next);
        let next = next.map(|signing| match application.municipality.positions.get(&signing.position) {
            Some(position) => visit.say(&position.name),
            None => &signing.position,
        });
        return visit.t.was_signed(next);
    }
    let label = application.program.action(action).map(|action| visit.say(&action.rule.label));
    let drafted = application.case.body.pending.as_ref().is_some_and(|pending| pending.action == action);
    match label {
        Some(label) if drafted => visit.t.was_drafted(label),
        Some(label) => visit.t.was_done(label),
        None => visit.t.done().to_owned(),
    }
}

async fn care(visit: &Visit<'_>, application: &Application) -> Result<Option<Care>, Wrong> {
    let (t, viewer) = (visit.t, visit.viewer()?);
    let place = &application.case.municipality;
    if !viewer.person.is_staff_of(place) {
        return Ok(None);
    }
    let colleagues = visit.service.colleagues(viewer, place).await?;
    let mine = application.assignee == Some(viewer.person.id);
    let now = match application.assignee {
        Some(_) if mine => t.assigned_to_you().to_owned(),
        Some(other) => {
            let name =
                colleagues.iter().find(|colleague| colleague.id == other).map(|colleague| colleague.name.as_str());
            t.assigned_to(name)
        }
        None => t.unassigned().to_owned(),
    };
    let (to, button) = if mine { (NOBODY, t.hand_back()) } else { (ME, t.take_on()) };
    let action = format!("/applications/{}/assign", application.case.id);
    let others = colleagues.iter().filter(|colleague| colleague.id != viewer.person.id);
    let colleagues = others.map(|colleague| colleague_choice(visit, &application.municipality, colleague)).collect();
    Ok(Some(Care { now, to, button, colleagues, action, key: visit.key() }))
}

/// With what they are, as there may be many of them.
pub(crate) fn colleague_choice(visit: &Visit<'_>, place: &Municipality, colleague: &Colleague) -> Choice {
    let positions = colleague.positions.iter().filter_map(|name| place.positions.get(name));
    let mut what: Vec<&str> = positions.map(|position| visit.say(&position.name)).collect();
    if what.is_empty() {
        what.extend(colleague.roles.iter().map(|role| role_name(visit.t, *role)));
    }
    let label = format!("{} ({})", colleague.name, what.join(visit.t.comma()));
    Choice { value: colleague.id.to_string(), label, chosen: false }
}

fn date(visit: &Visit<'_>, at: Instant) -> String {
    visit.day(day_in_japan(at))
}

pub(super) fn state_named(visit: &Visit<'_>, program: &Program, name: &str) -> String {
    program.any_state(name).map_or_else(|| name.to_owned(), |state| visit.say(&state.label).to_owned())
}

fn shown_action(visit: &Visit<'_>, application: &Application, action: &AvailableAction) -> Offered {
    let label = visit.say(&action.label);
    Offered {
        label: action
            .form
            .as_ref()
            .map_or_else(|| label.to_owned(), |form| visit.t.fill_in(label, visit.say(&form.label))),
        href: href(application.case.id, action, None),
        permitted: action.permitted,
        reasons: action.reasons.iter().map(|reason| visit.say(&reason.message).to_owned()).collect(),
    }
}

/// What goes on comes first, then what begins something beside it or ends it, and at last what cannot be done now.
fn aside(program: &Program, action: &AvailableAction) -> (bool, bool) {
    let rule = program.action(&action.name);
    let begins = rule.is_some_and(|found| found.rule.opens().is_some());
    let to = rule.and_then(|found| program.state(found.rule.to.as_ref()?));
    let ends = to.is_some_and(|state| state.kind.is_end() && state.kind != StateKind::ClosedPaid);
    (!action.permitted, begins || ends)
}

fn next_action(visit: &Visit<'_>, application: &Application, actions: &[AvailableAction]) -> Option<String> {
    let waits = application.case.body.standing.waits_on.as_deref() == Some(Role::Applicant.as_str());
    let first = actions.first().filter(|action| waits && !visit.is_staff() && action.permitted)?;
    Some(visit.say(&first.label).to_owned())
}

/// The stages that every case of the program goes through, as far as its archetype has them.
fn steps(visit: &Visit<'_>, application: &Application) -> Vec<Step> {
    let t = visit.t;
    let archetype = &application.program.definition().archetype;
    let stages = [
        (StateKind::Drafting, t.stage_drafting()),
        (StateKind::WithOffice, t.stage_review()),
        (StateKind::InProject, t.stage_project()),
        (StateKind::AwaitingPayment, t.stage_payment()),
        (StateKind::ClosedPaid, t.stage_done()),
    ];
    let there = stages.iter().filter(|(kind, _)| archetype.states.values().any(|state| state.kind == *kind));
    let kind = application.program.state(&application.case.state).map(|state| state.kind);
    let here = match kind {
        // After the decision the office looks at the report while the project stage lasts.
        Some(StateKind::WithApplicant | StateKind::WithOffice) if decided(application) => Some(StateKind::InProject),
        Some(StateKind::WithApplicant) => Some(StateKind::WithOffice),
        kind => kind,
    };
    if kind == Some(StateKind::ClosedUnpaid) {
        let mut steps: Vec<Step> = there.take(1).map(|(_, label)| Step { label, past: true, here: false }).collect();
        steps.push(Step { label: t.stage_ended(), past: false, here: true });
        return steps;
    }
    let mut past = true;
    there
        .map(|(stage, label)| {
            let here = here == Some(*stage);
            past &= !here;
            Step { label, past, here }
        })
        .collect()
}

/// Whether the case has been in a project once: a decision's date is on record.
fn decided(application: &Application) -> bool {
    let archetype = &application.program.definition().archetype;
    let in_project = archetype.states.values().any(|state| state.kind == StateKind::InProject);
    in_project && application.case.body.dates.keys().any(|name| name.starts_with("decision."))
}

fn what_next(visit: &Visit<'_>, application: &Application) -> String {
    let t = visit.t;
    let Some(state) = application.program.state(&application.case.state) else { return String::new() };
    if state.kind.is_end() {
        return t.next_nothing().to_owned();
    }
    if let Some(signing) = application.case.body.pending.as_ref().filter(|_| visit.is_staff()).and_then(Pending::next) {
        let position = application.municipality.positions.get(&signing.position);
        return t.next_signature(position.map_or(&signing.position, |position| visit.say(&position.name)));
    }
    match state.waits_on {
        Some(Role::Applicant) if visit.is_staff() => t.next_applicant().to_owned(),
        Some(Role::Applicant) if state.kind == StateKind::InProject => t.next_project().to_owned(),
        Some(Role::Applicant) => t.next_yours().to_owned(),
        Some(Role::Treasury) => t.next_transfer().to_owned(),
        _ => {
            let colleague = visit.is_staff().then(|| waits_for(visit, application)).filter(|role| !role.is_empty());
            let day = office_due(application).map(|day| visit.day(day));
            match (colleague, day) {
                (Some(role), day) => t.next_colleague_until(&role, day.as_deref()),
                (None, Some(day)) => t.next_office_until(&day),
                (None, None) => t.next_office().to_owned(),
            }
        }
    }
}

fn deadlines(visit: &Visit<'_>, application: &Application) -> Vec<String> {
    let today = day_in_japan(visit.service.now());
    let beside = application.case.body.procedures.iter().filter(|beside| beside.open).filter_map(|beside| {
        let label = application.program.procedure(&beside.name).map(|rule| visit.say(&rule.label).to_owned());
        Some((label, beside.deadline.as_ref()?))
    });
    let own = application.case.body.deadline.iter().map(|deadline| (None, deadline));
    // A draft is handed in while its call is open.
    let draft = application.case.head.sequence == 0;
    let call = application.case.call.closes.filter(|_| draft);
    let call = call.map(|day| visit.t.until(&visit.day(day), (day - today).num_days()));
    let told = own.chain(beside).map(|(label, deadline)| {
        let left = (deadline.day - today).num_days();
        let label = label.map(|label| format!("{label}: ")).unwrap_or_default();
        format!("{label}{}", visit.t.until(&visit.day(deadline.day), left))
    });
    call.into_iter().chain(told).collect()
}

fn correction(visit: &Visit<'_>, program: &Program, unlocked: &Unlocked) -> Correction {
    let form = program.form(&unlocked.form);
    let marks = unlocked.marks.iter();
    let marks = marks.map(|mark| (label_of(visit, form, &mark.field), mark.remark.clone())).collect();
    Correction { message: unlocked.message.clone(), marks }
}

/// What people call a field or a document slot.
pub(super) fn label_of(visit: &Visit<'_>, form: Option<&Form>, path: &str) -> String {
    let found = form.and_then(|form| match path.strip_prefix("documents.") {
        Some(slot) => form.documents.iter().find(|asked| asked.name == slot).map(|asked| &asked.label),
        None => form.fields.get(path.split(['[', '.']).next()?).map(|field| &field.rule.label),
    });
    found.map_or_else(|| path.to_owned(), |label| visit.say(label).to_owned())
}

fn amounts(visit: &Visit<'_>, application: &Application) -> Vec<Amount> {
    let frozen = &application.case.body.amounts;
    let rules = application.program.definition().archetype.amounts.iter();
    let there = rules.filter_map(|(name, rule)| Some((rule, frozen.get(name)?)));
    there
        .map(|(rule, frozen)| Amount {
            label: visit.say(&rule.label).to_owned(),
            yen: frozen.yen.to_string(),
            award: AwardShown::of(&frozen.award, visit.locale),
        })
        .collect()
}

async fn payments(visit: &Visit<'_>, application: &Application) -> Result<Vec<Payment>, Wrong> {
    if application.case.body.payments.is_empty() {
        return Ok(Vec::new());
    }
    let t = visit.t;
    let shown = |payment: PaymentView| Payment {
        ordered: date(visit, payment.ordered_at),
        yen: payment.amount.to_string(),
        state: match (payment.state, payment.transfer_date.map(|day| visit.day(day))) {
            (LineState::Paid, Some(day)) => t.transferred_on(&day),
            (LineState::Paid, None) => t.transferred().to_owned(),
            (LineState::Returned, _) => t.transfer_came_back().to_owned(),
            (LineState::InBatch, Some(day)) => t.transfer_planned(&day),
            (LineState::Ordered | LineState::InBatch, _) => t.transfer_prepared().to_owned(),
        },
    };
    Ok(visit.service.payments_of(visit.viewer()?, application.case.id).await?.into_iter().map(shown).collect())
}

fn procedures(visit: &Visit<'_>, application: &Application) -> Vec<String> {
    let beside = application.case.body.procedures.iter();
    let line = |beside: &casework::ProcedureCase| {
        let label = application.program.procedure(&beside.name).map(|rule| visit.say(&rule.label));
        let state = state_named(visit, &application.program, &beside.state);
        format!("{} ({}) — {state}", label.unwrap_or(&beside.name), date(visit, beside.opened_at))
    };
    beside.map(line).collect()
}

pub(super) fn submitted(visit: &Visit<'_>, application: &Application) -> Vec<Submitted> {
    let body = &application.case.body;
    let beside = body.procedures.iter().flat_map(|beside| &beside.forms);
    let mut all: Vec<_> = body.forms.iter().chain(beside).collect();
    all.sort_by_key(|(_, submission)| submission.at);
    all.into_iter()
        .filter_map(|(name, submission)| {
            let form = application.program.form(name)?;
            let mut values = submission.values.clone();
            values.extend(body.amended.get(name).cloned().unwrap_or_default());
            Some(Submitted {
                label: visit.say(&form.label).to_owned(),
                at: visit.time(submission.at),
                facts: facts(visit.t, form, &values, &submission.documents),
            })
        })
        .collect()
}
