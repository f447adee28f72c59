//! What a site does without: values that never become part of a hit, so that nothing is booked under them.

mod options;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::NotSet;
use super::setting::{SettingField, SettingKind, SettingsForm, SiteSetting, Translated};

/// Something that a site may do without. Pages and the names of events are always counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are those of the dimensions; docs/collect.md says what each switch does")]
pub enum Collectable {
    Source,
    Referrer,
    Channel,
    UtmSource,
    UtmMedium,
    UtmCampaign,
    UtmContent,
    UtmTerm,
    Country,
    Region,
    City,
    Browser,
    BrowserVersion,
    Os,
    OsVersion,
    Device,
    Screen,
    Language,
    EntryPage,
    ExitPage,
    Hostname,
    /// Visible time and scrolling.
    Engagement,
    /// Properties of hits.
    Properties,
    /// Amounts of money.
    Money,
}

use Collectable::*;

/// Each with its name, and what tells its value and so goes with it.
const TABLE: [(Collectable, &str, &[Collectable]); 24] = [
    (Source, "source", &[Referrer]),
    (Referrer, "referrer", &[]),
    (Channel, "channel", &[]),
    (UtmSource, "utm_source", &[]),
    (UtmMedium, "utm_medium", &[]),
    (UtmCampaign, "utm_campaign", &[]),
    (UtmContent, "utm_content", &[]),
    (UtmTerm, "utm_term", &[]),
    (Country, "country", &[Region, City]),
    (Region, "region", &[City]),
    (City, "city", &[]),
    (Browser, "browser", &[BrowserVersion]),
    (BrowserVersion, "browser_version", &[]),
    (Os, "os", &[OsVersion]),
    (OsVersion, "os_version", &[]),
    (Device, "device", &[]),
    (Screen, "screen", &[]),
    (Language, "language", &[]),
    (EntryPage, "entry_page", &[]),
    (ExitPage, "exit_page", &[]),
    (Hostname, "hostname", &[]),
    (Engagement, "engagement", &[]),
    (Properties, "properties", &[]),
    (Money, "money", &[]),
];

/// The keys of campaigns, of which nothing is read where the site collects none of them.
const UTM: [Collectable; 5] = [UtmSource, UtmMedium, UtmCampaign, UtmContent, UtmTerm];

/// Names for several at once, and what else owners call one.
const GROUPS: [(&str, &[Collectable]); 9] = [
    ("utm", &UTM),
    ("places", &[Country, Region, City]),
    ("versions", &[BrowserVersion, OsVersion]),
    ("browser_versions", &[BrowserVersion]),
    ("os_versions", &[OsVersion]),
    ("entry_exit", &[EntryPage, ExitPage]),
    ("props", &[Properties]),
    ("revenue", &[Money]),
    ("languages", &[Language]),
];

impl Collectable {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Collectable> {
        TABLE.into_iter().map(|(what, ..)| what)
    }

    /// Its name, as owners write it behind `no-`.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// What a site collects: everything but what is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Collected {
    /// One bit for each that is left out.
    left_out: u32,
}

impl Collected {
    /// Everything.
    pub const ALL: Collected = Collected { left_out: 0 };

    /// Everything but these, and what tells them.
    pub fn without(self, what: impl IntoIterator<Item = Collectable>) -> Collected {
        let with_followers = |what: Collectable| TABLE[what as usize].2.iter().copied().chain([what]);
        let bits = what.into_iter().flat_map(with_followers).map(Collectable::bit);
        Collected { left_out: bits.fold(self.left_out, |left_out, bit| left_out | bit) }
    }

    /// Whether nothing is left out.
    pub const fn is_all(self) -> bool {
        self.left_out == 0
    }

    /// [`Collected::is_all`], as serde asks.
    pub(super) fn leaves_nothing_out(&self) -> bool {
        self.is_all()
    }

    /// Whether this is collected.
    pub const fn has(self, what: Collectable) -> bool {
        self.left_out & what.bit() == 0
    }

    /// Whether all that another leaves out is left out.
    fn leaves_out(self, other: Collected) -> bool {
        self.left_out & other.left_out == other.left_out
    }

    /// Whether any key of campaigns is.
    pub fn has_campaigns(self) -> bool {
        UTM.into_iter().any(|key| self.has(key))
    }

    /// What is left out, in the order of the table.
    pub fn left_out(self) -> impl Iterator<Item = Collectable> {
        Collectable::all().filter(move |what| !self.has(*what))
    }

    /// One bit for each that is left out, for the journal.
    pub const fn bits(self) -> u32 {
        self.left_out
    }

    /// What [`Collected::bits`] stands for; nothing where a bit has no meaning.
    pub fn from_bits(left_out: u32) -> Option<Collected> {
        (left_out >> TABLE.len() == 0).then_some(Collected { left_out })
    }

