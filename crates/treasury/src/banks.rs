//! Hides how 30,000 branches are kept: two sorted tables inside the binary, searched in place, nothing built at start.
//!
//! Source and steps to renew the tables: `data/README.md`. The list is not official and has no validity dates; a
//! municipality that knows better hands in tables of its own with [`BankMaster::from_tables`].

use std::borrow::Cow;
use std::cmp::Ordering;

use vocabulary::{BankAccount, Invalid};

use crate::kana::{CharacterClass, zengin_text_fits};

/// Banks and branches that money can be sent to.
#[derive(Clone, Debug)]
pub struct BankMaster {
    banks: Cow<'static, str>,
    branches: Cow<'static, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank<'a> {
    /// Four digits.
    pub code: &'a str,
    /// Half-width kana as the transfer file takes it, at most 15 bytes there.
    pub kana: &'a str,
    pub name: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch<'a> {
    /// Four digits.
    pub bank: &'a str,
    /// Three digits.
    pub code: &'a str,
    /// Half-width kana as the transfer file takes it, at most 15 bytes there.
    pub kana: &'a str,
    pub name: &'a str,
}

const BANK_CODE_LENGTH: usize = 4;
const BRANCH_KEY_LENGTH: usize = 7;
/// Bytes of 銀行名 and 支店名 in the transfer file.
const NAME_BYTES: usize = 15;

static EMBEDDED: BankMaster = BankMaster {
    banks: Cow::Borrowed(include_str!("../data/banks.tsv")),
    branches: Cow::Borrowed(include_str!("../data/branches.tsv")),
};

impl BankMaster {
    /// The list this version was built with.
    #[must_use]
    pub fn embedded() -> &'static BankMaster {
        &EMBEDDED
    }

    /// A list of the municipality's own, in the format of `data/banks.tsv` and `data/branches.tsv`: lines of
    /// `code TAB half-width kana TAB name`, in ascending order of the code (a branch's is bank and branch, 7 digits).
    ///
    /// # Errors
    /// `bank_master.format` with the first line that is wrong.
    pub fn from_tables(banks: String, branches: String) -> Result<Self, Invalid> {
        check_table("banks", &banks, BANK_CODE_LENGTH)?;
        check_table("branches", &branches, BRANCH_KEY_LENGTH)?;
        Ok(Self { banks: Cow::Owned(banks), branches: Cow::Owned(branches) })
    }

    /// The bank with that code of four digits.
    #[must_use]
    pub fn bank(&self, code: &str) -> Option<Bank<'_>> {
        find(&self.banks, code).and_then(bank)
    }

    /// The branch with that code of three digits, of the bank with that code of four.
    #[must_use]
    pub fn branch(&self, bank: &str, branch: &str) -> Option<Branch<'_>> {
        if bank.len() != BANK_CODE_LENGTH {
            return None;
        }
        find(&self.branches, &format!("{bank}{branch}")).and_then(branch_of)
    }

    /// All banks by code.
    pub fn banks(&self) -> impl Iterator<Item = Bank<'_>> {
        self.banks.lines().filter_map(bank)
    }

    /// The branches of one bank by code; none when the bank is unknown.
    pub fn branches<'a>(&'a self, bank: &'a str) -> impl Iterator<Item = Branch<'a>> {
        let from = if bank.len() == BANK_CODE_LENGTH { position(&self.branches, bank) } else { self.branches.len() };
        self.branches.get(from..).unwrap_or_default().lines().map_while(branch_of).take_while(move |b| b.bank == bank)
    }

    /// Whether money can be sent to this bank and branch. The number and the holder only the bank can check.
    ///
    /// # Errors
    /// `bank_account.unknown_bank`, `bank_account.unknown_branch`.
    pub fn check(&self, account: &BankAccount) -> Result<(), Invalid> {
        let (bank, branch) = (account.bank.as_str(), account.branch.as_str());
        let Some(known) = self.bank(bank) else {
            return Err(Invalid::new(
                "bank_account.unknown_bank",
                format!("金融機関コード {bank} は見つかりません。通帳の金融機関コードを確認してください"),
                format!("There is no bank with the code {bank}. Check the bank code in the passbook"),
            ));
        };
        if self.branch(bank, branch).is_none() {
            let name = known.name;
            return Err(Invalid::new(
                "bank_account.unknown_branch",
                format!(
                    "{name}（{bank}）に支店コード {branch} はありません。統廃合で変わっていないか通帳の店番を確認してください"
                ),
                format!(
                    "{name} ({bank}) has no branch with the code {branch}. Check the branch code in the passbook; \
                     branches that merged have a new one"
                ),
            ));
        }
        Ok(())
    }
}

fn bank(line: &str) -> Option<Bank<'_>> {
    let (code, kana, name) = columns(line)?;
    Some(Bank { code, kana, name })
}

