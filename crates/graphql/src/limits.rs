//! How large a query may be. Everything here is counted before the library looks at the document, because its own
//! checks follow fragments one by one and a few hundred bytes of nested fragments would keep them busy for hours.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest, NextValidation};
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Response, ServerError, ValidationResult, Value, Variables, value};

use crate::fault::Code;

/// Fields, weighted with the rows that they can give.
pub(crate) const MAXIMUM_COMPLEXITY: usize = 10_000;
/// Bytes.
const MAXIMUM_TEXT: usize = 64 * 1024;
const MAXIMUM_DEPTH: usize = 12;
const MAXIMUM_ALIASES: usize = 30;
const MAXIMUM_ROOT_FIELDS: usize = 20;
const MAXIMUM_DIRECTIVES_ON_ONE: usize = 5;
const MAXIMUM_DIRECTIVES: usize = 30;
const MAXIMUM_FRAGMENTS: usize = 50;
/// Fields, spreads and inline fragments, each counted as often as it is spread.
const MAXIMUM_SELECTIONS: usize = 1_000;
const MAXIMUM_LIST: usize = 1_000;
/// Brackets within brackets; the parser's stack would not end well at some thousands.
const MAXIMUM_NESTING: usize = 60;
/// Selection sets within selection sets, through fragments.
const MAXIMUM_LEVELS: usize = 60;
/// Lists of fields or types within each other, in introspection.
const MAXIMUM_INTROSPECTION_LISTS: usize = 2;

/// Why a document is not even looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excess {
    pub code: Code,
    pub message: String,
}

fn costly(what: &str, limit: usize) -> Excess {
    Excess { code: Code::TooCostly, message: format!("the query has too many {what}; at most {limit}") }
}

fn wrong(message: impl Into<String>) -> Excess {
    Excess { code: Code::BadInput, message: message.into() }
}

/// A document that is small enough.
#[derive(Debug)]
pub(crate) struct Examined {
    pub document: ExecutableDocument,
    /// Asks about the schema itself.
    pub introspects: bool,
}

/// # Errors
/// `TOO_COSTLY` above a limit, `BAD_INPUT` for what is no single operation.
pub(crate) fn examine(text: &str, variables: &Variables) -> Result<Examined, Excess> {
    if text.len() > MAXIMUM_TEXT {
        return Err(costly("bytes", MAXIMUM_TEXT));
    }
    if nesting(text) > MAXIMUM_NESTING {
        return Err(costly("brackets within brackets", MAXIMUM_NESTING));
    }
    let document = async_graphql::parser::parse_query(text).map_err(|error| wrong(ServerError::from(error).message))?;
    for value in variables.values() {
        check_lists(value)?;
    }
    let introspects = Counter::new(&document).check()?;
    Ok(Examined { document, introspects })
}

/// The deepest bracket, strings and comments left out.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', '(', '}', ']', ')', '"', '#']) {
        let (_, found) = rest.split_at(at);
        rest = match found.as_bytes().first() {
            Some(b'{' | b'[' | b'(') => {
                depth += 1;
                deepest = deepest.max(depth);
                found.get(1..).unwrap_or_default()
            }
            Some(b'#') => found.find(['\n', '\r']).and_then(|end| found.get(end..)).unwrap_or_default(),
            Some(b'"') => behind_string(found),
            _ => {
                depth = depth.saturating_sub(1);
                found.get(1..).unwrap_or_default()
            }
        };
    }
    deepest
}

/// The text behind the string that it begins with.
fn behind_string(text: &str) -> &str {
    let (mut rest, block) = match text.strip_prefix("\"\"\"") {
        Some(rest) => (rest, true),
        None => (text.get(1..).unwrap_or_default(), false),
    };
    let end = if block { "\"\"\"" } else { "\"" };
    loop {
        match (rest.find('\\'), rest.find(end)) {
            (Some(escape), Some(close)) if escape < close => {
                let mut following = rest.get(escape + 1..).unwrap_or_default().chars();
                following.next();
                rest = following.as_str();
            }
            (_, Some(close)) => return rest.get(close + end.len()..).unwrap_or_default(),
            _ => return "",
        }
    }
}

fn check_lists(value: &Value) -> Result<(), Excess> {
    match value {
        Value::List(items) if items.len() > MAXIMUM_LIST => {
            Err(wrong(format!("a list has at most {MAXIMUM_LIST} items")))
        }
        Value::List(items) => items.iter().try_for_each(check_lists),
        Value::Object(fields) => fields.values().try_for_each(check_lists),
        _ => Ok(()),
    }
}

