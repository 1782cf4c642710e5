//! One action of one case, as the visitor may take it: its form in parts, its own inputs, what is typed so far.

use std::collections::BTreeSet;

use askama::Template;
use casework::{Act, FieldMark, SignedHow};
use indexmap::IndexMap;
use program::definition::{Effect, FieldType, Name};
use program::{ActionRef, Form, FormField};
use serde_json::{Map, Value};
use service::{Application, AvailableAction, DraftView, ReviewResult};
use uuid::Uuid;
use vocabulary::{Bilingual, Yen};

use super::one::label_of;
use crate::forms::{
    AwardBox, AwardShown, Part, Said, Told, VALUE, anchor, cell_of, facts, given, head, parts, read, shown,
};
use crate::visit::{Visit, Wrong, id, not_found};

pub(super) struct Desk {
    pub application: Application,
    pub action: AvailableAction,
    /// The case offers it now. It may have been done already, or somebody else was faster.
    pub offered: bool,
    /// The program's form that the action takes in.
    pub form: Option<Form>,
    /// Small inputs of the action itself.
    pub inputs: IndexMap<Name, FormField>,
    pub parts: Vec<Part>,
}

/// What a page of an action says besides what is typed.
#[derive(Default)]
pub(super) struct Outcome {
    pub told: Told,
    pub message: Option<String>,
    /// What others did in the meantime.
    pub stale: Option<String>,
    /// What was typed into fields that are kept otherwise, because another page has saved them since.
    pub unsaved: Map<String, Value>,
}

/// A step of the bar over a form in parts.
pub(super) struct Step {
    pub label: String,
    pub href: String,
    pub past: bool,
    pub here: bool,
}

/// Where an action is taken; pages of its form are counted from 1.
pub(crate) fn href(case: Uuid, action: &AvailableAction, page: Option<usize>) -> String {
    let procedure = action.procedure.map(|id| format!("procedure={id}"));
    let page = page.map(|page| format!("page={page}"));
    let query: Vec<String> = [procedure, page].into_iter().flatten().collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("/applications/{case}/act/{}{query}", action.name)
}

impl Desk {
    /// # Errors
    /// `NotFound` for a case that the visitor may not know of, and for an action that there is not.
    pub async fn open(visit: &Visit<'_>, case: &str, action: &str) -> Result<Self, Wrong> {
        let application = visit.service.application(visit.viewer()?, id(case)?).await?.ok_or_else(not_found)?;
        Self::of(visit, application, action).await
    }

    /// # Errors
    /// `NotFound` for an action that there is not.
    pub async fn of(visit: &Visit<'_>, application: Application, action: &str) -> Result<Self, Wrong> {
        let mut all = visit.service.available_actions(visit.viewer()?, std::slice::from_ref(&application)).await?;
        let procedure = Uuid::try_parse(visit.asked.parameter("procedure")).ok();
        let wanted = |offered: &AvailableAction| offered.name == action && offered.procedure == procedure;
        let found = all.pop().unwrap_or_default().into_iter().find(wanted);
        let rule = application.program.action(action);
        let (offered, action) = match found {
            Some(action) => (true, action),
            None => (false, past(action, procedure, rule.as_ref())?),
        };
        let form = rule.and_then(|action| application.program.form(action.rule.form.as_deref()?)).cloned();
        let inputs = rule.map(|action| action.input.clone()).unwrap_or_default();
        let parts = form.as_ref().map(parts).unwrap_or_default();
        Ok(Self { application, action, offered, form, inputs, parts })
    }

    pub fn case_href(&self) -> String {
        format!("/applications/{}", self.application.case.id)
    }

    pub fn href(&self, page: Option<usize>) -> String {
        href(self.application.case.id, &self.action, page)
    }

    /// What the form is called; an action without one is its own title.
    pub fn title(&self, visit: &Visit<'_>) -> String {
        visit.say(self.form.as_ref().map_or(&self.action.label, |form| &form.label)).to_owned()
    }

    pub fn button(&self, visit: &Visit<'_>) -> String {
        visit.say(&self.action.label).to_owned()
    }

    pub fn program(&self, visit: &Visit<'_>) -> String {
        visit.say(&self.application.program.definition().program.title).to_owned()
    }

    /// It only drafts a decision (起案), which others sign.
    pub fn drafts(&self) -> bool {
        let rule = self.application.program.action(&self.action.name);
        self.offered && rule.is_some_and(|action| action.rule.approval.is_some())
    }

