//! In: a site, its shares, the program's settings, a moment. Out: what its notice tells at that moment, in no language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cell::{DIMENSIONS, Dimension, is_collected};
use crate::hit::place::Detail;
use crate::operator::Share;
use crate::site::telling::NoticeTexts;
use crate::site::{
    AddressMode, Collectable, KeptFor, Moment, NoticeSettings, RetainedKind, Schedule, Settings, Site, Target,
};

/// What a notice tells, in no language. Two of a site that are equal need no new version. Facts that an older version kept lack those
/// that came later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoticeFacts {
    /// The site's domain.
    pub domain: String,
    /// The time zone in which its days end.
    pub zone: String,
    /// What becomes of addresses.
    pub address: AddressMode,
    /// Whether `Sec-GPC: 1` and `DNT: 1` are honoured.
    pub honours_signals: bool,
    /// The names of the dimensions that are counted.
    pub dimensions: Vec<String>,
    /// The keys of the query that belong to pages.
    pub query_keys: Vec<String>,
    /// Whether visible time and scrolling are counted.
    pub has_reading: bool,
    /// Whether properties of actions are counted.
    pub has_properties: bool,
    /// The keys of properties that are counted by everything else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub named_properties: Vec<String>,
    /// Whether pages or actions are watched as goals.
    pub has_goals: bool,
    /// Whether actions are watched whose money is counted.
    pub has_money: bool,
    /// Whether ways through the site are watched.
    pub has_funnels: bool,
    /// Whether groups of visits are looked at by themselves.
    pub has_segments: bool,
    /// Whether mails are counted.
    pub has_mails: bool,
    /// The public page, if it is open.
    pub public: Option<OpenPage>,
    /// How many secret links are open.
    pub secret_links: u32,
    /// Whether everybody may ask how often a page was viewed.
    pub counter: bool,
    /// Fewer visitors of a day are not shown by name.
    pub small_counts_k: u32,
    /// Epsilon a day of the days that are published with noise, if they are.
    pub published: Option<String>,
    /// Whether the last signed summary of an audit is open to everybody.
    pub audit: bool,
    /// What is kept for a time only, by the name of its kind.
    pub retention: BTreeMap<String, KeptFor>,
    /// The least figures that are kept of a day that is over, as the owner wrote them.
    pub k_at_rest: Vec<String>,
    /// For how many days changes towards more are announced.
    pub announce_days: u32,
    /// The owner's texts by code of language.
    pub texts: BTreeMap<String, NoticeTexts>,
    /// What will hold later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<AnnouncedFacts>,
}

/// A public page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenPage {
    /// The last day on which it is open, as `2026-12-31`.
    pub until: Option<String>,
    /// The hosts in whose pages it may stand.
    pub embed: Vec<String>,
}

/// What will hold from a day on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnnouncedFacts {
    /// The day, as `2026-12-31`.
    pub from: String,
    /// What will hold then; it announces nothing itself.
    pub facts: NoticeFacts,
    /// What will be counted beyond that, of which a notice tells no more ([`crate::site::DataDirection::untold`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<String>,
}

/// The keys of properties that are counted by everything else that is.
fn named_properties(settings: &Settings) -> Vec<String> {
    let named = settings.properties.iter().filter(|_| settings.collect.has(Collectable::Properties));
    named.map(|property| property.key.clone()).collect()
}

/// What the notice of a site tells at a moment, of these shares, where the program looks up so much of a place.
pub fn facts(site: &Site, shares: &[Share], place: Detail, at: Moment) -> NoticeFacts {
    let settings = &site.settings;
    let is_open = |share: &&Share| share.has_begun(at) && !share.has_ended(at);
    let public = shares.iter().filter(is_open).find(|share| share.is_public());
    let secret_links = shares.iter().filter(is_open).filter(|share| !share.is_public()).count() as u32;
    let watches_events = settings.goals.iter().any(|goal| matches!(goal.target, Target::Event(_)));
    NoticeFacts {
        domain: site.domain.to_string(),
        zone: zone(&site.schedule, at),
        address: settings.address,
        honours_signals: settings.opt_out,
        dimensions: dimensions(site, place),
        query_keys: settings.paths.query_keys.clone(),
        // Without tokens there is no visit that a page was read in.
        has_reading: settings.address != AddressMode::None && settings.collect.has(Collectable::Engagement),
        has_properties: settings.collect.has(Collectable::Properties),
        named_properties: named_properties(settings),
        has_goals: !settings.goals.is_empty(),
        has_money: watches_events && settings.collect.has(Collectable::Money),
        has_funnels: !settings.funnels.is_empty(),
        has_segments: !settings.segments.is_empty(),
        has_mails: !settings.campaigns.is_empty(),
        public: public.map(|share| open_page(share, &site.schedule)),
        secret_links,
        counter: settings.counter,
        small_counts_k: settings.small_counts_k,
        published: settings.publish.is_on.then(|| settings.publish.epsilon.number().to_string()),
        audit: settings.publish_audit,
        retention: retention(site),
        k_at_rest: settings.k_at_rest.words(),
        announce_days: settings.notice.announce_days,
        texts: settings.notice.texts.clone(),
        announced: Vec::new(),
    }
}

