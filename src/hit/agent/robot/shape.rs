//! In: an agent in lower case. Out: whether it has a shape that no browser's agent has. Forgets: the agent.
//!
//! The shapes are those of isbot (npm, 5.2.3, Unlicense), which describes them by regular expressions; `data/refresh` says
//! when there are new ones. The last one is our own.

use crate::limits;

/// Shapes of whole agents, or of their ends; each by itself tells a program.
const SHAPES: [fn(&str) -> bool; 12] = [
    is_one_name,
    is_short_list,
    is_name_and_word,
    is_long_and_unbroken,
    is_number_first,
    is_search_first,
    is_name_and_version_by,
    begins_oddly,
    ends_with_a_word,
    is_mozilla_and_a_name,
    has_a_mail_host,
    has_version_one,
];

/// Whether the agent has one of the shapes.
pub(super) fn is_odd(lower: &str) -> bool {
    SHAPES.iter().any(|shape| shape(lower))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Leading bytes that fit, and what follows them.
fn split(text: &str, fits: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !fits(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// `My Reader`, `node`, `Name (a:b)/1.2.3`, up to the end or a comma.
fn is_one_name(lower: &str) -> bool {
    let (name, rest) = split(lower, |byte| is_word(byte) || b" .-(?:)%".contains(&byte));
    !name.is_empty() && (ends(rest) || rest.strip_prefix('/').is_some_and(|version| ends(after_version(version))))
}

fn ends(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(',')
}

/// What follows `v1.2.3`; the text itself where there is no version, which ends nothing.
fn after_version(text: &str) -> &str {
    let (first, mut rest) = split(text.strip_prefix('v').unwrap_or(text), |byte| byte.is_ascii_digit());
    if first.is_empty() {
        return "?";
    }
    let mut is_first = true;
    while let Some((digits, more)) = rest.strip_prefix('.').map(|rest| split(rest, |byte| byte.is_ascii_digit())) {
        // A later number this long is a date: parts of browsers have such versions.
        if digits.is_empty() || !is_first && digits.len() > limits::PRODUCT_DIGITS_MAX {
            break;
        }
        (rest, is_first) = (more, false);
    }
    rest
}

/// `name/word` and `name/`, nothing more; parentheses may stand for the version.
fn is_short_list(lower: &str) -> bool {
    let (name, rest) = split(lower, is_word);
    let version = rest.strip_prefix('/');
    !name.is_empty()
        && version.is_some_and(|version| version.bytes().all(|byte| is_word(byte) || b"()".contains(&byte)))
}

/// `my-name/word`, nothing more.
fn is_name_and_word(lower: &str) -> bool {
    let (name, rest) = split(lower, |byte| is_word(byte) || byte == b'-');
    let version = rest.strip_prefix('/').filter(|version| !version.is_empty());
    !name.is_empty() && version.is_some_and(|version| version.bytes().all(is_word))
}

fn is_long_and_unbroken(lower: &str) -> bool {
    lower.len() >= limits::BARE_AGENT_BYTES && !lower.contains(' ')
}

/// `1234`, `10 things`.
fn is_number_first(lower: &str) -> bool {
    let (digits, rest) = split(lower, |byte| byte.is_ascii_digit());
    !digits.is_empty() && !rest.bytes().next().is_some_and(is_word)
}

/// `mysearch ...`.
fn is_search_first(lower: &str) -> bool {
    split(lower, is_word).0.ends_with("search")
}

/// `name/1.0 (owner@host)`, without a dot in it.
fn is_name_and_version_by(lower: &str) -> bool {
    let (name, rest) = split(lower, is_word);
    let Some([b'/', a, b'.', b, b' ', b'(', owner @ .., b')']) = rest.as_bytes().get(..) else { return false };
    let fits = |byte: &u8| is_word(*byte) || *byte == b'@';
    !name.is_empty() && a.is_ascii_digit() && b.is_ascii_digit() && !owner.is_empty() && owner.iter().all(fits)
}

fn begins_oddly(lower: &str) -> bool {
    lower.starts_with(['<', '(', ';'])
}

/// `...; word;`
fn ends_with_a_word(lower: &str) -> bool {
    let Some((rest, word)) = lower.strip_suffix(';').and_then(|rest| rest.rsplit_once(' ')) else { return false };
    rest.ends_with(';') && !word.is_empty() && word.bytes().all(is_word)
}

/// `mozilla/5.0 name`, `mozilla/5.0 (compatible; name/1.0)` and `mozilla/5.0 (name 1.0)`, nothing more.
fn is_mozilla_and_a_name(lower: &str) -> bool {
    let Some(version) = lower.strip_prefix("mozilla/") else { return false };
    let [a, b'.', b, b' ', ..] = version.as_bytes() else { return false };
    let Some(rest) = version.get(4..).filter(|_| a.is_ascii_digit() && b.is_ascii_digit()) else { return false };
    let is_name = |byte: u8| is_word(byte) || b".-".contains(&byte);
    if !rest.is_empty() && rest.bytes().all(is_name) {
        return true;
    }
    let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return false };
    let inner = inner.strip_prefix("compatible;").unwrap_or(inner);
    let inner = inner.strip_prefix(' ').unwrap_or(inner);
    let (name, number) = split(inner, is_name);
    let number = number.strip_prefix(['/', ' ']).unwrap_or("");
    let is_number = number.contains('.')
        && number.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    inner.is_empty() || !name.is_empty() && is_number
}

/// `@host.`, as in a mail address.
fn has_a_mail_host(lower: &str) -> bool {
    lower.match_indices('@').any(|(at, _)| {
        let host = &lower[at + 1..];
        let (label, rest) = split(host, |byte| is_word(byte) || byte == b'-');
        label.len() >= 2 && label.starts_with(|c: char| c.is_ascii_lowercase()) && rest.starts_with('.')
    })
}

/// `name/1.0;`, but for the `ce-html/1.0;` of television sets.
fn has_version_one(lower: &str) -> bool {
    lower.match_indices("/1.0;").any(|(at, _)| {
        let name = &lower[..at];
        name.bytes().next_back().is_some_and(is_word) && !name.ends_with("ce-html")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_have_odd_shapes() {
        for agent in [
            "node",
            "my reader/1.2.3",
            "okhttp/5.1.0",
            "name/v2",
            "name/",
            "a-b/abc",
            "2ip",
            "mysearch (x)",
            "tool/1.0 (bob@host)",
            "(select 1)",
            "mozilla/5.0 (x) gecko; onetrust;",
            "mozilla/5.0 jorgee",
            "mozilla/5.0 (compatible; trance/1.0)",
            "mozilla/5.0 (compatible; agu/0.8.6)",
            "mozilla/5.0 (compatible; bob@mail.test)",
            "mozilla/5.0 (compatible; cardyb/1.0; x)",
            "abcdefghijklmnopqrstuvwxyz/abcdefghijklmnopqrstuvwxyz;1",
        ] {
            assert!(is_odd(agent), "{agent}");
        }
    }

    #[test]
    fn browsers_have_none() {
        for agent in [
            "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/130.0.0.0 safari/537.36",
            "mozilla/5.0 (iphone; cpu iphone os 18_7 like mac os x) applewebkit/605.1.15 (khtml, like gecko) mobile/15e148",
            "mozilla/5.0 (x11; linux x86_64; rv:140.0) gecko/20100101 firefox/140.0",
            "opera/9.80 (j2me/midp; opera mini/9.80/191.308; u; en) presto/2.5.25 version/10.54",
            "ü",
            "opera/9.80 (linux armv7l; hbbtv/1.2.1 (; humax; 1.0; ); ce-html/1.0; en) presto/2.10.250 version/11.60",
            "mozacfetch/49.0.20200702190156",
        ] {
            assert!(!is_odd(agent), "{agent}");
        }
    }
}
