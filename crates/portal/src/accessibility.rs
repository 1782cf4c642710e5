//! The accessibility statement, as municipalities publish it.

use askama::Template;

use crate::place::{Inquiries, places};
use crate::programs::MOST_PROGRAMS;
use crate::visit::{Frame, Page, Visit};

#[derive(Template)]
#[template(path = "accessibility.html")]
struct Statement {
    frame: Frame,
    offices: Vec<Inquiries>,
}

pub(crate) async fn page(visit: &Visit<'_>) -> Page {
    let programs = visit.service.programs(None, None, MOST_PROGRAMS, None).await?.items;
    let places = places(visit, &programs).await?;
    let offices = places.values().filter_map(|place| Inquiries::of(visit, place)).collect();
    Ok(visit.page(&Statement { frame: visit.frame(visit.t.accessibility()), offices }))
}
