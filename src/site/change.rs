//! How settings of a site are changed, and why a change is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exclusions::NotExcluded;
use super::paths::NotARule;
use super::setting::{SettingKind, SiteSetting};
use super::{Domain, Moment, NotADomain, PathRules, Preset, Settings, fold, publishing};
use crate::limits;

/// A value of a setting, as JSON has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// Yes or no.
    Switch(bool),
    /// A number.
    Number(u32),
    /// A name.
    Word(String),
    /// A list of texts.
    List(Vec<String>),
}

impl SettingValue {
    /// The empty list.
    pub const EMPTY: SettingValue = SettingValue::List(Vec::new());
}

impl From<bool> for SettingValue {
    fn from(is_on: bool) -> Self {
        SettingValue::Switch(is_on)
    }
}

impl From<u32> for SettingValue {
    fn from(number: u32) -> Self {
        SettingValue::Number(number)
    }
}

impl From<&str> for SettingValue {
    fn from(word: &str) -> Self {
        SettingValue::Word(word.to_owned())
    }
}

impl<T: Into<String>> From<Vec<T>> for SettingValue {
    fn from(texts: Vec<T>) -> Self {
        SettingValue::List(texts.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for SettingValue {
    fn from(texts: [T; N]) -> Self {
        Vec::from(texts).into()
    }
}

/// Why a setting is not set: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSet(pub String);

impl From<NotADomain> for NotSet {
    fn from(error: NotADomain) -> Self {
        NotSet(error.to_string())
    }
}

impl From<NotARule> for NotSet {
    fn from(error: NotARule) -> Self {
        NotSet(error.to_string())
    }
}

impl From<NotExcluded> for NotSet {
    fn from(error: NotExcluded) -> Self {
        NotSet(error.to_string())
    }
}

/// What has to be known beside the settings to check a change of them.
pub struct SettingContext<'a> {
    /// The moment of the change.
    pub now: Moment,
    /// The domain of the site.
    pub domain: &'a Domain,
    /// The other site that is found by a name, if there is one.
    pub other_with: &'a dyn Fn(&str) -> Option<Domain>,
    /// Whether a text is the code of a country.
    pub is_country: &'a dyn Fn(&str) -> bool,
    /// The page as which a path is counted by rules, or why it is none.
    pub counted: &'a dyn Fn(&str, &PathRules) -> Result<String, NotSet>,
}

/// What is to change in the settings of a site; what is not named stays as it is. In JSON it is an object of names and values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Option<SettingValue>>", into = "BTreeMap<String, SettingValue>")]
pub struct SiteChange(BTreeMap<String, SettingValue>);

impl From<BTreeMap<String, Option<SettingValue>>> for SiteChange {
    fn from(named: BTreeMap<String, Option<SettingValue>>) -> Self {
        SiteChange(named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}

impl From<SiteChange> for BTreeMap<String, SettingValue> {
    fn from(change: SiteChange) -> Self {
        change.0
    }
}

impl SiteChange {
    /// The change of one setting.
    pub fn of(name: &str, value: impl Into<SettingValue>) -> SiteChange {
        SiteChange::default().with(name, value)
    }

    /// The change with one more setting.
    pub fn with(mut self, name: &str, value: impl Into<SettingValue>) -> SiteChange {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The change with names that are added to a setting and removed from it.
    pub fn add_and_remove(self, setting: &SiteSetting, added: Vec<String>, removed: Vec<String>) -> SiteChange {
        self.with(&format!("add_{}", setting.name), added).with(&format!("remove_{}", setting.name), removed)
    }

    /// Whether a value is among those that change.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether a setting changes.
    pub fn has(&self, setting: &SiteSetting) -> bool {
        setting.names_of_values().any(|name| self.0.contains_key(&name))
    }

    /// The part of the change that is about some settings.
    pub fn only(&self, is_wanted: impl Fn(&SiteSetting) -> bool) -> SiteChange {
        let wanted: Vec<String> =
            SiteSetting::all().filter(|it| is_wanted(it)).flat_map(|it| it.names_of_values()).collect();
        SiteChange(
            self.0.iter().filter(|(name, _)| wanted.contains(name)).map(|(n, v)| (n.clone(), v.clone())).collect(),
        )
    }

    /// What a setting is to be.
    pub fn value(&self, setting: &SiteSetting) -> Option<&SettingValue> {
        self.0.get(setting.name)
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The new time zone.
    ///
    /// # Errors
    /// [`NotSet`] where it is no text.
    pub fn zone(&self) -> Result<Option<&str>, NotSet> {
        let zone = SiteSetting::all().find(|setting| matches!(setting.kind, SettingKind::Zone));
        match zone.and_then(|zone| Some((zone, self.0.get(zone.name)?))) {
            None => Ok(None),
            Some((_, SettingValue::Word(name))) => Ok(Some(name)),
            Some((zone, _)) => Err(zone.takes("a text")),
        }
    }

    /// Makes the change; on an error some of it may be made. The time zone is the schedule's, see [`SiteChange::zone`].
    ///
    /// # Errors
    /// [`NotSet`] says what is wrong with the first value that is.
    pub fn apply(&self, settings: &mut Settings, context: &SettingContext) -> Result<(), NotSet> {
        let is_known = |name: &&String| SiteSetting::all().any(|it| it.names_of_values().any(|known| known == **name));
        if let Some(name) = self.0.keys().find(|name| !is_known(name)) {
            return Err(NotSet(format!("there is no setting {name:?} of a site")));
        }
        let preset = settings.preset;
        SiteSetting::all().try_for_each(|setting| setting.apply(self, settings, context))?;
        publishing::check(settings)?;
        Preset::hold(settings, preset, self, context.domain)
    }
}

impl SiteSetting {
    fn apply(&self, change: &SiteChange, settings: &mut Settings, context: &SettingContext) -> Result<(), NotSet> {
        if let SettingKind::Aliases { .. } = self.kind {
            return self.apply_aliases(change, settings, context);
        }
        let Some(value) = change.0.get(self.name) else { return Ok(()) };
        match (&self.kind, value) {
            (SettingKind::Zone, SettingValue::Word(_)) => Ok(()),
            (SettingKind::Switch { set, .. }, SettingValue::Switch(is_on)) => {
                set(settings, *is_on);
                Ok(())
            }
            (SettingKind::Number { set, .. }, SettingValue::Number(number)) => {
                self.check(*number)?;
                set(settings, *number);
                Ok(())
            }
            (SettingKind::Choice { set, .. }, SettingValue::Word(name)) => {
                set(settings, name).ok_or_else(|| self.takes(&self.kind.takes()))
            }
            (SettingKind::List { get, set, most, .. }, SettingValue::List(texts)) => {
                set(settings, texts, context)?;
                let count = get(settings).len();
                let wrong = || NotSet(format!("{count} {} are too many; the most is {most}", self.title));
                if count > *most { Err(wrong()) } else { Ok(()) }
            }
            (SettingKind::Set { set, .. }, SettingValue::List(texts)) => set(settings, texts),
            (kind, _) => Err(self.takes(&kind.takes())),
        }
    }

    /// Whether a number is within the bounds.
    fn check(&self, number: u32) -> Result<(), NotSet> {
        match self.kind {
            SettingKind::Number { zero: Some(_), .. } if number == 0 => Ok(()),
            SettingKind::Number { least, most, .. } if !(least..=most).contains(&number) => {
                Err(NotSet(format!("--{} {number} is out of bounds; write {}", self.flag, self.kind.takes())))
            }
            _ => Ok(()),
        }
    }

    fn takes(&self, what: &str) -> NotSet {
        NotSet(format!("{} takes {what}", self.name))
    }

    fn apply_aliases(
        &self,
        change: &SiteChange,
        settings: &mut Settings,
        context: &SettingContext,
    ) -> Result<(), NotSet> {
        let listed = |name: String| match change.0.get(&name) {
            None => Ok([].as_slice()),
            Some(SettingValue::List(names)) => Ok(names.as_slice()),
            Some(_) => Err(NotSet(format!("{name} takes {}", self.kind.takes()))),
        };
        let (domain, aliases) = (context.domain, &mut settings.aliases);
        for name in listed(format!("remove_{}", self.name))? {
            let alias = fold(name);
            if !aliases.contains(&alias) {
                return Err(NotSet(format!("{alias:?} is no alias of {domain}; `headcount site list` shows all")));
            }
            aliases.retain(|known| *known != alias);
        }
        for name in listed(format!("add_{}", self.name))? {
            let alias = Domain::parse(name)?.as_str().to_owned();
            // No two sites share a name: a beacon must never count for the wrong one.
            if let Some(other) = (context.other_with)(&alias) {
                return Err(NotSet(format!("{alias} is a name of {other} already")));
            }
            if alias != domain.as_str() && !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        let most = limits::ALIASES_MAX;
        let wrong = || NotSet(format!("{domain} has more than {most} aliases"));
        if aliases.len() > most { Err(wrong()) } else { Ok(()) }
    }
}

/// What is read of each text, once.
pub(super) fn each<T: PartialEq>(texts: &[String], read: impl Fn(&str) -> Result<T, NotSet>) -> Result<Vec<T>, NotSet> {
    let mut found = Vec::with_capacity(texts.len());
    for text in texts {
        let one = read(text)?;
        if !found.contains(&one) {
            found.push(one);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(change: &SiteChange) -> Result<Settings, String> {
        let domain = Domain::parse("example.com").map_err(|e| e.to_string())?;
        let context = SettingContext {
            now: Moment(0),
            domain: &domain,
            other_with: &|name| (name == "taken").then(|| domain.clone()),
            is_country: &|code| code == "DE",
            counted: &|path, _| Ok(path.to_owned()),
        };
        let mut settings = Settings::default();
        change.apply(&mut settings, &context).map(|()| settings).map_err(|e| e.to_string())
    }

    #[test]
    fn each_setting_takes_its_default_and_nothing_of_another_kind() {
        for setting in SiteSetting::all() {
            let Some(default) = setting.default() else { continue };
            let name = setting.names_of_values().next().unwrap();
            assert_eq!(apply(&SiteChange::of(&name, default)), Ok(Settings::default()), "{name}");
            let list = matches!(
                setting.kind,
                SettingKind::List { .. } | SettingKind::Set { .. } | SettingKind::Aliases { .. }
            );
            let other = if list { SettingValue::Number(1) } else { SettingValue::EMPTY };
            assert_eq!(apply(&SiteChange::of(&name, other)), Err(format!("{name} takes {}", setting.kind.takes())));
        }
        assert_eq!(apply(&SiteChange::of("hots", true)), Err("there is no setting \"hots\" of a site".into()));
    }

    #[test]
    fn bounds_hold() {
        for (name, value) in [("values_max", 0), ("small_counts_k", 2), ("personal", 10_001)] {
            assert!(apply(&SiteChange::of(name, value)).is_err_and(|said| said.contains("is out of bounds")), "{name}");
        }
        assert_eq!(apply(&SiteChange::of("personal", 0)).map(|set| set.paths.personal), Ok(0));
        let many: Vec<String> = (0..101).map(|at| format!("/{at}")).collect();
        let said = apply(&SiteChange::of("templates", many));
        assert_eq!(said, Err("101 path templates are too many; the most is 100".into()));
        assert_eq!(
            apply(&SiteChange::of("add_aliases", ["taken"])),
            Err("taken is a name of example.com already".into())
        );
    }

    #[test]
    fn json_leaves_out_what_stays() {
        let read: SiteChange = serde_json::from_str(r#"{"hosts":null,"opt_out":false,"values_max":7}"#).unwrap();
        assert_eq!(read, SiteChange::of("opt_out", false).with("values_max", 7));
        assert!(serde_json::from_str::<SiteChange>(r#"{"values_max":-1}"#).is_err());
    }
}
