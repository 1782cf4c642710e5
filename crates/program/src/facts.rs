//! What is known of a case, as the expressions of its program read it: the names, their types, their values.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, FiscalYear, Rate, Yen, parse_day};

use crate::definition::{
    ApplicantFacts, Archetype, Definition, Field, FieldType, Items, Name, ParameterRule, ParameterType, ParameterValue,
    TRADES,
};
use crate::expression::{ChoiceSet, Record, RecordType, Scope, Type, Value};

/// Everything that rules may look at. What is not there yet is simply absent: a rule that reads it is blocked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseFacts {
    pub applicant: ApplicantFacts,
    /// By the names that the archetype declares, which may be dotted: `decision.notice_date`.
    pub dates: BTreeMap<String, NaiveDate>,
    /// The clean values of the newest submission of each form.
    pub forms: BTreeMap<Name, Map<String, Json>>,
    /// Frozen amounts, and optional ones that are not frozen yet as 0.
    pub amounts: BTreeMap<Name, Yen>,
    /// What came of the procedures beside the case, by their kind, without the one that is looked at.
    pub past: BTreeMap<Name, Past>,
    /// Granted to this business by this program in the same fiscal year, without this case.
    pub granted_this_year: Yen,
    /// Granted to this business by this program in any fiscal year, without this case.
    pub granted_ever: Yen,
    pub today: NaiveDate,
    /// 収受日: the day on which the application arrived; today while it has not. Unlike today it stays in a correction.
    pub applied_on: NaiveDate,
    pub award_fiscal_year: FiscalYear,
    /// How the case stands among the others of its call, and with its panel.
    pub standing: CallFacts,
}

impl CaseFacts {
    /// Of whoever would apply on that day and has said and got nothing yet.
    #[must_use]
    pub fn of_applicant(applicant: ApplicantFacts, today: NaiveDate) -> Self {
        Self {
            applicant,
            dates: BTreeMap::new(),
            forms: BTreeMap::new(),
            amounts: BTreeMap::new(),
            past: BTreeMap::new(),
            granted_this_year: Yen::ZERO,
            granted_ever: Yen::ZERO,
            today,
            applied_on: today,
            award_fiscal_year: FiscalYear::of(today),
            standing: CallFacts::default(),
        }
    }
}

/// `call.*`, `rank.*` and `score.*`: absent until it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CallFacts {
    /// Places that the call has left; none for a call without a capacity.
    pub places_left: Option<i64>,
    /// What the call's budget line has left.
    pub budget_left: Option<Yen>,
    /// Cases of the call that wait in line.
    pub waiting: Option<i64>,
    /// The rank among the cases of the call, from 1, and whether the budget or the places reach to it.
    pub rank: Option<(i64, bool)>,
    /// Judges' totals divided by their number, and whether every minimum is reached; once the panel is closed.
    pub score: Option<(Rate, bool)>,
}

/// The procedures of one kind that are over; but for `refused`, those that came to a good end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    pub count: u32,
    /// Those that came to a bad end.
    pub refused: u32,
    /// Those charged to the same fiscal year as the one that is looked at.
    pub this_year: u32,
    /// Their own amounts, added up.
    pub amounts: BTreeMap<Name, Yen>,
}

/// The form that every case begins with; later forms may read its fields by their bare names.
pub(crate) const APPLICATION: &str = "application";
/// The part of a row of real costs that names the files which prove it.
pub(crate) const EVIDENCE: &str = "evidence";
/// Names that are always there, so that fields and facts may not take them.
pub(crate) const RESERVED: [&str; 11] = [
    "applicant",
    "amount",
    "today",
    "applied_on",
    "fiscal_year",
    "input",
    "call",
    "rank",
    "score",
    "past",
    "parameter",
];

/// Form → field → rule, archetype and program put together.
pub(crate) type Fields = IndexMap<Name, IndexMap<Name, Field>>;

// ---------------------------------------------------------------------------------------------------------------
// Types

