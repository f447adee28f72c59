//! In: the query of `GET /pixel.gif?d=DOMAIN&u=URL[&r=REFERRER]`, a picture on a page without scripts or in a mail. Out:
//! a [`Beacon`] for each site that it names. Forgets: the query.
//!
//! Texts are percent- and plus-decoded. Without `u` the page is what the `Referer` header names; a relative `u` is taken
//! within the site. With `n` it is an event of that name, else a pageview. `l`, `tz`, `sc` and `w` are as in the JSON format.

use std::borrow::Cow;

pub use super::Refusal;
use super::{Beacon, Claims, Kind, Request, Sender, claim, cut, naming};
use crate::limits;
use crate::rejection::Rejection;

/// The keys as sent and decoded; empty when absent. The first of a repeated key wins.
#[derive(Default)]
struct PixelKeys<'a> {
    sites: Option<Cow<'a, str>>,
    url: Cow<'a, str>,
    referrer: Cow<'a, str>,
    name: Cow<'a, str>,
    language: Cow<'a, str>,
    time_zone: Cow<'a, str>,
    screen: Cow<'a, str>,
    width: Cow<'a, str>,
}

/// Reads a request for the picture: one beacon for each site that it names.
///
/// # Errors
/// A [`Refusal`] with [`Rejection::BadUrl`] when neither `u` nor `Referer` gives the page's address; [`Rejection::BadField`] when `d` is blank
/// or names too many sites, or `n` is reserved for pings.
pub fn parse(request: &Request<'_>) -> Result<Vec<Beacon>, Refusal> {
    let keys = keys(request.query);
    let page = page(&keys, request);
    let mut sites = sites(&keys, page.ok());
    beacons(&keys, request, page, &sites).map_err(|reason| {
        sites.truncate(limits::SITES_OF_A_BEACON_MAX);
        Refusal { reason, sites }
    })
}

fn beacons(
    keys: &PixelKeys<'_>,
    request: &Request<'_>,
    page: Result<&str, Rejection>,
    sites: &[String],
) -> Result<Vec<Beacon>, Rejection> {
    let kind = kind(&keys.name)?;
    let page = page?;
    if !(1..=limits::SITES_OF_A_BEACON_MAX).contains(&sites.len()) {
        return Err(Rejection::BadField);
    }
    let beacons = beacon(keys, request, kind).for_sites(sites.to_vec()).into_iter();
    Ok(beacons.map(|beacon| Beacon { url: address(page, &beacon.site), ..beacon }).collect())
}

fn keys(query: &str) -> PixelKeys<'_> {
    let mut keys = PixelKeys::default();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let slot = match naming::meant(&key) {
            "d" => keys.sites.get_or_insert_default(),
            "u" => &mut keys.url,
            "r" => &mut keys.referrer,
            "n" => &mut keys.name,
            "l" => &mut keys.language,
            "tz" => &mut keys.time_zone,
            "sc" => &mut keys.screen,
            "w" => &mut keys.width,
            _ => continue,
        };
        if slot.is_empty() {
            *slot = value;
        }
    }
    keys
}

/// A picture has no time or depth to tell, so the names of pings are refused.
fn kind(name: &str) -> Result<Kind, Rejection> {
    match name.trim() {
        "" | "pageview" => Ok(Kind::Pageview),
        "engagement" | "pageleave" => Err(Rejection::BadField),
        name => Ok(Kind::Event { name: naming::event(name), interactive: true }),
    }
}

/// The page as sent: `u`, which may be relative, else `Referer`, which may not.
fn page<'a>(keys: &'a PixelKeys<'_>, request: &Request<'a>) -> Result<&'a str, Rejection> {
    let page = match keys.url.trim() {
        "" => Some(request.referer.trim()).filter(|referer| naming::scheme(referer).is_some()),
        url => Some(url),
    };
    let is_refused = |page: &str| naming::scheme(page).is_some_and(|(scheme, _)| naming::is_document(scheme));
    page.filter(|page| !is_refused(page)).ok_or(Rejection::BadUrl)
}

/// The sites of `d`, or when it is absent the host of the page.
fn sites(keys: &PixelKeys<'_>, page: Option<&str>) -> Vec<String> {
    naming::sites(keys.sites.as_deref().or_else(|| naming::host(page?)).unwrap_or_default())
}

/// The page's address, within `site` when it is relative.
fn address(page: &str, site: &str) -> String {
    match page {
        _ if naming::scheme(page).is_some() => page.to_owned(),
        _ if page.starts_with("//") => format!("https:{page}"),
        _ => format!("https://{site}/{}", page.strip_prefix('/').unwrap_or(page)),
    }
}

