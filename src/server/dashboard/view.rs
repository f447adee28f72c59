//! In: the query of an address. Out: what a reader wants to see: a period and filters, and the addresses of all views that lie
//! one click away. Forgets: keys that it does not know.

use crate::cell::{Dimension, OTHER};
use crate::page::words::Words;
use crate::page::{Chip, PeriodLink};
use crate::report::choice::{Choice, Chosen, Comparison, Key, NotAChoice, Part};
use crate::report::period::{NotAPeriod, Period, Range};
use crate::report::{Interval, Span};
use crate::site::{Moment, Site, Target};

/// The age of a site up to which its page opens on today, in milliseconds: two days.
const YOUNG_MS: i64 = 2 * 86_400_000;

/// What a reader wants to see of a site.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// The texts of its reader.
    pub words: &'static Words,
    /// The site.
    pub site: &'a Site,
    /// Which days.
    pub period: Period,
    /// Of what alone, as written.
    pub choice: Choice,
    /// The same, made out.
    pub chosen: Chosen,
}

/// Why an address leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoView {
    /// There is no such period.
    #[error(transparent)]
    Period(#[from] NotAPeriod),
    /// There is no such filter.
    #[error(transparent)]
    Filter(#[from] NotAChoice),
    /// A goal stands beside a filter.
    #[error(
        "a goal and another filter leave no dimension for the panels: sums are kept of any two; look at one of them, or ask \
         `headcount report --goal NAME --filter KEY=VALUE`"
    )]
    GoalAndFilter,
}

impl<'a> View<'a> {
    /// Reads the keys `period`, `from`, `to` and `filter` of a query, the last as often as it comes. Without a period it is
    /// that which fits the site's age.
    ///
    /// # Errors
    /// [`NoView`]: other figures than those asked for must not be shown.
    pub fn read(
        site: &'a Site,
        query: &[(String, String)],
        now: Moment,
        words: &'static Words,
    ) -> Result<View<'a>, NoView> {
        let of = |key: &'static str| query.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str());
        let usual = if now.0 - site.added.0 < YOUNG_MS { Period::Today } else { Period::Days(30) };
        let period = of("period").next();
        let period = period.map_or(Ok(usual), |key| Period::parse(key, of("from").next(), of("to").next()))?;
        let choice = Choice::read(of("filter"))?;
        let chosen = choice.made_out(site)?;
        if chosen.goal.is_some() && chosen.filter.is_some() {
            return Err(NoView::GoalAndFilter);
        }
        Ok(View { words, site, period, choice, chosen })
    }

    /// The address of another view of the site, below `/DOMAIN`.
    fn address(&self, below: &str, period: Period, choice: &Choice) -> String {
        let and = if choice.is_empty() { "" } else { "&" };
        format!("/{}{below}?{}{and}{}", self.site.domain, period.query(), choice.query())
    }

    /// Where a breakdown can be had as a file with this ending.
    pub fn file(&self, dimension: Dimension, ending: &str) -> String {
        self.address(&format!("/{}.{ending}", dimension.name()), self.period, &self.choice)
    }

    /// Where everything is shown, of the same days.
    pub fn everything(&self) -> String {
        self.address("", self.period, &Choice::default())
    }

    /// Where a value is shown alone: with the filters that are there as far as sums can join them, else in their place.
    /// Nothing for what is no single value, and for what is shown alone already.
    pub fn of_value(&self, dimension: Dimension, value: &str) -> Option<String> {
        if value.is_empty() || value == OTHER {
            return None;
        }
        self.narrowed(Part::is(Key::Of(dimension), value))
    }

    /// Where those are shown alone who reached a goal.
    pub fn of_goal(&self, name: &str) -> Option<String> {
        self.narrowed(Part::is(Key::Goal, name))
    }

    fn narrowed(&self, part: Part) -> Option<String> {
        if self.choice.parts.contains(&part) {
            return None;
        }
        let others = self.choice.parts.iter().filter(|other| other.key != part.key).cloned();
        let joined = Choice { parts: others.collect() }.and(part.clone());
        let is_seen = |chosen: &Chosen| chosen.goal.is_none() || chosen.filter.is_none();
        let choice = match joined.made_out(self.site) {
            Ok(chosen) if is_seen(&chosen) => joined,
            _ => Choice::default().and(part),
        };
        Some(self.address("", self.period, &choice))
    }

    /// The filters that act.
    pub fn chips(&self) -> Vec<Chip> {
        let chip = |(place, part): (usize, &Part)| Chip {
            key: title(&part.key, self.words),
            words: compared(part.comparison, self.words),
            values: part.values.iter().map(|value| shown(&part.key, value, self.words)).collect(),
            remove: self.address("", self.period, &self.choice.clone().without(place)),
        };
        self.choice.parts.iter().enumerate().map(chip).collect()
    }

    /// The periods to choose from.
    pub fn periods(&self) -> Vec<PeriodLink> {
        let link = |period: Period| PeriodLink {
            label: label(period, self.words),
            href: self.address("", period, &self.choice),
            is_current: period == self.period,
        };
        let custom = matches!(self.period, Period::Custom(..)).then_some(self.period);
        Period::ALL.into_iter().chain(custom).map(link).collect()
    }

    /// The width of the buckets of its chart: hours of single dimensions are not kept for ever.
    pub fn interval(&self, range: &Range) -> Interval {
        let oldest = range.today.0 - crate::limits::HOUR_DETAIL_DAYS;
        match range.interval() {
            Interval::Hour if !self.chosen.is_all() && range.span.first_day().0 < oldest => Interval::Day,
            interval => interval,
        }
    }

    /// Whether all of a span was counted under what is chosen: patterns are counted from their declaration on.
    pub fn is_counted(&self, span: &Span) -> bool {
        let pattern = self.chosen.goal.as_ref().filter(|goal| matches!(goal.target, Target::Pattern(_)));
        pattern.is_none_or(|goal| self.site.schedule.locate(goal.since()).day < span.first_day())
    }
}

/// What a reader calls a period.
fn label(period: Period, words: &Words) -> String {
    match period {
        Period::Today => words.period_today.to_owned(),
        Period::Yesterday => words.period_yesterday.to_owned(),
        Period::Days(days) => words.one(words.period_days, days),
        Period::Month => words.period_month.to_owned(),
        Period::LastMonth => words.period_last_month.to_owned(),
        Period::Year => words.period_year.to_owned(),
        Period::TwelveMonths => words.period_twelve_months.to_owned(),
        Period::All => words.period_all.to_owned(),
        Period::Custom(from, to) => words.range(from, to),
    }
}

fn title(key: &Key, words: &Words) -> String {
    match key {
        Key::Of(dimension) => words.alone(*dimension).to_owned(),
        Key::Prop(key) => words.one(words.property, words.visible(key)),
        Key::Goal => words.goal.to_owned(),
    }
}

fn compared(comparison: Comparison, words: &Words) -> &'static str {
    match comparison {
        Comparison::Is => words.filter_is,
        Comparison::IsNot => words.filter_is_not,
        Comparison::Contains => words.filter_contains,
        Comparison::ContainsNot => words.filter_contains_not,
    }
}

fn shown(key: &Key, value: &str, words: &Words) -> String {
    match key {
        Key::Of(dimension) => words.label(*dimension, value).to_owned(),
        Key::Prop(_) | Key::Goal => value.to_owned(),
    }
}
