//! What must fit between files: programs and calls with their municipality, the municipality with itself, programs with the
//! catalogue.

use std::collections::{BTreeMap, BTreeSet};

use vocabulary::{Bilingual, Calendar, FiscalYear};

use crate::definition::{
    Action, Archetype, Call, Calls, Catalogue, Definition, Effect, LegalNature, Municipality, Name, ProgramText,
    RouteBand,
};
use crate::finding::{Finding, suggested};
use crate::resolve::amount_path;
use crate::yaml::pointer_part;

/// "There is no … `name`", with the known name that is close, or the known names.
pub(crate) fn unknown<'a>(
    code: &str,
    path: impl Into<String>,
    what: (&str, &str),
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Finding {
    let message =
        Bilingual::new(format!("{}「{name}」がありません", what.0), format!("There is no {} `{name}`", what.1));
    Finding::error(code, path, message).hint(suggested(name, known))
}

/// Office days of a fiscal year can be counted.
fn has_holidays(calendar: &Calendar, year: FiscalYear) -> bool {
    calendar.holidays.range(year.first_day()..=year.last_day()).next().is_some()
}

fn all_actions(archetype: &Archetype) -> impl Iterator<Item = &Action> {
    let beside = archetype.procedures.values().flat_map(|procedure| procedure.actions.values());
    archetype.actions.values().chain(beside)
}

/// Approval routes and kinds of numbers that a program's actions ask of its municipality.
pub(crate) fn check_program(definition: &Definition, municipality: &Municipality) -> Vec<Finding> {
    let archetype = &definition.archetype;
    let own =
        archetype.actions.iter().map(|(name, action)| (format!("/archetype/actions/{}", pointer_part(name)), action));
    let beside = archetype.procedures.iter().flat_map(|(procedure, rule)| {
        rule.actions.iter().map(move |(name, action)| {
            (format!("/archetype/procedures/{}/actions/{}", pointer_part(procedure), pointer_part(name)), action)
        })
    });
    let mut findings = Vec::new();
    for (path, action) in own.chain(beside) {
        findings.extend(check_action(&path, action, municipality));
    }
    for (name, amount) in archetype.all_amounts() {
        let table = amount.interest.as_ref().map(|rule| &rule.table);
        if let Some(table) = table.filter(|table| !municipality.interest.contains_key(*table)) {
            let path = format!("{}/interest/table", amount_path(archetype, name));
            findings.push(unknown(
                "reference.interest",
                path,
                ("利率の表", "table of interest"),
                table,
                keys(&municipality.interest),
            ));
        }
    }
    if definition.program.legal_nature == LegalNature::Disposition && municipality.letter_head.appeal.is_none() {
        let message = Bilingual::new(
            "処分の通知書に載せる教示が、自治体の letter_head.appeal にありません",
            "A disposition says where to appeal, and the municipality's `letter_head.appeal` does not",
        );
        findings.push(Finding::error("letter.appeal_text", "/program/legal_nature", message));
    }
    for (name, letter) in &archetype.letters {
        if let Some(kind) = letter.number.as_ref().filter(|kind| !municipality.numbers.contains_key(*kind)) {
            let path = format!("/archetype/letters/{}/number", pointer_part(name));
            findings.push(unknown(
                "reference.number",
                path,
                ("番号の種類", "kind of number"),
                kind,
                keys(&municipality.numbers),
            ));
        }
    }
    findings
}

fn keys<T>(map: &indexmap::IndexMap<Name, T>) -> impl Iterator<Item = &str> {
    map.keys().map(String::as_str)
}

fn check_action(path: &str, action: &Action, municipality: &Municipality) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(route) = action.approval.as_ref().filter(|route| !municipality.routes.contains_key(*route)) {
        let known = keys(&municipality.routes);
        findings.push(unknown(
            "reference.route",
            format!("{path}/approval"),
            ("決裁区分", "approval route"),
            route,
            known,
        ));
    }
    for (i, effect) in action.effects.iter().enumerate() {
        match effect {
            Effect::Number(kind) if !municipality.numbers.contains_key(kind) => {
                let path = format!("{path}/effects/{i}");
                findings.push(unknown(
                    "reference.number",
                    path,
                    ("番号の種類", "kind of number"),
                    kind,
                    keys(&municipality.numbers),
                ));
            }
            _ => {}
        }
    }
    findings
}

