//! What we send: e-mails and letters. Templates and data in, text out; nothing here reads, sends or knows the time.
//!
//! Templates are text of program definitions (or our own, see [`SystemMail`]). What they may use is the data of
//! [`sample_data`]: a name that is not there is a fault, and so is a value that would print nothing, so that no letter
//! goes out with a gap. Values never become template text or markup.

mod data;
mod engine;
mod letter;
mod mail;
mod system;

pub use data::sample_data;
pub use engine::TemplateFault;
pub use letter::{Addressee, LetterHead, LetterText, RenderedLetter, check_letter, letter};
pub use mail::{MailText, RenderedMail, check_mail, mail};
pub use system::SystemMail;

use serde::Serialize;
use vocabulary::Digest;

/// Says which text a stored notice was rendered from.
#[must_use]
pub fn template_hash<T: Serialize>(template: &T) -> Digest {
    vocabulary::digest(vocabulary::canonical_json(template).unwrap_or_default().as_bytes())
}
