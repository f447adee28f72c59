//! The part of a range that everybody may see: its days that are over.

use super::{Period, Range};
use crate::report::Span;
use crate::site::Day;

impl Range {
    /// The same of days that are over, as everybody may see them: so many last days end yesterday, all else is cut there.
    pub fn over(self) -> Range {
        let yesterday = Day(self.today.0 - 1);
        let (first, last) = (self.span.first_day(), self.span.last_day());
        let span = match self.period {
            Period::Days(_) => Span::of_days(Day(first.0 - 1), yesterday),
            // On its first day a month has none that is over; that day alone is shown, with nothing on it.
            _ => Span::of_days(first, last.min(yesterday).max(first)),
        };
        Range { span, is_partial: false, today: yesterday, ..self }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::{Compare, date};
    use super::*;
    use crate::site::{Moment, Schedule};

    fn range(now: &str, key: &str) -> Range {
        let now = Moment(now.parse::<Timestamp>().unwrap().as_millisecond());
        let period = Period::parse(key, Some("2026-03-05"), Some("2026-03-14")).unwrap();
        period.range(&Schedule::utc(), now, date("2024-05-17"))
    }

    fn text(span: Span) -> String {
        format!("{} {}", span.first_day(), span.last_day())
    }

    #[test]
    fn for_everybody_a_range_ends_yesterday() {
        for (now, key, expected) in [
            ("2026-03-31T12:00:00Z", "7d", "2026-03-24 2026-03-30"),
            ("2026-03-31T12:00:00Z", "yesterday", "2026-03-30 2026-03-30"),
            ("2026-03-31T12:00:00Z", "month", "2026-03-01 2026-03-30"),
            ("2026-03-31T12:00:00Z", "last_month", "2026-02-01 2026-02-28"),
            ("2026-03-31T12:00:00Z", "12mo", "2025-04-01 2026-03-30"),
            ("2026-03-31T12:00:00Z", "all", "2024-05-17 2026-03-30"),
            // Its only day is not over: nothing will be shown of it.
            ("2026-04-01T12:00:00Z", "month", "2026-04-01 2026-04-01"),
            ("2026-03-10T12:00:00Z", "custom", "2026-03-05 2026-03-09"),
            ("2026-03-31T12:00:00Z", "custom", "2026-03-05 2026-03-14"),
        ] {
            let over = range(now, key).over();
            assert_eq!((text(over.span).as_str(), over.is_partial), (expected, false), "{now} {key}");
        }
        let week = range("2026-03-31T12:00:00Z", "7d").over();
        assert_eq!(week.compared(Compare::USUAL).map(text).as_deref(), Some("2026-03-17 2026-03-23"));
        assert_eq!(week.neighbour(true), None, "there is no day after it that is over");
    }
}
