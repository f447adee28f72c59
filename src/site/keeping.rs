//! How long a site's sums are kept, by grain and kind, and the setting of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::setting::{SettingField, SettingKind, SettingsForm, SiteSetting, Translated};
use super::{Day, Month, NotSet, SettingContext, Settings};
use crate::limits;

/// What is kept for a time of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetainedKind {
    /// Cells of one dimension by hour. Totals by hour go with the days.
    Hours,
    /// Cells of one dimension by day, and the totals of days and hours.
    Days,
    /// Cells of two dimensions by day.
    DayPairs,
    /// Cells of one dimension by month, and the totals of months.
    Months,
    /// Cells of two dimensions by month.
    MonthPairs,
    /// Programs by day.
    Bots,
    /// Rejections by day.
    Rejections,
    /// Mails by day.
    Mails,
}

impl RetainedKind {
    /// All kinds.
    pub const ALL: [RetainedKind; 8] = [
        RetainedKind::Hours,
        RetainedKind::Days,
        RetainedKind::DayPairs,
        RetainedKind::Months,
        RetainedKind::MonthPairs,
        RetainedKind::Bots,
        RetainedKind::Rejections,
        RetainedKind::Mails,
    ];

    /// Its name, as operators write it.
    pub const fn name(self) -> &'static str {
        match self {
            RetainedKind::Hours => "hours",
            RetainedKind::Days => "days",
            RetainedKind::DayPairs => "day-pairs",
            RetainedKind::Months => "months",
            RetainedKind::MonthPairs => "month-pairs",
            RetainedKind::Bots => "bots",
            RetainedKind::Rejections => "rejections",
            RetainedKind::Mails => "mails",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<RetainedKind> {
        RetainedKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The code as stored.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether whole months are kept or go.
    pub const fn is_by_month(self) -> bool {
        matches!(self, RetainedKind::DayPairs | RetainedKind::Months | RetainedKind::MonthPairs)
    }

    /// The kinds that it does not outlive: what is coarser, of the same cells.
    const fn coarser(self) -> &'static [RetainedKind] {
        match self {
            RetainedKind::Hours => &[RetainedKind::Days, RetainedKind::Months],
            RetainedKind::Days | RetainedKind::MonthPairs => &[RetainedKind::Months],
            RetainedKind::DayPairs => &[RetainedKind::Days, RetainedKind::MonthPairs, RetainedKind::Months],
            _ => &[],
        }
    }
}

/// How long something is kept, after its own day or month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeptFor {
    /// So many days.
    Days(u32),
    /// So many whole months.
    Months(u32),
}

impl KeptFor {
    /// Reads `31d`, `25m` or `2y`.
    pub fn parse(text: &str) -> Option<KeptFor> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: u32 = number.parse().ok()?;
        let number = if unit == "y" { number.checked_mul(12)? } else { number };
        // What is accepted can be read again as it is stored.
        let number = Some(number).filter(|number| (1..=limits::KEPT_FOR_MAX).contains(number))?;
        match unit {
            "d" => Some(KeptFor::Days(number)),
            "m" | "y" => Some(KeptFor::Months(number)),
            _ => None,
        }
    }

    /// How old what is kept becomes, in days that count a month as its shortest.
    const fn days_at_most(self) -> u32 {
        match self {
            KeptFor::Days(days) => days,
            // Whole months are kept beside the running one.
            KeptFor::Months(months) => KeptFor::days_of_months(months + 1),
        }
    }

    /// The fewest days that so many months in a row have.
    const fn days_of_months(months: u32) -> u32 {
        months * 365 / 12 - 2
    }

    /// The first day that is kept on a day.
    pub fn first_day(self, today: Day) -> Day {
        match self {
            KeptFor::Days(days) => Day(today.0 - days as i32),
            KeptFor::Months(months) => Month(today.month().0 - months as i32).first(),
        }
    }
}

impl fmt::Display for KeptFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeptFor::Days(days) => write!(f, "{days}d"),
            KeptFor::Months(months) => write!(f, "{months}m"),
        }
    }
}

impl From<KeptFor> for String {
    fn from(kept: KeptFor) -> String {
        kept.to_string()
    }
}

impl TryFrom<String> for KeptFor {
    type Error = String;

