//! Lives of an archetype, told once and run for every program on it; and what scenarios may name.

use std::collections::{BTreeMap, BTreeSet};

use vocabulary::Bilingual;

use crate::cross::unknown;
use crate::definition::{Action, Archetype, Definition, Expectation, Figure, Name, Role, Scenario, Scenarios};
use crate::finding::Finding;
use crate::span::Span;
use crate::yaml::pointer_part;

/// What every case knows, whatever its archetype.
const BUILT_IN: [&str; 3] = ["sign", "return_internally", "take_back"];

/// The program's scenarios, and behind them the lives of its archetype that its options leave possible.
pub(crate) fn with_lives(definition: &Definition, own: &Scenarios, lives: &[&Scenarios]) -> Scenarios {
    let mut all = own.clone();
    for told in lives {
        for (name, values) in &told.samples {
            all.samples.entry(name.clone()).or_insert_with(|| values.clone());
        }
        all.scenarios.extend(told.scenarios.iter().filter_map(|life| lived(definition, life)));
    }
    all
}

/// The life as it goes with the program's options; none when they leave no such life.
fn lived(definition: &Definition, life: &Scenario) -> Option<Scenario> {
    let Definition { archetype, program } = definition;
    let stands = |name: &Name| {
        program.options.get(name).copied().or_else(|| archetype.options.get(name).map(|option| option.default))
    };
    let stand = |wanted: &BTreeMap<Name, bool>| wanted.iter().all(|(name, wanted)| stands(name) == Some(*wanted));
    let mut life = life.clone();
    life.steps.retain(|step| stand(&step.options));
    life.steps.iter_mut().for_each(|step| step.options.clear());
    let actions: BTreeSet<&str> = actions(archetype).map(|(name, _)| name).chain(BUILT_IN).collect();
    let is_possible = stand(&life.options)
        && life.steps.iter().filter_map(|step| step.action.as_deref()).all(|name| actions.contains(name));
    is_possible.then_some(life)
}

fn actions(archetype: &Archetype) -> impl Iterator<Item = (&str, &Action)> {
    let beside = archetype.procedures.values().flat_map(|procedure| &procedure.actions);
    archetype.actions.iter().chain(beside).map(|(name, action)| (name.as_str(), action))
}

/// The deadlines that an archetype leaves to its programs.
pub(crate) fn asked_deadlines(archetype: &Archetype) -> impl Iterator<Item = &str> {
    let states = archetype.procedures.values().flat_map(|procedure| procedure.states.values());
    let clocks = archetype.states.values().chain(states).filter_map(|state| state.deadline.as_ref()?.at.as_deref());
    clocks.chain(actions(archetype).filter_map(|(_, action)| action.until.as_deref()))
}

/// What the lives ask of a program's own file: somebody who applies, and a sample for each form.
pub(crate) fn check_samples(all: &Scenarios) -> Vec<Finding> {
    let mut findings = Vec::new();
    if all.scenarios.iter().any(|scenario| all.applicant(scenario).is_none()) {
        let message =
            Bilingual::new("申請者の分からないシナリオがあります", "There are scenarios that do not say who applies");
        let hint = Bilingual::new(
            "sample_applicant: を書いてください",
            "Write `sample_applicant:`; the archetype's lives use it",
        );
        findings.push(Finding::error("scenario.applicant", "", message).hint(Some(hint)));
    }
    let wanted: BTreeSet<&Name> =
        all.scenarios.iter().flat_map(|scenario| &scenario.steps).filter_map(|step| step.sample.as_ref()).collect();
    for name in wanted.into_iter().filter(|name| !all.samples.contains_key(*name)) {
        let message = Bilingual::new(
            format!("見本「{name}」がありません"),
            format!("There is no sample `{name}`, which a scenario of this program or of its archetype uses"),
        );
        let hint = Bilingual::new(
            format!("samples: に {name}: を書いてください"),
            format!("Write the values of the form under `samples: {name}:`"),
        );
        findings.push(Finding::error("scenario.sample", "/samples", message).hint(Some(hint)));
    }
    findings
}