/// Offices, positions and routes of a municipality.
pub(crate) fn check_municipality(municipality: &Municipality) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_deputies(municipality, &mut findings);
    for (name, table) in &municipality.interest {
        if !table.rates.is_sorted_by(|earlier, later| earlier.from < later.from) || table.rates.is_empty() {
            let message =
                Bilingual::new("利率は適用日の早い順に書いてください", "Rates stand in the order of their days");
            findings.push(Finding::error(
                "municipality.interest",
                format!("/interest/{}/rates", pointer_part(name)),
                message,
            ));
        }
    }
    let positions = || keys(&municipality.positions);
    for (name, position) in &municipality.positions {
        let path = format!("/positions/{}", pointer_part(name));
        if !municipality.offices.contains_key(&position.office) {
            let known = keys(&municipality.offices);
            findings.push(unknown(
                "reference.office",
                format!("{path}/office"),
                ("部署", "office"),
                &position.office,
                known,
            ));
        }
        for (i, deputy) in position.deputies.iter().enumerate() {
            let path = format!("{path}/deputies/{i}");
            if !municipality.positions.contains_key(deputy) {
                findings.push(unknown("reference.position", path, ("職", "position"), deputy, positions()));
            }
        }
    }
    for (name, bands) in &municipality.routes {
        let path = format!("/routes/{}", pointer_part(name));
        let rising = bands.iter().map(|band| band.up_to).collect::<Vec<_>>();
        let is_open = rising.last().is_some_and(Option::is_none);
        let ascends = rising.windows(2).all(|pair| match pair {
            [Some(lower), Some(upper)] => lower < upper,
            [None, _] => false,
            _ => true,
        });
        if !is_open || !ascends {
            let message = Bilingual::new(
                "金額の区分は小さい順に並べ、最後は up_to なしにしてください",
                "Bands rise by `up_to`, and the last one has none, so that every amount has a route",
            );
            findings.push(Finding::error("municipality.bands", path.clone(), message));
        }
        for (i, band) in bands.iter().enumerate() {
            if band.steps.is_empty() {
                let message = Bilingual::new("決裁する職がありません", "Nobody signs here");
                findings.push(Finding::error("municipality.steps", format!("{path}/{i}/steps"), message));
            }
            check_signers(municipality, band, &format!("{path}/{i}/steps"), &mut findings);
            for (j, step) in band.steps.iter().enumerate() {
                if !municipality.positions.contains_key(&step.position) {
                    let path = format!("{path}/{i}/steps/{j}/position");
                    findings.push(unknown("reference.position", path, ("職", "position"), &step.position, positions()));
                }
            }
        }
    }
    findings
}

/// 代決: whoever stands in for somebody, and for whoever stands in, is somebody else in the end.
fn check_deputies(municipality: &Municipality, findings: &mut Vec<Finding>) {
    // Positions whose deputies end; the others stand in for each other in a circle.
    let mut ending: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
    let mut stands_in_for: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, position) in &municipality.positions {
        let deputies = position.deputies.iter().filter(|deputy| municipality.positions.contains_key(*deputy));
        let count = deputies.map(|deputy| stands_in_for.entry(deputy).or_default().push(name)).count();
        waiting.insert(name, count);
    }
    let mut open: Vec<&str> = waiting.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    while let Some(name) = open.pop() {
        ending.insert(name);
        for other in stands_in_for.get(name).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(other) {
                *count -= 1;
                if *count == 0 {
                    open.push(other);
                }
            }
        }
    }
    for (name, position) in &municipality.positions {
        for (i, deputy) in position.deputies.iter().enumerate() {
            let goes_round = municipality.positions.contains_key(deputy) && !ending.contains(deputy.as_str());
            if goes_round {
                let message = Bilingual::new(
                    format!("「{name}」の代決者をたどると元に戻ります"),
                    format!("The deputies of `{name}` lead round in a circle"),
                );
                let path = format!("/positions/{}/deputies/{i}", pointer_part(name));
                findings.push(Finding::error("municipality.deputy", path, message));
            }
        }
    }
}

