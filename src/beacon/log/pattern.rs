//! In: the line by which a web server is told how to write its log, in the words of nginx (`$remote_addr`), of Apache (`%h`) or
//! of Envoy (`%START_TIME%`). Out: [`Pattern`], which reads lines that were written so. Forgets: variables that say nothing of a
//! page.

use memchr::memmem;

use super::super::address::Networks;
use super::Line;
use super::combined::text;
use super::json::{self, Keys};
use super::parts::{Part, Parts};
use crate::site::Moment;

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
        let mut rest = description;
        while let Some(first) = rest.chars().next() {
            let found = match first {
                '$' => nginx(rest),
                '%' => envoy(rest).or_else(|| apache(rest)),
                _ => None,
            };
            let Some((part, after)) = found else {
                pattern.text().push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            };
            match pattern.parts.last_mut() {
                Some((before, text)) if text.is_empty() => *before = joined(*before, part)?,
                _ => pattern.parts.push((part, String::new())),
            }
            rest = after;
        }
        let has = |parts: &[Part]| pattern.parts.iter().any(|(part, _)| parts.contains(part));
        let is_enough = has(&[Part::Client, Part::Peer, Part::Forwarded, Part::RealIp, Part::CloudflareIp])
            && has(&[Part::Time])
            && has(&[Part::Request, Part::Target, Part::Path])
            && has(&[Part::Status]);
        is_enough.then_some(pattern)
    }

    fn text(&mut self) -> &mut String {
        self.parts.last_mut().map_or(&mut self.start, |(_, text)| text)
    }

    /// Reads a line. `at` is when it was if it does not say so itself.
    pub(super) fn read<'a>(&self, line: &'a [u8], trusted: &Networks, at: Option<Moment>) -> Option<Line<'a>> {
        let mut rest = line.trim_ascii_end().strip_prefix(self.start.as_bytes())?;
        let mut parts = Parts::default();
        for (part, after) in &self.parts {
            let end = if after.is_empty() { rest.len() } else { end_of_value(rest, *part, after.as_bytes())? };
            let value = rest.get(..end)?;
            rest = rest.get(end + after.len()..)?;
            if *part != Part::Other {
                parts.put(*part, 0, text(value));
            }
        }
        let has_agent = self.parts.iter().any(|(part, _)| *part == Part::Agent);
        parts.line(trusted, has_agent, at)
    }
}

/// What two variables are together that have no text between them: host, path and query make one address (`%U%q`,
/// `$uri$is_args$args`, `$host$request_uri`). Others can't be told apart.
fn joined(before: Part, part: Part) -> Option<Part> {
    Some(match (before, part) {
        (Part::Path | Part::Target, Part::Query | Part::Other) => Part::Target,
        (Part::Host | Part::ServerName | Part::Other, Part::Path | Part::Target) => Part::Target,
        (Part::Other, Part::Other) => Part::Other,
        _ => return None,
    })
}

/// Whether the zone of a time comes next: `+0200`.
fn is_zone(text: &[u8]) -> bool {
    matches!(text, [b'+' | b'-', digits @ ..] if digits.len() >= 4 && digits[..4].iter().all(u8::is_ascii_digit))
}

