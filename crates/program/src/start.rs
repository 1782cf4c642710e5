//! The files of a new program, from the answers to a few questions: right as they are, and meant to be gone through.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{Days, Months, NaiveDate};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, FiscalYear, MunicipalityCode, Rate, Yen, parse_day};

use crate::compiled::Program;
use crate::definition::{
    AmountRule, ApplicantFacts, ApplicantKind, Archetype, BusinessSize, DeadlineRule, Name, Procedure, ProgramText,
    ScenarioStep, Scenarios, StateKind,
};
use crate::facts::APPLICATION;
use crate::load::SourceFile;

const PROGRAM: &str = include_str!("start/program.yaml");
const MUNICIPALITY: &str = include_str!("start/municipality.yaml");

/// What has to be known to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct NewProgram {
    /// `<municipality>/<slug>`
    pub program: String,
    pub archetype: Name,
    pub title: Bilingual,
    /// The document that the program stands on, e.g. an outline (要綱).
    pub grounds: String,
    pub rate: Rate,
    pub cap: Yen,
    /// The award is truncated to this many yen.
    pub round_down: Yen,
    /// Below it nothing is granted.
    pub minimum: Option<Yen>,
    /// Categories of costs.
    pub categories: Vec<(Name, Bilingual)>,
    /// Documents of the archetype that the application asks for.
    pub documents: Vec<Name>,
    /// Options of the archetype that differ from their default.
    pub options: BTreeMap<Name, bool>,
    pub opens: NaiveDate,
    /// The last day; open until the budget is used when absent.
    pub closes: Option<NaiveDate>,
    pub budget_line: Name,
    /// Yen of the budget line in the fiscal year in which the call opens.
    pub appropriation: Yen,
}

/// A municipality that has no file yet. What is not asked is a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMunicipality {
    pub code: MunicipalityCode,
    pub name: Bilingual,
}

impl NewProgram {
    #[must_use]
    pub fn municipality(&self) -> &str {
        self.program.split_once('/').map_or("", |(municipality, _)| municipality)
    }

    /// The program's own file. Its deadlines are those that most other programs on the archetype have.
    #[must_use]
    pub fn program_file(&self, archetype: &Archetype, examples: &[&ProgramText]) -> SourceFile {
        let options = self.options.iter().map(|(name, on)| format!("{name}: {on}")).collect::<Vec<_>>().join(", ");
        let categories =
            self.categories.iter().map(|(name, label)| format!("      {name}: {{ label: {} }}\n", words(label)));
        let asked: BTreeSet<&str> =
            archetype.asked_deadlines(|option| self.is_on(archetype, option)).map(|(name, _)| name).collect();
        let deadlines = asked
            .into_iter()
            .filter_map(|name| Some(format!("  {name}: {}\n", usual_deadline(name, archetype, examples)?)));
        let text = filled(
            PROGRAM,
            &[
                ("program", self.program.clone()),
                ("archetype", self.archetype.clone()),
                ("title", words(&self.title)),
                ("grounds", scalar(&self.grounds)),
                ("options", if options.is_empty() { options } else { format!("options: {{ {options} }}\n") }),
                ("actual", if asks_after_payment(archetype) { "    actual: true\n".to_owned() } else { String::new() }),
                ("categories", categories.collect()),
                ("documents", self.documents.join(", ")),
                ("rate", self.rate.to_string()),
                ("round_down", underscored(self.round_down)),
                ("cap", underscored(self.cap)),
                ("minimum", self.minimum.map(|yen| format!("  minimum: {}\n", underscored(yen))).unwrap_or_default()),
                ("deadlines", deadlines.collect()),
                ("sections", self.sections(examples)),
            ],
        );
        SourceFile { path: format!("programs/{}.yaml", self.program), text }
    }

    fn is_on(&self, archetype: &Archetype, option: &Name) -> bool {
        let default = || archetype.options.get(option).is_none_or(|rule| rule.default);
        self.options.get(option).copied().unwrap_or_else(default)
    }

    /// What a program says besides that has the same options: how its panel scores, what it pays in advance.
    fn sections(&self, examples: &[&ProgramText]) -> String {
        const SECTIONS: [&str; 3] = ["panel", "payment", "parameters"];
        let mut said: IndexMap<&str, String> = IndexMap::new();
        for (option, _) in self.options.iter().filter(|(_, on)| **on) {
            let example = examples.iter().find(|example| example.options.get(option) == Some(&true));
            let Some(example) = example else { continue };
            let text = serde_json::to_value(example).unwrap_or_default();
            for section in SECTIONS {
                let Some(value) = text.get(section).filter(|value| *value != &Json::Object(Map::new())) else {
                    continue;
                };
                let written = || format!("# as in {}\n{section}:{}\n", example.program, block(value, 1));
                said.entry(section).or_insert_with(written);
            }
        }
        said.into_values().collect()
    }

