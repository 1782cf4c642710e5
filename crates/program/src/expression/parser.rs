//! Tokens to a tree. Its depth and size are bounded while it is built, so nothing that walks it can run away.

use std::ops::Range;

use vocabulary::{Rate, parse_day};

use super::fault::{Fault, codes};
use super::lexer::{Token, no_such_date};
use super::value::Value;

/// Parts of an expression: every literal, name, operator and call is one.
pub(super) const MOST_NODES: usize = 200;
/// Of the tree, and of the nesting of parentheses, calls, lists and signs.
pub(super) const GREATEST_DEPTH: usize = 16;

pub(super) type Span = Range<usize>;

#[derive(Debug)]
pub(super) struct Tree {
    pub kind: TreeKind,
    pub span: Span,
    depth: usize,
}

#[derive(Debug)]
pub(super) enum TreeKind {
    Literal(Value),
    /// `applicant.size`, each part with its place.
    Name(Vec<(String, Span)>),
    Call {
        name: String,
        name_span: Span,
        arguments: Vec<Tree>,
    },
    Not(Box<Tree>),
    Negative(Box<Tree>),
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Compare(Comparison, Box<Tree>, Box<Tree>),
    In(Box<Tree>, Vec<Tree>),
    /// `a + b - c` or `a * b / c`, from left to right; kept flat so that a long sum is not deep.
    Chain(Box<Tree>, Vec<(Arithmetic, Tree)>),
    /// Already reported.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    pub(super) const fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// What holds when this does not.
    pub(super) const fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::Greater,
            Self::Greater => Self::AtMost,
            Self::AtLeast => Self::Less,
        }
    }

    /// For people.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "≠",
            Self::Less => "<",
            Self::AtMost => "≤",
            Self::Greater => ">",
            Self::AtLeast => "≥",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Plus,
    Minus,
    Times,
    Over,
}

impl Arithmetic {
    fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "+" => Self::Plus,
            "-" => Self::Minus,
            "*" => Self::Times,
            "/" => Self::Over,
            _ => return None,
        })
    }

    pub(super) const fn is_additive(self) -> bool {
        matches!(self, Self::Plus | Self::Minus)
    }

    pub(super) const fn sign(self) -> char {
        match self {
            Self::Plus => '+',
            Self::Minus => '-',
            Self::Times => '*',
            Self::Over => '/',
        }
    }
}

/// A bound is exceeded: nothing further is worth reading.
struct Stop;
type Parsed = Result<Tree, Stop>;

/// The tree, and whether its shape was recovered after a syntax fault and is therefore a guess. No tree when a bound
/// is exceeded.
pub(super) fn parse(tokens: &[(Token, Span)], faults: &mut Vec<Fault>) -> Option<(Tree, bool)> {
    let mut parser = Parser { tokens, at: 0, nested: 0, nodes: 0, guessed: false, faults };
    let tree = parser.or().ok()?;
    if parser.token() != &Token::End {
        parser.unexpected("ここには演算子か式の終わりが必要です", "an operator or the end of the expression");
    }
    Some((tree, parser.guessed))
}

struct Parser<'a> {
    tokens: &'a [(Token, Span)],
    at: usize,
    nested: usize,
    nodes: usize,
    guessed: bool,
    faults: &'a mut Vec<Fault>,
}

