//! What of a program its scenarios try, and what not.

use std::collections::BTreeSet;

use program::definition::{AwardRule, Cases, Limits, Name, ProgramText};
use program::expression::Value;
use program::{ActionRef, Finding, Program};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::act::{Refusal, Step};
use crate::case::Case;
use crate::history::Stage;

/// What happened while scenarios were played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Action, the state before, the state after: of the case, or of the procedure that the action belongs to.
    transitions: BTreeSet<(Name, Name, Name)>,
    /// Code, field and words (English) of what was refused.
    refusals: BTreeSet<(String, Option<String>, String)>,
    /// Lines of awards: code, label and value (English).
    award_steps: BTreeSet<(String, String, String)>,
}

impl Evidence {
    pub(crate) fn add_step(&mut self, program: &Program, before: &Case, step: &Step) {
        if step.event.stage != Stage::Performed {
            return;
        }
        let action = &step.event.action;
        let belongs = program.action(action).and_then(|action| action.procedure);
        let beside = step.procedure.filter(|_| belongs.is_some());
        let (from, to) = match beside.and_then(|id| before.procedure(id).zip(step.case.procedure(id))) {
            Some((before, after)) => (before.state.clone(), after.state.clone()),
            None => (before.state.clone(), step.case.state.clone()),
        };
        self.transitions.insert((action.clone(), from, to));
        let body = &step.case.body;
        for frozen in body.amounts.values().chain(body.procedures.iter().flat_map(|beside| beside.amounts.values())) {
            for line in &frozen.award.steps {
                self.award_steps.insert((line.code.clone(), line.label.en.clone(), line.value.en.clone()));
            }
        }
    }

    pub(crate) fn add_refusals(&mut self, refusals: &[Refusal]) {
        let said = |refusal: &Refusal| (refusal.code.clone(), refusal.path.clone(), refusal.message.en.clone());
        self.refusals.extend(refusals.iter().map(said));
    }

    /// Takes in what another scenario did.
    pub fn merge(&mut self, other: &Evidence) {
        self.transitions.extend(other.transitions.iter().cloned());
        self.refusals.extend(other.refusals.iter().cloned());
        self.award_steps.extend(other.award_steps.iter().cloned());
    }

    fn was_done(&self, action: &str, way: Option<(&Name, &Name)>) -> bool {
        let mut all = self.transitions.iter().filter(|(done, _, _)| done == action);
        all.any(|(_, from, to)| way.is_none_or(|way| way == (from, to)))
    }

    fn was_refused(&self, code: &str, words: &Bilingual) -> bool {
        self.refusals.iter().any(|(found, _, said)| found == code && *said == words.en)
    }

    fn was_refused_code(&self, code: &str) -> bool {
        self.refusals.iter().any(|(found, ..)| found == code)
    }

    fn was_refused_at(&self, code: &str, field: Option<&str>) -> bool {
        self.refusals.iter().any(|(found, path, _)| found == code && path.as_deref() == field)
    }

    fn was_computed(&self, code: &str, label: Option<&str>, value: Option<&str>) -> bool {
        self.award_steps.iter().any(|(found, said, shown)| {
            found == code && label.is_none_or(|label| label == said) && value.is_none_or(|value| value == shown)
        })
    }
}

/// What a part of a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// It happened, from whichever state.
    Action,
    /// It led from this state to that one.
    Transition,
    /// It refused once.
    Rule,
    /// It refused once.
    Need,
    /// Once it was the case that counted, or what was asked was cut to it.
    Figure,
    /// It refused once.
    Limit,
}

impl PartKind {
    pub const ALL: [Self; 6] = [Self::Action, Self::Transition, Self::Rule, Self::Need, Self::Figure, Self::Limit];

    /// For counts.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Action => "actions",
            Self::Transition => "transitions",
            Self::Rule => "rules",
            Self::Need => "needs",
            Self::Figure => "figures",
            Self::Limit => "limits",
        }
    }
}

