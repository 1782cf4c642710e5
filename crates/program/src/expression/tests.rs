use chrono::NaiveDate;
use proptest::prelude::*;
use vocabulary::{Bilingual, Rate, Yen, parse_day};

use super::*;

fn sizes() -> ChoiceSet {
    ChoiceSet::labeled([("sme", Bilingual::new("中小企業者", "SME")), ("large", Bilingual::new("大企業", "Large"))])
}

fn row_type() -> RecordType {
    RecordType::new([
        ("category", Type::Choice(ChoiceSet::new(["booth_fee", "samples"]))),
        ("net", Type::Yen),
        ("tax", Type::Yen.optional()),
        ("ordered_on", Type::Date),
        ("paid_on", Type::Date.optional()),
        ("quantity", Type::Int),
        ("event", Type::Text),
    ])
}

fn scope() -> Scope {
    let applicant = RecordType::new([
        ("size", Type::Choice(sizes())),
        ("kind", Type::Choice(ChoiceSet::new(["company", "sole_proprietor"]))),
        ("established_here_on", Type::Date.optional()),
        ("employees", Type::Int),
        ("share", Type::Rate),
        ("name", Type::Text),
    ]);
    let decision = RecordType::new([("notice_date", Type::Date), ("award", Type::Yen)]);
    Scope::new()
        .with("applicant", Type::Record(applicant))
        .with("decision", Type::Record(decision).optional())
        .with("received_on", Type::Date)
        .with("abroad", Type::Bool)
        .with("requested", Type::Yen)
        .with("revenue", Type::Yen.optional())
        .with("award_fiscal_year", Type::Int)
        .with("period", Type::Days)
        .with("event", Type::Text)
        .with("memo", Type::Text.optional())
        .with("place", Type::Choice(ChoiceSet::new(["domestic", "overseas"])))
        .with("costs", Type::List(row_type()))
        .with("extras", Type::List(row_type()).optional())
        .with("largest", Type::Int)
}

fn day(text: &str) -> NaiveDate {
    parse_day(text).unwrap()
}

fn yen(amount: i64) -> Value {
    Value::Yen(Yen::new(amount).unwrap())
}

fn rate(text: &str) -> Value {
    Value::Rate(text.parse::<Rate>().unwrap())
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn cost(category: &str, net: i64, ordered_on: &str, tax: Option<i64>) -> Record {
    let mut row = record([
        ("category", Value::Choice(category.to_owned())),
        ("net", yen(net)),
        ("ordered_on", Value::Date(day(ordered_on))),
        ("quantity", Value::Int(2)),
        ("event", Value::Text("row".to_owned())),
    ]);
    row.extend(tax.map(|tax| ("tax".to_owned(), yen(tax))));
    row
}

/// A case before its decision: `decision`, `revenue`, `memo` and `extras` are missing.
fn facts() -> Record {
    record([
        (
            "applicant",
            Value::Record(record([
                ("size", Value::Choice("sme".to_owned())),
                ("kind", Value::Choice("company".to_owned())),
                ("established_here_on", Value::Date(day("2024-02-29"))),
                ("employees", Value::Int(12)),
                ("share", rate("2/3")),
                ("name", Value::Text("みずほ製作所".to_owned())),
            ])),
        ),
        ("received_on", Value::Date(day("2026-04-01"))),
        ("abroad", Value::Bool(true)),
        ("requested", yen(30_000)),
        ("award_fiscal_year", Value::Int(2026)),
        ("period", Value::Days(14)),
        ("event", Value::Text("産業展".to_owned())),
        ("place", Value::Choice("overseas".to_owned())),
        (
            "costs",
            Value::List(vec![
                cost("booth_fee", 100_000, "2026-04-10", Some(10_000)),
                cost("samples", 60_001, "2026-03-10", None),
            ]),
        ),
        ("largest", Value::Int(i64::MAX)),
    ])
}

fn decided() -> Record {
    let mut facts = facts();
    let decision = record([("notice_date", Value::Date(day("2026-04-05"))), ("award", yen(80_000))]);
    facts.insert("decision".to_owned(), Value::Record(decision));
    facts
}

#[track_caller]
fn compiled(source: &str, expected: &Type) -> Expression {
    Expression::compile(source, &scope(), expected).unwrap_or_else(|faults| panic!("{source}: {faults:#?}"))
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Yen(_) => Type::Yen,
        Value::Rate(_) => Type::Rate,
        Value::Text(_) => Type::Text,
        Value::Date(_) => Type::Date,
        Value::Days(_) => Type::Days,
        _ => unreachable!("no test expects it"),
    }
}

