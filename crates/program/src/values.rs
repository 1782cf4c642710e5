//! The values of form fields: from what was handed in to what is stored, or what is wrong with it.

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};
use vocabulary::{
    AccountKind, AccountNumber, BankCode, Bilingual, BranchCode, CorporateNumber, Invalid, InvoiceNumber, Rate, Yen,
    parse_day,
};

use crate::definition::{Field, FieldType, Name};
use crate::facts::EVIDENCE;
use crate::parts::{Fault, FormCheck};

const TEXT_CHARACTERS: i64 = 2_000;
const LONG_TEXT_CHARACTERS: i64 = 10_000;
/// Sums over all rows stay far below what a yen amount holds.
const HIGHEST_YEN: i64 = 999_999_999_999;
const MOST_ROWS: usize = 200;
const ROW_TEXT_CHARACTERS: i64 = 200;

/// The value as it is stored; `None` when nothing was given. Faults go to `faults`, and then there is no value.
pub(crate) fn clean(field: &Field, path: &str, raw: Option<&Json>, faults: &mut Vec<Fault>) -> Option<Json> {
    let raw = raw.filter(|raw| !is_blank(raw))?;
    let before = faults.len();
    let value = match field.kind {
        FieldType::Text => text(raw, path, field.max.unwrap_or(TEXT_CHARACTERS), false, faults),
        FieldType::LongText => text(raw, path, field.max.unwrap_or(LONG_TEXT_CHARACTERS), true, faults),
        FieldType::File => text(raw, path, ROW_TEXT_CHARACTERS, false, faults),
        FieldType::Number => {
            integer(raw, path, field.min.unwrap_or(-HIGHEST_YEN), field.max.unwrap_or(HIGHEST_YEN), faults)
        }
        FieldType::Yen => integer(raw, path, field.min.unwrap_or(0), field.max.unwrap_or(HIGHEST_YEN), faults),
        FieldType::Date => date(raw, path, faults),
        FieldType::YesNo => yes_no(field, raw, path, faults),
        FieldType::Choice => choice(raw, path, field.choices.contains_key(word(raw)), faults),
        FieldType::Rate => rate(raw, path, faults),
        FieldType::Costs => costs(field, raw, path, faults),
        FieldType::CorporateNumber => parsed::<CorporateNumber>(raw, path, faults),
        FieldType::BankAccount => account(raw, path, faults),
        FieldType::Business => business(raw, path, faults),
        FieldType::FieldMarks => marks(raw, path, faults),
    };
    if faults.len() > before { None } else { value }
}

/// As the registry of businesses gives it; whether there is such a business is looked up when it is needed.
fn business(raw: &Json, path: &str, faults: &mut Vec<Fault>) -> Option<Json> {
    let id = identifier(raw);
    if id.is_none() {
        faults.push(Fault::new(
            "business.form",
            path,
            Bilingual::new(
                "登録された事業者の識別番号を入力してください",
                "Enter the identifier of a registered business",
            ),
        ));
    }
    id.map(Json::String)
}

/// A UUID.
fn identifier(raw: &Json) -> Option<String> {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let id = word(raw).trim().to_ascii_lowercase();
    let parts: Vec<&str> = id.split('-').collect();
    let fits = parts.iter().map(|part| part.len()).eq(LENGTHS)
        && parts.iter().all(|part| part.bytes().all(|digit| digit.is_ascii_hexdigit()));
    fits.then_some(id)
}

