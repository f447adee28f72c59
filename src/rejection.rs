//! In: nothing. Out: the closed list of reasons why a beacon was not counted. Forgets: everything about the beacon;
//! a reason never carries input.
//!
//! Every rejection is itself counted, per site, day and reason. Labels are stored and shown, so they never change.

/// Why a beacon was not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
pub enum Rejection {
    /// The sender is a crawler, a monitor, a library or an automated browser.
    Bot = 1,
    /// The browser fetched the page ahead of need; nobody saw it.
    Prefetch = 2,
    /// The visitor asked not to be counted (`Sec-GPC: 1` or `DNT: 1`).
    OptedOut = 3,
    /// No site here has the domain that the beacon names.
    UnknownSite = 4,
    /// The page's host is not among the hosts that the owner allowed.
    WrongHost = 5,
    /// The page's address is missing, too long or not an address.
    BadUrl = 6,
    /// Another key is missing or has a value that the format forbids.
    BadField = 7,
    /// The request was larger than its format allows.
    TooLarge = 8,
    /// The body is not a JSON object.
    NotJson = 9,
    /// The referrer is on the list of referrer spammers.
    SpamSource = 10,
    /// An engagement ping without a pageview of its page in a running visit.
    NoVisit = 11,
    /// More than the collector's bounds allow.
    TooMany = 12,
    /// A line of a log whose request was no GET.
    Method = 13,
    /// A line of a log whose answer was neither a success (2xx) nor 304.
    Status = 14,
    /// A line of a log for a file that is no page: a style, a script, an image, a feed.
    Asset = 15,
    /// A line that is not in a known format of logs, too long, or ahead of the clock.
    BadLine = 16,
    /// The message tells nothing that is counted, such as Umami's `identify`.
    Unmeasured = 17,
    /// The same message came twice within seconds: browsers send again what they think was lost.
    Repeat = 18,
    /// What the message claims needs an ingest token for the site, and there is none.
    BadToken = 19,
    /// The time that a message claims is no time, or further back than the collector counts.
    BadTime = 20,
    /// The site's owner left out the sender's network or country, the page or its host.
    Excluded = 21,
    /// Memory is nearly full; the sender is told to try again.
    Overloaded = 22,
}

impl Rejection {
    /// All reasons, in the order of their codes.
    pub const ALL: [Rejection; 22] = [
        Rejection::Bot,
        Rejection::Prefetch,
        Rejection::OptedOut,
        Rejection::UnknownSite,
        Rejection::WrongHost,
        Rejection::BadUrl,
        Rejection::BadField,
        Rejection::TooLarge,
        Rejection::NotJson,
        Rejection::SpamSource,
        Rejection::NoVisit,
        Rejection::TooMany,
        Rejection::Method,
        Rejection::Status,
        Rejection::Asset,
        Rejection::BadLine,
        Rejection::Unmeasured,
        Rejection::Repeat,
        Rejection::BadToken,
        Rejection::BadTime,
        Rejection::Excluded,
        Rejection::Overloaded,
    ];

    /// Whether the collector can't keep up: whoever sent it should try again.
    pub fn is_overload(self) -> bool {
        matches!(self, Rejection::TooMany | Rejection::Overloaded)
    }

    /// The stable label: what is shown in the API and in metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Rejection::Bot => "bot",
            Rejection::Prefetch => "prefetch",
            Rejection::OptedOut => "opted_out",
            Rejection::UnknownSite => "unknown_site",
            Rejection::WrongHost => "wrong_host",
            Rejection::BadUrl => "bad_url",
            Rejection::BadField => "bad_field",
            Rejection::TooLarge => "too_large",
            Rejection::NotJson => "not_json",
            Rejection::SpamSource => "spam_source",
            Rejection::NoVisit => "no_visit",
            Rejection::TooMany => "too_many",
            Rejection::Method => "method",
            Rejection::Status => "status",
            Rejection::Asset => "asset",
            Rejection::BadLine => "bad_line",
            Rejection::Unmeasured => "unmeasured",
            Rejection::Repeat => "repeat",
            Rejection::BadToken => "bad_token",
            Rejection::BadTime => "bad_time",
            Rejection::Excluded => "excluded",
            Rejection::Overloaded => "overloaded",
        }
    }

    /// One sentence for the owner of a site: what happened, and what to do where something can be done.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Bot => "The sender is a crawler, a monitor or an automated browser (on the pixel: or a library).",
            Self::Prefetch => "The browser fetched the page ahead of need; nobody saw it.",
            Self::OptedOut => {
                "The browser asks not to be counted (Sec-GPC or DNT). Firefox's private windows, Brave and DuckDuckGo ask so by \
                 themselves. The site's settings decide whether that is obeyed."
            }
            Self::UnknownSite => "No site here has this domain; add it in the settings or with `headcount site add`.",
            Self::WrongHost => {
                "The page's host is not among the hosts that the site's settings name (`headcount site set --host`)."
            }
            Self::BadUrl => "The page's address is missing, too long or not an address.",
            Self::BadField => "A key is missing or has a value that the format forbids.",
            Self::TooLarge => "The request was larger than its format allows.",
            Self::NotJson => "The body is not a JSON object.",
            Self::SpamSource => "The referrer is on the list of referrer spammers.",
            Self::NoVisit => "An engagement ping came without a pageview of its page in a running visit.",
            Self::TooMany => "More came than the collector's bounds allow.",
            Self::Method => "The request in the log was no GET.",
            Self::Status => "The answer in the log was neither a success (2xx) nor 304.",
            Self::Asset => "The file in the log is no page but a style, a script, an image, a feed or the like.",
            Self::BadLine => "The line is in no known format of logs, too long, or ahead of the clock.",
            Self::Unmeasured => "The message tells nothing that is counted: who a person is, how fast a page loads.",
            Self::Repeat => "The same message came twice within seconds.",
            Self::BadToken => {
                "It claims a time or an address, which needs a token; see `headcount token create --scope ingest`."
            }
            Self::BadTime => "The time that it claims is no time, or too long ago.",
            Self::Excluded => {
                "The site's owner leaves out its network, country, page or host, or all pings; the site's settings and `headcount site show` say which."
            }
            Self::Overloaded => {
                "More came than there is memory for (`memory_max`); the sender was told to try again later."
            }
        }
    }

    /// The code as stored.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this code, if there is one.
    pub fn from_code(code: u8) -> Option<Rejection> {
        Rejection::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_labels_are_distinct_and_read_back() {
        for (place, reason) in Rejection::ALL.into_iter().enumerate() {
            assert_eq!(reason.code() as usize, place + 1);
            assert_eq!(Rejection::from_code(reason.code()), Some(reason));
        }
        let mut labels: Vec<_> = Rejection::ALL.iter().map(|r| r.label()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), Rejection::ALL.len());
    }
}
