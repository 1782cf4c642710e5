//! Municipalities: the one that a page of the office is about, where the visitor works for several; those that have
//! programs; and whom their applicants ask.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use program::definition::{Municipality, Name, Role};
use service::ProgramVersion;

use crate::forms::Choice;
use crate::visit::{Visit, Wrong, not_found};

pub(crate) struct Place {
    pub name: Name,
    /// All that the visitor may choose.
    pub choices: Vec<Choice>,
}

impl Place {
    /// The one that is asked for by `place`, or the first in which the visitor has one of the roles.
    ///
    /// # Errors
    /// `NotFound` for whoever has none of them there, `Unauthenticated` for nobody.
    pub async fn of(visit: &Visit<'_>, roles: &[Role]) -> Result<Self, Wrong> {
        let viewer = visit.viewer()?;
        let mut places = viewer.municipalities();
        places.retain(|place| roles.iter().any(|role| viewer.person.has_role(place, *role)));
        let asked = match visit.asked.parameter("place") {
            "" => visit.asked.field("place"),
            place => place,
        };
        let name = match asked {
            "" => places.first(),
            asked => places.iter().find(|place| *place == asked),
        };
        let name = name.cloned().ok_or_else(not_found)?;
        let mut choices = Vec::with_capacity(places.len());
        for place in places {
            let named = visit.service.municipality_named(&place).await?;
            let (label, chosen) = (visit.say(&named.name).to_owned(), place == name);
            choices.push(Choice { value: place, label, chosen });
        }
        Ok(Self { name, choices })
    }
}

/// The municipalities of these programs, by name.
///
/// # Errors
/// Faults only.
pub(crate) async fn places(
    visit: &Visit<'_>,
    programs: &[(String, ProgramVersion)],
) -> Result<BTreeMap<Name, Arc<Municipality>>, Wrong> {
    let mut places = BTreeMap::new();
    for (_, version) in programs {
        let name = version.program.municipality();
        if !places.contains_key(name) {
            places.insert(name.to_owned(), visit.service.municipality_named(name).await?);
        }
    }
    Ok(places)
}

/// 問合せ先
pub(crate) struct Inquiries {
    /// The municipality.
    pub place: String,
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
}

impl Inquiries {
    /// The first of the municipality's offices, which its mails name too.
    pub fn of(visit: &Visit<'_>, municipality: &Municipality) -> Option<Self> {
        let office = municipality.offices.values().next()?;
        Some(Self {
            place: visit.say(&municipality.name).to_owned(),
            name: visit.say(&office.name).to_owned(),
            phone: office.phone.clone(),
            email: office.email.clone(),
        })
    }
}

impl fmt::Display for Inquiries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.name)?;
        let means = [&self.phone, &self.email];
        means.into_iter().flatten().try_for_each(|mean| write!(f, " / {mean}"))
    }
}
