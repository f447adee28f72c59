//! In: one line of a web server's log, in one of several formats. Out: when it was, and the [`Beacon`] of a page that was
//! shown, or the reason why it is none. Forgets: size, user, protocol, and all lines that are no pages.
//!
//! Each format is one file below. [`Reader`] finds out which one a log has, or is told; [`Rules`] say what counts as a page.

mod caddy;
mod combined;
mod fields;
mod haproxy;
mod pattern;
mod rules;

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::memchr;

use super::address::Way;
use super::{Beacon, Claims, ClientIp, Hints, Kind, Sender, UserAgent, claim, cut};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Domain, Moment};
use fields::Layout;
use pattern::Pattern;
pub use rules::Rules;

/// One line. There is no `Debug`: it holds an address and an agent.
#[derive(Clone)]
pub struct Line<'a> {
    /// When it was.
    pub at: Moment,
    address: IpAddr,
    method: &'a [u8],
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
    fn of(at: Moment, address: IpAddr, method: &'a [u8], target: Cow<'a, str>) -> Line<'a> {
        let (referrer, language) = (Cow::Borrowed(""), Cow::Borrowed(""));
        let address = address.to_canonical();
        Line { at, address, method, target, status: 200, referrer, agent: None, language, opted_out: false }
    }

    /// The pageview that the line tells of, for a site whose pages are all at its own domain.
    ///
    /// # Errors
    /// [`Rejection::Method`], [`Rejection::Status`], [`Rejection::Asset`], and [`Rejection::BadUrl`] for a target that is
    /// no path.
    pub fn beacon(&self, site: &Domain, rules: &Rules) -> Result<Beacon, Rejection> {
        if self.method != b"GET" {
            return Err(Rejection::Method);
        }
        if !rules.is_success(self.status) {
            return Err(Rejection::Status);
        }
        let target = path_and_query(&self.target).ok_or(Rejection::BadUrl)?;
        if rules.is_asset(target.as_bytes()) {
            return Err(Rejection::Asset);
        }
        let agent = self.agent.as_deref().unwrap_or_default();
        Ok(Beacon {
            site: site.as_str().to_owned(),
            kind: Kind::Pageview,
            url: ["https://", site.as_str(), target].concat(),
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
            sender: Sender {
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
            },
        })
    }
}

/// Path and query of a target; a proxy's has the whole address.
fn path_and_query(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let rest = ["http://", "https://"].into_iter().find_map(|scheme| target.strip_prefix(scheme))?;
    Some(memchr(b'/', rest.as_bytes()).map_or("/", |slash| &rest[slash..]))
}

/// How a log is written.
#[derive(Clone)]
enum Format {
    Combined,
    Caddy,
    /// W3C, as IIS and CloudFront write it; nothing until the line that names the fields has come.
    Fields(Option<Layout>),
    Haproxy,
    Pattern(Pattern),
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no format of logs; write combined, caddy, cloudfront, haproxy, w3c, or the line of a log_format like '$remote_addr [$time_local] \"$request\" $status'"
)]
pub struct NotAFormat(String);

/// Reads the lines of one log.
#[derive(Clone, Default)]
pub struct Reader {
    /// Nothing until a line has told.
    format: Option<Format>,
}

/// What a line is.
pub enum Read<'a> {
    /// A request.
    Line(Line<'a>),
    /// It speaks of the log itself, or is empty.
    Note,
    /// It is in no known format, or longer than [`limits::LOG_LINE_BYTES_MAX`].
    Bad,
}

/// How many lines of a log's beginning are looked at to find out how it is written.
const LOOKED_LINES: usize = 50;

