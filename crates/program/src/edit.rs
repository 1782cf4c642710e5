//! Changing what a definition file says in place: one value, one entry more or less. Comments, order and everything else stay
//! as somebody wrote them. Every change is read again before it counts: one that would say anything else is not made.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use crate::yaml::{self, Document, pointer_part};

/// The text of a file with what it says.
#[derive(Clone, Debug)]
pub struct Written {
    text: Vec<char>,
    document: Document,
}

impl Written {
    /// None when it is not the YAML that we read.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (document, _) = yaml::parse(text);
        let document = document.filter(|document| document.is_sound)?;
        Some(Self { text: text.chars().collect(), document })
    }

    #[must_use]
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    #[must_use]
    pub fn value(&self) -> &Json {
        &self.document.value
    }

    /// Whether [`Written::set`] knows how to change what is at this JSON pointer: a value on one line.
    #[must_use]
    pub fn may_set(&self, pointer: &str) -> bool {
        self.document.is_on_one_line(pointer)
    }

    /// With another value in the place of one that is there on one line. None when that cannot be done.
    #[must_use]
    pub fn set(&self, pointer: &str, value: &Json) -> Option<Self> {
        if !self.may_set(pointer) {
            return None;
        }
        let mut wanted = self.document.value.clone();
        *wanted.pointer_mut(pointer)? = value.clone();
        self.replaced(self.extent(pointer)?, &flow(value), &wanted)
    }

    /// With one entry more at the end of the map at this JSON pointer. None when it is there or that cannot be done.
    #[must_use]
    pub fn add_entry(&self, pointer: &str, key: &str, value: &Json) -> Option<Self> {
        let mut wanted = self.document.value.clone();
        let map = wanted.pointer_mut(pointer)?.as_object_mut()?;
        if map.contains_key(key) {
            return None;
        }
        map.insert(key.to_owned(), value.clone());
        self.added(pointer, &format!("{key}: {}", flow(value)), "", &wanted)
    }

    /// With one item more at the end of the list at this JSON pointer. None when that cannot be done.
    #[must_use]
    pub fn add_item(&self, pointer: &str, value: &Json) -> Option<Self> {
        let mut wanted = self.document.value.clone();
        wanted.pointer_mut(pointer)?.as_array_mut()?.push(value.clone());
        self.added(pointer, &flow(value), "- ", &wanted)
    }

    /// Without what is at this JSON pointer, an entry of a map or an item of a list, but never the last one. None when that
    /// cannot be done.
    #[must_use]
    pub fn remove(&self, pointer: &str) -> Option<Self> {
        let (parent, _) = pointer.rsplit_once('/')?;
        let siblings = self.children(parent);
        let place = siblings.iter().position(|sibling| sibling == pointer)?;
        let mut wanted = self.document.value.clone();
        match wanted.pointer_mut(parent)? {
            Json::Object(map) => {
                let name = map.keys().nth(place)?.clone();
                map.shift_remove(&name);
            }
            Json::Array(items) => _ = items.remove(place),
            _ => return None,
        }
        if siblings.len() < 2 {
            return None;
        }
        let range = if self.is_flow(parent) {
            match place.checked_sub(1).and_then(|before| siblings.get(before)) {
                Some(before) => self.extent(before)?.end..self.extent(pointer)?.end,
                None => self.begin(pointer)?..self.begin(siblings.get(place + 1)?)?,
            }
        } else {
            self.line_begin(self.begin(pointer)?)..self.line_end(self.last(pointer)?) + 1
        };
        self.replaced(range, "", &wanted)
    }

    /// The JSON pointers of what is directly in a map or list, in the order of the file.
    #[must_use]
    pub fn children(&self, pointer: &str) -> Vec<String> {
        match self.document.value.pointer(pointer) {
            Some(Json::Object(map)) => map.keys().map(|key| format!("{pointer}/{}", pointer_part(key))).collect(),
            Some(Json::Array(items)) => (0..items.len()).map(|place| format!("{pointer}/{place}")).collect(),
            _ => Vec::new(),
        }
    }

    fn added(&self, pointer: &str, entry: &str, dash: &str, wanted: &Json) -> Option<Self> {
        let children = self.children(pointer);
        let extent = self.extent(pointer)?;
        if self.is_flow(pointer) {
            let close = extent.end.checked_sub(1)?;
            let inner = self.text.get(extent.start + 1..close)?;
            let spaces = inner.iter().rev().take_while(|c| c.is_whitespace()).count();
            let comma = if children.is_empty() { "" } else { ", " };
            let at = close.checked_sub(spaces)?;
            return self.replaced(at..at, &format!("{comma}{entry}"), wanted);
        }
        let first = self.line_begin(self.begin(children.first()?)?);
        let indent: String = self.text.get(first..)?.iter().take_while(|c| **c == ' ').collect();
        let at = self.line_end(self.last(children.last()?)?);
        self.replaced(at..at, &format!("\n{indent}{dash}{entry}"), wanted)
    }

    /// The text with this put in, when it says what is wanted then.
    fn replaced(&self, range: Range<usize>, new: &str, wanted: &Json) -> Option<Self> {
        let (before, after) = (self.text.get(..range.start)?, self.text.get(range.end.min(self.text.len())..)?);
        let text: String = before.iter().copied().chain(new.chars()).chain(after.iter().copied()).collect();
        Self::read(&text).filter(|changed| changed.document.value == *wanted)
    }

    /// The characters of a value, without the space behind it.
    fn extent(&self, pointer: &str) -> Option<Range<usize>> {
        let (start, end) = self.document.extent(pointer)?;
        let spaces = self.text.get(start..end)?.iter().rev().take_while(|c| c.is_whitespace()).count();
        Some(start..end - spaces)
    }

    /// The first character of an entry with its key, or of an item.
    fn begin(&self, pointer: &str) -> Option<usize> {
        let place = self.document.key_at(pointer)?;
        let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
        let breaks = self.text.iter().enumerate().filter(|(_, c)| **c == '\n').map(|(at, _)| at + 1);
        let begin = std::iter::once(0).chain(breaks).nth(line)?;
        Some(begin + column)
    }

    /// The last character of a value, of the last one in it when it goes over lines.
    fn last(&self, pointer: &str) -> Option<usize> {
        match self.children(pointer).last().filter(|_| !self.is_flow(pointer)) {
            Some(child) => self.last(child),
            None => self.extent(pointer)?.end.checked_sub(1),
        }
    }

    /// In braces or brackets.
    fn is_flow(&self, pointer: &str) -> bool {
        let first = self.document.extent(pointer).and_then(|(start, _)| self.text.get(start));
        matches!(first, Some('{' | '[')) && self.document.value.pointer(pointer).is_some_and(|v| !v.is_string())
    }

    fn line_begin(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.iter().rposition(|c| *c == '\n').map_or(0, |line_break| line_break + 1)
    }

    /// The break at the end of the line.
    fn line_end(&self, at: usize) -> usize {
        let after = self.text.get(at..).unwrap_or_default();
        after.iter().position(|c| *c == '\n').map_or(self.text.len(), |line_break| at + line_break)
    }
}

