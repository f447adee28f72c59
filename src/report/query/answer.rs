//! Answers a [`Query`] from sums, as it stands in JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::segments::name_segments;
use super::{Include, Pagination, Query};
use crate::cell::{Axis, Filter, OTHER, Test};
use crate::report::{self, Figure, Interval, Line, Question, Sums, taken_out};
use crate::site::Day;
use crate::store::{Grain, StoreError, TakenOut};

/// The answer to a query, with its keys in the order in which Plausible writes them.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    results: Vec<Row>,
    meta: Meta,
    query: Echo,
}

#[derive(Debug, Clone, Serialize)]
struct Row {
    metrics: Vec<Value>,
    dimensions: Vec<String>,
}

/// What is said about the results; only what was asked for or has to be known.
#[derive(Debug, Clone, Default, Serialize)]
struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    imports_included: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    imports_skip_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric_warnings: Option<BTreeMap<&'static str, Warning>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_labels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_rows: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

#[derive(Debug, Clone, Serialize)]
struct Warning {
    code: &'static str,
    warning: Cow<'static, str>,
}

const SUMMED_HOURS: Warning = Warning {
    code: "summed_hours",
    warning: Cow::Borrowed(
        "Visitors are counted hour by hour in this range and added up, so that a visitor who was there in two \
         hours counts twice. Ask for whole days to have each visitor of a day once.",
    ),
};

const SUMMED: Warning = Warning {
    code: "summed",
    warning: Cow::Borrowed(
        "The filter lets pass several values, and this is the sum over them: who has two of them counts twice. Filter by \
         one value to have each once.",
    ),
};

const PAST_BUDGET: Warning = Warning {
    code: "other",
    warning: Cow::Borrowed(
        "Some values are past the site's budget for a day and are counted together as `(other)`. Totals are exact; raise the \
         budget with `headcount site set DOMAIN --values-max` or `--pair-cells-max`.",
    ),
};

/// What is said where something was taken out of the sums, or days are gone.
fn told_of(marks: &[TakenOut]) -> impl Iterator<Item = Warning> + use<> {
    let told = [
        ("taken_out", taken_out::told(marks)),
        ("days_gone", taken_out::days_gone(marks)),
        ("damaged", taken_out::damaged(marks)),
    ];
    told.into_iter().filter_map(|(code, text)| Some(Warning { code, warning: Cow::Owned(text?) }))
}

fn months_alone(kept_from: Day) -> Warning {
    Warning {
        code: "months_alone",
        warning: Cow::Owned(format!(
            "Before {kept_from} the site keeps what a filter needs by whole months only (`headcount site set DOMAIN \
             --day-pairs-months`). What this range has of such a month in part is not in these figures; ask for whole months."
        )),
    }
}

fn segment_since(name: &str, day: Day) -> Warning {
    Warning {
        code: "segment_since",
        warning: Cow::Owned(format!(
            "The segment {name:?} is counted since {day}. Days before are not in its figures."
        )),
    }
}

fn not_collected(sentence: &str) -> Warning {
    Warning { code: "not_collected", warning: Cow::Owned(sentence.to_owned()) }
}

fn without_visitor(hits: u64) -> Warning {
    Warning {
        code: "without_visitor",
        warning: Cow::Owned(format!(
            "{hits} pageviews and events of the site in this range were counted without a visitor and a visit, because one network \
             brought more new visitors than its share, or there was no room in memory. views_per_visit is too high by them."
        )),
    }
}

/// The query as it was understood.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Echo {
    pub(super) site_id: String,
    pub(super) metrics: Vec<&'static str>,
    pub(super) date_range: [String; 2],
    pub(super) filters: Vec<Value>,
    pub(super) dimensions: Vec<String>,
    pub(super) order_by: Vec<(String, &'static str)>,
    pub(super) include: Included,
    pub(super) pagination: Pagination,
}

/// What was asked to be included; what was not is left out.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Included {
    #[serde(skip_serializing_if = "is_false")]
    imports: bool,
    #[serde(skip_serializing_if = "is_false")]
    time_labels: bool,
    #[serde(skip_serializing_if = "is_false")]
    total_rows: bool,
}