fn is_blank(raw: &Json) -> bool {
    match raw {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

fn word(raw: &Json) -> &str {
    raw.as_str().unwrap_or_default()
}

fn wrong_type(path: &str, ja: &str, en: &str) -> Fault {
    Fault::new("field.type", path, Bilingual::new(format!("{ja}を入力してください"), format!("Enter {en}")))
}

fn text(raw: &Json, path: &str, most: i64, lines: bool, faults: &mut Vec<Fault>) -> Option<Json> {
    let Some(text) = raw.as_str() else {
        faults.push(wrong_type(path, "文字", "text"));
        return None;
    };
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().any(|c| c.is_control() && !(lines && c == '\n')) {
        let message =
            Bilingual::new("使えない文字（制御文字）が含まれています", "There are characters that cannot be used");
        faults.push(Fault::new("field.characters", path, message));
    }
    let length = text.chars().count();
    if i64::try_from(length).map_or(true, |length| length > most) {
        let message = Bilingual::new(
            format!("{most}文字以内で入力してください（現在{length}文字）"),
            format!("Use at most {most} characters (now {length})"),
        );
        faults.push(Fault::new("field.too_long", path, message));
    }
    Some(Json::from(text))
}

fn integer(raw: &Json, path: &str, least: i64, most: i64, faults: &mut Vec<Fault>) -> Option<Json> {
    let Some(number) = raw.as_i64() else {
        let message = Bilingual::new("数字だけで入力してください", "Enter a whole number");
        faults.push(Fault::new("field.type", path, message));
        return None;
    };
    if !(least..=most).contains(&number) {
        let message = match (number < least, shown(least), shown(most)) {
            (true, least, _) => {
                Bilingual::new(format!("{least}以上で入力してください"), format!("Enter {least} or more"))
            }
            (false, _, most) => {
                Bilingual::new(format!("{most}以下で入力してください"), format!("Enter {most} or less"))
            }
        };
        faults.push(Fault::new("field.range", path, message));
    }
    Some(Json::from(number))
}

fn shown(number: i64) -> String {
    Yen::new(number).map_or_else(|_| number.to_string(), |yen| yen.to_string())
}

fn date(raw: &Json, path: &str, faults: &mut Vec<Fault>) -> Option<Json> {
    let day = raw.as_str().and_then(|text| parse_day(text.trim()));
    if day.is_none() {
        faults.push(wrong_type(path, "日付（例：2026-04-01）", "a date (example: 2026-04-01)"));
    }
    day.map(|day| Json::from(day.to_string()))
}

fn yes_no(field: &Field, raw: &Json, path: &str, faults: &mut Vec<Fault>) -> Option<Json> {
    match raw.as_bool() {
        None => faults.push(wrong_type(path, "「はい」か「いいえ」", "yes or no")),
        Some(false) if field.consent => faults.push(Fault::consent(path)),
        Some(_) => {}
    }
    Some(raw.clone())
}

fn choice(raw: &Json, path: &str, known: bool, faults: &mut Vec<Fault>) -> Option<Json> {
    if !known {
        let message = Bilingual::new("選択肢の中から選んでください", "Choose one of the options");
        faults.push(Fault::new("choice.unknown", path, message));
    }
    Some(raw.clone())
}

fn rate(raw: &Json, path: &str, faults: &mut Vec<Fault>) -> Option<Json> {
    let rate = raw.as_str().and_then(|text| text.trim().parse::<Rate>().ok());
    match rate {
        None => faults.push(wrong_type(path, "分数（例：1/2）", "a fraction (example: 1/2)")),
        Some(rate) if !rate.is_share() => {
            let message =
                Bilingual::new("0より大きく1以下の分数にしてください", "Enter a fraction above 0 and at most 1");
            faults.push(Fault::new("field.range", path, message));
        }
        Some(_) => {}
    }
    rate.map(|rate| Json::from(rate.to_string()))
}

/// A word that knows by itself when it is right.
fn parsed<T>(raw: &Json, path: &str, faults: &mut Vec<Fault>) -> Option<Json>
where
    T: TryFrom<String, Error = Invalid> + Into<String>,
{
    let Some(text) = raw.as_str() else {
        faults.push(wrong_type(path, "文字", "text"));
        return None;
    };
    match T::try_from(text.trim().to_owned()) {
        Ok(value) => Some(Json::from(value.into())),
        Err(invalid) => {
            faults.push(Fault::new(invalid.code, path, invalid.message));
            None
        }
    }
}

/// A map of values with known keys. What is not known is a fault; what is not given is one, unless optional.
struct Parts<'a> {
    path: &'a str,
    given: &'a Map<String, Json>,
    out: Map<String, Json>,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Parts<'a> {
    fn of(raw: &'a Json, path: &'a str, known: &[&str], faults: &'a mut Vec<Fault>) -> Option<Self> {
        let Some(given) = raw.as_object() else {
            faults.push(wrong_type(path, "項目", "the parts of this field"));
            return None;
        };
        for name in given.keys().filter(|name| !known.contains(&name.as_str())) {
            faults.push(Fault::unknown_field(&format!("{path}.{name}")));
        }
        Some(Self { path, given, out: Map::new(), faults })
    }

    fn take(&mut self, name: &str, required: bool, read: impl FnOnce(&Json, &str, &mut Vec<Fault>) -> Option<Json>) {
        let path = format!("{}.{name}", self.path);
        match self.given.get(name).filter(|raw| !is_blank(raw)) {
            None if required => self.faults.push(Fault::required(&path)),
            None => {}
            Some(raw) => {
                if let Some(value) = read(raw, &path, self.faults) {
                    self.out.insert(name.to_owned(), value);
                }
            }
        }
    }
}

fn costs(field: &Field, raw: &Json, path: &str, faults: &mut Vec<Fault>) -> Option<Json> {
    let Some(rows) = raw.as_array() else {
        faults.push(wrong_type(path, "明細", "rows"));
        return None;
    };
    if rows.len() > MOST_ROWS {
        let message = Bilingual::new(format!("明細は{MOST_ROWS}行までです"), format!("Enter at most {MOST_ROWS} rows"));
        faults.push(Fault::new("field.too_long", path, message));
        return None;
    }
    let rows = rows.iter().enumerate().filter_map(|(i, raw)| row(field, raw, &format!("{path}[{i}]"), faults));
    Some(Json::Array(rows.collect()))
}

fn row(field: &Field, raw: &Json, path: &str, faults: &mut Vec<Fault>) -> Option<Json> {
    const PLANNED: [&str; 5] = ["category", "what", "supplier", "net", "tax"];
    const DAYS: [&str; 3] = ["ordered_on", "delivered_on", "paid_on"];
    const INVOICE: &str = "invoice_number";
    const MOST_FILES: usize = 50;
    const ITEM: &str = "item";
    let mut known = PLANNED.to_vec();
    if field.items.is_some() {
        known.push(ITEM);
    }
    if field.actual {
        known.extend(DAYS);
        known.push(INVOICE);
    }
    if field.evidence.is_some() {
        known.push(EVIDENCE);
    }
    let mut row = Parts::of(raw, path, &known, faults)?;
    let short = |raw: &Json, path: &str, faults: &mut Vec<Fault>| text(raw, path, ROW_TEXT_CHARACTERS, false, faults);
    let figure = |raw: &Json, path: &str, faults: &mut Vec<Fault>| integer(raw, path, 0, HIGHEST_YEN, faults);
    row.take("category", true, |raw, path, faults| choice(raw, path, field.categories.contains_key(word(raw)), faults));
    if let Some(items) = &field.items {
        row.take(ITEM, true, |raw, path, faults| match items.choices.is_empty() {
            true => short(raw, path, faults),
            false => choice(raw, path, items.choices.contains_key(word(raw)), faults),
        });
    }
    row.take("what", true, short);
    row.take("supplier", field.actual, short);
    row.take("net", true, figure);
    row.take("tax", true, figure);
    if field.actual {
        DAYS.iter().for_each(|name| row.take(name, true, date));
        row.take(INVOICE, false, parsed::<InvoiceNumber>);
    }
    // A row for which there is no file yet says so; that is another thing than saying nothing.
    if raw.get(EVIDENCE).and_then(Json::as_array).is_some_and(Vec::is_empty) {
        row.out.insert(EVIDENCE.to_owned(), Json::Array(Vec::new()));
    }
    row.take(EVIDENCE, false, |raw, path, faults| {
        let files = raw.as_array().filter(|files| files.len() <= MOST_FILES);
        let files = files.and_then(|files| files.iter().map(identifier).collect::<Option<Vec<String>>>());
        if files.is_none() {
            faults.push(wrong_type(path, "添付した書類の識別番号の一覧", "a list of identifiers of attached files"));
        }
        files.map(Json::from)
    });
    Some(Json::Object(row.out))
}

fn account(raw: &Json, path: &str, faults: &mut Vec<Fault>) -> Option<Json> {
    const HOLDER_CHARACTERS: i64 = 100;
    let mut account = Parts::of(raw, path, &["bank", "branch", "kind", "number", "holder_kana"], faults)?;
    account.take("bank", true, parsed::<BankCode>);
    account.take("branch", true, parsed::<BranchCode>);
    account.take("kind", true, |raw, path, faults| {
        choice(raw, path, serde_json::from_value::<AccountKind>(raw.clone()).is_ok(), faults)
    });
    account.take("number", true, parsed::<AccountNumber>);
    account.take("holder_kana", true, |raw, path, faults| text(raw, path, HOLDER_CHARACTERS, false, faults));
    Some(Json::Object(account.out))
}

fn marks(raw: &Json, path: &str, faults: &mut Vec<Fault>) -> Option<Json> {
    const REMARK_CHARACTERS: i64 = 1_000;
    let Some(marks) = raw.as_object() else {
        faults.push(wrong_type(path, "項目とその説明", "fields with a remark each"));
        return None;
    };
    let mut out = Map::new();
    for (field, remark) in marks {
        if let Some(remark) = text(remark, &format!("{path}.{field}"), REMARK_CHARACTERS, true, faults) {
            out.insert(field.clone(), remark);
        }
    }
    Some(Json::Object(out))
}

/// Fields that nobody asked for.
pub(crate) fn unknown_fields(fields: impl Fn(&str) -> bool, values: &Map<String, Json>) -> impl Iterator<Item = Fault> {
    values.keys().filter(move |name| !fields(name)).map(|name| Fault::unknown_field(name))
}

/// A field's fault when it is asked for and nothing was given.
pub(crate) fn missing(field: &Field, path: &str) -> Option<Fault> {
    match (field.consent, field.required) {
        (true, _) => Some(Fault::consent(path)),
        (false, true) if matches!(field.kind, FieldType::Choice | FieldType::YesNo) => Some(Fault::not_chosen(path)),
        (false, true) => Some(Fault::required(path)),
        (false, false) => None,
    }
}

/// Checks values against fields alone; a conditional field is taken when it is there and never missed.
#[must_use]
pub fn check_fields(fields: &IndexMap<Name, Field>, values: &Map<String, Json>) -> FormCheck {
    let mut check = FormCheck::default();
    check.faults.extend(unknown_fields(|name| fields.contains_key(name), values));
    for (name, field) in fields {
        let before = check.faults.len();
        match clean(field, name, values.get(name), &mut check.faults) {
            Some(value) => _ = check.clean.insert(name.clone(), value),
            None if check.faults.len() == before && field.when.is_none() => check.faults.extend(missing(field, name)),
            None => {}
        }
    }
    check
}