    /// The page that was asked for, from 1; else the first on which something is to be corrected.
    pub fn page(&self, asked: &str) -> usize {
        let page = asked.parse().ok().or_else(|| self.corrected_page());
        page.unwrap_or(1_usize).clamp(1, self.parts.len().max(1))
    }

    fn corrected_page(&self) -> Option<usize> {
        let open = casework::opened_by(self.form.as_ref(), self.remarks());
        let is_open = |part: &Part| match part {
            Part::Fields(names) => names.iter().any(|name| open.contains(name)),
            Part::Documents => open.iter().any(|name| name.starts_with("documents.")),
            Part::Confirm => false,
        };
        self.parts.iter().position(is_open).map(|place| place + 1)
    }

    pub fn part(&self, page: usize) -> Option<&Part> {
        self.parts.get(page.saturating_sub(1))
    }

    pub fn steps(&self, visit: &Visit<'_>, here: usize) -> Vec<Step> {
        let t = visit.t;
        let label = |part: &Part| match part {
            Part::Fields(names) => {
                let first = names.first().and_then(|name| self.form.as_ref()?.fields.get(name));
                let first = first.map(|field| visit.say(&field.rule.label)).unwrap_or_default();
                if names.len() == 1 { first.to_owned() } else { t.part(first) }
            }
            Part::Documents => t.documents().to_owned(),
            Part::Confirm => t.confirm().to_owned(),
        };
        let pages = self.parts.iter().zip(1..);
        pages
            .map(|(part, page)| Step {
                label: label(part),
                href: self.href(Some(page)),
                past: page < here,
                here: page == here,
            })
            .collect()
    }

    /// Fields and slots that may be changed; all when nothing is being corrected.
    pub fn open_fields(&self, asked: &[Name]) -> Option<BTreeSet<String>> {
        let form = self.form.as_ref()?;
        let unlocked = self.application.case.body.unlocked.as_ref().filter(|unlocked| unlocked.form == form.name)?;
        let mut open = casework::opened_by(Some(form), &unlocked.marks);
        // What a correction brings with it was not asked before, so that nothing was handed in for it.
        let earlier = self.application.case.body.forms.get(&form.name);
        let answered = |name: &Name| earlier.is_some_and(|earlier| earlier.values.contains_key(name));
        let conditional = form.fields.iter().filter(|(_, field)| field.when.is_some()).map(|(name, _)| name);
        open.extend(conditional.filter(|name| asked.contains(name) && !answered(name)).cloned());
        Some(open)
    }

    pub fn remarks(&self) -> &[FieldMark] {
        let unlocked = self.application.case.body.unlocked.as_ref();
        let ours = unlocked.filter(|unlocked| self.form.as_ref().is_some_and(|form| form.name == unlocked.form));
        ours.map(|unlocked| unlocked.marks.as_slice()).unwrap_or_default()
    }

    /// What the office wants corrected and is still as it was handed in.
    pub fn unchanged(&self, visit: &Visit<'_>, filled: &DraftView) -> Vec<String> {
        let Some(form) = &self.form else { return Vec::new() };
        let Some(earlier) = self.application.case.body.forms.get(&form.name) else { return Vec::new() };
        let is_unchanged = |mark: &&FieldMark| match mark.field.strip_prefix("documents.") {
            Some(slot) => earlier.documents.get(slot) == filled.documents.get(slot),
            None => earlier.values.get(head(&mark.field)) == filled.values.get(head(&mark.field)),
        };
        let unchanged = self.remarks().iter().filter(is_unchanged);
        unchanged.map(|mark| label_of(visit, Some(form), &mark.field)).collect()
    }

    /// What the form says now.
    ///
    /// # Errors
    /// Faults only.
    pub async fn filled_in(&self, visit: &Visit<'_>) -> Result<DraftView, Wrong> {
        match &self.form {
            Some(form) => Ok(visit.service.filled_in(visit.viewer()?, &self.application, &form.name).await?),
            None => Ok(DraftView::default()),
        }
    }

