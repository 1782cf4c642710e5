//! Fields, figures of the award rule, and names that would stand for two things.

use indexmap::IndexMap;

use super::{Machine, error};
use crate::definition::{Cases, Definition, Field, FieldType, Name};
use crate::facts::{APPLICATION, RESERVED};
use crate::finding::Finding;
use crate::resolve::Merged;
use crate::yaml::pointer_part;

type Findings = Vec<Finding>;

pub(super) fn check(definition: &Definition, merged: &Merged, findings: &mut Findings) {
    for (form, fields) in &merged.fields {
        for (name, field) in fields {
            let path = merged.path(form, name);
            check_field(&path, field, findings);
            check_collision(definition, &path, name, findings);
        }
        check_costs(definition, form, fields, findings);
    }
    for machine in Machine::all(&definition.archetype) {
        for (action, rule) in machine.actions {
            for (name, field) in &rule.input {
                let path = format!("{}/input/{}", machine.action_path(action), pointer_part(name));
                check_field(&path, field, findings);
            }
        }
    }
    check_facts(definition, findings);
    check_award(definition, findings);
}

fn check_field(path: &str, field: &Field, findings: &mut Findings) {
    let kind = field.kind;
    let is_costs = kind == FieldType::Costs;
    let rules = [
        (
            kind == FieldType::Choice && field.choices.is_empty(),
            ("choices", "選択肢がありません", "A choice has `choices`"),
        ),
        (
            kind != FieldType::Choice && !field.choices.is_empty(),
            ("choices", "選択肢は choice だけのものです", "Only a choice has `choices`"),
        ),
        (
            is_costs && field.categories.is_empty() && field.like.is_none(),
            (
                "categories",
                "経費区分がありません",
                "A cost table has `categories`, or shares those of another by `like`",
            ),
        ),
        (
            !is_costs && (!field.categories.is_empty() || field.like.is_some() || field.actual),
            (
                "categories",
                "categories・like・actual は経費の表だけのものです",
                "Only a cost table has `categories`, `like` or `actual`",
            ),
        ),
        (
            field.consent && kind != FieldType::YesNo,
            ("consent", "consent は yes_no だけのものです", "Only a yes_no has `consent`"),
        ),
        (
            field.min.zip(field.max).is_some_and(|(min, max)| min > max),
            ("range", "min が max より大きくなっています", "`min` is above `max`"),
        ),
        (
            field.min.is_some() && !matches!(kind, FieldType::Number | FieldType::Yen),
            ("range", "min は数と金額だけのものです", "Only numbers and yen have a `min`"),
        ),
        (
            kind == FieldType::Yen && field.min.is_some_and(|min| min < 0),
            ("range", "金額は0以上です", "Yen are never below 0"),
        ),
    ];
    for (_, (code, ja, en)) in rules.into_iter().filter(|(is_wrong, _)| *is_wrong) {
        findings.push(error(&format!("field.{code}"), path, ja, en));
    }
}

/// A field that is read by its bare name must not hide something else of that name.
fn check_collision(definition: &Definition, path: &str, name: &str, findings: &mut Findings) {
    let archetype = &definition.archetype;
    let is_fact = archetype.facts.keys().any(|fact| fact.split('.').next() == Some(name));
    if RESERVED.contains(&name) || is_fact || archetype.forms.contains_key(name) || name == APPLICATION {
        findings.push(error(
            "name.collision",
            path,
            format!("「{name}」は別のもの（様式、日付など）の名前です"),
            format!("`{name}` is already the name of a form, a fact, or of what every rule can read"),
        ));
    }
}

fn check_facts(definition: &Definition, findings: &mut Findings) {
    let archetype = &definition.archetype;
    for fact in archetype.facts.keys() {
        let mut parts = fact.splitn(2, '.');
        let first = parts.next().unwrap_or_default();
        let rest = parts.next();
        let form = archetype.forms.get(first);
        let hides_form = match rest {
            None => form.is_some(),
            Some(rest) => form.is_some_and(|form| form.fields.contains_key(rest)) || rest.contains('.'),
        };
        if RESERVED.contains(&first) || hides_form {
            findings.push(error(
                "name.collision",
                format!("/archetype/facts/{}", pointer_part(fact)),
                format!("「{fact}」は別のもの（様式など）の名前です"),
                format!("`{fact}` is already the name of a form, or of what every rule can read"),
            ));
        }
    }
}

/// A form from which an amount is computed has the cost table, or the application has it.
fn check_costs(definition: &Definition, form: &str, fields: &IndexMap<Name, Field>, findings: &mut Findings) {
    let wanted = &definition.program.amount.costs;
    let wrong = fields.get(wanted).is_some_and(|field| field.kind != FieldType::Costs);
    let amounts = definition.archetype.amounts.iter();
    if let Some((amount, _)) = amounts.filter(|(_, rule)| rule.from == form).find(|_| wrong) {
        findings.push(error(
            "amount.costs",
            format!("/archetype/amounts/{}/from", pointer_part(amount)),
            format!("様式「{form}」の「{wanted}」は経費の表ではありません"),
            format!("`{wanted}` of the form `{form}` is no cost table"),
        ));
    }
}

fn check_award(definition: &Definition, findings: &mut Findings) {
    const PATH: &str = "/program/amount";
    let rule = &definition.program.amount;
    for (path, rate) in values(&format!("{PATH}/rate"), &rule.rate) {
        if !rate.is_share() {
            findings.push(error("award.rate", path, "率は0より大きく1以下です", "A rate is above 0 and at most 1"));
        }
    }
    for (path, cap) in values(&format!("{PATH}/cap"), &rule.cap) {
        if cap.get() < 1 {
            findings.push(error("award.cap", path, "上限額は1円以上です", "A cap is at least 1 yen"));
        }
    }
    if rule.round_down.get() < 1 {
        let path = format!("{PATH}/round_down");
        findings.push(error("award.round_down", path, "端数処理の単位は1円以上です", "The unit is at least 1 yen"));
    }
    for (key, open) in [("rate", is_open(&rule.rate)), ("cap", is_open(&rule.cap))] {
        if open {
            findings.push(error(
                "award.cases",
                format!("{PATH}/{key}"),
                "最後の場合には when を付けず、必ずどれかに当てはまるようにしてください",
                "The last case has no `when`, so that one always holds, and only the last one",
            ));
        }
    }
    if let Some(share) = definition.program.change.as_ref().map(|change| change.moved_at_most)
        && !share.is_share()
    {
        let path = "/program/change/moved_at_most";
        findings.push(error("change.share", path, "割合は0より大きく1以下です", "A share is above 0 and at most 1"));
    }
}

fn values<'c, T>(path: &str, cases: &'c Cases<T>) -> Vec<(String, &'c T)> {
    match cases {
        Cases::Always(value) => vec![(path.to_owned(), value)],
        Cases::FirstOf(cases) => {
            cases.iter().enumerate().map(|(i, case)| (format!("{path}/{i}/then"), &case.then)).collect()
        }
    }
}

/// Whether it can happen that no case holds, or that a case is never looked at.
fn is_open<T>(cases: &Cases<T>) -> bool {
    match cases {
        Cases::Always(_) => false,
        Cases::FirstOf(cases) => match cases.split_last() {
            None => true,
            Some((last, before)) => last.when.is_some() || before.iter().any(|case| case.when.is_none()),
        },
    }
}
