//! The dashboard of one site and period, made of [`SitePage`].

use askama::Template;

use super::chart::Series;
use super::format::{Change, ShownFigure};
use super::live::{Arrived, Now};
use super::panel::{CardBody, CardView};
use super::watched::{Chip, FunnelPanel, GoalRow, SegmentLinks};
use super::words::Words;
use super::{Account, EmbedOptions, rendered};
use crate::cell::Metric;
use crate::limits;
use crate::rejection::Rejection;
use crate::report::FigureBounds;
use crate::report::bots::BotLine;
use crate::report::comparison::{Basis, ComparedWith};
use crate::site::{AddressMode, Day};

/// The dashboard of a site.
#[derive(Debug, Clone, Template)]
#[template(path = "site.html")]
pub struct SitePage {
    /// Its texts.
    pub words: &'static Words,
    /// What it is called: its domain.
    pub domain: String,
    /// Where all its links begin, such as `/example.com`.
    pub home: String,
    /// Where its visitors read what is done with them.
    pub privacy: String,
    /// The domains of the sites that it shows as one; none for the page of one site.
    pub members: Vec<String>,
    /// How it stands.
    pub embed_options: EmbedOptions,
    /// Name of its time zone.
    pub time_zone: String,
    /// What becomes of addresses: says why something was not measured.
    pub address: AddressMode,
    /// Who is signed in.
    pub account: Option<Account>,
    /// Visitors of the last five minutes; nothing where they are not measured.
    pub now: Option<u64>,
    /// The days to choose from.
    pub period: PeriodForm,
    /// What they can be compared with.
    pub compare: Choose,
    /// The widths of buckets to choose from; none if there is only one.
    pub intervals: Vec<LinkTo>,
    /// The first and the last day of the range.
    pub days: (Day, Day),
    /// What the range is compared with.
    pub compared: ComparedWith,
    /// Whether the range's last day is still running.
    pub is_running: bool,
    /// The filters that act on the page.
    pub filters: Vec<Chip>,
    /// Where the page without any filter is.
    pub everything: String,
    /// The segments that can be looked at.
    pub segments: SegmentLinks,
    /// What readers must know before they trust a number.
    pub notices: Vec<String>,
    /// Paths whose children look personal, of which the owner has not said yet what becomes of them; without a slash at the end.
    pub personal: Vec<String>,
    /// The totals of the range.
    pub totals: Vec<Total>,
    /// Money that the chosen goal brought, by currency, in units.
    pub revenue: Vec<(String, f64)>,
    /// The same over time.
    pub series: Series,
    /// The panels, by card.
    pub cards: Vec<CardView>,
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
    /// Where all about programs and mails can be had.
    pub files: Files,
    /// Whether its reader sees what is told beside the figures: programs, mails, what was not counted.
    pub has_records: bool,
    /// The piece of HTML to paste into the site's pages.
    pub snippet: String,
    /// Whether nothing was ever counted: the page then teaches.
    pub is_new: bool,
    /// What has arrived then.
    pub arrived: Option<Arrived>,
}

/// A link to another view.
#[derive(Debug, Clone)]
pub struct LinkTo {
    /// What it is called, such as `Last 7 days`.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Whether it is what is shown.
    pub is_current: bool,
}

/// The days to choose from.
#[derive(Debug, Clone)]
pub struct PeriodForm {
    /// What is chosen.
    pub label: String,
    /// Those with a name, each with the key that leads there.
    pub links: Vec<(Option<&'static str>, LinkTo)>,
    /// As many days before.
    pub earlier: Option<String>,
    /// As many days after.
    pub later: Option<String>,
    /// First day of what is chosen.
    pub first: Day,
    /// Last day.
    pub last: Day,
    /// The last day that can be chosen.
    pub today: Day,
    /// What else the address says.
    pub hidden: Vec<(String, String)>,
}

impl ComparedWith {
    /// For scripts: the days that figures are compared with, and up to which hour or day; null where they are not.
    pub fn json(&self) -> serde_json::Value {
        let ComparedWith::Days { days: (first, last), basis } = self else { return serde_json::Value::Null };
        let (from, to) = (first.to_string(), last.to_string());
        match basis {
            Basis::Whole => serde_json::json!({"from": from, "to": to}),
            Basis::Until(hour) => serde_json::json!({"from": from, "to": to, "until": format!("{:02}:00", hour.0)}),
            Basis::WithoutLastDay => serde_json::json!({"from": from, "to": Day(last.0 - 1).to_string()}),
        }
    }

