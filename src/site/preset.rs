//! Presets: settings that belong together, and that no later change may leave without leaving the preset.
//!
//! `cnil` keeps a site within the exemption from consent that the French regulator gives to audience measurement (article 82 of
//! the French data protection act; CNIL, "Cookies : solutions pour les outils de mesure d'audience", 4 July 2025): one publisher's
//! audience alone, anonymous statistics alone, nothing joined with other data, nobody followed over sites, places no finer than a
//! city, an objection that is honoured, and figures kept for 25 months at most (CNIL, guidelines of 17 September 2020, deliberation
//! 2020-091: trackers live for 13 months, what they collect is kept for 25). It is stricter where that costs little.

use serde::{Deserialize, Serialize};

use super::setting::{SettingField, SettingKind, SettingOption, SettingsForm, SiteSetting, Translated};
use super::{AddressMode, Collectable, Domain, NotSet, Settings, SiteChange};
use crate::limits;

/// Settings that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// None: everything can be set.
    #[default]
    None,
    /// The exemption of the French regulator.
    Cnil,
}

/// What a preset asks of the settings.
#[derive(Debug)]
pub struct PresetRule {
    /// The settings that it is about.
    pub settings: &'static [&'static str],
    /// What it asks for, as it is said behind "in which".
    pub asks: &'static str,
    /// Whether settings keep to it.
    pub holds: fn(&Settings) -> bool,
    /// Makes them keep to it.
    make: fn(&mut Settings),
    /// Whether making it only takes more away, so that it does not contradict what was asked for in the same change.
    adds: bool,
}

/// What a site within the exemption does without: keys that follow a campaign, places within a city, and what pages say of a hit
/// beyond the audience.
const NOT_FOR_AUDIENCE: [Collectable; 8] = [
    Collectable::UtmSource,
    Collectable::UtmMedium,
    Collectable::UtmCampaign,
    Collectable::UtmContent,
    Collectable::UtmTerm,
    Collectable::City,
    Collectable::Properties,
    Collectable::Money,
];

const CNIL: [PresetRule; 5] = [
    PresetRule {
        settings: &["address"],
        asks: "addresses are cut before anything else sees them (--address truncate or none)",
        holds: |settings| settings.address != AddressMode::Hash,
        make: |settings| settings.address = AddressMode::Truncate,
        adds: false,
    },
    PresetRule {
        settings: &["opt_out"],
        asks: "who asks not to be counted is not counted (--opt-out true)",
        holds: |settings| settings.opt_out,
        make: |settings| settings.opt_out = true,
        adds: false,
    },
    PresetRule {
        settings: &["collect"],
        asks: "campaigns, cities, properties and money are not collected (--collect no-utm,no-city,no-properties,no-money and more)",
        holds: |settings| NOT_FOR_AUDIENCE.into_iter().all(|what| !settings.collect.has(what)),
        make: |settings| settings.collect = settings.collect.without(NOT_FOR_AUDIENCE),
        adds: true,
    },
    PresetRule {
        settings: &["query_keys"],
        asks: "no key of the query belongs to a page (no --query-key)",
        holds: |settings| settings.paths.query_keys.is_empty(),
        make: |settings| settings.paths.query_keys.clear(),
        adds: false,
    },
    PresetRule {
        settings: &["day_pairs_months", "keep"],
        asks: "nothing is kept for more than 25 months (--keep months=24m,bots=24m,rejections=24m,mails=24m or less, as the running month is kept beside)",
        holds: |settings| settings.retention.is_within(limits::EXEMPT_MONTHS_MAX),
        make: |settings| settings.retention.keep_within(limits::EXEMPT_MONTHS_MAX),
        adds: false,
    },
];

impl Preset {
    /// All presets.
    pub const ALL: [Preset; 2] = [Preset::None, Preset::Cnil];