    /// Reads what an owner writes: `no-utm`, `no-city` ..., several in a text with commas between them; `all` is everything.
    ///
    /// # Errors
    /// [`NotSet`] names the first word that is none of these.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Collected, NotSet> {
        let words = texts.iter().flat_map(|text| text.as_ref().split([',', ' '])).map(str::trim);
        words.filter(|word| !word.is_empty() && *word != "all").try_fold(Collected::ALL, |collected, word| {
            let name = word.strip_prefix("no-").map(|name| name.to_ascii_lowercase().replace('-', "_"));
            let found = name.as_deref().and_then(named);
            found.map(|what| collected.without(what)).ok_or_else(|| not_collectable(word))
        })
    }

    /// As [`Collected::parse`] reads it; empty where nothing is left out.
    pub fn words(self) -> Vec<String> {
        let is_without_utm = !self.has_campaigns();
        let singles = self.left_out().filter(|what| !is_without_utm || !UTM.contains(what)).map(Collectable::name);
        is_without_utm.then_some("utm").into_iter().chain(singles).map(|name| format!("no-{name}")).collect()
    }
}

fn named(name: &str) -> Option<Vec<Collectable>> {
    let of_group = || GROUPS.iter().find(|(group, _)| *group == name).map(|(_, all)| all.to_vec());
    TABLE.iter().find(|(_, known, _)| *known == name).map(|(what, ..)| vec![*what]).or_else(of_group)
}

fn not_collectable(word: &str) -> NotSet {
    let of_several = GROUPS.iter().filter(|(_, all)| all.len() > 1).map(|(name, _)| *name);
    let names: Vec<&str> = of_several.chain(Collectable::all().map(Collectable::name)).collect();
    NotSet(format!(
        "{word:?} is nothing that a site can do without; write `all`, or `no-` and one of {}",
        names.join(", ")
    ))
}

impl Serialize for Collected {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.words().serialize(to)
    }
}

impl<'a> Deserialize<'a> for Collected {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        Collected::parse(&Vec::<String>::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// The settings of what is collected.
pub(super) static SETTINGS: [SiteSetting; 1] = [SiteSetting {
    name: "collect",
    flag: "collect",
    value_name: "NO-WHAT",
    help: "What the site does without from its next hit on, like no-utm,no-city: utm, places, versions or the name of a dimension, \
           and engagement, properties, money",
    title: "collected",
    line: "collects {}",
    kind: SettingKind::Set {
        get: |settings| settings.collect.words(),
        has: |settings, option| Collected::parse(&[option]).is_ok_and(|without| settings.collect.leaves_out(without)),
        set: |settings, texts| {
            settings.collect = Collected::parse(texts)?;
            Ok(())
        },
        options: &options::OPTIONS,
        none: "all",
    },
    acts: Some("What is collected changes with the site's next hit; sums that are stored stay."),
    field: Some(SettingField {
        form: SettingsForm::Collect,
        label: Translated { english: "Not collected", german: "Nicht erhoben", french: "Non collecté" },
        help: Some(Translated {
            english: "What is ticked becomes part of nothing that is counted, and neither does what stands in brackets behind it.",
            german: "Was angekreuzt ist, wird Teil von nichts, was gezählt wird, und auch nicht, was in Klammern dahinter steht.",
            french: "Ce qui est coché n’entre dans rien de ce qui est compté, ni ce qui suit entre parenthèses.",
        }),
    }),
}];

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<String, String> {
        Collected::parse(&[text]).map(|collected| collected.words().join(",")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_table_is_in_the_order_of_the_numbers() {
        for (place, (what, ..)) in TABLE.iter().enumerate() {
            assert_eq!(*what as usize, place);
        }
        assert_eq!(Collectable::all().count(), TABLE.len());
        let options = options::OPTIONS.iter().map(|option| option.name.to_owned());
        assert!(options.eq(Collectable::all().map(|what| format!("no-{}", what.name()))));
    }

    #[test]
    fn owners_write_several_ways_and_read_one() {
        for (written, read) in [
            ("all", ""),
            ("", ""),
            ("no-utm,no-city", "no-utm,no-city"),
            ("no-utm_term, no-UTM-content", "no-utm_content,no-utm_term"),
            ("no-utm-source,no-utm-medium,no-utm-campaign,no-utm-content,no-utm-term", "no-utm"),
            ("no-props no-revenue", "no-properties,no-money"),
            ("no-browser-versions", "no-browser_version"),
        ] {
            assert_eq!(words(written).as_deref(), Ok(read), "{written}");
        }
        for wrong in ["city", "no-page", "no-event", "no-", "none"] {
            assert!(words(wrong).is_err_and(|said| said.starts_with(&format!("{wrong:?} is nothing"))), "{wrong}");
        }
    }

    #[test]
    fn what_tells_a_value_goes_with_it() {
        for (written, read) in [
            ("no-country", "no-country,no-region,no-city"),
            ("no-region", "no-region,no-city"),
            ("no-browser", "no-browser,no-browser_version"),
            ("no-os", "no-os,no-os_version"),
            ("no-source", "no-source,no-referrer"),
        ] {
            assert_eq!(words(written).as_deref(), Ok(read), "{written}");
        }
    }

    #[test]
    fn it_is_stored_by_name_and_journaled_by_number() {
        let collected = Collected::ALL.without([City, Money]);
        assert_eq!(serde_json::to_string(&collected).unwrap(), r#"["no-city","no-money"]"#);
        assert_eq!(serde_json::from_str::<Collected>(r#"["no-city","no-money"]"#).unwrap(), collected);
        assert!(serde_json::from_str::<Collected>(r#"["no-nonsense"]"#).is_err());
        assert_eq!(Collected::from_bits(collected.bits()), Some(collected));
        assert_eq!(Collected::from_bits(1 << TABLE.len()), None);
    }
}
