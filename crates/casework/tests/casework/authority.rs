//! Every state × every action × every actor: what the definition does not allow is refused, and nothing happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use casework::{Actor, Pending, Person, RETURN_INTERNALLY, SIGN, TAKE_BACK, candidates, may_see};
use program::definition::{Effect, Role};
use program::{ActionRef, Program};
use serde_json::json;

use crate::desk::{Desk, codes, holder, machines, person, play, programs, staff};

const ELSEWHERE: &str = "elsewhere";

/// State, drafted action with the position whose signature is waited for, open procedures.
type Standing = (String, Option<(String, String)>, Vec<String>);

fn standing(desk: &Desk) -> Standing {
    let body = &desk.case.body;
    let open = body.procedures.iter().filter(|open| open.open);
    (
        desk.case.state.clone(),
        body.pending.as_ref().map(|pending| (pending.action.clone(), pending.next().unwrap().position.clone())),
        open.map(|open| format!("{}.{}", open.name, open.state)).collect(),
    )
}

/// One desk for every way in which a case of the program can stand: those of its scenarios, and what is reached from them
/// by any permitted action.
fn standings(program: &str) -> &'static BTreeMap<Standing, Desk> {
    static FOUND: OnceLock<BTreeMap<String, BTreeMap<Standing, Desk>>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        std::thread::scope(|threads| {
            let searches = machines().map(|(program, _)| (program.name(), threads.spawn(|| search(program.name()))));
            let searches: Vec<_> = searches.collect();
            searches.into_iter().map(|(name, search)| (name.to_owned(), search.join().unwrap())).collect()
        })
    });
    &found[program]
}

/// Procedures know each other only by `none_open`: two at once say what three would, in a fraction of the standings.
const MOST_BESIDE: usize = 1;

fn beside(desk: &Desk) -> usize {
    desk.case.body.procedures.iter().filter(|procedure| procedure.open).count()
}

fn search(program: &str) -> BTreeMap<Standing, Desk> {
    let (program, scenarios) = programs().find(|(found, _)| found.name() == program).unwrap();
    let mut found = BTreeMap::new();
    for scenario in &scenarios.scenarios {
        play(program, scenarios, scenario, |desk| _ = found.entry(standing(desk)).or_insert_with(|| desk.clone()));
    }
    let mut to_visit: Vec<Desk> = found.values().cloned().collect();
    while let Some(desk) = to_visit.pop() {
        for reached in onward(&desk).into_iter().filter(|reached| beside(reached) <= MOST_BESIDE) {
            found.entry(standing(&reached)).or_insert_with(|| {
                to_visit.push(reached.clone());
                reached
            });
        }
    }
    found
}

/// Where one permitted action leads, now or once the deadline has passed.
fn onward(desk: &Desk) -> Vec<Desk> {
    let mut later = desk.clone();
    if let Some(deadline) = &desk.case.body.deadline {
        later.now = later.now.max(deadline.due);
    }
    let acts = |desk: Desk| {
        let names: Vec<&str> = desk.program.actions().map(|action| action.name).chain([SIGN, TAKE_BACK]).collect();
        let positions = desk.place.positions.keys().map(|position| format!("position:{position}"));
        let roles = Role::STAFF.map(|role| role.as_str().to_owned());
        let machines = ["applicant", "clock", "treasury", "panelist"].map(str::to_owned);
        let partners = desk.case.body.partners.keys().map(|partner| format!("partner:{partner}"));
        let actors: Vec<String> = positions.chain(roles).chain(machines).chain(partners).collect();
        let tries = names.into_iter().filter_map(move |name| {
            let by = actors.iter().find(|by| desk.barred(&desk.actor(by), name).is_empty())?;
            let (act, draft) = desk.guess(name);
            let mut reached = desk.clone();
            let done = reached.take(&desk.actor(by), &act, Some(draft));
            done.is_ok().then_some(reached)
        });
        tries.collect::<Vec<Desk>>()
    };
    acts(desk.clone()).into_iter().chain(acts(later)).collect()
}