/// What expressions may read where they look at a case from one of its forms (or, without one, from the application),
/// and from inside of the procedures that are `near`.
pub(crate) fn scope(
    archetype: &Archetype,
    fields: &Fields,
    form: &str,
    near: &[&str],
    input: &IndexMap<Name, Field>,
) -> Scope {
    let is_seen = |home: Option<&str>| home.is_none_or(|procedure| near.contains(&procedure));
    let own = || archetype.procedures.iter().filter(|(name, _)| near.contains(&name.as_str())).map(|(_, rule)| rule);
    let mut records: IndexMap<&str, IndexMap<String, Type>> = IndexMap::new();
    for (name, fields) in fields {
        if is_seen(archetype.form(name).and_then(|(home, _)| home)) {
            records.entry(name).or_default().extend(field_types(fields));
        }
    }
    let mut scope = Scope::new();
    for (name, fact) in archetype.facts.iter().chain(own().flat_map(|rule| &rule.facts)) {
        let kind = if fact.optional { Type::Date.optional() } else { Type::Date };
        match name.split_once('.') {
            Some((record, field)) => _ = records.entry(record).or_default().insert(field.to_owned(), kind),
            None => scope = scope.with(name, kind),
        }
    }
    let amounts = archetype.amounts.keys().chain(own().flat_map(|rule| rule.amounts.keys()));
    records.entry("amount").or_default().extend(amounts.map(|name| (name.clone(), Type::Yen)));
    records.entry("past").or_default().extend(archetype.procedures.iter().map(|(name, rule)| {
        let counts = ["count", "refused", "this_year"].map(|name| (name.to_owned(), Type::Int));
        let sums = rule.amounts.keys().map(|name| (name.clone(), Type::Yen));
        (name.clone(), Type::Record(RecordType::new(counts.into_iter().chain(sums))))
    }));
    let parameters = archetype.parameters.iter().map(|(name, rule)| (name.clone(), parameter_type(rule.kind)));
    records.entry("parameter").or_default().extend(parameters);
    records.entry("input").or_default().extend(field_types(input));
    records.entry("applicant").or_default().extend(applicant_types());
    for (record, fields) in standing_types() {
        records.entry(record).or_default().extend(fields.map(|(name, kind)| (name.to_owned(), kind)));
    }
    for (name, record) in records {
        scope = scope.with(name, Type::Record(RecordType::new(record)));
    }
    for name in [APPLICATION, form] {
        for (name, kind) in fields.get(name).into_iter().flat_map(field_types) {
            scope = scope.with(name, kind);
        }
    }
    let scope = scope.with("today", Type::Date).with("applied_on", Type::Date).with("fiscal_year", Type::Int);
    labeled(scope, archetype, fields, form, input)
}

/// What people call the names that are there whatever the program, and the parts of a row.
const CALLED: [(&str, &str, &str); 29] = [
    ("today", "本日", "Today"),
    ("applied_on", "収受日", "Received on"),
    ("fiscal_year", "交付の年度", "Fiscal year of the award"),
    ("applicant.kind", "申請者の区分", "Kind of applicant"),
    ("applicant.size", "事業者の規模", "Size of the business"),
    ("applicant.deemed_large", "みなし大企業", "Deemed a large company"),
    ("applicant.established_here_on", "この自治体での事業開始日", "In business here since"),
    ("applicant.employees", "従業員数", "Employees"),
    ("applicant.capital", "資本金", "Capital"),
    ("applicant.trade", "業種", "Trade"),
    ("call.places_left", "募集の残り枠", "Places left"),
    ("call.budget_left", "予算の残額", "Budget left"),
    ("call.waiting", "順番待ちの件数", "Cases in line"),
    ("rank.place", "順位", "Rank"),
    ("rank.within_budget", "予算・枠の範囲内", "Within budget and places"),
    ("rank.known", "順位の決定", "Ranked"),
    ("score.mean", "平均点", "Mean score"),
    ("score.passed", "最低点の充足", "Every minimum reached"),
    ("score.known", "採点の終了", "Panel closed"),
    ("category", "経費区分", "Category"),
    ("what", "内容", "What"),
    ("supplier", "支払先", "Supplier"),
    ("net", "税抜額", "Amount without tax"),
    ("tax", "消費税額", "Consumption tax"),
    ("gross", "税込額", "Amount with tax"),
    ("ordered_on", "発注日", "Ordered on"),
    ("invoice_number", "適格請求書発行事業者の登録番号", "Invoice number"),
    ("delivered_on", "納品日", "Delivered on"),
    ("paid_on", "支払日", "Paid on"),
];

