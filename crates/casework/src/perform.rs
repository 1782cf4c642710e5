//! Letting an action take effect: what it brings is checked, its effects happen, the case moves on, the event is made.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use program::definition::{Effect, FieldType, HoldingAccount, Name, PanelStep, RankBy, Role};
use program::{ActionRef, CaseFacts};
use serde_json::{Map, Value, json};
use treasury::{Account, Holdings};
use uuid::Uuid;
use vocabulary::{BankAccount, Yen, day_in_japan, start_of_day};

use crate::act::{Act, Refusal, Step, World};
use crate::authority::{SIGN, ends};
use crate::case::{
    APPLICATION, Case, Done, FieldMark, Frozen, PaymentOrder, Pending, ProcedureCase, Signing, Submission, Unlocked,
};
use crate::clockwork;
use crate::correction;
use crate::correspondence;
use crate::event::{event, salted};
use crate::facts::case_facts;
use crate::history::Stage;
use crate::limits;
use crate::line;
use crate::panel::Judge;
use crate::partner::{self, LinkChange};
use crate::submission::{self, bank_refusals, refusal};

/// Who takes which action.
pub(crate) struct Performance<'a> {
    pub action: ActionRef<'a>,
    pub procedure: Option<Uuid>,
    pub role: Role,
    pub actor: Uuid,
    /// Of the person, as the points of a judge keep it.
    pub name: &'a str,
    /// The drafted decision, with every signature, that the last one lets take effect.
    pub approved: Option<&'a Pending>,
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
        marks: Vec::new(),
        task: None,
        facts: json!({}),
        numbers: Vec::new(),
        letters: Vec::new(),
        submission: None,
        payment: None,
        links: Vec::new(),
        to: None,
    };
    work.take_in(case, performance, act)?;
    work.check_needs()?;
    work.apply_effects(performance)?;
    work.to = line::destination(world, case, &work.after, action)?;
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
    /// The fields that the action marks for correction.
    marks: Vec<FieldMark>,
    /// The role before which the action puts a task.
    task: Option<Role>,
    /// What the event will say.
    facts: Value,
    numbers: Vec<Name>,
    letters: Vec<Name>,
    submission: Option<(Name, Submission)>,
    payment: Option<PaymentOrder>,
    links: Vec<LinkChange>,
    /// The state it leads to.
    to: Option<&'w Name>,
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
            self.marks = correction::marks(act, name);
            if !self.marks.is_empty() {
                let marks = self.marks.iter().map(|mark| (mark.field.clone(), json!(mark.remark)));
                input.insert(name.clone(), Value::Object(marks.collect()));
            }
        }
        if rule.form.as_deref() == Some(APPLICATION) {
            self.after.body.applicant = Some(before.business.facts.clone());
        }
        let facts = self.case_facts();
        let check = self.world.program.check_input(self.action.name, &input, &facts);
        let mut refusals: Vec<Refusal> = check.faults.into_iter().map(refusal).collect();
        refusals.extend(bank_refusals(&check.clean, rule.input.iter().map(|(name, field)| (name, field.kind))));
        if marks_field.is_some() {
            let form = self.world.program.form(self.corrected_form());
            refusals.extend(correction::unknown_marks(form, &self.marks));
        }
        self.input = check.clean;
        if let Some(form) = &rule.form {
            match submission::hand_in(self.world, before, performance.actor, form, form_values, &facts) {
                Ok(submission) => {
                    self.note("submission", json!({ "form": form, "digest": salted(self.world, &submission.values) }));
                    self.after.body.forms.insert(form.clone(), submission.clone());
                    self.after.body.amended.remove(form);
                    self.submission = Some((form.clone(), submission));
                }
                Err(more) => refusals.extend(more),
            }
        }
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    fn check_needs(&self) -> Result<(), Vec<Refusal>> {
        let faults = self.world.program.unmet_needs(self.action.name, &self.input, &self.case_facts());
        if faults.is_empty() { Ok(()) } else { Err(faults.into_iter().map(refusal).collect()) }
    }

    fn apply_effects(&mut self, performance: &Performance<'_>) -> Result<(), Vec<Refusal>> {
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
                Effect::FreezeFrom { amount, form } => {
                    self.freeze(amount, form)?;
                    self.amend(amount, form);
                }
                Effect::Letter(letter) => self.letters.push(letter.clone()),
                Effect::Unlock(_) => self.unlock(),
                Effect::Lock => self.after.body.unlocked = None,
                Effect::Pause(clock) => {
                    self.after.body.paused.entry(clock.clone()).or_insert(self.world.now);
                }
                Effect::Resume(clock) => {
                    self.after.body.paused.remove(clock);
                }
                Effect::Open(procedure) => self.open(procedure),
                Effect::Task(audience) => self.task = Some(correspondence::role_of(*audience)),
                Effect::Pay(amount) => self.pay(amount)?,
                Effect::Invite(partner) => self.invite(partner)?,
                Effect::EndLink(partner) => self.links.extend(partner::end(&mut self.after, partner)),
                Effect::Panel(step) => self.judge(*step, performance)?,
                Effect::Rank => self.take_rank(),
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
            limits::check(self.world, &self.after)?;
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

    /// What the amount rests on now: from here on the fields of this form stand in place of those of the same name in the
    /// form that the amount's rule reads, e.g. the costs and the date of completion of an approved change.
    fn amend(&mut self, amount: &str, form: &str) {
        let program = self.world.program;
        let Some(rule) = program.definition().archetype.amounts.get(amount).filter(|rule| rule.from != form) else {
            return;
        };
        let Some(changed) = self.after.body.forms.get(form) else { return };
        let fields = program.form(&rule.from).map(|form| &form.fields);
        let shared: Map<String, Value> = changed
            .values
            .iter()
            .filter(|(name, _)| fields.is_some_and(|fields| fields.contains_key(*name)))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        self.after.body.amended.entry(rule.from.clone()).or_default().extend(shared);
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

    fn unlock(&mut self) {
        let message = self.input.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        let form = self.corrected_form().to_owned();
        self.after.body.unlocked = Some(Unlocked { form, marks: self.marks.clone(), message });
    }

    /// The form that is handed in again from the state that the action leads to.
    fn corrected_form(&self) -> &str {
        let action = self.action.rule.to.as_ref().and_then(|to| {
            self.world
                .program
                .actions()
                .filter(|next| next.procedure == self.action.procedure && next.rule.from.as_slice().contains(to))
                .find_map(|next| next.rule.form.as_deref())
        });
        action.unwrap_or(APPLICATION)
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
        let amount = self.after.body.amounts.get(amount).map(|frozen| frozen.yen).filter(|yen| *yen > Yen::ZERO);
        let amount = amount.ok_or_else(|| {
            vec![Refusal::new("payment.nothing", "支払う金額がありません", "There is no amount to pay")]
        })?;
        let order = PaymentOrder { id: (self.world.ids)(), amount, account };
        self.after.body.payments.push(order.clone());
        self.payment = Some(order);
        Ok(())
    }

    fn invite(&mut self, partner: &str) -> Result<(), Vec<Refusal>> {
        let input = &self.input;
        let forms = self.after.body.forms.clone();
        let handed_in = self.action.rule.form.as_deref().unwrap_or(APPLICATION);
        let given = |field: &str| {
            let from_form = |form: &str| forms.get(form)?.values.get(field);
            input.get(field).or_else(|| from_form(handed_in)).or_else(|| from_form(APPLICATION)).cloned()
        };
        let changes = partner::invite(self.world, &mut self.after, partner, given)?;
        self.links.extend(changes);
        Ok(())
    }

    fn judge(&mut self, step: PanelStep, performance: &Performance<'_>) -> Result<(), Vec<Refusal>> {
        let Some(rule) = &self.world.program.definition().program.panel else { return Ok(()) };
        let judge = Judge { id: performance.actor, name: performance.name, at: self.world.now };
        let panel = self.after.body.panel.take().unwrap_or_default();
        let panel = panel.take(rule, step, &judge, &self.input)?;
        if let Some(outcome) = &panel.outcome {
            self.note("score", json!({ "judges": outcome.judges, "mean": outcome.mean, "passed": outcome.passed }));
        }
        self.after.body.panel = Some(panel);
        Ok(())
    }

    fn take_rank(&mut self) {
        if let Some(placing) = self.world.call.placing {
            self.after.body.placing = Some(placing);
            self.note("rank", json!(placing));
        }
    }

    /// The state it leads to, and the clock that starts there.
    fn move_on(&mut self, before: &Case, performance: &Performance<'_>) {
        let today = self.today();
        let ends = ends(self.world.program, self.action);
        match (performance.procedure, self.to) {
            (_, None) => {}
            (None, Some(to)) => self.after.state.clone_from(to),
            (Some(id), Some(to)) => self.move_procedure(id, to, ends),
        }
        let body = &mut self.after.body;
        body.pending = None;
        if before.state != self.after.state {
            body.entered_on = Some(today);
            body.attention = None;
        }
        if ends && performance.procedure.is_none() {
            body.unlocked = None;
            body.paused.clear();
            self.links.extend(partner::end_all(&mut self.after));
        }
        let body = &mut self.after.body;
        body.attention = self.task.or(body.attention);
        let drafter = performance.approved.map(|pending| pending.drafted_by);
        if performance.actor != Uuid::nil() {
            let user = drafter.unwrap_or(performance.actor);
            body.done.push(Done { action: self.action.name.to_owned(), user });
        }
        if drafter.is_some() {
            body.done.push(Done { action: SIGN.to_owned(), user: performance.actor });
        }
        self.rank(before);
    }

    /// The attention that the procedure asked for goes with the state it leaves.
    fn move_procedure(&mut self, id: Uuid, to: &Name, ends: bool) {
        let rule = self.action.procedure.and_then(|name| self.world.program.procedure(name));
        let body = &mut self.after.body;
        let Some(open) = body.procedures.iter_mut().find(|open| open.id == id) else { return };
        let waited_on = rule.and_then(|rule| rule.states.get(&open.state)).and_then(|state| state.waits_on);
        if body.attention == waited_on {
            body.attention = None;
        }
        open.state.clone_from(to);
        open.open = !ends;
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
        let places = line::settle(self.world, before, &mut self.after);
        clockwork::wind(self.world, before, &mut self.after, performance.role == Role::Clock);
        clockwork::stand(self.world, &mut self.after);
        let amounts: BTreeMap<_, _> = self.after.body.amounts.iter().map(|(name, frozen)| (name, frozen.yen)).collect();
        self.note("amounts", json!(amounts));
        self.note("dates", json!(self.after.body.dates));
        self.note("postings", json!(postings));
        if !self.input.is_empty() {
            self.note("input", json!(salted(self.world, &self.input)));
        }
        if let Some(procedure) = performance.procedure {
            self.note("procedure", json!(procedure));
        }
        match (performance.approved, &before.body.pending) {
            (Some(pending), _) => {
                self.note("drafted_by", json!(pending.drafted_by));
                self.note("signatures", signatures(&pending.route));
            }
            (None, Some(pending)) => self.note("canceled", json!(pending.action)),
            (None, None) => {}
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
            correspondence::write(self.world, &self.after, self.action, &self.letters, &self.input, &self.marks);
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
            links: self.links,
            places,
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

/// Who signed for which position, and how, as the history keeps it.
pub(crate) fn signatures(route: &[Signing]) -> Value {
    let signed = route.iter().filter_map(|signing| {
        let signature = signing.signed.as_ref()?;
        Some(json!({ "position": signing.position, "by": signature.by, "how": signature.how }))
    });
    signed.collect()
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
