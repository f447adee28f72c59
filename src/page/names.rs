//! In: words of the table and values of cells. Out: what people call them. Forgets: nothing; exports keep the values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::cell::{Dimension, Metric, NOT_SET};
use crate::rejection::Rejection;
use crate::site::AddressMode;

pub use crate::cell::OTHER;

static COUNTRIES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let lines = include_str!("data/countries.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('\t')).collect()
});

/// The heading of a panel.
pub const fn title(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Source => "Sources",
        Dimension::Referrer => "Referrers",
        Dimension::Channel => "Channels",
        Dimension::UtmSource => "Campaign sources",
        Dimension::UtmMedium => "Campaign media",
        Dimension::UtmCampaign => "Campaigns",
        Dimension::UtmContent => "Campaign contents",
        Dimension::UtmTerm => "Campaign terms",
        Dimension::Country => "Countries",
        Dimension::Region => "Regions",
        Dimension::City => "Cities",
        Dimension::Browser => "Browsers",
        Dimension::BrowserVersion => "Browser versions",
        Dimension::Os => "Systems",
        Dimension::OsVersion => "System versions",
        Dimension::Device => "Devices",
        Dimension::Screen => "Screens",
        Dimension::Language => "Languages",
        Dimension::EntryPage => "Entry pages",
        Dimension::ExitPage => "Exit pages",
        Dimension::Page => "Top pages",
        Dimension::Hostname => "Hosts",
        Dimension::Event => "Events",
        Dimension::Pattern => "Page goals",
        Dimension::ChannelAndSource => "Channels and sources",
    }
}

/// The heading of the column of values: one of them.
pub const fn singular(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Source => "Source",
        Dimension::Referrer => "Referrer",
        Dimension::Channel => "Channel",
        Dimension::UtmSource => "utm_source",
        Dimension::UtmMedium => "utm_medium",
        Dimension::UtmCampaign => "utm_campaign",
        Dimension::UtmContent => "utm_content",
        Dimension::UtmTerm => "utm_term",
        Dimension::Country => "Country",
        Dimension::Region => "Region",
        Dimension::City => "City",
        Dimension::Browser => "Browser",
        Dimension::BrowserVersion | Dimension::OsVersion => "Version",
        Dimension::Os => "System",
        Dimension::Device => "Device",
        Dimension::Screen => "Width of the window",
        Dimension::Language => "Language",
        Dimension::EntryPage | Dimension::ExitPage | Dimension::Page => "Page",
        Dimension::Hostname => "Host",
        Dimension::Event => "Event",
        Dimension::Pattern => "Pattern",
        Dimension::ChannelAndSource => "Channel and source",
    }
}

/// What an empty panel says, with the way to fill it where there is one.
pub const fn empty(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::UtmCampaign => "None. Add utm_campaign=… to the links that you share.",
        Dimension::Event => "None. Your pages send one with headcount('Signup').",
        Dimension::Country | Dimension::Region | Dimension::City => "None known.",
        _ => "Nothing in this period.",
    }
}

/// What people call a value; the value itself where there is no better name.
pub fn label(dimension: Dimension, value: &str) -> &str {
    match dimension {
        Dimension::Country => COUNTRIES.get(value).copied().unwrap_or(value),
        Dimension::Language => language(value).unwrap_or(value),
        Dimension::Screen => screen(value).unwrap_or(value),
        Dimension::UtmCampaign if value == NOT_SET => "No campaign",
        _ => value,
    }
}

/// A text without letters that can't be seen or that turn around what follows, so that no name looks like another.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| {
        let turns = matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        c.is_control() || turns || c == '\u{feff}'
    };
    match text {
        "" => Cow::Borrowed("(empty)"),
        _ if text.contains(is_hidden) => Cow::Owned(text.replace(is_hidden, "\u{fffd}")),
        _ => Cow::Borrowed(text),
    }
}

/// Whether a value stands for what is missing or did not fit.
pub fn is_rest(dimension: Dimension, value: &str) -> bool {
    value == OTHER || (value == NOT_SET && dimension.missing() == NOT_SET)
}

/// English names of the commonest languages by ISO 639-1 code.
fn language(code: &str) -> Option<&'static str> {
    Some(match code {
        "ar" => "Arabic",
        "bg" => "Bulgarian",
        "bn" => "Bengali",
        "ca" => "Catalan",
        "cs" => "Czech",
        "da" => "Danish",
        "de" => "German",
        "el" => "Greek",
        "en" => "English",
        "es" => "Spanish",
        "et" => "Estonian",
        "fa" => "Persian",
        "fi" => "Finnish",
        "fr" => "French",
        "he" => "Hebrew",
        "hi" => "Hindi",
        "hr" => "Croatian",
        "hu" => "Hungarian",
        "id" => "Indonesian",
        "it" => "Italian",
        "ja" => "Japanese",
        "ko" => "Korean",
        "lt" => "Lithuanian",
        "lv" => "Latvian",
        "ms" => "Malay",
        "nb" | "nn" | "no" => "Norwegian",
        "nl" => "Dutch",
        "pl" => "Polish",
        "pt" => "Portuguese",
        "ro" => "Romanian",
        "ru" => "Russian",
        "sk" => "Slovak",
        "sl" => "Slovenian",
        "sr" => "Serbian",
        "sv" => "Swedish",
        "ta" => "Tamil",
        "th" => "Thai",
        "tr" => "Turkish",
        "uk" => "Ukrainian",
        "ur" => "Urdu",
        "vi" => "Vietnamese",
        "zh" => "Chinese",
        _ => return None,
    })
}

