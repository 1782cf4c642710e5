//! What tests stand on: throwaway databases, a clock and identifiers that a test decides, a mail server that fails.
//!
//! Nothing here pretends: the databases, the sockets and the protocols are real.

pub mod clock;
pub mod postgres;
pub mod smtp;
pub mod throwaway;

pub use clock::{FakeClock, SeededIds};
pub use postgres::{Backend, TestDatabase, each_database};
pub use smtp::{Fault, Mail, SmtpSink};
