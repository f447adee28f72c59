//! What a setting of a site is. In: what is set for a site. Out: the value of each setting, and what can be set instead. Forgets:
//! nothing.

use super::change::{NotSet, SettingContext, SettingValue};
use super::{
    Settings, Site, at_rest, collect, exclusions, keeping, named, paths, preset, public_audit, publishing, section,
    settings, telling,
};

/// A setting of a site. The flags of the command line, the answers of commands, the forms of the settings page and the
/// documentation are made of these.
#[derive(Debug)]
pub struct SiteSetting {
    /// Its name in JSON and in forms.
    pub name: &'static str,
    /// Its flag, without the dashes in front.
    pub flag: &'static str,
    /// What stands for its value behind the flag.
    pub value_name: &'static str,
    /// What the help of the flag says.
    pub help: &'static str,
    /// Its title in `site show`.
    pub title: &'static str,
    /// What `site list` says where it differs from the default; `{}` stands for the value.
    pub line: &'static str,
    /// What can be set.
    pub kind: SettingKind,
    /// When a change acts, unless at once.
    pub acts: Option<&'static str>,
    /// Its field on the settings page.
    pub field: Option<SettingField>,
}

/// What can be set, and where it is kept.
#[derive(Debug)]
pub enum SettingKind {
    /// The time zone, which the site's schedule keeps.
    Zone,
    /// Further names of the site, which are added and removed one by one.
    Aliases {
        /// The flag that removes one.
        removal_flag: &'static str,
        /// What its help says.
        removal: &'static str,
    },
    /// Yes or no.
    Switch {
        /// How it is.
        get: fn(&Settings) -> bool,
        /// Sets it.
        set: fn(&mut Settings, bool),
        /// What `site show` says for yes.
        on: &'static str,
        /// The same for no.
        off: &'static str,
    },
    /// A number.
    Number {
        /// How it is.
        get: fn(&Settings) -> u32,
        /// Sets it.
        set: fn(&mut Settings, u32),
        /// The least.
        least: u32,
        /// The greatest.
        most: u32,
        /// What 0 means, where it can be set beside these.
        zero: Option<&'static str>,
        /// What `site show` says; `{}` stands for the number.
        shown: &'static str,
    },
    /// One of several names.
    Choice {
        /// The name of what it is.
        get: fn(&Settings) -> &'static str,
        /// Sets it to what has this name; nothing for an unknown one.
        set: fn(&mut Settings, &str) -> Option<()>,
        /// The names.
        options: &'static [SettingOption],
    },
    /// A list of texts.
    List {
        /// How it is.
        get: fn(&Settings) -> Vec<String>,
        /// Reads texts and sets the list to them.
        set: fn(&mut Settings, &[String], &SettingContext) -> Result<(), NotSet>,
        /// How many there can be.
        most: usize,
        /// The word for an empty list.
        none: &'static str,
    },
    /// Some of several names.
    Set {
        /// The names that there are, as few as say it.
        get: fn(&Settings) -> Vec<String>,
        /// Whether one of the options is among them.
        has: fn(&Settings, &str) -> bool,
        /// Reads names and sets them.
        set: fn(&mut Settings, &[String]) -> Result<(), NotSet>,
        /// The names that can be chosen one by one.
        options: &'static [SettingOption],
        /// The word for none of them.
        none: &'static str,
    },
}

/// One of the names of a [`SettingKind::Choice`] or a [`SettingKind::Set`].
#[derive(Debug)]
pub struct SettingOption {
    /// The name.
    pub name: &'static str,
    /// What the settings page calls it.
    pub label: Translated,
}

/// The field of a setting on the settings page.
#[derive(Debug)]
pub struct SettingField {
    /// The form in which it stands.
    pub form: SettingsForm,
    /// What stands above it.
    pub label: Translated,
    /// What stands below it; nothing where the label says all. `{0}` stands for the greatest number, or else the site's domain.
    pub help: Option<Translated>,
}

/// A form of the settings page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsForm {
    /// What the site is.
    Site,
    /// How much of a day is kept by name.
    Budgets,
    /// Which pages count as one.
    Paths,
    /// What is not counted.
    Exclusions,
    /// What becomes part of hits.
    Collect,
    /// How long sums are kept, and which.
    Keeping,
    /// What everybody may see.
    Publishing,
}

