//! In: the reports of one site and period, copied into [`SitePage`]. Out: its dashboard as HTML. Forgets: nothing.

use std::borrow::Cow;

use askama::Template;

use super::chart::Series;
use super::format::{Change, Tone, tame};
use super::watched::{Chip, FunnelPanel, GoalRow, money};
use super::words::Words;
use super::{Account, names, rendered};
use crate::cell::{Dimension, Metric, NOT_SET};
use crate::counts::Name;
use crate::rejection::Rejection;
use crate::report::bots::BotLine;
use crate::site::{AddressMode, Day};

/// The dashboard of a site.
#[derive(Debug, Clone, Template)]
#[template(path = "site.html")]
pub struct SitePage {
    /// Its texts.
    pub words: &'static Words,
    /// The site's domain.
    pub domain: String,
    /// Name of its time zone.
    pub time_zone: String,
    /// What becomes of addresses: says why something was not measured.
    pub address: AddressMode,
    /// Who is signed in.
    pub account: Option<Account>,
    /// Visitors of the last five minutes; nothing where they are not measured.
    pub now: Option<u64>,
    /// The periods to choose from.
    pub periods: Vec<PeriodLink>,
    /// First day of the range.
    pub first: Day,
    /// Last day of the range.
    pub last: Day,
    /// First and last day of the range it is compared with.
    pub compared: Option<(Day, Day)>,
    /// Whether the range's last day is still running.
    pub is_running: bool,
    /// The filters that act on the page.
    pub filters: Vec<Chip>,
    /// Where the page without any filter is.
    pub everything: String,
    /// What readers must know before they trust a number.
    pub notices: Vec<String>,
    /// The totals of the range.
    pub totals: Vec<Total>,
    /// Money that the chosen goal brought, by currency, in units.
    pub revenue: Vec<(String, f64)>,
    /// The same over time.
    pub series: Series,
    /// The breakdowns. Their order does not matter; dimensions without a panel are left out.
    pub panels: Vec<Panel>,
    /// The site's goals.
    pub goals: Vec<GoalRow>,
    /// The site's funnels.
    pub funnels: Vec<FunnelPanel>,
    /// What became of the mails of campaigns.
    pub mails: Vec<MailLine>,
    /// Beacons that were not counted, by reason, the most frequent first.
    pub not_counted: Vec<NotCounted>,
    /// The programs among them, the most frequent families first.
    pub bots: Vec<BotLine>,
    /// Where all about them can be had as CSV.
    pub bots_csv: String,
    /// The same as JSON.
    pub bots_json: String,
    /// The piece of HTML to paste into the site's pages.
    pub snippet: String,
    /// Whether nothing was ever counted: the page then teaches.
    pub is_new: bool,
}

/// A period to choose.
#[derive(Debug, Clone)]
pub struct PeriodLink {
    /// Its name, such as `Last 7 days`.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Whether it is the one shown.
    pub is_current: bool,
}

/// A total of the range.
#[derive(Debug, Clone)]
pub struct Total {
    /// Of what.
    pub metric: Metric,
    /// How much; nothing where it is not measured.
    pub value: Option<f64>,
    /// How much in the range before, if that is to be compared.
    pub before: Option<f64>,
    /// Whether it is of a goal, which is reached by each of its events.
    pub is_of_goal: bool,
}

/// A breakdown by one dimension.
#[derive(Debug, Clone)]
pub struct Panel {
    /// By what.
    pub dimension: Dimension,
    /// What the columns count; the bars show the first.
    pub metrics: Vec<Metric>,
    /// The first rows in order; nothing where the dimension is not measured.
    pub rows: Option<Vec<PanelRow>>,
    /// Why sums can't tell it under the filter; there are no rows then.
    pub refused: Option<&'static str>,
    /// How many values there are in all.
    pub values: usize,
    /// Where all of it can be had as CSV.
    pub csv: Option<String>,
    /// Where all of it can be had as JSON.
    pub json: Option<String>,
}

/// A row of a breakdown.
#[derive(Debug, Clone)]
pub struct PanelRow {
    /// The value as stored.
    pub value: Name,
    /// One number for each metric of the panel.
    pub metrics: Vec<Option<f64>>,
    /// The first metric as a part of the range's total, 0 to 1.
    pub share: Option<f64>,
    /// Where the page about this value alone is.
    pub href: Option<String>,
}

/// Beacons that were not counted for one reason.
#[derive(Debug, Clone, Copy)]
pub struct NotCounted {
    /// The reason.
    pub reason: Rejection,
    /// How many.
    pub count: u64,
}

/// What became of the mails of a campaign.
#[derive(Debug, Clone, Default)]
pub struct MailLine {
    /// The campaign.
    pub campaign: String,
    /// How many were sent, as its owner says.
    pub sent: u64,
    /// Pictures that readers and their providers asked for.
    pub opened: u64,
    /// Those of them that a provider asked for, such as Gmail.
    pub proxied: u64,
    /// Distinct readers who did, added by day.
    pub readers: u64,
    /// Pictures that privacy relays fetched.
    pub relays: u64,
    /// Links that were followed.
    pub clicked: u64,
    /// Visits that bear its name.
    pub visited: u64,
    /// Pictures and links that scanners looked at.
    pub scanners: u64,
}