fn zone(schedule: &Schedule, at: Moment) -> String {
    schedule.zone_at(at).iana_name().unwrap_or("Etc/UTC").to_owned()
}

/// The names of the dimensions that readers know and that are counted.
fn dimensions(site: &Site, place: Detail) -> Vec<String> {
    let is_told = |dimension: Dimension| match dimension {
        Dimension::Country => place != Detail::None,
        Dimension::Region => matches!(place, Detail::Region | Detail::City),
        Dimension::City => place == Detail::City,
        // Without tokens there are no visits, which these are of.
        Dimension::EntryPage | Dimension::ExitPage => site.settings.address != AddressMode::None,
        _ => true,
    };
    let collected = |dimension: Dimension| is_told(dimension) && is_collected(site, dimension);
    let rows = DIMENSIONS.listed().filter(|row| collected(row.dimension));
    rows.map(|row| row.name.to_owned()).collect()
}

fn open_page(share: &Share, schedule: &Schedule) -> OpenPage {
    // It ends with the last millisecond before.
    let until = share.until.map(|until| schedule.locate(until.plus(-1)).day.to_string());
    OpenPage { until, embed: share.embed.clone() }
}

/// What is kept for a time only: nothing outlives what is coarser.
fn retention(site: &Site) -> BTreeMap<String, KeptFor> {
    let kept = |kind: RetainedKind| Some((kind.name().to_owned(), site.settings.retention.lasts(kind)?));
    RetainedKind::ALL.into_iter().filter_map(kept).collect()
}

impl NoticeFacts {
    /// The owner's texts.
    pub fn owner(&self) -> NoticeSettings {
        NoticeSettings { announce_days: self.announce_days, texts: self.texts.clone() }
    }

