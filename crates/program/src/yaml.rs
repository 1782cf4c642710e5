//! Strict YAML 1.2: one document of plain data with the place of every key and value. Whatever could be read in two
//! ways (anchors, tags, duplicate keys, `yes`, empty values) is a finding, never a guess.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Value as Json};
use vocabulary::Bilingual;

use crate::finding::Finding;

const MAX_BYTES: usize = 1_048_576;
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 50_000;
const MAX_FINDINGS: usize = 100;

/// A place in a file, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    key: Option<Place>,
    value: Place,
    /// How many characters stand before the text itself; `None` when the text is folded or on lines of its own.
    quote: Option<u32>,
    /// Where the text of a literal block (`|`) begins.
    block: Option<Place>,
    /// From its first character to behind its last one, both counted from 0 in the whole text.
    extent: (usize, usize),
}

/// A file's data, and where in the file each part of it is.
#[derive(Clone, Debug)]
pub struct Document {
    pub value: Json,
    /// Nothing was wrong with how it is written.
    pub is_sound: bool,
    nodes: HashMap<String, Node>,
}

impl Document {
    /// The place of the value at a JSON pointer, or of the nearest part around it.
    #[must_use]
    pub fn value_at(&self, pointer: &str) -> Option<Place> {
        self.nearest(pointer).map(|node| node.value)
    }

    /// The place of the key that leads to a JSON pointer, or of the value when it has none.
    #[must_use]
    pub fn key_at(&self, pointer: &str) -> Option<Place> {
        self.nearest(pointer).map(|node| node.key.unwrap_or(node.value))
    }

    /// The place of a character inside the text at a JSON pointer.
    #[must_use]
    pub fn inside(&self, pointer: &str, offset: usize) -> Option<Place> {
        let node = self.nearest(pointer)?;
        let column = match node.quote {
            Some(quote) => {
                u32::try_from(offset).ok().and_then(|offset| (node.value.column + quote).checked_add(offset))
            }
            None => None,
        };
        Some(Place { column: column.unwrap_or(node.value.column), ..node.value })
    }

    /// The place of a character in a line of the text at a JSON pointer, both counted from 1.
    #[must_use]
    pub fn line_inside(&self, pointer: &str, line: u32, column: u32) -> Option<Place> {
        let node = self.nearest(pointer)?;
        let (down, across) = (line.checked_sub(1)?, column.checked_sub(1)?);
        match node.block {
            Some(block) => {
                Some(Place { line: block.line.checked_add(down)?, column: block.column.checked_add(across)? })
            }
            None => self.inside(pointer, usize::try_from(across).ok()?),
        }
    }

    /// The characters of the value at exactly that JSON pointer, counted from 0 in the whole text.
    #[must_use]
    pub fn extent(&self, pointer: &str) -> Option<(usize, usize)> {
        self.nodes.get(pointer).map(|node| node.extent)
    }

    /// Whether the value at a JSON pointer is a text, number or word on one line.
    #[must_use]
    pub fn is_on_one_line(&self, pointer: &str) -> bool {
        self.nodes.get(pointer).is_some_and(|node| node.quote.is_some())
    }

    /// Whether the file itself says something at a JSON pointer.
    #[must_use]
    pub fn says(&self, pointer: &str) -> bool {
        self.nodes.contains_key(pointer)
    }

    fn nearest(&self, pointer: &str) -> Option<&Node> {
        let mut pointer = pointer;
        loop {
            if let Some(node) = self.nodes.get(pointer) {
                return Some(node);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }
}

/// A key as a part of a JSON pointer.
#[must_use]
pub fn pointer_part(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Reads one document. It is there as far as it could be read, also when there are findings.
#[must_use]
pub fn parse(text: &str) -> (Option<Document>, Vec<Finding>) {
    let mut reader = Reader { lines: text.lines().collect(), ..Reader::default() };
    if text.len() > MAX_BYTES {
        reader.report("yaml.too_large", None, "ファイルは1MiBまでです", "A file has at most 1 MiB");
        return (None, reader.findings);
    }
    if let Some((line, column)) = text.lines().enumerate().find_map(|(line, text)| {
        text.chars().position(|c| c == char::REPLACEMENT_CHARACTER).map(|column| (line, column))
    }) {
        let place = Place { line: to_u32(line) + 1, column: to_u32(column) + 1 };
        let (ja, en) = (
            "UTF-8ではない文字があります（Shift_JISで保存されていませんか）",
            "This is not UTF-8; was the file saved as Shift_JIS?",
        );
        reader.report("yaml.encoding", Some(place), ja, en);
        return (None, reader.findings);
    }
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => {
            reader.report(
                "yaml.bom",
                Some(START),
                "先頭のBOMを削除してください",
                "Remove the byte order mark at the start",
            );
            rest
        }
        None => text,
    };
    for (line, content) in (1..).zip(text.lines()) {
        if let Some(at) = content.chars().position(|c| c == '\t') {
            let place = Place { line, column: to_u32(at) + 1 };
            reader.report("yaml.tab", Some(place), "タブではなく空白を使ってください", "Use spaces, not tabs");
        }
    }
    reader.read(text);
    let document =
        reader.root.take().map(|value| Document { value, is_sound: reader.findings.is_empty(), nodes: reader.nodes });
    (document, reader.findings)
}

const START: Place = Place { line: 1, column: 1 };

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX - 1)
}

