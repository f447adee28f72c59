//! In: a text of any origin. Out: where in it is what [`super::name`] would take away. Forgets: nothing.

use std::ops::Range;

use super::{AT, EMAIL, IP, PHONE, Signs, TOKEN, ip, mail, number, phone, secret};
use crate::limits;

/// Hands out each place in a text at which a mark would stand, with the mark (`:email`, `:ip`, `:card` and so on), kind by kind: places
/// of two kinds may overlap. What is written with percent signs or in other scripts is found as far as it is written plainly.
pub fn found(text: &str, mut take: impl FnMut(&'static str, Range<usize>)) {
    let marked = |mark: &'static str, find: fn(&str, usize) -> Option<Range<usize>>| {
        move |text: &str, from: usize| find(text, from).map(|found| (found, mark))
    };
    let signs = Signs::of(text);
    if signs.has(AT) {
        each(text, marked(EMAIL, mail::from), &mut take);
    }
    if signs.run >= secret::UUID_BYTES {
        each(text, marked(TOKEN, secret::uuid_from), &mut take);
    }
    if signs.digits >= limits::IP_DIGITS_MIN || signs.colons >= 2 {
        each(text, marked(IP, ip::from), &mut take);
    }
    if signs.digits >= limits::NUMBER_DIGITS_MIN || signs.colons >= 5 {
        each(text, number::from, &mut take);
    }
    if signs.run >= limits::SECRET_RUN_BYTES_MIN {
        each(text, marked(TOKEN, secret::from), &mut take);
    }
    if signs.digits >= limits::PHONE_DIGITS_MIN {
        each(text, marked(PHONE, phone::from), &mut take);
    }
}

fn each(
    text: &str,
    find: impl Fn(&str, usize) -> Option<(Range<usize>, &'static str)>,
    take: &mut impl FnMut(&'static str, Range<usize>),
) {
    let mut from = 0;
    while let Some((found, mark)) = find(text, from) {
        from = found.end.max(from + 1);
        take(mark, found);
        if !text.is_char_boundary(from) || from >= text.len() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::found;

    #[test]
    fn each_kind_is_found_where_it_stands() {
        let text = "a bob@example.com b 203.0.113.7 c 4111111111111111 d 9f8a7b6c5d4e3f2a1b0c e";
        let mut all = Vec::new();
        found(text, |mark, place| all.push((mark, &text[place])));
        for expected in [
            (":email", "bob@example.com"),
            (":ip", "203.0.113.7"),
            (":card", "4111111111111111"),
            (":token", "9f8a7b6c5d4e3f2a1b0c"),
        ] {
            assert!(all.contains(&expected), "{expected:?}: {all:?}");
        }
        found("an ordinary text, of version 1.2.3", |mark, place| panic!("{mark} {place:?}"));
    }
}
