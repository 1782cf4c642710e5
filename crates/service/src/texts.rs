//! Letters and mails of a program, tried before anybody gets one: for each action and each clock that sends it, on what
//! is certainly there, and again on everything that may be.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use notice::{
    Addressee, LetterHead, LetterText, MailText, RenderedMail, TemplateFault, check_letter, check_mail, mail,
    sample_data,
};
use program::definition::{Action, Effect, Field, FieldType, Municipality, Name, Office, State};
use program::{Certain, Finding, Program};
use serde_json::{Map, Value, json};
use vocabulary::{Bilingual, Locale};

/// What a text is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    Letter,
    Mail,
}

/// A text that an action or a clock of a program sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentText {
    pub kind: TextKind,
    pub name: Name,
    /// The label of the first that sends it.
    pub sent_by: Bilingual,
}

/// Everything that is wrong with the templates, each with the first place that sends it so.
#[must_use]
pub fn check_texts(program: &Program) -> Vec<Finding> {
    let mut texts = Texts { program, seen: BTreeSet::new(), findings: Vec::new() };
    each_text(program, &mut |kind, name, occasion, sent_by| match kind {
        TextKind::Letter => texts.letter(name, occasion, sent_by),
        TextKind::Mail => texts.mail(name, occasion, sent_by),
    });
    texts.findings
}

/// The letters and mails of a program, each once, in the order in which its actions and clocks name them.
#[must_use]
pub fn sent_texts(program: &Program) -> Vec<SentText> {
    let mut sent: Vec<SentText> = Vec::new();
    each_text(program, &mut |kind, name, _, sent_by| {
        if !sent.iter().any(|known| known.kind == kind && known.name == *name) {
            sent.push(SentText { kind, name: name.clone(), sent_by: sent_by.clone() });
        }
    });
    sent
}

/// A letter or mail as it would go out, with sample data in which everything is there: its title and its text. Nothing
/// for a text that is not sent or cannot be written.
#[must_use]
pub fn sample_text(
    program: &Program,
    municipality: &Municipality,
    (kind, name): (TextKind, &str),
    locale: Locale,
) -> Option<RenderedMail> {
    let archetype = &program.definition().archetype;
    let text = match kind {
        TextKind::Letter => {
            archetype.letters.get(name).map(|text| MailText { subject: text.title.clone(), body: text.body.clone() })
        }
        TextKind::Mail => {
            archetype.mails.get(name).map(|text| MailText { subject: text.subject.clone(), body: text.body.clone() })
        }
    }?;
    let mut whole = None;
    each_text(program, &mut |found, sent, occasion, _| {
        if found == kind && sent == name && whole.is_none() {
            let [_, everything] = data(program, occasion);
            whole = Some(everything);
        }
    });
    let mut whole = whole?;
    whole["municipality"] = json!(municipality.name);
    whole["issuer"] = json!(municipality.letter_head.issuer);
    if let Some(office) = municipality.offices.values().next() {
        let Office { name, phone, email } = office;
        whole["office"] = json!({
            "name": name, "phone": phone.as_deref().unwrap_or_default(), "email": email.as_deref().unwrap_or_default(),
        });
    }
    mail(&text, locale, &whole).ok()
}

/// Each letter and mail of each action and clock, with what is known when it is sent.
fn each_text(program: &Program, each: &mut dyn FnMut(TextKind, &Name, &Occasion<'_>, &Bilingual)) {
    let archetype = &program.definition().archetype;
    let certainty = program.certainty();
    for action in program.actions() {
        let certain = certainty.after(action.name);
        let state = match action.procedure {
            None => action.rule.to.as_deref().and_then(|to| program.state(to)),
            // The case itself stays where it is, so its deadline is not known.
            Some(_) => None,
        };
        let occasion =
            Occasion { certain: &certain, input: inputs(action.rule), deadline: certain_deadline(action.rule, state) };
        for effect in &action.rule.effects {
            if let Effect::Letter(name) = effect {
                each(TextKind::Letter, name, &occasion, &action.rule.label);
            }
        }
        for name in action.rule.tells.values() {
            each(TextKind::Mail, name, &occasion, &action.rule.label);
        }
    }
    for (procedure, states) in std::iter::once((None, &archetype.states))
        .chain(archetype.procedures.iter().map(|(name, procedure)| (Some(name.as_str()), &procedure.states)))
    {
        for (name, state) in states {
            let Some(reminder) = state.deadline.as_ref().and_then(|clock| clock.reminder.as_ref()) else { continue };
            let certain = certainty.in_state(procedure, name);
            let mut input = Input::default();
            input.certain.insert("message".to_owned(), json!(""));
            let occasion = Occasion { certain: &certain, input, deadline: true };
            each(TextKind::Mail, reminder, &occasion, &state.label);
        }
    }
}

/// What is known when a text is written.
struct Occasion<'a> {
    certain: &'a Certain,
    input: Input,
    deadline: bool,
}

/// What is filled in with an action: certainly, and perhaps.
#[derive(Default)]
struct Input {
    certain: Map<String, Value>,
    possible: Map<String, Value>,
    marks: bool,
}

fn inputs(action: &Action) -> Input {
    let mut input = Input::default();
    for (name, field) in &action.input {
        let value = sample_value(field);
        if field.required && field.when.is_none() {
            input.certain.insert(name.clone(), value.clone());
        }
        input.possible.insert(name.clone(), value);
        input.marks |= field.kind == FieldType::FieldMarks;
    }
    input
}