impl SettingsForm {
    /// All forms, in the order of the page.
    pub const ALL: [SettingsForm; 7] = [
        SettingsForm::Site,
        SettingsForm::Budgets,
        SettingsForm::Paths,
        SettingsForm::Exclusions,
        SettingsForm::Collect,
        SettingsForm::Keeping,
        SettingsForm::Publishing,
    ];

    /// Its name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            SettingsForm::Site => "site",
            SettingsForm::Budgets => "budgets",
            SettingsForm::Paths => "paths",
            SettingsForm::Exclusions => "exclusions",
            SettingsForm::Collect => "collect",
            SettingsForm::Keeping => "keeping",
            SettingsForm::Publishing => "publishing",
        }
    }

    /// Its settings, in order.
    pub fn settings(self) -> impl Iterator<Item = (&'static SiteSetting, &'static SettingField)> {
        let of_it = move |setting: &'static SiteSetting| Some((setting, setting.field.as_ref()?));
        SiteSetting::all().filter_map(of_it).filter(move |(_, field)| field.form == self)
    }
}

/// A text of pages in all of their languages.
#[derive(Debug, Clone, Copy)]
pub struct Translated {
    /// English.
    pub english: &'static str,
    /// German.
    pub german: &'static str,
    /// French.
    pub french: &'static str,
}

impl SiteSetting {
    /// All settings, in the order in which they are shown, and in which changes are made: excluded paths come after the rules
    /// by which they are read, and presets after all that they look at.
    pub fn all() -> impl Iterator<Item = &'static SiteSetting> {
        let rooms: [&'static [SiteSetting]; 12] = [
            &settings::SETTINGS,
            &keeping::KEEPING,
            &at_rest::AT_REST,
            &paths::SETTINGS,
            &section::SETTINGS,
            &exclusions::SETTINGS,
            &collect::SETTINGS,
            &named::SETTINGS,
            &publishing::SETTINGS,
            &public_audit::SETTINGS,
            &telling::SETTINGS,
            &preset::SETTINGS,
        ];
        rooms.into_iter().flatten()
    }

    /// The names of its values in a change: its own, but aliases are added and removed under two.
    pub fn names_of_values(&self) -> impl Iterator<Item = String> {
        let names = match self.kind {
            SettingKind::Aliases { .. } => [Some(format!("add_{}", self.name)), Some(format!("remove_{}", self.name))],
            _ => [Some(self.name.to_owned()), None],
        };
        names.into_iter().flatten()
    }

    /// What is set for a site.
    pub fn value(&self, site: &Site) -> SettingValue {
        self.kind.value(&site.settings).unwrap_or_else(|| site.schedule.name().into())
    }

    /// The value for a site of which nothing is set; none for the time zone.
    pub fn default(&self) -> Option<SettingValue> {
        self.kind.value(&Settings::default())
    }
}

impl SettingKind {
    /// What settings hold; nothing for the time zone, which the schedule does.
    fn value(&self, settings: &Settings) -> Option<SettingValue> {
        Some(match self {
            SettingKind::Zone => return None,
            SettingKind::Aliases { .. } => settings.aliases.clone().into(),
            SettingKind::Switch { get, .. } => get(settings).into(),
            SettingKind::Number { get, .. } => get(settings).into(),
            SettingKind::Choice { get, .. } => get(settings).into(),
            SettingKind::List { get, .. } | SettingKind::Set { get, .. } => get(settings).into(),
        })
    }

    /// What can be set, in words.
    pub fn takes(&self) -> String {
        match self {
            SettingKind::Zone => "a time zone".to_owned(),
            SettingKind::Aliases { .. } | SettingKind::Set { .. } => "a list of names".to_owned(),
            SettingKind::Switch { .. } => "true or false".to_owned(),
            SettingKind::Number { least: 1, most, zero: Some(_), .. } => format!("a number from 0 to {most}"),
            SettingKind::Number { least, most, zero: Some(_), .. } => format!("0, or a number from {least} to {most}"),
            SettingKind::Number { least, most, .. } => format!("a number from {least} to {most}"),
            SettingKind::Choice { options, .. } => {
                let names: Vec<&str> = options.iter().map(|option| option.name).collect();
                let (last, others) = names.split_last().unwrap_or((&"", &[]));
                format!("{} or {last}", others.join(", "))
            }
            SettingKind::List { most, .. } => format!("a list of at most {most} texts"),
        }
    }
}
