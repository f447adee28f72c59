//! In: lines of W3C's extended format, as IIS writes them, and CloudFront with tabs. Out: their [`Line`]s. Forgets: all fields but
//! eight.
//!
//! A line `#Fields: date time c-ip ...` names the fields of those that follow it. Times are UTC. IIS writes blanks within a
//! field as `+`, CloudFront as `%20`.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::super::claim;
use super::Line;

/// Where the fields are that are read.
#[derive(Clone, Default)]
pub(super) struct Layout {
    date: Option<usize>,
    time: Option<usize>,
    address: Option<usize>,
    method: Option<usize>,
    path: Option<usize>,
    query: Option<usize>,
    status: Option<usize>,
    referrer: Option<usize>,
    agent: Option<usize>,
    /// How many fields there are.
    len: usize,
}

impl Layout {
    /// The layout that a line names, if it does.
    pub(super) fn of(line: &[u8]) -> Option<Layout> {
        let names = std::str::from_utf8(line.strip_prefix(b"#Fields:")?).ok()?;
        let mut layout = Layout::default();
        for (at, name) in names.split_ascii_whitespace().enumerate() {
            let slot = match name.to_ascii_lowercase().as_str() {
                "date" => &mut layout.date,
                "time" => &mut layout.time,
                "c-ip" => &mut layout.address,
                "cs-method" => &mut layout.method,
                "cs-uri-stem" => &mut layout.path,
                "cs-uri-query" => &mut layout.query,
                "sc-status" => &mut layout.status,
                "cs(referer)" => &mut layout.referrer,
                "cs(user-agent)" => &mut layout.agent,
                _ => {
                    layout.len = at + 1;
                    continue;
                }
            };
            *slot = Some(at);
            layout.len = at + 1;
        }
        Some(layout)
    }

    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let has_tabs = line.contains(&b'\t');
        let divides = |byte: &u8| *byte == if has_tabs { b'\t' } else { b' ' };
        let fields: Vec<&[u8]> = line.split(divides).collect();
        if fields.len() != self.len {
            return None;
        }
        let field = |at: Option<usize>| at.and_then(|at| fields.get(at)).copied().filter(|field| *field != b"-");
        let text = |at: Option<usize>| std::str::from_utf8(field(at)?).ok();
        let at = claim::moment(&format!("{} {}", text(self.date)?, text(self.time)?))?;
        let mut target = Cow::Borrowed(text(self.path)?);
        if let Some(query) = text(self.query) {
            target = Cow::Owned(format!("{target}?{query}"));
        }
        let decoded = |at: Option<usize>| field(at).map(|field| decoded(field, has_tabs));
        Some(Line {
            status: text(self.status)?.parse().ok()?,
            referrer: decoded(self.referrer).unwrap_or_default(),
            agent: self.agent.map(|_| decoded(self.agent).unwrap_or_default()),
            ..Line::of(at, text(self.address)?.parse().ok()?, field(self.method)?, target)
        })
    }
}

fn decoded(field: &[u8], is_cloudfront: bool) -> Cow<'_, str> {
    if !is_cloudfront {
        return Cow::Owned(String::from_utf8_lossy(field).replace('+', " "));
    }
    // Older logs encode the sign of the encoding too.
    let once: Vec<u8> = percent_decode(field).collect();
    Cow::Owned(percent_decode(&once).decode_utf8_lossy().into_owned())
}
