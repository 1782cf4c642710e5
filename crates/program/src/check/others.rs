//! Whoever acts besides applicant and office, and what a case shares with the others of its call: partners, panels,
//! lines, places, what is published.

use super::{Machine, error};
use crate::definition::{Action, Audience, Definition, Effect, FieldType, Name, PanelStep, Role, State};
use crate::facts::APPLICATION;
use crate::finding::Finding;
use crate::resolve::Merged;
use crate::yaml::pointer_part;

type Findings = Vec<Finding>;

pub(super) fn check(definition: &Definition, merged: &Merged, findings: &mut Findings) {
    for machine in Machine::all(&definition.archetype) {
        for (name, state) in machine.states {
            check_line(&machine, name, state, findings);
        }
        for (name, action) in machine.actions {
            let path = machine.action_path(name);
            check_partner(definition, merged, action, &path, findings);
            check_panel(definition, action, &path, findings);
        }
    }
    check_invited(definition, findings);
    check_published(definition, merged, findings);
    check_money(definition, findings);
}

fn invites(action: &Action) -> impl Iterator<Item = (usize, &Name)> {
    action.effects.iter().enumerate().filter_map(|(i, effect)| match effect {
        Effect::Invite(partner) => Some((i, partner)),
        _ => None,
    })
}

fn check_partner(definition: &Definition, merged: &Merged, action: &Action, path: &str, findings: &mut Findings) {
    let by_partner = action.by.as_slice() == [Role::Partner];
    let named_among_others = action.by.as_slice().contains(&Role::Partner) && !by_partner;
    if named_among_others || by_partner != action.acts_as.is_some() {
        findings.push(error(
            "partner.acts",
            format!("{path}/by"),
            "第三者の手続は by: partner だけとし、どの第三者かを as に書いてください",
            "What a partner does is `by: partner` alone, and says in `as` which partner",
        ));
    }
    if action.tells.contains_key(&Audience::Partner) && action.acts_as.is_none() && invites(action).next().is_none() {
        findings.push(error(
            "partner.untold",
            format!("{path}/tells/partner"),
            "第三者に知らせるのは、招く（invite）か第三者自身が行う（as）手続だけです",
            "Only an action that invites a partner, or that the partner takes, tells one",
        ));
    }
    for (i, partner) in invites(action) {
        for part in ["name", "email"] {
            let wanted = format!("{partner}_{part}");
            let form = action.form.as_deref().unwrap_or(APPLICATION);
            let in_forms = [form, APPLICATION].iter().find_map(|form| merged.fields.get(*form)?.get(&wanted));
            let field = action.input.get(&wanted).or(in_forms);
            let is_text = field.is_some_and(|field| field.kind == FieldType::Text && field.required);
            if !is_text && definition.archetype.partners.contains_key(partner) {
                findings.push(error(
                    "partner.address",
                    format!("{path}/effects/{i}"),
                    format!("招く相手の必須の入力項目「{wanted}」（text）が必要です"),
                    format!("To invite, a required text `{wanted}` is asked for, in the action's input or in a form"),
                ));
            }
        }
    }
}

/// Whoever acts was invited some time.
fn check_invited(definition: &Definition, findings: &mut Findings) {
    let archetype = &definition.archetype;
    let invited = |partner: &Name| {
        Machine::all(archetype).flat_map(|m| m.actions.values()).any(|a| invites(a).any(|(_, p)| p == partner))
    };
    for partner in archetype.partners.keys().filter(|partner| !invited(partner)) {
        findings.push(error(
            "partner.uninvited",
            format!("/archetype/partners/{}", pointer_part(partner)),
            format!("第三者「{partner}」を招く手続（invite）がありません"),
            format!("No action invites the partner `{partner}`"),
        ));
    }
}

