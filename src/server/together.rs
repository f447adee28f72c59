//! In: an address that names several sites. Out: the dashboard of all of them as one. Forgets: which site a figure is of.
//!
//! It is the page of a site, on sums that are added over its members. What belongs to one site alone, such as goals, what was not
//! counted and settings, is left out, and the page says so.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::SharedApp;
use super::answers::{self, html, no_view, not_found};
use super::failure;
use super::language::words_for;
use super::pages::{self, QueryPairs};
use super::signed_in::{SignedIn, admit};
use crate::collector::SnapshotScope;
use crate::limits;
use crate::report::Records;
use crate::report::together::Together;
use crate::site::Domain;
use crate::view::site_group::SiteGroup;
use crate::view::site_page;

/// What stands in an address for every site that its reader may read.
const ALL: &str = "all";

/// Why there is no such group.
enum NoGroup {
    /// A site is not there, or not for this reader.
    Unknown,
    TooMany,
}

/// The sites named by an address: `all`, or domains with commas between.
fn group_named(name: &str, account: &SignedIn, app: &SharedApp) -> Result<SiteGroup, NoGroup> {
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
    if members.is_empty() { Err(NoGroup::Unknown) } else { Ok(SiteGroup { name, members }) }
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
    let shown = app.clone();
    let made = app.in_turn(move |collector| {
        let now = collector.clock().now();
        let view = group.view(&site, &asked, words, now)?;
        let ids = group.ids();
        let may_repeat = group.members.iter().any(|site| collector.may_repeat(site));
        let scope = SnapshotScope { counts_visitors: true, ..pages::scope(&view, None, now, ids.clone()) };
        Ok(collector.snapshot(scope).and_then(|snapshot| {
            let sums = Together::of(&ids, &snapshot);
            pages::remembered(view, now, &sums, |view| {
                let instance = pages::instance(&site, now, &shown);
                let page = site_page(view, Some(account.shown()), &sums, None, &instance)?;
                Ok(group.of_all(page, words, now, &snapshot.visitors_now()?, may_repeat).html())
            })
        }))
    });
    match made.await {
        Ok(Ok(Ok(Ok(page)))) => html(StatusCode::OK, page),
        Ok(Err(wrong) | Ok(Ok(Err(wrong)))) => no_view(&wrong, &headers),
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
    let made = app.in_turn(move |collector| {
        let (ids, now) = (group.ids(), collector.clock().now());
        let view = group.view(&site, &asked, words, now)?;
        Ok(collector.snapshot(pages::scope(&view, Some(&tab), now, ids.clone())).and_then(|snapshot| {
            let sums = Together::of(&ids, &snapshot);
            pages::remembered(view, now, &sums, |view| {
                pages::rows_or_file(view, &tab, ending, &asked, Some(account.shown()), &sums, now)
            })
        }))
    });
    match made.await {
        Ok(Ok(Ok(Ok(Ok(answer))))) => answer,
        Ok(Ok(Ok(Ok(Err(sentence))))) => answers::wrong(words.not_together, sentence, words),
        Ok(Err(wrong) | Ok(Ok(Err(wrong)))) => no_view(&wrong, &headers),
        Ok(Ok(Err(error))) => failure::page(error, &headers),
        Err(cause) => failure::page(cause, &headers),
    }
}

/// Who asks, and the sites as far as they are for them: what may not be read looks as if it were not there.
async fn admitted(name: &str, app: &SharedApp, headers: &HeaderMap) -> Result<(SignedIn, SiteGroup), Response> {
    let account = admit(headers, app).await?;
    match group_named(name, &account, app) {
        Ok(group) => Ok((account, group)),
        Err(NoGroup::Unknown) => Err(not_found(headers)),
        Err(NoGroup::TooMany) => {
            let words = words_for(headers);
            let sentence = words.one(words.together_too_many, limits::TOGETHER_SITES_MAX);
            Err(answers::wrong(words.not_together, &sentence, words))
        }
    }
}
