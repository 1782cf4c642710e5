//! From a definition to a program: every expression typed where it is used, every form put together, all findings at
//! once.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use vocabulary::{Bilingual, Rate, Yen};

use crate::canonical::canonical;
use crate::check;
use crate::compiled::{CompiledAction, Holding, Program};
use crate::deadline::month_and_day;
use crate::definition::{
    Action, AwardRule, Cases, DateOf, DeadlineRule, Definition, DocumentSlot, Effect, Field, FirstDay, Name, Need,
    OnHoliday, StateKind,
};
use crate::expression::{Expression, RecordType, Scope, Type};
use crate::facts::{APPLICATION, item_type, parameters, row_type, scope};
use crate::finding::Finding;
use crate::linear::linear;
use crate::parts::{
    AwardOver, ChangeRule, CompiledAmount, CompiledCase, CompiledDeadline, CompiledNeed, DocumentAsked, Form,
    FormField, FormRule, When,
};
use crate::resolve::{Merged, ask_criteria, switch_options};
use crate::span::Span;
use crate::yaml::pointer_part;

impl Program {
    /// # Errors
    /// Everything that is wrong with it, and the warnings beside.
    pub fn compile(definition: Definition) -> Result<Program, Vec<Finding>> {
        let (program, findings) = Self::check(definition);
        program.ok_or(findings)
    }

    /// The program when nothing is wrong, and all findings, warnings included.
    #[must_use]
    pub fn check(definition: Definition) -> (Option<Program>, Vec<Finding>) {
        compile(definition)
    }
}

pub(crate) fn compile(mut definition: Definition) -> (Option<Program>, Vec<Finding>) {
    let mut findings = check::as_written(&definition);
    let closed_states = switch_options(&mut definition);
    ask_criteria(&mut definition);
    let merged = Merged::new(&definition);
    let graph_is_known = !findings.iter().any(|finding| finding.code == "reference.state");
    findings.extend(check::as_resolved(&definition, &merged, &closed_states, graph_is_known));
    let rules = check::Rules::default();
    let mut compiler = Compiler { definition: &definition, merged: &merged, findings, rules };
    let forms = compiler.forms();
    let actions = compiler.actions();
    let applicant_must = compiler.applicant_must();
    let awards = compiler.awards();
    let advance_share = compiler.advance_share();
    let changes = compiler.changes();
    let amounts = compiler.amounts();
    let deadlines = compiler.deadlines();
    let holdings = compiler.holdings();
    let charged = compiler.charged();
    let Compiler { mut findings, rules, .. } = compiler;
    if graph_is_known && !findings.iter().any(|finding| finding.code.starts_with("expression.")) {
        check::check_rules(&definition.archetype, &rules, &mut findings);
    }
    if findings.iter().any(Finding::is_error) {
        return (None, findings);
    }
    let drafting = definition.archetype.states.iter().find(|(_, state)| state.kind == StateKind::Drafting);
    let initial = drafting.map(|(name, _)| name.clone()).unwrap_or_default();
    let hash = vocabulary::digest(canonical(&definition).as_bytes());
    let parameters = parameters(&definition);
    let program = Program {
        definition,
        hash,
        initial,
        fields: merged.fields,
        forms,
        actions,
        applicant_must,
        awards,
        advance_share,
        changes,
        amounts,
        parameters,
        deadlines,
        holdings,
        charged,
    };
    (Some(program), findings)
}

struct Compiler<'a> {
    definition: &'a Definition,
    merged: &'a Merged,
    findings: Vec<Finding>,
    /// The conditions that were read, to be looked at as rules.
    rules: check::Rules,
}