/// One thing that scenarios can try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub kind: PartKind,
    /// JSON pointer into the definition, `/archetype/…` or `/program/…`.
    pub path: String,
    pub label: Bilingual,
    pub tried: bool,
}

impl Part {
    /// Whether a program may only be published when this is tried: what its options leave in must have been seen to work.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        matches!(self.kind, PartKind::Action)
    }

    /// That no scenario tries it.
    #[must_use]
    pub fn untried(&self) -> Finding {
        let (ja, en) = (&self.label.ja, &self.label.en);
        let message =
            Bilingual::new(format!("「{ja}」を試すシナリオがありません"), format!("No scenario tries \"{en}\""));
        Finding::warning("scenario.untried", self.path.clone(), message).hint(Some(match self.kind {
            PartKind::Action | PartKind::Transition => {
                Bilingual::new("ここまで進むシナリオを書いてください", "Write a scenario that comes this far")
            }
            PartKind::Rule | PartKind::Need | PartKind::Limit => Bilingual::new(
                "これを理由に受け付けられない例を書いてください（expect: refused）",
                "Write an example that is refused for this (expect: refused)",
            ),
            PartKind::Figure => Bilingual::new(
                "この場合に当たる金額の例を書いてください（expect: amounts）",
                "Write an example whose amount comes from this (expect: amounts)",
            ),
        }))
    }
}

/// Everything of a program that scenarios can try, and whether they did.
#[must_use]
pub fn coverage(program: &Program, evidence: &Evidence) -> Vec<Part> {
    let text = &program.definition().program;
    let mut parts = Parts { evidence, found: Vec::new() };
    program.actions().for_each(|action| parts.action(&action));
    parts.rules(text);
    if let Some(rule) = &text.amount {
        parts.figures(text, rule);
    }
    parts.limits(&text.limits);
    parts.found
}

struct Parts<'a> {
    evidence: &'a Evidence,
    found: Vec<Part>,
}

