//! A program understood: names looked up, expressions typed, forms put together.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, Digest, Rate, Yen};

use crate::definition::{Action, Definition, Hold, HoldingAccount, Name, Procedure, State, StateKind};
use crate::expression::{Blocked, Expression, Record, Value};
use crate::facts::{APPLICATION, CaseFacts, Fields, View, field_values, note_missing_dates};
use crate::linear::linear;
use crate::parts::{
    AwardOver, ChangeRule, CompiledAmount, CompiledCase, CompiledDeadline, CompiledNeed, Fault, Form, FormField,
};

/// A checked program. Share it by `Arc`; it never changes.
#[derive(Debug)]
pub struct Program {
    pub(crate) definition: Definition,
    pub(crate) hash: Digest,
    pub(crate) initial: Name,
    pub(crate) fields: Fields,
    pub(crate) forms: IndexMap<Name, Form>,
    pub(crate) actions: IndexMap<Name, CompiledAction>,
    pub(crate) applicant_must: Vec<CompiledNeed>,
    pub(crate) awards: BTreeMap<Name, AwardOver>,
    pub(crate) advance_share: Option<Vec<CompiledCase<Rate>>>,
    /// Form of a change → its minor-change rule.
    pub(crate) changes: BTreeMap<Name, ChangeRule>,
    /// Of the case and of its procedures.
    pub(crate) amounts: BTreeMap<Name, CompiledAmount>,
    pub(crate) parameters: Record,
    pub(crate) deadlines: IndexMap<Name, CompiledDeadline>,
    /// By procedure (`None` for the case) and state.
    pub(crate) holdings: BTreeMap<(Option<Name>, Name), Vec<Holding>>,
    /// Procedure → the day whose fiscal year it is charged to.
    pub(crate) charged: BTreeMap<Name, Expression>,
}

#[derive(Debug)]
pub(crate) struct CompiledAction {
    pub procedure: Option<Name>,
    pub rule: Action,
    pub needs: Vec<CompiledNeed>,
    pub input: IndexMap<Name, FormField>,
    /// Amounts that it freezes from an expression of its own.
    pub freezes: BTreeMap<Name, Expression>,
}

/// An account and the amounts that are added (or, when false, taken off) to give what it holds.
pub(crate) type Holding = (HoldingAccount, Vec<(bool, Name)>);

/// An action of the case or of one of its procedures.
#[derive(Clone, Copy, Debug)]
pub struct ActionRef<'a> {
    pub name: &'a str,
    pub procedure: Option<&'a str>,
    pub rule: &'a Action,
    pub needs: &'a [CompiledNeed],
    pub input: &'a IndexMap<Name, FormField>,
}

impl Program {
    /// Archetype and program as they were written; parts whose option is off are already taken out.
    #[must_use]
    pub const fn definition(&self) -> &Definition {
        &self.definition
    }

