//! Grant programs as data: files → definition → verified program.

pub mod definition;
pub mod expression;
