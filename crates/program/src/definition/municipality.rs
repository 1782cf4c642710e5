//! What stands beside programs: the municipality with its offices, routes and budget lines, and the calls.

use chrono::NaiveDate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::{AccountKind, Bilingual, Calendar, MunicipalityCode, Rate, Yen};

use super::Name;

/// `schema/programs/<municipality>/municipality.yaml`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Municipality {
    /// The folder's name, the first part of its programs' names.
    pub municipality: Name,
    /// Files of `schema/municipalities` that say the rest; what this one says wins, entry by entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Name>,
    /// 全国地方公共団体コード: six digits, the last of which checks the others.
    pub code: MunicipalityCode,
    /// The municipality's name.
    pub name: Bilingual,
    /// Divisions (課), by name; programs and letters name whom to ask.
    pub offices: IndexMap<Name, Office>,
    /// 職: posts that people hold for periods.
    pub positions: IndexMap<Name, Position>,
    /// Kind of decision → amount bands → positions that sign, in order.
    pub routes: IndexMap<Name, Vec<RouteBand>>,
    /// What programs draw on, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub budget_lines: IndexMap<Name, BudgetLine>,
    /// What stands on its letters.
    pub letter_head: LetterHead,
    /// How it hands payments to its bank.
    pub bank: BankProfile,
    /// How numbers are written, e.g. `{year}産振第{number}号`.
    pub numbers: IndexMap<Name, NumberFormat>,
    /// Tables of interest by their names, e.g. `surcharge` (加算金) and `arrears` (延滞金).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub interest: IndexMap<Name, InterestTable>,
    /// When its offices rest.
    #[serde(default)]
    pub calendar: Calendar,
}

/// What is charged by the day. Each day counts at the rate of its year; the sum is truncated once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterestTable {
    /// What people read, e.g. 加算金.
    pub label: Bilingual,
    /// Where it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Rates a year, each from a day on, in order; days before the first bear none.
    pub rates: Vec<InterestRate>,
    /// The amount is truncated to this many yen before interest is computed on it.
    #[serde(default = "one_yen")]
    pub principal_round_down: Yen,
    /// The interest is truncated to this many yen.
    #[serde(default = "one_yen")]
    pub round_down: Yen,
    /// Less than this is not charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Yen>,
}

/// A rate a year, from a day on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterestRate {
    /// The first day on which it counts.
    pub from: NaiveDate,
    /// A year, e.g. `219/2000` for 10.95 %.
    pub rate: Rate,
}

const fn one_yen() -> Yen {
    match Yen::new(1) {
        Ok(one) => one,
        Err(_) => Yen::ZERO,
    }
}

/// A division (課).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// What people read.
    pub name: Bilingual,
    /// For questions of applicants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// For questions of applicants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// 職: a post that people hold for periods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// What people read, e.g. 課長.
    pub name: Bilingual,
    /// The division that it belongs to.
    pub office: Name,
    /// Positions that may sign in its place when it is vacant or absent (代決), in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deputies: Vec<Name>,
}

/// One band of a route; the first whose `up_to` is not exceeded counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteBand {
    /// Decisions of at most so many yen; any amount when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Yen>,
    /// Who signs, in this order.
    pub steps: Vec<RouteStep>,
}

/// One signature of a route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteStep {
    /// The position that signs.
    pub position: Name,
    /// What its signature means.
    pub mode: SignMode,
}

/// What a signature means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignMode {
    /// 決裁 or an earlier signature in line.
    Approve,
    /// 合議
    Concur,
    /// 専決: decides in place of the head by standing delegation.
    Standing,
}

/// 会計・款・項・目・節
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetLine {
    /// What people read.
    pub name: Bilingual,
    /// e.g. `一般会計/07 商工費/01 商工費/02 商工業振興費/18 負担金補助及び交付金`
    pub path: String,
}

/// What stands on letters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterHead {
    /// Letters go out in the head's name, e.g. 日野市長.
    pub issuer: Bilingual,
    /// Where to appeal, when the legal nature asks for it (教示). `{name}` and `{issuer}` stand for the municipality's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal: Option<Bilingual>,
}

/// Who sends the transfer file, and how the bank wants it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BankProfile {
    /// 委託者コード, ten digits, given by the bank.
    pub originator_code: String,
    /// 委託者名 in kana.
    pub originator_name: String,
    /// 金融機関コード, four digits.
    pub bank: String,
    /// 支店コード, three digits.
    pub branch: String,
    /// 預金種目 of the municipality's account.
    pub account_kind: AccountKind,
    /// Up to seven digits.
    pub account_number: String,
    /// What stands between the records of the file.
    #[serde(default)]
    pub line_end: LineEnd,
}

/// What stands between records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// Nothing.
    #[default]
    None,
    /// Carriage return and line feed.
    Crlf,
}

/// How a number is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberFormat {
    /// `{year}` is the Japanese fiscal year (8), `{fiscal_year}` 2026, `{number}` counts within the fiscal year.
    pub format: String,
    /// Digits, filled with zeros.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u8>,
}

/// `schema/programs/<municipality>/calls.yaml`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// The calls of all programs of the municipality.
    pub calls: Vec<Call>,
}

/// 募集: a program in a fiscal year, for a window of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// `<municipality>/<slug>`
    pub program: String,
    /// 年度, by the year in which it begins.
    pub fiscal_year: i32,
    /// Tells several windows of one fiscal year apart, e.g. `first`.
    #[serde(default = "whole_year")]
    pub window: Name,
    /// The first day on which applications are taken.
    pub opens: NaiveDate,
    /// The last day; open until the budget is used when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<NaiveDate>,
    /// Absent where the program gives no money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_line: Option<Name>,
    /// What the line is appropriated in this fiscal year, posted to the ledger when first imported.
    #[serde(default = "nothing")]
    pub appropriation: Yen,
    /// 定員: how many cases may be in states that take a place; any number when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// What an earlier window (第1回 …) left over, and how it comes into this one, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry_over: Option<Bilingual>,
    /// What the municipality hopes for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

const fn nothing() -> Yen {
    Yen::ZERO
}

fn whole_year() -> Name {
    "year".to_owned()
}

/// A figure that the municipality aims at in a fiscal year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// How many.
    pub count: u32,
    /// Of what, and counted when.
    pub of: TargetOf,
}

/// What a target counts, and at which point of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetOf {
    /// Businesses that applied.
    DistinctCompaniesAtApplication,
    /// Applications.
    CasesAtApplication,
    /// Businesses that were granted.
    DistinctCompaniesAtDecision,
    /// Grants.
    CasesAtDecision,
    /// Businesses that were paid.
    DistinctCompaniesAtPayment,
    /// Payments.
    CasesAtPayment,
}
