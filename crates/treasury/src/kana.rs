//! Hides how a name that people type becomes the characters of a transfer file, and which characters those are.
//!
//! Sources: JBA 付録1 使用文字一覧 and the tables of abbreviations (法人略語・営業所略語・事業略語), domain/payment.md 4.2.
//! Nothing is ever cut and no reading of kanji is ever guessed: money would go to somebody else.

use unicode_normalization::UnicodeNormalization;
use vocabulary::Invalid;

/// 受取人名 in a transfer record, in bytes; a voicing mark is a byte of its own.
pub const PAYEE_NAME_BYTES: usize = 30;
/// 委託者名 in the header record, in bytes.
pub const ORIGINATOR_NAME_BYTES: usize = 40;

/// Which characters a text field of the file takes. All take `ｱ`–`ﾝ`, the voicing marks, A–Z, digits and the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterClass {
    /// 銀行名・支店名: also `-`.
    BankName,
    /// 受取人名・委託者名: also `( ) - .`.
    PartyName,
    /// EDI情報: also `ｦ \ ｢ ｣ ( ) - / .`.
    Edi,
}

impl CharacterClass {
    /// Whether the field takes this byte of JIS X 0201.
    #[must_use]
    pub const fn allows(self, byte: u8) -> bool {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b' ' | b'-' | 0xB1..=0xDF => true,
            b'(' | b')' | b'.' => !matches!(self, Self::BankName),
            b'\\' | b'/' | 0xA2 | 0xA3 | 0xA6 => matches!(self, Self::Edi),
            _ => false,
        }
    }
}

/// Letters of the abbreviation of a legal form, voicing marks included.
const LONGEST_FORM: usize = 5;

const VOICED: u8 = 0xDE;
const SEMI_VOICED: u8 = 0xDF;

/// Whether this byte may carry `ﾞ`: か, さ, た and は rows, and ウ.
pub(crate) const fn can_be_voiced(byte: u8) -> bool {
    matches!(byte, 0xB3 | 0xB6..=0xC4 | 0xCA..=0xCE)
}

/// The first voicing mark (its index) with no kana before it that could carry it.
pub(crate) fn orphan_mark(bytes: &[u8]) -> Option<usize> {
    let mut previous = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let carried = match *byte {
            VOICED => can_be_voiced(previous),
            SEMI_VOICED => matches!(previous, 0xCA..=0xCE),
            _ => true,
        };
        if !carried {
            return Some(index);
        }
        previous = *byte;
    }
    None
}

/// The single bytes of JIS X 0201, or nothing when a character has none. Says nothing about what a field takes.
pub(crate) fn jis_x_0201(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|c| match c {
            ' '..='~' => u8::try_from(c).ok(),
            '｡'..='ﾟ' => u32::from(c).checked_sub(0xFF61 - 0xA1).and_then(|byte| u8::try_from(byte).ok()),
            _ => None,
        })
        .collect()
}

/// The text of bytes of JIS X 0201; what is no such byte becomes `?`.
pub(crate) fn from_jis_x_0201(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match *byte {
            b' '..=b'~' => char::from(*byte),
            0xA1..=0xDF => char::from_u32(u32::from(*byte).saturating_add(0xFF61 - 0xA1)).unwrap_or('?'),
            _ => '?',
        })
        .collect()
}

/// Whether `text` is, as it stands, a good value for a field of that class and width.
pub(crate) fn zengin_text_fits(text: &str, class: CharacterClass, width: usize) -> bool {
    jis_x_0201(text).is_some_and(|bytes| {
        bytes.len() <= width && bytes.iter().all(|byte| class.allows(*byte)) && orphan_mark(&bytes).is_none()
    })
}

/// The holder's name as 受取人名, in half-width kana of at most 30 bytes.
///
/// Takes katakana or hiragana of any width, small kana, `ー`, `・`, letters of any width and case, and legal forms in
/// kanji (株式会社, （株）, ㈱), kana (カブシキガイシャ) or as banks write them (`カ)`); these become `ｶ)` in front, `(ｶ)` in
/// the middle and `(ｶ` at the end. Words of business and office are shortened where they are in kanji, and where the
/// name would not fit otherwise. A converted name is left as it is.
///
/// # Errors
/// `account_name.` + `empty`, `kanji`, `wo`, `old_kana`, `voicing_mark`, `character`, `too_long`, each with what to do.
pub fn zengin_name(holder: &str) -> Result<String, Invalid> {
    party_name(holder, PAYEE_NAME_BYTES)
}

