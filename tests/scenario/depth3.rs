//! What the API says of a story when each step is sent as a request at its moment, and that nothing of its people is kept.
//!
//! Requests can't tell every story ([`untold`]), and the API shows rates where tallies have sums: a number is compared
//! where the answer leaves only one possible sum.

use std::collections::HashMap;
use std::net::IpAddr;

use headcount::cell::{Axis, Dimension};
use headcount::control::{Command, SiteChange};
use headcount::counts::Name;
use headcount::site::{AddressMode, Day, Moment};
use serde_json::{Value, json};

use super::expected::{Split, Stage, clock};
use super::{End, Scenario, Step, What};
use crate::world::{World, person};

/// Time zones that tell the countries of stories.
const ZONES: [(&str, &str); 4] =
    [("DE", "Europe/Berlin"), ("FR", "Europe/Paris"), ("IN", "Asia/Kolkata"), ("JP", "Asia/Tokyo")];

/// Why requests can't tell a story; nothing if they can.
pub fn untold(scenario: &Scenario) -> Option<&'static str> {
    let moments = scenario.moments();
    let mut browsers: HashMap<&Option<String>, &str> = HashMap::new();
    if !moments.is_sorted() {
        return Some("a request arrives when it is sent");
    }
    for step in &scenario.steps {
        if step.who.is_none() != is_without_tokens(scenario) {
            return Some("a site keeps tokens of all or of nobody");
        }
        if step.place.len() > 1 {
            return Some("a time zone tells the country alone");
        }
        if *browsers.entry(&step.who).or_insert(step.browser()) != step.browser() {
            return Some("who changes the browser is somebody else");
        }
    }
    let begins_on_day_0 = |site: usize| {
        let is_first = |moment: &Moment| scenario.schedule(site).locate(*moment).day == Day::of(scenario.date);
        moments.first().is_none_or(is_first)
    };
    let changes = (0..scenario.sites.len()).filter(|site| scenario.sites[*site].then.is_some());
    let in_time = changes.into_iter().all(begins_on_day_0);
    (!in_time).then_some("a zone is changed on the day on which it holds last")
}

/// Whether no token is kept of anybody in the story, which is what a site can set.
fn is_without_tokens(scenario: &Scenario) -> bool {
    scenario.steps.iter().all(|step| step.who.is_none())
}

/// The stage of depth 3.
pub struct Served {
    world: World,
    sites: Vec<String>,
    /// The day +0, from which labels count.
    date: Day,
    /// The first and the last day of the story.
    days: [Day; 2],
}

impl Served {
    /// A server at the story's first moment that knows its sites.
    pub fn start(scenario: &Scenario) -> Served {
        let now = scenario.first_moment().timestamp().to_string();
        let sites: Vec<_> = scenario.sites.iter().map(|site| (site.domain.as_str(), site.zone.as_str())).collect();
        let world = World::at(&now, &sites);
        let address = is_without_tokens(scenario).then_some(AddressMode::None.name());
        for scene in &scenario.sites {
            let asked = [("timezone", scene.then.as_deref()), ("address", address)];
            let asked = asked.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let change = asked.fold(SiteChange::default(), |change, (name, value)| change.with(name, value));
            world.command(Command::SiteSet { domain: scene.domain.clone(), change }).unwrap();
        }
        let date = Day::of(scenario.date);
        let days = scenario.steps.iter().map(|step| step.at.day);
        let (first, last) = (days.clone().min().unwrap_or(0).min(0), days.max().unwrap_or(0).max(0));
        let sites = scenario.sites.iter().map(|site| site.domain.clone()).collect();
        Served { world, sites, date, days: [Day(date.0 + first), Day(date.0 + last)] }
    }

    fn end(&mut self, how: End) {
        match how {
            End::Stop => self.world.restart(),
            End::Kill => self.world.kill(),
        }
    }

    fn send(&self, scenario: &Scenario, step: &Step) {
        let mut body = json!({"u": step.url(scenario), "d": self.sites[step.site]});
        match &step.what {
            What::Pageview => body["n"] = "pageview".into(),
            What::Event { name, interactive } => {
                body["n"] = name.as_str().into();
                body["i"] = (*interactive).into();
            }
            What::Engagement { ms, scroll } => {
                body["n"] = "engagement".into();
                body["e"] = (*ms).into();
                body["sd"] = (*scroll).into();
            }
        }
        for (key, value) in options(step) {
            body[key] = value;
        }
        let who = step.who.as_deref().unwrap_or("someone");
        self.world.beacon(body).by(who).with(&step.agent(build(who))).ok();
    }

