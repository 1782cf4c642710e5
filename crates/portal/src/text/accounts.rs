//! Words of the pages about accounts and the people of the office.

use vocabulary::Locale;

use super::Text;

words! {
    security: "アカウントの安全", "Account security";
    second_factor: "二段階認証", "Second factor";
    second_factor_none: "設定されていません。設定すると、パスワードのほかに認証アプリの確認コードが必要になります。", "It is not set up. Once it is, signing in asks for a code of an authenticator app besides the password.";
    second_factor_settings: "二段階認証の設定", "Set up or end the second factor";
    second_factor_lead: "認証アプリ（TOTP対応のもの）をお使いの端末に用意してください。次回のログインから、アプリに表示される6桁の確認コードを入力します。", "You need an authenticator app (TOTP) on your phone or computer. From the next sign-in on you enter the six digits that it shows.";
    second_factor_asked_for: "職員の業務には二段階認証が必要です。設定が終わると、すべての画面を使えます。", "Staff need a second factor here. Once it is set up, all pages are open to you.";
    set_up_second_factor: "二段階認証を設定する", "Set up the second factor";
    scan_it: "認証アプリでこの図を読み取ります。", "Scan this picture with the authenticator app.";
    qr_code: "認証アプリに登録するためのQRコード。文字では下に示しています", "QR code for the authenticator app; it stands below as text";
    or_type_it: "読み取れないときは、次のキーをアプリに入力します（時間ベース、6桁、30秒）。", "If that is not possible, type this key into the app (time-based, six digits, 30 seconds).";
    then_confirm: "アプリに表示された確認コードを入力します。", "Enter the code that the app shows.";
    six_digits: "6桁の数字", "Six digits";
    confirm_code: "確認して有効にする", "Confirm and switch it on";
    code: "確認コード", "Code";
    code_hint: "認証アプリの6桁の数字。端末がないときは回復コード", "The six digits of your app, or a recovery code if you have lost it";
    code_lead: "認証アプリに表示されている確認コードを入力してください。", "Enter the code that your authenticator app shows.";
    other_ways_in: "ほかの方法", "Other ways";
    onward: "外部のサイトへ進みます", "On to the other site";
    onward_lead: "ログインのため、外部のサイトへ進みます。終わるとこのサイトへ戻ります。", "You sign in on another site and come back here afterwards.";
    other_site: "ログインに使うサイト", "Site to sign in with";
    linked: "連携中", "Linked";
    not_linked: "連携していません", "Not linked";
    link: "連携する", "Link";
    unlink: "連携を解除する", "Remove the link";
    passkeys: "パスキー", "Passkeys";
    passkeys_lead: "端末の画面ロック（指紋・顔・暗証番号）やセキュリティキーでログインできます。パスワードと確認コードの入力は不要になります。", "Sign in by what unlocks your device (fingerprint, face, PIN) or by a security key, without password and code.";
    passkey_name: "パスキーの名前", "Name of the passkey";
    passkey_name_hint: "例: 窓口のパソコン", "Example: computer at the counter";
    add_passkey: "パスキーを登録する", "Add a passkey";
    added_at: "登録日時", "Added";
    never_used: "なし", "never";
    remove_passkey: "削除する", "Remove";
    sign_in_by_passkey: "パスキーでログイン", "Sign in with a passkey";
    passkey_failed: "パスキーを確認できませんでした。もう一度お試しいただくか、ほかの方法をご利用ください。", "The passkey was not shown. Please try again, or use another way.";
    or_add_passkey: "認証アプリの代わりに、パスキーを登録することもできます", "You can add a passkey instead of an authenticator app";
    sign_in_over: "時間が過ぎました。もう一度ログインしてください。", "That took too long. Please sign in again.";
    recovery_codes: "回復コード", "Recovery codes";
    recovery_codes_lead: "端末を失くしたときに、確認コードの代わりに1回ずつ使えます。今だけ表示します。印刷するなどして、安全な場所に保管してください。", "Each works once in place of a code, if you lose the app. They are shown now and never again: print them, or keep them in a safe place.";
    renew_codes: "回復コードを作り直す", "Make new recovery codes";
    renew_codes_lead: "作り直すと、前の回復コードは使えなくなります。", "The recovery codes of before will work no more.";
    end_second_factor: "二段階認証を解除する", "End the second factor";
    end_second_factor_lead: "解除すると、パスワードだけでログインします。15文字より短いパスワードは、先に変更してください。", "Signing in will ask for the password alone. If that has fewer than 15 characters, change it first.";
    kept_it: "保管しました", "I have kept it";
    present_password: "現在のパスワード", "Present password";
    change_password: "パスワードを変更する", "Change the password";
    change_password_lead: "変更すると、ほかの端末のログインはすべて終了します。", "All other sessions will end.";
    password_hint_short: "8文字以上（二段階認証を設定しているため）", "At least 8 characters, as a second factor is set up";
    sign_in_afresh: "ご本人の確認", "Please show who you are";
    sign_in_afresh_lead: "お金に関わる手続やアカウントの設定の前に、もう一度パスワードを入力してください。入力した内容は残っています。", "Before something that concerns money or your account, please enter your password again. What you typed is kept.";
    sessions: "ログイン中の端末", "Where you are signed in";
    opened_at: "ログイン日時", "Signed in";
    last_seen: "最後の利用", "Last seen";
    last_used: "最後の利用", "Last used";
    whence: "接続元・ブラウザー", "Address and browser";
    this_session: "この端末", "This one";
    end_session: "終了する", "End it";
    sign_out_everywhere: "すべての端末からログアウトする", "Sign out everywhere";
    tokens: "APIトークン", "API tokens";
    tokens_lead: "ほかのシステムから接続するための鍵です。用途ごとに作り、不要になったら失効させてください。", "Keys for other programs. Make one for each use, and revoke it when it is not needed any more.";
    token_name: "トークンの用途", "What the token is for";
    token_name_hint: "例: 会計システム連携", "Example: link to the accounting system";
    token_scopes: "できること", "What it may do";
    token_days: "有効日数（366日まで）", "Days that it is valid (at most 366)";
    token_ends: "有効期限", "Valid until";
    make_token: "トークンを作成", "Make a token";
    token_made: "トークンを作成しました", "The token was made";
    token_made_lead: "今だけ表示します。接続するシステムに設定してから、この画面を閉じてください。", "It is shown now and never again. Enter it into the other program before you leave this page.";
    token_works: "有効", "valid";
    token_over: "期限切れ", "over";
    token_revoked: "失効", "revoked";
    revoke: "失効させる", "Revoke";
    scope_read: "閲覧", "Read";
    scope_apply: "申請", "Apply";
    scope_act: "手続", "Act on cases";
    scope_pay: "支払", "Payments";
    people: "職員", "People";
    name: "氏名", "Name";
    name_or_email: "氏名・メールアドレス", "Name or e-mail address";
    role: "役割", "Role";
    roles: "役割", "Roles";
    position: "職", "Position";
    active_people: "在籍", "Active";
    deactivated: "利用停止", "Deactivated";
    nobody_found: "当てはまる職員はいません。", "Nobody fits.";
    open_invitations: "承諾待ちの招待", "Invitations not taken yet";
    withdraw_invitation: "取り消す", "Take back";
    invite_staff: "職員を招待", "Invite a member of staff";
    posts: "職", "Positions";
    offices_and_posts: "部署と職", "Offices and positions";
    held_by: "在職者", "Held by";
    vacant: "空席", "vacant";
    first_day: "開始日", "First day";
    last_day: "終了日", "Last day";
    last_day_hint: "決まっていないときは空欄", "Leave it empty when it is not settled";
    acting: "職務代理", "acting";
    acting_hint: "職務代理として（空席の間）", "Acting, while the post is vacant";
    end_it: "終了する", "End it";
    end_today: "今日で終了する", "End it today";
    give_role_or_position: "役割・職を与える", "Give a role or a position";
    give_role: "役割を与える", "Give the role";
    give_position: "職を与える", "Give the position";
    no_sessions: "ログイン中の端末はありません。", "Signed in nowhere.";
    no_tokens: "APIトークンはありません。", "There are no API tokens.";
    works_no_more: "使えません", "works no more";
    account_of_person: "アカウント", "Account";
    account_of_person_lead: "利用を停止すると、ログインはすべて終了し、APIトークンは失効します。二段階認証を解除すると、本人はメールでパスワードを決め直します。", "Deactivating ends all sessions and revokes all tokens. Resetting the second factor makes the person choose a new password by mail.";
    end_sessions: "すべてログアウトさせる", "Sign out everywhere";
    reset_second_factor: "二段階認証を解除する", "Reset the second factor";
    deactivate: "利用を停止する", "Deactivate";
    reactivate: "利用を再開する", "Reactivate";
    audit: "監査", "Audit";
    history_of_all: "全案件の経過", "History of all cases";
    access_log: "アクセス記録", "Access log";
    check_history: "記録の検証", "Check the history";
    check_history_lead: "すべての案件の記録が、書き換え・削除・差し替えなく続いているかを、記録どうしと封印に照らして確かめます。何も変更しません。", "Checks that the history of every case goes on without a change, gap or replacement, against itself and the seals. Nothing is changed.";
    begin_check: "検証を始める", "Begin to check";
    check_on: "続きを検証する", "Check on";
    history_whole: "すべての記録がつながっています。", "The history is whole.";
    history_broken: "つながらない記録があります", "The history is broken";
    whole_name_or_email: "操作した人の氏名かメールアドレス（完全一致）", "Whole name or address of a person";
    nothing_happened: "この期間に当てはまる記録はありません。", "There is nothing in this period.";
    without_number: "（番号なし）", "(no number)";
    machine: "システム", "System";
    sequence: "連番", "Sequence";
    kind_of_step: "種類", "Kind";
    stage_performed: "実行", "performed";
    stage_signed: "決裁", "signed";
    stage_returned: "差戻し", "returned";
    stage_taken_back: "引戻し", "taken back";
    stage_reminded: "期限前のお知らせ", "reminded";
    stage_migrated: "版の移行", "moved to another version";
    subject: "対象", "About";
    address_of_client: "接続元", "Address";
    access_signed_in: "ログイン", "Signed in";
    access_document: "添付書類の取得", "Took a document";
    access_batch: "振込データ（口座）の閲覧", "Saw a batch with bank accounts";
    access_bank_file: "総合振込ファイルの取得", "Took the bank's file";
    access_cases: "案件一覧の保存", "Saved the list of cases";
    access_people: "職員一覧の保存", "Saved the list of people";
    access_failed: "ログインの失敗", "Failed sign-in";
    access_throttled: "ログインの試行の制限", "Too many tries to sign in";
    access_own_data: "自分のデータの保存", "Saved their own data";
    own_data: "自分のデータ", "Your own data";
    own_data_lead: "アカウント、所属する事業者とその申請、提出した内容と書類、通知書、届いたメールを、1つのファイル（ZIP）に保存します。", "Your account, your businesses and their applications, what was handed in with its documents, letters, and mails to you, as one file (ZIP).";
    export_own_data: "自分のデータを保存する", "Save your own data";
    recent_accesses: "最近のログイン", "Recent sign-ins";
    recent_accesses_lead: "心当たりのないものがあるときは、パスワードを変更し、すべての端末からログアウトしてください。", "If one of these was not you, change your password and sign out everywhere.";
    access_history: "監査記録の保存", "Saved the audit's lists";
}

impl Text {
    /// On a button.
    pub fn sign_in_with(self, label: &str) -> String {
        match self.0 {
            Locale::Ja => format!("{label}でログイン"),
            Locale::En => format!("Sign in with {label}"),
        }
    }

    pub fn checked_so_far(self, cases: i64, all: i64, events: i64) -> String {
        match self.0 {
            Locale::Ja => format!("{all}件のうち{cases}件、{events}個の記録を検証しました。"),
            Locale::En => format!("{cases} of {all} cases, {events} events are checked."),
        }
    }
}