fn actors(desk: &Desk) -> Vec<(String, Actor)> {
    let here = desk.case.municipality.as_str();
    let mut people = vec![
        ("stranger".to_owned(), Person { memberships: vec![person("x").id], ..person("stranger") }),
        ("nobody".to_owned(), person("nobody")),
    ];
    for place in [here, ELSEWHERE] {
        people.extend(Role::STAFF.map(|role| (format!("{role:?} of {place}"), staff(place, role))));
        people.extend(desk.place.positions.keys().map(|name| (format!("{name} of {place}"), holder(place, name))));
    }
    for name in desk.place.positions.keys() {
        // Holds the position, but has no role any more.
        people.push((format!("{name} without a role"), Person { roles: Vec::new(), ..holder(here, name) }));
        // Works here, holds the position elsewhere.
        let mut both = holder(ELSEWHERE, name);
        both.roles.push((here.to_owned(), Role::Approver));
        people.push((format!("{name} elsewhere, approver here"), both));
    }
    let mut actors: Vec<(String, Actor)> =
        people.into_iter().map(|(name, person)| (name, Actor::Person(person))).collect();
    let link = |case, partner: &str| {
        Actor::Partner(casework::Partner {
            link: desk.case.body.partners.get(partner).map_or(person(partner).id, |linked| linked.link),
            case,
            partner: partner.to_owned(),
            name: String::new(),
        })
    };
    for partner in desk.program.definition().archetype.partners.keys().map(String::as_str).chain(["bank"]) {
        actors.push((format!("{partner} of this case"), link(desk.case.id, partner)));
        actors.push((format!("{partner} of another case"), link(person("x").id, partner)));
    }
    for (call, name) in [(desk.case.call.id, "this call"), (person("x").id, "another call")] {
        let judge = Person { panels: vec![call], ..person("judge") };
        actors.push((format!("judge of {name}"), Actor::Person(judge.clone())));
        let recused = Person { recusals: vec![desk.case.id], ..judge };
        actors.push((format!("judge of {name} who keeps away from the case"), Actor::Person(recused)));
    }
    actors.extend(["applicant", "clock", "treasury"].map(|by| (by.to_owned(), desk.actor(by))));
    actors
}

/// Read from the definition alone: whether the actor's role, the place and a pending decision let the action be.
fn in_principle(desk: &Desk, actor: &Actor, action: &ActionRef<'_>) -> bool {
    let case = &desk.case;
    let by = action.rule.by.as_slice();
    let allowed = match actor {
        Actor::Clock => by.contains(&Role::Clock),
        Actor::Treasury => by.contains(&Role::Treasury),
        Actor::Partner(partner) => {
            let linked = case.body.partners.get(&partner.partner);
            by.contains(&Role::Partner)
                && partner.case == case.id
                && linked.is_some_and(|linked| !linked.ended && linked.until > desk.now)
                && action.rule.acts_as.as_ref() == Some(&partner.partner)
        }
        Actor::Person(person) => {
            let applies = by.contains(&Role::Applicant) && person.memberships.contains(&case.business.id);
            let judges = by.contains(&Role::Panelist) && casework::judges(person, case);
            applies
                || judges
                || person.roles.iter().any(|(place, role)| *place == case.municipality && by.contains(role))
        }
    };
    let from = action.rule.from.as_slice();
    let here = match action.procedure {
        None => from.contains(&case.state),
        Some(name) => case.body.procedures.iter().any(|p| p.name == name && from.contains(&p.state)),
    };
    let applicant = matches!(actor, Actor::Person(person) if person.memberships.contains(&case.business.id));
    // What the bank did with an advance does not wait for a signature on something else.
    let beside = |pending: &Pending| {
        let about = case.body.procedures.iter().find(|p| Some(p.id) == pending.procedure).map(|p| p.name.as_str());
        *actor == Actor::Treasury && action.procedure != about
    };
    let lets = |pending: &Pending| beside(pending) || (applicant && leaves(desk, pending, action));
    allowed && here && case.body.pending.as_ref().is_none_or(lets)
}

/// The applicant's way out: of the case, or of the procedure that the pending decision is about.
fn leaves(desk: &Desk, pending: &Pending, action: &ActionRef<'_>) -> bool {
    let archetype = &desk.program.definition().archetype;
    let states = action.procedure.map_or(&archetype.states, |name| &archetype.procedures[name].states);
    let about_it = action.procedure.is_none_or(|name| {
        desk.case.body.procedures.iter().any(|p| p.open && p.name == name && Some(p.id) == pending.procedure)
    });
    about_it && action.rule.to.as_ref().is_some_and(|to| states[to].kind.is_end())
}

