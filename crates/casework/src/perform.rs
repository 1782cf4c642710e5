//! Letting an action take effect: what it brings is checked, its effects happen, the case moves on, the event is made.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use program::definition::{Effect, FieldType, HoldingAccount, Name, RankBy, Role};
use program::{ActionRef, CaseFacts, Fault};
use serde_json::{Map, Value, json};
use treasury::{Account, BankMaster, Holdings};
use uuid::Uuid;
use vocabulary::{BankAccount, Yen, day_in_japan, start_of_day};

use crate::act::{Act, Refusal, Step, World};
use crate::authority::SIGN;
use crate::case::{
    Case, Change, DocumentRef, Done, FieldMark, Frozen, PaymentOrder, ProcedureCase, Submission, Unlocked,
};
use crate::clockwork;
use crate::correspondence;
use crate::event::{event, salted};
use crate::facts::case_facts;
use crate::history::Stage;

/// The form that a business applies with.
const APPLICATION: &str = "application";

/// Who takes which action.
pub(crate) struct Performance<'a> {
    pub action: ActionRef<'a>,
    pub procedure: Option<Uuid>,
    pub role: Role,
    pub actor: Uuid,
    /// The drafter, when a last signature lets a drafted decision take effect.
    pub drafted_by: Option<Uuid>,
}

/// Lets an action take effect: everything but who may and who signs.
pub(crate) fn perform(
    world: &World<'_>,
    case: &Case,
    performance: &Performance<'_>,
    act: &Act,
) -> Result<Step, Vec<Refusal>> {
    let action = &performance.action;
    let mut work = Work {
        world,
        action,
        after: case.clone(),
        input: Map::new(),
        facts: json!({}),
        numbers: Vec::new(),
        letters: Vec::new(),
        submission: None,
        payment: None,
    };
    work.take_in(case, performance, act)?;
    work.check_needs()?;
    work.apply_effects(act)?;
    work.move_on(case, performance);
    work.finish(case, performance, act)
}

/// An act under way: the case as it will be, and what comes with it.
struct Work<'w> {
    world: &'w World<'w>,
    action: &'w ActionRef<'w>,
    after: Case,
    /// The action's own clean input.
    input: Map<String, Value>,
    /// What the event will say.
    facts: Value,
    numbers: Vec<Name>,
    letters: Vec<Name>,
    submission: Option<(Name, Submission)>,
    payment: Option<PaymentOrder>,
}

