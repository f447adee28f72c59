//! How often a page was viewed, as far as everybody may know it: a number of closed days, made coarse.

use crate::cell::{Axis, Dimension, Metric};
use crate::limits;
use crate::report::folded::Folded;
use crate::report::{self, Question, Span, Sums};
use crate::site::{Day, Site};
use crate::store::StoreError;

/// How often a page was viewed until the end of a day, as everybody may know it.
///
/// # Errors
/// [`StoreError`]
///
/// It is summed from folded days, whether or not the site is open to readers: so it tells nothing of a day on which too few viewed
/// the page, and a share that is opened or closed changes nothing. A secret number of views of the page is added before it is
/// made coarse, so that whoever adds views one by one does not learn the count from the view at which it steps. It is
/// always the same: numbers of their own for each day could be had by their mean, and the counter would run backwards.
pub fn views(site: &Site, page: &str, last: Day, folded: &Folded) -> Result<String, StoreError> {
    let Some(first) = folded.first_day(site.id)?.filter(|first| *first <= last) else { return Ok(coarse(0, 0)) };
    let span = Span::of_days(first, last);
    let question = Question::new(site.id, span, Axis::Of(Dimension::Page), None, &[Metric::Pageviews]);
    let question = Question { keep: Some(page.into()), ..question };
    let lines = report::answers(&[question], folded)?;
    let count = lines.iter().flatten().filter_map(|line| line.metrics[0]).sum::<f64>() as u64;
    Ok(coarse(count, folded.secret_number(page, limits::COUNTER_STEP)))
}

/// What everybody may see of a count: nothing exact below the first step, and whole steps above it, the one below or above.
fn coarse(count: u64, offset: u64) -> String {
    let step = limits::COUNTER_STEP;
    let count = count + offset;
    if count < step { format!("<{step}") } else { (count - count % step).to_string() }
}

/// The count as a picture.
pub fn svg(count: &str) -> String {
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
    fn counts_are_whole_steps_that_come_at_a_secret_view() {
        let cases = [(0, 0, "<5"), (0, 4, "<5"), (1, 4, "5"), (4, 0, "<5"), (5, 0, "5"), (9, 0, "5"), (9, 1, "10")];
        for (count, offset, shown) in cases {
            assert_eq!(coarse(count, offset), shown, "{count} and {offset}");
        }
        assert!(svg("<5").contains("&lt;5 views"));
    }
}
