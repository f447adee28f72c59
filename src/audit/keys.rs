//! What tells its kind by how it begins: user agents, keys of services, bearer tokens, identifiers that advertisers and scripts give out.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::trace::TraceKind;
use crate::limits;

/// What user agents begin with, or have in them.
#[rustfmt::skip]
const AGENTS: [&str; 19] = [
    "Mozilla/", "AppleWebKit/", "(KHTML", "Gecko/", "Opera/", "Opera Mini/", "Dalvik/", "MSIE ", "MSIE+", "Trident/", "CFNetwork/",
    "okhttp/", "curl/", "Wget/", "python-requests/", "Go-http-client/", "Java/1", "libwww-perl/", "PostmanRuntime/",
];

/// What keys begin with, and how long at least the rest is. Of AWS (docs.aws.amazon.com/IAM, "Unique identifiers"), Google (`AIza`,
/// `ya29.`), GitHub (docs.github.com, "GitHub's token formats"), GitLab (docs.gitlab.com, "Token prefixes"), Slack (api.slack.com,
/// "Token types"), Stripe (docs.stripe.com/keys), `SendGrid`, npm, `PyPI`, Hugging Face, `DigitalOcean`, Shopify, Anthropic and `OpenAI`; the
/// same that GitHub lists in "Supported secret scanning patterns".
#[rustfmt::skip]
const KEYS: [(&str, usize); 46] = [
    ("AKIA", 16), ("ASIA", 16), ("ABIA", 16), ("ACCA", 16), ("AIDA", 16), ("AROA", 16), ("AIza", 30), ("ya29.", 20),
    ("ghp_", 30), ("gho_", 30), ("ghu_", 30), ("ghs_", 30), ("ghr_", 30), ("github_pat_", 22),
    ("glpat-", 20), ("gldt-", 20), ("glrt-", 20), ("glptt-", 20),
    ("xoxa-", 10), ("xoxb-", 10), ("xoxe-", 10), ("xoxp-", 10), ("xoxr-", 10), ("xoxs-", 10), ("xapp-", 10),
    ("sk_live_", 12), ("sk_test_", 12), ("pk_live_", 12), ("pk_test_", 12), ("rk_live_", 12), ("rk_test_", 12), ("whsec_", 20),
    ("SG.", 22), ("npm_", 30), ("pypi-", 20), ("hf_", 30), ("dop_v1_", 32), ("doo_v1_", 32),
    ("shpat_", 24), ("shpss_", 24), ("shpca_", 24), ("sk-proj-", 20), ("sk-ant-", 20), ("sk-", 32), ("eyJ", 12), ("AGE-SECRET-KEY-", 20),
];

/// The schemes of `Authorization` behind which a secret stands (RFC 6750, RFC 7617).
const SCHEMES: [&str; 4] = ["Bearer ", "bearer ", "Basic ", "basic "];

/// Names of what is given to one click, one browser or one reader of a mail: of Google, Meta, Microsoft, X, TikTok, LinkedIn, Yandex, Reddit,
/// Snap, Mailchimp and HubSpot (their help pages on "auto-tagging" and "click identifiers"), and of Matomo's cookie.
#[rustfmt::skip]
const IDENTIFIERS: [&str; 22] = [
    "gclid", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "twclid", "ttclid", "li_fat_id", "yclid", "ysclid", "mc_eid", "igshid",
    "_hsenc", "_hsmi", "_fbp", "_fbc", "_gcl_au", "_pk_id", "rdt_cid", "srsltid", "ScCid",
];

/// What Google Analytics' cookies begin with: that of a browser, `GA1.2.123456789.1700000000`, and those of its visits to a property,
/// `GS1.1.1700000000.1.0.1700000000.0.0.0` and `GS2.1.s1700000000$o1$g0`.
const CLIENTS: [&str; 3] = ["GA1.", "GS1.", "GS2."];

/// Looks for all of these at once.
pub(super) struct TraceSigns {
    signs: AhoCorasick,
}

impl TraceSigns {
    /// # Errors
    /// The lists are no list of patterns.
    pub(super) fn new() -> anyhow::Result<TraceSigns> {
        let keys = KEYS.iter().map(|(sign, _)| *sign);
        let all = AGENTS.into_iter().chain(keys).chain(SCHEMES).chain(IDENTIFIERS).chain(CLIENTS);
        Ok(TraceSigns {
            signs: AhoCorasick::builder().match_kind(aho_corasick::MatchKind::LeftmostLongest).build(all)?,
        })
    }

