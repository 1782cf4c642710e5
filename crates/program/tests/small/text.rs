//! The program as text: canonical form, diagram, description, schemas.

use program::{SchemaKind, canonical, explain, from_canonical, mermaid, schema, svg};
use vocabulary::Locale;

use super::{small, small_with};

#[test]
fn the_canonical_form_keeps_the_order_and_comes_back() {
    let program = small();
    let text = canonical(program.definition());
    let back = from_canonical(&text).unwrap();
    assert_eq!(&back, program.definition());
    let fields =
        |definition: &program::definition::Definition| definition.program.form.keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&back), fields(program.definition()));
    assert_eq!(canonical(&back), text);
    let again = program::Program::compile(back).unwrap();
    assert_eq!(again.hash(), program.hash());
    assert!(text.contains(r#""form":[["abroad",{"#), "{text}");
    assert!(from_canonical("{}").is_err());
    assert!(from_canonical("nonsense").is_err());
}

#[test]
fn the_order_of_fields_is_part_of_the_hash() {
    let from = "  from: { type: date, label: { ja: 初日, en: From }, required: true }\n";
    let to = "  to: { type: date, label: { ja: 最終日, en: To }, required: true }\n";
    let swapped = small_with(&format!("{from}{to}"), &format!("{to}{from}"));
    assert_ne!(swapped.hash(), small().hash());
    assert_eq!(small_with("grounds: { document: 要綱 }", "grounds: { document: \"要綱\" }").hash(), small().hash());
}

#[test]
fn what_options_took_out_stays_out() {
    let off = small_with("intake:", "options: { changes: false }\nintake:");
    assert_ne!(off.hash(), small().hash());
    let back = from_canonical(&canonical(off.definition())).unwrap();
    assert_eq!(program::Program::compile(back).unwrap().hash(), off.hash());
}

#[test]
fn draws_the_machine() {
    insta::assert_snapshot!(mermaid(&small(), Locale::En));
}

#[test]
fn the_drawing_shows_every_state_in_both_languages_and_is_always_the_same() {
    let program = small();
    for locale in [Locale::Ja, Locale::En] {
        let drawn = svg(&program, locale);
        assert_eq!(drawn, svg(&small(), locale));
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
        for state in program.definition().archetype.states.values() {
            let first = state.label.get(locale).split(' ').next().unwrap();
            assert!(drawn.contains(first), "{first}");
        }
    }
}

#[test]
fn says_the_program_in_words() {
    insta::assert_snapshot!("explained_ja", explain(&small(), Locale::Ja));
    insta::assert_snapshot!("explained_en", explain(&small(), Locale::En));
}

#[test]
fn schemas_have_a_title_and_no_null() {
    for kind in SchemaKind::ALL {
        let schema = schema(kind);
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{kind:?}");
        let text = schema.to_string();
        assert!(!text.contains("\"null\""), "{kind:?}");
        assert!(text.contains("additionalProperties\":false"), "{kind:?}");
    }
}
