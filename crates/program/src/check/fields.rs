//! Fields, figures of the award rule, and names that would stand for two things.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::{Machine, error};
use crate::definition::{Archetype, AwardRule, Cases, Definition, Field, FieldType, Name, OtherAid};
use crate::facts::{APPLICATION, RESERVED, parameter_value};
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
    check_own_names(&definition.archetype, findings);
    check_parameters(definition, findings);
    check_facts(definition, findings);
    check_award(definition, merged, findings);
}

fn check_field(path: &str, field: &Field, findings: &mut Findings) {
    let kind = field.kind;
    let is_costs = kind == FieldType::Costs;
    let rules = [
        (
            kind == FieldType::Choice && field.choices.is_empty(),
            ("field.choices", "選択肢がありません", "A choice has `choices`"),
        ),
        (
            kind != FieldType::Choice && !field.choices.is_empty(),
            ("field.choices", "選択肢は choice だけのものです", "Only a choice has `choices`"),
        ),
        (
            is_costs && field.categories.is_empty() && field.like.is_none(),
            (
                "field.categories",
                "経費区分がありません",
                "A cost table has `categories`, or shares those of another by `like`",
            ),
        ),
        (
            !is_costs
                && (!field.categories.is_empty() || field.like.is_some() || field.items.is_some() || field.actual),
            (
                "field.categories",
                "categories・like・items・actual は経費の表だけのものです",
                "Only a cost table has `categories`, `like`, `items` or `actual`",
            ),
        ),
        (
            field.evidence.is_some() && !(is_costs && field.actual),
            (
                "field.evidence",
                "evidence は actual の経費の表だけのものです",
                "Only a cost table of real costs (`actual`) has `evidence`",
            ),
        ),
        (
            field.consent && kind != FieldType::YesNo,
            ("field.consent", "consent は yes_no だけのものです", "Only a yes_no has `consent`"),
        ),
        (
            field.min.zip(field.max).is_some_and(|(min, max)| min > max),
            ("field.range", "min が max より大きくなっています", "`min` is above `max`"),
        ),
        (
            field.min.is_some() && !matches!(kind, FieldType::Number | FieldType::Yen),
            ("field.range", "min は数と金額だけのものです", "Only numbers and yen have a `min`"),
        ),
        (
            kind == FieldType::Yen && field.min.is_some_and(|min| min < 0),
            ("field.range", "金額は0以上です", "Yen are never below 0"),
        ),
    ];
    for (_, (code, ja, en)) in rules.into_iter().filter(|(is_wrong, _)| *is_wrong) {
        findings.push(error(code, path, ja, en));
    }
}

/// A field that is read by its bare name must not hide something else of that name.
fn check_collision(definition: &Definition, path: &str, name: &str, findings: &mut Findings) {
    let archetype = &definition.archetype;
    let is_fact = all_facts(archetype).any(|(_, fact)| fact.split('.').next() == Some(name));
    if RESERVED.contains(&name) || is_fact || archetype.form(name).is_some() || name == APPLICATION {
        findings.push(error(
            "name.collision",
            path,
            format!("「{name}」は別のもの（様式、日付など）の名前です"),
            format!("`{name}` is already the name of a form, a fact, or of what every rule can read"),
        ));
    }
}

/// The facts of the case and of the procedures, each with the path of what declares it.
fn all_facts(archetype: &Archetype) -> impl Iterator<Item = (String, &Name)> {
    let own = archetype.facts.keys().map(|fact| ("/archetype".to_owned(), fact));
    let beside = archetype.procedures.iter().flat_map(|(name, rule)| {
        let path = format!("/archetype/procedures/{}", pointer_part(name));
        rule.facts.keys().map(move |fact| (path.clone(), fact))
    });
    own.chain(beside)
}

