//! In: one line of a web server's log, in one of several formats. Out: when it was, and the [`Beacon`] of a page that was
//! shown, or the reason why it is none. Forgets: size, user, protocol, and all lines that are no pages.
//!
//! Each format is one file below. [`Reader`] finds out which one a log has and what carries its lines, or is told; that is done
//! at its first line, and again only where a line can't be read. [`Rules`] say what counts as a page.

mod client;
mod combined;
mod fields;
mod guess;
mod haproxy;
mod json;
mod parts;
mod pattern;
mod rules;
mod stock;
mod wrap;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use memchr::memchr;

use super::address::{Networks, Way, loopback, node};
use super::{Beacon, Claims, ClientIp, Hints, Kind, Sender, UserAgent, claim, cut};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Domain, Moment};
use fields::Layout;
pub use guess::{looks_binary, looks_like};
use json::Keys;
use pattern::{Described, Pattern};
pub use rules::Rules;
use wrap::{Opened, Wrap};

/// One line. There is no `Debug`: it holds an address and an agent.
#[derive(Clone)]
pub struct Line<'a> {
    /// When it was.
    pub at: Moment,
    address: IpAddr,
    /// The host that it names; empty if it names none.
    host: Cow<'a, str>,
    is_get: bool,
    target: Cow<'a, str>,
    status: u16,
    referrer: Cow<'a, str>,
    /// Nothing where the format has no agents.
    agent: Option<Cow<'a, str>>,
    language: Cow<'a, str>,
    opted_out: bool,
}

impl<'a> Line<'a> {
    /// A line that was answered with success; formats add what else they know.
    fn of(at: Moment, address: IpAddr, is_get: bool, target: Cow<'a, str>) -> Line<'a> {
        let [host, referrer, language] = [const { Cow::Borrowed("") }; 3];
        let address = address.to_canonical();
        Line { at, address, host, is_get, target, status: 200, referrer, agent: None, language, opted_out: false }
    }

    /// The same line with the host that it names, as it is written.
    fn at_host(mut self, host: Cow<'a, str>) -> Line<'a> {
        self.host = match host {
            Cow::Borrowed(host) => Cow::Borrowed(client::host(host)),
            Cow::Owned(host) => Cow::Owned(client::host(&host).to_owned()),
        };
        self
    }

    /// The line on its own.
    fn into_owned(self) -> Line<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        Line {
            host: owned(self.host),
            target: owned(self.target),
            referrer: owned(self.referrer),
            agent: self.agent.map(owned),
            language: owned(self.language),
            ..Line::of(self.at, self.address, self.is_get, Cow::Borrowed(""))
        }
        .with(self.status, self.opted_out)
    }

    fn with(self, status: u16, opted_out: bool) -> Line<'a> {
        Line { status, opted_out, ..self }
    }

    /// The host whose page was asked for, as far as the line names it: in its target, else in a field of its own.
    pub fn host(&self) -> &str {
        if self.target.starts_with('/') {
            return &self.host;
        }
        let of_target = self.target.split_once("://").and_then(|(scheme, rest)| {
            let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let authority = rest.get(..end)?;
            is_web.then(|| client::host(authority.rsplit('@').next().unwrap_or_default()))
        });
        of_target.filter(|host| !host.is_empty()).unwrap_or(&self.host)
    }

    /// Who sent it, by address and agent.
    pub fn sender(&self) -> (ClientIp, &str) {
        (ClientIp(self.address), self.agent.as_deref().unwrap_or_default())
    }

    /// The pageview that the line tells of, at the host that it names, or at the site's own domain if it names none.
    ///
    /// # Errors
    /// [`Rejection::Method`], [`Rejection::Status`], [`Rejection::Asset`], and [`Rejection::BadUrl`] for a target that is
    /// no path.
    pub fn beacon(&self, site: &Domain, rules: &Rules) -> Result<Beacon, Rejection> {
        if !self.is_get {
            return Err(Rejection::Method);
        }
        if !rules.is_success(self.status) {
            return Err(Rejection::Status);
        }
        let target = path_and_query(&self.target).ok_or(Rejection::BadUrl)?;
        if rules.is_asset(target.as_bytes()) {
            return Err(Rejection::Asset);
        }
        let host = match self.host() {
            "" => site.as_str(),
            host => host,
        };
        Ok(Beacon {
            site: site.as_str().to_owned(),
            kind: Kind::Pageview,
            url: ["https://", host, target].concat(),
            has_page: true,
            hash_mode: false,
            referrer: self.referrer.clone().into_owned(),
            props: Vec::new(),
            revenue: None,
            language: claim::language(None, &self.language),
            screen: None,
            libraries_count: false,
            once: None,
            claims: Claims::default(),
            sender: self.as_sender(),
        })
    }