/// A value on one line, as the files of the catalogue are written.
fn flow(value: &Json) -> String {
    match value {
        Json::Object(map) => braced(map),
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::String(text) if is_plain(text) => text.clone(),
        Json::Number(number) => grouped(&number.to_string()),
        other => other.to_string(),
    }
}

fn braced(map: &Map<String, Json>) -> String {
    let entries: Vec<String> = map.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}

/// Whether a text needs no quotes, wherever it stands.
fn is_plain(text: &str) -> bool {
    const SIGNS: [char; 19] =
        [',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ':', '\n', '\\'];
    let is_word = !text.contains(SIGNS) && !text.starts_with(['-', '?', '=', ' ', '~']) && !text.ends_with(' ');
    is_word && yaml::parse(text).0.is_some_and(|document| document.is_sound && document.value == *text)
}

/// `1_000`: groups of three, as people write yen.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TEXT: &str = "\
# What everybody reads first.
title: { ja: 補助金, en: Subsidy } # both
amount:
  rate: 1/2   # by the outline
  cap: [ { when: abroad, then: 300_000 }, { then: 200_000 } ]
form:
  event: { type: text, required: true }
  costs:
    type: costs
    categories:
      booth: { cap: 50_000 } # the booth
  # the last field
  note: \"a: b\"
documents:
  application: [plan, quotation]
  report:
    - receipts
    - { name: photos, optional: true }
limits: {}
";

    fn written() -> Written {
        Written::read(TEXT).unwrap()
    }

    #[test]
    fn a_value_changes_and_nothing_else() {
        for (pointer, value, before, after) in [
            ("/amount/rate", json!("2/3"), "rate: 1/2   # by", "rate: 2/3   # by"),
            ("/amount/cap/0/then", json!(1_250_000), "then: 300_000 }", "then: 1_250_000 }"),
            ("/title/ja", json!("補助金（令和9年度）"), "ja: 補助金,", "ja: 補助金（令和9年度）,"),
            ("/title/en", json!("Aid: \"new\", all"), "en: Subsidy }", "en: \"Aid: \\\"new\\\", all\" }"),
            ("/form/event/required", json!(false), "required: true", "required: false"),
            ("/form/costs/categories/booth/cap", json!(900), "cap: 50_000 } # the", "cap: 900 } # the"),
            ("/form/note", json!("c"), "note: \"a: b\"", "note: c"),
            ("/documents/report/0", json!("yes"), "- receipts", "- yes"),
        ] {
            let changed = written().set(pointer, &value).unwrap_or_else(|| panic!("{pointer}"));
            assert_eq!(changed.text(), TEXT.replacen(before, after, 1), "{pointer}");
        }
        assert!(written().set("/form", &json!(1)).is_none());
        assert!(written().set("/nothing", &json!(1)).is_none());
    }

    #[test]
    fn an_entry_more_stands_behind_the_others() {
        let field = json!({ "type": "text", "label": { "ja": "会場", "en": "Venue" } });
        let changed = written().add_entry("/form", "venue", &field).unwrap().text();
        let line = "  note: \"a: b\"\n  venue: { type: text, label: { ja: 会場, en: Venue } }\ndocuments:";
        assert!(changed.contains(line), "{changed}");
        let changed = written().add_entry("/form/costs/categories", "trip", &json!({ "cap": 1_000 })).unwrap().text();
        assert!(changed.contains("# the booth\n      trip: { cap: 1_000 }\n  # the last"), "{changed}");
        let changed = written().add_entry("/limits", "lifetime", &json!(1)).unwrap().text();
        assert!(changed.contains("limits: {lifetime: 1}"), "{changed}");
        assert!(written().add_entry("/form", "note", &field).is_none());

        let changed = written().add_item("/documents/application", &json!("licence")).unwrap().text();
        assert!(changed.contains("[plan, quotation, licence]"), "{changed}");
        let changed = written().add_item("/documents/report", &json!("bill")).unwrap().text();
        assert!(changed.contains("optional: true }\n    - bill\nlimits"), "{changed}");
    }

    #[test]
    fn an_entry_less_leaves_the_others() {
        for (pointer, before, after) in [
            ("/form/event", "  event: { type: text, required: true }\n", ""),
            ("/form/note", "  note: \"a: b\"\n", ""),
            ("/documents/application/0", "[plan, quotation]", "[quotation]"),
            ("/documents/application/1", "[plan, quotation]", "[plan]"),
            ("/documents/report/1", "    - { name: photos, optional: true }\n", ""),
            ("/title/ja", "{ ja: 補助金, en", "{ en"),
        ] {
            let changed = written().remove(pointer).unwrap_or_else(|| panic!("{pointer}"));
            assert_eq!(changed.text(), TEXT.replacen(before, after, 1), "{pointer}");
        }
        let costs = written().remove("/form/costs").unwrap().text();
        assert!(!costs.contains("booth") && costs.contains("# the last field\n  note"), "{costs}");
        assert!(written().remove("/form/costs/categories/booth").is_none(), "the only one stays");
    }

    proptest! {
        #[test]
        fn whatever_is_set_is_read_again(text in "[ -~あ-ん：、]{0,40}") {
            if let Some(changed) = written().set("/title/en", &json!(text)) {
                prop_assert_eq!(changed.value().pointer("/title/en"), Some(&json!(text)));
            }
        }

        #[test]
        fn never_panics(text in "[-a:'\"{}\\[\\],# \n]{0,80}", pointer in "(/[a0-9]){0,3}") {
            if let Some(written) = Written::read(&text) {
                let _ = (written.set(&pointer, &json!(1)), written.remove(&pointer));
                let _ = (written.add_entry(&pointer, "k", &json!(1)), written.add_item(&pointer, &json!("x")));
            }
        }
    }
}