/// The beacon for a site and a page that are not known yet.
fn beacon(keys: &PixelKeys<'_>, request: &Request<'_>, kind: Kind) -> Beacon {
    let by_width = || keys.width.parse().ok().and_then(claim::screen_of_width);
    Beacon {
        site: String::new(),
        kind,
        url: String::new(),
        has_page: true,
        hash_mode: false,
        referrer: cut(keys.referrer.trim(), limits::URL_BYTES_MAX).to_owned(),
        props: Vec::new(),
        revenue: None,
        language: claim::language(Some(&keys.language), request.accept_language),
        screen: claim::screen_labelled(&keys.screen).or_else(by_width),
        libraries_count: false,
        once: None,
        claims: Claims::default(),
        sender: Sender { time_zone: claim::time_zone(&keys.time_zone), ..Sender::of(request) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::ask;

    fn parsed(query: &str, referer: &str) -> Result<Vec<Beacon>, Refusal> {
        parse(&Request { query, referer, ..ask() })
    }

    fn one(query: &str) -> Beacon {
        let beacons = parsed(query, "").expect("a beacon");
        assert_eq!(beacons.len(), 1, "{query}");
        beacons.into_iter().next().expect("one")
    }

    #[test]
    fn a_query_that_was_written_for_html_is_read() {
        let beacon = one("d=a.test&amp;u=%2Fx&amp;r=https%3A%2F%2Fb.test%2F");
        assert_eq!((beacon.url.as_str(), beacon.referrer.as_str()), ("https://a.test/x", "https://b.test/"));
    }

    #[test]
    fn a_picture_is_a_pageview_of_its_address() {
        let beacon = one("d=www.Example.test&u=https%3A%2F%2Fexample.test%2Fa+b%3Fx%3D1&r=https%3A%2F%2Fnews.test%2F");
        assert_eq!(beacon.site, "example.test");
        assert_eq!(beacon.kind, Kind::Pageview);
        assert_eq!(beacon.url, "https://example.test/a b?x=1");
        assert_eq!(beacon.referrer, "https://news.test/");
        assert_eq!((beacon.language.as_str(), beacon.screen), ("en", None));
        assert!(!beacon.libraries_count && !beacon.hash_mode);
    }

    #[test]
    fn a_relative_address_is_within_each_site() {
        let cases = [
            ("%2Fabout", "https://a.test/about"),
            ("about", "https://a.test/about"),
            ("%3Fx%3D1", "https://a.test/?x=1"),
            ("%2F%2Fcdn.test%2Fx", "https://cdn.test/x"),
            ("app%3A%2F%2Flocalhost%2Flogin", "app://localhost/login"),
        ];
        for (page, expected) in cases {
            assert_eq!(one(&format!("d=a.test&u={page}")).url, expected);
        }
        let both = parsed("d=a.test,b.test&u=/x", "").expect("two beacons");
        let urls: Vec<_> = both.iter().map(|b| (b.site.as_str(), b.url.as_str())).collect();
        assert_eq!(urls, [("a.test", "https://a.test/x"), ("b.test", "https://b.test/x")]);
    }

    #[test]
    fn without_an_address_the_page_is_the_one_that_shows_the_picture() {
        let beacons = parsed("d=a.test&r=https://news.test/", "https://a.test/page").expect("a beacon");
        assert_eq!(beacons[0].url, "https://a.test/page");
        assert_eq!(beacons[0].referrer, "https://news.test/");
        let beacons = parsed("", "https://www.a.test/page").expect("a beacon");
        assert_eq!(beacons[0].site, "a.test");
    }

    #[test]
    fn a_name_makes_it_an_event() {
        let kind = one("d=a.test&u=/&n=Mail+opened").kind;
        assert_eq!(kind, Kind::Event { name: "Mail opened".into(), interactive: true });
        assert_eq!(one("d=a.test&u=/&n=pageview").kind, Kind::Pageview);
    }

    #[test]
    fn the_browser_is_described_as_in_the_json_format() {
        let beacon = one("d=a.test&u=/&l=de-AT&tz=Europe%2FVienna&w=800&w=9000");
        assert_eq!((beacon.language.as_str(), beacon.screen), ("de", Some("md")));
        assert_eq!(beacon.sender.time_zone.as_deref(), Some("Europe/Vienna"));
        assert_eq!(one("d=a.test&u=/&sc=xl&w=1").screen, Some("xl"));
        assert_eq!(one("d=a.test&u=/&sc=huge&w=wide").screen, None);
    }

    #[test]
    fn what_is_missing_or_wrong_has_a_reason() {
        let crowd: String = (0..11).map(|n| format!("s{n}.test,")).collect();
        let cases = [
            ("d=a.test".to_owned(), Rejection::BadUrl),
            (String::new(), Rejection::BadUrl),
            ("d=a.test&u=data:text/html,x".to_owned(), Rejection::BadUrl),
            ("d=&u=https://a.test/".to_owned(), Rejection::BadField),
            ("u=/about".to_owned(), Rejection::BadField),
            (format!("d={crowd}&u=/"), Rejection::BadField),
            ("d=a.test&u=/&n=engagement".to_owned(), Rejection::BadField),
        ];
        for (query, reason) in cases {
            assert_eq!(parsed(&query, "").err().map(|refusal| refusal.reason), Some(reason), "{query}");
        }
        for referer in ["no address", "data:text/html,x"] {
            let refusal = Refusal { reason: Rejection::BadUrl, sites: vec!["a.test".into()] };
            assert_eq!(parsed("d=a.test", referer).err(), Some(refusal));
        }
    }

    #[test]
    fn a_refusal_names_the_sites_that_were_meant() {
        let crowd: String = (0..11).map(|n| format!("s{n}.test,")).collect();
        let cases = [
            ("d=www.a.test,b.test".to_owned(), 2),
            ("u=https://a.test/&n=engagement".to_owned(), 1),
            (format!("d={crowd}&u=/"), limits::SITES_OF_A_BEACON_MAX),
            (String::new(), 0),
        ];
        for (query, sites) in cases {
            assert_eq!(parsed(&query, "").err().map(|refusal| refusal.sites.len()), Some(sites), "{query}");
        }
    }
}
