//! 募集: ranking all cases of a call at once, and how far its target is reached.

use casework::ranking::{Contender, Entry, Ranked, Room, entry, rank};
use casework::{Act, Placing, Refusal};
use program::definition::{Target, TargetOf, Ties};
use serde::{Deserialize, Serialize};
use store::{CaseKey, Count, Lock, Reached, Reader, StoredCall, StoredRanking, Tx};
use uuid::Uuid;
use vocabulary::{Bilingual, Instant, Yen, day_in_japan};

use crate::applications::Fixed;
use crate::once::Wish;
use crate::service::Service;
use crate::view::{Application, Viewer};
use crate::{Error, Result};

/// 順位の確定: one recorded act over a call, or what it would be now.
#[derive(Clone, Debug)]
pub struct RankingView {
    /// What was recorded; none of a preview.
    pub recorded: Option<Recorded>,
    /// What decides between equals.
    pub ties: Ties,
    /// What there was to give.
    pub room: Room,
    /// The first first.
    pub ranked: Vec<RankedCase>,
    /// Those whose panel's points do not reach the minimum: they have no rank.
    pub failed: Vec<FailedCase>,
}

/// The proof of a ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub id: Uuid,
    pub at: Instant,
    /// Who ranked.
    pub by: String,
    /// What lots were drawn from; with it anybody can draw them again.
    pub seed: String,
    /// Of everything that the ranking rested on and gave, in canonical JSON.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedCase {
    pub number: Option<String>,
    pub ranked: Ranked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCase {
    pub application: Uuid,
    pub number: Option<String>,
}

/// How far a call came, beside its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub handed_in: Count,
    /// In favor of the applicant.
    pub decided: Count,
    /// Paid, or served to the end.
    pub ended_well: Count,
    /// The one of these counts that the target is about, where the call has one.
    pub actual: Option<i64>,
}

/// A call with what came of it, for reports.
#[derive(Clone, Debug)]
pub struct CallResult {
    pub call: StoredCall,
    /// The program's, in its newest version.
    pub title: Bilingual,
    pub progress: Progress,
}

/// What is kept of a ranking.
#[derive(Serialize, Deserialize)]
struct Content {
    ties: Ties,
    room: Room,
    seed: String,
    ranked: Vec<Ranked>,
    failed: Vec<Uuid>,
}

/// Everything that a ranking rests on.
struct Plan {
    content: Content,
    /// Those that are ranked.
    cases: Vec<Application>,
}

impl Service {
    /// 順位の確定: gives every case of the call that has passed its panel a rank, as far as money and places reach, in one
    /// transaction: a row of the ranking, and an act in the history of each case. Ranking again, when a place became
    /// free, orders those that are left, by the lots of the first time.
    ///
    /// # Errors
    /// `NotFound` for calls of other offices, `Forbidden` but for program officers, `Refused` while the call is open, a
    /// case of it is not ready, or there is nothing to rank.
    pub async fn rank_call(&self, viewer: &Viewer, call: Uuid, key: &str) -> Result<RankingView> {
        self.require_scope(viewer, "act")?;
        let fixed = self.fix();
        let lots = vocabulary::digest(&self.inner.ids.secret());
        let wish = Wish::new(viewer, key, "rankCall", &call, (fixed.event, fixed.now))?;
        let ranking = self
            .store()
            .write(|tx| {
                let (wish, fixed, lots) = (&wish, &fixed, &lots);
                Box::pin(async move {
                    if let Some(earlier) = wish.claim(tx).await? {
                        return Ok::<_, Error>(earlier);
                    }
                    let stored = self.call_of_officer(tx, viewer, call).await?;
                    let plan = self.plan(tx, &stored, lots, fixed.now, Lock::Case).await?;
                    self.give_ranks(tx, viewer, &stored, &plan, fixed).await?;
                    Ok(fixed.event)
                })
            })
            .await?;
        let all = self.rankings(viewer, call).await?;
        let ours = |view: &RankingView| view.recorded.as_ref().is_some_and(|recorded| recorded.id == ranking);
        all.into_iter().find(ours).ok_or(Error::NotFound)
    }

    /// What ranking the call now would give; nothing is recorded. Lots that were never drawn are drawn for good only by
    /// [`Service::rank_call`], so that nobody tries them out: until then equals are in the order of arrival.
    ///
    /// # Errors
    /// As [`Service::rank_call`].
    pub async fn ranking_preview(&self, viewer: &Viewer, call: Uuid) -> Result<RankingView> {
        let stored = self.call_of_officer(self.reader(), viewer, call).await?;
        let plan = self.plan(self.reader(), &stored, "", self.now(), Lock::Nothing).await?;
        self.shown(plan.content, None).await
    }