fn start_of(span: &Span) -> Place {
    Place { line: to_u32(span.start.line().max(1)), column: to_u32(span.start.col()) + 1 }
}

#[derive(Default)]
struct Reader<'t> {
    lines: Vec<&'t str>,
    findings: Vec<Finding>,
    nodes: HashMap<String, Node>,
    open: Vec<Open>,
    root: Option<Json>,
    count: usize,
}

/// A list or map that is being read.
struct Open {
    pointer: String,
    kind: Kind,
}

enum Kind {
    List(Vec<Json>),
    Map {
        entries: Map<String, Json>,
        key: Option<(String, Place)>,
    },
    /// A map or list in the place of a key: reported, then read over.
    Lost,
}

impl Reader<'_> {
    fn report(&mut self, code: &str, place: Option<Place>, ja: impl Into<String>, en: impl Into<String>) {
        if self.findings.len() < MAX_FINDINGS {
            let mut finding = Finding::error(code, "", Bilingual::new(ja, en));
            finding.line = place.map(|place| place.line);
            finding.column = place.map(|place| place.column);
            self.findings.push(finding);
        }
    }

    fn read(&mut self, text: &str) {
        let mut documents = 0_u32;
        for event in Parser::new_from_str(text) {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let mark = error.marker();
                    let place = Place { line: to_u32(mark.line().max(1)), column: to_u32(mark.col()) + 1 };
                    let en = format!("This is not YAML: {}", error.info());
                    self.report("yaml.syntax", Some(place), format!("YAMLとして読めません（{}）", error.info()), en);
                    return;
                }
            };
            let place = start_of(&span);
            match &event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        let (ja, en) = ("1つのファイルに書ける文書は1つです", "A file holds one document");
                        return self.report("yaml.documents", Some(place), ja, en);
                    }
                }
                Event::Alias(_) => self.report("yaml.anchor", Some(place), NO_ANCHORS.0, NO_ANCHORS.1),
                Event::Scalar(_, _, anchor, tag) => self.refuse_extras(*anchor, tag.is_some(), place),
                Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                    self.refuse_extras(*anchor, tag.is_some(), place);
                }
                _ => {}
            }
            if self.is_too_much(&event, place) {
                return;
            }
            self.take(event, &span);
        }
    }

    fn refuse_extras(&mut self, anchor: usize, tagged: bool, place: Place) {
        if anchor != 0 {
            self.report("yaml.anchor", Some(place), NO_ANCHORS.0, NO_ANCHORS.1);
        }
        if tagged {
            self.report("yaml.tag", Some(place), "タグ（!…）は使えません", "Tags (!…) are not used here");
        }
    }

    fn is_too_much(&mut self, event: &Event<'_>, place: Place) -> bool {
        if matches!(event, Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_)) {
            self.count += 1;
        }
        if self.count > MAX_NODES {
            self.report(
                "yaml.too_many_nodes",
                Some(place),
                "項目が5万を超えています",
                "There are more than 50,000 nodes",
            );
            return true;
        }
        let deeper = matches!(event, Event::SequenceStart(..) | Event::MappingStart(..));
        if deeper && self.open.len() >= MAX_DEPTH {
            self.report("yaml.too_deep", Some(place), "入れ子は32段までです", "Nesting ends at 32 levels");
            return true;
        }
        false
    }

    fn take(&mut self, event: Event<'_>, span: &Span) {
        let place = start_of(span);
        match event {
            Event::Scalar(text, style, ..) => self.scalar(&text, style, span),
            Event::Alias(_) => self.value(Json::Null, place, None),
            Event::SequenceStart(..) => self.start(Kind::List(Vec::new()), span),
            Event::MappingStart(..) => self.start(Kind::Map { entries: Map::new(), key: None }, span),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            _ => {}
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: &Span) {
        let place = start_of(span);
        if let Some(Open { kind: Kind::Map { key, .. }, .. }) = self.open.last_mut()
            && key.is_none()
        {
            *key = Some((text.to_owned(), place));
            if text.is_empty() {
                self.report("yaml.key", Some(place), "項目名がありません", "A key is missing");
            }
            return;
        }
        let quote = match style {
            ScalarStyle::Plain if span.start.line() == span.end.line() => Some(0),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if span.start.line() == span.end.line() => Some(1),
            _ => None,
        };
        let value = if style == ScalarStyle::Plain { self.plain(text, place) } else { Json::from(text) };
        let pointer = self.place_next(place, quote);
        self.extend(&pointer, (span.start.index(), span.end.index()));
        self.store(value);
        if style == ScalarStyle::Literal {
            let block = self.block(place);
            if let Some(node) = self.nodes.get_mut(&pointer) {
                node.block = block;
            }
        }
    }

    /// Where the text of a literal block begins: its first line, after the indentation.
    fn block(&self, value: Place) -> Option<Place> {
        let first = usize::try_from(value.line).ok()?.checked_sub(1)?;
        let indent = self.lines.iter().skip(first).find(|line| !line.trim().is_empty());
        let indent = indent.map_or(0, |line| line.chars().take_while(|c| *c == ' ').count());
        Some(Place { line: value.line, column: to_u32(indent) + 1 })
    }

    /// Whether what stands before a missing value has no key: `{ en: more than 1,000 yen }`.
    fn is_cut_by_comma(&self, place: Place) -> bool {
        let line = usize::try_from(place.line).ok().and_then(|line| self.lines.get(line.checked_sub(1)?));
        let before: Option<String> = line.map(|line| line.chars().take(place.column as usize).collect());
        let part = before.as_deref().and_then(|before| before.rsplit_once(','));
        part.is_some_and(|(_, part)| !part.trim_start().is_empty() && !part.contains(':') && !part.contains('{'))
    }

    /// Only `true`, `false` and integers are more than words; dates, decimals and `yes` are words.
    fn plain(&mut self, text: &str, place: Place) -> Json {
        match text {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "" | "~" | "null" => {
                let (ja, en) = if self.is_cut_by_comma(place) {
                    (
                        "{ } の中ではコンマで文が切れます。文全体を引用符で囲んでください",
                        "Between braces a comma ends a text: put the whole text in quotes",
                    )
                } else {
                    (
                        "値がありません。不要なら項目ごと削除してください",
                        "The value is missing; leave the key out if there is none",
                    )
                };
                self.report("yaml.empty_value", Some(place), ja, en);
                Json::Null
            }
            _ if is_integer(text) => match text.replace('_', "").parse::<i64>() {
                Ok(number) => Json::from(number),
                Err(_) => {
                    self.report("yaml.integer", Some(place), "整数が大きすぎます", "This integer is too large");
                    Json::from(0)
                }
            },
            _ => Json::from(text),
        }
    }

    fn start(&mut self, kind: Kind, span: &Span) {
        let place = start_of(span);
        if let Some(Open { kind: Kind::Map { key, .. }, .. }) = self.open.last_mut()
            && key.is_none()
        {
            *key = Some((String::new(), place));
            self.report("yaml.key", Some(place), "項目名は語で書いてください", "A key is a word");
            self.open.push(Open { pointer: String::from("/?"), kind: Kind::Lost });
            return;
        }
        if matches!(self.open.last(), Some(Open { kind: Kind::Lost, .. })) {
            self.open.push(Open { pointer: String::from("/?"), kind: Kind::Lost });
            return;
        }
        let pointer = self.place_next(place, None);
        self.extend(&pointer, (span.start.index(), span.end.index()));
        self.open.push(Open { pointer, kind });
    }

    fn end(&mut self, span: &Span) {
        let Some(Open { pointer, kind }) = self.open.pop() else { return };
        let value = match kind {
            Kind::List(items) => Json::Array(items),
            Kind::Map { entries, .. } => Json::Object(entries),
            Kind::Lost => return,
        };
        if let Some(node) = self.nodes.get_mut(&pointer) {
            node.extent.1 = span.end.index();
        }
        self.store(value);
    }

    fn extend(&mut self, pointer: &str, extent: (usize, usize)) {
        if let Some(node) = self.nodes.get_mut(pointer) {
            node.extent = extent;
        }
    }

    fn value(&mut self, value: Json, place: Place, quote: Option<u32>) {
        self.place_next(place, quote);
        self.store(value);
    }

    /// Notes where the next value of the innermost list or map stands; its JSON pointer.
    fn place_next(&mut self, value: Place, quote: Option<u32>) -> String {
        let (pointer, key) = match self.open.last() {
            None => (String::new(), None),
            Some(Open { pointer, kind: Kind::List(items) }) => (format!("{pointer}/{}", items.len()), None),
            Some(Open { pointer, kind: Kind::Map { key, .. } }) => match key {
                Some((key, place)) => (format!("{pointer}/{}", pointer_part(key)), Some(*place)),
                None => (pointer.clone(), None),
            },
            Some(Open { kind: Kind::Lost, .. }) => return String::from("/?"),
        };
        self.nodes.entry(pointer.clone()).or_insert(Node { key, value, quote, block: None, extent: (0, 0) });
        pointer
    }

    fn store(&mut self, value: Json) {
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(value),
            Some(Kind::List(items)) => items.push(value),
            Some(Kind::Map { entries, key }) => {
                let Some((key, place)) = key.take() else { return };
                if entries.contains_key(&key) {
                    let (ja, en) = (format!("「{key}」が2回あります"), format!("`{key}` is here twice"));
                    self.report("yaml.duplicate_key", Some(place), ja, en);
                } else {
                    entries.insert(key, value);
                }
            }
            Some(Kind::Lost) => {}
        }
    }
}

