//! Forms: which fields and documents are asked, and whether what was handed in is right.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, parse_day};

use crate::compiled::Program;
use crate::definition::{FieldType, Name, OtherAid};
use crate::expression::{Expression, Record, RowOver, Value};
use crate::facts::{APPLICATION, CaseFacts, evidence_of, field_value, row_value, rows, says_evidence};
use crate::parts::{Attached, CompiledNeed, DocumentAsked, Fault, Form, FormCheck, FormField, FormRule};
use crate::values::{clean, missing, unknown_fields};

impl Program {
    #[must_use]
    pub fn form(&self, name: &str) -> Option<&Form> {
        self.forms.get(name)
    }

    pub fn forms(&self) -> impl Iterator<Item = &Form> {
        self.forms.values()
    }

    /// Checks what is handed in with a form. `facts` are those of the case without this submission; a condition that
    /// cannot be judged for want of a fact is a fault (`rule.blocked`) unless other faults explain it. Without `documents`
    /// what is attached is not looked at.
    #[must_use]
    pub fn check_form(
        &self,
        form: &str,
        values: &Map<String, Json>,
        documents: Option<&Attached>,
        facts: &CaseFacts,
    ) -> FormCheck {
        let Some(form) = self.forms.get(form) else {
            let message = Bilingual::new("この様式はありません", "There is no such form");
            return FormCheck { clean: Map::new(), faults: vec![Fault::new("form.unknown", "", message)] };
        };
        let mut check = Check::new(&form.fields, values);
        check.roots = self.view(facts).filled_in(&form.name, &check.clean);
        self.complete(&mut check.roots);
        check.drop_what_is_not_asked(&form.name);
        check.require();
        check.categories();
        check.days_of_payment(facts.today);
        if form.name == APPLICATION {
            self.check_applicant(&mut check, facts);
        }
        form.rules.iter().for_each(|rule| check.rule(rule));
        self.check_other_aid(&mut check);
        self.check_change(&form.name, &mut check, facts);
        if let Some(attached) = documents {
            check.documents(&form.documents, attached);
            check.evidence(&form.documents, attached);
        }
        check.finish()
    }

    /// Which of a form's fields and documents are asked for, given what is filled in so far. For showing a form; a
    /// condition that cannot be told yet counts as not asked.
    #[must_use]
    pub fn asked(&self, form: &str, values: &Map<String, Json>, facts: &CaseFacts) -> (Vec<&str>, Vec<&DocumentAsked>) {
        let Some(form) = self.forms.get(form) else { return (Vec::new(), Vec::new()) };
        let mut check = Check::new(&form.fields, values);
        check.roots = self.view(facts).filled_in(&form.name, &check.clean);
        self.complete(&mut check.roots);
        check.drop_what_is_not_asked(&form.name);
        let fields = form.fields.keys().filter(|name| !check.not_asked.contains(name.as_str()));
        let holds = |when: &Expression| when.is_true(&check.roots).unwrap_or(false);
        let documents = form.documents.iter().filter(|document| document.when.as_ref().is_none_or(holds));
        (fields.map(String::as_str).collect(), documents.collect())
    }

    /// Tables of real costs in which nothing is entered yet, with the rows of the plan in force, for whoever begins one.
    #[must_use]
    pub fn planned(&self, form: &str, values: &Map<String, Json>, facts: &CaseFacts) -> Map<String, Json> {
        let fields = self.forms.get(form).map(|form| &form.fields).into_iter().flatten();
        let plan = |(name, field): (&Name, &FormField)| {
            let like = field.rule.like.as_ref().filter(|_| field.rule.actual && !values.contains_key(name))?;
            Some((name.clone(), facts.forms.get(APPLICATION)?.get(like)?.clone()))
        };
        fields.filter_map(plan).collect()
    }

