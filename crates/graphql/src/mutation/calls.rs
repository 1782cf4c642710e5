//! Judges of a call, and ranking its cases.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use service::Term;

use super::{key, payload, refused};
use crate::ids::Kind;
use crate::scalars::Date;
use crate::scope::Scope;
use crate::text::{Refusal, refusals};
use crate::types::call::{Judge, Ranking};

#[derive(Default)]
pub(crate) struct Calls;

#[derive(InputObject)]
pub(crate) struct AppointJudgeInput {
    call_id: ID,
    email: String,
    from: Date,
    /// The last day; until the dismissal when absent.
    until: Option<Date>,
    idempotency_key: String,
}

#[derive(SimpleObject)]
pub(crate) struct AppointJudgePayload {
    /// The judge; absent when nobody has the address yet.
    judge: Option<Judge>,
    /// Whether an invitation went to the address: whoever accepts it is a judge from then on.
    invited: bool,
    /// Why nothing was done; empty when it was.
    refusals: Vec<Refusal>,
}

#[derive(InputObject)]
pub(crate) struct DismissJudgeInput {
    judge_id: ID,
    idempotency_key: String,
}

payload!(DismissJudgePayload { judge: Judge });

#[derive(InputObject)]
pub(crate) struct RecuseJudgeInput {
    judge_id: ID,
    application_id: ID,
    /// What the interest is.
    reason: String,
    idempotency_key: String,
}

payload!(RecuseJudgePayload { judge: Judge });

#[derive(InputObject)]
pub(crate) struct RankCallInput {
    call_id: ID,
    idempotency_key: String,
}

payload!(RankCallPayload { ranking: Ranking });

#[Object]
impl Calls {
    /// 審査員の委嘱: lets somebody score what is before the panel of a call, for a period. For program officers.
    async fn appoint_judge(&self, ctx: &Context<'_>, input: AppointJudgeInput) -> Result<AppointJudgePayload, Error> {
        let scope = Scope::of(ctx)?;
        let key = key(&input.idempotency_key)?;
        let call = Kind::Call.uuid("callId", &input.call_id)?;
        let term = Term { from: input.from.0, until: input.until.map(|until| until.0) };
        let appointed = scope.service.appoint_judge(scope.viewer()?, call, (&input.email, term), key).await;
        Ok(match refused(scope, appointed)? {
            Ok(judge) => {
                AppointJudgePayload { invited: judge.is_none(), judge: judge.map(Judge), refusals: Vec::new() }
            }
            Err(reasons) => AppointJudgePayload { judge: None, invited: false, refusals: refusals(reasons) },
        })
    }

    /// 審査員の解任: from the very next request the judge sees nothing of the call. For program officers.
    async fn dismiss_judge(&self, ctx: &Context<'_>, input: DismissJudgeInput) -> Result<DismissJudgePayload, Error> {
        let scope = Scope::of(ctx)?;
        let key = key(&input.idempotency_key)?;
        let judge = Kind::Judge.uuid("judgeId", &input.judge_id)?;
        let dismissed = scope.service.dismiss_judge(scope.viewer()?, judge, key).await;
        Ok(DismissJudgePayload::of(refused(scope, dismissed)?, Judge))
    }

    /// 利害関係: bars a judge from a case for good; what the judge scored of it does not count. For program officers; a
    /// judge before whose panel the case is has an action of the case for it.
    async fn recuse_judge(&self, ctx: &Context<'_>, input: RecuseJudgeInput) -> Result<RecuseJudgePayload, Error> {
        let scope = Scope::of(ctx)?;
        let key = key(&input.idempotency_key)?;
        let judge = Kind::Judge.uuid("judgeId", &input.judge_id)?;
        let application = Kind::Application.uuid("applicationId", &input.application_id)?;
        let recused = scope.service.recuse_judge(scope.viewer()?, judge, (application, &input.reason), key).await;
        Ok(RecuseJudgePayload::of(refused(scope, recused)?, Judge))
    }

    /// 順位の確定: ranks every case of the call that has passed its panel, as far as money and places reach, and records
    /// it with the lots that were drawn. For program officers; `rankingPreview` says what it would give.
    async fn rank_call(&self, ctx: &Context<'_>, input: RankCallInput) -> Result<RankCallPayload, Error> {
        let scope = Scope::of(ctx)?;
        let key = key(&input.idempotency_key)?;
        let call = Kind::Call.uuid("callId", &input.call_id)?;
        let ranked = scope.service.rank_call(scope.viewer()?, call, key).await;
        Ok(RankCallPayload::of(refused(scope, ranked)?, Ranking))
    }
}
