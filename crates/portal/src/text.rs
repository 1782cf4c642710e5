//! The words of the pages, in both languages. What a program says in its own words comes from its definition.

use vocabulary::{Bilingual, Locale};

/// The words in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text(pub Locale);

macro_rules! words {
    ($($name:ident: $ja:literal, $en:literal;)*) => {
        impl Text {
            $(pub const fn $name(self) -> &'static str {
                self.pick($ja, $en)
            })*
        }
    };
}

mod accessibility;
mod accounts;
mod desk;
mod selection;

pub(crate) use words;

words! {
    site: "補助金ポータル", "Subsidy portal";
    skip: "本文へ移動", "Skip to the main content";
    menu: "メニュー", "Menu";
    footer: "自治体の補助金の申請から支払いまで、この画面で手続できます。", "Apply for subsidies of municipalities, from application to payment.";
    error_prefix: "エラー: ", "Error: ";
    errors_heading: "入力内容を確認してください", "Please check what is entered";
    why: "理由を見る", "See why";
    required: "必須", "required";
    optional: "任意", "optional";
    remark: "窓口からの指摘", "Remark of the office";
    remark_on: "指摘: ", "Remark on: ";
    choose: "選択してください", "Please choose";
    i_agree: "はい、誓約・同意します", "Yes, I agree";
    yes: "はい", "Yes";
    no: "いいえ", "No";
    all: "すべて", "All";
    nothing: "（記入なし）", "(not filled in)";
    yen: "円", "yen";
    total: "合計", "Total";
    net: "税抜額（円）", "Net (yen)";
    tax: "消費税（円）", "Tax (yen)";
    category: "経費区分", "Category";
    what_bought: "内容", "What";
    supplier: "支払先", "Supplier";
    ordered_on: "発注日", "Ordered on";
    delivered_on: "納品日", "Delivered on";
    paid_on: "支払日", "Paid on";
    invoice_number: "適格請求書発行事業者の登録番号（T＋13桁）", "Invoice registration number (T and 13 digits)";
    more_rows: "行を追加", "Add rows";
    item: "項目", "Item";
    current_value: "提出された内容", "As submitted";
    documents: "添付書類", "Documents";
    received: "受領済", "received";
    remove: "取り外す", "Remove";
    upload: "アップロード", "Upload";
    choose_file: "ファイルを選ぶ", "Choose a file";
    files_taken: "PDF、画像、Word、Excel、PowerPoint、テキスト、CSVのファイルを、1つ20MBまで受け取ります。", "Files may be PDF, images, Word, Excel, PowerPoint, text or CSV, of up to 20 MB each.";
    documents_lead: "受け取ったファイルは名前とハッシュ値（SHA-256）を表示します。表示されていれば、確かに保存されています。", "Each file that has arrived is shown with its name and digest (SHA-256): what is shown here is safely kept.";
    unchanged_lead: "補正を求められた次の項目は、まだ変わっていません。このまま提出することもできますが、窓口からの指摘をもう一度ご確認ください。", "These were to be corrected and are still as they were. You may hand them in so, but please read the remarks once more.";
    in_a_new_tab: "（新しいタブで開きます）", "(opens in a new tab)";
    change_email: "メールアドレスを変更", "Change the e-mail address";
    change_email_lead: "新しいアドレスに確認のメールを送ります。確認が済むまでは、今のアドレスのままです。", "A mail goes to the new address. Until it is confirmed there, the present one stays.";
    new_email: "新しいメールアドレス", "New e-mail address";
    nothing_changed: "変更された項目はありません。", "Nothing was changed.";
    no_such_code: "この番号は見つかりません", "There is no such code";
    cover_sheet: "総合振込データ送付票", "Cover sheet of the bank's file";
    cover_lead: "振込データとともに金融機関へお渡しください。受け取ったファイルの件数・金額・ハッシュ値が次と一致することを確かめられます。", "Goes to the bank with the file, so that count, total and digest of what arrived can be compared.";
    sender: "送付元", "From";
    handed_over_by: "引渡し（日付・氏名）", "Handed over (day, name)";
    received_by_bank: "受領（日付・氏名・印）", "Received (day, name, seal)";
    paid_to: "振込先口座", "Paid to";
    remove_row: "行を除く", "Remove row";
    total_with_tax: "税込合計", "Total with tax";
    which_costs: "この書類で支払を確認できる経費", "Costs that this file proves";
    change_rows: "経費を選び直す", "Choose other costs";
    proves_none: "どの経費の書類か選ばれていません", "Of no row";
    which_costs_hint: "当てはまる行をすべて選んでください。どれも選ばないと、すべての経費をまとめた書類として扱います。", "Choose every row that it is about. If you choose none, the file stands for all costs together.";
    no_file_yet: "未添付", "No file yet";
    evidence: "証拠書類", "Evidence";
    proves_all: "すべての経費", "All costs";
    with_all: "まとめた書類", "With all";
    begins_as_planned: "経費の表には、計画の内容を写してあります。実際の内容に直し、日付を入力してください。使わなかった経費の行は「行を除く」で除いてください。", "The table begins with what was planned. Change it to what you really paid and enter the days. Remove the rows that came to nothing.";
    locked: "補正の対象ではありません", "Not to be corrected";
    go_on: "次へ", "Continue";
    award_estimate: "補助金額の試算", "Estimated award";
    award_later: "経費を入力すると、補助金額の試算とその計算が表示されます。", "Enter the costs to see the estimated award and how it is computed.";
    how_computed: "計算の内訳", "How it is computed";
    not_eligible: "対象外", "not eligible";
    sign_in: "ログイン", "Sign in";
    sign_out: "ログアウト", "Sign out";
    sign_up: "新規登録", "Sign up";
    sign_up_lead: "メールアドレス、氏名、パスワードを入力してください。確認のメールをお送りします。郵送の手続やIDの発行は要りません。", "Enter your e-mail address, your name and a password. We send you a mail to confirm the address; nothing else is needed.";
    email: "メールアドレス", "E-mail address";
    password: "パスワード", "Password";
    new_password: "新しいパスワード", "New password";
    password_hint: "15文字以上。記号や数字の決まりはありません。長い文が覚えやすく安全です。", "15 characters or more; no rules about signs or digits. A long sentence is easy to remember and safe.";
    your_name: "氏名", "Your name";
    wrong_password: "メールアドレスかパスワードが正しくありません", "The e-mail address or the password is wrong";
    forgot_password: "パスワードを忘れたとき", "Forgot your password?";
    forgot_password_lead: "登録したメールアドレスに、パスワードを設定するためのリンクをお送りします。", "We send a link for setting a new password to your e-mail address.";
    send_mail: "メールを送る", "Send the mail";
    set_password: "パスワードを設定", "Set the password";
    set_password_lead: "新しいパスワードを入力してください。設定すると、他の端末からはログアウトします。", "Enter a new password. You will be signed out everywhere else.";
    password_set: "パスワードを設定しました", "The password is set";
    password_set_lead: "新しいパスワードでログインしてください。", "Please sign in with the new password.";
    mail_sent: "メールをお送りしました", "We have sent you a mail";
    mail_sent_lead: "届いたメールのリンクを開いてください。届かないときは、迷惑メールのフォルダーとアドレスをご確認ください。", "Please open the link in it. If it does not arrive, look into the spam folder and check the address.";
    verify_email: "メールアドレスを確認", "Confirm the e-mail address";
    verify_email_lead: "ボタンを押すと登録が完了します。", "Press the button to complete the registration.";
    verified: "確認できました", "Confirmed";
    verified_lead: "ログインして手続を始められます。", "You can sign in now.";
    invitation: "招待を受ける", "Accept an invitation";
    invitation_lead: "招待されたメールアドレスで参加します。", "You join with the address that was invited.";
    invitation_password_hint: "初めての方は15文字以上で決めてください。登録済みの方は空欄のままにしてください。", "If you are new, choose one of 15 characters or more. If you have an account, leave it empty.";
    accept: "参加する", "Accept";
    accepted: "参加しました", "You have joined";
    session_ended: "時間がたったためログアウトしました。もう一度ログインしてください。入力した内容は残っています。", "You were signed out after some time. Please sign in again; what you typed is kept.";
    resume: "続きから再開", "Go on where you were";
    resume_lead: "入力した内容は残っています。ボタンを押すと、先ほどの操作を続けます。", "What you typed is kept. Press the button to go on.";
    find_program: "制度を探す", "Find a program";
    find_lead: "使える補助金を探して、そのまま申請できます。", "Find a subsidy that fits, and apply for it right here.";
    words: "キーワード", "Words";
    municipality: "自治体", "Municipality";
    only_open: "募集中のみ", "Only open ones";
    search: "検索", "Search";
    open: "募集中", "Open";
    opens_later: "募集前", "Opens later";
    closed: "募集終了", "Closed";
    rate: "補助率", "Rate";
    cap: "上限額", "Cap";
    period: "募集期間", "Period";
    while_money_lasts: "予算に達するまで", "while the budget lasts";
    time_left: "締切まで", "Time left";
    budget_left: "予算の残額", "Budget left";
    places_left: "残りの定員", "Places left";
    applicant_kinds: "対象者", "Who";
    company: "会社", "Company";
    sole_proprietor: "個人事業主", "Sole proprietor";
    group: "グループ", "Group";
    association: "団体", "Association";
    comma: "、", ", ";
    grounds: "根拠", "Grounds";
    inquiries: "問合せ先", "Questions";
    note: "注意", "Note";
    sample_figures: "金額・期限などに見本の値を含みます", "Some figures are samples";
    may_apply: "事業者の条件を満たしています。", "This business meets the conditions.";
    may_not_apply: "申請できません", "This business cannot apply";
    as_things_stand_not: "（今のままでは申請できません）", " (not as things stand)";
    none_meets_conditions: "条件を満たす事業者がありません。申請書を作り始めることはできますが、このままでは提出できません。上の理由をご確認ください。", "No business of yours meets the conditions. You can prepare an application, but not send it as things stand: please see the reasons above.";
    depends: "（内容により異なります）", " (it depends)";
    who_may_apply: "対象にならない場合", "Who is not eligible";
    refused_when: "次に当てはまる場合は申請できません。", "You cannot apply in these cases:";
    documents_to_prepare: "用意する書類", "Documents to prepare";
    if_it_applies: "（該当する場合）", " (if it applies)";
    what_counts: "対象になる経費", "Costs that count";
    apply: "申請", "Apply";
    office_late: "目安超過", "overdue";
    show_all: "すべて表示する", "Show all";
    found_nothing_lead: "当てはまる補助金は見つかりませんでした。言葉を短くするか、条件を減らしてください。", "No program fits. Use fewer or shorter words, or fewer conditions.";
    search_closed_too: "募集していない補助金も探す", "Look among those that are closed, too";
    near_programs: "近い補助金", "Programs that come near";
    budget_line_name: "予算科目", "Budget line";
    budget_path: "款・項・目・節", "Chapter and item";
    discard_draft: "この下書きを削除する", "Delete this draft";
    discard_lead: "入力した内容と添付した書類が消えます。元に戻せません。", "What was typed and uploaded is gone then. This cannot be undone.";
    payments_of_case: "支払の状況", "Payments";
    transfer_came_back: "振込できず戻りました", "The bank gave it back";
    transfer_prepared: "振込の準備中", "Being prepared";
    paid_now: "今回支払う額", "Paid now";
    claimed_now: "請求する額", "Claimed now";
    under_way_already: "この補助金には手続中の申請があります。もう1件申請する前にご確認ください。", "There is an application for this program under way. Look at it before you begin another one:";
    to_payments: "支払のページへ", "To the payments";
    batches_to_check: "承認を待つ振込データ", "Batches that wait for approval";
    batches_to_export: "ファイルを作る振込データ", "Batches whose file is to be made";
    batches_to_hand_over: "銀行に渡す振込データ", "Batches to be handed to the bank";
    batches_to_record: "結果を記録する振込データ", "Batches whose results are to be recorded";
    unfinished_award: "経費の入力が終わると、補助金額を計算します。", "The award is computed once the costs are complete.";
    other_program: "別の制度、または別の版の案件です。", "It is of another program, or on another version.";
    rest_of_chosen: "残りの案件を続けて処理する", "Go on with the rest";
    similar_cases_there: "重複の可能性がある案件", "Cases that look like this one";
    amount_decided: "決裁する金額", "Amount of this decision";
    not_all_checked: "未確認または疑義あり", "open or in doubt";
    budget_columns: "留保から支払済までは、それぞれの段階にある額です（重なりません）。", "From held to paid, each column says what is at that stage now; none counts another one's money.";
    on_behalf: "職員（紙の申請の代理入力）", "Staff, for an application on paper";
    letter_as_it_will_be: "発行される通知書の本文。番号と日付は発行のときに付きます", "As the letter will read; numbered and dated when it is issued";
    not_attached: "（未添付）", "(not attached)";
    next_project: "事業を行い、支払を済ませてから、下のボタンで報告してください。", "Carry out the project, pay for it, and then report with the button below.";
    has_begun: "作成中・手続中の申請は、こちらから続けられます。", "Go on with what you have begun here:";
    quick_check: "申請できるか確かめる", "See whether you may apply";
    quick_check_lead: "次の質問に答えると、申請の条件に当てはまるかが分かります。入力した内容は保存されません。", "Answer these to see whether you meet the conditions. Nothing that you enter is kept.";
    check_it: "確かめる", "Check";
    may_apply_next: "申請書で確認する条件もあります。必要な書類と申請の期間は、制度のページをご覧ください。", "The application asks for more. See the program's page for its documents and dates.";
    go_on_to_apply: "申請へ進む", "Go on to apply";
    find_another: "ほかの補助金を探す", "Find another program";
    changes_from_lead: "その日以後に提出する申請（作成中のものを含む）には、新しい内容が適用されます。主な変更点:", "What is handed in from that day on, drafts included, goes by the new rules. What changes:";
    not_open_now: "現在、申請は受け付けていません。次の募集をお待ちください。", "Applications are not taken at the moment. Please wait for the next call.";
    sign_in_to_apply: "申請にはログインが必要です。初めての方は新規登録してください。", "Please sign in to apply, or sign up if you are new.";
    register_to_apply: "申請する事業者を登録してください。一度登録すると、次からは選ぶだけです。", "Please register the business that applies. You do this once.";
    register_business: "事業者を登録", "Register a business";
    register_business_lead: "法人番号がある場合は13桁で入力してください。個人事業主は空欄のままにします。", "Enter the corporate number of 13 digits if there is one; sole proprietors leave it empty.";
    correct_business: "登録内容を直す", "Correct what is registered";
    correct_business_lead: "直した内容は、これから提出する書類に使われます。提出済みの書類は、提出した時の内容のまま残ります。", "Corrections count for what is handed in from now on; what was handed in keeps the business as it was.";
    which_business: "申請する事業者", "The business that applies";
    start_application: "申請書を作り始める", "Start the application";
    reuse: "前の申請の内容を引き継ぐ", "Take over from an earlier application";
    reuse_hint: "同じ事業者の申請だけを引き継げます。引き継いだ後も、すべて直せます。", "Only an application of the same business; everything can still be changed.";
    reuse_nothing: "引き継がない", "Take over nothing";
    reuse_what: "引き継ぐ内容を見る", "See what is taken over";
    taken_over: "引き継ぐ項目", "Taken over";
    taken_over_from: "次の申請から引き継ぎました: ", "Taken over from: ";
    taken_over_lead: "今の内容と合っているか、一つずつ確認してください。引き継がなかった項目は新しく入力してください。", "Please check each of them. What was left out has to be entered anew.";
    left_out: "引き継がない項目", "Left out";
    businesses: "事業者", "Businesses";
    no_business: "登録した事業者はまだありません。", "No business is registered yet.";
    address: "所在地", "Address";
    representative: "代表者", "Representative";
    corporate_number: "法人番号", "Corporate number";
    corporate_number_hint: "13桁の数字", "13 digits";
    members: "メンバー", "Members";
    member_owner: "代表", "Owner";
    member: "担当", "Member";
    member_delegate: "代理人", "Delegate";
    role_of_member: "役割", "Role";
    invite_member: "メンバーを招待", "Invite a member";
    remove_member: "外す", "Remove";
    my_applications: "申請一覧", "My applications";
    no_applications: "申請はまだありません。", "There are no applications yet.";
    program: "制度", "Program";
    number: "受付番号", "Number";
    business: "事業者", "Business";
    state: "状態", "State";
    deadline: "期限", "Deadline";
    your_turn: "あなたの手続待ちです", "waits for you";
    next_page: "次のページ", "Next page";
    progress: "進みぐあい", "Progress";
    step_done: "（済）", " (done)";
    stage_drafting: "作成", "Draft";
    stage_review: "審査", "Review";
    stage_project: "事業・報告", "Project and report";
    stage_payment: "確定・支払", "Payment";
    stage_done: "完了", "Done";
    stage_ended: "終了", "Ended";
    what_next: "次の手続", "What comes next";
    next_nothing: "この案件の手続は終わりました。", "This case is closed.";
    next_is: "次の手続：", "Next:";
    said_last: "直前の手続の連絡：", "Written with the last step:";
    next_yours: "あなたの手続をお待ちしています。下のボタンから進めてください。", "It waits for you. Go on with the buttons below.";
    draft_note: "起案すると、決裁が終わるまで効力は生じず、申請者にも通知されません。", "This drafts the decision. It takes effect, and the applicant is told, when everybody on the route has signed.";
    submitted_forms: "提出された書類", "What was submitted";
    next_applicant: "申請者の手続を待っています。", "It waits for the applicant.";
    next_transfer: "振込の結果を待っています。", "It waits for the result of the transfer.";
    next_office: "窓口で手続を進めています。結果はメールでお知らせします。", "The office is working on it. You will get a mail.";
    please_correct: "補正のお願い", "Please correct";
    what_you_can_do: "できること", "What you can do";
    not_now: "今はできません", "not now";
    amounts: "金額", "Amounts";
    amount: "金額", "Amount";
    procedures: "関連する手続", "Procedures beside the case";
    letters: "通知書", "Letters";
    being_made: "作成中", "being made";
    mails: "お送りしたメール", "Mails";
    history: "経過", "History";
    when: "日時", "When";
    what: "内容", "What";
    who: "担当", "By";
    back_to_case: "申請の画面に戻る", "Back to the case";
    pages: "ページ", "Pages";
    confirm: "確認と提出", "Check and send";
    save: "保存する", "Save";
    save_and_next: "保存して次へ", "Save and continue";
    newer_heading: "別の画面で保存された内容があります", "Something else was saved in another window";
    newer_lead: "この画面を開いた後に、別の画面で次の項目が保存されました。どちらの内容も残っています。項目ごとに選んで「選んだ内容で保存」を押してください。", "After this page was opened, these fields were saved in another window. Neither is lost: choose for each of them and press Save what I chose.";
    newer_kept: "別の画面で保存された内容", "As saved in the other window";
    newer_mine: "この画面の内容", "As on this page";
    take_kept: "別の画面で保存された内容にする", "Take what was saved in the other window";
    take_mine: "この画面の内容にする", "Keep what is on this page";
    save_choice: "選んだ内容で保存", "Save what I chose";
    saved_but_newer: "別の画面と異なる項目は保存していません。上で選んでください。ほかの項目は保存しました。", "Not saved where it differs from another window: please choose above. All else is saved.";
    draft_changed: "この確認画面を開いた後に、別の画面で内容が保存されました。今の内容を確認してから、もう一度押してください。", "After this page was opened, the form was saved in another window. Please look at it as it is now, and press again.";
    saved_with_faults: "保存しました。示した点を直してください。ほかのページは上から開けます。", "Saved. Please put right what is said below; the other pages can be opened above.";
    save_failed: "保存できませんでした。通信を確認して「保存する」を押してください。", "Not saved. Please check the connection and press Save.";
    save_lost: "サーバーにつながりません。入力した内容はこの画面に残っています。つながり次第、自動で保存しますので、この画面を閉じないでください。", "The server cannot be reached. What you typed stays on this page and is saved as soon as it can be; please keep the page open.";
    more_questions: "保存しました。回答に応じた項目が増えました。", "Saved. Your answer brings some more questions.";
    nothing_missing: "不足はありません。内容を確認して送信してください。", "Nothing is missing. Please check and send.";
    as_the_office_sees: "窓口に届く内容", "As the office will see it";
    changed_meanwhile: "ほかの人が先に更新しました", "Somebody else has changed it in the meantime";
    load_again: "最新の内容を確認してから、もう一度お試しください。", "Please look at it as it is now, and try again.";
    done_before: "この操作は済んでいます", "This was done before";
    done: "手続が完了しました。", "Done.";
    not_possible: "できませんでした", "This was not possible";
    not_found: "ページが見つかりません", "Page not found";
    not_found_lead: "アドレスが正しいか、ログインしているかをご確認ください。", "Please check the address, and whether you are signed in.";
    too_many: "回数の上限に達しました", "Too many tries";
    unavailable: "ただいま処理できません", "Not possible at the moment";
    unavailable_lead: "少し待ってから、同じ操作をもう一度お試しください。", "Please wait a moment and do the same again.";
    fault: "問題が起きました", "Something went wrong";
    fault_lead: "ご不便をおかけします。下の番号を窓口にお知らせください。", "We are sorry. Please tell the office the number below.";
    number_to_quote: "お問い合わせ番号: ", "Number to quote: ";
    to_start: "最初のページへ", "To the start page";
    form_over_title: "画面の有効期限が切れました", "This page is too old";
    form_over: "前の画面に戻って読み込み直し、もう一度送信してください。", "Please go back, load the page again, and send it once more.";
    bank_code: "金融機関コード", "Bank code";
    bank_code_hint: "数字4桁", "4 digits";
    branch_code: "支店コード", "Branch code";
    branch_code_hint: "数字3桁", "3 digits";
    kind_of_account: "預金種目", "Kind of account";
    account_number: "口座番号", "Account number";
    account_number_hint: "数字7桁。足りないときは先頭に0を付けます", "7 digits; put zeros in front if there are fewer";
    holder_kana: "口座名義（カナ）", "Holder in kana";
    holder_kana_hint: "通帳のとおりに、カタカナで", "In katakana, as in the passbook";
    rate_hint: "例: 1/2", "Example: 1/2";
    in_approval: "決裁中", "In approval";
    drafted_by: "起案者", "Drafted by";
    comment: "コメント", "Comment";
    drafted: "起案", "drafted";
    not_signed: "未決裁", "not signed";
    signed_acting: "代決", "acting";
    signed_skipped: "兼務", "same person";
    what_is_signed: "決裁の対象", "What is signed";
    partner_title: "ご依頼の確認", "What you are asked";
    partner_lead: "メールのリンクからお越しの方の画面です。自動で進まないときは、メールのリンクを貼り付けてください。", "This page is for people who come by the link in a mail. If it does not go on by itself, paste the link here.";
    partner_token: "メールのリンク", "Link in the mail";
    partner_token_hint: "「#」から後ろも含めて貼り付けてください", "Paste all of it, with what follows the #";
    partner_link_over: "このリンクは使えません。期限が切れたか、新しいリンクが送られています。窓口にお問い合わせください。", "This link does not hold. It is over, or a newer one was sent. Please ask the office.";
    partner_nothing: "現在、お願いしている手続はありません。", "Nothing is asked of you at the moment.";
    tasks: "未処理の一覧", "Tasks";
    no_tasks: "今、あなたの手続を待っている案件はありません。", "No case waits for you now.";
    late: "期限超過", "late";
    waits_for: "待ち", "Waits for";
    cases: "案件一覧", "Cases";
    words_of_case: "受付番号・事業者名・カナ・法人番号", "Number, business, kana, corporate number";
    stage: "段階", "Stage";
    fiscal_year: "年度", "Fiscal year";
    order: "並び順", "Order";
    received_on: "受付日", "Received";
    updated_at: "更新日時", "Updated";
    only_mine: "自分の担当のみ", "Only mine";
    as_csv: "この一覧をCSVで保存", "Save this list as CSV";
    nothing_found: "当てはまる案件はありません。", "No case fits.";
    kind_with_applicant: "申請者の手続待ち", "With the applicant";
    kind_with_office: "窓口の手続待ち", "With the office";
    kind_in_project: "事業実施中", "In project";
    kind_awaiting_payment: "支払手続中", "Awaiting payment";
    kind_closed_paid: "完了", "Done";
    kind_closed_unpaid: "終了（支払なし）", "Ended without money";
    role_applicant: "申請者", "Applicant";
    role_clerk: "担当者", "Clerk";
    role_reviewer: "審査担当", "Reviewer";
    role_approver: "決裁権者", "Approver";
    role_finance_maker: "出納担当", "Finance maker";
    role_finance_checker: "出納審査者", "Finance checker";
    role_program_officer: "制度所管課", "Program officer";
    role_auditor: "監査", "Auditor";
    role_administrator: "管理者", "Administrator";
    role_partner: "第三者", "Partner";
    role_panelist: "審査員", "Panelist";
    role_clock: "期限", "Clock";
    role_treasury: "振込", "Transfer";
    assigned_to_you: "あなたが担当しています", "You take care of this case";
    unassigned: "担当者は決まっていません", "Nobody takes care of this case";
    take_on: "担当する", "Take it on";
    hand_back: "担当を外れる", "Hand it back";
    payments: "支払", "Payments";
    waiting_payments: "振込を待つ支払", "Payments that wait";
    no_payments: "振込を待つ支払はありません。", "No payment waits.";
    payee: "受取人", "Payee";
    ordered_at: "支出命令日", "Ordered";
    transfer_date: "振込指定日", "Day of the transfer";
    make_batch: "振込データを作る", "Make a batch";
    batch: "振込データ", "Payment batch";
    batches: "振込データの一覧", "Batches";
    no_batches: "振込データはまだありません。", "There are no batches yet.";
    count: "件数", "Count";
    top_payee: "最も多い受取人", "Largest payee";
    what_is_approved: "承認の対象", "What is approved";
    please_look_at: "確認してください", "Please look at this";
    bank_file: "総合振込ファイル", "The bank's file";
    save_file: "ファイルを保存する", "Save the file";
    made_again: "このファイルは2回以上作られています。銀行へは1回だけ渡してください。", "This file was made more than once. Hand it over once only.";
    account: "口座", "Account";
    result: "結果", "Result";
    not_known: "未確認", "not known";
    transferred: "振込済", "Transferred";
    transfer_failed: "振込不能", "Failed";
    recalled: "組戻", "Recalled";
    reason_of_bank: "銀行の理由", "The bank's reason";
    approve_batch: "承認する", "Approve";
    export_batch: "総合振込ファイルを作る", "Make the bank's file";
    export_again: "同じファイルをもう一度作る", "Make the same file again";
    hand_over_batch: "銀行に渡した", "It was handed to the bank";
    record_results: "選んだ結果を記録する", "Record the results";
    record_rest: "残りをすべて振込済として記録する", "Record all others as transferred";
    batch_next_check: "下の内容を確認し、正しければ承認してください。", "Please check what is below, and approve it if it is right.";
    batch_next_approval: "出納審査者の承認を待っています。振込データを作った人は承認できません。", "It waits for a finance checker. Whoever made it cannot approve it.";
    batch_next_export: "承認されました。出納担当が総合振込ファイルを作ります。", "It is approved. A finance maker makes the bank's file.";
    batch_next_hand_over: "出納担当がファイルを保存して銀行に渡し、「銀行に渡した」を押します。", "A finance maker saves the file, hands it to the bank, and says so with the button below.";
    batch_next_returned: "戻った支払の案件では、口座を確かめて直してもらい、支出命令からやり直します。案件番号から開いてください。", "For each payment that came back the account is put right and it is ordered anew: open its case by the number.";
    batch_next_results: "振込指定日の後に、銀行の結果を出納担当が記録します。", "After the day of the transfer a finance maker records what the bank says.";
    cancel_batch: "振込データを取り消す", "Cancel the batch";
    reason_to_cancel: "取消しの理由", "Reason";
    batch_drafted: "作成", "Made";
    batch_approved: "承認済", "Approved";
    batch_exported: "ファイル作成済", "File made";
    batch_handed_over: "銀行へ提出済", "Handed to the bank";
    batch_confirmed: "振込完了", "All transferred";
    batch_partly_returned: "返却あり", "Some came back";
    batch_cancelled: "取消し", "Cancelled";
    budgets: "予算", "Budgets";
    no_budgets: "この年度の予算はありません。", "There is no budget for this year.";
    show: "表示", "Show";
    appropriated: "予算現額", "Appropriated";
    held: "留保", "Held";
    committed: "負担行為", "Committed";
    finalized: "確定", "Finalized";
    ordered: "支出命令", "Ordered";
    paid: "支払済", "Paid";
    used_share: "使った割合", "Share that is used";
    identifier: "識別子", "Identifier";
    link_until: "リンクの期限", "The link holds until";
}

