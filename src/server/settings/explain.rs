//! In: an owner, and a request to be explained, or their own. Out: a page that says what becomes of it. Forgets: all of it; nothing
//! is counted, logged or kept.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::{owner, posted_by_owner};
use crate::collector::random;
use crate::page::explained::{ExplainPage, ExplainedRequest};
use crate::page::form::{Field, FieldKind, FlashMessage, Form, SentForm, command};
use crate::page::words::Words;
use crate::server::explain::{Explainer, OpenedPage, RawRequest};
use crate::server::failure::blocking;
use crate::server::form::PostedForm;
use crate::server::guess::Peer;
use crate::server::language::words_for;
use crate::server::signed_in::SignedIn;
use crate::server::{SharedApp, answers, failure};
use crate::site::Site;

/// The name of the form.
const FORM: &str = "explain";

/// `GET /DOMAIN/settings/explain`
pub async fn page(State(app): State<SharedApp>, Path(domain): Path<String>, headers: HeaderMap) -> Response {
    let account = match owner(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return answers::not_found(&headers) };
    shown(&account, &site, &SentForm::default(), None, words_for(&headers))
}

/// `POST /DOMAIN/settings/explain`
pub async fn explain(State(app): State<SharedApp>, Path(domain): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
    let (account, form) = match posted_by_owner(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return answers::not_found(&headers) };
    let words = words_for(&headers);
    let asked = asked(&site, &form, &headers, peer);
    let values = form.pairs().to_vec();
    let explained = match asked {
        Ok((raw, peer)) => blocking(move || explained(&raw, peer, &app)).await,
        Err(sentence) => Ok(Err(sentence)),
    };
    match explained {
        // What was typed stands in the form again.
        Ok(Ok(explained)) => {
            let sent = SentForm { form: FORM.into(), values, flash: None };
            shown(&account, &site, &sent, Some(explained), words)
        }
        Ok(Err(sentence)) => {
            let flash = Some(FlashMessage::Wrong(answers::whole_sentence(&sentence)));
            let sent = SentForm { form: FORM.into(), values, flash };
            (StatusCode::BAD_REQUEST, shown(&account, &site, &sent, None, words)).into_response()
        }
        Err(cause) => failure::page(cause, &headers),
    }
}

fn explained(raw: &RawRequest, peer: IpAddr, app: &SharedApp) -> Result<ExplainedRequest, String> {
    let directory = app.collector.directory();
    let explainer = Explainer {
        sites: &directory,
        tools: app.collector.tools(),
        trust: &app.trust.load(),
        now: app.collector.clock().now(),
        random: random().map_err(|error| error.to_string())?,
    };
    explainer.explain(raw, peer).map_err(|error| error.to_string())
}

/// The request that a form asks about, and where it comes from.
fn asked(site: &Site, form: &PostedForm, headers: &HeaderMap, peer: IpAddr) -> Result<(RawRequest, IpAddr), String> {
    let first_page = format!("https://{}/", site.domain);
    if form.filled("own").is_some() {
        let opened = OpenedPage { site: site.domain.as_str(), url: &first_page, ..OpenedPage::default() };
        return Ok((RawRequest::sent_by_tracker(&opened, of_browser(headers)), peer));
    }
    let address = match form.filled("address") {
        Some(address) => {
            address.parse().map_err(|_| format!("{address:?} is no address; write it like 203.0.113.7"))?
        }
        None => peer,
    };
    if !form.text("raw").is_empty() {
        // A form brings lines as mails have them, and the empty line counts.
        let raw = RawRequest::read(form.exact("raw").trim_start().as_bytes()).map_err(|error| error.to_string())?;
        return Ok((raw, address));
    }
    let lines: Vec<String> = form.text("headers").lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let url = form.filled("url").unwrap_or(first_page);
    let opened = OpenedPage {
        site: site.domain.as_str(),
        url: &url,
        referrer: form.text("referrer"),
        agent: form.text("agent"),
        headers: &lines,
        ..OpenedPage::default()
    };
    Ok((RawRequest::of_page(&opened).map_err(|error| error.to_string())?, address))
}

/// What a browser sends to every site: not what it sends because the form is here.
fn of_browser(headers: &HeaderMap) -> HeaderMap {
    let mut sent = headers.clone();
    for name in [header::COOKIE, header::AUTHORIZATION, header::REFERER, header::ORIGIN, header::CONTENT_TYPE] {
        sent.remove(name);
    }
    sent
}

fn shown(
    account: &SignedIn,
    site: &Site,
    sent: &SentForm,
    explained: Option<ExplainedRequest>,
    words: &'static Words,
) -> Response {
    let (domain, form) = (site.domain.to_string(), form(site, sent, words));
    Html(ExplainPage { words, account: Some(account.shown()), domain, form, explained }.html()).into_response()
}

fn form(site: &Site, sent: &SentForm, words: &'static Words) -> Form {
    let texts = &words.explain;
    let typed = |name: &str| sent.values.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    let field = |name, label, help: &'static str, kind| Field {
        name,
        label,
        help: help.into(),
        kind,
        value: typed(name).unwrap_or_default(),
    };
    let fields = vec![
        field("address", texts.address, texts.address_help, FieldKind::Line),
        field("agent", texts.agent, "", FieldKind::Line),
        field("url", texts.url, "", FieldKind::Line),
        field("referrer", texts.referrer, "", FieldKind::Line),
        field("headers", texts.headers, texts.headers_help, FieldKind::Lines),
        field("raw", texts.raw, texts.raw_help, FieldKind::Lines),
    ];
    let page = format!("https://{}/", site.domain);
    let line =
        ["explain", "--site", site.domain.as_str(), "--address", "203.0.113.7", "--user-agent", "…", "--url", &page];
    Form {
        id: FORM,
        action: format!("/{}/settings/explain#explained", site.domain),
        fields,
        button: texts.any_button,
        is_danger: false,
        command: command(line),
        flash: sent.flash.clone(),
    }
}
