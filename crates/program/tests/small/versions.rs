//! From version to version: what differs, and where values and states go.

use program::definition::Definition;
use program::{Difference, DifferenceKind, Program, Typed, Weight, diff, weight_of};
use serde_json::{Value, json};

use super::{map, small, small_with};

fn changes(from: &str, to: &str) -> Vec<Difference> {
    diff(small().definition(), small_with(from, to).definition())
}

fn english(differences: &[Difference]) -> Vec<&str> {
    differences.iter().map(|difference| difference.words.en.as_str()).collect()
}

#[test]
fn a_program_does_not_differ_from_itself() {
    assert_eq!(diff(small().definition(), small().definition()), []);
    assert_eq!(weight_of(&[]), None);
}

/// The definition with each of its parts changed, one at a time: flipped, raised, replaced, taken out, turned around.
fn mutants(tree: &Value, path: &str, whole: &Value, found: &mut Vec<(String, Value)>) {
    let mut put = |value: Value| {
        let mut mutant = whole.clone();
        *mutant.pointer_mut(path).unwrap() = value;
        found.push((path.to_owned(), mutant));
    };
    match tree {
        Value::Bool(flag) => put(json!(!flag)),
        Value::Number(number) => put(json!(number.as_i64().unwrap() + 1)),
        Value::String(text) => put(json!(format!("{text}_x"))),
        Value::Null => {}
        Value::Array(items) => {
            put(items.iter().skip(1).cloned().collect());
            put(items.iter().chain(items.first()).cloned().collect());
            put(items.iter().rev().cloned().collect());
        }
        Value::Object(entries) => {
            put(Value::Object(entries.clone().into_iter().rev().collect()));
            for key in entries.keys() {
                let mut without = entries.clone();
                without.shift_remove(key);
                put(Value::Object(without));
            }
        }
    }
    let child = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    match tree {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| mutants(item, &child(&i.to_string()), whole, found));
        }
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| mutants(value, &child(key), whole, found));
        }
        _ => {}
    }
}