    /// The award by what is typed, where the form gives the figures for one. While there are none, a page without the
    /// costs says nothing of it.
    ///
    /// # Errors
    /// Faults only.
    pub async fn award(
        &self,
        visit: &Visit<'_>,
        values: &Map<String, Value>,
        on_page: &[Name],
    ) -> Result<Option<AwardBox>, Wrong> {
        let program = &self.application.program;
        let Some(form) = self.form.as_ref().filter(|form| program.computes_award(&form.name)) else { return Ok(None) };
        let mut costs = form.fields.iter().filter(|(_, field)| field.rule.kind == FieldType::Costs);
        let Some((table, _)) = costs.next() else { return Ok(None) };
        if values.get(table).is_none_or(Value::is_null) {
            return Ok(on_page.contains(table).then_some(AwardBox { t: visit.t, award: None, unfinished: false }));
        }
        let case = self.application.case.id;
        let (award, refusals) = visit.service.preview_amount(visit.viewer()?, case, Some(&form.name), values).await?;
        // As long as a row is not complete it says nothing that a table counts for nothing.
        let of_row = |path: &str| path.strip_prefix(table.as_str()).is_some_and(|rest| rest.starts_with('['));
        let unfinished = refusals.iter().any(|refusal| refusal.path.as_deref().is_some_and(of_row));
        let award = award.filter(|award| award.eligible || !unfinished);
        if award.is_none() && unfinished {
            return Ok(Some(AwardBox { t: visit.t, award: None, unfinished }));
        }
        let award = award.map(|award| AwardShown::of(&award, visit.locale));
        Ok((award.is_some() || on_page.contains(table)).then_some(AwardBox { t: visit.t, award, unfinished: false }))
    }

    /// The act as it was sent: the action's own inputs; the form's values wait in the draft.
    pub fn act(&self, visit: &Visit<'_>) -> Act {
        let asked = visit.asked;
        let comment = asked.field(&format!("{VALUE}comment")).trim();
        Act {
            action: self.action.name.clone(),
            expected_version: asked.field("version").parse().unwrap_or(self.application.case.version),
            values: given(read(self.inputs.iter(), &asked.fields)),
            marks: Vec::new(),
            comment: (self.action.needs_comment && !comment.is_empty()).then(|| comment.to_owned()),
            procedure: self.action.procedure,
        }
    }

    /// The act before its own inputs are typed.
    pub fn bare_act(&self) -> Act {
        Act {
            action: self.action.name.clone(),
            expected_version: self.application.case.version,
            values: Map::new(),
            marks: Vec::new(),
            comment: None,
            procedure: self.action.procedure,
        }
    }

    /// What was refused, each with a link to the page on which it can be put right.
    pub fn said(&self, visit: &Visit<'_>, told: &Told) -> Vec<Said> {
        told.summary(|path| self.place(visit, path), visit.locale)
    }

    fn place(&self, visit: &Visit<'_>, path: &str) -> Option<(String, String)> {
        let first = head(path);
        if let Some(field) = self.inputs.get(first) {
            return Some((format!("#{}", anchor(first)), visit.say(&field.rule.label).to_owned()));
        }
        let form = self.form.as_ref()?;
        let slot = first.strip_prefix("documents.");
        let holds = |part: &Part| match part {
            Part::Fields(names) => names.iter().any(|name| name == first),
            Part::Documents => slot.is_some(),
            Part::Confirm => false,
        };
        let page = self.parts.iter().position(holds)? + 1;
        let label = match slot {
            Some(slot) => &form.documents.iter().find(|asked| asked.name == slot)?.label,
            None => &form.fields.get(first)?.rule.label,
        };
        let cell = form.fields.get(first).and_then(|field| cell_of(visit.t, &field.rule, path));
        let label = match cell {
            Some(cell) => format!("{} {cell}", visit.say(label)),
            None => visit.say(label).to_owned(),
        };
        let at = if slot.is_some() { first } else { path };
        Some((format!("{}#{}", self.href(Some(page)), anchor(at)), label))
    }
}

/// An action that the case does not offer to the visitor any more.
fn past(name: &str, procedure: Option<Uuid>, rule: Option<&ActionRef<'_>>) -> Result<AvailableAction, Wrong> {
    let label = match rule {
        Some(action) => action.rule.label.clone(),
        None if casework::is_built_in(name) => Bilingual::default(),
        None => return Err(not_found()),
    };
    Ok(AvailableAction {
        name: name.to_owned(),
        procedure,
        label,
        permitted: false,
        reasons: Vec::new(),
        form: None,
        needs_comment: name == casework::RETURN_INTERNALLY,
        marks: None,
    })
}

