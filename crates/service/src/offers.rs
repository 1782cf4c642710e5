//! What a case offers: the actions that its state has for somebody, by the same check that refuses them.

use casework::{Actor, World};
use vocabulary::Bilingual;

use crate::drafts;
use crate::view::{Application, AvailableAction};

pub(crate) fn built_in_label(action: &str) -> Option<Bilingual> {
    Some(match action {
        casework::SIGN => Bilingual::new("決裁", "Sign"),
        casework::RETURN_INTERNALLY => Bilingual::new("差戻し", "Return internally"),
        casework::TAKE_BACK => Bilingual::new("引戻し", "Take back"),
        casework::MIGRATE => Bilingual::new("新しい版への移行", "Moved to a new version"),
        casework::REMIND => Bilingual::new("期限前のお知らせ", "Reminder"),
        _ => return None,
    })
}

/// Each permitted or with the reasons why not.
pub(crate) fn available(world: &World<'_>, application: &Application, actor: &Actor) -> Vec<AvailableAction> {
    casework::candidates(world, &application.case)
        .into_iter()
        .filter_map(|(name, procedure)| {
            let mut reasons =
                casework::permit(world, &application.case, actor, name, procedure).err().unwrap_or_default();
            reasons.extend(drafts::not_taken_in(application, name));
            // What belongs to another's role is not offered at all.
            if reasons.iter().any(|reason| reason.code == "action.forbidden" || reason.code == "approval.none") {
                return None;
            }
            let action = application.program.action(name);
            let label = built_in_label(name).or_else(|| action.map(|action| action.rule.label.clone()))?;
            let form = action.and_then(|action| match &action.rule.form {
                Some(form) => application.program.form(form).cloned(),
                None if action.input.is_empty() => None,
                None => Some(program::Form::of_input(name, label.clone(), action.input.clone())),
            });
            let marking = action.filter(|action| {
                action.rule.input.values().any(|field| field.kind == program::definition::FieldType::FieldMarks)
            });
            let marks = marking.map(|action| casework::corrected_form(&application.program, &action).to_owned());
            Some(AvailableAction {
                name: name.to_owned(),
                procedure,
                label,
                permitted: reasons.is_empty(),
                reasons,
                form,
                needs_comment: name == casework::RETURN_INTERNALLY,
                marks,
            })
        })
        .collect()
}
