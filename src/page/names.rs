//! What people call dimensions, metrics and values. Exports keep the values.

use std::borrow::Cow;

use super::words::Words;
use crate::cell::{Dimension, Metric, NOT_SET};
use crate::rejection::Rejection;
use crate::report::period::Period;
use crate::site::AddressMode;

pub use crate::cell::OTHER;

impl Words {
    /// What readers call a period.
    pub fn period(&self, period: Period) -> String {
        match period {
            Period::Today => self.period_today.to_owned(),
            Period::Yesterday => self.period_yesterday.to_owned(),
            Period::Days(days) => self.one(self.period_days, days),
            Period::Month => self.period_month.to_owned(),
            Period::LastMonth => self.period_last_month.to_owned(),
            Period::Year => self.period_year.to_owned(),
            Period::TwelveMonths => self.period_twelve_months.to_owned(),
            Period::All => self.period_all.to_owned(),
            Period::Custom(from, to) => self.range(from, to),
        }
    }

    /// What a user may do, who reads these sites or, unless any are named, all.
    pub fn may(&self, is_owner: bool, sites: Option<&[String]>) -> String {
        let texts = &self.settings;
        match sites {
            _ if is_owner => texts.user_owner.to_owned(),
            None => texts.user_reads_all.to_owned(),
            Some([]) => texts.user_reads_none.to_owned(),
            Some(sites) => self.one(texts.user_reads, sites.join(", ")),
        }
    }

    /// A text without letters that can't be seen or that turn around what follows, so that no name looks like another.
    pub fn visible<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match text {
            "" => Cow::Borrowed(self.empty_name),
            _ if text.contains(is_hidden) => Cow::Owned(text.replace(is_hidden, "\u{fffd}")),
            _ => Cow::Borrowed(text),
        }
    }

    /// The label of a metric.
    pub const fn name(&self, metric: Metric) -> &'static str {
        match metric {
            Metric::Visitors => self.visitors,
            Metric::Visits => self.visits,
            Metric::Pageviews => self.pageviews,
            Metric::ViewsPerVisit => self.views_per_visit,
            Metric::BounceRate => self.bounce_rate,
            Metric::VisitDuration => self.visit_duration,
            Metric::Events => self.events,
            Metric::ScrollDepth => self.scroll_depth,
            Metric::TimeOnPage => self.time_on_page,
            Metric::ExitRate => self.exit_rate,
            Metric::Percentage => self.share,
            Metric::ConversionRate | Metric::GroupConversionRate => self.conversion_rate,
            Metric::TotalRevenue => self.revenue,
            Metric::AverageRevenue => self.mean_revenue,
        }
    }

    /// What a metric means, in one sentence.
    pub const fn meaning(&self, metric: Metric) -> &'static str {
        match metric {
            Metric::Visitors => self.visitors_why,
            Metric::Visits => self.visits_why,
            Metric::Pageviews => self.pageviews_why,
            Metric::ViewsPerVisit => self.views_per_visit_why,
            Metric::BounceRate => self.bounce_rate_why,
            Metric::VisitDuration => self.visit_duration_why,
            Metric::Events => self.events_why,
            Metric::ScrollDepth => self.scroll_depth_why,
            Metric::TimeOnPage => self.time_on_page_why,
            Metric::ExitRate => self.exit_rate_why,
            Metric::Percentage => self.share_why,
            Metric::ConversionRate => self.conversion_rate_why,
            Metric::GroupConversionRate => self.group_conversion_rate_why,
            Metric::TotalRevenue => self.revenue_why,
            Metric::AverageRevenue => self.mean_revenue_why,
        }
    }

    /// Why something shows no number on a site with this mode.
    pub const fn why_not_measured(&self, mode: AddressMode) -> &'static str {
        match mode {
            AddressMode::None => self.not_measured_why,
            AddressMode::Hash | AddressMode::Truncate => self.no_visits_why,
        }
    }

    /// A reason for not counting in two or three words, and in a sentence whose parts between backticks are commands.
    pub const fn rejection(&self, reason: Rejection) -> (&'static str, &'static str) {
        let reasons = &self.reasons;
        match reason {
            Rejection::Bot => (reasons.bot, reasons.bot_why),
            Rejection::Prefetch => (reasons.prefetch, reasons.prefetch_why),
            Rejection::OptedOut => (reasons.opted_out, reasons.opted_out_why),
            Rejection::UnknownSite => (reasons.unknown_site, reasons.unknown_site_why),
            Rejection::WrongHost => (reasons.wrong_host, reasons.wrong_host_why),
            Rejection::BadUrl => (reasons.bad_url, reasons.bad_url_why),
            Rejection::BadField => (reasons.bad_field, reasons.bad_field_why),
            Rejection::TooLarge => (reasons.too_large, reasons.too_large_why),
            Rejection::NotJson => (reasons.not_json, reasons.not_json_why),
            Rejection::SpamSource => (reasons.spam_source, reasons.spam_source_why),
            Rejection::NoVisit => (reasons.no_visit, reasons.no_visit_why),
            Rejection::TooMany => (reasons.too_many, reasons.too_many_why),
            Rejection::Method => (reasons.method, reasons.method_why),
            Rejection::Status => (reasons.status, reasons.status_why),
            Rejection::Asset => (reasons.asset, reasons.asset_why),
            Rejection::BadLine => (reasons.bad_line, reasons.bad_line_why),
            Rejection::Unmeasured => (reasons.unmeasured, reasons.unmeasured_why),
            Rejection::Repeat => (reasons.repeat, reasons.repeat_why),
            Rejection::BadToken => (reasons.bad_token, reasons.bad_token_why),
            Rejection::Excluded => (reasons.excluded, reasons.excluded_why),
            Rejection::Overloaded => (reasons.overloaded, reasons.overloaded_why),
            Rejection::BadTime => (reasons.bad_time, reasons.bad_time_why),
        }
    }
}

