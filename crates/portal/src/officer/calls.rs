//! The calls (募集) of a program and what came of them, each with a form that changes it; and beside them what the
//! municipality says of itself: days of rest, offices, positions and routes.

use std::collections::BTreeSet;

use askama::Template;
use chrono::NaiveDate;
use poem::http::StatusCode;
use program::Program;
use program::definition::{Municipality, Target, TargetOf};
use service::{CallChange, CallView, Error};
use vocabulary::{Bilingual, FiscalYear, Yen, day_in_japan, normalized_for_search, parse_day};

use super::{Desk, Head, words};
use crate::forms::{Choice, Said, Told};
use crate::text::Text;
use crate::visit::{Frame, ONLY_WINDOW, Page, Visit, Wrong};

/// Calls that a page shows: those of some years.
const MOST_CALLS: usize = 12;
/// What marks the form of the days of rest.
const RESTS: &str = "rests";
/// Days of rest that a page shows.
const MOST_DAYS: usize = 60;

const TARGETS: [TargetOf; 6] = [
    TargetOf::CasesAtApplication,
    TargetOf::DistinctCompaniesAtApplication,
    TargetOf::CasesAtDecision,
    TargetOf::DistinctCompaniesAtDecision,
    TargetOf::CasesAtPayment,
    TargetOf::DistinctCompaniesAtPayment,
];

#[derive(Template)]
#[template(path = "officer/calls.html")]
struct Calls {
    frame: Frame,
    head: Head,
    errors: Vec<Said>,
    rows: Vec<Row>,
    new: CallForm,
    action: String,
    key: String,
    holidays: Vec<(String, String)>,
    /// To be changed: a day on each line, as they are or as they were typed, and as they were when that began.
    days: String,
    seen: String,
    rests_open: bool,
    offices: Vec<OfficeRow>,
    positions: Vec<(String, String, String)>,
    routes: Vec<(String, Vec<(String, String)>)>,
}

