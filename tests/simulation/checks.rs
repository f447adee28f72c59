//! What must hold of a world after each step.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use headcount::cell::filter::Test;
use headcount::cell::{Axis, Dimension, Filter};
use headcount::report::{Records, Sums};
use headcount::site::{Day, Hour, LocalHour, SiteId};
use headcount::store::{Ask, Grain, SumRow};

use super::ledger::{Column, Figure, Figures, Key};
use super::senders;
use super::world::{Doubt, KEPT_MONTHS, SimSite, SimWorld};

impl SimWorld {
    /// Compares all figures with the account, and searches the disk.
    pub fn check(&mut self) {
        self.note("check");
        for site in self.sites.clone() {
            let found = self.figures_of(&site);
            let Some((found, days)) = found else { continue };
            self.compare(&site, &found);
            if !site.is_doubtful {
                self.check_wholes(&site, &found, days);
                self.check_pairs(&site, &found);
            }
        }
        let meter = self.collector();
        let meter = meter.meter();
        assert_eq!(meter.received.get(), meter.counted.get() + meter.rejected(), "received");
        assert_eq!(meter.lost.get(), 0, "lost");
        if self.dice.percent(30) {
            self.search_disk();
        }
    }

    /// All figures of a site, and their first and last day; nothing where the disk does not let itself be read, or there are none.
    fn figures_of(&mut self, site: &SimSite) -> Option<(Figures, [Day; 2])> {
        let of_site = || self.ledger.figures().keys().filter(|(of, ..)| *of == site.id).map(|(_, day, _)| *day);
        let (first, last) = (of_site().min()?, of_site().max()?);
        let axes = [Axis::Total, Axis::Of(Dimension::Page), Axis::Of(Dimension::Source)];
        let asks = axes.map(|axis| ask(site.id, axis, Grain::Day, [first.0, last.0]));
        let rows = self.answered(self.collector().read(&asks))?;
        let mut figures = Figures::new();
        for (place, row) in rows.iter().enumerate().flat_map(|(place, rows)| rows.iter().map(move |row| (place, row))) {
            for column in Column::ALL {
                let figure = match place {
                    0 => Figure::Total(column),
                    1 => Figure::Page(row.value.to_string(), column),
                    _ => Figure::Source(row.value.to_string(), column),
                };
                *figures.entry((site.id, Day(row.bucket), figure)).or_default() += column.of(&row.tally);
            }
        }
        for day in of_site().collect::<std::collections::BTreeSet<_>>() {
            for (reason, count) in self.answered(self.collector().rejected(site.id, day, day))? {
                figures.insert((site.id, day, Figure::Rejected(reason)), count as i64);
            }
            let mails = self.answered(self.collector().mails(site.id, day, day))?;
            figures.insert((site.id, day, Figure::Mails), mails.values().map(|(count, _)| *count as i64).sum());
        }
        Some((figures, [first, last]))
    }

    /// An answer, which only a disk that fails may refuse.
    pub fn answered<T>(&self, answer: Result<T, headcount::store::StoreError>) -> Option<T> {
        let may_fail = self.disk.disk().faults.read > 0 || self.disk.disk().is_dead();
        match answer {
            Ok(answer) => Some(answer),
            Err(_) if may_fail => None,
            Err(error) => panic!("no answer: {error}"),
        }
    }

    fn compare(&self, site: &SimSite, found: &Figures) {
        let expected = self.ledger.figures().iter().filter(|((of, ..), _)| *of == site.id);
        for (key, expected) in expected {
            let found = found.get(key).copied().unwrap_or_default();
            let may_be_gone = site.is_doubtful || self.is_too_old(key.1);
            let fits = if may_be_gone { found <= *expected } else { found == *expected };
            assert!(fits, "{key:?}: {found}, and {expected} expected");
        }
        for (key, found) in found {
            // Rates of bounces and the like belong to totals.
            let is_compared = match &key.2 {
                Figure::Page(_, column) => matches!(column, Column::Pageviews),
                Figure::Source(_, column) => matches!(column, Column::Visits | Column::Pageviews),
                _ => true,
            };
            let expected = self.ledger.figures().get(key).copied().unwrap_or_default();
            assert!(!is_compared || *found <= expected, "{key:?}: {found}, and {expected} expected");
        }
    }