fn check_panel(definition: &Definition, action: &Action, path: &str, findings: &mut Findings) {
    for (i, effect) in action.effects.iter().enumerate() {
        let path = format!("{path}/effects/{i}");
        let wanted = match effect {
            Effect::Panel(PanelStep::Score | PanelStep::Conflict) => Role::Panelist,
            Effect::Rank => Role::ProgramOfficer,
            _ => continue,
        };
        if action.by.as_slice() != [wanted] {
            findings.push(error(
                "panel.by",
                path,
                format!("この手続を行うのは {} だけです", wanted.as_str()),
                format!("Only `{}` does this", wanted.as_str()),
            ));
        }
    }
    let of_panel = action.effects.iter().position(|effect| matches!(effect, Effect::Panel(_)));
    if let Some(i) = of_panel.filter(|_| definition.program.panel.is_none()) {
        findings.push(error(
            "panel.missing",
            format!("{path}/effects/{i}"),
            "審査会を行うには、制度に panel（審査員の数と審査項目）が必要です",
            "A panel needs the program to say `panel`: how many judges, and what they score",
        ));
    }
}

fn check_line(machine: &Machine<'_>, name: &Name, state: &State, findings: &mut Findings) {
    let path = machine.state_path(name);
    if machine.procedure.is_some() && (state.takes_place || state.in_line.is_some() || state.published) {
        findings.push(error(
            "line.procedure",
            path,
            "定員・補欠・公開は申請そのものの状態だけに書けます",
            "Only states of the case itself take a place, wait in line or are published",
        ));
        return;
    }
    let leads_here = |action: &Action| action.or_wait.as_ref() == Some(name);
    match &state.in_line {
        Some(next) => {
            let action = machine.actions.get(next);
            let by_clock = action.is_some_and(|action| {
                action.by.as_slice() == [Role::Clock] && action.from.as_slice().contains(name) && action.to.is_some()
            });
            if !by_clock || state.takes_place {
                findings.push(error(
                    "line.action",
                    format!("{path}/in_line"),
                    format!("「{next}」は、この状態から時計（clock）が進める手続でなければなりません"),
                    format!("`{next}` must be an action by the clock that leads on from this state"),
                ));
            }
        }
        None => {
            if let Some((action, _)) = machine.actions.iter().find(|(_, action)| leads_here(action)) {
                findings.push(error(
                    "line.state",
                    format!("{}/or_wait", machine.action_path(action)),
                    format!("状態「{name}」は順番待ちの状態（in_line）ではありません"),
                    format!("The state `{name}` is not one in which cases wait in line (`in_line`)"),
                ));
            }
        }
    }
}

fn check_published(definition: &Definition, merged: &Merged, findings: &mut Findings) {
    let fields = merged.fields.get(APPLICATION);
    for (i, name) in definition.program.publishes.iter().enumerate() {
        let field = fields.and_then(|fields| fields.get(name));
        if field.is_none_or(|field| field.personal || matches!(field.kind, FieldType::BankAccount | FieldType::File)) {
            findings.push(error(
                "publish.field",
                format!("/program/publishes/{i}"),
                format!("「{name}」は申請書の公開できる項目ではありません"),
                format!("`{name}` is no field of the application that may be made public"),
            ));
        }
    }
    let published = definition.archetype.states.iter().find(|(_, state)| state.published);
    if let Some((name, _)) = published.filter(|_| definition.program.publishes.is_empty()) {
        findings.push(error(
            "publish.nothing",
            format!("/archetype/states/{}/published", pointer_part(name)),
            "公開する項目（publishes）が制度に書かれていません",
            "The program does not say what it `publishes`",
        ));
    }
    let asks_consent = fields.is_some_and(|fields| fields.values().any(|field| field.consent));
    if let Some((name, _)) = published.filter(|_| !asks_consent) {
        findings.push(error(
            "publish.consent",
            format!("/archetype/states/{}/published", pointer_part(name)),
            "公開への同意を求める項目（yes_no、consent: true）が申請書にありません",
            "No field of the application asks for a consent (`yes_no` with `consent: true`)",
        ));
    }
}

/// A program gives money exactly where its archetype has amounts.
fn check_money(definition: &Definition, findings: &mut Findings) {
    let has_amounts = !definition.archetype.amounts.is_empty();
    match (&definition.program.amount, has_amounts) {
        (None, true) => findings.push(error(
            "award.missing",
            "/program",
            "この類型の制度には金額の計算（amount）が必要です",
            "A program of this archetype says in `amount` how the award is computed",
        )),
        (Some(_), false) => findings.push(error(
            "award.unused",
            "/program/amount",
            "この類型では金額を扱いません",
            "This archetype gives no money",
        )),
        _ => {}
    }
}
