//! Letters and mails of a program as they would go out, written with sample values in both languages.

use askama::Template;
use service::{Edition, SentText, TextKind, sample_text, sent_texts};
use vocabulary::Locale;

use super::{Desk, Head};
use crate::forms::Choice;
use crate::visit::{Frame, Page, Visit};

#[derive(Template)]
#[template(path = "officer/texts.html")]
struct Texts {
    frame: Frame,
    head: Head,
    editions: Vec<Choice>,
    action: String,
    rows: Vec<Row>,
    sample: Option<Sample>,
}

struct Row {
    href: String,
    kind: &'static str,
    title: String,
    /// In the definition.
    name: String,
    sent_by: String,
    here: bool,
}

struct Sample {
    heading: String,
    /// Language and its name, and the text as far as it can be written.
    texts: Vec<Written>,
}

struct Written {
    language: &'static str,
    label: &'static str,
    /// Title and text.
    text: Option<(String, String)>,
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    let (t, asked) = (visit.t, visit.asked);
    let edition = desk.edition(visit, "version")?;
    let municipality = visit.service.municipality_named(desk.newest.program.municipality()).await?;
    let version = match edition {
        Edition::Version(version) => Some(visit.service.program(&desk.name, Some(version)).await?.program),
        Edition::Draft => None,
    };
    let read = match edition {
        Edition::Draft => visit.service.read_definition(visit.viewer()?, &desk.name, edition).await?,
        Edition::Version(_) => None,
    };
    let program = version.as_deref().or_else(|| read.as_ref().and_then(|read| read.program.as_ref()));
    let sent = program.map(sent_texts).unwrap_or_default();
    let (kind, name) = (asked.parameter("kind"), asked.parameter("name"));
    let chosen = sent.iter().find(|text| key(text.kind) == kind && text.name == name).or_else(|| sent.first());
    let called = |text: &SentText| {
        let rendered =
            program.and_then(|program| sample_text(program, &municipality, (text.kind, &text.name), visit.locale));
        rendered.map_or_else(|| text.name.clone(), |rendered| rendered.subject)
    };
    let sample = chosen.zip(program).map(|(text, program)| {
        let written = |locale, language, label| Written {
            language,
            label,
            text: sample_text(program, &municipality, (text.kind, &text.name), locale)
                .map(|rendered| (rendered.subject, rendered.text)),
        };
        Sample {
            heading: format!("{}: {}", kind_name(visit, text), called(text)),
            texts: vec![written(Locale::Ja, "ja", t.in_japanese()), written(Locale::En, "en", t.in_english())],
        }
    });
    let which = match edition {
        Edition::Draft => "draft".to_owned(),
        Edition::Version(version) => version.to_string(),
    };
    let rows = sent.iter().map(|text| Row {
        href: format!("{}?version={which}&kind={}&name={}#sample", desk.href("texts"), key(text.kind), text.name),
        kind: kind_name(visit, text),
        title: called(text),
        name: text.name.clone(),
        sent_by: visit.say(&text.sent_by).to_owned(),
        here: chosen == Some(text),
    });
    let page = Texts {
        frame: visit.frame(desk.title(visit)),
        head: desk.head(visit, "texts"),
        editions: desk.editions(visit, edition).await?,
        action: desk.href("texts"),
        rows: rows.collect(),
        sample,
    };
    Ok(visit.page(&page))
}

/// The name of a kind in an address.
const fn key(kind: TextKind) -> &'static str {
    match kind {
        TextKind::Letter => "letter",
        TextKind::Mail => "mail",
    }
}

fn kind_name(visit: &Visit<'_>, text: &SentText) -> &'static str {
    match text.kind {
        TextKind::Letter => visit.t.letter(),
        TextKind::Mail => visit.t.mail(),
    }
}