    /// `<municipality>/<slug>`
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.program.program
    }

    /// The part of the name behind the municipality.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.name().split_once('/').map_or(self.name(), |(_, slug)| slug)
    }

    #[must_use]
    pub fn municipality(&self) -> &str {
        self.name().split_once('/').map_or("", |(municipality, _)| municipality)
    }

    /// SHA-256 of the canonical form: the same text is the same program.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The drafting state, where every case begins.
    #[must_use]
    pub fn initial(&self) -> &str {
        &self.initial
    }

    /// A state of the case itself; those of a procedure are found through [`Program::procedure`].
    #[must_use]
    pub fn state(&self, name: &str) -> Option<&State> {
        self.definition.archetype.states.get(name)
    }

    /// A state of the case or of a procedure beside it.
    #[must_use]
    pub fn any_state(&self, name: &str) -> Option<&State> {
        let beside = || self.definition.archetype.procedures.values().find_map(|beside| beside.states.get(name));
        self.state(name).or_else(beside)
    }

    /// Whether applications may begin by this version on that day.
    #[must_use]
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.definition.program.effective_from.is_none_or(|from| from <= day)
    }

    #[must_use]
    pub fn procedure(&self, name: &str) -> Option<&Procedure> {
        self.definition.archetype.procedures.get(name)
    }

    /// The state in which a procedure opens.
    #[must_use]
    pub fn procedure_initial(&self, procedure: &str) -> Option<&str> {
        self.procedure(procedure)?.states.keys().next().map(String::as_str)
    }

    #[must_use]
    pub fn action(&self, name: &str) -> Option<ActionRef<'_>> {
        let (name, action) = self.actions.get_key_value(name)?;
        Some(action.as_ref(name))
    }

    /// Every action of the case and of its procedures; names are unique over both.
    pub fn actions(&self) -> impl Iterator<Item = ActionRef<'_>> {
        self.actions.iter().map(|(name, action)| action.as_ref(name))
    }

    /// The state that an action leads to, of the case or of the procedure that it belongs to.
    #[must_use]
    pub fn state_after(&self, action: ActionRef<'_>) -> Option<&State> {
        let states = match action.procedure {
            None => &self.definition.archetype.states,
            Some(name) => &self.procedure(name)?.states,
        };
        states.get(action.rule.to.as_ref()?)
    }

    /// An action that ends a case or a procedure as paid, or as served where nothing is paid.
    #[must_use]
    pub fn pays(&self, action: ActionRef<'_>) -> bool {
        self.state_after(action).is_some_and(|state| state.kind == StateKind::ClosedPaid)
    }

    /// What the case, or one of its procedures, holds of its budget line in this state, without accounts that hold
    /// nothing. A procedure may hold less than nothing: it takes off from what the case holds. `held` stays empty when
    /// the program reserves nothing for a request (`intake.hold: none`).
    ///
    /// # Errors
    /// `missing_amount` when an amount is not frozen yet, `overflow` when the form has no sound value, and for the case
    /// itself `negative_holding`.
    pub fn holdings(
        &self,
        procedure: Option<&str>,
        state: &str,
        amounts: &BTreeMap<Name, Yen>,
    ) -> Result<BTreeMap<HoldingAccount, Yen>, Blocked> {
        let mut holdings = BTreeMap::new();
        let place = (procedure.map(str::to_owned), state.to_owned());
        for (account, terms) in self.holdings.get(&place).map(Vec::as_slice).unwrap_or_default() {
            if *account == HoldingAccount::Held && self.definition.program.intake.hold == Hold::None {
                continue;
            }
            let sum = self.sum(terms, amounts)?;
            if sum.is_negative() && procedure.is_none() {
                return Err(blocked(
                    "negative_holding",
                    state,
                    "予算の保有額が負になります",
                    "would hold less than nothing",
                ));
            }
            if !sum.is_zero() {
                holdings.insert(*account, sum);
            }
        }
        Ok(holdings)
    }

    /// The terms added up; an optional amount that is not frozen counts as nothing.
    fn sum(&self, terms: &[(bool, Name)], amounts: &BTreeMap<Name, Yen>) -> Result<Yen, Blocked> {
        let archetype = &self.definition.archetype;
        let optional = |name: &str| archetype.amount(name).is_some_and(|(_, rule)| rule.optional).then_some(Yen::ZERO);
        let mut sum = Yen::ZERO;
        for (added, name) in terms {
            let amount = amounts.get(name).copied().or_else(|| optional(name)).ok_or_else(|| {
                blocked("missing_amount", name, "まだ確定していない金額です", "is an amount that is not frozen yet")
            })?;
            let next = if *added { sum.plus(amount) } else { sum.minus(amount) };
            sum = next.map_err(|_| blocked("overflow", name, "扱える範囲を超えています", "is out of range"))?;
        }
        Ok(sum)
    }

    /// What an action pays: `award`, or `finalized - advance`.
    ///
    /// # Errors
    /// As [`Program::holdings`].
    pub fn payment(&self, pays: &str, amounts: &BTreeMap<Name, Yen>) -> Result<Yen, Blocked> {
        self.sum(&linear(pays).unwrap_or_default(), amounts)
    }

    /// The day whose fiscal year a procedure is charged to, read as it opens; `None` when it is charged to the year of
    /// the case. `facts` are those of the procedure.
    ///
    /// # Errors
    /// When a fact that it reads is missing.
    pub fn charged_to_year_of(&self, procedure: &str, facts: &CaseFacts) -> Result<Option<NaiveDate>, Blocked> {
        let Some(day) = self.charged.get(procedure) else { return Ok(None) };
        let mut roots = self.view(facts).submitted(APPLICATION);
        self.complete(&mut roots);
        match day.evaluate(&roots)? {
            Value::Date(day) => Ok(Some(day)),
            _ => Ok(None),
        }
    }

    /// The needs of an action that do not hold: `need.failed`, or `need.blocked` when one cannot be judged.
    /// `input` is the action's own clean input, read as `input.<name>`.
    #[must_use]
    pub fn unmet_needs(&self, action: &str, input: &Map<String, Json>, facts: &CaseFacts) -> Vec<Fault> {
        let Some(action) = self.action(action).filter(|action| !action.needs.is_empty()) else { return Vec::new() };
        let mut roots = self.view(facts).submitted(action.rule.form.as_deref().unwrap_or(APPLICATION));
        self.complete(&mut roots);
        roots.insert("input".to_owned(), Value::Record(field_values(&action.rule.input, input)));
        let faults = action.needs.iter().filter_map(|need| match need.fault("need.failed", "", &roots) {
            Ok(fault) => fault,
            Err(blocked) => Some(Fault::new("need.blocked", "", blocked.message)),
        });
        faults.collect()
    }

    pub(crate) const fn view<'a>(&'a self, facts: &'a CaseFacts) -> View<'a> {
        View { fields: &self.fields, parameters: &self.parameters, facts }
    }

    /// Adds what is known to be missing.
    pub(crate) fn complete(&self, roots: &mut Record) {
        note_missing_dates(&self.definition.archetype, roots);
    }
}

impl CompiledAction {
    fn as_ref<'a>(&'a self, name: &'a str) -> ActionRef<'a> {
        ActionRef {
            name,
            procedure: self.procedure.as_deref(),
            rule: &self.rule,
            needs: &self.needs,
            input: &self.input,
        }
    }
}

pub(crate) fn blocked(code: &'static str, subject: &str, ja: &str, en: &str) -> Blocked {
    let message = Bilingual::new(format!("「{subject}」: {ja}"), format!("`{subject}` {en}"));
    Blocked { code, subject: subject.to_owned(), message }
}
