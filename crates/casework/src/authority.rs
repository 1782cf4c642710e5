//! Who may do what. The check that refuses an action is the one that lists it: nothing else decides.

use std::collections::BTreeMap;

use program::definition::{Role, StateKind};
use program::{ActionRef, Program};
use uuid::Uuid;
use vocabulary::{Bilingual, day_in_japan};

use crate::act::{Actor, Person, Refusal, World};
use crate::case::{Case, ProcedureCase, Ring};
use crate::facts::facts_near;
use crate::line;

/// Actions that every approval brings with it.
pub const SIGN: &str = "sign";
pub const RETURN_INTERNALLY: &str = "return_internally";
pub const TAKE_BACK: &str = "take_back";
/// The clock's own: a reminder before a deadline.
pub const REMIND: &str = "remind";

/// Proof that an actor may take an action now; only [`permit`] makes one.
#[derive(Clone, Debug)]
pub struct Permit<'a> {
    pub(crate) role: Role,
    pub(crate) what: What<'a>,
}

#[derive(Clone, Debug)]
pub(crate) enum What<'a> {
    Action { action: ActionRef<'a>, procedure: Option<Uuid> },
    Sign,
    ReturnInternally,
    TakeBack,
    Remind { procedure: Option<Uuid> },
}

/// Whether the actor may know that the case exists. Drafts are the applicant's own.
#[must_use]
pub fn may_see(actor: &Actor, case: &Case) -> bool {
    match actor {
        Actor::Clock | Actor::Treasury => true,
        // What a partner sees of its case is another, smaller view.
        Actor::Partner(_) => false,
        Actor::Person(person) => {
            person.memberships.contains(&case.business.id)
                || types_in(person, case)
                || (handed_in(case) && person.is_staff_of(&case.municipality))
                || judges(person, case)
        }
    }
}

/// 代理入力: clerks hand in for the business what it sends them on paper.
fn types_in(person: &Person, case: &Case) -> bool {
    case.body.paper.is_some() && person.has_role(&case.municipality, Role::Clerk)
}

/// Whether the person is a judge before whose panel the case is, without a conflict of interest.
#[must_use]
pub fn judges(person: &Person, case: &Case) -> bool {
    person.panels.contains(&case.call.id)
        && !person.recusals.contains(&case.id)
        && !case.body.standing.kind.is_none_or(StateKind::is_end)
        && case.body.panel.as_ref().is_some_and(|panel| panel.admits(person.id))
}

/// A draft that no decision has touched yet has no standing.
fn handed_in(case: &Case) -> bool {
    case.body.standing.kind.is_some_and(|kind| kind != StateKind::Drafting)
}

/// `procedure` says which one moves, when the action could move more than one.
///
/// # Errors
/// Every reason why not, each with what to do next.
pub fn permit<'a>(
    world: &World<'a>,
    case: &Case,
    actor: &Actor,
    action: &str,
    procedure: Option<Uuid>,
) -> Result<Permit<'a>, Vec<Refusal>> {
    match action {
        SIGN => sign(world, case, actor).and_then(|permit| disinterested(case, actor, permit)),
        RETURN_INTERNALLY => {
            return_internally(world, case, actor).and_then(|permit| disinterested(case, actor, permit))
        }
        TAKE_BACK => take_back(case, actor).and_then(|permit| disinterested(case, actor, permit)),
        REMIND if *actor == Actor::Clock => remind(world, case, procedure),
        _ => named(world, case, actor, action, procedure),
    }
}

/// What [`permit`] is worth asking for: the program's actions from where the case and its procedures stand, once for
/// each procedure that they could move, and the built-in ones while an approval is pending.
#[must_use]
pub fn candidates<'a>(world: &World<'a>, case: &Case) -> Vec<(&'a str, Option<Uuid>)> {
    let built_in: &[&str] = if case.body.pending.is_some() { &[SIGN, RETURN_INTERNALLY, TAKE_BACK] } else { &[] };
    let by_hand = world.program.actions().filter(machine_by_hand);
    let from_here = by_hand.flat_map(|action| {
        let places = places(case, &action);
        places.into_iter().map(move |place| (action.name, place.map(|beside| beside.id)))
    });
    built_in.iter().map(|name| (*name, None)).chain(from_here).collect()
}