    fn as_sender(&self) -> Sender {
        let agent = self.agent.as_deref().unwrap_or_default();
        Sender {
            address: ClientIp(self.address),
            way: Way::default(),
            agent: UserAgent(cut(agent, limits::USER_AGENT_BYTES_MAX).to_owned()),
            hints: Hints::default(),
            opted_out: self.opted_out,
            prefetch: false,
            automated: false,
            touch_mac: false,
            time_zone: None,
            country: None,
        }
    }
}

/// Path and query of a target; a proxy's has the whole address.
fn path_and_query(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let scheme = target.get(..8).unwrap_or(target).find("://")?;
    let is_web = target[..scheme].eq_ignore_ascii_case("http") || target[..scheme].eq_ignore_ascii_case("https");
    let rest = &target[scheme + 3..];
    is_web.then(|| memchr(b'/', rest.as_bytes()).map_or("/", |slash| &rest[slash..]))
}

/// How a log is written.
#[derive(Clone)]
enum Format {
    Combined,
    Json(Arc<Keys>),
    /// W3C, as IIS and CloudFront write it; nothing until the line that names the fields has come.
    Fields(Option<Layout>),
    Haproxy,
    Pattern(Arc<Pattern>),
}

impl Format {
    /// The format of a line, if it is in one that is known.
    fn of(line: &[u8], trusted: &Networks) -> Option<Format> {
        let known = [Format::Combined, Format::Json(Arc::default()), Format::Haproxy];
        let found = known.into_iter().find(|format| format.read(line, trusted, None).is_some());
        found.or_else(|| Some(Format::Pattern(Arc::new(stock::find(line, trusted)?))))
    }

    /// Reads a line; `at` is when it was if it does not say so itself.
    fn read<'a>(&self, line: &'a [u8], trusted: &Networks, at: Option<Moment>) -> Option<Line<'a>> {
        match self {
            Format::Combined => combined::read(line, trusted),
            Format::Json(keys) => json::read(line, keys, trusted, at),
            Format::Fields(layout) => layout.as_ref()?.read(line, trusted),
            Format::Haproxy => haproxy::read(line, trusted),
            Format::Pattern(pattern) => pattern.read(line, trusted, at),
        }
    }
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no format of logs; write combined, caddy, cloudfront, haproxy, json, w3c, or the line of a log_format like '$remote_addr [$time_local] \"$request\" $status'"
)]
pub struct NotAFormat(String);

/// Reads the lines of one log.
#[derive(Clone)]
pub struct Reader {
    /// Nothing until a line has told.
    format: Option<Format>,
    /// Whether somebody has said how it is written.
    is_told: bool,
    /// What carries its lines, from the outside in.
    wraps: Vec<Wrap>,
    trusted: Arc<Networks>,
    /// The beginnings of lines that go on: of the pages, and of the stream of errors.
    begun: [Vec<u8>; 2],
    /// How many lines could not be read and were looked at anew.
    looked: u32,
}

impl Default for Reader {
    fn default() -> Self {
        let trusted = Arc::new(loopback());
        Reader { format: None, is_told: false, wraps: Vec::new(), trusted, begun: Default::default(), looked: 0 }
    }
}

/// What a line is.
pub enum Read<'a> {
    /// A request.
    Line(Line<'a>),
    /// It speaks of the log itself, is empty, or goes on in the next one.
    Note,
    /// It is in no known format, or longer than [`limits::LOG_LINE_BYTES_MAX`].
    Bad,
}