    /// The results of a query, site by site.
    fn results(&self, metrics: &[&str], dimensions: &[String]) -> Vec<Value> {
        let range = self.days.map(|day| day.to_string());
        let ask = |site: &String| {
            let query = json!({"site_id": site, "metrics": metrics, "date_range": range, "dimensions": dimensions});
            let answer = self.world.query(query.clone());
            assert_eq!(answer.status, 200, "{query}: {}", answer.text());
            answer.json()["results"].as_array().unwrap_or_else(|| panic!("{}", answer.text())).clone()
        };
        self.sites.iter().flat_map(ask).collect()
    }

    /// The label of an hour or a day as the API writes it: `2026-06-01 09:00:00`, `2026-06-01`.
    fn clock(&self, label: &str, is_hour: bool) -> String {
        let day = Day::of(label[..10].parse().unwrap_or_else(|_| panic!("no date: {label}")));
        let hour = is_hour.then(|| label[11..13].parse().unwrap_or_else(|_| panic!("no hour: {label}")));
        clock(day.0 - self.date.0, hour)
    }
}

/// The keys of a message that a step need not have.
fn options(step: &Step) -> impl Iterator<Item = (&'static str, Value)> {
    let text = |text: &str| Value::from(text);
    let props: serde_json::Map<_, _> = step.props.iter().map(|(key, value)| (key.clone(), text(value))).collect();
    let options = [
        ("p", Some(props).filter(|props| !props.is_empty()).map(Value::from)),
        ("r", step.from.as_ref().map(|_| text(&step.referrer()))),
        ("tz", step.place.first().map(|country| text(zone(country)))),
        ("l", step.language.as_deref().map(text)),
        ("sc", step.screen.as_deref().map(text)),
    ];
    options.into_iter().filter_map(|(key, value)| Some((key, value?)))
}

fn zone(country: &str) -> &'static str {
    let known = ZONES.iter().find(|(known, _)| *known == country);
    known.unwrap_or_else(|| panic!("no story is in {country}")).1
}

/// A number in a person's agent, of seven digits.
fn build(who: &str) -> u32 {
    let IpAddr::V4(address) = person(who).address else { panic!("{who} has an IPv4 address") };
    1_000_000 + u32::from(address) % 9_000_000
}

/// How a number is asked for.
struct Way {
    metrics: &'static [&'static str],
    /// Whether hours are asked for, because a mean is a sum again where it is taken of one visit.
    by_hour: bool,
    /// The sum, from the metrics; nothing where several sums would answer alike.
    sum: fn(&[Option<f64>]) -> Option<f64>,
}

/// The way to a number under an axis; nothing if there is none.
fn way(metric: &str, axis: &Axis<Name>) -> Option<Way> {
    let way = |metrics: &'static [&'static str], sum| Some(Way { metrics, by_hour: false, sum });
    let of_one = |metrics: &'static [&'static str], sum| Some(Way { metrics, by_hour: true, sum });
    let has_whole_visits = match axis {
        Axis::Total => true,
        Axis::Of(dimension) => dimension.is_of_visit(),
        _ => false,
    };
    let is_page = *axis == Axis::Of(Dimension::Page);
    match metric {
        "visitors" => way(&["visitors"], |m| Some(sum(m[0]))),
        "visits" => way(&["visits"], |m| Some(sum(m[0]))),
        "pageviews" => way(&["pageviews"], |m| Some(sum(m[0]))),
        "events" => way(&["events", "pageviews"], |m| Some(sum(m[0]) - sum(m[1]))),
        "bounces" if has_whole_visits => way(&["visits", "bounce_rate"], |m| part(m[0], m[1])),
        "seconds" if has_whole_visits => of_one(&["visits", "visit_duration"], |m| one(m[0], sum(m[1]))),
        "engaged_visits" if is_page => of_one(&["visits", "time_on_page"], |m| one(m[0], m[1].map_or(0.0, |_| 1.0))),
        "engaged_ms" if is_page => of_one(&["visits", "time_on_page"], |m| one(m[0], sum(m[1]) * 1_000.0)),
        "scroll" if is_page => of_one(&["visits", "scroll_depth"], |m| one(m[0], sum(m[1]))),
        _ => None,
    }
}

/// What is not measured has a sum of 0 in tallies.
fn sum(metric: Option<f64>) -> f64 {
    metric.unwrap_or(0.0)
}

/// A part of visits, from a whole percentage: clear up to a hundred visits.
fn part(visits: Option<f64>, percent: Option<f64>) -> Option<f64> {
    (sum(visits) <= 100.0).then(|| (sum(percent) * sum(visits) / 100.0).round())
}

/// A sum, from its mean: clear for one visit, as far as stories deal in whole seconds.
fn one(visits: Option<f64>, mean: f64) -> Option<f64> {
    (sum(visits) <= 1.0).then_some(mean)
}

