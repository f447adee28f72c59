//! In: one line of a log that is a JSON object, and which keys mean what. Out: its [`Line`]. Forgets: all other keys.
//!
//! Keys are known by their names without regard to case and signs, so that `http_user_agent`, `HTTP-User-Agent` and
//! `httpUserAgent` are one; where a name alone would mislead, the key above it counts too. So Caddy, Traefik, Kong, Cloudflare's
//! Logpush, Google's and Azure's balancers, Elastic's schema and nginx as people write it need no description.

mod keys;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::address::Networks;
use super::Line;
use super::parts::{Part, Parts, when};
use super::wrap::Opened;
use crate::limits;
use crate::site::Moment;

pub(super) use keys::Keys;

/// Reads a line. `at` is when it was if it does not say so itself.
pub(super) fn read<'a>(line: &'a [u8], keys: &Keys, trusted: &Networks, at: Option<Moment>) -> Option<Line<'a>> {
    let line = object(line)?;
    match parts(line, keys) {
        Some(parts) => parts.line(trusted, true, at),
        None => Some(parts(&mended(line)?, keys)?.line(trusted, true, at)?.into_owned()),
    }
}

/// The line that stands within a line as a text: of a container's log, the journal or a collector of logs. Says when it was
/// written, and whether it goes on in the next one: Docker cuts lines at 16 kB.
pub(super) fn message(line: &[u8]) -> Option<Opened<'static>> {
    /// The size of Docker's pieces, in bytes, less what a character at the cut may lack.
    const PIECE_BYTES: usize = 16 * 1024 - 4;
    let mut parts = parts(object(line)?, &Keys::default())?;
    let message = parts.take(Part::Message).into_owned();
    let goes_on = parts.has(Part::Stream) && !message.ends_with('\n') && message.len() >= PIECE_BYTES;
    let is_error = parts.take(Part::Stream) == "stderr";
    let at = when(&parts.take(Part::Time));
    let message = message.trim_end_matches(['\r', '\n']).to_owned().into_bytes();
    (!message.is_empty()).then_some(Opened { text: Cow::Owned(message), at, goes_on, is_error })
}

/// The names of an object's keys, for a look at a log that nobody knows; only those that are plain words.
pub(super) fn names(line: &[u8]) -> Option<Vec<String>> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(object(line)?).ok()?;
    let is_plain = |name: &&String| {
        name.len() <= limits::LOG_KEY_NAMED_BYTES_MAX
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@'))
            && name.chars().any(|c| c.is_ascii_alphabetic())
    };
    Some(object.keys().filter(is_plain).cloned().collect())
}

/// The object of a line, without what people put around it in lists.
fn object(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"[").map_or(line, <[u8]>::trim_ascii_start);
    let line = line.strip_suffix(b"]").unwrap_or(line);
    let line = line.strip_suffix(b",").unwrap_or(line);
    line.starts_with(b"{").then_some(line)
}

fn parts<'a>(line: &'a [u8], keys: &Keys) -> Option<Parts<'a>> {
    let mut parts = Parts::default();
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    let walk = Walk { parts: &mut parts, keys, key: "", part: None, depth: 0 };
    walk.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(parts)
}

/// A line with escapes that JSON does not know: nginx writes `\x22` unless it is told `escape=json`. Bytes that are no UTF-8 are
/// replaced. Nothing if there is nothing to mend.
fn mended(line: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(line.len() + 16);
    let mut rest = line;
    while let [first, more @ ..] = rest {
        let after = match (first, more) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let byte = super::combined::hex(*high, *low)?;
                match byte {
                    b'"' | b'\\' => out.extend([b'\\', byte]),
                    0..=31 => out.push(b' '),
                    _ => out.push(byte),
                }
                after
            }
            (b'\\', [next, after @ ..]) => {
                out.extend([b'\\', *next]);
                after
            }
            _ => {
                out.push(*first);
                more
            }
        };
        rest = after;
    }
    let text = String::from_utf8_lossy(&out).into_owned().into_bytes();
    (text != line).then_some(text)
}

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct BorrowedText<'a>(#[serde(borrow)] Cow<'a, str>);

