//! In: what a tracker or a header says of the browser, as text. Out: values of a short closed form: a language, a class of
//! width, the name of a time zone. Forgets: every other form, and the exact width.

use crate::limits;
use crate::rejection::Rejection;
use crate::site::Moment;

/// Classes of the viewport's width with the first width, in CSS pixels, that is too wide for them.
const SCREENS: [(&str, u64); 6] =
    [("xs", 576), ("sm", 768), ("md", 992), ("lg", 1_200), ("xl", 1_600), ("xxl", u64::MAX)];

/// The labels of all classes.
pub const SCREEN_LABELS: [&str; SCREENS.len()] = {
    let mut labels = [""; SCREENS.len()];
    let mut at = 0;
    while at < labels.len() {
        labels[at] = SCREENS[at].0;
        at += 1;
    }
    labels
};

/// The class of a viewport of `width` CSS pixels; a width of 0 is a page that nobody sees and has no class.
pub(super) fn screen_of_width(width: u64) -> Option<&'static str> {
    if width == 0 {
        return None;
    }
    SCREENS.iter().find(|(_, too_wide)| width < *too_wide).map(|(label, _)| *label)
}

/// The class with this label, if it is one of the six.
pub fn screen_labelled(label: &str) -> Option<&'static str> {
    SCREENS.iter().map(|(known, _)| *known).find(|known| *known == label)
}

/// The language that the tracker claims, else the first of `Accept-Language`: two or three lower-case letters, or empty.
pub(super) fn language(claimed: Option<&str>, accept_language: &str) -> String {
    claimed.and_then(primary_subtag).or_else(|| primary_subtag(accept_language)).unwrap_or_default()
}

/// The primary subtag of the first tag in a list such as `en-GB,en;q=0.9`.
fn primary_subtag(tags: &str) -> Option<String> {
    let subtag = tags.trim_start().split(['-', '_', ',', ';']).next()?.trim_end();
    let fits = matches!(subtag.len(), 2 | 3) && subtag.bytes().all(|b| b.is_ascii_alphabetic());
    fits.then(|| subtag.to_ascii_lowercase())
}

/// The text as the name of a time zone, if it has the form of one, such as `America/New_York` or `Etc/GMT+5`.
pub(super) fn time_zone(text: &str) -> Option<String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+');
    let right = !text.is_empty() && text.len() <= limits::TIME_ZONE_BYTES_MAX && text.bytes().all(fits);
    right.then(|| text.to_owned())
}

/// The text as a country's code of two letters, upper case.
pub(super) fn country(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    fits.then(|| text.to_ascii_uppercase())
}

/// The width on the left of `1440x900`, `1440,900,2` or `1440`.
pub(super) fn width(text: &str) -> Option<u64> {
    text.split(['x', ',']).next()?.trim().parse().ok()
}

/// A moment as RFC 3339, as `YYYY-MM-DD HH:MM:SS` in UTC, or as seconds or milliseconds since 1970.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(since_1970(number));
    }
    let stamp = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.replacen(' ', "T", 1).parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()
    })?;
    Some(Moment(stamp.as_millisecond()))
}

/// What is wrong with claims of which these can't be read.
pub(super) fn fault(is_no_time: bool, is_no_address: bool) -> Option<Rejection> {
    let time = is_no_time.then_some(Rejection::BadTime);
    time.or(is_no_address.then_some(Rejection::BadField))
}

/// A number of seconds, or of milliseconds if it is too large for any second that is near.
pub(super) fn since_1970(number: i64) -> Moment {
    // In seconds this would be the year 5138, in milliseconds it is 1973.
    const FIRST_MILLISECOND: i64 = 100_000_000_000;
    Moment(if number.unsigned_abs() < FIRST_MILLISECOND.unsigned_abs() { number * 1_000 } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_falls_into_the_class_below_its_bound() {
        let cases = [
            (1, "xs"),
            (575, "xs"),
            (576, "sm"),
            (767, "sm"),
            (768, "md"),
            (991, "md"),
            (992, "lg"),
            (1_199, "lg"),
            (1_200, "xl"),
            (1_599, "xl"),
            (1_600, "xxl"),
            (5_120, "xxl"),
        ];
        for (width, class) in cases {
            assert_eq!(screen_of_width(width), Some(class), "{width}");
        }
        assert_eq!(screen_of_width(0), None);
    }

    #[test]
    fn only_the_six_labels_are_known() {
        for label in ["xs", "sm", "md", "lg", "xl", "xxl"] {
            assert_eq!(screen_labelled(label), Some(label));
        }
        for wrong in ["", "XL", "xxxl", " md", "1280"] {
            assert_eq!(screen_labelled(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_language_is_two_or_three_letters_of_the_tracker_or_the_header() {
        let cases = [
            (Some("de-AT"), "en", "de"),
            (Some("PT_br"), "en", "pt"),
            (Some("fil"), "en", "fil"),
            (Some("x"), "en-GB,en;q=0.9", "en"),
            (None, "fr;q=0.8, en", "fr"),
            (None, " nl ,en", "nl"),
            (None, "*", ""),
            (None, "", ""),
            (Some("12"), "engl", ""),
        ];
        for (claimed, header, expected) in cases {
            assert_eq!(language(claimed, header), expected, "{claimed:?} {header}");
        }
    }

    #[test]
    fn a_moment_is_a_number_or_a_date() {
        let expected = Some(Moment(1_767_323_045_000));
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02 03:04:05",
            "2026-01-02T04:04:05+01:00",
            "1767323045",
            " 1767323045000 ",
        ] {
            assert_eq!(moment(text), expected, "{text}");
        }
        for wrong in ["", "yesterday", "2026-13-01 00:00:00", "99999999999999999999"] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn countries_and_widths_have_a_form() {
        assert_eq!((country(" de "), country("DEU"), country("1a")), (Some("DE".into()), None, None));
        assert_eq!(
            (width("1440x900"), width("1440,900,2"), width("1440"), width("x")),
            (Some(1440), Some(1440), Some(1440), None)
        );
    }

    #[test]
    fn a_time_zone_has_the_form_of_an_iana_name() {
        for right in ["Europe/Vienna", "America/Argentina/ComodRivadavia", "Etc/GMT+5", "UTC"] {
            assert_eq!(time_zone(right).as_deref(), Some(right));
        }
        for wrong in ["", "Europe Vienna", "Zürich", "a\nb", &"A".repeat(65)] {
            assert_eq!(time_zone(wrong), None, "{wrong}");
        }
    }
}
