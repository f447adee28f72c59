//! In: a request as it stands on the wire, or the parts of one. Out: its path, headers and body. Forgets: nothing; nobody keeps it.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use crate::limits;

/// A request that is explained.
pub struct RawRequest {
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// Its query, without the question mark.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// What a browser with our tracker says of a page that was opened.
#[derive(Debug, Default)]
pub struct OpenedPage<'a> {
    /// The site, as the tracker names it.
    pub site: &'a str,
    /// The page.
    pub url: &'a str,
    /// The referrer.
    pub referrer: &'a str,
    /// The user agent.
    pub agent: &'a str,
    /// Whether it has seen a touch screen.
    pub touch: bool,
    /// Further headers, a line each.
    pub headers: &'a [String],
}

/// Why something is no request: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoRequest(String);

impl RawRequest {
    /// Reads a request as it stands on the wire: HTTP/1.1, or the same with plain line feeds, as editors write it. A body is all that
    /// follows the head.
    ///
    /// # Errors
    /// [`NoRequest`]
    pub fn read(bytes: &[u8]) -> Result<RawRequest, NoRequest> {
        let mut room = [httparse::EMPTY_HEADER; limits::EXPLAINED_HEADERS_MAX];
        let mut request = httparse::Request::new(&mut room);
        let wrong = |what: &str| {
            NoRequest(format!("{what}; write it like `POST /api/event HTTP/1.1`, headers, an empty line, the body"))
        };
        let head = match request.parse(bytes) {
            Ok(httparse::Status::Complete(head)) => head,
            Ok(httparse::Status::Partial) => return Err(wrong("the head of the request has no end")),
            Err(error) => return Err(wrong(&format!("this is no HTTP request ({error})"))),
        };
        let (method, target) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
        let mut headers = HeaderMap::new();
        for header in request.headers.iter() {
            add(&mut headers, header.name, header.value)?;
        }
        let (path, query) = split(target);
        let body = bytes[head..].strip_suffix(b"\n").unwrap_or(&bytes[head..]);
        Ok(RawRequest { method: method.to_owned(), path, query, headers, body: body.to_vec() })
    }

    /// What our tracker sends when a page was opened.
    ///
    /// # Errors
    /// [`NoRequest`] for a line that is no header.
    pub fn of_page(page: &OpenedPage<'_>) -> Result<RawRequest, NoRequest> {
        let mut headers = HeaderMap::new();
        for line in page.headers {
            let Some((name, value)) = line.split_once(':') else {
                return Err(NoRequest(format!("{line:?} is no header; write it like `Sec-GPC: 1`")));
            };
            add(&mut headers, name.trim(), value.trim().as_bytes())?;
        }
        if !page.agent.is_empty() {
            headers.remove("user-agent");
            add(&mut headers, "user-agent", page.agent.as_bytes())?;
        }
        Ok(RawRequest::sent_by_tracker(page, headers))
    }

    /// The same with headers that a browser has sent.
    pub fn sent_by_tracker(page: &OpenedPage<'_>, headers: HeaderMap) -> RawRequest {
        let body =
            json!({"n": "pageview", "u": page.url, "d": page.site, "r": page.referrer, "t": u8::from(page.touch)})
                .to_string();
        RawRequest {
            method: "POST".into(),
            path: "/api/event".into(),
            query: String::new(),
            headers,
            body: body.into(),
        }
    }
}

fn split(target: &str) -> (String, String) {
    let target = match target.split_once("://").filter(|_| !target.starts_with('/')) {
        // As proxies are sent it.
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (path.to_owned(), query.to_owned())
}

fn add(headers: &mut HeaderMap, name: &str, value: &[u8]) -> Result<(), NoRequest> {
    let wrong = || NoRequest(format!("{name:?} is no header that can be sent"));
    let (name, value) = (HeaderName::try_from(name).ok(), HeaderValue::from_bytes(value).ok());
    let (name, value) = name.zip(value).ok_or_else(wrong)?;
    headers.append(name, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_stands_on_the_wire_and_in_editors() {
        for text in [
            "POST /api/event?x=1 HTTP/1.1\r\nHost: a.test\r\nUser-Agent: Me\r\n\r\n{\"n\":1}",
            "POST /api/event?x=1 HTTP/1.1\nHost: a.test\nUser-Agent: Me\n\n{\"n\":1}\n",
            "POST https://a.test/api/event?x=1 HTTP/1.1\nHost: a.test\nUser-Agent: Me\n\n{\"n\":1}\n",
        ] {
            let read = RawRequest::read(text.as_bytes()).unwrap();
            assert_eq!((read.method.as_str(), read.path.as_str(), read.query.as_str()), ("POST", "/api/event", "x=1"));
            assert_eq!((read.headers["user-agent"].to_str().unwrap(), &*read.body), ("Me", &b"{\"n\":1}"[..]));
        }
    }

    #[test]
    fn what_is_no_request_is_told_in_a_sentence() {
        for wrong in ["", "hello", "GET / HTTP/1.1\nHost: a", "GET /\n\n"] {
            let said = RawRequest::read(wrong.as_bytes()).err().map(|error| error.to_string());
            assert!(said.is_some_and(|said| said.contains("POST /api/event HTTP/1.1")), "{wrong:?}");
        }
        let header = ["no colon".to_owned()];
        assert!(RawRequest::of_page(&OpenedPage { headers: &header, ..OpenedPage::default() }).is_err());
    }
}