impl Reader {
    /// A reader of a format by its name, or by the line that describes it; without one, of whatever the log turns out to be.
    ///
    /// # Errors
    /// [`NotAFormat`]
    pub fn named(name: Option<&str>) -> Result<Reader, NotAFormat> {
        let format = match name {
            None | Some("") => return Ok(Reader::default()),
            Some("combined" | "common" | "nginx" | "apache") => Format::Combined,
            Some("caddy" | "json" | "traefik" | "cloudflare") => Format::Json(Arc::default()),
            Some("w3c" | "iis" | "cloudfront") => Format::Fields(None),
            Some("haproxy") => Format::Haproxy,
            Some(line) => match pattern::described(line).ok_or_else(|| NotAFormat(line.to_owned()))? {
                Described::Pattern(pattern) => Format::Pattern(Arc::new(pattern)),
                Described::Keys(keys) => Format::Json(Arc::new(keys)),
            },
        };
        Ok(Reader { format: Some(format), is_told: true, ..Reader::default() })
    }

    /// The same reader, which believes addresses that proxies of these networks forwarded.
    pub fn trusting(mut self, networks: Networks) -> Reader {
        self.trusted = Arc::new(networks);
        self
    }

    /// Takes the beginning of the log, so that a log that is continued in its middle is known.
    pub fn look(&mut self, head: &[u8]) {
        for line in head.split(|byte| *byte == b'\n').take(limits::LOG_LINES_LOOKED) {
            let line = bare(line);
            let is_known = self.format.is_some() && (!self.is_told || self.reads(line));
            if !is_known || line.first() == Some(&b'#') {
                self.learn(line);
            }
        }
    }

    fn reads(&self, line: &[u8]) -> bool {
        self.format.as_ref().is_some_and(|format| format.read(line, &self.trusted, None).is_some())
    }

    /// Finds out how the log is written, and which fields it has from here on. Says whether that is known now.
    fn learn(&mut self, line: &[u8]) -> bool {
        if let Some(layout) = Layout::of(line)
            && (!self.is_told || matches!(self.format, Some(Format::Fields(_))))
        {
            (self.format, self.wraps) = (Some(Format::Fields(Some(layout))), Vec::new());
            return true;
        }
        let told = self.format.as_ref().filter(|_| self.is_told);
        let Some((wraps, format)) = found(line, told, &self.trusted, None, 0) else { return false };
        (self.wraps, self.format) = (wraps, Some(format));
        true
    }

    /// Reads a line, given without its line feed.
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Read<'a> {
        let line = bare(line);
        if line.len() > limits::LOG_LINE_BYTES_MAX {
            return Read::Bad;
        }
        if self.format.is_none() || line.first() == Some(&b'#') {
            self.learn(line);
        }
        // The journal speaks of itself so.
        if line.is_empty() || line.starts_with(b"-- ") {
            return Read::Note;
        }
        if line.starts_with(b"#") && matches!(self.format, None | Some(Format::Fields(_))) {
            return Read::Note;
        }
        let mut read = self.attempt(line);
        if matches!(read, Read::Bad) && self.looked < limits::LOG_LINES_LOOKED_AGAIN {
            self.looked += 1;
            if self.learn(line) {
                read = self.attempt(line);
            }
        }
        read
    }

    /// Reads a line as the log is known.
    fn attempt<'a>(&mut self, line: &'a [u8]) -> Read<'a> {
        let Some(format) = &self.format else { return Read::Bad };
        if self.wraps.is_empty() {
            return format.read(line, &self.trusted, None).map_or(Read::Bad, Read::Line);
        }
        let Some(Opened { text, at, goes_on, is_error }) = opened(line, &self.wraps) else { return Read::Bad };
        let begun = &mut self.begun[usize::from(is_error)];
        if goes_on && begun.len() + text.len() <= limits::LOG_LINE_BYTES_MAX {
            begun.extend_from_slice(&text);
            return Read::Note;
        }
        let text = match std::mem::take(begun) {
            begun if begun.is_empty() => text,
            begun => Cow::Owned([&begun[..], &text].concat()),
        };
        let read = match text {
            Cow::Borrowed(text) => format.read(text, &self.trusted, at),
            Cow::Owned(text) => format.read(&text, &self.trusted, at).map(Line::into_owned),
        };
        read.map_or(Read::Bad, Read::Line)
    }

    /// When a line was.
    pub fn time(&mut self, line: &[u8]) -> Option<Moment> {
        let line = bare(line);
        match &self.format {
            None | Some(Format::Combined) if self.wraps.is_empty() => {
                combined::time(line).or_else(|| self.time_of(line))
            }
            _ => self.time_of(line),
        }
    }

    fn time_of(&mut self, line: &[u8]) -> Option<Moment> {
        if self.format.is_none() || line.first() == Some(&b'#') {
            self.learn(line);
        }
        let format = self.format.as_ref()?;
        let Opened { text, at, .. } = opened(line, &self.wraps)?;
        match format {
            Format::Combined => combined::time(&text),
            _ => format.read(&text, &self.trusted, at).map(|line| line.at).or(at),
        }
    }

    /// Whether the last line of a log, which no line feed ends, was written to its end. Where nothing closes a line that can't
    /// be known, and it is left for later.
    pub fn is_whole(&self, line: &[u8]) -> bool {
        let line = bare(line);
        let Some(Opened { text, at, goes_on: false, .. }) = opened(line, &self.wraps) else { return false };
        let reads = |format: &Format| format.read(&text, &self.trusted, at).is_some();
        match &self.format {
            None | Some(Format::Combined) => combined::is_whole(&text, &self.trusted),
            Some(format @ Format::Json(_)) => reads(format),
            Some(format @ Format::Haproxy) => text.ends_with(b"\"") && reads(format),
            Some(Format::Fields(_) | Format::Pattern(_)) => false,
        }
    }
}

