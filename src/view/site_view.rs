//! Which figures of a site a reader sees, and the addresses of all views that lie one click away.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::url_state::UrlState;
use crate::cell::{Condition, Dimension, Metric, NOT_SET, OTHER};
use crate::limits;
use crate::page::cards::{Card, Tab};
use crate::page::words::Words;
use crate::page::{Choose, EmbedOptions, Files, LinkTo, PeriodForm, bots, keys};
use crate::report::choice::{Choice, Chosen, FilterKey, NotAChoice, WrittenFilter, escaped, scope_of};
use crate::report::comparison::KeptHours;
use crate::report::folded;
use crate::report::period::{Compare, NotACompare, NotAPeriod, Period, Range, With};
use crate::report::query::ASK_MEMORY;
use crate::report::{Interval, Span, Sums};
use crate::site::{Annotation, Day, Moment, Segment, Site};
use crate::store::StoreError;

/// What is written as it is in a part of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.').remove(b':');

/// Who looks at figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Somebody who is signed in sees every figure.
    SignedIn,
    /// The same, who reads several sites as one: what belongs to one site is left out.
    Together,
    /// Anybody: sums of days that are over, without small counts, and no filters.
    Public,
}

/// What a reader wants to see of a site.
#[derive(Debug, Clone)]
pub struct SiteView<'a> {
    /// The texts of its reader.
    pub words: &'static Words,
    /// Who looks.
    pub audience: Audience,
    /// What it is called: the site's domain.
    pub name: String,
    /// Where all links of the page begin: `/example.com`, `/share/SLUG`.
    pub home: String,
    /// Whether search engines may list the page.
    pub is_findable: bool,
    /// The site.
    pub site: &'a Site,
    /// Whether its days have one clock: those of several sites may have several.
    pub has_one_clock: bool,
    /// What is chosen.
    pub state: UrlState,
    /// The filters of that, resolved.
    pub chosen: Chosen,
}

/// Why an address leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// There is no such period.
    #[error(transparent)]
    Period(#[from] NotAPeriod),
    /// There is nothing such to compare with.
    #[error(transparent)]
    Compare(#[from] NotACompare),
    /// There is no such filter.
    #[error(transparent)]
    Filter(#[from] NotAChoice),
    /// A goal stands beside a filter.
    #[error(
        "a goal and another filter leave no dimension for the panels: sums are kept of any two; look at one of them, or ask \
         `headcount report --goal NAME --filter KEY=VALUE`"
    )]
    GoalAndFilter,
    /// It is asked of visits, and not of today.
    #[error("{of_visits}. {ASK_MEMORY}", of_visits = NotAChoice::OfVisits)]
    AskMemory,
    /// Not all visits are there that would tell.
    #[error(
        "these filters together are known of days whose visits are all in memory; since the last start they are not. {ASK_MEMORY}"
    )]
    NotInMemory,
    /// It is for signed-in people.
    #[error("this page is open to everybody and shows whole days that are over, without filters; sign in to see more")]
    NotForAll,
}

/// The list of sections.
pub(super) const SECTIONS_TAB: Tab = Tab::Of(Dimension::Section);

