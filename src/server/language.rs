//! The texts that a reader understands, by what the browser says. A choice is kept by the browser itself.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use super::form::came_from;
use super::{SharedApp, answers, cookies, header as text_of};
use crate::limits::LANGUAGE_COOKIE_S;
use crate::page::words::{Language, Words};

const COOKIE: &str = "headcount_language";

/// The code of the language that a browser keeps as chosen.
pub fn chosen(headers: &HeaderMap) -> Option<&str> {
    cookies::values(headers, COOKIE).into_iter().find(|code| Language::from_code(code).is_some())
}

/// The texts for whoever sent a request: as chosen, else as the browser likes best.
pub fn words_for(headers: &HeaderMap) -> &'static Words {
    let chosen = chosen(headers).and_then(Language::from_code);
    chosen.unwrap_or_else(|| Language::accepted(text_of(headers, "accept-language"))).words()
}

/// `GET /language/CODE`: has the browser keep a choice, and leads back to where it was made.
pub async fn choose(State(app): State<SharedApp>, Path(code): Path<String>, headers: HeaderMap) -> Response {
    let Some(language) = Language::from_code(&code) else { return answers::not_found(&headers) };
    let mut answer =
        Redirect::to(&came_from(&headers, &app.base_url).unwrap_or_else(|| "/".to_owned())).into_response();
    cookies::keep(&mut answer, &headers, &app, COOKIE, language.code(), LANGUAGE_COOKIE_S);
    answer
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_choice_counts_more_than_the_browser() {
        let words = |list: &[(&'static str, &str)]| words_for(&headers(list)).language;
        assert_eq!(words(&[]), Language::English);
        assert_eq!(words(&[("accept-language", "fr")]), Language::French);
        assert_eq!(words(&[("accept-language", "fr"), ("cookie", "a=b; headcount_language=de")]), Language::German);
        assert_eq!(words(&[("cookie", "headcount_language=<script>")]), Language::English);
    }
}