#[test]
fn good_expressions_have_these_values() {
    let yes = || Value::Bool(true);
    let no = || Value::Bool(false);
    let date = |text| Value::Date(day(text));
    let table = [
        // literals
        ("50_000", Value::Int(50_000)),
        ("50_000", yen(50_000)),
        ("-3", Value::Int(-3)),
        ("1/2", rate("1/2")),
        ("1", rate("1/1")),
        ("2 / 4", rate("1/2")),
        ("'it\\'s'", Value::Text("it's".to_owned())),
        ("\"展示会\"", Value::Text("展示会".to_owned())),
        ("2026-04-01", date("2026-04-01")),
        ("date('2026-04-01')", date("2026-04-01")),
        ("10 days", Value::Days(10)),
        ("-1 day", Value::Days(-1)),
        ("true and not false", yes()),
        // choices
        ("applicant.size == sme", yes()),
        ("sme == applicant.size", yes()),
        ("applicant.size != 'large'", yes()),
        ("applicant.kind in [company, 'sole_proprietor']", yes()),
        ("applicant.kind not in [company]", no()),
        ("or_else(place, domestic) == overseas", yes()),
        // logic
        ("abroad && !(requested > 50_000) || false", yes()),
        ("not abroad == false", yes()),
        ("abroad or or_else(revenue, 0) > 0", yes()),
        // arithmetic
        ("2 + 3 * 4 - 1", Value::Int(13)),
        ("(2 + 3) * 4", Value::Int(20)),
        ("10 - 3 - 2", Value::Int(5)),
        ("requested * 2 + 1_000", yen(61_000)),
        ("2 * requested - 500 * 2", yen(59_000)),
        ("1_000 + 500 + requested", yen(31_500)),
        ("-requested", yen(-30_000)),
        ("50_000 * 2", yen(100_000)),
        ("requested < 50_000 * 2", yes()),
        ("0 <= requested", yes()),
        ("1 - applicant.share", rate("1/3")),
        ("1/2 * 2/3", rate("1/3")),
        ("applicant.employees / 5 >= 2", yes()),
        ("requested / sum(costs.net) <= 1/5", yes()),
        ("applicant.share <= 1", yes()),
        ("2 * 3/4 == 3/2", yes()),
        // money
        ("round_down(876_543, 1/2, 1_000)", yen(438_000)),
        ("round_down(sum(costs.net), 2/3, 100)", yen(106_600)),
        ("min(requested, 50_000)", yen(30_000)),
        ("max(10_000, requested, 20_000)", yen(30_000)),
        ("min(3, 2)", Value::Int(2)),
        // dates
        ("received_on + 15 days", date("2026-04-16")),
        ("received_on - period", date("2026-03-18")),
        ("received_on - 2026-03-01", Value::Days(31)),
        ("received_on - 2026-03-01 >= 10 days * 3", yes()),
        ("days_between(2026-03-01, received_on)", Value::Days(31)),
        ("applicant.employees * 1 day", Value::Days(12)),
        ("years_between(2024-02-29, 2025-02-28)", Value::Int(0)),
        ("years_between(2024-02-29, 2025-03-01)", Value::Int(1)),
        ("years_between(2025-04-01, 2026-04-01)", Value::Int(1)),
        ("years_between(2026-04-01, 2025-04-02)", Value::Int(0)),
        ("months_between(2026-01-31, 2026-02-28)", Value::Int(0)),
        ("months_between(2026-01-31, 2026-03-01)", Value::Int(1)),
        ("months_between(2026-03-01, 2026-01-31)", Value::Int(-1)),
        ("add_days(received_on, 10 days)", date("2026-04-11")),
        ("add_months(2026-01-31, 1)", date("2026-02-28")),
        ("add_months(2026-03-31, -1)", date("2026-02-28")),
        ("add_years(2024-02-29, 1)", date("2025-02-28")),
        ("fiscal_year(2026-03-31)", Value::Int(2025)),
        ("end_of_fiscal_year(received_on)", date("2027-03-31")),
        ("month_day(award_fiscal_year, 3, 31)", date("2027-03-31")),
        ("month_day(award_fiscal_year, 4, 20)", date("2026-04-20")),
        ("min(received_on + 30 days, month_day(award_fiscal_year, 4, 20))", date("2026-04-20")),
        // rows
        ("count(costs)", Value::Int(2)),
        ("sum(costs.net)", yen(160_001)),
        ("sum(costs.quantity)", Value::Int(4)),
        ("any(costs, category == samples and net > 60_000)", yes()),
        ("all(costs, ordered_on >= received_on)", no()),
        ("count_where(costs, category == booth_fee)", Value::Int(1)),
        ("sum_where(costs, min(net, 50_000), category == samples)", yen(50_000)),
        ("sum_where(costs, tax, has(tax))", yen(10_000)),
        ("sum_where(costs, or_else(tax, 1), true)", yen(10_001)),
        ("or_else(max(costs.ordered_on), received_on)", date("2026-04-10")),
        ("or_else(min(costs.net), 0) == 1", no()),
        ("not has(extras) or count(extras) > 0", yes()),
        // what may be missing
        ("has(revenue) and revenue > 3", no()),
        ("not has(revenue) or revenue > 3", yes()),
        ("not (has(revenue) and has(memo)) or revenue > 3 and contains(memo, 'x')", yes()),
        ("has(decision) and decision.award > 0", no()),
        ("has(decision.award) and decision.notice_date > received_on", no()),
        ("or_else(decision.notice_date, received_on)", date("2026-04-01")),
        ("or_else(decision.award, or_else(revenue, 7))", yen(7)),
        ("or_else(or_else(revenue, decision.award), 7)", yen(7)),
        (
            "has(applicant.established_here_on) and years_between(applicant.established_here_on, received_on) >= 2",
            yes(),
        ),
        ("has(abroad) and or_else(abroad, false)", yes()),
        // texts
        ("contains(applicant.name, '製作')", yes()),
        ("starts_with(event, \"産業\") and length(event) == 3", yes()),
    ];
    for (source, expected) in table {
        let expected_type = type_of(&expected);
        let expression = compiled(source, &expected_type);
        assert_eq!(expression.evaluate(&facts()), Ok(expected), "{source}");
        assert_eq!(expression.explain(&facts()).text, source);
        assert_eq!(expression.explain(&Record::new()).text, source);
    }
}

