//! The types of facts and expressions, and the names that an expression may use.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use vocabulary::Bilingual;

/// What kind of value a fact or an expression has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Bool,
    Int,
    /// Whole yen.
    Yen,
    /// An exact fraction.
    Rate,
    Text,
    Date,
    /// A number of calendar days.
    Days,
    Choice(ChoiceSet),
    /// Rows, e.g. of costs.
    List(RecordType),
    Record(RecordType),
    /// May be missing: has to pass through `or_else` or be guarded by `has`.
    Optional(Box<Type>),
}

impl Type {
    /// The same type, but it may be missing.
    #[must_use]
    pub fn optional(self) -> Self {
        match self {
            Self::Optional(_) => self,
            present => Self::Optional(Box::new(present)),
        }
    }

    /// The type of the value when it is there.
    #[must_use]
    pub fn present(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner.present(),
            present => present,
        }
    }

    #[must_use]
    pub const fn is_optional(&self) -> bool {
        matches!(self, Self::Optional(_))
    }

    pub(super) const fn is_ordered(&self) -> bool {
        matches!(self, Self::Int | Self::Yen | Self::Rate | Self::Date | Self::Days)
    }

    /// For messages: 金額(Yen), Yen.
    #[must_use]
    pub fn described(&self) -> Bilingual {
        let ja = match self {
            Self::Bool => "はい・いいえ",
            Self::Int => "整数",
            Self::Yen => "金額",
            Self::Rate => "率",
            Self::Text => "文字列",
            Self::Date => "日付",
            Self::Days => "日数",
            Self::Choice(_) => "選択肢",
            Self::List(_) => "明細",
            Self::Record(_) => "項目のまとまり",
            Self::Optional(inner) => return prefixed_ja("未入力のことがある", &inner.described(), self),
        };
        Bilingual::new(format!("{ja}({self})"), self.to_string())
    }
}

fn prefixed_ja(prefix: &str, inner: &Bilingual, whole: &Type) -> Bilingual {
    Bilingual::new(format!("{prefix}{}", inner.ja), whole.to_string())
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "Bool",
            Self::Int => "Int",
            Self::Yen => "Yen",
            Self::Rate => "Rate",
            Self::Text => "Text",
            Self::Date => "Date",
            Self::Days => "Days",
            Self::Choice(_) => "Choice",
            Self::List(_) => "List",
            Self::Record(_) => "Record",
            Self::Optional(inner) => return write!(f, "optional {inner}"),
        })
    }
}

/// The options of a choice, in the order in which they are offered. Two sets are equal when their names are.
#[derive(Clone)]
pub struct ChoiceSet(Arc<[(String, Bilingual)]>);

impl ChoiceSet {
    /// Options that are shown to people by their names.
    #[must_use]
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::labeled(names.into_iter().map(|name| {
            let name = name.into();
            (name.clone(), Bilingual::new(name.clone(), name))
        }))
    }

    /// Options with the labels that explanations show.
    #[must_use]
    pub fn labeled<S: Into<String>>(options: impl IntoIterator<Item = (S, Bilingual)>) -> Self {
        Self(options.into_iter().map(|(name, label)| (name.into(), label)).collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// The label of an option.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&Bilingual> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, label)| label)
    }
}

impl PartialEq for ChoiceSet {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.names().eq(other.names())
    }
}

impl Eq for ChoiceSet {}

impl fmt::Debug for ChoiceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// The fields of a record or of a row, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordType(Arc<[(String, Type)]>);

impl RecordType {
    #[must_use]
    pub fn new<S: Into<String>>(fields: impl IntoIterator<Item = (S, Type)>) -> Self {
        Self(fields.into_iter().map(|(name, kind)| (name.into(), kind)).collect())
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.fields().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    pub fn fields(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.0.iter().map(|(name, kind)| (name.as_str(), kind))
    }
}

/// The names that an expression may use, with their types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    roots: BTreeMap<String, Type>,
    row: Option<RecordType>,
    /// What people call the names, by the dotted name.
    labels: BTreeMap<String, Bilingual>,
}

impl Scope {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, kind: Type) -> Self {
        self.roots.insert(name.into(), kind);
        self
    }

    /// What people call a name, dotted where it is within a record.
    #[must_use]
    pub fn called(mut self, name: impl Into<String>, label: &Bilingual) -> Self {
        self.labels.insert(name.into(), label.clone());
        self
    }

    pub(super) fn label(&self, name: &str) -> Option<&Bilingual> {
        self.labels.get(name)
    }

    /// Also the fields of one row, as in `each: costs`. A field whose name is also a name of the scope may not be used:
    /// that is reported as `expression.ambiguous_name` where it is. Inside a row, other rows cannot be read.
    #[must_use]
    pub fn with_row(&self, row: &RecordType) -> Self {
        Self { row: Some(row.clone()), ..self.clone() }
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.roots.get(name).or_else(|| self.row_field(name))
    }

    pub(super) fn root(&self, name: &str) -> Option<&Type> {
        self.roots.get(name)
    }

    pub(super) fn row_field(&self, name: &str) -> Option<&Type> {
        self.row.as_ref().and_then(|row| row.get(name))
    }

    pub(super) const fn has_row(&self) -> bool {
        self.row.is_some()
    }

    /// Every name with its type, the fields of the row last.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Type)> {
        let row = self.row.iter().flat_map(RecordType::fields);
        self.roots.iter().map(|(name, kind)| (name.as_str(), kind)).chain(row)
    }
}
