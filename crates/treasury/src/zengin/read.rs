//! Hides how any bytes are judged as a 総合振込 file: everything found at once, in bounded memory, without a panic.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use serde::Serialize;
use vocabulary::{Bilingual, Calendar, Yen};

use super::layout::{Content, DATA, END, Field, HEADER, Item, RECORD_BYTES, TRAILER, item, placed};
use crate::banks::BankMaster;
use crate::batch::{MAXIMUM_LINES, MAXIMUM_TOTAL};
use crate::kana::{CharacterClass, can_be_voiced, from_jis_x_0201, orphan_mark};

/// More are counted, but not listed.
pub const MAXIMUM_FINDINGS: usize = 1_000;
/// Banks take files some weeks ahead; a day further away is more likely one that has passed.
const USUAL_WINDOW_DAYS: u64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A bank will refuse the file, or the money will not arrive.
    Error,
    /// Look again before the file is handed over.
    Warning,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// Stable, e.g. `zengin.trailer.total`.
    pub code: &'static str,
    /// From 1; 0 for the file as a whole.
    pub record: usize,
    /// First byte meant, from 1; 0 for the record as a whole.
    pub position: usize,
    pub message: Bilingual,
}

/// One header with what follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchRead {
    /// Of the header, from 1.
    pub record: usize,
    pub originator_code: String,
    pub originator_name: String,
    /// The next day with the file's month and day; the file has no year.
    pub transfer_date: Option<NaiveDate>,
    pub bank: String,
    pub branch: String,
    pub account_kind: String,
    pub account_number: String,
    /// Data records counted, whatever the trailer says.
    pub count: usize,
    /// Their amounts added up.
    pub total: Yen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineRead {
    /// From 1.
    pub record: usize,
    pub bank: String,
    pub branch: String,
    /// 1 普通, 2 当座, 4 貯蓄, 9 その他
    pub account_kind: String,
    pub account_number: String,
    pub payee_name: String,
    /// Nothing when the field is no number.
    pub amount: Option<Yen>,
    /// 顧客コード1 and 2, or EDI information, as it stands.
    pub customer: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub batches: Vec<BatchRead>,
    /// Every data record of the right length, in the order of the file.
    pub lines: Vec<LineRead>,
    /// Data records in the whole file, also those of a wrong length.
    pub count: usize,
    /// Of the amounts that could be read.
    pub total: Yen,
    /// At most [`MAXIMUM_FINDINGS`], in the order of the file.
    pub findings: Vec<Finding>,
    /// All of them, listed or not.
    pub errors: usize,
    pub warnings: usize,
    /// Found, but not listed.
    pub left_off: usize,
}

impl Report {
    /// Whether a bank can be expected to take the file.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        self.errors == 0
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        (record, position): (usize, usize),
        words: impl FnOnce() -> (String, String),
    ) {
        match severity {
            Severity::Error => self.errors = self.errors.saturating_add(1),
            Severity::Warning => self.warnings = self.warnings.saturating_add(1),
        }
        if self.findings.len() >= MAXIMUM_FINDINGS {
            self.left_off = self.left_off.saturating_add(1);
            return;
        }
        let (ja, en) = words();
        self.findings.push(Finding { severity, code, record, position, message: Bilingual::new(ja, en) });
    }

    fn error(&mut self, code: &'static str, place: (usize, usize), ja: &str, en: &str) {
        self.add(Severity::Error, code, place, || (ja.to_owned(), en.to_owned()));
    }

    fn warning(&mut self, code: &'static str, place: (usize, usize), ja: &str, en: &str) {
        self.add(Severity::Warning, code, place, || (ja.to_owned(), en.to_owned()));
    }
}

/// Checks any bytes as a 総合振込 file: structure, characters, codes, sums, banks, days. The day without a year is taken
/// as the next one from `today` on. Memory grows with the bytes given; the caller limits those.
#[must_use]
pub fn read(bytes: &[u8], master: &BankMaster, calendar: &Calendar, today: NaiveDate) -> Report {
    let mut reader = Reader { report: Report::default(), master, calendar, today, seen: BTreeMap::new() };
    reader.file(bytes);
    reader.report
}

const WHOLE_FILE: (usize, usize) = (0, 0);

