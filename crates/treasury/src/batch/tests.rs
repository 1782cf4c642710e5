use chrono::Days;
use vocabulary::start_of_day;

use super::*;
use crate::samples::*;

fn refusals(request: DraftRequest) -> Vec<&'static str> {
    let drafted = draft(request, MAKER, now(), &Calendar::default(), BankMaster::embedded());
    drafted.unwrap_err().into_iter().map(|refusal| refusal.code).collect()
}

fn handed_over() -> Batch {
    acted(&exported(request(three_lines())), MAKER, &BatchAct::HandOver)
}

fn result(batch: &Batch, line: usize, outcome: LineOutcome) -> LineResult {
    LineResult { line: batch.lines[line].id, outcome }
}

fn failed() -> LineOutcome {
    LineOutcome::Returned { kind: ReturnKind::TransferFailed, reason: "該当口座なし".to_owned() }
}

/// Recorded on the day after the transfer.
fn recorded(batch: &Batch, results: Vec<LineResult>) -> Result<BatchStep, &'static str> {
    let later = start_of_day(batch.transfer_date + Days::new(1));
    decide(batch, MAKER, &BatchAct::RecordResults(results), later).map_err(|refusal| refusal.code)
}

#[test]
fn a_draft_freezes_what_the_file_will_say() {
    let batch = drafted(request(three_lines()));
    assert_eq!(batch.originator.name_kana, "ﾐｽﾞﾎﾏﾁ");
    let first = &batch.lines[0];
    assert_eq!(
        (first.payee_name_zengin.as_str(), first.bank_name_zengin.as_str(), first.branch_name_zengin.as_str()),
        ("ｶ)ﾐｽﾞﾎｾｲｻｸｼﾖ", "ﾖｺﾊﾏ", "ﾎﾝﾃﾝ")
    );
    assert_eq!(batch.lines.iter().map(|line| line.customer_code).collect::<Vec<_>>(), [1, 2, 3]);
    let text = serde_json::to_string(&batch).unwrap();
    assert_eq!(serde_json::from_str::<Batch>(&text).unwrap(), batch);
}

#[test]
fn a_draft_is_refused_with_everything_that_is_wrong() {
    let mut wrong = request(three_lines());
    wrong.lines[0].payee.holder_kana = "山田太郎".to_owned();
    wrong.lines[1].payee.branch = "999".to_owned().try_into().unwrap();
    wrong.lines[2].amount = yen(0);
    wrong.originator.code = "12".to_owned();
    wrong.transfer_date = day("2026-04-11");
    assert_eq!(
        refusals(wrong),
        [
            "batch.originator",
            "batch.not_a_bank_day",
            "batch.date_passed",
            "account_name.kanji",
            "bank_account.unknown_branch",
            "batch.amount"
        ]
    );
    assert_eq!(refusals(request(Vec::new())), ["batch.empty"]);
    let mut wrong = request(three_lines());
    wrong.lines[0].amount = yen(MAXIMUM_AMOUNT + 1);
    assert_eq!(refusals(wrong), ["batch.amount"]);
    let payees = (0..101).map(|n| line(n, account("0001", "001", n, "ヤマダ"), MAXIMUM_AMOUNT)).collect();
    assert_eq!(refusals(request(payees)), ["batch.total_too_large"]);
}

#[test]
fn nothing_is_paid_twice_in_one_batch() {
    let mut twice = request(three_lines());
    twice.lines[1].id = twice.lines[0].id;
    assert_eq!(refusals(twice), ["batch.paid_twice"]);
    let mut twice = request(three_lines());
    twice.lines[1].obligation = twice.lines[0].obligation;
    // A seizure or heirs: one obligation, several accounts.
    assert_eq!(drafted(twice.clone()).lines.len(), 3);
    twice.lines[1].payee = BankAccount { holder_kana: "ミズホ".to_owned(), ..twice.lines[0].payee.clone() };
    assert_eq!(refusals(twice), ["batch.paid_twice"]);
}

#[test]
fn money_of_2025_leaves_by_29_may_2026() {
    let mut last = request(three_lines());
    last.lines[0].fiscal_year = FiscalYear(2025);
    last.transfer_date = day("2026-05-29");
    assert_eq!(drafted(last.clone()).transfer_date, day("2026-05-29"));
    last.transfer_date = day("2026-06-01");
    assert_eq!(refusals(last), ["batch.accounts_closed"]);
}

#[test]
fn the_maker_does_not_check() {
    let batch = drafted(request(three_lines()));
    let act = |batch: &Batch, by, act| decide(batch, by, &act, now()).map_err(|refusal| refusal.code);
    assert_eq!(act(&batch, MAKER, BatchAct::Approve), Err("batch.maker_is_checker"));
    assert_eq!(act(&batch, CHECKER, BatchAct::Export), Err("batch.not_approved"));
    assert_eq!(act(&batch, CHECKER, BatchAct::HandOver), Err("batch.wrong_state"));
    let approved = act(&batch, CHECKER, BatchAct::Approve).unwrap().batch;
    assert_eq!(approved.approved_by(), Some(CHECKER));
    assert_eq!(act(&approved, CHECKER, BatchAct::Approve), Err("batch.wrong_state"));
}

#[test]
fn what_was_approved_is_what_is_exported() {
    let approved = acted(&drafted(request(three_lines())), CHECKER, &BatchAct::Approve);
    let mut changed = approved.clone();
    changed.lines[0].amount = yen(46_300_000);
    assert_eq!(decide(&changed, MAKER, &BatchAct::Export, now()).unwrap_err().code, "batch.content_changed");
    assert_eq!(approved.approved_digest, Some(content_digest(&approved)));
    let late = start_of_day(approved.transfer_date + Days::new(1));
    assert_eq!(decide(&approved, MAKER, &BatchAct::Export, late).unwrap_err().code, "batch.date_passed");
}

