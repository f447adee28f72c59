//! Reads forms that come from a page of ours and are short.

use std::fmt;

use axum::extract::Request;
use axum::http::HeaderMap;

use super::body::{self, Unread};
use super::{App, header as text_of};
use crate::limits;

/// The fields of a form, in order, as often as they come. `Debug` prints their names alone: some are passwords.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct PostedForm(Vec<(String, String)>);

impl fmt::Debug for PostedForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostedForm").field(&self.0.iter().map(|(name, _)| name).collect::<Vec<_>>()).finish()
    }
}

/// Why there is no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoForm {
    /// Another site has sent it, or none that tells where it is.
    FromElsewhere,
    /// It is too long.
    TooLarge,
    /// It did not arrive.
    Late,
}

impl PostedForm {
    /// Reads the form of a request that a page of ours has sent.
    ///
    /// # Errors
    /// [`NoForm`]
    pub async fn read(request: Request, app: &App) -> Result<PostedForm, NoForm> {
        let is_from_here = is_from_here(request.headers(), app);
        // It is read in any case: a connection that is closed in the middle of a form would lose the answer.
        let read = body::read(request.into_body(), limits::FORM_BYTES_MAX).await;
        let body = read.map_err(|unread| match unread {
            Unread::TooLarge => NoForm::TooLarge,
            Unread::Late | Unread::Gone => NoForm::Late,
        })?;
        if is_from_here { Ok(PostedForm::of(&body.bytes)) } else { Err(NoForm::FromElsewhere) }
    }

    fn of(bytes: &[u8]) -> PostedForm {
        PostedForm(url::form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// A field, without white space around it; an empty text where it is absent.
    pub fn text(&self, name: &str) -> &str {
        self.exact(name).trim()
    }

    /// A field as it was typed, for passwords.
    pub fn exact(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// A field unless it is absent or empty.
    pub fn filled(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// All fields, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// All fields of a name.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Whether a page of ours sends this request, beside the cookie, which says the same (`SameSite`): a form on another site must
/// not change anything here. Browsers say where a form stands in `Sec-Fetch-Site` or in `Origin`; what says it in neither is
/// refused, so programs use tokens or the command line.
pub fn is_from_here(headers: &HeaderMap, app: &App) -> bool {
    match text_of(headers, "sec-fetch-site") {
        // `none` is a reader's own act, such as sending a form again after a restart of the browser.
        "same-origin" | "none" => true,
        "" => is_ours(text_of(headers, "origin"), headers, &app.base_url),
        _ => false,
    }
}

/// Whether an address is one of the collector's, as browsers reach it.
pub fn is_ours(address: &str, headers: &HeaderMap, base_url: &str) -> bool {
    let Ok(address) = url::Url::parse(address) else { return false };
    let (Some(host), "http" | "https") = (address.host_str(), address.scheme()) else { return false };
    let authority = match address.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    // A proxy in front may hand on another host than that which browsers asked for.
    let is_base = url::Url::parse(base_url).is_ok_and(|base| base.origin() == address.origin());
    is_base || text_of(headers, "host").eq_ignore_ascii_case(&authority)
}

/// The path and query of the page that a request comes from, if it is one of ours, to lead back there. `base_url` is how browsers
/// reach the collector.
pub fn came_from(headers: &HeaderMap, base_url: &str) -> Option<String> {
    let page = text_of(headers, "referer");
    // A backslash is a slash to browsers, and to this parser too.
    let page = is_ours(page, headers, base_url).then(|| url::Url::parse(page).ok()).flatten()?;
    let path = page.path();
    // Two slashes would begin the name of another host.
    let is_within = path.starts_with('/') && !path.starts_with("//");
    is_within.then(|| page.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_come_as_often_as_they_are_there() {
        let form = PostedForm::of(b"name=+%C3%84na+&site=a.test&site=b.test&box=&password=+x+");
        assert_eq!((form.text("name"), form.exact("password"), form.text("none")), ("Äna", " x ", ""));
        assert_eq!(form.all("site").collect::<Vec<_>>(), ["a.test", "b.test"]);
        assert_eq!((form.filled("box"), form.filled("site")), (None, Some("a.test".into())));
        assert_eq!(
            PostedForm::of(b"\xff%ff=%"),
            PostedForm(vec![("\u{fffd}\u{fffd}".into(), "%".into())]),
            "anything is read"
        );
        assert_eq!(format!("{:?}", PostedForm::of(b"name=Ana&password=geese")), "PostedForm([\"name\", \"password\"])");
    }

    #[test]
    fn the_way_back_leads_nowhere_else() {
        let back = |from: &str| {
            let headers = [("host", "stats.example.com"), ("referer", from)];
            let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            came_from(&HeaderMap::from_iter(headers), "https://behind.example.org")
        };
        for host in ["stats.example.com", "behind.example.org"] {
            assert_eq!(back(&format!("https://{host}/a.com?period=7d")).as_deref(), Some("/a.com?period=7d"));
            for beyond in ["//evil.test", "/\\evil.test", "\\\\evil.test", "/.//evil.test", "/..//evil.test?x"] {
                assert_eq!(back(&format!("https://{host}{beyond}")), None, "{beyond}");
            }
        }
        for other in ["https://elsewhere.example/a.com", "https://stats.example.com.evil.test/", "nonsense", "", "/a"] {
            assert_eq!(back(other), None, "{other}");
        }
    }
}
