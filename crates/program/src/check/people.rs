//! People: who may act, in whose turn, and that nobody fixes money alone.

use super::money::freezes;
use super::{Machine, error};
use crate::definition::{Action, Archetype, Definition, Effect, FieldType, Role};
use crate::finding::Finding;

type Findings = Vec<Finding>;

pub(super) fn check(definition: &Definition, findings: &mut Findings) {
    for machine in Machine::all(&definition.archetype) {
        for (name, action) in machine.actions {
            let path = machine.action_path(name);
            check_people(action, &path, findings);
            check_turn(&machine, action, &path, findings);
            check_adverse(action, &path, findings);
            check_money_decision(&definition.archetype, action, &path, findings);
        }
    }
}

fn check_people(action: &Action, path: &str, findings: &mut Findings) {
    let by = action.by.as_slice();
    if by.is_empty() {
        findings.push(error("action.by", path, "誰が行うかを書いてください", "Say who may do this"));
    }
    if by.contains(&Role::Auditor) {
        findings.push(error(
            "action.by",
            format!("{path}/by"),
            "監査は見るだけで、手続を行いません",
            "An auditor looks and does not act",
        ));
    }
    if action.approval.is_some() && !by.iter().all(|role| role.is_staff()) {
        findings.push(error(
            "action.approval",
            format!("{path}/approval"),
            "起案できるのは職員だけです",
            "Only staff draft what an approval route signs",
        ));
    }
}

/// The office acts while the applicant is waited on, or the applicant while the office is, only where it is marked.
fn check_turn(machine: &Machine<'_>, action: &Action, path: &str, findings: &mut Findings) {
    let waits_on = action.from.as_slice().iter().filter_map(|state| machine.states.get(state)?.waits_on);
    let crosses = |waits_on: Role| {
        let applicant_waited_on = waits_on == Role::Applicant;
        action.by.as_slice().iter().any(|role| match role {
            Role::Applicant => !applicant_waited_on,
            role => role.is_staff() && applicant_waited_on,
        })
    };
    let (mut crossing, mut known) = (false, false);
    for waits_on in waits_on {
        known = true;
        crossing |= crosses(waits_on);
    }
    match (crossing, action.out_of_turn) {
        (true, false) => findings.push(error(
            "action.out_of_turn",
            format!("{path}/by"),
            "相手を待っている状態で行う手続です。意図したものなら out_of_turn: true と書いてください",
            "This acts while the other side is waited on; if that is meant, say `out_of_turn: true`",
        )),
        (false, true) if known => findings.push(error(
            "action.out_of_turn",
            format!("{path}/out_of_turn"),
            "自分の番に行う手続なので out_of_turn は不要です",
            "This acts only in its own turn, so it has no `out_of_turn`",
        )),
        _ => {}
    }
}

fn has_letter(action: &Action) -> bool {
    action.effects.iter().any(|effect| matches!(effect, Effect::Letter(_)))
}

fn check_adverse(action: &Action, path: &str, findings: &mut Findings) {
    if !action.adverse {
        return;
    }
    let reason = action.input.get("reason");
    let is_text = |kind: FieldType| matches!(kind, FieldType::Text | FieldType::LongText);
    if !reason.is_some_and(|field| field.required && field.when.is_none() && is_text(field.kind)) {
        findings.push(error(
            "action.reason",
            path,
            "不利益な決定には、必須の入力項目 reason（理由）が必要です",
            "An adverse action has a required text input `reason`",
        ));
    }
    if !has_letter(action) {
        findings.push(error(
            "action.adverse_letter",
            path,
            "不利益な決定は理由を付した通知書で伝えます（effects: letter）",
            "An adverse action issues a letter with the reason",
        ));
    }
}

/// 額を決める、支払う: an amount that the office fixes is drafted by one and signed by others, on grounds that are checked,
/// and told in a letter; what it pays goes through two people at least.
fn check_money_decision(archetype: &Archetype, action: &Action, path: &str, findings: &mut Findings) {
    if !action.by.as_slice().iter().any(|role| role.is_staff()) {
        return;
    }
    let effects = || action.effects.iter();
    let fixes = freezes(action).next().is_some();
    // Interest follows from what was decided before and from the days.
    let is_interest = |amount: &str| archetype.amount(amount).is_some_and(|(_, rule)| rule.interest.is_some());
    let decides = freezes(action).any(|amount| !is_interest(amount));
    let pays = effects().any(|effect| matches!(effect, Effect::Pay(_)));
    let rules = [
        (
            (fixes || pays) && action.approval.is_none() && action.not_who.is_empty(),
            "action.four_eyes",
            "金額を決める・支払う手続を1人で行えます。決裁（approval）か、別の人に限る指定（not_who）が必要です",
            "One person alone could fix or pay an amount here; add an `approval`, or `not_who`",
        ),
        (
            fixes && action.approval.is_none(),
            "action.decision_approval",
            "金額を決めるには決裁（approval）が必要です",
            "What fixes an amount goes through an approval route (`approval`)",
        ),
        (
            decides && action.needs.is_empty(),
            "action.decision_guard",
            "金額を決める前に確かめる条件（needs）がありません",
            "What fixes an amount has a condition that must hold before (`needs`)",
        ),
        (
            fixes && !has_letter(action),
            "action.decision_letter",
            "金額を決める決裁には通知書が必要です（effects: letter）",
            "A decision about money issues a letter",
        ),
    ];
    for (_, code, ja, en) in rules.into_iter().filter(|(is_wrong, ..)| *is_wrong) {
        findings.push(error(code, path, ja, en));
    }
}
