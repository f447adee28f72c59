//! `headcount share`: opens a site to readers who are not signed in, by a public page or secret links, and closes it. Links and
//! passwords are shown once; only their digests are kept.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::notice::announcing;
use super::{CommandRefusal, Done, Reply, find, refuse};
use crate::collector::{Collector, random};
use crate::config::nearest;
use crate::limits;
use crate::operator::{NewShare, PUBLIC, Share};
use crate::page::text::watched::since;
use crate::report::choice::{self, SegmentScope};
use crate::report::range;
use crate::secret::Secret;
use crate::secret::password::{Password, PasswordDigest};
use crate::site::{self, Day, Moment, Site};

/// What an operator can ask of shares. Each names the site's domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ShareCommand {
    /// Opens a site.
    Add {
        /// The site.
        site: String,
        /// The name of a secret link; nothing for the public page.
        name: Option<String>,
        /// What a secret link is read with.
        password: Option<Password>,
        /// When it ends: `2026-12-31`, `30d`; nothing for never.
        expires: Option<String>,
        /// The hosts in whose pages it may stand.
        embed: Vec<String>,
        /// The segment that a secret link shows alone, by name or number; nothing for all of the site.
        #[serde(default)]
        segment: Option<String>,
    },
    /// Lists what is open of a site.
    List {
        /// The site.
        site: String,
    },
    /// Closes a page or a link.
    Remove {
        /// The site.
        site: String,
        /// The name of a link, or `public`.
        name: String,
    },
}

/// Carries it out; `password` is the digest of the one that it sets.
pub(super) fn run(
    collector: &Collector,
    command: ShareCommand,
    password: Option<&PasswordDigest>,
    base_url: &str,
) -> Done {
    match command {
        ShareCommand::Add { site, name, expires, embed, segment, .. } => {
            let site = find(collector, &site)?;
            let (until, embed) = (ends(expires.as_deref(), &site, collector.clock().now())?, hosts(&embed)?);
            let segment = segment.map(|text| of_segment(&text, &site)).transpose()?;
            check_beside(collector, &site, segment)?;
            let new = OpenAs { from: announcing::opens(collector, &site), until, embed: &embed, segment };
            let link = match name {
                None if password.is_some() => {
                    return refuse("a public page has no password; make a secret link with --name instead");
                }
                None if segment.is_some() => {
                    return refuse("a public page shows all of a site; make a secret link with --name instead");
                }
                None => add_public(collector, &site, new, base_url)?,
                Some(name) => add_secret(collector, &site, name.trim(), password, new, base_url)?,
            };
            Ok(opened(&site, &link, new))
        }
        ShareCommand::List { site } => list(collector, &find(collector, &site)?, base_url),
        ShareCommand::Remove { site, name } => remove(collector, &find(collector, &site)?, &name),
    }
}

/// From when on, until when, in whose pages, and how much of a site is open.
#[derive(Clone, Copy)]
struct OpenAs<'a> {
    from: Option<Moment>,
    until: Option<Moment>,
    embed: &'a [String],
    segment: Option<u32>,
}

/// The number of the segment that a link is to show. Of hits with a property hardly anything is kept that everybody may see.
fn of_segment(text: &str, site: &Site) -> Result<u32, CommandRefusal> {
    let segment = choice::segment(text, site)?;
    match choice::scope_of(&[segment.number.to_string()], site) {
        SegmentScope::Properties => refuse("a segment of hits with a property is for signed-in people alone"),
        SegmentScope::Visits | SegmentScope::Hits => Ok(segment.number),
    }
}

/// Refuses what would tell more than each does by itself: a part taken from the whole leaves the small rest.
fn check_beside(collector: &Collector, site: &Site, segment: Option<u32>) -> Result<(), CommandRefusal> {
    let now = collector.clock().now();
    let shares = collector.operators().shares(site.id)?;
    let other = shares.iter().find(|share| share.segment != segment && !share.has_ended(now));
    if let Some(other) = other {
        return refuse(format!(
            "{0:?} shows another part of {1}, and who has both can take one from the other; close it first with `headcount share remove \
             {1} {0:?}`",
            other.name, site.domain
        ));
    }
    if segment.is_some() && site.settings.counter {
        return refuse(format!(
            "the public counter of {0} shows all of it, and a part can be taken from that; close it first with `headcount site set {0} \
             --counter false`",
            site.domain
        ));
    }
    Ok(())
}

/// Refuses to show all of a site by a counter while a link shows a part of it, which would show nothing then.
pub(super) fn refuse_part(collector: &Collector, site: &Site) -> Result<(), CommandRefusal> {
    let now = collector.clock().now();
    let shares = collector.operators().shares(site.id)?;
    match shares.iter().find(|share| share.segment.is_some() && !share.has_ended(now)) {
        Some(share) => refuse(format!(
            "the link {0:?} shows one segment of {1}, which could be taken from what a counter of all of it shows; close it first with \
             `headcount share remove {1} {0:?}`",
            share.name, site.domain
        )),
        None => Ok(()),
    }
}