    /// Its name, as operators write it.
    pub const fn name(self) -> &'static str {
        match self {
            Preset::None => "none",
            Preset::Cnil => "cnil",
        }
    }

    /// The preset with this name.
    pub fn from_name(name: &str) -> Option<Preset> {
        Preset::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Whether it asks for nothing.
    pub(super) fn is_none(&self) -> bool {
        *self == Preset::None
    }

    /// What it asks for.
    pub const fn rules(self) -> &'static [PresetRule] {
        match self {
            Preset::None => &[],
            Preset::Cnil => &CNIL,
        }
    }

    /// Makes settings keep to the preset that a change has chosen; refuses the change where it leaves the one that there is. What
    /// an older version let a site keep is not held against other changes: the assessment tells it.
    ///
    /// # Errors
    /// [`NotSet`] names the first rule that is left, and the way out.
    pub(super) fn hold(
        settings: &mut Settings,
        was: Preset,
        change: &SiteChange,
        domain: &Domain,
    ) -> Result<(), NotSet> {
        let preset = settings.preset;
        for rule in preset.rules() {
            let (is_chosen, is_named) = (change.names("preset"), rule.settings.iter().any(|name| change.names(name)));
            let may_be_made = is_chosen && (!is_named || rule.adds && was != preset);
            if !(rule.holds)(settings) && may_be_made {
                (rule.make)(settings);
            }
            if !(rule.holds)(settings) && (is_chosen || is_named) {
                return Err(NotSet(format!(
                    "{domain} keeps to the preset {}, in which {}; leave it with `headcount site set {domain} --preset none`",
                    preset.name(),
                    rule.asks
                )));
            }
        }
        Ok(())
    }
}

/// The setting of presets. It is changed last: it looks at all others.
pub(super) static SETTINGS: [SiteSetting; 1] = [SiteSetting {
    name: "preset",
    flag: "preset",
    value_name: "PRESET",
    help: "Settings that belong together and are kept: `cnil` is the French regulator's exemption from consent for audience measurement",
    title: "preset",
    line: "preset {}",
    kind: SettingKind::Choice {
        get: |settings| settings.preset.name(),
        set: |settings, name| Preset::from_name(name).map(|preset| settings.preset = preset),
        options: &OPTIONS,
    },
    acts: Some("A preset refuses what leaves it; `--preset none` leaves it, and changes nothing else."),
    field: Some(SettingField {
        form: SettingsForm::Collect,
        label: Translated { english: "Preset", german: "Voreinstellung", french: "Préréglage" },
        help: Some(Translated {
            english: "It sets what it asks for, and refuses settings that leave it. Leaving it changes nothing else.",
            german: "Sie stellt ein, was sie verlangt, und lehnt Einstellungen ab, die davon abweichen. Wer sie verlässt, ändert sonst nichts.",
            french: "Il règle ce qu’il demande et refuse les réglages qui s’en écartent. Le quitter ne change rien d’autre.",
        }),
    }),
}];