/// A source, the expected type, the codes and columns of all its faults, and a part of the first hint.
type Bad<'a> = (&'a str, &'a Type, &'a [(&'a str, usize)], &'a str);

#[test]
fn bad_expressions_say_what_and_where() {
    let deep = format!("{}true{}", "(".repeat(17), ")".repeat(17));
    let long = format!("true{}", " ".repeat(1_000));
    let many = vec!["true"; 101].join(" or ");
    let b = Type::Bool;
    let table: Vec<Bad<'_>> = vec![
        // syntax
        ("", &b, &[("expression.syntax", 0)], ""),
        ("requested >", &b, &[("expression.syntax", 11)], ""),
        ("(requested > 3", &b, &[("expression.syntax", 0)], ""),
        ("requested > 3)", &b, &[("expression.syntax", 13)], ""),
        ("abroad = true", &b, &[("expression.syntax", 7)], "`==`"),
        ("requested ≧ 3", &b, &[("expression.syntax", 10)], "`>=`"),
        ("requested ＞ 3", &b, &[("expression.syntax", 10)], "half-width"),
        ("出展料 > 3", &b, &[("expression.syntax", 0)], "'出展料'"),
        ("event == '展示", &b, &[("expression.syntax", 9)], ""),
        ("requested > 50%", &b, &[("expression.syntax", 14)], "fraction"),
        ("requested > 100円", &b, &[("expression.syntax", 15)], "bare number"),
        ("1 < applicant.employees < 3", &b, &[("expression.syntax", 24)], "a < b and b < c"),
        ("place in domestic", &b, &[("expression.syntax", 9)], ""),
        ("abroad == not true", &b, &[("expression.syntax", 10)], "parentheses"),
        ("applicant. == 3", &b, &[("expression.syntax", 11)], ""),
        ("place in []", &b, &[("expression.arguments", 0)], ""),
        // numbers and dates
        ("requested > 0.5", &b, &[("expression.number", 12)], "fraction"),
        ("requested > 50,000", &b, &[("expression.number", 12)], "50_000"),
        ("max(requested, 50,000) > 0", &b, &[("expression.number", 15)], "50_000"),
        ("applicant.share > 1/0", &b, &[("expression.number", 18)], "denominator"),
        ("requested > 99999999999999999999", &b, &[("expression.number", 12)], "too large"),
        ("received_on > 2026-02-30", &b, &[("expression.date", 14)], "2026-04-01"),
        ("received_on > date('4/1')", &b, &[("expression.date", 19)], "2026-04-01"),
        ("received_on > date(event)", &b, &[("expression.arguments", 14)], "date('2026-04-01')"),
        ("received_on > month_day(award_fiscal_year, 13, 1)", &b, &[("expression.date", 43)], "31 March"),
        // names
        ("applicnat.size == sme", &b, &[("expression.unknown_name", 0)], "`applicant`"),
        ("applicant.siez == sme", &b, &[("expression.unknown_name", 10)], "`size`"),
        ("size == sme", &b, &[("expression.unknown_name", 0)], "`applicant.size`"),
        ("received_on.year > 3", &b, &[("expression.unknown_name", 12)], ""),
        ("today > received_on", &b, &[("expression.unknown_name", 0)], "`received_on`"),
        ("count > 3", &b, &[("expression.unknown_name", 0)], "count(rows)"),
        ("applicant.size == smes", &b, &[("expression.unknown_choice", 18)], "`sme`"),
        ("applicant.kind in [company, 'corp']", &b, &[("expression.unknown_choice", 28)], ""),
        ("any(costs, category == sample)", &b, &[("expression.unknown_choice", 23)], "`samples`"),
        ("any(costs, event == 'x')", &b, &[("expression.ambiguous_name", 11)], "Rename"),
        ("summ(costs.net) > 3", &b, &[("expression.unknown_function", 0)], "`sum`"),
        ("floor(requested) > 3", &b, &[("expression.unknown_function", 0)], "round_down"),
        ("costs.count() > 3", &b, &[("expression.unknown_function", 0)], "count(rows)"),
        // types
        ("requested", &b, &[("expression.type_mismatch", 0)], "requested > 0"),
        ("costs", &b, &[("expression.type_mismatch", 0)], "count(costs) > 0"),
        ("costs.net > 3", &b, &[("expression.type_mismatch", 0)], "sum(costs.net)"),
        ("received_on + 10 > received_on", &b, &[("expression.type_mismatch", 0)], "`10 days`"),
        ("period > 10", &b, &[("expression.type_mismatch", 0)], "`10 days`"),
        ("applicant.employees > 10 days", &b, &[("expression.type_mismatch", 0)], "`10`"),
        ("received_on > '2026-04-01'", &b, &[("expression.type_mismatch", 0)], "2026-04-01"),
        ("requested > applicant.employees", &b, &[("expression.type_mismatch", 0)], ""),
        ("event == 3", &b, &[("expression.type_mismatch", 0)], ""),
        ("event > 'a'", &b, &[("expression.type_mismatch", 0)], ""),
        ("applicant.size > sme", &b, &[("expression.type_mismatch", 0)], ""),
        ("applicant.size == applicant.kind", &b, &[("expression.type_mismatch", 0)], ""),
        ("applicant == applicant", &b, &[("expression.type_mismatch", 0)], ""),
        ("not requested", &b, &[("expression.type_mismatch", 4)], "requested > 0"),
        ("abroad + 1 > 2", &b, &[("expression.type_mismatch", 0)], ""),
        ("event + 'a' == 'b'", &b, &[("expression.type_mismatch", 0)], ""),
        ("requested * requested > 2", &b, &[("expression.type_mismatch", 0)], ""),
        ("add_days(received_on, 10)", &Type::Date, &[("expression.type_mismatch", 22)], "`10 days`"),
        ("min(requested, received_on)", &Type::Yen, &[("expression.type_mismatch", 15)], ""),
        ("contains(place, 'x')", &b, &[("expression.type_mismatch", 9)], ""),
        // money
        ("requested * 1/2", &Type::Yen, &[("expression.yen_times_rate", 0)], "round_down(requested, 1/2, 1_000)"),
        (
            "applicant.share * (requested - 5)",
            &Type::Yen,
            &[("expression.yen_times_rate", 0)],
            "round_down(requested - 5, applicant.share, 1_000)",
        ),
        ("requested / 2", &Type::Yen, &[("expression.yen_times_rate", 0)], "round_down(requested, 1/2, 1_000)"),
        ("round_down(requested, 1/2, 0)", &Type::Yen, &[("expression.arguments", 27)], "`1`"),
        ("round_down(requested, 1/2)", &Type::Yen, &[("expression.arguments", 0)], "round_down(amount, rate, unit)"),
        ("round_down(requested, 2, 3, 4)", &Type::Yen, &[("expression.arguments", 0)], "unit"),
        // what may be missing
        ("revenue > 3", &b, &[("expression.optional", 0)], "has(revenue)"),
        ("has(revenue) or revenue > 3", &b, &[("expression.optional", 16)], "has(revenue)"),
        ("(has(revenue) or abroad) and revenue > 3", &b, &[("expression.optional", 29)], "has(revenue)"),
        ("has(revenue) and abroad or revenue > 3", &b, &[("expression.optional", 27)], "has(revenue)"),
        ("decision.award > 0", &b, &[("expression.optional", 0)], "or_else(decision.award, 0)"),
        ("sum(costs.tax)", &Type::Yen, &[("expression.optional", 10)], ""),
        ("min(costs.net) == 1", &b, &[("expression.optional", 0)], "or_else(min(costs.net), 0)"),
        ("count(extras)", &Type::Int, &[("expression.optional", 6)], "has(extras)"),
        ("has(costs)", &b, &[("expression.optional", 4)], "count(costs) > 0"),
        ("has(3)", &b, &[("expression.arguments", 4)], ""),
        // rows
        ("sum(requested)", &Type::Yen, &[("expression.not_a_list", 4)], "sum(rows.field)"),
        ("sum(costs)", &Type::Yen, &[("expression.not_a_list", 4)], "sum(rows.field)"),
        ("any(requested, true)", &b, &[("expression.not_a_list", 4)], ""),
        ("any(costs.net, true)", &b, &[("expression.not_a_list", 4)], ""),
        ("any(costs, count(costs) > 1)", &b, &[("expression.nested_rows", 11)], ""),
        ("any(costs)", &b, &[("expression.arguments", 0)], "any(rows, condition)"),
        ("net > 3", &b, &[("expression.unknown_name", 0)], ""),
        // bounds
        (&deep, &b, &[("expression.too_deep", 17)], "Split"),
        (&long, &b, &[("expression.too_long", 1_000)], "Split"),
        (&many, &b, &[("expression.too_many_nodes", 800)], "Split"),
        // all of them at once
        (
            "applicnat.size == sme and revenue > 3 and requested > 0.5 and foo(1) and place == moon",
            &b,
            &[
                ("expression.unknown_name", 0),
                ("expression.optional", 26),
                ("expression.number", 54),
                ("expression.unknown_function", 62),
                ("expression.unknown_choice", 82),
            ],
            "`applicant`",
        ),
    ];
    for (source, expected, wanted, hint) in table {
        let faults = Expression::compile(source, &scope(), expected).expect_err(source);
        let found: Vec<_> = faults.iter().map(|fault| (fault.code, fault.start)).collect();
        assert_eq!(found, wanted, "{source}\n{faults:#?}");
        for fault in &faults {
            assert!(fault.start <= fault.end, "{source}: {fault:?}");
            assert!(!fault.message.ja.is_empty() && !fault.message.en.is_empty(), "{source}: {fault:?}");
        }
        let first = faults.first().and_then(|fault| fault.hint.clone()).unwrap_or_default();
        assert!(first.en.contains(hint), "{source}: {first:?}");
    }
}

