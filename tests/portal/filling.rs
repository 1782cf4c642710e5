//! Filling in the pages of an action as a person would.

use serde_json::{Map, Value};
use testkit::office::sample_pdf;

use crate::browser::{Browser, Form, Page};

/// Types a form's values into a page as far as the page asks for them.
pub fn typed(mut form: Form, values: &Map<String, Value>) -> Form {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    };
    for (name, value) in values {
        let prefix = format!("v.{name}");
        match value {
            Value::Array(rows) if form.fields.iter().any(|(field, _)| field.starts_with(&format!("{prefix}."))) => {
                for (number, row) in rows.iter().enumerate() {
                    for (part, value) in row.as_object().unwrap() {
                        form = form.set(&format!("{prefix}.{number}.{part}"), &text(value));
                    }
                }
            }
            Value::Object(parts) => {
                for (part, value) in parts {
                    form = form.set(&format!("{prefix}.{part}"), &text(value));
                }
            }
            Value::Array(_) => {}
            value => form = form.set(&prefix, &text(value)),
        }
    }
    form
}

/// Fills in all pages of an action's form and attaches what is asked, up to the last page.
pub async fn fill_in(browser: &Browser, path: &str, values: &Map<String, Value>) -> Page {
    let mut page = browser.get(path).await;
    for _ in 0..20 {
        if page.html.contains("value=\"perform\"") {
            return page;
        }
        if page.html.contains("type=\"file\"") || page.html.contains(">Continue</a>") {
            for form in page.forms().into_iter().filter(|form| form.get("step") == "attach") {
                let slot = form.get("slot").to_owned();
                let mut waiting = Some(form);
                // The page chooses the first row of costs that no file proves yet.
                while let Some(form) = waiting {
                    let name = format!("{slot}{}.pdf", form.get("row"));
                    page = browser.upload(&form, &name, sample_pdf(&name)).await;
                    page.says(&name).says("received").says("SHA-256");
                    let forms = page.forms().into_iter();
                    waiting = forms.filter(|form| form.get("slot") == slot).find(|form| !form.get("row").is_empty());
                }
            }
            page = browser.get(&page.link("Continue")).await;
            continue;
        }
        let form = typed(page.form(path), values).set("step", "next");
        page = browser.submit(&form).await;
        assert!(page.status.is_success(), "{}", page.text());
    }
    panic!("the form has no end: {}", page.text());
}
