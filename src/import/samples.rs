//! In: lines of a dry run, as they would be counted. Out: ten of them for a reader's eyes. Forgets: all others.

use serde::{Deserialize, Serialize};

use crate::hit::Hit;
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Moment, Site};

/// A line as it would be counted, or why it would not be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Day and time at the site; empty for a line that can't be read.
    pub time: String,
    /// The site's domain; empty if no site has the line.
    pub site: String,
    /// The page.
    pub page: String,
    /// The source.
    pub source: String,
    /// The browser.
    pub browser: String,
    /// The country.
    pub country: String,
    /// The reason why it would not be counted; empty if it would.
    pub reason: String,
}

impl Sample {
    /// Of a hit.
    pub(super) fn of(hit: &Hit, site: &Site) -> Sample {
        Sample {
            page: hit.page.clone(),
            source: hit.origin.source.to_string(),
            browser: hit.agent.browser.to_string(),
            country: hit.place.country.to_string(),
            ..Sample::at(hit.at, site)
        }
    }

    /// Of a line that is rejected.
    pub(super) fn rejected(reason: Rejection, at: Option<(Moment, &Site)>) -> Sample {
        let sample = at.map(|(at, site)| Sample::at(at, site)).unwrap_or_default();
        Sample { reason: reason.label().to_owned(), ..sample }
    }

    fn at(at: Moment, site: &Site) -> Sample {
        let local = site.schedule.locate(at);
        let minutes = (at.0 - site.schedule.start_of(local.day).0).div_euclid(60_000).rem_euclid(60);
        let time = format!("{} {:02}:{minutes:02}", local.day, local.hour.0);
        Sample { time, site: site.domain.as_str().to_owned(), ..Sample::default() }
    }
}

/// The first lines; and of those after them what is counted and each reason once, because a log may begin with many alike.
#[derive(Default)]
pub(super) struct Samples {
    first: Vec<Sample>,
    telling: Vec<Sample>,
    lines: u64,
}

impl Samples {
    pub(super) fn note(&mut self, sample: Sample) {
        self.lines += 1;
        if self.telling.len() < limits::IMPORT_SAMPLES
            && (sample.reason.is_empty() || !self.telling.iter().any(|known| known.reason == sample.reason))
        {
            self.telling.push(sample.clone());
        }
        if self.first.len() < limits::IMPORT_SAMPLES {
            self.first.push(sample);
        }
    }

    pub(super) fn kept(self) -> Vec<Sample> {
        let is_all = self.lines as usize <= limits::IMPORT_SAMPLES || self.telling.len() < limits::IMPORT_SAMPLES / 2;
        if is_all { self.first } else { self.telling }
    }
}