#[test]
fn nothing_overflows_the_stack() {
    let inputs = [
        "(".repeat(1_000),
        "[".repeat(1_000),
        "-".repeat(1_000),
        "!".repeat(1_000),
        "not ".repeat(250),
        "min(".repeat(250),
        format!("{}1{}", "(".repeat(499), ")".repeat(499)),
        vec!["1"; 500].join("+"),
        vec!["a"; 500].join("."),
        vec!["1"; 250].join(" * "),
        "true and (".repeat(100),
    ];
    for input in inputs {
        assert!(Expression::compile(&input, &scope(), &Type::Int).is_err(), "{input}");
    }
    let widest = vec!["1"; 100].join(" + ");
    assert_eq!(compiled(&widest, &Type::Int).evaluate(&facts()), Ok(Value::Int(100)));
}

#[test]
fn what_cannot_be_computed_blocks() {
    let table = [
        ("largest + 1", Type::Int, "overflow", "largest + 1"),
        ("largest * largest > 0", Type::Bool, "overflow", "largest * largest"),
        ("requested * largest", Type::Yen, "overflow", "requested * largest"),
        ("applicant.employees / (largest - largest)", Type::Rate, "division_by_zero", ""),
        ("(-largest - 1) / 1", Type::Rate, "overflow", ""),
        ("1 / (-largest - 1)", Type::Rate, "overflow", ""),
        ("-(-largest - 1)", Type::Int, "overflow", ""),
        ("add_years(received_on, largest)", Type::Date, "overflow", ""),
        ("received_on + largest * 1 day", Type::Date, "overflow", ""),
        ("month_day(largest, 3, 31)", Type::Date, "overflow", ""),
        ("month_day(award_fiscal_year, 2, 29)", Type::Date, "no_such_day", ""),
        ("round_down(requested, 1/2, requested - requested)", Type::Yen, "unit", ""),
    ];
    for (source, expected, code, subject) in table {
        let blocked = compiled(source, &expected).evaluate(&facts()).expect_err(source);
        assert_eq!(blocked.code, code, "{source}");
        assert!(subject.is_empty() || blocked.subject == subject, "{source}: {blocked:?}");
    }
    let blocked = compiled("applicant.size == sme", &Type::Bool).evaluate(&Record::new()).unwrap_err();
    assert_eq!((blocked.code, blocked.subject.as_str()), ("missing_fact", "applicant.size"));
    let wrong = record([("requested", Value::Int(3))]);
    assert_eq!(compiled("requested", &Type::Yen).evaluate(&wrong).unwrap_err().code, "wrong_fact");
    let removed = record([("place", Value::Choice("moon".to_owned()))]);
    assert_eq!(compiled("place != domestic", &Type::Bool).evaluate(&removed).unwrap_err().code, "wrong_fact");
}

