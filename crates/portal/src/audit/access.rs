//! Who signed in, and who saw or took along documents, bank accounts and lists.

use askama::Template;
use service::{AccessKind, AccessView, Accessed};
use vocabulary::time_in_japan;

use super::{BATCH, MOST_ROWS, ROWS, after, place_of, query, sought};
use crate::asked::in_url;
use crate::forms::Choice;
use crate::sheet::{Format, Sheet};
use crate::text::Text;
use crate::visit::{Frame, Page, Visit};

const KINDS: [AccessKind; 10] = [
    AccessKind::SignedIn,
    AccessKind::SignInFailed,
    AccessKind::SignInThrottled,
    AccessKind::Document,
    AccessKind::PaymentBatch,
    AccessKind::BankFile,
    AccessKind::CasesExported,
    AccessKind::PeopleExported,
    AccessKind::HistoryExported,
    AccessKind::OwnDataExported,
];

#[derive(Template)]
#[template(path = "audit/access.html")]
struct Accesses {
    frame: Frame,
    places: Vec<Choice>,
    place: String,
    from: String,
    until: String,
    person: String,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    next: Option<String>,
    /// That asks for this list again.
    query: String,
}

struct Row {
    at: String,
    who: String,
    email: String,
    what: &'static str,
    /// What people know it by, and its page.
    subject: String,
    href: Option<String>,
    /// Its identifier, for files.
    id: String,
    address: String,
}

/// The name of a kind in an address.
fn key(kind: AccessKind) -> &'static str {
    match kind {
        AccessKind::SignedIn => "signed_in",
        AccessKind::Document => "document",
        AccessKind::PaymentBatch => "payment_batch",
        AccessKind::BankFile => "bank_file",
        AccessKind::CasesExported => "cases_exported",
        AccessKind::PeopleExported => "people_exported",
        AccessKind::HistoryExported => "history_exported",
        AccessKind::SignInFailed => "sign_in_failed",
        AccessKind::SignInThrottled => "sign_in_throttled",
        AccessKind::OwnDataExported => "own_data_exported",
    }
}

pub(super) fn kind_named(word: &str) -> Option<AccessKind> {
    KINDS.into_iter().find(|kind| key(*kind) == word)
}

pub(crate) fn label(t: Text, kind: AccessKind) -> &'static str {
    match kind {
        AccessKind::SignedIn => t.access_signed_in(),
        AccessKind::Document => t.access_document(),
        AccessKind::PaymentBatch => t.access_batch(),
        AccessKind::BankFile => t.access_bank_file(),
        AccessKind::CasesExported => t.access_cases(),
        AccessKind::PeopleExported => t.access_people(),
        AccessKind::HistoryExported => t.access_history(),
        AccessKind::SignInFailed => t.access_failed(),
        AccessKind::SignInThrottled => t.access_throttled(),
        AccessKind::OwnDataExported => t.access_own_data(),
    }
}

fn row(visit: &Visit<'_>, found: AccessView) -> Row {
    let (subject, href) = match found.named {
        Some(Accessed::File { name, application: Some((case, number)) }) => {
            let number = number.map(|number| format!("{number} ")).unwrap_or_default();
            (format!("{number}{name}"), Some(format!("/applications/{case}")))
        }
        Some(Accessed::File { name, application: None }) => (name, None),
        Some(Accessed::Batch { id, transfer_date }) => {
            let day = visit.day(transfer_date);
            (format!("{} {day}", visit.t.batch()), Some(format!("/finance/batches/{id}")))
        }
        None => (String::new(), None),
    };
    Row {
        at: visit.time(found.at),
        who: found.who,
        email: found.email,
        what: label(visit.t, found.kind),
        subject,
        href,
        id: found.subject.map(|subject| subject.to_string()).unwrap_or_default(),
        address: found.address.unwrap_or_default(),
    }
}

pub(crate) async fn accesses(visit: &Visit<'_>) -> Page {
    let place = place_of(visit).await?;
    let sought = sought(visit);
    let found = visit.service.accesses(visit.viewer()?, &place.name, &sought, (ROWS, after(visit))).await?;
    let query = query(visit);
    let last = found.items.last().filter(|_| found.has_next);
    let kinds = KINDS.map(|kind| Choice {
        value: key(kind).to_owned(),
        label: label(visit.t, kind).to_owned(),
        chosen: sought.kind == Some(kind),
    });
    let page = Accesses {
        frame: visit.frame(visit.t.access_log()),
        from: sought.from.to_string(),
        until: sought.until.to_string(),
        person: sought.person.unwrap_or_default(),
        kinds: kinds.into_iter().collect(),
        next: last.map(|(cursor, _)| format!("/audit/access?{query}&after={}", in_url(cursor))),
        query,
        rows: found.items.into_iter().map(|(_, found)| row(visit, found)).collect(),
        places: place.choices,
        place: place.name,
    };
    Ok(visit.page(&page))
}

pub(crate) async fn export(visit: &Visit<'_>, format: Format) -> Page {
    let t = visit.t;
    let (viewer, place, sought) = (visit.viewer()?, place_of(visit).await?, sought(visit));
    visit.service.note_access(viewer, AccessKind::HistoryExported, None, visit.asked.device()).await?;
    let mut file =
        Sheet::new([t.when(), t.name(), t.email(), t.what(), t.subject(), t.identifier(), t.address_of_client()]);
    let (mut count, mut after) = (0, None::<String>);
    while count < MOST_ROWS {
        let found = visit.service.accesses(viewer, &place.name, &sought, (BATCH, after.as_deref())).await?;
        count += found.items.len();
        after = found.items.last().filter(|_| found.has_next).map(|(cursor, _)| cursor.clone());
        for (_, found) in found.items {
            let at = time_in_japan(found.at);
            let row = row(visit, found);
            file.line([at, row.who, row.email, row.what.to_owned(), row.subject, row.id, row.address]);
        }
        if after.is_none() {
            break;
        }
    }
    file.answer("access", format)
}
