//! Moving a running case to a newer version of its program: why not, what would change, and the move.
//!
//! Only the rules that count from now on change. What was decided stays: amounts, letters, deadlines that were told, and
//! the submissions themselves.

use std::collections::BTreeMap;

use program::definition::{Name, Role};
use program::{Program, Typed};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vocabulary::{Bilingual, Yen};

use crate::act::{Actor, Refusal, Step, World};
use crate::authority::acting_role;
use crate::case::{Case, Deadline, Frozen, Submission};
use crate::clockwork;
use crate::event::event;
use crate::facts::facts_near;
use crate::history::Stage;
use crate::money;
use crate::submission::attached;

/// The action of the event that a migration leaves behind.
pub const MIGRATE: &str = "migrate";

/// What moving a case would do; nothing has happened yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Prospect {
    /// As it would be.
    pub case: Case,
    /// What will be otherwise from then on, and what stays although it would be computed otherwise today.
    pub notes: Vec<Bilingual>,
    /// What the event will say.
    facts: Value,
}

/// What would happen if the case went through these versions, from its own to the one of the world, both included.
///
/// # Errors
/// Every reason why it cannot.
pub fn prospect(world: &World<'_>, case: &Case, versions: &[&Program]) -> Result<Prospect, Vec<Refusal>> {
    let mut moving =
        Moving { world, versions, after: case.clone(), refusals: Vec::new(), notes: Vec::new(), kept: BTreeMap::new() };
    moving.standing();
    moving.state();
    moving.procedures();
    moving.forms();
    moving.marks();
    moving.values();
    if moving.refusals.is_empty() {
        moving.amounts();
        moving.money(case);
        moving.deadlines(case);
    }
    moving.finish(case)
}

/// Moves the case.
///
/// # Errors
/// Every reason why it cannot; nothing has changed then.
pub fn migrate(world: &World<'_>, case: &Case, versions: &[&Program], actor: &Actor) -> Result<Step, Vec<Refusal>> {
    if acting_role(actor, case, &[Role::ProgramOfficer]).is_none() {
        return Err(vec![Refusal::new(
            "action.forbidden",
            "案件を新しい版に移せるのは制度所管課だけです",
            "Only program officers move cases to a new version",
        )]);
    }
    let Prospect { case: after, facts, .. } = prospect(world, case, versions)?;
    let event = event(world, case, Role::ProgramOfficer, actor.id(), MIGRATE, Stage::Migrated)
        .to(&after.state)
        .with(facts)
        .build();
    Ok(Step::beside(case, after, event))
}

/// A case on its way.
struct Moving<'w> {
    world: &'w World<'w>,
    versions: &'w [&'w Program],
    after: Case,
    refusals: Vec<Refusal>,
    notes: Vec<Bilingual>,
    /// Form → fields that are gone and whose values are kept aside.
    kept: BTreeMap<Name, Vec<Name>>,
}