/// Stands in for a variable in a literal: variables are looked at by themselves.
#[expect(clippy::unnecessary_wraps, reason = "the library asks for a result")]
fn nothing(_: Name) -> Result<Value, Excess> {
    Ok(Value::Null)
}

/// What a selection set comes to, its fragments spread.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    aliases: usize,
    directives: usize,
    /// Fields at the top.
    width: usize,
    depth: usize,
    /// Lists of the schema's parts within each other.
    lists: usize,
    introspects: bool,
}

impl Size {
    fn add(&mut self, other: Size) {
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.width = self.width.saturating_add(other.width);
        self.depth = self.depth.max(other.depth);
        self.lists = self.lists.max(other.lists);
        self.introspects |= other.introspects;
    }
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    /// Every fragment is counted once; none while it is being counted.
    fragments: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Counter<'a> {
    fn new(document: &'a ExecutableDocument) -> Self {
        Self { document, fragments: HashMap::new() }
    }

    /// Whether it introspects.
    fn check(mut self) -> Result<bool, Excess> {
        let document = self.document;
        if document.fragments.len() > MAXIMUM_FRAGMENTS {
            return Err(costly("fragments", MAXIMUM_FRAGMENTS));
        }
        let mut operations = document.operations.iter();
        let (Some((_, operation)), None) = (operations.next(), operations.next()) else {
            return Err(wrong("send exactly one operation"));
        };
        let operation = &operation.node;
        let mut size = self.selection_set(&operation.selection_set.node, 0)?;
        size.directives = size.directives.saturating_add(directives(&operation.directives)?);
        for variable in &operation.variable_definitions {
            size.directives = size.directives.saturating_add(directives(&variable.node.directives)?);
            if let Some(default) = &variable.node.default_value {
                check_lists(&default.node)?;
            }
        }
        within(size.width, MAXIMUM_ROOT_FIELDS, "fields at the root")?;
        within(size.depth, MAXIMUM_DEPTH, "levels")?;
        check_size(size)?;
        for name in document.fragments.keys() {
            check_size(self.fragment(name, 0)?)?;
        }
        Ok(size.introspects)
    }

    fn selection_set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Size, Excess> {
        within(level, MAXIMUM_LEVELS, "levels")?;
        let mut size = Size::default();
        for selection in &set.items {
            let part = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::FragmentSpread(spread) => {
                    let mut part = self.fragment(&spread.node.fragment_name.node, level)?;
                    part.selections = part.selections.saturating_add(1);
                    part.directives = part.directives.saturating_add(directives(&spread.node.directives)?);
                    part
                }
                Selection::InlineFragment(inline) => {
                    let mut part = self.selection_set(&inline.node.selection_set.node, level + 1)?;
                    part.selections = part.selections.saturating_add(1);
                    part.directives = part.directives.saturating_add(directives(&inline.node.directives)?);
                    part
                }
            };
            size.add(part);
        }
        Ok(size)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Size, Excess> {
        for (_, value) in &field.arguments {
            check_lists(&value.node.clone().into_const_with(nothing)?)?;
        }
        let mut size = self.selection_set(&field.selection_set.node, level + 1)?;
        size.selections = size.selections.saturating_add(1);
        size.aliases = size.aliases.saturating_add(usize::from(field.alias.is_some()));
        size.directives = size.directives.saturating_add(directives(&field.directives)?);
        size.width = 1;
        size.depth += 1;
        match field.name.node.as_str() {
            "__schema" | "__type" => {
                within(size.lists, MAXIMUM_INTROSPECTION_LISTS, "lists within lists")?;
                // Tools ask for types of types of types; how deep is bounded by the levels.
                size.depth = 1;
                size.introspects = true;
            }
            "fields" | "inputFields" | "interfaces" | "possibleTypes" => size.lists += 1,
            _ => {}
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<Size, Excess> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(wrong("a fragment spreads itself")),
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, None);
        let mut size = self.selection_set(&fragment.node.selection_set.node, level + 1)?;
        size.directives = size.directives.saturating_add(directives(&fragment.node.directives)?);
        self.fragments.insert(name, Some(size));
        Ok(size)
    }
}

fn directives(directives: &[Positioned<Directive>]) -> Result<usize, Excess> {
    within(directives.len(), MAXIMUM_DIRECTIVES_ON_ONE, "directives on one element")?;
    for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
        check_lists(&value.node.clone().into_const_with(nothing)?)?;
    }
    Ok(directives.len())
}