fn add_public(
    collector: &Collector,
    site: &Site,
    OpenAs { from, until, embed, segment }: OpenAs<'_>,
    base_url: &str,
) -> Result<String, CommandRefusal> {
    let new = NewShare { site: site.id, name: PUBLIC, link: None, password: None, from, until, embed, segment };
    if !collector.operators().add_share(&new, collector.clock().now())? {
        return refuse(format!(
            "{0} is public already; close it first with `headcount share remove {0} public`",
            site.domain
        ));
    }
    Ok(public_address(site, base_url))
}

/// Where the public page of a site is.
fn public_address(site: &Site, base_url: &str) -> String {
    format!("{base_url}/share/{}", site.domain)
}

fn add_secret(
    collector: &Collector,
    site: &Site,
    name: &str,
    password: Option<&PasswordDigest>,
    OpenAs { from, until, embed, segment }: OpenAs<'_>,
    base_url: &str,
) -> Result<String, CommandRefusal> {
    let is_plain =
        !name.is_empty() && name.chars().count() <= limits::SHARE_NAME_CHARS_MAX && !name.chars().any(char::is_control);
    if !is_plain || name == PUBLIC {
        return refuse(format!("{name:?} is no name of a link; write a few words, such as who it is for"));
    }
    if password.is_some() && !embed.is_empty() {
        // Browsers keep no cookie of ours within a page of another site, so the password would be asked for again and again.
        return refuse("a link with a password can't stand in another page; leave out --embed or the password");
    }
    if collector.operators().shares(site.id)?.len() >= limits::SHARES_MAX {
        return refuse(format!("a site has at most {} links; remove one first", limits::SHARES_MAX));
    }
    let secret = Secret::from_random(random()?);
    let link = Some(secret.digest());
    let new = NewShare { site: site.id, name, link, password, from, until, embed, segment };
    if !collector.operators().add_share(&new, collector.clock().now())? {
        return refuse(format!(
            "{} has a link {name:?} already; take another --name, or `headcount share remove {} {name:?}`",
            site.domain, site.domain
        ));
    }
    Ok(format!("{base_url}/share/{}", secret.reveal()))
}

/// The answer to a new page or link.
fn opened(site: &Site, link: &str, OpenAs { from, until, embed, segment }: OpenAs<'_>) -> Reply {
    let k = site.settings.small_counts_k;
    let what = named_segment(segment, site).map_or_else(String::new, |name| format!("The segment {name:?} of "));
    let mut text = format!(
        "{what}{} is open at this address, for days that are over; values with fewer than {k} visitors a day are added up as (other):\n\n  {link}\n",
        site.domain
    );
    let frame =
        format!("<iframe src=\"{link}?embed\" title=\"{}\" width=\"100%\" height=\"900\"></iframe>", site.domain);
    if !embed.is_empty() {
        text.push_str(&format!("\nPages of {} may show it by\n\n  {frame}\n", embed.join(", ")));
    }
    if let Some(from) = from {
        text.push_str(&format!("\nIt opens at {}; until then the notice announces it.\n", since(from, site)));
    }
    if let Some(until) = until {
        text.push_str(&format!("\nIt ends at {}.\n", since(until, site)));
    }
    let frame = (!embed.is_empty()).then_some(frame);
    let [opens, ends] = [from, until].map(|moment| moment.map(|moment| moment.timestamp().to_string()));
    let opened = json!({
        "site": site.domain, "link": link, "opens": opens, "ends": ends, "embed": embed, "frame": frame, "segment": segment,
    });
    Reply::new(text, opened)
}

/// When a share ends, as asked: at the end of a day of the site, or so many days from now.
fn ends(asked: Option<&str>, site: &Site, now: Moment) -> Result<Option<Moment>, CommandRefusal> {
    let Some(asked) = asked.map(str::trim) else { return Ok(None) };
    let days: Option<i32> = asked.strip_suffix('d').and_then(|days| days.parse().ok());
    let today = site.schedule.locate(now).day;
    let last = Day(today.0.saturating_add(limits::SHARE_DAYS_MAX));
    let until = match (days, range::date(asked)) {
        (Some(days), _) if (1..=limits::SHARE_DAYS_MAX).contains(&days) => now.plus(i64::from(days) * 86_400_000),
        (_, Some(day)) if day >= today && day <= last => site.schedule.end_of(day),
        _ => {
            return refuse(format!(
                "--expires {asked:?} is no time to come within ten years; write a day like 2026-12-31, or 30d"
            ));
        }
    };
    Ok(Some(until))
}