    /// Checks the small inputs of an action. An unknown action has none.
    #[must_use]
    pub fn check_input(&self, action: &str, values: &Map<String, Json>, facts: &CaseFacts) -> FormCheck {
        let none = IndexMap::new();
        let action = self.action(action);
        let mut check = Check::new(action.map_or(&none, |action| action.input), values);
        let form = action.and_then(|action| action.rule.form.as_deref()).unwrap_or(APPLICATION);
        check.roots = self.view(facts).submitted(form);
        self.complete(&mut check.roots);
        check.put_input();
        check.drop_what_is_not_asked("input");
        check.require();
        check.finish()
    }

    fn check_applicant(&self, check: &mut Check<'_>, facts: &CaseFacts) {
        const PATH: &str = "applicant";
        let rules = &self.definition().program.applicant;
        if !rules.kinds.contains(&facts.applicant.kind) {
            let message = Bilingual::new(
                "この制度の対象となる事業者の種別ではありません",
                "This kind of applicant is not eligible",
            );
            check.faults.push(Fault::new("applicant.kind", PATH, message));
        }
        for need in &self.applicant_must {
            check.need(need, "applicant.rule", PATH);
        }
    }

    /// Whether a request to change the plan is needed and possible; looked at when nothing else is wrong.
    fn check_change(&self, form: &str, check: &mut Check<'_>, facts: &CaseFacts) {
        if check.faults.is_empty() {
            match self.change_fault(form, &check.clean, &check.roots, facts) {
                Ok(fault) => check.faults.extend(fault),
                Err(blocked) => check.blocked.push(Fault::blocked("rule.blocked", "", blocked)),
            }
        }
    }

    fn check_other_aid(&self, check: &mut Check<'_>) {
        const AID: &str = "other_aid";
        const PENDING: &str = "other_aid_pending";
        let Some(rule) = self.definition().program.amount.as_ref().map(|rule| rule.other_aid) else { return };
        let has_aid = check.clean.get(AID).and_then(Json::as_i64).is_some_and(|aid| aid > 0);
        let is_pending = check.clean.get(PENDING).and_then(Json::as_bool).unwrap_or(false);
        let message = || {
            Bilingual::new(
                "同じ経費について他の補助金等を受ける場合は対象になりません",
                "Costs for which there is other public aid are not eligible",
            )
        };
        if has_aid && rule != OtherAid::Deduct {
            check.faults.push(Fault::new("rule.other_aid", AID, message()));
        }
        if is_pending && rule == OtherAid::ForbidPending {
            check.faults.push(Fault::new("rule.other_aid", PENDING, message()));
        }
    }
}

/// A check under way.
struct Check<'a> {
    fields: &'a IndexMap<Name, FormField>,
    clean: Map<String, Json>,
    faults: Vec<Fault>,
    /// Conditions that could not be judged; told only when nothing else is wrong.
    blocked: Vec<Fault>,
    not_asked: BTreeSet<&'a str>,
    faulty: BTreeSet<&'a str>,
    roots: Record,
}

impl<'a> Check<'a> {
    /// Every value by itself.
    fn new(fields: &'a IndexMap<Name, FormField>, values: &Map<String, Json>) -> Self {
        let mut check = Self {
            fields,
            clean: Map::new(),
            faults: unknown_fields(|name| fields.contains_key(name), values).collect(),
            blocked: Vec::new(),
            not_asked: BTreeSet::new(),
            faulty: BTreeSet::new(),
            roots: Record::new(),
        };
        for (name, field) in fields {
            let before = check.faults.len();
            if let Some(value) = clean(&field.rule, name, values.get(name), &mut check.faults) {
                check.clean.insert(name.clone(), value);
            }
            if check.faults.len() > before {
                check.faulty.insert(name);
            }
        }
        check
    }

    /// Small inputs are read as `input.<name>`.
    fn put_input(&mut self) {
        let fields = self.fields.iter();
        let input =
            fields.filter_map(|(name, field)| Some((name.clone(), field_value(&field.rule, self.clean.get(name))?)));
        let input: Record = input.collect();
        self.roots.insert("input".to_owned(), Value::Record(input));
    }

