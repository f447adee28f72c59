//! Pages of errors and of signing in, texts, and the headers that keep pages out of caches and frames.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::form::NoForm;
use super::language::words_for;
use crate::page::sign_in::SignInReason;
use crate::page::words::{Language, Words};
use crate::page::{ErrorPage, SignInPage};
use crate::report::choice::NotAChoice;
use crate::view::ViewError;

/// A page.
pub fn html(status: StatusCode, body: String) -> Response {
    (status, Html(body)).into_response()
}

/// Something that is no page.
pub fn text(kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let mut answer = Response::new(body.into());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Something to be kept as a file, under a name of letters, digits, points and dashes.
pub fn file(kind: &'static str, name: &str, body: String) -> Response {
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_'), "-");
    let mut answer = text(kind, body);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    answer
}

/// A page with the code of its status.
pub fn with_status(status: u16, body: String) -> Response {
    html(StatusCode::from_u16(status).unwrap_or_default(), body)
}

/// The answer to an address that leads to no view.
pub fn no_view(no_view: &ViewError, headers: &HeaderMap) -> Response {
    let words = words_for(headers);
    let title = match no_view {
        ViewError::Period(_) | ViewError::Compare(_) => words.no_such_period,
        ViewError::NotForAll => words.not_for_all,
        ViewError::Filter(
            NotAChoice::Refused(_)
            | NotAChoice::OfVisits
            | NotAChoice::OfOneSite
            | NotAChoice::Segments
            | NotAChoice::NotSegment
            | NotAChoice::NotKept,
        )
        | ViewError::GoalAndFilter
        | ViewError::AskMemory
        | ViewError::NotInMemory => words.not_together,
        ViewError::Filter(_) => words.no_such_filter,
    };
    let sentence = whole_sentence(&no_view.to_string());
    refused(ErrorPage { words, status: 400, title: title.to_owned(), sentence, spoken: Language::English })
}

/// The answer to an address that asks for what there is not.
pub fn wrong(title: &str, sentence: &str, words: &'static Words) -> Response {
    let (title, sentence) = (title.to_owned(), sentence.to_owned());
    refused(ErrorPage { words, status: 400, title, sentence, spoken: words.language })
}

fn refused(page: ErrorPage) -> Response {
    html(StatusCode::BAD_REQUEST, page.html())
}

/// An error as a page says it: with a capital at its beginning and a full stop at its end.
pub fn whole_sentence(error: &str) -> String {
    let mut letters = error.trim_end_matches('.').chars();
    let first: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
    format!("{first}{}.", letters.as_str())
}

/// How to sign in.
pub fn sign_in(why: SignInReason, name: &str, headers: &HeaderMap) -> Response {
    let status = StatusCode::from_u16(why.status()).unwrap_or_default();
    html(status, SignInPage { words: words_for(headers), why, name: name.to_owned() }.html())
}

/// The page to sign in on, for whoever wants to.
pub fn ask(headers: &HeaderMap) -> Response {
    let mut answer = sign_in(SignInReason::Asked, "", headers);
    *answer.status_mut() = StatusCode::OK;
    answer
}

/// When a form can't be taken.
pub fn no_form(no_form: NoForm, headers: &HeaderMap) -> Response {
    let words = words_for(headers);
    let (status, title, sentence) = match no_form {
        NoForm::FromElsewhere => (403, words.form_from_elsewhere, words.form_from_elsewhere_why),
        NoForm::TooLarge => (413, words.form_too_large, words.form_too_large_why),
        NoForm::Late => (408, words.form_late, words.form_late_why),
    };
    let page = ErrorPage { words, status, title: title.into(), sentence: sentence.into(), spoken: words.language };
    html(StatusCode::from_u16(status).unwrap_or_default(), page.html())
}

/// What there is not.
pub fn not_found(headers: &HeaderMap) -> Response {
    error(StatusCode::NOT_FOUND, headers)
}

/// What somebody who is signed in may not see.
pub fn forbidden(headers: &HeaderMap) -> Response {
    error(StatusCode::FORBIDDEN, headers)
}

/// When a page was open for a while, and that is over.
pub fn ended(headers: &HeaderMap) -> Response {
    error(StatusCode::GONE, headers)
}

fn error(status: StatusCode, headers: &HeaderMap) -> Response {
    html(status, ErrorPage::of(status.as_u16(), words_for(headers)).html())
}

/// The sources of a content policy in whose pages an answer may stand; without it there are none.
#[derive(Debug, Clone)]
pub struct Frames(pub String);

/// Puts the headers on every answer that keep pages to themselves.
pub async fn protect(mut answer: Response) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                          img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                          require-trusted-types-for 'script'; trusted-types headcount; frame-ancestors";
    let frames = answer.extensions().get::<Frames>().map_or("'none'", |frames| &frames.0);
    const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    let policy = HeaderValue::from_str(&format!("{POLICY} {frames}"));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.unwrap_or(NOTHING));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}
