//! How often a page was viewed, as far as everybody may know it: a number of closed days, made coarse.

use crate::cell::{Axis, Dimension, Filter, Metric, Test};
use crate::limits;
use crate::report::{self, Question, Span, Sums};
use crate::site::{Day, Site};
use crate::store::StoreError;

/// How often a page was viewed until the end of a day. `is_open` says that the sums are folded, because the site has shares.
///
/// # Errors
/// [`StoreError`]
///
/// Where everybody is shown pages by day as well, the counter is summed from the same folded days: else the days that are not
/// shown there would be what is left between the two.
pub fn views(site: &Site, page: &str, last: Day, is_open: bool, sums: &dyn Sums) -> Result<u64, StoreError> {
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
pub fn coarse(count: u64) -> String {
    let step = limits::COUNTER_STEP;
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
    fn counts_are_whole_steps() {
        let cases = [(0, "<5"), (4, "<5"), (5, "5"), (9, "5"), (10, "10"), (1_238, "1235")];
        for (count, shown) in cases {
            assert_eq!(coarse(count), shown);
        }
        assert!(svg("<5").contains("&lt;5 views"));
    }
}