/// Whether a holder's name in a transfer record is that of the business, legal forms aside.
#[must_use]
pub fn is_holder(holder_zengin: &str, name_kana: &str) -> bool {
    let bare = |name: &str| party_name(name, usize::MAX).ok().map(|text| without_legal_form(&text));
    bare(holder_zengin).is_some_and(|holder| bare(name_kana).is_some_and(|name| name == holder))
}

/// Without `ｶ)` in front, `(ｶ)` in the middle and `(ｶ` at the end, and without spaces.
fn without_legal_form(zengin: &str) -> String {
    let text: String = zengin.chars().filter(|c| *c != ' ').collect();
    let mut text = match text.split_once(')') {
        Some((form, rest)) if !form.contains('(') && form.chars().count() <= LONGEST_FORM => rest.to_owned(),
        _ => text,
    };
    while let Some(open) = text.find('(') {
        let end = text.get(open..).and_then(|rest| rest.find(')')).map_or(text.len(), |close| open + close + 1);
        text.replace_range(open..end, "");
    }
    text
}

/// As [`zengin_name`], for a field of `width` bytes.
pub(crate) fn party_name(name: &str, width: usize) -> Result<String, Invalid> {
    let text = prepared(name)?;
    let plain = half_width(&tokens(&text, Shortening::KanjiOnly), name)?;
    if plain.len() <= width {
        return Ok(from_jis_x_0201(&plain));
    }
    let short = half_width(&tokens(&text, Shortening::Kana), name)?;
    if short.len() <= width {
        return Ok(from_jis_x_0201(&short));
    }
    let length = short.len();
    Err(Invalid::new(
        "account_name.too_long",
        format!(
            "口座名義は半角カナで{width}文字以内です（濁点も1文字、現在{length}文字）。\
             通帳（見開き1ページ目）の表記どおりに短くしてください"
        ),
        format!(
            "The name takes {length} half-width characters (voicing marks count), at most {width} fit. \
             Shorten it exactly as the first page of the passbook does"
        ),
    ))
}