/// The name of an axis in the API: nothing for totals, and no name at all for what only a filter could ask for.
fn dimension(axis: &Axis<Name>) -> Option<Option<String>> {
    match axis {
        Axis::Total => Some(None),
        Axis::Of(dimension) => Some(Some(dimension.api_name().to_owned())),
        Axis::Prop { key, event: None } => Some(Some(format!("event:props:{key}"))),
        _ => None,
    }
}

impl Stage for Served {
    fn play(&mut self, scenario: &Scenario) {
        for (place, (step, moment)) in scenario.steps.iter().zip(scenario.moments()).enumerate() {
            scenario.ends_before(place).for_each(|how| self.end(how));
            self.world.clock.set(moment);
            self.send(scenario, step);
        }
        scenario.ends_before(scenario.steps.len()).for_each(|how| self.end(how));
    }

    fn rows(&mut self, split: &Split, metric: &str) -> Option<Vec<(String, i64)>> {
        let (axis, time) = match split {
            Split::Axis(axis) => (axis, None),
            Split::Hours(cell) => (&cell.axis, Some("time:hour")),
            Split::Days(cell) => (&cell.axis, Some("time:day")),
        };
        let way = way(metric, axis)?;
        let time = if way.by_hour { Some("time:hour") } else { time };
        let dimensions: Vec<String> = time.map(str::to_owned).into_iter().chain(dimension(axis)?).collect();
        let mut rows = Vec::new();
        for result in self.results(way.metrics, &dimensions) {
            let mut labels = result["dimensions"].as_array()?.iter().map(|label| label.as_str().unwrap_or_default());
            let bucket = time.and_then(|_| labels.next()).unwrap_or_default();
            let value = labels.next().unwrap_or_default();
            let numbers: Vec<Option<f64>> = result["metrics"].as_array()?.iter().map(Value::as_f64).collect();
            let label = match split {
                Split::Axis(_) => value.to_owned(),
                Split::Hours(cell) | Split::Days(cell) if *cell.value != *value => continue,
                Split::Hours(_) => self.clock(bucket, true),
                Split::Days(_) => self.clock(bucket, false),
            };
            rows.push((label, (way.sum)(&numbers)? as i64));
        }
        Some(rows)
    }

    fn rejected(&mut self) -> Vec<(String, i64)> {
        // Metrics are read beside the queue in which a hit may still wait for its verdict.
        self.world.flush();
        let metrics = self.world.metrics();
        let rows = metrics.lines().filter_map(|line| line.strip_prefix("headcount_beacons_rejected_total{reason=\""));
        let rows = rows.filter_map(|row| row.split_once("\"} "));
        rows.map(|(reason, count)| (reason.to_owned(), count.parse().unwrap())).filter(|(_, n)| *n != 0).collect()
    }
}

#[test]
fn requests_tell_most_stories() {
    let told = "
        zone Etc/UTC then Asia/Tokyo
        09:00 ana / from google.com utm source=x in DE with Firefox
        09:00 bob event Signup plan=pro";
    assert_eq!(untold(&Scenario::parse(told)), None);
    assert_eq!(untold(&Scenario::parse("09:00 someone /\n 09:01 someone /a")), None);
    for story in [
        "09:00 ana /\n 08:59 bob /",
        "09:00 ana /\n 09:01 someone /",
        "09:00 ana / in DE/DE-BY",
        "09:00 ana / with Firefox\n 09:01 ana /",
        "zone Etc/UTC then Asia/Tokyo\n -1 09:00 ana /",
    ] {
        assert!(untold(&Scenario::parse(story)).is_some(), "{story}");
    }
}

#[test]
fn what_the_api_leaves_open_is_not_told() {
    let story = Scenario::parse("09:00 ana /\n 09:10 ana /a\n 09:20 bob /\n 10:00 eve /\n 10:00:20 eve event Signup");
    let mut served = Served::start(&story);
    served.play(&story);
    let mut rows = |axis: Axis<Name>, metric: &str| served.rows(&Split::Axis(axis), metric);
    let row = |value: &str, count: i64| (value.to_owned(), count);
    assert_eq!(rows(Axis::Total, "bounces"), Some(vec![row("", 1)]));
    assert_eq!(rows(Axis::Total, "seconds"), None, "two visits of nine o'clock share a mean");
    assert_eq!(rows(Axis::Of(Dimension::Page), "bounces"), None, "they would be those of the entry page");
    assert_eq!(rows(Axis::Prop { key: "plan".into(), event: Some("Signup".into()) }, "events"), None);
    let exits = rows(Axis::Of(Dimension::ExitPage), "events");
    assert_eq!(exits.map(|rows| rows.into_iter().filter(|(_, n)| *n != 0).collect()), Some(vec![row("/", 1)]));
}
