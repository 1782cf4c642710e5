//! The words of the pages for program officers, in both languages.

use vocabulary::{Bilingual, Locale};

use crate::text::{Text, words};

words! {
    figures_change: "金額と期限の変化", "Amounts and days that change";
    figures_lead: "下書きの定義では、シナリオの金額・期限が次のように変わります。意図した変更であれば、シナリオをこの結果に合わせてください。状態や文書など、ほかの食い違いはそのまま残ります。", "With this draft the amounts and days of the scenarios become those below. If that is what you mean, let the scenarios expect them. What else goes another way stays as it is.";
    accept_figures: "シナリオをこの結果に合わせる", "Let the scenarios expect this";
    look_at_scenarios: "シナリオの結果を見る", "See what came of the scenarios";
    tabs_run: "運用", "Running it";
    tabs_next: "次の版", "Next version";
    tabs_look: "内容の確認", "Looking at it";
    tab_edit: "編集", "Edit";
    tab_changes: "毎年の変更", "Everyday changes";
    tab_try: "申請を試す", "Try it";
    edit_lead: "入力した内容は、下書きとしてサーバーに保存されます。公表するまで申請には影響しません。", "What you type is kept as a draft on the server. Nothing changes for applicants before it is published.";
    save_and_check: "保存して検査する", "Save and check";
    no_longer_saved: "保存できませんでした。ほかの人（または別の画面）が先に保存しています。「保存して検査する」を押して確認してください。", "Not saved: somebody else, or another window of yours, has saved in the meantime. Press Save and check to look at it.";
    saved_meanwhile: "ほかの人（または別の画面）が先に保存しました", "Somebody else, or another window of yours, has saved in the meantime";
    saved_meanwhile_lead: "入力した内容は下に残っています。もう一度保存すると、先に保存された内容と置き換わります。", "What you typed is below. Saving it once more replaces what was saved.";
    look_at_saved: "先に保存された内容を見る", "Look at what was saved";
    keys_here: "ここに書ける項目", "Keys that may stand here";
    keys_lead: "行を選ぶと、その場所に書ける項目が表示されます。押すとその行に書き加えます。", "Shows what may be written where the cursor is; press one to put it there.";
    changes_lead: "よく変わる値を、定義を読まずに変更できます。コメントや並び順はそのまま残ります。ここにない変更は「編集」で行ってください。", "Change what changes every year without reading the definition. Comments and order stay. Whatever is not here is changed under Edit.";
    changes_not_possible: "定義の書き方に誤りがあるため、ここでは変更できません。「編集」で直してください。", "The definition cannot be read as it is written; mend it under Edit.";
    group_names: "名称と概要", "Name and summary";
    group_money: "補助率と金額", "Rates and amounts";
    group_limits: "回数の制限", "Limits";
    group_deadlines: "期限", "Deadlines";
    span_of_time: "期間（例: 30 days）", "within (for example 30 days)";
    day_of_year: "月日（例: 03-31）", "month and day (for example 03-31)";
    group_options: "切り替え", "Options";
    group_parameters: "類型の設定値", "Parameters";
    group_fields: "申請書の項目", "Fields of the form";
    group_documents: "添付書類", "Documents";
    in_ja: "日本語", "Japanese";
    in_en: "英語", "English";
    name_of: "名称", "Name";
    summary_of: "概要", "Summary";
    hint_of: "説明", "Hint";
    must_fill_in: "必須にする", "Required";
    longest: "最大値・最大文字数", "Largest value or length";
    least: "最小値", "Least value";
    item_cap: "1件の上限額", "Cap for each item";
    year_cap: "年度の上限額", "Cap in a fiscal year";
    lifetime_cap: "通算の上限額", "Cap for ever";
    minimum_award: "下限額", "Least award";
    round_down_to: "切捨ての単位（円）", "Rounded down to (yen)";
    moved_at_most: "軽微な変更の割合", "Share of a minor change";
    otherwise: "それ以外", "otherwise";
    per_fiscal_year: "1年度の回数", "In a fiscal year";
    ever: "通算の回数", "For ever";
    remove_this: "削除する", "Remove it";
    new_field: "項目を追加する", "Add a field";
    new_document: "書類を追加する", "Add a document";
    key_of_new: "識別名（半角の英小文字・数字・_）", "Its key (lower-case letters, digits and _)";
    type_of_new: "種類", "Type";
    type_text: "1行の文", "Text on a line";
    type_long_text: "長い文", "Long text";
    type_number: "数", "Number";
    type_yen: "金額", "Amount in yen";
    type_date: "日付", "Day";
    type_yes_no: "はい・いいえ", "Yes or no";
    may_be_left_out: "任意にする", "May be left out";
    change_it: "変更を保存する", "Save the changes";
    try_lead: "下書きの定義で申請書を試します。入力した内容は保存されません。", "Fill in the form by the draft of the definition. Nothing is kept.";
    try_not_possible: "定義に誤りがあるため試せません。", "The definition has errors, so that it cannot be tried.";
    nothing_is_kept: "保存されません。", "Nothing is kept.";
    who_applies: "申請する人", "Who applies";
    kind_of_business: "事業者の種別", "Kind";
    size_of_business: "規模", "Size";
    here_since: "市内で事業を始めた日", "In business here since";
    check_the_form: "申請できるか確認する", "Check the form";
    could_be_sent: "このまま申請できます。", "It could be handed in as it is.";
    programs_of_office: "制度の管理", "Manage programs";
    sections: "この制度のページ", "Pages of this program";
    tab_versions: "版", "Versions";
    tab_definition: "定義と検査", "Definition";
    tab_diagram: "流れ図", "Diagram";
    tab_scenarios: "シナリオ", "Scenarios";
    tab_differences: "変更点", "Differences";
    tab_texts: "通知の見本", "Letters and mails";
    tab_calls: "募集と組織", "Calls and offices";
    tab_migration: "案件の移行", "Migration";
    tab_publish: "公表", "Publish";
    which_version: "見る版", "Version to show";
    no_programs_here: "当てはまる制度はありません。", "No program fits.";
    not_open: "募集していない", "not open";
    being_written: "下書きあり", "being written";
    checked: "検査済", "checked";
    has_errors: "誤りあり", "has errors";
    published_state: "公表中", "published";
    superseded: "旧版", "superseded";
    not_in_force_yet: "施行前", "not in force yet";
    effective_from: "施行日", "In force from";
    effective_from_hint: "施行日（空欄なら公表した日から）", "In force from (its publication when empty)";
    in_force_at_once: "施行日の定めがないため、公表するとすぐに、新しい申請はこの版で受け付けます。", "It says no day from which it counts: new applications begin by it as soon as it is published.";
    closed_state: "受付終了", "closed";
    published_on: "公表日時", "Published";
    closed_on: "受付終了日時", "Closed";
    by_installation: "システム管理者", "the installation";
    running_cases: "進行中の案件", "Cases under way";
    what_to_do: "操作", "Actions";
    draft_of_next: "次の版の下書き", "The draft of the next version";
    no_draft_yet: "下書きはまだありません。編集を始めると、入力した内容はサーバーに保存されます。", "Nobody has begun one. What you type is kept on the server from the beginning.";
    public_page: "申請者が見るページ", "The page that applicants see";
    compare: "変更点を見る", "What changes";
    close_version: "この版の受付を終了する", "Close this version";
    close_lead: "新しい申請を受け付けなくなります。進行中の案件は続けられます。元に戻せません。", "It takes no new applications any more; cases under way go on. This cannot be undone.";
    not_kept: "この版の定義ファイルは保存されていません。ファイルからもう一度公表すると（hojokin program publish）、ここで見て編集できるようになります。", "The files of this version were not kept. Publish them once more (hojokin program publish) to see and edit them here.";
    findings: "検査の結果", "What the check says";
    no_findings: "誤りも注意もありません。", "Nothing is wrong.";
    finding_error: "誤り", "Error";
    finding_warning: "注意", "Warning";
    finding_note: "参考", "Note";
    notes_of_check: "参考（検査で決められないこと）", "Notes: what the check leaves open";
    explained: "説明", "What it means";
    suggestion: "提案: ", "Suggestion: ";
    text_of_definition: "制度の定義", "The definition";
    text_of_scenarios: "シナリオの定義", "The scenarios";
    in_archetype: "類型", "Archetype";
    diagram_alt: "状態と手続の流れ図。同じ内容が下の表にあります。", "States and the actions between them; the table below says the same.";
    open_diagram: "図だけを開く", "Open the picture alone";
    state_before: "状態", "State";
    leads_to: "次の状態", "Leads to";
    action_label: "手続", "Action";
    who_acts: "行う人", "Who";
    scenario: "シナリオ", "Scenario";
    passed: "成功", "passed";
    failed: "失敗", "failed";
    way_of_states: "たどった状態", "States on the way";
    no_scenarios: "シナリオはまだありません。", "There are no scenarios yet.";
    not_played: "定義に誤りがあるため、シナリオを試せません。", "The definition has errors, so that no scenario can be played.";
    coverage: "試した範囲", "What is tried";
    untried: "まだ試していないもの", "What no scenario tries";
    everything_tried: "すべて試しています。", "Everything is tried.";
    needed_to_publish: "公表に必要", "needed to publish";
    part_action: "手続", "Actions";
    part_transition: "状態の移り変わり", "Transitions";
    part_rule: "様式の条件", "Rules of forms";
    part_need: "手続の条件", "Needs of actions";
    part_figure: "金額の場合分け", "Cases of amounts";
    part_limit: "回数の制限", "Limits";
    compare_from: "もとの版", "From";
    compare_to: "比べる版", "To";
    nothing_differs: "変わったところはありません。", "Nothing differs.";
    weight_major: "重要", "major";
    weight_minor: "軽微", "minor";
    weight_lead: "重要な変更は、申請者の権利や義務に関わります。", "A major change touches people's rights or duties.";
    draft_has_errors: "下書きに誤りがあるため、変更点を計算できません。先に誤りを直してください。", "The draft has errors; put them right first, then its differences can be told.";
    publish_now: "新しい版として公表する", "Publish as a new version";
    publish_lead: "公表した版は変更できません。進行中の案件は、移行するまで今の版のままです。", "A published version never changes. Cases under way stay on theirs until they are moved.";
    in_the_way: "公表できない理由", "What stands in the way";
    nothing_in_the_way: "公表の妨げになるものはありません。", "Nothing stands in the way.";
    drop_draft: "下書きを破棄する", "Drop the draft";
    drop_lead: "保存されている下書きが消えます。公表した版はそのままです。", "What is kept as a draft is gone then; published versions stay.";
    migrate_to: "移行先の版", "Move to version";
    migrate_lead: "進行中の案件を1件ずつ調べた結果です。移せる案件を選んで移行します。金額と、申請者に伝えた期限は変わりません。", "Each case under way was looked at. Choose those that are to move. No amount and no deadline that was told changes.";
    nothing_to_migrate: "ほかの版の案件はありません。", "No case is on another version.";
    only_rules_change: "状態・入力内容・金額・期限は今のまま、これからの手続に新しい版の決まりが適用されます。", "State, answers, amounts and deadlines stay; what follows goes by the new version.";
    can_be_moved: "移せます", "can be moved";
    was_moved: "移しました", "moved";
    is_there_already: "移行済み", "is there already";
    stays: "移せません", "stays";
    reasons_and_notes: "理由と、変わること", "Why, and what changes";
    move_case: "移行する", "Move";
    move_chosen: "選んだ案件を移行する", "Move the chosen cases";
    letter: "通知書", "Letter";
    mail: "メール", "Mail";
    sent_when: "送るとき", "Sent on";
    sample_lead: "見本の値で作った文面です。実際の案件の値ではありません。", "Written with sample values, not those of a real case.";
    no_texts: "この制度から送る通知はありません。", "This program sends nothing.";
    cannot_be_written: "この文面は作れません。検査の結果を見てください。", "This text cannot be written; see what the check says.";
    in_japanese: "日本語", "Japanese";
    in_english: "英語", "English";
    calls: "募集", "Calls";
    no_calls: "募集はまだありません。", "There are no calls yet.";
    window: "募集回", "Window";
    window_hint: "半角の英小文字・数字・_。1年に1回なら year", "Lower-case letters, digits and _; year when there is one a year";
    opens: "開始日", "Opens";
    closes: "締切日", "Closes";
    closes_hint: "予算に達するまで受け付けるなら空欄", "Leave it empty to take applications while the budget lasts";
    budget_line: "予算科目", "Budget line";
    no_budget_line: "なし（補助金を出さない制度）", "none (no money is given)";
    appropriation: "予算額", "Appropriation";
    appropriation_hint: "その年度で初めて使う科目に計上します。計上済みの額は変わりません", "Posted when the line is new in that year; what is posted stays";
    capacity: "定員", "Places";
    capacity_hint: "制限がなければ空欄", "Empty when there is no limit";
    target: "目標", "Target";
    target_count: "目標の数", "Aim";
    target_of: "数えるもの", "What is counted";
    no_target: "目標なし", "no target";
    reached: "実績", "Reached";
    change_call: "この募集を変更する", "Change this call";
    new_call: "新しい募集", "A new call";
    save_call: "募集を保存する", "Save the call";
    holidays: "閉庁日", "Days of rest";
    holidays_lead: "土日と年末年始のほかに、期限と振込日の計算で休みとする日です。", "Besides weekends and the turn of the year, deadlines and transfers count these days as days of rest.";
    change_holidays: "閉庁日を変更する", "Change the days of rest";
    holidays_hint: "今年度以降の日を1行に1日ずつ（例: 2027-01-04）。国民の祝日も入れてください。この自治体のすべての制度に共通です。", "One day on each line from this fiscal year on, e.g. 2027-01-04; national holidays too. They count for every program of the municipality.";
    no_holidays: "登録された日はありません。", "No days are set.";
    offices: "課", "Offices";
    positions: "職と決裁経路", "Positions and routes";
    deputies: "代決する職", "Deputies";
    route: "決裁経路", "Route";
    up_to: "金額の上限", "Up to";
    no_limit: "上限なし", "no limit";
    telephone: "電話", "Telephone";
    distinct_at_application: "申請した事業者の数", "businesses that apply";
    cases_at_application: "申請の件数", "applications";
    distinct_at_decision: "交付決定した事業者の数", "businesses decided for";
    cases_at_decision: "交付決定の件数", "decisions";
    distinct_at_payment: "完了した事業者の数", "businesses served to the end";
    cases_at_payment: "完了の件数", "cases served to the end";
}

