//! Approval (決裁): a drafted decision is a pending act on an unchanged state. Positions sign in order exactly what was
//! frozen; the last signature checks everything again and lets the act take effect.

use std::collections::BTreeMap;

use program::definition::{Role, RouteBand};
use serde_json::{Value, json};
use uuid::Uuid;
use vocabulary::Yen;

use crate::act::{Act, Actor, Person, Refusal, Step, World};
use crate::authority::{RETURN_INTERNALLY, SIGN, TAKE_BACK, still_in_place};
use crate::case::{Case, Done, Pending, Signature, SignedHow, Signing};
use crate::clockwork::stand;
use crate::correspondence::number;
use crate::event::{event, salted};
use crate::history::Stage;
use crate::perform::{Performance, perform, signatures};

/// 起案. `outcome` is what the act would do now: it shows the amount, and that nothing stands in the way.
pub(crate) fn draft(
    world: &World<'_>,
    case: &Case,
    actor: &Actor,
    performance: &Performance<'_>,
    act: &Act,
    outcome: &Step,
) -> Result<Step, Vec<Refusal>> {
    let person = actor.person().ok_or_else(|| vec![no_route("")])?;
    let kind = performance.action.rule.approval.as_deref().unwrap_or_default();
    let amount = amount_of(outcome);
    let band = band(world, kind, amount).ok_or_else(|| vec![no_route(kind)])?;
    let mut route: Vec<Signing> = band
        .steps
        .iter()
        .map(|step| Signing { position: step.position.clone(), mode: step.mode, signed: None })
        .collect();
    skip_own(world, case, person, &mut route);
    if route.iter().all(|signing| signing.signed.is_some()) {
        return Err(vec![no_route(kind)]);
    }
    let pending = Pending {
        action: act.action.clone(),
        procedure: performance.procedure,
        values: act.values.clone(),
        marks: act.marks.clone(),
        comment: act.comment.clone(),
        drafted_by: person.id,
        drafted_by_name: person.name.clone(),
        drafted_at: world.now,
        amount,
        route,
        digest: shown(case, act, outcome),
    };
    let facts = json!({
        "amount": amount, "digest": salted(world, &pending.digest),
        "waits_for": pending.next().map(|signing| &signing.position),
        "route": pending.route.iter().map(|signing| &signing.position).collect::<Vec<_>>(),
        "signatures": signatures(&pending.route),
    });
    let mut after = case.clone();
    after.body.pending = Some(pending);
    Ok(recorded(world, case, after, (performance.role, person.id), act, Stage::Drafted, facts))
}

/// 決裁, one signature.
pub(crate) fn sign(world: &World<'_>, case: &Case, actor: &Actor, act: &Act) -> Result<Step, Vec<Refusal>> {
    let (Some(person), Some(pending)) = (actor.person(), case.body.pending.as_ref()) else {
        return Err(vec![no_route("")]);
    };
    let mut pending = pending.clone();
    put_signature(world, case, person, &mut pending.route);
    if pending.next().is_none() {
        return take_effect(world, case, person, &pending, act);
    }
    let facts = json!({
        "digest": salted(world, &pending.digest), "drafted": pending.action,
        "signatures": signatures(&pending.route),
    });
    let mut after = case.clone();
    after.body.pending = Some(pending);
    after.body.done.push(Done { action: SIGN.to_owned(), user: person.id });
    Ok(recorded(world, case, after, (Role::Approver, person.id), act, Stage::Signed, facts))
}

