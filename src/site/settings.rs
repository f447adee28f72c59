//! The settings of a site, each defined once: a field with its default, and an item of [`SETTINGS`], here or in a file beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::address::ADDRESS_MODES;
use super::change::each;
use super::setting::{SettingField, SettingKind, SettingsForm, SiteSetting, Translated};
use super::{
    AddressMode, Annotation, Budget, Collected, Day, Exclusions, Funnel, Goal, LeastAtRest, NamedProperty,
    NamedValuesOnce, NoticeSettings, PathRules, Preset, Publishing, Retention, Sections, Segment, SetAsides,
    host_pattern,
};
use crate::limits;

/// What an owner can set for a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What becomes of addresses.
    pub address: AddressMode,
    /// The hosts whose pages count, folded; `*.example.com` stands for every host below. Empty means every host.
    pub hosts: Vec<String>,
    /// Further names of the site, folded: domains, Umami's UUID, Matomo's number, a short code.
    pub aliases: Vec<String>,
    /// Campaigns by mail that are counted under their name, and how many mails were sent, as the owner says.
    pub campaigns: BTreeMap<String, u64>,
    /// Whether everybody may ask how often a page was viewed.
    pub counter: bool,
    /// How many visitors of a day a value needs to be shown to readers who are not signed in.
    #[serde(deserialize_with = "enough")]
    pub small_counts_k: u32,
    /// Whether `Sec-GPC: 1` and `DNT: 1` are honoured.
    pub opt_out: bool,
    /// Whether hosts beside the site's own, below the same registered domain, are referrers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub subdomain_referrers: bool,
    /// What becomes of paths.
    #[serde(skip_serializing_if = "PathRules::is_default")]
    pub paths: PathRules,
    /// Which parts of paths are sections.
    #[serde(skip_serializing_if = "Sections::is_default")]
    pub sections: Sections,
    /// What is left out.
    #[serde(skip_serializing_if = "Exclusions::is_empty")]
    pub exclude: Exclusions,
    /// What becomes part of hits.
    #[serde(skip_serializing_if = "Collected::leaves_nothing_out")]
    pub collect: Collected,
    /// Settings that belong together and are kept.
    #[serde(skip_serializing_if = "Preset::is_none")]
    pub preset: Preset,
    /// What its owner watches.
    pub goals: Vec<Goal>,
    /// Ways through the site that its owner watches.
    pub funnels: Vec<Funnel>,
    /// The highest number that a funnel ever had: the sums of one that was removed are no other's.
    pub funnels_made: u32,
    /// Visits that its owner looks at by themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Segment>,
    /// The highest number that a segment ever had: the sums of one that was removed are no other's.
    #[serde(skip_serializing_if = "is_none")]
    pub segments_made: u32,
    /// Properties that its owner has named: they are counted by every dimension.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<NamedProperty>,
    /// What its owner notes beside the figures, in order of time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
    /// The highest number that an annotation ever had: a link to one that was removed leads to no other.
    #[serde(skip_serializing_if = "is_none")]
    pub annotations_made: u32,
    /// What its owner sets aside of some days.
    #[serde(skip_serializing_if = "SetAsides::is_none")]
    pub set_aside: SetAsides,
    /// How much of a day is kept by name.
    pub budget: Budget,
    /// Whether everybody may read the last signed summary of an audit.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub publish_audit: bool,
    /// How long it is kept.
    #[serde(skip_serializing_if = "Retention::is_for_ever")]
    pub retention: Retention,
    /// The site's day on which its owner changed that last: it acts from the next one on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_changed: Option<Day>,
    /// Whether its days are published with noise.
    #[serde(skip_serializing_if = "Publishing::is_default")]
    pub publish: Publishing,
    /// What visitors are told beside what the program knows.
    #[serde(skip_serializing_if = "NoticeSettings::is_empty")]
    pub notice: NoticeSettings,
    /// The least figures that are kept of a day that is over.
    #[serde(skip_serializing_if = "LeastAtRest::is_none")]
    pub k_at_rest: LeastAtRest,
    /// The values that its segments name.
    #[serde(skip)]
    pub named: NamedValuesOnce,
}

fn is_none(made: &u32) -> bool {
    *made == 0
}

