//! Taking in a form: what was typed and attached, checked as a whole, becomes an immutable snapshot.

use std::collections::BTreeMap;

use program::definition::{FieldType, Name};
use program::{Attached, CaseFacts, keep_evidence};
use serde_json::{Map, Value};
use treasury::BankMaster;
use uuid::Uuid;
use vocabulary::BankAccount;

use crate::act::{Refusal, World};
use crate::case::{Case, DocumentRef, Submission};
use crate::correction;

/// What the case says of a form, the draft over it, and the act's own values over that. In a correction everything that
/// was not marked stays as it was submitted.
pub(crate) fn hand_in(
    world: &World<'_>,
    case: &Case,
    (form, earlier): (&str, Option<&Submission>),
    by: Uuid,
    given: Map<String, Value>,
    facts: &CaseFacts,
) -> Result<Submission, Vec<Refusal>> {
    let unlocked = case.body.unlocked.as_ref().filter(|unlocked| unlocked.form == form);
    let (values, documents) = gathered(world, unlocked.and(earlier), given);
    let check = world.program.check_form(form, &values, Some(&attached(&documents)), facts);
    let mut refusals: Vec<Refusal> = check.faults.into_iter().map(Refusal::from).collect();
    if let Some(rule) = world.program.form(form) {
        refusals.extend(bank_refusals(&check.clean, rule.fields.iter().map(|(name, field)| (name, field.rule.kind))));
    }
    let changes = earlier.map(|earlier| correction::differences(earlier, &check.clean, &documents)).unwrap_or_default();
    if let Some((unlocked, earlier)) = unlocked.zip(earlier) {
        refusals.extend(correction::locked(world.program, unlocked, earlier, (&check.clean, &changes), facts));
    }
    if refusals.is_empty() {
        Ok(Submission { id: (world.ids)(), at: world.now, by, values: check.clean, documents, changes })
    } else {
        Err(refusals)
    }
}

/// The files in each slot, as the program looks at them.
pub(crate) fn attached(documents: &BTreeMap<Name, Vec<DocumentRef>>) -> Attached {
    let ids = |files: &[DocumentRef]| files.iter().map(|file| file.file.to_string()).collect();
    documents.iter().map(|(slot, files)| (slot.clone(), ids(files))).collect()
}

/// Slots without a file are no slots: one that was emptied again says nothing.
fn gathered(
    world: &World<'_>,
    base: Option<&Submission>,
    given: Map<String, Value>,
) -> (Map<String, Value>, BTreeMap<Name, Vec<DocumentRef>>) {
    let draft = world.draft.clone().unwrap_or_default();
    let mut values = base.map(|base| base.values.clone()).unwrap_or_default();
    for (name, value) in draft.values.into_iter().chain(given) {
        let value = values.get(&name).map_or_else(|| value.clone(), |before| keep_evidence(before, &value));
        values.insert(name, value);
    }
    let mut documents = base.map(|base| base.documents.clone()).unwrap_or_default();
    documents.extend(draft.documents);
    documents.retain(|_, files| !files.is_empty());
    (values, documents)
}

/// Accounts must exist and their names must fit a transfer file, which is better said here than on the transfer day.
pub(crate) fn bank_refusals<'f>(
    values: &Map<String, Value>,
    fields: impl Iterator<Item = (&'f String, FieldType)>,
) -> Vec<Refusal> {
    fields
        .filter(|(_, kind)| *kind == FieldType::BankAccount)
        .filter_map(|(name, _)| Some((name, serde_json::from_value::<BankAccount>(values.get(name)?.clone()).ok()?)))
        .flat_map(|(name, account)| {
            let known = BankMaster::embedded().check(&account).err().map(|invalid| (invalid, name.clone()));
            let kana = treasury::zengin_name(&account.holder_kana).err();
            let kana = kana.map(|invalid| (invalid, format!("{name}.holder_kana")));
            [known, kana].into_iter().flatten()
        })
        .map(|(invalid, path)| Refusal { message: invalid.message, ..Refusal::new(invalid.code, "", "") }.at(path))
        .collect()
}
