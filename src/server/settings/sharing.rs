//! In: owners, and the forms by which they open a site or close it. Out: the page of what is open. Forgets: secret links, once they
//! are shown, and passwords.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{owner, posted_by_owner, run, wrong};
use crate::control::share::ShareCommand;
use crate::control::{Command, Reply};
use crate::operator::Share;
use crate::page::form::SentForm;
use crate::page::people::Made;
use crate::page::sharing::{ShareLine, SharingPage};
use crate::page::words::Words;
use crate::server::failure::{self, stored};
use crate::server::form::PostedForm;
use crate::server::language::words_for;
use crate::server::signed_in::SignedIn;
use crate::server::{SharedApp, answers, flash};
use crate::site::{Moment, Site};

/// `GET /DOMAIN/settings/sharing`
pub async fn page(State(app): State<SharedApp>, Path(domain): Path<String>, headers: HeaderMap) -> Response {
    let account = match owner(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return answers::not_found(&headers) };
    let sent = flash::of(&headers, &home(&site));
    let mut answer = shown(&account, site, sent, None, &headers, &app).await;
    flash::drop_from(&mut answer, &headers);
    answer
}

/// `POST /DOMAIN/settings/sharing/FORM`
pub async fn change(
    State(app): State<SharedApp>,
    Path((domain, action)): Path<(String, String)>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let (account, form) = match posted_by_owner(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return answers::not_found(&headers) };
    let words = words_for(&headers);
    let Some(command) = asked(&site, &action, &form, words) else { return answers::not_found(&headers) };
    match run(command.map(Command::Share), &app).await {
        Ok(reply) if action == "share-add" => {
            let made = Some(made(&reply, words));
            shown(&account, site, SentForm::default(), made, &headers, &app).await
        }
        Ok(reply) => {
            let home = home(&site);
            let mut answer = Redirect::to(&format!("{home}#shares")).into_response();
            flash::leave(&mut answer, &headers, &app, &home, &action, &reply.text);
            answer
        }
        Err(not_done) => {
            let mut sent = wrong(&action, &form, &not_done);
            sent.values.retain(|(name, _)| name != "password");
            not_done.shown_on(shown(&account, site, sent, None, &headers, &app).await)
        }
    }
}

/// `GET /DOMAIN/settings/sharing/FORM`: where a form is sent there is no page.
pub async fn back(Path((domain, _)): Path<(String, String)>, headers: HeaderMap) -> Response {
    match crate::site::Domain::parse(&domain) {
        Ok(domain) => Redirect::to(&format!("/{domain}/settings/sharing")).into_response(),
        Err(_) => answers::not_found(&headers),
    }
}

fn home(site: &Site) -> String {
    format!("/{}/settings/sharing", site.domain)
}

/// What a form asks for, or why that makes no sense; nothing if there is no such form.
fn asked(site: &Site, action: &str, form: &PostedForm, words: &Words) -> Option<Result<ShareCommand, String>> {
    let site = site.domain.to_string();
    match action {
        "share-remove" => Some(Ok(ShareCommand::Remove { site, name: form.exact("name").to_owned() })),
        "share-add" => {
            let name = match (form.text("kind"), form.filled("name")) {
                ("public", None) => None,
                // A public page has no name, and who names one means a secret link.
                ("public", Some(_)) => return Some(Err(words.settings.share_public_named.to_owned())),
                (_, name) => Some(name.unwrap_or_default()),
            };
            let password = Some(form.exact("password")).filter(|typed| !typed.is_empty());
            let embed = form.text("embed").lines().map(str::trim).filter(|host| !host.is_empty());
            Some(Ok(ShareCommand::Add {
                site,
                name,
                password: password.map(|typed| typed.to_owned().into()),
                expires: form.filled("until"),
                embed: embed.map(str::to_owned).collect(),
                segment: form.filled("segment"),
            }))
        }
        _ => None,
    }
}

/// The address that was opened, and the line of HTML for other pages if it may stand in them.
fn made(reply: &Reply, words: &Words) -> Made {
    let lines = ["link", "frame"].map(|key| reply.json[key].as_str());
    let secret = lines.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    Made { sentence: words.settings.share_made.to_owned(), secret }
}

async fn shown(
    account: &SignedIn,
    site: Arc<Site>,
    sent: SentForm,
    made: Option<Made>,
    headers: &HeaderMap,
    app: &SharedApp,
) -> Response {
    let (collector, id) = (app.collector.clone(), site.id);
    let shares = match stored(move || collector.operators().shares(id)).await {
        Ok(shares) => shares,
        Err(cause) => return failure::page(cause, headers),
    };
    let now = app.collector.clock().now();
    let page = SharingPage {
        words: words_for(headers),
        account: Some(account.shown()),
        domain: site.domain.to_string(),
        small_counts_k: site.settings.small_counts_k.into(),
        shares: shares.iter().map(|share| line(share, &site, now)).collect(),
        made,
        sent,
    };
    Html(page.html()).into_response()
}

fn line(share: &Share, site: &Site, now: Moment) -> ShareLine {
    // It ends with the last millisecond before.
    let last = |until: Moment| (site.schedule.locate(until.plus(-1)).day, share.has_ended(now));
    ShareLine {
        name: share.name.clone(),
        public: share.is_public().then(|| format!("/share/{}", site.domain)),
        has_password: share.password.is_some(),
        from: share.from.filter(|_| !share.has_begun(now)).map(|from| site.schedule.locate(from).day),
        until: share.until.map(last),
        embed: share.embed.clone(),
        segment: share.segment.map(|number| {
            let known = site.settings.segments.iter().find(|segment| segment.number == number);
            known.map_or_else(|| number.to_string(), |segment| segment.name.clone())
        }),
    }
}
