//! The decision: what one act does to a case, or why it does nothing.

use program::definition::Effect;

use crate::act::{Act, Actor, Needs, Refusal, Step, World};
use crate::approval;
use crate::authority::{Permit, RETURN_INTERNALLY, SIGN, What, permit};
use crate::case::Case;
use crate::clockwork;
use crate::limits;
use crate::line;
use crate::perform::{Performance, perform};

/// What must be read before [`decide`] can be asked for this act.
#[must_use]
pub fn needs(program: &program::Program, case: &Case, act: &Act) -> Needs {
    let action = act.action.as_str();
    let (behind, values) = match (&case.body.pending, action) {
        (Some(pending), SIGN) => (pending.action.as_str(), &pending.values),
        _ => (action, &act.values),
    };
    let by_position = [SIGN, RETURN_INTERNALLY].contains(&action);
    let Some(action_behind) = program.action(behind) else {
        return Needs { holders: by_position, ..Needs::default() };
    };
    let rule = action_behind.rule;
    let freezes = rule.effects.iter().any(|effect| matches!(effect, Effect::Freeze(_) | Effect::FreezeFrom { .. }));
    let charged = rule.opens().and_then(|name| program.procedure(name));
    let successor = rule.effects.iter().find_map(|effect| match effect {
        Effect::HandOver(input) => values.get(input)?.as_str()?.trim().parse().ok(),
        _ => None,
    });
    Needs {
        draft: if action == behind { rule.form.clone() } else { None },
        granted: freezes.then(|| limits::fields(program)),
        holders: rule.approval.is_some() || by_position,
        call: line::asks(program, case, &action_behind),
        lines: charged.is_some_and(|rule| rule.charged_to_year_of.is_some()),
        successor,
        recusals: rule.effects.iter().any(|effect| matches!(effect, Effect::Panel(_))),
    }
}

/// Decides one act. Pure: the same world, case, actor and act give the same answer.
///
/// # Errors
/// Every reason why not, coded, with what to do next. Nothing has changed then.
pub fn decide(world: &World<'_>, case: &Case, actor: &Actor, act: &Act) -> Result<Step, Vec<Refusal>> {
    let Permit { role, what } = permit(world, case, actor, &act.action, act.procedure)?;
    match what {
        What::Sign => approval::sign(world, case, actor, act),
        What::ReturnInternally => approval::return_internally(world, case, actor, act),
        What::TakeBack => approval::take_back(world, case, actor, act),
        What::Remind { procedure } => clockwork::remind(world, case, procedure),
        What::Action { action, procedure } => {
            let performance =
                Performance { action, procedure, role, actor: actor.id(), name: actor.name(), approved: None };
            let step = perform(world, case, &performance, act)?;
            if action.rule.approval.is_some() {
                approval::draft(world, case, actor, &performance, act, &step)
            } else {
                Ok(step)
            }
        }
    }
}
