//! The schema as a client can ask for it: what there is to be asked, and questions made from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Api;

const INTROSPECTION: &str = "{ __schema { types { kind name \
    fields { name args { name type { ...T } defaultValue } type { ...T } } \
    inputFields { name type { ...T } defaultValue } enumValues { name } possibleTypes { name } } } } \
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// A type as it is written: its name, and whether it may be left out.
#[derive(Clone, Debug)]
pub struct TypeRef {
    pub name: String,
    pub required: bool,
    pub list: bool,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub args: Vec<(String, TypeRef)>,
    pub of: TypeRef,
}

#[derive(Clone, Debug, Default)]
pub struct Type {
    pub kind: String,
    pub fields: Vec<Field>,
    pub inputs: Vec<(String, TypeRef)>,
    pub words: Vec<String>,
    pub possible: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Schema(BTreeMap<String, Type>);

fn type_ref(value: &Value) -> TypeRef {
    let required = value["kind"] == "NON_NULL";
    let mut list = false;
    let mut inner = value;
    while !inner["ofType"].is_null() {
        list |= inner["kind"] == "LIST";
        inner = &inner["ofType"];
    }
    TypeRef { name: inner["name"].as_str().unwrap_or_default().to_owned(), required, list }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn name(value: &Value) -> String {
    value["name"].as_str().unwrap_or_default().to_owned()
}

impl Schema {
    pub async fn ask(api: &Api, token: &str) -> Self {
        let data = api.graphql(Some(token), INTROSPECTION, Value::Null).await.data();
        let named = |value: &Value| (name(value), type_ref(&value["type"]));
        let types = list(&data["__schema"]["types"]).map(|value| {
            let fields = list(&value["fields"]).map(|field| Field {
                name: name(field),
                args: list(&field["args"]).map(named).collect(),
                of: type_ref(&field["type"]),
            });
            let found = Type {
                kind: value["kind"].as_str().unwrap_or_default().to_owned(),
                fields: fields.collect(),
                inputs: list(&value["inputFields"]).map(named).collect(),
                words: list(&value["enumValues"]).map(name).collect(),
                possible: list(&value["possibleTypes"]).map(name).collect(),
            };
            (name(value), found)
        });
        Self(types.collect())
    }

    pub fn get(&self, name: &str) -> &Type {
        self.0.get(name).unwrap_or_else(|| panic!("there is no type {name}"))
    }

    fn is_leaf(&self, name: &str) -> bool {
        matches!(self.get(name).kind.as_str(), "SCALAR" | "ENUM")
    }

    /// Selections that together see everything of the type to that depth: each a set of braces, each small enough.
    pub fn selections(&self, name: &str, depth: usize) -> Vec<String> {
        if self.is_leaf(name) {
            return vec![String::new()];
        }
        let found = self.get(name);
        if !found.possible.is_empty() {
            let parts = found.possible.iter().flat_map(|one| {
                self.selections(one, depth).into_iter().map(move |part| format!("{{ __typename ... on {one} {part} }}"))
            });
            return parts.collect();
        }
        let leaves: Vec<&str> = found
            .fields
            .iter()
            .filter(|field| self.is_leaf(&field.of.name) && field.args.iter().all(|(_, arg)| !arg.required))
            .map(|field| field.name.as_str())
            .collect();
        let mut parts = vec![format!("{{ __typename {} }}", leaves.join(" "))];
        if depth > 0 {
            for field in found.fields.iter().filter(|field| !self.is_leaf(&field.of.name)) {
                if field.args.iter().any(|(_, arg)| arg.required) {
                    continue;
                }
                // Edges and nodes of a list do not count as depth: what is behind them does.
                let through = field.name == "edges" || field.name == "node";
                let below = if through { depth } else { depth - 1 };
                let first = if field.args.iter().any(|(name, _)| name == "first") { "(first: 5)" } else { "" };
                for part in self.selections(&field.of.name, below) {
                    parts.push(format!("{{ {}{first} {part} }}", field.name));
                }
            }
        }
        parts
    }

    /// An input object with what it must have: the given values where a name fits, something plain elsewhere.
    pub fn input(&self, name: &str, given: &dyn Fn(&str, &TypeRef) -> Option<Value>) -> Value {
        let mut input = serde_json::Map::new();
        for (field, of) in &self.get(name).inputs {
            if let Some(value) = given(field, of) {
                input.insert(field.clone(), value);
            } else if of.required {
                input.insert(field.clone(), self.plain(of, given));
            }
        }
        Value::Object(input)
    }

    fn plain(&self, of: &TypeRef, given: &dyn Fn(&str, &TypeRef) -> Option<Value>) -> Value {
        let one = match of.name.as_str() {
            "Int" | "Yen" => json!(1),
            "Boolean" => json!(true),
            "Date" => json!("2026-06-01"),
            "DateTime" => json!("2026-06-01T00:00:00Z"),
            "JSON" => json!({}),
            "ID" => json!("00000000-0000-0000-0000-000000000009"),
            "String" => json!("x"),
            other => match self.get(other).kind.as_str() {
                "ENUM" => json!(self.get(other).words[0]),
                _ => self.input(other, given),
            },
        };
        if of.list { json!([one]) } else { one }
    }
}
