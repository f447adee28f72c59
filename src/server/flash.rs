//! Shows what came of a form on the page that follows, once.
//!
//! A form that was sent leads to a page by a redirect, so that loading that page again sends nothing again. What is to be said there
//! waits in a cookie of the browser; it holds words of replies alone, and no secret.

use axum::http::HeaderMap;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{App, cookies};
use crate::limits;
use crate::page::form::{FlashMessage, SentForm};

const COOKIE: &str = "headcount_told";

/// Has the browser keep what was done by a form, for the page at `path`.
pub fn leave(answer: &mut Response, headers: &HeaderMap, app: &App, path: &str, form: &str, text: &str) {
    let end = (0..=text.len().min(limits::TOLD_BYTES_MAX)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let value = format!("{path}\n{form}\n{}", &text[..end]);
    let value = utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string();
    cookies::keep(answer, headers, app, COOKIE, &value, limits::TOLD_S);
}

/// What a browser keeps for the page at `path`.
pub fn of(headers: &HeaderMap, path: &str) -> SentForm {
    cookies::values(headers, COOKIE).into_iter().find_map(|value| read(value, path)).unwrap_or_default()
}

fn read(value: &str, path: &str) -> Option<SentForm> {
    let value = percent_decode_str(value).decode_utf8().ok()?;
    let (form, text) = value.strip_prefix(path)?.strip_prefix('\n')?.split_once('\n')?;
    Some(SentForm { form: form.to_owned(), values: Vec::new(), flash: Some(FlashMessage::Done(text.to_owned())) })
}

/// Has the browser drop what it keeps, if it does, since it is shown now.
pub fn drop_from(answer: &mut Response, headers: &HeaderMap) {
    cookies::drop_from(answer, headers, COOKIE);
}
