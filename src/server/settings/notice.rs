//! In: owners, what they say for a site's notice, and what they take back of what it announces. Out: the page of that.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{owner, posted_by_owner, run, wrong};
use crate::control::Command;
use crate::control::notice::announcing::Announcement;
use crate::control::notice::{NoticeCommand, keeping};
use crate::notice::rights::RightsRequest;
use crate::notice::snippet::snippet;
use crate::page::form::SentForm;
use crate::page::notice_settings::{AnnouncedLine, NoticeSettingsPage};
use crate::server::failure::{self, stored};
use crate::server::form::PostedForm;
use crate::server::language::words_for;
use crate::server::privacy::QueryKeys;
use crate::server::signed_in::SignedIn;
use crate::server::{SharedApp, answers, flash};
use crate::site::{NoticeField, Site};
use crate::store::StoreError;

/// `GET /DOMAIN/settings/notice`
pub async fn page(
    State(app): State<SharedApp>,
    Path(domain): Path<String>,
    Query(keys): QueryKeys,
    headers: HeaderMap,
) -> Response {
    let account = match owner(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return answers::not_found(&headers) };
    let sent = flash::of(&headers, &home(&site));
    let mut answer = shown(&account, site, &keys, sent, &headers, &app).await;
    flash::drop_from(&mut answer, &headers);
    answer
}

/// `POST /DOMAIN/settings/notice/FORM`
pub async fn change(
    State(app): State<SharedApp>,
    Path((domain, action)): Path<(String, String)>,
    Query(keys): QueryKeys,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let (account, form) = match posted_by_owner(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return answers::not_found(&headers) };
    let Some(command) = asked(&site, &action, &keys, &form) else { return answers::not_found(&headers) };
    match run(command.map(Command::Notice), &app).await {
        Ok(reply) => {
            let (home, language) = (home(&site), keys.get("language").map_or("", String::as_str));
            let place = if action == "notice-withdraw" { "announced" } else { &action };
            let language: String = url::form_urlencoded::byte_serialize(language.as_bytes()).collect();
            let mut answer = Redirect::to(&format!("{home}?language={language}#{place}")).into_response();
            flash::leave(&mut answer, &headers, &app, &home, &action, &reply.text);
            answer
        }
        Err(not_done) => {
            let sent = wrong(&action, &form, &not_done);
            not_done.shown_on(shown(&account, site, &keys, sent, &headers, &app).await)
        }
    }
}

/// `GET /DOMAIN/settings/notice/FORM`: where a form is sent there is no page.
pub async fn back(Path((domain, _)): Path<(String, String)>, headers: HeaderMap) -> Response {
    match crate::site::Domain::parse(&domain) {
        Ok(domain) => Redirect::to(&format!("/{domain}/settings/notice")).into_response(),
        Err(_) => answers::not_found(&headers),
    }
}

fn home(site: &Site) -> String {
    format!("/{}/settings/notice", site.domain)
}

/// What a form asks for, or why that makes no sense; nothing if there is no such form.
fn asked(
    site: &Site,
    action: &str,
    keys: &HashMap<String, String>,
    form: &PostedForm,
) -> Option<Result<NoticeCommand, String>> {
    let domain = site.domain.to_string();
    match action {
        "notice-texts" => {
            let language = keys.get("language").filter(|code| !code.is_empty()).cloned();
            // An empty field takes its text away.
            let sent = |field: &NoticeField| form.all(field.name()).next().is_some();
            let fields = NoticeField::ALL.into_iter().filter(sent);
            let texts = fields.map(|field| (field, form.text(field.name()).to_owned())).collect();
            Some(Ok(NoticeCommand::Set { site: domain, language, texts }))
        }
        "notice-withdraw" => Some(match form.text("change").parse() {
            Ok(change) => Ok(NoticeCommand::Withdraw { site: domain, change }),
            Err(_) => Err(format!("{:?} is no number of a change.", form.text("change"))),
        }),
        _ => None,
    }
}

async fn shown(
    account: &SignedIn,
    site: Arc<Site>,
    keys: &HashMap<String, String>,
    sent: SentForm,
    headers: &HeaderMap,
    app: &SharedApp,
) -> Response {
    let (collector, of) = (app.collector.clone(), site.clone());
    let found = stored(move || {
        let (languages, announced) = (keeping::languages(&collector), Announcement::all(&collector, &of)?);
        Ok::<_, StoreError>((languages, announced, collector.operators().requests(of.id)?))
    });
    let (languages, announced, requests) = match found.await {
        Ok(found) => found,
        Err(cause) => return failure::page(cause, headers),
    };
    let words = words_for(headers);
    let texts = languages.texts(words.language.code()).unwrap_or_else(|| languages.english());
    let asked = keys.get("language").and_then(|code| languages.texts(code));
    let name = |code: &str| languages.texts(code).map_or(code, |it| it.get("language.name")).to_owned();
    let kind = |name: String| RightsRequest::from_name(&name).map_or(name, |kind| kind.title(texts));
    let page = NoticeSettingsPage {
        words,
        account: Some(account.shown()),
        domain: site.domain.to_string(),
        settings: site.settings.notice.clone(),
        language: asked.map_or_else(String::new, |it| it.code().to_owned()),
        languages: languages.codes().into_iter().map(|code| (code.to_owned(), name(code))).collect(),
        announced: announced.iter().map(|it| line(it, &site)).collect(),
        requests: requests.into_iter().map(|sum| (sum.day, kind(sum.kind), sum.count)).collect(),
        snippet: snippet(asked.unwrap_or(texts), site.settings.opt_out),
        sent,
    };
    Html(page.html()).into_response()
}

fn line(announced: &Announcement, site: &Site) -> AnnouncedLine {
    let from = site.schedule.locate(announced.change.from).day;
    AnnouncedLine { id: announced.change.id, what: announced.what(), from }
}
