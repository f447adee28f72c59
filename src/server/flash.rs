//! Shows what came of a form on the page that follows, once.
//!
//! A form that was sent leads to a page by a redirect, so that loading that page again sends nothing again. What is to be said there
//! waits in a cookie of the browser; it holds words of replies alone, and no secret.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{App, cookie};
use crate::limits;
use crate::page::form::{FlashMessage, SentForm};

const COOKIE: &str = "headcount_told";

/// Has the browser keep what was done by a form, for the page at `path`.
pub fn leave(answer: &mut Response, app: &App, path: &str, form: &str, text: &str) {
    let end = (0..=text.len().min(limits::TOLD_BYTES_MAX)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let value = format!("{path}\n{form}\n{}", &text[..end]);
    set(answer, app, &utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string(), limits::TOLD_S);
}

/// What a browser keeps for the page at `path`.
pub fn of(headers: &HeaderMap, path: &str) -> SentForm {
    read(headers, path).unwrap_or_default()
}

fn read(headers: &HeaderMap, path: &str) -> Option<SentForm> {
    let value = percent_decode_str(cookie(headers, COOKIE)?).decode_utf8().ok()?;
    let (form, text) = value.strip_prefix(path)?.strip_prefix('\n')?.split_once('\n')?;
    Some(SentForm { form: form.to_owned(), values: Vec::new(), flash: Some(FlashMessage::Done(text.to_owned())) })
}

/// Has the browser drop what it keeps, if it does, since it is shown now.
pub fn drop_from(answer: &mut Response, headers: &HeaderMap, app: &App) {
    if cookie(headers, COOKIE).is_some() {
        set(answer, app, "", 0);
    }
}

fn set(answer: &mut Response, app: &App, value: &str, age_s: u32) {
    let secure = if app.base_url.starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}