    /// In the order of the form: what a condition leaves out counts as not given for the conditions after it.
    fn drop_what_is_not_asked(&mut self, form: &str) {
        for (name, field) in self.fields {
            let Some(when) = &field.when else { continue };
            let asked = when.is_true(&self.roots);
            if let Err(blocked) = &asked {
                self.blocked.push(Fault::blocked("rule.blocked", name, blocked.clone()));
            }
            if asked.unwrap_or(false) {
                continue;
            }
            self.not_asked.insert(name);
            self.faulty.remove(name.as_str());
            self.clean.remove(name);
            self.faults.retain(|fault| !belongs_to(&fault.path, name));
            if let Some(value) = field_value(&field.rule, None) {
                if let Some(Value::Record(record)) = self.roots.get_mut(form) {
                    record.insert(name.clone(), value.clone());
                }
                if form != "input" {
                    self.roots.insert(name.clone(), value);
                }
            }
        }
    }

    fn require(&mut self) {
        for (name, field) in self.fields {
            let given = self.clean.contains_key(name) || self.faulty.contains(name.as_str());
            if !given && !self.not_asked.contains(name.as_str()) {
                let fault = missing(&field.rule, name);
                if fault.is_some() {
                    self.faulty.insert(name);
                }
                self.faults.extend(fault);
            }
        }
    }

    /// Rows in categories that do not count here.
    fn categories(&mut self) {
        for (name, field) in self.fields.iter().filter(|(_, field)| field.rule.kind == FieldType::Costs) {
            let closed: Vec<&Name> = field
                .category_when
                .iter()
                .filter(|(_, when)| !when.is_true(&self.roots).unwrap_or(true))
                .map(|(category, _)| category)
                .collect();
            for (i, row) in rows(self.clean.get(name)).enumerate() {
                let category = row.get("category").and_then(Json::as_str).unwrap_or_default();
                if closed.iter().any(|closed| *closed == category) {
                    let label = field.rule.categories.get(category).map(|category| category.label.clone());
                    let Bilingual { ja, en } = label.unwrap_or_else(|| Bilingual::new(category, category));
                    let message = Bilingual::new(
                        format!(
                            "「{ja}」は、これまでの回答では補助の対象になりません。行を除くか、回答を見直してください"
                        ),
                        format!(
                            "{en} does not count, by what you have answered so far; remove the row, or look at your answers again"
                        ),
                    );
                    self.faults.push(Fault::new("category.closed", format!("{name}[{i}].category"), message));
                }
            }
        }
    }

    /// What was paid was ordered before, and nothing of it lies in the future.
    fn days_of_payment(&mut self, today: NaiveDate) {
        for (name, _) in self.fields.iter().filter(|(_, field)| field.rule.actual) {
            for (i, row) in rows(self.clean.get(name)).enumerate() {
                let day = |part: &str| row.get(part).and_then(Json::as_str).and_then(parse_day);
                let mut fault = |part: &str, code: &str, ja: &str, en: &str| {
                    self.faults.push(Fault::new(code, format!("{name}[{i}].{part}"), Bilingual::new(ja, en)));
                };
                if day("paid_on").zip(day("ordered_on")).is_some_and(|(paid, ordered)| paid < ordered) {
                    fault(
                        "paid_on",
                        "costs.paid_early",
                        "支払日が発注日より前です",
                        "It was paid before it was ordered",
                    );
                }
                for part in ["ordered_on", "delivered_on", "paid_on"] {
                    if day(part).is_some_and(|day| day > today) {
                        fault(part, "costs.future", "今日より後の日付です", "This day is after today");
                    }
                }
            }
        }
    }

    fn rule(&mut self, rule: &FormRule) {
        let Some(table) = &rule.each else {
            return self.need(&rule.need, "rule.failed", rule.field.as_deref().unwrap_or_default());
        };
        let Some(field) = self.fields.get(table) else { return };
        let values: Vec<Record> = rows(self.clean.get(table)).map(|row| row_value(&field.rule, row)).collect();
        for (i, row) in values.iter().enumerate() {
            let field = rule.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
            let path = format!("{table}[{i}]{field}");
            let facts = RowOver { row, facts: &self.roots };
            match rule.need.fault("rule.failed", &path, &facts) {
                Ok(fault) => self.faults.extend(fault),
                Err(blocked) => self.blocked.push(Fault::blocked("rule.blocked", path, blocked)),
            }
        }
    }

