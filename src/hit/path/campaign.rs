//! In: the query of a page, and what of its fragment reads like one. Out: the [`Campaign`] that it names. Forgets: all keys but
//! these, and the ids of clicks.
//!
//! This is the only list of campaign keys: whichever tracker sends an address, it is read here.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::super::mask::{self, address};
use super::value;
use crate::beacon::{cut, meant};
use crate::limits;

/// Families of keys, the strongest first: where two name the same thing, the first that is not empty counts.
const FAMILIES: [&str; 5] = ["utm_", "mtm_", "matomo_", "pk_", "piwik_"];
/// What follows a family's name, and what it tells. Matomo's ids, groups and placements have no dimension here.
const FIELDS: [(&str, CampaignField); 8] = [
    ("source", CampaignField::Source),
    ("medium", CampaignField::Medium),
    ("campaign", CampaignField::Campaign),
    ("cpn", CampaignField::Campaign),
    ("content", CampaignField::Content),
    ("term", CampaignField::Term),
    ("keyword", CampaignField::Term),
    ("kwd", CampaignField::Term),
];
/// Keys without a family, all weaker than those with one; again the strongest first.
const ALONE: [(&str, CampaignField); 4] = [
    ("source", CampaignField::Mention),
    ("ref", CampaignField::Mention),
    ("src", CampaignField::Mention),
    ("campaign", CampaignField::Campaign),
];

/// Click ids that advertisers' networks put on paid links, lower case, and the words that name the networks. Facebook's
/// `fbclid` is on every link, so it names its network and is no sign of an advertisement.
const CLICK_IDS: [(&str, Click); 20] = [
    ("gclid", Click { source: "google", is_paid: true }),
    ("gbraid", Click { source: "google", is_paid: true }),
    ("wbraid", Click { source: "google", is_paid: true }),
    ("gad_source", Click { source: "google", is_paid: true }),
    ("dclid", Click { source: "doubleclick", is_paid: true }),
    ("msclkid", Click { source: "bing", is_paid: true }),
    ("yclid", Click { source: "yandex", is_paid: true }),
    ("ttclid", Click { source: "tiktok", is_paid: true }),
    ("twclid", Click { source: "twitter", is_paid: true }),
    ("li_fat_id", Click { source: "linkedin", is_paid: true }),
    ("rdt_cid", Click { source: "reddit", is_paid: true }),
    ("sccid", Click { source: "snapchat", is_paid: true }),
    ("epik", Click { source: "pinterest", is_paid: true }),
    ("qclid", Click { source: "quora", is_paid: true }),
    ("ndclid", Click { source: "nextdoor", is_paid: true }),
    ("tblci", Click { source: "taboola", is_paid: true }),
    ("fbclid", Click { source: "facebook", is_paid: false }),
    ("igshid", Click { source: "instagram", is_paid: false }),
    ("igsh", Click { source: "instagram", is_paid: false }),
    ("mc_cid", Click { source: "mailchimp", is_paid: false }),
];

/// What a key tells.
#[derive(Clone, Copy)]
enum CampaignField {
    Source,
    Medium,
    Campaign,
    Content,
    Term,
    /// A source that the dimension `utm_source` does not show.
    Mention,
}

/// The network of a click id; the id itself is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Click {
    /// The word that campaigns call the network by.
    pub source: &'static str,
    /// Whether the id is on paid links only.
    pub is_paid: bool,
}

impl Click {
    /// The network that campaigns call so, if there is one.
    pub fn of_network(source: &str, is_paid: bool) -> Option<Click> {
        let clicks = CLICK_IDS.iter().map(|(_, click)| *click);
        clicks.into_iter().find(|click| click.source == source && click.is_paid == is_paid)
    }
}