struct Row {
    label: String,
    state: &'static str,
    good: bool,
    /// Label and value.
    facts: Vec<(&'static str, String)>,
    form: CallForm,
}

struct OfficeRow {
    name: String,
    phone: String,
    email: String,
}

/// The form of one call, as it is or as it was typed.
struct CallForm {
    /// Before the identifiers of its controls.
    mark: String,
    is_new: bool,
    /// What was sent is shown, and it was refused.
    is_open: bool,
    fiscal_year: String,
    window: String,
    opens: String,
    closes: String,
    lines: Vec<Choice>,
    appropriation: String,
    capacity: String,
    target_count: String,
    targets: Vec<Choice>,
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    shown(visit, desk, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, desk: &Desk, status: StatusCode, told: &Told) -> Page {
    let t = visit.t;
    let place = visit.service.municipality_named(desk.newest.program.municipality()).await?;
    let mut rows = Vec::new();
    let now = visit.service.program(&desk.name, None).await?;
    for (number, call) in now.calls.iter().take(MOST_CALLS).enumerate() {
        rows.push(row(visit, desk, &place, call, number).await?);
    }
    let year = FiscalYear::of(day_in_japan(visit.service.now())).0 + 1;
    let sent = is_sent(visit, "new");
    let typed = |name: &str, usual: String| if sent { visit.asked.field(name).to_owned() } else { usual };
    let newest = now.calls.first();
    let line = newest.and_then(|call| call.budget_code.clone()).unwrap_or_default();
    let new = CallForm {
        mark: "new".to_owned(),
        is_new: true,
        is_open: sent,
        fiscal_year: typed("fiscal_year", year.to_string()),
        window: typed("window", newest.map_or_else(|| ONLY_WINDOW.to_owned(), |call| call.window.clone())),
        opens: typed("opens", format!("{year}-04-01")),
        closes: typed("closes", String::new()),
        lines: lines(visit, &place, &typed("budget_line", line)),
        appropriation: typed("appropriation", String::new()),
        capacity: typed("capacity", String::new()),
        target_count: typed("target_count", String::new()),
        targets: targets(t, &typed("target_of", String::new())),
    };
    let mark = visit.asked.field("mark");
    let rests = is_sent(visit, RESTS);
    let present: Vec<String> = coming_holidays(visit, &place).map(ToString::to_string).collect();
    let anchor = |path: &str| match path {
        "holidays" => Some(("#days".to_owned(), t.holidays().to_owned())),
        path => Some((format!("#{mark}-{path}"), label(t, path).to_owned())),
    };
    let errors = told.summary(anchor, visit.locale);
    let page = Calls {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(desk.title(visit)) },
        head: desk.head(visit, "calls"),
        errors,
        rows,
        new,
        action: desk.href("calls"),
        key: visit.key(),
        holidays: holidays(visit, &place),
        days: if rests { visit.asked.field("days").to_owned() } else { present.join("\n") },
        seen: if rests { visit.asked.field("seen").to_owned() } else { present.join(" ") },
        rests_open: rests,
        offices: offices(visit, &place),
        positions: positions(visit, &place),
        routes: routes(visit, &place, &desk.newest.program),
    };
    Ok(visit.page_with(status, &page))
}

/// Whether the form of that mark was sent just now.
fn is_sent(visit: &Visit<'_>, mark: &str) -> bool {
    visit.asked.field("mark") == mark
}

async fn row(
    visit: &Visit<'_>,
    desk: &Desk,
    place: &Municipality,
    call: &CallView,
    number: usize,
) -> Result<Row, Wrong> {
    let t = visit.t;
    let mark = format!("c{number}");
    let sent = is_sent(visit, &mark);
    let typed = |name: &str, value: String| if sent { visit.asked.field(name).to_owned() } else { value };
    let until = call.closes.map_or_else(|| t.while_money_lasts().to_owned(), |last| visit.day(last));
    let mut facts = vec![(t.period(), format!("{} – {until}", visit.day(call.opens)))];
    if let Some(code) = &call.budget_code {
        let name = place.budget_lines.get(code).map_or(code.as_str(), |line| visit.say(&line.name));
        facts.push((t.budget_line(), name.to_owned()));
    }
    facts.extend(call.budget_left.map(|left| (t.budget_left(), format!("{left} {}", t.yen()))));
    facts.extend(call.places_left.map(|left| (t.places_left(), left.to_string())));
    if let Some(target) = &call.target {
        let progress = visit.service.call_progress(visit.viewer()?, call.id).await?;
        facts.push((t.target(), format!("{} {}", target.count, target_name(t, target.of))));
        facts.extend(progress.actual.map(|actual| (t.reached(), actual.to_string())));
    }
    let today = day_in_japan(visit.service.now());
    let state = if call.open {
        t.open()
    } else if !desk.newest.closed && call.opens > today {
        t.opens_later()
    } else {
        t.closed()
    };
    let of = call.target.as_ref().map(|target| target_key(target.of)).unwrap_or_default();
    let form = CallForm {
        is_new: false,
        is_open: sent,
        fiscal_year: call.fiscal_year.0.to_string(),
        window: call.window.clone(),
        opens: typed("opens", call.opens.to_string()),
        closes: typed("closes", call.closes.map(|day| day.to_string()).unwrap_or_default()),
        lines: lines(visit, place, &typed("budget_line", call.budget_code.clone().unwrap_or_default())),
        appropriation: typed("appropriation", String::new()),
        capacity: typed("capacity", call.capacity.map(|places| places.to_string()).unwrap_or_default()),
        target_count: typed(
            "target_count",
            call.target.as_ref().map(|target| target.count.to_string()).unwrap_or_default(),
        ),
        targets: targets(t, &typed("target_of", of)),
        mark,
    };
    let label = visit.call(call.fiscal_year, &call.window);
    Ok(Row { label, state, good: call.open, facts, form })
}

fn choice(value: String, label: &str, chosen: &str) -> Choice {
    Choice { chosen: value == chosen, value, label: label.to_owned() }
}

fn lines(visit: &Visit<'_>, place: &Municipality, chosen: &str) -> Vec<Choice> {
    let lines = place.budget_lines.iter();
    lines.map(|(code, line)| choice(code.clone(), visit.say(&line.name), chosen)).collect()
}

fn targets(t: Text, chosen: &str) -> Vec<Choice> {
    TARGETS.into_iter().map(|of| choice(target_key(of), target_name(t, of), chosen)).collect()
}

fn target_key(of: TargetOf) -> String {
    serde_json::to_value(of).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

const fn target_name(t: Text, of: TargetOf) -> &'static str {
    match of {
        TargetOf::DistinctCompaniesAtApplication => t.distinct_at_application(),
        TargetOf::CasesAtApplication => t.cases_at_application(),
        TargetOf::DistinctCompaniesAtDecision => t.distinct_at_decision(),
        TargetOf::CasesAtDecision => t.cases_at_decision(),
        TargetOf::DistinctCompaniesAtPayment => t.distinct_at_payment(),
        TargetOf::CasesAtPayment => t.cases_at_payment(),
    }
}

/// What a field of the form is called.
fn label(t: Text, field: &str) -> &'static str {
    match field {
        "fiscal_year" => t.fiscal_year(),
        "window" => t.window(),
        "opens" => t.opens(),
        "closes" => t.closes(),
        "budget_line" => t.budget_line(),
        "appropriation" => t.appropriation(),
        "capacity" => t.capacity(),
        "target_count" => t.target_count(),
        _ => "",
    }
}