static OPTIONS: [SettingOption; Preset::ALL.len()] = [
    SettingOption {
        name: Preset::None.name(),
        label: Translated { english: "None", german: "Keine", french: "Aucun" },
    },
    SettingOption {
        name: Preset::Cnil.name(),
        label: Translated {
            english: "CNIL: audience measurement without consent (France)",
            german: "CNIL: Reichweitenmessung ohne Einwilligung (Frankreich)",
            french: "CNIL : mesure d’audience sans consentement",
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Collected, Moment, Retention, SettingContext};

    /// What becomes of settings by changes, one after the other.
    fn changed(changes: &[SiteChange]) -> Result<Settings, String> {
        let domain = Domain::parse("example.com").map_err(|error| error.to_string())?;
        let context = SettingContext {
            now: Moment(0),
            domain: &domain,
            other_with: &|_| None,
            is_country: &|_| true,
            counted: &|path, _| Ok(path.to_owned()),
        };
        let mut settings = Settings::default();
        for change in changes {
            change.apply(&mut settings, &context).map_err(|error| error.to_string())?;
        }
        Ok(settings)
    }

    fn cnil() -> SiteChange {
        SiteChange::of("preset", "cnil")
    }

    #[test]
    fn the_preset_sets_what_it_asks_for() {
        let settings = changed(&[SiteChange::of("collect", ["no-screen"]), cnil()]).unwrap();
        assert_eq!((settings.address, settings.opt_out), (AddressMode::Truncate, true));
        assert_eq!(settings.collect.words(), ["no-utm", "no-city", "no-screen", "no-properties", "no-money"]);
        assert_eq!(settings.retention.words(), ["months=24m", "bots=24m", "rejections=24m", "mails=24m"]);
        assert!(Preset::Cnil.rules().iter().all(|rule| (rule.holds)(&settings)));
        let strict = [SiteChange::of("address", "none").with("day_pairs_months", 6), cnil()];
        let strict = changed(&strict).unwrap();
        assert_eq!((strict.address, strict.retention.day_pairs_months), (AddressMode::None, 6), "stricter ones stay");
        let short = SiteChange::of("keep", ["days=90d,months=1y,mails=758d"]);
        let kept = changed(&[short, cnil()]).unwrap().retention.words();
        assert_eq!(kept, ["days=90d", "months=12m", "bots=24m", "rejections=24m", "mails=758d"]);
        let together = changed(&[cnil().with("collect", ["no-screen"])]).unwrap();
        assert_eq!(together.collect, settings.collect, "a form sends both");
    }

    #[test]
    fn it_refuses_what_leaves_it_and_tells_the_way_out() {
        for (change, flag) in [
            (SiteChange::of("address", "hash"), "--address truncate"),
            (SiteChange::of("opt_out", false), "--opt-out true"),
            (SiteChange::of("collect", ["no-city"]), "--collect no-utm"),
            (SiteChange::of("keep", Vec::<String>::new()), "--keep months=24m"),
            (SiteChange::of("keep", ["months=25m,bots=24m,rejections=24m,mails=24m"]), "--keep months=24m"),
            (SiteChange::of("keep", ["months=24m,bots=24m,rejections=24m,mails=759d"]), "--keep months=24m"),
            (
                SiteChange::of("keep", ["days=24m,month-pairs=24m,bots=24m,rejections=24m,mails=24m"]),
                "--keep months=24m",
            ),
        ] {
            let said = changed(&[cnil(), change.clone()]).unwrap_err();
            assert!(said.contains(flag) && said.ends_with("`headcount site set example.com --preset none`"), "{said}");
            let again = changed(&[cnil(), change.clone().with("preset", "cnil")]);
            assert!(again.is_err(), "the same while the preset stays");
            let left = changed(&[cnil(), SiteChange::of("preset", "none"), change.clone()]);
            assert!(left.is_ok());
            assert!(changed(&[cnil(), change.with("preset", "none")]).is_ok(), "left in one change");
        }
        let contradiction = changed(&[cnil().with("address", "hash")]);
        assert!(contradiction.is_err_and(|said| said.contains("--address truncate")));
    }

    /// A site that took the preset when it asked for less can be changed, and takes it up by choosing it again.
    #[test]
    fn what_an_older_version_let_be_kept_hinders_no_other_change() {
        let old = Settings { preset: Preset::Cnil, ..changed(&[cnil(), SiteChange::of("preset", "none")]).unwrap() };
        let mut old = Settings { retention: Retention { day_pairs_months: 25, ..Retention::default() }, ..old };
        let mut make = |change: SiteChange| {
            Preset::hold(&mut old, Preset::Cnil, &change, &Domain::parse("example.com").unwrap())?;
            Ok::<_, NotSet>(old.retention.is_within(limits::EXEMPT_MONTHS_MAX))
        };
        assert!(!make(SiteChange::of("counter", true)).unwrap());
        assert!(make(SiteChange::of("day_pairs_months", 25)).is_err());
        assert!(make(cnil()).unwrap());
    }

    #[test]
    fn leaving_changes_nothing_else() {
        let within = changed(&[cnil()]).unwrap();
        let left = changed(&[cnil(), SiteChange::of("preset", "none")]).unwrap();
        assert_eq!(left, Settings { preset: Preset::None, ..within });
        assert_eq!(left.collect, Collected::ALL.without(NOT_FOR_AUDIENCE));
    }
}
