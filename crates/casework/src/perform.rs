//! Letting an action take effect: what it brings is checked, its effects happen, the case moves on, the event is made.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use program::definition::{Declared, Effect, FieldType, Name, PanelStep, RankBy, Role};
use program::{ActionRef, Blocked, CaseFacts};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vocabulary::{BankAccount, Bilingual, FiscalYear, Locale, Yen, day_in_japan, start_of_day};

use crate::act::{Act, LinkChange, Refusal, Step, World};
use crate::authority::{SIGN, ends};
use crate::case::{
    APPLICATION, Case, Charged, Done, FieldMark, Frozen, PaymentOrder, Pending, ProcedureCase, Signing, Submission,
    Unlocked,
};
use crate::clockwork;
use crate::correction;
use crate::correspondence;
use crate::event::{event, salted};
use crate::facts::facts_near;
use crate::history::Stage;
use crate::limits;
use crate::line;
use crate::money;
use crate::panel::Judge;
use crate::partner;
use crate::submission::{self, bank_refusals};

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
        blocks_accounts: false,
        own: performance.procedure,
        opened: None,
    };
    work.open();
    work.take_in(case, performance, act)?;
    work.charge()?;
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
    blocks_accounts: bool,
    /// The procedure that moves.
    own: Option<Uuid>,
    /// The procedure that it opens.
    opened: Option<Uuid>,
}