fn screen(class: &str) -> Option<&'static str> {
    Some(match class {
        "xs" => "under 576 px",
        "sm" => "576 to 767 px",
        "md" => "768 to 991 px",
        "lg" => "992 to 1199 px",
        "xl" => "1200 to 1599 px",
        "xxl" => "1600 px and more",
        _ => return None,
    })
}

/// The label of a metric.
pub const fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Visitors => "Visitors",
        Metric::Visits => "Visits",
        Metric::Pageviews => "Pageviews",
        Metric::ViewsPerVisit => "Views per visit",
        Metric::BounceRate => "Bounce rate",
        Metric::VisitDuration => "Visit duration",
        Metric::Events => "Events",
        Metric::ScrollDepth => "Scroll depth",
        Metric::TimeOnPage => "Time on page",
        Metric::Percentage => "Share",
        Metric::ConversionRate | Metric::GroupConversionRate => "Conversion rate",
        Metric::TotalRevenue => "Revenue",
        Metric::AverageRevenue => "Mean revenue",
    }
}

/// What hits are called that reach a goal, and what that means.
pub const CONVERSIONS: (&str, &str) = ("Conversions", "How often a goal was reached.");

/// What a metric means, in one sentence.
pub const fn meaning(metric: Metric) -> &'static str {
    match metric {
        Metric::Visitors => "One person, on one day, on this site; over several days the daily figures are added.",
        Metric::Visits => "A visitor's pages and events with pauses of at most 30 minutes; a visit ends with the day.",
        Metric::Pageviews => "How often a page was shown.",
        Metric::ViewsPerVisit => "Pageviews divided by visits.",
        Metric::BounceRate => "Share of visits with at most one pageview and no interaction.",
        Metric::VisitDuration => "Time from the first to the last pageview or event of a visit, on average.",
        Metric::Events => "How often your pages reported something by name, such as a sign-up.",
        Metric::ScrollDepth => "How far down the page visits got, on average.",
        Metric::TimeOnPage => "How long the page was in view, on average per visit.",
        Metric::Percentage => "Share of the visitors of the period.",
        Metric::ConversionRate => "Visitors who reached the goal, of all visitors.",
        Metric::GroupConversionRate => "Visitors who reached the goal, of those of the same line.",
        Metric::TotalRevenue => "Money that the goal brought.",
        Metric::AverageRevenue => "Money that the goal brought, per event.",
    }
}

/// Why something shows no number on a site with this mode.
pub const fn not_measured(mode: AddressMode) -> &'static str {
    match mode {
        AddressMode::None => "Not measured: this site keeps no tokens, so visitors and visits can't be told apart.",
        AddressMode::Hash | AddressMode::Truncate => "There were no visits in this period.",
    }
}

/// A reason for not counting, in two or three words.
pub const fn reason(reason: Rejection) -> &'static str {
    match reason {
        Rejection::Bot => "Bots",
        Rejection::Prefetch => "Prefetched pages",
        Rejection::OptedOut => "Opted out",
        Rejection::UnknownSite => "Unknown site",
        Rejection::WrongHost => "Wrong host",
        Rejection::BadUrl => "Bad address",
        Rejection::BadField => "Bad field",
        Rejection::TooLarge => "Too large",
        Rejection::NotJson => "Not JSON",
        Rejection::SpamSource => "Referrer spam",
        Rejection::NoVisit => "Ping without a visit",
        Rejection::TooMany => "Too many",
        Rejection::Method => "No GET",
        Rejection::Status => "No success",
        Rejection::Asset => "No page",
        Rejection::BadLine => "Unreadable line",
        Rejection::Unmeasured => "Nothing to count",
        Rejection::Repeat => "Sent twice",
        Rejection::BadToken => "No token",
        Rejection::BadTime => "Impossible time",
        Rejection::Excluded => "Excluded",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_get_the_names_people_use() {
        let cases = [
            (Dimension::Country, "DE", "Germany"),
            (Dimension::Country, "GB", "United Kingdom"),
            (Dimension::Country, "XX", "XX"),
            (Dimension::Language, "pt", "Portuguese"),
            (Dimension::Language, "tlh", "tlh"),
            (Dimension::Screen, "xxl", "1600 px and more"),
            (Dimension::Page, "/DE", "/DE"),
            (Dimension::UtmCampaign, NOT_SET, "No campaign"),
        ];
        for (dimension, value, expected) in cases {
            assert_eq!(label(dimension, value), expected);
        }
        assert_eq!(COUNTRIES.len(), 249);
    }

    #[test]
    fn a_name_can_not_hide_or_turn_around() {
        assert_eq!(visible("\u{202e}gnp.exe"), "\u{fffd}gnp.exe");
        assert_eq!(visible("/a\tb\u{200b}"), "/a\u{fffd}b\u{fffd}");
        assert_eq!(visible("/\u{645}\u{631}"), "/\u{645}\u{631}");
        assert_eq!(visible(""), "(empty)");
    }

    #[test]
    fn direct_is_a_value_and_other_is_not() {
        assert!(!is_rest(Dimension::Source, Dimension::Source.missing()));
        assert!(is_rest(Dimension::Country, NOT_SET));
        assert!(is_rest(Dimension::Source, OTHER));
    }
}