/// What a procedure has for itself is told apart by its name from what the case and the others have.
fn check_own_names(archetype: &Archetype, findings: &mut Findings) {
    let mut seen: BTreeSet<(&str, &Name)> = BTreeSet::new();
    seen.extend(archetype.facts.keys().map(|name| ("facts", name)));
    seen.extend(archetype.amounts.keys().map(|name| ("amounts", name)));
    seen.extend(archetype.forms.keys().map(|name| ("forms", name)));
    for (procedure, rule) in &archetype.procedures {
        let facts = rule.facts.keys().map(|name| ("facts", name));
        let amounts = rule.amounts.keys().map(|name| ("amounts", name));
        let forms = rule.forms.keys().map(|name| ("forms", name));
        for (section, name) in facts.chain(amounts).chain(forms) {
            if !seen.insert((section, name)) || (section, name.as_str()) == ("forms", APPLICATION) {
                findings.push(error(
                    "procedure.name",
                    format!("/archetype/procedures/{}/{section}/{}", pointer_part(procedure), pointer_part(name)),
                    format!("「{name}」は申請本体か別の手続ですでに使われている名前です"),
                    format!("`{name}` is already declared by the case or by another procedure"),
                ));
            }
        }
    }
}

/// Figures that the program gives are of the type that the archetype asks for, and none is missing.
fn check_parameters(definition: &Definition, findings: &mut Findings) {
    let Definition { archetype, program } = definition;
    for (name, rule) in &archetype.parameters {
        let is_asked = rule.option.as_ref().is_none_or(|option| {
            let default = archetype.options.get(option).is_some_and(|rule| rule.default);
            program.options.get(option).copied().unwrap_or(default)
        });
        let given = program.parameters.get(name);
        if parameter_value(rule, given).is_none() && (is_asked || given.is_some()) {
            let kind = crate::facts::word(&rule.kind);
            let path = if given.is_some() {
                format!("/program/parameters/{}", pointer_part(name))
            } else {
                "/program/parameters".to_owned()
            };
            findings.push(error(
                "parameter.value",
                path,
                format!("数値「{name}」（{}）を型 {kind} で書いてください", rule.label.ja),
                format!("Give `{name}` ({}) as a `{kind}`", rule.label.en),
            ));
        }
    }
}

fn check_facts(definition: &Definition, findings: &mut Findings) {
    let archetype = &definition.archetype;
    for (path, fact) in all_facts(archetype) {
        let mut parts = fact.splitn(2, '.');
        let first = parts.next().unwrap_or_default();
        let rest = parts.next();
        let form = archetype.form(first).map(|(_, form)| form);
        let hides_form = match rest {
            None => form.is_some(),
            Some(rest) => form.is_some_and(|form| form.fields.contains_key(rest)) || rest.contains('.'),
        };
        if RESERVED.contains(&first) || hides_form {
            findings.push(error(
                "name.collision",
                format!("{path}/facts/{}", pointer_part(fact)),
                format!("「{fact}」は別のもの（様式など）の名前です"),
                format!("`{fact}` is already the name of a form, or of what every rule can read"),
            ));
        }
    }
}

/// A form from which an amount is computed has the cost table, or the application has it.
fn check_costs(definition: &Definition, form: &str, fields: &IndexMap<Name, Field>, findings: &mut Findings) {
    let Some(wanted) = definition.program.amount.as_ref().map(|rule| &rule.costs) else { return };
    let wrong = fields.get(wanted).is_some_and(|field| field.kind != FieldType::Costs);
    let archetype = &definition.archetype;
    let mut amounts = archetype.all_amounts().filter(|(_, rule)| rule.from.as_deref() == Some(form));
    if let Some((amount, _)) = amounts.find(|_| wrong) {
        findings.push(error(
            "amount.costs",
            format!("{}/from", crate::resolve::amount_path(archetype, amount)),
            format!("様式「{form}」の「{wanted}」は経費の表ではありません"),
            format!("`{wanted}` of the form `{form}` is no cost table"),
        ));
    }
}