fn sample_value(field: &Field) -> Value {
    match field.kind {
        FieldType::Number | FieldType::Yen => json!(1_000),
        FieldType::Date => json!("2026-05-22"),
        FieldType::YesNo => json!(true),
        FieldType::Rate => json!("1/2"),
        FieldType::Choice => json!(field.choices.keys().next()),
        FieldType::Costs => json!([]),
        _ => json!("見本"),
    }
}

/// The state that an action leads to has a deadline whenever its span runs from there; the clock rings only where one is.
fn certain_deadline(action: &Action, state: Option<&State>) -> bool {
    let by_clock = action.by.as_slice() == [program::definition::Role::Clock] && action.to.is_none();
    by_clock || state.and_then(|state| state.deadline.as_ref()).is_some_and(|clock| clock.within.is_some())
}

struct Texts<'p> {
    program: &'p Program,
    /// A fault of a text is said once.
    seen: BTreeSet<(String, String)>,
    findings: Vec<Finding>,
}

impl Texts<'_> {
    fn letter(&mut self, name: &Name, occasion: &Occasion<'_>, sent_by: &Bilingual) {
        let Some(letter) = self.program.definition().archetype.letters.get(name) else { return };
        let text = LetterText { title: letter.title.clone(), body: letter.body.clone() };
        for data in data(self.program, occasion) {
            self.add(&format!("/archetype/letters/{name}"), check_letter(&text, &data), sent_by);
        }
    }

    fn mail(&mut self, name: &Name, occasion: &Occasion<'_>, sent_by: &Bilingual) {
        let Some(mail) = self.program.definition().archetype.mails.get(name) else { return };
        let text = MailText { subject: mail.subject.clone(), body: mail.body.clone() };
        for data in data(self.program, occasion) {
            self.add(&format!("/archetype/mails/{name}"), check_mail(&text, &data), sent_by);
        }
    }

    fn add(&mut self, path: &str, faults: Vec<TemplateFault>, sent_by: &Bilingual) {
        for fault in faults {
            let language = if fault.language == Locale::En { "en" } else { "ja" };
            let path = format!("{path}/{}/{language}", fault.part);
            if !self.seen.insert((path.clone(), fault.message.en.clone())) {
                continue;
            }
            let message = Bilingual::new(
                format!("{}（「{}」のとき）", fault.message.ja, sent_by.ja),
                format!("{} (on “{}”)", fault.message.en, sent_by.en),
            );
            let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            self.findings.push(Finding {
                within: Some((place(fault.line), place(fault.column))),
                ..Finding::error(fault.code, path, message)
            });
        }
    }
}

/// First only what is certain, then everything.
fn data(program: &Program, occasion: &Occasion<'_>) -> [Value; 2] {
    [false, true].map(|everything| {
        let archetype = &program.definition().archetype;
        let mut data = sample_data();
        let filled = |is_there: bool, value: Value| if everything || is_there { value } else { Value::Null };
        let amounts: Map<_, _> = archetype
            .all_amounts()
            .map(|(name, _)| (name.clone(), filled(occasion.certain.amounts.contains(name), json!(100_000))))
            .collect();
        let of_procedures = archetype.procedures.values().flat_map(|procedure| procedure.facts.keys());
        let dates: Map<_, _> = archetype
            .facts
            .keys()
            .chain(of_procedures)
            .map(|name| (name.clone(), filled(occasion.certain.dates.contains(name), json!("2026-05-22"))))
            .collect();
        let mut input: Map<_, _> = occasion.input.possible.keys().map(|name| (name.clone(), Value::Null)).collect();
        input.extend(occasion.input.certain.clone());
        if everything {
            input.extend(occasion.input.possible.clone());
        }
        data["program"]["title"] = json!(program.definition().program.title);
        data["amounts"] = Value::Object(amounts);
        data["dates"] = Value::Object(dates);
        data["input"] = Value::Object(input);
        data["deadline"] = filled(occasion.deadline, json!("2026-10-30"));
        if !everything && !occasion.input.marks {
            data["marks"] = json!([]);
        }
        data
    })
}
/// What stands around the text of a letter, from the data that it was issued with.
pub(crate) fn letter_head(data: &Value, number: Option<String>, issued_on: NaiveDate) -> LetterHead {
    let part = |name: &str| data.get(name).cloned().unwrap_or_default();
    let business = part("business");
    let word = |name: &str| business.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    LetterHead {
        number,
        date: serde_json::from_value(part("today")).unwrap_or(issued_on),
        addressee: Addressee { address: word("address"), name: word("name"), representative: word("representative") },
        issuer: serde_json::from_value(part("issuer")).unwrap_or_default(),
        appeal: serde_json::from_value(part("appeal")).ok(),
    }
}

#[cfg(test)]
mod tests {
    use program::{known_findings, load_checking, sample};

    use super::*;

    #[test]
    fn the_sample_writes_everything() {
        assert_eq!(load_checking(&sample(), check_texts).findings, []);
    }

    #[test]
    fn every_fault_of_a_template_has_an_example_with_its_line_and_column() {
        let known = known_findings().unwrap().into_values().flat_map(|group| group.findings);
        let of_texts: Vec<_> = known.filter(|(code, _)| code.starts_with("template.")).collect();
        assert_eq!(of_texts.len(), 7);
        for (code, known) in of_texts {
            let findings = load_checking(&known.files(), check_texts).findings;
            let found = findings.iter().find(|finding| finding.code == code);
            let found = found.unwrap_or_else(|| panic!("{code} is not found, but {findings:?}"));
            assert!(found.line.is_some() && found.column.is_some(), "{found}");
        }
    }
}
