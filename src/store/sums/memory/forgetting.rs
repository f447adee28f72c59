//! What is forgotten goes from every cell that was ever flushed, at once.

use std::collections::BTreeSet;

use super::{Held, PairSums};
use crate::cell::{Axis, Dimension, ForgottenValues};
use crate::counts::Name;
use crate::counts::pairs::Pair;
use crate::site::{LocalHour, SiteId};
use crate::store::{Forgetting, OTHER_PAGES};

impl Held {
    pub(super) fn forget(&mut self, order: &Forgetting) {
        self.taken_out.extend(order.marks.iter().map(|mark| (order.site, *mark)));
        let goes = |site: &SiteId, axis: &Axis<Name>, value: &Name| {
            *site == order.site && order.values.as_ref().is_none_or(|values| takes(values, axis, value))
        };
        self.days.retain(|(site, axis, day, value), _| !(order.has_day(*day) && goes(site, axis, value)));
        self.hours.retain(|(site, axis, hour, value), _| {
            !(order.has_day(LocalHour::from_number(*hour).day) && goes(site, axis, value))
        });
        let meant = |site: &SiteId, day| *site == order.site && order.has_day(day);
        self.open.retain(|(site, day), cells| {
            cells.retain(|(axis, value)| !(meant(site, *day) && goes(site, axis, value)));
            !cells.is_empty()
        });
        for (_, pairs) in self.final_pairs.iter_mut().filter(|((site, day), _)| meant(site, *day)) {
            thin(pairs, order);
        }
        for (_, pairs) in self.snapshots.iter_mut().filter(|((site, day, _), _)| meant(site, *day)) {
            thin(pairs, order);
        }
        match &order.values {
            None => self.forget_counts(order),
            Some(values) => self.forget_texts(order, values),
        }
    }

    fn forget_counts(&mut self, order: &Forgetting) {
        let meant = |site: &SiteId, day| *site == order.site && order.has_day(day);
        self.rejected.retain(|(site, day, _), _| !meant(site, *day));
        self.unvisited.retain(|(site, day), _| !meant(site, *day));
        self.bots.retain(|(site, day, ..), _| !meant(site, *day));
        self.mails.retain(|(site, _, day, _), _| !meant(site, *day));
        if order.days.is_none() {
            self.imported.retain(|(site, _), _| *site != order.site);
        }
        self.closed.retain(|(site, day), _| !(meant(site, *day) && *day < order.today));
    }

    fn forget_texts(&mut self, order: &Forgetting, values: &ForgottenValues) {
        let meant = |site: &SiteId, day| *site == order.site && order.has_day(day);
        self.mails.retain(|(site, campaign, day, _), _| {
            !(meant(site, *day) && values.takes(Dimension::UtmCampaign, campaign))
        });
        for ((site, day, family, pages), count) in std::mem::take(&mut self.bots) {
            let goes = meant(&site, day) && values.takes(Dimension::Page, &pages);
            let pages = if goes { Name::from(OTHER_PAGES) } else { pages };
            *self.bots.entry((site, day, family, pages)).or_default() += count;
        }
    }

    /// Forgets the names that no cell has any more.
    pub(super) fn sweep(&mut self, of: SiteId) {
        let mut used = BTreeSet::new();
        for (axis, value) in self.hours.keys().filter(|key| key.0 == of).map(|(_, axis, _, value)| (axis, value)) {
            used.extend(super::names_of(axis, value));
        }
        for (axis, value) in self.days.keys().filter(|key| key.0 == of).map(|(_, axis, _, value)| (axis, value)) {
            used.extend(super::names_of(axis, value));
        }
        let finals = self.final_pairs.iter().filter(|((site, _), _)| *site == of).map(|(_, pairs)| pairs);
        let running = self.snapshots.iter().filter(|((site, ..), _)| *site == of).map(|(_, pairs)| pairs);
        for (_, first, second) in finals.chain(running).flat_map(PairSums::keys) {
            used.extend([first, second].into_iter().flatten().cloned());
        }
        self.names.retain(|(site, name), _| *site != of || used.contains(name));
    }
}

fn thin(pairs: &mut PairSums, order: &Forgetting) {
    let Some(values) = &order.values else { return pairs.clear() };
    let goes = |dimension: Dimension, value: &Option<Name>| value.as_ref().is_some_and(|v| values.takes(dimension, v));
    pairs.retain(|(Pair { first, second }, a, b), _| !goes(*first, a) && !goes(*second, b));
}

fn takes(values: &ForgottenValues, axis: &Axis<Name>, value: &str) -> bool {
    let of_event = |event: &str| values.takes(Dimension::Event, event);
    let of_key = |key: &str| values.takes_key(key) || values.takes_property(key, value);
    match axis {
        Axis::Total | Axis::Funnel(_) => false,
        Axis::Of(dimension) => values.takes(*dimension, value),
        Axis::Prop { key, event } => of_key(key) || event.as_deref().is_some_and(of_event),
        Axis::Revenue { event, within } => of_event(event) || within.as_ref().is_some_and(|(key, _)| of_key(key)),
    }
}
