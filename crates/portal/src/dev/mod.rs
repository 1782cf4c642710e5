//! Helpers for development and the demonstration: the mails that were sent, a console for the API, signing in as one of
//! the people of the demonstration. A production server does not have these pages.

use std::fmt::Write as _;

use vocabulary::Locale;

use crate::html::{escaped, page};

pub const STYLE: &str = include_str!("style.css");
pub const CONSOLE_SCRIPT: &str = include_str!("console.js");

const HEAD: &str = "<link rel=\"stylesheet\" href=\"/dev/style.css\">\n";
const NAVIGATION: &str = "<nav aria-label=\"Development\"><a href=\"/dev/sign-in\">Sign in</a> \
    <a href=\"/dev/mail\">Mail</a> <a href=\"/dev/graphiql\">API console</a></nav>\n";

/// A mail in the folder of mails.
#[derive(Clone, Debug)]
pub struct MailEntry {
    /// The file's name.
    pub file: String,
    pub to: String,
    pub subject: String,
    pub date: String,
}

/// Newest first.
#[must_use]
pub fn mail_list(mails: &[MailEntry]) -> String {
    let mut body = String::from(NAVIGATION);
    if mails.is_empty() {
        body.push_str("<p>No mail has been sent yet.</p>");
        return page(Locale::En, "Mail", HEAD, &body);
    }
    body.push_str(
        "<table>\n<thead><tr><th scope=\"col\">Sent</th><th scope=\"col\">To</th><th scope=\"col\">Subject</th></tr>\
         </thead>\n<tbody>\n",
    );
    for mail in mails {
        let _ = writeln!(
            body,
            "<tr><td>{}</td><td>{}</td><td><a href=\"/dev/mail/{}\">{}</a></td></tr>",
            escaped(&mail.date),
            escaped(&mail.to),
            escaped(&mail.file),
            escaped(if mail.subject.is_empty() { "(no subject)" } else { &mail.subject }),
        );
    }
    body.push_str("</tbody>\n</table>");
    page(Locale::En, "Mail", HEAD, &body)
}

/// One mail: its headers and its text, with links that can be followed.
#[must_use]
pub fn mail_view(entry: &MailEntry, text: &str) -> String {
    let mut body = format!(
        "{NAVIGATION}<dl><dt>To</dt><dd>{}</dd><dt>Sent</dt><dd>{}</dd></dl>\n<pre>",
        escaped(&entry.to),
        escaped(&entry.date)
    );
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            body.push('\n');
        }
        for (number, word) in line.split(' ').enumerate() {
            if number > 0 {
                body.push(' ');
            }
            if word.starts_with("http://") || word.starts_with("https://") {
                let _ = write!(body, "<a href=\"{0}\">{0}</a>", escaped(word));
            } else {
                body.push_str(&escaped(word));
            }
        }
    }
    body.push_str("</pre>");
    page(Locale::En, &entry.subject, HEAD, &body)
}

/// Somebody whom the demonstration knows.
#[derive(Clone, Debug)]
pub struct Person {
    pub email: String,
    pub name: String,
    /// What they are, e.g. 担当者.
    pub label: String,
}

/// One button a person.
#[must_use]
pub fn sign_in(people: &[Person]) -> String {
    let mut body = String::from(NAVIGATION);
    if people.is_empty() {
        body.push_str("<p>There is no demonstration data. Make some with <code>hojokin demo</code>.</p>");
    }
    body.push_str("<ul class=\"people\">\n");
    for person in people {
        let _ = writeln!(
            body,
            "<li><form method=\"post\" action=\"/dev/sign-in\"><input type=\"hidden\" name=\"email\" value=\"{0}\">\
             <button>{1} <small>{2} · {0}</small></button></form></li>",
            escaped(&person.email),
            escaped(&person.name),
            escaped(&person.label),
        );
    }
    body.push_str("</ul>");
    page(Locale::En, "Sign in as", HEAD, &body)
}

/// Write a query, send it, see the answer.
#[must_use]
pub fn console() -> String {
    let head = format!("{HEAD}<script defer src=\"/dev/console.js\"></script>\n");
    let body = format!(
        "{NAVIGATION}<p>Sends to <code>/graphql</code> with your session, or with the token below.</p>\n\
         <form id=\"console\">\n<div class=\"columns\">\n<div>\n\
         <label for=\"query\">Query</label>\n<textarea id=\"query\" rows=\"18\" spellcheck=\"false\">{{\n  viewer {{\n    \
         name\n    email\n    roles {{ municipality role }}\n  }}\n}}</textarea>\n\
         <label for=\"variables\">Variables (JSON)</label>\n<textarea id=\"variables\" rows=\"6\" \
         spellcheck=\"false\"></textarea>\n\
         <label for=\"token\">API token</label>\n<input id=\"token\" type=\"password\" autocomplete=\"off\">\n\
         <p><button>Send (Ctrl+Enter)</button> <button type=\"button\" id=\"schema\">Schema</button></p>\n</div>\n\
         <div>\n<label for=\"answer\">Answer</label>\n<output id=\"status\" for=\"query\"></output>\n\
         <pre id=\"answer\" tabindex=\"0\"></pre>\n</div>\n</div>\n</form>"
    );
    page(Locale::En, "API console", &head, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_mail_becomes_markup() {
        let entry = MailEntry {
            file: "a.eml".to_owned(),
            to: "<b>".to_owned(),
            subject: "<script>".to_owned(),
            date: String::new(),
        };
        let html = mail_view(&entry, "see https://example.jp/\"><script> now") + &mail_list(&[entry]);
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        assert!(html.contains("<a href=\"https://example.jp/&quot;&gt;&lt;script&gt;\">"), "{html}");
    }
}
