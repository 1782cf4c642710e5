//! The programs of an officer's municipalities: found by words, place and state.

use std::collections::BTreeMap;

use askama::Template;
use service::ProgramOverview;
use vocabulary::normalized_for_search;

use crate::asked::in_url;
use crate::forms::Choice;
use crate::visit::{Frame, Page, Visit};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "officer/list.html")]
struct List {
    frame: Frame,
    words: String,
    places: Vec<Choice>,
    states: Vec<Choice>,
    rows: Vec<Row>,
    count: String,
    next: Option<String>,
}

struct Row {
    href: String,
    title: String,
    name: String,
    place: String,
    state: &'static str,
    good: bool,
    has_draft: bool,
    /// A version that is not in force yet.
    waits: Option<String>,
    version: String,
    published: String,
    calls: Vec<String>,
}

pub(super) async fn page(visit: &Visit<'_>) -> Page {
    let (t, asked) = (visit.t, visit.asked);
    let all = visit.service.programs_of_officer(visit.viewer()?).await?;
    let mut names = BTreeMap::new();
    for found in &all {
        let place = found.newest.program.municipality();
        if !names.contains_key(place) {
            let municipality = visit.service.municipality_named(place).await?;
            names.insert(place.to_owned(), visit.say(&municipality.name).to_owned());
        }
    }
    let (place, state, after) = (asked.parameter("place"), asked.parameter("state"), asked.parameter("after"));
    let sought: Vec<String> = asked.parameter("q").split_whitespace().map(normalized_for_search).collect();
    let fits = |found: &&ProgramOverview| {
        let program = &found.newest.program;
        let title = &program.definition().program.title;
        let text = normalized_for_search(&format!("{} {} {}", title.ja, title.en, program.name()));
        sought.iter().all(|word| text.contains(word))
            && (place.is_empty() || program.municipality() == place)
            && match state {
                "open" => found.now.calls.iter().any(|call| call.open),
                "rests" => !found.now.closed && !found.now.calls.iter().any(|call| call.open),
                "closed" => found.now.closed,
                "draft" => found.has_draft,
                _ => true,
            }
    };
    let fitting: Vec<&ProgramOverview> = all.iter().filter(fits).collect();
    let mut rest = fitting.iter().filter(|found| after.is_empty() || found.newest.program.name() > after);
    let shown: Vec<&ProgramOverview> = rest.by_ref().take(ROWS).copied().collect();
    let kept = asked.query.iter().filter(|(name, value)| name != "after" && !value.is_empty());
    let query: String = kept.map(|(name, value)| format!("{}={}&", in_url(name), in_url(value))).collect();
    let last = shown.last().filter(|_| rest.next().is_some());
    let next = last.map(|last| format!("/staff/programs?{query}after={}", in_url(last.newest.program.name())));
    let states =
        [("open", t.open()), ("rests", t.not_open()), ("closed", t.closed_state()), ("draft", t.being_written())];
    let choice = |value: &str, label: &str, chosen: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: value == chosen,
    };
    let page = List {
        frame: visit.frame(t.programs_of_office()),
        words: asked.parameter("q").to_owned(),
        places: names.iter().map(|(name, label)| choice(name, label, place)).collect(),
        states: states.iter().map(|(value, label)| choice(value, label, state)).collect(),
        count: t.found(fitting.len()),
        rows: shown.iter().map(|found| row(visit, found, &names)).collect(),
        next,
    };
    Ok(visit.page(&page))
}

fn row(visit: &Visit<'_>, found: &ProgramOverview, places: &BTreeMap<String, String>) -> Row {
    let (t, newest, now) = (visit.t, &found.newest, &found.now);
    let program = &newest.program;
    let open = now.calls.iter().any(|call| call.open);
    let state = match (now.closed, open) {
        (true, _) => t.closed_state(),
        (false, true) => t.open(),
        (false, false) => t.not_open(),
    };
    let calls = newest.calls.iter().take(2).map(|call| {
        let until = call.closes.map_or_else(|| t.while_money_lasts().to_owned(), |last| visit.day(last));
        format!("{} – {until}", visit.day(call.opens))
    });
    Row {
        href: format!("/staff/programs/{}", program.name()),
        title: visit.say(&program.definition().program.title).to_owned(),
        name: program.name().to_owned(),
        place: places.get(program.municipality()).cloned().unwrap_or_default(),
        state,
        good: open,
        has_draft: found.has_draft,
        waits: (newest.version != now.version)
            .then(|| format!("{} {}", t.version(newest.version), t.not_in_force_yet())),
        version: t.version(now.version),
        published: visit.day(vocabulary::day_in_japan(now.published_at)),
        calls: calls.collect(),
    }
}
