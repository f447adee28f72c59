//! In: visitors of a site who want to know what is counted, and what they may ask for. Out: its notice as page, Markdown and JSON, its
//! versions, the answer to a request. Forgets: who asked, and everything that was asked but its kind and day.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use super::answers::{Frames, html, no_form, not_found, text};
use super::failure::{self, FailureCause, stored};
use super::form::PostedForm;
use super::language::{chosen, words_for};
use super::{App, SharedApp, header as text_of};
use crate::control::notice::{ListedVersion, date, day_of, keeping, listed, version_line};
use crate::limits;
use crate::notice::rights::RightsRequest;
use crate::notice::{
    LanguageTexts, Notice, NoticeFacts, NoticeLanguages, described, gpc, kept_facts, kept_text, markdown,
};
use crate::operator::KeptNotice;
use crate::page::notice::{NoticePage, NoticeRequestsPage, NoticeVersionsPage, VersionLine};
use crate::page::words::{Language, Words};
use crate::site::{Moment, Site, SiteId};
use crate::store::StoreError;

/// The keys of a query.
pub type QueryKeys = Query<HashMap<String, String>>;

/// Sections that say how not to be counted.
const OUT_SECTIONS: [&str; 3] = ["out", "beacons", "cookies"];

/// A request for something of a site's notice.
struct NoticeVisit {
    site: Arc<Site>,
    languages: Arc<NoticeLanguages>,
    /// The code of the language that was chosen.
    language: String,
    words: &'static Words,
    is_embedded: bool,
}

impl NoticeVisit {
    fn texts(&self) -> LanguageTexts<'_> {
        self.languages.texts(&self.language).unwrap_or_else(|| self.languages.english())
    }

    /// The address of a page of the notice in the language that was chosen.
    fn path(&self, page: &str) -> String {
        format!("/privacy/{}{page}?lang={}", self.site.domain, self.language)
    }

    fn link(&self, key: &str, page: &str) -> (String, String) {
        (self.texts().get(key).to_owned(), self.path(page))
    }

    /// The languages to choose from, at a page.
    fn choices(&self, page: &str) -> Vec<(String, String, Option<String>)> {
        let embedded = if self.is_embedded { "&embed" } else { "" };
        let choice = |code: &str| {
            let name = self.languages.texts(code).map_or(code, |texts| texts.get("language.name")).to_owned();
            let href = format!("/privacy/{}{page}?lang={code}{embedded}", self.site.domain);
            (code.to_owned(), name, (code != self.language).then_some(href))
        };
        self.languages.codes().into_iter().map(choice).collect()
    }
}

/// What is asked for: the site, and the language of `?lang=`, else of the choice that the browser keeps, else what it likes best.
///
/// # Errors
/// The answer that there is no such site.
async fn asked(
    domain: &str,
    keys: &HashMap<String, String>,
    headers: &HeaderMap,
    app: &App,
) -> Result<NoticeVisit, Response> {
    let Some(site) = app.collector.directory().find(domain).cloned() else { return Err(not_found(headers)) };
    let collector = app.collector.clone();
    let read = stored(move || Ok::<_, StoreError>(keeping::languages(&collector))).await;
    let languages = read.map_err(|cause| failure::page(cause, headers))?;
    let named = keys.get("lang").map(String::as_str).or_else(|| chosen(headers));
    let texts = named.and_then(|code| languages.texts(code));
    let texts = texts.unwrap_or_else(|| languages.accepted(text_of(headers, "accept-language")));
    let language = texts.code().to_owned();
    let words = Language::from_code(&language).map_or_else(|| words_for(headers), Language::words);
    Ok(NoticeVisit { site, languages, language, words, is_embedded: keys.contains_key("embed") })
}

/// The version in force, as it says in a language, and the facts behind it.
async fn in_force(asked: &NoticeVisit, app: &App) -> Result<(KeptNotice, Notice, NoticeFacts), FailureCause> {
    let (site, language, base_url) = (asked.site.clone(), asked.language.clone(), app.base_url.clone());
    let read = app.in_turn_of_strangers(move |collector| {
        let kept = keeping::in_force(collector, &site, &base_url)?;
        let read = kept_text(&kept, &language).zip(kept_facts(&kept));
        // It was compared with what this program says right now.
        let (notice, facts) = read.ok_or(StoreError::Corrupt)?;
        Ok::<_, StoreError>((kept, notice, facts))
    });
    Ok(read.await??)
}