    /// Samples of every form and of what the archetype's `lives` hand in, and one scenario: a large company. What all
    /// programs of the archetype have in common runs by itself.
    #[must_use]
    pub fn scenarios_file(&self, program: &Program, lives: &Scenarios) -> SourceFile {
        let applicant = ApplicantFacts {
            kind: ApplicantKind::Company,
            size: BusinessSize::Sme,
            deemed_large: false,
            established_here_on: self.opens.checked_sub_months(Months::new(120)).unwrap_or(self.opens),
            employees: 20,
            capital: Yen::new(10_000_000).unwrap_or_default(),
            trade: "manufacturing".to_owned(),
        };
        let handed_in = self.opens.checked_add_days(Days::new(7)).unwrap_or(self.opens);
        let application = program.sample(APPLICATION, handed_in);
        let ends = application.values().filter_map(|value| parse_day(value.as_str()?)).max();
        let told = ends.unwrap_or(handed_in).max(handed_in).checked_add_days(Days::new(25)).unwrap_or(handed_in);
        let is_actual =
            |form: &str| program.form(form).is_some_and(|form| form.fields.values().any(|field| field.rule.actual));
        let mut days = vec![format!("{APPLICATION}: {handed_in}")];
        let mut samples = String::new();
        let forms: BTreeSet<&Name> = program.actions().filter_map(|action| action.rule.form.as_ref()).collect();
        for form in forms {
            let day = if form == APPLICATION { handed_in } else { told };
            if form != APPLICATION && is_actual(form) {
                days.push(format!("{form}: {day}"));
            }
            write_sample(&mut samples, form, &program.sample(form, day));
        }
        for (name, values) in self.other_samples(program, lives, told) {
            write_sample(&mut samples, &name, &values);
        }
        let text = format!(
            "sample_applicant: {}\ndays: {{ {} }}\nsamples:\n{samples}\nscenarios:\n  \
             - name: {{ ja: 大企業, en: A large company }}\n    \
             applicant: {{ kind: company, size: large, established_here_on: {} }}\n    steps:\n      \
             - {{ by: applicant, do: {}, sample: {APPLICATION}, expect: {{ state: {}, refused: [applicant.rule] }} }}\n",
            flow(&serde_json::to_value(&applicant).unwrap_or_default()),
            days.join(", "),
            applicant.established_here_on,
            hands_in(program),
            program.initial(),
        );
        SourceFile { path: format!("programs/{}.scenarios.yaml", self.program), text }
    }

    /// What lives enter by a name that is neither a form's nor told with the lives.
    fn other_samples(&self, program: &Program, lives: &Scenarios, day: NaiveDate) -> BTreeMap<Name, Map<String, Json>> {
        let steps = lives.scenarios.iter().flat_map(|life| &life.steps);
        let wanted = |step: &ScenarioStep| {
            let (name, action) = (step.sample.clone()?, program.action(step.action.as_deref()?)?);
            let values = match &action.rule.form {
                Some(form) => program.sample(form, day),
                None => program.sample_input(action.name, day),
            };
            (program.form(&name).is_none() && !lives.samples.contains_key(&name)).then_some((name, values))
        };
        steps.filter_map(wanted).collect()
    }

    /// The call, as an entry of `calls.yaml`.
    #[must_use]
    pub fn call_entry(&self) -> String {
        let year = FiscalYear::of(self.opens).0;
        let closes = self.closes.map(|day| format!("    closes: {day}\n")).unwrap_or_default();
        format!(
            "  - program: {}\n    fiscal_year: {year}\n    opens: {}\n{closes}    budget_line: {}\n    appropriation: {}\n",
            self.program,
            self.opens,
            self.budget_line,
            underscored(self.appropriation)
        )
    }

    /// A municipality with one budget line; office, positions, routes, numbers and holidays are included.
    #[must_use]
    pub fn municipality_file(&self, new: &NewMunicipality) -> SourceFile {
        let (name, code) = (&new.name, new.code.to_string());
        let issuer = Bilingual::new(format!("{}長", name.ja), format!("Mayor of {}", name.en));
        let text = filled(
            MUNICIPALITY,
            &[
                ("municipality", self.municipality().to_owned()),
                ("code", quoted(&code)),
                ("name", words(name)),
                ("budget_line", self.budget_line.clone()),
                ("title", words(&self.title)),
                ("issuer", words(&issuer)),
                ("originator", quoted(&format!("0000{code}"))),
            ],
        );
        SourceFile { path: format!("programs/{}/municipality.yaml", self.municipality()), text }
    }
}

impl Archetype {
    /// The deadlines that states and actions leave to a program with these options, and what each ends.
    pub(crate) fn asked_deadlines(&self, is_on: impl Fn(&Name) -> bool) -> impl Iterator<Item = (&str, &Bilingual)> {
        let is_on = |option: Option<&Name>| option.is_none_or(&is_on);
        let beside: Vec<&Procedure> = self.procedures.values().filter(|rule| is_on(rule.option.as_ref())).collect();
        let states = self.states.values().chain(beside.iter().flat_map(|procedure| procedure.states.values()));
        let actions = self.actions.values().chain(beside.iter().flat_map(|procedure| procedure.actions.values()));
        let clocks = states
            .filter(|state| is_on(state.option.as_ref()))
            .filter_map(|state| Some((state.deadline.as_ref()?.at.as_deref()?, &state.label)));
        let until = actions
            .filter(|action| is_on(action.option.as_ref()))
            .filter_map(|action| Some((action.until.as_deref()?, &action.label)));
        clocks.chain(until).collect::<Vec<_>>().into_iter()
    }

