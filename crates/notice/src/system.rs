//! Mails that belong to no program: accounts and the running of the system.

use serde_json::{Value as Json, json};
use vocabulary::Bilingual;

use crate::mail::MailText;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SystemMail {
    /// Somebody is invited to an account, as staff or as a member of a business.
    Invitation,
    /// Somebody with an account is appointed to judge the cases of a call.
    Appointment,
    EmailVerification,
    /// To the address that an account is to have from now on.
    EmailChange,
    /// To the address that it had.
    EmailChanged,
    PasswordReset,
    /// Tells the owner of the account, in case it was not they.
    PasswordChanged,
    /// As [`SystemMail::PasswordChanged`], of the second factor.
    SecondFactorChanged,
    /// As [`SystemMail::PasswordChanged`], of a passkey that opens the account from now on, or does no more.
    PasskeyChanged,
    /// As [`SystemMail::PasswordChanged`], of a provider of identities that opens the account from now on.
    IdentityChanged,
    /// To administrators: notices that could not be delivered.
    DeadLetters,
}

impl SystemMail {
    pub const ALL: [SystemMail; 11] = [
        Self::Invitation,
        Self::Appointment,
        Self::EmailVerification,
        Self::EmailChange,
        Self::EmailChanged,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::SecondFactorChanged,
        Self::PasskeyChanged,
        Self::IdentityChanged,
        Self::DeadLetters,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Appointment => "appointment",
            Self::EmailVerification => "email_verification",
            Self::EmailChange => "email_change",
            Self::EmailChanged => "email_changed",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorChanged => "second_factor_changed",
            Self::PasskeyChanged => "passkey_changed",
            Self::IdentityChanged => "identity_changed",
            Self::DeadLetters => "dead_letters",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mail| mail.name() == name)
    }

    #[must_use]
    pub fn text(self) -> MailText {
        let [subject_ja, subject_en, body_ja, body_en] = match self {
            Self::Invitation => [
                "【補助金ポータル】{{ organization }} からの招待",
                "[hojokin] Invitation from {{ organization }}",
                "{{ organization }} の{{ role }}として招待されました。\n\
                 次の画面でパスワードを決めて、登録を完了してください。\n\n{{ url }}\n\n\
                 有効期限: {{ valid_until|time }}\n\
                 期限を過ぎたときは、招待した方に再送を依頼してください。心当たりがないときは、このメールを破棄してください。\n",
                "You have been invited to {{ organization }} as {{ role }}.\n\
                 Please choose a password on this page to complete your registration.\n\n{{ url }}\n\n\
                 Valid until: {{ valid_until|time }}\n\
                 After that, ask whoever invited you to send it again. If you do not expect this mail, ignore it.\n",
            ],
            Self::Appointment => [
                "【補助金ポータル】{{ program }} 審査員の委嘱",
                "[hojokin] You are appointed as a judge of the {{ program }}",
                "{{ organization }} から、{{ program }}の審査員に委嘱されました。\n\
                 任期: {{ from | wareki }}から{% if until %}{{ until | wareki }}まで{% endif %}\n\n\
                 審査会に付議された案件は、次の画面からご覧いただけます。\n\n{{ url }}\n\n\
                 利害関係のある案件は、採点せずに、画面から申し出てください。\n",
                "{{ organization }} has appointed you as a judge of the {{ program }}.\n\
                 Term: from {{ from | wareki }}{% if until %} to {{ until | wareki }}{% endif %}\n\n\
                 The cases before the panel are on this page.\n\n{{ url }}\n\n\
                 Where you have an interest in a case, please say so there, and do not score it.\n",
            ],
            Self::EmailVerification => [
                "【補助金ポータル】メールアドレスの確認",
                "[hojokin] Confirm your e-mail address",
                "ご登録ありがとうございます。次の画面を開くと、メールアドレスの確認が終わります。\n\n{{ url }}\n\n\
                 有効期限: {{ valid_until|time }}\n心当たりがないときは、このメールを破棄してください。何も登録されません。\n",
                "Thank you for registering. Open this page to confirm your e-mail address.\n\n{{ url }}\n\n\
                 Valid until: {{ valid_until|time }}\nIf you do not expect this mail, ignore it; nothing will be registered.\n",
            ],
            Self::EmailChange => [
                "【補助金ポータル】新しいメールアドレスの確認",
                "[hojokin] Confirm your new e-mail address",
                "メールアドレスの変更を受け付けました。次の画面で確認すると、このアドレスに変わります。\n\n{{ url }}\n\n\
                 有効期限: {{ valid_until|time }}\n心当たりがないときは、このメールを破棄してください。何も変わりません。\n",
                "A change of your e-mail address was requested. Confirm it on this page, and the account has this address.\
                 \n\n{{ url }}\n\n\
                 Valid until: {{ valid_until|time }}\nIf you do not expect this mail, ignore it; nothing will change.\n",
            ],
            Self::EmailChanged => [
                "【補助金ポータル】メールアドレスが変更されました",
                "[hojokin] Your e-mail address was changed",
                "あなたのアカウントのメールアドレスが {{ address }} に変更されました（{{ at|time }}）。\n\
                 今後のお知らせは、新しいアドレスに届きます。ご自身で変更したのでなければ、すぐに管理者へご連絡ください。\n\n{{ url }}\n",
                "The e-mail address of your account is {{ address }} now ({{ at|time }}).\n\
                 Notices go there from now on. If that was not you, tell the administrator at once.\n\n{{ url }}\n",
            ],
            Self::PasswordReset => [
                "【補助金ポータル】パスワードの再設定",
                "[hojokin] Reset your password",
                "パスワードの再設定を受け付けました。次の画面で新しいパスワードを決めてください。\n\n{{ url }}\n\n\
                 有効期限: {{ valid_until|time }}\n\
                 心当たりがないときは、このメールを破棄してください。今のパスワードはそのまま使えます。\n",
                "A reset of your password was requested. Choose a new password on this page.\n\n{{ url }}\n\n\
                 Valid until: {{ valid_until|time }}\n\
                 If you did not request it, ignore this mail; your present password stays valid.\n",
            ],
            Self::PasswordChanged => [
                "【補助金ポータル】パスワードが変更されました",
                "[hojokin] Your password was changed",
                "あなたのアカウントのパスワードが変更されました（{{ at|time }}）。\n\
                 ご自身で変更したのでなければ、すぐに次の画面でパスワードを再設定し、管理者へご連絡ください。\n\n{{ url }}\n",
                "The password of your account was changed ({{ at|time }}).\n\
                 If that was not you, reset it at once on this page and tell the administrator.\n\n{{ url }}\n",
            ],
            Self::SecondFactorChanged => [
                "【補助金ポータル】二段階認証が{% if on %}設定{% else %}解除{% endif %}されました",
                "[hojokin] A second factor was {% if on %}set up{% else %}taken away{% endif %}",
                "あなたのアカウントの二段階認証が{% if on %}設定{% else %}解除{% endif %}されました（{{ at|time }}）。\n\
                 ご自身で行ったのでなければ、すぐに次の画面でセッションとパスワードを確認し、管理者へご連絡ください。\n\n{{ url }}\n",
                "The second factor of your account was {% if on %}set up{% else %}taken away{% endif %} ({{ at|time }}).\n\
                 If that was not you, check sessions and password at once on this page and tell the administrator.\n\n\
                 {{ url }}\n",
            ],
            Self::PasskeyChanged => [
                "【補助金ポータル】パスキーが{% if added %}登録{% else %}削除{% endif %}されました",
                "[hojokin] A passkey was {% if added %}added{% else %}removed{% endif %}",
                "あなたのアカウントのパスキー「{{ name }}」が{% if added %}登録{% else %}削除{% endif %}されました（{{ at|time }}）。\n\
                 ご自身で行ったのでなければ、すぐに次の画面でセッションとパスワードを確認し、管理者へご連絡ください。\n\n{{ url }}\n",
                "The passkey \"{{ name }}\" of your account was {% if added %}added{% else %}removed{% endif %} ({{ at|time }}).\n\
                 If that was not you, check sessions and password at once on this page and tell the administrator.\n\n\
                 {{ url }}\n",
            ],
            Self::IdentityChanged => [
                "【補助金ポータル】{{ provider }}で{% if added %}ログインできるようになりました{% else %}ログインできなくなりました{% endif %}",
                "[hojokin] You can {% if added %}now{% else %}no longer{% endif %} sign in with {{ provider }}",
                "あなたのアカウントと{{ provider }}との連携が{% if added %}設定{% else %}解除{% endif %}されました（{{ at|time }}）。\n\
                 ご自身で行ったのでなければ、すぐに次の画面でセッションとパスワードを確認し、管理者へご連絡ください。\n\n{{ url }}\n",
                "Your account was {% if added %}linked to{% else %}unlinked from{% endif %} {{ provider }} ({{ at|time }}).\n\
                 If that was not you, check sessions and password at once on this page and tell the administrator.\n\n\
                 {{ url }}\n",
            ],
            Self::DeadLetters => [
                "【補助金ポータル】届かなかった通知が{{ count }}件あります",
                "[hojokin] {{ count }} notices could not be delivered",
                "何度か試みましたが、次の通知を届けられませんでした。宛先を確かめ、画面から再送するか、郵送や電話でお伝えください。\n\n\
                 {% for notice in notices %}\n・{{ notice.case_number }} {{ notice.name }}\n{% endfor %}\n\n{{ url }}\n",
                "These notices could not be delivered after several attempts. Please check the addresses and send them \
                 again on the page, or tell the recipients by post or phone.\n\n\
                 {% for notice in notices %}\n- {{ notice.case_number }} {{ notice.name }}\n{% endfor %}\n\n{{ url }}\n",
            ],
        };
        MailText { subject: Bilingual::new(subject_ja, subject_en), body: Bilingual::new(body_ja, body_en) }
    }

    /// The values that the mail needs, with samples.
    #[must_use]
    pub fn sample_data(self) -> Json {
        let url = "https://hojokin.example/account/a1b2c3";
        match self {
            Self::Invitation => json!({
                "organization": { "ja": "日野市", "en": "Hino City" },
                "role": { "ja": "審査担当", "en": "reviewer" },
                "url": url,
                "valid_until": "2026-05-25T01:00:00Z",
            }),
            Self::Appointment => json!({
                "organization": { "ja": "墨田区", "en": "Sumida City" },
                "program": { "ja": "実証実験支援事業", "en": "Field-Test Support" },
                "from": "2026-07-01",
                "until": "2026-09-30",
                "url": "https://hojokin.example/panel",
            }),
            Self::EmailChanged => json!({ "address": "new@example.jp", "url": url, "at": "2026-05-22T01:00:00Z" }),
            Self::EmailVerification | Self::EmailChange | Self::PasswordReset => {
                json!({ "url": url, "valid_until": "2026-05-25T01:00:00Z" })
            }
            Self::PasswordChanged => json!({ "url": url, "at": "2026-05-22T01:00:00Z" }),
            Self::IdentityChanged => json!({
                "provider": { "ja": "GビズID", "en": "gBizID" },
                "added": true,
                "url": url,
                "at": "2026-05-22T01:00:00Z",
            }),
            Self::PasskeyChanged => {
                json!({ "name": "窓口のパソコン", "url": url, "added": true, "at": "2026-05-22T01:00:00Z" })
            }
            Self::SecondFactorChanged => json!({ "url": url, "on": true, "at": "2026-05-22T01:00:00Z" }),
            Self::DeadLetters => json!({
                "url": "https://hojokin.example/outbox",
                "count": 1,
                "notices": [{ "case_number": "2026-00012", "name": { "ja": "補正のお願い", "en": "Please correct" } }],
            }),
        }
    }
}