impl From<Include> for Included {
    fn from(include: Include) -> Self {
        let Include { imports, time_labels, total_rows } = include;
        Included { imports, time_labels, total_rows }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Answer {
    /// An answer from whole visits: rows that are shown, and how many there are.
    pub(super) fn of_visits(
        echo: &Echo,
        rows: Vec<(Vec<Option<f64>>, Vec<String>)>,
        all: usize,
        include: Include,
        time_labels: Option<Vec<String>>,
    ) -> Answer {
        let row = |(metrics, dimensions): (Vec<Option<f64>>, Vec<String>)| Row {
            metrics: metrics.into_iter().map(|value| json!(Figure(value))).collect(),
            dimensions,
        };
        let meta = Meta {
            imports_included: include.imports.then_some(false),
            imports_skip_reason: include.imports.then_some("no_imported_data"),
            time_labels,
            total_rows: include.total_rows.then_some(all),
            ..Meta::default()
        };
        Answer { results: rows.into_iter().map(row).collect(), meta, query: echo.clone() }
    }
}

impl Query {
    /// Answers it. Without dimensions there is always one row; by time, only buckets that hold something have one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn run(&self, sums: &dyn Sums) -> Result<Answer, StoreError> {
        let mut questions: Vec<Question> = self.subjects.iter().map(|subject| subject.question.clone()).collect();
        questions.extend(self.past_budget());
        let mut found = report::answers(&questions, sums)?.into_iter();
        let mut lines = Vec::new();
        for (subject, mut of_subject) in self.subjects.iter().zip(found.by_ref()) {
            if let Some(goal) = &subject.goal {
                of_subject.iter_mut().for_each(|line| line.value = goal.clone());
            }
            // There may be a million of them, which are not copied.
            if lines.is_empty() {
                lines = of_subject;
            } else {
                lines.append(&mut of_subject);
            }
        }
        if self.echo.dimensions.is_empty() && lines.is_empty() {
            let nothing = self.subjects.first().map(|subject| report::nothing(&subject.question));
            lines.extend(nothing);
        }
        if let Some(site) = &self.segments_of {
            name_segments(&mut lines, site);
        }
        report::sort(&mut lines, &self.order);
        let is_other = |line: &Line| self.is_split() && &*line.value == OTHER;
        let is_past_budget = lines.iter().any(is_other) || found.flatten().next().is_some();
        let marks = self.marks(sums)?;
        let mut meta = self.meta(&lines);
        meta.warnings.extend(is_past_budget.then(|| match taken_out::may_be_other(self.keeps_small, &marks) {
            true => Warning { code: "other", warning: Cow::Borrowed(taken_out::OTHER_REASONS) },
            false => PAST_BUDGET,
        }));
        meta.warnings.extend(self.unvisited(sums)?.map(without_visitor));
        meta.warnings.extend(self.days_kept_from(sums)?.map(months_alone));
        meta.warnings.extend(self.not_collected.as_deref().map(not_collected));
        meta.warnings.extend(told_of(&marks));
        let Pagination { offset, limit } = self.echo.pagination;
        let results = lines.iter().skip(offset).take(limit).map(|line| self.row(line)).collect();
        Ok(Answer { results, meta, query: self.echo.clone() })
    }

    fn is_split(&self) -> bool {
        self.subjects.iter().any(|subject| subject.question.axis != Axis::Total)
    }

    /// The question whether the filter's dimension has values past the budget: some of what is asked for may be there.
    fn past_budget(&self) -> Option<Question> {
        let axis = self.filter.as_ref()?.axis.clone();
        let test = Test::Is(vec![OTHER.to_owned()]);
        let site = self.subjects.first()?.question.site;
        let question = Question::new(site, self.span, Axis::Total, None, &[]);
        Some(question.filtered(Some(Filter { axis, test })))
    }

    /// How many hits had no visitor, if there were any.
    fn unvisited(&self, sums: &dyn Sums) -> Result<Option<u64>, StoreError> {
        let Some(subject) = self.subjects.first() else { return Ok(None) };
        let hits = sums.unvisited(subject.question.site, self.span.first_day(), self.span.last_day())?;
        Ok((hits > 0).then_some(hits))
    }

    /// The first day from which on filters are answered by day, if the query needs days before it.
    fn days_kept_from(&self, sums: &dyn Sums) -> Result<Option<Day>, StoreError> {
        let Some(subject) = self.subjects.first() else { return Ok(None) };
        let months = sums.months_alone(subject.question.site, self.span.first_day(), self.span.last_day())?;
        let reads_days = self.subjects.iter().any(|subject| subject.question.reads_days_of(&months));
        Ok(months.last().filter(|_| reads_days).map(|month| Day(month.last().0 + 1)))
    }

    /// What was taken out of the sums, and which days are gone.
    fn marks(&self, sums: &dyn Sums) -> Result<Vec<TakenOut>, StoreError> {
        let Some(subject) = self.subjects.first() else { return Ok(Vec::new()) };
        sums.taken_out(subject.question.site, self.span.first_day(), self.span.last_day())
    }

    fn row(&self, line: &Line) -> Row {
        let text = |name: &String| match (self.interval, line.bucket) {
            (Some(interval), Some(bucket)) if name.starts_with("time") => interval.label(bucket),
            _ => line.value.to_string(),
        };
        let metrics = self.echo.metrics.iter().zip(&line.metrics);
        Row {
            metrics: metrics.map(|(name, value)| number(name, *value, line)).collect(),
            dimensions: self.echo.dimensions.iter().map(text).collect(),
        }
    }

    fn meta(&self, lines: &[Line]) -> Meta {
        let warnings = self.metric_warnings(lines);
        Meta {
            // Imported data are sums like all others here; there is nothing beside them to be included.
            imports_included: self.include.imports.then_some(false),
            imports_skip_reason: self.include.imports.then_some("no_imported_data"),
            metric_warnings: (!warnings.is_empty()).then_some(warnings),
            time_labels: self.time_labels.clone(),
            total_rows: self.include.total_rows.then_some(lines.len()),
            warnings: self.begun.iter().map(|(name, day)| segment_since(name, *day)).collect(),
        }
    }

    fn metric_warnings(&self, lines: &[Line]) -> BTreeMap<&'static str, Warning> {
        let mut warnings = BTreeMap::new();
        let asks = |name: &str| self.echo.metrics.contains(&name);
        let of_hits = |axis: &Axis<_>| !matches!(axis, Axis::Of(dimension) if dimension.is_of_visit());
        if self.is_set && asks("visitors") {
            warnings.insert("visitors", SUMMED);
        }
        for name in ["percentage", "conversion_rate", "group_conversion_rate"] {
            if self.is_set && asks(name) {
                warnings.insert(name, SUMMED);
            }
        }
        for name in ["visits", "views_per_visit"] {
            if self.is_set && asks(name) && self.filter.as_ref().is_some_and(|filter| of_hits(&filter.axis)) {
                warnings.insert(name, SUMMED);
            }
        }
        if self.adds_hours() {
            warnings.insert("visitors", SUMMED_HOURS);
        }
        let several = lines.iter().find(|line| line.money.len() > 1);
        for name in ["total_revenue", "average_revenue"].into_iter().filter(|name| asks(name)) {
            if let Some(line) = several {
                warnings.insert(name, other_currencies(line));
            }
        }
        warnings
    }