/// `GET /privacy/DOMAIN`: what visitors of a site may know; for everybody.
pub async fn page(
    State(app): State<SharedApp>,
    Path(domain): Path<String>,
    Query(keys): QueryKeys,
    headers: HeaderMap,
) -> Response {
    let asked = match asked(&domain, &keys, &headers, &app).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let (kept, notice, _) = match in_force(&asked, &app).await {
        Ok(found) => found,
        Err(cause) => return failure::page(cause, &headers),
    };
    let remarks = vec![version_line(&kept, &asked.site, asked.texts())];
    let mut links = vec![asked.link("link.requests", "/requests"), asked.link("link.versions", "/versions")];
    links.push(asked.link("link.json", "/notice.json"));
    framed(&asked, notice_page(&asked, notice, remarks, links, ""))
}

fn notice_page(
    asked: &NoticeVisit,
    notice: Notice,
    remarks: Vec<String>,
    links: Vec<(String, String)>,
    page: &str,
) -> NoticePage {
    NoticePage {
        words: asked.words,
        language: asked.language.clone(),
        notice,
        remarks,
        links,
        languages_title: asked.texts().get("languages").to_owned(),
        languages: asked.choices(page),
        is_embedded: asked.is_embedded,
    }
}

/// A page that may stand within pages of the site.
fn framed(asked: &NoticeVisit, page: NoticePage) -> Response {
    let mut answer = html(StatusCode::OK, page.html());
    if asked.is_embedded {
        let domain = &asked.site.domain;
        answer.extensions_mut().insert(Frames(format!("https://{domain} https://*.{domain}")));
    }
    answer
}

/// `GET /privacy/DOMAIN/opt-out`: how not to be counted.
pub async fn opt_out(
    State(app): State<SharedApp>,
    Path(domain): Path<String>,
    Query(keys): QueryKeys,
    headers: HeaderMap,
) -> Response {
    let asked = match asked(&domain, &keys, &headers, &app).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let (_, mut notice, facts) = match in_force(&asked, &app).await {
        Ok(found) => found,
        Err(cause) => return failure::page(cause, &headers),
    };
    notice.title = asked.texts().filled("optout.title", &[("domain", &facts.domain)]);
    notice.sections.retain(|section| OUT_SECTIONS.contains(&section.id.as_str()));
    notice.sections.sort_by_key(|section| OUT_SECTIONS.iter().position(|id| *id == section.id));
    let links = vec![asked.link("link.requests", "/requests"), asked.link("link.notice", "")];
    framed(&asked, notice_page(&asked, notice, Vec::new(), links, "/opt-out"))
}

/// `GET /privacy/DOMAIN/notice.json`: the notice for programs, which any page may read.
pub async fn as_json(
    State(app): State<SharedApp>,
    Path(domain): Path<String>,
    Query(keys): QueryKeys,
    headers: HeaderMap,
) -> Response {
    let asked = match asked(&domain, &keys, &headers, &app).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    match in_force(&asked, &app).await {
        Ok((kept, notice, facts)) => {
            let day = day_of(&kept, &asked.site);
            json(&described(&notice, &asked.language, &facts, Some((kept.number, &day)), &app.base_url))
        }
        Err(cause) => failure::page(cause, &headers),
    }
}

/// `GET /privacy/DOMAIN/notice.md`: the notice as Markdown.
pub async fn as_markdown(
    State(app): State<SharedApp>,
    Path(domain): Path<String>,
    Query(keys): QueryKeys,
    headers: HeaderMap,
) -> Response {
    let asked = match asked(&domain, &keys, &headers, &app).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    match in_force(&asked, &app).await {
        Ok((kept, notice, _)) => {
            let line = version_line(&kept, &asked.site, asked.texts());
            text("text/markdown; charset=utf-8", markdown(&notice, Some(&line), &app.base_url))
        }
        Err(cause) => failure::page(cause, &headers),
    }
}

fn json(body: &Value) -> Response {
    let mut answer = text("application/json", body.to_string());
    answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}