    fn try_from(text: String) -> Result<KeptFor, String> {
        KeptFor::parse(&text).ok_or_else(|| format!("{text:?} is no time like 31d or 25m"))
    }
}

/// How long things are kept; for ever where nothing is said, but for hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Cells of two dimensions by day, in months after the month of the day; 0 is for ever.
    pub day_pairs_months: u32,
    /// See [`RetainedKind::Hours`]; nothing stands for [`limits::HOUR_DETAIL_DAYS`] days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<KeptFor>,
    /// See [`RetainedKind::Days`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<KeptFor>,
    /// See [`RetainedKind::Months`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months: Option<KeptFor>,
    /// See [`RetainedKind::MonthPairs`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month_pairs: Option<KeptFor>,
    /// See [`RetainedKind::Bots`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bots: Option<KeptFor>,
    /// See [`RetainedKind::Rejections`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejections: Option<KeptFor>,
    /// See [`RetainedKind::Mails`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mails: Option<KeptFor>,
}

impl Retention {
    /// Whether everything is as by default.
    pub fn is_for_ever(&self) -> bool {
        *self == Retention::default()
    }

    /// How long a kind is kept, as it is set; nothing is for ever.
    pub fn kept_for(&self, kind: RetainedKind) -> Option<KeptFor> {
        match kind {
            RetainedKind::Hours => Some(self.hours.unwrap_or(KeptFor::Days(limits::HOUR_DETAIL_DAYS as u32))),
            RetainedKind::Days => self.days,
            RetainedKind::DayPairs => {
                Some(KeptFor::Months(self.day_pairs_months)).filter(|_| self.day_pairs_months > 0)
            }
            RetainedKind::Months => self.months,
            RetainedKind::MonthPairs => self.month_pairs,
            RetainedKind::Bots => self.bots,
            RetainedKind::Rejections => self.rejections,
            RetainedKind::Mails => self.mails,
        }
    }

    /// The first day of a kind that is kept on a day: nothing outlives what is coarser. Nothing where all are.
    pub fn first_day(&self, kind: RetainedKind, today: Day) -> Option<Day> {
        let kinds = std::iter::once(kind).chain(kind.coarser().iter().copied());
        let first = kinds.filter_map(|kind| self.kept_for(kind)).map(|kept| kept.first_day(today)).max()?;
        Some(if kind.is_by_month() { first.month().first() } else { first })
    }

    /// How long a kind is kept, which is no longer than what is coarser; nothing is for ever.
    pub fn lasts(&self, kind: RetainedKind) -> Option<KeptFor> {
        let kinds = std::iter::once(kind).chain(kind.coarser().iter().copied());
        let shortest = kinds.filter_map(|kind| self.kept_for(kind)).min_by_key(|kept| kept.days_at_most())?;
        Some(match shortest {
            // It goes with the month that holds its last day.
            KeptFor::Days(days) if kind.is_by_month() => KeptFor::Months(days.div_ceil(KeptFor::days_of_months(1))),
            kept => kept,
        })
    }

    /// Whether no kind holds anything that is older than so many months.
    pub fn is_within(&self, months: u32) -> bool {
        let most = KeptFor::days_of_months(months);
        RetainedKind::ALL.into_iter().all(|kind| self.lasts(kind).is_some_and(|kept| kept.days_at_most() <= most))
    }

    /// Keeps nothing that is older than so many months.
    pub(super) fn keep_within(&mut self, months: u32) {
        // Whole months are kept beside the running one, which counts as one here.
        let longest = KeptFor::Months(months.saturating_sub(1));
        // What is coarser comes first, so that what goes with it needs no time of its own.
        for kind in [RetainedKind::Months, RetainedKind::Bots, RetainedKind::Rejections, RetainedKind::Mails] {
            if self.lasts(kind).is_none_or(|kept| kept.days_at_most() > longest.days_at_most()) {
                self.set(kind, longest);
            }
        }
    }

    /// For how many days before a day cells are kept by hour.
    pub fn hour_days(&self, today: Day) -> i32 {
        self.first_day(RetainedKind::Hours, today).map_or(limits::HOUR_DETAIL_DAYS, |first| today.0 - first.0)
    }