/// Looks at one value below a key.
struct Walk<'w, 'a> {
    parts: &'w mut Parts<'a>,
    keys: &'w Keys,
    key: &'w str,
    part: Option<(Part, u8)>,
    depth: u8,
}

impl<'a> Walk<'_, 'a> {
    fn put(self, value: Cow<'a, str>) {
        let Some((part, rank)) = self.part else { return };
        // A machine's name is no host that somebody asked for.
        let is_machine =
            part == Part::Host && self.key == "host" && !value.contains(['.', ':']) && value != "localhost";
        if !is_machine {
            self.parts.put(part, rank, value);
        }
    }
}

impl Walk<'_, '_> {
    /// A number is a time or a status; where it stands under another name it is a size or a duration.
    fn put_number(self, value: impl ToString) {
        if matches!(self.part, Some((Part::Time | Part::Status | Part::OptOut, _))) {
            self.put(Cow::Owned(value.to_string()));
        }
    }
}

impl<'a> DeserializeSeed<'a> for Walk<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Walk<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, value: &'a str) -> Result<(), E> {
        self.put(Cow::Borrowed(value));
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        if self.part.is_some() {
            self.put(Cow::Owned(value.to_owned()));
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.put_number(value);
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.put_number(value);
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.put_number(value);
        Ok(())
    }

    fn visit_bool<E: Error>(self, _value: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((part, rank)) = self.part else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        if part == Part::Message {
            // The journal writes what is no UTF-8 as a list of bytes.
            let mut bytes = Vec::new();
            while let Some(byte) = list.next_element::<serde_json::Value>()? {
                bytes.extend(byte.as_u64().and_then(|byte| u8::try_from(byte).ok()));
            }
            self.put(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()));
            return Ok(());
        }
        while let Some(value) = list.next_element::<serde_json::Value>()? {
            if let serde_json::Value::String(value) = value {
                self.parts.add(part, rank, Cow::Owned(value));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(BorrowedText(name)) = object.next_key()? {
            let mut buffer = [0; limits::LOG_JSON_KEY_BYTES_MAX];
            let key = plain(&name, &mut buffer).unwrap_or_default();
            if self.depth == limits::LOG_JSON_DEPTH_MAX || keys::is_of_answer(self.key, key) {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            object.next_value_seed(Walk {
                parts: &mut *self.parts,
                keys: self.keys,
                key,
                part: self.keys.part(self.key, key, self.depth),
                depth: self.depth + 1,
            })?;
        }
        Ok(())
    }
}

/// A key in lower case without its signs; nothing if it is longer than any that is known.
fn plain<'b>(name: &str, buffer: &'b mut [u8; limits::LOG_JSON_KEY_BYTES_MAX]) -> Option<&'b str> {
    let mut length = 0;
    for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
        *buffer.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

/// The keys that a description in JSON names, as nginx is given it: `{"ip":"$remote_addr", ...}`.
pub(super) fn described(description: &str, part_of: impl Fn(&str) -> Option<Part>) -> Option<Keys> {
    let quoted = with_quotes(description);
    let described: serde_json::Value = serde_json::from_str(&quoted).ok()?;
    let mut named = HashMap::new();
    let mut open = vec![(String::new(), &described)];
    while let Some((key, value)) = open.pop() {
        match value {
            serde_json::Value::Object(object) => {
                for (name, value) in object {
                    let mut buffer = [0; limits::LOG_JSON_KEY_BYTES_MAX];
                    let name = plain(name, &mut buffer)?.to_owned();
                    open.push((name, value));
                }
            }
            serde_json::Value::String(text) => {
                if let Some(part) = part_of(text) {
                    named.insert(key, part);
                }
            }
            _ => {}
        }
    }
    Keys::named(named)
}

/// A description with quotes around the variables that stand without: `"status":$status`.
fn with_quotes(description: &str) -> String {
    let (mut out, mut is_within) = (String::with_capacity(description.len() + 16), false);
    let mut rest = description.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '"' {
            is_within = !is_within;
        }
        if c == '$' && !is_within {
            out.push_str("\"$");
            while let Some(next) = rest.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
                out.push(next);
            }
            out.push('"');
        } else {
            out.push(c);
        }
    }
    out
}
