//! What tests stand on: throwaway databases, a clock and identifiers that a test decides, a mail server that fails,
//! an installation with its people and cases.
//!
//! Nothing here pretends: the databases, the sockets and the protocols are real.

pub mod adapters;
pub mod clock;
pub mod identity;
pub mod office;
pub mod outage;
pub mod postgres;
pub mod smtp;
pub mod throwaway;

pub use adapters::{MemoryFiles, RecordingMail, Sent};
pub use clock::{FakeClock, SeededIds};
pub use identity::IdentityServer;
pub use office::{Life, Party, TestOffice};
pub use outage::Outage;
pub use postgres::{Backend, TestDatabase, each_database};
pub use smtp::{Fault, Mail, SmtpSink};
