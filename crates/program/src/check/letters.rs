//! Letters: an adverse one carries its reason, and one of a disposition says where to appeal.

use super::{Machine, error};
use crate::definition::{Action, Definition, Effect, LegalNature};
use crate::finding::Finding;
use crate::yaml::pointer_part;

pub(super) fn check(definition: &Definition, findings: &mut Vec<Finding>) {
    for machine in Machine::all(&definition.archetype) {
        for action in machine.actions.values() {
            check_letters(definition, action, findings);
        }
    }
}

fn check_letters(definition: &Definition, action: &Action, findings: &mut Vec<Finding>) {
    let decides = action
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Freeze(_) | Effect::FreezeFrom { .. } | Effect::FreezeAs { .. }));
    let is_disposition = definition.program.legal_nature == LegalNature::Disposition;
    for effect in &action.effects {
        let Effect::Letter(name) = effect else { continue };
        let Some(letter) = definition.archetype.letters.get(name) else { continue };
        let path = format!("/archetype/letters/{}", pointer_part(name));
        for (language, body) in [("ja", &letter.body.ja), ("en", &letter.body.en)] {
            if action.adverse && !body.contains("input.reason") {
                findings.push(error(
                    "letter.reason",
                    format!("{path}/body/{language}"),
                    "不利益な決定の通知書には理由を書きます（{{ input.reason }}）",
                    "The letter of an adverse action carries the reason (`{{ input.reason }}`)",
                ));
            }
        }
        if is_disposition && (action.adverse || decides) && !letter.appeal {
            findings.push(error(
                "letter.appeal",
                path,
                "処分の通知書には教示が必要です（appeal: true）",
                "The letter of a disposition says where to appeal (`appeal: true`)",
            ));
        }
    }
}
