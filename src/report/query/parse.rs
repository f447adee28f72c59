//! Reads a [`QueryRequest`] from JSON, or says what is wrong and where, in the words of Plausible's schema errors.

use std::collections::HashSet;
use std::hash::Hash;

use serde_json::{Map, Value};

use super::comparisons::{ComparisonAsked, Include};
use super::filters::{Filters, filters};
use super::following;
use super::{Asked, Direction, OrderKey, Pagination, QueryError, QueryRequest};
use crate::cell::{Axis, DIMENSIONS, Dimension, Dimensions, Metric};
use crate::counts::Name;
use crate::limits;
use crate::report::Interval;
use crate::report::range::DateRange;

const REQUIRED: [&str; 3] = ["site_id", "metrics", "date_range"];
const OPTIONAL: [&str; 5] = ["dimensions", "filters", "order_by", "include", "pagination"];

/// Dimensions of Plausible that are not kept here, and what is.
const NOT_KEPT: [(&str, &str); 2] = [
    ("visit:entry_page_hostname", "ask for `event:hostname`"),
    ("visit:exit_page_hostname", "ask for `event:hostname`"),
];

/// Dimensions whose values have names.
const NAMED: [(&str, Dimension); 3] = [
    ("visit:country_name", Dimension::Country),
    ("visit:region_name", Dimension::Region),
    ("visit:city_name", Dimension::City),
];

/// Dimensions that lists of all of them leave out.
pub const UNLISTED: [Dimension; 3] = [Dimension::Segment, Dimension::Section, Dimension::PreviousPage];

/// Reads a whole body.
pub(super) fn request(body: &[u8]) -> Result<QueryRequest, QueryError> {
    request_with(body, &mut filters)
}

/// The same with another reader of filters.
pub(super) fn request_with(
    body: &[u8],
    filters: &mut dyn FnMut(&Value) -> Result<Filters, QueryError>,
) -> Result<QueryRequest, QueryError> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        QueryError(format!("The body is not valid JSON; see line {}, column {}.", error.line(), error.column()))
    })?;
    let turned = following::turned(&value)?;
    let is_turned = turned.is_some();
    let value = turned.unwrap_or(value);
    let body = object("#", &value)?;
    check_keys(body)?;
    let metrics = metrics(field(body, "metrics"))?;
    let range_value = field(body, "date_range");
    let range = range(range_value)?;
    let dimensions = body.get("dimensions").map_or(Ok(Vec::new()), dimensions)?;
    Ok(QueryRequest {
        filters: body.get("filters").map_or(Ok(Filters::default()), filters)?,
        site_id: text("#/site_id", field(body, "site_id"))?.to_owned(),
        order: order(body.get("order_by"), &metrics, &dimensions)?,
        include: body.get("include").map_or(Ok(Include::default()), include)?,
        pagination: pagination(body.get("pagination"))?,
        range_text: shown(range_value),
        metrics,
        range,
        dimensions,
        is_turned,
    })
}

fn check_keys(body: &Map<String, Value>) -> Result<(), QueryError> {
    let missing: Vec<_> = REQUIRED.into_iter().filter(|key| !body.contains_key(*key)).collect();
    match missing.as_slice() {
        [] => known_keys("#", body, |key| REQUIRED.contains(&key) || OPTIONAL.contains(&key)),
        [key] => refuse("#", &format!("Required property {key} was not present.")),
        keys => refuse("#", &format!("Required properties {} were not present.", keys.join(", "))),
    }
}

pub(super) fn known_keys(
    place: &str,
    found: &Map<String, Value>,
    is_known: impl Fn(&str) -> bool,
) -> Result<(), QueryError> {
    match found.keys().find(|key| !is_known(key)) {
        Some(key) => refuse(&format!("{place}/{key}"), "Schema does not allow additional properties."),
        None => Ok(()),
    }
}

fn metrics(value: &Value) -> Result<Vec<Metric>, QueryError> {
    const PLACE: &str = "#/metrics";
    let items = array(PLACE, value)?;
    if items.is_empty() {
        return refuse(PLACE, "Expected a minimum of 1 items but got 0.");
    }
    let metrics = items.iter().enumerate().map(|(at, item)| metric(at, item)).collect::<Result<Vec<_>, _>>()?;
    unique(PLACE, &metrics)?;
    Ok(metrics)
}

fn metric(at: usize, item: &Value) -> Result<Metric, QueryError> {
    let name = item.as_str().unwrap_or_default();
    Metric::from_name(name)
        .map_or_else(|| refuse(&format!("#/metrics/{at}"), &format!("Invalid metric {}", shown(item))), Ok)
}

