//! In: owners, and the forms that they send about users and tokens. Out: the pages of these. Forgets: links and tokens, once they
//! are shown.

use axum::extract::{Path, Query, Request, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::Value;

use super::{FormRefusal, owner, posted_by_owner, run, wrong};
use crate::collector::Collector;
use crate::control::user::{UserChange, UserCommand};
use crate::control::{Command, Reply};
use crate::operator::{TokenInfo, TokenScope, User};
use crate::page::form::SentForm;
use crate::page::people::{Made, TokenLine, TokensPage, UserLine, UserPage, UsersPage, user_href};
use crate::page::words::Words;
use crate::server::failure::{self, stored};
use crate::server::form::PostedForm;
use crate::server::language::words_for;
use crate::server::signed_in::SignedIn;
use crate::server::{SharedApp, answers, flash};
use crate::site::{Schedule, SiteId};
use crate::store::StoreError;

/// Where the list of users is.
const USERS: &str = "/settings/users";
/// Where the list of tokens is.
const TOKENS: &str = "/settings/tokens";

/// What a page shows beside what there is: what was made and what came of the last form.
#[derive(Default)]
struct Came {
    made: Option<Made>,
    sent: SentForm,
}

impl Came {
    fn of(sent: SentForm) -> Came {
        Came { sent, ..Came::default() }
    }

    fn made(sentence: String, secret: &Value) -> Came {
        let secret = secret.as_str().unwrap_or_default().to_owned();
        Came { made: Some(Made { sentence, secret }), ..Came::default() }
    }

    fn wrong(name: &str, form: &PostedForm, not_done: &FormRefusal) -> Came {
        Came::of(wrong(name, form, not_done))
    }
}

/// `GET /settings/users`
pub async fn users(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    match owner(&headers, &app).await {
        Ok(account) => {
            let mut answer = users_page(account, Came::of(flash::of(&headers, USERS)), &headers, &app).await;
            flash::drop_from(&mut answer, &headers);
            answer
        }
        Err(answer) => answer,
    }
}

/// `POST /settings/users/user-add`
pub async fn add_user(State(app): State<SharedApp>, request: Request) -> Response {
    let headers = request.headers().clone();
    let (account, form) = match posted_by_owner(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let words = words_for(&headers);
    let command = may(&form, words).map(|(role, sites)| {
        let (name, role) = (form.text("name").to_owned(), Some(role));
        Command::User(UserCommand::Add { name, role, sites: sites.unwrap_or_default() })
    });
    match run(command, &app).await {
        Ok(reply) => users_page(account, made_link(&reply, words), &headers, &app).await,
        Err(not_done) => {
            let came = Came::wrong("user-add", &form, &not_done);
            not_done.shown_on(users_page(account, came, &headers, &app).await)
        }
    }
}

/// `GET /settings/user?name=NAME`
pub async fn user(
    State(app): State<SharedApp>,
    Query(asked): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let account = match owner(&headers, &app).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let name = asked.into_iter().find(|(key, _)| key == "name").map(|(_, name)| name).unwrap_or_default();
    let sent = flash::of(&headers, &user_href(&name));
    let mut answer = user_page(account, name, Came::of(sent), &headers, &app).await;
    flash::drop_from(&mut answer, &headers);
    answer
}

/// `POST /settings/user/NAME-OF-FORM`; the field `user` says of whom.
pub async fn change_user(State(app): State<SharedApp>, Path(action): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    let (account, form) = match posted_by_owner(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let (words, name) = (words_for(&headers), form.exact("user").to_owned());
    let Some(command) = asked(&action, &form, words) else { return answers::not_found(&headers) };
    match run(command.map(Command::User), &app).await {
        Ok(reply) if action == "user-link" => user_page(account, name, made_link(&reply, words), &headers, &app).await,
        Ok(reply) => {
            let page = match action.as_str() {
                "user-remove" => USERS.to_owned(),
                // It may have another name now.
                _ => user_href(reply.json["name"].as_str().unwrap_or_default()),
            };
            let mut answer = Redirect::to(&page).into_response();
            flash::leave(&mut answer, &headers, &app, &page, &action, &reply.text);
            answer
        }
        Err(not_done) => {
            let came = Came::wrong(&action, &form, &not_done);
            not_done.shown_on(user_page(account, name, came, &headers, &app).await)
        }
    }
}

/// What a form of the page of a user asks for, or why that makes no sense; nothing if there is no such form.
fn asked(action: &str, form: &PostedForm, words: &Words) -> Option<Result<UserCommand, String>> {
    let name = form.exact("user").to_owned();
    Some(Ok(match action {
        "user-link" => UserCommand::Link { name },
        "user-sign-out" => UserCommand::SignOut { name, browser: None },
        "user-remove" => UserCommand::Remove { name },
        "user-set" => match may(form, words) {
            Ok((role, sites)) => {
                // Who becomes an owner reads everything anyway.
                let sites = sites.filter(|_| role != "owner");
                let new_name = Some(form.text("name").to_owned()).filter(|new| *new != name);
                UserCommand::Set { name, change: UserChange { name: new_name, role: Some(role), sites } }
            }
            Err(sentence) => return Some(Err(sentence)),
        },
        _ => return None,
    }))
}

/// The role and the sites that a form gives; an empty list for all.
fn may(form: &PostedForm, words: &Words) -> Result<(String, Option<Vec<String>>), String> {
    let sites = form.text("sites").lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    match form.text("may") {
        "owner" => Ok(("owner".to_owned(), None)),
        "all" => Ok(("analyst".to_owned(), Some(Vec::new()))),
        // An empty list would stand for all of them.
        _ => match sites.collect::<Vec<_>>() {
            none if none.is_empty() => Err(words.settings.user_sites_missing.to_owned()),
            sites => Ok(("analyst".to_owned(), Some(sites))),
        },
    }
}

/// `GET /settings/tokens`
pub async fn tokens(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    match owner(&headers, &app).await {
        Ok(account) => {
            let mut answer = tokens_page(account, Came::of(flash::of(&headers, TOKENS)), &headers, &app).await;
            flash::drop_from(&mut answer, &headers);
            answer
        }
        Err(answer) => answer,
    }
}

/// `POST /settings/tokens/NAME-OF-FORM`
pub async fn change_tokens(State(app): State<SharedApp>, Path(action): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    let (account, form) = match posted_by_owner(request, &app).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let command = match action.as_str() {
        "token-create" => Command::TokenCreate { site: form.filled("site"), scope: form.text("scope").to_owned() },
        "token-revoke" => Command::TokenRevoke { id: form.text("id").parse().unwrap_or_default() },
        _ => return answers::not_found(&headers),
    };
    match run(Ok(command), &app).await {
        Ok(reply) if action == "token-create" => {
            let came = Came::made(words_for(&headers).settings.made_token.to_owned(), &reply.json["token"]);
            tokens_page(account, came, &headers, &app).await
        }
        Ok(reply) => {
            let mut answer = Redirect::to(&format!("{TOKENS}#tokens")).into_response();
            flash::leave(&mut answer, &headers, &app, TOKENS, &action, &reply.text);
            answer
        }
        Err(not_done) => {
            let came = Came::wrong(&action, &form, &not_done);
            not_done.shown_on(tokens_page(account, came, &headers, &app).await)
        }
    }
}

/// `GET /settings/users/FORM` and `/settings/user/FORM`: where a form is sent there is no page.
pub async fn back_to_users() -> Redirect {
    Redirect::to(USERS)
}

/// `GET /settings/tokens/FORM`: the same.
pub async fn back_to_tokens() -> Redirect {
    Redirect::to(TOKENS)
}

fn made_link(reply: &Reply, words: &Words) -> Came {
    let name = reply.json["name"].as_str().unwrap_or_default();
    Came::made(words.two(words.settings.made_link, name, &reply.json["minutes"]), &reply.json["link"])
}

async fn users_page(account: SignedIn, came: Came, headers: &HeaderMap, app: &SharedApp) -> Response {
    let (collector, words) = (app.collector.clone(), words_for(headers));
    let made = move || {
        let users = collector.operators().users()?;
        users.iter().map(|user| user_line(user, &collector)).collect::<Result<Vec<_>, StoreError>>()
    };
    let users = match stored(made).await {
        Ok(users) => users,
        Err(cause) => return failure::page(cause, headers),
    };
    let page = UsersPage { words, account: Some(account.shown()), users, made: came.made, sent: came.sent };
    Html(page.html()).into_response()
}

async fn user_page(account: SignedIn, name: String, came: Came, headers: &HeaderMap, app: &SharedApp) -> Response {
    let (collector, words) = (app.collector.clone(), words_for(headers));
    let made = move || {
        let user = collector.operators().user(&name)?;
        user.map(|user| user_line(&user, &collector)).transpose()
    };
    let user = match stored(made).await {
        Ok(Some(user)) => user,
        Ok(None) => return answers::not_found(headers),
        Err(cause) => return failure::page(cause, headers),
    };
    let page = UserPage { words, account: Some(account.shown()), user, made: came.made, sent: came.sent };
    Html(page.html()).into_response()
}

async fn tokens_page(account: SignedIn, came: Came, headers: &HeaderMap, app: &SharedApp) -> Response {
    let collector = app.collector.clone();
    let tokens = match stored(move || collector.operators().tokens()).await {
        Ok(tokens) => tokens,
        Err(cause) => return failure::page(cause, headers),
    };
    let directory = app.collector.directory();
    let domain = |id: SiteId| directory.get(id).map_or_else(String::new, |site| site.domain.to_string());
    let line = |token: TokenInfo| TokenLine {
        id: token.id,
        scope: token.access.scope.name(),
        site: token.access.site.map(domain),
        added: Schedule::utc().locate(token.added).day,
    };
    let page = TokensPage {
        words: words_for(headers),
        account: Some(account.shown()),
        tokens: tokens.into_iter().map(line).collect(),
        scopes: TokenScope::ALL.map(TokenScope::name).to_vec(),
        sites: directory.all().iter().map(|site| site.domain.to_string()).collect(),
        made: came.made,
        sent: came.sent,
    };
    Html(page.html()).into_response()
}

fn user_line(user: &User, collector: &Collector) -> Result<UserLine, StoreError> {
    let directory = collector.directory();
    let domain = |id: &SiteId| directory.get(*id).map(|site| site.domain.to_string());
    Ok(UserLine {
        name: user.name.clone(),
        is_owner: user.is_owner(),
        sites: user.sites.as_ref().map(|sites| sites.iter().filter_map(domain).collect()),
        last: user.last_day,
        has_password: user.has_password,
        browsers: collector.operators().logins(user.id, None, collector.clock().now())?.len(),
    })
}
