//! Municipalities put together from fragments.

use program::definition::Municipality;
use program::{Loaded, SourceFile, load};
use vocabulary::Bilingual;

use super::{files, files_with};

const OFFICE: &str = "
routes:
  rejection: [ { steps: [ { position: chief, mode: approve } ] } ]
letter_head:
  issuer: { ja: 誰か, en: Somebody }
  appeal: { ja: '{issuer}に審査請求をすることができます。{name}を被告とします。', en: 'Ask the {issuer} of {name}.' }
calendar: { holidays: [ 2026-05-05 ] }
";

fn with_office(mut catalogue: Vec<SourceFile>, office: &str) -> Loaded {
    catalogue.push(SourceFile { path: "municipalities/office.yaml".to_owned(), text: office.to_owned() });
    load(&catalogue)
}

fn including() -> Vec<SourceFile> {
    files_with("municipality.yaml", "municipality: town", "municipality: town\ninclude: [office]")
}

fn codes(loaded: &Loaded) -> Vec<(&str, Option<&str>, Option<u32>)> {
    loaded.findings.iter().map(|found| (found.code.as_str(), found.file.as_deref(), found.line)).collect()
}

fn town(loaded: &Loaded) -> &Municipality {
    assert_eq!(loaded.findings, []);
    &loaded.municipalities[0]
}

#[test]
fn a_fragment_says_what_the_municipality_does_not() {
    let alone = load(&files());
    let loaded = with_office(including(), OFFICE);
    let (alone, whole) = (town(&alone), town(&loaded));
    assert_eq!(whole.letter_head.issuer, alone.letter_head.issuer);
    let appeal = Bilingual::new("町長に審査請求をすることができます。町を被告とします。", "Ask the Mayor of Town.");
    assert_eq!(whole.letter_head.appeal, Some(appeal));
    assert_eq!(whole.routes.len(), alone.routes.len() + 1);
    assert!(whole.include.is_empty());
}

#[test]
fn a_fragment_that_is_missing_is_named_where_it_is_included() {
    let loaded = load(&including());
    assert_eq!(codes(&loaded), [("include.missing", Some("programs/town/municipality.yaml"), Some(2))]);
}

#[test]
fn a_fragment_is_checked_where_it_stands_and_names_no_municipality() {
    let loaded = with_office(including(), "code: \"132128\"\nroute: {}\n");
    let fragment = Some("municipalities/office.yaml");
    let expected = [("schema.unknown_key", fragment, Some(1)), ("schema.unknown_key", fragment, Some(2))];
    assert_eq!(codes(&loaded), expected);
}