#[test]
fn every_further_export_is_marked() {
    let approved = acted(&drafted(request(three_lines())), CHECKER, &BatchAct::Approve);
    let first = decide(&approved, MAKER, &BatchAct::Export, now()).unwrap();
    assert!(!first.repeat && first.warnings.is_empty());
    let again = decide(&first.batch, MAKER, &BatchAct::Export, now()).unwrap();
    assert!(again.repeat);
    assert_eq!((again.batch.exports_count, again.warnings[0].code), (2, "batch.repeated_export"));
    let handed = acted(&again.batch, MAKER, &BatchAct::HandOver);
    let third = decide(&handed, MAKER, &BatchAct::Export, now()).unwrap();
    assert_eq!((third.batch.state, third.warnings[0].code), (BatchState::HandedOver, "batch.already_handed_over"));
    let twice = decide(&handed, MAKER, &BatchAct::HandOver, now()).unwrap_err();
    assert_eq!(twice.code, "batch.already_handed_over");
}

#[test]
fn cancelled_before_the_bank_has_it_or_never() {
    let reason = |text: &str| BatchAct::Cancel { reason: text.to_owned() };
    let batch = exported(request(three_lines()));
    assert_eq!(decide(&batch, MAKER, &reason(" "), now()).unwrap_err().code, "batch.reason_missing");
    let step = decide(&batch, MAKER, &reason("口座変更"), now()).unwrap();
    assert_eq!((step.batch.state, step.warnings[0].code), (BatchState::Cancelled, "batch.file_exists"));
    assert!(!step.batch.state.is_live());
    let refused = decide(&handed_over(), MAKER, &reason("口座変更"), now()).unwrap_err();
    assert_eq!(refused.code, "batch.already_handed_over");
}

#[test]
fn the_outcome_is_unknown_until_every_line_has_one() {
    let batch = handed_over();
    let some = vec![result(&batch, 0, LineOutcome::Transferred), result(&batch, 1, failed())];
    let step = recorded(&batch, some.clone()).unwrap();
    assert_eq!((step.batch.state, &step.changed), (BatchState::HandedOver, &some));
    assert_eq!(recorded(&step.batch, some), Err("batch.nothing_new"));
    let rest = vec![result(&batch, 2, LineOutcome::Transferred)];
    let step = recorded(&step.batch, rest).unwrap();
    assert_eq!((step.batch.state, step.changed.len()), (BatchState::PartlyReturned, 1));

    let all = (0..3).map(|at| result(&batch, at, LineOutcome::Transferred)).collect();
    let confirmed = recorded(&batch, all).unwrap().batch;
    assert_eq!(confirmed.state, BatchState::Confirmed);
    let recall = LineOutcome::Returned { kind: ReturnKind::Recalled, reason: "口座相違".to_owned() };
    let late = recorded(&confirmed, vec![result(&batch, 0, recall)]).unwrap().batch;
    assert_eq!(late.state, BatchState::PartlyReturned);
    assert_eq!(recorded(&late, vec![result(&batch, 0, LineOutcome::Transferred)]), Err("batch.already_returned"));
}

#[test]
fn results_that_make_no_sense_change_nothing() {
    let batch = handed_over();
    let one = result(&batch, 0, LineOutcome::Transferred);
    let unknown = LineResult { line: Uuid::from_u128(99), outcome: failed() };
    assert_eq!(recorded(&batch, vec![unknown]), Err("batch.unknown_line"));
    assert_eq!(recorded(&batch, vec![one.clone(), result(&batch, 0, failed())]), Err("batch.result_contradicts"));
    let no_reason = LineOutcome::Returned { kind: ReturnKind::Recalled, reason: String::new() };
    assert_eq!(recorded(&batch, vec![result(&batch, 0, no_reason)]), Err("batch.reason_missing"));
    assert_eq!(recorded(&exported(request(three_lines())), vec![one.clone()]), Err("batch.wrong_state"));
    let early = decide(&batch, MAKER, &BatchAct::RecordResults(vec![one]), now()).unwrap_err();
    assert_eq!(early.code, "batch.too_early");
}

#[test]
fn the_summary_points_at_what_went_wrong_elsewhere() {
    let codes = |lines| {
        let summary = summary(&drafted(request(lines))).unwrap();
        (summary.total.get(), summary.warnings.into_iter().map(|warning| warning.code).collect::<Vec<_>>())
    };
    assert_eq!(codes(three_lines()), (650_000, vec![]));
    let mut lines = three_lines();
    lines[0].amount = yen(46_300_000);
    lines[2].payee = lines[1].payee.clone();
    assert_eq!(codes(lines), (46_700_000, vec!["batch.top_payee", "batch.same_payee"]));
    let mut lines = three_lines();
    lines[2].payee.holder_kana = "やまだ　たろう".to_owned();
    assert_eq!(codes(lines), (650_000, vec!["batch.same_name"]));
    let top = summary(&drafted(request(three_lines()))).unwrap().top_payee.unwrap();
    assert_eq!((top.name.as_str(), top.share_percent), ("ｶ)ﾐｽﾞﾎｾｲｻｸｼﾖ", 38));
}

#[test]
fn acts_are_readable_as_json() {
    let act: BatchAct = serde_json::from_str(r#"{"cancel":{"reason":"x"}}"#).unwrap();
    assert_eq!(act, BatchAct::Cancel { reason: "x".to_owned() });
    assert_eq!(serde_json::to_string(&BatchAct::HandOver).unwrap(), r#""hand_over""#);
    let text = serde_json::to_string(&failed()).unwrap();
    assert_eq!(text, r#"{"result":"returned","kind":"transfer_failed","reason":"該当口座なし"}"#);
}
