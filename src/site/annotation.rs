//! What an owner notes beside the figures of a site: [`Annotation`]s, each of a day or an hour of it.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::time::{Day, Hour};

/// A note on a day of a site, or on an hour of it: a release, a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Annotation {
    /// Its number at the site, never used twice.
    pub id: u32,
    /// The day, on the site's calendar.
    pub day: Day,
    /// The hour, on the site's clock; nothing where the day as a whole is meant.
    pub hour: Option<Hour>,
    /// What happened, in the owner's words.
    pub text: String,
}

impl Annotation {
    /// When it happened.
    pub fn at(&self) -> When {
        When { day: self.day, hour: self.hour }
    }
}

/// A day, or an hour of one, as it is written: `2026-11-20` or `2026-11-20T14`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// The day.
    pub day: Day,
    /// The hour; nothing stands for the whole day.
    pub hour: Option<Hour>,
}

/// Why a text is no [`When`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day and no hour; write it like 2026-11-20 or 2026-11-20T14")]
pub struct NotAWhen(pub String);

impl FromStr for When {
    type Err = NotAWhen;

    /// Minutes are read and dropped, as dates of browsers and of CI have them.
    fn from_str(text: &str) -> Result<When, NotAWhen> {
        let text = text.trim();
        let wrong = || NotAWhen(text.to_owned());
        // Dates of other calendars and years that nobody counts in would read, but stand nowhere on a chart.
        let date = text.get(..10).and_then(|date| date.parse::<Date>().ok()).filter(|date| date.year() >= 1970);
        let day = Day::of(date.ok_or_else(wrong)?);
        let rest = text.get(10..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(When { day, hour: None });
        }
        let mut parts = rest.strip_prefix(['T', ' ']).ok_or_else(wrong)?.split(':');
        let hour = parts.next().and_then(|part| two_digits(part, 24)).ok_or_else(wrong)?;
        let rest: Vec<&str> = parts.collect();
        match rest.len() <= 2 && rest.iter().all(|part| two_digits(part, 60).is_some()) {
            true => Ok(When { day, hour: Some(Hour(hour)) }),
            false => Err(wrong()),
        }
    }
}

/// A number of two digits below a bound.
fn two_digits(text: &str, below: u8) -> Option<u8> {
    let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_plain && *number < below)
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hour {
            Some(hour) => write!(f, "{}T{:02}", self.day, hour.0),
            None => self.day.fmt(f),
        }
    }
}

/// An annotation as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: u32,
    at: String,
    text: String,
}

impl From<Annotation> for Written {
    fn from(annotation: Annotation) -> Self {
        Written { id: annotation.id, at: annotation.at().to_string(), text: annotation.text }
    }
}

impl TryFrom<Written> for Annotation {
    type Error = NotAWhen;

    fn try_from(written: Written) -> Result<Self, NotAWhen> {
        let When { day, hour } = written.at.parse()?;
        Ok(Annotation { id: written.id, day, hour, text: written.text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_an_hour_are_read_as_they_are_written() {
        for (text, read) in [
            ("2026-11-20", "2026-11-20"),
            (" 2026-11-20T14 ", "2026-11-20T14"),
            ("2026-11-20 09", "2026-11-20T09"),
            ("2026-11-20T14:35", "2026-11-20T14"),
            ("2026-11-20T14:35:07", "2026-11-20T14"),
            ("2024-02-29", "2024-02-29"),
        ] {
            assert_eq!(text.parse::<When>().unwrap().to_string(), read, "{text}");
        }
        for wrong in [
            "",
            "today",
            "2026-11",
            "2026-13-01",
            "2025-02-29",
            "1969-12-31",
            "2026-11-20T",
            "2026-11-20T24",
            "2026-11-20T1",
            "2026-11-20T14:60",
            "2026-11-20T14:3",
            "2026-11-20T+1",
            "2026-11-20x14",
            "2026-11-2014",
            "2026-11-20T14:35:07Z",
            "äöüäöü-11-20",
        ] {
            assert_eq!(wrong.parse::<When>(), Err(NotAWhen(wrong.to_owned())), "{wrong}");
        }
    }

    #[test]
    fn an_annotation_is_stored_as_it_is_written() {
        let hour = Annotation { id: 3, day: Day(20_777), hour: Some(Hour(7)), text: "Version 2 is out".into() };
        let json = serde_json::to_string(&hour).unwrap();
        assert_eq!(json, r#"{"id":3,"at":"2026-11-20T07","text":"Version 2 is out"}"#);
        assert_eq!(serde_json::from_str::<Annotation>(&json).unwrap(), hour);
        assert!(serde_json::from_str::<Annotation>(r#"{"id":3,"at":"soon","text":""}"#).is_err());
    }
}
