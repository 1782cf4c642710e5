//! The paths that a Rust file names: enough of the language for that, and no more.

use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;

/// One file, reduced to what the rules look at.
pub struct Source {
    pub path: PathBuf,
    pub lines: usize,
    pub paths: Vec<NamedPath>,
    /// Names of items that the file makes visible to others, with `pub` of any width.
    pub public_items: Vec<String>,
}

/// `a::b::c`, written out or imported.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedPath {
    pub line: usize,
    pub parts: Vec<String>,
    /// The name it gets by `use … as name`, or its last part; `None` when it is not imported.
    pub imported_as: Option<String>,
    pub in_tests: bool,
    /// The modules written inside the file around this place.
    pub inside: Vec<String>,
}

impl Source {
    pub fn parse(path: &Path, text: &str) -> Self {
        let tokens = tokens(text);
        let test_file = path.file_stem().is_some_and(|stem| stem == "tests")
            || path.components().any(|part| part.as_os_str() == "tests");
        let mut reader = Reader { tokens: &tokens, position: 0, in_test_file: test_file, paths: Vec::new() };
        reader.read();
        Self {
            path: path.to_owned(),
            lines: text.lines().count(),
            paths: reader.paths,
            public_items: public_items(&tokens),
        }
    }
}

/// Whether the parts stand next to each other somewhere in the path.
pub fn contains(path: &[String], parts: &[&str]) -> bool {
    path.windows(parts.len()).any(|window| window.iter().zip(parts).all(|(a, b)| a == b))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Word(String),
    /// `::`
    Separator,
    Sign(char),
    /// Text, a character or a lifetime: never part of a path.
    Literal,
}

#[derive(Clone, Debug)]
struct Token {
    line: usize,
    kind: Kind,
}

impl Token {
    fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// Without comments and the insides of literals.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut line = 1;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let begin = line;
        let kind = match character {
            '\n' => {
                line += 1;
                continue;
            }
            _ if character.is_whitespace() => continue,
            '/' if rest.peek() == Some(&'/') => {
                while rest.next_if(|&next| next != '\n').is_some() {}
                continue;
            }
            '/' if rest.peek() == Some(&'*') => {
                line += skip_comment(&mut rest);
                continue;
            }
            '"' => {
                line += skip_text(&mut rest);
                Kind::Literal
            }
            '\'' => {
                skip_character_or_lifetime(&mut rest);
                Kind::Literal
            }
            ':' if rest.next_if_eq(&':').is_some() => Kind::Separator,
            _ if character.is_alphanumeric() || character == '_' => {
                let mut word = String::from(character);
                while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    word.push(next);
                }
                match (word.as_str(), rest.peek()) {
                    ("r" | "br" | "cr", Some('"' | '#')) => match skip_raw(&mut rest) {
                        Raw::Text(lines) => {
                            line += lines;
                            Kind::Literal
                        }
                        // `r#type`: the word itself follows.
                        Raw::Word => continue,
                    },
                    ("b" | "c", Some('"')) => {
                        rest.next();
                        line += skip_text(&mut rest);
                        Kind::Literal
                    }
                    ("b", Some('\'')) => {
                        rest.next();
                        skip_character_or_lifetime(&mut rest);
                        Kind::Literal
                    }
                    _ => Kind::Word(word),
                }
            }
            sign => Kind::Sign(sign),
        };
        tokens.push(Token { line: begin, kind });
    }
    tokens
}

/// All return how many lines they passed.
fn skip_comment(rest: &mut Peekable<Chars<'_>>) -> usize {
    let (mut depth, mut lines, mut previous) = (0_usize, 0, '/');
    for character in rest.by_ref() {
        lines += usize::from(character == '\n');
        match (previous, character) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth = depth.saturating_sub(1),
            _ => {
                previous = character;
                continue;
            }
        }
        // Neither sign counts twice, as in `*/*`.
        previous = ' ';
        if depth == 0 {
            break;
        }
    }
    lines
}

fn skip_text(rest: &mut Peekable<Chars<'_>>) -> usize {
    let mut lines = 0;
    while let Some(character) = rest.next() {
        lines += usize::from(character == '\n');
        match character {
            '"' => break,
            '\\' => lines += usize::from(rest.next() == Some('\n')),
            _ => {}
        }
    }
    lines
}

enum Raw {
    Text(usize),
    Word,
}