/// Days of rest from the present fiscal year on.
fn coming_holidays<'m>(visit: &Visit<'_>, place: &'m Municipality) -> impl Iterator<Item = &'m NaiveDate> {
    let first = FiscalYear::of(day_in_japan(visit.service.now())).first_day();
    place.calendar.holidays.range(first..)
}

/// The days of rest of each fiscal year from this one on.
fn holidays(visit: &Visit<'_>, place: &Municipality) -> Vec<(String, String)> {
    let mut years: Vec<(String, String)> = Vec::new();
    for day in coming_holidays(visit, place).take(MOST_DAYS) {
        let (year, day) = (FiscalYear::of(*day).name(visit.locale), visit.day(*day));
        match years.last_mut().filter(|(last, _)| *last == year) {
            Some((_, days)) => days.push_str(&format!("{}{day}", visit.t.comma())),
            None => years.push((year, day)),
        }
    }
    years
}

fn offices(visit: &Visit<'_>, place: &Municipality) -> Vec<OfficeRow> {
    let offices = place.offices.values().map(|office| OfficeRow {
        name: visit.say(&office.name).to_owned(),
        phone: office.phone.clone().unwrap_or_default(),
        email: office.email.clone().unwrap_or_default(),
    });
    offices.collect()
}

fn position_name(visit: &Visit<'_>, place: &Municipality, name: &str) -> String {
    place.positions.get(name).map_or_else(|| name.to_owned(), |position| visit.say(&position.name).to_owned())
}

/// Position, office, and who signs when it is vacant.
fn positions(visit: &Visit<'_>, place: &Municipality) -> Vec<(String, String, String)> {
    let positions = place.positions.values().map(|position| {
        let office = place.offices.get(&position.office);
        let office = office.map_or(position.office.as_str(), |office| visit.say(&office.name));
        let deputies: Vec<String> = position.deputies.iter().map(|name| position_name(visit, place, name)).collect();
        (visit.say(&position.name).to_owned(), office.to_owned(), deputies.join(visit.t.comma()))
    });
    positions.collect()
}

/// Each kind of decision, by the action that it signs, with its bands: up to which amount, and who signs.
fn routes(visit: &Visit<'_>, place: &Municipality, program: &Program) -> Vec<(String, Vec<(String, String)>)> {
    let t = visit.t;
    let routes = place.routes.iter().map(|(kind, bands)| {
        let bands = bands.iter().map(|band| {
            let up_to = band.up_to.map_or_else(|| t.no_limit().to_owned(), |yen| format!("{yen} {}", t.yen()));
            let steps: Vec<String> =
                band.steps.iter().map(|step| position_name(visit, place, &step.position)).collect();
            (up_to, steps.join(" → "))
        });
        let signs = program.actions().find(|action| action.rule.approval.as_ref() == Some(kind));
        (signs.map_or(kind.as_str(), |action| visit.say(&action.rule.label)).to_owned(), bands.collect())
    });
    routes.collect()
}

