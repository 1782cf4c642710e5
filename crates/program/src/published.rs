//! What a case makes public: the fields that its program publishes, as a person reads them, once the business consents.

use vocabulary::Bilingual;

use crate::compiled::Program;
use crate::definition::Name;
use crate::expression::Value;
use crate::facts::{APPLICATION, CaseFacts, field_value};

/// One field that is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedField {
    pub name: Name,
    pub label: Bilingual,
    /// As people read it: 30,000円 and ¥30,000, the label of a choice, a text as it was typed.
    pub value: Bilingual,
}

impl Program {
    /// The published fields that were filled in, in the order in which the program names them. None unless the
    /// application asks for a consent and every consent in it was given.
    #[must_use]
    pub fn published(&self, facts: &CaseFacts) -> Option<Vec<PublishedField>> {
        let fields = self.fields.get(APPLICATION)?;
        let values = facts.forms.get(APPLICATION)?;
        let mut consents = fields
            .iter()
            .filter(|(_, field)| field.consent)
            .map(|(name, field)| field_value(field, values.get(name)) == Some(Value::Bool(true)));
        if !(consents.next()? && consents.all(|given| given)) {
            return None;
        }
        let shown = |name: &Name| {
            let field = fields.get(name).filter(|field| !field.personal)?;
            let value = field_value(field, values.get(name))?;
            let said = match &value {
                Value::None => return None,
                Value::Text(text) => Bilingual::new(text.as_str(), text.as_str()),
                Value::Choice(choice) => field.choices.get(choice).cloned().unwrap_or_else(|| value.shown()),
                other => other.shown(),
            };
            Some(PublishedField { name: name.clone(), label: field.label.clone(), value: said })
        };
        Some(self.definition.program.publishes.iter().filter_map(shown).collect())
    }
}