impl Text {
    pub(crate) const fn pick(self, ja: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Locale::Ja => ja,
            Locale::En => en,
        }
    }

    fn one(self, ja: String, en: String) -> String {
        match self.0 {
            Locale::Ja => ja,
            Locale::En => en,
        }
    }

    /// Values of which one counts.
    pub fn one_of(self, values: &[String]) -> String {
        let depends = if values.len() > 1 { self.depends() } else { "" };
        format!("{}{depends}", values.join(" / "))
    }

    pub fn transferred_on(self, day: &str) -> String {
        self.one(format!("{day}に振込済"), format!("Transferred on {day}"))
    }

    pub fn transfer_planned(self, day: &str) -> String {
        self.one(format!("{day}に振込予定"), format!("To be transferred on {day}"))
    }

    pub fn begun_on(self, day: &str) -> String {
        self.one(format!("（{day}作成開始）"), format!("(begun on {day})"))
    }

    /// After a signature; the position that signs next, or nobody.
    pub fn was_signed(self, next: Option<&str>) -> String {
        match next {
            Some(next) => {
                self.one(format!("決裁しました。次は{next}の決裁を待ちます。"), format!("Signed. Next: {next}."))
            }
            None => self.one("決裁が終わりました。".to_owned(), "Signed. The decision has taken effect.".to_owned()),
        }
    }

    pub fn older_mails(self, count: usize) -> String {
        self.one(format!("これより前のメール（{count}件）も表示する"), format!("Show {count} earlier mails, too"))
    }

    pub fn was_done(self, label: &str) -> String {
        self.one(format!("「{label}」の手続が完了しました。"), format!("Done: {label}."))
    }

    pub fn was_drafted(self, label: &str) -> String {
        self.one(
            format!("「{label}」を起案しました。決裁が終わると確定します。"),
            format!("Drafted: {label}. It takes effect when it is signed."),
        )
    }

    /// A new version comes into force on that day.
    pub fn changes_from(self, day: &str) -> String {
        self.one(format!("{day}から内容が変わります"), format!("This program changes on {day}"))
    }

    pub fn found(self, count: usize) -> String {
        self.one(format!("{count}件"), format!("{count} programs"))
    }

    /// By name, as long as the colleague works there.
    pub fn assigned_to(self, name: Option<&str>) -> String {
        match (self.0, name) {
            (Locale::Ja, Some(name)) => format!("{name}が担当しています"),
            (Locale::Ja, None) => "以前の職員が担当のままです".to_owned(),
            (Locale::En, Some(name)) => format!("{name} takes care of this case"),
            (Locale::En, None) => "It is still with somebody who has left".to_owned(),
        }
    }

    pub fn days(self, days: i64) -> String {
        self.one(format!("あと{days}日"), format!("{days} days"))
    }

    /// A last day, and the days until then.
    pub fn until(self, day: &str, left: i64) -> String {
        match left {
            ..0 => self.one(format!("期限: {day}（過ぎています）"), format!("Until {day} (over)")),
            0 => self.one(format!("期限: {day}（今日まで）"), format!("Until {day} (today)")),
            _ => self.one(format!("期限: {day}（あと{left}日）"), format!("Until {day} ({left} days left)")),
        }
    }

    /// The day until which the office means to act.
    pub fn next_office_until(self, day: &str) -> String {
        self.one(
            format!("窓口で手続を進めています。{day}ごろまでが目安です。結果はメールでお知らせします。"),
            format!("The office is working on it and means to be done by {day}. You will get a mail."),
        )
    }

    /// Whom of the office a case waits for, and the day until which it means to act.
    pub fn next_colleague_until(self, role: &str, day: Option<&str>) -> String {
        let (ja, en) = match day {
            Some(day) => (format!("処理の目安は{day}までです。"), format!(" The office means to be done by {day}.")),
            None => Default::default(),
        };
        self.one(format!("{role}の手続を待っています。{ja}"), format!("It waits for: {role}.{en}"))
    }

    /// The button that drafts a decision for others to sign.
    pub fn draft_it(self, label: &str) -> String {
        self.one(format!("{label}を起案する"), format!("Draft: {label}"))
    }

    /// An action that begins with filling in a form.
    pub fn fill_in(self, action: &str, form: &str) -> String {
        if action == form {
            return action.to_owned();
        }
        match form.starts_with(action) {
            true => self.one(format!("{form}を記入する"), format!("{action}: {form}")),
            false => self.one(format!("{action}（{form}を記入する）"), format!("{action}: {form}")),
        }
    }

    /// Whose signature is waited for.
    pub fn next_signature(self, position: &str) -> String {
        self.one(format!("{position}の決裁を待っています。"), format!("It waits for the signature of: {position}."))
    }

    pub fn version(self, version: i32) -> String {
        self.one(format!("第{version}版"), format!("Version {version}"))
    }

    pub fn at_most(self, yen: &str) -> String {
        self.one(format!("上限{yen}円"), format!("up to {yen} yen"))
    }

    pub fn account_part(self, part: &str) -> Option<&'static str> {
        Some(match part {
            "bank" => self.bank_code(),
            "branch" => self.branch_code(),
            "kind" => self.kind_of_account(),
            "number" => self.account_number(),
            "holder_kana" => self.holder_kana(),
            _ => return None,
        })
    }

    pub fn rows_with_total(self, count: usize, gross: &str) -> String {
        self.one(format!("{count}行、税込{gross}円"), format!("{count} rows, ¥{gross} with tax"))
    }

    pub fn rows(self, count: usize) -> String {
        self.one(format!("{count}行"), format!("{count} rows"))
    }

    /// The name of a cell: its column and row.
    /// The rows that a file proves, counted from 0.
    pub fn proves(self, rows: &[usize]) -> String {
        let rows: Vec<String> = rows.iter().map(|row| (row + 1).to_string()).collect();
        self.one(format!("{}行目の経費", rows.join("・")), format!("Costs of row {}", rows.join(", ")))
    }

    pub fn row_to_prove(self, number: usize, what: &str, supplier: &str, gross: &str) -> String {
        self.one(
            format!("{number}行目 {what}（{supplier}） 税込{gross}円"),
            format!("Row {number}: {what} ({supplier}), ¥{gross} with tax"),
        )
    }

    pub fn files_attached(self, count: usize) -> String {
        self.one(format!("{count}件添付済み"), format!("{count} attached"))
    }

    pub fn row_number(self, number: usize) -> String {
        self.one(format!("{number}行目"), format!("row {number}"))
    }

    pub fn of_row(self, head: &str, row: usize) -> String {
        self.one(format!("{row}行目 {head}"), format!("Row {row}, {head}"))
    }

    /// A part of a form by the first of its fields.
    pub fn part(self, first: &str) -> String {
        self.one(format!("{first} ほか"), format!("{first}, …"))
    }

    pub fn saved_at(self, time: &str) -> String {
        self.one(format!("{time} に自動保存しました"), format!("Saved at {time}"))
    }

    pub fn try_again_in(self, seconds: u64) -> String {
        let minutes = seconds.div_ceil(60).max(1);
        self.one(
            format!("{minutes}分ほど待ってからお試しください。"),
            format!("Please try again in {minutes} minutes."),
        )
    }

    pub fn second_factor_since(self, since: &str, codes: u64) -> String {
        self.one(
            format!("{since} から有効です。使える回復コードは残り{codes}個です。"),
            format!("In force since {since}. {codes} recovery codes are left."),
        )
    }

    pub fn account_kind(self, kind: &str) -> &'static str {
        let (ja, en) = match kind {
            "ordinary" => ("普通", "Ordinary"),
            "checking" => ("当座", "Checking"),
            "savings" => ("貯蓄", "Savings"),
            "other" => ("その他", "Other"),
            _ => ("", ""),
        };
        self.pick(ja, en)
    }
}