/// (in kanji, reading with large kana, abbreviation): 法人略語, longest first where one begins with another.
const LEGAL_FORMS: &[(&str, &str, &str)] = &[
    ("株式会社", "カブシキガイシヤ", "カ"),
    ("株式会社", "カブシキカイシヤ", "カ"),
    ("有限会社", "ユウゲンガイシヤ", "ユ"),
    ("有限会社", "ユウゲンカイシヤ", "ユ"),
    ("合名会社", "ゴウメイガイシヤ", "メ"),
    ("合名会社", "ゴウメイカイシヤ", "メ"),
    ("合資会社", "ゴウシガイシヤ", "シ"),
    ("合資会社", "ゴウシカイシヤ", "シ"),
    ("合同会社", "ゴウドウガイシヤ", "ド"),
    ("合同会社", "ゴウドウカイシヤ", "ド"),
    ("相互会社", "ソウゴガイシヤ", "ソ"),
    ("相互会社", "ソウゴカイシヤ", "ソ"),
    ("社会医療法人財団", "シヤカイイリヨウホウジンザイダン", "イ"),
    ("社会医療法人社団", "シヤカイイリヨウホウジンシヤダン", "イ"),
    ("社会医療法人", "シヤカイイリヨウホウジン", "イ"),
    ("医療法人社団", "イリヨウホウジンシヤダン", "イ"),
    ("医療法人財団", "イリヨウホウジンザイダン", "イ"),
    ("医療法人", "イリヨウホウジン", "イ"),
    ("一般財団法人", "イツパンザイダンホウジン", "ザイ"),
    ("公益財団法人", "コウエキザイダンホウジン", "ザイ"),
    ("財団法人", "ザイダンホウジン", "ザイ"),
    ("一般社団法人", "イツパンシヤダンホウジン", "シヤ"),
    ("公益社団法人", "コウエキシヤダンホウジン", "シヤ"),
    ("社団法人", "シヤダンホウジン", "シヤ"),
    ("宗教法人", "シユウキヨウホウジン", "シユウ"),
    ("学校法人", "ガツコウホウジン", "ガク"),
    ("社会福祉法人", "シヤカイフクシホウジン", "フク"),
    ("更生保護法人", "コウセイホゴホウジン", "ホゴ"),
    ("特定非営利活動法人", "トクテイヒエイリカツドウホウジン", "トクヒ"),
    ("NPO法人", "エヌピ-オ-ホウジン", "トクヒ"),
    ("地方独立行政法人", "チホウドクリツギヨウセイホウジン", "チドク"),
    ("独立行政法人", "ドクリツギヨウセイホウジン", "ドク"),
    ("弁護士法人", "ベンゴシホウジン", "ベン"),
    ("行政書士法人", "ギヨウセイシヨシホウジン", "ギヨ"),
    ("司法書士法人", "シホウシヨシホウジン", "シホウ"),
    ("税理士法人", "ゼイリシホウジン", "ゼイ"),
    ("国立大学法人", "コクリツダイガクホウジン", "ダイ"),
    ("公立大学法人", "コウリツダイガクホウジン", "ダイ"),
    ("農事組合法人", "ノウジクミアイホウジン", "ノウ"),
    ("管理組合法人", "カンリクミアイホウジン", "カンリ"),
    ("社会保険労務士法人", "シヤカイホケンロウムシホウジン", "ロウム"),
    ("有限責任中間法人", "ユウゲンセキニンチユウカンホウジン", "チユウ"),
    ("無限責任中間法人", "ムゲンセキニンチユウカンホウジン", "チユウ"),
    ("中間法人", "チユウカンホウジン", "チユウ"),
];

/// Short forms in brackets that people type (NFKC has already opened ㈱ and the like), and their abbreviation.
const BRACKETED: &[(&str, &str)] = &[
    ("(株)", "カ"),
    ("(有)", "ユ"),
    ("(名)", "メ"),
    ("(資)", "シ"),
    ("(同)", "ド"),
    ("(合)", "ド"),
    ("(相)", "ソ"),
    ("(医)", "イ"),
    ("(財)", "ザイ"),
    ("(一財)", "ザイ"),
    ("(公財)", "ザイ"),
    ("(社)", "シヤ"),
    ("(一社)", "シヤ"),
    ("(公社)", "シヤ"),
    ("(宗)", "シユウ"),
    ("(学)", "ガク"),
    ("(福)", "フク"),
    ("(社福)", "フク"),
    ("(特非)", "トクヒ"),
    ("(NPO)", "トクヒ"),
    ("(独)", "ドク"),
    ("(地独)", "チドク"),
    ("(弁)", "ベン"),
    ("(税)", "ゼイ"),
    ("(農)", "ノウ"),
];

/// 営業所略語: written with brackets like a legal form.
const OFFICES: &[(&str, &str, &str)] =
    &[("営業所", "エイギヨウシヨ", "エイ"), ("出張所", "シユツチヨウジヨ", "シユツ")];