fn built_in_allowed(desk: &Desk, actor: &Actor, action: &str) -> bool {
    let (Some(pending), Actor::Person(person)) = (&desk.case.body.pending, actor) else { return false };
    let here = &desk.case.municipality;
    let works_here = person.roles.iter().any(|(place, _)| place == here);
    let holds = |position: &String| person.positions.contains(&(here.clone(), position.clone()));
    let drafter = pending.drafted_by == person.id;
    works_here
        && match action {
            SIGN => !drafter && pending.next().is_some_and(|next| holds(&next.position)),
            RETURN_INTERNALLY => !drafter && pending.route.iter().any(|signing| holds(&signing.position)),
            _ => drafter,
        }
}

/// What may stand in the way although role and place fit, each only where the definition asks for it.
fn reasons(action: &ActionRef<'_>, actor: &Actor) -> BTreeSet<&'static str> {
    let rule = action.rule;
    [
        ("duty.separated", !rule.not_who.is_empty()),
        ("procedure.open", !rule.none_open.is_empty() || rule.effects.iter().any(|e| matches!(e, Effect::Open(_)))),
        ("procedure.ambiguous", action.procedure.is_some()),
        ("rank.by_call", rule.effects.contains(&Effect::Rank)),
        ("deadline.running", rule.after_deadline),
        ("deadline.passed", rule.until.is_some()),
        ("call.not_open_yet", rule.form.is_some()),
        ("call.closed", rule.form.is_some()),
        ("clock.nothing_due", *actor == Actor::Clock),
    ]
    .into_iter()
    .filter_map(|(code, possible)| possible.then_some(code))
    .collect()
}

const AUTHORITY: [&str; 9] = [
    "action.forbidden",
    "state.wrong",
    "approval.pending",
    "approval.none",
    "approval.not_your_turn",
    "approval.own_draft",
    "approval.not_your_draft",
    "duty.separated",
    "procedure.open",
];

fn check(desk: &Desk, who: &str, actor: &Actor, action: &str) {
    let about = format!("{}: {who}: {action} in {}", desk.program.name(), desk.case.state);
    let barred = desk.barred(actor, action);
    let allowed = match desk.program.action(action) {
        None => built_in_allowed(desk, actor, action),
        Some(found) => {
            let allowed = in_principle(desk, actor, &found);
            if allowed {
                let possible = reasons(&found, actor);
                assert!(barred.iter().all(|code| possible.contains(code.as_str())), "{about}: {barred:?}");
            }
            allowed && barred.is_empty()
        }
    };
    assert_eq!(barred.is_empty(), allowed, "{about}: {barred:?}");
    let outcome = desk.ask(actor, &desk.an_act(action, json!({})), None);
    match outcome {
        Ok(step) => {
            assert!(barred.is_empty(), "{about}: refused by permit, done by decide");
            assert_eq!(step.case.version, desk.case.version + 1, "{about}");
        }
        Err(refusals) if barred.is_empty() => {
            assert!(!refusals.is_empty() && !codes(&refusals).iter().any(|code| AUTHORITY.contains(code)), "{about}");
        }
        Err(refusals) => {
            assert_eq!(codes(&refusals), barred, "{about}");
            for refusal in &refusals {
                let code = refusal.code.split_once('.');
                assert!(code.is_some_and(|(group, name)| !group.is_empty() && !name.is_empty()), "{about}");
                assert!(!refusal.message.ja.is_empty() && !refusal.message.en.is_empty(), "{about}");
            }
        }
    }
}

/// 利害関係: what staff may do, they may not once they act for the business that applies.
fn check_interest(desk: &Desk, actor: &Actor, action: &str) {
    let Actor::Person(person) = actor else { return };
    let applies = person.memberships.contains(&desk.case.business.id);
    let applicants =
        desk.program.action(action).is_some_and(|found| found.rule.by.as_slice().contains(&Role::Applicant));
    if applies || applicants || !desk.barred(actor, action).is_empty() {
        return;
    }
    let mut member = person.clone();
    member.memberships.push(desk.case.business.id);
    let member = Actor::Person(member);
    assert_eq!(desk.barred(&member, action), ["duty.conflict_of_interest"], "{action} in {}", desk.case.state);
    let refused = desk.ask(&member, &desk.an_act(action, json!({})), None).unwrap_err();
    assert_eq!(codes(&refused), ["duty.conflict_of_interest"]);
}

fn every_pair(program: &str) {
    for desk in standings(program).values() {
        let (program, case) = (desk.program, &desk.case);
        let names: Vec<&str> = program.actions().map(|action| action.name).collect();
        for (who, actor) in actors(desk) {
            for action in names.iter().copied().chain([SIGN, RETURN_INTERNALLY, TAKE_BACK]) {
                check(desk, &who, &actor, action);
                check_interest(desk, &actor, action);
            }
            for unknown in ["", "no_such_action", "Sign"] {
                assert_eq!(desk.barred(&actor, unknown), ["action.unknown"]);
            }
            let sees = matches!(actor, Actor::Clock | Actor::Treasury)
                || who == "applicant"
                || matches!(&actor, Actor::Person(person) if casework::judges(person, case))
                || (case.state != program.initial()
                    && matches!(&actor, Actor::Person(p) if p.roles.iter().any(|(place, _)| *place == case.municipality)));
            assert_eq!(may_see(&actor, case), sees, "{who} sees {}", case.state);
        }
        if let Some(pending) = &case.body.pending {
            let drafter = desk.program.action(&pending.action).unwrap().rule.by.as_slice()[0];
            let mut drafter = staff(&case.municipality, drafter);
            drafter.id = pending.drafted_by;
            check(desk, "the drafter", &Actor::Person(drafter), TAKE_BACK);
        }
        let expected: BTreeSet<&str> = program
            .actions()
            .filter(|action| action.rule.by.as_slice().iter().any(|role| !matches!(role, Role::Clock | Role::Treasury)))
            .filter(|action| {
                let from = action.rule.from.as_slice();
                action.procedure.map_or(from.contains(&case.state), |name| {
                    case.body.procedures.iter().any(|p| p.name == name && from.contains(&p.state))
                })
            })
            .map(|action| action.name)
            .chain(case.body.pending.iter().flat_map(|_| [SIGN, RETURN_INTERNALLY, TAKE_BACK]))
            .collect();
        let listed = desk.world(None, |world| {
            let found = candidates(world, case).into_iter().map(|(name, procedure)| (name.to_owned(), procedure));
            found.collect::<Vec<_>>()
        });
        assert_eq!(listed.iter().map(|(name, _)| name.as_str()).collect::<BTreeSet<_>>(), expected);
        assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "listed twice");
    }
}

