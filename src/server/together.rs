//! In: an address that names several sites. Out: the dashboard of all of them as one. Forgets: which site a figure is of.
//!
//! It is the page of a site, on sums that are added over its members. What belongs to one site alone, such as goals, what was not
//! counted and settings, is left out, and the page says so.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::SharedApp;
use super::answers::{self, html, no_view, not_found};
use super::dashboard::{self, NoView, Reader, View};
use super::failure::{self, blocking};
use super::language::words_for;
use super::pages::{self, QueryPairs};
use super::signed_in::{SignedIn, admit};
use crate::cell::Metric;
use crate::limits;
use crate::page::SitePage;
use crate::page::words::Words;
use crate::report::together::Together;
use crate::site::{AddressMode, Annotation, Domain, Settings, Site, SiteId};
use crate::store::StoreError;

/// What stands in an address for every site that its reader may read.
const ALL: &str = "all";

/// Sites that are read as one.
struct Group {
    /// How the address names them.
    name: String,
    members: Vec<Arc<Site>>,
}

/// Why there is no such group.
enum NoGroup {
    /// A site is not there, or not for this reader.
    Unknown,
    TooMany,
}

impl Group {
    /// The sites named by an address: `all`, or domains with commas between.
    fn named(name: &str, account: &SignedIn, app: &SharedApp) -> Result<Group, NoGroup> {
        let mut members = match name {
            ALL => app.collector.directory().all(),
            _ => {
                let sites = name.split(',').map(|domain| pages::readable(domain, account, app));
                sites.collect::<Option<Vec<_>>>().ok_or(NoGroup::Unknown)?
            }
        };
        members.retain(|site| account.may_read(site.id));
        members.sort_by(|a, b| a.domain.cmp(&b.domain));
        members.dedup_by_key(|site| site.id);
        if members.len() > limits::TOGETHER_SITES_MAX {
            return Err(NoGroup::TooMany);
        }
        let domains: Vec<&str> = members.iter().map(|site| site.domain.as_str()).collect();
        let name = if name == ALL { ALL.to_owned() } else { domains.join(",") };
        if members.is_empty() { Err(NoGroup::Unknown) } else { Ok(Group { name, members }) }
    }

    fn ids(&self) -> Vec<SiteId> {
        self.members.iter().map(|site| site.id).collect()
    }

    fn measured(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.members.iter().filter(|site| site.settings.address != AddressMode::None)
    }

    /// A site that stands for all: its calendar is that of the first, and what its owners noted is what those of all did.
    fn as_one(&self) -> Option<Site> {
        let first = self.members.first()?;
        let notes = self.members.iter().flat_map(|site| {
            let text = |note: &Annotation| format!("{}: {}", site.domain, note.text);
            site.settings.annotations.iter().map(move |note| Annotation { text: text(note), ..note.clone() })
        });
        let mut annotations: Vec<Annotation> = notes.collect();
        annotations.sort_by_key(Annotation::at);
        let address = self.measured().next().map_or(AddressMode::None, |site| site.settings.address);
        let settings = Settings { address, annotations, ..Settings::default() };
        let added = self.members.iter().map(|site| site.added).min().unwrap_or(first.added);
        Some(Site { id: SiteId::TOGETHER, settings, added, ..Site::clone(first) })
    }

    /// A view of all as one.
    fn view<'a>(
        &self,
        site: &'a Site,
        asked: &[(String, String)],
        words: &'static Words,
        app: &SharedApp,
    ) -> Result<View<'a>, NoView> {
        let view = View::read(site, asked, app.collector.clock().now(), words)?;
        let name = words.many(self.members.len() as f64, words.together_title_one, words.together_title);
        Ok(View { reader: Reader::Together, name, home: format!("/together/{}", self.name), ..view })
    }

    /// The name of the members' zone, or a word for many.
    fn zone(&self, words: &Words, app: &SharedApp) -> String {
        let now = app.collector.clock().now();
        let name = |site: &Arc<Site>| site.schedule.zone_at(now).iana_name().unwrap_or("Etc/UTC").to_owned();
        let mut names: Vec<String> = self.members.iter().map(name).collect();
        names.sort();
        names.dedup();
        match names.as_slice() {
            [one] => one.clone(),
            _ => words.together_zones.to_owned(),
        }
    }

    /// The page of a site made that of all.
    fn of_all(&self, page: SitePage, words: &'static Words, app: &SharedApp) -> Result<SitePage, StoreError> {
        let mut notices = vec![words.together_why.to_owned()];
        let measured = self.measured().count();
        if measured > 0 && measured < self.members.len() {
            notices.push(words.together_unmeasured.to_owned());
        }
        if self.members.iter().any(|site| app.collector.may_repeat(site)) {
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
        let here = app.collector.visitors_now_by_site()?;
        let now = self.measured().filter_map(|site| here.get(&site.id)).sum::<usize>();
        Ok(SitePage {
            members: self.members.iter().map(|site| site.domain.to_string()).collect(),
            time_zone: self.zone(words, app),
            now: (measured > 0).then_some(now as u64),
            notices,
            totals,
            is_new: false,
            arrived: None,
            ..page
        })
    }
}

