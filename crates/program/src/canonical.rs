//! The one text of a definition, which is stored and hashed: keys of records sorted, ordered maps as arrays of pairs so
//! that their order survives.

use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::{Error, Map, Value as Json, json};
use vocabulary::Bilingual;

use crate::definition::Definition;
use crate::finding::Finding;

/// The one text of a definition.
#[must_use]
pub fn canonical(definition: &Definition) -> String {
    // A definition holds nothing that has no JSON form: keys are text, numbers are integers.
    definition.serialize(Ordered).and_then(|value| vocabulary::canonical_json(&value)).unwrap_or_default()
}

/// # Errors
/// When the text is no canonical definition of this version of the language.
pub fn from_canonical(text: &str) -> Result<Definition, Box<Finding>> {
    let decoded = serde_json::from_str(text).and_then(|value: Json| serde_json::from_value(without_pairs(value)));
    decoded.map_err(|error| {
        let message = Bilingual::new(
            format!("保存された定義を読めません（{error}）"),
            format!("The stored definition cannot be read: {error}"),
        );
        Box::new(Finding::error("canonical.format", "", message))
    })
}

/// Arrays of pairs back to maps. Definitions hold no other arrays of arrays that begin with a text.
fn without_pairs(value: Json) -> Json {
    fn pair(item: &Json) -> Option<(&String, &Json)> {
        match item.as_array()?.as_slice() {
            [Json::String(key), value] => Some((key, value)),
            _ => None,
        }
    }
    match value {
        Json::Array(items) => {
            let pairs: Option<Map<String, Json>> = items
                .iter()
                .map(|item| pair(item).map(|(key, value)| (key.clone(), without_pairs(value.clone()))))
                .collect();
            match pairs {
                Some(map) if !map.is_empty() => Json::Object(map),
                _ => Json::Array(items.into_iter().map(without_pairs).collect()),
            }
        }
        Json::Object(map) => Json::Object(map.into_iter().map(|(key, value)| (key, without_pairs(value))).collect()),
        other => other,
    }
}

/// To JSON as serde_json does it, but with maps as arrays of pairs.
struct Ordered;

struct Items {
    variant: Option<&'static str>,
    items: Vec<Json>,
}

struct Pairs {
    key: Option<Json>,
    pairs: Vec<Json>,
}

struct Entries {
    variant: Option<&'static str>,
    entries: Map<String, Json>,
}

fn tagged(variant: Option<&'static str>, value: Json) -> Json {
    match variant {
        Some(variant) => json!({ variant: value }),
        None => value,
    }
}

macro_rules! plain {
    ($($method:ident: $kind:ty),* $(,)?) => {
        $(fn $method(self, value: $kind) -> Result<Json, Error> {
            Ok(Json::from(value))
        })*
    };
}

impl Serializer for Ordered {
    type Ok = Json;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Pairs;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    plain! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_str: &str,
        serialize_bytes: &[u8],
    }

    fn serialize_f32(self, _: f32) -> Result<Json, Error> {
        Err(Error::custom("definitions hold no decimals"))
    }
    fn serialize_f64(self, _: f64) -> Result<Json, Error> {
        Err(Error::custom("definitions hold no decimals"))
    }
    fn serialize_char(self, value: char) -> Result<Json, Error> {
        Ok(Json::from(value.to_string()))
    }
    fn serialize_none(self) -> Result<Json, Error> {
        Ok(Json::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Json, Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Json, Error> {
        Ok(Json::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Json, Error> {
        Ok(Json::Null)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Json, Error> {
        Ok(Json::from(variant))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Json, Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Json, Error> {
        Ok(tagged(Some(variant), value.serialize(Ordered)?))
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Error> {
        Ok(Items { variant: None, items: Vec::new() })
    }
    fn serialize_tuple(self, _: usize) -> Result<Items, Error> {
        Ok(Items { variant: None, items: Vec::new() })
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Error> {
        Ok(Items { variant: None, items: Vec::new() })
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Items, Error> {
        Ok(Items { variant: Some(variant), items: Vec::new() })
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Pairs, Error> {
        Ok(Pairs { key: None, pairs: Vec::new() })
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries, Error> {
        Ok(Entries { variant: None, entries: Map::new() })
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries, Error> {
        Ok(Entries { variant: Some(variant), entries: Map::new() })
    }
}

macro_rules! items {
    ($($kind:ident: $method:ident),*) => {
        $(impl $kind for Items {
            type Ok = Json;
            type Error = Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.items.push(value.serialize(Ordered)?);
                Ok(())
            }
            fn end(self) -> Result<Json, Error> {
                Ok(tagged(self.variant, Json::Array(self.items)))
            }
        })*
    };
}

items! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
}

macro_rules! entries {
    ($($kind:ident),*) => {
        $(impl $kind for Entries {
            type Ok = Json;
            type Error = Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.entries.insert(key.to_owned(), value.serialize(Ordered)?);
                Ok(())
            }
            fn end(self) -> Result<Json, Error> {
                Ok(tagged(self.variant, Json::Object(self.entries)))
            }
        })*
    };
}

entries! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for Pairs {
    type Ok = Json;
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(key.serialize(Ordered)?);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().filter(Json::is_string).ok_or_else(|| Error::custom("a key is a text"))?;
        self.pairs.push(Json::Array(vec![key, value.serialize(Ordered)?]));
        Ok(())
    }
    fn end(self) -> Result<Json, Error> {
        // An empty list and an empty map would look alike.
        Ok(if self.pairs.is_empty() { Json::Object(Map::new()) } else { Json::Array(self.pairs) })
    }
}
