//! In: `include.comparisons` of a query, in the shape of Plausible's. Out: what each row is compared with. Forgets: nothing.

use serde::Serialize;
use serde_json::{Value, json};

use super::parse::{known_keys, mismatch, object, refuse, shown};
use super::{Query, QueryError};
use crate::cell::Axis;
use crate::counts::Name;
use crate::report::comparison::{Basis, ComparedLines, ComparedWith, KeptHours, RangeComparison};
use crate::report::period::{Compare, Period, Range, With};
use crate::report::range::DateRange;
use crate::report::{self, Line, Question, Span, Sums};
use crate::site::{Day, Moment, Site};
use crate::store::{Grain, StoreError};

const PLACE: &str = "#/include/comparisons";

/// What `include` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Include {
    pub(super) imports: bool,
    pub(super) time_labels: bool,
    pub(super) total_rows: bool,
    pub(super) estimates: bool,
    pub(super) comparisons: Option<ComparisonAsked>,
}

/// What is asked to be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ComparisonAsked {
    with: AskedWith,
    matches_weekdays: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AskedWith {
    Previous,
    YearBefore,
    Dates(Day, Day),
}

impl ComparisonAsked {
    /// Reads the object.
    pub(super) fn parse(value: &Value) -> Result<ComparisonAsked, QueryError> {
        let found = object(PLACE, value)?;
        known_keys(PLACE, found, |key| matches!(key, "mode" | "date_range" | "match_day_of_week"))?;
        let matches_weekdays = match found.get("match_day_of_week") {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => return mismatch(&format!("{PLACE}/match_day_of_week"), "Boolean", other),
        };
        let mode = found.get("mode").unwrap_or(&Value::Null);
        let with = match (mode.as_str(), found.get("date_range")) {
            (Some("previous_period"), None) => AskedWith::Previous,
            (Some("year_over_year"), None) => AskedWith::YearBefore,
            (Some("custom"), Some(range)) => dates(range)?,
            (Some("custom"), None) => return refuse(PLACE, "Required property date_range was not present."),
            (Some("previous_period" | "year_over_year"), Some(_)) => {
                return refuse(&format!("{PLACE}/date_range"), "Schema does not allow additional properties.");
            }
            _ => return refuse(&format!("{PLACE}/mode"), &format!("Invalid mode {}", shown(mode))),
        };
        Ok(ComparisonAsked { with, matches_weekdays })
    }

    /// The same as JSON.
    pub(super) fn echo(&self) -> Value {
        let mut echo = match self.with {
            AskedWith::Previous => json!({"mode": "previous_period"}),
            AskedWith::YearBefore => json!({"mode": "year_over_year"}),
            AskedWith::Dates(first, last) => {
                json!({"mode": "custom", "date_range": [first.to_string(), last.to_string()]})
            }
        };
        if self.matches_weekdays {
            echo["match_day_of_week"] = json!(true);
        }
        echo
    }

    /// The days that a range is compared with; nothing where these are not over.
    fn days(&self, range: &Range) -> Option<Span> {
        let compare = |with| Compare { with, matches_weekdays: self.matches_weekdays };
        match self.with {
            AskedWith::Previous => range.compared(compare(With::Previous)),
            AskedWith::YearBefore => range.compared(compare(With::YearBefore)),
            AskedWith::Dates(first, last) => (last < range.today).then(|| Span::of_days(first, last)),
        }
    }
}

fn dates(range: &Value) -> Result<AskedWith, QueryError> {
    let dates = match range.as_array().map(Vec::as_slice) {
        Some([Value::String(first), Value::String(last)]) => DateRange::between(first, last),
        _ => None,
    };
    match dates {
        Some(DateRange::Dates(first, last)) => Ok(AskedWith::Dates(first, last)),
        _ => refuse(&format!("{PLACE}/date_range"), &format!("Invalid date range {}", shown(range))),
    }
}

/// What a query is compared with.
#[derive(Debug, Clone)]
pub(super) struct QueryComparison {
    range: Range,
    /// Nothing where the days are not over.
    days: Option<Span>,
    hours: KeptHours,
}