    /// What a reader of a file has to know: which part is compared, or why nothing is.
    pub fn partly_told(&self) -> Option<String> {
        let told = self
            .told(&super::words::ENGLISH)
            .filter(|_| !matches!(self, ComparedWith::Days { basis: Basis::Whole, .. }));
        told.map(|told| format!("The columns `_before` and `_change`: {told}."))
    }

    /// In words.
    pub fn told(&self, words: &Words) -> Option<String> {
        let range = |days: &(Day, Day)| words.range(days.0, days.1);
        Some(match self {
            ComparedWith::Nothing => return None,
            ComparedWith::Days { days, basis } => {
                let compared = words.one(words.range_compared, range(days));
                match basis {
                    Basis::Whole => compared,
                    Basis::Until(hour) => {
                        format!("{compared}, {}", words.one(words.range_until, format!("{:02}:00", hour.0)))
                    }
                    Basis::WithoutLastDay => format!("{compared}, {}", words.range_without_last),
                }
            }
            ComparedWith::NotCounted { days, since } => {
                words.two(words.range_not_counted, range(days), words.range(*since, *since))
            }
            ComparedWith::NotKept(days) => words.one(words.range_not_kept, range(days)),
            ComparedWith::NoHourOver => words.range_no_hour.to_owned(),
            ComparedWith::NotByHour => words.range_not_by_hour.to_owned(),
            ComparedWith::NotInMemory => words.range_not_in_memory.to_owned(),
        })
    }
}

/// What the days can be compared with.
#[derive(Debug, Clone)]
pub struct Choose {
    /// Those with a name.
    pub links: Vec<LinkTo>,
    /// With the same weekdays, or without.
    pub weekdays: LinkTo,
    /// Lists too, or totals alone.
    pub lists: LinkTo,
    /// First day of what they are compared with.
    pub since: Day,
    /// Whether that is a choice of its own.
    pub is_custom: bool,
    /// What else the address says.
    pub hidden: Vec<(String, String)>,
}

/// Addresses of files that are no panels.
#[derive(Debug, Clone)]
pub struct Files {
    /// About programs, as CSV and as JSON.
    pub bots: [String; 2],
    /// About mails, as CSV and as JSON.
    pub mails: [String; 2],
}

/// A total of the range.
#[derive(Debug, Clone)]
pub struct Total {
    /// Of what.
    pub metric: Metric,
    /// How much; nothing where it is not measured. Where it is not sure, the most.
    pub value: Option<f64>,
    /// The least, where it is not sure.
    pub bounds: Option<FigureBounds>,
    /// How much of that is compared: all of it, unless a day still runs.
    pub compared: Option<f64>,
    /// How much in the range before, if that is to be compared.
    pub before: Option<f64>,
    /// Whether it is of a goal, which is reached by each of its events.
    pub is_of_goal: bool,
    /// Where the chart draws it; nothing where it can't.
    pub href: Option<String>,
    /// Whether the chart does.
    pub is_drawn: bool,
}

/// Beacons that were not counted for one reason.
#[derive(Debug, Clone, Copy)]
pub struct NotCounted {
    /// The reason.
    pub reason: Rejection,
    /// How many.
    pub count: u64,
}

impl NotCounted {
    /// Lines of rejections, in the order in which they come.
    pub fn of(rejected: Vec<(Rejection, u64)>) -> Vec<NotCounted> {
        rejected.into_iter().map(|(reason, count)| NotCounted { reason, count }).collect()
    }
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

/// The words explained at the foot of the page; the last two where there are such totals.
const EXPLAINED: [Metric; 9] = [
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::ViewsPerVisit,
    Metric::BounceRate,
    Metric::VisitDuration,
    Metric::Events,
    Metric::ScrollDepth,
    Metric::TimeOnPage,
];

/// The columns of mails, and what they mean.
fn of_mails(words: &Words) -> [(&'static str, &'static str); 7] {
    [
        (words.sent, words.sent_why),
        (words.opened, words.opened_why),
        (words.proxies, words.proxies_why),
        (words.readers, words.readers_why),
        (words.relays, words.relays_why),
        (words.visited, words.visited_why),
        (words.scanners, words.scanners_why),
    ]
}

impl SitePage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    fn range(&self) -> String {
        self.words.range(self.days.0, self.days.1)
    }

    /// Whether the range is compared, and a total of it can't be.
    fn is_not_compared(&self, total: &Total) -> bool {
        let is_compared = matches!(self.compared, ComparedWith::Days { .. });
        is_compared && total.metric == Metric::Visitors && total.before.is_none()
    }

