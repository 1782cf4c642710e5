//! `calls`: what came of calls, their judges, and ranking them.

use std::path::Path;

use program::definition::TargetOf;
use serde_json::{Value, json};
use service::{CallResult, JudgeView, RankingView, Term, Viewer};
use uuid::Uuid;
use vocabulary::{EmailAddress, Locale};

use super::tell;
use crate::cli::{CallArgs, CallsCommand, Common};
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

/// Excel takes a file for UTF-8 only by this.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub async fn run(common: &Common, command: &CallsCommand) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let service = &installation.service;
    match command {
        CallsCommand::Export { file, municipality, year, locale } => {
            let results = service.call_results(municipality.as_deref(), *year).await?;
            export(common, file.as_deref(), &results, (*locale).into())
        }
        CallsCommand::Rank { call, dry_run, locale } => {
            let (viewer, id) = opened(&installation, call).await?;
            let ranking = if *dry_run {
                service.ranking_preview(&viewer, id).await?
            } else {
                service.rank_call(&viewer, id, &installation.fresh_key()).await?
            };
            tell(common, &ranking_json(&ranking), || ranking_text(&ranking, (*locale).into()))
        }
        CallsCommand::Judges { call } => {
            let (viewer, id) = opened(&installation, call).await?;
            let judges = service.judges(&viewer, id).await?;
            let machine: Vec<Value> = judges.iter().map(judge_json).collect();
            tell(common, &machine, || judges.iter().map(judge_line).collect::<Vec<_>>().join("\n"))
        }
        CallsCommand::Appoint { call, email, from, until } => {
            let (viewer, id) = opened(&installation, call).await?;
            let (term, key) = (Term { from: *from, until: *until }, installation.fresh_key());
            let appointed = service.appoint_judge(&viewer, id, (email, term), &key).await?;
            let machine = json!({ "judge": appointed.as_ref().map(judge_json), "invited": appointed.is_none() });
            tell(common, &machine, || match &appointed {
                Some(judge) => judge_line(judge),
                None => format!("{email} has no account yet and is invited"),
            })
        }
        CallsCommand::Dismiss { call, email } => {
            let (viewer, id) = opened(&installation, call).await?;
            let judge = standing(&installation, &viewer, id, email).await?;
            let judge = service.dismiss_judge(&viewer, judge, &installation.fresh_key()).await?;
            tell(common, &judge_json(&judge), || judge_line(&judge))
        }
        CallsCommand::Recuse { call, email, number, reason } => {
            let (viewer, id) = opened(&installation, call).await?;
            let judge = standing(&installation, &viewer, id, email).await?;
            let found = service.application_by_number(&viewer, number).await?;
            let found = found.ok_or_else(|| Failure::refused(format!("there is no application {number}")))?;
            let key = installation.fresh_key();
            let judge = service.recuse_judge(&viewer, judge, (found.case.id, reason), &key).await?;
            tell(common, &judge_json(&judge), || judge_line(&judge))
        }
    }
}

async fn opened(installation: &Installation, args: &CallArgs) -> Outcome<(Viewer, Uuid)> {
    let viewer = installation.service.viewer_by_email(&args.actor).await?;
    match installation.service.call_named(&args.program, args.year, &args.window).await {
        Err(service::Error::NotFound) => Err(Failure::refused(format!(
            "{} has no call in fiscal year {} with the window `{}`",
            args.program, args.year, args.window
        ))),
        found => Ok((viewer, found?)),
    }
}

/// The judge of that address who is not dismissed.
async fn standing(installation: &Installation, viewer: &Viewer, call: Uuid, email: &str) -> Outcome<Uuid> {
    let address: EmailAddress =
        email.parse().map_err(|invalid: vocabulary::Invalid| Failure::misuse(invalid.message.en))?;
    let judges = installation.service.judges(viewer, call).await?;
    let found = judges.iter().find(|judge| judge.email == address.as_str() && judge.dismissed_at.is_none());
    found.map(|judge| judge.id).ok_or_else(|| Failure::refused(format!("{email} is no judge of this call")))
}

fn judge_json(judge: &JudgeView) -> Value {
    let recusals = judge.recusals.iter().map(
        |recusal| json!({ "application": recusal.application, "number": recusal.number, "reason": recusal.reason }),
    );
    json!({
        "id": judge.id, "account": judge.account, "name": judge.name, "email": judge.email, "from": judge.term.from,
        "until": judge.term.until, "dismissedAt": judge.dismissed_at, "recusals": recusals.collect::<Vec<_>>(),
    })
}

fn judge_line(judge: &JudgeView) -> String {
    let until = judge.term.until.map(|last| last.to_string()).unwrap_or_default();
    let mut line = format!("{}\t{}\t{} – {until}", judge.email, judge.name, judge.term.from);
    if let Some(at) = judge.dismissed_at {
        line.push_str(&format!("\tdismissed {}", vocabulary::time_in_japan(at)));
    }
    for recusal in &judge.recusals {
        line.push_str(&format!(
            "\n      keeps away from {}: {}",
            recusal.number.as_deref().unwrap_or("?"),
            recusal.reason
        ));
    }
    line
}

fn ranking_json(ranking: &RankingView) -> Value {
    let ranked = ranking.ranked.iter().map(|case| {
        let ranked = &case.ranked;
        json!({
            "application": ranked.application, "number": case.number, "place": ranked.place, "within": ranked.within,
            "byLot": ranked.by_lot, "explanation": ranked.explanation,
        })
    });
    let failed = ranking.failed.iter().map(|case| json!({ "application": case.application, "number": case.number }));
    let recorded = ranking.recorded.as_ref();
    json!({
        "recorded": recorded.is_some(), "id": recorded.map(|it| it.id), "at": recorded.map(|it| it.at),
        "by": recorded.map(|it| &it.by), "seed": recorded.map(|it| &it.seed),
        "sha256": recorded.map(|it| &it.sha256), "ties": ranking.ties, "room": ranking.room,
        "ranked": ranked.collect::<Vec<_>>(), "failed": failed.collect::<Vec<_>>(),
    })
}