/// Each signature is another position's, and there is somebody left to sign when the drafter holds the only one.
fn check_signers(municipality: &Municipality, band: &RouteBand, path: &str, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for (j, step) in band.steps.iter().enumerate().filter(|(_, step)| !seen.insert(&step.position)) {
        let message = Bilingual::new(
            format!("「{}」が2回決裁します", step.position),
            format!("`{}` signs twice on this route", step.position),
        );
        findings.push(Finding::error("municipality.signs_twice", format!("{path}/{j}/position"), message));
    }
    if let [only] = band.steps.as_slice()
        && municipality.positions.get(&only.position).is_some_and(|position| position.deputies.is_empty())
    {
        let message = Bilingual::new(
            "この職の人が起案すると、決裁できる人がいません。代決者か、もう1つの職を加えてください",
            "When the holder of this position drafts, nobody is left to sign; add a deputy or another position",
        );
        findings.push(Finding::error("municipality.lone_signer", format!("{path}/0/position"), message));
    }
}

/// What a municipality declares and none of its programs and calls uses.
pub(crate) fn check_unused(municipality: &Municipality, programs: &[&Definition], calls: &[&Call]) -> Vec<Finding> {
    let actions = programs.iter().flat_map(|program| all_actions(&program.archetype));
    let letters = programs.iter().flat_map(|program| program.archetype.letters.values());
    let mut numbers: BTreeSet<&str> = letters.filter_map(|letter| letter.number.as_deref()).collect();
    let mut routes: BTreeSet<&str> = BTreeSet::new();
    for action in actions {
        routes.extend(action.approval.as_deref());
        numbers.extend(action.effects.iter().filter_map(|effect| match effect {
            Effect::Number(kind) => Some(kind.as_str()),
            _ => None,
        }));
    }
    let steps = municipality.routes.values().flatten().flat_map(|band| &band.steps);
    let deputies = municipality.positions.values().flat_map(|position| &position.deputies);
    let positions: BTreeSet<&str> = steps.map(|step| &step.position).chain(deputies).map(String::as_str).collect();
    let lines: BTreeSet<&str> = calls.iter().filter_map(|call| call.budget_line.as_deref()).collect();
    let unused = |code, section, what: (&str, &str), names: Vec<&str>, used: &BTreeSet<&str>| -> Vec<Finding> {
        let left = names.into_iter().filter(|name| !used.contains(name));
        let finding = |name: &str| {
            let message = Bilingual::new(
                format!("{}「{name}」はどこからも使われていません", what.0),
                format!("The {} `{name}` is used by nothing", what.1),
            );
            Finding::warning(code, format!("/{section}/{}", pointer_part(name)), message)
        };
        left.map(finding).collect()
    };
    let place = municipality;
    let (all_routes, all_numbers) = (keys(&place.routes).collect(), keys(&place.numbers).collect());
    let (all_positions, all_lines) = (keys(&place.positions).collect(), keys(&place.budget_lines).collect());
    let mut findings = unused("unused.route", "routes", ("決裁区分", "approval route"), all_routes, &routes);
    findings.extend(unused("unused.number", "numbers", ("番号の種類", "kind of number"), all_numbers, &numbers));
    findings.extend(unused("unused.position", "positions", ("職", "position"), all_positions, &positions));
    findings.extend(unused("unused.budget_line", "budget_lines", ("予算科目", "budget line"), all_lines, &lines));
    findings
}

