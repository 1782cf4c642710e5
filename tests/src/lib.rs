//! What the acceptance tests of several kinds share: the real binary, and the books that must balance.

pub mod binary;
pub mod books;