    /// What is set, as an operator writes it.
    pub fn words(&self) -> Vec<String> {
        let is_set = |kind: &RetainedKind| *kind != RetainedKind::Hours || self.hours.is_some();
        let kept = RetainedKind::ALL.into_iter().filter(is_set).filter_map(|kind| Some((kind, self.kept_for(kind)?)));
        kept.map(|(kind, kept)| format!("{}={kept}", kind.name())).collect()
    }

    /// Reads what is to be kept how long; what is not named is kept as by default.
    fn read(texts: &[String]) -> Result<Retention, NotSet> {
        let mut retention = Retention::default();
        if texts == ["none"] {
            return Ok(retention);
        }
        for text in texts.iter().flat_map(|text| text.split(',')) {
            let names = RetainedKind::ALL.map(RetainedKind::name).join(", ");
            let bad =
                || NotSet(format!("{text:?} is not kept: write KIND=TIME like days=25m or hours=31d, of {names}"));
            let (name, time) = text.trim().split_once('=').ok_or_else(bad)?;
            let kind = RetainedKind::from_name(name).ok_or_else(bad)?;
            let kept = KeptFor::parse(time).ok_or_else(bad)?;
            if kind == RetainedKind::Hours
                && !matches!(kept, KeptFor::Days(days) if days <= limits::HOUR_DETAIL_DAYS as u32)
            {
                let most = limits::HOUR_DETAIL_DAYS;
                return Err(NotSet(format!("hours are kept for {most} days at the most: write hours={most}d")));
            }
            if kind.is_by_month() && matches!(kept, KeptFor::Days(_)) {
                return Err(NotSet(format!("{name} are kept by whole months: write {name}=25m")));
            }
            retention.set(kind, kept);
        }
        Ok(retention)
    }

    /// Whether anything is kept for longer by the second of two settings, as operators write them.
    pub(super) fn is_longer(before: &[String], after: &[String]) -> bool {
        let read = |texts: &[String]| match texts {
            [] => Some(Retention::default()),
            texts => Retention::read(texts).ok(),
        };
        let (Some(before), Some(after)) = (read(before), read(after)) else { return true };
        // Months and days differ by the day on which they are counted: all days of four years, which have every month.
        let is_ever_longer = |before: KeptFor, after: KeptFor| {
            before != after && (0..=4 * 366).map(Day).any(|day| after.first_day(day) < before.first_day(day))
        };
        RetainedKind::ALL.into_iter().any(|kind| match (before.kept_for(kind), after.kept_for(kind)) {
            (Some(before), Some(after)) => is_ever_longer(before, after),
            (before, after) => before.is_some() && after.is_none(),
        })
    }

    fn set(&mut self, kind: RetainedKind, kept: KeptFor) {
        match (kind, kept) {
            (RetainedKind::DayPairs, KeptFor::Months(months)) => self.day_pairs_months = months,
            (RetainedKind::DayPairs, KeptFor::Days(_)) => {}
            (RetainedKind::Hours, _) => self.hours = Some(kept),
            (RetainedKind::Days, _) => self.days = Some(kept),
            (RetainedKind::Months, _) => self.months = Some(kept),
            (RetainedKind::MonthPairs, _) => self.month_pairs = Some(kept),
            (RetainedKind::Bots, _) => self.bots = Some(kept),
            (RetainedKind::Rejections, _) => self.rejections = Some(kept),
            (RetainedKind::Mails, _) => self.mails = Some(kept),
        }
    }
}

fn set_keep(settings: &mut Settings, texts: &[String], _: &SettingContext) -> Result<(), NotSet> {
    settings.retention = Retention::read(texts)?;
    Ok(())
}

