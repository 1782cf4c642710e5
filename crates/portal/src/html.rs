//! The frame of a page, and the one function that makes text safe in it.

use std::fmt::Write as _;

use vocabulary::Locale;

/// Text as it may stand between tags and in quoted attributes.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
        safe
    })
}

/// A whole page. `body` is HTML; the title is text. `head` holds links to our own style sheets and scripts.
#[must_use]
pub fn page(locale: Locale, title: &str, head: &str, body: &str) -> String {
    let language = match locale {
        Locale::Ja => "ja",
        Locale::En => "en",
    };
    let mut html = String::with_capacity(body.len() + 512);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{} | hojokin</title>\n{head}</head>\n<body>\n<main>\n\
         <h1>{}</h1>\n{body}\n</main>\n</body>\n</html>\n",
        escaped(title),
        escaped(title),
    );
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let html = page(Locale::En, "<img src=x onerror=alert(1)>", "", "");
        assert!(!html.contains("<img"), "{html}");
        assert_eq!(escaped("a\"b'c&<>"), "a&quot;b&#39;c&amp;&lt;&gt;");
    }
}