impl Work<'_> {
    fn today(&self) -> NaiveDate {
        day_in_japan(self.world.now)
    }

    /// Those of the case, and what the procedures that the action is about have for themselves.
    fn facts(&self) -> CaseFacts {
        let near: Vec<Uuid> = self.own.into_iter().chain(self.opened).collect();
        facts_near(self.world, &self.after, &near)
    }

    /// The procedure that the action is about, first of all.
    fn procedure(&self) -> Option<Uuid> {
        self.own.or(self.opened)
    }

    /// Which of the procedures that the action is about has this declared for itself; `None` for the case.
    fn home<T>(&mut self, declared: Declared<'_, T>) -> Option<&mut ProcedureCase> {
        let (own, opened) = (self.own, self.opened);
        let (home, _) = declared?;
        let home = home?;
        let mut near = self.after.body.procedures.iter_mut();
        near.find(|beside| beside.name == home && (Some(beside.id) == own || Some(beside.id) == opened))
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
        let facts = self.facts();
        let check = self.world.program.check_input(self.action.name, &input, &facts);
        let mut refusals: Vec<Refusal> = check.faults.into_iter().map(Refusal::from).collect();
        let unmarked = |refusal: &&mut Refusal| {
            marks_field.is_some_and(|(name, _)| refusal.path.as_ref() == Some(name)) && refusal.code == "field.required"
        };
        for refusal in refusals.iter_mut().filter(unmarked) {
            refusal.message = Bilingual::new(
                "補正が必要な項目に、指摘を1つ以上入力してください",
                "Write what is to be corrected beside at least one field",
            );
        }
        refusals.extend(bank_refusals(&check.clean, rule.input.iter().map(|(name, field)| (name, field.kind))));
        if marks_field.is_some() {
            let form = self.world.program.form(correction::corrected_form(self.world.program, self.action));
            refusals.extend(correction::unknown_marks(form, &self.marks));
        }
        self.input = check.clean;
        if let Some(form) = &rule.form {
            let declared = self.world.program.definition().archetype.form(form);
            let beside = self.home(declared).map(|beside| beside.forms.get(form).cloned());
            let earlier = beside.unwrap_or_else(|| before.body.forms.get(form).cloned());
            let handed = (form.as_str(), earlier.as_ref());
            match submission::hand_in(self.world, before, handed, performance.actor, form_values, &facts) {
                Ok(submission) => {
                    self.note("submission", json!({ "form": form, "digest": salted(self.world, &submission.values) }));
                    match self.home(declared) {
                        Some(beside) => _ = beside.forms.insert(form.clone(), submission.clone()),
                        None => {
                            self.after.body.forms.insert(form.clone(), submission.clone());
                            self.after.body.amended.remove(form);
                        }
                    }
                    self.submission = Some((form.clone(), submission));
                }
                Err(more) => refusals.extend(more),
            }
        }
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    fn check_needs(&self) -> Result<(), Vec<Refusal>> {
        let faults = self.world.program.unmet_needs(self.action.name, &self.input, &self.facts());
        if faults.is_empty() { Ok(()) } else { Err(faults.into_iter().map(Refusal::from).collect()) }
    }

    fn apply_effects(&mut self, performance: &Performance<'_>) -> Result<(), Vec<Refusal>> {
        let rule = self.action.rule;
        for effect in &rule.effects {
            match effect {
                Effect::Number(kind) => self.numbers.push(kind.clone()),
                Effect::Record(fact) => self.record(fact),
                Effect::Freeze(amount) | Effect::FreezeAs { amount, .. } => self.freeze(amount)?,
                Effect::FreezeFrom { amount, form } => {
                    self.freeze_award(amount, form)?;
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
                // Was opened before anything was taken in, as that may belong to it.
                Effect::Open(_) => {}
                Effect::BlockAccounts => {
                    self.after.body.accounts_since = Some(self.world.now);
                    self.blocks_accounts = true;
                }
                Effect::HandOver(input) => self.hand_over(input)?,
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
        let day = given.unwrap_or_else(|| self.today());
        let declared = self.world.program.definition().archetype.fact(fact);
        match self.home(declared) {
            Some(beside) => beside.dates.insert(fact.to_owned(), day),
            None => self.after.body.dates.insert(fact.to_owned(), day),
        };
    }

    /// By the action's expression, or by the rule of the amount.
    fn freeze(&mut self, amount: &str) -> Result<(), Vec<Refusal>> {
        let program = self.world.program;
        let facts = self.facts();
        let Some(given) = program.amount(self.action.name, amount, &facts, self.world.municipality) else {
            let rule = program.definition().archetype.amount(amount).map(|(_, rule)| rule);
            return self.freeze_award(amount, rule.and_then(|rule| rule.from.as_deref()).unwrap_or_default());
        };
        let mut award = given.map_err(blocked)?;
        if let Some(bound) = self.bound(amount, &facts).filter(|bound| *bound < award.amount) {
            award.amount = bound;
        }
        let wanted = self.wanted(amount);
        if let Some(wanted) = wanted.filter(|wanted| *wanted > award.amount) {
            return Err(vec![above_computed(amount, wanted, award.amount)]);
        }
        self.keep_frozen(amount, Frozen { yen: wanted.unwrap_or(award.amount), on: self.today(), award });
        Ok(())
    }

    fn keep_frozen(&mut self, amount: &str, frozen: Frozen) {
        let declared = self.world.program.definition().archetype.amount(amount);
        match self.home(declared) {
            Some(beside) => beside.amounts.insert(amount.to_owned(), frozen),
            None => self.after.body.amounts.insert(amount.to_owned(), frozen),
        };
    }

    /// The earlier amount that it never exceeds. An approved change counts against the request, not against the amount
    /// that it replaces.
    fn bound(&self, amount: &str, facts: &CaseFacts) -> Option<Yen> {
        let (_, rule) = self.world.program.definition().archetype.amount(amount)?;
        facts.amounts.get(rule.at_most.as_ref()?).copied()
    }

    fn freeze_award(&mut self, amount: &str, form: &str) -> Result<(), Vec<Refusal>> {
        if form == APPLICATION {
            limits::check(self.world, &self.after)?;
        }
        let facts = self.facts();
        let award = self.world.program.award(form, self.bound(amount, &facts), &facts).map_err(blocked)?;
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
        self.keep_frozen(amount, Frozen { yen, on: self.today(), award });
        Ok(())
    }

    /// What the amount rests on now: from here on the fields of this form stand in place of those of the same name in the
    /// form that the amount's rule reads, e.g. the costs and the date of completion of an approved change.
    fn amend(&mut self, amount: &str, form: &str) {
        let program = self.world.program;
        let archetype = &program.definition().archetype;
        let from = archetype.amount(amount).and_then(|(_, rule)| rule.from.as_deref()).filter(|from| *from != form);
        let Some(from) = from else { return };
        let beside = self.home(archetype.form(form)).map(|beside| beside.forms.get(form).cloned());
        let Some(changed) = beside.unwrap_or_else(|| self.after.body.forms.get(form).cloned()) else { return };
        let fields = program.form(from).map(|form| &form.fields);
        let shared: Map<String, Value> = changed
            .values
            .iter()
            .filter(|(name, _)| fields.is_some_and(|fields| fields.contains_key(*name)))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        self.after.body.amended.entry(from.to_owned()).or_default().extend(shared);
    }

    /// The amount that the action's input sets.
    fn wanted(&self, amount: &str) -> Option<Yen> {
        self.input.get(amount).and_then(Value::as_i64).and_then(|yen| Yen::new(yen).ok())
    }

    /// The amount that the action's input sets, if it is not above what was computed.
    fn lowered(&self, amount: &str, computed: Yen) -> Result<Yen, Vec<Refusal>> {
        match self.wanted(amount) {
            None => Ok(computed),
            Some(wanted) if wanted.is_zero() || wanted > computed => {
                Err(vec![above_computed(amount, wanted, computed)])
            }
            Some(wanted) => Ok(wanted),
        }
    }

    fn unlock(&mut self) {
        let message = self.input.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        let form = correction::corrected_form(self.world.program, self.action).to_owned();
        self.after.body.unlocked = Some(Unlocked { form, marks: self.marks.clone(), message });
    }

    fn open(&mut self) {
        let Some(name) = self.action.rule.opens() else { return };
        let Some(state) = self.world.program.procedure_initial(name) else { return };
        let id = (self.world.ids)();
        let mut opened = ProcedureCase::new(id, name, state, self.world.now);
        opened.charged = self.own.and_then(|own| self.after.procedure(own)?.charged);
        self.after.body.procedures.push(opened);
        self.opened = Some(id);
    }

    /// Finds the budget line of the fiscal year that the opened procedure is charged to. Without a rule of its own it is
    /// charged where the procedure is that opens it: a refund to the year of what is refunded.
    fn charge(&mut self) -> Result<(), Vec<Refusal>> {
        let Some((id, name)) = self.opened.zip(self.action.rule.opens()) else { return Ok(()) };
        let day = self.world.program.charged_to_year_of(name, &self.facts()).map_err(blocked)?;
        let Some(fiscal_year) = day.map(FiscalYear::of) else { return Ok(()) };
        let line = *self.world.lines.get(&fiscal_year).ok_or_else(|| {
            vec![Refusal::new(
                "call.none_for_year",
                format!(
                    "{}の予算（募集）がまだ登録されていません。制度所管課に確認してください",
                    fiscal_year.name(Locale::Ja)
                ),
                format!(
                    "There is no call with a budget for {} yet; ask the program officer",
                    fiscal_year.name(Locale::En)
                ),
            )]
        })?;
        let opened = self.after.body.procedures.iter_mut().filter(|beside| beside.id == id);
        opened.for_each(|beside| beside.charged = Some(Charged { fiscal_year, budget_line: Some(line) }));
        Ok(())
    }

    /// 承継: from here on the case is the other business's.
    fn hand_over(&mut self, input: &str) -> Result<(), Vec<Refusal>> {
        let wanted = self.input.get(input).and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
        let successor = self.world.successor.clone().filter(|successor| Some(successor.id) == wanted);
        let successor = successor.filter(|successor| successor.id != self.after.business.id).ok_or_else(|| {
            vec![
                Refusal::new(
                    "succession.business",
                    "承継する事業者が登録されていないか、現在の事業者と同じです。先に事業者登録をしてもらってください",
                    "The succeeding business is not registered, or is the present one; have it registered first",
                )
                .at(input),
            ]
        })?;
        self.note("business", json!({ "from": self.after.business.id, "to": successor.id }));
        self.after.business = successor;
        Ok(())
    }

    fn pay(&mut self, pays: &str) -> Result<(), Vec<Refusal>> {
        let account = latest_account(self.world, &self.after, self.own).ok_or_else(|| {
            vec![Refusal::new(
                "payment.no_account",
                "振込先口座が登録されていません。請求書で口座を届け出てもらってください",
                "No account to pay to; the claim must give one",
            )]
        })?;
        let amount = self.world.program.payment(pays, &self.facts().amounts).map_err(blocked)?;
        if amount <= Yen::ZERO {
            let refusal = Refusal::new("payment.nothing", "支払う金額がありません", "There is no amount to pay");
            return Err(vec![refusal]);
        }
        let (id, procedure) = ((self.world.ids)(), self.own);
        self.payment = Some(PaymentOrder { id, amount, account, procedure, within: Yen::ZERO });
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
        let panel = self.after.body.panel.take().unwrap_or_default().without(&self.world.recusals);
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
        // Only what is about the same procedure, or the end of all, puts a drafted decision aside.
        let concerned =
            |pending: &Pending| pending.procedure == performance.procedure || (performance.procedure.is_none() && ends);
        if body.pending.as_ref().is_some_and(concerned) {
            body.pending = None;
        }
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
        let today = self.today();
        let rule = self.action.procedure.and_then(|name| self.world.program.procedure(name));
        let body = &mut self.after.body;
        let Some(open) = body.procedures.iter_mut().find(|open| open.id == id) else { return };
        let waited_on = rule.and_then(|rule| rule.states.get(&open.state)).and_then(|state| state.waits_on);
        if body.attention == waited_on {
            body.attention = None;
        }
        if open.state != *to {
            open.entered_on = Some(today);
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
        let first = self.after.body.ranked_at.is_none();
        let on_paper = self.after.body.paper.as_ref().filter(|_| first).map(|paper| start_of_day(paper.received_on));
        let arrived = on_paper.unwrap_or(self.world.now);
        if form == APPLICATION && (first || complete) {
            self.after.body.ranked_at = Some(arrived);
        }
        if form == APPLICATION && self.after.body.standing.received_at.is_none() {
            self.after.body.standing.received_at = Some(arrived);
        }
    }

    fn finish(mut self, before: &Case, performance: &Performance<'_>, act: &Act) -> Result<Step, Vec<Refusal>> {
        let postings = money::settle(self.world, before, &mut self.after)?;
        if let Some(order) = &mut self.payment {
            order.within = money::payable(self.world, &self.after, order.procedure)?;
            self.after.body.payments.push(order.clone());
        }
        let places = line::settle(self.world, before, &mut self.after);
        let rang = (performance.role == Role::Clock).then_some(performance.procedure);
        clockwork::wind(self.world, before, &mut self.after, rang);
        clockwork::stand(self.world, &mut self.after);
        let amounts: BTreeMap<_, _> = self.after.body.amounts.iter().map(|(name, frozen)| (name, frozen.yen)).collect();
        self.note("amounts", json!(amounts));
        self.note("dates", json!(self.after.body.dates));
        self.note("postings", json!(postings));
        if !self.input.is_empty() {
            self.note("input", json!(salted(self.world, &self.input)));
        }
        if let Some(moved) = self.procedure().and_then(|id| self.after.procedure(id)) {
            let amounts: BTreeMap<_, _> = moved.amounts.iter().map(|(name, frozen)| (name, frozen.yen)).collect();
            let beside = json!({
                "id": moved.id, "name": moved.name, "to": moved.state, "amounts": amounts, "dates": moved.dates,
            });
            self.note("procedure", beside);
        }
        match (performance.approved, &before.body.pending) {
            (Some(pending), _) => {
                self.note("drafted_by", json!(pending.drafted_by));
                self.note("signatures", signatures(&pending.route));
            }
            (None, Some(pending)) if self.after.body.pending.is_none() => {
                self.note("canceled", json!(pending.action));
            }
            (None, _) => {}
        }
        if let Some(payment) = &self.payment {
            self.note("payment", json!({ "id": payment.id, "amount": payment.amount }));
        }
        let event = event(self.world, before, performance.role, performance.actor, &act.action, Stage::Performed)
            .to(&self.after.state)
            .with(self.facts.clone())
            .commented(self.world, act.comment.as_deref())
            .build();
        let procedure = self.procedure();
        let (letters, mails) = correspondence::write(
            self.world,
            &self.after,
            procedure,
            self.action,
            &self.letters,
            (&self.input, &self.marks),
        );
        self.after.version += 1;
        let charged = self.after.charged(procedure).fiscal_year;
        // Years after the decision, numbers are those of the year in which they are given.
        let own_year = procedure.and_then(|id| self.after.procedure(id)).map(|beside| beside.charged.is_some());
        let year = if own_year == Some(false) { FiscalYear::of(self.today()) } else { charged };
        Ok(Step {
            from: before.state.clone(),
            event,
            procedure,
            postings,
            year,
            numbers: self.numbers,
            letters,
            mails,
            submission: self.submission,
            payment: self.payment,
            links: self.links,
            places,
            blocks_accounts: self.blocks_accounts,
            case: self.after,
        })
    }
}

fn blocked(blocked: Blocked) -> Vec<Refusal> {
    vec![Refusal { code: blocked.code.to_string(), path: None, message: blocked.message, explanation: None }]
}

fn above_computed(amount: &str, wanted: Yen, computed: Yen) -> Refusal {
    let least = i64::from(wanted.is_zero());
    Refusal::new(
        "award.above_computed",
        format!("金額は{least}円以上、算定額（{computed}円）以下にしてください"),
        format!("The amount must be at least {least} yen and not above what was computed ({computed} yen)"),
    )
    .at(amount)
}

/// Who signed for which position, and how, as the history keeps it.
pub(crate) fn signatures(route: &[Signing]) -> Value {
    let signed = route.iter().filter_map(|signing| {
        let signature = signing.signed.as_ref()?;
        Some(json!({ "position": signing.position, "by": signature.by, "how": signature.how }))
    });
    signed.collect()
}

/// The account that the procedure's newest submission gives, or else the case's; none that was given before accounts were
/// blocked.
fn latest_account(world: &World<'_>, case: &Case, procedure: Option<Uuid>) -> Option<BankAccount> {
    let own = procedure.and_then(|id| case.procedure(id)).map(|beside| &beside.forms);
    own.into_iter().chain([&case.body.forms]).find_map(|forms| {
        let still_good = |submission: &Submission| case.body.accounts_since.is_none_or(|since| submission.at > since);
        let mut forms: Vec<_> = forms.iter().filter(|(_, submission)| still_good(submission)).collect();
        forms.sort_by_key(|(_, submission)| std::cmp::Reverse(submission.at));
        forms.into_iter().find_map(|(name, submission)| {
            let form = world.program.form(name)?;
            let (field, _) = form.fields.iter().find(|(_, field)| field.rule.kind == FieldType::BankAccount)?;
            serde_json::from_value(submission.values.get(field)?.clone()).ok()
        })
    })
}

impl Step {
    /// Puts in the numbers that were given, as written, and seals the event. Every step passes here once, also when it
    /// asked for no number.
    #[must_use]
    pub fn numbered(mut self, given: &BTreeMap<Name, String>) -> Self {
        let procedure = self.procedure;
        let beside = self.case.body.procedures.iter_mut().find(|beside| Some(beside.id) == procedure);
        beside.map_or(&mut self.case.body.numbers, |beside| &mut beside.numbers).extend(given.clone());
        let mut digests = Vec::new();
        for letter in &mut self.letters {
            correspondence::number(&mut letter.data, &self.case, procedure);
            let kind = letter.data.get("number_kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Value::Object(data) = &mut letter.data {
                data.insert("number".to_owned(), json!(self.case.number(procedure, &kind)));
            }
            let canonical = vocabulary::canonical_json(&letter.data).unwrap_or_default();
            digests.push(json!({
                "id": letter.id, "name": letter.name, "template": letter.template_hash,
                "data": vocabulary::digest(canonical.as_bytes()),
            }));
        }
        for mail in &mut self.mails {
            correspondence::number(&mut mail.data, &self.case, procedure);
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
