//! In: the text of a JSON object. Out: [`Wire`], the values of the keys that the format knows, borrowed from the text.
//! Forgets: unknown keys, lists, objects within objects, and all but the last value of a repeated key.
//!
//! Types are not judged here: every key may hold any value, and the reader of the key decides what is usable.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::limits::PROPS_MAX;

/// The keys of the format, short and long, and our own extra ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
pub(super) enum WireKey {
    N,
    Name,
    U,
    Url,
    D,
    Domain,
    R,
    Referrer,
    P,
    Props,
    M,
    Meta,
    #[serde(rename = "$")]
    Money,
    Revenue,
    H,
    #[serde(rename = "hashMode")]
    HashMode,
    I,
    Interactive,
    Sd,
    E,
    W,
    ScreenWidth,
    Tz,
    L,
    Sc,
    T,
    Wd,
    Timestamp,
    Ip,
    UserAgent,
    Language,
    Country,
    #[serde(other)]
    Unknown,
}

/// How many keys have a value of their own: all before the unknown one.
const KEYS: usize = WireKey::Unknown as usize;

/// Properties or money: keys and scalar values that are not blank, at most [`PROPS_MAX`], each key once.
pub(super) type Entries<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// A JSON value, as far as any key of the format uses it. It has no `Debug` outside of tests: it holds input.
#[derive(Clone, PartialEq, Default)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Value<'a> {
    /// Not sent, or `null`.
    #[default]
    Absent,
    Flag(bool),
    Whole(i128),
    Fraction(f64),
    Text(Cow<'a, str>),
    Object(Entries<'a>),
    /// A list, or an object within an object.
    Unusable,
}

impl Value<'_> {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number from 0 on, as a number or as digits.
    pub(super) fn whole(&self) -> Option<u64> {
        match self {
            Value::Whole(number) => u64::try_from(*number).ok(),
            Value::Text(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        }
    }

    /// Yes or no, as a boolean, as 1 or 0, or as text of these.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Value::Flag(flag) => Some(*flag),
            Value::Whole(1) => Some(true),
            Value::Whole(0) => Some(false),
            Value::Text(text) => match &**text {
                "1" | "true" => Some(true),
                "0" | "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it is worth keeping as the value of a property.
    fn is_filled_scalar(&self) -> bool {
        match self {
            Value::Text(text) => !text.trim().is_empty(),
            Value::Flag(_) | Value::Whole(_) | Value::Fraction(_) => true,
            Value::Absent | Value::Object(_) | Value::Unusable => false,
        }
    }
}

/// A message: one value for each known key.
#[derive(Default)]
pub(super) struct Wire<'a>([Value<'a>; KEYS]);

impl<'a> Wire<'a> {
    /// Reads a whole body; nothing when it is not the UTF-8 text of one JSON object.
    pub(super) fn read(body: &'a [u8]) -> Option<Wire<'a>> {
        let text = std::str::from_utf8(body).ok()?;
        serde_json::from_str(text).ok()
    }

    /// The value of the first of these keys that was sent and is not `null`.
    pub(super) fn first<const COUNT: usize>(&self, keys: [WireKey; COUNT]) -> &Value<'a> {
        let mut sent = keys.into_iter().filter_map(|key| self.0.get(key as usize));
        sent.find(|value| **value != Value::Absent).unwrap_or(&Value::Absent)
    }
}

/// The entries of an object that is written as JSON within a text; nothing when it is no such text.
pub(super) fn entries_of_text(text: &str) -> Option<Entries<'_>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Depth::Field.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    match value {
        Value::Object(entries) => Some(entries),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Wire<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Message)
    }
}

/// Reads the outermost object.
struct Message;

