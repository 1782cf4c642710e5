//! Scalars that mean something: yen, rates, days.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;

/// An object of the values of a program's own form; the form beside it describes them.
pub(crate) type Json = async_graphql::Json<serde_json::Value>;

/// Whole yen, a JSON integer within ±(2⁵³−1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Yen(pub vocabulary::Yen);

#[Scalar(name = "Yen")]
impl ScalarType for Yen {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number
                .as_i64()
                .and_then(|yen| vocabulary::Yen::new(yen).ok())
                .map(Self)
                .ok_or_else(|| InputValueError::custom("an amount is a whole number of yen within ±(2^53-1)")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.get())
    }
}

impl From<vocabulary::Yen> for Yen {
    fn from(yen: vocabulary::Yen) -> Self {
        Self(yen)
    }
}

/// An exact fraction, written "2/3".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate(pub vocabulary::Rate);

#[Scalar(name = "Rate")]
impl ScalarType for Rate {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text
                .parse()
                .map(Self)
                .map_err(|_: vocabulary::Invalid| InputValueError::custom("write a rate as a fraction, e.g. \"1/2\"")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.to_string())
    }
}

/// A day in Japan, written "2026-04-01".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Date(pub NaiveDate);

#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => vocabulary::parse_day(text)
                .map(Self)
                .ok_or_else(|| InputValueError::custom("write a day as \"2026-04-01\"")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.to_string())
    }
}

impl From<NaiveDate> for Date {
    fn from(day: NaiveDate) -> Self {
        Self(day)
    }
}