impl Work<'_> {
    fn today(&self) -> NaiveDate {
        day_in_japan(self.world.now)
    }

    fn case_facts(&self) -> CaseFacts {
        case_facts(self.world, &self.after)
    }

    fn note(&mut self, key: &str, value: Value) {
        if let Value::Object(facts) = &mut self.facts {
            facts.insert(key.to_owned(), value);
        }
    }

    /// Checks what the act brings, and takes the form in as an immutable snapshot.
    fn take_in(&mut self, before: &Case, performance: &Performance<'_>, act: &Act) -> Result<(), Vec<Refusal>> {
        let rule = self.action.rule;
        let (mut input, form_values): (Map<_, _>, Map<_, _>) =
            act.values.clone().into_iter().partition(|(name, _)| rule.form.is_none() || rule.input.contains_key(name));
        let marks_field = rule.input.iter().find(|(_, field)| field.kind == FieldType::FieldMarks);
        if let Some((name, _)) = marks_field {
            if !act.marks.is_empty() {
                let marks: Map<String, Value> =
                    act.marks.iter().map(|mark| (mark.field.clone(), json!(mark.remark))).collect();
                input.insert(name.clone(), Value::Object(marks));
            }
        }
        let facts = self.case_facts();
        let check = self.world.program.check_input(self.action.name, &input, &facts);
        let mut refusals: Vec<Refusal> = check.faults.into_iter().map(refusal).collect();
        refusals.extend(bank_refusals(&check.clean, rule.input.iter().map(|(name, field)| (name, field.kind))));
        if marks_field.is_some() {
            refusals.extend(unknown_marks(self.world, before, &act.marks));
        }
        self.input = check.clean;
        if let Some(form) = &rule.form {
            match self.snapshot(before, performance, form, form_values, &facts) {
                Ok(submission) => {
                    self.note("submission", json!({ "form": form, "digest": self.salted(&submission.values) }));
                    self.after.body.forms.insert(form.clone(), submission.clone());
                    self.submission = Some((form.clone(), submission));
                }
                Err(more) => refusals.extend(more),
            }
            if form == APPLICATION {
                self.after.body.applicant = Some(before.business.facts.clone());
            }
        }
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    fn snapshot(
        &self,
        before: &Case,
        performance: &Performance<'_>,
        form: &str,
        given: Map<String, Value>,
        facts: &CaseFacts,
    ) -> Result<Submission, Vec<Refusal>> {
        let earlier = before.body.forms.get(form);
        let unlocked = before.body.unlocked.as_ref().filter(|unlocked| unlocked.form == form);
        let draft = self.world.draft.clone().unwrap_or_default();
        // In a correction everything that was not marked stays as it was submitted.
        let base = unlocked.and(earlier);
        let mut values = base.map(|earlier| earlier.values.clone()).unwrap_or_default();
        values.extend(draft.values);
        values.extend(given);
        let mut documents = base.map(|earlier| earlier.documents.clone()).unwrap_or_default();
        documents.extend(draft.documents);
        let slots: BTreeSet<String> =
            documents.iter().filter(|(_, files)| !files.is_empty()).map(|(slot, _)| slot.clone()).collect();
        let check = self.world.program.check_form(form, &values, &slots, facts);
        let mut refusals: Vec<Refusal> = check.faults.into_iter().map(refusal).collect();
        if let Some(rule) = self.world.program.form(form) {
            refusals
                .extend(bank_refusals(&check.clean, rule.fields.iter().map(|(name, field)| (name, field.rule.kind))));
            let known: BTreeSet<&str> = rule.documents.iter().map(|document| document.name.as_str()).collect();
            refusals.extend(slots.iter().filter(|slot| !known.contains(slot.as_str())).map(|slot| {
                Refusal::new("document.unknown", "この書類は求められていません", "This document is not asked for")
                    .at(format!("documents.{slot}"))
            }));
        }
        let changes = earlier.map(|earlier| differences(earlier, &check.clean, &documents)).unwrap_or_default();
        if let Some(unlocked) = unlocked {
            refusals.extend(changes.iter().filter(|change| !is_open(unlocked, &change.path)).map(|change| {
                Refusal::new(
                    "field.locked",
                    "補正の対象ではない項目は変更できません。元の内容に戻してください",
                    "Only the marked fields may be corrected; please put this one back",
                )
                .at(change.path.clone())
            }));
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        Ok(Submission {
            id: (self.world.ids)(),
            at: self.world.now,
            by: performance.actor,
            values: check.clean,
            documents,
            changes,
        })
    }

    fn check_needs(&self) -> Result<(), Vec<Refusal>> {
        let faults = self.world.program.unmet_needs(self.action.name, &self.input, &self.case_facts());
        if faults.is_empty() { Ok(()) } else { Err(faults.into_iter().map(refusal).collect()) }
    }

    fn apply_effects(&mut self, act: &Act) -> Result<(), Vec<Refusal>> {
        let rule = self.action.rule;
        for effect in &rule.effects {
            match effect {
                Effect::Number(kind) => self.numbers.push(kind.clone()),
                Effect::Record(fact) => self.record(fact),
                Effect::Freeze(amount) => {
                    let from =
                        self.world.program.definition().archetype.amounts.get(amount).map(|rule| rule.from.clone());
                    self.freeze(amount, &from.unwrap_or_default())?;
                }
                Effect::FreezeFrom { amount, form } => self.freeze(amount, form)?,
                Effect::Letter(letter) => self.letters.push(letter.clone()),
                Effect::Unlock(_) => self.unlock(act),
                Effect::Lock => self.after.body.unlocked = None,
                Effect::Pause(clock) => {
                    self.after.body.paused.entry(clock.clone()).or_insert(self.world.now);
                }
                Effect::Resume(clock) => {
                    self.after.body.paused.remove(clock);
                }
                Effect::Open(procedure) => self.open(procedure),
                Effect::Task(audience) => self.after.body.attention = Some(correspondence::role_of(*audience)),
                Effect::Pay(amount) => self.pay(amount)?,
            }
        }
        Ok(())
    }

    fn record(&mut self, fact: &str) {
        let short = fact.rsplit('.').next().unwrap_or(fact);
        let given = self.input.get(short).and_then(Value::as_str).and_then(vocabulary::parse_day);
        self.after.body.dates.insert(fact.to_owned(), given.unwrap_or_else(|| self.today()));
    }

    fn freeze(&mut self, amount: &str, form: &str) -> Result<(), Vec<Refusal>> {
        if form == APPLICATION {
            self.check_limits()?;
        }
        let rule = self.world.program.definition().archetype.amounts.get(amount);
        // An approved change counts against the request, not against the amount that it replaces.
        let bound = rule.and_then(|rule| rule.at_most.as_ref()).and_then(|name| self.after.body.amounts.get(name));
        let bound = bound.map(|frozen| frozen.yen);
        let facts = self.case_facts();
        let award = self.world.program.award(form, bound, &facts).map_err(|blocked| {
            vec![Refusal { code: blocked.code.to_string(), path: None, message: blocked.message, explanation: None }]
        })?;
        if !award.eligible || award.amount.is_zero() {
            let explanation = award.steps.iter().rev().find_map(|step| step.explanation.clone());
            return Err(vec![Refusal {
                explanation,
                ..Refusal::new(
                    "award.not_eligible",
                    "この内容では補助金額が0円となるため、交付の対象になりません。経費と下限額をご確認ください",
                    "The award computed from these figures is 0 yen, so nothing can be granted; check costs and minimum",
                )
            }]);
        }
        let yen = self.lowered(amount, award.amount)?;
        let frozen = Frozen { yen, on: self.today(), award };
        self.after.body.amounts.insert(amount.to_owned(), frozen);
        Ok(())
    }

    /// The amount that the action's input sets, if it is not above what was computed.
    fn lowered(&self, amount: &str, computed: Yen) -> Result<Yen, Vec<Refusal>> {
        let Some(wanted) = self.input.get(amount).and_then(Value::as_i64).and_then(|yen| Yen::new(yen).ok()) else {
            return Ok(computed);
        };
        if wanted.is_zero() || wanted > computed {
            return Err(vec![
                Refusal::new(
                    "award.above_computed",
                    format!("金額は1円以上、算定額（{computed}円）以下にしてください"),
                    format!("The amount must be above 0 and not above what was computed ({computed} yen)"),
                )
                .at(amount),
            ]);
        }
        Ok(wanted)
    }

    fn check_limits(&self) -> Result<(), Vec<Refusal>> {
        let limits = &self.world.program.definition().program.limits;
        let granted = &self.world.granted;
        let year = self.after.call.fiscal_year.0;
        let mut refusals = Vec::new();
        if limits.per_fiscal_year.is_some_and(|most| granted.cases_this_year >= most) {
            refusals.push(Refusal::new(
                "limit.fiscal_year",
                "同じ年度に交付できる回数に達しています",
                "This business has had as many grants as the program allows in one fiscal year",
            ));
        }
        if limits.lifetime.is_some_and(|most| granted.cases_this_year + granted.cases_before >= most) {
            refusals.push(Refusal::new(
                "limit.lifetime",
                "通算の交付回数の上限に達しています",
                "This business has had as many grants as the program ever allows",
            ));
        }
        let years = limits.not_in_last_fiscal_years.and_then(|years| i32::try_from(years).ok());
        if years.zip(granted.latest_year_before).is_some_and(|(years, latest)| latest >= year - years) {
            refusals.push(Refusal::new(
                "limit.recent",
                "直近の年度に交付を受けているため、今年度は申請できません",
                "This business was granted in one of the preceding fiscal years, so not this year",
            ));
        }
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    fn unlock(&mut self, act: &Act) {
        let message = self.input.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        let form = correction_form(self.world, self.action).unwrap_or(APPLICATION.to_owned());
        self.after.body.unlocked = Some(Unlocked { form, marks: act.marks.clone(), message });
    }

    fn open(&mut self, name: &str) {
        let Some(state) = self.world.program.procedure_initial(name) else { return };
        self.after.body.procedures.push(ProcedureCase {
            id: (self.world.ids)(),
            name: name.to_owned(),
            state: state.to_owned(),
            opened_at: self.world.now,
            open: true,
        });
    }

    fn pay(&mut self, amount: &str) -> Result<(), Vec<Refusal>> {
        let account = latest_account(self.world, &self.after).ok_or_else(|| {
            vec![Refusal::new(
                "payment.no_account",
                "振込先口座が登録されていません。請求書で口座を届け出てもらってください",
                "No account to pay to; the claim must give one",
            )]
        })?;
        let amount = self.after.body.amounts.get(amount).map_or(Yen::ZERO, |frozen| frozen.yen);
        let order = PaymentOrder { id: (self.world.ids)(), amount, account };
        self.after.body.payments.push(order.clone());
        self.payment = Some(order);
        Ok(())
    }

    /// The state it leads to, and the clock that starts there.
    fn move_on(&mut self, before: &Case, performance: &Performance<'_>) {
        let today = self.today();
        match (performance.procedure, &self.action.rule.to) {
            (_, None) => {}
            (None, Some(to)) => self.after.state.clone_from(to),
            (Some(id), Some(to)) => {
                let ends = self
                    .action
                    .procedure
                    .and_then(|name| self.world.program.procedure(name))
                    .and_then(|rule| rule.states.get(to))
                    .is_some_and(|state| state.kind.is_end());
                if let Some(open) = self.after.body.procedures.iter_mut().find(|open| open.id == id) {
                    open.state.clone_from(to);
                    open.open = !ends;
                }
            }
        }
        let body = &mut self.after.body;
        body.pending = None;
        if before.state != self.after.state {
            body.entered_on = Some(today);
            body.attention = None;
        }
        if performance.actor != Uuid::nil() {
            body.done.push(Done {
                action: self.action.name.to_owned(),
                user: performance.drafted_by.unwrap_or(performance.actor),
            });
        }
        if performance.drafted_by.is_some() {
            body.done.push(Done { action: SIGN.to_owned(), user: performance.actor });
        }
        self.rank(before);
    }

    /// First come: the rank is the moment of (complete) receipt; a correction may cost it.
    fn rank(&mut self, before: &Case) {
        let Some((form, _)) = &self.submission else {
            let arrived =
                self.after.body.dates.get("received_on").filter(|_| !before.body.dates.contains_key("received_on"));
            if let Some(day) = arrived {
                let arrived = start_of_day(*day);
                if day_in_japan(self.world.now) != *day {
                    self.after.body.standing.received_at = Some(arrived);
                }
            }
            return;
        };
        let complete = self.world.program.definition().program.intake.rank_by == RankBy::CompleteReceipt;
        if form == APPLICATION && (self.after.body.ranked_at.is_none() || complete) {
            self.after.body.ranked_at = Some(self.world.now);
        }
        if form == APPLICATION && self.after.body.standing.received_at.is_none() {
            self.after.body.standing.received_at = Some(self.world.now);
        }
    }

    fn finish(mut self, before: &Case, performance: &Performance<'_>, act: &Act) -> Result<Step, Vec<Refusal>> {
        let holdings = self.holdings()?;
        let postings = treasury::postings(&before.body.holdings, &holdings).map_err(|_| vec![overflow()])?;
        self.after.body.holdings = holdings;
        clockwork::wind(self.world, before, &mut self.after, performance.role == Role::Clock);
        clockwork::stand(self.world, &mut self.after);
        let amounts: BTreeMap<_, _> = self.after.body.amounts.iter().map(|(name, frozen)| (name, frozen.yen)).collect();
        self.note("amounts", json!(amounts));
        self.note("dates", json!(self.after.body.dates));
        self.note("postings", json!(postings));
        if !self.input.is_empty() {
            self.note("input", json!(self.salted(&self.input)));
        }
        if let Some(procedure) = performance.procedure {
            self.note("procedure", json!(procedure));
        }
        if let Some(drafter) = performance.drafted_by {
            self.note("drafted_by", json!(drafter));
        }
        if let Some(payment) = &self.payment {
            self.note("payment", json!({ "id": payment.id, "amount": payment.amount }));
        }
        let event = event(self.world, before, performance.role, performance.actor, &act.action, Stage::Performed)
            .to(&self.after.state)
            .with(self.facts.clone())
            .commented(self.world, act.comment.as_deref())
            .build();
        let (letters, mails) =
            correspondence::write(self.world, &self.after, self.action, &self.letters, &self.input, &act.marks);
        self.after.version += 1;
        Ok(Step {
            from: before.state.clone(),
            event,
            postings,
            numbers: self.numbers,
            letters,
            mails,
            submission: self.submission,
            payment: self.payment,
            case: self.after,
        })
    }

    fn holdings(&self) -> Result<Holdings, Vec<Refusal>> {
        let amounts = self.after.body.amounts.iter().map(|(name, frozen)| (name.clone(), frozen.yen)).collect();
        let held = self.world.program.holdings(&self.after.state, &amounts).map_err(|blocked| {
            vec![Refusal { code: blocked.code.to_string(), path: None, message: blocked.message, explanation: None }]
        })?;
        let mut holdings = Holdings::new();
        for (account, yen) in held {
            holdings.set(ledger_account(account), yen).map_err(|_| vec![overflow()])?;
        }
        Ok(holdings)
    }

    fn salted(&self, values: &Map<String, Value>) -> String {
        salted(self.world, values)
    }
}

pub(crate) const fn ledger_account(account: HoldingAccount) -> Account {
    match account {
        HoldingAccount::Held => Account::Held,
        HoldingAccount::Committed => Account::Committed,
        HoldingAccount::Finalized => Account::Finalized,
        HoldingAccount::Ordered => Account::Ordered,
        HoldingAccount::Paid => Account::Paid,
    }
}

fn overflow() -> Refusal {
    Refusal::new("amount.overflow", "金額が扱える範囲を超えています", "An amount is out of range")
}

fn refusal(fault: Fault) -> Refusal {
    Refusal {
        code: fault.code,
        path: (!fault.path.is_empty()).then_some(fault.path),
        message: fault.message,
        explanation: fault.explanation,
    }
}

/// Accounts must exist and their names must fit a transfer file, which is better said here than on the transfer day.
fn bank_refusals<'f>(
    values: &Map<String, Value>,
    fields: impl Iterator<Item = (&'f String, FieldType)>,
) -> Vec<Refusal> {
    fields
        .filter(|(_, kind)| *kind == FieldType::BankAccount)
        .filter_map(|(name, _)| Some((name, serde_json::from_value::<BankAccount>(values.get(name)?.clone()).ok()?)))
        .flat_map(|(name, account)| {
            let known = BankMaster::embedded().check(&account).err().map(|invalid| (invalid, name.clone()));
            let kana = treasury::zengin_name(&account.holder_kana).err();
            let kana = kana.map(|invalid| (invalid, format!("{name}.holder_kana")));
            [known, kana].into_iter().flatten()
        })
        .map(|(invalid, path)| Refusal { message: invalid.message, ..Refusal::new(invalid.code, "", "") }.at(path))
        .collect()
}

/// The form that is corrected in the state that the action leads to.
fn correction_form(world: &World<'_>, action: &ActionRef<'_>) -> Option<Name> {
    let to = action.rule.to.as_ref()?;
    world
        .program
        .actions()
        .filter(|next| next.procedure == action.procedure && next.rule.from.as_slice().contains(to))
        .find_map(|next| next.rule.form.clone())
}

fn unknown_marks(world: &World<'_>, case: &Case, marks: &[FieldMark]) -> Vec<Refusal> {
    let known = |field: &str| {
        case.body.forms.keys().filter_map(|form| world.program.form(form)).any(|form| {
            let (root, slot) = field.split_once('.').unwrap_or((field, ""));
            let root = root.split('[').next().unwrap_or(root);
            form.fields.contains_key(root)
                || (root == "documents" && form.documents.iter().any(|document| document.name == slot))
        })
    };
    marks
        .iter()
        .enumerate()
        .filter(|(_, mark)| !known(&mark.field))
        .map(|(index, mark)| {
            Refusal::new(
                "marks.unknown_field",
                format!("「{}」という項目はありません", mark.field),
                format!("There is no field `{}`", mark.field),
            )
            .at(format!("marks[{index}].field"))
        })
        .collect()
}

fn is_open(unlocked: &Unlocked, path: &str) -> bool {
    unlocked.marks.iter().any(|mark| {
        let root = mark.field.split('[').next().unwrap_or(&mark.field);
        path == mark.field || path == root
    })
}

/// Top-level fields and document slots that differ.
fn differences(
    earlier: &Submission,
    values: &Map<String, Value>,
    documents: &BTreeMap<Name, Vec<DocumentRef>>,
) -> Vec<Change> {
    let empty = Value::Null;
    let names: BTreeSet<&String> = earlier.values.keys().chain(values.keys()).collect();
    let fields = names.into_iter().filter_map(|name| {
        let before = earlier.values.get(name).unwrap_or(&empty);
        let after = values.get(name).unwrap_or(&empty);
        (before != after).then(|| Change { path: name.clone(), before: before.clone(), after: after.clone() })
    });
    let slots: BTreeSet<&String> = earlier.documents.keys().chain(documents.keys()).collect();
    let files = slots.into_iter().filter_map(|slot| {
        let (before, after) = (earlier.documents.get(slot), documents.get(slot));
        (before != after).then(|| Change {
            path: format!("documents.{slot}"),
            before: json!(before),
            after: json!(after),
        })
    });
    fields.chain(files).collect()
}

/// The account of the newest submission that gives one.
fn latest_account(world: &World<'_>, case: &Case) -> Option<BankAccount> {
    let mut forms: Vec<_> = case.body.forms.iter().collect();
    forms.sort_by_key(|(_, submission)| std::cmp::Reverse(submission.at));
    forms.into_iter().find_map(|(name, submission)| {
        let form = world.program.form(name)?;
        let (field, _) = form.fields.iter().find(|(_, field)| field.rule.kind == FieldType::BankAccount)?;
        serde_json::from_value(submission.values.get(field)?.clone()).ok()
    })
}

impl Step {
    /// Puts in the numbers that were given, as written, and seals the event. Every step passes here once, also when it
    /// asked for no number.
    #[must_use]
    pub fn numbered(mut self, given: &BTreeMap<Name, String>) -> Self {
        self.case.body.numbers.extend(given.clone());
        let numbers = json!(self.case.body.numbers);
        let mut digests = Vec::new();
        for letter in &mut self.letters {
            correspondence::number(&mut letter.data, &self.case);
            let kind = letter.data.get("number_kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Value::Object(data) = &mut letter.data {
                data.insert("number".to_owned(), numbers.get(&kind).cloned().unwrap_or(Value::Null));
            }
            let canonical = vocabulary::canonical_json(&letter.data).unwrap_or_default();
            digests.push(json!({
                "id": letter.id, "name": letter.name, "template": letter.template_hash,
                "data": vocabulary::digest(canonical.as_bytes()),
            }));
        }
        for mail in &mut self.mails {
            correspondence::number(&mut mail.data, &self.case);
        }
        if let Value::Object(facts) = &mut self.event.facts {
            if !given.is_empty() {
                facts.insert("numbers".to_owned(), json!(given));
            }
            if !digests.is_empty() {
                facts.insert("letters".to_owned(), json!(digests));
            }
        }
        self.event = self.event.sealed();
        self.case.head = self.event.head();
        self
    }
}
