//! The pages in Debian's Chromium: whole journeys with scripts on a phone, without scripts, and by keyboard alone; and
//! axe-core on every page and state.

mod accessible;
mod chrome;
mod desk;
mod every;
mod hands;
mod identities;
mod journey;
mod officers;
mod passkeys;
mod pictures;
