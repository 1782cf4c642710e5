//! The staff of a municipality: who works here, as what, and what their accounts may do. Administrators look after it,
//! auditors look at it.

mod offices;
mod people;
mod person;

pub(crate) use offices::offices;
pub(crate) use people::{export, invite, people};
pub(crate) use person::{act, person};

use program::definition::Role;

use crate::forms::Choice;
use crate::place::Place;
use crate::standing::role_name;
use crate::visit::{Visit, Wrong};

/// # Errors
/// `NotFound` for everybody but administrators and auditors, `Unauthenticated` for nobody.
async fn place_of(visit: &Visit<'_>) -> Result<Place, Wrong> {
    Place::of(visit, &[Role::Administrator, Role::Auditor]).await
}

/// Changes something there, rather than look.
fn administers(visit: &Visit<'_>, place: &Place) -> bool {
    visit.viewer().is_ok_and(|viewer| viewer.person.has_role(&place.name, Role::Administrator))
}

/// The roles of staff; `chosen` says which are marked.
fn roles(visit: &Visit<'_>, chosen: impl Fn(&str) -> bool) -> Vec<Choice> {
    let choice = |role: Role| Choice {
        value: role.as_str().to_owned(),
        label: role_name(visit.t, role).to_owned(),
        chosen: chosen(role.as_str()),
    };
    Role::STAFF.into_iter().map(choice).collect()
}

fn role_named(word: &str) -> Option<Role> {
    Role::STAFF.into_iter().find(|role| role.as_str() == word)
}