    /// What a page has from all sources together is what it has.
    fn check_pairs(&mut self, site: &SimSite, found: &Figures) {
        let of_pages = |((_, day, figure), count): (&Key, &i64)| match figure {
            Figure::Page(page, Column::Pageviews) if *count > 0 => Some((*day, page.clone())),
            _ => None,
        };
        let pages: Vec<_> = found.iter().filter_map(of_pages).collect();
        if pages.is_empty() {
            return;
        }
        let (day, page) = self.dice.pick(&pages).clone();
        let filter = Filter { axis: Axis::Of(Dimension::Page), test: Test::Is(vec![page.clone()]) };
        let of_day = ask(site.id, Axis::Of(Dimension::Source), Grain::Day, [day.0, day.0]);
        let Some(rows) = self.answered(self.collector().read(&[Ask { filter: Some(filter), ..of_day }])) else {
            return;
        };
        let sum: i64 = rows[0].iter().map(|row| row.tally.pageviews).sum();
        let whole =
            found.get(&(site.id, day, Figure::Page(page.clone(), Column::Pageviews))).copied().unwrap_or_default();
        let may_lack = self.ledger.lost_visits.contains(&(site.id, day)) || self.is_too_old(day);
        assert!(sum == whole || may_lack && sum < whole, "{page} of {day:?} from all sources: {sum} of {whole}");
    }

    /// What is found is at least what is stored, and at most what was acknowledged.
    pub fn check_between(&mut self) {
        let stored = self.ledger.stored();
        for site in self.sites.clone().into_iter().filter(|site| !site.is_doubtful) {
            let Some((found, _)) = self.figures_of(&site) else { continue };
            for (key, most) in self.ledger.figures().iter().filter(|((of, ..), _)| *of == site.id) {
                // Who was there before the damage may count again.
                let is_of_people = !matches!(
                    key.2,
                    Figure::Total(Column::Pageviews | Column::Events)
                        | Figure::Page(_, Column::Pageviews)
                        | Figure::Rejected(_)
                        | Figure::Mails
                );
                let found = found.get(key).copied().unwrap_or_default();
                let least = if self.is_too_old(key.1) { 0 } else { stored.get(key).copied().unwrap_or_default() };
                assert!(is_of_people || (least..=*most).contains(&found), "{key:?}: {found}, of {least}..={most}");
            }
        }
    }

    /// Whether the figures of a day may have gone for their age.
    fn is_too_old(&self, day: Day) -> bool {
        let today = headcount::collector::utc_day(self.believable);
        day.0 < today.0 + 1 - 31 * KEPT_MONTHS as i32 + 2
    }

    /// Days are the sums of their hours, months of their days, and totals of what each hit or visit is in once.
    fn check_wholes(&mut self, site: &SimSite, found: &Figures, days: [Day; 2]) {
        let [first, last] = days;
        let hours = [(first, 0), (last, 23)].map(|(day, hour)| LocalHour { day, hour: Hour(hour) }.number());
        let months = [Day(first.month().first().0), Day(last.month().last().0)];
        let asks = [
            ask(site.id, Axis::Total, Grain::Hour, hours),
            ask(site.id, Axis::Total, Grain::Month, [first.month().0, last.month().0]),
            ask(site.id, Axis::Total, Grain::Day, [months[0].0, months[1].0]),
        ];
        let Some(rows) = self.answered(self.collector().read(&asks)) else { return };
        let by_day = added(&rows[0], |bucket| LocalHour::from_number(bucket).day.0);
        for (figures, grain) in [(by_day, "hours"), (totals(found, Figure::is_of_page), "pages")] {
            for ((day, column), sum) in figures.into_iter().filter(|((day, _), _)| !self.is_too_old(Day(*day))) {
                let total = found.get(&(site.id, Day(day), Figure::Total(column))).copied().unwrap_or_default();
                assert_eq!(sum, total, "{grain} of {day}: {column:?}");
            }
        }
        let of_days = added(&rows[2], |bucket| Day(bucket).month().0);
        let of_months = added(&rows[1], |bucket| bucket);
        let keeps_all = |(month, _): &(i32, Column)| !self.is_too_old(headcount::site::Month(*month).first());
        for key in of_days.keys().chain(of_months.keys()).filter(|key| keeps_all(key)) {
            assert_eq!(of_days.get(key), of_months.get(key), "months are sums of days: {key:?}");
        }
    }

    /// Nothing that tells of a person may be on the disk.
    pub fn search_disk(&mut self) {
        let canaries = self.visitors.iter().flat_map(super::senders::SimVisitor::canaries);
        let canaries: Vec<String> = canaries.chain([senders::secret().to_owned()]).collect();
        let searcher = AhoCorasick::new(&canaries).expect("a few texts");
        let disk = self.disk.disk();
        let found = disk.contents().find_map(|bytes| searcher.find(bytes));
        assert!(found.is_none(), "{:?} is on the disk", found.map(|found| &canaries[found.pattern().as_usize()]));
    }

