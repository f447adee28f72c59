//! All that a reader has chosen on the page of a site, as the query of its address holds it. Unknown keys are left out.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::ViewError;
use crate::cell::Metric;
use crate::page::cards::{Card, Tab};
use crate::report::Interval;
use crate::report::choice::{Choice, escaped};
use crate::report::period::{Compare, Period, With};

/// What a reader has chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct UrlState {
    /// Which days.
    pub period: Period,
    /// What they are compared with.
    pub compare: Compare,
    /// Whether the rows of lists are compared too.
    pub compares_lists: bool,
    /// How wide the chart's buckets are; nothing for the width that fits.
    pub by: Option<Interval>,
    /// What the chart draws; nothing for visitors and hits.
    pub metric: Option<Metric>,
    /// Of what alone, as written.
    pub choice: Choice,
    /// Whether it stands within another page, without header and footer.
    pub is_embedded: bool,
    /// The tab that is seen of cards that show another than their usual one.
    pub tabs: BTreeMap<&'static str, Tab>,
}

/// The names of intervals in addresses.
const INTERVALS: [(&str, Interval); 4] =
    [("hour", Interval::Hour), ("day", Interval::Day), ("week", Interval::Week), ("month", Interval::Month)];

impl UrlState {
    /// Reads a query. Without a period it is `usual`.
    ///
    /// # Errors
    /// [`ViewError`]: other figures than those asked for must not be shown.
    pub fn read(query: &[(String, String)], usual: Period) -> Result<UrlState, ViewError> {
        let of = |key: &'static str| query.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str());
        let one = |key: &'static str| of(key).next();
        let period = one("period").map_or(Ok(usual), |key| Period::parse(key, one("from"), one("to")))?;
        // A form sends the date of its other choice too.
        let with = match one("compare") {
            None => With::Previous,
            Some("custom") => With::parse(one("since").unwrap_or_default())?,
            Some(key) => With::parse(key)?,
        };
        let compare = Compare { with, matches_weekdays: one("weekdays").is_some() };
        let known = |key: &str| INTERVALS.into_iter().find(|(name, _)| *name == key).map(|(_, interval)| interval);
        let tab = |card: Card| Some((card.key(), one(card.key()).and_then(Tab::from_key)?));
        Ok(UrlState {
            period,
            compare,
            compares_lists: one("lists").is_some(),
            by: one("by").and_then(known),
            metric: one("metric").and_then(Metric::from_name),
            choice: Choice::read(of("filter"))?,
            is_embedded: one("embed").is_some(),
            tabs: Card::ALL.into_iter().filter_map(tab).collect(),
        })
    }

    /// The query that leads back to it.
    pub fn query(&self) -> String {
        let mut query = self.period.query();
        if self.compare.with != With::Previous {
            let _ = write!(query, "&compare={}", self.compare.with.key());
        }
        if self.compare.matches_weekdays {
            query.push_str("&weekdays=1");
        }
        if self.compares_lists {
            query.push_str("&lists=compared");
        }
        if let Some((name, _)) = INTERVALS.into_iter().find(|(_, interval)| Some(*interval) == self.by) {
            let _ = write!(query, "&by={name}");
        }
        if let Some(metric) = self.metric {
            let _ = write!(query, "&metric={}", metric.name());
        }
        for (card, tab) in &self.tabs {
            let _ = write!(query, "&{card}={}", escaped(&tab.key()));
        }
        if !self.choice.is_empty() {
            let _ = write!(query, "&{}", self.choice.query());
        }
        if self.is_embedded {
            query.push_str("&embed");
        }
        query
    }

    /// The pairs of the query, for the hidden fields of a form that chooses what some keys say.
    pub fn pairs(&self, without: &[&str]) -> Vec<(String, String)> {
        let query = self.query();
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        pairs.filter(|(key, _)| !without.contains(&key.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<UrlState, ViewError> {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        UrlState::read(&pairs, Period::Days(30))
    }

    #[test]
    fn an_address_holds_the_whole_state() {
        for query in [
            "period=30d",
            "period=custom&from=2026-06-01&to=2026-06-09&compare=year&weekdays=1",
            "period=7d&compare=2026-05-01&by=hour&metric=visits&pages=exit_page&sources=utm_term&filter=source:Google",
            "period=7d&compare=none&events=prop:a%26b&filter=event:Signup&filter=page~blog",
            "period=7d&embed",
            "period=7d&lists=compared",
        ] {
            let state = read(query).unwrap();
            assert_eq!(read(&state.query()).unwrap(), state, "{query}");
        }
        assert_eq!(read("").unwrap().query(), "period=30d");
        assert_eq!(read("period=7d&by=x&metric=x&pages=x&utm_source=y").unwrap().query(), "period=7d");
        assert_eq!(read("compare=custom&since=2026-05-01").unwrap().query(), "period=30d&compare=2026-05-01");
        assert!(read("compare=x").is_err() && read("compare=custom&since=").is_err() && read("filter=x").is_err());
    }

    #[test]
    fn a_form_keeps_what_it_does_not_choose() {
        let state = read("period=7d&compare=year&filter=source:A%26B").unwrap();
        let pairs = state.pairs(&["period", "compare"]);
        assert_eq!(pairs, [("filter".to_owned(), "source:A&B".to_owned())]);
    }
}
