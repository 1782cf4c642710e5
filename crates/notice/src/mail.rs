//! E-mails: plain text, in the reader's language.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use vocabulary::{Bilingual, Locale};

use crate::data::prepared;
use crate::engine::{TemplateFault, one_line, render, tidy_lines, unknown_names};

/// A mail of a program's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailText {
    pub subject: Bilingual,
    pub body: Bilingual,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedMail {
    /// Always one line.
    pub subject: String,
    pub text: String,
}

/// # Errors
/// The first thing that is wrong with the template or missing in the data.
pub fn mail(template: &MailText, locale: Locale, data: &Json) -> Result<RenderedMail, TemplateFault> {
    let data = prepared(data, locale);
    Ok(RenderedMail {
        subject: one_line(&render("subject", template.subject.get(locale), locale, &data)?),
        text: tidy_lines(&render("body", template.body.get(locale), locale, &data)?),
    })
}

/// What is wrong with a mail, in both languages, when it is tried on this data (see [`crate::sample_data`]).
#[must_use]
pub fn check_mail(template: &MailText, data: &Json) -> Vec<TemplateFault> {
    check_parts(&[("subject", &template.subject), ("body", &template.body)], data)
}

pub(crate) fn check_parts(parts: &[(&'static str, &Bilingual)], data: &Json) -> Vec<TemplateFault> {
    let mut faults = Vec::new();
    for locale in [Locale::Ja, Locale::En] {
        let data = prepared(data, locale);
        for (part, text) in parts {
            let source = text.get(locale);
            let unknown = unknown_names(part, source, locale, &data);
            match render(part, source, locale, &data) {
                Err(fault) if unknown.is_empty() => faults.push(fault),
                Ok(rendered) if unknown.is_empty() && rendered.trim().is_empty() => faults.push(TemplateFault {
                    code: "template.empty",
                    part,
                    language: locale,
                    line: 1,
                    column: 1,
                    message: Bilingual::new("文面がありません", "There is no text"),
                }),
                _ => {}
            }
            faults.extend(unknown);
        }
    }
    faults
}