impl Compiler<'_> {
    /// What is seen from a form: what the procedure that it belongs to has for itself, too.
    fn scope(&self, form: &str) -> Scope {
        let home = self.definition.archetype.form(form).and_then(|(home, _)| home);
        self.scope_near(form, home.as_slice())
    }

    fn scope_near(&self, form: &str, near: &[&str]) -> Scope {
        scope(&self.definition.archetype, &self.merged.fields, form, near, &IndexMap::new())
    }

    fn expression(&mut self, path: &str, source: &str, scope: &Scope, kind: &Type) -> Option<Expression> {
        match Expression::compile(source, scope, kind) {
            Ok(expression) => Some(expression),
            Err(faults) => {
                self.findings.extend(faults.into_iter().map(|fault| Finding {
                    offset: Some(fault.start),
                    ..Finding::error(fault.code, path, fault.message).hint(fault.hint)
                }));
                None
            }
        }
    }

    fn condition(&mut self, path: &str, source: &str, scope: &Scope) -> Option<Expression> {
        self.expression(path, source, scope, &Type::Bool)
    }

    /// An optional condition at `<path>/when`.
    fn when(&mut self, path: &str, source: Option<&String>, scope: &Scope) -> Option<Expression> {
        let path = format!("{path}/when");
        let condition = self.condition(&path, source?, scope)?;
        self.rules.single.insert(path, condition.clone());
        Some(condition)
    }

    fn needs(&mut self, path: &str, needs: &[Need], scope: &Scope) -> (Vec<CompiledNeed>, Vec<check::Placed>) {
        let compiled = needs.iter().enumerate().filter_map(|(i, need)| {
            let path = format!("{path}/{i}/when");
            let when = self.condition(&path, &need.when, scope)?;
            Some((CompiledNeed { when: when.clone(), otherwise: need.otherwise.clone() }, (path, when)))
        });
        compiled.unzip()
    }

    // -- forms

    fn forms(&mut self) -> IndexMap<Name, Form> {
        let merged = self.merged;
        let mut forms = IndexMap::new();
        for (name, fields) in &merged.fields {
            let scope = self.scope(name);
            let label = self.definition.archetype.form(name).map(|(_, form)| form.label.clone()).unwrap_or_default();
            let mut compiled = IndexMap::new();
            for (i, (field_name, field)) in fields.iter().enumerate() {
                let path = merged.path(name, field_name);
                let field = self.field(&path, field, &scope);
                if let Some(when) = &field.when {
                    let later = fields.keys().skip(i).find(|later| when.names().contains(later.as_str()));
                    if let Some(later) = later {
                        self.findings.push(Finding::error(
                            "field.order",
                            format!("{path}/when"),
                            Bilingual::new(
                                format!("後にある項目「{later}」によって決めることはできません"),
                                format!("This cannot depend on `{later}`, which is asked later"),
                            ),
                        ));
                    }
                }
                compiled.insert(field_name.clone(), field);
            }
            let documents = self.documents(name, &scope);
            let rules = self.rules(name, &scope);
            forms.insert(name.clone(), Form { name: name.clone(), label, fields: compiled, documents, rules });
        }
        forms
    }

    fn field(&mut self, path: &str, field: &Field, scope: &Scope) -> FormField {
        let when = self.when(path, field.when.as_ref(), scope);
        let category_when = if field.like.is_none() {
            self.category_conditions(&format!("{path}/categories"), field, scope)
        } else {
            // They are written at the field that is shared; here they only get the types of this form.
            self.shared_conditions(field, scope)
        };
        FormField { rule: field.clone(), when, category_when }
    }

    fn shared_conditions(&mut self, field: &Field, scope: &Scope) -> BTreeMap<Name, Expression> {
        let path = field.like.as_ref().map(|like| self.merged.path(APPLICATION, like)).unwrap_or_default();
        self.category_conditions(&format!("{path}/categories"), field, scope)
    }

    fn category_conditions(&mut self, path: &str, field: &Field, scope: &Scope) -> BTreeMap<Name, Expression> {
        let conditions = field.categories.iter().filter_map(|(name, category)| {
            let path = format!("{path}/{}", pointer_part(name));
            Some((name.clone(), self.when(&path, category.when.as_ref(), scope)?))
        });
        conditions.collect()
    }

    fn documents(&mut self, form: &str, scope: &Scope) -> Vec<DocumentAsked> {
        let definition = self.definition;
        let slots = definition.program.documents.get(form).map(Vec::as_slice).unwrap_or_default();
        let asked = slots.iter().enumerate().filter_map(|(i, slot)| {
            let (name, rule) = match slot {
                DocumentSlot::Named(name) => (name, None),
                DocumentSlot::Full(rule) => (&rule.name, Some(rule)),
            };
            let kind = definition.archetype.documents.get(name)?;
            let path = format!("/program/documents/{}/{i}", pointer_part(form));
            Some(DocumentAsked {
                name: name.clone(),
                label: rule.and_then(|rule| rule.label.clone()).unwrap_or_else(|| kind.label.clone()),
                hint: kind.hint.clone(),
                optional: rule.is_some_and(|rule| rule.optional),
                when: self.when(&path, rule.and_then(|rule| rule.when.as_ref()), scope),
            })
        });
        asked.collect()
    }

    fn rules(&mut self, form: &str, scope: &Scope) -> Vec<FormRule> {
        let definition = self.definition;
        let rules = definition.program.must.iter().enumerate().filter(|(_, rule)| rule.at == form);
        let compiled = rules.filter_map(|(i, rule)| {
            let path = format!("/program/must/{i}/when");
            let when = match &rule.each {
                None => self.condition(&path, &rule.when, scope)?,
                Some(table) => {
                    let row = self.row(form, table)?;
                    self.condition(&path, &rule.when, &scope.with_row(&row))?
                }
            };
            self.rules.add_together(&rule.at, rule.each.as_deref(), (path, when.clone()));
            let need = CompiledNeed { when, otherwise: rule.otherwise.clone() };
            Some(FormRule { each: rule.each.clone(), field: rule.field.clone(), need })
        });
        compiled.collect()
    }

    fn row(&self, form: &str, table: &str) -> Option<RecordType> {
        self.merged.fields.get(form)?.get(table).map(row_type)
    }

    fn applicant_must(&mut self) -> Vec<CompiledNeed> {
        let scope = self.scope(APPLICATION);
        let (needs, placed) = self.needs("/program/applicant/must", &self.definition.program.applicant.must, &scope);
        placed.into_iter().for_each(|rule| self.rules.add_together(APPLICATION, None, rule));
        needs
    }

    // -- actions

    fn actions(&mut self) -> IndexMap<Name, CompiledAction> {
        let archetype = &self.definition.archetype;
        let mut compiled = IndexMap::new();
        for (name, action) in &archetype.actions {
            let path = format!("/archetype/actions/{}", pointer_part(name));
            compiled.insert(name.clone(), self.action(&path, name, None, action));
        }
        for (procedure, rule) in &archetype.procedures {
            for (name, action) in &rule.actions {
                let path = format!("/archetype/procedures/{}/actions/{}", pointer_part(procedure), pointer_part(name));
                let action = self.action(&path, name, Some(procedure), action);
                compiled.insert(name.clone(), action);
            }
        }
        compiled
    }

    fn action(&mut self, path: &str, name: &Name, procedure: Option<&Name>, action: &Action) -> CompiledAction {
        let form = action.form.as_deref().unwrap_or(APPLICATION);
        let near: Vec<&str> = procedure.map(String::as_str).into_iter().chain(action.opens()).collect();
        let scope = scope(&self.definition.archetype, &self.merged.fields, form, &near, &action.input);
        let (needs, placed) = self.needs(&format!("{path}/needs"), &action.needs, &scope);
        self.rules.needs.insert(name.clone(), placed);
        let mut input = IndexMap::new();
        for (name, field) in &action.input {
            let field = self.field(&format!("{path}/input/{}", pointer_part(name)), field, &scope);
            input.insert(name.clone(), field);
        }
        let mut freezes = BTreeMap::new();
        for (i, effect) in action.effects.iter().enumerate() {
            if let Effect::FreezeAs { amount, is } = effect {
                // What is typed in with the same act may not be read: it only lowers the amount.
                let scope = self.scope_near(form, &near);
                let is = self.expression(&format!("{path}/effects/{i}/freeze_as/is"), is, &scope, &Type::Yen);
                freezes.extend(is.map(|is| (amount.clone(), is)));
            }
        }
        CompiledAction { procedure: procedure.cloned(), rule: action.clone(), needs, input, freezes }
    }

    // -- money

    /// The award rule, typed for every form that an amount is computed from.
    fn awards(&mut self) -> BTreeMap<Name, AwardOver> {
        let archetype = &self.definition.archetype;
        let from_rules = archetype.all_amounts().filter_map(|(_, amount)| amount.from.as_ref());
        let beside = archetype.procedures.values().flat_map(|procedure| procedure.actions.values());
        let effects = archetype.actions.values().chain(beside).flat_map(|action| &action.effects);
        let from_effects = effects.filter_map(|effect| match effect {
            Effect::FreezeFrom { form, .. } => Some(form),
            _ => None,
        });
        let mut awards = BTreeMap::new();
        for form in from_rules.chain(from_effects).filter(|form| self.merged.fields.contains_key(form.as_str())) {
            if let Some(rule) = self.definition.program.amount.as_ref().filter(|_| !awards.contains_key(form)) {
                let award = self.award(rule, form);
                awards.insert(form.clone(), award);
            }
        }
        awards
    }

    fn award(&mut self, rule: &AwardRule, form: &str) -> AwardOver {
        let scope = self.scope(form);
        let merged = self.merged;
        let own = merged.fields.get(form).and_then(|fields| fields.get(&rule.costs));
        let from = if own.is_some() { form } else { APPLICATION };
        let table = own.or_else(|| merged.fields.get(APPLICATION)?.get(&rule.costs));
        let items = table.and_then(|table| table.items.as_ref());
        let item = items.map(|items| RecordType::new([("item", item_type(items))]));
        let item_scope = item.map_or_else(|| scope.clone(), |item| scope.with_row(&item));
        let (mut category_when, mut category_share) = (BTreeMap::new(), BTreeMap::new());
        if let Some(table) = table {
            let written = table
                .like
                .as_ref()
                .map_or_else(|| merged.path(from, &rule.costs), |like| merged.path(APPLICATION, like));
            let path = format!("{written}/categories");
            category_when = self.category_conditions(&path, table, &scope);
            for (name, category) in &table.categories {
                let path = format!("{path}/{}/share", pointer_part(name));
                let share = category.share.as_ref().and_then(|share| self.share(&path, share, &scope));
                category_share.extend(share.map(|share| (name.clone(), share)));
            }
        }
        let share = rule.share.as_ref().and_then(|share| self.share("/program/amount/share", share, &scope));
        let mut bound = |key: &str, cases: Option<&Cases<Yen>>, scope: &Scope| {
            cases.map(|cases| self.cases(&format!("/program/amount/{key}"), cases, scope))
        };
        let item_cap = bound("item_cap", rule.item_cap.as_ref(), &item_scope);
        let fiscal_year_cap = bound("fiscal_year_cap", rule.fiscal_year_cap.as_ref(), &scope);
        let lifetime_cap = bound("lifetime_cap", rule.lifetime_cap.as_ref(), &scope);
        AwardOver {
            rule: rule.clone(),
            tax: self.cases("/program/amount/tax", &rule.tax, &scope),
            share,
            rate: self.cases("/program/amount/rate", &rule.rate, &scope),
            item_cap,
            cap: self.cases("/program/amount/cap", &rule.cap, &scope),
            fiscal_year_cap,
            lifetime_cap,
            category_when,
            category_share,
        }
    }

    /// How much of something counts; all of it when the field it reads is not given.
    fn share(&mut self, path: &str, source: &str, scope: &Scope) -> Option<Expression> {
        self.expression(path, source, scope, &Type::Rate.optional())
    }

    fn advance_share(&mut self) -> Option<Vec<CompiledCase<Rate>>> {
        let scope = self.scope(APPLICATION);
        let definition = self.definition;
        let advance = definition.program.payment.advance.as_ref()?;
        Some(self.cases("/program/payment/advance/share", &advance.share, &scope))
    }

    /// The minor-change rule, typed for every form that an amount is frozen from in place of its own form.
    fn changes(&mut self) -> BTreeMap<Name, ChangeRule> {
        let definition = self.definition;
        let Some(rule) = &definition.program.change else { return BTreeMap::new() };
        let beside = definition.archetype.procedures.values().flat_map(|procedure| procedure.actions.values());
        let actions = definition.archetype.actions.values().chain(beside);
        let replacing = actions.flat_map(|action| &action.effects).filter_map(|effect| match effect {
            Effect::FreezeFrom { amount, form } => Some((form, definition.archetype.amount(amount)?.1.from.as_ref()?)),
            _ => None,
        });
        let mut changes = BTreeMap::new();
        for (form, from) in replacing {
            if form != from && !changes.contains_key(form) && self.merged.fields.contains_key(form) {
                let scope = self.scope(form);
                let path = "/program/change/approval_when";
                let approval_when = rule.approval_when.as_ref().and_then(|when| self.condition(path, when, &scope));
                changes.insert(form.clone(), ChangeRule { from: from.clone(), approval_when });
            }
        }
        changes
    }

    fn cases<T: Copy>(&mut self, path: &str, cases: &Cases<T>, scope: &Scope) -> Vec<CompiledCase<T>> {
        match cases {
            Cases::Always(then) => vec![CompiledCase { when: None, then: *then }],
            Cases::FirstOf(cases) => {
                let mut placed = Vec::new();
                let compiled = cases.iter().enumerate().filter_map(|(i, case)| {
                    let when = match &case.when {
                        None => None,
                        Some(source) => {
                            let path = format!("{path}/{i}/when");
                            let condition = self.condition(&path, source, scope)?;
                            placed.push((path, condition.clone()));
                            Some(condition)
                        }
                    };
                    Some(CompiledCase { when, then: case.then })
                });
                let compiled = compiled.collect();
                self.rules.first_of.insert(path.to_owned(), placed);
                compiled
            }
        }
    }

    fn amounts(&mut self) -> BTreeMap<Name, CompiledAmount> {
        let archetype = &self.definition.archetype;
        let own = archetype.amounts.iter().map(|amount| ("/archetype".to_owned(), None, amount));
        let beside = archetype.procedures.iter().flat_map(|(procedure, rule)| {
            let path = format!("/archetype/procedures/{}", pointer_part(procedure));
            rule.amounts.iter().map(move |amount| (path.clone(), Some(procedure.as_str()), amount))
        });
        let mut compiled = BTreeMap::new();
        for (path, home, (name, rule)) in own.chain(beside) {
            let path = format!("{path}/amounts/{}", pointer_part(name));
            let scope = self.scope_near(APPLICATION, home.as_slice());
            if let Some(base) = &rule.advance_of {
                compiled.insert(name.clone(), CompiledAmount::AdvanceOf(base.clone()));
            } else if let Some(is) = &rule.is {
                let is = self.expression(&format!("{path}/is"), is, &scope, &Type::Yen);
                compiled.extend(is.map(|is| (name.clone(), CompiledAmount::Is(is))));
            } else if let Some(rule) = &rule.interest {
                let since =
                    self.expression(&format!("{path}/interest/since"), &rule.since, &scope, &Type::Date.optional());
                let until =
                    self.expression(&format!("{path}/interest/until"), &rule.until, &scope, &Type::Date.optional());
                compiled.extend(since.zip(until).map(|(since, until)| {
                    let (on, table) = (rule.on.clone(), rule.table.clone());
                    (name.clone(), CompiledAmount::Interest { on, table, since, until })
                }));
            }
        }
        compiled
    }

    fn holdings(&mut self) -> BTreeMap<(Option<Name>, Name), Vec<Holding>> {
        let archetype = &self.definition.archetype;
        let own = archetype.states.iter().map(|state| (None, state));
        let beside = archetype
            .procedures
            .iter()
            .flat_map(|(procedure, rule)| rule.states.iter().map(|state| (Some(procedure.clone()), state)));
        let holdings = own.chain(beside).map(|(procedure, (name, state))| {
            let forms = state.holds.iter().filter_map(|(account, source)| Some((*account, linear(source)?)));
            ((procedure, name.clone()), forms.collect())
        });
        holdings.collect()
    }

    fn charged(&mut self) -> BTreeMap<Name, Expression> {
        let mut charged = BTreeMap::new();
        for (procedure, rule) in &self.definition.archetype.procedures {
            let Some(source) = &rule.charged_to_year_of else { continue };
            let path = format!("/archetype/procedures/{}/charged_to_year_of", pointer_part(procedure));
            let scope = self.scope_near(APPLICATION, &[procedure]);
            let day = self.expression(&path, source, &scope, &Type::Date);
            charged.extend(day.map(|day| (procedure.clone(), day)));
        }
        charged
    }

    // -- deadlines

    fn deadlines(&mut self) -> IndexMap<Name, CompiledDeadline> {
        let definition = self.definition;
        // A deadline may be that of a procedure's state.
        let near: Vec<&str> = definition.archetype.procedures.keys().map(String::as_str).collect();
        let scope = self.scope_near(APPLICATION, &near);
        let mut deadlines = IndexMap::new();
        for (name, rule) in &definition.program.deadlines {
            let path = format!("/program/deadlines/{}", pointer_part(name));
            let outer = (FirstDay::default(), OnHoliday::default());
            if let Some(deadline) = self.deadline(&path, rule, outer, &scope) {
                deadlines.insert(name.clone(), deadline);
            }
        }
        deadlines
    }

    /// `outer` is what holds where the rule itself says nothing.
    fn deadline(
        &mut self,
        path: &str,
        rule: &DeadlineRule,
        outer: (FirstDay, OnHoliday),
        scope: &Scope,
    ) -> Option<CompiledDeadline> {
        let first_day = rule.first_day.unwrap_or(outer.0);
        let on_holiday = rule.on_holiday.unwrap_or(outer.1);
        let when = match (&rule.within, &rule.after, &rule.date, rule.earliest_of.as_slice()) {
            (Some(within), Some(after), None, []) => {
                let span = match within.parse::<Span>() {
                    Ok(span) => Some(span),
                    Err(invalid) => {
                        self.findings.push(Finding::error(invalid.code, format!("{path}/within"), invalid.message));
                        None
                    }
                };
                let fact = self.expression(&format!("{path}/after"), after, scope, &Type::Date.optional());
                When::After { span: span?, fact: fact? }
            }
            (None, None, Some(date), []) => {
                let Some((month, day)) = month_and_day(date) else {
                    let message =
                        Bilingual::new("日付は「03-31」のように書いてください", "Write the day as MM-DD, e.g. 03-31");
                    self.findings.push(Finding::error("deadline.date", format!("{path}/date"), message));
                    return None;
                };
                When::Date { month, day, of: rule.of.unwrap_or(DateOf::AwardFiscalYear) }
            }
            (None, None, None, rules @ [_, ..]) => {
                let rules = rules.iter().enumerate().filter_map(|(i, rule)| {
                    self.deadline(&format!("{path}/earliest_of/{i}"), rule, (first_day, on_holiday), scope)
                });
                When::EarliestOf(rules.collect())
            }
            _ => {
                let message = Bilingual::new(
                    "「within と after」「date」「earliest_of」のどれか1つで書いてください",
                    "Write one of: `within` with `after`, `date`, or `earliest_of`",
                );
                self.findings.push(Finding::error("deadline.shape", path, message));
                return None;
            }
        };
        Some(CompiledDeadline { rule: when, first_day, on_holiday })
    }
}
