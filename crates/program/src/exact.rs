//! Amounts that need not be whole yen while an award is computed: nothing is rounded before the rule says so.

use vocabulary::{Overflow, Rate, Yen};

/// Numerator over a positive denominator, in lowest terms, not below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exact {
    numerator: i128,
    denominator: i128,
}

impl Exact {
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };

    pub fn of(amount: Yen) -> Self {
        Self { numerator: amount.get().into(), denominator: 1 }
    }

    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        let left = self.numerator.checked_mul(other.denominator).ok_or(Overflow)?;
        let right = other.numerator.checked_mul(self.denominator).ok_or(Overflow)?;
        let denominator = self.denominator.checked_mul(other.denominator).ok_or(Overflow)?;
        Ok(Self { numerator: left.checked_add(right).ok_or(Overflow)?, denominator }.in_lowest_terms())
    }

    pub fn times(self, rate: Rate) -> Result<Self, Overflow> {
        let numerator = self.numerator.checked_mul(rate.numerator().into()).ok_or(Overflow)?;
        let denominator = self.denominator.checked_mul(rate.denominator().into()).ok_or(Overflow)?;
        Ok(Self { numerator, denominator }.in_lowest_terms())
    }

    /// Not below zero.
    pub fn less(self, amount: Yen) -> Result<Self, Overflow> {
        let taken = self.denominator.checked_mul(amount.get().into()).ok_or(Overflow)?;
        let numerator = self.numerator.checked_sub(taken).ok_or(Overflow)?.max(0);
        Ok(Self { numerator, ..self }.in_lowest_terms())
    }

    pub fn is_above(self, amount: Yen) -> Result<bool, Overflow> {
        let other = self.denominator.checked_mul(amount.get().into()).ok_or(Overflow)?;
        Ok(self.numerator > other)
    }

    /// Truncated to a multiple of `unit` yen.
    pub fn rounded_down(self, unit: Yen) -> Result<Yen, Overflow> {
        let unit = i128::from(unit.get().max(1));
        let parts = self.denominator.checked_mul(unit).filter(|parts| *parts > 0).ok_or(Overflow)?;
        let whole = (self.numerator / parts).checked_mul(unit).ok_or(Overflow)?;
        i64::try_from(whole).map_err(|_| Overflow).and_then(Yen::new)
    }

    pub fn whole(self) -> Result<Yen, Overflow> {
        Yen::new(1).and_then(|one| self.rounded_down(one))
    }

    fn in_lowest_terms(self) -> Self {
        let (mut a, mut b) = (self.numerator, self.denominator);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let common = a.max(1);
        Self { numerator: self.numerator / common, denominator: self.denominator / common }
    }
}
