//! What a question asks for that its site does not collect: there it is missing, which is no 0.

use crate::cell::{Axis, Metric, is_collected};
use crate::counts::Name;
use crate::site::{Collectable, Site};

/// The names, each once, of what is asked for by these axes and metrics and not collected by the site.
pub fn names<'a>(
    site: &Site,
    axes: impl IntoIterator<Item = &'a Axis<Name>>,
    metrics: impl IntoIterator<Item = Metric>,
) -> Vec<&'static str> {
    let of_axis = |axis: &Axis<Name>| match axis {
        Axis::Of(dimension) => (!is_collected(site, *dimension)).then(|| dimension.name()),
        Axis::Prop { .. } => left_out(site, Collectable::Properties),
        Axis::Revenue { .. } => left_out(site, Collectable::Money),
        Axis::Total | Axis::Funnel(_) => None,
    };
    let of_metric = |metric: Metric| match metric {
        Metric::ScrollDepth | Metric::TimeOnPage => left_out(site, Collectable::Engagement),
        Metric::TotalRevenue | Metric::AverageRevenue => left_out(site, Collectable::Money),
        _ => None,
    };
    let found = axes.into_iter().filter_map(of_axis).chain(metrics.into_iter().filter_map(of_metric));
    let mut names: Vec<&'static str> = Vec::new();
    found.for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    names
}

/// What is said of such names, in a sentence or two; nothing where there are none.
pub fn sentence(site: &Site, names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| {
        format!(
            "{} does not collect {} (`headcount site show {0}`): what is missing is not 0. Sums from before are in the answer.",
            site.domain,
            names.join(", ")
        )
    })
}

fn left_out(site: &Site, what: Collectable) -> Option<&'static str> {
    (!site.settings.collect.has(what)).then(|| what.name())
}
