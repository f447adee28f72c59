//! In: a decoded path and the site's rules. Out: the page that it counts as. Forgets: the parts for which a template or a mask
//! stands.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::super::mask;
use crate::beacon::meant;
use crate::site::paths::{Case, PathRules, Slash};

/// What stands for a part that a mask fits.
pub(super) const MASKED: &str = ":masked";

/// The page that a path counts as, by the site's rules alone.
pub fn apply(rules: &PathRules, mut path: String) -> String {
    if rules.case == Case::Lower && path.chars().any(char::is_uppercase) {
        path = path.to_lowercase();
    }
    match rules.slash {
        Slash::Keep => {}
        Slash::Strip if path.len() > 1 => path.truncate(path.trim_end_matches('/').len().max(1)),
        Slash::Add if !path.ends_with('/') && !last_part(&path).contains(['.', '#']) => path.push('/'),
        Slash::Strip | Slash::Add => {}
    }
    if let Some(template) = rules.templates.iter().find(|template| fits_template(template, &path, rules.case)) {
        return template.clone();
    }
    if rules.masks.is_empty() || !path.split('/').any(|part| is_masked(rules, part)) {
        return path;
    }
    let parts = path.split('/').map(|part| if is_masked(rules, part) { MASKED } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The keys of the query that belong to the page, masked, as `?id=1&page=2`; empty when there is none.
pub fn kept_query(rules: &PathRules, query: &str) -> String {
    let mut kept = String::new();
    for key in &rules.query_keys {
        let values = query.split('&').filter_map(|pair| pair.split_once('='));
        let Some((_, value)) = values.clone().find(|(name, _)| meant(&decoded(name)) == key.as_str()) else { continue };
        kept.push(if kept.is_empty() { '?' } else { '&' });
        kept.extend([key.as_str(), "=", &mask::name(&decoded(value))]);
    }
    kept
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a template stands for a path, part by part. A slash at the end of one alone makes no difference.
fn fits_template(template: &str, path: &str, case: Case) -> bool {
    let mut parts = path.trim_end_matches('/').split('/');
    let mut wanted = template.trim_end_matches('/').split('/').peekable();
    while let Some(want) = wanted.next() {
        if want == "*" && wanted.peek().is_none() {
            return parts.next().is_some();
        }
        let fits = match (want.strip_prefix(':'), parts.next()) {
            (_, None) => false,
            (Some(_), Some(part)) => !part.is_empty(),
            (None, Some(part)) if case == Case::Lower => want.to_lowercase() == part,
            (None, Some(part)) => want == part,
        };
        if !fits {
            return false;
        }
    }
    parts.next().is_none()
}

fn is_masked(rules: &PathRules, part: &str) -> bool {
    !part.is_empty() && rules.masks.iter().any(|mask| fits_mask(mask.as_bytes(), part.as_bytes()))
}

/// Whether a mask stands for a part: `*` for anything, `#` for one digit or more, all else for itself. One pass with a single
/// point to go back to, so that no mask makes a long part slow.
fn fits_mask(mask: &[u8], part: &[u8]) -> bool {
    let (mut m, mut p) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while p < part.len() {
        match mask.get(m) {
            Some(b'*') => {
                back = Some((m, p));
                m += 1;
                continue;
            }
            Some(b'#') if part[p].is_ascii_digit() => {
                p += part[p..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                m += 1;
                continue;
            }
            Some(byte) if *byte == part[p] => {
                (m, p) = (m + 1, p + 1);
                continue;
            }
            _ => {}
        }
        let Some((star, from)) = back else { return false };
        back = Some((star, from + 1));
        (m, p) = (star + 1, from + 1);
    }
    mask[m..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(templates: &[&str], masks: &[&str], keys: &[&str]) -> PathRules {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        PathRules { templates: owned(templates), masks: owned(masks), query_keys: owned(keys), ..PathRules::default() }
    }

    #[test]
    fn a_template_stands_for_its_pages() {
        let rules = rules(&["/order/:id", "/user/:name/posts/:post", "/docs/*", "/#/cart/:step"], &[], &[]);
        for (path, page) in [
            ("/order/77", "/order/:id"),
            ("/order/77/", "/order/:id"),
            ("/order/", "/order/"),
            ("/order", "/order"),
            ("/order/77/lines", "/order/77/lines"),
            ("/user/ana/posts/9", "/user/:name/posts/:post"),
            ("/docs/a", "/docs/*"),
            ("/docs/a/b/c", "/docs/*"),
            ("/docs", "/docs"),
            ("/#/cart/2", "/#/cart/:step"),
            ("/Order/77", "/Order/77"),
        ] {
            assert_eq!(apply(&rules, path.into()), page, "{path}");
        }
    }

    #[test]
    fn masks_stand_for_parts() {
        let rules = rules(&[], &["user-*", "inv#", "#"], &[]);
        for (path, page) in [
            ("/user-ana/edit", "/:masked/edit"),
            ("/a/inv2024/b", "/a/:masked/b"),
            ("/a/inv/b", "/a/inv/b"),
            ("/blog/2024/x", "/blog/:masked/x"),
            ("/blog/2024x", "/blog/2024x"),
            ("/", "/"),
        ] {
            assert_eq!(apply(&rules, path.into()), page, "{path}");
        }
        assert!(fits_mask(b"*a*b#", b"xxaxxb12") && !fits_mask(b"*a*b#", b"xxaxxb") && fits_mask(b"a**", b"a"));
    }

    #[test]
    fn slashes_and_capitals_follow_the_rule() {
        let strip = PathRules { slash: Slash::Strip, case: Case::Lower, ..PathRules::default() };
        for (path, page) in [("/A/b/", "/a/b"), ("/", "/"), ("//", "/"), ("/Ü", "/ü")] {
            assert_eq!(apply(&strip, path.into()), page, "{path}");
        }
        let add = PathRules { slash: Slash::Add, ..PathRules::default() };
        for (path, page) in [("/a", "/a/"), ("/a/", "/a/"), ("/a.html", "/a.html"), ("/a#b", "/a#b"), ("/", "/")] {
            assert_eq!(apply(&add, path.into()), page, "{path}");
        }
        let both = PathRules { case: Case::Lower, ..rules(&["/Order/:id"], &[], &[]) };
        assert_eq!(apply(&both, "/ORDER/7".into()), "/Order/:id");
    }

    #[test]
    fn only_the_keys_that_are_named_are_kept_and_masked() {
        let rules = rules(&[], &[], &["id", "page"]);
        for (query, kept) in [
            ("page=2&id=5&x=secret", "?id=5&page=2"),
            ("id=ana%40example.com", "?id=:email"),
            ("x=1", ""),
            ("", ""),
            ("id", ""),
            ("id=&id=2", "?id="),
        ] {
            assert_eq!(kept_query(&rules, query), kept, "{query}");
        }
    }
}
