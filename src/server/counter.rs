//! In: requests for how often a page was viewed, from anybody. Out: a number of closed days, made coarse, as JSON or as a picture.
//! Forgets: the exact number.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::turns::{self, Turns};
use super::{Shared, answers, apart};
use crate::cell::{Axis, Dimension, Filter, Metric, Test};
use crate::collector::Collector;
use crate::hit::path;
use crate::limits;
use crate::report::folded::Folded;
use crate::report::{self, Question, Span, Sums};
use crate::site::{Day, Site};
use crate::store::StoreError;

/// How long it may be kept, in seconds: it changes once a day.
const AGE: &str = "public, max-age=3600";

/// Anybody may ask, and an answer reads all days: whoever asks a thousand times at once shall not keep the store from others.
static TURNS: Turns = Turns::of(limits::COUNTERS_AT_ONCE);

/// `GET /counter/DOMAIN/PATH.json` and `.svg`
pub async fn counter(
    State(app): State<Shared>,
    Path((domain, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let site = app.collector.directory().find(&domain).cloned().filter(|site| site.settings.counter);
    let (Some(site), Some((page, ending))) = (site, file.rsplit_once('.')) else { return answers::not_found(&headers) };
    // The page is named as it was when it was counted.
    let url = format!("https://{}/{}", site.domain, page.trim_start_matches('/'));
    let Ok(location) = path::locate_by(&url, false, Some(&site.settings.paths)) else {
        return answers::not_found(&headers);
    };
    let today = site.schedule.locate(app.collector.clock().now()).day;
    let collector = app.collector.clone();
    let Some(_turn) = TURNS.take().await else { return turns::busy(&headers) };
    let views = apart(move || views(&site, &location.path, Day(today.0 - 1), &collector)).await;
    let Some(Ok(views)) = views else { return answers::failed(&headers) };
    let count = coarse(views);
    let (kind, body) = match ending {
        "json" => ("application/json", json!({ "count": count }).to_string()),
        "svg" => ("image/svg+xml", svg(&count)),
        _ => return answers::not_found(&headers),
    };
    let mut answer = (StatusCode::OK, body).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(AGE));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    answer
}

/// How often a page was viewed until the end of a day.
///
/// Where everybody is shown pages by day as well, the counter is summed from the same folded days: else the days that are not
/// shown there would be what is left between the two.
fn views(site: &Site, page: &str, last: Day, collector: &Collector) -> Result<u64, StoreError> {
    let now = collector.clock().now();
    let folded = Folded::of(collector, site, now, collector.folded());
    let is_open = !collector.operators().shares(site.id)?.is_empty();
    let sums: &dyn Sums = if is_open { &folded } else { collector };
    let Some(first) = sums.first_day(site.id)?.filter(|first| *first <= last) else { return Ok(0) };
    let question = |axis| Question::new(site.id, Span::of_days(first, last), axis, None, &[Metric::Pageviews]);
    let pages = Axis::Of(Dimension::Page);
    let question = match is_open {
        true => Question { keep: Some(page.into()), ..question(pages) },
        false => question(Axis::Total).filtered(Some(Filter { axis: pages, test: Test::Is(vec![page.to_owned()]) })),
    };
    let lines = report::answers(&[question], sums)?;
    Ok(lines.iter().flatten().filter_map(|line| line.metrics[0]).sum::<f64>() as u64)
}

/// What everybody may see of a count: nothing exact below the first step, and whole steps above it.
fn coarse(count: u64) -> String {
    let step = limits::COUNTER_STEP;
    if count < step { format!("<{step}") } else { (count - count % step).to_string() }
}

fn svg(count: &str) -> String {
    let width = 24 + 8 * count.len();
    let shown = count.replace('<', "&lt;");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"24\" role=\"img\" aria-label=\"{shown} views\">\
         <rect width=\"{width}\" height=\"24\" rx=\"4\" fill=\"#eee\"/>\
         <text x=\"50%\" y=\"16\" text-anchor=\"middle\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">{shown}</text></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_steps() {
        let cases = [(0, "<5"), (4, "<5"), (5, "5"), (9, "5"), (10, "10"), (1_238, "1235")];
        for (count, shown) in cases {
            assert_eq!(coarse(count), shown);
        }
        assert!(svg("<5").contains("&lt;5 views"));
    }
}
