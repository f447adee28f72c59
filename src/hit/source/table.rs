//! Names and kinds of hosts, Android packages and campaign words, and who is a referrer spammer, from the lists in `data/`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Matomo's list, CC0-1.0.
const VENDORED: &str = include_str!("../data/sources.tsv");
/// Our own list, which wins.
const OWN: &str = include_str!("../data/sources_own.tsv");
/// Matomo's list of referrer spammers, CC0-1.0.
const SPAM: &str = include_str!("../data/spam_hosts.txt");

/// What sort of place a source is. Where two lists disagree about a host, the first kind wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// An assistant that answers in words.
    Ai,
    /// Web mail and mail apps.
    Email,
    /// Sites to watch videos on.
    Video,
    /// Networks, forums and messengers.
    Social,
    /// Shops and price comparisons.
    Shopping,
    /// Search engines.
    Search,
    /// Anything else.
    Referral,
}

impl SourceKind {
    fn from_name(name: &str) -> Option<SourceKind> {
        Some(match name {
            "ai" => SourceKind::Ai,
            "email" => SourceKind::Email,
            "video" => SourceKind::Video,
            "social" => SourceKind::Social,
            "shopping" => SourceKind::Shopping,
            "search" => SourceKind::Search,
            "referral" => SourceKind::Referral,
            _ => return None,
        })
    }

    /// Whether the names of such sources are what campaigns call them by. Those of the other kinds are everyday words
    /// ("Target", "Front"), so the own list spells out which words mean them.
    const fn is_called_by_name(self) -> bool {
        matches!(self, SourceKind::Ai | SourceKind::Social | SourceKind::Search)
    }
}

/// A source that the lists know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Its present name.
    pub source: &'static str,
    /// What it is.
    pub kind: SourceKind,
}

/// All lists as one table, read once.
pub static TABLE: LazyLock<Table> = LazyLock::new(Table::read);

static SPAM_HOSTS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| lines(SPAM).collect());

/// Whether a folded host, or one that it is a part of, is on the list of referrer spammers.
pub fn is_spam(host: &str) -> bool {
    parents(host).any(|part| SPAM_HOSTS.contains(part))
}

/// Names of hosts, packages and words.
#[derive(Default)]
pub struct Table {
    /// By folded host or Android package.
    hosts: HashMap<&'static str, Named>,
    /// By what stands before any country suffix: `google`, `images.google`.
    any_country: HashMap<&'static str, Named>,
    /// By the first part of a host that has more parts than its registrable domain, or is named for what it runs:
    /// `webmail`, `mastodon`. Those without a name are their own domain.
    first_parts: HashMap<&'static str, Named>,
    /// By campaign word, letters and digits only.
    words: HashMap<String, Named>,
}

impl Table {
    fn read() -> Table {
        let renamed: HashMap<&str, &str> =
            rows(OWN).filter_map(|[host, source, _]| Some((host.strip_prefix('=')?, source))).collect();
        let wrong: HashSet<&str> = rows(OWN).filter_map(|[host, ..]| host.strip_prefix('-')).collect();
        let mut table = Table::default();
        for ([host, source, _], kind) in known(OWN) {
            table.add(host, Named { source, kind });
            table.add_word(host, Named { source, kind });
        }
        let mut vendored: Vec<_> = known(VENDORED).filter(|([host, ..], _)| !wrong.contains(host)).collect();
        vendored.sort_by_key(|(_, kind)| *kind);
        for ([host, source, _], kind) in vendored {
            table.add(host, Named { source: renamed.get(source).copied().unwrap_or(source), kind });
        }
        table
    }

    /// Adds a host or a package unless it is known already. Paths are left out, because referrers come without them.
    fn add(&mut self, host: &'static str, named: Named) {
        if let Some(first) = host.strip_suffix(".*") {
            self.first_parts.insert(first, named);
            return;
        }
        let host = host.strip_prefix("{}.").unwrap_or(host);
        let host = host.strip_prefix("www.").unwrap_or(host);
        if let Some(stem) = host.strip_suffix(".{}") {
            self.any_country.entry(stem).or_insert(named);
        } else if host.contains('.') && !host.contains(['/', '{']) {
            self.hosts.entry(host).or_insert(named);
        }
    }

    fn add_word(&mut self, host: &str, named: Named) {
        if !host.contains(['.', '*']) {
            self.words.insert(word(host), named);
        }
        if named.kind.is_called_by_name() && !named.source.is_empty() {
            self.words.entry(word(named.source)).or_insert(named);
        }
    }

