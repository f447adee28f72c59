//! In: the values that a line has of known parts, whatever format named them. Out: its [`Line`]. Forgets: all other parts.
//!
//! Formats that name their parts (JSON, W3C, a `log_format`) fill [`Parts`]; what a value means is said here once.

use std::borrow::Cow;

use super::super::address::Networks;
use super::super::claim;
use super::Line;
use super::client;
use super::combined::{divided, moment, without_protocol};
use crate::site::Moment;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The client, as a server that knows its proxies has found it.
    Client,
    /// The address that connected.
    Peer,
    /// `X-Forwarded-For`, or a header of a proxy with one address.
    Forwarded,
    /// `X-Real-IP` and what other proxies call it, where there is no list.
    RealIp,
    /// `CF-Connecting-IP`, which stands above a list that Cloudflare passed on.
    CloudflareIp,
    /// When it was, in any of the ways of [`when`].
    Time,
    /// The day, where [`Part::Time`] has only the hour.
    Date,
    /// Method, target and protocol.
    Request,
    Method,
    /// Path and query, or a whole address.
    Target,
    Path,
    Query,
    Status,
    Referrer,
    Agent,
    Language,
    /// The host that was asked for.
    Host,
    /// The host by the server's configuration.
    ServerName,
    /// `1` where the visitor asked not to be counted.
    OptOut,
    /// A line within the line.
    Message,
    /// Says that [`Part::Message`] comes from a container.
    Stream,
    /// None of these.
    Other,
}

/// The values of a line.
pub(super) struct Parts<'a>([(u8, Cow<'a, str>); Part::Other as usize]);

impl Default for Parts<'_> {
    fn default() -> Self {
        Parts(std::array::from_fn(|_| (u8::MAX, Cow::Borrowed(""))))
    }
}

impl<'a> Parts<'a> {
    /// Notes a value. Of several, the one with the lowest rank stays, of those the first; nothing is no value.
    pub(super) fn put(&mut self, part: Part, rank: u8, value: Cow<'a, str>) {
        if let Some(slot) = self.0.get_mut(part as usize)
            && rank < slot.0
            && !matches!(&*value, "" | "-")
        {
            *slot = (rank, value);
        }
    }

    /// Adds a further value to a list.
    pub(super) fn add(&mut self, part: Part, rank: u8, value: Cow<'a, str>) {
        match self.0.get_mut(part as usize) {
            Some((known, list)) if *known == rank && part == Part::Forwarded => {
                *list = Cow::Owned([list, ", ", &*value].concat());
            }
            _ => self.put(part, rank, value),
        }
    }

    pub(super) fn take(&mut self, part: Part) -> Cow<'a, str> {
        self.0.get_mut(part as usize).map(|slot| std::mem::take(&mut slot.1)).unwrap_or_default()
    }

    pub(super) fn has(&self, part: Part) -> bool {
        self.0.get(part as usize).is_some_and(|slot| !slot.1.is_empty())
    }

    /// The line that these are of. `has_agents` says that the format has them, `at` when it was if no value says so.
    pub(super) fn line(mut self, trusted: &Networks, has_agents: bool, at: Option<Moment>) -> Option<Line<'a>> {
        let at = self.at().or(at)?;
        let status = self.take(Part::Status).parse().ok()?;
        let peer = match self.take(Part::Client) {
            Cow::Borrowed("") => self.take(Part::Peer),
            client => client,
        };
        let cloudflares = self.take(Part::CloudflareIp);
        let forwarded = match self.take(Part::Forwarded) {
            Cow::Borrowed("") if !cloudflares.is_empty() => cloudflares.clone(),
            Cow::Borrowed("") => self.take(Part::RealIp),
            list => list,
        };
        let client = client::told(peer.as_bytes(), forwarded.as_bytes(), cloudflares.as_bytes(), trusted)?;
        let (is_get, target) = self.request()?;
        let host = match self.take(Part::Host) {
            Cow::Borrowed("") => self.take(Part::ServerName),
            host => host,
        };
        let agent = self.take(Part::Agent);
        let line = Line {
            status,
            referrer: self.take(Part::Referrer),
            agent: (has_agents || !agent.is_empty()).then_some(agent),
            language: self.take(Part::Language),
            opted_out: self.take(Part::OptOut) == "1",
            ..Line::of(at, client, is_get, target)
        };
        Some(line.at_host(host))
    }

    fn at(&mut self) -> Option<Moment> {
        let (date, time) = (self.take(Part::Date), self.take(Part::Time));
        if date.is_empty() { when(&time) } else { when(&format!("{date} {time}")) }
    }

    /// Whether it was a GET, and its target.
    fn request(&mut self) -> Option<(bool, Cow<'a, str>)> {
        let request = self.take(Part::Request);
        // Some call the target so (`"request": "$request_uri"`), and have the method elsewhere.
        if request.starts_with(['/', 'h']) && request.find([' ', '/']).is_some_and(|at| request[at..].starts_with('/'))
        {
            let target = match request {
                Cow::Borrowed(text) => Cow::Borrowed(bare_target(text)),
                Cow::Owned(text) => Cow::Owned(bare_target(&text).to_owned()),
            };
            self.put(Part::Target, 0, target);
        } else if !request.is_empty() {
            return Some(match request {
                Cow::Borrowed(request) => {
                    let (method, target) = divided(request.as_bytes());
                    (method == b"GET", Cow::Borrowed(std::str::from_utf8(target).ok()?))
                }
                Cow::Owned(request) => {
                    let (method, target) = divided(request.as_bytes());
                    (method == b"GET", Cow::Owned(String::from_utf8_lossy(target).into_owned()))
                }
            });
        }
        let method = self.take(Part::Method);
        let (target, path, query) = (self.take(Part::Target), self.take(Part::Path), self.take(Part::Query));
        let whole = with_scheme(if target.is_empty() { path } else { target });
        if whole.is_empty() && method.is_empty() {
            return None;
        }
        let target = match query.trim_start_matches('?') {
            query if !query.is_empty() && !whole.contains('?') => Cow::Owned(format!("{whole}?{query}")),
            _ => whole,
        };
        // A log without methods is of pages alone.
        Some((method.is_empty() || method == "GET", target))
    }
}

