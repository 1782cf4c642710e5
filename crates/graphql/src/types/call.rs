//! Calls of a program: how far they came, their judges and rankings.

use async_graphql::{Context, Error, ID, Object, SimpleObject};
use service::{CallResult as Reached, CallView, Count, JudgeView, RankedCase, RankingView, Recusal};

use crate::enums::{Locale, TargetOf, Ties};
use crate::ids::Kind;
use crate::scalars::{Date, Rate, Yen};
use crate::scope::{Scope, say};

pub(crate) struct Call(pub CallView);

/// 募集: a program in a fiscal year, for a window of time.
#[Object]
impl Call {
    async fn id(&self) -> ID {
        Kind::Call.id(self.0.id)
    }
    async fn fiscal_year(&self) -> i32 {
        self.0.fiscal_year.0
    }
    async fn window(&self) -> &str {
        &self.0.window
    }
    async fn opens(&self) -> Date {
        self.0.opens.into()
    }
    /// The last day; open until the budget is used when absent.
    async fn closes(&self) -> Option<Date> {
        self.0.closes.map(Date)
    }
    /// Open today, with money and places left where they count.
    async fn open(&self) -> bool {
        self.0.open
    }
    /// Absent where the program gives no money.
    async fn budget_left(&self) -> Option<Yen> {
        self.0.budget_left.map(Yen)
    }
    /// 定員; any number when absent.
    async fn capacity(&self) -> Option<i64> {
        self.0.capacity
    }
    async fn places_left(&self) -> Option<i64> {
        self.0.places_left
    }
    /// What an earlier window left over, and how it comes into this one.
    async fn carry_over(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Option<String> {
        self.0.carry_over.as_ref().map(|words| say(ctx, words, locale))
    }
    /// How many the call means to reach.
    async fn target(&self) -> Option<Target> {
        self.0.target.as_ref().map(Target::from)
    }
    /// How many it has reached so far; for staff of its office.
    #[graphql(complexity = "3 + child_complexity")]
    async fn progress(&self, ctx: &Context<'_>) -> Result<Option<Progress>, Error> {
        let scope = Scope::of(ctx)?;
        let Some(viewer) = &scope.viewer else { return Ok(None) };
        match scope.service.call_progress(viewer, self.0.id).await {
            Ok(progress) => Ok(Some(progress.into())),
            Err(service::Error::NotFound) => Ok(None),
            Err(error) => Err(scope.fault(&error)),
        }
    }
}

/// 目標
#[derive(SimpleObject)]
pub(crate) struct Target {
    count: i64,
    of: TargetOf,
}

impl From<&program::definition::Target> for Target {
    fn from(target: &program::definition::Target) -> Self {
        Self { count: target.count.into(), of: target.of.into() }
    }
}

/// How many applications, and how many distinct businesses with them.
#[derive(SimpleObject)]
pub(crate) struct CallCount {
    cases: i64,
    businesses: i64,
}

impl From<Count> for CallCount {
    fn from(Count { cases, businesses }: Count) -> Self {
        Self { cases, businesses }
    }
}

/// 実績: how far a call came.
#[derive(SimpleObject)]
pub(crate) struct Progress {
    handed_in: CallCount,
    /// Decided in favor of the applicant.
    decided: CallCount,
    /// Paid, or served to the end.
    ended_well: CallCount,
    /// The count that the target is about; absent where the call has no target.
    actual: Option<i64>,
}

impl From<service::Progress> for Progress {
    fn from(progress: service::Progress) -> Self {
        let service::Progress { handed_in, decided, ended_well, actual } = progress;
        Self { handed_in: handed_in.into(), decided: decided.into(), ended_well: ended_well.into(), actual }
    }
}

pub(crate) struct CallResult(pub Reached);

/// A call with its target and what came of it.
#[Object]
impl CallResult {
    async fn call_id(&self) -> ID {
        Kind::Call.id(self.0.call.id)
    }
    /// `<municipality>/<slug>`
    async fn program(&self) -> &str {
        &self.0.call.program
    }
    async fn title(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.title, locale)
    }
    async fn fiscal_year(&self) -> i32 {
        self.0.call.fiscal_year.0
    }
    async fn window(&self) -> &str {
        &self.0.call.window
    }
    async fn target(&self) -> Option<Target> {
        self.0.call.target.as_ref().map(Target::from)
    }
    async fn progress(&self) -> Progress {
        self.0.progress.into()
    }
}

pub(crate) struct Judge(pub JudgeView);

/// 審査員: whoever scores the cases of a call.
#[Object]
impl Judge {
    async fn id(&self) -> ID {
        Kind::Judge.id(self.0.id)
    }
    async fn account_id(&self) -> ID {
        Kind::Account.id(self.0.account)
    }
    async fn name(&self) -> &str {
        &self.0.name
    }
    async fn email(&self) -> &str {
        &self.0.email
    }
    async fn from(&self) -> Date {
        self.0.term.from.into()
    }
    /// The last day; until the dismissal when absent.
    async fn until(&self) -> Option<Date> {
        self.0.term.until.map(Date)
    }
    async fn appointed_at(&self) -> vocabulary::Instant {
        self.0.appointed_at
    }
    async fn dismissed_at(&self) -> Option<vocabulary::Instant> {
        self.0.dismissed_at
    }
    /// 利害関係: the cases that the judge keeps away from.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn recusals(&self) -> Vec<JudgeRecusal<'_>> {
        self.0.recusals.iter().map(JudgeRecusal).collect()
    }
}

