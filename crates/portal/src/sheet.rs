//! Lists as files for spreadsheets: CSV in UTF-8 with a mark, so that they read it, or a workbook, in which amounts are
//! numbers and days are days. No cell is anything that they would run.

use chrono::{Datelike, NaiveDate};
use poem::Response;
use poem::http::header::CONTENT_DISPOSITION;
use rust_xlsxwriter::{ExcelDateTime, Format as Style, Workbook, XlsxError};
use service::Error;

use crate::answer::Answer;
use crate::visit::{Page, Wrong};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Xlsx,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Yen(i64),
    Day(NaiveDate),
    Nothing,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Cell {
    pub fn day(day: Option<NaiveDate>) -> Self {
        day.map_or(Self::Nothing, Self::Day)
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Yen(yen) => yen.to_string(),
            Self::Day(day) => day.to_string(),
            Self::Nothing => String::new(),
        }
    }
}

/// A file under way.
pub(crate) struct Sheet {
    heads: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    pub fn new<H: Into<String>>(heads: impl IntoIterator<Item = H>) -> Self {
        Self { heads: heads.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    pub fn line<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// To be saved under that name, which is plain ASCII, with the ending of the format.
    ///
    /// # Errors
    /// A fault when there is more than a workbook holds.
    pub fn answer(&self, name: &str, format: Format) -> Page {
        let (ending, media_type, bytes) = match format {
            Format::Csv => ("csv", "text/csv; charset=utf-8", self.csv().into_bytes()),
            Format::Xlsx => (
                "xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                self.xlsx().map_err(|error| Wrong::Service(Error::Fault(error.to_string())))?,
            ),
        };
        let response = Response::builder()
            .content_type(media_type)
            .header(CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{ending}\""))
            .body(bytes);
        Ok(Answer::of(response))
    }

    fn csv(&self) -> String {
        let heads = self.heads.iter().cloned().map(Cell::Text).collect();
        let mut text = String::from("\u{feff}");
        for row in std::iter::once(&heads).chain(&self.rows) {
            let cells = row.iter().map(|cell| format!("\"{}\"", harmless(cell).replace('"', "\"\"")));
            text.push_str(&cells.collect::<Vec<_>>().join(","));
            text.push_str("\r\n");
        }
        text
    }

    fn xlsx(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let (head, yen, day) =
            (Style::new().set_bold(), Style::new().set_num_format("#,##0"), Style::new().set_num_format("yyyy-mm-dd"));
        for (column, text) in (0..).zip(&self.heads) {
            sheet.write_string_with_format(0, column, text, &head)?;
        }
        for (row, cells) in (1..).zip(&self.rows) {
            for (column, cell) in (0..).zip(cells) {
                match cell {
                    Cell::Text(text) => sheet.write_string(row, column, text)?,
                    // What a spreadsheet might not keep exactly stays text.
                    Cell::Yen(amount) => match i32::try_from(*amount) {
                        Ok(amount) => sheet.write_number_with_format(row, column, amount, &yen)?,
                        Err(_) => sheet.write_string(row, column, amount.to_string())?,
                    },
                    Cell::Day(date) => {
                        let (month, day_of_month) = (date.month(), date.day());
                        let date = ExcelDateTime::from_ymd(
                            u16::try_from(date.year()).unwrap_or_default(),
                            u8::try_from(month).unwrap_or_default(),
                            u8::try_from(day_of_month).unwrap_or_default(),
                        )?;
                        sheet.write_datetime_with_format(row, column, &date, &day)?
                    }
                    Cell::Nothing => sheet,
                };
            }
        }
        let last = (
            u32::try_from(self.rows.len()).unwrap_or(u32::MAX),
            u16::try_from(self.heads.len().saturating_sub(1)).unwrap_or(u16::MAX),
        );
        sheet.set_freeze_panes(1, 0)?.autofilter(0, 0, last.0, last.1)?.autofit();
        book.save_to_buffer()
    }
}

/// A spreadsheet that opens a CSV takes these as the beginning of a formula.
fn harmless(cell: &Cell) -> String {
    let text = cell.text();
    let is_text = matches!(cell, Cell::Text(_));
    if is_text && text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let mut sheet = Sheet::new(["a", "b", "c", "d"]);
        sheet.line([
            Cell::Text("=1+1".to_owned()),
            Cell::Text("a\"b".to_owned()),
            Cell::Yen(-30_000),
            Cell::day(NaiveDate::from_ymd_opt(2026, 4, 1)),
        ]);
        let text = "\u{feff}\"a\",\"b\",\"c\",\"d\"\r\n\"'=1+1\",\"a\"\"b\",\"-30000\",\"2026-04-01\"\r\n";
        assert_eq!(sheet.csv(), text);
    }

    #[test]
    fn a_workbook_is_one() {
        let mut sheet = Sheet::new(["a"]);
        sheet.line([Cell::Text("=1+1".to_owned())]);
        assert!(sheet.xlsx().unwrap().starts_with(b"PK\x03\x04"));
    }
}