/// The scope with what people call its names.
fn labeled(
    mut scope: Scope,
    archetype: &Archetype,
    fields: &Fields,
    form: &str,
    input: &IndexMap<Name, Field>,
) -> Scope {
    for (name, ja, en) in CALLED {
        scope = scope.called(name, &Bilingual::new(ja, en));
    }
    for (home, fields) in fields {
        for (name, field) in fields {
            scope = scope.called(format!("{home}.{name}"), &field.label);
            for part in ["net", "tax", "gross"].iter().filter(|_| field.kind == FieldType::Costs) {
                let sum = CALLED.iter().find(|(called, ..)| called == part);
                if let Some((_, ja, en)) = sum {
                    let label =
                        Bilingual::new(format!("{}の{ja}", field.label.ja), format!("{}: {en}", field.label.en));
                    scope = scope.called(format!("{name}.{part}"), &label);
                }
            }
        }
    }
    for home in [APPLICATION, form] {
        for (name, field) in fields.get(home).into_iter().flatten() {
            scope = scope.called(name, &field.label);
            if let Some(items) = &field.items {
                scope = scope.called("item", &items.label);
            }
        }
    }
    for (name, fact) in archetype.all_facts() {
        scope = scope.called(name, &fact.label);
    }
    for (name, amount) in archetype.all_amounts() {
        scope = scope.called(format!("amount.{name}"), &amount.label);
    }
    for (name, parameter) in &archetype.parameters {
        scope = scope.called(format!("parameter.{name}"), &parameter.label);
    }
    for (name, field) in input {
        scope = scope.called(format!("input.{name}"), &field.label);
    }
    for (name, procedure) in &archetype.procedures {
        let Bilingual { ja, en } = &procedure.label;
        for (count, of, counted) in [
            ("count", "完了した件数", "completed"),
            ("refused", "不承認等の件数", "refused"),
            ("this_year", "当年度の件数", "this fiscal year"),
        ] {
            let label = Bilingual::new(format!("{ja}の{of}"), format!("{en}: {counted}"));
            scope = scope.called(format!("past.{name}.{count}"), &label);
        }
        for (amount, rule) in &procedure.amounts {
            let label = Bilingual::new(format!("これまでの{}", rule.label.ja), format!("{} so far", rule.label.en));
            scope = scope.called(format!("past.{name}.{amount}"), &label);
        }
    }
    scope
}

const fn parameter_type(kind: ParameterType) -> Type {
    match kind {
        ParameterType::Yen => Type::Yen,
        ParameterType::Rate => Type::Rate,
        ParameterType::Number => Type::Int,
    }
}

/// What the program says, or else the archetype's default. `None` when it is of another type, or there is neither.
pub(crate) fn parameter_value(rule: &ParameterRule, given: Option<&ParameterValue>) -> Option<Value> {
    match (rule.kind, given.or(rule.default.as_ref())?) {
        (ParameterType::Yen, ParameterValue::Whole(yen)) => Yen::new(*yen).ok().map(Value::Yen),
        (ParameterType::Number, ParameterValue::Whole(count)) => Some(Value::Int(*count)),
        (ParameterType::Rate, ParameterValue::Rate(rate)) => Some(Value::Rate(*rate)),
        (ParameterType::Rate, ParameterValue::Whole(whole)) => Rate::new(*whole, 1).ok().map(Value::Rate),
        _ => None,
    }
}

/// The figures that the program gives.
pub(crate) fn parameters(definition: &Definition) -> Record {
    let rules = definition.archetype.parameters.iter();
    let given = |name: &Name| definition.program.parameters.get(name);
    rules.filter_map(|(name, rule)| Some((name.clone(), parameter_value(rule, given(name))?))).collect()
}

fn applicant_types() -> [(String, Type); 7] {
    let kinds = ChoiceSet::labeled([
        ("company", Bilingual::new("会社", "Company")),
        ("sole_proprietor", Bilingual::new("個人事業主", "Sole proprietor")),
        ("group", Bilingual::new("グループ", "Group")),
        ("association", Bilingual::new("団体", "Association")),
    ]);
    let sizes = ChoiceSet::labeled([
        ("micro", Bilingual::new("小規模事業者", "Micro business")),
        ("sme", Bilingual::new("中小企業者", "SME")),
        ("large", Bilingual::new("大企業", "Large company")),
    ]);
    let trades = ChoiceSet::labeled(TRADES.map(|(name, ja, en)| (name, Bilingual::new(ja, en))));
    [
        ("kind", Type::Choice(kinds)),
        ("size", Type::Choice(sizes)),
        ("deemed_large", Type::Bool),
        ("established_here_on", Type::Date),
        ("employees", Type::Int),
        ("capital", Type::Yen),
        ("trade", Type::Choice(trades)),
    ]
    .map(|(name, kind)| (name.to_owned(), kind))
}