struct Reader<'a> {
    report: Report,
    master: &'a BankMaster,
    calendar: &'a Calendar,
    today: NaiveDate,
    /// Bank, branch, account and amount of every payment so far, with its record.
    seen: BTreeMap<Vec<u8>, usize>,
}

/// What the record before leads one to expect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    InBatch,
    AfterTrailer,
    Ended,
}

/// What the trailer of the batch under way must say.
#[derive(Default)]
struct Sums {
    count: usize,
    total: u64,
    /// An amount could not be read, so the total means nothing.
    incomplete: bool,
}

impl Reader<'_> {
    fn file(&mut self, bytes: &[u8]) {
        let bytes = self.without_marks(bytes);
        if bytes.is_empty() {
            self.report.error(
                "zengin.file.empty",
                WHOLE_FILE,
                "ファイルが空です。正しいファイルを選んでください",
                "The file is empty. Choose the right file",
            );
            return;
        }
        if matches!(bytes.first(), Some(0xF1)) {
            self.ebcdic((1, 1));
            return;
        }
        let mut place = Place::Start;
        let mut sums = Sums::default();
        for (index, record) in self.records(bytes).into_iter().enumerate() {
            let number = index.saturating_add(1);
            place = self.record(record, number, place, &mut sums);
        }
        if place == Place::InBatch {
            self.missing_trailer(WHOLE_FILE);
        }
        if place != Place::Ended {
            self.report.error(
                "zengin.order.end_missing",
                WHOLE_FILE,
                "最後にエンドレコード（9）がありません。ファイルが途中で切れていないか確認してください",
                "The end record (9) is missing. Make sure that the file is whole",
            );
        }
    }

    /// Without a byte order mark in front and an end-of-file mark behind.
    fn without_marks<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let mut rest = bytes;
        if let Some(after) = rest.strip_prefix(b"\xEF\xBB\xBF") {
            self.report.error(
                "zengin.file.utf8",
                WHOLE_FILE,
                "UTF-8で保存されたファイルです。文字コードをシフトJIS（JIS X 0201）にして作り直してください",
                "The file was saved as UTF-8. Make it again in Shift_JIS (JIS X 0201)",
            );
            rest = after;
        }
        if let Some(before) = rest.strip_suffix(b"\x1A") {
            self.report.warning(
                "zengin.file.end_mark",
                WHOLE_FILE,
                "ファイルの最後に終端記号（0x1A）があります。受け付けない金融機関があります",
                "The file ends with an end-of-file mark (0x1A), which some banks refuse",
            );
            rest = before;
        }
        rest
    }

    /// The records, whatever separates them.
    fn records<'b>(&mut self, bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let (mut cr_only, mut lf_only) = (false, false);
        let mut pieces = Vec::new();
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            let (piece, tail) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            pieces.push(piece);
            rest = if let Some(after) = tail.strip_prefix(b"\r\n") {
                after
            } else {
                cr_only |= tail.first() == Some(&b'\r');
                lf_only |= tail.first() == Some(&b'\n');
                tail.get(1..).unwrap_or_default()
            };
        }
        let ends_open = !rest.is_empty();
        if ends_open {
            pieces.push(rest);
        }
        if cr_only {
            self.report.error(
                "zengin.line_end.cr_only",
                WHOLE_FILE,
                "改行がCRだけです。CR+LFにするか、改行なしにしてください",
                "Lines end with CR alone. End them with CR and LF, or not at all",
            );
        }
        if lf_only {
            self.report.error(
                "zengin.line_end.lf_only",
                WHOLE_FILE,
                "改行がLFだけです。CR+LFにするか、改行なしにしてください",
                "Lines end with LF alone. End them with CR and LF, or not at all",
            );
        }
        let several = pieces.len() > 1;
        let mut records = Vec::with_capacity(bytes.len() / RECORD_BYTES);
        let mut mixed = false;
        for piece in pieces {
            // Records that no line end separates. In a file without any, that is how it should be.
            let run = piece.len() > RECORD_BYTES && (!several || piece.len().is_multiple_of(RECORD_BYTES));
            mixed |= run && several;
            if run { records.extend(piece.chunks(RECORD_BYTES)) } else { records.push(piece) }
        }
        if mixed {
            self.report.error(
                "zengin.line_end.mixed",
                WHOLE_FILE,
                "改行のあるレコードとないレコードが混ざっています。どちらかに揃えてください",
                "Some records end with a line end and some do not. Make them all alike",
            );
        }
        records
    }

    fn record(&mut self, record: &[u8], number: usize, place: Place, sums: &mut Sums) -> Place {
        if place == Place::Ended {
            self.report.error(
                "zengin.order.after_end",
                (number, 0),
                "エンドレコードの後にデータがあります。削除してください",
                "Something follows the end record. Remove it",
            );
        }
        let whole = record.len() == RECORD_BYTES;
        if !whole {
            self.report.add(
                Severity::Error,
                "zengin.record.length",
                (number, record.len().min(RECORD_BYTES).saturating_add(1)),
                || {
                    let length = record.len();
                    (
                        format!("レコードの長さが{length}バイトです（正しくは{RECORD_BYTES}バイト）。文字の欠落や全角文字がないか確認してください"),
                        format!("The record has {length} bytes instead of {RECORD_BYTES}. Look for missing or full-width characters"),
                    )
                },
            );
        }
        match record.first() {
            Some(b'1') => self.header(record, number, place, sums, whole),
            Some(b'2') => self.data(record, number, place, sums, whole),
            Some(b'8') => self.trailer(record, number, place, sums, whole),
            Some(b'9') => self.end(record, number, place, whole),
            first => {
                if whole || first.is_some() {
                    self.report.error(
                        "zengin.record.type",
                        (number, 1),
                        "データ区分が1・2・8・9のいずれでもありません",
                        "The record type is none of 1, 2, 8 and 9",
                    );
                }
                place
            }
        }
    }

    fn header(&mut self, record: &[u8], number: usize, place: Place, sums: &mut Sums, whole: bool) -> Place {
        if place == Place::InBatch {
            self.missing_trailer((number, 1));
        }
        *sums = Sums::default();
        let text = |item_of| from_jis_x_0201(item(HEADER, record, item_of).1).trim_end().to_owned();
        let mut batch = BatchRead {
            record: number,
            originator_code: text(Item::OriginatorCode),
            originator_name: text(Item::Name),
            transfer_date: None,
            bank: text(Item::Bank),
            branch: text(Item::Branch),
            account_kind: text(Item::AccountKind),
            account_number: text(Item::AccountNumber),
            count: 0,
            total: Yen::ZERO,
        };
        if whole {
            self.fields(HEADER, record, number);
            self.names(HEADER, record, number);
            batch.transfer_date = self.transfer_date(record, number);
        }
        self.report.batches.push(batch);
        if place == Place::Ended { Place::Ended } else { Place::InBatch }
    }

    fn data(&mut self, record: &[u8], number: usize, place: Place, sums: &mut Sums, whole: bool) -> Place {
        if matches!(place, Place::Start | Place::AfterTrailer) {
            self.report.error(
                "zengin.order.header_missing",
                (number, 1),
                "データレコードの前にヘッダレコード（1）がありません",
                "No header record (1) stands before this data record",
            );
        }
        let amount = whole.then(|| number_of(item(DATA, record, Item::Amount).1)).flatten();
        sums.count = sums.count.saturating_add(1);
        sums.total = sums.total.saturating_add(amount.unwrap_or(0));
        sums.incomplete |= amount.is_none();
        let yen = amount.and_then(|amount| Yen::new(i64::try_from(amount).ok()?).ok());
        let plus = |total: Yen| yen.map_or(total, |yen| total.plus(yen).unwrap_or(Yen::MAX));
        self.report.count = self.report.count.saturating_add(1);
        self.report.total = plus(self.report.total);
        if let Some(batch) = self.report.batches.last_mut() {
            batch.count = batch.count.saturating_add(1);
            batch.total = plus(batch.total);
        }
        if whole {
            self.fields(DATA, record, number);
            self.names(DATA, record, number);
            self.payment(record, number, amount);
            let text = |item_of| from_jis_x_0201(item(DATA, record, item_of).1).trim_end().to_owned();
            self.report.lines.push(LineRead {
                record: number,
                bank: text(Item::Bank),
                branch: text(Item::Branch),
                account_kind: text(Item::AccountKind),
                account_number: text(Item::AccountNumber),
                payee_name: text(Item::Name),
                amount: yen,
                customer: text(Item::Customer),
            });
        }
        place
    }

    fn trailer(&mut self, record: &[u8], number: usize, place: Place, sums: &mut Sums, whole: bool) -> Place {
        if matches!(place, Place::Start | Place::AfterTrailer) {
            self.report.error(
                "zengin.order.trailer_alone",
                (number, 1),
                "このトレーラレコードに対応するヘッダレコードがありません",
                "This trailer record has no header record of its own",
            );
        }
        if whole {
            self.fields(TRAILER, record, number);
        }
        if whole && place == Place::InBatch {
            self.sums(record, number, sums);
        }
        *sums = Sums::default();
        if place == Place::Ended { Place::Ended } else { Place::AfterTrailer }
    }

    fn end(&mut self, record: &[u8], number: usize, place: Place, whole: bool) -> Place {
        match place {
            Place::InBatch => self.missing_trailer((number, 1)),
            Place::Start => self.report.error(
                "zengin.order.header_missing",
                (number, 1),
                "エンドレコードの前にヘッダレコード（1）がありません",
                "No header record (1) stands before the end record",
            ),
            Place::AfterTrailer | Place::Ended => {}
        }
        if whole {
            self.fields(END, record, number);
        }
        Place::Ended
    }

    fn missing_trailer(&mut self, place: (usize, usize)) {
        self.report.error(
            "zengin.order.trailer_missing",
            place,
            "データの後にトレーラレコード（8）がありません",
            "The trailer record (8) of the batch is missing",
        );
    }

    fn ebcdic(&mut self, place: (usize, usize)) {
        self.report.error(
            "zengin.file.ebcdic",
            place,
            "EBCDICのファイルは読めません。コード区分0（JIS）で作り直してください",
            "A file in EBCDIC cannot be read. Make it again with the character code 0 (JIS)",
        );
    }

    fn sums(&mut self, record: &[u8], number: usize, sums: &Sums) {
        let (count_at, count) = item(TRAILER, record, Item::Count);
        let (total_at, total) = item(TRAILER, record, Item::Total);
        if sums.count == 0 {
            self.report.error(
                "zengin.order.no_data",
                (number, 1),
                "データレコードが1件もありません",
                "The batch has no data record",
            );
        }
        if sums.count > MAXIMUM_LINES || sums.total > MAXIMUM_TOTAL.unsigned_abs() {
            self.report.error(
                "zengin.trailer.overflow",
                (number, count_at.saturating_add(1)),
                "件数が6桁または金額が12桁を超えています。ファイルを分けてください",
                "The count exceeds six digits or the total twelve. Split the file",
            );
        }
        if let Some(said) = number_of(count).filter(|said| usize::try_from(*said) != Ok(sums.count)) {
            self.report.add(Severity::Error, "zengin.trailer.count", (number, count_at.saturating_add(1)), || {
                let counted = sums.count;
                (
                    format!("合計件数は{said}件とありますが、データは{counted}件です"),
                    format!("The trailer says {said} payments, there are {counted}"),
                )
            });
        }
        if let Some(said) = number_of(total).filter(|said| !sums.incomplete && *said != sums.total) {
            self.report.add(Severity::Error, "zengin.trailer.total", (number, total_at.saturating_add(1)), || {
                let added = sums.total;
                (
                    format!("合計金額は{said}円とありますが、データの合計は{added}円です"),
                    format!("The trailer says {said} yen, the payments sum to {added} yen"),
                )
            });
        }
    }

    /// Zero yen, the same payment twice, an account number of zeros.
    fn payment(&mut self, record: &[u8], number: usize, amount: Option<u64>) {
        let (amount_at, amount_bytes) = item(DATA, record, Item::Amount);
        let (account_at, account) = item(DATA, record, Item::AccountNumber);
        if amount == Some(0) {
            self.report.error(
                "zengin.amount.zero",
                (number, amount_at.saturating_add(1)),
                "振込金額が0円です。この支払を除くか、金額を入れてください",
                "The amount is zero. Remove the payment or enter an amount",
            );
        }
        if !account.is_empty() && account.iter().all(|byte| *byte == b'0') {
            self.report.warning(
                "zengin.account.zero",
                (number, account_at.saturating_add(1)),
                "口座番号が0000000です。通帳で確認してください",
                "The account number is 0000000. Compare with the passbook",
            );
        }
        let key = [Item::Bank, Item::Branch, Item::AccountKind, Item::AccountNumber]
            .into_iter()
            .flat_map(|part| item(DATA, record, part).1)
            .chain(amount_bytes)
            .copied()
            .collect();
        if let Some(earlier) = self.seen.insert(key, number) {
            self.report.add(Severity::Warning, "zengin.payment.duplicate", (number, 0), || {
                (
                    format!("レコード{earlier}と同じ口座・同じ金額です。二重払いでないか確認してください"),
                    format!("Same account and amount as record {earlier}. Make sure that it is not paid twice"),
                )
            });
        }
    }

    /// Whether bank and branch exist, and the names beside the codes are theirs.
    fn names(&mut self, fields: &'static [Field], record: &[u8], number: usize) {
        let (bank_at, bank) = item(fields, record, Item::Bank);
        let (branch_at, branch) = item(fields, record, Item::Branch);
        if number_of(bank).is_none() {
            return;
        }
        let (bank, branch_digits) = (from_jis_x_0201(bank), from_jis_x_0201(branch));
        let Some(known_bank) = self.master.bank(&bank) else {
            self.report.add(Severity::Error, "zengin.bank.unknown", (number, bank_at.saturating_add(1)), || {
                (
                    format!("金融機関コード {bank} は一覧にありません。コードを確認してください"),
                    format!("No bank has the code {bank}. Check the code"),
                )
            });
            return;
        };
        self.name(fields, record, number, Item::BankName, known_bank.kana);
        if number_of(branch).is_none() {
            return;
        }
        match self.master.branch(&bank, &branch_digits) {
            Some(known) => self.name(fields, record, number, Item::BranchName, known.kana),
            None => {
                let name = known_bank.name;
                self.report.add(
                    Severity::Error,
                    "zengin.branch.unknown",
                    (number, branch_at.saturating_add(1)),
                    || {
                        (
                            format!(
                                "{name}（{bank}）に支店コード {branch_digits} はありません。統廃合を確認してください"
                            ),
                            format!(
                                "{name} ({bank}) has no branch {branch_digits}. It may have been merged into another"
                            ),
                        )
                    },
                );
            }
        }
    }

    fn name(&mut self, fields: &'static [Field], record: &[u8], number: usize, which: Item, known: &str) {
        let (at, written) = item(fields, record, which);
        let written = from_jis_x_0201(written);
        let written = written.trim();
        if written.is_empty() || written == known {
            return;
        }
        self.report.add(Severity::Warning, "zengin.bank.name", (number, at.saturating_add(1)), || {
            (
                format!("名称「{written}」がコードの名称「{known}」と異なります。コードが正しいか確認してください"),
                format!("The name {written} is not that of the code, {known}. Make sure the code is right"),
            )
        });
    }

    fn transfer_date(&mut self, record: &[u8], number: usize) -> Option<NaiveDate> {
        let (at, digits) = item(HEADER, record, Item::TransferDate);
        let place = (number, at.saturating_add(1));
        let month_and_day = u32::try_from(number_of(digits)?).ok()?;
        let Some(date) = self.next_occurrence(month_and_day / 100, month_and_day % 100) else {
            self.report.error(
                "zengin.date.invalid",
                place,
                "振込指定日がありえない日付です。月日4桁（MMDD）で入れてください",
                "There is no such day. Write the transfer date as month and day, four digits (MMDD)",
            );
            return None;
        };
        if !self.calendar.is_bank_day(date) {
            let next = self.calendar.bank_day_after(date);
            self.report.add(Severity::Error, "zengin.date.closed", place, || {
                (
                    format!("振込指定日 {date} は銀行休業日です（次の営業日は {next}）"),
                    format!("Banks are closed on {date} (the next bank day is {next})"),
                )
            });
        }
        if self.today.checked_add_days(Days::new(USUAL_WINDOW_DAYS)).is_some_and(|window| date > window) {
            self.report.add(Severity::Warning, "zengin.date.far", place, || {
                (
                    format!("振込指定日は次に来る {date} と解釈しました。過ぎた日付でないか確認してください"),
                    format!("The transfer date is taken as the next one, {date}. Make sure that it has not passed"),
                )
            });
        }
        Some(date)
    }

    /// From today on; 29 February may be years away (two leap years are at most eight apart).
    fn next_occurrence(&self, month: u32, day: u32) -> Option<NaiveDate> {
        (0..=8)
            .filter_map(|ahead| NaiveDate::from_ymd_opt(self.today.year().checked_add(ahead)?, month, day))
            .find(|date| *date >= self.today)
    }

    /// Every field of a record of the right length.
    fn fields(&mut self, fields: &'static [Field], record: &[u8], number: usize) {
        let uses_edi = item(DATA, record, Item::EdiMark).1 == b"Y";
        for (from, field) in placed(fields) {
            let value = record.get(from..from.saturating_add(field.length)).unwrap_or_default();
            let found = Found { field, number, from };
            match field.content {
                Content::Constant(constant) => self.constant(found, value, constant),
                Content::Number => self.number(found, value),
                Content::OptionalNumber if is_blank(value) => {}
                Content::OptionalNumber => self.number(found, value),
                Content::Code(codes) => self.code(found, value, codes),
                Content::Text(class) => self.text(found, value, class),
                Content::RequiredText(class) => self.party(found, value, class),
                Content::CustomerCodes if uses_edi => self.text(found, value, CharacterClass::Edi),
                Content::CustomerCodes => self.customer_codes(found, value),
                Content::Filler => self.constant(found, value, " "),
            }
        }
    }

    /// `constant` once, or repeated over the field.
    fn constant(&mut self, found: Found, value: &[u8], constant: &str) {
        let wrong = value.iter().zip(constant.bytes().cycle()).position(|(byte, expected)| *byte != expected);
        let Some(at) = wrong else { return };
        let (ja, en) = (found.field.ja, found.field.en);
        if found.field.item == Item::CharacterCode && value == b"1" {
            self.ebcdic(found.place(0));
            return;
        }
        if found.field.item == Item::TransferType {
            self.report.error(
                "zengin.transfer_type",
                found.place(0),
                "種別コードが21（総合振込）ではありません。給与振込（11・71）などは別の様式です",
                "The transfer type is not 21 (総合振込). Salaries (11, 71) and others have files of their own",
            );
            return;
        }
        self.report.add(Severity::Error, "zengin.constant", found.place(at), || {
            let shown = if constant == " " { "空白" } else { constant };
            let shown_en = if constant == " " { "spaces" } else { constant };
            (format!("「{ja}」は{shown}でなければなりません"), format!("The {en} must be {shown_en}"))
        });
    }

    fn number(&mut self, found: Found, value: &[u8]) {
        let Some(at) = value.iter().position(|byte| !byte.is_ascii_digit()) else { return };
        let (ja, en) = (found.field.ja, found.field.en);
        let padded = value.trim_ascii();
        if padded.iter().all(u8::is_ascii_digit) {
            self.report.add(Severity::Error, "zengin.number.padding", found.place(at), || {
                (
                    format!("「{ja}」に空白があります。右詰めにし、左を0で埋めてください"),
                    format!("The {en} has spaces. Align it right and fill it with zeros on the left"),
                )
            });
        } else {
            self.report.add(Severity::Error, "zengin.number.digits", found.place(at), || {
                (format!("「{ja}」に数字以外の文字があります"), format!("The {en} has a character that is not a digit"))
            });
        }
    }

    fn code(&mut self, found: Found, value: &[u8], codes: &str) {
        if value.first().is_some_and(|byte| codes.as_bytes().contains(byte)) {
            return;
        }
        let (ja, en) = (found.field.ja, found.field.en);
        self.report.add(Severity::Error, "zengin.code", found.place(0), || {
            let list = |blank: &str, separator: &str| {
                let names = codes.chars().map(|c| if c == ' ' { blank.to_owned() } else { c.to_string() });
                names.collect::<Vec<_>>().join(separator)
            };
            (
                format!("「{ja}」は{}のいずれかです", list("空白", "・")),
                format!("The {en} is one of {}", list("space", ", ")),
            )
        });
    }

    /// Two numbers, each possibly left out; letters are taken by some banks.
    fn customer_codes(&mut self, found: Found, value: &[u8]) {
        let number_or_blank = |part: &[u8]| is_blank(part) || part.iter().all(u8::is_ascii_digit);
        if value.chunks(10).all(number_or_blank) {
            return;
        }
        self.report.warning(
            "zengin.customer_code",
            found.place(0),
            "顧客コードが数字10桁ではありません。EDI情報の場合は識別表示をYにしてください",
            "A customer code is not ten digits. If this is EDI information, set the EDI mark to Y",
        );
        self.text(found, value, CharacterClass::Edi);
    }

    fn party(&mut self, found: Found, value: &[u8], class: CharacterClass) {
        let (ja, en) = (found.field.ja, found.field.en);
        if is_blank(value) {
            self.report.add(Severity::Error, "zengin.name.blank", found.place(0), || {
                (format!("「{ja}」が空白です"), format!("The {en} is blank"))
            });
            return;
        }
        self.text(found, value, class);
        if value.last().is_some_and(|byte| can_be_voiced(*byte)) {
            let last = value.len().saturating_sub(1);
            self.report.add(Severity::Warning, "zengin.name.cut", found.place(last), || {
                (
                    format!(
                        "「{ja}」が欄いっぱいで、濁点の前で切れている可能性があります。正式な名義を確認してください"
                    ),
                    format!(
                        "The {en} fills its field and may have been cut before a voicing mark. Check the full name"
                    ),
                )
            });
        }
    }

    fn text(&mut self, found: Found, value: &[u8], class: CharacterClass) {
        let (ja, en) = (found.field.ja, found.field.en);
        if !is_blank(value) && value.first() == Some(&b' ') {
            self.report.add(Severity::Warning, "zengin.text.padding", found.place(0), || {
                (format!("「{ja}」は左詰めにしてください"), format!("Align the {en} left"))
            });
        }
        if let Some(at) = value.iter().position(|byte| !class.allows(*byte)) {
            let byte = value.get(at).copied().unwrap_or_default();
            self.report.add(Severity::Error, "zengin.text.character", found.place(at), || {
                let (why_ja, why_en) = why_not(byte);
                (
                    format!("「{ja}」に使えない文字（0x{byte:02X}）があります: {why_ja}"),
                    format!("The {en} has a character that is not allowed (0x{byte:02X}): {why_en}"),
                )
            });
        } else if let Some(at) = orphan_mark(value) {
            self.report.add(Severity::Error, "zengin.text.voicing_mark", found.place(at), || {
                (
                    format!("「{ja}」の濁点・半濁点が、付けられない文字の後にあります"),
                    format!("A voicing mark in the {en} follows a character that cannot carry it"),
                )
            });
        }
    }
}