impl Moving<'_> {
    fn refuse(&mut self, code: &str, ja: impl Into<String>, en: impl Into<String>) {
        self.refusals.push(Refusal::new(code, ja, en));
    }

    fn note(&mut self, ja: impl Into<String>, en: impl Into<String>) {
        self.notes.push(Bilingual::new(ja, en));
    }

    /// The versions after the one that the case is on.
    fn later(&self) -> impl Iterator<Item = &Program> {
        self.versions.iter().skip(1).copied()
    }

    fn standing(&mut self) {
        if self.after.body.standing.kind.is_some_and(program::definition::StateKind::is_end) {
            self.refuse("migrate.ended", "終了した案件です", "The case has ended");
        }
        if self.after.body.pending.is_some() {
            self.refuse(
                "migrate.pending",
                "決裁中です。決裁が終わるか、差戻し・引戻しされてから移してください",
                "A decision is being signed; move the case when it is signed, returned or taken back",
            );
        }
    }

    fn state(&mut self) {
        let before = self.after.state.clone();
        let now = self.later().try_fold(before.clone(), |state, version| version.state_now(&state).map(str::to_owned));
        match now {
            Some(now) => {
                if let Some(day) = self.after.body.rung.remove(&before) {
                    self.after.body.rung.insert(now.clone(), day);
                }
                self.after.state = now;
            }
            None => self.refuse(
                "migrate.state_missing",
                format!("案件の状態「{before}」は新しい版にありません"),
                format!("The case is in the state `{before}`, which the new version does not have"),
            ),
        }
    }

    /// Open procedures need a place in the new version. One that is over keeps its last state, also when that is gone.
    fn procedures(&mut self) {
        let mut procedures = std::mem::take(&mut self.after.body.procedures);
        for procedure in &mut procedures {
            let now = self.later().try_fold(procedure.state.clone(), |state, version| {
                version.procedure_state_now(&procedure.name, &state).map(str::to_owned)
            });
            match now {
                Some(now) => {
                    if let Some(day) = procedure.rung.remove(&procedure.state) {
                        procedure.rung.insert(now.clone(), day);
                    }
                    procedure.state = now;
                }
                None if procedure.open => self.refuse(
                    "migrate.procedure_missing",
                    format!("開いている手続「{}」の状態「{}」は新しい版にありません", procedure.name, procedure.state),
                    format!(
                        "The open procedure `{}` is in the state `{}`, which the new version does not have",
                        procedure.name, procedure.state
                    ),
                ),
                None => {}
            }
        }
        self.after.body.procedures = procedures;
    }

    /// What was submitted, in the words of the new version. The submissions themselves stay as they were handed in.
    fn forms(&mut self) {
        let mut forms = std::mem::take(&mut self.after.body.forms);
        self.carry(&mut forms);
        self.after.body.forms = forms;
        let mut procedures = std::mem::take(&mut self.after.body.procedures);
        for procedure in &mut procedures {
            self.carry(&mut procedure.forms);
        }
        self.after.body.procedures = procedures;
        let mut amended = std::mem::take(&mut self.after.body.amended);
        for (form, values) in &mut amended {
            let carried = self.carried(form, std::mem::take(values));
            *values = carried.values;
            self.keep(form, carried.kept);
        }
        self.after.body.amended = amended;
    }

    fn carry(&mut self, forms: &mut BTreeMap<Name, Submission>) {
        for (form, submission) in forms {
            let carried = self.carried(form, std::mem::take(&mut submission.values));
            submission.values = carried.values;
            self.keep(form, carried.kept);
        }
    }

    fn carried(&self, form: &str, values: Map<String, Value>) -> Typed {
        let typed = Typed { values, kept: Map::new() };
        self.versions.windows(2).fold(typed, |typed, pair| match pair {
            [before, after] => typed.carried(form, before, after),
            _ => typed,
        })
    }

    fn keep(&mut self, form: &str, kept: Map<String, Value>) {
        if !kept.is_empty() {
            self.kept.entry(form.to_owned()).or_default().extend(kept.keys().cloned());
            self.after.body.kept.entry(form.to_owned()).or_default().extend(kept);
        }
    }

    /// A correction under way: the marks lead to the fields of the new version.
    fn marks(&mut self) {
        let Some(mut unlocked) = self.after.body.unlocked.take() else { return };
        for mark in &mut unlocked.marks {
            let end = mark.field.find(['[', '.']).unwrap_or(mark.field.len());
            let (field, rest) = mark.field.split_at(end);
            if field == "documents" {
                continue;
            }
            let now = self.later().fold(field.to_owned(), |name, version| {
                version.field_now(&unlocked.form, &name).map_or(name.clone(), str::to_owned)
            });
            let known = self.world.program.form(&unlocked.form).is_some_and(|form| form.fields.contains_key(&now));
            if !known {
                self.refuse(
                    "migrate.mark_missing",
                    format!("補正を求めている項目「{field}」は新しい版にありません"),
                    format!("The field `{field}` is being corrected, and the new version does not have it"),
                );
            }
            mark.field = format!("{now}{rest}");
        }
        self.after.body.unlocked = Some(unlocked);
    }

    /// Whether what was submitted is what the new version asks for. Rules that were judged are not judged again, and
    /// documents are not asked for twice.
    fn values(&mut self) {
        let submitted = self.after.body.forms.clone();
        self.check(None, submitted);
        let open: Vec<_> = self.after.body.procedures.iter().filter(|procedure| procedure.open).cloned().collect();
        for procedure in open {
            self.check(Some(procedure.id), procedure.forms);
        }
    }

    fn check(&mut self, procedure: Option<Uuid>, submitted: BTreeMap<Name, Submission>) {
        let facts = facts_near(self.world, &self.after, procedure.as_slice());
        for (form, submission) in submitted {
            if self.world.program.form(&form).is_none() {
                self.refuse(
                    "migrate.form_missing",
                    format!("提出済みの様式「{form}」は新しい版にありません"),
                    format!("The form `{form}` was submitted, and the new version does not have it"),
                );
                continue;
            }
            let values = facts.forms.get(&form).cloned().unwrap_or_default();
            let attached = attached(&submission.documents);
            let check = self.world.program.check_form(&form, &values, Some(&attached), &facts);
            for fault in check.faults {
                let path = format!("{form}.{}", fault.path);
                match fault.code.split('.').next() {
                    Some("field" | "choice") => self.refusals.push(
                        Refusal::new(
                            format!("migrate.{}", fault.code),
                            format!("新しい版では提出済みの内容が足りません: {}", fault.message.ja),
                            format!("What was submitted is not what the new version asks for: {}", fault.message.en),
                        )
                        .at(path),
                    ),
                    _ => self.note(
                        format!("新しい版の条件を満たしませんが、改めては審査しません（{path}: {}）", fault.message.ja),
                        format!("Not as the new version asks, and not judged again ({path}: {})", fault.message.en),
                    ),
                }
            }
        }
    }

    /// Frozen amounts stay, also when the new rules would give others.
    fn amounts(&mut self) {
        let mut notes = self.other_amounts(None, &self.after.body.amounts);
        for procedure in self.after.body.procedures.iter().filter(|procedure| procedure.open) {
            notes.extend(self.other_amounts(Some(procedure.id), &procedure.amounts));
        }
        self.notes.extend(notes);
    }

    /// What the version of the case and the new one compute differently from the figures of a form.
    fn other_amounts(&self, procedure: Option<Uuid>, amounts: &BTreeMap<Name, Frozen>) -> Vec<Bilingual> {
        let Some(own) = self.versions.first() else { return Vec::new() };
        let facts = facts_near(self.world, &self.after, procedure.as_slice());
        let computed = |program: &Program, name: &str| -> Option<Yen> {
            let (_, rule) = program.definition().archetype.amount(name)?;
            let bound = rule.at_most.as_ref().and_then(|name| facts.amounts.get(name)).copied();
            program.award(rule.from.as_deref()?, bound, &facts).ok().map(|award| award.amount)
        };
        let differing = amounts.iter().filter_map(|(name, frozen)| {
            let (old, new) = (computed(own, name), computed(self.world.program, name));
            if old == new {
                return None;
            }
            let declared = self.world.program.definition().archetype.amount(name);
            let label = declared.map_or_else(|| Bilingual::new(name, name), |(_, rule)| rule.label.clone());
            let shown = new.map_or_else(|| "—".to_owned(), |yen| yen.to_string());
            Some(Bilingual::new(
                format!("{}: 新しい版では{shown}円になりますが、この案件の{}円は変わりません", label.ja, frozen.yen),
                format!("{}: the new version would give {shown} yen; the {} yen stay", label.en, frozen.yen),
            ))
        });
        differing.collect()
    }

    /// Moving a case moves no money: the new states must hold what the case and its procedures hold.
    fn money(&mut self, before: &Case) {
        match money::settle(self.world, before, &mut self.after) {
            Ok(postings) if postings.is_empty() => {}
            Ok(_) => self.refuse(
                "migrate.money",
                "新しい版の同じ状態では予算の保有が異なるため、移すと予算が動いてしまいます",
                "In the new version this state holds other money, and moving a case must not move money",
            ),
            Err(refusals) => {
                let refusals = refusals.into_iter();
                self.refusals.extend(refusals.map(|refusal| Refusal { code: "migrate.money".to_owned(), ..refusal }));
            }
        }
    }

    /// A deadline that runs was told to somebody, so its day stays; a clock that the new version adds begins to run.
    fn deadlines(&mut self, before: &Case) {
        clockwork::wind(self.world, before, &mut self.after, None);
        let wound = self.after.body.deadline.take();
        self.after.body.deadline = self.going_on(before.body.deadline.as_ref(), wound);
        let mut procedures = std::mem::take(&mut self.after.body.procedures);
        for procedure in &mut procedures {
            let told = before.procedure(procedure.id).and_then(|earlier| earlier.deadline.as_ref());
            procedure.deadline = self.going_on(told, procedure.deadline.take());
        }
        self.after.body.procedures = procedures;
    }

    /// The clock that goes on, of the one that was told and the one that the new version winds.
    fn going_on(&mut self, told: Option<&Deadline>, wound: Option<Deadline>) -> Option<Deadline> {
        match (told, &wound) {
            (Some(told), Some(wound)) => {
                let (then, reminder) = (wound.then.clone(), wound.reminder.clone());
                return Some(Deadline { then, reminder, ..told.clone() });
            }
            (Some(Deadline { day, .. }), None) => {
                self.note(format!("期限（{day}）はなくなります"), format!("The deadline ({day}) is dropped"));
            }
            (None, Some(Deadline { day, .. })) => {
                self.note(format!("期限（{day}）が新たに付きます"), format!("There is a deadline from now on ({day})"));
            }
            (None, None) => {}
        }
        wound
    }

    fn finish(mut self, before: &Case) -> Result<Prospect, Vec<Refusal>> {
        if !self.refusals.is_empty() {
            return Err(self.refusals);
        }
        self.world.program.hash().clone_into(&mut self.after.program_hash);
        clockwork::stand(self.world, &mut self.after);
        for (form, fields) in self.kept.clone() {
            let fields = fields.join(", ");
            self.note(
                format!("新しい版にない項目の値は別に保管します（{form}: {fields}）"),
                format!("Values of fields that the new version does not have are kept aside ({form}: {fields})"),
            );
        }
        let facts = json!({
            "version_before": before.program_hash, "version_after": self.after.program_hash, "kept": self.kept,
        });
        Ok(Prospect { case: self.after, notes: self.notes, facts })
    }
}