fn standing_types() -> [(&'static str, [(&'static str, Type); 3]); 3] {
    let optional = Type::optional;
    [
        ("call", [("places_left", optional(Type::Int)), ("budget_left", Type::Yen), ("waiting", Type::Int)]),
        ("rank", [("place", Type::Int), ("within_budget", Type::Bool), ("known", Type::Bool)]),
        ("score", [("mean", Type::Rate), ("passed", Type::Bool), ("known", Type::Bool)]),
    ]
}

fn standing_values(standing: &CallFacts) -> [(&'static str, Vec<(&'static str, Value)>); 3] {
    let call = [
        Some(("places_left", standing.places_left.map_or(Value::None, Value::Int))),
        standing.budget_left.map(|left| ("budget_left", Value::Yen(left))),
        standing.waiting.map(|waiting| ("waiting", Value::Int(waiting))),
    ];
    let known = |known: bool| Some(("known", Value::Bool(known)));
    let rank = [
        known(standing.rank.is_some()),
        standing.rank.map(|(place, _)| ("place", Value::Int(place))),
        standing.rank.map(|(_, within)| ("within_budget", Value::Bool(within))),
    ];
    let score = [
        known(standing.score.is_some()),
        standing.score.map(|(mean, _)| ("mean", Value::Rate(mean))),
        standing.score.map(|(_, passed)| ("passed", Value::Bool(passed))),
    ];
    [("call", call), ("rank", rank), ("score", score)]
        .map(|(name, values)| (name, values.into_iter().flatten().collect()))
}

fn field_types(fields: &IndexMap<Name, Field>) -> impl Iterator<Item = (String, Type)> {
    fields.iter().filter_map(|(name, field)| Some((name.clone(), field_type(field)?)))
}

/// `None` for fields that no rule can read.
pub(crate) fn field_type(field: &Field) -> Option<Type> {
    let kind = match field.kind {
        FieldType::Text | FieldType::LongText | FieldType::CorporateNumber | FieldType::File => Type::Text,
        FieldType::Number => Type::Int,
        FieldType::Yen => Type::Yen,
        FieldType::Date => Type::Date,
        FieldType::YesNo => return Some(Type::Bool),
        FieldType::Rate => Type::Rate,
        FieldType::Choice => Type::Choice(ChoiceSet::labeled(field.choices.clone())),
        FieldType::Costs => return Some(Type::List(row_type(field))),
        FieldType::BankAccount | FieldType::Business | FieldType::FieldMarks => return None,
    };
    Some(if field.required && field.when.is_none() { kind } else { kind.optional() })
}

/// A row of a cost table.
pub(crate) fn row_type(field: &Field) -> RecordType {
    let categories = field.categories.iter().map(|(name, category)| (name.clone(), category.label.clone()));
    let mut row = vec![
        ("category", Type::Choice(ChoiceSet::labeled(categories))),
        ("what", Type::Text),
        ("supplier", Type::Text),
        ("net", Type::Yen),
        ("tax", Type::Yen),
        ("gross", Type::Yen),
    ];
    row.extend(field.items.as_ref().map(|items| ("item", item_type(items))));
    if field.actual {
        row.extend([("ordered_on", Type::Date), ("delivered_on", Type::Date), ("paid_on", Type::Date)]);
        row.push(("invoice_number", Type::Text.optional()));
    }
    RecordType::new(row)
}

pub(crate) fn item_type(items: &Items) -> Type {
    if items.choices.is_empty() { Type::Text } else { Type::Choice(ChoiceSet::labeled(items.choices.clone())) }
}

// ---------------------------------------------------------------------------------------------------------------
// Values

/// The facts of a case as they are seen from a form.
pub(crate) struct View<'a> {
    pub fields: &'a Fields,
    pub parameters: &'a Record,
    pub facts: &'a CaseFacts,
}