/// 事業略語: written without brackets; longest first where one contains another.
const BUSINESSES: &[(&str, &str, &str)] = &[
    ("国民健康保険団体連合会", "コクミンケンコウホケンダンタイレンゴウカイ", "コクホレン"),
    ("共済農業協同組合連合会", "キヨウサイノウギヨウキヨウドウクミアイレンゴウカイ", "キヨウサイレン"),
    ("農業協同組合連合会", "ノウギヨウキヨウドウクミアイレンゴウカイ", "ノウキヨウレン"),
    ("漁業協同組合連合会", "ギヨギヨウキヨウドウクミアイレンゴウカイ", "ギヨレン"),
    ("食糧販売協同組合", "シヨクリヨウハンバイキヨウドウクミアイ", "シヨクハンキヨウ"),
    ("生活協同組合", "セイカツキヨウドウクミアイ", "セイキヨウ"),
    ("農業協同組合", "ノウギヨウキヨウドウクミアイ", "ノウキヨウ"),
    ("漁業協同組合", "ギヨギヨウキヨウドウクミアイ", "ギヨキヨウ"),
    ("協同組合", "キヨウドウクミアイ", "キヨウクミ"),
    ("国民健康保険組合", "コクミンケンコウホケンクミアイ", "コクホ"),
    ("健康保険組合", "ケンコウホケンクミアイ", "ケンポ"),
    ("社会保険診療報酬支払基金", "シヤカイホケンシンリヨウホウシユウシハライキキン", "シヤホ"),
    ("社会福祉協議会", "シヤカイフクシキヨウギカイ", "シヤキヨウ"),
    ("厚生年金基金", "コウセイネンキンキキン", "コウネン"),
    ("火災海上保険", "カサイカイジヨウホケン", "カサイ"),
    ("海上火災保険", "カイジヨウカサイホケン", "カイジヨウ"),
    ("生命保険", "セイメイホケン", "セイメイ"),
    ("労働組合", "ロウドウクミアイ", "ロウクミ"),
    ("従業員組合", "ジユウギヨウインクミアイ", "ジユウクミ"),
    ("共済組合", "キヨウサイクミアイ", "キヨウサイ"),
    ("連合会", "レンゴウカイ", "レン"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shortening {
    /// Words of business and office that are written in kanji.
    KanjiOnly,
    /// Also those in kana, because the name is too long.
    Kana,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Character(char),
    /// A legal form or an office, by its abbreviation without brackets.
    Form(&'static str),
}

/// One spelling for everything: compatibility forms opened, katakana, large kana, capital letters, `-` for every long
/// mark and dash, single spaces.
fn prepared(name: &str) -> Result<String, Invalid> {
    // The marks typed on their own (カ゛) would otherwise become a space and a mark.
    let joined: String = name
        .chars()
        .map(|c| match c {
            '゛' => '\u{3099}',
            '゜' => '\u{309A}',
            c => c,
        })
        .collect();
    let mut text = String::with_capacity(joined.len());
    for c in joined.nfkc() {
        let c = match c {
            'ぁ'..='ゖ' => char::from_u32(u32::from(c).saturating_add(0x60)).unwrap_or(c),
            c => c,
        };
        let c = match c {
            'ァ' => 'ア',
            'ィ' => 'イ',
            'ゥ' => 'ウ',
            'ェ' => 'エ',
            'ォ' => 'オ',
            'ッ' => 'ツ',
            'ャ' => 'ヤ',
            'ュ' => 'ユ',
            'ョ' => 'ヨ',
            'ヮ' => 'ワ',
            'ヵ' => 'カ',
            'ヶ' => 'ケ',
            'a'..='z' => c.to_ascii_uppercase(),
            'ー' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '─' => '-',
            '・' | '·' => ' ',
            c if c.is_whitespace() => ' ',
            c => c,
        };
        if c != ' ' || !text.ends_with(' ') {
            text.push(c);
        }
    }
    let text = text.trim().to_owned();
    if text.is_empty() { Err(empty()) } else { Ok(text) }
}

fn tokens(text: &str, shortening: Shortening) -> Vec<Token> {
    let text = BUSINESSES.iter().fold(text.to_owned(), |text, (kanji, reading, short)| {
        let text = text.replace(kanji, short);
        if shortening == Shortening::Kana { text.replace(reading, short) } else { text }
    });
    let mut tokens = Vec::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let found = form_at(rest, tokens.is_empty(), shortening);
        let (token, length) = match found {
            Some((form, length)) => (Token::Form(form), length),
            None => (Token::Character(first), first.len_utf8()),
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default();
    }
    tidied(tokens)
}

/// The form at the beginning of `rest`, and its length in bytes.
fn form_at(rest: &str, at_front: bool, shortening: Shortening) -> Option<(&'static str, usize)> {
    let abbreviations = || LEGAL_FORMS.iter().chain(OFFICES).map(|(_, _, short)| *short);
    for (written, short) in BRACKETED {
        if rest.starts_with(written) {
            return Some((short, written.len()));
        }
    }
    for short in abbreviations() {
        let closed = rest.strip_prefix('(').and_then(|rest| rest.strip_prefix(short));
        if let Some(after) = closed {
            if after.starts_with(')') {
                return Some((short, short.len().saturating_add(2)));
            }
            if after.is_empty() {
                return Some((short, short.len().saturating_add(1)));
            }
        }
        if at_front && rest.strip_prefix(short).is_some_and(|after| after.starts_with(')')) {
            return Some((short, short.len().saturating_add(1)));
        }
    }
    let offices_in_kana = shortening == Shortening::Kana;
    let full = LEGAL_FORMS.iter().map(|form| (form, true)).chain(OFFICES.iter().map(|form| (form, offices_in_kana)));
    full.flat_map(|((kanji, reading, short), in_kana)| {
        let reading = if in_kana { reading } else { kanji };
        [(*kanji, *short), (*reading, *short)]
    })
    .find(|(written, _)| rest.starts_with(written))
    .map(|(written, short)| (short, written.len()))
}

/// Forms stand without spaces around them and without brackets of their own, as in （株式会社）.
fn tidied(mut tokens: Vec<Token>) -> Vec<Token> {
    let space = |token: Option<&Token>| token == Some(&Token::Character(' '));
    loop {
        let length = tokens.len();
        let mut tidy: Vec<Token> = Vec::with_capacity(length);
        for token in &tokens {
            let after_form = matches!(tidy.last(), Some(Token::Form(_)));
            match token {
                Token::Character(' ') if after_form || tidy.is_empty() => {}
                Token::Form(_) => {
                    while space(tidy.last()) {
                        tidy.pop();
                    }
                    tidy.push(*token);
                }
                Token::Character(')') if after_form => {
                    let form = tidy.pop();
                    if tidy.last() == Some(&Token::Character('(')) {
                        tidy.pop();
                        while space(tidy.last()) {
                            tidy.pop();
                        }
                        tidy.extend(form);
                    } else {
                        tidy.extend(form);
                        tidy.push(*token);
                    }
                }
                token => tidy.push(*token),
            }
        }
        while space(tidy.last()) {
            tidy.pop();
        }
        if tidy.len() == length {
            return tidy;
        }
        tokens = tidy;
    }
}

/// The bytes of the name, or why there are none. `typed` is what the person sees.
fn half_width(tokens: &[Token], typed: &str) -> Result<Vec<u8>, Invalid> {
    if !tokens.iter().any(|token| matches!(token, Token::Character(c) if c.is_alphanumeric())) {
        return Err(empty());
    }
    let mut text = String::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Character(c) => text.push(*c),
            Token::Form(short) => {
                if index > 0 {
                    text.push('(');
                }
                text.push_str(short);
                if index.saturating_add(1) < tokens.len() {
                    text.push(')');
                }
            }
        }
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, 'ァ'..='ヺ') {
            // ガ is カ and its mark in the file.
            for part in std::iter::once(c).nfd() {
                bytes.push(byte_of(part)?);
            }
        } else {
            bytes.push(byte_of(c)?);
        }
    }
    match orphan_mark(&bytes) {
        None => Ok(bytes),
        Some(_) => Err(Invalid::new(
            "account_name.voicing_mark",
            format!("「{typed}」に、付けられない文字の後の濁点・半濁点があります。通帳の表記を確認してください"),
            format!("“{typed}” has a voicing mark (゛ or ゜) where none can be. Compare with the passbook"),
        )),
    }
}

