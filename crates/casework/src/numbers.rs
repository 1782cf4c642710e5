//! How numbers are written: 受付番号, 指令番号, 支出負担行為番号 …

use std::collections::BTreeMap;

use program::definition::{Municipality, Name};
use vocabulary::FiscalYear;

/// The number that people quote; it must be unique in the installation, so it begins with the municipality.
pub const APPLICATION: &str = "application";

/// Counted numbers as the municipality writes them, by kind.
#[must_use]
pub fn written(municipality: &Municipality, year: FiscalYear, counted: &BTreeMap<Name, i64>) -> BTreeMap<Name, String> {
    counted.iter().map(|(kind, count)| (kind.clone(), one(municipality, year, kind, *count))).collect()
}

fn one(municipality: &Municipality, year: FiscalYear, kind: &str, count: i64) -> String {
    let rule = municipality.numbers.get(kind);
    let width = rule.and_then(|rule| rule.width).map_or(0, usize::from);
    let format = rule.map_or("{fiscal_year}-{number}", |rule| rule.format.as_str());
    let text = format
        .replace("{year}", &(year.0 - 2018).to_string())
        .replace("{fiscal_year}", &year.to_string())
        .replace("{number}", &format!("{count:0width$}"));
    if kind == APPLICATION { format!("{}-{text}", municipality.municipality) } else { text }
}
