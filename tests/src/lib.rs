//! What the acceptance tests of several kinds share: the real binary, the whole site over a socket, and the books that
//! must balance.

pub mod authenticator;
pub mod binary;
pub mod books;
pub mod directory;
pub mod site;
