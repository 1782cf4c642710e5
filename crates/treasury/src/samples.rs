//! Hides what a test does not care about: batches that are right, to be made wrong one thing at a time.

use chrono::NaiveDate;
use uuid::Uuid;
use vocabulary::{AccountKind, BankAccount, Calendar, FiscalYear, Instant, Yen, parse_day, start_of_day};

use crate::{BankMaster, Batch, BatchAct, DraftRequest, LineRequest, Originator, decide, draft};

pub const MAKER: Uuid = Uuid::from_u128(1);
pub const CHECKER: Uuid = Uuid::from_u128(2);

pub fn day(text: &str) -> NaiveDate {
    parse_day(text).unwrap()
}

/// A Wednesday in April 2026.
pub fn today() -> NaiveDate {
    day("2026-04-15")
}

pub fn now() -> Instant {
    start_of_day(today())
}

pub fn yen(amount: i64) -> Yen {
    Yen::new(amount).unwrap()
}

pub fn account(bank: &str, branch: &str, number: u32, holder: &str) -> BankAccount {
    BankAccount {
        bank: bank.to_owned().try_into().unwrap(),
        branch: branch.to_owned().try_into().unwrap(),
        kind: AccountKind::Ordinary,
        number: format!("{number:07}").try_into().unwrap(),
        holder_kana: holder.to_owned(),
    }
}

/// A line whose identifiers follow from its number.
pub fn line(number: u32, payee: BankAccount, amount: i64) -> LineRequest {
    LineRequest {
        id: Uuid::from_u128(1_000 + u128::from(number)),
        obligation: Uuid::from_u128(2_000_000 + u128::from(number)),
        fiscal_year: FiscalYear(2026),
        application_number: format!("R8-{number:04}"),
        payee,
        amount: yen(amount),
    }
}

pub fn request(lines: Vec<LineRequest>) -> DraftRequest {
    DraftRequest {
        id: Uuid::from_u128(7),
        municipality: "133035".parse().unwrap(),
        transfer_date: day("2026-04-30"),
        originator: Originator {
            code: "0123456789".to_owned(),
            name_kana: "ミズホマチ".to_owned(),
            bank: "0138".to_owned().try_into().unwrap(),
            branch: "200".to_owned().try_into().unwrap(),
            kind: AccountKind::Ordinary,
            number: "7654321".to_owned().try_into().unwrap(),
        },
        lines,
    }
}

pub fn three_lines() -> Vec<LineRequest> {
    vec![
        line(1, account("0138", "200", 1_234_567, "カ）ミズホセイサクショ"), 250_000),
        line(2, account("0001", "001", 2_222_222, "ヤマダ タロウ"), 180_000),
        line(3, account("0001", "004", 3_333_333, "有限会社 ヤマト"), 220_000),
    ]
}

pub fn drafted(request: DraftRequest) -> Batch {
    draft(request, MAKER, now(), &Calendar::default(), BankMaster::embedded()).unwrap()
}

pub fn acted(batch: &Batch, by: Uuid, act: &BatchAct) -> Batch {
    decide(batch, by, act, now()).unwrap().batch
}

pub fn exported(request: DraftRequest) -> Batch {
    acted(&acted(&drafted(request), CHECKER, &BatchAct::Approve), MAKER, &BatchAct::Export)
}
