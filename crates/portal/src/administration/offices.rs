//! The offices of a municipality, their posts, and who holds them today.

use askama::Template;
use vocabulary::Bilingual;

use super::place_of;
use crate::forms::Choice;
use crate::visit::{Frame, Page, Visit};

#[derive(Template)]
#[template(path = "administration/offices.html")]
struct Offices {
    frame: Frame,
    places: Vec<Choice>,
    place: String,
    offices: Vec<Office>,
}

struct Office {
    name: String,
    contact: String,
    posts: Vec<Post>,
}

struct Post {
    label: String,
    /// Who stands in while it is vacant, the first first.
    deputies: String,
    /// Account and name.
    holders: Vec<(String, String)>,
}

pub(crate) async fn offices(visit: &Visit<'_>) -> Page {
    let place = place_of(visit).await?;
    let municipality = visit.service.municipality_named(&place.name).await?;
    let staff = visit.service.staff(visit.viewer()?, &place.name).await?;
    let label = |name: &str| {
        let found = municipality.positions.get(name);
        found.map_or_else(|| name.to_owned(), |position| visit.say(&position.name).to_owned())
    };
    let office = |(name, office): (&String, &program::definition::Office)| {
        let posts = municipality.positions.iter().filter(|(_, position)| position.office == *name);
        let posts = posts.map(|(position, rule)| Post {
            label: label(position),
            deputies: rule.deputies.iter().map(|deputy| label(deputy)).collect::<Vec<_>>().join(visit.t.comma()),
            holders: staff
                .iter()
                .filter(|person| person.deactivated_at.is_none() && person.positions.contains(position))
                .map(|person| (person.account.to_string(), person.name.clone()))
                .collect(),
        });
        let contact = [office.phone.as_deref(), office.email.as_deref()];
        Office {
            name: said(visit, &office.name),
            contact: contact.into_iter().flatten().collect::<Vec<_>>().join(" / "),
            posts: posts.collect(),
        }
    };
    let offices = municipality.offices.iter().map(office).collect();
    let frame = visit.frame(visit.t.offices_and_posts());
    Ok(visit.page(&Offices { frame, places: place.choices, place: place.name, offices }))
}

fn said(visit: &Visit<'_>, text: &Bilingual) -> String {
    visit.say(text).to_owned()
}
