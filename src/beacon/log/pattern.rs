//! In: the line by which a web server is told how to write its log, in the words of nginx (`$remote_addr`) or of Apache (`%h`).
//! Out: [`Pattern`], which reads lines that were written so. Forgets: variables that say nothing of a page.

use std::borrow::Cow;

use memchr::memmem;

use super::super::claim;
use super::Line;
use super::combined::{divided, moment, text};
use crate::site::Moment;

/// What stands at a place of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Address,
    /// `10/Oct/2024:13:55:36 -0700`, in Apache's with brackets around it.
    LocalTime,
    /// RFC 3339, or seconds or milliseconds since 1970.
    Time,
    Request,
    Method,
    Target,
    Path,
    Query,
    Status,
    Referrer,
    Agent,
    Language,
    Other,
}

/// Texts and what stands between them: each part is followed by its text.
#[derive(Clone)]
pub(super) struct Pattern {
    start: String,
    parts: Vec<(Part, String)>,
}

impl Pattern {
    /// The pattern of a description; nothing if it has not all that a pageview needs.
    pub(super) fn of(description: &str) -> Option<Pattern> {
        let mut pattern = Pattern { start: String::new(), parts: Vec::new() };
        let mut rest = description.trim();
        while let Some(first) = rest.chars().next() {
            let found = match first {
                '$' => nginx(rest),
                '%' => apache(rest),
                _ => None,
            };
            let Some((part, after)) = found else {
                pattern.text().push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            };
            // Two variables without a text between them can't be told apart.
            if pattern.parts.last().is_some_and(|(_, text)| text.is_empty()) {
                return None;
            }
            pattern.parts.push((part, String::new()));
            rest = after;
        }
        let has = |parts: &[Part]| pattern.parts.iter().any(|(part, _)| parts.contains(part));
        let is_enough = has(&[Part::Address])
            && has(&[Part::LocalTime, Part::Time])
            && has(&[Part::Request, Part::Target, Part::Path])
            && has(&[Part::Status]);
        is_enough.then_some(pattern)
    }

    fn text(&mut self) -> &mut String {
        self.parts.last_mut().map_or(&mut self.start, |(_, text)| text)
    }

    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let mut rest = line.trim_ascii_end().strip_prefix(self.start.as_bytes())?;
        let mut values: [&[u8]; Part::Other as usize + 1] = [b""; Part::Other as usize + 1];
        for (part, text) in &self.parts {
            let end = if text.is_empty() { rest.len() } else { end_of_value(rest, text.as_bytes())? };
            let value = rest.get(..end)?;
            rest = rest.get(end + text.len()..)?;
            if let Some(slot) = values.get_mut(*part as usize) {
                *slot = value;
            }
        }
        let value = |part: Part| values.get(part as usize).copied().unwrap_or_default();
        let plain = |part: Part| std::str::from_utf8(value(part)).ok();
        let (method, target) = match value(Part::Request) {
            b"" => (
                value(Part::Method),
                target(text(value(Part::Target)), text(value(Part::Path)), text(value(Part::Query))),
            ),
            request => {
                let (method, target) = divided(request);
                (method, text(target))
            }
        };
        // A pattern without methods is of pages alone.
        let method = if method.is_empty() { b"GET" } else { method };
        let has_agent = self.parts.iter().any(|(part, _)| *part == Part::Agent);
        Some(Line {
            status: plain(Part::Status)?.parse().ok()?,
            referrer: text(value(Part::Referrer)),
            agent: has_agent.then(|| text(value(Part::Agent))),
            language: text(value(Part::Language)),
            ..Line::of(
                time(value(Part::LocalTime), plain(Part::Time)?)?,
                plain(Part::Address)?.parse().ok()?,
                method,
                target,
            )
        })
    }
}

/// Where the text after a value begins. A quote that is escaped is part of the value.
fn end_of_value(rest: &[u8], text: &[u8]) -> Option<usize> {
    let is_escaped = |at: usize| rest[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let mut found = memmem::find_iter(rest, text);
    found.find(|at| text.first() != Some(&b'"') || !is_escaped(*at))
}

fn target<'a>(whole: Cow<'a, str>, path: Cow<'a, str>, query: Cow<'a, str>) -> Cow<'a, str> {
    match (whole.is_empty(), query.trim_start_matches('?')) {
        (false, _) => whole,
        (true, "") => path,
        (true, query) => Cow::Owned(format!("{path}?{query}")),
    }
}

fn time(local: &[u8], other: &str) -> Option<Moment> {
    if local.is_empty() {
        // nginx writes `$msec` as seconds with three digits behind the point.
        return match other.split_once('.') {
            Some((seconds, ms)) if ms.len() == 3 => {
                Some(Moment(seconds.parse::<i64>().ok()? * 1_000 + ms.parse::<i64>().ok()?))
            }
            _ => claim::moment(other),
        };
    }
    let bare = local.strip_prefix(b"[").and_then(|local| local.strip_suffix(b"]")).unwrap_or(local);
    moment(bare.try_into().ok()?)
}

/// A variable of nginx, and what follows it.
fn nginx(text: &str) -> Option<(Part, &str)> {
    let rest = text.strip_prefix('$')?;
    let (name, after) = match rest.strip_prefix('{') {
        Some(inner) => inner.split_once('}')?,
        None => {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            rest.split_at(end)
        }
    };
    let part = match name {
        "" => return None,
        "remote_addr" | "realip_remote_addr" | "http_x_real_ip" => Part::Address,
        "time_local" => Part::LocalTime,
        "time_iso8601" | "msec" => Part::Time,
        "request" => Part::Request,
        "request_method" => Part::Method,
        "request_uri" => Part::Target,
        "uri" | "document_uri" => Part::Path,
        "args" | "query_string" => Part::Query,
        "status" => Part::Status,
        "http_referer" => Part::Referrer,
        "http_user_agent" => Part::Agent,
        "http_accept_language" => Part::Language,
        _ => Part::Other,
    };
    Some((part, after))
}

/// A variable of Apache, and what follows it.
fn apache(text: &str) -> Option<(Part, &str)> {
    let rest = text.strip_prefix('%')?.trim_start_matches(['>', '<']);
    if let Some(inner) = rest.strip_prefix('{') {
        let (name, after) = inner.split_once('}')?;
        let part = match name.to_ascii_lowercase().as_str() {
            "referer" => Part::Referrer,
            "user-agent" => Part::Agent,
            "accept-language" => Part::Language,
            _ => Part::Other,
        };
        return after.get(1..).map(|after| (part, after));
    }
    let letter = rest.chars().next()?;
    let part = match letter {
        'h' | 'a' => Part::Address,
        't' => Part::LocalTime,
        'r' => Part::Request,
        'm' => Part::Method,
        'U' => Part::Path,
        'q' => Part::Query,
        's' => Part::Status,
        letter if letter.is_ascii_alphabetic() => Part::Other,
        _ => return None,
    };
    Some((part, &rest[1..]))
}