/// The settings of how long sums are kept.
pub(super) static KEEPING: [SiteSetting; 1] = [SiteSetting {
    name: "keep",
    flag: "keep",
    value_name: "KIND=TIME",
    help: "How long sums are kept: hours=31d, days=25m, day-pairs=13m, months, month-pairs, bots, rejections, mails, in days, months or years",
    title: "kept",
    line: "kept {}",
    kind: SettingKind::List {
        get: |settings| settings.retention.words(),
        set: set_keep,
        most: limits::RETAINED_KINDS_MAX,
        none: "default",
    },
    acts: Some("What is older goes from the end of the site's present day on, for good."),
    field: Some(SettingField {
        form: SettingsForm::Keeping,
        label: Translated {
            english: "How long figures are kept",
            german: "Wie lange Zahlen bleiben",
            french: "Durée de conservation des chiffres",
        },
        help: Some(Translated {
            english: "One per line, like `days=25m` or `hours=7d`: of `hours`, `days`, `day-pairs`, `months`, `month-pairs`, `bots`, `rejections`, `mails`, in days, months or years. What is not named is kept for ever, hours for 31 days. What is older goes for good.",
            german: "Eine pro Zeile, wie `days=25m` oder `hours=7d`: von `hours`, `days`, `day-pairs`, `months`, `month-pairs`, `bots`, `rejections`, `mails`, in Tagen, Monaten oder Jahren. Was fehlt, bleibt für immer, Stunden 31 Tage. Was älter ist, geht endgültig.",
            french: "Une par ligne, comme `days=25m` ou `hours=7d` : parmi `hours`, `days`, `day-pairs`, `months`, `month-pairs`, `bots`, `rejections`, `mails`, en jours, mois ou années. Ce qui n’est pas nommé est conservé sans fin, les heures 31 jours. Ce qui est plus ancien disparaît définitivement.",
        }),
    }),
}];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Retention, NotSet> {
        Retention::read(&[text.to_owned()])
    }

    #[test]
    fn nothing_outlives_what_is_coarser() {
        let today = Day(20_635);
        let retention = read("days=2m,months=1y,bots=10d").unwrap();
        let first = |kind| retention.first_day(kind, today).map(|day| day.to_string());
        assert_eq!(today.to_string(), "2026-07-01");
        assert_eq!(first(RetainedKind::Hours).as_deref(), Some("2026-05-31"), "31 days, as ever");
        assert_eq!(first(RetainedKind::Days).as_deref(), Some("2026-05-01"));
        assert_eq!(first(RetainedKind::DayPairs).as_deref(), Some("2026-05-01"));
        assert_eq!(first(RetainedKind::Months).as_deref(), Some("2025-07-01"));
        assert_eq!(first(RetainedKind::MonthPairs).as_deref(), Some("2025-07-01"));
        assert_eq!(first(RetainedKind::Bots).as_deref(), Some("2026-06-21"));
        assert_eq!(first(RetainedKind::Mails), None);
        assert_eq!(retention.words(), ["days=2m", "months=12m", "bots=10d"]);
    }

    #[test]
    fn what_is_kept_longer_on_any_day_is_longer() {
        for (before, after, longer) in [
            ("bots=50d", "bots=1m", true), // up to 61 days, at the end of August
            ("bots=1m", "bots=50d", true), // 31 days, at the beginning of a month
            ("bots=62d", "bots=1m", false),
            ("bots=1m", "bots=28d", false),
            ("bots=1m", "bots=29d", true), // on the first of March
            ("bots=1y", "bots=12m", false),
            ("bots=2m", "bots=1m", false),
            ("bots=1m", "none", true),
            ("none", "bots=1m", false),
        ] {
            let [of_before, of_after] = [before, after].map(|text| vec![text.to_owned()]);
            assert_eq!(Retention::is_longer(&of_before, &of_after), longer, "{before} {after}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in [
            "days",
            "days=",
            "days=0d",
            "days=1w",
            "weeks=1m",
            "months=31d",
            "day-pairs=400d",
            "days=é",
            "hours=32d",
            "hours=1m",
            "days=900y",
            "days=4294967295y",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let kept = serde_json::to_string(&read("day-pairs=13m,hours=7d").unwrap()).unwrap();
        assert_eq!(kept, r#"{"day_pairs_months":13,"hours":"7d"}"#);
        assert_eq!(serde_json::from_str::<Retention>(&kept).unwrap().words(), ["hours=7d", "day-pairs=13m"]);
        for accepted in ["days=3650d", "months=1200m", "months=100y"].into_iter().filter(|text| read(text).is_ok()) {
            let kept = serde_json::to_string(&read(accepted).unwrap()).unwrap();
            assert_eq!(serde_json::from_str::<Retention>(&kept).ok(), read(accepted).ok(), "{accepted}");
        }
        assert!(read("none").unwrap().is_for_ever());
        assert!(read("").is_err() && Retention::read(&[]).unwrap().is_for_ever());
    }
}
