//! Finding a program, and the page of one: who may apply, for what, until when, how much is left.

mod check;

pub(crate) use check::check;

use std::collections::BTreeSet;

use askama::Template;
use poem::http::StatusCode;
use program::definition::{ApplicantKind, Case, Cases, FieldType, Name};
use service::{Application, ApplicationFilter, ApplicationOrder, CallView, Error, ProgramVersion, Reusable};
use uuid::Uuid;
use vocabulary::{day_in_japan, normalized_for_search};

use crate::answer::Answer;
use crate::cases::action_href;
use crate::forms::{Choice, Said, Told};
use crate::place::{Inquiries, places};
use crate::visit::{Frame, Page, Visit, Wrong};

/// Programs of one installation that a search looks through at most.
pub(crate) const MOST_PROGRAMS: usize = 1_000;

/// Programs that are named where nothing is found.
const MOST_NEAR: usize = 5;

#[derive(Template)]
#[template(path = "programs/find.html")]
struct Find {
    frame: Frame,
    /// The visitor has applications to go on with.
    has_begun: bool,
    words: String,
    places: Vec<Choice>,
    only_open: bool,
    count: String,
    /// Where nothing is found: address, title and municipality of what comes near.
    near: Vec<(String, String, String)>,
    cards: Vec<Card>,
}

struct Card {
    href: String,
    title: String,
    place: String,
    summary: Option<String>,
    status: &'static str,
    open: bool,
    lines: Vec<String>,
}

/// An earlier application, and what of it fits.
struct Earlier {
    id: String,
    name: String,
    taken: Vec<String>,
    left_out: Vec<String>,
}

#[derive(Template)]
#[template(path = "programs/taken_over.html")]
struct TakenOver {
    frame: Frame,
    program: String,
    earlier: Earlier,
    next: String,
}

#[derive(Template)]
#[template(path = "programs/one.html")]
struct One {
    frame: Frame,
    place: String,
    errors: Vec<Said>,
    open: bool,
    status: &'static str,
    summary: Option<String>,
    /// Label and value.
    facts: Vec<(&'static str, String)>,
    conditions: Vec<String>,
    documents: Vec<String>,
    categories: Vec<String>,
    /// What is other from a day on, and that day.
    coming: Option<(String, Vec<String>)>,
    may_apply: bool,
    signed_in: bool,
    /// Identifier and name.
    businesses: Vec<(String, String)>,
    /// None of them meets the conditions, as things stand.
    none_meets: bool,
    /// Of each business, whether it may apply.
    checks: Vec<Check>,
    /// Earlier applications whose answers fit.
    earlier: Vec<Earlier>,
    here: String,
    key: String,
}

/// Whether a business may apply, and why not.
struct Check {
    name: String,
    reasons: Vec<Said>,
    /// Applications for the same program that are not over: identifier and number.
    under_way: Vec<(String, String)>,
}

pub(crate) async fn find(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    let (words, chosen) = (asked.parameter("q").trim(), asked.parameter("place"));
    let only_open = asked.parameter("open") == "1";
    let all = visit.service.programs(None, None, MOST_PROGRAMS, None).await?.items;
    let places = places(visit, &all).await?;
    let named = |version: &ProgramVersion| {
        let place = places.get(version.program.municipality());
        place.map(|place| visit.say(&place.name).to_owned()).unwrap_or_default()
    };
    let sought: Vec<String> = words.split_whitespace().map(normalized_for_search).collect();
    let mut found: Vec<&ProgramVersion> = all
        .iter()
        .map(|(_, version)| version)
        .filter(|version| chosen.is_empty() || version.program.municipality() == chosen)
        .filter(|version| !only_open || is_open(version))
        .filter(|version| {
            let text = searched(version, &named(version));
            sought.iter().all(|word| text.contains(word))
        })
        .collect();
    found.sort_by_key(|version| !is_open(version));
    let near = if found.is_empty() { nearest(&all, words, named) } else { Vec::new() };
    let near = near.into_iter().map(|version| {
        let title = visit.say(&version.program.definition().program.title);
        (href(version), title.to_owned(), named(version))
    });
    let choices = places.iter().map(|(name, place)| Choice {
        value: name.clone(),
        label: visit.say(&place.name).to_owned(),
        chosen: name == chosen,
    });
    let has_begun = match visit.asked.visitor.viewer.as_ref().filter(|_| !visit.is_staff()) {
        Some(viewer) => {
            let order = ApplicationOrder::Updated;
            let own = visit.service.applications(viewer, ApplicationFilter::default(), order, 1, None).await?;
            !own.items.is_empty()
        }
        None => false,
    };
    let page = Find {
        frame: visit.frame(visit.t.find_program()),
        has_begun,
        words: words.to_owned(),
        places: choices.collect(),
        only_open,
        count: visit.t.found(found.len()),
        near: near.collect(),
        cards: found.iter().map(|version| card(visit, version, named(version))).collect(),
    };
    Ok(visit.page(&page))
}

/// Those that have most in common with the words, by pairs of letters.
fn nearest<'v>(
    all: &'v [(Name, ProgramVersion)],
    words: &str,
    place: impl Fn(&ProgramVersion) -> String,
) -> Vec<&'v ProgramVersion> {
    let letters: Vec<char> = normalized_for_search(words).chars().filter(|c| !c.is_whitespace()).collect();
    let pairs: BTreeSet<String> = letters.windows(2).map(String::from_iter).collect();
    let in_common = |version: &ProgramVersion| {
        let text = searched(version, &place(version));
        pairs.iter().filter(|pair| text.contains(pair.as_str())).count()
    };
    let mut near: Vec<(usize, &ProgramVersion)> = all
        .iter()
        .map(|(_, version)| (in_common(version), version))
        .filter(|(common, _)| *common > 0 && common * 3 >= pairs.len())
        .collect();
    near.sort_by_key(|(common, version)| (std::cmp::Reverse(*common), !is_open(version)));
    near.into_iter().take(MOST_NEAR).map(|(_, version)| version).collect()
}