fn machine_by_hand(action: &ActionRef<'_>) -> bool {
    action.rule.by.as_slice().iter().any(|role| !matches!(role, Role::Clock | Role::Treasury))
}

/// The role in which the actor may take the action at all, wherever the case stands.
#[must_use]
pub fn acting_role(actor: &Actor, case: &Case, allowed: &[Role]) -> Option<Role> {
    allowed.iter().copied().find(|role| match (actor, role) {
        (Actor::Clock, Role::Clock) | (Actor::Treasury, Role::Treasury) => true,
        (Actor::Person(person), Role::Applicant) => {
            person.memberships.contains(&case.business.id) || types_in(person, case)
        }
        (Actor::Partner(partner), Role::Partner) => partner.case == case.id,
        (Actor::Person(person), Role::Panelist) => judges(person, case),
        (Actor::Person(person), role) => role.is_staff() && person.has_role(&case.municipality, *role),
        _ => false,
    })
}

fn one(refusal: Refusal) -> Vec<Refusal> {
    vec![refusal]
}

/// Where the action can start: `None` is the case itself, otherwise each procedure that it belongs to. As with the case,
/// only an action that names an end starts there.
fn places<'c>(case: &'c Case, action: &ActionRef<'_>) -> Vec<Option<&'c ProcedureCase>> {
    let from = action.rule.from.as_slice();
    let Some(name) = action.procedure else {
        return if from.contains(&case.state) { vec![None] } else { Vec::new() };
    };
    let procedures = case.body.procedures.iter();
    procedures.filter(|beside| beside.name == name && from.contains(&beside.state)).map(Some).collect()
}

/// Where the action starts: the only place there is, or the procedure that was named.
fn place(
    world: &World<'_>,
    case: &Case,
    action: &ActionRef<'_>,
    procedure: Option<Uuid>,
) -> Result<Option<Uuid>, Vec<Refusal>> {
    let mut found: Vec<Option<Uuid>> =
        places(case, action).into_iter().map(|place| place.map(|beside| beside.id)).collect();
    // Whoever names a procedure means it, also for an action of the case, which has no place there.
    found.retain(|place| procedure.is_none() || *place == procedure);
    match found.as_slice() {
        [place] => Ok(*place),
        [] => Err(one(wrong_state(world, case, action, procedure))),
        _ => Err(one(Refusal::new(
            "procedure.ambiguous",
            format!("「{}」の対象になる手続が複数あります。どれについて行うかを選んでください", action.rule.label.ja),
            format!("Several procedures could be meant by this: {}; say which", action.rule.label.en),
        ))),
    }
}

fn named<'a>(
    world: &World<'a>,
    case: &Case,
    actor: &Actor,
    name: &str,
    procedure: Option<Uuid>,
) -> Result<Permit<'a>, Vec<Refusal>> {
    let Some(action) = world.program.action(name) else {
        return Err(one(Refusal::new(
            "action.unknown",
            format!("この制度に「{name}」という操作はありません"),
            format!("This program has no action `{name}`"),
        )));
    };
    let label = &action.rule.label;
    let role =
        acting_role(actor, case, action.rule.by.as_slice()).filter(|_| is_its_partner(world, case, actor, &action));
    let Some(role) = role else {
        return Err(one(Refusal::new(
            "action.forbidden",
            format!("「{}」を行う権限がありません", label.ja),
            format!("You have no right to do this: {}", label.en),
        )));
    };
    let procedure = place(world, case, &action, procedure)?;
    if let Some(refusal) = pending_blocks(world, case, role, &action, procedure) {
        return Err(one(refusal));
    }
    let refusals: Vec<Refusal> = [
        not_due(world, case, role, &action, procedure),
        line::ranked_alone(world, &action),
        separation(case, actor, &action),
        interest(case, actor, role),
        open_procedures(world, case, &action),
        deadlines(world, case, &action, procedure),
        window(world, case, &action),
    ]
    .into_iter()
    .flatten()
    .collect();
    if refusals.is_empty() { Ok(Permit { role, what: What::Action { action, procedure } }) } else { Err(refusals) }
}