impl Text {
    pub fn how_many_more(self, count: usize) -> String {
        match self.0 {
            Locale::Ja => format!("ほか{count}件"),
            Locale::En => format!("and {count} more"),
        }
    }

    pub fn line_number(self, line: u32) -> String {
        match self.0 {
            Locale::Ja => format!("{line}行目"),
            Locale::En => format!("line {line}"),
        }
    }

    /// A deadline that many programs have; others by their names.
    pub fn deadline_named(self, name: &str) -> String {
        program::deadline_called(name).map_or_else(|| name.to_owned(), |called| called.get(self.0).to_owned())
    }

    pub fn saved_by(self, time: &str, name: &str) -> String {
        match self.0 {
            Locale::Ja => format!("{time} に{name}さんが保存しました。"),
            Locale::En => format!("Saved at {time} by {name}."),
        }
    }

    pub fn in_force_from(self, day: &str) -> String {
        match self.0 {
            Locale::Ja => format!(
                "施行日は{day}です。その前に提出された申請には今の版を、その日以後に提出される申請（作成中の下書きを含む）にはこの版を適用します。"
            ),
            Locale::En => format!(
                "In force from {day}. What is handed in before goes by the present version, what is handed in from then on by this one, drafts included."
            ),
        }
    }

    pub fn passes_over(self, version: i32, day: &str) -> String {
        match self.0 {
            Locale::Ja => format!(
                "第{version}版（{day}施行）は、この版より古いため施行されなくなります。その内容も必要なら、この版を公表した後に、もう一度新しい版として公表してください。"
            ),
            Locale::En => format!(
                "Version {version}, in force from {day}, is older than this one and would never come into force. If it is still meant, publish it once more after this one."
            ),
        }
    }

