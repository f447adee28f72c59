//! Several sites as one: the page of a site, on sums that are added over its members. What belongs to one site alone, such as goals,
//! what was not counted and settings, is left out, and the page says so.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Audience, SiteView, ViewError};
use crate::cell::Metric;
use crate::page::SitePage;
use crate::page::words::Words;
use crate::site::{AddressMode, Annotation, Moment, Sections, Settings, Site, SiteId};

/// Sites that are read as one.
#[derive(Debug)]
pub struct SiteGroup {
    /// How the address names them: domains with commas between, or a word for all.
    pub name: String,
    /// The sites, by domain.
    pub members: Vec<Arc<Site>>,
}

impl SiteGroup {
    /// Their numbers.
    pub fn ids(&self) -> Vec<SiteId> {
        self.members.iter().map(|site| site.id).collect()
    }

    fn measured(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.members.iter().filter(|site| site.settings.address != AddressMode::None)
    }

    /// A site that stands for all: its calendar is that of the first, and what its owners noted is what those of all did.
    pub fn as_one(&self) -> Option<Site> {
        let first = self.members.first()?;
        let notes = self.members.iter().flat_map(|site| {
            let text = |note: &Annotation| format!("{}: {}", site.domain, note.text);
            site.settings.annotations.iter().map(move |note| Annotation { text: text(note), ..note.clone() })
        });
        let mut annotations: Vec<Annotation> = notes.collect();
        annotations.sort_by_key(Annotation::at);
        let address = self.measured().next().map_or(AddressMode::None, |site| site.settings.address);
        // Sections of one may be deeper than those of another.
        let sections = Sections { depth: 0, since: None };
        let settings = Settings { address, annotations, sections, ..Settings::default() };
        let added = self.members.iter().map(|site| site.added).min().unwrap_or(first.added);
        Some(Site { id: SiteId::TOGETHER, settings, added, ..Site::clone(first) })
    }

    /// A view of all as one.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn view<'a>(
        &self,
        site: &'a Site,
        asked: &[(String, String)],
        words: &'static Words,
        now: Moment,
    ) -> Result<SiteView<'a>, ViewError> {
        let view = SiteView::read(site, asked, now, words)?;
        let name = words.many(self.members.len() as f64, words.together_title_one, words.together_title);
        let has_one_clock =
            self.members.iter().all(|member| member.schedule.zone_at(now) == site.schedule.zone_at(now));
        let home = format!("/together/{}", self.name);
        Ok(SiteView { audience: Audience::Together, name, home, has_one_clock, ..view })
    }

    /// The name of the members' zone, or a word for many.
    fn zone(&self, words: &Words, now: Moment) -> String {
        let name = |site: &Arc<Site>| site.schedule.zone_at(now).iana_name().unwrap_or("Etc/UTC").to_owned();
        let mut names: Vec<String> = self.members.iter().map(name).collect();
        names.sort();
        names.dedup();
        match names.as_slice() {
            [one] => one.clone(),
            _ => words.together_zones.to_owned(),
        }
    }

    /// The page of a site made that of all. `here` says how many visitors each site has now.
    pub fn of_all(
        &self,
        page: SitePage,
        words: &'static Words,
        now: Moment,
        here: &HashMap<SiteId, usize>,
        may_repeat: bool,
    ) -> SitePage {
        let mut notices = vec![words.together_why.to_owned()];
        let measured = self.measured().count();
        if measured > 0 && measured < self.members.len() {
            notices.push(words.together_unmeasured.to_owned());
        }
        if may_repeat {
            notices.push(words.notice_repeat.to_owned());
        }
        notices.extend(page.notices);
        notices.push(words.together_left_out.to_owned());
        let mut totals = page.totals;
        // Pageviews of all divided by visits of some are no views of a visit.
        let is_mixed = measured > 0 && measured < self.members.len();
        for total in totals.iter_mut().filter(|total| is_mixed && total.metric == Metric::ViewsPerVisit) {
            (total.value, total.before, total.href) = (None, None, None);
        }
        let visitors = self.measured().filter_map(|site| here.get(&site.id)).sum::<usize>();
        SitePage {
            members: self.members.iter().map(|site| site.domain.to_string()).collect(),
            time_zone: self.zone(words, now),
            now: (measured > 0).then_some(visitors as u64),
            notices,
            totals,
            is_new: false,
            arrived: None,
            ..page
        }
    }
}