fn ranking_text(ranking: &RankingView, locale: Locale) -> String {
    let (within, reserve, failed, preview) = match locale {
        Locale::Ja => ("採択の範囲内", "補欠", "基準点未満（順位なし）", "試算です。何も記録していません。"),
        Locale::En => ("within", "reserve list", "below the minimum, no rank", "A preview: nothing is recorded."),
    };
    let mut lines = Vec::new();
    for case in &ranking.ranked {
        let standing = if case.ranked.within { within } else { reserve };
        lines.push(format!("{:>4}  {}  {standing}", case.ranked.place, case.number.as_deref().unwrap_or("?")));
        lines.extend(case.ranked.explanation.iter().map(|line| format!("      {}", line.get(locale))));
    }
    for case in &ranking.failed {
        lines.push(format!("   -  {}  {failed}", case.number.as_deref().unwrap_or("?")));
    }
    lines.push(match &ranking.recorded {
        None => preview.to_owned(),
        Some(recorded) => format!("{}  seed {}  sha256 {}", recorded.id, recorded.seed, recorded.sha256),
    });
    lines.join("\n")
}

fn export(common: &Common, file: Option<&Path>, results: &[CallResult], locale: Locale) -> Outcome {
    let table = table(results, locale);
    let machine: Vec<Value> = results.iter().map(result_json).collect();
    let Some(path) = file else { return tell(common, &machine, || table) };
    std::fs::write(path, format!("{BYTE_ORDER_MARK}{table}\n"))
        .map_err(|error| Failure::fault(format!("{}: {error}", path.display())))?;
    let said = json!({ "file": path, "calls": results.len() });
    tell(common, &said, || format!("{}: {} calls", path.display(), results.len()))
}

fn result_json(result: &CallResult) -> Value {
    let (call, progress) = (&result.call, &result.progress);
    json!({
        "id": call.id, "program": call.program, "title": result.title, "fiscalYear": call.fiscal_year,
        "window": call.window, "opens": call.opens, "closes": call.closes, "capacity": call.capacity,
        "target": call.target, "actual": progress.actual,
        "handedIn": { "cases": progress.handed_in.cases, "businesses": progress.handed_in.businesses },
        "decided": { "cases": progress.decided.cases, "businesses": progress.decided.businesses },
        "endedWell": { "cases": progress.ended_well.cases, "businesses": progress.ended_well.businesses },
    })
}

/// One line a call, the names of the columns first.
fn table(results: &[CallResult], locale: Locale) -> String {
    let head: [&str; 15] = match locale {
        Locale::Ja => [
            "制度",
            "名称",
            "年度",
            "募集",
            "開始",
            "締切",
            "定員",
            "目標の対象",
            "目標",
            "実績",
            "申請件数",
            "申請者数",
            "決定件数",
            "決定者数",
            "完了件数",
        ],
        Locale::En => [
            "program",
            "title",
            "fiscal year",
            "window",
            "opens",
            "closes",
            "capacity",
            "target counts",
            "target",
            "actual",
            "applications",
            "applicants",
            "decisions",
            "businesses decided for",
            "ended well",
        ],
    };
    let mut lines = vec![head.join(",")];
    for CallResult { call, title, progress } in results {
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let target = call.target.as_ref();
        let cells: [String; 15] = [
            call.program.clone(),
            title.get(locale).to_owned(),
            call.fiscal_year.0.to_string(),
            call.window.clone(),
            call.opens.to_string(),
            call.closes.map(|last| last.to_string()).unwrap_or_default(),
            number(call.capacity),
            target.map(|target| counted(target.of, locale).to_owned()).unwrap_or_default(),
            number(target.map(|target| target.count.into())),
            number(progress.actual),
            progress.handed_in.cases.to_string(),
            progress.handed_in.businesses.to_string(),
            progress.decided.cases.to_string(),
            progress.decided.businesses.to_string(),
            progress.ended_well.cases.to_string(),
        ];
        lines.push(cells.map(|cell| quoted(&cell)).join(","));
    }
    lines.join("\n")
}

fn counted(of: TargetOf, locale: Locale) -> &'static str {
    match (of, locale) {
        (TargetOf::DistinctCompaniesAtApplication, Locale::Ja) => "事業者数（申請時）",
        (TargetOf::CasesAtApplication, Locale::Ja) => "件数（申請時）",
        (TargetOf::DistinctCompaniesAtDecision, Locale::Ja) => "事業者数（決定時）",
        (TargetOf::CasesAtDecision, Locale::Ja) => "件数（決定時）",
        (TargetOf::DistinctCompaniesAtPayment, Locale::Ja) => "事業者数（支払時）",
        (TargetOf::CasesAtPayment, Locale::Ja) => "件数（支払時）",
        (TargetOf::DistinctCompaniesAtApplication, Locale::En) => "businesses that applied",
        (TargetOf::CasesAtApplication, Locale::En) => "applications",
        (TargetOf::DistinctCompaniesAtDecision, Locale::En) => "businesses decided for",
        (TargetOf::CasesAtDecision, Locale::En) => "decisions",
        (TargetOf::DistinctCompaniesAtPayment, Locale::En) => "businesses paid",
        (TargetOf::CasesAtPayment, Locale::En) => "payments",
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
