//! Answers a [`Query`] from sums, as it stands in JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::comparisons::{AnswerComparison, Include, RowComparison};
use super::{LineColumn, Pagination, Query};
use crate::cell::Axis;
use crate::report::{self, Figure, Interval, Line, Question, Sums, money, place_names, taken_out};
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
    /// The least and the most of each metric that is not sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<Vec<Option<[Figure; 2]>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<RowComparison>,
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

const AT_MOST: Warning = Warning {
    code: "at_most",
    warning: Cow::Borrowed(
        "Several values pass the filter, are set aside, or are past the site's budget, and sums do not know who has several of them: the figure \
         lies between bounds. Ask with `include: {\"estimates\": true}` to have the most and both bounds; rates have none.",
    ),
};

const ESTIMATED: Warning = Warning {
    code: "estimated",
    warning: Cow::Borrowed(
        "Sums are kept of any two dimensions, and these are more: the figure is what is likely, and lies for sure between the bounds of \
         its row. Rates are null.",
    ),
};

const NOT_BY_DIMENSION: Warning = Warning {
    code: "no_revenue_by_dimension",
    warning: Cow::Borrowed(
        "Revenue metrics are null as money is kept by one dimension, by day and month; leave out other dimensions, filters and hours.",
    ),
};

const NOT_IN_MEMORY: Warning = Warning {
    code: "no_revenue_by_dimension",
    warning: Cow::Borrowed(
        "Revenue metrics are null where there are multiple currencies, where two dimensions or properties are asked for, and by hour.",
    ),
};

const MONEY_NOT_KNOWN: Warning = Warning {
    code: "revenue_not_known",
    warning: Cow::Borrowed(
        "Revenue metrics are null where not all of the money is known by dimension: days that an older version counted lack it, as does what \
         is past the site's budget, and segments that ask for properties.",
    ),
};

const SEVERAL_CURRENCIES: Warning = Warning {
    code: "no_single_revenue_currency",
    warning: Cow::Borrowed("Revenue metrics are null as there are multiple currencies for the selected event:goals."),
};

const BEHIND_FILTER: Warning = Warning { code: "other", warning: Cow::Borrowed(taken_out::BEHIND_FILTER) };

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
        ("set_aside", taken_out::set_aside(marks)),
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

fn property_since(key: &str, day: Day) -> Warning {
    Warning {
        code: "property_since",
        warning: Cow::Owned(format!(
            "The property {key:?} is counted by other dimensions since {day}. Days before are not in these figures."
        )),
    }
}

fn not_met(why: &str) -> Warning {
    Warning { code: "segment_not_kept", warning: Cow::Owned(format!("Something is left out: {why}.")) }
}

fn sections_since(day: Day) -> Warning {
    Warning {
        code: "sections_since",
        warning: Cow::Owned(format!("Sections are counted since {day}. Days before are not in these figures.")),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comparison_date_range: Option<[String; 2]>,
    pub(super) filters: Vec<Value>,
    pub(super) dimensions: Vec<String>,
    pub(super) order_by: Vec<(String, &'static str)>,
    pub(super) include: Included,
    pub(super) pagination: Pagination,
}

impl Echo {
    /// The metrics of money among those that are asked for.
    fn revenue(&self) -> impl Iterator<Item = &'static str> {
        self.metrics.iter().copied().filter(|name| name.ends_with("_revenue"))
    }
}

/// What was asked to be included; what was not is left out.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Included {
    #[serde(skip_serializing_if = "is_false")]
    imports: bool,
    #[serde(skip_serializing_if = "is_false")]
    time_labels: bool,
    #[serde(skip_serializing_if = "is_false")]
    total_rows: bool,
    #[serde(skip_serializing_if = "is_false")]
    estimates: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparisons: Option<Value>,
}

