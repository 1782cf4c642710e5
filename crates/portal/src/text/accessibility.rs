//! Words of the accessibility statement. It says what the tests of the pages do, and nothing beyond; whoever changes those
//! tests changes it too.

use super::Text;

words! {
    accessibility: "ウェブアクセシビリティ方針", "Accessibility statement";
    accessibility_lead: "高齢の方や障害のある方を含め、どなたも支障なく補助金の手続ができるように、次の方針で画面を作り、試験しています。", "Everybody should be able to apply for a subsidy, whatever their age or disability. This is what we aim at, how we test it, and what is not done yet.";
    accessibility_scope: "対象範囲", "Scope";
    accessibility_scope_text: "「補助金ポータル」のすべての画面（申請者、代理人・第三者、審査員、職員が使う画面）", "All pages of the subsidy portal: for applicants, partners, judges and the staff of the office.";
    accessibility_level: "目標とする適合レベル", "Level aimed at";
    accessibility_level_text: "JIS X 8341-3:2016 の適合レベルAA。あわせて WCAG 2.2 のレベルAAも目標とします。", "Level AA of JIS X 8341-3:2016, and level AA of WCAG 2.2.";
    accessibility_degree: "対応度", "Degree of conformance";
    accessibility_degree_text: "JIS X 8341-3:2016 の適合レベルAAに配慮しています。「配慮」は、情報通信アクセス協議会 ウェブアクセシビリティ基盤委員会の「ウェブコンテンツの JIS X 8341-3:2016 対応度表記ガイドライン」で定められた表記です。", "The pages take level AA into consideration (配慮), in the sense of the guidelines of Japan's Web Accessibility Infrastructure Committee: not every criterion has been tested yet, so that conformance is not claimed.";
    accessibility_state: "達成状況", "Where we stand";
    accessibility_state_tested: "下の試験では、違反は見つかっていません。1件でも見つかった変更は取り入れません。", "The tests below find no violation; a change with which they find one is not taken.";
    accessibility_state_open: "人の判断が必要な達成基準（見出しや説明の分かりやすさ、読み上げの順序など）は、すべての画面での確認を終えていません。", "Criteria that need a person's judgement, such as clear headings and the order in which things are read out, have not been checked on every page.";
    accessibility_tests: "試験の方法", "How it is tested";
    accessibility_tests_lead: "変更のたびに、次の試験を自動で行っています。", "With every change, all of this is tested automatically:";
    accessibility_test_rules: "axe-core による検査（WCAG 2.0・2.1・2.2 のレベルAとAAの規則）。Chromium で、一般の方の画面、案件のあらゆる状態の画面、窓口・出納・審査員・管理者・監査・制度所管課の画面と、誤りを知らせる画面を、日本語と英語、明るい配色と暗い配色、パソコンとスマートフォンの幅で調べます。", "axe-core with its rules for levels A and AA of WCAG 2.0, 2.1 and 2.2, in Chromium: on public pages, on cases in every state, on the pages of the office, finance, judges, administrators, auditors and program officers, and on pages that say what is wrong; in Japanese and English, light and dark, as wide as a desk and a phone.";
    accessibility_test_narrow: "幅390ピクセルの画面で、横にはみ出さないこと", "Nothing sticks out to the side on a screen of 390 pixels.";
    accessibility_test_keyboard: "キーボードだけで、申請から支払までの手続ができること", "The way from the application to the payment can be gone by keyboard alone.";
    accessibility_test_scripts: "JavaScript を使わずに、申請から支払までの手続ができること", "It can also be gone without JavaScript.";
    accessibility_exceptions: "例外", "Exceptions";
    accessibility_exception_files: "申請者や職員が添付したファイル（PDF、Word、Excel、画像など）は対象外です。読み取りにくいときは、窓口にお申し出ください。", "Files that applicants and staff attach (PDF, Word, Excel, pictures) are not covered. If you cannot read one, please ask the office.";
    accessibility_gaps: "既知の課題", "Known gaps";
    accessibility_gap_readers: "スクリーンリーダー（NVDA、VoiceOver など）と音声入力による操作は、まだ試験していません。", "Screen readers (NVDA, VoiceOver and others) and voice control have not been tested yet.";
    accessibility_gap_browsers: "Chromium 以外のブラウザー（Safari、Firefox など）は、自動では試験していません。", "Browsers other than Chromium, such as Safari and Firefox, are not tested automatically.";
    accessibility_gap_letters: "通知書の表示は、自動検査の対象にまだ入っていません。", "Letters are not yet among what is tested automatically.";
    accessibility_gap_words: "制度ごとの説明や設問の文章は、制度を作る職員が書いています。分かりにくいところは、制度の窓口が直します。", "What a program says and asks in its own words is written by its office, which puts right what is unclear.";
    accessibility_ask: "使いにくいところ、読めないところがありましたら、申請先の自治体の窓口へお知らせください。画面での手続が難しいときは、電話や窓口でお手伝いします。", "If anything is hard to use or to read, please tell the office of your municipality. If you cannot use these pages, it helps you by telephone or at its counter.";
    phone: "電話", "Telephone";
}
