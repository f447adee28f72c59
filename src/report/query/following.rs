//! Questions about `event:next_page`. Sums are kept of a page and of the one before it: the page that is asked about is the page before,
//! and the next one is the page. So such a question is read with other names, and told with its own.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use super::{QueryError, QueryRequest};
use crate::cell::{Axis, Dimension, Metric};

/// What the page after another is called.
const NEXT: &str = "event:next_page";

const NEEDS_PAGE: &str = "Which page came before another is counted with that other: `event:previous_page` and `event:next_page` need a \
                          filter on `event:page`, or it as a dimension.";

/// The same question of the page before, where the next one is asked for.
///
/// # Errors
/// [`QueryError`] where the page is not asked about that it comes after, or both are: three pages in a row are not counted.
pub(super) fn turned(body: &Value) -> Result<Option<Value>, QueryError> {
    let mut body = body.clone();
    let mut asked = HashSet::new();
    names(&mut body, &mut |name| _ = asked.insert(name.clone()));
    if !asked.contains(NEXT) {
        return Ok(None);
    }
    if asked.contains(Dimension::PreviousPage.api_name()) {
        let sentence = "Which three pages follow each other is not counted; ask for `event:previous_page` or for `event:next_page`.";
        return Err(QueryError(sentence.into()));
    }
    if !asked.contains(Dimension::Page.api_name()) {
        return Err(QueryError(NEEDS_PAGE.into()));
    }
    names(&mut body, &mut |name| match name.as_str() {
        NEXT => *name = Dimension::Page.api_name().into(),
        page if page == Dimension::Page.api_name() => *name = Dimension::PreviousPage.api_name().into(),
        _ => {}
    });
    Ok(Some(body))
}

/// The name that a dimension had in the question before it was turned.
pub(super) fn name_as_asked(name: &str) -> &str {
    match name {
        name if name == Dimension::Page.api_name() => NEXT,
        name if name == Dimension::PreviousPage.api_name() => Dimension::Page.api_name(),
        name => name,
    }
}

/// Filters as they stood in the question before it was turned.
pub(super) fn filters_as_asked(filters: &[Value]) -> Vec<Value> {
    let mut filters = filters.to_vec();
    filters.iter_mut().for_each(|filter| filter_names(filter, &mut |name| *name = name_as_asked(name).to_owned()));
    filters
}

/// A sentence with the names of the question before it was turned.
pub(super) fn sentence_as_asked(sentence: &str) -> Cow<'_, str> {
    let [page, before] = [Dimension::Page, Dimension::PreviousPage].map(Dimension::api_name);
    let parts = sentence.split(before).map(|part| part.replace(page, NEXT)).collect::<Vec<_>>();
    parts.join(page).into()
}

/// Shows each name of a dimension in a body.
fn names(body: &mut Value, show: &mut dyn FnMut(&mut String)) {
    let Value::Object(body) = body else { return };
    for (key, value) in body {
        let Value::Array(items) = value else { continue };
        match key.as_str() {
            "dimensions" => items.iter_mut().for_each(|item| text(item, show)),
            "filters" => items.iter_mut().for_each(|item| filter_names(item, show)),
            "order_by" => {
                let first = items.iter_mut().filter_map(|item| item.as_array_mut()?.first_mut());
                first.for_each(|item| text(item, show));
            }
            _ => {}
        }
    }
}

/// Shows each name of a dimension in a filter: of a test it is the second of three, else filters lie within.
fn filter_names(filter: &mut Value, show: &mut dyn FnMut(&mut String)) {
    let Value::Array(items) = filter else { return };
    match items.as_mut_slice() {
        [_, name @ Value::String(_), ..] => text(name, show),
        [_, Value::Array(inner)] if inner.iter().all(Value::is_array) => {
            inner.iter_mut().for_each(|item| filter_names(item, show));
        }
        [_, inner] => filter_names(inner, show),
        _ => {}
    }
}

fn text(value: &mut Value, show: &mut dyn FnMut(&mut String)) {
    if let Value::String(name) = value {
        show(name);
    }
}

impl QueryRequest {
    /// Refuses the page before one without that one, and what is not known of the two.
    pub(super) fn check_previous_page(&self) -> Result<(), QueryError> {
        let axes = self.all_axes();
        let has = |dimension: Dimension| axes.contains(&Axis::Of(dimension));
        if !has(Dimension::PreviousPage) {
            return Ok(());
        }
        if !has(Dimension::Page) {
            return Err(QueryError(NEEDS_PAGE.into()));
        }
        let is_known = |metric: &&Metric| {
            matches!(
                metric,
                Metric::Visitors | Metric::Visits | Metric::Pageviews | Metric::Events | Metric::Percentage
            )
        };
        match self.metrics.iter().find(|metric| !is_known(metric)) {
            Some(metric) => Err(QueryError(format!(
                "Metric `{}` is not known of pages that follow each other; visitors, visits and pageviews are.",
                metric.name()
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_that_is_asked_about_becomes_the_one_before() {
        let body = json!({
            "dimensions": ["event:next_page", "time:day"],
            "filters": [["is", "event:page", ["event:page"]], ["or", [["not", ["contains", "event:next_page", ["/"]]]]]],
            "order_by": [["event:next_page", "asc"], ["visitors", "desc"]],
            "site_id": "event:page",
        });
        let turned = turned(&body).unwrap().unwrap();
        assert_eq!(turned["dimensions"], json!(["event:page", "time:day"]));
        let filters = json!([
            ["is", "event:previous_page", ["event:page"]],
            ["or", [["not", ["contains", "event:page", ["/"]]]]]
        ]);
        assert_eq!((&turned["filters"], &turned["site_id"]), (&filters, &json!("event:page")));
        assert_eq!(turned["order_by"][0], json!(["event:page", "asc"]));
        assert_eq!(Value::Array(filters_as_asked(filters.as_array().unwrap())), body["filters"]);
        assert_eq!(super::turned(&json!({"dimensions": ["event:page"]})), Ok(None));
        assert!(
            super::turned(&json!({"dimensions": [NEXT], "filters": [["is", "event:previous_page", ["/"]]]})).is_err()
        );
        let said = sentence_as_asked("`event:page` and `event:previous_page` are two");
        assert_eq!(said, "`event:next_page` and `event:page` are two");
    }
}
