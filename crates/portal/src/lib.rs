//! Server-rendered pages for applicants, their partners and the office, on the same use cases as the API. They work
//! without scripts. The server reads requests and keeps sessions; this room makes the answers, in which every value is
//! escaped.

mod accessibility;
mod account;
mod administration;
mod answer;
mod archive;
mod asked;
mod assets;
mod audit;
mod businesses;
mod cases;
pub mod dev;
mod finance;
mod forms;
mod html;
mod listing;
mod officer;
mod panel;
mod partner;
mod place;
mod programs;
mod rankings;
mod registry;
mod routes;
mod sheet;
mod staff;
mod standing;
mod text;
mod visit;

pub use answer::{Answer, Session};
pub use asked::{Asked, SentFile, Visitor};
pub use html::{escaped, page};
pub use routes::{answer, failed};