#[test]
fn every_change_of_any_part_is_reported_where_it_stands() {
    let definition = small().definition().clone();
    let whole = serde_json::to_value(&definition).unwrap();
    let mut found = Vec::new();
    mutants(&whole, "", &whole, &mut found);
    let mut tried = 0;
    for (path, mutant) in found {
        let Ok(changed) = serde_json::from_value::<Definition>(mutant) else { continue };
        if program::canonical(&changed) == program::canonical(&definition) {
            continue;
        }
        tried += 1;
        let differences = diff(&definition, &changed);
        assert!(!differences.is_empty(), "{path}");
        for difference in &differences {
            let inside = difference.path.starts_with(&path) || path.starts_with(&difference.path);
            assert!(inside, "{path} is told at {}", difference.path);
            assert!(!difference.words.ja.is_empty() && !difference.words.en.is_empty());
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn what_people_must_heed_is_major() {
    let major = [
        ("rate: 1/2", "rate: 2/3"),
        ("minimum: 10_000", "minimum: 20_000"),
        ("within: 30 days", "within: 20 days"),
        ("cap: 50_000", "cap: 60_000"),
        ("people: { type: number,", "people: { type: number, required: true,"),
        ("max: 10 }", "max: 9 }"),
        (", west: { ja: 西, en: West } }", " }"),
        ("form:\n", "form:\n  new: { type: text, label: { ja: 新, en: New }, required: true }\n"),
        ("kinds: [company, sole_proprietor]", "kinds: [company]"),
        ("[plan, {", "[{"),
    ];
    for (from, to) in major {
        let found = changes(from, to);
        assert_eq!(weight_of(&found), Some(Weight::Major), "{to}: {:?}", english(&found));
    }
}

#[test]
fn texts_optional_fields_and_more_room_are_minor() {
    let minor = [
        ("機械の補助金", "機械導入補助金"),
        ("en: Not an SME", "en: No SME"),
        ("form:\n", "form:\n  new: { type: text, label: { ja: 新, en: New } }\n"),
        ("  number: { type: corporate_number, label: { ja: 法人番号, en: Corporate number } }\n", ""),
        ("max: 10 }", "max: 20 }"),
        ("west: { ja: 西, en: West } }", "west: { ja: 西, en: West }, north: { ja: 北, en: North } }"),
        (
            "[plan, { name: quotation, when: \"any(costs, gross >= 200_000)\" }, { name: receipts, optional: true }]",
            "[plan, { name: quotation, when: \"any(costs, gross >= 200_000)\" }]",
        ),
    ];
    for (from, to) in minor {
        let found = changes(from, to);
        assert_eq!(weight_of(&found), Some(Weight::Minor), "{to}: {:?}", english(&found));
    }
}

#[test]
fn differences_read_as_sentences() {
    insta::assert_debug_snapshot!(
        [
            changes("rate: 1/2", "rate: 2/3"),
            changes("minimum: 10_000", "minimum: 20_000"),
            changes(
                "from: { type: date,",
                "renamed: { type: text,\n    label: { ja: 追加, en: Added } }\n  from: { type: date,"
            ),
            changes("cap: [ { when: abroad, then: 300_000 }, { then: 200_000 } ]", "cap: 200_000"),
            changes("[plan, {", "[{"),
        ]
        .iter()
        .flatten()
        .map(|difference| (difference.weight, &difference.path, &difference.words.ja, &difference.words.en))
        .collect::<Vec<_>>()
    );
}

/// The next version: `people` is called `visitors`, `number` is gone, `since` is new.
fn next() -> Program {
    small_with(
        "  people: { type: number, label: { ja: 人数, en: People }, min: 1, max: 10 }\n  number: { type: corporate_number, label: { ja: 法人番号, en: Corporate number } }\n  costs:\n    type: costs",
        "  visitors: { type: number, label: { ja: 来場者数, en: Visitors }, min: 1, max: 10 }\n  since: { type: date, label: { ja: 開始, en: Since } }\n  costs:\n    type: costs",
    )
}

/// The next version with this said of the one before.
fn next_saying(said: &str) -> Result<Program, Vec<String>> {
    let mut definition = next().definition().clone();
    definition.program.renames = serde_json::from_value(serde_json::from_str(said).unwrap()).unwrap();
    Program::compile(definition)
        .map_err(|findings| findings.into_iter().filter(|f| f.is_error()).map(|finding| finding.code).collect())
}

#[test]
fn a_renamed_field_is_told_as_such() {
    let next = next_saying(r#"{"fields": {"application": {"people": "visitors"}}}"#).unwrap();
    let found = diff(small().definition(), next.definition());
    let renamed: Vec<_> = found.iter().filter(|found| found.kind == DifferenceKind::Renamed).collect();
    assert_eq!(renamed.len(), 1);
    assert_eq!(renamed[0].path, "/program/form/visitors");
    assert!(!found.iter().any(|found| found.path == "/program/form/people"), "{found:#?}");
    assert!(found.iter().any(|found| found.path == "/program/form/number" && found.kind == DifferenceKind::Removed));
}

#[test]
fn nothing_typed_is_lost_from_version_to_version() {
    let first = small();
    let second = next_saying(r#"{"fields": {"application": {"people": "visitors"}}}"#).unwrap();
    let typed = map(json!({ "people": 3, "number": "9999999999999", "contact": "山田", "nonsense": 1 }));
    let carried = Typed { values: typed.clone(), ..Typed::default() }.carried("application", &first, &second);
    assert_eq!(Value::Object(carried.values.clone()), json!({ "contact": "山田", "nonsense": 1, "visitors": 3 }));
    assert_eq!(Value::Object(carried.kept.clone()), json!({ "number": "9999999999999" }));

    // A third version that has the field again gives its value back.
    let back = carried.carried("application", &second, &first);
    assert_eq!(back.values.get("number"), typed.get("number"));
    assert_eq!(back.kept.get("visitors"), Some(&json!(3)), "the third version says nothing of it");
    assert_eq!(back.values.len() + back.kept.len(), typed.len());

    // Both names filled in: the new one counts, the old one is kept.
    let both = Typed { values: map(json!({ "people": 3, "visitors": 5 })), ..Typed::default() };
    let carried = both.carried("application", &first, &second);
    assert_eq!(carried.values.get("visitors"), Some(&json!(5)));
    assert_eq!(carried.kept.get("people"), Some(&json!(3)));
}

#[test]
fn renames_must_fit_the_version_they_stand_in() {
    let cases = [
        (r#"{"fields": {"application": {"people": "vistors"}}}"#, "renames.unknown"),
        (r#"{"fields": {"application": {"contact": "visitors"}}}"#, "renames.still_there"),
        (r#"{"fields": {"application": {"people": "visitors", "number": "visitors"}}}"#, "renames.twice"),
        (r#"{"states": {"waiting": "nowhere"}}"#, "renames.unknown"),
        (r#"{"gone": ["submitted"]}"#, "renames.still_there"),
    ];
    for (said, code) in cases {
        assert_eq!(next_saying(said).err(), Some(vec![code.to_owned()]), "{said}");
    }
}

#[test]
fn every_state_of_the_version_before_has_a_place() {
    let codes = |said: &str, after: &dyn Fn(&mut Definition)| -> Vec<String> {
        let mut definition = next().definition().clone();
        definition.program.renames = serde_json::from_str(said).unwrap();
        let before = small();
        after(&mut definition);
        let program = Program::compile(definition).unwrap();
        program.check_succession(&before).into_iter().map(|finding| finding.code).collect()
    };
    let rename = |definition: &mut Definition| {
        let text = program::canonical(definition).replace("\"correcting\"", "\"amending\"");
        let renames = definition.program.renames.clone();
        *definition = program::from_canonical(&text).unwrap();
        definition.program.renames = renames;
    };
    assert_eq!(codes("{}", &|_| {}), [""; 0]);
    assert_eq!(codes("{}", &rename), ["versions.state_unmapped"]);
    assert_eq!(codes(r#"{"states": {"correcting": "amending"}}"#, &rename), [""; 0]);
    assert_eq!(codes(r#"{"gone": ["correcting"]}"#, &rename), [""; 0]);
    assert_eq!(codes(r#"{"gone": ["waiting"]}"#, &|_| {}), ["versions.unknown_state"]);
    assert_eq!(codes(r#"{"fields": {"application": {"colour": "visitors"}}}"#, &|_| {}), ["versions.unknown_field"]);
}

#[test]
fn what_became_of_the_version_before_survives_being_stored() {
    let next = next_saying(r#"{"fields": {"application": {"people": "visitors"}}}"#).unwrap();
    let stored = program::canonical(next.definition());
    assert_eq!(program::from_canonical(&stored).unwrap(), *next.definition());
}