/// Sets the days of rest from this fiscal year on.
pub(super) async fn rest(visit: &Visit<'_>, desk: &Desk) -> Page {
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let read = |text: &str| {
        let days = text.split_whitespace().map(normalized_for_search);
        days.map(|day| parse_day(&day.replace('/', "-")).ok_or(day)).collect::<Result<BTreeSet<_>, _>>()
    };
    let days = match read(visit.asked.field("days")) {
        Ok(days) => days,
        Err(day) => {
            let told = Told::one(Some("holidays".to_owned()), words::no_day(&day));
            return shown(visit, desk, wrong, &told).await;
        }
    };
    let seen = read(visit.asked.field("seen")).unwrap_or_default();
    let place = desk.newest.program.municipality();
    match visit.service.set_holidays(visit.viewer()?, place, &seen, &days).await {
        Ok(()) => Ok(visit.done(&desk.href("calls"), "done")),
        Err(Error::BadInput { path, message }) => shown(visit, desk, wrong, &Told::one(path, message)).await,
        Err(error) => Err(error.into()),
    }
}

/// Sets up a call or changes one. Sent twice, it is done once.
pub(super) async fn change(visit: &Visit<'_>, desk: &Desk) -> Page {
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let change = match read(visit) {
        Ok(change) => change,
        Err(told) => return shown(visit, desk, wrong, &told).await,
    };
    let key = visit.asked.field("key");
    match visit.service.put_call_of_program(visit.viewer()?, &desk.name, &change, key).await {
        Ok(()) => Ok(visit.done(&desk.href("calls"), "done")),
        Err(Error::IdempotencyConflict) => Ok(visit.done(&desk.href("calls"), "done-before")),
        Err(Error::Refused(reasons)) => shown(visit, desk, wrong, &Told::of(reasons)).await,
        Err(Error::BadInput { path, message }) => shown(visit, desk, wrong, &Told::one(path, message)).await,
        Err(error) => Err(error.into()),
    }
}

/// What was typed, or the first thing that cannot be understood.
fn read(visit: &Visit<'_>) -> Result<CallChange, Told> {
    let typed = |name: &str| visit.asked.field(name).trim();
    let wrong = |name: &str, message: Bilingual| Told::one(Some(name.to_owned()), message);
    let day = |name: &str| parse_day(typed(name)).ok_or_else(|| wrong(name, words::wrong_day()));
    let closes: Option<NaiveDate> = if typed("closes").is_empty() { None } else { Some(day("closes")?) };
    let number = |name: &str| -> Result<Option<i64>, Told> {
        let figure = normalized_for_search(typed(name)).replace([',', '_'], "");
        if figure.is_empty() {
            return Ok(None);
        }
        figure.parse().map(Some).map_err(|_| wrong(name, words::wrong_number()))
    };
    let small = |name: &str| -> Result<Option<u32>, Told> {
        let figure = number(name)?;
        figure.map(|figure| u32::try_from(figure).map_err(|_| wrong(name, words::wrong_number()))).transpose()
    };
    let fiscal_year = number("fiscal_year")?.and_then(|year| i32::try_from(year).ok());
    let fiscal_year = fiscal_year.ok_or_else(|| wrong("fiscal_year", words::wrong_number()))?;
    let window = typed("window");
    let is_name = window.starts_with(|c: char| c.is_ascii_lowercase())
        && window.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_name {
        return Err(wrong("window", words::wrong_name()));
    }
    let appropriation = Yen::new(number("appropriation")?.unwrap_or_default());
    let of = TARGETS.into_iter().find(|of| target_key(*of) == typed("target_of"));
    Ok(CallChange {
        fiscal_year,
        window: window.to_owned(),
        opens: day("opens")?,
        closes,
        budget_line: Some(typed("budget_line").to_owned()).filter(|line| !line.is_empty()),
        appropriation: appropriation.map_err(|_| wrong("appropriation", words::wrong_number()))?,
        capacity: small("capacity")?,
        target: small("target_count")?.zip(of).map(|(count, of)| Target { count, of }),
    })
}