const NO_ANCHORS: (&str, &str) =
    ("アンカー（&）と別名（*）は使えません", "Anchors (&) and aliases (*) are not used here");

/// `0`, `-12`, `50_000`: no leading zeros (codes are words), underscores only between digits.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let single = digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    single && (digits == "0" || !digits.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn codes(text: &str) -> Vec<String> {
        parse(text).1.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn only_true_false_and_integers_are_more_than_words() {
        let text =
            "on: yes\nno: 1_000\nrate: 1/2\nday: 2026-04-01\nbank: 0001\nflag: true\nshare: 0.5\nq: \"12\"\nn: -3\n";
        let (document, findings) = parse(text);
        assert_eq!(findings, []);
        assert_eq!(
            document.unwrap().value,
            json!({"on": "yes", "no": 1000, "rate": "1/2", "day": "2026-04-01", "bank": "0001", "flag": true,
                   "share": "0.5", "q": "12", "n": -3})
        );
    }

    #[test]
    fn knows_where_everything_stands() {
        let (document, _) = parse("a:\n  - { b: 'x + y', c/d: 2 }\n  - z\n");
        let document = document.unwrap();
        assert_eq!(document.value_at("/a/0/b"), Some(Place { line: 2, column: 10 }));
        assert_eq!(document.key_at("/a/0/b"), Some(Place { line: 2, column: 7 }));
        assert_eq!(document.inside("/a/0/b", 4), Some(Place { line: 2, column: 15 }));
        assert_eq!(document.value_at("/a/0/c~1d"), Some(Place { line: 2, column: 24 }));
        assert_eq!(document.value_at("/a/1/nowhere/at/all"), Some(Place { line: 3, column: 5 }));
        let (document, _) = parse("a:\n  ja: |\n    x\n    yz\n  en: \"xyz\"\n");
        let document = document.unwrap();
        assert_eq!(document.line_inside("/a/ja", 2, 2), Some(Place { line: 4, column: 6 }));
        assert_eq!(document.line_inside("/a/en", 1, 3), Some(Place { line: 5, column: 10 }));
    }

    #[test]
    fn refuses_what_can_be_read_in_two_ways() {
        for (text, code) in [
            ("a: 1\na: 2\n", "yaml.duplicate_key"),
            ("a: &x 1\n", "yaml.anchor"),
            ("a: &x 1\nb: *x\n", "yaml.anchor"),
            ("a: !!str 1\n", "yaml.tag"),
            ("a: 1\n---\nb: 2\n", "yaml.documents"),
            ("a:\t1\n", "yaml.tab"),
            ("\u{feff}a: 1\n", "yaml.bom"),
            ("a:\n", "yaml.empty_value"),
            ("a: null\n", "yaml.empty_value"),
            ("a: 99999999999999999999\n", "yaml.integer"),
            ("? [a]\n: 1\n", "yaml.key"),
            ("a: [1\n", "yaml.syntax"),
        ] {
            assert!(codes(text).contains(&code.to_owned()), "{text:?}: {:?}", codes(text));
        }
        assert_eq!(codes(&format!("{}1{}", "[".repeat(33), "]".repeat(33))), ["yaml.too_deep"]);
        assert_eq!(codes(&"a".repeat(MAX_BYTES + 1)), ["yaml.too_large"]);
        assert_eq!(codes(&"- 1\n".repeat(MAX_NODES + 1)), ["yaml.too_many_nodes"]);
        assert_eq!(codes("a: 1\na: {b: 2, b: 3}\n"), ["yaml.duplicate_key", "yaml.duplicate_key"]);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn never_panics_on_what_looks_like_yaml(text in "[-a:?&*!|>'\"{}\\[\\],# \n\t%@`0-9_~\u{feff}]{0,120}") {
            let _ = parse(&text);
        }
    }
}
