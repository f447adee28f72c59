//! Marks hits by what their sites watch, as the program does, and says what funnels and money must be.
//!
//! The patterns and steps are worked out here by hand, so that they prove those of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use headcount::cell::{Axis, Cell, Tally};
use headcount::hit::{Hit, Kind, Money, Watched};
use headcount::site::{Day, Funnel, Goal, Hour, NamedProperty, Settings, SiteId, Target};

use super::{Counted, Figures, Walk};

/// Patterns of pages that are goals.
pub const PATTERNS: [&str; 2] = ["/**", "/a*"];
/// Funnels by their numbers, with their steps.
pub const FUNNELS: [(u32, &[&str]); 3] = [(1, &["/", "/a", "Signup"]), (2, &["/**", "/b"]), (7, &["Signup", "/a*"])];
/// Events and pages that are goals.
pub const GOALS: [&str; 3] = ["Signup", "x", "/a"];

/// The text of step `number`, counted from 1, as cells hold it.
const NUMBERS: [&str; 3] = ["1", "2", "3"];

/// A site's settings with all of these, declared at the beginning.
pub fn settings() -> Settings {
    let goal = |text: &&str| {
        let target = Target::read(text);
        Goal { name: target.usual_name(), target, since_ms: 0 }
    };
    let funnel = |(number, steps): &(u32, &[&str])| {
        let steps = steps.iter().map(|step| Target::read(step)).collect();
        Funnel { number: *number, name: format!("Funnel {number}"), steps, since_ms: 0 }
    };
    Settings {
        goals: GOALS.iter().chain(&PATTERNS).map(goal).collect(),
        funnels: FUNNELS.iter().map(funnel).collect(),
        properties: NAMED.iter().map(|key| NamedProperty { key: (*key).to_owned(), since_ms: -1 }).collect(),
        ..Settings::default()
    }
}

fn fits(pattern: &str, page: &str) -> bool {
    match pattern {
        "/**" => true,
        "/a*" => page.starts_with("/a") && !page[1..].contains('/'),
        page_itself => page_itself == page,
    }
}

fn is_step(step: &str, hit: &Hit) -> bool {
    match &hit.kind {
        Kind::Pageview => step.starts_with('/') && fits(step, &hit.page),
        Kind::Event { name, .. } => name == step,
        Kind::Engagement { .. } => false,
    }
}

/// Keys of properties that are counted by every dimension.
pub const NAMED: [&str; 2] = ["plan", "a"];

/// Marks the hits from number `from` on, as if all was declared just before.
pub fn mark(hits: &mut [Hit], from: usize) {
    for (place, hit) in hits.iter_mut().enumerate().skip(from) {
        let steps = FUNNELS.iter().map(|(funnel, steps)| {
            let bits = steps.iter().enumerate().map(|(at, step)| u32::from(is_step(step, hit)) << at);
            (*funnel, bits.sum())
        });
        let steps = steps.filter(|(_, bits): &(u32, u32)| *bits != 0).collect();
        let is_view = hit.kind == Kind::Pageview;
        let patterns = PATTERNS.iter().filter(|pattern| is_view && fits(pattern, &hit.page));
        let patterns = patterns.map(|pattern| Arc::from(*pattern)).collect();
        let is_carried = |key: &&&str| hit.props.iter().any(|(of, _)| of == **key);
        let properties = NAMED.iter().filter(is_carried).map(|key| Arc::from(*key)).collect();
        let properties = if matches!(hit.kind, Kind::Engagement { .. }) { Vec::new() } else { properties };
        hit.watched = Watched { patterns, steps, money: money(hit, place), properties, ..Watched::default() };
    }
}

/// Most sign-ups bring money, in one of two currencies; some of it is paid back.
fn money(hit: &Hit, place: usize) -> Option<Money> {
    let brings = matches!(&hit.kind, Kind::Event { name, .. } if name == "Signup" || name == "x") && place % 4 != 3;
    let currency = if place.is_multiple_of(3) { "USD" } else { "EUR" };
    brings.then(|| Money { thousandths: (place as i64 * 997) % 50_000 - 2_000, currency: currency.to_owned() })
}

impl<'a> Walk<'a> {
    /// Books money and funnels.
    pub(super) fn book_watched(&self, figures: &mut Figures<'a>) {
        for counted in &self.counted {
            self.book_money(counted, figures);
        }
        for (funnel, steps) in FUNNELS {
            for (number, _) in NUMBERS.iter().zip(steps) {
                self.book_step(funnel, number, figures);
            }
        }
    }

