//! What waits to be paid, and the batches.

use askama::Template;
use poem::http::StatusCode;
use program::definition::Role;
use service::{BatchView, Error};
use uuid::Uuid;
use vocabulary::{Yen, day_in_japan};

use super::{places, state_name};
use crate::answer::Answer;
use crate::forms::{Said, Told};
use crate::visit::{Frame, Page, Visit};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "finance/desk.html")]
struct Desk {
    frame: Frame,
    errors: Vec<Said>,
    offices: Vec<Office>,
    batches: Vec<Row>,
    next: Option<String>,
    key: String,
}

/// The payments of one office that wait for a batch.
struct Office {
    municipality: String,
    name: String,
    waiting: Vec<Waiting>,
    total: String,
    /// The visitor makes batches here.
    makes: bool,
    /// The next day on which the bank works but one: banks want files a day before.
    day: String,
}

struct Waiting {
    line: String,
    /// Ticked to be paid.
    chosen: bool,
    number: String,
    case: String,
    business: String,
    payee: String,
    amount: String,
    ordered: String,
}

struct Row {
    id: String,
    day: String,
    office: String,
    state: &'static str,
    count: usize,
    total: String,
}

pub(crate) async fn desk(visit: &Visit<'_>) -> Page {
    shown(visit, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, status: StatusCode, told: &Told) -> Page {
    let viewer = visit.viewer()?;
    let today = day_in_japan(visit.service.now());
    let mut offices = Vec::new();
    for municipality in places(visit)? {
        let place = visit.service.municipality_named(&municipality).await?;
        let waiting = visit.service.payables(viewer, &municipality).await?;
        let cases: Vec<Uuid> = waiting.iter().map(|line| line.application).collect();
        let businesses = visit.service.businesses_paid(viewer, &municipality, &cases).await?;
        let total = Yen::total(waiting.iter().map(|line| line.amount)).map(|yen| yen.to_string()).unwrap_or_default();
        // Sent in vain, it stays as it was typed.
        let again = visit.asked.field("place") == municipality;
        let sent = |line: &str| visit.asked.fields.iter().any(|(name, value)| name == "line" && value == line);
        let waiting = waiting.into_iter().map(|line| Waiting {
            chosen: !again || sent(&line.line.to_string()),
            line: line.line.to_string(),
            number: line.application_number,
            case: format!("/applications/{}", line.application),
            business: businesses.get(&line.application).map(|business| business.name.clone()).unwrap_or_default(),
            payee: line.holder,
            amount: line.amount.to_string(),
            ordered: visit.day(day_in_japan(line.ordered_at)),
        });
        let day = place.calendar.bank_day_after(place.calendar.bank_day_after(today));
        offices.push(Office {
            name: visit.say(&place.name).to_owned(),
            waiting: waiting.collect(),
            total,
            makes: viewer.person.has_role(&municipality, Role::FinanceMaker),
            day: if again { visit.asked.field("day").to_owned() } else { day.to_string() },
            municipality,
        });
    }
    let after = Some(visit.asked.parameter("after")).filter(|after| !after.is_empty());
    let page = visit.service.payment_batches(viewer, ROWS, after).await?;
    let next = page.items.last().filter(|_| page.has_next).map(|(cursor, _)| format!("/finance?after={cursor}"));
    let mut batches = Vec::new();
    for (_, batch) in &page.items {
        batches.push(row(visit, batch).await?);
    }
    let errors = told.summary(|_| None, visit.locale);
    let frame = Frame { has_errors: !errors.is_empty(), ..visit.frame(visit.t.payments()) };
    Ok(visit.page_with(status, &Desk { frame, errors, offices, batches, next, key: visit.key() }))
}

async fn row(visit: &Visit<'_>, view: &BatchView) -> Result<Row, Error> {
    let place = visit.service.municipality_named(&view.municipality).await?;
    Ok(Row {
        id: view.batch.id.to_string(),
        day: visit.day(view.batch.transfer_date),
        office: visit.say(&place.name).to_owned(),
        state: state_name(visit.t, view.batch.state),
        count: view.summary.count,
        total: view.summary.total.to_string(),
    })
}

/// A new batch of the payments that were ticked.
pub(crate) async fn make(visit: &Visit<'_>) -> Page {
    places(visit)?;
    let asked = visit.asked;
    let lines = asked.fields.iter().filter(|(name, _)| name == "line");
    let lines: Vec<Uuid> = lines.filter_map(|(_, line)| Uuid::try_parse(line).ok()).collect();
    let made = match vocabulary::parse_day(asked.field("day").trim()) {
        Some(day) => {
            let (place, key) = (asked.field("place"), asked.field("key"));
            visit.service.create_payment_batch(visit.viewer()?, place, day, Some(lines), key).await
        }
        None => Err(Error::bad_input("day", "振込指定日を入力してください", "Enter the day of the transfer")),
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match made {
        Ok(batch) => Ok(Answer::see(&format!("/finance/batches/{}", batch.batch.id))),
        Err(Error::Refused(reasons)) => shown(visit, wrong, &Told::of(reasons)).await,
        Err(Error::BadInput { path, message }) => shown(visit, wrong, &Told::one(path, message)).await,
        Err(error) => Err(error.into()),
    }
}
