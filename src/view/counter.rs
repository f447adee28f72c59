//! In: how often a page was viewed on days that are over. Out: the same as everybody may know it, made coarse day by day.
//! Forgets: the views of each day.

use std::collections::BTreeMap;

use crate::cell::{Axis, Dimension, Filter, Metric, Test};
use crate::limits;
use crate::report::{self, Interval, Question, Span, Sums};
use crate::secret::small_counts::SmallCountsKey;
use crate::site::{Day, Site, SiteId};
use crate::store::StoreError;

/// About how often a page was viewed until the end of a day: a sum over days that were each made coarse.
///
/// # Errors
/// [`StoreError`]
///
/// It does not ask whether the site is open to readers, so that opening and closing a page changes nothing.
pub fn views(site: &Site, page: &str, last: Day, sums: &dyn Sums, key: &SmallCountsKey) -> Result<u64, StoreError> {
    let Some(first) = sums.first_day(site.id)?.filter(|first| *first <= last) else { return Ok(0) };
    let filter = Filter { axis: Axis::Of(Dimension::Page), test: Test::Is(vec![page.to_owned()]) };
    let (span, interval) = (Span::of_days(first, last), Some(Interval::Day));
    let question = Question::new(site.id, span, Axis::Total, interval, &[Metric::Pageviews]).filtered(Some(filter));
    let days: BTreeMap<i32, u64> = report::answer(&question, sums)?
        .iter()
        .filter_map(|line| Some((line.bucket?, line.tally.pageviews.max(0) as u64)))
        .collect();
    let of_day = |day: i32| coarse(days.get(&day).copied().unwrap_or_default(), (site.id, page, Day(day)), key);
    Ok((first.0..=last.0).map(of_day).sum())
}

/// The share of a day in the counter: its views, rounded to the step below or above by a secret number of the page and day, so
/// that the mean over days is right and nobody who adds views one by one learns at which of them it steps. One share in sixty
/// is moved by a step or more. So any number of views may have any share, and whoever watches the counter
/// can rule out none for a day, whatever else is known of it. A day is rounded once: asking again
/// tells nothing new, and what is shown runs backwards only where days are forgotten or kept no longer.
fn coarse(views: u64, (site, page, day): (SiteId, &str, Day), key: &SmallCountsKey) -> u64 {
    let step = limits::COUNTER_STEP;
    let number = key.number(&[b"counter", &site.0.to_le_bytes(), page.as_bytes(), &day.0.to_le_bytes()]);
    // Of the number's bits the last zeros tell by how many steps it is moved, a 64th as often for each one more.
    let (moved, is_less, secret) = (u64::from(number.trailing_zeros()) / 6, number >> 63 == 1, (number >> 45) % step);
    let steps = (views + secret) / step;
    let steps = match views {
        // Pages that nobody viewed shall stay at nothing, for all that anybody will live to see.
        0 => moved.saturating_sub(6),
        _ if is_less => steps.saturating_sub(moved),
        _ => steps + moved,
    };
    steps * step
}

/// A count as it is shown: nothing exact below the first step.
pub fn shown(count: u64) -> String {
    let step = limits::COUNTER_STEP;
    if count < step { format!("<{step}") } else { count.to_string() }
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

    fn shares(views: u64) -> impl Iterator<Item = u64> {
        let key = SmallCountsKey::of([3; 32]);
        (0..20_000).map(move |day| coarse(views, (SiteId(1), "/", Day(day)), &key))
    }

    #[test]
    fn shares_of_days_are_whole_steps_whose_mean_is_right() {
        for views in [1, 3, 4, 5, 7, 12, 1_238] {
            let sum: u64 = shares(views).inspect(|share| assert_eq!(share % 5, 0)).sum();
            let mean = sum as f64 / 20_000.0;
            assert!((mean - views as f64).abs() < 0.12, "{views} views have {mean}");
        }
        assert_eq!(shares(0).sum::<u64>(), 0);
    }

    #[test]
    fn no_share_rules_out_a_number_of_views() {
        for views in 1..10 {
            let seen: std::collections::BTreeSet<u64> = shares(views).collect();
            assert!([0, 5, 10].iter().all(|share| seen.contains(share)), "{views}: {seen:?}");
        }
    }

    #[test]
    fn nothing_exact_is_shown_below_the_first_step() {
        assert_eq!([0, 5, 1_235].map(shown), ["<5", "5", "1235"]);
        assert!(svg("<5").contains("&lt;5 views"));
    }
}
