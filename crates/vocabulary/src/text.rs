//! Text for people, in both languages, and the form in which text is compared.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The same words in Japanese and English. Both are always there.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

impl Bilingual {
    #[must_use]
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }

    #[must_use]
    pub fn get(&self, locale: Locale) -> &str {
        match locale {
            Locale::Ja => &self.ja,
            Locale::En => &self.en,
        }
    }

    /// Both languages with `{name}` replaced by its value.
    #[must_use]
    pub fn filled(&self, parameters: &[(&str, String)]) -> Self {
        let fill = |text: &str| {
            parameters.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
        };
        Self { ja: fill(&self.ja), en: fill(&self.en) }
    }
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    #[default]
    Ja,
    En,
}

/// How text is compared and searched: NFKC (full-width letters and half-width kana become one form), lower case,
/// katakana as hiragana, white space dropped.
#[must_use]
pub fn normalized_for_search(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            'ァ'..='ヶ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
            _ => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_form_is_one_for_all_spellings() {
        assert_eq!(normalized_for_search("ﾐｽﾞﾎ ＳＥＩＳＡＫＵ"), normalized_for_search("みずほseisaku"));
        assert_eq!(normalized_for_search("ミズホ製作所"), "みずほ製作所");
    }
}