impl<'de> Visitor<'de> for Message {
    type Value = Wire<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wire<'de>, A::Error> {
        let mut wire = Wire::default();
        while let Some(key) = map.next_key::<WireKey>()? {
            match wire.0.get_mut(key as usize) {
                Some(value) => *value = map.next_value_seed(Depth::Field)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(wire)
    }
}

/// Where a value stands: objects are read as the value of a field, and passed over within another object.
#[derive(Clone, Copy)]
enum Depth {
    Field,
    Entry,
}

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Absent)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value<'de>, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Fraction(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Unusable)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value<'de>, A::Error> {
        match self {
            Depth::Field => entries(map).map(Value::Object),
            Depth::Entry => pass_over(map).map(|()| Value::Unusable),
        }
    }
}

/// Reads entries until there are enough of them, and passes over the rest.
fn entries<'de, A: MapAccess<'de>>(mut map: A) -> Result<Entries<'de>, A::Error> {
    let mut entries = Entries::new();
    while entries.len() < PROPS_MAX {
        let Some(Text(key)) = map.next_key()? else { return Ok(entries) };
        let value = map.next_value_seed(Depth::Entry)?;
        if key.trim().is_empty() || !value.is_filled_scalar() {
            continue;
        }
        match entries.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => entries.push((key, value)),
        }
    }
    pass_over(map)?;
    Ok(entries)
}

fn pass_over<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A key of an entry, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(body: &str) -> Wire<'_> {
        Wire::read(body.as_bytes()).expect("an object")
    }

    #[test]
    fn only_the_text_of_one_object_is_a_message() {
        let wrong: [&[u8]; 9] =
            [b"", b"[]", b"null", b"\"x\"", b"{", b"{\"n\":}", b"{} {}", b"{\"x\":\"\xff\"}", b"{\"n\":\"\\ud800\"}"];
        for body in wrong {
            assert!(Wire::read(body).is_none(), "{}", body.escape_ascii());
        }
        assert!(Wire::read(b" {\"x\":[{}],\"y\":{\"z\":null}}\n").is_some());
    }

    #[test]
    fn a_repeated_key_keeps_its_last_value() {
        assert_eq!(wire(r#"{"n":"a","n":"b"}"#).first([WireKey::N]).text(), Some("b"));
        let body = r#"{"p":{"a":"1","b":"2","a":"3"}}"#;
        let Value::Object(entries) = wire(body).first([WireKey::P]).clone() else { panic!("no object") };
        assert_eq!(entries, [("a".into(), Value::Text("3".into())), ("b".into(), Value::Text("2".into()))]);
    }

    #[test]
    fn null_is_passed_over_for_the_other_spelling() {
        let wire = wire(r#"{"n":null,"name":"x","u":"short","url":"long"}"#);
        assert_eq!(wire.first([WireKey::N, WireKey::Name]).text(), Some("x"));
        assert_eq!(wire.first([WireKey::U, WireKey::Url]).text(), Some("short"));
        assert_eq!(wire.first([WireKey::D, WireKey::Domain]), &Value::Absent);
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        let wire = wire(r#"{"n":"plain","u":"esc\u0061ped"}"#);
        assert!(matches!(wire.first([WireKey::N]), Value::Text(Cow::Borrowed("plain"))));
        assert!(matches!(wire.first([WireKey::U]), Value::Text(Cow::Owned(text)) if text == "escaped"));
    }

    #[test]
    fn numbers_and_flags_are_read_in_the_spellings_that_clients_use() {
        let wholes =
            [("5", Some(5)), ("\"73\"", Some(73)), ("-1", None), ("1.5", None), ("\"\"", None), ("true", None)];
        for (json, expected) in wholes {
            assert_eq!(wire(&format!("{{\"e\":{json}}}")).first([WireKey::E]).whole(), expected, "{json}");
        }
        let flags = [("true", Some(true)), ("0", Some(false)), ("\"1\"", Some(true)), ("2", None), ("{}", None)];
        for (json, expected) in flags {
            assert_eq!(wire(&format!("{{\"i\":{json}}}")).first([WireKey::I]).flag(), expected, "{json}");
        }
    }
}