#[test]
fn nothing_happens_that_the_definition_does_not_allow() {
    std::thread::scope(|threads| {
        for (program, _) in machines() {
            threads.spawn(|| every_pair(program.name()));
        }
    });
}

/// Every state, decision and procedure of an archetype is come to in one of its programs.
#[test]
fn the_standings_cover_the_machines() {
    let mut missing: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (program, _) in machines() {
        let found = standings(program.name());
        let archetype = &program.definition().archetype;
        let states = archetype.states.keys().filter(|state| !found.keys().any(|(at, ..)| at == *state)).cloned();
        let drafted =
            |action: &str| found.keys().any(|(_, pending, _)| pending.as_ref().is_some_and(|p| p.0 == action));
        let decisions = program.actions().filter(|action| action.rule.approval.is_some() && !drafted(action.name));
        let beside = archetype.procedures.iter().flat_map(|(name, procedure)| {
            let waiting = procedure.states.iter().filter(|(_, state)| !state.kind.is_end());
            waiting.map(move |(state, _)| format!("{name}.{state}"))
        });
        let beside = beside.filter(|open| !found.keys().any(|(.., beside)| beside.contains(open)));
        let here = states.chain(decisions.map(|action| action.name.to_owned())).chain(beside).collect();
        let known = missing.entry(&archetype.archetype).or_insert_with(|| BTreeSet::clone(&here));
        // What this program's options leave out says nothing of it.
        known.retain(|name| here.contains(name) || !is_part(program, name));
    }
    assert!(missing.values().all(BTreeSet::is_empty), "nothing comes to {missing:?}");
}

fn is_part(program: &Program, name: &str) -> bool {
    let archetype = &program.definition().archetype;
    let beside =
        name.split_once('.').and_then(|(procedure, state)| archetype.procedures.get(procedure)?.states.get(state));
    archetype.states.contains_key(name) || program.action(name).is_some() || beside.is_some()
}

#[test]
fn a_fresh_draft_is_the_applicants_own() {
    let desk = Desk::in_state("hino/sales-channel", "draft");
    assert_eq!(desk.case.body.standing.kind, None, "nothing was decided yet");
    assert!(may_see(&desk.actor("applicant"), &desk.case));
    assert!(!may_see(&desk.actor("clerk"), &desk.case));
}