/// `GET /privacy/DOMAIN/versions`: all versions, with what came and went.
pub async fn versions(
    State(app): State<SharedApp>,
    Path(domain): Path<String>,
    Query(keys): QueryKeys,
    headers: HeaderMap,
) -> Response {
    let asked = match asked(&domain, &keys, &headers, &app).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    if let Err(cause) = in_force(&asked, &app).await {
        return failure::page(cause, &headers);
    }
    let (site, language) = (asked.site.clone(), asked.language.clone());
    let found = app.in_turn_of_strangers(move |collector| listed(collector, &site, &language)).await;
    let found = match found.and_then(|found| found.map_err(FailureCause::from)) {
        Ok(found) => found,
        Err(cause) => return failure::page(cause, &headers),
    };
    let texts = asked.texts();
    let page = NoticeVersionsPage {
        words: asked.words,
        language: asked.language.clone(),
        title: texts.filled("versions.title", &[("domain", asked.site.domain.as_str())]),
        notice: asked.link("link.notice", ""),
        versions: found.into_iter().map(|version| version_in_list(&asked, version)).collect(),
        came_and_went: (texts.get("versions.came").to_owned(), texts.get("versions.went").to_owned()),
        same: texts.get("versions.other_words").to_owned(),
    };
    html(StatusCode::OK, page.html())
}

fn version_in_list(asked: &NoticeVisit, ListedVersion { kept, difference }: ListedVersion) -> VersionLine {
    VersionLine {
        title: version_line(&kept, &asked.site, asked.texts()),
        href: asked.path(&format!("/versions/{}", kept.number)),
        cause: asked.texts().get(&format!("versions.{}", kept.cause)).to_owned(),
        changed: difference.map(|difference| (difference.came, difference.went)),
    }
}

/// `GET /privacy/DOMAIN/versions/N`: a version as it was.
pub async fn version(
    State(app): State<SharedApp>,
    Path((domain, number)): Path<(String, String)>,
    Query(keys): QueryKeys,
    headers: HeaderMap,
) -> Response {
    let asked = match asked(&domain, &keys, &headers, &app).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let Ok(number) = number.parse() else { return not_found(&headers) };
    let (collector, id) = (app.collector.clone(), asked.site.id);
    let found = match stored(move || collector.operators().notice(id, number)).await {
        Ok(found) => found,
        Err(cause) => return failure::page(cause, &headers),
    };
    let read = found.and_then(|(kept, until)| Some((kept_text(&kept, &asked.language)?, kept, until)));
    let Some((notice, kept, until)) = read else { return not_found(&headers) };
    let texts = asked.texts();
    let mut remarks = vec![version_line(&kept, &asked.site, texts)];
    remarks.extend(until.map(|until| {
        let values = [("from", day_of(&kept, &asked.site)), ("until", date(until, &asked.site))];
        texts.filled("versions.old", &values.each_ref().map(|(name, day)| (*name, day.as_str())))
    }));
    let links = vec![asked.link("link.versions", "/versions"), asked.link("link.notice", "")];
    framed(&asked, notice_page(&asked, notice, remarks, links, &format!("/versions/{number}")))
}

/// `GET /privacy/DOMAIN/requests`: what a visitor may ask for.
pub async fn requests(
    State(app): State<SharedApp>,
    Path(domain): Path<String>,
    Query(keys): QueryKeys,
    headers: HeaderMap,
) -> Response {
    match asked(&domain, &keys, &headers, &app).await {
        Ok(asked) => html(StatusCode::OK, requests_page(&asked, None).html()),
        Err(answer) => answer,
    }
}

