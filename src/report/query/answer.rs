//! In: a [`Query`] and sums. Out: the answer as it stands in JSON. Forgets: nothing.

use serde::Serialize;

use super::{Include, Pagination, Query};
use crate::cell::Metric;
use crate::report::{self, Figure, Interval, Line, Sums};
use crate::store::{Grain, StoreError};

/// The answer to a query, with its keys in the order in which Plausible writes them.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    results: Vec<Row>,
    meta: Meta,
    query: Echo,
}

#[derive(Debug, Clone, Serialize)]
struct Row {
    metrics: Vec<Figure>,
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
    metric_warnings: Option<MetricWarnings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_labels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_rows: Option<usize>,
}

#[derive(Debug, Clone, Serialize)]
struct MetricWarnings {
    visitors: Warning,
}

#[derive(Debug, Clone, Serialize)]
struct Warning {
    code: &'static str,
    warning: &'static str,
}

const SUMMED_HOURS: MetricWarnings = MetricWarnings {
    visitors: Warning {
        code: "summed_hours",
        warning: "Visitors are counted hour by hour in this range and added up, so that a visitor who was there in two \
                  hours counts twice. Ask for whole days to have each visitor of a day once.",
    },
};

/// The query as it was understood.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Echo {
    pub(super) site_id: String,
    pub(super) metrics: Vec<&'static str>,
    pub(super) date_range: [String; 2],
    pub(super) filters: [(); 0],
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

impl Query {
    /// Answers it. Without dimensions there is always one row; by time, only buckets that hold something have one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn run(&self, sums: &dyn Sums) -> Result<Answer, StoreError> {
        let question = &self.question;
        let mut lines = if self.echo.dimensions.is_empty() {
            vec![report::totals(question.site, question.span, &question.metrics, sums)?]
        } else {
            report::answer(question, sums)?
        };
        report::sort(&mut lines, &self.order);
        let meta = self.meta(lines.len());
        let Pagination { offset, limit } = self.echo.pagination;
        let results = lines.iter().skip(offset).take(limit).map(|line| self.row(line)).collect();
        Ok(Answer { results, meta, query: self.echo.clone() })
    }

    fn row(&self, line: &Line) -> Row {
        let text = |name: &String| match (self.question.interval, line.bucket) {
            (Some(interval), Some(bucket)) if name.starts_with("time") => interval.label(bucket),
            _ => line.value.to_string(),
        };
        Row {
            metrics: line.metrics.iter().map(|metric| Figure(*metric)).collect(),
            dimensions: self.echo.dimensions.iter().map(text).collect(),
        }
    }

    fn meta(&self, rows: usize) -> Meta {
        Meta {
            // Imported data are sums like all others here; there is nothing beside them to be included.
            imports_included: self.include.imports.then_some(false),
            imports_skip_reason: self.include.imports.then_some("no_imported_data"),
            metric_warnings: self.adds_hours().then_some(SUMMED_HOURS),
            time_labels: self.time_labels.clone(),
            total_rows: self.include.total_rows.then_some(rows),
        }
    }

    /// Whether visitors of several hours are added up.
    fn adds_hours(&self) -> bool {
        let span = self.question.span;
        let is_by_hour = self.question.interval == Some(Interval::Hour);
        let asks_visitors = self.question.metrics.contains(&Metric::Visitors);
        span.grain == Grain::Hour && span.last > span.first && !is_by_hour && asks_visitors
    }
}
