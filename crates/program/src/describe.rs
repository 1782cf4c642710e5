//! The resolved program in words, as a person checks it before it is published.

use std::fmt::Write as _;

use vocabulary::{Bilingual, Locale, Yen};

use crate::award::share_shown;
use crate::compiled::Program;
use crate::definition::{
    Action, AwardRule, Cases, DateOf, DeadlineRule, DocumentSlot, Effect, Field, NewCategory, OtherAid, ProgramText,
    State, TaxHandling,
};
use crate::expression::Value;
use crate::facts::word;

/// The program in words: grounds, applicants, forms, award, deadlines, states, actions.
#[must_use]
pub fn explain(program: &Program, locale: Locale) -> String {
    let mut page = Page { out: String::new(), locale };
    page.heading(program);
    page.applicants(program);
    page.forms(program);
    if let Some(rule) = &program.definition().program.amount {
        page.award(rule);
    }
    page.limits(&program.definition().program);
    page.deadlines(program);
    page.states(program);
    page.actions(program);
    page.out
}

struct Page {
    out: String,
    locale: Locale,
}

impl Page {
    fn say(&self, ja: &'static str, en: &'static str) -> &'static str {
        match self.locale {
            Locale::Ja => ja,
            Locale::En => en,
        }
    }

    fn line(&mut self, depth: usize, text: impl AsRef<str>) {
        _ = writeln!(self.out, "{}- {}", "  ".repeat(depth), text.as_ref());
    }

    fn title(&mut self, ja: &'static str, en: &'static str) {
        let title = self.say(ja, en);
        _ = writeln!(self.out, "\n## {title}\n");
    }

    fn words<'b>(&self, text: &'b Bilingual) -> &'b str {
        text.get(self.locale)
    }

    fn yen(&self, yen: Yen) -> String {
        Value::Yen(yen).shown().get(self.locale).to_owned()
    }

    fn heading(&mut self, program: &Program) {
        let text = &program.definition().program;
        _ = writeln!(self.out, "# {}\n", self.words(&text.title));
        self.line(0, format!("{} / {}", text.program, text.archetype));
        let grounds = [Some(&text.grounds.document), text.grounds.place.as_ref(), text.grounds.outline.as_ref()];
        let grounds: Vec<&str> = grounds.into_iter().flatten().map(String::as_str).collect();
        self.line(0, format!("{}: {}", self.say("根拠", "Grounds"), grounds.join(" ")));
        if let Some(day) = text.effective_from {
            self.line(
                0,
                format!("{}: {}", self.say("施行日", "In force from"), Value::Date(day).shown().get(self.locale)),
            );
        }
        self.line(0, format!("{}: {}", self.say("法的性質", "Legal nature"), word(&text.legal_nature)));
        if !text.sample_figures.is_empty() {
            self.line(0, format!("{}: {}", self.say("見本の値", "Sample figures"), text.sample_figures.join(", ")));
        }
    }

    fn applicants(&mut self, program: &Program) {
        let rules = &program.definition().program.applicant;
        self.title("対象者", "Applicants");
        let kinds: Vec<String> = rules.kinds.iter().map(word).collect();
        self.line(0, kinds.join(", "));
        for need in &rules.must {
            self.line(0, format!("{} → {}", need.when, self.words(&need.otherwise)));
        }
    }

    fn forms(&mut self, program: &Program) {
        self.title("様式", "Forms");
        let text = &program.definition().program;
        for form in program.forms() {
            self.line(0, format!("{} ({})", self.words(&form.label), form.name));
            for (name, field) in &form.fields {
                let described = self.field(name, &field.rule);
                self.line(1, described);
                for (name, category) in &field.rule.categories {
                    let cap = category.cap.map(|cap| format!(" ≤ {}", self.yen(cap))).unwrap_or_default();
                    self.line(2, format!("{} ({name}){cap}", self.words(&category.label)));
                }
            }
            for slot in text.documents.get(&form.name).into_iter().flatten() {
                let (name, optional, when) = match slot {
                    DocumentSlot::Named(name) => (name, false, None),
                    DocumentSlot::Full(rule) => (&rule.name, rule.optional, rule.when.as_ref()),
                };
                let label = form.documents.iter().find(|document| document.name == *name);
                let label = label.map(|document| self.words(&document.label).to_owned()).unwrap_or_default();
                let optional = if optional { self.say("（任意）", " (optional)") } else { "" };
                let when = when.map(|when| format!(" [{when}]")).unwrap_or_default();
                self.line(1, format!("{}: {label}{optional}{when}", self.say("書類", "Document")));
            }
            for rule in text.must.iter().filter(|rule| rule.at == form.name) {
                let each = rule.each.as_ref().map(|each| format!("{each}: ")).unwrap_or_default();
                self.line(1, format!("{each}{} → {}", rule.when, self.words(&rule.otherwise)));
            }
        }
    }

    fn field(&self, name: &str, field: &Field) -> String {
        let required = if field.required { self.say("、必須", ", required") } else { "" };
        let when = field.when.as_ref().map(|when| format!(" [{when}]")).unwrap_or_default();
        format!("{} ({name}: {}{required}){when}", self.words(&field.label), word(&field.kind))
    }

    fn award(&mut self, rule: &AwardRule) {
        self.title("補助金額の計算", "Award");
        let tax = self.cases(&rule.tax, &|tax| {
            let words = match tax {
                TaxHandling::Excluded => self.say("消費税を除く", "without consumption tax"),
                TaxHandling::Included => self.say("消費税を含む", "with consumption tax"),
            };
            words.to_owned()
        });
        self.line(0, format!("{}: Σ {} ({tax})", self.say("対象経費", "Eligible costs"), rule.costs));
        if let Some(share) = &rule.share {
            self.line(0, format!("× {share}"));
        }
        let aid = match rule.other_aid {
            OtherAid::Deduct => self.say("他の補助金等を差し引く", "other aid is deducted"),
            OtherAid::Forbid => self.say("他の補助金等があれば対象外", "not with other aid"),
            OtherAid::ForbidPending => {
                self.say("他の補助金等があるか申請中なら対象外", "not with other aid, nor with aid applied for")
            }
        };
        self.line(0, aid);
        if let Some(revenue) = &rule.revenue {
            self.line(0, format!("− {revenue}"));
        }
        self.line(0, format!("× {}", self.cases(&rule.rate, &|rate| self.words(&share_shown(*rate)).to_owned())));
        self.line(0, self.down_to(rule.round_down));
        for (ja, en, cap) in [
            ("1件の上限", "Cap for each item", rule.item_cap.as_ref()),
            ("上限", "Cap", Some(&rule.cap)),
            ("年度の上限", "Cap for the fiscal year", rule.fiscal_year_cap.as_ref()),
            ("通算の上限", "Lifetime cap", rule.lifetime_cap.as_ref()),
        ] {
            if let Some(cap) = cap {
                self.line(0, format!("{}: {}", self.say(ja, en), self.cases(cap, &|cap| self.yen(*cap))));
            }
        }
        if let Some(minimum) = rule.minimum {
            self.line(0, format!("{}: {}", self.say("下限", "Minimum"), self.yen(minimum)));
        }
    }

    /// How often, what may change without approval, and what is paid in advance.
    fn limits(&mut self, program: &ProgramText) {
        let limits = &program.limits;
        let mut said: Vec<(String, u32)> = Vec::new();
        let mut say = |(ja, en): (&'static str, &'static str), of: &str, count: Option<u32>| {
            said.extend(count.map(|count| (format!("{}{of}", self.say(ja, en)), count)));
        };
        let (year, ever) =
            (("年度に受けられる回数", "Grants in a fiscal year"), ("通算で受けられる回数", "Grants ever"));
        say(year, "", limits.per_fiscal_year);
        say(ever, "", limits.lifetime);
        say(
            ("交付を受けていないこと（直近の年度数）", "No grant in the last fiscal years"),
            "",
            limits.not_in_last_fiscal_years,
        );
        say(
            ("連続して交付を受けていないこと（年度数）", "No grant in each of the last fiscal years"),
            "",
            limits.not_after_consecutive_fiscal_years,
        );
        for same in &limits.same {
            let of = format!(" ({})", same.field);
            say(year, &of, same.per_fiscal_year);
            say(ever, &of, same.lifetime);
        }
        if said.is_empty() && program.change.is_none() && program.payment.advance.is_none() {
            return;
        }
        self.title("回数・変更・概算払", "Frequency, changes, advance");
        for (words, count) in said {
            self.line(0, format!("{words}: {count}"));
        }
        if let Some(change) = &program.change {
            let words = self.say("承認の要らない変更", "Changes without approval");
            let unless = change.approval_when.as_ref().map(|when| format!(" [not ({when})]")).unwrap_or_default();
            self.line(0, format!("{words}: ≤ {}{unless}", change.moved_at_most));
            if change.new_category == NewCategory::Forbid {
                self.line(
                    0,
                    self.say("計画にない経費区分へは変更できない", "No costs in categories that the plan lacks"),
                );
            }
        }
        if let Some(advance) = &program.payment.advance {
            let share = self.cases(&advance.share, &|share| share.to_string());
            let words = self.say("概算払の割合", "Share paid in advance");
            self.line(0, format!("{words}: {share}; {}", self.down_to(advance.round_down)));
        }
    }

    fn down_to(&self, unit: Yen) -> String {
        let unit = self.yen(unit);
        match self.locale {
            Locale::Ja => format!("{unit}未満切捨て"),
            Locale::En => format!("rounded down to {unit}"),
        }
    }

    fn cases<T>(&self, cases: &Cases<T>, shown: &dyn Fn(&T) -> String) -> String {
        match cases {
            Cases::Always(value) => shown(value),
            Cases::FirstOf(cases) => {
                let otherwise = self.say("その他", "otherwise");
                let case = |when: Option<&String>, then: &T| {
                    format!("{} [{}]", shown(then), when.map_or(otherwise, String::as_str))
                };
                let all: Vec<String> = cases.iter().map(|one| case(one.when.as_ref(), &one.then)).collect();
                all.join(", ")
            }
        }
    }

    fn deadlines(&mut self, program: &Program) {
        self.title("期限", "Deadlines");
        for (name, rule) in &program.definition().program.deadlines {
            let described = self.deadline(rule);
            self.line(0, format!("{name}: {described}"));
        }
    }

    fn deadline(&self, rule: &DeadlineRule) -> String {
        if let (Some(within), Some(after)) = (&rule.within, &rule.after) {
            return match self.locale {
                Locale::Ja => format!("{after} から {within} 以内"),
                Locale::En => format!("within {within} after {after}"),
            };
        }
        if let Some(date) = &rule.date {
            let next = rule.of == Some(DateOf::NextFiscalYear);
            let year = if next {
                self.say("翌年度", "next fiscal year")
            } else {
                self.say("決定の年度", "fiscal year")
            };
            return format!("{date} ({year})");
        }
        let all: Vec<String> = rule.earliest_of.iter().map(|rule| self.deadline(rule)).collect();
        format!("{} {}", self.say("早い方:", "the earliest of"), all.join(" / "))
    }

    fn states(&mut self, program: &Program) {
        self.title("状態", "States");
        let archetype = &program.definition().archetype;
        for (name, state) in &archetype.states {
            let described = self.state(name, state);
            self.line(0, described);
        }
        for procedure in archetype.procedures.values() {
            self.line(0, self.words(&procedure.label));
            for (name, state) in &procedure.states {
                let described = self.state(name, state);
                self.line(1, described);
            }
        }
    }

    fn state(&self, name: &str, state: &State) -> String {
        let mut text = format!("{} ({name}, {})", self.words(&state.label), word(&state.kind));
        if let Some(role) = state.waits_on {
            _ = write!(text, " … {}", role.as_str());
        }
        for (account, form) in &state.holds {
            _ = write!(text, "; {} = {form}", word(account));
        }
        if let Some(clock) = &state.deadline {
            let when = clock.at.as_ref().or(clock.within.as_ref()).map(String::as_str).unwrap_or_default();
            _ = write!(text, "; {} {when} → {}", self.say("期限", "deadline"), clock.then);
        }
        text
    }

    fn actions(&mut self, program: &Program) {
        self.title("手続", "Actions");
        for action in program.actions() {
            let described = self.action(action.name, action.rule);
            self.line(0, described);
            for need in &action.rule.needs {
                self.line(1, format!("{} → {}", need.when, self.words(&need.otherwise)));
            }
            if let Some(approval) = &action.rule.approval {
                self.line(1, format!("{}: {approval}", self.say("決裁", "Approval")));
            }
            for condition in self.conditions(action.rule) {
                self.line(1, condition);
            }
            for effect in &action.rule.effects {
                self.line(1, effect_words(effect));
            }
            for (audience, mail) in &action.rule.tells {
                self.line(1, format!("{} {}: {mail}", self.say("通知", "tells"), word(audience)));
            }
        }
    }

    fn conditions(&self, action: &Action) -> Vec<String> {
        let mut conditions = Vec::new();
        if action.adverse {
            conditions.push(self.say("不利益な決定", "adverse").to_owned());
        }
        if action.after_deadline {
            conditions.push(self.say("期限の後だけ", "only after the deadline").to_owned());
        }
        if let Some(until) = &action.until {
            conditions.push(format!("{}: {until}", self.say("この期限まで", "until")));
        }
        for (ja, en, names) in [
            ("進行中でないこと", "none open", &action.none_open),
            ("これを行った人は行えない", "not by who did", &action.not_who),
        ] {
            if !names.is_empty() {
                conditions.push(format!("{}: {}", self.say(ja, en), names.join(", ")));
            }
        }
        conditions
    }

    fn action(&self, name: &str, action: &Action) -> String {
        let by: Vec<&str> = action.by.as_slice().iter().map(|role| role.as_str()).collect();
        let from = action.from.as_slice().join(", ");
        let to = action.to.as_ref().map(|to| format!(" → {to}")).unwrap_or_default();
        format!("{} ({name}), {}: {from}{to}", self.words(&action.label), by.join(", "))
    }
}

/// An effect as it is written in the definition.
fn effect_words(effect: &Effect) -> String {
    match serde_json::to_value(effect) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(entries)) => {
            let parts = entries.iter().map(|(name, value)| match value.as_str() {
                Some(text) => format!("{name}: {text}"),
                None => format!("{name}: {value}"),
            });
            parts.collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}
