//! The segments of a site: which visits, or hits, an owner looks at by themselves.

use serde::{Deserialize, Serialize};

use super::{Day, Moment, Site};

/// A segment of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Its number at the site, never used twice. A changed condition gets another one.
    pub number: u32,
    /// What readers call it.
    pub name: String,
    /// What it lets pass, as it was written.
    pub condition: String,
    /// From when on it is counted: the day of that moment is counted as a whole.
    pub since_ms: i64,
}

impl Segment {
    /// From when on it is counted.
    pub fn since(&self) -> Moment {
        Moment(self.since_ms)
    }

    /// The first day of its site on which it is counted.
    pub fn first_day(&self, site: &Site) -> Day {
        site.schedule.locate(self.since()).day
    }
}

impl Site {
    /// The segment that a reader means by its name or its number.
    pub fn segment(&self, text: &str) -> Option<&Segment> {
        let segments = || self.settings.segments.iter();
        let by_number = |number: u32| segments().find(|segment| segment.number == number);
        segments().find(|segment| segment.name == text).or_else(|| text.parse().ok().and_then(by_number))
    }
}