    /// What a start finds must be what was acknowledged. A command that failed may have come through: where a sync fails, SQLite
    /// leaves a transaction in its log that nobody was told of, and the next start finds it.
    pub fn take_stock(&mut self) {
        let doubts: Vec<Doubt> = std::mem::take(&mut self.failed).into_iter().chain(self.doubt.take()).collect();
        self.compare_sites(&doubts, false);
        for doubt in doubts {
            match doubt {
                Doubt::Adding(_) => {}
                Doubt::Removing(id) => self.find_all_or_none(id),
                Doubt::Forgetting(id) => self.doubt_site(id, true),
            }
        }
        self.check();
    }

    /// Sees what became of a command, of which somebody was told whether it is carried out.
    pub fn settle_doubt(&mut self, is_done: bool) {
        let Some(doubt) = self.doubt.take() else { return };
        self.compare_sites(std::slice::from_ref(&doubt), is_done);
        match &doubt {
            Doubt::Adding(domain) if is_done => {
                assert!(self.sites.iter().any(|site| site.domain == *domain), "{domain} was added");
            }
            Doubt::Removing(id) if is_done => {
                assert!(!self.sites.iter().any(|site| site.id == *id), "a site that was removed is there");
            }
            Doubt::Removing(id) => self.find_all_or_none(*id),
            Doubt::Forgetting(id) => self.doubt_site(*id, !is_done),
            Doubt::Adding(_) => {}
        }
        if !is_done {
            self.failed.push(doubt);
        }
    }

    /// The sites are those that were, but for commands that are in doubt. A removal of which somebody was told that it failed may be seen
    /// and yet be lost with the power.
    fn compare_sites(&mut self, doubts: &[Doubt], is_done: bool) {
        let declared = self.collector().directory().all();
        for site in std::mem::take(&mut self.sites) {
            if declared.iter().any(|other| other.id == site.id) {
                self.sites.push(site);
            } else {
                assert!(doubts.contains(&Doubt::Removing(site.id)), "{} is gone", site.domain);
                match is_done {
                    true => self.ledger.forget(site.id, |_| true, |_| false),
                    false => _ = self.half_removed.insert(site.id),
                }
            }
        }
        for site in &declared {
            let domain = site.domain.to_string();
            if !self.sites.iter().any(|known| known.id == site.id) {
                let is_doubtful = self.half_removed.contains(&site.id);
                assert!(is_doubtful || doubts.contains(&Doubt::Adding(domain.clone())), "{domain} is there");
                self.sites.push(SimSite { id: site.id, domain, is_doubtful });
            }
        }
        self.sites.sort_by_key(|site| site.id);
    }

    /// Of a site that was to be removed and is there, all figures are there or none.
    fn find_all_or_none(&mut self, id: SiteId) {
        let Some(site) = self.sites.iter().find(|site| site.id == id).cloned() else { return };
        let before = self.disk.disk().faults.clone();
        self.mend_disk();
        let found = self.figures_of(&site);
        self.disk.disk().faults = before;
        if found.is_some_and(|(found, _)| found.values().all(|count| *count == 0)) {
            self.ledger.forget(id, |_| true, |_| false);
            self.doubt_site(id, true);
        }
    }

    fn doubt_site(&mut self, id: SiteId, is_doubtful: bool) {
        if let Some(site) = self.sites.iter_mut().find(|site| site.id == id) {
            site.is_doubtful = is_doubtful;
        }
    }
}

impl Figure {
    /// Whether each pageview is in one of these.
    fn is_of_page(&self) -> Option<Column> {
        match self {
            Figure::Page(_, Column::Pageviews) => Some(Column::Pageviews),
            _ => None,
        }
    }
}

fn ask(site: SiteId, axis: Axis<headcount::counts::Name>, grain: Grain, [first, last]: [i32; 2]) -> Ask {
    Ask { axis, grain, first, last, by_bucket: true, ..Ask::totals_of_day(site, Day(first)) }
}

/// What rows have together by some number made of their buckets, of what can be added.
fn added(rows: &[SumRow], number: impl Fn(i32) -> i32) -> BTreeMap<(i32, Column), i64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        for column in [Column::Visits, Column::Pageviews, Column::Events, Column::Bounces, Column::Seconds] {
            *sums.entry((number(row.bucket), column)).or_default() += column.of(&row.tally);
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn totals(found: &Figures, column: impl Fn(&Figure) -> Option<Column>) -> BTreeMap<(i32, Column), i64> {
    let mut sums = BTreeMap::new();
    for ((_, day, figure), count) in found {
        if let Some(column) = column(figure) {
            *sums.entry((day.0, column)).or_default() += count;
        }
    }
    sums
}