#[test]
fn a_row_over_the_facts_of_its_case() {
    let scope = scope().with_row(&row_type());
    let source = "or_else(decision.notice_date, received_on) <= ordered_on and (not has(tax) or tax > 0)";
    let expression = Expression::compile(source, &scope, &Type::Bool).unwrap();
    let facts = decided();
    let early = cost("samples", 1, "2026-04-04", None);
    let late = cost("samples", 1, "2026-04-05", None);
    assert_eq!(expression.is_true(&RowOver { row: &early, facts: &facts }), Ok(false));
    assert_eq!(expression.is_true(&RowOver { row: &late, facts: &facts }), Ok(true));

    let faults = |source| {
        let faults = Expression::compile(source, &scope, &Type::Bool).unwrap_err();
        faults.into_iter().map(|fault| fault.code).collect::<Vec<_>>()
    };
    assert_eq!(faults("event == 'x'"), [codes::AMBIGUOUS_NAME]);
    assert_eq!(faults("net < sum(costs.net)"), [codes::NESTED_ROWS]);
}

#[test]
fn names_are_those_that_are_read() {
    let source =
        "applicant.size == sme and all(costs, ordered_on >= received_on) and sum(costs.net) > 0 and has(revenue)";
    let names = compiled(source, &Type::Bool).names();
    assert_eq!(
        names.iter().map(String::as_str).collect::<Vec<_>>(),
        ["applicant.size", "costs", "costs.net", "costs.ordered_on", "received_on", "revenue"]
    );
}