    fn need(&mut self, need: &CompiledNeed, code: &str, path: &str) {
        let names = need.when.names();
        if names.iter().any(|name| self.faulty.contains(name.split('.').next().unwrap_or(name))) {
            return;
        }
        match need.fault(code, path, &self.roots) {
            Ok(fault) => self.faults.extend(fault),
            Err(blocked) => self.blocked.push(Fault::blocked("rule.blocked", path, blocked)),
        }
    }

    fn documents(&mut self, asked: &[DocumentAsked], given: &Attached) {
        for name in given.keys().filter(|name| !asked.iter().any(|document| document.name == **name)) {
            let message = Bilingual::new("この書類は求めていません", "This document is not asked for");
            self.faults.push(Fault::new("document.unknown", format!("documents.{name}"), message));
        }
        for document in asked.iter().filter(|document| !document.optional && !given.contains_key(&document.name)) {
            let path = format!("documents.{}", document.name);
            match document.when.as_ref().map_or(Ok(true), |when| when.is_true(&self.roots)) {
                Ok(false) => {}
                Ok(true) => {
                    let message = Bilingual::new(
                        format!("「{}」を添付してください", document.label.ja),
                        format!("Attach: {}", document.label.en),
                    );
                    self.faults.push(Fault::new("document.missing", path, message));
                }
                Err(blocked) => self.blocked.push(Fault::blocked("rule.blocked", path, blocked)),
            }
        }
    }

    /// Each row of real costs that says what proves it has a file; for those that say nothing there is one that no row
    /// names.
    fn evidence(&mut self, asked: &[DocumentAsked], given: &Attached) {
        for (name, field) in self.fields {
            let slot = field.rule.evidence.as_ref();
            let Some(document) = slot.and_then(|slot| asked.iter().find(|document| document.name == *slot)) else {
                continue;
            };
            let none = BTreeSet::new();
            let files = given.get(&document.name).unwrap_or(&none);
            let mut of_rows = BTreeSet::new();
            let mut without = Vec::new();
            for (i, row) in rows(self.clean.get(name)).enumerate() {
                let own: Vec<&str> = evidence_of(row).collect();
                if own.iter().any(|file| !files.contains(*file)) {
                    let message = Bilingual::new(
                        format!("{}行目の書類が取り外されています。添付し直してください", i + 1),
                        format!("The evidence of row {} was taken away; attach it again", i + 1),
                    );
                    self.faults.push(Fault::new(
                        "evidence.unknown",
                        format!("documents.{}[{i}]", document.name),
                        message,
                    ));
                }
                if own.is_empty() {
                    let what = row.get("what").and_then(Json::as_str).unwrap_or_default();
                    without.push((i, what, says_evidence(row)));
                }
                of_rows.extend(own);
            }
            let is_for_all = files.iter().any(|file| !of_rows.contains(file.as_str()));
            if document.optional || files.is_empty() {
                continue;
            }
            for (i, what, _) in without.into_iter().filter(|(_, _, says)| *says || !is_for_all) {
                let number = i + 1;
                let message = Bilingual::new(
                    format!("{number}行目「{what}」の書類を添付してください"),
                    format!("Attach the evidence of row {number} ({what})"),
                );
                self.faults.push(Fault::new("evidence.missing", format!("documents.{}[{i}]", document.name), message));
            }
        }
    }

    fn finish(mut self) -> FormCheck {
        if self.faults.is_empty() {
            self.faults.append(&mut self.blocked);
        }
        FormCheck { clean: self.clean, faults: self.faults }
    }
}

/// Whether a path is of this field or inside it.
fn belongs_to(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
}