fn skip_raw(rest: &mut Peekable<Chars<'_>>) -> Raw {
    let mut signs = 0;
    while rest.next_if_eq(&'#').is_some() {
        signs += 1;
    }
    if rest.next_if_eq(&'"').is_none() {
        return Raw::Word;
    }
    let mut lines = 0;
    while let Some(character) = rest.next() {
        lines += usize::from(character == '\n');
        if character == '"' && (0..signs).all(|_| rest.next_if_eq(&'#').is_some()) {
            break;
        }
    }
    Raw::Text(lines)
}

fn skip_character_or_lifetime(rest: &mut Peekable<Chars<'_>>) {
    let first = rest.next();
    if first == Some('\\') {
        rest.next();
        while rest.next().is_some_and(|next| next != '\'') {}
    } else if rest.next_if_eq(&'\'').is_none() {
        while rest.next_if(|next| next.is_alphanumeric() || *next == '_').is_some() {}
    }
}

fn public_items(tokens: &[Token]) -> Vec<String> {
    const ITEMS: [&str; 9] = ["struct", "enum", "fn", "trait", "type", "const", "static", "mod", "union"];
    let mut items = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.word() == Some("pub") {
            let near: Vec<&str> = tokens[index..].iter().take(8).filter_map(Token::word).collect();
            let kind = near.iter().rposition(|word| ITEMS.contains(word));
            // `const fn` has two; the name follows the first that is not followed by another.
            let kind = near.windows(2).position(|two| ITEMS.contains(&two[0]) && !ITEMS.contains(&two[1])).or(kind);
            items.extend(kind.and_then(|kind| near.get(kind + 1)).map(|name| (*name).to_owned()));
        }
    }
    items
}