#[test]
fn an_option_that_is_also_a_name_must_be_quoted() {
    let scope = Scope::new()
        .with("kind", Type::Choice(ChoiceSet::new(["size", "other"])))
        .with("size", Type::Choice(ChoiceSet::new(["size", "other"])));
    let code = |source| Expression::compile(source, &scope, &Type::Bool).map_err(|faults| faults[0].code).err();
    assert_eq!(code("kind == size"), Some(codes::AMBIGUOUS_NAME));
    assert_eq!(code("kind == 'size'"), None);
    assert_eq!(code("kind == other"), None);
}

/// One line per part, as a page would show it.
fn lines(explanation: &Explanation, depth: usize, ja: &mut String, en: &mut String) {
    for (text, value) in [(&mut *ja, &explanation.value.ja), (&mut *en, &explanation.value.en)] {
        text.push_str(&format!("{}{}: {value}\n", "  ".repeat(depth), explanation.text));
    }
    explanation.children.iter().for_each(|child| lines(child, depth + 1, ja, en));
}

#[test]
fn explanations_read_well() {
    let explained = |source: &str, kind: &Type, facts: &Record| {
        let explanation = compiled(source, kind).explain(facts);
        let json = serde_json::to_string(&explanation).unwrap();
        assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
        let (mut ja, mut en) = (String::new(), String::new());
        lines(&explanation, 0, &mut ja, &mut en);
        (ja, en)
    };

    let (ja, en) = explained("applicant.size == sme and requested >= 50_000", &Type::Bool, &facts());
    assert_eq!(
        ja,
        "\
applicant.size == sme and requested >= 50_000: いいえ
  applicant.size == sme: はい（中小企業者）
  requested >= 50_000: いいえ（30,000円）
"
    );
    assert!(en.contains("requested >= 50_000: No (¥30,000)"), "{en}");

    let (ja, en) = explained("all(costs, ordered_on >= received_on)", &Type::Bool, &facts());
    assert_eq!(
        ja,
        "\
all(costs, ordered_on >= received_on): いいえ
  costs[2]: いいえ（ordered_on令和8年3月10日、received_on令和8年4月1日）
  costs[1]: はい（ordered_on令和8年4月10日、received_on令和8年4月1日）
"
    );
    assert!(en.contains("(ordered_on: 10 March 2026; received_on: 1 April 2026)"), "{en}");

    let (ja, en) = explained("has(decision) and decision.award > 0", &Type::Bool, &facts());
    assert_eq!(
        ja,
        "\
has(decision) and decision.award > 0: いいえ
  has(decision): いいえ
  decision.award > 0: 確認不要
"
    );
    assert!(en.contains("decision.award > 0: Not needed"), "{en}");

    let (ja, en) = explained("round_down(sum(costs.net), 1/2, 1_000)", &Type::Yen, &facts());
    assert_eq!(
        ja,
        "\
round_down(sum(costs.net), 1/2, 1_000): 80,000円
  sum(costs.net): 160,001円
    costs[1]: 100,000円
    costs[2]: 60,001円
"
    );
    assert!(en.contains("sum(costs.net): ¥160,001"), "{en}");

    let (ja, _) = explained("requested + or_else(revenue, 0) > 10_000", &Type::Bool, &Record::new());
    assert_eq!(
        ja,
        "\
requested + or_else(revenue, 0) > 10_000: 判定できません（未確定）
  requested + or_else(revenue, 0): 未確定
    requested: 未入力
    or_else(revenue, 0): 0円
      revenue: 未入力
"
    );
}