fn byte_of(c: char) -> Result<u8, Invalid> {
    let byte = match c {
        '\u{3099}' => Some(VOICED),
        '\u{309A}' => Some(SEMI_VOICED),
        ' '..='~' => u8::try_from(c).ok(),
        c => KATAKANA.chars().position(|k| k == c).and_then(|at| u8::try_from(at).ok()?.checked_add(0xB1)),
    };
    byte.filter(|byte| CharacterClass::PartyName.allows(*byte)).ok_or_else(|| refused(c))
}

/// In the order of JIS X 0201, from 0xB1.
const KATAKANA: &str = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

fn empty() -> Invalid {
    Invalid::new(
        "account_name.empty",
        "口座名義をカナで入力してください（会社名だけでなく名称も必要です）",
        "Enter the account holder's name in kana (a legal form alone is not a name)",
    )
}

fn refused(c: char) -> Invalid {
    match c {
        'ヲ' => Invalid::new(
            "account_name.wo",
            "「ヲ」は振込データに使えません。通帳の表記が「オ」ならそのように入力し、「ヲ」なら金融機関に確認してください",
            "ヲ cannot be sent to the bank. If the passbook says オ, enter オ; if it says ヲ, ask the bank",
        ),
        'ヰ' | 'ヱ' => Invalid::new(
            "account_name.old_kana",
            format!("「{c}」は振込データに使えません。通帳のとおり「イ」または「エ」で入力してください"),
            format!("{c} cannot be sent to the bank. Enter イ or エ as the passbook does"),
        ),
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '々' | '〆' => Invalid::new(
            "account_name.kanji",
            format!(
                "漢字「{c}」が残っています。通帳のカナ表記で入力してください（株式会社などの法人格は漢字のままで構いません）"
            ),
            format!(
                "The kanji {c} is left. Enter the name in kana as in the passbook (only legal forms such as 株式会社 may stay)"
            ),
        ),
        c => {
            let shown: String = if c.is_control() { "制御文字".to_owned() } else { c.to_string() };
            Invalid::new(
                "account_name.character",
                format!(
                    "「{shown}」は振込データに使えません。使えるのはカナ・英字・数字・空白・( ) - . です。通帳のカナ表記のとおりに入力してください"
                ),
                format!(
                    "“{}” cannot be sent to the bank. Kana, letters, digits, spaces and ( ) - . can. \
                     Enter the name in kana as in the passbook",
                    if c.is_control() { "a control character".to_owned() } else { c.to_string() }
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_holder_is_told_from_another_one_whatever_its_legal_form() {
        for (holder, name) in [
            ("ｶ)ﾐﾎﾝｾｲｻｸｼﾖ", "カブシキガイシャミホンセイサクショ"),
            ("ﾐﾎﾝｾｲｻｸｼﾖ(ｶ", "ミホンセイサクショ"),
            ("ﾄｸﾋ)ﾐﾎﾝﾉ ｶｲ", "ミホンノカイ"),
            ("ｱｻｶﾜﾓﾂｺｳ(ﾕ", "ユウゲンガイシャアサカワモッコウ"),
        ] {
            assert!(is_holder(&zengin_name(holder).unwrap(), name), "{holder} {name}");
        }
        for (holder, name) in [("ｶ)ﾆﾎﾝｷﾞｾｲﾐﾂ", "タマセイキコウギョウ"), ("ｶ)ﾐﾎﾝ", "ミホンセイキ"), ("ﾐﾎﾝ", "")]
        {
            assert!(!is_holder(holder, name), "{holder} {name}");
        }
    }

    #[test]
    fn real_names_become_what_banks_expect() {
        let table = [
            // people
            ("ヤマダ タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
            ("ﾔﾏﾀﾞ ﾀﾛｳ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
            ("やまだ　たろう", "ﾔﾏﾀﾞ ﾀﾛｳ"),
            ("  ヤマダ 　 タロウ  ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
            ("キュウヨ　イチロウ", "ｷﾕｳﾖ ｲﾁﾛｳ"),
            ("ジンジ ショウゴ", "ｼﾞﾝｼﾞ ｼﾖｳｺﾞ"),
            ("ヨーコ・オノ", "ﾖ-ｺ ｵﾉ"),
            ("ｼﾞｮﾝ ｽﾐｽ", "ｼﾞﾖﾝ ｽﾐｽ"),
            ("John Smith", "JOHN SMITH"),
            ("ミツヒ゛シ", "ﾐﾂﾋﾞｼ"),
            ("ヴィクトリア", "ｳﾞｲｸﾄﾘｱ"),
            ("ジユウガオカ イヶダ", "ｼﾞﾕｳｶﾞｵｶ ｲｹﾀﾞ"),
            ("ファン・ヴァン・ドゥック", "ﾌｱﾝ ｳﾞｱﾝ ﾄﾞｳﾂｸ"),
            // companies, the examples of a bank's guide
            ("株式会社ケイヨウギンコウ", "ｶ)ｹｲﾖｳｷﾞﾝｺｳ"),
            ("ケイヨウギンコウ株式会社", "ｹｲﾖｳｷﾞﾝｺｳ(ｶ"),
            ("ケイヨウギンコウ株式会社チバシテン", "ｹｲﾖｳｷﾞﾝｺｳ(ｶ)ﾁﾊﾞｼﾃﾝ"),
            ("(カ)ケイヨウギンコウ", "ｶ)ｹｲﾖｳｷﾞﾝｺｳ"),
            ("ケイヨウギンコウ(カ)", "ｹｲﾖｳｷﾞﾝｺｳ(ｶ"),
            ("ｹｲﾖｳｷﾞﾝｺｳ(ｶ", "ｹｲﾖｳｷﾞﾝｺｳ(ｶ"),
            ("カ）ミズホセイサクショ", "ｶ)ﾐｽﾞﾎｾｲｻｸｼﾖ"),
            ("㈱ミズホ", "ｶ)ﾐｽﾞﾎ"),
            ("㍿ミズホ", "ｶ)ﾐｽﾞﾎ"),
            ("（株）ミズホ", "ｶ)ﾐｽﾞﾎ"),
            ("（株式会社）ミズホ", "ｶ)ﾐｽﾞﾎ"),
            ("株式会社　ミズホ", "ｶ)ﾐｽﾞﾎ"),
            ("カブシキガイシャ ミズホ", "ｶ)ﾐｽﾞﾎ"),
            ("かぶしきがいしゃみずほ", "ｶ)ﾐｽﾞﾎ"),
            ("カブシキカイシャミズホ", "ｶ)ﾐｽﾞﾎ"),
            ("ミズホ ユウゲンガイシャ", "ﾐｽﾞﾎ(ﾕ"),
            ("有限会社 A・B サービス", "ﾕ)A B ｻ-ﾋﾞｽ"),
            ("ＡＢＣ合同会社", "ABC(ﾄﾞ"),
            ("合同会社ＡＢＣ", "ﾄﾞ)ABC"),
            ("医療法人社団ミズホカイ", "ｲ)ﾐｽﾞﾎｶｲ"),
            ("シャカイイリョウホウジンミズホカイ", "ｲ)ﾐｽﾞﾎｶｲ"),
            ("一般社団法人ミズホ", "ｼﾔ)ﾐｽﾞﾎ"),
            ("コウエキザイダンホウジン ミズホ", "ｻﾞｲ)ﾐｽﾞﾎ"),
            ("特定非営利活動法人ミズホ", "ﾄｸﾋ)ﾐｽﾞﾎ"),
            ("ＮＰＯ法人ミズホ", "ﾄｸﾋ)ﾐｽﾞﾎ"),
            ("学校法人ミズホガクエン", "ｶﾞｸ)ﾐｽﾞﾎｶﾞｸｴﾝ"),
            ("社会福祉法人ミズホ社会福祉協議会", "ﾌｸ)ﾐｽﾞﾎｼﾔｷﾖｳ"),
            ("宗教法人ミズホジ", "ｼﾕｳ)ﾐｽﾞﾎｼﾞ"),
            ("農事組合法人ミズホ", "ﾉｳ)ﾐｽﾞﾎ"),
            ("地方独立行政法人ミズホ", "ﾁﾄﾞｸ)ﾐｽﾞﾎ"),
            ("ミズホ生活協同組合", "ﾐｽﾞﾎｾｲｷﾖｳ"),
            ("ミズホ営業所", "ﾐｽﾞﾎ(ｴｲ"),
            ("カ)ミズホ 出張所", "ｶ)ﾐｽﾞﾎ(ｼﾕﾂ"),
            ("ケイヨウカイ　ダイヒョウ　ケイヨウタロウ", "ｹｲﾖｳｶｲ ﾀﾞｲﾋﾖｳ ｹｲﾖｳﾀﾛｳ"),
            ("ミズホ．コム", "ﾐｽﾞﾎ.ｺﾑ"),
            ("ミズホ－チョウ", "ﾐｽﾞﾎ-ﾁﾖｳ"),
            ("ミズホ(ヤマダ)", "ﾐｽﾞﾎ(ﾔﾏﾀﾞ)"),
            // kana words are shortened only when they have to be
            ("ミズホキョウドウクミアイ", "ﾐｽﾞﾎｷﾖｳﾄﾞｳｸﾐｱｲ"),
            ("トウキョウトニシタマグンミズホマチノウコウキョウドウクミアイ", "ﾄｳｷﾖｳﾄﾆｼﾀﾏｸﾞﾝﾐｽﾞﾎﾏﾁﾉｳｺｳｷﾖｳｸﾐ"),
        ];
        for (typed, expected) in table {
            assert_eq!(zengin_name(typed).as_deref(), Ok(expected), "{typed}");
            assert_eq!(zengin_name(expected).as_deref(), Ok(expected), "again: {typed}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_its_reason() {
        let long = "ガ".repeat(16);
        let table = [
            ("", "account_name.empty"),
            ("  　", "account_name.empty"),
            ("株式会社", "account_name.empty"),
            ("カ)", "account_name.empty"),
            ("()-.", "account_name.empty"),
            ("山田太郎", "account_name.kanji"),
            ("株式会社みずほ商店", "account_name.kanji"),
            ("佐々木", "account_name.kanji"),
            ("カヲル", "account_name.wo"),
            ("ｶｦﾙ", "account_name.wo"),
            ("かをる", "account_name.wo"),
            ("ヱビス", "account_name.old_kana"),
            ("A&B", "account_name.character"),
            ("A,B", "account_name.character"),
            ("A/B", "account_name.character"),
            ("ヤマダ、タロウ", "account_name.character"),
            ("ヤマダ\u{0}タロウ", "account_name.character"),
            ("ヤマダ😀", "account_name.character"),
            ("é", "account_name.character"),
            ("ア゛", "account_name.voicing_mark"),
            ("゛カ", "account_name.voicing_mark"),
            ("ヷ", "account_name.voicing_mark"),
            (long.as_str(), "account_name.too_long"),
        ];
        for (typed, code) in table {
            assert_eq!(zengin_name(typed).map_err(|e| e.code), Err(code), "{typed}");
        }
    }

    #[test]
    fn thirty_bytes_count_the_marks() {
        assert_eq!(zengin_name(&"ガ".repeat(15)).unwrap().chars().count(), PAYEE_NAME_BYTES);
        assert!(zengin_name(&format!("{}ア", "ガ".repeat(15))).is_err());
    }

    /// Pieces that have something to do with each other.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            proptest::sample::select(vec![
                "株式会社",
                "(株)",
                "カ)",
                "(カ)",
                "(カ",
                "(",
                ")",
                " ",
                "　",
                "・",
                "カ",
                "ガ",
                "ギ",
                "シヤ",
                "イ",
                "エイ",
                "(エイ",
                "営業所",
                "エイギョウショ",
                "連合会",
                "レンゴウカイ",
                "協同組合",
                "ー",
                "゛",
                "ﾞ",
                "ﾟ",
                "ハ",
                "ミズホ",
                "ｶﾞ",
                "ｼﾞｮ",
                "a",
                "Ｚ",
                "9",
                ".",
                "医療法人",
                "社団",
                "法人",
                "㈱",
            ])
            .prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn a_converted_name_stays_as_it_is(typed in pieces()) {
            if let Ok(name) = zengin_name(&typed) {
                prop_assert!(zengin_text_fits(&name, CharacterClass::PartyName, PAYEE_NAME_BYTES), "{}", name);
                prop_assert_eq!(zengin_name(&name), Ok(name));
            }
        }

        #[test]
        fn bytes_and_text_are_one(bytes in proptest::collection::vec(prop_oneof![0x20u8..0x7F, 0xA1u8..0xE0], 0..60)) {
            prop_assert_eq!(jis_x_0201(&from_jis_x_0201(&bytes)), Some(bytes));
        }
    }
}
