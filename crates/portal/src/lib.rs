//! Server-rendered pages. Every function takes plain values and returns HTML in which all of them are escaped.

pub mod dev;
mod html;

pub use html::{escaped, page};