impl View<'_> {
    /// From a form as it was submitted last.
    pub fn submitted(&self, form: &str) -> Record {
        let none = Map::new();
        self.filled_in(form, self.facts.forms.get(form).unwrap_or(&none))
    }

    /// From a form with these clean values, instead of those that were submitted.
    pub fn filled_in(&self, form: &str, values: &Map<String, Json>) -> Record {
        let mut records: BTreeMap<&str, Record> = BTreeMap::new();
        for (name, fields) in self.fields {
            let values = if name == form { Some(values) } else { self.facts.forms.get(name) };
            if let Some(values) = values {
                records.entry(name).or_default().extend(field_values(fields, values));
            }
        }
        let mut roots = Record::new();
        for (name, day) in &self.facts.dates {
            match name.split_once('.') {
                Some((record, field)) => {
                    records.entry(record).or_default().insert(field.to_owned(), Value::Date(*day));
                }
                None => _ = roots.insert(name.clone(), Value::Date(*day)),
            }
        }
        let amounts = self.facts.amounts.iter().map(|(name, yen)| (name.clone(), Value::Yen(*yen)));
        records.entry("amount").or_default().extend(amounts);
        records.entry("applicant").or_default().extend(applicant_values(&self.facts.applicant));
        for (record, values) in standing_values(&self.facts.standing) {
            records.entry(record).or_default().extend(values.into_iter().map(|(name, value)| (name.to_owned(), value)));
        }
        records.entry("parameter").or_default().extend(self.parameters.clone());
        let past = self.facts.past.iter().map(|(name, past)| (name.clone(), Value::Record(past_values(past))));
        records.entry("past").or_default().extend(past);
        for name in [APPLICATION, form] {
            roots.extend(records.get(name).cloned().unwrap_or_default());
        }
        roots.extend(records.into_iter().map(|(name, record)| (name.to_owned(), Value::Record(record))));
        roots.insert("today".to_owned(), Value::Date(self.facts.today));
        roots.insert("applied_on".to_owned(), Value::Date(self.facts.applied_on));
        roots.insert("fiscal_year".to_owned(), Value::Int(self.facts.award_fiscal_year.0.into()));
        roots
    }
}

fn past_values(past: &Past) -> Record {
    let counts = [("count", past.count), ("refused", past.refused), ("this_year", past.this_year)];
    let counts = counts.map(|(name, count)| (name.to_owned(), Value::Int(count.into())));
    counts.into_iter().chain(past.amounts.iter().map(|(name, yen)| (name.clone(), Value::Yen(*yen)))).collect()
}

/// Facts that may be missing are told to be missing; the others simply are not there.
pub(crate) fn note_missing_dates(archetype: &Archetype, roots: &mut Record) {
    let beside = archetype.procedures.values().flat_map(|procedure| &procedure.facts);
    for (name, _) in archetype.facts.iter().chain(beside).filter(|(_, fact)| fact.optional) {
        match name.split_once('.') {
            None => _ = roots.entry(name.clone()).or_insert(Value::None),
            Some((record, field)) => {
                let entry = roots.entry(record.to_owned()).or_insert_with(|| Value::Record(Record::new()));
                if let Value::Record(record) = entry {
                    record.entry(field.to_owned()).or_insert(Value::None);
                }
            }
        }
    }
}

