//! Programs, their states, actions and calls.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object};
use program::definition::{Cases, Name};
use service::ProgramVersion;

use crate::enums::{IntakeMode, LegalNature, Locale, ProgramStatus, Role};
use crate::ids::Kind;
use crate::loaders::ProgramKey;
use crate::page::connection;
use crate::scalars::{Rate, Yen};
use crate::scope::{Scope, say};
use crate::text::Bilingual;
use crate::types::call::Call;
use crate::types::case_parts::State;
use crate::types::form::Form;
use crate::types::versions::{ProgramVersion as Version, status};

/// One version of a program. The definition is at hand; what is published beside it is looked up when asked for.
#[derive(Clone)]
pub(crate) struct Program {
    pub program: Arc<program::Program>,
    pub version: i32,
    pub published: Option<Arc<ProgramVersion>>,
}

impl From<ProgramVersion> for Program {
    fn from(version: ProgramVersion) -> Self {
        let published = Arc::new(version);
        Self { program: published.program.clone(), version: published.version, published: Some(published) }
    }
}

impl Program {
    async fn published(&self, ctx: &Context<'_>) -> Result<Arc<ProgramVersion>, Error> {
        if let Some(published) = &self.published {
            return Ok(published.clone());
        }
        let scope = Scope::of(ctx)?;
        let found =
            scope.loader().load_one(ProgramKey { name: self.program.name().to_owned(), version: self.version }).await;
        let found = found.map_err(|error| scope.fault(&error))?;
        found.ok_or_else(|| scope.fault(&service::Error::NotFound))
    }
}

/// A grant program in one of its published versions.
#[Object]
impl Program {
    pub(crate) async fn id(&self) -> ID {
        Kind::Program.id(format!("{}@{}", self.program.name(), self.version))
    }
    /// `<municipality>/<slug>`
    async fn slug(&self) -> &str {
        self.program.name()
    }
    async fn version(&self) -> i32 {
        self.version
    }
    /// SHA-256 of the definition.
    async fn hash(&self) -> &str {
        self.program.hash()
    }
    async fn municipality(&self) -> &str {
        self.program.municipality()
    }
    async fn title(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.program.definition().program.title, locale)
    }
    async fn title_bilingual(&self) -> Bilingual {
        (&self.program.definition().program.title).into()
    }
    async fn summary(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Option<String> {
        self.program.definition().program.summary.as_ref().map(|summary| say(ctx, summary, locale))
    }
    /// The document that the program rests on.
    async fn grounds(&self) -> &str {
        &self.program.definition().program.grounds.document
    }
    async fn legal_nature(&self) -> LegalNature {
        self.program.definition().program.legal_nature.into()
    }
    async fn intake_mode(&self) -> IntakeMode {
        self.program.definition().program.intake.mode.into()
    }
    /// 補助率: every rate that the award may be computed with.
    async fn rates(&self) -> Vec<Rate> {
        let rule = self.program.definition().program.amount.as_ref();
        rule.map(|rule| cases(&rule.rate)).unwrap_or_default().into_iter().map(Rate).collect()
    }
    /// 上限額: every cap that may apply.
    async fn caps(&self) -> Vec<Yen> {
        let rule = self.program.definition().program.amount.as_ref();
        rule.map(|rule| cases(&rule.cap)).unwrap_or_default().into_iter().map(Yen).collect()
    }
    /// The award is truncated to this many yen; absent where the program gives no money.
    async fn round_down(&self) -> Option<Yen> {
        self.program.definition().program.amount.as_ref().map(|rule| rule.round_down.into())
    }
    /// Figures that no source gives and that are only samples.
    async fn sample_figures(&self) -> &[String] {
        &self.program.definition().program.sample_figures
    }
    #[graphql(complexity = "1 + 15 * child_complexity")]
    async fn states(&self) -> Vec<State> {
        let names = self.program.definition().archetype.states.keys();
        names.map(|name| State { program: self.program.clone(), name: name.clone() }).collect()
    }
    #[graphql(complexity = "1 + 30 * child_complexity")]
    async fn actions(&self) -> Vec<ActionRule<'_>> {
        self.program.actions().map(ActionRule).collect()
    }
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn forms(&self) -> Vec<Form<'_>> {
        self.program.forms().map(Form).collect()
    }
    async fn form(&self, #[graphql(default_with = "\"application\".to_owned()")] name: Name) -> Option<Form<'_>> {
        self.program.form(&name).map(Form)
    }
    async fn published_at(&self, ctx: &Context<'_>) -> Result<vocabulary::Instant, Error> {
        Ok(self.published(ctx).await?.published_at)
    }
    /// Published, or closed for new applications.
    async fn status(&self, ctx: &Context<'_>) -> Result<ProgramStatus, Error> {
        Ok(status(self.published(ctx).await?.closed))
    }
    /// All versions of the program, newest first.
    #[graphql(complexity = "5 + 10 * child_complexity")]
    async fn versions(&self, ctx: &Context<'_>) -> Result<Vec<Version>, Error> {
        let scope = Scope::of(ctx)?;
        let versions = scope.service.program_versions(scope.viewer.as_ref(), self.program.name()).await;
        Ok(versions.map_err(|error| scope.fault(&error))?.into_iter().map(Version).collect())
    }
    /// Newest first.
    #[graphql(complexity = "3 + 3 * child_complexity")]
    async fn calls(&self, ctx: &Context<'_>) -> Result<Vec<Call>, Error> {
        Ok(self.published(ctx).await?.calls.iter().cloned().map(Call).collect())
    }
    /// Whether a call is open today.
    #[graphql(complexity = 3)]
    async fn open(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        Ok(self.published(ctx).await?.calls.iter().any(|call| call.open))
    }
}

/// Each value once, in the order of the cases.
fn cases<T: Copy + PartialEq>(cases: &Cases<T>) -> Vec<T> {
    let mut values = Vec::new();
    match cases {
        Cases::Always(value) => values.push(*value),
        Cases::FirstOf(cases) => {
            for case in cases {
                if !values.contains(&case.then) {
                    values.push(case.then);
                }
            }
        }
    }
    values
}

pub(crate) struct ActionRule<'a>(program::ActionRef<'a>);

/// An action as the program defines it.
#[Object]
impl<'a> ActionRule<'a> {
    async fn name(&self) -> &str {
        self.0.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.rule.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.0.rule.label).into()
    }
    /// The procedure beside the case that it belongs to.
    async fn procedure(&self) -> Option<&str> {
        self.0.procedure
    }
    async fn by(&self) -> Vec<Role> {
        self.0.rule.by.as_slice().iter().map(|role| Role::from(*role)).collect()
    }
    async fn from(&self) -> &[Name] {
        self.0.rule.from.as_slice()
    }
    async fn to(&self) -> Option<&str> {
        self.0.rule.to.as_deref()
    }
    /// The form that it takes in.
    async fn form(&self) -> Option<&str> {
        self.0.rule.form.as_deref()
    }
    /// The kind of decision whose approval route must sign.
    async fn approval(&self) -> Option<&str> {
        self.0.rule.approval.as_deref()
    }
    /// Against the applicant: needs a reason.
    async fn adverse(&self) -> bool {
        self.0.rule.adverse
    }
}

connection!(ProgramConnection, ProgramEdge, Program);
