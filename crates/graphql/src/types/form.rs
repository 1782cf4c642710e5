//! Forms as they are shown: which fields and documents, with which rules.

use async_graphql::{Context, Object};
use program::definition::{Category as CategoryRule, Name};

use crate::enums::{FieldType, Locale};
use crate::scalars::Yen;
use crate::scope::say;
use crate::text::Bilingual;

pub(crate) struct Form<'a>(pub &'a program::Form);

/// A form of a program.
#[Object]
impl<'a> Form<'a> {
    async fn name(&self) -> &str {
        &self.0.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.0.label).into()
    }
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn fields(&self) -> Vec<FormField<'_>> {
        self.0.fields.iter().map(|(name, field)| FormField { name, field }).collect()
    }
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn documents(&self) -> Vec<DocumentSlot<'_>> {
        self.0.documents.iter().map(DocumentSlot).collect()
    }
}

pub(crate) struct FormField<'a> {
    name: &'a str,
    field: &'a program::FormField,
}

/// A field of a form; its values are in the form's JSON under its name.
#[Object]
impl<'a> FormField<'a> {
    async fn name(&self) -> &str {
        self.name
    }
    #[graphql(name = "type")]
    async fn kind(&self) -> FieldType {
        self.field.rule.kind.into()
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.field.rule.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.field.rule.label).into()
    }
    async fn hint(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Option<String> {
        self.field.rule.hint.as_ref().map(|hint| say(ctx, hint, locale))
    }
    async fn required(&self) -> bool {
        self.field.rule.required
    }
    /// Asked only when this expression holds.
    async fn condition(&self) -> Option<&str> {
        self.field.rule.when.as_deref()
    }
    /// Characters at most (text), or the largest value (number, yen).
    async fn max(&self) -> Option<i64> {
        self.field.rule.max
    }
    /// The smallest value (number, yen).
    async fn min(&self) -> Option<i64> {
        self.field.rule.min
    }
    async fn choices(&self) -> Vec<Choice<'_>> {
        self.field.rule.choices.iter().map(|(name, label)| Choice { name, label }).collect()
    }
    /// Of a cost table.
    async fn categories(&self) -> Vec<Category<'_>> {
        self.field.rule.categories.iter().map(|(name, rule)| Category { name, rule }).collect()
    }
    /// Cost tables whose rows say in `item` which thing they are for.
    async fn items(&self) -> Option<CostItems<'_>> {
        self.field.rule.items.as_ref().map(CostItems)
    }
    /// Cost tables: real costs, with the days of order, delivery and payment.
    async fn actual(&self) -> bool {
        self.field.rule.actual
    }
    /// Cost tables of real costs: the document slot whose files prove the rows. Each row names its files by their
    /// identifiers in `evidence`, or the slot has a file for the table as a whole, which no row names.
    async fn evidence(&self) -> Option<&str> {
        self.field.rule.evidence.as_deref()
    }
    /// Personal data: the history keeps only a salted digest of it.
    async fn personal(&self) -> bool {
        self.field.rule.personal
    }
}

pub(crate) struct Choice<'a> {
    name: &'a Name,
    label: &'a vocabulary::Bilingual,
}

#[Object]
impl<'a> Choice<'a> {
    async fn name(&self) -> &str {
        self.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, self.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        self.label.into()
    }
}

pub(crate) struct CostItems<'a>(&'a program::definition::Items);

/// What the rows of a cost table are for, e.g. shows or rights.
#[Object]
impl<'a> CostItems<'a> {
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.0.label).into()
    }
    /// One of these; any text when there are none.
    async fn choices(&self) -> Vec<Choice<'_>> {
        self.0.choices.iter().map(|(name, label)| Choice { name, label }).collect()
    }
}

pub(crate) struct Category<'a> {
    name: &'a Name,
    rule: &'a CategoryRule,
}

/// A category of costs.
#[Object(name = "CostCategory")]
impl<'a> Category<'a> {
    async fn name(&self) -> &str {
        self.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.rule.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.rule.label).into()
    }
    async fn hint(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Option<String> {
        self.rule.hint.as_ref().map(|hint| say(ctx, hint, locale))
    }
    /// At most this much of the category counts.
    async fn cap(&self) -> Option<Yen> {
        self.rule.cap.map(Yen)
    }
}

pub(crate) struct DocumentSlot<'a>(&'a program::DocumentAsked);

/// A document that a form asks for.
#[Object]
impl<'a> DocumentSlot<'a> {
    async fn name(&self) -> &str {
        &self.0.name
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.label, locale)
    }
    async fn label_bilingual(&self) -> Bilingual {
        (&self.0.label).into()
    }
    async fn hint(&self, ctx: &Context<'_>, locale: Option<Locale>) -> Option<String> {
        self.0.hint.as_ref().map(|hint| say(ctx, hint, locale))
    }
    async fn optional(&self) -> bool {
        self.0.optional
    }
    /// Asked only when this expression holds.
    async fn condition(&self) -> Option<&str> {
        self.0.when.as_ref().map(program::Expression::source)
    }
}