/// What is said on the page after something was done, by a code that a cookie carries.
pub(crate) fn notice(t: Text, code: &str) -> Option<&'static str> {
    let (ja, en) = match code {
        "paper-begun" => (
            "下書きを作りました。書類のとおりに入力してください。",
            "The draft is made. Please type in what is on paper.",
        ),
        "assigned" => ("担当者を変更しました。", "Somebody else takes care of it from now on."),
        "done" => ("手続が完了しました。", "Done."),
        "batch-approve" => ("振込データを承認しました。", "The batch is approved."),
        "batch-export" => ("総合振込ファイルを作りました。", "The bank's file is made."),
        "batch-hand_over" => ("銀行に渡したことを記録しました。", "It is recorded that the bank has the file."),
        "batch-cancel" => ("振込データを取り消しました。", "The batch is cancelled."),
        "batch-results" => ("振込の結果を記録しました。", "The results are recorded."),
        "published" => ("公表しました。", "Published."),
        "view-saved" => ("表示条件を保存しました。", "The view is saved."),
        "view-removed" => ("保存した表示条件を削除しました。", "The saved view was removed."),
        "noted" => ("メモを書き込みました。", "The note is kept."),
        "struck" => ("メモを取り消しました。", "The note was struck out."),
        "checked" => ("確認結果を記録しました。", "What you found is recorded."),
        "saved" => ("保存しました。", "Saved."),
        "discarded" => ("下書きを削除しました。", "The draft was deleted."),
        "dropped" => ("下書きを破棄しました。", "The draft is dropped."),
        "figures-accepted" => (
            "シナリオの金額と期限を、下書きの定義による結果に合わせました。",
            "The scenarios expect the amounts and days of this draft now.",
        ),
        "changed-text" => ("定義を書き換えました。", "The definition is changed."),
        "done-before" => ("この操作は済んでいます。", "This was done before."),
        "not-offered" => ("その手続は、今は必要ありません。", "This is not asked for at the moment."),
        "uploaded" => ("ファイルを受け取りました。", "The file has arrived."),
        "uploaded-before" => (
            "同じ内容のファイルを受け取り済みです。二重には登録していません。",
            "A file with the same content is there already; it was not added twice.",
        ),
        "uploaded-beside" => (
            "ファイルを受け取りました。この画面を開いた後に、別の画面からもファイルが登録されています。不要なものは取り外してください。",
            "The file has arrived. Another window has added a file here too: please remove what is not needed.",
        ),
        "removed" => ("ファイルを取り外しました。", "The file was removed."),
        "registered" => ("事業者を登録しました。", "The business is registered."),
        "business-corrected" => ("登録内容を直しました。", "The registration is corrected."),
        "invited" => ("招待のメールを送りました。", "The invitation is on its way."),
        "session-ended" => ("その端末のログインを終了しました。", "That session has ended."),
        "token-revoked" => ("トークンを失効させました。", "The token was revoked."),
        "email-change-sent" => (
            "確認のメールを新しいアドレスに送りました。メールの画面で確認すると、アドレスが変わります。",
            "A mail was sent to the new address. The address changes when you confirm it there.",
        ),
        "password-changed" => ("パスワードを変更しました。", "The password was changed."),
        "passkey-added" => (
            "パスキーを登録しました。次回からこのパスキーでログインできます。",
            "The passkey was added. You can sign in with it from now on.",
        ),
        "provider-removed" => ("連携を解除しました。", "The link was removed."),
        "passkey-removed" => ("パスキーを削除しました。", "The passkey was removed."),
        "second-factor-ended" => ("二段階認証を解除しました。", "The second factor was ended."),
        "invitation-withdrawn" => ("招待を取り消しました。", "The invitation was taken back."),
        "scored" => ("採点を受け付けました。", "Your points have arrived."),
        "stepped-aside" => ("利害関係の申出を受け付けました。", "You have stepped aside."),
        "ranked" => ("順位を確定しました。", "The ranking is recorded."),
        "removed-member" => ("メンバーを外しました。", "The member was removed."),
        _ => return None,
    };
    Some(t.pick(ja, en))
}

