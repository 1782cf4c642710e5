//! The municipality that a page of the office is about, where the visitor works for several.

use program::definition::{Name, Role};

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
