//! The template engine as we use it: strict, bounded, and the same for every notice.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter};
use serde::Serialize;
use vocabulary::{Bilingual, Instant, Locale, Yen, parse_day, wareki, wareki_time};

/// Steps that a template may take; a long letter takes about a thousand.
const FUEL: u64 = 50_000;

/// What is wrong with a template, or with the data it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code} in {part} ({language:?}), line {line}: {}", .message.en)]
pub struct TemplateFault {
    /// `template.syntax`, `template.unknown_name`, `template.missing_value`, `template.unknown_filter`,
    /// `template.wrong_value`, `template.too_long` or `template.empty`.
    pub code: &'static str,
    /// `subject`, `body` or `title`.
    pub part: &'static str,
    pub language: Locale,
    /// Counted from 1 in the part.
    pub line: usize,
    /// Counted in characters from 1 in the line.
    pub column: usize,
    pub message: Bilingual,
}

/// Texts that templates include, so that every mail greets and signs alike.
fn partials(locale: Locale) -> [(&'static str, &'static str); 3] {
    match locale {
        Locale::Ja => [
            (
                "greeting",
                "{{ business.name }}\n{% if business.representative %}\n{{ business.representative }} 様\n\
                 {% else %}\nご担当者 様\n{% endif %}\n\n",
            ),
            (
                "case",
                "\n制度: {{ program.title }}\n受付番号: {{ case.number }}\n{% if url %}\n手続の画面: {{ url }}\n\
                 {% endif %}\n",
            ),
            (
                "contact",
                "\n--\n{{ municipality }} {{ office.name }}\n{% if office.phone %}\n電話: {{ office.phone }}\n{% endif %}\n\
                 {% if office.email %}\nメール: {{ office.email }}\n{% endif %}\n\
                 このメールに心当たりがないときは、お手数ですが上の窓口へご連絡ください。\n",
            ),
        ],
        Locale::En => [
            (
                "greeting",
                "{{ business.name }}\n{% if business.representative %}\nDear {{ business.representative }},\n\
                 {% else %}\nTo whom it may concern,\n{% endif %}\n\n",
            ),
            (
                "case",
                "\nProgram: {{ program.title }}\nApplication number: {{ case.number }}\n{% if url %}\nPage: {{ url }}\n\
                 {% endif %}\n",
            ),
            (
                "contact",
                "\n--\n{{ municipality }}, {{ office.name }}\n{% if office.phone %}\nPhone: {{ office.phone }}\n{% endif %}\n\
                 {% if office.email %}\nMail: {{ office.email }}\n{% endif %}\n\
                 If this mail is not meant for you, please tell the office above.\n",
            ),
        ],
    }
}

/// Made once for each language: reading the partials takes longer than writing a mail.
fn environment(locale: Locale) -> Result<&'static Environment<'static>, Error> {
    static JA: LazyLock<Result<Environment<'static>, Error>> = LazyLock::new(|| new_environment(Locale::Ja));
    static EN: LazyLock<Result<Environment<'static>, Error>> = LazyLock::new(|| new_environment(Locale::En));
    let made = match locale {
        Locale::Ja => &JA,
        Locale::En => &EN,
    };
    made.as_ref().map_err(|error| Error::new(error.kind(), "the templates that all texts share cannot be read"))
}

fn new_environment(locale: Locale) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let lines_of_their_own =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?;
    environment.set_syntax(lines_of_their_own);
    environment.set_fuel(Some(FUEL));
    for function in ["range", "dict", "debug", "namespace"] {
        environment.remove_global(function);
    }
    environment.set_formatter(|out, state, value| {
        if matches!(value.kind(), ValueKind::None | ValueKind::Undefined) {
            return Err(Error::new(ErrorKind::UndefinedError, "a value that would print nothing"));
        }
        escape_formatter(out, state, value)
    });
    environment.add_filter("yen", move |value: Value| yen(&value, locale));
    environment.add_filter("wareki", move |value: Value| day_of(&value).map(|day| wareki(day, locale)));
    environment.add_filter("time", move |value: Value| time_of(&value).map(|at| wareki_time(at, locale)));
    environment.add_filter("day", move |value: Value| day_of(&value).map(|day| with_weekday(day, locale)));
    for (name, source) in partials(locale) {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

fn wrong(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, what)
}

fn present(value: &Value) -> Result<(), Error> {
    if value.is_none() || value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "a value that is not there"));
    }
    Ok(())
}

/// 1,234,567円 or ¥1,234,567.
fn yen(value: &Value, locale: Locale) -> Result<String, Error> {
    present(value)?;
    let amount = value.as_i64().filter(|_| value.is_integer()).and_then(|amount| Yen::new(amount).ok());
    let amount = amount.ok_or_else(|| wrong("`yen` needs a whole amount"))?;
    Ok(match locale {
        Locale::Ja => format!("{amount}円"),
        Locale::En => format!("¥{amount}"),
    })
}

