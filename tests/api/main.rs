//! The API as its clients meet it: the whole site over a real socket, with a clock and identifiers that tests decide.

mod client;
mod drafts;
mod hardening;
mod isolation;
mod judges;
mod keys;
mod matrix;
mod outage;
mod partners;
mod ranking;
mod registry;
mod schema;
mod second_factor;
mod sessions;
mod targets;
