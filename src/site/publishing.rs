//! Whether the days of a site are published with noise, and with how much.

use serde::{Deserialize, Serialize};

use super::change::NotSet;
use super::setting::{SettingField, SettingKind, SettingOption, SettingsForm, SiteSetting, Translated};
use super::{Day, Settings, Site, Target};
use crate::limits;

/// What an owner sets about publishing. A change acts from the site's next day on, but that it is switched off, which acts at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Publishing {
    /// Whether days are published.
    pub is_on: bool,
    /// How much a day may tell of one visitor.
    pub epsilon: Epsilon,
}

/// The parameter of differential privacy, in thousandths: no answer is more than `e^epsilon` times as likely with a visitor as
/// without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Epsilon(pub u32);

impl Default for Epsilon {
    fn default() -> Self {
        Epsilon(1_000)
    }
}

impl Epsilon {
    /// What can be chosen, from the least to the most, and how it is written.
    const CHOICES: [(u32, &'static str); 6] =
        [(100, "0.1"), (250, "0.25"), (500, "0.5"), (1_000, "1"), (2_000, "2"), (4_000, "4")];

    /// How the choices are written, from the least to the most.
    pub(super) const NAMES: [&'static str; Epsilon::CHOICES.len()] = {
        let mut names = [""; Epsilon::CHOICES.len()];
        let mut place = 0;
        while place < names.len() {
            names[place] = Epsilon::CHOICES[place].1;
            place += 1;
        }
        names
    };

    /// As a number.
    pub fn number(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }

    fn name(self) -> &'static str {
        Epsilon::CHOICES.into_iter().find(|(thousandths, _)| *thousandths == self.0).map_or("", |(_, name)| name)
    }

    fn from_name(name: &str) -> Option<Epsilon> {
        let found = Epsilon::CHOICES.into_iter().find(|(_, known)| *known == name);
        found.map(|(thousandths, _)| Epsilon(thousandths))
    }
}

impl Publishing {
    pub(super) fn is_default(&self) -> bool {
        *self == Publishing::default()
    }
}

impl Site {
    /// The pages that a release of a day tells by name: those that the owner watches since before the day began. They are counted by
    /// name on the fullest day, whoever else comes.
    pub fn published_pages(&self, day: Day) -> Vec<String> {
        let start = self.schedule.start_of(day);
        let watched = self.settings.goals.iter().filter(|goal| goal.since() < start);
        let mut pages: Vec<String> = Vec::new();
        for goal in watched {
            if let Target::Page(page) = &goal.target
                && !pages.contains(page)
            {
                pages.push(page.clone());
            }
        }
        pages.truncate(limits::PUBLISHED_PAGES_MAX);
        pages
    }
}

/// Whether what is set goes together.
///
/// # Errors
/// [`NotSet`] where names could give way to others on a day that is published.
pub(super) fn check(settings: &Settings) -> Result<(), NotSet> {
    let least = limits::PUBLISH_VALUES_MIN;
    match settings.publish.is_on && settings.budget.values < least {
        true => Err(NotSet(format!("a site that publishes needs --values-max {least} at least"))),
        false => Ok(()),
    }
}

/// The settings of publishing.
pub(super) static SETTINGS: [SiteSetting; 2] = [
    SiteSetting {
        name: "publish",
        flag: "publish",
        value_name: "YES",
        help: "Whether each day that ends is published for everybody with noise, at /public/DOMAIN/YYYY-MM-DD.json",
        title: "published days",
        line: "days are published",
        kind: SettingKind::Switch {
            get: |settings| settings.publish.is_on,
            set: |settings, is_on| settings.publish.is_on = is_on,
            on: "yes, with noise",
            off: "no",
        },
        acts: Some(
            "The first day that is published is the site's next day. Once it is switched off nothing is shown any more.",
        ),
        field: Some(SettingField {
            form: SettingsForm::Publishing,
            label: Translated {
                english: "Publish days with noise",
                german: "Tage mit Rauschen veröffentlichen",
                french: "Publier les jours avec du bruit",
            },
            help: Some(Translated {
                english: "Everybody may read counts of each day that is over, at `/public/{0}.json`. The noise hides whether any one visitor was there.",
                german: "Alle dürfen unter `/public/{0}.json` Zahlen jedes vergangenen Tages lesen. Das Rauschen verbirgt, ob jemand da war.",
                french: "Tout le monde peut lire des chiffres de chaque jour passé, à l’adresse `/public/{0}.json`. Le bruit cache si une personne était là.",
            }),
        }),
    },
    SiteSetting {
        name: "publish_epsilon",
        flag: "publish-epsilon",
        value_name: "EPSILON",
        help: "How much a published day may tell of one visitor: less is more noise",
        title: "epsilon a day",
        line: "epsilon {} a day",
        kind: SettingKind::Choice {
            get: |settings| settings.publish.epsilon.name(),
            set: |settings, name| {
                settings.publish.epsilon = Epsilon::from_name(name)?;
                Some(())
            },
            options: &EPSILONS,
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Publishing,
            label: Translated {
                english: "Epsilon of a published day",
                german: "Epsilon eines veröffentlichten Tages",
                french: "Epsilon d’un jour publié",
            },
            help: Some(Translated {
                english: "How much a day may tell of one visitor: less is more noise.",
                german: "Wie viel ein Tag über einen Besucher verraten darf: Weniger ist mehr Rauschen.",
                french: "Ce qu’un jour peut révéler d’un visiteur : moins, c’est plus de bruit.",
            }),
        }),
    },
];

const EPSILONS: [SettingOption; Epsilon::CHOICES.len()] = {
    const fn option(place: usize) -> SettingOption {
        let name = Epsilon::NAMES[place];
        SettingOption { name, label: Translated { english: name, german: name, french: name } }
    }
    [option(0), option(1), option(2), option(3), option(4), option(5)]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Domain, Goal, Moment, Schedule, SiteId};

    #[test]
    fn each_choice_is_read_as_it_is_written() {
        for (thousandths, name) in Epsilon::CHOICES {
            assert_eq!(Epsilon::from_name(name), Some(Epsilon(thousandths)));
            assert_eq!((Epsilon(thousandths).name(), name.parse()), (name, Ok(Epsilon(thousandths).number())));
        }
        assert_eq!(Epsilon::from_name("3"), None);
    }

    #[test]
    fn pages_are_told_by_name_that_were_watched_before_the_day() {
        let goal = |text: &str, since_ms| Goal { name: text.into(), target: Target::read(text), since_ms };
        let goals = vec![goal("/a", 0), goal("/b*", 0), goal("Signup", 0), goal("/a", 1), goal("/late", 86_400_000)];
        let site = Site {
            id: SiteId(1),
            domain: Domain::parse("example.com").unwrap(),
            schedule: Schedule::utc(),
            settings: Settings { goals, ..Settings::default() },
            added: Moment(0),
        };
        assert_eq!(site.published_pages(Day(1)), ["/a"]);
        assert_eq!(site.published_pages(Day(2)), ["/a", "/late"]);
    }
}