#[test]
fn long_lists_are_explained_in_part() {
    let mut facts = facts();
    let rows = (0..50).map(|n| cost("samples", n, "2026-04-10", None)).collect();
    facts.insert("costs".to_owned(), Value::List(rows));
    let explanation = compiled("all(costs, net != 40)", &Type::Bool).explain(&facts);
    assert_eq!(explanation.children.len(), 21);
    assert_eq!(explanation.children[0].text, "costs[41]");
    assert_eq!(explanation.children[20].value.en, "30 more");
}

#[test]
fn values_survive_json() {
    for value in facts().into_values().chain([Value::None]) {
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value, "{json}");
    }
}

// ------------------------------------------------------------------------------------------------------ properties

/// Compiles as anything; what compiles must also evaluate and explain without a panic.
fn survives(source: &str) {
    let scopes = [scope(), scope().with_row(&row_type())];
    let kinds = [Type::Bool, Type::Yen, Type::Date, Type::Choice(sizes()), Type::Text.optional()];
    for (scope, kind) in scopes.iter().flat_map(|scope| kinds.iter().map(move |kind| (scope, kind))) {
        match Expression::compile(source, scope, kind) {
            Ok(expression) => {
                for facts in [facts(), decided(), Record::new()] {
                    if let Ok(value) = expression.evaluate(&facts) {
                        assert!(value.fits(kind), "{source} → {value:?}");
                    }
                    let _ = expression.explain(&facts);
                }
            }
            Err(faults) => {
                assert!(!faults.is_empty(), "{source}");
                let length = source.chars().count();
                for fault in &faults {
                    assert!(fault.start <= fault.end && fault.end <= length.max(1), "{source}: {fault:?}");
                }
            }
        }
    }
}

const WORDS: [&str; 72] = [
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "+",
    "-",
    "*",
    "/",
    "==",
    "!=",
    "<",
    ">=",
    "=",
    "!",
    "&&",
    "||",
    "and",
    "or",
    "not",
    "in",
    "true",
    "1",
    "0",
    "50_000",
    "9223372036854775807",
    "1/2",
    "3/0",
    "2026-04-01",
    "date('2026-04-01')",
    "days",
    "10 days",
    "'x'",
    "\"sme\"",
    "'",
    "applicant.size",
    "applicant",
    "sme",
    "requested",
    "revenue",
    "received_on",
    "costs",
    "costs.net",
    "net",
    "tax",
    "event",
    "decision.award",
    "decision",
    "abroad",
    "period",
    "memo",
    "extras",
    "largest",
    "has(",
    "or_else(",
    "min(",
    "max(",
    "sum(",
    "count(",
    "any(costs,",
    "all(costs,",
    "sum_where(costs,",
    "round_down(",
    "years_between(",
    "add_days(",
    "add_months(",
    "month_day(",
    "contains(",
    "length(",
    "円",
    "　",
];

