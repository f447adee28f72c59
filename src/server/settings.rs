//! The settings pages of owners, and the forms that they send.
//!
//! Each form is one [`Command`], carried out as the command line's are. What was done is said on the page that follows, what was
//! refused beside the form, with what was typed.

mod asked;
pub mod explain;
pub mod notice;
pub mod people;
pub mod sharing;

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::concurrency_limit::ConcurrencyLimit;
use super::failure::{self, FailureCause};
use super::form::PostedForm;
use super::language::words_for;
use super::signed_in::{SignedIn, admit, posted};
use super::{SharedApp, answers, flash};
use crate::control::{self, Command, CommandRefusal, Reply};
use crate::limits;
use crate::page::form::{FlashMessage, SentForm};
use crate::page::settings::{SettingsPage, SiteSettingsPage};
use crate::page::words::Words;
use crate::site::{Site, time};

/// Each digest takes 19 MiB and tens of milliseconds of a processor.
static PASSWORD_LIMIT: ConcurrencyLimit = ConcurrencyLimit::of(limits::PASSWORDS_AT_ONCE);

/// Where the settings of the instance are.
const INSTANCE: &str = "/settings";

/// `GET /settings`
pub async fn instance(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    match owner(&headers, &app).await {
        Ok(account) => {
            let sent = flash::of(&headers, INSTANCE);
            let mut answer = instance_page(&account, sent, &headers, &app);
            flash::drop_from(&mut answer, &headers);
            answer
        }
        Err(answer) => answer,
    }
}

/// `GET /DOMAIN/settings`
pub async fn site(
    State(app): State<SharedApp>,
    Path(domain): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let account = match owner(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return answers::not_found(&headers) };
    if site.domain.as_str() != domain {
        return Redirect::to(&home(&site)).into_response();
    }
    let sent = match asked.iter().any(|(key, _)| key == "condition") {
        // The dashboard leads here with the filters that were chosen.
        true => SentForm { form: "segment-add".to_owned(), values: asked, flash: None },
        false => flash::of(&headers, &home(&site)),
    };
    let mut answer = site_page(&account, site, sent, &headers, &app);
    flash::drop_from(&mut answer, &headers);
    answer
}

