//! The objects of the schema; they name each other, as a graph does.

pub mod application;
pub mod business;
pub mod call;
pub mod case_parts;
pub mod form;
pub mod money;
pub mod partner;
pub mod procedure;
pub mod program_type;
pub mod registry;
pub mod versions;