/// Letters that can't be seen or that turn around what follows.
fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    c.is_control() || turns || c == '\u{feff}'
}

/// Whether a value stands for what is missing or did not fit.
pub fn is_rest(dimension: Dimension, value: &str) -> bool {
    value == OTHER || (value == NOT_SET && dimension.missing() == NOT_SET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::words::ENGLISH;

    #[test]
    fn values_get_the_names_people_use() {
        let cases = [
            (Dimension::Country, "DE", "Germany"),
            (Dimension::Country, "GB", "United Kingdom"),
            (Dimension::Country, "XX", "XX"),
            (Dimension::Language, "pt", "Portuguese"),
            (Dimension::Language, "tlh", "Klingon"),
            (Dimension::Language, "xqx", "xqx"),
            (Dimension::Screen, "xxl", "1600 px and more"),
            (Dimension::Page, "/DE", "/DE"),
            (Dimension::UtmCampaign, NOT_SET, "No campaign"),
        ];
        for (dimension, value, expected) in cases {
            assert_eq!(ENGLISH.label(dimension, value), expected);
        }
        assert_eq!(crate::page::words::GERMAN.label(Dimension::Country, "DE"), "Deutschland");
    }

    #[test]
    fn pages_and_commands_give_the_same_reasons() {
        for reason in Rejection::ALL {
            assert_eq!(ENGLISH.rejection(reason).1, reason.sentence(), "{reason:?}");
        }
    }

    #[test]
    fn a_name_can_not_hide_or_turn_around() {
        assert_eq!(ENGLISH.visible("\u{202e}gnp.exe"), "\u{fffd}gnp.exe");
        assert_eq!(ENGLISH.visible("/a\tb\u{200b}"), "/a\u{fffd}b\u{fffd}");
        assert_eq!(ENGLISH.visible("/\u{645}\u{631}"), "/\u{645}\u{631}");
        assert_eq!(ENGLISH.visible(""), "(empty)");
    }

    #[test]
    fn direct_is_a_value_and_other_is_not() {
        assert!(!is_rest(Dimension::Source, Dimension::Source.missing()));
        assert!(is_rest(Dimension::Country, NOT_SET));
        assert!(is_rest(Dimension::Source, OTHER));
    }
}