/// The hosts in whose pages something may stand.
fn hosts(asked: &[String]) -> Result<Vec<String>, CommandRefusal> {
    if asked.len() > limits::EMBED_HOSTS_MAX {
        return refuse(format!("at most {} hosts may be named; use *.example.com", limits::EMBED_HOSTS_MAX));
    }
    let mut hosts: Vec<String> = Vec::new();
    for host in asked {
        let host = frame_source(host)?;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    Ok(hosts)
}

/// A host as a content policy names it (CSP level 3, host-source): itself alone, and with the scheme and the port that are given.
fn frame_source(text: &str) -> Result<String, CommandRefusal> {
    let lower = text.trim().to_ascii_lowercase();
    let scheme = ["https://", "http://"].into_iter().find(|scheme| lower.starts_with(scheme)).unwrap_or_default();
    let rest = &lower[scheme.len()..];
    let (host, port) = rest.rsplit_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let port = match port.map(str::parse::<u16>) {
        None => String::new(),
        Some(Ok(port)) => format!(":{port}"),
        Some(Err(_)) => {
            return refuse(format!("{text:?} is no host; write it like www.example.com or https://example.com:8443"));
        }
    };
    let pattern = site::host_pattern(host)?;
    // To trackers `www.` is no host of its own, to browsers it is.
    let www = if host.starts_with("www.") { "www." } else { "" };
    Ok(format!("{scheme}{www}{pattern}{port}"))
}

fn list(collector: &Collector, site: &Site, base_url: &str) -> Done {
    let (shares, now) = (collector.operators().shares(site.id)?, collector.clock().now());
    let rows: Vec<Value> = shares.iter().map(|share| described(share, site, base_url, now)).collect();
    let lines: Vec<String> = shares.iter().map(|share| line(share, site, base_url, now)).collect();
    let none =
        format!("{0} is open to nobody; open it with `headcount share add {0} --public` or --name NAME.", site.domain);
    Ok(Reply::new(if lines.is_empty() { none } else { lines.join("\n") }, Value::Array(rows)))
}

fn described(share: &Share, site: &Site, base_url: &str, now: Moment) -> Value {
    json!({
        "name": share.name,
        "kind": if share.is_public() { "public" } else { "secret" },
        "link": share.is_public().then(|| public_address(site, base_url)),
        "password": share.password.is_some(),
        "opens": share.from.map(|from| from.timestamp().to_string()),
        "ends": share.until.map(|until| until.timestamp().to_string()),
        "has_ended": share.has_ended(now),
        "embed": share.embed,
        "segment": share.segment,
        "made": share.added.timestamp().to_string(),
    })
}

/// The name of a segment that a link shows.
fn named_segment(number: Option<u32>, site: &Site) -> Option<&str> {
    site.settings.segments.iter().find(|segment| Some(segment.number) == number).map(|segment| segment.name.as_str())
}

fn line(share: &Share, site: &Site, base_url: &str, now: Moment) -> String {
    let what = if share.is_public() { public_address(site, base_url) } else { "secret link".to_owned() };
    let mut line = format!("{}  {what}", share.name);
    if let Some(number) = share.segment {
        let name = named_segment(share.segment, site).map_or_else(|| format!("{number}, which is gone"), str::to_owned);
        line.push_str(&format!("  of the segment {name}"));
        if site.settings.counter {
            line.push_str(", which it does not show while everybody is told by the counter of all of the site");
        }
    }
    if share.password.is_some() {
        line.push_str("  with a password");
    }
    if !share.embed.is_empty() {
        line.push_str(&format!("  in pages of {}", share.embed.join(", ")));
    }
    if let Some(from) = share.from.filter(|_| !share.has_begun(now)) {
        line.push_str(&format!("  opens at {}", since(from, site)));
    }
    if let Some(until) = share.until {
        let word = if share.has_ended(now) { "ended" } else { "ends" };
        line.push_str(&format!("  {word} at {}", since(until, site)));
    }
    line
}

fn remove(collector: &Collector, site: &Site, name: &str) -> Done {
    if !collector.operators().remove_share(site.id, name)? {
        let shares = collector.operators().shares(site.id)?;
        let names: Vec<&str> = shares.iter().map(|share| share.name.as_str()).collect();
        if names.is_empty() {
            return refuse(format!("{} is open to nobody", site.domain));
        }
        return refuse(format!(
            "{0} has no link {name:?}; did you mean {1:?}? (`headcount share list {0}`)",
            site.domain,
            nearest(name, &names)
        ));
    }
    Ok(Reply::new(format!("{name} is closed."), json!({"site": site.domain, "removed": name})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_may_embed_is_itself_alone() {
        let read = |text: &str| frame_source(text).map_err(|refusal| refusal.refused.0);
        for (text, source) in [
            ("Example.org", "example.org"),
            ("www.example.org", "www.example.org"),
            ("*.example.org", "*.example.org"),
            ("HTTPS://www.example.org:8443", "https://www.example.org:8443"),
            ("http://example.org", "http://example.org"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(source));
        }
        for bad in
            ["https://a.test/page", "a.test:x", "ftp://a.test", "'self'", "a.test;script-src *", "*", "a b.test", ""]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