/// Where the text after a value begins. A quote that is escaped is part of the value, and so are the blank in a list of addresses
/// and the one before the zone of a time.
fn end_of_value(rest: &[u8], part: Part, text: &[u8]) -> Option<usize> {
    let is_escaped = |at: usize| rest[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let is_list = matches!(part, Part::Client | Part::Peer | Part::Forwarded | Part::RealIp | Part::CloudflareIp);
    let mut found = memmem::find_iter(rest, text);
    found.find(|at| match text.first() {
        Some(b'"') => !is_escaped(*at),
        Some(b' ') if part == Part::Time => !is_zone(&rest[*at + 1..]),
        Some(b' ') => !(is_list && rest[..*at].ends_with(b",")),
        _ => true,
    })
}

/// What a description describes: a pattern of texts, or the keys of an object. It may be the whole directive, as it stands in a
/// configuration.
pub(super) fn described(description: &str) -> Option<Described> {
    let bare = bare(description);
    if bare.starts_with('{') {
        return json::described(&bare, variable).map(Described::Keys);
    }
    Pattern::of(&bare).map(Described::Pattern)
}

/// See [`described`].
pub(super) enum Described {
    Pattern(Pattern),
    Keys(Keys),
}

/// A description without the directive around it: `log_format NAME escape=json '...' '...';`, `LogFormat "..." NAME`.
fn bare(description: &str) -> String {
    let text = description.trim();
    let is_directive = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    if is_directive("log_format ") {
        let mut pieces = text.trim_end_matches(';').split('\'');
        pieces.next();
        return pieces.step_by(2).collect();
    }
    if is_directive("LogFormat ") || is_directive("CustomLog ") {
        let quote = text.find('"').map_or(text.len(), |quote| quote + 1);
        let inner = text.get(quote..).unwrap_or_default();
        let end = inner.rfind('"').unwrap_or(inner.len());
        return inner[..end].replace("\\\"", "\"").replace("\\t", "\t");
    }
    text.to_owned()
}

/// The part that a text of variables stands for, within a description of keys.
fn variable(text: &str) -> Option<Part> {
    let single = nginx(text).or_else(|| envoy(text)).or_else(|| apache(text)).filter(|(_, after)| after.is_empty());
    match single {
        Some((Part::Other, _)) => None,
        Some((part, _)) => Some(part),
        None if text.starts_with("$request_method ") => Some(Part::Request),
        None if text.contains("$request_uri") || text.contains("$uri") => Some(Part::Target),
        None => None,
    }
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
        "proxy_protocol_addr" => Part::Client,
        "remote_addr" | "realip_remote_addr" => Part::Peer,
        "http_x_forwarded_for" | "proxy_add_x_forwarded_for" => Part::Forwarded,
        "http_cf_connecting_ip" => Part::CloudflareIp,
        "http_x_real_ip" | "http_true_client_ip" | "http_fastly_client_ip" => Part::RealIp,
        "time_local" | "time_iso8601" | "msec" => Part::Time,
        "request" => Part::Request,
        "request_method" => Part::Method,
        "request_uri" => Part::Target,
        "uri" | "document_uri" => Part::Path,
        "args" | "query_string" => Part::Query,
        "status" => Part::Status,
        "http_referer" => Part::Referrer,
        "http_user_agent" => Part::Agent,
        "http_accept_language" => Part::Language,
        "http_sec_gpc" | "http_dnt" => Part::OptOut,
        "host" | "http_host" => Part::Host,
        "server_name" => Part::ServerName,
        _ => Part::Other,
    };
    Some((part, after))
}

/// A variable of Apache, and what follows it.
fn apache(text: &str) -> Option<(Part, &str)> {
    let rest =
        text.strip_prefix('%')?.trim_start_matches(|c: char| matches!(c, '>' | '<' | '!' | ',') || c.is_ascii_digit());
    if let Some(inner) = rest.strip_prefix('{') {
        let (name, after) = inner.split_once('}')?;
        let kind = after.chars().next()?;
        let part = match (kind, name.to_ascii_lowercase().as_str()) {
            ('a', "c") => Part::Peer,
            ('t', _) => Part::Time,
            ('i', name) => header(name),
            _ => Part::Other,
        };
        return after.get(kind.len_utf8()..).map(|after| (part, after));
    }
    let letter = rest.chars().next()?;
    let part = match letter {
        'a' => Part::Client,
        'h' => Part::Peer,
        't' => Part::Time,
        'r' => Part::Request,
        'm' => Part::Method,
        'U' => Part::Path,
        'q' => Part::Query,
        's' => Part::Status,
        'v' | 'V' => Part::Host,
        letter if letter.is_ascii_alphabetic() => Part::Other,
        _ => return None,
    };
    Some((part, &rest[1..]))
}

/// The part of a request's header, by its name in lower case.
pub(super) fn header(name: &str) -> Part {
    match name {
        "x-forwarded-for" => Part::Forwarded,
        "cf-connecting-ip" => Part::CloudflareIp,
        "x-real-ip" | "true-client-ip" | "fastly-client-ip" => Part::RealIp,
        "referer" => Part::Referrer,
        "user-agent" => Part::Agent,
        "accept-language" => Part::Language,
        "host" | ":authority" => Part::Host,
        "sec-gpc" | "dnt" => Part::OptOut,
        _ => Part::Other,
    }
}

/// An operator of Envoy's, and what follows it: `%REQ(USER-AGENT)%`
/// (<https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage>).
fn envoy(text: &str) -> Option<(Part, &str)> {
    let (inner, after) = text.strip_prefix('%')?.split_once('%')?;
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let (name, argument) = inner.split_once('(').unwrap_or((inner, ""));
    if !is_name(name) || name.len() < 3 {
        return None;
    }
    let argument = argument.split([')', '?']).next().unwrap_or_default().to_ascii_lowercase();
    let part = match (name, argument.as_str()) {
        ("START_TIME", _) => Part::Time,
        ("REQ", ":method") => Part::Method,
        ("REQ", ":path" | "x-envoy-original-path") => Part::Target,
        ("REQ", name) => header(name),
        ("RESPONSE_CODE", _) => Part::Status,
        ("DOWNSTREAM_REMOTE_ADDRESS" | "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", _) => Part::Client,
        ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS" | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", _) => Part::Peer,
        _ => Part::Other,
    };
    Some((part, after))
}