/// Sites of older versions may have set less than protects anybody.
fn enough<'de, D: serde::Deserializer<'de>>(k: D) -> Result<u32, D::Error> {
    Ok(u32::deserialize(k)?.max(limits::SMALL_COUNTS_K_MIN))
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            address: AddressMode::Hash,
            hosts: Vec::new(),
            aliases: Vec::new(),
            campaigns: BTreeMap::new(),
            counter: false,
            small_counts_k: limits::SMALL_COUNTS_K,
            opt_out: true,
            subdomain_referrers: false,
            paths: PathRules::default(),
            sections: Sections::default(),
            exclude: Exclusions::default(),
            collect: Collected::ALL,
            preset: Preset::None,
            goals: Vec::new(),
            funnels: Vec::new(),
            funnels_made: 0,
            segments: Vec::new(),
            segments_made: 0,
            properties: Vec::new(),
            annotations: Vec::new(),
            annotations_made: 0,
            set_aside: SetAsides::default(),
            budget: Budget::default(),
            publish_audit: false,
            retention: Retention::default(),
            retention_changed: None,
            publish: Publishing::default(),
            notice: NoticeSettings::default(),
            k_at_rest: LeastAtRest::default(),
            named: NamedValuesOnce::default(),
        }
    }
}

/// The settings of what a site is and of its budgets.
pub(super) static SETTINGS: [SiteSetting; 11] = [
    SiteSetting {
        name: "timezone",
        flag: "timezone",
        value_name: "ZONE",
        help: "Time zone like Europe/Berlin; a change acts from the site's next day on",
        title: "time zone",
        line: "{}",
        kind: SettingKind::Zone,
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Site,
            label: Translated { english: "Time zone", german: "Zeitzone", french: "Fuseau horaire" },
            help: Some(Translated {
                english: "Days begin and end at midnight there, like `Europe/Berlin`. A change acts from the site's next day on.",
                german: "Dort beginnen und enden die Tage um Mitternacht, zum Beispiel `Europe/Berlin`. Eine Änderung gilt ab dem nächsten Tag der Website.",
                french: "Les jours y commencent et finissent à minuit, comme `Europe/Berlin`. Un changement prend effet au prochain jour du site.",
            }),
        }),
    },
    SiteSetting {
        name: "hosts",
        flag: "host",
        value_name: "HOST",
        help: "A host whose pages count, `*.example.com` for all below it",
        title: "hosts",
        line: "hosts {}",
        kind: SettingKind::List {
            get: |settings| settings.hosts.clone(),
            set: |settings, texts, _| {
                settings.hosts = each(texts, |text| Ok(host_pattern(text)?))?;
                Ok(())
            },
            most: limits::SITE_HOSTS_MAX,
            none: "any",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Site,
            label: Translated {
                english: "Hosts whose pages count",
                german: "Hosts, deren Seiten zählen",
                french: "Hôtes dont les pages comptent",
            },
            help: Some(Translated {
                english: "One per line; `*.example.com` stands for every host below it. Left empty, every host counts.",
                german: "Einer pro Zeile; `*.example.com` steht für alle Hosts darunter. Ohne Angabe zählt jeder Host.",
                french: "Un par ligne ; `*.example.com` désigne tous les hôtes en dessous. Si le champ est vide, tous les hôtes comptent.",
            }),
        }),
    },
    SiteSetting {
        name: "aliases",
        flag: "alias",
        value_name: "NAME",
        help: "A further name by which trackers call the site: a domain, Umami's UUID, Matomo's number, a short code",
        title: "aliases",
        line: "aliases {}",
        kind: SettingKind::Aliases { removal_flag: "no-alias", removal: "A name that is the site's no more" },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Site,
            label: Translated {
                english: "Further names of the site",
                german: "Weitere Namen der Website",
                french: "Autres noms du site",
            },
            help: Some(Translated {
                english: "What trackers call it, one per line: a domain, Umami's UUID, Matomo's number, a short code.",
                german: "Wie Tracker sie nennen, einer pro Zeile: eine Domain, die UUID von Umami, die Nummer von Matomo, ein Kürzel.",
                french: "Ceux que lui donnent les traceurs, un par ligne : un domaine, l’UUID d’Umami, le numéro de Matomo, un code court.",
            }),
        }),
    },
    SiteSetting {
        name: "address",
        flag: "address",
        value_name: "MODE",
        help: "What becomes of addresses",
        title: "address",
        line: "address {}",
        kind: SettingKind::Choice {
            get: |settings| settings.address.name(),
            set: |settings, name| {
                settings.address = AddressMode::from_name(name)?;
                Some(())
            },
            options: &ADDRESS_MODES,
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Site,
            label: Translated {
                english: "Addresses of visitors",
                german: "Adressen der Besucher",
                french: "Adresses des visiteurs",
            },
            help: Some(Translated {
                english: "How visitors of a day are told apart. No address is ever kept.",
                german: "Woran die Besucher eines Tages unterschieden werden. Adressen werden nie gespeichert.",
                french: "Comment distinguer les visiteurs d’un même jour. Aucune adresse n’est jamais conservée.",
            }),
        }),
    },
    SiteSetting {
        name: "opt_out",
        flag: "opt-out",
        value_name: "YES",
        help: "Whether Sec-GPC and DNT are honoured",
        title: "opt-out",
        line: "opt-out ignored",
        kind: SettingKind::Switch {
            get: |settings| settings.opt_out,
            set: |settings, is_on| settings.opt_out = is_on,
            on: "honoured",
            off: "ignored",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Site,
            label: Translated {
                english: "Honour Global Privacy Control and Do Not Track",
                german: "Global Privacy Control und Do Not Track beachten",
                french: "Respecter Global Privacy Control et Do Not Track",
            },
            help: Some(Translated {
                english: "Whoever sends one of them is not counted. Firefox's private windows, Brave and DuckDuckGo do so by themselves.",
                german: "Wer eines davon sendet, wird nicht gezählt. Private Fenster von Firefox, Brave und DuckDuckGo tun das von sich aus.",
                french: "Qui envoie l’un des deux n’est pas compté. Les fenêtres privées de Firefox, Brave et DuckDuckGo le font de leur propre chef.",
            }),
        }),
    },
    SiteSetting {
        name: "subdomain_referrers",
        flag: "subdomain-referrers",
        value_name: "YES",
        help: "Whether other hosts below the site's registered domain are referrers",
        title: "sub-domains",
        line: "sub-domains are referrers",
        kind: SettingKind::Switch {
            get: |settings| settings.subdomain_referrers,
            set: |settings, is_on| settings.subdomain_referrers = is_on,
            on: "referrers",
            off: "the site itself",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Site,
            label: Translated {
                english: "Count other sub-domains as referrers",
                german: "Andere Subdomains als Verweise zählen",
                french: "Compter les autres sous-domaines comme référents",
            },
            help: Some(Translated {
                english: "Unless ticked, hosts below the same registered domain are the site itself, and who comes from them came directly.",
                german: "Ohne Haken gehören Hosts unter derselben registrierten Domain zur Website; wer von ihnen kommt, kam direkt.",
                french: "Sans cette option, les hôtes du même domaine enregistré font partie du site. Qui en vient est venu directement.",
            }),
        }),
    },
    SiteSetting {
        name: "counter",
        flag: "counter",
        value_name: "YES",
        help: "Whether everybody may see how often a page was viewed, at /counter/DOMAIN/PATH.json",
        title: "public counter",
        line: "public counter",
        kind: SettingKind::Switch {
            get: |settings| settings.counter,
            set: |settings, is_on| settings.counter = is_on,
            on: "yes",
            off: "no",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Site,
            label: Translated { english: "Public counter", german: "Öffentlicher Zähler", french: "Compteur public" },
            help: Some(Translated {
                english: "Everybody may ask how often a page was viewed, at `/counter/{0}/PATH.json`. Small numbers are not told.",
                german: "Alle dürfen unter `/counter/{0}/PATH.json` abfragen, wie oft eine Seite aufgerufen wurde. Kleine Zahlen werden nicht verraten.",
                french: "Tout le monde peut demander combien de fois une page a été vue, à l’adresse `/counter/{0}/PATH.json`. Les petits nombres ne sont pas révélés.",
            }),
        }),
    },
    SiteSetting {
        name: "small_counts_k",
        flag: "small-counts-k",
        value_name: "K",
        help: "How many visitors of a day a value needs to be shown to readers who are not signed in; less is (other)",
        title: "small counts",
        line: "small counts below {}",
        kind: SettingKind::Number {
            get: |settings| settings.small_counts_k,
            set: |settings, number| settings.small_counts_k = number,
            least: limits::SMALL_COUNTS_K_MIN,
            most: limits::SMALL_COUNTS_K_MAX,
            zero: None,
            shown: "below {} visitors a day",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Publishing,
            label: Translated {
                english: "Visitors of a day that a value needs to be shown",
                german: "Besucher eines Tages, ab denen ein Wert gezeigt wird",
                french: "Visiteurs d’un jour à partir desquels une valeur est montrée",
            },
            help: Some(Translated {
                english: "To readers who are not signed in; less is part of (other). At most {0}.",
                german: "Für alle, die nicht angemeldet sind; Kleineres ist Teil von (other). Höchstens {0}.",
                french: "Aux lecteurs qui ne sont pas connectés ; le reste rejoint (other). Au plus {0}.",
            }),
        }),
    },
    SiteSetting {
        name: "values_max",
        flag: "values-max",
        value_name: "N",
        help: "How many values of each dimension are counted by name in a day, from the next day on; more are (other)",
        title: "values a day",
        line: "at most {} values a day",
        kind: SettingKind::Number {
            get: |settings| settings.budget.values,
            set: |settings, number| settings.budget.values = number,
            least: 1,
            most: limits::VALUES_PER_DAY_MAX,
            zero: None,
            shown: "{}",
        },
        acts: Some("The budget of values acts from the site's next day on: today has begun with the one before."),
        field: Some(SettingField {
            form: SettingsForm::Budgets,
            label: Translated {
                english: "Values of each dimension in a day",
                german: "Werte jeder Dimension pro Tag",
                french: "Valeurs de chaque dimension par jour",
            },
            help: Some(Translated {
                english: "At most {0}. A change acts from the site's next day on.",
                german: "Höchstens {0}. Eine Änderung gilt ab dem nächsten Tag der Website.",
                french: "{0} au plus. Un changement prend effet au prochain jour du site.",
            }),
        }),
    },
    SiteSetting {
        name: "pair_cells_max",
        flag: "pair-cells-max",
        value_name: "N",
        help: "How many cells of two dimensions are kept of a day; past it the rarest are (other)",
        title: "pair cells a day",
        line: "at most {} pair cells a day",
        kind: SettingKind::Number {
            get: |settings| settings.budget.pair_cells,
            set: |settings, number| settings.budget.pair_cells = number,
            least: 1,
            most: limits::PAIR_CELLS_PER_DAY_MAX,
            zero: None,
            shown: "{}",
        },
        acts: Some("The budget of pair cells acts from the end of the site's present day on."),
        field: Some(SettingField {
            form: SettingsForm::Budgets,
            label: Translated {
                english: "Cells of two dimensions in a day",
                german: "Zellen aus zwei Dimensionen pro Tag",
                french: "Cellules de deux dimensions par jour",
            },
            help: Some(Translated {
                english: "At most {0}. A change acts from the end of the site's present day on.",
                german: "Höchstens {0}. Eine Änderung gilt ab dem Ende des laufenden Tages der Website.",
                french: "{0} au plus. Un changement prend effet à la fin du jour en cours du site.",
            }),
        }),
    },
    SiteSetting {
        name: "day_pairs_months",
        flag: "day-pairs-months",
        value_name: "N",
        help: "For how many months after its own a day is kept by two dimensions, which filters need; whole months stay; 0 keeps days for ever",
        title: "days under filters",
        line: "days under filters for {} months",
        kind: SettingKind::Number {
            get: |settings| settings.retention.day_pairs_months,
            set: |settings, number| settings.retention.day_pairs_months = number,
            least: 1,
            most: limits::DAY_PAIRS_MONTHS_MAX,
            zero: Some("for ever"),
            shown: "for {} months",
        },
        acts: Some("Days are thinned out from the end of the site's present day on, for good; their months stay."),
        field: Some(SettingField {
            form: SettingsForm::Budgets,
            label: Translated {
                english: "Months for which days can be filtered",
                german: "Monate, für die sich Tage filtern lassen",
                french: "Mois pendant lesquels les jours se filtrent",
            },
            help: Some(Translated {
                english: "Of older days a filter then answers whole months only, and the file stays smaller. 0 keeps days for ever; what is gone does not come back.",
                german: "Von älteren Tagen beantwortet ein Filter dann nur noch ganze Monate, und die Datei bleibt kleiner. 0 behält Tage für immer; was weg ist, kommt nicht wieder.",
                french: "Pour les jours plus anciens, un filtre ne répond alors que par mois entiers, et le fichier reste plus petit. 0 garde les jours pour toujours ; ce qui est parti ne revient pas.",
            }),
        }),
    },
];