/// What the query of a page says about where its reader came from. Values are decoded, trimmed and masked; an empty
/// one counts as none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Campaign {
    /// The source that decides: `utm_source` and its like, else `source`, else `ref`, else `src`.
    pub source: Option<String>,
    /// `utm_source` itself or its like, which the dimension of that name shows.
    pub utm_source: Option<String>,
    /// `utm_medium` or its like.
    pub medium: Option<String>,
    /// `utm_campaign` or its like, else `campaign`.
    pub campaign: Option<String>,
    /// `utm_content` or its like.
    pub content: Option<String>,
    /// `utm_term` or its like.
    pub term: Option<String>,
    /// The network of the first click id that was there.
    pub click: Option<Click>,
}

/// Reads the campaign keys of a query, in any case. Of each field the first non-empty value of the strongest key counts.
pub fn campaign(query: &str) -> Campaign {
    let mut campaign = Campaign::default();
    let mut found: [Option<(usize, String)>; 6] = Default::default();
    for pair in query.split('&').flat_map(divided) {
        let (key, raw) = pair.split_once('=').unwrap_or((pair, ""));
        if raw.is_empty() {
            continue;
        }
        let mut buffer = [0; limits::CAMPAIGN_KEY_BYTES_MAX];
        let Some(key) = folded(&percent_decode_str(key).decode_utf8_lossy(), &mut buffer) else { continue };
        let Some((field, rank)) = field(key) else {
            let of_key = || CLICK_IDS.iter().find(|(id, _)| *id == key).map(|(_, click)| *click);
            campaign.click = campaign.click.or_else(of_key);
            continue;
        };
        let slot = &mut found[field as usize];
        if slot.as_ref().is_none_or(|(known, _)| rank < *known)
            && let Some(text) = decoded(raw)
        {
            *slot = Some((rank, text));
        }
    }
    let [utm_source, medium, name, content, term, mention] = found.map(|slot| slot.map(|(_, text)| text));
    let source = utm_source.clone().or(mention);
    Campaign { source, utm_source, medium, campaign: name, content, term, ..campaign }
}

/// A pair, and the key of a family behind a second question mark in it: tools append `?utm_source=x` to any address.
fn divided(pair: &str) -> impl Iterator<Item = &str> {
    let begins_key = |rest: &str| {
        let key = rest.split('=').next().unwrap_or_default();
        folded(&percent_decode_str(key).decode_utf8_lossy(), &mut [0; limits::CAMPAIGN_KEY_BYTES_MAX])
            .is_some_and(|key| field(key).is_some_and(|(_, rank)| rank < FAMILIES.len()))
    };
    let (first, second) = match pair.split_once('?') {
        Some((first, second)) if begins_key(second) => (first, Some(second)),
        _ => (pair, None),
    };
    std::iter::once(first).chain(second)
}

/// A key as it was meant, in lower case; nothing if it is longer than any that is known.
fn folded<'b>(key: &str, buffer: &'b mut [u8; limits::CAMPAIGN_KEY_BYTES_MAX]) -> Option<&'b str> {
    let meant = meant(key).as_bytes();
    let folded = buffer.get_mut(..meant.len())?;
    folded.copy_from_slice(meant);
    folded.make_ascii_lowercase();
    std::str::from_utf8(folded).ok()
}

/// What a key tells, and how many are stronger.
fn field(key: &str) -> Option<(CampaignField, usize)> {
    let of_family = |(rank, family): (usize, &&str)| {
        let rest = key.strip_prefix(family)?;
        FIELDS.iter().find(|(name, _)| *name == rest).map(|(_, field)| (*field, rank))
    };
    let of_alone = || {
        let rank = ALONE.iter().position(|(name, _)| *name == key)?;
        Some((ALONE[rank].1, FAMILIES.len() + rank))
    };
    FAMILIES.iter().enumerate().find_map(of_family).or_else(of_alone)
}

