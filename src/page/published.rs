//! What is published of a site's days with noise, as JSON and CSV, for everybody.

use serde_json::{Value, json};

use super::export::field;
use crate::cell::Dimension;
use crate::counts::published::{DiscreteLaplace, Release, ReleaseState};
use crate::site::{Day, Epsilon};

/// What a release is, for whoever finds it without its documentation.
const EXPLANATION: &str = "Counts of one day with noise, made once when the day ended; the counts without noise were not kept. A \
     visitor is an address and browser on this day, is counted once in all, and once under each dimension by the first visit. With or \
     without any one visitor, no outcome is more than e^epsilon times as likely. True counts are within the margin of the published \
     ones with 95 % probability. Values below the cut are left out: one just above it is rather too high, and a value that nobody had \
     may be there by chance. Parts do not add up to the total, because each number has noise of its own.";

/// A day's release.
#[derive(Debug)]
pub struct ReleasePage<'a> {
    /// The site.
    pub domain: &'a str,
    /// The day.
    pub day: Day,
    /// What is published.
    pub release: &'a Release,
}

impl ReleasePage<'_> {
    fn noise(&self) -> DiscreteLaplace {
        DiscreteLaplace::of(self.release.epsilon, self.shares())
    }

    /// The total has one, and each dimension.
    fn shares(&self) -> u32 {
        self.release.dimensions.len() as u32 + 1
    }

    /// As JSON.
    pub fn json(&self) -> String {
        let (noise, epsilon) = (self.noise(), self.release.epsilon.number());
        let dimensions = self.release.dimensions.iter().map(|part| {
            let rows = part.rows.iter().map(|(value, visitors)| json!({ "value": &**value, "visitors": visitors }));
            let chosen = if part.dimension == Dimension::EntryPage { "watched pages" } else { "the program's list" };
            json!({
                "dimension": part.dimension.name(),
                "values_listed": part.listed,
                "values_from": chosen,
                "cut": noise.cut(part.listed),
                "rows": rows.collect::<Vec<_>>(),
            })
        });
        let whole = json!({
            "site": self.domain,
            "date": self.day.to_string(),
            "epsilon": epsilon,
            "delta": 0,
            "mechanism": "discrete Laplace",
            "neighbours": "with and without one visitor",
            "shares": {
                "number": self.shares(),
                "epsilon_each": epsilon / f64::from(self.shares()),
                "sensitivity": 1,
                "scale": noise.scale(),
                "margin_95": noise.margin(),
            },
            "visitors": self.release.visitors,
            "dimensions": dimensions.collect::<Vec<_>>(),
            "explanation": EXPLANATION,
        });
        format!("{whole}\n")
    }

    /// As CSV by RFC 4180; the total has no dimension and no value.
    pub fn csv(&self) -> String {
        let (noise, epsilon) = (self.noise(), self.release.epsilon.number());
        let mut text = String::from("date,dimension,value,visitors,margin_95,scale,epsilon_of_day\r\n");
        let mut line = |dimension: &str, value: &str, visitors: u64| {
            let (margin, scale) = (noise.margin(), noise.scale());
            let named = [&self.day.to_string(), dimension, &field(value)].join(",");
            text.push_str(&format!("{named},{visitors},{margin},{scale},{epsilon}\r\n"));
        };
        line("", "", self.release.visitors);
        for part in &self.release.dimensions {
            part.rows.iter().for_each(|(value, visitors)| line(part.dimension.name(), value, *visitors));
        }
        text
    }
}

/// The list of a site's releases.
#[derive(Debug)]
pub struct ReleaseIndex<'a> {
    /// The site.
    pub domain: &'a str,
    /// What a day may tell of one visitor, as it is set now.
    pub epsilon: Epsilon,
    /// The days that began while the site published.
    pub days: &'a [(Day, Epsilon, ReleaseState)],
}