impl Parts<'_> {
    fn put(&mut self, kind: PartKind, path: String, label: Bilingual, tried: bool) {
        self.found.push(Part { kind, path, label, tried });
    }

    fn action(&mut self, action: &ActionRef<'_>) {
        let path = match action.procedure {
            Some(procedure) => format!("/archetype/procedures/{procedure}/actions/{}", action.name),
            None => format!("/archetype/actions/{}", action.name),
        };
        let (rule, evidence) = (action.rule, self.evidence);
        let label = &rule.label;
        self.put(PartKind::Action, path.clone(), label.clone(), evidence.was_done(action.name, None));
        for from in rule.from.as_slice() {
            for to in [Some(rule.to.as_ref().unwrap_or(from)), rule.or_wait.as_ref()].into_iter().flatten() {
                let way =
                    Bilingual::new(format!("{}（{from} → {to}）", label.ja), format!("{} ({from} → {to})", label.en));
                let tried = evidence.was_done(action.name, Some((from, to)));
                self.put(PartKind::Transition, format!("{path}/from"), way, tried);
            }
        }
        for (i, need) in rule.needs.iter().enumerate() {
            let tried = evidence.was_refused("need.failed", &need.otherwise);
            self.put(PartKind::Need, format!("{path}/needs/{i}"), need.otherwise.clone(), tried);
        }
    }

    fn rules(&mut self, text: &ProgramText) {
        let applicant = text.applicant.must.iter().map(|need| &need.otherwise).enumerate();
        let applicant = applicant.map(|(i, words)| (format!("/program/applicant/must/{i}"), "applicant.rule", words));
        let forms = text.must.iter().map(|rule| &rule.otherwise).enumerate();
        let forms = forms.map(|(i, words)| (format!("/program/must/{i}"), "rule.failed", words));
        for (path, code, words) in applicant.chain(forms) {
            self.put(PartKind::Rule, path, words.clone(), self.evidence.was_refused(code, words));
        }
    }

    fn figures(&mut self, text: &ProgramText, rule: &AwardRule) {
        let evidence = self.evidence;
        self.cases("rate", ("補助率", "Rate"), &rule.rate, Value::Rate);
        self.cases("cap", ("上限額", "Cap"), &rule.cap, Value::Yen);
        if let Some(cap) = &rule.item_cap {
            self.cases("item_cap", ("1件の上限額", "Cap for each"), cap, Value::Yen);
        }
        for (name, category) in text.form.get(&rule.costs).iter().flat_map(|table| &table.categories) {
            let path = format!("/program/form/{}/categories/{name}", rule.costs);
            let (ja, en) = (&category.label.ja, &category.label.en);
            if let Some(cap) = category.cap {
                let tried = evidence.was_computed("category_cap", Some(&format!("Cap: {en}")), None);
                let shown = Value::Yen(cap).shown();
                let label = Bilingual::new(format!("{ja}の上限 {}", shown.ja), format!("Cap of {en}, {}", shown.en));
                self.put(PartKind::Figure, format!("{path}/cap"), label, tried);
            }
            if category.when.is_some() {
                let tried = evidence.was_refused_code("category.closed")
                    || evidence.was_computed("category_closed", Some(en), None);
                let label = Bilingual::new(format!("{ja}は対象外"), format!("{en} does not count"));
                self.put(PartKind::Figure, format!("{path}/when"), label, tried);
            }
        }
        if let Some(minimum) = rule.minimum {
            let shown = Value::Yen(minimum).shown();
            let label = Bilingual::new(format!("下限額 {}", shown.ja), format!("Minimum {}", shown.en));
            let tried = evidence.was_refused_at("award.not_eligible", None);
            self.put(PartKind::Figure, "/program/amount/minimum".to_owned(), label, tried);
        }
    }

    /// Each case of a figure that has several.
    fn cases<T: Copy>(&mut self, key: &str, (ja, en): (&str, &str), cases: &Cases<T>, value: fn(T) -> Value) {
        let Cases::FirstOf(cases) = cases else { return };
        for (i, case) in cases.iter().enumerate() {
            let shown = value(case.then).shown();
            let tried = self.evidence.was_computed(key, None, Some(&shown.en));
            let label = Bilingual::new(format!("{ja} {}", shown.ja), format!("{en} {}", shown.en));
            self.put(PartKind::Figure, format!("/program/amount/{key}/{i}"), label, tried);
        }
    }

    fn limits(&mut self, limits: &Limits) {
        let set = |limit: Option<u32>| limit.is_some();
        for (key, is_set, code, ja, en) in [
            (
                "per_fiscal_year",
                set(limits.per_fiscal_year),
                "limit.fiscal_year",
                "年度内の回数",
                "Grants in a fiscal year",
            ),
            ("lifetime", set(limits.lifetime), "limit.lifetime", "通算の回数", "Grants in all"),
            (
                "not_in_last_fiscal_years",
                set(limits.not_in_last_fiscal_years),
                "limit.recent",
                "過去の年度の交付",
                "Grants in the last fiscal years",
            ),
            (
                "not_after_consecutive_fiscal_years",
                set(limits.not_after_consecutive_fiscal_years),
                "limit.consecutive",
                "連続した年度の交付",
                "Grants in fiscal years in a row",
            ),
        ] {
            if is_set {
                let tried = self.evidence.was_refused_at(code, None);
                self.put(PartKind::Limit, format!("/program/limits/{key}"), Bilingual::new(ja, en), tried);
            }
        }
        for (i, same) in limits.same.iter().enumerate() {
            let label = Bilingual::new(
                format!("同じ「{}」の回数", same.field),
                format!("Grants for the same `{}`", same.field),
            );
            let tried = self.evidence.was_refused_at("limit.same", Some(&same.field));
            self.put(PartKind::Limit, format!("/program/limits/same/{i}"), label, tried);
        }
    }
}
