//! In: bytes that are meant as JSON. Out: JSON that a strict reader takes. Forgets: what no reader can take, and no beacon
//! keeps.
//!
//! A message is not lost for a part that nobody looks at. Scripts cut texts between two halves of a character (`\ud83d`), other
//! clients write raw control characters, bytes of another encoding, `NaN`, numbers without end, a byte order mark. Only what a
//! strict reader refuses is mended, so messages that are right cost nothing more.

use serde_json::{Map, Value};

use crate::limits;

/// What stands for a character that is none.
const NO_CHARACTER: char = '\u{fffd}';

/// The value that these bytes are meant as.
pub(super) fn value(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).or_else(|_| serde_json::from_str(&mended(bytes))).ok()
}

/// As [`value`], if it is an object.
pub(super) fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match value(bytes)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// The same JSON without what strict readers refuse. What is no JSON stays none.
pub(super) fn mended(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = &*text;
    let mut out = String::with_capacity(rest.len());
    let (mut depth, mut deep_from) = (0_usize, 0);
    while let Some(first) = rest.chars().next() {
        let read = match first {
            '"' => string(rest, &mut out),
            '{' | '[' => {
                depth += 1;
                if depth == limits::JSON_DEPTH_MAX + 1 {
                    deep_from = out.len();
                }
                out.push(first);
                1
            }
            '}' | ']' => {
                out.push(first);
                if depth == limits::JSON_DEPTH_MAX + 1 {
                    out.truncate(deep_from);
                    out.push_str("null");
                }
                depth = depth.saturating_sub(1);
                1
            }
            '\0' | '\u{feff}' => first.len_utf8(),
            _ if is_of_word(first) => word(rest, &mut out),
            _ => {
                out.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[read..];
    }
    out
}

/// Writes the text that begins here, and says how long it was.
fn string(text: &str, out: &mut String) -> usize {
    out.push('"');
    let mut rest = &text[1..];
    while let Some(first) = rest.chars().next() {
        let read = match first {
            '"' => {
                out.push('"');
                return text.len() - rest.len() + 1;
            }
            '\\' => escape(rest, out),
            control if control < ' ' => {
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
                1
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[read..];
    }
    text.len()
}

/// Writes the escape that begins here, and says how long it was.
fn escape(text: &str, out: &mut String) -> usize {
    let of_unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let is_low = |unit: u32| (0xdc00..0xe000).contains(&unit);
    match (text.as_bytes().get(1), of_unit(0)) {
        (Some(b'u'), Some(0xd800..=0xdbff)) if of_unit(6).is_some_and(is_low) => {
            out.push_str(&text[..12]);
            12
        }
        (Some(b'u'), Some(0xd800..=0xdfff)) => {
            out.push(NO_CHARACTER);
            6
        }
        (Some(b'u'), Some(_)) => {
            out.push_str(&text[..6]);
            6
        }
        (Some(b'u'), None) => {
            out.push(NO_CHARACTER);
            2
        }
        (Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'), _) => {
            out.push_str(&text[..2]);
            2
        }
        // No escape: what follows stands for itself.
        _ => 1,
    }
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')
}

/// Writes the word or number that begins here, `null` if JSON has none like it, and says how long it was.
fn word(text: &str, out: &mut String) -> usize {
    let word = &text[..text.find(|c| !is_of_word(c)).unwrap_or(text.len())];
    let is_known = serde_json::from_str::<Value>(word).is_ok();
    out.push_str(if is_known { word } else { "null" });
    word.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_strict_readers_refuse_is_mended() {
        for (text, expected) in [
            (r#"{"a":"x\ud83d"}"#, json!({"a": "x\u{fffd}"})),
            (r#"{"a\udc00":"\ud83d\ude00 \ud83d\ud83d\ude00"}"#, json!({"a\u{fffd}": "😀 \u{fffd}😀"})),
            (r#"{"a":"\ud800\u0041\"","b":1}"#, json!({"a": "\u{fffd}A\"", "b": 1})),
            (r#"{"a":"\uZZ \x41 \'"}"#, json!({"a": "\u{fffd}ZZ x41 '"})),
            ("{\"a\":\"x\u{0}y\tz\"}", json!({"a": "x\u{0}y\tz"})),
            ("\u{feff}{\"a\":1}\0\0", json!({"a": 1})),
            (
                "{\"a\":NaN,\"b\":-Infinity,\"c\":undefined,\"d\":1e999,\"e\":007,\"f\":[True]}",
                json!({"a": null, "b": null, "c": null, "d": null, "e": null, "f": [null]}),
            ),
            (
                r#"{"a":1e5,"b":-0.5,"c":true,"d":"NaN","e":NaN}"#,
                json!({"a": 1e5, "b": -0.5, "c": true, "d": "NaN", "e": null}),
            ),
        ] {
            assert_eq!(value(text.as_bytes()), Some(expected), "{text}");
        }
        assert_eq!(value(b"{\"a\":\"x\xff\xed\xa0\x80y\"}").and_then(|v| v["a"].as_str().map(str::len)), Some(14));
    }

    #[test]
    fn what_lies_too_deep_is_nothing() {
        let deep = |depth: usize| format!("{{\"a\":{}1{},\"b\":2}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(value(deep(100_000).as_bytes()).map(|value| value["b"].clone()), Some(json!(2)));
        assert!(value(deep(50).as_bytes()).is_some_and(|value| value["a"].to_string().contains('1')));
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in
            ["", "{", "{}x", "n=pageview", "{\"a\":}", "{\"a\":\"x}", "\\", "\"\\", "[1,]", "{a:1}", "{\"a\" 1}"]
        {
            assert_eq!(value(text.as_bytes()), None, "{text}");
        }
        assert_eq!(object(b"[1]"), None);
    }

    proptest! {
        #[test]
        fn right_json_stays_as_it_is(text in "\\PC{0,20}", number: f64, bytes: Vec<u8>) {
            let right = json!({"a": [text.clone(), number, {"b": text}], "c": null}).to_string();
            prop_assert_eq!(mended(right.as_bytes()), right);
            value(&bytes);
        }

        #[test]
        fn no_bytes_break_it(text in "[\\[\\]{}\",:\\\\u8dDA0f N\u{0}\u{feff}]{0,40}") {
            value(text.as_bytes());
            // A text whose characters are all right reads the same, whatever else is wrong with it.
            let right = serde_json::json!(text).to_string();
            prop_assert_eq!(mended(right.as_bytes()), right);
        }
    }
}