    /// Whether visitors of several hours are added up.
    fn adds_hours(&self) -> bool {
        let is_by_hour = self.interval == Some(Interval::Hour);
        let asks_visitors = self.echo.metrics.contains(&"visitors");
        self.span.grain == Grain::Hour && self.span.last > self.span.first && !is_by_hour && asks_visitors
    }
}

/// A metric as JSON; money with its currency, as Plausible writes it.
fn number(name: &str, value: Option<f64>, line: &Line) -> Value {
    match (value, line.money.first()) {
        (Some(value), Some((currency, ..))) if name.ends_with("_revenue") => json!({
            "value": value,
            "currency": &**currency,
            "short": format!("{currency} {value:.1}"),
            "long": format!("{currency} {value:.2}"),
        }),
        _ => json!(Figure(value)),
    }
}

/// What a line's money is beside its most usual currency: sums of currencies can't be added.
fn other_currencies(line: &Line) -> Warning {
    let sums = line
        .money
        .iter()
        .skip(1)
        .map(|(currency, thousandths, _)| format!("{currency} {:.2}", *thousandths as f64 / 1_000.0));
    let sums = sums.collect::<Vec<_>>().join(", ");
    Warning {
        code: "several_currencies",
        warning: Cow::Owned(format!("Money of several currencies is not added up. Besides the one shown: {sums}.")),
    }
}