/// Names in a scenario file that the archetype does not know.
pub(crate) fn check_names(archetype: &Archetype, deadlines: &[&str], file: &Scenarios) -> Vec<Finding> {
    let known = Known::of(archetype, deadlines);
    let mut findings = Vec::new();
    for (i, scenario) in file.scenarios.iter().enumerate() {
        let path = format!("/scenarios/{i}");
        for option in scenario.options.keys() {
            let path = format!("{path}/options/{}", pointer_part(option));
            known.must_have(&mut findings, "option", path, option, &known.options);
        }
        for (j, step) in scenario.steps.iter().enumerate() {
            let path = format!("{path}/steps/{j}");
            for option in step.options.keys() {
                let path = format!("{path}/options/{}", pointer_part(option));
                known.must_have(&mut findings, "option", path, option, &known.options);
            }
            if let Some(action) = &step.action {
                known.must_have(&mut findings, "action", format!("{path}/do"), action, &known.actions);
            }
            if let Some(deadline) = &step.past {
                known.must_have(&mut findings, "deadline", format!("{path}/past"), deadline, &known.deadlines);
            }
            if step.after.as_ref().is_some_and(|span| span.parse::<Span>().is_err()) {
                let message = Bilingual::new("期間の書き方が違います", "This is not a span of time");
                findings.push(Finding::error("scenario.span", format!("{path}/after"), message));
            }
            let named = ["position:", "partner:", "panelist:"].iter().any(|kind| step.by.starts_with(kind));
            if !named && serde_json::from_value::<Role>(step.by.as_str().into()).is_err() {
                let roles = Role::STAFF.into_iter().chain([Role::Applicant, Role::Clock, Role::Treasury]);
                let path = format!("{path}/by");
                findings.push(unknown("reference.role", path, ("役割", "role"), &step.by, roles.map(Role::as_str)));
            }
            known.check_expectation(&mut findings, &format!("{path}/expect"), &step.expect);
        }
    }
    findings
}

/// The names of an archetype, kind by kind.
struct Known<'a> {
    options: BTreeSet<&'a str>,
    actions: BTreeSet<&'a str>,
    states: BTreeSet<&'a str>,
    amounts: BTreeSet<&'a str>,
    mails: BTreeSet<&'a str>,
    letters: BTreeSet<&'a str>,
    procedures: BTreeSet<&'a str>,
    deadlines: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(archetype: &'a Archetype, deadlines: &[&'a str]) -> Self {
        Self {
            options: archetype.options.keys().map(String::as_str).collect(),
            actions: actions(archetype).map(|(name, _)| name).chain(BUILT_IN).collect(),
            states: archetype.states.keys().map(String::as_str).collect(),
            amounts: archetype.all_amounts().map(|(name, _)| name.as_str()).collect(),
            mails: archetype.mails.keys().map(String::as_str).collect(),
            letters: archetype.letters.keys().map(String::as_str).collect(),
            procedures: archetype.procedures.keys().map(String::as_str).collect(),
            deadlines: deadlines.iter().copied().chain(["due"]).collect(),
        }
    }

    fn must_have(&self, findings: &mut Vec<Finding>, kind: &str, path: String, name: &str, known: &BTreeSet<&str>) {
        let what = match kind {
            "option" => ("選択肢", "option"),
            "action" => ("手続", "action"),
            "deadline" => ("期限", "deadline"),
            "amount" => ("金額", "amount"),
            "mail" => ("メール", "mail"),
            "letter" => ("通知書", "letter"),
            "procedure" => ("付随手続", "procedure"),
            _ => ("状態", "state"),
        };
        if !known.contains(name) {
            findings.push(unknown(&format!("reference.{kind}"), path, what, name, known.iter().copied()));
        }
    }

    fn check_expectation(&self, findings: &mut Vec<Finding>, path: &str, expect: &Expectation) {
        if let Some(state) = &expect.state {
            self.must_have(findings, "state", format!("{path}/state"), state, &self.states);
        }
        for (i, mail) in expect.mails.iter().enumerate() {
            self.must_have(findings, "mail", format!("{path}/mails/{i}"), mail, &self.mails);
        }
        for (i, letter) in expect.letters.iter().enumerate() {
            self.must_have(findings, "letter", format!("{path}/letters/{i}"), letter, &self.letters);
        }
        for name in expect.procedures.keys() {
            let path = format!("{path}/procedures/{}", pointer_part(name));
            self.must_have(findings, "procedure", path, name, &self.procedures);
        }
        for (name, figure) in &expect.amounts {
            let path = format!("{path}/amounts/{}", pointer_part(name));
            self.must_have(findings, "amount", path.clone(), name, &self.amounts);
            if let Figure::As(other) = figure {
                self.must_have(findings, "amount", path, other, &self.amounts);
            }
        }
        for figure in expect.holds.values() {
            if let Figure::As(other) = figure {
                self.must_have(findings, "amount", format!("{path}/holds"), other, &self.amounts);
            }
        }
    }
}