/// A line without what copying leaves before it (zeros of a log that was cut while its server wrote on, a mark of byte order),
/// and without the return that ends it.
fn bare(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\r").unwrap_or(line);
    while let Some(0 | 0xef) = line.first() {
        match line.strip_prefix(b"\0").or_else(|| line.strip_prefix("\u{feff}".as_bytes())) {
            Some(rest) => line = rest,
            None => break,
        }
    }
    line
}

/// What carries a line, from the outside in, and the format of what is within.
fn found(
    line: &[u8],
    told: Option<&Format>,
    trusted: &Networks,
    at: Option<Moment>,
    depth: usize,
) -> Option<(Vec<Wrap>, Format)> {
    let format = match told {
        Some(told) => told.read(line, trusted, at).map(|_| told.clone()),
        // The time of the carrier stands in where an object has none.
        None if at.is_some() && line.starts_with(b"{") => {
            let format = Format::Json(Arc::default());
            format.read(line, trusted, at).map(|_| format)
        }
        None => Format::of(line, trusted),
    };
    if let Some(format) = format {
        return Some((Vec::new(), format));
    }
    if depth == limits::LOG_WRAPS_MAX {
        return None;
    }
    Wrap::ALL.into_iter().find_map(|wrap| {
        let opened = wrap.open(line)?;
        let (mut wraps, format) = found(&opened.text, told, trusted, opened.at.or(at), depth + 1)?;
        wraps.insert(0, wrap);
        Some((wraps, format))
    })
}

/// What is within all its carriers, when it was carried, and whether it goes on in the next line.
fn opened<'a>(line: &'a [u8], wraps: &[Wrap]) -> Option<Opened<'a>> {
    let mut whole = Opened::plain(Cow::Borrowed(line));
    for wrap in wraps {
        let inner = match whole.text {
            Cow::Borrowed(text) => wrap.open(text)?,
            Cow::Owned(text) => {
                let Opened { text, at, goes_on, is_error } = wrap.open(&text)?;
                Opened { text: Cow::Owned(text.into_owned()), at, goes_on, is_error }
            }
        };
        whole = Opened {
            at: inner.at.or(whole.at),
            goes_on: inner.goes_on || whole.goes_on,
            is_error: inner.is_error || whole.is_error,
            text: inner.text,
        };
    }
    Some(whole)
}

/// The pieces of a line without any that is an address, for a digest by which nobody shall find one by trying.
pub fn without_addresses(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let divides = |byte: &u8| matches!(byte, b' ' | b'\t' | b'"' | b',' | b'|');
    line.split_inclusive(divides).filter(|piece| !is_address(piece))
}

/// Whether a piece of a line is an address, with or without a port.
fn is_address(piece: &[u8]) -> bool {
    let is_mark = |byte: &u8| matches!(byte, b' ' | b'\t' | b'"' | b',' | b'|' | b'\\' | b'\r' | b'\n');
    let start = piece.iter().position(|byte| !is_mark(byte)).unwrap_or(piece.len());
    let end = piece.iter().rposition(|byte| !is_mark(byte)).map_or(start, |end| end + 1);
    node(&piece[start..end]).is_some()
}

#[cfg(test)]
mod tests;
