//! 順位の確定: the calls of an office whose cases are ranked, what ranking one now would give, and what was recorded.

use askama::Template;
use poem::http::StatusCode;
use program::definition::{Effect, Name, Role};
use service::{CallView, Error, ProgramVersion, RankedCase, RankingView};

use crate::forms::{Said, Told};
use crate::visit::{Frame, Page, Visit, Wrong, id, not_found};

/// Programs of one office at most.
const MOST_PROGRAMS: usize = 1_000;

#[derive(Template)]
#[template(path = "rankings/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    call: String,
    program: String,
    window: String,
    until: String,
}

#[derive(Template)]
#[template(path = "rankings/one.html")]
struct One {
    frame: Frame,
    errors: Vec<Said>,
    program: String,
    window: String,
    action: String,
    key: String,
    /// What ranking now would give; none when it cannot be ranked now, with why.
    preview: Option<Ranking>,
    not_now: Vec<String>,
    recorded: Vec<Ranking>,
}

struct Ranking {
    /// Who and when; empty of a preview.
    by: String,
    proof: String,
    room: String,
    ranked: Vec<Ranked>,
    failed: Vec<(String, String)>,
}

struct Ranked {
    application: String,
    place: i64,
    number: String,
    within: bool,
    by_lot: bool,
    why: Vec<String>,
}

/// The offices for which the visitor ranks.
fn places(visit: &Visit<'_>) -> Result<Vec<Name>, Wrong> {
    let viewer = visit.viewer()?;
    let mut places = viewer.municipalities();
    places.retain(|place| viewer.person.has_role(place, Role::ProgramOfficer));
    if places.is_empty() { Err(not_found()) } else { Ok(places) }
}

fn ranks(version: &ProgramVersion) -> bool {
    version.program.actions().any(|action| action.rule.effects.contains(&Effect::Rank))
}

async fn calls(visit: &Visit<'_>) -> Result<Vec<(ProgramVersion, CallView)>, Wrong> {
    let mut found = Vec::new();
    for place in places(visit)? {
        let programs = visit.service.programs(Some(&place), None, MOST_PROGRAMS, None).await?;
        for (_, version) in programs.items.into_iter().filter(|(_, version)| ranks(version)) {
            let calls = version.calls.clone();
            found.extend(calls.into_iter().map(|call| (version.clone(), call)));
        }
    }
    Ok(found)
}

fn title(visit: &Visit<'_>, version: &ProgramVersion) -> String {
    visit.say(&version.program.definition().program.title).to_owned()
}

pub(crate) async fn list(visit: &Visit<'_>) -> Page {
    let rows = calls(visit).await?.into_iter().map(|(version, call)| Row {
        call: call.id.to_string(),
        program: title(visit, &version),
        window: visit.call(call.fiscal_year, &call.window),
        until: call.closes.map(|last| visit.day(last)).unwrap_or_default(),
    });
    let rows = rows.collect();
    Ok(visit.page(&List { frame: visit.frame(visit.t.rankings()), rows }))
}

pub(crate) async fn one(visit: &Visit<'_>, call: &str) -> Page {
    shown(visit, call, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, call: &str, status: StatusCode, told: &Told) -> Page {
    let call = id(call)?;
    let found = calls(visit).await?.into_iter().find(|(_, found)| found.id == call);
    let (version, found) = found.ok_or_else(not_found)?;
    let viewer = visit.viewer()?;
    let (preview, not_now) = match visit.service.ranking_preview(viewer, call).await {
        Ok(preview) => (Some(ranking(visit, preview)), Vec::new()),
        Err(Error::Refused(reasons)) => {
            (None, reasons.iter().map(|reason| visit.say(&reason.message).to_owned()).collect())
        }
        Err(error) => return Err(error.into()),
    };
    let recorded = visit.service.rankings(viewer, call).await?;
    let errors = told.summary(|_| None, visit.locale);
    let page = One {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(visit.t.ranking_of_call()) },
        errors,
        program: title(visit, &version),
        window: visit.call(found.fiscal_year, &found.window),
        action: format!("/rankings/{call}"),
        key: visit.key(),
        preview,
        not_now,
        recorded: recorded.into_iter().map(|recorded| ranking(visit, recorded)).collect(),
    };
    Ok(visit.page_with(status, &page))
}

fn ranking(visit: &Visit<'_>, found: RankingView) -> Ranking {
    let t = visit.t;
    let (by, proof) = found.recorded.map_or_else(Default::default, |recorded| {
        let by = format!("{} {}", visit.time(recorded.at), recorded.by);
        (by, t.proof_of_ranking(&recorded.seed, &recorded.sha256))
    });
    let none = || t.without_number().to_owned();
    let ranked = |one: RankedCase| Ranked {
        application: one.ranked.application.to_string(),
        place: one.ranked.place,
        number: one.number.unwrap_or_else(none),
        within: one.ranked.within,
        by_lot: one.ranked.by_lot,
        why: one.ranked.explanation.iter().map(|line| visit.say(line).to_owned()).collect(),
    };
    let failed = found.failed.into_iter().map(|one| (one.application.to_string(), one.number.unwrap_or_else(none)));
    Ranking {
        by,
        proof,
        room: t.room(found.room.money.map(|yen| yen.to_string()), found.room.places),
        failed: failed.collect(),
        ranked: found.ranked.into_iter().map(ranked).collect(),
    }
}

/// Ranks the call for good. Pressing twice is one ranking.
pub(crate) async fn fix(visit: &Visit<'_>, call: &str) -> Page {
    places(visit)?;
    let ranked = visit.service.rank_call(visit.viewer()?, id(call)?, visit.asked.field("key")).await;
    match ranked {
        Ok(_) | Err(Error::IdempotencyConflict) => Ok(visit.done(&format!("/rankings/{call}"), "ranked")),
        Err(Error::Refused(reasons)) => shown(visit, call, StatusCode::UNPROCESSABLE_ENTITY, &Told::of(reasons)).await,
        Err(error) => Err(error.into()),
    }
}
