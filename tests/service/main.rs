//! What the service promises, on both databases and in process: nothing here is mocked but the clock, the identifiers
//! and the last step of a mail.

mod clock;
mod evidence;
mod help;
mod life;
mod mail;
mod passkeys;
mod races;
mod versions;
