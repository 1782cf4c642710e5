//! Corrections (補正): what a mark opens, and whether a resubmission changes only that.

use std::collections::{BTreeMap, BTreeSet};

use program::definition::{FieldType, Name};
use program::{ActionRef, CaseFacts, Form, Program, without_evidence};
use serde_json::{Map, Value, json};

use crate::act::{Act, Refusal};
use crate::case::{APPLICATION, Change, DocumentRef, FieldMark, Submission, Unlocked};

/// The form whose fields an action marks: the one that is handed in again from the state that the action leads to.
#[must_use]
pub fn corrected_form<'p>(program: &'p Program, action: &ActionRef<'_>) -> &'p str {
    let next = action.rule.to.as_ref().and_then(|to| {
        let from_there =
            |next: &ActionRef<'_>| next.procedure == action.procedure && next.rule.from.as_slice().contains(to);
        program.actions().filter(from_there).find_map(|next| next.rule.form.as_deref())
    });
    next.unwrap_or(APPLICATION)
}

/// The fields of a form that a correction leaves open, and the document slots as `documents.<name>`. With a table of real
/// costs its evidence is open too.
#[must_use]
pub fn opened_by(form: Option<&Form>, marks: &[FieldMark]) -> BTreeSet<String> {
    let fields = form.map(|form| &form.fields);
    let evidence_of = |field: &str| fields?.get(field)?.rule.evidence.as_ref().map(|slot| format!("{DOCUMENTS}{slot}"));
    let opened = marks.iter().map(|mark| opened(&mark.field));
    opened.flat_map(|field| [Some(field.to_owned()), evidence_of(field)]).flatten().collect()
}

/// Before the name of a document slot.
const DOCUMENTS: &str = "documents.";

/// The marks of an act, however they are sent: by themselves, or as the value of the input that takes them.
pub(crate) fn marks(act: &Act, input: &str) -> Vec<FieldMark> {
    if !act.marks.is_empty() {
        return act.marks.clone();
    }
    let sent = act.values.get(input).and_then(Value::as_object).into_iter().flatten();
    let marks = sent
        .filter_map(|(field, remark)| Some(FieldMark { field: field.clone(), remark: remark.as_str()?.to_owned() }));
    marks.collect()
}

pub(crate) fn unknown_marks(form: Option<&Form>, marks: &[FieldMark]) -> Vec<Refusal> {
    marks
        .iter()
        .enumerate()
        .filter(|(_, mark)| !form.is_some_and(|form| is_known(form, &mark.field)))
        .map(|(index, mark)| {
            Refusal::new(
                "marks.unknown_field",
                format!("「{}」という項目はありません", mark.field),
                format!("There is no field `{}`", mark.field),
            )
            .at(format!("marks[{index}].field"))
        })
        .collect()
}

/// A field, a part of one that has parts, or a document slot.
fn is_known(form: &Form, mark: &str) -> bool {
    if let Some(slot) = mark.strip_prefix(DOCUMENTS) {
        return form.documents.iter().any(|document| document.name == slot);
    }
    let field = opened(mark);
    form.fields
        .get(field)
        .is_some_and(|found| field == mark || matches!(found.rule.kind, FieldType::Costs | FieldType::BankAccount))
}

/// What a mark opens: a mark on a row or a part opens the whole field.
fn opened(mark: &str) -> &str {
    if mark.starts_with(DOCUMENTS) { mark } else { mark.split(['[', '.']).next().unwrap_or(mark) }
}

/// One for each change of something that was not marked. What a marked change brings with it or takes away, such as the
/// second quotation that higher costs ask for, is open too.
pub(crate) fn locked(
    program: &Program,
    unlocked: &Unlocked,
    earlier: &Submission,
    (values, changes): (&Map<String, Value>, &[Change]),
    facts: &CaseFacts,
) -> Vec<Refusal> {
    let form = program.form(&unlocked.form);
    let mut open = opened_by(form, &unlocked.marks);
    let before = asked(program, &unlocked.form, &earlier.values, facts);
    let after = asked(program, &unlocked.form, values, facts);
    open.extend(before.symmetric_difference(&after).cloned());
    // Other files for the rows of a table, whose figures stay as they were.
    let is_evidence = |change: &Change| {
        let slot = form.and_then(|form| form.fields.get(&change.path)?.rule.evidence.as_ref());
        slot.is_some_and(|slot| open.contains(&format!("{DOCUMENTS}{slot}")))
            && without_evidence(&change.before) == without_evidence(&change.after)
    };
    changes
        .iter()
        .filter(|change| !open.contains(&change.path) && !is_evidence(change))
        .map(|change| {
            Refusal::new(
                "field.locked",
                "補正の対象ではない項目は変更できません。元の内容に戻してください",
                "Only the marked fields may be corrected; please put this one back",
            )
            .at(change.path.clone())
        })
        .collect()
}

fn asked(program: &Program, form: &str, values: &Map<String, Value>, facts: &CaseFacts) -> BTreeSet<String> {
    let (fields, documents) = program.asked(form, values, facts);
    let slots = documents.into_iter().map(|document| format!("{DOCUMENTS}{}", document.name));
    fields.into_iter().map(str::to_owned).chain(slots).collect()
}

/// Top-level fields and document slots that differ.
pub(crate) fn differences(
    earlier: &Submission,
    values: &Map<String, Value>,
    documents: &BTreeMap<Name, Vec<DocumentRef>>,
) -> Vec<Change> {
    let empty = Value::Null;
    let names: BTreeSet<&String> = earlier.values.keys().chain(values.keys()).collect();
    let fields = names.into_iter().filter_map(|name| {
        let before = earlier.values.get(name).unwrap_or(&empty);
        let after = values.get(name).unwrap_or(&empty);
        (before != after).then(|| Change { path: name.clone(), before: before.clone(), after: after.clone() })
    });
    let slots: BTreeSet<&String> = earlier.documents.keys().chain(documents.keys()).collect();
    let files = slots.into_iter().filter_map(|slot| {
        let (before, after) = (earlier.documents.get(slot), documents.get(slot));
        (before != after).then(|| Change {
            path: format!("{DOCUMENTS}{slot}"),
            before: json!(before),
            after: json!(after),
        })
    });
    fields.chain(files).collect()
}
