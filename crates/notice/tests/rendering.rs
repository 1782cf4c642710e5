//! Values stay values, gaps are faults, and faults say where they are.

use notice::{
    Addressee, LetterHead, LetterText, MailText, SystemMail, check_letter, check_mail, letter, mail, sample_data,
    template_hash,
};
use serde_json::{Value, json};
use vocabulary::{Bilingual, Locale, parse_day};

fn same(text: &str) -> Bilingual {
    Bilingual::new(text, text)
}

fn mail_of(subject: &str, body: &str) -> MailText {
    MailText { subject: same(subject), body: same(body) }
}

fn head(name: &str, appeal: Option<Bilingual>) -> LetterHead {
    LetterHead {
        number: None,
        date: parse_day("2026-05-22").unwrap(),
        addressee: Addressee { address: "東京都日野市".into(), name: name.into(), representative: String::new() },
        issuer: Bilingual::new("日野市長", "Mayor of Hino City"),
        appeal,
    }
}

const HOSTILE: &str = "<img src=x onerror=alert(1)>{{7*7}}{% raw %}</p><script>\r\nBcc: all@example.jp";

#[test]
fn values_are_neither_markup_nor_templates() {
    let mut data = sample_data();
    data["business"]["name"] = json!(HOSTILE);
    let text = LetterText {
        title: same("通知書 {{ business.name }}"),
        body: same("{{ business.name }}\n<b>{{ today | wareki }}</b>"),
    };
    let page = letter(&text, Locale::Ja, &data, &head(HOSTILE, Some(same(HOSTILE)))).unwrap().html;
    assert!(!page.contains("<img") && !page.contains("<script") && !page.contains("<b>"), "{page}");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;{{7*7}}{% raw %}"), "{page}");
    assert!(!page.contains("49"), "{page}");

    let mail = mail(&mail_of("{{ business.name }}", "{{ business.name }}"), Locale::Ja, &data).unwrap();
    assert!(mail.subject.ends_with("</p><script> Bcc: all@example.jp") && !mail.subject.contains(['\r', '\n']));
    assert!(mail.text.contains("{{7*7}}") && !mail.text.contains('\r'));
}

#[test]
fn filters_speak_the_readers_language() {
    let text = mail_of("{{ amounts.award | yen }}", "{{ today | wareki }} {{ today | day }} {{ case.fiscal_year }}");
    let ja = mail(&text, Locale::Ja, &sample_data()).unwrap();
    assert_eq!(
        (ja.subject.as_str(), ja.text.as_str()),
        ("167,000円", "令和8年5月22日 令和8年5月22日（金） 令和8年度\n")
    );
    let en = mail(&text, Locale::En, &sample_data()).unwrap();
    assert_eq!((en.subject.as_str(), en.text.as_str()), ("¥167,000", "22 May 2026 Friday, 22 May 2026 FY2026\n"));
}

#[test]
fn a_gap_is_a_fault() {
    let mut data = sample_data();
    data["deadline"] = Value::Null;
    for body in ["{{ deadline }}", "{{ deadline | day }}", "{{ deadline | wareki }}", "{{ input.message }}"] {
        data["input"]["message"] = Value::Null;
        let fault = mail(&mail_of("x", &format!("one\n{body}")), Locale::Ja, &data).unwrap_err();
        assert_eq!((fault.code, fault.part, fault.line), ("template.missing_value", "body", 2), "{body}");
    }
    assert_eq!(
        mail(&mail_of("x", "{% if deadline %}{{ deadline | day }}{% endif %}ok"), Locale::Ja, &data).unwrap().text,
        "ok\n"
    );
}

#[test]
fn checks_find_what_is_wrong_and_where() {
    for (body, code, line) in [
        ("ok\n{{ busines.name }}", "template.unknown_name", 2),
        ("{% if deadline %}{{ business.nmae }}{% endif %}", "template.unknown_name", 1),
        ("{% if not deadline %}{{ amount.award }}{% endif %}", "template.unknown_name", 1),
        ("{{ amounts.award | yne }}", "template.unknown_filter", 1),
        ("{% if deadline %}", "template.syntax", 1),
        ("{{ business.name | yen }}", "template.wrong_value", 1),
        ("{{ amounts.award | wareki }}", "template.wrong_value", 1),
        ("{% include \"footer\" %}", "template.unknown_name", 1),
        (
            "{% set ten = [0,1,2,3,4,5,6,7,8,9] %}{% for a in ten %}{% for b in ten %}{% for c in ten %}{% for d in ten %}\
             {% for e in ten %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
            "template.too_long",
            1,
        ),
        (" ", "template.empty", 1),
    ] {
        let faults = check_mail(&mail_of("{{ case.number }}", body), &sample_data());
        assert_eq!(faults.len(), 2, "{body}: once in each language: {faults:?}");
        assert_eq!((faults[0].code, faults[0].part, faults[0].line), (code, "body", line), "{body}: {faults:?}");
        assert!(!faults[0].message.ja.is_empty());
        let letter = LetterText { title: same("通知書"), body: same(body) };
        assert_eq!(check_letter(&letter, &sample_data()).len(), 2, "{body}");
    }
}

#[test]
fn pairs_are_read_in_one_language() {
    let text =
        mail_of("{{ program.title }} {{ office.name }}", "{% for mark in marks %}\n{{ mark.label }}\n{% endfor %}");
    let en = mail(&text, Locale::En, &sample_data()).unwrap();
    assert_eq!(en.subject, "Sales Channel Development Subsidy Industry Promotion Division");
    assert_eq!(en.text, "Eligible costs\n");
    let mut data = sample_data();
    data["program"]["title"] = json!("題名");
    assert!(mail(&text, Locale::En, &data).unwrap().subject.starts_with("題名 "));
}

#[test]
fn an_appeal_is_printed_when_given() {
    let text = LetterText { title: same("通知書"), body: same("本文") };
    let with = letter(&text, Locale::Ja, &json!({}), &head("日野 太郎", Some(same("3か月以内に")))).unwrap().html;
    assert!(with.contains("<h2>教示</h2>\n<p>3か月以内に</p>"), "{with}");
    assert!(with.contains("<p>日野 太郎 様</p>"), "{with}");
    let without = letter(&text, Locale::En, &json!({}), &head("日野 太郎", None)).unwrap().html;
    assert!(!without.contains("appeal\"") && without.contains("<html lang=\"en\">") && without.contains("22 May 2026"));
}

#[test]
fn system_mails_render() {
    for system in SystemMail::ALL {
        assert_eq!(SystemMail::named(system.name()), Some(system));
        assert_eq!(check_mail(&system.text(), &system.sample_data()), [], "{}", system.name());
        let ja = mail(&system.text(), Locale::Ja, &system.sample_data()).unwrap();
        assert!(ja.subject.starts_with("【補助金ポータル】") && ja.text.contains("https://hojokin.example/"));
    }
}

#[test]
fn the_hash_follows_the_text() {
    let one = mail_of("a", "b");
    assert_eq!(template_hash(&one), template_hash(&one.clone()));
    assert_ne!(template_hash(&one), template_hash(&mail_of("a", "b ")));
}