#[derive(Clone, Copy)]
struct Found {
    field: &'static Field,
    /// Of the record, from 1.
    number: usize,
    /// Of the field in the record, from 0.
    from: usize,
}

impl Found {
    /// Record and position, both from 1, of the byte `at` (from 0) of the field.
    fn place(self, at: usize) -> (usize, usize) {
        (self.number, self.from.saturating_add(at).saturating_add(1))
    }
}

fn is_blank(value: &[u8]) -> bool {
    value.iter().all(|byte| *byte == b' ')
}

/// The value of a field of digits only; nothing for anything else, nor for nothing.
fn number_of(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

fn why_not(byte: u8) -> (&'static str, &'static str) {
    match byte {
        b'a'..=b'z' => ("英字は大文字にします", "letters are capital"),
        b',' => ("コンマは使えません", "commas are not allowed"),
        0xA7..=0xAF => ("小さいカナは大きいカナにします（ｬ→ﾔ）", "small kana are written large (ｬ as ﾔ)"),
        0xB0 => ("長音はハイフン（-）にします", "the long mark is written as a hyphen (-)"),
        0xA6 => ("「ｦ」は使えません", "ｦ is not allowed"),
        0xA1..=0xA5 => ("句読点・中黒・かぎ括弧は使えません", "Japanese punctuation is not allowed"),
        0x81..=0x9F | 0xE0..=0xFC => ("全角文字は使えません", "full-width characters are not allowed"),
        0x00..=0x1F | 0x7F => ("制御文字は使えません", "control characters are not allowed"),
        _ => ("この欄では使えない記号です", "this sign is not allowed in this field"),
    }
}