struct Reader<'a> {
    tokens: &'a [Token],
    position: usize,
    in_test_file: bool,
    paths: Vec<NamedPath>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut depth = 0_usize;
        // Name and the depth of braces at which it ends.
        let mut inside: Vec<(String, usize)> = Vec::new();
        let mut tests_until = 0;
        while let Some(token) = self.tokens.get(self.position) {
            if let Some(end) = self.test_item_end() {
                tests_until = tests_until.max(end);
            }
            let first_new = self.paths.len();
            match &token.kind {
                Kind::Sign('{') => {
                    depth += 1;
                    self.position += 1;
                }
                Kind::Sign('}') => {
                    depth = depth.saturating_sub(1);
                    inside.retain(|(_, ends_at)| *ends_at < depth + 1);
                    self.position += 1;
                }
                Kind::Word(word) if word == "mod" && self.at(2).is_some_and(|token| token.is('{')) => {
                    if let Some(name) = self.at(1).and_then(Token::word) {
                        inside.push((name.to_owned(), depth + 1));
                    }
                    self.position += 2;
                }
                // `use<'a>` in a bound is no import.
                Kind::Word(word) if word == "use" && !self.at(1).is_some_and(|token| token.is('<')) => {
                    self.position += 1;
                    self.import(&[]);
                }
                Kind::Word(_) if self.at(1).is_some_and(|token| token.kind == Kind::Separator) => self.path(),
                _ => self.position += 1,
            }
            let in_tests = self.in_test_file || self.position <= tests_until;
            for path in &mut self.paths[first_new..] {
                path.in_tests = in_tests;
                path.inside = inside.iter().map(|(name, _)| name.clone()).collect();
            }
        }
    }

    fn at(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.position + ahead)
    }

    /// Where the item ends that `#[cfg(test)]` or `#[test]` here stands before.
    fn test_item_end(&self) -> Option<usize> {
        let end = self.attribute_end(self.position)?;
        let words: Vec<&str> = self.tokens[self.position..end].iter().filter_map(Token::word).collect();
        let for_tests = match words.first() {
            Some(&"cfg") => words.contains(&"test") && !words.contains(&"not"),
            _ => words.last() == Some(&"test"),
        };
        if !for_tests {
            return None;
        }
        let mut position = end;
        while let Some(next) = self.attribute_end(position) {
            position = next;
        }
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(position) {
            match token.kind {
                Kind::Sign('{') => depth += 1,
                Kind::Sign('}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(index + 1);
                    }
                }
                Kind::Sign(';') if depth == 0 => return Some(index + 1),
                _ => {}
            }
        }
        Some(self.tokens.len())
    }

    fn attribute_end(&self, begin: usize) -> Option<usize> {
        let opens = self.tokens.get(begin)?.is('#') && self.tokens.get(begin + 1)?.is('[');
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(begin + 1).take_while(|_| opens) {
            depth += usize::from(token.is('['));
            depth -= usize::from(token.is(']'));
            if depth == 0 {
                return Some(index + 1);
            }
        }
        None
    }

    /// A path in an expression or a type.
    fn path(&mut self) {
        let line = self.tokens[self.position].line;
        let mut parts = Vec::new();
        while let Some(word) = self.at(0).and_then(Token::word) {
            parts.push(word.to_owned());
            self.position += 1;
            if self.at(0).is_some_and(|token| token.kind == Kind::Separator) {
                self.position += 1;
            } else {
                break;
            }
        }
        self.name(line, parts, None);
    }

    /// One branch of the tree of a `use`, after the `use`, a `{` or a `,`.
    fn import(&mut self, before: &[String]) {
        let mut parts = before.to_vec();
        while let Some(token) = self.at(0) {
            let line = token.line;
            match &token.kind {
                Kind::Word(word) if word == "as" => {
                    let name = self.at(1).and_then(Token::word).unwrap_or("_").to_owned();
                    self.position += 2;
                    return self.name(line, parts, Some(name));
                }
                Kind::Word(word) => {
                    // `a::{self}` is `a`.
                    if word != "self" || parts.is_empty() {
                        parts.push(word.clone());
                    }
                    self.position += 1;
                    let goes_on =
                        self.at(0).is_some_and(|token| token.kind == Kind::Separator || token.word() == Some("as"));
                    if !goes_on {
                        let name = parts.last().cloned();
                        return self.name(line, parts, name);
                    }
                }
                Kind::Separator => self.position += 1,
                Kind::Sign('*') => {
                    self.position += 1;
                    parts.push("*".to_owned());
                    return self.name(line, parts, Some("*".to_owned()));
                }
                Kind::Sign('{') => {
                    self.position += 1;
                    while self.at(0).is_some_and(|token| !token.is('}')) {
                        let begin = self.position;
                        self.import(&parts);
                        if self.at(0).is_some_and(|token| token.is(',')) || self.position == begin {
                            self.position += 1;
                        }
                    }
                    self.position += 1;
                    return;
                }
                _ => return,
            }
        }
    }

    fn name(&mut self, line: usize, parts: Vec<String>, imported_as: Option<String>) {
        if !parts.is_empty() {
            self.paths.push(NamedPath { line, parts, imported_as, in_tests: false, inside: Vec::new() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        let source = Source::parse(Path::new("src/a.rs"), text);
        source
            .paths
            .iter()
            .map(|path| {
                let tests = if path.in_tests { " (tests)" } else { "" };
                let inside: String = path.inside.iter().map(|name| format!(" in {name}")).collect();
                format!("{}: {}{inside}{tests}", path.line, path.parts.join("::"))
            })
            .collect()
    }

    #[test]
    fn imports_are_written_out() {
        assert_eq!(
            named("pub(crate) use std::{io::{self, Read as _}, fs as files, env::*};\nuse x;"),
            ["1: std::io", "1: std::io::Read", "1: std::fs", "1: std::env::*", "2: x"]
        );
    }

    #[test]
    fn comments_and_literals_name_nothing() {
        let text = "// a::b\n/* a::b /* */ \n a::b */ let x = \"a::b \\\" \\\n a::b\";\n\
                    let y = r##\"a::b \"# a::b\"##; let z = ('\"', '\\'', 'l: loop {}, b'\"', r#type::c);\nd::e()";
        assert_eq!(named(text), ["5: type::c", "6: d::e"]);
    }

    #[test]
    fn tests_are_told_apart() {
        let text = "a::b();\n#[cfg(test)]\n#[derive(X)]\nmod tests { use c::d; fn f() { e::f(); } }\ng::h();\n\
                    #[cfg(test)]\nuse i::j;\n#[cfg(not(test))]\nuse k::l;\n#[tokio::test]\nasync fn t() { m::n() }\no::p()";
        assert_eq!(
            named(text),
            [
                "1: a::b",
                "4: c::d in tests (tests)",
                "4: e::f in tests (tests)",
                "5: g::h",
                "7: i::j (tests)",
                "9: k::l",
                "10: tokio::test (tests)",
                "11: m::n (tests)",
                "12: o::p",
            ]
        );
    }

    #[test]
    fn modules_inside_a_file_are_known() {
        assert_eq!(
            named("mod a { fn f() { b::c() } mod d { use e::f; } g::h!() }\ni::j()"),
            ["1: b::c in a", "1: e::f in a in d", "1: g::h in a", "2: i::j"]
        );
    }

    #[test]
    fn public_items_are_listed() {
        let text = "pub struct A<T>(T);\npub(crate) const fn b() {}\npub async fn c() {}\nfn hidden() {}\npub const D: u8 = 1;";
        assert_eq!(Source::parse(Path::new("a.rs"), text).public_items, ["A", "b", "c", "D"]);
    }
}
