//! Hides how a batch becomes bytes: the same batch and profile always give the same file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::{Invalid, Yen};

use super::layout::{Content, DATA, END, Field, HEADER, RECORD_BYTES, TRAILER};
use crate::batch::{Batch, BatchState, MAXIMUM_AMOUNT, MAXIMUM_LINES, MAXIMUM_TOTAL, PaymentLine};
use crate::kana::{jis_x_0201, zengin_text_fits};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    None,
    #[default]
    CrLf,
}

/// What banks differ in; everything else is the same for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    pub line_end: LineEnd,
    /// Whether the names of banks and branches are written; without them the bank goes by the codes.
    pub bank_names: bool,
    /// Whether 振込指定区分 says 7 (電信扱); otherwise it is left out.
    pub telegraphic: bool,
}

impl Default for Profile {
    /// CR and LF after each record, bank names, 振込指定区分 7.
    fn default() -> Self {
        Self { line_end: LineEnd::default(), bank_names: true, telegraphic: true }
    }
}

/// The 総合振込 file of an approved batch. 新規コード is always 0 (the engine keeps no list of payees at the bank),
/// 顧客コード1 the number of the line, 顧客コード2 zeros, EDI information is not used.
///
/// # Errors
/// `zengin.write.not_approved` before approval or after cancelling, `zengin.write.content` when a stored value does not
/// fit its field: then the batch was not drafted by this engine or was changed since.
pub fn write(batch: &Batch, profile: &Profile) -> Result<Vec<u8>, Invalid> {
    if matches!(batch.state, BatchState::Drafted | BatchState::Cancelled) {
        return Err(Invalid::new(
            "zengin.write.not_approved",
            "承認済みの振込データだけがファイルになります。先に承認を受けてください",
            "Only an approved batch becomes a file. Have it approved first",
        ));
    }
    let total = batch.total().unwrap_or(Yen::MAX).get();
    if batch.lines.is_empty() || batch.lines.len() > MAXIMUM_LINES || total > MAXIMUM_TOTAL {
        return Err(misfit("合計件数・合計金額", "total count and amount", &batch.lines.len().to_string()));
    }
    let line_bytes = RECORD_BYTES.saturating_add(2);
    let mut file = Vec::with_capacity(batch.lines.len().saturating_add(3).saturating_mul(line_bytes));
    let mut add = |fields, values: &[&str]| {
        record(&mut file, fields, values)?;
        if profile.line_end == LineEnd::CrLf {
            file.extend_from_slice(b"\r\n");
        }
        Ok(())
    };

    add(HEADER, &header(batch, profile, &batch.transfer_date.format("%m%d").to_string()))?;
    for line in &batch.lines {
        if !(1..=MAXIMUM_AMOUNT).contains(&line.amount.get()) {
            return Err(misfit("振込金額", "amount", &line.amount.to_string()));
        }
        let amount = line.amount.get().to_string();
        let customer = format!("{:010}0000000000", line.customer_code);
        add(DATA, &data(line, profile, &amount, &customer))?;
    }
    add(TRAILER, &["8", &batch.lines.len().to_string(), &total.to_string(), ""])?;
    add(END, &["9", ""])?;
    Ok(file)
}

fn header<'a>(batch: &'a Batch, profile: &Profile, date: &'a str) -> [&'a str; 13] {
    let originator = &batch.originator;
    [
        "1",
        "21",
        "0",
        &originator.code,
        &originator.name_kana,
        date,
        originator.bank.as_str(),
        if profile.bank_names { &batch.originator_bank_name_zengin } else { "" },
        originator.branch.as_str(),
        if profile.bank_names { &batch.originator_branch_name_zengin } else { "" },
        kind_code(originator.kind),
        originator.number.as_str(),
        "",
    ]
}

fn data<'a>(line: &'a PaymentLine, profile: &Profile, amount: &'a str, customer: &'a str) -> [&'a str; 15] {
    [
        "2",
        line.payee.bank.as_str(),
        if profile.bank_names { &line.bank_name_zengin } else { "" },
        line.payee.branch.as_str(),
        if profile.bank_names { &line.branch_name_zengin } else { "" },
        "0000",
        kind_code(line.payee.kind),
        line.payee.number.as_str(),
        &line.payee_name_zengin,
        amount,
        "0",
        customer,
        if profile.telegraphic { "7" } else { " " },
        " ",
        "",
    ]
}

const fn kind_code(kind: vocabulary::AccountKind) -> &'static str {
    match kind.zengin_code() {
        1 => "1",
        2 => "2",
        4 => "4",
        _ => "9",
    }
}

/// Appends one record, each value in its field.
fn record(file: &mut Vec<u8>, fields: &'static [Field], values: &[&str]) -> Result<(), Invalid> {
    for (field, value) in fields.iter().zip(values) {
        let wrong = || misfit(field.ja, field.en, value);
        let bytes = jis_x_0201(value).filter(|bytes| bytes.len() <= field.length).ok_or_else(wrong)?;
        let good = match field.content {
            Content::Constant(constant) => *value == constant,
            Content::Code(codes) => bytes.len() == 1 && codes.contains(value),
            Content::Number | Content::OptionalNumber | Content::CustomerCodes => {
                !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
            }
            Content::Text(class) => zengin_text_fits(value, class, field.length),
            Content::RequiredText(class) => !value.trim().is_empty() && zengin_text_fits(value, class, field.length),
            Content::Filler => bytes.is_empty(),
        };
        if !good {
            return Err(wrong());
        }
        let fill = field.length.saturating_sub(bytes.len());
        if matches!(field.content, Content::Number | Content::OptionalNumber | Content::CustomerCodes) {
            file.extend(std::iter::repeat_n(b'0', fill));
            file.extend_from_slice(&bytes);
        } else {
            file.extend_from_slice(&bytes);
            file.extend(std::iter::repeat_n(b' ', fill));
        }
    }
    Ok(())
}

fn misfit(ja: &str, en: &str, value: &str) -> Invalid {
    Invalid::new(
        "zengin.write.content",
        format!("「{ja}」の値「{value}」は振込データに書けません。この振込データを取り消し、作り直してください"),
        format!("The {en} “{value}” cannot be written into the file. Cancel this batch and draft it again"),
    )
}