#[derive(Template)]
#[template(path = "cases/approval.html")]
struct Approval {
    t: crate::text::Text,
    action: String,
    drafted: String,
    /// What is decided on, where the decision fixes or pays an amount.
    amount: Option<String>,
    /// The account that it is paid to, where it is.
    account: Option<String>,
    /// What the draft says: label and value.
    values: Vec<(String, String)>,
    comment: Option<String>,
    route: Vec<Signing>,
    digest: String,
    /// Name, account and what is left of it, where money hangs on it.
    budget: Option<(String, String)>,
    letters: Vec<String>,
    checklist: Option<String>,
    /// Something of the checklist is open or in doubt.
    unchecked: bool,
    /// What was frozen before this decision: label and yen.
    amounts: Vec<(String, String)>,
    /// How many cases look like this one, in words; none when none does.
    similar: Option<String>,
    review: String,
}

struct Signing {
    position: String,
    state: String,
    done: bool,
}

/// 決裁中: exactly what is being signed, as HTML; nothing unless the visitor works for the office.
///
/// # Errors
/// Faults only.
pub(crate) async fn approval(visit: &Visit<'_>, application: &Application) -> Result<String, Wrong> {
    let (t, case) = (visit.t, &application.case);
    let staff = visit.asked.visitor.viewer.as_ref();
    let staff = staff.filter(|viewer| viewer.person.is_staff_of(&case.municipality));
    let (Some(viewer), Some(pending)) = (staff, case.body.pending.as_ref()) else { return Ok(String::new()) };
    let rule = application.program.action(&pending.action);
    let value = |(name, value): (&Name, &Value)| {
        let field = rule.and_then(|action| action.input.get(name));
        let label = field.map_or_else(|| name.clone(), |field| visit.say(&field.rule.label).to_owned());
        let text = field.map_or_else(|| value.to_string(), |field| shown(t, &field.rule, Some(value)));
        (label, text)
    };
    let route = pending.route.iter().map(|signing| {
        let position = application.municipality.positions.get(&signing.position);
        let position = position.map_or_else(|| signing.position.clone(), |named| visit.say(&named.name).to_owned());
        let state = match &signing.signed {
            None => t.not_signed().to_owned(),
            Some(signed) => {
                let how = match signed.how {
                    SignedHow::Regular => "",
                    SignedHow::Acting => t.signed_acting(),
                    SignedHow::Skipped => t.signed_skipped(),
                };
                format!("{} {} {how}", signed.name, visit.time(signed.at))
            }
        };
        Signing { position, state, done: signing.signed.is_some() }
    });
    let budget = visit.service.budget_of_case(viewer, application).await?.map(|budget| {
        let left = format!("{} {}", budget.totals.available(true), t.yen());
        (format!("{} — {}", visit.say(&budget.name), budget.path), left)
    });
    let effects = rule.map(|action| action.rule.effects.as_slice()).unwrap_or_default();
    let pays = effects.iter().any(|effect| matches!(effect, Effect::Pay(_)));
    let freezes =
        |effect: &Effect| matches!(effect, Effect::Freeze(_) | Effect::FreezeFrom { .. } | Effect::FreezeAs { .. });
    let is_about_money = pays || effects.iter().any(freezes);
    let letters = effects.iter().filter_map(|effect| match effect {
        Effect::Letter(name) => application.program.definition().archetype.letters.get(name),
        _ => None,
    });
    let similar = u32::try_from(visit.service.similar(viewer, case.id).await?.len()).unwrap_or(u32::MAX);
    let amounts = application.program.definition().archetype.amounts.iter().filter_map(|(name, rule)| {
        Some((visit.say(&rule.label).to_owned(), case.body.amounts.get(name)?.yen.to_string()))
    });
    let (checklist, unchecked) = checklist_state(visit, application).await?;
    let page = Approval {
        t,
        budget,
        letters: letters.map(|letter| visit.say(&letter.title).to_owned()).collect(),
        checklist,
        unchecked,
        amounts: amounts.collect(),
        similar: (similar > 0).then(|| t.cases_counted(similar)),
        review: format!("/applications/{}/review", case.id),
        action: rule.map_or_else(|| pending.action.clone(), |action| visit.say(&action.rule.label).to_owned()),
        drafted: format!("{} {}", pending.drafted_by_name, visit.time(pending.drafted_at)),
        amount: is_about_money.then(|| pending.amount.to_string()),
        account: pays.then(|| account_of(visit, application)).flatten(),
        values: pending.values.iter().map(value).collect(),
        comment: pending.comment.clone(),
        route: route.collect(),
        digest: pending.digest.clone(),
    };
    Ok(page.to_string())
}