impl MailLine {
    /// What the line counts, by name.
    pub fn numbers(&self) -> [(&'static str, u64); 8] {
        [
            ("sent", self.sent),
            ("opened", self.opened),
            ("opened_by_proxies", self.proxied),
            ("readers", self.readers),
            ("fetched_by_relays", self.relays),
            ("clicked", self.clicked),
            ("visited", self.visited),
            ("scanned", self.scanners),
        ]
    }
}

/// A panel, and those that say more about the same.
struct Card<'a> {
    main: &'a Panel,
    more: Vec<&'a Panel>,
}

/// Which panels stand together, and in which order.
const CARDS: [&[Dimension]; 10] = [
    &[Dimension::Page, Dimension::Hostname],
    &[Dimension::EntryPage],
    &[Dimension::ExitPage],
    &[Dimension::Source, Dimension::Channel, Dimension::Referrer],
    &[Dimension::UtmCampaign, Dimension::UtmSource, Dimension::UtmMedium, Dimension::UtmContent, Dimension::UtmTerm],
    &[Dimension::Country, Dimension::Region, Dimension::City, Dimension::Language],
    &[Dimension::Browser, Dimension::BrowserVersion],
    &[Dimension::Os, Dimension::OsVersion],
    &[Dimension::Device, Dimension::Screen],
    &[Dimension::Event],
];

/// Families of programs that the panel shows.
const BOTS_SHOWN: usize = 15;

/// The words explained at the foot of the page.
const EXPLAINED: [Metric; 7] = [
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::ViewsPerVisit,
    Metric::BounceRate,
    Metric::VisitDuration,
    Metric::Events,
];

impl SitePage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    fn range(&self) -> String {
        self.words.range(self.first, self.last)
    }

    fn compared_range(&self) -> Option<String> {
        self.compared.map(|(first, last)| self.words.range(first, last))
    }

    /// Visits and pageviews of a range are what they are of a day; visitors are not, because nothing connects days.
    fn is_sum_of_days(&self, total: &Total) -> bool {
        total.metric == Metric::Visitors && total.value.is_some() && self.first != self.last
    }

    /// A day that still runs is compared with a whole one: to have less of it so far is no bad news.
    fn tone(&self, total: &Total, change: &Change) -> Tone {
        let is_sum = matches!(total.metric, Metric::Visitors | Metric::Visits | Metric::Pageviews | Metric::Events);
        let is_early = self.is_running && self.first == self.last;
        if is_sum && is_early && change.tone == Tone::Bad { Tone::Even } else { change.tone }
    }

    fn why_none(&self) -> &'static str {
        match self.address {
            AddressMode::None => self.words.not_measured,
            AddressMode::Hash | AddressMode::Truncate => self.words.no_visits,
        }
    }

    fn exact(&self, count: &u64) -> String {
        self.words.exact(*count as f64)
    }

    fn now_shown(&self, now: &u64) -> String {
        self.words.many(*now as f64, self.words.visitor_now, self.words.visitors_now)
    }

    fn not_measured(&self) -> &'static str {
        self.words.why_not_measured(self.address)
    }

    fn cards(&self) -> Vec<Card<'_>> {
        let panel = |dimension: &Dimension| self.panels.iter().find(|panel| panel.dimension == *dimension);
        let card = |dimensions: &&[Dimension]| {
            let mut panels = dimensions.iter().filter_map(panel);
            // What says more about nothing only takes room.
            let says_something = |panel: &&Panel| {
                panel.refused.is_none() && panel.rows.as_ref().is_none_or(|rows| !panel.is_nothing(rows))
            };
            Some(Card { main: panels.next()?, more: panels.filter(says_something).collect() })
        };
        CARDS.iter().filter_map(card).collect()
    }

    /// The query that leads back to the period shown.
    fn query(&self) -> &str {
        let current = self.periods.iter().find(|period| period.is_current);
        current.and_then(|period| period.href.split_once('?')).map_or("", |(_, query)| query)
    }

    fn not_counted_total(&self) -> String {
        self.words.exact(self.not_counted.iter().map(|line| line.count as f64).sum())
    }

    /// The families that the panel shows.
    fn bots_shown(&self) -> &[BotLine] {
        self.bots.get(..BOTS_SHOWN).unwrap_or(&self.bots)
    }

    fn bots_hidden(&self) -> Option<String> {
        let hidden = self.bots.len().saturating_sub(BOTS_SHOWN);
        (hidden > 0).then(|| self.words.exact(hidden as f64))
    }

    fn bots_total(&self) -> String {
        self.words.exact(self.bots.iter().map(|line| line.count as f64).sum())
    }

    fn explained(&self) -> Vec<(&'static str, &'static str)> {
        let words = EXPLAINED.map(|metric| (self.words.name(metric), self.words.meaning(metric)));
        let of_goals = (!self.goals.is_empty()).then_some([
            (self.words.conversions, self.words.conversions_why),
            (self.words.conversion_rate, self.words.conversion_rate_why),
        ]);
        words.into_iter().chain(of_goals.into_iter().flatten()).collect()
    }

    fn is_filtered(&self) -> bool {
        !self.filters.is_empty()
    }

    fn revenue_shown(&self) -> String {
        let sums =
            self.revenue.iter().map(|(currency, sum)| format!("{currency}\u{a0}{}", self.words.brief_amount(*sum)));
        sums.collect::<Vec<_>>().join(", ")
    }

    fn revenue_full(&self) -> String {
        money(&self.revenue, self.words)
    }

    fn has_unmet_goals(&self) -> bool {
        self.goals.iter().any(|goal| goal.figures.is_none())
    }

    fn has_money(&self) -> bool {
        self.goals.iter().any(|goal| !goal.money(self.words).is_empty())
    }
}

