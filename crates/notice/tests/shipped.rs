//! Every mail and letter of the shipped archetypes can be written, in both languages, whatever is left empty.

use std::path::Path;

use notice::{Addressee, LetterHead, LetterText, MailText, check_letter, check_mail, letter, mail, sample_data};
use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value, json};
use vocabulary::{Bilingual, Locale, parse_day};

/// Plain YAML with every scalar as text: enough to get at the words.
fn yaml(text: &str) -> Value {
    fn take(events: &mut impl Iterator<Item = Event<'static>>, event: Event<'static>) -> Value {
        match event {
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                while let Some(event) = events.next().filter(|event| !matches!(event, Event::SequenceEnd)) {
                    items.push(take(events, event));
                }
                Value::Array(items)
            }
            Event::MappingStart(..) => {
                let mut fields = Map::new();
                while let Some(key) = events.next().filter(|event| !matches!(event, Event::MappingEnd)) {
                    let key = take(events, key).as_str().unwrap().to_owned();
                    let event = events.next().unwrap();
                    fields.insert(key, take(events, event));
                }
                Value::Object(fields)
            }
            _ => take_next(events),
        }
    }
    fn take_next(events: &mut impl Iterator<Item = Event<'static>>) -> Value {
        let event = events.next().unwrap();
        take(events, event)
    }
    let events: Vec<Event<'static>> =
        Parser::new_from_str(text).map(|event| owned(event.expect("the file is YAML").0)).collect();
    take_next(&mut events.into_iter())
}

fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Scalar(text, style, anchor, _) => Event::Scalar(text.into_owned().into(), style, anchor, None),
        Event::SequenceStart(anchor, _) => Event::SequenceStart(anchor, None),
        Event::MappingStart(anchor, _) => Event::MappingStart(anchor, None),
        Event::SequenceEnd => Event::SequenceEnd,
        Event::MappingEnd => Event::MappingEnd,
        _ => Event::Nothing,
    }
}

/// File, kind, name and the template, of all archetypes.
fn shipped(kind: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/archetypes");
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let archetype = yaml(&std::fs::read_to_string(&path).unwrap());
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        for (name, template) in archetype.get(kind).and_then(Value::as_object).into_iter().flatten() {
            found.push((format!("{stem}/{kind}/{name}"), template.clone()));
        }
    }
    assert!(found.len() > 5, "{kind} of the archetypes");
    found
}

fn letter_text(template: &Value) -> LetterText {
    let part = |name: &str| -> Bilingual { serde_json::from_value(template.get(name).unwrap().clone()).unwrap() };
    LetterText { title: part("title"), body: part("body") }
}

fn head() -> LetterHead {
    LetterHead {
        number: Some("8日産振第12号".into()),
        date: parse_day("2026-05-22").unwrap(),
        addressee: Addressee {
            address: "東京都日野市神明1-1-1".into(),
            name: "株式会社日野製作所".into(),
            representative: "代表取締役 日野 太郎".into(),
        },
        issuer: Bilingual::new("日野市長", "Mayor of Hino City"),
        appeal: None,
    }
}

#[test]
fn every_mail_renders_in_both_languages() {
    for (name, template) in shipped("mails") {
        let text: MailText = serde_json::from_value(template).unwrap();
        assert_eq!(check_mail(&text, &sample_data()), [], "{name}");
        for locale in [Locale::Ja, Locale::En] {
            let mail = mail(&text, locale, &sample_data()).unwrap();
            assert!(!mail.subject.contains('\n'), "{name}");
            assert!(mail.text.contains("2026-00012"), "{name} names the case:\n{}", mail.text);
            assert!(mail.text.contains("https://hojokin.example/cases/2026-00012"), "{name} has the link");
            assert!(!mail.text.contains("\n\n\n") && !mail.text.starts_with('\n'), "{name}:\n{}", mail.text);
            for mark in ["{{", "{%", "none", "undefined"] {
                assert!(!mail.text.contains(mark), "{name}: {mark} in\n{}", mail.text);
            }
            if locale == Locale::En {
                assert!(!mail.text.contains("様") && !mail.text.contains("円"), "{name}: {}", mail.text);
            }
        }
    }
}

#[test]
fn every_letter_renders_in_both_languages() {
    for (name, template) in shipped("letters") {
        let text = letter_text(&template);
        assert_eq!(check_letter(&text, &sample_data()), [], "{name}");
        for locale in [Locale::Ja, Locale::En] {
            let letter = letter(&text, locale, &sample_data(), &head()).unwrap();
            assert!(letter.html.contains("2026-00012"), "{name}");
            assert!(letter.html.contains("<p class=\"particulars\">"), "{name}");
            assert!(!letter.html.contains("{{"), "{name}");
        }
    }
}

/// The optional inputs are left empty, and there is no deadline.
#[test]
fn texts_without_a_deadline_or_conditions_have_no_gap() {
    let mut data = sample_data();
    data["deadline"] = Value::Null;
    data["input"] = json!({});
    data["business"]["representative"] = json!("");
    data["office"] = json!({ "name": "産業振興課" });
    for (name, template) in shipped("mails") {
        if !name.ends_with("/granted") && !name.ends_with("/decided") && !name.ends_with("/finalized") {
            continue;
        }
        let text: MailText = serde_json::from_value(template).unwrap();
        let mail = mail(&text, Locale::Ja, &data).unwrap();
        assert!(!mail.text.contains("期限:") && !mail.text.contains("条件:"), "{name}: {}", mail.text);
    }
    for (name, template) in shipped("letters") {
        if name.contains("decision") {
            let letter = letter(&letter_text(&template), Locale::Ja, &data, &head()).unwrap();
            assert!(!letter.html.contains("<p></p>"), "{name}");
        }
    }
}

#[test]
fn the_grant_decision_reads_like_one() {
    let (_, template) = shipped("letters").into_iter().find(|(name, _)| name.ends_with("/grant_decision")).unwrap();
    let page = letter(&letter_text(&template), Locale::Ja, &sample_data(), &head()).unwrap();
    assert_eq!(page.title, "補助金交付決定通知書");
    for line in [
        "<p class=\"reference\">8日産振第12号</p>",
        "<p class=\"reference\">令和8年5月22日</p>",
        "<p>代表取締役 日野 太郎 様</p>",
        "<p class=\"issuer\">日野市長</p>",
        "<p>令和8年5月11日付けで申請のあった販路開拓支援事業補助金については、下記のとおり交付することに決定したので通知します。</p>",
        "<p class=\"particulars\">記</p>",
        "<p class=\"item\">2 補助対象年度 令和8年度</p>",
        "<p class=\"item\">3 交付決定額 167,000円</p>",
        "<p class=\"sub\">(7) 展示会の来場者数を報告すること。</p>",
    ] {
        assert!(page.html.contains(line), "{line}\n{}", page.html);
    }
}
