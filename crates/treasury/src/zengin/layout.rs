//! Hides where each item of a record stands: one table per record, which the writer fills and the reader checks.
//!
//! Source: JBA 全銀協パーソナル・コンピュータ用標準通信プロトコル, 総合振込; domain/payment.md 4.1.

use crate::kana::CharacterClass;

pub(super) const RECORD_BYTES: usize = 120;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Always these bytes.
    Constant(&'static str),
    /// N: digits, right-aligned, zero-filled.
    Number,
    /// N that may be left out as spaces.
    OptionalNumber,
    /// One of these bytes.
    Code(&'static str),
    /// C: left-aligned, space-filled.
    Text(CharacterClass),
    /// As `Text`, but never blank.
    RequiredText(CharacterClass),
    /// Two customer codes of ten digits, or EDI information of 20 characters when 識別表示 is Y.
    CustomerCodes,
    /// ダミー: spaces.
    Filler,
}

/// What an item is, whichever record it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    RecordType,
    TransferType,
    CharacterCode,
    OriginatorCode,
    Name,
    TransferDate,
    Bank,
    BankName,
    Branch,
    BranchName,
    AccountKind,
    AccountNumber,
    Filler,
    ClearingHouse,
    Amount,
    NewPayee,
    Customer,
    TransferClass,
    EdiMark,
    Count,
    Total,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub item: Item,
    pub ja: &'static str,
    pub en: &'static str,
    pub length: usize,
    pub content: Content,
}

const fn field(item: Item, ja: &'static str, en: &'static str, length: usize, content: Content) -> Field {
    Field { item, ja, en, length, content }
}

/// Every field with the index of its first byte, from 0.
pub(super) fn placed(fields: &'static [Field]) -> impl Iterator<Item = (usize, &'static Field)> {
    fields.iter().scan(0usize, |at, field| {
        let from = *at;
        *at = at.saturating_add(field.length);
        Some((from, field))
    })
}

use CharacterClass::{BankName, PartyName};
use Content::{Code, Constant, CustomerCodes, Filler, Number, OptionalNumber, RequiredText, Text};

pub(super) const HEADER: &[Field] = &[
    field(Item::RecordType, "データ区分", "record type", 1, Constant("1")),
    field(Item::TransferType, "種別コード", "transfer type", 2, Constant("21")),
    field(Item::CharacterCode, "コード区分", "character code", 1, Constant("0")),
    field(Item::OriginatorCode, "委託者コード", "originator code", 10, Number),
    field(Item::Name, "委託者名", "originator name", 40, RequiredText(PartyName)),
    field(Item::TransferDate, "振込指定日", "transfer date", 4, Number),
    field(Item::Bank, "仕向銀行番号", "originator bank code", 4, Number),
    field(Item::BankName, "仕向銀行名", "originator bank name", 15, Text(BankName)),
    field(Item::Branch, "仕向支店番号", "originator branch code", 3, Number),
    field(Item::BranchName, "仕向支店名", "originator branch name", 15, Text(BankName)),
    field(Item::AccountKind, "預金種目", "account kind", 1, Code("129")),
    field(Item::AccountNumber, "口座番号", "account number", 7, Number),
    field(Item::Filler, "ダミー", "filler", 17, Filler),
];

pub(super) const DATA: &[Field] = &[
    field(Item::RecordType, "データ区分", "record type", 1, Constant("2")),
    field(Item::Bank, "被仕向銀行番号", "bank code", 4, Number),
    field(Item::BankName, "被仕向銀行名", "bank name", 15, Text(BankName)),
    field(Item::Branch, "被仕向支店番号", "branch code", 3, Number),
    field(Item::BranchName, "被仕向支店名", "branch name", 15, Text(BankName)),
    field(Item::ClearingHouse, "手形交換所番号", "clearing house", 4, OptionalNumber),
    field(Item::AccountKind, "預金種目", "account kind", 1, Code("1249")),
    field(Item::AccountNumber, "口座番号", "account number", 7, Number),
    field(Item::Name, "受取人名", "payee name", 30, RequiredText(PartyName)),
    field(Item::Amount, "振込金額", "amount", 10, Number),
    field(Item::NewPayee, "新規コード", "new-payee code", 1, Code("012")),
    field(Item::Customer, "顧客コード・EDI情報", "customer codes or EDI", 20, CustomerCodes),
    field(Item::TransferClass, "振込指定区分", "transfer class", 1, Code("78 ")),
    field(Item::EdiMark, "識別表示", "EDI mark", 1, Code("Y ")),
    field(Item::Filler, "ダミー", "filler", 7, Filler),
];

pub(super) const TRAILER: &[Field] = &[
    field(Item::RecordType, "データ区分", "record type", 1, Constant("8")),
    field(Item::Count, "合計件数", "total count", 6, Number),
    field(Item::Total, "合計金額", "total amount", 12, Number),
    field(Item::Filler, "ダミー", "filler", 101, Filler),
];

pub(super) const END: &[Field] = &[
    field(Item::RecordType, "データ区分", "record type", 1, Constant("9")),
    field(Item::Filler, "ダミー", "filler", 119, Filler),
];

/// The bytes of one item in a record, and the index of the first.
pub(super) fn item<'a>(fields: &'static [Field], record: &'a [u8], item: Item) -> (usize, &'a [u8]) {
    placed(fields).find(|(_, field)| field.item == item).map_or((0, &[]), |(from, field)| {
        (from, record.get(from..from.saturating_add(field.length)).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_has_120_bytes() {
        for fields in [HEADER, DATA, TRAILER, END] {
            assert_eq!(fields.iter().map(|field| field.length).sum::<usize>(), RECORD_BYTES);
        }
    }
}