fn range(value: &Value) -> Result<DateRange, QueryError> {
    let range = match value {
        Value::String(name) => DateRange::named(name),
        Value::Array(ends) => match ends.as_slice() {
            [Value::String(first), Value::String(last)] => DateRange::between(first, last),
            _ => None,
        },
        _ => None,
    };
    range.map_or_else(|| refuse("#/date_range", &format!("Invalid date range {}", shown(value))), Ok)
}

fn dimensions(value: &Value) -> Result<Vec<Asked>, QueryError> {
    const PLACE: &str = "#/dimensions";
    let items = array(PLACE, value)?;
    let wrong =
        |at: usize, item: &Value| refuse(&format!("{PLACE}/{at}"), &format!("Invalid dimension {}", shown(item)));
    let mut dimensions = Vec::with_capacity(items.len().min(4));
    for (at, item) in items.iter().enumerate() {
        let name = item.as_str().unwrap_or_default();
        if let Some((_, instead)) = NOT_KEPT.iter().find(|(known, _)| *known == name) {
            return Err(QueryError(format!("Dimension `{name}` is not available: {instead}.")));
        }
        dimensions.push(dimension(name).map_or_else(|| wrong(at, item), Ok)?);
    }
    unique(PLACE, &dimensions)?;
    Ok(dimensions)
}

pub(super) fn dimension(name: &str) -> Option<Asked> {
    if name == "event:goal" {
        return Some(Asked::Goal);
    }
    let time = match name {
        "time" => Some(None),
        "time:hour" => Some(Some(Interval::Hour)),
        "time:day" => Some(Some(Interval::Day)),
        "time:week" => Some(Some(Interval::Week)),
        "time:month" => Some(Some(Interval::Month)),
        _ => None,
    };
    if let Some(interval) = time {
        return Some(Asked::Time(interval));
    }
    if let Some(key) = name.strip_prefix("event:props:") {
        let fits = !key.is_empty() && key.len() <= limits::PROP_KEY_BYTES_MAX;
        return fits.then(|| Asked::Value(Axis::Prop { key: Name::from(key), event: None }));
    }
    if let Some((_, dimension)) = NAMED.into_iter().find(|(named, _)| *named == name) {
        return Some(Asked::Named(dimension));
    }
    if let Some(dimension) = UNLISTED.into_iter().find(|dimension| dimension.api_name() == name) {
        return Some(Asked::Value(Axis::Of(dimension)));
    }
    axis_of(DIMENSIONS, name).map(Asked::Value)
}

/// The axis of the dimension that the API calls so.
pub(crate) fn axis_of(dimensions: Dimensions<'_>, name: &str) -> Option<Axis<Name>> {
    dimensions.by_api_name(name).map(|row| Axis::Of(row.dimension))
}

fn order(
    value: Option<&Value>,
    metrics: &[Metric],
    dimensions: &[Asked],
) -> Result<Vec<(OrderKey, Direction)>, QueryError> {
    let items = value.map_or(Ok(&[][..]), |value| array("#/order_by", value))?;
    if items.is_empty() {
        let time = dimensions.iter().position(|asked| matches!(asked, Asked::Time(_)));
        let by_time = time.map(|at| (OrderKey::Dimension(at), Direction::Ascending));
        return Ok(by_time.into_iter().chain([(OrderKey::Metric(0), Direction::Descending)]).collect());
    }
    items.iter().enumerate().map(|(at, item)| order_entry(at, item, metrics, dimensions)).collect()
}

fn order_entry(
    at: usize,
    item: &Value,
    metrics: &[Metric],
    dimensions: &[Asked],
) -> Result<(OrderKey, Direction), QueryError> {
    let Some([name, direction]) = item.as_array().map(Vec::as_slice) else {
        return refuse(&format!("#/order_by/{at}"), &format!("Invalid order_by entry {}", shown(item)));
    };
    let direction = match direction.as_str() {
        Some("asc") => Direction::Ascending,
        Some("desc") => Direction::Descending,
        _ => return refuse(&format!("#/order_by/{at}/1"), &format!("Invalid value in order_by {}", shown(direction))),
    };
    let text = name.as_str().unwrap_or_default();
    let metric = metrics.iter().position(|metric| metric.name() == text).map(OrderKey::Metric);
    let asked = || dimensions.iter().position(|asked| asked.name(None) == text).map(OrderKey::Dimension);
    if let Some(key) = metric.or_else(asked) {
        return Ok((key, direction));
    }
    if Metric::from_name(text).is_none() && dimension(text).is_none() {
        return refuse(&format!("#/order_by/{at}/0"), &format!("Invalid value in order_by {}", shown(name)));
    }
    let entry = shown(item);
    Err(QueryError(format!("Invalid order_by entry '{entry}'. Entry is not a queried metric or dimension.")))
}