/// What the last signature will do, as things stand; its numbers are given then.
///
/// # Errors
/// Why it will not.
pub fn foreseen(world: &World<'_>, case: &Case) -> Result<Step, Vec<Refusal>> {
    let pending = case.body.pending.as_ref().ok_or_else(|| vec![no_route("")])?;
    let action = world.program.action(&pending.action).ok_or_else(|| vec![no_route(&pending.action)])?;
    let performance = Performance {
        action,
        procedure: pending.procedure,
        role: Role::Approver,
        actor: pending.drafted_by,
        name: &pending.drafted_by_name,
        approved: Some(pending),
    };
    let mut step = perform(world, case, &performance, &drafted_act(pending, case.version))?;
    // Numbers that the act itself gives come with it; those that the case has are told.
    for letter in &mut step.letters {
        number(&mut letter.data, case, pending.procedure);
    }
    Ok(step)
}

/// What was drafted, as an act.
fn drafted_act(pending: &Pending, expected_version: i64) -> Act {
    Act {
        action: pending.action.clone(),
        expected_version,
        values: pending.values.clone(),
        marks: pending.marks.clone(),
        comment: pending.comment.clone(),
        procedure: pending.procedure,
    }
}

fn take_effect(
    world: &World<'_>,
    case: &Case,
    person: &Person,
    pending: &Pending,
    act: &Act,
) -> Result<Step, Vec<Refusal>> {
    let action = world.program.action(&pending.action).ok_or_else(|| vec![no_route(&pending.action)])?;
    still_in_place(world, case, &action, pending.procedure)?;
    let performance = Performance {
        action,
        procedure: pending.procedure,
        role: Role::Approver,
        actor: person.id,
        name: &person.name,
        approved: Some(pending),
    };
    let drafted = drafted_act(pending, act.expected_version);
    let said = Act { comment: act.comment.clone().or_else(|| pending.comment.clone()), ..drafted.clone() };
    let step = perform(world, case, &performance, &said)?;
    if amount_of(&step) != pending.amount || shown(case, &drafted, &step) != pending.digest {
        return Err(vec![Refusal::new(
            "approval.changed",
            "起案後に内容または算定額が変わりました。差戻しのうえ、起案し直してください",
            "The content or the amount has changed since the draft; return it and draft again",
        )]);
    }
    Ok(step)
}

/// 差戻し
pub(crate) fn return_internally(
    world: &World<'_>,
    case: &Case,
    actor: &Actor,
    act: &Act,
) -> Result<Step, Vec<Refusal>> {
    if act.comment.as_deref().is_none_or(|comment| comment.trim().is_empty()) {
        return Err(vec![
            Refusal::new("comment.required", "差戻しの理由を入力してください", "Say why the draft is returned")
                .at("comment"),
        ]);
    }
    Ok(dropped(world, case, actor.id(), act, RETURN_INTERNALLY, Stage::ReturnedInternally))
}

/// 引戻し
pub(crate) fn take_back(world: &World<'_>, case: &Case, actor: &Actor, act: &Act) -> Result<Step, Vec<Refusal>> {
    Ok(dropped(world, case, actor.id(), act, TAKE_BACK, Stage::TakenBack))
}

fn dropped(world: &World<'_>, case: &Case, actor: Uuid, act: &Act, name: &str, stage: Stage) -> Step {
    let mut after = case.clone();
    let facts = json!({ "drafted": after.body.pending.as_ref().map(|pending| pending.action.clone()) });
    after.body.pending = None;
    let act = Act { action: name.to_owned(), ..act.clone() };
    recorded(world, case, after, (Role::Approver, actor), &act, stage, facts)
}

/// A step that moves no state and no money: the approval itself.
fn recorded(
    world: &World<'_>,
    before: &Case,
    mut after: Case,
    (role, actor): (Role, Uuid),
    act: &Act,
    stage: Stage,
    facts: Value,
) -> Step {
    stand(world, &mut after);
    let event = event(world, before, role, actor, &act.action, stage)
        .with(facts)
        .commented(world, act.comment.as_deref())
        .build();
    Step::beside(before, after, event)
}