fn within(count: usize, limit: usize, what: &str) -> Result<(), Excess> {
    if count > limit { Err(costly(what, limit)) } else { Ok(()) }
}

fn check_size(size: Size) -> Result<(), Excess> {
    within(size.aliases, MAXIMUM_ALIASES, "aliases")?;
    within(size.directives, MAXIMUM_DIRECTIVES, "directives")?;
    within(size.selections, MAXIMUM_SELECTIONS, "fields")
}

/// Puts the cost of a query into the answer's `extensions`.
pub(crate) struct ShowCost;

impl ExtensionFactory for ShowCost {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Cost::default())
    }
}

#[derive(Default)]
struct Cost {
    complexity: AtomicUsize,
    depth: AtomicUsize,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Cost {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        self.complexity.store(result.complexity, Ordering::Relaxed);
        self.depth.store(result.depth, Ordering::Relaxed);
        Ok(result)
    }

    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        let (complexity, depth) = (self.complexity.load(Ordering::Relaxed), self.depth.load(Ordering::Relaxed));
        let cost = value!({ "complexity": complexity, "depth": depth, "limit": MAXIMUM_COMPLEXITY });
        response.extension("cost", cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<Code> {
        examine(text, &Variables::default()).err().map(|excess| excess.code)
    }

    #[test]
    fn sensible_queries_pass() {
        assert_eq!(code("{ viewer { name } }"), None);
        assert_eq!(code("query A($x: Int = 3) { a: viewer { ...F } } fragment F on Viewer { name }"), None);
        assert!(examine("{ __schema { types { name } } }", &Variables::default()).unwrap().introspects);
    }

    #[test]
    fn everything_is_bounded() {
        let many = |part: &str, count: usize| format!("{{ {} }}", part.repeat(count));
        let aliases: String = (0..31).map(|n| format!("a{n}: name ")).collect();
        assert_eq!(code(&format!("{{ viewer {{ {aliases} }} }}")), Some(Code::TooCostly));
        assert_eq!(code(&many("viewer { name } ", 21)), Some(Code::TooCostly));
        assert_eq!(code(&format!("{{ viewer {} }}", "@skip(if: false) ".repeat(6))), Some(Code::TooCostly));
        assert_eq!(code("{ a "), Some(Code::BadInput));
        assert_eq!(code(&format!("{}{}", "{ a ".repeat(13), "}".repeat(13))), Some(Code::TooCostly));
        assert_eq!(code(&format!("{}{}", "{ a ".repeat(12), "}".repeat(12))), None);
        assert_eq!(code(&format!("{}{}", "{a".repeat(20_000), "}".repeat(20_000))), Some(Code::TooCostly));
        assert_eq!(code(&format!("{{ a(b: {}{}) }}", "[".repeat(20_000), "]".repeat(20_000))), Some(Code::TooCostly));
        assert_eq!(code(&format!("{{ a(b: [{}]) }}", "1,".repeat(1_001))), Some(Code::BadInput));
        assert_eq!(code(&"# x".repeat(30_000)), Some(Code::TooCostly));
        assert_eq!(code("query A { a } query B { b }"), Some(Code::BadInput));
        assert_eq!(code("{ ...A } fragment A on Q { ...B } fragment B on Q { ...A }"), Some(Code::BadInput));
        let lists = Variables::from_json(serde_json::json!({ "a": { "b": vec![1; 1_001] } }));
        assert_eq!(examine("{ a }", &lists).err().map(|excess| excess.code), Some(Code::BadInput));
    }

    #[test]
    fn fragments_that_double_are_counted_without_being_followed() {
        let fragments: String =
            (0..40).map(|n| format!("fragment F{n} on Q {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect();
        assert_eq!(code(&format!("{{ ...F0 }} {fragments} fragment F40 on Q {{ a }}")), Some(Code::TooCostly));
        let unused: String =
            (0..40).map(|n| format!("fragment F{n} on Q {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect();
        assert_eq!(code(&format!("{{ a }} {unused}")), Some(Code::TooCostly));
    }

    #[test]
    fn introspection_does_not_go_in_circles() {
        let circle = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        assert_eq!(code(circle), Some(Code::TooCostly));
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_nest() {
        assert_eq!(nesting(r#"{ a(b: "[[[[ \" [[", c: """ {{{ \""" {{ """) # ((((("#), 2);
        assert_eq!(nesting("\"unended [[["), 0);
    }
}