    async fn give_ranks(
        &self,
        tx: &Tx<'_>,
        viewer: &Viewer,
        call: &StoredCall,
        plan: &Plan,
        fixed: &Fixed,
    ) -> Result<()> {
        let text = vocabulary::canonical_json(&plan.content).map_err(|error| Error::Fault(error.to_string()))?;
        let ranking = StoredRanking {
            id: fixed.event,
            call: call.id,
            by: viewer.person.id,
            at: fixed.now,
            seed: plan.content.seed.clone(),
            sha256: vocabulary::digest(text.as_bytes()),
            content: text,
        };
        tx.keep_ranking(&ranking).await?;
        for (ranked, count) in plan.content.ranked.iter().zip(1..) {
            let Some(case) = plan.cases.iter().find(|one| one.case.id == ranked.application) else { continue };
            let Some(action) = casework::ranking_action(&case.program, &case.case) else { continue };
            let act = Act { action: action.to_owned(), expected_version: case.case.version, ..Act::default() };
            let placing = Placing { ranking: ranking.id, place: ranked.place, within: ranked.within };
            let fixed = fixed.following(count).placed(placing);
            self.one_act(tx, &viewer.actor(), ranked.application, &act, &fixed).await?;
        }
        Ok(())
    }

    /// Reads all cases of the call that wait, in the order of their ids, and ranks them. `lots` is what lots are drawn
    /// from when the call was never ranked before.
    async fn plan(&self, reader: &Reader, call: &StoredCall, lots: &str, now: Instant, lock: Lock) -> Result<Plan> {
        let newest = reader.program(&call.program, None).await?.ok_or(Error::NotFound)?;
        let (program, _) = self.compiled(reader, &newest.hash).await?;
        let (mut cases, mut contenders, mut failed, mut unfinished) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for id in reader.waiting_cases_of_call(call.id).await? {
            let found = reader.load_case(CaseKey::Id(id), lock).await?.ok_or(Error::NotFound)?;
            let application = self.view(reader, found).await?;
            match entry(&application.program, &application.case) {
                Entry::Ranked(contender) => {
                    contenders.push(contender);
                    cases.push(application);
                }
                Entry::Failed => failed.push(id),
                Entry::Unfinished => unfinished.push(number_of(&application)),
                Entry::Beside => {}
            }
        }
        let refusals = not_yet(call, now, &contenders, &unfinished);
        if !refusals.is_empty() {
            return Err(Error::Refused(refusals));
        }
        let drawn = reader.rankings(call.id).await?.into_iter().next_back().map(|first| first.seed);
        let seed = drawn.unwrap_or_else(|| lots.to_owned());
        // A preview draws no lots that were not drawn yet.
        let ties = if seed.is_empty() { Ties::Arrival } else { program.definition().program.intake.ties };
        let room = room_of(reader, call, crate::programs::held_counts(&program), &cases).await?;
        let ranked = rank(&contenders, ties, &seed, room);
        let ties = program.definition().program.intake.ties;
        Ok(Plan { content: Content { ties, room, seed, ranked, failed }, cases })
    }

    /// Every ranking of the call, the newest first.
    ///
    /// # Errors
    /// `NotFound` for calls of other offices.
    pub async fn rankings(&self, viewer: &Viewer, call: Uuid) -> Result<Vec<RankingView>> {
        self.call_of_office(viewer, call).await?;
        let stored = self.reader().rankings(call).await?;
        let by: Vec<Uuid> = stored.iter().map(|ranking| ranking.by).collect();
        let accounts = self.reader().accounts(&by).await?;
        let name_of = |id: Uuid| accounts.iter().find(|account| account.id == id).map(|found| found.name.clone());
        let mut views = Vec::with_capacity(stored.len());
        for StoredRanking { id, by, at, seed, content, sha256, .. } in stored {
            let content: Content = serde_json::from_str(&content).map_err(|error| Error::Fault(error.to_string()))?;
            let recorded = Recorded { id, at, by: name_of(by).unwrap_or_default(), seed, sha256 };
            views.push(self.shown(content, Some(recorded)).await?);
        }
        Ok(views)
    }

    async fn shown(&self, content: Content, recorded: Option<Recorded>) -> Result<RankingView> {
        let Content { ties, room, ranked, failed, .. } = content;
        let ids: Vec<Uuid> = ranked.iter().map(|one| one.application).chain(failed.iter().copied()).collect();
        let numbers = self.reader().application_numbers(&ids).await?;
        let ranked = ranked
            .into_iter()
            .map(|ranked| RankedCase { number: numbers.get(&ranked.application).cloned(), ranked })
            .collect();
        let failed = failed
            .into_iter()
            .map(|application| FailedCase { application, number: numbers.get(&application).cloned() })
            .collect();
        Ok(RankingView { recorded, ties, room, ranked, failed })
    }