pub(crate) struct JudgeRecusal<'a>(&'a Recusal);

/// A case that a judge keeps away from.
#[Object]
impl JudgeRecusal<'_> {
    async fn application_id(&self) -> ID {
        Kind::Application.id(self.0.application)
    }
    async fn number(&self) -> Option<&str> {
        self.0.number.as_deref()
    }
    async fn reason(&self) -> &str {
        &self.0.reason
    }
    async fn declared_at(&self) -> vocabulary::Instant {
        self.0.declared_at
    }
}

pub(crate) struct Ranking(pub RankingView);

/// 順位の確定 of a whole call as it was recorded, or what it would be now.
#[Object]
impl Ranking {
    /// Absent in a preview, as everything that proves a ranking.
    async fn id(&self) -> Option<ID> {
        self.0.recorded.as_ref().map(|recorded| Kind::Ranking.id(recorded.id))
    }
    async fn at(&self) -> Option<vocabulary::Instant> {
        self.0.recorded.as_ref().map(|recorded| recorded.at)
    }
    /// Who ranked.
    async fn by(&self) -> Option<&str> {
        self.0.recorded.as_ref().map(|recorded| recorded.by.as_str())
    }
    /// What lots were drawn from; with it anybody can draw them again.
    async fn seed(&self) -> Option<&str> {
        self.0.recorded.as_ref().map(|recorded| recorded.seed.as_str())
    }
    /// Of everything that the ranking rested on and gave, in canonical JSON.
    async fn sha256(&self) -> Option<&str> {
        self.0.recorded.as_ref().map(|recorded| recorded.sha256.as_str())
    }
    /// What decides between equals.
    async fn ties(&self) -> Ties {
        self.0.ties.into()
    }
    /// What the budget line had left; absent where no budget limits the call.
    async fn money(&self) -> Option<Yen> {
        self.0.room.money.map(Yen)
    }
    /// The places that were left; absent where no number of places limits the call.
    async fn places(&self) -> Option<i64> {
        self.0.room.places
    }
    /// The first first.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn ranked(&self) -> Vec<Ranked<'_>> {
        self.0.ranked.iter().map(Ranked).collect()
    }
    /// Cases whose panel's points do not reach the minimum; they have no rank.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn failed(&self) -> Vec<FailedCase> {
        let failed = self.0.failed.iter().map(|failed| FailedCase {
            application_id: Kind::Application.id(failed.application),
            number: failed.number.clone(),
        });
        failed.collect()
    }
}

/// A case without a rank.
#[derive(SimpleObject)]
pub(crate) struct FailedCase {
    application_id: ID,
    number: Option<String>,
}

pub(crate) struct Ranked<'a>(&'a RankedCase);

/// A case with its rank.
#[Object(name = "RankedCase")]
impl Ranked<'_> {
    async fn application_id(&self) -> ID {
        Kind::Application.id(self.0.ranked.application)
    }
    async fn number(&self) -> Option<&str> {
        self.0.number.as_deref()
    }
    /// From 1.
    async fn place(&self) -> i64 {
        self.0.ranked.place
    }
    /// Whether money and places reach to it; otherwise it is on the reserve list (補欠).
    async fn within(&self) -> bool {
        self.0.ranked.within
    }
    /// Whether a lot decided between it and an equal.
    async fn by_lot(&self) -> bool {
        self.0.ranked.by_lot
    }
    /// Why it has this place, one line a reason.
    async fn explanation(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Vec<String> {
        self.0.ranked.explanation.iter().map(|line| say(ctx, line, locale)).collect()
    }
}

pub(crate) struct Panel<'a>(pub &'a casework::Panel);

/// 審査会 of a case. Means and the outcome are there once it is closed.
#[Object]
impl Panel<'_> {
    /// Judges who have scored the case.
    async fn judges(&self) -> usize {
        self.0.scores.len()
    }
    /// Judges who keep away from it (利害関係).
    async fn conflicts(&self) -> usize {
        self.0.conflicts.len()
    }
    async fn closed(&self) -> bool {
        self.0.outcome.is_some()
    }
    /// Of the judges' weighted totals, exactly: "133/2".
    async fn mean(&self) -> Option<Rate> {
        self.0.outcome.as_ref().map(|outcome| Rate(outcome.mean))
    }
    /// Whether the minimums are reached.
    async fn passed(&self) -> Option<bool> {
        self.0.outcome.as_ref().map(|outcome| outcome.passed)
    }
    /// The computation, one line a step.
    async fn explanation(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Vec<String> {
        let lines = self.0.outcome.iter().flat_map(|outcome| &outcome.explanation);
        lines.map(|line| say(ctx, line, locale)).collect()
    }
}
