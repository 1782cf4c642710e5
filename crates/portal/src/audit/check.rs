//! Whether the history is whole: checked part by part, so that no request takes long; what was found so far travels in
//! the page.

use askama::Template;

use super::place_of;
use crate::forms::Choice;
use crate::visit::{Frame, Page, Visit, id};

/// Faults that are listed; where there are more, the history is beyond a list.
const MOST_FAULTS: usize = 200;

#[derive(Template)]
#[template(path = "audit/check.html")]
struct Check {
    frame: Frame,
    places: Vec<Choice>,
    place: String,
    /// Cases and events that were checked, of so many cases; none before it begins.
    progress: Option<Progress>,
    broken: Vec<String>,
    /// Where it goes on.
    next: Option<String>,
}

struct Progress {
    cases: i64,
    events: i64,
    all: i64,
    said: String,
}

pub(crate) async fn page(visit: &Visit<'_>) -> Page {
    let place = place_of(visit).await?;
    let frame = visit.frame(visit.t.check_history());
    let (places, place) = (place.choices, place.name);
    Ok(visit.page(&Check { frame, places, place, progress: None, broken: Vec::new(), next: None }))
}

/// The next part.
pub(crate) async fn check(visit: &Visit<'_>) -> Page {
    let (place, asked) = (place_of(visit).await?, visit.asked);
    let after = Some(asked.field("after")).filter(|after| !after.is_empty()).map(id).transpose()?;
    let checked = visit.service.check_chains(visit.viewer()?, &place.name, after).await?;
    let so_far = |name: &str| asked.field(name).parse::<i64>().unwrap_or_default();
    let (cases, events) = (so_far("cases") + checked.cases, so_far("events") + checked.events);
    let before = asked.fields.iter().filter(|(name, _)| name == "broken").map(|(_, line)| line.clone());
    let mut broken: Vec<String> = before.collect();
    broken.extend(checked.broken.iter().map(|fault| visit.say(fault).to_owned()));
    broken.truncate(MOST_FAULTS);
    let said = visit.t.checked_so_far(cases, checked.all_cases, events);
    let page = Check {
        frame: visit.frame(visit.t.check_history()),
        places: place.choices,
        place: place.name,
        progress: Some(Progress { cases, events, all: checked.all_cases, said }),
        broken,
        next: checked.next.map(|next| next.to_string()),
    };
    Ok(visit.page(&page))
}