/// The signature of the next position, and of every following one that the same person holds (兼務).
fn put_signature(world: &World<'_>, case: &Case, person: &Person, route: &mut [Signing]) {
    let mut signed = false;
    for signing in route.iter_mut().filter(|signing| signing.signed.is_none()) {
        let how = match (signed, person.holds(&case.municipality, &signing.position)) {
            (false, true) => SignedHow::Regular,
            (false, false) => SignedHow::Acting,
            (true, true) => SignedHow::Skipped,
            (true, false) => break,
        };
        signed = true;
        signing.signed = Some(Signature { by: person.id, name: person.name.clone(), at: world.now, how });
    }
}

/// The drafter's own positions on the way are skipped; the last one never is, so that somebody else always signs.
fn skip_own(world: &World<'_>, case: &Case, drafter: &Person, route: &mut [Signing]) {
    let Some((_, before_last)) = route.split_last_mut() else { return };
    for signing in before_last.iter_mut().filter(|signing| {
        let holders = world.holders.get(&signing.position).map_or(&[][..], Vec::as_slice);
        drafter.holds(&case.municipality, &signing.position) && holders.iter().all(|holder| *holder == drafter.id)
    }) {
        let signature =
            Signature { by: drafter.id, name: drafter.name.clone(), at: world.now, how: SignedHow::Skipped };
        signing.signed = Some(signature);
    }
}

fn band<'w>(world: &'w World<'_>, kind: &str, amount: Yen) -> Option<&'w RouteBand> {
    world.municipality.routes.get(kind)?.iter().find(|band| band.up_to.is_none_or(|most| amount <= most))
}

/// The newest amount that the act freezes or the case holds: it chooses the band. A procedure with amounts of its own
/// is decided by those.
fn amount_of(step: &Step) -> Yen {
    let beside = step.procedure.and_then(|id| step.case.procedure(id));
    if let Some(most) = beside.and_then(|beside| beside.amounts.values().map(|frozen| frozen.yen).max()) {
        return most;
    }
    let held = step.case.body.holdings.total().unwrap_or(Yen::ZERO);
    if held.is_zero() {
        step.case.body.amounts.values().map(|frozen| frozen.yen).max().unwrap_or(Yen::ZERO)
    } else {
        held
    }
}

/// What the signers are shown, as one digest: the act, and everything of the case that it rests on. It stays with the
/// pending act; the history gets it salted.
fn shown(case: &Case, act: &Act, outcome: &Step) -> String {
    let amounts: BTreeMap<_, _> = outcome.case.body.amounts.iter().map(|(name, frozen)| (name, frozen.yen)).collect();
    let moved = outcome.procedure.and_then(|id| outcome.case.procedure(id));
    let beside = moved.map(|moved| {
        let amounts: BTreeMap<_, _> = moved.amounts.iter().map(|(name, frozen)| (name, frozen.yen)).collect();
        let forms = case.procedure(moved.id).map(|before| &before.forms);
        json!({ "name": moved.name, "to": moved.state, "amounts": amounts, "forms": forms, "charged": moved.charged })
    });
    // A procedure says itself where it leads; the case may move meanwhile.
    let to = moved.is_none_or(|moved| case.procedure(moved.id).is_none()).then_some(&outcome.case.state);
    let content = json!({
        "application": case.id, "action": act.action, "values": act.values, "marks": act.marks, "comment": act.comment,
        "forms": case.body.forms, "amounts": amounts, "beside": beside, "to": to,
    });
    vocabulary::digest(vocabulary::canonical_json(&content).unwrap_or_default().as_bytes())
}

fn no_route(kind: &str) -> Refusal {
    Refusal::new(
        "approval.no_route",
        format!("「{kind}」の決裁ルートが定められていません。制度所管課に確認してください"),
        format!("No approval route is defined for `{kind}`; ask the program officer"),
    )
}

/// Whether an action is one of those that every approval brings.
#[must_use]
pub fn is_built_in(action: &str) -> bool {
    [SIGN, RETURN_INTERNALLY, TAKE_BACK].contains(&action)
}