/// Calls name programs and budget lines that exist, and do not overlap.
pub(crate) fn check_calls<'m>(
    calls: &Calls,
    programs: &BTreeSet<&str>,
    unreadable: &BTreeSet<&str>,
    municipality: impl Fn(&str) -> Option<&'m Municipality>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (i, call) in calls.calls.iter().enumerate() {
        let path = format!("/calls/{i}");
        if !programs.contains(call.program.as_str()) && !unreadable.contains(call.program.as_str()) {
            let known = programs.iter().copied();
            findings.push(unknown(
                "reference.program",
                format!("{path}/program"),
                ("制度", "program"),
                &call.program,
                known,
            ));
        }
        let place = municipality(call.program.split('/').next().unwrap_or_default());
        if let Some(municipality) = place
            && let Some(line) = call.budget_line.as_ref().filter(|line| !municipality.budget_lines.contains_key(*line))
        {
            let known = keys(&municipality.budget_lines);
            let path = format!("{path}/budget_line");
            findings.push(unknown("reference.budget_line", path, ("予算科目", "budget line"), line, known));
        }
        if call.budget_line.is_none() && !call.appropriation.is_zero() {
            let message = Bilingual::new("予算額には予算科目が必要です", "An appropriation needs a budget line");
            findings.push(Finding::error("calls.appropriation", format!("{path}/appropriation"), message));
        }
        if call.closes.is_some_and(|closes| closes < call.opens) {
            let message = Bilingual::new("締切が開始日より前です", "It closes before it opens");
            findings.push(Finding::error("calls.dates", format!("{path}/closes"), message));
        }
        if let Some(municipality) = place
            && !has_holidays(&municipality.calendar, FiscalYear(call.fiscal_year))
        {
            let year = call.fiscal_year;
            let message = Bilingual::new(
                format!("自治体の暦（calendar）に{year}年度の休日がありません"),
                format!("The municipality's calendar has no holidays in the fiscal year {year}"),
            );
            findings.push(Finding::error("calls.calendar", format!("{path}/fiscal_year"), message));
        }
        if !seen.insert((&call.program, call.fiscal_year, &call.window)) {
            let message = Bilingual::new(
                "同じ制度・年度・期間の募集が2回あります",
                "There are two calls of this program, fiscal year and window",
            );
            findings.push(Finding::error("calls.twice", path, message));
        } else if let Some(earlier) = calls.calls.iter().take(i).find(|earlier| are_open_at_once(earlier, call)) {
            let message = Bilingual::new(
                format!("{}からの募集と期間が重なっています", earlier.opens),
                format!("This call is open at the same time as the one from {}", earlier.opens),
            );
            findings.push(Finding::error("calls.overlap", format!("{path}/opens"), message));
        }
    }
    findings
}

/// Whether nobody could say which of two calls an application of some day belongs to. What has no last day ends with its
/// fiscal year.
fn are_open_at_once(one: &Call, other: &Call) -> bool {
    let last_day = |call: &Call| call.closes.unwrap_or_else(|| FiscalYear(call.fiscal_year).last_day());
    one.program == other.program && one.opens <= last_day(other) && other.opens <= last_day(one)
}

/// The kinds and documents that rows of the catalogue name.
pub(crate) fn check_catalogue(catalogue: &Catalogue) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, row) in &catalogue.rows {
        let path = format!("/rows/{}", pointer_part(number));
        if !catalogue.kinds.contains_key(&row.kind) {
            let known = keys(&catalogue.kinds);
            findings.push(unknown(
                "reference.kind",
                format!("{path}/kind"),
                ("種類", "kind of scheme"),
                &row.kind,
                known,
            ));
        }
        if !catalogue.documents.contains_key(&row.document) {
            let (path, known) = (format!("{path}/document"), keys(&catalogue.documents));
            findings.push(unknown("reference.document", path, ("計画", "planning document"), &row.document, known));
        }
    }
    findings
}

/// The rows of the catalogue that a program says it is: they are there, of its municipality and archetype, and no other
/// program's. `taken` remembers whose they are.
pub(crate) fn check_rows(
    program: &ProgramText,
    catalogue: &Catalogue,
    taken: &mut BTreeMap<String, String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (i, number) in program.catalogue.iter().enumerate() {
        let path = format!("/program/catalogue/{i}");
        let Some(row) = catalogue.rows.get(number) else {
            let known = keys(&catalogue.rows);
            findings.push(unknown("reference.catalogue", path, ("一覧の番号", "row of the catalogue"), number, known));
            continue;
        };
        if let Some(other) = taken.insert(number.clone(), program.program.clone()) {
            let message = Bilingual::new(
                format!("「{number}」はすでに「{other}」の番号です"),
                format!("`{number}` is already the row of `{other}`"),
            );
            findings.push(Finding::error("catalogue.twice", path.clone(), message));
        }
        if program.program.split('/').next() != Some(row.municipality.as_str()) {
            let message = Bilingual::new(
                format!("「{number}」は「{}」の事業です", row.municipality),
                format!("`{number}` is a scheme of `{}`", row.municipality),
            );
            findings.push(Finding::error("catalogue.municipality", path.clone(), message));
        }
        let kind = catalogue.kinds.get(&row.kind);
        if let Some(kind) = kind.filter(|kind| kind.archetype.as_ref() != Some(&program.archetype)) {
            let message = Bilingual::new(
                format!("「{number}」は{}で、この類型の制度ではありません", kind.label.ja),
                format!("`{number}` is of the kind {} ({}), which is not this archetype's", row.kind, kind.label.en),
            );
            findings.push(Finding::error("catalogue.archetype", path, message));
        }
    }
    findings
}