/// What a search looks at, in both languages.
fn searched(version: &ProgramVersion, place: &str) -> String {
    let text = &version.program.definition().program;
    let summary = text.summary.clone().unwrap_or_default();
    let words = [&*text.title.ja, &text.title.en, &summary.ja, &summary.en, place];
    normalized_for_search(&words.join(" "))
}

fn is_open(version: &ProgramVersion) -> bool {
    version.calls.iter().any(|call| call.open)
}

/// The call that matters now: the open one, the next one, or the last one.
fn current<'v>(visit: &Visit<'_>, version: &'v ProgramVersion) -> Option<&'v CallView> {
    let today = day_in_japan(visit.service.now());
    let calls = &version.calls;
    let next = || calls.iter().filter(|call| call.opens > today).min_by_key(|call| call.opens);
    let last = || calls.iter().max_by_key(|call| call.opens);
    calls.iter().find(|call| call.open).or_else(next).or_else(last)
}

fn status(visit: &Visit<'_>, version: &ProgramVersion) -> &'static str {
    let today = day_in_japan(visit.service.now());
    match current(visit, version) {
        Some(call) if call.open => visit.t.open(),
        Some(call) if !version.closed && call.opens > today => visit.t.opens_later(),
        _ => visit.t.closed(),
    }
}

fn card(visit: &Visit<'_>, version: &ProgramVersion, place: String) -> Card {
    let text = &version.program.definition().program;
    Card {
        href: href(version),
        title: visit.say(&text.title).to_owned(),
        place,
        summary: text.summary.as_ref().map(|summary| visit.say(summary).to_owned()),
        status: status(visit, version),
        open: is_open(version),
        lines: figures(visit, version, false).into_iter().map(|(label, value)| format!("{label}: {value}")).collect(),
    }
}

fn href(version: &ProgramVersion) -> String {
    format!("/programs/{}", version.program.name())
}

/// Rate and cap, with their cases where the `whole` is told, days and money that are left.
fn figures(visit: &Visit<'_>, version: &ProgramVersion, whole: bool) -> Vec<(&'static str, String)> {
    let t = visit.t;
    let mut facts = Vec::new();
    if let Some(rule) = &version.program.definition().program.amount {
        facts.push((t.rate(), by_case(visit, version, &rule.rate, ToString::to_string, whole)));
        facts.push((t.cap(), by_case(visit, version, &rule.cap, |cap| format!("{cap} {}", t.yen()), whole)));
    }
    if let Some(call) = current(visit, version) {
        let today = day_in_japan(visit.service.now());
        let from = visit.day(call.opens);
        let until = call.closes.map(|last| visit.day(last));
        facts.push((t.period(), format!("{from} – {}", until.as_deref().unwrap_or(t.while_money_lasts()))));
        if let Some(last) = call.closes.filter(|_| call.open) {
            facts.push((t.time_left(), t.days((last - today).num_days())));
        }
        if let Some(left) = call.budget_left {
            facts.push((t.budget_left(), format!("{left} {}", t.yen())));
        }
        if let Some(left) = call.places_left {
            facts.push((t.places_left(), left.to_string()));
        }
    }
    facts
}

/// A value, or those of several cases: as a whole each with its condition, a line each; else that it depends.
fn by_case<T>(
    visit: &Visit<'_>,
    version: &ProgramVersion,
    cases: &Cases<T>,
    show: impl Fn(&T) -> String,
    whole: bool,
) -> String {
    let t = visit.t;
    let cases = match cases {
        Cases::Always(value) => return show(value),
        Cases::FirstOf(cases) => cases,
    };
    if !whole {
        let mut values: Vec<String> = cases.iter().map(|case| show(&case.then)).collect();
        values.dedup();
        return t.one_of(&values);
    }
    let line = |case: &Case<T>| {
        let words = case.when.as_deref().and_then(|when| version.program.condition_in_words(when));
        let when = match (&words, &case.when) {
            (Some(words), _) => visit.say(words),
            (None, Some(written)) => written,
            (None, None) => t.otherwise(),
        };
        format!("{} ({when})", show(&case.then))
    };
    cases.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub(crate) async fn one(visit: &Visit<'_>, municipality: &str, slug: &str) -> Page {
    shown(visit, municipality, slug, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, municipality: &str, slug: &str, code: StatusCode, told: &Told) -> Page {
    let t = visit.t;
    let version = visit.service.program(&format!("{municipality}/{slug}"), None).await?;
    let place = visit.service.municipality_named(municipality).await?;
    let text = &version.program.definition().program;
    let mut facts = vec![(t.municipality(), visit.say(&place.name).to_owned())];
    facts.extend(figures(visit, &version, true));
    let kinds: Vec<&str> = text.applicant.kinds.iter().map(|kind| kind_name(visit, *kind)).collect();
    facts.push((t.applicant_kinds(), kinds.join(t.comma())));
    facts.push((t.grounds(), text.grounds.document.clone()));
    facts.extend(Inquiries::of(visit, &place).map(|office| (t.inquiries(), office.to_string())));
    if !text.sample_figures.is_empty() {
        facts.push((t.note(), t.sample_figures().to_owned()));
    }
    let form = version.program.form("application");
    let documents = form.iter().flat_map(|form| &form.documents).map(|asked| {
        let sometimes = if asked.optional || asked.when.is_some() { t.if_it_applies() } else { "" };
        format!("{}{sometimes}", visit.say(&asked.label))
    });
    let costs = form.iter().flat_map(|form| form.fields.values()).filter(|field| field.rule.kind == FieldType::Costs);
    let categories = costs.flat_map(|field| field.rule.categories.values()).map(|category| {
        let cap = category.cap.map(|cap| format!(" ({})", t.at_most(&cap.to_string()))).unwrap_or_default();
        format!("{}{cap}", visit.say(&category.label))
    });
    let viewer = visit.asked.visitor.viewer.as_ref();
    let businesses = match viewer {
        Some(viewer) => visit.service.businesses(viewer).await?,
        None => Vec::new(),
    };
    let (mut checks, mut earlier, mut refused) = (Vec::new(), Vec::new(), BTreeSet::new());
    for view in &businesses {
        let Some(viewer) = viewer else { break };
        match visit.service.eligibility(viewer, version.program.name(), view.business.id).await {
            Ok(refusals) => {
                if !refusals.is_empty() {
                    refused.insert(view.business.id);
                }
                let reasons = Told::of(refusals).summary(|_| None, visit.locale);
                let under_way = visit.service.under_way(viewer, &version, view.business.id).await?;
                let under_way = under_way.into_iter().map(|found| {
                    let number = found.case.body.numbers.get("application").cloned().unwrap_or_default();
                    (found.case.id.to_string(), number)
                });
                checks.push(Check { name: view.business.name.clone(), reasons, under_way: under_way.collect() });
            }
            // There is no call to apply for.
            Err(Error::Refused(_)) => continue,
            Err(error) => return Err(error.into()),
        }
        let reusable = visit.service.reusable(viewer, version.program.name(), view.business.id).await?;
        earlier.extend(reusable.iter().map(|reusable| Earlier::of(visit, reusable)));
    }
    let none_meets = !businesses.is_empty() && refused.len() == businesses.len();
    let named = businesses.into_iter().map(|view| {
        let not_now = if refused.contains(&view.business.id) { t.as_things_stand_not() } else { "" };
        (view.business.id.to_string(), format!("{}{not_now}", view.business.name))
    });
    let coming = visit.service.coming_version(version.program.name()).await?;
    let today = day_in_japan(visit.service.now());
    let goes_on = |call: &CallView| call.closes.is_none_or(|last| today <= last);
    let errors = told.summary(|_| None, visit.locale);
    let page = One {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(visit.say(&text.title)) },
        place: visit.say(&place.name).to_owned(),
        errors,
        open: is_open(&version),
        status: status(visit, &version),
        summary: text.summary.as_ref().map(|summary| visit.say(summary).to_owned()),
        facts,
        conditions: text.applicant.must.iter().map(|need| visit.say(&need.otherwise).to_owned()).collect(),
        documents: documents.collect(),
        categories: categories.collect(),
        coming: coming.map(|coming| {
            let differences = coming.differences.iter();
            let major = differences.filter(|difference| {
                difference.weight == program::Weight::Major && is_for_applicants(&difference.path)
            });
            (
                visit.day(coming.effective_from),
                major.map(|difference| visit.say(&difference.words).to_owned()).collect(),
            )
        }),
        may_apply: !version.closed && current(visit, &version).is_some_and(goes_on),
        signed_in: viewer.is_some(),
        none_meets,
        businesses: named.collect(),
        checks,
        earlier,
        here: href(&version),
        key: visit.key(),
    };
    Ok(visit.page_with(code, &page))
}

/// Whether what stands there in a definition matters to whoever applies.
fn is_for_applicants(path: &str) -> bool {
    const PARTS: [&str; 8] = ["title", "applicant", "limits", "form", "documents", "must", "amount", "deadlines"];
    path.strip_prefix("/program/").is_some_and(|rest| PARTS.contains(&rest.split('/').next().unwrap_or_default()))
}

impl Earlier {
    fn of(visit: &Visit<'_>, reusable: &Reusable) -> Self {
        let Reusable { application, taken, left_out, .. } = reusable;
        let case = &application.case;
        let state = application.program.state(&case.state).map(|state| visit.say(&state.label));
        let number = case.body.numbers.get("application").map(String::as_str).or(state).unwrap_or_default();
        let title = visit.say(&application.program.definition().program.title);
        let day = visit.day(day_in_japan(application.updated_at));
        Self {
            id: case.id.to_string(),
            name: [title, number, &case.business.name, &day].join(" · "),
            taken: taken.iter().map(|label| visit.say(label).to_owned()).collect(),
            left_out: left_out
                .iter()
                .map(|left| format!("{} ({})", visit.say(&left.label), visit.say(&left.reason.message())))
                .collect(),
        }
    }
}

fn kind_name(visit: &Visit<'_>, kind: ApplicantKind) -> &'static str {
    let t = visit.t;
    match kind {
        ApplicantKind::Company => t.company(),
        ApplicantKind::SoleProprietor => t.sole_proprietor(),
        ApplicantKind::Group => t.group(),
        ApplicantKind::Association => t.association(),
    }
}

/// Where a new application is filled in.
async fn first_page(visit: &Visit<'_>, application: &Application) -> Result<String, Wrong> {
    let offered = visit.service.available_actions(visit.viewer()?, std::slice::from_ref(application)).await?;
    let filled_in = offered.iter().flatten().find(|action| action.permitted && action.form.is_some());
    let case = application.case.id;
    Ok(filled_in.map_or_else(|| format!("/applications/{case}"), |action| action_href(case, action, None)))
}

/// Starts a draft, with what was said in an earlier application if one is chosen, and tells what was taken over;
/// pressing twice starts one.
pub(crate) async fn apply(visit: &Visit<'_>, municipality: &str, slug: &str) -> Page {
    let asked = visit.asked;
    let business = Uuid::try_parse(asked.field("business")).unwrap_or_default();
    let name = format!("{municipality}/{slug}");
    let earlier = Uuid::try_parse(asked.field("earlier")).ok();
    match visit.service.start_from(visit.viewer()?, &name, business, earlier, asked.field("key")).await {
        Ok((application, None)) => Ok(Answer::see(&first_page(visit, &application).await?)),
        Ok((application, Some(reusable))) => Ok(visit.page(&TakenOver {
            frame: visit.frame(visit.t.taken_over()),
            program: visit.say(&application.program.definition().program.title).to_owned(),
            earlier: Earlier::of(visit, &reusable),
            next: first_page(visit, &application).await?,
        })),
        Err(Error::Refused(refusals)) => {
            shown(visit, municipality, slug, StatusCode::UNPROCESSABLE_ENTITY, &Told::of(refusals)).await
        }
        Err(Error::BadInput { message, .. }) => {
            shown(visit, municipality, slug, StatusCode::UNPROCESSABLE_ENTITY, &Told::one(None, message)).await
        }
        Err(error) => Err(error.into()),
    }
}