/// `GET /together?site=A&site=B`: leads to the page of the sites that were chosen in a list.
pub async fn choose(Query(asked): QueryPairs) -> Response {
    let (chosen, rest): (Vec<_>, Vec<_>) = asked.into_iter().partition(|(key, _)| key == "site");
    let chosen = chosen.iter().filter_map(|(_, name)| Domain::parse(name).ok());
    let mut domains: Vec<String> = chosen.map(|domain| domain.to_string()).filter(|name| name.is_ascii()).collect();
    domains.sort();
    domains.dedup();
    let place = match domains.as_slice() {
        [] => "/".to_owned(),
        [one] => format!("/{one}"),
        several => format!("/together/{}", several.join(",")),
    };
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
    Redirect::to(&format!("{place}?{query}")).into_response()
}

/// `GET /together/SITES`: the dashboard of several sites as one.
pub async fn page(
    State(app): State<SharedApp>,
    Path(name): Path<String>,
    Query(asked): QueryPairs,
    headers: HeaderMap,
) -> Response {
    let (account, group) = match admitted(&name, &app, &headers).await {
        Ok(admitted) => admitted,
        Err(answer) => return answer,
    };
    let Some(site) = group.as_one() else { return not_found(&headers) };
    let words = words_for(&headers);
    let made = blocking(move || {
        let view = group.view(&site, &asked, words, &app)?;
        let ids = group.ids();
        let sums = Together::of(&ids, &app.collector);
        let page = dashboard::site_page(&view, Some(account.shown()), &app.collector, &sums, &app.base_url);
        Ok(page.and_then(|page| group.of_all(page, words, &app)))
    });
    match made.await {
        Ok(Ok(Ok(page))) => html(StatusCode::OK, page.html()),
        Ok(Err(wrong)) => no_view(&wrong, &headers),
        Ok(Ok(Err(error))) => failure::page(error, &headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// `GET /together/SITES/PANEL`, and the same with `.csv` and `.json`: all rows of a panel.
pub async fn panel(
    State(app): State<SharedApp>,
    Path((name, file)): Path<(String, String)>,
    Query(asked): QueryPairs,
    headers: HeaderMap,
) -> Response {
    let (account, group) = match admitted(&name, &app, &headers).await {
        Ok(admitted) => admitted,
        Err(answer) => return answer,
    };
    let (Some(site), Some((tab, ending))) = (group.as_one(), pages::named(&file)) else { return not_found(&headers) };
    let words = words_for(&headers);
    let made = blocking(move || {
        let view = group.view(&site, &asked, words, &app)?;
        let (ids, now) = (group.ids(), app.collector.clock().now());
        let sums = Together::of(&ids, &app.collector);
        Ok(pages::rows_or_file(&view, &tab, ending, &asked, Some(account.shown()), &sums, now))
    });
    match made.await {
        Ok(Ok(Ok(Some(answer)))) => answer,
        Ok(Ok(Ok(None))) => answers::wrong(words.not_together, words.not_counted_export, words),
        Ok(Err(wrong)) => no_view(&wrong, &headers),
        Ok(Ok(Err(error))) => failure::page(error, &headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// Who asks, and the sites as far as they are for them: what may not be read looks as if it were not there.
async fn admitted(name: &str, app: &SharedApp, headers: &HeaderMap) -> Result<(SignedIn, Group), Response> {
    let account = admit(headers, app).await?;
    match Group::named(name, &account, app) {
        Ok(group) => Ok((account, group)),
        Err(NoGroup::Unknown) => Err(not_found(headers)),
        Err(NoGroup::TooMany) => {
            let words = words_for(headers);
            let sentence = words.one(words.together_too_many, limits::TOGETHER_SITES_MAX);
            Err(answers::wrong(words.not_together, &sentence, words))
        }
    }
}