fn branch_of(line: &str) -> Option<Branch<'_>> {
    let (key, kana, name) = columns(line)?;
    let (bank, code) = key.split_at_checked(BANK_CODE_LENGTH)?;
    Some(Branch { bank, code, kana, name })
}

fn columns(line: &str) -> Option<(&str, &str, &str)> {
    let (key, rest) = line.split_once('\t')?;
    let (kana, name) = rest.split_once('\t')?;
    Some((key, kana, name))
}

fn find<'a>(table: &'a str, key: &str) -> Option<&'a str> {
    let line = table.get(position(table, key)..)?.lines().next()?;
    (columns(line)?.0 == key).then_some(line)
}

/// Where the first line begins whose key is not below `key`: a binary search over bytes that steps back to the
/// beginning of a line. Bytes, not characters: a line feed is never part of another UTF-8 character.
fn position(table: &str, key: &str) -> usize {
    let bytes = table.as_bytes();
    let line_start = |at: usize| {
        let before = bytes.get(..at).unwrap_or_default();
        before.iter().rposition(|b| *b == b'\n').map_or(0, |line_feed| line_feed.saturating_add(1))
    };
    let line_end = |at: usize| {
        let after = bytes.get(at..).unwrap_or_default();
        after.iter().position(|b| *b == b'\n').map_or(bytes.len(), |length| at.saturating_add(length).saturating_add(1))
    };
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let start = line_start(low.midpoint(high));
        let line_key = table.get(start..).and_then(|rest| rest.split('\t').next()).unwrap_or_default();
        match line_key.cmp(key) {
            Ordering::Less => low = line_end(start),
            Ordering::Equal => return start,
            Ordering::Greater => high = start,
        }
    }
    low
}

fn check_table(table: &str, text: &str, key_length: usize) -> Result<(), Invalid> {
    let mut previous = "";
    for (index, line) in text.lines().enumerate() {
        let number = index.saturating_add(1);
        let good = columns(line).filter(|(key, kana, name)| {
            key.len() == key_length
                && key.bytes().all(|b| b.is_ascii_digit())
                && *key > previous
                && zengin_text_fits(kana, CharacterClass::BankName, NAME_BYTES)
                && !name.is_empty()
        });
        let Some((key, _, _)) = good else {
            return Err(Invalid::new(
                "bank_master.format",
                format!(
                    "金融機関一覧（{table}）の{number}行目が正しくありません。「コード・半角カナ15文字以内・名称」をタブ区切りで、\
                     コードの昇順に並べてください"
                ),
                format!(
                    "Line {number} of the bank list ({table}) is wrong. Each line is code, half-width kana of at most \
                     15 bytes and name, separated by tabs, in ascending order of the code"
                ),
            ));
        };
        previous = key;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_tables_are_well_formed() {
        let master = BankMaster::embedded();
        BankMaster::from_tables(master.banks.to_string(), master.branches.to_string()).unwrap();
        assert!(master.banks().count() > 1_000);
        assert!(master.branches.lines().count() > 25_000);
    }

    #[test]
    fn every_line_is_found_and_nothing_else() {
        let master = BankMaster::embedded();
        for bank in master.banks() {
            assert_eq!(master.bank(bank.code), Some(bank));
        }
        for line in master.branches.lines().step_by(97) {
            let branch = branch_of(line).unwrap();
            assert_eq!(master.branch(branch.bank, branch.code), Some(branch));
        }
        let total: usize = master.banks().map(|bank| master.branches(bank.code).count()).sum();
        assert_eq!(total, master.branches.lines().count());
        for unknown in ["", "0", "000", "0002", "9999", "00010", "みずほ", "zzzz"] {
            assert_eq!(master.bank(unknown), None, "{unknown}");
            assert_eq!(master.branches(unknown).count(), 0, "{unknown}");
        }
        assert_eq!(master.branch("0001", ""), None);
        assert_eq!(master.branch("000", "1001"), None);
    }

    #[test]
    fn well_known_branches_have_their_names() {
        let master = BankMaster::embedded();
        let bank = master.bank("0138").unwrap();
        assert_eq!((bank.name, bank.kana), ("横浜", "ﾖｺﾊﾏ"));
        let branch = master.branch("0138", "200").unwrap();
        assert_eq!((branch.name, branch.kana), ("本店営業部", "ﾎﾝﾃﾝ"));
    }

    #[test]
    fn own_tables_are_checked() {
        let table = |text: &str| BankMaster::from_tables(text.to_owned(), String::new());
        assert!(table("0001\tﾐｽﾞﾎ\tみずほ\n0005\tｱ\tあ\n").is_ok());
        for wrong in ["0001\tﾐｽﾞﾎ\n", "0005\tｱ\tあ\n0001\tｲ\tい\n", "001\tｱ\tあ\n", "0001\tミズホ\tみずほ\n"]
        {
            assert_eq!(table(wrong).unwrap_err().code, "bank_master.format", "{wrong}");
        }
    }
}
