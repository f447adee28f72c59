//! Recorded requests of every tracker, each with a mark in one of its fields.

use serde_json::Value;

use super::marks::{MarkKind, is_address, planted};
use crate::captures::{CLASSIC, TRACKER, others};

/// Headers that say something of a visitor.
const HEADERS: [&str; 9] = [
    "user-agent",
    "accept-language",
    "referer",
    "origin",
    "sec-ch-ua",
    "sec-ch-ua-platform",
    "x-forwarded-for",
    "x-plausible-ip",
    "authorization",
];

/// A request that is ready to be sent.
#[derive(Clone)]
pub struct MarkedRequest {
    pub method: String,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// Where a text of a request stands.
#[derive(Clone)]
enum Field {
    Header(&'static str),
    Query(usize),
    /// A JSON pointer into the body.
    Body(String),
    /// A pair of a body that is a query.
    Pair(usize),
}

/// The captures of all trackers.
fn captures() -> Vec<Value> {
    let all = [
        CLASSIC,
        TRACKER,
        others::UMAMI,
        others::UMAMI_NODE,
        others::GOATCOUNTER,
        others::MATOMO,
        others::MATOMO_XHR,
        others::FATHOM,
        others::SIMPLE,
    ];
    let lines = all.into_iter().flat_map(str::lines).map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["method"] != "OPTIONS").collect()
}

/// Each request once for each of its fields and each kind of mark that fits there. `next` gives the number of the next mark.
pub fn requests(mut next: impl FnMut(MarkKind) -> String) -> Vec<MarkedRequest> {
    let mut made = Vec::new();
    for line in captures() {
        let plain = recorded(&line);
        for field in fields(&plain) {
            let value = plain.value(&field);
            // A fragment that a call of Umami's gives is part of the page: docs/trackers.md.
            let of_addresses = match plain.path.as_str() {
                "/api/send" | "/api/batch" => &[MarkKind::Query][..],
                _ => &[MarkKind::Query, MarkKind::Fragment],
            };
            let of_value = of_addresses.iter().copied().filter(|_| is_address(&value));
            for kind in MarkKind::OF_TEXTS.into_iter().chain(of_value) {
                let mut request = plain.clone();
                request.set(&field, &planted(&value, kind, &next(kind)));
                made.push(request);
            }
        }
    }
    made
}

fn recorded(line: &Value) -> MarkedRequest {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let header = |name: &&'static str| (*name, line["headers"][*name].as_str().unwrap_or_default().to_owned());
    let headers = HEADERS
        .iter()
        .map(header)
        .chain([("content-type", line["headers"]["content-type"].as_str().unwrap_or("text/plain").to_owned())]);
    let path = match text("query") {
        query if query.is_empty() => text("path"),
        query => format!("{}?{query}", text("path")),
    };
    MarkedRequest { method: text("method"), path, headers: headers.collect(), body: text("body") }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn query_of(pairs: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn fields(request: &MarkedRequest) -> Vec<Field> {
    let mut found: Vec<Field> = HEADERS.into_iter().map(Field::Header).collect();
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    found.extend((0..pairs(query).len()).map(Field::Query));
    match serde_json::from_str::<Value>(&request.body) {
        Ok(body) => leaves(&body, "", &mut found),
        Err(_) => found.extend((0..pairs(&request.body).len()).map(Field::Pair)),
    }
    found
}

/// The texts and numbers of a body.
fn leaves(value: &Value, at: &str, found: &mut Vec<Field>) {
    match value {
        Value::Object(entries) => entries.iter().for_each(|(key, value)| leaves(value, &format!("{at}/{key}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, value)| leaves(value, &format!("{at}/{place}"), found));
        }
        _ => found.push(Field::Body(at.to_owned())),
    }
}

impl MarkedRequest {
    /// Adds something to a header, behind what is there.
    pub fn add(&mut self, name: &str, between: &str, more: &str) {
        let (_, value) = self.headers.iter_mut().find(|(known, _)| *known == name).unwrap();
        let before = std::mem::take(value);
        *value = if before.is_empty() { more.to_owned() } else { format!("{before}{between}{more}") };
    }

    fn value(&self, field: &Field) -> String {
        let of_query = |query: &str, place: usize| pairs(query)[place].1.clone();
        match field {
            Field::Header(name) => self.headers.iter().find(|(known, _)| known == name).unwrap().1.clone(),
            Field::Query(place) => of_query(self.path.split_once('?').unwrap().1, *place),
            Field::Pair(place) => of_query(&self.body, *place),
            Field::Body(at) => match serde_json::from_str::<Value>(&self.body).unwrap().pointer(at) {
                Some(Value::String(text)) => text.clone(),
                other => other.map(Value::to_string).unwrap_or_default(),
            },
        }
    }

    fn set(&mut self, field: &Field, value: &str) {
        let changed = |query: &str, place: usize| {
            let mut pairs = pairs(query);
            value.clone_into(&mut pairs[place].1);
            query_of(&pairs)
        };
        match field {
            Field::Header(name) => {
                let header = self.headers.iter_mut().find(|(known, _)| known == name).unwrap();
                value.clone_into(&mut header.1);
            }
            Field::Query(place) => {
                let (path, query) = self.path.split_once('?').unwrap();
                self.path = format!("{path}?{}", changed(query, *place));
            }
            Field::Pair(place) => self.body = changed(&self.body, *place),
            Field::Body(at) => {
                let mut body: Value = serde_json::from_str(&self.body).unwrap();
                *body.pointer_mut(at).unwrap() = Value::from(value);
                self.body = body.to_string();
            }
        }
    }
}
