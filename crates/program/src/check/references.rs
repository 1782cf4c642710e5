//! Every name that is used is declared.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::{Machine, one_path};
use crate::cross::unknown;
use crate::definition::{
    Action, AmountRule, Archetype, Declared, Definition, DocumentSlot, Effect, Field, FieldType, Name, Procedure, State,
};
use crate::facts::APPLICATION;
use crate::finding::Finding;
use crate::linear::linear;
use crate::yaml::pointer_part;

type Findings = Vec<Finding>;
/// How a kind of thing is called in messages: its code, in Japanese, in English.
type Kind = (&'static str, (&'static str, &'static str));

const STATE: Kind = ("reference.state", ("状態", "state"));
const ACTION: Kind = ("reference.action", ("手続", "action"));
const FORM: Kind = ("reference.form", ("様式", "form"));
const FIELD: Kind = ("reference.field", ("項目", "field"));
const INPUT: Kind = ("reference.input", ("入力項目", "input"));
const DOCUMENT: Kind = ("reference.document", ("書類", "document"));
const LETTER: Kind = ("reference.letter", ("通知書", "letter"));
const MAIL: Kind = ("reference.mail", ("メール", "mail"));
const AMOUNT: Kind = ("reference.amount", ("金額", "amount"));
const FACT: Kind = ("reference.fact", ("日付", "fact"));
const OPTION: Kind = ("reference.option", ("選択", "option"));
const PARAMETER: Kind = ("reference.parameter", ("数値", "parameter"));
const DEADLINE: Kind = ("reference.deadline", ("期限", "deadline"));
const PROCEDURE: Kind = ("reference.procedure", ("手続", "procedure"));
const PARTNER: Kind = ("reference.partner", ("第三者", "partner"));

pub(super) fn check(definition: &Definition, findings: &mut Findings) {
    for machine in Machine::all(&definition.archetype) {
        for (name, state) in machine.states {
            check_state(definition, &machine, &machine.state_path(name), state, findings);
        }
        for (name, action) in machine.actions {
            check_action(definition, &machine, &machine.action_path(name), action, findings);
        }
    }
    check_amounts(definition, findings);
    check_options(definition, findings);
    check_program(definition, findings);
}

fn known<T>(
    kind: Kind,
    path: impl Into<String>,
    name: &str,
    declared: &IndexMap<Name, T>,
    findings: &mut Findings,
) -> bool {
    let is_known = declared.contains_key(name);
    if !is_known {
        findings.push(unknown(kind.0, path, kind.1, name, declared.keys().map(String::as_str)));
    }
    is_known
}

fn check_state(definition: &Definition, machine: &Machine<'_>, path: &str, state: &State, findings: &mut Findings) {
    let archetype = &definition.archetype;
    if let Some(option) = &state.option {
        known(OPTION, format!("{path}/option"), option, &archetype.options, findings);
    }
    if let Some(deadline) = &state.deadline {
        known(ACTION, format!("{path}/deadline/then"), &deadline.then, machine.actions, findings);
        if let Some(mail) = &deadline.reminder {
            known(MAIL, format!("{path}/deadline/reminder"), mail, &archetype.mails, findings);
        }
    }
    if let Some(action) = &state.in_line {
        known(ACTION, format!("{path}/in_line"), action, machine.actions, findings);
    }
    for (account, source) in &state.holds {
        let path = format!("{path}/holds/{}", crate::facts::word(account));
        check_linear(archetype, &machine.near(None), &path, source, findings);
    }
}

/// What a state holds, or an action pays.
fn check_linear(archetype: &Archetype, near: &[&str], path: &str, source: &str, findings: &mut Findings) {
    match linear(source) {
        Some(terms) => {
            for (_, amount) in &terms {
                known_amount(archetype, near, path, amount, findings);
            }
        }
        None => findings.push(super::error(
            "holds.form",
            path,
            "金額の名前を + と - でつないで書いてください（例：finalized - advance）",
            "Write names of amounts with + and - between them, e.g. `finalized - advance`",
        )),
    }
}

fn check_action(definition: &Definition, machine: &Machine<'_>, path: &str, action: &Action, findings: &mut Findings) {
    let archetype = &definition.archetype;
    for (i, state) in action.from.as_slice().iter().enumerate() {
        known(STATE, one_path(&format!("{path}/from"), &action.from, i), state, machine.states, findings);
    }
    if let Some(state) = &action.to {
        known(STATE, format!("{path}/to"), state, machine.states, findings);
    }
    if let Some(state) = &action.or_wait {
        known(STATE, format!("{path}/or_wait"), state, machine.states, findings);
    }
    if let Some(partner) = &action.acts_as {
        known(PARTNER, format!("{path}/as"), partner, &archetype.partners, findings);
    }
    let near = machine.near(Some(action));
    if let Some(form) = &action.form {
        known_form(definition, &near, format!("{path}/form"), form, findings);
    }
    if let Some(option) = &action.option {
        known(OPTION, format!("{path}/option"), option, &archetype.options, findings);
    }
    for (i, need) in action.needs.iter().enumerate() {
        if let Some(option) = &need.option {
            known(OPTION, format!("{path}/needs/{i}/option"), option, &archetype.options, findings);
        }
    }
    for (i, procedure) in action.none_open.iter().enumerate() {
        known(PROCEDURE, format!("{path}/none_open/{i}"), procedure, &archetype.procedures, findings);
    }
    let everywhere: BTreeSet<&str> =
        Machine::all(archetype).flat_map(|machine| machine.actions.keys()).map(String::as_str).collect();
    for (i, other) in action.not_who.iter().enumerate().filter(|(_, other)| !everywhere.contains(other.as_str())) {
        let path = format!("{path}/not_who/{i}");
        findings.push(unknown(ACTION.0, path, ACTION.1, other, everywhere.iter().copied()));
    }
    for (audience, mail) in &action.tells {
        let path = format!("{path}/tells/{}", crate::facts::word(audience));
        known(MAIL, path, mail, &archetype.mails, findings);
    }
    for (i, effect) in action.effects.iter().enumerate() {
        check_effect(definition, &near, &format!("{path}/effects/{i}"), effect, action, findings);
    }
}

/// A name that is declared by the case or by one of the procedures that are near.
fn known_of<'a, T: 'a>(
    kind: Kind,
    path: impl Into<String>,
    name: &str,
    declared: Declared<'a, T>,
    (near, names): (&[&str], impl Iterator<Item = (Option<&'a str>, &'a Name)>),
    findings: &mut Findings,
) -> bool {
    let is_seen = |home: Option<&str>| home.is_none_or(|procedure| near.contains(&procedure));
    let is_known = declared.is_some_and(|(home, _)| is_seen(home));
    if !is_known {
        let seen = names.filter(|(home, _)| is_seen(*home)).map(|(_, name)| name.as_str());
        findings.push(unknown(kind.0, path, kind.1, name, seen));
    }
    is_known
}

/// The names of a section of the case and of each procedure.
fn names_of<'a, T>(
    archetype: &'a Archetype,
    own: &'a IndexMap<Name, T>,
    beside: impl Fn(&'a Procedure) -> &'a IndexMap<Name, T>,
) -> impl Iterator<Item = (Option<&'a str>, &'a Name)> {
    let procedures = archetype.procedures.iter();
    let beside = procedures.flat_map(move |(name, rule)| beside(rule).keys().map(|own| (Some(name.as_str()), own)));
    own.keys().map(|name| (None, name)).chain(beside)
}

fn known_amount(
    archetype: &Archetype,
    near: &[&str],
    path: impl Into<String>,
    name: &str,
    findings: &mut Findings,
) -> bool {
    let names = names_of(archetype, &archetype.amounts, |procedure| &procedure.amounts);
    known_of(AMOUNT, path, name, archetype.amount(name), (near, names), findings)
}

fn check_effect(
    definition: &Definition,
    near: &[&str],
    path: &str,
    effect: &Effect,
    action: &Action,
    findings: &mut Findings,
) {
    let archetype = &definition.archetype;
    match effect {
        Effect::Record(fact) => {
            let names = names_of(archetype, &archetype.facts, |procedure| &procedure.facts);
            known_of(FACT, path, fact, archetype.fact(fact), (near, names), findings);
            input_is(FieldType::Date, path, fact, action, findings);
        }
        Effect::Freeze(amount) => {
            if known_amount(archetype, near, path, amount, findings) {
                check_has_rule(archetype, path, amount, findings);
            }
            input_is(FieldType::Yen, path, amount, action, findings);
        }
        Effect::FreezeFrom { amount, form } => {
            known_amount(archetype, near, format!("{path}/freeze_from/amount"), amount, findings);
            known_form(definition, near, format!("{path}/freeze_from/form"), form, findings);
        }
        Effect::FreezeAs { amount, .. } => {
            known_amount(archetype, near, format!("{path}/freeze_as/amount"), amount, findings);
            input_is(FieldType::Yen, path, amount, action, findings);
        }
        Effect::HandOver(input) => {
            if known(INPUT, path, input, &action.input, findings) {
                input_is(FieldType::Business, path, input, action, findings);
            }
        }
        Effect::Letter(letter) => _ = known(LETTER, path, letter, &archetype.letters, findings),
        Effect::Unlock(marks) => {
            if known(INPUT, path, marks, &action.input, findings) {
                input_is(FieldType::FieldMarks, path, marks, action, findings);
            }
        }
        Effect::Open(procedure) => _ = known(PROCEDURE, path, procedure, &archetype.procedures, findings),
        Effect::Pay(source) => check_linear(archetype, near, path, source, findings),
        Effect::Invite(partner) | Effect::EndLink(partner) => {
            known(PARTNER, path, partner, &archetype.partners, findings);
        }
        Effect::Number(_)
        | Effect::Lock
        | Effect::BlockAccounts
        | Effect::Pause(_)
        | Effect::Resume(_)
        | Effect::Task(_)
        | Effect::Panel(_)
        | Effect::Rank => {}
    }
}

/// An amount that is frozen by its rule has one.
fn check_has_rule(archetype: &Archetype, path: &str, name: &str, findings: &mut Findings) {
    let rule = archetype.amount(name).map(|(_, rule)| rule);
    let is_given = |rule: &AmountRule| {
        rule.from.is_none() && rule.is.is_none() && rule.advance_of.is_none() && rule.interest.is_none()
    };
    if rule.is_some_and(is_given) {
        findings.push(super::error(
            "amount.no_rule",
            path,
            format!("金額「{name}」には決め方がありません（freeze_as で式を書いてください）"),
            format!("The amount `{name}` has no rule of its own; say by `freeze_as` what it is"),
        ));
    }
}

/// An input that an effect reads has the type that the effect needs.
fn input_is(kind: FieldType, path: &str, name: &str, action: &Action, findings: &mut Findings) {
    if action.input.get(name).is_some_and(|input| input.kind != kind) {
        let kind = crate::facts::word(&kind);
        findings.push(super::error(
            "effect.input",
            path,
            format!("入力項目「{name}」の型は {kind} でなければなりません"),
            format!("The input `{name}` must be of type `{kind}` for this effect"),
        ));
    }
}

fn known_form(
    definition: &Definition,
    near: &[&str],
    path: impl Into<String>,
    form: &str,
    findings: &mut Findings,
) -> bool {
    let archetype = &definition.archetype;
    if form == APPLICATION {
        return true;
    }
    let names = names_of(archetype, &archetype.forms, |procedure| &procedure.forms);
    known_of(FORM, path, form, archetype.form(form), (near, names), findings)
}

fn check_amounts(definition: &Definition, findings: &mut Findings) {
    let archetype = &definition.archetype;
    let order: Vec<&Name> = archetype.all_amounts().map(|(name, _)| name).collect();
    for (i, (name, amount)) in archetype.all_amounts().enumerate() {
        let path = crate::resolve::amount_path(archetype, name);
        if let Some(option) = &amount.option {
            known(OPTION, format!("{path}/option"), option, &archetype.options, findings);
        }
        let home = archetype.amount(name).and_then(|(home, _)| home);
        let ways = [amount.from.is_some(), amount.is.is_some(), amount.advance_of.is_some(), amount.interest.is_some()];
        if ways.into_iter().filter(|is_said| *is_said).count() > 1 {
            findings.push(super::error(
                "amount.shape",
                path.clone(),
                "from・is・advance_of・interest のどれか1つで書いてください",
                "Write one of `from`, `is`, `advance_of` and `interest`",
            ));
        }
        if let Some(form) = &amount.from {
            known_form(definition, home.as_slice(), format!("{path}/from"), form, findings);
        }
        if let Some(base) = &amount.advance_of {
            known_amount(archetype, home.as_slice(), format!("{path}/advance_of"), base, findings);
        }
        if let Some(interest) = &amount.interest {
            known_amount(archetype, home.as_slice(), format!("{path}/interest/on"), &interest.on, findings);
        }
        let Some(bound) = &amount.at_most else { continue };
        let path = format!("{path}/at_most");
        let is_known = known_amount(archetype, home.as_slice(), path.clone(), bound, findings);
        if is_known && order.iter().position(|other| *other == bound) >= Some(i) {
            findings.push(super::error(
                "amount.order",
                path,
                format!("「{bound}」は先に書かれた金額でなければなりません"),
                format!("`{bound}` must be an amount that is declared before this one"),
            ));
        }
    }
}

fn check_options(definition: &Definition, findings: &mut Findings) {
    let options = &definition.archetype.options;
    let parameters = &definition.archetype.parameters;
    for name in definition.program.parameters.keys() {
        known(PARAMETER, format!("/program/parameters/{}", pointer_part(name)), name, parameters, findings);
    }
    for (name, rule) in parameters {
        if let Some(option) = &rule.option {
            known(OPTION, format!("/archetype/parameters/{}/option", pointer_part(name)), option, options, findings);
        }
    }
    for name in definition.program.options.keys() {
        known(OPTION, format!("/program/options/{}", pointer_part(name)), name, options, findings);
    }
    for (name, procedure) in &definition.archetype.procedures {
        if let Some(option) = &procedure.option {
            let path = format!("/archetype/procedures/{}/option", pointer_part(name));
            known(OPTION, path, option, options, findings);
        }
    }
}

// -- the program's own names

fn check_program(definition: &Definition, findings: &mut Findings) {
    let program = &definition.program;
    for (i, need) in program.applicant.must.iter().enumerate() {
        if let Some(option) = &need.option {
            let path = format!("/program/applicant/must/{i}/option");
            known(OPTION, path, option, &definition.archetype.options, findings);
        }
    }
    let every: Vec<&str> = definition.archetype.procedures.keys().map(String::as_str).collect();
    for form in program.forms.keys() {
        known_form(definition, &every, format!("/program/forms/{}", pointer_part(form)), form, findings);
    }
    for (form, slots) in &program.documents {
        let path = format!("/program/documents/{}", pointer_part(form));
        known_form(definition, &every, path.clone(), form, findings);
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        for (i, slot) in slots.iter().enumerate() {
            let (name, path) = match slot {
                DocumentSlot::Named(name) => (name, format!("{path}/{i}")),
                DocumentSlot::Full(rule) => (&rule.name, format!("{path}/{i}/name")),
            };
            known(DOCUMENT, path.clone(), name, &definition.archetype.documents, findings);
            if !asked.insert(name) {
                findings.push(super::error(
                    "document.twice",
                    path,
                    format!("書類「{name}」は同じ様式で2回求められています"),
                    format!("The document `{name}` is asked for twice by this form"),
                ));
            }
        }
    }
    for form in program.checklist.keys() {
        known_form(definition, &every, format!("/program/checklist/{}", pointer_part(form)), form, findings);
    }
    let fields = crate::resolve::Merged::new(definition).fields;
    for (i, rule) in program.must.iter().enumerate() {
        let path = format!("/program/must/{i}");
        if !known_form(definition, &every, format!("{path}/at"), &rule.at, findings) {
            continue;
        }
        let none = IndexMap::new();
        let fields = fields.get(&rule.at).unwrap_or(&none);
        match &rule.each {
            Some(table) => check_each(&path, table, rule.field.as_deref(), fields, findings),
            None => {
                if let Some(field) = &rule.field {
                    known(FIELD, format!("{path}/field"), field, fields, findings);
                }
            }
        }
    }
    check_award(definition, &fields, findings);
    for (i, same) in program.limits.same.iter().enumerate() {
        let fields = fields.get(APPLICATION).cloned().unwrap_or_default();
        known(FIELD, format!("/program/limits/same/{i}/field"), &same.field, &fields, findings);
    }
    for (form, fields_of_form) in &fields {
        for (name, field) in fields_of_form {
            if let Some(evidence) = &field.evidence {
                let path = crate::resolve::Merged::new(definition).path(form, name);
                known(DOCUMENT, format!("{path}/evidence"), evidence, &definition.archetype.documents, findings);
            }
        }
        for (name, field) in fields_of_form.iter().filter(|(_, field)| field.like.is_some()) {
            let like = field.like.as_deref().unwrap_or_default();
            let shared = fields.get(APPLICATION).and_then(|fields| fields.get(like));
            if shared.is_none_or(|shared| shared.kind != FieldType::Costs || shared.like.is_some()) {
                let path = crate::resolve::Merged::new(definition).path(form, name);
                let tables = fields.get(APPLICATION).into_iter().flatten().filter(|(_, f)| f.kind == FieldType::Costs);
                findings.push(unknown(
                    FIELD.0,
                    format!("{path}/like"),
                    ("経費の表", "cost table"),
                    like,
                    tables.map(|(n, _)| n.as_str()),
                ));
            }
        }
    }
}

fn check_each(path: &str, table: &str, field: Option<&str>, fields: &IndexMap<Name, Field>, findings: &mut Findings) {
    let tables = || fields.iter().filter(|(_, field)| field.kind == FieldType::Costs);
    let Some((_, rule)) = tables().find(|(name, _)| *name == table) else {
        let known = tables().map(|(name, _)| name.as_str());
        return findings.push(unknown(FIELD.0, format!("{path}/each"), ("経費の表", "cost table"), table, known));
    };
    let row = crate::facts::row_type(rule);
    if let Some(field) = field.filter(|field| row.get(field).is_none()) {
        let known = row.fields().map(|(name, _)| name);
        findings.push(unknown(FIELD.0, format!("{path}/field"), FIELD.1, field, known));
    }
}

/// The fields that the award rule reads are there, with the right types.
fn check_award(definition: &Definition, fields: &crate::facts::Fields, findings: &mut Findings) {
    let Some(rule) = &definition.program.amount else { return };
    let application = fields.get(APPLICATION);
    let mut wants = vec![("costs", rule.costs.as_str(), FieldType::Costs)];
    wants.extend(rule.revenue.as_deref().map(|revenue| ("revenue", revenue, FieldType::Yen)));
    if rule.other_aid == crate::definition::OtherAid::Deduct {
        wants.push(("other_aid", "other_aid", FieldType::Yen));
    }
    if rule.other_aid == crate::definition::OtherAid::ForbidPending {
        wants.push(("other_aid", "other_aid_pending", FieldType::YesNo));
    }
    for (key, name, kind) in wants {
        let is_there = application.and_then(|fields| fields.get(name)).is_some_and(|field| field.kind == kind);
        if !is_there {
            let kind_word = crate::facts::word(&kind);
            let near =
                application.into_iter().flatten().filter(|(_, field)| field.kind == kind).map(|(n, _)| n.as_str());
            let mut finding = unknown(FIELD.0, format!("/program/amount/{key}"), FIELD.1, name, near);
            finding.message = vocabulary::Bilingual::new(
                format!("申請書に型 {kind_word} の項目「{name}」がありません"),
                format!("The application has no field `{name}` of type `{kind_word}`"),
            );
            findings.push(finding);
        }
    }
}

/// Deadlines are the program's; only what its options leave needs them.
pub(super) fn check_deadlines(definition: &Definition, findings: &mut Findings) {
    let deadlines = &definition.program.deadlines;
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for machine in Machine::all(&definition.archetype) {
        for (name, state) in machine.states {
            if let Some(deadline) = state.deadline.as_ref().and_then(|clock| clock.at.as_ref()) {
                used.insert(deadline);
                let path = format!("{}/deadline/at", machine.state_path(name));
                known(DEADLINE, path, deadline, deadlines, findings);
            }
        }
        for (name, action) in machine.actions {
            if let Some(deadline) = &action.until {
                used.insert(deadline);
                known(DEADLINE, format!("{}/until", machine.action_path(name)), deadline, deadlines, findings);
            }
        }
    }
    for name in deadlines.keys().filter(|name| !used.contains(name.as_str())) {
        let path = format!("/program/deadlines/{}", pointer_part(name));
        findings.push(super::unused::warning("unused.deadline", path, DEADLINE.1, name));
    }
}