    /// Where they are, in order; no two overlap.
    pub(super) fn all(&self, text: &str) -> Vec<(TraceKind, Range<usize>)> {
        let mut all: Vec<(TraceKind, Range<usize>)> = Vec::new();
        for sign in self.signs.find_iter(text) {
            if all.last().is_some_and(|(_, last)| sign.start() < last.end) {
                continue;
            }
            let at = sign.pattern().as_usize();
            let found = if at < AGENTS.len() {
                agent(text, sign.range()).map(|range| (TraceKind::Agent, range))
            } else if let Some((sign_text, least)) = KEYS.get(at - AGENTS.len()) {
                key(text, sign.range(), sign_text, *least).map(|range| (TraceKind::Secret, range))
            } else if at < AGENTS.len() + KEYS.len() + SCHEMES.len() {
                bearer(text, sign.range()).map(|range| (TraceKind::Secret, range))
            } else if CLIENTS.contains(&&text[sign.range()]) {
                client(text, sign.range()).map(|range| (TraceKind::Identity, range))
            } else {
                identifier(text, sign.range()).map(|range| (TraceKind::Identity, range))
            };
            all.extend(found);
        }
        all
    }
}

/// A user agent: behind its sign a version or a comment follows; `/docs/curl/` is a page.
fn agent(text: &str, sign: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    bytes.get(sign.end).filter(|byte| byte.is_ascii_digit() || **byte == b',')?;
    let rest = &bytes[sign.start..];
    let quote = rest.iter().position(|byte| matches!(byte, b'"' | b'<')).unwrap_or(rest.len());
    let mut end = sign.start + quote.min(limits::AUDIT_AGENT_BYTES_MAX).max(sign.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Some(sign.start..end)
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// A key that begins with a sign, and stands alone but for a byte of the row before it.
fn key(text: &str, sign: Range<usize>, sign_text: &str, least: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if sign.start > 1 && bytes[sign.start - 1].is_ascii_alphanumeric() {
        return None;
    }
    let body = &bytes[sign.end..];
    let body = &body[..body.iter().take_while(|byte| is_part(**byte)).count()];
    let fits = match sign_text {
        // Capitals and the digits 2 to 7.
        _ if sign_text.len() == 4 && sign_text.starts_with('A') && sign_text != "AIza" => {
            body[..least.min(body.len())].iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
        }
        _ => is_odd(body),
    };
    (body.len() >= least && fits).then(|| sign.start..sign.end + body.len())
}

/// Whether it is no words side by side: it has digits, or capitals among small letters.
fn is_odd(body: &[u8]) -> bool {
    let small = body.iter().any(u8::is_ascii_lowercase);
    let inner = body.windows(2).any(|two| two[0].is_ascii_alphanumeric() && two[1].is_ascii_uppercase());
    body.iter().filter(|byte| byte.is_ascii_digit()).count() >= 3 || small && inner
}

/// A scheme and what stands behind it: an odd word, or one that is too long for any.
fn bearer(text: &str, scheme: Range<usize>) -> Option<Range<usize>> {
    let body = &text.as_bytes()[scheme.end..];
    let is_token = |byte: &u8| is_part(*byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'=');
    let body = &body[..body.iter().take_while(|byte| is_token(byte)).count()];
    let is_joined = body.iter().any(|byte| matches!(byte, b'-' | b'_' | b'.' | b'/'));
    let is_long = !is_joined && body.len() >= limits::AUDIT_BEARER_BYTES_SURE;
    let is_secret = body.len() >= limits::SECRET_BYTES_MIN && (is_long || is_odd(body));
    is_secret.then(|| scheme.start..scheme.end + body.len())
}

/// A number for the depth of the host, then a random one or a time, of which visits have a letter before it.
fn client(text: &str, sign: Range<usize>) -> Option<Range<usize>> {
    let body = &text.as_bytes()[sign.end..];
    let is_value = |byte: &u8| is_part(*byte) || matches!(byte, b'.' | b'$');
    let length = body.iter().take_while(|byte| is_value(byte)).count();
    let value = &text[sign.end..sign.end + length];
    let is_time = |part: &str| part.trim_start_matches('s').split('$').next().is_some_and(is_long_number);
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = value.split('.').take_while(is_number).count();
    let is_client = numbers >= 3 || numbers > 0 && value.split('.').skip(1).any(is_time);
    is_client.then(|| sign.start..sign.end + length)
}

fn is_long_number(text: &str) -> bool {
    text.len() >= limits::AUDIT_CLIENT_DIGITS_MIN && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An identifier with its value: behind `=`, or behind a colon as JSON has it. Matomo's name goes on with that of a site, `_pk_id.1.1fff`.
fn identifier(text: &str, name: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let is_apart = name.start == 0 || !bytes[name.start - 1].is_ascii_alphanumeric();
    let goes_on = |byte: &u8| text[name.clone()].starts_with('_') && (byte.is_ascii_hexdigit() || *byte == b'.');
    let end = name.end + bytes[name.end..].iter().take_while(|byte| goes_on(byte)).count();
    let between = bytes[end..].iter().take_while(|byte| matches!(byte, b'"' | b'\'' | b' ' | b'=' | b':')).count();
    let start = end + between;
    let has_sign = bytes[end..start].iter().any(|byte| matches!(byte, b'=' | b':'));
    let is_value = |byte: &u8| is_part(*byte) || matches!(byte, b'.' | b'~');
    let length = bytes[start..].iter().take_while(|byte| is_value(byte)).count();
    let is_long = length >= limits::AUDIT_IDENTIFIER_BYTES_MIN && is_odd(&bytes[start..start + length]);
    (is_apart && has_sign && is_long).then(|| name.start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: [(TraceKind, &str); 19] = [
        (TraceKind::Secret, "AKIAIOSFODNN7EXAMPLE"),
        (TraceKind::Secret, "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
        (TraceKind::Secret, "xoxb-12345678901-abcdefghij"),
        (TraceKind::Secret, "glpat-aB3dE6gH9jK2mN5pQ8sT"),
        (TraceKind::Secret, "sk_live_51HqLyjWDarjtT1zdp7dcXYZ"),
        (TraceKind::Secret, "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"),
        (TraceKind::Secret, "Bearer mFBnYzEnbAxuGqDrhTkW"),
        (TraceKind::Identity, "_pk_id.1.1fff=c0ffee1234567890.1700000000"),
        (TraceKind::Identity, "GS1.1.1700000000.1.0.1700000000.0.0.0"),
        (TraceKind::Identity, "GS2.1.s1700000000$o1$g0$t1700000000$j60$l0$h0"),
        (TraceKind::Identity, "srsltid=AfmBOoqABC123DEF456"),
        (TraceKind::Identity, "rdt_cid=3184742045291813272"),
        (TraceKind::Secret, "Basic dXNlcjpwYXNzd29yZA=="),
        (TraceKind::Identity, "GA1.2.123.456"),
        (TraceKind::Identity, "_ga=GA1.1.123456789.1700000000"),
        (TraceKind::Identity, "?gclid=Cj0KCQiA3smABhCjARIsAKtrg6"),
        (TraceKind::Identity, r#""fbclid": "IwAR0aB1cD2eF3""#),
        (TraceKind::Identity, "_fbp=fb.1.1558571054389.1098115397"),
        (TraceKind::Agent, "curl/8.5.0"),
    ];

    #[test]
    fn each_is_found_by_its_sign() {
        let signs = TraceSigns::new().unwrap();
        for (kind, text) in FOUND {
            let all = signs.all(text);
            assert!(matches!(&all[..], [(found, _)] if *found == kind), "{text}: {all:?}");
        }
        for text in [
            "gclid",
            "gclid=short",
            "/docs/curl/",
            "pypi-package-name-that-is-rather-long",
            "Bearer authentication-is-required-here",
            "sk-presov-a-kosice-v-jednom-dlhom-nazve-stranky",
            "the basic information",
            "basic internationalization",
            "GA1.2",
            "AKIAbcdefghijklmnopqrst",
            "npm_config_registry_that_is_very_long_indeed",
            "xoxo-with-love-and-kisses",
        ] {
            assert_eq!(signs.all(text), [], "{text}");
        }
    }
}
