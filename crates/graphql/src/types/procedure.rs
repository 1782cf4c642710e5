//! What a case and each of its procedures have: amounts with their reasons, numbers, and what the viewer could do.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object};
use casework::{Frozen, ProcedureCase};
use service::AvailableAction as Available;

use crate::enums::Locale;
use crate::ids::Kind;
use crate::loaders::ActionsOf;
use crate::scalars::{Date, Yen};
use crate::scope::{Scope, say};
use crate::text::{Bilingual, Refusal, written};
use crate::types::case_parts::{Deadline, State};
use crate::types::form::Form;

pub(crate) struct Procedure<'a> {
    pub application: &'a Arc<service::Application>,
    pub case: &'a ProcedureCase,
}

/// A procedure beside the case: change, incident, refund …
#[Object]
impl<'a> Procedure<'a> {
    async fn id(&self) -> ID {
        Kind::Procedure.id(self.case.id)
    }
    async fn name(&self) -> &str {
        &self.case.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        let rule = self.application.program.procedure(&self.case.name);
        rule.map_or_else(|| self.case.name.clone(), |rule| say(ctx, &rule.label, locale))
    }
    async fn state(&self) -> State {
        State { program: self.application.program.clone(), name: self.case.state.clone() }
    }
    async fn opened_at(&self) -> vocabulary::Instant {
        self.case.opened_at
    }
    async fn open(&self) -> bool {
        self.case.open
    }
    /// The fiscal year whose budget it is charged to.
    async fn fiscal_year(&self) -> i32 {
        self.application.case.charged(Some(self.case.id)).fiscal_year.0
    }
    /// Its own amounts, in the order in which they arise.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn amounts(&self) -> Vec<AwardAmount<'_>> {
        let rule = self.application.program.procedure(&self.case.name);
        let names = rule.into_iter().flat_map(|rule| rule.amounts.keys());
        let frozen = names.filter_map(|name| Some((name, self.case.amounts.get(name)?)));
        frozen.map(|(name, frozen)| AwardAmount { name, frozen, application: self.application }).collect()
    }
    /// The clock that runs in its state.
    async fn deadlines(&self) -> Vec<Deadline> {
        let clock = self.case.deadline.clone();
        let program = &self.application.program;
        let clock = clock.map(|clock| Deadline { clock, program: program.clone(), state: self.case.state.clone() });
        clock.into_iter().collect()
    }
    /// Every number that it has been given.
    async fn numbers(&self) -> Vec<Numbered<'_>> {
        self.case.numbers.iter().map(|(kind, number)| Numbered { kind, number }).collect()
    }
    /// What the viewer could do with it now.
    #[graphql(complexity = "5 + 10 * child_complexity")]
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<AvailableAction>, Error> {
        let scope = Scope::of(ctx)?;
        let actions = scope.loader().load_one(ActionsOf(self.application.clone())).await;
        let actions = actions.map_err(|error| scope.fault(&error))?;
        let own = actions.iter().flat_map(|actions| actions.iter().cloned());
        Ok(own.filter(|action| action.procedure == Some(self.case.id)).map(AvailableAction).collect())
    }
}

pub(crate) struct AwardAmount<'a> {
    pub name: &'a str,
    pub frozen: &'a Frozen,
    pub application: &'a service::Application,
}

/// An amount that was fixed.
#[Object]
impl<'a> AwardAmount<'a> {
    async fn name(&self) -> &str {
        self.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        let declared = self.application.program.definition().archetype.amount(self.name);
        declared.map_or_else(|| self.name.to_owned(), |(_, rule)| say(ctx, &rule.label, locale))
    }
    async fn amount(&self) -> Yen {
        self.frozen.yen.into()
    }
    async fn on(&self) -> Date {
        self.frozen.on.into()
    }
    /// The computation as text, one line a step.
    async fn explanation(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &computation(&self.frozen.award), locale)
    }
    #[graphql(complexity = "1 + 8 * child_complexity")]
    async fn steps(&self) -> Vec<AwardStep> {
        steps(&self.frozen.award)
    }
}

/// The steps of a computation as lines of text.
pub(crate) fn computation(award: &program::Award) -> vocabulary::Bilingual {
    let line = |step: &program::AwardStep| {
        let after = step.amount.map(|amount| (format!(" → {amount}円"), format!(" → ¥{amount}"))).unwrap_or_default();
        let ja = format!("{}: {}{}", step.label.ja, step.value.ja, after.0);
        let en = format!("{}: {}{}", step.label.en, step.value.en, after.1);
        (ja, en)
    };
    let (ja, en): (Vec<_>, Vec<_>) = award.steps.iter().map(line).unzip();
    vocabulary::Bilingual::new(ja.join("\n"), en.join("\n"))
}

pub(crate) fn steps(award: &program::Award) -> Vec<AwardStep> {
    award.steps.iter().cloned().map(AwardStep).collect()
}

pub(crate) struct AwardStep(program::AwardStep);

/// One line of the computation of an award.
#[Object]
impl AwardStep {
    async fn code(&self) -> &str {
        &self.0.code
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.0.label).into()
    }
    /// As people read it, e.g. 1/2 or 50,000円.
    async fn value(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.value, locale)
    }
    /// The amount after this step.
    async fn amount(&self) -> Option<Yen> {
        self.0.amount.map(Yen)
    }
    async fn explanation(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Option<String> {
        self.0.explanation.as_ref().map(|explanation| say(ctx, &written(explanation), locale))
    }
}

pub(crate) struct Numbered<'a> {
    pub kind: &'a str,
    pub number: &'a str,
}

/// A number that the case has been given.
#[Object(name = "CaseNumber")]
impl<'a> Numbered<'a> {
    async fn kind(&self) -> &str {
        self.kind
    }
    async fn number(&self) -> &str {
        self.number
    }
}

pub(crate) struct AvailableAction(pub Available);

/// An action as the viewer could take it now.
#[Object]
impl AvailableAction {
    async fn name(&self) -> &str {
        &self.0.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.0.label).into()
    }
    async fn permitted(&self) -> bool {
        self.0.permitted
    }
    /// Why not.
    async fn reasons(&self) -> Vec<Refusal> {
        self.0.reasons.iter().cloned().map(Refusal).collect()
    }
    /// The form that it takes in; none when it asks for nothing.
    async fn form(&self) -> Option<Form<'_>> {
        self.0.form.as_ref().map(Form)
    }
    /// The procedure beside the case that it would move.
    async fn procedure_id(&self) -> Option<ID> {
        self.0.procedure.map(|id| Kind::Procedure.id(id))
    }
    async fn needs_comment(&self) -> bool {
        self.0.needs_comment
    }
    async fn needs_marks(&self) -> bool {
        self.0.marks.is_some()
    }
}
