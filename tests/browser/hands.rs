//! How somebody fills in a page: with a pointer, or by keyboard alone.

use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::chrome::Chrome;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    Pointer,
    Keyboard,
}

/// Presses of a key until whatever is looked for is certainly not there.
const PATIENCE: usize = 200;

impl Hands {
    /// Goes to the first of these elements.
    async fn reach(self, chrome: &Chrome, css: &str) -> Element {
        let element = chrome.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        if self == Self::Pointer {
            return element;
        }
        for _ in 0..PATIENCE {
            let there = chrome.ask("return document.activeElement.matches(arguments[0])", vec![json!(css)]).await;
            if there == json!(true) {
                return chrome.client.active_element().await.unwrap();
            }
            self.key(chrome, Key::Tab).await;
        }
        panic!("the keyboard does not reach {css} on {}", chrome.here().await);
    }

    pub async fn press(self, chrome: &Chrome, css: &str) {
        let element = self.reach(chrome, css).await;
        match self {
            Self::Pointer => element.click().await.unwrap(),
            Self::Keyboard => element.send_keys(&Key::Enter).await.unwrap(),
        }
    }

    /// Puts a value into the control of that name, if the page asks for it.
    pub async fn fill(self, chrome: &Chrome, name: &str, value: &str) {
        let shown = "const e = [...document.getElementsByName(arguments[0])].find((e) => e.type !== 'hidden' && \
                     e.checkVisibility()); return e ? e.type : null";
        let kind = chrome.ask(shown, vec![json!(name)]).await;
        let css = format!("[name='{name}']");
        match kind.as_str() {
            None => {}
            Some("radio") if self == Self::Keyboard => {
                self.reach(chrome, &css).await.send_keys(" ").await.unwrap();
                let chosen = format!("{css}[value='{value}']:checked");
                self.until(chrome, &chosen, Key::Down).await;
            }
            Some("radio") => self.press(chrome, &format!("{css}[value='{value}']")).await,
            Some("checkbox") => {
                let element = self.reach(chrome, &css).await;
                match (element.is_selected().await.unwrap(), self) {
                    (true, _) => {}
                    (false, Self::Pointer) => element.click().await.unwrap(),
                    (false, Self::Keyboard) => element.send_keys(" ").await.unwrap(),
                }
            }
            Some("select-one") if self == Self::Keyboard => {
                self.reach(chrome, &css).await;
                self.until(chrome, &format!("{css}:has(option[value='{value}']:checked)"), Key::Down).await;
            }
            Some("select-one") => self.reach(chrome, &css).await.select_by_value(value).await.unwrap(),
            Some("date") => {
                // Month, day and year, as the browser asks for them in English.
                let [year, month, day] = value.split('-').collect::<Vec<_>>().try_into().unwrap();
                self.reach(chrome, &css).await.send_keys(&format!("{month}{day}{year}")).await.unwrap();
            }
            Some(_) => {
                let element = self.reach(chrome, &css).await;
                if self == Self::Pointer {
                    element.clear().await.unwrap();
                } else {
                    element.send_keys(&format!("{}a", Key::Control)).await.unwrap();
                }
                element.send_keys(value).await.unwrap();
            }
        }
    }

    async fn until(self, chrome: &Chrome, css: &str, key: Key) {
        for _ in 0..PATIENCE {
            if chrome.client.find(Locator::Css(css)).await.is_ok() {
                return;
            }
            self.key(chrome, key).await;
        }
        panic!("never {css}");
    }

    /// A key by itself, wherever the focus is.
    async fn key(self, chrome: &Chrome, key: Key) {
        let presses = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key.into() })
            .then(KeyAction::Up { value: key.into() });
        chrome.client.perform_actions(presses).await.unwrap();
    }

    /// Every value of a form that the page asks for.
    pub async fn fill_in(self, chrome: &Chrome, values: &serde_json::Map<String, Value>) {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            other => other.to_string(),
        };
        let mut flat = Vec::new();
        for (name, value) in values {
            match value {
                Value::Array(rows) => {
                    for (number, row) in rows.iter().enumerate() {
                        let row = row.as_object().unwrap().iter();
                        flat.extend(row.map(|(part, value)| (format!("v.{name}.{number}.{part}"), text(value))));
                    }
                }
                Value::Object(parts) => {
                    flat.extend(parts.iter().map(|(part, value)| (format!("v.{name}.{part}"), text(value))));
                }
                value => flat.push((format!("v.{name}"), text(value))),
            }
        }
        // In the order of the page, which is the order of the keyboard.
        let order = chrome.ask("return [...document.querySelectorAll('[name]')].map((e) => e.name)", Vec::new()).await;
        let order: Vec<String> = serde_json::from_value(order).unwrap();
        let place = |name: &String| order.iter().position(|there| there == name);
        flat.retain(|(name, _)| place(name).is_some());
        flat.sort_by_key(|(name, _)| place(name));
        for (name, value) in flat {
            self.fill(chrome, &name, &value).await;
        }
    }
}