/// The account that the applicant gave last.
fn account_of(visit: &Visit<'_>, application: &Application) -> Option<String> {
    let mut forms: Vec<_> = application.case.body.forms.iter().collect();
    forms.sort_by_key(|(_, submission)| submission.at);
    forms.into_iter().rev().find_map(|(name, submission)| {
        let fields = &application.program.form(name)?.fields;
        let (name, field) = fields.iter().find(|(_, field)| field.rule.kind == FieldType::BankAccount)?;
        Some(shown(visit.t, &field.rule, Some(submission.values.get(name)?)))
    })
}

#[derive(Template)]
#[template(path = "cases/draft.html")]
struct Draft {
    t: crate::text::Text,
    /// A decision is being drafted: what becomes of it is said.
    drafts: bool,
    /// Label and yen.
    amounts: Vec<(String, String)>,
    /// How far the checklist is, where something of it is open or in doubt, and where it is.
    unchecked: Option<(String, String)>,
}

/// What becomes of a draft, where there is one, and the amounts of the case as they are, as HTML.
///
/// # Errors
/// Faults only.
pub(super) async fn amounts_so_far(
    visit: &Visit<'_>,
    application: &Application,
    action: &str,
    drafts: bool,
) -> Result<String, Wrong> {
    let rules = application.program.definition().archetype.amounts.iter();
    let amounts = rules.filter_map(|(name, rule)| {
        let frozen = application.case.body.amounts.get(name)?;
        Some((visit.say(&rule.label).to_owned(), frozen.yen.to_string()))
    });
    let paid = paid_by(application, action).map(|yen| {
        let label = if visit.is_staff() { visit.t.paid_now() } else { visit.t.claimed_now() };
        (label.to_owned(), yen.to_string())
    });
    let amounts: Vec<_> = amounts.chain(paid).collect();
    if amounts.is_empty() && !drafts {
        return Ok(String::new());
    }
    let unchecked = if drafts {
        let (state, is_open) = checklist_state(visit, application).await?;
        let href = format!("/applications/{}/review", application.case.id);
        state.filter(|_| is_open).map(|state| (state, href))
    } else {
        None
    };
    Ok(Draft { t: visit.t, drafts, amounts, unchecked }.to_string())
}

/// How far the checklist is, where there is one, and whether something of it is open or in doubt.
async fn checklist_state(visit: &Visit<'_>, application: &Application) -> Result<(Option<String>, bool), Wrong> {
    let items = visit.service.checklist(visit.viewer()?, application.case.id).await?;
    let found: Vec<_> = items.iter().filter_map(|item| item.checked.as_ref()).collect();
    let doubtful = found.iter().filter(|checked| checked.result == ReviewResult::Doubtful).count();
    let state = (!items.is_empty()).then(|| visit.t.checklist_state(found.len(), items.len(), doubtful));
    Ok((state, found.len() < items.len() || doubtful > 0))
}

/// What an action pays, or what is paid by the one that it leads to, as from a claim to its payment.
fn paid_by(application: &Application, action: &str) -> Option<Yen> {
    let program = &application.program;
    let pays = |action: &ActionRef<'_>| {
        action.rule.effects.iter().find_map(|effect| match effect {
            Effect::Pay(sum) => Some(sum.clone()),
            _ => None,
        })
    };
    let action = program.action(action).filter(|action| action.procedure.is_none())?;
    let then = || {
        let to = action.rule.to.as_ref()?;
        let from_there = |next: &ActionRef<'_>| next.procedure.is_none() && next.rule.from.as_slice().contains(to);
        program.actions().filter(from_there).find_map(|next| pays(&next))
    };
    let sum = pays(&action).or_else(then)?;
    let amounts = application.case.body.amounts.iter().map(|(name, frozen)| (name.clone(), frozen.yen));
    program.payment(&sum, &amounts.collect()).ok().filter(|yen| !yen.is_zero())
}

/// A form as the office sees it, as HTML.
pub(super) fn preview(visit: &Visit<'_>, form: &Form, filled: &DraftView) -> String {
    facts(visit.t, form, &filled.values, &filled.documents)
}