impl Include {
    /// What the range of a query is compared with, if anything is asked for.
    pub(super) fn comparison(
        &self,
        site: &Site,
        span: Span,
        now: Moment,
    ) -> Result<Option<QueryComparison>, QueryError> {
        let Some(asked) = self.comparisons else { return Ok(None) };
        if span.grain == Grain::Hour {
            return Err(QueryError("include.comparisons needs a date_range of whole days.".into()));
        }
        let here = site.schedule.locate(now);
        let (first, last) = (span.first_day(), span.last_day());
        let begun = Span::of_days(first, last.min(here.day));
        let is_partial = first <= here.day && here.day <= last;
        // As many days before it, whatever the range is called.
        let period = Period::Days(begun.days());
        let range = Range { period, span: begun, is_partial, today: here.day, hour: here.hour };
        let from = Day(here.day.0 - site.settings.retention.hour_days(here.day));
        let days = asked.days(&range).filter(|_| !begun.is_empty());
        Ok(Some(QueryComparison { range, days, hours: KeptHours { from, has_one_clock: true } }))
    }
}

/// What the rows of an answer are compared with.
#[derive(Debug, Default)]
pub(super) struct AnswerComparison {
    lines: ComparedLines,
    /// The days of the other range as far as they are compared, and which part of them.
    before: Option<(Span, Basis)>,
    /// Why nothing is compared.
    pub(super) warning: Option<String>,
}

/// What a row was in the other range.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RowComparison {
    dimensions: Vec<String>,
    metrics: Vec<Value>,
    change: Vec<Value>,
}

impl Query {
    /// What rows are compared with; nothing where that is not asked for. Buckets that only the other range has something in get a line.
    pub(super) fn compared(
        &self,
        lines: &mut Vec<Line>,
        sums: &dyn Sums,
    ) -> Result<Option<AnswerComparison>, StoreError> {
        let compared = self.comparison_of(sums)?;
        compared.iter().for_each(|compared| self.fill_buckets(lines, compared));
        Ok(compared)
    }

    fn comparison_of(&self, sums: &dyn Sums) -> Result<Option<AnswerComparison>, StoreError> {
        let Some(QueryComparison { range, days, hours }) = &self.comparison else { return Ok(None) };
        let Some(subject) = self.subjects.first() else { return Ok(None) };
        let site = subject.question.site;
        let not = |warning: &str| {
            Ok(Some(AnswerComparison { warning: Some(warning.to_owned()), ..AnswerComparison::default() }))
        };
        let Some(days) = *days else { return not("What it is to be compared with is not over yet.") };
        let declared = self.counted_since.map(|since| Day(since.0 - 1));
        let what = if declared.is_some() { "what is asked for" } else { "the site" };
        let refused =
            ComparedWith::refused(site, days, declared, sums)?.map(|refused| not_counted(refused, days, what));
        if let Some(refused) = refused {
            return not(&refused);
        }
        let compared: Option<Vec<RangeComparison>> =
            self.subjects.iter().map(|subject| RangeComparison::of(&subject.question, range, days, *hours)).collect();
        let Some(compared) = compared else { return not(not_over(ComparedWith::of(None, range, days))) };
        let of = |question: fn(&RangeComparison) -> &Question| {
            compared.iter().map(|of| question(of).clone()).collect::<Vec<_>>()
        };
        let (own, before) = (of(|of| &of.own), of(|of| &of.before));
        let mut found = report::answers(&[own, before].concat(), sums)?;
        let before = self.of_subjects(found.split_off(compared.len()));
        let lines = ComparedLines::of(self.of_subjects(found), before, &subject.question.metrics);
        let uncounted: Vec<&(Name, Day)> = self.lines_since.iter().filter(|(_, day)| *day > days.first_day()).collect();
        let lines = lines.without(uncounted.iter().map(|(name, _)| name.clone()), self.has_second_since());
        let Some(first) = compared.first() else { return Ok(None) };
        Ok(Some(AnswerComparison {
            lines: match self.interval {
                Some(interval) => lines.by_time(first, interval, &self.schedule),
                None => lines,
            },
            before: Some((first.before.span, first.basis)),
            warning: joined(told(first.basis).into_iter().chain(uncounted.into_iter().map(not_compared))),
        }))
    }

    /// Whether what is counted since some day is the second dimension of lines.
    fn has_second_since(&self) -> bool {
        let names_second = self.segments.as_ref().map(super::NamedSegments::is_second);
        let has_goals = self.subjects.iter().any(|subject| subject.goal.is_some());
        names_second.unwrap_or(has_goals && self.is_split())
    }

