//! Bank accounts as a transfer file needs them.

use serde::{Deserialize, Serialize};

use crate::Invalid;

pub type InvalidAccount = Invalid;

fn fixed_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $length:literal, $code:literal, $ja:literal, $en:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                if fixed_digits(&text, $length) { Ok(Self(text)) } else { Err(Invalid::new($code, $ja, $en)) }
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> String {
                code.0
            }
        }
    };
}

code!(
    /// 金融機関コード, four digits.
    BankCode, 4, "bank_account.bank_code", "金融機関コードは数字4桁です", "A bank code has four digits"
);
code!(
    /// 支店コード, three digits.
    BranchCode, 3, "bank_account.branch_code", "支店コードは数字3桁です", "A branch code has three digits"
);

/// 預金種目, with the codes of the Zengin record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// 普通 (1)
    Ordinary,
    /// 当座 (2)
    Checking,
    /// 貯蓄 (4)
    Savings,
    /// その他 (9)
    Other,
}

impl AccountKind {
    #[must_use]
    pub const fn zengin_code(self) -> u8 {
        match self {
            Self::Ordinary => 1,
            Self::Checking => 2,
            Self::Savings => 4,
            Self::Other => 9,
        }
    }
}

/// An account that money can be sent to. `holder_kana` is kept as the holder wrote it; the treasury turns it into the
/// characters of the transfer file, or refuses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    pub bank: BankCode,
    pub branch: BranchCode,
    pub kind: AccountKind,
    pub number: AccountNumber,
    /// 口座名義（カナ）
    pub holder_kana: String,
}

code!(
    /// 口座番号, seven digits; shorter numbers are filled with zeros on the left before they get here.
    AccountNumber, 7, "bank_account.number", "口座番号は数字7桁です（短い番号は左に0を付けます）",
    "An account number has seven digits (fill short ones with zeros on the left)"
);
