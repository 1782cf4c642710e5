//! Letters (通知書): one complete page of HTML that prints on A4. The body of a template is plain text, one paragraph
//! per line; everything is escaped when it is put on the page, so neither a template nor a value can add markup.

use std::fmt::Write;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use vocabulary::{Bilingual, Locale, wareki};

use crate::data::prepared;
use crate::engine::{TemplateFault, one_line, render, tidy_lines};
use crate::mail::check_parts;

/// A letter of a program's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterText {
    pub title: Bilingual,
    pub body: Bilingual,
}

/// What stands around the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterHead {
    /// 文書番号, e.g. 8日産振第12号.
    pub number: Option<String>,
    /// 施行日
    pub date: NaiveDate,
    pub addressee: Addressee,
    /// In whose name it goes out, e.g. 日野市長.
    pub issuer: Bilingual,
    /// 教示: how to appeal, when the legal nature of the program asks for it.
    pub appeal: Option<Bilingual>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    pub address: String,
    pub name: String,
    /// Title and name; empty for a sole proprietor.
    pub representative: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedLetter {
    pub title: String,
    /// A complete page.
    pub html: String,
    /// The same, line by line.
    pub text: String,
}

/// # Errors
/// The first thing that is wrong with the template or missing in the data.
pub fn letter(
    template: &LetterText,
    locale: Locale,
    data: &Json,
    head: &LetterHead,
) -> Result<RenderedLetter, TemplateFault> {
    let data = prepared(data, locale);
    let title = one_line(&render("title", template.title.get(locale), locale, &data)?);
    let body = tidy_lines(&render("body", template.body.get(locale), locale, &data)?);
    let html = page(&title, &body, locale, head);
    let text = plain(&title, &body, locale, head);
    Ok(RenderedLetter { title, html, text })
}

fn plain(title: &str, body: &str, locale: Locale, head: &LetterHead) -> String {
    let mut lines: Vec<String> = head.number.iter().cloned().collect();
    lines.push(wareki(head.date, locale));
    lines.extend(addressee_lines(&head.addressee, locale));
    lines.push(head.issuer.get(locale).to_owned());
    lines.extend([String::new(), title.to_owned(), String::new(), body.to_owned()]);
    if let Some(appeal) = &head.appeal {
        lines.extend([String::new(), appeal_heading(locale).to_owned(), appeal.get(locale).to_owned()]);
    }
    lines.join("\n")
}

const fn appeal_heading(locale: Locale) -> &'static str {
    match locale {
        Locale::Ja => "教示",
        Locale::En => "How to appeal",
    }
}

/// What is wrong with a letter, in both languages, when it is tried on this data (see [`crate::sample_data`]).
#[must_use]
pub fn check_letter(template: &LetterText, data: &Json) -> Vec<TemplateFault> {
    check_parts(&[("title", &template.title), ("body", &template.body)], data)
}

const STYLE: &str = "\
@page { size: A4; margin: 25mm 22mm; }
body { font-family: 'Noto Serif CJK JP', 'Noto Serif JP', 'Yu Mincho', 'Hiragino Mincho ProN', serif; font-size: 11pt; \
line-height: 1.8; color: #000; background: #fff; max-width: 166mm; margin: 0 auto; overflow-wrap: anywhere; }
p { margin: 0; }
header .reference { text-align: right; }
header .to { margin: 8mm 0; }
header .issuer { text-align: right; margin-right: 10mm; }
h1 { font-size: 14pt; font-weight: normal; text-align: center; margin: 12mm 0 8mm; }
main p { text-indent: 1em; }
main .particulars { text-align: center; text-indent: 0; margin: 6mm 0; }
main .item { text-indent: -1em; padding-left: 2em; }
main .sub { text-indent: -2em; padding-left: 4em; }
.appeal { margin-top: 10mm; border-top: 1px solid #000; padding-top: 3mm; font-size: 10pt; break-inside: avoid; }
.appeal h2 { font-size: 10pt; margin: 0; }
@media screen { body { padding: 12mm; } }
";

fn page(title: &str, body: &str, locale: Locale, head: &LetterHead) -> String {
    let lang = if locale == Locale::En { "en" } else { "ja" };
    let title = escaped(title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n"
    );
    if let Some(number) = &head.number {
        push(&mut page, "reference", number);
    }
    push(&mut page, "reference", &wareki(head.date, locale));
    page.push_str("<div class=\"to\">\n");
    for line in addressee_lines(&head.addressee, locale) {
        push(&mut page, "", &line);
    }
    page.push_str("</div>\n");
    push(&mut page, "issuer", head.issuer.get(locale));
    let _ = write!(page, "</header>\n<main>\n<h1>{title}</h1>\n");
    push_body(&mut page, body);
    page.push_str("</main>\n");
    if let Some(appeal) = &head.appeal {
        let heading = appeal_heading(locale);
        let _ = write!(page, "<section class=\"appeal\">\n<h2>{heading}</h2>\n");
        for line in appeal.get(locale).lines().filter(|line| !line.trim().is_empty()) {
            push(&mut page, "", line);
        }
        page.push_str("</section>\n");
    }
    page.push_str("</body>\n</html>\n");
    page
}

/// The last line has the honorific: the representative's, or the name's when there is none.
fn addressee_lines(addressee: &Addressee, locale: Locale) -> Vec<String> {
    let mut lines: Vec<String> = [&addressee.address, &addressee.name, &addressee.representative]
        .into_iter()
        .map(|line| one_line(line))
        .filter(|line| !line.is_empty())
        .collect();
    if let (Locale::Ja, Some(last)) = (locale, lines.last_mut()) {
        last.push_str(" 様");
    }
    lines
}

/// 記 on a line of its own stands in the middle; the numbered items behind it hang.
fn push_body(page: &mut String, body: &str) {
    let mut listed = false;
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let class = match line {
            "記" | "Particulars" if !listed => {
                listed = true;
                "particulars"
            }
            _ if listed && line.starts_with('(') => "sub",
            _ if listed => "item",
            _ => "",
        };
        push(page, class, line);
    }
}

fn push(page: &mut String, class: &str, text: &str) {
    let text = escaped(&one_line(text));
    let _ = if class.is_empty() {
        writeln!(page, "<p>{text}</p>")
    } else {
        writeln!(page, "<p class=\"{class}\">{text}</p>")
    };
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