/// A target without the protocol behind it.
fn bare_target(text: &str) -> &str {
    text.get(..without_protocol(text.as_bytes()).len()).unwrap_or(text)
}

/// A target as it was asked for, or with its scheme where a log has written host and path in one (`$host$request_uri`). A port
/// alone before the path says nothing.
fn with_scheme(target: Cow<'_, str>) -> Cow<'_, str> {
    let host = match target.split_once('/') {
        Some((host, _)) if !host.is_empty() && !host.ends_with(':') => host,
        _ => return target,
    };
    if host.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cow::Owned(target[host.len()..].to_owned());
    }
    let is_host = host == "localhost" || host.starts_with('[') || (host.contains('.') && !host.starts_with('.'));
    if is_host && !client::host(host).is_empty() { Cow::Owned(["https://", &*target].concat()) } else { target }
}

/// A moment in the ways in which servers write it: `10/Oct/2024:13:55:36 -0700` with or without brackets, RFC 3339, RFC 2822,
/// `2024-10-10 13:55:36` and with slashes (both UTC), seconds to nanoseconds since 1970.
pub(super) fn when(text: &str) -> Option<Moment> {
    let text = text.trim_matches(|c: char| matches!(c, '[' | ']' | '"') || c.is_ascii_whitespace());
    if let Some(at) = text.as_bytes().try_into().ok().and_then(moment) {
        return Some(at);
    }
    if let Ok(number) = text.parse::<f64>() {
        // What is smaller is a duration, not a time: of 1973 and later are all logs.
        return (number.is_finite() && number >= 1e8).then(|| since_1970(number));
    }
    let plain = if text.contains('/') { Cow::Owned(text.replace('/', "-")) } else { Cow::Borrowed(text) };
    claim::moment(&plain).or_else(|| {
        let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Moment(zoned.timestamp().as_millisecond()))
    })
}

/// The moment of a number of seconds, milliseconds, microseconds or nanoseconds, as its size tells.
fn since_1970(number: f64) -> Moment {
    Moment(match number.abs() {
        // In milliseconds this would be 1973, and so on by thousands.
        size if size < 1e11 => (number * 1e3).round() as i64,
        size if size < 1e14 => number as i64,
        size if size < 1e17 => (number / 1e3) as i64,
        _ => (number / 1e6) as i64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_however_servers_write_them() {
        for text in [
            "10/Oct/2024:13:55:36 +0000",
            "[10/Oct/2024:06:55:36 -0700]",
            "2024-10-10T13:55:36Z",
            "2024-10-10T13:55:36+00:00",
            "2024-10-10T14:55:36.000+0100",
            "2024-10-10 13:55:36",
            "2024/10/10 13:55:36",
            "Thu, 10 Oct 2024 13:55:36 GMT",
            "1728568536",
            "1728568536.000",
            "1728568536000",
            "1728568536000000",
            "1728568536000000000",
        ] {
            assert_eq!(when(text), Some(Moment(1_728_568_536_000)), "{text}");
        }
        for text in ["", "-", "soon", "nan", "inf", "13:55:36", "0.003", "-1728568536"] {
            assert_eq!(when(text), None, "{text}");
        }
    }
}