fn include(value: &Value) -> Result<Include, QueryError> {
    const PLACE: &str = "#/include";
    let found = object(PLACE, value)?;
    const KEYS: [&str; 5] = ["imports", "time_labels", "total_rows", "estimates", "comparisons"];
    known_keys(PLACE, found, |key| KEYS.contains(&key))?;
    let flag = |key: &str| match found.get(key) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => mismatch(&format!("{PLACE}/{key}"), "Boolean", other),
    };
    Ok(Include {
        imports: flag("imports")?,
        time_labels: flag("time_labels")?,
        total_rows: flag("total_rows")?,
        estimates: flag("estimates")?,
        comparisons: found.get("comparisons").map(ComparisonAsked::parse).transpose()?,
    })
}

fn pagination(value: Option<&Value>) -> Result<Pagination, QueryError> {
    const PLACE: &str = "#/pagination";
    let Some(value) = value else { return Ok(Pagination { offset: 0, limit: limits::ROWS_MAX }) };
    let found = object(PLACE, value)?;
    known_keys(PLACE, found, |key| matches!(key, "limit" | "offset"))?;
    let number = |key: &str, least: u64, most: u64, default: usize| {
        let place = format!("{PLACE}/{key}");
        let Some(value) = found.get(key) else { return Ok(default) };
        match value.as_u64() {
            _ if !value.is_i64() && !value.is_u64() => mismatch(&place, "Integer", value),
            Some(number) if number > most => refuse(&place, &format!("Expected the value to be <= {most}")),
            Some(number) if number >= least => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
            _ => refuse(&place, &format!("Expected the value to be >= {least}")),
        }
    };
    let limit = number("limit", 1, limits::ROWS_MAX as u64, limits::ROWS_MAX)?;
    Ok(Pagination { offset: number("offset", 0, u64::MAX, 0)?, limit })
}

/// A required key, which is known to be there.
fn field<'a>(body: &'a Map<String, Value>, key: &str) -> &'a Value {
    body.get(key).unwrap_or(&Value::Null)
}

pub(super) fn text<'a>(place: &str, value: &'a Value) -> Result<&'a str, QueryError> {
    value.as_str().map_or_else(|| mismatch(place, "String", value), Ok)
}

pub(super) fn array<'a>(place: &str, value: &'a Value) -> Result<&'a [Value], QueryError> {
    value.as_array().map_or_else(|| mismatch(place, "Array", value), |items| Ok(items.as_slice()))
}

pub(super) fn object<'a>(place: &str, value: &'a Value) -> Result<&'a Map<String, Value>, QueryError> {
    value.as_object().map_or_else(|| mismatch(place, "Object", value), Ok)
}

fn unique<T: Eq + Hash>(place: &str, items: &[T]) -> Result<(), QueryError> {
    let mut seen = HashSet::new();
    if !items.iter().all(|item| seen.insert(item)) {
        return refuse(place, "Expected items to be unique but they were not.");
    }
    Ok(())
}

pub(super) fn refuse<T>(place: &str, reason: &str) -> Result<T, QueryError> {
    Err(QueryError(format!("{place}: {reason}")))
}