impl ReleaseIndex<'_> {
    /// As JSON.
    pub fn json(&self) -> String {
        let published = self.days.iter().filter(|(.., state)| *state == ReleaseState::Published);
        let spent: u64 = published.map(|(_, epsilon, _)| u64::from(epsilon.0)).sum();
        let days = self.days.iter().map(|(day, epsilon, state)| self.line(*day, *epsilon, *state));
        let whole = json!({
            "site": self.domain,
            "epsilon_per_day": self.epsilon.number(),
            "epsilon_of_all_days": spent as f64 / 1_000.0,
            "delta": 0,
            "days": days.collect::<Vec<_>>(),
            "explanation": "Each day is published once, with noise of its own. Whoever came on one day is protected with the epsilon of \
                that day, and whoever came on several with the sum of theirs; epsilon_of_all_days is that of somebody who came on all. \
                Days that are not listed began before the site published or while the program was not running, or were imported.",
        });
        format!("{whole}\n")
    }

    fn line(&self, day: Day, epsilon: Epsilon, state: ReleaseState) -> Value {
        let path = |ending: &str| format!("/public/{}/{day}.{ending}", self.domain);
        let why = match state {
            ReleaseState::Published => {
                return json!({
                    "date": day.to_string(),
                    "epsilon": epsilon.number(),
                    "json": path("json"),
                    "csv": path("csv"),
                });
            }
            ReleaseState::Running => "the day is not over",
            ReleaseState::VisitorsLost => "the program forgot visitors during the day, because it was restarted",
            ReleaseState::NoVisitors => "the site told no visitors apart",
            ReleaseState::SwitchedOff => "the site did not publish when the day ended",
            ReleaseState::TakenOut => "the site has taken the day out",
        };
        json!({ "date": day.to_string(), "not_published": why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::OTHER;
    use crate::counts::published::ReleasedDimension;

    #[test]
    fn a_release_says_what_it_is() {
        let rows = vec![("=DE".into(), 70), (OTHER.into(), 60)];
        let part = ReleasedDimension { dimension: Dimension::Country, listed: 250, rows };
        let release = Release { epsilon: Epsilon(500), visitors: 1_234, dimensions: vec![part] };
        let page = ReleasePage { domain: "example.com", day: Day(20_606), release: &release };
        let json: Value = serde_json::from_str(&page.json()).unwrap();
        assert_eq!(
            (&json["date"], &json["epsilon"], &json["visitors"]),
            (&"2026-06-02".into(), &0.5.into(), &1_234.into())
        );
        // Two shares of a half: a scale of 4, and 4 ln(40 / (1 + e^(-1/4))) = 12.45.
        assert_eq!((&json["shares"]["scale"], &json["shares"]["margin_95"]), (&4.0.into(), &12.into()));
        assert_eq!(json["dimensions"][0]["rows"][0], json!({ "value": "=DE", "visitors": 70 }));
        let csv = page.csv();
        let lines: Vec<&str> = csv.split("\r\n").collect();
        assert_eq!(lines[1..3], ["2026-06-02,,,1234,12,4,0.5", "2026-06-02,country,'=DE,70,12,4,0.5"]);
    }

    #[test]
    fn the_index_adds_up_what_was_spent_and_says_why_a_day_is_missing() {
        use ReleaseState::{NoVisitors, Published, Running, SwitchedOff, VisitorsLost};
        let states = [Published, VisitorsLost, NoVisitors, SwitchedOff, Published, Running];
        let days: Vec<_> = (20_600..).zip(states).map(|(day, state)| (Day(day), Epsilon(250), state)).collect();
        let index = ReleaseIndex { domain: "example.com", epsilon: Epsilon(1_000), days: &days };
        let json: Value = serde_json::from_str(&index.json()).unwrap();
        assert_eq!((&json["epsilon_per_day"], &json["epsilon_of_all_days"]), (&1.0.into(), &0.5.into()));
        let whys: std::collections::BTreeSet<_> =
            json["days"].as_array().unwrap().iter().filter_map(|day| day["not_published"].as_str()).collect();
        assert_eq!(whys.len(), 4);
        assert_eq!(json["days"][0]["csv"], "/public/example.com/2026-05-27.csv");
    }
}