    /// The call of a program with that window.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn call_named(&self, program: &str, fiscal_year: i32, window: &str) -> Result<Uuid> {
        let calls = self.reader().calls(Some(program)).await?;
        let named = |call: &&StoredCall| call.fiscal_year.0 == fiscal_year && call.window == window;
        calls.iter().find(named).map(|call| call.id).ok_or(Error::NotFound)
    }

    /// How far the call came, in cases and in distinct businesses.
    ///
    /// # Errors
    /// `NotFound` for calls of other offices.
    pub async fn call_progress(&self, viewer: &Viewer, call: Uuid) -> Result<Progress> {
        let stored = self.call_of_office(viewer, call).await?;
        progress(self.reader(), &stored).await
    }

    /// Calls with their targets and what came of them, for whoever runs this installation: of a municipality or all, of
    /// a fiscal year or all, in the order of their programs.
    ///
    /// # Errors
    /// Faults only.
    pub async fn call_results(&self, municipality: Option<&str>, fiscal_year: Option<i32>) -> Result<Vec<CallResult>> {
        let mut results = Vec::new();
        for call in self.reader().calls(None).await? {
            let wanted = municipality.is_none_or(|place| call.municipality() == place)
                && fiscal_year.is_none_or(|year| call.fiscal_year.0 == year);
            if !wanted {
                continue;
            }
            let Some(newest) = self.reader().program(&call.program, None).await? else { continue };
            let progress = progress(self.reader(), &call).await?;
            results.push(CallResult { call, title: newest.title, progress });
        }
        Ok(results)
    }

    /// As [`Service::call_results`], for staff of the municipality.
    ///
    /// # Errors
    /// `NotFound` for everybody else.
    pub async fn call_results_for(
        &self,
        viewer: &Viewer,
        municipality: &str,
        fiscal_year: Option<i32>,
    ) -> Result<Vec<CallResult>> {
        if !viewer.person.is_staff_of(municipality) {
            return Err(Error::NotFound);
        }
        self.call_results(Some(municipality), fiscal_year).await
    }

    async fn call_of_office(&self, viewer: &Viewer, call: Uuid) -> Result<StoredCall> {
        let stored = self.reader().call(call).await?.ok_or(Error::NotFound)?;
        if viewer.person.is_staff_of(stored.municipality()) { Ok(stored) } else { Err(Error::NotFound) }
    }
}

/// What the call has to give: its places, and the money of its line with what the cases to be ranked reserve of it.
async fn room_of(reader: &Reader, call: &StoredCall, held_counts: bool, cases: &[Application]) -> Result<Room> {
    let line = match call.budget_line {
        Some(line) => reader.budget_line(line).await?,
        None => None,
    };
    let reserved = cases.iter().map(|one| one.case.body.holdings.total()).filter(|_| held_counts);
    let money = line.map(|line| {
        let reserved = Yen::total(reserved.collect::<std::result::Result<Vec<Yen>, _>>()?)?;
        line.totals.available(held_counts).plus(reserved)
    });
    let money = money.transpose().map_err(|_| Error::Fault("the money of a call is out of range".to_owned()))?;
    Ok(Room { money, places: call.capacity.map(|capacity| capacity - call.taken) })
}

/// Every reason why the call cannot be ranked now.
fn not_yet(call: &StoredCall, now: Instant, contenders: &[Contender], unfinished: &[String]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if let Some(last) = call.closes.filter(|last| day_in_japan(now) <= *last) {
        let ja = vocabulary::wareki(last, vocabulary::Locale::Ja);
        refusals.push(Refusal::new(
            "rank.call_open",
            format!("募集は{ja}まで続きます。順位は締切日の翌日から確定できます"),
            format!("The call is open until {last}; it can be ranked from the day after"),
        ));
    }
    if !unfinished.is_empty() {
        let numbers = unfinished.join(", ");
        refusals.push(Refusal::new(
            "rank.unfinished",
            format!("採点の集計や決裁の済んでいない案件があります: {numbers}"),
            format!("These cases are not scored to the end, or a decision on them is being signed: {numbers}"),
        ));
    } else if contenders.is_empty() {
        refusals.push(Refusal::new(
            "rank.none",
            "順位を決める案件がありません。採点の集計が済んでから行ってください",
            "Nothing waits to be ranked; close the panels first",
        ));
    }
    refusals
}

fn number_of(application: &Application) -> String {
    let number = application.case.body.numbers.get(casework::numbers::APPLICATION);
    number.cloned().unwrap_or_else(|| application.case.id.to_string())
}

async fn progress(reader: &Reader, call: &StoredCall) -> Result<Progress> {
    let reached = reader.reached(call.id).await?;
    let actual = call.target.as_ref().map(|target| actual(target, &reached));
    let Reached { handed_in, decided, ended_well } = reached;
    Ok(Progress { handed_in, decided, ended_well, actual })
}

fn actual(target: &Target, reached: &Reached) -> i64 {
    match target.of {
        TargetOf::CasesAtApplication => reached.handed_in.cases,
        TargetOf::DistinctCompaniesAtApplication => reached.handed_in.businesses,
        TargetOf::CasesAtDecision => reached.decided.cases,
        TargetOf::DistinctCompaniesAtDecision => reached.decided.businesses,
        TargetOf::CasesAtPayment => reached.ended_well.cases,
        TargetOf::DistinctCompaniesAtPayment => reached.ended_well.businesses,
    }
}