    /// The source with this folded host: the host itself, else the longest part of it that is known.
    pub fn of_host(&self, host: &str) -> Option<Named> {
        let country = country_suffix(host);
        let listed = parents(host).find_map(|part| {
            let stem = || part.strip_suffix(country?)?.strip_suffix('.');
            self.hosts.get(part).or_else(|| self.any_country.get(stem()?)).copied()
        });
        listed.or_else(|| {
            let (first, rest) = host.split_once('.')?;
            // `webmail2.example.org`; a number on a domain of its own belongs to its name.
            let first = if rest.contains('.') { first.trim_end_matches(|c: char| c.is_ascii_digit()) } else { first };
            self.first_parts.get(first).copied()
        })
    }

    /// The source with this Android package, in lower case: the package itself, else one that it is a variant of, as
    /// `org.telegram.messenger.web` is of Telegram's.
    pub fn of_package(&self, package: &str) -> Option<Named> {
        let whole = std::iter::successors(Some(package), |part| part.rsplit_once('.').map(|(rest, _)| rest));
        whole.take_while(|part| part.contains('.')).find_map(|part| self.hosts.get(part).copied())
    }

    /// The source that a campaign calls by this word: a name in any spelling, a short form, a host, or a network's
    /// advertisements (`facebook_ads`).
    pub fn of_word(&self, text: &str) -> Option<Named> {
        let by_host = || if text.contains('.') { self.of_host(&crate::site::fold(text)) } else { None };
        let word = word(text);
        let by_ads = || self.words.get(word.strip_suffix("ads")?).copied();
        self.words.get(&word).copied().or_else(by_host).or_else(by_ads)
    }
}

/// A word as it is compared: lower case, letters and digits only.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The public suffix, if it is `com` or that of a country: brands own their name there, other suffixes sell it to anyone.
fn country_suffix(host: &str) -> Option<&str> {
    let suffix = psl::suffix(host.as_bytes()).filter(|suffix| suffix.typ() == Some(psl::Type::Icann))?;
    let text = host.get(host.len().checked_sub(suffix.as_bytes().len())?..)?;
    let is_country = text.rsplit('.').next().is_some_and(|label| label.len() == 2);
    (is_country || text == "com").then_some(text)
}

/// A host and what it is a part of, longest first.
fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |part| part.split_once('.').map(|(_, rest)| rest))
}

fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn rows(list: &'static str) -> impl Iterator<Item = [&'static str; 3]> {
    lines(list).map(|line| {
        let mut columns = line.split('\t');
        [(); 3].map(|()| columns.next().unwrap_or_default())
    })
}

fn known(list: &'static str) -> impl Iterator<Item = ([&'static str; 3], SourceKind)> {
    rows(list).filter_map(|row| Some((row, SourceKind::from_name(row[2])?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_both_lists_has_a_host_a_name_and_a_kind() {
        for [host, source, kind] in rows(OWN).chain(rows(VENDORED)) {
            assert!(!host.is_empty() && (!source.is_empty() || host.ends_with(".*")), "{host:?} {source:?}");
            assert_eq!(SourceKind::from_name(kind).is_none(), host.starts_with(['=', '-']), "{host}");
        }
    }

    #[test]
    fn the_own_list_names_no_host_twice() {
        let mut seen = HashSet::new();
        assert!(rows(OWN).all(|[host, ..]| seen.insert(host)));
    }

    #[test]
    fn a_brand_counts_under_country_suffixes_only() {
        let name = |host| TABLE.of_host(host).map(|named| named.source);
        assert_eq!(name("google.com.au"), Some("Google"));
        assert_eq!(name("images.google.fr"), Some("Google Images"));
        assert_eq!(name("google.blogspot.com"), None);
        assert_eq!(name("google.xyz"), None);
        assert_eq!(name("notgoogle.com"), None);
        assert_eq!(name("com"), None);
    }

    #[test]
    fn everyday_words_are_no_brands() {
        for text in ["free", "inbox", "target", "front", "spring", ""] {
            assert_eq!(TABLE.of_word(text), None, "{text}");
        }
        for (text, source) in
            [("YAHOO", "Yahoo!"), ("facebook_ads", "Facebook"), ("bing-ads", "Bing"), ("meta", "Facebook")]
        {
            assert_eq!(TABLE.of_word(text).map(|named| named.source), Some(source), "{text}");
        }
        assert_eq!(TABLE.of_word("threads").map(|named| named.source), Some("Threads"));
    }
}