    pub fn rests_on(self, version: i32) -> String {
        match self.0 {
            Locale::Ja => format!("公表中の第{version}版と比べます。"),
            Locale::En => format!("Compared with the published version {version}."),
        }
    }
}

pub(super) fn nothing_chosen() -> Bilingual {
    Bilingual::new("移行する案件を選んでください", "Choose the cases to move")
}

pub(super) fn wrong_day() -> Bilingual {
    Bilingual::new("日付を入力してください", "Enter a day")
}

pub(super) fn no_day(typed: &str) -> Bilingual {
    Bilingual::new(
        format!("「{typed}」は日付ではありません。2027-01-04のように入力してください"),
        format!("\"{typed}\" is no day; write it like 2027-01-04"),
    )
}

pub(super) fn wrong_number() -> Bilingual {
    Bilingual::new("数字を入力してください", "Enter a number")
}

pub(super) fn wrong_name() -> Bilingual {
    Bilingual::new("半角の英小文字で始まる名前を入力してください", "Enter a name that begins with a lower-case letter")
}

pub(super) fn not_in_place() -> Bilingual {
    Bilingual::new(
        "ここでは書き換えられません。「編集」で直してください",
        "This cannot be changed here; change it under Edit",
    )
}

pub(super) fn empty_value() -> Bilingual {
    Bilingual::new("空にはできません", "This may not be empty")
}