fn day_of(value: &Value) -> Result<chrono::NaiveDate, Error> {
    present(value)?;
    value.as_str().and_then(parse_day).ok_or_else(|| wrong("a date is needed here"))
}

fn time_of(value: &Value) -> Result<Instant, Error> {
    present(value)?;
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| wrong("a time is needed here"))
}

/// 2026年5月22日（金） or Friday, 22 May 2026.
fn with_weekday(day: chrono::NaiveDate, locale: Locale) -> String {
    use chrono::Datelike;
    match locale {
        Locale::Ja => {
            let weekday = match day.weekday() {
                chrono::Weekday::Mon => '月',
                chrono::Weekday::Tue => '火',
                chrono::Weekday::Wed => '水',
                chrono::Weekday::Thu => '木',
                chrono::Weekday::Fri => '金',
                chrono::Weekday::Sat => '土',
                chrono::Weekday::Sun => '日',
            };
            format!("{}（{weekday}）", wareki(day, locale))
        }
        Locale::En => day.format("%A, %-d %B %Y").to_string(),
    }
}

/// Renders one part of a template over prepared data.
pub(crate) fn render(part: &'static str, source: &str, locale: Locale, data: &Value) -> Result<String, TemplateFault> {
    let rendered = environment(locale).and_then(|environment| environment.render_named_str(part, source, data.clone()));
    rendered.map_err(|error| fault(part, source, locale, &error))
}

/// Faults that rendering on one set of data can miss: names that no data has, also in branches that were not taken.
pub(crate) fn unknown_names(part: &'static str, source: &str, locale: Locale, data: &Value) -> Vec<TemplateFault> {
    let Ok(environment) = environment(locale) else { return Vec::new() };
    let Ok(template) = environment.template_from_named_str(part, source) else { return Vec::new() };
    let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    names.sort();
    names
        .into_iter()
        .filter(|name| !known(data, name))
        .map(|name| (source.find(&name).map_or((1, 1), |at| place(source, at)), name))
        .map(|((line, column), name)| TemplateFault {
            code: "template.unknown_name",
            part,
            language: locale,
            line,
            column,
            message: Bilingual::new(format!("「{name}」という値はありません"), format!("There is no value `{name}`")),
        })
        .collect()
}

/// Line and character of a byte, both counted from 1.
fn place(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let line = before.rsplit('\n').next().unwrap_or(before);
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

fn known(data: &Value, name: &str) -> bool {
    let mut at = data.clone();
    for part in name.split('.') {
        match at.get_attr(part) {
            Ok(inner) if !inner.is_undefined() => at = inner,
            _ => return false,
        }
    }
    true
}

fn fault(part: &'static str, source: &str, language: Locale, error: &Error) -> TemplateFault {
    let line = error.line().unwrap_or(1);
    let text = source.lines().nth(line.saturating_sub(1)).unwrap_or("").trim();
    let excerpt = error.range().and_then(|range| source.get(range)).unwrap_or(text).to_owned();
    let (code, ja, en) = match error.kind() {
        ErrorKind::SyntaxError | ErrorKind::BadEscape => {
            ("template.syntax", "書き方に誤りがあります", "cannot be read")
        }
        ErrorKind::UndefinedError => ("template.missing_value", "値がありません", "has no value"),
        ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => {
            ("template.unknown_filter", "使えない書き方です", "uses something that does not exist")
        }
        ErrorKind::TemplateNotFound | ErrorKind::BadInclude => (
            "template.unknown_name",
            "取り込む文例がないか、その中の値がありません",
            "includes a text that does not exist or lacks a value",
        ),
        ErrorKind::OutOfFuel => ("template.too_long", "長すぎます", "takes too many steps"),
        _ => ("template.wrong_value", "値の種類が合いません", "has a value of the wrong kind"),
    };
    let column = error.range().map_or(1, |range| place(source, range.start).1);
    TemplateFault {
        code,
        part,
        language,
        line,
        column,
        message: Bilingual::new(format!("「{excerpt}」: {ja}"), format!("`{excerpt}` {en}")),
    }
}

/// One line, whatever was put into it: line ends and other control characters become single spaces.
pub(crate) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}'))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Lines without control characters and trailing blanks, at most one empty line in a row, a line end at the end.
pub(crate) fn tidy_lines(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut gap = true;
    for line in text.split('\n') {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        let line = line.trim_end();
        if line.is_empty() && gap {
            continue;
        }
        gap = line.is_empty();
        tidy.push_str(line);
        tidy.push('\n');
    }
    while tidy.ends_with("\n\n") {
        tidy.pop();
    }
    tidy
}
