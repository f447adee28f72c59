//! How a language writes numbers and dates, after the Unicode CLDR 45.

use jiff::civil::Date;

/// How numbers and dates are written.
#[derive(Debug, Clone, Copy)]
pub struct Locale {
    /// Between thousands.
    pub thousands: &'static str,
    /// Before decimals.
    pub decimal: &'static str,
    /// After a number of percent.
    pub percent: &'static str,
    /// After thousands, millions, billions (10^9) and trillions (10^12).
    pub units: [&'static str; 4],
    /// Whether nothing is written in the singular.
    pub zero_is_one: bool,
    /// January to December.
    pub months: [&'static str; 12],
    /// The same, short.
    pub months_short: [&'static str; 12],
    /// Monday to Sunday.
    pub weekdays: [&'static str; 7],
    /// The same, short.
    pub weekdays_short: [&'static str; 7],
    /// What stands behind the number of a day, and behind that of the first.
    pub day_mark: [&'static str; 2],
    /// Behind seconds, minutes and hours.
    pub times: [&'static str; 3],
    /// Between a name and what is said of it.
    pub colon: &'static str,
    /// Whether the currency stands before the amount.
    pub is_currency_first: bool,
}

/// Seconds, minutes and hours as the International System of Units writes them.
const SI: [&str; 3] = ["\u{a0}s", "\u{a0}min", "\u{a0}h"];

/// English, with days before months, which nobody mistakes.
pub const ENGLISH: Locale = Locale {
    thousands: ",",
    decimal: ".",
    percent: "\u{a0}%",
    units: ["k", "M", "B", "T"],
    zero_is_one: false,
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    months_short: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    weekdays_short: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    day_mark: ["", ""],
    times: ["s", "m", "h"],
    colon: ":",
    is_currency_first: true,
};

/// German.
pub const GERMAN: Locale = Locale {
    thousands: ".",
    decimal: ",",
    percent: "\u{a0}%",
    units: ["\u{a0}Tsd.", "\u{a0}Mio.", "\u{a0}Mrd.", "\u{a0}Bio."],
    zero_is_one: false,
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    months_short: ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
    weekdays: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
    weekdays_short: ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."],
    day_mark: [".", "."],
    times: SI,
    colon: ":",
    is_currency_first: false,
};

/// French.
pub const FRENCH: Locale = Locale {
    thousands: "\u{202f}",
    decimal: ",",
    percent: "\u{202f}%",
    units: ["\u{a0}k", "\u{a0}M", "\u{a0}Md", "\u{a0}Bn"],
    zero_is_one: true,
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    months_short: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    weekdays: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    weekdays_short: ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
    day_mark: ["", "er"],
    times: SI,
    colon: "\u{202f}:",
    is_currency_first: false,
};

impl Locale {
    /// A date in a form in which `%A` is the weekday, `%a` the same short, `%d` the day, `%B` the month, `%b` the same
    /// short, and `%Y` the year.
    pub fn date(&self, date: Date, form: &str) -> String {
        let (weekday, month) = (date.weekday().to_monday_zero_offset() as usize, date.month() as usize - 1);
        let mut text = String::new();
        let mut letters = form.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                text.push(letter);
                continue;
            }
            match letters.next() {
                Some('A') => text.push_str(self.weekdays[weekday]),
                Some('a') => text.push_str(self.weekdays_short[weekday]),
                Some('d') => {
                    let mark = self.day_mark[usize::from(date.day() == 1)];
                    text.push_str(&format!("{}{mark}", date.day()));
                }
                Some('B') => text.push_str(self.months[month]),
                Some('b') => text.push_str(self.months_short[month]),
                Some('Y') => text.push_str(&date.year().to_string()),
                other => text.extend(other),
            }
        }
        text
    }

    /// Seconds in their two largest units: `45s`, `1m 20s` or `2h 5m`.
    pub fn duration(&self, seconds: u64) -> String {
        let [s, m, h] = self.times;
        match seconds {
            0..=59 => format!("{seconds}{s}"),
            60..=3_599 => format!("{}{m}\u{a0}{}{s}", seconds / 60, seconds % 60),
            _ => format!("{}{h}\u{a0}{}{m}", seconds / 3_600, seconds % 3_600 / 60),
        }
    }

    /// An amount with its currency.
    pub fn money(&self, currency: &str, amount: &str) -> String {
        let (first, second) = if self.is_currency_first { (currency, amount) } else { (amount, currency) };
        format!("{first}\u{a0}{second}")
    }

    /// A whole number with a mark between thousands.
    pub fn whole(&self, digits: &str) -> String {
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push_str(self.thousands);
            }
            text.push(digit);
        }
        text
    }

    /// A number with decimals as a machine writes it, such as `1234.50`.
    pub fn decimals(&self, number: &str) -> String {
        let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
        let whole = self.whole(whole);
        if rest.is_empty() { whole } else { format!("{whole}{}{rest}", self.decimal) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_are_written_as_each_language_does() {
        let (first, other) = ("2026-03-01".parse().unwrap(), "2026-11-23".parse().unwrap());
        let form = "%A, %d %B %Y / %a %d %b";
        assert_eq!(ENGLISH.date(other, form), "Monday, 23 November 2026 / Mon 23 Nov");
        assert_eq!(GERMAN.date(first, form), "Sonntag, 1. März 2026 / So. 1. März");
        assert_eq!(FRENCH.date(first, form), "dimanche, 1er mars 2026 / dim. 1er mars");
        assert_eq!(ENGLISH.decimals("1234567.50"), "1,234,567.50");
        assert_eq!(GERMAN.decimals("1234.5"), "1.234,5");
        assert_eq!(FRENCH.whole("1234567"), "1\u{202f}234\u{202f}567");
        assert_eq!(ENGLISH.whole("123"), "123");
        assert_eq!(ENGLISH.money("EUR", "1.50"), "EUR\u{a0}1.50");
        assert_eq!(FRENCH.money("EUR", "1,50"), "1,50\u{a0}EUR");
    }

    #[test]
    fn durations_name_their_two_largest_units() {
        let plain = |locale: Locale, seconds| locale.duration(seconds).replace('\u{a0}', " ");
        for (seconds, english, others) in [
            (0, "0s", "0 s"),
            (45, "45s", "45 s"),
            (60, "1m 0s", "1 min 0 s"),
            (80, "1m 20s", "1 min 20 s"),
            (3_599, "59m 59s", "59 min 59 s"),
            (7_500, "2h 5m", "2 h 5 min"),
        ] {
            assert_eq!(plain(ENGLISH, seconds), english);
            assert_eq!([GERMAN, FRENCH].map(|locale| plain(locale, seconds)), [others; 2]);
        }
    }
}