    /// Whether a dimension is counted.
    pub fn has(&self, dimension: Dimension) -> bool {
        self.dimensions.iter().any(|name| name == dimension.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{DataDirection, Domain, SettingContext, SettingValue, SiteChange, SiteId, SiteSetting};

    fn site() -> Site {
        Site {
            id: SiteId(1),
            domain: Domain::parse("example.com").unwrap(),
            schedule: Schedule::utc(),
            settings: Settings::default(),
            added: Moment(0),
        }
    }

    fn told(site: &Site) -> NoticeFacts {
        facts(site, &[], Detail::City, Moment(1_800_000_000_000))
    }

    /// Values that differ from the default, for settings by name.
    fn other_value(setting: &SiteSetting) -> SettingValue {
        match setting.name {
            "address" => "truncate".into(),
            "slash" => "strip".into(),
            "case" => "lower".into(),
            "exclude_ips" => ["203.0.113.0/24"].into(),
            "exclude_countries" => ["DE"].into(),
            "hosts" | "exclude_hosts" => ["example.org"].into(),
            "templates" => ["/order/:id"].into(),
            "masks" => ["user-*"].into(),
            "by_name" | "exclude_paths" => ["/a"].into(),
            "query_keys" => ["id"].into(),
            "keep" => ["days=25m"].into(),
            "k_at_rest" => ["5"].into(),
            "collect" => ["no-city"].into(),
            "properties" => ["plan"].into(),
            "publish_epsilon" => "2".into(),
            "preset" => "none".into(),
            _ => match setting.default().unwrap() {
                SettingValue::Switch(is_on) => (!is_on).into(),
                SettingValue::Number(number) => (number + 1).into(),
                other => panic!("{} has no other value: {other:?}", setting.name),
            },
        }
    }

    #[test]
    fn what_a_setting_is_said_to_change_is_told_and_nothing_else() {
        let domain = Domain::parse("example.com").unwrap();
        let context = SettingContext {
            now: Moment(0),
            domain: &domain,
            other_with: &|_| None,
            is_country: &|_| true,
            counted: &|path, _| Ok(path.to_owned()),
        };
        for setting in SiteSetting::all().filter(|setting| !["timezone", "aliases"].contains(&setting.name)) {
            let mut site = site();
            // Of what is not published no epsilon is told.
            site.settings.publish.is_on = setting.name == "publish_epsilon";
            let (before, mut changed) = (told(&site), site);
            let change = SiteChange::of(setting.name, other_value(setting));
            change.apply(&mut changed.settings, &context).unwrap();
            let is_told = told(&changed) != before;
            let is_more = DataDirection::of(setting.name) != Some(DataDirection::Neither);
            assert_eq!(is_told, is_more && DataDirection::untold(setting.name).is_none(), "{}", setting.name);
        }
    }

    #[test]
    fn of_places_only_what_is_looked_up_is_told() {
        let names = |place| facts(&site(), &[], place, Moment(0)).dimensions;
        let all = names(Detail::City);
        for (place, gone) in [
            (Detail::Region, vec!["city"]),
            (Detail::Country, vec!["region", "city"]),
            (Detail::None, vec!["country", "region", "city"]),
        ] {
            let rest: Vec<String> = all.iter().filter(|name| !gone.contains(&name.as_str())).cloned().collect();
            assert_eq!(names(place), rest, "{place:?}");
        }
    }

    #[test]
    fn what_is_open_is_told_from_its_day_on_until_it_ends() {
        let share = |name: &str, from: Option<i64>, until: Option<i64>| Share {
            id: 1,
            site: SiteId(1),
            name: name.into(),
            password: None,
            from: from.map(Moment),
            until: until.map(Moment),
            embed: vec!["example.org".into()],
            segment: None,
            added: Moment(0),
        };
        let day = 86_400_000;
        let shares = [share("public", Some(day), Some(3 * day)), share("Board", None, Some(2 * day))];
        let at = |moment| facts(&site(), &shares, Detail::City, Moment(moment));
        assert_eq!((at(0).public, at(0).secret_links), (None, 1));
        let page = OpenPage { until: Some("1970-01-03".into()), embed: vec!["example.org".into()] };
        assert_eq!((at(day).public, at(day).secret_links), (Some(page), 1));
        assert_eq!(at(2 * day).secret_links, 0);
        assert_eq!(at(3 * day).public, None);
    }

    #[test]
    fn facts_of_an_older_version_are_read_without_what_came_later() {
        let all = NoticeFacts {
            public: Some(OpenPage::default()),
            announced: vec![AnnouncedFacts { from: "2026-06-01".into(), facts: told(&site()), more: Vec::new() }],
            ..told(&site())
        };
        let serde_json::Value::Object(kept) = serde_json::to_value(&all).unwrap() else {
            panic!("facts are an object")
        };
        for name in kept.keys() {
            let mut older = kept.clone();
            older.remove(name);
            older.insert("of_a_later_version".into(), true.into());
            let read: NoticeFacts = serde_json::from_value(older.into()).unwrap();
            let read = serde_json::to_value(read).unwrap();
            for (other, value) in kept.iter().filter(|(other, _)| *other != name) {
                assert_eq!(&read[other], value, "{other} without {name}");
            }
        }
    }

    #[test]
    fn nothing_is_told_to_outlive_what_is_coarser() {
        let mut site = site();
        let context = SettingContext {
            now: Moment(0),
            domain: &Domain::parse("example.com").unwrap(),
            other_with: &|_| None,
            is_country: &|_| true,
            counted: &|path, _| Ok(path.to_owned()),
        };
        SiteChange::of("keep", ["days=40d", "months=1y", "mails=2y"]).apply(&mut site.settings, &context).unwrap();
        let told = told(&site).retention.into_iter().map(|(name, kept)| format!("{name}={kept}"));
        let want = ["day-pairs=2m", "days=40d", "hours=31d", "mails=24m", "month-pairs=12m", "months=12m"];
        assert_eq!(told.collect::<Vec<_>>(), want);
    }
}