    fn book_money(&self, counted: &Counted<'a>, figures: &mut Figures<'a>) {
        let hit = counted.hit;
        let (Some(money), Kind::Event { name, .. }) = (&hit.watched.money, &hit.kind) else { return };
        let tally = Tally { events: 1, revenue: money.thousandths, ..Tally::ZERO };
        let (event, currency) = (name.as_str(), money.currency.as_str());
        let mut cells = vec![Cell { axis: Axis::Revenue { event, within: None }, value: currency }];
        cells.extend(hit.props.iter().map(|(key, value)| {
            let within = Some((key.as_str(), currency));
            Cell { axis: Axis::Revenue { event, within }, value: value.as_str() }
        }));
        for cell in cells {
            *figures.hours.entry((hit.site, counted.day, counted.hour, cell)).or_default() += tally;
            *figures.days.entry((hit.site, counted.day, cell)).or_default() += tally;
            *figures.months.entry((hit.site, counted.day.month(), cell)).or_default() += tally;
        }
    }

    /// Books a step of a funnel: the visits that reach it, in the hour of their start, and the day's visitors.
    fn book_step(&self, funnel: u32, number: &'static str, figures: &mut Figures<'a>) {
        let step: usize = number.parse().expect("a number");
        let cell = Cell { axis: Axis::Funnel(funnel), value: number };
        let mut visitors: BTreeMap<(SiteId, Day, Option<u64>), Hour> = BTreeMap::new();
        for visit in self.visits.iter().filter(|visit| self.reached(visit.hits.as_slice(), funnel) >= step) {
            let first = &self.counted[visit.hits[0]];
            let (site, day) = (first.hit.site, first.day);
            let hour = visitors.entry((site, day, first.hit.token.map(|token| token.bits()))).or_insert(visit.start);
            *hour = visit.start.min(*hour);
            let of_visit = Tally { visits: 1, ..Tally::ZERO };
            *figures.hours.entry((site, day, visit.start, cell)).or_default() += of_visit;
            *figures.days.entry((site, day, cell)).or_default() += of_visit;
            *figures.months.entry((site, day.month(), cell)).or_default() += of_visit;
        }
        for ((site, day, _), hour) in visitors {
            figures.hours.entry((site, day, hour, cell)).or_default().first_visitors += 1;
            figures.days.entry((site, day, cell)).or_default().visitors += 1;
            figures.months.entry((site, day.month(), cell)).or_default().visitors += 1;
        }
    }

    /// The steps of funnels that those visits reached of which a hit passes, as `FUNNEL:STEP`.
    pub fn steps_where(&self, site: SiteId, day: Day, passes: impl Fn(&Counted) -> bool) -> Vec<(String, Tally)> {
        let inside = self.of_day(site, day).filter(|counted| passes(counted));
        let visits: BTreeSet<usize> = inside.filter_map(|counted| counted.visit).collect();
        let mut steps = Vec::new();
        for (funnel, step) in
            FUNNELS.iter().flat_map(|(funnel, steps)| (1..=steps.len()).map(move |step| (*funnel, step)))
        {
            let reached = |visit: &&usize| self.reached(&self.visits[**visit].hits, funnel) >= step;
            let reached: Vec<&usize> = visits.iter().filter(reached).collect();
            let token = |visit: &&usize| self.counted[self.visits[**visit].hits[0]].hit.token.map(|token| token.bits());
            let visitors = reached.iter().map(token).collect::<BTreeSet<_>>().len() as i64;
            let tally = Tally { visits: reached.len() as i64, visitors, ..Tally::ZERO };
            steps.extend((!reached.is_empty()).then(|| (format!("{funnel}:{step}"), tally)));
        }
        steps
    }

    /// How many steps of a funnel hits are, one after the other.
    fn reached(&self, hits: &[usize], funnel: u32) -> usize {
        let mut reached = 0;
        for hit in hits.iter().map(|hit| self.counted[*hit].hit) {
            let steps = hit.watched.steps.iter().find(|(number, _)| *number == funnel).map_or(0, |(_, steps)| *steps);
            reached += usize::from(steps >> reached & 1 == 1);
        }
        reached
    }
}