    /// The lines of all subjects, with the names of goals.
    fn of_subjects(&self, found: Vec<Vec<Line>>) -> Vec<Line> {
        let named = |(subject, mut lines): (&super::Subject, Vec<Line>)| {
            if lines.is_empty() && subject.question.axis == Axis::Total && self.interval.is_none() {
                lines.push(report::nothing(&subject.question));
            }
            lines.iter_mut().for_each(|line| subject.name(line));
            lines
        };
        let mut lines = self.subjects.iter().zip(found).flat_map(named).collect();
        self.segments.iter().for_each(|segments| segments.name(&mut lines));
        lines
    }

    /// Adds lines of nothing where the other range may have something: for time alone, as Plausible does.
    fn fill_buckets(&self, lines: &mut Vec<Line>, compared: &AnswerComparison) {
        let [subject] = self.subjects.as_slice() else { return };
        if subject.question.axis != Axis::Total || subject.goal.is_some() {
            return;
        }
        let known: std::collections::HashSet<Option<i32>> = lines.iter().map(|line| line.bucket).collect();
        let missing = compared.lines.buckets().filter(|bucket| !known.contains(&Some(*bucket)));
        lines.extend(missing.map(|bucket| Line { bucket: Some(bucket), ..report::nothing(&subject.question) }));
    }
}

/// Why days can't be compared with.
fn not_counted(refused: ComparedWith, days: Span, what: &str) -> String {
    let (first, last) = (days.first_day(), days.last_day());
    match refused {
        ComparedWith::NotCounted { since, .. } => {
            format!("{first} to {last} was not counted, or not all of it; {what} is counted since {since}.")
        }
        ComparedWith::NotKept(_) => format!("Of {first} to {last} only whole months are kept."),
        _ => format!("{first} to {last} was not counted."),
    }
}

/// Why no part of a range that still runs is like another.
fn not_over(with: ComparedWith) -> &'static str {
    match with {
        ComparedWith::NoHourOver => {
            "No hour of the range is over yet that could be compared with the same hour of another."
        }
        _ => {
            "The range is a day that still runs, and what is asked is not kept by hour, so it cannot be compared up to now; ask for days \
             that are over."
        }
    }
}

fn not_compared((name, day): &(Name, Day)) -> String {
    format!("{name:?} is counted since {day}, and not compared with days before.")
}

fn joined(told: impl Iterator<Item = String>) -> Option<String> {
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// Which part is compared, where it is not all.
fn told(basis: Basis) -> Option<String> {
    match basis {
        Basis::Whole => None,
        Basis::Until(hour) => Some(format!(
            "Today is still running. `comparison.metrics` and `comparison.change` are of the hours before {:02}:00 of the last day of \
             both ranges; `metrics` are up to now.",
            hour.0
        )),
        Basis::WithoutLastDay => Some(
            "Today is still running, and what is asked is not kept by hour. `comparison.metrics` and `comparison.change` are without the \
             last day of both ranges; `metrics` are up to now."
                .to_owned(),
        ),
    }
}

impl AnswerComparison {
    /// First and last moment of what is compared with.
    pub(super) fn date_range(&self, query: &Query) -> Option<[String; 2]> {
        let (before, basis) = self.before?;
        let span = match basis {
            Basis::Until(hour) => {
                let last = before.last * 24 + i32::from(hour.0) - 1;
                Span { grain: Grain::Hour, first: before.first * 24, last }
            }
            _ => before,
        };
        Some(super::range_text(span, &query.schedule))
    }

    /// What a row is compared with.
    pub(super) fn row(&self, query: &Query, line: &Line) -> RowComparison {
        let names = &query.echo.metrics;
        let row = self.before.and_then(|_| self.lines.row_of_line(line));
        let Some(row) = row else {
            let none = vec![Value::Null; names.len()];
            return RowComparison { dimensions: Vec::new(), metrics: none.clone(), change: none };
        };
        let bucket = self.lines.bucket_before(line.bucket);
        let before = self.lines.line_before(line);
        let metric = |(name, value): (&&'static str, &Option<f64>)| query.number(name, *value, before.unwrap_or(line));
        RowComparison {
            dimensions: query.dimensions_of(bucket, line),
            metrics: names.iter().zip(&row.before).map(metric).collect(),
            change: row.change.into_iter().map(|change| json!(change)).collect(),
        }
    }
}
