//! Hides nothing: what is written is what the bank's rules say, and what is read is judged by the same rules.

use proptest::prelude::*;
use vocabulary::Calendar;

use super::*;
use crate::kana::{can_be_voiced, jis_x_0201};
use crate::samples::*;
use crate::{BankMaster, Batch, zengin_name};

const PLAIN: Profile = Profile { line_end: LineEnd::None, bank_names: true, telegraphic: true };

fn file(batch: &Batch) -> Vec<u8> {
    write(batch, &PLAIN).unwrap()
}

fn sample() -> Vec<u8> {
    file(&exported(request(three_lines())))
}

fn judged(bytes: &[u8]) -> Report {
    read(bytes, BankMaster::embedded(), &Calendar::default(), today())
}

/// (code, record, position)
type Found = &'static [(&'static str, usize, usize)];

fn found(bytes: &[u8]) -> Vec<(&'static str, usize, usize)> {
    judged(bytes).findings.into_iter().map(|f| (f.code, f.record, f.position)).collect()
}

/// The sample with bytes put at a position of a record, both from 1.
fn changed(record: usize, position: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = sample();
    let at = (record - 1) * 120 + position - 1;
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn the_worked_record_is_byte_for_byte() {
    let mut batch = exported(request(three_lines()));
    // Today's list calls the head office 200; the example is older.
    batch.lines[0].payee.branch = "001".to_owned().try_into().unwrap();
    let expected = "20138ﾖｺﾊﾏ           001ﾎﾝﾃﾝ           000011234567ｶ)ﾐｽﾞﾎｾｲｻｸｼﾖ                  00002500000000000000100000000007        ";
    assert_eq!(file(&batch)[120..240], jis_x_0201(expected).unwrap());
}

#[test]
fn the_other_records_are_byte_for_byte() {
    let bytes = sample();
    let header = "12100123456789ﾐｽﾞﾎﾏﾁ                                  04300138ﾖｺﾊﾏ           200ﾎﾝﾃﾝ           17654321                 ";
    let trailer = format!("8000003000000650000{}", " ".repeat(101));
    let end = format!("9{}", " ".repeat(119));
    assert_eq!(bytes.len(), 6 * 120);
    assert_eq!(bytes[..120], jis_x_0201(header).unwrap());
    assert_eq!(bytes[480..600], *trailer.as_bytes());
    assert_eq!(bytes[600..], *end.as_bytes());
}

#[test]
fn banks_differ_in_few_things() {
    let batch = exported(request(three_lines()));
    let lines = write(&batch, &Profile::default()).unwrap();
    assert_eq!(lines.len(), 6 * 122);
    assert!(lines.chunks(122).all(|line| line.ends_with(b"\r\n")));
    let bare = Profile { bank_names: false, telegraphic: false, ..PLAIN };
    let bare = write(&batch, &bare).unwrap();
    assert_eq!(bare[125..140], [b' '; 15]);
    assert_eq!(bare[120 + 111], b' ');
    assert_eq!(found(&lines), []);
    assert_eq!(found(&bare), []);
}

#[test]
fn only_what_was_approved_and_fits_is_written() {
    let code = |batch: &Batch| write(batch, &PLAIN).map_err(|e| e.code);
    assert_eq!(code(&drafted(request(three_lines()))), Err("zengin.write.not_approved"));
    let good = exported(request(three_lines()));
    let tampered: [fn(&mut Batch); 6] = [
        |b| b.lines[0].payee_name_zengin = "山田".to_owned(),
        |b| b.lines[0].payee_name_zengin = "ｱ".repeat(31),
        |b| b.lines[0].amount = yen(0),
        |b| b.lines[0].bank_name_zengin = "ﾖｺﾊﾏ\n".to_owned(),
        |b| b.originator.code = "12345678901".to_owned(),
        |b| b.lines.clear(),
    ];
    for tamper in tampered {
        let mut batch = good.clone();
        tamper(&mut batch);
        assert_eq!(code(&batch), Err("zengin.write.content"));
    }
}

#[test]
fn a_report_says_what_the_file_says() {
    let report = judged(&sample());
    assert!(report.is_acceptable());
    assert_eq!((report.count, report.total), (3, yen(650_000)));
    let batch = &report.batches[0];
    assert_eq!((batch.transfer_date, batch.count, batch.total), (Some(day("2026-04-30")), 3, yen(650_000)));
    assert_eq!((batch.originator_code.as_str(), batch.originator_name.as_str()), ("0123456789", "ﾐｽﾞﾎﾏﾁ"));
    let line = &report.lines[0];
    assert_eq!((line.payee_name.as_str(), line.amount), ("ｶ)ﾐｽﾞﾎｾｲｻｸｼﾖ", Some(yen(250_000))));
    assert_eq!((line.record, line.account_number.as_str()), (2, "1234567"));
}

#[test]
fn every_kind_of_mistake_is_found_where_it_is() {
    let table: Vec<(Vec<u8>, Found)> = vec![
        (changed(1, 2, b"11"), &[("zengin.transfer_type", 1, 2)]),
        (changed(1, 4, b"1"), &[("zengin.file.ebcdic", 1, 4)]),
        (changed(1, 55, b"0230"), &[("zengin.date.invalid", 1, 55)]),
        (changed(1, 55, b"0502"), &[("zengin.date.closed", 1, 55)]),
        (changed(1, 55, b"0414"), &[("zengin.date.far", 1, 55)]),
        (changed(1, 59, b"0002"), &[("zengin.bank.unknown", 1, 59)]),
        (changed(1, 96, b"4"), &[("zengin.code", 1, 96)]),
        (changed(1, 104, b"X"), &[("zengin.constant", 1, 104)]),
        (changed(2, 2, b"013 "), &[("zengin.number.padding", 2, 5)]),
        (changed(2, 2, b"01A8"), &[("zengin.number.digits", 2, 4)]),
        (changed(2, 21, b"999"), &[("zengin.branch.unknown", 2, 21)]),
        (changed(2, 6, b"X"), &[("zengin.bank.name", 2, 6)]),
        (changed(2, 6, b"."), &[("zengin.text.character", 2, 6), ("zengin.bank.name", 2, 6)]),
        (changed(2, 39, b"    "), &[]),
        (changed(2, 43, b"3"), &[("zengin.code", 2, 43)]),
        (changed(2, 44, b"0000000"), &[("zengin.account.zero", 2, 44)]),
        (changed(2, 51, &[b' '; 30]), &[("zengin.name.blank", 2, 51)]),
        (changed(2, 51, b" "), &[("zengin.text.padding", 2, 51)]),
        (changed(2, 52, b"a"), &[("zengin.text.character", 2, 52)]),
        (changed(2, 52, &[0xB0]), &[("zengin.text.character", 2, 52)]),
        (changed(2, 51, &[0xDE]), &[("zengin.text.voicing_mark", 2, 51)]),
        (changed(2, 80, &[0xB6]), &[("zengin.name.cut", 2, 80)]),
        (changed(2, 81, b"0000250001"), &[("zengin.trailer.total", 5, 8)]),
        (changed(2, 81, b"0000000000"), &[("zengin.amount.zero", 2, 81), ("zengin.trailer.total", 5, 8)]),
        (changed(2, 81, b"    250000"), &[("zengin.number.padding", 2, 81)]),
        (changed(2, 91, b"9"), &[("zengin.code", 2, 91)]),
        (changed(2, 92, b"A"), &[("zengin.customer_code", 2, 92)]),
        (changed(2, 113, b"Y"), &[]),
        (changed(2, 120, b"1"), &[("zengin.constant", 2, 120)]),
        (changed(5, 2, b"000004"), &[("zengin.trailer.count", 5, 2)]),
        (changed(6, 2, b"9"), &[("zengin.constant", 6, 2)]),
        (
            changed(3, 1, b"5"),
            &[("zengin.record.type", 3, 1), ("zengin.trailer.count", 5, 2), ("zengin.trailer.total", 5, 8)],
        ),
    ];
    for (bytes, expected) in table {
        assert_eq!(found(&bytes), expected);
    }
}

#[test]
fn the_order_of_records_is_checked() {
    let file = sample();
    let records: Vec<&[u8]> = file.chunks(120).collect();
    let order = |which: &[usize]| {
        let bytes: Vec<u8> = which.iter().flat_map(|at| records[*at]).copied().collect();
        let codes: Vec<_> = found(&bytes).into_iter().map(|(code, record, _)| (code, record)).collect();
        codes
    };
    assert_eq!(order(&[]), [("zengin.file.empty", 0)]);
    assert_eq!(order(&[0, 1, 2, 3, 4]), [("zengin.order.end_missing", 0)]);
    assert_eq!(order(&[0, 1, 2, 3, 5]), [("zengin.order.trailer_missing", 5)]);
    assert_eq!(order(&[0, 1, 2, 3]), [("zengin.order.trailer_missing", 0), ("zengin.order.end_missing", 0)]);
    assert_eq!(order(&[0, 1, 2, 3, 4, 5, 5]), [("zengin.order.after_end", 7)]);
    assert_eq!(order(&[5]), [("zengin.order.header_missing", 1)]);
    assert_eq!(order(&[0, 1, 2, 3, 4, 4, 5]), [("zengin.order.trailer_alone", 6)]);
    assert_eq!(order(&[1, 5]), [("zengin.order.header_missing", 1), ("zengin.order.header_missing", 2)]);
    assert_eq!(
        order(&[0, 1, 1, 2, 4, 5]),
        [("zengin.payment.duplicate", 3), ("zengin.trailer.total", 5)],
        "the count is right by chance"
    );
    // The same batch twice in one file: every payment is there twice.
    let twice = order(&[0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5]);
    assert_eq!(twice, [7, 8, 9].map(|record| ("zengin.payment.duplicate", record)));
}

#[test]
fn line_ends_are_none_or_both() {
    let joined = |end: &[u8]| sample().chunks(120).flat_map(|record| [record, end].concat()).collect::<Vec<u8>>();
    assert_eq!(found(&joined(b"\r\n")), []);
    assert_eq!(found(&joined(b"\r")), [("zengin.line_end.cr_only", 0, 0)]);
    assert_eq!(found(&joined(b"\n")), [("zengin.line_end.lf_only", 0, 0)]);
    assert_eq!(found(&[sample(), b"\r\n".to_vec()].concat()), []);
    assert_eq!(found(&[joined(b"\r\n"), b"\x1A".to_vec()].concat()), [("zengin.file.end_mark", 0, 0)]);
    let open = joined(b"\r\n");
    assert_eq!(found(&open[..open.len() - 2]), []);
    let mixed = [&sample()[..240], b"\r\n", &sample()[240..]].concat();
    assert_eq!(found(&mixed), [("zengin.line_end.mixed", 0, 0)]);
    let utf8 = [b"\xEF\xBB\xBF", sample().as_slice()].concat();
    assert_eq!(found(&utf8), [("zengin.file.utf8", 0, 0)]);
    let short = [&sample()[..715], b"\r\n"].concat();
    assert_eq!(found(&short), [("zengin.record.length", 6, 116)]);
    assert_eq!(found(b"\xF1\xF2\xF1"), [("zengin.file.ebcdic", 1, 1),][..]);
}

#[test]
fn a_leap_day_is_looked_for_ahead() {
    let file = changed(1, 55, b"0229");
    let report = judged(&file);
    assert_eq!(report.batches[0].transfer_date, Some(day("2028-02-29")));
}

#[test]
fn findings_are_counted_beyond_those_listed() {
    let bytes = vec![b'x'; 120 * 5_000];
    let report = judged(&bytes);
    assert_eq!(report.findings.len(), MAXIMUM_FINDINGS);
    assert_eq!(report.errors, MAXIMUM_FINDINGS + report.left_off);
    assert!(report.errors > 5_000);
}

/// Names that fit, and do not end where they may have been cut.
fn names() -> impl Strategy<Value = String> {
    let syllable = proptest::sample::select(vec![
        "ア",
        "ガ",
        "ピ",
        "ジョ",
        "ー",
        "ン",
        "株式会社",
        "Ａ",
        "b",
        "7",
        " ",
        "・",
        ".",
        "(",
        ")",
        "ヴ",
        "っ",
    ]);
    proptest::collection::vec(syllable, 1..14).prop_map(|parts| parts.concat()).prop_filter("fits", |name| {
        zengin_name(name).is_ok_and(|name| {
            let bytes = jis_x_0201(&name).unwrap();
            bytes.len() < 30 || !bytes.last().is_some_and(|byte| can_be_voiced(*byte))
        })
    })
}

fn batches() -> impl Strategy<Value = Batch> {
    let master = BankMaster::embedded();
    let branches: Vec<(String, String)> = master
        .banks()
        .flat_map(|bank| master.branches(bank.code).map(|branch| (branch.bank.to_owned(), branch.code.to_owned())))
        .collect();
    let payments =
        proptest::collection::vec((names(), proptest::sample::select(branches), 1i64..=9_999_999_999), 1..20);
    (payments, names(), 0u64..40).prop_map(|(payments, originator, ahead)| {
        let lines = payments.into_iter().zip(1u32..).map(|((name, (bank, branch), amount), number)| {
            line(number, account(&bank, &branch, number, &name), amount)
        });
        let mut request = request(lines.collect());
        request.originator.name_kana = originator;
        request.transfer_date = Calendar::default().bank_day_after(today() + chrono::Days::new(ahead));
        exported(request)
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_without_a_finding(
        batch in batches(),
        crlf in any::<bool>(),
        bank_names in any::<bool>(),
        telegraphic in any::<bool>(),
    ) {
        let line_end = if crlf { LineEnd::CrLf } else { LineEnd::None };
        let profile = Profile { line_end, bank_names, telegraphic };
        let bytes = write(&batch, &profile).unwrap();
        prop_assert_eq!(&bytes, &write(&batch, &profile).unwrap());
        let report = judged(&bytes);
        prop_assert_eq!(&report.findings, &[]);
        prop_assert_eq!(report.total, batch.total().unwrap());
        prop_assert_eq!(report.batches[0].transfer_date, Some(batch.transfer_date));
        for (read, line) in report.lines.iter().zip(&batch.lines) {
            prop_assert_eq!(read.amount, Some(line.amount));
            prop_assert_eq!(&read.payee_name, &line.payee_name_zengin);
            prop_assert_eq!(&read.bank, line.payee.bank.as_str());
            prop_assert_eq!(&read.account_number, line.payee.number.as_str());
        }
        prop_assert_eq!(report.lines.len(), batch.lines.len());
    }

    /// No digit of an amount changes unnoticed.
    #[test]
    fn a_changed_amount_is_found(record in 2usize..5, digit in 0usize..10, ahead in 1u8..10) {
        let file = sample();
        let now = file[(record - 1) * 120 + 80 + digit] - b'0';
        let other = b'0' + (now + ahead) % 10;
        let report = judged(&changed(record, 81 + digit, &[other]));
        prop_assert!(report.findings.iter().any(|finding| finding.code == "zengin.trailer.total"));
    }

    #[test]
    fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(!judged(&bytes).is_acceptable());
    }

    #[test]
    fn a_damaged_file_is_judged(
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<proptest::sample::Index>(),
        inserted in any::<Option<u8>>(),
    ) {
        let mut file = write(&exported(request(three_lines())), &Profile::default()).unwrap();
        for (at, byte) in damages {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let at = cut.index(file.len());
        match inserted {
            Some(byte) => file.insert(at, byte),
            None => file.truncate(at),
        }
        let report = judged(&file);
        prop_assert_eq!(report.findings.len() + report.left_off, report.errors + report.warnings);
    }
}