impl From<Include> for Included {
    fn from(include: Include) -> Self {
        let Include { imports, time_labels, total_rows, estimates, comparisons } = include;
        let comparisons = comparisons.map(|asked| asked.echo());
        Included { imports, time_labels, total_rows, estimates, comparisons }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl AnswerComparison {
    fn told(&self) -> Option<Warning> {
        self.warning.clone().map(|text| Warning { code: "compared", warning: Cow::Owned(text) })
    }
}

impl Meta {
    /// Says that values were counted together, whether the rows show it or the filters may let some of them pass.
    fn tell_other(
        &mut self,
        (is_told, is_behind_filter): (bool, bool),
        (keeps_small, marks): (bool, &[TakenOut]),
        metrics: &[&'static str],
    ) {
        self.warnings.extend(is_told.then(|| match taken_out::may_be_other(keeps_small, marks) {
            true => Warning { code: "other", warning: Cow::Borrowed(taken_out::OTHER_REASONS) },
            false => PAST_BUDGET,
        }));
        for name in metrics.iter().filter(|_| is_behind_filter) {
            self.metric_warnings.get_or_insert_default().entry(name).or_insert(BEHIND_FILTER);
        }
    }
}

/// What an answer from whole visits is made of.
pub(super) struct VisitAnswer {
    /// Those that are shown.
    pub(super) rows: Vec<(Vec<Value>, Vec<String>)>,
    /// How many there are.
    pub(super) all: usize,
    pub(super) include: Include,
    pub(super) time_labels: Option<Vec<String>>,
    pub(super) lacks_money: bool,
    /// Whether some rows are of values that are counted together, and whether filters may let such pass.
    pub(super) has_other: (bool, bool),
    pub(super) keeps_small: bool,
    pub(super) marks: Vec<TakenOut>,
    pub(super) unvisited: u64,
    pub(super) not_collected: Option<String>,
}

impl Answer {
    /// An answer from whole visits.
    pub(super) fn of_visits(echo: &Echo, of: VisitAnswer) -> Answer {
        let row = |(metrics, dimensions): (Vec<Value>, Vec<String>)| Row {
            metrics,
            dimensions,
            bounds: None,
            comparison: None,
        };
        let mut meta = Meta {
            imports_included: of.include.imports.then_some(false),
            imports_skip_reason: of.include.imports.then_some("no_imported_data"),
            time_labels: of.time_labels,
            total_rows: of.include.total_rows.then_some(of.all),
            metric_warnings: of.lacks_money.then(|| echo.revenue().map(|name| (name, NOT_IN_MEMORY)).collect()),
            ..Meta::default()
        };
        let (has_rows, is_behind_filter) = of.has_other;
        meta.tell_other((has_rows || is_behind_filter, is_behind_filter), (of.keeps_small, &of.marks), &echo.metrics);
        meta.warnings.extend((of.unvisited > 0).then(|| without_visitor(of.unvisited)));
        meta.warnings.extend(of.not_collected.as_deref().map(not_collected));
        meta.warnings.extend(told_of(&of.marks));
        Answer { results: of.rows.into_iter().map(row).collect(), meta, query: echo.clone() }
    }
}

impl Query {
    /// Whether sums bound the answer alone.
    pub fn is_estimated(&self) -> bool {
        self.subjects.iter().any(|subject| subject.question.is_estimated())
    }

    /// Whether an answer may be given: what is estimated only if that is asked for, or if it turned out to be sure.
    pub fn may_tell(&self, answer: &Answer) -> bool {
        let warnings = answer.meta.metric_warnings.iter().flat_map(BTreeMap::values);
        self.include.estimates || !warnings.into_iter().any(|warning| warning.code == ESTIMATED.code)
    }

    /// Answers it. Without dimensions there is always one row; by time, only buckets that hold something have one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn run(&self, sums: &dyn Sums) -> Result<Answer, StoreError> {
        let mut questions: Vec<Question> = self.subjects.iter().map(|subject| subject.question.clone()).collect();
        questions.extend(self.past_budget.iter().cloned());
        let mut found = report::answers(&questions, sums)?.into_iter();
        let mut lines = Vec::new();
        for (subject, mut of_subject) in self.subjects.iter().zip(found.by_ref()) {
            of_subject.iter_mut().for_each(|line| subject.name(line));
            // There may be a million of them, which are not copied.
            if lines.is_empty() {
                lines = of_subject;
            } else {
                lines.append(&mut of_subject);
            }
        }
        if self.echo.dimensions.is_empty() && lines.is_empty() {
            lines.extend(self.subjects.first().map(|subject| report::nothing(&subject.question)));
        }
        self.segments.iter().for_each(|segments| segments.name(&mut lines));
        let compared = self.compared(&mut lines, sums)?;
        report::sort(&mut lines, &self.order);
        let is_behind_filter = found.flatten().next().is_some();
        let is_past_budget = is_behind_filter || self.is_split() && lines.iter().any(Line::is_rest);
        let marks = self.marks(sums)?;
        let mut meta = self.meta(&lines);
        meta.tell_other((is_past_budget, is_behind_filter), (self.keeps_small, &marks), &self.echo.metrics);
        meta.warnings.extend(self.left_out.iter().map(|why| not_met(why)));
        meta.warnings.extend(self.unvisited(sums)?.map(without_visitor));
        meta.warnings.extend(self.days_kept_from(sums)?.map(months_alone));
        meta.warnings.extend(self.not_collected.as_deref().map(not_collected));
        meta.warnings.extend(told_of(&marks));
        meta.warnings.extend(compared.as_ref().and_then(AnswerComparison::told));
        let Pagination { offset, limit } = self.echo.pagination;
        let row = |line: &Line| self.row(line, compared.as_ref());
        let results = lines.iter().skip(offset).take(limit).map(row).collect();
        let comparison_date_range = compared.as_ref().and_then(|compared| compared.date_range(self));
        Ok(Answer { results, meta, query: Echo { comparison_date_range, ..self.echo.clone() } })
    }

    pub(super) fn is_split(&self) -> bool {
        self.subjects.iter().any(|subject| subject.question.axis != Axis::Total)
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

    fn row(&self, line: &Line, compared: Option<&AnswerComparison>) -> Row {
        let metrics = self.echo.metrics.iter().zip(&line.metrics).enumerate();
        let shown = |(place, (name, value)): (usize, (&&'static str, &Option<f64>))| {
            let is_shown = self.include.estimates || line.is_sure(place);
            self.number(name, value.filter(|_| is_shown), line)
        };
        let bounds = |place: usize| {
            let bounds = line.bounds_of(place)?;
            Some([Figure(Some(bounds.low)), Figure(Some(bounds.high))])
        };
        let is_bounded = self.include.estimates && line.bounds.is_some();
        Row {
            metrics: metrics.map(shown).collect(),
            dimensions: self.dimensions_of(line.bucket, line),
            bounds: is_bounded.then(|| (0..line.metrics.len()).map(bounds).collect()),
            comparison: compared.map(|compared| compared.row(self, line)),
        }
    }

    /// A bucket and the values of a line under the dimensions that are asked for.
    pub(super) fn dimensions_of(&self, bucket: Option<i32>, line: &Line) -> Vec<String> {
        let text = |column: &LineColumn| match *column {
            LineColumn::Time => self.interval.zip(bucket).map_or_else(String::new, |(width, at)| width.label(at)),
            LineColumn::Value { is_second, named } => {
                let value = if is_second { line.second.as_deref().unwrap_or_default() } else { &line.value };
                named.map_or(value, |dimension| place_names::english(dimension, value)).to_owned()
            }
        };
        self.columns.iter().map(text).collect()
    }

    /// Whether money of several currencies is asked for as one sum.
    fn mixes_currencies(&self, line: &Line) -> bool {
        let adds = |question: &Question| question.money.len() > 1 || question.axis != Axis::Total;
        line.money.len() > 1 && self.subjects.iter().any(|subject| adds(&subject.question))
    }

    /// A metric as JSON; money with its currency, as Plausible writes it.
    pub(super) fn number(&self, name: &str, value: Option<f64>, line: &Line) -> Value {
        match (value, line.money.first()) {
            (Some(_), Some(_)) if name.ends_with("_revenue") && self.mixes_currencies(line) => Value::Null,
            (Some(value), Some((currency, ..))) if name.ends_with("_revenue") => amount(value, currency),
            _ => json!(Figure(value)),
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
            warnings: self
                .begun
                .iter()
                .map(|(name, day)| segment_since(name, *day))
                .chain(self.properties_begun.iter().map(|(key, day)| property_since(key, *day)))
                .chain(self.sections_begun.map(sections_since))
                .collect(),
        }
    }

    fn metric_warnings(&self, lines: &[Line]) -> BTreeMap<&'static str, Warning> {
        let mut warnings = BTreeMap::new();
        for (place, name) in self.echo.metrics.iter().enumerate() {
            if let Some(line) = lines.iter().find(|line| !line.is_sure(place)) {
                warnings.insert(*name, if line.is_estimated() { ESTIMATED } else { AT_MOST });
            }
        }
        if self.adds_hours() {
            warnings.entry("visitors").or_insert(SUMMED_HOURS);
        }
        let asks = |name: &str| self.echo.metrics.contains(&name);
        let is_known = self.subjects.iter().all(|subject| subject.question.knows_money());
        let several = lines.iter().find(|line| line.money.len() > 1);
        for name in ["total_revenue", "average_revenue"].into_iter().filter(|name| asks(name)) {
            match several {
                _ if !is_known => _ = warnings.insert(name, NOT_BY_DIMENSION),
                _ if lines.iter().any(|line| !line.is_money_known) => _ = warnings.insert(name, MONEY_NOT_KNOWN),
                Some(line) if self.mixes_currencies(line) => _ = warnings.insert(name, SEVERAL_CURRENCIES),
                Some(line) => _ = warnings.insert(name, other_currencies(line)),
                None => {}
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

/// Money as Plausible writes it.
pub(super) fn amount(value: f64, currency: &str) -> Value {
    let thousandths = (value * 1_000.0).round() as i64;
    json!({
        "value": Figure(Some(value)),
        "currency": currency,
        "short": money::short(currency, thousandths),
        "long": money::long(currency, thousandths),
    })
}

/// What a line's money is beside its most usual currency: sums of currencies can't be added.
fn other_currencies(line: &Line) -> Warning {
    let others = line.money.iter().skip(1);
    let sums = others.map(|(currency, thousandths, _)| format!("{currency} {}", money::plain(currency, *thousandths)));
    let sums = sums.collect::<Vec<_>>().join(", ");
    Warning {
        code: "several_currencies",
        warning: Cow::Owned(format!("Money of several currencies is not added up. Besides the one shown: {sums}.")),
    }
}