fn applicant_values(applicant: &ApplicantFacts) -> Vec<(String, Value)> {
    [
        ("kind", Value::Choice(word(&applicant.kind))),
        ("size", Value::Choice(word(&applicant.size))),
        ("deemed_large", Value::Bool(applicant.deemed_large)),
        ("established_here_on", Value::Date(applicant.established_here_on)),
        ("employees", Value::Int(applicant.employees.into())),
        ("capital", Value::Yen(applicant.capital)),
        ("trade", Value::Choice(applicant.trade.clone())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The word by which definitions name a variant.
pub(crate) fn word(variant: &impl Serialize) -> String {
    serde_json::to_value(variant).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(crate) fn field_values(fields: &IndexMap<Name, Field>, values: &Map<String, Json>) -> Record {
    fields.iter().filter_map(|(name, field)| Some((name.clone(), field_value(field, values.get(name))?))).collect()
}

/// A clean value as expressions see it. `None` when it has to be there and is not.
pub(crate) fn field_value(field: &Field, value: Option<&Json>) -> Option<Value> {
    let text = || value.and_then(Json::as_str);
    let present = match field.kind {
        FieldType::Text | FieldType::LongText | FieldType::CorporateNumber | FieldType::File => {
            text().map(|text| Value::Text(text.to_owned()))
        }
        FieldType::Number => value.and_then(Json::as_i64).map(Value::Int),
        FieldType::Yen => value.and_then(yen).map(Value::Yen),
        FieldType::Date => text().and_then(parse_day).map(Value::Date),
        FieldType::YesNo => Some(Value::Bool(value.and_then(Json::as_bool).unwrap_or(false))),
        FieldType::Rate => text().and_then(|text| text.parse::<Rate>().ok()).map(Value::Rate),
        FieldType::Choice => text().map(|text| Value::Choice(text.to_owned())),
        FieldType::Costs => Some(Value::List(rows(value).map(|row| row_value(field, row)).collect())),
        FieldType::BankAccount | FieldType::Business | FieldType::FieldMarks => return None,
    };
    match present {
        None if !(field.required && field.when.is_none()) => Some(Value::None),
        present => present,
    }
}

pub(crate) fn yen(value: &Json) -> Option<Yen> {
    value.as_i64().and_then(|yen| Yen::new(yen).ok())
}

pub(crate) fn item_value(items: &Items, item: &str) -> Value {
    if items.choices.is_empty() { Value::Text(item.to_owned()) } else { Value::Choice(item.to_owned()) }
}

/// The rows of a cost table; things that are no rows are passed over, as they have been reported.
pub(crate) fn rows(value: Option<&Json>) -> impl Iterator<Item = &Map<String, Json>> {
    value.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_object)
}

/// The files that prove a row of real costs, by their identifiers.
pub fn evidence_of(row: &Map<String, Json>) -> impl Iterator<Item = &str> {
    row.get(EVIDENCE).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

/// Whether a row says what proves it; one that does not is proved by a file for the table as a whole.
#[must_use]
pub fn says_evidence(row: &Map<String, Json>) -> bool {
    row.contains_key(EVIDENCE)
}

/// Every row says which files prove it: those it named, as `of_row` changes them.
#[must_use]
pub fn with_evidence(table: &Json, of_row: impl Fn(usize, Vec<&str>) -> Vec<String>) -> Json {
    each_row(table, |i, row| {
        let files = of_row(i, evidence_of(row).collect());
        row.insert(EVIDENCE.to_owned(), files.into());
    })
}

/// The rows without what proves them.
#[must_use]
pub fn without_evidence(table: &Json) -> Json {
    each_row(table, |_, row| _ = row.remove(EVIDENCE))
}

/// Rows that say nothing of their evidence keep what the same row said before.
#[must_use]
pub fn keep_evidence(before: &Json, now: &Json) -> Json {
    let (bare_before, bare_now) = (without_evidence(before), without_evidence(now));
    let said = |row: usize| {
        let place = bare_before.as_array()?.iter().position(|before| Some(before) == bare_now.get(row))?;
        before[place].get(EVIDENCE)
    };
    each_row(now, |i, row| {
        if let Some(said) = said(i).filter(|_| !says_evidence(row)) {
            row.insert(EVIDENCE.to_owned(), said.clone());
        }
    })
}

fn each_row(table: &Json, change: impl Fn(usize, &mut Map<String, Json>)) -> Json {
    let mut changed = table.clone();
    for (i, row) in changed.as_array_mut().into_iter().flatten().enumerate() {
        if let Some(row) = row.as_object_mut() {
            change(i, row);
        }
    }
    changed
}

pub(crate) fn row_value(field: &Field, row: &Map<String, Json>) -> Record {
    let text = |name: &str| row.get(name).and_then(Json::as_str);
    let mut record = Record::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            record.insert(name.to_owned(), value);
        }
    };
    put("category", text("category").map(|name| Value::Choice(name.to_owned())));
    if let Some(items) = &field.items {
        put("item", text("item").map(|item| item_value(items, item)));
    }
    put("what", text("what").map(|text| Value::Text(text.to_owned())));
    put("supplier", Some(Value::Text(text("supplier").unwrap_or_default().to_owned())));
    let (net, tax) = (row.get("net").and_then(yen), row.get("tax").and_then(yen));
    put("net", net.map(Value::Yen));
    put("tax", tax.map(Value::Yen));
    put("gross", net.zip(tax).and_then(|(net, tax)| net.plus(tax).ok()).map(Value::Yen));
    for name in ["ordered_on", "delivered_on", "paid_on"] {
        put(name, text(name).and_then(parse_day).map(Value::Date));
    }
    put("invoice_number", Some(text("invoice_number").map_or(Value::None, |text| Value::Text(text.to_owned()))));
    record
}