    /// Visits and pageviews of a range are what they are of a day; visitors are not, because nothing connects days.
    fn is_sum_of_days(&self, total: &Total) -> bool {
        total.metric == Metric::Visitors && total.value.is_some() && self.days.0 != self.days.1
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

    fn now_part(&self) -> Now {
        Now { words: self.words, address: self.address, now: self.now }
    }

    fn not_measured(&self) -> &'static str {
        self.words.why_not_measured(self.address)
    }

    fn not_counted_total(&self) -> String {
        let total = self.not_counted.iter().map(|line| line.count as f64).sum();
        self.words.many(total, self.words.not_counted_one, self.words.not_counted_total)
    }

    /// The families that the panel shows.
    fn bots_shown(&self) -> &[BotLine] {
        self.bots.get(..limits::BOTS_SHOWN).unwrap_or(&self.bots)
    }

    fn bots_hidden(&self) -> Option<String> {
        let hidden = self.bots.len().saturating_sub(limits::BOTS_SHOWN);
        (hidden > 0).then(|| self.words.exact(hidden as f64))
    }

    fn bots_total(&self) -> String {
        let total = self.bots.iter().map(|line| line.count as f64).sum();
        self.words.many(total, self.words.bots_one, self.words.bots_total)
    }

    /// What a total means. On a page of several sites a person may be a visitor of each.
    fn meaning(&self, metric: Metric) -> &'static str {
        let is_of_several = metric == Metric::Visitors && !self.members.is_empty();
        if is_of_several { self.words.together_visitors_why } else { self.words.meaning(metric) }
    }

    fn meaning_of(&self, total: &Total) -> &'static str {
        if total.is_conversions() { self.words.conversions_why } else { self.meaning(total.metric) }
    }

    /// The words that stand on the page, and what they mean.
    fn explained(&self) -> Vec<(&'static str, &'static str)> {
        let words = self.words;
        let is_there = |metric: &Metric| match metric {
            Metric::ScrollDepth | Metric::TimeOnPage => self.totals.iter().any(|total| total.metric == *metric),
            _ => true,
        };
        let metrics = EXPLAINED.into_iter().filter(is_there);
        let mut explained: Vec<_> = metrics.map(|metric| (words.name(metric), self.meaning(metric))).collect();
        if !self.goals.is_empty() {
            explained.push((words.conversions, words.conversions_why));
            explained.push((words.conversion_rate, words.conversion_rate_why));
        }
        if !self.funnels.is_empty() {
            explained.push((words.lost, words.lost_why));
        }
        if !self.revenue.is_empty() {
            explained.push((words.revenue, words.revenue_why));
        }
        if !self.mails.is_empty() {
            explained.extend(of_mails(words));
        }
        explained
    }

    /// What the owner is asked about a path whose children look personal.
    fn personal_asked(&self, parent: &str) -> String {
        self.words.two(self.words.personal_asked, format!("`{parent}/`"), format!("`{parent}/:other`"))
    }

    fn personal_template(&self, parent: &str) -> String {
        self.words.one(self.words.personal_template, format!("{parent}/:id"))
    }

    /// Whether the site can be changed by who reads this.
    fn is_owner(&self) -> bool {
        self.members.is_empty() && self.account.as_ref().is_some_and(|account| account.is_owner)
    }

    /// Where whoever may do so makes a segment of the filters.
    fn save_segment(&self) -> Option<&String> {
        self.segments.new.as_ref().filter(|_| self.is_owner())
    }

    fn is_filtered(&self) -> bool {
        !self.filters.is_empty()
    }

    fn revenue_shown(&self) -> String {
        self.words.brief_money(&self.revenue)
    }

    fn revenue_full(&self) -> String {
        self.words.money(&self.revenue)
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

    fn is_conversions(&self) -> bool {
        self.is_of_goal && self.metric == Metric::Events
    }

    fn figure(&self, words: &Words) -> ShownFigure {
        words.figure(self.metric, self.value, self.bounds)
    }

    fn change(&self, words: &Words) -> Option<Change> {
        words.change(self.metric, self.compared, self.before)
    }

    fn before_shown(&self, words: &Words) -> String {
        let shown = |value| words.full(self.metric, value).unwrap_or_else(|| words.metric(self.metric, value));
        match self.compared == self.value {
            true => words.one(words.before_value, shown(self.before)),
            false => words.two(words.before_part, shown(self.before), shown(self.compared)),
        }
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