pub(crate) fn paper_program() -> Bilingual {
    Bilingual::new("申請する補助金", "Program")
}

pub(crate) fn paper_day() -> Bilingual {
    Bilingual::new("収受日（届いた日）", "Day on which it arrived")
}

/// The name of the comment that an internal return asks for.
pub(crate) fn reason() -> Bilingual {
    Bilingual::new("差戻しの理由", "Reason of the return")
}

pub(crate) fn changed_meanwhile() -> Bilingual {
    Bilingual::new(
        "案件の内容が変わりました。最新の内容を確認して、もう一度送信してください",
        "The case has changed; please look at it as it is now and send again",
    )
}

/// Of the form that registers a business, in the order in which it asks in `businesses::fields`.
pub(crate) fn business_labels() -> [Bilingual; 12] {
    [
        ("事業者名", "Name"),
        ("事業者名（カナ）", "Name in kana"),
        ("所在地", "Address"),
        ("代表者の氏名", "Representative"),
        ("法人番号", "Corporate number"),
        ("事業者の種別", "Kind"),
        ("規模", "Size"),
        ("みなし大企業に当たる（大企業が出資・役員の過半を占める等）", "Counts as a large company (controlled by one)"),
        ("この自治体で事業を始めた日", "In business in this municipality since"),
        ("従業員数（人）", "Employees"),
        ("資本金", "Capital"),
        ("業種", "Trade"),
    ]
    .map(|(ja, en)| Bilingual::new(ja, en))
}

pub(crate) fn applicant_kinds() -> [(&'static str, Bilingual); 4] {
    [
        ("company", Bilingual::new("会社", "Company")),
        ("sole_proprietor", Bilingual::new("個人事業主", "Sole proprietor")),
        ("group", Bilingual::new("グループ", "Group")),
        ("association", Bilingual::new("団体", "Association")),
    ]
}

pub(crate) fn representative_hint() -> Bilingual {
    Bilingual::new(
        "法人は役職と氏名（例: 代表取締役 見本 一郎）。通知書の宛名になります",
        "Title and name for a corporation; letters are addressed to them",
    )
}

pub(crate) fn business_size_hint() -> Bilingual {
    Bilingual::new(
        "小規模事業者は、常時使用する従業員が20人以下（商業・サービス業は5人以下）の事業者です",
        "A micro business has at most 20 regular employees (5 in commerce and services)",
    )
}

pub(crate) fn business_sizes() -> [(&'static str, Bilingual); 4] {
    [
        ("micro", Bilingual::new("小規模事業者", "Micro business")),
        ("sme", Bilingual::new("中小企業者", "Small or medium-sized business")),
        ("large", Bilingual::new("大企業", "Large company")),
        ("", Bilingual::default()),
    ]
}