/// Whole numbers as the language writes them, with what they come to in 128 bits.
#[derive(Clone, Debug)]
struct Sum {
    text: String,
    /// `None` once a part of it does not fit 64 bits.
    value: Option<i128>,
}

fn sums() -> impl Strategy<Value = Sum> {
    let number = prop_oneof![0..=100i64, Just(i64::MAX), Just(i64::MAX / 2), Just(3_037_000_499)];
    let leaf = number.prop_map(|number| Sum { text: number.to_string(), value: Some(i128::from(number)) });
    leaf.prop_recursive(5, 40, 4, |inner| {
        let term = ("[-+*]", inner.clone());
        (inner, proptest::collection::vec(term, 0..3)).prop_map(|(first, rest)| combined(first, &rest))
    })
}

/// In parentheses; products before sums.
fn combined(first: Sum, rest: &[(String, Sum)]) -> Sum {
    let fits = |value: i128| i64::try_from(value).ok().map(i128::from);
    let mut text = format!("({}", first.text);
    let mut total: Option<i128> = None;
    let (mut sign, mut product) = ("+", first.value);
    let mut blocked = first.value.is_none();
    let mut close = |sign: &str, product: Option<i128>, blocked: &mut bool| {
        total = match (total, product) {
            (None, Some(product)) => Some(product),
            (Some(sofar), Some(product)) => fits(if sign == "-" { sofar - product } else { sofar + product }),
            _ => None,
        };
        *blocked |= total.is_none();
        total
    };
    for (next, term) in rest {
        text.push_str(&format!(" {next} {}", term.text));
        if next == "*" {
            product = product.zip(term.value).and_then(|(a, b)| fits(a * b));
        } else {
            if !blocked {
                close(sign, product, &mut blocked);
            }
            (sign, product) = (if next == "-" { "-" } else { "+" }, term.value);
        }
        blocked |= product.is_none();
    }
    let value = if blocked { None } else { close(sign, product, &mut blocked) };
    Sum { text: format!("{text})"), value }
}

proptest! {
    #[test]
    fn random_text_never_panics(source in any::<String>()) {
        survives(&source);
    }

    #[test]
    fn random_ascii_never_panics(source in "[ -~]{0,60}") {
        survives(&source);
    }

    #[test]
    fn random_words_never_panic(words in proptest::collection::vec(0..WORDS.len(), 0..25)) {
        let source: Vec<&str> = words.into_iter().map(|word| WORDS[word]).collect();
        survives(&source.join(" "));
    }

    #[test]
    fn arithmetic_is_that_of_128_bits(sum in sums()) {
        let expression = match Expression::compile(&sum.text, &scope(), &Type::Int) {
            Ok(expression) => expression,
            Err(faults) => {
                let bounds = [codes::TOO_DEEP, codes::TOO_LONG, codes::TOO_MANY_NODES];
                prop_assert!(faults.iter().all(|fault| bounds.contains(&fault.code)), "{}: {faults:?}", sum.text);
                return Ok(());
            }
        };
        match (expression.evaluate(&facts()), sum.value) {
            (Ok(Value::Int(found)), Some(expected)) => prop_assert_eq!(i128::from(found), expected, "{}", sum.text),
            (Err(blocked), None) => prop_assert_eq!(blocked.code, "overflow"),
            (found, expected) => prop_assert!(false, "{}: {found:?}, not {expected:?}", sum.text),
        }
    }

    #[test]
    fn rates_are_exact(a in -1_000i64..1_000, b in 1i64..1_000, c in -1_000i64..1_000, d in 1i64..1_000) {
        let scope = Scope::new().with("x", Type::Rate).with("y", Type::Rate);
        let facts = record([
            ("x", Value::Rate(Rate::new(a, b).unwrap())),
            ("y", Value::Rate(Rate::new(c, d).unwrap())),
        ]);
        let value = |source| Expression::compile(source, &scope, &Type::Rate).unwrap().evaluate(&facts).unwrap();
        prop_assert_eq!(value("x + y"), Value::Rate(Rate::new(a * d + c * b, b * d).unwrap()));
        prop_assert_eq!(value("x - y"), Value::Rate(Rate::new(a * d - c * b, b * d).unwrap()));
        prop_assert_eq!(value("x * y"), Value::Rate(Rate::new(a * c, b * d).unwrap()));
    }
}