/// What one partner does is nobody else's, not even another partner's; and only by the newest link, while it holds.
fn is_its_partner(world: &World<'_>, case: &Case, actor: &Actor, action: &ActionRef<'_>) -> bool {
    match actor {
        Actor::Partner(partner) => {
            let linked = case.body.partners.get(&partner.partner);
            action.rule.acts_as.as_ref() == Some(&partner.partner)
                && linked.is_some_and(|linked| linked.link == partner.link && !linked.ended && linked.until > world.now)
        }
        _ => true,
    }
}

fn wrong_state(world: &World<'_>, case: &Case, action: &ActionRef<'_>, procedure: Option<Uuid>) -> Refusal {
    let beside = procedure.and_then(|id| case.procedure(id));
    let state = match beside {
        None => world.program.state(&case.state),
        Some(beside) => world.program.procedure(&beside.name).and_then(|rule| rule.states.get(&beside.state)),
    };
    let state = state.map(|state| state.label.clone()).unwrap_or_default();
    let label = &action.rule.label;
    Refusal::new(
        "state.wrong",
        format!("「{}」の案件では「{}」を行えません。最新の状態を確認してください", state.ja, label.ja),
        format!("\"{}\" cannot be done while the case is \"{}\"; look at it as it is now", label.en, state.en),
    )
}

/// While a decision is on its way, only the applicant's way out stays open: out of the case, or out of the procedure
/// that the decision is about. What the bank did with other money is true all the same.
fn pending_blocks(
    world: &World<'_>,
    case: &Case,
    role: Role,
    action: &ActionRef<'_>,
    procedure: Option<Uuid>,
) -> Option<Refusal> {
    let pending = case.body.pending.as_ref()?;
    if role == Role::Treasury && procedure != pending.procedure {
        return None;
    }
    let leaves = role == Role::Applicant && ends(world.program, action);
    (!leaves || (procedure.is_some() && procedure != pending.procedure)).then(being_signed)
}

/// Whether the action ends the case, or the procedure that it belongs to.
pub(crate) fn ends(program: &Program, action: &ActionRef<'_>) -> bool {
    let state = action.rule.to.as_ref().and_then(|to| match action.procedure {
        None => program.state(to),
        Some(name) => program.procedure(name)?.states.get(to),
    });
    state.is_some_and(|state| state.kind.is_end())
}

fn being_signed() -> Refusal {
    Refusal::new(
        "approval.pending",
        "この案件は決裁中です。決裁が終わるか、起案が差戻し・引戻しされるまでお待ちください",
        "A decision on this case is being signed; wait until it is signed, returned or taken back",
    )
}

/// The clock acts when it rings, and then only as its deadline says.
fn not_due(
    world: &World<'_>,
    case: &Case,
    role: Role,
    action: &ActionRef<'_>,
    procedure: Option<Uuid>,
) -> Option<Refusal> {
    let rings = case.deadline(procedure).and_then(|deadline| deadline.rings(world.now));
    let in_line = world.program.state(&case.state).is_some_and(|state| state.in_line.as_deref() == Some(action.name));
    (role == Role::Clock && !(in_line && procedure.is_none()) && rings != Some(Ring::Over(action.name)))
        .then(nothing_due)
}

pub(crate) fn nothing_due() -> Refusal {
    Refusal::new("clock.nothing_due", "期限の時期ではありません", "No deadline asks for this now")
}

fn remind<'a>(world: &World<'a>, case: &Case, procedure: Option<Uuid>) -> Result<Permit<'a>, Vec<Refusal>> {
    if case.body.pending.is_some() {
        return Err(one(being_signed()));
    }
    match case.deadline(procedure).and_then(|deadline| deadline.rings(world.now)) {
        Some(Ring::Reminder) => Ok(Permit { role: Role::Clock, what: What::Remind { procedure } }),
        _ => Err(one(nothing_due())),
    }
}

/// What a last signature asks again of the drafted action: that it still starts from where the case stands, and that no
/// procedure is in its way.
pub(crate) fn still_in_place(
    world: &World<'_>,
    case: &Case,
    action: &ActionRef<'_>,
    procedure: Option<Uuid>,
) -> Result<(), Vec<Refusal>> {
    place(world, case, action, procedure)?;
    open_procedures(world, case, action).map_or(Ok(()), |refusal| Err(one(refusal)))
}

