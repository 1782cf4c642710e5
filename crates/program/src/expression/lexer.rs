//! Characters to tokens. Goes on after a fault, so that all of them are reported together.

use std::ops::Range;

use chrono::NaiveDate;
use vocabulary::{Rate, parse_day};

use super::fault::{Fault, codes};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Int(i64),
    Rate(Rate),
    Date(NaiveDate),
    Text(String),
    Word(String),
    Symbol(&'static str),
    /// Already reported; stands where a value would.
    Broken,
    End,
}

/// Longest first, so that `<=` is not read as `<`. The second part is what it means.
const SYMBOLS: [(&str, &str); 19] = [
    ("==", "=="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("&&", "and"),
    ("||", "or"),
    ("<", "<"),
    (">", ">"),
    ("!", "not"),
    ("(", "("),
    (")", ")"),
    ("[", "["),
    ("]", "]"),
    (",", ","),
    (".", "."),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
];

/// What people write in other languages, and what it is here.
const FOREIGN: [(&str, &str); 10] = [
    ("<>", "!="),
    ("=>", ">="),
    ("=<", "<="),
    ("=", "=="),
    ("≠", "!="),
    ("≧", ">="),
    ("≥", ">="),
    ("≦", "<="),
    ("≤", "<="),
    ("×", "*"),
];

pub(super) fn tokens(source: &str, faults: &mut Vec<Fault>) -> Vec<(Token, Range<usize>)> {
    let chars: Vec<char> = source.chars().collect();
    let mut lexer = Lexer { chars: &chars, at: 0, faults };
    let mut tokens = Vec::new();
    while let Some(c) = lexer.peek(0) {
        if c.is_whitespace() {
            lexer.at += 1;
            continue;
        }
        let start = lexer.at;
        if let Some(token) = lexer.token(c) {
            tokens.push((token, start..lexer.at));
        }
    }
    tokens.push((Token::End, lexer.at..lexer.at));
    tokens
}

struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
    faults: &'a mut Vec<Fault>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn is_digit(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|c| c.is_ascii_digit())
    }

    fn text(&self, range: Range<usize>) -> String {
        self.chars.get(range).unwrap_or_default().iter().collect()
    }

    /// Nothing for a sign of money or a percent sign, which is reported and left out.
    fn token(&mut self, first: char) -> Option<Token> {
        Some(match first {
            '0'..='9' => self.date().unwrap_or_else(|| self.number()),
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '\'' | '"' => self.quoted(first),
            _ => return self.symbol(first),
        })
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        while self.peek(0).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            self.at += 1;
        }
        Token::Word(self.text(start..self.at))
    }

    fn starts_with(&self, word: &str) -> bool {
        word.chars().enumerate().all(|(i, c)| self.peek(i) == Some(c))
    }

    fn symbol(&mut self, first: char) -> Option<Token> {
        let start = self.at;
        let foreign = FOREIGN.iter().find(|(foreign, _)| self.starts_with(foreign) && !self.starts_with("=="));
        if let Some((foreign, ours)) = foreign {
            self.at += foreign.chars().count();
            self.faults.push(
                Fault::new(
                    codes::SYNTAX,
                    start..self.at,
                    format!("「{foreign}」は使えません"),
                    format!("`{foreign}` is not an operator here"),
                )
                .hint(format!("「{ours}」と書いてください"), format!("Write `{ours}`")),
            );
            return Some(Token::Symbol(ours));
        }
        if let Some((written, meaning)) = SYMBOLS.iter().find(|(written, _)| self.starts_with(written)) {
            self.at += written.chars().count();
            return Some(Token::Symbol(meaning));
        }
        self.at += 1;
        while is_foreign_letter(first)
            && first != '円'
            && half_width(first).is_none()
            && self.peek(0).is_some_and(is_foreign_letter)
        {
            self.at += 1;
        }
        self.foreign_characters(first, start..self.at)
    }

    /// One character, or a run of letters, that the language has no use for.
    fn foreign_characters(&mut self, found: char, span: Range<usize>) -> Option<Token> {
        let text = self.text(span.clone());
        let fault = Fault::new(
            codes::SYNTAX,
            span,
            format!("「{text}」は式に使えない文字です"),
            format!("`{text}` cannot be written here"),
        );
        let half = half_width(found);
        let symbol = SYMBOLS.iter().find(|(written, _)| written.chars().eq(half)).map(|(_, meaning)| *meaning);
        let (fault, token) = match (found, half) {
            ('%' | '％', _) => {
                (fault.hint("率は「1/2」のように分数で書いてください", "Write a rate as a fraction, e.g. `1/2`"), None)
            }
            ('円' | '¥' | '￥', _) => {
                (fault.hint("金額は数字だけで書いてください", "Write an amount as a bare number, e.g. `50_000`"), None)
            }
            (_, Some(half)) => (
                fault.hint(
                    format!("半角の「{half}」で書いてください"),
                    format!("Write the half-width `{half}`; Japanese text goes in quotes"),
                ),
                Some(symbol.map_or(Token::Broken, Token::Symbol)),
            ),
            _ if found.is_alphabetic() => (
                fault.hint(
                    format!("文字列なら引用符で囲んで「'{text}'」と書いてください"),
                    format!("Put text in quotes: '{text}'"),
                ),
                Some(Token::Broken),
            ),
            _ => (fault, Some(Token::Broken)),
        };
        self.faults.push(fault);
        token
    }

    fn quoted(&mut self, quote: char) -> Token {
        let start = self.at;
        let mut text = String::new();
        self.at += 1;
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match c {
                _ if c == quote => return Token::Text(text),
                '\\' => {
                    text.extend(self.peek(0));
                    self.at += 1;
                }
                _ => text.push(c),
            }
        }
        self.at = self.at.min(self.chars.len());
        self.faults.push(Fault::new(
            codes::SYNTAX,
            start..self.at,
            "引用符が閉じていません",
            format!("The text has no closing {quote}"),
        ));
        Token::Broken
    }

    /// `2026-04-01`: four, two and two digits without spaces are always a date, never a subtraction.
    fn date(&mut self) -> Option<Token> {
        let shape = (0..10).all(|i| if i == 4 || i == 7 { self.peek(i) == Some('-') } else { self.is_digit(i) });
        if !shape || self.peek(10).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            return None;
        }
        let span = self.at..self.at + 10;
        self.at = span.end;
        let text = self.text(span.clone());
        Some(match parse_day(&text) {
            Some(day) => Token::Date(day),
            None => {
                self.faults.push(no_such_date(span, &text));
                Token::Broken
            }
        })
    }

    /// Digits with underscores between them.
    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(c) = self.peek(0) {
            match c {
                '0'..='9' => digits.push(c),
                '_' if self.is_digit(1) => {}
                _ => break,
            }
            self.at += 1;
        }
        digits
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        let whole = self.digits();
        match self.peek(0) {
            Some('.') if self.is_digit(1) => {
                self.at += 1;
                self.digits();
                let text = self.text(start..self.at);
                return self.bad_number(start, |fault| {
                    fault.hint(
                        "小数は使えません。「1/2」のように分数で書いてください",
                        format!("Decimals such as `{text}` are not exact; write a fraction, e.g. `1/2`"),
                    )
                });
            }
            Some(',') if (1..=3).all(|i| self.is_digit(i)) && !self.is_digit(4) => {
                self.at += 1;
                let grouped = self.digits();
                return self.bad_number(start, |fault| {
                    fault.hint(
                        format!("「{whole}_{grouped}」と書くか、コンマの後に空白を入れてください"),
                        format!("Write `{whole}_{grouped}`, or a space after the comma"),
                    )
                });
            }
            Some('/') if self.is_digit(1) => {
                self.at += 1;
                let below = self.digits();
                let rate = match (whole.parse(), below.parse()) {
                    (Ok(whole), Ok(below)) => Rate::new(whole, below).ok(),
                    _ => None,
                };
                return match rate {
                    Some(rate) => Token::Rate(rate),
                    None => self.bad_number(start, |fault| {
                        fault.hint(
                            "分母は0以外、分子と分母は10億までです",
                            "The denominator may not be 0, and neither part may exceed a billion",
                        )
                    }),
                };
            }
            _ => {}
        }
        match whole.parse() {
            Ok(number) => Token::Int(number),
            Err(_) => self
                .bad_number(start, |fault| fault.hint("数が大きすぎます", "The number is too large to compute with")),
        }
    }

    fn bad_number(&mut self, start: usize, hinted: impl FnOnce(Fault) -> Fault) -> Token {
        let text = self.text(start..self.at);
        self.faults.push(hinted(Fault::new(
            codes::NUMBER,
            start..self.at,
            format!("「{text}」は数として読めません"),
            format!("`{text}` is not a number of the language"),
        )));
        Token::Broken
    }
}

pub(super) fn no_such_date(span: Range<usize>, text: &str) -> Fault {
    Fault::new(codes::DATE, span, format!("「{text}」という日付はありません"), format!("There is no day `{text}`"))
        .hint("「2026-04-01」のように書いてください", "Write a day as `2026-04-01`")
}

fn is_foreign_letter(c: char) -> bool {
    c.is_alphabetic() && !c.is_ascii()
}

/// The ASCII character that a full-width one stands for.
fn half_width(c: char) -> Option<char> {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        _ => None,
    }
}