    /// Whether an amount is computed from the application: what [`NewProgram`] can say is enough to begin with.
    #[must_use]
    pub fn is_begun_with_an_award(&self) -> bool {
        self.amounts.values().any(is_from_application)
    }
}

fn is_from_application(rule: &AmountRule) -> bool {
    rule.from.as_deref() == Some(APPLICATION)
}

/// Where the amount that is paid is computed from the application, the application tells real costs.
fn asks_after_payment(archetype: &Archetype) -> bool {
    archetype.amounts.values().filter(|rule| rule.from.is_some()).all(is_from_application)
}

/// The action that hands the application in.
fn hands_in(program: &Program) -> &str {
    let is_first = |from: &Name| program.state(from).is_some_and(|state| state.kind == StateKind::Drafting);
    let mut actions = program.actions().filter(|action| action.rule.form.as_deref() == Some(APPLICATION));
    actions.find(|action| action.rule.from.as_slice().iter().any(is_first)).map_or("", |action| action.name)
}

/// The first of those that come most often.
fn most_frequent(texts: impl Iterator<Item = String>) -> Option<String> {
    let mut counts: IndexMap<String, usize> = IndexMap::new();
    texts.for_each(|text| *counts.entry(text).or_default() += 1);
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(text, _)| text)
}

/// How most of the examples write one of their deadlines.
pub(crate) fn usual_deadline(name: &str, archetype: &Archetype, examples: &[&ProgramText]) -> Option<String> {
    let rules = examples.iter().filter_map(|example| example.deadlines.get(name));
    let rules = rules.filter(|rule| is_common(rule, archetype));
    most_frequent(rules.map(|rule| flow(&serde_json::to_value(rule).unwrap_or_default())))
}

/// Whether the rule counts from what every case of the archetype has.
fn is_common(rule: &DeadlineRule, archetype: &Archetype) -> bool {
    let known = |name: &String| {
        let mut fields = archetype.forms.values().flat_map(|form| form.fields.keys());
        archetype.fact(name).is_some() || fields.any(|field| field == name)
    };
    rule.after.as_ref().is_none_or(known) && rule.earliest_of.iter().all(|rule| is_common(rule, archetype))
}

fn filled(template: &str, values: &[(&str, String)]) -> String {
    let mut parts = template.split('<');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = part.split_once('>').and_then(|(name, rest)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, rest))
        });
        match known {
            Some((value, rest)) => text.extend([value.as_str(), rest]),
            None => text.extend(["<", part]),
        }
    }
    format!("{}\n", text.trim_end())
}

fn write_sample(text: &mut String, form: &str, values: &Map<String, Json>) {
    if values.is_empty() {
        _ = writeln!(text, "  {form}: {{}}");
        return;
    }
    _ = writeln!(text, "  {form}:");
    for (name, value) in values {
        match value.as_array() {
            Some(rows) => {
                _ = writeln!(text, "    {name}:");
                rows.iter().for_each(|row| _ = writeln!(text, "      - {}", flow(row)));
            }
            None => _ = writeln!(text, "    {name}: {}", flow(value)),
        }
    }
}

fn words(text: &Bilingual) -> String {
    format!("{{ ja: {}, en: {} }}", scalar(&text.ja), scalar(&text.en))
}

/// `1_000_000`
fn underscored(yen: Yen) -> String {
    let digits = yen.get().to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// As JSON quotes it, which YAML reads too.
fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// Without quotes where nothing but words can be meant.
fn scalar(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || ['_', '.', ' '].contains(&c);
    let is_plain = text.chars().next().is_some_and(|c| c.is_alphabetic() || text.contains(' '))
        && text.trim() == text
        && text.chars().all(is_word)
        && !["true", "false", "null"].contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A value behind its key: on the same line where it is short, else each entry on a line of its own.
fn block(value: &Json, depth: usize) -> String {
    const SHORT: usize = 100;
    let line = flow(value);
    match value {
        Json::Object(entries) if line.len() > SHORT || depth == 1 => {
            let indent = "  ".repeat(depth);
            entries.iter().map(|(name, value)| format!("\n{indent}{name}:{}", block(value, depth + 1))).collect()
        }
        _ => format!(" {line}"),
    }
}

/// A value on one line.
fn flow(value: &Json) -> String {
    match value {
        Json::Object(entries) => {
            let parts: Vec<String> = entries.iter().map(|(name, value)| format!("{name}: {}", flow(value))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[ {} ]", items.join(", "))
        }
        Json::String(text) => scalar(text),
        other => other.to_string(),
    }
}
