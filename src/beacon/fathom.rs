//! In: the query of Fathom Lite's `GET /collect`. Out: a [`Beacon`], or the reason why there is none. Forgets: the page's
//! and the visitor's ids, and whether the script takes the visitor for a new one.
//!
//! `h` is the scheme and host, `p` path and query, `r` the referrer, `sid` the site: a code that its owner declares as an
//! alias, else the host of the page.

use super::query::Params;
use super::{Beacon, Kind, Refusal, Request, cut, naming};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::fold;

/// Reads a request.
///
/// # Errors
/// [`Refusal`] with [`Rejection::BadUrl`] without a host or a path.
pub fn parse(request: &Request<'_>) -> Result<Beacon, Refusal> {
    let params = Params::of(request.query, |key| matches!(key, "h" | "p" | "r" | "sid"));
    let (host, path) = (params.text("h"), params.text("p"));
    let site = fold(params.some("sid").or(naming::host(host)).unwrap_or_default());
    let url = format!("{}/{}", host.trim_end_matches('/'), path.trim_start_matches('/'));
    let is_address = naming::host(host).is_some() && !path.is_empty();
    // A host of dots alone names nobody.
    if !is_address || site.is_empty() {
        return Err(Refusal::of(Rejection::BadUrl, &site));
    }
    let referrer = cut(params.text("r"), limits::URL_BYTES_MAX).to_owned();
    Ok(Beacon { referrer, ..Beacon::new(request, site, Kind::Pageview, url) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::ask;

    fn read(query: &str) -> Result<Beacon, Refusal> {
        parse(&Request { query, ..ask() })
    }

    #[test]
    fn a_page_is_host_and_path() {
        let beacon =
            read("p=/a%3Fx%3D1&h=http://www.a.test&sid=ABCDE&u=1&nv=1&pid=undefined&r=https://b.test/").expect("one");
        assert_eq!((beacon.site.as_str(), beacon.url.as_str()), ("abcde", "http://www.a.test/a?x=1"));
        assert_eq!((beacon.referrer.as_str(), beacon.kind), ("https://b.test/", Kind::Pageview));
        assert_eq!(read("p=/&h=http://www.a.test").expect("one").site, "a.test");
    }

    #[test]
    fn without_host_or_path_there_is_no_page() {
        for wrong in ["", "p=/", "h=http://a.test", "h=a.test&p=/", "h=http://a.test&p="] {
            assert_eq!(read(wrong).map_err(|refusal| refusal.reason).err(), Some(Rejection::BadUrl), "{wrong}");
        }
    }
}