impl<'a> SiteView<'a> {
    /// What somebody who is signed in asks for by a query. Without a period it is that which fits the site's age.
    ///
    /// # Errors
    /// [`ViewError`]: other figures than those asked for must not be shown.
    pub fn read(
        site: &'a Site,
        query: &[(String, String)],
        now: Moment,
        words: &'static Words,
    ) -> Result<SiteView<'a>, ViewError> {
        let usual = if now.0 - site.added.0 < limits::SITE_YOUNG_MS { Period::Today } else { Period::Days(30) };
        let state = UrlState { is_embedded: false, ..UrlState::read(query, usual)? };
        let chosen = chosen(&state, site)?;
        let home = format!("/{}", site.domain);
        let name = site.domain.to_string();
        let (audience, has_one_clock) = (Audience::SignedIn, true);
        Ok(SiteView { words, audience, name, home, is_findable: false, site, has_one_clock, state, chosen })
    }

    /// What anybody asks for by a query, of a page that begins at `home`.
    ///
    /// # Errors
    /// [`ViewError`]: what is for signed-in people is refused, so that nobody takes other figures for it.
    pub fn public(
        site: &'a Site,
        home: String,
        query: &[(String, String)],
        words: &'static Words,
    ) -> Result<SiteView<'a>, ViewError> {
        let state = UrlState::read(query, Period::Days(30))?;
        if state.period == Period::Today || state.by == Some(Interval::Hour) || !state.choice.is_empty() {
            return Err(ViewError::NotForAll);
        }
        let chosen = state.choice.resolve(site)?;
        let name = site.domain.to_string();
        let (audience, has_one_clock) = (Audience::Public, true);
        Ok(SiteView { words, audience, name, home, is_findable: false, site, has_one_clock, state, chosen })
    }

    /// The same of sums that are of one of the site's segments alone.
    #[must_use]
    pub fn of_segment(self, segment: &Segment) -> SiteView<'a> {
        let scope = scope_of(&[segment.number.to_string()], self.site);
        let chosen = Chosen { segment: Some(scope), ..Chosen::default() };
        SiteView { name: format!("{} · {}", self.name, segment.name), chosen, ..self }
    }

    /// What its period means at a moment. `first_day` is the first one with data.
    pub fn range(&self, now: Moment, first_day: Option<Day>) -> Range {
        let range = self.state.period.range(&self.site.schedule, now, first_day);
        if self.audience == Audience::Public { range.over() } else { range }
    }

    /// The last day of which its page, or the list of a tab, asks for pairs; nothing where it asks for none.
    pub fn pairs_until(&self, tab: Option<&Tab>, now: Moment) -> Option<Day> {
        let range = self.range(now, None);
        let compared = range.compared(self.state.compare).map(|span| span.last_day());
        let is_in_pairs = |tab: &Tab| *tab == SECTIONS_TAB || *tab == Tab::Of(Dimension::Segment);
        let has_pairs = self.state.tabs.values().chain(tab).any(is_in_pairs);
        (has_pairs || !self.chosen.is_all()).then(|| range.span.last_day().max(compared.unwrap_or(Day(i32::MIN))))
    }

    /// How the page stands.
    pub fn embed_options(&self) -> EmbedOptions {
        EmbedOptions {
            is_embedded: self.state.is_embedded && self.audience == Audience::Public,
            is_findable: self.is_findable,
        }
    }

    /// The address of another view of the site.
    fn address(&self, below: &str, state: &UrlState) -> String {
        format!("{}{below}?{}", self.home, state.query())
    }

    /// The address of this view with something changed.
    pub(super) fn with(&self, change: impl FnOnce(&mut UrlState)) -> String {
        let mut state = self.state.clone();
        change(&mut state);
        self.address("", &state)
    }

    /// Where this view is.
    pub fn here(&self) -> String {
        self.address("", &self.state)
    }

    /// Where all rows of a panel are, or with an ending a file of them.
    pub fn below(&self, tab: &Tab, ending: &str) -> String {
        self.address(&format!("/{}{ending}", utf8_percent_encode(&tab.key(), SEGMENT)), &self.state)
    }

    /// The same without its query, for a form that searches there, and the pairs of the query.
    pub fn form_below(&self, tab: &Tab) -> (String, Vec<(String, String)>) {
        (format!("{}/{}", self.home, utf8_percent_encode(&tab.key(), SEGMENT)), self.state.pairs(&[]))
    }

    /// Whether its reader sees what is told of the whole site beside its figures: what was not counted, programs, mails, and
    /// who is there now.
    pub fn has_records(&self) -> bool {
        self.audience == Audience::SignedIn
    }

    /// Whether its reader sees goals and funnels.
    pub fn has_goals(&self) -> bool {
        self.audience == Audience::SignedIn
    }

    /// Whether its reader sees a card.
    pub fn has_card(&self, card: Card) -> bool {
        match card {
            Card::Goals => self.has_goals(),
            Card::Paths => self.audience != Audience::Public && self.chosen.is_of_pages(),
            _ => true,
        }
    }

    /// Whether its reader sees a tab.
    pub fn has_tab(&self, tab: &Tab) -> bool {
        let is_for_all = || tab.dimension().is_some_and(folded::is_for_all);
        let is_counted = *tab != SECTIONS_TAB || self.site.has_sections();
        is_counted && (self.audience != Audience::Public || is_for_all())
    }

    /// Whether its reader sees properties of events.
    pub fn has_props(&self) -> bool {
        self.audience != Audience::Public
    }

    /// What the owner noted beside the figures.
    pub fn notes(&self) -> &[Annotation] {
        if self.audience != Audience::Public { &self.site.settings.annotations } else { &[] }
    }

    /// Where something else below the site is, of the same days.
    pub fn file(&self, name: &str) -> String {
        format!("{}/{name}?{}", self.home, self.state.period.query())
    }

    /// Where all about programs and mails can be had.
    pub fn files(&self) -> Files {
        let files = |name: &str| ["csv", "json"].map(|ending| self.file(&format!("{name}.{ending}")));
        Files { bots: files(bots::NAME), mails: files("mail") }
    }

    /// Where everything is shown, of the same days.
    pub fn everything(&self) -> String {
        self.with(|state| state.choice = Choice::default())
    }

    /// Where a value is shown alone: with the filters that are there as far as sums can join them, else in their place.
    /// Nothing for what is no single value, and for what is shown alone already.
    pub fn of_value(&self, tab: &Tab, value: &str) -> Option<String> {
        if value.is_empty() || value == OTHER || self.audience == Audience::Public {
            return None;
        }
        let is_page = value != NOT_SET;
        let key = match tab {
            Tab::NextPage | Tab::Of(Dimension::PreviousPage) if is_page => FilterKey::Of(Dimension::Page),
            Tab::NextPage | Tab::Of(Dimension::PreviousPage) => return None,
            Tab::Of(dimension) => FilterKey::Of(*dimension),
            Tab::Map => FilterKey::Of(Dimension::Country),
            Tab::Prop(key) => FilterKey::Prop(key.to_string()),
            Tab::Missing | Tab::Goals | Tab::Funnels => return None,
        };
        self.narrowed(WrittenFilter::is(key, value))
    }

    /// Where those are shown alone who reached a goal.
    pub fn of_goal(&self, name: &str) -> Option<String> {
        if self.audience == Audience::Public { None } else { self.narrowed(WrittenFilter::is(FilterKey::Goal, name)) }
    }

    fn narrowed(&self, part: WrittenFilter) -> Option<String> {
        if self.state.choice.parts.contains(&part) {
            return None;
        }
        let others = self.state.choice.parts.iter().filter(|other| other.key != part.key).cloned();
        let joined = Choice { parts: others.collect() }.and(part.clone());
        let state = UrlState { choice: joined.clone(), ..self.state.clone() };
        // Under one event a property has a list of its own and no other; by itself, if it is named, it has all.
        let is_alone = matches!(&part.key, FilterKey::Prop(key) if self.site.named_property(key).is_some())
            && self.chosen.event().is_some();
        let is_joined = !is_alone && chosen(&state, self.site).is_ok();
        let choice = if is_joined { joined } else { Choice::default().and(part) };
        Some(self.with(|state| state.choice = choice))
    }

    /// The segments of the site, each where it is shown alone; that which is leads back to everything.
    pub fn segments(&self) -> Vec<LinkTo> {
        if self.audience != Audience::SignedIn {
            return Vec::new();
        }
        let link = |segment: &Segment| {
            let part = WrittenFilter::is(FilterKey::Of(Dimension::Segment), &segment.name);
            let alone = Choice::default().and(part);
            let is_current = self.state.choice == alone;
            let choice = if is_current { Choice::default() } else { alone };
            LinkTo { label: segment.name.clone(), href: self.with(|state| state.choice = choice), is_current }
        };
        self.site.settings.segments.iter().map(link).collect()
    }

    /// Where a segment is made of the filters that act, if they are more than one that is a segment already.
    pub fn new_segment(&self) -> Option<String> {
        let condition = self.state.choice.as_condition(self.site)?;
        let is_segment = |part: &WrittenFilter| part.key == FilterKey::Of(Dimension::Segment);
        let is_new =
            self.state.choice.parts.iter().any(|part| !is_segment(part)) && Condition::read(&condition).is_ok();
        let query = format!("condition={}", escaped(&condition));
        let is_known = self.audience == Audience::SignedIn && is_new;
        is_known.then(|| format!("/{}/settings?{query}#segment-add", self.site.domain))
    }

    fn has_period(&self, period: Period) -> bool {
        self.audience != Audience::Public || period != Period::Today
    }

    /// The days to choose from.
    pub fn period_form(&self, range: &Range) -> PeriodForm {
        let link = |period: Period| LinkTo {
            label: self.words.period(period),
            href: self.with(|state| state.period = period),
            is_current: period == self.state.period,
        };
        let neighbour = |is_later| range.neighbour(is_later).map(|period| self.with(|state| state.period = period));
        let periods = Period::ALL.into_iter().filter(|period| self.has_period(*period));
        PeriodForm {
            label: self.words.period(self.state.period),
            links: periods.map(|period| (keys::of_period(period), link(period))).collect(),
            earlier: neighbour(false),
            later: neighbour(true),
            first: range.span.first_day(),
            last: range.span.last_day(),
            today: range.today,
            hidden: self.state.pairs(&["period", "from", "to"]),
        }
    }

    /// What the days can be compared with. `before` is what they are compared with.
    pub fn compare_form(&self, range: &Range, before: Option<Span>) -> Choose {
        let compare = self.state.compare;
        let to = |with: With, label: &str| LinkTo {
            label: label.to_owned(),
            href: self.with(|state| state.compare.with = with),
            is_current: compare.with == with,
        };
        let words = self.words;
        let weekdays = Compare { matches_weekdays: !compare.matches_weekdays, ..compare };
        Choose {
            links: vec![
                to(With::Previous, words.compare_previous),
                to(With::YearBefore, words.compare_year),
                to(With::Nothing, words.compare_none),
            ],
            weekdays: LinkTo {
                label: words.compare_weekdays.to_owned(),
                href: self.with(|state| state.compare = weekdays),
                is_current: compare.matches_weekdays,
            },
            since: match compare.with {
                With::From(day) => day,
                _ => before.map_or(range.span.first_day(), Span::first_day),
            },
            lists: LinkTo {
                label: words.compare_lists.to_owned(),
                href: self.with(|state| state.compares_lists = !state.compares_lists),
                is_current: self.state.compares_lists,
            },
            is_custom: matches!(compare.with, With::From(_)),
            hidden: self.state.pairs(&["compare", "since"]),
        }
    }

    /// The widths that the chart can be drawn with.
    pub fn intervals(&self, range: &Range) -> Vec<LinkTo> {
        let current = self.interval(range);
        let title = |interval| match interval {
            Interval::Hour => self.words.hour,
            Interval::Day => self.words.day,
            Interval::Week => self.words.week,
            Interval::Month => self.words.month,
        };
        let link = |interval: Interval| LinkTo {
            label: title(interval).to_owned(),
            href: self.with(|state| state.by = Some(interval)),
            is_current: interval == current,
        };
        let links: Vec<LinkTo> = self.possible(range).into_iter().map(link).collect();
        if links.len() > 1 { links } else { Vec::new() }
    }

    /// Where the chart draws a metric; what it draws already leads back to the usual.
    pub fn drawn(&self, metric: Metric) -> String {
        self.with(|state| state.metric = (state.metric != Some(metric)).then_some(metric))
    }

    /// Where another tab of a card is seen.
    pub fn on_tab(&self, card: Card, tab: &Tab, usual: &Tab) -> String {
        self.with(|state| {
            if tab == usual {
                state.tabs.remove(card.key())
            } else {
                state.tabs.insert(card.key(), tab.clone())
            };
        })
    }

    /// The width of the buckets of its chart: as asked for where that can be, else as it fits.
    pub fn interval(&self, range: &Range) -> Interval {
        let possible = self.possible(range);
        let usual = match range.interval() {
            Interval::Hour if !possible.contains(&Interval::Hour) => Interval::Day,
            interval => interval,
        };
        self.state.by.filter(|interval| possible.contains(interval)).unwrap_or(usual)
    }

    /// Hours of single dimensions are not kept for ever, and are nothing for everybody.
    fn possible(&self, range: &Range) -> Vec<Interval> {
        let oldest = range.today.0 - self.site.settings.retention.hour_days(range.today);
        let has_hours = self.audience != Audience::Public
            && !self.chosen.is_of_two()
            && (self.chosen.is_all() || range.span.first_day().0 >= oldest);
        let mut intervals = range.intervals();
        intervals.retain(|interval| has_hours || *interval != Interval::Hour);
        intervals
    }

    /// The same where what is chosen is asked of whole visits if they are all in memory: then a segment is known by hour too.
    ///
    /// # Errors
    /// [`StoreError`], and within that [`ViewError::NotInMemory`] if nothing else can answer.
    pub fn remembered(self, now: Moment, sums: &dyn Sums) -> Result<Result<SiteView<'a>, ViewError>, StoreError> {
        let is_today = self.state.period == Period::Today;
        // What sums can't know of a list beside two filters, visits do.
        let is_of_two = self.chosen.filters.len() > 1 || self.chosen.is_of_sections();
        let is_segment = is_today && (self.chosen.segment.is_some() || is_of_two);
        if !is_segment && self.chosen.condition().is_none() {
            return Ok(Ok(self));
        }
        let span = self.range(now, None).span;
        let days = (span.first_day(), span.last_day());
        let is_in_memory = sums.matching(self.site.id, days, &Condition::All(Vec::new()), &[])?.is_some();
        Ok(match self.state.choice.of_visits(self.site) {
            Ok(chosen) if is_in_memory => Ok(SiteView { chosen, ..self }),
            _ if is_segment => Ok(self),
            _ => Err(ViewError::NotInMemory),
        })
    }

    /// Whether all of a span was counted under what is chosen.
    pub fn is_counted(&self, span: &Span) -> bool {
        let not_on = self.chosen.not_counted_on(self.site);
        not_on.is_none_or(|day| day < span.first_day())
    }

    /// Which hours tell of a running day.
    pub fn kept_hours(&self, range: &Range) -> KeptHours {
        let from = Day(range.today.0 - self.site.settings.retention.hour_days(range.today));
        KeptHours { from, has_one_clock: self.has_one_clock }
    }
}

/// What is chosen at a site. Today whole visits are asked where sums can't answer.
fn chosen(state: &UrlState, site: &Site) -> Result<Chosen, ViewError> {
    let of_sums = match state.choice.resolve(site) {
        Ok(chosen) if chosen.goal.is_none() || chosen.filters.is_empty() => return Ok(chosen),
        Ok(_) => ViewError::GoalAndFilter,
        Err(error) => ViewError::Filter(error),
    };
    match state.choice.of_visits(site) {
        Ok(chosen) if state.period == Period::Today => Ok(chosen),
        Err(error @ NotAChoice::Condition(_)) => Err(error.into()),
        Err(error @ NotAChoice::NotKept) if state.choice.has_condition() => Err(error.into()),
        of_visits => Err(match of_sums {
            ViewError::Filter(NotAChoice::Refused(error)) if of_visits.is_ok() => {
                ViewError::Filter(NotAChoice::Refused(error.or_ask(ASK_MEMORY)))
            }
            ViewError::Filter(NotAChoice::OfVisits) => ViewError::AskMemory,
            wrong => wrong,
        }),
    }
}