pub(super) fn mismatch<T>(place: &str, expected: &str, found: &Value) -> Result<T, QueryError> {
    let found = match found {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Number",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    };
    refuse(place, &format!("Type mismatch. Expected {expected} but got {found}."))
}

/// A value as errors show it: JSON with a blank after the commas of lists.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The sentence that answers a query with these keys changed.
    fn error(changes: &Value) -> String {
        let mut body = json!({"site_id": "shop.test", "metrics": ["visitors"], "date_range": "7d"});
        for (key, value) in changes.as_object().unwrap() {
            body[key] = value.clone();
        }
        QueryRequest::parse(body.to_string().as_bytes()).map_or_else(|error| error.to_string(), |_| "answered".into())
    }

    #[test]
    fn a_body_that_is_no_query_is_told_what_is_missing() {
        for (body, expected) in [
            ("", "The body is not valid JSON; see line 1, column 0."),
            ("{\"site_id\": ", "The body is not valid JSON; see line 1, column 12."),
            ("\u{0}\u{ff}", "The body is not valid JSON; see line 1, column 1."),
            ("[]", "#: Type mismatch. Expected Object but got Array."),
            ("{}", "#: Required properties site_id, metrics, date_range were not present."),
            (r#"{"site_id":"a","date_range":"7d"}"#, "#: Required property metrics was not present."),
        ] {
            assert_eq!(QueryRequest::parse(body.as_bytes()).unwrap_err().to_string(), expected, "{body}");
        }
        assert!(QueryRequest::parse(&[0xff, 0xfe]).is_err());
    }

    #[test]
    fn metrics_that_cannot_be_asked_have_their_sentence() {
        let of_goals =
            |name: &str| format!("Metric `{name}` can only be queried with event:goal filters or dimensions.");
        for (changes, expected) in [
            (json!({"date": "2026-01-01"}), "#/date: Schema does not allow additional properties."),
            (json!({"site_id": 5}), "#/site_id: Type mismatch. Expected String but got Integer."),
            (json!({"metrics": "visitors"}), "#/metrics: Type mismatch. Expected Array but got String."),
            (json!({"metrics": []}), "#/metrics: Expected a minimum of 1 items but got 0."),
            (json!({"metrics": ["visitors", "baa"]}), "#/metrics/1: Invalid metric \"baa\""),
            (json!({"metrics": [1.5]}), "#/metrics/0: Invalid metric 1.5"),
            (
                json!({"metrics": ["events", "visitors", "visitors"]}),
                "#/metrics: Expected items to be unique but they were not.",
            ),
            (json!({"metrics": ["conversion_rate"]}), &of_goals("conversion_rate")),
            (json!({"metrics": ["group_conversion_rate"]}), &of_goals("group_conversion_rate")),
        ] {
            assert_eq!(error(&changes), expected, "{changes}");
        }
    }

    #[test]
    fn metrics_that_need_a_dimension_or_have_none_have_their_sentence() {
        let by_page =
            |name: &str| format!("Metric `{name}` can only be queried with event:page filters or dimensions.");
        for (changes, expected) in [
            (
                json!({"metrics": ["exit_rate"]}),
                "Metric `exit_rate` can only be queried with visit:exit_page or event:page filters or dimensions.",
            ),
            (json!({"metrics": ["scroll_depth"]}), &by_page("scroll_depth")),
            (json!({"metrics": ["time_on_page"], "dimensions": ["visit:entry_page"]}), &by_page("time_on_page")),
            (json!({"metrics": ["percentage"]}), "Metric `percentage` can only be queried with dimensions."),
            (
                json!({"metrics": ["bounce_rate"], "dimensions": ["event:props:foo"]}),
                "Session metric(s) `bounce_rate` cannot be queried along with event dimensions.",
            ),
            (
                json!({"metrics": ["visits", "visit_duration", "bounce_rate"], "dimensions": ["event:name"]}),
                "Session metric(s) `visit_duration, bounce_rate` cannot be queried along with event dimensions.",
            ),
            (
                json!({"metrics": ["bounce_rate"], "dimensions": ["time", "event:hostname"]}),
                "Session metric(s) `bounce_rate` cannot be queried along with event dimensions.",
            ),
        ] {
            assert_eq!(error(&changes), expected, "{changes}");
        }
    }

    #[test]
    fn ranges_and_dimensions_that_cannot_be_asked_have_their_sentence() {
        for (changes, expected) in [
            (json!({"date_range": "x"}), "#/date_range: Invalid date range \"x\""),
            (json!({"date_range": ["21415-00", "eee"]}), "#/date_range: Invalid date range [\"21415-00\", \"eee\"]"),
            (json!({"date_range": ["2026-01-01"]}), "#/date_range: Invalid date range [\"2026-01-01\"]"),
            (json!({"date_range": null}), "#/date_range: Invalid date range null"),
            (json!({"dimensions": "time"}), "#/dimensions: Type mismatch. Expected Array but got String."),
            (json!({"dimensions": ["x"]}), "#/dimensions/0: Invalid dimension \"x\""),
            (
                json!({"dimensions": ["event:page", "event:props:"]}),
                "#/dimensions/1: Invalid dimension \"event:props:\"",
            ),
            (json!({"dimensions": ["time:minute"]}), "#/dimensions/0: Invalid dimension \"time:minute\""),
            (
                json!({"dimensions": ["event:name", "event:name"]}),
                "#/dimensions: Expected items to be unique but they were not.",
            ),
            (
                json!({"dimensions": ["visit:entry_page_hostname"]}),
                "Dimension `visit:entry_page_hostname` is not available: ask for `event:hostname`.",
            ),
            (
                json!({"dimensions": ["visit:source", "event:page", "visit:country"]}),
                "Dimensions `visit:source` and `event:page` and `visit:country` cannot be combined; ask for one or two \
                 dimensions, for time, or for both.",
            ),
            (
                json!({"dimensions": ["time", "time:day"]}),
                "Dimensions `time` and `time:day` cannot be combined; ask for one or two dimensions, for time, or for both.",
            ),
            (
                json!({"dimensions": ["event:page"], "filters": [["is", "visit:os", ["x"]], ["is", "event:goal", ["J"]]]}),
                "`visit:os` and `event:page` and `event:goal` are three dimensions, and sums are kept of any two: leave \
                 out one of them.",
            ),
        ] {
            assert_eq!(error(&changes), expected, "{changes}");
        }
    }

    #[test]
    fn what_else_is_wrong_with_a_query_has_its_sentence() {
        for (changes, expected) in [
            (json!({"filters": "foobar"}), "#/filters: Type mismatch. Expected Array but got String."),
            (json!({"order_by": {}}), "#/order_by: Type mismatch. Expected Array but got Object."),
            (json!({"order_by": ["visitors"]}), "#/order_by/0: Invalid order_by entry \"visitors\""),
            (json!({"order_by": [["visitors", "up"]]}), "#/order_by/0/1: Invalid value in order_by \"up\""),
            (json!({"order_by": [["visssss", "desc"]]}), "#/order_by/0/0: Invalid value in order_by \"visssss\""),
            (
                json!({"order_by": [["visitors", "asc"], ["events", "desc"]]}),
                "Invalid order_by entry '[\"events\", \"desc\"]'. Entry is not a queried metric or dimension.",
            ),
            (
                json!({"order_by": [["event:name", "desc"]]}),
                "Invalid order_by entry '[\"event:name\", \"desc\"]'. Entry is not a queried metric or dimension.",
            ),
            (json!({"include": "foobar"}), "#/include: Type mismatch. Expected Object but got String."),
            (json!({"include": {"x": true}}), "#/include/x: Schema does not allow additional properties."),
            (json!({"include": {"imports": 1}}), "#/include/imports: Type mismatch. Expected Boolean but got Integer."),
            (json!({"include": {"time_labels": true}}), "Invalid include.time_labels: requires a time dimension."),
            (json!({"pagination": []}), "#/pagination: Type mismatch. Expected Object but got Array."),
            (json!({"pagination": {"page": 1}}), "#/pagination/page: Schema does not allow additional properties."),
            (json!({"pagination": {"limit": 0}}), "#/pagination/limit: Expected the value to be >= 1"),
            (json!({"pagination": {"limit": 10_001}}), "#/pagination/limit: Expected the value to be <= 10000"),
            (json!({"pagination": {"offset": -1}}), "#/pagination/offset: Expected the value to be >= 0"),
            (
                json!({"pagination": {"limit": "5"}}),
                "#/pagination/limit: Type mismatch. Expected Integer but got String.",
            ),
            (
                json!({"pagination": {"limit": 1.5}}),
                "#/pagination/limit: Type mismatch. Expected Integer but got Number.",
            ),
        ] {
            assert_eq!(error(&changes), expected, "{changes}");
        }
    }

    #[test]
    fn everything_that_can_be_asked_is_understood() {
        for dimension in Dimension::ALL.map(Dimension::api_name).into_iter().chain(["event:props:plan", "time:week"]) {
            for dimensions in [json!([dimension]), json!([dimension, "time:day"]), json!(["time", dimension])] {
                if !dimension.starts_with("time") || dimensions.as_array().unwrap().len() == 1 {
                    assert_eq!(error(&json!({"dimensions": dimensions, "filters": []})), "answered", "{dimensions}");
                }
            }
        }
        let (of_goals, all): (Vec<Metric>, Vec<Metric>) =
            Metric::ALL.into_iter().partition(|metric| metric.is_of_goals());
        let names = |metrics: &[Metric]| metrics.iter().map(|metric| metric.name()).collect::<Vec<_>>();
        assert_eq!(error(&json!({"metrics": names(&all), "dimensions": ["event:page"]})), "answered");
        assert_eq!(error(&json!({"metrics": names(&of_goals), "dimensions": ["event:goal"]})), "answered");
        let order = json!([["event:page", "asc"], ["time", "desc"], ["visitors", "desc"]]);
        assert_eq!(error(&json!({"dimensions": ["time", "event:page"], "order_by": order})), "answered");
        assert_eq!(error(&json!({"metrics": ["views_per_visit"], "dimensions": ["event:name"]})), "answered");
    }
}