/// `POST /settings/NAME`
pub async fn change_instance(State(app): State<SharedApp>, Path(name): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    let (account, form) = match posted_by_owner(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let Some(command) = asked::of_instance(&name, &form) else { return answers::not_found(&headers) };
    let domain = form.text("domain").to_owned();
    match run(Ok(command), &app).await {
        // The new site's page shows the line to paste and turns into figures with the first hit.
        Ok(_) => {
            let site = app.collector.directory().find(&domain).cloned();
            Redirect::to(&site.map_or_else(|| INSTANCE.to_owned(), |site| format!("/{}", site.domain))).into_response()
        }
        Err(not_done) => {
            let sent = wrong(&name, &form, &not_done);
            not_done.shown_on(instance_page(&account, sent, &headers, &app))
        }
    }
}

/// `POST /DOMAIN/settings/NAME`
pub async fn change_site(
    State(app): State<SharedApp>,
    Path((domain, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let (account, form) = match posted_by_owner(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let Some(site) = app.collector.directory().find(&domain).cloned() else { return answers::not_found(&headers) };
    let Some(command) = asked::of_site(&site, &name, &form, words_for(&headers)) else {
        return answers::not_found(&headers);
    };
    let is_dry_run = command.as_ref().is_ok_and(Command::is_dry_run);
    match run(command, &app).await {
        Ok(reply) if is_dry_run => {
            let flash = Some(FlashMessage::Ask(reply.text));
            let sent = SentForm { form: name, values: form.pairs().to_vec(), flash };
            site_page(&account, site, sent, &headers, &app)
        }
        Ok(reply) => {
            let page = if name == "remove" { INSTANCE.to_owned() } else { home(&site) };
            let mut answer = Redirect::to(&format!("{page}#{}", asked::place(&name))).into_response();
            flash::leave(&mut answer, &headers, &app, &page, asked::form_of(&name), &reply.text);
            answer
        }
        Err(not_done) => {
            let sent = wrong(asked::form_of(&name), &form, &not_done);
            // It is read anew: somebody else may have changed it.
            let site = app.collector.directory().get(site.id).cloned().unwrap_or(site);
            not_done.shown_on(site_page(&account, site, sent, &headers, &app))
        }
    }
}

/// `GET /settings/NAME`: where a form is sent there is no page.
pub async fn back_to_instance() -> Redirect {
    Redirect::to(INSTANCE)
}

/// `GET /DOMAIN/settings/NAME`: the same.
pub async fn back_to_site(Path((domain, _)): Path<(String, String)>, headers: HeaderMap) -> Response {
    match crate::site::Domain::parse(&domain) {
        Ok(domain) => Redirect::to(&format!("/{domain}/settings")).into_response(),
        Err(_) => answers::not_found(&headers),
    }
}

fn home(site: &Site) -> String {
    format!("/{}/settings", site.domain)
}

/// Lets owners pass; others get an answer.
///
/// # Errors
/// The answer.
async fn owner(headers: &HeaderMap, app: &SharedApp) -> Result<SignedIn, Response> {
    let account = admit(headers, app).await?;
    if account.is_owner() { Ok(account) } else { Err(answers::forbidden(headers)) }
}

/// An owner and the form that a page of ours has sent.
///
/// # Errors
/// The answer, for others and for forms from elsewhere.
async fn posted_by_owner(request: Request, app: &SharedApp) -> Result<(SignedIn, PostedForm), Response> {
    let headers = request.headers().clone();
    let (account, form) = posted(request, app).await?;
    if account.is_owner() { Ok((account, form)) } else { Err(answers::forbidden(&headers)) }
}

/// Why the command of a form was not carried out.
#[derive(Debug)]
pub enum FormRefusal {
    /// It makes no sense: why, in a sentence.
    Refused(String),
    /// It failed.
    Failed(FailureCause),
    /// It was cut short, and may have been carried out.
    CutShort(FailureCause),
    /// No turn came in time.
    Busy,
}

impl FormRefusal {
    /// What the page says of it.
    pub fn sentence(&self) -> String {
        match self {
            FormRefusal::Refused(sentence) => sentence.clone(),
            FormRefusal::Failed(cause) => answers::whole_sentence(&cause.to_string()),
            FormRefusal::CutShort(_) => "The command was cut short; look whether it was done.".into(),
            FormRefusal::Busy => "The server is very busy, so nothing was changed; try again soon.".into(),
        }
    }

    /// The page that says it, with its status. A page that could not be made stays as it is.
    pub fn shown_on(self, mut page: Response) -> Response {
        match self {
            _ if !page.status().is_success() => page,
            FormRefusal::Refused(_) => {
                *page.status_mut() = StatusCode::BAD_REQUEST;
                page
            }
            FormRefusal::Failed(cause) | FormRefusal::CutShort(cause) => failure::of_form(cause, page),
            FormRefusal::Busy => failure::busy_form(page),
        }
    }
}

/// Carries out a command, as the command line does.
///
/// # Errors
/// [`FormRefusal`]
pub async fn run(command: Result<Command, String>, app: &SharedApp) -> Result<Reply, FormRefusal> {
    let (command, app) = (command.map_err(FormRefusal::Refused)?, app.clone());
    // Digesting one costs as much as comparing it.
    let permit = match command.password() {
        Some(_) => Some(PASSWORD_LIMIT.take().await.ok_or(FormRefusal::Busy)?),
        None => None,
    };
    let done = match command.reads_only() {
        true => {
            let base_url = app.base_url.clone();
            app.in_turn(move |collector| control::run_unnoted(command.clone(), collector, &base_url)).await
        }
        false => {
            let changes = app.clone();
            let work = move || {
                let done = control::run_unnoted(command, &app.collector, &app.base_url);
                drop(permit);
                done
            };
            changes.changing(work).await
        }
    };
    done.map_err(FormRefusal::CutShort)?.map_err(|CommandRefusal { refused, is_failure }| match is_failure {
        true => FormRefusal::Failed(refused.into()),
        false => FormRefusal::Refused(answers::whole_sentence(&refused.to_string())),
    })
}

fn wrong(name: &str, form: &PostedForm, not_done: &FormRefusal) -> SentForm {
    SentForm {
        form: name.to_owned(),
        values: form.pairs().to_vec(),
        flash: Some(FlashMessage::Wrong(not_done.sentence())),
    }
}

fn instance_page(account: &SignedIn, sent: SentForm, headers: &HeaderMap, app: &SharedApp) -> Response {
    let page = SettingsPage {
        words: words_for(headers),
        account: Some(account.shown()),
        sites: app.collector.directory().all().iter().map(|site| site.domain.to_string()).collect(),
        zones: time::zone_names(),
        sent,
    };
    Html(page.html()).into_response()
}

fn site_page(account: &SignedIn, site: Arc<Site>, sent: SentForm, headers: &HeaderMap, app: &SharedApp) -> Response {
    let words: &'static Words = words_for(headers);
    let today = site.schedule.locate(app.collector.clock().now()).day;
    let account = Some(account.shown());
    let page = SiteSettingsPage { words, account, site, today, zones: time::zone_names(), sent };
    Html(page.html()).into_response()
}