fn separation(case: &Case, actor: &Actor, action: &ActionRef<'_>) -> Option<Refusal> {
    let person = actor.person()?;
    let done =
        case.body.done.iter().find(|done| done.user == person.id && action.rule.not_who.contains(&done.action))?;
    Some(Refusal::new(
        "duty.separated",
        format!("この案件で「{}」を行った方は、この操作を行えません。別の担当者に依頼してください", done.action),
        format!("Whoever did `{}` on this case may not do this; ask a colleague", done.action),
    ))
}

/// 利害関係: nobody who acts for the applying business decides on its case for the office, in whatever role.
fn interest(case: &Case, actor: &Actor, role: Role) -> Option<Refusal> {
    let decides = role.is_staff() || role == Role::Panelist;
    (decides && actor.person()?.memberships.contains(&case.business.id)).then(conflict_of_interest)
}

/// What every deed of the office answers to whoever acts for the business that it is about.
#[must_use]
pub fn conflict_of_interest() -> Refusal {
    Refusal::new(
        "duty.conflict_of_interest",
        "申請した事業者のメンバーであるため（利害関係）、職員としてこの案件を扱えません。別の担当者に依頼してください",
        "You act for the business that applies, so you may not handle its case as staff; ask a colleague",
    )
}

fn disinterested<'a>(case: &Case, actor: &Actor, permit: Permit<'a>) -> Result<Permit<'a>, Vec<Refusal>> {
    interest(case, actor, permit.role).map_or(Ok(permit), |refusal| Err(one(refusal)))
}

/// None of those that stand in the way, and no second one of a kind of which only one is open at a time.
fn open_procedures(world: &World<'_>, case: &Case, action: &ActionRef<'_>) -> Option<Refusal> {
    let again = action.rule.opens().filter(|name| world.program.procedure(name).is_some_and(|rule| !rule.several));
    let stands_in_the_way = |name: &String| action.rule.none_open.contains(name) || again == Some(name.as_str());
    let open = case.body.procedures.iter().find(|open| open.open && stands_in_the_way(&open.name))?;
    let label = world.program.procedure(&open.name).map(|rule| rule.label.clone()).unwrap_or_default();
    Some(Refusal::new(
        "procedure.open",
        format!("「{}」の手続が終わっていません。先にそちらを完了してください", label.ja),
        format!("The procedure \"{}\" is still open; finish it first", label.en),
    ))
}

fn deadlines(world: &World<'_>, case: &Case, action: &ActionRef<'_>, procedure: Option<Uuid>) -> Option<Refusal> {
    let today = day_in_japan(world.now);
    if action.rule.after_deadline && case.deadline(procedure).is_none_or(|deadline| deadline.due > world.now) {
        return Some(Refusal::new(
            "deadline.running",
            "期限がまだ過ぎていません。期限の翌日から行えます",
            "The deadline has not passed yet; this is possible from the day after it",
        ));
    }
    let until = action.rule.until.as_ref()?;
    let facts = facts_near(world, case, procedure.as_slice());
    let last = world.program.deadline(until, &facts, &world.municipality.calendar)?;
    (last < today).then(|| {
        Refusal::new(
            "deadline.passed",
            format!(
                "この手続の期限（{}）を過ぎています。窓口にご相談ください",
                vocabulary::wareki(last, vocabulary::Locale::Ja)
            ),
            format!("The deadline for this ({last}) has passed; please ask the office"),
        )
    })
}

/// A first submission needs a call that is open, or was on the day on which the paper came.
fn window(world: &World<'_>, case: &Case, action: &ActionRef<'_>) -> Option<Refusal> {
    let handing_in = action.rule.form.is_some() && case.state == world.program.initial() && action.procedure.is_none();
    if !handing_in {
        return None;
    }
    let today = case.body.paper.as_ref().map_or_else(|| day_in_japan(world.now), |paper| paper.received_on);
    if today < case.call.opens {
        let ja = vocabulary::wareki(case.call.opens, vocabulary::Locale::Ja);
        return Some(Refusal::new(
            "call.not_open_yet",
            format!("受付は{ja}に始まります。下書きはこのまま保存できます"),
            format!("Applications open on {}; the draft stays saved", case.call.opens),
        ));
    }
    case.call.closes.filter(|last| *last < today).map(|last| {
        let ja = vocabulary::wareki(last, vocabulary::Locale::Ja);
        Refusal::new(
            "call.closed",
            format!("受付は{ja}に終了しました。次の募集をお待ちください"),
            format!("Applications closed on {last}; please wait for the next call"),
        )
    })
}

