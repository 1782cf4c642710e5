//! What one version, or the draft, says differently from another, in words.

use askama::Template;
use program::{Difference, Weight, diff};
use service::Edition;

use super::{Desk, Head};
use crate::forms::Choice;
use crate::visit::{Frame, Page, Visit, Wrong};

/// Differences that a page shows.
const MOST_SHOWN: usize = 150;

#[derive(Template)]
#[template(path = "officer/differences.html")]
struct Differences {
    frame: Frame,
    head: Head,
    from: Vec<Choice>,
    to: Vec<Choice>,
    action: String,
    /// Why nothing can be compared.
    instead: Option<&'static str>,
    list: Listed,
}

/// Differences as a list.
#[derive(Template)]
#[template(path = "officer/differing.html")]
pub(super) struct Listed {
    t: crate::text::Text,
    rows: Vec<Row>,
    more: Option<String>,
}

struct Row {
    weight: &'static str,
    major: bool,
    words: String,
    path: String,
}

impl Listed {
    pub(super) fn of(visit: &Visit<'_>, differences: &[Difference]) -> Self {
        let t = visit.t;
        let row = |difference: &Difference| Row {
            weight: if difference.weight == Weight::Major { t.weight_major() } else { t.weight_minor() },
            major: difference.weight == Weight::Major,
            words: visit.say(&difference.words).to_owned(),
            path: difference.path.clone(),
        };
        let more = differences.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0);
        Self {
            t,
            rows: differences.iter().take(MOST_SHOWN).map(row).collect(),
            more: more.map(|more| t.how_many_more(more)),
        }
    }
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    let newest = desk.newest.version;
    let (from, to) = match (visit.asked.parameter("from"), visit.asked.parameter("to")) {
        ("", "") if newest > 1 => (Edition::Version(newest - 1), Edition::Version(newest)),
        ("", "") => (Edition::Version(newest), Edition::Draft),
        _ => (desk.edition(visit, "from")?, desk.edition(visit, "to")?),
    };
    let found = between(visit, desk, from, to).await?;
    let page = Differences {
        frame: visit.frame(desk.title(visit)),
        head: desk.head(visit, "differences"),
        from: desk.editions(visit, from).await?,
        to: desk.editions(visit, to).await?,
        action: desk.href("differences"),
        instead: found.is_none().then(|| visit.t.draft_has_errors()),
        list: Listed::of(visit, &found.unwrap_or_default()),
    };
    Ok(visit.page(&page))
}

/// Nothing while one of them has errors.
async fn between(visit: &Visit<'_>, desk: &Desk, from: Edition, to: Edition) -> Result<Option<Vec<Difference>>, Wrong> {
    let (from, to) = (definition(visit, desk, from).await?, definition(visit, desk, to).await?);
    Ok(from.zip(to).map(|(from, to)| diff(&from, &to)))
}

async fn definition(
    visit: &Visit<'_>,
    desk: &Desk,
    edition: Edition,
) -> Result<Option<program::definition::Definition>, Wrong> {
    Ok(match edition {
        Edition::Version(version) => {
            Some(visit.service.program(&desk.name, Some(version)).await?.program.definition().clone())
        }
        Edition::Draft => {
            let read = visit.service.read_definition(visit.viewer()?, &desk.name, edition).await?;
            read.and_then(|read| read.program.as_ref().map(|program| program.definition().clone()))
        }
    })
}