impl Parser<'_> {
    fn token(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn following(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0..0, |(_, span)| span.clone())
    }

    fn start(&self) -> usize {
        self.span().start
    }

    /// Where the token before this one ends.
    fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|before| self.tokens.get(before)).map_or(0, |(_, span)| span.end)
    }

    fn advance(&mut self) {
        if self.token() != &Token::End {
            self.at += 1;
        }
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.token(), Token::Symbol(found) if *found == symbol)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token(), Token::Word(found) if found == word)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        if found {
            self.advance();
        }
        found
    }

    /// `and`, `or`, `not`, as words or as signs.
    fn take_logic(&mut self, word: &str) -> bool {
        let found = self.is(word) || self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// Reports the current token. Only the first time: what follows a lost structure is noise.
    fn unexpected(&mut self, ja: &str, wanted: &str) {
        let found = match self.token() {
            Token::End => "the expression ends".to_owned(),
            Token::Word(word) => format!("found `{word}`"),
            Token::Symbol(symbol) => format!("found `{symbol}`"),
            Token::Broken => {
                // Reported by the lexer.
                self.guessed = true;
                return;
            }
            _ => "found a literal".to_owned(),
        };
        let fault = Fault::new(codes::SYNTAX, self.span(), ja, format!("Expected {wanted}, but {found}"));
        let fault = match self.token() {
            Token::Word(word) if word == "not" => {
                fault.hint("「not …」を括弧で囲んでください", "Put `not …` in parentheses")
            }
            Token::Word(word) if word == "in" => fault.hint(
                "「値 in [選択肢, 選択肢]」と書いてください",
                "Write `value in [first, second]`, the list in brackets",
            ),
            _ => fault,
        };
        self.report(fault);
    }

    fn report(&mut self, fault: Fault) {
        if !self.guessed {
            self.faults.push(fault);
        }
        self.guessed = true;
    }

    fn too_deep(&mut self, span: Span) -> Stop {
        self.faults.push(
            Fault::new(
                codes::TOO_DEEP,
                span,
                format!("入れ子は{GREATEST_DEPTH}段までです"),
                format!("An expression may be nested {GREATEST_DEPTH} deep"),
            )
            .hint("式をいくつかに分けてください", "Split it into several expressions"),
        );
        Stop
    }

    fn nest(&mut self, inner: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.nested >= GREATEST_DEPTH {
            let span = self.span();
            return Err(self.too_deep(span));
        }
        self.nested += 1;
        let tree = inner(self);
        self.nested -= 1;
        tree
    }

    /// One more part, which begins here.
    fn count(&mut self) -> Result<(), Stop> {
        let span = self.span();
        self.count_at(span)
    }

    fn count_at(&mut self, span: Span) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes <= MOST_NODES {
            return Ok(());
        }
        self.faults.push(
            Fault::new(
                codes::TOO_MANY_NODES,
                span,
                format!("式の要素は{MOST_NODES}個までです"),
                format!("An expression may have {MOST_NODES} parts"),
            )
            .hint("式をいくつかに分けてください", "Split it into several expressions"),
        );
        Err(Stop)
    }

    fn leaf(&mut self, kind: TreeKind, span: Span) -> Parsed {
        self.count_at(span.clone())?;
        Ok(Tree { kind, span, depth: 1 })
    }

    /// From `start` to the token just read, over children of the given depth.
    fn tree(&mut self, kind: TreeKind, start: usize, children_depth: usize) -> Parsed {
        let span = start..self.end().max(start);
        if children_depth >= GREATEST_DEPTH {
            return Err(self.too_deep(span));
        }
        Ok(Tree { kind, span, depth: children_depth + 1 })
    }

    fn or(&mut self) -> Parsed {
        self.logic("or", TreeKind::Or, |parser| parser.logic("and", TreeKind::And, Self::not))
    }

    fn logic(&mut self, word: &str, kind: fn(Vec<Tree>) -> TreeKind, inner: fn(&mut Self) -> Parsed) -> Parsed {
        let start = self.start();
        let first = inner(self)?;
        if !(self.is(word) || self.is_word(word)) {
            return Ok(first);
        }
        let mut depth = first.depth;
        let mut terms = vec![first];
        while self.take_logic(word) {
            self.count()?;
            let term = inner(self)?;
            depth = depth.max(term.depth);
            terms.push(term);
        }
        self.tree(kind(terms), start, depth)
    }

    fn not(&mut self) -> Parsed {
        let start = self.start();
        if !self.take_logic("not") {
            return self.comparison();
        }
        self.count()?;
        let inner = self.nest(Self::not)?;
        let depth = inner.depth;
        self.tree(TreeKind::Not(Box::new(inner)), start, depth)
    }

    fn comparison(&mut self) -> Parsed {
        let start = self.start();
        let left = self.sum()?;
        if let Some(comparison) = self.comparison_sign() {
            self.advance();
            self.count()?;
            let right = self.sum()?;
            self.refuse_second_comparison();
            let depth = left.depth.max(right.depth);
            return self.tree(TreeKind::Compare(comparison, Box::new(left), Box::new(right)), start, depth);
        }
        let negated = self.is_word("not") && matches!(self.following(), Token::Word(word) if word == "in");
        if negated {
            self.count()?;
            self.advance();
        }
        if !self.is_word("in") {
            return Ok(left);
        }
        self.advance();
        self.count()?;
        let (options, depth) = self.list()?;
        let depth = depth.max(left.depth);
        let tree = self.tree(TreeKind::In(Box::new(left), options), start, depth)?;
        if !negated {
            return Ok(tree);
        }
        let depth = tree.depth;
        self.tree(TreeKind::Not(Box::new(tree)), start, depth)
    }

    fn comparison_sign(&self) -> Option<Comparison> {
        match self.token() {
            Token::Symbol(symbol) => Comparison::of(symbol),
            _ => None,
        }
    }

    fn refuse_second_comparison(&mut self) {
        if self.comparison_sign().is_some() {
            self.report(
                Fault::new(
                    codes::SYNTAX,
                    self.span(),
                    "比較を続けて書くことはできません",
                    "Comparisons cannot be chained",
                )
                .hint("「a < b and b < c」と書いてください", "Write `a < b and b < c`"),
            );
        }
    }

    fn list(&mut self) -> Result<(Vec<Tree>, usize), Stop> {
        if !self.take("[") {
            self.unexpected("「in」の後には「[a, b]」が必要です", "a list such as `[a, b]` after `in`");
            return Ok((Vec::new(), 0));
        }
        self.items("]", "リスト", "the list")
    }

    /// Comma-separated trees up to the closing sign, and the greatest depth of them.
    fn items(&mut self, close: &str, ja: &str, en: &str) -> Result<(Vec<Tree>, usize), Stop> {
        let mut items: Vec<Tree> = Vec::new();
        let mut depth = 0;
        while !self.is(close) && self.token() != &Token::End {
            let item = self.nest(Self::or)?;
            depth = depth.max(item.depth);
            items.push(item);
            if !self.take(",") {
                break;
            }
        }
        if !self.take(close) {
            self.unexpected(
                &format!("{ja}には「,」か「{close}」が必要です"),
                &format!("`,` or `{close}` to go on with {en}"),
            );
        }
        Ok((items, depth))
    }

    fn sum(&mut self) -> Parsed {
        self.chain(true, |parser| parser.chain(false, Self::signed))
    }

    fn arithmetic_sign(&self, additive: bool) -> Option<Arithmetic> {
        match self.token() {
            Token::Symbol(symbol) => Arithmetic::of(symbol).filter(|sign| sign.is_additive() == additive),
            _ => None,
        }
    }

    fn chain(&mut self, additive: bool, inner: fn(&mut Self) -> Parsed) -> Parsed {
        let start = self.start();
        let first = inner(self)?;
        let mut depth = first.depth;
        let mut rest = Vec::new();
        while let Some(sign) = self.arithmetic_sign(additive) {
            self.advance();
            self.count()?;
            let term = inner(self)?;
            depth = depth.max(term.depth);
            rest.push((sign, term));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        self.tree(TreeKind::Chain(Box::new(first), rest), start, depth)
    }

    fn signed(&mut self) -> Parsed {
        let start = self.start();
        if !self.take("-") {
            return self.primary();
        }
        let inner = self.nest(Self::signed)?;
        if let TreeKind::Literal(value) = &inner.kind
            && let Some(negative) = negated(value)
        {
            return Ok(Tree { kind: TreeKind::Literal(negative), span: start..inner.span.end, depth: 1 });
        }
        self.count()?;
        let depth = inner.depth;
        self.tree(TreeKind::Negative(Box::new(inner)), start, depth)
    }

    fn primary(&mut self) -> Parsed {
        let span = self.span();
        let value = match self.token() {
            Token::Int(number) => match self.following() {
                Token::Word(word) if word == "days" || word == "day" => {
                    let days = Value::Days(*number);
                    self.advance();
                    days
                }
                _ => Value::Int(*number),
            },
            Token::Rate(rate) => Value::Rate(*rate),
            Token::Date(day) => Value::Date(*day),
            Token::Text(text) => Value::Text(text.clone()),
            Token::Word(word) if word == "true" || word == "false" => Value::Bool(word == "true"),
            Token::Word(word) if !matches!(word.as_str(), "and" | "or" | "not" | "in") => return self.name(),
            Token::Symbol("(") => return self.parenthesized(),
            Token::Broken => {
                self.advance();
                return self.leaf(TreeKind::Broken, span);
            }
            _ => return self.no_value(),
        };
        self.advance();
        let span = span.start..self.end();
        self.leaf(TreeKind::Literal(value), span)
    }

    /// Something else stands where a value must be. It is skipped unless it closes what is open.
    fn no_value(&mut self) -> Parsed {
        let span = self.span();
        self.unexpected("ここには値か名前が必要です", "a value or a name");
        if !matches!(self.token(), Token::Symbol(")" | "]" | ",")) {
            self.advance();
        }
        self.leaf(TreeKind::Broken, span)
    }

    fn parenthesized(&mut self) -> Parsed {
        let open = self.span();
        self.advance();
        let inner = self.nest(Self::or)?;
        if !self.take(")") {
            if self.token() == &Token::End {
                self.report(Fault::new(
                    codes::SYNTAX,
                    open,
                    "括弧が閉じていません",
                    "This parenthesis is never closed",
                ));
            } else {
                self.unexpected("「)」か演算子が必要です", "`)` or an operator");
            }
        }
        Ok(inner)
    }

    fn name(&mut self) -> Parsed {
        let start = self.start();
        let mut parts = Vec::new();
        loop {
            match self.token() {
                Token::Word(word) => parts.push((word.clone(), self.span())),
                _ => {
                    self.unexpected("「.」の後には項目の名前が必要です", "a field name after `.`");
                    let span = start..self.end();
                    return self.leaf(TreeKind::Broken, span);
                }
            }
            self.advance();
            if !self.take(".") {
                break;
            }
        }
        let span = start..self.end();
        if !self.take("(") {
            return self.leaf(TreeKind::Name(parts), span);
        }
        let name = parts.iter().map(|(part, _)| part.as_str()).collect::<Vec<_>>().join(".");
        self.count()?;
        let (arguments, depth) = self.items(")", "関数の引数", "the arguments")?;
        if name == "date" {
            return Ok(self.date(start, &arguments));
        }
        self.tree(TreeKind::Call { name, name_span: span, arguments }, start, depth)
    }

    /// `date('2026-04-01')` is a literal: the day must be known when the definition is read.
    fn date(&mut self, start: usize, arguments: &[Tree]) -> Tree {
        let span = start..self.end();
        let kind = match arguments {
            [Tree { kind: TreeKind::Literal(Value::Text(text)), span, .. }] => match parse_day(text) {
                Some(day) => TreeKind::Literal(Value::Date(day)),
                None => {
                    self.faults.push(no_such_date(span.clone(), text));
                    TreeKind::Broken
                }
            },
            [Tree { kind: TreeKind::Literal(Value::Date(day)), .. }] => TreeKind::Literal(Value::Date(*day)),
            [Tree { kind: TreeKind::Broken, .. }] => TreeKind::Broken,
            _ => {
                self.faults.push(
                    Fault::new(
                        codes::ARGUMENTS,
                        span.clone(),
                        "date には引用符で囲んだ日付を1つ書いてください",
                        "`date` takes one day in quotes",
                    )
                    .hint("date('2026-04-01')", "Write `date('2026-04-01')`"),
                );
                TreeKind::Broken
            }
        };
        Tree { kind, span, depth: 1 }
    }
}

fn negated(value: &Value) -> Option<Value> {
    match value {
        Value::Int(number) => number.checked_neg().map(Value::Int),
        Value::Days(days) => days.checked_neg().map(Value::Days),
        Value::Rate(rate) => Rate::new(-rate.numerator(), rate.denominator()).ok().map(Value::Rate),
        _ => None,
    }
}
