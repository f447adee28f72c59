//! What an owner sets aside of some days: figures are answered without it.

use serde::{Deserialize, Serialize};

use super::{Day, Site};

/// The key of programs, which are counted beside visitors and are no dimension.
pub const BOT: &str = "bot";

/// All that is set aside at a site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetAsides {
    /// In the order in which it was set aside.
    pub acts: Vec<SetAside>,
    /// The highest number that one ever had.
    pub made: u32,
}

/// Some values of one dimension on some days, which no figure holds as long as they are set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Its number at the site, never used twice.
    pub id: u32,
    /// The first of the days.
    pub first: Day,
    /// The last one.
    pub last: Day,
    /// The plain name of the dimension, or [`BOT`] for families of programs.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

impl SetAsides {
    /// Whether nothing was ever set aside.
    pub fn is_none(&self) -> bool {
        *self == SetAsides::default()
    }
}

impl SetAside {
    /// Whether it is about a day.
    pub fn is_on(&self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

impl Site {
    /// What is set aside of the visitors of a day; programs are none.
    pub fn set_aside_on(&self, day: Day) -> Vec<&SetAside> {
        self.settings.set_aside.acts.iter().filter(|act| act.key != BOT && act.is_on(day)).collect()
    }

    /// Whether a family of programs is set aside on a day.
    pub fn is_bot_set_aside(&self, day: Day, family: &str) -> bool {
        let is_of = |values: &[String]| values.iter().any(|value| value == family);
        self.settings.set_aside.acts.iter().any(|act| act.key == BOT && act.is_on(day) && is_of(&act.values))
    }
}

/// What stands in the place of a segment's number for what is left of a day without these: `-3-5`. What else is set aside later, or
/// taken back, has another one.
pub fn left_name(acts: &[&SetAside]) -> String {
    acts.iter().map(|act| format!("-{}", act.id)).collect()
}
