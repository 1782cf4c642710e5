//! Lists as files for spreadsheets: UTF-8 with a mark, so that they read it, and no cell that they would run.

use poem::Response;
use poem::http::header::CONTENT_DISPOSITION;

use crate::answer::Answer;

/// A file under way.
pub(crate) struct Csv(String);

impl Csv {
    pub fn new<const N: usize>(heads: [&str; N]) -> Self {
        let mut file = Self(String::from("\u{feff}"));
        file.line(heads.map(str::to_owned));
        file
    }

    pub fn line<const N: usize>(&mut self, cells: [String; N]) {
        let cells = cells.map(|cell| {
            // A spreadsheet would take these as the beginning of a formula.
            let harmless = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell };
            format!("\"{}\"", harmless.replace('"', "\"\""))
        });
        self.0.push_str(&cells.join(","));
        self.0.push_str("\r\n");
    }

    /// To be saved under that name, which is plain ASCII.
    pub fn answer(self, name: &str) -> Answer {
        let response = Response::builder()
            .content_type("text/csv; charset=utf-8")
            .header(CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
            .body(self.0);
        Answer::of(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let mut file = Csv(String::new());
        file.line(["=1+1".to_owned(), "a\"b".to_owned(), "@x".to_owned()]);
        assert_eq!(file.0, "\"'=1+1\",\"a\"\"b\",\"'@x\"\r\n");
    }
}