/// A value of a query as it may be stored. No more of it is read than an address may have.
fn decoded(raw: &str) -> Option<String> {
    let raw = cut(raw, limits::URL_BYTES_MAX);
    let plain = percent_decode_str(raw).decode_utf8_lossy();
    let whole = plain.trim_start_matches(['+', ' ']);
    if address::is_whole(whole) || whole.starts_with('/') {
        return Some(value(whole));
    }
    // A plus sign stands for a space, except in a mail address, where it must not divide what has to be masked.
    let text = match mask::name(&plain) {
        Cow::Owned(masked) => masked.replace('+', " "),
        Cow::Borrowed(_) => {
            let spaced = raw.replace('+', " ");
            mask::name(&percent_decode_str(&spaced).decode_utf8_lossy()).into_owned()
        }
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> [String; 6] {
        let Campaign { source, utm_source, medium, campaign, content, term, .. } = campaign(query);
        [source, utm_source, medium, campaign, content, term].map(Option::unwrap_or_default)
    }

    #[test]
    fn every_family_has_every_field() {
        for family in FAMILIES {
            for (name, keyword) in [("campaign", "keyword"), ("cpn", "kwd"), ("campaign", "term")] {
                let query = format!(
                    "x=1&{family}source=s&{family}medium=m&{family}{name}=c&{family}content=o&{family}{keyword}=t&{family}cid=7"
                );
                for query in [query.to_uppercase().to_lowercase(), query.replace(family, &family.to_uppercase())] {
                    assert_eq!(read(&query), ["s", "s", "m", "c", "o", "t"], "{query}");
                }
            }
        }
        for (key, _) in ALONE.iter().take(3) {
            assert_eq!(read(&format!("{key}=s")), ["s", "", "", "", "", ""], "{key}");
        }
        assert_eq!(read("campaign=c")[3], "c");
        let longest = FAMILIES.iter().map(|family| family.len() + "campaign".len()).max();
        assert!(
            longest <= Some(limits::CAMPAIGN_KEY_BYTES_MAX)
                && CLICK_IDS.iter().all(|(id, _)| id.len() <= limits::CAMPAIGN_KEY_BYTES_MAX)
        );
    }

    #[test]
    fn the_strongest_key_counts_wherever_it_stands() {
        for (query, source) in [
            ("ref=r&utm_source=u", "u"),
            ("utm_source=u&ref=r", "u"),
            ("piwik_source=p&pk_source=k&mtm_source=m", "m"),
            ("mtm_source=m&utm_source=&utm_source=%20", "m"),
            ("src=a&ref=b&source=c", "c"),
            ("src=a&ref=b", "b"),
            ("utm_source=a&utm_source=b", "a"),
            ("a=b?utm_source=u", "u"),
            ("utm_source=u?utm_medium=m", "u"),
            ("utm_source=why?", "why?"),
            ("next=/a?ref=b", ""),
            ("%20utm_source=u", "u"),
            ("+utm_source=u", "u"),
        ] {
            assert_eq!(read(query)[0], source, "{query}");
        }
        assert_eq!(read("campaign=a&pk_cpn=b")[3], "b");
    }

    #[test]
    fn ampersands_that_were_written_for_html_divide() {
        for query in [
            "x=1&amp;utm_source=s&amp;utm_medium=m",
            "x=1&amp%3Butm_source=s&amp%3butm_medium=m",
            "x=1&AMP;UTM_Source=s&amp;amp;utm_medium=m",
            "x=1&#38;utm_source=s&#x26;utm_medium=m",
        ] {
            // In an address the first number sign begins the fragment; further ones stay.
            assert_eq!(read(&query.replacen('#', "", 1))[..3], ["s", "s", "m"], "{query}");
        }
    }

    #[test]
    fn long_queries_are_read_to_their_end() {
        let noise = "k=v&".repeat(100_000) + &"x".repeat(100_000);
        let long = format!("{noise}&utm_source=s&utm_campaign={}", "c ".repeat(50_000));
        let read = read(&long);
        assert_eq!(read[0], "s");
        assert!(read[3].starts_with("c c") && read[3].len() <= limits::NAME_BYTES_MAX);
    }
}
