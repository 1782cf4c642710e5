//! Official numbers with check digits. Formulas: 財務省令 平成26年70号 第2条; 総務省 全国地方公共団体コード.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Invalid;

fn digits<const N: usize>(text: &str) -> Option<[u32; N]> {
    let values: Vec<u32> = text.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    values.try_into().ok()
}

macro_rules! parsed_text {
    ($name:ident) => {
        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    };
}

/// 法人番号: 13 digits of which the first checks the rest. Sole proprietors have none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CorporateNumber(String);
parsed_text!(CorporateNumber);

impl FromStr for CorporateNumber {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number: [u32; 13] = digits(text).ok_or_else(|| {
            Invalid::new("corporate_number.format", "法人番号は数字13桁です", "A corporate number has 13 digits")
        })?;
        let (check, base) = (number[0], &number[1..]);
        let weighted: u32 =
            base.iter().rev().zip([1, 2].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
        if check == 9 - weighted % 9 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "corporate_number.check_digit",
                "法人番号の検査数字が合いません。番号をお確かめください",
                "The check digit of this corporate number is wrong; please compare the number",
            ))
        }
    }
}

/// 適格請求書発行事業者登録番号: `T` and 13 digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InvoiceNumber(String);
parsed_text!(InvoiceNumber);

impl FromStr for InvoiceNumber {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.strip_prefix('T').and_then(digits::<13>) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(Invalid::new(
                "invoice_number.format",
                "登録番号は「T」に続く数字13桁です",
                "An invoice registration number is T and 13 digits",
            )),
        }
    }
}

/// 全国地方公共団体コード: six digits of which the last checks the rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MunicipalityCode(String);
parsed_text!(MunicipalityCode);

impl FromStr for MunicipalityCode {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let code: [u32; 6] = digits(text).ok_or_else(|| {
            Invalid::new("municipality_code.format", "団体コードは数字6桁です", "A municipality code has six digits")
        })?;
        let weighted: u32 = code[..5].iter().zip([6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
        if code[5] == (11 - weighted % 11) % 10 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "municipality_code.check_digit",
                "団体コードの検査数字が合いません",
                "The check digit of this municipality code is wrong",
            ))
        }
    }
}

impl schemars::JsonSchema for MunicipalityCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MunicipalityCode".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "pattern": "^[0-9]{6}$",
            "description": "全国地方公共団体コード, six digits in quotes, the last a check digit."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corporate_numbers_of_real_bodies_are_valid() {
        for number in [
            "4011001098993",
            "2120901007402",
            "1180301018771",
            "7000012050002",
            "8000012010038",
            "8000020130001",
            "1000020133035",
            "1000020132128",
        ] {
            assert!(number.parse::<CorporateNumber>().is_ok(), "{number}");
        }
        for wrong in ["5011001098993", "401100109899", "40110010989933", "４011001098993", ""] {
            assert!(wrong.parse::<CorporateNumber>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn municipality_codes_are_checked() {
        for code in ["130001", "131075", "132128", "133035", "132012"] {
            assert!(code.parse::<MunicipalityCode>().is_ok(), "{code}");
        }
        assert!("132129".parse::<MunicipalityCode>().is_err());
    }
}