impl Reader {
    /// A reader of a format by its name, or by the line that describes it; without one, of whatever the log turns out to be.
    ///
    /// # Errors
    /// [`NotAFormat`]
    pub fn named(name: Option<&str>) -> Result<Reader, NotAFormat> {
        let format = match name {
            None | Some("") => return Ok(Reader::default()),
            Some("combined" | "common" | "nginx" | "apache") => Format::Combined,
            Some("caddy") => Format::Caddy,
            Some("w3c" | "iis" | "cloudfront") => Format::Fields(None),
            Some("haproxy") => Format::Haproxy,
            Some(line) => Format::Pattern(Pattern::of(line).ok_or_else(|| NotAFormat(line.to_owned()))?),
        };
        Ok(Reader { format: Some(format) })
    }

    /// Takes the beginning of the log, so that a log that is continued in its middle is known.
    pub fn look(&mut self, head: &[u8]) {
        for line in head.split(|byte| *byte == b'\n').take(LOOKED_LINES) {
            self.learn(line);
        }
    }

    /// Finds out how the log is written, and which fields it has from here on.
    fn learn(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(layout) = Layout::of(line)
            && matches!(self.format, None | Some(Format::Fields(_)))
        {
            self.format = Some(Format::Fields(Some(layout)));
        }
        if self.format.is_none() {
            self.format = if combined::read(line).is_some() {
                Some(Format::Combined)
            } else if caddy::read(line).is_some() {
                Some(Format::Caddy)
            } else if haproxy::read(line).is_some() {
                Some(Format::Haproxy)
            } else {
                None
            };
        }
    }

    /// Reads a line, given without its line feed.
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Read<'a> {
        if line.len() > limits::LOG_LINE_BYTES_MAX {
            return Read::Bad;
        }
        if self.format.is_none() || line.first() == Some(&b'#') {
            self.learn(line);
        }
        let read = match &self.format {
            _ if line.is_empty() || line == b"\r" => return Read::Note,
            None | Some(Format::Fields(_)) if line.starts_with(b"#") => return Read::Note,
            Some(Format::Combined) => combined::read(line),
            Some(Format::Caddy) => caddy::read(line),
            Some(Format::Fields(layout)) => layout.as_ref().and_then(|layout| layout.read(line)),
            Some(Format::Haproxy) => haproxy::read(line),
            Some(Format::Pattern(pattern)) => pattern.read(line),
            None => None,
        };
        read.map_or(Read::Bad, Read::Line)
    }

    /// When a line was.
    pub fn time(&mut self, line: &[u8]) -> Option<Moment> {
        match &self.format {
            None | Some(Format::Combined) => combined::time(line).or_else(|| self.time_of(line)),
            Some(_) => self.time_of(line),
        }
    }

    fn time_of(&mut self, line: &[u8]) -> Option<Moment> {
        match self.read(line) {
            Read::Line(line) => Some(line.at),
            Read::Note | Read::Bad => None,
        }
    }

    /// Whether the last line of a log, which no line feed ends, was written to its end. Where nothing closes a line that can't
    /// be known, and it is left for later.
    pub fn is_whole(&self, line: &[u8]) -> bool {
        match &self.format {
            None | Some(Format::Combined) => combined::is_whole(line),
            Some(Format::Caddy) => caddy::read(line).is_some(),
            Some(Format::Haproxy) => line.ends_with(b"\"") && haproxy::read(line).is_some(),
            Some(Format::Fields(_) | Format::Pattern(_)) => false,
        }
    }
}

/// The pieces of a line without any that is an address, for a digest by which nobody shall find one by trying.
pub fn without_addresses(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let first = memchr(b' ', line).map_or(line.len(), |space| space);
    let opens_with_one = is_address(&line[..first]);
    let rest = if opens_with_one { &line[first..] } else { line };
    let divides = move |byte: &u8| !opens_with_one && matches!(byte, b' ' | b'\t' | b'"' | b',');
    rest.split_inclusive(divides).filter(move |piece| opens_with_one || !is_address(piece))
}

/// Whether a piece of a line is an address, with or without a port.
fn is_address(piece: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(piece) else { return false };
    let text = text.trim_matches([' ', '\t', '"', ',']);
    text.parse::<IpAddr>().is_ok() || text.parse::<std::net::SocketAddr>().is_ok()
}

#[cfg(test)]
mod tests;
