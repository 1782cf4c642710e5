//! Words of the office's desk: lists of cases, what is done to many at once, and what is kept beside one.

use service::MOST_COUNTED;
use vocabulary::Locale;

use super::Text;

words! {
    assignee: "担当者", "Taken care of by";
    columns: "表示する項目", "Columns";
    saved_views: "保存した表示条件", "Saved views";
    save_view_as: "この条件を保存する名前", "Save these conditions as";
    as_xlsx: "この一覧をExcelで保存", "Save this list as a workbook";
    choose_case: "選択", "Choose";
    choose_all: "この画面の案件をすべて選択", "Choose all on this page";
    handle_together: "選択した案件をまとめて処理", "Handle the chosen cases together";
    paper: "紙の申請を入力する", "Type in an application on paper";
    paper_lead: "郵送・窓口で受け取った申請書を、申請者に代わって入力します。法人番号が登録済みのときは、事業者のほかの項目は入力不要です。", "For what came by post or over the counter. Where the corporate number is registered, nothing else about the business is needed.";
    paper_begin: "申請内容の入力に進む", "Go on to the application";
    typed_in: "入力途中の紙の申請", "Being typed in";
    on_paper: "紙の申請（窓口で入力）", "On paper, typed in by the office";
    together: "まとめて処理", "Handle together";
    nothing_chosen: "案件が選択されていません。一覧で選択してから進んでください。", "No case is chosen. Choose some in the list first.";
    back_to_list: "案件一覧に戻る", "Back to the list";
    choose_action: "処理を選んでください", "Choose what to do";
    no_common_action: "選択した案件でまとめて行える処理はありません。", "Nothing can be done to these cases together.";
    each_by_itself: "処理は案件ごとに行います。できない案件があっても、ほかの案件には影響しません。", "Each case is handled by itself: one that is refused keeps none of the others.";
    can_be_done: "処理できます", "Can be done";
    cannot_be_done: "処理できません", "Cannot be done";
    not_at_this_stage: "この案件の今の段階では行えない処理です", "This is not done at the stage of this case";
    outcome: "結果", "Outcome";
    handled: "処理しました", "Done";
    not_handled: "処理していません", "Not done";
    change_assignee: "担当者を決める", "Who takes care of them";
    nobody: "担当者なし", "Nobody";
    myself: "自分", "Myself";
    decide: "決める", "Decide";
    review_page: "申請内容・書類の確認", "Review";
    to_review_page: "申請内容と書類を並べて確認する", "See the form and the documents side by side";
    checklist: "確認票", "Checklist";
    found_fine: "確認済み", "Fine";
    found_doubtful: "疑義あり", "Doubtful";
    finding: "所見", "Remark";
    record: "確認結果を記録する", "Record what you found";
    handed_in_since: "確認した後に、再提出されています。", "It was handed in anew since.";
    handed_in_again: "再提出による変更", "What changed when it was handed in again";
    before: "変更前", "Before";
    after: "変更後", "After";
    picture_of: "書類の画像:", "Picture of";
    previous_page: "前のページ", "Previous page";
    similar_cases: "重複の可能性がある案件", "Cases that look like this one";
    similar_lead: "同じ事業者や同じ書類の案件です。同じ経費で二重に交付していないか確認してください。", "Of the same business, or with the same documents. See that nothing is granted twice for the same costs.";
    in_common: "共通点", "In common";
    same_program: "同じ事業者が同じ補助金を申請", "Same business, same program";
    same_year: "同じ事業者が同じ年度に申請", "Same business, same fiscal year";
    same_address: "所在地が同じ", "Same address";
    same_representative: "代表者が同じ", "Same representative";
    please_choose: "選択してください", "Please choose";
    set_up: "設定済み", "Set up";
    not_set_up: "未設定", "Not set up";
    on_budget: "予算科目", "Budget line";
    left_on_budget: "予算残額（現在）", "Left on it now";
    letters_then: "最後の署名で発行される文書", "Letters that the last signature issues";
    numbered_then: "（番号と日付は発行のときに付きます）", "(numbered and dated when they are issued)";
    notes: "庁内メモ", "Notes of the office";
    notes_lead: "職員だけが見るメモです。申請者には表示されず、手続の記録にも残りません。", "For the office alone: never shown to applicants, and no part of the history.";
    new_note: "メモを書く", "New note";
    write_note: "メモを残す", "Keep the note";
    strike_out: "取り消す", "Strike out";
    struck_out: "（取り消されたメモ）", "(struck out)";
}

impl Text {
    /// How many cases a list has, as far as they were counted.
    pub fn cases_found(self, count: u32, all: bool) -> String {
        match (self.0, all) {
            (Locale::Ja, true) => format!("{count}件"),
            (Locale::Ja, false) => format!("{count}件以上"),
            (Locale::En, true) if count == 1 => "1 case".to_owned(),
            (Locale::En, true) => format!("{count} cases"),
            (Locale::En, false) => format!("{count} cases or more"),
        }
    }

    /// On a button: the action, and in how many of the cases it can be taken.
    pub fn in_cases(self, action: &str, count: usize) -> String {
        match self.0 {
            Locale::Ja => format!("{action}（{count}件）"),
            Locale::En => format!("{action} ({count})"),
        }
    }

    /// How far the checklist of a case is worked off.
    pub fn checklist_state(self, looked_at: usize, all: usize, doubtful: usize) -> String {
        match self.0 {
            Locale::Ja => format!("{all}件のうち{looked_at}件を記録済み（疑義{doubtful}件）"),
            Locale::En => format!("{looked_at} of {all} looked at, {doubtful} in doubt"),
        }
    }

    /// How many cases there are, counted as far as [`MOST_COUNTED`].
    pub fn cases_counted(self, count: u32) -> String {
        self.cases_found(count, count < MOST_COUNTED)
    }

    /// A document that another case has, too.
    pub fn same_document(self, name: &str) -> String {
        match self.0 {
            Locale::Ja => format!("「{name}」と同じファイルが添付されている"),
            Locale::En => format!("Same file as “{name}”"),
        }
    }

    /// What came of many.
    pub fn handled_of(self, done: usize, all: usize) -> String {
        match self.0 {
            Locale::Ja => format!("{all}件のうち{done}件を処理しました。"),
            Locale::En => format!("{done} of {all} cases are done."),
        }
    }
}