// ---------------------------------------------------------------------------------------------------------------
// The actions of an approval

fn no_approval() -> Vec<Refusal> {
    one(Refusal::new("approval.none", "決裁中の起案がありません", "No decision is waiting for a signature"))
}

fn sign<'a>(world: &World<'a>, case: &Case, actor: &Actor) -> Result<Permit<'a>, Vec<Refusal>> {
    let person = actor.person().ok_or_else(no_approval)?;
    if !person.is_staff_of(&case.municipality) {
        return Err(forbidden());
    }
    let pending = case.body.pending.as_ref().ok_or_else(no_approval)?;
    let next = pending.next().ok_or_else(no_approval)?;
    if !may_sign(world, case, person, &next.position) {
        let name = position_name(world, &next.position);
        let has_signed = |signed: &crate::case::Signature| signed.by == person.id;
        if pending.route.iter().any(|signing| signing.signed.as_ref().is_some_and(has_signed)) {
            return Err(one(Refusal::new(
                "approval.signed_already",
                format!("すでに署名しています。次に署名するのは「{}」です", name.ja),
                format!("You have signed already; the next signature is that of the {}", name.en),
            )));
        }
        return Err(one(Refusal::new(
            "approval.not_your_turn",
            format!("次に署名するのは「{}」です", name.ja),
            format!("The next signature is that of the {}", name.en),
        )));
    }
    if pending.drafted_by == person.id {
        return Err(one(Refusal::new(
            "approval.own_draft",
            "自分の起案を自分で決裁することはできません",
            "Nobody approves a draft of their own",
        )));
    }
    Ok(Permit { role: Role::Approver, what: What::Sign })
}

fn forbidden() -> Vec<Refusal> {
    one(Refusal::new("action.forbidden", "この操作を行う権限がありません", "You have no right to do this"))
}

/// Holds the position, or is first in the line of deputies of a vacant one (代決).
fn may_sign(world: &World<'_>, case: &Case, person: &Person, position: &str) -> bool {
    person.holds(&case.municipality, position) || acts_for(world, case, person, position)
}

fn acts_for(world: &World<'_>, case: &Case, person: &Person, position: &str) -> bool {
    let vacant = |name: &str, holders: &BTreeMap<String, Vec<Uuid>>| holders.get(name).is_none_or(Vec::is_empty);
    if !vacant(position, &world.holders) {
        return false;
    }
    let deputies = world.municipality.positions.get(position).map_or(&[][..], |rule| &rule.deputies);
    deputies
        .iter()
        .find(|deputy| !vacant(deputy, &world.holders))
        .is_some_and(|deputy| person.holds(&case.municipality, deputy))
}

fn position_name(world: &World<'_>, position: &str) -> Bilingual {
    world
        .municipality
        .positions
        .get(position)
        .map_or_else(|| Bilingual::new(position, position), |rule| rule.name.clone())
}

/// 差戻し: by anybody who signs on this route, whoever's turn it is.
fn return_internally<'a>(world: &World<'a>, case: &Case, actor: &Actor) -> Result<Permit<'a>, Vec<Refusal>> {
    let person = actor.person().ok_or_else(no_approval)?;
    if !person.is_staff_of(&case.municipality) {
        return Err(forbidden());
    }
    let pending = case.body.pending.as_ref().ok_or_else(no_approval)?;
    let on_route = pending.route.iter().any(|signing| may_sign(world, case, person, &signing.position));
    if !on_route || pending.drafted_by == person.id {
        return Err(forbidden());
    }
    Ok(Permit { role: Role::Approver, what: What::ReturnInternally })
}

/// 引戻し: by the drafter.
fn take_back<'a>(case: &Case, actor: &Actor) -> Result<Permit<'a>, Vec<Refusal>> {
    let person = actor.person().ok_or_else(no_approval)?;
    if !person.is_staff_of(&case.municipality) {
        return Err(forbidden());
    }
    let pending = case.body.pending.as_ref().ok_or_else(no_approval)?;
    if pending.drafted_by != person.id {
        return Err(one(Refusal::new(
            "approval.not_your_draft",
            "引戻しは起案者だけが行えます",
            "Only the drafter takes a draft back",
        )));
    }
    Ok(Permit { role: Role::Reviewer, what: What::TakeBack })
}
