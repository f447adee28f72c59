//! In: lines of W3C's extended format, as IIS and NetScaler write them, and CloudFront with tabs. Out: their [`Line`]s. Forgets:
//! all fields that say nothing of a page.
//!
//! A line `#Fields: date time c-ip ...` names the fields of those that follow it. Times are UTC. IIS writes blanks within a
//! field as `+`, CloudFront as `%20`; IIS's Advanced Logging puts texts between quotes, with blanks as they are and quotes
//! doubled (<https://www.w3.org/TR/WD-logfile.html>,
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html>).

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::super::address::Networks;
use super::Line;
use super::parts::{Part, Parts};
use super::pattern;

/// What each field is.
#[derive(Clone, Default)]
pub(super) struct Layout(Vec<(Part, u8)>);

/// A field as it stands in the line.
struct LogField<'a> {
    text: &'a [u8],
    is_quoted: bool,
}

impl Layout {
    /// The layout that a line names, if it does.
    pub(super) fn of(line: &[u8]) -> Option<Layout> {
        let names = std::str::from_utf8(line.strip_prefix(b"#Fields:")?).ok()?;
        Some(Layout(names.split_ascii_whitespace().map(|name| part(&name.to_ascii_lowercase())).collect()))
    }

    pub(super) fn read<'a>(&self, line: &'a [u8], trusted: &Networks) -> Option<Line<'a>> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let has_tabs = line.contains(&b'\t');
        let mut parts = Parts::default();
        let mut fields = split(line, if has_tabs { b'\t' } else { b' ' });
        for (part, rank) in &self.0 {
            let field = fields.next()?;
            let LogField { text, is_quoted } = field;
            let value = match part {
                Part::Other => continue,
                // CloudFront's own name of the distribution, which nobody asked for.
                Part::Host if has_tabs && *rank > 0 => continue,
                Part::Path | Part::Query | Part::Target => whole(std::str::from_utf8(text).ok()?, has_tabs, is_quoted),
                Part::Agent | Part::Referrer if !is_quoted => decoded(text, has_tabs),
                Part::Forwarded => decoded(text, has_tabs),
                _ => String::from_utf8_lossy(text),
            };
            let has_quotes = is_quoted && value.contains("\"\"");
            parts.put(*part, *rank, if has_quotes { Cow::Owned(value.replace("\"\"", "\"")) } else { value });
        }
        let is_all = fields.next().is_none();
        let has_agents = self.0.iter().any(|(part, _)| *part == Part::Agent);
        if is_all { parts.line(trusted, has_agents, None) } else { None }
    }
}

/// What a field is by its name in lower case, and its rank among others of the kind.
fn part(name: &str) -> (Part, u8) {
    let part = match name {
        "date" => Part::Date,
        "time" => Part::Time,
        // Servers that write only these have set their clock to them.
        "date-local" => return (Part::Date, 1),
        "time-local" => return (Part::Time, 1),
        "c-ip" => Part::Peer,
        "x-forwarded-for" | "x-forwarded-for-iis" => Part::Forwarded,
        "cs-method" => Part::Method,
        "cs-uri" => Part::Target,
        "cs-uri-stem" => Part::Path,
        "cs-uri-query" => Part::Query,
        "sc-status" => Part::Status,
        "x-host-header" | "cs-host" => Part::Host,
        _ => {
            let header = name.strip_prefix("cs(").and_then(|name| name.strip_suffix(')'));
            return (header.map_or(Part::Other, pattern::header), 1);
        }
    };
    (part, 0)
}

/// The fields of a line. A quote opens one that has blanks.
fn split(line: &[u8], mark: u8) -> impl Iterator<Item = LogField<'_>> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        if mark == b' ' && line.first() == Some(&b'"') {
            let mut from = 1;
            let end = loop {
                let quote = from + memchr::memchr(b'"', line.get(from..)?)?;
                if line.get(quote + 1) != Some(&b'"') {
                    break quote;
                }
                from = quote + 2;
            };
            let after = line.get(end + 1..)?;
            rest = after.strip_prefix(&[mark]);
            return (after.is_empty() || rest.is_some()).then(|| LogField { text: &line[1..end], is_quoted: true });
        }
        let end = memchr::memchr(mark, line).unwrap_or(line.len());
        rest = line.get(end + 1..);
        Some(LogField { text: &line[..end], is_quoted: false })
    })
}

/// A path as it was asked for: CloudFront encodes the sign of the encoding once more, and IIS writes blanks as `+` (it serves
/// no path that has a plus of its own, unless it is told to).
fn whole(path: &str, is_cloudfront: bool, is_quoted: bool) -> Cow<'_, str> {
    if is_quoted {
        return if path.contains(' ') { Cow::Owned(path.replace(' ', "%20")) } else { Cow::Borrowed(path) };
    }
    let (theirs, meant) = if is_cloudfront { ("%25", "%") } else { ("+", "%20") };
    if path.contains(theirs) { Cow::Owned(path.replace(theirs, meant)) } else { Cow::Borrowed(path) }
}

fn decoded(field: &[u8], is_cloudfront: bool) -> Cow<'_, str> {
    if !is_cloudfront {
        return Cow::Owned(String::from_utf8_lossy(field).replace('+', " "));
    }
    // Older logs encode the sign of the encoding too.
    let once: Vec<u8> = percent_decode(field).collect();
    Cow::Owned(percent_decode(&once).decode_utf8_lossy().into_owned())
}