impl Total {
    fn name(&self, words: &Words) -> &'static str {
        if self.is_conversions() { words.conversions } else { words.name(self.metric) }
    }

    fn meaning(&self, words: &Words) -> &'static str {
        if self.is_conversions() { words.conversions_why } else { words.meaning(self.metric) }
    }

    fn is_conversions(&self) -> bool {
        self.is_of_goal && self.metric == Metric::Events
    }

    fn shown(&self, words: &Words) -> String {
        words.metric(self.metric, self.value)
    }

    fn full(&self, words: &Words) -> Option<String> {
        words.full(self.metric, self.value)
    }

    fn change(&self, words: &Words) -> Option<Change> {
        words.change(self.metric, self.value, self.before)
    }

    fn before_shown(&self, words: &Words) -> String {
        let shown = words.full(self.metric, self.before).unwrap_or_else(|| words.metric(self.metric, self.before));
        words.one(words.before_value, shown)
    }
}

impl Panel {
    fn id(&self) -> &'static str {
        self.dimension.name()
    }

    fn title(&self, words: &Words) -> &'static str {
        words.title(self.dimension)
    }

    fn singular(&self, words: &Words) -> &'static str {
        words.singular(self.dimension)
    }

    fn empty(&self, words: &Words) -> &'static str {
        words.empty(self.dimension)
    }

    fn columns(&self, words: &Words) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.metrics.iter().map(|metric| (words.name(*metric), words.meaning(*metric)))
    }

    /// A second metric takes the place of the share, which the bar shows anyway.
    fn has_share(&self) -> bool {
        self.metrics.len() == 1
    }

    /// Values past the rows shown.
    fn hidden(&self, words: &Words) -> Option<String> {
        let shown = self.rows.as_ref().map_or(0, Vec::len);
        let hidden = self.values.saturating_sub(shown);
        (hidden > 0).then(|| words.exact(hidden as f64))
    }

    /// What the closed panel says of itself.
    fn hint(&self, words: &Words) -> String {
        match &self.rows {
            None => words.not_available.to_owned(),
            Some(rows) => words.count(self.values.max(rows.len()) as f64),
        }
    }

    fn label<'a>(&self, row: &'a PanelRow, words: &Words) -> Cow<'a, str> {
        words.visible(words.label(self.dimension, &row.value))
    }

    /// The value as stored, for those who want to know.
    fn full<'a>(&self, row: &'a PanelRow, words: &Words) -> Cow<'a, str> {
        words.visible(&row.value)
    }

    fn is_rest(&self, row: &PanelRow) -> bool {
        names::is_rest(self.dimension, &row.value)
    }

    /// Whether no row has a value of its own: nothing was sent, or nothing is known.
    fn is_nothing(&self, rows: &[PanelRow]) -> bool {
        rows.iter().all(|row| &*row.value == NOT_SET)
    }

    fn cells(&self, row: &PanelRow, words: &Words) -> Vec<(String, Option<String>)> {
        let cell =
            |(metric, value): (&Metric, &Option<f64>)| (words.metric(*metric, *value), words.full(*metric, *value));
        self.metrics.iter().zip(&row.metrics).map(cell).collect()
    }
}

impl PanelRow {
    fn share_shown(&self, words: &Words) -> String {
        self.share.map_or_else(|| words.not_available.to_owned(), |share| words.share(share))
    }

    /// Length of the bar, in percent.
    fn bar(&self) -> String {
        format!("{:.1}%", tame(self.share.unwrap_or(0.0)).min(1.0) * 100.0)
    }
}

impl NotCounted {
    pub(super) fn name(&self, words: &Words) -> &'static str {
        words.rejection(self.reason).0
    }

    /// What happened; every other part is a command.
    fn sentence(&self, words: &Words) -> &'static str {
        words.rejection(self.reason).1
    }

    pub(super) fn shown(&self, words: &Words) -> String {
        words.exact(self.count as f64)
    }
}