/// `POST /privacy/DOMAIN/requests`: the answer, at once. That it was asked is counted, unless that is asked too often.
pub async fn request(State(app): State<SharedApp>, Path(domain): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    let form = match PostedForm::read(request, &app).await {
        Ok(form) => form,
        Err(wrong) => return no_form(wrong, &headers),
    };
    let keys = form.filled("lang").map(|code| ("lang".to_owned(), code)).into_iter().collect();
    let asked = match asked(&domain, &keys, &headers, &app).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let Some(wanted) = RightsRequest::from_name(form.text("kind")) else { return not_found(&headers) };
    let facts = match in_force(&asked, &app).await {
        Ok((_, _, facts)) => facts,
        Err(cause) => return failure::page(cause, &headers),
    };
    let (collector, site, now) = (app.collector.clone(), asked.site.clone(), app.collector.clock().now());
    if app.request_counts.take(site.id, now) {
        let day = site.schedule.locate(now).day;
        let count = move || collector.operators().count_request(site.id, day, wanted.name());
        if let Err(cause) = app.changed(count).await {
            return failure::page(cause, &headers);
        }
    }
    let answer = (wanted.title(asked.texts()), wanted.answer(&facts, asked.texts()));
    html(StatusCode::OK, requests_page(&asked, Some(answer)).html())
}

fn requests_page(asked: &NoticeVisit, answer: Option<(String, Vec<crate::notice::NoticeLine>)>) -> NoticeRequestsPage {
    let texts = asked.texts();
    let text = |key: &str| texts.get(key).to_owned();
    NoticeRequestsPage {
        words: asked.words,
        language: asked.language.clone(),
        title: texts.filled("requests.title", &[("domain", asked.site.domain.as_str())]),
        intro: text("requests.intro"),
        action: format!("/privacy/{}/requests", asked.site.domain),
        kinds: RightsRequest::ALL.map(|kind| (kind.name().to_owned(), kind.title(texts))).into(),
        labels: (text("requests.kind"), text(if answer.is_some() { "requests.another" } else { "requests.button" })),
        answer: answer.map(|(asked, lines)| (text("requests.answer"), asked, lines)),
        notice: asked.link("link.notice", ""),
    }
}

/// `GET /.well-known/gpc.json`: whether the signal is honoured by the site whose host is asked, or by all where it is the collector's.
pub async fn well_known_gpc(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    let host_of = |address: &str| Some(url::Url::parse(address).ok()?.host_str()?.to_owned());
    let host = host_of(&format!("http://{}", text_of(&headers, "host"))).unwrap_or_default();
    let directory = app.collector.directory();
    let is_ours = host_of(&app.base_url).is_some_and(|ours| ours == host);
    let sites = match directory.find(&host) {
        Some(site) => vec![site.clone()],
        None if is_ours => directory.all(),
        None => Vec::new(),
    };
    if sites.is_empty() {
        return not_found(&headers);
    }
    let (asks, of) = (app.clone(), sites.clone());
    let known = app.in_turn_of_strangers(move |collector| keeping::all_in_force(collector, &of, &asks.base_url)).await;
    match known.and_then(|known| known.map_err(FailureCause::from)) {
        Ok(known) => {
            let last = known.iter().zip(&sites).map(|(known, site)| date(known.from, site)).max();
            json(&gpc(known.iter().all(|known| known.honours_signals), last.as_deref()))
        }
        Err(cause) => failure::page(cause, &headers),
    }
}

/// How many requests of each site were counted in the running hour.
#[derive(Debug, Default)]
pub struct RequestCounts(Mutex<HashMap<SiteId, (i64, u32)>>);

impl RequestCounts {
    /// Whether one more is to be counted.
    fn take(&self, site: SiteId, now: Moment) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= limits::REQUEST_SITES_MAX {
            counts.clear();
        }
        let hour = now.timestamp().as_second().div_euclid(60 * 60);
        let count = counts.entry(site).or_default();
        if count.0 != hour {
            *count = (hour, 0);
        }
        count.1 = count.1.saturating_add(1);
        count.1 <= limits::REQUESTS_PER_HOUR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_site_has_more_counted_than_there_is_room_for_in_an_hour() {
        let counts = RequestCounts::default();
        let taken =
            |site, ms| (0..2 * limits::REQUESTS_PER_HOUR).filter(|_| counts.take(SiteId(site), Moment(ms))).count();
        assert_eq!(taken(1, 0), limits::REQUESTS_PER_HOUR as usize);
        assert_eq!(taken(2, 0), limits::REQUESTS_PER_HOUR as usize, "others have their own");
        assert_eq!(taken(1, 3_599_999), 0);
        assert_eq!(taken(1, 3_600_000), limits::REQUESTS_PER_HOUR as usize);
    }
}
