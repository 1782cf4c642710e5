//! Cases in the browser: the list of one's own, the page of one, and whatever its archetype lets the visitor do in it.

mod act;
mod confirm;
mod desk;
mod list;
mod one;
mod review;

pub(crate) use act::{act, act_page};
pub(crate) use confirm::Single;
pub(crate) use desk::{approval, href as action_href};
pub(crate) use list::{export, list};
pub(crate) use one::{ME, NOBODY, colleague_choice, discard, one};
pub(crate) use review::{check, note, page as review_page};