/// What is capped for each item needs a table with items, and nothing that could not be shared out among them.
fn check_items(definition: &Definition, merged: &Merged, findings: &mut Findings) {
    let Some(rule) = &definition.program.amount else { return };
    if rule.item_cap.is_none() {
        return;
    }
    let path = "/program/amount/item_cap";
    let table = merged.fields.get(APPLICATION).and_then(|fields| fields.get(&rule.costs));
    if table.is_some_and(|table| table.items.is_none()) {
        findings.push(error(
            "award.items",
            path,
            format!("経費の表「{}」に items がありません", rule.costs),
            format!("The cost table `{}` has no `items`", rule.costs),
        ));
    }
    if rule.other_aid == OtherAid::Deduct || rule.revenue.is_some() {
        findings.push(error(
            "award.items",
            path,
            "他の補助金等や収入を差し引くときは、1件ごとの上限を置けません（どの件から引くか決まりません）",
            "Other aid and revenue cannot be deducted where each item is capped: of which item would not be told",
        ));
    }
}

fn check_award(definition: &Definition, merged: &Merged, findings: &mut Findings) {
    const PATH: &str = "/program/amount";
    let Some(rule) = &definition.program.amount else { return };
    const ADVANCE: &str = "/program/payment/advance";
    let advance = definition.program.payment.advance.as_ref();
    let mut open = vec![(format!("{PATH}/tax"), is_open(&rule.tax))];
    let rates = [(format!("{PATH}/rate"), Some(&rule.rate)), (format!("{ADVANCE}/share"), advance.map(|a| &a.share))];
    for (path, rates) in rates.into_iter().filter_map(|(path, rates)| Some((path, rates?))) {
        for (path, _) in values(&path, rates).into_iter().filter(|(_, rate)| !rate.is_share()) {
            findings.push(error("award.rate", path, "率は0より大きく1以下です", "A rate is above 0 and at most 1"));
        }
        open.push((path, is_open(rates)));
    }
    for (key, caps) in [
        ("item_cap", rule.item_cap.as_ref()),
        ("cap", Some(&rule.cap)),
        ("fiscal_year_cap", rule.fiscal_year_cap.as_ref()),
        ("lifetime_cap", rule.lifetime_cap.as_ref()),
    ] {
        let Some(caps) = caps else { continue };
        let path = format!("{PATH}/{key}");
        for (path, _) in values(&path, caps).into_iter().filter(|(_, cap)| cap.get() < 1) {
            findings.push(error("award.cap", path, "上限額は1円以上です", "A cap is at least 1 yen"));
        }
        open.push((path, is_open(caps)));
    }
    let units = [
        (format!("{PATH}/round_down"), Some(rule.round_down)),
        (format!("{ADVANCE}/round_down"), advance.map(|a| a.round_down)),
    ];
    for (path, _) in units.into_iter().filter(|(_, unit)| unit.is_some_and(|unit| unit.get() < 1)) {
        findings.push(error("award.round_down", path, "端数処理の単位は1円以上です", "The unit is at least 1 yen"));
    }
    for (path, _) in open.into_iter().filter(|(_, open)| *open) {
        findings.push(error(
            "award.cases",
            path,
            "最後の場合には when を付けず、必ずどれかに当てはまるようにしてください",
            "The last case has no `when`, so that one always holds, and only the last one",
        ));
    }
    check_reachable_awards(rule, findings);
    check_items(definition, merged, findings);
    if let Some(share) = definition.program.change.as_ref().map(|change| change.moved_at_most)
        && !share.is_share()
    {
        let path = "/program/change/moved_at_most";
        findings.push(error("change.share", path, "割合は0より大きく1以下です", "A share is above 0 and at most 1"));
    }
}

/// An award that is cut to the cap, or cut off below the minimum, can be more than nothing.
fn check_reachable_awards(rule: &AwardRule, findings: &mut Findings) {
    let caps = values("/program/amount/cap", &rule.cap);
    let Some(highest) = caps.iter().map(|(_, cap)| **cap).max() else { return };
    let bounds = [("minimum", rule.minimum), ("round_down", Some(rule.round_down))];
    for (key, _) in bounds.into_iter().filter(|(_, bound)| bound.is_some_and(|bound| bound > highest)) {
        findings.push(error(
            "award.nothing",
            format!("/program/amount/{key}"),
            format!("上限額（{highest}円）を超えているため、補助金額がいつも0円になります"),
            format!("This is above every cap (¥{highest}), so nothing could ever be granted"),
        ));
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
