//! Yen are integers, rates are exact fractions; they meet only where the rounding is named.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Whole yen. Beyond ±(2⁵³−1) a JSON reader may lose digits, so such amounts do not parse.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "i64", into = "i64")]
pub struct Yen(i64);

/// The result does not fit: the step that asked for it must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount is out of range")]
pub struct Overflow;

impl Yen {
    pub const ZERO: Yen = Yen(0);
    /// 2⁵³ − 1 yen.
    pub const MAX: Yen = Yen(9_007_199_254_740_991);

    /// # Errors
    /// [`Overflow`] beyond ±(2⁵³−1) yen.
    pub const fn new(yen: i64) -> Result<Self, Overflow> {
        if yen > Self::MAX.0 || yen < -Self::MAX.0 { Err(Overflow) } else { Ok(Self(yen)) }
    }

    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// # Errors
    /// [`Overflow`] when the sum is out of range.
    pub fn plus(self, other: Yen) -> Result<Yen, Overflow> {
        self.0.checked_add(other.0).ok_or(Overflow).and_then(Yen::new)
    }

    /// # Errors
    /// [`Overflow`] when the difference is out of range.
    pub fn minus(self, other: Yen) -> Result<Yen, Overflow> {
        self.0.checked_sub(other.0).ok_or(Overflow).and_then(Yen::new)
    }

    /// # Errors
    /// [`Overflow`] when the product is out of range.
    pub fn times(self, factor: i64) -> Result<Yen, Overflow> {
        self.0.checked_mul(factor).ok_or(Overflow).and_then(Yen::new)
    }

    /// The sum of many amounts.
    ///
    /// # Errors
    /// [`Overflow`] when the sum is out of range.
    pub fn total(amounts: impl IntoIterator<Item = Yen>) -> Result<Yen, Overflow> {
        amounts.into_iter().try_fold(Yen::ZERO, Yen::plus)
    }

    /// `self × rate`, exactly, then truncated to a multiple of `unit` yen (千円未満切捨て has unit 1,000).
    /// Truncates toward zero; a unit below one counts as one.
    ///
    /// # Errors
    /// [`Overflow`] when the result is out of range.
    pub fn times_rounded_down(self, rate: Rate, unit: Yen) -> Result<Yen, Overflow> {
        let unit = i128::from(unit.0.max(1));
        let exact_numerator = i128::from(self.0) * i128::from(rate.numerator);
        let whole = exact_numerator / (i128::from(rate.denominator) * unit) * unit;
        i64::try_from(whole).map_err(|_| Overflow).and_then(Yen::new)
    }
}

impl TryFrom<i64> for Yen {
    type Error = Overflow;
    fn try_from(yen: i64) -> Result<Self, Overflow> {
        Self::new(yen)
    }
}

impl From<Yen> for i64 {
    fn from(yen: Yen) -> i64 {
        yen.0
    }
}

impl Sum for Yen {
    /// Saturates; use [`Yen::total`] where money is decided.
    fn sum<I: Iterator<Item = Yen>>(iter: I) -> Yen {
        iter.fold(Yen::ZERO, |a, b| a.plus(b).unwrap_or(Yen::MAX))
    }
}

/// `1,234,567` with a leading minus where negative, no unit.
impl fmt::Display for Yen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
        if self.0 < 0 {
            out.push('-');
        }
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(',');
            }
            out.push(c);
        }
        f.write_str(&out)
    }
}

/// An exact fraction such as `1/2`, in lowest terms with a positive denominator. Written as text or as a whole number,
/// never as a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WrittenRate", into = "String")]
pub struct Rate {
    numerator: i64,
    denominator: i64,
}

impl Rate {
    pub const ONE: Rate = Rate { numerator: 1, denominator: 1 };

    /// # Errors
    /// When the denominator is zero or a part is beyond a billion.
    pub fn new(numerator: i64, denominator: i64) -> Result<Self, Invalid> {
        const LIMIT: u64 = 1_000_000_000;
        if denominator == 0 || numerator.unsigned_abs() > LIMIT || denominator.unsigned_abs() > LIMIT {
            return Err(Self::invalid());
        }
        let common = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let common = i64::try_from(common).unwrap_or(1).max(1) * denominator.signum();
        Ok(Self { numerator: numerator / common, denominator: denominator / common })
    }

    #[must_use]
    pub const fn numerator(self) -> i64 {
        self.numerator
    }

    #[must_use]
    pub const fn denominator(self) -> i64 {
        self.denominator
    }

    /// In (0, 1], as every subsidy rate must be.
    #[must_use]
    pub const fn is_share(self) -> bool {
        self.numerator > 0 && self.numerator <= self.denominator
    }

    fn invalid() -> Invalid {
        Invalid::new("rate.format", "率は「1/2」のように分数で書いてください", "Write a rate as a fraction, e.g. 1/2")
    }
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let left = i128::from(self.numerator) * i128::from(other.denominator);
        left.cmp(&(i128::from(other.numerator) * i128::from(self.denominator)))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

impl FromStr for Rate {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (n, d) = text.split_once('/').unwrap_or((text, "1"));
        let parse = |part: &str| part.trim().parse::<i64>().map_err(|_| Rate::invalid());
        Rate::new(parse(n)?, parse(d)?)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenRate {
    Fraction(String),
    Whole(i64),
}

impl TryFrom<WrittenRate> for Rate {
    type Error = Invalid;
    fn try_from(written: WrittenRate) -> Result<Self, Invalid> {
        match written {
            WrittenRate::Fraction(text) => text.parse(),
            WrittenRate::Whole(number) => Rate::new(number, 1),
        }
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> String {
        rate.to_string()
    }
}

impl schemars::JsonSchema for Rate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rate".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["string", "integer"], "pattern": "^[0-9]+(/[1-9][0-9]*)?$",
            "description": "An exact fraction, e.g. 1/2 or 2/3, or a whole number. Decimals are not accepted."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounds_down_to_the_unit_as_the_outlines_do() {
        let yen = |y| Yen::new(y).unwrap();
        let half: Rate = "1/2".parse().unwrap();
        assert_eq!(yen(876_543).times_rounded_down(half, yen(1_000)), Ok(yen(438_000)));
        assert_eq!(yen(90_000).times_rounded_down("7/10".parse().unwrap(), yen(1_000)), Ok(yen(63_000)));
        assert_eq!(yen(2_400).times_rounded_down("5/6".parse().unwrap(), yen(1_000)), Ok(yen(2_000)));
    }

    #[test]
    fn refuses_what_json_readers_would_garble() {
        assert!(Yen::new(9_007_199_254_740_992).is_err());
        assert!("0.5".parse::<Rate>().is_err());
        assert!("1/0".parse::<Rate>().is_err());
        assert_eq!("2/4".parse::<Rate>().unwrap().to_string(), "1/2");
    }

    #[test]
    fn shows_thousands() {
        assert_eq!(Yen(1_234_567).to_string(), "1,234,567");
        assert_eq!(Yen(-1_000).to_string(), "-1,000");
        assert_eq!(Yen(999).to_string(), "999");
    }

    proptest! {
        #[test]
        fn a_multiple_of_three_loses_nothing_at_a_third(third in 0i64..1_000_000_000) {
            let amount = Yen::new(third * 3).unwrap();
            prop_assert_eq!(amount.times_rounded_down(Rate::new(1, 3).unwrap(), Yen(1)), Ok(Yen(third)));
        }
    }
}
